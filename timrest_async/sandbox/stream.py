"""Calls, deliveries of webhooks and messages as they come, for one page that looks: server-sent events.

The commands know nothing of this. A stream remembers up to which row of each table its page knows, and once it is
woken it asks the tables for the rows behind those. So nothing is kept for a page that reads slowly: it gets the rows
later, some at a time. Calls and deliveries are numbered, and go the same way.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, TypeVar

from attrs import asdict

from timrest_async._codec import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from timrest_async._clock import Clock
    from timrest_async.sandbox.hooks import Delivery
    from timrest_async.sandbox.service import Call, Service
    from timrest_async.sandbox.store import Row

    Event: TypeAlias = tuple[str, dict[str, Any]]

__all__ = ["HEARTBEAT", "Stream", "plain", "told"]

HEARTBEAT: Final = 15.0
"""After so many silent seconds a stream shows that it lives, and looks for what nobody woke it for."""

AT_ONCE: Final = 100
"""So many calls, deliveries, and rows of each table go out together."""

TABLES: Final = {"messages": "message", "group_messages": "message", "group_notices": "notice"}
"""What is told of, and under which name."""

_INSIDE: Final = frozenset({"content", "taken", "repeatable"})
"""Columns by which the sandbox tells repeats; they are nobody else's."""


def plain(row: Row) -> Row:
    """Return what a page sees of the row of a message."""
    return {name: value for name, value in row.items() if name not in _INSIDE}


def told(delivery: Delivery) -> dict[str, Any]:
    """Return what a page sees of *delivery*."""
    verdict = delivery.verdict
    return {
        "number": delivery.number,
        "time": delivery.time,
        "command": delivery.command,
        "body": _readable(delivery.body),
        "answer": _readable(delivery.answer),
        "code": None if verdict is None else verdict.code,
        "info": "" if verdict is None else verdict.info,
        "unheeded": delivery.unheeded,
        "failure": delivery.failure,
        "timed_out": delivery.timed_out,
        "seconds": delivery.seconds,
    }


def _readable(value: dict[str, Any] | None) -> Any:
    """Return *value* as whoever gets it reads it: a program may fire dates, and an answer be nested without end."""
    try:
        return from_json(to_json(value))
    except RecursionError:
        return "nested too deeply to be shown"


class Numbered(Protocol):
    """What has a number, one more than what came before it."""

    @property
    def number(self) -> int:
        """Which it is."""
        ...


N = TypeVar("N", bound=Numbered)


def _behind(numbered: deque[N], last: int) -> list[N]:
    """Return the next of those that come after the one with the number *last*."""
    known = max(0, last + 1 - numbered[0].number) if numbered else 0
    return [*islice(numbered, known, known + AT_ONCE)]


class Stream:
    """What one page was told already."""

    def __init__(self, service: Service, clock: Clock) -> None:
        self.ended: bool = False
        """Whether the page is to hang up."""
        self._service = service
        self._clock = clock
        self._woken = asyncio.Event()
        self._tops = {table: self._top(table) for table in TABLES}
        self._last_call = service.calls[-1].number if service.calls else 0
        self._last_delivery = next((one.number for one in reversed(self._delivered())), 0)
        self._open: dict[int, Call] = {}

    def wake(self) -> None:
        """Let the page know what is new."""
        self._woken.set()

    def end(self) -> None:
        """Hang up."""
        self.ended = True
        self._woken.set()

    def renew(self, service: Service) -> None:
        """Let the page know that all tables of *service* are others now."""
        if service is self._service:
            self._tops = dict.fromkeys(TABLES, -1)
            self._woken.set()

    async def wait(self) -> bytes:
        """Return once there may be something to tell, with a sign of life where that took long."""
        beats = [b""]

        def beat() -> None:
            beats.append(b":\n\n")
            self._woken.set()

        timer = self._clock.call_at(self._clock.time() + HEARTBEAT, beat)
        try:
            await self._woken.wait()
        finally:
            timer.cancel()
        self._woken.clear()
        return beats[-1]

    def hello(self) -> bytes:
        """Tell what time it is, by the clock of the calls and by that on the wall."""
        return _written([("hello", {"time": self._clock.time(), "now": self._clock.now()})])

    def news(self) -> bytes:
        """Tell the next of what is new; nothing where all is told."""
        return _written([*self._calls(), *self._deliveries(), *self._messages()])

    def _calls(self) -> Iterator[Event]:
        """Tell of new calls, and once more of those that had no answer yet."""
        for number, call in [*self._open.items()]:
            if call.code is not None:
                del self._open[number]
                yield "call", asdict(call)
        for call in _behind(self._service.calls, self._last_call):
            self._last_call = call.number
            if call.code is None:
                self._open[call.number] = call
            yield "call", asdict(call)
        for number in [*self._open][:-AT_ONCE]:
            del self._open[number]  # kept away by a fault, most likely

    def _deliveries(self) -> Iterator[Event]:
        """Tell of calls of the application's webhooks that ended."""
        for delivery in _behind(self._delivered(), self._last_delivery):
            self._last_delivery = delivery.number
            yield "delivery", told(delivery)

    def _delivered(self) -> deque[Delivery]:
        hooks = self._service.webhooks
        return deque() if hooks is None else hooks.deliveries

    def _messages(self) -> Iterator[Event]:
        """Tell of new rows; where there are fewer than before, the page had better begin anew."""
        tops = {table: self._top(table) for table in TABLES}
        if any(tops[table] < known or known < 0 for table, known in self._tops.items()):
            self._tops = tops
            yield "reset", {}
        for table, name in TABLES.items():
            sql = f"SELECT * FROM {table} WHERE number > ? ORDER BY number LIMIT {AT_ONCE}"  # noqa: S608  # our own name
            for row in self._service.state.store.rows(sql, self._tops[table]):
                self._tops[table] = row["number"]
                yield name, plain(row)

    def _top(self, table: str) -> int:
        top: int = self._service.state.store.value(f"SELECT ifnull(max(number), 0) FROM {table}")  # noqa: S608  # our own
        return top


def _written(events: list[Event]) -> bytes:
    return "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events).encode()
