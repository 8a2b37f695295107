"""The end of a bulk run: its numbers, who was not reached and why, how to go on, and the exit code for all that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import typer
from rich.text import Text

from timrest_async.cli.output import Output, facts, tell, visible
from timrest_async.cli.progress import duration
from timrest_async.cli.report_file import COLUMNS, cells_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from timrest_async.bulk import Outcome
    from timrest_async.cli.items import Looked
    from timrest_async.cli.outcomes import Told

__all__ = ["how_to_go_on", "sum_up"]

FAILED: Final = 10
"""So many of those that were not sent are listed."""


def sum_up(out: Output, told: Told, looked: Looked, kept: Mapping[str, object]) -> None:
    """Hand over the numbers, and end with the exit code that stands for them."""
    progress = told.run.progress
    counts: dict[str, int] = {**{str(status): n for status, n in progress.counts.items()}, "left_out": looked.bad}
    value = {
        **counts,
        "seconds": round(progress.seconds, 3),
        "stopped": told.stopped,
        "not_sent": [
            {name: cell for name, cell in zip(COLUMNS, cells_of(outcome), strict=True) if cell not in {None, ""}}
            for outcome in told.not_sent
        ],
    }
    of = progress.sent if progress.total is None else progress.total
    words = f"sent to {progress.sent:,} of {of:,} in {duration(progress.seconds)}"
    earlier = f"{progress.earlier:,} of them by earlier runs" if progress.earlier else None
    rows = {name.replace("_", " "): f"{number:,}" for name, number in counts.items() if number}
    out.result(
        value, Text(f"stopped; {words}" if told.stopped else words, "bold"), facts({**rows, "earlier": earlier, **kept})
    )
    out.show(*_failed(told))
    if told.stopped:
        tell(how_to_go_on(kept["journal"]))
        raise typer.Exit(130)
    if progress.refused or progress.unknown:
        raise typer.Exit(1)


def _failed(told: Told) -> list[Text]:
    """Say of the first who were not reached why."""
    lines = [
        Text(visible(f"  {one.status} {one.recipient}: {_why(one)}"), "red" if one.status == "refused" else "yellow")
        for one in told.not_sent[:FAILED]
    ]
    return [*lines, Text("  and more; --report lists all of them")] if len(told.not_sent) > FAILED else lines


def _why(outcome: Outcome) -> str:
    code = "" if outcome.code is None else f"{outcome.code}. {outcome.meaning}"
    return " ".join(filter(None, (code, outcome.info)))


def how_to_go_on(journal: object) -> str:
    """Say what becomes of the rest of a run that ended too early."""
    if journal is None:
        return "Without a --journal a further run begins with the first of them."
    return "Go on with the same command and --resume."
