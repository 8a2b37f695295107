"""Messages in groups: send, import, read, recall and change them, with their receipts, extensions and unread counts."""

from collections.abc import Iterable, Sequence
from typing import Annotated, ClassVar, Final, Literal, Self, TypeAlias

from attrs import evolve, field, frozen

from timrest_async._bounds import U32, Bounded, Items, as_list
from timrest_async._wire import Targets, Wire
from timrest_async.commands._command import Command, random_u32
from timrest_async.commands._domain import Domain, endpoint, paged, split
from timrest_async.commands._paging import PagedCommand
from timrest_async.commands._reply import CommandReply, Outcome, Part, PartialReply, Result, Utc, failure
from timrest_async.commands._shared import (
    AccountId,
    ExtensionResult,
    ForbidCallbackControl,
    GroupId,
    KeyValueSeq,
    SendMsgControl,
    TopicId,
    as_extensions,
    as_optional_ids,
)
from timrest_async.elements import Element, MsgBody, OfflinePushInfo, as_body, as_optional_body
from timrest_async.errors import Failure, InputError

__all__ = [
    "BroadcastMessage",
    "BroadcastMessageReply",
    "ClearGroupMessages",
    "DeleteMessagesBySender",
    "ExtensionResult",
    "GetGroupMessageExtensions",
    "GetGroupMessageExtensionsReply",
    "GetGroupMessages",
    "GetGroupMessagesReply",
    "GetGroupReceiptDetails",
    "GetGroupReceiptDetailsReply",
    "GetGroupReceipts",
    "GetGroupReceiptsReply",
    "GroupAtInfo",
    "GroupHistoryMessage",
    "GroupMessages",
    "GroupMsgReceipt",
    "ImportGroupMessages",
    "ImportGroupMessagesReply",
    "ImportMsgResult",
    "ImportedGroupMsg",
    "KeyValueSeq",
    "ModifyGroupMessage",
    "MsgPriority",
    "MsgSeqItem",
    "ReadMember",
    "RecallGroupMessages",
    "RecallGroupMessagesReply",
    "RecallResult",
    "SendGroupMessage",
    "SendGroupMessageReply",
    "SendGroupReadReceipts",
    "SendSystemNotification",
    "SetGroupMessageExtensions",
    "SetGroupMessageExtensionsReply",
    "SetGroupUnreadCount",
    "UnreadMember",
]

MsgPriority: TypeAlias = Literal["High", "Normal", "Low", "Lowest"]
"""How important a message is when a group is flooded, case-sensitive; Lowest is in the oldest documents only."""


@frozen(kw_only=True)
class GroupAtInfo(Bounded):
    """A mention (@) in a group message."""

    group_at_all_flag: Literal[0, 1]
    """0 one member, 1 everybody."""

    group_at_account: Annotated[AccountId | None, Wire("GroupAt_Account")] = None
    """Who is mentioned, with flag 0."""


@frozen(kw_only=True)
class SendGroupMessageReply(CommandReply):
    """The service's receipt for one group message."""

    msg_time: int | None = None
    """When the service took the message, Unix seconds; absent in replies of before 2019."""

    msg_seq: int | None = None
    """Its number in the group, rising from 1; absent in replies of before 2019."""

    msg_drop_reason: str | None = None
    """Not empty: the message was dropped although the call succeeded, such as ``MsgFreqCtrl`` beyond 40 a second."""

    msg_time_utc: ClassVar[Utc] = Utc("msg_time")

    @property
    def dropped(self) -> bool:
        """Whether the service threw the message away."""
        return bool(self.msg_drop_reason)


