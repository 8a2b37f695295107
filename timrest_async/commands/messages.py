"""One-to-one messages: send, import, read, recall, change and count them."""

from collections.abc import Iterable, Sequence
from typing import Annotated, ClassVar, Final, Literal, Self

from attrs import evolve, field, frozen

from timrest_async._bounds import U32, Bounded, Items, as_list
from timrest_async._wire import Targets, Wire
from timrest_async.commands._command import Command, next_seq, random_u32
from timrest_async.commands._domain import Domain, endpoint, paged, split
from timrest_async.commands._paging import PagedCommand
from timrest_async.commands._reply import CommandReply, Outcome, Part, PartialReply, Result, Utc
from timrest_async.commands._shared import (
    AccountId,
    ExtensionResult,
    ForbidCallbackControl,
    KeyValueSeq,
    MsgLifeTime,
    SendMsgControl,
    as_extensions,
    as_ids,
    as_optional_ids,
)
from timrest_async.elements import Element, MsgBody, OfflinePushInfo, as_body, as_optional_body
from timrest_async.errors import Failure, InputError

__all__ = [
    "BatchSendError",
    "C2CMsgInfo",
    "C2CUnreadItem",
    "CountUnreadMessages",
    "CountUnreadMessagesReply",
    "DeleteMessages",
    "DeleteMessagesReply",
    "ExtensionResult",
    "GetMessageExtensions",
    "GetMessageExtensionsReply",
    "GetMessages",
    "GetMessagesReply",
    "ImportMessage",
    "KeyValueSeq",
    "MarkMessagesRead",
    "Messages",
    "ModifyMessage",
    "PeerError",
    "RecallMessage",
    "RoamMessage",
    "SendBatch",
    "SendBatchReply",
    "SendMessage",
    "SendMessageReply",
    "SendReadReceipts",
    "SetMessageExtensions",
    "SetMessageExtensionsReply",
]


@frozen(kw_only=True)
class SendMessageReply(CommandReply):
    """The service's receipt for one message."""

    msg_time: int
    """When the service took the message, Unix seconds."""

    msg_key: str | None = None
    """What recalls, changes and receipts name it by; absent in replies of before 2020."""

    msg_id: str | None = None
    """The id under which clients know it; absent in replies of before December 2024."""

    msg_time_utc: ClassVar[Utc] = Utc("msg_time")


@frozen(kw_only=True)
class SendMessage(Command[SendMessageReply]):
    """Send one message to one account.

    The sender is the administrator, or any account given as *from_account*. The service drops a repeat of the same
    ``msg_seq``, ``msg_random`` and content within 120 seconds, so a retry of this value is never delivered twice.
    Document 269/2282.
    """

    path = "openim/sendmsg"
    repeatable_for: ClassVar[float] = 120.0

    sync_other_machine: Literal[1, 2] | None = None
    """1: the sender's own devices and history get it too, 2: they do not; left out, the history does."""

    from_account: Annotated[AccountId | None, Wire("From_Account")] = None
    """On whose behalf; the administrator when left out."""

    to_account: Annotated[AccountId, Wire("To_Account")] = field(kw_only=False)
    """Who receives it: exactly one account."""

    online_only_flag: Literal[0, 1] | None = None
    """1: only who is online gets it, and nothing is stored."""

    msg_life_time: MsgLifeTime | None = None
    """Seconds for which it waits for an offline receiver, 0 to 604,800; 7 days when left out, 0: online only."""

    msg_seq: U32 | None = field(factory=next_seq)
    """Orders messages of the same second and is part of what tells a repeat; counted up when left out."""

    msg_random: U32 = field(factory=random_u32)
    """Drawn once, so that every attempt is the same message."""

    msg_time_stamp: int | None = None
    """The time of the message, Unix seconds; gone from the manual since 2023."""

    forbid_callback_control: list[ForbidCallbackControl] | None = None
    """Callbacks that this message does not trigger."""

    send_msg_control: list[SendMsgControl] | None = None
    """What this message leaves alone."""

    msg_body: MsgBody = field(converter=as_body, kw_only=False)
    """What is sent, element by element; at most one of them :class:`~timrest_async.Custom`."""

    cloud_custom_data: str | None = None
    """Stored and delivered with the message; counts to its size."""

    support_message_extension: Literal[0, 1] | None = None
    """1: key-value extensions may be set on it later."""

    offline_push_info: OfflinePushInfo | None = None
    """How it is announced to an offline receiver."""

    is_need_read_receipt: Literal[0, 1] | None = None
    """1: ask for a read receipt."""


