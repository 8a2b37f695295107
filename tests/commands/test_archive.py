"""Message archives: from the hour to the messages, over a service in memory."""

import gc
import gzip
import hashlib
import json
import tracemalloc
import warnings
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any, BinaryIO

import pytest

from timrest_async import (
    ApiError,
    DecodeError,
    Face,
    InputError,
    RetryPolicy,
    Text,
    TimError,
    TimSession,
    TransportError,
    Unknown,
)
from timrest_async._clock import Clock
from timrest_async.commands.operations import ArchivedMessage, Operations
from timrest_async.testing import Answer, FakeClock, MemoryTransport

HISTORY = "open_msg_svc/get_history"
HOUR = "2019041912"
MEGABYTE = 1024**2
CUT_OFF = TransportError(HISTORY, "cut off")


def message(number: int, text: str = "hi") -> dict[str, Any]:
    """A message as it stands in an archive."""
    body = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}]
    return {
        "From_Account": "id1",
        "To_Account": "id2",
        "MsgTimestamp": 1_555_649_000,
        "MsgSeq": number,
        "MsgBody": body,
    }


def plain(*messages: object) -> bytes:
    """An archive as it is once unpacked: a line that opens the list, one for each message, one that closes it."""
    lines = b",\n".join(json.dumps(one, ensure_ascii=False).encode() for one in messages)
    return b'{"ChatType":"C2C","MsgTime":"2019041912","MsgList":[\n' + lines + b"\n]}\n"


def packed(*messages: object) -> bytes:
    """An archive as it is downloaded."""
    return gzip.compress(plain(*messages))


def md5(content: bytes) -> str:
    """The checksum of the service."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def lies_at(url: str, **sums: str | None) -> dict[str, Any]:
    """What the service says of one file."""
    return {"URL": url, "FileMD5": sums.get("file"), "GzipMD5": sums.get("gzip")}


def found(*files: dict[str, Any]) -> dict[str, Any]:
    """The service's answer to the question where the files are."""
    return {"ErrorCode": 0, "File": list(files)}


def operations(service: MemoryTransport, clock: Clock | None = None) -> Operations:
    """The domain, over a service in memory, each call tried once."""
    once = RetryPolicy(attempts=1)
    tim = TimSession(1400000000, secret_key="key", transport=service, clock=clock or FakeClock(), retry=once)
    return tim.operations


def in_one_file(content: bytes, **sums: str | None) -> AsyncIterator[ArchivedMessage]:
    """The messages of an hour whose only file holds *content*."""
    return operations(MemoryTransport(found(lies_at("https://f/1", **sums)), content)).each_in_history("C2C", HOUR)


async def numbers(messages: AsyncIterator[ArchivedMessage]) -> list[int | None]:
    """The numbers of the messages that are left."""
    return [one.msg_seq async for one in messages]


# -- what comes out


async def test_the_messages_of_all_files_come_out_in_order() -> None:
    """The hour is asked for once, and a file is downloaded when the one before it is used up."""
    first, second = packed(message(1), message(2)), packed(message(3))
    service = MemoryTransport(
        found(lies_at("https://f/1?sign=a", gzip=md5(first)), lies_at("https://f/2?sign=b", gzip=md5(second))),
        first,
        second,
    )
    asked_before = [
        (one.msg_seq, len(service.calls)) async for one in operations(service).each_in_history("Group", HOUR)
    ]

    assert asked_before == [(1, 2), (2, 2), (3, 3)]
    assert [call.path for call in service.calls] == [HISTORY] * 3
    assert service.calls[0].json == {"ChatType": "Group", "MsgTime": HOUR}
    assert [call.body for call in service.calls[1:]] == [b"https://f/1?sign=a", b"https://f/2?sign=b"]


ALL_ON_ONE_LINE = json.dumps({"MsgList": [message(1), message(2)]}).encode()


@pytest.mark.parametrize(
    "content",
    [
        packed(message(1), message(2)),
        gzip.compress(plain(message(1), message(2))[:80]) + gzip.compress(plain(message(1), message(2))[80:]),
        plain(message(1), message(2)),
        plain(message(1), message(2)).replace(b"\n", b"\r\n"),
        plain(message(1), message(2)).removesuffix(b"\n]}\n"),
        plain(message(1), message(2)).removesuffix(b"}\n") + b"\n}\n\n",
        ALL_ON_ONE_LINE,
        gzip.compress(ALL_ON_ONE_LINE),
        b"\n".join(json.dumps(message(number)).encode() for number in (1, 2)),
    ],
    ids=[
        "packed",
        "packed in two parts",
        "not packed",
        "lines as Windows ends them",
        "no last line",
        "several last lines",
        "all on one line",
        "all on one line, packed",
        "messages alone",
    ],
)
@pytest.mark.parametrize("written", [str.lower, str.upper])
async def test_an_archive_may_be_written_in_several_ways(content: bytes, written: Callable[[str], str]) -> None:
    """Whether it is packed, and where its lines end, is no matter; nor how the MD5 of what arrived is spelled."""
    kind = "gzip" if content.startswith(b"\x1f\x8b") else "file"

    assert await numbers(in_one_file(content, **{kind: written(md5(content))})) == [1, 2]


