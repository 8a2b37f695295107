"""Which refusals are worth another try, and how long to pause before it.

Five codes say that the service stumbled and that the same call may succeed: 20004, 20005, 91000, 90992 and 10002.
Nothing else is tried again. The pauses grow exponentially with full jitter: after attempt *n* anything from nothing
to ``first_pause * 2 ** (n - 1)`` seconds, at most ``longest_pause``, so that callers who failed together do not return
together. The last outcome wins, whatever it is.

The first attempt of a call runs outside, since tenacity's loop costs as much as a fifth of an HTTP round trip; only who
was refused comes here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from attrs import frozen
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_random_exponential

from timrest_async._clock import Clock, sleep_until
from timrest_async.errors import ApiError, ConfigError, TimError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["RETRIED_CODES", "RetryPolicy"]

R = TypeVar("R")

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

    def wants(self, error: BaseException) -> bool:
        """Say whether another attempt may help after *error*."""
        return self.attempts > 1 and isinstance(error, ApiError) and error.code in RETRIED_CODES

    async def again(
        self, attempt: Callable[[], Awaitable[R]], refused: ApiError, *, deadline: float, clock: Clock
    ) -> R:
        """Go on after a first attempt that was *refused*, until *clock* shows *deadline* at the latest."""
        first: list[TimError] = [refused]

        async def next_attempt() -> R:
            """Fail as the first attempt did, and then try; so tenacity's count and pauses include it."""
            if first:
                raise first.pop()
            return await attempt()

        async def pause(seconds: float) -> None:
            await sleep_until(clock, clock.time() + seconds)

        def enough(state: RetryCallState) -> bool:
            return state.attempt_number >= self.attempts or clock.time() + state.upcoming_sleep >= deadline

        retrying = AsyncRetrying(
            sleep=pause,
            stop=enough,
            wait=wait_random_exponential(multiplier=self.first_pause, max=self.longest_pause),
            retry=retry_if_exception(self.wants),
            reraise=True,
        )
        try:
            return await retrying(next_attempt)
        except TimError as last:
            last.attempts = retrying.statistics["attempt_number"]
            last.add_note(f"after {last.attempts} attempts")
            raise
