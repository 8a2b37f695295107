"""Between our classes and the bytes of HTTP: one cattrs converter over orjson.

Everything about names and absence is read from the classes (:mod:`timrest_async._wire`), so a command needs no code
here. Elements travel as ``{"MsgType": ..., "MsgContent": {...}}``; what cannot be read as the class that its MsgType
names becomes :class:`~timrest_async.elements.Unknown`.
"""

from __future__ import annotations

import math
from codecs import BOM_UTF8
from functools import cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias, TypeVar, Union, cast, get_args, get_origin

import attrs
import cattrs
import orjson
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from timrest_async._wire import Struct, asked_field, rest_fields, targets_of, wire_fields
from timrest_async._words import shortened, shown
from timrest_async.elements import Custom, Element, Unknown
from timrest_async.errors import DecodeError, InputError, TransportError, error_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from timrest_async.commands._command import Command

    Writer: TypeAlias = Callable[[Any], dict[str, Any]]
    Reader: TypeAlias = Callable[[Any, Any], Any]

__all__ = ["decode", "encode", "from_json", "read", "read_object", "to_json", "write"]

R = TypeVar("R")
F = TypeVar("F")
S = TypeVar("S", bound=Struct)

DEEPEST: Final = 254
"""orjson writes no more than so many objects and lists within each other."""

_UNREADABLE: Final = (
    *(KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError),
    cattrs.StructureHandlerNotFoundError,
)


def encode(command: Command[Any]) -> bytes:
    """Write *command* as the body of its request."""
    try:
        body = _writers[type(command)](command)
    except RecursionError as error:
        raise InputError(f"{type(command).__name__} cannot be written as JSON: it is nested too deeply") from error
    try:
        content = orjson.dumps(body)
    except TypeError as error:
        raise _unwritable(type(command).__name__, body, error) from error
    if b"null" in content:
        _check_nulls(type(command).__name__, body)
    return content


def decode(command: Command[R], answer: bytes) -> R:
    """Read the *answer* to *command*: its reply, or the error that it stands for."""
    try:
        data = orjson.loads(answer)
        if data["ErrorCode"] == 0 and data["ErrorCode"] is not False:
            reply: R = _readers[type(command)](data, command)
            return reply
    except _UNREADABLE:
        pass  # the same again, slowly, to say what is wrong
    return _decode_with_care(command, read_object(command.path, answer))


def read_object(path: str, answer: bytes) -> dict[str, Any]:
    """Parse *answer* as the JSON object that every command promises; a byte order mark before it does no harm."""
    try:
        data = orjson.loads(answer.removeprefix(BOM_UTF8))
    except orjson.JSONDecodeError:
        data = None
    if isinstance(data, dict):
        return cast("dict[str, Any]", data)
    raise TransportError(path, f"the answer is no JSON object but {len(answer)} bytes of something else")


