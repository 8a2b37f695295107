"""Any value in a few words, for messages: what came from outside may be as long and as deep as it likes."""

from __future__ import annotations

from reprlib import Repr
from typing import Any, Final

__all__ = ["shortened", "shown"]

LONGEST: Final = 200
"""So many characters of one value are shown."""

DIGITS: Final = 1_000
"""A whole number of more bits is described; Python refuses to write the longest ones out."""


class _Brief(Repr):
    def repr_int(self, x: int, level: int) -> str:
        return super().repr_int(x, level) if x.bit_length() <= DIGITS else f"a whole number of {x.bit_length()} bits"


_brief: Final = _Brief()
_brief.maxstring = _brief.maxother = LONGEST


def shown(value: Any) -> str:
    """Return what *value* is, like :func:`repr`, but never at length."""
    return _brief.repr(value)


def shortened(text: str, most: int = 500) -> str:
    """Return *text*, or the *most* characters with which it begins."""
    return text if len(text) <= most else f"{text[:most]}..."
