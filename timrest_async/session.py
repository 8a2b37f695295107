"""A session: the one place where encoding, permits, signatures, the network, decoding and retries meet.

A call takes one road. It is encoded once, so every attempt sends the same bytes; then each attempt takes a permit, a
UserSig and a trip over the network, and reads the answer, whose code decides whether there is another attempt. One
deadline covers all of it.
"""

from __future__ import annotations

import math
import os
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

from attrs import field, frozen

from timrest_async._bounds import Bytes
from timrest_async._clock import Clock, SystemClock
from timrest_async._codec import decode, encode
from timrest_async.commands._command import Command, RawCommand
from timrest_async.errors import AuthenticationError, ConfigError, TimError
from timrest_async.limits import Limiter, RateLimiter
from timrest_async.retry import RetryPolicy
from timrest_async.transport import HttpTransport, Transport, base_url_of
from timrest_async.usersig import DAY, Signature, Signer, StaticSignature

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    import aiohttp

    from timrest_async._rates import RateLimit
    from timrest_async.commands.accounts import Accounts
    from timrest_async.commands.group_messages import GroupMessages
    from timrest_async.commands.groups import Groups
    from timrest_async.commands.messages import Messages

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
    clock: Clock = field(repr=False)
    limits: Limiter = field(repr=False)
    signature: Signature = field(repr=False)
    transport: Transport = field(repr=False)


