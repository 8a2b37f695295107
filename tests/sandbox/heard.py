"""An application that listens, and lets everything pass unless it is told otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from timrest_async.sandbox.events import GO_ON
from timrest_async.sandbox.hooks import Webhooks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from timrest_async.sandbox.events import Event, Verdict

__all__ = ["Heard"]


class Heard(Webhooks):
    """What an application was asked and told."""

    def __init__(self, verdict: Verdict = GO_ON) -> None:
        super().__init__("http://127.0.0.1:1", sdkappid=1_400_000_000)
        self.verdict = verdict
        """What it says to whatever it is asked."""
        self.meanwhile: Callable[[], object] = str
        """What happens before it says so; as a rule nothing does."""
        self.asked: list[Event] = []
        self.told: list[Event] = []
        self.heard: list[Event] = []
        """What was asked and told, in its order."""

    @property
    def commands(self) -> list[str]:
        """What was asked and told, by name."""
        return [event.command for event in self.heard]

    async def ask(self, event: Event) -> Verdict:
        """Note what is asked, let something happen, and answer."""
        self.asked.append(event)
        self.heard.append(event)
        self.meanwhile()
        return self.verdict

    def tell(self, events: Iterable[Event]) -> None:
        """Note what happened."""
        told = list(events)
        self.told += told
        self.heard += told

    def take(self) -> list[tuple[str, dict[str, Any]]]:
        """Return what was told since, and forget it."""
        taken = [(event.command, event.body) for event in self.told]
        self.told.clear()
        return taken