@frozen(kw_only=True)
class SendGroupMessage(Command[SendGroupMessageReply]):
    """Send one message to a group.

    The sender is the administrator, or any account given as *from_account*. The service drops a repeat of the same
    ``random`` and content within 5 minutes, so a retry of this value is never delivered twice. Beyond 40 messages a
    second in one group it drops messages too, and says so only in the reply's ``msg_drop_reason``. Document 269/1629.
    """

    path = "group_open_http_svc/send_group_msg"
    repeatable_for: ClassVar[float] = 300.0

    group_id: GroupId = field(kw_only=False)
    """Which group."""

    random: U32 = field(factory=random_u32)
    """Drawn once, so that every attempt is the same message."""

    msg_priority: MsgPriority | None = None
    """``High``, ``Normal`` (when left out), ``Low`` or ``Lowest``."""

    msg_body: MsgBody = field(converter=as_body, kw_only=False)
    """What is sent, element by element."""

    from_account: Annotated[AccountId | None, Wire("From_Account")] = None
    """On whose behalf, an account that exists; the administrator when left out."""

    offline_push_info: OfflinePushInfo | None = None
    """How it is announced to offline members."""

    forbid_callback_control: list[ForbidCallbackControl] | None = None
    """Callbacks that this message does not trigger."""

    online_only_flag: Literal[0, 1] | None = None
    """1: only members who are online get it, and nothing is stored; not in live groups (AVChatRoom)."""

    send_msg_control: list[SendMsgControl] | None = None
    """What this message leaves alone; not together with *online_only_flag*."""

    cloud_custom_data: str | None = None
    """Stored and delivered with the message; counts to its size."""

    support_message_extension: Literal[0, 1] | None = None
    """1: key-value extensions may be set on it later."""

    to_account: Annotated[list[AccountId] | None, Items(0, 50), Wire("To_Account")] = field(
        default=None, converter=as_optional_ids
    )
    """Deliver to these members only, at most 50; highest edition."""

    group_at_info: Annotated[list[GroupAtInfo] | None, Items(0, 30)] = None
    """Mentions, in the order of the @ marks in the text, at most 30."""

    topic_id: TopicId | None = None
    """The topic of a community."""

    need_read_receipt: Literal[0, 1] | None = None
    """1: ask for read receipts."""


@frozen(kw_only=True)
class SendSystemNotification(Command[None]):
    """Send a system notice to all or some members of a group.

    Clients get it as a notice, not as a message. It carries nothing by which the service could tell a repeat: sending
    it again shows it again. Document 269/1630.
    """

    path = "group_open_http_svc/send_group_system_notification"

    group_id: GroupId = field(kw_only=False)
    """Which group."""

    to_members_account: Annotated[list[AccountId] | None, Items(0, 500), Wire("ToMembers_Account")] = field(
        default=None, converter=as_optional_ids
    )
    """Who receives it, at most 500; everybody when left out or empty."""

    content: str = field(kw_only=False)
    """The text of the notice."""

    topic_id: TopicId | None = None
    """The topic of a community."""


@frozen(kw_only=True)
class BroadcastMessageReply(CommandReply):
    """The service's receipt for a broadcast."""

    msg_seq: int | None = None
    """Its number."""


@frozen(kw_only=True)
class BroadcastMessage(Command[BroadcastMessageReply]):
    """Send one message to all live groups (AVChatRoom) at once.

    For the highest edition, where the console allows it, once a second. Nobody promises that the service recognises a
    repeat. Document 1047/49440.
    """

    path = "group_open_http_svc/send_broadcast_msg"

    from_account: Annotated[AccountId | None, Wire("From_Account")] = None
    """On whose behalf; the administrator when left out."""

    random: U32 = field(factory=random_u32)
    """Drawn once, as for :class:`SendGroupMessage`."""

    msg_body: MsgBody = field(converter=as_body, kw_only=False)
    """What is sent, element by element, up to 12,000 bytes."""

    cloud_custom_data: str | None = None
    """Delivered with the message."""


@frozen(kw_only=True)
class ImportedGroupMsg(Bounded):
    """A message that was sent elsewhere."""

    from_account: Annotated[AccountId, Wire("From_Account")] = field(kw_only=False)
    """Who wrote it."""

    send_time: int
    """When, Unix seconds."""

    random: U32 | None = None
    """Two messages with the same number within 5 minutes count as one; not compared when left out."""

    msg_body: MsgBody = field(converter=as_body)
    """What it says, element by element; documents name text, face, location and custom elements only."""


