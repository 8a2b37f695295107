"""The history of groups: read, recall, delete, hide, import and change messages.

The manual's documents: 269/2738, 269/12341, 269/2359, 269/95617, 269/1635 and 269/74741. What the rules decide:
``history_days`` (how long messages are kept; for ever), ``imported_group_messages`` (how many at once; 7, and 20 until
2022) and ``recall_in_live_groups`` (since 2024 documents allow it, those before answer 10033).

Judgement calls: a message that was recalled already is 10032; one that is stored nowhere, or no longer, is 10030. What
a sender's messages are deleted by is a recall without notice. An import is refused by time before it is told from a
repeat. For changing a message, 20001 stands for any group or message that is not there: no other code of its fits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from timrest_async.commands._command import random_u32
from timrest_async.commands.group_messages import (
    ClearGroupMessages,
    DeleteMessagesBySender,
    GetGroupMessages,
    ImportGroupMessages,
    ModifyGroupMessage,
    RecallGroupMessages,
)
from timrest_async.sandbox.body import BodyCodes, check_body, content_of
from timrest_async.sandbox.play.group_messages import (
    TOPIC_CODES,
    check_content,
    last_number,
    post,
    topic_in,
)
from timrest_async.sandbox.play.groups import GROUP_CODES, LIVE_GROUPS, WRONG_TYPE_OF_GROUP, check_accounts, group_of
from timrest_async.sandbox.play.messages import check_words
from timrest_async.sandbox.plays import Codes, Play, Plays
from timrest_async.sandbox.request import Refusal
from timrest_async.sandbox.store import packed, present

if TYPE_CHECKING:
    from timrest_async.sandbox.events import Answer
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State
    from timrest_async.sandbox.store import Row

__all__ = ["PLAYS"]

PAGE: Final = 20
SENDERS_LAST: Final = 1000
REASON_BYTES: Final = 100
REPEAT_SECONDS: Final = 300
DAY: Final = 86_400
PRIORITIES: Final = {"High": 1, "Normal": 2, "Low": 3, "Lowest": 4}
NOT_FOUND: Final = 20001


def get(state: State, request: Request) -> Answer:
    """Read a group's history, newest first."""
    group = group_of(state, request)
    topic, wanted = topic_in(state, request), request["ReqMsgNumber"]
    if group["Type"] in LIVE_GROUPS:
        raise Refusal(10044)
    if wanted < 1:
        raise Refusal(10004, "ReqMsgNumber has to be at least 1")
    rows = state.store.rows(
        "SELECT From_Account, CASE WHEN recalled THEN 2 ELSE online_only OR MsgTimeStamp <= ? END AS IsPlaceMsg,"
        " MsgBody, MsgPriority, Random AS MsgRandom, MsgSeq, MsgTimeStamp, CloudCustomData FROM group_messages"
        " WHERE GroupId = ? AND TopicId = ? AND MsgSeq <= ? AND (? OR NOT recalled) ORDER BY MsgSeq DESC LIMIT ?",
        *(_kept_since(state), group["GroupId"], topic),
        request.get("ReqMsgSeq", last_number(state, group["GroupId"], topic)),
        request.get("WithRecalledMsg", 0),
        min(wanted, PAGE),
    )
    finished = _left(state, group["GroupId"], topic, rows[-1]["MsgSeq"]) if wanted > PAGE == len(rows) else 1
    return {"GroupId": group["GroupId"], "IsFinished": finished, "RspMsgList": [_shown(row) for row in rows]}


def recall(state: State, request: Request) -> Answer:
    """Recall some messages, and say of each whether it worked."""
    group = group_of(state, request)
    topic = topic_in(state, request)
    if len(request.get("Reason", "").encode()) > REASON_BYTES:
        raise Refusal(10004, f"Reason is longer than {REASON_BYTES} bytes")
    results = [_recall(state, group, topic, item["MsgSeq"]) for item in request["MsgSeqList"]]
    if done := [{"MsgSeq": result["MsgSeq"]} for result in results if result["RetCode"] == 0]:
        told = {
            "GroupId": group["GroupId"],
            "Type": group["Type"],
            "Operator_Account": request.identifier,
            "MsgSeqList": done,
            "TopicId": topic or None,
        }
        state.tell("Group.CallbackAfterRecallMsg", present(told))
    return {"RecallRetList": results}


