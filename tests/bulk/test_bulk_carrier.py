"""How one chunk comes to its end: what is waited out, repeated, halved and refused."""

from __future__ import annotations

import math
import random
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.bulk.service import Arrival, Notes, Service, accounts, collect, sends, session
from timrest_async import (
    ApiError,
    AuthenticationError,
    NoPermitError,
    PermissionDeniedError,
    RateLimit,
    RateLimiter,
    TimError,
    TimSession,
    TooOftenError,
    TransportError,
    UnreachableError,
)
from timrest_async._error_codes import ERROR_CODES
from timrest_async.bulk import Progress, ToAccounts
from timrest_async.bulk.carrier import Carrier, Orders
from timrest_async.bulk.journal import NoJournal
from timrest_async.retry import RETRIED_CODES
from timrest_async.testing import FakeClock, MemoryTransport

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from timrest_async.bulk import Outcome
    from timrest_async.limits import Permit
    from timrest_async.transport import Transport

RATE_CODES = sorted(code for code, meaning in ERROR_CODES.items() if meaning.category == "rate_limit")
AUTH_CODES = sorted(code for code, meaning in ERROR_CODES.items() if meaning.category == "auth")
KINDS = ["accounts", "own", "groups"]


async def send_one(clock: FakeClock, service: Service, kind: str = "own", **settings: Any) -> Outcome:
    """Send to one recipient and return the outcome."""
    run = session(service, clock).bulk.send(sends(kind, ["id0"]), **settings)
    (outcome,) = await clock.run(collect(run))
    assert run.progress.waiting == 0
    return outcome


@pytest.mark.parametrize("fault", [*RATE_CODES, *sorted(RETRIED_CODES), "unreachable", "dropped"])
@pytest.mark.parametrize("kind", KINDS)
async def test_what_passes_is_waited_out(kind: str, fault: Any) -> None:
    """Rate codes, retried codes, a missing connection and a group's own cap are waited out and not reported."""
    clock = FakeClock()
    service = Service(clock, fault, fault, fault)
    outcome = await send_one(clock, service, kind)
    assert (outcome.status, outcome.code, outcome.attempts, len(service.calls)) == ("sent", None, 4, 4)
    assert service.delivered == {"id0": 1}


@pytest.mark.parametrize("fault", ["502", "502 undone", "garbage", "garbage undone", "lost", "lost undone"])
@pytest.mark.parametrize("kind", ["own", "groups"])
async def test_a_lost_answer_is_asked_for_again(kind: str, fault: str) -> None:
    """Where no usable answer came, the same bytes go out again, and the message arrives once."""
    clock = FakeClock()
    service = Service(clock, fault, fault)
    outcome = await send_one(clock, service, kind)
    assert (outcome.status, outcome.attempts, service.delivered) == ("sent", 3, {"id0": 1})
    assert len({call.body for call in service.calls}) == 1


@pytest.mark.parametrize("fault", ["502", "502 undone", "garbage", "lost", "lost undone"])
async def test_a_batch_without_an_answer_is_unknown(fault: str) -> None:
    """The service promises nothing about a repeated batch, so a lost answer leaves all its recipients unknown."""
    clock = FakeClock()
    service = Service(clock, fault)
    outcomes = await clock.run(collect(session(service, clock).bulk.send(ToAccounts(accounts(3), "hi"))))
    assert [(outcome.status, outcome.attempts) for outcome in outcomes] == [("unknown", 1)] * 3
    assert len(service.calls) == 1
    assert outcomes[0].info


@pytest.mark.parametrize(("kind", "status"), [("accounts", "sent"), ("own", "sent"), ("groups", "sent")])
async def test_a_receipt_that_cannot_be_read_is_one(kind: str, status: str) -> None:
    """An answer that says yes and lacks the rest tells of one recipient that it was sent."""
    clock = FakeClock()
    service = Service(clock, "unreadable")
    outcome = await send_one(clock, service, kind)
    assert (outcome.status, outcome.msg_key, len(service.calls)) == (status, None, 1)


