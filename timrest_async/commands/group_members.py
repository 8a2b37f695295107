"""Members of groups: list, add, mute, ban, live rooms."""

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import Annotated, ClassVar, Final, Literal, Self, TypeAlias, cast

from attrs import Factory, evolve, field, frozen

from timrest_async._bounds import U32, Between, Bounded, Items, as_list
from timrest_async._wire import Targets, Wire
from timrest_async.commands._command import Command
from timrest_async.commands._domain import Domain, endpoint, paged, split
from timrest_async.commands._paging import PagedCommand
from timrest_async.commands._reply import CommandReply, Outcome, Part, PartialReply, Result, Utc
from timrest_async.commands._shared import (
    AccountId,
    GroupId,
    KeyValue,
    MemberAccount,
    MemberInfo,
    MsgFlag,
    TopicId,
    as_custom_fields,
    as_ids,
    as_members,
    as_optional_ids,
)
from timrest_async.errors import Failure

__all__ = [
    "FOREVER",
    "AddGroupMembers",
    "AddGroupMembersReply",
    "AddLiveRobots",
    "AddMemberResult",
    "BanMembers",
    "BannedAccount",
    "CheckLiveMembers",
    "CheckLiveMembersReply",
    "DeleteGroupMembers",
    "DeleteLiveRobots",
    "GetGroupMembers",
    "GetGroupMembersReply",
    "GetRoles",
    "GetRolesReply",
    "GroupMembers",
    "ImportGroupMembers",
    "ImportGroupMembersReply",
    "ImportMember",
    "ImportMemberResult",
    "KeyValue",
    "ListBannedMembers",
    "ListBannedMembersReply",
    "ListGroupMembers",
    "ListGroupMembersReply",
    "ListLiveAdmins",
    "ListLiveAdminsReply",
    "ListLiveMembers",
    "ListLiveMembersReply",
    "ListMutedMembers",
    "ListMutedMembersReply",
    "ListShuttedMembers",
    "ListShuttedMembersReply",
    "LiveAdmin",
    "LiveMember",
    "MarkLiveMembers",
    "MarkLiveMembersReply",
    "MarkedMember",
    "MemberAccount",
    "MemberField",
    "MemberInfo",
    "MemberRole",
    "MemberRoleFilter",
    "ModifyGroupMember",
    "ModifyLiveAdmins",
    "MsgFlag",
    "MuteGroupMembers",
    "MutedAccount",
    "ShuttedUin",
    "UnbanMembers",
]

FOREVER: Final = 2**32 - 1
"""A mute that does not end by itself, as the *mute_time* of :class:`MuteGroupMembers`."""

MemberField: TypeAlias = Literal[
    "Role", "JoinTime", "MsgSeq", "MsgFlag", "LastSendMsgTime", "MuteUntil", "NameCard", "OnlineStatus"
]
"""A field of :class:`MemberInfo`, as a filter names it."""

MemberRoleFilter: TypeAlias = Literal["Owner", "Admin", "Member"]
"""A role, as a filter names it."""


@frozen(kw_only=True)
class ListGroupMembersReply(CommandReply):
    """One page of a group's members."""

    member_num: int | None = None
    """How many members the group has."""

    member_list: list[MemberInfo] = field(factory=list[MemberInfo])
    """The members on this page."""

    next: str | None = None
    """Of a community: where the next page starts; empty on the last."""

    app_member_defined_data: list[KeyValue] = field(factory=list[KeyValue])
    """Listed in the documents; the custom fields of a member come with the member."""


def _as_fields(fields: Iterable[MemberField] | MemberField | None) -> list[MemberField] | None:
    return None if fields is None else as_list([fields] if isinstance(fields, str) else fields)


def _as_roles(roles: Iterable[MemberRoleFilter] | MemberRoleFilter | None) -> list[MemberRoleFilter] | None:
    return None if roles is None else as_list([roles] if isinstance(roles, str) else roles)


def _first_cursor(command: "ListGroupMembers") -> str | None:
    group_id = str(command.group_id)  # what is no text is refused when all fields are there
    return "" if group_id.startswith("@TGS#_") else None