@frozen(kw_only=True)
class BatchSendError(Result):
    """A receiver whom a batch did not reach."""

    to_account: Annotated[str, Wire("To_Account")]
    """The receiver."""

    error_code: int = 0
    """Why, such as 70107 for an account that does not exist; 0 in replies of before 2020, which do not say."""

    @property
    def failure(self) -> Failure:
        """Why it was not reached."""
        return Failure(self.to_account, self.error_code or None)


@frozen(kw_only=True)
class SendBatchReply(PartialReply):
    """The service's receipt for a batch, and whom it did not reach."""

    action_status: str
    """``OK``, or ``SomeError`` when :attr:`error_list` names receivers who were not reached."""

    msg_key: str | None = None
    """What recalls and changes name the message by, the same for every receiver."""

    msg_id: str | None = None
    """The id under which clients know it; absent in replies of before December 2024."""

    error_list: list[BatchSendError] = field(factory=list[BatchSendError])
    """Receivers who were not reached, each with the reason."""

    msg_time: int | None = None
    """When the service took the message, Unix seconds, if it says."""

    msg_time_utc: ClassVar[Utc] = Utc("msg_time")

    def _failures(self) -> Iterable[Failure]:
        return [error.failure for error in self.error_list]


@frozen(kw_only=True)
class SendBatch(Command[SendBatchReply]):
    """Send one message to up to 500 accounts, each in a conversation of its own.

    Receivers who do not exist are named in the reply's ``error_list``; only when none was reached does the call fail.
    The service promises no de-duplication for batches, triggers no callbacks, and counts every receiver against its
    12,000 messages a minute. Document 269/1612.
    """

    path = "openim/batchsendmsg"

    sync_other_machine: Literal[1, 2] | None = None
    """1: the sender's own devices and history get it too, 2: they do not."""

    from_account: Annotated[AccountId | None, Wire("From_Account")] = None
    """On whose behalf; the administrator when left out."""

    to_account: Annotated[list[AccountId], Items(1, 500), Wire("To_Account"), Targets()] = field(
        converter=as_ids, kw_only=False
    )
    """Who receives it: 1 to 500 accounts."""

    online_only_flag: Literal[0, 1] | None = None
    """1: only who is online gets it, and nothing is stored."""

    msg_life_time: MsgLifeTime | None = None
    """Seconds for which it waits for an offline receiver, 0 to 604,800; 0: online only."""

    msg_seq: U32 | None = field(factory=next_seq)
    """Orders messages of the same second; counted up when left out."""

    msg_random: U32 = field(factory=random_u32)
    """A random number, drawn once."""

    msg_body: MsgBody = field(converter=as_body, kw_only=False)
    """What is sent, element by element."""

    cloud_custom_data: str | None = None
    """Stored and delivered with the message."""

    send_msg_control: list[SendMsgControl] | None = None
    """What this message leaves alone."""

    offline_push_info: OfflinePushInfo | None = None
    """How it is announced to offline receivers."""

    is_need_read_receipt: Literal[0, 1] | None = None
    """1: ask for read receipts."""


