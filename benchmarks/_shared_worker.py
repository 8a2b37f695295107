"""One of the processes that share a cap over Redis: it sends its calls, and tells when it asked and when it might go.

It prints a line when everything is imported and open, reads from stdin at which moment to begin, and prints what it
noted as JSON. Its times are those of :func:`time.monotonic`, which on Linux is one clock for all processes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import sys
from collections import Counter
from contextlib import asynccontextmanager
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import attrs
from attrs import define, field, frozen
from limiters import AsyncTokenBucket
from pyrate_limiter import Duration, Limiter, Rate, RedisBucket
from redis.asyncio import BlockingConnectionPool, Redis

from benchmarks._patterns import Pattern, Plan, play
from benchmarks._rivals import CALLS, IDENTIFIER, PATIENCE, RECEIVER, SDKAPPID, SECRET_KEY, plain
from timrest_async import RateLimit, TimSession
from timrest_async.commands.messages import SendMessage
from timrest_async.redis_limits import RedisRateLimiter

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from benchmarks._rivals import Gate, Post, Send
    from timrest_async._rates import Asking
    from timrest_async.errors import TimError
    from timrest_async.limits import Permit

__all__ = ["DRIPPING", "OURS", "PYRATE", "REDIS_RATE_LIMITERS", "WAYS", "Notes"]

OURS: Final = "ours"
REDIS_RATE_LIMITERS: Final = "redis-rate-limiters"
DRIPPING: Final = "the same, dripping"
PYRATE: Final = "pyrate-limiter"

KEY: Final = SendMessage.path


@define
class Notes:
    """What one process saw."""

    asked: dict[int, float] = field(factory=dict)
    """When each call began to ask for its permit, by its number."""

    permits: list[float] = field(factory=list)
    """When permits were handed out."""

    failures: Counter[str] = field(factory=Counter)
    """How calls failed, and how often."""

    missed: int = 0
    """How many slots came and went while the process was busy; only ours tells."""


Way: TypeAlias = "Callable[[str, str, Notes], AbstractAsyncContextManager[Send]]"
"""Opened with the addresses of Redis and of the server, and with what notes the permits."""


@frozen
class _Noted:
    """Our limiter, with a look at the clock whenever it gave a permit."""

    limiter: RedisRateLimiter
    notes: Notes

    @property
    def default(self) -> RateLimit:
        return self.limiter.default

    def try_acquire(self, sdkappid: int, command: Asking) -> Permit | None:
        return self.limiter.try_acquire(sdkappid, command)

    async def acquire(self, sdkappid: int, command: Asking, deadline: float = math.inf) -> Permit:
        permit = await self.limiter.acquire(sdkappid, command, deadline)
        self.notes.permits.append(monotonic())
        return permit

    def heard(self, sdkappid: int, command: Asking, failure: TimError) -> None:
        self.limiter.heard(sdkappid, command, failure)


@asynccontextmanager
async def _ours(redis: str, base_url: str, notes: Notes) -> AsyncGenerator[Send]:
    async with RedisRateLimiter(redis) as limiter:
        limits = _Noted(limiter, notes)
        async with TimSession(
            SDKAPPID, IDENTIFIER, SECRET_KEY, base_url=base_url, limits=limits, timeout=PATIENCE
        ) as tim:

            async def send(number: int) -> object:
                return await tim.messages.send(RECEIVER, f"n={number}")

            yield send
        notes.missed = sum(seen.missed for seen in limiter.metrics().values())


def _rival(gated: Callable[[str, Notes], AbstractAsyncContextManager[Gate]]) -> Way:
    def opened(redis: str, base_url: str, notes: Notes) -> AbstractAsyncContextManager[Send]:
        return plain(partial(gated, redis, notes))(base_url)

    return opened


def _token_bucket(**settings: Any) -> Way:
    """Give redis-rate-limiters with these settings, as its README uses it, but with a pool that waits.

    The README's own pool, ``Redis.from_url(...)``, refuses whoever finds no free connection among 100.
    """

    @asynccontextmanager
    async def gated(redis: str, notes: Notes) -> AsyncGenerator[Gate]:
        pool = BlockingConnectionPool.from_url(redis, timeout=None)
        async with Redis.from_pool(pool) as client:
            limiter = AsyncTokenBucket(client, KEY, **settings)

            async def gate(post: Post) -> object:
                async with limiter:
                    notes.permits.append(monotonic())
                    return await post()

            yield gate

    return _rival(gated)


@asynccontextmanager
async def _pyrate(redis: str, notes: Notes) -> AsyncGenerator[Gate]:
    """Give its exact log, which is its default."""
    async with Redis.from_url(redis) as client:
        bucket: Any = await RedisBucket.init([Rate(CALLS, Duration.SECOND)], client, KEY)
        with Limiter(bucket) as limiter:

            async def gate(post: Post) -> object:
                await limiter.try_acquire_async(KEY)
                notes.permits.append(monotonic())
                return await post()

            yield gate


WAYS: Final[Mapping[str, Way]] = {
    OURS: _ours,
    REDIS_RATE_LIMITERS: _token_bucket(capacity=CALLS, refill_frequency=1, refill_amount=CALLS),
    DRIPPING: _token_bucket(capacity=1, refill_frequency=1 / CALLS, refill_amount=1),
    PYRATE: _rival(_pyrate),
}


async def _work(options: argparse.Namespace) -> Notes:
    notes = Notes()
    async with WAYS[options.way](options.redis, options.base_url, notes) as send:

        async def one(index: int) -> None:
            number = options.first + index
            notes.asked[number] = monotonic()
            try:
                await send(number)
            except Exception as error:  # noqa: BLE001  # however a call fails, it is counted
                notes.failures[f"{type(error).__name__}: {error}"] += 1

        print("ready", flush=True)
        begin = float(await asyncio.to_thread(sys.stdin.readline))
        await asyncio.sleep(begin - monotonic())
        await play(Pattern("shared", "all at once", (Plan(),) * options.calls, options.limit), one)
    return notes


def main() -> None:
    """Send the calls, and print what was noted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("redis", help="its address")
    parser.add_argument("base_url", help="of the server that takes the calls")
    parser.add_argument("first", type=int, help="the number of the first call")
    parser.add_argument("calls", type=int, help="how many")
    parser.add_argument("limit", type=int, help="seconds after which what still waits is cancelled")
    print(json.dumps(attrs.asdict(asyncio.run(_work(parser.parse_args())))))


if __name__ == "__main__":
    main()
