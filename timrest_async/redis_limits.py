"""One cap for many processes, kept by Redis: ``pip install 'timrest-async[redis]'``.

::

    async with RedisRateLimiter("redis://localhost:6379/0") as limits:
        async with TimSession.from_env(limits=limits) as tim:
            ...

The server keeps an exact log of slots for each command and hands out the next one: a time of its own clock at which
the call may go, so that any window holds at most the cap, whichever process the calls come from. One run of a script
reserves a slot, and the caller sleeps until it; nobody asks twice, and who asked first goes first. What was reserved
and is not used is given back; what a killed process had reserved passes with its time.

A slot is good for *lateness* seconds. Who wakes later than that, since his process was busy, takes the next one that
the process holds; and slots of one window lie by as much farther apart than the limit says. That is the price of
never going over: ``per / (per + lateness)`` of the cap. What the server's clock shows is known by its answers, to
within a part of their round trip; that part is taken from the lateness, too.

A server that starts again may have forgotten everything. Who sleeps until a slot asks, shortly before, whether it is
the same server still, and relies on the answer for half a second. So a server lets nobody go for that and one window
after its start. Limits over more than 10 seconds begin anew with it.
"""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Self

from timrest_async._clock import Clock, SystemClock, sleep_until
from timrest_async._rates import CLOSED_AFTER, Asking, Limits, RateLimit, check_slowdown, checked_closings
from timrest_async._redis_link import CLOSED, Client, Link, Unavailable, address_of, open_client
from timrest_async._redis_slots import AHEAD, TRUST, Gate, Settings
from timrest_async.errors import ConfigError, LimiterUnavailableError, TooOftenError
from timrest_async.limits import LimiterMetrics, Permit, RateLimiter
from timrest_async.usersig import Redacted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from timrest_async.errors import TimError

__all__ = ["RedisRateLimiter"]

RETURN: Final = 0.25
"""Every so many seconds somebody who goes on alone looks whether the server is back."""


