"""A model of the service for bulk runs: it holds what it delivered, drops repeats, and fails where it is told to."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, deque
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from attrs import evolve, frozen

from timrest_async import CallTimeoutError, RateLimiter, TimSession, TransportError, UnreachableError
from timrest_async._clock import sleep_until
from timrest_async.bulk import OwnMessages, ToAccounts, ToGroups, Written
from timrest_async.testing import FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence

    from timrest_async._clock import Clock
    from timrest_async.bulk import Chunk, Job, Outcome, Run

KEY: Final = "0123456789abcdef" * 4

Fault: TypeAlias = int | str | None
"""What goes wrong with a call: a code that it is refused with, or one of FAULTS; ``None``: nothing."""

FAULTS: Final = (
    "lost",  # the work is done, and no answer comes
    "lost undone",  # the work is not done, and no answer comes
    "garbage",  # the work is done, and the answer is no JSON
    "garbage undone",
    "502",
    "502 undone",
    "unreadable",  # the work is done, and the answer lacks what it has to have
    "unreachable",  # there is no connection
    "dropped",  # a group's message is taken and thrown away
)

REMEMBERED: Final = {"openim/sendmsg": 120.0, "group_open_http_svc/send_group_msg": 300.0}
"""For how many seconds a repeat is known, by command."""


@frozen
class Arrival:
    """One call as it came in."""

    when: float
    """Monotonic time."""
    path: str
    """The command."""
    body: bytes
    """The bytes."""

    @property
    def whom(self) -> list[str]:
        """Whom it names."""
        return whom(json.loads(self.body))

    @property
    def numbers(self) -> tuple[int | None, int]:
        """By what a repeat of it is known."""
        asked = json.loads(self.body)
        return asked.get("MsgSeq"), asked["Random"] if "Random" in asked else asked["MsgRandom"]


class Service:
    """The service, as a transport."""

    def __init__(self, clock: Clock, *faults: Fault, delay: float = 0.0) -> None:
        self.calls: list[Arrival] = []
        """What came in, oldest first."""
        self.delivered = Counter[str]()
        """Who got how many messages."""
        self.faults = deque(faults)
        """What goes wrong with the next calls."""
        self.always: dict[str, Fault] = {}
        """What goes wrong with every call that names one of these."""
        self.bad: set[str] = set()
        """Who spoils a whole batch."""
        self.missing: set[str] = set()
        """Who is named in ErrorList."""
        self.open = asyncio.Event()
        """While it is not set, no call is answered."""
        self.open.set()
        self.under_way = 0
        """How many calls came in and were not answered."""
        self.on_call: Callable[[Arrival], None] = lambda _: None
        """Hears of every call that comes in ..."""
        self.on_answer: Callable[[Arrival], None] = lambda _: None
        """... and of every one whose work is done."""
        self.known: dict[bytes, tuple[float, dict[str, Any]]] = {}
        """What it did: when, and what it said."""
        self.closed = False
        """Whether it was let go."""
        self.delay = delay
        """How many seconds a call takes."""
        self._clock = clock
        self._came = asyncio.Event()

    async def post(self, path: str, usersig: str, body: bytes, timeout: float) -> bytes:  # noqa: ARG002, ASYNC109
        """Take a call."""
        call = Arrival(self._clock.time(), path, body)
        self.calls.append(call)
        self.on_call(call)
        fault = self.faults.popleft() if self.faults else None
        fault = next((self.always[one] for one in call.whom if one in self.always), fault)
        self.under_way += 1
        self._came.set()
        try:
            await self.open.wait()
            if self.delay:
                await sleep_until(self._clock, self._clock.time() + self.delay)
            return self._answer(call, fault)
        finally:
            self.under_way -= 1

    async def has_under_way(self, calls: int) -> None:
        """Wait until so many calls are under way: a disk keeps its own time."""
        while self.under_way < calls:
            self._came.clear()
            await self._came.wait()

    async def close(self) -> None:
        """Let go."""
        self.closed = True

    def _answer(self, call: Arrival, fault: Fault) -> bytes:
        if fault == "unreachable":
            raise UnreachableError(call.path, "nobody listens there")
        if fault == "dropped":
            return json.dumps(_dropped() if "group" in call.path else _no(60007)).encode()
        if isinstance(fault, int):
            return json.dumps(_no(fault)).encode()
        answer = _no(20004) if fault is not None and fault.endswith("undone") else self._work(call)
        self.on_answer(call)
        match fault and fault.removesuffix(" undone"):
            case "lost":
                raise CallTimeoutError(call.path, "no answer came in time")
            case "502":
                raise TransportError(call.path, "HTTP 502 in place of 200", 502)
            case "garbage":
                return b"<html>"
            case "unreadable" if answer["ErrorCode"] == 0:
                return b'{"ErrorCode": 0, "MsgKey": 7}'
            case _:
                return json.dumps(answer).encode()

    def _work(self, call: Arrival) -> dict[str, Any]:
        when, said = self.known.get(call.body, (0.0, None))
        if said is not None and call.when - when < REMEMBERED.get(call.path, 0.0):
            return said
        if any(one in self.bad for one in call.whom):
            return _no(90012)
        reached = [one for one in call.whom if one not in self.missing]
        if not reached:
            return _no(70107)
        self.delivered.update(reached)
        answer: dict[str, Any] = {"ActionStatus": "OK", "ErrorCode": 0, "MsgTime": 1_500_000_000}
        if "group" in call.path:
            answer["MsgSeq"] = len(self.calls)
        else:
            answer["MsgKey"] = f"key_{len(self.calls)}"
        failed = [one for one in call.whom if one in self.missing]
        if failed:
            answer["ActionStatus"] = "SomeError"
            answer["ErrorList"] = [{"To_Account": one, "ErrorCode": 70107} for one in failed]
        self.known[call.body] = call.when, answer
        return answer


class Notes:
    """A journal in memory, which outlives its run."""

    def __init__(self, clock: Clock | None = None, syncing: float = 0.0) -> None:
        self.chunks: dict[int, Chunk] = {}
        """What was planned, by its start."""
        self.outcomes: dict[int, Outcome] = {}
        """What came of it, by the place in the input."""
        self.settled: set[int] = set()
        """The starts of the chunks that came to an end."""
        self.deeds: list[tuple[str, int]] = []
        """What was asked of it, in order, with the start of the chunk; ``begun`` follows on ``begin``."""
        self.opened = 0
        """How many runs hold it."""
        self.fails_at = ""
        """Which deed fails."""
        self.trouble: BaseException = RuntimeError("the disk is full")
        """With what."""
        self.on_deed: Callable[[str], None] = lambda _: None
        """Hears of every deed."""
        self._clock = clock
        self._syncing = syncing

    async def open(self, job: Job[Any, Any]) -> Written:
        """Return what it holds."""
        await self._do("open", job.total or 0)
        self.opened += 1
        counts = Counter(outcome.status for outcome in self.outcomes.values())
        last = self.chunks[max(self.chunks)] if self.chunks else None
        still = [chunk for start, chunk in sorted(self.chunks.items()) if start not in self.settled]
        return Written(0 if last is None else last.end, "" if last is None else last.digest, counts, still)

    async def plan(self, chunk: Chunk) -> None:
        """Take note of a chunk."""
        await self._do("plan", chunk.start)
        self.chunks[chunk.start] = chunk

    async def begin(self, chunk: Chunk) -> None:
        """Take note that it goes out, which takes a moment."""
        assert chunk.begun_at is not None
        await self._do("begin", chunk.start)
        self.chunks[chunk.start] = chunk
        if self._clock is not None:
            await sleep_until(self._clock, self._clock.time() + self._syncing)
        self.deeds.append(("begun", chunk.start))

    async def withdraw(self, chunk: Chunk) -> None:
        """Take note that it did not go out."""
        await self._do("withdraw", chunk.start)
        self.chunks[chunk.start] = evolve(chunk, begun_at=None)

    async def split(self, parts: Sequence[Chunk]) -> None:
        """Put the parts in place of the whole."""
        await self._do("split", parts[0].start)
        self.chunks.update({part.start: part for part in parts})

    async def settle(self, chunk: Chunk, outcomes: Sequence[Outcome]) -> None:
        """Take note of the outcomes."""
        await self._do("settle", chunk.start)
        if self._clock is not None:
            await sleep_until(self._clock, self._clock.time() + self._syncing)
        assert not any(outcome.index in self.outcomes for outcome in outcomes), "nobody has two outcomes"
        self.outcomes.update({outcome.index: outcome for outcome in outcomes})
        self.settled.add(chunk.start)

    async def close(self) -> None:
        """Let go of it."""
        await self._do("close", 0)
        self.opened -= 1

    @property
    def begun(self) -> list[int]:
        """The starts of the chunks that may be with the service and have no outcome."""
        chunks = self.chunks.items()
        return [start for start, chunk in chunks if chunk.begun_at is not None and start not in self.settled]

    async def _do(self, deed: str, start: int) -> None:
        self.deeds.append((deed, start))
        self.on_deed(deed)
        if deed == self.fails_at:
            raise self.trouble


def session(service: Any, clock: Clock, **settings: Any) -> TimSession:
    """Open a session on *service*."""
    usual: dict[str, Any] = {"sdkappid": 1400000000, "secret_key": KEY, "limits": RateLimiter(clock=clock)}
    return TimSession(transport=service, clock=clock, **(usual | settings))


async def collect(run: Run) -> list[Outcome]:
    """Take all outcomes of a run."""
    return [outcome async for outcome in run]


def sends(job: str, recipients: Iterable[Any]) -> Job[Any, Any]:
    """Make a job of the kind *job*."""
    match job:
        case "accounts":
            return ToAccounts(recipients, "hi, beauty")
        case "own":
            return OwnMessages((one, f"hi {one}") for one in recipients)
        case _:
            return ToGroups(recipients, "hi, everybody")


def accounts(number: int) -> list[str]:
    """Make up so many accounts."""
    return [f"id{index}" for index in range(number)]


async def slowly(items: Iterable[Any], read: list[Any]) -> AsyncIterator[Any]:
    """Hand out *items*, and keep what was read."""
    for item in items:
        read.append(item)
        yield item


def whom(asked: Any) -> list[str]:
    """Return whom a request names."""
    named = asked["To_Account"] if "To_Account" in asked else asked["GroupId"]
    return [named] if isinstance(named, str) else named


def doubles() -> tuple[FakeClock, Service, TimSession]:
    """Return a clock, a service and a session on both."""
    clock = FakeClock()
    service = Service(clock)
    return clock, service, session(service, clock)


def _no(code: int) -> dict[str, Any]:
    return {"ActionStatus": "FAIL", "ErrorCode": code, "ErrorInfo": f"this is {code}"}


def _dropped() -> dict[str, Any]:
    return {"ActionStatus": "OK", "ErrorCode": 0, "MsgTime": 1_500_000_000, "MsgDropReason": "MsgFreqCtrl"}
