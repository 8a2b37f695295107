"""Members of groups: list, add, delete, modify, import.

The manual's documents: 269/1617, 269/112002, 269/1621, 269/1622, 269/1623, 269/1626, 269/1636.

Where no document speaks: members that do not fit into a group any more are all refused (10014) by ``add_group_member``,
and each fails for itself where they are imported; the owner is neither deleted nor given another role (10007); an
account that is no member cannot be modified (10004); Offset counts members with the roles that are asked for, and so
does not skip the others.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from timrest_async.commands.group_members import (
    AddGroupMembers,
    DeleteGroupMembers,
    GetGroupMembers,
    GetRoles,
    ImportGroupMembers,
    ListGroupMembers,
    ModifyGroupMember,
)
from timrest_async.sandbox.events import Event
from timrest_async.sandbox.play.accounts import unknown_of
from timrest_async.sandbox.play.groups import GROUP_CODES, LIVE_GROUPS, WRONG_TYPE_OF_GROUP, group_of
from timrest_async.sandbox.plays import Codes, Play, Plays
from timrest_async.sandbox.request import Refusal
from timrest_async.sandbox.store import packed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from timrest_async.sandbox.events import Answer, Asking
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State
    from timrest_async.sandbox.store import Row

__all__ = [
    "PLAYS",
    "check_known",
    "end_of",
    "expel",
    "mute_all",
    "number_of",
    "ordinary",
]

NEVER: Final = 2**32 - 1
I64_MAX: Final = 2**63 - 1
ANSWER_BYTES: Final = 1024 * 1024
COMMUNITY_PAGE: Final = 100
NAME_CARD_BYTES: Final = 50
KEY: Final = re.compile(r"[A-Za-z0-9_]{1,16}")
VALUE_BYTES: Final = 64

FAILED, ADDED, WAS_MEMBER = 0, 1, 2
"""What becomes of an account that is to be a member; 3, for who has to consent first, is none of the sandbox's."""


def list_page(state: State, request: Request) -> Answer:
    """List a group's members: a community's by Next, all others by Offset."""
    group = ordinary(state, request)
    community = group["Type"] == "Community"
    limit, offset = number_of(request, "Limit"), number_of(request, "Offset")
    if community:
        limit, offset = min(limit or COMMUNITY_PAGE, COMMUNITY_PAGE), 0
    rows = state.store.rows(
        "SELECT * FROM member_infos WHERE GroupId = ? AND number > ? AND Role IN (SELECT value FROM json_each(?))"
        " ORDER BY number LIMIT ? OFFSET ?",
        group["GroupId"],
        _cursor(request) if community else 0,
        _roles(request),
        limit + 1 if community else limit or -1,
        offset,
    )
    page = rows[:limit] if community else rows
    answer: Answer = {"MemberNum": _count(state, group)}
    answer["MemberList"] = [_shown(state, row, request) for row in page]
    if community:
        answer["Next"] = str(page[-1]["number"]) if len(rows) > limit else ""
    if len(packed(answer)) > ANSWER_BYTES:
        raise Refusal(10018)
    return answer


def get(state: State, request: Request) -> Answer:
    """Tell what is known of some members, and leave out who is none."""
    group = ordinary(state, request)
    rows = state.store.rows(
        "SELECT member_infos.* FROM json_each(?) JOIN member_infos ON GroupId = ? AND Member_Account = value"
        " WHERE Role IN (SELECT value FROM json_each(?)) ORDER BY key",
        packed(list(dict.fromkeys(request["Member_List_Account"]))),
        group["GroupId"],
        _roles(request),
    )
    return {"GroupId": group["GroupId"], "MemberList": [_shown(state, row, request) for row in rows]}


def get_roles(state: State, request: Request) -> Answer:
    """Tell the role of each account."""
    group = ordinary(state, request)
    roles = state.store.rows(
        "SELECT value AS Member_Account, ifnull(Role, 'NotMember') AS Role FROM json_each(?)"
        " LEFT JOIN group_members ON GroupId = ? AND Member_Account = value ORDER BY key",
        packed(request["User_Account"]),
        group["GroupId"],
    )
    return {"UserIdList": roles}


