"""An application that listens and lets everything pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from timrest_async.sandbox.events import GO_ON
from timrest_async.sandbox.hooks import Webhooks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from timrest_async.sandbox.events import Event, Verdict

__all__ = ["Heard"]


class Heard(Webhooks):
    """What an application was asked and told."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1", sdkappid=1_400_000_000)
        self.asked: list[Event] = []
        self.told: list[Event] = []

    async def ask(self, event: Event) -> Verdict:
        """Let it go on."""
        self.asked.append(event)
        return GO_ON

    def tell(self, events: Iterable[Event]) -> None:
        """Note what happened."""
        self.told += events

    def take(self) -> list[tuple[str, dict[str, Any]]]:
        """Return what was told since, and forget it."""
        taken = [(event.command, event.body) for event in self.told]
        self.told.clear()
        return taken
