"""Every way a call can fail, as one tree.

::

    TimError
    ├── ConfigError                 we were set up wrongly; nothing was sent
    ├── InputError                  the call was built wrongly; nothing was sent
    ├── UserSigError                a signature does not hold
    ├── TransportError              no usable answer arrived
    │   ├── CallTimeoutError            ... in time
    │   └── UnreachableError            the service cannot be reached; nothing was sent
    ├── DecodeError                 an answer arrived that we cannot read
    ├── LimiterUnavailableError     the limiter's Redis cannot be reached; nothing was sent
    ├── PartialFailureError         it worked for some only, and the caller asked to hear of it as an error
    ├── RateLimitedError            too often
    │   ├── NoPermitError               ... for our own limiter; nothing was sent
    │   └── TooOftenError               ... for the server, and so an ApiError as well
    └── ApiError                    the server said no
        ├── AuthenticationError         who we say we are
        ├── PermissionDeniedError       what we may do
        ├── InvalidRequestError         what we asked for
        ├── NotFoundError               whom or what we named
        ├── ConflictError               it is so already, or changed meanwhile
        ├── ForbiddenError              a rule or a state of the application says no
        ├── ContentRejectedError        the words or the picture were refused
        ├── QuotaExceededError          too large, too many, or not in the plan
        ├── TooOftenError               too often
        └── ServerError                 the service's own trouble

The codes, their meanings and what to do about each stand in one table, :data:`timrest_async._error_codes.ERROR_CODES`;
:func:`error_for` is the one function that reads it. A code the table lacks is a plain :class:`ApiError`. Why a request
is not taken for a webhook has a tree of its own, below :class:`TimError` too: :mod:`timrest_async.webhook.errors`. Why
a bulk run cannot go on with its journal is :class:`timrest_async.bulk.JournalError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from timrest_async._error_codes import CUSTOM_RANGES, ERROR_CODES, ErrorCode
from timrest_async._words import shortened, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ApiError",
    "AuthenticationError",
    "CallTimeoutError",
    "ConfigError",
    "ConflictError",
    "ContentRejectedError",
    "DecodeError",
    "ErrorCode",
    "Failure",
    "ForbiddenError",
    "InputError",
    "InvalidRequestError",
    "LimiterUnavailableError",
    "NoPermitError",
    "NotFoundError",
    "PartialFailureError",
    "PermissionDeniedError",
    "QuotaExceededError",
    "RateLimitedError",
    "ServerError",
    "TimError",
    "TooOftenError",
    "TransportError",
    "UnreachableError",
    "UserSigError",
    "error_for",
    "explain",
]


class TimError(Exception):
    """The root of everything this library raises."""

    attempts: int = 0
    """How often the call went out before it failed; 0 when nothing was sent."""

    delivered: bool | None = False
    """Whether the service did what was asked: ``False`` it did not, ``True`` it did, ``None`` nobody knows."""


class ConfigError(TimError, ValueError):
    """The session was set up wrongly; nothing was sent."""


class InputError(TimError, ValueError):
    """The call was built wrongly; nothing was sent."""


class UserSigError(TimError, ValueError):
    """A UserSig does not hold. *code* is what the service would answer."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.reason} (the service answers {self.code})"


class TransportError(TimError):
    """No usable answer arrived. *status* is the HTTP status where there was one that is not 200."""

    attempts = 1
    delivered: bool | None = None

    def __init__(self, path: str, reason: str, status: int | None = None) -> None:
        super().__init__(path, reason, status)
        self.path = path
        self.reason = reason
        self.status = status

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class CallTimeoutError(TransportError, TimeoutError):
    """No answer arrived in time. Whether the service did the work is not known, unless nothing was sent yet."""


class UnreachableError(TransportError):
    """No connection to the service: its name cannot be resolved, or nobody listens there. Nothing was sent."""

    delivered: bool | None = False


class DecodeError(TimError):
    """The service answered, but not in the shape that the command promises."""

    attempts = 1
    delivered: bool | None = None

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@attrs.frozen
class Failure:
    """One of the things that a command was about, and why it did not work."""

    about: str | int
    """Whom or what: an account, a group, the number of a message, as the command names it."""

    code: int | None
    """The error code; ``None`` where the service gives none."""

    info: str = ""
    """The reason in the service's words; may be empty."""

    error: TimError | None = attrs.field(default=None, repr=False)
    """Why the call failed that was about it, where one command was split into several calls."""

    @property
    def meaning(self) -> str:
        """What the code stands for, in our words; empty where there is none."""
        return "" if self.code is None else explain(self.code).meaning

    @property
    def advice(self) -> str:
        """What to do about it; empty where nobody knows."""
        return "" if self.code is None else explain(self.code).advice

    def __str__(self) -> str:
        code = "" if self.code is None else f"{self.code} {self.meaning}"
        said = shortened(self.info) if self.info else ""
        return f"{shown(self.about)}: {' '.join(filter(None, (code, said))) or 'no reason given'}"


