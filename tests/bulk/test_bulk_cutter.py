"""How an input becomes chunks."""

from __future__ import annotations

import asyncio
from contextlib import closing
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from timrest_async.bulk import Job, JournalError, OwnMessages, ToAccounts, ToGroups
from timrest_async.bulk.cutter import LONGEST, Cutter
from timrest_async.commands.messages import SendMessage
from timrest_async.errors import InputError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator

    from timrest_async.bulk import Chunk
    from timrest_async.bulk.cutter import Duplicates

some = settings(max_examples=150, deadline=None, derandomize=True)

MALFORMED: list[Any] = [None, 5, b"a", "", "x" * 33, "好" * 11, "\ud800", ["a"]]

ACCOUNTS = st.lists(st.sampled_from(["a", "b", "c", "d", "e", "f", "é", "5", "None", *MALFORMED]), max_size=30)
MOST = st.integers(1, 7)


class Batches(ToAccounts):
    """Batches to so many as a test likes."""

    def __init__(self, items: Any, most: int) -> None:
        super().__init__(items, "hi")
        self.most = most  # type: ignore[misc]


async def cut(job: Job[Any, Any], duplicates: Duplicates = "drop") -> list[Chunk]:
    """Cut all of the input."""
    with closing(Cutter(job, duplicates)) as cutter:
        return await rest_of(cutter)


async def rest_of(cutter: Cutter) -> list[Chunk]:
    """Cut what is left of the input."""
    chunks: list[Chunk] = []
    while (chunk := await cutter.next()) is not None:
        chunks.append(chunk)
    assert await cutter.next() is None
    return chunks


def fates(chunks: Iterable[Chunk]) -> list[str]:
    """Return what happens to each item of the input: its call's number, or why there is none."""
    return [
        chunk.settled[at].status if at in chunk.settled else "sent"
        for chunk in chunks
        for at in range(len(chunk.recipients))
    ]


def is_malformed(item: Any) -> bool:
    """Say whether *item* is no account."""
    return any(item == one and type(item) is type(one) for one in MALFORMED)


# -- inputs


class Both:
    """Something that is iterated over asynchronously."""

    def __init__(self, *items: str) -> None:
        self._items = iter(items)

    def __aiter__(self) -> AsyncIterator[str]:
        """Return itself."""
        return self

    async def __anext__(self) -> str:
        """Return the next of the items, after a turn of the loop."""
        await asyncio.sleep(0)
        for item in self._items:
            return item
        raise StopAsyncIteration


async def generated(*items: str) -> AsyncIterator[str]:
    """Yield the items, asynchronously."""
    for item in items:
        await asyncio.sleep(0)
        yield item


INPUTS: list[Callable[[], Any]] = [
    lambda: ["a", "b", "c"],
    lambda: ("a", "b", "c"),
    lambda: iter(["a", "b", "c"]),
    lambda: (name for name in "abc"),
    lambda: {"a": 1, "b": 2, "c": 3},
    lambda: map(str.lower, "ABC"),
    lambda: Both("a", "b", "c"),
    lambda: generated("a", "b", "c"),
]


@pytest.mark.parametrize("make", INPUTS)
async def test_any_input_that_can_be_iterated_over_is_cut(make: Callable[[], Any]) -> None:
    """Lists, iterators, generators and their asynchronous kin give the same chunks."""
    first, second = await cut(Batches(make(), 2))
    assert (first.recipients, second.recipients) == (("a", "b"), ("c",))
    assert (first.start, second.start) == (0, 2)
    assert [first.digest, second.digest] == [chunk.digest for chunk in await cut(Batches(["a", "b", "c"], 2))]


@pytest.mark.parametrize("empty", [[], iter(()), generated()])
@pytest.mark.parametrize("duplicates", ["drop", "keep", "fail"])
async def test_an_empty_input_is_cut_into_nothing(empty: Any, duplicates: Duplicates) -> None:
    """There is no chunk, however often it is asked for."""
    assert await cut(ToAccounts(empty, "hi"), duplicates) == []


