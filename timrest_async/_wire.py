"""What a value is called on the wire.

A class that travels is an attrs class below :class:`Struct`; its annotations say everything::

    to_account: Annotated[AccountId, Wire("To_Account")]     # another name than the rule gives
    msg_life_time: MsgLifeTime | None = None

A field is called ``MsgLifeTime`` for ``msg_life_time`` unless :class:`Wire` says otherwise, and ``None`` is absent.
What bounds a value stands in :mod:`timrest_async._bounds`.
"""

from __future__ import annotations

from functools import cache
from operator import attrgetter
from types import NoneType
from typing import TYPE_CHECKING, Any, get_args

import attrs

from timrest_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "Asked",
    "Rest",
    "Struct",
    "Targets",
    "Wire",
    "WireField",
    "asked_field",
    "fields_of",
    "marks_of",
    "reader_of",
    "rest_fields",
    "targets_of",
    "wire_fields",
]


@attrs.frozen
class Wire:
    """The name of a field on the wire, where the rule does not give it; ``None`` for one that does not travel."""

    name: str | None
    also: tuple[str, ...] = ()
    """Other names under which it may arrive."""


@attrs.frozen
class Rest:
    """Marks the field whose keys lie beside the named ones: of a request those that go out, of a reply those that
    nobody knows.
    """


@attrs.frozen
class Targets:
    """Marks the list of a request that says whom or what it is about."""


@attrs.frozen
class Asked:
    """Marks the field of a reply that repeats whom or what the request was about."""


class Struct:
    """The root of all classes that travel."""

    __slots__ = ()


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
    also: tuple[str, ...] = ()
    """Other keys under which it may arrive."""

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
    for field in fields_of(cls):
        marks = marks_of(field.type)
        ruled = Wire("".join(word.capitalize() for word in field.name.split("_")))
        wire = next((mark for mark in marks if isinstance(mark, Wire)), ruled)
        if wire.name is not None and not any(isinstance(mark, Rest) for mark in marks):
            yield WireField(field.name, wire.name, field.type, field.default, wire.also)


def rest_fields(cls: type[Any]) -> list[str]:
    """Name the fields of *cls* whose keys lie beside the named ones."""
    return _marked(cls, Rest)


def asked_field(cls: type[Any]) -> str | None:
    """Name the field of a reply that repeats whom the request was about, if it has one."""
    return next(iter(_marked(cls, Asked)), None)


def targets_of(command: Struct) -> list[str | int]:
    """Return whom or what *command* is about, each by its id: a value itself, or the first field of an object."""
    named = _marked(type(command), Targets)
    items = (item for name in named for item in getattr(command, name) or ())
    return [getattr(item, fields_of(type(item))[0].name) if isinstance(item, Struct) else item for item in items]


@cache
def reader_of(cls: type[Any], wire: str) -> Callable[[Any], Any]:
    """Return a function that reads what a *cls* sends under the key *wire*; ``None`` where that is nothing."""
    for field in wire_fields(cls):
        if field.wire == wire:
            return attrgetter(field.name)
    rests = [attrgetter(name) for name in rest_fields(cls)]
    return lambda value: next((rest(value)[wire] for rest in rests if wire in (rest(value) or ())), None)


def fields_of(cls: type[Any]) -> tuple[attrs.Attribute[Any], ...]:
    """Return the attributes of *cls* as attrs keeps them, their annotations as objects."""
    if any(isinstance(field.type, str) for field in attrs.fields(cls)):
        try:
            attrs.resolve_types(cls)  # of a module that says "from __future__ import annotations"
        except NameError as error:
            raise ConfigError(
                f"{cls.__name__}: {error}; what annotations of a command name has to stand in its module, and not below"
                " TYPE_CHECKING alone"
            ) from error
    return tuple(attrs.fields(cls))


def marks_of(hint: Any) -> tuple[Any, ...]:
    """Return what an annotation carries beside its type."""
    return getattr(hint, "__metadata__", ())


def _marked(cls: type[Any], kind: type[Any]) -> list[str]:
    return [field.name for field in fields_of(cls) if any(isinstance(mark, kind) for mark in marks_of(field.type))]
