"""What is worth another try, and how long to pause before it.

Five codes say that the service stumbled and that the same call may succeed: 20004, 20005, 91000, 90992 and 10002. With
``RetryPolicy(transport=True)`` a call whose answer got lost is tried again as well, but never at the risk of doing it
twice: what may have been done already is repeated only as long as the service recognises the repeat, which the command
says (:attr:`~timrest_async.Command.repeatable_for`), and what certainly was not, freely. Nothing else is tried again.

The pauses grow exponentially with full jitter: after attempt *n* anything from nothing to ``first_pause * 2 ** (n -
1)`` seconds, at most ``longest_pause``, so that callers who failed together do not return together. The last outcome
wins, whatever it is.

tenacity's strategies say when to stop and how long to wait, once an attempt failed. Its loop stays out of it: that
costs as much as a fifth of an HTTP round trip, also where the first attempt succeeds, as nearly every one does.
"""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from attrs import frozen
from tenacity import AsyncRetrying, RetryCallState, stop_after_attempt, wait_random_exponential

from timrest_async._clock import Clock, sleep_until
from timrest_async._wire import wire_fields
from timrest_async.errors import ApiError, CallTimeoutError, ConfigError, TransportError

if TYPE_CHECKING:
    from timrest_async.errors import TimError

__all__ = ["RETRIED_CODES", "Attempts", "RetryPolicy"]

RETRIED_CODES: Final = frozenset({20004, 20005, 91000, 90992, 10002})
"""The refusals after which the same call may succeed."""

SAFE: Final = 0.95
"""Of the time for which a repeat is recognised this much is used; the rest is for its way, longer than the first's."""

_log = logging.getLogger("timrest_async")


@frozen
class RetryPolicy:
    """How often to try, and how long to pause in between."""

    attempts: int = 5
    """At most this many attempts in all; 1 never tries again."""

    first_pause: float = 0.2
    """The longest pause before the second attempt, seconds; doubles with each further one."""

    longest_pause: float = 5.0
    """No pause is longer, seconds."""

    transport: bool = False
    """Whether to try again as well when no usable answer arrived: no connection, a broken one, none in time, a
    gateway's 5xx, a body that is none. What may have been done already is repeated only where the service recognises a
    repeat.
    """

    def __attrs_post_init__(self) -> None:
        """Refuse figures that make no policy."""
        if self.attempts < 1:
            raise ConfigError(f"RetryPolicy.attempts has to be at least 1, not {self.attempts!r}")
        if not 0 <= self.first_pause <= self.longest_pause:
            raise ConfigError("RetryPolicy needs 0 <= first_pause <= longest_pause")

    def wants(self, failure: TimError) -> bool:
        """Say whether another attempt may help after *failure*."""
        if isinstance(failure, TransportError):
            return self.transport and (failure.status is None or failure.status >= 500)
        return isinstance(failure, ApiError) and failure.code in RETRIED_CODES

    def pause_after(self, attempts: int) -> float | None:
        """Return how long to wait after so many *attempts*, or ``None`` where they are enough."""
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self.attempts),
            wait=wait_random_exponential(multiplier=self.first_pause, max=self.longest_pause),
        )
        state = RetryCallState(retrying, None, (), {})
        state.attempt_number = attempts
        return None if retrying.stop(state) else float(retrying.wait(state))


class Repeatable(Protocol):
    """A command, as far as it matters here."""

    @property
    def path(self) -> str:
        """Which command."""
        ...

    repeatable_for: ClassVar[float]
    """For how long it may be repeated."""


class Attempts:
    """The attempts of one call, and until when there may be another."""

    __slots__ = ("_clock", "_command", "_dated", "_policy", "_sent", "_unknown", "deadline", "number")

    def __init__(self, policy: RetryPolicy, command: Repeatable, clock: Clock, timeout: float) -> None:
        self.number: int = 1
        """Which attempt it is."""
        self.deadline: float = clock.time() + timeout
        """When the clock shows this, it is over."""
        self._policy = policy
        self._command = command
        self._clock = clock
        self._sent = self._dated = math.inf
        self._unknown = False

    def begin(self) -> float:
        """Say that an attempt is about to go out, and return the time, or raise where it is too late."""
        now = self._clock.time()
        if self.number == 1:
            self._sent, self._dated = now, self._clock.now()
        else:
            self._hurry()
        if now >= self.deadline:
            raise self._too_late()
        return now

    def left(self) -> float:
        """Return how many seconds are left for the attempt, or raise where there are none."""
        left = self.deadline - self._clock.time()
        if left <= 0:
            raise self._too_late()
        return left

    async def pause(self, failure: TimError) -> None:
        """Pause before another attempt, or raise *failure*, the last one, where none is to be made.

        No attempt is made that could not begin before the deadline, or before the service would take it for new.
        """
        self._unknown |= failure.delivered is None
        pause = self._policy.pause_after(self.number) if self._policy.wants(failure) else None
        if pause is not None:
            self._hurry()
        if pause is None or self._clock.time() + pause >= self.deadline:
            raise self._last(failure)
        _log.info("%s: attempt %d failed, another in %.3g s: %s", self._command.path, self.number, pause, failure)
        self.number += 1
        await sleep_until(self._clock, self._clock.time() + pause)

    def _hurry(self) -> None:
        """Bring the deadline forward to when the service forgets the first attempt.

        A machine that sleeps may stop its monotonic clock, and a person may set back the other; the one that went
        farther counts.
        """
        window = SAFE * _recognised_for(self._command)
        if window or self._unknown:
            now = self._clock.time()
            age = max(now - self._sent, self._clock.now() - self._dated)
            self.deadline = min(self.deadline, now + window - age)

    def _too_late(self) -> CallTimeoutError:
        late = CallTimeoutError(self._command.path, "the time for it was over before this attempt went out")
        late.attempts, late.delivered = 0, False
        return late

    def _last(self, failure: TimError) -> TimError:
        """Say what came before *failure*."""
        failure.attempts += self.number - 1
        if self.number > 1:
            failure.add_note(f"after {failure.attempts} attempt{'s' if failure.attempts > 1 else ''}")
        if self._unknown and not failure.delivered:
            failure.delivered = None
        return failure


def _recognised_for(command: Repeatable) -> float:
    """Return for how long *command* may be repeated: not at all without the number by which a repeat is known."""
    drawn = (field.name for field in wire_fields(type(command)) if field.drawn and field.optional)
    return 0.0 if any(getattr(command, name) is None for name in drawn) else command.repeatable_for
