"""The limiter, on a clock that jumps."""

from __future__ import annotations

import asyncio
import gc
import math
import pickle
import threading
import time
import tracemalloc
from collections import defaultdict
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.windows import fullest
from timrest_async import (
    ApiError,
    Clock,
    ConfigError,
    InputError,
    LimiterMetrics,
    NoPermitError,
    RateLimit,
    RateLimitedError,
    RateLimiter,
    TimSession,
    TooOftenError,
)
from timrest_async._line import Line
from timrest_async._rates import CLOSED_AFTER
from timrest_async.commands._command import RawCommand
from timrest_async.commands.group_messages import SendGroupMessage
from timrest_async.commands.messages import SendBatch
from timrest_async.errors import error_for
from timrest_async.limits import Tally
from timrest_async.testing import FakeClock, MemoryTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from timrest_async._rates import Asking
    from timrest_async.limits import Permit

SEND = RawCommand("openim/sendmsg", {})
CALM = RateLimit(5, key="GroupId")
BATCH = "openim/batchsendmsg"
OK = {"ErrorCode": 0, "MsgTime": 1, "ActionStatus": "OK"}
COUNTED: list[Literal["sent", "answered"]] = ["sent", "answered"]


@dataclass
class Track:
    """Callers of one limiter, and when each of them went."""

    clock: Clock
    limiter: RateLimiter
    went: list[tuple[float, int]] = field(default_factory=list)

    async def call(
        self, number: int, command: Asking = SEND, *, takes: float = 0.0, deadline: float = math.inf
    ) -> None:
        """Take a permit, keep it for *takes* seconds as a call in flight, and note when it came."""
        permit = self.limiter.try_acquire(1, command) or await self.limiter.acquire(1, command, deadline)
        self.went.append((self.clock.time(), number))
        try:
            if takes:
                woken = asyncio.Event()
                self.clock.call_at(self.clock.time() + takes, woken.set)
                await woken.wait()
        finally:
            permit.release()

    def start(
        self, number: int, command: Asking = SEND, *, takes: float = 0.0, deadline: float = math.inf
    ) -> asyncio.Task[None]:
        """Let a caller begin."""
        return asyncio.ensure_future(self.call(number, command, takes=takes, deadline=deadline))

    @property
    def times(self) -> list[float]:
        """When permits came, in order."""
        return [when for when, _ in self.went]

    @property
    def numbers(self) -> list[int]:
        """Who got them, in order."""
        return [number for _, number in self.went]

    @property
    def metrics(self) -> LimiterMetrics:
        """What the limiter says of its one command."""
        (metrics,) = self.limiter.metrics().values()
        return metrics


def track(limit: RateLimit | None = None, **further: Any) -> tuple[Track, FakeClock]:
    """Set up a command with *limit* on a fresh clock."""
    clock = FakeClock()
    return Track(clock, RateLimiter(limit, clock=clock, **further)), clock


class StallingClock:
    """A clock on which time passes in steps, at whose end everything comes that was due, late as after a stall."""

    def __init__(self) -> None:
        self._time = 0.0
        self._numbers = count()
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._gone: set[int] = set()

    def time(self) -> float:
        """Return the time."""
        return self._time

    now = time

    def call_at(self, when: float, callback: Callable[[], object], /) -> Any:
        """Remember *callback* for *when*."""
        number = next(self._numbers)
        heappush(self._due, (when, number, callback))
        return _Forget(self._gone, number)

    async def step(self, seconds: float) -> None:
        """Let *seconds* pass at once, and then do what is due, before any task hears of it."""
        await self._settle()
        self._time += seconds
        while self._due and self._due[0][0] <= self._time:
            while self._due and self._due[0][0] <= self._time:
                _, number, callback = heappop(self._due)
                if number not in self._gone:
                    callback()
            await self._settle()

    @property
    def timers(self) -> int:
        """How many callbacks wait."""
        return sum(number not in self._gone for _, number, _ in self._due)

    async def _settle(self) -> None:
        for _ in range(12):
            await asyncio.sleep(0)


@dataclass
class _Forget:
    gone: set[int]
    number: int

    def cancel(self) -> None:
        self.gone.add(self.number)


def in_group(group: object) -> RawCommand:
    """A message to *group*."""
    return RawCommand("group_open_http_svc/send_group_msg", {"GroupId": group})


def batch_of(receivers: int) -> RawCommand:
    """A batch to so many *receivers*."""
    return RawCommand(BATCH, {"To_Account": ["a"] * receivers})


# -- the window


@pytest.mark.parametrize("count_until", COUNTED)
async def test_no_second_holds_more_than_the_cap_and_the_cap_is_used(count_until: Literal["sent", "answered"]) -> None:
    """A thousand waiters leave at the cap: never more than 100 in a second, never less than 99 % of it."""
    line, clock = track(RateLimit(count_until=count_until))
    await clock.run(asyncio.gather(*(line.call(n) for n in range(1_000))))
    assert fullest(line.times) == 100
    assert line.times[-1] - line.times[0] <= 9.9 / 0.99


@pytest.mark.parametrize("count_until", COUNTED)
async def test_one_call_then_a_pause_then_a_crowd_stays_within_the_cap(
    count_until: Literal["sent", "answered"],
) -> None:
    """One call, 0.9 seconds of silence and 500 at once: the classic way through a token bucket is closed."""
    line, clock = track(RateLimit(count_until=count_until))
    await clock.run(line.call(0))
    await clock.advance(0.9)
    await clock.run(asyncio.gather(*(line.call(n) for n in range(1, 501))))
    assert fullest(line.times) == 100
    assert line.times[-1] - 0.9 <= 5.0 / 0.99


@pytest.mark.parametrize("count_until", COUNTED)
async def test_a_trickle_then_a_crowd_stays_within_the_cap(count_until: Literal["sent", "answered"]) -> None:
    """99 calls, one every 10 ms, and then 300 at once, of which a hundred give up."""
    line, clock = track(RateLimit(count_until=count_until))
    for number in range(99):
        await clock.run(line.call(number))
        await clock.advance(0.01)
    crowd = [line.start(number) for number in range(99, 399)]
    await clock.advance(0.3)
    for caller in crowd[1::3]:
        caller.cancel()
    await clock.run(asyncio.wait(crowd))
    assert fullest(line.times) == 100
    assert line.numbers == sorted(line.numbers)
    assert len(line.numbers) >= 299


async def test_an_idle_command_lets_its_burst_go_at_once_and_spreads_the_rest() -> None:
    """After a pause ten calls leave together, and the following ones one by one."""
    line, clock = track()
    await clock.run(asyncio.gather(*(line.call(n) for n in range(20))))
    assert [round(when, 2) for when in line.times[:10]] == [0.0] * 10
    gaps = [after - before for before, after in zip(line.times[9:], line.times[10:], strict=False)]
    assert all(0.009 < gap < 0.011 for gap in gaps)


async def test_an_answered_call_keeps_its_place_until_a_second_after_its_answer() -> None:
    """With slow answers the server cannot count more than the cap, wherever in between it counts a call."""
    line, clock = track(RateLimit(10, burst=10))
    await clock.run(asyncio.gather(*(line.call(n, takes=0.5) for n in range(30))))
    assert [round(when, 1) for when in line.times] == [0.0] * 10 + [1.5] * 10 + [3.0] * 10


@pytest.mark.parametrize("takes", [0.5, 5.0, 50.0])
async def test_a_sent_call_gives_its_place_back_a_second_after_it_left(takes: float) -> None:
    """Counted from the sending, slow answers cost nothing, however slow they are."""
    line, clock = track(RateLimit(10, burst=10, count_until="sent"))
    await clock.run(asyncio.gather(*(line.call(n, takes=takes) for n in range(30))))
    assert [round(when, 1) for when in line.times] == [0.0] * 10 + [1.0] * 10 + [2.0] * 10


def test_a_limit_counts_until_the_answer_unless_told_otherwise() -> None:
    """In one process the strictest way is the usual one."""

    async def live(count_until: Literal["sent", "answered"] | None) -> float:
        line, clock = track(RateLimit(1, count_until=count_until))
        await clock.run(asyncio.gather(*(line.call(n, takes=2.0) for n in range(2))))
        return round(line.times[-1], 1)

    assert [asyncio.run(live(until)) for until in (None, "answered", "sent")] == [3.0, 3.0, 1.0]


