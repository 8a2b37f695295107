"""Notices: pushes that count seconds, checks without a name, commands near their limit."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from timrest_async._codec import read
from timrest_async.webhook import Auth, parse
from timrest_async.webhook.events.notices import (
    AlertRequestOverLimit,
    Contact,
    ContentResultNotify,
    PushAllMemberPush,
    PushOfflinePush,
)

PUSHED: dict[str, Any] = {
    "From_Account": "jared",
    "To_Account": "rong",
    "MsgSeq": 123,
    "MsgRandom": 2837546,
    "MsgTime": 1746518398,
}


@pytest.mark.parametrize("kind", [PushOfflinePush, PushAllMemberPush])
def test_pushes_tell_the_time_in_seconds(kind: type[PushOfflinePush | PushAllMemberPush]) -> None:
    """The time of a push is in seconds, unlike that of other events, and is read as such."""
    event = read({**PUSHED, "EventTime": 1746518400}, kind)

    assert event.happened_at == datetime(2025, 5, 6, 8, tzinfo=UTC)


@pytest.mark.parametrize("name", ["GroupID", "GroupId"])
def test_the_group_of_a_push_is_read_under_either_name(name: str) -> None:
    """The group of a push is found, however the service spells its name."""
    event = read({**PUSHED, name: "@TGS#2J4SZEAEL"}, PushOfflinePush)

    assert event.group_id == "@TGS#2J4SZEAEL"
    assert event.extra == {}


def test_each_stage_of_a_push_is_an_event_of_its_own() -> None:
    """A push that is sent and arrives within one second is two events, and each has a key."""
    sent, arrived = (read({**PUSHED, "EventTime": 1746518400, "PushStage": stage}, PushOfflinePush) for stage in (1, 2))

    assert sent.key is not None
    assert sent.key != arrived.key


def test_the_result_of_a_check_is_known_by_the_address() -> None:
    """The result of a check is read where only the address says what it is."""
    event = parse(
        "SdkAppid=1400000000&CallbackCommand=ContentCallback.ResultNotify",
        {},
        json.dumps({"From_Account": "jared", "Scene": "C2C"}).encode(),
        auth=Auth(sdkappid=1400000000, token=None),
        events={"ContentCallback.ResultNotify": ContentResultNotify},
    )

    assert isinstance(event, ContentResultNotify)
    assert event.from_account == "jared"


@pytest.mark.parametrize("name", ["Type", "ContactType"])
def test_whether_a_checked_message_is_for_a_group_is_read_under_either_name(name: str) -> None:
    """For whom a checked message is can be read under either of the names that are in use for its kind."""
    event = read({"From_Account": "jared", "ContactItem": {name: 2, "ToGroupId": "@TGS#1"}}, ContentResultNotify)

    assert event.contact_item == Contact(type=2, to_group_id="@TGS#1")


@pytest.mark.parametrize("rest", [{}, {"ContactItem": None, "TextContent": None, "CtxcbKeywords": None}])
def test_the_result_of_checking_a_profile_is_for_nobody(rest: dict[str, None]) -> None:
    """The result of checking a profile has no receiver, whether the service leaves it out or says null."""
    event = read({"From_Account": "jared", "Scene": "UserInfo", **rest}, ContentResultNotify)

    assert event.contact_item is None
    assert event.text_content == event.ctxcb_keywords == []


def test_an_alert_names_the_command_as_its_class_does() -> None:
    """An alert about a command has its path, as the command's class has it."""
    alert = AlertRequestOverLimit(service_name="openim", command="batchsendmsg", request=172, limit=200)

    assert alert.path == "openim/batchsendmsg"
