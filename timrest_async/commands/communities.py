"""Communities: topics and permission groups."""

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import Annotated, ClassVar, Final, Literal, Self

from attrs import evolve, field, frozen

from timrest_async._bounds import Between, Bounded, Items
from timrest_async._wire import Targets, Wire
from timrest_async.commands._command import Command
from timrest_async.commands._domain import Domain, endpoint, paged, split
from timrest_async.commands._paging import PagedCommand
from timrest_async.commands._reply import CommandReply, Outcome, Part, PartialReply, Result, Utc, failure
from timrest_async.commands._shared import (
    AccountId,
    GroupId,
    MemberAccount,
    MemberInfo,
    TopicId,
    as_ids,
    as_members,
    as_optional_ids,
    as_pairs,
)
from timrest_async.errors import Failure

__all__ = [
    "AddPermissionGroupMembers",
    "AddPermissionGroupMembersReply",
    "AddTopicPermissions",
    "AddTopicPermissionsReply",
    "Communities",
    "CreatePermissionGroup",
    "CreatePermissionGroupReply",
    "CreateTopic",
    "CreateTopicReply",
    "DeletePermissionGroupMembers",
    "DeletePermissionGroupMembersReply",
    "DeleteTopicPermissions",
    "DeleteTopicPermissionsReply",
    "DestroyPermissionGroups",
    "DestroyPermissionGroupsReply",
    "DestroyTopicResult",
    "DestroyTopics",
    "DestroyTopicsReply",
    "GetPermissionGroups",
    "GetPermissionGroupsReply",
    "GetTopicPermissions",
    "GetTopicPermissionsReply",
    "GetTopics",
    "GetTopicsReply",
    "ImportTopic",
    "ImportTopicReply",
    "ListPermissionGroupMembers",
    "ListPermissionGroupMembersReply",
    "MemberAccount",
    "MemberInfo",
    "ModifyPermissionGroup",
    "ModifyTopic",
    "PermissionGroupInfo",
    "PermissionGroupResult",
    "PermissionMemberResult",
    "SetTopicPermissions",
    "SetTopicPermissionsReply",
    "TopicAndSelfInfo",
    "TopicInfo",
    "TopicPermission",
    "TopicPermissionResult",
    "TopicSelf",
]


@frozen(kw_only=True)
class CreateTopicReply(CommandReply):
    """The new topic."""

    topic_id: str | None = None
    """Its id."""


@frozen(kw_only=True)
class CreateTopic(Command[CreateTopicReply]):
    """Create a topic in a community.

    The community has to be one with topics, and the console has to allow them. Without an id of your own a repeat makes
    a second topic. Document 1047/49471.
    """

    path = "million_group_open_http_svc/create_topic"

    group_id: GroupId = field(kw_only=False)
    """The community."""

    topic_id: TopicId | None = None
    """An id of your own, ``{GroupId}@TOPIC#_{own part}``; the service assigns one when left out."""

    topic_name: str = field(kw_only=False)
    """Its name, up to 30 bytes."""

    from_account: Annotated[AccountId | None, Wire("From_Account")] = None
    """The account that is shown as the one who acts."""

    custom_string: str | None = None
    """A text of yours, up to 3,000 bytes."""

    face_url: str | None = None
    """The address of its picture, up to 100 bytes."""

    notification: str | None = None
    """Its notice, up to 300 bytes."""

    introduction: str | None = None
    """What it is about, up to 240 bytes."""


@frozen(kw_only=True)
class TopicSelf(Part):
    """The state of one account in a topic."""

    shut_up_time: int | None = None
    """How long or until when it is muted; no document says which."""

    msg_seq: int | None = None
    """The number of the last message that it read."""

    msg_flag: str | None = None
    """How it receives the messages: ``AcceptAndNotify``, ``AcceptNotNotify`` or ``Discard``."""


