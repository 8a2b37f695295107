"""What bounds a value, and who checks it.

A bound stands in the annotation of a field: in ``Annotated``, as a ``Literal``, or as the type itself, also inside a
union or a list. It is read once for each class, and checked when an object is built, so that a bad value fails on the
line that wrote it and nothing is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Final,
    Literal,
    Protocol,
    TypeAlias,
    Union,
    cast,
    get_args,
    get_origin,
    runtime_checkable,
)

import attrs

from timrest_async._wire import Struct, fields_of, marks_of
from timrest_async._words import shown
from timrest_async.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["U32", "Between", "Bounded", "Bytes", "Finite", "Items", "Limit", "as_list"]


@runtime_checkable
class Limit(Protocol):
    """A bound that an annotation carries."""

    def complaint(self, value: Any, /) -> str | None:
        """Say what is wrong with *value*, or ``None``."""
        ...

    def fine(self, name: str, /) -> str:
        """Return a Python expression that is true only where the variable *name* holds no cause for complaint."""
        ...


@attrs.frozen
class Between:
    """A whole number from *low* to *high*."""

    low: int
    high: int

    def complaint(self, value: Any, /) -> str | None:
        """Refuse what is no whole number or out of range."""
        if type(value) is int and self.low <= value <= self.high:
            return None
        return f"has to be a whole number from {self.low} to {self.high}, not {shown(value)}"

    def fine(self, name: str, /) -> str:
        """Say it all in one expression."""
        return f"type({name}) is int and {self.low} <= {name} <= {self.high}"


@attrs.frozen
class Bytes:
    """Text of 1 to *most* bytes in UTF-8."""

    most: int

    def complaint(self, value: Any, /) -> str | None:
        """Refuse what is no text, empty, too long or no Unicode."""
        if not isinstance(value, str):
            return f"has to be a string, not {shown(value)}"
        try:
            size = len(value.encode())
        except UnicodeEncodeError:
            return f"holds half of a surrogate pair and cannot be encoded: {shown(value)}"
        if 1 <= size <= self.most:
            return None
        return f"has to be 1 to {self.most} bytes long in UTF-8, not {size}: {shown(value)}"

    def fine(self, name: str, /) -> str:
        """Know it at once of ASCII."""
        return f"type({name}) is str and 0 < len({name}) <= {self.most} and {name}.isascii()"


ENDLESS: Final = 2**31
"""As many items as this are no limit."""


@attrs.frozen
class Items:
    """A list of *least* to *most* items."""

    least: int
    most: int

    def complaint(self, value: Any, /) -> str | None:
        """Refuse what is no list, or too short or too long."""
        if not isinstance(value, list):
            return f"has to be a list, not {shown(value)}"
        size = len(cast("list[object]", value))
        if self.least <= size <= self.most:
            return None
        how_many = f"{self.least} to {self.most} items" if self.least < self.most else f"exactly {self.most}"
        how_many = how_many if self.most < ENDLESS else f"at least {self.least} item"
        return f"has to hold {how_many}, not {size}"

    def fine(self, name: str, /) -> str:
        """Say it all in one expression."""
        return f"type({name}) is list and {self.least} <= len({name}) <= {self.most}"


@attrs.frozen
class Finite:
    """A number that JSON can carry."""

    def complaint(self, value: Any, /) -> str | None:
        """Refuse what is no number, infinite or not a number."""
        if isinstance(value, int | float) and value - value == 0:
            return None
        return f"has to be a finite number, not {shown(value)}"

    def fine(self, name: str, /) -> str:
        """Say it all in one expression."""
        return f"type({name}) is float and {name} - {name} == 0"


@attrs.frozen
class OneOf:
    """One of a closed set."""

    allowed: tuple[Any, ...]

    def complaint(self, value: Any, /) -> str | None:
        """Refuse what is not in the set."""
        if value in self.allowed:
            return None
        return f"has to be one of {', '.join(map(repr, self.allowed))}, not {shown(value)}"

    def fine(self, name: str, /) -> str:
        """Say it all in one expression."""
        return f"{name} in {self.allowed!r}"


@attrs.frozen
class Each:
    """A list, each item of which is within a bound."""

    limit: Limit

    def complaint(self, value: Any, /) -> str | None:
        """Refuse what is no list, or the first item out of bounds."""
        if not isinstance(value, list):
            return f"has to be a list, not {shown(value)}"
        said = ((place, self.limit.complaint(item)) for place, item in enumerate(cast("list[object]", value)))
        return next((f"[{place}] {words}" for place, words in said if words is not None), None)

    def fine(self, name: str, /) -> str:
        """Look at every item."""
        return f"type({name}) is list and all({self.limit.fine('item')} for item in {name})"


@attrs.frozen
class IsA:
    """A value of one class, and of no class below it that JSON would write otherwise."""

    kind: type[Any]

    def complaint(self, value: Any, /) -> str | None:
        """Refuse what is of another class."""
        if isinstance(value, self.kind) and not isinstance(value, bool):
            return None
        return f"has to be {_A.get(self.kind, self.kind.__name__)}, not {shown(value)}"

    def fine(self, name: str, /) -> str:
        """Know it at once of the class itself; ours are not in the expression's reach, so their names have to do."""
        return (
            f"type({name}) is {self.kind.__name__}"
            if self.kind in _A
            else f"type({name}).__name__ == {self.kind.__name__!r}"
        )


