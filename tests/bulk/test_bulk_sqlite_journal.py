"""The journal in a file."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import TYPE_CHECKING, Any, overload

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from timrest_async.bulk import Chunk, JournalError, Outcome, OwnMessages, SqliteJournal, ToAccounts, ToGroups, Written
from timrest_async.bulk.outcome import STATUSES

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

    from timrest_async.bulk import Job

ROOT = Path(__file__).parents[2]
JOB = ToAccounts([], "hi")

few = settings(max_examples=30, deadline=None, derandomize=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal is going to be."""
    return tmp_path / "june.db"


@asynccontextmanager
async def opened(path: Path, job: Job[Any, Any] = JOB) -> AsyncGenerator[tuple[SqliteJournal, Written]]:
    """Open the journal, with what it holds."""
    journal = SqliteJournal(path)
    written = await journal.open(job)
    try:
        yield journal, written
    finally:
        await journal.close()


async def held(path: Path, job: Job[Any, Any] = JOB) -> Written:
    """Return what the journal holds."""
    async with opened(path, job) as (_, written):
        return written


def chunk_at(start: int, *recipients: str) -> Chunk:
    """Return a piece of the input."""
    return Chunk(start, recipients or (f"account{start}",), f"digest{start}")


def sent(chunk: Chunk) -> list[Outcome]:
    """Return that all were sent."""
    return chunk.complete(chunk.all("sent", None, "", 1))


async def settled(journal: SqliteJournal, *chunks: Chunk) -> None:
    """Take *chunks* to their end."""
    for chunk in chunks:
        await journal.plan(chunk)
        await journal.begin(evolve(chunk, begun_at=1.5))
        await journal.settle(chunk, sent(chunk))


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    """Ask the file itself, over a connection of its own."""
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query).fetchall()


def beside(path: Path) -> set[str]:
    """List the folder of the journal."""
    return {one.name for one in path.parent.iterdir()}


def commits(path: Path) -> int:
    """Count the transactions in the write-ahead log: the last page of each has the size of the file after it."""
    log = path.with_name(f"{path.name}-wal").read_bytes()
    size = int.from_bytes(log[8:12], "big") + 24
    frames = (log[at : at + size] for at in range(32, len(log), size))
    return sum(frame[8:16] == log[16:24] and any(frame[4:8]) for frame in frames)


class Held(Sequence[Chunk]):
    """Parts of a chunk that let the thread that writes them wait, and may be something that cannot be written."""

    def __init__(self, *parts: Chunk, error: Exception | None = None) -> None:
        self.reached = Event()
        """The thread waits."""
        self.let_go = Event()
        """It may go on."""
        self._parts = parts
        self._error = error

    @overload
    def __getitem__(self, at: int) -> Chunk: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Chunk]: ...
    def __getitem__(self, at: int | slice) -> Chunk | Sequence[Chunk]:
        """Return a part."""
        return self._parts[at]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._parts)

    def __iter__(self) -> Iterator[Chunk]:
        """Wait, and fail or go on."""
        self.reached.set()
        self.let_go.wait(60)
        if self._error is not None:
            raise self._error
        return iter(self._parts)


# -- what is written is read again


async def test_a_journal_that_was_not_there_holds_nothing(path: Path) -> None:
    """It is made, and holds nothing when it is opened again either."""
    for _ in range(2):
        written = await held(path)
        assert (written.read, written.digest, dict(written.counts), list(written.open)) == (0, "", {}, [])
        assert path.name in beside(path)


def test_an_empty_file_becomes_a_journal(path: Path) -> None:
    """A name that somebody reserved will do."""
    path.touch()
    assert asyncio.run(held(path)) == Written()


TEXT = st.text(max_size=12) | st.sampled_from(
    ["", "a\0b", "\n", '"', "\\", "'", "好", "$.x", "null", "[1]", "\U0001f600"]
)
U32 = st.integers(0, 2**32 - 1)
OUTCOMES = st.builds(
    lambda *fields: fields,
    st.sampled_from(STATUSES),
    st.none() | st.integers(0, 2**31),
    TEXT,
    st.none() | TEXT,
    st.none() | U32,
    st.integers(0, 9),
)
FATES = ["planned", "begun", "withdrawn", "split", "settled"]


