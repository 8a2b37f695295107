"""What got lost on the way is there once: the real session, the sandbox, and real sockets between them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from attrs import frozen

from timrest_async import CallTimeoutError, RateLimit, RateLimiter, RetryPolicy, Text, TimSession, TransportError
from timrest_async.commands.group_messages import SendGroupMessageReply
from timrest_async.commands.messages import SendMessageReply
from timrest_async.sandbox import Sandbox
from timrest_async.testing import FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from timrest_async.sandbox.state import GroupMessage, Message

ROOT = Path(__file__).parents[2]
GROUP = "@TGS#2C5SZEAEF"
SEND = "openim/sendmsg"
AT_ONCE = RetryPolicy(attempts=200, first_pause=0, longest_pause=0, transport=True)
"""Repeats what got lost until it comes through."""

DONE: list[dict[str, Any]] = [{"lose_answer": True}, {"cut": True}]
"""Faults after which the work is done."""
UNDONE: list[dict[str, Any]] = [
    {"reset": True},
    {"status": 502},
    {"html": True},
    *({"code": code} for code in (20004, 20005, 91000, 90992, 10002)),
]
"""Faults that keep it from being done."""


async def filled(box: Sandbox) -> Sandbox:
    """Start *box* with two accounts and a group."""
    for account in ("lumotuwe1", "lumotuwe2"):
        box.state.add_account(account)
    box.state.add_group(GROUP)
    return await box.start()


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    """Return a running sandbox that counts no calls."""
    box = await filled(Sandbox(calls_per_second=None))
    yield box
    await box.stop()


def session(box: Sandbox, **settings: Any) -> TimSession:
    """Open a session on *box* that is not held up by its limiter."""
    usual: dict[str, Any] = {"retry": AT_ONCE, "limits": RateLimiter(RateLimit(2000, burst=2000), clock=box.clock)}
    return box.session(**(usual | settings))


@frozen
class Kind:
    """A kind of message, and how one looks it up."""

    path: str
    send: Callable[[TimSession], Awaitable[Any]]
    there: Callable[[Sandbox], list[Any]]
    receipt: Callable[[Any], Any]
    """The receipt that stands for what is there."""


def to_one(message: Message) -> SendMessageReply:
    """Return the receipt of a message to an account."""
    return SendMessageReply(msg_time=message.msg_time, msg_key=message.msg_key, msg_id=message.msg_id)


def to_group(message: GroupMessage) -> SendGroupMessageReply:
    """Return the receipt of a message to a group."""
    return SendGroupMessageReply(msg_time=message.msg_time, msg_seq=message.msg_seq)


KINDS = [
    Kind(
        path=SEND,
        send=lambda tim: tim.messages.send("lumotuwe2", "hi"),
        there=lambda box: box.state.history("administrator", "lumotuwe2"),
        receipt=to_one,
    ),
    Kind(
        path="group_open_http_svc/send_group_msg",
        send=lambda tim: tim.group_messages.send(GROUP, "hi"),
        there=lambda box: box.state.groups[GROUP].messages,
        receipt=to_group,
    ),
]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.path)

UNRECOGNISED = [
    Kind(
        path="openim/batchsendmsg",
        send=lambda tim: tim.messages.send_batch(["lumotuwe2"], "hi"),
        there=lambda box: box.state.history("administrator", "lumotuwe2"),
        receipt=to_one,
    ),
    Kind(
        path="group_open_http_svc/send_group_system_notification",
        send=lambda tim: tim.group_messages.send_system_notification(GROUP, "hi"),
        there=lambda box: box.state.groups[GROUP].notices,
        receipt=lambda _: None,
    ),
]
each_unrecognised = pytest.mark.parametrize("kind", UNRECOGNISED, ids=lambda kind: kind.path)


# -- an answer got lost


@each_kind
@pytest.mark.parametrize("fault", [*DONE, *UNDONE], ids=str)
async def test_a_message_that_met_a_fault_is_there_once(box: Sandbox, kind: Kind, fault: dict[str, Any]) -> None:
    """Whatever went wrong, twice, the third attempt returns the receipt of the one copy."""
    box.faults.add(kind.path, times=2, **fault)
    async with session(box) as tim:
        receipt = await kind.send(tim)
    (message,) = kind.there(box)
    assert receipt == kind.receipt(message)
    assert len(box.service.calls) == 3


@each_kind
async def test_faults_in_any_order_leave_one_copy(box: Sandbox, kind: Kind) -> None:
    """Retried codes and lost answers by turns: each message is there once, with the receipt that its sender holds."""
    chance = Random(20)
    receipts: list[Any] = []
    async with session(box) as tim:
        for _ in range(20):
            for fault in chance.choices([*DONE, *UNDONE], k=chance.randint(1, 6)):
                box.faults.add(kind.path, **fault)
            receipts.append(await kind.send(tim))
            assert len(box.faults) == 0
    assert receipts == [kind.receipt(message) for message in kind.there(box)]


@each_kind
async def test_an_answer_that_comes_too_late_leaves_one_copy(box: Sandbox, kind: Kind) -> None:
    """An attempt that ended at its limit is repeated, although the service did the work and has yet to say so."""
    box.faults.add(kind.path, latency=60.0)
    async with session(box, attempt_timeout=0.3) as tim:
        receipt = await kind.send(tim)
    (message,) = kind.there(box)
    assert receipt == kind.receipt(message)
    assert len(box.service.calls) >= 2


@each_kind
@pytest.mark.parametrize("fault", DONE, ids=str)
async def test_the_receipt_is_the_first_one(kind: Kind, fault: dict[str, Any]) -> None:
    """A repeat 100 seconds later is answered with the time at which the service took the message."""
    clock = FakeClock()
    box = await filled(Sandbox(clock=clock))
    began = int(clock.now())
    box.faults.add(kind.path, latency=100.0, **fault)
    async with session(box, timeout=1000.0, attempt_timeout=1000.0) as tim:
        receipt = await clock.run(kind.send(tim))
    await box.stop()
    assert receipt.msg_time == began
    assert clock.now() >= began + 100
    assert len(kind.there(box)) == 1
    assert len(box.service.calls) == 2


@pytest.mark.parametrize(("kind", "window"), list(zip(KINDS, (120.0, 300.0), strict=True)))
@pytest.mark.parametrize("fault", DONE, ids=str)
async def test_a_message_is_not_repeated_once_the_service_has_forgotten_it(
    kind: Kind, window: float, fault: dict[str, Any]
) -> None:
    """Where the loss shows after the window in which a repeat is recognised, the call fails, and one copy is there."""
    clock = FakeClock()
    box = await filled(Sandbox(clock=clock))
    box.faults.add(kind.path, latency=window, **fault)
    async with session(box, timeout=1000.0, attempt_timeout=1000.0) as tim:
        with pytest.raises(TransportError) as caught:
            await clock.run(kind.send(tim))
        assert (caught.value.attempts, caught.value.delivered) == (1, None)
        assert len(kind.there(box)) == 1
        await clock.run(kind.send(tim))
    await box.stop()
    assert len(kind.there(box)) == 2


@each_unrecognised
@pytest.mark.parametrize("fault", DONE, ids=str)
async def test_what_nobody_recognises_is_not_repeated(box: Sandbox, kind: Kind, fault: dict[str, Any]) -> None:
    """A batch and a notice whose answer got lost raise, say that nobody knows, and are there once."""
    box.faults.add(kind.path, **fault)
    async with session(box) as tim:
        with pytest.raises(TransportError) as caught:
            await kind.send(tim)
    assert (caught.value.attempts, caught.value.delivered) == (1, None)
    assert len(kind.there(box)) == len(box.service.calls) == 1


@each_unrecognised
async def test_what_nobody_recognises_is_repeated_after_a_refusal(box: Sandbox, kind: Kind) -> None:
    """The service did nothing yet, so it goes out again, and is there once."""
    box.faults.add(kind.path, code=91000, times=3)
    async with session(box) as tim:
        await kind.send(tim)
    assert len(kind.there(box)) == 1
    assert len(box.service.calls) == 4


async def test_a_crowd_in_a_storm_of_faults_is_there_once_each(box: Sandbox) -> None:
    """Of 300 messages at once, met by 200 faults of all kinds, each is there once."""
    chance = Random(300)
    for fault in chance.choices([*DONE, *DONE, *DONE, *UNDONE], k=200):
        box.faults.add(SEND, **fault)
    async with session(box, timeout=100.0) as tim:
        receipts = await asyncio.gather(*(tim.messages.send("lumotuwe2", f"{n}") for n in range(300)))
    there = box.state.history("administrator", "lumotuwe2")
    assert len(box.faults) == 0
    assert Counter(message.msg_body[0] for message in there) == Counter(Text(f"{n}") for n in range(300))
    assert {receipt.msg_key for receipt in receipts} == {message.msg_key for message in there}


# -- the time of an attempt is over before it went out


def stalling(event: str, limit: float) -> aiohttp.TraceConfig:
    """Make a tracer that holds up the process once, at an event of aiohttp's, until *limit* seconds are over.

    That an attempt's time passes while its process stands still is what is tested, and nothing but the machine's clock
    tells when it has: so this waits for that, and no longer.
    """
    over: list[float] = []

    async def begin(*_: Any) -> None:
        if not over:
            over.append(time.monotonic() + limit)

    async def hold_up(*_: Any) -> None:
        while time.monotonic() < over[0]:
            pass

    tracer = aiohttp.TraceConfig()
    tracer.on_request_start.append(begin)
    getattr(tracer, event).append(hold_up)
    return tracer


STALLS = ["on_connection_create_end", "on_request_headers_sent"]


@pytest.mark.parametrize("event", STALLS)
async def test_an_attempt_whose_time_is_over_before_it_is_written_sends_nothing(event: str) -> None:
    """Not one byte reaches the service, and the error says that nothing was sent."""
    heard: list[bytes] = []
    hung_up = asyncio.Event()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read())
        writer.close()
        hung_up.set()

    server = await asyncio.start_server(hear, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with aiohttp.ClientSession(trace_configs=[stalling(event, 0.1)]) as http:
        tim = TimSession(1400000000, secret_key="key", base_url=url, http=http, attempt_timeout=0.1)
        with pytest.raises(CallTimeoutError, match="nothing was sent") as caught:
            await tim.messages.send("lumotuwe2", "hi")
    assert (caught.value.attempts, caught.value.delivered) == (1, False)
    await hung_up.wait()
    assert heard == [b""]
    server.close()
    await server.wait_closed()


@each_unrecognised
@pytest.mark.parametrize("event", STALLS)
async def test_what_was_not_written_is_repeated_freely(box: Sandbox, kind: Kind, event: str) -> None:
    """Also a batch and a notice go out again after such an attempt, and are there once."""
    async with aiohttp.ClientSession(trace_configs=[stalling(event, 0.5)]) as http:
        await kind.send(session(box, http=http, attempt_timeout=0.5))
    assert len(kind.there(box)) == len(box.service.calls) == 1


# -- the process stands still

PROGRAM = """
import asyncio, json, logging, os, signal, sys
from typing import Annotated, Any

