"""What it costs to wait: 100,000 calls at once before one window.

Each is a task of its own. The limit is so high that the line drains in a few seconds, and so low that nearly all of
them wait. Counted are bytes for each waiter, its task included, timers in the event loop, and CPU from the making of
the first task until the last one is done; beside it tasks that wait for a future apiece, the least that waiting costs.
"""

from __future__ import annotations

import asyncio
import sys
import tracemalloc
from time import process_time
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from aiolimiter import AsyncLimiter
from attrs import frozen

from benchmarks._report import Claim, arguments, finish, print_table
from timrest_async import RateLimit, RateLimiter
from timrest_async.commands.messages import SendMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

RATE: Final = 20_000
"""Calls in a second."""

BYTES: Final = 2_048
MICROSECONDS: Final = 30.0

OURS: Final = "ours"
BARE: Final = "a task and a future"
AIOLIMITER: Final = "aiolimiter"

Wait: TypeAlias = "Callable[[], Coroutine[Any, Any, object]]"


@frozen
class Outcome:
    """What one waiter costs."""

    bytes: float
    microseconds: float
    timers: int
    """How many the event loop holds while all of them wait."""


def _ours() -> Wait:
    limits, command = RateLimiter(RateLimit(RATE)), SendMessage("lumotuwe2", "hi, beauty")

    async def wait() -> None:
        (await limits.acquire(1, command)).release()

    return wait


def _aiolimiter() -> Wait:
    return AsyncLimiter(RATE, 1).acquire


def _bare() -> Wait:
    loop = asyncio.get_running_loop()

    async def wait() -> None:
        future = loop.create_future()
        loop.call_soon(_settle, future)
        await future

    return wait


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


WAYS: Final[dict[str, Callable[[], Wait]]] = {OURS: _ours, AIOLIMITER: _aiolimiter, BARE: _bare}


async def _measure(way: Callable[[], Wait], waiters: int) -> Outcome:
    size, timers = await _weigh(way(), waiters)
    wait = way()
    began = process_time()
    await asyncio.gather(*(asyncio.create_task(wait()) for _ in range(waiters)))
    return Outcome(size, (process_time() - began) / waiters * 1e6, timers)


async def _weigh(wait: Wait, waiters: int) -> tuple[float, int]:
    """Return the bytes of one waiter and the number of timers, as soon as all of them wait."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    tasks = [asyncio.create_task(wait()) for _ in range(waiters)]
    await asyncio.sleep(0)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    timers = len(cast("Any", asyncio.get_running_loop())._scheduled)  # noqa: SLF001  # asyncio counts them nowhere else
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    return (after - before) / waiters, timers


def _claims(found: Outcome, *, short: bool) -> list[Claim]:
    claims = [
        Claim(f"one timer for all of them: {found.timers}", found.timers == 1),
        Claim(f"at most {BYTES:,} bytes each: {found.bytes:,.0f}", found.bytes <= BYTES),
    ]
    if not short:
        cheap = found.microseconds <= MICROSECONDS
        claims.append(Claim(f"at most {MICROSECONDS:g} µs of CPU each: {found.microseconds:.1f}", cheap))
    return claims


def main() -> int:
    """Measure, print, and judge."""
    parser = arguments(__doc__)
    parser.add_argument("--waiters", type=int, help="how many; 100,000 unless told")
    options = parser.parse_args()
    waiters = options.waiters or (10_000 if options.short else 100_000)
    found = {name: asyncio.run(_measure(way, waiters)) for name, way in WAYS.items()}
    print_table(
        f"{waiters:,} calls at once before a window of {RATE:,} a second",
        ("limiter", "bytes each", "µs of CPU each", "timers"),
        [(name, f"{it.bytes:,.0f}", f"{it.microseconds:.1f}", str(it.timers)) for name, it in found.items()],
    )
    return finish("waiters", options, found, _claims(found[OURS], short=options.short))


if __name__ == "__main__":
    sys.exit(main())