@frozen(kw_only=True)
class ListGroupMembers(PagedCommand[ListGroupMembersReply, MemberInfo]):
    """List the members of a group; live rooms (AVChatRoom) have :class:`ListLiveMembers`.

    Most groups are paged by *limit* and *offset*, a community by *limit* and *next*. Document 269/1617.
    """

    path = "group_open_http_svc/get_group_member_info"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The group."""

    member_info_filter: list[MemberField] | None = field(default=None, converter=_as_fields)
    """What to tell of each member; everything when left out."""

    member_role_filter: list[MemberRoleFilter] | None = field(default=None, converter=_as_roles)
    """Only members with one of these roles. Whether *offset* counts the others too, the documents do not say."""

    app_defined_data_filter_group_member: Annotated[list[str] | None, Wire("AppDefinedDataFilter_GroupMember")] = field(
        default=None, converter=as_optional_ids
    )
    """The keys of the custom fields to tell of each member."""

    limit: int | None = None
    """How many members a page holds; all of them when left out. At most 100 in a community; elsewhere the documents
    differ between 200 and 6,000, and recommend 100.
    """

    offset: int | None = None
    """How many members to skip, 0 when left out; not for a community."""

    next: str | None = field(default=Factory(_first_cursor, takes_self=True))
    """Of a community: where the page starts, empty for the first. That is sent when left out, if the group's id starts
    with ``@TGS#_``, as that of every community does.
    """

    def items(self, reply: ListGroupMembersReply, /) -> Sequence[MemberInfo]:
        """Return the members on the page."""
        return reply.member_list

    def after(self, reply: ListGroupMembersReply, /) -> Self | None:
        """Ask for what follows the page: by *next* where the reply has one, else by *offset*."""
        if reply.next:
            return evolve(self, next=reply.next)
        if self.next is not None or not reply.member_list:
            return None
        if self.limit is None and self.member_role_filter:
            return None  # they came all at once, and member_num counts those without the role too
        offset = (self.offset or 0) + len(reply.member_list)
        if reply.member_num is not None and offset >= reply.member_num:
            return None
        return evolve(self, offset=offset)


@frozen(kw_only=True)
class GetGroupMembersReply(PartialReply):
    """What is known of the members."""

    group_id: str | None = None
    """The group."""

    member_list: list[MemberInfo] = field(factory=list[MemberInfo])
    """The members that were found; an account that is no member is left out, which is no failure."""


@frozen(kw_only=True)
class GetGroupMembers(Command[GetGroupMembersReply]):
    """Tell what is known of up to 50 members of a group; not for live rooms (AVChatRoom). Document 269/112002."""

    path = "group_open_http_svc/get_specified_group_member_info"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The group."""

    member_list_account: Annotated[list[AccountId], Items(1, 50), Wire("Member_List_Account"), Targets()] = field(
        converter=as_ids, kw_only=False
    )
    """The members, 1 to 50."""

    member_info_filter: list[MemberField] | None = field(default=None, converter=_as_fields)
    """What to tell of each member; everything when left out."""

    member_role_filter: list[MemberRoleFilter] | None = field(default=None, converter=_as_roles)
    """Only members with one of these roles."""

    app_defined_data_filter_group_member: Annotated[list[str] | None, Wire("AppDefinedDataFilter_GroupMember")] = field(
        default=None, converter=as_optional_ids
    )
    """The keys of the custom fields to tell of each member."""


@frozen(kw_only=True)
class AddMemberResult(Result):
    """What became of one account that was to be added."""

    member_account: Annotated[str, Wire("Member_Account")]
    """The account."""

    result: int = 0
    """0 when it was not added, 1 when it was, 2 when it had been a member, 3 when it waits for approval."""

    @property
    def added(self) -> bool:
        """Whether this call made it a member."""
        return self.result == 1

    @property
    def was_member(self) -> bool:
        """Whether it had been a member before."""
        return self.result == 2

    @property
    def pending(self) -> bool:
        """Whether it is no member until somebody approves."""
        return self.result == 3

    @property
    def failure(self) -> Failure | None:
        """That it was not added; the service does not say why."""
        return None if self.result else Failure(self.member_account, None, "not added")