def add(state: State, request: Request) -> Asking:
    """Add accounts to a group, but for those that are banned from it or that your application refuses."""
    group, results = _candidates(state, request)
    if new := _added(results):
        told = {"Operator_Account": request.identifier, "DestinationMembers": _listed(new)}
        verdict = yield Event("Group.CallbackBeforeInviteJoinGroup", _told(group, told))
        verdict.obey("Group.CallbackBeforeInviteJoinGroup")
        refused = verdict.fields.get("RefusedMembers_Account")
        group, results = _candidates(state, request)  # much may have happened meanwhile
        if isinstance(refused, list):
            results |= {account: FAILED for account in _added(results) if account in refused}
        _invite(state, request, group, _added(results))
    return {"MemberList": _results(results)}


def delete(state: State, request: Request) -> Answer:
    """Remove members; who is none is as good as removed."""
    expel(state, request, ordinary(state, request, code=10004), request["MemberToDel_Account"])
    return {}


def modify(state: State, request: Request) -> Answer:
    """Change what is given of one member."""
    group = ordinary(state, request)
    account: str = request["Member_Account"]
    member = state.store.row(
        "SELECT Role, MsgFlag, NameCard, AppMemberDefinedData FROM group_members"
        " WHERE GroupId = ? AND Member_Account = ?",
        group["GroupId"],
        account,
    )
    if member is None:
        raise Refusal(10004, f"this account is no member of the group: {account!r}")
    _check_changes(request, group, member)
    after = member | {name: request[name] for name in ("Role", "MsgFlag", "NameCard") if name in request}
    state.store.run(
        "UPDATE group_members SET Role = ?, MsgFlag = ?, NameCard = ?, AppMemberDefinedData = ?"
        " WHERE GroupId = ? AND Member_Account = ?",
        *(after[name] for name in ("Role", "MsgFlag", "NameCard")),
        packed(_merged(member["AppMemberDefinedData"], request.get("AppMemberDefinedData", []))),
        group["GroupId"],
        account,
    )
    if "MuteTime" in request:
        mute_all(state, group["GroupId"], [account], request["MuteTime"])
    if changed := {name: after[name] for name in ("Role", "NameCard") if after[name] != member[name]}:
        told = {"Operator_Account": request.identifier, "Modified_Account": account} | changed
        state.tell("Group.CallbackAfterMemberFieldChanged", _told(group, told))
    return {}


def import_many(state: State, request: Request) -> Answer:
    """Bring members over; nobody is told."""
    group = ordinary(state, request)
    items = {item["Member_Account"]: item for item in request["MemberList"]}
    results = _standing(state, group, items)
    results |= dict.fromkeys(unknown_of(state, items), FAILED)
    joined = {account: items[account].get("JoinTime") or state.now for account in _added(results)}
    results |= {account: FAILED for account, time in joined.items() if not group["CreateTime"] <= time <= state.now}
    results |= dict.fromkeys(_added(results)[max(0, _room(state, group)) :], FAILED)
    for account in _added(results):
        item = items[account]
        read = min(group["NextMsgSeq"] - 1, max(0, group["NextMsgSeq"] - 1 - (item.get("UnreadMsgNum") or 0)))
        _join(state, group, account, Role=item.get("Role") or "Member", JoinTime=joined[account], MsgSeq=read)
    return {"MemberList": _results(results)}


def ordinary(state: State, request: Request, *, code: int = WRONG_TYPE_OF_GROUP) -> Row:
    """Return the row of the group that *request* is about; refuse a live room with *code*."""
    group = group_of(state, request)
    if group["Type"] in LIVE_GROUPS:
        raise Refusal(code, f"a group of the type {group['Type']} knows nothing of this")
    return group


def check_known(state: State, accounts: Iterable[str]) -> None:
    """Refuse accounts that do not exist."""
    if unknown := unknown_of(state, accounts):
        raise Refusal(10019, f"these accounts do not exist: {', '.join(unknown)}")


def number_of(request: Request, name: str) -> int:
    """Return a field that counts something, 0 where it is absent."""
    value: int = request.get(name, 0)
    if not 0 <= value <= I64_MAX:
        raise Refusal(10004, f"{name} is out of range")
    return value