@pytest.mark.parametrize("duplicates", ["drop", "keep", "fail"])
async def test_no_more_is_read_than_the_next_call_takes(duplicates: Duplicates) -> None:
    """After each chunk as many items have left the input as have been cut: a generator waits where it is."""
    left: list[int] = []

    def accounts() -> Iterator[str]:
        for number in range(2_000):
            left.append(number)
            yield f"account{number}"

    with closing(Cutter(ToAccounts(accounts(), "hi"), duplicates)) as cutter:
        assert left == []
        for chunks in range(1, 4):
            chunk = await cutter.next()
            assert chunk is not None
            assert len(chunk.going) == 500
            assert len(left) == 500 * chunks


async def test_where_items_need_no_call_more_are_read_until_the_call_is_full() -> None:
    """Duplicates and malformed recipients take no place in a call."""
    left: list[int] = []

    def accounts() -> Iterator[Any]:
        for number in range(2_000):
            left.append(number)
            yield (None, "same", f"a{number}", f"b{number}", f"c{number}")[number % 5]

    with closing(Cutter(ToAccounts(accounts(), "hi"), "drop")) as cutter:
        chunk = await cutter.next()
    assert chunk is not None
    assert len(chunk.going) == 500
    assert chunk.going[-1] == chunk.recipients[-1]
    assert len(left) == len(chunk.recipients) == 500 + len(chunk.settled) < LONGEST


@pytest.mark.parametrize(("item", "fate"), [("same", "skipped"), (None, "refused")])
async def test_a_chunk_spans_a_thousand_items_at_most(item: Any, fate: str) -> None:
    """An input in which nothing needs a call comes in pieces, so that it does not pile up."""
    chunks = await cut(ToAccounts(["same", *[item] * 2_499], "hi"))
    assert [len(chunk.recipients) for chunk in chunks] == [LONGEST, LONGEST, 500]
    assert [len(chunk.going) for chunk in chunks] == [1, 0, 0]
    assert fates(chunks) == ["sent", *[fate] * 2_499]


@pytest.mark.parametrize("duplicates", ["drop", "keep", "fail"])
async def test_an_error_of_the_input_comes_out_as_it_is(duplicates: Duplicates) -> None:
    """What was cut before it stands, and the error is the input's own, also where it is one of ours."""

    def accounts() -> Iterator[str]:
        yield from "abcde"
        raise InputError("line 6 is not a row")

    with closing(Cutter(Batches(accounts(), 2), duplicates)) as cutter:
        assert [chunk.recipients for chunk in (await cutter.next(), await cutter.next()) if chunk] == [
            ("a", "b"),
            ("c", "d"),
        ]
        with pytest.raises(InputError, match="line 6 is not a row"):
            await cutter.next()


async def test_an_error_of_an_asynchronous_input_comes_out_as_it_is() -> None:
    """A database that goes away under the generator is what the caller hears of."""

    async def accounts() -> AsyncIterator[str]:
        yield "a"
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        await cut(ToAccounts(accounts(), "hi"))


# -- items that cannot be sent


@pytest.mark.parametrize("duplicates", ["drop", "keep", "fail"])
async def test_who_cannot_be_sent_to_is_refused_and_in_no_call(duplicates: Duplicates) -> None:
    """Each has an outcome with its place in the input and what is wrong, and those around them are sent to."""
    items = [one for number, item in enumerate(MALFORMED) for one in (f"account{number}", item)]
    (chunk,) = await cut(ToAccounts(items, "hi"), duplicates)
    assert chunk.going == [f"account{number}" for number in range(len(MALFORMED))]
    assert sorted(chunk.settled) == list(range(1, len(items), 2))
    for at, outcome in chunk.settled.items():
        assert (outcome.index, outcome.status, outcome.code, outcome.attempts) == (at, "refused", None, 0)
        assert outcome.recipient == chunk.recipients[at]
        assert "a recipient has to be" in outcome.info or "surrogate" in outcome.info
    assert [chunk.recipients[at] for at in (1, 3, 9)] == ["None", "5", "x" * 33]


async def test_a_group_may_be_longer_than_an_account() -> None:
    """48 bytes are a group, 49 are not."""
    chunks = await cut(ToGroups(["x" * 48, "x" * 49], "hi"))
    assert fates(chunks) == ["sent", "refused"]


