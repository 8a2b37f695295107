"""Permission groups of communities: create, read, change, delete, their members, their rights in topics.

The manual's documents: 1047/61232 to 1047/61242. They name few codes, so much here is a judgement call:

- A community without EnablePermission is one of the wrong type, 10007; a permission group that is not there is a bad
  parameter, 10004; an id of your own that is in use is 10021.
- A topic that is not there fails with 10010. Rights can be set where none were added, and added where some are; rights
  in a topic that were never given are 0, and can be taken away all the same.
- An account that does not exist fails with 10019; who is no member of the community, or is to be taken out of a
  permission group without being in it, with 10004.
- No callback is documented for any of this, and none is sent; nobody in the sandbox is held to the rights.
"""

from __future__ import annotations

import re
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final

from timrest_async.commands.communities import (
    AddPermissionGroupMembers,
    AddTopicPermissions,
    CreatePermissionGroup,
    DeletePermissionGroupMembers,
    DeleteTopicPermissions,
    DestroyPermissionGroups,
    GetPermissionGroups,
    GetTopicPermissions,
    ListPermissionGroupMembers,
    ModifyPermissionGroup,
    SetTopicPermissions,
)
from timrest_async.sandbox.play.groups import GROUP_CODES, WRONG_TYPE_OF_GROUP
from timrest_async.sandbox.play.topics import DONE, check_bytes, community_of, failed, items
from timrest_async.sandbox.plays import Codes, Play, Plays
from timrest_async.sandbox.request import Refusal
from timrest_async.sandbox.store import packed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from timrest_async.sandbox.events import Answer
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State
    from timrest_async.sandbox.store import Row

__all__ = ["PLAYS"]

GROUPS_PAGE: Final = 20
MEMBERS_PAGE: Final = 100
PREFIX: Final = "@PMG#_"
NO_PERMISSION_GROUP: Final = 10004

_BYTES: Final[Mapping[str, int]] = {"PermissionGroupName": 150, "CustomString": 3_000}
_CHANGEABLE: Final = (*_BYTES, "Permission")
_MEMBER: Final = (
    *("Member_Account", "Role", "JoinTime", "MsgSeq", "MsgFlag"),
    *("LastSendMsgTime", "MuteUntil", "NameCard", "OnlineStatus"),
)


def create(state: State, request: Request) -> Answer:
    """Create a permission group."""
    group_id = _community(state, request)
    check_bytes(request, _BYTES)
    own_id: str = request.get("PermissionGroupId", f"{PREFIX}@PMG#c{token_hex(6).upper()}")
    if not (own_id.startswith(PREFIX) and own_id != PREFIX and own_id.isascii() and own_id.isprintable()):
        raise Refusal(10004, f"PermissionGroupId has to be {PREFIX} and something of your own, in printable ASCII")
    if _known(state, group_id, own_id):
        raise Refusal(10021, "PermissionGroupId is in use")
    row = {name: request[name] for name in _CHANGEABLE if name in request}
    state.store.insert("permission_groups", {"GroupId": group_id, "PermissionGroupId": own_id} | row)
    return {"PermissionGroupId": own_id}


def destroy(state: State, request: Request) -> Answer:
    """Delete permission groups; each says for itself whether it was there."""
    group_id = _community(state, request)
    sql = "DELETE FROM permission_groups WHERE GroupId = ? AND PermissionGroupId = ?"
    gone = {one: state.store.run(sql, group_id, one) == 1 for one in request["PermissionGroupIdList"]}
    results = [{"PermissionGroupId": one, **(DONE if was_there else _unknown())} for one, was_there in gone.items()]
    return {"PermissionGroupResultList": results}


def modify(state: State, request: Request) -> Answer:
    """Change what is given of a permission group."""
    which = _permission_group(state, request)
    check_bytes(request, _BYTES)
    for name in _CHANGEABLE:
        if name in request:
            sql = f"UPDATE permission_groups SET {name} = ? WHERE GroupId = ? AND PermissionGroupId = ?"  # noqa: S608  # ours
            state.store.run(sql, request[name], *which)
    return {}


def get(state: State, request: Request) -> Answer:
    """Read permission groups page by page: those that are named, in their order, or else all."""
    group_id, after = _community(state, request), _cursor(request)
    limit: int = request.get("Limit", GROUPS_PAGE)
    if ids := request.get("PermissionGroupIdList"):
        rows = state.store.rows(_NAMED, group_id, packed(list(dict.fromkeys(ids))), after, limit + 1)
    else:
        rows = state.store.rows(_EVERY, group_id, after, limit + 1)
    page, following = _page(rows, limit)
    return {"PermissionGroupInfoList": [_info(row) for row in page], "Next": following}


