"""The callbacks of the service: which there are, which of them ask, and what a refusal comes to.

The manual's documents: overview 1047/34354, list 1047/34355, and one for each. Those without a document of their own
are known from clients of 2025.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from attrs import Factory, field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CALLBACKS", "Callback", "Kind", "Veto"]

Kind: TypeAlias = Literal["before", "after", "notify"]
"""``before`` waits for your application and obeys it, ``after`` says what was done, ``notify`` what came about."""

Veto: TypeAlias = Literal["no", "all", "some", "each"]
"""What your application may refuse: nothing; the whole; the whole or single accounts; account by account."""

C2C_CODES: Final = range(120_001, 130_001)
GROUP_CODES: Final = range(10_100, 10_201)
FRIEND_CODES: Final = range(38_000, 39_001)
NO_CODES: Final = range(0)


@frozen
class Callback:
    """One callback."""

    command: str
    """Its CallbackCommand."""

    kind: Kind = "after"
    """When it comes."""

    veto: Veto = "no"
    """What your application may refuse."""

    refused: int | None = field(default=None, kw_only=True)
    """What the caller gets where your application answers 1; ``None`` where no document says."""

    own: range = field(default=NO_CODES, kw_only=True)
    """Codes with which your application may refuse, and which reach the caller with its ErrorInfo."""

    drops: bool = field(default=False, kw_only=True)
    """Whether 2 drops the message and lets the caller believe that it went out."""

    fields: tuple[str, ...] = field(default=(), kw_only=True)
    """What the answer may hold beside the envelope."""

    event_time: Literal["ms", "s"] | None = field(default=None, kw_only=True)
    """In which unit its EventTime is; ``None`` where it has none, or not surely."""

    switch: str = field(default=Factory(lambda callback: callback.command, takes_self=True), kw_only=True)
    """By which command it is switched on: a topic's goes with that of the group."""


_MESSAGE: Final = ("MsgBody", "CloudCustomData")

_ALL: Final = (
    # one-to-one messages
    Callback(
        *("C2C.CallbackBeforeSendMsg", "before", "all"), refused=20006, own=C2C_CODES, drops=True, fields=_MESSAGE
    ),
    Callback("C2C.CallbackAfterSendMsg"),
    Callback("C2C.CallbackAfterMsgReport"),
    Callback("C2C.CallbackAfterMsgWithDraw"),
    Callback("C2C.CallbackAfterMsgReadReceipt", event_time="ms"),
    # robots
    Callback("Bot.OnC2CMessage"),
    Callback("Bot.OnGroupMessage", event_time="ms"),
    Callback("Chatbot.OnC2CSignalMessage", event_time="ms"),
    # group messages
    Callback(
        *("Group.CallbackBeforeSendMsg", "before", "all"),
        refused=10016,
        own=GROUP_CODES,
        drops=True,
        fields=_MESSAGE,
        event_time="ms",
    ),
    Callback("Group.CallbackAfterSendMsg", event_time="ms"),
    Callback("Group.CallbackSendMsgException", event_time="ms"),
    Callback("Group.CallbackAfterRecallMsg", event_time="ms"),
    Callback("Group.CallbackAfterReadReceipt", event_time="ms"),
    # groups
    Callback("Group.CallbackBeforeCreateGroup", "before", "all", refused=10016, own=GROUP_CODES, event_time="ms"),
    Callback("Group.CallbackAfterCreateGroup", event_time="ms"),
    Callback("Group.CallbackBeforeApplyJoinGroup", "before", "all", refused=10016, own=GROUP_CODES, event_time="ms"),
    Callback(
        *("Group.CallbackBeforeInviteJoinGroup", "before", "some"),
        own=GROUP_CODES,
        fields=("RefusedMembers_Account",),
        event_time="ms",
    ),
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
    Callback(
        *("Group.CallbackBeforeCreateTopic", "before", "all"),
        refused=10016,
        own=GROUP_CODES,
        switch="Group.CallbackBeforeCreateGroup",
    ),
    Callback("Group.CallbackAfterCreateTopic", switch="Group.CallbackAfterCreateGroup"),
    Callback("Group.CallbackAfterTopicDestroyed", switch="Group.CallbackAfterGroupDestroyed"),
    Callback("Group.CallbackAfterTopicInfoChanged", switch="Group.CallbackAfterGroupInfoChanged"),
    # users and relationships
    Callback("State.StateChange", "notify", event_time="ms"),
    Callback("Profile.CallbackPortraitSet", event_time="ms"),
    Callback("Sns.CallbackPrevFriendAdd", "before", "each", own=FRIEND_CODES, fields=("ResultItem",), event_time="ms"),
    Callback(
        "Sns.CallbackPrevFriendResponse", "before", "each", own=FRIEND_CODES, fields=("ResultItem",), event_time="ms"
    ),
    Callback("Sns.CallbackFriendAdd"),
    Callback("Sns.CallbackFriendDelete"),
    Callback("Sns.CallbackBlackListAdd"),
    Callback("Sns.CallbackBlackListDelete"),
    Callback("Follow.CallbackAfterFollowAdd", event_time="ms"),
    Callback("Follow.CallbackAfterFollowDelete", event_time="ms"),
    # official accounts
    Callback("OfficialAccount.CallbackBeforeCreateOfficialAccount", "before", "all", event_time="ms"),
    Callback("OfficialAccount.CallbackAfterCreateOfficialAccount", event_time="ms"),
    Callback("OfficialAccount.CallbackAfterOfficialAccountInfoChanged", event_time="ms"),
    Callback("OfficialAccount.CallbackAfterOfficialAccountDestroyed", event_time="ms"),
    Callback("OfficialAccount.CallbackBeforeAddSubscriber", "before", "all", event_time="ms"),
    Callback("OfficialAccount.CallbackAfterAddSubscriber", event_time="ms"),
    Callback("OfficialAccount.CallbackAfterDeleteSubscriber", event_time="ms"),
    Callback("OfficialAccount.CallbackAfterOfficialAccountFull", event_time="ms"),
    Callback(
        *("OfficialAccount.CallbackBeforeSendMsg", "before", "all"),
        refused=10016,
        own=GROUP_CODES,  # presumably, as for groups
        drops=True,
        fields=_MESSAGE,
        event_time="ms",
    ),
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