async def test_who_is_called_like_one_that_cannot_be_sent_to_is_sent_to() -> None:
    """The number 5 is not the account "5", and what was refused has not been sent."""
    items: list[Any] = [5, "5", "None", None, "None"]
    assert fates(await cut(ToAccounts(items, "hi"))) == ["refused", "sent", "sent", "refused", "skipped"]
    (first, second) = await cut(ToAccounts(items, "hi"), "keep")
    assert (first.going, second.going) == (["5", "None"], ["None"])


@pytest.mark.parametrize("duplicates", ["drop", "fail"])
async def test_the_same_malformed_recipient_twice_is_refused_twice(duplicates: Duplicates) -> None:
    """It is no duplicate, as nothing was sent the first time."""
    items: list[Any] = ["", None, "", None]
    assert fates(await cut(ToAccounts(items, "hi"), duplicates)) == ["refused"] * 4


# -- duplicates


async def test_a_duplicate_is_skipped_and_says_whose_it_is() -> None:
    """The second of two has the place of the first in its reason, in the same chunk and in a later one."""
    chunks = await cut(Batches(["a", "b", "a", "c", "b"], 2))
    assert [chunk.going for chunk in chunks] == [["a", "b"], ["c"]]
    assert fates(chunks) == ["sent", "sent", "skipped", "sent", "skipped"]
    outcomes = [outcome for chunk in chunks for outcome in chunk.settled.values()]
    assert [(one.recipient, one.index, one.info) for one in outcomes] == [
        ("a", 2, "the same as item 0"),
        ("b", 4, "the same as item 1"),
    ]


async def test_a_duplicate_that_is_kept_is_sent_in_a_call_of_its_own() -> None:
    """Nobody is named twice in one call, and the order of the input stays."""
    chunks = await cut(ToAccounts(["a", "b", "a", "a", "c"], "hi"), "keep")
    assert [chunk.going for chunk in chunks] == [["a", "b"], ["a"], ["a", "c"]]


@pytest.mark.parametrize("most", [2, 500])
async def test_a_duplicate_may_end_it(most: int) -> None:
    """With "fail" an ``InputError`` names the recipient and both places."""
    with pytest.raises(InputError, match="'b' stands in the input twice: item 1 and item 4"):
        await cut(Batches(["a", "b", "c", "d", "b"], most), "fail")


async def test_another_message_to_the_same_account_is_no_duplicate() -> None:
    """Of messages of their own only the same one is, in whatever form it is given."""
    items: list[Any] = [("a", "hi"), ("a", "ho"), ("b", "hi"), SendMessage("a", "hi"), ("a", "ho")]
    chunks = await cut(OwnMessages(items))
    assert fates(chunks) == ["sent", "sent", "sent", "skipped", "skipped"]
    assert [chunk.settled[at].info for chunk in chunks for at in chunk.settled] == [
        "the same as item 0",
        "the same as item 1",
    ]


@pytest.mark.parametrize("duplicates", ["drop", "keep", "fail"])
async def test_each_chunk_of_messages_of_their_own_has_the_message_of_whom_it_names(duplicates: Duplicates) -> None:
    """Malformed items before and behind do not change whose it is."""
    items: Any = [None, ("", "hi"), ("a", "one"), ("a", None), ("b", "two"), "ab", ("a", "three")]
    job = OwnMessages(items, from_account="news")
    chunks = await cut(job, duplicates)
    commands = [job.command(chunk) for chunk in chunks if chunk.going]
    assert [(one.to_account, one.msg_body) for one in commands] == [
        (account, SendMessage(account, body).msg_body) for account, body in (("a", "one"), ("b", "two"), ("a", "three"))
    ]
    assert {one.from_account for one in commands} == {"news"}
    assert [chunk.going for chunk in chunks if chunk.going] == [["a"], ["b"], ["a"]]
    assert fates(chunks) == ["refused", "refused", "sent", "refused", "sent", "refused", "sent"]
    assert all(chunk.message == b"" for chunk in chunks if not chunk.going)


# -- laws


