"""What ``tim.messages`` is made of: a domain, and its endpoints."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from timrest_async.commands._command import Command

__all__ = ["Caller", "Domain", "Endpoint", "endpoint"]

P = ParamSpec("P")
R = TypeVar("R")


class Caller(Protocol):
    """Whoever can send a command."""

    async def call(self, command: Command[R], /) -> R:
        """Send *command* and return its reply."""
        ...


class Domain:
    """A family of commands, such as ``tim.messages``."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        """Who sends the commands."""

    def __init_subclass__(cls) -> None:
        """Tell each endpoint its name."""
        for name, method in vars(cls).items():
            if hasattr(method, "command"):
                method.__name__, method.__qualname__ = name, f"{cls.__qualname__}.{name}"


class Endpoint(Protocol[P, R]):
    """A command as a method: what the command takes, and its reply. To Python it is a plain coroutine function."""

    command: Callable[P, Command[R]]
    """The command's class."""

    @overload
    def __get__(self, domain: None, owner: type[Domain], /) -> Endpoint[P, R]: ...

    @overload
    def __get__(self, domain: Domain, owner: type[Domain], /) -> Callable[P, Coroutine[Any, Any, R]]: ...


def endpoint(command: Callable[P, Command[R]]) -> Endpoint[P, R]:
    """Make *command* a method of a domain."""

    async def send(domain: Domain, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await domain.caller.call(command(*args, **kwargs))

    method: Any = send
    takes = inspect.signature(command).parameters.values()
    itself = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    gives = getattr(command, "reply", None)
    method.__signature__ = inspect.Signature([itself, *takes], return_annotation=gives)
    method.__doc__ = command.__doc__
    method.command = command
    made: Endpoint[P, R] = method
    return made
