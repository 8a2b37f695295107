"""Who is in a live room (AVChatRoom), its marks, admins and robots. The manual's documents: 1047/50293, 1047/50294,
1047/60523-60527.

Users join a live room by a client, which the sandbox has not: put them in with ``State.add_group``. All its members are
online. So is who has mark 500, a member or not, for three days after it was set.

Where no document speaks: what goes beyond a bound of the room is 10004, as is a call about nobody who is online; of
NextTimestamp no more is promised than that it leads to the next page; marks 500 and 600 are none of the 10 that a room
has. The number of members of a page, 500, is that of the older documents; the newest say 250.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from timrest_async.commands.group_members import (
    AddLiveRobots,
    CheckLiveMembers,
    DeleteLiveRobots,
    ListLiveAdmins,
    ListLiveMembers,
    MarkLiveMembers,
    ModifyLiveAdmins,
)
from timrest_async.sandbox.play.accounts import unknown_of
from timrest_async.sandbox.play.group_members import check_known, number_of
from timrest_async.sandbox.play.groups import GROUP_CODES, WRONG_TYPE_OF_GROUP, group_of
from timrest_async.sandbox.plays import Play, Plays
from timrest_async.sandbox.request import Refusal
from timrest_async.sandbox.store import packed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from timrest_async.sandbox.events import Answer
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State

__all__ = ["PLAYS"]

ONLINE, HIDDEN = 500, 600
"""Marks that mean something to the service."""
ONLINE_SECONDS: Final = 3 * 86_400
OWN_MARKS: Final = range(1000, 2**32)
"""Marks that mean something to your application."""
MARKS: Final = 10
MARKED: Final = 1000
"""How many members one mark is on."""
LISTED: Final = 1000
LISTED_WITHOUT: Final = 30
"""How many members are listed, and how many where the console's list of online members is switched off."""
PAGE: Final = 500
ADMINS: Final = 5
SET: Final = 1
"""The CommandType that sets or appoints; 2 undoes it."""


def list_page(state: State, request: Request) -> Answer:
    """List who is in the room, the last to come first; with a Mark, all who have it."""
    group_id = _room_of(state, request, "AVChatRoom", "Community", listed=False)
    below, marked = number_of(request, "Timestamp"), "Mark" in request
    rows = state.store.rows(
        _LISTED,
        group_id,
        state.now - ONLINE_SECONDS,
        marked,
        number_of(request, "Mark") if marked else HIDDEN,
        LISTED if _list_is_on(state) else LISTED_WITHOUT,
        below or 2**63 - 1,
        PAGE + 1,
    )
    places = [row.pop("place") for row in rows]
    return {"MemberList": rows[:PAGE], "NextTimestamp": places[PAGE - 1] if len(rows) > PAGE else 0}


def mark(state: State, request: Request) -> Answer:
    """Set marks on members who are online, or take them off; mark 500 is set on others too."""
    group_id = _room_of(state, request)
    wanted: dict[str, list[int]] = {}
    for item in request["MemberList"]:
        wanted.setdefault(item["Member_Account"], []).extend(item["Marks"])
    for number in (number for numbers in wanted.values() for number in numbers):
        if number not in OWN_MARKS and number not in {ONLINE, HIDDEN}:
            raise Refusal(10004, f"{number} is no mark: it has to be {ONLINE}, {HIDDEN}, or {OWN_MARKS.start} and more")
    setting = request["CommandType"] == SET
    done = _marked(state, group_id, wanted, setting=setting)
    if not done:
        raise Refusal(10004, "none of MemberList is online")
    for account, numbers in done.items():
        for number in numbers:
            (_set if setting else _clear)(state, group_id, account, number)
    _check_marks(state, group_id)
    listed = [{"Member_Account": account, "Marks": numbers} for account, numbers in done.items()]
    return {"CommandType": request["CommandType"], "MemberList": listed}


def modify_admins(state: State, request: Request) -> Answer:
    """Appoint or dismiss admins of the room, who need not be in it."""
    group_id, accounts = _room_of(state, request), request["Admin_Account"]
    check_known(state, accounts)
    if request["CommandType"] == SET:
        sql = "INSERT OR IGNORE INTO live_admins (GroupId, Admin_Account) SELECT ?, value FROM json_each(?)"
    else:
        sql = "DELETE FROM live_admins WHERE GroupId = ? AND Admin_Account IN (SELECT value FROM json_each(?))"
    state.store.run(sql, group_id, packed(accounts))
    if state.store.value("SELECT count(*) FROM live_admins WHERE GroupId = ?", group_id) > ADMINS:
        raise Refusal(10004, f"a live room has at most {ADMINS} admins")
    return {}


def list_admins(state: State, request: Request) -> Answer:
    """List the admins of the room."""
    sql = (
        "SELECT Admin_Account, NickName, Avatar FROM live_admins JOIN live_profiles ON UserID = Admin_Account"
        " WHERE GroupId = ? ORDER BY number"
    )
    return {"Admin_List": state.store.rows(sql, _room_of(state, request))}


def check(state: State, request: Request) -> Answer:
    """Tell which accounts are in the room."""
    return {"Member_Account": _online(state, _room_of(state, request), request["Member_Account"])}


