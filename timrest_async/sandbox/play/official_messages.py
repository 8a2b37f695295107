"""Messages of official accounts: send, recall, read. The manual's documents: 1047/60810 to 1047/60812.

An official account sends one message a second, and two an hour (22006); ``official_messages_per_second`` and
``official_messages_per_hour`` of the rules say otherwise, ``None`` for as many as you like. Its messages are numbered,
and a MsgKey is ``Seq_1_ServerTime``. What a refusal before the sending comes to stands in 1047/60803.

Judgement calls: a repeat has the content and the Random of a message of the last 300 seconds, is answered with the
receipt of that one, and does not count; so much as is refused or dropped does not count either. A message that is too
long is 80002, as in groups. One that was recalled already is 10032, one that is kept nowhere 10030. All is kept for
ever, so nothing expires (IsFinished is never 2).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from timrest_async.commands.official_accounts import (
    GetOfficialMessages,
    RecallOfficialMessages,
    SendOfficialMessage,
)
from timrest_async.sandbox.body import check_push_info, content_of
from timrest_async.sandbox.events import Event
from timrest_async.sandbox.play.messages import DROP, check_words
from timrest_async.sandbox.play.official_accounts import OFFICIAL_CODES, official_of
from timrest_async.sandbox.plays import Play, Plays
from timrest_async.sandbox.request import Refusal
from timrest_async.sandbox.store import present

if TYPE_CHECKING:
    from timrest_async.sandbox.events import Answer, Asking
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State
    from timrest_async.sandbox.store import Row

__all__ = ["PLAYS"]

REPEAT_SECONDS: Final = 300
TOO_OFTEN: Final = 22006
PAGE: Final = 20
REASON_BYTES: Final = 100
PRIORITY: Final = 1
"""The MsgPriority of every message, as a sample has it."""

_MSG_KEY: Final = re.compile("([0-9]{1,18})_1_[0-9]{1,18}")


def send(state: State, request: Request) -> Asking:
    """Send one message to all who subscribe, unless it is a repeat."""
    message, first = _message(state, request)
    forbidden = request.get("ForbidCallbackControl", [])
    if first is None and "ForbidBeforeSendMsgCallback" not in forbidden:
        verdict = yield Event("OfficialAccount.CallbackBeforeSendMsg", _told(message))
        if verdict.code != DROP:
            verdict.obey("OfficialAccount.CallbackBeforeSendMsg")
        message, first = _message(state, request)  # much may have happened while your application was asked
        message |= verdict.only("MsgBody", "CloudCustomData")
        if first is None and verdict.code == DROP:
            _use_number(state, message)
            return _receipt(message)
    if first is not None:
        return _receipt(first)
    _keep(state, message)
    if "ForbidAfterSendMsgCallback" not in forbidden:
        told = _told(message) | {"MsgKey": message["MsgKey"], "MsgTime": message["MsgTimeStamp"]}
        state.tell("OfficialAccount.CallbackAfterSendMsg", told)
    return _receipt(message)


def recall(state: State, request: Request) -> Answer:
    """Recall messages, and say of each whether it worked."""
    official = official_of(state, request)["Official_Account"]
    if len(request.get("Reason", "").encode()) > REASON_BYTES:
        raise Refusal(10004, f"Reason is longer than {REASON_BYTES} bytes")
    results = [{"MsgKey": key, "RetCode": _recall(state, official, key)} for key in request["MsgKeyList"]]
    if done := [{"MsgKey": result["MsgKey"]} for result in results if result["RetCode"] == 0]:
        told = {"Official_Account": official, "WithdrawMsgList": done}
        state.tell("OfficialAccount.CallbackAfterMsgWithDraw", told)
    return {"RecallRetList": results}


def get(state: State, request: Request) -> Answer:
    """Read the messages, newest first; one more than fits is read to know whether they were cut short."""
    official, wanted = official_of(state, request)["Official_Account"], request["ReqMsgNumber"]
    if wanted < 1:
        raise Refusal(10004, "ReqMsgNumber has to be at least 1")
    rows = state.store.rows(
        "SELECT Official_Account AS From_Account, CASE WHEN recalled THEN 2 ELSE online_only END AS IsPlaceMsg,"
        " MsgBody, MsgKey, ? AS MsgPriority, MsgRandom, MsgTimeStamp, CloudCustomData FROM official_messages"
        " WHERE Official_Account = ? AND MsgSeq < ? AND (? OR NOT recalled) ORDER BY MsgSeq DESC LIMIT ?",
        *(PRIORITY, official, _end(request), request.get("WithRecalledMsg", 0), PAGE + 1),
    )
    page = rows[: min(wanted, PAGE)]
    return {
        "Official_Account": official,
        "IsFinished": 0 if wanted > PAGE and len(rows) > PAGE else 1,
        "RspMsgList": [_shown(row) for row in page],
        "LastMsgKey": page[-1]["MsgKey"] if page else "",
    }


def _message(state: State, request: Request) -> tuple[Row, Row | None]:
    """Make the row of the message, if all is as it should be, and find the one that it repeats."""
    official = official_of(state, request)
    _check_content(state, request)
    seq, now, body = official["NextMsgSeq"], state.now, request["MsgBody"]
    message = {
        "Official_Account": official["Official_Account"],
        "MsgSeq": seq,
        "MsgKey": f"{seq}_1_{now}",
        "MsgRandom": request["Random"],
        "MsgTimeStamp": now,
        "MsgBody": body,
        "CloudCustomData": request.get("CloudCustomData"),
        "content": content_of(body),
        "taken": state.clock.now(),
        "online_only": request.get("OnlineOnlyFlag", 0),
        "call": request.number,
    }
    first = _first(state, message)
    if first is None:
        _check_pace(state, message)
    return message, first


def _check_content(state: State, request: Request) -> None:
    body = request["MsgBody"]
    if "OfflinePushInfo" in request:
        check_push_info(request["OfflinePushInfo"], 10004)
    if request.get("OnlineOnlyFlag") and "SendMsgControl" in request:
        raise Refusal(10004, "SendMsgControl and OnlineOnlyFlag exclude each other")
    size = len(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())
    if size + len(request.get("CloudCustomData", "").encode()) > state.rules.content_bytes:
        raise Refusal(80002)
    check_words(state, body)


def _first(state: State, message: Row) -> Row | None:
    """Return the message that this one repeats."""
    return state.store.row(
        "SELECT MsgKey, MsgTimeStamp FROM official_messages"
        " WHERE Official_Account = ? AND taken > ? AND MsgRandom = ? AND content = ?",
        *(message["Official_Account"], message["taken"] - REPEAT_SECONDS, message["MsgRandom"], message["content"]),
    )


def _check_pace(state: State, message: Row) -> None:
    rules = state.rules
    for most, seconds in ((rules.official_messages_per_second, 1.0), (rules.official_messages_per_hour, 3600.0)):
        sql = "SELECT count(*) FROM official_messages WHERE Official_Account = ? AND taken > ?"
        sent: int = state.store.value(sql, message["Official_Account"], message["taken"] - seconds)
        if most is not None and sent >= most:
            raise Refusal(TOO_OFTEN, f"it has sent {sent} messages within {seconds:g} s")


def _keep(state: State, message: Row) -> None:
    _use_number(state, message)
    state.store.insert("official_messages", message)
    sql = "UPDATE official_accounts SET LastMsgTime = ? WHERE Official_Account = ?"
    state.store.run(sql, message["MsgTimeStamp"], message["Official_Account"])


def _use_number(state: State, message: Row) -> None:
    """Let no other message have this number, and with it the same key, not even where this one is dropped."""
    sql = "UPDATE official_accounts SET NextMsgSeq = ? WHERE Official_Account = ?"
    state.store.run(sql, message["MsgSeq"] + 1, message["Official_Account"])


def _receipt(message: Row) -> Answer:
    return {"MsgKey": message["MsgKey"], "MsgTime": message["MsgTimeStamp"]}


def _told(message: Row) -> Row:
    return {
        "Official_Account": message["Official_Account"],
        "OnlineOnlyFlag": message["online_only"],
        "MsgBody": message["MsgBody"],
        "CloudCustomData": message["CloudCustomData"] or "",
    }


def _recall(state: State, official: str, key: str) -> int:
    """Recall one message; return 0, or why not."""
    row = state.store.row(
        "SELECT MsgSeq, recalled FROM official_messages WHERE Official_Account = ? AND MsgKey = ? AND NOT online_only",
        *(official, key),
    )
    if row is None:
        return 10030
    if row["recalled"]:
        return 10032
    sql = "UPDATE official_messages SET recalled = 1 WHERE Official_Account = ? AND MsgSeq = ?"
    state.store.run(sql, official, row["MsgSeq"])
    return 0


def _end(request: Request) -> int:
    """Return before which number the page ends; a message that its key names may be gone."""
    key = request.get("LastMsgKey", "")
    if not key:
        return 2**63 - 1
    read = _MSG_KEY.fullmatch(key)
    if read is None:
        raise Refusal(10004, "LastMsgKey has to be the LastMsgKey of the page before")
    return int(read[1])


def _shown(row: Row) -> Row:
    gone: Row = {"MsgBody": [], "CloudCustomData": None} if row["IsPlaceMsg"] else {}
    return present(row | gone)


PLAYS: Final[Plays] = {
    SendOfficialMessage: Play(send, OFFICIAL_CODES, too_often=TOO_OFTEN),
    RecallOfficialMessages: Play(recall, OFFICIAL_CODES),
    GetOfficialMessages: Play(get, OFFICIAL_CODES),
}
