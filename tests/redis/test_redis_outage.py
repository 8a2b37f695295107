"""What happens when the server dies, comes back, stands still, or was never there."""

from __future__ import annotations

import asyncio
import socket
import time
import traceback
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.windows import fullest
from timrest_async import LimiterUnavailableError, NoPermitError, RateLimit
from timrest_async.commands._command import RawCommand
from timrest_async.errors import error_for
from timrest_async.redis_limits import RedisRateLimiter

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.redis.conftest import Crowd, Proxy, Server

    CrowdAt = Callable[..., Crowd]
    ProxyTo = Callable[[int], Proxy]

SEND = RawCommand("openim/sendmsg", {})


# -- restarts


async def test_a_server_that_starts_again_empty_breaks_no_window(server: Server, crowd_at: CrowdAt) -> None:
    """Killed in mid-run, with sleepers far ahead: no window over the cap, no error, and the order of arrival stays."""
    crowd = crowd_at(server.url, RateLimit(40), patience=2)
    waiters = [crowd.start(n) for n in range(100)]
    await crowd.until(lambda: len(crowd.went) >= 30)
    server.kill()
    server.forget()
    await asyncio.sleep(0.1)
    server.start()
    began = time.monotonic()
    await asyncio.gather(*waiters, crowd.call(100))
    assert len(crowd.went) == 101
    assert fullest(crowd.times) <= 40
    first = next(when for when in crowd.times if when > began + 0.6)
    assert first - began < 2.5


@pytest.mark.parametrize("calm", [0.2, 0.3])
async def test_slots_of_a_server_that_is_gone_count_after_it(server: Server, crowd_at: CrowdAt, calm: float) -> None:
    """Who slept until the slot of a server that died a moment ago may go; newcomers wait until that is a window old."""
    crowd = crowd_at(server.url, RateLimit(20, 0.5, burst=20), patience=2)
    await crowd.calls(*range(20))
    await asyncio.sleep(calm)
    waiters = [crowd.start(n) for n in range(20)]
    await asyncio.sleep(0.02)
    server.kill()
    server.forget()
    server.start()
    newcomer = crowd_at(server.url, RateLimit(20, 0.5, burst=20), patience=2)
    await asyncio.gather(*waiters, newcomer.calls(*range(20)))
    assert fullest([*crowd.times, *newcomer.times], 0.5) <= 20


async def test_a_server_that_starts_again_with_its_data_goes_on(keeping_server: Server, crowd_at: CrowdAt) -> None:
    """What it remembers counts: no window over the cap, and nobody waits for more than his turn."""
    crowd = crowd_at(keeping_server.url, RateLimit(40), patience=2)
    waiters = [crowd.start(n) for n in range(90)]
    await crowd.until(lambda: len(crowd.went) >= 30)
    keeping_server.kill()
    keeping_server.start()
    await asyncio.gather(*waiters, crowd.call(90))
    assert fullest(crowd.times) <= 40


async def test_a_server_that_stands_still_for_a_second_breaks_no_window(server: Server, crowd_at: CrowdAt) -> None:
    """Sleepers, those who ask meanwhile, and those who come after: no window over the cap, and no error."""
    crowd = crowd_at(server.url, RateLimit(40), patience=2)
    tasks = [crowd.start(n) for n in range(80)]
    await crowd.until(lambda: len(crowd.went) >= 20)
    server.freeze()
    await asyncio.sleep(0.3)
    tasks += [crowd.start(n) for n in range(80, 100)]
    await asyncio.sleep(0.7)
    server.thaw()
    tasks += [crowd.start(n) for n in range(100, 110)]
    await asyncio.gather(*tasks)
    assert fullest(crowd.times) <= 40