@frozen(kw_only=True)
class AddGroupMembersReply(PartialReply):
    """What became of each account."""

    member_list: list[AddMemberResult] = field(factory=list[AddMemberResult])
    """One entry for each account."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.member_list


@frozen(kw_only=True)
class AddGroupMembers(Command[AddGroupMembersReply]):
    """Add up to 300 accounts to a group.

    Who is a member already stays one. A live room (AVChatRoom) answers 10007: users join it themselves.
    Document 269/1621.
    """

    path = "group_open_http_svc/add_group_member"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The group."""

    silence: Literal[0, 1] | None = None
    """1: add them without a notice; a notice is sent when left out."""

    member_list: Annotated[list[MemberAccount], Items(1, 300), Targets()] = field(converter=as_members, kw_only=False)
    """The accounts, 1 to 300; ids will do."""


@frozen(kw_only=True)
class DeleteGroupMembers(Command[None]):
    """Remove up to 100 members from a group.

    An account that is no member counts as removed. A live room (AVChatRoom) answers 10004: mute or ban there.
    Document 269/1622.
    """

    path = "group_open_http_svc/delete_group_member"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The group."""

    silence: Literal[0, 1] | None = None
    """1: remove them without a notice to the others; a notice is sent when left out."""

    reason: str | None = None
    """What the notice gives as the reason."""

    member_to_del_account: Annotated[list[AccountId], Items(1, 100), Wire("MemberToDel_Account"), Targets()] = field(
        converter=as_ids, kw_only=False
    )
    """The members, 1 to 100."""


@frozen(kw_only=True)
class ModifyGroupMember(Command[None]):
    """Change one member's role, name, custom fields, mute or way of receiving messages; not in live rooms (AVChatRoom).

    What is left out stays as it is. Document 269/1623.
    """

    path = "group_open_http_svc/modify_group_member_info"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The group."""

    member_account: Annotated[AccountId, Wire("Member_Account")] = field(kw_only=False)
    """The member."""

    role: Literal["Admin", "Member"] | None = None
    """Admin appoints it, Member dismisses it; the owner's role is not changed here."""

    msg_flag: MsgFlag | None = None
    """How it receives the group's messages."""

    name_card: str | None = None
    """Its name in the group, up to 50 bytes."""

    app_member_defined_data: list[KeyValue] | None = field(default=None, converter=as_custom_fields)
    """The custom fields to change; a mapping will do."""

    mute_time: U32 | None = None
    """For how many seconds it may not write; 0 lets it write again. Not for Private groups."""


@frozen(kw_only=True)
class MemberRole(Result):
    """The role of one account in a group."""

    member_account: Annotated[str, Wire("Member_Account")]
    """The account."""

    role: str | None = None
    """``Owner``, ``Admin``, ``Member``, or ``NotMember`` for a stranger."""

    @property
    def failure(self) -> Failure | None:
        """That it is no member, and so has no role."""
        return Failure(self.member_account, None, "not a member") if self.role == "NotMember" else None


@frozen(kw_only=True)
class GetRolesReply(PartialReply):
    """The role of each account; accounts that are no members are its failures."""

    user_id_list: list[MemberRole] = field(factory=list[MemberRole])
    """One entry for each account."""

    @property
    def roles(self) -> dict[str, str]:
        """The role of each account, by its id; ``NotMember`` for a stranger."""
        return {one.member_account: one.role for one in self.user_id_list if one.role is not None}

    def _outcomes(self) -> Iterable[Outcome]:
        return self.user_id_list


