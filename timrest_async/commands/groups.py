"""Groups: create, read, change and disband them, and keep attributes and counters on them."""

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import Annotated, ClassVar, Final, Literal, Self, TypeAlias

from attrs import evolve, field, frozen

from timrest_async._bounds import Between, Bounded, Items, as_list
from timrest_async._wire import Targets, Wire
from timrest_async.commands._command import Command
from timrest_async.commands._domain import Domain, endpoint, paged, split
from timrest_async.commands._paging import PagedCommand
from timrest_async.commands._reply import CommandReply, Outcome, Part, PartialReply, Result, Utc, failure
from timrest_async.commands._shared import (
    AccountId,
    GroupId,
    KeyValue,
    MemberInfo,
    as_custom_fields,
    as_ids,
    as_optional_ids,
    as_pairs,
)
from timrest_async.errors import Failure

__all__ = [
    "ApplyJoinOption",
    "ChangeGroupOwner",
    "ClearGroupAttributes",
    "CountOnlineMembers",
    "CountOnlineMembersReply",
    "CreateGroup",
    "CreateGroupReply",
    "DeleteGroupAttributes",
    "DeleteGroupCounters",
    "DestroyGroup",
    "GetGroupAttributes",
    "GetGroupAttributesReply",
    "GetGroupCounters",
    "GetGroupCountersReply",
    "GetGroups",
    "GetGroupsReply",
    "GroupAttribute",
    "GroupAttributeKey",
    "GroupCounter",
    "GroupIdItem",
    "GroupInfo",
    "GroupInfoFilter",
    "GroupProfile",
    "GroupType",
    "Groups",
    "ImportGroup",
    "ImportGroupReply",
    "InitialMember",
    "InviteJoinOption",
    "JoinedGroup",
    "JoinedGroupFilter",
    "JoinedGroupSelf",
    "KeyValue",
    "ListGroups",
    "ListGroupsReply",
    "ListJoinedGroups",
    "ListJoinedGroupsReply",
    "MemberInfo",
    "ModifyGroup",
    "ModifyGroupAttributes",
    "SetGroupAttributes",
    "UpdateGroupCounters",
    "UpdateGroupCountersReply",
]

GroupType: TypeAlias = Literal[
    "Public", "Private", "ChatRoom", "AVChatRoom", "Community", "BChatRoom", "Work", "Meeting"
]
"""Kinds of group. Work is the newer name of Private, Meeting that of ChatRoom; BChatRoom is retired."""

ApplyJoinOption: TypeAlias = Literal["FreeAccess", "NeedPermission", "DisableApply"]
"""How requests to join are handled."""

InviteJoinOption: TypeAlias = Literal["FreeAccess", "NeedPermission", "DisableInvite"]
"""How invitations are handled."""


@frozen(kw_only=True)
class GroupIdItem(Part):
    """One group of a list of all."""

    group_id: str
    """Its id."""


@frozen(kw_only=True)
class ListGroupsReply(CommandReply):
    """One page of the ids of groups."""

    total_count: int | None = None
    """How many groups there are on all pages together."""

    group_id_list: list[GroupIdItem] = field(factory=list[GroupIdItem])
    """The groups of this page."""

    next: int | None = None
    """Where the next page starts; 0 behind the last."""


@frozen(kw_only=True)
class ListGroups(PagedCommand[ListGroupsReply, str]):
    """List the ids of all groups of the application, page by page.

    The service allows one such call a second, so take large pages. Document 269/1614.
    """

    path = "group_open_http_svc/get_appid_group_list"
    repeatable_for = inf

    limit: Annotated[int | None, Between(1, 10_000)] = None
    """Groups on a page, 1 to 10,000; 10,000 when left out."""

    next: Annotated[int | None, Between(0, 2**64 - 1)] = None
    """Where to start: what the page before answered; at the beginning when left out or 0."""

    group_type: GroupType | None = None
    """Groups of this kind alone; of every kind when left out."""

    def items(self, reply: ListGroupsReply, /) -> Sequence[str]:
        """Return the ids on this page."""
        return [group.group_id for group in reply.group_id_list]

    def after(self, reply: ListGroupsReply, /) -> Self | None:
        """Go on where the page says, until it says 0."""
        return evolve(self, next=reply.next) if reply.next else None