_INFO: Final = ("PermissionGroupId", "PermissionGroupName", "CustomString", "Permission", "MemberCount")
_EVERY: Final = (
    "SELECT number AS place, * FROM permission_group_infos WHERE GroupId = ? AND number > ? ORDER BY number LIMIT ?"
)
_NAMED: Final = (
    "SELECT key + 1 AS place, value AS asked, permission_group_infos.* FROM json_each(?2)"
    " LEFT JOIN permission_group_infos ON GroupId = ?1 AND PermissionGroupId = value"
    " WHERE place > ?3 ORDER BY place LIMIT ?4"
)


def write_permissions(state: State, request: Request) -> Answer:
    """Give a permission group rights in topics, in the place of those that it has there."""
    which = _permission_group(state, request)
    rights = {item["TopicId"]: item["Permission"] for item in items(request, "TopicPermissionList")}
    there = _topics(state, which[0], rights)
    for topic_id in there:
        state.store.run(
            "INSERT INTO topic_permissions (GroupId, PermissionGroupId, TopicId, Permission) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (GroupId, PermissionGroupId, TopicId) DO UPDATE SET Permission = excluded.Permission",
            *which,
            topic_id,
            rights[topic_id],
        )
    return _results(rights, there)


def delete_permissions(state: State, request: Request) -> Answer:
    """Take the rights of a permission group in topics away."""
    which = _permission_group(state, request)
    ids = list(dict.fromkeys(items(request, "TopicIdList")))
    state.store.run(
        "DELETE FROM topic_permissions WHERE GroupId = ? AND PermissionGroupId = ?"
        " AND TopicId IN (SELECT value FROM json_each(?))",
        *which,
        packed(ids),
    )
    return _results(ids, _topics(state, which[0], ids))


def get_permissions(state: State, request: Request) -> Answer:
    """Read the rights of a permission group in the topics that are named, or else wherever it has some."""
    which = _permission_group(state, request)
    rights: dict[str, int] = {
        row["TopicId"]: row["Permission"]
        for row in state.store.rows(
            "SELECT TopicId, Permission FROM topic_permissions WHERE GroupId = ? AND PermissionGroupId = ?"
            " ORDER BY number",
            *which,
        )
    }
    ids = list(dict.fromkeys(request.get("TopicIdList") or rights))
    there = _topics(state, which[0], ids)
    return _results(ids, {topic_id: {"Permission": rights.get(topic_id, 0)} for topic_id in there})


def add_members(state: State, request: Request) -> Answer:
    """Put members of a community into a permission group."""
    which = _permission_group(state, request)
    results = _standing(state, which, request["MemberList"])
    for account in (account for account, result in results.items() if result == OUTSIDE):
        row = {"GroupId": which[0], "PermissionGroupId": which[1], "Member_Account": account}
        state.store.insert("permission_group_members", row)
    return _members({account: 0 if result == OUTSIDE else result for account, result in results.items()})


def delete_members(state: State, request: Request) -> Answer:
    """Take members out of a permission group."""
    which = _permission_group(state, request)
    results = _standing(state, which, items(request, "MemberList"))
    state.store.run(
        "DELETE FROM permission_group_members WHERE GroupId = ? AND PermissionGroupId = ?"
        " AND Member_Account IN (SELECT value FROM json_each(?))",
        *which,
        packed(list(results)),
    )
    return _members({account: _TAKEN_OUT.get(result, result) for account, result in results.items()})


def list_members(state: State, request: Request) -> Answer:
    """List the members of a permission group, page by page."""
    which, after = _permission_group(state, request), _cursor(request)
    limit: int = request.get("Limit", MEMBERS_PAGE)
    if limit < 1:
        raise Refusal(10004, f"Limit has to be 1 or more, not {limit}")
    limit = min(limit, MEMBERS_PAGE)
    rows = state.store.rows(
        "SELECT chosen.number AS place, member_infos.* FROM permission_group_members AS chosen"
        " JOIN member_infos USING (GroupId, Member_Account)"
        " WHERE chosen.GroupId = ? AND PermissionGroupId = ? AND place > ? ORDER BY place LIMIT ?",
        *which,
        after,
        limit + 1,
    )
    page, following = _page(rows, limit)
    wanted = {"Member_Account", *(request.get("MemberInfoFilter") or _MEMBER)}
    names = [name for name in _MEMBER if name in wanted]
    return {"MemberList": [_member(state, row, names) for row in page], "Next": following}


def _community(state: State, request: Request) -> str:
    """Return the id of the community; refuse one that has no use for permission groups."""
    group = community_of(state, request)
    if not group["EnablePermission"]:
        raise Refusal(WRONG_TYPE_OF_GROUP, "permission groups are for communities with EnablePermission")
    group_id: str = group["GroupId"]
    return group_id


