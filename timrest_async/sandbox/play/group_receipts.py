"""Who has read what in groups: receipts and unread counts.

The manual's documents: 269/77694, 269/77693, 269/107478 and 269/1637. Receipts are counted among the members who were
there when the message came, but for its sender; of a message to some members, among those. A message that asks for
none, or that is not there, is 10062. No document gives a code for an account that is no member of the group: 10007.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Final

from timrest_async.commands.group_messages import (
    GetGroupReceiptDetails,
    GetGroupReceipts,
    SendGroupReadReceipts,
    SetGroupUnreadCount,
)
from timrest_async.sandbox.play.group_messages import SMALL_GROUPS
from timrest_async.sandbox.play.groups import GROUP_CODES, WRONG_TYPE_OF_GROUP, check_accounts, group_of
from timrest_async.sandbox.plays import Play, Plays
from timrest_async.sandbox.request import Refusal

if TYPE_CHECKING:
    from timrest_async.sandbox.events import Answer
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State
    from timrest_async.sandbox.store import Row

__all__ = ["PLAYS"]

PAGE: Final = 200
MEMBERS: Final = 200
"""The size up to which a group takes receipts."""
NO_RECEIPT: Final = 10062
CURSOR: Final = re.compile(rb"\x12.([0-9]{1,18})#([0-9]{1,18})", re.DOTALL)


def get(state: State, request: Request) -> Answer:
    """Tell how many members read each of some messages."""
    group_id = _group(state, request)["GroupId"]
    return {"GroupMsgReceiptList": [_receipt(state, group_id, item["MsgSeq"]) for item in request["MsgSeqList"]]}


def get_detail(state: State, request: Request) -> Answer:
    """List who read a message, or who did not, in the order in which they joined."""
    group_id, seq, count = _group(state, request)["GroupId"], request["MsgSeq"], request["Count"]
    if count < 1:
        raise Refusal(10004, "Count has to be at least 1")
    start = _position(request["Cursor"], seq)
    if not _has_receipts(state, group_id, seq):
        raise Refusal(NO_RECEIPT)
    limit, unread = min(count, PAGE), request["Filter"]
    rows = state.store.rows(
        "SELECT number, Member_Account FROM group_readers"
        " WHERE GroupId = ? AND MsgSeq = ? AND has_read <> ? AND number > ? ORDER BY number LIMIT ?",
        *(group_id, seq, unread, start, limit + 1),
    )
    page, finished = rows[:limit], int(len(rows) <= limit)
    names, name = ("UnreadList", "Unread_Account") if unread else ("ReadList", "Read_Account")
    return {
        "IsFinish": finished,
        "IsFinished": finished,
        "MsgSeq": seq,
        names: [{name: row["Member_Account"]} for row in page],
        "Cursor": "" if finished else _cursor(seq, page[-1]["number"]),
    }


def confirm(state: State, request: Request) -> Answer:
    """Confirm on behalf of a member that it read some messages; all of them or none."""
    group, member = _group(state, request), request["From_Account"]
    group_id = group["GroupId"]
    _check_member(state, group_id, member)
    if state.store.value("SELECT count(*) FROM group_members WHERE GroupId = ?", group_id) > MEMBERS:
        raise Refusal(10060)
    seqs = [item["MsgSeq"] for item in request["MsgSeqList"]]
    if changed := [seq for seq in seqs if _confirm(state, group_id, seq, member)]:
        readers = [{"Member_Account": member}]
        receipts = [{"MsgSeq": seq, **_numbers(state, group_id, seq), "ReadReceiptMembers": readers} for seq in changed]
        told = {"GroupId": group_id, "Type": group["Type"], "GroupMsgReceiptList": receipts}
        state.tell("Group.CallbackAfterReadReceipt", told)
    return {}


def set_unread(state: State, request: Request) -> Answer:
    """Set a member's unread count: the member has read all but so many of the messages that count."""
    group, member, unread = group_of(state, request), request["Member_Account"], request["UnreadMsgNum"]
    if unread < 0:
        raise Refusal(10004, "UnreadMsgNum is negative")
    _check_member(state, group["GroupId"], member)
    if group["Type"] in {"Private", "Public", "Community"}:
        state.store.run(
            "UPDATE group_members SET MsgSeq = ifnull((SELECT MsgSeq FROM group_messages"
            " WHERE GroupId = ?1 AND TopicId = '' AND unread ORDER BY MsgSeq DESC LIMIT 1 OFFSET ?3), 0)"
            " WHERE GroupId = ?1 AND Member_Account = ?2",
            *(group["GroupId"], member, unread),
        )
    return {}


