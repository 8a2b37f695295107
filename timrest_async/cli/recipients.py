"""Who receives a bulk message, read from a file.

The file is read twice: all of it is looked through before anything is sent, and read again as it is sent, so that
memory does not grow with it. What can be read only once, such as stdin, is kept in a temporary file meanwhile. A row
that cannot be sent is a :class:`BadRow` and knows its line; what is wrong with the file as a whole is a wrong command
line.
"""

from __future__ import annotations

import csv
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast

import typer
from attrs import frozen

from timrest_async._words import shortened, shown
from timrest_async.bulk.jobs import ToAccounts, ToGroups
from timrest_async.cli.output import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import ExitStack

__all__ = ["BadRow", "Format", "Recipients", "Row", "opened"]

Format: TypeAlias = Literal["csv", "jsonl"]
"""How a file holds its rows."""

ACCOUNTS: Final = ("to", "account", "user_id", "id")
"""What the column of the accounts may be called: the first of these that is there. Case and underscores do not count.
"""

GROUPS: Final = ("to", "group", "group_id", "id")
"""The same of groups."""

_FORMATS: Final[dict[str, Format]] = {
    **dict.fromkeys((".csv", ".tsv", ".txt"), "csv"),
    **dict.fromkeys((".json", ".jsonl", ".ndjson"), "jsonl"),
}
_DELIMITERS: Final = ",\t;"
_MARK: Final = b"\xef\xbb\xbf"
"""The byte order mark that some programs write before UTF-8."""


@frozen
class BadRow:
    """A row that cannot be sent."""

    line: int
    """Where it begins, counted from 1."""

    reason: str
    """What is wrong with it."""

    def __str__(self) -> str:
        return f"line {self.line:,}: {visible(self.reason)}"


@frozen
class Row:
    """A row as it was read."""

    line: int
    """Where it begins, counted from 1."""

    to: str
    """Who receives the message."""

    values: Mapping[str, str]
    """What stands in the columns for which the message asks."""


class _BadRowError(Exception):
    """What is wrong with a row."""


def opened(to: str, files: ExitStack) -> IO[bytes]:
    """Open the file *to*, or stdin where that is ``-``, until *files* are closed; it can be read more than once."""
    try:
        if to == "-":
            return _spooled(sys.stdin.buffer, files)
        file = files.enter_context(Path(to).open("rb"))  # noqa: SIM115  # read after this function
        return file if file.seekable() else _spooled(file, files)
    except OSError as error:
        raise typer.BadParameter(f"the recipients cannot be read from {to}: {error.strerror or error}") from None


def _spooled(file: IO[bytes], files: ExitStack) -> IO[bytes]:
    spool = files.enter_context(TemporaryFile())  # noqa: SIM115  # as above
    shutil.copyfileobj(file, spool)
    return spool


