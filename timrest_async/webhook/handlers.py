"""Which of your functions handles which event."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar, get_args, overload

from attrs import frozen

from timrest_async._words import shown
from timrest_async.errors import ConfigError
from timrest_async.webhook.event import Event, Gate
from timrest_async.webhook.events import EVENTS
from timrest_async.webhook.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Fallback", "Handler", "Handlers", "On"]

E = TypeVar("E", bound=Event)
E_co = TypeVar("E_co", bound=Event, covariant=True)
V = TypeVar("V", bound=Verdict)

Fallback: TypeAlias = Literal["allow", "refuse"]
"""What a function is taken to have said where it fails or does not decide in time."""


@frozen
class Handler:
    """One of your functions."""

    function: Callable[[Any], Awaitable[Verdict | None]]
    """What you wrote."""

    fallback: Fallback
    """What it is taken to have said where it fails or does not decide in time."""

    async def decide(self, event: Event) -> Verdict | None:
        """Hand *event* to it, and return what it says to it, if that is for the service."""
        verdict = await self.function(event)
        if verdict is None or not isinstance(event, Gate):
            return None
        if not isinstance(verdict, event.verdict):
            raise TypeError(
                f"{event.callback_command} is answered with a {event.verdict.__name__}, not {shown(verdict)}"
            )
        return verdict

    def __str__(self) -> str:
        return getattr(self.function, "__qualname__", None) or shown(self.function)


@frozen
class On(Generic[E_co]):
    """A decorator for functions that handle events of one class. They are ``async``, take the event, and return a
    verdict of its family or ``None``.
    """

    _add: Callable[[Callable[..., Any]], None]

    @overload
    def __call__(self, handler: Callable[[E_co], Awaitable[None]]) -> Callable[[E_co], Awaitable[None]]: ...

    @overload
    def __call__(
        self: On[Gate[V]], handler: Callable[[E_co], Awaitable[V | None]]
    ) -> Callable[[E_co], Awaitable[V | None]]: ...

    def __call__(self, handler: Callable[..., Any]) -> Callable[..., Any]:
        """Let *handler* have its events."""
        if not callable(handler):
            raise ConfigError(f"an event is handled by an async function, not by {shown(handler)}")
        self._add(handler)
        return handler


class Handlers:
    """Your functions, and the classes of events that they know; *fallback* is that of who has none of its own."""

    def __init__(self, fallback: Fallback) -> None:
        self._fallback: Fallback = _checked(fallback)
        self._events = dict(EVENTS)
        self._handlers: list[tuple[type[Event], Handler]] = []
        self._defaults: list[Handler] = []
        self._found: dict[type[Event], list[Handler]] = {}

    @property
    def events(self) -> Mapping[str, type[Event]]:
        """As what each event is read, by its command."""
        return self._events

    def on(self, event: type[E], fallback: Fallback | None) -> On[E]:
        """Return a decorator for functions that handle *event*, and the events of classes below it."""
        self._learn(event)
        own = self._fallback if fallback is None else _checked(fallback)
        return On(lambda handler: self._add(event, Handler(handler, own)))

    def default(self, function: Callable[[Event], Awaitable[Verdict | None]]) -> None:
        """Let *function* have every event that no other one handles."""
        self._defaults.append(Handler(function, self._fallback))
        self._found.clear()

    def of(self, kind: type[Event]) -> list[Handler]:
        """Return who handles events of class *kind*, in the order in which they were registered."""
        found = self._found.get(kind)
        if found is None:
            mine = [handler for event, handler in self._handlers if issubclass(kind, event)]
            found = self._found[kind] = mine or self._defaults
        return found

    def _learn(self, event: Any) -> None:
        """Read what *event* is called as that class from here on."""
        if not (isinstance(event, type) and issubclass(event, Event)):
            raise ConfigError(f"on() takes a class of events, such as C2CAfterSendMsg, not {shown(event)}")
        command: object = getattr(event, "callback_command", None)
        if not isinstance(command, str):
            return  # a class above several
        known = self._events.setdefault(command, event)
        if issubclass(event, known):
            self._events[command] = event
        elif not issubclass(known, event):
            raise ConfigError(f"{command} is read as {known.__name__} already, and {event.__name__} is not below that")

    def _add(self, event: type[Event], handler: Handler) -> None:
        self._handlers.append((event, handler))
        self._found.clear()


def _checked(fallback: Fallback) -> Fallback:
    if fallback not in get_args(Fallback):
        raise ConfigError(f"fallback has to be one of {', '.join(get_args(Fallback))}, not {shown(fallback)}")
    return fallback