@frozen(kw_only=True)
class ImportMsgResult(Result):
    """What became of one message to import."""

    msg_seq: int | None = None
    """The number that it has in the group."""

    msg_time: int | None = None
    """When it was sent, Unix seconds."""

    result: int | None = None
    """0 when it was imported; 10004 for a time that is not allowed, 80001 for bad words, 80002 for too long a text."""

    msg_time_utc: ClassVar[Utc] = Utc("msg_time")

    @property
    def about(self) -> int:
        """The message's number; 0 where it got none."""
        return self.msg_seq or 0

    @property
    def failure(self) -> Failure | None:
        """Why it was not imported."""
        return failure(self.about, self.result)


@frozen(kw_only=True)
class ImportGroupMessagesReply(PartialReply):
    """What became of each message.

    :attr:`failed` and :attr:`succeeded` name the messages by number, and one that failed before it got a number by its
    place, such as ``msg_list[2]`` for the third.
    """

    import_msg_result: list[ImportMsgResult] = field(factory=list[ImportMsgResult])
    """One entry for each message, in the order of the request."""

    def _outcomes(self) -> Iterable[Outcome]:
        return [one for one in self.import_msg_result if one.msg_seq]

    def _failures(self) -> Iterable[Failure]:
        return [
            Failure(f"msg_list[{place}]", one.result)
            for place, one in enumerate(self.import_msg_result)
            if not (one.msg_seq or one.ok)
        ]


def _as_messages(messages: Iterable[ImportedGroupMsg]) -> list[ImportedGroupMsg]:
    return as_list(messages)


@frozen(kw_only=True)
class ImportGroupMessages(Command[ImportGroupMessagesReply]):
    """Import up to 7 messages that were sent elsewhere into a group's history.

    Nobody is notified and no callback is triggered, but every member's unread count becomes 0: import the members, or
    set the counts, after this. The times have to rise, from later than the group's creation and its last message to no
    later than now, so a repeat should be refused. Not for live groups (AVChatRoom). Document 269/1635.
    """

    path = "group_open_http_svc/import_group_msg"

    group_id: GroupId = field(kw_only=False)
    """Which group."""

    recent_contact_flag: Literal[0, 1] | None = None
    """1: the group moves up in its members' conversation lists; not for communities."""

    msg_list: Annotated[list[ImportedGroupMsg], Items(1, 7)] = field(converter=_as_messages, kw_only=False)
    """The messages, oldest first, 1 to 7; older documents allowed 20."""

    topic_id: TopicId | None = None
    """The topic of a community."""


@frozen(kw_only=True)
class GroupHistoryMessage(Part):
    """A message in a group's history, or what is left of it."""

    from_account: Annotated[str | None, Wire("From_Account")] = None
    """Who sent it."""

    is_place_msg: int | None = None
    """0 for a message, 1 where it was deleted, has expired or was never stored, 2 where it was recalled."""

    is_system_msg: int | None = None
    """1 for a message of the system; absent otherwise."""

    msg_body: list[Element] = field(factory=list[Element])
    """What it says, element by element; empty where the message is gone."""

    msg_priority: int | None = None
    """1 for High, 2 for Normal, 3 for Low, 4 for Lowest."""

    msg_random: int | None = None
    """The ``random`` with which it was sent."""

    msg_seq: int | None = None
    """Its number in the group."""

    msg_time_stamp: int | None = None
    """When it was sent, Unix seconds."""

    cloud_custom_data: str | None = None
    """What was stored with it."""

    msg_time_stamp_utc: ClassVar[Utc] = Utc("msg_time_stamp")

    @property
    def placeholder(self) -> bool:
        """Whether the message itself is gone, for whatever reason."""
        return bool(self.is_place_msg)

    @property
    def recalled(self) -> bool:
        """Whether the message was recalled."""
        return self.is_place_msg == 2


