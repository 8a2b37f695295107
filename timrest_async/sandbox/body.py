"""MsgBody and OfflinePushInfo, read with the library's own classes and held to the types that the manual gives.

The codec is lenient where it reads answers: it takes ``"6"`` for 6. The service is not, so what was read is written
again and compared with what was sent, field by field; keys that no document knows are passed over.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, cast
from zlib import crc32

from attrs import frozen

from timrest_async._codec import read, write
from timrest_async.elements import Custom, Element, OfflinePushInfo, Unknown
from timrest_async.errors import InputError
from timrest_async.sandbox.request import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["BodyCodes", "check_body", "check_push_info", "content_of", "is_kind", "texts_in"]


@frozen
class BodyCodes:
    """What a service answers to a message body that is not as it should be."""

    malformed: int
    """It is missing or empty, or an element has no MsgType or no MsgContent."""

    no_list: int
    """It is no array."""

    unfit: int
    """A MsgContent is not as its MsgType wants it."""


def check_body(items: Any, name: str, codes: BodyCodes) -> None:
    """Refuse a MsgBody, which is called *name*, that is not as it should be."""
    if not is_kind(items, list):
        raise Refusal(codes.no_list, f"{name} has to be a list")
    listed: list[Any] = items
    if not listed:
        raise Refusal(codes.malformed, f"{name} is empty")
    body = [_element(f"{name}[{place}]", item, codes) for place, item in enumerate(listed)]
    if sum(isinstance(element, Custom) for element in body) > 1:
        raise Refusal(codes.unfit, f"{name} holds more than one TIMCustomElem")


def check_push_info(given: Any, code: int) -> None:
    """Refuse an OfflinePushInfo that is not as it should be; the flat Sound of the oldest document is fine."""
    if not is_kind(given, dict):
        raise Refusal(code, "OfflinePushInfo has to be an object")
    try:
        made = write(read(given, OfflinePushInfo))
    except InputError as error:
        raise Refusal(code, f"OfflinePushInfo does not fit: {error}") from error
    if not _agrees(given, made):
        raise Refusal(code, "a field of OfflinePushInfo has another type than the manual gives")


def is_kind(value: Any, kind: type[Any]) -> bool:
    """Say whether *value* is of a *kind* of JSON, of which no other is a part."""
    return type(value) is kind


def texts_in(body: Iterable[Any]) -> str:
    """Return what can be read in a MsgBody that was checked."""
    return " ".join(item["MsgContent"].get("Text", "") for item in body if item["MsgType"] == "TIMTextElem")


def content_of(body: Any) -> int:
    """Return a number that is the same for the same MsgBody."""
    return crc32(_sorted(body).encode())


_sorted: Final = json.JSONEncoder(sort_keys=True).encode


def _element(place: str, item: Any, codes: BodyCodes) -> Element:
    fields = cast("dict[str, Any]", item) if type(item) is dict else {}
    msg_type = fields.get("MsgType")
    if type(msg_type) is not str or type(fields.get("MsgContent")) is not dict:
        raise Refusal(codes.malformed, f"{place} has to be an object with a MsgType and a MsgContent")
    element = read(fields, Element)
    if isinstance(element, Unknown) or not _agrees(fields["MsgContent"], write(element)["MsgContent"]):
        raise Refusal(codes.unfit, f"{place} is not as the manual describes {msg_type}")
    return element


def _agrees(given: object, made: object) -> bool:
    """Say whether *made*, read from *given* and written again, still says the same."""
    if type(given) is not type(made):
        return {type(given), type(made)} == {int, float} and given == made
    if isinstance(given, dict):
        mine, theirs = cast("dict[str, object]", given), cast("dict[str, object]", made)
        return all(_agrees(mine[key], theirs[key]) for key in mine.keys() & theirs.keys())
    if isinstance(given, list):
        pairs = zip(cast("list[object]", given), cast("list[object]", made), strict=True)
        return all(_agrees(one, other) for one, other in pairs)
    return given == made
