"""How often a command may be called: exact windows, paced by a bucket, first come first served.

What the service counts is calls of one command of one application in a second. A token bucket alone does not promise
that number: it lets its burst through and then its refill on top, so ``AsyncLimiter(100, 1)`` was measured to send 199
calls in one second. A :class:`RateLimiter` therefore keeps, for each command, the exact window as well:

- A call needs one of *calls* places. It gets its place back *per* seconds after it stopped counting, which is when its
  answer came (``count_until="answered"``) or when it went out (``"sent"``). With "answered" the server handled the call
  somewhere in between, so the server's own count cannot pass the cap whatever the network does; the price is the round
  trip, ``calls / (per + round trip)`` a second. With "sent" the whole cap is used, counted at this end of the network.
- aiolimiter's bucket paces the calls, so that a second's worth does not leave in one millisecond: at most *burst* at
  once, then evenly.
- Whoever finds no place queues, at most until the call's deadline. Who cannot be served before it hears so at once.

Some commands have further limits: by weight, such as receivers a minute, and by key, such as messages a second in each
group. A call first passes the line of its key, then the command's own, and keeps in both the place of its arrival; so a
group that is full holds up nobody but itself.

A command that is slowed down uses a share of its own places for a while. Calls that went before count as long as ever,
so nobody goes until enough places have come back.
"""

from __future__ import annotations

import asyncio
import math
import os
from collections import OrderedDict, deque
from itertools import count, islice
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias
from weakref import WeakValueDictionary

import attrs
from attrs import field, frozen

from timrest_async._clock import Clock, SystemClock
from timrest_async._line import ONE, Line
from timrest_async._rates import CLOSED_AFTER, Asking, Limits, RateLimit, check_slowdown, checked_closings
from timrest_async._window import Window
from timrest_async._wire import reader_of
from timrest_async.errors import ConfigError, NoPermitError, TooOftenError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Sequence

    from timrest_async._clock import Timer
    from timrest_async._line import Weights
    from timrest_async.errors import TimError

__all__ = ["Limiter", "LimiterMetrics", "Permit", "RateLimiter", "Tally"]

LATELY: Final = 1_000
"""Over so many permits the waiting times are summed up."""


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

    def try_acquire(self, sdkappid: int, command: Asking) -> Permit | None:
        """Return the right to make this call if that can be had at once, or ``None``."""
        ...

    def acquire(self, sdkappid: int, command: Asking, deadline: float = math.inf) -> Awaitable[Permit]:
        """Wait for the right to make this call, at most until the clock shows *deadline*."""
        ...

    def heard(self, sdkappid: int, command: Asking, failure: TimError) -> None:
        """Take note of how a call failed."""
        ...


@frozen
class LimiterMetrics:
    """What a limiter did for one command of one application."""

    given: int
    """How many permits were given."""

    waiting: int
    """How many calls wait now."""

    refused: int
    """How many calls were turned away because they could not go before their deadline."""

    too_often: int
    """How many calls the service refused as too often."""

    wait_p50: float
    """How long half of the last 1,000 permits took at most, seconds."""

    wait_p99: float
    """How long 99 in 100 of them took at most, seconds."""

    missed: int = 0
    """How many slots passed because this process was busy when their time came; only across processes."""


@attrs.define
class Tally:
    """What is counted on the way."""

    given: int = 0
    waiting: int = 0
    refused: int = 0
    too_often: int = 0
    missed: int = 0
    waits: deque[float] = field(factory=lambda: deque(maxlen=LATELY))

    def gave(self, wait: float) -> None:
        """Count one permit that came after *wait* seconds."""
        self.given += 1
        self.waits.append(wait)

    def metrics(self) -> LimiterMetrics:
        """Sum up."""
        waits = sorted(self.waits) or [0.0]
        return LimiterMetrics(
            given=self.given,
            waiting=self.waiting,
            refused=self.refused,
            too_often=self.too_often,
            wait_p50=waits[math.ceil(len(waits) * 0.50) - 1],
            wait_p99=waits[math.ceil(len(waits) * 0.99) - 1],
            missed=self.missed,
        )