async def test_a_receipt_of_many_that_cannot_be_read_says_nothing() -> None:
    """An answer to a batch that says yes and lacks the rest may have named some in ErrorList: all are unknown."""
    clock = FakeClock()
    service = Service(clock, "unreadable")
    outcomes = await clock.run(collect(session(service, clock).bulk.send(ToAccounts(accounts(3), "hi"))))
    assert [outcome.status for outcome in outcomes] == ["unknown"] * 3


async def test_a_dropped_message_goes_to_the_group_with_another_random() -> None:
    """A group's message that its cap swallowed is sent as another one, since a repeat would be dropped as such."""
    clock = FakeClock()
    service = Service(clock, "dropped", "dropped")
    assert (await send_one(clock, service, "groups")).status == "sent"
    assert len({call.numbers for call in service.calls}) == 3


async def test_what_was_not_taken_is_repeated_with_its_numbers() -> None:
    """A call that was refused for a while goes out again as the same bytes."""
    clock = FakeClock()
    service = Service(clock, 20004, 60007, "unreachable")
    await send_one(clock, service)
    assert len({call.body for call in service.calls}) == 1


async def test_pauses_grow_up_to_half_a_minute() -> None:
    """The pause after trouble number n is at most half a second times 2 ** (n - 1), and at most 30 seconds."""
    random.seed(5)
    clock = FakeClock()
    service = Service(clock, *["unreachable"] * 30)
    assert (await send_one(clock, service)).status == "sent"
    times = [call.when for call in service.calls]
    pauses = [after - before for before, after in pairwise(times)]
    assert len(pauses) == 30
    assert all(pause <= min(0.5 * 2**tries, 30) + 0.02 for tries, pause in enumerate(pauses))
    assert max(pauses[:4]) <= 4
    assert max(pauses[6:]) > 15


@pytest.mark.parametrize(("code", "seconds"), [(60007, 1.0), (70050, 60.0)])
async def test_a_rate_code_is_waited_out_as_long_as_its_command_is_closed(code: int, seconds: float) -> None:
    """After a rate code the next attempt goes out when the limiter opens the command again."""
    clock = FakeClock()
    service = Service(clock, code)
    await send_one(clock, service)
    first, second = service.calls
    assert second.when - first.when == pytest.approx(seconds, abs=0.1)


class Refusing:
    """A limiter that turns calls away at first."""

    def __init__(self, clock: FakeClock, *retry_after: float | None) -> None:
        self._inner = RateLimiter(clock=clock)
        self._retry_after = list(retry_after)

    @property
    def default(self) -> RateLimit:
        """The usual one."""
        return self._inner.default

    def try_acquire(self, sdkappid: int, command: Any) -> Permit | None:
        """Turn the call away, or let it go."""
        if self._retry_after:
            raise NoPermitError(command.path, "not in this time", self._retry_after.pop(0))
        return self._inner.try_acquire(sdkappid, command)

    def acquire(self, sdkappid: int, command: Any, deadline: float = math.inf) -> Awaitable[Permit]:
        """Wait as usual."""
        return self._inner.acquire(sdkappid, command, deadline)

    def heard(self, sdkappid: int, command: Any, failure: TimError) -> None:
        """Take note as usual."""
        self._inner.heard(sdkappid, command, failure)


async def test_no_permit_is_waited_out() -> None:
    """A limiter that turns a call away is asked again when it said, and no attempt is counted for it."""
    clock = FakeClock()
    service = Service(clock)
    tim = session(service, clock, limits=Refusing(clock, 7.0, None, 50.0))
    (outcome,) = await clock.run(collect(tim.bulk.send(sends("own", ["id0"]))))
    assert (outcome.status, outcome.attempts, len(service.calls)) == ("sent", 1, 1)
    assert 57 <= service.calls[0].when < 58


