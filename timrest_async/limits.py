"""How often a command may be called: an exact window, paced by a bucket, first come first served.

What the service counts is calls of one command of one application in a second. A token bucket alone does not promise
that number: it lets its burst through and then its refill on top, so ``AsyncLimiter(100, 1)`` was measured to send 199
calls in one second. A :class:`RateLimiter` therefore keeps, for each command, the exact window as well:

- A call needs one of *calls* places. It gets its place back *per* seconds after it stopped counting, which is when its
  answer came (``count_until="answered"``) or when it went out (``"sent"``). With "answered" the server handled the call
  somewhere in between, so the server's own count cannot pass the cap whatever the network does; the price is the round
  trip, ``calls / (per + round trip)`` a second. With "sent" the whole cap is used, counted at this end of the network.
- aiolimiter's bucket paces the calls, so that a second's worth does not leave in one millisecond: at most *burst* at
  once, then evenly.
- Whoever finds no place queues. Only the head of the queue watches the clock, so a queue of any length has one timer;
  behind it each waits for a future, and a waiter that is cancelled is stepped over when its turn comes.
"""

from __future__ import annotations

import asyncio
from collections import deque
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, cast

from aiolimiter import AsyncLimiter
from attrs import frozen

from timrest_async._clock import Clock, SystemClock, sleep_until, timeout_at
from timrest_async.errors import CallTimeoutError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BELOW_DEFAULT", "Limiter", "Permit", "RateLimit", "RateLimiter"]


@frozen
class RateLimit:
    """How often a command may be called."""

    calls: int = 100
    """At most this many calls ..."""

    per: float = 1.0
    """... in any window of this many seconds, half-open."""

    burst: int = 10
    """How many may leave at once after a pause; the rest is spread evenly."""

    count_until: Literal["sent", "answered"] = "answered"
    """Until when a call counts: one *per* from its answer, or from its sending."""

    def __attrs_post_init__(self) -> None:
        """Refuse figures that make no limit."""
        if self.calls < 1:
            raise ConfigError(f"RateLimit.calls has to be at least 1, not {self.calls!r}")
        if not self.per > 0:
            raise ConfigError(f"RateLimit.per has to be above 0 seconds, not {self.per!r}")
        if not 1 <= self.burst <= self.calls:
            raise ConfigError(f"RateLimit.burst has to be 1 to calls ({self.calls}), not {self.burst!r}")
        if self.count_until not in {"sent", "answered"}:
            raise ConfigError(f'RateLimit.count_until has to be "sent" or "answered", not {self.count_until!r}')


BELOW_DEFAULT: Final[Mapping[str, RateLimit]] = MappingProxyType(
    {
        "group_open_http_svc/send_broadcast_msg": RateLimit(1, burst=1),
        "group_open_http_svc/get_appid_group_list": RateLimit(1, burst=1),
        "open_msg_svc/get_history": RateLimit(10),
        "all_member_push/im_push": RateLimit(1, burst=1),
        "timpush/push": RateLimit(1, burst=1),
        "timpush/batch": RateLimit(30),
        "timpush/revoke": RateLimit(1, burst=1),
        "official_account_open_http_svc/send_official_account_msg": RateLimit(1, burst=1),
    }
)
"""Commands that the service documents with less than 100 calls a second."""


class Permit(Protocol):
    """The right to make one call."""

    def release(self) -> None:
        """Say that the call was answered, or given up; exactly once."""
        ...


class Limiter(Protocol):
    """Whoever says when a call may go out."""

    @property
    def default(self) -> RateLimit:
        """Return the limit of a command that has none of its own."""
        ...

    def try_acquire(self, sdkappid: int, path: str) -> Permit | None:
        """Return the right to make one call of *path* if that can be had at once, or ``None``."""
        ...

    async def acquire(self, sdkappid: int, path: str, deadline: float | None = None) -> Permit:
        """Wait for the right to make one call of *path*, at most until the clock shows *deadline*."""
        ...


class RateLimiter:
    """One window for each command of each application. Sessions that are given the same one share its windows."""

    def __init__(
        self,
        default: RateLimit | None = None,
        overrides: Mapping[str, RateLimit] | None = None,
        *,
        clock: Clock | None = None,
    ) -> None:
        self.default = default or RateLimit()
        """The limit of a command that has none of its own."""
        self._limits = {**BELOW_DEFAULT, **(overrides or {})}
        self._clock = clock or SystemClock()
        self._windows: dict[tuple[int, str], _Window] = {}

    def limit_of(self, path: str) -> RateLimit:
        """Return the limit that holds for command *path*."""
        return self._limits.get(path, self.default)

    def try_acquire(self, sdkappid: int, path: str) -> Permit | None:
        """Return the right to make one call of *path* if nobody waits for one and it can be had at once."""
        window = self._windows.get((sdkappid, path)) or self._open(sdkappid, path)
        return window.permit if window.try_enter() else None

    async def acquire(self, sdkappid: int, path: str, deadline: float | None = None) -> Permit:
        """Wait for the right to make one call of *path*, in the order of arrival.

        Raises :class:`~timrest_async.CallTimeoutError` when the clock shows *deadline* first; nothing was sent then.
        """
        if (permit := self.try_acquire(sdkappid, path)) is not None:
            return permit
        window = self._windows[sdkappid, path]
        try:
            await window.enter(deadline)
        except TimeoutError:
            pass  # raised below, outside: our own cause says it all
        else:
            return window.permit
        raise _no_permit(path, window)

    def _open(self, sdkappid: int, path: str) -> _Window:
        window = self._windows[sdkappid, path] = _Window(self.limit_of(path), self._clock)
        return window


