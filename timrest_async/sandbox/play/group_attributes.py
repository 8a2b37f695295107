"""Attributes of groups, and counters: read, write, delete.

The manual's documents: 269/67012, 269/67010, 269/67011, 269/67009, 1047/59499; 1047/53427, 1047/53428, 1047/53429.
Where they leave it open: a call without Mode sets counters; a bad name or value of a counter is 10004; nothing is
deleted if one of the attributes is not there; and your application hears of deleted attributes with an empty value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from timrest_async.commands.groups import (
    ClearGroupAttributes,
    DeleteGroupAttributes,
    DeleteGroupCounters,
    GetGroupAttributes,
    GetGroupCounters,
    ModifyGroupAttributes,
    SetGroupAttributes,
    UpdateGroupCounters,
)
from timrest_async.sandbox.play.groups import GROUP_CODES, group_of, refuse_types
from timrest_async.sandbox.plays import Codes, Play, Plays
from timrest_async.sandbox.request import Refusal
from timrest_async.sandbox.store import packed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from timrest_async.sandbox.events import Answer
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State
    from timrest_async.sandbox.store import Row

__all__ = ["PLAYS"]

ATTRIBUTES: Final = 16
KEY_BYTES: Final = 32
VALUE_BYTES: Final = 4_000
VALUES_BYTES: Final = 16_000
WRITES_A_SECOND: Final = 5
COUNTERS: Final = 20
COUNTER_KEY_BYTES: Final = 128
LOW, HIGH = -(2**63), 2**63 - 1
COMMUNITY: Final = frozenset({"Community"})


def get(state: State, request: Request) -> Answer:
    """Read all attributes of a group."""
    return {"GroupAttrAry": _attributes(state, group_of(state, request)["GroupId"])}


def modify(state: State, request: Request) -> Answer:
    """Change or add attributes, and leave the others alone."""
    return _write(state, request, group_of(state, request), "modify")


def reset(state: State, request: Request) -> Answer:
    """Put attributes in the place of all that were there."""
    group = group_of(state, request)
    state.store.run("DELETE FROM group_attributes WHERE GroupId = ?", group["GroupId"])
    return _write(state, request, group, "set")


def clear(state: State, request: Request) -> Answer:
    """Remove all attributes."""
    group = group_of(state, request)
    refuse_types(group, COMMUNITY, "clear_group_attr")
    state.store.run("DELETE FROM group_attributes WHERE GroupId = ?", group["GroupId"])
    return _done(state, request, group, "clear", [])


def delete(state: State, request: Request) -> Answer:
    """Remove some attributes, if all of them are there."""
    group = group_of(state, request)
    keys = list(dict.fromkeys(item["key"] for item in request["GroupAttr"]))
    if not keys:
        raise Refusal(10004, "GroupAttr is empty")
    for key in keys:
        _check_key(key)
    sql = "DELETE FROM group_attributes WHERE GroupId = ? AND key IN (SELECT value FROM json_each(?))"
    if state.store.run(sql, group["GroupId"], packed(keys)) < len(keys):
        raise Refusal(10050)
    return _done(state, request, group, "delete", [{"key": key, "value": ""} for key in keys])


def _attributes(state: State, group_id: str) -> list[Row]:
    return state.store.rows("SELECT key, value FROM group_attributes WHERE GroupId = ? ORDER BY number", group_id)


def _write(state: State, request: Request, group: Row, option: str) -> Answer:
    """Write attributes beside those that are there, if the group has room for them."""
    for item in request["GroupAttr"]:
        _check_key(item["key"])
        if len(item["value"].encode()) > VALUE_BYTES:
            raise Refusal(10046)
        sql = (
            "INSERT INTO group_attributes (GroupId, key, value) VALUES (?, ?, ?)"
            " ON CONFLICT (GroupId, key) DO UPDATE SET value = excluded.value"
        )
        state.store.run(sql, group["GroupId"], item["key"], item["value"])
    kept = _attributes(state, group["GroupId"])
    if len(kept) > ATTRIBUTES:
        raise Refusal(10047)
    if sum(len(item["value"].encode()) for item in kept) > VALUES_BYTES:
        raise Refusal(10048)
    return _done(state, request, group, option, request["GroupAttr"])


def _done(state: State, request: Request, group: Row, option: str, attributes: list[Row]) -> Answer:
    """Let the change stand if the attributes of the group were not written too often, and tell of it."""
    if not state.window(("attributes", group["GroupId"]), WRITES_A_SECOND).admit():
        raise Refusal(10049)
    told = {
        "GroupId": group["GroupId"],
        "Type": group["Type"],
        "Operator_Account": request.identifier,
        "OptionType": option,
        "GroupAttr": [{name: item[name] for name in ("key", "value")} for item in attributes],
    }
    state.tell("Group.CallbackAfterGroupAttrChanged", told)
    return {}


def _check_key(key: str) -> None:
    if not key:
        raise Refusal(10004, "the key of an attribute is empty")
    if len(key.encode()) > KEY_BYTES:
        raise Refusal(10045)


def get_counters(state: State, request: Request) -> Answer:
    """Read counters of a group, all of them where none is named."""
    group_id = _counting_group(state, request, "get_group_counter")
    keys: list[str] | None = request.get("GroupCounterKeys")
    if keys is None:
        sql = "SELECT Key, Value FROM group_counters WHERE GroupId = ? ORDER BY number"
        return {"GroupCounter": state.store.rows(sql, group_id)}
    return {"GroupCounter": _counters(state, group_id, keys)}


def update_counters(state: State, request: Request) -> Answer:
    """Set, raise or lower counters; one that is not there starts from 0."""
    group_id = _counting_group(state, request, "update_group_counter")
    sign = _SIGNS[request.get("Mode", "Set")]
    for counter in request["GroupCounter"]:
        _count(state, group_id, counter["Key"], counter["Value"], sign)
    if state.store.value("SELECT count(*) FROM group_counters WHERE GroupId = ?", group_id) > COUNTERS:
        raise Refusal(10063)
    return {"GroupCounter": _counters(state, group_id, [counter["Key"] for counter in request["GroupCounter"]])}


_SIGNS: Final[Mapping[str, int]] = {"Set": 0, "Increase": 1, "Decrease": -1}


def delete_counters(state: State, request: Request) -> Answer:
    """Delete counters, all of them where none is named; one that is not there is as good as deleted."""
    group_id = _counting_group(state, request, "delete_group_counter")
    keys = request.get("GroupCounterKeys")
    if keys is None:
        state.store.run("DELETE FROM group_counters WHERE GroupId = ?", group_id)
    else:
        sql = "DELETE FROM group_counters WHERE GroupId = ? AND Key IN (SELECT value FROM json_each(?))"
        state.store.run(sql, group_id, packed(keys))
    return {}


def _counting_group(state: State, request: Request, command: str) -> Any:
    group = group_of(state, request)
    refuse_types(group, COMMUNITY, command)
    return group["GroupId"]


def _count(state: State, group_id: str, key: str, value: int, sign: int) -> None:
    """Give a counter a *value*, or change it by one that a *sign* of 1 or -1 stands before."""
    if not 1 <= len(key.encode()) <= COUNTER_KEY_BYTES:
        raise Refusal(10004, f"the Key of a counter is 1 to {COUNTER_KEY_BYTES} bytes long")
    if sign:
        old = state.store.value("SELECT Value FROM group_counters WHERE GroupId = ? AND Key = ?", group_id, key)
        value = (old or 0) + sign * value
    if not LOW <= value <= HIGH:
        raise Refusal(10004, f"the counter {key} would leave the range of 64 bits")
    sql = (
        "INSERT INTO group_counters (GroupId, Key, Value) VALUES (?, ?, ?)"
        " ON CONFLICT (GroupId, Key) DO UPDATE SET Value = excluded.Value"
    )
    state.store.run(sql, group_id, key, value)


def _counters(state: State, group_id: str, keys: list[str]) -> list[Row]:
    """Return the counters of these names that are there, each once, in their order."""
    asked = packed(list(dict.fromkeys(keys)))
    return state.store.rows(
        "SELECT group_counters.Key, group_counters.Value FROM json_each(?) AS asked JOIN group_counters"
        " ON GroupId = ? AND group_counters.Key = asked.value ORDER BY asked.key",
        asked,
        group_id,
    )


_WRITE_CODES: Final = Codes(10004, limit={"GroupId": 10015, "GroupAttr": 10047}, empty={"GroupAttr": 10004})
_COUNTER_CODES: Final = Codes(10004, limit={"GroupId": 10015, "GroupCounter": 10063}, empty={"GroupCounter": 10004})

PLAYS: Final[Plays] = {
    GetGroupAttributes: Play(get, GROUP_CODES),
    ModifyGroupAttributes: Play(modify, _WRITE_CODES),
    SetGroupAttributes: Play(reset, _WRITE_CODES),
    ClearGroupAttributes: Play(clear, GROUP_CODES),
    DeleteGroupAttributes: Play(delete, GROUP_CODES),
    GetGroupCounters: Play(get_counters, GROUP_CODES),
    UpdateGroupCounters: Play(update_counters, _COUNTER_CODES),
    DeleteGroupCounters: Play(delete_counters, GROUP_CODES),
}
