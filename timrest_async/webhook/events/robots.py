"""Robots: written to, mentioned in a group, signalled."""

from typing import Annotated, ClassVar, Final

from attrs import field, frozen

from timrest_async._wire import Wire
from timrest_async.elements import Element
from timrest_async.webhook.event import Event

__all__ = ["EVENTS", "BotOnC2CMessage", "BotOnGroupMessage", "ChatbotOnC2CSignalMessage"]


@frozen(kw_only=True)
class BotOnC2CMessage(Event):
    """A user has written to a robot, an account whose id starts with ``@RBT#``."""

    callback_command = "Bot.OnC2CMessage"
    key_fields: ClassVar[tuple[str, ...]] = ("send_msg_result", "msg_key")

    from_account: Annotated[str, Wire("From_Account")]
    """Who wrote."""

    to_account: Annotated[str, Wire("To_Account")]
    """The robot."""

    msg_seq: int
    """The message's number, unsigned 32 bits."""

    msg_random: int
    """The message's random number, unsigned 32 bits."""

    msg_time: int
    """When the service took it, Unix seconds."""

    msg_key: str
    """By which it can be recalled."""

    online_only_flag: int = 0
    """1: only who was online got it, and nothing is kept."""

    send_msg_result: int = 0
    """0: delivered; else the error code."""

    error_info: str = ""
    """The service's words to that."""

    unread_msg_num: int = 0
    """How many one-to-one messages the robot has not read."""

    msg_body: list[Element]
    """What was delivered, element by element."""

    cloud_custom_data: str = ""
    """The data beside the message."""


@frozen(kw_only=True)
class BotOnGroupMessage(Event):
    """A message to a group mentions a robot."""

    callback_command = "Bot.OnGroupMessage"
    key_fields: ClassVar[tuple[str, ...]] = ("group_id", "topic_id", "msg_seq")

    group_id: str
    """The group."""

    type: str = ""
    """The group's kind, such as ``Public``, ``Work``, ``Meeting``, ``AVChatRoom`` or ``Community``."""

    from_account: Annotated[str, Wire("From_Account")]
    """Who wrote."""

    operator_account: Annotated[str, Wire("Operator_Account")]
    """Who made the request; an administrator where it came by REST."""

    random: int
    """The message's random number, unsigned 32 bits."""

    msg_seq: int
    """The message's number in the group, or in the topic."""

    msg_time: int | None = None
    """When the service took it, Unix seconds."""

    online_only_flag: int = 0
    """1: only who was online got it, and nothing is kept."""

    msg_body: list[Element]
    """What was delivered, element by element."""

    at_robot_account: list[str] = field(factory=list[str])
    """The robots that are mentioned."""

    cloud_custom_data: str = ""
    """The data beside the message."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""

    topic_id: str | None = None
    """The topic of the community in which it was written."""


@frozen(kw_only=True)
class ChatbotOnC2CSignalMessage(Event):
    """A client has sent a signal of its own making to a robot that an AI speaks for."""

    callback_command = "Chatbot.OnC2CSignalMessage"
    key_fields: ClassVar[tuple[str, ...]] = ("msg_key",)

    from_account: Annotated[str, Wire("From_Account")]
    """Who sent it."""

    to_account: Annotated[str, Wire("To_Account")]
    """The robot."""

    msg_seq: int
    """The message's number, unsigned 32 bits."""

    msg_random: int
    """The message's random number, unsigned 32 bits."""

    msg_key: str
    """Which message."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""

    data: str = ""
    """What the client put into the signal."""


EVENTS: Final = (
    BotOnC2CMessage,
    BotOnGroupMessage,
    ChatbotOnC2CSignalMessage,
)
"""In the manual's order."""