@frozen(kw_only=True)
class GetGroupMessagesReply(CommandReply):
    """A part of a group's history."""

    group_id: str | None = None
    """Which group."""

    is_finished: int | None = None
    """1 when all that this call asked for is here, which may not be the whole history; 0 when it had to be cut; 2 when
    it was cut and everything older has expired.
    """

    rsp_msg_list: Annotated[list[GroupHistoryMessage], Wire("RspMsgList", also=("MsgList",))] = field(
        factory=list[GroupHistoryMessage]
    )
    """The messages, newest first."""

    @property
    def oldest(self) -> int | None:
        """The smallest number among the messages; ``None`` where there are none."""
        return min((message.msg_seq for message in self.rsp_msg_list if message.msg_seq is not None), default=None)


@frozen(kw_only=True)
class GetGroupMessages(PagedCommand[GetGroupMessagesReply, GroupHistoryMessage]):
    """Read a group's history, from new to old.

    Live groups (AVChatRoom) have none. Document 269/2738.
    """

    path = "group_open_http_svc/group_msg_get_simple"

    group_id: GroupId = field(kw_only=False)
    """Which group."""

    req_msg_number: int = 20
    """How many messages are wanted, 20 unless given; more than 20 never come at once."""

    req_msg_seq: int | None = None
    """The number of the newest message wanted; the newest that there is when left out."""

    with_recalled_msg: Literal[0, 1] | None = None
    """1: what is left of recalled messages too."""

    topic_id: TopicId | None = None
    """The topic of a community."""

    def items(self, reply: GetGroupMessagesReply, /) -> Sequence[GroupHistoryMessage]:
        """Return the messages of this page."""
        return reply.rsp_msg_list

    def after(self, reply: GetGroupMessagesReply, /) -> Self | None:
        """Ask for what is older than this page."""
        oldest = reply.oldest
        if oldest is None or oldest <= 1 or reply.is_finished == 2:
            return None
        return evolve(self, req_msg_seq=oldest - 1)


@frozen
class MsgSeqItem(Bounded):
    """A message, as commands about several list it."""

    msg_seq: int
    """Its number in the group."""


def _as_seqs(numbers: Iterable[int | MsgSeqItem] | int) -> list[MsgSeqItem]:
    return as_list([numbers] if isinstance(numbers, int) else numbers, _as_seq)


def _as_seq(number: int | MsgSeqItem) -> MsgSeqItem:
    return number if isinstance(number, MsgSeqItem) else MsgSeqItem(number)


@frozen(kw_only=True)
class RecallResult(Result):
    """What became of one message to recall."""

    msg_seq: int
    """Its number in the group."""

    ret_code: int | None = None
    """0 when it was recalled, otherwise why not, such as 10030 for a message that does not exist."""

    msg_key: str | None = None
    """Its key, if the service says."""

    @property
    def failure(self) -> Failure | None:
        """Why it was not recalled."""
        return failure(self.msg_seq, self.ret_code)