def expel(state: State, request: Request, group: Row, accounts: list[str]) -> None:
    """Take *accounts* out of *group* and tell of those who were in it; refuse the owner."""
    members = state.store.rows(
        "SELECT number, Member_Account, Role FROM json_each(?) CROSS JOIN group_members"
        " WHERE GroupId = ? AND Member_Account = value ORDER BY number",
        packed(list(dict.fromkeys(accounts))),
        group["GroupId"],
    )
    if any(member["Role"] == "Owner" for member in members):
        raise Refusal(10007, "the owner stays until the group has another one")
    if gone := [member["Member_Account"] for member in members]:
        state.store.run(
            "DELETE FROM group_members WHERE number IN (SELECT value FROM json_each(?))",
            packed([member["number"] for member in members]),
        )
        told = {"ExitType": "Kicked", "Operator_Account": request.identifier, "ExitMemberList": _listed(gone)}
        state.tell("Group.CallbackAfterMemberExit", _told(group, told))


def end_of(state: State, seconds: int) -> int:
    """Return the Unix time in so many *seconds*; 4294967295 stands for never."""
    return min(state.now + seconds, NEVER)


def mute_all(state: State, group_id: str, accounts: Iterable[str], seconds: int) -> None:
    """Let *accounts* write nothing for so many *seconds*, 0 for none and 4294967295 for ever."""
    until = end_of(state, seconds)
    for account in accounts:
        row = {"GroupId": group_id, "Member_Account": account, "MuteUntil": until}
        state.store.insert("group_mutes", row, replace=True)


_FIELDS: Final = ("Role", "JoinTime", "MsgSeq", "MsgFlag", "LastSendMsgTime", "MuteUntil", "NameCard")
"""What is told of a member where nobody says what he wants to know."""


def _shown(state: State, row: Row, request: Request) -> Answer:
    """Make the answer's entry of one member."""
    row["MuteUntil"] *= row["MuteUntil"] > state.now
    wanted = request.get("MemberInfoFilter") or _FIELDS
    keys = request.get("AppDefinedDataFilter_GroupMember")
    info = {name: row[name] for name in ("Member_Account", *_FIELDS, "OnlineStatus")}
    shown = {name: value for name, value in info.items() if name in wanted or name == "Member_Account"}
    custom = [pair for pair in row["AppMemberDefinedData"] if keys is None or pair["Key"] in keys]
    return shown | ({"AppMemberDefinedData": custom} if custom else {})


def _roles(request: Request) -> str:
    return packed(request.get("MemberRoleFilter") or ["Owner", "Admin", "Member"])


def _cursor(request: Request) -> int:
    """Read where a community's page starts: behind the member whose number the page before ended with."""
    text = request.get("Next")
    if text is None or not re.fullmatch(r"[0-9]{0,18}", text):
        raise Refusal(10004, "Next has to be empty for a community's first page, then what the one before said")
    return int(text or 0)


def _candidates(state: State, request: Request) -> tuple[Row, dict[str, int]]:
    """Return the group, and of each account that is to be added whether that can be done."""
    accounts = [item["Member_Account"] for item in request["MemberList"]]
    group = ordinary(state, request)
    check_known(state, accounts)
    return group, _standing(state, group, accounts)


def _standing(state: State, group: Row, accounts: Iterable[str]) -> dict[str, int]:
    """Tell of each account whether it is a member, or may become one."""
    rows = state.store.rows(
        "SELECT value AS account, CASE"
        " WHEN EXISTS (SELECT 1 FROM group_members WHERE GroupId = ?1 AND Member_Account = value) THEN ?3"
        " WHEN EXISTS (SELECT 1 FROM group_bans WHERE GroupId = ?1 AND Member_Account = value AND BannedUntil > ?2)"
        " THEN ?4 ELSE ?5 END AS result FROM json_each(?6) ORDER BY key",
        group["GroupId"],
        state.now,
        WAS_MEMBER,
        FAILED,
        ADDED,
        packed(list(dict.fromkeys(accounts))),
    )
    return {row["account"]: row["result"] for row in rows}


def _added(results: Mapping[str, int]) -> list[str]:
    return [account for account, result in results.items() if result == ADDED]


def _results(results: Mapping[str, int]) -> list[Row]:
    return [{"Member_Account": account, "Result": result} for account, result in results.items()]


def _listed(accounts: Iterable[str]) -> list[Row]:
    return [{"Member_Account": account} for account in accounts]


def _told(group: Row, told: Row) -> Row:
    return {"GroupId": group["GroupId"], "Type": group["Type"], **told}