class RateLimiter:
    """Windows for each command of each application. Sessions that are given the same one share its windows.

    Args:
        default: the limit of a command that has none of its own; 100 calls a second when left out.
        overrides: the limits of commands, by path, where they are not those of :data:`BELOW_DEFAULT`.
        further: limits besides, by path, in place of those of :data:`FURTHER`; an empty list switches them off.
        closed_after: for how many seconds a command stays closed after a code that says "too often", in place of
            :data:`CLOSED_AFTER`; ``{}`` switches it off.
        clock: what time it is, such as :class:`timrest_async.testing.FakeClock`.

    One event loop at a time uses it; :class:`~timrest_async.ConfigError` tells a second one.
    """

    def __init__(
        self,
        default: RateLimit | None = None,
        overrides: Mapping[str, RateLimit] | None = None,
        *,
        further: Mapping[str, Sequence[RateLimit]] | None = None,
        closed_after: Mapping[int, float] = CLOSED_AFTER,
        clock: Clock | None = None,
    ) -> None:
        self.limits: Limits = Limits.of(default or RateLimit(), overrides, further)
        """Which limits hold for which command."""
        self._closed_after = checked_closings(closed_after)
        self._clock = clock or SystemClock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process: int | None = None
        self._gates: dict[tuple[int, str], _Gate] = {}

    @property
    def default(self) -> RateLimit:
        """The limit of a command that has none of its own."""
        return self.limits.default

    def try_acquire(self, sdkappid: int, command: Asking) -> Permit | None:
        """Return the right to make this call if nobody waits and it can be had at once."""
        return self._gate(sdkappid, command.path).try_acquire(command)

    def acquire(self, sdkappid: int, command: Asking, deadline: float = math.inf) -> Awaitable[Permit]:
        """Wait for the right to make this call, in the order of arrival.

        Raises :class:`~timrest_async.NoPermitError` as soon as it is clear that it cannot be had before the clock shows
        *deadline*, mostly at once; nothing was sent then.
        """
        return self._gate(sdkappid, command.path).acquire(command, deadline)

    def heard(self, sdkappid: int, command: Asking, failure: TimError) -> None:
        """Close the command for a while where *failure* says: too often."""
        if isinstance(failure, TooOftenError) and (gate := self._gates.get((sdkappid, command.path))) is not None:
            gate.tally.too_often += 1
            failure.retry_after = self._closed_after.get(failure.code)
            gate.close(self._clock.time() + (failure.retry_after or 0.0))

    def slow_down(self, sdkappid: int, path: str, *, share: float = 0.5, seconds: float = 60.0) -> None:
        """Use only *share* of every cap of the command *path* for so many seconds.

        That is of its calls and of what else is counted for the command as a whole, rounded down, but at least one;
        limits by key stay as they are. Calls that went before count as long as ever, so right after it nobody may go
        for a moment. Where one slowdown meets another, the smaller share holds, and the end only moves forward. One
        call that weighs more than the share of a limit goes when it has that limit for itself.

        Raises :class:`~timrest_async.ConfigError` unless *share* is above 0 and at most 1, and *seconds* above 0 and
        finite.
        """
        check_slowdown(share, seconds)
        self._gate(sdkappid, path).slow_down(share, seconds)

    def metrics(self) -> dict[tuple[int, str], LimiterMetrics]:
        """Return what was done so far, by SDKAppID and path."""
        return {of: gate.tally.metrics() for of, gate in self._gates.items()}

    def _gate(self, sdkappid: int, path: str) -> _Gate:
        if self._loop is not asyncio.get_running_loop():
            self._move_to(asyncio.get_running_loop())
        return self._gates.get((sdkappid, path)) or self._open(sdkappid, path)

    def _open(self, sdkappid: int, path: str) -> _Gate:
        limits = self.limits.all(path)
        kind = _Gate if len(limits) == len(limits[()]) == 1 else _WideGate
        gate = self._gates[sdkappid, path] = kind(path, limits, self._clock)
        return gate

    def _move_to(self, loop: asyncio.AbstractEventLoop) -> None:
        """Serve *loop* from here on, if nobody else is served."""
        if self._process not in {None, os.getpid()}:
            raise ConfigError(
                "this RateLimiter was used before the process forked: make one in each process with a part of the cap,"
                " or let them share one with RedisRateLimiter"
            )
        if self._loop is not None and not self._loop.is_closed():
            raise ConfigError(
                "a RateLimiter serves one event loop, and this one serves another: give each its own with a part of the"
                " cap, or let them share one with RedisRateLimiter"
            )
        self._loop, self._process = loop, os.getpid()
        for gate in self._gates.values():
            gate.restart()


