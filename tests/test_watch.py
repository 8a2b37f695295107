"""Who hears of each attempt: hooks and the log."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from timrest_async import (
    ApiError,
    Attempt,
    CallTimeoutError,
    DecodeError,
    InputError,
    NoPermitError,
    NotFoundError,
    RateLimit,
    RateLimiter,
    Reply,
    RetryPolicy,
    ServerError,
    TimSession,
    TransportError,
    UnreachableError,
)
from timrest_async._clock import sleep_until
from timrest_async.testing import FakeClock, MemoryTransport

if TYPE_CHECKING:
    from collections.abc import Callable

    from timrest_async import Hook
    from timrest_async._rates import Asking
    from timrest_async.testing import Answer

SEND = "openim/sendmsg"
KEY = "0123456789abcdef" * 4
WORDS = "words that nobody else may read"
OK = {"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0, "MsgTime": 1}
AT_ONCE = RetryPolicy(first_pause=0.0, longest_pause=0.0, transport=True)


class Listener:
    """A hook that keeps what it hears, in seconds without the clock's lateness."""

    def __init__(self, said: list[Any] | None = None, name: str = "") -> None:
        self.said: list[Any] = [] if said is None else said
        self._name = name

    def on_attempt(self, attempt: Attempt) -> None:
        """Keep it."""
        self._keep(evolve(attempt, wait=round(attempt.wait, 3)))

    def on_reply(self, reply: Reply) -> None:
        """Keep it."""
        self._keep(evolve(reply, wait=round(reply.wait, 3), duration=round(reply.duration, 3)))

    def _keep(self, heard: Attempt | Reply) -> None:
        self.said.append((self._name, type(heard)) if self._name else heard)

    @property
    def replies(self) -> list[Reply]:
        """What it heard of ends."""
        return [heard for heard in self.said if isinstance(heard, Reply)]


class Broken:
    """A hook with a mistake in it."""

    def on_attempt(self, _: Attempt) -> None:
        """Fail."""
        raise RuntimeError("no metrics today")

    def on_reply(self, _: Reply) -> None:
        """Fail."""
        raise RuntimeError("no traces today")


class Slow(MemoryTransport):
    """A service in memory that takes 3 seconds for each answer."""

    def __init__(self, clock: FakeClock, *answers: Answer) -> None:
        super().__init__(*answers)
        self._clock = clock

    async def post(self, path: str, usersig: str, body: bytes, timeout: float) -> bytes:  # noqa: ASYNC109  # a transport's
        """Answer, after a while."""
        await sleep_until(self._clock, self._clock.time() + 3.0)
        return await super().post(path, usersig, body, timeout)


def refused(code: int) -> dict[str, Any]:
    """Make the answer that refuses with *code*."""
    return {"ActionStatus": "FAIL", "ErrorInfo": "", "ErrorCode": code}


def session(service: MemoryTransport, clock: FakeClock, *hooks: Hook, **settings: Any) -> TimSession:
    """Open a session on *service* whose attempts *hooks* hear of."""
    usual: dict[str, Any] = {"sdkappid": 1400000000, "secret_key": KEY, "retry": AT_ONCE}
    return TimSession(transport=service, clock=clock, hooks=hooks, **(usual | settings))


# -- hooks


async def test_an_attempt_is_heard_of_when_it_goes_out_and_when_it_ends() -> None:
    """With its command, its number, how long it waited and how long it took."""
    clock, listener = FakeClock(), Listener()
    await clock.run(session(Slow(clock, OK), clock, listener).messages.send("lumotuwe2", WORDS))
    assert listener.said == [
        Attempt(command=SEND, attempt=1, wait=0.0),
        Reply(command=SEND, attempt=1, wait=0.0, duration=3.0, code=0, error=None),
    ]