@st.composite
def pieces(draw: st.DrawFn) -> list[tuple[Chunk, str, list[Outcome]]]:
    """Draw an input that was cut, and what became of each chunk."""
    drawn: list[tuple[Chunk, str, list[Outcome]]] = []
    start = 0
    for _ in range(draw(st.integers(1, 5))):
        recipients = tuple(draw(st.lists(TEXT, min_size=2, max_size=5)))
        outcomes = [Outcome(one, start + at, *draw(OUTCOMES)) for at, one in enumerate(recipients)]
        places = draw(st.sets(st.integers(0, len(recipients) - 1), max_size=len(recipients) - 2))
        first = {at: outcomes[at] for at in sorted(places)}
        chunk = Chunk(start, recipients, draw(TEXT), draw(st.binary(max_size=9)), first, draw(U32), draw(U32))
        drawn.append((chunk, draw(st.sampled_from(FATES)), outcomes))
        start = chunk.end
    return drawn


async def live(journal: SqliteJournal, chunk: Chunk, fate: str, outcomes: list[Outcome]) -> list[Chunk]:
    """Have *fate* befall the chunk, and return what is open then."""
    await journal.plan(chunk)
    if fate == "planned":
        return [chunk]
    begun = evolve(chunk, seq=chunk.seq ^ 1, random=chunk.random ^ 1, begun_at=1_546_300_800.123456)
    await journal.begin(begun)
    if fate == "begun":
        return [begun]
    if fate == "withdrawn":
        await journal.withdraw(chunk)
        return [chunk]
    if fate == "split":
        parts = begun.halves
        await journal.split(parts)
        return [*parts]
    await journal.settle(begun, outcomes)
    return []


@given(drawn=pieces())
@few
async def test_what_is_written_is_read_again(drawn: list[tuple[Chunk, str, list[Outcome]]]) -> None:
    """Open chunks come back with all that they had, in order; the others as outcomes, each as it was and counted; and
    as much of the input was read as there are items in it.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder, "june.db")
        async with opened(path) as (journal, _):
            left = [one for piece in drawn for one in await live(journal, *piece)]
        written = await held(path)
        read = list(SqliteJournal(path).outcomes())
    expected = [outcome for _, fate, outcomes in drawn if fate == "settled" for outcome in outcomes]
    assert written.open == left
    assert [type(one.begun_at) for one in written.open] == [type(one.begun_at) for one in left]
    assert read == expected
    assert Counter(written.counts) == Counter(outcome.status for outcome in expected)
    assert (written.read, written.digest) == (drawn[-1][0].end, drawn[-1][0].digest)


@given(drawn=pieces())
@few
async def test_the_view_says_what_the_outcomes_say(drawn: list[tuple[Chunk, str, list[Outcome]]]) -> None:
    """Whoever looks into the file with SQL sees the same, in the same order, except that SQLite may end a text of JSON
    where that holds a NUL.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder, "june.db")
        async with opened(path) as (journal, _):
            for chunk, fate, outcomes in drawn:
                await live(journal, chunk, fate, outcomes)
        seen = rows(path, "SELECT recipient, item, status, code, info, msg_key, msg_time, attempts FROM outcomes")
        read = list(SqliteJournal(path).outcomes())

    def whole(text: str | None) -> str | None:
        return text and text.partition("\0")[0]

    def row(*fields: Any) -> Outcome:
        recipient, index, status, code, info, key, *rest = fields
        return Outcome(whole(recipient) or "", index, status, code, whole(info) or "", whole(key), *rest)

    assert [row(*one) for one in seen] == [
        row(one.recipient, one.index, one.status, one.code, one.info, one.msg_key, one.msg_time, one.attempts)
        for one in read
    ]


async def test_a_whole_batch_is_one_row(path: Path) -> None:
    """However many recipients a call has, what happened to most of them is written once."""
    chunk = chunk_at(0, *(f"account{number}" for number in range(500)))
    outcomes = [evolve(one, status="refused", code=70107) if one.index == 99 else one for one in sent(chunk)]
    async with opened(path) as (journal, _):
        await journal.plan(chunk)
        await journal.settle(chunk, outcomes)
    assert rows(path, "SELECT status, json_array_length(recipients), others FROM chunks JOIN calls USING (start)") == [
        ("sent", 500, '{"99":["refused",70107,"",null,null,1]}')
    ]
    assert rows(path, "SELECT status, count(*) FROM outcomes GROUP BY 1") == [("refused", 1), ("sent", 499)]
    assert list(SqliteJournal(path).outcomes()) == outcomes


