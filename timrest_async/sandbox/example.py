"""The Python that sends what a call sent: ``await tim.messages.send("lumotuwe2", "hi", from_account="lumotuwe1")``.

A body is read as the class of its command, and what was read is written as a call of the typed method, each argument
in the shortest form that the method takes. Where that would not send the same body, ``tim.call(path, body)`` is.
"""

from __future__ import annotations

import json
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import attrs
from attrs import frozen

from timrest_async import elements
from timrest_async._codec import read, write
from timrest_async._wire import Struct, WireField, fields_of, rest_fields, wire_fields
from timrest_async.commands._command import Command, next_seq, random_u32
from timrest_async.commands._registry import find
from timrest_async.elements import Text
from timrest_async.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from timrest_async.commands._registry import CommandEntry

__all__ = ["python"]

WIDTH: Final = 100
"""What would be longer stands on several lines."""

_DRAWN: Final = (next_seq, random_u32)
"""What the library draws for each message, so that the service tells it from the last one."""


@frozen
class _Group:
    """Parts in brackets: a call, a list or a dict."""

    opening: str
    parts: list[tuple[str, _Code]]
    """Each with what stands before it: ``name=`` or ``key:``."""
    closing: str
    made: type[Struct] | None = None
    """The class that is called, if it is one."""


_Code: TypeAlias = "str | _Group"


def python(path: str, body: Mapping[str, Any], *, exact: bool = False) -> str:
    """Return the lines that send *body* to the command *path*.

    Numbers by which the service tells a repeat are left to the library, which draws new ones; *exact* writes them too,
    so that what is sent is what was sent.
    """
    entry = find(path)
    command = None if entry is None else _read(entry, body, exact=exact)
    if entry is None or command is None:
        return f"await {_laid(_Group('tim.call(', [('', _text(path)), ('', _value(dict(body)))], ')'))}\n"
    call = _Group(f"{entry.call}(", _arguments(command, exact=exact), ")")
    return f"{_imports(call, entry)}await {_laid(call)}\n"


def _read(entry: CommandEntry, body: Mapping[str, Any], *, exact: bool) -> Command[Any] | None:
    """Read *body* as a command that sends the same, if there is one."""
    drawn = {field.name: field for field in wire_fields(entry.command) if _is_drawn(field)}
    try:
        command = read(body, entry.command)
        if exact:
            command = attrs.evolve(command, **{name: body.get(field.wire) for name, field in drawn.items()})
    except InputError:
        return None
    ignored = set[str]() if exact else {field.wire for field in drawn.values()}
    return command if _same(write(command), body, ignored) else None


def _is_drawn(field: WireField) -> bool:
    return field.drawn and field.default.factory in _DRAWN


def _same(made: Mapping[str, Any], given: Mapping[str, Any], ignored: set[str]) -> bool:
    """Compare as JSON, to which 1, 1.0 and true are three things."""
    one, other = (
        json.dumps({key: fields[key] for key in fields if key not in ignored}, sort_keys=True)
        for fields in (made, given)
    )
    return one == other


# -- values as code


def _arguments(value: Struct, *, exact: bool) -> list[tuple[str, _Code]]:
    """Write what *value* is made of, as its class takes it."""
    fields = fields_of(type(value))
    leading = [*takewhile(lambda field: _leads(field, value), (field for field in fields if not field.kw_only))]
    named = [field for field in fields if field not in leading and not _is_left_out(field, value, exact=exact)]
    return [
        *(("", _argument(field, value)) for field in leading),
        *((f"{field.name}=", _argument(field, value)) for field in named),
    ]


def _leads(field: attrs.Attribute[Any], value: Struct) -> bool:
    """Whether *field* is clear without its name: what is required, and the second of two."""
    if field.default is attrs.NOTHING:
        return True
    return len(fields_of(type(value))) == 2 and getattr(value, field.name) != field.default


def _is_left_out(field: attrs.Attribute[Any], value: Struct, *, exact: bool) -> bool:
    given, default = getattr(value, field.name), cast("Any", field.default)
    if field.name in rest_fields(type(value)):
        return not given
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
        return not exact and default.factory in _DRAWN
    return bool(given == default)


def _argument(field: attrs.Attribute[Any], value: Struct) -> _Code:
    given, converter = getattr(value, field.name), cast("Any", field).converter
    if converter is not None and type(given) is list:
        items = cast("list[object]", given)
        return _value(next((form for form in _shorter(items) if _makes(converter, form, items)), items))
    return _value(given)


def _shorter(items: list[object]) -> Iterator[Any]:
    """Suggest what a method might take for a list of objects, the shortest first."""
    structs = [item for item in items if isinstance(item, Struct)]
    if not structs or len(structs) < len(items):
        return
    if len(structs) == 1:
        yield structs[0].text if isinstance(structs[0], Text) else structs[0]
    firsts = [[getattr(item, field.name) for field in fields_of(type(item))[:2]] for item in structs]
    yield [first for first, *_ in firsts]
    if all(len(pair) == 2 and isinstance(pair[0], str) for pair in firsts):
        yield dict(firsts)


def _makes(converter: Any, form: Any, value: Any) -> bool:
    try:
        return bool(converter(form) == value)
    except (InputError, TypeError, AttributeError):
        return False


def _value(value: Any) -> _Code:
    if isinstance(value, Struct):
        return _Group(f"{type(value).__name__}(", _arguments(value, exact=True), ")", type(value))
    if isinstance(value, list):
        items = cast("list[object]", value)
        return _Group("[", [("", _value(item)) for item in items], "]")
    if type(value) is dict:
        entries = cast("dict[str, Any]", value)
        return _Group("{", [(f"{_text(key)}: ", _value(item)) for key, item in entries.items()], "}")
    return _text(value) if isinstance(value, str) else repr(value)


def _text(value: str) -> str:
    """Write *value* in double quotes, unless it holds some."""
    shown = repr(value)
    return shown if '"' in value or shown[0] == '"' else f'"{shown[1:-1]}"'


# -- code as lines


def _flat(code: _Code) -> str:
    if isinstance(code, str):
        return code
    return f"{code.opening}{', '.join(before + _flat(part) for before, part in code.parts)}{code.closing}"


def _laid(code: _Code, indent: str = "", before: str = "await ") -> str:
    """Break *code* into lines where it is too long for one."""
    line = _flat(code)
    if isinstance(code, str) or not code.parts or len(indent + before + line) <= WIDTH:
        return line
    inner = f"{indent}    "
    parts = (f"{inner}{name}{_laid(part, inner, name)},\n" for name, part in code.parts)
    return f"{code.opening}\n{''.join(parts)}{indent}{code.closing}"


# -- what has to be imported


def _imports(call: _Group, entry: CommandEntry) -> str:
    """Return the lines that import the classes which *call* names, and an empty one behind them."""
    names: dict[str, set[str]] = {}
    for made in _classes(call):
        source = "timrest_async" if made.__module__ == elements.__name__ else entry.command.__module__
        names.setdefault(source, set()).add(made.__name__)
    lines = [f"from {source} import {', '.join(sorted(found))}\n" for source, found in sorted(names.items())]
    return "".join([*lines, "\n"]) if lines else ""


def _classes(code: _Code) -> Iterator[type[Struct]]:
    """Go through the classes that *code* builds something of."""
    if isinstance(code, _Group):
        if code.made is not None:
            yield code.made
        for _, part in code.parts:
            yield from _classes(part)
