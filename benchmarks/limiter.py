"""Whether the cap holds and is used, counted where the service counts: at the server.

2,000 tasks each send one message, numbered in order of creation, and are cancelled after ten seconds. The server notes
when each arrives. From that follow the worst half-open second, sliding over all arrivals; the share of the cap that was
used in the ten seconds from the first arrival; and the pairs that arrived in the wrong order.
"""

from __future__ import annotations

import asyncio
import sys
from bisect import bisect_left, bisect_right, insort
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from aiolimiter import AsyncLimiter
from attrs import frozen
from yarl import URL

from benchmarks._report import Claim, arguments, finish, print_table
from benchmarks._server import Arrival, Server, serving
from timrest_async import RateLimit, RateLimiter, TimSession

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence

CALLS: Final = 100
"""The cap, calls in a second."""

GRACE: Final = 0.5
"""Seconds after which the tasks are cancelled beyond those that count, since the first call is not there at once."""

ANSWERED: Final = "ours, answered (default)"
SENT: Final = "ours, sent"
RIVAL: Final = f"aiolimiter ({CALLS}, 1)"


@frozen
class Load:
    """How many tasks press against the cap, and for how long."""

    tasks: int
    seconds: float
    delay: float
    """What the server takes for an answer, seconds."""


@frozen
class Outcome:
    """What the server saw."""

    arrivals: int
    worst: int
    """The most calls in one half-open second."""

    share: float
    """Calls in the time that counts, of those that the cap allows."""

    inversions: int
    """Pairs of calls that arrived in another order than they were made."""


def judge(arrivals: Sequence[Arrival], seconds: float) -> Outcome:
    """Sum up *arrivals*, of which the first *seconds* count for the share."""
    times = [arrival.time for arrival in arrivals]
    return Outcome(
        arrivals=len(times),
        worst=max(bisect_left(times, start + 1) - index for index, start in enumerate(times)),
        share=bisect_left(times, times[0] + seconds) / (CALLS * seconds),
        inversions=_inversions([arrival.number for arrival in arrivals if arrival.number is not None]),
    )


def _inversions(numbers: Sequence[int]) -> int:
    before: list[int] = []
    count = 0
    for number in numbers:
        count += len(before) - bisect_right(before, number)
        insort(before, number)
    return count


async def _press(send: Callable[[int], Awaitable[object]], load: Load) -> None:
    """Let *load* bear on *send*, which takes the number of a call."""

    async def one(number: int) -> None:
        await send(number)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(number)) for number in range(load.tasks)]
        await asyncio.sleep(load.seconds + load.delay + GRACE)
        for task in tasks:
            task.cancel()


async def _ours(limit: RateLimit, server: Server, load: Load) -> None:
    limits = RateLimiter(limit)
    async with TimSession(1400000000, secret_key="k" * 64, base_url=server.base_url, limits=limits) as tim:
        await _press(lambda number: tim.messages.send("lumotuwe2", f"n={number}"), load)


async def _rival(server: Server, load: Load) -> None:
    limiter = AsyncLimiter(CALLS, 1)
    url = URL(f"{server.base_url}/v4/openim/sendmsg")
    connector = aiohttp.TCPConnector(limit=0)  # so that no call waits for a connection after the limiter let it go
    async with aiohttp.ClientSession(connector=connector) as http:

        async def send(number: int) -> None:
            async with limiter, http.post(url, data=b'{"Text":"n=%d"}' % number) as answer:
                await answer.read()

        await _press(send, load)


VARIANTS: Final[dict[str, Callable[[Server, Load], Coroutine[Any, Any, None]]]] = {
    ANSWERED: lambda server, load: _ours(RateLimit(), server, load),
    SENT: lambda server, load: _ours(RateLimit(count_until="sent"), server, load),
    RIVAL: _rival,
}


def _claims(found: Outcome, load: Load, *, short: bool) -> list[Claim]:
    cap = Claim(f"never more than {CALLS} in any second at the server: {found.worst}", found.worst <= CALLS)
    if short:
        return [cap, Claim(f"[sanity] calls flow: {found.share:.1%} of the cap", found.share > 0.5)]
    order = Claim(f"first come, first served: {found.inversions} inversions", found.inversions == 0)
    # a call keeps its place until its answer, so a slow server costs its delay
    least = 0.99 / (1 + load.delay)
    return [cap, Claim(f"at least {least:.1%} of the cap is used: {found.share:.1%}", found.share >= least), order]


def main() -> int:
    """Measure, print, and judge."""
    parser = arguments(__doc__)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds that the server takes for an answer")
    options = parser.parse_args()
    load = Load(300, 2, options.delay) if options.short else Load(2000, 10, options.delay)
    found: dict[str, Outcome] = {}
    for name, run in VARIANTS.items():
        with serving(load.delay) as server:
            asyncio.run(run(server, load))
            found[name] = judge(server.arrivals(), load.seconds)
    print_table(
        f"{load.tasks:,} tasks against {CALLS}/s for {load.seconds:g} s, counted at the server",
        ("limiter", "worst second", "share of the cap", "inversions", "arrivals"),
        [
            (name, str(seen.worst), f"{seen.share:.1%}", str(seen.inversions), str(seen.arrivals))
            for name, seen in found.items()
        ],
    )
    return finish("limiter", options, found, _claims(found[ANSWERED], load, short=options.short))


if __name__ == "__main__":
    sys.exit(main())