class PartialFailureError(TimError):
    """The service did what was asked for some, and for others it did not. Raised by ``reply.raise_for_failures()``."""

    attempts = 1
    delivered: bool | None = None

    def __init__(self, failed: Sequence[Failure], succeeded: int) -> None:
        failed = tuple(failed)
        super().__init__(failed, succeeded)
        self.failed = failed
        """What did not work, and why."""
        self.succeeded = succeeded
        """For how many it worked."""

    def __str__(self) -> str:
        shown = "; ".join(map(str, self.failed[:3]))
        more = f"; and {len(self.failed) - 3:,} more" if len(self.failed) > 3 else ""
        return f"{len(self.failed):,} of {len(self.failed) + self.succeeded:,} failed: {shown}{more}"


class RateLimitedError(TimError):
    """Too often. Never retried by the library: slow down instead, or give the call more time."""

    retry_after: float | None = None
    """In how many seconds, at the earliest, the call can go out; ``None`` where nobody knows."""


class NoPermitError(RateLimitedError):
    """The limiter cannot let the call go before its deadline. Nothing was sent."""

    def __init__(self, path: str, reason: str, retry_after: float | None = None) -> None:
        super().__init__(path, reason, retry_after)
        self.path = path
        self.reason = reason
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class LimiterUnavailableError(TimError):
    """The limiter that several processes share cannot be reached, so nobody knows whether the call may go. Nothing was
    sent.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class ApiError(TimError):
    """The service refused the command: the answer's ErrorCode was not 0."""

    attempts = 1

    def __init__(self, code: int, info: str, path: str, request_id: str | None = None) -> None:
        super().__init__(code, info, path, request_id)
        self.code = code
        """The answer's ErrorCode."""
        self.info = info
        """The answer's ErrorInfo, as the service wrote it; may be empty."""
        self.path = path
        """The command, such as ``openim/sendmsg``."""
        self.request_id = request_id
        """The answer's RequestId; only some services send one."""

    @property
    def meaning(self) -> str:
        """What the code stands for, in our words."""
        return explain(self.code).meaning

    @property
    def advice(self) -> str:
        """What to do about it."""
        return explain(self.code).advice

    @property
    def category(self) -> str:
        """The family of the code, such as ``not_found``."""
        return explain(self.code).category

    def __str__(self) -> str:
        said = f' The service said: "{shortened(self.info)}".' if self.info else ""
        trace = f" RequestId {shortened(self.request_id)}." if self.request_id else ""
        return f"{self.path} was refused with {self.code}. {self.meaning}{said} {self.advice}{trace}"


class AuthenticationError(ApiError):
    """The service does not believe who we say we are: key, signature, identifier or SDKAppID."""


class PermissionDeniedError(ApiError):
    """The identifier, the address or the edition may not do this."""


class InvalidRequestError(ApiError):
    """The request breaks a rule of the command."""


class NotFoundError(ApiError):
    """An account, group or message that was named does not exist."""


class ConflictError(ApiError):
    """It is so already, or somebody changed it meanwhile."""


class ForbiddenError(ApiError):
    """A rule or a state of the application says no: muted, not friends, refused by its own callback."""


class ContentRejectedError(ApiError):
    """The words or the picture did not pass the content check."""


class QuotaExceededError(ApiError):
    """Too large, too many, or more than the plan allows."""


class TooOftenError(ApiError, RateLimitedError):
    """The service says: too often. The limiter closes the command for a while."""


class ServerError(ApiError):
    """Trouble inside the service."""


_CLASSES: Final[dict[str, type[ApiError]]] = {
    "auth": AuthenticationError,
    "permission": PermissionDeniedError,
    "invalid_request": InvalidRequestError,
    "not_found": NotFoundError,
    "conflict": ConflictError,
    "forbidden": ForbiddenError,
    "content": ContentRejectedError,
    "quota": QuotaExceededError,
    "rate_limit": TooOftenError,
    "server": ServerError,
    "network": ServerError,
    "unknown": ApiError,
}

_TIMED_OUT: Final = frozenset({30007, 50005, 60008, 70169, 70202})
"""Codes by which one part of the service says that another did not answer it in time, and so may have done the work."""

_UNKNOWN: Final = ErrorCode(
    "unknown",
    "This code is not in any document known to the library.",
    "Look it up in the service's own error pages and read what the service said.",
)


def explain(code: int) -> ErrorCode:
    """Return what *code* means and what to do about it; an unknown code gets an honest answer too."""
    if code in ERROR_CODES:
        return ERROR_CODES[code]
    return next((meaning for codes, meaning in CUSTOM_RANGES if code in codes), _UNKNOWN)


def error_for(code: int, info: str, path: str, request_id: str | None = None) -> ApiError:
    """Make the error that stands for *code*, answered by command *path*."""
    error = _CLASSES[explain(code).category](code, info, path, request_id)
    if code in _TIMED_OUT:
        error.delivered = None
    return error