class RedisRateLimiter:
    """Windows for each command of each application, shared by all processes that use the same Redis.

    Args:
        redis: an address such as ``redis://localhost:6379/0``, or a client of redis-py's asyncio side, of a single
            server, of a sentinel's master or of a cluster, which is left open at the end. Valkey does as well.
        default: the limit of a command that has none of its own; 100 calls a second when left out.
        overrides: the limits of commands, as for :class:`~timrest_async.RateLimiter`.
        further: limits besides, as for :class:`~timrest_async.RateLimiter`.
        closed_after: for how many seconds a command stays closed after a code that says "too often".
        lateness: for how many seconds a slot is good. A server far away and a busy process want more, which costs cap.
        patience: how many seconds to wait for Redis.
        fallback: without Redis, go on alone with this share of every cap, such as 0.25 for four processes; when left
            out, calls fail.
        prefix: what the names of all keys begin with.
        clock: what time it is.

    Raises:
        ConfigError: when these cannot hold.

    """

    def __init__(  # noqa: PLR0913  # each is a setting of its own, given by name
        self,
        redis: str | Client,
        default: RateLimit | None = None,
        overrides: Mapping[str, RateLimit] | None = None,
        *,
        further: Mapping[str, Sequence[RateLimit]] | None = None,
        closed_after: Mapping[int, float] = CLOSED_AFTER,
        lateness: float = 0.015,
        patience: float = 1.0,
        fallback: float | None = None,
        prefix: str = "timrest",
        clock: Clock | None = None,
    ) -> None:
        redis = Redacted(redis) if isinstance(redis, str) else redis  # it may hold a password
        for name, seconds in (("lateness", lateness), ("patience", patience)):
            if not 0 < seconds < math.inf:
                raise ConfigError(f"{name} has to be above 0 seconds and finite, not {seconds!r}")
        if fallback is not None and not 0 < fallback <= 1:
            raise ConfigError(f"fallback has to be a share of the cap, above 0 and at most 1, not {fallback!r}")
        self.limits: Limits = Limits.of(default or RateLimit(), overrides, further)
        """Which limits hold for which command."""
        if any(limit.count_until == "answered" for limit in self.limits):
            raise ConfigError(
                'RateLimit.count_until has to be "sent" here: a slot in Redis does not wait for an answer'
            )
        self._redis = redis
        self._client = open_client(redis, patience) if isinstance(redis, str) else redis
        self._address = address_of(self._client)
        self._closed_after = checked_closings(closed_after)
        self._clock = clock or SystemClock()
        self._link = Link(self._client, patience, self._clock)
        self._settings = Settings(prefix, lateness, self._clock)
        self._alone = None if fallback is None else _Alone(self._part(fallback), self._link, self._settings)
        self._gates: dict[tuple[int, str], Gate] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    @property
    def default(self) -> RateLimit:
        """The limit of a command that has none of its own."""
        return self.limits.default

    def try_acquire(self, sdkappid: int, command: Asking) -> Permit | None:  # noqa: ARG002  # the same for all
        """Return ``None``: only Redis knows."""
        return None

    async def acquire(self, sdkappid: int, command: Asking, deadline: float = math.inf) -> Permit:
        """Reserve a slot for this call, and wait until it comes.

        Raises:
            NoPermitError: the slot would come after the clock shows *deadline*; nothing was reserved or sent.
            LimiterUnavailableError: Redis did not answer in time; nothing was sent.

        """
        gate = self._gate(sdkappid, command.path)
        while not self._closed:
            try:
                if self._alone is not None and self._alone.active:
                    permit = await self._alone.acquire(sdkappid, command, deadline, gate)
                else:
                    await gate.acquire(command, deadline)
                    permit = _SPENT
            except Unavailable as error:
                self._do_without(command.path, error)
                continue
            # no branch: Python 3.11 does not trace this where it follows the timeout that acquire() swallows
            if permit is not None:  # pragma: no branch
                return permit
        raise self._unavailable(command.path, Unavailable(CLOSED))

    def heard(self, sdkappid: int, command: Asking, failure: TimError) -> None:
        """Close the command for a while, and for all processes, where *failure* says: too often."""
        if isinstance(failure, TooOftenError):
            failure.retry_after = self._closed_after.get(failure.code)
            self._gate(sdkappid, command.path).refused(failure.retry_after)
            if self._alone is not None:
                self._alone.limiter.heard(sdkappid, command, failure)

    def slow_down(self, sdkappid: int, path: str, *, share: float = 0.5, seconds: float = 60.0) -> None:
        """Use only *share* of every cap of the command *path* for so many seconds, in all processes.

        As :meth:`timrest_async.RateLimiter.slow_down`, for every slot that is reserved from then on. Those who wait in
        this process give their slots back and ask again; slots that other processes hold already stay theirs. Redis
        hears of it as soon as it can be reached, within *patience*, and forgets it if it starts again without its data.
        """
        check_slowdown(share, seconds)
        self._gate(sdkappid, path).slow_down(share, seconds)
        if self._alone is not None:
            self._alone.limiter.slow_down(sdkappid, path, share=share, seconds=seconds)

    def metrics(self) -> dict[tuple[int, str], LimiterMetrics]:
        """Return what was done so far in this process, by SDKAppID and path."""
        return {of: gate.tally.metrics() for of, gate in self._gates.items()}

    async def __aenter__(self) -> Self:
        """Make sure that Redis is there.

        Raises :class:`~timrest_async.LimiterUnavailableError` when it is not, unless there is a fallback.
        """
        self._bind()
        try:
            await self._link.run_of(self._settings.prefix)
        except Unavailable as error:
            self._do_without("before the first call", error)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let nobody wait any longer, and close the connections that this limiter opened."""
        self._closed = True
        for gate in self._gates.values():
            gate.close()
        if self._alone is not None:
            await self._alone.close()
        await self._link.close()
        if self._client is not self._redis:
            await self._client.aclose()

    def _part(self, share: float) -> RateLimiter:
        part = self.limits.part(share)
        return RateLimiter(
            part.default, part.overrides, further=part.further, closed_after=self._closed_after, clock=self._clock
        )

    def _gate(self, sdkappid: int, path: str) -> Gate:
        self._bind()
        gate = self._gates.get((sdkappid, path))
        if gate is None:
            limits = [limit for limits in reversed(self.limits.all(path).values()) for limit in limits]
            gate = self._gates[sdkappid, path] = Gate(sdkappid, path, limits, self._link, self._settings)
        return gate

    def _bind(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop not in {None, loop}:
            raise ConfigError("a RedisRateLimiter serves one event loop: make one for each, on the same Redis")
        self._loop = loop

    def _do_without(self, path: str, error: Unavailable) -> None:
        if self._alone is None or self._closed:
            raise self._unavailable(path, error) from error
        self._alone.begin()

    def _unavailable(self, path: str, error: Unavailable) -> LimiterUnavailableError:
        return LimiterUnavailableError(
            path, f"the limiter's redis at {self._address} does not answer: {error}; nothing was sent"
        )


class _Alone:
    """A part of the cap, for as long as the server is away."""

    def __init__(self, limiter: RateLimiter, link: Link, settings: Settings) -> None:
        self.limiter = limiter
        """What keeps the part."""
        self._link = link
        self._settings = settings
        self._clock = settings.clock
        self._since = -math.inf
        """From then on nobody uses a slot that the server gave."""
        self._watch: asyncio.Task[None] | None = None
        self._inside: set[asyncio.Timeout] = set()

    @property
    def active(self) -> bool:
        """Whether the server is away."""
        return self._settings.alone

    def begin(self) -> None:
        """Go on without the server."""
        if not self.active:
            settings, now = self._settings, self._clock.time()
            self._since = now + TRUST + AHEAD
            settings.alone, settings.left, settings.void_from = True, now, self._since
            self._watch = asyncio.get_running_loop().create_task(self._look_out())

    async def acquire(self, sdkappid: int, command: Asking, deadline: float, gate: Gate) -> Permit | None:
        """Wait for a permit, at least until calls by the slots of *gate* count no longer.

        There is none if the server is back before.
        """
        began, inside = self._clock.time(), asyncio.timeout(None)
        self._inside.add(inside)
        try:
            async with inside:
                await sleep_until(self._clock, min(self._since + gate.span, deadline))
                permit = await self.limiter.acquire(sdkappid, command, deadline)
                gate.tally.gave(self._clock.time() - began)
                return permit
        except TimeoutError:
            return None
        finally:
            self._inside.discard(inside)

    async def close(self) -> None:
        """Look out no longer, and let nobody wait."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait([self._watch])
        self._end()

    async def _look_out(self) -> None:
        """Wait for the server; then let it begin when nobody goes on alone and what they sent counts no longer."""
        while self.active:
            await sleep_until(self._clock, self._clock.time() + RETURN)
            with suppress(Unavailable):
                await self._link.run_of(self._settings.prefix)
                self._settings.back = self._clock.time() + RETURN
                self._end()

    def _end(self) -> None:
        if self.active:
            self._settings.alone, self._settings.left = False, self._clock.time()
        for inside in self._inside:
            inside.reschedule(asyncio.get_running_loop().time())


class _Spent:
    """The permit of a call that counts from its slot: nothing is left to release."""

    def release(self) -> None:
        """Do nothing."""


_SPENT: Final = _Spent()
