"""Whether one cap holds for several processes that share it over Redis: at the permits, at the server, and in order.

Each process sends its calls all at once; every call takes a permit and then goes over HTTP to a server in another
process, which notes when it arrives. Once all processes begin together, and once each begins a second after the one
before, so that it is plain who asked first.

The rivals are used as their documents show. redis-rate-limiters is a token bucket (its semaphore limits how many are
under way, not how many in a second), twice: ``AsyncTokenBucket(capacity=100, refill_frequency=1, refill_amount=100)``,
and dripping, one every 10 ms without a burst. Its README's ``Redis.from_url(...)`` opens 100 connections at most and
refuses whoever comes then, 1,600 of 2,000 calls here; so it gets redis-py's pool that waits. pyrate-limiter is
``Limiter(await RedisBucket.init([Rate(100, Duration.SECOND)], ...))`` and ``await try_acquire_async(...)``: its exact
log. Its token bucket over Redis let 201 calls go in a second.
"""

from __future__ import annotations

import json
import subprocess
import sys
from bisect import bisect_right, insort
from collections import Counter
from contextlib import ExitStack
from time import monotonic
from typing import TYPE_CHECKING, Final

from attrs import frozen

from benchmarks._counting import count_inversions, counts
from benchmarks._redis import RedisServer, redis_serving
from benchmarks._report import Claim, arguments, finish, print_table
from benchmarks._rivals import CALLS
from benchmarks._server import ROOT, Arrival, serving
from benchmarks._shared_worker import OURS, WAYS, Notes

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping, Sequence

UNFAIR: Final = 0.005
"""The share of pairs that may be overtaken where a process missed slots."""

LIMIT: Final = 90
"""Seconds that a process may take for its calls; what waits then is cancelled, and counts as failed."""

BARRIER: Final = 0.3
"""Seconds from the word to the beginning, so that everybody has heard it."""

APART: Final = 0.05
"""Two calls of different processes are out of order where both times lie at least so many seconds apart."""

LEAST: Final = 0.98
"""The share of the cap that ours uses at least."""

LOADS: Final = {"together": 0.0, "in turn": 1.0}
"""By how many seconds each process begins after the one before."""


@frozen
class Outcome:
    """What became of one limiter."""

    arrivals: int
    worst_arrivals: int
    """The most calls in one half-open second at the server."""

    worst_permits: int
    """The same, when the permits were handed out."""

    share: float
    """How fast calls went, of what the cap allows."""

    took: float
    """From the beginning to the last arrival, seconds."""

    scripts: float
    """Runs of a script, for each permit."""

    commands: float
    """Commands that Redis ran, within scripts as well, for each permit."""

    inversions: int
    """Pairs of calls of one process that arrived in another order than they asked."""

    overtaken: int
    """Pairs of calls of all processes that arrived in another order than they asked, both by more than APART."""

    comparable: int
    """Pairs of calls of all processes that asked more than APART one after the other."""

    missed: int
    """Slots that came and went while a process of ours was busy."""

    failed: int
    failures: dict[str, int]
    """How calls failed; the rest of *failed* did not get their turn in time."""

    ran: dict[str, int]
    """How often Redis ran each command."""


def judge(notes: Sequence[Notes], arrivals: Sequence[Arrival], ran: Mapping[str, int], began: float) -> Outcome:
    """Sum up what the processes and the server saw."""
    times = [arrival.time for arrival in arrivals]
    permits = sorted(time for note in notes for time in note.permits)
    asked = {number: time for note in notes for number, time in note.asked.items()}
    order = [arrival.number for arrival in arrivals if arrival.number is not None]
    scripts = ran.get("evalsha", 0) + ran.get("eval", 0)
    return Outcome(
        arrivals=len(times),
        worst_arrivals=max(counts(times), default=0),
        worst_permits=max(counts(permits), default=0),
        share=_share(times),
        took=times[-1] - began if times else 0.0,
        scripts=scripts / max(1, len(permits)),
        commands=sum(ran.values()) / max(1, len(permits)),
        inversions=sum(count_inversions([number for number in order if number in note.asked]) for note in notes),
        overtaken=_overtaken(
            [(asked[arrival.number], arrival.time) for arrival in arrivals if arrival.number in asked]
        ),
        comparable=_comparable(sorted(asked.values())),
        missed=sum(note.missed for note in notes),
        failed=len(asked) - len(times),
        failures=dict(sum((note.failures for note in notes), Counter[str]())),
        ran=dict(ran),
    )


def _share(times: Sequence[float]) -> float:
    """Return the share of the cap that was used: call 1 + 100 k arrives k seconds after the first at the soonest."""
    whole = (len(times) - 1) // CALLS
    return whole / (times[CALLS * whole] - times[0]) if whole > 0 else 0.0


def _overtaken(calls: Sequence[tuple[float, float]]) -> int:
    """Return how many pairs of *calls*, which are sorted by their arrival, asked clearly in the other order."""
    before: list[float] = []  # when those asked that arrived clearly earlier than the one we look at
    count = 0
    for asked, arrived in calls:
        while calls[len(before)][1] < arrived - APART:
            insort(before, calls[len(before)][0])
        count += len(before) - bisect_right(before, asked + APART)
    return count


def _comparable(asked: Sequence[float]) -> int:
    return sum(len(asked) - bisect_right(asked, time + APART) for time in asked)


def _measure(way: str, redis: RedisServer, stagger: float, options: argparse.Namespace) -> Outcome:
    redis.begin()
    with serving() as server, ExitStack() as stack:
        workers = [
            stack.enter_context(_worker(way, redis.url, server.base_url, options.calls * index, options.calls))
            for index in range(options.workers)
        ]
        for worker in workers:
            _line(worker)
        began = monotonic() + BARRIER
        for index, worker in enumerate(workers):
            _tell(worker, began + stagger * index)
        notes = [_notes(_line(worker)) for worker in workers]
        return judge(notes, server.arrivals(), redis.commands(), began)


