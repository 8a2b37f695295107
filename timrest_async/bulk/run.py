"""A run: carriers over one input, and their outcomes as they come."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, closing
from typing import TYPE_CHECKING, Any

from timrest_async.bulk.carrier import Carrier, Orders
from timrest_async.bulk.cutter import Cutter
from timrest_async.bulk.progress import Progress
from timrest_async.bulk.stream import OutcomeStream

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from timrest_async._clock import Clock
    from timrest_async.bulk.carrier import Sender, Unknown
    from timrest_async.bulk.cutter import Duplicates
    from timrest_async.bulk.jobs import Chunk, Job
    from timrest_async.bulk.journal import Journal, Written
    from timrest_async.bulk.outcome import Outcome

__all__ = ["Run"]


class Run(OutcomeStream):
    """One run of a job: ``async for outcome in run``, or ``await run.report()``.

    The input is read only as fast as it is sent, and it is sent only as fast as outcomes are taken.

    Where the loop is left before its end, calls under way are answered first, and nothing else goes out; ``async with
    run:`` round the loop waits for that, also where its task is cancelled. A second cancellation cuts them off. Those
    who have no outcome then are ``progress.waiting``, and what was not read; with a journal a further run goes on.
    """

    def __init__(  # noqa: PLR0913  # each is a setting of its own, given by name
        self,
        sender: Sender,
        job: Job[Any, Any],
        journal: Journal,
        clock: Clock,
        *,
        duplicates: Duplicates,
        unknown: Unknown,
        workers: int,
        patience: float,
    ) -> None:
        super().__init__(Progress(clock, job.total))
        self._orders = Orders(job, journal, clock, self.progress, unknown, patience)
        self._duplicates: Duplicates = duplicates
        self._carriers = [Carrier(sender, self._orders) for _ in range(workers)]
        self._tasks: list[asyncio.Task[None]] = []
        self._reading = asyncio.Lock()
        self._room = asyncio.Semaphore(workers)
        """How many lists of outcomes may wait to be taken."""
        self._ended: asyncio.Queue[list[Outcome] | None] = asyncio.Queue()
        self._failure: BaseException | None = None

    def stop(self) -> None:
        """Send nothing more. The loop over the outcomes ends when what is under way has been answered."""
        self._orders.stopping = True
        for carrier, task in zip(self._carriers, self._tasks, strict=False):
            if not carrier.out and task is not asyncio.current_task():
                task.cancel()

    async def _go(self) -> AsyncGenerator[Outcome]:
        job, journal = self._orders.job, self._orders.journal
        async with AsyncExitStack() as stack:  # each is called, also where another is cut off
            cutter = stack.enter_context(closing(Cutter(job, self._duplicates)))
            written = await journal.open(job)
            stack.push_async_callback(journal.close)
            stack.push_async_callback(self._wind_up)
            await self._go_on(written, cutter)
            for carrier in self._carriers:
                task = asyncio.create_task(self._work(carrier, cutter))
                task.add_done_callback(lambda _: self._ended.put_nowait(None))
                self._tasks.append(task)
            at_work = len(self._tasks)
            while at_work:
                ended = await self._ended.get()
                if ended is None:
                    at_work -= 1
                    continue
                for outcome in ended:
                    yield outcome
                self._room.release()
        if self._failure is not None:
            raise self._told(self._failure)

    async def _go_on(self, written: Written, cutter: Cutter) -> None:
        """Begin where an earlier run ended."""
        await cutter.pass_over(written.read, written.digest)
        self.progress.resume(written.counts)
        self._orders.ready.extend(written.open)
        self.progress.waiting = sum(len(chunk.recipients) for chunk in written.open)

    async def _work(self, carrier: Carrier, cutter: Cutter) -> None:
        """Carry chunks until there are none."""
        try:
            while not self._orders.stopping and (chunk := await self._next(cutter)) is not None:
                outcomes = await carrier.carry(chunk)
                self.progress.waiting -= len(outcomes)
                await self._room.acquire()
                self._ended.put_nowait(outcomes)
                carrier.out = False
        except asyncio.CancelledError:
            pass  # nothing was under way, or somebody cuts it off
        except BaseException as error:  # noqa: BLE001  # it is raised where the outcomes are read
            self._failure = self._failure or error
            self.stop()

    async def _next(self, cutter: Cutter) -> Chunk | None:
        """Return a chunk that is ready, or the next of the input."""
        if self._orders.ready:
            return self._orders.ready.popleft()
        async with self._reading:
            chunk = await cutter.next()
            if chunk is not None:
                self.progress.waiting += len(chunk.recipients)
                await self._orders.journal.plan(chunk)
            return chunk

    async def _wind_up(self) -> None:
        """Wait for what is under way; where that is cancelled as well, it is cut off."""
        self.stop()
        for _ in self._tasks:
            self._room.release()  # nobody takes outcomes any more, and nobody shall wait for that
        await asyncio.gather(*self._tasks, return_exceptions=True)  # a task that had no time to begin is cancelled