def add_robots(state: State, request: Request) -> Answer:
    """Keep robots in the list of who is in the room: they get mark 500."""
    group_id = _room_of(state, request)
    check_known(state, request["Robot_Account"])
    for account in request["Robot_Account"]:
        _set(state, group_id, account, ONLINE)
    return {}


def delete_robots(state: State, request: Request) -> Answer:
    """Take robots off the list of who is in the room: they lose mark 500."""
    group_id = _room_of(state, request)
    for account in request["Robot_Account"]:
        _clear(state, group_id, account, ONLINE)
    return {}


_LISTED: Final = """
SELECT Member_Account, JoinTime, NickName, Avatar, place FROM (
  SELECT * FROM (
    SELECT Member_Account, JoinTime, number AS place FROM group_members AS one WHERE GroupId = ?1
    AND ?3 = EXISTS (SELECT 1 FROM live_marks WHERE GroupId = ?1 AND Mark = ?4 AND Member_Account = one.Member_Account)
    ORDER BY number DESC LIMIT ?5
  ) UNION ALL
  SELECT Member_Account, MarkedTime, (1 << 40) + number FROM live_marks AS one
  WHERE GroupId = ?1 AND Mark = 500 AND MarkedTime > ?2
  AND ?3 = EXISTS (SELECT 1 FROM live_marks WHERE GroupId = ?1 AND Mark = ?4 AND Member_Account = one.Member_Account)
  AND NOT EXISTS (SELECT 1 FROM group_members WHERE GroupId = ?1 AND Member_Account = one.Member_Account)
  ORDER BY place DESC LIMIT ?5
) JOIN live_profiles ON UserID = Member_Account WHERE place < ?6 ORDER BY place DESC LIMIT ?7
"""
"""The members of room 1 who have mark 4 or, where 3 is 0, have it not; before them who is there by mark 500 alone."""

_ONLINE: Final = """
SELECT value FROM json_each(?1)
WHERE EXISTS (SELECT 1 FROM group_members WHERE GroupId = ?2 AND Member_Account = value)
OR EXISTS (SELECT 1 FROM live_marks WHERE GroupId = ?2 AND Mark = 500 AND Member_Account = value AND MarkedTime > ?3)
ORDER BY key
"""
"""Those of the accounts 1 who are in room 2, if mark 500 was set after time 3."""


def _room_of(state: State, request: Request, *types: str, listed: bool = True) -> str:
    """Return the id of the live room that *request* is about."""
    group = group_of(state, request)
    if group["Type"] not in (types or {"AVChatRoom"}):
        raise Refusal(WRONG_TYPE_OF_GROUP, f"a group of the type {group['Type']} is no live room")
    if listed and not _list_is_on(state):
        raise Refusal(WRONG_TYPE_OF_GROUP, "the list of online members is switched off in the console")
    group_id: str = group["GroupId"]
    return group_id


def _list_is_on(state: State) -> bool:
    return state.rules.live_member_list


def _online(state: State, group_id: str, accounts: Iterable[str]) -> list[str]:
    """Return which of *accounts* are in the room, in their order."""
    asked = packed(list(dict.fromkeys(accounts)))
    return state.store.values(_ONLINE, asked, group_id, state.now - ONLINE_SECONDS)


def _marked(state: State, group_id: str, wanted: dict[str, list[int]], *, setting: bool) -> dict[str, list[int]]:
    """Return what is done of what is *wanted*: all for who is online, mark 500 alone for who is not."""
    online = set(_online(state, group_id, wanted))
    known = wanted.keys() - {*unknown_of(state, wanted)}
    done = {account: numbers if account in online else [ONLINE] for account, numbers in wanted.items()}
    away = {account for account in known - online if setting and ONLINE in wanted[account]}
    return {account: numbers for account, numbers in done.items() if account in online | away}


def _set(state: State, group_id: str, account: str, number: int) -> None:
    row = {"GroupId": group_id, "Member_Account": account, "Mark": number, "MarkedTime": state.now}
    state.store.insert("live_marks", row, replace=True)


def _clear(state: State, group_id: str, account: str, number: int) -> None:
    sql = "DELETE FROM live_marks WHERE GroupId = ? AND Mark = ? AND Member_Account = ?"
    state.store.run(sql, group_id, number, account)


def _check_marks(state: State, group_id: str) -> None:
    """Refuse what made too many marks, or one too common."""
    counts: list[Any] = state.store.values(
        "SELECT count(*) FROM live_marks WHERE GroupId = ? AND Mark >= ? GROUP BY Mark", group_id, OWN_MARKS.start
    )
    if len(counts) > MARKS:
        raise Refusal(10004, f"a live room has at most {MARKS} different marks")
    if any(count > MARKED for count in counts):
        raise Refusal(10004, f"a mark is on at most {MARKED} members")


PLAYS: Final[Plays] = {
    ListLiveMembers: Play(list_page, GROUP_CODES),
    MarkLiveMembers: Play(mark, GROUP_CODES),
    ModifyLiveAdmins: Play(modify_admins, GROUP_CODES),
    ListLiveAdmins: Play(list_admins, GROUP_CODES),
    CheckLiveMembers: Play(check, GROUP_CODES),
    AddLiveRobots: Play(add_robots, GROUP_CODES),
    DeleteLiveRobots: Play(delete_robots, GROUP_CODES),
}
