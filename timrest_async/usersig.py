"""UserSig: the signature by which the service knows a caller.

A UserSig is a short JSON document about who signed when and for how long, with an HMAC-SHA256 of the same facts under
the application's secret key, deflated and written in base64 with ``*-_`` in place of ``+/=``. The manual's documents:
269/32688 and 1047/34385; this is version 2, the only one that new applications have.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
import zlib
from typing import TYPE_CHECKING, Any, Final, Protocol, SupportsIndex

from attrs import field, frozen

from timrest_async._words import shown
from timrest_async.errors import ConfigError, UserSigError

if TYPE_CHECKING:
    from pathlib import Path

    from timrest_async._clock import Clock

__all__ = [
    "DAY",
    "Redacted",
    "Signature",
    "Signer",
    "StaticSignature",
    "UserSig",
    "read_usersig",
    "secret_in",
    "sign",
    "verify",
]

DAY: Final = 86_400
LONGEST: Final = 4096
"""More bytes than any UserSig inflates to; a larger one is not read."""

_ALPHABET: Final = re.compile(r"[A-Za-z0-9*_-]+")
_TO_WIRE: Final = bytes.maketrans(b"+/=", b"*-_")
_FROM_WIRE: Final = bytes.maketrans(b"*-_", b"+/=")


class Redacted(str):
    """A string that hides what it holds: in logs, tracebacks and debuggers it reads as three stars, as do its parts."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Hide what it holds."""
        return "'***'"

    def __getitem__(self, index: SupportsIndex | slice, /) -> Redacted:
        """Cut it, as what shortens a string before it shows it does."""
        return Redacted(super().__getitem__(index))


@frozen
class UserSig:
    """What a UserSig says."""

    identifier: str
    """The account it is for."""

    sdkappid: int
    """The application it is for."""

    time: int
    """When it was signed, Unix seconds."""

    expire: int
    """For how many seconds from then it holds."""

    userbuf: str | None = field(repr=False)
    """The room rights in base64, which the chat service does not need."""

    sig: str = field(repr=False)
    """The HMAC in base64."""


def sign(  # noqa: PLR0913  # what is signed
    sdkappid: int, secret_key: str, identifier: str, *, expire: int, time: int, userbuf: bytes | None = None
) -> Redacted:
    """Make the UserSig of *identifier* that holds for *expire* seconds from Unix time *time*."""
    secret_key = Redacted(secret_key)
    buf = None if userbuf is None else base64.b64encode(userbuf).decode()
    document: dict[str, Any] = {
        "TLS.ver": "2.0",
        "TLS.identifier": identifier,
        "TLS.sdkappid": sdkappid,
        "TLS.expire": expire,
        "TLS.time": time,
    }
    if buf is not None:
        document["TLS.userbuf"] = buf
    document["TLS.sig"] = _mac(secret_key, identifier, sdkappid, time, expire, buf)
    packed = base64.b64encode(zlib.compress(json.dumps(document).encode()))
    return Redacted(packed.translate(_TO_WIRE).decode())


def verify(usersig: str, *, sdkappid: int, secret_key: str, identifier: str, now: float) -> UserSig:
    """Check *usersig* as the service does, and return what it says.

    Raises :class:`~timrest_async.UserSigError` with the code that the service would answer.
    """
    secret_key, usersig = Redacted(secret_key), Redacted(usersig)
    said = read_usersig(usersig)
    if said.identifier != identifier:
        raise UserSigError(70013, f"the UserSig was made for {shown(said.identifier)}, not for {shown(identifier)}")
    if said.sdkappid != sdkappid:
        raise UserSigError(70014, f"the UserSig was made for SDKAppID {shown(said.sdkappid)}, not for {sdkappid}")
    expected = Redacted(_mac(secret_key, said.identifier, said.sdkappid, said.time, said.expire, said.userbuf))
    if not hmac.compare_digest(expected.encode(), said.sig.encode()):
        raise UserSigError(70009, "the UserSig was made with another secret key")
    if now > said.time + said.expire:
        raise UserSigError(70001, f"the UserSig expired {now - said.time - said.expire:.0f} seconds ago")
    return said


def read_usersig(usersig: str) -> UserSig:
    """Unpack *usersig* without checking it."""
    usersig = Redacted(usersig)
    if not usersig:
        raise UserSigError(70002, "the UserSig is empty")
    said = _unpacked(usersig)
    if said is None:
        raise UserSigError(70003, "the UserSig cannot be unpacked; it may have been cut short")
    return said


