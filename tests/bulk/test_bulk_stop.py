"""How a bulk run ends before its input does, and how another goes on."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import Counter
from contextlib import aclosing, closing, suppress
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bulk.service import FAULTS, Notes, Service, accounts, collect, doubles, sends, session, slowly
from timrest_async import AuthenticationError, PermissionDeniedError, RateLimit, RateLimiter
from timrest_async.bulk import JournalError, OwnMessages, SqliteJournal, ToAccounts
from timrest_async.testing import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from timrest_async.bulk import Outcome, Run


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Look for threads that a test left behind."""
    before = threading.enumerate()
    yield
    left = [thread.name for thread in threading.enumerate() if thread not in before]
    assert [name for name in left if not name.startswith("asyncio_")] == []


@pytest.fixture
async def no_task_is_left() -> Any:
    """Return a way to tell that no task is left but those that were there before."""
    before = asyncio.all_tasks()

    def tell() -> None:
        assert asyncio.all_tasks() - before <= {asyncio.current_task()}

    return tell


async def started(run: Run, clock: FakeClock) -> asyncio.Task[list[Outcome]]:
    """Start to take the outcomes of *run*, and let everything happen that can at once."""
    task = asyncio.create_task(collect(run))
    await clock.advance(1)
    return task


async def test_stop_lets_calls_be_answered_and_sends_nothing_more(no_task_is_left: Any) -> None:
    """Calls that are under way when a run is stopped are answered and told of; no other goes out."""
    clock, service, tim = doubles()
    service.open.clear()
    notes = Notes()
    run = tim.bulk.send(sends("own", accounts(20)), workers=3, journal=notes)
    task = await started(run, clock)
    run.stop()
    await clock.advance(1)
    assert (service.under_way, task.done()) == (3, False)
    service.open.set()
    outcomes = await clock.run(task)
    assert [outcome.recipient for outcome in outcomes] == ["id0", "id1", "id2"]
    assert all(outcome.status == "sent" for outcome in outcomes)
    assert (len(service.calls), len(notes.outcomes), notes.begun, notes.opened) == (3, 3, [], 0)
    no_task_is_left()


async def test_a_run_that_is_stopped_first_sends_nothing() -> None:
    """A run that is stopped before its loop begins reads and sends nothing."""
    clock, service, tim = doubles()
    read: list[str] = []
    run = tim.bulk.send(ToAccounts(slowly(accounts(5), read), "hi"))
    run.stop()
    assert (await clock.run(collect(run)), service.calls, read) == ([], [], [])


async def test_workers_that_have_not_begun_can_be_stopped() -> None:
    """A run that is stopped in the moment before its first worker runs ends without an error."""
    _, service, tim = doubles()
    run = tim.bulk.send(ToAccounts(accounts(5), "hi"))
    asyncio.get_running_loop().call_soon(run.stop)  # stands before the workers in the loop's line
    assert (await collect(run), service.calls) == ([], [])


async def test_who_waits_for_a_permit_is_stopped_at_once() -> None:
    """What waits for the limiter when a run is stopped is not sent, and not begun in the journal."""
    clock = FakeClock()
    service, notes = Service(clock), Notes()
    tim = session(service, clock, limits=RateLimiter(RateLimit(1, 3600.0), clock=clock))
    run = tim.bulk.send(sends("own", accounts(5)), workers=5, journal=notes)
    task = await started(run, clock)
    run.stop()
    assert len(await task) == 1
    assert (len(service.calls), notes.begun, len(notes.chunks)) == (1, [], 5)


@pytest.mark.parametrize("fault", [60007, 20004, "unreachable"])
async def test_what_is_refused_for_a_while_is_not_tried_again_after_stop(fault: Any) -> None:
    """A call that is under way when a run is stopped, and then has to wait, is left to another run, as not begun."""
    clock, service, tim = doubles()
    service.open.clear()
    service.faults.append(fault)
    notes = Notes()
    run = tim.bulk.send(ToAccounts(accounts(5), "hi"), journal=notes)
    task = await started(run, clock)
    run.stop()
    service.open.set()
    assert await task == []  # by itself: the clock stands still
    assert (len(service.calls), notes.begun, notes.outcomes) == (1, [], {})


