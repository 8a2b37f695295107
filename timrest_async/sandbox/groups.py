"""Groups: create. The manual's document: 269/1615."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final, cast

from timrest_async.sandbox.request import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State

__all__ = ["BAD_GROUP_ID", "BAD_PARAMETER", "GROUP_ID_BYTES", "LIVE_GROUPS", "UNKNOWN_ACCOUNT", "create"]

BAD_PARAMETER: Final = 10004
BAD_GROUP_ID: Final = 10015
UNKNOWN_ACCOUNT: Final = 10019
"""The commands' own tables leave it out; the central one gives it for any account that does not exist."""

GROUP_ID_BYTES: Final = 48
FIRST_MEMBERS: Final = 100
LIVE_GROUPS: Final = frozenset({"AVChatRoom", "BChatRoom"})

_TYPES: Final[Mapping[str, str]] = {
    "Public": "Public",
    "Private": "Private",
    "Work": "Private",
    "ChatRoom": "ChatRoom",
    "Meeting": "ChatRoom",
    "AVChatRoom": "AVChatRoom",
    "BChatRoom": "BChatRoom",
    "Community": "Community",
}
"""Kinds of group, and under which name the service keeps each."""

_OPTIONAL: Final[Mapping[str, type]] = {
    "Introduction": str,
    "Notification": str,
    "FaceUrl": str,
    "MaxMemberCount": int,
    "AppDefinedData": list,
    "MemberList": list,
    "SupportTopic": int,
    "EnablePermission": int,
    "DefaultPermission": int,
}


def create(state: State, request: Request) -> dict[str, Any]:
    """Create a group."""
    group_type = _TYPES.get(request.text("Type", BAD_PARAMETER))
    if group_type is None:
        raise Refusal(BAD_PARAMETER, f"Type has to be one of {', '.join(_TYPES)}")
    name = request.text("Name", BAD_PARAMETER)
    _check_optional(request)
    owner = _owner(state, request)
    members = _members(state, request, group_type)
    group_id = _own_id(state, request, group_type) if "GroupId" in request else _assigned_id(group_type)
    state.add_group(group_id, group_type=group_type, name=name, owner=owner, members=members)
    return {"GroupId": group_id}


def _check_optional(request: Request) -> None:
    request.expect(BAD_PARAMETER, _OPTIONAL)
    request.expect_one_of("ApplyJoinOption", ("FreeAccess", "NeedPermission", "DisableApply"), BAD_PARAMETER)
    request.expect_one_of("InviteJoinOption", ("FreeAccess", "NeedPermission", "DisableInvite"), BAD_PARAMETER)


def _owner(state: State, request: Request) -> str | None:
    if "Owner_Account" not in request:
        return None
    request.expect(60015, {"Owner_Account": str})
    return _existing(state, request.fields["Owner_Account"])


def _members(state: State, request: Request, group_type: str) -> list[str]:
    listed: list[Any] = request.fields.get("MemberList", [])
    if listed and group_type == "AVChatRoom":
        raise Refusal(10007, "an AVChatRoom takes no MemberList")
    if len(listed) > FIRST_MEMBERS:
        raise Refusal(10005)
    return [_existing(state, _member(item)) for item in listed]


def _member(item: Any) -> str:
    fields = cast("dict[str, Any]", item) if type(item) is dict else {}
    account = fields.get("Member_Account")
    if not isinstance(account, str):
        raise Refusal(BAD_PARAMETER, "MemberList has to hold objects with a Member_Account")
    if fields.get("Role", "Admin") != "Admin":
        raise Refusal(BAD_PARAMETER, "the Role of a first member is Admin or left out")
    return account


def _existing(state: State, account: str) -> str:
    if account not in state.accounts:
        raise Refusal(UNKNOWN_ACCOUNT, f"this account does not exist: {account!r}")
    return account


def _own_id(state: State, request: Request, group_type: str) -> str:
    """Read an id of the caller's own. A repeat of the same call is 10025, whether the group has an owner or not."""
    request.expect(BAD_PARAMETER, {"GroupId": str})
    group_id = request.text("GroupId", BAD_GROUP_ID, most=GROUP_ID_BYTES)
    if not (group_id.isascii() and group_id.isprintable()):
        raise Refusal(BAD_GROUP_ID, "GroupId may hold printable ASCII characters only")
    if group_type == "Community" and not group_id.startswith("@TGS#_"):
        raise Refusal(BAD_GROUP_ID, "the GroupId of a Community has to start with @TGS#_")
    if group_type != "Community" and group_id.startswith("@TGS#"):
        raise Refusal(BAD_GROUP_ID, "ids that start with @TGS# are the service's own")
    if (taken := state.groups.get(group_id)) is not None:
        raise Refusal(10025 if taken.owner_account == request.fields.get("Owner_Account") else 10021)
    return group_id


def _assigned_id(group_type: str) -> str:
    return f"@TGS#_{token_hex(8)}" if group_type == "Community" else f"@TGS#{token_hex(8).upper()}"