def _worker(way: str, redis: str, base_url: str, first: int, calls: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks._shared_worker", way, redis, base_url]
    return subprocess.Popen(
        [*command, str(first), str(calls), str(LIMIT)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _tell(worker: subprocess.Popen[str], begin: float) -> None:
    assert worker.stdin is not None
    worker.stdin.write(f"{begin}\n")
    worker.stdin.flush()


def _line(worker: subprocess.Popen[str]) -> str:
    assert worker.stdout is not None
    line = worker.stdout.readline()
    if not line:
        raise SystemExit("a worker ended before its time")
    return line


def _notes(line: str) -> Notes:
    found = json.loads(line)
    asked = {int(number): time for number, time in found["asked"].items()}
    return Notes(asked, found["permits"], Counter(found["failures"]), found["missed"])


def _show(load: str, found: Mapping[str, Outcome], options: argparse.Namespace) -> None:
    total = options.workers * options.calls
    pairs = found[OURS].comparable
    title = f"{load}: {options.workers} processes, {options.calls} calls each, {CALLS} a second for all"
    rows = [
        (
            way,
            str(seen.worst_arrivals),
            str(seen.worst_permits),
            f"{seen.share:.1%}",
            f"{seen.took:.1f} s" if seen.arrivals else "-",
            f"{seen.scripts:.3f}",
            f"{seen.commands:.1f}",
            f"{seen.inversions:,}",
            f"{seen.overtaken:,}",
            str(seen.failed),
        )
        for way, seen in found.items()
    ]
    head = ("limiter", "worst", "permits", "share", "time", "scripts", "commands", "inverted", "overtaken", "failed")
    print_table(title, head, rows)
    print(
        f"soonest {(total - 1) // CALLS} s after the first; {pairs:,} pairs of ours asked {APART * 1e3:g} ms apart;",
        end="",
    )
    print(f" ours missed {found[OURS].missed} slots")
    for way, seen in found.items():
        for failure, times in seen.failures.items():
            print(f"{way}, {times} x {failure[:150]}")


def _claims(found: Sequence[Outcome], options: argparse.Namespace) -> list[Claim]:
    """Judge what was *found* of ours under each load."""
    total = options.workers * options.calls
    failed, arrivals = [seen.failed for seen in found], [seen.arrivals for seen in found]
    went = Claim(
        f"each of {total:,} calls goes, once: {_list(arrivals)}, failed {_list(failed)}", _all(arrivals, total)
    )
    permits = [seen.worst_permits for seen in found]
    cap = Claim(f"never more than {CALLS} permits in any second: {_list(permits)}", max(permits) <= CALLS)
    if options.short:
        return [went, cap]
    worst = [seen.worst_arrivals for seen in found]
    shares = [seen.share for seen in found]
    inversions = [seen.inversions for seen in found]
    scripts = [(seen.ran.get("evalsha", 0), total + 2 * seen.missed) for seen in found]
    unfair = [(seen.overtaken / max(1, seen.comparable), seen.missed) for seen in found]
    return [
        went,
        cap,
        Claim(f"never more than {CALLS} in any second at the server: {_list(worst)}", max(worst) <= CALLS),
        Claim(
            f"at least {LEAST:.0%} of the cap is used: {_list(f'{share:.2%}' for share in shares)}",
            min(shares) >= LEAST,
        ),
        Claim(
            "one run of a script for each permit, and two for each slot that was missed:"
            f" {_list(f'{ran} of {due}' for ran, due in scripts)}",
            all(ran == due for ran, due in scripts),
        ),
        Claim(f"first come, first served in each process: {_list(inversions)} inversions", not any(inversions)),
        Claim(
            "and over all of them, but for who missed a slot and took the next of its process:"
            f" {_list(f'{share:.3%} of the pairs, {missed} missed' for share, missed in unfair)}",
            all(share <= (UNFAIR if missed else 0) for share, missed in unfair),
        ),
    ]


def _all(figures: Sequence[int], wanted: int) -> bool:
    return all(figure == wanted for figure in figures)


def _list(figures: Iterable[object]) -> str:
    return ", ".join(map(str, figures))


def _options() -> argparse.Namespace:
    parser = arguments(__doc__)
    parser.add_argument("--workers", type=int, help="processes; 4 unless told")
    parser.add_argument("--calls", type=int, help="of each process; 500 unless told")
    parser.add_argument("--load", choices=LOADS, help="only this one; both unless told")
    parser.add_argument("--way", choices=WAYS, action="append", help="only this one beside ours; all unless told")
    options = parser.parse_args()
    workers, calls = (2, 100) if options.short else (4, 500)
    options.workers = workers if options.workers is None else options.workers
    options.calls = calls if options.calls is None else options.calls
    return options


def main() -> int:
    """Measure, print, and judge."""
    options = _options()
    ways = [OURS] if options.short else [way for way in WAYS if way in {OURS, *(options.way or WAYS)}]
    loads = [options.load] if options.load else ["together"] if options.short else list(LOADS)
    found: dict[str, dict[str, Outcome]] = {}
    with redis_serving() as redis:
        version = redis.version
        for load in loads:
            found[load] = {way: _measure(way, redis, LOADS[load], options) for way in ways}
            _show(load, found[load], options)
    figures = {"server": version, "limiters": found}
    print(f"\n{version}")
    return finish("shared_limiter", options, figures, _claims([seen[OURS] for seen in found.values()], options))


if __name__ == "__main__":
    sys.exit(main())
