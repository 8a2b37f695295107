"""Bulk runs as a whole, over a model of the service."""

from __future__ import annotations

import asyncio
import json
import math
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bulk.service import FAULTS, Notes, Service, accounts, collect, doubles, sends, session, slowly
from tests.windows import fullest
from timrest_async import ConfigError, InputError, RateLimit, RateLimiter
from timrest_async.bulk import OwnMessages, ToAccounts, ToGroups
from timrest_async.testing import FakeClock

if TYPE_CHECKING:
    from timrest_async.bulk import Outcome

CODES = [20004, 91000, 60007, 80001, 90012, 60015, 93000, 20003, 10002, 30007]
"""Codes of every kind: that pass, that leave doubt, that speak of the message, of one recipient, of their number."""

names = st.one_of(st.integers(0, 12).map(lambda n: f"@id{n}"), st.sampled_from(["", "x" * 60, "\ud800"]))
schedules = st.lists(st.sampled_from([None, None, None, *CODES, *FAULTS]), max_size=25)


def check(service: Service, recipients: list[str], outcomes: list[Outcome], duplicates: str, unknown: str) -> None:
    """Compare what was told with what the service delivered."""
    assert sorted(outcome.index for outcome in outcomes) == list(range(len(recipients)))
    for outcome in outcomes:
        assert outcome.recipient == recipients[outcome.index] or recipients[outcome.index] == "\ud800"
    by_name: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        by_name.setdefault(outcome.recipient, Counter())[outcome.status] += 1
    assert service.delivered.keys() <= by_name.keys()
    for one, told in by_name.items():
        got, maybe = service.delivered[one], told["unknown"] * (2 if unknown == "resend" else 1)
        twice = 2 if unknown == "resend" else 1
        assert told["sent"] <= got <= told["sent"] * twice + maybe
        assert duplicates == "keep" or told["sent"] + told["unknown"] <= 1


