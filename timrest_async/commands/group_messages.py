"""Messages and notices in groups. The manual's documents: 269/1629 (messages) and 269/1630 (notices)."""

from typing import Annotated, Literal, TypeAlias

from attrs import field, frozen

from timrest_async._bounds import U32, Bounded, Items
from timrest_async._wire import Struct, Wire
from timrest_async.commands._command import Command, random_u32
from timrest_async.commands._domain import Domain, endpoint
from timrest_async.commands._shared import AccountId, ForbidCallbackControl, GroupId, SendMsgControl, TopicId
from timrest_async.elements import MsgBody, OfflinePushInfo, as_body

__all__ = [
    "GroupAtInfo",
    "GroupMessages",
    "MsgPriority",
    "SendGroupMessage",
    "SendGroupMessageReply",
    "SendSystemNotification",
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
class SendGroupMessageReply(Struct):
    """The service's receipt for one group message."""

    msg_time: int | None = None
    """When the service took the message, Unix seconds; absent in replies of before 2019."""

    msg_seq: int | None = None
    """Its number in the group, rising from 1; absent in replies of before 2019."""

    msg_drop_reason: str | None = None
    """Not empty: the message was dropped although the call succeeded, such as ``MsgFreqCtrl`` beyond 40 a second."""

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
    repeatable_for = 300.0

    group_id: GroupId = field(kw_only=False)
    """Which group."""

    random: U32 = field(factory=random_u32)
    """Drawn once, so that every attempt is the same message."""

    msg_priority: MsgPriority | None = None
    """High, Normal (when left out), Low or Lowest."""

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

    to_account: Annotated[list[AccountId] | None, Items(0, 50), Wire("To_Account")] = None
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

    to_members_account: Annotated[list[AccountId] | None, Items(0, 500), Wire("ToMembers_Account")] = None
    """Who receives it, at most 500; everybody when left out or empty."""

    content: str = field(kw_only=False)
    """The text of the notice."""

    topic_id: TopicId | None = None
    """The topic of a community."""


class GroupMessages(Domain):
    """Messages and notices in groups."""

    send = endpoint(SendGroupMessage)
    send_system_notification = endpoint(SendSystemNotification)
