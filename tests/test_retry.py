"""Which failures are tried again, and how."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from timrest_async import (
    ApiError,
    CallTimeoutError,
    Command,
    ConfigError,
    DecodeError,
    NoPermitError,
    NotFoundError,
    RateLimit,
    RateLimitedError,
    RateLimiter,
    RetryPolicy,
    ServerError,
    TimError,
    TimSession,
    TransportError,
    UnreachableError,
)
from timrest_async._clock import sleep_until
from timrest_async._error_codes import ERROR_CODES
from timrest_async.commands._command import RawCommand
from timrest_async.commands.accounts import CheckAccounts, ImportAccount, ImportAccounts
from timrest_async.commands.group_messages import SendGroupMessage, SendSystemNotification
from timrest_async.commands.groups import CreateGroup
from timrest_async.commands.messages import SendBatch, SendMessage
from timrest_async.retry import RETRIED_CODES, SAFE
from timrest_async.testing import Call, FakeClock, MemoryTransport

if TYPE_CHECKING:
    from collections.abc import Callable

    from timrest_async import Transport
    from timrest_async._rates import Asking
    from timrest_async.testing import Answer

SEND = "openim/sendmsg"
GROUP = "@TGS#2C5SZEAEF"
OK = {"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0, "MsgTime": 1}


AT_ONCE = RetryPolicy(transport=True, first_pause=0.0, longest_pause=0.0)
"""Repeats what got lost, without a pause."""


def refused(code: int) -> dict[str, Any]:
    """Make the answer that refuses with *code*."""
    return {"ActionStatus": "FAIL", "ErrorInfo": "no", "ErrorCode": code}


def session(service: Transport, clock: FakeClock, **settings: Any) -> TimSession:
    """Open a session on *service*."""
    return TimSession(1400000000, secret_key="key", transport=service, clock=clock, **settings)


async def test_exactly_five_codes_are_tried_again() -> None:
    """Of all codes, 20004, 20005, 91000, 90992 and 10002 are retried, and no other."""
    retried = set()
    for code in ERROR_CODES:
        clock, service = FakeClock(), MemoryTransport(refused(code), OK)
        tim = session(service, clock)
        with contextlib.suppress(ApiError):
            await clock.run(tim.messages.send("lumotuwe2", "hi"))
            retried.add(code)
        assert len(service.calls) == (2 if code in retried else 1)
    assert retried == RETRIED_CODES == {20004, 20005, 91000, 90992, 10002}


async def test_every_attempt_sends_the_same_bytes() -> None:
    """A repeat is byte for byte the first attempt, so that the service can drop it."""
    clock, service = FakeClock(), MemoryTransport(refused(20004), refused(91000), refused(10002), OK)
    await clock.run(session(service, clock).messages.send("lumotuwe2", "hi"))
    assert len(service.calls) == 4
    assert len({call.body for call in service.calls}) == 1


async def test_every_attempt_takes_a_permit() -> None:
    """Retries count against the cap like any other call, and the limiter hears of each failure."""
    taken: list[str] = []

    class Counting:
        """A limiter that only counts."""

        default = None

        def try_acquire(self, *_: object) -> None:
            """Have nothing at once."""

        async def acquire(self, sdkappid: int, command: Asking, deadline: float = math.inf) -> Counting:
            taken.append(command.path)
            assert (sdkappid, deadline) == (1400000000, 30.0)
            return self

        def heard(self, sdkappid: int, command: Asking, failure: TimError) -> None:
            taken.append(f"heard of {failure.attempts}")
            assert (sdkappid, command.path, type(failure)) == (1400000000, "openim/sendmsg", ServerError)

        def release(self) -> None:
            taken.append("released")

    clock, service = FakeClock(), MemoryTransport(refused(20004), refused(20004), OK)
    await clock.run(session(service, clock, limits=Counting()).messages.send("lumotuwe2", "hi"))
    assert taken == [*["openim/sendmsg", "released", "heard of 1"] * 2, "openim/sendmsg", "released"]


async def test_the_last_outcome_wins_and_carries_the_number_of_attempts() -> None:
    """Whatever the last attempt met is what the caller meets, with the count."""
    clock, service = FakeClock(), MemoryTransport(refused(20004), refused(90992), refused(20003))
    with pytest.raises(NotFoundError) as caught:
        await clock.run(session(service, clock).messages.send("lumotuwe2", "hi"))
    assert caught.value.code == 20003
    assert caught.value.attempts == 3
    assert caught.value.__notes__ == ["after 3 attempts"]


async def test_a_retry_that_finds_no_answer_ends_there() -> None:
    """A broken connection is not tried again, also when it breaks a retry."""
    clock, service = FakeClock(), MemoryTransport(refused(20004), TransportError("openim/sendmsg", "broken"))
    with pytest.raises(TransportError, match="broken") as caught:
        await clock.run(session(service, clock).messages.send("lumotuwe2", "hi"))
    assert caught.value.attempts == 2


async def test_attempts_are_bounded() -> None:
    """Five attempts are made by default, and as many as the policy says."""
    for policy, expected in ((None, 5), (RetryPolicy(attempts=2), 2), (RetryPolicy(attempts=1), 1)):
        clock, service = FakeClock(), MemoryTransport(*[refused(20005)] * 9)
        with pytest.raises(ServerError) as caught:
            await clock.run(session(service, clock, retry=policy).messages.send("lumotuwe2", "hi"))
        assert len(service.calls) == caught.value.attempts == expected


async def test_pauses_grow_and_have_full_jitter() -> None:
    """Each pause lies between nothing and a bound that doubles up to the longest one, and they differ."""
    gaps: list[list[float]] = [[], [], [], []]
    for _ in range(60):
        clock, times = FakeClock(), list[float]()

        def answer(_: Call, clock: FakeClock = clock, times: list[float] = times) -> dict[str, Any]:
            times.append(clock.time())
            return refused(20004)

        service = MemoryTransport(*[answer] * 5)
        tim = session(service, clock, retry=RetryPolicy(first_pause=1.0, longest_pause=3.0))
        with pytest.raises(ServerError):
            await clock.run(tim.messages.send("lumotuwe2", "hi"))
        for gap, before, after in zip(gaps, times, times[1:], strict=False):
            gap.append(after - before)
    for pauses, bound in zip(gaps, (1.0, 2.0, 3.0, 3.0), strict=True):
        assert max(pauses) <= bound + 1e-3
        assert bound * 0.7 < max(pauses)
        assert min(pauses) < bound * 0.3


async def test_no_retry_starts_past_the_deadline() -> None:
    """When the next pause would pass the deadline, the last refusal is raised in time."""
    clock, service = FakeClock(), MemoryTransport(*[refused(20004)] * 50)
    tim = session(service, clock, timeout=5.0, retry=RetryPolicy(attempts=50, first_pause=2.0, longest_pause=2.0))
    with pytest.raises(ServerError):
        await clock.run(tim.messages.send("lumotuwe2", "hi"))
    assert clock.time() < 5.0
    assert len(service.calls) < 50


async def test_rate_codes_are_the_callers_to_know() -> None:
    """'Too often' is never answered by calling again."""
    clock, service = FakeClock(), MemoryTransport(refused(60007), OK)
    with pytest.raises(RateLimitedError):
        await clock.run(session(service, clock).messages.send("lumotuwe2", "hi"))
    assert service.left == 1


async def test_cancelling_a_pause_ends_the_call() -> None:
    """A call that is cancelled between two attempts ends at once with CancelledError."""
    clock, service = FakeClock(), MemoryTransport(refused(20004), OK)
    policy = RetryPolicy(first_pause=100.0, longest_pause=100.0)
    task = asyncio.ensure_future(session(service, clock, timeout=1000.0, retry=policy).messages.send("lumotuwe2", "hi"))
    await clock.advance(0.0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert clock.timers == 0
    assert service.left == 1


async def test_waiting_for_a_permit_counts_against_the_deadline_of_a_retry() -> None:
    """A retry that gets no permit in time fails for that reason, and does not wait without end."""
    clock, service = FakeClock(), MemoryTransport(refused(20004))

    class Once:
        """A limiter with a single permit."""

        default = None
        given = False

        def try_acquire(self, *_: object) -> None:
            """Have nothing at once."""

        async def acquire(self, _: int, command: Asking, __: float = math.inf) -> Once:
            if self.given:
                raise NoPermitError(command.path, "no permit")
            self.given = True
            return self

        def heard(self, *_: object) -> None:
            """Take no note."""

        def release(self) -> None:
            """Keep it."""

    with pytest.raises(NoPermitError, match="no permit") as caught:
        await clock.run(session(service, clock, limits=Once()).messages.send("lumotuwe2", "hi"))
    assert caught.value.attempts == 1


@pytest.mark.parametrize(
    "settings", [{"attempts": 0}, {"first_pause": -1.0}, {"first_pause": 2.0, "longest_pause": 1.0}]
)
def test_a_policy_that_cannot_hold_is_refused(settings: dict[str, Any]) -> None:
    """No attempts, or pauses that contradict each other, are told when the policy is made."""
    with pytest.raises(ConfigError, match="RetryPolicy"):
        RetryPolicy(**settings)


# -- when no usable answer arrived


def lost(path: str = SEND) -> TransportError:
    """Make the error after which nobody knows whether the work was done."""
    return TransportError(path, "the connection broke")


def not_sent() -> TransportError:
    """Make the error of an attempt that broke before anything went out."""
    failure = TransportError(SEND, "the connection broke before the request went out")
    failure.delivered = False
    return failure


FAULTS: dict[str, Callable[[], Answer]] = {
    "broken": lost,
    "broken before it went out": not_sent,
    "unreachable": lambda: UnreachableError(SEND, "nobody listens"),
    "too late": lambda: CallTimeoutError(SEND, "no answer within 10 s"),
    "500": lambda: TransportError(SEND, "HTTP 500", 500),
    "502": lambda: TransportError(SEND, "HTTP 502", 502),
    "599": lambda: TransportError(SEND, "HTTP 599", 599),
    "a page": lambda: b"<html></html>",
    "nothing": lambda: b"",
}
"""Everything that counts as no usable answer and may pass."""

each_fault = pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))

UNRECOGNISED: dict[str, Command[Any]] = {
    "a batch": SendBatch(["lumotuwe2"], "hi"),
    "a notice": SendSystemNotification(GROUP, "hi"),
    "a new group": CreateGroup(type="Public", name="friends"),
    "any command": RawCommand(SEND, {"To_Account": "lumotuwe2"}),
    "a message without a number": SendMessage("lumotuwe2", "hi", msg_seq=None),
}
"""What the service would do again."""

each_unrecognised = pytest.mark.parametrize("command", UNRECOGNISED.values(), ids=list(UNRECOGNISED))

REPLY = OK | {"GroupId": GROUP, "ResultItem": []}
"""A reply that every command reads."""


@each_fault
async def test_a_send_whose_answer_got_lost_goes_out_again(fault: Callable[[], Answer]) -> None:
    """Whatever kept the answer away, RetryPolicy(transport=True) sends the same bytes again."""
    clock, service = FakeClock(), MemoryTransport(fault(), fault(), OK)
    sent = await clock.run(session(service, clock, retry=AT_ONCE).messages.send("lumotuwe2", "hi"))
    assert sent.msg_time == 1
    assert len(service.calls) == 3
    assert len({call.body for call in service.calls}) == 1


@each_fault
async def test_nothing_is_repeated_unasked(fault: Callable[[], Answer]) -> None:
    """The policy that a session has by itself leaves it at one attempt."""
    clock, service = FakeClock(), MemoryTransport(fault(), OK)
    with pytest.raises(TransportError) as caught:
        await clock.run(session(service, clock).messages.send("lumotuwe2", "hi"))
    assert caught.value.attempts == len(service.calls) == 1


@pytest.mark.parametrize("status", [300, 302, 400, 401, 403, 404, 413, 429, 499])
async def test_what_will_be_turned_away_again_is_not_repeated(status: int) -> None:
    """An HTTP status from 300 to 499 is no accident of the network."""
    clock, service = FakeClock(), MemoryTransport(TransportError(SEND, f"HTTP {status}", status), OK)
    with pytest.raises(TransportError) as caught:
        await clock.run(session(service, clock, retry=AT_ONCE).messages.send("lumotuwe2", "hi"))
    assert caught.value.attempts == len(service.calls) == 1


async def test_an_answer_that_cannot_be_read_is_not_asked_for_again() -> None:
    """The service did the work, and would say the same again."""
    clock, service = FakeClock(), MemoryTransport({"ErrorCode": 0}, OK)
    with pytest.raises(DecodeError) as caught:
        await clock.run(session(service, clock, retry=AT_ONCE).messages.send("lumotuwe2", "hi"))
    assert (caught.value.attempts, caught.value.delivered) == (1, True)


@each_unrecognised
async def test_what_the_service_would_do_again_is_not_repeated(command: Command[Any]) -> None:
    """Where nobody recognises a repeat and the work may have been done, one attempt is all."""
    clock, service = FakeClock(), MemoryTransport(lost(), REPLY)
    with pytest.raises(TransportError) as caught:
        await clock.run(session(service, clock, retry=AT_ONCE).call(command))
    assert (caught.value.attempts, caught.value.delivered) == (1, None)
    assert service.left == 1


@each_unrecognised
@pytest.mark.parametrize("fault", ["unreachable", "broken before it went out"])
async def test_what_certainly_was_not_done_is_repeated_freely(command: Command[Any], fault: str) -> None:
    """Where nothing went out, every command is tried again, for as long as it has time."""
    clock, service = FakeClock(), MemoryTransport(*[FAULTS[fault]() for _ in range(9)], REPLY)
    often = RetryPolicy(attempts=10, first_pause=1000.0, longest_pause=1000.0, transport=True)
    await clock.run(session(service, clock, retry=often, timeout=10_000.0).call(command))
    assert service.left == 0
    assert clock.time() > 300.0


@each_unrecognised
async def test_a_code_after_a_fault_does_not_make_a_repeat_safe(command: Command[Any]) -> None:
    """A refusal is tried again, an unreachable host too, and the first lost answer ends it."""
    clock, service = FakeClock(), MemoryTransport(refused(20004), UnreachableError(SEND, "gone"), lost(), REPLY)
    with pytest.raises(TransportError, match="the connection broke") as caught:
        await clock.run(session(service, clock, retry=AT_ONCE).call(command))
    assert (caught.value.attempts, caught.value.delivered) == (3, None)
    assert service.left == 1


@pytest.mark.parametrize(
    "command",
    [ImportAccount("lumotuwe1"), ImportAccounts(["lumotuwe1"]), CheckAccounts("lumotuwe1")],
    ids=lambda command: command.path,
)
async def test_what_does_no_harm_twice_is_repeated_freely(command: Command[Any]) -> None:
    """Reads and imports are tried again for as long as they have time, also after lost answers."""
    clock, service = FakeClock(), MemoryTransport(*[lost() for _ in range(9)], REPLY)
    often = RetryPolicy(attempts=10, first_pause=1000.0, longest_pause=1000.0, transport=True)
    await clock.run(session(service, clock, retry=often, timeout=10_000.0).call(command))
    assert service.left == 0
    assert clock.time() > 300.0


# -- until when


@frozen(kw_only=True)
class Knock(Command[None]):
    """A command of a user's own, whose repeats the service recognises for a while."""

    path = "openim/knock"
    repeatable_for = 5.0


