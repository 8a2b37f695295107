"""What goes wrong, on request: each fault waits for the next call of its command and is used up by it.

::

    box.faults.add("openim/sendmsg", code=20004, times=2)       # refused twice, then fine
    box.faults.add("*", lose_answer=True)                       # the work is done, the answer never comes
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from attrs import define, frozen

from timrest_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["NO_FAULT", "Fault", "Faults"]


@frozen(kw_only=True)
class Fault:
    """What goes wrong with one call: one thing at a time, and *latency* with it or alone."""

    code: int | None = None
    """Refused with this code, once the caller is admitted and before any work."""

    status: int | None = None
    """A gateway answers with this HTTP status and a page of HTML; the service never sees the call."""

    html: bool = False
    """A page of HTML comes with status 200; the service never sees the call."""

    reset: bool = False
    """The connection is reset; the service never sees the call."""

    lose_answer: bool = False
    """The work is done, and then the connection closes without an answer."""

    cut: bool = False
    """The work is done, and half of the answer arrives."""

    latency: float = 0.0
    """Seconds by which whatever happens comes late; the work, if any, is done at once."""

    def __attrs_post_init__(self) -> None:
        """Refuse what cannot go wrong, and two things at once."""
        if self.code is not None and (type(self.code) is not int or self.code == 0):
            raise ConfigError(f"code has to be an ErrorCode other than 0, not {self.code!r}")
        if self.status is not None and (type(self.status) is not int or not 400 <= self.status <= 599):
            raise ConfigError(f"status has to be an HTTP status from 400 to 599, not {self.status!r}")
        flags = (self.html, self.reset, self.lose_answer, self.cut)
        if any(type(flag) is not bool for flag in flags):
            raise ConfigError("html, reset, lose_answer and cut are true or false")
        if type(self.latency) not in {int, float} or not 0 <= self.latency < math.inf:
            raise ConfigError(f"latency has to be 0 or more seconds, not {self.latency!r}")
        if sum(flags) + (self.code is not None) + (self.status is not None) > 1:
            raise ConfigError("a call goes wrong in one way at a time")

    @property
    def keeps_away(self) -> bool:
        """Whether the call never reaches the service."""
        return self.status is not None or self.html or self.reset


NO_FAULT = Fault()


@define
class _Waiting:
    path: str
    fault: Fault
    times: int


class Faults:
    """The faults that are still to come, in the order in which they were added."""

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []

    def __len__(self) -> int:
        return sum(waiting.times for waiting in self._waiting)

    def __iter__(self) -> Iterator[tuple[str, Fault, int]]:
        """Go through them: of which path, what goes wrong, and how often."""
        return ((waiting.path, waiting.fault, waiting.times) for waiting in self._waiting)

    def add(  # noqa: PLR0913  # one keyword for each thing that can go wrong
        self,
        path: str,
        *,
        times: int = 1,
        code: int | None = None,
        status: int | None = None,
        html: bool = False,
        reset: bool = False,
        lose_answer: bool = False,
        cut: bool = False,
        latency: float = 0.0,
    ) -> None:
        """Let the next *times* calls of *path* go wrong as :class:`Fault` describes; ``"*"`` is any command."""
        fault = Fault(
            code=code, status=status, html=html, reset=reset, lose_answer=lose_answer, cut=cut, latency=latency
        )
        if fault == NO_FAULT:
            raise ConfigError("say what goes wrong: code, status, html, reset, lose_answer, cut or latency")
        if type(path) is not str or type(times) is not int or times < 1:
            raise ConfigError("a fault has a path and happens at least once")
        self._waiting.append(_Waiting(path, fault, times))

    def clear(self) -> None:
        """Let everything go well again."""
        self._waiting.clear()

    def take(self, path: str) -> Fault:
        """Use up the first fault that waits for *path*."""
        found = next((waiting for waiting in self._waiting if waiting.path in {path, "*"}), None)
        if found is None:
            return NO_FAULT
        found.times -= 1
        self._waiting = [waiting for waiting in self._waiting if waiting.times]
        return found.fault
