"""What the sandbox remembers, and in which order."""

from __future__ import annotations

import json

import pytest

from timrest_async import Text
from timrest_async.sandbox import Message, State
from timrest_async.testing import FakeClock


def said(time: int, seq: int, sender: str = "a", receiver: str = "b") -> Message:
    """Make a message of second *time*."""
    return Message(
        from_account=sender,
        to_account=receiver,
        msg_seq=seq,
        msg_random=1,
        msg_time=time,
        msg_key="",
        msg_id="",
        msg_body=[Text("hi")],
    )


def test_a_conversation_is_ordered_by_time_and_then_by_number() -> None:
    """Both directions stand in one conversation, whatever the order in which they came."""
    state = State(FakeClock())
    for message in (said(2, 1), said(1, 9), said(2, 0, "b", "a"), said(1, 3)):
        state.add_message(message)
    assert [message.place for message in state.conversation("b", "a")] == [(1, 3), (1, 9), (2, 0), (2, 1)]


def test_asking_for_a_conversation_makes_none() -> None:
    """Who never spoke has no conversation."""
    state = State(FakeClock())
    assert state.conversation("a", "b") == []
    assert state.describe()["Conversations"] == []


@pytest.mark.parametrize(("owner", "members"), [(None, ["b"]), ("a", ["b"]), ("a", ["a", "b"])])
def test_a_group_can_have_any_id(owner: str | None, members: list[str]) -> None:
    """Its owner is a member, and everybody in it is registered."""
    state = State(FakeClock())
    group = state.add_group("@TGS#any", owner=owner, members=members)
    assert state.groups["@TGS#any"] is group
    assert group.members == (["b"] if owner is None else ["a", "b"])
    assert sorted(state.accounts) == group.members


def test_the_state_can_be_shown_as_json() -> None:
    """It reads as the manual does."""
    state = State(FakeClock())
    state.add_group("g", owner="a")
    state.add_message(said(1, 2))
    shown = json.loads(json.dumps(state.describe()))
    assert shown["Accounts"] == [{"UserID": "a", "Nick": "", "FaceUrl": ""}]
    assert shown["Groups"][0]["GroupId"] == "g"
    (message,) = shown["Conversations"][0]["Messages"]
    assert message["From_Account"] == "a"
    assert message["MsgBody"] == [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]
