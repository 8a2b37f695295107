"""How far a run is: a few numbers that can be looked at while it goes on."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from timrest_async.bulk.outcome import STATUSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from timrest_async._clock import Clock
    from timrest_async.bulk.outcome import Status
    from timrest_async.errors import TimError

__all__ = ["Progress"]

LATELY: Final = 10.0
"""Over so many seconds the rate is taken."""

STEP: Final = 0.25
"""So many seconds lie at least between two of the points from which it is taken."""


class Progress:
    """How far a run is."""

    def __init__(self, clock: Clock, total: int | None) -> None:
        self.total: int | None = total
        """How many recipients there are; ``None`` where that shows at the end."""
        self.waiting: int = 0
        """How many were read and have no outcome: those that wait for the limiter, and those on their way."""
        self.earlier: int = 0
        """How many had their outcome before this run, in its journal."""
        self.held_up_by: TimError | None = None
        """What is being waited out; ``None`` while calls go through."""
        self._counts: dict[Status, int] = dict.fromkeys(STATUSES, 0)
        self._clock = clock
        self._began = clock.time()
        self._points = deque([(self._began, 0)])

    @property
    def sent(self) -> int:
        """How many were sent."""
        return self._counts["sent"]

    @property
    def refused(self) -> int:
        """How many were refused."""
        return self._counts["refused"]

    @property
    def unknown(self) -> int:
        """Of how many nobody knows."""
        return self._counts["unknown"]

    @property
    def skipped(self) -> int:
        """How many stand in the input more than once."""
        return self._counts["skipped"]

    @property
    def counts(self) -> dict[Status, int]:
        """How many came to which end, those of earlier runs among them."""
        return dict(self._counts)

    @property
    def done(self) -> int:
        """How many came to an end."""
        return sum(self._counts.values())

    @property
    def seconds(self) -> float:
        """How long this run takes so far."""
        return self._clock.time() - self._began

    @property
    def rate(self) -> float:
        """How many recipients a second came to an end in the last ten seconds."""
        now = self._clock.time()
        since, then = self._since(now)
        seconds = min(now - since, LATELY + STEP)
        return (self.done - self.earlier - then) / seconds if seconds > 0 else 0.0

    @property
    def left(self) -> float | None:
        """In how many seconds all are done at this rate; ``None`` where nobody knows."""
        rate = self.rate
        return None if self.total is None or not rate else max(0, self.total - self.done) / rate

    def resume(self, counts: Mapping[Status, int]) -> None:
        """Begin with what earlier runs did."""
        self._counts.update(counts)
        self.earlier = self.done

    def ended(self, counts: Mapping[Status, int]) -> None:
        """Count some that came to an end."""
        for status, number in counts.items():
            self._counts[status] += number
        now, points = self._clock.time(), self._points
        if len(points) > 1 and now - points[-2][0] < STEP:
            points.pop()
        points.append((now, self.done - self.earlier))
        self._since(now)

    def _since(self, now: float) -> tuple[float, int]:
        """Forget the points before the last ten seconds but for the latest of them, and return that."""
        points = self._points
        while len(points) > 1 and now - points[1][0] >= LATELY:
            points.popleft()
        return points[0]