async def test_every_attempt_of_a_call_is_heard_of() -> None:
    """Each with its own number, its own wait for a permit, and what came of it."""
    clock, listener = FakeClock(), Listener()
    service = Slow(clock, refused(20004), TransportError(SEND, "broken"), OK)
    tim = session(service, clock, listener, limits=RateLimiter(RateLimit(1, 10.0), clock=clock), timeout=100.0)
    await clock.run(tim.messages.send("lumotuwe2", WORDS))
    assert [heard for heard in listener.said if isinstance(heard, Attempt)] == [
        Attempt(command=SEND, attempt=1, wait=0.0),
        Attempt(command=SEND, attempt=2, wait=10.0),
        Attempt(command=SEND, attempt=3, wait=10.0),
    ]
    assert [(reply.attempt, reply.wait, reply.duration, reply.code) for reply in listener.replies] == [
        (1, 0.0, 3.0, 20004),
        (2, 10.0, 3.0, None),
        (3, 10.0, 3.0, 0),
    ]
    assert [type(reply.error) for reply in listener.replies] == [ServerError, TransportError, type(None)]


async def test_the_pause_before_a_retry_is_no_waiting_for_a_permit() -> None:
    """What an attempt waited for counts from the end of the pause."""
    clock, listener = FakeClock(), Listener()
    retry = RetryPolicy(first_pause=20.0, longest_pause=20.0)
    tim = session(MemoryTransport(refused(20004), OK), clock, listener, retry=retry)
    await clock.run(tim.messages.send("lumotuwe2", WORDS))
    assert [reply.wait for reply in listener.replies] == [0.0, 0.0]


ENDS: dict[str, tuple[Callable[[], Answer], int | None, type[Exception]]] = {
    "a refusal": (lambda: refused(20003), 20003, NotFoundError),
    "an unknown code": (lambda: refused(-7), -7, ApiError),
    "a broken connection": (lambda: TransportError(SEND, "broken"), None, TransportError),
    "a gateway": (lambda: TransportError(SEND, "HTTP 502", 502), None, TransportError),
    "no answer in time": (lambda: CallTimeoutError(SEND, "no answer"), None, CallTimeoutError),
    "no connection": (lambda: UnreachableError(SEND, "nobody listens"), None, UnreachableError),
    "no JSON": (lambda: b"<html>", None, TransportError),
    "not what was promised": (lambda: {"ErrorCode": 0}, None, DecodeError),
    "no code": (lambda: {"ErrorCode": "many"}, None, DecodeError),
}


@pytest.mark.parametrize(("answer", "code", "kind"), ENDS.values(), ids=list(ENDS))
async def test_however_an_attempt_ends_its_end_is_heard_of(
    answer: Callable[[], Answer], code: int | None, kind: type[Exception]
) -> None:
    """Once, with the code that was answered and the very error that is raised."""
    clock, listener = FakeClock(), Listener()
    tim = session(MemoryTransport(answer()), clock, listener, retry=RetryPolicy(attempts=1))
    with pytest.raises(kind) as caught:
        await clock.run(tim.messages.send("lumotuwe2", WORDS))
    (reply,) = listener.replies
    assert (reply.attempt, reply.code) == (1, code)
    assert reply.error is caught.value
    assert len(listener.said) == 2


async def test_an_error_of_a_transport_has_no_code_of_the_services() -> None:
    """Whatever a foreign exception calls its code, it is no ErrorCode."""

    class ForeignError(Exception):
        """An exception of a transport that somebody else wrote."""

        code = "E42"

    clock, listener = FakeClock(), Listener()
    with pytest.raises(ForeignError):
        await clock.run(session(MemoryTransport(ForeignError()), clock, listener).messages.send("lumotuwe2", WORDS))
    assert [reply.code for reply in listener.replies] == [None]


async def test_an_attempt_that_is_given_up_is_heard_of() -> None:
    """The hook gets the caller's cancellation, with how long the attempt took until then."""
    clock, listener = FakeClock(), Listener()
    call = asyncio.ensure_future(session(Slow(clock, OK), clock, listener).messages.send("lumotuwe2", WORDS))
    await clock.advance(2.0)
    call.cancel()
    await asyncio.wait({call})
    assert call.cancelled()
    (reply,) = listener.replies
    assert isinstance(reply.error, asyncio.CancelledError)
    assert (reply.duration, reply.code) == (2.0, None)