@frozen(kw_only=True)
class TopicInfo(Part):
    """A topic. A field that was not asked for is ``None``."""

    topic_id: str | None = None
    """Its id."""

    group_id: Annotated[str | None, Wire("GroupID")] = None
    """The community that it belongs to."""

    topic_name: str | None = None
    """Its name."""

    face_url: str | None = None
    """The address of its picture."""

    notification: str | None = None
    """Its notice."""

    introduction: str | None = None
    """What it is about."""

    custom_string: str | None = None
    """The text that whoever made it or changed it added."""

    create_time: int | None = None
    """When it was created, Unix seconds."""

    last_msg_time: int | None = None
    """When the last message was sent, Unix seconds."""

    next_msg_seq: int | None = None
    """The number that the next message will get."""

    mute_all_member: Annotated[str | None, Wire("MuteAllMember", also=("ShutUpAllFlag",))] = None
    """``On`` while nobody but the owner and administrators may write, else ``Off``; where it arrives as
    ``ShutUpAllFlag``, it is a number, kept as text.
    """

    create_time_utc: ClassVar[Utc] = Utc("create_time")
    last_msg_time_utc: ClassVar[Utc] = Utc("last_msg_time")


@frozen(kw_only=True)
class TopicAndSelfInfo(Result):
    """A topic and one account's state in it, or why they cannot be read."""

    error_code: int | None = None
    """0 when it was read, otherwise why not, such as 110003 for a topic that was deleted."""

    error_info: str | None = None
    """Why not, in the service's words."""

    self_info: TopicSelf | None = None
    """The account's state in the topic."""

    topic_info: TopicInfo | None = None
    """The topic."""

    @property
    def about(self) -> str:
        """The topic's id; empty where the answer leaves it out."""
        return "" if self.topic_info is None else self.topic_info.topic_id or ""

    @property
    def failure(self) -> Failure | None:
        """Why the topic could not be read."""
        return failure(self.about, self.error_code, self.error_info)


@frozen(kw_only=True)
class GetTopicsReply(PartialReply):
    """The topics, and which of them could not be read."""

    topic_and_self_info: list[TopicAndSelfInfo] = field(factory=list[TopicAndSelfInfo])
    """One entry for each topic."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.topic_and_self_info


@frozen(kw_only=True)
class GetTopics(Command[GetTopicsReply]):
    """Read topics of a community, together with one account's state in each.

    The ErrorCode of this answer as a whole means nothing: each topic has its own.
    """

    path = "million_group_open_http_svc/get_topic"
    repeatable_for = inf
    outcomes_in = "TopicAndSelfInfo"

    group_id: GroupId = field(kw_only=False)
    """The community."""

    from_account: Annotated[AccountId, Wire("From_Account")]
    """The account whose state in the topics is told."""

    topic_id_list: Annotated[list[TopicId] | None, Targets()] = field(default=None, converter=as_optional_ids)
    """The topics; all of the community when left out."""

    response_filter: list[str] | None = field(default=None, converter=as_optional_ids)
    """Which fields of a topic are told, by their names on the wire, such as ``TopicName``. ``TopicId`` should be among
    them: outcomes are told apart by it.
    """


@frozen(kw_only=True)
class ModifyTopic(Command[None]):
    """Change a topic; what is left out stays as it is."""

    path = "million_group_open_http_svc/modify_topic"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The community."""

    topic_id: TopicId = field(kw_only=False)
    """The topic."""

    topic_name: str | None = None
    """Its name, up to 30 bytes."""

    from_account: Annotated[AccountId | None, Wire("From_Account")] = None
    """The account that is shown as the one who acts."""

    custom_string: str | None = None
    """A text of yours, up to 3,000 bytes."""

    face_url: str | None = None
    """The address of its picture, up to 100 bytes."""

    notification: str | None = None
    """Its notice, up to 300 bytes."""

    introduction: str | None = None
    """What it is about, up to 240 bytes."""

    mute_all_member: Literal["On", "Off"] | None = None
    """On: nobody but the owner and administrators may write."""


