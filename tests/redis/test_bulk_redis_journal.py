"""The journal in Redis: what it keeps, whom it lets write, and what it does when Redis goes away."""

from __future__ import annotations

import asyncio
import runpy
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from redis.asyncio import Redis

from timrest_async import TimSession
from timrest_async._clock import SystemClock
from timrest_async._codec import encode
from timrest_async.bulk import Chunk, JournalError, Outcome, OwnMessages, ToAccounts, ToGroups, Written, redis_script
from timrest_async.bulk.jobs import job_of
from timrest_async.bulk.outcome import STATUSES
from timrest_async.bulk.redis_journal import Claim, HaltedError, RedisJournal, RedisRun
from timrest_async.errors import AuthenticationError, ConfigError
from timrest_async.testing import MemoryTransport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.redis.conftest import Proxy, Server

NAME = "june"
SENT = {"ErrorCode": 0, "ActionStatus": "OK", "MsgTime": 1, "MsgKey": "k"}
JOB = ToAccounts([], "hi")
SKIPPED = Outcome("b", 1, "skipped", None, "the same as item 0")
CHUNK = Chunk(0, ("a", "b", "c"), "digest", b"", {1: SKIPPED}, 7, 8)
ENDS = [
    Outcome("a", 0, "sent", None, "", "k", 5, 1),
    SKIPPED,
    Outcome("c", 2, "refused", 70107, "no such account", attempts=1),
]


@pytest.fixture
async def journal(server: Server) -> AsyncIterator[RedisJournal]:
    """Open a journal with short leases."""
    async with RedisJournal(server.url, lease=0.3, patience=0.5) as journal:
        yield journal


async def led(journal: RedisJournal, *chunks: Chunk, job: Any = JOB) -> RedisRun:
    """Return the journal of a run that others carry, with *chunks* planned."""
    run = journal.of(NAME)
    await run.lead(job)
    for chunk in chunks:
        await run.plan(chunk)
    return run


async def claimed(journal: RedisJournal, start: int = 0, end: int = 3) -> Claim:
    """Return a piece that was claimed."""
    claim = await journal.of(NAME).claim(start, end)
    assert claim is not None
    return claim


def session(*answers: Any) -> TimSession:
    """Return a session with a service that gives *answers*."""
    return TimSession(1, secret_key="key", transport=MemoryTransport(*answers))


async def test_what_was_written_comes_back(journal: RedisJournal) -> None:
    """Planned, begun and settled chunks are there for the next who opens it, as they were."""
    own = Chunk(3, ("d",), "digest 2", '{"MsgBody": "“hi”"}'.encode(), {}, 9, 10)
    run = journal.of(NAME)
    assert await run.open(JOB) == Written(counts=dict.fromkeys(STATUSES, 0), open=[])
    await run.plan(CHUNK)
    await run.plan(own)
    await run.plan(Chunk(4, ("e",), "digest 3"))
    began = time.time()
    await run.begin(evolve(own, begun_at=1.0))
    await run.settle(CHUNK, ENDS)
    await run.close()
    again = journal.of(NAME)
    written = await again.open(JOB)
    await again.close()
    assert (written.read, written.digest) == (5, "digest 3")
    assert written.counts == {"sent": 1, "refused": 1, "unknown": 0, "skipped": 1}
    first, second = written.open
    assert first.begun_at is not None
    assert began - 0.5 <= first.begun_at <= time.time()
    assert evolve(first, begun_at=None) == evolve(own, digest="")
    assert (second.start, second.begun_at) == (4, None)
    assert [outcome async for outcome in again.outcomes()] == ENDS


async def test_outcomes_that_need_no_call_are_kept_with_an_open_chunk(journal: RedisJournal) -> None:
    """A skipped recipient of an open chunk is skipped for whoever opens it next."""
    run = await led(journal, CHUNK)
    await run.close()
    (chunk,) = (await (again := journal.of(NAME)).open(JOB)).open
    await again.close()
    assert chunk == evolve(CHUNK, digest="")