async def test_a_call_that_is_given_up_in_a_pause_ends_no_attempt_twice() -> None:
    """Between two attempts there is nothing to hear of."""
    clock, listener = FakeClock(), Listener()
    retry = RetryPolicy(first_pause=20.0, longest_pause=20.0)
    tim = session(MemoryTransport(refused(20004)), clock, listener, retry=retry)
    call = asyncio.ensure_future(tim.messages.send("lumotuwe2", WORDS))
    await clock.advance(0.0)
    call.cancel()
    await asyncio.wait({call})
    assert [type(heard) for heard in listener.said] == [Attempt, Reply]


async def test_a_call_that_never_went_out_is_not_heard_of() -> None:
    """One that cannot be written, one that finds no permit, and one that is given up while it waits for one."""
    clock, listener = FakeClock(), Listener()
    tim = session(MemoryTransport(OK), clock, listener, limits=RateLimiter(RateLimit(1, 100.0), clock=clock))
    with pytest.raises(InputError):
        await clock.run(tim.call(SEND, {"To_Account": object()}))
    with pytest.raises(InputError):
        await clock.run(tim.messages.send("", WORDS))
    await clock.run(tim.messages.send("lumotuwe2", WORDS))
    assert len(listener.said) == 2
    with pytest.raises(NoPermitError):
        await clock.run(tim.messages.send("lumotuwe2", WORDS))
    waiting = asyncio.ensure_future(tim.with_options(timeout=200.0).messages.send("lumotuwe2", WORDS))
    await clock.advance(1.0)
    waiting.cancel()
    await asyncio.wait({waiting})
    assert len(listener.said) == 2


async def test_an_attempt_whose_permit_came_too_late_is_not_heard_of() -> None:
    """It did not go out."""
    clock, listener = FakeClock(), Listener()

    class Late:
        """A limiter that gives a permit when the time is over."""

        default = RateLimit()

        def try_acquire(self, *_: object) -> None:
            """Have nothing at once."""

        async def acquire(self, _: int, __: Asking, deadline: float) -> Late:
            await sleep_until(clock, deadline)
            return self

        def heard(self, *_: object) -> None:
            """Take no note."""

        def release(self) -> None:
            """Keep it."""

    with pytest.raises(CallTimeoutError) as caught:
        await clock.run(session(MemoryTransport(), clock, listener, limits=Late()).messages.send("lumotuwe2", WORDS))
    assert (caught.value.attempts, caught.value.delivered) == (0, False)
    assert listener.said == []


async def test_several_hooks_hear_in_their_order() -> None:
    """First all of what goes out, then all of how it ended."""
    said: list[Any] = []
    clock = FakeClock()
    tim = session(MemoryTransport(OK), clock, Listener(said, "first"), Listener(said, "second"))
    await clock.run(tim.messages.send("lumotuwe2", WORDS))
    assert said == [("first", Attempt), ("second", Attempt), ("first", Reply), ("second", Reply)]


async def test_the_hooks_of_a_session_hear_of_its_views() -> None:
    """with_options changes limits, and not who listens."""
    clock, listener = FakeClock(), Listener()
    tim = session(MemoryTransport(OK, OK), clock, listener)
    await clock.run(tim.with_options(timeout=3.0).messages.send("lumotuwe2", WORDS))
    await clock.run(tim.accounts.import_one("lumotuwe1"))
    assert [reply.command for reply in listener.replies] == [SEND, "im_open_login_svc/account_import"]


async def test_a_crowd_is_heard_of_call_by_call() -> None:
    """Each of 50 calls at once goes out once and ends once."""
    clock, listener = FakeClock(), Listener()
    tim = session(Slow(clock, *[OK] * 50), clock, listener)
    await clock.run(asyncio.gather(*(tim.messages.send("lumotuwe2", WORDS) for _ in range(50))))
    assert [type(heard) for heard in listener.said].count(Attempt) == len(listener.replies) == 50