@frozen(kw_only=True)
class DestroyTopicResult(Result):
    """What became of one topic."""

    topic_id: str
    """The topic's id."""

    error_code: int | None = None
    """0 when it was deleted, otherwise why not, such as 110003 for one that was deleted before."""

    error_info: str | None = None
    """Why not, in the service's words."""

    @property
    def failure(self) -> Failure | None:
        """Why it was not deleted."""
        return failure(self.topic_id, self.error_code, self.error_info)


@frozen(kw_only=True)
class DestroyTopicsReply(PartialReply):
    """What became of each topic."""

    destroy_result_item: list[DestroyTopicResult] = field(factory=list[DestroyTopicResult])
    """One entry for each topic."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.destroy_result_item


@frozen(kw_only=True)
class DestroyTopics(Command[DestroyTopicsReply]):
    """Delete topics of a community, for good.

    A repeat does no harm; it names topics that are gone already as failures, with 110003. Document 1047/49470.
    """

    path = "million_group_open_http_svc/destroy_topic"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The community."""

    topic_id_list: Annotated[list[TopicId], Targets()] = field(converter=as_ids, kw_only=False)
    """The topics."""


@frozen(kw_only=True)
class ImportTopicReply(CommandReply):
    """The imported topic."""

    topic_id: str | None = None
    """Its id."""


@frozen(kw_only=True)
class ImportTopic(Command[ImportTopicReply]):
    """Bring a topic along from another system, without callbacks and notices.

    Without an id of your own a repeat makes a second topic.
    """

    path = "group_open_http_svc/import_topic"

    type: Literal["Community"] | None = None
    """The kind of group that it belongs to: Community, given or left out."""

    group_id: GroupId = field(kw_only=False)
    """The community."""

    topic_id: TopicId | None = None
    """An id of your own, ``{GroupId}@TOPIC#_{own part}``; the service assigns one when left out."""

    topic_name: str = field(kw_only=False)
    """Its name, up to 30 bytes."""

    from_account: Annotated[AccountId | None, Wire("From_Account")] = None
    """The account that is shown as the one who acts."""

    custom_string: str | None = None
    """A text of yours, up to 3,000 bytes."""

    face_url: str | None = None
    """The address of its picture, up to 100 bytes."""

    notification: str | None = None
    """Its notice, up to 300 bytes."""

    introduction: str | None = None
    """What it is about, up to 240 bytes."""

    create_time: int | None = None
    """When it was created, Unix seconds; the time of the call when left out."""


@frozen(kw_only=True)
class CreatePermissionGroupReply(CommandReply):
    """The new permission group."""

    permission_group_id: str | None = None
    """Its id."""


@frozen(kw_only=True)
class CreatePermissionGroup(Command[CreatePermissionGroupReply]):
    """Create a permission group: members of a community who share rights.

    The community has to be one with topics that was created with ``enable_permission``, or changed to it. Without an id
    of your own a repeat makes a second group. Document 1047/61232.
    """

    path = "group_open_http_svc/create_permission_group"

    group_id: GroupId = field(kw_only=False)
    """The community."""

    permission_group_id: str | None = None
    """An id of your own, starting with ``@PMG#_``; the service assigns one when left out."""

    permission_group_name: str = field(kw_only=False)
    """Its name, up to 150 bytes."""

    permission: int | None = None
    """Its rights in the community, one bit each."""

    custom_string: str | None = None
    """A text of yours, up to 3,000 bytes."""


@frozen(kw_only=True)
class PermissionGroupResult(Result):
    """What became of one permission group."""

    permission_group_id: str
    """The group's id."""

    error_code: int | None = None
    """0 when it was deleted, otherwise why not."""

    error_info: str | None = None
    """Why not, in the service's words."""

    @property
    def failure(self) -> Failure | None:
        """Why it was not deleted."""
        return failure(self.permission_group_id, self.error_code, self.error_info)


