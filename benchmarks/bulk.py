"""What it costs to send one message to a million accounts, and how much of the service's cap is used on the way.

The sandbox, in a process of its own, takes ``batchsendmsg`` with 500 accounts a call; each run has a fresh sandbox that
knows all of them, and a fresh process that sends. Ours, with and without a journal on disk, goes beside the two ways
that people write by hand, ``asyncio.gather`` over all batches, and the same with a semaphore. Measured are

- without a cap, everybody: how many messages the sandbox holds and how many accounts have one, from its own tables, and
  the peak memory of the sender beside that of one that sends to a hundredth of them;
- without a cap, in several rounds: accounts a second, and the sender's CPU for each;
- at the cap of 100 calls a second, which the sandbox enforces: accounts that it took in the 20 seconds that begin with
  the first call, by its own clock, and calls that it refused as too often. Ours goes through the default limiter but
  for the budget of receivers a minute; the others, which have no limiter, send as they are, and who is refused is lost.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import re
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from attrs import frozen

from benchmarks._bulk_rivals import BATCH, GATHER, JOURNAL, OURS, WAYS
from benchmarks._report import Claim, Spread, arguments, finish, print_table
from benchmarks._server import ROOT
from timrest_async import RateLimit, RateLimiter, TimSession
from timrest_async.commands.messages import SendBatch
from timrest_async.sandbox import Rules, Sandbox

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from multiprocessing.connection import Connection

SDKAPPID: Final = 1_400_000_000
KEY: Final = "sandbox-key-not-a-secret"
CALLS: Final = 100
"""The cap, calls in a second."""

OUT_OF_THE_WAY: Final = RateLimit(1_000, 0.001, burst=1_000)
PATIENCE: Final = 600.0
"""Seconds that a call may wait for its connection, more than any does."""

OUR_WAYS: Final = (OURS, JOURNAL)
MORE: Final = 20
"""MB that ours may need more for a hundred times as many accounts."""

ENOUGH: Final = 49_000
"""Accounts a second that ours reaches at the cap, which is at 50,000."""


@frozen
class Load:
    """How much is measured."""

    everybody: int
    rounds: int
    each: int
    """Accounts in a round."""

    seconds: int
    """For how long the cap is looked at."""


@frozen
class Tally:
    """What the sandbox has seen of a run."""

    messages: int
    accounts: int
    """How many accounts have one at least."""

    refused: int
    """Calls that it answered with a code."""

    times: list[float]
    """When the calls that it took arrived, in order."""

    def within(self, seconds: int) -> float:
        """Return how many accounts a second were reached in the *seconds* that begin with the first call."""
        end = self.times[0] + seconds
        return sum(time < end for time in self.times) * BATCH / seconds


@frozen
class Sent:
    """What the sender has seen of a run."""

    sent: int
    """So many accounts have it, by its own account."""

    seconds: float
    cpu: float
    """Seconds of CPU."""

    peak: int
    """The most memory that was resident, bytes."""


@frozen
class Everybody:
    """What became of everybody, and what it took."""

    messages: int
    accounts: int
    reported: int
    """How many accounts have it, as the sender says."""

    peak_of_few: float
    """MB, of a sender to a hundredth of them."""

    peak: float
    """MB."""

    per_second: float


@frozen
class Fast:
    """What a way does in the rounds without a cap."""

    per_second: Spread
    us: Spread
    """CPU of each account, µs."""

    to_gather: Spread
    """CPU beside that of gather in the same round."""


@frozen
class Capped:
    """What a way does at the cap."""

    per_second: float
    """Accounts a second that the sandbox took while it was looked at."""

    overall: float
    """Accounts that were reached, over all the seconds of the sender."""

    refused: int
    """Calls that the sandbox refused as too often."""

    lost: int
    """Accounts that never got it."""

    reported: int
    """How many accounts have it, as the sender says."""

    core: float
    """Share of a core that the sender used."""


# -- the other end


class Peer:
    """A sandbox in a process of its own."""

    def __init__(self, accounts: int, calls_per_second: int | None) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, accounts, calls_per_second), daemon=True)
        self._process.start()
        self.base_url = f"http://127.0.0.1:{self._pipe.recv()}"

    def stop(self) -> Tally:
        """End it, and return what it has seen."""
        self._pipe.send("stop")
        tally: Tally = self._pipe.recv()
        self._process.join()
        return tally


def _serve(pipe: Connection, accounts: int, calls_per_second: int | None) -> None:
    asyncio.run(_sandbox(pipe, accounts, calls_per_second))


async def _sandbox(pipe: Connection, accounts: int, calls_per_second: int | None) -> None:
    rules = Rules(calls_per_second=calls_per_second, receivers_per_minute=None)
    async with Sandbox(sdkappid=SDKAPPID, secret_key=KEY, rules=rules) as box:
        store = box.state.store
        names = [_name(number) for number in range(accounts)]
        store.run("INSERT INTO accounts SELECT value FROM json_each(?)", json.dumps(names))
        store.commit()
        del names
        pipe.send(box.port)
        await asyncio.to_thread(pipe.recv)
        calls = box.service.calls
        times = [call.time for call in calls if call.code == 0]
        messages = store.value("SELECT count(*) FROM messages")
        reached = store.value("SELECT count(DISTINCT To_Account) FROM messages")
        pipe.send(Tally(messages, reached, len(calls) - len(times), times))


def _name(number: int) -> str:
    return f"user{number:07}"


# -- the sender


def _run(way: str, accounts: int, *, capped: bool = False) -> tuple[Sent, Tally]:
    """Send to so many *accounts* from a fresh process to a fresh sandbox."""
    peer = Peer(accounts, CALLS if capped else None)
    own = capped and way in OUR_WAYS
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        sent = process.submit(_send, way, peer.base_url, accounts, own=own).result()
    return sent, peer.stop()


def _send(way: str, base_url: str, accounts: int, *, own: bool) -> Sent:
    with tempfile.TemporaryDirectory(dir=ROOT) as folder:  # the usual place may be no disk, but memory
        return asyncio.run(_send_all(way, base_url, accounts, str(Path(folder) / "journal.db"), own=own))


async def _send_all(way: str, base_url: str, accounts: int, journal: str, *, own: bool) -> Sent:
    """Send under our own limits, or without any; the connections are those that aiohttp has by default."""
    further: dict[str, Sequence[RateLimit]] = {SendBatch.path: []}
    limits = RateLimiter(further=further) if own else RateLimiter(OUT_OF_THE_WAY, further=further, closed_after={})
    settings: dict[str, Any] = {"limits": limits, "timeout": PATIENCE, "attempt_timeout": PATIENCE}
    async with (
        aiohttp.ClientSession() as http,
        TimSession(SDKAPPID, secret_key=KEY, base_url=base_url, http=http, **settings) as tim,
    ):
        began, cpu = perf_counter(), process_time()
        ends = await WAYS[way](tim, map(_name, range(accounts)), journal)
        return Sent(ends["sent"], perf_counter() - began, process_time() - cpu, _peak())


def _peak() -> int:
    """Return the most memory that this process had; ``ru_maxrss`` may be that of the process that started it."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    assert found is not None
    return int(found[1]) * 1024


