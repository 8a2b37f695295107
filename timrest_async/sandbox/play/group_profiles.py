"""Groups: list, read, change, count who is online.

The manual's documents: 269/1614, 269/1616, 269/1620, 269/1625, 269/49180. Where they leave it open: a field that the
type of a group does not know is passed over; every Private group is active; and everybody in an AVChatRoom is online.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import evolve

from timrest_async.commands.groups import CountOnlineMembers, GetGroups, ListGroups, ListJoinedGroups, ModifyGroup
from timrest_async.sandbox.play.groups import (
    GROUP_CODES,
    LIVE_GROUPS,
    TYPES,
    change_group,
    check_accounts,
    check_most_members,
    check_texts,
    custom_fields,
    fitting,
    group_of,
    refuse_types,
)
from timrest_async.sandbox.plays import Play, Plays
from timrest_async.sandbox.request import Refusal
from timrest_async.sandbox.store import packed, present

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from timrest_async.sandbox.events import Answer
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State
    from timrest_async.sandbox.store import Row

__all__ = ["PLAYS", "check_answer"]

PAGE: Final = 10_000
BATCH: Final = 50
ID_BYTES: Final = 48
ANSWER_BYTES: Final = 1024 * 1024

_PROFILE: Final[Mapping[str, str]] = {
    "Type": "Type",
    "Name": "Name",
    "Introduction": "Introduction",
    "Notification": "Notification",
    "FaceUrl": "FaceUrl",
    "Owner_Account": "ifnull(Owner_Account, '')",
    "CreateTime": "CreateTime",
    "InfoSeq": "InfoSeq",
    "LastInfoTime": "LastInfoTime",
    "LastMsgTime": "LastMsgTime",
    "NextMsgSeq": "NextMsgSeq",
    "MemberNum": (
        "iif(Type IN ('AVChatRoom', 'BChatRoom'), NULL,"
        " (SELECT count(*) FROM group_members AS every WHERE every.GroupId = groups.GroupId))"
    ),
    "MaxMemberNum": "iif(Type IN ('AVChatRoom', 'BChatRoom'), NULL, MaxMemberCount)",
    "ApplyJoinOption": "iif(Type = 'Community', 'FreeAccess', ApplyJoinOption)",
    "InviteJoinOption": "ifnull(InviteJoinOption, iif(Type = 'Private', 'FreeAccess', 'DisableInvite'))",
    "MuteAllMember": "MuteAllMember",
}
"""What every group has in its profile, and where it stands; live groups tell no number of members."""

_INFO: Final = {**_PROFILE, "EnablePermission": "EnablePermission", "DefaultPermission": "DefaultPermission"}
_JOINED: Final = {**_PROFILE, "SupportTopic": "SupportTopic"}
_SELF: Final = ("Role", "JoinTime", "MsgFlag", "MsgSeq")
_MEMBER: Final = ("Role", "JoinTime", "MsgSeq", "MsgFlag", "LastSendMsgTime", "MuteUntil", "NameCard")
_ASKED: Final = (*_MEMBER, "OnlineStatus")
"""What is told of a member, and what may be asked for."""


def check_answer(answer: Answer) -> Answer:
    """Return *answer* if the service would send so much."""
    if len(packed(answer).encode()) > ANSWER_BYTES:
        raise Refusal(10018)
    return answer


def list_all(state: State, request: Request) -> Answer:
    """List the ids of all groups, page by page; Next is the place of the last one on the page."""
    start, limit = request.get("Next", 0), request.get("Limit", PAGE)
    group_type = TYPES.get(request.get("GroupType", ""))
    where = "? IS NULL" if group_type is None else "Type = ?"
    sql = f"SELECT rowid AS place, GroupId FROM groups WHERE {where} AND rowid > ? ORDER BY rowid LIMIT ?"  # noqa: S608  # ours
    found = state.store.rows(sql, group_type, min(start, 2**63 - 1), limit + 1)
    page = found[:limit]
    return {
        "TotalCount": state.store.value(f"SELECT count(*) FROM groups WHERE {where}", group_type),  # noqa: S608  # ours
        "GroupIdList": [{"GroupId": group["GroupId"]} for group in page],
        "Next": page[-1]["place"] if len(found) > limit else 0,
    }


def get(state: State, request: Request) -> Answer:
    """Read groups, with their members; each one says for itself whether it was found."""
    ids: list[str] = request["GroupIdList"]
    if not 1 <= len(ids) <= BATCH:
        raise Refusal(10004, f"GroupIdList has to hold 1 to {BATCH} ids, not {len(ids)}")
    wanted: Mapping[str, Any] = present(request["ResponseFilter"]) if "ResponseFilter" in request else _EVERYTHING
    columns = _columns(_INFO, wanted.get("GroupBaseInfoFilter", ()))
    return check_answer({"GroupInfo": [_info(state, group_id, columns, wanted) for group_id in ids]})


_EVERYTHING: Final[Mapping[str, Any]] = {
    "GroupBaseInfoFilter": list(_INFO),
    "MemberInfoFilter": list(_MEMBER),
    "AppDefinedDataFilter_Group": None,
    "AppDefinedDataFilter_GroupMember": None,
}


def change(state: State, request: Request) -> Answer:
    """Change the profile of a group. Your application hears of its texts and its picture alone."""
    group, most = group_of(state, request), request.get("MaxMemberNum")
    check_accounts(state, request.get("From_Account"))
    check_texts(state, request)
    check_most_members(state, group["Type"], most, 10004)
    changed = fitting(request, _CHANGEABLE, group["Type"], topics=group["SupportTopic"] == 1)
    if most is not None and group["Type"] not in LIVE_GROUPS:
        changed["MaxMemberCount"] = most
    if "AppDefinedData" in request:
        changed["AppDefinedData"] = custom_fields(group["AppDefinedData"], request["AppDefinedData"], 512)
    changed = {name: value for name, value in changed.items() if value != group[name]}
    if changed:
        change_group(state, group["GroupId"], changed)
    if texts := {name: changed[name] for name in _TOLD if name in changed}:
        operator = request.get("From_Account", request.identifier)
        told = {"GroupId": group["GroupId"], "Type": group["Type"], "Operator_Account": operator}
        state.tell("Group.CallbackAfterGroupInfoChanged", told | texts)
    return {}


_TOLD: Final = ("Name", "Introduction", "Notification", "FaceUrl")
_CHANGEABLE: Final = (
    *_TOLD,
    *("ApplyJoinOption", "InviteJoinOption", "MuteAllMember"),
    *("EnablePermission", "DefaultPermission", "HistoryMsgBeforeJoin"),
)


def list_joined(state: State, request: Request) -> Answer:
    """List the groups that an account has joined, in the order in which it did."""
    account, offset, limit = request["Member_Account"], request.get("Offset", 0), request.get("Limit", -1)
    if offset < 0:
        raise Refusal(10004, f"Offset has to be 0 or more, not {offset}")
    check_accounts(state, account)
    group_type = TYPES.get(request.get("GroupType", ""))
    topics = request.get("SupportTopic") if group_type == "Community" else None
    which = account, group_type, request.get("WithHugeGroups", 0), topics
    wanted: Mapping[str, Any] = present(request.get("ResponseFilter", {}))
    columns = _columns(_JOINED, wanted.get("GroupBaseInfoFilter", ()))
    sql = f"SELECT {columns}, {', '.join(_SELF)} {_OF_ACCOUNT} ORDER BY number LIMIT ? OFFSET ?"
    listed = state.store.rows(sql, *which, limit, min(offset, 2**63 - 1))
    total = state.store.value(f"SELECT count(*) {_OF_ACCOUNT}", *which)
    own = [name for name in _SELF if name in wanted.get("SelfInfoFilter", ())]
    return check_answer({"TotalCount": total, "GroupIdList": [_joined(row, own) for row in listed]})


_OF_ACCOUNT: Final = (
    "FROM group_members JOIN groups USING (GroupId) WHERE Member_Account = ?1 AND Type = ifnull(?2, Type)"
    " AND (?3 = 1 OR Type NOT IN ('AVChatRoom', 'BChatRoom')) AND SupportTopic = ifnull(?4, SupportTopic)"
)


def count_online(state: State, request: Request) -> Answer:
    """Tell how many are in a live room."""
    group = group_of(state, request)
    refuse_types(group, set(TYPES.values()) - {"AVChatRoom"}, "get_online_member_num")
    count = state.store.value("SELECT count(*) FROM group_members WHERE GroupId = ?", group["GroupId"])
    return {"OnlineMemberNum": count}


def _columns(known: Mapping[str, str], wanted: Collection[str]) -> str:
    return ", ".join(["GroupId", *(f"{column} AS {name}" for name, column in known.items() if name in wanted)])


def _info(state: State, group_id: str, columns: str, wanted: Mapping[str, Any]) -> Row:
    """Return what is *wanted* of a group, or why there is nothing."""
    if not 1 <= len(group_id.encode()) <= ID_BYTES:
        return _failed(group_id, Refusal(10015))
    sql = f"SELECT {columns}, AppDefinedData, Type AS kind FROM groups WHERE GroupId = ?"  # noqa: S608  # ours
    found = state.store.row(sql, group_id)
    if found is None:
        return _failed(group_id, Refusal(10010))
    group_type, custom = found.pop("kind"), found.pop("AppDefinedData")
    info = present({"ErrorCode": 0, "ErrorInfo": "", "Appid": state.sdkappid} | found)
    if "AppDefinedDataFilter_Group" in wanted:
        info["AppDefinedData"] = _of_keys(custom, wanted["AppDefinedDataFilter_Group"])
    if group_type not in LIVE_GROUPS and not wanted.keys().isdisjoint(_OF_MEMBERS):
        info["MemberList"] = _members(state, group_id, wanted)
    return info


_OF_MEMBERS: Final = {"MemberInfoFilter", "AppDefinedDataFilter_GroupMember"}


def _failed(group_id: str, why: Refusal) -> Row:
    return {"ErrorCode": why.code, "ErrorInfo": why.info, "GroupId": group_id}


def _members(state: State, group_id: str, wanted: Mapping[str, Any]) -> list[Row]:
    """Return what is *wanted* of the members; Online sorts before PushOnline, so the best of their devices counts."""
    sql = (
        "SELECT Member_Account, Role, JoinTime, MsgSeq, MsgFlag, LastSendMsgTime,"
        " iif(MuteUntil > ?, MuteUntil, 0) AS MuteUntil, NameCard, AppMemberDefinedData,"
        " ifnull((SELECT min(Status) FROM logins WHERE UserID = Member_Account), 'Offline') AS OnlineStatus"
        " FROM group_members LEFT JOIN group_mutes USING (GroupId, Member_Account) WHERE GroupId = ? ORDER BY number"
    )
    names = ["Member_Account", *(name for name in _ASKED if name in wanted.get("MemberInfoFilter", ()))]
    members: list[Row] = []
    for row in state.store.rows(sql, state.now, group_id):
        member = {name: row[name] for name in names}
        if "AppDefinedDataFilter_GroupMember" in wanted:
            keys = wanted["AppDefinedDataFilter_GroupMember"]
            member["AppMemberDefinedData"] = _of_keys(row["AppMemberDefinedData"], keys)
        members.append(member)
    return members


def _of_keys(pairs: list[Row], keys: Collection[str] | None) -> list[Row]:
    return pairs if keys is None else [pair for pair in pairs if pair["Key"] in keys]


def _joined(row: Row, own: list[str]) -> Row:
    membership = {name: row.pop(name) for name in _SELF}
    return present(row) | ({"SelfInfo": {name: membership[name] for name in own}} if own else {})


PLAYS: Final[Plays] = {
    ListGroups: Play(list_all, GROUP_CODES, too_often=10006),
    GetGroups: Play(get, evolve(GROUP_CODES, loose={"GroupIdList"})),
    ModifyGroup: Play(change, GROUP_CODES),
    ListJoinedGroups: Play(list_joined, GROUP_CODES),
    CountOnlineMembers: Play(count_online, GROUP_CODES),
}
