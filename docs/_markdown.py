"""Markdown as GitHub reads it, and docstrings turned into it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["anchor", "block", "code", "from_docstring", "table"]

_MARK: Final = re.compile(
    r"``(?P<code>.+?)``|:\w+:`(?P<target>[^`]+)`|\*\*(?P<strong>.+?)\*\*|\*(?P<parameter>\w[^*]*)\*"
)
_RAISED: Final = re.compile(r"^ +(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


def anchor(heading: str) -> str:
    """Return that by which GitHub lets one jump to a *heading*."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def block(lines: str) -> str:
    """Set *lines* of Python apart."""
    return f"```python\n{lines}\n```"


def code(words: object) -> str:
    """Set *words* as code."""
    return f"`{words}`"


def table(heads: list[str], rows: Iterable[list[str]]) -> str:
    """Make a table. A bar inside a cell is escaped, which GitHub wants even in code."""
    cells = ([cell.replace("|", r"\|") or " " for cell in row] for row in rows)
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *cells))


def from_docstring(words: str, refer: Callable[[str], str]) -> str:
    """Turn *words* into Markdown; *refer* writes out what a role such as ``:class:`` names."""
    return "\n\n".join(_paragraph(said, refer) for said in words.split("\n\n"))


def _paragraph(words: str, refer: Callable[[str], str]) -> str:
    if words.startswith("Raises:"):
        return "\n".join(f"Raises {code(error)}: {_line(why, refer)}" for error, why in _RAISED.findall(words))
    return _line(words, refer)


def _line(words: str, refer: Callable[[str], str]) -> str:
    words, made, end = " ".join(words.split()), "", 0
    for mark in _MARK.finditer(words):
        made += _plain(words[end : mark.start()]) + _marked(mark, refer)
        end = mark.end()
    return made + _plain(words[end:])


def _marked(mark: re.Match[str], refer: Callable[[str], str]) -> str:
    if mark["target"]:
        return refer(mark["target"])
    return f"**{_plain(mark['strong'])}**" if mark["strong"] else code(mark["code"] or mark["parameter"])


def _plain(words: str) -> str:
    """Escape what Markdown would take for marks of its own."""
    return re.sub(r"[\\*\[\]<`]|(?<!\w)_|_(?!\w)", r"\\\g<0>", words)
