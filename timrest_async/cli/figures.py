"""What ``timrest demo`` found out: figures, and the promises they are held against."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from attrs import frozen

from timrest_async.elements import Element

__all__ = ["CAP", "Burst", "Delivery", "Figures", "Promise", "Retry", "per_second", "worst_second"]

CAP: Final = 100
"""Calls of one command in any second, as the service documents it."""


@frozen(kw_only=True)
class Delivery:
    """One sample, as the service received it."""

    point: str
    """What the sample shows."""

    sender: str
    receiver: str
    elements: list[Element]
    """What arrived; empty when nothing did."""

    receipt: str
    """What the service called it."""

    as_sent: bool
    """Whether what arrived is what was sent."""


@frozen(kw_only=True)
class Retry:
    """One message whose first attempt was refused, and which was sent once more on purpose."""

    codes: list[int | None]
    """What the service answered to each attempt and to the repeat."""

    times: list[float]
    """When each arrived, seconds from the first."""

    msg_random: int
    same_bytes: bool
    """Whether every attempt carried the same bytes."""

    delivered: int
    """How often the message stands in the conversation."""

    @property
    def kept(self) -> bool:
        """Whether the promise held."""
        return self.same_bytes and self.delivered == 1 and self.codes == [20004, 0, 0]


@frozen(kw_only=True)
class Burst:
    """Many messages at once, against the cap."""

    sent: int
    delivered: int
    """How many different ones arrived."""

    twice: int
    """How many of them arrived more than once."""

    failures: list[str]
    """What the client was told of those that did not."""

    per_second: list[int]
    """Calls in each second from the first on."""

    worst: int
    """Calls of the command in the fullest second, wherever it starts."""

    seconds: float
    """From the first call to the last."""

    @property
    def calls(self) -> int:
        """How many calls it took."""
        return sum(self.per_second)

    @property
    def complete(self) -> bool:
        """Whether each message arrived exactly once."""
        return self.delivered == self.sent and not self.twice


@frozen(kw_only=True)
class Promise:
    """What the library promises, and what was seen of it."""

    promised: str
    seen: str
    kept: bool


@frozen(kw_only=True)
class Figures:
    """What the three acts left."""

    deliveries: list[Delivery]
    retry: Retry
    burst: Burst

    @property
    def kept(self) -> bool:
        """Whether every promise held."""
        return all(promise.kept for promise in self.promises)

    @property
    def promises(self) -> list[Promise]:
        """Set what was promised beside what was seen."""
        deliveries, retry, burst = self.deliveries, self.retry, self.burst
        intact = sum(delivery.as_sent for delivery in deliveries)
        return [
            Promise(
                promised="What is written arrives as it was written",
                seen=f"{intact} of {len(deliveries)} samples",
                kept=intact == len(deliveries),
            ),
            Promise(
                promised="A retry never delivers twice",
                seen=f"{len(retry.codes)} calls, {retry.delivered} delivered",
                kept=retry.kept,
            ),
            Promise(
                promised="Never over the cap, in any second",
                seen=f"{burst.worst} of {CAP} in the fullest",
                kept=burst.worst <= CAP,
            ),
            Promise(
                promised="Nothing is lost, nothing comes twice",
                seen=f"{burst.delivered} of {burst.sent}, {burst.twice} twice",
                kept=burst.complete,
            ),
        ]


def per_second(times: Sequence[float]) -> list[int]:
    """Count *times*, which ascend, in each second from the first of them on."""
    seconds = Counter(int(time - times[0]) for time in times)
    return [seconds[second] for second in range(max(seconds) + 1)]


def worst_second(times: Sequence[float]) -> int:
    """Count *times*, which ascend, in the fullest half-open second, wherever it starts."""
    worst = start = 0
    for end, time in enumerate(times):
        while time - times[start] >= 1:
            start += 1
        worst = max(worst, end - start + 1)
    return worst