async def test_a_closed_command_stays_closed_when_the_server_forgets(server: Server, crowd_at: CrowdAt) -> None:
    """Who heard "too often" keeps to it though the server has lost it, and does not ask again and again meanwhile."""
    crowd = crowd_at(server.url, RateLimit(10, 0.1), patience=2, closed_after={60011: 2.5})
    await crowd.call()
    closed = time.monotonic()
    crowd.limits.heard(1, SEND, error_for(60011, "", SEND.path))
    await asyncio.sleep(0.05)
    server.kill()
    server.forget()
    server.start()
    await asyncio.sleep(0.8)
    when = await crowd.call()
    assert when - closed >= 2.5
    assert server.runs_of("evalsha") <= 6


# -- no server


def secrets_in(error: BaseException) -> bool:
    """Say whether *error* shows the password anywhere."""
    words = [str(error), repr(error), *traceback.format_exception(error)]
    return any("hunter2" in word for word in words)


async def test_a_server_that_is_not_there_is_told_at_once(crowd_at: CrowdAt, server: Server) -> None:
    """Refused connections and wrong passwords: the start fails within patience, names the address, not the password."""
    server.ask("CONFIG", "SET", "requirepass", "right")
    for address, words in (
        ("redis://:hunter2@127.0.0.1:1/0", "Connect"),
        (f"redis://:hunter2@127.0.0.1:{server.port}/0", "password"),
        (f"redis://someone:hunter2@127.0.0.1:{server.port}/0", "password"),
        ("unix:///nowhere/redis.sock?password=hunter2", "/nowhere/redis.sock"),
    ):
        crowd = crowd_at(address, patience=0.4)
        began = time.monotonic()
        with pytest.raises(LimiterUnavailableError, match="before the first call: the limiter's redis at") as start:
            await crowd.limits.__aenter__()
        with pytest.raises(LimiterUnavailableError, match="does not answer") as call:
            await crowd.call()
        assert time.monotonic() - began < 1.5
        for error in (start.value, call.value):
            assert words in str(error)
            assert "nothing was sent" in str(error)
            assert not secrets_in(error)


def test_a_password_in_a_broken_address_is_not_shown() -> None:
    """An address that is none is refused without being repeated."""
    for address in ("redis://:hunter2@localhost:99x/0", "redis://:hunter2@[::1/0"):
        with pytest.raises(ValueError, match="redis has to be an address") as wrong:
            RedisRateLimiter(address)
        assert not secrets_in(wrong.value)


async def test_a_host_that_swallows_all_is_given_up(crowd_at: CrowdAt) -> None:
    """Where nobody accepts, or accepts and says nothing, calls fail within patience; the limiter has a name for it."""
    with closing(socket.socket()) as silent, closing(socket.socket()) as full:
        silent.bind(("127.0.0.1", 0))
        silent.listen(50)
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)  # noqa: FBT003  # the socket's own
            filler.connect_ex(full.getsockname())
        for deaf in (silent, full):
            crowd = crowd_at(f"redis://127.0.0.1:{deaf.getsockname()[1]}", patience=0.3)
            began = time.monotonic()
            with pytest.raises(LimiterUnavailableError):
                await crowd.call()
            assert time.monotonic() - began < 0.9
        for filler in fillers:
            filler.close()


async def test_a_deadline_shorter_than_patience_is_kept(server: Server, crowd_at: CrowdAt) -> None:
    """A call does not wait for Redis longer than it has time."""
    crowd = crowd_at(server.url, patience=5)
    await crowd.call()
    server.freeze()
    began = time.monotonic()
    with pytest.raises(LimiterUnavailableError, match="no answer in time"):
        await crowd.call(deadline=began + 0.2)
    assert 0.2 <= time.monotonic() - began < 1
    server.thaw()


async def test_a_sleeper_has_no_patience_beyond_its_deadline(server: Server, crowd_at: CrowdAt) -> None:
    """Whose deadline passes while it looks for the server fails alone; the next one looks for itself."""
    crowd = crowd_at(server.url, RateLimit(2, 1, burst=1), patience=0.5)
    await crowd.call()
    hasty = crowd.start(deadline=time.monotonic() + 0.62)
    patient = crowd.start()
    await asyncio.sleep(0.1)
    server.freeze()
    with pytest.raises(LimiterUnavailableError):
        await hasty
    server.thaw()
    await patient


