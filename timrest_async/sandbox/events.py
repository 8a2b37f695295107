"""What the service tells your application: before it does something, and after it did.

A command that has to ask first is a generator that yields the :class:`Event` and gets a :class:`Verdict`; what merely
happened is handed to :meth:`timrest_async.sandbox.state.State.tell`. Neither knows who listens, if anybody does.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final, TypeAlias

from attrs import field, frozen

from timrest_async.sandbox.callbacks import CALLBACKS
from timrest_async.sandbox.request import Refusal

__all__ = ["GO_ON", "Answer", "Asking", "Event", "Verdict"]

REFUSED: Final = 10016
"""What the caller gets where your application refuses, and no document says what."""

Answer: TypeAlias = dict[str, Any]
"""What a command answers beside the envelope; an ``ActionStatus`` of its own wins over that of the envelope,
and ``None`` leaves a field out."""


@frozen
class Event:
    """A callback of the manual."""

    command: str
    """Its CallbackCommand, such as ``C2C.CallbackBeforeSendMsg``."""

    body: dict[str, Any]
    """What it says besides."""


@frozen
class Verdict:
    """What your application says to an event that waits for it."""

    code: int = 0
    """0 lets the service go on."""

    info: str = ""
    """Why not."""

    fields: dict[str, Any] = field(factory=dict[str, Any])
    """What is to stand in the place of what was asked for, such as another MsgBody."""

    final: bool = False
    """Whether the code is the service's own, and reaches the caller as it is: 80003, where nobody answered."""

    def obey(self, command: str) -> None:
        """Refuse the call if your application does: with its own code where *command* has that, else the service's."""
        if self.code:
            callback = CALLBACKS[command]
            code = self.code if self.final or self.code in callback.own else callback.refused
            raise Refusal(REFUSED if code is None else code, self.info)

    def only(self, *names: str) -> dict[str, Any]:
        """Return those of *names* that your application wants to be otherwise."""
        return {name: self.fields[name] for name in names if self.fields.get(name) is not None}


GO_ON: Final = Verdict()
"""What is taken for said where nobody is asked."""

Asking: TypeAlias = Generator[Event, Verdict, Answer]
"""A command that asks your application before it does its work."""