@frozen(kw_only=True)
class GetRoles(Command[GetRolesReply]):
    """Tell the roles of up to 500 accounts in a group; a live room (AVChatRoom) answers 10007. Document 269/1626."""

    path = "group_open_http_svc/get_role_in_group"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The group."""

    user_account: Annotated[list[AccountId], Items(1, 500), Wire("User_Account"), Targets()] = field(
        converter=as_ids, kw_only=False
    )
    """The accounts, 1 to 500."""


@frozen(kw_only=True)
class MuteGroupMembers(Command[None]):
    """Keep up to 500 members of a group from writing, or let them write again; not for Private groups.

    A repeat starts the time anew. Who leaves and comes back is still muted. Document 269/1627.
    """

    path = "group_open_http_svc/forbid_send_msg"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The group."""

    members_account: Annotated[list[AccountId], Items(1, 500), Wire("Members_Account")] = field(
        converter=as_ids, kw_only=False
    )
    """The members, 1 to 500."""

    mute_time: U32
    """For how many seconds; 0 lets them write again, :data:`FOREVER` has no end."""

    topic_id: TopicId | None = None
    """Of a community with topics: the topic in which they may not write; the whole group when left out."""


@frozen(kw_only=True)
class MutedAccount(Part):
    """A member that may not write."""

    member_account: Annotated[str, Wire("Member_Account")]
    """The account."""

    muted_until: int | None = None
    """When the mute ends, Unix seconds."""

    muted_until_utc: ClassVar[Utc] = Utc("muted_until")


@frozen(kw_only=True)
class ListMutedMembersReply(CommandReply):
    """Who may not write."""

    group_id: str | None = None
    """The group."""

    muted_account_list: list[MutedAccount] = field(factory=list[MutedAccount])
    """The muted members."""


@frozen(kw_only=True)
class ListMutedMembers(Command[ListMutedMembersReply]):
    """List the members of a group that may not write; not for Private groups. Document 269/2925."""

    path = "group_open_http_svc/get_group_muted_account"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The group."""

    topic_id: TopicId | None = None
    """Of a community with topics: the topic to look at."""


@frozen(kw_only=True)
class ShuttedUin(Part):
    """A member that may not write, in the older words."""

    member_account: Annotated[str, Wire("Member_Account")]
    """The account."""

    shutted_until: int | None = None
    """When the mute ends, Unix seconds."""

    shutted_until_utc: ClassVar[Utc] = Utc("shutted_until")


@frozen(kw_only=True)
class ListShuttedMembersReply(CommandReply):
    """Who may not write, in the older words."""

    group_id: str | None = None
    """The group."""

    shutted_uin_list: list[ShuttedUin] = field(factory=list[ShuttedUin])
    """The muted members."""


@frozen(kw_only=True)
class ListShuttedMembers(Command[ListShuttedMembersReply]):
    """List the members that may not write by the older path of :class:`ListMutedMembers`: use that.

    Whether the service still answers on it is not known. Document 269/2925.
    """

    path = "group_open_http_svc/get_group_shutted_uin"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The group."""


@frozen(kw_only=True)
class ImportMember(Bounded):
    """One member to import."""

    member_account: Annotated[AccountId, Wire("Member_Account")] = field(kw_only=False)
    """The account."""

    role: Literal["Admin"] | None = None
    """Admin, or an ordinary member when left out."""

    join_time: int | None = None
    """When it joined, Unix seconds: after the group was created and before now, else it is not imported."""

    unread_msg_num: int | None = None
    """How many messages it has not read."""


def _as_imports(members: Iterable[str | ImportMember] | str) -> list[ImportMember]:
    return as_list([members] if isinstance(members, str) else members, _as_import)


def _as_import(member: str | ImportMember) -> ImportMember:
    return ImportMember(member) if isinstance(member, str) else member


@frozen(kw_only=True)
class ImportMemberResult(Result):
    """What became of one account that was to be imported."""

    member_account: Annotated[str, Wire("Member_Account")]
    """The account."""

    result: int = 0
    """0 when it was not imported, 1 when it was, 2 when it had been a member."""

    @property
    def imported(self) -> bool:
        """Whether this call made it a member."""
        return self.result == 1

    @property
    def was_member(self) -> bool:
        """Whether it had been a member before."""
        return self.result == 2

    @property
    def failure(self) -> Failure | None:
        """That it was not imported; the service does not say why."""
        return None if self.result else Failure(self.member_account, None, "not imported")


