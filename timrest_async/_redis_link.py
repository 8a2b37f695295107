"""The conversation with Redis: one script, asked in batches and in order.

However many calls ask at the same time, one connection carries them, those together that came while the last batch was
away. So their order is kept, no pool runs dry, and a server far away costs a round trip, not one for each. What is not
answered in time fails; until then it is sent again, since the script knows what it has done already.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from attrs import define, frozen

from timrest_async._clock import sleep_until, timeout_at
from timrest_async.errors import ConfigError

try:
    from redis.asyncio import Redis, RedisCluster
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import RedisClusterException, RedisError
except ImportError as missing:
    raise ImportError("limits across processes need redis-py: pip install 'timrest-async[redis]'") from missing

if TYPE_CHECKING:
    from timrest_async._clock import Clock

__all__ = ["CLOSED", "Answer", "Client", "Link", "Question", "Unavailable", "address_of", "open_client"]

Client: TypeAlias = "Redis | RedisCluster"
"""What speaks to the server: a client of redis-py's asyncio side, for one server, a sentinel's or a cluster's."""

SCRIPT: Final = Path(__file__).with_name("redis_limits.lua").read_text(encoding="utf-8")

BATCH: Final = 8
"""So many are asked in one go; with more, the first would wait too long for the answers to the last."""

PAUSE: Final = 0.05
"""Seconds before a server that was not there is tried again."""

CONNECTIONS: Final = 4
"""A client of our own opens no more; it needs one for the script and now and then one beside it."""


SILENCE: Final = "no answer in time"
CLOSED: Final = "the limiter was closed"


class Unavailable(Exception):  # noqa: N818  # becomes an error further up, or none
    """The server did not answer in time."""


@frozen
class Answer:
    """What the script said."""

    values: list[int]
    sent: float
    """The question went out not before this."""
    heard: float
    """And the answer was there not after this."""


@frozen
class Question:
    """What the script is asked."""

    keys: Sequence[str]
    arguments: Sequence[str | int]
    undo: Question | None = None
    """What to ask if nobody waits for the answer any more."""


@define(eq=False)
class _Waiting:
    question: Question
    give_up: float
    future: asyncio.Future[Answer] | None
    tried: bool = False
    """Whether the server may have been asked already."""

    @property
    def left(self) -> bool:
        """Whether somebody waited for the answer, and does so no longer."""
        return self.future is not None and self.future.done()