def _unpacked(usersig: str) -> UserSig | None:
    try:
        packed = base64.b64decode(usersig.encode("ascii").translate(_FROM_WIRE), validate=True)
        inflate = zlib.decompressobj()
        document = json.loads(inflate.decompress(packed, LONGEST))
        return UserSig(
            identifier=_text(document["TLS.identifier"]),
            sdkappid=int(document["TLS.sdkappid"]),
            time=int(document["TLS.time"]),
            expire=int(document["TLS.expire"]),
            userbuf=None if "TLS.userbuf" not in document else _text(document["TLS.userbuf"]),
            sig=_text(document["TLS.sig"]),
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError, zlib.error):
        return None  # and no cause: it would carry the signature, as would what stands here beside it


def secret_in(file: Path) -> Redacted:
    """Read the secret key that stands in *file*, without the blanks around it.

    Raises :class:`~timrest_async.ConfigError`.
    """
    try:
        key = Redacted(file.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
    else:
        if key:
            return key
        reason = "it is empty"
    raise ConfigError(f"no secret key can be read from {str(file)!r}: {reason}")


class Signature(Protocol):
    """Where the UserSig of a call comes from."""

    def current(self) -> Redacted:
        """Return a UserSig that holds now."""
        ...

    def refused(self) -> None:
        """Hear that the service did not accept the last one."""
        ...


class StaticSignature:
    """One UserSig, made elsewhere."""

    def __init__(self, usersig: str) -> None:
        usersig = Redacted(usersig)
        if not _ALPHABET.fullmatch(usersig):
            raise ConfigError("usersig holds characters that no UserSig has; was it cut, quoted or encoded?")
        self._usersig = usersig

    def current(self) -> Redacted:
        """Return that one."""
        return self._usersig

    def refused(self) -> None:
        """Nothing to be done: there is no key to make another."""


class Signer:
    """Signs when needed, and again after half of the signature's life.

    Half of the life is left for a clock that runs behind, for a call that waits, and for a machine that slept. Age is
    taken as the larger of what the wall clock and the monotonic clock say, and a signature from the future is dropped,
    so that setting the clock in either direction never leaves a dead signature in use.
    """

    def __init__(self, sdkappid: int, secret_key: str, identifier: str, *, life: int, clock: Clock) -> None:
        secret_key = Redacted(secret_key)
        if not secret_key:
            raise ConfigError("secret_key is empty")
        try:
            secret_key.encode()
        except UnicodeEncodeError:
            raise ConfigError("secret_key holds half of a surrogate pair; is it UTF-8?") from None
        if not 1 <= life <= 180 * DAY:
            raise ConfigError(f"usersig_life has to be 1 second to 180 days, not {life!r}")
        self._sdkappid = sdkappid
        self._secret_key = secret_key
        self._identifier = identifier
        self._life = life
        self._now = clock.now
        self._time = clock.time
        self._usersig = Redacted("")
        self._signed_on = 0
        self._dated_until = 0.0
        self._renew_at = float("-inf")

    def current(self) -> Redacted:
        """Return a UserSig with at least half of its life left."""
        if not (self._signed_on <= self._now() < self._dated_until and self._time() < self._renew_at):
            self._sign()
        return self._usersig

    def refused(self) -> None:
        """Sign anew for the next call."""
        self._renew_at = float("-inf")

    def _sign(self) -> None:
        self._signed_on = int(self._now())
        self._dated_until = self._signed_on + self._life / 2
        self._renew_at = self._time() + self._life / 2
        self._usersig = sign(
            self._sdkappid, self._secret_key, self._identifier, expire=self._life, time=self._signed_on
        )


def _mac(  # noqa: PLR0913, PLR0917  # what is signed
    secret_key: str, identifier: str, sdkappid: int, time: int, expire: int, userbuf: str | None
) -> str:
    lines = f"TLS.identifier:{identifier}\nTLS.sdkappid:{sdkappid}\nTLS.time:{time}\nTLS.expire:{expire}\n"
    if userbuf is not None:
        lines += f"TLS.userbuf:{userbuf}\n"
    return base64.b64encode(hmac.digest(secret_key.encode(), lines.encode(), "sha256")).decode()


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(type(value).__name__)
    value.encode()  # refuses half of a surrogate pair
    return value