def delete_by_sender(state: State, request: Request) -> Answer:
    """Recall what one account wrote lately, and tell nobody. Live groups keep nothing to recall."""
    group = group_of(state, request)
    topic = topic_in(state, request)
    if group["Type"] not in LIVE_GROUPS:
        state.store.run(
            "UPDATE group_messages SET recalled = 1"
            " WHERE GroupId = ? AND TopicId = ? AND MsgSeq > ? AND From_Account = ? AND NOT online_only",
            *(group["GroupId"], topic, last_number(state, group["GroupId"], topic) - SENDERS_LAST),
            request["Sender_Account"],
        )
    return {}


def clear(state: State, request: Request) -> Answer:
    """Hide a group's history from its members; an administrator still reads it. What was hidden stays hidden."""
    group = group_of(state, request)
    if group["Type"] == "Community":
        raise Refusal(WRONG_TYPE_OF_GROUP, "the history of a Community cannot be cleared")
    last = last_number(state, group["GroupId"])
    state.store.run(
        "INSERT INTO group_clearings VALUES (?, ?)"
        " ON CONFLICT DO UPDATE SET MsgSeq = max(group_clearings.MsgSeq, excluded.MsgSeq)",
        *(group["GroupId"], min(request.get("MsgSeq", last), last)),
    )
    return {}


def import_many(state: State, request: Request) -> Answer:
    """Put messages of elsewhere into a history, and say of each whether it worked; everything there is read then."""
    group = group_of(state, request)
    topic, listed = topic_in(state, request), request["MsgList"]
    if group["Type"] in LIVE_GROUPS:
        raise Refusal(WRONG_TYPE_OF_GROUP, f"nothing can be imported into {group['Type']}")
    at_once = state.rules.imported_group_messages
    if not 1 <= len(listed) <= at_once:
        raise Refusal(10004, f"1 to {at_once} messages are imported at once, not {len(listed)}")
    check_accounts(state, *(item["From_Account"] for item in listed))
    for place, item in enumerate(listed):
        check_body(item["MsgBody"], f"MsgList[{place}].MsgBody", BodyCodes(10004, 10004, 10004))
    results = [_import(state, request, group, topic, item) for item in listed]
    if not topic and any(result["Result"] == 0 for result in results):
        last = last_number(state, group["GroupId"])
        state.store.run("UPDATE group_members SET MsgSeq = ? WHERE GroupId = ?", last, group["GroupId"])
    return {"ImportMsgResult": results}


def modify(state: State, request: Request) -> Answer:
    """Overwrite the body of a stored message, its custom data, or both. A repeat is still told by what it was."""
    if "MsgBody" not in request and "CloudCustomData" not in request:
        raise Refusal(90010, "give MsgBody, CloudCustomData or both")
    check_words(state, request.get("MsgBody", []))
    group_type = state.store.value("SELECT Type FROM groups WHERE GroupId = ?", request["GroupId"])
    body = packed(request["MsgBody"]) if "MsgBody" in request else None
    changed = group_type not in LIVE_GROUPS and state.store.run(
        "UPDATE group_messages SET MsgBody = ifnull(?, MsgBody), CloudCustomData = ifnull(?, CloudCustomData)"
        " WHERE GroupId = ? AND TopicId = ? AND MsgSeq = ? AND NOT online_only AND NOT recalled AND MsgTimeStamp > ?",
        *(body, request.get("CloudCustomData")),
        *(request["GroupId"], request.get("TopicId", ""), request["MsgSeq"], _kept_since(state)),
    )
    if not changed:
        raise Refusal(NOT_FOUND, "there is no such message, or it is kept no longer")
    return {"ErrorInfo": "succeed"}


def _kept_since(state: State) -> int:
    """Return the time up to which messages have expired."""
    days = state.rules.history_days
    return -1 if days is None else state.now - days * DAY


