"""How many within some time: a half-open stretch of the monotonic clock; what is exactly that old has left it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from timrest_async._clock import Clock

__all__ = ["Window"]


class Window:
    """At most *calls* in any *per* seconds. Only what was let in counts; what was turned away does not."""

    def __init__(self, calls: int, clock: Clock, per: float = 1.0) -> None:
        self.calls: int = calls
        """How many there may be."""
        self._per = per
        self._clock = clock
        self._admitted: deque[tuple[float, int]] = deque()
        self.count: int = 0
        """How many there were, when one came last."""

    def admit(self, weight: int = 1) -> bool:
        """Let one in that counts for *weight*, if there is room."""
        now = self._clock.time()
        while self._admitted and now - self._admitted[0][0] >= self._per:
            self.count -= self._admitted.popleft()[1]
        if self.count + weight > self.calls:
            return False
        self._admitted.append((now, weight))
        self.count += weight
        return True
