"""A command that is slowed down, on a clock that jumps."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_limits import (
    BATCH,
    CALLERS,
    COUNTED,
    SEND,
    TICK,
    Caller,
    Model,
    StallingClock,
    Track,
    abandoned,
    batch_of,
    in_group,
    in_order,
    track,
    wait_told_to,
)
from tests.windows import fullest
from timrest_async import ConfigError, NoPermitError, RateLimit, RateLimiter, TimSession
from timrest_async.commands._command import RawCommand
from timrest_async.testing import FakeClock, MemoryTransport

if TYPE_CHECKING:
    from collections.abc import Callable

    from timrest_async.limits import Permit


def slow_down(line: Track, share: float = 0.5, seconds: float = 60.0, path: str = SEND.path) -> None:
    """Slow the command down."""
    line.limiter.slow_down(1, path, share=share, seconds=seconds)


def rounded(line: Track) -> list[float]:
    """Return when permits came, to the hundredth of a second."""
    return [round(when, 2) for when in line.times]


def at_once(line: Track, sdkappid: int = 1, command: RawCommand = SEND) -> int:
    """Count how many calls go at once, each of which is answered at once."""
    count = 0
    while (permit := line.limiter.try_acquire(sdkappid, command)) is not None:
        permit.release()
        count += 1
    return count


# -- the share


@pytest.mark.parametrize("count_until", COUNTED)
@pytest.mark.parametrize(("share", "places"), [(0.5, 50), (0.299, 29), (0.01, 1), (0.001, 1), (1.0, 100)])
async def test_a_share_of_the_cap_holds_and_is_used(
    count_until: Literal["sent", "answered"], share: float, places: int
) -> None:
    """No second holds more than the share, rounded down but at least one, and nearly all of it is used."""
    line, clock = track(RateLimit(count_until=count_until))
    slow_down(line, share, 1_000.0)
    await clock.run(asyncio.gather(*(line.call(n) for n in range(4 * places + 1))))
    assert fullest(line.times) == places
    assert 4.0 * 0.85 <= line.times[-1] - line.times[0] <= 4.0 / 0.99
    assert line.numbers == list(range(4 * places + 1))


async def test_half_the_cap_for_a_minute_unless_told_otherwise() -> None:
    """These are the figures where none are given."""
    line, clock = track(RateLimit(2, burst=2))
    line.limiter.slow_down(1, SEND.path)
    await clock.run(asyncio.gather(*(line.call(n) for n in range(65))))
    assert rounded(line)[:3] == [0.0, 1.0, 2.0]
    assert rounded(line)[58:] == [58.0, 59.0, 60.0, 60.0, 61.0, 61.0, 62.0]


async def test_calls_that_went_before_still_count() -> None:
    """Right after a full window nobody goes until so many have come back that a place of the share is free."""
    line, clock = track(RateLimit(10, burst=10))
    for number in range(10):
        await clock.run(line.call(number))
        await clock.advance(0.05)
    slow_down(line, 0.3)
    waiting = [line.start(number) for number in range(10, 14)]
    await clock.run(asyncio.gather(*waiting))
    assert rounded(line)[10:] == [1.35, 1.4, 1.45, 2.35]


async def test_the_pace_slows_down_as_well() -> None:
    """After the burst the rest leaves one by one, at the share's distance, and at the old one when it has ended."""
    line, clock = track(RateLimit(100, burst=10))
    slow_down(line, 0.2, 1.0)
    await clock.run(asyncio.gather(*(line.call(n) for n in range(40))))
    assert rounded(line)[:13] == [0.0] * 10 + [0.05, 0.1, 0.15]
    assert line.went[29][0] == pytest.approx(1.0, abs=0.02)
    gaps = [after - before for before, after in zip(line.times[30:], line.times[31:], strict=False)]
    assert all(gap == pytest.approx(0.01, abs=1e-3) for gap in gaps)