@pytest.mark.parametrize(
    "content", [plain(), packed(), b'{"MsgList":[]}', gzip.compress(b'{"MsgList":[]}\n'), b"\n\n", b""]
)
async def test_an_archive_may_be_empty(content: bytes) -> None:
    """Then no message comes out of it, and the next file is looked at."""
    service = MemoryTransport(found(lies_at("https://f/1"), lies_at("https://f/2")), content, packed(message(3)))

    assert await numbers(operations(service).each_in_history("C2C", HOUR)) == [3]


async def test_an_hour_without_files_is_an_empty_one() -> None:
    """And an iterator that ended stays so, without asking again."""
    service = MemoryTransport(found())
    messages = operations(service).each_in_history("C2C", HOUR)

    assert await numbers(messages) == await numbers(messages) == []
    assert len(service.calls) == 1


async def test_a_message_is_what_was_sent() -> None:
    """Any text, control characters, elements of no known type, and in ``extra`` what this library does not know."""
    sent = message(7, "你好 \u2028 👋🏽 ]},[") | {
        "GroupId": "@TGS#1",
        "MsgRandom": 8,
        "ClientIP": "10.0.0.1",
        "MsgFromPlatform": "Web",
    }
    sent["MsgBody"] += [
        {"MsgType": "TIMFaceElem", "MsgContent": {"Index": 6, "Data": "a\0b"}},
        {"MsgType": "TIMHologramElem", "MsgContent": {"Beam": 1}},
    ]
    (received,) = [one async for one in in_one_file(packed(sent))]

    assert received == ArchivedMessage(
        from_account="id1",
        to_account="id2",
        group_id="@TGS#1",
        msg_timestamp=1_555_649_000,
        msg_seq=7,
        msg_random=8,
        msg_body=[Text("你好 \u2028 👋🏽 ]},["), Face(6, "a\0b"), Unknown("TIMHologramElem", {"Beam": 1})],
    )
    assert received.extra == {"ClientIP": "10.0.0.1", "MsgFromPlatform": "Web"}
    assert received.msg_timestamp_utc == datetime(2019, 4, 19, 4, 43, 20, tzinfo=UTC)


async def test_the_time_of_a_message_has_two_spellings() -> None:
    """The manual writes it in both ways."""
    (received,) = [one async for one in in_one_file(plain({"MsgTimeStamp": 5}))]

    assert (received.msg_timestamp, received.extra) == (5, {})


# -- what may go wrong


@pytest.mark.parametrize(("chat_type", "hour"), [("C2C", "2019-04-19"), ("c2c", HOUR), ("C2C", 2019041912)])
def test_an_hour_that_is_none_is_refused_at_once(chat_type: Any, hour: Any) -> None:
    """On the line that named it, before anybody iterates."""
    with pytest.raises(InputError, match="GetHistory"):
        operations(MemoryTransport()).each_in_history(chat_type, hour)


async def test_a_refusal_comes_out() -> None:
    """An hour that is not ready is an error of the service; whoever goes on asks again."""
    service = MemoryTransport({"ErrorCode": 1004, "ErrorInfo": "no"}, found(lies_at("https://f/1")), packed(message(1)))
    messages = operations(service).each_in_history("C2C", HOUR)
    with pytest.raises(ApiError) as caught:
        await anext(messages)

    assert (caught.value.code, caught.value.path) == (1004, HISTORY)
    assert await numbers(messages) == [1]


GOOD = packed(message(1), message(2))


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (CUT_OFF, "cut off"),
        (packed(message(3)), f"its MD5 is {md5(packed(message(3)))}, not {md5(GOOD)}"),
        (GOOD[:-1], "damaged on its way"),
        (b"", "damaged on its way"),
        (b"<html>busy</html>", "damaged on its way"),
    ],
    ids=["not downloaded", "another file", "a part of it", "nothing", "a page"],
)
async def test_a_file_that_did_not_arrive_is_fetched_again(answer: Answer, complaint: str) -> None:
    """No message of it comes out; whoever goes on with the same iterator gets all of them, and those behind."""
    place = lies_at("https://f/1", gzip=md5(GOOD), file=md5(gzip.decompress(GOOD)))
    service = MemoryTransport(found(place, lies_at("https://f/2")), answer, GOOD, packed(message(3)))
    messages = operations(service).each_in_history("C2C", HOUR)
    with pytest.raises(TransportError, match=complaint):
        await anext(messages)

    assert await numbers(messages) == [1, 2, 3]
    assert [call.body for call in service.calls[1:]] == [b"https://f/1", b"https://f/1", b"https://f/2"]


def bent(content: bytes, place: int) -> bytes:
    """*content* with one byte that is another."""
    return content[:place] + bytes([content[place] ^ 0xFF]) + content[place:][1:]


