"""Reads the input, no faster than it is sent, and cuts it into chunks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from timrest_async.bulk.jobs import Chunk
from timrest_async.bulk.journal import JournalError
from timrest_async.bulk.outcome import Outcome
from timrest_async.bulk.seen import Seen
from timrest_async.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from timrest_async.bulk.jobs import Job

__all__ = ["Cutter", "Duplicates"]

Duplicates: TypeAlias = Literal["drop", "keep", "fail"]
"""What becomes of a message that stands in the input for the same recipient before."""

LONGEST: Final = 1_000
"""A chunk spans no more of the input, however many of it need no call."""


class Cutter:
    """Cuts the input of a job into chunks, in its order."""

    def __init__(self, job: Job[Any, Any], duplicates: Duplicates) -> None:
        self._job = job
        self._items = aiter(job.items) if isinstance(job.items, AsyncIterable) else _Each(job.items)
        self._duplicates = duplicates
        self._seen = None if duplicates == "keep" else Seen()
        self._digest = blake2b(digest_size=16)
        self._held: tuple[str, bytes, str] | None = None
        self._read = 0

    async def pass_over(self, read: int, digest: str) -> None:
        """Read so many items that earlier runs have read, and make sure that they are the same."""
        while self._read < read and (chunk := await self._cut(read - self._read)) is not None:
            self._read = chunk.end
            await asyncio.sleep(0)  # others have their turn, however long the input is
        if self._read < read:
            raise JournalError(
                f"the journal is of another input: it holds {read:,} recipients, and this input has {self._read:,}"
            )
        if read and self._digest.hexdigest() != digest:
            raise JournalError(f"the journal is of another input: its first {read:,} recipients are others")

    async def next(self) -> Chunk | None:
        """Return the next chunk, ``None`` at the end of the input."""
        chunk = await self._cut(LONGEST)
        if chunk is not None:
            self._read = chunk.end
        return chunk

    def close(self) -> None:
        """Let go of what was remembered."""
        if self._seen is not None:
            self._seen.close()

    async def _cut(self, longest: int) -> Chunk | None:
        """Read until a call is full, or *longest* items are read."""
        job, start = self._job, self._read
        items: list[tuple[str, bytes]] = []
        settled: dict[int, Outcome] = {}
        whom = set[str]()
        while (free := min(job.most - len(items) + len(settled), longest - len(items))) > 0:
            looked_at = len(items)
            complete = await self._read_some(free, items, settled, whom)
            self._mark_seen(items, looked_at, settled)
            if not complete:
                break
        if not items:
            return None
        for recipient, message in items:
            self._digest.update(b"%d %d " % (len(recipient), len(message)))
            self._digest.update(recipient.encode(errors="surrogatepass"))
            self._digest.update(message)
        going = (message for at, (_, message) in enumerate(items) if at not in settled)
        message = b"" if job.most > 1 else next(going, b"")
        recipients = tuple(recipient for recipient, _ in items)
        return Chunk(start, recipients, self._digest.hexdigest(), message, settled)

    async def _read_some(
        self, most: int, items: list[tuple[str, bytes]], settled: dict[int, Outcome], whom: set[str]
    ) -> bool:
        """Read up to *most* items, and say whether more may follow in this chunk: nobody is named twice in a call."""
        for _ in range(most):
            if self._held is None:
                try:
                    self._held = await self._one()
                except StopAsyncIteration:
                    return False
            recipient, message, complaint = self._held
            if complaint:
                settled[len(items)] = Outcome(recipient, self._read + len(items), "refused", None, complaint)
            elif recipient in whom and self._duplicates == "keep":
                return False
            else:
                whom.add(recipient)
            items.append((recipient, message))
            self._held = None
        return True

    async def _one(self) -> tuple[str, bytes, str]:
        """Read one item: whom, what, and what is wrong with it."""
        item: Any = await anext(self._items)
        try:
            return *self._job.split(item), ""
        except InputError as error:
            return self._job.named(item), b"", str(error)

    def _mark_seen(self, items: list[tuple[str, bytes]], start: int, settled: dict[int, Outcome]) -> None:
        """Settle those of *items*, from *start* on, that stood in the input before and can be sent."""
        if self._seen is None:
            return
        sendable = [None if at in settled else item for at, item in enumerate(items[start:], start)]
        for index, first in self._seen.add(sendable, self._read + start).items():
            recipient = items[index - self._read][0]
            if self._duplicates == "fail":
                raise InputError(f"{recipient!r} stands in the input twice: item {first:,} and item {index:,}")
            settled[index - self._read] = Outcome(recipient, index, "skipped", None, f"the same as item {first:,}")


class _Each:
    """Iterates as if asynchronously; a generator that is not run to its end would be closed who knows when."""

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = iter(items)

    async def __anext__(self) -> Any:
        for item in self._items:
            return item
        raise StopAsyncIteration