each_window = pytest.mark.parametrize(
    ("command", "window"),
    [(SendMessage("lumotuwe2", "hi"), 120.0), (SendGroupMessage(GROUP, "hi"), 300.0), (Knock(), 5.0)],
    ids=["a message", "a group message", "a command of one's own"],
)


@frozen
class Turn:
    """How one attempt goes."""

    how: str
    """What comes of it."""

    travels: float = 0.0
    """Seconds until the service has it."""

    answers: float = 0.0
    """Seconds from then on until the answer, or what stands in for it, is there."""


WINDOWS = {SendMessage.path: 120.0, SendGroupMessage.path: 300.0, Knock.path: 5.0}
UNDONE = {"unreachable", "gateway", *map(str, (*RETRIED_CODES, 20003))}
"""Turns after which the work was not done."""
DONE = {"fine", "lost", "unreadable", "60008"}
"""Turns after which it was."""


class Model:
    """The service, as it recognises repeats, behind a network that does what it is told.

    Time goes on for it while the machine of its caller sleeps.
    """

    def __init__(self, clock: FakeClock, *turns: Turn) -> None:
        self.times: list[float] = []
        """When each attempt went out."""
        self.bodies: list[bytes] = []
        """What it held."""
        self.limits: list[float] = []
        """How long it was to take at most."""
        self.copies = 0
        """How often the work was done."""
        self._clock = clock
        self._turns = iter(turns)
        self._slept = 0.0
        self._travelling = False
        self._first: dict[bytes, tuple[float, int]] = {}

    def time(self) -> float:
        """Return the time of the world."""
        return self._clock.time() + self._slept

    def fall_asleep(self, seconds: float) -> None:
        """Stop the caller's monotonic clock for a while, unless a request is on its way."""
        if not self._travelling:
            self._slept += seconds
            self._clock.set_wall_clock(self._clock.now() + seconds)

    async def post(self, path: str, usersig: str, body: bytes, timeout: float) -> bytes:  # noqa: ARG002, ASYNC109  # a transport's
        """Take part in one attempt."""
        turn = next(self._turns, Turn("fine"))
        self.times.append(self.time())
        self.bodies.append(body)
        self.limits.append(timeout)
        limit = self._clock.time() + timeout
        self._travelling = True
        try:
            await self._pass(path, turn.travels, limit)
        finally:
            self._travelling = False
        number = self._done(path, body) if turn.how in DONE else 0
        await self._pass(path, turn.answers, limit)
        return _said(path, turn.how, number)

    async def close(self) -> None:
        """Let go of nothing."""

    async def _pass(self, path: str, seconds: float, limit: float) -> None:
        if seconds:
            await sleep_until(self._clock, min(self._clock.time() + seconds, limit))
        if self._clock.time() >= limit:
            raise CallTimeoutError(path, "no answer in time")

    def _done(self, path: str, body: bytes) -> int:
        """Do the work, unless it is a repeat, and return the number of the copy."""
        window = WINDOWS.get(path, 0.0) if path != SEND or b"MsgSeq" in body else 0.0
        since, number = self._first.get(body, (-math.inf, 0))
        if self.time() - since < window:
            return number
        self.copies += 1
        self._first[body] = (self.time(), self.copies)
        return self.copies


