"""What is wrong with a body that was written by hand, before the service says so."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, cast

from attrs import evolve, frozen

from timrest_async import elements
from timrest_async._codec import read
from timrest_async._wire import Struct
from timrest_async._words import shortened, shown
from timrest_async.commands._registry import FieldEntry, fields_in
from timrest_async.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection

    from timrest_async._bounds import Limit
    from timrest_async.commands._command import Command

__all__ = ["complaints"]

_KINDS: Final[dict[str, tuple[type[Any], ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "any": (object,),
    "list": (list,),
}
"""What each kind of value is in Python; all others are objects."""

_ELEMENTS: Final[dict[str, type[Any]]] = {
    cls.msg_type: cls
    for cls in vars(elements).values()
    if isinstance(cls, type) and issubclass(cls, elements.Element) and isinstance(vars(cls).get("msg_type"), str)
}
"""The classes of elements by their MsgType."""


def complaints(body: dict[str, Any], command: type[Command[Any]]) -> list[str]:
    """Say what in *body* does not fit *command*, each by its place; an empty list where all does.

    What several fields allow together is looked at only where each of them fits. An element of a type that this
    library does not know is left to the service.
    """
    try:
        return _in_object(body, command, "")
    except RecursionError:
        return ["it is nested too deeply"]


def _in_object(body: dict[str, Any], cls: type[Struct], place: str) -> list[str]:
    known = _fields(cls)
    meant = {key: _meant(key, known, body) for key in body if key not in known}
    said = [f"{place}{shortened(key, 60)} is not among its fields{_guessed(wire)}" for key, wire in meant.items()]
    for wire, field in known.items():
        if wire in body:
            said += _in_field(body[wire], field, cls, f"{place}{wire}")
        elif field.required and wire not in meant.values():
            said.append(f"{place}{wire} is missing")
    return said or _together(body, cls, place)


def _in_field(value: Any, field: FieldEntry, cls: type[Struct], place: str) -> list[str]:
    limit: Limit | None = getattr(cls, "_limits", {}).get(field.name)
    said = _in_value(value, field.type, field, place)
    if said or limit is None or field.struct is not None or "TIMMsgElement" in field.type:
        return said  # a limit of objects is one of ours, not of those of JSON
    complaint = limit.complaint(value)
    return [] if complaint is None else [f"{place}{complaint}" if complaint[0] == "[" else f"{place} {complaint}"]


def _in_value(value: Any, kind: str, field: FieldEntry, place: str) -> list[str]:
    outer, _, inner = kind.removesuffix("]").partition("[")
    if not isinstance(value, _KINDS.get(outer, dict)) or (isinstance(value, bool) and outer in {"integer", "number"}):
        words = outer if outer in _KINDS else "object"
        return [f"{place} has to be {'an' if words[0] in 'aeiou' else 'a'} {words}, not {_shown(value)}"]
    if outer == "list":
        items = enumerate(cast("list[object]", value))
        return [said for at, item in items for said in _in_value(item, inner, field, f"{place}[{at}]")]
    if outer == "map":
        entries, inner = cast("dict[str, object]", value), inner.partition(", ")[2]
        return [said for key, item in entries.items() for said in _in_value(item, inner, field, f"{place}.{key}")]
    if outer == "TIMMsgElement":
        return _in_element(cast("dict[str, Any]", value), place)
    if field.struct is not None:
        return _in_object(cast("dict[str, Any]", value), field.struct, f"{place}.")
    return []


@frozen
class _Element(Struct):
    """What every element is."""

    msg_type: str
    """Its kind."""

    msg_content: Any
    """What it holds."""


def _in_element(element: dict[str, Any], place: str) -> list[str]:
    if said := _in_object(element, _Element, f"{place}."):
        return said
    kind, content = element["MsgType"], element["MsgContent"]
    if kind not in _ELEMENTS:
        return []
    if not isinstance(content, dict):
        return [f"{place}.MsgContent has to be an object, not {_shown(content)}"]
    said = _in_object(cast("dict[str, Any]", content), _ELEMENTS[kind], f"{place}.MsgContent.")
    if not said and isinstance(read(element, elements.Element), elements.Unknown):
        return [f"{place} does not hold what a {kind} does"]
    return said


def _together(body: dict[str, Any], cls: type[Struct], place: str) -> list[str]:
    """Build a *cls*, which looks at what its fields do not tell one by one."""
    if issubclass(cls, elements.Element):
        return []  # which is built together with its type
    try:
        read(body, cls)
    except InputError as error:
        wires = {field.name: wire for wire, field in _fields(cls).items()}
        words = re.sub(r"\w+", lambda name: wires.get(name[0], name[0]), str(error))
        if words.startswith(f"{cls.__name__}."):
            return [words.replace(f"{cls.__name__}.", place, 1)]
        return [words.replace(cls.__name__, place[:-1], 1) if place else words]
    return []


def _fields(cls: type[Struct]) -> dict[str, FieldEntry]:
    """Return the fields of *cls* by their keys."""
    fields = {field.wire: field for field in fields_in(cls)}
    if cls is elements.Custom:  # whose data becomes text only on its way out of Python
        fields["Data"] = evolve(fields["Data"], type="string")
    return fields


def _meant(key: str, known: Collection[str], body: Collection[str]) -> str | None:
    """Guess which of the *known* keys was meant, unless the *body* has that too."""
    folded = {_folded(wire): wire for wire in known}
    close = get_close_matches(_folded(key), folded, 1, 0.7)
    return folded[close[0]] if close and folded[close[0]] not in body else None


def _folded(key: str) -> str:
    return key.replace("_", "").lower()


def _guessed(wire: str | None) -> str:
    return "" if wire is None else f" (did you mean {wire}?)"


def _shown(value: Any) -> str:
    """Return what *value* is, in the words of JSON."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return "an object" if isinstance(value, dict) else "a list" if isinstance(value, list) else shown(value)