async def test_a_chunk_that_is_planned_again_is_there_once(path: Path) -> None:
    """It is known by where it starts."""
    async with opened(path) as (journal, _):
        for _ in range(2):
            await journal.plan(chunk_at(0))
    assert len((await held(path)).open) == 1


# -- the file


async def test_the_journal_can_be_read_while_it_is_written(path: Path) -> None:
    """Over any connection, and by a journal that nobody opened."""
    async with opened(path) as (journal, _):
        await settled(journal, chunk_at(0, "a", "b"))
        assert rows(path, "SELECT status, count(*) FROM outcomes GROUP BY 1") == [("sent", 2)]
        reading = SqliteJournal(path).outcomes()
        assert next(reading).recipient == "a"
        await settled(journal, chunk_at(2, "c"))
        assert [one.recipient for one in reading] == ["b"]
        assert [one.recipient for one in journal.outcomes()] == ["a", "b", "c"]


async def test_only_its_owner_may_read_it(path: Path) -> None:
    """Neither the file nor any beside it is open to others, whatever the process's mask."""
    mask = os.umask(0)
    try:
        async with opened(path) as (journal, _):
            await settled(journal, chunk_at(0))
            modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}
    finally:
        os.umask(mask)
    assert modes.keys() >= {"june.db", "june.db-lock", "june.db-wal", "june.db-shm"}
    assert set(modes.values()) == {0o600}


@pytest.mark.parametrize("name", ["a b.db", "a?b#c%20d.db", "ü'\".db"])
async def test_a_journal_may_have_any_name(tmp_path: Path, name: str) -> None:
    """The characters of addresses mean nothing in it; it may be given as text."""
    journal = SqliteJournal(str(tmp_path / name))
    await journal.open(JOB)
    await settled(journal, chunk_at(0))
    await journal.close()
    assert journal.path == tmp_path / name
    assert beside(journal.path) == {name, f"{name}-lock"}
    assert len(list(journal.outcomes())) == 1


async def test_the_tables_are_made_in_one_transaction(path: Path) -> None:
    """There is no moment at which a process that is killed leaves half a journal."""
    async with opened(path):
        assert commits(path) == 1


# -- what has returned withstands a crash


def copy(path: Path, folder: str) -> Path:
    """Copy the file and its log as they lie there, as a crash would leave them."""
    there = path.parent / folder
    there.mkdir()
    for one in (path, path.with_name(f"{path.name}-wal")):
        shutil.copy(one, there)
    return there / path.name


async def test_what_has_begun_is_in_the_file(path: Path) -> None:
    """When ``begin`` returns, the chunk is there with its numbers and its time, though nothing waited for ``plan``."""
    begun = evolve(chunk_at(0), seq=7, random=8, begun_at=9.5)
    async with opened(path) as (journal, _):
        await journal.plan(chunk_at(0))
        await journal.begin(begun)
        crashed = copy(path, "begun")
    assert (await held(crashed)).open == [begun]


async def test_what_was_settled_is_in_the_file(path: Path) -> None:
    """When ``settle`` returns, its outcomes are there, and so is all that was asked for before."""
    first, second, third = chunk_at(0, "a", "b"), chunk_at(2), chunk_at(3)
    async with opened(path) as (journal, _):
        await journal.plan(first)
        await journal.plan(second)
        await journal.split(first.halves)
        await journal.plan(third)
        await journal.withdraw(evolve(second, seq=5))
        await journal.settle(third, sent(third))
        crashed = copy(path, "settled")
    written = await held(crashed)
    assert [(one.start, one.recipients) for one in written.open] == [(0, ("a",)), (1, ("b",)), (2, ("account2",))]
    assert written.open[2].seq == 5
    assert written.read == 4
    assert list(SqliteJournal(crashed).outcomes()) == sent(third)


