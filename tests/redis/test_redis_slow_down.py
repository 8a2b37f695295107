"""A command that is slowed down in all processes, on a real Redis server."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from tests.redis.test_redis_script import LATENESS, SECOND, Command, Limit, Log, all_limits
from tests.windows import fullest
from timrest_async import ConfigError, NoPermitError, RateLimit
from timrest_async._redis_link import SCRIPT
from timrest_async.commands._command import RawCommand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.redis.conftest import Crowd, Server

    CrowdAt = Callable[..., Crowd]

SEND = RawCommand("openim/sendmsg", {})


# -- the script


@pytest.fixture
def client(old_server: str) -> Iterator[Redis]:
    """Return a client of a server that has run for a while."""
    with Redis.from_url(old_server) as client:
        yield client


@dataclass
class SlowLog(Log):
    """What the model knows of one log of a command that may be slowed down."""

    share: float = 1.0
    slow_until: int = 0

    def takes(self, at: int, weight: int, now: int) -> bool:
        """Say whether one more call fits at *at*, by the places that may be used then."""
        log = self.slowed if at < self.slow_until else self
        limit = log.limit
        if not self.has_room(at, weight, log.span, limit.calls):
            return False
        if limit.burst == limit.calls:
            return True
        before = max((slot for slot, _ in self.slots.values() if slot <= at), default=0)
        return self.has_room(at, weight, log.pause, limit.burst) and (at <= now or at >= before + log.gap)

    def has_room(self, at: int, weight: int, span: float, most: int) -> bool:
        """Say whether no span that holds *at* holds more than *most* then, or nothing else."""
        beside = [call for call in self.slots.values() if at - span < call[0] < at + span]
        starts = [at, *(slot for slot, _ in beside if slot <= at)]
        return not beside or all(
            sum(heavy for slot, heavy in beside if start <= slot < start + span) + weight <= most for start in starts
        )

    @property
    def slowed(self) -> Log:
        """The same with the places that may be used while it is slowed down."""
        limit = self.limit
        calls = limit.calls if limit.keyed else max(1, math.floor(limit.calls * self.share))
        return Log(replace(limit, calls=calls, burst=min(limit.burst, calls)), self.name, self.front, self.slots)

    def edges(self) -> Iterator[int]:
        """Name the times at which a place may begin."""
        yield self.slow_until
        yield from super().edges()
        yield from self.slowed.edges()


@dataclass
class SlowCommand(Command):
    """One command's logs on the server, and the same in the model."""

    share: float = 1.0
    slow_until: int = 0

    @property
    def key(self) -> str:
        """Where the server keeps the slowdown."""
        return f"{self.root}:slow"

    def of_call(self, key: int) -> list[Log]:
        """Return the logs that count a call with that key."""
        logs = list[Log]()
        for number, limit in enumerate(self.limits):
            name = number, key if limit.keyed else 0
            log = self.logs.setdefault(name, SlowLog(limit, f"{self.root}:{name[0]}:{name[1]}"))
            assert isinstance(log, SlowLog)
            log.share, log.slow_until = self.share, self.slow_until
            logs.append(log)
        return logs

    def run(self, *arguments: str | float, logs: list[Log]) -> Any:
        """Run the script."""
        keys = [f"{self.root}:closed", *(key for log in logs for key in (log.name, f"{log.name}:front")), self.key]
        return self.client.eval(SCRIPT, len(keys), *keys, *map(str, arguments))

    def slow_down(self, share: float, length: int) -> None:
        """Slow the command down."""
        assert self.client.eval(SCRIPT, 1, self.key, "slow down", str(share), str(length)) == [1]
        kept: Any = self.client.get(self.key) or b"1:0"  # it may be over already
        said, until = kept.decode().split(":")
        self.share, self.slow_until = float(said), int(until)


