"""The limiter on a real Redis server, in one process."""

from __future__ import annotations

import asyncio
import math
import runpy
import subprocess
import sys
import threading
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from redis import Redis

from tests.windows import fullest
from timrest_async import (
    ConfigError,
    InputError,
    NoPermitError,
    RateLimit,
    TimSession,
    TooOftenError,
    _redis_link,
)
from timrest_async.commands._command import RawCommand
from timrest_async.errors import error_for
from timrest_async.redis_limits import RedisRateLimiter
from timrest_async.testing import MemoryTransport

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.redis.conftest import Crowd, Proxy, Server

    CrowdAt = Callable[..., Crowd]
    ProxyTo = Callable[[int], Proxy]

SEND = RawCommand("openim/sendmsg", {})
BATCH = "openim/batchsendmsg"
OK = {"ErrorCode": 0, "MsgTime": 1, "ActionStatus": "OK"}


def in_group(group: str) -> RawCommand:
    """A message to *group*."""
    return RawCommand("group_open_http_svc/send_group_msg", {"GroupId": group})


def batch_of(receivers: int) -> RawCommand:
    """A batch to so many *receivers*."""
    return RawCommand(BATCH, {"To_Account": ["a"] * receivers})


def too_often(code: int = 60011) -> Any:
    """What the service says."""
    return error_for(code, "", SEND.path)


# -- the window


async def test_the_cap_holds_and_is_used_by_one_run_of_the_script_for_each_call(
    server: Server, crowd_at: CrowdAt
) -> None:
    """Of 250 waiters no window has over 100, 98 % of the cap is used, nobody asks twice, and all keep their order."""
    crowd = crowd_at(server.url)
    await crowd.calls(*range(250))
    assert fullest(crowd.times) <= 100
    missed = crowd.limits.metrics()[1, SEND.path].missed  # by a busy machine
    assert crowd.times[-1] - crowd.times[0] <= (2.5 + 0.05 * missed) / 0.98
    assert server.runs_of("evalsha") == 250 + 2 * missed
    assert crowd.numbers == sorted(crowd.numbers)
    slots = server.slots()
    assert slots == sorted(slots)


async def test_a_burst_leaves_at_once_and_the_rest_evenly(old_server: str, crowd_at: CrowdAt, prefix: str) -> None:
    """After a pause ten may go together; who has to wait leaves a gap behind the one before."""
    crowd = crowd_at(old_server, prefix=prefix)
    began = time.monotonic()
    await crowd.calls(*range(40))
    waits = [when - began for when in crowd.times]
    assert waits[9] < 0.2
    assert waits[39] >= 0.395


async def test_who_is_alone_does_not_wait(old_server: str, crowd_at: CrowdAt, prefix: str) -> None:
    """Where nobody was before, a call goes after a round trip."""
    crowd = crowd_at(old_server, RateLimit(10, burst=10), prefix=prefix)
    await crowd.call()
    (metrics,) = crowd.limits.metrics().values()
    assert metrics.given == 1
    assert metrics.waiting == metrics.refused == metrics.too_often == 0
    assert 0 < metrics.wait_p50 < 0.5


async def test_commands_and_applications_do_not_hold_up_one_another(
    old_server: str, crowd_at: CrowdAt, prefix: str
) -> None:
    """A full window of one command is no matter for another command, nor for another application."""
    crowd = crowd_at(old_server, RateLimit(1, 30), prefix=prefix)
    await crowd.call()
    with pytest.raises(NoPermitError):
        await crowd.call(deadline=time.monotonic() + 1)
    await crowd.limits.acquire(2, SEND, time.monotonic() + 1)
    await crowd.call(command=RawCommand("openim/querystate", {}), deadline=time.monotonic() + 1)
    assert len(crowd.limits.metrics()) == 3


async def test_prefixes_keep_limiters_apart(old_server: str, crowd_at: CrowdAt, prefix: str) -> None:
    """Limiters with another prefix share nothing; those with the same one do."""
    first, second, other = (
        crowd_at(old_server, RateLimit(1, 30), prefix=name) for name in (prefix, prefix, f"{prefix}-other")
    )
    await first.call()
    with pytest.raises(NoPermitError):
        await second.call(deadline=time.monotonic() + 1)
    await other.call(deadline=time.monotonic() + 1)


