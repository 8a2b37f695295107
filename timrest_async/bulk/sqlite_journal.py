"""A journal in a file: SQLite, one row for each chunk, and a view of all outcomes for whoever looks into it.

One thread writes. What is asked for while it writes is written together next, so that waiting for the disk is shared by
all calls under way. Every write is synced before :meth:`SqliteJournal.begin` and :meth:`SqliteJournal.settle` return.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from timrest_async._codec import from_json, to_json
from timrest_async.bulk.jobs import Chunk
from timrest_async.bulk.journal import JournalError, Written
from timrest_async.bulk.outcome import Outcome, Status
from timrest_async.bulk.packing import fields_of, packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from timrest_async.bulk.jobs import Job

__all__ = ["SqliteJournal"]

VERSION: Final = 1
"""Of the tables; a file of another one is not opened."""

_TABLES: Final = """
CREATE TABLE run (             -- one row: what is sent
  kind TEXT NOT NULL,
  fingerprint TEXT NOT NULL
);
CREATE TABLE chunks (          -- a row for each call: what stays as it is
  start INTEGER PRIMARY KEY,   -- which of the input its first recipient is, from 0
  recipients TEXT NOT NULL,    -- JSON, in the order of the input
  digest TEXT NOT NULL,        -- of the input up to the end of this chunk
  message BLOB NOT NULL        -- where each recipient has one of its own
);
CREATE TABLE calls (           -- a row for each call: what changes, so that only this is written again
  start INTEGER PRIMARY KEY REFERENCES chunks,
  seq INTEGER NOT NULL,        -- MsgSeq
  random INTEGER NOT NULL,     -- MsgRandom, or Random
  begun_at REAL,               -- when it went out, Unix seconds
  status TEXT,                 -- what became of its recipients; NULL while that is open
  code INTEGER,
  info TEXT,
  msg_key TEXT,
  msg_time INTEGER,
  attempts INTEGER,
  others TEXT NOT NULL         -- JSON: those to whom something else happened, by their place in the chunk
);
CREATE INDEX open_calls ON calls (start) WHERE status IS NULL;
CREATE VIEW outcomes AS        -- a row for each recipient
SELECT item, recipient, coalesce(json_extract(other, '$[0]'), status) AS status,
  iif(other IS NULL, code, json_extract(other, '$[1]')) AS code,
  iif(other IS NULL, info, json_extract(other, '$[2]')) AS info,
  iif(other IS NULL, msg_key, json_extract(other, '$[3]')) AS msg_key,
  iif(other IS NULL, msg_time, json_extract(other, '$[4]')) AS msg_time,
  iif(other IS NULL, attempts, json_extract(other, '$[5]')) AS attempts
