"""Whether the cap holds and is used, counted where the service counts: at the server.

Ours and its rivals send the same calls, numbered in the order in which they are made, in several patterns. The server,
a process of its own, notes when each arrives. From that follow

- the worst second: the most calls in any half-open second, sliding over all arrivals;
- the share of the cap, where there is a crowd: under the cap, call 1 + 100 k of it arrives k seconds after its first at
  the soonest, so the share is k over the seconds that this took; k is as large as the crowd surely lasts;
- the wait, where there is no crowd: from the moment a call is made until it arrives;
- the inversions: pairs of calls that arrive in another order than they were made.

``--jitter`` puts a network of random delays before the server and shows how many seconds were over the cap.
"""

from __future__ import annotations

import asyncio
import sys
from statistics import fmean
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from benchmarks._counting import count_inversions, counts, sliding
from benchmarks._network import LONGEST, jittery
from benchmarks._patterns import JITTERED, PATTERNS, SHORT, Pattern, play
from benchmarks._picture import draw
from benchmarks._report import RESULTS, Claim, arguments, finish, print_table
from benchmarks._rivals import AIOLIMITER, ANSWERED, CALLS, WAYS
from benchmarks._server import Arrival, serving

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

PICTURED: Final = {False: "pause", True: "crowd"}
"""The pattern that tells most in a picture, without jitter and with it."""

PICTURED_SECONDS: Final = 5

LEAST: Final = 0.99
"""The share of the cap that ours uses at least."""


@frozen
class Outcome:
    """What the server saw of one pattern."""

    arrivals: int
    worst: int
    """The most calls in one half-open second."""

    over: int
    """Seconds that begin with an arrival and hold more calls than the cap."""

    share: float | None
    """How fast a crowd went, of what the cap allows."""

    mean_wait: float
    """From the making of a call to its arrival, seconds."""

    longest_wait: float
    inversions: int
    """Pairs of calls that arrived in another order than they were made."""


def judge(pattern: Pattern, made: Sequence[float], arrivals: Sequence[Arrival]) -> Outcome:
    """Sum up *arrivals* of calls that were *made* then."""
    times = [arrival.time for arrival in arrivals]
    numbers = [arrival.number for arrival in arrivals if arrival.number is not None]
    waits = [arrival.time - made[arrival.number] for arrival in arrivals if arrival.number is not None]
    seconds = counts(times)
    return Outcome(
        arrivals=len(times),
        worst=max(seconds),
        over=sum(calls > CALLS for calls in seconds),
        share=None if pattern.crowd is None else _share(times[pattern.crowd :], pattern.lasts),
        mean_wait=fmean(waits),
        longest_wait=max(waits),
        inversions=count_inversions(numbers),
    )


def _share(times: Sequence[float], seconds: int) -> float:
    """Return the share of the cap that a crowd used, looking at *seconds* if it got that far."""
    whole = min(seconds, (len(times) - 1) // CALLS)
    return whole / (times[CALLS * whole] - times[0]) if whole else 0.0


async def _run(way: str, pattern: Pattern, base_url: str, delay: float) -> list[float]:
    async with WAYS[way](base_url) as send:
        return await play(pattern, send, delay=delay)


def _measure(way: str, pattern: Pattern, options: argparse.Namespace) -> tuple[Outcome, list[float]]:
    """Return what the server saw, and when each call arrived, seconds from the making of the first."""
    with serving(options.delay) as server:
        if options.jitter:
            with jittery(server.base_url) as base_url:
                made = asyncio.run(_run(way, pattern, base_url, options.delay + LONGEST))
        else:
            made = asyncio.run(_run(way, pattern, server.base_url, options.delay))
        arrivals = server.arrivals()
    return judge(pattern, made, arrivals), [arrival.time - made[0] for arrival in arrivals]


def _show(pattern: Pattern, found: Mapping[str, Outcome], *, jitter: bool) -> None:
    """Print a table; under jitter the network turns calls round, so their order says nothing about a limiter."""
    use = "mean wait" if pattern.crowd is None else "share of the cap"
    wrong = f"seconds over {CALLS}" if jitter else "inversions"
    rows = [
        (way, str(seen.worst), _use(seen), str(seen.over if jitter else seen.inversions), str(seen.arrivals))
        for way, seen in found.items()
    ]
    print_table(f"{pattern.name}: {pattern.title}", ("limiter", "worst second", use, wrong, "arrivals"), rows)


def _use(seen: Outcome) -> str:
    return f"{seen.mean_wait * 1e3:.0f} ms" if seen.share is None else f"{seen.share:.1%}"


def _claims(found: Mapping[str, Outcome], options: argparse.Namespace) -> list[Claim]:
    """Judge what was *found* of ours in each pattern."""
    worst = [seen.worst for seen in found.values()]
    cap = Claim(f"never more than {CALLS} in any second at the server: {_list(worst)}", max(worst) <= CALLS)
    shares = [seen.share for seen in found.values() if seen.share is not None]
    shown = _list(f"{share:.1%}" for share in shares)
    if options.short:
        return [cap, Claim(f"[sanity] calls flow: {shown} of the cap", min(shares) > 0.5)]
    if options.jitter:
        over = [seen.over for seen in found.values()]
        return [Claim(f"no second over the cap, whatever the network does: {_list(over)}", not any(over))]
    # a call keeps its place until its answer, so a slow server costs its delay
    least = LEAST / (1 + options.delay)
    # in a trickle a call on a warm connection may pass one that is still opening its own
    inversions = [seen.inversions for seen in found.values() if seen.share is not None]
    used = Claim(f"at least {least:.1%} of the cap is used by a crowd: {shown}", min(shares, default=1) >= least)
    return [cap, used, Claim(f"first come, first served: {_list(inversions)} inversions", not any(inversions))]


def _list(figures: Any) -> str:
    return ", ".join(map(str, figures))


def _title(pattern: Pattern, options: argparse.Namespace) -> str:
    delays = ", random delays on the way" if options.jitter else ""
    return f"Calls in the last second, counted at the server: {pattern.title}{delays}"


def _options() -> argparse.Namespace:
    parser = arguments(__doc__)
    names = [pattern.name for pattern in PATTERNS]
    parser.add_argument("--pattern", choices=names, help="only this one; all unless told; with --jitter two")
    parser.add_argument("--jitter", action="store_true", help="random delays on the way there and back")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds that the server takes for an answer")
    return parser.parse_args()


def _patterns(options: argparse.Namespace) -> Sequence[Pattern]:
    if options.short:
        return SHORT
    if options.pattern is not None:
        return [pattern for pattern in PATTERNS if pattern.name == options.pattern]
    return JITTERED if options.jitter else PATTERNS


def main() -> int:
    """Measure, print, and judge."""
    options = _options()
    found: dict[str, dict[str, Outcome]] = {}
    name = "limiter_jitter" if options.jitter else "limiter"
    for pattern in _patterns(options):
        ways = (ANSWERED, AIOLIMITER) if options.short else WAYS
        measured = {way: _measure(way, pattern, options) for way in ways}
        found[pattern.name] = {way: seen for way, (seen, _) in measured.items()}
        _show(pattern, found[pattern.name], jitter=options.jitter)
        if options.save and pattern.name == PICTURED[options.jitter]:
            series = {way: sliding(times) for way, (_, times) in measured.items()}
            draw(RESULTS / name, series, cap=CALLS, seconds=PICTURED_SECONDS, title=_title(pattern, options))
    ours = {pattern: seen[ANSWERED] for pattern, seen in found.items()}
    return finish(name, options, found, _claims(ours, options))


if __name__ == "__main__":
    sys.exit(main())
