"""Subscribers of official accounts: add, delete, change, list. The manual's documents: 1047/60759 to 1047/60763.

Your application may refuse all who are to subscribe, or name some in RefusedSubscribers_Account (1047/60799); it hears
that an official account is full once the last place is taken (1047/60801).

Judgement calls: each account that is listed twice has one entry; who is not registered, or finds no place, has the
Result 0, which says no more; a subscription that is not there cannot be changed (10004); lists are in the order in
which they grew, and a cursor is the number of the last that was seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve

from timrest_async.commands.official_accounts import (
    AddSubscribers,
    DeleteSubscribers,
    ListSubscribed,
    ListSubscribers,
    ModifySubscriber,
)
from timrest_async.sandbox.events import Event
from timrest_async.sandbox.play.groups import check_accounts
from timrest_async.sandbox.play.official_accounts import (
    OFFICIAL_CODES,
    filter_of,
    official_of,
    profile_columns,
)
from timrest_async.sandbox.plays import Play, Plays
from timrest_async.sandbox.request import Refusal
from timrest_async.sandbox.store import packed, present

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from timrest_async.sandbox.events import Answer, Asking
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State
    from timrest_async.sandbox.store import Row

__all__ = ["PLAYS"]

FAILED, DONE, WAS_SO = 0, 1, 2
"""What becomes of an account that is to subscribe, or to subscribe no more."""

PAGE: Final = 200
CURSOR_DIGITS: Final = 18


def add(state: State, request: Request) -> Asking:
    """Let accounts subscribe, unless your application is against it, and say of each what became of it."""
    results = _candidates(state, request)
    if wanted := _those(results, DONE):
        told = _told(request, wanted)
        verdict = yield Event("OfficialAccount.CallbackBeforeAddSubscriber", told)
        verdict.obey("OfficialAccount.CallbackBeforeAddSubscriber")
        refused = verdict.fields.get("RefusedSubscribers_Account", ())
        results = _candidates(state, request, refused)  # much may have happened meanwhile
        _subscribe(state, request, _those(results, DONE))
    return _answer(results)


def delete(state: State, request: Request) -> Answer:
    """End subscriptions, and say of each account what became of it."""
    official = official_of(state, request)["Official_Account"]
    results = _standing(state, official, request["SubscriberToDel_Account"], subscribed=DONE, other=WAS_SO)
    if leaving := _those(results, DONE):
        sql = "DELETE FROM official_subscribers WHERE Official_Account = ? AND Subscriber_Account = ?"
        for account in leaving:
            state.store.run(sql, official, account)
        state.tell("OfficialAccount.CallbackAfterDeleteSubscriber", _told(request, leaving))
    return _answer(results)


def modify(state: State, request: Request) -> Answer:
    """Change the text that is kept with a subscription."""
    official, account = official_of(state, request)["Official_Account"], request["Subscriber_Account"]
    check_accounts(state, account)
    sql = (
        "UPDATE official_subscribers SET CustomString = ifnull(?, CustomString)"
        " WHERE Official_Account = ? AND Subscriber_Account = ?"
    )
    if not state.store.run(sql, request.get("CustomString"), official, account):
        raise Refusal(10004, f"Subscriber_Account does not subscribe to it: {account!r}")
    return {}


def list_subscribers(state: State, request: Request) -> Answer:
    """List who subscribes; one more than a page is read to know whether it is the last. Without a Limit all come."""
    official, limit = official_of(state, request)["Official_Account"], request.get("Limit")
    sql = (
        "SELECT number, Subscriber_Account, SubscribeTime, CustomString, MsgFlag, LastSendMsgTime"
        " FROM official_subscribers WHERE Official_Account = ? AND number > ? ORDER BY number LIMIT ?"
    )
    rows = state.store.rows(sql, official, _read_cursor(request["Next"]), -1 if limit is None else limit + 1)
    page, more = rows[:limit], limit is not None and len(rows) > limit
    numbers = [row.pop("number") for row in page]
    cursor = str(numbers[-1]) if more else ""
    return {"SubscriberNum": _count(state, official), "SubscriberList": page, "Next": cursor}


def list_subscribed(state: State, request: Request) -> Answer:
    """List to which official accounts an account subscribes."""
    account, offset, limit = request["Subscriber_Account"], request.get("Offset", 0), request.get("Limit", PAGE)
    check_accounts(state, account)
    if offset < 0:
        raise Refusal(10004, f"Offset has to be 0 or more, not {offset}")
    columns = profile_columns(filter_of(request, "OfficialAccountBaseInfoFilter"))
    sql = (
        f"SELECT {columns}, SubscribeTime, own.CustomString AS own_text"  # noqa: S608  # names of ours
        " FROM official_subscribers AS own JOIN official_accounts USING (Official_Account)"
        " WHERE Subscriber_Account = ? ORDER BY own.number LIMIT ? OFFSET ?"
    )
    rows = state.store.rows(sql, account, limit, offset)
    total: int = state.store.value("SELECT count(*) FROM official_subscribers WHERE Subscriber_Account = ?", account)
    complete, own = offset + limit >= total, filter_of(request, "SelfInfoFilter")
    return {
        "OfficialAccountInfoList": [_subscribed(row, own) for row in rows],
        "TotalCount": total,
        "CompleteFlag": int(complete),
        "Next": 0 if complete else offset + limit,
    }


def _subscribed(row: Row, wanted: Collection[str] | None) -> Row:
    own = {"SubscribeTime": row.pop("SubscribeTime"), "CustomString": row.pop("own_text")}
    told = {name: value for name, value in own.items() if wanted is None or name in wanted}
    return present(row) | ({"SelfInfo": told} if told else {})


def _candidates(state: State, request: Request, refused: Iterable[str] = ()) -> Mapping[str, int]:
    """Tell of each account whether it subscribes already, or may now; who is *refused*, or has no place, fails."""
    official = official_of(state, request)
    accounts = [item["Subscriber_Account"] for item in request["SubscriberList"]]
    results = _standing(state, official["Official_Account"], accounts, subscribed=WAS_SO, other=DONE)
    room = max(0, official["MaxSubscriberNum"] - _count(state, official["Official_Account"]))
    against = set(refused)
    placed = set([account for account in _those(results, DONE) if account not in against][:room])
    return {
        account: FAILED if result == DONE and account not in placed else result for account, result in results.items()
    }


def _subscribe(state: State, request: Request, accounts: list[str]) -> None:
    """Let *accounts* in, and tell of it, also where the last place is taken by that."""
    if not accounts:
        return
    official = official_of(state, request)
    row = {"Official_Account": official["Official_Account"], "SubscribeTime": state.now}
    for account in accounts:
        state.store.insert("official_subscribers", row | {"Subscriber_Account": account})
    state.tell("OfficialAccount.CallbackAfterAddSubscriber", _told(request, accounts))
    if _count(state, official["Official_Account"]) == official["MaxSubscriberNum"]:
        told = {"Official_Account": official["Official_Account"]}
        state.tell("OfficialAccount.CallbackAfterOfficialAccountFull", told)


def _standing(
    state: State, official: str, accounts: Iterable[str], *, subscribed: int, other: int
) -> Mapping[str, int]:
    """Give each account the Result for one that is *subscribed*, or for any *other*; who is unknown fails."""
    rows = state.store.rows(
        "SELECT value AS account, CASE"
        " WHEN NOT EXISTS (SELECT 1 FROM accounts WHERE UserID = value) THEN ?1"
        " WHEN EXISTS (SELECT 1 FROM official_subscribers WHERE Official_Account = ?2 AND Subscriber_Account = value)"
        " THEN ?3 ELSE ?4 END AS result FROM json_each(?5) ORDER BY key",
        *(FAILED, official, subscribed, other),
        packed(list(accounts)),
    )
    return {row["account"]: row["result"] for row in rows}


def _those(results: Mapping[str, int], wanted: int) -> list[str]:
    return [account for account, result in results.items() if result == wanted]


def _answer(results: Mapping[str, int]) -> Answer:
    return {
        "SubscriberList": [{"Subscriber_Account": account, "Result": result} for account, result in results.items()]
    }


def _count(state: State, official: str) -> int:
    count: int = state.store.value("SELECT count(*) FROM official_subscribers WHERE Official_Account = ?", official)
    return count


def _told(request: Request, accounts: Iterable[str]) -> Row:
    return {
        "Official_Account": request["Official_Account"],
        "Operator_Account": request.identifier,
        "SubscribeAccountList": [{"Subscriber_Account": account} for account in accounts],
    }


def _read_cursor(cursor: str) -> int:
    if cursor and not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= CURSOR_DIGITS):
        raise Refusal(10004, "Next has to be empty, or the Next of the page before")
    return int(cursor or 0)


_ADD_CODES: Final = evolve(OFFICIAL_CODES, limit={"SubscriberList": 10005}, empty={"SubscriberList": 10004})

PLAYS: Final[Plays] = {
    AddSubscribers: Play(add, _ADD_CODES),
    DeleteSubscribers: Play(delete, OFFICIAL_CODES),
    ModifySubscriber: Play(modify, OFFICIAL_CODES),
    ListSubscribers: Play(list_subscribers, OFFICIAL_CODES),
    ListSubscribed: Play(list_subscribed, OFFICIAL_CODES),
}