async def test_what_nobody_waited_for_is_written_before_it_is_closed(path: Path) -> None:
    """``close`` comes behind all that was asked for."""
    async with opened(path) as (journal, _):
        for start in range(1_000):
            await journal.plan(chunk_at(start))
    assert [one.start for one in (await held(path)).open] == list(range(1_000))


async def test_many_who_wait_share_the_waiting(path: Path) -> None:
    """What a hundred calls ask for while the disk is busy waits for the transaction under way, and is one more."""
    parts = Held(chunk_at(0))
    chunks = [chunk_at(start) for start in range(1, 101)]
    async with opened(path) as (journal, _):
        await journal.split(parts)
        await asyncio.to_thread(parts.reached.wait, 60)
        before = commits(path)
        for chunk in chunks:
            await journal.plan(chunk)
        begun = asyncio.gather(*(journal.begin(evolve(chunk, begun_at=1.0)) for chunk in chunks))
        await asyncio.sleep(0)
        assert not begun.done()
        parts.let_go.set()
        await begun
        assert commits(path) - before == 2


async def test_who_stops_waiting_is_not_missed(path: Path) -> None:
    """A cancelled call is written all the same, and those beside it hear of theirs."""
    parts = Held(chunk_at(0))
    async with opened(path) as (journal, _):
        await journal.split(parts)
        await asyncio.to_thread(parts.reached.wait, 60)
        await journal.plan(chunk_at(1))
        cancelled, other = (
            asyncio.create_task(journal.begin(evolve(chunk_at(start), begun_at=1.0))) for start in range(2)
        )
        await asyncio.sleep(0)
        cancelled.cancel()
        parts.let_go.set()
        await other
        assert cancelled.cancelled()
    assert [one.begun_at for one in (await held(path)).open] == [1.0, 1.0]


# -- one at a time


async def test_a_second_run_is_refused(path: Path) -> None:
    """The first has the file for itself until it closes it, and is not disturbed by who tries."""
    async with opened(path) as (journal, _):
        with pytest.raises(JournalError, match="another run uses this journal now"):
            await held(path)
        await settled(journal, chunk_at(0))
    assert (await held(path)).counts == {"sent": 1}


async def test_a_journal_that_is_open_is_not_opened_again(path: Path) -> None:
    """One object is one run's, and goes on for that run."""
    async with opened(path) as (journal, _):
        with pytest.raises(JournalError, match="in use"):
            await journal.open(JOB)
        await settled(journal, chunk_at(0))
    assert (await held(path)).counts == {"sent": 1}


HOLDS = """
import asyncio, sys
from attrs import evolve
from timrest_async.bulk import Chunk, SqliteJournal, ToAccounts

async def main():
    journal = SqliteJournal(sys.argv[1])
    await journal.open(ToAccounts([], "hi"))
    chunk = Chunk(0, ("a", "b"), "digest")
    await journal.plan(chunk)
    await journal.begin(evolve(chunk, seq=7, random=8, begun_at=9.5))
    print("begun", flush=True)
    sys.stdin.read()

asyncio.run(main())
"""


async def test_another_process_has_the_file_until_it_ends(path: Path) -> None:
    """While it lives a run here is refused; once it was killed, what it began is found."""
    command = [sys.executable, "-c", HOLDS, str(path)]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"begun\n"
    with pytest.raises(JournalError, match="another run uses this journal now"):
        await held(path)
    process.kill()
    await process.communicate()
    written = await held(path)
    assert written.open == [Chunk(0, ("a", "b"), "digest", b"", {}, 7, 8, 9.5)]


# -- files that are no journals


@pytest.mark.parametrize(
    "other", [ToAccounts([], "ho"), ToAccounts([], "hi", from_account="a"), ToGroups([], "hi"), OwnMessages([])]
)
async def test_a_journal_of_another_message_is_refused(path: Path, other: Job[Any, Any]) -> None:
    """Nothing of it is touched, and the run to which it belongs goes on with it."""
    async with opened(path) as (journal, _):
        await settled(journal, chunk_at(0))
    with pytest.raises(JournalError, match="of another message"):
        await held(path, other)
    assert (await held(path, ToAccounts(["b", "c"], "hi"))).counts == {"sent": 1}


def text(path: Path) -> None:
    """Somebody's list."""
    path.write_text("lumotuwe1\n" * 100, encoding="utf-8")


