"""Ours and its rivals: ways to send a message under a cap of 100 calls a second.

Each rival is used as its own documentation shows, and sends the bytes that ours sends, through plain aiohttp with as
many connections as it likes.
"""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from random import getrandbits
from time import time
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import aiohttp
from aiolimiter import AsyncLimiter
from pyrate_limiter import BucketAsyncWrapper, Duration, InMemoryBucket, Limiter, Rate
from throttled.asyncio import MemoryStore, RateLimiterType, Throttled
from yarl import URL

from timrest_async import RateLimit, RateLimiter, TimSession
from timrest_async._codec import encode
from timrest_async.commands.messages import SendMessage
from timrest_async.usersig import DAY, sign

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping

__all__ = [
    "AIOLIMITER",
    "ANSWERED",
    "CALLS",
    "IDENTIFIER",
    "PYRATE",
    "RECEIVER",
    "SDKAPPID",
    "SECRET_KEY",
    "SEMAPHORE",
    "SENT",
    "THROTTLED",
    "WAYS",
    "Gate",
    "Post",
    "Send",
    "plain",
]

CALLS: Final = 100
"""The cap, calls in a second."""

SDKAPPID: Final = 1_400_000_000
IDENTIFIER: Final = "administrator"
SECRET_KEY: Final = "k" * 64
RECEIVER: Final = "lumotuwe2"

ANSWERED: Final = "ours, answered (default)"
SENT: Final = "ours, sent"
AIOLIMITER: Final = "aiolimiter"
SEMAPHORE: Final = "semaphore and sleep(1)"
PYRATE: Final = "pyrate-limiter"
THROTTLED: Final = "throttled-py"

PATIENCE: Final = 600.0
"""Seconds that a call may wait, more than any does."""

Send: TypeAlias = "Callable[[int], Coroutine[None, None, object]]"
"""Sends the message of that number, as soon as the cap allows."""

Post: TypeAlias = "Callable[[], Awaitable[object]]"
Gate: TypeAlias = "Callable[[Post], Coroutine[None, None, object]]"
"""Posts as soon as the cap allows."""


def _ours(limit: RateLimit) -> Callable[[str], AbstractAsyncContextManager[Send]]:
    @asynccontextmanager
    async def opened(base_url: str) -> AsyncGenerator[Send]:
        async with TimSession(
            SDKAPPID, IDENTIFIER, SECRET_KEY, base_url=base_url, limits=RateLimiter(limit), timeout=PATIENCE
        ) as tim:

            async def send(number: int) -> object:
                return await tim.messages.send(RECEIVER, f"n={number}")

            yield send

    return opened


def plain(
    gated: Callable[[], AbstractAsyncContextManager[Gate]],
) -> Callable[[str], AbstractAsyncContextManager[Send]]:
    """Put a gate before plain aiohttp."""

    @asynccontextmanager
    async def opened(base_url: str) -> AsyncGenerator[Send]:
        url = _signed(base_url)
        connector = aiohttp.TCPConnector(limit=0)  # so that no call waits for a connection after the gate let it go
        async with gated() as gate, aiohttp.ClientSession(connector=connector) as http:

            async def send(number: int) -> object:
                body = encode(SendMessage(RECEIVER, f"n={number}"))

                async def post() -> bytes:
                    async with http.post(url, data=body) as answer:
                        return await answer.read()

                return await gate(post)

            yield send

    return opened


def _signed(base_url: str) -> URL:
    query: dict[str, Any] = {
        "sdkappid": SDKAPPID,
        "identifier": IDENTIFIER,
        "usersig": str(sign(SDKAPPID, SECRET_KEY, IDENTIFIER, expire=DAY, time=int(time()))),
        "random": getrandbits(32),
        "contenttype": "json",
    }
    return URL(f"{base_url}/v4/openim/sendmsg").with_query(query)


@asynccontextmanager
async def _aiolimiter() -> AsyncGenerator[Gate]:
    limiter = AsyncLimiter(CALLS, 1)

    async def gate(post: Post) -> object:
        async with limiter:
            return await post()

    yield gate


@asynccontextmanager
async def _semaphore() -> AsyncGenerator[Gate]:
    """Give the recipe that is found everywhere: a place is kept for a second after the answer."""
    semaphore = asyncio.Semaphore(CALLS)

    async def gate(post: Post) -> object:
        async with semaphore:
            answer = await post()
            await asyncio.sleep(1)
            return answer

    yield gate


@asynccontextmanager
async def _pyrate() -> AsyncGenerator[Gate]:
    """Give the exact log in memory, wrapped for asyncio; it waits 50 ms longer than it has to, which is its default."""
    with Limiter(BucketAsyncWrapper(InMemoryBucket([Rate(CALLS, Duration.SECOND)]))) as limiter:

        async def gate(post: Post) -> object:
            await limiter.try_acquire_async("openim/sendmsg")
            return await post()

        yield gate


@asynccontextmanager
async def _throttled() -> AsyncGenerator[Gate]:
    """Give its default algorithm, the token bucket, which of its five kept the cap best while it was used."""
    throttled = Throttled(
        key="openim/sendmsg",
        using=RateLimiterType.TOKEN_BUCKET.value,
        quota=f"{CALLS}/s",
        timeout=PATIENCE,
        store=MemoryStore(),
    )

    async def gate(post: Post) -> object:
        async with throttled:
            return await post()

    yield gate


WAYS: Final[Mapping[str, Callable[[str], AbstractAsyncContextManager[Send]]]] = {
    ANSWERED: _ours(RateLimit(CALLS)),
    SENT: _ours(RateLimit(CALLS, count_until="sent")),
    AIOLIMITER: plain(_aiolimiter),
    SEMAPHORE: plain(_semaphore),
    PYRATE: plain(_pyrate),
    THROTTLED: plain(_throttled),
}
"""Each is opened for the address of a server."""