@frozen(kw_only=True)
class ImportMessage(Command[None]):
    """Import one message of an older system into the history of two accounts.

    Import a conversation in the order of its times. A message with the time, ``msg_seq`` and ``msg_random`` of one that
    is there is ignored, whatever it says: give all three and importing again does no harm. No callback is triggered.
    Document 269/2568.
    """

    path = "openim/importmsg"

    sync_from_old_system: Literal[1, 2, 5] = 2
    """2, also when left out: as history, read and not delivered; 5: as a new message, unread and delivered; 1: the
    older form of 5.
    """

    from_account: Annotated[AccountId, Wire("From_Account")] = field(kw_only=False)
    """Who sent it."""

    to_account: Annotated[AccountId, Wire("To_Account")] = field(kw_only=False)
    """Who received it."""

    msg_seq: U32 | None = field(factory=next_seq)
    """Orders messages of the same second and is part of what tells a repeat; counted up when left out."""

    msg_random: U32 = field(factory=random_u32)
    """Part of what tells a repeat; drawn once when left out."""

    msg_time_stamp: int
    """When it was sent, Unix seconds; part of what tells a repeat."""

    msg_body: MsgBody = field(converter=as_body)
    """What was sent, element by element."""

    cloud_custom_data: str | None = None
    """Stored with the message."""


@frozen(kw_only=True)
class RoamMessage(Part):
    """A message of the history."""

    from_account: Annotated[str | None, Wire("From_Account")] = None
    """Who sent it."""

    to_account: Annotated[str | None, Wire("To_Account")] = None
    """Who received it."""

    msg_seq: int | None = None
    """Its place among the messages of the same second."""

    msg_random: int | None = None
    """The number drawn for it."""

    msg_time_stamp: int | None = None
    """When it was sent, Unix seconds."""

    msg_client_time: int | None = None
    """When it was sent by the clock of the sender's device, if the service says."""

    msg_flag_bits: int | None = None
    """0, or 8 for one that was recalled; see :attr:`recalled`."""

    is_peer_read: int | None = None
    """1 when its receiver sent a read receipt, otherwise 0."""

    msg_key: str | None = None
    """What recalls, changes and receipts name it by."""

    msg_body: list[Element] = field(factory=list[Element])
    """Its elements."""

    cloud_custom_data: str | None = None
    """What was stored with it."""

    msg_time_stamp_utc: ClassVar[Utc] = Utc("msg_time_stamp")
    msg_client_time_utc: ClassVar[Utc] = Utc("msg_client_time")

    @property
    def recalled(self) -> bool:
        """Whether the message was recalled; the history holds such messages too."""
        return bool((self.msg_flag_bits or 0) & 8)


@frozen(kw_only=True)
class GetMessagesReply(CommandReply):
    """A page of the history."""

    complete: int | None = None
    """1 when the period has no more messages, otherwise 0."""

    msg_cnt: int | None = None
    """How many messages the page holds."""

    last_msg_time: int | None = None
    """When the oldest message of the page was sent, Unix seconds: the next page's *max_time*."""

    last_msg_key: str | None = None
    """The key of the oldest message of the page: the next page's *last_msg_key*."""

    msg_list: list[RoamMessage] = field(factory=list[RoamMessage])
    """The messages, within a page usually the oldest first."""

    last_msg_time_utc: ClassVar[Utc] = Utc("last_msg_time")


def _newest_last(message: RoamMessage) -> tuple[int, int]:
    return message.msg_time_stamp or 0, message.msg_seq or 0


