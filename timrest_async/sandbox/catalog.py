"""All commands as the page's form shows them: what they take, in plain JSON types, and the least that they take.

Beside them stand the callbacks, each with the least that its event holds.
"""

from __future__ import annotations

import inspect
import re
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias, Union, get_args, get_origin

from timrest_async._bounds import Between
from timrest_async._rates import BELOW_DEFAULT
from timrest_async._wire import Struct, marks_of, wire_fields
from timrest_async.commands._registry import commands, fields_in
from timrest_async.commands._reply import Part
from timrest_async.elements import Element
from timrest_async.sandbox.callbacks import CALLBACKS
from timrest_async.sandbox.example import python
from timrest_async.webhook.event import Event
from timrest_async.webhook.events import EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from timrest_async._wire import WireField
    from timrest_async.commands._registry import CommandEntry, FieldEntry
    from timrest_async.sandbox.callbacks import Callback

__all__ = ["catalog"]

Json: TypeAlias = dict[str, Any]

MANUALS: Final = {
    "269": "https://cloud.tencent.com/document/product/269",
    "1047": "https://www.tencentcloud.com/document/product/1047",
}
"""Where the manual's documents stand, by the number of the product."""


@cache
def catalog() -> Json:
    """Return the commands, by their names the types that their fields are of, and the callbacks."""
    types: dict[str, list[Json]] = {}
    for entry in commands():
        for struct in _inside(entry.request):
            types[_type_name(struct)] = _fields(struct)
    return {
        "commands": [_command(entry) for entry in commands()],
        "types": types,
        "callbacks": [_callback(callback) for callback in CALLBACKS.values()],
    }


def _command(entry: CommandEntry) -> Json:
    limit, sample = BELOW_DEFAULT.get(entry.path), _least(entry.command)
    return {
        "path": entry.path,
        "domain": entry.domain,
        "method": entry.call,
        "summary": _plain(entry.summary),
        "document": entry.document,
        "url": _url(entry.document),
        "limit": None if limit is None else {"calls": limit.calls, "per": limit.per},
        "fields": _fields(entry.command),
        "sample": sample,
        "python": python(entry.path, sample),
    }


def _callback(callback: Callback) -> Json:
    """Describe *callback*; the sandbox adds EventTime to what is fired, so that is in no sample."""
    event = EVENTS.get(callback.command, Event)
    words = " ".join((inspect.getdoc(event) or "").split())
    document = re.search(r"Documents? (\d+/\d+)", words)
    return {
        "command": callback.command,
        "kind": callback.kind,
        "summary": _plain(re.split(r"(?<=\.)\s", words)[0]),
        "document": document and document[1],
        "url": _url(document and document[1]),
        "sample": _least(event),
    }


def _url(document: str | None) -> str | None:
    """Return where a document of the manual stands."""
    product, _, page = (document or "").partition("/")
    return f"{MANUALS[product]}/{page}" if product in MANUALS else None


def _fields(cls: type[Struct]) -> list[Json]:
    hints = {field.wire: field.type for field in wire_fields(cls)}
    return [_field(entry, hints[entry.wire]) for entry in fields_in(cls)]


def _field(entry: FieldEntry, hint: Any) -> Json:
    return {
        "wire": entry.wire,
        "name": entry.name,
        "type": entry.type,
        "required": entry.required,
        "about": _plain(entry.about),
        "values": list(_values(hint)),
        "struct": None if entry.struct is None else _type_name(entry.struct),
    }


def _inside(fields: list[FieldEntry]) -> Iterator[type[Struct]]:
    """Go through the types of *fields*, and of what those hold."""
    for field in fields:
        if field.struct is not None:
            yield field.struct
            yield from _inside(fields_in(field.struct))


def _type_name(struct: type[Struct]) -> str:
    return f"{struct.__module__.rpartition('.')[2]}.{struct.__name__}"


def _values(hint: Any) -> Iterator[str | int]:
    """Go through the values of a closed set, unless it is one of the items of a list."""
    if get_origin(hint) is Literal:
        yield from get_args(hint)
    elif get_origin(hint) not in {list, dict}:
        for argument in get_args(hint):
            yield from _values(argument)


_MARKS: Final = re.compile(r":\w+:`~?(?:[\w.]*\.)?(\w+)`|``(.+?)``|\*{1,2}(\w+)\*{1,2}")


def _plain(words: str) -> str:
    """Take the marks of a docstring out of *words*."""
    return _MARKS.sub(lambda mark: mark[mark.lastindex or 0], words)


# -- the least that a command takes


def _least(cls: type[Struct]) -> Json:
    return {field.wire: _usual(cls, field) for field in wire_fields(cls) if not field.optional}


def _usual(cls: type[Struct], field: WireField) -> Any:
    """Return a value for a *field* of *cls*: of what the service writes, that which stands for none, but for ids."""
    if issubclass(cls, Part) and not (field.required or field.drawn):
        return _named(field.wire, "") if field.default == "" else field.default
    return _some(field.wire, field.type)


def _some(name: str, hint: Any) -> Any:
    """Return a value of a kind, for a field that is called *name*."""
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Literal:
        return inside[0]
    if origin in {Annotated, Union, UnionType}:
        least = _some(name, inside[0])
        return next((mark.low for mark in marks_of(hint) if isinstance(mark, Between)), least)
    if origin is list:
        return [_some(name, inside[0])]
    if isinstance(hint, type) and issubclass(hint, Struct):
        return {"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}} if hint is Element else _least(hint)
    if hint in {str, Any}:
        return _named(name, "text")
    return (origin or hint)()


def _named(name: str, otherwise: str) -> str:
    """Return what stands for a string by what its field is called, if that says it."""
    return next((sample for word, sample in _SAMPLES.items() if word in name), otherwise)


_SAMPLES: Final = {
    "From_Account": "lumotuwe1",
    "Owner_Account": "lumotuwe1",
    "Account": "lumotuwe2",
    "UserID": "lumotuwe2",
    "GroupId": "@TGS#2C5SZEAEF",
    "TopicId": "@TGS#_@TGS#cQVLVHIM62CJ@TOPIC#_general",
    "Url": "https://example.com/picture.png",
}
"""What stands for a string, by what its field is called."""
