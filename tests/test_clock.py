"""Time, as it is handed in."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from timrest_async._clock import Clock, SystemClock, sleep_until, timeout_at
from timrest_async.testing import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable

CLOCKS = [SystemClock, FakeClock]


async def live(clock: Clock, seconds: float) -> None:
    """Let *seconds* pass on *clock*."""
    if isinstance(clock, FakeClock):
        await clock.advance(seconds)
    else:
        await sleep_until(clock, clock.time() + seconds)


async def test_the_systems_clock_shows_the_systems_time() -> None:
    """Monotonic time, on which the event loop runs as well, and Unix time."""
    clock = SystemClock()
    assert time.monotonic() <= clock.time() <= time.monotonic()
    assert time.time() - 1 < clock.now() < time.time() + 1
    assert abs(clock.time() - asyncio.get_running_loop().time()) < 1


@pytest.mark.parametrize("make", CLOCKS)
async def test_a_callback_comes_at_its_time(make: Callable[[], Clock]) -> None:
    """Once, not before it but for what an event loop rounds, and a past time is as good as now."""
    clock, came = make(), list[float]()
    began = clock.time()
    clock.call_at(began + 0.01, lambda: came.append(clock.time()))
    clock.call_at(began - 5.0, lambda: came.append(clock.time()))
    await live(clock, 0.02)
    late, at_its_time = came
    assert late >= began
    assert at_its_time >= began + 0.01 - 0.002


@pytest.mark.parametrize("make", CLOCKS)
async def test_a_callback_that_was_cancelled_does_not_come(make: Callable[[], Clock]) -> None:
    """Its timer forgets it."""
    clock, came = make(), list[float]()
    clock.call_at(clock.time() + 0.005, lambda: came.append(clock.time())).cancel()
    await live(clock, 0.02)
    assert came == []


@pytest.mark.parametrize("make", CLOCKS)
async def test_sleep_ends_at_its_time(make: Callable[[], Clock]) -> None:
    """As the clock shows it, and at once if it is over."""
    clock = make()
    until = clock.time() + 0.01
    sleeper = asyncio.ensure_future(sleep_until(clock, until))
    await live(clock, 0.02)
    await sleeper
    assert clock.time() >= until
    past = asyncio.ensure_future(sleep_until(clock, clock.time() - 1.0))
    await live(clock, 0.0)
    await past


async def test_sleep_lasts_until_its_time_on_timers_that_are_early() -> None:
    """Event loops that round, such as uvloop's, ring a millisecond before."""

    class Early(FakeClock):
        def call_at(self, when: float, callback: Callable[[], object], /) -> Any:
            return super().call_at(when - 0.75 * (when - self.time()), callback)

    clock = Early()
    sleeper = asyncio.ensure_future(sleep_until(clock, 5.0))
    await clock.advance(4.9)
    assert not sleeper.done()
    await clock.advance(0.2)
    assert sleeper.done()


async def test_a_sleeper_that_is_cancelled_leaves_no_timer() -> None:
    """Who gives up waiting costs nothing."""
    clock = FakeClock()
    sleeper = asyncio.ensure_future(sleep_until(clock, 5.0))
    await asyncio.sleep(0)
    assert clock.timers == 1
    sleeper.cancel()
    await asyncio.wait({sleeper})
    assert sleeper.cancelled()
    assert clock.timers == 0


@pytest.mark.parametrize("make", CLOCKS)
async def test_a_block_that_runs_too_long_is_ended(make: Callable[[], Clock]) -> None:
    """With a TimeoutError, after which its task is as uncancelled as before."""
    clock = make()

    async def stay() -> int:
        with pytest.raises(TimeoutError):
            async with timeout_at(clock, clock.time() + 0.01):
                await asyncio.get_running_loop().create_future()
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    staying = asyncio.ensure_future(stay())
    await live(clock, 0.02)
    assert await staying == 0


async def test_a_deadline_that_is_over_ends_a_block_at_its_first_pause() -> None:
    """What was to be done in time cannot be."""
    clock = FakeClock(time=5.0)

    async def stay() -> None:
        async with timeout_at(clock, 1.0):
            await asyncio.get_running_loop().create_future()

    with pytest.raises(TimeoutError):
        await clock.run(stay())
    assert clock.time() == 5.0


async def test_a_block_that_ends_in_time_hears_nothing() -> None:
    """Its timer is forgotten, whether it ended well or with an error of its own."""
    clock = FakeClock()
    async with timeout_at(clock, 5.0):
        assert clock.timers == 1
    assert clock.timers == 0
    with pytest.raises(ZeroDivisionError):
        async with timeout_at(clock, 5.0):
            raise ZeroDivisionError
    assert clock.timers == 0
    await clock.advance(10.0)


async def test_a_cancellation_from_outside_is_no_timeout() -> None:
    """It goes through, and the timer with it."""
    clock = FakeClock()

    async def stay() -> None:
        async with timeout_at(clock, 5.0):
            await asyncio.get_running_loop().create_future()

    task = asyncio.ensure_future(stay())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert clock.timers == 0


@pytest.mark.parametrize("turns", range(4))
async def test_a_cancellation_as_the_deadline_passes_is_not_lost(turns: int) -> None:
    """In whichever turn of the loop it comes, until the block has heard of its deadline, the task is cancelled."""
    clock, loop = SystemClock(), asyncio.get_running_loop()
    heard: list[str] = []

    async def stay() -> None:
        try:
            async with timeout_at(clock, clock.time() - 1.0):
                await loop.create_future()
        except TimeoutError:
            heard.append("deadline")
            raise

    def cancel_after(left: int) -> None:
        if left:
            loop.call_soon(cancel_after, left - 1)
        else:
            task.cancel()

    task = asyncio.ensure_future(stay())
    await asyncio.sleep(0)
    cancel_after(turns)
    await asyncio.wait({task})
    assert task.cancelled() == (not heard)
    assert heard == [] or turns == 3


async def test_blocks_nest() -> None:
    """The deadline that comes first ends its own block, and the other one goes on."""
    clock = FakeClock()

    async def stay() -> str:
        async with timeout_at(clock, 9.0):
            with pytest.raises(TimeoutError):
                async with timeout_at(clock, 1.0):
                    await asyncio.get_running_loop().create_future()
            await sleep_until(clock, 5.0)
        return "done"

    assert await clock.run(stay()) == "done"
    assert clock.timers == 0