def _said(path: str, how: str, number: int) -> bytes:
    if how == "fine":
        reply = f'"MsgTime":{number},"MsgKey":"{number}","GroupId":"{GROUP}"'
        return f'{{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0,{reply}}}'.encode()
    if how == "unreadable":
        return b'{"ErrorCode":0,"MsgTime":"soon"}'
    if how == "unreachable":
        raise UnreachableError(path, "nobody listens")
    if how in {"lost", "gateway"}:
        raise TransportError(path, how, 502 if how == "gateway" else None)
    return f'{{"ErrorCode":{how}}}'.encode()


@each_window
@pytest.mark.parametrize("how", ["lost", "20004", "unreachable"])
async def test_nothing_is_repeated_once_the_service_may_have_forgotten_it(
    command: Command[Any], window: float, how: str
) -> None:
    """The window is counted from when the call first went out, whatever failed since; the last attempt is cut short."""
    clock, until = FakeClock(), SAFE * window
    slow, quick = Turn(how, answers=until - 2.0), Turn(how, answers=1.0)
    service = Model(clock, slow, quick, Turn(how, answers=0.5), Turn(how, answers=60.0))
    tim = session(service, clock, retry=AT_ONCE, timeout=9000.0, attempt_timeout=9000.0)
    with pytest.raises(CallTimeoutError, match="no answer in time") as caught:
        await clock.run(tim.call(command))
    assert [round(when, 3) for when in service.times] == [0.0, until - 2.0, until - 1.0, until - 0.5]
    assert [round(limit, 3) for limit in service.limits] == [9000.0, 2.0, 1.0, 0.5]
    assert caught.value.attempts == 4


