"""The script alone, on a real server, beside a slow model of what it promises."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from timrest_async._redis_link import SCRIPT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.redis.conftest import Server

SECOND = 1_000_000
LATENESS = 15_000
LONG = 1_000_000 * SECOND


@dataclass(frozen=True)
class Limit:
    """A limit, as the script sees it."""

    calls: int
    per: int
    burst: int
    weighs: bool = False
    keyed: bool = False


@dataclass
class Log:
    """What the model knows of one log."""

    limit: Limit
    name: str
    front: int = 0
    slots: dict[str, tuple[int, int]] = field(default_factory=dict)
    """The slot and the weight of each member."""

    @property
    def span(self) -> int:
        """How far apart the first and the last of one call too many have to be."""
        return self.limit.per + LATENESS

    def heaviest(self, span: float, extra: tuple[int, int] | None = None) -> int:
        """Return the weight of the heaviest half-open window, with one more call or without."""
        calls = sorted([*self.slots.values(), *([extra] if extra else [])])
        return max((sum(weight for at, weight in calls if start <= at < start + span) for start, _ in calls), default=0)

    def takes(self, at: int, weight: int, now: int) -> bool:
        """Say whether one more call fits at *at*."""
        limit = self.limit
        if self.heaviest(self.span, (at, weight)) > limit.calls:
            return False
        if limit.burst == limit.calls or (at <= now and self.heaviest(self.pause, (at, weight)) <= limit.burst):
            return True
        before = max((slot for slot, _ in self.slots.values() if slot <= at), default=0)
        return self.heaviest(self.pause, (at, weight)) <= limit.burst and at >= before + self.gap

    @property
    def pause(self) -> float:
        """In how long a time no more than the burst go."""
        return self.limit.per * self.limit.burst / self.limit.calls

    @property
    def gap(self) -> float:
        """How long after the one before somebody goes who has to wait."""
        return self.span / self.limit.calls

    def edges(self) -> Iterator[int]:
        """Name the times at which a place may begin."""
        for at, _ in self.slots.values():
            yield from (at, math.ceil(at + self.span), math.ceil(at + self.pause), math.ceil(at + self.gap))


def earliest(logs: list[Log], weights: list[int], now: int, start: int) -> int:
    """Return the first time from *start* on at which the call fits into all *logs*."""
    edges = {start, *(edge for log in logs for edge in log.edges() if edge > start)}
    for at in sorted(edges):
        if all(log.takes(at, weight, now) for log, weight in zip(logs, weights, strict=True)):
            return at
    raise AssertionError("there is always a place behind all others")


@dataclass
class Command:
    """One command's logs on the server, and the same in the model."""

    client: Redis
    limits: list[Limit]
    closed_until: int = 0
    root: str = field(default_factory=lambda: f"script-{uuid4().hex}")
    logs: dict[tuple[int, int], Log] = field(default_factory=dict)
    members: dict[str, list[tuple[Log, int]]] = field(default_factory=dict)
    now: int = 0

    def of_call(self, key: int) -> list[Log]:
        """Return the logs that count a call with that key."""
        names = [(number, key if limit.keyed else 0) for number, limit in enumerate(self.limits)]
        return [
            self.logs.setdefault(name, Log(self.limits[name[0]], f"{self.root}:{name[0]}:{name[1]}")) for name in names
        ]

    def run(self, *arguments: str | float, logs: list[Log]) -> Any:
        """Run the script."""
        keys = [f"{self.root}:closed", *(key for log in logs for key in (log.name, f"{log.name}:front"))]
        return self.client.eval(SCRIPT, len(keys), *keys, *map(str, arguments))

    def reserve(self, member: str, key: int, weight: int, *, least: int = 0, longest: int = LONG) -> list[int]:
        """Reserve a slot on the server, and check it against the model."""
        logs = self.of_call(key)
        weights = [min(weight, log.limit.calls) if log.limit.weighs else 1 for log in logs]
        arguments: list[str | float] = ["reserve", member, longest, least, LATENESS]
        for log, heavy in zip(logs, weights, strict=True):
            limit = log.limit
            kind = ("weighs" if limit.weighs else "counts", "apart" if limit.keyed else "shared")
            arguments += [limit.calls, limit.per, limit.burst, heavy, *kind]
        granted, slot, now, decided = answer = self.run(*arguments, logs=logs)
        assert all(type(number) is int for number in answer)
        assert now >= self.now
        assert 1 <= decided <= len(logs)
        self.now = now
        if member in self.members:
            return [granted, slot, now, decided]
        shared = [log for log in logs if not log.limit.keyed]
        start = max(now + least, self.closed_until, *(log.front for log in shared))
        front = earliest(shared, weights[: len(shared)], now, start)
        keyed = max((log.front for log in logs if log.limit.keyed), default=0)
        expected = earliest(logs, weights, now, max(front, keyed))
        assert slot == expected, (slot - now, expected - now)
        assert granted == (slot - now <= longest)
        if granted:
            self.members[member] = list(zip(logs, weights, strict=True))
            for log, heavy in self.members[member]:
                log.slots[member] = slot, heavy
                log.front = slot if log.limit.keyed else front
        return [granted, slot, now, decided]

    def give_back(self, member: str) -> None:
        """Give a slot back on the server and in the model."""
        logs = self.members.pop(member)
        self.run("give back", *(f"{member}:{weight}" for _, weight in logs), logs=[log for log, _ in logs])
        for log, _ in logs:
            slot, _weight = log.slots.pop(member)
            log.front = min(log.front, slot)

    def close(self, seconds: int) -> None:
        """Close the command."""
        self.run("close", seconds, logs=[])
        until: Any = self.client.get(f"{self.root}:closed")
        self.closed_until = int(until or 0)

    def check(self) -> None:
        """Compare what the server keeps with the model, and hold both to the limits."""
        for log in self.logs.values():
            kept: Any = self.client.zrange(log.name, 0, -1, withscores=True)
            known = {f"{member}:{weight}": at for member, (at, weight) in log.slots.items()}
            here = {member.decode(): int(at) for member, at in kept}
            assert here.items() <= known.items()
            assert all(at <= self.now - log.span for member, at in known.items() if member not in here)
            assert log.heaviest(log.span) <= log.limit.calls
            if log.slots and here:
                life: Any = self.client.pttl(log.name)
                assert life * 1_000 > max(at for at, _ in log.slots.values()) - self.now + log.span