def _invite(state: State, request: Request, group: Row, accounts: list[str]) -> None:
    """Let *accounts* in, and tell of it; refuse them all where the group, or one of them, has no room for that."""
    if not accounts:
        return
    full = Event("Group.CallbackAfterGroupFull", {"GroupId": group["GroupId"]})
    room = _room(state, group) - len(accounts)
    if room < 0:
        raise Refusal(10014, told=[full])
    _check_groups_of(state, accounts)
    for account in accounts:
        _join(state, group, account, JoinTime=state.now, MsgSeq=group["NextMsgSeq"] - 1)
    told = {"JoinType": "Invited", "Operator_Account": request.identifier, "NewMemberList": _listed(accounts)}
    state.tell("Group.CallbackAfterNewMemberJoin", _told(group, told))
    if room == 0:
        state.told.append(full)


def _join(state: State, group: Row, account: str, **row: Any) -> None:
    state.store.insert("group_members", {"GroupId": group["GroupId"], "Member_Account": account} | row)


def _room(state: State, group: Row) -> int:
    """Return how many more members *group* takes."""
    limits = state.rules.members_per_group
    return min(group["MaxMemberCount"] or I64_MAX, limits.get(group["Type"], I64_MAX)) - _count(state, group)


def _count(state: State, group: Row) -> int:
    count: int = state.store.value("SELECT count(*) FROM group_members WHERE GroupId = ?", group["GroupId"])
    return count


def _check_groups_of(state: State, accounts: list[str]) -> None:
    """Refuse an account that is in as many groups as it may be; live rooms do not count."""
    most = state.rules.groups_per_account
    if most is None:
        return
    busy = state.store.values(
        "SELECT value FROM json_each(?) WHERE (SELECT count(*) FROM group_members JOIN groups USING (GroupId)"
        " WHERE Member_Account = value AND Type NOT IN ('AVChatRoom', 'BChatRoom')) >= ? ORDER BY key",
        packed(accounts),
        most,
    )
    if busy:
        raise Refusal(10037, f"in {most} groups already: {', '.join(busy)}")


def _check_changes(request: Request, group: Row, member: Row) -> None:
    """Refuse what a member of such a group cannot have."""
    if "Role" in request and member["Role"] == "Owner":
        raise Refusal(10007, "the owner's role is not changed here")
    if group["Type"] == "Private" and request.get("Role") == "Admin":
        raise Refusal(WRONG_TYPE_OF_GROUP, "a Private group has no admins")
    if group["Type"] == "Private" and "MuteTime" in request:
        raise Refusal(WRONG_TYPE_OF_GROUP, "nobody is muted in a Private group")
    if len(request.get("NameCard", "").encode()) > NAME_CARD_BYTES:
        raise Refusal(10004, f"NameCard is longer than {NAME_CARD_BYTES} bytes")
    for pair in request.get("AppMemberDefinedData", []):
        if not KEY.fullmatch(pair["Key"]):
            raise Refusal(10004, "the Key of AppMemberDefinedData takes 1 to 16 letters, digits and underscores")
        if len(pair["Value"].encode()) > VALUE_BYTES:
            raise Refusal(10004, f"a Value of AppMemberDefinedData is longer than {VALUE_BYTES} bytes")


def _merged(old: list[Row], new: list[Row]) -> list[Row]:
    """Put *new* custom fields over the *old* ones; an empty value takes a field away."""
    values = {pair["Key"]: pair["Value"] for pair in [*old, *new]}
    return [{"Key": key, "Value": value} for key, value in values.items() if value]


_LIST_CODES: Final = Codes(10004, limit=GROUP_CODES.limit, loose={"MemberInfoFilter"})
"""The names in MemberInfoFilter differ from year to year."""
_ADD_CODES: Final = Codes(10004, limit={"GroupId": 10015, "MemberList": 10005}, empty={"MemberList": 10004})

PLAYS: Final[Plays] = {
    ListGroupMembers: Play(list_page, _LIST_CODES),
    GetGroupMembers: Play(get, _LIST_CODES),
    GetRoles: Play(get_roles, GROUP_CODES),
    AddGroupMembers: Play(add, _ADD_CODES),
    DeleteGroupMembers: Play(delete, GROUP_CODES),
    ModifyGroupMember: Play(modify, GROUP_CODES),
    ImportGroupMembers: Play(import_many, _ADD_CODES),
}