async def test_what_pauses_is_stopped_at_once() -> None:
    """A chunk that is in a pause when the run is stopped is left to another run."""
    clock, service, tim = doubles()
    service.faults.append(70050)  # closes the command for a minute
    notes = Notes()
    run = tim.bulk.send(ToAccounts(accounts(5), "hi"), journal=notes)
    task = await started(run, clock)
    run.stop()
    assert await task == []
    assert (len(service.calls), notes.begun) == (1, [])


async def test_a_batch_is_not_halved_after_stop() -> None:
    """A batch that is refused for one of its recipients after the run was stopped stays as two halves, not begun."""
    clock, service, tim = doubles()
    service.bad.add("id3")
    service.open.clear()
    notes = Notes()
    run = tim.bulk.send(ToAccounts(accounts(8), "hi"), journal=notes)
    task = await started(run, clock)
    run.stop()
    service.open.set()
    assert await task == []
    assert (len(service.calls), notes.begun, sorted(notes.chunks)) == (1, [], [0, 4])


async def test_a_half_that_waits_for_a_permit_is_stopped() -> None:
    """A half that waits for its permit is not under way: it is not sent after the run was stopped."""
    clock = FakeClock()
    service, notes = Service(clock), Notes()
    service.bad.add("id3")
    tim = session(service, clock, limits=RateLimiter(RateLimit(1, 3600.0), clock=clock))
    run = tim.bulk.send(ToAccounts(accounts(8), "hi"), journal=notes, workers=2)
    task = await started(run, clock)
    run.stop()
    assert await task == []
    assert (len(service.calls), notes.begun, sorted(notes.chunks)) == (1, [], [0, 4])


async def test_what_the_journal_begins_when_the_run_is_stopped_is_under_way() -> None:
    """A call whose beginning is being written down when the run is stopped goes out and is told of."""
    clock = FakeClock()
    service, notes = Service(clock), Notes(clock, syncing=5.0)
    run = session(service, clock).bulk.send(ToAccounts(accounts(5), "hi"), journal=notes)
    task = await started(run, clock)
    assert notes.deeds[-1] == ("begin", 0)
    run.stop()
    assert [outcome.status for outcome in await clock.run(task)] == ["sent"] * 5
    assert notes.begun == []


async def test_outcomes_that_need_no_call_are_told_when_the_run_is_stopped() -> None:
    """What is being settled when the run is stopped is told, also where no call was made."""
    clock = FakeClock()
    notes = Notes(clock, syncing=5.0)
    run = session(Service(clock), clock).bulk.send(ToAccounts(["x" * 33], "hi"), journal=notes)
    task = await started(run, clock)
    assert notes.deeds[-1] == ("settle", 0)
    run.stop()
    assert [outcome.status for outcome in await clock.run(task)] == ["refused"]


async def test_a_call_in_doubt_stays_in_doubt_when_the_run_is_stopped() -> None:
    """A message whose answer was lost is not repeated after stop; in the journal it is begun, for another run."""
    clock, service, tim = doubles()
    service.open.clear()
    service.faults.append("lost")
    notes = Notes()
    run = tim.bulk.send(sends("own", accounts(1)), journal=notes)
    task = await started(run, clock)
    run.stop()
    service.open.set()
    assert await task == []
    assert (len(service.calls), notes.begun) == (1, [0])
    (again,) = await clock.run(collect(tim.bulk.send(sends("own", accounts(1)), journal=notes)))
    assert (again.status, service.delivered["id0"]) == ("sent", 1)
    assert service.calls[0].body == service.calls[1].body


@pytest.mark.parametrize("way", ["break", "raise", "aclosing"])
async def test_leaving_the_loop_lets_calls_be_answered(way: str, no_task_is_left: Any) -> None:
    """However the loop is left early, calls that are under way are answered and noted, and nothing else goes out."""
    clock = FakeClock()
    service, notes = Service(clock, delay=5.0), Notes()
    run = session(service, clock).bulk.send(sends("own", accounts(20)), workers=3, journal=notes)

    async def leave() -> None:
        if way == "aclosing":
            async with aclosing(aiter(run)) as outcomes:
                await anext(outcomes)
            return
        async for _ in run:
            if way == "raise":
                raise LookupError("the body's own trouble")
            break

    with suppress(LookupError):
        await clock.run(leave())
    await clock.advance(60)
    no_task_is_left()
    assert 3 <= len(service.calls) == len(notes.outcomes) < 10
    assert all(call.when < 6 for call in service.calls), "the loop was left after five seconds"
    assert (notes.begun, notes.opened, service.under_way) == ([], 0, 0)


