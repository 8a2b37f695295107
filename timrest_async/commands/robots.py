"""Robots and their messages."""

from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from contextlib import aclosing
from math import inf
from typing import Annotated, Final, Literal

from attrs import field, frozen

from timrest_async._wire import Wire
from timrest_async._words import shown
from timrest_async.commands._command import Command
from timrest_async.commands._domain import Domain, endpoint
from timrest_async.commands._reply import CommandReply
from timrest_async.commands._shared import AccountId
from timrest_async.errors import DecodeError, InputError

__all__ = [
    "CreateRobot",
    "DeleteRobot",
    "ListRobots",
    "ListRobotsReply",
    "Robots",
    "SendStreamChunk",
    "SendStreamChunkReply",
]


@frozen(kw_only=True)
class CreateRobot(Command[None]):
    """Register a robot: an account for which your server answers.

    Creating a robot again does no harm. 10008 may mean that the application has as many robots as it may.
    """

    path = "openim_robot_http_svc/create_robot"
    repeatable_for = inf

    user_id: Annotated[AccountId, Wire("UserID")] = field(kw_only=False)
    """The robot's id, which has to start with ``@RBT#``."""

    nick: str | None = None
    """Its nickname."""

    face_url: str | None = None
    """The address of its picture."""

    self_signature: str | None = None
    """What it says of itself, up to 500 bytes."""

    def __attrs_post_init__(self) -> None:
        """Refuse the id of an account that cannot be a robot."""
        if not self.user_id.startswith("@RBT#"):
            raise InputError(f"CreateRobot.user_id has to start with @RBT#, not {shown(self.user_id)}")


@frozen(kw_only=True)
class DeleteRobot(Command[None]):
    """Delete a robot."""

    path = "openim_robot_http_svc/delete_robot"
    repeatable_for = inf

    robot_account: Annotated[AccountId, Wire("Robot_Account")] = field(kw_only=False)
    """The robot, whose id starts with ``@RBT#``."""


@frozen(kw_only=True)
class ListRobotsReply(CommandReply):
    """The application's robots."""

    robot_account: Annotated[list[str], Wire("Robot_Account")] = field(factory=list[str])
    """Their ids."""


@frozen(kw_only=True)
class ListRobots(Command[ListRobotsReply]):
    """List all robots of the application. Document 1047/55280."""

    path = "openim_robot_http_svc/get_all_robots"
    repeatable_for = inf


@frozen(kw_only=True)
class SendStreamChunkReply(CommandReply):
    """To which message the piece went."""

    msg_key: str | None = None
    """The message, by which the next piece names it."""


@frozen(kw_only=True)
class SendStreamChunk(Command[SendStreamChunkReply]):
    """Send one piece of a text that grows under its reader's eyes.

    Each piece is appended to those before it, so one has to be answered before the next goes out, and a repeat stands
    there twice. :meth:`Robots.stream` sends them all. Clients need TUIKit 7.7.5282 or drawing of their own. Document
    269/104537.
    """

    path = "openim_robot_http_svc/send_stream_msg"

    from_account: Annotated[AccountId, Wire("From_Account")] = field(kw_only=False)
    """The robot that writes."""

    to_account: Annotated[AccountId, Wire("To_Account")] = field(kw_only=False)
    """Who receives it."""

    chunk: str
    """The piece."""

    msg_key: str | None = None
    """The message that it is appended to, as the answer to the first piece named it; a message begins when left out."""

    finish: Literal[1] | None = None
    """1: this is the last piece."""


class Robots(Domain):
    """Robots and their messages."""

    create: Final = endpoint(CreateRobot)
    delete: Final = endpoint(DeleteRobot)
    list: Final = endpoint(ListRobots)
    send_stream: Final = endpoint(SendStreamChunk)

    async def stream(
        self, from_account: str, to_account: str, chunks: AsyncIterable[str] | Iterable[str]
    ) -> SendStreamChunkReply:
        """Send one message from a robot piece by piece, as *chunks* brings them, and return the last answer.

        A piece goes out when the next one is there, since the last has to say that it is the last; a text that is given
        whole goes out whole. Where a piece cannot be had or sent, the error comes out, and the message stays as far as
        it got.

        Raises:
            InputError: there was no piece at all; nothing was sent.

        """
        msg_key: str | None = None
        held: str | None = None
        async with aclosing(_each(chunks)) as pieces:
            async for piece in pieces:
                if held is not None:
                    reply = await self.send_stream(from_account, to_account, chunk=held, msg_key=msg_key)
                    msg_key = msg_key or _key_of(reply)
                held = piece
        if held is None:
            raise InputError("Robots.stream takes one piece of text or more, not none")
        return await self.send_stream(from_account, to_account, chunk=held, msg_key=msg_key, finish=1)


async def _each(chunks: AsyncIterable[str] | Iterable[str]) -> AsyncGenerator[str, None]:
    """Go through *chunks* of either kind; text that stands alone is one piece, not its letters."""
    if isinstance(chunks, AsyncIterable):
        async for chunk in chunks:
            yield chunk
    else:
        for chunk in [chunks] if isinstance(chunks, str) else chunks:
            yield chunk


def _key_of(first: SendStreamChunkReply) -> str:
    """Return what the next piece is appended to; without it every piece would become a message of its own."""
    if not first.msg_key:
        raise DecodeError(
            SendStreamChunk.path, "the answer to the first piece has no MsgKey, so no other can follow it"
        )
    return first.msg_key