import aiohttp
from attrs import frozen

from timrest_async import Command, Element, RetryPolicy, Text, TimError, TimSession, Wire

where, window = sys.argv[1], float(sys.argv[2])


@frozen(kw_only=True)
class Send(Command[dict[str, Any]]):
    path = "openim/sendmsg"
    repeatable_for = window

    to_account: Annotated[str, Wire("To_Account")]
    msg_seq: int
    msg_random: int
    msg_body: list[Element]


def stand_still(here: str) -> None:
    if here == where:
        os.kill(os.getpid(), signal.SIGSTOP)


class Stopping(logging.Handler):
    def on_attempt(self, attempt):
        if attempt.attempt == 2:
            stand_still("going out")

    def on_reply(self, reply):
        if reply.attempt == 1:
            stand_still("answer lost")

    def emit(self, record):
        stand_still("pausing")


connections = []


async def connected(*_):
    connections.append(1)
    if len(connections) == 2:
        stand_still("connecting")


async def main():
    stopping, tracer = Stopping(), aiohttp.TraceConfig()
    tracer.on_connection_create_end.append(connected)
    logging.getLogger("timrest_async").addHandler(stopping)
    logging.getLogger("timrest_async").setLevel(logging.INFO)
    retry = RetryPolicy(attempts=3, first_pause=0, longest_pause=0, transport=True)
    async with aiohttp.ClientSession(trace_configs=[tracer]) as http:
        tim = TimSession.from_env(http=http, hooks=[stopping], retry=retry)
        try:
            await tim.call(Send(to_account="lumotuwe2", msg_seq=1, msg_random=2, msg_body=[Text("hi")]))
        except TimError as error:
            return {"delivered": error.delivered, "attempts": error.attempts, "error": str(error)}
        return {"delivered": True}


