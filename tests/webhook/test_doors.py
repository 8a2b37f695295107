"""What holds at every door, over real sockets: aiohttp's, a bare ASGI server's, and those of three frameworks."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from attrs import field, frozen

from tests.webhook.doors import AFTER, BEFORE, DOORS, MOST, Watched, connected, message, webhook
from timrest_async.elements import Text
from timrest_async.webhook import (
    C2CAfterSendMsg,
    C2CBeforeSendMsg,
    C2CVerdict,
    Event,
    RequestTooLargeError,
)

if TYPE_CHECKING:
    from tests.webhook.doors import Opening

at_every_door = pytest.mark.parametrize("opening", DOORS, ids=[opening.__name__ for opening in DOORS])


@pytest.fixture
async def clock() -> Watched:
    """Return a clock that stands still."""
    return Watched()


@at_every_door
async def test_a_verdict_is_what_is_answered(opening: Opening, clock: Watched) -> None:
    """As JSON over HTTP 200, after a function has seen what was posted, and who called; again on the same line."""
    hook, seen = webhook(clock), list[C2CBeforeSendMsg]()

    @hook.on(C2CBeforeSendMsg)
    async def no_links(event: C2CBeforeSendMsg) -> C2CVerdict:
        seen.append(event)
        return event.refuse(120_001, "no links, 谢谢")

    async with opening(hook) as door, connected(door, clock) as line:
        for _ in range(2):
            line.post(BEFORE, message(BEFORE, "你好 http://example.org"), ClientIP="::1", OptPlatform="a+b %41 你")
            said = await line.answer()
            assert (said.status, said.headers["content-type"].partition(";")[0]) == (200, "application/json")
            assert said.json == {"ActionStatus": "OK", "ErrorCode": 120_001, "ErrorInfo": "no links, 谢谢"}
    assert [event.msg_body for event in seen] == [[Text("你好 http://example.org")]] * 2
    assert (seen[0].origin.client_ip, seen[0].origin.opt_platform) == ("::1", "a+b %41 你")


@at_every_door
async def test_what_is_told_is_answered_at_once(opening: Opening, clock: Watched) -> None:
    """The function works on while the service has its answer."""
    hook, may_end, ended = webhook(clock), asyncio.Event(), list[Event]()

    @hook.on(C2CAfterSendMsg)
    async def slow(event: C2CAfterSendMsg) -> None:
        await may_end.wait()
        ended.append(event)

    async with opening(hook) as door, connected(door, clock) as line:
        line.post(AFTER, message(AFTER))
        assert (await line.answer()).json["ErrorCode"] == 0
        assert not ended
        may_end.set()
        await hook.idle()
    assert len(ended) == 1


@frozen
class Odd:
    """What the service would not post, and what it is answered with."""

    status: int
    body: bytes = b"{}"
    lines: tuple[str, ...] = ()
    query: dict[str, Any] = field(factory=dict[str, Any])


ODD = {
    "not signed": Odd(401, query={"Sign": None}),
    "signed with another token": Odd(401, query={"Sign": "0" * 64}),
    "signed long ago": Odd(401, query={"RequestTime": 1}),
    "another application": Odd(403, query={"SdkAppid": 7}),
    "no JSON": Odd(400, b"hi"),
    "no body": Odd(400, b""),
    "another callback in the body": Odd(400, json.dumps(message(BEFORE)).encode()),
    "said to be compressed": Odd(400, json.dumps(message(AFTER)).encode(), ("CONTENT-ENCODING: compress",)),
    "compressed": Odd(400, gzip.compress(json.dumps(message(AFTER)).encode()), ("CONTENT-ENCODING: gzip",)),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
@at_every_door
async def test_a_request_that_is_not_believed_is_told_so(opening: Opening, clock: Watched, odd: Odd) -> None:
    """By the HTTP status and in JSON, and no function has it."""
    hook, seen = webhook(clock), list[Event]()

    @hook.on(Event)
    async def note(event: Event) -> None:
        seen.append(event)

    async with opening(hook) as door, connected(door, clock) as line:
        line.post(AFTER, odd.body, *odd.lines, **odd.query)
        said = await line.answer()
    assert (said.status, said.json["ActionStatus"]) == (odd.status, "FAIL")
    assert hook.refused.total() == 1
    assert not seen


@at_every_door
async def test_a_webhook_that_is_closed_says_so(opening: Opening, clock: Watched) -> None:
    """With 503, so that the service may send the event again."""
    hook = webhook(clock)

    @hook.on(C2CAfterSendMsg)
    async def nothing(event: C2CAfterSendMsg) -> None: ...

    async with opening(hook) as door, connected(door, clock) as line:
        await hook.close()
        line.post(AFTER, message(AFTER))
        assert (await line.answer()).status == 503


@at_every_door
async def test_a_body_that_is_said_to_be_too_large_is_not_waited_for(opening: Opening, clock: Watched) -> None:
    """The answer is there before the first byte of it."""
    hook = webhook(clock)
    async with opening(hook) as door, connected(door, clock) as line:
        line.head(AFTER, f"Content-Length: {MOST + 1}")
        said = await line.answer()
    assert said.status == 413
    assert said.json["ErrorInfo"] == "the body is larger than 1,000 bytes"
    assert hook.refused == {RequestTooLargeError: 1}


@at_every_door
async def test_a_body_that_becomes_too_large_is_not_read_on(opening: Opening, clock: Watched) -> None:
    """Where no length was said, the answer is there as soon as the limit is passed, and not when the body ends."""
    hook = webhook(clock)
    async with opening(hook) as door, connected(door, clock) as line:
        line.head(AFTER, "Transfer-Encoding: chunked")
        for _ in range(2):
            line.writer.write(b"%x\r\n%b\r\n" % (600, b" " * 600))
        said = await line.answer()
    assert said.status == 413
    assert hook.refused == {RequestTooLargeError: 1}


@pytest.mark.parametrize("how", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
@at_every_door
async def test_a_body_at_the_limit_is_read_however_it_comes(opening: Opening, clock: Watched, how: str) -> None:
    """In one piece, or in two chunks."""
    hook, content = webhook(clock), json.dumps(message(AFTER)).encode().ljust(MOST)
    async with opening(hook) as door, connected(door, clock) as line:
        line.head(AFTER, how)
        chunks = b"1f4\r\n%b\r\n1f4\r\n%b\r\n0\r\n\r\n" % (content[:500], content[500:])
        line.writer.write(content if "Length" in how else chunks)
        assert (await line.answer()).status == 200
    assert not hook.refused


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@at_every_door
async def test_another_method_than_post_is_refused(opening: Opening, clock: Watched, method: str) -> None:
    """With the method that there is, and without waiting for a body."""
    hook, seen = webhook(clock), list[Event]()

    @hook.on(Event)
    async def note(event: Event) -> None:
        seen.append(event)

    async with opening(hook) as door, connected(door, clock) as line:
        line.head(AFTER, "Content-Length: 100", method=method)
        said = await line.answer()
    assert (said.status, said.headers["allow"]) == (405, "POST")
    assert not seen
    assert not hook.refused


@at_every_door
async def test_who_leaves_in_the_middle_leaves_nothing(
    opening: Opening, clock: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    """A client that hangs up before the body is whole: nothing is handled, nothing fails, and no log complains."""
    caplog.set_level(logging.INFO, "aiohttp")
    caplog.set_level(logging.WARNING)
    hook, seen = webhook(clock), list[Event]()

    @hook.on(Event)
    async def note(event: Event) -> None:
        seen.append(event)

    async with opening(hook) as door:
        clock.looked_at.clear()
        async with connected(door, clock) as line:
            content = json.dumps(message(AFTER)).encode()
            line.head(AFTER, f"Content-Length: {len(content) + 1}")
            line.writer.write(content)
            await clock.looked_at.wait()
        async with connected(door, clock) as line:
            line.post("Some.Newer", {})
            assert (await line.answer()).status == 200
    assert [event.callback_command for event in seen] == ["Some.Newer"]
    assert not hook.refused
    assert not caplog.records


@at_every_door
async def test_time_is_counted_from_the_beginning_of_the_request(opening: Opening, clock: Watched) -> None:
    """A function that decides nothing has what the body left of the 1.5 seconds; then the fallback is answered."""
    hook, asked = webhook(clock, fallback="refuse"), asyncio.Event()

    @hook.on(C2CBeforeSendMsg)
    async def undecided(_: C2CBeforeSendMsg) -> None:
        asked.set()
        await asyncio.Event().wait()

    content = json.dumps(message(BEFORE)).encode()
    async with opening(hook) as door:
        clock.looked_at.clear()
        async with connected(door, clock) as line:
            line.head(BEFORE, f"Content-Length: {len(content)}")
            await clock.looked_at.wait()
            await clock.advance(1)
            line.writer.write(content)
            await asked.wait()
            await clock.advance(0.6)
            assert (await line.answer()).json["ErrorCode"] == 1
    assert hook.failed == 1


@at_every_door
async def test_what_waits_is_handled_before_the_server_stops(opening: Opening, clock: Watched) -> None:
    """The webhook is closed with the server, and the server waits for that."""
    hook, may_end, ended = webhook(clock, at_once=1), asyncio.Event(), list[str]()

    @hook.on(C2CAfterSendMsg)
    async def slow(event: C2CAfterSendMsg) -> None:
        await may_end.wait()
        ended.append(event.msg_key)

    async def open_and_leave() -> None:
        async with opening(hook) as door, connected(door, clock) as line:
            for key in ("1", "2"):
                line.post(AFTER, message(AFTER, key=key))
                await line.answer()

    serving = asyncio.create_task(open_and_leave())
    async with asyncio.timeout(10):
        await clock.set_up.wait()
        assert not ended
        may_end.set()
        await serving
    assert ended == ["1", "2"]
