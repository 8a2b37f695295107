"""Runs that workers carry: in this process, and in processes of their own that may be killed."""

from __future__ import annotations

import asyncio
import os
import runpy
import subprocess
import sys
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from taskiq import InMemoryBroker

from tests.redis.bulk_worker import tasks_at
from tests.windows import fullest
from timrest_async import TimSession
from timrest_async.bulk import JournalError, OwnMessages, ToAccounts, workers
from timrest_async.bulk.cutter import Cutter
from timrest_async.bulk.pieces import Submission, carry
from timrest_async.bulk.redis_journal import RedisJournal
from timrest_async.bulk.workers import BulkTasks
from timrest_async.errors import AuthenticationError, ConfigError, InputError, TimError
from timrest_async.limits import Permit, RateLimiter
from timrest_async.sandbox import Sandbox
from timrest_async.testing import MemoryTransport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from tests.redis.conftest import Server
    from timrest_async.bulk.outcome import Outcome

SENT = {"ErrorCode": 0, "ActionStatus": "OK", "MsgTime": 1, "MsgKey": "k"}
NAME = "june"


def pairs(number: int) -> list[tuple[str, str]]:
    """Return so many accounts, each with a message of its own."""
    return [(f"user{at}", f"Hi {at}") for at in range(number)]


async def until(claim: Callable[[], object]) -> None:
    """Wait until *claim* is true."""
    async with asyncio.timeout(10):
        while not claim():  # noqa: ASYNC110  # it is the state of something that tells nobody
            await asyncio.sleep(0)


@dataclass
class Shop:
    """A queue of tasks and workers on it, all in this process."""

    journal: RedisJournal
    tim: TimSession
    service: MemoryTransport
    handed: list[tuple[int, int]] = field(default_factory=list)
    failed: list[BaseException] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    open: bool = True
    """Whether somebody works; what is handed out while nobody does is lost."""

    async def hand_out(self, name: str, start: int, end: int) -> None:
        """Have a worker carry a piece."""
        self.handed.append((start, end))
        if self.open:
            self.tasks.add(asyncio.create_task(self._work(name, start, end)))

    async def _work(self, name: str, start: int, end: int) -> None:
        try:
            await carry(self.tim, self.journal, name, start, end, patience=0.2)
        except TimError as error:
            self.failed.append(error)

    def submit(self, job: Any, **settings: Any) -> Submission:
        """Begin or go on with the run."""
        return Submission(job, self.journal, self.hand_out, name=NAME, **settings)


@pytest.fixture
async def shop_with(server: Server) -> AsyncIterator[Callable[..., Shop]]:
    """Return a function that opens a shop whose service gives some answers."""
    shops: list[Shop] = []

    def make(*answers: Any, lease: float = 10.0, **settings: Any) -> Shop:
        service = MemoryTransport(*answers)
        tim = TimSession(1, secret_key="key", transport=service, **settings)
        shops.append(Shop(RedisJournal(server.url, lease=lease), tim, service))
        return shops[-1]

    yield make
    for shop in shops:
        for task in shop.tasks:
            task.cancel()
        await asyncio.gather(*shop.tasks, return_exceptions=True)
        await shop.tim.close()
        await shop.journal.close()