@frozen(kw_only=True)
class InitialMember(Bounded):
    """A member from the start. The service honours the account, the role and the custom fields alone."""

    member_account: Annotated[AccountId, Wire("Member_Account")] = field(kw_only=False)
    """The account."""

    role: Literal["Admin"] | None = None
    """``Admin``, or an ordinary member when left out."""

    app_member_defined_data: list[KeyValue] | None = field(default=None, converter=as_custom_fields)
    """The member's custom fields; a mapping will do."""

    join_time: int | None = None
    """When it joined, Unix seconds; listed, but not honoured."""

    msg_seq: int | None = None
    """The last message read; listed, but not honoured."""

    msg_flag: str | None = None
    """How it receives messages; listed, but not honoured."""

    name_card: str | None = None
    """Its name in the group; listed, but not honoured."""

    last_send_msg_time: int | None = None
    """When it last wrote, Unix seconds; listed, but not honoured."""


def _as_initial_members(members: Iterable[str | InitialMember] | str | None) -> list[InitialMember] | None:
    return as_list([members] if isinstance(members, str) else members, _as_initial_member)


def _as_initial_member(member: str | InitialMember) -> InitialMember:
    return InitialMember(member) if isinstance(member, str) else member


@frozen(kw_only=True)
class CreateGroupReply(CommandReply):
    """The new group."""

    group_id: str
    """Its id."""

    type: str | None = None
    """Its kind, for a community with topics."""

    huge_group_flag: int | None = None
    """Answered for a community with topics."""


@frozen(kw_only=True)
class CreateGroup(Command[CreateGroupReply]):
    """Create a group, with an id, an owner and members of your choice.

    With an id of your own a repeat fails harmlessly (10021 or 10025); without one it makes a second group.
    Document 269/1615.
    """

    path = "group_open_http_svc/create_group"

    owner_account: Annotated[AccountId | None, Wire("Owner_Account")] = None
    """Its owner, an account that exists; nobody when left out."""

    type: GroupType
    """Its kind."""

    group_id: GroupId | None = None
    """An id of your own; the service assigns one when left out."""

    name: str
    """Its name, up to 30 bytes in documents up to 2023."""

    introduction: str | None = None
    """What it is about, up to 240 bytes in documents up to 2023."""

    notification: str | None = None
    """Its notice, up to 300 bytes in documents up to 2023."""

    face_url: str | None = None
    """The address of its picture, up to 100 bytes in documents up to 2023."""

    max_member_count: int | None = None
    """How many members it may have; what the plan allows when left out."""

    apply_join_option: ApplyJoinOption | None = None
    """How requests to join are handled: NeedPermission when left out; not for Community."""

    invite_join_option: InviteJoinOption | None = None
    """How invitations are handled; not for AVChatRoom."""

    app_defined_data: list[KeyValue] | None = field(default=None, converter=as_custom_fields)
    """The group's custom fields, which the console has to know first; a mapping will do."""

    member_list: Annotated[list[InitialMember] | None, Items(0, 100)] = field(
        default=None, converter=_as_initial_members
    )
    """The first members, at most 100; ids will do. Not for AVChatRoom."""

    support_topic: Literal[0, 1] | None = None
    """1: a community with topics."""

    enable_permission: Literal[0, 1] | None = None
    """1: permission groups decide what members may do; communities with topics only."""

    default_permission: int | None = None
    """The members' permission bits, with *enable_permission*."""