async def test_a_call_that_cannot_go_in_time_hears_so_at_once(old_server: str, crowd_at: CrowdAt, prefix: str) -> None:
    """A slot past the deadline is refused with how long it would have been, and is not reserved."""
    crowd = crowd_at(old_server, RateLimit(1, 30), prefix=prefix)
    await crowd.call()
    began = time.monotonic()
    with pytest.raises(NoPermitError, match=r"1 calls in 30 s in all processes: it would wait (29|30)\S* s") as refused:
        await crowd.call(deadline=began + 5)
    assert time.monotonic() - began < 1
    assert refused.value.retry_after is not None
    assert 28 < refused.value.retry_after < 30.1
    assert refused.value.path == SEND.path
    with pytest.raises(NoPermitError) as again:
        await crowd.call(deadline=began + 5)
    assert again.value.retry_after is not None
    assert again.value.retry_after < 30.1  # and not a window more
    assert crowd.limits.metrics()[1, SEND.path].refused == 2
    assert crowd.limits.metrics()[1, SEND.path].waiting == 0


async def test_a_deadline_in_the_past_is_refused(old_server: str, crowd_at: CrowdAt, prefix: str) -> None:
    """Whose time is over before it asks gets no permit."""
    crowd = crowd_at(old_server, prefix=prefix)
    await crowd.call()
    with pytest.raises(Exception, match="nothing was sent"):
        await crowd.call(deadline=time.monotonic() - 1)


async def test_nobody_gets_a_permit_by_asking_for_it_without_waiting(
    old_server: str, crowd_at: CrowdAt, prefix: str
) -> None:
    """Only Redis knows, so there is never a permit at once; and a permit may be released as any other."""
    limits = crowd_at(old_server, prefix=prefix).limits
    assert limits.try_acquire(1, SEND) is None
    permit = await limits.acquire(1, SEND)
    permit.release()
    assert limits.default == RateLimit()


# -- cancelled waiters


async def test_sixty_cancelled_waiters_cost_the_next_caller_nothing(
    old_server: str, crowd_at: CrowdAt, prefix: str
) -> None:
    """At 10 a second, 60 waiters are cancelled: the next caller goes as if they had never been."""
    crowd = crowd_at(old_server, RateLimit(10, burst=10), prefix=prefix)
    await crowd.calls(*range(5))
    waiters = [crowd.start(n) for n in range(60)]
    await crowd.until(lambda: len(crowd.went) >= 10)
    await cancel(waiters[5:])
    began = time.monotonic()
    await crowd.calls(*range(3))
    assert time.monotonic() - began < 1.5
    assert fullest(crowd.times) <= 10


async def cancel(tasks: list[asyncio.Task[float]]) -> None:
    """Cancel *tasks*, and wait until they know."""
    for task in tasks:
        task.cancel()
    for said in await asyncio.gather(*tasks, return_exceptions=True):
        assert isinstance(said, asyncio.CancelledError)


@pytest.mark.parametrize("turns", range(12))
async def test_a_waiter_cancelled_at_any_moment_leaves_no_trace(
    old_server: str, crowd_at: CrowdAt, prefix: str, turns: int
) -> None:
    """Cancelled before its question leaves, or after so many turns of the event loop: nothing stays reserved."""
    crowd = crowd_at(old_server, RateLimit(3, 30, burst=3), prefix=prefix)
    await crowd.calls(1, 2)
    waiters = [crowd.start(n) for n in range(8)]
    for _ in range(turns):
        await asyncio.sleep(0)
    for waiter in waiters:
        waiter.cancel()
    await asyncio.gather(*waiters, return_exceptions=True)
    if len(crowd.went) == 2:
        await crowd.call(deadline=time.monotonic() + 1)


@pytest.mark.parametrize("milliseconds", [0.2, 0.5, 1, 2, 4, 8])
async def test_a_waiter_cancelled_as_the_answer_comes_leaves_no_trace(
    old_server: str, crowd_at: CrowdAt, prefix: str, milliseconds: float
) -> None:
    """Whenever a waiter is cancelled, before, while or after its answer comes, its slot is there for the next."""
    crowd = crowd_at(old_server, RateLimit(2, 30, burst=2), prefix=prefix)
    await crowd.call()
    for _ in range(10):
        waiter = crowd.start()
        await asyncio.wait([waiter], timeout=milliseconds / 1000)
        waiter.cancel()
        await asyncio.gather(waiter, return_exceptions=True)
        if len(crowd.went) > 1:
            return  # it had gone by then
    await crowd.call(deadline=time.monotonic() + 1)