async def test_what_holds_up_is_shown_until_calls_go_through() -> None:
    """While trouble is waited out, held_up_by tells which; when a call goes through it tells nothing."""
    clock = FakeClock()
    service = Service(clock, 60007)
    run = session(service, clock).bulk.send(sends("own", ["id0"]))
    seen: list[TimError | None] = []
    service.on_call = lambda _: seen.append(run.progress.held_up_by)
    await clock.run(collect(run))
    first, second = seen
    assert (first, run.progress.held_up_by) == (None, None)
    assert isinstance(second, TooOftenError)


async def test_who_alone_is_in_trouble_is_refused_when_patience_ends() -> None:
    """A recipient for whom it never works, while others go through, is refused with the code after the patience."""
    clock = FakeClock()
    service = Service(clock)
    service.always["id3"] = 20004
    tim = session(service, clock, limits=RateLimiter(RateLimit(1), clock=clock))
    run = tim.bulk.send(sends("own", accounts(60)), workers=3, patience=20)
    outcomes = {outcome.recipient: outcome for outcome in await clock.run(collect(run))}
    assert (outcomes["id3"].status, outcomes["id3"].code) == ("refused", 20004)
    assert len(outcomes) == 60
    assert run.progress.sent == 59
    tried = [call.when for call in service.calls if call.whom == ["id3"]]
    assert 20 <= tried[-1] - tried[0] < 60


async def test_patience_begins_with_the_trouble() -> None:
    """However long a call waits for its permit: the patience is counted from when it was first held up."""
    clock = FakeClock()
    service, limits = Service(clock), RateLimiter(RateLimit(1, 30.0), clock=clock)
    service.on_call = lambda call: service.faults.append(20004) if call.whom == ["id4"] and limited() else None

    def limited() -> bool:
        return sum(call.whom == ["id4"] for call in service.calls) == 1

    run = session(service, clock, limits=limits).bulk.send(sends("own", accounts(5)), workers=5, patience=60)
    outcomes = await clock.run(collect(run))
    assert [outcome.status for outcome in outcomes] == ["sent"] * 5
    assert sum(call.whom == ["id4"] for call in service.calls) == 2


async def test_trouble_of_all_ends_the_run_when_patience_ends() -> None:
    """Where nothing goes through for as long as the patience, the run ends with the error and how far it came."""
    clock = FakeClock()
    service, notes = Service(clock), Notes()
    service.on_call = lambda _: service.faults.append(60007) if len(service.calls) > 3 else None
    with pytest.raises(TooOftenError, match="60007") as raised:
        await clock.run(session(service, clock).bulk.run(sends("own", accounts(20)), workers=3, journal=notes))
    assert raised.value.__notes__[-1] == "the run stopped; before that: 3 sent"
    assert 600 <= clock.time() < 700
    assert (notes.begun, len(notes.outcomes), sum(service.delivered.values())) == ([], 3, 3)


async def test_an_outage_refuses_nobody() -> None:
    """Who could not be reached just before the last answers came is not refused: the run ends with the outage."""
    clock = FakeClock()
    service, notes = Service(clock), Notes()

    def outage(call: Arrival) -> None:
        service.delay = 0.0 if call.whom == ["id0"] else 5.0
        service.faults.append("unreachable" if call.whom == ["id0"] else None)

    service.on_call = outage
    run = session(service, clock).bulk.send(sends("own", accounts(3)), workers=3, journal=notes)
    with pytest.raises(UnreachableError, match="nobody listens"):
        await clock.run(collect(run))
    assert run.progress.counts == {"sent": 2, "refused": 0, "unknown": 0, "skipped": 0}
    assert (notes.begun, len(notes.outcomes)) == ([], 2)