@frozen(kw_only=True)
class RecallGroupMessagesReply(PartialReply):
    """What became of each message."""

    recall_ret_list: list[RecallResult] = field(factory=list[RecallResult])
    """One entry for each message."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.recall_ret_list


@frozen(kw_only=True)
class RecallGroupMessages(Command[RecallGroupMessagesReply]):
    """Recall up to 10 messages of a group, of any age as long as they are stored.

    Not for live groups (AVChatRoom). Document 269/12341.
    """

    path = "group_open_http_svc/group_msg_recall"

    group_id: GroupId = field(kw_only=False)
    """Which group."""

    msg_seq_list: Annotated[list[MsgSeqItem], Items(1, 10), Targets()] = field(converter=_as_seqs, kw_only=False)
    """The messages, 1 to 10; numbers will do."""

    reason: str | None = None
    """Why, up to 100 bytes."""

    topic_id: TopicId | None = None
    """The topic of a community."""


@frozen(kw_only=True)
class DeleteMessagesBySender(Command[None]):
    """Recall what one member wrote, as far as it is among the last 1,000 messages of the group.

    Clients are not told: they see it when they read the history again. On live groups (AVChatRoom) this reports success
    and does nothing. Document 269/2359.
    """

    path = "group_open_http_svc/delete_group_msg_by_sender"

    group_id: GroupId = field(kw_only=False)
    """Which group."""

    sender_account: Annotated[AccountId, Wire("Sender_Account")] = field(kw_only=False)
    """Whose messages."""

    topic_id: TopicId | None = None
    """The topic of a community."""


@frozen(kw_only=True)
class ClearGroupMessages(Command[None]):
    """Hide a group's history from its members, all of it or up to one message.

    :class:`GetGroupMessages` still reads it. Not for communities. Document 269/95617.
    """

    path = "group_open_http_svc/clear_group_msg"

    group_id: GroupId = field(kw_only=False)
    """Which group."""

    msg_seq: int | None = None
    """The number of the last message to hide; everything when left out."""


@frozen(kw_only=True)
class GroupMsgReceipt(Result):
    """How many members read a message."""

    code: int | None = None
    """0 when it was looked up, otherwise why not: 10062 for a message that asks for no receipts."""

    msg_seq: int
    """Its number in the group."""

    read_num: int | None = None
    """How many members read it."""

    unread_num: int | None = None
    """How many members did not."""

    @property
    def about(self) -> int:
        """The message's number."""
        return self.msg_seq

    @property
    def failure(self) -> Failure | None:
        """Why it could not be looked up."""
        return failure(self.msg_seq, self.code)


@frozen(kw_only=True)
class GetGroupReceiptsReply(PartialReply):
    """How many members read each message."""

    group_msg_receipt_list: list[GroupMsgReceipt] = field(factory=list[GroupMsgReceipt])
    """One entry for each message."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.group_msg_receipt_list


@frozen(kw_only=True)
class GetGroupReceipts(Command[GetGroupReceiptsReply]):
    """Tell how many members read each of some messages.

    The messages have to be sent with ``need_read_receipt``. For private, public and meeting groups (ChatRoom), in a
    paid edition, where the console allows it. Document 269/77694.
    """

    path = "group_open_http_svc/get_group_msg_receipt"

    group_id: GroupId = field(kw_only=False)
    """Which group."""

    msg_seq_list: Annotated[list[MsgSeqItem], Targets()] = field(converter=_as_seqs, kw_only=False)
    """The messages; numbers will do. The documents give no limit."""


@frozen(kw_only=True)
class ReadMember(Part):
    """A member who read a message."""

    read_account: Annotated[str, Wire("Read_Account")]
    """The account."""


@frozen(kw_only=True)
class UnreadMember(Part):
    """A member who did not read a message."""

    unread_account: Annotated[str, Wire("Unread_Account")]
    """The account."""


@frozen(kw_only=True)
class GetGroupReceiptDetailsReply(CommandReply):
    """Members who read a message, or who did not."""

    is_finish: int | None = None
    """1 on the last page; see :attr:`finished`."""

    is_finished: int | None = None
    """The same, as other documents call it."""

    msg_seq: int | None = None
    """The message's number in the group."""

    read_list: list[ReadMember] = field(factory=list[ReadMember])
    """Members who read it, with filter 0."""

    unread_list: list[UnreadMember] = field(factory=list[UnreadMember])
    """Members who did not, with filter 1."""

    cursor: str | None = None
    """Where the next page starts."""

    @property
    def accounts(self) -> list[str]:
        """The accounts on this page, in whichever list they came."""
        return [*(one.read_account for one in self.read_list), *(one.unread_account for one in self.unread_list)]

    @property
    def finished(self) -> bool:
        """Whether this is the last page, under either name."""
        return 1 in {self.is_finish, self.is_finished}