deeds = st.lists(
    st.one_of(
        st.tuples(st.just("reserve"), st.integers(0, 2), st.integers(1, 8)),
        st.tuples(st.just("reserve"), st.integers(0, 2), st.integers(1, 40)),
        st.tuples(st.just("give back"), st.integers(0, 99), st.just(0)),
        st.tuples(st.just("slow down"), st.sampled_from([0.05, 0.3, 0.5, 1.0]), st.sampled_from([2_000, SECOND])),
        st.tuples(st.just("close"), st.sampled_from([1_500, 400_000]), st.just(0)),
    ),
    min_size=12,
    max_size=50,
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limits=all_limits, todo=deeds)
def test_every_slot_is_the_earliest_that_keeps_the_places_of_its_time(
    client: Redis, limits: list[Limit], todo: list[tuple[str, Any, int]]
) -> None:
    """Whatever is reserved, given back, slowed down and closed: each slot is the first that fits, by the share where it
    lies before the end of the slowdown, and by the whole cap behind it.
    """
    command = SlowCommand(client, limits)
    for number, (deed, one, two) in enumerate(todo):
        held = [*command.members]
        match deed:
            case "reserve":
                command.reserve(f"m.{number}", one, two)
            case "slow down":
                command.slow_down(one, two)
            case "close":
                command.close(one)
            case "give back" if held:
                command.give_back(held[one % len(held)])
    command.check()


def test_slots_ahead_are_given_by_the_share_until_its_end_and_by_the_whole_cap_behind_it(client: Redis) -> None:
    """Whoever has to wait that long anyway does not pay for a slowdown that is over by then."""
    command = SlowCommand(client, [Limit(10, SECOND, 10)])
    command.slow_down(0.2, 3 * SECOND)
    slots = [command.reserve(f"m.{n}", 0, 1)[1] for n in range(30)]
    slow = [slot for slot in slots if slot < command.slow_until]
    assert len(slow) == 6
    assert fullest(slow, SECOND + LATENESS) == 2
    assert slots[6:14] == [command.slow_until] * 8
    assert slots[-1] - command.slow_until <= 2 * (SECOND + LATENESS)


def test_the_smaller_share_holds_and_the_end_moves_only_forward(client: Redis) -> None:
    """As long as the one before lasts; the next one after that begins anew."""
    command = SlowCommand(client, [Limit(10, SECOND, 10)])
    command.slow_down(0.2, 2 * SECOND)
    until = command.slow_until
    command.slow_down(0.5, SECOND)
    assert (command.share, command.slow_until) == (0.2, until)
    command.slow_down(0.1, SECOND)
    assert (command.share, command.slow_until) == (0.1, until)
    command.slow_down(0.5, 9 * SECOND)
    assert command.share == 0.1
    assert command.slow_until > until
    client.set(command.key, f"0.1:{command.reserve('m', 0, 1)[2]}")
    command.slow_down(0.5, SECOND)
    assert command.share == 0.5


def test_a_share_keeps_its_digits(client: Redis) -> None:
    """What is kept is the very number that was given, so every process rounds alike."""
    command = SlowCommand(client, [Limit(10, SECOND, 10)])
    for share in (1 / 3, 0.1, 1e-9, 0.29):
        client.delete(command.key)
        command.slow_down(share, SECOND)
        assert command.share == share


def test_what_is_kept_of_a_slowdown_passes_away(client: Redis) -> None:
    """The key lives until the end, and then goes by itself."""
    command = SlowCommand(client, [Limit(10, SECOND, 10)])
    command.slow_down(0.5, 5 * SECOND)
    life: Any = client.pttl(command.key)
    assert 4_000 < life <= 5_002


# -- the limiter


async def test_all_processes_slow_down_and_those_that_come_later_too(
    old_server: str, crowd_at: CrowdAt, prefix: str
) -> None:
    """One hears of it: limiters with calls behind them and limiters without any share what is left of the cap."""
    first, second, late = (crowd_at(old_server, RateLimit(20, 0.5, burst=20), prefix=prefix) for _ in range(3))
    await second.calls(*range(2))
    first.limits.slow_down(1, SEND.path, share=0.2, seconds=30.0)
    await first.call()
    began = time.monotonic()
    await asyncio.gather(first.calls(*range(4)), second.calls(*range(4)), late.calls(*range(4)))
    times = [when for crowd in (first, second, late) for when in crowd.times if when > began]
    assert len(times) == 12
    assert fullest(times, 0.5) <= 4
    assert max(times) - began < 2.5


async def test_a_call_asks_once_whether_the_command_is_slowed_down_or_not(server: Server, crowd_at: CrowdAt) -> None:
    """The run of the script that reserves the slot reads the share as well."""
    crowd = crowd_at(server.url, RateLimit(100, 0.1, burst=100))
    await crowd.calls(*range(20))
    asked = server.runs_of("evalsha") - 2 * crowd.limits.metrics()[1, SEND.path].missed
    assert asked == 20
    crowd.limits.slow_down(1, SEND.path, share=0.9, seconds=30.0)
    await crowd.calls(*range(20))
    asked = server.runs_of("evalsha") - 2 * crowd.limits.metrics()[1, SEND.path].missed
    assert asked == 41