async def test_a_run_that_carries_all_by_itself_can_use_it(journal: RedisJournal) -> None:
    """A run in one process ends, and one that goes on finds nothing left to do."""
    messages = [(f"user{at}", "hi") for at in range(60)]
    async with session(*[SENT] * 60) as tim:
        report = await tim.bulk.run(OwnMessages(messages), journal=journal.of(NAME))
        again = await tim.bulk.run(OwnMessages(messages), journal=journal.of(NAME))
    assert report.sent == again.sent == 60
    told = [outcome async for outcome in journal.of(NAME).outcomes()]
    assert Counter(outcome.index for outcome in told) == dict.fromkeys(range(60), 1)


async def test_a_run_that_ended_early_is_gone_on_with(journal: RedisJournal) -> None:
    """A wrong key ends it after two; the next run sends the other two."""
    messages = [(f"user{at}", "hi") for at in range(4)]
    wrong = {"ErrorCode": 70003}
    async with session(SENT, SENT, wrong, SENT, SENT) as tim:
        with pytest.raises(Exception, match="70003"):
            await tim.bulk.run(OwnMessages(messages), journal=journal.of(NAME), workers=1)
        report = await tim.bulk.run(OwnMessages(messages), journal=journal.of(NAME), workers=1)
    assert report.sent == 4


async def test_a_batch_that_is_halved_leaves_both_halves(journal: RedisJournal) -> None:
    """Whoever opens it in between has two chunks in the place of one."""
    run = journal.of(NAME)
    await run.open(JOB)
    await run.plan(CHUNK)
    parts = CHUNK.halves
    await run.split(parts)
    await run.close()
    written = await (again := journal.of(NAME)).open(JOB)
    await again.close()
    assert list(written.open) == [evolve(part, digest="") for part in parts]
    assert written.read == 3


async def test_what_was_withdrawn_was_not_begun(journal: RedisJournal) -> None:
    """The next who opens it sends it as it stands, with the numbers it had last."""
    run = await led(journal, CHUNK)
    claim = await claimed(journal)
    await claim.begin(CHUNK)
    await claim.withdraw(evolve(CHUNK, seq=70, random=80))
    await claim.close()
    await run.close()
    (chunk,) = (await (again := journal.of(NAME)).open(JOB)).open
    await again.close()
    assert (chunk.begun_at, chunk.seq, chunk.random) == (None, 70, 80)


async def test_another_message_is_refused(journal: RedisJournal) -> None:
    """A run of the same name has the same message, of the same kind."""
    run = await led(journal)
    await run.close()
    for job in (ToAccounts([], "ho"), ToGroups([], "hi")):
        with pytest.raises(JournalError, match="another message; take another name"):
            await journal.of(NAME).open(job)


async def test_another_input_is_refused(journal: RedisJournal) -> None:
    """It has to begin as the input before it did."""
    async with session(SENT, SENT) as tim:
        await tim.bulk.run(OwnMessages([("a", "hi"), ("b", "hi")]), journal=journal.of(NAME))
        with pytest.raises(JournalError, match="its first 2 recipients are others"):
            await tim.bulk.run(OwnMessages([("a", "hi"), ("c", "hi")]), journal=journal.of(NAME))
        with pytest.raises(JournalError, match="it holds 2 recipients, and this input has 1"):
            await tim.bulk.run(OwnMessages([("a", "hi")]), journal=journal.of(NAME))


async def test_two_runs_do_not_use_it_at_once(journal: RedisJournal) -> None:
    """While the first is open, and for as long as it takes, the second is refused; afterwards it is not."""
    first, second = journal.of(NAME), journal.of(NAME)
    await first.open(JOB)
    with pytest.raises(JournalError, match="in use"):
        await first.open(JOB)
    with pytest.raises(JournalError, match="another run uses this journal now"):
        await second.open(JOB)
    await first.close()
    await first.close()
    await second.open(JOB)
    await second.close()


