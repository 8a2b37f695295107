"""One command about more things than fit into a call: split into several, and one reply made of theirs.

Every part is built, and so checked, before the first is sent. A fixed number of workers sends them, under the limiter's
cap like any call. Parts that fail do not stop the others: what they were about is among the reply's failures. Only
where every part fails there is nothing to return, and the first error is raised.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from timrest_async._bounds import Items
from timrest_async._wire import Targets, fields_of, marks_of, targets_of
from timrest_async._words import shown
from timrest_async.commands._reply import PartialReply
from timrest_async.errors import ApiError, Failure, InputError, TimError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from timrest_async.commands._command import Caller, Command

__all__ = ["AT_ONCE", "Splitter"]

R = TypeVar("R", bound=PartialReply)

AT_ONCE: Final = 10
"""How many parts are under way at once, unless a command says otherwise; enough for the cap of 100 calls a second where
an answer takes 0.1 s.
"""

UNKNOWN: Final = 100
"""How many items a part holds where the documents give no limit."""


class Splitter:
    """Splits calls of one command along its list of targets."""

    def __init__(self, command: Callable[..., Command[Any]], at_once: int) -> None:
        cls = cast("type[Command[Any]]", command)
        marks = {field.name: marks_of(field.type) for field in fields_of(cls) if Targets() in marks_of(field.type)}
        self._command = cls
        self._at_once = at_once
        self._signature = inspect.signature(cls)
        self._names = list(marks)
        self.names = " or ".join(marks)
        """What is split."""
        limits = [mark.most for said in marks.values() for mark in said if isinstance(mark, Items)]
        self.most = min(limits, default=UNKNOWN)
        """How many items one part holds."""
        self.reply: type[PartialReply] = cls.reply if issubclass(cls.reply, PartialReply) else PartialReply
        """The class of the reply that is made of all."""

    async def __call__(self, caller: Caller, *args: Any, **kwargs: Any) -> PartialReply:
        """Send all that the arguments ask for."""
        parts = list(self._parts(*args, **kwargs))
        left, ends = iter(enumerate(parts)), dict[int, Any]()

        async def work() -> None:
            for number, part in left:
                try:
                    ends[number] = await caller.call(part)
                except TimError as error:
                    ends[number] = error

        async with asyncio.TaskGroup() as workers:
            for _ in parts[: self._at_once]:
                workers.create_task(work())
        return self._merged([(part, ends[number]) for number, part in enumerate(parts)])

    def _parts(self, *args: Any, **kwargs: Any) -> Iterator[Command[Any]]:
        """Build the commands; where nothing can be split, the one that the arguments make."""
        given = self._signature.bind(*args, **kwargs)
        name = next((name for name in self._names if given.arguments.get(name) is not None), None)
        if name is None:
            yield self._command(*args, **kwargs)
            return
        items = given.arguments[name]
        items = [items] if isinstance(items, str) else items
        if isinstance(items, bytes) or not isinstance(items, Iterable):
            raise InputError(f"{self._command.__name__}.{name} has to be an iterable of items, not {shown(items)}")
        pairs = cast("Iterable[object]", items.items() if isinstance(items, Mapping) else items)
        everything = list(pairs)
        for start in range(0, len(everything), self.most):
            part = everything[start : start + self.most]
            given.arguments[name] = dict(cast("list[Any]", part)) if isinstance(items, Mapping) else part
            yield self._command(*given.args, **given.kwargs)

    def _merged(self, ends: list[tuple[Command[Any], Any]]) -> PartialReply:
        """Make one reply of the *ends* of all parts."""
        errors = [error for _, error in ends if isinstance(error, TimError)]
        if errors and len(errors) == len(ends):
            if len(errors) > 1:
                errors[0].add_note(
                    f"all {len(errors)} calls into which this one was split failed; this is the first error"
                )
            raise errors[0]
        merged: dict[str, Any] = {"asked": [], "undone": []}
        for part, end in ends:
            merged["asked"] += targets_of(part)
            if isinstance(end, TimError):
                merged["undone"] += [_undone(item, end) for item in targets_of(part)]
            elif end is not None:
                _join(merged, end)
        return self.reply(**merged)


def _undone(item: str | int, error: TimError) -> Failure:
    if isinstance(error, ApiError):
        return Failure(item, error.code, error.info, error)
    return Failure(item, None, str(error), error)


def _join(merged: dict[str, Any], reply: PartialReply) -> None:
    """Add what *reply* holds: lists and dicts are joined, of everything else what came first stays."""
    for field in fields_of(type(reply)):
        value = getattr(reply, field.name)
        if field.name in {"asked", "undone"} or value is None:
            continue
        if isinstance(value, list):
            merged.setdefault(field.name, []).extend(cast("list[object]", value))
        elif isinstance(value, dict):
            merged.setdefault(field.name, {}).update(value)
        else:
            merged.setdefault(field.name, value)
