"""Doubles for tests: a service that says what you tell it, and a clock that jumps.

::

    clock, service = FakeClock(), MemoryTransport({"ErrorCode": 20004}, {"ErrorCode": 0, "MsgTime": 1})
    tim = TimSession(1400000000, secret_key="key", transport=service, clock=clock)
    reply = await clock.run(tim.messages.send("lumotuwe2", "hi"))       # retried once, in no time
    assert service.calls[0].body == service.calls[1].body

For the real protocol over real HTTP use :class:`timrest_async.sandbox.Sandbox`.
"""

from __future__ import annotations

import asyncio
import heapq
import json
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from attrs import field, frozen

from timrest_async.usersig import Redacted

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from typing import BinaryIO

__all__ = ["Answer", "Call", "FakeClock", "MemoryTransport"]

R = TypeVar("R")

LATENESS: Final = 1e-6
"""How many seconds after its time a timer fires, since real ones are never early."""

Answer: TypeAlias = "dict[str, Any] | bytes | Exception | Callable[[Call], dict[str, Any] | bytes]"
"""What a service is told to say: a JSON object, raw bytes, an error to raise, or a function of the call."""


@frozen
class Call:
    """One call as it left the session."""

    path: str
    """The command."""

    usersig: str = field(repr=False)
    """The UserSig with which it was signed."""

    body: bytes
    """The bytes that were posted."""

    timeout: float
    """The attempt's limit in seconds."""

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


class MemoryTransport:
    """A service in memory: hands out *answers* in order and keeps every call."""

    def __init__(self, *answers: Answer) -> None:
        self.calls: list[Call] = []
        """What was called, oldest first."""
        self.closed: bool = False
        """Whether the session was closed."""
        self._answers = deque(answers)

    def add(self, *answers: Answer) -> None:
        """Queue further *answers*."""
        self._answers.extend(answers)

    @property
    def left(self) -> int:
        """How many answers nobody asked for yet."""
        return len(self._answers)

    async def post(self, path: str, usersig: str, body: bytes, timeout: float) -> bytes:  # noqa: ASYNC109  # recorded
        """Keep the call and give the next answer."""
        call = Call(path, Redacted(usersig), body, timeout)
        self.calls.append(call)
        if not self._answers:
            raise AssertionError(f"{path} was called, but no answer is queued; {len(self.calls)} calls in all")
        answer = self._answers.popleft()
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = answer(call)
        return answer if isinstance(answer, bytes) else json.dumps(answer).encode()

    async def download(self, path: str, url: str, into: BinaryIO, idle: float) -> None:
        """Keep the address as the body of a call, and give the next answer as the file's content."""
        into.write(await self.post(path, "", url.encode(), idle))

    async def close(self) -> None:
        """Note that the session let go."""
        self.closed = True


@frozen(order=True)
class _Timer:
    when: float
    number: int
    callback: Callable[[], object] = field(order=False)
    waiting: dict[int, _Timer] = field(order=False)

    def cancel(self) -> None:
        self.waiting.pop(self.number, None)


class FakeClock:
    """A clock that stands still until it is told to move, and then jumps from timer to timer."""

    def __init__(self, *, time: float = 0.0, now: float = 1_546_300_800.0) -> None:
        self._time = time
        self._now = now
        self._timers: list[_Timer] = []
        self._numbers = count()
        self._waiting: dict[int, _Timer] = {}
        self._set = asyncio.Event()

    def time(self) -> float:
        """Return the monotonic time."""
        return self._time

    def now(self) -> float:
        """Return Unix time."""
        return self._now

    def call_at(self, when: float, callback: Callable[[], object], /) -> _Timer:
        """Remember *callback* for *when*."""
        timer = _Timer(when, next(self._numbers), callback, self._waiting)
        self._waiting[timer.number] = timer
        heapq.heappush(self._timers, timer)
        self._set.set()
        return timer

    @property
    def timers(self) -> int:
        """How many callbacks wait for their time."""
        return len(self._waiting)

    def set_wall_clock(self, now: float) -> None:
        """Set Unix time forward or back, as a person does; monotonic time goes on as it was."""
        self._now = now

    async def advance(self, seconds: float) -> None:
        """Let *seconds* pass, with everything that was to happen meanwhile."""
        end = self._time + seconds
        await _settled()
        while (timer := self._next()) is not None and timer.when <= end:
            self._fire(timer)
            await _settled()
        self._move_to(end)

    async def run(self, awaitable: Awaitable[R]) -> R:
        """Wait for *awaitable*, jumping to the next timer whenever nothing else is left to do."""
        task = asyncio.ensure_future(awaitable)
        try:
            await _settled()
            while not task.done():
                timer = self._next()
                if timer is None:
                    await self._something_outside(task)
                else:
                    self._fire(timer)
                await _settled()
        finally:
            task.cancel()
        return await task

    async def _something_outside(self, task: asyncio.Future[Any]) -> None:
        """Wait for what this clock knows nothing of, such as a socket, to end *task* or to set a timer."""
        self._set.clear()
        timer_set = asyncio.ensure_future(self._set.wait())
        try:
            await asyncio.wait({task, timer_set}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer_set.cancel()

    def _next(self) -> _Timer | None:
        """Return the timer that is due first, having forgotten those that were cancelled before it."""
        while self._timers and self._timers[0].number not in self._waiting:
            heapq.heappop(self._timers)
        return self._timers[0] if self._timers else None

    def _fire(self, timer: _Timer) -> None:
        """Jump to *timer*, the first one."""
        timer.cancel()
        heapq.heappop(self._timers)
        self._move_to(timer.when + LATENESS)
        timer.callback()

    def _move_to(self, when: float) -> None:
        if when > self._time:
            self._now += when - self._time
            self._time = when


async def _settled(turns: int = 40) -> None:
    """Let every task run that can, by giving the loop more turns than any chain of wake-ups here is long."""
    for _ in range(turns):
        await asyncio.sleep(0)