async def test_who_leaves_the_middle_lets_those_behind_move_up(old_server: str, crowd_at: CrowdAt, prefix: str) -> None:
    """Those behind get the slots of those who left, in their order; the last slots go to who asks next, anywhere."""
    limit = RateLimit(10, 0.7, burst=1)
    crowd = crowd_at(old_server, limit, prefix=prefix, lateness=0.3)
    waiters = [crowd.start(n) for n in range(14)]
    log = f"{prefix}:{{1:{SEND.path}}}:calls/0.7s"
    with Redis.from_url(old_server) as client:
        await crowd.until(lambda: client.zcard(log) == 14)
        await asyncio.sleep(0.05)  # the answers are on their way
        slots = client.zrange(log, 0, -1, withscores=True, desc=True)
        await cancel(waiters[6:9])
        await crowd.until(lambda: client.zcard(log) == 11)
        elsewhere = crowd_at(old_server, limit, prefix=prefix, lateness=0.3)
        others = [elsewhere.start(n) for n in range(3)]
        await elsewhere.until(lambda: client.zcard(log) == 14)
        again = client.zrange(log, 0, -1, withscores=True, desc=True)
    assert [score for _, score in again] == [score for _, score in slots]
    await asyncio.gather(*waiters[:6], *waiters[9:], *others)
    assert crowd.numbers == [*range(6), *range(9, 14)]
    assert min(elsewhere.times) > max(crowd.times)


async def test_a_call_whose_time_ran_out_while_it_asked_gives_its_slot_back(
    old_server: str, crowd_at: CrowdAt, prefix: str
) -> None:
    """A slot just past the deadline, as the clock says when the answer comes, is not used and not kept."""
    crowd = crowd_at(old_server, RateLimit(10, burst=1), prefix=prefix)
    refused = 0
    for _ in range(6):
        began = time.monotonic()
        try:
            await crowd.call(deadline=began + 0.1005)
        except NoPermitError:
            refused += 1
        assert time.monotonic() - began < 0.3
    assert len(crowd.went) + refused == 6
    await crowd.call(deadline=time.monotonic() + 0.5)


# -- closed


async def test_a_command_the_service_refused_is_closed_for_all_processes(
    old_server: str, crowd_at: CrowdAt, prefix: str
) -> None:
    """What one limiter hears as too often holds up the callers of another on the same server, for as long as set."""
    one, two = (crowd_at(old_server, prefix=prefix, closed_after={60011: 0.6}) for _ in range(2))
    await one.call()
    failure = too_often()
    one.limits.heard(1, SEND, failure)
    assert failure.retry_after == 0.6
    assert one.limits.metrics()[1, SEND.path].too_often == 1
    await asyncio.sleep(0.05)
    began = time.monotonic()
    assert await two.call() - began >= 0.4
    assert await one.call() - began >= 0.4
    one.limits.heard(1, RawCommand("openim/querystate", {}), error_for(10004, "", SEND.path))
    assert len(one.limits.metrics()) == 1  # other failures are no matter


async def test_sleepers_of_a_closed_command_wait_on_in_their_order(
    old_server: str, crowd_at: CrowdAt, prefix: str
) -> None:
    """Whoever waits when the command is closed goes after that, in the order of arrival, before newcomers."""
    crowd = crowd_at(old_server, RateLimit(20, 0.2, burst=1), prefix=prefix, closed_after={60011: 0.6}, lateness=0.3)
    waiters = [crowd.start(n) for n in range(12)]
    await crowd.until(lambda: len(crowd.went) >= 2)
    went, closed = len(crowd.went), time.monotonic()
    crowd.limits.heard(1, SEND, too_often())
    newcomers = [crowd.start(n) for n in range(12, 16)]
    await asyncio.gather(*waiters, *newcomers)
    assert all(when - closed >= 0.6 for when in crowd.times[went:])
    assert crowd.numbers == sorted(crowd.numbers)
    assert fullest(crowd.times, 0.2) <= 20


async def test_closing_moves_only_forward(old_server: str, crowd_at: CrowdAt, prefix: str) -> None:
    """A shorter closing that is heard later does not open the command sooner."""
    crowd = crowd_at(old_server, prefix=prefix, closed_after={60011: 0.7, 60007: 0.1})
    began = time.monotonic()
    crowd.limits.heard(1, SEND, too_often(60011))
    crowd.limits.heard(1, SEND, too_often(60007))
    assert await crowd.call() - began >= 0.7