@frozen(kw_only=True)
class DestroyPermissionGroupsReply(PartialReply):
    """What became of each permission group."""

    permission_group_result_list: list[PermissionGroupResult] = field(factory=list[PermissionGroupResult])
    """One entry for each permission group."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.permission_group_result_list


@frozen(kw_only=True)
class DestroyPermissionGroups(Command[DestroyPermissionGroupsReply]):
    """Delete up to 20 permission groups of a community. Document 1047/61233."""

    path = "group_open_http_svc/destroy_permission_group"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The community."""

    permission_group_id_list: Annotated[list[str], Items(1, 20), Targets()] = field(converter=as_ids, kw_only=False)
    """The permission groups, 1 to 20."""


@frozen(kw_only=True)
class ModifyPermissionGroup(Command[None]):
    """Change a permission group; what is left out stays as it is. Document 1047/61234."""

    path = "group_open_http_svc/modify_permission_group"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The community."""

    permission_group_id: str = field(kw_only=False)
    """The permission group."""

    permission_group_name: str | None = None
    """Its name, up to 150 bytes."""

    permission: int | None = None
    """Its rights in the community, one bit each."""

    custom_string: str | None = None
    """A text of yours, up to 3,000 bytes."""


@frozen(kw_only=True)
class PermissionGroupInfo(Result):
    """A permission group, or why it cannot be read."""

    error_code: int | None = None
    """0 when it was read, otherwise why not."""

    error_info: str | None = None
    """Why not, in the service's words."""

    permission_group_id: str | None = None
    """Its id."""

    permission_group_name: str | None = None
    """Its name."""

    custom_string: str | None = None
    """The text that whoever made it or changed it added."""

    permission: int | None = None
    """Its rights in the community, one bit each."""

    member_count: int | None = None
    """How many members it has."""

    @property
    def about(self) -> str:
        """The group's id; empty where the answer leaves it out."""
        return self.permission_group_id or ""

    @property
    def failure(self) -> Failure | None:
        """Why it could not be read."""
        return failure(self.about, self.error_code, self.error_info)


@frozen(kw_only=True)
class GetPermissionGroupsReply(PartialReply):
    """A page of permission groups, and which of them could not be read."""

    permission_group_info_list: list[PermissionGroupInfo] = field(factory=list[PermissionGroupInfo])
    """The permission groups of this page."""

    next: str | None = None
    """Where the next page begins; empty on the last."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.permission_group_info_list


@frozen(kw_only=True)
class GetPermissionGroups(PagedCommand[GetPermissionGroupsReply, PermissionGroupInfo]):
    """Read permission groups of a community, page by page. Document 1047/61235."""

    path = "group_open_http_svc/get_permission_group"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The community."""

    # No Targets: what comes on a later page is not missing from this one.
    permission_group_id_list: list[str] | None = field(default=None, converter=as_optional_ids)
    """The permission groups; all of the community when left out."""

    limit: Annotated[int | None, Between(1, 20)] = None
    """How many a page holds, 1 to 20."""

    next: str | None = None
    """Where the page begins: the answer's ``next``; empty or left out for the first."""

    def items(self, reply: GetPermissionGroupsReply, /) -> Sequence[PermissionGroupInfo]:
        """Return the permission groups of a page."""
        return reply.permission_group_info_list

    def after(self, reply: GetPermissionGroupsReply, /) -> Self | None:
        """Return the command for the next page, if there is one."""
        return evolve(self, next=reply.next) if reply.next else None


@frozen
class TopicPermission(Bounded):
    """The rights that a permission group has in one topic."""

    topic_id: TopicId
    """The topic."""

    permission: int
    """The rights, one bit each."""


def _as_permissions(permissions: Mapping[str, int] | Iterable[TopicPermission]) -> list[TopicPermission]:
    return as_pairs(permissions, TopicPermission)


@frozen(kw_only=True)
class TopicPermissionResult(Result):
    """What became of a permission group's rights in one topic, or what they are."""

    topic_id: str
    """The topic's id."""

    permission: int | None = None
    """The rights, one bit each, where they were asked for."""

    error_code: int | None = None
    """0 when it worked, otherwise why not."""

    error_info: str | None = None
    """Why not, in the service's words."""

    @property
    def failure(self) -> Failure | None:
        """Why it did not work."""
        return failure(self.topic_id, self.error_code, self.error_info)