class TimSession:
    """A connection to the service, for one application and one administrator.

    Use it as ``async with TimSession(...) as tim:`` or call :meth:`close` at the end; one session serves any number of
    tasks. Nothing is opened before the first call.

    Args:
        sdkappid: the application's id in the console.
        identifier: an administrator of the application; ``administrator`` unless the console says otherwise.
        secret_key: the application's key, from which UserSigs are made as needed; or else
        usersig: one UserSig of *identifier*, made elsewhere.
        region: the data centre of the application, such as ``china`` (when left out) or ``singapore``; or else
        base_url: another address that speaks the protocol, such as the sandbox's.
        limits: how often each command may be called; 100 a second when left out. Sessions given the same one share it.
        retry: how often and when to try again.
        timeout: seconds for one call in all: waiting for a permit, every attempt and every pause.
        attempt_timeout: seconds for one attempt; the service itself takes up to 3.
        usersig_life: seconds for which a UserSig made from *secret_key* holds; it is renewed after half of them.
        http: an :class:`aiohttp.ClientSession` of yours, which is left open at the end.
        transport: what carries the calls in place of aiohttp, such as :class:`timrest_async.testing.MemoryTransport`.
        clock: what time it is, such as :class:`timrest_async.testing.FakeClock`.

    Raises:
        ConfigError: when these contradict each other or cannot hold.

    """

    def __init__(  # noqa: PLR0913  # each is a setting of its own, given by name
        self,
        sdkappid: int,
        identifier: str = "administrator",
        secret_key: str | None = None,
        *,
        usersig: str | None = None,
        region: str | None = None,
        base_url: str | None = None,
        limits: Limiter | None = None,
        retry: RetryPolicy | None = None,
        timeout: float = 30.0,
        attempt_timeout: float = 10.0,
        usersig_life: int = DAY,
        http: aiohttp.ClientSession | None = None,
        transport: Transport | None = None,
        clock: Clock | None = None,
    ) -> None:
        if type(sdkappid) is not int or sdkappid <= 0:
            raise ConfigError(f"sdkappid has to be a positive whole number, not {sdkappid!r}")
        if (complaint := Bytes(32).complaint(identifier)) is not None:
            raise ConfigError(f"identifier {complaint}")
        if http is not None and transport is not None:
            raise ConfigError("give either http or transport, not both")
        self._options = _Options(timeout, attempt_timeout, retry or RetryPolicy())
        clock = clock or SystemClock()
        limits = limits or RateLimiter(clock=clock)
        address = base_url_of(region, base_url)
        if transport is None:
            transport = HttpTransport(
                base_url=address,
                sdkappid=sdkappid,
                identifier=identifier,
                connections=_connections(limits.default, attempt_timeout),
                http=http,
            )
        self._parts = _Parts(
            sdkappid=sdkappid,
            identifier=identifier,
            base_url=address,
            clock=clock,
            limits=limits,
            signature=_signature(sdkappid, identifier, secret_key, usersig, usersig_life, clock),
            transport=transport,
        )

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, **settings: Any) -> Self:
        """Read ``TIMREST_SDKAPPID``, ``TIMREST_IDENTIFIER``, ``TIMREST_SECRET_KEY`` or ``TIMREST_USERSIG``, and
        ``TIMREST_REGION`` or ``TIMREST_BASE_URL``; *settings* win over them.
        """
        env = os.environ if environ is None else environ
        names = ("sdkappid", "identifier", "secret_key", "usersig", "region", "base_url")
        found: dict[str, Any] = {name: env[key] for name in names if env.get(key := f"TIMREST_{name.upper()}")}
        for rivals in ({"secret_key", "usersig"}, {"region", "base_url"}):
            if rivals & settings.keys():
                found = {name: value for name, value in found.items() if name not in rivals}
        found |= settings
        if ("secret_key" in found) == ("usersig" in found):
            raise ConfigError("set exactly one of TIMREST_SECRET_KEY and TIMREST_USERSIG")
        if "sdkappid" not in found:
            raise ConfigError("TIMREST_SDKAPPID is not set")
        try:
            found["sdkappid"] = int(found["sdkappid"])
        except ValueError:
            raise ConfigError(f"TIMREST_SDKAPPID has to be a whole number, not {found['sdkappid']!r}") from None
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

    @overload
    async def call(self, command: Command[R], /) -> R: ...

    @overload
    async def call(self, command: str, body: dict[str, Any] | None = None, /) -> dict[str, Any]: ...

    async def call(self, command: Command[Any] | str, body: dict[str, Any] | None = None, /) -> Any:
        """Send *command* and return its reply, trying again where that may help.

        *command* is a command, or the path of any command together with its *body*, as in
        ``call("openim/querystate", {"To_Account": ["id1"]})``.

        Raises:
            InputError: the command cannot be sent as it is; nothing was sent.
            NoPermitError: the limiter cannot let it go before its deadline; nothing was sent.
            ApiError: the service said no; the class and the code tell why, and the error what to do.
            TransportError: no usable answer arrived; :class:`~timrest_async.CallTimeoutError`: not in time.
            DecodeError: an answer arrived that is not what the command promises.

        """
        if isinstance(command, str):
            command = RawCommand(command, {} if body is None else body)
        content, parts, options = encode(command), self._parts, self._options
        limits, sdkappid, path = parts.limits, parts.sdkappid, command.path
        deadline = parts.clock.time() + options.timeout
        attempts = 0
        while True:
            attempts += 1
            try:
                permit = limits.try_acquire(sdkappid, command) or await limits.acquire(sdkappid, command, deadline)
                try:
                    limit = min(options.attempt_timeout, max(deadline - parts.clock.time(), 0.001))
                    answer = await parts.transport.post(path, parts.signature.current(), content, limit)
                finally:
                    permit.release()
                return decode(command, answer)
            except TimError as error:
                failure = error
            limits.heard(sdkappid, command, failure)
            if isinstance(failure, AuthenticationError):
                parts.signature.refused()
            await options.retry.pause(failure, attempts, deadline=deadline, clock=parts.clock)

    @cached_property
    def accounts(self) -> Accounts:
        """Accounts: import and check."""
        from timrest_async.commands.accounts import Accounts

        return Accounts(self)

    @cached_property
    def groups(self) -> Groups:
        """Groups: create."""
        from timrest_async.commands.groups import Groups

        return Groups(self)

    @cached_property
    def group_messages(self) -> GroupMessages:
        """Messages and notices in groups."""
        from timrest_async.commands.group_messages import GroupMessages

        return GroupMessages(self)

    @cached_property
    def messages(self) -> Messages:
        """One-to-one messages."""
        from timrest_async.commands.messages import Messages

        return Messages(self)

    def __repr__(self) -> str:
        parts = self._parts
        return f"TimSession(sdkappid={parts.sdkappid}, identifier={parts.identifier!r}, base_url={parts.base_url!r})"


def _signature(  # noqa: PLR0913, PLR0917  # what a session was given
    sdkappid: int, identifier: str, secret_key: str | None, usersig: str | None, life: int, clock: Clock
) -> Signature:
    if secret_key is not None and usersig is None:
        return Signer(sdkappid, secret_key, identifier, life=life, clock=clock)
    if usersig is not None and secret_key is None:
        return StaticSignature(usersig)
    raise ConfigError("give exactly one of secret_key and usersig")


def _connections(limit: RateLimit, attempt_timeout: float) -> int:
    """Return as many connections as calls can be in flight at once, so that none waits for one after its permit."""
    return math.ceil(limit.calls / limit.per * attempt_timeout)
