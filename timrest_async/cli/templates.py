"""The message of a bulk run, whose strings are templates.

A template is data and no code: a field is filled with the value of a column, and nothing else stands in braces. What is
wrong with one is a wrong command line, told with its line and column.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

import typer
from attrs import frozen

from timrest_async._words import shortened
from timrest_async.cli.output import visible

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Message"]

_PIECE: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_FIELD: Final = re.compile(r"\w(?:[\w -]*\w)?")


@frozen
class _Template:
    """Text with fields: by turns what stands there, and the name of a field."""

    pieces: Sequence[str]

    def fill(self, values: Mapping[str, str]) -> str:
        return "".join(values[piece] if at % 2 else piece for at, piece in enumerate(self.pieces))


@frozen
class _Json:
    """Data that goes out as the text of its JSON, so that no value can break out of its place."""

    data: Any

    def fill(self, values: Mapping[str, str]) -> str:
        return json.dumps(_fill(self.data, values), ensure_ascii=False, separators=(",", ":"))


class Message:
    """The body of a message as the manual has it; its strings may hold ``{fields}``, ``{{`` and ``}}`` for braces.

    A field is the name of a column and nothing else, so that a template can do nothing but put its value there. The
    Data of a custom element may be an object; it goes out as JSON.
    """

    def __init__(self, body: Mapping[str, Any], where: str) -> None:
        self.fields: dict[str, str] = {}
        """The fields, and where each stands first."""
        self._where = where
        self._parts = self._read(dict(body), "")

    @classmethod
    def saying(cls, text: str) -> Message:
        """Make a message of one text, that of ``--text``."""
        message = cls({}, "--text")
        content = {"Text": message._read_text(text, "")}
        message._parts = {"MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": content}]}
        return message

    @classmethod
    def in_file(cls, path: Path) -> Message:
        """Read the message that is in the file *path*: a list of elements, or a body of the manual."""
        try:
            given: Any = json.loads(path.read_text(encoding="utf-8-sig"))
        except json.JSONDecodeError as error:
            raise typer.BadParameter(f"{path} is no JSON: {error}") from None
        except (OSError, RecursionError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text, or is nested too deeply"
            raise typer.BadParameter(f"the message cannot be read from {path}: {reason}") from None
        if isinstance(given, list):
            return cls({"MsgBody": given}, path.name)
        if not isinstance(given, dict):
            raise typer.BadParameter(f"{path} has to hold a list of elements, or a body of the manual")
        return cls(cast("dict[str, Any]", given), path.name)

    def fill(self, values: Mapping[str, str]) -> dict[str, Any]:
        """Return the body with *values* in place of the fields."""
        return cast("dict[str, Any]", _fill(self._parts, values))

    def _read(self, value: Any, place: str) -> Any:
        if isinstance(value, str):
            return self._read_text(value, place)
        if isinstance(value, list):
            return [self._read(item, f"{place}[{at}]") for at, item in enumerate(cast("list[object]", value))]
        if not isinstance(value, dict):
            return value
        parts = {
            key: self._read(item, f"{place}.{key}".lstrip(".")) for key, item in cast("dict[str, Any]", value).items()
        }
        content = parts.get("MsgContent")
        if parts.get("MsgType") == "TIMCustomElem" and isinstance(content, dict) and "Data" in content:
            data = cast("dict[str, Any]", content)["Data"]
            parts["MsgContent"] = content | {"Data": data if isinstance(data, str | _Template) else _Json(data)}
        return parts

    def _read_text(self, text: str, place: str) -> str | _Template:
        """Take *text* apart, and remember its fields."""
        pieces, at = [""], 0
        for match in _PIECE.finditer(text):
            pieces[-1] += text[at : match.start()]
            at = match.end()
            if match[0] in {"{{", "}}"}:
                pieces[-1] += match[0][0]
                continue
            line = text.count("\n", 0, match.start()) + 1
            column = match.start() - text.rfind("\n", 0, match.start())
            where = ", ".join(filter(None, (self._where, place, f"line {line}, column {column}")))
            if match[1] is None or _FIELD.fullmatch(match[1]) is None:
                raise typer.BadParameter(
                    f"{where}: {visible(shortened(match[0], 60))} is no field; a field is the name of a column in"
                    " braces, and {{ and }} are braces themselves"
                )
            self.fields.setdefault(match[1], where)
            pieces += [match[1], ""]
        pieces[-1] += text[at:]
        return pieces[0] if len(pieces) == 1 else _Template(pieces)


def _fill(part: Any, values: Mapping[str, str]) -> Any:
    if isinstance(part, _Template | _Json):
        return part.fill(values)
    if isinstance(part, list):
        return [_fill(item, values) for item in cast("list[object]", part)]
    if isinstance(part, dict):
        return {key: _fill(item, values) for key, item in cast("dict[str, Any]", part).items()}
    return part