class Gate(RateLimiter):
    """A limiter that gives nobody a permit until it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.opened = asyncio.Event()

    def try_acquire(self, sdkappid: int, command: Any) -> Permit | None:  # noqa: ARG002
        """Return ``None``: it is waited for."""
        return None

    async def acquire(self, sdkappid: int, command: Any, deadline: float = 0) -> Permit:
        """Wait until it is opened."""
        self.asked.set()
        await self.opened.wait()
        return await super().acquire(sdkappid, command, deadline)


async def test_every_recipient_has_one_outcome(shop_with: Callable[..., Shop]) -> None:
    """All are sent, doubles are skipped, and the progress counts what the outcomes say."""
    shop = shop_with(*[SENT] * 30)
    submission = shop.submit(OwnMessages([*pairs(30), *pairs(5)]), ahead=7)
    outcomes = [outcome async for outcome in submission]
    assert sorted(outcome.index for outcome in outcomes) == list(range(35))
    assert Counter(outcome.status for outcome in outcomes) == {"sent": 30, "skipped": 5}
    assert (submission.progress.sent, submission.progress.skipped, submission.progress.waiting) == (30, 5, 0)


async def test_no_more_is_handed_out_than_may_be_ahead(shop_with: Callable[..., Shop]) -> None:
    """With nobody at work, three calls are handed out and no more; the input is read no farther."""
    shop, read = shop_with(), list[int]()

    def items() -> Iterator[tuple[str, str]]:
        for at, pair in enumerate(pairs(10)):
            read.append(at)
            yield pair

    shop.open = False
    following = asyncio.ensure_future(anext(aiter(shop.submit(OwnMessages(items()), ahead=3))))
    await until(lambda: len(shop.handed) == 3)
    for _ in range(100):
        await asyncio.sleep(0)
    assert len(shop.handed) == len(read) == 3
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def test_no_more_is_sent_than_outcomes_are_taken(shop_with: Callable[..., Shop]) -> None:
    """Whoever takes one outcome at a time and rests has a few calls ahead, and not the whole input."""
    shop = shop_with(*[SENT] * 60)
    run = shop.journal.of(NAME)
    async with closing(shop.submit(OwnMessages(pairs(60)), ahead=3)) as outcomes:
        for taken in range(1, 9):
            await anext(outcomes)
            for _ in range(20):
                await run.held([(0, 60)])  # time enough to send more
            assert taken <= len(shop.handed) <= taken + 3


async def test_a_task_that_comes_again_after_its_work_is_done_does_nothing(shop_with: Callable[..., Shop]) -> None:
    """No call goes out, and no second outcome comes."""
    shop = shop_with(*[SENT] * 2)
    report = await shop.submit(OwnMessages(pairs(2))).report()
    await carry(shop.tim, shop.journal, NAME, 0, 1)
    assert report.sent == 2
    assert len(shop.service.calls) == 2
    assert [outcome.status async for outcome in shop.journal.of(NAME).outcomes()] == ["sent", "sent"]


async def test_a_task_of_a_run_that_nobody_knows_does_nothing(shop_with: Callable[..., Shop]) -> None:
    """What the journal has forgotten is over."""
    shop = shop_with()
    await carry(shop.tim, shop.journal, "another", 0, 1)
    assert not shop.service.calls


async def test_a_task_that_was_lost_is_handed_out_again(shop_with: Callable[..., Shop]) -> None:
    """The queue loses a task: after a while there is another, and the run comes to its end."""
    shop = shop_with(SENT, lease=0.3)
    shop.open = False
    run = asyncio.ensure_future(shop.submit(OwnMessages(pairs(1))).report())
    await until(lambda: shop.handed)
    shop.open = True
    assert (await run).sent == 1
    assert shop.handed == [(0, 1), (0, 1)]


async def test_two_tasks_for_one_piece_send_it_once(shop_with: Callable[..., Shop]) -> None:
    """The second waits for the first, and finds nothing left to do."""
    gate = Gate()
    shop = shop_with(SENT, lease=0.6, limits=gate)
    run = asyncio.ensure_future(shop.submit(OwnMessages(pairs(1))).report())
    await gate.asked.wait()
    second = asyncio.ensure_future(carry(shop.tim, shop.journal, NAME, 0, 1))
    await until(lambda: True)
    gate.opened.set()
    assert (await run).sent == 1
    await second
    assert len(shop.service.calls) == 1


async def test_who_lost_his_lease_while_he_waited_for_a_permit_sends_nothing(
    shop_with: Callable[..., Shop], server: Server
) -> None:
    """Another took the piece over: the permit comes, and the first byte does not go out."""
    gate = Gate()
    shop = shop_with(SENT, lease=10.0, limits=gate)
    job = OwnMessages(pairs(1))
    leader = shop.journal.of(NAME)
    await leader.lead(job)
    await plan_all(leader, job)
    first = asyncio.ensure_future(carry(shop.tim, shop.journal, NAME, 0, 1))
    await gate.asked.wait()
    server.ask("HDEL", f"timrest:bulk:{{{NAME}}}:leases", "0")  # as if it had been over
    other = shop_with(SENT)
    await carry(other.tim, other.journal, NAME, 0, 1)
    gate.opened.set()
    with pytest.raises(JournalError, match="another has taken over"):
        await first
    await leader.close()
    assert (len(shop.service.calls), len(other.service.calls)) == (0, 1)


async def test_who_lost_his_lease_and_does_not_notice_is_told_when_it_is_renewed(
    shop_with: Callable[..., Shop], server: Server
) -> None:
    """A worker that waits for a permit gives up its piece as soon as it hears that it is another's."""
    gate = Gate()
    shop = shop_with(lease=0.3, limits=gate)
    job = OwnMessages(pairs(1))
    leader = shop.journal.of(NAME)
    await leader.lead(job)
    await plan_all(leader, job)
    first = asyncio.ensure_future(carry(shop.tim, shop.journal, NAME, 0, 1))
    await gate.asked.wait()
    server.ask("HDEL", f"timrest:bulk:{{{NAME}}}:leases", "0")
    with pytest.raises(JournalError, match="another has taken over"):
        await first
    await leader.close()