@pytest.mark.parametrize("deadline", [30.0, math.inf])
async def test_when_every_place_is_in_flight_the_next_answer_starts_the_clock(deadline: float) -> None:
    """With no answer in sight nobody can say when a place frees; the first answer does, deadlines or not."""
    line, clock = track(RateLimit(2, burst=2))
    calls = [line.start(n, takes=5.0, deadline=deadline) for n in range(4)]
    await clock.run(asyncio.gather(*calls))
    assert [round(when) for when in line.times] == [0, 0, 6, 6]


# -- the line


async def test_first_come_first_served() -> None:
    """Permits come in the order of arrival."""
    line, clock = track()
    await clock.run(asyncio.gather(*(line.call(n) for n in range(350))))
    assert line.numbers == list(range(350))


async def test_a_newcomer_does_not_overtake_as_a_place_frees() -> None:
    """Who arrives in the moment in which a place frees goes behind those who wait."""
    line, clock = track(RateLimit(1))
    waiting = [line.start(n) for n in range(3)]
    await clock.advance(0.5)
    assert line.numbers == [0]
    clock.call_at(1.0, lambda: waiting.append(line.start(99)))
    await clock.run(asyncio.gather(*waiting))
    await clock.run(asyncio.gather(*waiting))
    assert line.numbers == [0, 1, 2, 99]


@pytest.mark.parametrize("group", [None, "a"])
async def test_a_newcomer_does_not_overtake_who_was_let_in_but_has_not_woken(group: str | None) -> None:
    """Between the moment in which a place is given and that in which its owner goes, nobody slips in."""
    clock, command = StallingClock(), in_group(group) if group else SEND
    line = Track(clock, RateLimiter(RateLimit(5, burst=5), clock=clock, further={in_group(0).path: [CALM]}))
    calls = [line.start(n, command) for n in range(6)]
    await clock.step(0.5)
    assert line.numbers == [0, 1, 2, 3, 4]
    at_once: list[Permit | None] = []

    async def newcomer(number: int) -> None:
        (await line.limiter.acquire(1, command)).release()
        line.went.append((clock.time(), number))

    # due before the timer of the line, and so in the loop before whom that wakes
    clock.call_at(0.9, lambda: calls.extend(asyncio.ensure_future(newcomer(number)) for number in (6, 7)))
    clock.call_at(1.0, lambda: at_once.append(line.limiter.try_acquire(1, command)))
    await clock.step(0.5)
    assert at_once == [None]
    assert line.numbers == list(range(8))
    assert all(call.done() for call in calls)


async def test_what_is_had_at_once_is_never_had_past_a_line() -> None:
    """As long as anybody waits, nobody else gets a permit without waiting."""
    line, clock = track(RateLimit(3, burst=3))
    await clock.run(asyncio.gather(*(line.call(n) for n in range(3))))
    waiting = [line.start(n) for n in range(3, 5)]
    await clock.advance(0.5)
    assert line.limiter.try_acquire(1, SEND) is None
    await clock.run(asyncio.gather(*waiting))
    permit = line.limiter.try_acquire(1, SEND)
    assert permit is not None
    permit.release()
    assert line.limiter.try_acquire(1, SEND) is None


async def test_a_cancelled_waiter_gives_its_turn_back() -> None:
    """Sixty cancelled waiters cost the next caller nothing."""
    line, clock = track(RateLimit(10, burst=10))
    await clock.run(asyncio.gather(*(line.call(n) for n in range(10))))
    waiters = [line.start(n) for n in range(100, 160)]
    last = line.start(999)
    await clock.advance(0.5)
    for waiter in waiters:
        waiter.cancel()
    await clock.run(last)
    assert line.numbers[-1] == 999
    assert round(line.times[-1], 3) == 1.0


async def test_cancelling_the_head_hands_the_lead_on() -> None:
    """The waiter behind a cancelled head goes when the head would have gone."""
    line, clock = track(RateLimit(1))
    first, second, third = (line.start(n) for n in range(3))
    await clock.run(first)
    second.cancel()
    await clock.run(third)
    assert line.numbers == [0, 2]
    assert round(line.times[-1], 3) == 1.0


async def test_a_whole_line_can_be_cancelled_from_its_end() -> None:
    """Cancelling everybody, last one first, leaves an empty line and no timer."""
    line, clock = track(RateLimit(1))
    await clock.run(line.call(0))
    waiters = [line.start(n) for n in range(1, 50)]
    await clock.advance(0.1)
    assert (line.metrics.waiting, clock.timers) == (49, 1)
    for waiter in reversed(waiters):
        waiter.cancel()
    await asyncio.gather(*waiters, return_exceptions=True)
    assert (line.metrics.waiting, clock.timers) == (0, 0)
    await clock.run(line.call(99))
    assert line.numbers == [0, 99]


@pytest.mark.parametrize("end", ["cancel", "close", "collect"])
async def test_a_waiter_leaves_no_trace_however_it_ends(end: str) -> None:
    """Cancelled, closed or forgotten: no timer, nobody waiting, and the next one goes at once."""
    line, clock = track(RateLimit(1))
    await clock.run(line.call(0))
    waiter: Any = line.limiter.acquire(1, SEND, 30.0)
    waiter.send(None)
    assert (line.metrics.waiting, clock.timers) == (1, 1)
    if end == "cancel":
        with pytest.raises(asyncio.CancelledError):
            waiter.throw(asyncio.CancelledError)
    elif end == "close":
        waiter.close()
    del waiter
    gc.collect()
    assert (line.metrics.waiting, clock.timers) == (0, 0)
    await clock.advance(1.0)
    assert line.limiter.try_acquire(1, SEND) is not None


async def test_a_waiter_cancelled_in_the_moment_of_its_turn_gives_the_place_on() -> None:
    """A permit that came together with the cancellation goes to the next one at once."""
    clock = StallingClock()
    line = Track(clock, RateLimiter(RateLimit(1), clock=clock))
    first, second, third = (line.start(n) for n in range(3))
    await clock.step(0.5)
    clock.call_at(1.0, second.cancel)  # behind the line's own timer, before the task hears of its turn
    await clock.step(0.5)
    assert first.done()
    assert second.cancelled()
    assert third.done()
    assert line.went == [(0.0, 0), (1.0, 2)]
    assert (line.metrics.given, clock.timers) == (2, 0)


async def test_a_newcomer_cancelled_while_it_lets_others_go_first_gives_the_place_on() -> None:
    """The place that it had already is free for the next one."""
    clock = StallingClock()
    line = Track(clock, RateLimiter(RateLimit(2, burst=2), clock=clock))
    calls = [line.start(n) for n in range(3)]
    await clock.step(0.5)

    def arrive() -> None:
        calls.extend([line.start(3), line.start(4)])
        asyncio.get_running_loop().call_soon(calls[3].cancel)

    clock.call_at(0.9, arrive)  # before the timer of the line, and so in the loop before whom that wakes
    await clock.step(0.5)
    assert calls[3].cancelled()
    assert line.went == [(0.0, 0), (0.0, 1), (1.0, 2), (1.0, 4)]
    assert (line.metrics.waiting, clock.timers) == (0, 0)


@pytest.mark.parametrize("first", ["cancellation", "deadline"])
async def test_a_deadline_and_a_cancellation_at_once_are_one_end(first: str) -> None:
    """Whichever comes first, the waiter leaves once, and the count of those who wait stays right."""
    clock = StallingClock()
    line = Track(clock, RateLimiter(RateLimit(1), clock=clock))
    permit = await line.limiter.acquire(1, SEND)
    waiter, behind = line.start(1, deadline=5.0), line.start(2)
    if first == "cancellation":
        clock.call_at(5.0, waiter.cancel)
    await clock.step(1.0)
    if first == "deadline":
        clock.call_at(5.0, waiter.cancel)
    await clock.step(4.0)
    assert waiter.done()
    assert line.metrics.waiting == 1
    permit.release()
    await clock.step(1.0)
    assert behind.done()
    assert (line.metrics.waiting, clock.timers) == (0, 0)
    await asyncio.wait({waiter})
    assert waiter.cancelled()


async def test_a_place_and_a_deadline_at_the_same_time_are_a_place() -> None:
    """Who can go exactly at the deadline goes."""
    line, clock = track(RateLimit(1))
    await clock.run(line.call(0))
    await clock.run(line.call(1, deadline=1.0))
    assert line.numbers == [0, 1]