@settings(max_examples=200, deadline=None)
@given(
    kind=st.sampled_from(["accounts", "own", "groups"]),
    recipients=st.lists(names, max_size=40),
    faults=schedules,
    bad=st.sets(names, max_size=3),
    missing=st.sets(names, max_size=3),
    duplicates=st.sampled_from(["drop", "keep"]),
    unknown=st.sampled_from(["report", "resend"]),
    workers=st.integers(1, 6),
    delay=st.sampled_from([0.0, 0.3]),
)
def test_everybody_has_one_outcome_and_it_is_true(
    *,
    kind: str,
    recipients: list[str],
    faults: list[Any],
    bad: set[str],
    missing: set[str],
    duplicates: Any,
    unknown: Any,
    workers: int,
    delay: float,
) -> None:
    """Whatever the input holds and the service does: every recipient has one outcome; who was sent to has the message,
    who was refused has it not, and nobody has it twice unless that was asked for. The report counts the same.
    """

    async def live() -> None:
        clock = FakeClock()
        service = Service(clock, *faults, delay=delay)
        service.bad, service.missing = bad, missing
        run = session(service, clock).bulk.send(
            sends(kind, recipients), duplicates=duplicates, unknown=unknown, workers=workers
        )
        told, done = await clock.run(collect(run)), run.progress
        check(service, recipients, told, duplicates, unknown)
        assert Counter(outcome.status for outcome in told) == {k: v for k, v in done.counts.items() if v}
        assert (done.done, done.waiting) == (len(recipients), 0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(live())


async def test_a_report_sums_up() -> None:
    """The report of a run counts what became of all, and names those that were not sent."""
    clock, service, tim = doubles()
    service.missing = {"id3"}
    service.faults.extend([None, "lost"])
    report = await clock.run(tim.bulk.run(ToAccounts([*accounts(600), "id7", "x" * 33], "hi"), workers=1))
    assert (report.sent, report.refused, report.unknown, report.skipped) == (499, 2, 100, 1)
    assert report.total == 602
    assert len(report.not_sent) == 102
    assert {(outcome.recipient, outcome.code) for outcome in report.not_sent if outcome.status == "refused"} == {
        ("id3", 70107),
        ("x" * 33, None),
    }


async def test_a_report_names_a_thousand() -> None:
    """However many were not sent, a report names the first thousand: its size does not grow."""
    clock, _, tim = doubles()
    report = await clock.run(tim.bulk.run(ToAccounts(["x" * 33] * 1500, "hi"), duplicates="keep"))
    assert (report.refused, len(report.not_sent)) == (1500, 1000)


async def test_error_list_names_who_is_refused() -> None:
    """Whom a batch's ErrorList names is refused with the code, and all others are sent with the key of the message."""
    clock, service, tim = doubles()
    service.missing = {"id1", "id4"}
    outcomes = await clock.run(collect(tim.bulk.send(ToAccounts(accounts(6), "hi"))))
    assert [(one.status, one.code, one.msg_key) for one in outcomes] == [
        ("refused", 70107, None) if one in {1, 4} else ("sent", None, "key_1") for one in range(6)
    ]
    assert all(outcome.meaning and outcome.advice for outcome in outcomes if outcome.status == "refused")
    assert len(service.calls) == 1


async def test_three_bad_ones_among_thousands_cost_nobody_else() -> None:
    """Batches that are refused because of three ids are halved until exactly these are refused, in few calls."""
    clock, service, tim = doubles()
    service.bad = {"id17", "id2500", "id4999"}
    outcomes = await clock.run(collect(tim.bulk.send(ToAccounts(accounts(5000), "hi"))))
    assert {outcome.recipient for outcome in outcomes if outcome.status != "sent"} == service.bad
    assert {outcome.code for outcome in outcomes if outcome.recipient in service.bad} == {90012}
    assert len(outcomes) == sum(service.delivered.values()) + 3 == 5000
    assert len(service.calls) <= 10 + 3 * 2 * math.ceil(math.log2(500))


async def test_a_batch_that_weighs_more_than_the_limiter_lets_go_is_halved() -> None:
    """A limit on receivers that is smaller than a batch makes smaller batches, not refusals."""
    clock = FakeClock()
    service = Service(clock)
    limit = RateLimit(200, 1.0, weight="To_Account")
    tim = session(service, clock, limits=RateLimiter(further={"openim/batchsendmsg": [limit]}, clock=clock))
    report = await clock.run(tim.bulk.run(ToAccounts(accounts(1000), "hi")))
    assert (report.sent, report.total) == (1000, 1000)
    assert {len(call.whom) for call in service.calls} == {125}


async def test_what_speaks_of_the_message_is_not_halved() -> None:
    """A batch that is refused because of its message is refused in one call, for all of its recipients."""
    clock = FakeClock()
    service = Service(clock, 80001)
    report = await clock.run(session(service, clock).bulk.run(ToAccounts(accounts(500), "hi")))
    assert (report.refused, len(service.calls)) == (500, 1)
    assert {outcome.code for outcome in report.not_sent} == {80001}


@pytest.mark.parametrize("workers", [1, 3])
async def test_the_input_is_read_only_as_fast_as_outcomes_are_taken(workers: int) -> None:
    """Where nobody takes outcomes, no more is read than each worker carries and as many lists again as wait."""
    clock, service, tim = doubles()
    read: list[str] = []
    outcomes = aiter(tim.bulk.send(ToAccounts(slowly(accounts(50_000), read), "hi"), workers=workers))
    assert (await clock.run(anext(outcomes))).status == "sent"
    await clock.advance(100)
    assert workers * 500 <= len(read) <= (2 * workers + 1) * 500
    assert len(service.calls) * 500 == len(read)
    for _ in range(500):
        await clock.run(anext(outcomes))
    await clock.advance(100)
    assert len(read) <= (2 * workers + 2) * 500
    await outcomes.aclose()


async def test_the_input_is_read_only_as_fast_as_it_is_sent() -> None:
    """Where the service does not answer, each worker has read what it carries, and no more; that many are waiting."""
    clock, service, tim = doubles()
    service.open.clear()
    read: list[str] = []
    run = tim.bulk.send(ToAccounts(slowly(accounts(50_000), read), "hi"), workers=4)
    task = asyncio.create_task(collect(run))
    await clock.advance(100)
    assert (len(read), run.progress.waiting, service.under_way) == (2000, 2000, 4)
    run.stop()
    service.open.set()
    assert len(await clock.run(task)) == 2000
    assert (run.progress.waiting, run.progress.sent) == (0, 2000)


@pytest.mark.parametrize("until", ["sent", "answered"])
async def test_the_cap_is_full_and_never_passed(until: Any) -> None:
    """At a cap of 100 calls a second a run makes that many in every second, and never one more."""
    clock = FakeClock()
    service = Service(clock, delay=0.0 if until == "answered" else 0.2)
    limits = RateLimiter(RateLimit(100, count_until=until), clock=clock)
    report = await clock.run(session(service, clock, limits=limits).bulk.run(sends("own", accounts(1000))))
    times = [call.when for call in service.calls]
    assert report.sent == 1000
    assert 95 <= fullest(times) <= 100
    assert times[-1] < 10.5


async def test_the_receivers_of_a_minute_are_used_up_and_never_passed() -> None:
    """Batches use the 12,000 receivers of a minute to the last, and never one more."""
    clock, service, tim = doubles()
    report = await clock.run(tim.bulk.run(ToAccounts(accounts(36_000), "hi")))
    times = [call.when for call in service.calls]
    assert report.sent == 36_000
    assert fullest(times, 60.0) == 24
    assert 120 <= times[-1] < 123


@pytest.mark.parametrize(
    "wrong",
    [
        {"duplicates": "skip"},
        {"unknown": "retry"},
        {"workers": 0},
        {"workers": 2.0},
        {"workers": True},
        {"patience": 0},
        {"patience": math.nan},
    ],
)
async def test_settings_that_make_no_sense_are_told_at_once(wrong: dict[str, Any]) -> None:
    """A setting that cannot hold is refused when the run is made, by its name."""
    _, _, tim = doubles()
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        tim.bulk.send(ToAccounts(["id0"], "hi"), **wrong)


async def test_a_run_goes_once() -> None:
    """A second loop over the same run is refused, with what to do instead."""
    clock, service, tim = doubles()
    run = tim.bulk.send(ToAccounts(accounts(3), "hi"))
    await clock.run(run.report())
    with pytest.raises(ConfigError, match="begin another"):
        await run.report()
    assert len(service.calls) == 1


async def test_a_duplicate_ends_the_run_where_that_was_asked_for() -> None:
    """With duplicates="fail" the second of two ends the run before its batch goes out, and says where both stand."""
    clock, service, tim = doubles()
    with pytest.raises(InputError, match="'id3' stands in the input twice: item 3 and item 9"):
        await clock.run(tim.bulk.run(ToAccounts([*accounts(9), "id3"], "hi"), duplicates="fail"))
    assert service.calls == []


async def test_an_empty_input_makes_an_empty_report() -> None:
    """A run over nothing calls nobody."""
    clock, service, tim = doubles()
    report = await clock.run(tim.bulk.run(ToGroups([], "hi")))
    assert (report.total, report.not_sent, service.calls) == (0, (), [])


async def test_progress_can_be_looked_at_while_a_run_goes_on() -> None:
    """A run tells how many there are, how many came to an end, how fast, and how long it still takes."""
    clock, service, tim = doubles()
    run = tim.bulk.send(OwnMessages([(one, "hi") for one in accounts(1000)]), workers=10)
    assert (run.progress.total, run.progress.left, run.progress.rate) == (1000, None, 0.0)
    task = asyncio.create_task(collect(run))
    await clock.advance(5)
    assert run.progress.sent == pytest.approx(500, abs=20)
    assert run.progress.rate == pytest.approx(100, rel=0.1)
    assert run.progress.left == pytest.approx(5, rel=0.2)
    assert len(await clock.run(task)) == 1000
    assert (run.progress.done, run.progress.left, len(service.calls)) == (1000, 0, 1000)


@pytest.mark.parametrize("point", range(1, 40, 3))
async def test_a_journal_that_fails_at_any_point_loses_nobody(point: int) -> None:
    """Whenever a run's journal fails, another run with it brings everybody to one outcome, and nobody has it twice."""
    clock = FakeClock()
    service, notes = Service(clock, None, 60007, None, "lost", delay=0.1), Notes()
    left = iter(range(point))

    def fail_in_the_end(deed: str) -> None:
        if next(left, None) is None and deed != "close":
            raise OSError("the disk is gone")

    notes.on_deed = fail_in_the_end
    tim = session(service, clock)
    with pytest.raises(OSError, match="the disk is gone"):
        await clock.run(tim.bulk.run(sends("own", accounts(12)), journal=notes, workers=3))
    notes.on_deed = lambda _: None
    report = await clock.run(tim.bulk.run(sends("own", accounts(12)), journal=notes, workers=3))
    assert (report.sent, sorted(notes.outcomes)) == (12, list(range(12)))
    assert service.delivered == dict.fromkeys(accounts(12), 1)


def test_bulk_is_loaded_when_it_is_first_used() -> None:
    """Importing the library loads neither bulk nor sqlite3; the session's bulk does."""
    code = (
        "import json, sys, timrest_async as t; before = [*sys.modules];"
        " t.TimSession(1400000000, secret_key='key').bulk; print(json.dumps([before, [*sys.modules]]))"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)  # noqa: S603  # our own words
    before, after = map(set, json.loads(ran.stdout))
    assert not {"sqlite3", "timrest_async.bulk"} & before
    assert after >= {"sqlite3", "timrest_async.bulk"}