FROM (
  SELECT start + r.key AS item, r.value AS recipient, json_extract(others, '$."' || r.key || '"') AS other, calls.*
  FROM chunks JOIN calls USING (start), json_each(recipients) AS r WHERE status IS NOT NULL ORDER BY start, r.key
);
"""

_PIECE: Final = "INSERT OR REPLACE INTO chunks VALUES (?, ?, ?, ?)"
_CALL: Final = "INSERT OR REPLACE INTO calls (start, seq, random, begun_at, others) VALUES (?, ?, ?, ?, ?)"
_BEGIN: Final = "UPDATE calls SET seq = ?, random = ?, begun_at = ? WHERE start = ?"
_SETTLE: Final = (
    "UPDATE calls SET status = ?, code = ?, info = ?, msg_key = ?, msg_time = ?, attempts = ?, others = ?"
    " WHERE start = ?"
)
_BOTH: Final = "FROM chunks JOIN calls USING (start)"
_COUNTS: Final = f"SELECT status, json_array_length(recipients), others {_BOTH} WHERE status IS NOT NULL"
_OUTCOMES: Final = (
    f"SELECT start, recipients, others, status, code, info, msg_key, msg_time, attempts {_BOTH}"
    " WHERE status IS NOT NULL ORDER BY start"
)
_LAST: Final = "SELECT start, json_array_length(recipients), digest FROM chunks ORDER BY start DESC LIMIT 1"
_OPEN: Final = (
    f"SELECT start, recipients, digest, message, others, seq, random, begun_at {_BOTH}"
    " WHERE status IS NULL ORDER BY start"
)

R = TypeVar("R")
Work: TypeAlias = Callable[[sqlite3.Connection], R]
Waiting: TypeAlias = asyncio.Future[Any] | None
Asked: TypeAlias = tuple[Work[Any], Waiting]


class SqliteJournal:
    """A journal in the SQLite file *path*, which is made if it is not there.

    It can be read while a run goes on: ``SELECT status, count(*) FROM outcomes GROUP BY 1``. A second run with the same
    file is refused; for that a file with ``-lock`` behind its name lies beside it. Only its owner may read it, since it
    holds who is written to, and the messages where each recipient has one of its own.

    Raises :class:`~timrest_async.bulk.JournalError` from all methods where the file cannot be what it has to be.
    """

    def __init__(self, path: str | Path) -> None:
        self.path: Path = Path(path)
        """Where it is."""
        self._queue: SimpleQueue[Asked | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._loop: asyncio.AbstractEventLoop
        self._is_open = False
        self._failure: JournalError | None = None

    async def open(self, job: Job[Any, Any]) -> Written:
        """Open the file, and return what it holds; :class:`JournalError` where that is another message."""
        if self._thread is not None:
            raise JournalError(f"{self.path}: this journal is in use")
        kind, fingerprint = job.kind, job.fingerprint
        self._loop = asyncio.get_running_loop()
        self._queue, self._failure, self._is_open = SimpleQueue(), None, True
        self._thread = Thread(target=self._write, name=f"journal {self.path.name}", daemon=True)
        self._thread.start()
        try:
            return await self._done(lambda db: _written(db, self.path, kind, fingerprint))
        except BaseException:
            await self.close()
            raise

    async def plan(self, chunk: Chunk) -> None:
        """Take note of a chunk."""
        self._put(lambda db: _plan(db, chunk))

    async def begin(self, chunk: Chunk) -> None:
        """Take note that it is about to go out."""
        await self._done(lambda db: db.execute(_BEGIN, (chunk.seq, chunk.random, chunk.begun_at, chunk.start)))

    async def withdraw(self, chunk: Chunk) -> None:
        """Take note that it did not go out."""
        self._put(lambda db: db.execute(_BEGIN, (chunk.seq, chunk.random, None, chunk.start)))

    async def split(self, parts: Sequence[Chunk]) -> None:
        """Put *parts* in the place of the first, which was all of them."""
        self._put(lambda db: _plan(db, *parts))

    async def settle(self, chunk: Chunk, outcomes: Sequence[Outcome]) -> None:
        """Take note of what became of its recipients."""
        await self._done(lambda db: db.execute(_SETTLE, (*packed(outcomes), chunk.start)))

    async def close(self) -> None:
        """Write what is left, and close the file."""
        self._is_open = False
        if self._thread is not None:
            self._queue.put(None)
            await asyncio.to_thread(self._thread.join)
            self._thread = None

    def outcomes(self) -> Iterator[Outcome]:
        """Read all outcomes, in the order of the input; also while a run goes on."""
        if not self.path.exists():
            raise JournalError(f"{self.path}: there is no such journal")
        try:
            with closing(sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True)) as db:
                for row in db.execute(_OUTCOMES):
                    yield from unpacked(*row)
        except sqlite3.Error as error:
            raise JournalError(f"{self.path}: {error}") from error

    def _put(self, work: Work[Any], waiting: Waiting = None) -> None:
        if not self._is_open:
            raise JournalError(f"{self.path}: this journal is not open")
        if self._failure is not None:
            raise self._failure
        self._queue.put((work, waiting))

    async def _done(self, work: Work[R]) -> R:
        """Wait until *work* withstands a crash."""
        waiting: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._put(work, waiting)
        return await waiting

    def _write(self) -> None:
        """Write what is asked for; this runs in a thread of its own."""
        db: sqlite3.Connection | None = None
        with ExitStack() as files:
            for together in self._asked():
                results: list[Any] = []
                try:
                    if self._failure is None:
                        db = db or _opened(self.path, files)
                        results = _transact(db, together)
                except JournalError as error:
                    self._failure = error
                except Exception as error:  # noqa: BLE001  # whatever it is, who waits has to hear of it
                    self._failure = JournalError(f"{self.path}: {error}")
                with suppress(RuntimeError):  # the loop is gone, and with it whoever waited
                    self._loop.call_soon_threadsafe(_tell, together, results, self._failure)

    def _asked(self) -> Iterator[list[Asked]]:
        """Return what is asked for, together what came while the disk was busy, until the journal is closed."""
        while (asked := self._queue.get()) is not None:
            together = [asked]
            while not self._queue.empty():
                if (asked := self._queue.get()) is None:
                    yield together
                    return
                together.append(asked)
            yield together


def _tell(together: Sequence[Asked], results: Sequence[Any], failure: JournalError | None) -> None:
    """Wake up who waits, in the loop."""
    for at, (_, waiting) in enumerate(together):
        if waiting is None or waiting.done():
            continue
        if failure is not None:
            waiting.set_exception(failure)
        else:
            waiting.set_result(results[at])


def _transact(db: sqlite3.Connection, together: Sequence[Asked]) -> list[Any]:
    """Do all of it, or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        results = [work(db) for work, _ in together]
        db.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.OperationalError):  # a full disk has undone it already
            db.execute("ROLLBACK")
        raise
    return results