@pytest.fixture
def client(old_server: str) -> Iterator[Redis]:
    """Return a client of a server that has run for a while."""
    with Redis.from_url(old_server) as client:
        yield client


own_limits = st.builds(
    lambda calls, per, burst: Limit(calls, per, min(calls, burst)),
    st.integers(1, 12),
    st.sampled_from([300_000, 700_001, 2 * SECOND]),
    st.integers(1, 12),
)
weighed_limits = st.builds(
    lambda calls, per, burst: Limit(calls, per, min(calls, burst), weighs=True),
    st.integers(1, 40),
    st.sampled_from([500_000, 2 * SECOND]),
    st.sampled_from([40, 40, 10]),
)
keyed_limits = st.builds(
    lambda calls, per, weighs: Limit(calls, per, calls, weighs=weighs, keyed=True),
    st.integers(1, 6),
    st.sampled_from([400_000, SECOND]),
    st.booleans(),
)
all_limits = st.builds(
    lambda own, weighed, keyed: [own, *weighed, *keyed],
    own_limits,
    st.lists(weighed_limits, max_size=1),
    st.lists(keyed_limits, max_size=2),
)
deeds = st.lists(
    st.one_of(
        st.tuples(st.just("reserve"), st.integers(0, 2), st.integers(1, 8)),
        st.tuples(st.just("reserve"), st.integers(0, 2), st.integers(1, 8)),
        st.tuples(st.just("reserve soon"), st.integers(0, 2), st.sampled_from([0, 100_000, SECOND])),
        st.tuples(st.just("reserve later"), st.integers(0, 2), st.sampled_from([1, 200_000])),
        st.tuples(st.just("repeat"), st.integers(0, 99), st.just(0)),
        st.tuples(st.just("give back"), st.integers(0, 99), st.just(0)),
        st.tuples(st.just("close"), st.sampled_from([1_500, 400_000]), st.just(0)),
    ),
    min_size=12,
    max_size=50,
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limits=all_limits, todo=deeds)
def test_every_slot_is_the_earliest_that_keeps_all_limits_and_the_order(
    client: Redis, limits: list[Limit], todo: list[tuple[str, int, int]]
) -> None:
    """Whatever is reserved, repeated, given back and closed: each slot is the first that fits, and all limits hold."""
    command, slots = Command(client, limits), dict[str, int]()
    for number, (deed, one, two) in enumerate(todo):
        member, held = f"m.{number}", [*command.members]
        match deed:
            case "reserve":
                slots[member] = command.reserve(member, one, two)[1]
            case "reserve soon":
                command.reserve(member, one, 1, longest=two)
            case "reserve later":
                command.reserve(member, one, 1, least=two)
            case "close":
                command.close(one)
            case "repeat" if held:
                repeated = held[one % len(held)]
                known = next(iter(command.members[repeated]))[0].slots[repeated][0]
                if known > command.now - 200_000:  # what counts no longer may be forgotten
                    assert command.reserve(repeated, keys_of(command, repeated), 1)[:2] == [1, known]
            case "give back" if held:
                command.give_back(held[one % len(held)])
    command.check()


