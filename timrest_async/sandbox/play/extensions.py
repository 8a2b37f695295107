"""Key-value pairs on messages, one-to-one and in groups. The manual's documents: 1047/51194, 1047/52169, 1047/52170.

Whoever calls is an administrator, whose Seq nobody checks: 23001 does not occur. Every change of a pair counts
LatestSeq up by one, so no two pairs have the same Seq. Where the documents leave it open: each pair of a call is one of
the 200 settings a minute; a pair above the 300 is 10004, one to delete that is not there is 23004, each for itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen

from timrest_async.commands.group_messages import GetGroupMessageExtensions, SetGroupMessageExtensions
from timrest_async.commands.messages import GetMessageExtensions, SetMessageExtensions
from timrest_async.sandbox.play.history import RECALLED, messages_of
from timrest_async.sandbox.plays import Codes, Play, Plays
from timrest_async.sandbox.request import Refusal

if TYPE_CHECKING:
    from timrest_async.sandbox.events import Answer
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State
    from timrest_async.sandbox.store import Row

__all__ = ["PLAYS"]

PAGE: Final = 200
PAIRS: Final = 300
SETTINGS_PER_MINUTE: Final = 200
KEY_BYTES: Final = 100
VALUE_BYTES: Final = 1000
SET, DELETE, CLEAR = 1, 2, 3
GROUP_TYPES: Final = frozenset({"Private", "Public", "ChatRoom"})


@frozen
class Holder:
    """The message that holds the pairs."""

    column: str
    """``message`` or ``group_message``: what it is called in the tables."""

    number: int
    """Its row."""

    takes_pairs: bool
    """Whether it was sent so that it takes any."""

    def where(self, sql: str) -> str:
        """Complete a statement that is about its pairs."""
        return sql.format(holder=self.column)


def get(state: State, request: Request) -> Answer:
    """Read pairs of a one-to-one message."""
    return _get(state, request, _message(state, request))


def get_in_group(state: State, request: Request) -> Answer:
    """Read pairs of a message in a group."""
    return _get(state, request, _group_message(state, request))


def change(state: State, request: Request) -> Answer:
    """Set, delete or clear pairs of a one-to-one message."""
    return _change(state, request, _message(state, request))


def change_in_group(state: State, request: Request) -> Answer:
    """Set, delete or clear pairs of a message in a group."""
    return _change(state, request, _group_message(state, request))


def _message(state: State, request: Request) -> Holder:
    _check_edition(state)
    sender = request.get("From_Account", request.identifier)
    for row in messages_of(state, sender, request["To_Account"], [request["MsgKey"]]):
        if not row["MsgFlagBits"] & RECALLED:
            return Holder("message", row["number"], row["SupportMessageExtension"] == 1)
    raise Refusal(23004)


def _group_message(state: State, request: Request) -> Holder:
    _check_edition(state)
    group_type = state.store.value("SELECT Type FROM groups WHERE GroupId = ?", request["GroupId"])
    if group_type is None:
        raise Refusal(10010)
    if group_type not in GROUP_TYPES:
        raise Refusal(10007, f"messages in {group_type} hold no pairs")
    row = state.store.row(_IN_GROUP, request["GroupId"], request["MsgSeq"])
    if row is None:
        raise Refusal(23004)
    return Holder("group_message", row["number"], row["SupportMessageExtension"] == 1)


_IN_GROUP: Final = (
    "SELECT number, SupportMessageExtension FROM group_messages"
    " WHERE GroupId = ? AND TopicId = '' AND MsgSeq = ? AND NOT recalled AND NOT online_only"
)


def _check_edition(state: State) -> None:
    if not state.rules.top_edition:
        raise Refusal(10008)


def _get(state: State, request: Request, holder: Holder) -> Answer:
    found = state.store.rows(holder.where(_PAIRS), holder.number, request.get("StartSeq", 0), PAGE + 1)
    return {"ExtensionList": found[:PAGE], "CompleteFlag": int(len(found) <= PAGE), **_seqs(state, holder)}


def _change(state: State, request: Request, holder: Holder) -> Answer:
    pairs: list[Row] = request.get("ExtensionList", [])
    operation = request["OperateType"]
    if not pairs and operation != CLEAR:
        raise Refusal(10004, "ExtensionList is missing")
    for pair in pairs:
        _check_size(pair)
    if not holder.takes_pairs:
        raise Refusal(23002)
    if not state.window(holder, SETTINGS_PER_MINUTE, 60).admit(len(pairs) or 1):
        raise Refusal(23003)
    if operation == CLEAR:
        _clear(state, holder)
        return {"ExtensionList": []}
    work = {SET: _set, DELETE: _delete}[operation]
    return {"ExtensionList": [work(state, holder, pair["Key"], pair.get("Value") or "") for pair in pairs]}


def _check_size(pair: Row) -> None:
    if not 1 <= len(pair["Key"].encode()) <= KEY_BYTES:
        raise Refusal(10004, f"a Key has 1 to {KEY_BYTES} bytes")
    if len((pair.get("Value") or "").encode()) > VALUE_BYTES:
        raise Refusal(10004, f"a Value has up to {VALUE_BYTES} bytes")


def _set(state: State, holder: Holder, key: str, value: str) -> Row:
    others = state.store.value(holder.where(_OTHERS), holder.number, key)
    if others >= PAIRS:
        return {"ErrorCode": 10004, "Extension": {"Key": key, "Value": "", "Seq": 0}}
    row = {"Key": key, "Value": value, "Seq": _next(state, holder)}
    state.store.insert("message_extensions", row | {holder.column: holder.number}, replace=True)
    return {"ErrorCode": 0, "Extension": row}


def _delete(state: State, holder: Holder, key: str, _: str) -> Row:
    if not state.store.run(holder.where(_DELETE), holder.number, key):
        return {"ErrorCode": 23004, "Extension": {"Key": key, "Value": "", "Seq": 0}}
    return {"ErrorCode": 0, "Extension": {"Key": key, "Value": "", "Seq": _next(state, holder)}}


def _clear(state: State, holder: Holder) -> None:
    state.store.run(holder.where(_DELETE_ALL), holder.number)
    state.store.run(holder.where(_CLEARED), holder.number, _next(state, holder))


def _next(state: State, holder: Holder) -> int:
    """Count a change, and return its number."""
    found = _seqs(state, holder)
    seqs = found | {"LatestSeq": found["LatestSeq"] + 1}
    state.store.insert("message_extension_seqs", seqs | {holder.column: holder.number}, replace=True)
    return seqs["LatestSeq"]


def _seqs(state: State, holder: Holder) -> dict[str, int]:
    return state.store.row(holder.where(_SEQS), holder.number) or {"LatestSeq": 0, "ClearSeq": 0}


_PAIRS: Final = "SELECT Key, Value, Seq FROM message_extensions WHERE {holder} = ? AND Seq >= ? ORDER BY Seq LIMIT ?"
_OTHERS: Final = "SELECT count(*) FROM message_extensions WHERE {holder} = ? AND Key <> ?"
_DELETE: Final = "DELETE FROM message_extensions WHERE {holder} = ? AND Key = ?"
_DELETE_ALL: Final = "DELETE FROM message_extensions WHERE {holder} = ?"
_SEQS: Final = "SELECT LatestSeq, ClearSeq FROM message_extension_seqs WHERE {holder} = ?1"
_CLEARED: Final = "UPDATE message_extension_seqs SET ClearSeq = ?2 WHERE {holder} = ?1"

_CODES: Final = Codes(10004)

PLAYS: Final[Plays] = {
    GetMessageExtensions: Play(get, _CODES),
    SetMessageExtensions: Play(change, _CODES),
    GetGroupMessageExtensions: Play(get_in_group, _CODES),
    SetGroupMessageExtensions: Play(change_in_group, _CODES),
}
