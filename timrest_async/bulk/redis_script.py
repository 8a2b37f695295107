"""The script of the journal in Redis, and whoever asks it: patiently, since a server may be away for a while."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha1
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar, cast
from uuid import uuid4

from attrs import field, frozen

from timrest_async._clock import Clock, sleep_until, timeout_at
from timrest_async.bulk.journal import JournalError
from timrest_async.errors import ConfigError

try:
    from redis.asyncio import Redis, RedisCluster
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import NoScriptError, RedisClusterException, RedisError
except ImportError as _missing:
    raise ImportError("a journal in Redis needs redis-py: pip install 'timrest-async[redis]'") from _missing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["Client", "Place", "open_client", "text"]

R = TypeVar("R")
Client: TypeAlias = "Redis | RedisCluster"

SCRIPT: Final = Path(__file__).with_name("redis_journal.lua").read_text(encoding="utf-8")
SHA: Final = sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()  # the name by which Redis knows a script

KEEP: Final = 7 * 86_400.0
"""So many seconds after its last entry a run is forgotten."""

PAUSE: Final = 0.1
"""Seconds before a server that was not there is asked again."""

BLOCK: Final = 1_000
"""For so many milliseconds the server holds back the answer while nothing has ended."""


@frozen
class Place:
    """The keys of one run, and who asks."""

    client: Any
    """What speaks to the server."""
    name: str
    """By which the run is known."""
    keys: Sequence[str]
    """What is kept under which name; the last is the stream of what ended."""
    lease: float
    """For how many seconds somebody who does not say that he lives holds something."""
    patience: float
    """For how many seconds the server is waited for."""
    clock: Clock
    """What time it is."""
    holder: str = field(factory=lambda: uuid4().hex)
    """Who asks."""

    async def ask(self, what: str, *arguments: str | bytes | float) -> list[Any]:
        """Have the script do *what*, again and again while the server is away, and return what it says."""
        words = (len(self.keys), *self.keys, what, round(KEEP * 1_000), self.holder, *arguments)
        return list(_said(await self.patiently(lambda: self._run(words))))

    async def patiently(self, question: Callable[[], Awaitable[R]]) -> R:
        """Ask *question*, again and again while the server is away."""
        trouble = "no answer in time"
        with suppress(TimeoutError):
            async with timeout_at(self.clock, self.clock.time() + self.patience):
                while True:
                    try:
                        return await question()
                    except (RedisError, RedisClusterException, OSError) as error:
                        trouble = f"{type(error).__name__}: {error}"
                    await sleep_until(self.clock, self.clock.time() + PAUSE)
        raise JournalError(f"{self.name}: the journal's redis does not answer: {trouble}")

    async def _run(self, words: tuple[Any, ...]) -> Any:
        try:
            return await self.client.execute_command("EVALSHA", SHA, *words)
        except NoScriptError:
            return await self.client.execute_command("EVAL", SCRIPT, *words)

    async def wait(self, last: str) -> None:
        """Wait a second, or until the stream has something behind *last*."""
        with suppress(RedisError, RedisClusterException, OSError):  # who reads next hears of it
            async with timeout_at(self.clock, self.clock.time() + BLOCK / 1_000 + self.patience):
                await self.client.xread({self.keys[-1]: last}, count=1, block=BLOCK)

    def lost(self) -> JournalError:
        """Say that another holds it."""
        return JournalError(f"{self.name}: another has taken over; nothing more goes out from here")


def open_client(address: str) -> Client:
    """Make a client of the server at *address*."""
    try:
        never: dict[str, Any] = {"socket_timeout": None, "retry": Retry(NoBackoff(), 0)}
        return cast("Client", cast("Any", Redis).from_url(address, **never))
    except ValueError:
        pass
    raise ConfigError("redis has to be an address such as redis://localhost:6379/1, or a client of redis.asyncio")


def _said(value: Any) -> Any:
    """Return what the script said, whether or not the client reads text."""
    if isinstance(value, int):
        return value
    return text(value) if isinstance(value, bytes | str) else [_said(one) for one in value]


def text(value: Any) -> str:
    """Return a text, whether or not the client reads it."""
    return value.decode() if isinstance(value, bytes) else str(value)