_A: Mapping[type[Any], str] = {str: "a string", int: "a whole number", dict: "a dict"}


@attrs.frozen
class Maybe:
    """A bound that ``None`` need not keep."""

    limit: Limit

    def complaint(self, value: Any, /) -> str | None:
        """Refuse what is there and out of bounds."""
        return None if value is None else self.limit.complaint(value)

    def fine(self, name: str, /) -> str:
        """Let ``None`` pass."""
        return f"{name} is None or {self.limit.fine(name)}"


@attrs.frozen
class Both:
    """What two bounds agree on, the outer one first."""

    outer: Limit
    inner: Limit

    def complaint(self, value: Any, /) -> str | None:
        """Refuse what either refuses."""
        return self.outer.complaint(value) or self.inner.complaint(value)

    def fine(self, name: str, /) -> str:
        """Ask both."""
        return f"{self.outer.fine(name)} and {self.inner.fine(name)}"


U32: TypeAlias = Annotated[int, Between(0, 2**32 - 1)]
"""An unsigned 32-bit number."""


class Bounded(Struct):
    """A class whose annotations carry bounds, which are checked when an object is built.

    What holds for several fields together a class says in an ``__attrs_post_init__`` of its own, which runs then.
    """

    __slots__ = ()

    _limits: ClassVar[Mapping[str, Limit]] = {}

    @classmethod
    def __attrs_init_subclass__(cls) -> None:
        """Read the bounds out of the annotations, once."""
        limits = {field.name: _limit_of(field.type) for field in fields_of(cls)}
        cls._limits = {name: limit for name, limit in limits.items() if limit is not None}
        check, rules = _compiled(cls._limits), vars(cls).get("__attrs_post_init__")
        method = check if rules is None else _in_turn(check, rules)
        setattr(cls, "__attrs_post_init__", method)  # noqa: B010  # a method, made here

    def __attrs_post_init__(self) -> None:
        """Refuse a value out of bounds; each class has one of its own."""

    def _complain(self) -> None:
        for name, limit in self._limits.items():
            if (complaint := limit.complaint(getattr(self, name))) is not None:
                raise InputError(f"{type(self).__name__}.{name} {complaint}")


def _compiled(limits: Mapping[str, Limit]) -> Callable[[Any], None]:
    """Make one ``__attrs_post_init__`` of all *limits*, as attrs makes ``__init__``.

    Calling a check for each field was a quarter of what building a command costs, and building it a third of what this
    library adds to an HTTP call.
    """
    fine = " and ".join(f"({limit.fine(f'self.{name}')})" for name, limit in limits.items())
    return cast("Callable[[Any], None]", eval(f"lambda self: None if {fine or True} else self._complain()"))  # noqa: S307  # our words


def _in_turn(check: Callable[[Any], None], rules: Callable[[Any], None]) -> Callable[[Any], None]:
    """Check the bounds first, and then what a class says of its fields together."""

    def check_both(self: Any) -> None:
        check(self)
        rules(self)

    return check_both


def _limit_of(hint: Any) -> Limit | None:
    """Put the bounds inside *hint* together, outermost first."""
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _both([mark for mark in marks_of(hint) if isinstance(mark, Limit)], _limit_of(inside[0]))
    if origin is Union or origin is UnionType:
        members = [_limit_of(member) for member in inside if member is not NoneType]
        return Maybe(members[0]) if len(members) == 1 and NoneType in inside and members[0] is not None else None
    if origin is Literal:
        return OneOf(inside)
    if origin is list and (item := _limit_of(inside[0])) is not None:
        return Each(item)
    hint = dict if origin is dict else hint
    if hint in _A or (isinstance(hint, type) and issubclass(hint, Struct) and attrs.has(hint)):
        return IsA(hint)
    return None


def _both(outer: list[Limit], inner: Limit | None) -> Limit | None:
    """Join the marks of an annotation with what lies inside it; ``None`` passes all of them or none."""
    if isinstance(inner, Maybe):
        return Maybe(reduce(Both, [*outer, inner.limit]))
    if isinstance(inner, IsA) and outer:
        return reduce(Both, outer)  # each knows its type
    return reduce(Both, outer if inner is None else [*outer, inner]) if outer or inner else None


def as_list(given: object, made: Callable[[Any], Any] | None = None) -> list[Any]:
    """Turn any iterable into the list that travels, each item *made* into what it has to be.

    Text, bytes, a dict and what cannot be iterated stay as they are, for the bounds to refuse by name.
    """
    if type(given) is list or (isinstance(given, Iterable) and not isinstance(given, str | bytes | Mapping)):
        items = cast("Iterable[object]", given)
        return [*items] if made is None else [made(item) for item in items]
    return cast("list[Any]", given)