async def test_sleepers_whose_server_died_hear_so(server: Server, crowd_at: CrowdAt) -> None:
    """Who holds a slot of a server that does not come back does not go on it, and fails when patience is over."""
    crowd = crowd_at(server.url, RateLimit(5, 1, burst=1), patience=0.3)
    waiters = [crowd.start(n) for n in range(12)]
    await crowd.until(lambda: len(crowd.went) >= 2)
    server.kill()
    died = time.monotonic()
    said = await asyncio.gather(*waiters, return_exceptions=True)
    assert any(isinstance(one, LimiterUnavailableError) for one in said)
    assert all(isinstance(one, (float, LimiterUnavailableError)) for one in said)
    assert all(when < died + 0.6 for when in crowd.times)


async def test_all_sleepers_of_a_dead_server_hear_so_within_patience(server: Server, crowd_at: CrowdAt) -> None:
    """However many wait for slots, each hears within patience of its time that the server is gone, not one by one."""
    crowd = crowd_at(server.url, RateLimit(100, 1, burst=1), patience=0.3)
    waiters = [crowd.start(n) for n in range(60)]
    await crowd.until(lambda: len(crowd.went) >= 2)
    server.kill()
    died = time.monotonic()
    await asyncio.wait(waiters, timeout=2)
    assert all(waiter.done() for waiter in waiters)
    assert time.monotonic() - died < 2
    await asyncio.gather(*waiters, return_exceptions=True)


async def test_calls_go_again_when_the_server_is_back(server: Server, crowd_at: CrowdAt) -> None:
    """The same limiter works after an outage."""
    crowd = crowd_at(server.url, RateLimit(10, 0.1), patience=0.2)
    await crowd.call()
    server.kill()
    with pytest.raises(LimiterUnavailableError):
        await crowd.call()
    server.start()
    await crowd.call()
    assert len(crowd.went) == 2


async def test_a_server_too_far_away_is_named(server: Server, crowd_at: CrowdAt, proxy_to: ProxyTo) -> None:
    """Where no slot can be met since answers take longer than that, the error says to which setting it belongs."""
    proxy = proxy_to(server.port)
    proxy.delay = 0.03
    address = await proxy.start()
    crowd = crowd_at(address, RateLimit(10, 0.1))
    with pytest.raises(LimiterUnavailableError, match=r"it takes \d\S* ms to answer, and lateness=0.015 is too little"):
        await crowd.call()
    patient = crowd_at(address, RateLimit(10, 0.1), lateness=0.3)
    await patient.call()


async def test_one_slow_answer_is_no_reason_to_give_up(server: Server, crowd_at: CrowdAt, proxy_to: ProxyTo) -> None:
    """A first answer that takes long costs its caller another question, no more."""
    proxy = proxy_to(server.port)
    crowd = crowd_at(await proxy.start(), RateLimit(10, 0.1))
    proxy.delay = 0.03
    call = crowd.start()
    await proxy.asked.wait()
    await asyncio.sleep(0.01)
    proxy.delay = 0.0
    await call


# -- alone


async def test_without_a_server_a_share_of_the_cap_goes(server: Server, crowd_at: CrowdAt) -> None:
    """Alone, a process keeps to its share, begins when the last window is over, and counts as always."""
    crowd = crowd_at(server.url, RateLimit(40, 0.5), patience=0.2, fallback=0.5)
    await crowd.calls(*range(5))
    server.kill()
    died = time.monotonic()
    await crowd.calls(*range(5, 40))
    alone = [when for when in crowd.times if when > died]
    assert len(alone) == 35
    assert alone[0] - died >= 0.5
    assert fullest(alone, 0.5) <= 20
    (metrics,) = crowd.limits.metrics().values()
    assert metrics.given == 40
    with pytest.raises(NoPermitError):
        await crowd.call(deadline=time.monotonic() + 0.01)