def keys_of(command: Command, member: str) -> int:
    """Return the key with which *member* was reserved."""
    names = {log.name: key for (_, key), log in command.logs.items()}
    return max(names[log.name] for log, _ in command.members[member])


def test_who_asks_first_gets_the_earlier_slot(client: Redis) -> None:
    """Slots are handed out in the order in which the server was asked: a burst at once, then one by one."""
    command = Command(client, [Limit(100, SECOND, 10)])
    answers = [eval_reserve(command) for _ in range(250)]
    slots = [slot for _, slot, _, _ in answers]
    assert slots == sorted(slots)
    assert all(slot == now for _, slot, now, _ in answers[:10])
    assert all(later - at >= 10_150 for at, later in pairwise(slots[10:]))
    assert slots[-1] - slots[0] <= 2.5 * (SECOND + LATENESS)


def test_no_digit_of_a_slot_is_lost(client: Redis) -> None:
    """Slots are whole microseconds, in the answer as in the log."""
    command = Command(client, [Limit(7, 999_999, 7)])
    slots = [command.reserve(f"m.{n}", 0, 1)[1] for n in range(40)]
    raw: Any = client.zrange(command.of_call(0)[0].name, 0, -1, withscores=True)
    assert [int(score) for _, score in raw] == slots
    assert slots[7] - slots[0] == 999_999 + LATENESS


def test_a_place_that_was_given_back_goes_to_who_asks_next(client: Redis) -> None:
    """Holes in the middle are filled from the front, one after the other, and then the line goes on."""
    command = Command(client, [Limit(10, 2 * SECOND, 1)])
    slots = [command.reserve(f"m.{n}", 0, 1)[1] for n in range(30)]
    for n in (20, 5, 12):
        command.give_back(f"m.{n}")
    refilled = [command.reserve(f"n.{n}", 0, 1)[1] for n in range(4)]
    assert refilled[:3] == [slots[5], slots[12], slots[20]]
    assert refilled[3] > slots[-1]


def test_giving_back_twice_or_what_is_not_held_does_nothing(client: Redis) -> None:
    """What is not there cannot be given back."""
    command = Command(client, [Limit(2, SECOND, 2)])
    command.reserve("a", 0, 1)
    logs = command.of_call(0)
    assert command.run("give back", "never:1", logs=logs) == [1]
    command.give_back("a")
    assert command.run("give back", "a:1", logs=logs) == [1]
    command.check()


def test_all_that_the_script_writes_passes_away(client: Redis) -> None:
    """Each key lives until its last slot counts no longer, and then goes by itself."""
    command = Command(client, [Limit(1, SECOND, 1), Limit(100, 60 * SECOND, 100, weighs=True)])
    for n in range(20):
        last = command.reserve(f"m.{n}", 0, 1)[1]
    command.give_back("m.3")
    command.close(SECOND)
    keys: Any = client.keys(f"{command.root}*")
    assert len(keys) == 5
    for key in keys:
        life: Any = client.pttl(key)
        assert life > 0
        if b":closed" not in key:
            assert life * 1_000 > last - command.now + SECOND
            assert life * 1_000 < last - command.now + 90 * SECOND


