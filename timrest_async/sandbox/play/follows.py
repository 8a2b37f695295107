"""Follows: add, delete, get, check, get_info. The manual's documents: 1047/70345 to 1047/70350.

No document lists codes of these commands, so those of the relationship service stand in, and 70107 for an account that
is not registered. Judgement calls: to follow twice, or to leave whom one does not follow, works; nobody follows himself
(30001); lists are in the order in which they grew, and a cursor is the number of the last that was seen.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from timrest_async.commands.friends import CheckFollows, CountFollows, FollowAccounts, ListFollows, UnfollowAccounts
from timrest_async.sandbox.plays import Codes, Play, Plays
from timrest_async.sandbox.relations import attempt, check_known, done, listed, owner_of
from timrest_async.sandbox.request import Refusal
from timrest_async.sandbox.store import packed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from timrest_async.sandbox.events import Answer
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State
    from timrest_async.sandbox.store import Row

__all__ = ["PLAYS"]

NO_ACCOUNT: Final = 70107
UNKNOWN: Final = "Err_TLS_PT_Open_Login_Account_Not_Exist"
CURSOR_DIGITS: Final = 18


def add(state: State, request: Request) -> Answer:
    """Follow accounts."""
    account = owner_of(state, request, NO_ACCOUNT)
    accounts: list[str] = [item["To_Account"] for item in request["FollowItem"]]
    items = [attempt(other, _check_other, state, account, other) for other in accounts]
    sql = "INSERT OR IGNORE INTO follows (From_Account, To_Account, FollowTime) VALUES (?, ?, ?)"
    if followed := [other for other in done(items) if state.store.run(sql, account, other, state.now)]:
        told = {"From_Account": account, "FollowList": [{"To_Account": other} for other in followed]}
        state.tell("Follow.CallbackAfterFollowAdd", told)
    return _answer("ResultItem", items)


def delete(state: State, request: Request) -> Answer:
    """Stop following accounts."""
    account = owner_of(state, request, NO_ACCOUNT)
    items = [attempt(other, _check_known, state, other) for other in request["To_Account"]]
    sql = "DELETE FROM follows WHERE From_Account = ? AND To_Account = ?"
    if left := [other for other in done(items) if state.store.run(sql, account, other)]:
        told = {"From_Account": account, "To_Account": left}
        state.tell("Follow.CallbackAfterFollowDelete", told)
    return _answer("ResultItem", items)


_LISTS: Final[Mapping[int, str]] = {
    1: "SELECT number, From_Account AS To_Account, FollowTime FROM follows WHERE To_Account = ?1",
    2: "SELECT number, To_Account, FollowTime FROM follows WHERE From_Account = ?1",
    3: (
        "SELECT number, To_Account, FollowTime FROM follows AS own WHERE From_Account = ?1 AND EXISTS"
        " (SELECT 1 FROM follows WHERE From_Account = own.To_Account AND To_Account = ?1)"
    ),
}
"""Who follows it, whom it follows, and with whom it is mutual; there the time is that of its own step."""


def get(state: State, request: Request) -> Answer:
    """List accounts with their profiles; one more than a page is read to know whether it is the last."""
    account, wanted = owner_of(state, request, NO_ACCOUNT), request["WantNum"]
    sql = f"{_LISTS[request['FollowType']]} AND number > ?2 ORDER BY number LIMIT ?3"
    rows = state.store.rows(sql, account, _read_cursor(request["StartCursor"]), wanted + 1)
    page = rows[:wanted]
    profiles = _profiles_of(state, [row["To_Account"] for row in page])
    items = [{name: row[name] for name in ("To_Account", "FollowTime")} for row in page]
    return {
        "FollowItem": [item | {"ProfileItem": profiles[item["To_Account"]]} for item in items],
        "NextCursor": str(page[-1]["number"]) if len(rows) > wanted else "",
        "ErrorDisplay": "",
    }


def check(state: State, request: Request) -> Answer:
    """Tell who follows whom."""
    account = owner_of(state, request, NO_ACCOUNT)
    return _answer("ResultItem", [_compared(state, account, other) for other in request["To_Account"]])


def get_info(state: State, request: Request) -> Answer:
    """Count who follows, and who is followed."""
    owner_of(state, request, NO_ACCOUNT)
    return _answer("FollowInfo", [_counted(state, other) for other in request["To_Account"]])


def _check_known(state: State, other: str) -> None:
    check_known(state, other, NO_ACCOUNT, UNKNOWN)


def _check_other(state: State, account: str, other: str) -> None:
    _check_known(state, other)
    if other == account:
        raise Refusal(30001, "an account cannot follow itself")


def _compared(state: State, account: str, other: str) -> Row:
    back, forth = listed(state, "follows", other, account), listed(state, "follows", account, other)
    return attempt(other, _check_known, state, other, FollowType=back + 2 * forth)


def _counted(state: State, account: str) -> Row:
    counts = state.store.row(
        "SELECT (SELECT count(*) FROM follows WHERE To_Account = ?1) AS FollowerCount,"
        " (SELECT count(*) FROM follows WHERE From_Account = ?1) AS FollowingCount,"
        " (SELECT count(*) FROM follows AS own JOIN follows AS back ON back.From_Account = own.To_Account"
        "  AND back.To_Account = own.From_Account WHERE own.From_Account = ?1) AS MutualFollowingCount",
        account,
    )
    return attempt(account, _check_known, state, account, **(counts or {}))


def _answer(name: str, items: list[Row]) -> Answer:
    return {name: items, "ErrorDisplay": ""}


def _read_cursor(cursor: str) -> int:
    if cursor and not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= CURSOR_DIGITS):
        raise Refusal(30001, "StartCursor has to be empty, or the NextCursor of the page before")
    return int(cursor or 0)


def _profiles_of(state: State, accounts: list[str]) -> Mapping[str, list[Row]]:
    sql = "SELECT UserID, Tag, Value FROM profiles WHERE UserID IN (SELECT value FROM json_each(?)) ORDER BY Tag"
    found: dict[str, list[Row]] = defaultdict(list)
    for row in state.store.rows(sql, packed(accounts)):
        found[row["UserID"]].append({"Tag": row["Tag"], "Value": row["Value"]})
    return found


_CODES: Final = Codes(30001)

PLAYS: Final[Plays] = {
    FollowAccounts: Play(add, _CODES),
    UnfollowAccounts: Play(delete, _CODES),
    ListFollows: Play(get, _CODES),
    CheckFollows: Play(check, _CODES),
    CountFollows: Play(get_info, _CODES),
}