async def test_a_worker_that_lives_keeps_its_piece_for_longer_than_a_lease(shop_with: Callable[..., Shop]) -> None:
    """It waits for a permit for several leases: nobody else takes the piece, and no second task is handed out."""
    gate = Gate()
    shop = shop_with(SENT, lease=0.3, limits=gate)
    run = asyncio.ensure_future(shop.submit(OwnMessages(pairs(1))).report())
    await gate.asked.wait()
    asyncio.get_running_loop().call_later(1.5, gate.opened.set)
    assert (await run).sent == 1
    assert shop.handed == [(0, 1)]


async def test_what_no_call_can_pass_is_raised_where_the_outcomes_are_read(shop_with: Callable[..., Shop]) -> None:
    """A wrong key stops the run for all; the error tells how far it came, and the same run goes on later."""
    shop = shop_with(SENT, {"ErrorCode": 70003, "ErrorInfo": "sig check fail"}, *[SENT] * 2)
    with pytest.raises(AuthenticationError, match="sig check fail") as caught:
        await shop.submit(OwnMessages(pairs(3)), ahead=1).report()
    assert caught.value.code == 70003
    assert caught.value.__notes__ == ["the run stopped; before that: 1 sent"]
    assert [type(error) for error in shop.failed] == [AuthenticationError]
    report = await shop.submit(OwnMessages(pairs(3)), ahead=1).report()
    assert report.sent == 3
    assert len(shop.service.calls) == 4


async def test_an_error_that_is_none_of_the_service_reaches_whoever_submitted(shop_with: Callable[..., Shop]) -> None:
    """A worker whose session is broken fails the run, with its words."""
    shop = shop_with(RuntimeError("out of order"))
    with pytest.raises(TimError, match="a worker cannot go on: RuntimeError: out of order"):
        await shop.submit(OwnMessages(pairs(1))).report()
    (task,) = shop.tasks
    assert isinstance(task.exception(), RuntimeError)


async def test_a_batch_that_one_spoils_is_halved_by_the_worker_that_has_it(shop_with: Callable[..., Shop]) -> None:
    """One bad account of four: it is refused and the others are sent, in one task."""

    def answer(call: Any) -> dict[str, Any]:
        return {"ErrorCode": 90012 if "bad" in call.json["To_Account"] else 0, "ActionStatus": "OK", "MsgKey": "k"}

    shop = shop_with(*[answer] * 5)
    outcomes = [outcome async for outcome in shop.submit(ToAccounts(["a", "b", "bad", "c"], "hi"))]
    assert {outcome.recipient: outcome.status for outcome in outcomes} == {
        "a": "sent",
        "b": "sent",
        "bad": "refused",
        "c": "sent",
    }
    assert shop.handed == [(0, 4)]


