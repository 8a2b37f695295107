"""Who gets which slot in one process, when it was busy or the server slow."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from timrest_async import LimiterUnavailableError, NoPermitError, RateLimit
from timrest_async._clock import SystemClock
from timrest_async.commands._command import RawCommand
from timrest_async.errors import error_for
from timrest_async.redis_limits import RedisRateLimiter

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.redis.conftest import Crowd, Proxy

    CrowdAt: TypeAlias = Callable[..., Crowd]
    ProxyTo: TypeAlias = Callable[[int], Proxy]

SEND = RawCommand("openim/sendmsg", {})


class Sluggish(SystemClock):
    """The machine's time; whoever is called at some time finds that the process is busy then for a while."""

    busy = 0.0
    """Seconds."""
    times = 0
    """How often that happens."""

    def call_at(self, when: float, callback: Callable[[], object], /) -> Any:
        """Call *callback* at *when*, and be busy."""

        def late() -> None:
            callback()
            if self.times > 0:
                self.times -= 1
                time.sleep(self.busy)

        return super().call_at(when, late)


async def take(limits: RedisRateLimiter, went: list[int], number: int, deadline: float = 1e12) -> None:
    """Take a permit and note that."""
    (await limits.acquire(1, SEND, deadline)).release()
    went.append(number)


@pytest.mark.parametrize("times", [1, 6])
async def test_who_wakes_too_late_takes_the_next_slot_and_nobody_is_overtaken(
    old_server: str, prefix: str, times: int
) -> None:
    """A process that is busy when slots come misses them; its callers keep their order, and the last one asks again."""
    clock, went = Sluggish(), list[int]()
    async with RedisRateLimiter(old_server, RateLimit(20, burst=1), prefix=prefix, clock=clock) as limits:
        await take(limits, went, 0)
        clock.busy = 0.03
        waiting = [asyncio.ensure_future(take(limits, went, number)) for number in range(1, 5)]
        await asyncio.sleep(0.01)
        clock.times = times
        await asyncio.gather(*waiting)
        metrics = limits.metrics()[1, SEND.path]
    assert went == list(range(5))
    assert metrics.given == 5
    assert metrics.missed >= 1


async def test_a_slot_that_moved_behind_the_deadline_goes_to_the_next(old_server: str, prefix: str) -> None:
    """Whose slot was missed and whose next one is too late for him hears so; the one behind him has it."""
    clock, went = Sluggish(), list[int]()
    async with RedisRateLimiter(old_server, RateLimit(8, burst=1), prefix=prefix, clock=clock) as limits:
        await take(limits, went, 0)
        first = asyncio.ensure_future(take(limits, went, 1, clock.time() + 0.2))
        second = asyncio.ensure_future(take(limits, went, 2))
        clock.busy, clock.times = 0.03, 4  # as the slot comes near and as it comes; timers may be early, and set again
        with pytest.raises(NoPermitError, match="nothing was sent"):
            await first
        await second
    assert went == [0, 2]


async def test_a_command_that_is_closed_while_somebody_asks_makes_him_ask_again(
    old_server: str, prefix: str, crowd_at: CrowdAt, proxy_to: ProxyTo
) -> None:
    """An answer to what was asked before the service said "too often" is worth nothing, and its slot is given back."""
    proxy = proxy_to(int(old_server.rsplit(":", 1)[1].partition("/")[0]))
    crowd = crowd_at(await proxy.start(), RateLimit(10, 0.5), prefix=prefix, closed_after={60007: 0.4}, lateness=0.2)
    await crowd.call()
    proxy.asked.clear()
    proxy.delay = 0.05
    waiter = crowd.start()
    await proxy.asked.wait()
    closed = time.monotonic()
    refusal: Any = error_for(60007, "", SEND.path)
    crowd.limits.heard(1, SEND, refusal)
    assert await waiter - closed >= 0.4


async def test_those_who_come_together_to_a_server_that_is_gone_hear_so_together(crowd_at: CrowdAt) -> None:
    """Nobody waits for the patience of those before him."""
    crowd = crowd_at("redis://127.0.0.1:1/0", patience=0.3)
    began = time.monotonic()
    told = await asyncio.gather(*(crowd.start(n) for n in range(20)), return_exceptions=True)
    assert all(isinstance(error, LimiterUnavailableError) for error in told)
    assert time.monotonic() - began < 3
