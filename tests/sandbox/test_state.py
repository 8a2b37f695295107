"""What the sandbox remembers, how it is shown, and how it is kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.conftest import finished
from timrest_async import ConfigError, Text
from timrest_async.sandbox import Application, Service, State

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.conftest import Query
    from timrest_async.testing import FakeClock

SEND = "openim/sendmsg"


def said(time: int, seq: int, sender: str = "a", receiver: str = "b") -> dict[str, Any]:
    """Make the row of a message of second *time*."""
    return {
        "From_Account": sender,
        "To_Account": receiver,
        "MsgSeq": seq,
        "MsgRandom": 1,
        "MsgTimeStamp": time,
        "MsgKey": f"{seq}_1_{time}",
        "MsgId": "",
        "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}],
        "content": 0,
        "taken": time,
        "repeatable": 1,
        "online_only": 0,
        "call": 1,
    }


@pytest.fixture
def state(clock: FakeClock) -> State:
    """Return a state with nothing in it."""
    return State(clock)


def test_a_conversation_is_ordered_by_time_and_then_by_number(state: State) -> None:
    """Both directions stand in one conversation, whatever the order in which they came."""
    for row in (said(2, 1), said(1, 9), said(2, 0, "b", "a"), said(1, 3)):
        state.store.insert("messages", row)
    order = [(message.msg_time, message.msg_seq) for message in state.conversation("b", "a")]
    assert order == [(1, 3), (1, 9), (2, 0), (2, 1)]
    assert [message.msg_seq for message in state.messages(to="b")] == [1, 9, 3]
    assert [message.msg_seq for message in state.messages(sender="b")] == [0]
    assert len(state.messages()) == 4


def test_who_never_spoke_has_no_conversation(state: State) -> None:
    """Asking for one makes none."""
    assert state.conversation("a", "b") == []


@pytest.mark.parametrize(("owner", "members"), [(None, ["b"]), ("a", ["b"]), ("a", ["a", "b"])])
def test_a_group_can_have_any_id(state: State, owner: str | None, members: list[str]) -> None:
    """Its owner is a member, everybody in it is registered, and it is shown as it is whenever one looks."""
    group = state.add_group("@TGS#any", owner=owner, members=members, name="us")
    assert state.groups["@TGS#any"] == group
    assert (group.name, group.type, group.owner_account) == ("us", "Public", owner)
    assert group.members == (["b"] if owner is None else ["a", "b"])
    assert sorted(state.accounts) == group.members
    assert not group.messages
    assert not group.notices


def test_an_account_shows_what_was_given_of_it(state: State) -> None:
    """What is left out stays."""
    assert (state.add_account("a").nick, state.add_account("a", "A").nick) == ("", "A")
    assert state.add_account("a", face_url="http://x").nick == "A"
    assert state.accounts["a"].face_url == "http://x"


def steps(state: State, name: str) -> int:
    """Put in an account and a group of that name, and return how many steps the database takes."""
    taken: list[None] = []
    state.store._db.set_progress_handler(lambda: taken.append(None), 1)
    state.add_account(name, "nick", "http://x")
    state.add_group(name, owner=name, members=["everybody's friend"])
    state.store._db.set_progress_handler(None, 0)
    return len(taken)


def test_what_is_put_in_costs_no_more_where_much_is_there(state: State) -> None:
    """An account and a group among a thousand take as many steps as among ten, give or take a few."""
    costs = [steps(state, f"{number}") for number in range(1000)]
    assert max(costs) < 1.1 * costs[10]


def test_what_is_refused_leaves_no_trace(state: State) -> None:
    """A change that was not committed is forgotten."""
    state.store.insert("messages", said(1, 1))
    assert state.store.changing
    state.store.rollback()
    assert not state.store.changing
    assert state.messages() == []


def test_places_in_sql_have_numbers_or_not(state: State) -> None:
    """As SQLite counts them: one without a number has the next one after the highest before it."""
    assert state.store.rows("SELECT ? AS a, ?3 AS b, ?2 AS c, ? AS d, ?1 AS e", 1, 2, 3, 4) == [
        {"a": 1, "b": 3, "c": 2, "d": 4, "e": 1}
    ]
    assert state.store.values("SELECT ? UNION SELECT ?", 1, 2) == [1, 2]


def test_everything_can_be_shown_as_json_and_put_back(state: State) -> None:
    """What is exported reads as the manual does, and makes the same state elsewhere."""
    state.add_group("g", owner="a")
    state.store.insert("messages", said(1, 2))
    state.store.commit()
    shown = json.loads(json.dumps(state.export()))
    assert shown["accounts"] == [{"UserID": "a"}]
    assert shown["groups"][0]["GroupId"] == "g"
    assert shown["messages"][0]["MsgBody"] == [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]
    other = State(state.clock)
    other.add_account("gone")
    other.replace(shown)
    assert other.export() == state.export()
    assert [message.msg_body for message in other.messages()] == [[Text("hi")]]
    other.clear(["administrator"])
    assert list(other.accounts) == ["administrator"]
    assert other.messages() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"nothing": []},
        {"accounts": [{"Name": "a"}]},
        {"accounts": [["a"]]},
        {"accounts": 5},
        {"group_members": [{"GroupId": "g", "Member_Account": "a", "JoinTime": 1}]},
    ],
)
def test_what_was_not_exported_changes_nothing(state: State, wrong: dict[str, Any]) -> None:
    """Unknown tables, unknown columns, and members of a group that is not there are told, and all stays as it was."""
    state.add_account("a")
    before = state.export()
    with pytest.raises(ConfigError):
        state.replace(wrong)
    assert state.export() == before


def test_a_file_keeps_everything(clock: FakeClock, tmp_path: Path, query: Query) -> None:
    """What was there when the program was killed is there again; a repeat is still told."""
    body = json.dumps({"To_Account": "a", "MsgRandom": 1, "MsgSeq": 1, "MsgBody": said(1, 1)["MsgBody"]}).encode()
    answers = list[Any]()
    for _ in range(2):
        state = State(clock, file=tmp_path / "box.db")  # which is never closed
        state.add_account("a")
        service = Service(Application(sdkappid=1_400_000_000, secret_key="sandbox-key-not-a-secret"), state)
        answers.append(finished(service.answer(SEND, query(), body)))
    assert answers[0] == answers[1]
    assert len(state.messages(to="a")) == 1


@pytest.mark.parametrize(("content", "words"), [(b"no database" * 100, "cannot be opened"), (None, "another version")])
def test_a_file_of_something_else_is_left_alone(
    clock: FakeClock, tmp_path: Path, content: bytes | None, words: str
) -> None:
    """What is no database, or one of another version, is not touched."""
    file = tmp_path / "box.db"
    if content is None:
        state = State(clock, file=file)
        state.store.run("PRAGMA user_version=99")
        state.store.close()
    else:
        file.write_bytes(content)
    before = file.read_bytes()
    with pytest.raises(ConfigError, match=words):
        State(clock, file=file)
    assert file.read_bytes() == before
