"""Black lists: add, delete, get, check. The manual's documents: 269/3718, 269/3719, 269/3722, 269/3725.

Blocking ends a friendship on both sides, which is told as the end of one. Judgement calls: to unblock who is not
blocked works; nobody blocks himself (30001); LastSequence holds nothing back; what is beyond 1,000 fails one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from timrest_async.commands.friends import AddToBlackList, CheckBlackList, DeleteFromBlackList, ListBlackList
from timrest_async.sandbox.plays import Codes, Play, Plays
from timrest_async.sandbox.relations import (
    advance,
    attempt,
    check_known,
    compared,
    done,
    failing,
    owner_of,
    pairs,
    sequence,
    unfriend,
)
from timrest_async.sandbox.request import Refusal

if TYPE_CHECKING:
    from timrest_async.sandbox.events import Answer
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State

__all__ = ["PLAYS"]

BLOCKED: Final = 1000
"""So many one account may block."""


def add(state: State, request: Request) -> Answer:
    """Block accounts."""
    account = owner_of(state, request)
    items = [attempt(other, _block, state, account, other) for other in request["To_Account"]]
    if blocked := done(items):
        unfriend(state, [pair for other in blocked for pair in ((account, other), (other, account))])
        advance(state, account, "BlackListSequence")
        state.tell("Sns.CallbackBlackListAdd", {"PairList": pairs((account, other) for other in blocked)})
    return failing("ResultItem", items)


def _block(state: State, account: str, other: str) -> None:
    check_known(state, other)
    if other == account:
        raise Refusal(30001, "Err_SNS_BlackListAdd_Self")
    if state.store.value("SELECT count(*) FROM black_list WHERE From_Account = ?", account) >= BLOCKED:
        raise Refusal(30013, "Err_SNS_BlackListAdd_Num_Exceed_Threshold")
    sql = "INSERT OR IGNORE INTO black_list (From_Account, To_Account, AddBlackTimeStamp) VALUES (?, ?, ?)"
    if not state.store.run(sql, account, other, state.now):
        raise Refusal(30001, "Err_SNS_BlackListAdd_Already_Exist")


def delete(state: State, request: Request) -> Answer:
    """Unblock accounts."""
    account = owner_of(state, request)
    items = [attempt(other, check_known, state, other) for other in request["To_Account"]]
    sql = "DELETE FROM black_list WHERE From_Account = ? AND To_Account = ?"
    if gone := [(account, other) for other in done(items) if state.store.run(sql, account, other)]:
        advance(state, account, "BlackListSequence")
        state.tell("Sns.CallbackBlackListDelete", {"PairList": pairs(gone)})
    return failing("ResultItem", items)


def get(state: State, request: Request) -> Answer:
    """List who is blocked, in the order in which they were; one more than a page is read to know whether it is last."""
    account = owner_of(state, request)
    start, most = request["StartIndex"], request["MaxLimited"]
    if start < 0 or most < 1:
        raise Refusal(30001, "StartIndex has to be at least 0, and MaxLimited at least 1")
    rows = state.store.rows(
        "SELECT To_Account, AddBlackTimeStamp FROM black_list WHERE From_Account = ? ORDER BY number LIMIT ? OFFSET ?",
        account,
        most + 1,
        start,
    )
    return {
        "BlackListItem": rows[:most],
        "StartIndex": start + most if len(rows) > most else 0,
        "CurruentSequence": sequence(state, account, "BlackListSequence"),
        "ErrorDisplay": "",
    }


def check(state: State, request: Request) -> Answer:
    """Tell who blocks whom."""
    return failing("BlackListCheckItem", compared(state, request, "black_list", neither="NO"))


_CODES: Final = Codes(30001)

PLAYS: Final[Plays] = {
    AddToBlackList: Play(add, _CODES),
    DeleteFromBlackList: Play(delete, _CODES),
    ListBlackList: Play(get, _CODES),
    CheckBlackList: Play(check, _CODES),
}