async def test_a_run_that_carries_all_waits_for_workers_that_have_something(journal: RedisJournal) -> None:
    """A piece in a worker's hand keeps it out for the time of the lease, and then it is alone."""
    run = await led(journal, CHUNK)
    claim = await claimed(journal)
    await run.close()
    alone = journal.of(NAME)
    (chunk,) = (await alone.open(JOB)).open
    await alone.begin(chunk)
    worker = asyncio.ensure_future(journal.of(NAME).claim(0, 3))
    await alone.settle(chunk, ENDS)
    assert await worker is None
    await alone.close()
    await claim.close()


async def test_a_worker_waits_for_a_run_that_carries_all(journal: RedisJournal, server: Server) -> None:
    """A task of an earlier submission finds nothing in a run that another process carries alone, until that ends."""
    run = await led(journal, CHUNK)
    await run.close()
    alone = journal.of(NAME)
    await alone.open(JOB)
    worker = asyncio.ensure_future(claimed(journal))
    asked = server.runs_of("evalsha")
    while server.runs_of("evalsha") < asked + 8:  # noqa: ASYNC110  # the one renews, the other asks
        await asyncio.sleep(0.01)
    assert not worker.done()
    await alone.close()
    await (await worker).close()


async def test_what_a_claim_holds_is_all_it_takes_to_carry_it(journal: RedisJournal) -> None:
    """The job as it was, and the open chunks of the piece; a piece without any is nobody's."""
    run = await led(journal, CHUNK, Chunk(3, ("d",), "digest 2"), job=ToAccounts(["x"], "hi", from_account="news"))
    claim = await claimed(journal, 0, 3)
    assert [chunk.recipients for chunk in claim.chunks] == [("a", "b", "c")]
    assert (await claim.open(claim.job)).open == claim.chunks
    assert claim.job.fingerprint == ToAccounts([], "hi", from_account="news").fingerprint
    held, left, none = await run.held([(0, 3), (3, 4), (4, 9)])
    assert 0 < held <= 0.3
    assert left == 0
    assert none < 0
    await claim.settle(CHUNK, ENDS)
    assert await journal.of(NAME).claim(0, 3) is None
    await claim.close()
    await run.close()


@pytest.mark.parametrize(
    "job",
    [ToAccounts(["a"], "hi", from_account="news"), OwnMessages([], from_account="news"), ToGroups([], "hi")],
    ids=lambda job: job.kind,
)
def test_a_job_is_made_again_of_what_is_written_down(job: Any) -> None:
    """Its kind and its template: the same fingerprint, and so the same calls."""
    assert job_of(job.kind, encode(job.template)).fingerprint == job.fingerprint


async def test_who_lost_a_lease_writes_nothing(journal: RedisJournal) -> None:
    """Its holder did not renew it and another took it: nothing of what the first writes counts."""
    run = await led(journal, CHUNK)
    first = await claimed(journal)
    await first.begin(CHUNK)
    second = await claimed(journal)  # which waits until the lease is over
    for write in (first.begin, first.withdraw):
        with pytest.raises(JournalError, match="another has taken over"):
            await write(CHUNK)
    with pytest.raises(JournalError, match="another has taken over"):
        await first.split(CHUNK.halves)
    with pytest.raises(JournalError, match="another has taken over"):
        await first.settle(CHUNK, ENDS)
    with pytest.raises(JournalError, match="another has taken over"):
        await first.renew()
    await first.close()
    assert second.chunks[0].begun_at is not None
    await second.settle(second.chunks[0], ENDS)
    await second.close()
    await run.close()
    assert [outcome async for outcome in run.outcomes()] == ENDS


