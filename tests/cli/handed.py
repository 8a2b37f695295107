"""Workers of a bulk run that do nothing, and those that press Ctrl-C meanwhile."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterable
from types import TracebackType
from typing import Any, Self

from typer.testing import Result

from timrest_async._clock import SystemClock
from timrest_async.bulk import Job, Outcome, Progress, Status

Run = Callable[..., Result]


class Handed:
    """A run at workers, as far as anybody follows it."""

    def __init__(self, job: Job[Any, Any], press: Callable[[], object] = int, *, deaf: bool = False) -> None:
        self.progress = Progress(SystemClock(), job.total)
        assert isinstance(job.items, Iterable)
        self._items = enumerate(job.split(item)[0] for item in job.items)
        self._press = press
        self._deaf = deaf
        self._stopped = False

    def stop(self) -> None:
        """Do as the command line says, unless it is deaf."""
        self._stopped = not self._deaf

    def __aiter__(self) -> AsyncIterator[Outcome]:
        return self

    async def __anext__(self) -> Outcome:
        """Say of the first that it was sent, and press a key; the others follow when that was heard."""
        index, whom = next(self._items, (0, ""))
        if not whom:
            raise StopAsyncIteration
        if index:
            self._press()
            await asyncio.sleep(0)
        if self._stopped:
            raise StopAsyncIteration
        status: Status = "sent"
        self.progress.ended({status: 1})
        return Outcome(whom, index, status)


def press_ctrl_c() -> None:
    """Press Ctrl-C."""
    signal.raise_signal(signal.SIGINT)


class Tasks:
    """Whoever hands a job to workers."""

    def __init__(self, made: Callable[..., Handed], **how: Any) -> None:
        self._made = made
        self._how = how
        self.submitted: list[tuple[str, str]] = []

    def submit(self, job: Job[Any, Any], *, name: str, duplicates: str = "drop") -> Handed:
        """Take the job."""
        self.submitted.append((name, duplicates))
        return self._made(job, **self._how)


class TasksInBlock(Tasks):
    """Whoever wants to be entered and left, as a broker is started and shut down."""

    doors: list[str]

    async def __aenter__(self) -> Self:
        self.doors = ["entered"]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.doors.append("left")

    def submit(self, job: Job[Any, Any], *, name: str, duplicates: str = "drop") -> Handed:
        """Take the job."""
        self.doors.append("asked")
        return super().submit(job, name=name, duplicates=duplicates)


PLAIN = Tasks(Handed)
IN_BLOCK = TasksInBlock(Handed)
PRESSED = Tasks(Handed, press=press_ctrl_c)
DEAF = Tasks(Handed, press=press_ctrl_c, deaf=True)


def by_workers(run: Run, file: str, tasks: str, *more: str) -> Result:
    """Hand a job to *tasks* of this module."""
    return run("bulk", "--to", file, "--text", "hi", "--workers", f"{__name__}:{tasks}", "--journal", "june", *more)
