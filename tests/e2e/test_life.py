"""The life of a session: under a crowd, after its end, across a fork, and from one event loop to the next."""

from __future__ import annotations

import asyncio
import gc
import os
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from timrest_async import ConfigError, RateLimit, RateLimiter, TimSession
from timrest_async.commands.messages import SendMessage
from timrest_async.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

TASKS = 10_000
POOL = 100
CROWD = RateLimit(TASKS, 6_000.0, burst=TASKS)
"""All at once; with attempts of a minute, a session opens up to 100 connections for it."""


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    """Return a sandbox without a cap."""
    async with Sandbox(calls_per_second=None) as box:
        box.state.add_account("lumotuwe2")
        yield box


def connections(box: Sandbox) -> int:
    """Count the connections at the other end."""
    runner = box._server._runner
    assert runner is not None
    assert runner.server is not None
    return len(runner.server.connections)


# -- a crowd


@pytest.mark.parametrize("lent", [None, 5])
async def test_one_session_serves_ten_thousand_tasks(box: Sandbox, lent: int | None) -> None:
    """All at once: each has its answer, over no more connections than the pool has, and nothing stays behind."""
    asyncio.get_running_loop().set_debug(False)  # which takes several times as long
    limits = RateLimiter(CROWD)
    http = None if lent is None else aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=lent))
    seen: list[int] = []

    async def check(tim: TimSession) -> int:
        reply = await tim.accounts.check(["lumotuwe2"])
        seen.append(connections(box))
        return len(reply.result_item)

    async with box.session(limits=limits, timeout=600.0, attempt_timeout=60.0, http=http) as tim:
        assert await asyncio.gather(*(check(tim) for _ in range(TASKS))) == [1] * TASKS
    if http is not None:
        await http.close()
    assert max(seen) == (lent or POOL)
    assert [call.code for call in box.service.calls] == [0] * TASKS
    (metrics,) = limits.metrics().values()
    assert (metrics.given, metrics.waiting) == (TASKS, 0)
    await box.stop()
    gc.collect()
    assert asyncio.all_tasks() == {asyncio.current_task()}


# -- after the end


@pytest.mark.parametrize("used", [True, False])
async def test_a_closed_session_says_so(box: Sandbox, used: bool) -> None:  # noqa: FBT001
    """Used or not, closed once or twice, inside `async with` or not: a call is a ConfigError, and nothing is sent."""
    tim = box.session()
    if used:
        await tim.accounts.check(["lumotuwe2"])
    for _ in range(2):
        await tim.close()
        with pytest.raises(ConfigError, match=r"^the session is closed; open another one$") as caught:
            await tim.accounts.check(["lumotuwe2"])
        assert (caught.value.attempts, caught.value.delivered) == (0, False)
    async with tim:
        with pytest.raises(ConfigError, match="closed"):
            await tim.with_options(timeout=1.0).accounts.check(["lumotuwe2"])
    assert len(box.service.calls) == used


async def test_a_sandbox_that_stopped_left_nothing_behind() -> None:
    """Not even the late answer to a caller who has gone."""
    before = asyncio.all_tasks()
    async with Sandbox() as box:
        box.faults.add("*", latency=3_600.0)
        async with box.session() as tim:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(tim.accounts.check(["lumotuwe2"]), 0.05)
    assert asyncio.all_tasks() == before


# -- forks


FORKING = """
import asyncio, os, traceback
from timrest_async import ConfigError, RateLimit, RateLimiter, TimSession

def send(tim):
    return tim.messages.send("lumotuwe2", "hi")

def in_a_child(work):
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            traceback.print_exc()
        os._exit(0)
    os.waitpid(child, 0)

def refused(call):
    try:
        asyncio.run(call)
    except ConfigError as error:
        assert "before the process forked" in str(error), error
        assert "in each process" in str(error), error
        assert error.delivered is False
    else:
        raise AssertionError("it was not refused")

class Unlimited:
    '''Whoever says that anybody may call, in any process.'''

    default = RateLimit(1)

    def try_acquire(self, sdkappid, command):
        return self

    def release(self):
        pass

    def heard(self, sdkappid, command, failure):
        pass
"""