Places: TypeAlias = "list[tuple[Line, Weights]]"
"""Where a call has to pass, and for how many places it asks there."""


class _Permit:
    """Places in lines."""

    __slots__ = ("_places",)

    def __init__(self, places: Places) -> None:
        self._places = places

    def release(self) -> None:
        for line, weights in self._places:
            line.release(weights)


class _Gate:
    """The line of one command of one application, which counts calls and nothing else."""

    def __init__(self, path: str, limits: Mapping[tuple[str, ...], Sequence[RateLimit]], clock: Clock) -> None:
        self.tally = Tally()
        self._path = path
        self._clock = clock
        self._line = _line(limits[()], clock)
        self._alike: Places = [(self._line, ONE)]
        self._tickets = count()
        self._share = 1.0
        """Which share of the places may be used ..."""
        self._slow_until = -math.inf
        """... until then; afterwards all of them."""
        self._timer: Timer | None = None

    def try_acquire(self, command: Asking) -> Permit | None:  # noqa: ARG002  # all calls are alike
        """Return a permit if a place can be had at once."""
        line, tally = self._line, self.tally
        if not line.try_enter():
            return None
        line.depart()
        tally.given += 1  # in place, since most calls come here
        tally.waits.append(0.0)
        return line

    async def acquire(self, command: Asking, deadline: float) -> Permit:
        """Queue in one line after the other, in each with the ticket of the arrival."""
        began = self._clock.time()
        places = self._places(command)
        if deadline < math.inf:
            self._check(places, began, deadline)
        ticket = next(self._tickets)
        self.tally.waiting += 1
        try:
            for index, (line, weights) in enumerate(places):
                turn = line.join(ticket, weights, deadline)
                try:
                    if line.called > 1 and turn.done():
                        await asyncio.sleep(0)  # behind those who were let in before and have yet to notice
                    in_time = await turn
                except BaseException:
                    if not turn.get_loop().is_closed():  # see Line.heir
                        line.withdraw(turn, weights)
                        _undo(places[:index])
                    raise
                if not in_time:
                    _undo(places[:index])
                    raise self._refused(f"no place came free within {deadline - began:.3g} s", None)
                line.called -= 1
        finally:
            self.tally.waiting -= 1
        return self._give(places, self._clock.time() - began)

    def close(self, until: float) -> None:
        """Let nobody pass before *until*."""
        self._line.close(until)

    def slow_down(self, share: float, seconds: float) -> None:
        """Use a *share* of the places for so many seconds, and no more than a slowdown that lasts allows."""
        now = self._clock.time()
        self._share = min(share, self._share) if now < self._slow_until else share
        self._slow_until = max(self._slow_until, now + seconds)
        self._pace()

    def restart(self) -> None:
        """Go on in another event loop."""
        self._line = self._line.heir()
        self._alike = [(self._line, ONE)]
        self._pace()

    def _pace(self) -> None:
        """Use as many places as may be used now, and set the timer to when that ends."""
        if self._timer is not None:
            self._timer.cancel()
        if self._clock.time() < self._slow_until:
            self._timer = self._clock.call_at(self._slow_until, self._pace)
            self._line.use(self._share, self._slow_until)
        else:
            self._timer = None
            self._line.use(1.0)

    def _places(self, command: Asking) -> Places:  # noqa: ARG002  # all calls are alike
        return self._alike

    def _give(self, places: Places, wait: float) -> Permit:  # noqa: ARG002  # all calls are alike
        self._line.depart()
        self.tally.gave(wait)
        return self._line

    def _check(self, places: Places, now: float, deadline: float) -> None:
        """Refuse a call that cannot go before *deadline*."""
        when, name = max(line.expected(weights, now) for line, weights in places)
        if when > deadline:
            waits = f"it would wait at least {when - now:.3g} s, {self.tally.waiting:,} more wait with it"
            raise self._refused(f"{name}: {waits}, and its time is over in {max(deadline - now, 0):.3g} s", when - now)

    def _refused(self, reason: str, retry_after: float | None) -> NoPermitError:
        self.tally.refused += 1
        return NoPermitError(self._path, f"{reason}; nothing was sent. Send less, or give it more time", retry_after)


