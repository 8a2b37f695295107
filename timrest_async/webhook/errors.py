"""Why a request is not taken for a webhook of the service.

::

    WebhookError                not to be acted upon
    ├── SignatureError              it is not signed, or not with the token
    ├── StaleRequestError           it was signed too long ago, or lies in the future
    ├── WrongApplicationError       it is about another SDKAppID
    ├── RequestTooLargeError        its body is too large
    ├── MalformedRequestError       its body is not what the service writes
    └── OverloadedError             it is believed, but too many events wait already
"""

from __future__ import annotations

from typing import ClassVar

from timrest_async.errors import TimError

__all__ = [
    "MalformedRequestError",
    "OverloadedError",
    "RequestTooLargeError",
    "SignatureError",
    "StaleRequestError",
    "WebhookError",
    "WrongApplicationError",
]


class WebhookError(TimError):
    """A request that is not to be acted upon. *status* is the HTTP status to answer with."""

    status: ClassVar[int] = 400

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SignatureError(WebhookError):
    """It is not signed, or not with the token: the service did not send it, or the console has another token."""

    status = 401


class StaleRequestError(WebhookError):
    """It was signed too long ago, or lies in the future: somebody repeats it, or a clock is wrong."""

    status = 401


class WrongApplicationError(WebhookError):
    """It is about another SDKAppID than this webhook's."""

    status = 403


class RequestTooLargeError(WebhookError):
    """Its body is larger than this webhook reads."""

    status = 413


class MalformedRequestError(WebhookError):
    """Its query or its body is not what the service writes."""


class OverloadedError(WebhookError):
    """Too many events wait to be handled, or the webhook is closed. The service sends an event again if it is told to
    in the console.
    """

    status = 503