def database(path: Path) -> None:
    """Somebody's database."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE run (kind, fingerprint)")


def of_another_version(path: Path) -> None:
    """A journal of a later library."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript("CREATE TABLE run (kind, fingerprint); PRAGMA user_version=2")


def without_tables(path: Path) -> None:
    """What calls itself a journal and is none."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript("CREATE TABLE other (x); PRAGMA user_version=1")


def torn(path: Path) -> None:
    """A journal that lost its end."""
    asyncio.run(held(path))
    path.write_bytes(path.read_bytes()[:4096])


def locked_by_a_folder(path: Path) -> None:
    """A folder has the lock's name."""
    path.with_name(f"{path.name}-lock").mkdir()


NOT_JOURNALS = [text, database, of_another_version, without_tables, torn, locked_by_a_folder, Path.mkdir]


@pytest.mark.parametrize("make", NOT_JOURNALS)
def test_a_file_that_is_no_journal_is_refused_and_left_alone(path: Path, make: Callable[[Path], object]) -> None:
    """A ``JournalError`` names the file, and what stood there stands there still."""
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(JournalError, match=r"june\.db"):
        asyncio.run(held(path))
    if before:
        assert path.read_bytes()[100:] == before[100:]  # the first bytes say how it is written, not what


@pytest.mark.parametrize("place", ["missing/june.db", "file/june.db"])
async def test_a_file_that_cannot_be_made_is_a_journal_error(tmp_path: Path, place: str) -> None:
    """The folder has to be there, and to be one."""
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match=r"june\.db"):
        await held(tmp_path / place)


def test_outcomes_of_a_journal_that_is_not_there_are_an_error(path: Path) -> None:
    """Nothing is made by looking for it."""
    with pytest.raises(JournalError, match="there is no such journal"):
        list(SqliteJournal(path).outcomes())
    assert not path.exists()


@pytest.mark.parametrize("make", [text, database, without_tables, Path.mkdir])
def test_outcomes_of_what_is_no_journal_are_an_error(path: Path, make: Callable[[Path], object]) -> None:
    """A ``JournalError`` names the file."""
    make(path)
    with pytest.raises(JournalError, match=r"june\.db"):
        list(SqliteJournal(path).outcomes())


async def test_a_journal_that_could_not_be_opened_can_be_opened_when_it_can(path: Path) -> None:
    """The same object will do, for the right message."""
    await held(path)
    journal = SqliteJournal(path)
    with pytest.raises(JournalError, match="of another message"):
        await journal.open(ToAccounts([], "ho"))
    assert (await journal.open(JOB)).read == 0
    await settled(journal, chunk_at(0))
    await journal.close()
    assert len(list(journal.outcomes())) == 1


# -- trouble while it is open


async def test_trouble_reaches_everybody(path: Path) -> None:
    """Whoever waits hears of it, and so does every call after it: nothing goes out that is not written down."""
    chunk = chunk_at(0)
    async with opened(path) as (journal, _):
        await journal.plan(chunk)
        await journal.begin(chunk)
        with closing(sqlite3.connect(path)) as db:
            db.execute("ALTER TABLE calls RENAME TO gone")
        told = await asyncio.gather(*(journal.begin(chunk) for _ in range(20)), return_exceptions=True)
        assert {type(one) for one in told} == {JournalError}
        assert "no such table: calls" in str(told[0])
        assert str(path) in str(told[0])
        for call in (journal.plan(chunk), journal.begin(chunk), journal.withdraw(chunk), journal.split([chunk])):
            with pytest.raises(JournalError, match="no such table"):
                await call
        with pytest.raises(JournalError, match="no such table"):
            await journal.settle(chunk, sent(chunk))


async def test_nothing_is_written_after_what_could_not_be_written(path: Path) -> None:
    """A hole in a journal would be recipients who are never sent to."""
    trouble = Held(error=OSError("disk gone"))
    async with opened(path) as (journal, _):
        await settled(journal, chunk_at(0))
        await journal.split(trouble)
        await asyncio.to_thread(trouble.reached.wait, 60)
        await journal.plan(chunk_at(1))
        begun = asyncio.create_task(journal.begin(evolve(chunk_at(1), begun_at=1.0)))
        await asyncio.sleep(0)
        trouble.let_go.set()
        with pytest.raises(JournalError, match="disk gone"):
            await begun
    written = await held(path)
    assert (written.read, written.open, written.counts) == (1, [], {"sent": 1})


