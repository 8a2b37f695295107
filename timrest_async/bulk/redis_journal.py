"""A journal in Redis, for runs that many processes carry: one run by each name.

Every entry is one run of a script, which lets in only who holds a lease: a run that carries all by itself, the one who
reads the input for others, or a worker on the chunks that it carries. A lease is renewed while its holder lives, and
one that is over can be taken by another; from then on whatever the old holder writes is refused, and with that what he
would send. When a call went out is kept by the server's clock, so that machines need not agree on the time.

What has ended moves to a stream, and leaves nothing else behind: a chunk's message is forgotten with its last entry.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING, Any, Final, Self, cast

from attrs import frozen

from timrest_async._clock import Clock, SystemClock, sleep_until
from timrest_async._codec import encode, from_json, to_json
from timrest_async.bulk.jobs import Chunk, Job, job_of
from timrest_async.bulk.journal import JournalError, Written
from timrest_async.bulk.outcome import STATUSES, Outcome
from timrest_async.bulk.packing import fields_of, packed, unpacked
from timrest_async.bulk.redis_script import Client, Place, open_client, text
from timrest_async.errors import ApiError, ConfigError, TimError, error_for

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Mapping
    from types import TracebackType

__all__ = ["Claim", "Ended", "HaltedError", "RedisJournal", "RedisRun"]

PAGE: Final = 50
"""So many chunks are read at once."""


class HaltedError(JournalError):
    """The run was stopped, or has failed; nothing more of it goes out."""


@frozen
class Ended:
    """An entry of what ended."""

    id: str
    """Where the stream goes on behind it."""

    outcomes: Sequence[Outcome] = ()
    """What became of the recipients of a chunk."""

    failure: TimError | None = None
    """Why the run cannot go on."""


class _Writer:
    """Writes about chunks, by the lease of the whole *run*, or by those of the chunks."""

    def __init__(self, place: Place, run: str = "") -> None:
        self._place = place
        self._run = run
        self._numbers = count(1)

    def _by(self, chunk: Chunk) -> str | int:
        return self._run or chunk.start

    async def plan(self, chunk: Chunk) -> None:
        """Take note of a chunk."""
        await self._write("plan", next(self._numbers), chunk.start, chunk.end, chunk.digest, *_row(chunk)[1:])

    async def begin(self, chunk: Chunk) -> None:
        """Take note that it is about to go out."""
        await self._write("begin", self._by(chunk), next(self._numbers), chunk.start, chunk.seq, chunk.random)

    async def withdraw(self, chunk: Chunk) -> None:
        """Take note that it did not go out."""
        await self._write("withdraw", self._by(chunk), next(self._numbers), chunk.start, chunk.seq, chunk.random)

    async def split(self, parts: Sequence[Chunk]) -> None:
        """Put *parts* in the place of the first, which was all of them."""
        one, other = parts
        await self._write("split", self._by(one), next(self._numbers), *_row(one), *_row(other))

    async def settle(self, chunk: Chunk, outcomes: Sequence[Outcome]) -> None:
        """Take note of what became of its recipients."""
        ends = [outcome.status for outcome in outcomes]
        counts = [ends.count(status) for status in STATUSES]
        whom, what = to_json(chunk.recipients), to_json(packed(outcomes))
        await self._write("settle", self._by(chunk), chunk.start, whom, what, *counts)

    async def _write(self, what: str, *arguments: str | bytes | float) -> None:
        (said,) = await self._place.ask(what, *arguments)
        if said == "lost":
            raise self._place.lost()
        if said == "halted":
            raise HaltedError(f"{self._place.name}: the run was stopped; nothing more goes out")


class RedisRun(_Writer):
    """The journal of the run *name*: for one process that carries all of it, or for one that reads and others that
    carry.
    """

    def __init__(self, place: Place) -> None:
        super().__init__(place, "run")
        self.name: str = place.name
        """By which it is known."""
        self._keeper: asyncio.Task[None] | None = None
        self._last = "0-0"

    async def open(self, job: Job[Any, Any]) -> Written:
        """Begin or go on, alone; :class:`JournalError` where it holds another message, or others are at it."""
        return await self._open(job, "alone")

    async def lead(self, job: Job[Any, Any]) -> Written:
        """Begin or go on, for workers that carry; :class:`JournalError` where it holds another message, or is led."""
        return await self._open(job, "leads")

    async def _open(self, job: Job[Any, Any], how: str) -> Written:
        if self._keeper is not None:
            raise JournalError(f"{self.name}: this journal is in use")
        place, known = self._place, (job.kind, job.fingerprint, encode(job.template))
        asked, said = place.clock.now(), await place.ask("open", _ms(place.lease), how, *known)
        if said[0] == "held":  # by somebody who may have died
            await sleep_until(place.clock, place.clock.time() + said[1] / 1_000)
            asked, said = place.clock.now(), await place.ask("open", _ms(place.lease), how, *known)
        if said[0] == "held":
            raise JournalError(f"{self.name}: another run uses this journal now")
        if said[0] == "other":
            raise JournalError(f"{self.name}: this journal is of another message; take another name for this one")
        _, read, digest, counts, self._last, chunks = said
        self._keeper = asyncio.get_running_loop().create_task(self._keep())
        by_status = dict(zip(STATUSES, map(int, counts), strict=True))
        return Written(int(read), digest, by_status, _chunks(chunks, asked))

    async def close(self) -> None:
        """Let go of it."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
            self._keeper = None
            await self._place.ask("release", "run")

    async def _keep(self) -> None:
        """Renew the lease for as long as it is ours; who writes by one that is lost hears of it there."""
        place = self._place
        while True:
            await sleep_until(place.clock, place.clock.time() + place.lease / 3)
            try:
                said = await place.ask("renew", _ms(place.lease), "run")
            except JournalError:
                continue
            if said[0] == "lost":
                return

    async def claim(self, start: int, end: int) -> Claim | None:
        """Take the open chunks of the input from *start* to *end*, once nobody else has them.

        Returns ``None`` where none is left, or none is to go out.
        """
        place = self._place
        while True:
            asked, said = place.clock.now(), await place.ask("claim", start, end, _ms(place.lease))
            if said[0] == "over":
                return None
            if said[0] == "claimed":
                _, kind, template, chunks = said
                return Claim(place, job_of(kind, template.encode()), _chunks(chunks, asked))
            await sleep_until(place.clock, place.clock.time() + said[1] / 1_000)

    async def held(self, pieces: Iterable[tuple[int, int]]) -> list[float]:
        """Return for each of *pieces* of the input how many seconds the lease lasts of who carries it; 0 where nobody
        does, less where all of it has ended.
        """
        said = await self._place.ask("held", *(place for piece in pieces for place in piece))
        return [left / 1_000 for left in said]

    async def fail(self, error: Exception) -> None:
        """Stop the run: no call of it can go through until somebody has seen to *error*."""
        await self._place.ask("halt", to_json(_words_of(error)))

    async def halt(self) -> None:
        """Stop the run: what is under way is answered, and nothing else goes out."""
        await self._place.ask("halt", b"{}")

    async def ended(self) -> list[Ended]:
        """Return some of what has ended since the last time, or since it was opened."""
        entries = await self._entries(self._last)
        self._last = entries[-1].id if entries else self._last
        return entries

    async def wait(self) -> None:
        """Wait a second, or until something more has ended."""
        await self._place.wait(self._last)

    async def outcomes(self) -> AsyncGenerator[Outcome]:
        """Read all outcomes, in the order in which they came; also while a run goes on."""
        last = "0-0"
        while entries := await self._entries(last):
            last = entries[-1].id
            for entry in entries:
                for outcome in entry.outcomes:
                    yield outcome

    async def _entries(self, after: str) -> list[Ended]:
        place = self._place
        key: str = place.keys[-1]
        found = await place.patiently(lambda: place.client.xrange(key, min=f"({after}", count=PAGE))
        return [_ended(text(at), {text(key): text(value) for key, value in entry.items()}) for at, entry in found]