async def test_no_more_than_the_share_leaves_at_once() -> None:
    """A burst above the share is cut down to it, also what of it has been used already, and grows back at the end."""
    line, clock = track(RateLimit(100, burst=50))
    await clock.run(asyncio.gather(*(line.call(n) for n in range(20))))
    slow_down(line, 0.1, 10.0)
    await clock.advance(5.0)
    assert at_once(line) == 10
    await clock.advance(6.0)
    assert at_once(line) == 50


async def test_what_the_bucket_let_out_before_it_let_out_at_the_old_pace() -> None:
    """Who paused long enough at the whole cap goes at once, though the command was slowed down in that moment."""
    line, clock = track(RateLimit(10, burst=1))
    await clock.run(line.call(0))
    await clock.advance(0.11)
    slow_down(line, 0.2)
    assert at_once(line) == 1


@pytest.mark.parametrize("share", [0.0, -0.5, 1.01, math.nan, math.inf])
async def test_a_share_is_above_nothing_and_at_most_all(share: float) -> None:
    """Anything else is told at once, and slows nothing down."""
    line, _ = track()
    with pytest.raises(ConfigError, match="share of the cap, above 0 and at most 1"):
        slow_down(line, share)
    assert line.limiter.metrics() == {}


@pytest.mark.parametrize("seconds", [0.0, -1.0, math.nan, math.inf])
async def test_a_slowdown_has_an_end(seconds: float) -> None:
    """A time that is none, or never over, is told at once, and slows nothing down."""
    line, _ = track()
    with pytest.raises(ConfigError, match="seconds above 0 and finite"):
        slow_down(line, 0.5, seconds)
    assert line.limiter.metrics() == {}


# -- the end


async def test_at_the_end_those_who_wait_go_at_once() -> None:
    """The whole cap holds from then on, in that very moment, and no timer is left."""
    line, clock = track(RateLimit(10, burst=10))
    slow_down(line, 0.1, 2.5)
    await clock.run(asyncio.gather(*(line.call(n) for n in range(20))))
    assert rounded(line) == [0.0, 1.0, 2.0] + [2.5] * 9 + [3.0] + [3.5] * 7
    assert clock.timers == 0


async def test_at_the_end_the_next_caller_finds_the_whole_cap() -> None:
    """Also where nobody waited meanwhile."""
    line, clock = track(RateLimit(4, burst=4))
    slow_down(line, 0.5, 5.0)
    await clock.advance(4.9)
    assert at_once(line) == 2
    await clock.advance(0.2)
    assert at_once(line) == 2
    assert clock.timers == 0


async def test_of_two_slowdowns_the_smaller_share_holds_and_the_later_end() -> None:
    """Whichever comes first; and once they are over, a third one begins anew."""
    for first, second in (((0.2, 5.0), (0.5, 10.0)), ((0.5, 10.0), (0.2, 5.0))):
        line, clock = track(RateLimit(10, burst=10))
        slow_down(line, *first)
        slow_down(line, *second)
        await clock.run(asyncio.gather(*(line.call(n) for n in range(40))))
        assert rounded(line)[:20] == [second for second in range(10) for _ in range(2)]
        assert rounded(line)[20:28] == [10.0] * 8
        await clock.advance(60.0)
        slow_down(line, 0.5)
        assert at_once(line) == 5


async def test_a_slowdown_in_the_moment_of_the_ends_timer_is_one_of_its_own() -> None:
    """The time of the one before is over, though its timer comes late, so only the new share holds."""
    clock = StallingClock()
    line = Track(clock, RateLimiter(RateLimit(10, burst=10), clock=clock))
    slow_down(line, 0.1, 1.0)
    clock.call_at(0.5, lambda: slow_down(line, 0.5, 1.0))
    await clock.step(2.0)
    assert at_once(line) == 5
    await clock.step(1.0)
    assert at_once(line) == 10
    assert clock.timers == 0


async def test_a_timer_that_comes_early_ends_nothing() -> None:
    """Event loops may be early by a little; the share holds to the end all the same."""

    class HastyClock(FakeClock):
        def call_at(self, when: float, callback: Any, /) -> Any:
            return super().call_at(when - 0.25 if when - self.time() > 0.5 else when, callback)

    clock = HastyClock()
    line = Track(clock, RateLimiter(RateLimit(2, 0.1, burst=2), clock=clock))
    slow_down(line, 0.5, 2.0)
    await clock.advance(1.9)
    assert at_once(line) == 1
    await clock.advance(0.2)
    assert at_once(line) == 2
    assert clock.timers == 0


