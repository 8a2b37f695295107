"""Who hears of each attempt: the log, and hooks for metrics and traces.

One attempt is one DEBUG line of the logger ``timrest_async``, one retry an INFO line; no line holds a body, a secret
or a URL. A hook hears of an attempt when it goes out, and again when it ends, however it ends::

    class Metrics:
        def on_attempt(self, attempt: Attempt) -> None:
            in_flight.inc()

        def on_reply(self, reply: Reply) -> None:
            in_flight.dec()
            seconds.labels(reply.command, reply.code).observe(reply.duration)
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from attrs import frozen

from timrest_async.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Attempt", "Hook", "Reply", "Watch"]

_log = logging.getLogger("timrest_async")


@frozen
class Attempt:
    """An attempt that goes out."""

    command: str
    """The command, such as ``openim/sendmsg``."""

    attempt: int
    """Which attempt of its call it is, from 1."""

    wait: float
    """How long it waited for its permit, seconds."""


@frozen
class Reply:
    """How an attempt ended."""

    command: str
    """The command, such as ``openim/sendmsg``."""

    attempt: int
    """Which attempt of its call it was, from 1."""

    wait: float
    """How long it waited for its permit, seconds."""

    duration: float
    """How long it took from then on, seconds."""

    code: int | None
    """The answer's ErrorCode; ``None`` where there was no answer that could be read."""

    error: BaseException | None
    """What the attempt raised; :class:`asyncio.CancelledError` when the caller gave it up."""


class Hook(Protocol):
    """Who wants to hear of each attempt. What a hook raises is logged, and breaks nothing."""

    def on_attempt(self, attempt: Attempt, /) -> None:
        """Hear that an attempt goes out."""
        ...

    def on_reply(self, reply: Reply, /) -> None:
        """Hear how it ended; exactly once for each that went out."""
        ...


class Watch:
    """The log, and the hooks of one session."""

    def __init__(self, hooks: Sequence[Hook]) -> None:
        self._hooks = tuple(hooks)

    def goes_out(self, command: str, attempt: int, wait: float) -> None:
        """Tell of an attempt that goes out."""
        for hook in self._hooks:
            try:
                hook.on_attempt(Attempt(command, attempt, wait))
            except Exception:  # noqa: BLE001  # whatever it is, the call goes on
                _log.exception("a hook failed in on_attempt")

    def ended(self, command: str, attempt: int, wait: float, duration: float, error: BaseException | None) -> None:
        """Tell how it ended."""
        if _log.isEnabledFor(logging.DEBUG):
            how = "done" if error is None else _words(error)
            _log.debug("%s: attempt %d: %s, %.3g s after %.3g s of waiting", command, attempt, how, duration, wait)
        if self._hooks:
            self._tell(Reply(command, attempt, wait, duration, _code(error), error))

    def _tell(self, reply: Reply) -> None:
        for hook in self._hooks:
            try:
                hook.on_reply(reply)
            except Exception:  # noqa: BLE001  # whatever it is, the call goes on
                _log.exception("a hook failed in on_reply")


def _code(error: BaseException | None) -> int | None:
    if error is None:
        return 0
    return error.code if isinstance(error, ApiError) else None


def _words(error: BaseException) -> str:
    return f"refused with {error.code}" if isinstance(error, ApiError) else type(error).__name__