async def test_a_lease_that_is_over_is_good_until_another_takes_it(journal: RedisJournal, server: Server) -> None:
    """A worker that was late settles what it knows, where nobody else has begun."""
    run = await led(journal, CHUNK)
    claim = await claimed(journal)
    while (await run.held([(0, 3)]))[0] > 0:  # noqa: ASYNC110  # it is the server's clock
        await asyncio.sleep(0.01)
    await claim.settle(CHUNK, ENDS)
    await claim.close()
    await run.close()
    assert [outcome async for outcome in run.outcomes()] == ENDS
    assert server.ask("HLEN", f"timrest:bulk:{{{NAME}}}:leases") == 0


async def test_a_chunk_is_settled_once(journal: RedisJournal) -> None:
    """The second time changes nothing: no outcome is told twice, and none is counted twice."""
    run = await led(journal, CHUNK)
    claim = await claimed(journal)
    await claim.settle(CHUNK, ENDS)
    await claim.settle(CHUNK, [evolve(outcome, status="unknown") for outcome in ENDS])
    await claim.close()
    await run.close()
    assert [outcome async for outcome in run.outcomes()] == ENDS
    written = await (again := journal.of(NAME)).lead(JOB)
    await again.close()
    assert written.counts == {"sent": 1, "refused": 1, "unknown": 0, "skipped": 1}


@pytest.mark.parametrize("what", ["plan", "begin", "withdraw", "settle"])
async def test_what_is_asked_again_since_its_answer_was_lost_counts_once(
    server: Server, proxy_to: Callable[[int], Proxy], what: str
) -> None:
    """The connection breaks with the answer on its way: the question goes out again, and is known already."""
    proxy = proxy_to(server.port)
    address = await proxy.start()
    async with RedisJournal(address) as journal:
        run = await led(journal, *([] if what == "plan" else [CHUNK]))
        writer = run if what == "plan" else await claimed(journal)
        proxy.lose = f"\r\n{what}\r\n"
        await getattr(writer, what)(*([CHUNK, ENDS] if what == "settle" else [CHUNK]))
        assert proxy.lost == 1
        await writer.close()
        await run.close()
        written = await (again := journal.of(NAME)).lead(JOB)
        await again.close()
        assert written.read == 3
        assert len(written.open) == (what != "settle")
        assert len([outcome async for outcome in run.outcomes()]) == (3 if what == "settle" else 0)


async def test_what_comes_late_changes_nothing(journal: RedisJournal) -> None:
    """A connection that broke hands over an old question after newer ones: the call that is out stays begun."""
    run = await led(journal, CHUNK)
    claim = await claimed(journal)
    for write in (claim.begin, claim.withdraw, claim.begin):
        await write(CHUNK)
    await claim._place.ask("withdraw", 0, 2, 0, CHUNK.seq, CHUNK.random)
    await claim._place.ask("split", 0, 2, 0, b"", 1, 1, 1, b"", 1, 1)
    await claim.close()
    claim = await claimed(journal)
    (chunk,) = claim.chunks
    assert chunk.begun_at is not None
    assert chunk.recipients == CHUNK.recipients
    await claim.close()
    await run.close()


async def test_machines_need_not_agree_on_the_time(server: Server) -> None:
    """How long ago a call went out is counted by the clock of Redis: a worker whose own is an hour ahead knows it."""

    class Ahead(SystemClock):
        def now(self) -> float:
            return time.time() + 3_600

    async with RedisJournal(server.url) as journal, RedisJournal(server.url, clock=Ahead()) as elsewhere:
        run = await led(journal, CHUNK)
        claim = await claimed(elsewhere)
        await claim.begin(evolve(CHUNK, begun_at=Ahead().now()))
        await claim.close()
        claim = await claimed(journal)
        (chunk,) = claim.chunks
        assert chunk.begun_at is not None
        assert 0 <= time.time() - chunk.begun_at < 1
        await claim.close()
        await run.close()


