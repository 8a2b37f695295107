"""Key-value pairs on messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.conftest import GROUP
from tests.sandbox.samples import samples
from timrest_async import Text
from timrest_async.errors import explain
from timrest_async.sandbox import Rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from timrest_async import TimSession
    from timrest_async.sandbox import Sandbox, State
    from timrest_async.testing import FakeClock

    Post = Callable[..., dict[str, Any]]

SERVICE = "openim_msg_ext_http_svc"
GET, SET = f"{SERVICE}/get_key_values", f"{SERVICE}/set_key_values"
GET_IN_GROUP, SET_IN_GROUP = f"{SERVICE}/group_get_key_values", f"{SERVICE}/group_set_key_values"

TEXT = {"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}
PAIR = {"Key": "likes", "Value": "1"}
SET_PAIR = {"OperateType": 1, "ExtensionList": [PAIR]}
PATHS = {GET: SET, GET_IN_GROUP: SET_IN_GROUP}


@pytest.fixture
def holders(post: Post, state: State) -> dict[str, dict[str, Any]]:
    """Return by command the message that takes pairs, one-to-one and in a group."""
    body = {"From_Account": "lumotuwe1", "To_Account": "lumotuwe2", "MsgRandom": 7, "MsgBody": [TEXT]}
    key = post("openim/sendmsg", body | {"SupportMessageExtension": 1})["MsgKey"]
    message = {"From_Account": "lumotuwe1", "To_Account": "lumotuwe2", "MsgKey": key}
    in_group = {"GroupId": GROUP, "MsgSeq": sent_in_group(post, state)}
    return {GET: message, SET: message, GET_IN_GROUP: in_group, SET_IN_GROUP: in_group}


def sent_in_group(post: Post, state: State, supports: int = 1) -> int:
    """Send a message to the group, and return its number."""
    known = state.store.values("SELECT name FROM pragma_table_info('group_messages')")
    for column, default in (("TopicId", "''"), ("SupportMessageExtension", "0"), ("recalled", "0")):
        if column not in known:
            state.store.run(f"ALTER TABLE group_messages ADD COLUMN {column} NOT NULL DEFAULT {default}")
    random = state.store.value("SELECT count(*) FROM group_messages")
    body = {"GroupId": GROUP, "Random": random, "MsgBody": [TEXT], "SupportMessageExtension": supports}
    seq = int(post("group_open_http_svc/send_group_msg", body)["MsgSeq"])
    state.store.run("UPDATE group_messages SET SupportMessageExtension = ? WHERE MsgSeq = ?", supports, seq)
    state.store.commit()
    return seq


async def test_the_life_of_the_pairs_on_a_message(tim: TimSession, box: Sandbox, clock: FakeClock) -> None:
    """They are set, changed, read page by page, deleted and cleared, and each change counts LatestSeq up."""
    sent = await tim.messages.send("bob", Text("vote"), from_account="alice", support_message_extension=1)
    place: dict[str, Any] = {"from_account": "alice", "to_account": "bob", "msg_key": sent.msg_key or ""}
    for first in range(0, 240, 20):
        pairs = {f"key{number}": "1" for number in range(first, first + 20)}
        assert not (await tim.messages.set_extensions(**place, operate_type=1, extension_list=pairs)).failed
        await clock.advance(60)
    await tim.messages.set_extensions(**place, operate_type=1, extension_list={"key0": "2"})
    read = {pair.key: pair.value async for pair in tim.messages.each_extension(**place)}
    assert (len(read), read["key0"], read["key1"]) == (240, "2", "1")
    deleted = await tim.messages.set_extensions(**place, operate_type=2, extension_list={"key1": "", "key999": ""})
    assert [(failure.about, failure.code) for failure in deleted.failed] == [("key999", 23004)]
    page = await tim.messages.get_extensions(**place, start_seq=241)
    assert [(pair.key, pair.seq) for pair in page.extension_list] == [("key0", 241)]
    assert (page.complete_flag, page.latest_seq, page.clear_seq) == (1, 242, 0)
    await tim.messages.set_extensions(**place, operate_type=3)
    page = await tim.messages.get_extensions(**place)
    assert (page.extension_list, page.latest_seq, page.clear_seq) == ([], 243, 243)
    assert box.state.store.value("SELECT count(*) FROM message_extensions") == 0


BAD: list[tuple[dict[str, Any], int]] = [
    ({"OperateType": None}, 10004),
    ({"OperateType": 4}, 10004),
    ({"OperateType": "1"}, 10004),
    ({"ExtensionList": None}, 10004),
    ({"OperateType": 2, "ExtensionList": None}, 10004),
    ({"ExtensionList": []}, 10004),
    ({"ExtensionList": PAIR}, 10004),
    ({"ExtensionList": [PAIR] * 21}, 10004),
    ({"ExtensionList": [{"Value": "1"}]}, 10004),
    ({"ExtensionList": [{"Key": "", "Value": "1"}]}, 10004),
    ({"ExtensionList": [{"Key": "k" * 101, "Value": "1"}]}, 10004),
    ({"ExtensionList": [{"Key": "k", "Value": "v" * 1001}]}, 10004),
    ({"ExtensionList": [{"Key": "k", "Value": 1}]}, 10004),
    ({"ExtensionList": [PAIR | {"Seq": "1"}]}, 10004),
]
BAD_PLACES: list[tuple[str, dict[str, Any], int]] = [
    *((GET, {"To_Account": value}, 10004) for value in (None, "", ["lumotuwe2"])),
    (GET, {"To_Account": 5}, 60015),
    *((GET, {"MsgKey": value}, 10004) for value in (None, 5)),
    *((GET, {"MsgKey": value}, 23004) for value in ("", "bad", "1_2_3")),
    *((GET, {"From_Account": value}, 23004) for value in (None, "nobody", "lumotuwe2")),
    (GET, {"StartSeq": "1"}, 10004),
    (GET_IN_GROUP, {"GroupId": None}, 10004),
    (GET_IN_GROUP, {"GroupId": "@TGS#gone"}, 10010),
    *((GET_IN_GROUP, {"MsgSeq": value}, 10004) for value in (None, "1")),
    (GET_IN_GROUP, {"MsgSeq": 99}, 23004),
]


@pytest.mark.parametrize(("changed", "code"), BAD)
@pytest.mark.parametrize("path", [SET, SET_IN_GROUP])
def test_bad_pairs_are_refused(
    post: Post, state: State, holders: dict[str, Any], *, path: str, changed: dict[str, Any], code: int
) -> None:
    """All of a call or nothing."""
    before = state.export()
    assert post(path, holders[path] | SET_PAIR | changed)["ErrorCode"] == code
    assert state.export() == before


@pytest.mark.parametrize(("path", "changed", "code"), BAD_PLACES)
def test_a_message_that_is_not_there_has_no_pairs(
    post: Post, holders: dict[str, Any], path: str, changed: dict[str, Any], code: int
) -> None:
    """Neither to read nor to set."""
    assert post(path, holders[path] | changed)["ErrorCode"] == code
    if "StartSeq" not in changed:
        assert post(PATHS[path], holders[path] | SET_PAIR | changed)["ErrorCode"] == code
    assert explain(code).category != "unknown"


def test_a_message_that_was_recalled_has_no_pairs(post: Post, state: State, holders: dict[str, Any]) -> None:
    """It is as good as gone."""
    post("openim/admin_msgwithdraw", holders[GET])
    state.store.run("UPDATE group_messages SET recalled = 1")
    state.store.commit()
    assert [post(path, holders[path])["ErrorCode"] for path in PATHS] == [23004, 23004]


def test_only_a_message_that_was_sent_so_takes_pairs(post: Post, state: State) -> None:
    """Without SupportMessageExtension there are none to read and none can be set."""
    body = {"To_Account": "lumotuwe2", "MsgRandom": 7, "MsgBody": [TEXT]}
    message = {"To_Account": "lumotuwe2", "MsgKey": post("openim/sendmsg", body)["MsgKey"]}
    in_group = {"GroupId": GROUP, "MsgSeq": sent_in_group(post, state, supports=0)}
    assert [post(GET, message)["ErrorCode"], post(GET_IN_GROUP, in_group)["ErrorCode"]] == [0, 0]
    assert post(SET, message | SET_PAIR)["ErrorCode"] == post(SET_IN_GROUP, in_group | SET_PAIR)["ErrorCode"] == 23002


@pytest.mark.parametrize(("group_type", "code"), [("ChatRoom", 23004), ("AVChatRoom", 10007), ("Community", 10007)])
def test_some_groups_have_messages_with_pairs(
    post: Post, state: State, holders: dict[str, Any], group_type: str, code: int
) -> None:
    """Private, Public and ChatRoom."""
    state.add_group("other", group_type=group_type)
    assert post(GET_IN_GROUP, holders[GET_IN_GROUP] | {"GroupId": "other"})["ErrorCode"] == code


@pytest.mark.parametrize("path", PATHS)
def test_pairs_are_set_and_read(post: Post, holders: dict[str, Any], path: str) -> None:
    """The Seq of an administrator does not matter; who sets a key again moves it to the end."""
    first = post(PATHS[path], holders[path] | {"OperateType": 1, "ExtensionList": [PAIR, {"Key": "b", "Value": "2"}]})
    assert [result["Extension"]["Seq"] for result in first["ExtensionList"]] == [1, 2]
    changed = {"OperateType": 1, "ExtensionList": [PAIR | {"Value": "9", "Seq": 77}]}
    assert post(PATHS[path], holders[path] | changed)["ExtensionList"] == [
        {"ErrorCode": 0, "Extension": {"Key": "likes", "Value": "9", "Seq": 3}}
    ]
    read = post(path, holders[path])
    assert [(pair["Key"], pair["Value"], pair["Seq"]) for pair in read["ExtensionList"]] == [
        ("b", "2", 2),
        ("likes", "9", 3),
    ]
    assert (read["CompleteFlag"], read["LatestSeq"], read["ClearSeq"]) == (1, 3, 0)


async def test_a_message_takes_200_settings_a_minute(post: Post, clock: FakeClock, holders: dict[str, Any]) -> None:
    """Pairs count, not calls; and each message counts for itself."""
    body = holders[SET] | {"OperateType": 1, "ExtensionList": [PAIR]}
    assert {post(SET, body | {"ExtensionList": [PAIR] * 11})["ErrorCode"] for _ in range(18)} == {0}
    assert post(SET, body | {"OperateType": 3, "ExtensionList": None})["ErrorCode"] == 0
    assert [post(SET, body)["ErrorCode"] for _ in range(2)] == [0, 23003]
    assert post(SET_IN_GROUP, holders[SET_IN_GROUP] | SET_PAIR)["ErrorCode"] == 0
    await clock.advance(60)
    assert post(SET, body)["ErrorCode"] == 0


async def test_a_message_holds_300_pairs(post: Post, clock: FakeClock, holders: dict[str, Any]) -> None:
    """A pair above that is refused for itself; one that is there can still be changed."""
    for first in range(0, 300, 20):
        pairs = [{"Key": f"key{number}", "Value": "1"} for number in range(first, first + 20)]
        assert post(SET, holders[SET] | {"OperateType": 1, "ExtensionList": pairs})["ErrorCode"] == 0
        await clock.advance(60)
    more = {"OperateType": 1, "ExtensionList": [PAIR, {"Key": "key0", "Value": "2"}]}
    results = post(SET, holders[SET] | more)["ExtensionList"]
    assert [result["ErrorCode"] for result in results] == [10004, 0]
    assert (post(GET, holders[GET])["CompleteFlag"], len(post(GET, holders[GET])["ExtensionList"])) == (0, 200)


def test_pairs_need_an_edition(post: Post, state: State, holders: dict[str, Any]) -> None:
    """In a lesser one every command is refused."""
    state.rules = Rules(calls_per_second=None, top_edition=False)
    assert {post(path, holders[path])["ErrorCode"] for path in PATHS} == {10008}
    assert {post(path, holders[path] | SET_PAIR)["ErrorCode"] for path in PATHS.values()} == {10008}


@pytest.mark.parametrize("path", [*PATHS, *PATHS.values()])
def test_the_sample_of_the_manual_is_played(post: Post, holders: dict[str, Any], path: str) -> None:
    """What the manual sends is taken, and answered with fields that it shows."""
    sample, shown = samples(path)
    answer = post(path, sample | holders[path])
    assert answer["ErrorCode"] == 0
    assert answer.keys() == shown.keys()
    assert post(path, sample)["ErrorCode"] == 23004