@frozen(kw_only=True)
class _TopicPermissionsReply(PartialReply):
    """What the four commands about rights in topics answer."""

    topic_permission_result_list: list[TopicPermissionResult] = field(factory=list[TopicPermissionResult])
    """One entry for each topic."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.topic_permission_result_list


@frozen(kw_only=True)
class AddTopicPermissionsReply(_TopicPermissionsReply):
    """In which topics the rights were given."""


@frozen(kw_only=True)
class AddTopicPermissions(Command[AddTopicPermissionsReply]):
    """Give a permission group rights in up to 50 topics. Document 1047/61236."""

    path = "group_open_http_svc/add_topic_permission_group"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The community."""

    permission_group_id: str = field(kw_only=False)
    """The permission group."""

    topic_permission_list: Annotated[list[TopicPermission], Items(1, 50), Targets()] = field(converter=_as_permissions)
    """The rights in each topic, 1 to 50 topics; a dict of topic to rights will do."""


@frozen(kw_only=True)
class SetTopicPermissionsReply(_TopicPermissionsReply):
    """In which topics the rights were changed."""


@frozen(kw_only=True)
class SetTopicPermissions(Command[SetTopicPermissionsReply]):
    """Change the rights that a permission group has in topics. Document 1047/61237."""

    path = "group_open_http_svc/set_topic_permission_group"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The community."""

    permission_group_id: str = field(kw_only=False)
    """The permission group."""

    topic_permission_list: Annotated[list[TopicPermission], Targets()] = field(converter=_as_permissions)
    """The rights in each topic; a dict of topic to rights will do."""


@frozen(kw_only=True)
class DeleteTopicPermissionsReply(_TopicPermissionsReply):
    """In which topics the rights were taken away."""


@frozen(kw_only=True)
class DeleteTopicPermissions(Command[DeleteTopicPermissionsReply]):
    """Take the rights that a permission group has in topics away. Document 1047/61238."""

    path = "group_open_http_svc/delete_topic_permission_group"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The community."""

    permission_group_id: str = field(kw_only=False)
    """The permission group."""

    topic_id_list: Annotated[list[TopicId], Targets()] = field(converter=as_ids)
    """The topics."""


@frozen(kw_only=True)
class GetTopicPermissionsReply(_TopicPermissionsReply):
    """The rights in each topic."""


@frozen(kw_only=True)
class GetTopicPermissions(Command[GetTopicPermissionsReply]):
    """Read the rights that a permission group has in topics. Document 1047/61239."""

    path = "group_open_http_svc/get_topic_permission_group"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The community."""

    permission_group_id: str = field(kw_only=False)
    """The permission group."""

    topic_id_list: Annotated[list[TopicId] | None, Targets()] = field(default=None, converter=as_optional_ids)
    """The topics; all when left out."""


@frozen(kw_only=True)
class PermissionMemberResult(Result):
    """What became of one member."""

    member_account: Annotated[str, Wire("Member_Account")]
    """The account."""

    result: int | None = None
    """0 when it was done, 10013 when the account was in the permission group already, otherwise why it was not done."""

    @property
    def failure(self) -> Failure | None:
        """Why it was not done; being in the permission group already is no failure."""
        return failure(self.member_account, self.result, fine=(0, 10013))


@frozen(kw_only=True)
class AddPermissionGroupMembersReply(PartialReply):
    """What became of each member."""

    member_list: list[PermissionMemberResult] = field(factory=list[PermissionMemberResult])
    """One entry for each account."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.member_list


