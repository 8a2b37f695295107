"""Which refusals are worth another try, and how long to pause before it.

Five codes say that the service stumbled and that the same call may succeed: 20004, 20005, 91000, 90992 and 10002.
Nothing else is tried again. The pauses grow exponentially with full jitter: after attempt *n* anything from nothing
to ``first_pause * 2 ** (n - 1)`` seconds, at most ``longest_pause``, so that callers who failed together do not return
together. The last outcome wins, whatever it is.

tenacity's strategies say when to stop and how long to wait, once an attempt was refused. Its loop stays out of it: that
costs as much as a fifth of an HTTP round trip, also where the first attempt succeeds, as nearly every one does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen
from tenacity import AsyncRetrying, RetryCallState, stop_after_attempt, wait_random_exponential

from timrest_async._clock import Clock, sleep_until
from timrest_async.errors import ApiError, ConfigError

if TYPE_CHECKING:
    from timrest_async.errors import TimError

__all__ = ["RETRIED_CODES", "RetryPolicy"]

RETRIED_CODES: Final = frozenset({20004, 20005, 91000, 90992, 10002})
"""The refusals after which the same call may succeed."""


@frozen
class RetryPolicy:
    """How often to try, and how long to pause in between."""

    attempts: int = 5
    """At most this many attempts in all; 1 never tries again."""

    first_pause: float = 0.2
    """The longest pause before the second attempt, seconds; doubles with each further one."""

    longest_pause: float = 5.0
    """No pause is longer, seconds."""

    def __attrs_post_init__(self) -> None:
        """Refuse figures that make no policy."""
        if self.attempts < 1:
            raise ConfigError(f"RetryPolicy.attempts has to be at least 1, not {self.attempts!r}")
        if not 0 <= self.first_pause <= self.longest_pause:
            raise ConfigError("RetryPolicy needs 0 <= first_pause <= longest_pause")

    def wants(self, failure: TimError) -> bool:
        """Say whether another attempt may help after *failure*."""
        return isinstance(failure, ApiError) and failure.code in RETRIED_CODES

    async def pause(self, failure: TimError, attempts: int, *, deadline: float, clock: Clock) -> None:
        """Pause before another attempt, or raise *failure*, the last of so many *attempts*, where none is to be made.

        No attempt is made that could not begin before *clock* shows *deadline*.
        """
        pause = self._pause_after(attempts) if self.wants(failure) else None
        if pause is None or clock.time() + pause >= deadline:
            failure.attempts += attempts - 1
            if attempts > 1:
                failure.add_note(f"after {failure.attempts} attempts")
            raise failure
        await sleep_until(clock, clock.time() + pause)

    def _pause_after(self, attempts: int) -> float | None:
        """Return how long to wait after so many *attempts*, or ``None`` where they are enough."""
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self.attempts),
            wait=wait_random_exponential(multiplier=self.first_pause, max=self.longest_pause),
        )
        state = RetryCallState(retrying, None, (), {})
        state.attempt_number = attempts
        return None if retrying.stop(state) else float(retrying.wait(state))