async def test_closing_can_be_switched_off(old_server: str, crowd_at: CrowdAt, prefix: str) -> None:
    """With an empty table nothing is closed, but it is counted."""
    crowd = crowd_at(old_server, prefix=prefix, closed_after={})
    failure = too_often()
    crowd.limits.heard(1, SEND, failure)
    began = time.monotonic()
    assert await crowd.call() - began < 0.5
    assert failure.retry_after is None
    assert crowd.limits.metrics()[1, SEND.path].too_often == 1


# -- further limits


async def test_receivers_count_by_the_minute(old_server: str, crowd_at: CrowdAt, prefix: str) -> None:
    """12,000 receivers are 24 batches of 500; the next is told how long to wait, and keeps nothing."""
    crowd = crowd_at(old_server, RateLimit(burst=100), prefix=prefix)
    await crowd.calls(*range(24), command=batch_of(500))
    with pytest.raises(NoPermitError, match=r"12,000 of To_Account in 60 s") as refused:
        await crowd.call(command=batch_of(500), deadline=time.monotonic() + 5)
    assert refused.value.retry_after is not None
    assert 55 < refused.value.retry_after < 60.1
    with pytest.raises(NoPermitError) as again:
        await crowd.call(command=batch_of(1), deadline=time.monotonic() + 5)
    assert again.value.retry_after is not None
    assert again.value.retry_after < 60.1


async def test_what_a_refused_batch_did_not_take_is_there_for_a_smaller_one(
    old_server: str, crowd_at: CrowdAt, prefix: str
) -> None:
    """Where 500 receivers do not fit any more, 10 may."""
    further = {BATCH: [RateLimit(510, 60, weight="To_Account")]}
    crowd = crowd_at(old_server, prefix=prefix, further=further)
    await crowd.call(command=batch_of(500))
    with pytest.raises(NoPermitError):
        await crowd.call(command=batch_of(11), deadline=time.monotonic() + 1)
    await crowd.call(command=batch_of(10), deadline=time.monotonic() + 1)
    with pytest.raises(InputError, match="name fewer"):
        await crowd.call(command=batch_of(511))
    assert crowd.limits.metrics()[1, BATCH].waiting == 0


async def test_a_full_group_holds_up_no_other(old_server: str, crowd_at: CrowdAt, prefix: str) -> None:
    """40 a second go to one group, in their order; a message to another group does not wait behind them."""
    crowd = crowd_at(old_server, prefix=prefix)
    tasks = [crowd.start(n, in_group("a")) for n in range(60)] + [crowd.start(n, in_group("b")) for n in range(60, 70)]
    began = time.monotonic()
    await asyncio.gather(*tasks)
    went: dict[bool, list[tuple[float, int]]] = defaultdict(list)
    for when, number in crowd.went:
        went[number < 60].append((when - began, number))
    assert fullest(when for when, _ in went[True]) <= 40
    assert fullest(crowd.times) <= 100
    assert went[True][-1][0] >= 1
    assert went[False][-1][0] < 0.8
    missed = sum(metrics.missed for metrics in crowd.limits.metrics().values())  # by a busy machine
    for group in went.values():
        assert missed or [number for _, number in group] == sorted(number for _, number in group)


async def test_a_day_budget_counts_besides_the_seconds(old_server: str, crowd_at: CrowdAt, prefix: str) -> None:
    """Two pushes a day: the third is told to wait until tomorrow, though the second has a place for it."""
    path = "all_member_push/im_push"
    further = {path: [RateLimit(2, 86_400, burst=2)]}
    crowd = crowd_at(old_server, prefix=prefix, overrides={path: RateLimit(10, burst=10)}, further=further)
    push = RawCommand(path, {})
    await crowd.calls(1, 2, command=push)
    with pytest.raises(NoPermitError, match=r"2 calls in 86400 s") as refused:
        await crowd.call(command=push, deadline=time.monotonic() + 10)
    assert refused.value.retry_after is not None
    assert 86_390 < refused.value.retry_after < 86_401