class Claim(_Writer):
    """The chunks that one worker carries, and their journal."""

    def __init__(self, place: Place, job: Job[Any, Any], chunks: Sequence[Chunk]) -> None:
        super().__init__(place)
        self.job: Job[Any, Any] = job
        """What is sent, without its input."""
        self.chunks: Sequence[Chunk] = chunks
        """What is to be carried."""
        self._held = {chunk.start for chunk in chunks}

    async def open(self, _: Job[Any, Any]) -> Written:
        """Hold what was claimed."""
        return Written(open=self.chunks)

    async def split(self, parts: Sequence[Chunk]) -> None:
        """Put *parts* in the place of the first, which was all of them, and hold both."""
        await super().split(parts)
        self._held.update(part.start for part in parts)

    async def renew(self) -> tuple[float | None, bool]:
        """Hold it for longer; return how many seconds ago the run last sent something, and whether it was stopped.

        Raises :class:`JournalError` where somebody else holds it.
        """
        said = await self._place.ask("renew", _ms(self._place.lease), *self._held)
        if said[0] == "lost":
            raise self._place.lost()
        _, ago, halted = said
        return None if ago < 0 else ago / 1_000, bool(halted)

    async def close(self) -> None:
        """Leave what is not settled to whoever comes next."""
        await self._place.ask("release", *self._held)

    @property
    def renewed_every(self) -> float:
        """Seconds after which it is to be renewed."""
        return self._place.lease / 3


