"""From an HTTP request to an event that can be trusted, without any I/O.

The service signs the time of its call, and neither the body nor the rest of the address: with a signature that is
true, whoever overheard it can post other bodies for as long as the age limit allows. So use HTTPS, and keep the limit
short. The manual's documents: 1047/34354 and 1047/34355.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Final, Self, TypeAlias, cast
from urllib.parse import parse_qsl

from attrs import field, frozen

from timrest_async._clock import Clock, SystemClock
from timrest_async._codec import read, read_object
from timrest_async._words import shown
from timrest_async.errors import ConfigError, InputError, TransportError
from timrest_async.usersig import Redacted
from timrest_async.webhook.errors import (
    MalformedRequestError,
    RequestTooLargeError,
    SignatureError,
    StaleRequestError,
    WrongApplicationError,
)
from timrest_async.webhook.event import Event, EventBatch, Origin, UnknownEvent
from timrest_async.webhook.events import EVENTS

__all__ = ["MAX_BYTES", "Auth", "Query", "parse", "sign"]

MAX_BYTES: Final = 1024 * 1024
"""No body is larger. A message has at most 12 KB, but a group that is disbanded names all its members."""

_UNIX_TIME: Final = re.compile(r"[0-9]{1,11}")

Query: TypeAlias = str | Mapping[str, str]
"""The query of an address: as it stands there, or taken apart."""


def sign(token: str, request_time: int | str) -> str:
    """Return the Sign that goes with *request_time*, Unix seconds."""
    return sha256(f"{token}{request_time}".encode()).hexdigest()


def _as_tokens(given: str | Sequence[str] | None) -> tuple[Redacted, ...]:
    if given is None:
        return ()
    tokens = tuple(Redacted(token) for token in ([given] if isinstance(given, str) else given))
    if not all(tokens) or not tokens:
        raise ConfigError("token must not be empty; None takes unsigned calls")
    return tokens


@frozen(kw_only=True)
class Auth:
    """Whose calls are believed.

    Raises:
        ConfigError: when it cannot be like that.

    """

    sdkappid: int
    """The application; calls about another one are refused."""

    token: tuple[Redacted, ...] = field(converter=_as_tokens)
    """The token that the console has, or several while you change it, any of which will do. ``None``: calls need no
    signature, and anybody who knows the address can speak for the service."""

    max_age: float = 300.0
    """How many seconds the signature of a call may be old, or ahead of the clock; the manual has no figure."""

    clock: Clock = field(factory=SystemClock)
    """What time it is, such as :class:`timrest_async.testing.FakeClock`."""

    def __attrs_post_init__(self) -> None:
        if type(self.sdkappid) is not int or self.sdkappid <= 0:
            raise ConfigError(f"sdkappid has to be a whole number above 0, not {shown(self.sdkappid)}")
        if not self.max_age > 0:
            raise ConfigError(f"max_age has to be above 0 seconds, not {self.max_age!r}")

    @classmethod
    def from_env(cls) -> Self:
        """Read TIMREST_SDKAPPID and TIMREST_WEBHOOK_TOKEN.

        A token that nobody has set is an error, and no open door: ``Auth(sdkappid=..., token=None)`` takes unsigned
        calls.
        """
        sdkappid = os.environ.get("TIMREST_SDKAPPID", "")
        if not (sdkappid.isascii() and sdkappid.isdigit()):
            raise ConfigError(f"TIMREST_SDKAPPID has to be set to a whole number, not {shown(sdkappid)}")
        token = os.environ.get("TIMREST_WEBHOOK_TOKEN")
        if not token:
            raise ConfigError(
                "TIMREST_WEBHOOK_TOKEN has to be set; Auth(sdkappid=..., token=None) takes unsigned calls"
            )
        return cls(sdkappid=int(sdkappid), token=token)

    def check(self, query: Mapping[str, str]) -> Origin:
        """Return where a call with this *query* came from.

        Raises:
            WrongApplicationError: it is about another application.
            SignatureError: it is not signed, or not with the token.
            StaleRequestError: its signature is too old, or ahead of the clock.

        """
        if query.get("SdkAppid") != str(self.sdkappid):
            raise WrongApplicationError(f"SdkAppid is {shown(query.get('SdkAppid'))}, and not this application's")
        requested_at = self._verified(query) if self.token else None
        return Origin(
            sdkappid=self.sdkappid,
            client_ip=query.get("ClientIP", ""),
            opt_platform=query.get("OptPlatform", ""),
            requested_at=requested_at,
        )

    def _verified(self, query: Mapping[str, str]) -> datetime:
        given, seconds = query.get("Sign", ""), query.get("RequestTime", "")
        if not given or not _UNIX_TIME.fullmatch(seconds):
            raise SignatureError("it is not signed: Sign or RequestTime is missing, see the console's authentication")
        said = given.encode(errors="surrogatepass")
        if not any(compare_digest(sign(token, seconds).encode(), said) for token in self.token):
            raise SignatureError("Sign does not fit RequestTime and the token")
        age = self.clock.now() - int(seconds)
        if not abs(age) <= self.max_age:
            way = "ago" if age > 0 else "ahead of this machine's clock"
            raise StaleRequestError(f"it was signed {abs(age):.0f} s {way}; {self.max_age:g} s are allowed")
        return datetime.fromtimestamp(int(seconds), UTC)


def parse(  # noqa: PLR0913  # the parts of a request, and how it is to be read
    query: Query,
    headers: Mapping[str, str],
    body: bytes,
    *,
    auth: Auth,
    events: Mapping[str, type[Event]] = EVENTS,
    max_bytes: int = MAX_BYTES,
) -> Event:
    """Return the event that a request is about, or raise why it is not to be believed.

    Args:
        query: the query of the address.
        headers: the HTTP headers, of which Content-Encoding matters: the service does not compress.
        body: the body.
        auth: whose calls are believed.
        events: the classes of events, by their CallbackCommand.
        max_bytes: how large a body may be.

    Raises:
        WrongApplicationError: it is about another application.
        SignatureError: it is not signed, or not with the token.
        StaleRequestError: its signature is too old, or ahead of the clock.
        RequestTooLargeError: the body is larger than *max_bytes*.
        MalformedRequestError: query or body is not what the service writes.

    """
    asked = dict(parse_qsl(query, keep_blank_values=True)) if isinstance(query, str) else query
    origin = auth.check(asked)
    if len(body) > max_bytes:
        raise RequestTooLargeError(f"the body has {len(body):,} bytes, and {max_bytes:,} are allowed")
    if any(name.lower() == "content-encoding" and headers[name].lower() != "identity" for name in headers):
        raise MalformedRequestError("the body is compressed, which the service's are not")
    data = _object_in(body)
    command = data.setdefault("CallbackCommand", asked.get("CallbackCommand"))
    if asked.get("CallbackCommand", command) != command or not isinstance(command, str) or not command:
        raise MalformedRequestError(
            f"CallbackCommand is {shown(asked.get('CallbackCommand'))} in the address and {shown(command)} in the body"
        )
    cls = events.get(command, UnknownEvent)
    if "Events" in data:
        return _read_batch(data, cls, origin)
    return _read_event(data, cls, origin)


def _object_in(body: bytes) -> dict[str, Any]:
    try:
        return read_object("webhook", body)
    except TransportError:
        raise MalformedRequestError(f"the body is no JSON object but {len(body):,} bytes of something else") from None


def _read_batch(data: dict[str, Any], cls: type[Event], origin: Origin) -> EventBatch:
    command, items = data["CallbackCommand"], data["Events"]
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in cast("list[object]", items)):
        raise MalformedRequestError(f"{command}: Events is no list of objects but {shown(items)}")
    named = [{"CallbackCommand": command} | item for item in cast("list[dict[str, Any]]", items)]
    events = [_read_event(item, cls, origin) for item in named]
    return EventBatch(callback_command=command, events=events, origin=origin)


def _read_event(data: dict[str, Any], cls: type[Event], origin: Origin) -> Event:
    try:
        event = read(data, cls)
    except InputError as error:
        raise MalformedRequestError(f"{data['CallbackCommand']}: {error}") from error
    object.__setattr__(event, "origin", origin)  # it is not in the body, and nobody has the event yet
    return event