def _permission_group(state: State, request: Request) -> tuple[str, str]:
    """Return the ids of the community and of its permission group that *request* is about."""
    which = _community(state, request), request["PermissionGroupId"]
    if not _known(state, *which):
        raise Refusal(NO_PERMISSION_GROUP, f"there is no permission group {which[1]!r} in this community")
    return which


def _known(state: State, group_id: str, own_id: str) -> bool:
    sql = "SELECT 1 FROM permission_groups WHERE GroupId = ? AND PermissionGroupId = ?"
    return state.store.row(sql, group_id, own_id) is not None


def _unknown() -> Row:
    return failed(NO_PERMISSION_GROUP, "there is no such permission group in this community")


def _info(row: Row) -> Row:
    """Make the answer's entry of one permission group."""
    if row["PermissionGroupId"] is None:
        return _unknown() | {"PermissionGroupId": row["asked"]}
    return DONE | {name: row[name] for name in _INFO}


def _cursor(request: Request) -> int:
    """Read where a page starts: behind the place of the last one on the page before."""
    text: str = request.get("Next", "")
    if not re.fullmatch(r"[0-9]{0,18}", text):
        raise Refusal(10004, "Next has to be empty for the first page, then what the one before said")
    return int(text or 0)


def _page(rows: list[Row], limit: int) -> tuple[list[Row], str]:
    """Return what stands on the page, and where the next one starts, if there is one."""
    page = rows[:limit]
    return page, str(page[-1]["place"]) if len(rows) > limit else ""


def _topics(state: State, group_id: str, ids: Iterable[str]) -> dict[str, Row]:
    """Return which topics are there, with nothing to tell of them."""
    sql = "SELECT TopicId FROM json_each(?) JOIN topics ON TopicId = value AND GroupId = ? ORDER BY key"
    return {topic_id: {} for topic_id in state.store.values(sql, packed(list(ids)), group_id)}


def _results(ids: Iterable[str], there: Mapping[str, Row]) -> Answer:
    """Say of each topic what became of it."""
    missing = failed(10010, "there is no such topic in this community")
    results = [{"TopicId": one, **(there[one] | DONE if one in there else missing)} for one in ids]
    return {"TopicPermissionResultList": results}


INSIDE, OUTSIDE = 10013, 0
"""How an account stands to a permission group, as the code that it gets when it is to be put in."""
_TAKEN_OUT: Final = {INSIDE: 0, OUTSIDE: 10004}


def _standing(state: State, which: tuple[str, str], listed: list[dict[str, Any]]) -> dict[str, int]:
    """Tell how each account stands to a permission group, or why it stands nowhere."""
    rows = state.store.rows(
        "SELECT value AS account, CASE"
        " WHEN EXISTS (SELECT 1 FROM permission_group_members"
        " WHERE GroupId = ?1 AND PermissionGroupId = ?2 AND Member_Account = value) THEN ?3"
        " WHEN EXISTS (SELECT 1 FROM group_members WHERE GroupId = ?1 AND Member_Account = value) THEN ?4"
        " WHEN EXISTS (SELECT 1 FROM accounts WHERE UserID = value) THEN 10004"
        " ELSE 10019 END AS result FROM json_each(?5) ORDER BY key",
        *which,
        INSIDE,
        OUTSIDE,
        packed(list(dict.fromkeys(item["Member_Account"] for item in listed))),
    )
    return {row["account"]: row["result"] for row in rows}


def _members(results: Mapping[str, int]) -> Answer:
    return {"MemberList": [{"Member_Account": account, "Result": result} for account, result in results.items()]}


def _member(state: State, row: Row, names: list[str]) -> Row:
    """Make the answer's entry of one member."""
    row["MuteUntil"] *= row["MuteUntil"] > state.now
    custom = row["AppMemberDefinedData"]
    return {name: row[name] for name in names} | ({"AppMemberDefinedData": custom} if custom else {})


_MEMBERS_CODES: Final = Codes(10004, limit=GROUP_CODES.limit, loose={"MemberInfoFilter"})
"""The names in MemberInfoFilter differ from year to year."""

PLAYS: Final[Plays] = {
    CreatePermissionGroup: Play(create, GROUP_CODES),
    DestroyPermissionGroups: Play(destroy, GROUP_CODES),
    ModifyPermissionGroup: Play(modify, GROUP_CODES),
    GetPermissionGroups: Play(get, GROUP_CODES),
    AddTopicPermissions: Play(write_permissions, GROUP_CODES),
    SetTopicPermissions: Play(write_permissions, GROUP_CODES),
    DeleteTopicPermissions: Play(delete_permissions, GROUP_CODES),
    GetTopicPermissions: Play(get_permissions, GROUP_CODES),
    AddPermissionGroupMembers: Play(add_members, GROUP_CODES),
    DeletePermissionGroupMembers: Play(delete_members, GROUP_CODES),
    ListPermissionGroupMembers: Play(list_members, _MEMBERS_CODES),
}
