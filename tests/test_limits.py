"""The limiter, on a clock that jumps."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from timrest_async import CallTimeoutError, ConfigError, RateLimit, RateLimiter
from timrest_async.limits import BELOW_DEFAULT
from timrest_async.testing import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterable

PATH = "openim/sendmsg"


@dataclass
class Track:
    """Callers of one command, and when each of them went."""

    clock: FakeClock
    limiter: RateLimiter
    went: list[tuple[float, int]] = field(default_factory=list)

    async def call(self, number: int, *, takes: float = 0.0, deadline: float | None = None) -> None:
        """Take a permit, keep it for *takes* seconds as a call in flight, and note when it came."""
        permit = await self.limiter.acquire(1, PATH, deadline)
        self.went.append((self.clock.time(), number))
        if takes:
            woken = asyncio.Event()
            self.clock.call_at(self.clock.time() + takes, woken.set)
            await woken.wait()
        permit.release()

    @property
    def times(self) -> list[float]:
        """When permits came, in order."""
        return [when for when, _ in self.went]

    @property
    def numbers(self) -> list[int]:
        """Who got them, in order."""
        return [number for _, number in self.went]


def track(limit: RateLimit | None = None) -> Track:
    """Set up a command with *limit* on a fresh clock."""
    clock = FakeClock()
    return Track(clock, RateLimiter(limit, clock=clock))


def worst_window(times: Iterable[float], per: float = 1.0) -> int:
    """Count the calls of the fullest half-open window."""
    ordered = sorted(times)
    return max((sum(1 for other in ordered if start <= other < start + per) for start in ordered), default=0)


@pytest.mark.parametrize("count_until", ["sent", "answered"])
async def test_no_second_holds_more_than_the_cap_and_the_cap_is_used(count_until: str) -> None:
    """A thousand waiters leave at the cap: never more than 100 in a second, never less than 99 % of it."""
    line = track(RateLimit(count_until=count_until))  # type: ignore[arg-type]
    await line.clock.run(asyncio.gather(*(line.call(n) for n in range(1_000))))
    assert worst_window(line.times) == 100
    assert line.times[-1] - line.times[0] <= 9.9 / 0.99


async def test_first_come_first_served() -> None:
    """Permits come in the order of arrival."""
    line = track()
    await line.clock.run(asyncio.gather(*(line.call(n) for n in range(350))))
    assert line.numbers == list(range(350))


async def test_a_newcomer_does_not_overtake_as_a_place_frees() -> None:
    """Who arrives in the moment in which a place frees goes behind those who wait."""
    line = track(RateLimit(1, burst=1))
    waiting = [asyncio.ensure_future(line.call(n)) for n in range(3)]
    await line.clock.advance(0.5)
    assert line.numbers == [0]
    line.clock.call_at(1.0, lambda: waiting.append(asyncio.ensure_future(line.call(99))))
    await line.clock.run(asyncio.gather(*waiting))
    await line.clock.run(asyncio.gather(*waiting))
    assert line.numbers == [0, 1, 2, 99]


async def test_an_idle_command_lets_its_burst_go_at_once_and_spreads_the_rest() -> None:
    """After a pause ten calls leave together, and the following ones one by one."""
    line = track()
    await line.clock.run(asyncio.gather(*(line.call(n) for n in range(20))))
    assert [round(when, 2) for when in line.times[:10]] == [0.0] * 10
    gaps = [after - before for before, after in zip(line.times[9:], line.times[10:], strict=False)]
    assert all(0.009 < gap < 0.011 for gap in gaps)


async def test_one_call_then_a_pause_then_a_crowd_stays_within_the_cap() -> None:
    """One call, 0.9 seconds of silence and 500 at once: the classic way through a token bucket is closed."""
    line = track()
    await line.clock.run(line.call(0))
    await line.clock.advance(0.9)
    await line.clock.run(asyncio.gather(*(line.call(n) for n in range(1, 501))))
    assert worst_window(line.times) == 100


async def test_an_answered_call_keeps_its_place_until_a_second_after_its_answer() -> None:
    """With slow answers the server cannot count more than the cap, wherever in between it counts a call."""
    line = track(RateLimit(10, burst=10))
    await line.clock.run(asyncio.gather(*(line.call(n, takes=0.5) for n in range(30))))
    assert [round(when, 1) for when in line.times] == [0.0] * 10 + [1.5] * 10 + [3.0] * 10


async def test_a_sent_call_gives_its_place_back_a_second_after_it_left() -> None:
    """Counted from the sending, slow answers cost nothing."""
    line = track(RateLimit(10, burst=10, count_until="sent"))
    await line.clock.run(asyncio.gather(*(line.call(n, takes=0.5) for n in range(30))))
    assert [round(when, 1) for when in line.times] == [0.0] * 10 + [1.0] * 10 + [2.0] * 10


async def test_when_every_place_is_in_flight_the_next_answer_starts_the_clock() -> None:
    """With no answer in sight nobody can say when a place frees; the first answer does."""
    line = track(RateLimit(2, burst=2))
    await line.clock.run(asyncio.gather(*(line.call(n, takes=5.0) for n in range(3))))
    assert [round(when) for when in line.times] == [0, 0, 6]


async def test_a_cancelled_waiter_gives_its_turn_back() -> None:
    """Sixty cancelled waiters cost the next caller nothing."""
    line = track(RateLimit(10, burst=10))
    await line.clock.run(asyncio.gather(*(line.call(n) for n in range(10))))
    waiters = [asyncio.ensure_future(line.call(n)) for n in range(100, 160)]
    last = asyncio.ensure_future(line.call(999))
    await line.clock.advance(0.5)
    for waiter in waiters:
        waiter.cancel()
    await line.clock.run(last)
    assert line.numbers[-1] == 999
    assert round(line.times[-1], 3) == 1.0


async def test_cancelling_the_head_hands_the_lead_on() -> None:
    """The waiter behind a cancelled head goes when the head would have gone."""
    line = track(RateLimit(1, burst=1))
    head, behind = (asyncio.ensure_future(line.call(n)) for n in range(2)), None
    first, second = head
    behind = asyncio.ensure_future(line.call(2))
    await line.clock.run(first)
    second.cancel()
    await line.clock.run(behind)
    assert line.numbers == [0, 2]
    assert round(line.times[-1], 3) == 1.0


async def test_a_whole_line_can_be_cancelled_from_its_end() -> None:
    """Cancelling everybody, last one first, leaves an empty line and no timer."""
    line = track(RateLimit(1, burst=1))
    await line.clock.run(line.call(0))
    waiters = [asyncio.ensure_future(line.call(n)) for n in range(1, 50)]
    await line.clock.advance(0.1)
    for waiter in reversed(waiters):
        waiter.cancel()
    await asyncio.gather(*waiters, return_exceptions=True)
    assert line.clock.timers == 0
    await line.clock.run(line.call(99))
    assert line.numbers == [0, 99]


async def test_a_deadline_that_passes_in_the_line_is_a_timeout_and_nothing_was_sent() -> None:
    """Who cannot go before the deadline hears of it at the deadline, with the reason."""
    line = track(RateLimit(1, burst=1))
    await line.clock.run(line.call(0))
    behind = asyncio.ensure_future(line.call(2))
    with pytest.raises(CallTimeoutError, match="no permit came before the deadline") as caught:
        await line.clock.run(line.call(1, deadline=line.clock.time() + 0.5))
    assert round(line.clock.time(), 3) == 0.5
    assert caught.value.attempts == 0
    assert "nothing was sent" in str(caught.value)
    await line.clock.run(behind)
    assert round(line.times[-1], 3) == 1.0


async def test_a_deadline_that_is_not_reached_leaves_nothing_behind() -> None:
    """Who gets a permit in time hears nothing of the deadline, and no timer is left."""
    line = track(RateLimit(1, burst=1))
    await line.clock.run(line.call(0))
    await line.clock.run(line.call(1, deadline=line.clock.time() + 5.0))
    assert line.numbers == [0, 1]
    assert line.clock.timers == 0


async def test_commands_and_applications_have_windows_of_their_own() -> None:
    """A full command delays neither another command nor another application."""
    clock = FakeClock()
    limiter = RateLimiter(RateLimit(1, burst=1), clock=clock)
    for sdkappid, path in ((1, PATH), (1, "openim/batchsendmsg"), (2, PATH)):
        await clock.run(limiter.acquire(sdkappid, path))
    assert clock.time() == 0.0


def test_commands_documented_lower_have_rows_of_their_own() -> None:
    """Broadcasts go out once a second, history ten times, and the caller may override each of them."""
    limiter = RateLimiter(RateLimit(200), {"openim/sendmsg": RateLimit(50), "timpush/push": RateLimit(5, burst=5)})
    assert limiter.limit_of("group_open_http_svc/send_broadcast_msg").calls == 1
    assert limiter.limit_of("open_msg_svc/get_history").calls == 10
    assert limiter.limit_of("timpush/push").calls == 5
    assert limiter.limit_of("openim/sendmsg").calls == 50
    assert limiter.limit_of("openim/batchsendmsg").calls == 200
    assert RateLimiter().default.calls == 100


def test_the_rows_below_the_default_are_those_of_the_documents(
    protocol: dict[str, dict[str, list[dict[str, object]]]],
) -> None:
    """Every command that the documents put below 100 a second has its row, and no other has one."""
    rows = {
        str(row["command"]): row.get("calls_per_second", 1) for row in protocol["rate_limits"]["below_the_library_cap"]
    }
    assert {path: limit.calls for path, limit in BELOW_DEFAULT.items()} == rows


@pytest.mark.parametrize(
    ("settings_", "name"),
    [
        ({"calls": 0}, "calls"),
        ({"calls": -1}, "calls"),
        ({"per": 0.0}, "per"),
        ({"per": float("nan")}, "per"),
        ({"burst": 0}, "burst"),
        ({"burst": 101}, "burst"),
        ({"count_until": "never"}, "count_until"),
    ],
)
def test_a_limit_that_cannot_hold_is_refused_by_name(settings_: dict[str, object], name: str) -> None:
    """A rate of nothing, a burst above the cap or an unknown way to count names the setting that is wrong."""
    with pytest.raises(ConfigError, match=name):
        RateLimit(**settings_)  # type: ignore[arg-type]


ARRIVALS = st.lists(
    st.tuples(
        st.floats(0, 3, allow_nan=False),  # when it arrives
        st.floats(0, 0.4, allow_nan=False),  # how long its call is in flight
        st.one_of(st.none(), st.floats(0, 2, allow_nan=False)),  # when it is cancelled, counted from its arrival
    ),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(arrivals=ARRIVALS, count_until=st.sampled_from(["sent", "answered"]))
def test_no_schedule_gets_past_the_window(arrivals: list[tuple[float, float, float | None]], count_until: str) -> None:
    """Whatever comes, goes and is cancelled whenever: no window ever holds more than its calls, and all are served."""

    async def live() -> None:
        line = track(RateLimit(10, per=0.5, burst=3, count_until=count_until))  # type: ignore[arg-type]
        tasks: list[asyncio.Task[None]] = []

        def arrive(number: int, takes: float, cancelled: float | None) -> None:
            task = asyncio.ensure_future(line.call(number, takes=takes))
            tasks.append(task)
            if cancelled is not None:
                line.clock.call_at(line.clock.time() + cancelled, task.cancel)

        for number, (when, takes, cancelled) in enumerate(sorted(arrivals, key=lambda arrival: arrival[0])):
            line.clock.call_at(when, lambda n=number, t=takes, c=cancelled: arrive(n, t, c))  # type: ignore[misc]
        await line.clock.advance(20.0)
        assert len(tasks) == len(arrivals)
        assert all(task.done() for task in tasks)
        assert worst_window(line.times, per=0.5) <= 10
        assert line.numbers == sorted(line.numbers)
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(live())
