"""Messages and notices in groups. The manual's documents: 269/1629, 269/1630, 1047/49440 and 1047/49462.

Who speaks need not be a member: the documents want From_Account to exist, and no more. Where everybody is muted, the
owner, the admins and the calling administrator speak on (10017 to others). No document gives a code for what a kind of
group has not; it is 10007, as for importing into live groups. A copy of a broadcast stands in every live group that
there is at that time.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve

from timrest_async.commands.group_messages import BroadcastMessage, SendGroupMessage, SendSystemNotification
from timrest_async.sandbox.body import content_of
from timrest_async.sandbox.events import Event
from timrest_async.sandbox.play.groups import GROUP_CODES, LIVE_GROUPS, WRONG_TYPE_OF_GROUP, check_accounts, group_of
from timrest_async.sandbox.play.messages import DROP, ROBOT, check_words
from timrest_async.sandbox.play.operations import is_muted_everywhere
from timrest_async.sandbox.play.topics import topic_of
from timrest_async.sandbox.plays import Play, Plays
from timrest_async.sandbox.request import Refusal
from timrest_async.sandbox.store import present

if TYPE_CHECKING:
    from collections.abc import Callable

    from timrest_async.sandbox.events import Answer, Asking
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State
    from timrest_async.sandbox.store import Row

__all__ = [
    "PLAYS",
    "SMALL_GROUPS",
    "TOPIC_CODES",
    "check_content",
    "last_number",
    "post",
    "topic_in",
]

REPEAT_SECONDS: Final = 300
SMALL_GROUPS: Final = frozenset({"Private", "Public", "ChatRoom"})
"""Where a message can be for some members only, and where receipts are counted."""

TOPIC_CODES: Final = evolve(GROUP_CODES, limit={**GROUP_CODES.limit, "TopicId": 10015})
"""What the group service answers to a bad field where there may be a TopicId."""


def send(state: State, request: Request) -> Asking:
    """Send one message to a group, unless it is a repeat or the group is flooded."""
    message = _message(state, request)
    group = _admit(state, request, message)
    if (first := _first(state, message)) is not None:
        return _receipt(first)
    forbidden = request.get("ForbidCallbackControl", [])
    if "ForbidBeforeSendMsgCallback" not in forbidden:
        verdict = yield Event("Group.CallbackBeforeSendMsg", _told(request, group, message))
        if verdict.code == DROP:
            return {"MsgTime": message["MsgTimeStamp"], "MsgSeq": 0}
        verdict.obey("Group.CallbackBeforeSendMsg")
        group = group_of(state, request)  # others were answered meanwhile: the group may be gone, the message be there
        if (first := _first(state, message)) is not None:
            return _receipt(first)
        message |= verdict.only("MsgBody", "CloudCustomData")
    if _flooded(state, group):
        state.tell(EXCEPTION, _failed(request, group, message, Refusal(10023)))
        return {"MsgTime": message["MsgTimeStamp"], "MsgSeq": 0, "MsgDropReason": "MsgFreqCtrl"}
    message = post(state, message)
    told = _told_after(request, group, message)
    if "ForbidAfterSendMsgCallback" not in forbidden:
        state.tell("Group.CallbackAfterSendMsg", told)
    mentions: list[Row] = message["GroupAtInfo"] or []
    mentioned: list[str] = [mention.get("GroupAt_Account", "") for mention in mentions]
    if robots := [account for account in mentioned if account.startswith(ROBOT)]:
        said = {name: value for name, value in told.items() if name != "GroupAtInfo"}
        state.tell("Bot.OnGroupMessage", said | {"AtRobotAccount": robots})
    return _receipt(message)


def broadcast(state: State, request: Request) -> Answer:
    """Send one message to all live groups, unless it is a repeat. Nobody is asked or told."""
    check_accounts(state, request.get("From_Account"))
    check_content(state, request["MsgBody"], request.get("CloudCustomData"))
    message = _content(state, request)
    number = state.store.value(
        "SELECT MsgSeq FROM group_broadcasts WHERE Random = ? AND content = ? AND taken > ?",
        *(message["Random"], message["content"], message["taken"] - REPEAT_SECONDS),
    )
    if number is not None:
        return {"MsgSeq": number}
    number = state.store.insert("group_broadcasts", message)
    state.store.run(
        "INSERT INTO group_messages (GroupId, MsgSeq, From_Account, Random, MsgTimeStamp, MsgPriority, MsgBody,"
        " CloudCustomData, content, taken, online_only, call)"
        " SELECT GroupId, NextMsgSeq, From_Account, Random, MsgTimeStamp, 'Normal', MsgBody, CloudCustomData, content,"
        " 0, 0, call FROM groups JOIN group_broadcasts ON group_broadcasts.MsgSeq = ? WHERE Type = 'AVChatRoom'",
        number,
    )
    state.store.run(
        "UPDATE groups SET NextMsgSeq = NextMsgSeq + 1, LastMsgTime = ? WHERE Type = 'AVChatRoom'", state.now
    )
    return {"MsgSeq": number}


def notify(state: State, request: Request) -> Answer:
    """Send a system notice to all or some members of a group. A repeat is shown again."""
    group = group_of(state, request)
    topic, members = topic_in(state, request), request.get("ToMembers_Account", [])
    if members and group["Type"] == "AVChatRoom":
        raise Refusal(WRONG_TYPE_OF_GROUP, "a notice to an AVChatRoom goes to everybody")
    notice = {"GroupId": group["GroupId"], "TopicId": topic, "Content": request["Content"], "Time": state.now}
    state.store.insert("group_notices", notice | {"ToMembers_Account": members, "call": request.number})
    return {}


def topic_in(state: State, request: Request) -> str:
    """Return the topic that *request* is about; an empty one where it is about the group itself."""
    topic: str | None = request.get("TopicId")
    return "" if topic is None else str(topic_of(state, request["GroupId"], topic)["TopicId"])


def last_number(state: State, group_id: str, topic: str = "") -> int:
    """Return the MsgSeq of the newest message of a group, or of a *topic* in it; 0 where there is none."""
    sql = (
        "SELECT NextMsgSeq - 1 FROM topics WHERE GroupId = ? AND TopicId = ?"
        if topic
        else "SELECT NextMsgSeq - 1 FROM groups WHERE GroupId = ?"
    )
    return int(state.store.value(sql, group_id, *([topic] if topic else [])))


def post(state: State, message: Row) -> Row:
    """Give *message* its number, and keep it."""
    group_id, topic, time = message["GroupId"], message["TopicId"], message["MsgTimeStamp"]
    numbered = message | {"MsgSeq": last_number(state, group_id, topic) + 1}
    state.store.insert("group_messages", numbered)
    sql = (
        "UPDATE topics SET NextMsgSeq = NextMsgSeq + 1, LastMsgTime = ? WHERE TopicId = ?"
        if topic
        else "UPDATE groups SET NextMsgSeq = NextMsgSeq + 1, LastMsgTime = ? WHERE GroupId = ?"
    )
    state.store.run(sql, time, topic or group_id)
    sql = "UPDATE group_members SET LastSendMsgTime = ? WHERE GroupId = ? AND Member_Account = ?"
    state.store.run(sql, time, group_id, message["From_Account"])
    return numbered


def check_content(state: State, body: list[Any], custom_data: str | None) -> None:
    """Measure the content alone, as the manual does for groups, and look for refused words."""
    size = len(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())
    if size + len((custom_data or "").encode()) > state.rules.content_bytes:
        raise Refusal(80002)
    check_words(state, body)


def _content(state: State, request: Request) -> Row:
    """Make of a row what a message to one group and one to all have in common."""
    body = request["MsgBody"]
    return {
        "From_Account": request.get("From_Account", request.identifier),
        "Random": request["Random"],
        "MsgTimeStamp": state.now,
        "MsgBody": body,
        "CloudCustomData": request.get("CloudCustomData"),
        "content": content_of(body),
        "taken": state.clock.now(),
        "call": request.number,
    }


def _message(state: State, request: Request) -> Row:
    control, receivers = request.get("SendMsgControl", []), request.get("To_Account") or None
    online_only = request.get("OnlineOnlyFlag", 0) > 0
    return _content(state, request) | {
        "GroupId": request["GroupId"],
        "TopicId": request.get("TopicId", ""),
        "MsgPriority": request.get("MsgPriority", "Normal"),
        "To_Account": receivers,
        "GroupAtInfo": request.get("GroupAtInfo"),
        "SendMsgControl": control,
        "SupportMessageExtension": request.get("SupportMessageExtension", 0),
        "NeedReadReceipt": request.get("NeedReadReceipt", 0),
        "online_only": int(online_only),
        "unread": int(not (online_only or receivers or "NoUnread" in control)),
    }


def _first(state: State, message: Row) -> Row | None:
    """Return the message that this one repeats, whoever sent it."""
    return state.store.row(
        "SELECT MsgTimeStamp, MsgSeq FROM group_messages"
        " WHERE GroupId = ? AND Random = ? AND content = ? AND TopicId = ? AND taken > ?",
        *(message[name] for name in ("GroupId", "Random", "content", "TopicId")),
        message["taken"] - REPEAT_SECONDS,
    )


def _receipt(message: Row) -> Answer:
    return {"MsgTime": message["MsgTimeStamp"], "MsgSeq": message["MsgSeq"]}


def _flooded(state: State, group: Row) -> bool:
    limit = state.rules.group_messages_per_second
    return limit is not None and not state.window(("group", group["GroupId"]), limit).admit()


EXCEPTION: Final = "Group.CallbackSendMsgException"


def _told(request: Request, group: Row, message: Row) -> Row:
    names = ("GroupId", "From_Account", "Random", "MsgBody")
    told = {
        "Type": group["Type"],
        "Operator_Account": request.identifier,
        **{name: message[name] for name in names},
        "OnlineOnlyFlag": message["online_only"],
        "CloudCustomData": message["CloudCustomData"] or "",
        "TopicId": message["TopicId"] or None,
    }
    return present(told)


def _told_after(request: Request, group: Row, message: Row) -> Row:
    told = {"MsgSeq": message["MsgSeq"], "MsgTime": message["MsgTimeStamp"], "GroupAtInfo": message["GroupAtInfo"]}
    return _told(request, group, message) | present(told)


def _failed(request: Request, group: Row, message: Row, no: Refusal) -> Row:
    told = _told(request, group, message) | {"ErrorCode": no.code, "ErrorInfo": no.info}
    return {name: value for name, value in told.items() if name != "TopicId"}  # this callback has none


def _admit(state: State, request: Request, message: Row) -> Row:
    """Return the group if it takes *message*; if not, your application hears why."""
    group: Row = {"Type": ""}
    try:
        group = group_of(state, request)
        check_accounts(state, request.get("From_Account"))
        topic_in(state, request)
        for check in _CHECKS:
            check(state, request, group)
        check_content(state, request["MsgBody"], request.get("CloudCustomData"))
        _check_mute(state, request, group, message["From_Account"])
    except Refusal as no:
        told = Event(EXCEPTION, _failed(request, group, message, no))
        raise Refusal(no.code, no.info, told=[told]) from None
    return group


def _check_mute(state: State, request: Request, group: Row, sender: str) -> None:
    """Refuse who is muted in the group or the topic, and who is no better than others where everybody is."""
    topic: str | None = request.get("TopicId")
    muted = (
        "SELECT 1 FROM group_mutes WHERE GroupId = ?1 AND Member_Account = ?3 AND MuteUntil > ?4"
        " UNION SELECT 1 FROM topic_mutes WHERE TopicId = ?2 AND Member_Account = ?3 AND MuteUntil > ?4"
    )
    if state.store.row(muted, group["GroupId"], topic, sender, state.now) is not None:
        raise Refusal(10017)
    if is_muted_everywhere(state, sender, "Group"):
        raise Refusal(10017, f"{sender!r} is muted everywhere")
    if sender != request.identifier and "On" in (group["MuteAllMember"], topic and _mute_of(state, topic)):
        sql = "SELECT Role FROM group_members WHERE GroupId = ? AND Member_Account = ?"
        if state.store.value(sql, group["GroupId"], sender) not in {"Owner", "Admin"}:
            raise Refusal(10017, "everybody here is muted")


def _mute_of(state: State, topic: str) -> str:
    return str(state.store.value("SELECT MuteAllMember FROM topics WHERE TopicId = ?", topic))


def _check_online_only(_: State, request: Request, group: Row) -> None:
    if request.get("OnlineOnlyFlag", 0) > 0:
        if group["Type"] in LIVE_GROUPS:
            raise Refusal(WRONG_TYPE_OF_GROUP, f"a message to {group['Type']} cannot be for online members only")
        if request.get("SendMsgControl"):
            raise Refusal(10004, "SendMsgControl and OnlineOnlyFlag exclude each other")


def _check_unread(state: State, request: Request, group: Row) -> None:
    if "NoUnread" in request.get("SendMsgControl", []):
        counts = state.rules.unread_in_meetings or group["Type"] != "ChatRoom"
        if group["Type"] in LIVE_GROUPS or not counts:
            raise Refusal(WRONG_TYPE_OF_GROUP, f"{group['Type']} counts no unread messages, so NoUnread fails")


def _check_receivers(_: State, request: Request, group: Row) -> None:
    if request.get("To_Account") and group["Type"] not in SMALL_GROUPS:
        raise Refusal(WRONG_TYPE_OF_GROUP, f"a message to {group['Type']} cannot be for some members only")


def _check_mentions(_: State, request: Request, group: Row) -> None:
    for mention in request.get("GroupAtInfo", []):
        if mention["GroupAtAllFlag"] == 0 and mention.get("GroupAt_Account") is None:
            raise Refusal(10004, "GroupAtInfo lacks GroupAt_Account where GroupAtAllFlag is 0")
        if mention["GroupAtAllFlag"] == 1 and group["Type"] in LIVE_GROUPS:
            raise Refusal(WRONG_TYPE_OF_GROUP, f"nobody can mention everybody in {group['Type']}")


_CHECKS: Final[list[Callable[[State, Request, Row], None]]] = [
    _check_online_only,
    _check_unread,
    _check_receivers,
    _check_mentions,
]

_SEND_CODES: Final = evolve(TOPIC_CODES, limit={**TOPIC_CODES.limit, "GroupAtInfo": 10053}, loose={"OnlineOnlyFlag"})

PLAYS: Final[Plays] = {
    SendGroupMessage: Play(send, _SEND_CODES),
    BroadcastMessage: Play(broadcast, GROUP_CODES),
    SendSystemNotification: Play(notify, TOPIC_CODES),
}