@frozen(kw_only=True)
class GetGroupReceiptDetails(PagedCommand[GetGroupReceiptDetailsReply, str]):
    """List the members who read a message, or those who did not.

    For private, public and meeting groups (ChatRoom), where the message asks for receipts. Document 269/77693.
    """

    path = "group_open_http_svc/get_group_msg_receipt_detail"

    group_id: GroupId = field(kw_only=False)
    """Which group."""

    msg_seq: int = field(kw_only=False)
    """The message's number in the group."""

    filter: Literal[0, 1]
    """0: who read it, 1: who did not."""

    cursor: str = ""
    """Where the page starts: empty for the first, then what the page before says."""

    count: int = 200
    """How many members a page holds, 200 unless given; that is the most."""

    def items(self, reply: GetGroupReceiptDetailsReply, /) -> Sequence[str]:
        """Return the accounts of this page."""
        return reply.accounts

    def after(self, reply: GetGroupReceiptDetailsReply, /) -> Self | None:
        """Ask for the page at the reply's cursor."""
        return None if reply.finished or not reply.cursor else evolve(self, cursor=reply.cursor)


@frozen(kw_only=True)
class SendGroupReadReceipts(Command[None]):
    """Confirm on behalf of a member that it read up to 50 messages.

    For groups of at most 200 members; larger ones are refused with 10060. Document 269/107478.
    """

    path = "group_open_http_svc/group_msg_receipt"

    group_id: GroupId = field(kw_only=False)
    """Which group."""

    from_account: Annotated[AccountId, Wire("From_Account")] = field(kw_only=False)
    """The member who read them."""

    msg_seq_list: Annotated[list[MsgSeqItem], Items(1, 50), Targets()] = field(converter=_as_seqs)
    """The messages, 1 to 50; numbers will do."""


@frozen(kw_only=True)
class SetGroupUnreadCount(Command[None]):
    """Set how many messages of a group a member has not read, as a migration needs it.

    Nobody is notified and no callback is triggered. On meeting groups (ChatRoom) and live groups (AVChatRoom) this
    reports success and does nothing. Document 269/1637.
    """

    path = "group_open_http_svc/set_unread_msg_num"

    group_id: GroupId = field(kw_only=False)
    """Which group."""

    member_account: Annotated[AccountId, Wire("Member_Account")] = field(kw_only=False)
    """Which member."""

    unread_msg_num: int
    """How many; the service cuts it down to the number of messages that there are."""


@frozen(kw_only=True)
class ModifyGroupMessage(Command[None]):
    """Overwrite the body of a stored message, its custom data, or both.

    What was there before is lost. Not for live groups (AVChatRoom). Document 269/74741.
    """

    path = "openim/modify_group_msg"

    group_id: GroupId = field(kw_only=False)
    """Which group."""

    msg_seq: int = field(kw_only=False)
    """The message's number in the group."""

    msg_body: MsgBody | None = field(default=None, converter=as_optional_body)
    """What it says from then on, element by element; unchanged when left out."""

    cloud_custom_data: str | None = None
    """What is stored with it from then on; unchanged when left out."""

    topic_id: TopicId | None = None
    """The topic of a community."""

    def __attrs_post_init__(self) -> None:
        """Refuse a change of nothing."""
        if self.msg_body is None and self.cloud_custom_data is None:
            raise InputError("ModifyGroupMessage takes msg_body, cloud_custom_data or both")


@frozen(kw_only=True)
class GetGroupMessageExtensionsReply(CommandReply):
    """The keys and values on a message."""

    extension_list: list[KeyValueSeq] = field(factory=list[KeyValueSeq])
    """The pairs in the order of their ``seq``, at most 200."""

    complete_flag: int | None = None
    """1 when this is the end, 0 when there are more."""

    latest_seq: int | None = None
    """The highest ``seq`` on the message."""

    clear_seq: int | None = None
    """The ``seq`` up to which pairs were cleared."""


