"""Conversations of an account: their list, groups, marks. The manual's documents: 269/62118-62119, 1047/53437-53442.

A conversation with an account is listed from its first message on, one in a group from joining on; without a message
it is an empty one. A page begins where its times and indexes say: TimeStamp is that of the last conversation before it,
and StartIndex how many of that second came before. Clients pin conversations, REST does not: set TopFlag in the table.

Where the documents leave it open: a conversation group that exists takes what its repeated creation brings, the marks
are the binary digits of StandardMark (mark 1 is the last one), and to read them takes no edition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from timrest_async.commands.recent_contacts import (
    CreateContactGroup,
    DeleteContactGroup,
    DeleteRecentContact,
    ListContactGroups,
    ListRecentContacts,
    MarkContacts,
    SearchContactGroups,
    UpdateContactGroup,
)
from timrest_async.errors import explain
from timrest_async.sandbox.play.accounts import exists
from timrest_async.sandbox.play.history import clear
from timrest_async.sandbox.plays import Codes, Play, Plays
from timrest_async.sandbox.request import Refusal
from timrest_async.sandbox.store import packed, present

if TYPE_CHECKING:
    from timrest_async.sandbox.events import Answer
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State
    from timrest_async.sandbox.store import Row

__all__ = ["PLAYS"]

PAGE: Final = 100
GROUPS: Final = 20
CONTACTS: Final = 1000
NAME_BYTES: Final = 32
CUSTOM_BYTES: Final = 256
MARKS: Final = range(1, 65)
PINNED, EMPTY, PINNED_BY_PAGES = 1, 2, 4
"""The bits of AssistFlags."""
ACCOUNT, GROUP = 1, 2
STANDARD, CUSTOM = 1, 2
"""The bits of a mark's OptType."""
RENAME: Final = 1
PUT_IN: Final = 1


def get_list(state: State, request: Request) -> Answer:
    """List one page of conversations: the pinned ones first, all others behind them, each from new to old."""
    flags = request["AssistFlags"]
    view = (_account(state, request), int(flags & EMPTY > 0), int(flags & PINNED > 0))
    place, top_place = ((request[time], request[index]) for time, index in _PLACES)
    by_pages = bool(flags & PINNED_BY_PAGES)
    pinned: list[Row] = []
    if flags & PINNED and (by_pages or not any((*place, *top_place))):
        pinned = _listed(state, view, 1, top_place, PAGE + 1 if by_pages else -1)
    shown = pinned[:PAGE] if by_pages else pinned
    room = max(0, PAGE - len(shown))
    others = _listed(state, view, 0, place, room + 1)
    next_place, next_top_place = _after(others[:room], *place), _after(shown, *top_place)
    return {
        "SessionItem": [present(row) for row in shown + others[:room]],
        "CompleteFlag": int(len(shown) == len(pinned) and len(others) <= room),
        "TimeStamp": next_place[0],
        "StartIndex": next_place[1],
        "TopTimeStamp": next_top_place[0],
        "TopStartIndex": next_top_place[1],
        "ErrorDisplay": "",
    }


_PLACES: Final = (("TimeStamp", "StartIndex"), ("TopTimeStamp", "TopStartIndex"))

_LISTED: Final = (
    "WITH listed AS ("
    " SELECT 1 AS Type, Peer_Account AS To_Account, NULL AS GroupId, MsgTime, ifnull(TopFlag, 0) AS TopFlag"
    " FROM conversations LEFT JOIN contacts"
    " ON contacts.UserID = conversations.UserID AND contacts.To_Account = Peer_Account"
    " WHERE conversations.UserID = ?1 AND MsgTime > 0 AND (?2"
    " OR EXISTS (SELECT 1 FROM messages WHERE From_Account = conversations.UserID AND To_Account = Peer_Account"
    " AND NOT hidden_from AND NOT online_only)"
    " OR EXISTS (SELECT 1 FROM messages WHERE From_Account = Peer_Account AND To_Account = conversations.UserID"
    " AND NOT hidden_to AND NOT online_only))"
    " UNION ALL"
    " SELECT 2, NULL, groups.GroupId, max(LastMsgTime, JoinTime), ifnull(TopFlag, 0)"
    " FROM group_members JOIN groups USING (GroupId) LEFT JOIN contacts"
    " ON contacts.UserID = Member_Account AND contacts.ToGroupId = groups.GroupId"
    " WHERE Member_Account = ?1 AND (?2 OR LastMsgTime > 0) AND groups.NextMsgSeq > ifnull(contacts.NextMsgSeq, 0))"
    " SELECT Type, To_Account, GroupId, MsgTime, TopFlag AND ?3 AS TopFlag FROM listed"
    " WHERE (TopFlag AND ?3) = ?4 AND (?5 = 0 OR MsgTime <= ?5)"
    " ORDER BY MsgTime DESC, Type, To_Account, GroupId LIMIT ?6 OFFSET ?7"
)


