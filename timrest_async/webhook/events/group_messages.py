"""Messages to groups: sent, not sent, recalled, read."""

from typing import Annotated, ClassVar, Final

from attrs import field, frozen

from timrest_async._wire import Wire
from timrest_async.commands._reply import Part
from timrest_async.elements import Element
from timrest_async.webhook.event import Event, MessageGate
from timrest_async.webhook.events.groups import Member
from timrest_async.webhook.verdicts import GroupMessageVerdict

__all__ = [
    "EVENTS",
    "GroupAfterReadReceipt",
    "GroupAfterRecallMsg",
    "GroupAfterSendMsg",
    "GroupBeforeSendMsg",
    "GroupMention",
    "GroupSendMsgException",
    "MessageReceipt",
    "RecalledMessage",
]


@frozen(kw_only=True)
class GroupBeforeSendMsg(MessageGate[GroupMessageVerdict]):
    """A message to a group is about to be delivered. Document 1047/34374.

    Asked for what clients send and for ``group_open_http_svc/send_group_msg``, unless that carries
    ForbidBeforeSendMsgCallback; also for messages that the group's rate limit drops afterwards.
    """

    callback_command = "Group.CallbackBeforeSendMsg"
    key_fields: ClassVar[tuple[str, ...]] = ("group_id", "from_account", "random")

    group_id: str
    """The group."""

    type: str = ""
    """The group's kind, such as ``Public``, ``Work``, ``Meeting``, ``AVChatRoom`` or ``Community``."""

    from_account: Annotated[str, Wire("From_Account")]
    """Who writes."""

    operator_account: Annotated[str, Wire("Operator_Account")]
    """Who made the request; an administrator where it came by REST."""

    random: int
    """The message's random number, unsigned 32 bits."""

    online_only_flag: int = 0
    """1: only who is online gets it, and nothing is kept; always 0 in AVChatRoom."""

    msg_body: list[Element]
    """What the sender wrote, element by element."""

    cloud_custom_data: str = ""
    """The sender's own data beside the message."""

    topic_id: str | None = None
    """The topic of the community in which it is written."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""


@frozen(kw_only=True)
class GroupMention(Part):
    """A mention (@) in a message to a group."""

    group_at_all_flag: int = 0
    """0: one member, 1: everybody."""

    group_at_account: Annotated[str | None, Wire("GroupAt_Account")] = None
    """Who is mentioned, with flag 0."""


@frozen(kw_only=True)
class GroupAfterSendMsg(Event):
    """A message to a group was delivered. Document 1047/34375.

    Told once the message is stored; not of messages that were dropped.
    """

    callback_command = "Group.CallbackAfterSendMsg"
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

    msg_time: int
    """When the service took it, Unix seconds."""

    online_only_flag: int = 0
    """1: only who was online got it, and nothing is kept."""

    msg_body: list[Element]
    """What was delivered, element by element."""

    cloud_custom_data: str = ""
    """The data beside the message."""

    topic_id: str | None = None
    """The topic of the community in which it was written."""

    group_at_info: list[GroupMention] = field(factory=list[GroupMention])
    """Who is mentioned."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""


@frozen(kw_only=True)
class GroupSendMsgException(Event):
    """A message to a group could not be sent. Document 1047/49462."""

    callback_command = "Group.CallbackSendMsgException"
    key_fields: ClassVar[tuple[str, ...]] = ("group_id", "from_account", "random", "event_time")

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

    online_only_flag: int = 0
    """1: it was for who is online, and not to be kept."""

    msg_body: list[Element]
    """What the sender wrote, element by element."""

    cloud_custom_data: str = ""
    """The sender's own data beside the message."""

    error_code: int = 0
    """Why: the error code, such as 10023 for too many messages at once."""

    error_info: str = ""
    """The service's words to that."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""


@frozen(kw_only=True)
class RecalledMessage(Part):
    """A message that was recalled."""

    msg_seq: int
    """The message's number in the group, or in the topic."""


@frozen(kw_only=True)
class GroupAfterRecallMsg(Event):
    """Messages to a group were recalled. Told of clients and of ``group_open_http_svc/group_msg_recall``."""

    callback_command = "Group.CallbackAfterRecallMsg"
    key_fields: ClassVar[tuple[str, ...]] = ("group_id", "topic_id", "msg_seq_list", "event_time")

    group_id: str
    """The group."""

    type: str = ""
    """The group's kind, such as ``Public``, ``Work``, ``Meeting``, ``AVChatRoom`` or ``Community``."""

    operator_account: Annotated[str, Wire("Operator_Account")]
    """Who recalled them."""

    msg_seq_list: list[RecalledMessage]
    """The messages."""

    topic_id: str | None = None
    """The topic of the community in which they were written."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""


@frozen(kw_only=True)
class MessageReceipt(Part):
    """How many members have read a message."""

    msg_seq: int
    """The message's number in the group."""

    read_num: int = 0
    """How many members have read it."""

    unread_num: int = 0
    """How many members have not."""

    read_receipt_members: list[Member] = field(factory=list[Member])
    """Who has confirmed it; :attr:`members` has the plain accounts."""

    @property
    def members(self) -> list[str]:
        """The accounts that have confirmed it."""
        return [member.member_account for member in self.read_receipt_members]


@frozen(kw_only=True)
class GroupAfterReadReceipt(Event):
    """Messages to a group that ask for it were confirmed as read."""

    callback_command = "Group.CallbackAfterReadReceipt"
    key_fields: ClassVar[tuple[str, ...]] = ("group_id", "group_msg_receipt_list", "event_time")

    group_id: str
    """The group."""

    type: str = ""
    """The group's kind, such as ``Public``, ``Work``, ``Meeting``, ``AVChatRoom`` or ``Community``."""

    group_msg_receipt_list: list[MessageReceipt]
    """The messages, with how many members have read each."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""


EVENTS: Final = (
    GroupBeforeSendMsg,
    GroupAfterSendMsg,
    GroupSendMsgException,
    GroupAfterRecallMsg,
    GroupAfterReadReceipt,
)
"""In the manual's order."""
