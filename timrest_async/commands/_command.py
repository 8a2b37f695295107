"""What a command is: a value that knows its path and its reply."""

from collections.abc import Callable
from functools import partial
from itertools import count
from random import getrandbits
from re import ASCII
from re import compile as pattern
from typing import Annotated, Any, BinaryIO, ClassVar, Generic, Protocol, TypeVar, cast, get_args, get_origin

from attrs import field, frozen

from timrest_async._bounds import Bounded
from timrest_async._wire import Rest, Wire
from timrest_async._words import shown
from timrest_async.errors import InputError

__all__ = ["Caller", "Command", "RawCommand", "next_seq", "random_u32"]

R = TypeVar("R")

U32_MAX = 2**32 - 1


@frozen(kw_only=True)
class _Request(Bounded):
    """What every command has."""

    extra: Annotated[dict[str, Any] | None, Rest()] = field(default=None, repr=False)
    """What goes out beside the fields that the command knows, key for key; it wins over them."""


class Command(_Request, Generic[R]):
    """One request to the service, whose answer is an ``R``.

    A command that this library lacks is a class away::

        @frozen(kw_only=True)
        class QueryState(Command[dict[str, Any]]):
            path = "openim/querystate"

            to_account: Annotated[list[str], Wire("To_Account")]

    Every command takes ``extra``, a dict that goes out beside its fields: for what the service has learned meanwhile.
    """

    __slots__ = ()

    path: str
    """The service and the command word, such as ``openim/sendmsg``."""

    repeatable_for: ClassVar[float] = 0.0
    """For how many seconds after it went out the same bytes may go out again and still be done once: as long as the
    service recognises a repeat, ``math.inf`` where doing it twice is doing it once, and 0 where nobody promises either.
    """

    outcomes_in: ClassVar[str] = ""
    """Of a command whose own ErrorCode means nothing: the key of its answer below which those stand that do."""

    reply: ClassVar[type[Any]]
    """The class of the reply."""

    @classmethod
    def __attrs_init_subclass__(cls) -> None:
        """Remember the reply's class, which stands in the brackets of the base."""
        super().__attrs_init_subclass__()
        for base in getattr(cls, "__orig_bases__", ()):
            if issubclass(get_origin(base) or object, Command) and not isinstance(get_args(base)[0], TypeVar):
                reply = get_args(base)[0]
                cls.reply = get_origin(reply) or (type(None) if reply is None else reply)


class Caller(Protocol):
    """Whoever can send a command."""

    async def call(self, command: Command[R], /) -> R:
        """Send *command* and return its reply."""
        ...

    async def download(self, path: str, url: str, into: BinaryIO, /) -> None:
        """Write the file at *url*, an address that command *path* gave, to *into*."""
        ...


_PATH = pattern(r"\w+/\w+", ASCII)


def _as_object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise InputError(f"the body of a command has to be a dict, not {shown(body)}")
    return cast("dict[str, Any]", body)


def _as_path(path: Any) -> str:
    return path.removeprefix("/").removeprefix("v4/") if isinstance(path, str) else shown(path)


@frozen
class RawCommand(Command[dict[str, Any]]):
    """Any command, as a path and the body that goes out."""

    path: Annotated[str, Wire(None)] = field(converter=_as_path)
    """The service and the command word; a leading ``v4/`` does no harm."""

    body: Annotated[dict[str, Any], Rest()] = field(converter=_as_object)
    """The body, key for key as in the manual."""

    def __attrs_post_init__(self) -> None:
        """Refuse a path that is none."""
        if not _PATH.fullmatch(self.path):
            raise InputError(f"a command is called SERVICE/COMMAND, such as openim/sendmsg, not {shown(self.path)}")


random_u32: Callable[[], int] = partial(getrandbits, 32)
"""Draws a number by which the service tells a repeat from another message."""

next_seq: Callable[[], int] = map(U32_MAX.__and__, count(getrandbits(31))).__next__
"""Counts messages up from a random start, so that those of one second keep the order in which they were made."""