@given(items=ACCOUNTS, most=MOST, duplicates=st.sampled_from(["drop", "keep"]))
@some
async def test_every_item_of_the_input_has_one_place(
    items: list[Any], most: int, duplicates: Literal["drop", "keep"]
) -> None:
    """Chunks stand one behind the other without gap or overlap; each item is sent, refused or skipped, as it should be;
    no call names more than it takes, or anybody twice, and each but the last is full unless a duplicate follows.
    """
    chunks = await cut(Batches(items, most), duplicates)
    assert [chunk.start for chunk in chunks] == [0, *(chunk.end for chunk in chunks)][: len(chunks)]
    assert (chunks[-1].end if chunks else 0) == len(items)
    names = [recipient for chunk in chunks for recipient in chunk.recipients]
    assert all(name == item for name, item in zip(names, items, strict=True) if not is_malformed(item))
    expected = [
        "refused" if is_malformed(item) else "skipped" if duplicates == "drop" and item in items[:at] else "sent"
        for at, item in enumerate(items)
    ]
    assert fates(chunks) == expected
    for chunk in chunks:
        assert len(chunk.going) <= most
        assert len(set(chunk.going)) == len(chunk.going)
        assert all(outcome.index == chunk.start + at for at, outcome in chunk.settled.items())
    for chunk, following in pairwise(chunks):
        assert len(chunk.going) == most or (duplicates == "keep" and following.recipients[0] in chunk.going)


@given(items=ACCOUNTS, most=MOST)
@some
async def test_an_input_fails_if_it_holds_a_duplicate(items: list[Any], most: int) -> None:
    """With "fail" it is cut to its end if and only if nobody who can be sent to stands in it twice."""
    sendable = [item for item in items if not is_malformed(item)]
    if len(set(sendable)) == len(sendable):
        assert len(fates(await cut(Batches(items, most), "fail"))) == len(items)
    else:
        with pytest.raises(InputError):
            await cut(Batches(items, most), "fail")


PAIRS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["hi", "ho", "你好"])) | st.none(), max_size=20)


@given(items=PAIRS, duplicates=st.sampled_from(["drop", "keep"]))
@some
async def test_messages_of_their_own_keep_their_places_and_words(items: Any, duplicates: Duplicates) -> None:
    """Those that go out are the items of the input in their order, each with its own body, repeats dropped or kept."""
    job = OwnMessages(items)
    chunks = await cut(job, duplicates)
    assert sum(len(chunk.recipients) for chunk in chunks) == len(items)
    sent = [job.command(chunk) for chunk in chunks if chunk.going]
    pairs = [item for at, item in enumerate(items) if item and (duplicates == "keep" or item not in items[:at])]
    assert [(one.to_account, one.msg_body) for one in sent] == [
        (account, SendMessage(account, body).msg_body) for account, body in pairs
    ]


# -- the digest


async def digest_of(job: Job[Any, Any]) -> str:
    """Return the digest of all of the input."""
    return (await cut(job, "keep"))[-1].digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["ab", "c"], ["a", "bc"]),
        (["ab"], ["a", "b"]),
        (["a", "b"], ["b", "a"]),
        (["1 0 a"], ["a"]),
        (["é"], ["e\u0301"]),
        (["a", ""], ["a"]),
    ],
)
async def test_other_recipients_have_another_digest(one: list[str], other: list[str]) -> None:
    """Where one ends and the next begins counts, and so does their order."""
    assert await digest_of(ToAccounts(one, "hi")) != await digest_of(ToAccounts(other, "hi"))


async def test_another_message_has_another_digest() -> None:
    """The digest of messages of their own speaks of what they say as well."""
    digests = [await digest_of(OwnMessages([("a", body)])) for body in ("hi", "ho", "hi")]
    assert digests[0] == digests[2] != digests[1]


TEXT = st.lists(st.text("ab10 é\0", min_size=1, max_size=6), min_size=1, max_size=6)


@given(one=TEXT, other=TEXT, most=MOST)
@example(one=["a", "1 0 b"], other=["a1 0 b"], most=1)
@some
async def test_two_inputs_have_one_digest_only_if_they_are_one(one: list[str], other: list[str], most: int) -> None:
    """However it is cut, the digest tells the input."""
    assert (await digest_of(Batches(one, most)) == await digest_of(Batches(other, 3))) == (one == other)