class Link:
    """A server that runs the script."""

    def __init__(self, client: Client, patience: float, clock: Clock) -> None:
        self._client = client
        self._patience = patience
        self._clock = clock
        self._line: deque[_Waiting] = deque()
        self._asked: set[asyncio.Future[Answer]] = set()
        self._worker: asyncio.Task[None] | None = None
        self._sha = ""
        self._trouble = SILENCE
        """Why there is no answer, as far as anybody knows."""

    async def ask(self, question: Question, deadline: float) -> Answer:
        """Run the script, and return what it says. If nobody waits for that any more, what was done is undone.

        Raises :class:`Unavailable` when it takes too long, at the latest when the clock shows *deadline*.
        """
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        give_up = min(self._clock.time() + self._patience, deadline)
        timer = self._clock.call_at(give_up, lambda: self._fail(future, self._trouble))
        self._asked.add(future)
        self._line.append(_Waiting(question, give_up, future))
        self._begin()
        try:
            return await future
        except asyncio.CancelledError:
            if not future.cancelled():
                self.tell(question.undo)  # the answer came in the very moment of the cancellation
            raise
        finally:
            timer.cancel()
            self._asked.discard(future)

    def tell(self, question: Question | None) -> None:
        """Run the script before it is asked anything else, if the server can be reached; nobody waits for an answer."""
        if question is not None:
            self._line.appendleft(_Waiting(question, self._clock.time() + self._patience, None))
            self._begin()

    async def run_of(self, key: str, deadline: float = math.inf) -> tuple[str, float]:
        """Return what tells one start of the server that keeps *key* from the next, and what time it has.

        Raises :class:`Unavailable` when it takes too long, at the latest when the clock shows *deadline*.
        """
        trouble = SILENCE
        with suppress(TimeoutError):
            async with timeout_at(self._clock, min(self._clock.time() + self._patience, deadline)):
                while True:
                    try:
                        return await self._run_now(key)
                    except (RedisError, RedisClusterException, OSError) as error:
                        trouble = _words(error)
                    await sleep_until(self._clock, self._clock.time() + PAUSE)
        raise Unavailable(trouble)

    async def _run_now(self, key: str) -> tuple[str, float]:
        client, where = cast("Any", self._client), dict[str, Any]()
        if isinstance(client, RedisCluster):
            await client.initialize()
            where["target_nodes"] = client.get_node_from_key(key)
        told: dict[str, Any] = await cast("Any", client).info("server", **where)
        return str(told["run_id"]), int(told["server_time_usec"]) / 1e6

    async def close(self) -> None:
        """Stop asking; who waits hears so. What is to be given back is given back, if the server can be reached."""
        for future in self._asked:
            self._fail(future, CLOSED)
        await asyncio.sleep(0)  # let those who slept give their slots back
        if self._worker is not None:
            with suppress(TimeoutError):
                async with timeout_at(self._clock, self._clock.time() + self._patience):
                    await asyncio.wait([self._worker])
            self._worker.cancel()
            await asyncio.wait([self._worker])

    @staticmethod
    def _fail(future: asyncio.Future[Answer], why: str) -> None:
        if not future.done():
            future.set_exception(Unavailable(why))

    def _begin(self) -> None:
        if self._worker is None or self._worker.done():
            self._worker = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        """Ask until nothing is left to be asked."""
        while batch := self._next_batch():
            sent = self._clock.time()
            try:
                async with timeout_at(self._clock, max(one.give_up for one in batch)):
                    if not self._sha:
                        self._sha = str(await cast("Any", self._client).script_load(SCRIPT))
                    sent = self._clock.time()
                    said = await self._run(batch)
            except Exception as error:  # noqa: BLE001  # the border: whatever redis-py raises, there is no answer
                said = [error] * len(batch)
            heard = self._clock.time()
            again = [one for one, what in zip(batch, said, strict=True) if not self._settled(one, what, sent, heard)]
            if again:
                self._sha = ""
                self._line.extendleft(reversed(again))
                await sleep_until(self._clock, heard + PAUSE)

    def _next_batch(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        while self._line and len(batch) < BATCH:
            one = self._line.popleft()
            if one.left:
                if one.tried:
                    self.tell(one.question.undo)
            elif one.future is not None or self._clock.time() < one.give_up:
                batch.append(one)
        return batch

    async def _run(self, batch: list[_Waiting]) -> list[Any]:
        """Run the script once for each of *batch*, all in one trip."""
        pipeline = cast("Any", self._client).pipeline(transaction=False)
        for one in batch:
            keys = one.question.keys
            pipeline.execute_command("EVALSHA", self._sha, len(keys), *keys, *one.question.arguments)
        return cast("list[Any]", await pipeline.execute(raise_on_error=False))

    def _settled(self, one: _Waiting, said: Any, sent: float, heard: float) -> bool:
        """Hand on what the script *said*, and return whether that was the end of it; else it is to be asked again."""
        one.tried = True
        if isinstance(said, Exception):
            self._trouble = _words(said)
            return False
        self._trouble = SILENCE
        if one.left:
            self.tell(one.question.undo)
        elif one.future is not None:
            one.future.set_result(Answer(said, sent, heard))
        return True


def open_client(address: str, patience: float) -> Redis:
    """Make a client for *address*, which opens its few connections as they are needed."""
    try:
        # a call that is repeated in here would be one that nobody counts
        never, none = Retry(NoBackoff(), 0), {"socket_timeout": None, "socket_connect_timeout": patience}
        return cast("Redis", cast("Any", Redis).from_url(address, max_connections=CONNECTIONS, retry=never, **none))
    except ValueError:
        pass
    raise ConfigError("redis has to be an address such as redis://localhost:6379/0, or a client of redis.asyncio")


def address_of(client: Client) -> str:
    """Return where *client* goes, without its secrets."""
    if isinstance(client, RedisCluster):
        return "a cluster"
    settings = client.connection_pool.connection_kwargs
    return str(settings.get("path") or f"{settings.get('host', '?')}:{settings.get('port', '?')}")


def _words(error: Exception) -> str:
    return SILENCE if isinstance(error, TimeoutError) else f"{type(error).__name__}: {error}"