async def test_time_spent_on_asking_counts(server: Server, crowd_at: CrowdAt, proxy_to: ProxyTo) -> None:
    """Who waited for the answers to others is refused where its slot has come to lie past its deadline by then."""
    await server.until_aged()
    proxy = proxy_to(server.port)
    crowd = crowd_at(await proxy.start(), RateLimit(10, 0.7, burst=1), lateness=0.3)
    await crowd.call()
    await asyncio.sleep(0.2)
    proxy.delay = 0.1
    others = [crowd.start(), crowd.start()]
    await asyncio.sleep(0.02)
    last = crowd.start(deadline=time.monotonic() + 0.14)
    await asyncio.sleep(0.05)
    proxy.delay = 0.0
    with pytest.raises(NoPermitError, match="would wait"):
        await last
    await asyncio.gather(*others)
    await crowd.until(lambda: len(server.slots("calls/0.7s")) <= 3)


async def test_a_clock_that_was_set_is_learned_anew(old_server: str, crowd_at: CrowdAt, prefix: str) -> None:
    """When one of the two clocks jumps, the next answer says how they lie to each other from then on."""
    crowd = crowd_at(old_server, RateLimit(10, 0.1), prefix=prefix)
    for jump in (5.0, -10.0):
        await crowd.call()
        crowd.watch.skew += jump
        began = time.monotonic()
        await crowd.calls(*range(12))
        assert time.monotonic() - began < 1


# -- how it is set up


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"lateness": 0}, "lateness has to be above 0 seconds and finite, not 0"),
        ({"lateness": math.inf}, "lateness"),
        ({"patience": -1.0}, "patience has to be above 0 seconds and finite, not -1.0"),
        ({"patience": math.nan}, "patience"),
        ({"fallback": 0}, "fallback has to be a share of the cap, above 0 and at most 1, not 0"),
        ({"fallback": 1.5}, "fallback"),
        ({"default": RateLimit(count_until="answered")}, "count_until"),
        ({"overrides": {SEND.path: RateLimit(count_until="answered")}}, "count_until"),
        ({"further": {SEND.path: [RateLimit(count_until="answered")]}}, "count_until"),
        ({"default": RateLimit(weight="To_Account")}, "weight"),
        ({"redis": "localhost:6379"}, "redis has to be an address such as redis://localhost:6379/0"),
        ({"redis": "http://localhost"}, "redis has to be an address"),
        ({"redis": "redis://localhost:port"}, "redis has to be an address"),
    ],
)
def test_a_setting_that_cannot_hold_is_named(settings: dict[str, Any], words: str) -> None:
    """What cannot work is refused when the limiter is made."""
    with pytest.raises(ConfigError) as wrong:
        RedisRateLimiter(**{"redis": "redis://localhost", **settings})
    assert words in str(wrong.value)


async def test_a_second_event_loop_is_told(old_server: str, crowd_at: CrowdAt, prefix: str) -> None:
    """A limiter belongs to the loop that used it first; another one gets a clear word and no permit."""
    crowd = crowd_at(old_server, prefix=prefix)
    await crowd.call()
    heard: list[BaseException] = []

    def elsewhere() -> None:
        try:
            asyncio.run(crowd.call())
        except ConfigError as error:
            heard.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    await asyncio.to_thread(thread.join)
    assert "one event loop: make one for each, on the same Redis" in str(heard[0])


def test_without_redis_py_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has not installed redis-py learns what to install."""
    words = r"pip install 'timrest-async\[redis\]'"
    program = "import sys; sys.modules['redis'] = None; import timrest_async, timrest_async.redis_limits"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603
    assert said.returncode == 1
    assert "pip install 'timrest-async[redis]'" in said.stderr.splitlines()[-1]
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    with pytest.raises(ImportError, match=words):
        runpy.run_path(_redis_link.__file__)


async def test_a_session_counts_by_it(old_server: str, crowd_at: CrowdAt, prefix: str) -> None:
    """A session that is given the limiter asks it before each call, and tells it what the service refused."""
    limits = crowd_at(old_server, RateLimit(2, burst=2), prefix=prefix, closed_after={60011: 0.3}).limits
    times = list[float]()

    def note(_call: object) -> dict[str, Any]:
        times.append(time.monotonic())
        return OK

    service = MemoryTransport(note, note, note, {"ErrorCode": 60011}, note)
    async with TimSession(1400000000, secret_key="key", transport=service, limits=limits) as tim:
        for _ in range(3):
            await tim.call(SEND)
        with pytest.raises(TooOftenError) as refused:
            await tim.call(SEND)
        assert refused.value.retry_after == 0.3
        with pytest.raises(NoPermitError):
            await tim.with_options(timeout=0.1).call(SEND)
        await tim.call(SEND)
    assert fullest(times) <= 2
    assert limits.metrics()[1400000000, SEND.path].given == 5