def test_the_dead_do_not_pile_up_behind_a_slow_head() -> None:
    """However many come and give up, no more of them lie in the line than a few."""

    async def live() -> int:
        line, clock = track(RateLimit(1))
        permit = await line.limiter.acquire(1, SEND)
        head = line.start(1)
        await clock.advance(1.0)
        sizes = []
        tracemalloc.start()
        for _ in range(50):
            waiters: list[Any] = [line.limiter.acquire(1, SEND, 1e6) for _ in range(400)]
            for waiter in waiters:
                waiter.send(None)
            for waiter in waiters:
                waiter.close()
            sizes.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        assert line.metrics.waiting == 1
        permit.release()
        await clock.run(head)
        assert clock.timers == 0
        return sizes[-1] - sizes[4]

    assert asyncio.run(live(), debug=False) < 500_000  # all of them are 20,000 of half a KB and more


async def test_a_heavy_head_that_is_cancelled_among_many_dead_lets_the_next_one_go() -> None:
    """Even where its leaving is what sweeps the line."""
    line, clock = track(further={BATCH: [RateLimit(10, 60.0, weight="To_Account")]})
    await clock.run(line.call(0, batch_of(5)))
    head, light = line.start(1, batch_of(9)), line.start(2, batch_of(1))
    dead = [line.start(n, batch_of(1)) for n in range(3, 69)]
    await clock.advance(1.0)
    for caller in [*dead, head]:
        caller.cancel()
    await clock.advance(0.0)
    assert light.done()
    assert clock.timers == 0


def test_a_long_line_is_one_timer_and_little_memory() -> None:
    """However long the line: one timer, and less than 2 KB for each who waits, its task and deadline included."""
    many = 20_000

    async def live() -> float:
        line, clock = track()
        await clock.run(asyncio.gather(*(line.call(n) for n in range(100))))
        tracemalloc.start()
        waiting = [asyncio.ensure_future(line.limiter.acquire(1, SEND, 1e6)) for _ in range(many)]
        for _ in range(3):
            await asyncio.sleep(0)
        used, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert clock.timers == 1
        assert line.metrics.waiting == many
        for waiter in waiting:
            waiter.cancel()
        await asyncio.wait(waiting)
        assert clock.timers == 0
        assert line.metrics.waiting == 0
        return used / many

    assert asyncio.run(live(), debug=False) < 2_048