@each_window
@pytest.mark.parametrize("how", ["lost", "20004", "unreachable"])
async def test_an_attempt_that_outlasts_the_window_is_the_last(command: Command[Any], window: float, how: str) -> None:
    """A first attempt may take as long as it has time for; a repeat comes too late then."""
    clock = FakeClock()
    service = Model(clock, Turn(how, answers=window))
    with pytest.raises(TimError) as caught:
        await clock.run(session(service, clock, retry=AT_ONCE, timeout=9000.0, attempt_timeout=9000.0).call(command))
    assert caught.value.attempts == len(service.times) == 1


@pytest.mark.parametrize(("asleep", "attempts"), [(113.0, 2), (114.0, 1), (120.0, 1), (86_400.0, 1)])
async def test_a_machine_that_slept_for_too_long_repeats_nothing(asleep: float, attempts: int) -> None:
    """The monotonic clock stood still meanwhile, but the other one tells."""
    clock = FakeClock()

    def sleep_on_it(_: Call) -> NoReturn:
        clock.set_wall_clock(clock.now() + asleep)
        raise lost()

    service = MemoryTransport(sleep_on_it, lost())
    tim = session(service, clock, retry=RetryPolicy(attempts=2, first_pause=0.0, transport=True))
    with pytest.raises(TransportError) as caught:
        await clock.run(tim.messages.send("lumotuwe2", "hi"))
    assert caught.value.attempts == len(service.calls) == attempts
    assert caught.value.delivered is None


