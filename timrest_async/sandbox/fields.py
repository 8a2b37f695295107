"""Whether the fields of a body are as the manual says, read off the library's own class of the command.

The classes carry names, kinds and bounds of every field, so a command needs no checks of its own for those; only the
codes differ. What no document knows is passed over, as the service does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, TypeAlias, Union, get_args, get_origin

from attrs import field, frozen

from timrest_async._bounds import Items, Limit
from timrest_async._wire import Struct, marks_of, wire_fields
from timrest_async.commands._reply import Part
from timrest_async.elements import Element, OfflinePushInfo
from timrest_async.sandbox.body import BodyCodes, check_body, check_push_info, is_kind
from timrest_async.sandbox.request import Refusal

__all__ = ["Codes", "check"]


@frozen
class Codes:
    """What a command answers to a field that is not as it should be."""

    other: int
    """Where nothing else is said."""

    kind: dict[str, int] = field(factory=dict[str, int])
    """To a field that is missing, or of another kind than the manual gives."""

    missing: dict[str, int] = field(factory=dict[str, int])
    """To a field that is missing, where that differs."""

    limit: dict[str, int] = field(factory=dict[str, int])
    """To a field of the right kind that is too long, too large or none of the few that are allowed."""

    empty: dict[str, int] = field(factory=dict[str, int])
    """To a list without items, where that differs from one that is too long."""

    loose: Collection[str] = ()
    """Fields of which only the kind counts: documents disagree about their bounds, or the command sees to them."""

    body: BodyCodes | None = None
    """To a MsgBody; where nothing is said, *other*."""


Complaint: TypeAlias = "tuple[str, str, bool]"
"""Where, what, and whether the kind is right and only the value out of bounds."""
Check: TypeAlias = Callable[[Any], "Complaint | None"]

_WORDS: Final[Mapping[Any, str]] = {
    str: "a string",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}


def check(command: Any, fields: Mapping[str, Any], codes: Codes) -> None:
    """Refuse *fields* that do not make a *command*, with the code for the first that is not as it should be."""
    for name, required, verify, special in _checks(command):
        value = fields.get(name)
        if value is None:
            if required:
                raise Refusal(codes.missing.get(name, codes.kind.get(name, codes.other)), f"{name} is missing")
        elif special is not None:
            special(value, name, codes)
        elif (complaint := verify(value)) is not None:
            place, words, only_value = complaint
            if not (only_value and name in codes.loose):
                code = codes.other if place and only_value else _code(name, value, codes, only_value=only_value)
                raise Refusal(code, f"{name}{place} {words}")


def _code(name: str, value: object, codes: Codes, *, only_value: bool) -> int:
    if only_value:
        limit = codes.limit.get(name, codes.other)
        return codes.empty.get(name, limit) if value == [] else limit
    ids_are_text = 60015 if name.endswith("_Account") and type(value) in {int, float} else codes.other
    return codes.kind.get(name, ids_are_text)


def _body(value: Any, name: str, codes: Codes) -> None:
    check_body(value, name, codes.body or BodyCodes(*[codes.other] * 3))


def _push_info(value: Any, name: str, codes: Codes) -> None:
    check_push_info(value, codes.kind.get(name, codes.other))


Special: TypeAlias = Callable[[Any, str, Codes], None]


@cache
def _checks(cls: Any) -> list[tuple[str, bool, Check, Special | None]]:
    """Compile the checks of every field of *cls*, in the manual's order."""
    return [
        (
            field.wire,
            field.required if issubclass(cls, Part) else not field.optional and field.default is not None,
            _check_of(field.type),
            _special(field.type),
        )
        for field in wire_fields(cls)
    ]


def _special(hint: Any) -> Special | None:
    if hint is Element:
        return _body
    if hint is OfflinePushInfo:
        return _push_info
    return next((found for found in map(_special, get_args(hint)) if found is not None), None)


def _check_of(hint: Any) -> Check:
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _bounded(_check_of(inside[0]), [mark for mark in marks_of(hint) if isinstance(mark, Limit)], inside[0])
    if origin in {Union, UnionType}:
        return _any_of([_check_of(member) for member in inside if member is not NoneType])
    if origin is Literal:
        return _one_of(inside)
    if origin is list:
        return _each(_check_of(inside[0]))
    if isinstance(hint, type) and issubclass(hint, Struct):
        return _fine if issubclass(hint, Element | OfflinePushInfo) else _struct(hint)
    return _fine if hint is Any else _kind(hint if origin is None else origin)


def _fine(_: Any) -> None:
    """Have nothing against it."""


def _kind(kind: Any) -> Check:
    kinds: set[type[Any]] = {int, float} if kind is float else {kind}

    def verify(value: Any) -> Complaint | None:
        if type(value) not in kinds:
            return "", f"has to be {_WORDS[kind]}", False
        if type(value) is int and not -(2**63) <= value < 2**63:
            return "", "is out of range", False
        return None

    return verify


def _bounded(inner: Check, limits: list[Limit], hint: Any) -> Check:
    if get_origin(hint) is list and not _is_plain(get_args(hint)[0]):
        limits = [limit for limit in limits if isinstance(limit, Items)]  # others speak of our objects, not of JSON

    def verify(value: Any) -> Complaint | None:
        if (complaint := inner(value)) is not None:
            return complaint
        said = (limit.complaint(value) for limit in limits)
        return next((("", words, True) for words in said if words is not None), None)

    return verify if limits else inner


def _is_plain(hint: Any) -> bool:
    return not any(isinstance(part, type) and issubclass(part, Struct) for part in (hint, *get_args(hint)))


def _any_of(members: list[Check]) -> Check:
    if len(members) == 1:
        return members[0]

    def verify(value: Any) -> Complaint | None:
        said = [member(value) for member in members]
        return None if None in said else said[0]

    return verify


def _one_of(allowed: tuple[Any, ...]) -> Check:
    verify_kind = _any_of([_kind(kind) for kind in dict.fromkeys(map(type, allowed))])
    words = f"has to be one of {', '.join(map(str, allowed))}"

    def verify(value: Any) -> Complaint | None:
        return verify_kind(value) or (None if value in allowed else ("", words, True))

    return verify


def _each(item: Check) -> Check:
    def verify(value: Any) -> Complaint | None:
        if not is_kind(value, list):
            return "", "has to be a list", False
        items: list[Any] = value
        for number, one in enumerate(items):
            if (complaint := item(one)) is not None:
                return f"[{number}]{complaint[0]}", complaint[1], complaint[2]
        return None

    return verify


def _struct(cls: Any) -> Check:
    def verify(value: Any) -> Complaint | None:
        if not is_kind(value, dict):
            return "", "has to be an object", False
        given: dict[str, Any] = value
        for name, required, inner, _ in _checks(cls):
            if (one := given.get(name)) is None:
                if required:
                    return "", f"lacks {name}", False
            elif (complaint := inner(one)) is not None:
                return f".{name}{complaint[0]}", complaint[1], complaint[2]
        return None

    return verify
