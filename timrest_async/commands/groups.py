"""Groups. The manual's document: 269/1615 (create)."""

from typing import Annotated, Literal, TypeAlias

from attrs import frozen

from timrest_async._bounds import Bounded, Items
from timrest_async._wire import Struct, Wire
from timrest_async.commands._command import Command
from timrest_async.commands._domain import Domain, endpoint
from timrest_async.commands._shared import AccountId, GroupId, KeyValue

__all__ = [
    "ApplyJoinOption",
    "CreateGroup",
    "CreateGroupReply",
    "GroupType",
    "Groups",
    "InitialMember",
    "InviteJoinOption",
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
class InitialMember(Bounded):
    """A member from the start. The service honours the account, the role and the custom fields alone."""

    member_account: Annotated[AccountId, Wire("Member_Account")]
    """Who."""

    role: Literal["Admin"] | None = None
    """Admin, or an ordinary member when left out."""

    app_member_defined_data: list[KeyValue] | None = None
    """The member's custom fields."""

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


@frozen(kw_only=True)
class CreateGroupReply(Struct):
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

    With an id of your own a repeat fails harmlessly (10021 or 10025); without one it makes a second group. Document
    269/1615.
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

    app_defined_data: list[KeyValue] | None = None
    """The group's custom fields."""

    member_list: Annotated[list[InitialMember] | None, Items(0, 100)] = None
    """The first members, at most 100; not for AVChatRoom."""

    support_topic: Literal[0, 1] | None = None
    """1: a community with topics."""

    enable_permission: Literal[0, 1] | None = None
    """1: permission groups decide what members may do; communities with topics only."""

    default_permission: int | None = None
    """The members' permission bits, with *enable_permission*."""


class Groups(Domain):
    """Groups."""

    create = endpoint(CreateGroup)
