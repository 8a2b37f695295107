"""A bulk run at workers: who they are, what the run is called, and how it is handed over to them."""

from __future__ import annotations

import sys
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import typer

from timrest_async.cli.output import visible

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from timrest_async.bulk import Job
    from timrest_async.bulk.cutter import Duplicates
    from timrest_async.cli.outcomes import Followed

__all__ = ["Tasks", "hand_over", "name_of_run", "tasks_at"]


class Tasks(Protocol):
    """Whoever hands a job to workers."""

    def submit(self, job: Job[Any, Any], *, name: str, duplicates: Duplicates = "drop") -> Followed:
        """Hand *job* over, as the run *name*."""
        ...


def name_of_run(journal: str | None, theirs: Mapping[str, object]) -> str:
    """Return the name of a run at workers, whose own settings are theirs."""
    given = [option for option, value in theirs.items() if value is not None]
    if given:
        raise typer.BadParameter(f"{', '.join(given)}: workers have settings of their own")
    if journal is None:
        raise typer.BadParameter("--workers needs a --journal, the name by which the run is found again")
    return journal


def tasks_at(spec: str) -> Tasks:
    """Import the object that hands jobs to workers."""
    module, _, name = spec.partition(":")
    if not all(part.isidentifier() for part in (*module.split("."), name)):
        raise typer.BadParameter(f"--workers takes MODULE:NAME, such as tasks:bulk, not {visible(spec)}")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    try:
        imported = import_module(module)
    except ImportError as error:
        raise typer.BadParameter(f"{module} cannot be imported: {error}") from None
    found = getattr(imported, name, None)
    if not callable(getattr(found, "submit", None)):
        raise typer.BadParameter(f"{spec} is nothing to which a job can be submitted")
    return cast("Tasks", found)


@asynccontextmanager
async def hand_over(tasks: Tasks, job: Job[Any, Any], *, name: str, duplicates: Duplicates) -> AsyncGenerator[Followed]:
    """Begin a run of workers."""
    async with AsyncExitStack() as opened:
        if isinstance(tasks, AbstractAsyncContextManager):
            await opened.enter_async_context(cast("AbstractAsyncContextManager[object]", tasks))
        yield tasks.submit(job, name=name, duplicates=duplicates)
