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

__all__ = ["Answer", "Call", "FakeClock", "MemoryTransport"]

R = TypeVar("R")

LATENESS: Final = 1e-6
"""How many seconds after its time a timer fires: never early, and never twice at one instant, as in real life."""

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
        self.closed = False
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

    async def close(self) -> None:
        """Note that the session let go."""
        self.closed = True


@frozen(order=True)
class _Timer:
    when: float
    number: int
    callback: Callable[[], object] = field(order=False)
    cancelled: set[int] = field(order=False)

    def cancel(self) -> None:
        self.cancelled.add(self.number)


class FakeClock:
    """A clock that stands still until it is told to move, and then jumps from timer to timer."""

    def __init__(self, *, time: float = 0.0, now: float = 1_546_300_800.0) -> None:
        self._time = time
        self._now = now
        self._timers: list[_Timer] = []
        self._numbers = count()
        self._cancelled: set[int] = set()

    def time(self) -> float:
        """Return the monotonic time."""
        return self._time

    def now(self) -> float:
        """Return Unix time."""
        return self._now

    def call_at(self, when: float, callback: Callable[[], object], /) -> _Timer:
        """Remember *callback* for *when*."""
        timer = _Timer(when, next(self._numbers), callback, self._cancelled)
        heapq.heappush(self._timers, timer)
        return timer

    @property
    def timers(self) -> int:
        """How many callbacks wait for their time."""
        self._forget_cancelled()
        return len(self._timers)

    def set_wall_clock(self, now: float) -> None:
        """Set Unix time forward or back, as a person does; monotonic time goes on as it was."""
        self._now = now

    async def advance(self, seconds: float) -> None:
        """Let *seconds* pass, with everything that was to happen meanwhile."""
        end = self._time + seconds
        await _settled()
        while self._timers and self._timers[0].when <= end:
            self._fire()
            await _settled()
        self._move_to(end)

    async def run(self, awaitable: Awaitable[R]) -> R:
        """Wait for *awaitable*, jumping to the next timer whenever nothing else is left to do."""
        task = asyncio.ensure_future(awaitable)
        try:
            await _settled()
            while not task.done():
                if not self._fire():
                    await asyncio.wait({task})  # for something outside this clock, such as a socket
                await _settled()
        finally:
            task.cancel()
        return await task

    def _fire(self) -> bool:
        """Jump to the next timer, if there is one."""
        self._forget_cancelled()
        if not self._timers:
            return False
        timer = heapq.heappop(self._timers)
        self._move_to(timer.when + LATENESS)
        timer.callback()
        return True

    def _forget_cancelled(self) -> None:
        self._timers = [timer for timer in self._timers if timer.number not in self._cancelled]
        heapq.heapify(self._timers)
        self._cancelled.clear()

    def _move_to(self, when: float) -> None:
        if when > self._time:
            self._now += when - self._time
            self._time = when


async def _settled(turns: int = 40) -> None:
    """Let every task run that can, by giving the loop more turns than any chain of wake-ups here is long."""
    for _ in range(turns):
        await asyncio.sleep(0)
