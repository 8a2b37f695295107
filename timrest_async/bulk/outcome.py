"""What became of each recipient, and of all of them."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from attrs import field, frozen

from timrest_async.errors import explain

__all__ = ["STATUSES", "Outcome", "Report", "Status"]

Status: TypeAlias = Literal["sent", "refused", "unknown", "skipped"]
"""sent: the service took the message. refused: it did not, and says why. unknown: it may have, and nobody can know.
skipped: nothing was sent, since the same message stands in the input for the same recipient before.
"""

STATUSES: Final[tuple[Status, ...]] = ("sent", "refused", "unknown", "skipped")


@frozen
class Outcome:
    """What became of one recipient."""

    recipient: str
    """The account, or the group."""

    index: int
    """Which of the input it is, counted from 0."""

    status: Status
    """Whether it was sent."""

    code: int | None = None
    """The error code; ``None`` where there is none."""

    info: str = ""
    """The reason in the service's words, or in ours; may be empty."""

    msg_key: str | None = None
    """What a recall names the message by; of a group's message, its MsgSeq."""

    msg_time: int | None = None
    """When the service took it, Unix seconds, where it says."""

    attempts: int = 0
    """In how many calls it went out."""

    @property
    def meaning(self) -> str:
        """What the code stands for, in our words; empty where there is none."""
        return "" if self.code is None else explain(self.code).meaning

    @property
    def advice(self) -> str:
        """What to do about it; empty where nobody knows."""
        return "" if self.code is None else explain(self.code).advice


@frozen(kw_only=True)
class Report:
    """What became of all recipients, those of earlier runs with the same journal among them."""

    sent: int
    """So many were sent."""

    refused: int
    """So many were refused."""

    unknown: int
    """Of so many nobody knows."""

    skipped: int
    """So many stand in the input more than once."""

    seconds: float
    """How long this run took."""

    not_sent: tuple[Outcome, ...] = field(repr=False)
    """The first 1,000 of this run that were refused or are unknown; ``send`` tells of each as it ends, and a journal
    keeps all.
    """

    @property
    def total(self) -> int:
        """How many recipients there were."""
        return self.sent + self.refused + self.unknown + self.skipped