@frozen(kw_only=True)
class GetMessages(PagedCommand[GetMessagesReply, RoamMessage]):
    """Read the history of a conversation as one of its two accounts sees it.

    Pages go back in time, and iterating gives the newest message first. The two views differ where one side deleted
    messages or never got its own copies. History is kept for 7 days, or for longer where that was bought.
    Document 269/42794.
    """

    path = "openim/admin_getroammsg"

    operator_account: Annotated[AccountId, Wire("Operator_Account")] = field(kw_only=False)
    """Whose view is read."""

    peer_account: Annotated[AccountId, Wire("Peer_Account")] = field(kw_only=False)
    """The other account."""

    max_cnt: int = 100
    """The most messages in a page, which ends at 13 KB in any case; 100 when left out."""

    min_time: int = 0
    """From when on, Unix seconds; from the oldest message when left out."""

    max_time: int
    """Until when, Unix seconds; for the next page *last_msg_time* of the one before."""

    last_msg_key: str | None = None
    """Left out for the first page; for the next *last_msg_key* of the one before."""

    def items(self, reply: GetMessagesReply, /) -> Sequence[RoamMessage]:
        """Return the messages of a page, the newest first."""
        return sorted(reply.msg_list, key=_newest_last)[::-1]

    def after(self, reply: GetMessagesReply, /) -> Self | None:
        """Go on behind the oldest message, until the period is used up."""
        if reply.complete == 1 or not reply.msg_list or reply.last_msg_time is None or reply.last_msg_key is None:
            return None
        return evolve(self, max_time=reply.last_msg_time, last_msg_key=reply.last_msg_key)


@frozen(kw_only=True)
class RecallMessage(Command[None]):
    """Recall one message of any age, also one that a client sent.

    It disappears from the history and from the devices of both, for good. Document 269/38980.
    """

    path = "openim/admin_msgwithdraw"

    from_account: Annotated[AccountId, Wire("From_Account")] = field(kw_only=False)
    """Who sent it."""

    to_account: Annotated[AccountId, Wire("To_Account")] = field(kw_only=False)
    """Who received it."""

    msg_key: str
    """Its key, up to 50 characters."""


@frozen(kw_only=True)
class MarkMessagesRead(Command[None]):
    """Mark a conversation as read for one of its two accounts. Document 269/50349."""

    path = "openim/admin_set_msg_read"

    report_account: Annotated[AccountId, Wire("Report_Account")] = field(kw_only=False)
    """Who has read it."""

    peer_account: Annotated[AccountId, Wire("Peer_Account")] = field(kw_only=False)
    """The other account."""

    msg_read_time: int | None = None
    """Messages from before this time become read, Unix seconds; all of them when left out."""


@frozen(kw_only=True)
class C2CUnreadItem(Result):
    """How many messages of one conversation are unread."""

    peer_account: Annotated[str, Wire("Peer_Account")]
    """The other account."""

    c2c_unread_msg_num: Annotated[int | None, Wire("C2CUnreadMsgNum")] = None
    """How many."""


@frozen(kw_only=True)
class PeerError(Result):
    """A conversation whose unread messages could not be counted."""

    peer_account: Annotated[str, Wire("Peer_Account")]
    """The other account."""

    error_code: int | None = None
    """Why, such as 70107 for an account that does not exist."""

    @property
    def failure(self) -> Failure:
        """Why they could not be counted."""
        return Failure(self.peer_account, self.error_code)


@frozen(kw_only=True)
class CountUnreadMessagesReply(PartialReply):
    """How many messages an account has not read: in all, or by conversation."""

    all_c2c_unread_msg_num: Annotated[int | None, Wire("AllC2CUnreadMsgNum")] = None
    """How many in all, only where no conversation was named."""

    c2c_unread_msg_num_list: Annotated[list[C2CUnreadItem], Wire("C2CUnreadMsgNumList")] = field(
        factory=list[C2CUnreadItem]
    )
    """How many in each conversation that was named."""

    error_list: list[PeerError] = field(factory=list[PeerError])
    """Conversations that could not be counted."""

    def _outcomes(self) -> Iterable[Outcome]:
        return [*self.c2c_unread_msg_num_list, *self.error_list]


@frozen(kw_only=True)
class CountUnreadMessages(Command[CountUnreadMessagesReply]):
    """Count the messages that an account has not read, in all or in up to 10 conversations. Document 269/56043."""

    path = "openim/get_c2c_unread_msg_num"

    to_account: Annotated[AccountId, Wire("To_Account")] = field(kw_only=False)
    """Whose messages are counted."""

    peer_account: Annotated[list[AccountId] | None, Items(1, 10), Wire("Peer_Account"), Targets()] = field(
        default=None, converter=as_optional_ids, kw_only=False
    )
    """The other accounts of up to 10 conversations; one total over all of them when left out."""


