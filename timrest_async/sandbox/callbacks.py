"""The callbacks of the service: which there are, which of them ask, and what a refusal comes to.

The manual's documents: overview 1047/34354, list 1047/34355, and one for each. Those without a document of their own
are known from clients of 2025.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from attrs import Factory, field, frozen

from timrest_async._wire import wire_fields
from timrest_async.webhook.event import Gate
from timrest_async.webhook.events import EVENTS
from timrest_async.webhook.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CALLBACKS", "Callback", "Kind"]

Kind: TypeAlias = Literal["before", "after", "notify"]
"""``before`` waits for your application and obeys it, ``after`` says what was done, ``notify`` what came about."""


@frozen
class Callback:
    """One callback: what the library knows of it as an event, and what only the service knows."""

    command: str
    """Its CallbackCommand."""

    kind: Kind = "after"
    """When it comes."""

    refused: int | None = field(default=None, kw_only=True)
    """What the caller gets where your application answers 1; ``None`` where no document says."""

    event_time: Literal["ms", "s"] | None = field(default=None, kw_only=True)
    """In which unit its EventTime is; ``None`` where it has none, or not surely."""

    switch: str = field(default=Factory(lambda callback: callback.command, takes_self=True), kw_only=True)
    """By which command it is switched on: a topic's goes with that of the group."""

    @property
    def verdict(self) -> type[Verdict] | None:
        """The class of what it can be answered with, if it asks."""
        event = EVENTS[self.command]
        return event.verdict if issubclass(event, Gate) else None

    @property
    def own(self) -> range:
        """Codes with which your application may refuse, and which reach the caller with its ErrorInfo."""
        return range(0) if self.verdict is None else self.verdict.codes

    @property
    def fields(self) -> tuple[str, ...]:
        """What the answer may hold beside the envelope."""
        return () if self.verdict is None else tuple(one.wire for one in wire_fields(self.verdict))[len(_ENVELOPE) :]


_ENVELOPE: Final = tuple(wire_fields(Verdict))

_ALL: Final = (
    # one-to-one messages
    Callback("C2C.CallbackBeforeSendMsg", "before", refused=20006),
    Callback("C2C.CallbackAfterSendMsg"),
    Callback("C2C.CallbackAfterMsgReport"),
    Callback("C2C.CallbackAfterMsgWithDraw"),
    Callback("C2C.CallbackAfterMsgReadReceipt", event_time="ms"),
    # robots
    Callback("Bot.OnC2CMessage"),
    Callback("Bot.OnGroupMessage", event_time="ms"),
    Callback("Chatbot.OnC2CSignalMessage", event_time="ms"),
    # group messages
    Callback("Group.CallbackBeforeSendMsg", "before", refused=10016, event_time="ms"),
    Callback("Group.CallbackAfterSendMsg", event_time="ms"),
    Callback("Group.CallbackSendMsgException", event_time="ms"),
    Callback("Group.CallbackAfterRecallMsg", event_time="ms"),
    Callback("Group.CallbackAfterReadReceipt", event_time="ms"),
    # groups
    Callback("Group.CallbackBeforeCreateGroup", "before", refused=10016, event_time="ms"),
    Callback("Group.CallbackAfterCreateGroup", event_time="ms"),
    Callback("Group.CallbackBeforeApplyJoinGroup", "before", refused=10016, event_time="ms"),
    Callback("Group.CallbackBeforeInviteJoinGroup", "before", event_time="ms"),
    Callback("Group.CallbackAfterNewMemberJoin", event_time="ms"),
    Callback("Group.CallbackAfterMemberExit", event_time="ms"),
    Callback("Group.CallbackAfterGroupFull", event_time="ms"),
    Callback("Group.CallbackAfterGroupDestroyed", event_time="ms"),
    Callback("Group.CallbackAfterGroupInfoChanged", event_time="ms"),
    Callback("Group.CallbackOnMemberStateChange", "notify"),
    Callback("Group.CallbackAfterMemberFieldChanged", event_time="ms"),
    Callback("Group.CallbackAfterGroupAttrChanged", event_time="ms"),
    Callback("Group.CallbackAfterChangeGroupOwner", event_time="ms"),
    Callback("Group.CallbackOnDailyGroupQuotaAlarm", "notify", event_time="ms"),
    # topics of communities
    Callback("Group.CallbackBeforeCreateTopic", "before", refused=10016, switch="Group.CallbackBeforeCreateGroup"),
    Callback("Group.CallbackAfterCreateTopic", switch="Group.CallbackAfterCreateGroup"),
    Callback("Group.CallbackAfterTopicDestroyed", switch="Group.CallbackAfterGroupDestroyed"),
    Callback("Group.CallbackAfterTopicInfoChanged", switch="Group.CallbackAfterGroupInfoChanged"),
    # users and relationships
    Callback("State.StateChange", "notify", event_time="ms"),
    Callback("Profile.CallbackPortraitSet", event_time="ms"),
    Callback("Sns.CallbackPrevFriendAdd", "before", event_time="ms"),
    Callback("Sns.CallbackPrevFriendResponse", "before", event_time="ms"),
    Callback("Sns.CallbackFriendAdd"),
    Callback("Sns.CallbackFriendDelete"),
    Callback("Sns.CallbackBlackListAdd"),
    Callback("Sns.CallbackBlackListDelete"),
    Callback("Follow.CallbackAfterFollowAdd", event_time="ms"),
    Callback("Follow.CallbackAfterFollowDelete", event_time="ms"),
    # official accounts
    Callback("OfficialAccount.CallbackBeforeCreateOfficialAccount", "before", event_time="ms"),
    Callback("OfficialAccount.CallbackAfterCreateOfficialAccount", event_time="ms"),
    Callback("OfficialAccount.CallbackAfterOfficialAccountInfoChanged", event_time="ms"),
    Callback("OfficialAccount.CallbackAfterOfficialAccountDestroyed", event_time="ms"),
    Callback("OfficialAccount.CallbackBeforeAddSubscriber", "before", event_time="ms"),
    Callback("OfficialAccount.CallbackAfterAddSubscriber", event_time="ms"),
    Callback("OfficialAccount.CallbackAfterDeleteSubscriber", event_time="ms"),
    Callback("OfficialAccount.CallbackAfterOfficialAccountFull", event_time="ms"),
    Callback("OfficialAccount.CallbackBeforeSendMsg", "before", refused=10016, event_time="ms"),
    Callback("OfficialAccount.CallbackAfterSendMsg", event_time="ms"),
    Callback("OfficialAccount.CallbackAfterMsgWithDraw", event_time="ms"),
    # push, moderation, alarms
    Callback("Push.OfflinePush", "notify", event_time="s"),
    Callback("Push.AllMemberPush", "notify", event_time="s"),
    Callback("ContentCallback.ResultNotify", "notify"),
    Callback("Alert.RequestOverLimit", "notify"),
)

CALLBACKS: Final[Mapping[str, Callback]] = {callback.command: callback for callback in _ALL}
"""Every callback by its command, in the manual's order."""
