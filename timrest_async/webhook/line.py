"""Events that wait to be handled, and those that came lately."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any, Final

from timrest_async._clock import timeout_at
from timrest_async.errors import ConfigError
from timrest_async.webhook.errors import OverloadedError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from timrest_async._clock import Clock
    from timrest_async.webhook.event import Event

__all__ = ["MOST_SEEN", "Line", "Seen"]

MOST_SEEN: Final = 100_000
"""So many deliveries are remembered at most."""

_log: Final = logging.getLogger("timrest_async")


class Line:
    """Events that wait to be handled, and the tasks that do it, each with the context in which its event came."""

    def __init__(self, waiting: int, at_once: int, tell: Callable[[Event], Coroutine[Any, Any, None]]) -> None:
        self._most = waiting
        self._at_once = at_once
        self._tell = tell
        self._events: deque[tuple[Event, Context]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether nothing more is taken."""
        return self._closed

    def add(self, event: Event) -> None:
        """Let *event* be handled, at its turn."""
        if len(self._events) >= self._most:
            raise OverloadedError(f"{self._most:,} events wait already")
        self._events.append((event, copy_context()))
        self._start()

    async def idle(self) -> None:
        """Return once nothing waits and nothing is handled."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self, clock: Clock, grace: float) -> None:
        """Take nothing more, and after *grace* seconds give up what is left."""
        self._closed = True
        try:
            async with timeout_at(clock, clock.time() + grace):
                await self.idle()
        except TimeoutError:
            _log.warning("%d events were given up, and %d as they were handled", len(self._events), len(self._tasks))
            self._events.clear()
            for task in self._tasks:
                task.cancel()
            await self.idle()

    def _start(self) -> None:
        while self._events and len(self._tasks) < self._at_once:
            event, context = self._events.popleft()
            task = asyncio.get_running_loop().create_task(self._tell(event), context=context)
            self._tasks.add(task)
            task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._start()


class Seen:
    """The keys of events that came lately."""

    def __init__(self, seconds: float, clock: Clock) -> None:
        if not seconds > 0:
            raise ConfigError(f"repeats_within has to be above 0 seconds, not {seconds!r}")
        self._seconds = seconds
        self._clock = clock
        self._until: OrderedDict[object, float] = OrderedDict()

    def knows(self, event: Event) -> bool:
        """Say whether *event* came before."""
        until, now = self._until, self._clock.time()
        while until and (next(iter(until.values())) <= now or len(until) >= MOST_SEEN):
            until.popitem(last=False)
        return event.key in until

    def add(self, event: Event) -> None:
        """Remember *event*, if it can be told from others."""
        if (key := event.key) is not None:
            self._until[key] = self._clock.time() + self._seconds