# -- measuring


def _everybody(way: str, load: Load) -> Everybody:
    few, _ = _run(way, load.everybody // 100)
    sent, tally = _run(way, load.everybody)
    return Everybody(
        messages=tally.messages,
        accounts=tally.accounts,
        reported=sent.sent,
        peak_of_few=few.peak / 1e6,
        peak=sent.peak / 1e6,
        per_second=load.everybody / sent.seconds,
    )


def _rounds(ways: Sequence[str], load: Load) -> dict[str, Fast]:
    """Let all ways take turns."""
    found: dict[str, list[Sent]] = {way: [] for way in ways}
    for _ in range(load.rounds):
        for way, runs in found.items():
            runs.append(_run(way, load.each)[0])
    gather = [run.cpu for run in found[GATHER]]
    return {
        way: Fast(
            per_second=Spread.of(load.each / run.seconds for run in runs),
            us=Spread.of(run.cpu / load.each * 1e6 for run in runs),
            to_gather=Spread.of(run.cpu / theirs for run, theirs in zip(runs, gather, strict=True)),
        )
        for way, runs in found.items()
    }


def _capped(way: str, load: Load) -> Capped:
    """Send a little more than the cap lets through in the time that is looked at."""
    accounts = (load.seconds + 1) * CALLS * BATCH
    sent, tally = _run(way, accounts, capped=True)
    return Capped(
        per_second=tally.within(load.seconds),
        overall=tally.accounts / sent.seconds,
        refused=tally.refused,
        lost=accounts - tally.accounts,
        reported=sent.sent,
        core=sent.cpu / sent.seconds,
    )


# -- telling


def _show(
    everybody: Mapping[str, Everybody], fast: Mapping[str, Fast], capped: Mapping[str, Capped], load: Load
) -> None:
    few = f"MB, {load.everybody // 100:,}"
    print_table(
        f"{load.everybody:,} accounts, no cap",
        ("way", "messages", "accounts", few, f"MB, {load.everybody:,}", "more", "accounts a second"),
        [
            (
                *(way, f"{it.messages:,}", f"{it.accounts:,}", f"{it.peak_of_few:.1f}", f"{it.peak:.1f}"),
                *(f"{it.peak - it.peak_of_few:+.1f}", f"{it.per_second:,.0f}"),
            )
            for way, it in everybody.items()
        ],
    )
    print_table(
        f"{load.rounds} rounds of {load.each:,} accounts, no cap",
        ("way", "accounts a second", "quartiles", "min..max", "µs of CPU each", "quartiles", "min..max", "x gather"),
        [(way, *it.per_second.show(0), *it.us.show(2), f"{it.to_gather.median:.2f}") for way, it in fast.items()],
    )
    print_table(
        f"at {CALLS} calls a second, which is {CALLS * BATCH:,} accounts a second, for {load.seconds} s",
        ("way", "accounts a second", "all of them", "calls refused", "accounts lost", "of a core"),
        [
            (
                *(way, f"{it.per_second:,.0f}", f"{it.overall:,.0f}", f"{it.refused:,}", f"{it.lost:,}"),
                f"{it.core:.0%}",
            )
            for way, it in capped.items()
        ],
    )


def _claims(
    everybody: Mapping[str, Everybody], capped: Mapping[str, Capped], load: Load, *, short: bool
) -> list[Claim]:
    claims: list[Claim] = []
    for way in [way for way in capped if way in OUR_WAYS]:
        all_, at_cap = everybody[way], capped[way]
        more, flow = all_.peak - all_.peak_of_few, at_cap.per_second
        once = all_.messages == all_.accounts == all_.reported == load.everybody
        claims += [
            Claim(f"{way}: each of {load.everybody:,} accounts has it exactly once", once),
            Claim(f"{way}: at the cap nothing is refused and nobody lost", not (at_cap.refused or at_cap.lost)),
        ]
        if short:
            claims.append(Claim(f"[sanity] {way}: messages flow at the cap: {flow:,.0f} a second", flow > ENOUGH / 2))
        else:
            claims += [
                Claim(f"{way}: at most {MORE} MB more for a hundred times as many: {more:+.1f}", more <= MORE),
                Claim(f"{way}: at least {ENOUGH:,} accounts a second at the cap: {flow:,.0f}", flow >= ENOUGH),
            ]
    return claims


def main() -> int:
    """Measure, print, and judge."""
    options = arguments(__doc__).parse_args()
    load = Load(50_000, 2, 10_000, 1) if options.short else Load(1_000_000, 5, 200_000, 20)
    ways = (JOURNAL,) if options.short else (*WAYS,)
    everybody = {way: _everybody(way, load) for way in ways}
    fast = _rounds((JOURNAL, GATHER) if options.short else ways, load)
    capped = {way: _capped(way, load) for way in ways}
    _show(everybody, fast, capped, load)
    figures = {"everybody": everybody, "rounds": fast, "at the cap": capped}
    return finish("bulk", options, figures, _claims(everybody, capped, load, short=options.short))


if __name__ == "__main__":
    sys.exit(main())
