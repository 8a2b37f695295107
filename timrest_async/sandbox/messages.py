"""One-to-one messages: to one, and to many. The manual's documents: 269/2282 and 269/1612.

An unknown sender is 20003 for one receiver and 90008 for many, because that is what each command's own table lists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from attrs import evolve

from timrest_async.commands._command import random_u32
from timrest_async.sandbox.body import ONE_TO_ONE_CODES, check_push_info, read_body
from timrest_async.sandbox.request import Refusal
from timrest_async.sandbox.state import Message

if TYPE_CHECKING:
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State

__all__ = ["send", "send_batch"]

PACKET_BYTES: Final = 12 * 1024
LIFE_SECONDS: Final = 604_800
RECEIVERS: Final = 500

NO_RECEIVER: Final = 90003
UNKNOWN_RECEIVER: Final = 90012
UNFIT: Final = 90010


def send(state: State, request: Request) -> dict[str, Any]:
    """Send one message to one account, unless it is a repeat."""
    _check_size(request)
    receiver = request.text("To_Account", NO_RECEIVER)
    message = _message(state, request, receiver, no_sender=20003)
    if receiver not in state.accounts:
        raise Refusal(UNKNOWN_RECEIVER, f"To_Account is not registered: {receiver!r}")
    first = state.sent.first(message.identity)
    if first is None:
        state.sent.remember(message.identity, message)
        state.add_message(message)
    taken = first or message
    return {"MsgTime": taken.msg_time, "MsgKey": taken.msg_key, "MsgId": taken.msg_id}


def send_batch(state: State, request: Request) -> dict[str, Any]:
    """Send one message to many accounts, and name those who do not exist. Nothing tells a repeat."""
    _check_size(request)
    receivers = request.accounts("To_Account", NO_RECEIVER)
    if not receivers:
        raise Refusal(NO_RECEIVER, "To_Account names nobody")
    if len(receivers) > RECEIVERS:
        raise Refusal(90011)
    message = _message(state, request, "", no_sender=90008)
    reached = [receiver for receiver in receivers if receiver in state.accounts]
    if not reached:
        raise Refusal(UNKNOWN_RECEIVER, "none of To_Account is registered")
    for receiver in reached:
        state.add_message(evolve(message, to_account=receiver))
    receipt = {"MsgKey": message.msg_key, "MsgId": message.msg_id}
    missed = [{"To_Account": name, "ErrorCode": 70107} for name in receivers if name not in state.accounts]
    return receipt | {"ActionStatus": "SomeError", "ErrorList": missed} if missed else receipt


def _message(state: State, request: Request, receiver: str, *, no_sender: int) -> Message:
    """Read the fields that both commands have."""
    sender = _sender(state, request, no_sender)
    random = request.number("MsgRandom", 90005)
    seq = request.number("MsgSeq", 90004) if "MsgSeq" in request else random_u32()
    body = read_body(request, ONE_TO_ONE_CODES)
    _check_optional(request)
    now = state.now
    return Message(
        from_account=sender,
        to_account=receiver,
        msg_seq=seq,
        msg_random=random,
        msg_time=now,
        msg_key=f"{seq}_{random}_{now}",
        msg_id=f"{crc32(sender.encode())}-{now}-{random}",
        msg_body=body,
        cloud_custom_data=request.fields.get("CloudCustomData"),
        online_only=request.fields.get("OnlineOnlyFlag") == 1 or request.fields.get("MsgLifeTime") == 0,
    )


def _sender(state: State, request: Request, unknown: int) -> str:
    if "From_Account" not in request:
        return request.identifier
    request.expect(60015, {"From_Account": str})
    sender: str = request.fields["From_Account"]
    if sender not in state.accounts:
        raise Refusal(unknown, f"From_Account is not registered: {sender!r}")
    return sender


def _check_size(request: Request) -> None:
    if request.size > PACKET_BYTES:
        raise Refusal(93000)


def _check_optional(request: Request) -> None:
    request.expect(90044, {"MsgLifeTime": int})
    if not 0 <= request.fields.get("MsgLifeTime", 0) <= LIFE_SECONDS:
        raise Refusal(90026)
    request.expect(90031, {"SyncOtherMachine": int})
    request.expect(90006, {"MsgTimeStamp": int})
    request.expect(UNFIT, _OPTIONAL)
    check_push_info(request, UNFIT)


_OPTIONAL: Final[dict[str, type]] = {
    "OnlineOnlyFlag": int,
    "CloudCustomData": str,
    "SendMsgControl": list,
    "ForbidCallbackControl": list,
    "SupportMessageExtension": int,
    "IsNeedReadReceipt": int,
}
"""Fields that have no code of their own."""