@frozen(kw_only=True)
class ModifyMessage(Command[None]):
    """Replace the body of a message, what is stored with it, or both, for good. Document 269/74740."""

    path = "openim/modify_c2c_msg"

    from_account: Annotated[AccountId, Wire("From_Account")] = field(kw_only=False)
    """Who sent it."""

    to_account: Annotated[AccountId, Wire("To_Account")] = field(kw_only=False)
    """Who received it."""

    msg_key: str
    """Its key."""

    msg_body: MsgBody | None = field(default=None, converter=as_optional_body)
    """What it says from now on, element by element; as before when left out."""

    cloud_custom_data: str | None = None
    """What is stored with it from now on; as before when left out."""

    def __attrs_post_init__(self) -> None:
        """Refuse a change of nothing."""
        if self.msg_body is None and self.cloud_custom_data is None:
            raise InputError("ModifyMessage takes msg_body, cloud_custom_data or both")


@frozen(kw_only=True)
class DeleteMessagesReply(PartialReply):
    """Which messages were not deleted."""

    invalid_msg_key_list: list[str] = field(factory=list[str])
    """Keys that are malformed."""

    def _failures(self) -> Iterable[Failure]:
        return [Failure(key, None, "the key is malformed") for key in self.invalid_msg_key_list]


@frozen(kw_only=True)
class DeleteMessages(Command[DeleteMessagesReply]):
    """Delete up to 30 messages of a conversation from the history of one side; the other side keeps them.

    Malformed keys are named in the reply, and the other messages are deleted. Document 269/101439.
    """

    path = "openim/delete_c2c_msg_ramble"

    operator_account: Annotated[AccountId, Wire("Operator_Account")] = field(kw_only=False)
    """Whose history loses the messages; it has to be their sender or receiver."""

    peer_account: Annotated[AccountId, Wire("Peer_Account")] = field(kw_only=False)
    """The other account."""

    msg_key_list: Annotated[list[str], Items(1, 30), Targets()] = field(converter=as_ids)
    """The messages' keys, 1 to 30."""


@frozen
class C2CMsgInfo(Bounded):
    """A message whose receiver has read it."""

    from_account: Annotated[AccountId, Wire("From_Account")]
    """Who sent it: the command's *peer_account*."""

    to_account: Annotated[AccountId, Wire("To_Account")]
    """Who received and read it: the command's *operator_account*."""

    msg_key: str
    """Its key."""


def _as_infos(infos: Iterable[C2CMsgInfo]) -> list[C2CMsgInfo]:
    return as_list(infos)


@frozen(kw_only=True)
class SendReadReceipts(Command[None]):
    """Tell the sender of messages that their receiver has read them.

    Only messages that were sent with ``is_need_read_receipt=1`` can have one. Document 269/104121.
    """

    path = "openim/c2c_msg_read_receipt"

    operator_account: Annotated[AccountId, Wire("Operator_Account")] = field(kw_only=False)
    """Who received and read the messages."""

    peer_account: Annotated[AccountId, Wire("Peer_Account")] = field(kw_only=False)
    """Who sent them."""

    c2c_msg_info: Annotated[list[C2CMsgInfo], Wire("C2CMsgInfo")] = field(converter=_as_infos)
    """The messages; the manual prints no limit."""


@frozen(kw_only=True)
class GetMessageExtensionsReply(CommandReply):
    """A page of the pairs on a message."""

    extension_list: list[KeyValueSeq] = field(factory=list[KeyValueSeq])
    """The pairs, up to 200, in the order of their ``seq``."""

    complete_flag: int | None = None
    """1 when there are no more, otherwise 0."""

    latest_seq: int | None = None
    """The highest ``seq`` of the message."""

    clear_seq: int | None = None
    """Pairs with a ``seq`` up to this one were cleared."""