async def test_a_machine_that_sleeps_while_a_repeat_waits_does_not_send_it() -> None:
    """The age is looked at once more as the repeat goes out."""
    clock, service = FakeClock(), MemoryTransport(lost(), OK)
    tim = session(service, clock, retry=AT_ONCE, limits=RateLimiter(RateLimit(1, 10.0), clock=clock))
    clock.call_at(5.0, lambda: clock.set_wall_clock(clock.now() + 120.0))
    with pytest.raises(CallTimeoutError, match="over before this attempt went out") as caught:
        await clock.run(tim.messages.send("lumotuwe2", "hi"))
    assert clock.time() > 9.0
    assert (caught.value.attempts, caught.value.delivered) == (1, None)
    assert len(service.calls) == 1


async def test_a_wall_clock_that_is_set_back_does_not_lengthen_the_window() -> None:
    """The monotonic clock tells."""
    clock = FakeClock()
    service = Model(clock, Turn("lost", answers=113.0), Turn("lost", answers=0.5), Turn("lost", answers=60.0))
    clock.call_at(60.0, lambda: clock.set_wall_clock(clock.now() - 86_400.0))
    with pytest.raises(CallTimeoutError):
        await clock.run(
            session(service, clock, retry=AT_ONCE, timeout=9000.0, attempt_timeout=9000.0).messages.send("a", "hi")
        )
    assert [round(when, 3) for when in service.times] == [0.0, 113.0, 113.5]
    assert round(service.limits[-1], 3) == 0.5


