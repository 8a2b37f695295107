"""How calls arrive: all at once, after a pause, at random, and some of them cancelled while they wait.

A pattern is a list of plans, one for each call: when it is made and, for some, when it is cancelled. Whoever sends the
calls plays no part in it, so every limiter meets the same load; what is random is drawn from a fixed seed.
"""

from __future__ import annotations

import asyncio
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING, Final

from attrs import frozen

from benchmarks._counting import counts

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

__all__ = ["JITTERED", "PATTERNS", "SHORT", "Pattern", "Plan", "play"]

SEED: Final = 133
"""One of the liveliest of the first few hundred: the trickle drawn from it has seconds that are well over the cap."""

GRACE: Final = 0.5
"""Seconds for which calls may go on beyond those that count, since the first call is not there at once."""


@frozen
class Plan:
    """What becomes of one call."""

    made_at: float = 0.0
    """When its task is made, seconds from the start."""

    cancelled_at: float | None = None
    """When it is cancelled, unless it is done by then."""


@frozen
class Pattern:
    """How calls arrive."""

    name: str
    title: str
    plans: tuple[Plan, ...]
    """One for each call, in the order in which they are made."""

    lasts: int
    """For how many seconds after the last call was made they may go on; what waits then is cancelled."""

    crowd: int | None = 0
    """The number of the call with which the crowd begins; ``None`` where there is none."""


async def play(
    pattern: Pattern, send: Callable[[int], Coroutine[None, None, object]], *, delay: float = 0.0
) -> list[float]:
    """Make the calls of *pattern*, numbered from 0, and return when each was made; *delay* is that of an answer."""
    loop = asyncio.get_running_loop()
    start, made = loop.time(), list[float]()
    async with asyncio.TaskGroup() as group:
        tasks = []
        for number, plan in enumerate(pattern.plans):
            if (pause := start + plan.made_at - loop.time()) > 0:
                await asyncio.sleep(pause)
            made.append(loop.time())
            task = group.create_task(send(number))
            tasks.append(task)
            if plan.cancelled_at is not None:
                loop.call_at(start + plan.cancelled_at, task.cancel)
        _, late = await asyncio.wait(tasks, timeout=pattern.lasts + delay + GRACE)
        for task in late:
            task.cancel()
    return made


def _crowd(calls: int, seconds: int) -> Pattern:
    return Pattern("crowd", f"{calls:,} calls at once", (Plan(),) * calls, seconds)


def _idle(calls: int, seconds: int) -> Pattern:
    plans = (Plan(), *(Plan(3.0),) * calls)
    return Pattern("idle", f"one call, 3 s of silence, {calls} calls at once", plans, seconds, crowd=1)


def _pause(calls: int, seconds: int) -> Pattern:
    plans = (Plan(), *(Plan(0.9),) * calls)
    return Pattern("pause", f"one call, 0.9 s of silence, {calls} calls at once", plans, seconds, crowd=1)


def _trickle(rate: float, seconds: int) -> Pattern:
    pauses, calls = Random(SEED), round(rate * seconds)
    moments = list(accumulate(pauses.expovariate(rate) for _ in range(calls)))
    title = f"{calls} calls at random moments, {rate:g} a second on average, {max(counts(moments))} in the busiest"
    return Pattern("trickle", title, tuple(map(Plan, moments)), 2, crowd=None)


def _cancellations(calls: int, seconds: int) -> Pattern:
    random = Random(SEED)
    doomed = set(random.sample(range(calls), calls // 2))
    plans = (Plan(0.0, random.uniform(0, seconds) if number in doomed else None) for number in range(calls))
    title = f"{calls:,} calls at once, half of them cancelled at random moments within {seconds:g} s"
    return Pattern("cancellations", title, tuple(plans), seconds)


_CROWD: Final = _crowd(2000, 10)
_TRICKLE: Final = _trickle(80.0, 8)

PATTERNS: Final[Sequence[Pattern]] = (_CROWD, _idle(500, 4), _pause(500, 4), _TRICKLE, _cancellations(1000, 5))

JITTERED: Final[Sequence[Pattern]] = (_CROWD, _TRICKLE)
"""Where random delays on the way show most."""

SHORT: Final[Sequence[Pattern]] = (_crowd(300, 2), _pause(300, 2))
"""A few seconds in all."""
