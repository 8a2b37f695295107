"""Between our classes and the bytes of HTTP: one cattrs converter over orjson.

Everything about names and absence is read from the classes (:mod:`timrest_async._wire`), so a command needs no code
here. Elements travel as ``{"MsgType": ..., "MsgContent": {...}}``; what cannot be read as the class that its MsgType
names becomes :class:`~timrest_async.elements.Unknown`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, get_args, get_origin

import attrs
import cattrs
import orjson
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from timrest_async._wire import Struct, rest_fields, wire_fields
from timrest_async.elements import Custom, Element, Unknown
from timrest_async.errors import DecodeError, InputError, TransportError, error_for

if TYPE_CHECKING:
    from timrest_async.commands._command import Command

__all__ = ["decode", "encode", "read", "read_object", "write"]

R = TypeVar("R")
S = TypeVar("S", bound=Struct)

_UNREADABLE = (KeyError, TypeError, ValueError, cattrs.StructureHandlerNotFoundError)

converter = cattrs.Converter(detailed_validation=False)
converter.register_unstructure_hook_func(
    lambda hint: get_origin(hint) is Literal and all(isinstance(value, int) for value in get_args(hint)), int
)


def encode(command: Command[Any]) -> bytes:
    """Write *command* as the body of its request."""
    body = _writer(type(command))(command)
    try:
        return orjson.dumps(body)
    except TypeError as error:
        raise _unwritable(type(command).__name__, body, error) from error


def decode(command: Command[R], answer: bytes) -> R:
    """Read the *answer* to *command*: its reply, or the error that it stands for."""
    data = read_object(command.path, answer)
    code = data.get("ErrorCode")
    if code != 0 or code is False:
        _refuse(command.path, data)
    try:
        return _reader(command.reply)(data, command.reply)
    except _UNREADABLE as error:
        raise DecodeError(command.path, f"the reply is not a {command.reply.__name__}: {error!r}") from error


def read_object(path: str, answer: bytes) -> dict[str, Any]:
    """Parse *answer* as the JSON object that every command promises."""
    try:
        data = orjson.loads(answer)
    except orjson.JSONDecodeError:
        data = None
    if type(data) is dict:
        return data
    raise TransportError(path, f"the answer is no JSON object but {len(answer)} bytes of something else")


def write(value: Struct) -> dict[str, Any]:
    """Turn *value* into plain JSON types."""
    plain: dict[str, Any] = converter.unstructure(value)
    return plain


def read(data: Mapping[str, Any], cls: type[S]) -> S:
    """Turn plain JSON types into a *cls*; :class:`InputError` where that cannot be."""
    try:
        return converter.structure(data, cls)
    except _UNREADABLE as error:
        raise InputError(f"this is not a {cls.__name__}: {error!r}") from error


def _refuse(path: str, data: dict[str, Any]) -> None:
    """Raise what *data* stands for, unless its ErrorCode is a 0 in disguise."""
    code = _code_of(path, data.get("ErrorCode"))
    if code:
        raise error_for(code, str(data.get("ErrorInfo") or ""), path, data.get("RequestId") or None)


def _code_of(path: str, code: object) -> int:
    """Read an ErrorCode, which some gateways write as a string or with a fraction of 0."""
    try:
        return int(code) if isinstance(code, str) else int(float(code))  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        raise DecodeError(path, f"the answer's ErrorCode is {code!r}") from None


def _unwritable(what: str, value: Any, error: TypeError) -> InputError:
    return InputError(f"{what} cannot be written as JSON: {_culprit(value) or error}")


def _culprit(value: Any, place: str = "") -> str | None:
    """Find what orjson could not write, and say where it stands."""
    inside: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        inside = [(f"{place}.{key}" if place else str(key), item) for key, item in value.items()]
    elif isinstance(value, list | tuple):
        inside = [(f"{place}[{index}]", item) for index, item in enumerate(value)]
    for where, item in inside:
        if (found := _culprit(item, where)) is not None:
            return found
    try:
        orjson.dumps(value)
    except TypeError as error:
        return f"{place}: {error}, in {value!r:.60}"
    return None


@cache
def _writer(cls: type[Struct]) -> Callable[[Any], dict[str, Any]]:
    """Return what turns a *cls* into plain JSON types."""
    return converter.get_unstructure_hook(cls)


@cache
def _reader(reply: Any) -> Callable[[dict[str, Any], Any], Any]:
    """Return what turns an answer into *reply*; a class, ``dict`` or ``None``."""
    if reply is type(None):
        return lambda _, __: None
    if reply is dict:
        return lambda data, _: data
    return converter.get_structure_hook(reply)


def _names(cls: type[Struct]) -> dict[str, Any]:
    """Name each field as on the wire, and leave out what is ``None`` because nobody set it."""
    unnamed = {field.name: override(omit=True) for field in attrs.fields(cls)}
    named = {f.name: override(rename=f.wire, omit_if_default=f.default is None) for f in wire_fields(cls)}
    return unnamed | named


def _struct_writer(cls: type[Struct]) -> Callable[[Any], dict[str, Any]]:
    write_named = make_dict_unstructure_fn(cls, converter, **_names(cls))
    drawn = [f.wire for f in wire_fields(cls) if f.drawn and f.optional]
    rest = rest_fields(cls)
    if not drawn and not rest:
        return write_named

    def write_all(value: Any) -> dict[str, Any]:
        plain = write_named(value)
        for wire in drawn:
            if plain[wire] is None:  # set to None by the caller, so that it stays out
                del plain[wire]
        for name in rest:
            plain |= converter.unstructure(getattr(value, name))
        return plain

    return write_all


def _struct_reader(cls: type[Struct]) -> Callable[[Any, Any], Any]:
    return make_dict_structure_fn(cls, converter, **_names(cls))


def _is_struct(cls: Any) -> bool:
    return isinstance(cls, type) and issubclass(cls, Struct) and attrs.has(cls)


def _is_element(cls: Any) -> bool:
    return isinstance(cls, type) and issubclass(cls, Element)


def _write_body(body: list[Element]) -> list[dict[str, Any]]:
    return [_element_writer(type(element))(element) for element in body]


def _write_element(element: Element) -> dict[str, Any]:
    return _element_writer(type(element))(element)


@cache
def _element_writer(cls: type[Element]) -> Callable[[Any], dict[str, Any]]:
    """Return what turns a *cls* into its type and its content."""
    if cls is Unknown:
        return lambda unknown: {"MsgType": unknown.msg_type, "MsgContent": unknown.msg_content}
    msg_type, write_content = cls.msg_type, _struct_writer(cls)
    if cls is Custom:
        return lambda custom: {"MsgType": msg_type, "MsgContent": _with_text(write_content(custom))}
    return lambda element: {"MsgType": msg_type, "MsgContent": write_content(element)}


def _with_text(content: dict[str, Any]) -> dict[str, Any]:
    """Write the data of a :class:`Custom` as JSON text, unless it is text."""
    data = content["Data"]
    if not isinstance(data, str):
        try:
            content["Data"] = orjson.dumps(data).decode()
        except TypeError as error:
            raise _unwritable("Custom.data", data, error) from error
    return content


@cache
def _content_reader(msg_type: str) -> Callable[[Any, Any], Any] | None:
    cls = next((cls for cls in Element.__subclasses__() if getattr(cls, "msg_type", None) == msg_type), None)
    return None if cls is None else _struct_reader(cls)


def _read_element(data: Any, _: Any) -> Element:
    msg_type, content = str(data["MsgType"]), data.get("MsgContent")
    reader = _content_reader(msg_type)
    if reader is not None:
        try:
            element: Element = reader(content, None)
        except (*_UNREADABLE, AttributeError):
            return Unknown(msg_type, content)
        return element
    return Unknown(msg_type, content)


def _is_optional(hint: Any) -> bool:
    return get_origin(hint) in {Union, UnionType} and len(get_args(hint)) == 2 and NoneType in get_args(hint)


def _optional_reader(hint: Any) -> Callable[[Any, Any], Any]:
    (inner,) = (member for member in get_args(hint) if member is not NoneType)
    structure = converter.get_structure_hook(inner)
    return lambda value, _: None if value is None else structure(value, inner)


converter.register_structure_hook_factory(_is_optional, _optional_reader)
converter.register_unstructure_hook_factory(_is_struct, _struct_writer)
converter.register_structure_hook_factory(_is_struct, _struct_reader)
converter.register_unstructure_hook_func(_is_element, _write_element)
converter.register_structure_hook_func(_is_element, _read_element)
converter.register_unstructure_hook_func(lambda hint: hint == list[Element], _write_body)
