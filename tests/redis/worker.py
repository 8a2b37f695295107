"""Callers in a process of their own: told by JSON what to do, begins at the word, and tells when its permits came.

``url``, ``calls``; if wanted ``limit`` (calls, per, burst), ``every`` (seconds from one caller to the next),
``cancel_after`` (seconds), ``aloud`` (tell each permit at once), and other settings of the limiter.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import attrs

from timrest_async import RateLimit
from timrest_async._clock import SystemClock
from timrest_async.commands._command import RawCommand
from timrest_async.errors import TimError
from timrest_async.redis_limits import RedisRateLimiter

SEND = RawCommand("openim/sendmsg", {})


class Watch(SystemClock):
    """Remembers when it was last asked, which is when the limiter gave a permit."""

    last = 0.0

    def time(self) -> float:
        """Return the monotonic time."""
        self.last = time.monotonic()
        return self.last


async def work(
    url: str,
    calls: int,
    *,
    limit: tuple[int, float, int] | None = None,
    every: float = 0.0,
    cancel_after: float | None = None,
    aloud: bool = False,
    **settings: Any,
) -> dict[str, Any]:
    """Call so often, and return what came of it."""
    watch, went, errors = Watch(), list[float](), list[str]()
    rate = RateLimit(limit[0], limit[1], burst=limit[2]) if limit else None
    async with RedisRateLimiter(url, rate, clock=watch, **settings) as limits:

        async def call() -> None:
            try:
                permit = await limits.acquire(1, SEND)
            except TimError as error:
                errors.append(repr(error))
            else:
                went.append(watch.last)
                permit.release()
                if aloud:
                    print(f"{went[-1]:.6f}0", flush=True)  # noqa: T201  # read by the test

        print("ready", flush=True)  # noqa: T201  # read by the test
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        tasks, began = [], time.monotonic()
        for number in range(calls):
            if every:
                await asyncio.sleep(max(0.0, began + number * every - time.monotonic()))
            tasks.append(asyncio.ensure_future(call()))
        if cancel_after is not None:
            await asyncio.sleep(cancel_after)
            for task in tasks:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.05)  # what was given back is on its way
        (metrics,) = limits.metrics().values()
    return {"went": went, "errors": errors, "metrics": attrs.asdict(metrics)}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(work(**json.loads(sys.argv[1])))))  # noqa: T201  # read by the test
