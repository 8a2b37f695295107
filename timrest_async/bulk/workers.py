"""Bulk on the workers of a taskiq broker: ``pip install 'timrest-async[workers]'``.

::

    broker = RedisStreamBroker("redis://localhost:6379/1")
    journal = RedisJournal("redis://localhost:6379/1")
    tasks = BulkTasks(broker, journal, session)

    async with tasks:
        report = await tasks.submit(ToAccounts(accounts, "hi, beauty"), name="june").report()
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Self

from timrest_async.bulk.pieces import PATIENCE, Submission, carry
from timrest_async.errors import ConfigError

try:
    from taskiq import TaskiqEvents
except ImportError as _missing:
    raise ImportError("bulk on workers needs taskiq: pip install 'timrest-async[workers]'") from _missing

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType

    from taskiq import AsyncBroker

    from timrest_async._clock import Clock
    from timrest_async.bulk.carrier import Sender, Unknown
    from timrest_async.bulk.cutter import Duplicates
    from timrest_async.bulk.jobs import Job
    from timrest_async.bulk.redis_journal import RedisJournal

__all__ = ["BulkTasks"]

TASK = "timrest_async.bulk"
"""The name of the task."""


class BulkTasks:
    """Puts the one task of bulk on a broker, and submits runs to it.

    Make it in the module that the worker imports, and in the one that submits, with the same broker and journal. Take a
    broker that holds on to a task until it is acknowledged, such as Redis streams, RabbitMQ or NATS. Who submits does
    so within ``async with tasks:``, which starts the broker, and at the end shuts it down and closes the journal.

    Args:
        broker: of taskiq.
        journal: where the runs are written down.
        session: opens the session of a worker, when that starts; it is closed when that ends. All workers keep one cap
            if it gives their sessions a :class:`~timrest_async.redis_limits.RedisRateLimiter`.
        unknown: as in ``tim.bulk.send``.
        patience: as in ``tim.bulk.send``.
        clock: what time it is.

    """

    def __init__(  # noqa: PLR0913  # each is a setting of its own, given by name
        self,
        broker: AsyncBroker,
        journal: RedisJournal,
        session: Callable[[], AbstractAsyncContextManager[Sender]],
        *,
        unknown: Unknown = "report",
        patience: float = PATIENCE,
        clock: Clock | None = None,
    ) -> None:
        self._broker = broker
        self._journal = journal
        self._session = session
        self._clock = clock
        self._opened: AsyncExitStack | None = None
        self._sender: Sender | None = None
        settings: dict[str, Any] = {"unknown": unknown, "patience": patience, "clock": clock}

        async def bulk(name: str, start: int, end: int) -> None:
            if self._sender is None:
                raise ConfigError("the broker was not started as a worker's, so there is no session")
            await carry(self._sender, journal, name, start, end, **settings)

        self._task = broker.register_task(bulk, task_name=TASK)
        broker.add_event_handler(TaskiqEvents.WORKER_STARTUP, self._open)
        broker.add_event_handler(TaskiqEvents.WORKER_SHUTDOWN, self._close)

    async def __aenter__(self) -> Self:
        await self._broker.startup()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._broker.shutdown()
        await self._journal.close()

    def submit(self, job: Job[Any, Any], *, name: str, duplicates: Duplicates = "drop", ahead: int = 200) -> Submission:
        """Have workers send *job*: iterate over what comes back, an outcome for each recipient as it ends.

        Args:
            job: :class:`~timrest_async.bulk.ToAccounts`, :class:`~timrest_async.bulk.OwnMessages` or
                :class:`~timrest_async.bulk.ToGroups`.
            name: by which the run is known. Whatever ends it, another submission of the same name, with the same job
                and the same input, goes on with it.
            duplicates: as in ``tim.bulk.send``.
            ahead: how many calls are handed out at once.

        """
        return Submission(
            job, self._journal, self._task.kiq, name=name, duplicates=duplicates, ahead=ahead, clock=self._clock
        )

    async def _open(self, _: object) -> None:
        self._opened = AsyncExitStack()
        self._sender = await self._opened.enter_async_context(self._session())

    async def _close(self, _: object) -> None:
        if self._opened is not None:
            self._sender = None
            await self._opened.aclose()