# -- going on


@st.composite
def interrupted(draw: st.DrawFn) -> tuple[list[Any], int, Duplicates, int]:
    """Draw an input, how it is cut, and after how many chunks."""
    return draw(ACCOUNTS), draw(MOST), draw(st.sampled_from(["drop", "keep"])), draw(st.integers(0, 10))


async def cut_some(job: Job[Any, Any], duplicates: Duplicates, chunks: int) -> tuple[int, str]:
    """Cut so many chunks, and return what a journal would keep of them: how many items, and their digest."""
    with closing(Cutter(job, duplicates)) as cutter:
        cut = [await cutter.next() for _ in range(chunks)]
    last = next((chunk for chunk in reversed(cut) if chunk is not None), None)
    return (0, "") if last is None else (last.end, last.digest)


@given(case=interrupted())
@some
async def test_a_run_goes_on_as_if_it_had_not_ended(case: tuple[list[Any], int, Duplicates, int]) -> None:
    """Behind what was passed over stand the chunks that would have followed, duplicates of what lies before among
    them.
    """
    items, most, duplicates, chunks = case
    read, digest = await cut_some(Batches(items, most), duplicates, chunks)
    with closing(Cutter(Batches(iter(items), most), duplicates)) as cutter:
        await cutter.pass_over(read, digest)
        rest = await rest_of(cutter)
    whole = (await cut(Batches(items, most), duplicates))[chunks:]
    assert [(chunk.start, chunk.recipients, chunk.digest, chunk.settled) for chunk in rest] == [
        (chunk.start, chunk.recipients, chunk.digest, chunk.settled) for chunk in whole
    ]


@given(case=interrupted(), other=ACCOUNTS)
@some
async def test_another_input_is_not_taken_for_the_same(
    case: tuple[list[Any], int, Duplicates, int], other: list[Any]
) -> None:
    """Where what was read before differs in anything, a ``JournalError`` says that it is another input."""
    items, most, duplicates, chunks = case
    read, digest = await cut_some(Batches(items, most), duplicates, chunks)
    assume(list(map(repr, other[:read])) != list(map(repr, items[:read])))
    with (
        closing(Cutter(Batches(other, most), duplicates)) as cutter,
        pytest.raises(JournalError, match="another input"),
    ):
        await cutter.pass_over(read, digest)


async def test_an_input_that_grew_is_still_the_same() -> None:
    """What comes behind the part that was read does not matter."""
    read, digest = await cut_some(Batches(["a", "b", "c"], 2), "drop", 1)
    with closing(Cutter(Batches(["a", "b", "x", "a", "y"], 2), "drop")) as cutter:
        await cutter.pass_over(read, digest)
        (chunk,) = await rest_of(cutter)
    assert (chunk.start, chunk.recipients, chunk.going) == (2, ("x", "a", "y"), ["x", "y"])


async def test_an_input_that_is_too_short_says_by_how_much() -> None:
    """The error has both lengths."""
    read, digest = await cut_some(ToAccounts([f"account{number}" for number in range(1_500)], "hi"), "drop", 3)
    with (
        closing(Cutter(ToAccounts(["account0"], "hi"), "drop")) as cutter,
        pytest.raises(JournalError, match="it holds 1,500 recipients, and this input has 1"),
    ):
        await cutter.pass_over(read, digest)


async def test_a_changed_input_is_found_far_behind() -> None:
    """One letter among thousands of recipients is enough."""
    accounts = [f"account{number}" for number in range(3_000)]
    read, digest = await cut_some(ToAccounts(accounts, "hi"), "drop", 6)
    accounts[1_234] += "!"
    with (
        closing(Cutter(ToAccounts(accounts, "hi"), "drop")) as cutter,
        pytest.raises(JournalError, match="its first 3,000 recipients are others"),
    ):
        await cutter.pass_over(read, digest)


async def test_nothing_is_read_where_nothing_was_read_before() -> None:
    """A journal that holds nothing leaves the input as it is."""
    items = iter(["a", "b"])
    with closing(Cutter(ToAccounts(items, "hi"), "drop")) as cutter:
        await cutter.pass_over(0, "")
        assert next(items) == "a"