def _listed(state: State, view: tuple[object, ...], top: int, place: tuple[int, int], count: int) -> list[Row]:
    return state.store.rows(_LISTED, *view, top, place[0], count, max(0, place[1]))


def _after(shown: list[Row], time: int, index: int) -> tuple[int, int]:
    """Return the place behind what is shown."""
    if not shown:
        return time, index
    last: int = shown[-1]["MsgTime"]
    return last, sum(row["MsgTime"] == last for row in shown) + (index if last == time else 0)


def delete(state: State, request: Request) -> Answer:
    """Take a conversation off the list, until it has a new message.

    No command reads the history of a group as one member sees it, so there is none to clear.
    """
    account = _account(state, request)
    if request["Type"] == GROUP:
        group = _needed(request, "ToGroupid")
        sql = (
            "INSERT INTO contacts (UserID, ToGroupId, NextMsgSeq) SELECT ?, GroupId, NextMsgSeq FROM groups"
            " WHERE GroupId = ? ON CONFLICT DO UPDATE SET NextMsgSeq = excluded.NextMsgSeq, TopFlag = 0"
        )
        state.store.run(sql, account, group)
    else:
        peer = _needed(request, "To_Account")
        state.store.run("UPDATE conversations SET MsgTime = 0 WHERE UserID = ? AND Peer_Account = ?", account, peer)
        state.store.run("UPDATE contacts SET TopFlag = 0 WHERE UserID = ? AND To_Account = ?", account, peer)
        if request.get("ClearRamble") == 1:
            clear(state, account, peer)
    return {"ErrorDisplay": ""}


def create_group(state: State, request: Request) -> Answer:
    """Create a conversation group, and put conversations in."""
    account = _account(state, request)
    _check_edition(state)
    (given,) = request["GroupContactItem"]
    group = _group(state, account, given["GroupName"])
    if group is None:
        group = _made(state, account, given["GroupName"])
    results = [_result(contact, _put(state, account, group, contact)) for contact in given["ContactItem"]]
    return {"GroupResultItem": [{"GroupItem": group, "ResultItem": results}], "ErrorDisplay": ""}


def _made(state: State, account: str, name: str) -> Row:
    _check_name(name)
    counted = "SELECT count(*) AS count, ifnull(max(GroupId), 0) AS last FROM contact_groups WHERE UserID = ?"
    (groups,) = state.store.rows(counted, account)
    if groups["count"] >= GROUPS:
        raise Refusal(51010)
    group = {"GroupName": name, "GroupId": groups["last"] + 1}
    state.store.insert("contact_groups", group | {"UserID": account})
    return group


def update_group(state: State, request: Request) -> Answer:
    """Rename a conversation group, or put conversations in and take others out."""
    account = _account(state, request)
    _check_edition(state)
    change = request["UpdateGroup"]
    old: str = change["OldGroupName"]
    group = _existing(state, account, old)
    results: list[Row] = []
    if change["UpdateGroupType"] == RENAME:
        group = _renamed(state, account, group, change.get("NewGroupName") or "")
    elif change.get("ContactUpdateItem") is None:
        raise Refusal(50002, "ContactUpdateItem is missing")
    else:
        results = [_moved(state, account, group, item) for item in change["ContactUpdateItem"]]
    names = {"GroupName": group["GroupName"], "OldGroupName": old, "GroupId": group["GroupId"]}
    result = {"UpdateGroupType": change["UpdateGroupType"], **names, "ContactResultItem": results}
    return {"UpdateType": request["UpdateType"], "UpdateGroupResult": result}


def _renamed(state: State, account: str, group: Row, name: str) -> Row:
    _check_name(name)
    if name != group["GroupName"] and _group(state, account, name) is not None:
        raise Refusal(50002, f"there is a conversation group {name!r} already")
    sql = "UPDATE contact_groups SET GroupName = ? WHERE UserID = ? AND GroupId = ?"
    state.store.run(sql, name, account, group["GroupId"])
    return group | {"GroupName": name}