def _group(state: State, request: Request) -> Row:
    group = group_of(state, request)
    if group["Type"] not in SMALL_GROUPS:
        raise Refusal(WRONG_TYPE_OF_GROUP, f"{group['Type']} has no receipts")
    return group


def _check_member(state: State, group_id: str, account: str) -> None:
    check_accounts(state, account)
    sql = "SELECT 1 FROM group_members WHERE GroupId = ? AND Member_Account = ?"
    if state.store.row(sql, group_id, account) is None:
        raise Refusal(WRONG_TYPE_OF_GROUP, f"{account!r} is no member of the group")


def _has_receipts(state: State, group_id: str, seq: int) -> bool:
    """Say whether a message asks for receipts."""
    sql = (
        "SELECT 1 FROM group_messages WHERE GroupId = ? AND TopicId = '' AND MsgSeq = ?"
        " AND NeedReadReceipt AND NOT online_only AND NOT recalled"
    )
    return state.store.row(sql, group_id, seq) is not None


def _receipt(state: State, group_id: str, seq: int) -> Row:
    if not _has_receipts(state, group_id, seq):
        return {"Code": NO_RECEIPT, "MsgSeq": seq}
    return {"Code": 0, "MsgSeq": seq, **_numbers(state, group_id, seq)}


def _numbers(state: State, group_id: str, seq: int) -> Row:
    row = state.store.row(
        "SELECT count(*) FILTER (WHERE has_read) AS ReadNum, count(*) FILTER (WHERE NOT has_read) AS UnreadNum"
        " FROM group_readers WHERE GroupId = ? AND MsgSeq = ?",
        *(group_id, seq),
    )
    return row or {}


def _confirm(state: State, group_id: str, seq: int, member: str) -> bool:
    """Note that *member* has read a message, and say whether that is news; nobody reads what it wrote itself."""
    if not _has_receipts(state, group_id, seq):
        sql = "SELECT online_only FROM group_messages WHERE GroupId = ? AND TopicId = '' AND MsgSeq = ?"
        raise Refusal(10061 if state.store.value(sql, group_id, seq) else NO_RECEIPT)
    waits = "SELECT 1 FROM group_readers WHERE GroupId = ? AND MsgSeq = ? AND Member_Account = ? AND NOT has_read"
    if state.store.row(waits, group_id, seq, member) is None:
        return False
    state.store.insert("group_receipts", {"GroupId": group_id, "MsgSeq": seq, "Member_Account": member})
    return True


def _cursor(seq: int, number: int) -> str:
    """Write a place in a list as the service does, as its samples show."""
    place = f"{seq}#{number}".encode()
    return urlsafe_b64encode(bytes([0x12, len(place)]) + place).decode().rstrip("=")


def _position(cursor: str, seq: int) -> int:
    """Read what :func:`_cursor` wrote."""
    if not cursor:
        return 0
    try:
        place = CURSOR.fullmatch(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        place = None
    if place is None or int(place[1]) != seq:
        raise Refusal(10004, "Cursor is none that this command answered for this message")
    return int(place[2])


PLAYS: Final[Plays] = {
    GetGroupReceipts: Play(get, GROUP_CODES),
    GetGroupReceiptDetails: Play(get_detail, GROUP_CODES),
    SendGroupReadReceipts: Play(confirm, GROUP_CODES),
    SetGroupUnreadCount: Play(set_unread, GROUP_CODES),
}
