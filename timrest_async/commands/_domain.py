"""What ``tim.messages`` is made of: a domain, and commands as its methods in up to three forms.

``endpoint`` sends a command, ``paged`` turns the pages of one whose answer has several, and ``split`` sends as many
calls of one as its list of items needs. All three take exactly what the command takes.
"""

from __future__ import annotations

import inspect
from types import UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Final,
    ParamSpec,
    Protocol,
    TypeVar,
    Union,
    get_args,
    get_origin,
    overload,
)

from timrest_async.commands._paging import PagedCommand, Pager
from timrest_async.commands._reply import PartialReply
from timrest_async.commands._split import AT_ONCE, Splitter

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from timrest_async.commands._command import Caller, Command

__all__ = ["Domain", "Endpoint", "Paged", "endpoint", "paged", "split"]

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
S = TypeVar("S", bound=PartialReply)
ItemT = TypeVar("ItemT")


class Domain:
    """A family of commands, such as ``tim.messages``."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        """Who sends the commands."""

    def __init_subclass__(cls) -> None:
        """Tell each method its name."""
        for name, method in vars(cls).items():
            if hasattr(method, "command"):
                method.__name__, method.__qualname__ = name, f"{cls.__qualname__}.{name}"


class Endpoint(Protocol[P, R_co]):
    """A command as a method: what the command takes, and its reply. To Python it is a plain coroutine function."""

    command: Callable[P, Command[Any]]
    """The command's class."""

    @overload
    def __get__(self, domain: None, owner: type[Domain], /) -> Endpoint[P, R_co]: ...

    @overload
    def __get__(self, domain: Domain, owner: type[Domain], /) -> Callable[P, Coroutine[Any, Any, R_co]]: ...


class Paged(Protocol[P, ItemT]):
    """A command as an iterator over all pages. To Python it is a plain function."""

    command: Callable[P, Command[Any]]
    """The command's class."""

    @overload
    def __get__(self, domain: None, owner: type[Domain], /) -> Paged[P, ItemT]: ...

    @overload
    def __get__(self, domain: Domain, owner: type[Domain], /) -> Callable[P, Pager[ItemT]]: ...


def endpoint(command: Callable[P, Command[R]]) -> Endpoint[P, R]:
    """Make *command* a method of a domain."""

    async def send(domain: Domain, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await domain.caller.call(command(*args, **kwargs))

    made: Endpoint[P, R] = _described(send, command, getattr(command, "reply", None), "{}", "endpoint")
    return made


def paged(command: Callable[P, PagedCommand[Any, ItemT]]) -> Paged[P, ItemT]:
    """Make *command* a method that iterates over the items of all pages."""

    def each(domain: Domain, /, *args: P.args, **kwargs: P.kwargs) -> Pager[ItemT]:
        return Pager(domain.caller, command(*args, **kwargs))

    words = "{}\n\nThis iterates over what is on all pages, and asks for a page when it is needed."
    made: Paged[P, ItemT] = _described(each, command, Pager, words, "paged")
    return made


@overload
def split(command: Callable[P, Command[None]], *, at_once: int = ...) -> Endpoint[P, PartialReply]: ...


@overload
def split(command: Callable[P, Command[S]], *, at_once: int = ...) -> Endpoint[P, S]: ...


def split(command: Callable[..., Command[Any]], *, at_once: int = AT_ONCE) -> Any:
    """Make *command* a method that takes any number of items, and sends as many calls as they need, some *at_once*."""
    splitter = Splitter(command, at_once)

    async def send_all(domain: Domain, /, *args: Any, **kwargs: Any) -> PartialReply:
        return await splitter(domain.caller, *args, **kwargs)

    words = (
        f"{{}}\n\n*{splitter.names}* takes any number of items: {splitter.most:,} go out in a call, and what the calls"
        " answer becomes one reply."
    )
    return _described(send_all, command, splitter.reply, words, "split")


def _described(method: Any, command: Callable[..., Any], gives: Any, words: str, form: str) -> Any:
    """Give *method* the parameters of *command*, and its docstring within *words*, for ``help`` to show."""
    takes = [one.replace(annotation=_bare(one.annotation)) for one in inspect.signature(command).parameters.values()]
    takes.sort(key=lambda one: one.name == "extra")  # last
    itself = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    method.__signature__ = inspect.Signature([itself, *takes], return_annotation=gives)
    method.__doc__ = words.format(inspect.cleandoc(command.__doc__ or ""))
    method.command, method.form = command, form
    return method


def _bare(hint: Any) -> Any:
    """Return an annotation without the marks inside it, which say nothing to a reader."""
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _bare(inside[0])
    if origin is Union or origin is UnionType:
        return _UNION[tuple(map(_bare, inside))]
    return _LIST[_bare(inside[0])] if origin is list else hint


_LIST: Final[Any] = list
_UNION: Final[Any] = Union