@pytest.mark.parametrize("answer", [OK, refused(20003)], ids=["a reply", "a refusal"])
async def test_a_hook_that_fails_is_logged_and_breaks_nothing(
    caplog: pytest.LogCaptureFixture, answer: dict[str, Any]
) -> None:
    """The call goes on as if it were not there, and the hooks before and after it hear all the same."""
    clock, before, after = FakeClock(), Listener(), Listener()
    tim = session(MemoryTransport(answer), clock, before, Broken(), after)
    (outcome,) = await clock.run(asyncio.gather(tim.messages.send("lumotuwe2", WORDS), return_exceptions=True))
    assert isinstance(outcome, NotFoundError) == (answer is not OK)
    assert len(before.said) == len(after.said) == 2
    assert [(record.name, record.levelname, record.getMessage()) for record in caplog.records] == [
        ("timrest_async", "ERROR", "a hook failed in on_attempt"),
        ("timrest_async", "ERROR", "a hook failed in on_reply"),
    ]
    assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info] == [
        "no metrics today",
        "no traces today",
    ]


# -- the log


async def test_an_attempt_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """What it was, how it ended, and how long that took."""
    caplog.set_level(logging.DEBUG, "timrest_async")
    clock = FakeClock()
    service = Slow(clock, refused(20004), CallTimeoutError(SEND, "no answer"), OK)
    tim = session(service, clock, limits=RateLimiter(RateLimit(1, 10.0), clock=clock), timeout=100.0)
    await clock.run(tim.messages.send("lumotuwe2", WORDS))
    ours = [record for record in caplog.records if record.name == "timrest_async"]
    lines = [record.getMessage() for record in ours if record.levelname == "DEBUG"]
    assert lines == [
        f"{SEND}: attempt 1: refused with 20004, 3 s after 0 s of waiting",
        f"{SEND}: attempt 2: CallTimeoutError, 3 s after 10 s of waiting",
        f"{SEND}: attempt 3: done, 3 s after 10 s of waiting",
    ]


async def test_an_attempt_that_is_given_up_is_a_line_too(caplog: pytest.LogCaptureFixture) -> None:
    """It says so."""
    caplog.set_level(logging.DEBUG, "timrest_async")
    clock = FakeClock()
    call = asyncio.ensure_future(session(Slow(clock, OK), clock).messages.send("lumotuwe2", WORDS))
    await clock.advance(2.0)
    call.cancel()
    await asyncio.wait({call})
    assert caplog.messages == [f"{SEND}: attempt 1: CancelledError, 2 s after 0 s of waiting"]


async def test_who_wants_no_details_gets_none(caplog: pytest.LogCaptureFixture) -> None:
    """At INFO there is no line for an attempt, only for a retry; the hooks hear of both attempts."""
    caplog.set_level(logging.INFO, "timrest_async")
    clock, listener = FakeClock(), Listener()
    await clock.run(session(MemoryTransport(refused(20004), OK), clock, listener).messages.send("lumotuwe2", WORDS))
    assert [record.levelname for record in caplog.records] == ["INFO"]
    assert len(listener.replies) == 2


@pytest.mark.parametrize("answer", [answer for answer, _, _ in ENDS.values()], ids=list(ENDS))
async def test_no_line_and_no_hook_shows_what_is_secret(
    caplog: pytest.LogCaptureFixture, answer: Callable[[], Answer]
) -> None:
    """Whatever goes wrong, neither words nor key nor UserSig are in any line, traceback or thing that a hook hears."""
    caplog.set_level(logging.DEBUG)
    clock, listener, service = FakeClock(), Listener(), MemoryTransport(refused(20004), answer())
    tim = session(service, clock, listener, Broken(), retry=RetryPolicy(attempts=2))
    with pytest.raises((ApiError, TransportError, DecodeError)):
        await clock.run(tim.messages.send("lumotuwe2", WORDS))
    shown = caplog.text + "".join(f"{heard!r}{heard}" for heard in listener.said)
    assert "attempt 2" in shown
    assert "Traceback" in shown
    assert [secret in shown for secret in (WORDS, KEY, str(service.calls[-1].usersig))] == [False] * 3