@pytest.mark.parametrize("code", [*AUTH_CODES, 10008, 60010, 60021, 90009])
async def test_no_right_to_anything_ends_the_run_at_once(code: int) -> None:
    """A code that says who may not call at all ends the run with the first answer."""
    clock = FakeClock()
    service, notes = Service(clock, code), Notes()
    with pytest.raises(ApiError, match=str(code)) as raised:
        await clock.run(session(service, clock).bulk.run(sends("own", accounts(20)), workers=1, journal=notes))
    assert isinstance(raised.value, AuthenticationError | PermissionDeniedError)
    assert (len(service.calls), notes.begun, clock.time()) == (1, [], 0.0)


async def test_a_wrong_gateway_ends_the_run_when_patience_ends() -> None:
    """An answer by which surely nothing was done, such as a 404 of another host, is waited out like no connection."""
    clock, missing = FakeClock(), TransportError("openim/sendmsg", "HTTP 404 in place of 200", 404)
    missing.delivered = False
    service = MemoryTransport(*[missing] * 1000)
    with pytest.raises(TransportError, match="404"):
        await clock.run(session(service, clock).bulk.run(sends("own", ["id0"])))
    assert len(service.calls) > 30


@pytest.mark.parametrize("kind", KINDS)
async def test_a_refusal_is_told_with_its_code(kind: str) -> None:
    """What the service does not take is refused, with its code and its words, after one call."""
    clock = FakeClock()
    service = Service(clock, 80001)
    outcome = await send_one(clock, service, kind)
    assert (outcome.status, outcome.code, outcome.info, outcome.attempts) == ("refused", 80001, "this is 80001", 1)
    assert outcome.meaning
    assert len(service.calls) == 1


@pytest.mark.parametrize("code", [80001, 90012])
async def test_the_refusal_of_a_repeat_is_unknown(code: int) -> None:
    """Where the answer was lost and the repeat is refused, the first may have been taken: nobody knows."""
    clock = FakeClock()
    service = Service(clock, "lost", code)
    outcome = await send_one(clock, service)
    assert (outcome.status, outcome.code, outcome.attempts) == ("unknown", code, 2)


@pytest.mark.parametrize(("kind", "window"), [("own", 0.95 * 120), ("groups", 0.95 * 300)])
async def test_repeats_stay_in_the_window(kind: str, window: float) -> None:
    """However often no answer comes, repeats go out only while the service promises to drop them: then, unknown."""
    clock = FakeClock()
    service = Service(clock, *["lost"] * 1000, delay=3.0)
    outcome = await send_one(clock, service, kind, patience=1)
    times = [call.when for call in service.calls]
    assert outcome.status == "unknown"
    assert outcome.attempts == len(times)
    assert window / 2 < times[-1] - times[0] < window
    assert service.delivered == {"id0": 1}
    assert len({call.body for call in service.calls}) == 1


async def test_a_repeat_gives_up_where_its_permit_comes_too_late() -> None:
    """A repeat whose permit would come after the window has closed does not go out."""
    clock = FakeClock()
    service = Service(clock, "lost")
    tim = session(service, clock, limits=RateLimiter(RateLimit(1, 200.0), clock=clock))
    (outcome,) = await clock.run(collect(tim.bulk.send(sends("own", ["id0"]))))
    assert (outcome.status, len(service.calls)) == ("unknown", 1)


@pytest.mark.parametrize(("step", "calls"), [(0, 2), (100, 2), (115, 1), (5000, 1), (-3600, 1)])
async def test_the_window_is_counted_by_the_clock_that_went_farther(step: float, calls: int) -> None:
    """A wall clock that was set forward, as after a sleep of the machine, closes the window; one that went back too."""
    clock = FakeClock()
    service = Service(clock, "lost")
    service.on_answer = lambda _: clock.set_wall_clock(clock.now() + step) if len(service.calls) == 1 else None
    outcome = await send_one(clock, service)
    assert (outcome.status, len(service.calls)) == ("sent" if calls == 2 else "unknown", calls)