async def test_each_command_waits_for_its_own_window_before_it_goes_alone(server: Server, crowd_at: CrowdAt) -> None:
    """A limit over two seconds counts what Redis gave for two seconds, not for the default's one; and so on return."""
    slow = RawCommand("openim/slow", {})
    limit = RateLimit(10, 1.2, burst=10)
    crowd = crowd_at(server.url, RateLimit(10, 0.1), {slow.path: limit}, patience=0.1, fallback=0.5)
    await crowd.calls(*range(10), command=slow)
    server.kill()
    await crowd.calls(*range(5), command=slow)
    server.start()
    await crowd.calls(*range(10), command=slow)
    assert fullest(crowd.times, 1.2) <= 10


async def test_a_limiter_with_a_fallback_starts_without_a_server(crowd_at: CrowdAt) -> None:
    """Nothing has to be there at the start when the process can go on alone."""
    crowd = crowd_at("redis://127.0.0.1:1/0", RateLimit(10, 0.1), patience=0.1, fallback=1.0)
    async with crowd.limits:
        await crowd.calls(*range(3))
    assert len(crowd.went) == 3


async def test_waiters_move_over_when_the_server_is_back(server: Server, crowd_at: CrowdAt) -> None:
    """Who waits in the line of the process alone goes by Redis when it returns, and no window is over the cap."""
    crowd = crowd_at(server.url, RateLimit(40, 0.4), patience=0.1, fallback=0.25)
    await crowd.calls(*range(20))
    server.kill()
    waiters = [crowd.start(n) for n in range(60)]
    await crowd.until(lambda: len(crowd.went) >= 25)
    server.start()
    await asyncio.gather(*waiters)
    assert fullest(crowd.times, 0.4) <= 40
    assert server.runs_of("evalsha") > 20


async def test_too_often_heard_alone_counts_there_and_in_redis(server: Server, crowd_at: CrowdAt) -> None:
    """A refusal closes the command also while the process goes on alone."""
    crowd = crowd_at(server.url, RateLimit(10, 0.1), patience=0.1, fallback=1.0, closed_after={60011: 1.0})
    server.kill()
    await crowd.call()
    heard = time.monotonic()
    failure: Any = error_for(60011, "", SEND.path)
    crowd.limits.heard(1, SEND, failure)
    assert await crowd.call() - heard >= 1
    assert crowd.limits.metrics()[1, SEND.path].too_often == 1


async def test_closing_ends_the_lookout_and_who_waits_alone(crowd_at: CrowdAt) -> None:
    """Whoever waits for the share of the cap when the limiter is closed hears so, and no task goes on."""
    crowd = crowd_at("redis://127.0.0.1:1/0", patience=0.1, fallback=0.5)
    waiter = crowd.start()
    await asyncio.sleep(0.3)
    await crowd.limits.close()
    with pytest.raises(LimiterUnavailableError, match="the limiter was closed"):
        await waiter
    assert len(asyncio.all_tasks()) == 1


async def test_slots_for_a_time_without_the_server_are_worth_nothing(server: Server, crowd_at: CrowdAt) -> None:
    """Callers with slots for later go alone with the others while the server stands still, and the cap holds."""
    crowd = crowd_at(server.url, RateLimit(40, 0.5, burst=8), patience=0.3, fallback=0.5)
    await server.until_aged()
    waiting = [crowd.start(number) for number in range(150)]
    await crowd.until(lambda: len(crowd.times) >= 20)
    server.freeze()
    await asyncio.sleep(1.5)
    server.thaw()
    await asyncio.gather(*waiting)
    assert sorted(crowd.numbers) == list(range(150))
    assert fullest(sorted(crowd.times), 0.5) <= 40
