"""The line of those who wait for places.

A :class:`Line` stands before one or more windows, in each of which a call needs places. Who comes first goes first,
without exception: nobody is let past the head, not even where the head asks for more. Those who wait have no timers;
the line has one, for the earliest moment in which something can happen: the head fits, or a deadline passes. Who is
cancelled is stepped over, and swept out before the dead are many.
"""

from __future__ import annotations

import asyncio
import math
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from timrest_async._clock import Clock, Timer
    from timrest_async._window import Window

__all__ = ["ONE", "Line", "Weights"]

Weights: TypeAlias = "tuple[int, ...]"
"""How many places a call asks for, in each window of its line."""

ONE: Final = (1,)
"""What a call asks for where only calls are counted."""

FEW: Final = 64
"""So many who have gone may lie in a heap, beside as many as there are who wait, before it is swept."""


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

    def use(self, share: float, until: float = math.inf) -> None:
        """Use a *share* of the places only, as :meth:`Window.use` does, and let in who can go with it."""
        for window in self._windows:
            window.use(share, until)
        if self._queue:
            self._serve()

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