async def test_a_repeat_whose_permit_would_come_too_late_is_not_sent() -> None:
    """Waiting for a permit counts: 130 seconds are too many for a message, and few enough for a group message."""
    clock, service = FakeClock(), MemoryTransport(lost(), lost(), OK)
    limits = RateLimiter(RateLimit(1, 130.0), clock=clock)
    tim = session(service, clock, retry=AT_ONCE, timeout=9000.0, limits=limits)
    with pytest.raises(NoPermitError) as caught:
        await clock.run(tim.messages.send("lumotuwe2", "hi"))
    assert (caught.value.attempts, caught.value.delivered) == (1, None)
    assert len(service.calls) == 1
    await clock.run(tim.group_messages.send(GROUP, "hi"))
    assert len(service.calls) == 3


seconds = st.sampled_from([0.0, 0.5, 60.0, 119.0, 121.0, 299.0]) | st.floats(0.0, 400.0)


@frozen
class Scene:
    """A call, and everything that happens to it."""

    command: Command[Any]
    turns: list[Turn]
    jumps: list[tuple[float, float]]
    """When the clock jumps, and how far."""
    why: str
    """Why it does."""
    policy: RetryPolicy
    limit: RateLimit
    timeout: float
    attempt_timeout: float

    async def play(self) -> tuple[Model, Any]:
        """Return the service, and the reply or the error."""
        clock = FakeClock()
        service = Model(clock, *self.turns)
        for when, by in self.jumps:
            clock.call_at(when, partial(self._jump, clock, service, by))
        tim = session(
            service,
            clock,
            retry=self.policy,
            timeout=self.timeout,
            attempt_timeout=self.attempt_timeout,
            limits=RateLimiter(self.limit, clock=clock),
        )
        (outcome,) = await clock.run(asyncio.gather(tim.call(self.command), return_exceptions=True))
        return service, outcome

    def _jump(self, clock: FakeClock, service: Model, by: float) -> None:
        if self.why == "asleep":
            service.fall_asleep(by)
        else:
            clock.set_wall_clock(clock.now() + (by if self.why == "set forward" else -by))