@pytest.mark.parametrize(
    ("content", "before", "complaint"),
    [
        (gzip.compress(plain(message(1), message(2)), 0)[:-40], [1], "cannot be unpacked: Compressed file ended"),
        (bent(GOOD, -8), [1, 2], "cannot be unpacked: CRC check failed"),
        (bent(GOOD, 10), [], "cannot be unpacked: Error -3 while decompressing"),
        (plain(message(1)) + b"<html>", [1], "the file holds b'<html>' in place of a message"),
        (plain(message(1), "hi", message(2)), [1], "the file holds b'\"hi\",' in place of a message"),
        (json.dumps({"MsgList": [message(1), 5]}).encode(), [1], "the file holds 5 in place of a message"),
        (plain(message(1), {"MsgSeq": "first"}), [1], "the file holds {'MsgSeq': 'first'} in place of a message"),
        (b'{"MsgList":5', [], "in place of a message"),
        (plain(*[[message(1)]] * 1000), [], "in place of a message"),
    ],
    ids=[
        "cut",
        "another checksum",
        "damaged",
        "a page",
        "a text",
        "a number",
        "a text as a number",
        "half an object",
        "lists",
    ],
)
async def test_a_file_that_is_no_archive_ends_where_that_shows(
    content: bytes, before: list[int], complaint: str
) -> None:
    """It arrived as it is, so the error is one of decoding; the rest is left out, and the next file is looked at."""
    service = MemoryTransport(found(lies_at("https://f/1"), lies_at("https://f/2")), content, packed(message(9)))
    messages = operations(service).each_in_history("C2C", HOUR)
    seen = list[int | None]()

    async def read_on() -> None:
        async for one in messages:
            seen.append(one.msg_seq)

    with pytest.raises(DecodeError) as caught:
        await read_on()
    assert str(caught.value).startswith(f"{HISTORY}: ")
    assert complaint in str(caught.value)
    assert len(str(caught.value)) < 500
    assert seen == before
    await read_on()
    assert seen == [*before, 9]


@pytest.mark.parametrize("url", [None, ""])
async def test_a_file_without_an_address_is_an_error(url: str | None) -> None:
    """Nothing is fetched, and nothing is left out in silence."""
    service = MemoryTransport(found({"URL": url, "GzipMD5": md5(GOOD)}))
    with pytest.raises(DecodeError, match="gave no address for a file"):
        await anext(operations(service).each_in_history("C2C", HOUR))
    assert len(service.calls) == 1


# -- what it costs


async def test_a_large_archive_takes_little_memory() -> None:
    """A file of 20 MB comes out message by message, and no more than a few of them are in memory at once."""
    content = packed(*[message(number, "x" * (MEGABYTE // 10)) for number in range(200)])
    messages = in_one_file(content, gzip=md5(content))
    length = 0
    tracemalloc.start()
    try:
        async for one in messages:
            (text,) = one.msg_body
            assert isinstance(text, Text)
            length += len(text.text)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert length == 200 * (MEGABYTE // 10)
    assert peak < 3 * MEGABYTE


LARGE = plain(message(1, "x" * 9 * MEGABYTE), message(2))
"""An archive that does not stay in memory."""


class Stream(MemoryTransport):
    """A service whose files arrive in pieces."""

    async def download(self, path: str, url: str, into: BinaryIO, idle: float) -> None:
        """Write the next answer, piece by piece, and nothing more where it breaks off."""
        content = await self.post(path, "", url.encode(), idle)
        rest = memoryview(content)
        while rest:
            into.write(rest[:MEGABYTE])
            rest = rest[MEGABYTE:]
        if content.endswith(b"..."):
            raise CUT_OFF


async def test_a_large_file_does_not_stay_in_memory() -> None:
    """What is longer than a few megabytes, packed, waits on the disk for its turn."""
    content = plain(*[message(number, "x" * MEGABYTE) for number in range(30)])
    service = Stream(found(lies_at("https://f/1", file=md5(content))), content)
    tracemalloc.start()
    try:
        assert await numbers(operations(service).each_in_history("C2C", HOUR)) == list(range(30))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 20 * MEGABYTE


@pytest.mark.parametrize(
    ("content", "sums", "read"),
    [
        (LARGE, md5(LARGE), [1, 2]),
        (LARGE, md5(LARGE), [1]),
        (LARGE, md5(b""), []),
        (LARGE + b"...", None, []),
        (LARGE.replace(b'"MsgSeq": 2', b'"MsgSeq": two'), None, [1]),
    ],
    ids=["read to the end", "left early", "damaged", "broken off", "not JSON"],
)
async def test_no_file_stays_open(content: bytes, sums: str | None, read: list[int]) -> None:
    """Whatever becomes of it, the temporary file is closed, and not left for the interpreter to find."""
    service = Stream(found(lies_at("https://f/1", file=sums)), content)
    messages = operations(service).each_in_history("C2C", HOUR)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        assert [(await anext(messages)).msg_seq for _ in read] == read
        if not sums or not read:
            with pytest.raises(TimError):
                await anext(messages)
        elif len(read) == 2:
            assert await numbers(messages) == []
        del messages
        gc.collect()

    assert [str(warning.message) for warning in heard] == []
