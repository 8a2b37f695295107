"""What is sent to whom, and the chunks of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from timrest_async._codec import decode, encode, to_json
from timrest_async.bulk import Chunk, Job, Outcome, OwnMessages, ToAccounts, ToGroups
from timrest_async.bulk.jobs import DroppedError, job_of
from timrest_async.commands.group_messages import SendGroupMessage
from timrest_async.commands.messages import SendBatch, SendMessage
from timrest_async.elements import Custom, Face, Location, OfflinePushInfo, Text, Unknown
from timrest_async.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from timrest_async.elements import Body

some = settings(max_examples=100, deadline=None, derandomize=True)

BODY = [Text("hi 你好 \"'\\\n"), Custom({"a": [1, None, "x"]}), Face(1, "data"), Location("here", 1.5, -2.0)]
BODIES: list[Body] = ["hi", Text("hi"), BODY, [Unknown("TIMNewElem", {"Field": {"deep": [1, 2]}})]]
PUSH = OfflinePushInfo(push_flag=0, title="t", desc="d")


def chunk_of(*recipients: str, message: bytes = b"", settled: Mapping[int, Outcome] | None = None) -> Chunk:
    """Return a piece of an input, from its item 7 on."""
    return Chunk(7, recipients, "digest", message, settled or {}, 11, 22)


def settled_at(*places: int) -> dict[int, Outcome]:
    """Settle the recipients at *places* of a piece from item 7 on."""
    return {at: Outcome(f"r{at}", 7 + at, "skipped") for at in places}


def own(item: Any, **fields: Any) -> SendMessage:
    """Return the call for one *item* of its own."""
    job = OwnMessages([item], **fields)
    recipient, message = job.split(item)
    return job.command(chunk_of(recipient, message=message))


# -- the commands


@pytest.mark.parametrize("body", BODIES)
def test_a_batch_is_the_one_that_a_person_would_write(body: Body) -> None:
    """The call of ``ToAccounts`` is a batch to all of the chunk, with the chunk's numbers."""
    fields: dict[str, Any] = {"from_account": "news", "msg_life_time": 60, "cloud_custom_data": "c"}
    job = ToAccounts(["a", "b"], body, offline_push_info=PUSH, **fields)
    command = SendBatch(["a", "b"], body, offline_push_info=PUSH, msg_seq=11, msg_random=22, **fields)
    assert job.command(chunk_of("a", "b")) == command
    assert encode(job.command(chunk_of("a", "b"))) == encode(command)


@pytest.mark.parametrize("body", BODIES)
def test_a_message_to_a_group_is_the_one_that_a_person_would_write(body: Body) -> None:
    """The call of ``ToGroups`` is a message to the group of the chunk, with the chunk's number."""
    fields: dict[str, Any] = {"msg_priority": "High", "from_account": "news", "extra": {"NewField": 1}}
    command = SendGroupMessage("@TGS#1", body, random=22, **fields)
    assert encode(ToGroups(["@TGS#1"], body, **fields).command(chunk_of("@TGS#1"))) == encode(command)


@pytest.mark.parametrize("body", BODIES)
def test_a_message_of_ones_own_is_the_one_that_a_person_would_write(body: Body) -> None:
    """The call of ``OwnMessages`` for a pair has the pair's account and body, and the fields of the job."""
    fields: dict[str, Any] = {"from_account": "news", "sync_other_machine": 2, "extra": {"NewField": 1}}
    command = SendMessage("a", body, msg_seq=11, msg_random=22, **fields)
    assert encode(own(("a", body), **fields)) == encode(command)
    assert encode(own(["a", body], **fields)) == encode(command)


@pytest.mark.parametrize("body", BODIES)
def test_a_whole_command_goes_out_as_it_is_but_for_its_numbers(body: Body) -> None:
    """``OwnMessages`` takes ``SendMessage`` commands, to which the fields of the job do not apply."""
    command = SendMessage(
        "a", body, from_account="me", offline_push_info=PUSH, is_need_read_receipt=1, extra={"New": 1}
    )
    assert encode(own(command, from_account="news")) == encode(evolve(command, msg_seq=11, msg_random=22))