@frozen(kw_only=True)
class GetMessageExtensions(PagedCommand[GetMessageExtensionsReply, KeyValueSeq]):
    """Read the key-value pairs on a message.

    Several pairs may have the same ``seq``, so each page starts with the last one of the page before, and iterating may
    give a pair more than once: gather them in a dict by their key. Needs a paid edition and a switch in the console.
    Document 1047/51194.
    """

    path = "openim_msg_ext_http_svc/get_key_values"

    from_account: Annotated[AccountId | None, Wire("From_Account")] = None
    """Who sent the message; the administrator when left out."""

    to_account: Annotated[AccountId, Wire("To_Account")] = field(kw_only=False)
    """Who received it."""

    msg_key: str = field(kw_only=False)
    """Its key."""

    start_seq: int | None = None
    """Only pairs with this ``seq`` or a higher one; all when left out."""

    def items(self, reply: GetMessageExtensionsReply, /) -> Sequence[KeyValueSeq]:
        """Return the pairs of a page."""
        return reply.extension_list

    def after(self, reply: GetMessageExtensionsReply, /) -> Self | None:
        """Go on with the last ``seq``, or behind it where it fills the whole page."""
        last = reply.extension_list[-1].seq if reply.extension_list else None
        if reply.complete_flag == 1 or last is None:
            return None
        return evolve(self, start_seq=last + 1 if last == self.start_seq else last)


@frozen(kw_only=True)
class SetMessageExtensionsReply(PartialReply):
    """What became of each pair."""

    extension_list: list[ExtensionResult] = field(factory=list[ExtensionResult])
    """One entry for each pair."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.extension_list


@frozen(kw_only=True)
class SetMessageExtensions(Command[SetMessageExtensionsReply]):
    """Set or delete up to 20 key-value pairs on a message, or clear all of them.

    Only a message that was sent with ``support_message_extension=1`` takes any. It holds up to 300 pairs, and takes 200
    settings a minute.
    """

    path = "openim_msg_ext_http_svc/set_key_values"

    from_account: Annotated[AccountId | None, Wire("From_Account")] = None
    """Who sent the message; the administrator when left out."""

    to_account: Annotated[AccountId, Wire("To_Account")] = field(kw_only=False)
    """Who received it."""

    msg_key: str = field(kw_only=False)
    """Its key."""

    operate_type: Literal[1, 2, 3]
    """1: set the pairs, 2: delete them, 3: clear all that the message has."""

    extension_list: Annotated[list[KeyValueSeq] | None, Items(1, 20), Targets()] = field(
        default=None, converter=as_extensions
    )
    """The pairs, 1 to 20, each value empty to delete; a dict of keys and values will do. Left out only to clear all."""

    def __attrs_post_init__(self) -> None:
        """Refuse to set or delete nothing."""
        if self.operate_type != 3 and self.extension_list is None:
            raise InputError("SetMessageExtensions takes an extension_list, unless operate_type is 3")


class Messages(Domain):
    """One-to-one messages."""

    send: Final = endpoint(SendMessage)
    send_batch: Final = endpoint(SendBatch)
    import_one: Final = endpoint(ImportMessage)
    get: Final = endpoint(GetMessages)
    each: Final = paged(GetMessages)
    recall: Final = endpoint(RecallMessage)
    mark_read: Final = endpoint(MarkMessagesRead)
    count_unread: Final = endpoint(CountUnreadMessages)
    count_unread_all: Final = split(CountUnreadMessages)
    modify: Final = endpoint(ModifyMessage)
    delete: Final = endpoint(DeleteMessages)
    delete_all: Final = split(DeleteMessages)
    send_read_receipts: Final = endpoint(SendReadReceipts)
    get_extensions: Final = endpoint(GetMessageExtensions)
    each_extension: Final = paged(GetMessageExtensions)
    set_extensions: Final = endpoint(SetMessageExtensions)