def test_closing_moves_only_forward(client: Redis) -> None:
    """A shorter closing does not end a longer one."""
    command = Command(client, [Limit(100, SECOND, 10)])
    command.close(2 * SECOND)
    until = command.closed_until
    command.close(SECOND)
    assert command.closed_until == until
    assert command.reserve("m", 0, 1)[1] == until


def test_a_full_key_holds_up_no_other(client: Redis) -> None:
    """Who waits for its own key leaves the places before it to others, and keeps the order within its key."""
    command = Command(client, [Limit(100, SECOND, 10), Limit(2, 2 * SECOND, 2, keyed=True)])
    full = [command.reserve(f"a.{n}", 1, 1)[1] for n in range(6)]
    _, other, now, _ = command.reserve("b", 2, 1)
    assert other == now
    assert full == sorted(full)
    assert full[2] - full[0] == 2 * SECOND + LATENESS
    assert command.reserve("a.6", 1, 1)[1] >= full[-1]


def test_a_refused_question_leaves_nothing_behind(client: Redis) -> None:
    """Who would have to wait too long is told for how long, by which limit, and reserves nothing in any log."""
    command = Command(client, [Limit(100, SECOND, 100), Limit(10, 60 * SECOND, 10, weighs=True)])
    command.reserve("m.0", 0, 8)
    granted, slot, now, decided = command.reserve("m.1", 0, 8, longest=SECOND)
    assert (granted, decided) == (0, 2)
    assert 59 * SECOND < slot - now <= 60 * SECOND + LATENESS
    assert [len(log.slots) for log in command.of_call(0)] == [1, 1]
    command.check()
    granted, slot, now, _ = command.reserve("m.2", 0, 2, longest=0)
    assert (granted, slot) == (1, now)


def test_a_server_that_has_just_started_lets_nobody_go_for_a_window(fresh_server: Server) -> None:
    """Calls that it may have forgotten count until they are a window old; those of limits up to 10 s."""
    with Redis(port=fresh_server.port) as client:
        for limits, span in (
            ([Limit(100, SECOND, 10)], SECOND + LATENESS),
            ([Limit(100, SECOND, 10), Limit(5, 5 * SECOND, 5, weighs=True)], 5 * SECOND + LATENESS),
            ([Limit(100, SECOND, 10), Limit(5, 86_400 * SECOND, 5, weighs=True)], SECOND + LATENESS),
        ):
            command = Command(client, limits)
            answer = eval_reserve(command)
            assert answer[1] - answer[2] >= span - SECOND
            later = eval_reserve(command)
            assert later[1] >= answer[1]


def eval_reserve(command: Command) -> list[int]:
    """Reserve without the model."""
    logs = command.of_call(0)
    arguments: list[str | float] = ["reserve", uuid4().hex, LONG, 0, LATENESS]
    for log in logs:
        limit = log.limit
        kind = ("weighs" if limit.weighs else "counts", "shared")
        arguments += [limit.calls, limit.per, limit.burst, 1, *kind]
    answer: list[int] = command.run(*arguments, logs=logs)
    return answer


def test_a_server_that_hides_its_age_is_taken_to_be_old(
    fresh_server: Server, run_as: Callable[[Server, str], Redis]
) -> None:
    """Where INFO is forbidden to the script, calls go all the same."""
    with run_as(fresh_server, "+@all -info") as client:
        answer = eval_reserve(Command(client, [Limit(100, SECOND, 10)]))
    assert answer[1] == answer[2]


@pytest.fixture
def run_as() -> Callable[[Server, str], Redis]:
    """Return a function that makes a client who may do so much."""

    def make(server: Server, rules: str) -> Redis:
        server.ask("ACL", "SETUSER", "small", "on", ">pw", "~*", *rules.split())
        return Redis(port=server.port, username="small", password="pw")

    return make