scenes = st.builds(
    Scene,
    command=st.sampled_from(
        [SendMessage("lumotuwe2", "hi"), SendGroupMessage(GROUP, "hi"), Knock(), *UNRECOGNISED.values()]
    ),
    turns=st.lists(st.builds(Turn, st.sampled_from(sorted(UNDONE | DONE)), seconds, seconds), max_size=9),
    jumps=st.lists(st.tuples(st.floats(0.0, 400.0), st.floats(0.0, 400.0)), max_size=3),
    why=st.sampled_from(["asleep", "set back", "set forward"]),
    policy=st.builds(
        lambda attempts, pause: RetryPolicy(attempts, pause, pause, transport=True),
        st.integers(1, 9),
        st.sampled_from([0.0, 1.0, 50.0, 500.0]),
    ),
    limit=st.sampled_from([RateLimit(), RateLimit(1, 10.0), RateLimit(1, 70.0), RateLimit(1, 130.0)]),
    timeout=st.sampled_from([5.0, 119.0, 150.0, 5000.0]),
    attempt_timeout=st.sampled_from([5.0, 119.0, 150.0, 5000.0]),
)


@settings(max_examples=200, deadline=None)
@given(scene=scenes)
async def test_whatever_happens_the_work_is_done_at_most_once_and_the_outcome_is_true(scene: Scene) -> None:
    """Any codes and faults in any order, however long they take: one copy, and an error that says what is known."""
    service, outcome = await scene.play()
    done = service.copies > 0
    assert service.copies <= 1
    if isinstance(outcome, BaseException):
        assert isinstance(outcome, TimError)
        assert outcome.delivered in {None, done}
        assert outcome.attempts == len(service.times)
    else:
        assert done
        assert getattr(outcome, "msg_time", 1) == 1
    assert len(set(service.bodies)) <= 1
    assert len(service.times) <= scene.policy.attempts
    if scene.command not in UNRECOGNISED.values():
        assert all(when - service.times[0] < WINDOWS[scene.command.path] for when in service.times)


# -- what the caller is told


