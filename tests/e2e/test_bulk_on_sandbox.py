"""Bulk against the sandbox: who cannot be written to costs nobody else, and the real caps are full and never passed."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import asynccontextmanager
from random import Random
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.e2e.bulk_sender import ShortPauses
from timrest_async import RateLimit, RateLimiter, TimSession
from timrest_async.bulk import Outcome, OwnMessages, ToAccounts, ToGroups
from timrest_async.sandbox import Rules, Sandbox
from timrest_async.testing import FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable, Iterator

    from timrest_async.bulk import Job
    from timrest_async.transport import Transport

BATCHES: Final = "openim/batchsendmsg"
NUMBER: Final = 5_000
BAD: Final = {17: "nobody17", 2_400: "nobody2400", 2_401: "nobody2401"}
"""Who is not registered, by the place in the input: one alone, and two of one batch."""
UNLIMITED: Final = Rules(calls_per_second=None, receivers_per_minute=None, group_messages_per_second=None)


def everybody(number: int = NUMBER) -> list[str]:
    """Name so many who exist."""
    return [f"id{at}" for at in range(number)]


def with_some(others: dict[int, str]) -> list[str]:
    """Name everybody, with *others* in the places of some."""
    return [others.get(at, name) for at, name in enumerate(everybody())]


@asynccontextmanager
async def sandbox(accounts: Iterable[str] = (), **settings: Any) -> AsyncGenerator[Sandbox]:
    """Start a sandbox in which *accounts* are registered."""
    box = Sandbox(**settings)
    there = json.dumps(list(accounts))
    box.state.store.run("INSERT INTO accounts SELECT value FROM json_each(?)", there)
    box.state.store.commit()
    async with box:
        yield box
    box.close()


def unlimited(box: Sandbox) -> TimSession:
    """Open a session that is held up by its limiter never, and by pauses not for long."""
    clock = ShortPauses()
    limits = RateLimiter(RateLimit(10_000, burst=10_000), further={BATCHES: []}, clock=clock)
    return box.session(limits=limits, clock=clock)


def copies(box: Sandbox) -> Counter[str]:
    """Count what arrived for each account."""
    rows = box.state.store.rows("SELECT To_Account, count(*) AS copies FROM messages GROUP BY 1")
    return Counter({row["To_Account"]: row["copies"] for row in rows})


async def outcomes_of(tim: TimSession, job: Job[Any, Any], **settings: Any) -> list[Outcome]:
    """Send *job*, and return the outcomes in the order of the input."""
    return sorted([outcome async for outcome in tim.bulk.send(job, **settings)], key=lambda outcome: outcome.index)


def check_refused(outcomes: list[Outcome], whom: dict[int, str], code: int | None) -> None:
    """See that these were refused with *code*, and all others were sent to."""
    assert [outcome.index for outcome in outcomes] == list(range(NUMBER))
    refused = {one.index: (one.recipient, one.code) for one in outcomes if one.status != "sent"}
    assert refused == {index: (name, code) for index, name in whom.items()}
    assert {one.status for one in outcomes} == {"sent", "refused"}


# -- some cannot be written to


async def test_three_who_are_not_registered_among_5000_are_the_only_ones_refused() -> None:
    """The service names them in ErrorList: no call more than the ten that 5,000 take."""
    async with sandbox(everybody(), rules=UNLIMITED) as box, unlimited(box) as tim:
        outcomes = await outcomes_of(tim, ToAccounts(with_some(BAD), "hi"))
        check_refused(outcomes, BAD, 70107)
        assert copies(box) == Counter(set(everybody()) - {f"id{at}" for at in BAD})
        assert len(box.service.calls) == 10


async def test_three_malformed_among_5000_are_refused_without_a_call() -> None:
    """They take no place in a call either, so their neighbours go with the next of the input."""
    malformed = {17: "", 2_400: "x" * 33, 2_401: "\ud800"}
    async with sandbox(everybody(), rules=UNLIMITED) as box, unlimited(box) as tim:
        outcomes = await outcomes_of(tim, ToAccounts(with_some(malformed), "hi"))
        check_refused(outcomes, malformed | {2_401: repr("\ud800")}, None)
        assert all(one.info for one in outcomes if one.status == "refused")
        assert copies(box) == Counter(set(everybody()) - {f"id{at}" for at in malformed})
        assert len(box.service.calls) == 10


class Strict:
    """The service as its document can be read as well: one who is not registered spoils a batch for all (90012)."""

    def __init__(self, transport: Transport, refused: list[set[str]]) -> None:
        self._transport = transport
        self._refused = refused

    async def post(self, path: str, usersig: str, body: bytes, timeout: float) -> bytes:  # noqa: ASYNC109  # passed on
        """Refuse a batch that names somebody bad, and pass on any other."""
        whom = set(json.loads(body)["To_Account"])
        if whom.isdisjoint(BAD.values()):
            return await self._transport.post(path, usersig, body, timeout)
        self._refused.append(whom)
        return b'{"ActionStatus": "FAIL", "ErrorCode": 90012, "ErrorInfo": "To_Account is not registered"}'

    async def close(self) -> None:
        """Let go of what was opened."""
        await self._transport.close()


async def test_where_one_spoils_a_batch_three_among_5000_are_the_only_ones_refused() -> None:
    """Halving finds each in at most 18 calls more; nobody beside them hears it twice, or not at all."""
    refused: list[set[str]] = []
    async with sandbox(everybody(), rules=UNLIMITED) as box, unlimited(box) as tim:
        strict = tim.through(lambda transport: Strict(transport, refused))
        outcomes = await outcomes_of(strict, ToAccounts(with_some(BAD), "hi"))
        check_refused(outcomes, BAD, 90012)
        assert copies(box) == Counter(set(everybody()) - {f"id{at}" for at in BAD})
        assert sorted(map(len, refused))[:3] == [1, 1, 1]
        assert len(refused) + len(box.service.calls) <= 10 + 18 * len(BAD)


def broken(number: int) -> Iterator[str]:
    """Name so many, and fail."""
    yield from everybody(number)
    raise LookupError("no more rows")


@pytest.mark.parametrize("number", [0, 700])
async def test_an_input_that_breaks_ends_the_run_with_its_own_error(number: int) -> None:
    """Whether others are at work by then or have yet to begin, nobody takes it for a cancellation."""
    async with sandbox(everybody(), rules=UNLIMITED) as box, unlimited(box) as tim:
        with pytest.raises(LookupError, match="no more rows"):
            await outcomes_of(tim, ToAccounts(broken(number), "hi"))


# -- the real caps


class Standstill:
    """A transport that keeps a :class:`FakeClock` where it is while a call is on its way.

    The clock jumps when the loop has nothing to do, and it has nothing to do while a socket has nothing to say. So as
    long as calls are on their way, there is a timer that is overdue, which the clock has to serve before any other.
    """

    def __init__(self, transport: Transport, clock: FakeClock) -> None:
        self._transport = transport
        self._clock = clock
        self._on_their_way = 0

    async def post(self, path: str, usersig: str, body: bytes, timeout: float) -> bytes:  # noqa: ASYNC109  # passed on
        """Pass on the call, and let no time pass."""
        self._on_their_way += 1
        if self._on_their_way == 1:
            self._hold()
        try:
            return await self._transport.post(path, usersig, body, timeout)
        finally:
            self._on_their_way -= 1

    async def close(self) -> None:
        """Let go of what was opened."""
        await self._transport.close()

    def _hold(self) -> None:
        if self._on_their_way:
            self._clock.call_at(self._clock.time() - 1, self._hold)


GROUP: Final = "@TGS#2C5SZEAEF"


@pytest.mark.parametrize(
    ("job", "number", "calls", "seconds"),
    [
        # 24 batches are a minute's 12,000; the last 12 of 60 go when two minutes are over
        (lambda: ToAccounts(everybody(30_000), "hi"), 30_000, 60, 120.0),
        # 10 go at once
        (lambda: OwnMessages((name, f"hi {name}") for name in everybody(300)), 300, 300, 2.9),
        # 40 go within 0.3 s, at 100 a second, and the last 40 of 160 when 3 seconds are over
        (lambda: ToGroups([GROUP] * 160, "hi"), 160, 160, 3.3),
    ],
    ids=["12,000 receivers a minute", "100 calls a second", "40 messages a second in one group"],
)
async def test_a_run_takes_as_long_as_the_budget_says(
    job: Callable[[], Job[Any, Any]], number: int, calls: int, seconds: float
) -> None:
    """Within 1 %, and the sandbox, which counts as the service does, refuses nothing and drops nothing."""
    clock = FakeClock()
    async with sandbox(everybody(30_000), clock=clock) as box, box.session() as session:
        box.state.add_group(GROUP)
        tim = session.through(lambda transport: Standstill(transport, clock))
        report = await clock.run(tim.bulk.run(job(), duplicates="keep"))
        assert report.sent == report.total == number
        assert report.seconds == pytest.approx(seconds, rel=0.01)
        assert [call.code for call in box.service.calls] == [0] * calls
        arrived = copies(box) if number != 160 else Counter(message.random for message in box.group_messages(GROUP))
        assert (len(arrived), max(arrived.values())) == (number, 1)


# -- groups


async def test_500_groups_have_one_copy_each_whatever_goes_wrong() -> None:
    """Lost answers, gateways, resets and refusals that pass: all are sent to, and the outcome names the one copy."""
    chance = Random(500)
    lost: list[dict[str, Any]] = [
        {"lose_answer": True},
        {"cut": True},
        {"reset": True},
        {"status": 502},
        {"html": True},
    ]
    refused = [{"code": code} for code in (20004, 20005, 91000, 90992, 10002)]
    groups = [f"@TGS#{at}" for at in range(500)]
    async with sandbox(rules=UNLIMITED) as box, unlimited(box) as tim:
        for group in groups:
            box.state.add_group(group)
        for fault in chance.choices([*lost, *refused, {"latency": 0.01}], k=100):
            box.faults.add("group_open_http_svc/send_group_msg", **fault)
        outcomes = await outcomes_of(tim, ToGroups(groups, "hi"))
        assert len(box.faults) == 0
        assert [(one.recipient, one.status) for one in outcomes] == [(group, "sent") for group in groups]
        there = box.state.store.rows("SELECT GroupId, MsgSeq, MsgTimeStamp FROM group_messages ORDER BY GroupId")
        told = sorted((one.recipient, one.msg_key, one.msg_time) for one in outcomes)
        assert told == [(row["GroupId"], str(row["MsgSeq"]), row["MsgTimeStamp"]) for row in there]
        assert sum(one.attempts for one in outcomes) == len(box.service.calls)