@frozen(kw_only=True)
class GroupInfoFilter(Bounded):
    """Which fields of groups to send."""

    group_base_info_filter: list[str] | None = field(default=None, converter=as_optional_ids, kw_only=False)
    """Fields of the group by their names in the manual, such as ``Name`` and ``Owner_Account``."""

    member_info_filter: list[str] | None = field(default=None, converter=as_optional_ids)
    """Fields of its members, such as ``Role``; documents differ on whether the id is ``Account`` or
    ``Member_Account``.
    """

    app_defined_data_filter_group: Annotated[list[str] | None, Wire("AppDefinedDataFilter_Group")] = field(
        default=None, converter=as_optional_ids
    )
    """Keys of the group's custom fields."""

    app_defined_data_filter_group_member: Annotated[list[str] | None, Wire("AppDefinedDataFilter_GroupMember")] = field(
        default=None, converter=as_optional_ids
    )
    """Keys of the members' custom fields."""


@frozen(kw_only=True)
class GroupProfile(Part):
    """What the service says of any group. A field that was not asked for is ``None``."""

    group_id: str
    """Its id."""

    type: str | None = None
    """Its kind; the older names ``Private`` and ``ChatRoom`` come back for ``Work`` and ``Meeting``."""

    name: str | None = None
    """Its name."""

    introduction: str | None = None
    """What it is about."""

    notification: str | None = None
    """Its notice."""

    face_url: str | None = None
    """The address of its picture."""

    owner_account: Annotated[str | None, Wire("Owner_Account")] = None
    """Its owner; empty where it has none."""

    create_time: int | None = None
    """When it was created, Unix seconds."""

    info_seq: int | None = None
    """A number that grows whenever the profile is changed."""

    last_info_time: int | None = None
    """When the profile was last changed, Unix seconds."""

    last_msg_time: int | None = None
    """When the last message was sent, Unix seconds."""

    next_msg_seq: int | None = None
    """The number that the next message gets."""

    member_num: int | None = None
    """How many members it has."""

    max_member_num: int | None = None
    """How many members it may have."""

    apply_join_option: str | None = None
    """How requests to join are handled, see :data:`ApplyJoinOption`."""

    invite_join_option: str | None = None
    """How invitations are handled, see :data:`InviteJoinOption`."""

    mute_all_member: Annotated[str | None, Wire("MuteAllMember", also=("ShutUpAllMember",))] = None
    """``On`` where nobody but the owner and administrators may write, otherwise ``Off``."""

    @property
    def all_muted(self) -> bool:
        """Whether nobody but the owner and administrators may write."""
        return self.mute_all_member == "On"


@frozen(kw_only=True)
class GroupInfo(GroupProfile, Result):
    """A group, or why it could not be read."""

    error_code: int | None = None
    """0 when it was read, otherwise why not, such as 10010 for one that does not exist."""

    error_info: str | None = None
    """Why not, in the service's words."""

    appid: int | None = None
    """The application's SDKAppID."""

    enable_permission: int | None = None
    """1 where permission groups decide what members may do."""

    default_permission: int | None = None
    """The members' permission bits, with permission groups."""

    app_defined_data: list[KeyValue] = field(factory=list[KeyValue])
    """Its custom fields; :attr:`custom` has them as a dict."""

    member_list: list[MemberInfo] = field(factory=list[MemberInfo])
    """Its members."""

    app_member_defined_data: list[KeyValue] = field(factory=list[KeyValue])
    """Listed here in some documents; custom fields of members come with each member."""

    create_time_utc: ClassVar[Utc] = Utc("create_time")
    last_info_time_utc: ClassVar[Utc] = Utc("last_info_time")
    last_msg_time_utc: ClassVar[Utc] = Utc("last_msg_time")

    @property
    def custom(self) -> dict[str, str]:
        """Its custom fields, each value by its name."""
        return {pair.key: pair.value for pair in self.app_defined_data}

    @property
    def failure(self) -> Failure | None:
        """Why it could not be read."""
        return failure(self.group_id, self.error_code, self.error_info)


