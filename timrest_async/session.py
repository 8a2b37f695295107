"""A session: the one place where encoding, permits, signatures, the network, decoding and retries meet.

A call takes one road. It is encoded once, so every attempt sends the same bytes; then each attempt takes a permit, a
UserSig and a trip over the network, and reads the answer, whose code decides whether there is another attempt. One
deadline covers all of it.
"""

from __future__ import annotations

import math
import os
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar, overload

from attrs import evolve, field, frozen

from timrest_async._bounds import Bytes
from timrest_async._clock import Clock, SystemClock
from timrest_async._codec import decode, encode
from timrest_async._failover import Failover
from timrest_async._regions import REGIONS, addresses_of
from timrest_async._watch import Watch
from timrest_async.commands._command import Command, RawCommand
from timrest_async.commands._domains import Domains
from timrest_async.errors import ApiError, AuthenticationError, ConfigError, TimError
from timrest_async.limits import Limiter, RateLimiter
from timrest_async.retry import Attempts, RetryPolicy
from timrest_async.transport import CONNECT_SECONDS, Downloader, HttpTransport, Transport
from timrest_async.usersig import DAY, Redacted, Signature, Signer, StaticSignature, secret_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType
    from typing import BinaryIO

    import aiohttp

    from timrest_async._rates import RateLimit
    from timrest_async._regions import Addresses
    from timrest_async._watch import Hook
    from timrest_async.bulk import Bulk

__all__ = ["TimSession"]

R = TypeVar("R")


@frozen
class _Options:
    """What one call may have otherwise than the rest of the session."""

    timeout: float
    attempt_timeout: float
    retry: RetryPolicy

    def __attrs_post_init__(self) -> None:
        if not 0 < self.timeout < math.inf or not 0 < self.attempt_timeout < math.inf:
            raise ConfigError("timeout and attempt_timeout have to be above 0 seconds and finite")


@frozen
class _Parts:
    """What a session and its views share."""

    sdkappid: int
    identifier: str
    base_url: str
    backup_url: str | None
    clock: Clock = field(repr=False)
    limits: Limiter = field(repr=False)
    signature: Signature = field(repr=False)
    transport: Transport = field(repr=False)
    watch: Watch = field(repr=False)


