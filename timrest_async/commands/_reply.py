"""What an answer is made of: parts that keep what nobody knows yet, and replies that say for whom it did not work.

An ErrorCode of 0 may hide failures: the accounts that were not imported, the member who was not added. A reply to a
command about many things is a :class:`PartialReply`. Its class says where the outcomes stand; who was asked for is
filled in from the request as the answer is read, so that nobody is missing.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Protocol, Self, overload

from attrs import field, fields, frozen

from timrest_async._wire import Asked, Rest, Struct, Wire
from timrest_async.errors import Failure, PartialFailureError

__all__ = ["CommandReply", "Outcome", "Part", "PartialReply", "Result", "Utc", "failure"]


@frozen(kw_only=True)
class Part(Struct):
    """Something inside a reply."""

    extra: Annotated[dict[str, Any], Rest()] = field(factory=dict[str, Any], repr=False, eq=False)
    """What the service sent beside the fields that this library knows, key for key."""


@frozen(kw_only=True)
class CommandReply(Part):
    """What the service answers to a command, beside its ErrorCode and the words that go with it."""

    envelope: ClassVar[frozenset[str]] = frozenset({"ActionStatus", "ErrorCode", "ErrorInfo"})
    """Keys that every answer has, and that are no part of :attr:`extra`."""


class Outcome(Protocol):
    """What became of one of the things that a command was about."""

    @property
    def about(self) -> str | int:
        """Whom or what this is about, by its id."""
        ...

    @property
    def failure(self) -> Failure | None:
        """Why it did not work; ``None`` where it did."""
        ...


class Result(Part):
    """What became of one of the things that a command was about."""

    __slots__ = ()

    @property
    def about(self) -> str | int:
        """Whom or what this is about: the first field, unless a class says otherwise."""
        first: str | int = getattr(self, fields(type(self))[1].name)  # behind "extra"
        return first

    @property
    def failure(self) -> Failure | None:
        """Why it did not work; ``None`` where it did."""
        return None

    @property
    def ok(self) -> bool:
        """Whether it worked."""
        return self.failure is None


def failure(
    about: str | int, code: int | None, info: str | None = None, *, fine: Sequence[int] = (0,)
) -> Failure | None:
    """Return what the error code of one item stands for; ``None`` where it is *fine* or absent."""
    return None if code is None or code in fine else Failure(about, code, info or "")


@frozen(kw_only=True)
class PartialReply(CommandReply):
    """An answer that may be good for some and bad for others."""

    asked: Annotated[list[str | int], Wire(None), Asked()] = field(factory=list[str | int], repr=False, eq=False)
    """Whom or what the command was about, in its order."""

    undone: Annotated[list[Failure], Wire(None)] = field(factory=list[Failure], repr=False)
    """Of a command that was split into several: what calls that failed as a whole were about."""

    def _outcomes(self) -> Iterable[Outcome] | None:
        """Return one outcome for each item that was asked for; ``None`` where the answer names failures alone."""
        return None

    def _failures(self) -> Iterable[Failure]:
        """Return the failures that the answer names beside its outcomes."""
        return ()

    @property
    def failed(self) -> list[Failure]:
        """What did not work, each item once, with the reason. An item that the answer does not mention is one too."""
        outcomes = self._outcomes()
        found = [outcome.failure for outcome in outcomes or ()]
        named = {one.about: one for one in (*self._failures(), *self.undone, *found) if one is not None}
        if outcomes is not None:
            known = named.keys() | {outcome.about for outcome in outcomes}
            named |= {
                item: Failure(item, None, "the answer does not mention it") for item in self.asked if item not in known
            }
        return list(named.values())

    @property
    def succeeded(self) -> list[str | int]:
        """What worked, in the order of the request."""
        failed = {one.about for one in self.failed}
        outcomes = self._outcomes()
        everything = self.asked or [outcome.about for outcome in outcomes or ()]
        return [item for item in dict.fromkeys(everything) if item not in failed]

    def raise_for_failures(self) -> Self:
        """Return this reply if everything worked.

        Raises:
            PartialFailureError: something did not; its ``failed`` says what, and why.

        """
        if failed := self.failed:
            raise PartialFailureError(failed, len(self.succeeded))
        return self


class Utc:
    """A view of a field of Unix seconds as a :class:`datetime.datetime` in UTC.

    It is ``None`` where the field is absent, 0 or no time that there is.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, reply: None, owner: type[Any], /) -> Self: ...

    @overload
    def __get__(self, reply: Struct, owner: type[Any], /) -> datetime | None: ...

    def __get__(self, reply: Struct | None, owner: type[Any], /) -> Self | datetime | None:
        if reply is None:
            return self
        seconds: int | None = getattr(reply, self.name)
        try:
            return datetime.fromtimestamp(seconds, UTC) if seconds else None
        except (ValueError, OverflowError, OSError):
            return None
