"""Friend groups: add, delete, get. The manual's documents: 269/10107, 269/10108, 269/54763.

What is there already, or gone, is none of the failures. Judgement calls: NeedFriend works beside GroupName, as in the
manual's sample; an empty GroupName asks for all; a group stays when its last friend leaves.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from timrest_async.commands.friends import AddFriendGroups, DeleteFriendGroups, GetFriendGroups
from timrest_async.sandbox.plays import Codes, Play, Plays
from timrest_async.sandbox.relations import (
    advance,
    attempt,
    check_known,
    done,
    failing,
    listed,
    owner_of,
    sequence,
)
from timrest_async.sandbox.request import Refusal
from timrest_async.sandbox.store import packed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from timrest_async.sandbox.events import Answer
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State
    from timrest_async.sandbox.store import Row

__all__ = ["PLAYS", "check_names", "groups_of", "put_into", "take_out"]

GROUPS: Final = 32
"""So many friend groups one account may have."""
NAME_BYTES: Final = 30


def check_names(state: State, account: str, names: list[str]) -> None:
    """Refuse names that are empty or too long, and groups beyond the 32 that *account* may have."""
    if not all(0 < len(name.encode()) <= NAME_BYTES for name in names):
        raise Refusal(30001, f"the name of a friend group has to be 1 to {NAME_BYTES} bytes long")
    sql = "SELECT GroupName FROM friend_groups WHERE From_Account = ? UNION SELECT value FROM json_each(?)"
    if len(state.store.values(sql, account, packed(names))) > GROUPS:
        raise Refusal(30011, f"an account may have {GROUPS} friend groups")


def put_into(state: State, account: str, names: list[str], friends: Iterable[str] = ()) -> None:
    """Put friends into groups, which are made where there are none; the names were checked."""
    sql = "INSERT OR IGNORE INTO friend_groups (From_Account, GroupName) SELECT ?, value FROM json_each(?)"
    changed = state.store.run(sql, account, packed(names))
    for friend in friends:
        sql = (
            "INSERT OR IGNORE INTO friend_group_members (From_Account, GroupName, To_Account)"
            " SELECT ?, value, ? FROM json_each(?)"
        )
        if placed := state.store.run(sql, account, friend, packed(names)):
            advance(state, account, "StandardSequence")
            changed += placed
    if changed:
        advance(state, account, "GroupSequence")


def take_out(state: State, account: str, friend: str) -> None:
    """Take a friend out of every group."""
    sql = "DELETE FROM friend_group_members WHERE From_Account = ? AND To_Account = ?"
    if state.store.run(sql, account, friend):
        advance(state, account, "StandardSequence", "GroupSequence")


def groups_of(state: State, account: str, friends: list[str]) -> dict[str, list[str]]:
    """Return in which groups *friends* are."""
    sql = (
        "SELECT To_Account, GroupName FROM friend_group_members"
        " WHERE From_Account = ? AND To_Account IN (SELECT value FROM json_each(?)) ORDER BY number"
    )
    found: dict[str, list[str]] = defaultdict(list)
    for row in state.store.rows(sql, account, packed(friends)):
        found[row["To_Account"]].append(row["GroupName"])
    return found


def add(state: State, request: Request) -> Answer:
    """Make groups, and put friends into each of them."""
    account, names = owner_of(state, request), _names_in(request)
    check_names(state, account, names)
    others: list[str] = request.get("To_Account", [])
    items = [attempt(other, _check_friend, state, account, other) for other in others]
    put_into(state, account, names, done(items))
    answer = failing("ResultItem", items, CurrentSequence=sequence(state, account, "GroupSequence"))
    return answer if others else {name: answer[name] for name in ("CurrentSequence", "ErrorDisplay")}


def _names_in(request: Request) -> list[str]:
    names: list[str] = request["GroupName"]
    if not names:
        raise Refusal(30001, "GroupName is empty")
    return names


def _check_friend(state: State, account: str, other: str) -> None:
    check_known(state, other)
    if not listed(state, "friends", account, other):
        raise Refusal(32216, "Err_SNS_GroupAdd_ToTinyId_Not_Friend")


def delete(state: State, request: Request) -> Answer:
    """Delete groups; who was in them stays a friend."""
    account, names = owner_of(state, request), packed(_names_in(request))
    held = "FROM friend_group_members WHERE From_Account = ? AND GroupName IN (SELECT value FROM json_each(?))"
    if state.store.row(f"SELECT 1 {held} LIMIT 1", account, names) is not None:
        advance(state, account, "StandardSequence")
    sql = "DELETE FROM friend_groups WHERE From_Account = ? AND GroupName IN (SELECT value FROM json_each(?))"
    if state.store.run(sql, account, names):
        advance(state, account, "GroupSequence")
    return {"CurrentSequence": sequence(state, account, "GroupSequence"), "ErrorDisplay": ""}


def get(state: State, request: Request) -> Answer:
    """List groups, in the order in which they were made."""
    account, names = owner_of(state, request), request.get("GroupName", [])
    sql = "SELECT GroupName FROM friend_groups WHERE From_Account = ? ORDER BY number"
    groups = [name for name in state.store.values(sql, account) if not names or name in names]
    items = [_shown(state, account, name, with_friends="NeedFriend" in request) for name in groups]
    return {"ResultItem": items, "CurrentSequence": sequence(state, account, "GroupSequence"), "ErrorDisplay": ""}


def _shown(state: State, account: str, name: str, *, with_friends: bool) -> Row:
    sql = "SELECT To_Account FROM friend_group_members WHERE From_Account = ? AND GroupName = ? ORDER BY number"
    friends = state.store.values(sql, account, name)
    shown: dict[str, Any] = {"GroupName": name, "FriendNumber": len(friends)}
    return shown | {"To_Account": friends} if with_friends else shown


_CODES: Final = Codes(30001)

PLAYS: Final[Plays] = {
    AddFriendGroups: Play(add, _CODES),
    DeleteFriendGroups: Play(delete, _CODES),
    GetFriendGroups: Play(get, _CODES),
}