# -- what is slowed down


async def test_a_command_that_was_never_called_is_slowed_down_as_well() -> None:
    """And no other command, and not the same one of another application."""
    line, clock = track(RateLimit(4, burst=4))
    slow_down(line, 0.5)
    await clock.advance(30.0)
    assert at_once(line) == 2
    assert at_once(line, command=RawCommand("openim/querystate", {})) == 4
    assert at_once(line, sdkappid=2) == 4


async def test_limits_by_key_stay_as_they_are() -> None:
    """A group takes as many messages as ever, as long as the command as a whole lets them through."""
    path = in_group("a").path
    line, clock = track(RateLimit(20, burst=20), further={path: [RateLimit(4, key="GroupId")]})
    slow_down(line, 0.3, path=path)
    calls = [line.start(n, in_group("a")) for n in range(6)] + [line.start(9, in_group("b")) for _ in range(3)]
    await clock.advance(0.0)
    assert line.numbers == [0, 1, 2, 3, 9, 9]
    await clock.run(asyncio.gather(*calls))
    assert rounded(line)[6:] == [1.0, 1.0, 1.0]


async def test_what_counts_for_the_whole_command_is_slowed_down_with_its_calls() -> None:
    """Half the calls, and half the receivers."""
    line, clock = track(RateLimit(8, burst=8), further={BATCH: [RateLimit(12, 10.0, weight="To_Account")]})
    slow_down(line, 0.5, path=BATCH)
    await clock.run(asyncio.gather(*(line.call(n, batch_of(1)) for n in range(7))))
    assert rounded(line) == [0.0] * 4 + [1.0] * 2 + [10.0]


async def test_a_batch_beyond_the_share_goes_when_it_has_the_limit_for_itself() -> None:
    """It waits for an empty window and not for the end, and those behind it wait until its receivers count no more."""
    line, clock = track(further={BATCH: [RateLimit(10, weight="To_Account")]})
    slow_down(line, 0.3, path=BATCH)
    calls = [line.start(n, batch_of(weight)) for n, weight in enumerate([2, 10, 1, 7])]
    await clock.run(asyncio.gather(*calls))
    assert line.numbers == [0, 1, 2, 3]
    assert rounded(line) == [0.0, 1.0, 2.0, 3.0]


async def test_a_batch_beyond_the_share_goes_at_once_where_nothing_else_counts() -> None:
    """Waiting would not make it lighter; what it took beyond the share has come back when the next one goes."""
    line, clock = track(further={BATCH: [RateLimit(10, weight="To_Account")]})
    slow_down(line, 0.3, 0.5, path=BATCH)
    permit = line.limiter.try_acquire(1, batch_of(9))
    assert permit is not None
    permit.release()
    assert line.limiter.try_acquire(1, batch_of(1)) is None
    await clock.advance(0.6)
    assert line.limiter.try_acquire(1, batch_of(1)) is not None
    assert line.limiter.try_acquire(1, batch_of(1)) is None


async def test_sessions_are_slowed_down_by_their_limiter() -> None:
    """A typed command is slowed down by its path, and calls that cannot go in time are not sent."""
    clock, service = FakeClock(), MemoryTransport(*[{"ErrorCode": 0, "MsgTime": 1, "ActionStatus": "OK"}] * 5)
    limits = RateLimiter(RateLimit(4, 10.0, burst=4), clock=clock)
    tim = TimSession(1, secret_key="key", transport=service, clock=clock, limits=limits, timeout=5.0)
    limits.slow_down(1, "openim/sendmsg", share=0.5, seconds=30.0)
    for _ in range(2):
        await clock.run(tim.messages.send("a", "hi"))
    with pytest.raises(NoPermitError):
        await clock.run(tim.messages.send("a", "hi"))
    assert len(service.calls) == 2
    assert clock.time() == 0.0


# -- the line


