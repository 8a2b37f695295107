"""MsgBody and OfflinePushInfo, read with the library's own classes and held to the types that the manual gives.

The codec is lenient where it reads answers: it takes ``"6"`` for 6. The service is not, so what was read is written
again and compared with what was sent, field by field; keys that no document knows are passed over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from attrs import frozen

from timrest_async._codec import read, write
from timrest_async.elements import Custom, Element, OfflinePushInfo, Unknown
from timrest_async.errors import InputError
from timrest_async.sandbox.request import Refusal

if TYPE_CHECKING:
    from timrest_async.sandbox.request import Request

__all__ = ["GROUP_CODES", "ONE_TO_ONE_CODES", "BodyCodes", "check_push_info", "read_body"]


@frozen
class BodyCodes:
    """What a service answers to a message body that is not as it should be."""

    malformed: int
    """It is missing or empty, or an element has no MsgType or no MsgContent."""

    no_list: int
    """It is no array."""

    unfit: int
    """A MsgContent is not as its MsgType wants it."""


ONE_TO_ONE_CODES: Final = BodyCodes(malformed=90002, no_list=90007, unfit=90010)
GROUP_CODES: Final = BodyCodes(malformed=10004, no_list=10004, unfit=10004)


def read_body(request: Request, codes: BodyCodes) -> list[Element]:
    """Read the MsgBody of *request*."""
    items: Any = request.fields.get("MsgBody")
    if items is None:
        raise Refusal(codes.malformed, "MsgBody is missing")
    request.expect(codes.no_list, {"MsgBody": list})
    if not items:
        raise Refusal(codes.malformed, "MsgBody is empty")
    body = [_element(place, item, codes) for place, item in enumerate(items)]
    if sum(isinstance(element, Custom) for element in body) > 1:
        raise Refusal(codes.unfit, "MsgBody holds more than one TIMCustomElem")
    return body


def check_push_info(request: Request, code: int) -> None:
    """Refuse an OfflinePushInfo that is not as it should be; the flat Sound of the oldest document is fine."""
    if "OfflinePushInfo" not in request:
        return
    request.expect(code, {"OfflinePushInfo": dict})
    given: dict[str, Any] = request.fields["OfflinePushInfo"]
    try:
        made = write(read(given, OfflinePushInfo))
    except InputError as error:
        raise Refusal(code, f"OfflinePushInfo does not fit: {error}") from error
    if not _agrees(given, made):
        raise Refusal(code, "a field of OfflinePushInfo has another type than the manual gives")


def _element(place: int, item: Any, codes: BodyCodes) -> Element:
    fields = cast("dict[str, Any]", item) if type(item) is dict else {}
    msg_type = fields.get("MsgType")
    if type(msg_type) is not str or type(fields.get("MsgContent")) is not dict:
        raise Refusal(codes.malformed, f"MsgBody[{place}] has to be an object with a MsgType and a MsgContent")
    element = read(fields, Element)
    if isinstance(element, Unknown) or not _agrees(fields["MsgContent"], write(element)["MsgContent"]):
        raise Refusal(codes.unfit, f"MsgBody[{place}] is not as the manual describes {msg_type}")
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