async def test_a_wall_clock_that_was_set_back_a_little_keeps_no_window_open() -> None:
    """Where Unix time was set back while the first answer was waited for, the monotonic clock closes the window."""
    clock = FakeClock()
    service = Service(clock, *["lost"] * 9, delay=100.0)
    service.on_answer = lambda _: clock.set_wall_clock(clock.now() - 99) if len(service.calls) == 1 else None
    outcome = await send_one(clock, service)
    assert (outcome.status, len(service.calls)) == ("unknown", 2)


async def test_a_window_begins_with_what_may_have_arrived() -> None:
    """What was surely not taken does not age: the window begins with the attempt whose answer was lost."""
    clock = FakeClock()
    service = Service(clock, *["unreachable"] * 20, "lost", "lost")
    outcome = await send_one(clock, service)
    assert (outcome.status, service.delivered) == ("sent", {"id0": 1})
    assert service.calls[20].when > 120


@pytest.mark.parametrize("waits", [60007, "unreachable", 20004])
async def test_trouble_with_a_repeat_leaves_the_doubt(waits: Any) -> None:
    """A repeat that is held up says nothing of the first attempt: the same bytes go out later, in the same window."""
    clock = FakeClock()
    service, notes = Service(clock, "lost", waits, waits), Notes()
    outcome = await send_one(clock, service, journal=notes)
    assert (outcome.status, len({call.body for call in service.calls}), len(service.calls)) == ("sent", 1, 4)
    assert [deed for deed, _ in notes.deeds] == ["open", "plan", "begin", "begun", "settle", "close"]


@pytest.mark.parametrize("kind", KINDS)
async def test_resend_sends_once_more_as_another_message(kind: str) -> None:
    """With unknown="resend", what the service would not tell as a repeat goes out once more with other numbers."""
    clock = FakeClock()
    service = Service(clock, "lost undone")
    service.on_answer = lambda _: clock.set_wall_clock(clock.now() + 400)  # by that no window is open
    outcome = await send_one(clock, service, kind, unknown="resend")
    first, second = service.calls
    assert (outcome.status, outcome.attempts, service.delivered) == ("sent", 2, {"id0": 1})
    assert first.numbers != second.numbers
    assert (first.path, first.whom) == (second.path, second.whom)


@pytest.mark.parametrize("kind", KINDS)
async def test_resend_does_not_go_on_for_ever(kind: str) -> None:
    """What is lost again after it was sent once more is unknown; never are there more than two pairs of numbers."""
    clock = FakeClock()
    service = Service(clock, *["lost"] * 1000, delay=3.0)
    outcome = await send_one(clock, service, kind, unknown="resend")
    assert (outcome.status, service.delivered["id0"], len({call.numbers for call in service.calls})) == (
        "unknown",
        2,
        2,
    )


@pytest.mark.parametrize("code", [80001, 90012])
async def test_the_refusal_of_what_was_sent_once_more_is_unknown(code: int) -> None:
    """Where the answer was lost and what was sent once more is refused, the first may have been taken: unknown."""
    clock = FakeClock()
    service = Service(clock, "lost", code)
    run = session(service, clock).bulk.send(ToAccounts(accounts(3), "hi"), unknown="resend")
    outcomes = await clock.run(collect(run))
    assert [(outcome.status, outcome.code) for outcome in outcomes] == [("unknown", code)] * 3
    assert len(service.calls) == 2


async def test_who_is_named_when_it_was_sent_once_more_is_unknown() -> None:
    """Whom ErrorList names after a batch was sent once more may have the first of both."""
    clock = FakeClock()
    service = Service(clock, "lost")
    service.missing.add("id1")
    run = session(service, clock).bulk.send(ToAccounts(accounts(3), "hi"), unknown="resend")
    outcomes = await clock.run(collect(run))
    assert [(one.status, one.code) for one in outcomes] == [("sent", None), ("unknown", 70107), ("sent", None)]


