"""A program that sends in bulk, made to be killed and started again: its one argument says what, to how many and how.

It takes from the environment where the sandbox is, and prints the counts of its report.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from timrest_async import RateLimit, RateLimiter, TimSession
from timrest_async.bulk import OwnMessages, ToAccounts, ToGroups

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from timrest_async.bulk import Job

__all__ = ["INTERRUPTED", "TOO_LONG", "job", "recipients"]

TOO_LONG: Final = "longer than an account or a group may be, " * 2
EVERY: Final = 500
"""Of so many who exist, one is followed by others who are not to be sent to."""

INTERRUPTED: Final = 130
"""What it returns after Ctrl-C, as a shell does."""


class ShortPauses:
    """A clock by which pauses are a tenth as long; repeats are given up sooner too, never later."""

    def time(self) -> float:
        """Return ten times the monotonic time."""
        return 10 * time.monotonic()

    def now(self) -> float:
        """Return Unix time, by which the sandbox reads signatures."""
        return time.time()

    def call_at(self, when: float, callback: Callable[[], object], /) -> asyncio.TimerHandle:
        """Let the running loop call *callback* at *when*."""
        return asyncio.get_running_loop().call_later((when - self.time()) / 10, callback)


def recipients(number: int) -> Iterator[str]:
    """Name *number* who exist; and among them some again, some who do not exist, and some who cannot."""
    for at in range(number):
        yield f"id{at}"
        if at % EVERY == EVERY // 2:
            yield from (f"id{at - 100}", f"nobody{at}", TOO_LONG)


def job(kind: str, number: int, most: int) -> Job[Any, Any]:
    """Make the job: *most* is how many recipients a batch takes, fewer than the service would."""
    whom = recipients(number)
    if kind == "own":
        return OwnMessages((name, f"hi {name}") for name in whom)
    if kind == "groups":
        return ToGroups(whom, "hi")

    class SmallBatches(ToAccounts):
        pass

    SmallBatches.most = most
    return SmallBatches(whom, "hi")


async def send(*, kind: str, number: int, most: int, workers: int, journal: str) -> dict[str, Any]:
    """Send, as fast as the sandbox takes it."""
    clock = ShortPauses()
    limits = RateLimiter(RateLimit(10_000, burst=10_000), further={ToAccounts.calls.path: []}, clock=clock)
    async with TimSession.from_env(limits=limits, clock=clock) as tim:
        report = await tim.bulk.run(job(kind, number, most), journal=journal, workers=workers)
    return {name: getattr(report, name) for name in ("sent", "refused", "unknown", "skipped", "total")}


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background of a shell it is ignored
    try:
        sys.stdout.write(json.dumps(asyncio.run(send(**json.loads(sys.argv[1])))))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