@pytest.mark.parametrize("way", ["break", "raise", "cancel"])
async def test_a_run_as_a_context_waits_until_calls_are_answered(way: str, no_task_is_left: Any) -> None:
    """When ``async with run`` is left, nothing is under way any more, whatever ended the loop in it."""
    clock = FakeClock()
    service, notes = Service(clock, delay=5.0), Notes()

    async def leave() -> None:
        async with session(service, clock).bulk.send(sends("own", accounts(20)), workers=3, journal=notes) as run:
            async for _ in run:
                if way == "break":
                    break
                if way == "raise":
                    raise LookupError("the body's own trouble")
                await asyncio.Event().wait()

    task = asyncio.create_task(leave())
    await clock.advance(6.0)
    if way == "cancel":
        task.cancel()
    with suppress(LookupError, asyncio.CancelledError):
        await clock.run(task)
    assert task.done()
    assert 3 <= len(service.calls) == len(notes.outcomes) < 10
    assert (notes.begun, notes.opened, service.under_way) == ([], 0, 0)
    no_task_is_left()


async def test_a_context_in_which_nothing_is_sent_ends() -> None:
    """A run that was not begun has nothing to wait for."""
    _, service, tim = doubles()
    async with tim.bulk.send(sends("own", accounts(2))) as run:
        assert run.progress.done == 0
    assert service.calls == []


@pytest.mark.parametrize("unknown", ["report", "resend"])
async def test_a_batch_whose_answer_is_lost_while_the_run_stops_is_unknown(unknown: Any) -> None:
    """It is not sent again, and its recipients have their outcome."""
    clock, service, tim = doubles()
    service.faults.append("lost")
    service.open.clear()
    run = tim.bulk.send(ToAccounts(accounts(3), "hi"), unknown=unknown)

    async def all_of_it() -> list[str]:
        return [outcome.status async for outcome in run]

    task = asyncio.create_task(all_of_it())
    await clock.advance(1)
    run.stop()
    service.open.set()
    assert await clock.run(task) == ["unknown"] * 3
    assert (len(service.calls), run.progress.waiting) == (1, 0)


async def test_cancelling_lets_calls_be_answered(no_task_is_left: Any) -> None:
    """A cancelled run waits for the answers of what is under way, writes them down, and sends nothing more."""
    clock, service, tim = doubles()
    service.open.clear()
    notes = Notes()
    task = await started(tim.bulk.send(sends("own", accounts(20)), workers=3, journal=notes), clock)
    task.cancel()
    await clock.advance(1)
    assert (service.under_way, task.done()) == (3, False)
    service.open.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (len(service.calls), len(notes.outcomes), notes.begun, notes.opened) == (3, 3, [], 0)
    no_task_is_left()


