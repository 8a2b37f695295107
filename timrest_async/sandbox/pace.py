"""How many in a second, and which of them came before.

Both look back over a half-open stretch of the monotonic clock: what is exactly a window old has left it.
"""

from __future__ import annotations

from collections import deque
from itertools import takewhile
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

    from timrest_async._clock import Clock

__all__ = ["Repeats", "Window"]

T = TypeVar("T")


class Window:
    """At most *calls* in any second. Only what was let in counts; what was turned away does not."""

    def __init__(self, calls: int, clock: Clock) -> None:
        self._calls = calls
        self._clock = clock
        self._admitted: deque[float] = deque()

    def admit(self) -> bool:
        """Let one in, if there is room."""
        now = self._clock.time()
        while self._admitted and now - self._admitted[0] >= 1.0:
            self._admitted.popleft()
        if len(self._admitted) >= self._calls:
            return False
        self._admitted.append(now)
        return True


class Repeats(Generic[T]):
    """What was taken in the last *seconds*. A repeat does not lengthen the time for which the first is known."""

    def __init__(self, seconds: float, clock: Clock) -> None:
        self._seconds = seconds
        self._clock = clock
        self._known: dict[Hashable, tuple[float, T]] = {}

    def first(self, key: Hashable) -> T | None:
        """Return what was taken first under *key*, if that is known."""
        self._forget()
        found = self._known.get(key)
        return None if found is None else found[1]

    def remember(self, key: Hashable, taken: T) -> None:
        """Know *taken* from now on."""
        self._known[key] = (self._clock.time(), taken)

    def _forget(self) -> None:
        """Drop what is too old; keys lie in the order in which they were taken."""
        now = self._clock.time()
        ages = ((key, now - since) for key, (since, _) in self._known.items())
        for key in [key for key, _ in takewhile(lambda known: known[1] >= self._seconds, ages)]:
            del self._known[key]