class Recipients:
    """The rows of a *file*, as often as they are asked for.

    Args:
        file: what :func:`opened` returned.
        name: how it is called in messages; its suffix tells the format.
        form: the format; when left out, and the suffix does not tell it, a file that begins with ``{`` is JSON Lines.
        column: the column of the recipients, where it is not called by one of the usual names.
        group: whether they are groups.

    """

    def __init__(
        self, file: IO[bytes], name: str, *, form: Format | None = None, column: str | None = None, group: bool = False
    ) -> None:
        self.name: str = name
        """How the file is called."""
        self._file = file
        self._column = column
        self._names = GROUPS if group else ACCOUNTS
        self._limit = (ToGroups if group else ToAccounts).recipient
        self.form: Format = form or _FORMATS.get(Path(name).suffix.lower()) or self._guessed()
        """How it holds its rows."""
        self._columns: list[str] = []
        self._place = 0
        """Which of a row's cells is the recipient; 0 in a list of nothing else."""
        self._first = 0
        """How many lines of the file stand before the first row."""
        if self.form == "csv":
            self._read_header()

    def rows(self, fields: Mapping[str, str]) -> Iterator[Row | BadRow]:
        """Read all rows, with the values of *fields*; where each is asked for stands beside it."""
        self._check(fields)
        records, read = (
            (self._csv_records(), self._read_cells) if self.form == "csv" else (self._json_records(), self._read_json)
        )
        return self._rows(records, read, fields)

    def _rows(
        self,
        records: Iterator[tuple[int, Any]],
        read: Callable[[Any, Iterable[str]], tuple[str, dict[str, str]]],
        fields: Iterable[str],
    ) -> Iterator[Row | BadRow]:
        for line, record in records:
            try:
                to, values = read(record, fields)
                self._check_recipient(to)
            except _BadRowError as error:
                yield BadRow(line, str(error))
            else:
                yield Row(line, to, values)

    def _guessed(self) -> Format:
        """Tell the format by the first sign that is not blank."""
        first = next((line.strip() for line in self._lines() if line.strip()), "")
        return "jsonl" if first.startswith("{") else "csv"

    def _lines(self) -> Iterator[str]:
        """Read the lines from the first on; bytes that are no UTF-8 become half surrogates, to be told with a line."""
        self._file.seek(0)
        first = self._file.readline().removeprefix(_MARK)
        for line in chain([first] if first else [], self._file):
            yield line.decode("utf-8", "surrogateescape")

    def _csv_records(self) -> Iterator[tuple[int, list[str] | csv.Error]]:
        """Read the cells of each row below the header; an error in place of those that cannot be told apart."""
        lines = self._lines()
        first = next(lines, "")
        delimiter = next((sign for sign in _DELIMITERS if sign in first), ",")
        reader = csv.reader(chain([first], lines), delimiter=delimiter, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                record: list[str] | csv.Error = next(reader)
            except csv.Error as error:
                record = error
            except StopIteration:
                return
            if record and line > self._first:
                yield line, record

    def _json_records(self) -> Iterator[tuple[int, str]]:
        return ((number, line) for number, line in enumerate(self._lines(), 1) if line.strip())

    def _read_header(self) -> None:
        """Find the column of the recipients in the first row, which is no header where it is a recipient itself."""
        line, header = next(self._csv_records(), (0, list[str]()))
        try:
            columns = [cell.strip() for cell in _cells(header)]
        except _BadRowError as error:
            raise typer.BadParameter(f"{self.name}, line {line}: {error}") from None
        place = self._found(columns)
        if place is None:
            if self._column is not None or len(columns) > 1:
                raise typer.BadParameter(self._no_column(columns))
            return
        twice = {column for column in columns if column and columns.count(column) > 1}
        if twice:
            raise typer.BadParameter(f"{self.name} has more than one column {shown(min(twice))}")
        self._columns, self._place, self._first = columns, place, line

    def _found(self, columns: Sequence[str]) -> int | None:
        """Tell which of *columns* is the recipient's."""
        if self._column is not None:
            return columns.index(self._column) if self._column in columns else None
        folded = [column.replace("_", "").lower() for column in columns]
        names = (name.replace("_", "") for name in self._names)
        return next((folded.index(name) for name in names if name in folded), None)

    def _no_column(self, columns: Sequence[str]) -> str:
        listed = shortened(", ".join(columns))
        if self._column is not None:
            return f"{self.name} has no column {shown(self._column)}; there are: {listed}"
        usual = " or ".join((", ".join(self._names[:-1]), self._names[-1]))
        return f"{self.name} has no column called {usual}; name the recipients' with --column: {listed}"

    def _check(self, fields: Mapping[str, str]) -> None:
        """Refuse a field that no row can fill."""
        if self.form == "jsonl":
            return
        for name, where in fields.items():
            if name not in self._columns:
                close = get_close_matches(name, self._columns, 1)
                guess = f" (did you mean {close[0]}?)" if close else ""
                listed = f"there are: {shortened(', '.join(self._columns))}" if self._columns else "it is a plain list"
                raise typer.BadParameter(f"{where}: {self.name} has no column {shown(name)}{guess}; {listed}")

    def _check_recipient(self, to: str) -> None:
        if not to:
            raise _BadRowError("there is no recipient")
        if (complaint := self._limit.complaint(to)) is not None:
            raise _BadRowError(f"the recipient {complaint}")
        if not to.isprintable():
            raise _BadRowError(f"the recipient holds a control character: {shown(to)}")

    def _read_cells(self, record: Any, fields: Iterable[str]) -> tuple[str, dict[str, str]]:
        """Read one row of a CSV file."""
        cells, columns = _cells(record), self._columns
        if len(cells) != (len(columns) or 1):
            right = f"the header {len(columns)}" if columns else "a plain list 1"
            raise _BadRowError(f"it has {len(cells)} columns, and {right}")
        values = {name: cells[columns.index(name)] for name in fields}
        return cells[self._place].strip(), _filled(values)

    def _read_json(self, text: str, fields: Iterable[str]) -> tuple[str, dict[str, str]]:
        """Read one line of JSON: an object, or nothing but a recipient."""
        _check_unicode(text)
        try:
            given = json.loads(text, parse_int=str, parse_float=str)  # numbers as they are written
        except json.JSONDecodeError as error:
            raise _BadRowError(f"it is no JSON: {error.msg}, column {error.colno}") from None
        except RecursionError:
            raise _BadRowError("it is nested too deeply") from None
        if isinstance(given, str):
            return given, _filled(dict.fromkeys(fields, ""))
        if not isinstance(given, dict):
            raise _BadRowError("each line has to hold one JSON object, or a recipient as a string")
        row = cast("dict[str, Any]", given)
        keys = list(row)
        if (place := self._found(keys)) is None:
            raise _BadRowError("there is no recipient")
        return _as_text(keys[place], row), _filled({name: _as_text(name, row) for name in fields})


def _cells(record: list[str] | csv.Error) -> list[str]:
    if isinstance(record, csv.Error):
        raise _BadRowError(f"its quotes do not fit: {record}")
    for cell in record:
        _check_unicode(cell)
    return record


def _check_unicode(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _BadRowError("it is not written in UTF-8") from None


def _as_text(name: str, row: Mapping[str, Any]) -> str:
    """Return what stands in a row as *name*: text, a number as it is written, or nothing."""
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _BadRowError(f"{shown(name)} has to be text or a number, not {shortened(json.dumps(value), 60)}")
    return value


def _filled(values: dict[str, str]) -> dict[str, str]:
    for name, value in values.items():
        if not value:
            raise _BadRowError(f"there is no value for {shown(name)}")
    return values
