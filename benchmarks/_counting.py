"""What follows from the moments at which calls arrived: how many in a second, and in which order.

A second is half-open: a call at its end is not in it. A count that slides over all moments is at its most in a second
that begins with an arrival, so these are the only ones to look at.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["count_inversions", "counts", "sliding"]


def counts(times: Sequence[float]) -> list[int]:
    """Return the arrivals in the half-open second that begins with each of *times*, which are sorted."""
    return [bisect_left(times, start + 1) - index for index, start in enumerate(times)]


def sliding(times: Sequence[float]) -> list[tuple[float, int]]:
    """Return when the number of arrivals in the second before changes, and to what."""
    changes = sorted([(time, 1) for time in times] + [(time + 1, -1) for time in times])
    count, found = 0, []
    for time, change in changes:  # at one moment, what leaves comes before what arrives
        count += change
        found.append((time, count))
    return found


def count_inversions(numbers: Sequence[int]) -> int:
    """Return how many pairs of *numbers* stand in the wrong order."""
    before: list[int] = []
    count = 0
    for number in numbers:
        count += len(before) - bisect_right(before, number)
        insort(before, number)
    return count
