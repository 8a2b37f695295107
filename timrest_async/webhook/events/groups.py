"""The life of a group: made, joined, left, changed, dissolved."""

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Final

from attrs import field, frozen

from timrest_async._wire import Wire
from timrest_async.commands._reply import Part
from timrest_async.webhook.event import Event, Gate
from timrest_async.webhook.verdicts import GroupVerdict, InviteVerdict

__all__ = [
    "EVENTS",
    "ChangedAttribute",
    "GroupAfterChangeGroupOwner",
    "GroupAfterCreateGroup",
    "GroupAfterGroupAttrChanged",
    "GroupAfterGroupDestroyed",
    "GroupAfterGroupFull",
    "GroupAfterGroupInfoChanged",
    "GroupAfterMemberExit",
    "GroupAfterMemberFieldChanged",
    "GroupAfterNewMemberJoin",
    "GroupBeforeApplyJoinGroup",
    "GroupBeforeCreateGroup",
    "GroupBeforeInviteJoinGroup",
    "GroupOnDailyGroupQuotaAlarm",
    "GroupOnMemberStateChange",
    "Member",
    "UserDefinedData",
]


@frozen(kw_only=True)
class Member(Part):
    """A member of a group, or who is to become one."""

    member_account: Annotated[str, Wire("Member_Account")]
    """The account."""


@frozen(kw_only=True)
class UserDefinedData(Part):
    """A custom field of a group or a topic."""

    key: str
    """Its name."""

    value: Any = None
    """Its value."""


@frozen(kw_only=True)
class GroupBeforeCreateGroup(Gate[GroupVerdict]):
    """A group is about to be made. Document 1047/34368."""

    callback_command = "Group.CallbackBeforeCreateGroup"
    key_fields: ClassVar[tuple[str, ...]] = ("operator_account", "name", "event_time")

    operator_account: Annotated[str, Wire("Operator_Account")]
    """Who made the request; an administrator where it came by REST."""

    owner_account: Annotated[str, Wire("Owner_Account")] = ""
    """The group's owner; empty where it has none."""

    type: str = ""
    """The group's kind, such as ``Public``, ``Work``, ``Meeting``, ``AVChatRoom`` or ``Community``."""

    name: str = ""
    """The group's name."""

    create_group_num: int = 0
    """How many groups of this kind the user has made so far."""

    created_group_num: dict[str, int] = field(factory=dict[str, int])
    """How many groups of each kind the user has made so far, by the kind."""

    invite_option: str | None = None
    """How invitations to it are to be handled: ``FreeAccess``, ``NeedPermission`` or ``DisableInvite``."""

    member_list: list[Member] = field(factory=list[Member])
    """Who is to be a member from the beginning; :attr:`members` has the plain accounts."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""

    @property
    def members(self) -> list[str]:
        """The accounts that are to be members from the beginning."""
        return [member.member_account for member in self.member_list]


@frozen(kw_only=True)
class GroupAfterCreateGroup(Event):
    """A group was made. Document 1047/34369."""

    callback_command = "Group.CallbackAfterCreateGroup"
    key_fields: ClassVar[tuple[str, ...]] = ("group_id", "event_time")

    group_id: str
    """The group."""

    operator_account: Annotated[str, Wire("Operator_Account")]
    """Who made the request; an administrator where it came by REST."""

    owner_account: Annotated[str, Wire("Owner_Account")] = ""
    """The group's owner; empty where it has none."""

    type: str = ""
    """The group's kind, such as ``Public``, ``Work``, ``Meeting``, ``AVChatRoom`` or ``Community``."""

    name: str = ""
    """The group's name."""

    member_list: list[Member] = field(factory=list[Member])
    """Who is a member from the beginning; :attr:`members` has the plain accounts."""

    user_defined_data_list: list[UserDefinedData] = field(factory=list[UserDefinedData])
    """Its custom fields, where the console lets them be told."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""

    @property
    def members(self) -> list[str]:
        """The accounts that are members from the beginning."""
        return [member.member_account for member in self.member_list]


@frozen(kw_only=True)
class GroupBeforeApplyJoinGroup(Gate[GroupVerdict]):
    """A user asks to join a group. Document 1047/34370.

    Where your application allows it, the group's administrators may still have to.
    """

    callback_command = "Group.CallbackBeforeApplyJoinGroup"
    key_fields: ClassVar[tuple[str, ...]] = ("group_id", "requestor_account", "event_time")

    group_id: str
    """The group."""

    type: str = ""
    """The group's kind, such as ``Public``, ``Work``, ``Meeting``, ``AVChatRoom`` or ``Community``."""

    requestor_account: Annotated[str, Wire("Requestor_Account")]
    """Who asks."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""


@frozen(kw_only=True)
class GroupBeforeInviteJoinGroup(Gate[InviteVerdict]):
    """Users are about to be invited to a group. Document 1047/34371.

    :meth:`refuse` keeps all of them out, :meth:`refuse_members` some.
    """

    callback_command = "Group.CallbackBeforeInviteJoinGroup"
    key_fields: ClassVar[tuple[str, ...]] = ("group_id", "operator_account", "destination_members", "event_time")

    group_id: str
    """The group."""

    type: str = ""
    """The group's kind, such as ``Public``, ``Work``, ``Meeting``, ``AVChatRoom`` or ``Community``."""

    operator_account: Annotated[str, Wire("Operator_Account")]
    """Who made the request; an administrator where it came by REST."""

    destination_members: list[Member]
    """Who is invited; :attr:`members` has the plain accounts."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""

    @property
    def members(self) -> list[str]:
        """The accounts that are invited."""
        return [member.member_account for member in self.destination_members]

    def refuse_members(self, accounts: Iterable[str] | str) -> InviteVerdict:
        """Do not let *accounts*, one or several, be added; all others are.

        Raises:
            InputError: nobody is named, or somebody who is not invited.

        """
        return self._verdict(refused_members_account=self._chosen("refuse_members", accounts, self.members))


@frozen(kw_only=True)
class GroupAfterNewMemberJoin(Event):
    """Members joined. Document 1047/34372."""

    callback_command = "Group.CallbackAfterNewMemberJoin"
    key_fields: ClassVar[tuple[str, ...]] = ("group_id", "new_member_list", "event_time")

    group_id: str
    """The group."""

    type: str = ""
    """The group's kind, such as ``Public``, ``Work``, ``Meeting``, ``AVChatRoom`` or ``Community``."""

    join_type: str = ""
    """``Apply``: they asked to. ``Invited``: they were invited."""

    operator_account: Annotated[str, Wire("Operator_Account")]
    """Who made the request; an administrator where it came by REST."""

    new_member_list: list[Member]
    """Who joined; :attr:`members` has the plain accounts."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""

    @property
    def members(self) -> list[str]:
        """The accounts that joined."""
        return [member.member_account for member in self.new_member_list]


@frozen(kw_only=True)
class GroupAfterMemberExit(Event):
    """Members left, or were removed. Document 1047/34373."""

    callback_command = "Group.CallbackAfterMemberExit"
    key_fields: ClassVar[tuple[str, ...]] = ("group_id", "exit_member_list", "event_time")

    group_id: str
    """The group."""

    type: str = ""
    """The group's kind, such as ``Public``, ``Work``, ``Meeting``, ``AVChatRoom`` or ``Community``."""

    exit_type: str = ""
    """``Kicked``: they were removed. ``Quit``: they left."""

    operator_account: Annotated[str, Wire("Operator_Account")]
    """Who made the request; an administrator where it came by REST."""

    exit_member_list: list[Member]
    """Who left; :attr:`members` has the plain accounts."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""

    @property
    def members(self) -> list[str]:
        """The accounts that left."""
        return [member.member_account for member in self.exit_member_list]


@frozen(kw_only=True)
class GroupAfterGroupFull(Event):
    """A group has as many members as it may. Document 1047/34376."""

    callback_command = "Group.CallbackAfterGroupFull"
    key_fields: ClassVar[tuple[str, ...]] = ("group_id", "event_time")

    group_id: str
    """The group."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""