async def test_what_was_sent_once_more_stays_in_doubt_in_the_journal() -> None:
    """A batch that is sent once more and held up is not written down as one of which the service has nothing."""
    clock = FakeClock()
    service, notes = Service(clock, "lost", 20004, 60007), Notes()
    assert (await send_one(clock, service, "accounts", unknown="resend", journal=notes)).status == "sent"
    assert [deed for deed, _ in notes.deeds if deed in {"begin", "withdraw"}] == ["begin"] * 4


async def test_who_is_held_up_after_it_was_sent_once_more_is_unknown() -> None:
    """What was sent once more and does not go through in the end may have arrived the first time: unknown."""
    clock = FakeClock()
    service = Service(clock)
    service.always["id3"] = "lost"
    service.on_answer = lambda call: service.always.update(id3=20004) if call.whom == ["id3"] else None
    tim = session(service, clock, limits=RateLimiter(RateLimit(1), clock=clock))
    run = tim.bulk.send(sends("own", accounts(250)), workers=2, patience=20, unknown="resend")
    outcomes = {outcome.recipient: outcome for outcome in await clock.run(collect(run))}
    assert (outcomes["id3"].status, outcomes["id3"].code, service.delivered["id3"]) == ("unknown", 20004, 1)
    assert run.progress.sent == 249


async def test_the_journal_knows_before_the_first_byte() -> None:
    """No call goes out before the journal has returned from begin, with the numbers that the call has."""
    clock = FakeClock()
    service, notes = Service(clock), Notes(clock, syncing=2.0)
    job = sends("own", accounts(9))
    known: list[bool] = []

    def look(_: object) -> None:
        call = service.calls[-1]
        (chunk,) = (chunk for chunk in notes.chunks.values() if chunk.recipients == tuple(call.whom))
        known.append(("begun", chunk.start) in notes.deeds and call.numbers == (chunk.seq, chunk.random))

    service.on_call = look
    await clock.run(session(service, clock).bulk.run(job, workers=4, journal=notes))
    assert known == [True] * 9


async def test_what_waits_for_a_permit_is_not_begun() -> None:
    """A call that waits for the limiter is planned in the journal, and not begun."""
    clock = FakeClock()
    service, notes = Service(clock), Notes()
    tim = session(service, clock, limits=RateLimiter(RateLimit(1, 10.0), clock=clock))
    begun: list[int] = []
    service.on_call = lambda _: begun.append(sum(deed == "begin" for deed, _ in notes.deeds))
    await clock.run(tim.bulk.run(sends("own", accounts(5)), workers=5, journal=notes))
    assert begun == [1, 2, 3, 4, 5]
    steps = [deed for deed, _ in notes.deeds if deed in {"plan", "begin"}]
    assert steps == ["plan", "begin", *["plan"] * 4, *["begin"] * 4]


async def test_a_refusal_for_a_while_is_withdrawn_from_the_journal() -> None:
    """A call of which the service surely has nothing is not begun in the journal while it waits."""
    clock = FakeClock()
    service, notes = Service(clock, 20004), Notes()
    await send_one(clock, service, journal=notes)
    deeds = ["open", "plan", "begin", "begun", "withdraw", "begin", "begun", "settle", "close"]
    assert [deed for deed, _ in notes.deeds] == deeds


async def test_the_view_of_a_carrier_closes_what_it_stands_before() -> None:
    """A carrier's transport hands on that the session lets go, as every transport does."""
    clock, service = FakeClock(), MemoryTransport()
    made: list[Transport] = []

    class Watched(TimSession):
        def through(self, around: Callable[[Transport], Transport], /) -> TimSession:
            def watched(inner: Transport) -> Transport:
                made.append(around(inner))
                return made[-1]

            return super().through(watched)

    job = sends("own", [])
    tim = Watched(1400000000, secret_key="key", transport=service, clock=clock)
    Carrier(tim, Orders(job, NoJournal(), clock, Progress(clock, None), "report", 600.0))
    await made[0].close()
    assert service.closed