@frozen(kw_only=True)
class GetGroupsReply(PartialReply):
    """The groups, and of those that could not be read the reason."""

    group_info: list[GroupInfo] = field(factory=list[GroupInfo])
    """One entry for each group."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.group_info


@frozen(kw_only=True)
class GetGroups(Command[GetGroupsReply]):
    """Read up to 50 groups, with their members if you like.

    The service answers 1 MB at most, and 10018 beyond that: ask for fewer groups then, or for fewer fields. The entry
    of a group alone says whether it was found, whatever code the answer as a whole has. Document 269/1616.
    """

    path = "group_open_http_svc/get_group_info"
    repeatable_for = inf
    outcomes_in = "GroupInfo"

    group_id_list: Annotated[list[GroupId], Items(1, 50), Targets()] = field(converter=as_ids, kw_only=False)
    """The groups, 1 to 50."""

    response_filter: GroupInfoFilter | None = None
    """Which fields to send; all of them when left out."""


@frozen(kw_only=True)
class ModifyGroup(Command[None]):
    """Change the profile of a group. What is left out stays as it is.

    Texts may be as long as in :class:`CreateGroup`. Document 269/1620.
    """

    path = "group_open_http_svc/modify_group_base_info"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The group."""

    name: str | None = None
    """Its name."""

    introduction: str | None = None
    """What it is about."""

    notification: str | None = None
    """Its notice."""

    face_url: str | None = None
    """The address of its picture."""

    max_member_num: int | None = None
    """How many members it may have, which :class:`CreateGroup` calls *max_member_count*; ignored for AVChatRoom."""

    apply_join_option: ApplyJoinOption | None = None
    """How requests to join are handled; not for Community."""

    invite_join_option: InviteJoinOption | None = None
    """How invitations are handled; not for AVChatRoom."""

    mute_all_member: Literal["On", "Off"] | None = None
    """On: nobody but the owner and administrators may write."""

    app_defined_data: list[KeyValue] | None = field(default=None, converter=as_custom_fields)
    """The custom fields to change; a mapping will do. An empty value removes one."""

    from_account: Annotated[AccountId | None, Wire("From_Account")] = None
    """Who members are told has made the change, an account that exists."""

    enable_permission: Literal[0, 1] | None = None
    """1: permission groups decide what members may do; communities with topics only."""

    default_permission: int | None = None
    """The members' permission bits, with *enable_permission*."""

    history_msg_before_join: Literal["On", "Off"] | None = None
    """On: members may read what was written before they joined; Private, Public and ChatRoom only."""


@frozen(kw_only=True)
class DestroyGroup(Command[None]):
    """Disband a group for good; doing it again gives 10010. Document 269/1624."""

    path = "group_open_http_svc/destroy_group"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The group."""


@frozen(kw_only=True)
class JoinedGroupFilter(Bounded):
    """Which fields of each group to send beside its id."""

    group_base_info_filter: list[str] | None = field(default=None, converter=as_optional_ids, kw_only=False)
    """Fields of the group by their names in the manual, such as ``Name`` and ``Type``."""

    self_info_filter: list[str] | None = field(default=None, converter=as_optional_ids)
    """Fields of the account's membership: ``Role``, ``JoinTime``, ``MsgFlag`` and ``MsgSeq``."""


@frozen(kw_only=True)
class JoinedGroupSelf(Part):
    """An account's own membership of a group. A field that was not asked for is ``None``."""

    role: str | None = None
    """``Owner``, ``Admin`` or ``Member``."""

    join_time: int | None = None
    """When it joined, Unix seconds."""

    msg_flag: str | None = None
    """How it receives messages: ``AcceptAndNotify``, ``AcceptNotNotify`` or ``Discard``."""

    msg_seq: int | None = None
    """The number of the last message that it read."""

    gross_topic_read_seq: int | None = None
    """How far it has read, counted over all topics of a community."""

    join_time_utc: ClassVar[Utc] = Utc("join_time")


@frozen(kw_only=True)
class JoinedGroup(GroupProfile):
    """A group that an account has joined."""

    support_topic: int | None = None
    """1 for a community with topics."""

    gross_topic_next_msg_seq: int | None = None
    """The number that the next message gets, counted over all topics of a community."""

    self_info: JoinedGroupSelf | None = None
    """The account's own membership."""

    create_time_utc: ClassVar[Utc] = Utc("create_time")
    last_info_time_utc: ClassVar[Utc] = Utc("last_info_time")
    last_msg_time_utc: ClassVar[Utc] = Utc("last_msg_time")


