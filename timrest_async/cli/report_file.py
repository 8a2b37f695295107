"""The report of a bulk run: a CSV file with a row for each outcome.

It is written beside its place, and put there when the run is over; a run that told nothing leaves what was there.
"""

from __future__ import annotations

import csv
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Final

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from timrest_async.bulk import Outcome

__all__ = ["COLUMNS", "cells_of", "forget", "report_to"]

COLUMNS: Final = {
    "recipient": "recipient",
    "item": "index",
    **{name: name for name in ("status", "code", "meaning", "info", "msg_key", "msg_time", "attempts")},
}
"""What stands in a report, and what that is of an outcome."""

cells_of: Final = attrgetter(*COLUMNS.values())


@contextmanager
def report_to(path: Path | None) -> Generator[Callable[[Outcome], None]]:
    """Give what writes a row of the report, which is put in its place when it is complete, if there is any."""
    if path is None:
        yield forget
        return
    if path.is_dir():
        raise typer.BadParameter(f"{path} is a directory, and no report can stand in its place")
    try:
        file = NamedTemporaryFile(  # noqa: SIM115  # closed below, and kept
            "w",
            encoding="utf-8",
            errors="backslashreplace",
            newline="",
            dir=path.absolute().parent,
            prefix=f".{path.name}-",
            delete=False,
        )
    except OSError as error:
        raise typer.BadParameter(f"the report cannot be written to {path}: {error.strerror}") from None
    told = False
    rows = csv.writer(file)
    rows.writerow(COLUMNS)

    def write(outcome: Outcome) -> None:
        nonlocal told
        told = True
        rows.writerow(cells_of(outcome))

    try:
        yield write
    finally:
        file.close()
        if told:
            Path(file.name).replace(path)
        else:
            Path(file.name).unlink()


def forget(_: Outcome) -> None:
    """Write nothing: the journal has it."""