def _moved(state: State, account: str, group: Row, item: Row) -> Row:
    move = _put if item["ContactOptType"] == PUT_IN else _take
    code = move(state, account, group, item["ContactItem"])
    return {"ContactOptType": item["ContactOptType"], **_result(item["ContactItem"], code)}


def delete_group(state: State, request: Request) -> Answer:
    """Delete a conversation group; the conversations stay."""
    account = _account(state, request)
    _check_edition(state)
    group = _existing(state, account, request["GroupName"][0])
    state.store.run("DELETE FROM contact_groups WHERE UserID = ? AND GroupId = ?", account, group["GroupId"])
    return {"GroupItem": [group]}


def mark(state: State, request: Request) -> Answer:
    """Set and clear marks of conversations, each for itself."""
    account = _account(state, request)
    results = [
        {"OptType": item["OptType"], **_result(item["ContactItem"], _mark(state, account, item))}
        for item in request["MarkItem"]
    ]
    return {"ResultItem": results, "ErrorDisplay": ""}


def _mark(state: State, account: str, item: Row) -> int:
    code = _mark_code(state, item) or _contact_code(state, account, item["ContactItem"])
    if code:
        return code
    contact = _row(state, account, item["ContactItem"])
    if item["OptType"] & STANDARD:
        marks = {*contact["StandardMark"], *(item.get("SetMark") or ())} - {*(item.get("ClearMark") or ())}
        contact["StandardMark"] = sorted(marks)
    if item["OptType"] & CUSTOM:
        contact["CustomMark"] = item.get("CustomMark") or ""
    _save(state, contact)
    return 0


def _mark_code(state: State, item: Row) -> int:
    """Return what is wrong with the marks themselves; 0 is nothing."""
    marks: list[int] = [*(item.get("SetMark") or ()), *(item.get("ClearMark") or ())]
    custom: str | None = item.get("CustomMark")
    if item["OptType"] & STANDARD and not _has_edition(state):
        return 51013
    nothing = (item["OptType"] == STANDARD and not marks) or (item["OptType"] == CUSTOM and custom is None)
    return 50002 if nothing or not {*marks} <= {*MARKS} or len((custom or "").encode()) > CUSTOM_BYTES else 0


def search_groups(state: State, request: Request) -> Answer:
    """Read marks and conversation groups of some conversations."""
    account = _account(state, request)
    items: list[Row] = request["ContactItem"]
    if not all(map(_place_of, items)):
        raise Refusal(50002, "a conversation lacks its To_Account or ToGroupId, or has another Type than 1 and 2")
    found = [_marks(state, _row(state, account, item)) for item in items]
    return {"ContactResultItem": found, "GroupItem": _groups(state, account), "ErrorDisplay": ""}


def list_groups(state: State, request: Request) -> Answer:
    """Read one page of the conversations that are marked or in a conversation group."""
    account, start = _account(state, request), request["StartIndex"]
    sql = "SELECT * FROM marked_contacts WHERE UserID = ? AND number > ? ORDER BY number LIMIT ?"
    found = state.store.rows(sql, account, start, PAGE + 1)
    page = found[:PAGE]
    return {
        "ContactItem": [_marks(state, row) for row in page],
        "GroupItem": _groups(state, account),
        "CompleteFlag": int(len(found) <= PAGE),
        "NextStartIndex": page[-1]["number"] if page else start,
    }


def _marks(state: State, contact: Row) -> Row:
    groups = "SELECT GroupId FROM contact_group_items WHERE contact = ? ORDER BY GroupId"
    digits = sum(1 << mark - 1 for mark in contact["StandardMark"])
    return {
        "Type": ACCOUNT if contact["ToGroupId"] is None else GROUP,
        **present({name: contact[name] for name in ("To_Account", "ToGroupId")}),
        "StandardMark": f"{digits:b}" if digits else "",
        "CustomMark": contact["CustomMark"],
        "ContactGroupId": state.store.values(groups, contact["number"]),
        "Timestamp": contact["Timestamp"],
    }


def _place_of(item: Row) -> tuple[str, str] | None:
    """Return the column and the id of a conversation; ``None`` where it is not named properly."""
    names = {ACCOUNT: "To_Account", GROUP: "ToGroupId"}
    name = names.get(item["Type"])
    return (name, item[name]) if name is not None and item.get(name) else None