class RedisJournal:
    """Journals in Redis, one for each name, that many processes share.

    A crash of Redis loses nothing with ``appendonly yes`` and ``appendfsync always``; with less, or where a replica
    takes over, what it forgets may be sent twice. Redis must not evict keys (``maxmemory-policy noeviction``). What a
    run left is forgotten seven days after its last entry. It holds who is written to, and messages.

    Args:
        redis: an address such as ``redis://localhost:6379/1``, or a client of redis-py's asyncio side, which is left
            open at the end.
        prefix: what the names of all keys begin with.
        lease: seconds after which others take over what a process that does not answer had in hand. It has to be well
            below the 120 seconds for which the service tells a repeat of a message.
        patience: how many seconds to wait for Redis.
        clock: what time it is.

    Raises:
        ConfigError: when these cannot hold.

    """

    def __init__(
        self,
        redis: str | Client,
        prefix: str = "timrest:bulk",
        *,
        lease: float = 30.0,
        patience: float = 5.0,
        clock: Clock | None = None,
    ) -> None:
        for name, seconds in (("lease", lease), ("patience", patience)):
            if not 0 < seconds <= 60:
                raise ConfigError(f"{name} has to be above 0 seconds and at most 60, not {seconds!r}")
        self.lease: float = lease
        """Seconds for which a process holds what it carries, unless it says again that it lives."""
        self._redis = None if isinstance(redis, str) else redis
        self._client = open_client(redis) if isinstance(redis, str) else redis
        self._prefix = prefix
        self._patience = patience
        self._clock = clock or SystemClock()

    def of(self, name: str) -> RedisRun:
        """Return the journal of the run *name*, which is made if it is not there."""
        first = f"{self._prefix}:{{{name}}}"  # in a cluster, one server keeps all of a run
        keys = [f"{first}:{what}" for what in ("run", "open", "chunks", "calls", "leases", "ended")]
        return RedisRun(Place(self._client, name, keys, self.lease, self._patience, self._clock))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections that it opened."""
        if self._redis is None:
            await cast("Any", self._client).aclose()


def _row(chunk: Chunk) -> tuple[Any, ...]:
    others = {str(at): fields_of(outcome) for at, outcome in chunk.settled.items()}
    return chunk.start, to_json((chunk.recipients, chunk.message.decode(), others)), chunk.seq, chunk.random


def _chunks(rows: Sequence[Sequence[str]], asked: float) -> list[Chunk]:
    """Make chunks of what the script says: each with the seconds since it went out, counted after *asked*."""
    return [_chunk(*row, begun_at=asked - float(age) if age else None) for *row, age in rows]


def _chunk(start: str, body: str, seq: str, random: str, *, begun_at: float | None) -> Chunk:
    first = int(start)
    whom, message, others = from_json(body)
    settled = {int(at): Outcome(whom[int(at)], first + int(at), *rest) for at, rest in others.items()}
    return Chunk(first, tuple(whom), "", message.encode(), settled, int(seq), int(random), begun_at)


def _ended(at: str, entry: Mapping[str, str]) -> Ended:
    if "halted" in entry:
        return Ended(at, failure=_error_in(from_json(entry["halted"])))
    *most, others = from_json(entry["outcomes"])
    return Ended(at, tuple(unpacked(int(entry["start"]), entry["recipients"], others, *most)))


def _words_of(error: Exception) -> dict[str, Any]:
    if isinstance(error, ApiError):
        return {"code": error.code, "info": error.info, "path": error.path, "request_id": error.request_id}
    return {"text": f"a worker cannot go on: {type(error).__name__}: {error}"}


def _error_in(words: dict[str, Any]) -> TimError | None:
    if not words:
        return None
    return TimError(words["text"]) if "text" in words else error_for(**words)


def _ms(seconds: float) -> int:
    return round(seconds * 1_000)