async def test_one_that_never_passes_is_refused_where_other_workers_get_through(shop_with: Callable[..., Shop]) -> None:
    """The patience with one chunk is over, and another task has sent: the run goes on without it."""

    def answer(call: Any) -> dict[str, Any]:
        return {"ErrorCode": 20004} if call.json["To_Account"] == "user0" else SENT

    shop = shop_with(*[answer] * 60, lease=0.3)
    messages = OwnMessages(slow(pairs(40)))
    outcomes = [outcome async for outcome in shop.submit(messages, ahead=2)]
    assert Counter(outcome.status for outcome in outcomes) == {"sent": 39, "refused": 1}
    assert next(outcome.code for outcome in outcomes if outcome.status == "refused") == 20004


async def slow(items: list[tuple[str, str]]) -> AsyncIterator[tuple[str, str]]:
    """Give an item every 20 milliseconds."""
    for item in items:
        yield item
        await asyncio.sleep(0.02)


async def plan_all(run: Any, job: Any) -> None:
    """Write down the whole input of *job*."""
    cutter = Cutter(job, "keep")
    while (chunk := await cutter.next()) is not None:
        await run.plan(chunk)
    cutter.close()


async def test_a_submission_that_is_stopped_sends_nothing_more_and_goes_on_later(
    shop_with: Callable[..., Shop],
) -> None:
    """Stopped after some: those in hand end, the rest is sent by the next submission, each once."""
    shop = shop_with(*[SENT] * 40)
    first: list[Outcome] = []
    submission = shop.submit(OwnMessages(pairs(40)), ahead=5)
    async for outcome in submission:
        first.append(outcome)
        if len(first) == 10:
            submission.stop()
    assert 10 <= len(first) < 40
    second = [outcome async for outcome in shop.submit(OwnMessages(pairs(40)))]
    assert sorted(outcome.index for outcome in (*first, *second)) == list(range(40))
    assert len({call.json["To_Account"] for call in shop.service.calls}) == len(shop.service.calls) == 40


async def test_a_worker_that_waits_when_the_run_is_stopped_sends_nothing(shop_with: Callable[..., Shop]) -> None:
    """Nobody has a permit when the submission is stopped: it ends, and no call goes out."""
    gate = Gate()
    shop = shop_with(lease=0.3, limits=gate)
    submission = shop.submit(OwnMessages(pairs(3)))
    run = asyncio.ensure_future(submission.report())
    await gate.asked.wait()
    submission.stop()
    report = await run
    gate.opened.set()
    await asyncio.gather(*shop.tasks)
    assert (report.total, shop.service.calls, shop.failed) == (0, [], [])


async def test_a_loop_that_is_left_early_stops_the_run(shop_with: Callable[..., Shop]) -> None:
    """Nothing that was not under way is sent after that; the same name goes on."""
    shop = shop_with(*[SENT] * 30)
    async with closing(shop.submit(OwnMessages(pairs(30)), ahead=3)) as outcomes:
        await anext(outcomes)
    await asyncio.gather(*shop.tasks)
    assert len(shop.service.calls) <= 6
    report = await shop.submit(OwnMessages(pairs(30))).report()
    assert report.sent == len(shop.service.calls) == 30


@asynccontextmanager
async def closing(submission: Submission) -> AsyncIterator[AsyncIterator[Outcome]]:
    """Close the iterator in the task that used it."""
    outcomes = aiter(submission)
    yield outcomes
    await outcomes.aclose()


async def test_a_submission_that_died_is_gone_on_with(shop_with: Callable[..., Shop], server: Server) -> None:
    """Its process ends without a word: the next waits until its lease is over, and sends the rest."""
    shop = shop_with(*[SENT] * 3, lease=0.4)
    job = OwnMessages(pairs(3))

    async def dies() -> None:
        async with RedisJournal(server.url, lease=0.4) as journal:
            run = journal.of(NAME)
            await run.lead(job)
            await plan_all(run, OwnMessages(pairs(2)))

    await asyncio.to_thread(lambda: asyncio.run(dies()))
    report = await shop.submit(OwnMessages(pairs(3))).report()
    assert report.sent == len(shop.service.calls) == 3