@frozen(kw_only=True)
class ListJoinedGroupsReply(CommandReply):
    """One page of the groups that an account has joined."""

    total_count: int | None = None
    """How many groups there are on all pages together."""

    group_id_list: list[JoinedGroup] = field(factory=list[JoinedGroup])
    """The groups of this page."""


@frozen(kw_only=True)
class ListJoinedGroups(PagedCommand[ListJoinedGroupsReply, JoinedGroup]):
    """List the groups that an account has joined.

    Live rooms keep no full list of their members, so even where asked for not all of them come. Document 269/1625.
    """

    path = "group_open_http_svc/get_joined_group_list"
    repeatable_for = inf

    member_account: Annotated[AccountId, Wire("Member_Account")] = field(kw_only=False)
    """The account."""

    with_huge_groups: Literal[0, 1] | None = None
    """1: live rooms (AVChatRoom) too."""

    with_no_active_groups: Literal[0, 1] | None = None
    """1: also Private groups that it has joined and that are not active yet."""

    limit: Annotated[int | None, Between(1, 5000)] = None
    """Groups on a page, 1 to 5,000; everything on one when left out."""

    offset: int | None = None
    """How many groups to skip; none when left out."""

    group_type: GroupType | None = None
    """Groups of this kind alone; of every kind when left out."""

    support_topic: Literal[0, 1] | None = None
    """With *group_type* Community, 1: those with topics alone, 0: those without; both when left out."""

    response_filter: JoinedGroupFilter | None = None
    """Which fields to send; ids alone when left out."""

    def items(self, reply: ListJoinedGroupsReply, /) -> Sequence[JoinedGroup]:
        """Return the groups of this page."""
        return reply.group_id_list

    def after(self, reply: ListJoinedGroupsReply, /) -> Self | None:
        """Go on a page further, until all are there or a page is empty."""
        here = len(reply.group_id_list)
        offset = (self.offset or 0) + (self.limit or here)
        return evolve(self, offset=offset) if here and offset < (reply.total_count or 0) else None


@frozen(kw_only=True)
class ChangeGroupOwner(Command[None]):
    """Hand a group to another member, or give one to a group without an owner; not for AVChatRoom (10007).

    Document 269/1633.
    """

    path = "group_open_http_svc/change_group_owner"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The group."""

    new_owner_account: Annotated[AccountId, Wire("NewOwner_Account")] = field(kw_only=False)
    """Its new owner, a member."""

    from_account: Annotated[AccountId | None, Wire("From_Account")] = None
    """Who members are told has made the change; in newer documents alone."""


@frozen(kw_only=True)
class ImportGroupReply(CommandReply):
    """The imported group."""

    group_id: str | None = None
    """Its id."""


@frozen(kw_only=True)
class ImportGroup(Command[ImportGroupReply]):
    """Bring a group in from another system, without callbacks and notices; not for AVChatRoom (10007).

    With an id of your own a repeat fails harmlessly (10021); without one it makes a second group. Document 269/1634.
    """

    path = "group_open_http_svc/import_group"

    owner_account: Annotated[AccountId | None, Wire("Owner_Account")] = None
    """Its owner, who becomes a member; nobody when left out."""

    type: Literal["Public", "Private", "ChatRoom", "Community", "Work", "Meeting"]
    """Its kind, see :data:`GroupType`."""

    group_id: GroupId | None = None
    """An id of your own; the service assigns one when left out."""

    name: str
    """Its name; this and the other texts may be as long as in :class:`CreateGroup`."""

    introduction: str | None = None
    """What it is about."""

    notification: str | None = None
    """Its notice."""

    face_url: str | None = None
    """The address of its picture."""

    max_member_count: int | None = None
    """How many members it may have, up to 6,000, or 100,000 in a community; 2,000 when left out."""

    apply_join_option: ApplyJoinOption | None = None
    """How requests to join are handled: NeedPermission when left out; not for Community."""

    app_defined_data: list[KeyValue] | None = field(default=None, converter=as_custom_fields)
    """The group's custom fields; a mapping will do."""

    create_time: int | None = None
    """When it was created, Unix seconds; the time of the call when left out."""

    support_topic: Literal[0, 1] | None = None
    """1: a community with topics."""


