"""``timrest errors``: what the service's codes mean and what to do about them."""

from collections.abc import Iterable
from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table

from timrest_async._error_codes import CUSTOM_RANGES, ERROR_CODES
from timrest_async.cli.connection import AsJson
from timrest_async.cli.output import CommandFailedError, Failure, facts, reporting
from timrest_async.errors import error_for, explain
from timrest_async.retry import RETRIED_CODES

__all__ = ["errors"]

_WIDE = 400
"""Columns for a table that goes into a file or a pipe: every code stays on one line, for grep."""


def errors(
    wanted: Annotated[
        str | None, typer.Argument(metavar="CODE|WORD", help="One code, or a word of what is looked for.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Look up the service's error codes."""
    with reporting(as_json=as_json) as out:
        if wanted is not None and wanted.isdecimal():
            one = _explained(int(wanted))
            out.result(one, f"{one['code']}  {one['class']}", facts(_in_full(one)))
            return
        found = [_row(code) for code in ERROR_CODES if wanted is None or _mentions(code, wanted)]
        if not found:
            raise _unknown(f"No code has {wanted!r} in its meaning, its advice or its class.")
        if not out.console.is_terminal:
            out.console.width = _WIDE
        out.result(found, _table(found))


def _in_full(row: dict[str, Any]) -> dict[str, str]:
    return {
        "category": row["category"],
        "meaning": row["meaning"],
        "advice": row["advice"],
        "retried": "yes, by the library" if row["retried"] else "no",
    }


def _row(code: int) -> dict[str, Any]:
    known = explain(code)
    return {
        "code": code,
        "category": known.category,
        "class": type(error_for(code, "", "")).__name__,
        "meaning": known.meaning,
        "advice": known.advice,
        "retried": code in RETRIED_CODES,
    }


def _mentions(code: int, word: str) -> bool:
    row = _row(code)
    return any(word.lower() in str(row[key]).lower() for key in ("category", "class", "meaning", "advice"))


def _explained(code: int) -> dict[str, Any]:
    if code in ERROR_CODES or any(code in codes for codes, _ in CUSTOM_RANGES):
        return _row(code)
    raise _unknown(f"{code} is in no document known to this library.")


def _unknown(message: str) -> CommandFailedError:
    return CommandFailedError(
        Failure(error="UnknownCode", message=message, advice="`timrest errors` lists every code that is known.")
    )


def _table(rows: Iterable[dict[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("code", justify="right", style="bold", no_wrap=True)
    table.add_column("category", style="dim", no_wrap=True)
    table.add_column("class", no_wrap=True)
    table.add_column("meaning", overflow="fold")
    for row in rows:
        table.add_row(str(row["code"]), row["category"], row["class"], row["meaning"])
    return table