@frozen(kw_only=True)
class GroupAfterGroupDestroyed(Event):
    """A group was dissolved. Document 1047/34377."""

    callback_command = "Group.CallbackAfterGroupDestroyed"
    key_fields: ClassVar[tuple[str, ...]] = ("group_id", "event_time")

    group_id: str
    """The group."""

    type: str = ""
    """The group's kind, such as ``Public``, ``Work``, ``Meeting``, ``AVChatRoom`` or ``Community``."""

    owner_account: Annotated[str, Wire("Owner_Account")] = ""
    """The group's owner; empty where it has none."""

    name: str = ""
    """The group's name."""

    member_list: list[Member] = field(factory=list[Member])
    """Who was a member; empty for communities; :attr:`members` has the plain accounts."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""

    @property
    def members(self) -> list[str]:
        """The accounts that were members."""
        return [member.member_account for member in self.member_list]


@frozen(kw_only=True)
class GroupAfterGroupInfoChanged(Event):
    """A group's profile was changed. Document 1047/34378."""

    callback_command = "Group.CallbackAfterGroupInfoChanged"
    key_fields: ClassVar[tuple[str, ...]] = (
        "group_id",
        "name",
        "introduction",
        "notification",
        "face_url",
        "event_time",
    )

    group_id: str
    """The group."""

    type: str = ""
    """The group's kind, such as ``Public``, ``Work``, ``Meeting``, ``AVChatRoom`` or ``Community``."""

    operator_account: Annotated[str, Wire("Operator_Account")]
    """Who made the request; an administrator where it came by REST."""

    name: str | None = None
    """The group's name; ``None`` where that was not changed."""

    introduction: str | None = None
    """What the group is about; ``None`` where that was not changed."""

    notification: str | None = None
    """The group's notice; ``None`` where that was not changed."""

    face_url: str | None = None
    """The address of the group's picture; ``None`` where that was not changed."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""


@frozen(kw_only=True)
class GroupOnMemberStateChange(Event):
    """Members of a live group (AVChatRoom) lost or regained their connection. Document 1047/48734."""

    callback_command = "Group.CallbackOnMemberStateChange"

    group_id: str
    """The group."""

    type: str | None = None
    """The group's kind, such as ``Public``, ``Work``, ``Meeting``, ``AVChatRoom`` or ``Community``."""

    event_type: str = ""
    """``Offline``: they lost it. ``Online``: they regained it."""

    member_list: list[Member]
    """Who lost or regained it; :attr:`members` has the plain accounts."""

    @property
    def members(self) -> list[str]:
        """The accounts that lost or regained it."""
        return [member.member_account for member in self.member_list]


