"""Messages and notices in groups. The manual's documents: 269/1629 and 269/1630."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from timrest_async.elements import Element, Text
from timrest_async.sandbox.body import GROUP_CODES, check_push_info, read_body
from timrest_async.sandbox.groups import BAD_GROUP_ID, BAD_PARAMETER, GROUP_ID_BYTES, LIVE_GROUPS, UNKNOWN_ACCOUNT
from timrest_async.sandbox.request import Refusal
from timrest_async.sandbox.state import Group, GroupMessage, Notice, content_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State

__all__ = ["notify", "send"]

CONTENT_BYTES: Final = 12 * 1024
DIRECTED: Final = 50
MENTIONS: Final = 30
NOTIFIED: Final = 500

WRONG_TYPE_OF_GROUP: Final = 10007

_OPTIONAL: Final[Mapping[str, type]] = {
    "OnlineOnlyFlag": int,
    "ForbidCallbackControl": list,
    "SendMsgControl": list,
    "CloudCustomData": str,
    "SupportMessageExtension": int,
    "To_Account": list,
    "GroupAtInfo": list,
    "TopicId": str,
    "NeedReadReceipt": int,
}


def send(state: State, request: Request) -> dict[str, Any]:
    """Send one message to a group, unless it is a repeat or the group is flooded."""
    group = _group(state, request)
    sender = _sender(state, request)
    random = request.number("Random", BAD_PARAMETER)
    body = read_body(request, GROUP_CODES)
    _check_optional(request, group)
    _check_content(state, request, body)
    if sender in group.muted:
        raise Refusal(10017)
    identity = (group.group_id, random, content_of(body))
    first = state.sent_to_groups.first(identity)
    if first is not None:
        return _receipt(first)
    if not state.window_of(group).admit():
        return {"MsgTime": state.now, "MsgSeq": 0, "MsgDropReason": "MsgFreqCtrl"}
    message = GroupMessage(
        from_account=sender,
        msg_seq=group.next_msg_seq,
        random=random,
        msg_time=state.now,
        msg_priority=request.fields.get("MsgPriority", "Normal"),
        msg_body=body,
        cloud_custom_data=request.fields.get("CloudCustomData"),
        online_only=request.fields.get("OnlineOnlyFlag", 0) > 0,
    )
    group.next_msg_seq += 1
    group.messages.append(message)
    state.sent_to_groups.remember(identity, message)
    return _receipt(message)


def notify(state: State, request: Request) -> dict[str, Any]:
    """Send a system notice to all or some members of a group. A repeat is shown again."""
    group = _group(state, request)
    content = request.text("Content", BAD_PARAMETER)
    request.expect(BAD_PARAMETER, {"TopicId": str})
    members = request.accounts("ToMembers_Account", BAD_PARAMETER) if "ToMembers_Account" in request else []
    if len(members) > NOTIFIED:
        raise Refusal(BAD_PARAMETER, f"ToMembers_Account may hold at most {NOTIFIED} accounts")
    if members and group.type == "AVChatRoom":
        raise Refusal(WRONG_TYPE_OF_GROUP, "a notice to an AVChatRoom goes to everybody")
    group.notices.append(Notice(content=content, time=state.now, to_members_account=members))
    return {}


def _receipt(message: GroupMessage) -> dict[str, Any]:
    return {"MsgTime": message.msg_time, "MsgSeq": message.msg_seq}


def _group(state: State, request: Request) -> Group:
    if type(request.fields.get("GroupId")) is not str:
        raise Refusal(BAD_PARAMETER, "GroupId has to be given as a string")
    group_id = request.text("GroupId", BAD_GROUP_ID, most=GROUP_ID_BYTES)
    if group_id not in state.groups:
        raise Refusal(10010)
    return state.groups[group_id]


def _sender(state: State, request: Request) -> str:
    if "From_Account" not in request:
        return request.identifier
    request.expect(60015, {"From_Account": str})
    sender: str = request.fields["From_Account"]
    if sender not in state.accounts:
        raise Refusal(UNKNOWN_ACCOUNT, f"From_Account does not exist: {sender!r}")
    return sender


def _check_optional(request: Request, group: Group) -> None:
    request.expect(BAD_PARAMETER, _OPTIONAL)
    request.expect_one_of("MsgPriority", ("High", "Normal", "Low", "Lowest"), BAD_PARAMETER)
    check_push_info(request, BAD_PARAMETER)
    if len(request.fields.get("To_Account", ())) > DIRECTED:
        raise Refusal(BAD_PARAMETER, f"To_Account may hold at most {DIRECTED} accounts")
    if len(request.fields.get("GroupAtInfo", ())) > MENTIONS:
        raise Refusal(10053)
    if request.fields.get("OnlineOnlyFlag", 0) > 0:
        _check_online_only(request, group)


def _check_online_only(request: Request, group: Group) -> None:
    if group.type in LIVE_GROUPS:
        raise Refusal(WRONG_TYPE_OF_GROUP, f"a message to {group.type} cannot be for online members only")
    if "SendMsgControl" in request:
        raise Refusal(BAD_PARAMETER, "SendMsgControl and OnlineOnlyFlag exclude each other")


def _check_content(state: State, request: Request, body: list[Element]) -> None:
    """Measure the content alone, as the manual does for groups, and look for refused words."""
    size = len(json.dumps(request.fields["MsgBody"], ensure_ascii=False, separators=(",", ":")).encode())
    if size + len(request.fields.get("CloudCustomData", "").encode()) > CONTENT_BYTES:
        raise Refusal(80002)
    words = " ".join(element.text for element in body if isinstance(element, Text))
    if any(word in words for word in state.refused_words):
        raise Refusal(80001)
