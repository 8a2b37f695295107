"""Pushes to everybody, to those whom tags or attributes find, and to named accounts; how they are taken back.

The manual's documents: 269/45934, 1047/60561, 1047/67553, 1047/60571. Who received a push stands in ``push_receivers``;
nobody's history has it, not even that of a timpush one with a MsgBody, which one of two pages promises. Who pushes too
soon is told so first, whatever else is wrong with the pace.

Judgement calls: a day is 24 hours; each of the two commands for everybody counts for itself; a repeat by MsgRandom is
90025 within a day for the older one, and answered with the first TaskId within a second by the newer ones; everybody
who is registered receives it, senders and administrators too; after 24 hours a push is as good as unknown (90049).
"""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING, Final

from attrs import evolve

from timrest_async.commands.push import ImPush, PushToAll, PushToMany, RevokePush
from timrest_async.sandbox.body import BodyCodes
from timrest_async.sandbox.play.accounts import exists
from timrest_async.sandbox.play.messages import check_words
from timrest_async.sandbox.play.push_audience import audience, check_condition, check_enabled, sort_out
from timrest_async.sandbox.plays import Codes, Play, Plays
from timrest_async.sandbox.request import Refusal
from timrest_async.sandbox.store import packed

if TYPE_CHECKING:
    from timrest_async.sandbox.events import Answer
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State
    from timrest_async.sandbox.store import Row

__all__ = ["PLAYS"]

DAY: Final = 86_400
REPEAT_SECONDS: Final = 1
KEPT: Final = ("Condition", "MsgBody", "MsgLifeTime", "OnlineOnlyFlag", "DataId", "OfflinePushInfo")


def im_push(state: State, request: Request) -> Answer:
    """Push a message to everybody, or to those whom a condition finds. Its condition knows no TagsNot."""
    push = _push(state, request, ImPush.path)
    condition = {name: value for name, value in request.get("Condition", {}).items() if name != "TagsNot"}
    receivers = _receivers(state, request, condition)
    _check_pace(state, push)
    if _first(state, push, DAY) is not None:
        raise Refusal(90025)
    _keep(state, push, receivers)
    _tell(state, push, receivers)
    return {"TaskId": push["TaskId"]}


def push_to_all(state: State, request: Request) -> Answer:
    """Push to everybody, or to those whom a condition finds."""
    push = _push(state, request, PushToAll.path)
    receivers = _receivers(state, request, request.get("Condition", {}))
    _check_pace(state, push)
    if (first := _first(state, push, REPEAT_SECONDS)) is not None:
        return {"TaskId": first}
    _keep(state, push, receivers)
    _tell(state, push, receivers)
    return {"TaskId": push["TaskId"]}


def push_to_many(state: State, request: Request) -> Answer:
    """Push to named accounts, and name those who do not exist."""
    push = _push(state, request, PushToMany.path)
    receivers, errors = sort_out(state, request["To_Account"])
    if (first := _first(state, push, REPEAT_SECONDS)) is not None:
        return {"TaskId": first, "ErrorList": errors}
    _keep(state, push, receivers)
    return {"TaskId": push["TaskId"], "ErrorList": errors}


def revoke(state: State, request: Request) -> Answer:
    """Take back a timpush push of the last 24 hours, and put another text in its place where there is one."""
    sql = "SELECT revoked FROM pushes WHERE TaskId = ? AND command <> ? AND taken > ?"
    push = state.store.row(sql, request["TaskId"], ImPush.path, state.clock.now() - DAY)
    if push is None:
        raise Refusal(90049)
    if push["revoked"] is not None:
        raise Refusal(90050)
    info: Row = request.get("OfflinePushInfo", {})
    overwritten = packed(info) if info and info.get("PushFlag") != 1 else None
    sql = "UPDATE pushes SET revoked = ?, overwritten = ? WHERE TaskId = ?"
    state.store.run(sql, state.now, overwritten, request["TaskId"])
    return {}


def _push(state: State, request: Request, command: str) -> Row:
    """Make the row of a push."""
    check_enabled(state)
    sender = request.get("From_Account", request.identifier)
    if not exists(state, sender):
        raise Refusal(90008, f"From_Account is not registered: {sender!r}")
    check_words(state, request.get("MsgBody", []))
    random, now = request["MsgRandom"], state.now
    return {
        "TaskId": f"{token_hex(8)}_{now}_{random}",
        "command": command,
        "From_Account": sender,
        "MsgRandom": random,
        **{name: request[name] for name in KEPT if name in request},
        "TaskTime": now,
        "taken": state.clock.now(),
        "call": request.number,
    }


def _receivers(state: State, request: Request, condition: Row) -> list[str]:
    if "Condition" in request:
        check_condition(state, condition)
    return audience(state, condition)


def _check_pace(state: State, push: Row) -> None:
    """Refuse a push too soon after another, or beyond those of a day."""
    rules, now = state.rules, push["taken"]
    sql = "SELECT max(taken) FROM pushes WHERE command = ?"
    last: float | None = state.store.value(sql, push["command"])
    if last is not None and now - last < rules.seconds_between_pushes:
        raise Refusal(90024)
    sql = "SELECT count(*) FROM pushes WHERE command = ? AND taken > ?"
    today: int = state.store.value(sql, push["command"], now - DAY)
    if rules.pushes_a_day is not None and today >= rules.pushes_a_day:
        raise Refusal(90047)


def _first(state: State, push: Row, within: int) -> str | None:
    """Return the TaskId of the push that this one repeats, whoever sent it."""
    sql = "SELECT TaskId FROM pushes WHERE command = ? AND MsgRandom = ? AND taken > ?"
    first: str | None = state.store.value(sql, push["command"], push["MsgRandom"], push["taken"] - within)
    return first


def _keep(state: State, push: Row, receivers: list[str]) -> None:
    state.store.insert("pushes", push)
    sql = "INSERT INTO push_receivers SELECT ?, value FROM json_each(?)"
    state.store.run(sql, push["TaskId"], packed(receivers))


def _tell(state: State, push: Row, receivers: list[str]) -> None:
    """Say of every receiver that the vendors' channels have it, where it goes to those."""
    info: Row = push.get("OfflinePushInfo", {})
    if not info or info.get("PushFlag") == 1:
        return
    for receiver in receivers:
        state.tell(
            "Push.AllMemberPush",
            {
                "EventType": 1,
                "TaskId": push["TaskId"],
                "TaskTime": push["TaskTime"],
                "EventTime": push["TaskTime"],
                "To_Account": receiver,
                "PushPlatform": 0,
                "PushStage": 1,
                "ErrCode": 0,
                "ErrInfo": "",
            },
        )


_CODES: Final = Codes(
    90001,
    kind={
        "MsgRandom": 90005,
        "MsgBody": 90002,
        "Condition": 90027,
        "MsgLifeTime": 90044,
        "OfflinePushInfo": 90043,
    },
    limit={"MsgRandom": 90005, "MsgLifeTime": 90026, "From_Account": 90008},
    loose={"Condition"},
    body=BodyCodes(malformed=90002, no_list=90007, unfit=90010),
)
"""What the commands' own lists leave out stands in the central table."""
_MANY: Final = evolve(_CODES, limit={**_CODES.limit, "To_Account": 90011}, empty={"To_Account": 90001})

PLAYS: Final[Plays] = {
    ImPush: Play(im_push, _CODES, too_often=90024),
    PushToAll: Play(push_to_all, _CODES, too_often=90024),
    PushToMany: Play(push_to_many, _MANY),
    RevokePush: Play(revoke, _CODES, too_often=90051),
}