def _left(state: State, group_id: str, topic: str, oldest: int) -> int:
    """Return what IsFinished is to be where an answer was cut behind *oldest*."""
    time = state.store.value(
        "SELECT MsgTimeStamp FROM group_messages WHERE GroupId = ? AND TopicId = ? AND MsgSeq < ?"
        " ORDER BY MsgSeq DESC LIMIT 1",
        *(group_id, topic, oldest),
    )
    if time is None:
        return 1
    return 2 if time <= _kept_since(state) else 0


def _shown(row: Row) -> Row:
    gone: Row = {"MsgBody": [], "CloudCustomData": None} if row["IsPlaceMsg"] else {}
    return present(row | {"MsgPriority": PRIORITIES[row["MsgPriority"]]} | gone)


def _recall(state: State, group: Row, topic: str, seq: int) -> Row:
    return {"MsgSeq": seq, "RetCode": _why_not_recall(state, group, topic, seq)}


def _why_not_recall(state: State, group: Row, topic: str, seq: int) -> int:
    if group["Type"] in LIVE_GROUPS and not state.rules.recall_in_live_groups:
        return 10033
    place = group["GroupId"], topic, seq
    recalled = state.store.value(
        "SELECT recalled FROM group_messages"
        " WHERE GroupId = ? AND TopicId = ? AND MsgSeq = ? AND NOT online_only AND MsgTimeStamp > ?",
        *(*place, _kept_since(state)),
    )
    if recalled is None:
        return 10030
    if recalled:
        return 10032
    state.store.run("UPDATE group_messages SET recalled = 1 WHERE GroupId = ? AND TopicId = ? AND MsgSeq = ?", *place)
    return 0


def _import(state: State, request: Request, group: Row, topic: str, item: Any) -> Row:
    """Import one message. One that is the same by Random within 5 minutes is answered as the first."""
    time, random, body = item["SendTime"], item.get("Random"), item["MsgBody"]
    newest = "SELECT MsgTimeStamp FROM group_messages WHERE GroupId = ? AND TopicId = ? ORDER BY MsgSeq DESC LIMIT 1"
    after = max(group["CreateTime"], state.store.value(newest, group["GroupId"], topic) or 0)
    if not after < time < state.now:
        return _failed(time, 10004)
    try:
        check_content(state, body, None)
    except Refusal as no:
        return _failed(time, no.code)
    first = (
        "SELECT MsgSeq, MsgTimeStamp AS MsgTime, 0 AS Result FROM group_messages"
        " WHERE GroupId = ? AND Random = ? AND TopicId = ? AND MsgTimeStamp > ?"
    )
    if (same := state.store.row(first, group["GroupId"], random, topic, time - REPEAT_SECONDS)) is not None:
        return same
    message = {
        "GroupId": group["GroupId"],
        "TopicId": topic,
        "From_Account": item["From_Account"],
        "Random": random_u32() if random is None else random,
        "MsgTimeStamp": time,
        "MsgPriority": "Normal",
        "MsgBody": body,
        "SendMsgControl": [] if request.get("RecentContactFlag") == 1 else ["NoLastMsg"],
        "content": content_of(body),
        "taken": 0,
        "online_only": 0,
        "call": request.number,
    }
    return {"MsgSeq": post(state, message)["MsgSeq"], "MsgTime": time, "Result": 0}


def _failed(time: int, code: int) -> Row:
    return {"MsgSeq": 0, "MsgTime": time, "Result": code}


_MODIFY_CODES: Final = Codes(90010, body=BodyCodes(malformed=90002, no_list=90007, unfit=90010))
"""Its service is openim, and so are its codes."""

_IMPORT_CODES: Final = Codes(TOPIC_CODES.other, limit=TOPIC_CODES.limit, loose={"MsgList"})

PLAYS: Final[Plays] = {
    GetGroupMessages: Play(get, TOPIC_CODES),
    RecallGroupMessages: Play(recall, TOPIC_CODES),
    DeleteMessagesBySender: Play(delete_by_sender, TOPIC_CODES),
    ClearGroupMessages: Play(clear, GROUP_CODES),
    ImportGroupMessages: Play(import_many, _IMPORT_CODES),
    ModifyGroupMessage: Play(modify, _MODIFY_CODES, size=93000),
}