@frozen(kw_only=True)
class GetGroupMessageExtensions(PagedCommand[GetGroupMessageExtensionsReply, KeyValueSeq]):
    """Read the keys and values on a message.

    Several pairs may have the same ``seq``, so a page starts with the ``seq`` at which the one before it ends, and
    iterating may give a pair more than once: gather them in a dict by their key. For private, public and meeting groups
    (ChatRoom). Document 1047/52169.
    """

    path = "openim_msg_ext_http_svc/group_get_key_values"

    group_id: GroupId = field(kw_only=False)
    """Which group."""

    msg_seq: int = field(kw_only=False)
    """The message's number in the group."""

    start_seq: int | None = None
    """Only pairs with this ``seq`` or a higher one; all when left out."""

    def items(self, reply: GetGroupMessageExtensionsReply, /) -> Sequence[KeyValueSeq]:
        """Return the pairs of this page."""
        return reply.extension_list

    def after(self, reply: GetGroupMessageExtensionsReply, /) -> Self | None:
        """Go on with the last ``seq``, or behind it where it fills the whole page."""
        last = reply.extension_list[-1].seq if reply.extension_list else None
        if reply.complete_flag == 1 or last is None:
            return None
        return evolve(self, start_seq=last + 1 if last == self.start_seq else last)


@frozen(kw_only=True)
class SetGroupMessageExtensionsReply(PartialReply):
    """What became of each key."""

    extension_list: list[ExtensionResult] = field(factory=list[ExtensionResult])
    """One entry for each key, with the value that it has."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.extension_list


@frozen(kw_only=True)
class SetGroupMessageExtensions(Command[SetGroupMessageExtensionsReply]):
    """Set, delete or clear keys and values on a message that was sent with ``support_message_extension``.

    A message holds 300 pairs and takes 200 settings a minute. For private, public and meeting groups (ChatRoom).
    Document 1047/52170.
    """

    path = "openim_msg_ext_http_svc/group_set_key_values"

    group_id: GroupId = field(kw_only=False)
    """Which group."""

    msg_seq: int = field(kw_only=False)
    """The message's number in the group."""

    operate_type: Literal[1, 2, 3]
    """1: set the pairs, 2: delete them, 3: clear all that the message has."""

    extension_list: Annotated[list[KeyValueSeq] | None, Items(0, 20), Targets()] = field(
        default=None, converter=as_extensions
    )
    """The pairs, at most 20; a dict from key to value will do. Needed to set and to delete."""

    def __attrs_post_init__(self) -> None:
        """Refuse to set or delete nothing."""
        if self.operate_type != 3 and not self.extension_list:
            raise InputError("SetGroupMessageExtensions takes an extension_list with operate_type 1 and 2")


class GroupMessages(Domain):
    """Messages in groups: send, import, read, recall, change."""

    send: Final = endpoint(SendGroupMessage)
    send_system_notification: Final = endpoint(SendSystemNotification)
    broadcast: Final = endpoint(BroadcastMessage)
    import_many: Final = endpoint(ImportGroupMessages)
    get: Final = endpoint(GetGroupMessages)
    each: Final = paged(GetGroupMessages)
    recall: Final = endpoint(RecallGroupMessages)
    recall_all: Final = split(RecallGroupMessages)
    delete_by_sender: Final = endpoint(DeleteMessagesBySender)
    clear: Final = endpoint(ClearGroupMessages)
    get_receipts: Final = endpoint(GetGroupReceipts)
    get_receipts_all: Final = split(GetGroupReceipts)
    get_receipt_details: Final = endpoint(GetGroupReceiptDetails)
    each_reader: Final = paged(GetGroupReceiptDetails)
    send_read_receipts: Final = endpoint(SendGroupReadReceipts)
    send_read_receipts_all: Final = split(SendGroupReadReceipts)
    set_unread_count: Final = endpoint(SetGroupUnreadCount)
    modify: Final = endpoint(ModifyGroupMessage)
    get_extensions: Final = endpoint(GetGroupMessageExtensions)
    each_extension: Final = paged(GetGroupMessageExtensions)
    set_extensions: Final = endpoint(SetGroupMessageExtensions)
