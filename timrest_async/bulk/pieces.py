"""A run past one machine: one process reads the input and tells what came of it, and others carry pieces of it.

All that passes from the one to the others is a task: the name of the run, and where in the input a piece starts and
ends. What to send stands in the journal, and so does who carries it. So it does no harm when a task comes twice, and
none is lost for good: what nobody has taken up after a while, or has let go of, is handed out again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from attrs import define

from timrest_async._clock import SystemClock, sleep_until
from timrest_async.bulk.carrier import Carrier, Orders
from timrest_async.bulk.cutter import Cutter
from timrest_async.bulk.journal import JournalError
from timrest_async.bulk.progress import Progress
from timrest_async.bulk.redis_journal import HaltedError
from timrest_async.bulk.stream import OutcomeStream
from timrest_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

    from timrest_async._clock import Clock
    from timrest_async.bulk.carrier import Sender, Unknown
    from timrest_async.bulk.cutter import Duplicates
    from timrest_async.bulk.jobs import Job
    from timrest_async.bulk.outcome import Outcome
    from timrest_async.bulk.redis_journal import Claim, Ended, RedisJournal

    HandOut: TypeAlias = Callable[[str, int, int], Awaitable[object]]
    """What puts a task into a queue: the name of the run, and where the piece starts and ends."""

__all__ = ["Submission", "carry"]

PATIENCE: Final = 600.0

MORE: Final = 1 << 53
"""More than an input can hold."""


async def carry(  # noqa: PLR0913  # the task, what it is done with, and how
    sender: Sender,
    journal: RedisJournal,
    name: str,
    start: int,
    end: int,
    *,
    unknown: Unknown = "report",
    patience: float = PATIENCE,
    clock: Clock | None = None,
) -> None:
    """Carry a piece of the run *name*, the input from *start* to *end*, to its end.

    Returns when its outcomes are in the journal, or nothing of it is to go out. Where somebody else carries it, that is
    waited for. *unknown* and *patience* are as in ``tim.bulk.send``; an error that ends the run is told to whoever
    submitted it.

    Raises:
        JournalError: another has taken over, or Redis does not answer. Let the queue come back with the task.
        TimError: no call can go through until somebody has seen to it, such as with a wrong key.

    """
    run = journal.of(name)
    claim = await run.claim(start, end)
    if claim is None:
        return
    try:
        clock = clock or SystemClock()
        await _carry(sender, claim, Orders(claim.job, claim, clock, Progress(clock, None), unknown, patience))
    except HaltedError:
        pass
    except JournalError:
        raise
    except Exception as error:
        await run.fail(error)
        raise
    finally:
        await claim.close()


async def _carry(sender: Sender, claim: Claim, orders: Orders) -> None:
    """Carry all chunks of *claim*, for as long as it is held."""
    carrier = Carrier(sender, orders)
    orders.ready.extend(claim.chunks)
    try:
        async with asyncio.TaskGroup() as group:
            keeper = group.create_task(_keep(claim, carrier, orders))
            while orders.ready:
                await carrier.carry(orders.ready.popleft())
                carrier.out = False
            keeper.cancel()
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None


async def _keep(claim: Claim, carrier: Carrier, orders: Orders) -> None:
    """Renew *claim*, and end the work on it where it is lost, or where the run was stopped and no call is under way."""
    while True:
        await sleep_until(orders.clock, orders.clock.time() + claim.renewed_every)
        asked = orders.clock.time()
        ago, halted = await claim.renew()
        if ago is not None:
            orders.went_well = max(orders.went_well, asked - ago)
        if halted and not carrier.out:
            raise HaltedError("the run was stopped")


@define
class _Piece:
    """A piece of the input that was handed out."""

    start: int
    end: int
    left: int
    """How many of its recipients have no outcome."""
    pause: float
    """Seconds from handing it out to doing so again."""
    due: float
    """When it is handed out again, unless somebody carries it."""


class Submission(OutcomeStream):
    """One run of a job by workers: ``async for outcome in submission``, or ``await submission.report()``.

    The input is read only as fast as it is sent, and it is sent only as fast as outcomes are taken. Where the loop is
    left early nothing else is sent; what is under way then is answered, and the journal holds its outcomes. Where the
    process dies, workers go on with what was handed out; another submission of the same name goes on with the rest.
    """

    def __init__(  # noqa: PLR0913  # each is a setting of its own, given by name
        self,
        job: Job[Any, Any],
        journal: RedisJournal,
        hand_out: HandOut,
        *,
        name: str,
        duplicates: Duplicates = "drop",
        ahead: int = 200,
        clock: Clock | None = None,
    ) -> None:
        if type(ahead) is not int or ahead < 1:
            raise ConfigError(f"ahead has to be a whole number of at least 1, not {ahead!r}")
        self._clock = clock or SystemClock()
        super().__init__(Progress(self._clock, job.total))
        self._job = job
        self._run = journal.of(name)
        self._lease = journal.lease
        self._hand_out = hand_out
        self._duplicates: Duplicates = duplicates
        self._ahead = ahead
        self._pieces: dict[int, _Piece] = {}
        """What was handed out and has not ended."""
        self._room = asyncio.Event()
        """Set when outcomes were taken, or nothing more is to be handed out."""
        self._woken = asyncio.Event()
        """Set when there may be nothing more to wait for."""
        self._ended: asyncio.Queue[Ended | None] = asyncio.Queue()
        self._failure: BaseException | None = None
        self._stopping = self._read_all = False

    def stop(self) -> None:
        """Send nothing more. The loop over the outcomes ends when what is under way has been answered."""
        self._stopping = True
        self._room.set()
        self._woken.set()

    async def _go(self) -> AsyncGenerator[Outcome]:
        cutter = Cutter(self._job, self._duplicates)
        tasks: list[asyncio.Task[None]] = []
        try:
            await self._open(cutter)
            tasks += [asyncio.create_task(work) for work in (self._read(cutter), self._follow())]
            while (entry := await self._ended.get()) is not None:
                self.progress.ended(Counter(outcome.status for outcome in entry.outcomes))
                self.progress.waiting -= len(entry.outcomes)
                for outcome in entry.outcomes:
                    yield outcome
                self._room.set()
            if self._failure is not None:
                raise self._told(self._failure)
        finally:
            await self._wind_up(tasks)
            cutter.close()

    async def _open(self, cutter: Cutter) -> None:
        """Go on where an earlier submission ended."""
        written = await self._run.lead(self._job)
        await cutter.pass_over(written.read, written.digest)
        self.progress.resume(written.counts)
        for chunk in written.open:
            await self._hand(chunk.start, chunk.end)

    async def _read(self, cutter: Cutter) -> None:
        """Read the input, and hand it out, no more than *ahead* pieces at a time."""
        try:
            while not self._stopping:
                self._room.clear()
                if len(self._pieces) + self._ended.qsize() >= self._ahead:
                    await self._room.wait()
                    continue
                chunk = await cutter.next()
                if chunk is None:
                    self._read_all = True
                    self._woken.set()
                    return
                await self._run.plan(chunk)
                await self._hand(chunk.start, chunk.end)
            await self._run.halt()
        except Exception as error:  # noqa: BLE001  # it is raised where the outcomes are read
            self._fail(error)

    async def _hand(self, start: int, end: int) -> None:
        due = self._clock.time() + self._lease
        self._pieces[start] = _Piece(start, end, end - start, self._lease, due)
        self.progress.waiting += end - start
        await self._hand_out(self._run.name, start, end)

    async def _follow(self) -> None:
        """Read what ended, until all has, or, where the run was stopped, what was under way."""
        try:
            while self._pieces or not self._read_all:
                self._woken.clear()
                under_way = not self._stopping or await self._goes_on()
                if entries := await self._run.ended():
                    self._take_in(entries)
                elif under_way:
                    await self._hand_out_again()
                    await self._rest()
                else:
                    break
        except Exception as error:  # noqa: BLE001  # as above
            self._fail(error)
        finally:
            self._ended.put_nowait(None)

    async def _rest(self) -> None:
        """Wait a second, or until something more has ended, the input among it."""
        waits = [asyncio.ensure_future(wait) for wait in (self._run.wait(), self._woken.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _goes_on(self) -> bool:
        """Stop the run, and say whether a worker has something of it in hand."""
        await self._run.halt()
        (left,) = await self._run.held([(0, MORE)])
        return left > 0

    def _take_in(self, entries: Sequence[Ended]) -> None:
        for entry in entries:
            self._ended.put_nowait(entry)
            if entry.failure is not None:
                self._fail(entry.failure)
            if entry.outcomes:
                first = entry.outcomes[0].index
                piece = next(one for one in self._pieces.values() if one.start <= first < one.end)
                piece.left -= len(entry.outcomes)
                if not piece.left:
                    del self._pieces[piece.start]

    async def _hand_out_again(self) -> None:
        """Hand out what nobody carries: its task may be lost, or have been with a worker that died."""
        now = self._clock.time()
        due = [] if self._stopping else [piece for piece in self._pieces.values() if piece.due <= now]
        if not due:
            return
        for piece, left in zip(due, await self._run.held((one.start, one.end) for one in due), strict=True):
            if left == 0:
                await self._hand_out(self._run.name, piece.start, piece.end)
                piece.pause *= 2  # it may well stand in a long queue
            piece.due = now + (left if left > 0 else piece.pause)

    def _fail(self, error: BaseException) -> None:
        self._failure = self._failure or error
        self.stop()

    async def _wind_up(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Stop what is not over, and let go of the journal; what cannot be written is left to the leases' end."""
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(JournalError):
            if tasks and self._pieces:
                await self._run.halt()
            await self._run.close()