def _opened(path: Path, files: ExitStack) -> sqlite3.Connection:
    """Open the file, for this process alone."""
    for one in (path, path.with_name(f"{path.name}-lock")):
        with suppress(FileExistsError):
            os.close(os.open(one, os.O_CREAT | os.O_EXCL, 0o600))
    lock = files.enter_context(closing(sqlite3.connect(f"{path}-lock", timeout=0, isolation_level=None)))
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        raise JournalError(f"{path}: another run uses this journal now") from None
    db = files.enter_context(closing(sqlite3.connect(path, isolation_level=None)))
    db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-1000")
    return db


def _written(db: sqlite3.Connection, path: Path, kind: str, fingerprint: str) -> Written:
    """Make the tables, or read what they hold."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version == 0 and db.execute("SELECT 1 FROM sqlite_schema").fetchone() is None:
        for statement in _TABLES.split(";\n"):
            db.execute(statement)
        db.execute("INSERT INTO run VALUES (?, ?)", (kind, fingerprint))
        db.execute(f"PRAGMA user_version={VERSION}")
        return Written()
    if version != VERSION:
        raise JournalError(f"{path}: this is no journal of a bulk run, or of another version")
    if db.execute("SELECT kind, fingerprint FROM run").fetchone() != (kind, fingerprint):
        raise JournalError(f"{path}: this journal is of another message; name another file for this one")
    start, length, digest = db.execute(_LAST).fetchone() or (0, 0, "")
    return Written(start + length, digest, _counted(db), [_chunk(*row) for row in db.execute(_OPEN)])


def _counted(db: sqlite3.Connection) -> Counter[Status]:
    """Count how many came to which end."""
    counts = Counter[Status]()
    for status, length, exceptions in db.execute(_COUNTS):
        others = from_json(exceptions).values()
        counts[status] += length - len(others)
        counts.update(other[0] for other in others)
    return counts


def _plan(db: sqlite3.Connection, *chunks: Chunk) -> None:
    for chunk in chunks:
        others = {str(at): fields_of(outcome) for at, outcome in chunk.settled.items()}
        db.execute(_PIECE, (chunk.start, _json(chunk.recipients), chunk.digest, chunk.message))
        db.execute(_CALL, (chunk.start, chunk.seq, chunk.random, chunk.begun_at, _json(others)))


def _chunk(  # noqa: PLR0913, PLR0917  # the columns
    start: int, recipients: str, digest: str, message: bytes, others: str, seq: int, random: int, begun_at: float | None
) -> Chunk:
    whom: list[str] = from_json(recipients)
    settled = {int(at): Outcome(whom[int(at)], start + int(at), *rest) for at, rest in from_json(others).items()}
    return Chunk(start, tuple(whom), digest, message, settled, seq, random, begun_at)


def _json(value: Any) -> str:
    return to_json(value).decode()
