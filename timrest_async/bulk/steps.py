"""What to do when a call of a chunk failed: one table."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from timrest_async.bulk.jobs import DroppedError
from timrest_async.bulk.journal import JournalError
from timrest_async.errors import (
    ApiError,
    AuthenticationError,
    ConfigError,
    DecodeError,
    InputError,
    LimiterUnavailableError,
    RateLimitedError,
    ServerError,
    TransportError,
    UserSigError,
)
from timrest_async.retry import RETRIED_CODES

if TYPE_CHECKING:
    from timrest_async.errors import TimError

__all__ = ["Step", "step_after"]


class Step(Enum):
    """What to do next."""

    WAIT = "wait"
    """The service has nothing of it, and the same call may go through later."""

    DOUBT = "doubt"
    """The service may have it."""

    SENT = "sent"
    """The service has it, although its answer cannot be read."""

    SPLIT = "split"
    """One of those whom the call names may have spoilt it for the others."""

    REFUSE = "refuse"
    """The service does not take it."""

    STOP = "stop"
    """No call can go through until somebody has seen to it."""


_WHOM: Final = frozenset({10015, 60015, 70107, 90003, 90011, 90012, 90018, 90048, 90055, 93000})
"""Codes that speak of whom the call names, or of how many: fewer of them may do."""

_OF_ALL: Final = frozenset({10008, 60010, 60012, 60016, 60017, 60020, 60021, 70020, 90009})
"""Codes that speak of a missing right, the application or its plan, and so of every call."""

_PASSING: Final = RETRIED_CODES | {80003, 80005}
"""Codes of trouble that passes: those that a session tries again, and a callback or a content check that was slow."""


def step_after(error: TimError, going: int) -> Step:
    """Return what to do after *error* of a call that names *going* recipients."""
    if error.delivered is None:
        return Step.DOUBT
    if error.delivered:
        return Step.SENT if going == 1 and isinstance(error, DecodeError) else Step.DOUBT
    if _stops(error):
        return Step.STOP
    if _passes(error):
        return Step.WAIT
    if going > 1 and (isinstance(error, InputError) or (isinstance(error, ApiError) and error.code in _WHOM)):
        return Step.SPLIT
    return Step.REFUSE


def _stops(error: TimError) -> bool:
    if isinstance(error, ApiError) and error.code in _OF_ALL:
        return True
    return isinstance(error, AuthenticationError | ConfigError | JournalError | UserSigError)


def _passes(error: TimError) -> bool:
    if isinstance(error, ApiError) and error.code in _PASSING:
        return True
    waits = (DroppedError, LimiterUnavailableError, RateLimitedError, ServerError, TransportError)
    return isinstance(error, waits)
