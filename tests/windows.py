"""How calls fill a window, counted as the service counts them."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def fullest(times: Iterable[float], per: float = 1.0) -> int:
    """Count the calls of the fullest half-open window of *per* seconds."""
    most, inside = 0, deque[float]()
    for when in sorted(times):
        inside.append(when)
        while inside[0] + per <= when:
            inside.popleft()
        most = max(most, len(inside))
    return most
