"""Groups: create, import, hand over, disband. The manual's documents: 269/1615, 269/1634, 269/1633, 269/1624.

Where the documents leave it open: a field that the type of a group does not know is passed over, since no document has
a code for it; custom fields need no console; the owner of an AVChatRoom is no member of it, because owners have to join
like everybody; and a new owner who is no member is a bad parameter, 10004.
"""

from __future__ import annotations

import re
from secrets import token_hex
from typing import TYPE_CHECKING, Final

from attrs import evolve

from timrest_async.commands.groups import ChangeGroupOwner, CreateGroup, DestroyGroup, ImportGroup
from timrest_async.sandbox.events import Event
from timrest_async.sandbox.play.accounts import unknown_of
from timrest_async.sandbox.plays import Codes, Play, Plays
from timrest_async.sandbox.request import Refusal
from timrest_async.sandbox.store import packed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from timrest_async.sandbox.events import Answer, Asking
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State
    from timrest_async.sandbox.store import Row

__all__ = [
    "GROUP_CODES",
    "LIVE_GROUPS",
    "PLAYS",
    "TYPES",
    "WRONG_TYPE_OF_GROUP",
    "change_group",
    "check_accounts",
    "check_most_members",
    "check_texts",
    "custom_fields",
    "fitting",
    "group_of",
    "refuse_types",
]

LIVE_GROUPS: Final = frozenset({"AVChatRoom", "BChatRoom"})