@frozen(kw_only=True)
class ImportGroupMembersReply(PartialReply):
    """What became of each account."""

    member_list: list[ImportMemberResult] = field(factory=list[ImportMemberResult])
    """One entry for each account."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.member_list


@frozen(kw_only=True)
class ImportGroupMembers(Command[ImportGroupMembersReply]):
    """Bring up to 300 members of a group over from another system, with neither callbacks nor notices.

    Who is a member already stays one. A live room (AVChatRoom) answers 10007. Document 269/1636.
    """

    path = "group_open_http_svc/import_group_member"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The group."""

    member_list: Annotated[list[ImportMember], Items(1, 300), Targets()] = field(converter=_as_imports, kw_only=False)
    """The members, 1 to 300; ids will do."""


@frozen(kw_only=True)
class BanMembers(Command[None]):
    """Ban up to 20 members from a live room (AVChatRoom): they receive nothing and cannot join until the ban ends.

    Paid editions alone, with banning switched on in the console. Document 1047/50296.
    """

    path = "group_open_http_svc/ban_group_member"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The live room."""

    members_account: Annotated[list[AccountId], Items(1, 20), Wire("Members_Account")] = field(
        converter=as_ids, kw_only=False
    )
    """The members, 1 to 20."""

    duration: U32
    """For how many seconds."""

    description: str | None = None
    """What the banned members are told, up to 1,000 bytes."""


@frozen(kw_only=True)
class UnbanMembers(Command[None]):
    """Let up to 20 banned members into a live room (AVChatRoom) again; see :class:`BanMembers`. Document 1047/50297."""

    path = "group_open_http_svc/unban_group_member"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The live room."""

    members_account: Annotated[list[AccountId], Items(1, 20), Wire("Members_Account")] = field(
        converter=as_ids, kw_only=False
    )
    """The members, 1 to 20."""


@frozen(kw_only=True)
class BannedAccount(Part):
    """A member that is banned."""

    member_account: Annotated[str, Wire("Member_Account")]
    """The account."""

    banned_until: int | None = None
    """When the ban ends, Unix seconds."""

    banned_until_utc: ClassVar[Utc] = Utc("banned_until")


@frozen(kw_only=True)
class ListBannedMembersReply(CommandReply):
    """One page of the banned members."""

    banned_account_list: list[BannedAccount] = field(factory=list[BannedAccount])
    """The banned members on this page."""

    next_offset: int | None = None
    """Where the next page starts; 0 on the last."""


@frozen(kw_only=True)
class ListBannedMembers(PagedCommand[ListBannedMembersReply, BannedAccount]):
    """List the banned members of a live room (AVChatRoom); see :class:`BanMembers`. Document 1047/50295."""

    path = "group_open_http_svc/get_group_ban_member"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The live room."""

    limit: Annotated[int, Between(1, 100)] | None = None
    """How many members a page holds, 1 to 100; as many as the service likes when left out."""

    offset: int = 0
    """Where the page starts: 0 for the first, then the *next_offset* of the one before."""

    def items(self, reply: ListBannedMembersReply, /) -> Sequence[BannedAccount]:
        """Return the banned members on the page."""
        return reply.banned_account_list

    def after(self, reply: ListBannedMembersReply, /) -> Self | None:
        """Ask for what follows the page."""
        return evolve(self, offset=reply.next_offset) if reply.next_offset else None


@frozen(kw_only=True)
class LiveMember(Part):
    """A member that is in a live room."""

    member_account: Annotated[str, Wire("Member_Account")]
    """The account."""

    join_time: int | None = None
    """When it joined, Unix seconds."""

    nick_name: str | None = None
    """Its nickname."""

    avatar: str | None = None
    """The address of its picture."""

    join_time_utc: ClassVar[Utc] = Utc("join_time")


@frozen(kw_only=True)
class ListLiveMembersReply(CommandReply):
    """One page of who is in a live room."""

    member_list: list[LiveMember] = field(factory=list[LiveMember])
    """The members on this page, up to 500."""

    next_timestamp: int | None = None
    """Where the next page starts; 0 on the last."""


@frozen(kw_only=True)
class ListLiveMembers(PagedCommand[ListLiveMembersReply, LiveMember]):
    """List who is in a live room (AVChatRoom): of all members there, the 1,000 who came last.

    Paid editions alone, with the list of online members switched on in the console; without it the 30 who came last.
    The list is renewed every 10 to 40 seconds; documents differ. Document 1047/50293.
    """

    path = "group_open_avchatroom_http_svc/get_members"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The live room."""

    timestamp: int = 0
    """Where the page starts: 0 for the first, then the *next_timestamp* of the one before."""

    mark: int | None = None
    """Only members with this mark, see :class:`MarkedMember`."""

    def items(self, reply: ListLiveMembersReply, /) -> Sequence[LiveMember]:
        """Return the members on the page."""
        return reply.member_list

    def after(self, reply: ListLiveMembersReply, /) -> Self | None:
        """Ask for what follows the page."""
        return evolve(self, timestamp=reply.next_timestamp) if reply.next_timestamp else None


