"""A worker in a process of its own, which finds the sandbox and Redis by the environment: see test_bulk_workers.py."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from taskiq.api import run_receiver_task
from taskiq_redis import RedisStreamBroker

from timrest_async import TimSession
from timrest_async.bulk.redis_journal import RedisJournal
from timrest_async.bulk.workers import BulkTasks
from timrest_async.redis_limits import RedisRateLimiter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from timrest_async.bulk.carrier import Sender

LEASE = 0.6


@asynccontextmanager
async def session() -> AsyncIterator[Sender]:
    """Open a session under the cap that all workers share."""
    limits = RedisRateLimiter(os.environ["REDIS_URL"], lateness=0.2)  # calls arrive late at a busy sandbox
    async with limits, TimSession.from_env(limits=limits) as tim:
        yield tim


def tasks_at(url: str) -> tuple[RedisStreamBroker, RedisJournal, BulkTasks]:
    """Return what the submitter and the workers have in common."""
    broker = RedisStreamBroker(url, consumer_id="0", xread_block=100)
    journal = RedisJournal(url, lease=LEASE)
    return broker, journal, BulkTasks(broker, journal, session)


async def work() -> None:
    """Carry until somebody ends the process."""
    broker, _, _ = tasks_at(os.environ["REDIS_URL"])
    await run_receiver_task(broker, run_startup=True, max_async_tasks=20)


if __name__ == "__main__":
    asyncio.run(work())