TYPES: Final[Mapping[str, str]] = {
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

GROUP_CODES: Final = Codes(10004, limit={"GroupId": 10015})
"""What the group service answers to a bad field."""

WRONG_TYPE_OF_GROUP: Final = 10007
IMPORTED_MEMBERS: Final = 2_000
"""How many members an imported group may have where nobody said."""

_TOPICS: Final = "a community with topics"
_KNOWN_TO: Final[Mapping[str, Collection[str]]] = {
    "ApplyJoinOption": frozenset(TYPES.values()) - {"Community"},
    "InviteJoinOption": frozenset(TYPES.values()) - {"AVChatRoom"},
    "HistoryMsgBeforeJoin": frozenset({"Private", "Public", "ChatRoom"}),
    "SupportTopic": frozenset({"Community"}),
    "EnablePermission": frozenset({_TOPICS}),
    "DefaultPermission": frozenset({_TOPICS}),
}
"""Which types know a field, where not all do."""

_CUSTOM_KEY: Final = re.compile("[A-Za-z0-9_]{1,16}")


def group_of(state: State, request: Request) -> Row:
    """Return the row of the group that *request* is about."""
    group = state.store.row("SELECT * FROM groups WHERE GroupId = ?", request["GroupId"])
    if group is None:
        raise Refusal(10010)
    return group


def check_accounts(state: State, *accounts: str | None) -> None:
    """Refuse an account that does not exist.

    The commands' own tables leave the code out; the central one gives it for any account that does not exist.
    """
    if unknown := unknown_of(state, [account for account in accounts if account is not None]):
        raise Refusal(10019, f"this account does not exist: {unknown[0]!r}")


def refuse_types(group: Row, types: Collection[str], command: str) -> None:
    """Refuse a *command* that groups of these types do not know."""
    if group["Type"] in types:
        raise Refusal(WRONG_TYPE_OF_GROUP, f"{command} is not for {group['Type']}")


def check_texts(state: State, request: Request) -> None:
    """Refuse a name that is empty, and texts that are too long."""
    if request.get("Name") == "":
        raise Refusal(10004, "Name is empty")
    for name, size in state.rules.group_text_bytes.items():
        if len(request.get(name, "").encode()) > size:
            raise Refusal(10004, f"{name} is longer than {size} bytes")


def check_most_members(state: State, group_type: str, count: int | None, code: int) -> None:
    """Refuse a group of so many members; live groups pass over the figure."""
    most = state.rules.members_per_group.get(group_type)
    if most is not None and count is not None and not 1 <= count <= most:
        raise Refusal(code if count > most else 10004, f"a {group_type} group has 1 to {most} members")


def custom_fields(kept: Iterable[Row], given: Iterable[Row], most: int) -> list[Row]:
    """Lay custom fields, each of up to so many bytes, over those that are *kept*; an empty value removes one."""
    values = {pair["Key"]: pair["Value"] for pair in kept}
    for pair in given:
        key, value = pair["Key"], pair["Value"]
        if not _CUSTOM_KEY.fullmatch(key):
            raise Refusal(10004, f"the Key of a custom field is 1 to 16 letters, digits and underscores, not {key!r}")
        if len(value.encode()) > most:
            raise Refusal(10004, f"the Value of a custom field is up to {most} bytes long; that of {key} is not")
        values[key] = value
    return [{"Key": key, "Value": value} for key, value in values.items() if value]


def fitting(request: Request, names: Iterable[str], group_type: str, *, topics: bool) -> Row:
    """Return those of the fields *names* that are given and that a group of this type knows."""
    kinds = {group_type, _TOPICS} if topics else {group_type}
    return {
        name: request[name] for name in names if name in request and not kinds.isdisjoint(_KNOWN_TO.get(name, kinds))
    }


def change_group(state: State, group_id: str, changed: Row) -> None:
    """Change columns of a group, which its InfoSeq and LastInfoTime tell."""
    columns = "".join(f"{name} = ?, " for name in changed)
    values = [packed(value) if isinstance(value, list) else value for value in changed.values()]
    sql = f"UPDATE groups SET {columns}InfoSeq = InfoSeq + 1, LastInfoTime = ? WHERE GroupId = ?"  # noqa: S608  # ours
    state.store.run(sql, *values, state.now, group_id)


def create(state: State, request: Request) -> Asking:
    """Create a group, unless your application is against it."""
    row, members = _new(state, request)
    sql = "SELECT Type, count(*) AS Num FROM groups WHERE Owner_Account = ? GROUP BY Type"
    created = {
        owned["Type"]: owned["Num"] for owned in state.store.rows(sql, row["Owner_Account"] or request.identifier)
    }
    asked = {"CreateGroupNum": created.get(row["Type"], 0), "CreatedGroupNum": created}
    invite = {"InviteOption": row["InviteJoinOption"]} if "InviteJoinOption" in row else {}
    verdict = yield Event("Group.CallbackBeforeCreateGroup", _told(request, row) | asked | invite)
    verdict.obey("Group.CallbackBeforeCreateGroup")
    row, members = _new(state, request)  # others may have come while your application was asked
    _insert(state, row, members)
    custom = {"UserDefinedDataList": row["AppDefinedData"]} if row["AppDefinedData"] else {}
    told = {"GroupId": row["GroupId"]} | _told(request, row) | custom
    state.tell("Group.CallbackAfterCreateGroup", told)
    topics = {"Type": row["Type"], "HugeGroupFlag": 0} if row.get("SupportTopic") else {}
    return {"GroupId": row["GroupId"]} | topics


def import_one(state: State, request: Request) -> Answer:
    """Bring a group in from elsewhere; nobody is asked and nobody is told."""
    group_type = TYPES.get(request["Type"])
    if group_type is None:
        raise Refusal(10004, f"Type has to be one of {', '.join(TYPES)}")
    if group_type in LIVE_GROUPS:
        raise Refusal(WRONG_TYPE_OF_GROUP, f"a group of the type {group_type} cannot be imported")
    check_accounts(state, request.get("Owner_Account"))
    row = _row(state, request, repeated=10021, too_large=10004) | _given(request, _IMPORTED)
    row |= {"CreateTime": request.get("CreateTime", state.now)}
    row["MaxMemberCount"] = request.get("MaxMemberCount", IMPORTED_MEMBERS)
    _insert(state, row, _members([], row))
    return {"GroupId": row["GroupId"]}


def change_owner(state: State, request: Request) -> Answer:
    """Hand a group to another member; the owner until then becomes an ordinary one."""
    group, owner = group_of(state, request), request["NewOwner_Account"]
    refuse_types(group, LIVE_GROUPS, "change_group_owner")
    if _set_role(state, group, owner, "Owner") == 0:
        raise Refusal(10004, f"NewOwner_Account is no member of the group: {owner!r}")
    if owner != group["Owner_Account"]:
        _set_role(state, group, group["Owner_Account"], "Member")
        change_group(state, group["GroupId"], {"Owner_Account": owner})
        told = {
            "GroupId": group["GroupId"],
            "Type": group["Type"],
            "Operator_Account": request.get("From_Account", request.identifier),
            "OldOwner_Account": group["Owner_Account"] or "",
            "NewOwner_Account": owner,
        }
        state.tell("Group.CallbackAfterChangeGroupOwner", told)
    return {}


def destroy(state: State, request: Request) -> Answer:
    """Disband a group of whatever type, with all that belongs to it."""
    group = group_of(state, request)
    told = {name: group[name] or "" for name in ("GroupId", "Type", "Owner_Account", "Name")}
    if group["Type"] != "Community":
        sql = "SELECT Member_Account FROM group_members WHERE GroupId = ? ORDER BY number"
        told["MemberList"] = state.store.rows(sql, group["GroupId"])
    state.store.run("DELETE FROM groups WHERE GroupId = ?", group["GroupId"])
    state.tell("Group.CallbackAfterGroupDestroyed", told)
    return {}


def _set_role(state: State, group: Row, account: str | None, role: str) -> int:
    sql = "UPDATE group_members SET Role = ? WHERE GroupId = ? AND Member_Account = ?"
    return state.store.run(sql, role, group["GroupId"], account)


def _new(state: State, request: Request) -> tuple[Row, dict[str, Row]]:
    """Return the rows of the group to create and of its members, if all is as it should be."""
    listed: list[Row] = request.get("MemberList", [])
    if listed and request["Type"] == "AVChatRoom":
        raise Refusal(WRONG_TYPE_OF_GROUP, "an AVChatRoom takes no MemberList")
    check_accounts(state, request.get("Owner_Account"), *(item["Member_Account"] for item in listed))
    row = _row(state, request, repeated=10025, too_large=10038) | _given(request, _CREATED)
    members = _members(listed, row)
    if row["MaxMemberCount"] is not None and len(members) > row["MaxMemberCount"]:
        raise Refusal(10038, f"{len(members)} members are more than the {row['MaxMemberCount']} of MaxMemberCount")
    return row, members


def _row(state: State, request: Request, *, repeated: int, too_large: int) -> Row:
    """Return the row of a group; the codes are for one that is there already, and for one with too many members."""
    group_type, now = TYPES[request["Type"]], state.now
    most: int | None = request.get("MaxMemberCount")
    check_texts(state, request)
    check_most_members(state, group_type, most, too_large)
    group_id = _own_id(state, request, group_type, repeated) if "GroupId" in request else _assigned_id(group_type)
    usual = state.rules.members_per_group.get(group_type)
    return {
        "GroupId": group_id,
        "Type": group_type,
        "Name": request["Name"],
        "Owner_Account": request.get("Owner_Account"),
        "MaxMemberCount": usual if usual is None or most is None else most,
        "AppDefinedData": custom_fields([], request.get("AppDefinedData", []), 512),
        "CreateTime": now,
        "LastInfoTime": now,
    }


def _given(request: Request, names: Iterable[str]) -> Row:
    return fitting(request, names, TYPES[request["Type"]], topics=request.get("SupportTopic") == 1)


_IMPORTED: Final = ("Introduction", "Notification", "FaceUrl", "ApplyJoinOption", "SupportTopic")
_CREATED: Final = (*_IMPORTED, "InviteJoinOption", "EnablePermission", "DefaultPermission")
"""What else a group may be given; a command that does not know a field has not looked at it."""


def _members(listed: list[Row], row: Row) -> dict[str, Row]:
    """Return the first members, the owner before all others; of an AVChatRoom nobody is from the start."""
    owner: str | None = None if row["Type"] == "AVChatRoom" else row["Owner_Account"]
    members: dict[str, Row] = {} if owner is None else {owner: {}}
    for item in listed:
        custom = custom_fields([], item.get("AppMemberDefinedData") or [], 64)
        members[item["Member_Account"]] = {"Role": item.get("Role") or "Member", "AppMemberDefinedData": custom}
    if owner is not None:
        members[owner] |= {"Role": "Owner"}
    return members


def _insert(state: State, row: Row, members: Mapping[str, Row]) -> None:
    state.store.insert("groups", row)
    common = {"GroupId": row["GroupId"], "JoinTime": row["CreateTime"]}
    for account, member in members.items():
        state.store.insert("group_members", common | {"Member_Account": account} | member)


def _told(request: Request, row: Row) -> Row:
    return {
        "Operator_Account": request.identifier,
        "Owner_Account": row["Owner_Account"] or "",
        "Type": row["Type"],
        "Name": row["Name"],
        "MemberList": [{"Member_Account": item["Member_Account"]} for item in request.get("MemberList", [])],
    }


def _own_id(state: State, request: Request, group_type: str, repeated: int) -> str:
    """Read an id of the caller's own. A repeat of the same call has a code, whether the group has an owner or not."""
    group_id: str = request["GroupId"]
    if not (group_id.isascii() and group_id.isprintable()):
        raise Refusal(10015, "GroupId may hold printable ASCII characters only")
    if group_type == "Community" and not group_id.startswith("@TGS#_"):
        raise Refusal(10015, "the GroupId of a Community has to start with @TGS#_")
    if group_type != "Community" and group_id.startswith("@TGS#"):
        raise Refusal(10015, "ids that start with @TGS# are the service's own")
    taken = state.store.row("SELECT Owner_Account FROM groups WHERE GroupId = ?", group_id)
    if taken is not None:
        raise Refusal(repeated if taken["Owner_Account"] == request.get("Owner_Account") else 10021)
    return group_id


def _assigned_id(group_type: str) -> str:
    return f"@TGS#_{token_hex(8)}" if group_type == "Community" else f"@TGS#{token_hex(8).upper()}"


_CREATE_CODES: Final = Codes(10004, limit={"GroupId": 10015, "MemberList": 10005})
_IMPORT_CODES: Final = evolve(GROUP_CODES, loose={"Type"})

PLAYS: Final[Plays] = {
    CreateGroup: Play(create, _CREATE_CODES, too_often=10006),
    ImportGroup: Play(import_one, _IMPORT_CODES),
    ChangeGroupOwner: Play(change_owner, GROUP_CODES),
    DestroyGroup: Play(destroy, GROUP_CODES),
}
