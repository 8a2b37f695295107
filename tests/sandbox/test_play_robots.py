"""Robots and their messages that grow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.conftest import GROUP, KEY, SDKAPPID, finished
from tests.sandbox.heard import Heard
from tests.sandbox.samples import samples
from timrest_async import ApiError, Text
from timrest_async.sandbox import Application, Service
from timrest_async.sandbox.play.robots import is_robot

if TYPE_CHECKING:
    from tests.sandbox.conftest import Post, Query
    from timrest_async import TimSession
    from timrest_async.sandbox import Sandbox, State
    from timrest_async.testing import FakeClock

CREATE = "openim_robot_http_svc/create_robot"
DELETE = "openim_robot_http_svc/delete_robot"
LIST = "openim_robot_http_svc/get_all_robots"
STREAM = "openim_robot_http_svc/send_stream_msg"

ROBOT = "@RBT#001"
PIECE = {"From_Account": ROBOT, "To_Account": "leckie", "Chunk": "rain "}


def text_of(state: State) -> str:
    """Return the text of the one message that the robot sent."""
    (message,) = state.history(ROBOT, "leckie")
    (element,) = message.msg_body
    assert isinstance(element, Text)
    return element.text


async def test_the_life_of_a_robot(box: Sandbox, tim: TimSession) -> None:
    """It is created, introduces itself, writes a message piece by piece, and is deleted."""
    robots = tim.robots
    await robots.create(ROBOT, nick="Weather", self_signature="Ask me about the rain")
    await robots.create("@RBT#000")
    await robots.create(ROBOT, nick="Rain")
    assert (await robots.list()).robot_account == [ROBOT, "@RBT#000"]
    assert box.state.accounts[ROBOT].nick == "Rain"
    profile = (await tim.profiles.get(ROBOT)).user_profile_item[0]
    assert (profile.nick, profile.self_signature) == ("Rain", "Ask me about the rain")

    await robots.stream(ROBOT, "alice", ["It will ", "rain ", "until noon."])
    (message,) = box.state.history(ROBOT, "alice")
    assert message.msg_body == [Text("It will rain until noon.")]

    await robots.delete(ROBOT)
    assert (await robots.list()).robot_account == ["@RBT#000"]
    assert ROBOT not in box.state.accounts
    with pytest.raises(ApiError) as refused:
        await robots.stream(ROBOT, "alice", ["Gone."])
    assert refused.value.code == 10019


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        (CREATE, {}, 10004),
        (CREATE, {"UserID": 5}, 10004),
        (CREATE, {"UserID": ""}, 10004),
        (CREATE, {"UserID": "@RBT#" + "1" * 28}, 10004),
        (CREATE, {"UserID": "weather"}, 10004),
        (CREATE, {"UserID": "@RBT#002", "Nick": 5}, 10004),
        (CREATE, {"UserID": "@RBT#002", "SelfSignature": "x" * 501}, 40601),
        (DELETE, {}, 10004),
        (DELETE, {"Robot_Account": 5}, 60015),
        (DELETE, {"Robot_Account": "a" * 33}, 10004),
        (DELETE, {"Robot_Account": "@RBT#gone"}, 10019),
        (DELETE, {"Robot_Account": "leckie"}, 10019),
        (STREAM, {}, 10004),
        (STREAM, PIECE | {"From_Account": 5}, 60015),
        (STREAM, PIECE | {"From_Account": "leckie"}, 10019),
        (STREAM, PIECE | {"To_Account": "nobody"}, 10019),
        (STREAM, PIECE | {"To_Account": ""}, 10004),
        (STREAM, PIECE | {"Chunk": None}, 10004),
        (STREAM, PIECE | {"Chunk": 5}, 10004),
        (STREAM, PIECE | {"MsgKey": 5}, 10004),
        (STREAM, PIECE | {"MsgKey": "1_2_3"}, 10004),
        (STREAM, PIECE | {"Finish": "1"}, 10004),
    ],
)
def test_a_bad_field_is_refused(post: Post, state: State, path: str, body: dict[str, Any], code: int) -> None:
    """Each has its code, and nothing is done."""
    post(CREATE, {"UserID": ROBOT})
    before = state.export()
    answer = post(path, body)
    assert (answer["ActionStatus"], answer["ErrorCode"]) == ("FAIL", code), answer
    assert answer["ErrorInfo"]
    assert state.export() == before


async def test_a_message_grows_until_it_is_finished(post: Post, state: State, clock: FakeClock) -> None:
    """It keeps the key and the time of its first piece, and takes nothing after its last."""
    post(CREATE, {"UserID": ROBOT})
    first = post(STREAM, PIECE | {"Finish": 0})
    (begun,) = state.history(ROBOT, "leckie")
    await clock.advance(5)
    grown = PIECE | {"MsgKey": first["MsgKey"], "Chunk": "and sun"}
    assert post(STREAM, grown)["MsgKey"] == first["MsgKey"] == begun.msg_key
    assert text_of(state) == "rain and sun"
    post(STREAM, grown | {"Chunk": ".", "Finish": 1})
    assert post(STREAM, grown)["ErrorCode"] == 10004
    assert text_of(state) == "rain and sun."
    assert state.history(ROBOT, "leckie")[0].msg_time == begun.msg_time


def test_a_message_can_be_finished_with_its_first_piece(post: Post, state: State) -> None:
    """Nothing follows it."""
    post(CREATE, {"UserID": ROBOT})
    msg_key = post(STREAM, PIECE | {"Finish": 1})["MsgKey"]
    assert post(STREAM, PIECE | {"MsgKey": msg_key})["ErrorCode"] == 10004
    assert text_of(state) == "rain "


@pytest.mark.parametrize("changed", [{"To_Account": "lumotuwe1"}, {"From_Account": "@RBT#002"}])
def test_a_piece_belongs_to_its_conversation(post: Post, state: State, changed: dict[str, str]) -> None:
    """Neither another robot nor another receiver gets at the message."""
    for robot in (ROBOT, "@RBT#002"):
        post(CREATE, {"UserID": robot})
    msg_key = post(STREAM, PIECE)["MsgKey"]
    assert post(STREAM, PIECE | changed | {"MsgKey": msg_key})["ErrorCode"] == 10004
    assert text_of(state) == "rain "


def test_a_refused_word_is_seen_where_two_pieces_meet(post: Post, state: State) -> None:
    """The whole text is looked at, and what was said before stays."""
    post(CREATE, {"UserID": ROBOT})
    state.rules.refused_words.add("rainbow")
    msg_key = post(STREAM, PIECE | {"Chunk": "rain"})["MsgKey"]
    assert post(STREAM, PIECE | {"MsgKey": msg_key, "Chunk": "bow"})["ErrorCode"] == 80001
    assert text_of(state) == "rain"


def test_a_robot_is_an_account(post: Post, state: State) -> None:
    """It is registered as one, and deleting the account deletes the robot."""
    post(CREATE, {"UserID": ROBOT})
    assert is_robot(state, ROBOT)
    assert not is_robot(state, "leckie")
    post("im_open_login_svc/account_delete", {"DeleteItem": [{"UserID": ROBOT}]})
    assert post(LIST)["Robot_Account"] == []


@pytest.mark.parametrize("path", [CREATE, DELETE, LIST, STREAM])
def test_the_samples_are_answered_with_the_keys_of_the_manual(post: Post, state: State, path: str) -> None:
    """Each documented request is answered OK, with the fields of the documented reply."""
    request, reply = samples(path)
    post(CREATE, {"UserID": ROBOT})
    begun = post(STREAM, PIECE | {"To_Account": "lumotuwe1"})["MsgKey"]
    if "MsgKey" in request:
        request["MsgKey"] = begun  # the sample is of a later piece
    answer = post(path, request)
    assert answer["ErrorCode"] == 0, answer
    assert answer.keys() == reply.keys()
    assert state.history(ROBOT, "lumotuwe1") or path == DELETE


@pytest.mark.parametrize("control", [[], ["ForbidBeforeSendMsgCallback", "ForbidAfterSendMsgCallback"]])
def test_your_application_hears_what_is_written_to_a_robot(query: Query, state: State, control: list[str]) -> None:
    """To it, or in a group with its name; the callbacks of messages can be forbidden, those of robots cannot."""
    heard = Heard()
    service = Service(Application(sdkappid=SDKAPPID, secret_key=KEY), state, heard)

    def post(path: str, **body: Any) -> dict[str, Any]:
        body |= {"MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "rain?"}}], "From_Account": "leckie"}
        return finished(service.answer(path, query(), json.dumps(body | {"ForbidCallbackControl": control}).encode()))

    for account in (ROBOT, "lumotuwe1"):
        state.add_account(account)
        assert post("openim/sendmsg", To_Account=account, MsgRandom=1, MsgSeq=len(account))["ErrorCode"] == 0
        mentioned = [{"GroupAtAllFlag": 0, "GroupAt_Account": account}, {"GroupAtAllFlag": 1}]
        at = {"GroupId": GROUP, "Random": len(account), "GroupAtInfo": mentioned}
        assert post("group_open_http_svc/send_group_msg", **at)["ErrorCode"] == 0
    told = [(name, body) for name, body in heard.take() if name.startswith("Bot.")]
    assert [name for name, _ in told] == ["Bot.OnC2CMessage", "Bot.OnGroupMessage"]
    assert told[0][1]["To_Account"] == ROBOT
    assert told[1][1]["AtRobotAccount"] == [ROBOT]
    assert "GroupAtInfo" not in told[1][1]