def test_a_call_does_not_name_those_who_are_settled() -> None:
    """Who was refused or skipped before stands in the chunk and not in the call."""
    job = ToAccounts([], "hi")
    assert job.command(chunk_of("a", "b", "a", settled=settled_at(2))).to_account == ["a", "b"]
    group = ToGroups([], "hi").command(chunk_of("g", "g", "h", settled=settled_at(0, 1)))
    assert group.group_id == "h"


def test_every_attempt_of_a_chunk_is_the_same_call_and_another_chunk_is_another() -> None:
    """The numbers by which the service tells a repeat are drawn with the chunk."""
    for job in (ToAccounts([], "hi"), ToGroups([], "hi")):
        chunk = Chunk(0, ("a",))
        assert encode(job.command(chunk)) == encode(job.command(chunk))
        assert encode(job.command(chunk)) != encode(job.command(Chunk(0, ("a",))))
        assert encode(job.command(chunk)) != encode(job.command(chunk.afresh()))


def test_a_job_knows_for_how_long_the_service_tells_a_repeat() -> None:
    """It is as long as the command's documents say: batches not at all."""
    assert ToAccounts([], "hi").repeatable_for == 0
    assert OwnMessages([]).repeatable_for == 120
    assert ToGroups([], "hi").repeatable_for == 300