LAST: dict[str, Callable[[], Answer]] = {
    "a refusal": lambda: refused(20003),
    "a retried code": lambda: refused(20004),
    "an unreachable host": lambda: UnreachableError(SEND, "nobody listens"),
    "a request that did not go out": not_sent,
    "a lost answer": lost,
}


@pytest.mark.parametrize("last", LAST.values(), ids=list(LAST))
async def test_what_is_not_known_once_stays_unknown(last: Callable[[], Answer]) -> None:
    """Whatever the last attempt met, an earlier one may have done the work."""
    clock, service = FakeClock(), MemoryTransport(lost(), last())
    tim = session(service, clock, retry=RetryPolicy(attempts=2, transport=True))
    with pytest.raises(TimError) as caught:
        await clock.run(tim.messages.send("lumotuwe2", "hi"))
    assert (caught.value.attempts, caught.value.delivered) == (2, None)
    assert caught.value.__notes__ == ["after 2 attempts"]


@pytest.mark.parametrize(
    ("last", "known"), [("a refusal", False), ("an unreachable host", False), ("a lost answer", None)]
)
async def test_what_was_certainly_not_done_is_told(last: str, known: bool | None) -> None:  # noqa: FBT001  # not a flag
    """Where no attempt can have done the work, the error says so."""
    clock, service = FakeClock(), MemoryTransport(refused(91000), UnreachableError(SEND, "gone"), LAST[last]())
    tim = session(service, clock, retry=RetryPolicy(attempts=3, transport=True))
    with pytest.raises(TimError) as caught:
        await clock.run(tim.messages.send("lumotuwe2", "hi"))
    assert (caught.value.attempts, caught.value.delivered) == (3, known)


async def test_an_answer_that_cannot_be_read_settles_what_was_unknown() -> None:
    """The service said OK to the repeat, so the work is done."""
    clock, service = FakeClock(), MemoryTransport(lost(), {"ErrorCode": 0})
    with pytest.raises(DecodeError) as caught:
        await clock.run(session(service, clock, retry=AT_ONCE).messages.send("lumotuwe2", "hi"))
    assert (caught.value.attempts, caught.value.delivered) == (2, True)


async def test_a_call_that_succeeds_at_last_tells_nothing_of_the_failures() -> None:
    """The reply is the reply."""
    clock, service = FakeClock(), MemoryTransport(lost(), refused(20005), OK)
    sent = await clock.run(session(service, clock, retry=AT_ONCE).messages.send("lumotuwe2", "hi"))
    assert sent.msg_time == 1


async def test_each_retry_is_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """It names the command, the attempt that failed, the pause and the failure; the last failure is raised instead."""
    caplog.set_level(logging.INFO, "timrest_async")
    clock, service = FakeClock(), MemoryTransport(lost(), refused(20004), refused(20003))
    with pytest.raises(NotFoundError):
        await clock.run(session(service, clock, retry=AT_ONCE).messages.send("lumotuwe2", "hi"))
    first, second = (record.getMessage() for record in caplog.records)
    assert {(record.name, record.levelname) for record in caplog.records} == {("timrest_async", "INFO")}
    assert first == f"{SEND}: attempt 1 failed, another in 0 s: {SEND}: the connection broke"
    assert second.startswith(f"{SEND}: attempt 2 failed, another in 0 s: {SEND} was refused with 20004.")


async def test_an_attempt_that_would_be_too_late_says_so_of_its_command() -> None:
    """In a whole sentence, with the command that it is about; and one attempt is one attempt."""
    clock, service = FakeClock(), MemoryTransport(lost(), OK)
    tim = session(service, clock, retry=AT_ONCE, limits=RateLimiter(RateLimit(1, 10.0), clock=clock))
    clock.call_at(5.0, lambda: clock.set_wall_clock(clock.now() + 120.0))
    with pytest.raises(CallTimeoutError) as caught:
        await clock.run(tim.messages.send("lumotuwe2", "hi"))
    assert str(caught.value) == "openim/sendmsg: the time for it was over before this attempt went out"
    assert caught.value.__notes__ == ["after 1 attempt"]
