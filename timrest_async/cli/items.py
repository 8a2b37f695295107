"""What a job reads of a file, and looking through all of it before anything is sent.

Rows that cannot be sent stop everything, unless they are to be left out; the first of them are listed with their lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sized
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

import typer
from attrs import define, field

from timrest_async.bulk.seen import Seen
from timrest_async.cli.output import Failure, Output, stderr, tell
from timrest_async.cli.recipients import BadRow, Recipients, Row
from timrest_async.errors import InputError

if TYPE_CHECKING:
    from timrest_async.bulk import Job
    from timrest_async.bulk.cutter import Duplicates

__all__ = ["Items", "Looked", "look_through"]

SHOWN: Final = 20
"""So many bad rows are listed."""


class Items(Sized):
    """What a job reads: each row that can be sent, *made* into an item.

    Bad rows stop it, unless *skip_bad*; it has been looked through before.
    """

    def __init__(
        self, recipients: Recipients, fields: Mapping[str, str], made: Callable[[Row], Any], *, skip_bad: bool
    ) -> None:
        self._recipients = recipients
        self._fields = fields
        self._made = made
        self._skip_bad = skip_bad
        self._total = 0

    def __len__(self) -> int:
        return self._total

    def __iter__(self) -> Iterator[Any]:
        for item in self._each():
            if not isinstance(item, BadRow):
                yield item[1]
            elif not self._skip_bad:
                raise InputError(f"{self._recipients.name} was changed while it was read; {item}")

    def look_through(self) -> Iterator[BadRow | tuple[int, Any]]:
        """Read everything once, items with the lines where they stand, and count those that can be sent."""
        self._total = 0
        for item in self._each():
            self._total += not isinstance(item, BadRow)
            yield item

    def _each(self) -> Iterator[BadRow | tuple[int, Any]]:
        for row in self._recipients.rows(self._fields):
            if isinstance(row, BadRow):
                yield row
                continue
            try:
                item = self._made(row)
            except InputError as error:
                yield BadRow(row.line, str(error))
            else:
                yield row.line, item


@define
class Looked:
    """What was found when a file was looked through."""

    name: str
    """How the file is called."""

    bad: int = 0
    """How many rows cannot be sent."""

    first: list[BadRow] = field(factory=list[BadRow])
    """The first of them."""

    def found(self, row: BadRow) -> None:
        """Take note of a row that cannot be sent."""
        self.bad += 1
        if self.bad <= SHOWN:
            self.first.append(row)

    @property
    def listed(self) -> list[str]:
        """The first of them in words, and how many more there are."""
        more = self.bad - len(self.first)
        return [*map(str, self.first), *([f"and {more:,} more"] if more else [])]


def look_through(out: Output, job: Job[Any, Any], name: str, duplicates: Duplicates, *, skip_bad: bool) -> Looked:
    """Read everything once; nothing is sent where something is wrong with it."""
    looked, twice = Looked(name), Looked(name)
    items = cast("Items", job.items)
    with closing(Seen()) as seen, stderr().status(f"Looking through {name}"):
        for found in items.look_through():
            if isinstance(found, BadRow):
                looked.found(found)
            elif duplicates == "fail":
                line, item = found
                for first in seen.add([job.split(item)], line).values():
                    twice.found(BadRow(line, f"the same message to the same recipient stands in line {first:,}"))
    if looked.bad and not skip_bad:
        _refuse(out, looked, "cannot be sent", "Correct them, or leave them out with --skip-bad.")
    if twice.bad:
        _refuse(out, twice, "say what an earlier one says", "Take them out, or say --duplicates drop or keep.")
    if not len(items):
        raise typer.BadParameter(f"{name} holds nobody to whom anything could be sent")
    if looked.bad and not out.as_json:
        tell(f"{looked.bad:,} bad rows of {name} are left out:", *looked.listed)
    return looked


def _refuse(out: Output, bad: Looked, what: str, advice: str) -> NoReturn:
    """List rows that stop everything, and end."""
    rows = f"{bad.bad:,} rows of" if bad.bad > 1 else "A row of"
    message = f"{rows} {bad.name} {what}. Nothing was sent."
    out.fail(Failure(error="BadRowsError", message=message, advice=advice, notes=bad.listed if out.as_json else ()))
    if not out.as_json:
        tell(*bad.listed)
    raise typer.Exit(2)
