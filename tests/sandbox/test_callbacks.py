"""The table of callbacks, held against the description of the service."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from timrest_async.sandbox.callbacks import CALLBACKS

SPEC = Path(__file__).parent.parent / "spec" / "webhooks.yaml"
DESCRIBED: dict[str, Any] = {
    entry["command"]: entry for entry in yaml.safe_load(SPEC.read_text(encoding="utf-8"))["callbacks"]
}
BEYOND = {"OfficialAccount.CallbackBeforeAddSubscriber": ("RefusedSubscribers_Account",)}
"""What an answer may hold by a document (1047/60799) that the description does not have."""
UNIT = {"milliseconds": "ms", "seconds": "s"}
SHARED = {
    "Group.CallbackBeforeCreateTopic": "Group.CallbackBeforeCreateGroup",
    "Group.CallbackAfterCreateTopic": "Group.CallbackAfterCreateGroup",
    "Group.CallbackAfterTopicDestroyed": "Group.CallbackAfterGroupDestroyed",
    "Group.CallbackAfterTopicInfoChanged": "Group.CallbackAfterGroupInfoChanged",
}


def codes_of(entry: dict[str, Any]) -> dict[Any, str]:
    """Return what the description says about each ErrorCode of the answer."""
    values: dict[Any, str] = (entry["response"].get("ErrorCode") or {}).get("values", {})
    return values


def own_codes(command: str) -> range:
    """Return the codes of its own with which an application may refuse *command*, as described."""
    spoken = " ".join(map(str, codes_of(DESCRIBED[command]))) + str(codes_of(DESCRIBED[command]).get("other"))
    if command == "OfficialAccount.CallbackBeforeSendMsg":
        spoken = DESCRIBED[command]["response"]["ErrorCode"]["about"]  # "presumably as for groups"
    found = re.search(r"(\d+)\.\.(\d+)", spoken)
    return range(int(found[1]), int(found[2]) + 1) if found else range(0)


def test_every_callback_stands_in_the_table_and_no_other() -> None:
    """There are 56, in the order of the description."""
    assert list(CALLBACKS) == list(DESCRIBED)
    assert len(CALLBACKS) == 56


@pytest.mark.parametrize("command", CALLBACKS)
def test_a_callback_is_as_described(command: str) -> None:
    """Its class, its codes, its EventTime and what its answer may hold."""
    callback, entry = CALLBACKS[command], DESCRIBED[command]
    time = entry["body"].get("EventTime", {"confirmed": False})
    refused = re.search(r"\b(20006|10016)\b", codes_of(entry).get(1, ""))
    assert callback.kind == entry["class"]
    assert callback.refused == (int(refused[1]) if refused else None)
    assert callback.own == own_codes(command)
    assert callback.fields == BEYOND.get(command, tuple(name for name in entry["response"] if name != "ErrorCode"))
    assert callback.event_time == (UNIT[time["unit"]] if time.get("confirmed", True) else None)
    assert callback.switch == SHARED.get(command, command)


@pytest.mark.parametrize("command", CALLBACKS)
def test_no_command_begins_as_another_one_is_called(command: str) -> None:
    """So a name that is switched on means one callback, and anything shorter means a family."""
    assert [other for other in CALLBACKS if other.startswith(command)] == [command]
