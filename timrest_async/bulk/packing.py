"""How a journal writes outcomes: what happened to most of a chunk once, and to the others by their place in it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from timrest_async._codec import from_json, to_json
from timrest_async.bulk.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["fields_of", "packed", "unpacked"]


def fields_of(outcome: Outcome) -> tuple[Any, ...]:
    """Return what an outcome says besides who it is about."""
    return outcome.status, outcome.code, outcome.info, outcome.msg_key, outcome.msg_time, outcome.attempts


def packed(outcomes: Sequence[Outcome]) -> tuple[Any, ...]:
    """Return what happened to most, and what happened to the others, as JSON."""
    fields = [fields_of(outcome) for outcome in outcomes]
    ((most, _),) = Counter(fields).most_common(1)
    return *most, to_json({str(at): one for at, one in enumerate(fields) if one != most}).decode()


def unpacked(start: int, recipients: str, others: str, *most: Any) -> Iterator[Outcome]:
    """Return what happened to each of *recipients*, JSON, of which the first stands at *start* in the input."""
    exceptions = from_json(others)
    for at, recipient in enumerate(from_json(recipients)):
        yield Outcome(recipient, start + at, *exceptions.get(str(at), most))
