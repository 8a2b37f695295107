"""What ``tim.messages`` is made of: a domain, and its endpoints."""

from __future__ import annotations

import inspect
from types import MethodType
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, Protocol, TypeVar, cast, overload

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


class Endpoint(Generic[P, R]):
    """A command as a method: what the command takes, and its reply."""

    def __init__(self, command: Callable[P, Command[R]]) -> None:
        async def send(domain: Domain, /, *args: P.args, **kwargs: P.kwargs) -> R:
            return await domain.caller.call(command(*args, **kwargs))

        takes = inspect.signature(command).parameters.values()
        itself = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
        gives = getattr(command, "reply", None)
        send.__signature__ = inspect.Signature([itself, *takes], return_annotation=gives)  # type: ignore[attr-defined]
        send.__doc__ = command.__doc__
        self.command = command
        """The command's class."""
        self._send = send

    def __set_name__(self, owner: type[Domain], name: str) -> None:
        self._send.__name__ = name
        self._send.__qualname__ = f"{owner.__qualname__}.{name}"

    @overload
    def __get__(self, domain: None, owner: type[Domain]) -> Endpoint[P, R]: ...

    @overload
    def __get__(self, domain: Domain, owner: type[Domain]) -> Callable[P, Coroutine[Any, Any, R]]: ...

    def __get__(
        self, domain: Domain | None, owner: type[Domain]
    ) -> Endpoint[P, R] | Callable[P, Coroutine[Any, Any, R]]:
        if domain is None:
            return self
        return cast("Callable[P, Coroutine[Any, Any, R]]", MethodType(self._send, domain))


def endpoint(command: Callable[P, Command[R]]) -> Endpoint[P, R]:
    """Make *command* a method of a domain."""
    return Endpoint(command)
