"""One-to-one messages once they are there: read, count, confirm, change, recall, delete them.

The manual's documents: 269/42794, 269/56043, 269/50349, 269/104121, 269/74740, 269/38980, 269/101439. A message is
found by what its key is made of, so no history is too long. Where the documents leave it open: an unknown account is
90008 where it acts and 90003 where it is the other one, a message that is not there is 20022 to a change too, a receipt
that cannot be given is 20001, and MsgReadTime includes its second.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from timrest_async.commands.messages import (
    CountUnreadMessages,
    DeleteMessages,
    GetMessages,
    MarkMessagesRead,
    ModifyMessage,
    RecallMessage,
    SendReadReceipts,
)
from timrest_async.sandbox.play.accounts import exists, unknown_of
from timrest_async.sandbox.play.messages import MESSAGE_BODY, check_words, forget_unread, unread_of
from timrest_async.sandbox.plays import Codes, Play, Plays
from timrest_async.sandbox.request import Refusal
from timrest_async.sandbox.store import packed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from timrest_async.sandbox.events import Answer
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State
    from timrest_async.sandbox.store import Row

__all__ = ["PLAYS", "clear", "messages_of"]

RECALLED: Final = 8
"""The bit of MsgFlagBits."""
PAGE_BYTES: Final = 13 * 1024
PAGE_MESSAGES: Final = 100
"""More never fit: no message has less than 200 bytes."""
DAY: Final = 86_400
END: Final = 2**63 - 1


def read_history(state: State, request: Request) -> Answer:
    """Read one page of what two accounts said to each other, as one of them sees it."""
    operator, peer = request["Operator_Account"], request["Peer_Account"]
    _check_accounts(state, operator, peer)
    if request["MaxCnt"] < 1:
        raise Refusal(90001, "MaxCnt has to be 1 or more")
    until = min((request["MaxTime"], END, END), _place(state, operator, peer, request.get("LastMsgKey", "")))
    count = min(request["MaxCnt"], PAGE_MESSAGES)
    found = state.store.rows(_VIEW, operator, peer, _since(state, request["MinTime"]), *until, count + 1)
    page = _page(found[:count])
    oldest = page[-1] if page else {"MsgTimeStamp": 0, "MsgKey": ""}
    return {
        "Complete": int(len(page) == len(found)),
        "MsgCnt": len(page),
        "LastMsgTime": oldest["MsgTimeStamp"],
        "LastMsgKey": oldest["MsgKey"],
        "MsgList": page[::-1],
    }


_SIDE: Final = (
    "SELECT From_Account, To_Account, MsgSeq, MsgRandom, MsgTimeStamp, MsgFlagBits, IsPeerRead, MsgKey, MsgBody,"
    " ifnull(CloudCustomData, '') AS CloudCustomData, number"
    " FROM messages WHERE From_Account = {sender} AND To_Account = {receiver} AND NOT {hidden} AND NOT online_only"
    " AND MsgTimeStamp >= ?3 AND (MsgTimeStamp, MsgSeq, number) < (?4, ?5, ?6)"
)
_VIEW: Final = " UNION ALL ".join(
    (
        _SIDE.format(sender="?1", receiver="?2", hidden="hidden_from"),
        _SIDE.format(sender="?2", receiver="?1", hidden="hidden_to")
        + " AND ?1 <> ?2 ORDER BY MsgTimeStamp DESC, MsgSeq DESC, number DESC LIMIT ?7",
    )
)
"""Two runs along one index, merged; neither is read further than the page goes."""


def _since(state: State, min_time: int) -> int:
    days = state.rules.history_days
    return min_time if days is None else max(min_time, state.now - days * DAY)


def _place(state: State, operator: str, peer: str, key: str) -> tuple[int, int, int]:
    """Return where the message of *key* stands, or the end where there is none."""
    found = [*messages_of(state, operator, peer, [key]), *messages_of(state, peer, operator, [key])]
    return min(((row["MsgTimeStamp"], row["MsgSeq"], row["number"]) for row in found), default=(END, END, END))


def _page(found: list[Row]) -> list[Row]:
    """Return as many messages as fit into one answer, at least one."""
    page: list[Row] = []
    size = 0
    for row in found:
        del row["number"]
        size += len(packed(row).encode())
        if page and size > PAGE_BYTES:
            break
        page.append(row)
    return page


def recall(state: State, request: Request) -> Answer:
    """Recall a message of any age; it stays in the history, marked."""
    sender, receiver, key = request["From_Account"], request["To_Account"], request["MsgKey"]
    _check_accounts(state, sender, receiver)
    messages = _messages(state, sender, receiver, key)
    _change(state, messages, f"MsgFlagBits = MsgFlagBits | {RECALLED}, unread = 0")
    forget_unread(state, receiver, sender, sum(message["unread"] for message in messages))
    told = {"From_Account": sender, "To_Account": receiver, "MsgKey": key, "UnreadMsgNum": unread_of(state, receiver)}
    state.tell("C2C.CallbackAfterMsgWithDraw", told)
    return {}


def modify(state: State, request: Request) -> Answer:
    """Replace what a message says, what is stored with it, or both."""
    sender, receiver = request["From_Account"], request["To_Account"]
    _check_accounts(state, sender, receiver, acting=20003, other=90012)
    changed = [name for name in ("MsgBody", "CloudCustomData") if name in request]
    if not changed:
        raise Refusal(90010, "give MsgBody, CloudCustomData or both")
    messages = _messages(state, sender, receiver, request["MsgKey"])
    check_words(state, request.get("MsgBody", []))
    values = [packed(request[name]) if name == "MsgBody" else request[name] for name in changed]
    _change(state, messages, ", ".join(f"{name} = ?" for name in changed), *values)
    return {}


def delete(state: State, request: Request) -> Answer:
    """Take messages out of the history of one side, and name keys that are malformed."""
    operator, peer, keys = request["Operator_Account"], request["Peer_Account"], request["MsgKeyList"]
    _check_accounts(state, operator, peer)
    received = messages_of(state, peer, operator, keys)
    _change(state, messages_of(state, operator, peer, keys), "hidden_from = 1")
    _change(state, received, "hidden_to = 1, unread = 0")
    forget_unread(state, operator, peer, sum(message["unread"] for message in received))
    return {"InvalidMsgKeyList": [key for key in keys if _KEY.fullmatch(key) is None]}


def clear(state: State, account: str, peer: str) -> None:
    """Take a whole conversation out of the history of *account*."""
    sql = "UPDATE messages SET {} WHERE From_Account = ? AND To_Account = ?"
    state.store.run(sql.format("hidden_from = 1"), account, peer)
    state.store.run(sql.format("hidden_to = 1, unread = 0"), peer, account)
    forget_unread(state, account, peer, unread_of(state, account, peer))


def mark_read(state: State, request: Request) -> Answer:
    """Mark what one account received from another until some time as read."""
    reader, peer, until = request["Report_Account"], request["Peer_Account"], request.get("MsgReadTime", state.now)
    _check_accounts(state, reader, peer)
    sql = (
        "UPDATE messages INDEXED BY messages_unread SET unread = 0"
        " WHERE unread AND To_Account = ? AND From_Account = ? AND MsgTimeStamp <= ?"
    )
    forget_unread(state, reader, peer, state.store.run(sql, reader, peer, until))
    told = {"Report_Account": reader, "Peer_Account": peer, "LastReadTime": until}
    state.tell("C2C.CallbackAfterMsgReport", told | {"UnreadMsgNum": unread_of(state, reader)})
    return {}


def count_unread(state: State, request: Request) -> Answer:
    """Count what an account has not read, in all or by conversation."""
    account, peers = request["To_Account"], request.get("Peer_Account")
    if not exists(state, account):
        raise Refusal(90003, f"To_Account is not registered: {account!r}")
    if peers is None:
        return {"AllC2CUnreadMsgNum": unread_of(state, account)}
    unknown = unknown_of(state, peers)
    known = [peer for peer in peers if peer not in unknown]
    return {
        "C2CUnreadMsgNumList": [
            {"Peer_Account": peer, "C2CUnreadMsgNum": unread_of(state, account, peer)} for peer in known
        ],
        "ErrorList": [{"Peer_Account": peer, "ErrorCode": 70107} for peer in unknown],
    }


def confirm(state: State, request: Request) -> Answer:
    """Tell the sender of messages that they were read; only what asked for a receipt gets one."""
    operator, peer, infos = request["Operator_Account"], request["Peer_Account"], request["C2CMsgInfo"]
    _check_accounts(state, operator, peer, acting=20003, other=20003)
    if not infos or any((info["From_Account"], info["To_Account"]) != (peer, operator) for info in infos):
        raise Refusal(20001, "C2CMsgInfo has to name messages from Peer_Account to Operator_Account")
    keys = [info["MsgKey"] for info in infos]
    messages = {row["MsgKey"]: row for row in messages_of(state, peer, operator, keys) if row["IsNeedReadReceipt"]}
    if missing := [key for key in keys if key not in messages]:
        raise Refusal(20001, f"these messages are unknown or asked for no receipt: {', '.join(missing)}")
    _change(state, messages.values(), "IsPeerRead = 1")
    told = [
        {"From_Account": peer, "To_Account": operator, "MsgKey": key, "MsgId": message["MsgId"]}
        for key, message in messages.items()
    ]
    event = {"Operator_Account": operator, "Peer_Account": peer, "C2CMsgInfo": told}
    state.tell("C2C.CallbackAfterMsgReadReceipt", event)
    return {}


_KEY: Final = re.compile(r"([0-9]{1,10})_[0-9]{1,10}_([0-9]{1,16})")
"""MsgSeq, MsgRandom and MsgTimeStamp."""


def messages_of(state: State, sender: str, receiver: str, keys: Iterable[str]) -> list[Row]:
    """Return the messages of these *keys* that are stored; a batch may have sent one key to one receiver twice."""
    matches = [match for key in keys if (match := _KEY.fullmatch(key))]
    return state.store.rows(
        "SELECT number, MsgKey, MsgId, MsgTimeStamp, MsgSeq, MsgFlagBits, IsNeedReadReceipt, SupportMessageExtension,"
        " unread FROM json_each(?) AS asked CROSS JOIN messages WHERE From_Account = ? AND To_Account = ?"
        " AND MsgTimeStamp = json_extract(asked.value, '$[0]') AND MsgSeq = json_extract(asked.value, '$[1]')"
        " AND MsgKey = json_extract(asked.value, '$[2]') AND NOT online_only",
        packed([[int(match[2]), int(match[1]), match[0]] for match in matches]),
        sender,
        receiver,
    )


def _messages(state: State, sender: str, receiver: str, key: str) -> list[Row]:
    """Return what *key* names; there has to be something, and it must not be recalled."""
    if _KEY.fullmatch(key) is None:
        raise Refusal(90054)
    found = messages_of(state, sender, receiver, [key])
    if not found:
        raise Refusal(20022)
    if any(message["MsgFlagBits"] & RECALLED for message in found):
        raise Refusal(20023)
    return found


def _change(state: State, messages: Iterable[Row], changes: str, *values: object) -> None:
    numbers = packed([message["number"] for message in messages])
    sql = f"UPDATE messages SET {changes} WHERE number IN (SELECT value FROM json_each(?))"  # noqa: S608  # our own words
    state.store.run(sql, *values, numbers)


def _check_accounts(state: State, account: str, peer: str, *, acting: int = 90008, other: int = 90003) -> None:
    """Refuse an account that is not registered."""
    for code, name in ((acting, account), (other, peer)):
        if not exists(state, name):
            raise Refusal(code, f"this account is not registered: {name!r}")


def _codes(acting: str, other: str) -> Codes:
    accounts = {acting: 90008, other: 90003}
    return Codes(90001, kind=accounts | {"MsgKey": 90054}, limit=accounts)


_CHANGED: Final = {"From_Account": 20003, "To_Account": 90003}
_CONFIRMED: Final = {"Operator_Account": 20003, "Peer_Account": 20003}

PLAYS: Final[Plays] = {
    GetMessages: Play(read_history, _codes("Operator_Account", "Peer_Account")),
    RecallMessage: Play(recall, _codes("From_Account", "To_Account")),
    MarkMessagesRead: Play(mark_read, _codes("Report_Account", "Peer_Account")),
    CountUnreadMessages: Play(count_unread, Codes(90001, kind={"To_Account": 90003}, limit={"To_Account": 90003})),
    ModifyMessage: Play(
        modify,
        Codes(90010, kind=_CHANGED | {"MsgKey": 90054, "MsgBody": 90002}, limit=_CHANGED, body=MESSAGE_BODY),
        size=93000,
    ),
    DeleteMessages: Play(delete, _codes("Operator_Account", "Peer_Account")),
    SendReadReceipts: Play(confirm, Codes(20001, kind=_CONFIRMED, limit=_CONFIRMED)),
}