async def test_of_what_is_written_together_all_is_written_or_nothing(path: Path) -> None:
    """Where one of several cannot be written, the others are not either."""
    waiting = Held(chunk_at(0))
    async with opened(path) as (journal, _):
        await journal.split(waiting)
        await asyncio.to_thread(waiting.reached.wait, 60)
        await journal.plan(chunk_at(1))
        await journal.plan(chunk_at(2, "\ud800"))
        waiting.let_go.set()
        with pytest.raises(JournalError):
            await journal.begin(chunk_at(1))
    assert [one.start for one in (await held(path)).open] == [0]


FILLS = """
import asyncio, resource, sys
from attrs import evolve
from timrest_async.bulk import Chunk, JournalError, SqliteJournal, ToAccounts

async def main():
    journal = SqliteJournal(sys.argv[1])
    await journal.open(ToAccounts([], "hi"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
    done = 0
    try:
        for done in range(10_000):
            chunk = Chunk(done, (f"account{done}",), f"digest{done}")
            await journal.plan(chunk)
            await journal.begin(evolve(chunk, begun_at=1.0))
            await journal.settle(chunk, chunk.all("sent", None, "", 1))
    except JournalError as error:
        print(done, str(error).startswith(sys.argv[1] + ": "))
    await journal.close()

asyncio.run(main())
"""


async def test_a_full_disk_ends_the_run_and_nothing_that_was_settled_is_lost(path: Path) -> None:
    """Where the file may not grow, a call says so; all that returned before is there when there is room again."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-c", FILLS, str(path)),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    told, complaint = await process.communicate()
    assert complaint.decode() == ""
    done, named = told.decode().split()
    assert named == "True"
    assert int(done) > 5
    async with opened(path) as (journal, written):
        assert written.counts == {"sent": int(done)}
        assert written.read - int(done) in {0, 1}
        await settled(journal, chunk_at(written.read))
    assert [one.index for one in journal.outcomes()][: int(done)] == list(range(int(done)))


# -- opening and closing


async def test_a_journal_that_was_not_opened_is_closed_without_ado(path: Path) -> None:
    """There is nothing to let go of, and nothing is made."""
    journal = SqliteJournal(path)
    await journal.close()
    assert beside(path) == set()


async def test_a_journal_that_is_not_open_takes_nothing(path: Path) -> None:
    """Neither before nor after: nobody waits for ever."""
    journal = SqliteJournal(path)
    chunk = chunk_at(0)
    for _ in range(2):
        with pytest.raises(JournalError, match="not open"):
            await journal.plan(chunk)
        with pytest.raises(JournalError, match="not open"):
            await journal.begin(chunk)
        await journal.open(JOB)
        await journal.close()


async def test_a_journal_may_be_closed_twice_and_opened_again(path: Path) -> None:
    """Each time it goes on with what it holds."""
    journal = SqliteJournal(path)
    for start in range(3):
        written = await journal.open(JOB)
        assert written.read == start
        await settled(journal, chunk_at(start))
        await asyncio.gather(journal.close(), journal.close())
        await journal.close()
    assert len(list(journal.outcomes())) == 3


def test_a_loop_that_ends_first_takes_nothing_with_it(path: Path) -> None:
    """What was asked for is written although nobody is left to be told, and another loop may close the file."""
    journal, waiting = SqliteJournal(path), Held(chunk_at(0))

    async def leave() -> None:
        await journal.open(JOB)
        await journal.split(waiting)
        await asyncio.to_thread(waiting.reached.wait, 60)
        await journal.plan(chunk_at(1))
        left = asyncio.create_task(journal.begin(evolve(chunk_at(1), begun_at=1.0)))
        await asyncio.sleep(0)
        assert not left.done()

    asyncio.run(leave())
    waiting.let_go.set()
    asyncio.run(journal.close())
    assert [(one.start, one.begun_at) for one in asyncio.run(held(path)).open] == [(0, None), (1, 1.0)]
