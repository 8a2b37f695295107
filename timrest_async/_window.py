"""Places for calls.

A :class:`Window` counts: of its places, those that are taken come back *per* seconds after they were given back, so no
stretch of *per* seconds, wherever it begins, holds more calls than there are places. aiolimiter's bucket spreads them.
Of its places only a share may be used for a while: those beyond it that are taken have to come back first. A call that
asks for more than the share goes when it has the window for itself.
"""

from __future__ import annotations

import math
from collections import deque
from operator import attrgetter
from typing import TYPE_CHECKING, cast

from aiolimiter import AsyncLimiter

if TYPE_CHECKING:
    import asyncio

    from timrest_async._clock import Clock

__all__ = ["Window"]


class Window:
    """The places of one limit."""

    __slots__ = (
        "_alike",
        "_all",
        "_bucket",
        "_burst",
        "_ending",
        "_limit",
        "_slow_until",
        "calls",
        "free",
        "held",
        "name",
        "per",
        "wanted",
    )

    def __init__(  # noqa: PLR0913  # the figures of one limit
        self, name: str, calls: int, per: float, burst: int, clock: Clock, *, held: bool, alike: bool
    ) -> None:
        self._limit = name
        """What the limit is called."""
        self.name = name
        """What messages call it."""
        self._all = calls
        """How many places there are."""
        self.calls = calls
        """How many of them may be used."""
        self.per = per
        """How long a place lasts after it was given back, seconds."""
        self.held = held
        """Whether a call keeps its places until it is answered."""
        self._alike = alike
        """Whether every call asks for one place."""
        self.free = calls
        """How many places nobody has."""
        self.wanted = 0
        """How many places those ask for who wait."""
        self._ending: deque[tuple[float, int]] = deque()
        """When so many places come back, earliest first."""
        self._slow_until = math.inf
        """When all places may be used again; never where they are used anyway."""
        self._burst = burst
        """How many may go at once, if there are places."""
        self._bucket = _Bucket(burst, burst * per / calls, clock) if burst < calls else None

    def opens_at(self, weight: int, now: float) -> float:
        """Return when *weight* places can be had: *now*, later, or never as long as no call is answered."""
        when = now
        if weight > self.free and (needed := min(weight, self.calls)) > self._regained(now):
            when = self._frees_at(needed)
        if self._bucket is not None:
            when = max(when, self._bucket.opens_at(weight, now))
        return when

    def expected(self, weight: int, now: float) -> float:
        """Return before when *weight* places cannot be had by somebody who goes behind all who wait."""
        total = self.wanted + weight
        most = self.calls if self._alike else self._all  # a heavy one may go alone
        rounds, rest = divmod(total - 1, most)
        needed, when = min(rest + 1, self.calls), now
        if needed > self._regained(now):
            when = min(self._frees_at(needed), now + self.per)
        when += rounds * self.per
        if self._bucket is not None:
            when = max(when, self._bucket.opens_at(weight, now, self.wanted))
        if when > self._slow_until:
            when = max(self._slow_until, now)
            gone = most * (1 + int((when - now) // self.per))  # at most so many, until then
            when += max(total - gone - 1, 0) // self._all * self.per
        return when

    def use(self, share: float, until: float) -> None:
        """Use a *share* of the places only, from this moment on and, as far as anybody knows, *until* then."""
        calls = max(1, math.floor(self._all * share))
        self.free += calls - self.calls
        self.calls, self._slow_until = calls, until
        self.name = self._limit if calls == self._all else f"{self._limit}, slowed down to {calls:,}"
        if self._bucket is not None:
            self._bucket.resize(burst := min(self._burst, calls), burst * self.per / calls)

    def try_take(self, weight: int, now: float) -> bool:
        """Take *weight* places if they can be had now."""
        if weight > self.free and weight > self._regained(now):
            return False
        if self._bucket is not None and not self._bucket.try_pour(weight):
            return False
        self.free -= weight
        return True

    def take(self, weight: int) -> None:
        """Take *weight* places, which can be had."""
        self.free -= weight
        if self._bucket is not None:
            self._bucket.pour(weight)

    def end(self, weight: int, now: float) -> None:
        """Give *weight* places back, *per* seconds from now."""
        self._ending.append((now + self.per, weight))

    def undo(self, weight: int) -> None:
        """Give *weight* places back as if they had never been taken."""
        self.free += weight
        if self._bucket is not None:
            self._bucket.pour(-weight)

    def restart(self, now: float) -> None:
        """Take every place that is taken as given back now, and nobody as waiting."""
        self.wanted = 0
        if taken := self.calls - self.free - sum(weight for _, weight in self._ending):
            self.end(taken, now)

    def idle(self, now: float) -> bool:
        """Say whether nobody has a place."""
        return self._regained(now) == self.calls

    def _regained(self, now: float) -> int:
        """Take back what came back, and count what is free."""
        ending = self._ending
        while ending and ending[0][0] <= now:
            self.free += ending.popleft()[1]
        return self.free

    def _frees_at(self, weight: int) -> float:
        if self._alike:
            index = weight - self.free - 1
            return self._ending[index][0] if index < len(self._ending) else math.inf
        free = self.free
        for when, places in self._ending:
            free += places
            if free >= weight:
                return when
        return math.inf


class _Bucket(AsyncLimiter):
    """aiolimiter's bucket, on a clock that can be handed in."""

    __slots__ = ("_clocked",)

    def __init__(self, burst: int, period: float, clock: Clock) -> None:
        super().__init__(burst, period)
        self._clocked = cast("asyncio.AbstractEventLoop", clock)

    # all that it asks of an event loop is the time; in C, since it is asked on every call
    _loop = property(attrgetter("_clocked"))  # pyright: ignore[reportIncompatibleMethodOverride]

    def resize(self, burst: int, period: float) -> None:
        """Hold *burst*, and let that flow out in *period* seconds; what flowed out before did so at the old pace."""
        self._leak()
        self.max_rate, self.time_period, self._rate_per_sec = burst, period, burst / period

    def opens_at(self, amount: int, now: float, before: int = 0) -> float:
        """Return when *amount* flows in behind what comes *before*; more than the bucket holds needs it empty."""
        needed = min(amount, self.max_rate) + before
        if self.has_capacity(needed):
            return now
        return now + (self._level + needed - self.max_rate) * self.time_period / self.max_rate

    def try_pour(self, amount: int) -> bool:
        """Let *amount* flow in if it can now."""
        if not self.has_capacity(min(amount, self.max_rate)):
            return False
        self._level += amount
        return True

    def pour(self, amount: int) -> None:
        """Let *amount* flow in, or out again."""
        self._level = max(self._level + amount, 0.0)
