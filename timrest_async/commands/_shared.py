"""Values and bounds that several domains share."""

from typing import Annotated, Literal, TypeAlias

from attrs import frozen

from timrest_async._bounds import Between, Bytes
from timrest_async._wire import Struct

__all__ = [
    "AccountId",
    "ForbidCallbackControl",
    "GroupId",
    "KeyValue",
    "MsgLifeTime",
    "SendMsgControl",
    "TopicId",
]


AccountId: TypeAlias = Annotated[str, Bytes(32)]
"""The id of an account: 1 to 32 bytes."""

GroupId: TypeAlias = Annotated[str, Bytes(48)]
"""The id of a group: 1 to 48 bytes; those the service assigns start with ``@TGS#``."""

TopicId: TypeAlias = Annotated[str, Bytes(96)]
"""The id of a community's topic: 1 to 96 bytes, ``{GroupId}@TOPIC#_{own part}``."""

MsgLifeTime: TypeAlias = Annotated[int, Between(0, 604_800)]
"""How long a message waits for who is offline: 0 to 604,800 seconds (7 days)."""

ForbidCallbackControl: TypeAlias = Literal["ForbidBeforeSendMsgCallback", "ForbidAfterSendMsgCallback"]
"""A callback that one message does not trigger."""

SendMsgControl: TypeAlias = Literal["NoUnread", "NoLastMsg", "WithMuteNotifications"]
"""NoUnread: not counted as unread. NoLastMsg: the conversation list stays as it is. WithMuteNotifications: respect the
receiver's do-not-disturb setting."""


@frozen(kw_only=True)
class KeyValue(Struct):
    """A custom field, which the console has to know first."""

    key: str
    """Its name: up to 16 letters, digits and underscores."""

    value: str
    """Its value: up to 512 bytes on a group, 64 on a member."""
