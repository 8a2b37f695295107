"""Where everything is kept: one SQLite database, in memory or in a file.

The tables stand in the ``.sql`` files beside the families of commands in ``play/``; their columns are called as the
manual calls the fields, so a row is nearly the answer. A column of the type ``TIMJSON`` holds a list or an object and
is read as such. Nothing is kept until :meth:`Store.commit`, so a call that is refused half-way leaves no trace.
"""

from __future__ import annotations

import re
import sqlite3
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from weakref import finalize

from timrest_async._codec import from_json, to_json
from timrest_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Row", "Store", "packed", "present"]

Row: TypeAlias = dict[str, Any]
"""A row: its columns by their names."""

VERSION: Final = 1
"""Of the tables; a file of another one is not opened."""

sqlite3.register_converter("TIMJSON", from_json)


def packed(value: Any) -> str:
    """Write *value* as the JSON that a ``TIMJSON`` column holds, or that ``json_each`` takes apart."""
    return to_json(value).decode()


def present(row: Mapping[str, Any]) -> Row:
    """Leave out what is ``NULL``: it is absent on the wire."""
    return {name: value for name, value in row.items() if value is not None}


class Store:
    """The tables of one application."""

    def __init__(self, file: Path | None = None) -> None:
        self._db = sqlite3.connect(
            file or ":memory:", detect_types=sqlite3.PARSE_DECLTYPES, cached_statements=512, check_same_thread=False
        )
        self._closing = finalize(self, self._db.close)
        self._open(file)

    def _open(self, file: Path | None) -> None:
        self._db.row_factory = _row
        try:
            version = self.value("PRAGMA user_version")
            self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA foreign_keys=ON")
        except sqlite3.DatabaseError as error:
            raise ConfigError(f"{file} cannot be opened as the sandbox's data: {error}") from error
        if version not in {0, VERSION}:
            raise ConfigError(f"{file} was written by another version of the sandbox ({version}, not {VERSION})")
        self._db.executescript(f"{_schema()}; PRAGMA user_version={VERSION}")

    def _execute(self, sql: str, values: tuple[Any, ...]) -> sqlite3.Cursor:
        named = _named(sql)
        if named is None:
            return self._db.execute(sql, values)
        return self._db.execute(named, {f"p{number}": value for number, value in enumerate(values, 1)})

    def row(self, sql: str, *values: Any) -> Row | None:
        """Return the first row, or ``None``."""
        found: Row | None = self._execute(sql, values).fetchone()
        return found

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """Return every row."""
        return self._execute(sql, values).fetchall()

    def value(self, sql: str, *values: Any) -> Any:
        """Return the first column of the first row, or ``None``."""
        found = self.row(sql, *values)
        return None if found is None else next(iter(found.values()))

    def values(self, sql: str, *values: Any) -> list[Any]:
        """Return the first column of every row."""
        return [next(iter(row.values())) for row in self.rows(sql, *values)]

    def run(self, sql: str, *values: Any) -> int:
        """Change rows, and return how many."""
        return self._execute(sql, values).rowcount

    def insert(self, table: str, row: Mapping[str, Any], *, replace: bool = False) -> int:
        """Put *row* in, lists and objects as JSON, and return its number; *replace* another that has its key."""
        cursor = self._db.execute(_insertion(table, tuple(row), replace=replace), [*map(_stored, row.values())])
        return cursor.lastrowid or 0

    @property
    def changing(self) -> bool:
        """Whether something was changed since the last commit."""
        return self._db.in_transaction

    def commit(self) -> None:
        """Keep what was changed."""
        self._db.commit()

    def rollback(self) -> None:
        """Forget what was changed since the last commit."""
        self._db.rollback()

    def tables(self) -> list[str]:
        """Name the tables."""
        names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
        return self.values(names)

    def dump(self) -> dict[str, list[Row]]:
        """Return every row of every table."""
        return {table: self.rows(f'SELECT * FROM "{table}"') for table in self.tables()}  # noqa: S608  # our own name

    def load(self, dumped: Mapping[str, list[Row]]) -> None:
        """Put the rows of *dumped* in the place of all that are here; :class:`ConfigError` if they do not fit."""
        if unknown := sorted(dumped.keys() - self.tables()):
            raise ConfigError(f"the sandbox keeps no {', '.join(unknown)}; it keeps {', '.join(self.tables())}")
        self._db.execute("BEGIN")
        try:
            self._db.execute("PRAGMA defer_foreign_keys=ON")
            self.clear()
            for table, rows in dumped.items():
                for row in rows:
                    self.insert(table, row)
            self.commit()
        except (sqlite3.Error, AttributeError, TypeError) as error:
            self.rollback()
            raise ConfigError(f"this is not what the sandbox exports: {error}") from error

    def clear(self) -> None:
        """Remove every row."""
        for table in self.tables():
            self.run(f'DELETE FROM "{table}"')  # noqa: S608  # our own name

    def close(self) -> None:
        """Close the database; what is forgotten closes by itself."""
        self._closing()


@cache
def _named(sql: str) -> str | None:
    """Return *sql* with a name for each place, where places have numbers (``?1``): Python binds those by names alone.

    As in SQLite, a place without a number has the next one after the highest before it.
    """
    if _NUMBERED.search(sql) is None:
        return None
    highest = 0

    def name(place: re.Match[str]) -> str:
        nonlocal highest
        number = int(place[1] or highest + 1)
        highest = max(highest, number)
        return f":p{number}"

    return _PLACE.sub(name, sql)


_PLACE: Final = re.compile(r"\?(\d*)")
_NUMBERED: Final = re.compile(r"\?\d")


def _row(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}


@cache
def _schema() -> str:
    """Read the tables of all families."""
    found = files("timrest_async.sandbox.play").iterdir()
    return "\n".join(sorted(file.read_text(encoding="utf-8") for file in found if file.name.endswith(".sql")))


@cache
def _insertion(table: str, columns: tuple[str, ...], *, replace: bool) -> str:
    names, marks = ", ".join(f'"{column}"' for column in columns), ", ".join("?" * len(columns))
    return f'INSERT {"OR REPLACE" if replace else ""} INTO "{table}" ({names}) VALUES ({marks})'  # noqa: S608  # names


def _stored(value: Any) -> Any:
    return packed(value) if isinstance(value, list | dict) else value