def test_the_time_of_a_line_grows_with_its_length_and_not_faster() -> None:
    """A waiter of ten times as many costs nowhere near ten times the processor time."""

    async def live(many: int) -> float:
        line, clock = track(RateLimit(many, burst=1))
        began = time.process_time()
        waiting = [line.start(n) for n in range(many)]
        await clock.advance(0.0)
        waiting[-1].cancel()
        for _ in range(many // 2):
            waiting.pop().cancel()
        await clock.advance(0.0)
        taken = time.process_time() - began
        for waiter in waiting:
            waiter.cancel()
        await asyncio.wait(waiting)
        return taken / many

    gc.collect()
    gc.freeze()  # what other tests have left behind is not gone through each time
    try:
        asyncio.run(live(500), debug=False)
        few, more = (min(asyncio.run(live(many), debug=False) for _ in range(3)) for many in (2_000, 20_000))
    finally:
        gc.unfreeze()
    assert more < 6 * few


# -- deadlines


async def test_who_cannot_go_in_time_hears_so_at_once() -> None:
    """With the limit, how long it would take, how many wait, and that nothing was sent; nothing is left behind."""
    line, clock = track(RateLimit(1))
    await clock.run(line.call(0))
    behind = line.start(1)
    await clock.advance(0.25)
    with pytest.raises(NoPermitError) as caught:
        await line.limiter.acquire(1, SEND, 0.75)
    assert str(caught.value) == (
        "openim/sendmsg: 1 calls in 1 s: it would wait at least 1.75 s, 1 more wait with it, and its time is over in"
        " 0.5 s; nothing was sent. Send less, or give it more time"
    )
    assert caught.value.retry_after == 1.75
    assert (caught.value.attempts, caught.value.path) == (0, "openim/sendmsg")
    assert clock.time() == 0.25
    assert (line.metrics.refused, line.metrics.waiting, clock.timers) == (1, 1, 1)
    await clock.run(behind)
    assert round(line.times[-1], 3) == 1.0
    assert clock.timers == 0


async def test_who_comes_after_its_own_deadline_is_told_nothing_absurd() -> None:
    """No time is left, and not less than none."""
    line, _ = track(RateLimit(1, burst=1))
    with pytest.raises(NoPermitError, match=r"at least 0 s, 0 more wait with it, and its time is over in 0 s"):
        await line.limiter.acquire(1, SEND, -5.0)


async def test_a_refusal_that_nobody_could_foresee_comes_at_the_deadline() -> None:
    """With every place in flight no wait can be told, and so none is, until the time is over."""
    line, clock = track(RateLimit(2, burst=2))
    permits = [await line.limiter.acquire(1, SEND) for _ in range(2)]
    behind = line.start(2)
    with pytest.raises(NoPermitError, match=r"no place came free within 5 s; nothing was sent") as caught:
        await clock.run(line.call(1, deadline=5.0))
    assert round(clock.time(), 3) == 5.0
    assert caught.value.retry_after is None
    assert (line.metrics.refused, line.metrics.waiting, clock.timers) == (1, 1, 0)
    for permit in permits:
        permit.release()
    await clock.run(behind)
    assert round(line.times[-1], 3) == 6.0


async def test_even_with_every_place_in_flight_a_wait_lasts_as_long_as_a_window() -> None:
    """Who has less time than that need not queue."""
    line, clock = track(RateLimit(1))
    await line.limiter.acquire(1, SEND)
    with pytest.raises(NoPermitError, match="at least 1 s") as caught:
        await line.limiter.acquire(1, SEND, 0.9)
    assert caught.value.retry_after == 1.0
    assert clock.timers == 0


async def test_a_nearer_deadline_is_kept_whoever_came_first() -> None:
    """Behind one who waits for 30 seconds, one who waits for 5 hears after 5."""
    line, clock = track(RateLimit(1))
    await line.limiter.acquire(1, SEND)
    patient = line.start(1, deadline=30.0)
    await clock.advance(0.0)
    with pytest.raises(NoPermitError):
        await clock.run(line.call(2, deadline=5.0))
    assert round(clock.time(), 3) == 5.0
    with pytest.raises(NoPermitError):
        await clock.run(patient)
    assert round(clock.time(), 3) == 30.0
    assert clock.timers == 0


async def test_a_head_that_is_turned_away_frees_the_way() -> None:
    """Whoever asked for less behind it goes in that very moment."""
    line, clock = track(further={BATCH: [RateLimit(10, weight="To_Account")]})
    permit = await line.limiter.acquire(1, batch_of(5))
    head, light = line.start(1, batch_of(10), deadline=5.0), line.start(2, batch_of(1), deadline=20.0)
    await clock.advance(6.0)
    assert isinstance(head.exception(), NoPermitError)
    assert light.done()
    assert round(line.times[-1], 3) == 5.0
    assert clock.timers == 0
    permit.release()
    assert line.limiter.try_acquire(1, batch_of(1)) is not None


async def test_a_deadline_that_is_not_reached_leaves_nothing_behind() -> None:
    """Who gets a permit in time hears nothing of the deadline, and no timer is left."""
    line, clock = track(RateLimit(1))
    await clock.run(line.call(0))
    await clock.run(line.call(1, deadline=clock.time() + 5.0))
    assert line.numbers == [0, 1]
    assert clock.timers == 0


@pytest.mark.parametrize(
    "limit", [RateLimit(), RateLimit(100, burst=100), RateLimit(10), RateLimit(7, 3.0, burst=2), RateLimit(1)]
)
@pytest.mark.parametrize("before", [0, 1, 5, 30, 99, 100, 250])
async def test_the_wait_that_a_refusal_tells_is_the_wait_that_was_due(limit: RateLimit, before: int) -> None:
    """Where nobody gives up and all are answered at once, the lower bound is the wait itself."""
    line, clock = track(limit)
    crowd = [line.start(n) for n in range(before)]
    await clock.advance(0.05)
    told = await wait_told_to(line, SEND)
    began = clock.time()
    await clock.run(asyncio.gather(*crowd, line.call(-1)))
    assert line.went[-1][0] - began == pytest.approx(told, abs=1e-3)


async def wait_told_to(line: Track, command: Asking) -> float:
    """Ask for a permit that has to come at once, and return what the refusal says."""
    now = line.clock.time()
    with pytest.raises(NoPermitError) as caught:
        await line.limiter.acquire(1, command, now - 1.0)
    assert caught.value.retry_after is not None
    return caught.value.retry_after


# -- several windows


async def test_commands_and_applications_have_windows_of_their_own() -> None:
    """A full command delays neither another command nor another application."""
    clock = FakeClock()
    limiter = RateLimiter(RateLimit(1), clock=clock)
    for sdkappid, path in ((1, "a/b"), (1, "a/c"), (2, "a/b")):
        (await clock.run(limiter.acquire(sdkappid, RawCommand(path, {})))).release()
    assert clock.time() == 0.0
    waiting = asyncio.ensure_future(limiter.acquire(1, RawCommand("a/b", {})))
    await clock.advance(0.1)
    assert limiter.try_acquire(3, RawCommand("a/b", {})) is not None
    assert limiter.try_acquire(1, RawCommand("a/d", {})) is not None
    assert not waiting.done()
    await clock.run(waiting)


async def test_a_group_takes_forty_messages_a_second_and_holds_up_nobody_else() -> None:
    """Its 41st waits, while every other group goes at once."""
    line, clock = track(RateLimit(1_000, burst=1_000))
    full = [line.start(n, in_group("a")) for n in range(100)]
    others = [line.start(1_000 + n, in_group(f"b{n}")) for n in range(300)]
    await clock.advance(0.0)
    assert all(call.done() for call in others)
    assert [call.done() for call in full] == [True] * 40 + [False] * 60
    await clock.run(asyncio.gather(*full))
    times = [when for when, number in line.went if number < 1_000]
    assert fullest(times) == 40
    assert round(times[-1], 3) == 2.0
    assert [number for number in line.numbers if number < 1_000] == list(range(100))


async def test_groups_keep_the_order_of_arrival_before_the_commands_own_limit() -> None:
    """Who waited for its group stands, before the command, where it came, and not where it left the group's line."""
    path = in_group("a").path
    line, clock = track(
        further={path: [RateLimit(1, key="GroupId", count_until="sent")]}, overrides={path: RateLimit(2)}
    )
    await clock.run(asyncio.gather(line.call(0, in_group("a")), line.call(1, in_group("b"))))
    early = line.start(2, in_group("a"))  # waits for its group, and for the command
    await clock.advance(0.1)
    late = [line.start(3 + n, in_group(f"c{n}")) for n in range(6)]  # wait for the command alone
    await clock.run(asyncio.gather(early, *late))
    assert line.numbers == [0, 1, *range(2, 9)]
    assert fullest(line.times) == 2


async def test_a_call_that_cannot_pass_the_command_takes_nothing_from_its_group() -> None:
    """What was had in one line is given back when the next one says no, at once or at the deadline."""
    path = in_group("a").path
    line, clock = track(further={path: [RateLimit(1, key="GroupId")]}, overrides={path: RateLimit(1)})
    permit = await line.limiter.acquire(1, in_group("a"))
    assert line.limiter.try_acquire(1, in_group("b")) is None
    with pytest.raises(NoPermitError):
        await clock.run(line.call(0, in_group("b"), deadline=5.0))
    cancelled = line.start(1, in_group("b"))
    await clock.advance(0.0)
    cancelled.cancel()
    await clock.advance(0.0)
    permit.release()
    await clock.advance(1.0)
    assert line.limiter.try_acquire(1, in_group("b")) is not None
    assert clock.timers == 0


async def test_a_place_given_back_in_the_groups_line_lets_the_next_one_of_the_group_go_on() -> None:
    """Who waits for the group hears when who waited for the command gives up."""
    path = in_group("a").path
    line, clock = track(further={path: [RateLimit(1, key="GroupId")]}, overrides={path: RateLimit(1)})
    permit = await line.limiter.acquire(1, in_group("x"))
    first, second = line.start(1, in_group("a")), line.start(2, in_group("a"))
    await clock.advance(0.0)
    first.cancel()
    await clock.advance(0.0)
    permit.release()
    await clock.run(second)
    assert round(line.times[-1], 3) == 1.0


async def test_receivers_count_by_the_minute() -> None:
    """24 batches of 500 use up the 12,000, and a batch of one waits for the minute like all others."""
    line, clock = track(RateLimit(burst=100))
    await clock.run(asyncio.gather(*(line.call(n, SendBatch(["a"] * 500, "hi")) for n in range(24))))
    assert line.times[-1] < 0.01
    assert line.limiter.try_acquire(1, SendBatch(["a"], "hi")) is None
    with pytest.raises(NoPermitError, match=r"12,000 of To_Account in 60 s: it would wait at least 60 s"):
        await line.limiter.acquire(1, batch_of(1), 30.0)
    await clock.run(line.call(24, batch_of(1)))
    assert round(line.times[-1]) == 60


async def test_a_big_batch_is_not_overtaken_by_a_small_one() -> None:
    """The head of the line keeps its turn, also where the one behind it would fit."""
    line, clock = track(further={BATCH: [RateLimit(500, 60.0, weight="To_Account")]})
    await clock.run(line.call(0, batch_of(400)))
    await clock.advance(1.0)
    waiting = [line.start(1, batch_of(500)), line.start(2, batch_of(1))]
    await clock.advance(1.0)
    assert line.limiter.try_acquire(1, batch_of(1)) is None
    assert line.numbers == [0]
    await clock.run(asyncio.gather(*waiting))
    assert [(round(when), number) for when, number in line.went] == [(0, 0), (60, 1), (120, 2)]


async def test_a_batch_beyond_the_budget_is_bad_input() -> None:
    """It could never go, so it is told at once, by the setting, and nothing is taken or left waiting."""
    line, clock = track(further={BATCH: [RateLimit(10, 60.0, weight="To_Account")]})
    with pytest.raises(InputError, match=r"names 11 in To_Account.*raise RateLimit\.calls"):
        await line.limiter.acquire(1, batch_of(11))
    with pytest.raises(InputError, match="names 11"):
        line.limiter.try_acquire(1, batch_of(11))
    assert (line.metrics.waiting, clock.timers) == (0, 0)
    assert line.limiter.try_acquire(1, batch_of(10)) is not None


async def test_a_further_limit_may_have_a_burst_of_its_own() -> None:
    """A weight above the burst waits for an empty bucket, and then those behind it for what it poured in."""
    line, clock = track(further={BATCH: [RateLimit(100, 10.0, weight="To_Account", burst=10)]}, overrides=None)
    await clock.run(line.call(0, batch_of(5)))
    await clock.run(asyncio.gather(line.call(1, batch_of(30)), line.call(2, batch_of(10))))
    assert [round(when, 2) for when in line.times] == [0.0, 0.5, 3.5]


@pytest.mark.parametrize("group", [None, 5, ["a"], {"b": 1}, "", "@TGS#1"])
async def test_whatever_stands_in_a_key_is_a_key(group: object) -> None:
    """An odd value, or none, is counted like any other, apart."""
    line, clock = track(RateLimit(burst=100))
    await clock.run(asyncio.gather(*(line.call(n, in_group(group)) for n in range(40))))
    assert line.times[-1] == 0.0
    assert line.limiter.try_acquire(1, in_group(group)) is None
    assert line.limiter.try_acquire(1, in_group("another")) is not None
    missing = RawCommand(in_group("a").path, {})
    assert (line.limiter.try_acquire(1, missing) is None) == (group is None)


async def test_a_key_is_read_from_typed_commands_and_raw_ones_alike() -> None:
    """Both count for the same group."""
    line, _ = track(RateLimit(burst=100))
    for n in range(40):
        assert line.limiter.try_acquire(1, SendGroupMessage("@TGS#1", "hi") if n % 2 else in_group("@TGS#1"))
    assert line.limiter.try_acquire(1, SendGroupMessage("@TGS#1", "hi")) is None
    assert line.limiter.try_acquire(1, SendGroupMessage("@TGS#2", "hi")) is not None


async def test_a_key_of_two_fields_needs_both_alike() -> None:
    """A message is named by its group and its number."""
    path = "openim_msg_ext_http_svc/group_set_key_values"
    line, _ = track(RateLimit(1_000, burst=1_000), further={path: [RateLimit(1, key=("GroupId", "MsgSeq"))]})

    def at_once(group: str, seq: int) -> bool:
        return line.limiter.try_acquire(1, RawCommand(path, {"GroupId": group, "MsgSeq": seq})) is not None

    assert [at_once(*key) for key in [("a", 1), ("a", 2), ("b", 1), ("a", 1)]] == [True, True, True, False]


async def test_an_official_account_sends_once_a_second_and_twice_an_hour() -> None:
    """Two limits of one key hold together, and each account has its own."""
    path = "official_account_open_http_svc/send_official_account_msg"
    line, clock = track()
    calls = [line.call(n, RawCommand(path, {"Official_Account": "a"})) for n in range(3)]
    await clock.run(asyncio.gather(*calls, line.call(9, RawCommand(path, {"Official_Account": "b"}))))
    assert [(round(when), number) for when, number in line.went] == [(0, 0), (0, 9), (1, 1), (3600, 2)]


async def test_ten_thousand_groups_are_forgotten_again() -> None:
    """A group that lies idle costs nothing, so memory follows the groups of the last second or two."""
    line, clock = track(RateLimit(100, burst=100))
    tracemalloc.start()
    sizes = []
    for hundred in range(100):
        for n in range(100):
            permit = line.limiter.try_acquire(1, in_group(f"g{hundred * 100 + n}"))
            assert permit is not None
            permit.release()
        await clock.advance(1.1)
        if hundred % 90 == 9:
            sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    early, late = sizes
    assert late < early + 50_000


async def test_a_group_in_use_is_not_forgotten() -> None:
    """Neither one with a call in flight, nor one in which somebody waits, however many others come by."""
    path = in_group("a").path
    line, clock = track(RateLimit(100_000, burst=100_000), further={path: [RateLimit(1, key="GroupId")]})
    permit = await line.limiter.acquire(1, in_group("a"))
    waiting = line.start(1, in_group("a"))
    for n in range(50):
        await clock.run(line.call(100 + n, in_group(f"g{n}")))
        await clock.advance(1.1)
    assert line.limiter.try_acquire(1, in_group("a")) is None
    assert not waiting.done()
    permit.release()
    await clock.run(waiting)
    assert line.limiter.try_acquire(1, in_group("a")) is None


async def test_a_key_whose_turn_is_yet_to_come_is_not_forgotten() -> None:
    """Who waits for one key keeps the other in which it will stand next, so that both still count together."""
    keys = [RateLimit(1, key="A"), RateLimit(1, key="B")]
    line, clock = track(RateLimit(1_000, burst=1_000), further={"a/b": keys})

    def of(a: str, b: str) -> RawCommand:
        return RawCommand("a/b", {"A": a, "B": b})

    permit = await line.limiter.acquire(1, of("a", "another"))
    waiting = line.start(1, of("a", "b"))
    await clock.advance(0.0)
    for n in range(50):
        await clock.run(line.call(100 + n, of(f"a{n}", f"b{n}")))
        await clock.advance(1.1)
    permit.release()
    await clock.advance(0.5)
    await clock.run(line.call(2, of("a'", "b")))
    began = clock.time()
    await clock.run(waiting)
    assert clock.time() - began >= 0.999


# -- what the service says


@pytest.mark.parametrize("code", CLOSED_AFTER)
async def test_too_often_closes_the_command_and_no_other(code: int) -> None:
    """Each such code is raised at once, as a refusal and as a limit, tells when to go on, and holds the next call."""
    clock = FakeClock()
    service = MemoryTransport({"ErrorCode": code, "ErrorInfo": "slow down"}, *[OK] * 3)
    limiter = RateLimiter(clock=clock)
    tim = TimSession(1, secret_key="key", transport=service, clock=clock, limits=limiter, timeout=100.0)
    with pytest.raises(TooOftenError) as caught:
        await clock.run(tim.messages.send("a", "hi"))
    assert isinstance(caught.value, ApiError)
    assert isinstance(caught.value, RateLimitedError)
    assert (caught.value.code, caught.value.attempts, len(service.calls)) == (code, 1, 1)
    assert caught.value.retry_after == CLOSED_AFTER[code]
    await clock.run(tim.messages.send_batch(["a"], "hi"))
    assert clock.time() == 0.0
    await clock.run(tim.messages.send("a", "hi"))
    assert clock.time() == pytest.approx(CLOSED_AFTER[code], abs=1e-3)
    metrics = limiter.metrics()
    assert [metrics[1, call.path].too_often for call in service.calls] == [1, 0, 1]


def too_often(code: int = 60007) -> TooOftenError:
    """The service's refusal."""
    error = error_for(code, "", SEND.path)
    assert isinstance(error, TooOftenError)
    return error


async def test_a_closed_command_opens_at_a_time_that_only_moves_forward() -> None:
    """A late and shorter refusal opens nothing, and one that comes while others wait holds them, too."""
    line, clock = track(closed_after={60007: 1.0, 70050: 60.0})
    await clock.run(line.call(0))
    line.limiter.heard(1, SEND, too_often(70050))
    await clock.advance(1.0)
    line.limiter.heard(1, SEND, too_often(60007))
    assert line.limiter.try_acquire(1, SEND) is None
    waiting = line.start(1)
    await clock.advance(50.0)
    line.limiter.heard(1, SEND, too_often(70050))
    await clock.run(waiting)
    assert round(line.times[-1], 3) == 111.0
    assert line.metrics.too_often == 3


async def test_who_waits_before_a_closed_command_still_has_its_deadline() -> None:
    """It hears when its time is over, and who comes then hears at once why."""
    line, clock = track(RateLimit(1))
    await clock.run(line.call(0))
    waiting = line.start(1, deadline=5.0)
    await clock.advance(0.5)
    line.limiter.heard(1, SEND, too_often(70050))
    with pytest.raises(NoPermitError, match=r"closed, since the service said: too often: .* at least 60 s") as caught:
        await line.limiter.acquire(1, SEND, 6.0)
    assert caught.value.retry_after == 60.0
    with pytest.raises(NoPermitError, match="within 5 s"):
        await clock.run(waiting)
    assert round(clock.time(), 3) == 5.0
    assert clock.timers == 0


async def test_a_command_with_further_limits_closes_as_a_whole() -> None:
    """All groups wait, each for the command and not for one another."""
    line, clock = track()
    await clock.run(line.call(0, in_group("a")))
    line.limiter.heard(1, in_group("a"), too_often(10023))
    assert line.limiter.try_acquire(1, in_group("b")) is None
    await clock.run(line.call(1, in_group("b")))
    assert round(clock.time(), 3) == 1.0


async def test_closing_can_be_switched_off() -> None:
    """With no codes given the command goes on, the refusal has no time to tell, and is still counted."""
    line, clock = track(closed_after={})
    await clock.run(line.call(0))
    failure = too_often()
    line.limiter.heard(1, SEND, failure)
    assert failure.retry_after is None
    assert line.limiter.try_acquire(1, SEND) is not None
    assert line.metrics.too_often == 1


async def test_a_failure_that_is_not_too_often_closes_nothing() -> None:
    """Nor does one of a command that never went."""
    line, clock = track()
    line.limiter.heard(1, SEND, too_often())
    await clock.run(line.call(0))
    line.limiter.heard(1, SEND, error_for(20003, "", SEND.path))
    assert line.limiter.try_acquire(1, SEND) is not None
    assert line.metrics.too_often == 0


async def test_a_refusal_keeps_its_time_across_processes() -> None:
    """Both leaves of RateLimitedError can be pickled, with what they say about when to go on."""
    line, clock = track(RateLimit(1))
    await clock.run(line.call(0))
    failure = too_often()
    line.limiter.heard(1, SEND, failure)
    with pytest.raises(NoPermitError) as caught:
        await line.limiter.acquire(1, SEND, 0.5)
    for error in (failure, caught.value):
        assert pickle.loads(pickle.dumps(error)).retry_after == error.retry_after == 1.0  # noqa: S301  # our own bytes


# -- through a session


async def test_sessions_that_are_given_the_same_limiter_share_its_windows() -> None:
    """Three sessions of one application stay under one cap, and a fourth of another has its own."""
    clock = FakeClock()
    limiter, times = RateLimiter(RateLimit(2, burst=2), clock=clock), defaultdict[int, list[float]](list)

    def session(sdkappid: int) -> TimSession:
        def answer(_: object) -> dict[str, Any]:
            times[sdkappid].append(clock.time())
            return OK

        service = MemoryTransport(*[answer] * 4)
        return TimSession(sdkappid, secret_key="key", transport=service, clock=clock, limits=limiter)

    sessions = [session(1), session(1), session(1), session(2)]
    await clock.run(asyncio.gather(*(tim.messages.send("a", "hi") for tim in sessions for _ in range(4))))
    assert fullest(times[1]) == fullest(times[2]) == 2
    assert round(times[1][-1], 2) == 5.0
    assert round(times[2][-1], 2) == 1.0


async def test_a_session_refuses_what_would_not_go_before_its_timeout() -> None:
    """The call fails at once, nothing of it was sent, and a longer timeout helps."""
    clock, service = FakeClock(), MemoryTransport(*[OK] * 2)
    tim = TimSession(
        1,
        secret_key="key",
        transport=service,
        clock=clock,
        limits=RateLimiter(RateLimit(1, 60.0), clock=clock),
    )
    await clock.run(tim.messages.send("a", "hi"))
    with pytest.raises(NoPermitError) as caught:
        await clock.run(tim.messages.send("a", "hi"))
    assert (caught.value.retry_after, caught.value.attempts, clock.time()) == (60.0, 0, 0.0)
    assert len(service.calls) == 1
    await clock.run(tim.with_options(timeout=90.0).messages.send("a", "hi"))
    assert round(clock.time(), 2) == 60.0


async def test_a_sessions_calls_are_counted_by_weight_and_key() -> None:
    """Typed or by path, what a batch names and which group a message is for is read from the call itself."""
    clock, service = FakeClock(), MemoryTransport(*[OK] * 5)
    limits = RateLimiter(
        clock=clock,
        further={BATCH: [RateLimit(3, 60.0, weight="To_Account")], in_group("a").path: [RateLimit(1, key="GroupId")]},
    )
    tim = TimSession(1, secret_key="key", transport=service, clock=clock, limits=limits)
    await clock.run(tim.messages.send_batch(["a", "b"], "hi"))
    await clock.run(tim.call(BATCH, {"To_Account": ["c"]}))
    with pytest.raises(NoPermitError, match="3 of To_Account in 60 s"):
        await clock.run(tim.call(BATCH, {"To_Account": ["d"]}))
    with pytest.raises(InputError, match="names 4 in To_Account"):
        await clock.run(tim.messages.send_batch(["a", "b", "c", "d"], "hi"))
    await clock.run(tim.group_messages.send("@TGS#1", "hi"))
    await clock.run(tim.group_messages.send("@TGS#2", "hi"))
    assert clock.time() == 0.0
    await clock.run(tim.call(in_group("a").path, {"GroupId": "@TGS#1"}))
    assert round(clock.time(), 3) == 1.0


# -- event loops


async def in_another_loop(act: Callable[[], Coroutine[Any, Any, object]]) -> BaseException | None:
    """Run *act* in the event loop of another thread, and return how it failed."""
    caught: list[BaseException] = []

    def live() -> None:
        try:
            asyncio.run(act())
        except ConfigError as error:
            caught.append(error)

    thread = threading.Thread(target=live)
    thread.start()
    thread.join()
    return caught[0] if caught else None


async def test_two_event_loops_at_a_time_are_told_apart() -> None:
    """The second one hears it from its first call, waiting or not, with what to do; the first one goes on."""
    line, clock = track()
    await clock.run(line.call(0))

    async def wait() -> None:
        await line.limiter.acquire(1, SEND)

    async def try_() -> None:
        line.limiter.try_acquire(1, SEND)

    for act in (wait, try_):
        failed = await in_another_loop(act)
        assert isinstance(failed, ConfigError)
        assert "one event loop" in str(failed)
        assert "RedisRateLimiter" in str(failed)
    await clock.run(line.call(1))
    assert line.numbers == [0, 1]


def test_one_event_loop_after_another_is_fine() -> None:
    """Two asyncio.run, one limiter: what the first one used still counts in the second, and what it closed."""
    line, clock = track(RateLimit(2, burst=2))
    asyncio.run(clock.run(line.call(0)))
    asyncio.run(clock.run(line.call(1)))
    asyncio.run(clock.run(line.call(2)))
    assert [round(when, 3) for when in line.times] == [0.0, 0.0, 1.0]
    line.limiter.heard(1, SEND, too_often())
    asyncio.run(clock.run(line.call(3)))
    assert round(line.times[-1], 3) == 2.0


def abandoned(live: Callable[[], Coroutine[Any, Any, object]]) -> None:
    """Run *live* in an event loop that is closed without a word to the tasks that still wait in it."""
    loop = asyncio.new_event_loop()
    loop.run_until_complete(live())
    loop.close()


@pytest.mark.parametrize("command", [SEND, in_group("a")])
def test_calls_in_flight_in_a_dead_event_loop_count_as_answered_when_the_next_one_comes(command: RawCommand) -> None:
    """Nobody will say when they were answered, so their places come back after *per* seconds, once."""
    further = {in_group("a").path: [RateLimit(2, key="GroupId")]}
    line, clock = track(RateLimit(2, burst=2), further=further)
    permits: list[Permit] = []

    async def fly() -> None:
        permits.extend([await line.limiter.acquire(1, command) for _ in range(2)])

    async def at_once() -> int:
        return sum(line.limiter.try_acquire(1, command) is not None for _ in range(3))

    abandoned(fly)
    asyncio.run(clock.advance(5.0))
    assert asyncio.run(at_once()) == 0
    asyncio.run(clock.advance(0.9))
    permits[0].release()  # late, and no more than a word
    assert asyncio.run(at_once()) == 0
    asyncio.run(clock.advance(0.2))
    assert asyncio.run(at_once()) == 2
    permits[1].release()
    asyncio.run(clock.advance(5.0))
    assert asyncio.run(at_once()) == 0


@pytest.mark.parametrize("late", [True, False])
def test_who_waited_in_a_dead_event_loop_is_forgotten(late: bool) -> None:  # noqa: FBT001
    """Whether its coroutine is thrown away before the next loop comes or after, it takes nothing and gives nothing."""
    further = {in_group("a").path: [RateLimit(2, key="GroupId")]}
    line, clock = track(RateLimit(4, burst=4), further=further)
    waiting: list[Any] = []

    async def wait() -> None:
        for group in "bbdd":
            (await line.limiter.acquire(1, in_group(group))).release()
        for group in ("a", "a", "a", "a", "b"):  # for the command, with a place in the group, or for the group
            waiting.append(line.limiter.acquire(1, in_group(group), 50.0))
            waiting[-1].send(None)

    def at_once(group: str) -> int:
        permits = [line.limiter.try_acquire(1, in_group(group)) for _ in range(4)]
        for permit in permits:
            if permit is not None:
                permit.release()
        return sum(permit is not None for permit in permits)

    async def next_loop() -> None:
        assert at_once("c") == 0
        waiting.clear()
        gc.collect()
        for group in ("c", "a", "b", "a"):
            await clock.advance(1.1)
            assert at_once(group) == 2
        assert line.metrics.waiting == 0

    abandoned(wait)
    if not late:
        waiting.clear()
    asyncio.run(next_loop())


# -- metrics


async def test_a_limiter_says_what_it_did() -> None:
    """Permits given, calls that wait, calls refused, and how long the waiting took, for each command it saw."""
    line, clock = track(RateLimit(1))
    assert line.limiter.metrics() == {}
    await clock.run(asyncio.gather(*(line.call(n) for n in range(10))))
    waiting = [line.start(n) for n in range(3)]
    await clock.advance(0.0)
    for deadline in (10.0, 11.0):
        with pytest.raises(NoPermitError):
            await line.limiter.acquire(1, SEND, deadline)
    metrics = line.metrics
    assert line.limiter.metrics().keys() == {(1, SEND.path)}
    assert (metrics.given, metrics.waiting, metrics.refused, metrics.too_often) == (10, 3, 2, 0)
    assert metrics.wait_p50 == pytest.approx(4.0, abs=1e-3)
    assert metrics.wait_p99 == pytest.approx(9.0, abs=1e-3)
    await clock.run(asyncio.gather(*waiting))
    assert (line.metrics.given, line.metrics.waiting) == (13, 0)


async def test_waits_are_those_of_the_last_thousand_permits() -> None:
    """Half of them and 99 in 100 took at most so long; nothing was waited for yet where nothing was given."""
    line, clock = track(RateLimit(1_000, burst=1_000))
    blocked = await line.limiter.acquire(1, SEND)
    assert (line.metrics.wait_p50, line.metrics.wait_p99) == (0.0, 0.0)
    await clock.run(asyncio.gather(*(line.call(n) for n in range(999))))
    blocked.release()
    await clock.run(asyncio.gather(*(line.call(n) for n in range(11))))
    assert line.metrics.given == 1_011
    assert (line.metrics.wait_p50, round(line.metrics.wait_p99, 3)) == (0.0, 1.0)
    await clock.advance(5.0)
    await clock.run(asyncio.gather(*(line.call(n) for n in range(1_000))))
    assert line.metrics.wait_p99 == 0.0


async def test_a_command_that_gave_nothing_has_waited_nothing() -> None:
    """Without a permit the waiting times are nothing."""
    line, _ = track()
    with pytest.raises(NoPermitError):
        await line.limiter.acquire(1, SEND, -1.0)
    assert line.metrics == LimiterMetrics(given=0, waiting=0, refused=1, too_often=0, wait_p50=0.0, wait_p99=0.0)


# -- properties


TICK = 1 / 16
"""All times are multiples of it, so that sums of them are exact and nothing depends on rounding."""

TICKS = st.integers(0, 24).map(TICK.__mul__)


@dataclass
class Caller:
    """Somebody who calls, as the model below sees it."""

    number: int
    arrives: float
    takes: float
    gives_up: float | None
    """So long after it came."""
    patience: float
    """So long before its deadline."""
    weight: int
    key: str

    went: float | None = None
    """When it got its permit."""
    answered: float | None = None
    refused: bool = False
    """Whether it was turned away."""
    task: asyncio.Task[None] | None = None

    @property
    def command(self) -> RawCommand:
        """What it calls."""
        return RawCommand("x/y", {"List": ["a"] * self.weight, "Key": self.key})


CALLERS = st.lists(
    st.tuples(
        TICKS,
        st.integers(0, 12).map(TICK.__mul__),
        st.one_of(st.none(), TICKS),
        st.one_of(st.just(math.inf), TICKS),
        st.integers(1, 4),
        st.sampled_from("abc"),
    ),
    max_size=40,
).map(lambda rows: [Caller(number, *row) for number, row in enumerate(sorted(rows, key=lambda row: row[0]))])


@dataclass
class Model:
    """The rules, said as plainly as they can be: everything is counted anew from what was seen, each time."""

    limits: list[RateLimit]
    """Of the command as a whole."""
    by_key: list[RateLimit]
    callers: list[Caller]

    def fits(self, caller: Caller, limit: RateLimit, others: list[Caller], now: float) -> bool:
        """Say whether *caller* has room in *limit* beside *others*."""
        return self.used(limit, others, now) + self.of(caller, limit) <= limit.calls and (
            limit.burst == limit.calls
            or self.level(limit, others, now) + min(self.of(caller, limit), limit.burst) <= limit.burst
        )

    def used(self, limit: RateLimit, callers: list[Caller], now: float) -> int:
        """Count what is taken of *limit*."""
        return sum(self.of(caller, limit) for caller in callers if self.until(caller, limit) > now)

    def until(self, caller: Caller, limit: RateLimit) -> float:
        """Return until when a call that went counts."""
        start = caller.went if limit.count_until == "sent" else caller.answered
        return math.inf if start is None else start + limit.per

    def level(self, limit: RateLimit, callers: list[Caller], now: float) -> float:
        """Return what the bucket holds, from the first call on."""
        level = before = 0.0
        for caller in callers:
            assert caller.went is not None
            level = max(0.0, level - (caller.went - before) * limit.calls / limit.per) + self.of(caller, limit)
            before = caller.went
        return max(0.0, level - (now - before) * limit.calls / limit.per)

    def of(self, caller: Caller, limit: RateLimit) -> int:
        """Return for how many calls a caller counts."""
        return caller.weight if limit.weight else 1

    @property
    def gone(self) -> list[Caller]:
        """Who went, in that order."""
        return sorted(
            (caller for caller in self.callers if caller.went is not None),
            key=lambda caller: (caller.went or 0.0, caller.number),
        )

    def waiting(self, now: float) -> list[Caller]:
        """Return who waits, in order of arrival."""
        return [
            caller
            for caller in self.callers
            if caller.arrives <= now and caller.went is None and caller.task is not None and not caller.task.done()
        ]

    def check(self, now: float) -> None:
        """Nobody got what was not there, and nobody waits who could go."""
        gone, before_command, blocked = self.gone, list[Caller](), set[str]()
        for limit in self.limits:
            assert self.used(limit, gone, now) <= limit.calls
        for limit in self.by_key:
            for key in "abc":
                assert self.used(limit, [caller for caller in gone if caller.key == key], now) <= limit.calls
        for caller in self.waiting(now):
            # who has passed its key's line holds places there, and waits before the command
            beside = [other for other in [*gone, *before_command] if other.key == caller.key]
            if caller.key in blocked or not all(self.fits(caller, limit, beside, now) for limit in self.by_key):
                blocked.add(caller.key)
            else:
                before_command.append(caller)
        if before_command:
            head = before_command[0]
            assert not all(self.fits(head, limit, gone, now) for limit in self.limits), f"{head} could go at {now}"


@settings(max_examples=300, deadline=None)
@given(
    callers=CALLERS,
    burst=st.sampled_from([1, 2, 8]),
    until=st.sampled_from(COUNTED),
    further=st.lists(
        st.sampled_from(
            [
                RateLimit(4, 1.0, weight="List"),
                RateLimit(8, 0.5, weight="List", burst=2, count_until="sent"),
                RateLimit(2, 0.5, key="Key"),
                RateLimit(3, 1.0, key="Key", count_until="sent"),
                RateLimit(5, 1.0, weight="List", key="Key"),
            ]
        ),
        max_size=3,
        unique=True,
    ),
    steps=st.lists(st.integers(1, 20), max_size=80),
)
def test_never_too_many_never_idle_and_in_order(
    callers: list[Caller], burst: int, until: Literal["sent", "answered"], further: list[RateLimit], steps: list[int]
) -> None:
    """For any arrivals, cancellations, deadlines, times in flight, weights, keys and steps of the clock: no window ever
    holds more than its calls, who comes first goes first, at no time waits anybody who could go, nobody waits beyond
    its deadline, and in the end everything is given back.
    """
    own = RateLimit(8, 0.5, burst=burst, count_until=until)
    model = Model(
        [own, *(limit for limit in further if not limit.key)], [limit for limit in further if limit.key], callers
    )

    async def live() -> None:
        clock = StallingClock()
        limiter = RateLimiter(own, clock=clock, further={"x/y": further})

        async def call(caller: Caller, deadline: float) -> None:
            try:
                permit = limiter.try_acquire(1, caller.command) or await limiter.acquire(1, caller.command, deadline)
                caller.went = clock.time()
                try:
                    if caller.takes:
                        woken = asyncio.Event()
                        clock.call_at(clock.time() + caller.takes, woken.set)
                        await woken.wait()
                finally:
                    caller.answered = clock.time()
                    permit.release()
            except NoPermitError:
                caller.refused = True

        def arrive(caller: Caller) -> None:
            caller.arrives = clock.time()
            caller.patience += clock.time()
            caller.task = asyncio.ensure_future(call(caller, caller.patience))
            tasks.append(caller.task)
            if caller.gives_up is not None:
                clock.call_at(clock.time() + caller.gives_up, caller.task.cancel)

        tasks: list[asyncio.Task[None]] = []
        for caller in callers:
            clock.call_at(caller.arrives, lambda caller=caller: arrive(caller))  # type: ignore[misc]
        for step in [*steps, *[16] * 64]:
            await clock.step(step * TICK)
            model.check(clock.time())
            assert all(caller.patience > clock.time() for caller in model.waiting(clock.time()))
        assert len(tasks) == len(callers)
        assert all(task.done() for task in tasks)
        assert clock.timers == 0
        in_order(model)
        if limiter.metrics():
            (metrics,) = limiter.metrics().values()
            assert (metrics.waiting, metrics.given) == (0, len(model.gone))
            assert metrics.refused == sum(caller.refused for caller in callers)
        free = min(limit.burst for limit in [own, *further])
        at_once = [limiter.try_acquire(1, Caller(0, 0, 0, None, 0, 1, "a").command) for _ in range(free + 1)]
        assert [permit is not None for permit in at_once] == [True] * free + [False]

    asyncio.run(live(), debug=False)


def in_order(model: Model) -> None:
    """Within a key nobody goes before who came earlier; without keys, nobody at all."""
    groups = [[caller for caller in model.callers if caller.key == key] for key in "abc"]
    for group in groups if model.by_key else [model.callers]:
        times = [caller.went for caller in group if caller.went is not None]
        assert times == sorted(times)


@settings(max_examples=60, deadline=None)
@given(callers=CALLERS, burst=st.sampled_from([1, 2, 8]), until=st.sampled_from(COUNTED), keyed=st.booleans())
def test_a_told_wait_is_never_longer_than_the_wait(
    callers: list[Caller],
    burst: int,
    until: Literal["sent", "answered"],
    keyed: bool,  # noqa: FBT001
) -> None:
    """Whatever is in flight and whoever waits: a refused call would not have gone before the time that it was told."""
    further = [RateLimit(5, 1.0, weight="List"), *([RateLimit(3, 0.5, key="Key")] if keyed else [])]

    async def live() -> None:
        clock = FakeClock()
        limits = RateLimit(8, 0.5, burst=burst, count_until=until)
        line = Track(clock, RateLimiter(limits, clock=clock, further={"x/y": further}))
        told: dict[int, float] = {}

        async def call(caller: Caller) -> None:
            told[caller.number] = clock.time() + await wait_told_to(line, caller.command)
            await line.call(caller.number, caller.command, takes=caller.takes)

        tasks: list[asyncio.Task[None]] = []
        for caller in callers:
            clock.call_at(
                caller.arrives,
                lambda caller=caller: tasks.append(asyncio.ensure_future(call(caller))),  # type: ignore[misc]
            )
        await clock.advance(200.0)
        await asyncio.gather(*tasks)
        assert len(line.went) == len(callers)
        assert all(told[number] <= when + 1e-9 for when, number in line.went)
        assert clock.timers == 0

    asyncio.run(live(), debug=False)


# -- what an event loop hands on to the next


def test_a_dead_event_loop_leaves_as_many_places_as_there_were() -> None:
    """A call that was in flight there takes one, and when that comes back there are no more than before."""
    line, clock = track(RateLimit(2, burst=2))

    async def fly() -> None:
        await line.limiter.acquire(1, SEND)

    def at_once() -> int:
        return sum(line.limiter.try_acquire(1, SEND) is not None for _ in range(4))

    async def next_loop() -> tuple[int, int]:
        first = at_once()
        await clock.advance(1.1)
        return first, at_once()

    abandoned(fly)
    assert asyncio.run(next_loop()) == (1, 1)


def test_nobody_waits_before_the_first_caller_of_the_next_event_loop() -> None:
    """Who waited in the loop before counts no more when it is foreseen whether a call can go in time."""
    line, clock = track(RateLimit(1))
    waiting: list[Any] = []

    async def wait() -> None:
        await line.limiter.acquire(1, SEND)
        waiting.append(line.limiter.acquire(1, SEND))
        waiting[-1].send(None)

    async def forget() -> None:
        assert line.limiter.try_acquire(1, SEND) is None
        await clock.advance(5.0)

    async def come() -> None:
        await line.limiter.acquire(1, SEND, clock.time() + 0.5)

    abandoned(wait)
    waiting.clear()
    asyncio.run(forget())
    asyncio.run(come())
    assert line.metrics.refused == 0


def test_a_group_that_is_full_is_full_in_the_next_event_loop() -> None:
    """What a group used in the loop before still counts, though the command has room."""
    line, _ = track(RateLimit(9, burst=9), further={in_group("a").path: [RateLimit(2, key="GroupId")]})

    async def fly() -> None:
        for _ in range(2):
            await line.limiter.acquire(1, in_group("a"))

    async def at_once() -> tuple[int, ...]:
        return tuple(
            sum(line.limiter.try_acquire(1, in_group(group)) is not None for _ in range(3)) for group in ("a", "b")
        )

    abandoned(fly)
    assert asyncio.run(at_once()) == (0, 2)


async def test_who_was_cancelled_neither_lengthens_nor_shortens_what_is_foreseen() -> None:
    """Behind a caller who left the line, a call that can go in time waits, and one that cannot hears so at once."""
    line, clock = track(RateLimit(1))
    await clock.run(line.call(0))
    for _ in range(3):
        gone = line.start(1)
        await clock.advance(0.1)
        gone.cancel()
        await clock.advance(0.0)

    with pytest.raises(NoPermitError, match=r"it would wait at least 0\.7 s"):
        await clock.run(line.call(3, deadline=clock.time() + 0.6))
    assert round(clock.time(), 3) == 0.3
    await clock.run(line.call(2, deadline=clock.time() + 0.8))
    assert [round(when, 3) for when in line.times] == [0.0, 1.0]


async def test_groups_that_lie_idle_are_forgotten() -> None:
    """However many groups there were, there are lines for those that were used lately."""
    further = {in_group("a").path: [RateLimit(2, key="GroupId")]}
    line, clock = track(RateLimit(10, burst=10), further=further)
    gc.collect()
    before = sum(type(found) is Line for found in gc.get_objects())
    for number in range(200):
        await clock.run(line.call(number, in_group(f"group {number}")))
        await clock.advance(0.5)
    gc.collect()
    assert sum(type(found) is Line for found in gc.get_objects()) - before <= 5


def test_what_a_process_missed_is_told() -> None:
    """Slots that passed unused are counted beside what was given."""
    assert Tally(given=5, missed=3).metrics().missed == 3


async def test_a_refusal_foresees_a_line_of_several_windows() -> None:
    """With one call in four seconds and one more waiting, the next one can go after eight."""
    line, clock = track(RateLimit(1, 4.0))
    await clock.run(line.call(0))
    second = line.start(1)
    await clock.advance(0.0)
    with pytest.raises(NoPermitError) as caught:
        await line.limiter.acquire(1, SEND, 7.9)
    assert caught.value.retry_after == pytest.approx(8.0, abs=1e-3)
    await clock.run(second)
    await clock.run(line.call(2))
    assert [round(when, 3) for when in line.times] == [0.0, 4.0, 8.0]


async def test_a_command_with_further_limits_is_named_and_counted_like_any_other() -> None:
    """Its refusals name it, and what came at once took no time."""
    line, clock = track(RateLimit(9, burst=9), further={in_group("a").path: [RateLimit(1, key="GroupId")]})
    await clock.run(line.call(0, in_group("a")))
    with pytest.raises(NoPermitError) as caught:
        await line.limiter.acquire(1, in_group("a"), 0.5)
    assert caught.value.path == in_group("a").path
    assert line.metrics == LimiterMetrics(given=1, waiting=0, refused=1, too_often=0, wait_p50=0.0, wait_p99=0.0)


async def test_who_was_turned_away_neither_lengthens_nor_shortens_what_is_foreseen() -> None:
    """Behind callers whose time was over, a call that can go in time waits, and one that cannot hears so at once."""
    line, clock = track(RateLimit(1))
    permit = await line.limiter.acquire(1, SEND)
    turned_away = [line.start(number, deadline=float(number)) for number in (1, 2, 3)]
    await clock.advance(3.0)
    assert all(isinstance(waiter.exception(), NoPermitError) for waiter in turned_away)
    permit.release()

    with pytest.raises(NoPermitError, match="it would wait at least 1 s"):
        await clock.run(line.call(4, deadline=3.9))
    assert round(clock.time(), 3) == 3.0
    await clock.run(line.call(5, deadline=4.1))
    assert line.numbers == [5]


async def test_a_head_that_is_turned_away_leaves_other_deadlines_alone() -> None:
    """Who still waits behind it is turned away at a deadline of its own."""
    line, clock = track(further={BATCH: [RateLimit(10, weight="To_Account")]})
    permit = await line.limiter.acquire(1, batch_of(5))
    head, light, heavy = (
        line.start(number, batch_of(receivers), takes=60.0, deadline=deadline)
        for number, receivers, deadline in ((1, 10, 5.0), (2, 1, 20.0), (3, 9, 8.0))
    )
    await clock.advance(6.0)
    assert isinstance(head.exception(), NoPermitError)
    assert line.numbers == [2]
    assert not heavy.done()
    await clock.advance(2.0)
    assert isinstance(heavy.exception(), NoPermitError)
    permit.release()
    await clock.run(light)
