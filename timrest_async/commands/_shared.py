"""Values and bounds that several domains share."""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeAlias, TypeVar, cast

from attrs import field, frozen

from timrest_async._bounds import Between, Bounded, Bytes, as_list
from timrest_async._wire import Wire
from timrest_async.commands._reply import Part, Result, Utc, failure
from timrest_async.errors import Failure

__all__ = [
    "AccountId",
    "ExtensionResult",
    "ForbidCallbackControl",
    "GroupId",
    "KeyValue",
    "KeyValueSeq",
    "MemberAccount",
    "MemberInfo",
    "MsgFlag",
    "MsgLifeTime",
    "SendMsgControl",
    "TopicId",
    "as_custom_fields",
    "as_extensions",
    "as_ids",
    "as_members",
    "as_optional_ids",
    "as_pairs",
]

PairT = TypeVar("PairT")

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


@frozen
class KeyValue(Bounded):
    """A custom field, which the console has to know first."""

    key: str
    """Its name: up to 16 letters, digits and underscores."""

    value: str = ""
    """Its value: up to 512 bytes on a group, 64 on a member."""


MsgFlag: TypeAlias = Literal["AcceptAndNotify", "AcceptNotNotify", "Discard"]
"""How a member receives a group's messages: with a notification, without one, or not at all."""


@frozen(kw_only=True)
class MemberInfo(Part):
    """A member of a group. A field that was not asked for is ``None``."""

    member_account: Annotated[str | None, Wire("Member_Account")] = None
    """The account."""

    role: str | None = None
    """``Owner``, ``Admin`` or ``Member``."""

    join_time: int | None = None
    """When it joined, Unix seconds."""

    msg_seq: int | None = None
    """The number of the last message that it read."""

    msg_flag: str | None = None
    """How it receives messages, see :data:`MsgFlag`."""

    last_send_msg_time: int | None = None
    """When it last wrote, Unix seconds."""

    mute_until: Annotated[int | None, Wire("MuteUntil", also=("ShutUpUntil",))] = None
    """Until when it may not write, Unix seconds; 0 where it may."""

    name_card: str | None = None
    """Its name in the group, up to 50 bytes."""

    online_status: str | None = None
    """Whether it is online, only where the filter asks for that."""

    app_member_defined_data: list[KeyValue] = field(factory=list[KeyValue])
    """Its custom fields."""

    @property
    def custom(self) -> dict[str, str]:
        """Its custom fields by their names."""
        return {pair.key: pair.value for pair in self.app_member_defined_data}

    join_time_utc: ClassVar[Utc] = Utc("join_time")
    last_send_msg_time_utc: ClassVar[Utc] = Utc("last_send_msg_time")
    mute_until_utc: ClassVar[Utc] = Utc("mute_until")


@frozen
class MemberAccount(Bounded):
    """A member, as group commands list it."""

    member_account: Annotated[AccountId, Wire("Member_Account")]
    """The account."""


@frozen
class KeyValueSeq(Bounded):
    """A key with its value on a message."""

    key: str
    """The key, up to 100 bytes."""

    value: str = ""
    """The value, up to 1,000 bytes; empty to delete it."""

    seq: int | None = None
    """How often it was set so far, by which the service notices that somebody else set it meanwhile. A member has to
    give it; of an administrator it is not asked.
    """


@frozen(kw_only=True)
class ExtensionResult(Result):
    """What became of one key of a message."""

    error_code: int | None = None
    """0 when it was set; 23001 when somebody else set it meanwhile."""

    extension: KeyValueSeq | None = None
    """The key and the value that it has."""

    @property
    def about(self) -> str:
        """The key."""
        return "" if self.extension is None else self.extension.key

    @property
    def failure(self) -> Failure | None:
        """Why it was not set."""
        return failure(self.about, self.error_code)


def as_pairs(given: object, made: Callable[[str, Any], PairT]) -> list[PairT]:
    """Turn a mapping into the list of pairs that travels; a list of pairs is one already."""
    if isinstance(given, Mapping):
        return [made(name, value) for name, value in cast("Mapping[str, Any]", given).items()]
    return as_list(given)


def as_custom_fields(fields: Mapping[str, str] | Iterable[KeyValue] | None) -> list[KeyValue] | None:
    """Turn custom fields into the list that travels, if there are any."""
    return None if fields is None else as_pairs(fields, KeyValue)


def as_extensions(pairs: Mapping[str, str] | Iterable[KeyValueSeq] | None) -> list[KeyValueSeq] | None:
    """Turn keys and values of a message into the list that travels, if there are any."""
    return None if pairs is None else as_pairs(pairs, KeyValueSeq)


def as_ids(ids: Iterable[str] | str) -> list[str]:
    """Turn ids into the list that travels; a single one may stand alone."""
    return [ids] if isinstance(ids, str) else as_list(ids)


def as_optional_ids(ids: Iterable[str] | str | None) -> list[str] | None:
    """Turn ids into the list that travels, if there are any."""
    return None if ids is None else as_ids(ids)


def as_members(members: Iterable[str | MemberAccount] | str) -> list[MemberAccount]:
    """Turn accounts into the list that travels; a single one may stand alone."""
    return as_list([members] if isinstance(members, str) else members, _as_member)


def _as_member(member: str | MemberAccount) -> MemberAccount:
    return member if isinstance(member, MemberAccount) else MemberAccount(member)
