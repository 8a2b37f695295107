"""A dry run: what would be sent, in how many calls, and how long that takes at least."""

from __future__ import annotations

import asyncio
import json
import math
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field
from rich.text import Text

from timrest_async._codec import encode
from timrest_async.bulk.cutter import Cutter, Duplicates
from timrest_async.cli.bulk_job import DRAWN
from timrest_async.cli.output import Output, facts
from timrest_async.cli.progress import duration

if TYPE_CHECKING:
    from timrest_async._rates import RateLimit
    from timrest_async.bulk import Job
    from timrest_async.cli.items import Looked
    from timrest_async.limits import RateLimiter

__all__ = ["least_seconds", "rehearse"]

SAMPLES: Final = 3
"""So many messages a dry run shows."""


@define
class Rehearsed:
    """What a job would come to."""

    calls: int = 0
    """So many calls."""

    receivers: int = 0
    """To so many."""

    skipped: int = 0
    """So many stand there twice."""

    first: list[dict[str, Any]] = field(factory=list[dict[str, Any]])
    """The first messages."""


async def _rehearsed(job: Job[Any, Any], duplicates: Duplicates) -> Rehearsed:
    """Cut a job into its calls, and make none."""
    found = Rehearsed()
    with closing(Cutter(job, duplicates)) as cutter:
        while (chunk := await cutter.next()) is not None:
            going = chunk.going
            found.skipped += len(chunk.recipients) - len(going)
            found.receivers += len(going)
            found.calls += bool(going)
            for whom in going[: SAMPLES - len(found.first)]:
                body = json.loads(encode(job.command(chunk)))
                found.first.append({"to": whom, "body": {key: body[key] for key in body if key not in DRAWN}})
    return found


def rehearse(out: Output, job: Job[Any, Any], duplicates: Duplicates, limits: RateLimiter, looked: Looked) -> None:
    """Show what would be sent, and how long that takes at least."""
    found = asyncio.run(_rehearsed(job, duplicates))
    path = job.calls.path
    seconds, limit = least_seconds(limits, path, found.calls, found.receivers)
    value = {
        "command": path,
        "recipients": found.receivers,
        "calls": found.calls,
        "skipped": found.skipped,
        "left_out": looked.bad,
        "seconds": round(seconds, 1),
        "limit": str(limit),
        "first": found.first,
    }
    rows = {
        "calls": f"{found.calls:,} of {path}",
        "time": f"at least {duration(seconds)}: {limit}",
        "skipped": f"{found.skipped:,} that stand there twice" if found.skipped else None,
        "left out": f"{looked.bad:,} bad rows" if looked.bad else None,
    }
    head = Text(f"{found.receivers:,} recipients in {looked.name}; this is a dry run, and nothing was sent", "bold")
    out.result(value, head, facts(rows), "")
    for one in found.first:
        out.show(Text(f"to {one['to']}", "bold"), Text(f"  {out.dumps(one['body'])}", overflow="fold"))


def least_seconds(limits: RateLimiter, path: str, calls: int, receivers: int) -> tuple[float, RateLimit]:
    """Return how long so many calls of *path* take at least under *limits*, and the limit that says so.

    A limit that lets all of its calls leave at once is empty until its window ends; others are spread evenly.
    """
    found: list[tuple[float, RateLimit]] = []
    for limit in limits.limits.all(path)[()]:
        number = receivers if limit.weight else calls
        bursts = math.ceil(number / limit.calls) - 1
        windows = bursts if limit.burst == limit.calls else (number - limit.burst) / limit.calls
        found.append((max(0.0, windows * limit.per), limit))
    return max(found, key=lambda one: one[0])