def _contact_code(state: State, account: str, item: Row) -> int:
    """Return why a conversation cannot be marked, or put into a conversation group; 0 if it can."""
    place = _place_of(item)
    if place is None:
        return 50002
    name, value = place
    if name == "To_Account" and not exists(state, value):
        return 50001
    if name == "ToGroupId" and state.store.row("SELECT 1 FROM groups WHERE GroupId = ?", value) is None:
        return 51007
    others = "SELECT count(*) FROM marked_contacts WHERE UserID = ? AND number IS NOT ?"
    return 51008 if state.store.value(others, account, _row(state, account, item)["number"]) >= CONTACTS else 0


def _row(state: State, account: str, item: Row) -> Row:
    """Return the row of a conversation that is named properly, as it is or would be."""
    place = _place_of(item)
    assert place is not None
    name, value = place
    return state.store.row(_BY[name], account, value) or {**_NEW, "UserID": account, name: value}


_BY: Final = {
    "To_Account": "SELECT * FROM contacts WHERE UserID = ? AND To_Account = ?",
    "ToGroupId": "SELECT * FROM contacts WHERE UserID = ? AND ToGroupId = ?",
}
_NEW: Final[Row] = {
    "number": None,
    "To_Account": None,
    "ToGroupId": None,
    "StandardMark": [],
    "CustomMark": "",
    "Timestamp": 0,
}


def _save(state: State, contact: Row) -> int:
    """Keep a row as it changed now, and return its number."""
    contact["Timestamp"] = state.now
    if contact["number"] is None:
        return state.store.insert("contacts", contact)
    sql = "UPDATE contacts SET StandardMark = ?, CustomMark = ?, Timestamp = ? WHERE number = ?"
    marks = packed(contact["StandardMark"])
    state.store.run(sql, marks, contact["CustomMark"], contact["Timestamp"], contact["number"])
    number: int = contact["number"]
    return number


def _put(state: State, account: str, group: Row, item: Row) -> int:
    code = _contact_code(state, account, item)
    if code:
        return code
    contact = _save(state, _row(state, account, item))
    row = {"UserID": account, "GroupId": group["GroupId"], "contact": contact}
    state.store.insert("contact_group_items", row, replace=True)
    return 0


def _take(state: State, account: str, group: Row, item: Row) -> int:
    if _place_of(item) is None:
        return 50002
    contact = _row(state, account, item)
    sql = "DELETE FROM contact_group_items WHERE contact = ? AND GroupId = ?"
    if state.store.run(sql, contact["number"], group["GroupId"]):
        _save(state, contact)
    return 0


def _result(item: Row, code: int) -> Row:
    return {"ContactItem": item, "ResultCode": code, "ResultInfo": explain(code).meaning if code else ""}


def _groups(state: State, account: str) -> list[Row]:
    return state.store.rows("SELECT GroupName, GroupId FROM contact_groups WHERE UserID = ? ORDER BY GroupId", account)


def _group(state: State, account: str, name: str) -> Row | None:
    sql = "SELECT GroupName, GroupId FROM contact_groups WHERE UserID = ? AND GroupName = ?"
    return state.store.row(sql, account, name)


def _existing(state: State, account: str, name: str) -> Row:
    group = _group(state, account, name)
    if group is None:
        raise Refusal(51009)
    return group


def _check_name(name: str) -> None:
    if not name:
        raise Refusal(50002, "a conversation group needs a name")
    if len(name.encode()) > NAME_BYTES:
        raise Refusal(51011)


def _needed(request: Request, name: str) -> Any:
    value = request.get(name)
    if not value:
        raise Refusal(50002, f"{name} is missing")
    return value


def _account(state: State, request: Request) -> str:
    account: str = request["From_Account"]
    if not exists(state, account):
        raise Refusal(50001, f"From_Account is not registered: {account!r}")
    return account


def _has_edition(state: State) -> bool:
    return state.rules.top_edition


def _check_edition(state: State) -> None:
    if not _has_edition(state):
        raise Refusal(51013)


_CODES: Final = Codes(50002, limit={"MarkItem": 51006})

PLAYS: Final[Plays] = {
    ListRecentContacts: Play(get_list, _CODES),
    DeleteRecentContact: Play(delete, _CODES),
    CreateContactGroup: Play(create_group, _CODES),
    UpdateContactGroup: Play(update_group, _CODES),
    DeleteContactGroup: Play(delete_group, _CODES),
    MarkContacts: Play(mark, _CODES),
    SearchContactGroups: Play(search_groups, _CODES),
    ListContactGroups: Play(list_groups, _CODES),
}
