"""Places for calls, and the line of those who wait for one.

A :class:`Window` counts: of its places, those that are taken come back *per* seconds after they were given back, so no
stretch of *per* seconds, wherever it begins, holds more calls than there are places. aiolimiter's bucket spreads them.

A :class:`Line` stands before one or more windows, in each of which a call needs places. Who comes first goes first,
without exception: nobody is let past the head, not even where the head asks for more. Those who wait have no timers;
the line has one, for the earliest moment in which something can happen: the head fits, or a deadline passes. Who is
cancelled is stepped over, and swept out before the dead are many.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from heapq import heapify, heappop, heappush
from operator import attrgetter
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from aiolimiter import AsyncLimiter

if TYPE_CHECKING:
    from timrest_async._clock import Clock, Timer

__all__ = ["ONE", "Line", "Weights", "Window"]

Weights: TypeAlias = "tuple[int, ...]"
"""How many places a call asks for, in each window of its line."""

ONE: Final = (1,)
"""What a call asks for where only calls are counted."""

FEW: Final = 64
"""So many who have gone may lie in a heap, beside as many as there are who wait, before it is swept."""


class Window:
    """The places of one limit."""

    __slots__ = ("_alike", "_bucket", "_ending", "calls", "free", "held", "name", "per", "wanted")

    def __init__(  # noqa: PLR0913  # the figures of one limit
        self, name: str, calls: int, per: float, burst: int, clock: Clock, *, held: bool, alike: bool
    ) -> None:
        self.name = name
        """What messages call it."""
        self.calls = calls
        """How many places there are."""
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
        self._bucket = _Bucket(burst, burst * per / calls, clock) if burst < calls else None

    def opens_at(self, weight: int, now: float) -> float:
        """Return when *weight* places can be had: *now*, later, or never as long as no call is answered."""
        when = now
        if weight > self.free and weight > self._regained(now):
            when = self._frees_at(weight)
        if self._bucket is not None:
            when = max(when, self._bucket.opens_at(weight, now))
        return when

    def expected(self, weight: int, now: float) -> float:
        """Return before when *weight* places cannot be had by somebody who goes behind all who wait."""
        total = self.wanted + weight
        rounds, rest = divmod(total - 1, self.calls)
        when = now
        if rest + 1 > self._regained(now):
            when = min(self._frees_at(rest + 1), now + self.per)
        when += rounds * self.per
        return when if self._bucket is None else max(when, self._bucket.opens_at(weight, now, self.wanted))

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
        """Say whether every place is free."""
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


class Line:
    """Those who wait for places in *windows*, for some in each of them at once."""

    def __init__(self, windows: tuple[Window, ...], clock: Clock) -> None:
        self.waiting = 0
        """How many wait."""
        self.called = 0
        """How many were let in from the line, and have not noticed yet."""
        self._windows = windows
        self._only = windows[0] if len(windows) == 1 else None
        self._held = [(index, window) for index, window in enumerate(windows) if window.held]
        self._sent = [(index, window) for index, window in enumerate(windows) if not window.held]
        self._clock = clock
        self._closed_until = -math.inf
        self._queue: list[tuple[int, asyncio.Future[bool], Weights]] = []
        """Who waits, by ticket; some have gone."""
        self._deadlines: list[tuple[float, int, asyncio.Future[bool], Weights]] = []
        """Until when they wait; some have gone."""
        self._timer: Timer | None = None
        self._opens = math.inf
        """When the head can go; never as long as calls have to be answered first."""
        self._wakes = math.inf
        """When the timer fires."""

    def try_enter(self, weights: Weights = ONE) -> bool:
        """Take places if nobody waits and they can be had at once."""
        return not self._queue and not self.called and self._try_take(weights, self._clock.time())

    def join(self, ticket: int, weights: Weights, deadline: float) -> asyncio.Future[bool]:
        """Queue by *ticket*; the future says whether the places came before *deadline*."""
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        heappush(self._queue, (ticket, turn, weights))
        if deadline < math.inf:
            heappush(self._deadlines, (deadline, ticket, turn, weights))
        self._count(1, weights)
        self._sweep()
        if deadline < self._wakes or self._queue[0][1] is turn:
            self._serve()
        return turn

    def withdraw(self, turn: asyncio.Future[bool], weights: Weights) -> None:
        """Give back what *turn* brought, even in the very moment of its cancellation; else leave the line."""
        if turn.done() and not turn.cancelled():
            if turn.result():
                self.called -= 1
                self.undo(weights)
            return
        turn.cancel()
        self._count(-1, weights)
        self._sweep()
        if self._queue and self._queue[0][1] is turn:
            self._serve()

    def expected(self, weights: Weights, now: float) -> tuple[float, str]:
        """Return before when somebody who comes now cannot enter, and what it is that lasts until then."""
        parts = zip(self._windows, weights, strict=True)
        times = ((window.expected(weight, now), window.name) for window, weight in parts)
        return max((self._closed_until, "closed, since the service said: too often"), *times)

    def depart(self, weights: Weights = ONE) -> None:
        """Say that the call goes out: places that count from then on begin their last seconds."""
        for index, window in self._sent:
            window.end(weights[index], self._clock.time())
        if self._sent and self._opens == math.inf and self._queue:
            self._serve()

    def release(self, weights: Weights = ONE) -> None:
        """Say that the call was answered: places that it kept until then begin their last seconds."""
        for index, window in self._held:
            window.end(weights[index], self._clock.time())
        if self._opens == math.inf and self._queue:
            self._serve()

    def undo(self, weights: Weights) -> None:
        """Give places back as if they had never been taken."""
        for window, weight in zip(self._windows, weights, strict=True):
            window.undo(weight)
        if self._queue:
            self._serve()

    def close(self, until: float) -> None:
        """Let nobody in before *until*, which only ever moves forward."""
        self._closed_until = max(self._closed_until, until)

    def idle(self) -> bool:
        """Say whether nobody waits and every place is free."""
        now = self._clock.time()
        return not self._queue and all(window.idle(now) for window in self._windows)

    def heir(self) -> Line:
        """Hand the windows over to a line in which nobody waits, and take what was taken as given back now.

        For a new event loop, as the old one is gone: who still has a permit from there gives it back to nobody.
        """
        for window in self._windows:
            window.restart(self._clock.time())
        heir = Line(self._windows, self._clock)
        heir.close(self._closed_until)
        self._queue.clear()
        self._deadlines.clear()
        self._held.clear()
        return heir

    def _serve(self) -> None:
        """Let in who can go, turn away whose time is over, and set the timer to what comes next."""
        if self._timer is not None:
            self._timer.cancel()
        now = self._clock.time()
        self._opens, ends = self._admit(now), self._turn_away(now)
        if self._queue and self._queue[0][1].done():  # the head's time was over, and the next one may ask for less
            self._opens, ends = self._admit(now), self._turn_away(now)
        self._wakes = min(self._opens, ends)
        self._timer = self._clock.call_at(self._wakes, self._serve) if self._wakes < math.inf else None

    def _admit(self, now: float) -> float:
        """Let in from the head of the line, and return when the next one can go."""
        queue = self._queue
        while queue:
            _, turn, weights = queue[0]
            if not turn.done():
                if not self._try_take(weights, now):
                    return self._opens_at(weights, now)
                turn.set_result(True)
                self.called += 1
                self._count(-1, weights)
            heappop(queue)
        return math.inf

    def _turn_away(self, now: float) -> float:
        """Tell those whose deadline has passed, and return when the next one does."""
        deadlines = self._deadlines
        while deadlines:
            deadline, _, turn, weights = deadlines[0]
            if not turn.done():
                if deadline > now:
                    return deadline
                turn.set_result(False)
                self._count(-1, weights)
            heappop(deadlines)
        return math.inf

    def _count(self, one: int, weights: Weights) -> None:
        """Note that one more waits, or one less."""
        self.waiting += one
        for window, weight in zip(self._windows, weights, strict=True):
            window.wanted += one * weight

    def _sweep(self) -> None:
        """Throw out the dead where they outnumber the living; but the head, whose end is served by who ends it."""
        many = 2 * self.waiting + FEW
        if len(self._queue) > many:
            head = self._queue[0]
            self._queue = [waiter for waiter in self._queue if waiter is head or not waiter[1].done()]
            heapify(self._queue)
        if len(self._deadlines) > many:
            self._deadlines = [waiter for waiter in self._deadlines if not waiter[2].done()]
            heapify(self._deadlines)

    def _try_take(self, weights: Weights, now: float) -> bool:
        if self._only is not None:
            return now >= self._closed_until and self._only.try_take(weights[0], now)
        if self._opens_at(weights, now) > now:
            return False
        for window, weight in zip(self._windows, weights, strict=True):
            window.take(weight)
        return True

    def _opens_at(self, weights: Weights, now: float) -> float:
        parts = zip(self._windows, weights, strict=True)
        return max(self._closed_until, *(window.opens_at(weight, now) for window, weight in parts))


class _Bucket(AsyncLimiter):
    """aiolimiter's bucket, on a clock that can be handed in."""

    __slots__ = ("_clocked",)

    def __init__(self, burst: int, period: float, clock: Clock) -> None:
        super().__init__(burst, period)
        self._clocked = cast("asyncio.AbstractEventLoop", clock)

    # all that it asks of an event loop is the time; in C, since it is asked on every call
    _loop = property(attrgetter("_clocked"))  # pyright: ignore[reportIncompatibleMethodOverride]

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
