"""The doubles that we give to users: a service in memory, and a clock that jumps."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import pytest

from timrest_async import TransportError
from timrest_async._clock import sleep_until, timeout_at
from timrest_async.testing import LATENESS, Call, FakeClock, MemoryTransport

if TYPE_CHECKING:
    from collections.abc import Callable

SEND = "openim/sendmsg"
SECRET = "eJxSECRET*-_"


async def post(service: MemoryTransport, body: bytes = b"{}") -> bytes:
    """Send one call."""
    return await service.post(SEND, SECRET, body, 10.0)


# -- a service in memory


async def test_answers_come_in_the_order_in_which_they_were_given() -> None:
    """First those of the start, then those that were added."""
    service = MemoryTransport({"n": 1}, {"n": 2})
    service.add({"n": 3}, {"n": 4})
    assert [await post(service) for _ in range(4)] == [b'{"n": 1}', b'{"n": 2}', b'{"n": 3}', b'{"n": 4}']


async def test_bytes_are_answered_as_they_are() -> None:
    """So that a test can answer what is no JSON."""
    assert await post(MemoryTransport(b"<html>")) == b"<html>"


async def test_a_function_answers_what_it_makes_of_the_call() -> None:
    """An object or bytes."""
    service = MemoryTransport(lambda call: {"said": call.json["a"]}, lambda call: call.body)
    assert await post(service, b'{"a": 1}') == b'{"said": 1}'
    assert await post(service, b'{"a": 1}') == b'{"a": 1}'


async def test_an_exception_is_raised_and_the_next_answer_follows() -> None:
    """A failure takes its place in the order, and its call is kept."""
    service = MemoryTransport(TransportError(SEND, "gone"), {})
    with pytest.raises(TransportError, match="gone"):
        await post(service)
    assert await post(service) == b"{}"
    assert len(service.calls) == 2


async def test_one_call_too_many_fails_with_a_clear_word() -> None:
    """The message names the command and how many calls there were; a library must not swallow it."""
    service = MemoryTransport({})
    await post(service)
    with pytest.raises(AssertionError, match=f"{SEND} was called, but no answer is queued; 2 calls in all"):
        await post(service)


async def test_calls_are_kept_as_they_left() -> None:
    """Command, signature, bytes and limit, oldest first."""
    service = MemoryTransport({}, {})
    await post(service, b'{"a":1}')
    await service.post("openim/querystate", SECRET, b'{"b": 2}', 3.0)
    assert service.calls == [Call(SEND, SECRET, b'{"a":1}', 10.0), Call("openim/querystate", SECRET, b'{"b": 2}', 3.0)]
    assert [call.json for call in service.calls] == [{"a": 1}, {"b": 2}]


async def test_a_call_shows_no_signature() -> None:
    """A failing assertion prints calls; it must not print their UserSig."""
    service = MemoryTransport({})
    await post(service)
    (call,) = service.calls
    assert call.usersig == SECRET
    assert SECRET not in f"{call!r}{call!s}{service.calls!r}{call.usersig!r}"


async def test_what_nobody_asked_for_is_counted() -> None:
    """A test can insist that all its answers were used."""
    service = MemoryTransport({}, {}, {})
    await post(service)
    assert service.left == 2


async def test_closing_is_noted() -> None:
    """A test can insist on it."""
    service = MemoryTransport()
    assert not service.closed
    await service.close()
    assert service.closed


# -- a clock that jumps


def noting(clock: FakeClock, notes: list[tuple[str, float]], name: str) -> Callable[[], None]:
    """Make a callback that notes its *name* and the time."""
    return lambda: notes.append((name, clock.time()))


async def test_a_clock_stands_still() -> None:
    """Until it is told to move."""
    clock = FakeClock(time=5.0, now=1_000.0)
    await asyncio.sleep(0)
    assert (clock.time(), clock.now()) == (5.0, 1_000.0)


async def test_both_times_advance_together() -> None:
    """Monotonic and Unix time by the same number of seconds."""
    clock = FakeClock(time=5.0, now=1_000.0)
    await clock.advance(2.5)
    assert (clock.time(), clock.now()) == (7.5, 1_002.5)


async def test_timers_ring_in_their_order_and_a_moment_late() -> None:
    """Each at its own time and the constant lateness, in whatever order they were set."""
    clock, notes = FakeClock(), list[tuple[str, float]]()
    for when, name in ((3.0, "c"), (1.0, "a"), (2.0, "b")):
        clock.call_at(when, noting(clock, notes, name))
    await clock.advance(10.0)
    assert notes == [("a", 1.0 + LATENESS), ("b", 2.0 + LATENESS), ("c", 3.0 + LATENESS)]
    assert clock.time() == 10.0


async def test_timers_of_one_time_ring_in_the_order_in_which_they_were_set() -> None:
    """As those of an event loop mostly do."""
    clock, notes = FakeClock(), list[tuple[str, float]]()
    for name in "abcde":
        clock.call_at(1.0, noting(clock, notes, name))
    await clock.advance(1.0)
    assert [name for name, _ in notes] == list("abcde")


async def test_time_never_goes_back() -> None:
    """A timer for a time that is over rings at once, without turning the clock back."""
    clock, notes = FakeClock(time=5.0), list[tuple[str, float]]()
    clock.call_at(1.0, noting(clock, notes, "late"))
    await clock.advance(0.0)
    assert notes == [("late", 5.0)]


async def test_a_timer_beyond_the_advance_waits() -> None:
    """And rings in the next one that reaches it."""
    clock, notes = FakeClock(), list[tuple[str, float]]()
    clock.call_at(2.0, noting(clock, notes, "a"))
    await clock.advance(1.5)
    assert (notes, clock.timers, clock.time()) == ([], 1, 1.5)
    await clock.advance(1.0)
    assert (notes, clock.timers) == ([("a", 2.0 + LATENESS)], 0)


async def test_a_cancelled_timer_never_rings() -> None:
    """It is forgotten, before its time or after."""
    clock, notes = FakeClock(), list[tuple[str, float]]()
    first, second = (clock.call_at(when, noting(clock, notes, "timer")) for when in (1.0, 2.0))
    second.cancel()
    second.cancel()
    assert clock.timers == 1
    await clock.advance(5.0)
    first.cancel()
    assert notes == [("timer", 1.0 + LATENESS)]
    assert clock.timers == 0


async def test_a_cancelled_timer_does_not_pull_a_later_one_forward() -> None:
    """An advance stops where it was told to, whatever was cancelled on the way."""
    clock, notes = FakeClock(), list[tuple[str, float]]()
    clock.call_at(1.0, noting(clock, notes, "cancelled")).cancel()
    clock.call_at(9.0, noting(clock, notes, "later"))
    await clock.advance(2.0)
    assert (notes, clock.time()) == ([], 2.0)


async def test_what_a_timer_sets_off_happens_within_the_advance() -> None:
    """Tasks that wake up run, and the timers that they set ring too, if their time comes."""
    clock, woken = FakeClock(), list[float]()

    async def walk() -> None:
        for _ in range(3):
            await sleep_until(clock, clock.time() + 1.0)
            woken.append(round(clock.time(), 3))

    task = asyncio.ensure_future(walk())
    await clock.advance(2.5)
    assert woken == [1.0, 2.0]
    await clock.advance(2.5)
    assert woken == [1.0, 2.0, 3.0]
    await task


async def test_a_person_may_set_the_wall_clock() -> None:
    """Forward or back; monotonic time and timers know nothing of it."""
    clock, notes = FakeClock(now=1_000.0), list[tuple[str, float]]()
    clock.call_at(1.0, noting(clock, notes, "a"))
    clock.set_wall_clock(10.0)
    assert (clock.now(), clock.time()) == (10.0, 0.0)
    await clock.advance(2.0)
    assert (clock.now(), clock.time()) == (12.0, 2.0)
    assert notes == [("a", 1.0 + LATENESS)]


async def test_an_hour_passes_in_no_time() -> None:
    """Running something jumps from timer to timer and hands back its result."""
    clock, loop = FakeClock(), asyncio.get_running_loop()
    began = loop.time()

    async def sleep() -> str:
        for hour in range(1, 25):
            await sleep_until(clock, hour * 3_600.0)
        return "morning"

    assert await clock.run(sleep()) == "morning"
    assert round(clock.time()) == 86_400
    assert loop.time() - began < 60.0


async def test_running_jumps_no_further_than_needed() -> None:
    """Timers beyond the end of what is run stay."""
    clock = FakeClock()
    clock.call_at(100.0, lambda: None)
    await clock.run(sleep_until(clock, 1.0))
    assert (clock.time(), clock.timers) == (1.0 + LATENESS, 1)


async def test_running_raises_what_is_raised() -> None:
    """Timeouts of the clock included."""
    clock = FakeClock()

    async def wait() -> None:
        async with timeout_at(clock, 30.0):
            await asyncio.get_running_loop().create_future()

    with pytest.raises(TimeoutError):
        await clock.run(wait())
    assert clock.time() == 30.0 + LATENESS


async def test_running_takes_a_future_or_a_task_as_well() -> None:
    """Anything that can be awaited; also what is done already."""
    clock, loop = FakeClock(), asyncio.get_running_loop()
    future = loop.create_future()
    loop.call_soon(future.set_result, "result")
    assert await clock.run(future) == "result"
    assert await clock.run(future) == "result"


async def test_running_waits_for_what_is_outside_the_clock() -> None:
    """A real socket answers when it answers, and nothing is jumped over."""
    clock, loop = FakeClock(), asyncio.get_running_loop()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(0.0)
        loop.call_later(0.01, theirs.send, b"hi")
        assert await clock.run(loop.sock_recv(ours, 2)) == b"hi"
    assert clock.time() == 0.0


async def test_running_sees_timers_that_are_set_after_something_from_outside() -> None:
    """A pause after an answer from a real socket passes in no time as any other."""
    clock, loop = FakeClock(), asyncio.get_running_loop()
    answer = loop.create_future()
    loop.call_later(0.01, answer.set_result, None)

    async def call_and_pause() -> None:
        await answer
        await sleep_until(clock, clock.time() + 60.0)

    async with asyncio.timeout(1.0):
        await clock.run(call_and_pause())
    assert round(clock.time(), 3) == 60.0


async def test_who_cancels_a_run_cancels_what_it_ran() -> None:
    """Nothing goes on behind the back of a test that gave up."""
    clock, loop = FakeClock(), asyncio.get_running_loop()
    inner = asyncio.ensure_future(loop.create_future())
    run = asyncio.ensure_future(clock.run(inner))
    await asyncio.sleep(0)
    run.cancel()
    await asyncio.wait({run, inner})
    assert run.cancelled()
    assert inner.cancelled()


async def test_a_callback_that_fails_ends_the_run() -> None:
    """Its error comes up where the test waits, and what was run is cancelled."""
    clock = FakeClock()

    def fail() -> None:
        raise ZeroDivisionError

    clock.call_at(1.0, fail)
    inner = asyncio.ensure_future(sleep_until(clock, 2.0))
    with pytest.raises(ZeroDivisionError):
        await clock.run(inner)
    await asyncio.wait({inner})
    assert inner.cancelled()