@frozen(kw_only=True)
class CountOnlineMembersReply(CommandReply):
    """How many are in a live room."""

    online_member_num: int | None = None
    """How many are online."""


@frozen(kw_only=True)
class CountOnlineMembers(Command[CountOnlineMembersReply]):
    """Tell how many are online in a live room (AVChatRoom), a figure that changes every 10 seconds or so.

    Document 269/49180.
    """

    path = "group_open_http_svc/get_online_member_num"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The live room."""


@frozen
class GroupAttribute(Bounded):
    """An attribute of a group."""

    key: Annotated[str, Wire("key")]
    """Its name, up to 32 bytes."""

    value: Annotated[str, Wire("value")]
    """Its value, up to 4,000 bytes; all values of a group together up to 16,000."""


def _as_attributes(attributes: Mapping[str, str] | Iterable[GroupAttribute]) -> list[GroupAttribute]:
    return as_pairs(attributes, GroupAttribute)


@frozen(kw_only=True)
class GetGroupAttributesReply(CommandReply):
    """A group's attributes."""

    group_attr_ary: list[GroupAttribute] = field(factory=list[GroupAttribute])
    """The attributes; :attr:`attributes` has them as a dict."""

    @property
    def attributes(self) -> dict[str, str]:
        """The attributes, each value by its name."""
        return {attribute.key: attribute.value for attribute in self.group_attr_ary}


@frozen(kw_only=True)
class GetGroupAttributes(Command[GetGroupAttributesReply]):
    """Read all attributes of a group. Document 269/67012."""

    path = "group_open_attr_http_svc/get_group_attr"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The group."""


@frozen(kw_only=True)
class ModifyGroupAttributes(Command[None]):
    """Change or add attributes of a group, and leave its others alone.

    A group has up to 16. The attributes of one group may be written five times a second, by whichever command; beyond
    that the service answers 10049. Document 269/67010.
    """

    path = "group_open_http_svc/modify_group_attr"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The group."""

    group_attr: Annotated[list[GroupAttribute], Items(1, 16)] = field(converter=_as_attributes, kw_only=False)
    """The attributes, 1 to 16; a mapping of names to values will do."""


@frozen(kw_only=True)
class SetGroupAttributes(Command[None]):
    """Give a group these attributes and no others.

    To leave it none use :class:`ClearGroupAttributes`. This counts among the writes of which
    :class:`ModifyGroupAttributes` tells. Document 269/67011.
    """

    path = "group_open_http_svc/set_group_attr"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The group."""

    group_attr: Annotated[list[GroupAttribute], Items(1, 16)] = field(converter=_as_attributes, kw_only=False)
    """The attributes, 1 to 16; a mapping of names to values will do."""


@frozen(kw_only=True)
class ClearGroupAttributes(Command[None]):
    """Remove all attributes of a group; not for Community.

    It counts among the writes of which :class:`ModifyGroupAttributes` tells. Document 269/67009.
    """

    path = "group_open_http_svc/clear_group_attr"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The group."""


@frozen
class GroupAttributeKey(Bounded):
    """An attribute of a group, by its name alone."""

    key: Annotated[str, Wire("key")]
    """Its name."""


def _as_attribute_keys(keys: Iterable[str | GroupAttributeKey] | str) -> list[GroupAttributeKey]:
    return as_list([keys] if isinstance(keys, str) else keys, _as_attribute_key)


def _as_attribute_key(key: str | GroupAttributeKey) -> GroupAttributeKey:
    return GroupAttributeKey(key) if isinstance(key, str) else key