@frozen(kw_only=True)
class AddPermissionGroupMembers(Command[AddPermissionGroupMembersReply]):
    """Put up to 100 members of a community into a permission group. Document 1047/61240."""

    path = "group_open_http_svc/add_permission_group_member"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The community."""

    permission_group_id: str = field(kw_only=False)
    """The permission group."""

    member_list: Annotated[list[MemberAccount], Items(1, 100), Targets()] = field(converter=as_members)
    """The members, 1 to 100; accounts will do."""


@frozen(kw_only=True)
class DeletePermissionGroupMembersReply(PartialReply):
    """What became of each member."""

    member_list: list[PermissionMemberResult] = field(factory=list[PermissionMemberResult])
    """One entry for each account."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.member_list


@frozen(kw_only=True)
class DeletePermissionGroupMembers(Command[DeletePermissionGroupMembersReply]):
    """Take members of a community out of a permission group. Document 1047/61241."""

    path = "group_open_http_svc/delete_permission_group_member"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The community."""

    permission_group_id: str = field(kw_only=False)
    """The permission group."""

    member_list: Annotated[list[MemberAccount], Targets()] = field(converter=as_members)
    """The members; accounts will do."""


@frozen(kw_only=True)
class ListPermissionGroupMembersReply(CommandReply):
    """A page of a permission group's members."""

    member_list: list[MemberInfo] = field(factory=list[MemberInfo])
    """The members of this page."""

    next: str | None = None
    """Where the next page begins; empty on the last."""


@frozen(kw_only=True)
class ListPermissionGroupMembers(PagedCommand[ListPermissionGroupMembersReply, MemberInfo]):
    """List the members of a permission group, page by page. Document 1047/61242."""

    path = "group_open_http_svc/get_permission_group_member_list"
    repeatable_for = inf

    group_id: GroupId = field(kw_only=False)
    """The community."""

    permission_group_id: str = field(kw_only=False)
    """The permission group."""

    limit: int | None = None
    """How many a page holds, such as 50."""

    next: str | None = None
    """Where the page begins: the answer's ``next``; empty or left out for the first."""

    member_info_filter: list[str] | None = field(default=None, converter=as_optional_ids)
    """Which fields of a member are told, by their names on the wire, such as ``Role``."""

    def items(self, reply: ListPermissionGroupMembersReply, /) -> Sequence[MemberInfo]:
        """Return the members of a page."""
        return reply.member_list

    def after(self, reply: ListPermissionGroupMembersReply, /) -> Self | None:
        """Return the command for the next page, if there is one."""
        return evolve(self, next=reply.next) if reply.next else None


class Communities(Domain):
    """Communities: topics and permission groups."""

    create_topic: Final = endpoint(CreateTopic)
    get_topics: Final = endpoint(GetTopics)
    modify_topic: Final = endpoint(ModifyTopic)
    destroy_topics: Final = endpoint(DestroyTopics)
    import_topic: Final = endpoint(ImportTopic)
    create_permission_group: Final = endpoint(CreatePermissionGroup)
    destroy_permission_groups: Final = endpoint(DestroyPermissionGroups)
    destroy_permission_groups_all: Final = split(DestroyPermissionGroups)
    modify_permission_group: Final = endpoint(ModifyPermissionGroup)
    get_permission_groups: Final = endpoint(GetPermissionGroups)
    each_permission_group: Final = paged(GetPermissionGroups)
    add_topic_permissions: Final = endpoint(AddTopicPermissions)
    add_topic_permissions_all: Final = split(AddTopicPermissions)
    set_topic_permissions: Final = endpoint(SetTopicPermissions)
    delete_topic_permissions: Final = endpoint(DeleteTopicPermissions)
    get_topic_permissions: Final = endpoint(GetTopicPermissions)
    add_permission_group_members: Final = endpoint(AddPermissionGroupMembers)
    add_permission_group_members_all: Final = split(AddPermissionGroupMembers)
    delete_permission_group_members: Final = endpoint(DeletePermissionGroupMembers)
    delete_permission_group_members_all: Final = split(DeletePermissionGroupMembers)
    list_permission_group_members: Final = endpoint(ListPermissionGroupMembers)
    each_permission_group_member: Final = paged(ListPermissionGroupMembers)
