"""What tells outcomes: a run of this process, or one of many."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final, Self

from timrest_async.bulk.outcome import Outcome, Report
from timrest_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from types import TracebackType

    from timrest_async.bulk.progress import Progress

__all__ = ["OutcomeStream"]

FIRST: Final = 1_000
"""So many of those that were not sent stand in a report."""


class OutcomeStream(ABC):
    """Outcomes as they come: ``async for outcome in stream``, or ``await stream.report()``; once."""

    def __init__(self, progress: Progress) -> None:
        self.progress: Progress = progress
        """How far it is, at any time."""
        self._started = self._closes = False
        self._outcomes: AsyncGenerator[Outcome] | None = None

    def __aiter__(self) -> AsyncGenerator[Outcome]:
        """Go through the outcomes as they come; those of earlier runs, which the journal has, are not told again.

        Raises:
            JournalError: the journal is of another message or another input, or another process uses it.
            InputError: with ``duplicates="fail"``, somebody stands in the input twice.
            TimError: no call can go through until somebody has seen to it, such as with a wrong key.

        """
        if self._started:
            raise ConfigError("a run goes once; begin another with the same journal to go on")
        self._started, outcomes = True, self._go()
        if self._closes:  # else Python closes it when nobody has it any more
            self._outcomes = outcomes
        return outcomes

    async def __aenter__(self) -> Self:
        self._closes = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._outcomes is not None:
            await self._outcomes.aclose()

    async def report(self) -> Report:
        """Go through all outcomes, and sum them up."""
        not_sent: list[Outcome] = []
        async for outcome in self:
            if outcome.status in {"refused", "unknown"} and len(not_sent) < FIRST:
                not_sent.append(outcome)
        done = self.progress
        return Report(
            sent=done.sent,
            refused=done.refused,
            unknown=done.unknown,
            skipped=done.skipped,
            seconds=done.seconds,
            not_sent=tuple(not_sent),
        )

    @abstractmethod
    def _go(self) -> AsyncGenerator[Outcome]:
        """Begin, and go through the outcomes."""
        ...

    def _told(self, failure: BaseException) -> BaseException:
        """Say how far it came before *failure*."""
        counts = ", ".join(f"{number:,} {status}" for status, number in self.progress.counts.items() if number)
        failure.add_note(f"the run stopped; before that: {counts or 'nothing'}")
        return failure