async def test_who_waits_keeps_its_place_through_begin_and_end() -> None:
    """First come, first served: before, while and after the command is slowed down."""
    line, clock = track(RateLimit(10, burst=2))
    calls = [line.start(n) for n in range(30)]
    await clock.advance(0.5)
    slow_down(line, 0.3, 3.0)
    calls += [line.start(n) for n in range(30, 50)]
    await clock.run(asyncio.gather(*calls))
    assert line.numbers == list(range(50))
    assert fullest(line.times) <= 10
    assert fullest(when for when in line.times if 0.5 < when < 3.5) == 3
    assert clock.timers == 0


async def test_who_is_cancelled_meanwhile_costs_nobody_a_place() -> None:
    """Cancelled waiters leave no trace, and those behind them go as if they had never been."""
    line, clock = track(RateLimit(10, burst=10))
    slow_down(line, 0.2, 30.0)
    calls = [line.start(n) for n in range(42)]
    await clock.advance(0.5)
    for call in calls[2:40]:
        call.cancel()
    await clock.run(asyncio.wait(calls))
    assert list(zip(rounded(line), line.numbers, strict=True)) == [(0.0, 0), (0.0, 1), (1.0, 40), (1.0, 41)]
    assert (line.metrics.waiting, clock.timers) == (0, 1)
    await clock.advance(30.0)
    assert clock.timers == 0


async def test_a_whole_line_has_one_timer_and_the_slowdown_one_more() -> None:
    """However many wait, and however often the command is slowed down."""
    line, clock = track(RateLimit(2, burst=2))
    waiting = [line.start(n, deadline=1e6) for n in range(100)]
    for seconds in (60.0, 30.0, 90.0):
        slow_down(line, 0.5, seconds)
        await clock.advance(0.5)
    assert clock.timers == 2
    for waiter in waiting:
        waiter.cancel()
    await asyncio.wait(waiting)
    assert clock.timers == 1


async def test_a_refusal_tells_the_slower_wait_and_why() -> None:
    """Who could have gone in time at the whole cap hears at once that it cannot, to how many it is slowed down."""
    line, clock = track(RateLimit(10, burst=10))
    slow_down(line, 0.2)
    crowd = [line.start(n) for n in range(9)]
    await clock.advance(0.0)
    with pytest.raises(NoPermitError, match=r": 10 calls in 1 s, slowed down to 2: it would wait at least 4 s") as told:
        await line.limiter.acquire(1, SEND, 3.9)
    assert told.value.retry_after == pytest.approx(4.0, abs=1e-3)
    crowd.append(line.start(9, deadline=4.1))
    await clock.run(asyncio.gather(*crowd))
    await clock.advance(60.0)
    crowd = [line.start(n) for n in range(10)]
    await clock.advance(0.0)
    with pytest.raises(NoPermitError, match=r": 10 calls in 1 s: it would wait at least 1 s"):
        await line.limiter.acquire(1, SEND, clock.time())
    await clock.run(asyncio.gather(*crowd))


