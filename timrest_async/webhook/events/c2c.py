"""One-to-one messages: sent, read, recalled."""

from typing import Annotated, ClassVar, Final

from attrs import field, frozen

from timrest_async._wire import Wire
from timrest_async.commands._reply import Part
from timrest_async.elements import Element
from timrest_async.webhook.event import Event, MessageGate
from timrest_async.webhook.verdicts import C2CVerdict

__all__ = [
    "EVENTS",
    "C2CAfterMsgReadReceipt",
    "C2CAfterMsgReport",
    "C2CAfterMsgWithDraw",
    "C2CAfterSendMsg",
    "C2CBeforeSendMsg",
    "ReadMessage",
]


@frozen(kw_only=True)
class C2CBeforeSendMsg(MessageGate[C2CVerdict]):
    """A message is about to be delivered. Documents 269/1632 and 1047/34364.

    Asked for what clients send and for ``openim/sendmsg``, unless that carries ForbidBeforeSendMsgCallback.
    """

    callback_command = "C2C.CallbackBeforeSendMsg"
    key_fields: ClassVar[tuple[str, ...]] = ("msg_key",)

    from_account: Annotated[str, Wire("From_Account")]
    """Who writes."""

    to_account: Annotated[str, Wire("To_Account")]
    """Who is to receive it."""

    msg_seq: int
    """The message's number, unsigned 32 bits."""

    msg_random: int
    """The message's random number, unsigned 32 bits."""

    msg_time: int
    """When the service took it, Unix seconds."""

    msg_key: str
    """By which it can be recalled; it has one before it is delivered."""

    msg_id: str | None = None
    """Another id of the message; only newer documents have it."""

    online_only_flag: int = 0
    """1: only who is online gets it, and nothing is kept."""

    msg_body: list[Element]
    """What the sender wrote, element by element."""

    cloud_custom_data: str = ""
    """The sender's own data beside the message."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""


@frozen(kw_only=True)
class C2CAfterSendMsg(Event):
    """A message was delivered, or could not be. Documents 269/2716 and 1047/34365.

    Told of what clients send and of ``openim/sendmsg``: so a bot hears its own answers here too.
    """

    callback_command = "C2C.CallbackAfterSendMsg"
    key_fields: ClassVar[tuple[str, ...]] = ("send_msg_result", "msg_key")

    from_account: Annotated[str, Wire("From_Account")]
    """Who wrote."""

    to_account: Annotated[str, Wire("To_Account")]
    """Who received it."""

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
    """How many one-to-one messages the receiver has not read; -1 when delivery failed."""

    msg_body: list[Element]
    """What was delivered, element by element."""

    cloud_custom_data: str = ""
    """The data beside the message."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""


@frozen(kw_only=True)
class C2CAfterMsgReport(Event):
    """A user has read a conversation. Document 1047/43465. Told of clients and of ``openim/admin_set_msg_read``."""

    callback_command = "C2C.CallbackAfterMsgReport"
    key_fields: ClassVar[tuple[str, ...]] = ("report_account", "peer_account", "unread_msg_num", "last_read_time")

    report_account: Annotated[str, Wire("Report_Account")]
    """Who has read."""

    peer_account: Annotated[str, Wire("Peer_Account")]
    """Whose messages."""

    last_read_time: int
    """Up to when, Unix seconds."""

    unread_msg_num: int = 0
    """How many one-to-one messages the reader has left."""


@frozen(kw_only=True)
class C2CAfterMsgWithDraw(Event):
    """A message was recalled. Document 1047/43466. Told of clients and of ``openim/admin_msgwithdraw``."""

    callback_command = "C2C.CallbackAfterMsgWithDraw"
    key_fields: ClassVar[tuple[str, ...]] = ("msg_key",)

    from_account: Annotated[str, Wire("From_Account")]
    """Who wrote it."""

    to_account: Annotated[str, Wire("To_Account")]
    """Who received it."""

    msg_key: str
    """Which message."""

    unread_msg_num: int = 0
    """How many one-to-one messages the receiver has not read."""


@frozen(kw_only=True)
class ReadMessage(Part):
    """A message that was read."""

    from_account: Annotated[str, Wire("From_Account")]
    """Who wrote it."""

    to_account: Annotated[str, Wire("To_Account")]
    """Who read it."""

    msg_key: str = ""
    """Which message."""

    msg_id: str = ""
    """Its other id."""


@frozen(kw_only=True)
class C2CAfterMsgReadReceipt(Event):
    """Messages that ask for it were confirmed as read. Document 269/128223.

    Told of clients and of ``openim/c2c_msg_read_receipt``.
    """

    callback_command = "C2C.CallbackAfterMsgReadReceipt"
    key_fields: ClassVar[tuple[str, ...]] = ("operator_account", "peer_account", "c2c_msg_info")

    operator_account: Annotated[str, Wire("Operator_Account")]
    """Who has read them."""

    peer_account: Annotated[str, Wire("Peer_Account")]
    """Who wrote them."""

    c2c_msg_info: Annotated[list[ReadMessage], Wire("C2CMsgInfo")] = field(factory=list[ReadMessage])
    """The messages."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""


EVENTS: Final = (
    C2CBeforeSendMsg,
    C2CAfterSendMsg,
    C2CAfterMsgReport,
    C2CAfterMsgWithDraw,
    C2CAfterMsgReadReceipt,
)
"""In the manual's order."""