def _as_marks(marks: Iterable[int]) -> list[int]:
    return as_list(marks)


@frozen
class MarkedMember(Bounded):
    """A member of a live room with marks."""

    member_account: Annotated[AccountId, Wire("Member_Account")]
    """The account."""

    marks: list[int] = field(converter=_as_marks)
    """Numbers of your own from 1000 up, or one of two that mean something to the service. 500: the member counts as
    online for three days, whatever it does. 600: lists leave it out unless they are asked for this mark.
    """


def _as_marked_members(
    members: Mapping[str, Iterable[int]] | Iterable[MarkedMember | tuple[str, Iterable[int]]],
) -> list[MarkedMember]:
    pairs = cast("Mapping[str, Iterable[int]]", members).items() if isinstance(members, Mapping) else members
    return as_list(pairs, _as_marked_member)


def _as_marked_member(member: MarkedMember | tuple[str, Iterable[int]]) -> MarkedMember:
    return MarkedMember(*member) if isinstance(member, tuple) and len(member) == 2 else member


@frozen
class _Marked:
    """The outcome for a member whose marks were changed."""

    about: str
    failure: None = None


@frozen(kw_only=True)
class MarkLiveMembersReply(PartialReply):
    """Whose marks were changed; members that are not online are missing, and so its failures."""

    command_type: int | None = None
    """What was done: 1 set, 2 removed."""

    member_list: list[MarkedMember] = field(factory=list[MarkedMember])
    """The members whose marks were changed."""

    def _outcomes(self) -> Iterable[Outcome]:
        return [_Marked(member.member_account) for member in self.member_list]


@frozen(kw_only=True)
class MarkLiveMembers(Command[MarkLiveMembersReply]):
    """Set or remove marks on up to 500 members who are in a live room (AVChatRoom).

    A room has at most 10 different marks, each on at most 1,000 members. The call fails only where nobody named is
    online. Paid editions alone, with the list of online members switched on in the console. Document 1047/50294.
    """

    path = "group_open_avchatroom_http_svc/modify_user_info"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The live room."""

    command_type: Literal[1, 2]
    """1: set the marks, 2: remove them."""

    member_list: Annotated[list[MarkedMember], Items(1, 500), Targets()] = field(converter=_as_marked_members)
    """The members, 1 to 500; a dict of an account and its marks will do, or pairs of both."""


@frozen(kw_only=True)
class ModifyLiveAdmins(Command[None]):
    """Appoint or dismiss admins of a live room (AVChatRoom), of whom it has at most 5.

    They need not be in the room, and stay admins when they leave it. Paid editions alone, with the list of online
    members switched on in the console. Document 1047/60525.
    """

    path = "group_open_avchatroom_http_svc/modify_admin"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The live room."""

    command_type: Literal[1, 2]
    """1: appoint them, 2: dismiss them."""

    admin_account: Annotated[list[AccountId], Items(1, 5), Wire("Admin_Account")] = field(converter=as_ids)
    """The accounts, 1 to 5."""


@frozen(kw_only=True)
class LiveAdmin(Part):
    """An admin of a live room."""

    admin_account: Annotated[str, Wire("Admin_Account")]
    """The account."""

    nick_name: str | None = None
    """Its nickname."""

    avatar: str | None = None
    """The address of its picture."""