async def test_two_submissions_of_one_name_do_not_go_at_once(shop_with: Callable[..., Shop]) -> None:
    """The second is refused, and does the first no harm."""
    gate = Gate()
    shop = shop_with(SENT, lease=0.3, limits=gate)
    first = asyncio.ensure_future(shop.submit(OwnMessages(pairs(1))).report())
    await gate.asked.wait()
    with pytest.raises(JournalError, match="another run uses this journal now"):
        await shop.submit(OwnMessages(pairs(1))).report()
    gate.opened.set()
    assert (await first).sent == 1


async def test_somebody_twice_in_the_input_ends_a_submission_that_does_not_want_that(
    shop_with: Callable[..., Shop],
) -> None:
    """With "fail" the second is an error."""
    shop = shop_with(*[SENT] * 2)
    with pytest.raises(InputError, match="stands in the input twice"):
        await shop.submit(OwnMessages([*pairs(2), *pairs(1)]), duplicates="fail").report()


async def test_a_submission_cannot_be_what_it_cannot_be(shop_with: Callable[..., Shop]) -> None:
    """Nothing ahead, or gone through twice: ConfigError."""
    shop = shop_with()
    with pytest.raises(ConfigError, match="ahead"):
        shop.submit(OwnMessages([]), ahead=0)
    submission = shop.submit(OwnMessages([]))
    assert (await submission.report()).total == 0
    with pytest.raises(ConfigError, match="goes once"):
        await submission.report()


async def test_a_submission_whose_redis_is_gone_says_so(shop_with: Callable[..., Shop], server: Server) -> None:
    """It ends with an error, and not in silence."""
    gate = Gate()
    shop = shop_with(limits=gate)
    shop.journal = RedisJournal(server.url, patience=0.3, lease=0.6)
    run = asyncio.ensure_future(shop.submit(OwnMessages(pairs(1))).report())
    await gate.asked.wait()
    server.kill()
    with pytest.raises(JournalError, match="redis does not answer"):
        await run
    await asyncio.gather(*shop.tasks)
    await shop.journal.close()


async def test_tasks_on_a_broker_open_a_session_where_workers_start(server: Server) -> None:
    """The session lives from the start of the broker to its end; without it, a task fails."""
    service, states = MemoryTransport(*[SENT] * 3), list[str]()

    @asynccontextmanager
    async def session() -> AsyncIterator[TimSession]:
        async with TimSession(1, secret_key="key", transport=service) as tim:
            states.append("open")
            yield tim
        states.append("closed")

    broker = InMemoryBroker(await_inplace=True)
    async with RedisJournal(server.url) as journal:
        tasks = BulkTasks(broker, journal, session)
        early = await broker.find_task("timrest_async.bulk").kiq(NAME, 0, 1)  # type: ignore[union-attr]
        assert isinstance((await early.get_result()).error, ConfigError)
        await broker.startup()
        assert states == ["open"]
        report = await tasks.submit(OwnMessages(pairs(3)), name=NAME).report()
        await broker.shutdown()
    assert report.sent == 3
    assert states == ["open", "closed"]


async def test_a_broker_that_never_started_can_be_shut_down(server: Server) -> None:
    """There is no session, and nothing to close."""
    broker = InMemoryBroker()
    async with RedisJournal(server.url) as journal:
        BulkTasks(broker, journal, lambda: TimSession(1, secret_key="key", transport=MemoryTransport()))
        await broker.shutdown()