async def test_those_who_wait_ask_again_and_keep_their_order(old_server: str, crowd_at: CrowdAt, prefix: str) -> None:
    """Those go slowly, too, who had a slot already; who can no longer go in time hears so at once."""
    crowd = crowd_at(old_server, RateLimit(10, 0.2, burst=10), prefix=prefix)
    hasty = asyncio.ensure_future(crowd.calls(*range(30)))
    await crowd.until(lambda: len(crowd.went) >= 10)
    limited = crowd.start(30, deadline=time.monotonic() + 0.8)
    await asyncio.sleep(0.02)
    crowd.limits.slow_down(1, SEND.path, share=0.3, seconds=1.0)
    began = time.monotonic()
    with pytest.raises(NoPermitError):
        await limited
    assert time.monotonic() - began < 0.5
    await hasty
    assert crowd.numbers == list(range(30))
    assert fullest(crowd.times, 0.2) <= 10
    assert fullest([when for when in crowd.times if began < when < began + 1.0], 0.2) <= 3
    assert crowd.times[-1] - began < 2.0


async def test_the_whole_cap_holds_again_at_the_end(old_server: str, crowd_at: CrowdAt, prefix: str) -> None:
    """Those who wait have slots in that moment, and those who come find what they found before."""
    crowd = crowd_at(old_server, RateLimit(10, 2.0, burst=10), prefix=prefix)
    crowd.limits.slow_down(1, SEND.path, share=0.1, seconds=0.5)
    began = time.monotonic()
    await crowd.calls(*range(10))
    assert crowd.times[0] - began < 0.3
    assert crowd.times[1] - began > 0.4
    assert crowd.times[-1] - began < 1.0


async def test_limits_by_key_and_other_commands_stay_as_they_are(
    old_server: str, crowd_at: CrowdAt, prefix: str
) -> None:
    """What is counted for the whole command is slowed down, and nothing else."""
    group = RawCommand("group_open_http_svc/send_group_msg", {"GroupId": "a"})
    further = {group.path: [RateLimit(4, 60.0, key="GroupId")]}
    crowd = crowd_at(old_server, RateLimit(8, 60.0, burst=8), further=further, prefix=prefix)
    crowd.limits.slow_down(1, group.path, share=0.5, seconds=30.0)
    await crowd.calls(*range(4), command=group)
    with pytest.raises(NoPermitError, match="8 calls in 60 s"):
        await crowd.call(command=RawCommand(group.path, {"GroupId": "b"}), deadline=time.monotonic() + 2.0)
    await crowd.calls(*range(8))


async def test_a_slowdown_that_cannot_be_is_told_at_once(old_server: str, crowd_at: CrowdAt, prefix: str) -> None:
    """By the same rules as in one process."""
    limits = crowd_at(old_server, prefix=prefix).limits
    for share, seconds in ((0.0, 1.0), (1.5, 1.0), (0.5, 0.0), (0.5, math.inf)):
        with pytest.raises(ConfigError, match="slow_down takes"):
            limits.slow_down(1, SEND.path, share=share, seconds=seconds)
    assert limits.metrics() == {}


async def test_a_very_long_slowdown_is_one(old_server: str, crowd_at: CrowdAt, prefix: str) -> None:
    """Seconds that Redis could not count are as many as it can."""
    crowd = crowd_at(old_server, RateLimit(2, 60.0, burst=2), prefix=prefix)
    crowd.limits.slow_down(1, SEND.path, share=0.5, seconds=1e300)
    await crowd.call()
    with pytest.raises(NoPermitError):
        await crowd.call(deadline=time.monotonic() + 2.0)


async def test_a_process_that_goes_on_alone_slows_down_its_part(crowd_at: CrowdAt) -> None:
    """Without a server there is nobody to tell, but this process goes slowly."""
    crowd = crowd_at("redis://127.0.0.1:1/0", RateLimit(8, 60.0, burst=8), patience=0.1, fallback=0.5)
    crowd.limits.slow_down(1, SEND.path, share=0.5, seconds=30.0)
    await crowd.calls(*range(2))
    with pytest.raises(NoPermitError, match="4 calls in 60 s, slowed down to 2"):
        await crowd.call(deadline=time.monotonic() + 5.0)