@frozen(kw_only=True)
class ListLiveAdminsReply(CommandReply):
    """The admins of a live room."""

    admin_list: Annotated[list[LiveAdmin], Wire("Admin_List")] = field(factory=list[LiveAdmin])
    """The admins, whether they are in the room or not."""


@frozen(kw_only=True)
class ListLiveAdmins(Command[ListLiveAdminsReply]):
    """List the admins of a live room (AVChatRoom); see :class:`ModifyLiveAdmins`. Document 1047/60524."""

    path = "group_open_avchatroom_http_svc/get_admin_list"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The live room."""


@frozen(kw_only=True)
class CheckLiveMembersReply(CommandReply):
    """Who is in a live room."""

    member_account: Annotated[list[str], Wire("Member_Account")] = field(factory=list[str])
    """Those of the accounts that are in the room."""


@frozen(kw_only=True)
class CheckLiveMembers(Command[CheckLiveMembersReply]):
    """Tell which of some accounts are in a live room (AVChatRoom), beyond the 1,000 that can be listed too.

    What it goes by is renewed every 40 seconds. Paid editions alone, with the list of online members switched on in the
    console. Document 1047/60523.
    """

    path = "group_open_avchatroom_http_svc/check_members"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The live room."""

    member_account: Annotated[list[AccountId], Wire("Member_Account")] = field(converter=as_ids, kw_only=False)
    """The accounts; how many at most, the documents do not say."""


@frozen(kw_only=True)
class AddLiveRobots(Command[None]):
    """Have robots stay in the list of who is in a live room (AVChatRoom), by mark 500 of :class:`MarkedMember`.

    Paid editions alone, with the list of online members switched on in the console. Document 1047/60527.
    """

    path = "group_open_avchatroom_http_svc/add_robots"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The live room."""

    robot_account: Annotated[list[AccountId], Wire("Robot_Account")] = field(converter=as_ids, kw_only=False)
    """The robots' accounts. That they travel under this name is likely, but not certain."""


@frozen(kw_only=True)
class DeleteLiveRobots(Command[None]):
    """Take robots off the list of who is in a live room (AVChatRoom); see :class:`AddLiveRobots`.

    Document 1047/60526.
    """

    path = "group_open_avchatroom_http_svc/del_robots"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The live room."""

    robot_account: Annotated[list[AccountId], Wire("Robot_Account")] = field(converter=as_ids, kw_only=False)
    """The robots' accounts; see :class:`AddLiveRobots`."""


class GroupMembers(Domain):
    """Members of groups: list, add, mute, ban, live rooms."""

    list: Final = endpoint(ListGroupMembers)
    each: Final = paged(ListGroupMembers)
    get: Final = endpoint(GetGroupMembers)
    get_all: Final = split(GetGroupMembers)
    add: Final = endpoint(AddGroupMembers)
    add_all: Final = split(AddGroupMembers)
    delete: Final = endpoint(DeleteGroupMembers)
    delete_all: Final = split(DeleteGroupMembers)
    modify: Final = endpoint(ModifyGroupMember)
    get_roles: Final = endpoint(GetRoles)
    get_roles_all: Final = split(GetRoles)
    mute: Final = endpoint(MuteGroupMembers)
    list_muted: Final = endpoint(ListMutedMembers)
    list_shutted: Final = endpoint(ListShuttedMembers)
    import_many: Final = endpoint(ImportGroupMembers)
    import_all: Final = split(ImportGroupMembers)
    ban: Final = endpoint(BanMembers)
    unban: Final = endpoint(UnbanMembers)
    list_banned: Final = endpoint(ListBannedMembers)
    each_banned: Final = paged(ListBannedMembers)
    list_live: Final = endpoint(ListLiveMembers)
    each_live: Final = paged(ListLiveMembers)
    mark_live: Final = endpoint(MarkLiveMembers)
    mark_live_all: Final = split(MarkLiveMembers)
    modify_live_admins: Final = endpoint(ModifyLiveAdmins)
    list_live_admins: Final = endpoint(ListLiveAdmins)
    check_live: Final = endpoint(CheckLiveMembers)
    add_live_robots: Final = endpoint(AddLiveRobots)
    delete_live_robots: Final = endpoint(DeleteLiveRobots)