async def test_nothing_goes_out_of_a_run_that_was_stopped(journal: RedisJournal) -> None:
    """What a worker has in hand does not begin, and nobody claims anything; whoever opens the run lets it go on."""
    run = await led(journal, CHUNK)
    claim = await claimed(journal)
    await run.halt()
    with pytest.raises(HaltedError, match="was stopped"):
        await claim.begin(CHUNK)
    assert (await claim.renew())[1]
    await claim.close()
    assert await journal.of(NAME).claim(0, 3) is None
    await run.close()
    await (again := journal.of(NAME)).lead(JOB)
    claim = await claimed(journal)
    assert claim.chunks[0].begun_at is None
    await claim.close()
    await again.close()


async def test_why_a_run_failed_is_told_once(journal: RedisJournal) -> None:
    """The first error is what the reader gets, as it was: its class, code, words and command."""
    run = await led(journal, CHUNK)
    await run.fail(AuthenticationError(70003, "sig check fail", "openim/sendmsg", "id"))
    await run.fail(ConfigError("another"))
    (entry,) = await run.ended()
    assert isinstance(entry.failure, AuthenticationError)
    assert (entry.failure.code, entry.failure.info, entry.failure.path) == (70003, "sig check fail", "openim/sendmsg")
    assert await run.ended() == []
    await run.close()


async def test_how_long_ago_something_was_sent_is_known_to_all(journal: RedisJournal) -> None:
    """A worker hears of what others sent; before that there is nothing to hear."""
    other = Chunk(3, ("d",), "digest 2")
    run = await led(journal, CHUNK, other)
    claim, others = await claimed(journal), await claimed(journal, 3, 4)
    assert await claim.renew() == (None, False)
    await others.settle(other, [Outcome("d", 3, "sent")])
    ago, _ = await claim.renew()
    assert ago is not None
    assert 0 <= ago < 0.3
    for one in (claim, others, run):
        await one.close()


async def test_halves_are_held_by_who_halved(journal: RedisJournal) -> None:
    """Both parts of a batch stay with the worker that has it, for as long as it renews them."""
    run = await led(journal, CHUNK)
    claim = await claimed(journal)
    one, other = CHUNK.halves
    await claim.split((one, other))
    await claim.renew()
    await claim.begin(other)
    assert min(await run.held([(one.start, one.end), (other.start, other.end)])) > 0
    await claim.close()
    assert await run.held([(0, 3)]) == [0]
    await run.close()


async def test_all_of_it_is_forgotten_a_week_after_the_last_entry(journal: RedisJournal, server: Server) -> None:
    """Every key has a time to live, which each entry renews."""
    run = await led(journal, CHUNK, Chunk(3, ("d",), "digest 2"))
    claim = await claimed(journal)
    await claim.settle(CHUNK, ENDS)
    keys = server.ask("KEYS", "*")
    assert len(keys) >= 5
    week = 7 * 86_400_000
    assert all(week - 10_000 < server.ask("PTTL", key) <= week for key in keys)
    for key in keys:
        server.ask("PEXPIRE", key, 60_000)
    await claim.close()
    assert all(week - 10_000 < server.ask("PTTL", key) <= week for key in server.ask("KEYS", "*"))
    await run.close()


async def test_nothing_is_left_of_a_message_whose_outcome_is_told(journal: RedisJournal, server: Server) -> None:
    """When all has ended there are the run and what ended."""
    run = await led(journal, CHUNK)
    claim = await claimed(journal)
    await claim.settle(CHUNK, ENDS)
    await claim.close()
    await run.close()
    assert sorted(key.decode().rpartition(":")[2] for key in server.ask("KEYS", "*")) == ["ended", "run"]


async def test_a_server_that_starts_again_with_its_data_has_lost_nothing(
    keeping_server: Server,
) -> None:
    """Killed and started: what was begun is begun, and the script is loaded again."""
    async with RedisJournal(keeping_server.url, lease=20, patience=10) as journal:
        run = await led(journal, CHUNK)
        claim = await claimed(journal)
        await claim.begin(CHUNK)
        keeping_server.ask("CONFIG", "SET", "appendfsync", "always")
        keeping_server.kill()
        keeping_server.start()
        await claim.settle(CHUNK, ENDS)
        assert [entry.outcomes for entry in await run.ended()] == [tuple(ENDS)]
        await claim.close()
        await run.close()