def _no_permit(path: str, window: _Window) -> CallTimeoutError:
    limit = window.limit
    error = CallTimeoutError(
        path,
        f"no permit came before the deadline: {window.waiting} more calls wait for {limit.calls} in {limit.per:g} s;"
        " nothing was sent",
    )
    error.attempts = 0
    return error


class _Window:
    """The places of one command, and who waits for one."""

    def __init__(self, limit: RateLimit, clock: Clock) -> None:
        self.limit = limit
        self._bucket = _Bucket(limit, clock)
        self.permit: Permit = self if limit.count_until == "answered" else _SPENT
        self._clock = clock
        self._free = limit.calls
        self._ended: deque[float] = deque()
        """When each place began its last *per* seconds, oldest first."""
        self._line: deque[asyncio.Future[None]] = deque()
        """Who waits, in order of arrival; the first one leads, and alone watches the clock."""
        self._freed: asyncio.Future[None] | None = None
        """What the leader waits for while every place is held by a call in flight."""

    @property
    def waiting(self) -> int:
        """How many calls wait."""
        return sum(not turn.cancelled() for turn in self._line)

    def try_enter(self) -> bool:
        """Take a place if nobody waits and one is free."""
        if self._line or not (self._free or self._has_place()) or not self._bucket.try_acquire():
            return False
        self._take()
        return True

    async def enter(self, deadline: float | None) -> None:
        """Queue for a place, at most until *deadline*."""
        if deadline is None:
            await self._queue()
        else:
            async with timeout_at(self._clock, deadline):
                await self._queue()

    def release(self) -> None:
        """Begin the last *per* seconds of a place."""
        self._ended.append(self._clock.time())
        if self._freed is not None and not self._freed.done():
            self._freed.set_result(None)

    async def _queue(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        try:
            if self._line[0] is not turn:
                await turn
            await self._place()
            await self._bucket.acquire()
            self._take()
        finally:
            self._leave(turn)

    async def _place(self) -> None:
        """Wait for a free place."""
        while not (self._free or self._has_place()):
            if self._ended:
                await sleep_until(self._clock, self._ended[0] + self.limit.per)
            else:
                self._freed = asyncio.get_running_loop().create_future()
                await self._freed

    def _has_place(self) -> bool:
        """Take back the places whose time is over, and say whether there is one."""
        now, per = self._clock.time(), self.limit.per
        while self._ended and self._ended[0] + per <= now:
            self._ended.popleft()
            self._free += 1
        return self._free > 0

    def _take(self) -> None:
        self._free -= 1
        if self.permit is _SPENT:
            self.release()

    def _leave(self, turn: asyncio.Future[None]) -> None:
        """Step out of the line, and hand the lead on."""
        if not self._line or self._line[0] is not turn:
            turn.cancel()  # stepped over when its turn comes, or was already
            return
        self._line.popleft()
        while self._line and self._line[0].done():
            self._line.popleft()
        if self._line:
            self._line[0].set_result(None)


class _Spent:
    """The permit of a call that counts from its sending: nothing is left to release."""

    def release(self) -> None:
        """Do nothing."""


_SPENT: Final = _Spent()


class _Bucket(AsyncLimiter):
    """aiolimiter's bucket, on a clock that can be handed in."""

    __slots__ = ("_clocked",)

    def __init__(self, limit: RateLimit, clock: Clock) -> None:
        super().__init__(limit.burst, limit.burst * limit.per / limit.calls)
        self._clocked = cast("asyncio.AbstractEventLoop", _ClockedLoop(clock))

    _loop = property(attrgetter("_clocked"))  # pyright: ignore[reportIncompatibleMethodOverride]  # the same, in C

    def try_acquire(self) -> bool:
        """Take one if there is room now."""
        self._leak()
        if self._level + 1 > self.max_rate:
            return False
        self._level += 1
        return True


class _ClockedLoop:
    """The few methods of an event loop that aiolimiter uses, with the time of a clock."""

    def __init__(self, clock: Clock) -> None:
        self.time = clock.time
        self.call_at = clock.call_at

    def call_soon(self, callback: Any, *args: Any) -> asyncio.Handle:
        return asyncio.get_running_loop().call_soon(callback, *args)

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().create_future()