print(json.dumps(asyncio.run(main())))
"""
"""Sends one message, and stops itself once, at the place that it is told."""


async def stopped(box: Sandbox, where: str, *, window: float, for_seconds: float) -> Any:
    """Run the program on *box*, let it go on *for_seconds* after it stopped itself, and return what it says."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-c", PROGRAM, where, str(window)),
        env={**os.environ, **box.env(), "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        await asyncio.to_thread(os.waitid, os.P_PID, process.pid, os.WSTOPPED)
        await asyncio.sleep(for_seconds)  # that this passes while nothing happens is what is tested
        process.send_signal(signal.SIGCONT)
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return json.loads(said)


each_place = pytest.mark.parametrize("where", ["answer lost", "pausing", "going out", "connecting"])


@each_place
async def test_a_process_that_stood_still_for_too_long_sends_nothing_again(box: Sandbox, where: str) -> None:
    """Stopped wherever it is between two attempts, it goes on after the service forgot, and leaves it at one."""
    box.faults.add(SEND, lose_answer=True)
    said = await stopped(box, where, window=1.0, for_seconds=1.0)
    assert len(box.service.calls) == 1
    assert len(box.state.history("administrator", "lumotuwe2")) == 1
    assert said["delivered"] is None


@each_place
async def test_a_process_that_stood_still_for_a_moment_sends_again(box: Sandbox, where: str) -> None:
    """As long as the service recognises the repeat, the stop makes no difference."""
    box.faults.add(SEND, lose_answer=True)
    assert await stopped(box, where, window=60.0, for_seconds=0.0) == {"delivered": True}
    assert len(box.service.calls) == 2
    assert len(box.state.history("administrator", "lumotuwe2")) == 1