async def test_without_redis_nothing_is_written_and_that_is_said(server: Server) -> None:
    """Whatever is asked fails once the patience is over, and waiting for what ends does no harm."""
    async with RedisJournal(server.url, lease=0.3, patience=0.2) as journal:
        run = await led(journal, CHUNK)
        server.kill()
        with pytest.raises(JournalError, match="redis does not answer: ConnectionError"):
            await run.plan(CHUNK)
        await run.wait()
        with pytest.raises(JournalError, match="redis does not answer"):
            await run.ended()
        with pytest.raises(JournalError, match="redis does not answer"):
            await run.close()


async def test_a_server_that_stands_still_is_not_waited_for_for_ever(server: Server) -> None:
    """No answer at all is an error as well."""
    async with RedisJournal(server.url, lease=10, patience=0.2) as journal:
        run = await led(journal, CHUNK)
        server.freeze()
        with pytest.raises(JournalError, match="no answer in time"):
            await run.plan(CHUNK)
        server.thaw()
        await run.close()


async def test_a_lease_is_renewed_again_once_redis_is_back(keeping_server: Server) -> None:
    """The server is away for a while: whoever reads the input still does, and nobody else may."""
    async with RedisJournal(keeping_server.url, lease=1.2, patience=0.2) as journal:
        run = await led(journal)
        keeping_server.kill()
        await asyncio.sleep(0)
        with pytest.raises(JournalError):
            await run.plan(CHUNK)
        with pytest.raises(JournalError):
            await run.ended()
        keeping_server.start()
        with pytest.raises(JournalError, match="another run uses this journal now"):
            await journal.of(NAME).lead(JOB)
        await run.close()


async def test_a_run_that_was_taken_over_stops_renewing(journal: RedisJournal, server: Server) -> None:
    """Whoever reads the input and lost his lease, since his machine stood still, cannot plan any more."""
    run = await led(journal)
    server.ask("HDEL", f"timrest:bulk:{{{NAME}}}:leases", "run")
    other = await led(journal)
    runs = server.runs_of("evalsha")
    while server.runs_of("evalsha") < runs + 4:  # noqa: ASYNC110  # both have asked meanwhile
        await asyncio.sleep(0.01)
    with pytest.raises(JournalError, match="another has taken over"):
        await run.plan(CHUNK)
    await other.plan(CHUNK)
    await other.close()
    await run.close()


async def test_a_client_of_your_own_is_used_and_left_open(server: Server) -> None:
    """Also one that reads text where others read bytes."""
    client = Redis.from_url(server.url, decode_responses=True)
    async with RedisJournal(client) as journal:
        run = await led(journal, CHUNK)
        claim = await claimed(journal)
        await claim.settle(CHUNK, ENDS)
        assert [entry.outcomes for entry in await run.ended()] == [tuple(ENDS)]
        await claim.close()
        await run.close()
    assert await client.ping()
    await client.aclose()


def test_a_journal_cannot_be_what_it_cannot_be() -> None:
    """An address that is none, a lease that is none or as long as the service's own window: ConfigError."""
    with pytest.raises(ConfigError, match="redis has to be an address"):
        RedisJournal("localhost:6379")
    for settings in ({"lease": 0}, {"lease": 120}, {"patience": 0}):
        with pytest.raises(ConfigError, match="above 0 seconds and at most 60"):
            RedisJournal("redis://localhost", **settings)  # type: ignore[arg-type]


def test_without_redis_py_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has not installed redis-py learns what to install."""
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    with pytest.raises(ImportError, match=r"pip install 'timrest-async\[redis\]'"):
        runpy.run_path(redis_script.__file__)