async def test_a_second_cancellation_cuts_off(no_task_is_left: Any) -> None:
    """A run that is cancelled twice ends at once; what was under way is begun in the journal, which is closed."""
    clock, service, tim = doubles()
    service.open.clear()
    notes = Notes()
    task = await started(tim.bulk.send(sends("own", accounts(20)), workers=3, journal=notes), clock)
    task.cancel()
    await clock.advance(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (service.under_way, notes.begun, notes.outcomes, notes.opened) == (0, [0, 1, 2], {}, 0)
    no_task_is_left()


async def test_a_run_that_is_cut_off_gives_its_file_back(tmp_path: Path, no_task_is_left: Any) -> None:
    """After a run was cancelled twice, its journal's thread is gone, and another run can use the file at once."""
    clock, service, tim = doubles()
    service.open.clear()
    path, job = tmp_path / "june.db", sends("own", accounts(20))
    task = await started(tim.bulk.send(job, workers=3, journal=path), clock)
    await service.has_under_way(3)
    task.cancel()
    await clock.advance(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    no_task_is_left()
    assert [thread.name for thread in threading.enumerate() if "journal" in thread.name] == []
    service.open.set()
    report = await clock.run(tim.bulk.run(sends("own", accounts(20)), workers=3, journal=path))
    assert (report.sent, sum(service.delivered.values()), max(service.delivered.values())) == (20, 20, 1)


async def test_cancelling_while_nobody_takes_outcomes(no_task_is_left: Any) -> None:
    """Workers that wait until somebody takes their outcomes do not keep a cancelled run from ending."""
    clock, service, tim = doubles()
    notes = Notes()
    run = tim.bulk.send(sends("own", accounts(20)), workers=2, journal=notes)

    async def take_one() -> None:
        async with aclosing(aiter(run)) as outcomes:
            async for _ in outcomes:
                await asyncio.Event().wait()

    task = asyncio.create_task(take_one())
    await clock.advance(5)
    sent = len(service.calls)
    assert 2 < sent < 6
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await clock.run(task)
    assert (len(service.calls), len(notes.outcomes), notes.begun) == (sent, sent, [])
    no_task_is_left()


async def test_cancelling_while_the_journal_is_opened() -> None:
    """A run that is cancelled while it reads what was sent before lets go of the journal."""
    clock, service, tim = doubles()
    notes = Notes()
    await clock.run(tim.bulk.run(ToAccounts(accounts(3), "hi"), journal=notes))

    async def input_that_hangs() -> Any:
        yield "id0"
        await asyncio.Event().wait()

    task = await started(tim.bulk.send(ToAccounts(input_that_hangs(), "hi"), journal=notes), clock)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (len(service.calls), notes.opened) == (1, 0)


async def test_an_input_that_raises_at_once(no_task_is_left: Any) -> None:
    """An input that raises before its first item ends the run with that exception."""
    clock, service, tim = doubles()

    def broken() -> Iterator[str]:
        raise LookupError("no such column")
        yield  # it is a generator all the same

    with pytest.raises(LookupError, match="no such column") as raised:
        await clock.run(tim.bulk.run(ToAccounts(broken(), "hi")))
    assert raised.value.__notes__ == ["the run stopped; before that: nothing"]
    assert service.calls == []
    no_task_is_left()


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_an_input_that_raises_later(kind: str, no_task_is_left: Any) -> None:
    """An input that raises ends the run with that exception, after the calls under way were answered and told of."""
    clock = FakeClock()
    service, notes = Service(clock, delay=5.0), Notes()

    def broken() -> Iterator[tuple[str, str]]:
        yield from ((one, "hi") for one in accounts(3))
        raise LookupError("line 4 is torn")

    async def broken_too() -> Any:
        for item in broken():
            yield item

    run = session(service, clock).bulk.send(OwnMessages(broken_too() if kind == "async" else broken()), journal=notes)
    told: list[Outcome] = []

    async def take() -> None:
        async for outcome in run:
            told.append(outcome)  # noqa: PERF401  # what was told before the end counts

    with pytest.raises(LookupError, match="line 4 is torn") as raised:
        await clock.run(take())
    assert [(outcome.recipient, outcome.status) for outcome in told] == [(f"id{n}", "sent") for n in range(3)]
    assert raised.value.__notes__ == ["the run stopped; before that: 3 sent"]
    assert (notes.opened, notes.begun) == (0, [])
    no_task_is_left()


async def test_the_failure_of_one_stops_all(no_task_is_left: Any) -> None:
    """Where one worker meets an error that ends the run, the others send nothing more, and what they sent is told."""
    clock = FakeClock()
    service, notes = Service(clock, delay=5.0), Notes()
    service.always["id2"] = 60010
    run = session(service, clock).bulk.send(sends("own", accounts(20)), workers=3, journal=notes)
    with pytest.raises(PermissionDeniedError, match="60010"):
        await clock.run(collect(run))
    assert len(service.calls) <= 5
    assert (run.progress.sent, len(notes.outcomes), notes.begun) == (len(service.calls) - 1, len(service.calls) - 1, [])
    no_task_is_left()


@pytest.mark.parametrize("deed", ["open", "plan", "begin", "settle", "withdraw", "split"])
@pytest.mark.parametrize("trouble", [JournalError("the disk is full"), RuntimeError("the cable was cut")])
async def test_a_journal_that_fails_stops_the_run(deed: str, trouble: Exception, no_task_is_left: Any) -> None:
    """Whatever a journal cannot do, the run ends with its error and sends nothing that it does not hold."""
    clock, service, tim = doubles()
    service.faults.extend([60007, 90012])
    notes = Notes()
    notes.fails_at, notes.trouble = deed, trouble
    with pytest.raises(type(trouble), match=str(trouble)):
        await clock.run(tim.bulk.run(ToAccounts(accounts(1000), "hi"), journal=notes, workers=2))
    begun = [start for deed, start in notes.deeds if deed == "begun"]
    assert len(service.calls) == len(begun)
    no_task_is_left()


async def test_two_runs_with_one_file(tmp_path: Path) -> None:
    """A second run with the same journal is refused, and the first goes on as if nothing had been."""
    clock, service, tim = doubles()
    service.open.clear()
    journal = SqliteJournal(tmp_path / "june.db")
    first = await started(tim.bulk.send(sends("own", accounts(20)), journal=journal, workers=2), clock)
    await service.has_under_way(2)
    with pytest.raises(JournalError, match="in use"):
        await tim.bulk.run(sends("own", accounts(20)), journal=journal)
    service.open.set()
    assert len(await clock.run(first)) == 20


async def test_a_finished_journal_sends_nothing(tmp_path: Path) -> None:
    """A run whose journal holds an outcome for everybody reads its input, sends nothing and reports them all."""
    clock, service, tim = doubles()
    for _ in range(2):
        report = await clock.run(tim.bulk.run(sends("accounts", accounts(1200)), journal=tmp_path / "june.db"))
        assert (report.sent, report.total, len(service.calls)) == (1200, 1200, 3)


@pytest.mark.parametrize(
    ("recipients", "body", "reason"),
    [
        (accounts(20), "another", "another message"),
        (accounts(9), "hi", "another input"),
        ([*accounts(9), "else", *accounts(20)], "hi", "another input"),
    ],
)
async def test_another_message_or_input_is_refused(
    recipients: list[str], body: str, reason: str, tmp_path: Path
) -> None:
    """A journal of another message, or of an input that is shorter or has others, is refused before anything goes."""
    clock, service, tim = doubles()
    await clock.run(tim.bulk.run(ToAccounts(accounts(10), "hi"), journal=tmp_path / "june.db"))
    with pytest.raises(JournalError, match=reason):
        await clock.run(tim.bulk.run(ToAccounts(recipients, body), journal=tmp_path / "june.db"))
    assert len(service.calls) == 1


async def test_an_input_may_grow(tmp_path: Path) -> None:
    """A journal goes on with an input that has more at its end, and tells a duplicate of what was sent before."""
    clock, service, tim = doubles()
    await clock.run(tim.bulk.run(ToAccounts(accounts(10), "hi"), journal=tmp_path / "june.db"))
    run = tim.bulk.send(ToAccounts([*accounts(10), "id3", "id10"], "hi"), journal=tmp_path / "june.db")
    told = await clock.run(collect(run))
    assert [(outcome.index, outcome.recipient, outcome.status) for outcome in told] == [
        (10, "id3", "skipped"),
        (11, "id10", "sent"),
    ]
    assert (run.progress.earlier, run.progress.counts["sent"]) == (10, 11)
    assert max(service.delivered.values()) == 1


@pytest.mark.parametrize(
    ("job", "later", "status", "calls"),
    [
        ("own", 100, "sent", 2),
        ("own", 115, "unknown", 1),
        ("groups", 200, "sent", 2),
        ("groups", 290, "unknown", 1),
        ("accounts", 0, "unknown", 1),
    ],
)
async def test_what_was_begun_is_repeated_in_its_window(job: str, later: float, status: str, calls: int) -> None:
    """Another run repeats what was under way with the same numbers while the service knows a repeat, else it is
    unknown.
    """
    clock, service, tim = doubles()
    service.open.clear()
    notes = Notes()
    task = await started(tim.bulk.send(sends(job, ["@TGS#1"]), journal=notes), clock)
    task.cancel()
    await clock.advance(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await clock.advance(later)
    service.open.set()
    (told,) = await clock.run(collect(tim.bulk.send(sends(job, ["@TGS#1"]), journal=notes)))
    assert (told.status, len(service.calls)) == (status, calls)
    assert len({call.body for call in service.calls}) == 1
    assert "earlier run" in told.info or status == "sent"


async def test_a_clock_that_went_back_is_not_believed() -> None:
    """Where Unix time lies before the beginning of a call of an earlier run, nobody knows its age: it is unknown."""
    clock, service, tim = doubles()
    service.open.clear()
    notes = Notes()
    task = await started(tim.bulk.send(sends("own", accounts(1)), journal=notes), clock)
    task.cancel()
    await clock.advance(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    clock.set_wall_clock(clock.now() - 60)
    service.open.set()
    (told,) = await clock.run(collect(tim.bulk.send(sends("own", accounts(1)), journal=notes)))
    assert (told.status, len(service.calls)) == ("unknown", 1)


class _Life:
    """A run that is photographed at a moment, as a process would be killed then."""

    def __init__(self, moment: int, path: Path, copy: Path) -> None:
        self._left = moment
        self._path = path
        self._copy = copy
        self.clock = FakeClock()
        self.service = Service(self.clock, delay=0.2)
        self.state: tuple[Counter[str], dict[Any, Any], float, float] | None = None
        """What the service held in that moment, and what time it was."""
        self.service.on_call = self.service.on_answer = self.lives

    def lives(self, _: object) -> None:
        """Count a moment, and keep everything in the one that was asked for."""
        self._left -= 1
        if self._left:
            return
        with closing(sqlite3.connect(self._path)) as source, closing(sqlite3.connect(self._copy)) as target:
            source.backup(target)  # what is committed is what a killed process leaves
        service, clock = self.service, self.clock
        self.state = service.delivered.copy(), dict(service.known), clock.time(), clock.now()


_names = count()


@settings(max_examples=30, deadline=None)
@given(
    job=st.sampled_from(["accounts", "own", "groups"]),
    moment=st.integers(1, 24),
    later=st.sampled_from([0.0, 30.0, 250.0, 1000.0]),
    faults=st.lists(st.sampled_from([None, None, 60007, 20004, 80001, 90012, *FAULTS]), max_size=8),
    unknown=st.sampled_from(["report", "resend"]),
)
def test_a_run_that_is_killed_is_gone_on_with(
    tmp_path_factory: pytest.TempPathFactory, *, job: str, moment: int, later: float, faults: list[Any], unknown: Any
) -> None:
    """Killed at any moment and gone on with at any later time: nobody is lost, and nobody has a message twice but by
    choice.
    """
    folder = tmp_path_factory.mktemp(f"life{next(_names)}")
    recipients = [f"@{n % 9}" for n in range(11)] if job != "accounts" else [f"@{n % 1700}" for n in range(1900)]

    async def first() -> _Life:
        life = _Life(moment, folder / "first.db", folder / "second.db")
        life.service.faults.extend(faults)
        tim = session(life.service, life.clock)
        run = tim.bulk.send(sends(job, recipients), journal=folder / "first.db", workers=3, unknown=unknown)
        with suppress(AuthenticationError):
            await life.clock.run(collect(run))
        return life

    async def second(life: _Life) -> None:
        assert life.state is not None
        delivered, known, time, now = life.state
        clock = FakeClock(time=time + later, now=now + later)
        service = Service(clock)
        service.delivered, service.known = delivered, known
        journal = SqliteJournal(folder / "second.db")
        run = session(service, clock).bulk.send(sends(job, recipients), journal=journal, workers=3, unknown=unknown)
        await clock.run(collect(run))
        outcomes = list(journal.outcomes())
        assert [(outcome.index, outcome.recipient) for outcome in outcomes] == list(enumerate(recipients))
        said = {outcome.recipient: outcome.status for outcome in outcomes if outcome.status != "skipped"}
        assert said.keys() == set(recipients)
        assert Counter(outcome.status for outcome in outcomes) == {k: v for k, v in run.progress.counts.items() if v}
        for one, status in said.items():
            got = service.delivered[one]
            assert got >= 1 if status == "sent" else True
            assert got == 0 if status == "refused" else True
            assert got <= 1 or unknown == "resend"

    life = asyncio.run(first())
    if life.state is not None:
        asyncio.run(second(life))
