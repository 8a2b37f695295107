"""Which refusals are tried again, and how."""

from __future__ import annotations

import asyncio
import contextlib
import math
from typing import TYPE_CHECKING, Any

import pytest

from timrest_async import (
    ApiError,
    ConfigError,
    NoPermitError,
    NotFoundError,
    RateLimitedError,
    RetryPolicy,
    ServerError,
    TimSession,
    TransportError,
)
from timrest_async._error_codes import ERROR_CODES
from timrest_async.retry import RETRIED_CODES
from timrest_async.testing import Call, FakeClock, MemoryTransport

if TYPE_CHECKING:
    from timrest_async import TimError
    from timrest_async._rates import Asking

OK = {"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0, "MsgTime": 1}


def refused(code: int) -> dict[str, Any]:
    """Make the answer that refuses with *code*."""
    return {"ActionStatus": "FAIL", "ErrorInfo": "no", "ErrorCode": code}


def session(service: MemoryTransport, clock: FakeClock, **settings: Any) -> TimSession:
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
