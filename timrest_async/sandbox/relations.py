"""Who stands on whose list: what friends, black lists and follows have in common.

Each is a table with ``From_Account``, whose list it is, and ``To_Account``, who stands on it. Commands about them work
through many accounts, one by one: who fails is named in the answer, and the call is good all the same. The texts of
ResultInfo are the service's own where a document shows one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from timrest_async.sandbox.play.accounts import exists
from timrest_async.sandbox.request import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from timrest_async.sandbox.events import Answer
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State
    from timrest_async.sandbox.store import Row

__all__ = [
    "UNKNOWN",
    "Sequence",
    "Table",
    "advance",
    "attempt",
    "check_known",
    "compared",
    "done",
    "failing",
    "listed",
    "owner_of",
    "pairs",
    "sequence",
    "unfriend",
]

Table: TypeAlias = Literal["friends", "black_list", "follows"]
Sequence: TypeAlias = Literal["StandardSequence", "CustomSequence", "GroupSequence", "BlackListSequence"]
"""What counts the changes to the relations of one account; the first two stand for the fields of its friends."""
Pair: TypeAlias = tuple[str, str]
"""From_Account, To_Account."""

UNKNOWN: Final = "Err_SNS_Account_Not_Exist"

_LISTED: Final[Mapping[Table, str]] = {
    "friends": "SELECT 1 FROM friends WHERE From_Account = ? AND To_Account = ?",
    "black_list": "SELECT 1 FROM black_list WHERE From_Account = ? AND To_Account = ?",
    "follows": "SELECT 1 FROM follows WHERE From_Account = ? AND To_Account = ?",
}


def listed(state: State, table: Table, account: str, other: str) -> bool:
    """Say whether *other* stands on the list of *account*."""
    return state.store.row(_LISTED[table], account, other) is not None


def owner_of(state: State, request: Request, code: int = 30003) -> str:
    """Return the account that a command is about, if it is registered."""
    account: str = request["From_Account"]
    check_known(state, account, code, f"From_Account is not registered: {account!r}")
    return account


def check_known(state: State, account: str, code: int = 30003, info: str = UNKNOWN) -> None:
    """Refuse an account that is not registered."""
    if not exists(state, account):
        raise Refusal(code, info)


def _outcome(account: str, code: int, info: str, fields: Row) -> Row:
    return {"To_Account": account, **fields, "ResultCode": code, "ResultInfo": info}


def attempt(account: str, work: Callable[..., object], *given: Any, **fields: Any) -> Row:
    """Do the work for one account and say what became of it, with *fields*; who is refused fails alone."""
    try:
        work(*given)
    except Refusal as no:
        return _outcome(account, no.code, no.info, fields)
    return _outcome(account, 0, "", fields)


def done(items: Iterable[Row]) -> list[str]:
    """Return for whom it worked."""
    return [item["To_Account"] for item in items if not item["ResultCode"]]


def failing(name: str, items: list[Row], **fields: Any) -> Answer:
    """Answer with *items*, and name those that failed where there are any."""
    failed = [item["To_Account"] for item in items if item["ResultCode"]]
    return {name: items, **({"Fail_Account": failed} if failed else {}), **fields, "ErrorDisplay": ""}


def compared(state: State, request: Request, table: Table, *, neither: str) -> list[Row]:
    """Tell of each account whether it stands on the list, and, where both lists count, the other way round."""
    account = owner_of(state, request)
    kind, _, mode = request["CheckType"].rpartition("_")
    words = {(True, False): "AWithB", (False, True): "BWithA", (True, True): "BothWay"}
    items: list[Row] = []
    for other in request["To_Account"]:
        ours, theirs = listed(state, table, account, other), mode == "Both" and listed(state, table, other, account)
        relation = f"{kind}_{words.get((ours, theirs), neither)}"
        items.append(attempt(other, check_known, state, other, Relation=relation))
    return items


def pairs(gone: Iterable[Pair]) -> list[Row]:
    """Write pairs as callbacks do."""
    return [{"From_Account": account, "To_Account": other} for account, other in gone]


def sequence(state: State, account: str, name: Sequence) -> int:
    """Return how often something of *account* changed."""
    sql = "SELECT value FROM relation_sequences WHERE UserID = ? AND name = ?"
    return state.store.value(sql, account, name) or 0


def advance(state: State, account: str, *names: Sequence) -> None:
    """Count a change."""
    for name in names:
        sql = "INSERT INTO relation_sequences VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET value = value + 1"
        state.store.run(sql, account, name)


def unfriend(state: State, wanted: Iterable[Pair]) -> set[Pair]:
    """Take the second of each pair off the list of the first, and return the pairs that were there."""
    sql = "DELETE FROM friends WHERE From_Account = ? AND To_Account = ?"
    gone = [pair for pair in wanted if state.store.run(sql, *pair)]
    for account in dict.fromkeys(account for account, _ in gone):
        advance(state, account, "StandardSequence", "CustomSequence")
    if gone:
        state.tell("Sns.CallbackFriendDelete", {"PairList": pairs(gone)})
    return set(gone)
