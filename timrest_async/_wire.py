"""What a value is called on the wire, and what bounds it.

A class that travels is an attrs class below :class:`Struct`; its annotations say everything::

    to_account: Annotated[AccountId, Wire("To_Account")]     # another name than the rule gives
    msg_life_time: Annotated[int, Between(0, 604_800)] | None = None

A field is called ``MsgLifeTime`` for ``msg_life_time`` unless :class:`Wire` says otherwise, ``None`` is absent, and a
bound is checked when the object is built, so that a bad value fails on the line that wrote it and nothing is sent.
Bounds are read out of the annotation once for each class: ``Annotated`` limits, ``Literal`` sets, and both inside a
union or a list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    Protocol,
    Self,
    TypeAlias,
    Union,
    get_args,
    get_origin,
    runtime_checkable,
)

import attrs

from timrest_async.errors import InputError

__all__ = [
    "U32",
    "Between",
    "Bounded",
    "Bytes",
    "Finite",
    "Items",
    "Limit",
    "Rest",
    "Struct",
    "Wire",
    "WireField",
    "rest_fields",
    "wire_fields",
]


@attrs.frozen
class Wire:
    """The name of a field on the wire, where the rule does not give it; ``None`` for one that does not travel."""

    name: str | None


@attrs.frozen
class Rest:
    """Marks the field whose keys lie beside the named ones."""


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
        return f"has to be a whole number from {self.low} to {self.high}, not {value!r}"

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
            return f"has to be a string, not {value!r}"
        try:
            size = len(value.encode())
        except UnicodeEncodeError:
            return f"holds half of a surrogate pair and cannot be encoded: {value!r}"
        if 1 <= size <= self.most:
            return None
        return f"has to be 1 to {self.most} bytes long in UTF-8, not {size}: {value!r}"

    def fine(self, name: str, /) -> str:
        """Know it at once of ASCII."""
        return f"type({name}) is str and 0 < len({name}) <= {self.most} and {name}.isascii()"


@attrs.frozen
class Items:
    """A list of *least* to *most* items."""

    least: int
    most: int

    def complaint(self, value: Any, /) -> str | None:
        """Refuse what is no list, or too short or too long."""
        if not isinstance(value, list):
            return f"has to be a list, not {value!r}"
        if self.least <= len(value) <= self.most:
            return None
        return f"has to hold {self.least} to {self.most} items, not {len(value)}"

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
        return f"has to be a finite number, not {value!r}"

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
        return f"has to be one of {', '.join(map(repr, self.allowed))}, not {value!r}"

    def fine(self, name: str, /) -> str:
        """Say it all in one expression."""
        return f"{name} in {self.allowed!r}"


@attrs.frozen
class Each:
    """A list, each item of which is within a bound."""

    limit: Limit

    def complaint(self, value: Any, /) -> str | None:
        """Refuse the first item out of bounds, and say which it is."""
        said = ((place, self.limit.complaint(item)) for place, item in enumerate(value))
        return next((f"[{place}] {words}" for place, words in said if words is not None), None)

    def fine(self, name: str, /) -> str:
        """Look at every item."""
        return f"all({self.limit.fine('item')} for item in {name})"


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


class Struct:
    """The root of all classes that travel."""

    __slots__ = ()


class Bounded(Struct):
    """A class whose annotations carry bounds, which are checked when an object is built."""

    __slots__ = ()

    _limits: ClassVar[Mapping[str, Limit]] = {}
    _is_fine: ClassVar[Callable[[Self], bool]]

    @classmethod
    def __attrs_init_subclass__(cls) -> None:
        """Read the bounds out of the annotations, once."""
        limits = {field.name: _limit_of(field.type) for field in attrs.fields(cls)}
        cls._limits = {name: limit for name, limit in limits.items() if limit is not None}
        cls._is_fine = _compiled(cls._limits)

    def __attrs_post_init__(self) -> None:
        """Refuse a value out of bounds."""
        if not self._is_fine():
            self._complain()

    def _complain(self) -> None:
        for name, limit in self._limits.items():
            value = getattr(self, name)
            if value is not None and (complaint := limit.complaint(value)) is not None:
                raise InputError(f"{type(self).__name__}.{name} {complaint}")


def _compiled(limits: Mapping[str, Limit]) -> Callable[[Any], bool]:
    """Make one function of all *limits*, as attrs makes ``__init__``.

    Calling a check for each field was a quarter of what building a command costs, and building it a third of what this
    library adds to an HTTP call.
    """
    tests = [f"((v := self.{name}) is None or {limit.fine('v')})" for name, limit in limits.items()]
    return eval(f"lambda self: {' and '.join(tests) or True}")  # type: ignore[no-any-return]  # noqa: S307  # our words


@attrs.frozen
class WireField:
    """One field of a :class:`Struct`, as the wire sees it."""

    name: str
    """The attribute."""
    wire: str
    """The key in JSON."""
    type: Any
    """The annotation."""
    default: Any
    """What stands in for it: a value, an :class:`attrs.Factory`, or :data:`attrs.NOTHING`."""

    @property
    def required(self) -> bool:
        """Whether a caller has to give it."""
        return self.default is attrs.NOTHING

    @property
    def optional(self) -> bool:
        """Whether it may be ``None``, and so absent."""
        return NoneType in get_args(self.type) or any(NoneType in get_args(part) for part in get_args(self.type))

    @property
    def drawn(self) -> bool:
        """Whether a fresh value is made for each object that is not given one."""
        return isinstance(self.default, attrs.Factory)  # type: ignore[arg-type]


def wire_fields(cls: type[Any]) -> Iterator[WireField]:
    """Describe the fields of *cls* that travel under a name, in the manual's order."""
    for field in attrs.fields(cls):
        marks = _marks(field.type)
        ruled = "".join(word.capitalize() for word in field.name.split("_"))
        wire = next((mark.name for mark in marks if isinstance(mark, Wire)), ruled)
        if wire is not None and not any(isinstance(mark, Rest) for mark in marks):
            yield WireField(field.name, wire, field.type, field.default)


def rest_fields(cls: type[Any]) -> list[str]:
    """Name the fields of *cls* whose keys lie beside the named ones."""
    return [field.name for field in attrs.fields(cls) if any(isinstance(mark, Rest) for mark in _marks(field.type))]


def _marks(hint: Any) -> tuple[Any, ...]:
    return getattr(hint, "__metadata__", ())


def _limit_of(hint: Any) -> Limit | None:
    """Put the bounds inside *hint* together, outermost first."""
    origin = get_origin(hint)
    if origin is Annotated:
        limits = [mark for mark in _marks(hint) if isinstance(mark, Limit)]
        inner = _limit_of(get_args(hint)[0])
        return reduce(Both, limits if inner is None else [*limits, inner]) if limits or inner else None
    if origin is Union or origin is UnionType:
        members = [_limit_of(member) for member in get_args(hint) if member is not NoneType]
        return members[0] if len(members) == 1 else None
    if origin is Literal:
        return OneOf(get_args(hint))
    if origin is list and (item := _limit_of(get_args(hint)[0])) is not None:
        return Each(item)
    return None