FORKS = {
    "the limiter tells": """
async def main():
    async with TimSession.from_env() as tim:
        await send(tim)
        in_a_child(lambda: refused(send(tim)))
        await send(tim)

asyncio.run(main())
""",
    "the transport tells": """
async def main():
    async with TimSession.from_env(limits=Unlimited()) as tim:
        await send(tim)
        in_a_child(lambda: refused(send(tim)))
        await send(tim)

asyncio.run(main())
""",
    "a limiter that was used before tells a session of the child's own": """
async def main():
    limits = RateLimiter()
    async with TimSession.from_env(limits=limits) as tim:
        await send(tim)
        in_a_child(lambda: refused(send(TimSession.from_env(limits=limits))))
        await send(tim)

asyncio.run(main())
""",
    "with multiprocessing": """
import multiprocessing

async def main():
    async with TimSession.from_env() as tim:
        await send(tim)
        child = multiprocessing.get_context("fork").Process(target=lambda: refused(send(tim)))
        child.start()
        child.join()
        assert child.exitcode == 0
        await send(tim)

asyncio.run(main())
""",
    "a session that was never used works in both": """
tim = TimSession.from_env(limits=RateLimiter())

async def main():
    async with tim:
        await send(tim)

in_a_child(lambda: asyncio.run(main()))
asyncio.run(main())
""",
    "closing it in the child leaves the parent's connections alone": """
async def main():
    async with TimSession.from_env(attempt_timeout=5.0) as tim:
        await send(tim)
        in_a_child(lambda: asyncio.run(tim.close()))
        await send(tim)

asyncio.run(main())
""",
}


@pytest.mark.parametrize("program", FORKS.values(), ids=FORKS)
async def test_a_session_belongs_to_the_process_that_used_it(
    run_as_a_reader: Callable[..., Awaitable[None]], program: str
) -> None:
    """A child that was forked off hears so in a ConfigError, and the parent's connections go on working."""
    await run_as_a_reader(FORKING + program)


# -- event loops


LOOPS = {
    "after another": """
tim = TimSession.from_env()
asyncio.run(send(tim))
asyncio.run(send(tim))
asyncio.run(tim.close())
""",
    "after another that was closed over its connections, of which Python warns": """
import warnings
warnings.simplefilter("ignore", ResourceWarning)

tim = TimSession.from_env()
for _ in range(2):
    loop = asyncio.new_event_loop()
    loop.run_until_complete(send(tim))
    loop.close()
asyncio.run(tim.close())
""",
    "while another is open": """
async def main():
    async with TimSession.from_env() as tim:
        await send(tim)
        try:
            await asyncio.to_thread(asyncio.run, send(tim))
        except ConfigError as error:
            assert "serves one event loop, and this one serves another" in str(error), error
        else:
            raise AssertionError("it was not refused")
        await send(tim)

asyncio.run(main())
""",
    "with a session of aiohttp's that was lent to another": """
import aiohttp

async def first():
    global http, tim
    http = aiohttp.ClientSession()
    tim = TimSession.from_env(http=http)
    await send(tim)
    await http.close()

async def second():
    try:
        await send(tim)
    except ConfigError as error:
        assert "lent to an event loop that is closed; lend one of this loop" in str(error), error
    else:
        raise AssertionError("it was not refused")

asyncio.run(first())
asyncio.run(second())
""",
}


@pytest.mark.parametrize("program", LOOPS.values(), ids=LOOPS)
async def test_a_session_serves_one_event_loop_at_a_time(
    run_as_a_reader: Callable[..., Awaitable[None]], program: str
) -> None:
    """It moves on to the next loop when its own is closed, without a warning, and tells where it cannot."""
    await run_as_a_reader(FORKING + program)


def test_a_limiter_tells_a_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the process is another one, a RateLimiter that was used before says what to do."""
    limits, command = RateLimiter(), SendMessage("lumotuwe2", "hi")

    async def ask() -> Any:
        return limits.try_acquire(1, command)

    asyncio.run(ask())
    monkeypatch.setattr(os, "getpid", lambda: -1)
    with pytest.raises(ConfigError, match="make one in each process with a part of the cap, or let them share one"):
        asyncio.run(ask())