@frozen(kw_only=True)
class GroupAfterMemberFieldChanged(Event):
    """A member's role or name in a group was changed."""

    callback_command = "Group.CallbackAfterMemberFieldChanged"
    key_fields: ClassVar[tuple[str, ...]] = ("group_id", "modified_account", "role", "name_card", "event_time")

    group_id: str
    """The group."""

    type: str = ""
    """The group's kind, such as ``Public``, ``Work``, ``Meeting``, ``AVChatRoom`` or ``Community``."""

    operator_account: Annotated[str, Wire("Operator_Account")]
    """Who made the request; an administrator where it came by REST."""

    modified_account: Annotated[str, Wire("Modified_Account")]
    """The member."""

    role: str | None = None
    """``Admin`` or ``Member``; ``None`` where that was not changed."""

    name_card: str | None = None
    """The member's name in the group; ``None`` where that was not changed."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""


@frozen(kw_only=True)
class ChangedAttribute(Part):
    """An attribute of a group that was set or deleted."""

    key: Annotated[str, Wire("key")]
    """Its name."""

    value: Annotated[str, Wire("value")] = ""
    """Its value."""


@frozen(kw_only=True)
class GroupAfterGroupAttrChanged(Event):
    """Attributes of a group were set or deleted."""

    callback_command = "Group.CallbackAfterGroupAttrChanged"
    key_fields: ClassVar[tuple[str, ...]] = ("group_id", "option_type", "group_attr", "event_time")

    group_id: str
    """The group."""

    type: str = ""
    """The group's kind, such as ``Public``, ``Work``, ``Meeting``, ``AVChatRoom`` or ``Community``."""

    operator_account: Annotated[str, Wire("Operator_Account")]
    """Who made the request; an administrator where it came by REST."""

    option_type: str = ""
    """``set``: these in the place of all. ``modify``: these beside the others. ``delete``: these are gone.
    ``clear``: all are gone."""

    group_attr: list[ChangedAttribute] = field(factory=list[ChangedAttribute])
    """The attributes; :attr:`attributes` has them as a dict."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""

    @property
    def attributes(self) -> dict[str, str]:
        """The attributes, each value by its name."""
        return {attribute.key: attribute.value for attribute in self.group_attr}


@frozen(kw_only=True)
class GroupAfterChangeGroupOwner(Event):
    """A group was handed to another owner."""

    callback_command = "Group.CallbackAfterChangeGroupOwner"
    key_fields: ClassVar[tuple[str, ...]] = ("group_id", "old_owner_account", "new_owner_account", "event_time")

    group_id: str
    """The group."""

    type: str = ""
    """The group's kind, such as ``Public``, ``Work``, ``Meeting``, ``AVChatRoom`` or ``Community``."""

    operator_account: Annotated[str, Wire("Operator_Account")]
    """Who made the request; an administrator where it came by REST."""

    old_owner_account: Annotated[str, Wire("OldOwner_Account")] = ""
    """Who was its owner; empty where it had none."""

    new_owner_account: Annotated[str, Wire("NewOwner_Account")]
    """Who is its owner."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""


@frozen(kw_only=True)
class GroupOnDailyGroupQuotaAlarm(Event):
    """Nearly as many groups were made today as the application may make in a day."""

    callback_command = "Group.CallbackOnDailyGroupQuotaAlarm"
    key_fields: ClassVar[tuple[str, ...]] = ("quota_used", "event_time")

    quota_used: int = 0
    """How many groups were made today."""

    quota: int = 0
    """How many may be made in a day."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""


EVENTS: Final = (
    GroupBeforeCreateGroup,
    GroupAfterCreateGroup,
    GroupBeforeApplyJoinGroup,
    GroupBeforeInviteJoinGroup,
    GroupAfterNewMemberJoin,
    GroupAfterMemberExit,
    GroupAfterGroupFull,
    GroupAfterGroupDestroyed,
    GroupAfterGroupInfoChanged,
    GroupOnMemberStateChange,
    GroupAfterMemberFieldChanged,
    GroupAfterGroupAttrChanged,
    GroupAfterChangeGroupOwner,
    GroupOnDailyGroupQuotaAlarm,
)
"""In the manual's order."""
