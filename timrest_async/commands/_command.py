"""What a command is: a value that knows its path and its reply."""

from itertools import count
from random import getrandbits
from re import compile as pattern
from typing import Annotated, Any, ClassVar, Generic, TypeVar, get_args, get_origin

from attrs import field, frozen

from timrest_async._wire import Bounded, Rest, Wire
from timrest_async.errors import InputError

__all__ = ["Command", "RawCommand", "next_seq", "random_u32"]

R = TypeVar("R")

U32_MAX = 2**32 - 1


class Command(Bounded, Generic[R]):
    """One request to the service, whose answer is an ``R``.

    A command that this library lacks is a class away::

        @frozen(kw_only=True)
        class QueryState(Command[dict[str, Any]]):
            path = "openim/querystate"

            to_account: Annotated[list[str], Wire("To_Account")]
    """

    __slots__ = ()

    path: str
    """The service and the command word, such as ``openim/sendmsg``."""

    reply: ClassVar[type[Any]]
    """The class of the reply."""

    @classmethod
    def __attrs_init_subclass__(cls) -> None:
        """Remember the reply's class, which stands in the brackets of the base."""
        super().__attrs_init_subclass__()
        for base in getattr(cls, "__orig_bases__", ()):
            if get_origin(base) is Command:
                (reply,) = get_args(base)
                cls.reply = get_origin(reply) or (type(None) if reply is None else reply)


_PATH = pattern(r"\w+/\w+")


def _as_path(path: str) -> str:
    return path.removeprefix("/").removeprefix("v4/")


@frozen
class RawCommand(Command[dict[str, Any]]):
    """Any command, as a path and the body that goes out."""

    path: Annotated[str, Wire(None)] = field(converter=_as_path)
    """The service and the command word; a leading ``v4/`` does no harm."""

    body: Annotated[dict[str, Any], Rest()]
    """The body, key for key as in the manual."""

    def __attrs_post_init__(self) -> None:
        """Refuse a path that is none, and a body that is no object."""
        if not _PATH.fullmatch(self.path):
            raise InputError(f"a command is called SERVICE/COMMAND, such as openim/sendmsg, not {self.path!r}")
        if not isinstance(self.body, dict):
            raise InputError(f"the body of {self.path} has to be a dict, not {self.body!r}")


def random_u32() -> int:
    """Draw a number by which the service tells a repeat from another message."""
    return getrandbits(32)


_seqs = count(getrandbits(31))


def next_seq() -> int:
    """Count messages up from a random start, so that those of one second keep the order in which they were made."""
    return next(_seqs) & U32_MAX