class TimSession(Domains):
    """A connection to the service, for one application and one administrator.

    Use it as ``async with TimSession(...) as tim:`` or call :meth:`close` at the end; one session serves any number of
    tasks. Nothing is opened before the first call.

    Args:
        sdkappid: the application's id in the console.
        identifier: an administrator of the application; ``administrator`` unless the console says otherwise.
        secret_key: the application's key, from which UserSigs are made as needed, or a path to a file that holds it; or
            else
        usersig: one UserSig of *identifier*, made elsewhere.
        region: the data centre of the application, such as ``china`` (when left out) or ``singapore``; or else
        base_url: another address that speaks the protocol, such as the sandbox's.
        failover: where calls go while the host cannot be resolved or connected to: ``True`` for the region's second
            host, or an address; nowhere when left out.
        limits: how often each command may be called; 100 a second when left out. Sessions given the same one share it.
        retry: how often and when to try again.
        timeout: seconds for one call in all: waiting for a permit, every attempt and every pause.
        attempt_timeout: seconds for one attempt; the service itself takes up to 3.
        usersig_life: seconds for which a UserSig made from *secret_key* holds; it is renewed after half of them.
        http: an :class:`aiohttp.ClientSession` of yours, which is left open at the end. Give it connections enough for
            the calls that are under way at once: with *failover*, waiting for one counts as connecting.
        transport: what carries the calls in place of aiohttp, such as :class:`timrest_async.testing.MemoryTransport`.
        hooks: who hears of each attempt, for metrics and traces; see :class:`timrest_async.Hook`.
        clock: what time it is, such as :class:`timrest_async.testing.FakeClock`.

    Raises:
        ConfigError: when these contradict each other or cannot hold.

    """

    def __init__(  # noqa: PLR0913  # each is a setting of its own, given by name
        self,
        sdkappid: int,
        identifier: str = "administrator",
        secret_key: str | Path | None = None,
        *,
        usersig: str | None = None,
        region: str | None = None,
        base_url: str | None = None,
        failover: bool | str = False,
        limits: Limiter | None = None,
        retry: RetryPolicy | None = None,
        timeout: float = 30.0,
        attempt_timeout: float = 10.0,
        usersig_life: int = DAY,
        http: aiohttp.ClientSession | None = None,
        transport: Transport | None = None,
        hooks: Sequence[Hook] = (),
        clock: Clock | None = None,
    ) -> None:
        # before anything can fail: a traceback with local variables would show them
        secret_key = Redacted(secret_key) if isinstance(secret_key, str) else secret_key
        usersig = None if usersig is None else Redacted(usersig)
        if type(sdkappid) is not int or sdkappid <= 0:
            raise ConfigError(f"sdkappid has to be a positive whole number, not {sdkappid!r}")
        if (complaint := Bytes(32).complaint(identifier)) is not None:
            raise ConfigError(f"identifier {complaint}")
        if http is not None and transport is not None:
            raise ConfigError("give either http or transport, not both")
        if failover and transport is not None:
            raise ConfigError("give either failover or transport, not both")
        self._options = _Options(timeout, attempt_timeout, retry or RetryPolicy())
        clock = clock or SystemClock()
        limits = limits or RateLimiter(clock=clock)
        addresses = addresses_of(region, base_url, failover=failover)
        if transport is None:
            to = partial(
                HttpTransport,
                sdkappid=sdkappid,
                identifier=identifier,
                connections=_connections(limits.default, attempt_timeout),
                http=http,
            )
            transport = _transport(to, addresses, clock)
        self._parts = _Parts(
            sdkappid=sdkappid,
            identifier=identifier,
            base_url=addresses.main,
            backup_url=addresses.backup,
            clock=clock,
            limits=limits,
            signature=_signature(sdkappid, identifier, secret_key, usersig, usersig_life, clock),
            transport=transport,
            watch=Watch(hooks),
        )

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, **settings: Any) -> Self:
        """Read ``TIMREST_SDKAPPID``, ``TIMREST_IDENTIFIER``, ``TIMREST_SECRET_KEY``, ``TIMREST_SECRET_KEY_FILE`` or
        ``TIMREST_USERSIG``, and ``TIMREST_REGION`` or ``TIMREST_BASE_URL``; *settings* win over them.
        """
        found = _settings_in(os.environ if environ is None else environ)
        environ = None  # a traceback with local variables would show the key
        settings = _redacted(settings)
        for rivals in (_SIGNED, _PLACED):
            if rivals & settings.keys():
                found = {name: value for name, value in found.items() if name not in rivals}
        found |= settings
        if len(_SIGNED & found.keys()) != 1:
            raise ConfigError("set exactly one of TIMREST_SECRET_KEY, TIMREST_SECRET_KEY_FILE and TIMREST_USERSIG")
        if "sdkappid" not in found:
            raise ConfigError("TIMREST_SDKAPPID is not set")
        try:
            found["sdkappid"] = int(found["sdkappid"])
        except ValueError:
            raise ConfigError(f"TIMREST_SDKAPPID has to be a whole number, not {found['sdkappid']!r}") from None
        if "secret_key_file" in found:
            found["secret_key"] = Path(found.pop("secret_key_file"))
        return cls(**found)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections that this session opened."""
        await self._parts.transport.close()

    def with_options(
        self, *, timeout: float | None = None, attempt_timeout: float | None = None, retry: RetryPolicy | None = None
    ) -> TimSession:
        """Return a view of this session with other limits for the calls made through it; all else is shared."""
        now = self._options
        view = object.__new__(TimSession)
        view._parts = self._parts
        view._options = _Options(
            now.timeout if timeout is None else timeout,
            now.attempt_timeout if attempt_timeout is None else attempt_timeout,
            now.retry if retry is None else retry,
        )
        return view

    def through(self, around: Callable[[Transport], Transport], /) -> TimSession:
        """Return a view of this session whose calls go through the transport that *around* makes of its own.

        It sees each attempt between its permit and its first byte; the UserSig passes there too.
        """
        view = object.__new__(TimSession)
        view._parts = evolve(self._parts, transport=around(self._parts.transport))
        view._options = self._options
        return view

    @cached_property
    def bulk(self) -> Bulk:
        """Bulk: one message to many, or one for each of many."""
        from timrest_async.bulk import Bulk  # noqa: PLC0415  # loaded when it is first used, as domains are

        return Bulk(self, self._parts.clock)

    @overload
    async def call(self, command: Command[R], /) -> R: ...

    @overload
    async def call(self, command: str, body: dict[str, Any] | None = None, /) -> dict[str, Any]: ...

    async def call(self, command: Command[Any] | str, body: dict[str, Any] | None = None, /) -> Any:
        """Send *command* and return its reply, trying again where that may help.

        *command* is a command, or the path of any command together with its *body*, as in
        ``call("openim/querystate", {"To_Account": ["id1"]})``. Of every error that it raises ``delivered`` says whether
        the service did what was asked, and ``attempts`` how often it went out.

        Raises:
            InputError: the command cannot be sent as it is; nothing was sent.
            NoPermitError: the limiter cannot let it go before its deadline; nothing was sent.
            ApiError: the service said no; the class and the code tell why, and the error what to do.
            TransportError: no usable answer arrived; :class:`~timrest_async.CallTimeoutError`: not in time,
                :class:`~timrest_async.UnreachableError`: there is no connection; nothing was sent.
            DecodeError: an answer arrived that is not what the command promises.
            ConfigError: the session was closed, or belongs to another event loop or process; nothing was sent.

        """
        if isinstance(command, str):
            command = RawCommand(command, {} if body is None else body)
        content, parts, options = encode(command), self._parts, self._options
        limits, sdkappid = parts.limits, parts.sdkappid
        attempts = Attempts(options.retry, command, parts.clock, options.timeout)
        while True:
            asked = parts.clock.time()
            try:
                permit = limits.try_acquire(sdkappid, command) or await limits.acquire(
                    sdkappid, command, attempts.deadline
                )
                try:
                    return await self._exchange(command, content, attempts, asked)
                finally:
                    permit.release()
            except TimError as error:
                failure = error
            limits.heard(sdkappid, command, failure)
            if isinstance(failure, AuthenticationError):
                parts.signature.refused()
            if isinstance(failure, ApiError) and failure.code in _UNKNOWN_HERE:
                failure.add_note(f"the service at {parts.base_url} was asked; the regions are {', '.join(REGIONS)}")
            await attempts.pause(failure)

    async def _exchange(self, command: Command[R], content: bytes, attempts: Attempts, asked: float) -> R:
        """Send *content* and read the answer, watched by whoever wants to know."""
        parts, path, number = self._parts, command.path, attempts.number
        began = attempts.begin()
        wait = began - asked
        parts.watch.goes_out(path, number, wait)
        try:
            usersig = parts.signature.current()
            limit = min(self._options.attempt_timeout, attempts.left())  # at the last moment, whatever took its time
            answer = await parts.transport.post(path, usersig, content, limit)
            reply = decode(command, answer)
        except BaseException as error:
            parts.watch.ended(path, number, wait, parts.clock.time() - began, error)
            raise
        parts.watch.ended(path, number, wait, parts.clock.time() - began, None)
        return reply

    async def download(self, path: str, url: str, into: BinaryIO, /) -> None:
        """Write the file at *url*, an address that command *path* gave, to *into*, in pieces.

        Each wait for more takes as long as an attempt may; the file as a whole takes its time. Nothing of the session
        goes to that address.

        Raises:
            TransportError: the file could not be had; :class:`~timrest_async.CallTimeoutError`: nothing more arrived.

        """
        transport = self._parts.transport
        if not isinstance(transport, Downloader):
            raise ConfigError("the transport of this session cannot fetch files")
        await transport.download(path, url, into, self._options.attempt_timeout)

    def __repr__(self) -> str:
        parts: _Parts | None = getattr(self, "_parts", None)
        if parts is None:  # in a traceback, of one that could not be made
            return "TimSession(...)"
        backup = "" if parts.backup_url is None else f", failover={parts.backup_url!r}"
        return (
            f"TimSession(sdkappid={parts.sdkappid}, identifier={parts.identifier!r},"
            f" base_url={parts.base_url!r}{backup})"
        )


_UNKNOWN_HERE: Final = {70016, 70020}
"""Codes by which a data centre says that it does not know the application."""

_SIGNED: Final = {"secret_key", "secret_key_file", "usersig"}
_PLACED: Final = {"region", "base_url"}


def _settings_in(environ: Mapping[str, str]) -> dict[str, Any]:
    names = ("sdkappid", "identifier", *_SIGNED, *_PLACED)
    return _redacted({name: environ[key] for name in names if environ.get(key := f"TIMREST_{name.upper()}")})


def _redacted(settings: dict[str, Any]) -> dict[str, Any]:
    """Return *settings* with secrets that do not show themselves."""
    secrets = {"secret_key", "usersig"}
    return {
        name: Redacted(value) if name in secrets and isinstance(value, str) else value
        for name, value in settings.items()
    }


def _signature(  # noqa: PLR0913, PLR0917  # what a session was given
    sdkappid: int, identifier: str, secret_key: str | Path | None, usersig: str | None, life: int, clock: Clock
) -> Signature:
    if secret_key is not None and usersig is None:
        key = secret_key if isinstance(secret_key, str) else secret_in(secret_key)
        return Signer(sdkappid, key, identifier, life=life, clock=clock)
    if usersig is not None and secret_key is None:
        return StaticSignature(usersig)
    raise ConfigError("give exactly one of secret_key and usersig")


def _transport(to: Callable[..., HttpTransport], addresses: Addresses, clock: Clock) -> Transport:
    if addresses.backup is None:
        return to(base_url=addresses.main)
    main = to(base_url=addresses.main, connect_seconds=CONNECT_SECONDS)
    return Failover(main, to(base_url=addresses.backup), clock)


def _connections(limit: RateLimit, attempt_timeout: float) -> int:
    """Return as many connections as calls can be in flight at once, so that none waits for one after its permit."""
    return math.ceil(limit.calls / limit.per * attempt_timeout)