def to_json(value: Any) -> bytes:
    """Write plain JSON types; :class:`RecursionError` where they are nested too deeply."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError as error:
        if "Recursion" in str(error):
            raise RecursionError(str(error)) from error
        raise


def from_json(text: bytes | str) -> Any:
    """Read plain JSON types; :class:`ValueError` where there is no JSON."""
    return orjson.loads(text)


def write(value: Struct) -> dict[str, Any]:
    """Turn *value* into plain JSON types."""
    return _writers[type(value)](value)


def read(data: Mapping[str, Any], cls: type[S]) -> S:
    """Turn plain JSON types into a *cls*; :class:`InputError` where that cannot be."""
    try:
        return converter.structure(data, cls)
    except InputError:
        raise
    except _UNREADABLE as error:
        raise InputError(f"this is not a {cls.__name__}: {shortened(repr(error))}") from error


def _decode_with_care(command: Command[R], data: dict[str, Any]) -> R:
    """Read *data* where something is out of the ordinary, and raise what it stands for."""
    path, reply = command.path, command.reply
    code = _code_of(path, data.get("ErrorCode"))
    if code != 0 and not (command.outcomes_in and data.get(command.outcomes_in)):
        raise error_for(code, _said(data.get("ErrorInfo")), path, _said(data.get("RequestId")) or None)
    try:
        return cast("R", _readers[type(command)](data, command))
    except _UNREADABLE as error:
        unreadable = DecodeError(path, f"the reply is not a {reply.__name__}: {shortened(repr(error))}")
        unreadable.delivered = True
        raise unreadable from error


def _said(value: Any) -> str:
    """Read a text that may be absent, or something else."""
    return value if isinstance(value, str) else shown(value) if value else ""


def _code_of(path: str, code: Any) -> int:
    """Read an ErrorCode, which some gateways write as a string or with a fraction of 0."""
    try:
        number = math.nan if isinstance(code, bool) else float(code)
    except (TypeError, ValueError):
        number = math.nan
    if not number.is_integer():
        raise DecodeError(path, f"the answer's ErrorCode is {shown(code)}")
    return int(number)


def _unwritable(what: str, value: Any, error: TypeError) -> InputError:
    return InputError(f"{what} cannot be written as JSON: {shortened(_culprit(value) or str(error), 1000)}")


def _check_nulls(what: str, value: Any) -> None:
    """Refuse NaN and infinity, which orjson writes as null."""
    if (culprit := _culprit(value)) is not None:
        raise InputError(f"{what} cannot be written as JSON: {shortened(culprit, 1000)}")


def _culprit(value: Any) -> str | None:
    """Find what orjson could not write, and say where it stands."""
    ahead: list[tuple[str, Any, int]] = [("", value, 0)]
    while ahead:
        place, one, depth = ahead.pop()
        if depth > DEEPEST:
            return f"{place}: it is nested more than {DEEPEST} deep, or holds itself"
        if isinstance(one, dict):
            entries = cast("dict[object, Any]", one)
            ahead += reversed([(f"{place}.{key}" if place else str(key), entries[key], depth + 1) for key in entries])
            one = dict.fromkeys(entries)  # alone, its keys
        elif isinstance(one, list | tuple):
            items = cast("list[Any]", one)
            ahead += reversed([(f"{place}[{index}]", item, depth + 1) for index, item in enumerate(items)])
            one = []
        try:
            content = orjson.dumps(one)
        except TypeError as error:
            return f"{place or 'the body'}: {error}, in {shown(one)}"
        if content == b"null" and one is not None:
            return f"{place}: JSON has no {shown(one)}"
    return None


class _ByClass(dict[Any, F]):
    """What is made for a class when it is first asked for."""

    def __init__(self, make: Callable[[Any], F]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, cls: Any) -> F:
        made = self[cls] = self._make(cls)
        return made


# -- classes that travel, by the names on their fields


def _names(cls: type[Any]) -> dict[str, Any]:
    """Name each field as on the wire, and leave out what is ``None`` because nobody set it."""
    unnamed = {field.name: override(omit=True) for field in attrs.fields(cls)}
    named = {f.name: override(rename=f.wire, omit_if_default=f.default is None) for f in wire_fields(cls)}
    return unnamed | named


def _struct_writer(cls: type[Any]) -> Writer:
    write_named = make_dict_unstructure_fn(cls, converter, **_names(cls))
    drawn = [f.wire for f in wire_fields(cls) if f.drawn and f.optional]
    if drawn:
        write_named = _drawn_writer(write_named, drawn)
    rest = rest_fields(cls)
    return _rest_writer(write_named, rest) if rest else write_named


def _rest_writer(write_named: Writer, rest: list[str]) -> Writer:
    """Add the keys that lie beside the named ones, and win over them."""
    (name, *others) = rest
    first = attrgetter(name)
    if others:
        write_named = _rest_writer(write_named, others)

    def write_rest(value: Any) -> dict[str, Any]:
        plain = write_named(value)
        if more := first(value):
            plain.update(converter.unstructure(more))
        return plain

    return write_rest


def _drawn_writer(write_named: Writer, drawn: list[str]) -> Writer:
    """Leave out what would have been drawn, but was set to ``None`` by the caller."""

    def write_drawn(value: Any) -> dict[str, Any]:
        plain = write_named(value)
        for wire in drawn:
            if plain[wire] is None:
                del plain[wire]
        return plain

    return write_drawn


def _struct_reader(cls: type[Any]) -> Reader:
    read_named: Reader = make_dict_structure_fn(cls, converter, **_names(cls))
    fields = list(wire_fields(cls))
    filled = {field.wire: _bare(field.type) for field in fields if field.drawn and _is_container(_bare(field.type))}
    renamed = [(other, field.wire) for field in fields for other in field.also]
    if filled or renamed:
        bodies = [wire for wire, hint in filled.items() if _is_body(hint)]
        read_named = _mending_reader(read_named, list(filled), bodies, renamed)
    rest = rest_fields(cls)
    envelope: frozenset[str] = getattr(cls, "envelope", frozenset())
    known = {field.wire for field in fields} | {other for other, _ in renamed} | envelope
    return _rest_reader(read_named, rest[0], known) if rest else read_named


def _mending_reader(read_named: Reader, filled: list[str], bodies: list[str], renamed: list[tuple[str, str]]) -> Reader:
    """Read lists and dicts that are null, bodies of no known shape, and fields under another of their names."""

    def read_mended(data: Any, kind: Any) -> Any:
        for wire in filled:
            if data.get(wire, filled) is None:
                data = {key: value for key, value in data.items() if key != wire or value is not None}
        for other, wire in renamed:
            if other in data and wire not in data:
                data = data | {wire: data[other]}
        for wire in bodies:
            if wire in data and not _is_plain_body(data[wire]):
                data = data | {wire: _as_body(data[wire])}
        return read_named(data, kind)

    return read_mended


def _is_plain_body(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, dict) and isinstance(cast("dict[str, Any]", item).get("MsgType"), str)
        for item in cast("list[object]", value)
    )


def _as_body(value: Any) -> list[Any]:
    """Make a body of what stands in its place where a message was deleted: elements of no type, or none at all."""
    items = cast("list[object]", value) if isinstance(value, list) else [value] if value else []
    return [item if _is_plain_body([item]) else {"MsgType": "", "MsgContent": item} for item in items]


def _bare(hint: Any) -> Any:
    """Return an annotation without what it carries beside the type."""
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _rest_reader(read_named: Reader, name: str, known: set[str]) -> Reader:
    """Keep in the field *name* what arrives beside the *known* keys."""
    knows_all = known.issuperset

    def read_rest(data: Any, kind: Any) -> Any:
        value = read_named(data, kind)
        if data.__class__ is not dict or not knows_all(data):
            object.__setattr__(value, name, {key: data[key] for key in data.keys() - known})
        return value

    return read_rest


def _reply_reader(command: type[Command[Any]]) -> Reader:
    """Return what turns an answer into the reply of *command*: a class, ``dict`` or ``None``."""
    reply = command.reply
    if reply is NoneType:
        return lambda _, __: None
    if reply is dict:
        return lambda data, _: data
    read_reply = converter.get_structure_hook(reply)
    asked = asked_field(reply)
    if asked is None:
        return read_reply

    def read_asked(data: Any, sent: Any) -> Any:
        value = read_reply(data, reply)
        object.__setattr__(value, asked, targets_of(sent))
        return value

    return read_asked


def _is_struct(cls: Any) -> bool:
    return isinstance(cls, type) and issubclass(cls, Struct) and attrs.has(cls)


def _is_optional(hint: Any) -> bool:
    return get_origin(hint) in {Union, UnionType} and len(get_args(hint)) == 2 and NoneType in get_args(hint)


def _optional_reader(hint: Any) -> Reader:
    (inner,) = (member for member in get_args(hint) if member is not NoneType)
    structure = converter.get_structure_hook(inner)
    if inner is str or inner is int:
        return lambda value, _: value if value is None or type(value) is inner else structure(value, inner)
    return lambda value, _: None if value is None else structure(value, inner)


def _read_text(value: Any, _: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)  # a number where the manual has a string
    raise TypeError(f"{shown(value)} is no text")


def _list_reader(hint: Any) -> Reader:
    (inner,) = get_args(hint)
    structure = converter.get_structure_hook(inner)

    def read_list(values: Any, _: Any) -> list[Any]:
        if not isinstance(values, list):
            raise TypeError(f"{shown(values)} is no list")
        return [structure(value, inner) for value in cast("list[object]", values)]

    return read_list


def _is_list(hint: Any) -> bool:
    return get_origin(hint) is list


def _is_container(hint: Any) -> bool:
    return get_origin(hint) in {list, dict}


def _set_reader(hint: Any) -> Reader:
    allowed = get_args(hint)

    def read_member(value: Any, _: Any) -> Any:
        if value not in allowed:
            raise ValueError(f"{shown(value)} is none of {allowed}")
        return value

    return read_member


def _is_set(hint: Any) -> bool:
    return get_origin(hint) is Literal


def _is_number_set(hint: Any) -> bool:
    return _is_set(hint) and all(isinstance(value, int) for value in get_args(hint))


# -- elements, by their MsgType


def _write_body(body: list[Element]) -> list[dict[str, Any]]:
    plain: list[dict[str, Any]] = []
    for element in body:  # a comprehension would be one more frame on the road of every message
        plain.append({"MsgType": element.msg_type, "MsgContent": _content_writers[type(element)](element)})  # noqa: PERF401
    return plain


def _write_element(element: Element) -> dict[str, Any]:
    return {"MsgType": element.msg_type, "MsgContent": _content_writers[type(element)](element)}


def _content_writer(cls: type[Any]) -> Callable[[Any], Any]:
    if cls is Unknown:
        return attrgetter("msg_content")
    write_content = _struct_writer(cls)
    if cls is Custom:
        return lambda custom: _with_text(write_content(custom))
    return write_content


def _with_text(content: dict[str, Any]) -> dict[str, Any]:
    """Write the data of a :class:`Custom` as JSON text, unless it is text."""
    data = content["Data"]
    if not isinstance(data, str):
        try:
            content["Data"] = orjson.dumps(data).decode()
        except TypeError as error:
            raise _unwritable("Custom.data", data, error) from error
        if "null" in content["Data"]:
            _check_nulls("Custom.data", data)
    return content


def _read_element(data: Any, _: Any) -> Element:
    msg_type, content = _read_text(data["MsgType"], None), data.get("MsgContent")
    try:
        cls = _elements()[msg_type]
        return cast("Element", _element_readers[cls](content, None))
    except _UNREADABLE:
        return Unknown(msg_type, content)


@cache
def _elements() -> dict[str, type[Any]]:
    """List the classes of elements by their MsgType."""
    known: list[type[Any]] = [cls for cls in Element.__subclasses__() if cls is not Unknown and attrs.has(cls)]
    return {cls.msg_type: cls for cls in known}


def _element_reader(cls: type[Any]) -> Reader:
    read_content = _struct_reader(cls)
    return _text_reader(read_content) if cls is Custom else read_content


def _text_reader(read_content: Reader) -> Reader:
    """Read the data of a :class:`Custom` if it is text, as it always goes out."""

    def read_custom(content: Any, kind: Any) -> Any:
        if not isinstance(content["Data"], str):
            raise TypeError(f"{shown(content['Data'])} is no text")
        return read_content(content, kind)

    return read_custom


def _is_element(cls: Any) -> bool:
    return isinstance(cls, type) and issubclass(cls, Element)


def _is_body(hint: Any) -> bool:
    return bool(hint == list[Element])


converter = cattrs.Converter(detailed_validation=False)
converter.register_structure_hook(str, _read_text)
converter.register_structure_hook_factory(_is_list, _list_reader)
converter.register_structure_hook_factory(_is_optional, _optional_reader)
converter.register_structure_hook_factory(_is_set, _set_reader)
converter.register_unstructure_hook_func(_is_number_set, int)  # a flag given as True travels as 1
converter.register_unstructure_hook_factory(_is_struct, _struct_writer)
converter.register_structure_hook_factory(_is_struct, _struct_reader)
converter.register_unstructure_hook_func(_is_element, _write_element)
converter.register_structure_hook_func(_is_element, _read_element)
converter.register_unstructure_hook_func(_is_body, _write_body)

_writers: _ByClass[Writer] = _ByClass(converter.get_unstructure_hook)
_readers: _ByClass[Reader] = _ByClass(_reply_reader)
_content_writers: _ByClass[Callable[[Any], Any]] = _ByClass(_content_writer)
_element_readers: _ByClass[Reader] = _ByClass(_element_reader)