def test_without_taskiq_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has not installed taskiq learns what to install."""
    monkeypatch.setitem(sys.modules, "taskiq", None)
    with pytest.raises(ImportError, match=r"pip install 'timrest-async\[workers\]'"):
        runpy.run_path(workers.__file__)


# -- processes of their own

WORKER = Path(__file__).with_name("bulk_worker.py")


@dataclass
class Factory:
    """Worker processes on one Redis and one sandbox."""

    box: Sandbox
    url: str
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, number: int) -> list[subprocess.Popen[bytes]]:
        """Start so many."""
        environment = {**os.environ, **self.box.env(), "REDIS_URL": self.url, "PYTHONPATH": str(WORKER.parents[2])}
        words = [sys.executable, str(WORKER)]
        started = [
            subprocess.Popen(words, env=environment, stderr=subprocess.DEVNULL)  # noqa: S603
            for _ in range(number)
        ]
        self.processes += started
        return started

    def end(self) -> None:
        """End all."""
        for process in self.processes:
            process.kill()
            process.wait()

    @property
    def refused(self) -> list[int | None]:
        """What the sandbox refused."""
        return [call.code for call in self.box.service.calls if call.code]

    def calls(self, path: str) -> list[float]:
        """Return when calls came."""
        return [call.time for call in self.box.service.calls if call.path == path]


@pytest.fixture
async def factory(server: Server) -> AsyncIterator[Factory]:
    """Open a sandbox for workers."""
    await server.until_aged()  # a younger one holds up the limiter
    async with Sandbox() as box:
        box.rules.receivers_per_minute = None
        works = Factory(box, server.url)
        yield works
        await asyncio.to_thread(works.end)
    box.close()


async def kill_in_mid_chunk(factory: Factory, path: str, calls: int) -> None:
    """Start four workers, the first alone; kill it when it has made so many calls and knows no answer, then others."""
    (victim,) = factory.start(1)
    await until_slowly(lambda: len(factory.calls(path)) >= calls)
    others = factory.start(3)
    victim.kill()
    factory.box.faults.clear()
    assert len(others) == 3


async def until_slowly(claim: Callable[[], object]) -> None:
    """Wait until *claim* is true of another process."""
    async with asyncio.timeout(20):
        while not claim():  # noqa: ASYNC110  # it is the sandbox's log
            await asyncio.sleep(0.01)


async def test_a_worker_killed_in_mid_message_is_taken_over_without_a_double(factory: Factory) -> None:
    """Four processes on one Redis, one killed with calls under way whose messages had arrived: each of 150 accounts has
    its message once, none is unknown, and no call came too often.
    """
    box = factory.box
    for account, _ in pairs(150):
        box.state.add_account(account)
    box.faults.add("openim/sendmsg", latency=60.0, times=8)
    _, journal, tasks = tasks_at(factory.url)
    async with tasks:
        run = asyncio.ensure_future(tasks.submit(OwnMessages(pairs(150)), name=NAME, ahead=100).report())
        await kill_in_mid_chunk(factory, "openim/sendmsg", 8)
        async with asyncio.timeout(20):
            report = await run
        told = [outcome async for outcome in journal.of(NAME).outcomes()]
    assert (report.sent, report.unknown) == (150, 0)
    assert sorted(outcome.index for outcome in told) == list(range(150))
    assert Counter(message.to_account for message in box.messages()) == dict.fromkeys((one for one, _ in pairs(150)), 1)
    assert len(factory.calls("openim/sendmsg")) > 150  # some went out twice, and were told as repeats
    assert factory.refused == []
    assert fullest(factory.calls("openim/sendmsg")) <= 100


async def test_a_worker_killed_in_mid_batch_costs_no_more_than_that_batch(factory: Factory) -> None:
    """ToAccounts: whoever the killed worker had under way is unknown and has the message at most once; all others have
    it once.
    """
    box, whom = factory.box, [f"user{at}" for at in range(700)]
    for account in whom:
        box.state.add_account(account)
    box.faults.add("openim/batchsendmsg", latency=60.0)
    _, _, tasks = tasks_at(factory.url)
    async with tasks:
        run = asyncio.ensure_future(tasks.submit(ToAccounts(whom, "hi"), name=NAME).report())
        await kill_in_mid_chunk(factory, "openim/batchsendmsg", 2)
        async with asyncio.timeout(20):
            report = await run
    assert (report.sent, report.unknown) == (200, 500)
    assert Counter(message.to_account for message in box.messages()) == dict.fromkeys(whom, 1)
    assert factory.refused == []
