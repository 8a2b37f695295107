"""What a run writes down, so that another can go on where it ended; and the journal of those who need none."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from attrs import field, frozen

from timrest_async.bulk.jobs import Chunk, Job
from timrest_async.bulk.outcome import Outcome, Status
from timrest_async.errors import TimError

__all__ = ["Journal", "JournalError", "NoJournal", "Written"]


class JournalError(TimError):
    """The journal belongs to another message or another input, is in use, or cannot be read or written. Nothing that
    it does not hold was sent.
    """


@frozen
class Written:
    """What a journal holds when it is opened."""

    read: int = 0
    """So many items of the input were read."""

    digest: str = ""
    """Of those items."""

    counts: Mapping[Status, int] = field(factory=dict[Status, int])
    """How many came to which end."""

    open: Sequence[Chunk] = ()
    """Chunks without an outcome."""


class Journal(Protocol):
    """What a run writes down. A chunk is known by its ``start``.

    What :meth:`plan`, :meth:`withdraw` and :meth:`split` write may stand there a moment later, but not later than
    anything after it. When :meth:`begin` and :meth:`settle` return, it withstands a crash.
    """

    async def open(self, job: Job[Any, Any], /) -> Written:
        """Begin, or go on with the same message; :class:`JournalError` where it holds another. Where this raises,
        nothing is held, and :meth:`close` is not called.
        """
        ...

    async def plan(self, chunk: Chunk, /) -> None:
        """Take note of a chunk, in the order of the input."""
        ...

    async def begin(self, chunk: Chunk, /) -> None:
        """Take note that its first byte is about to go out, with these numbers, at its ``begun_at``."""
        ...

    async def withdraw(self, chunk: Chunk, /) -> None:
        """Take note that the service surely has nothing of it."""
        ...

    async def split(self, parts: Sequence[Chunk], /) -> None:
        """Put *parts* in the place of the chunk that they make up."""
        ...

    async def settle(self, chunk: Chunk, outcomes: Sequence[Outcome], /) -> None:
        """Take note of what became of all its recipients."""
        ...

    async def close(self) -> None:
        """Let go of it."""
        ...


class NoJournal:
    """Writes nothing down."""

    async def open(self, _: Job[Any, Any], /) -> Written:
        """Hold nothing."""
        return Written()

    async def plan(self, _: Chunk, /) -> None:
        """Forget it."""

    async def begin(self, _: Chunk, /) -> None:
        """Forget it."""

    async def withdraw(self, _: Chunk, /) -> None:
        """Forget it."""

    async def split(self, _: Sequence[Chunk], /) -> None:
        """Forget it."""

    async def settle(self, _: Chunk, __: Sequence[Outcome], /) -> None:
        """Forget it."""

    async def close(self) -> None:
        """Do nothing."""