class _WideGate(_Gate):
    """The lines of one command of one application that counts more than calls."""

    def __init__(self, path: str, limits: Mapping[tuple[str, ...], Sequence[RateLimit]], clock: Clock) -> None:
        super().__init__(path, limits, clock)
        self._shared = limits[()]
        self._keyed = [_Keyed(fields, these, clock) for fields, these in limits.items() if fields]

    def try_acquire(self, command: Asking) -> Permit | None:
        """Return a permit if places can be had at once in every line."""
        places = self._places(command)
        for index, (line, weights) in enumerate(places):
            if not line.try_enter(weights):
                _undo(places[:index])
                return None
        return self._give(places, 0.0)

    def _give(self, places: Places, wait: float) -> Permit:
        for line, weights in places:
            line.depart(weights)
        self.tally.gave(wait)
        return _Permit(places)

    def restart(self) -> None:
        """Go on in another event loop."""
        super().restart()
        for keyed in self._keyed:
            keyed.restart()

    def _places(self, command: Asking) -> Places:
        """Name the lines of the keys first, so that who waits there holds up nobody else."""
        places = [keyed.place(command) for keyed in self._keyed]
        return [*places, (self._line, _weights(self._shared, command))]


class _Keyed:
    """The lines of limits that count apart for each value of some fields; those that lie idle are forgotten."""

    def __init__(self, fields: tuple[str, ...], limits: Sequence[RateLimit], clock: Clock) -> None:
        self._fields = fields
        self._limits = limits
        self._clock = clock
        self._lines: WeakValueDictionary[tuple[str, ...], Line] = WeakValueDictionary()
        """Those that somebody holds, were it only who waits in a line before."""
        self._recent: OrderedDict[tuple[str, ...], Line] = OrderedDict()
        """Those that are held here; the one used last stands last."""

    def place(self, command: Asking) -> tuple[Line, Weights]:
        """Return the line of *command*, and for how many places it asks there."""
        key = tuple(str(reader_of(type(command), name)(command)) for name in self._fields)
        if (line := self._lines.get(key)) is None:
            self._forget()
            line = self._lines[key] = _line(self._limits, self._clock)
        self._recent[key] = line
        self._recent.move_to_end(key)
        return line, _weights(self._limits, command)

    def restart(self) -> None:
        """Go on in another event loop."""
        self._recent = OrderedDict((key, line.heir()) for key, line in self._recent.items())
        self._lines = WeakValueDictionary(self._recent)

    def _forget(self) -> None:
        """Look at the two lines that were not used for longest, and forget those that lie idle."""
        for key in list(islice(self._recent, 2)):
            if self._recent[key].idle():
                del self._recent[key]
            else:
                self._recent.move_to_end(key)


def _line(limits: Sequence[RateLimit], clock: Clock) -> Line:
    return Line(tuple(_window(limit, clock) for limit in limits), clock)


def _window(limit: RateLimit, clock: Clock) -> Window:
    held, alike = limit.count_until != "sent", limit.weight is None
    return Window(str(limit), limit.calls, limit.per, limit.burst, clock, held=held, alike=alike)


def _weights(limits: Sequence[RateLimit], command: Asking) -> Weights:
    return tuple(limit.weigh(command) for limit in limits)


def _undo(places: Places) -> None:
    for line, weights in places:
        line.undo(weights)