WRONG: list[Callable[[], Job[Any, Any]]] = [
    lambda: ToAccounts(["a"], []),
    lambda: ToAccounts(["a"], 1),  # type: ignore[arg-type]
    lambda: ToAccounts(["a"], "hi", msg_life_time=-1),
    lambda: ToAccounts(["a"], "hi", from_account="x" * 33),
    lambda: ToAccounts(["a"], "hi", online_only_flag=2),
    lambda: ToGroups(["g"], "hi", msg_priority="Highest"),
    lambda: ToGroups(["g"], []),
    lambda: OwnMessages([], sync_other_machine=3),
    lambda: OwnMessages([], from_account=""),
    lambda: ToAccounts("account", "hi"),
    lambda: ToGroups(b"group", "hi"),  # type: ignore[arg-type]
    lambda: ToAccounts(5, "hi"),  # type: ignore[arg-type]
    lambda: OwnMessages(None),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("make", WRONG)
def test_a_job_that_cannot_be_sent_fails_where_it_is_made(make: Callable[[], Job[Any, Any]]) -> None:
    """A bad message, a bad field and an input that is none raise an ``InputError`` before anything is read."""
    with pytest.raises(InputError):
        make()


def test_a_field_that_the_command_lacks_fails_where_the_job_is_made() -> None:
    """A name that is no field is refused as Python refuses any such name."""
    with pytest.raises(TypeError):
        ToAccounts(["a"], "hi", msg_priority="High")


# -- the total


def test_an_input_that_has_a_length_gives_the_total() -> None:
    """A list, a set or a range knows it; a generator does not."""
    assert ToAccounts(["a", "b"], "hi").total == 2
    assert ToAccounts({"a"}, "hi").total == 1
    assert ToAccounts((name for name in ["a"]), "hi").total is None
    assert OwnMessages([("a", "hi")]).total == 1


# -- the fingerprint


MESSAGES: list[Callable[[Any], Job[Any, Any]]] = [
    lambda items: ToAccounts(items, "hi"),
    lambda items: ToAccounts(items, "Hi"),
    lambda items: ToAccounts(items, Custom("hi")),
    lambda items: ToAccounts(items, [Text("hi"), Text("hi")]),
    lambda items: ToAccounts(items, "hi", from_account="a"),
    lambda items: ToAccounts(items, "hi", cloud_custom_data="a"),
    lambda items: ToAccounts(items, "hi", msg_life_time=0),
    lambda items: ToAccounts(items, "hi", msg_life_time=1),
    lambda items: ToAccounts(items, "hi", extra={"New": 1}),
    lambda items: ToAccounts(items, "hi", extra={"New": 2}),
    lambda items: ToGroups(items, "hi"),
    lambda items: ToGroups(items, "hi", msg_priority="Low"),
    lambda items: ToGroups(items, "hi", topic_id="@TGS#_@TGS#c@TOPIC#_1"),
    OwnMessages,
    lambda items: OwnMessages(items, from_account="a"),
]


def test_every_change_of_the_message_changes_the_fingerprint() -> None:
    """No two of many jobs that send something else have the same."""
    assert len({make([]).fingerprint for make in MESSAGES}) == len(MESSAGES)


@pytest.mark.parametrize("make", MESSAGES)
def test_recipients_do_not_change_the_fingerprint(make: Callable[[Any], Job[Any, Any]]) -> None:
    """The same message to others is the same message, and so it is when the job is made another time."""
    assert make([]).fingerprint == make(["a", "b"]).fingerprint


@pytest.mark.parametrize("make", MESSAGES)
def test_another_process_makes_the_job_of_what_was_written_down(make: Callable[[Any], Job[Any, Any]]) -> None:
    """Kind and template give the same calls, the same fingerprint, and no input."""
    job = make([])
    again = job_of(job.kind, encode(job.template))
    message = encode(evolve(job.template, to_account="a", msg_body="hi")) if job.kind == "own" else b""
    chunk = chunk_of("a", message=message)
    assert type(again) is type(job)
    assert encode(again.command(chunk)) == encode(job.command(chunk))
    assert again.fingerprint == job.fingerprint
    assert again.repeatable_for == job.repeatable_for
    assert again.total == 0


@pytest.mark.parametrize("body", BODIES)
def test_whatever_the_body_it_survives_being_written_down(body: Body) -> None:
    """Every element goes out of another process with the same bytes."""
    for job in (ToAccounts([], body, offline_push_info=PUSH), ToGroups([], body, offline_push_info=PUSH)):
        again = job_of(job.kind, encode(job.template))
        assert encode(again.command(chunk_of("a"))) == encode(job.command(chunk_of("a")))


# -- one item of the input


MALFORMED_PAIRS: list[Any] = [
    ("a", "b", "c"),
    (None, "hi"),
    ("", "hi"),
    ("x" * 33, "hi"),
    ("\ud800", "hi"),
    ("a", None),
]
MALFORMED_PAIRS += [("a", []), ("a", 5), ("a", Custom(object())), ("a", "\ud800"), SendBatch(["a"], "hi")]
MALFORMED_PAIRS += [None, 5, "", "ab", b"ab", {"a", "b"}, {"a": 1, "b": 2}, (), [], ("a",)]

MALFORMED: list[tuple[Job[Any, Any], Any]] = [
    *((ToAccounts([], "hi"), item) for item in (None, 5, b"a", "", "x" * 33, "好" * 11, "\ud800", ["a"], ("a", "hi"))),
    *((ToGroups([], "hi"), item) for item in (None, 5, b"g", "", "x" * 49, "\udfff", ["g"])),
    *((OwnMessages([]), item) for item in MALFORMED_PAIRS),
]


@pytest.mark.parametrize(("job", "item"), MALFORMED)
def test_an_item_that_cannot_be_sent_is_an_input_error_and_has_a_name(job: Job[Any, Any], item: Any) -> None:
    """What is wrong is said, and whom it is about in words that can be written down."""
    with pytest.raises(InputError) as caught:
        job.split(item)
    assert str(caught.value)
    assert isinstance(job.named(item), str)
    job.named(item).encode()


def test_who_cannot_be_sent_to_is_called_by_name() -> None:
    """Text is called what it is, the account of a pair as well, and anything else as it prints."""
    assert ToAccounts([], "hi").named("x" * 33) == "x" * 33
    assert ToAccounts([], "hi").named(None) == "None"
    assert ToAccounts([], "hi").named("a\ud800") == r"'a\ud800'"
    assert OwnMessages([]).named(("alice", None)) == "alice"
    assert OwnMessages([]).named((5, "hi")) == "5"
    assert OwnMessages([]).named(()) == "()"
    assert OwnMessages([]).named("alice") == "alice"


def test_an_item_that_can_be_sent_is_a_recipient() -> None:
    """Accounts have up to 32 bytes and groups up to 48, in any script."""
    assert ToAccounts([], "hi").split("x" * 32) == ("x" * 32, b"")
    assert ToAccounts([], "hi").split("好" * 10) == ("好" * 10, b"")
    assert ToGroups([], "hi").split("x" * 48) == ("x" * 48, b"")


def test_the_message_of_an_item_does_not_depend_on_when_it_was_read() -> None:
    """Numbers of its own do not stand in it, so that the same input is the same in another run."""
    job = OwnMessages([])
    assert job.split(SendMessage("a", "hi")) == job.split(SendMessage("a", "hi")) == job.split(("a", "hi"))
    assert job.split(("a", "hi")) != job.split(("a", "ho"))


# -- what became of it


def reply_to(command: Any, **answer: Any) -> Any:
    """Return what a session makes of *answer*."""
    return decode(command, to_json({"ActionStatus": "OK", "ErrorCode": 0, **answer}))


def test_all_of_a_batch_are_sent_but_for_those_in_its_error_list() -> None:
    """Each named there is refused with its code, and has neither key nor time; all others have those of the reply."""
    job, chunk = ToAccounts([], "hi"), chunk_of("a", "b", "c", "d", settled=settled_at(1))
    errors = [{"To_Account": "c", "ErrorCode": 70107}, {"To_Account": "elsewhere", "ErrorCode": 1}]
    reply = reply_to(job.command(chunk), ActionStatus="SomeError", MsgKey="k", MsgTime=99, ErrorList=errors)
    assert job.outcomes(chunk, reply, 3) == [
        Outcome("a", 7, "sent", None, "", "k", 99, 3),
        Outcome("c", 9, "refused", 70107, "", None, None, 3),
        Outcome("d", 10, "sent", None, "", "k", 99, 3),
    ]


def test_an_error_list_that_gives_no_reason_refuses_all_the_same() -> None:
    """Replies of before 2020 name who was not reached, and no code."""
    job, chunk = ToAccounts([], "hi"), chunk_of("a", "b")
    reply = reply_to(job.command(chunk), ActionStatus="SomeError", ErrorList=[{"To_Account": "a"}])
    assert [(one.status, one.code) for one in job.outcomes(chunk, reply, 1)] == [("refused", None), ("sent", None)]


def test_a_batch_without_an_error_list_reached_everybody() -> None:
    """All are sent."""
    job, chunk = ToAccounts([], "hi"), chunk_of("a", "b")
    outcomes = job.outcomes(chunk, reply_to(job.command(chunk), MsgKey="k"), 1)
    assert outcomes == [
        Outcome("a", 7, "sent", None, "", "k", None, 1),
        Outcome("b", 8, "sent", None, "", "k", None, 1),
    ]


def test_a_message_of_ones_own_that_was_answered_is_sent() -> None:
    """The outcome has the key and the time of the reply."""
    job = OwnMessages([])
    recipient, message = job.split(("a", "hi"))
    chunk = chunk_of("x" * 33, recipient, message=message, settled=settled_at(0))
    reply = reply_to(job.command(chunk), MsgTime=99, MsgKey="k")
    assert job.outcomes(chunk, reply, 2) == [Outcome("a", 8, "sent", None, "", "k", 99, 2)]


@pytest.mark.parametrize(("answer", "key"), [({"MsgSeq": 5}, "5"), ({}, None)])
def test_a_message_to_a_group_that_was_answered_is_sent(answer: dict[str, Any], key: str | None) -> None:
    """Its key is its number in the group, where the service says it."""
    job, chunk = ToGroups([], "hi"), chunk_of("g")
    reply = reply_to(job.command(chunk), MsgTime=99, **answer)
    assert job.outcomes(chunk, reply, 1) == [Outcome("g", 7, "sent", None, "", key, 99, 1)]


def test_a_message_that_the_group_swallowed_is_not_sent() -> None:
    """A drop reason in a reply that went well is an error that says it."""
    job, chunk = ToGroups([], "hi"), chunk_of("g")
    reply = reply_to(job.command(chunk), MsgSeq=5, MsgDropReason="MsgFreqCtrl")
    with pytest.raises(DroppedError, match="MsgFreqCtrl") as caught:
        job.outcomes(chunk, reply, 1)
    assert caught.value.delivered is False


def test_a_job_of_ones_own_says_how_it_calls_and_what_came_of_it() -> None:
    """Both are left to each kind of job."""
    job: Job[str, SendMessage] = Job([], SendMessage("a", "hi"))
    chunk = chunk_of("a")
    with pytest.raises(NotImplementedError):
        job.command(chunk)
    with pytest.raises(NotImplementedError):
        job.outcomes(chunk, None, 1)


# -- chunks


@st.composite
def chunks(draw: st.DrawFn) -> Chunk:
    """Any piece of an input that names at least two."""
    size = draw(st.integers(2, 30))
    going = draw(st.sets(st.integers(0, size - 1), min_size=2, max_size=size))
    start = draw(st.integers(0, 1_000))
    recipients = tuple(f"r{at}" for at in range(size))
    settled = {at: Outcome(recipients[at], start + at, "skipped") for at in range(size) if at not in going}
    return Chunk(start, recipients, "digest", b"message", settled, 1, 2, 3.0)


def pieces_of(chunk: Chunk) -> list[Chunk]:
    """Halve until each piece names one."""
    return [chunk] if len(chunk.going) == 1 else [piece for half in chunk.halves for piece in pieces_of(half)]


@given(chunk=chunks())
@some
def test_two_halves_are_the_whole(chunk: Chunk) -> None:
    """Each names somebody, and together they hold all that the chunk held, in its order; only the second has the digest
    of its end.
    """
    first, second = chunk.halves
    assert first.recipients + second.recipients == chunk.recipients
    assert (first.start, first.end, second.end) == (chunk.start, second.start, chunk.end)
    assert first.going + second.going == chunk.going
    assert abs(len(first.going) - len(second.going)) <= 1
    assert [*first.settled.values(), *second.settled.values()] == list(chunk.settled.values())
    for half in (first, second):
        assert all(outcome.index == half.start + at for at, outcome in half.settled.items())
        assert half.message == chunk.message
        assert half.begun_at is None
    assert (first.digest, second.digest) == ("", chunk.digest)
    assert len({(one.seq, one.random) for one in (chunk, first, second)}) == 3


@given(chunk=chunks())
@some
def test_halving_comes_to_an_end_with_everybody_alone(chunk: Chunk) -> None:
    """The pieces stand one behind the other, each names one, and none is lost."""
    pieces = pieces_of(chunk)
    assert [piece.going for piece in pieces] == [[one] for one in chunk.going]
    assert [one for piece in pieces for one in piece.recipients] == list(chunk.recipients)
    assert [piece.start for piece in pieces[1:]] == [piece.end for piece in pieces[:-1]]
    assert len({piece.start for piece in pieces}) == len(pieces)


@given(chunk=chunks())
@some
def test_the_outcomes_of_a_chunk_are_of_everybody_once_and_in_order(chunk: Chunk) -> None:
    """Those of the call and those that needed none make up the piece."""
    called = chunk.all("refused", 5, "info", 2)
    assert [outcome.recipient for outcome in called] == chunk.going
    assert {(one.status, one.code, one.info, one.attempts) for one in called} == {("refused", 5, "info", 2)}
    outcomes = chunk.complete(called)
    assert [outcome.index for outcome in outcomes] == list(range(chunk.start, chunk.end))
    assert tuple(outcome.recipient for outcome in outcomes) == chunk.recipients
    assert {one.index for one in outcomes if one.status == "skipped"} == {chunk.start + at for at in chunk.settled}


def test_the_outcomes_of_a_chunk_in_which_all_go_are_those_of_the_call() -> None:
    """Where nothing is settled, nothing is added."""
    chunk = chunk_of("a", "b")
    outcomes = chunk.all("sent", None, "", 1)
    assert chunk.complete(outcomes) == outcomes
    assert list(chunk.places()) == [(7, "a"), (8, "b")]


def test_a_call_made_afresh_is_not_yet_sent() -> None:
    """It has all that the old one had but the numbers and the time at which that went out."""
    chunk = evolve(chunk_of("a", "b", message=b"m", settled=settled_at(1)), begun_at=5.0)
    afresh = chunk.afresh()
    assert (afresh.seq, afresh.random) != (chunk.seq, chunk.random)
    assert evolve(afresh, seq=chunk.seq, random=chunk.random, begun_at=5.0) == chunk
    assert afresh.begun_at is None