@frozen(kw_only=True)
class DeleteGroupAttributes(Command[None]):
    """Remove some attributes of a group; for one that it does not have the service answers 10050, so a repeat does too.

    It counts among the writes of which :class:`ModifyGroupAttributes` tells. Document 1047/59499.
    """

    path = "group_open_http_svc/delete_group_attr"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The group."""

    group_attr: list[GroupAttributeKey] = field(converter=_as_attribute_keys, kw_only=False)
    """The attributes; names will do."""


@frozen
class GroupCounter(Bounded):
    """A counter of a group."""

    key: str
    """Its name, up to 128 bytes."""

    value: Annotated[int, Between(-(2**63), 2**63 - 1)]
    """Its value, a signed 64-bit number."""


def _as_counters(counters: Mapping[str, int] | Iterable[GroupCounter]) -> list[GroupCounter]:
    return as_pairs(counters, GroupCounter)


@frozen(kw_only=True)
class GetGroupCountersReply(CommandReply):
    """A group's counters."""

    group_counter: list[GroupCounter] = field(factory=list[GroupCounter])
    """The counters; :attr:`counters` has them as a dict."""

    @property
    def counters(self) -> dict[str, int]:
        """The counters, each value by its name."""
        return {counter.key: counter.value for counter in self.group_counter}


@frozen(kw_only=True)
class GetGroupCounters(Command[GetGroupCountersReply]):
    """Read counters of a group, in the highest edition alone; not for Community. Document 1047/53427."""

    path = "group_open_http_svc/get_group_counter"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The group."""

    group_counter_keys: list[str] | None = field(default=None, converter=as_optional_ids, kw_only=False)
    """The counters' names; all counters when left out."""


@frozen(kw_only=True)
class UpdateGroupCountersReply(GetGroupCountersReply):
    """The counters that were written, with their new values."""


@frozen(kw_only=True)
class UpdateGroupCounters(Command[UpdateGroupCountersReply]):
    """Set, raise or lower counters of a group, in the highest edition alone; not for Community.

    Set alone can be repeated: Increase and Decrease count twice then, and so the library does not repeat a call of
    which nobody knows whether it arrived. A group has up to 20 counters (10063); one that it lacks starts from 0.
    Document 1047/53428.
    """

    path = "group_open_http_svc/update_group_counter"

    group_id: GroupId = field(kw_only=False)
    """The group."""

    group_counter: Annotated[list[GroupCounter], Items(1, 20)] = field(converter=_as_counters, kw_only=False)
    """The counters, 1 to 20, each with its new value or with how much to add or take off; a mapping will do."""

    mode: Literal["Set", "Increase", "Decrease"] | None = None
    """What to do with the values; no document says what happens when this is left out."""


@frozen(kw_only=True)
class DeleteGroupCounters(Command[None]):
    """Delete counters of a group, in the highest edition alone; not for Community. Document 1047/53429."""

    path = "group_open_http_svc/delete_group_counter"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The group."""

    group_counter_keys: Annotated[list[str] | None, Items(1, 20)] = field(
        default=None, converter=as_optional_ids, kw_only=False
    )
    """The counters' names, 1 to 20; **all** counters when left out."""


class Groups(Domain):
    """Groups: create, read, change, disband, their attributes and counters."""

    list: Final = endpoint(ListGroups)
    each: Final = paged(ListGroups)
    create: Final = endpoint(CreateGroup)
    get: Final = endpoint(GetGroups)
    get_all: Final = split(GetGroups)
    modify: Final = endpoint(ModifyGroup)
    destroy: Final = endpoint(DestroyGroup)
    list_joined: Final = endpoint(ListJoinedGroups)
    each_joined: Final = paged(ListJoinedGroups)
    change_owner: Final = endpoint(ChangeGroupOwner)
    import_one: Final = endpoint(ImportGroup)
    count_online_members: Final = endpoint(CountOnlineMembers)
    get_attributes: Final = endpoint(GetGroupAttributes)
    modify_attributes: Final = endpoint(ModifyGroupAttributes)
    set_attributes: Final = endpoint(SetGroupAttributes)
    clear_attributes: Final = endpoint(ClearGroupAttributes)
    delete_attributes: Final = endpoint(DeleteGroupAttributes)
    get_counters: Final = endpoint(GetGroupCounters)
    update_counters: Final = endpoint(UpdateGroupCounters)
    delete_counters: Final = endpoint(DeleteGroupCounters)
