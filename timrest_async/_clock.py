"""Time, as something that is handed in.

Whatever waits or measures takes a :class:`Clock`. A session uses :class:`SystemClock`; tests hand in
:class:`timrest_async.testing.FakeClock` and live through an hour in a millisecond.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from time import monotonic
from time import time as unix_time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

__all__ = ["Clock", "SystemClock", "Timer", "sleep_until", "timeout_at"]


class Timer(Protocol):
    """A callback that waits for its time."""

    def cancel(self) -> None:
        """Forget the callback."""
        ...


class Clock(Protocol):
    """What time it is, and what is to happen later."""

    def time(self) -> float:
        """Return seconds that only ever rise, from any start."""
        ...

    def now(self) -> float:
        """Return Unix time in seconds, which a person may set back."""
        ...

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        """Call *callback* once :meth:`time` has reached *when*."""
        ...


class SystemClock:
    """The machine's own time, and the running event loop's timers."""

    if TYPE_CHECKING:

        def time(self) -> float:
            """Return the monotonic time."""
            ...

        def now(self) -> float:
            """Return Unix time."""
            ...

    else:  # a call asks for the time at every turn, and a frame for each would cost
        time = staticmethod(monotonic)
        now = staticmethod(unix_time)

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        """Let the running loop call *callback* at *when*."""
        return asyncio.get_running_loop().call_later(when - monotonic(), callback)


async def sleep_until(clock: Clock, when: float) -> None:
    """Sleep until *clock* shows *when*, also where the event loop's timers, like uvloop's, can be early."""
    while True:
        woken = asyncio.Event()
        timer = clock.call_at(when, woken.set)
        try:
            await woken.wait()
        finally:
            timer.cancel()
        if clock.time() >= when:
            return


@asynccontextmanager
async def timeout_at(clock: Clock, when: float) -> AsyncGenerator[None]:
    """Raise :class:`TimeoutError` in the block if it still runs when *clock* shows *when*."""
    async with asyncio.timeout(None) as timeout:
        timer = clock.call_at(when, lambda: timeout.reschedule(asyncio.get_running_loop().time()))
        try:
            yield
        finally:
            timer.cancel()