@pytest.mark.parametrize(
    "limit", [RateLimit(100, burst=100), RateLimit(10, burst=10), RateLimit(7, 3.0, burst=7), RateLimit(1)]
)
@pytest.mark.parametrize("before", [0, 1, 5, 30, 99])
async def test_the_wait_that_a_refusal_tells_while_slowed_down_is_the_wait_that_was_due(
    limit: RateLimit, before: int
) -> None:
    """Where nobody gives up, all are answered at once and it lasts, the lower bound is the wait itself."""
    line, clock = track(limit)
    crowd = [line.start(n) for n in range(before // 2)]
    await clock.advance(0.05)
    slow_down(line, 0.3, 1e6)
    crowd += [line.start(n) for n in range(before // 2, before)]
    await clock.advance(0.05)
    told = await wait_told_to(line, SEND)
    began = clock.time()
    await clock.run(asyncio.gather(*crowd, line.call(-1)))
    assert line.went[-1][0] - began == pytest.approx(told, abs=1e-3)


async def test_a_refusal_foresees_the_end_of_the_slowdown() -> None:
    """Who can go in time because the whole cap holds again by then is not turned away; who cannot hears so."""
    line, clock = track(RateLimit(10, burst=10))
    slow_down(line, 0.1, 3.0)
    crowd = [line.start(n) for n in range(26)]
    await clock.advance(0.5)
    assert len(line.went) == 1
    with pytest.raises(NoPermitError) as caught:
        await line.limiter.acquire(1, SEND, 4.9)
    assert caught.value.retry_after == pytest.approx(4.5, abs=1e-3)
    last = line.start(26, deadline=5.5)
    await clock.run(asyncio.gather(*crowd, last))
    assert rounded(line)[-1] == 5.0


async def test_what_a_refusal_foresees_behind_the_end_counts_all_who_may_have_gone_until_then() -> None:
    """Three places at most are had until then, and twenty callers take two windows, of which the second has begun."""
    line, clock = track(RateLimit(10, burst=10))
    slow_down(line, 0.1, 3.0)
    crowd = [line.start(n) for n in range(23)]
    await clock.advance(0.5)
    assert await wait_told_to(line, SEND) == pytest.approx(3.5, abs=1e-3)
    await clock.run(asyncio.gather(*crowd))


async def test_a_deadline_that_can_no_longer_be_met_is_kept() -> None:
    """Who waits when the command is slowed down, and now cannot go in time, hears at its deadline."""
    line, clock = track(RateLimit(2, burst=2))
    calls = [line.start(n, deadline=3.5) for n in range(6)]
    await clock.advance(0.5)
    slow_down(line, 0.5)
    await clock.run(asyncio.wait(calls))
    assert rounded(line) == [0.0, 0.0, 1.0, 2.0, 3.0]
    assert isinstance(calls[5].exception(), NoPermitError)
    assert round(clock.time(), 3) == 3.5


# -- event loops


class ForgetfulClock(StallingClock):
    """A clock whose timers end with the event loop, as the machine's do."""

    def call_at(self, when: float, callback: Callable[[], object], /) -> Any:
        """Remember *callback* as long as the loop lives."""
        loop = asyncio.get_running_loop()
        return super().call_at(when, lambda: loop.is_closed() or callback())


def test_a_slowdown_goes_on_in_the_next_event_loop_and_ends_by_the_clock() -> None:
    """What is left of it holds there, and its end comes, though the timer went with the loop before."""
    line, clock = track(RateLimit(4, burst=4))

    async def begin() -> None:
        slow_down(line, 0.5, 10.0)

    async def later() -> tuple[int, int]:
        found = at_once(line)
        await clock.advance(4.0)
        return found, at_once(line)

    asyncio.run(begin())
    assert asyncio.run(later()) == (2, 2)
    assert asyncio.run(later()) == (0, 2)
    assert clock.timers == 1
    asyncio.run(clock.advance(4.0))
    assert asyncio.run(later()) == (4, 4)
    assert clock.timers == 0


def test_a_slowdown_that_ended_between_two_event_loops_is_over() -> None:
    """The first call of the next loop finds the whole cap, and the timer that went with the loop is not missed."""
    clock = ForgetfulClock()
    line = Track(clock, RateLimiter(RateLimit(4, burst=4), clock=clock))

    async def begin() -> None:
        slow_down(line, 0.5, 10.0)

    async def count() -> int:
        return at_once(line)

    abandoned(begin)
    asyncio.run(clock.step(11.0))
    assert asyncio.run(count()) == 4
    assert clock.timers == 0


def test_on_the_machines_own_clock_a_slowdown_begins_and_its_timer_goes_with_the_loop() -> None:
    """Two event loops, one limiter, the system's clock: nothing is left behind in the first, and the second goes on."""
    limiter = RateLimiter(RateLimit(4, 600.0, burst=4))

    async def at_once(many: int) -> list[Permit | None]:
        limiter.slow_down(1, SEND.path, share=0.5, seconds=300.0)
        return [limiter.try_acquire(1, SEND) for _ in range(many)]

    assert [permit is not None for permit in asyncio.run(at_once(1))] == [True]
    assert [permit is not None for permit in asyncio.run(at_once(2))] == [True, False]


# -- properties


@dataclass
class SlowModel(Model):
    """The rules with slowdowns, said as plainly as they can be."""

    slowdowns: list[tuple[float, float, float]] = field(default_factory=list)
    """When each began, its share, and for how long it was meant."""

    def share(self, now: float) -> float:
        """Return the share that holds."""
        share, until = 1.0, -math.inf
        for began, wanted, seconds in self.slowdowns:
            share = min(share, wanted) if began < until else wanted
            until = max(until, began + seconds)
        return share if now < until else 1.0

    def places(self, limit: RateLimit, now: float) -> int:
        """Return how many places of *limit* may be used."""
        return limit.calls if limit.key else max(1, math.floor(limit.calls * self.share(now)))

    def both(self, now: float) -> list[SlowModel]:
        """Return the rules, and those without what began in this very moment."""
        earlier = [slowdown for slowdown in self.slowdowns if slowdown[0] < now]
        return [self, SlowModel(self.limits, self.by_key, self.callers, earlier)]

    def fits(self, caller: Caller, limit: RateLimit, others: list[Caller], now: float) -> bool:
        """Say whether *caller* has room in *limit* beside *others*, or has it for itself."""
        places = self.places(limit, now)
        return self.used(limit, others, now) + min(self.of(caller, limit), places) <= places

    def check_entry(self, caller: Caller, now: float) -> None:
        """Nobody goes who does not fit at that moment; a slowdown may begin when he is let in but has yet to notice."""
        others = [other for other in self.gone if other is not caller]
        assert any(all(rules.fits(caller, limit, others, now) for limit in self.limits) for rules in self.both(now))

    def check_idle(self, now: float) -> None:
        """Nobody waits who could go."""
        gone, before_command, blocked = self.gone, list[Caller](), set[str]()
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

    @property
    def times(self) -> list[float]:
        """When permits came, in order."""
        return [caller.went for caller in self.gone if caller.went is not None]


@dataclass
class Street:
    """Where callers and slowdowns come along, as the model has them."""

    clock: StallingClock
    limiter: RateLimiter
    model: SlowModel

    def plan(self, slowdowns: list[tuple[float, float, float]]) -> None:
        """Let everything come in its time."""
        for caller in self.model.callers:
            self.clock.call_at(caller.arrives, partial(self.arrive, caller))
        for when, share, seconds in slowdowns:
            self.clock.call_at(when, partial(self.slow_down, share, seconds))

    def slow_down(self, share: float, seconds: float) -> None:
        """Slow the command down."""
        self.model.slowdowns.append((self.clock.time(), share, seconds))
        self.limiter.slow_down(1, "x/y", share=share, seconds=seconds)

    def arrive(self, caller: Caller) -> None:
        """Let *caller* begin."""
        caller.arrives = self.clock.time()
        caller.patience += self.clock.time()
        caller.task = asyncio.ensure_future(self.call(caller))
        if caller.gives_up is not None:
            self.clock.call_at(self.clock.time() + caller.gives_up, caller.task.cancel)

    async def call(self, caller: Caller) -> None:
        """Take a permit if it comes in time, and keep it as long as the call takes."""
        limiter, command = self.limiter, caller.command
        try:
            permit = limiter.try_acquire(1, command) or await limiter.acquire(1, command, caller.patience)
        except NoPermitError:
            caller.refused = True
            return
        caller.went = self.clock.time()
        try:
            self.model.check_entry(caller, self.clock.time())
            if caller.takes:
                woken = asyncio.Event()
                self.clock.call_at(self.clock.time() + caller.takes, woken.set)
                await woken.wait()
        finally:
            caller.answered = self.clock.time()
            permit.release()

    def check_end(self) -> None:
        """Everybody has gone one way or another, and the limiter knows it."""
        for caller in self.model.callers:
            assert caller.task is not None
            assert caller.task.done()
            assert caller.task.cancelled() or caller.task.exception() is None
        assert self.clock.timers == 0
        (metrics,) = self.limiter.metrics().values()
        assert (metrics.waiting, metrics.given) == (0, len(self.model.gone))
        assert metrics.refused == sum(caller.refused for caller in self.model.callers)


SLOWDOWNS = st.lists(
    st.tuples(
        st.integers(0, 40).map(TICK.__mul__),
        st.sampled_from([0.05, 0.25, 0.5, 0.7, 1.0]),
        st.integers(1, 40).map(TICK.__mul__),
    ),
    min_size=1,
    max_size=4,
)
FURTHER = st.lists(
    st.sampled_from(
        [
            RateLimit(4, 1.0, weight="List"),
            RateLimit(8, 0.5, weight="List", count_until="sent"),
            RateLimit(2, 0.5, key="Key"),
            RateLimit(5, 1.0, weight="List", key="Key"),
        ]
    ),
    max_size=3,
    unique=True,
)


@settings(max_examples=300, deadline=None)
@given(
    callers=CALLERS,
    slowdowns=SLOWDOWNS,
    until=st.sampled_from(COUNTED),
    further=FURTHER,
    steps=st.lists(st.integers(1, 20), max_size=80),
)
def test_never_above_the_share_never_idle_and_nobody_lost(
    callers: list[Caller],
    slowdowns: list[tuple[float, float, float]],
    until: Literal["sent", "answered"],
    further: list[RateLimit],
    steps: list[int],
) -> None:
    """For any arrivals, cancellations, deadlines, weights, keys, slowdowns and steps of the clock: nobody goes beyond
    the places of the moment, in no window that lies within a slowdown there are more, who comes first goes first, at no
    time waits anybody who could go, and in the end everything is given back.
    """
    own = RateLimit(8, 0.5, burst=8, count_until=until)
    model = SlowModel(
        [own, *(limit for limit in further if not limit.key)], [limit for limit in further if limit.key], callers
    )

    async def live() -> None:
        clock = StallingClock()
        street = Street(clock, RateLimiter(own, clock=clock, further={"x/y": further}), model)
        street.plan(slowdowns)
        for step in [*steps, *[16] * 64]:
            await clock.step(step * TICK)
            assert all(caller.patience > clock.time() for caller in model.waiting(clock.time()))
            model.check_idle(clock.time())
        street.check_end()
        in_order(model)
        for began, share, seconds in model.slowdowns:
            inside = [when for when in model.times if began < when < began + seconds]
            assert fullest(inside, own.per) <= max(1, math.floor(own.calls * share))
        free = min(limit.calls for limit in [own, *further])
        command = Caller(0, 0, 0, None, 0, 1, "a").command
        permits = [street.limiter.try_acquire(1, command) for _ in range(free + 1)]
        assert [permit is not None for permit in permits] == [True] * free + [False]

    asyncio.run(live(), debug=False)


@settings(max_examples=100, deadline=None)
@given(
    callers=CALLERS,
    slowdowns=SLOWDOWNS,
    burst=st.sampled_from([1, 2, 8]),
    until=st.sampled_from(COUNTED),
    weighed=st.booleans(),
)
def test_a_wait_told_while_slowed_down_is_never_longer_than_the_wait(
    callers: list[Caller],
    slowdowns: list[tuple[float, float, float]],
    burst: int,
    until: Literal["sent", "answered"],
    weighed: bool,  # noqa: FBT001
) -> None:
    """Whatever is in flight, whoever waits and whenever it ends: a refused call would not have gone before the time
    that it was told.
    """

    async def live() -> None:
        clock = FakeClock()
        limits = RateLimit(8, 0.5, burst=burst, count_until=until)
        further = {"x/y": [RateLimit(5, 1.0, weight="List")] if weighed else []}
        line = Track(clock, RateLimiter(limits, clock=clock, further=further))
        told: dict[int, float] = {}

        async def call(caller: Caller) -> None:
            told[caller.number] = clock.time() + await wait_told_to(line, caller.command)
            await line.call(caller.number, caller.command, takes=caller.takes)

        tasks: list[asyncio.Task[None]] = []
        for when, share, seconds in slowdowns:
            clock.call_at(
                when,
                lambda share=share, seconds=seconds: slow_down(line, share, seconds, "x/y"),  # type: ignore[misc]
            )
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
