"""Going through the outcomes of a bulk run, wherever it runs, until its end or until Ctrl-C.

Meanwhile it is shown how far it is, and each outcome is written into the report. The first Ctrl-C asks the run to stop
and waits for the calls under way; the second cuts them off.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, contextmanager
from typing import TYPE_CHECKING, Protocol, cast

from attrs import define, field

from timrest_async._clock import SystemClock
from timrest_async.bulk import JournalError, Outcome, Progress, SqliteJournal
from timrest_async.bulk.stream import FIRST
from timrest_async.cli.output import Output, stderr
from timrest_async.cli.progress import following
from timrest_async.cli.report_file import forget, report_to

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

__all__ = ["Followed", "Told", "tell_all"]


class Followed(Protocol):
    """A run, as far as it is followed here."""

    @property
    def progress(self) -> Progress:
        """Return how far it is."""
        ...

    def stop(self) -> None:
        """Send nothing more."""
        ...

    def __aiter__(self) -> AsyncIterator[Outcome]:
        """Go through the outcomes as they come."""
        ...


@define
class Told:
    """What was told of a run."""

    run: Followed
    """The run."""

    not_sent: list[Outcome] = field(factory=list[Outcome])
    """The first that were refused or are unknown."""

    interrupted: bool = False
    """Whether Ctrl-C was pressed."""

    @property
    def stopped(self) -> bool:
        """Whether it ended before it was through."""
        return self.interrupted and self.run.progress.done != self.run.progress.total


def tell_all(
    out: Output,
    begin: Callable[[], AbstractAsyncContextManager[Followed]],
    report: Path | None,
    journal: SqliteJournal | None,
    go_on: str,
) -> Told:
    """Go through a run, and write its report: that of a journal is complete also where earlier runs did a part."""
    with report_to(report) as write:
        try:
            told = asyncio.run(_follow(out, begin, write if journal is None else forget))
        except JournalError:
            raise  # it may be of another run
        except BaseException as error:
            error.add_note(go_on)
            _copy(journal, write)
            raise
        _copy(journal, write)
        return told


def _copy(journal: SqliteJournal | None, write: Callable[[Outcome], None]) -> None:
    """Write all that *journal* has, unless nobody wants it."""
    if journal is not None and write is not forget:
        for outcome in journal.outcomes():
            write(outcome)


async def _follow(
    out: Output, begin: Callable[[], AbstractAsyncContextManager[Followed]], write: Callable[[Outcome], None]
) -> Told:
    """Go through the outcomes of a run, and show how far it is."""
    async with begin() as run, AsyncExitStack() as ends:
        told = Told(run)
        outcomes = aiter(run)
        if isinstance(outcomes, AsyncGenerator):
            await ends.enter_async_context(aclosing(cast("AsyncGenerator[Outcome]", outcomes)))
        console = stderr()
        with following(run.progress, SystemClock(), console, lines=not out.as_json), _stopping(told, console):
            async for outcome in outcomes:
                write(outcome)
                if outcome.status in {"refused", "unknown"} and len(told.not_sent) < FIRST:
                    told.not_sent.append(outcome)
        return told


@contextmanager
def _stopping(told: Told, console: Console) -> Generator[None]:
    """Let the first Ctrl-C stop the run, and the second end everything."""
    before = signal.getsignal(signal.SIGINT)
    if not callable(before) or threading.current_thread() is not threading.main_thread():
        yield  # whoever ignores it shall go on ignoring it
        return
    loop = asyncio.get_running_loop()

    def stop() -> None:
        told.interrupted = True
        told.run.stop()
        console.print("stopping: calls under way are answered first; Ctrl-C once more cuts them off", soft_wrap=True)

    def hear(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        loop.call_soon_threadsafe(stop)

    signal.signal(signal.SIGINT, hear)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
