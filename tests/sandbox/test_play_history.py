"""One-to-one messages once they are there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.conftest import KEY, SDKAPPID
from tests.sandbox.heard import Heard
from tests.sandbox.samples import samples
from timrest_async import Text
from timrest_async.commands.messages import C2CMsgInfo
from timrest_async.errors import ApiError, explain
from timrest_async.sandbox import Application, Rules, Service

if TYPE_CHECKING:
    from collections.abc import Callable

    from timrest_async import TimSession
    from timrest_async.sandbox import Sandbox, State
    from timrest_async.sandbox.events import Event
    from timrest_async.testing import FakeClock

    Post = Callable[..., dict[str, Any]]

SEND, BATCH, IMPORT = "openim/sendmsg", "openim/batchsendmsg", "openim/importmsg"
READ, COUNT, MARK = "openim/admin_getroammsg", "openim/get_c2c_unread_msg_num", "openim/admin_set_msg_read"
RECALL, MODIFY = "openim/admin_msgwithdraw", "openim/modify_c2c_msg"
DELETE, CONFIRM = "openim/delete_c2c_msg_ramble", "openim/c2c_msg_read_receipt"

ONE, OTHER = "lumotuwe1", "lumotuwe2"
NOW = 1_546_300_800
TEXT = {"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}
FACE = {"MsgType": "TIMFaceElem", "MsgContent": {"Index": 6, "Data": ""}}
KEY_OF_NONE = "1_2_3"

VIEW: dict[str, Any] = {"Operator_Account": ONE, "Peer_Account": OTHER}
PAGE: dict[str, Any] = VIEW | {"MaxCnt": 100, "MinTime": 0, "MaxTime": 2**32}
NAMED: dict[str, Any] = {"From_Account": ONE, "To_Account": OTHER, "MsgKey": KEY_OF_NONE}
INFO: dict[str, Any] = {"From_Account": OTHER, "To_Account": ONE, "MsgKey": KEY_OF_NONE}


@pytest.fixture
def app() -> Heard:
    """Return an application that listens."""
    return Heard()


@pytest.fixture
def heard(app: Heard) -> list[Event]:
    """Return what the application is asked and told."""
    return app.heard


@pytest.fixture
def service(state: State, app: Heard) -> Service:
    """Return a service with an application that is told."""
    return Service(Application(sdkappid=SDKAPPID, secret_key=KEY), state, app)


def send(post: Post, sender: str = ONE, receiver: str = OTHER, **more: Any) -> str:
    """Send a message that asks the application nothing, and return its key."""
    body = {"From_Account": sender, "To_Account": receiver, "MsgRandom": 7, "MsgBody": [TEXT]} | more
    return str(post(SEND, body | {"ForbidCallbackControl": list(FORBIDDEN)})["MsgKey"])


FORBIDDEN = ("ForbidBeforeSendMsgCallback", "ForbidAfterSendMsgCallback")


def keys(post: Post, one: str = ONE, other: str = OTHER, **more: Any) -> list[str]:
    """Return the keys of the messages that *one* sees."""
    answer = post(READ, PAGE | {"Operator_Account": one, "Peer_Account": other} | more)
    assert answer["ErrorCode"] == 0, answer
    return [message["MsgKey"] for message in answer["MsgList"]]


def unread(post: Post, account: str = OTHER) -> int:
    """Return how much an account has not read."""
    return int(post(COUNT, {"To_Account": account})["AllC2CUnreadMsgNum"])


async def test_the_life_of_a_conversation(tim: TimSession, box: Sandbox, clock: FakeClock) -> None:
    """Messages are sent, read, confirmed, changed, recalled and deleted, and every count and view follows."""
    messages, times = tim.messages, [NOW]
    receipts = [await messages.send("bob", Text(f"{number}"), from_account="alice") for number in range(3)]
    await clock.advance(60)
    asked = await messages.send("bob", Text("asked"), from_account="alice", is_need_read_receipt=1)
    back = await messages.send("alice", Text("back"), from_account="bob")
    times += [asked.msg_time]
    names = [receipt.msg_key or "" for receipt in receipts]
    assert (await messages.count_unread("bob")).all_c2c_unread_msg_num == 4
    counted = await messages.count_unread("bob", ["alice", "carol", "nobody"])
    assert [item.c2c_unread_msg_num for item in counted.c2c_unread_msg_num_list] == [4, 0]
    assert [(error.peer_account, error.error_code) for error in counted.error_list] == [("nobody", 70107)]

    await messages.mark_read("bob", "alice", msg_read_time=times[0])
    assert (await messages.count_unread("bob")).all_c2c_unread_msg_num == 1
    await messages.send_read_receipts("bob", "alice", c2c_msg_info=[C2CMsgInfo("alice", "bob", asked.msg_key or "")])
    await messages.modify("alice", "bob", msg_key=names[0], msg_body=Text("zero"))
    await messages.recall("alice", "bob", msg_key=names[1])
    with pytest.raises(ApiError) as refused:
        await messages.recall("alice", "bob", msg_key=names[1])
    assert refused.value.code == 20023
    deleted = await messages.delete("bob", "alice", msg_key_list=[names[2], "bad"])
    assert deleted.invalid_msg_key_list == ["bad"]

    seen = [message async for message in messages.each("alice", "bob", max_time=2**32, max_cnt=2)]
    assert len({message.msg_key for message in seen}) == 5
    by_key = {message.msg_key: message for message in seen}
    assert by_key[names[0]].msg_body == [Text("zero")]
    assert [by_key[key].recalled for key in names] == [False, True, False]
    assert by_key[asked.msg_key].is_peer_read == 1
    theirs = (await messages.get("bob", "alice", max_time=2**32)).msg_list
    assert {message.msg_key for message in theirs} == {*names[:2], asked.msg_key, back.msg_key}
    assert len(box.state.history("alice", "bob")) == 5


NO_INFOS: list[Any] = [None, INFO, [{}], [KEY_OF_NONE], [], [INFO]]
BAD: list[tuple[str, dict[str, Any], int]] = [
    *((READ, PAGE | {"Operator_Account": value}, 90008) for value in (None, 5, "", "nobody")),
    *((READ, PAGE | {"Peer_Account": value}, 90003) for value in (None, [OTHER], "", "nobody")),
    *((READ, PAGE | {"MaxCnt": value}, 90001) for value in (None, "100", 0, -1)),
    (READ, PAGE | {"MinTime": None}, 90001),
    (READ, PAGE | {"MaxTime": "now"}, 90001),
    (READ, PAGE | {"LastMsgKey": 5}, 90001),
    *((COUNT, {"To_Account": value}, 90003) for value in (None, 5, "", "nobody")),
    *((COUNT, {"To_Account": ONE, "Peer_Account": value}, 90001) for value in (OTHER, [5], [], [OTHER] * 11)),
    *((MARK, {"Report_Account": value, "Peer_Account": ONE}, 90008) for value in (None, 5, "", "nobody")),
    *((MARK, {"Report_Account": ONE, "Peer_Account": value}, 90003) for value in (None, 5, "", "nobody")),
    (MARK, {"Report_Account": ONE, "Peer_Account": OTHER, "MsgReadTime": "now"}, 90001),
    *((RECALL, NAMED | {"From_Account": value}, 90008) for value in (None, 5, "", "nobody")),
    *((RECALL, NAMED | {"To_Account": value}, 90003) for value in (None, 5, "", "nobody")),
    *((RECALL, NAMED | {"MsgKey": value}, 90054) for value in (None, 5, "", "1_2", "1_2_3_4", "a_b_c")),
    (RECALL, NAMED, 20022),
    *((MODIFY, NAMED | {"MsgBody": [TEXT], "From_Account": value}, 20003) for value in (None, 5, "", "nobody")),
    *((MODIFY, NAMED | {"MsgBody": [TEXT], "To_Account": value}, 90003) for value in (None, 5, "")),
    (MODIFY, NAMED | {"MsgBody": [TEXT], "To_Account": "nobody"}, 90012),
    *((MODIFY, NAMED | {"MsgBody": [TEXT], "MsgKey": value}, 90054) for value in (None, 5, "1_2")),
    (MODIFY, NAMED, 90010),
    (MODIFY, NAMED | {"MsgBody": []}, 90002),
    (MODIFY, NAMED | {"MsgBody": TEXT}, 90007),
    (MODIFY, NAMED | {"MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {}}]}, 90010),
    (MODIFY, NAMED | {"CloudCustomData": 5}, 90010),
    (MODIFY, NAMED | {"CloudCustomData": "x" * 12_289}, 93000),
    (MODIFY, NAMED | {"MsgBody": [TEXT]}, 20022),
    *((DELETE, VIEW | {"MsgKeyList": value}, 90001) for value in (None, KEY_OF_NONE, [5], [], [KEY_OF_NONE] * 31)),
    *((DELETE, VIEW | {"MsgKeyList": ["1"], "Operator_Account": value}, 90008) for value in (None, 5, "nobody")),
    *((DELETE, VIEW | {"MsgKeyList": ["1"], "Peer_Account": value}, 90003) for value in (None, 5, "nobody")),
    *((CONFIRM, VIEW | {"C2CMsgInfo": value}, 20001) for value in NO_INFOS),
    (CONFIRM, VIEW | {"C2CMsgInfo": [INFO | {"From_Account": ONE}]}, 20001),
    (CONFIRM, VIEW | {"C2CMsgInfo": [INFO | {"To_Account": OTHER}]}, 20001),
    *((CONFIRM, VIEW | {"C2CMsgInfo": [INFO], name: "nobody"}, 20003) for name in VIEW),
    *((CONFIRM, VIEW | {"C2CMsgInfo": [INFO], name: None}, 20003) for name in VIEW),
]


@pytest.mark.parametrize(("path", "body", "code"), BAD)
def test_a_bad_field_is_refused(post: Post, state: State, path: str, body: dict[str, Any], code: int) -> None:
    """Each bad field has its documented code, and nothing is done."""
    send(post)
    before = state.export()
    answer = post(path, body)
    assert (answer["ActionStatus"], answer["ErrorCode"]) == ("FAIL", code), answer
    assert explain(code).category != "unknown"
    assert state.export() == before


def test_a_page_shows_the_newest_in_rising_order(post: Post, state: State) -> None:
    """By time, then by MsgSeq; the last one that is named is the oldest, and the next page goes on behind it."""
    for seq in (3, 1, 2):
        post(IMPORT, imported(seq, NOW - 10))
    post(IMPORT, imported(9, NOW - 20, sender=OTHER))
    first = post(READ, PAGE | {"MaxCnt": 3})
    assert [message["MsgSeq"] for message in first["MsgList"]] == [1, 2, 3]
    assert (first["Complete"], first["MsgCnt"], first["LastMsgTime"]) == (0, 3, NOW - 10)
    assert first["LastMsgKey"] == f"1_7_{NOW - 10}"
    place = {"MaxTime": first["LastMsgTime"], "LastMsgKey": first["LastMsgKey"]}
    second = post(READ, PAGE | {"MaxCnt": 3} | place)
    place = {"Complete": 1, "MsgCnt": 1, "LastMsgTime": NOW - 20, "LastMsgKey": f"9_7_{NOW - 20}"}
    assert {name: second[name] for name in place} == place
    message = {"From_Account": OTHER, "To_Account": ONE, "MsgSeq": 9, "MsgRandom": 7, "MsgTimeStamp": NOW - 20}
    message |= {"MsgFlagBits": 0, "IsPeerRead": 0, "MsgKey": f"9_7_{NOW - 20}"}
    assert second["MsgList"] == [message | {"MsgBody": [TEXT], "CloudCustomData": ""}]
    assert len(state.history(ONE, OTHER)) == 4


def imported(seq: int, time: int, sender: str = ONE, **more: Any) -> dict[str, Any]:
    """Return the body of an import."""
    receiver = OTHER if sender == ONE else ONE
    pair = {"From_Account": sender, "To_Account": receiver, "MsgSeq": seq, "MsgRandom": 7, "MsgTimeStamp": time}
    return pair | {"SyncFromOldSystem": 2, "MsgBody": [TEXT]} | more


def test_a_page_holds_what_its_period_holds(post: Post) -> None:
    """Both ends belong to it."""
    times = [NOW - 30, NOW - 20, NOW - 10]
    for time in times:
        post(IMPORT, imported(1, time))
    assert keys(post, MinTime=times[1], MaxTime=times[1]) == [f"1_7_{times[1]}"]
    assert len(keys(post, MinTime=times[1])) == len(keys(post, MaxTime=times[1])) == 2


def test_a_page_of_nothing_is_complete(post: Post) -> None:
    """It names no last message."""
    answer = post(READ, PAGE)
    shown = {name: answer[name] for name in ("Complete", "MsgCnt", "LastMsgTime", "LastMsgKey", "MsgList")}
    assert shown == {"Complete": 1, "MsgCnt": 0, "LastMsgTime": 0, "LastMsgKey": "", "MsgList": []}


def test_a_key_that_names_nothing_is_no_place(post: Post) -> None:
    """The period alone counts then."""
    key = send(post)
    assert keys(post, LastMsgKey=KEY_OF_NONE) == keys(post, LastMsgKey="bad") == [key]


def test_an_answer_has_13_kb(post: Post) -> None:
    """A page ends where the next message does not fit, but holds one in any case."""
    for seq in range(4):
        post(IMPORT, imported(seq, NOW - 10, CloudCustomData="x" * 4_000))
    first = post(READ, PAGE)
    assert (first["MsgCnt"], first["Complete"]) == (3, 0)
    assert len(json.dumps(first["MsgList"], separators=(",", ":"))) < 13 * 1024
    place = {"MaxTime": first["LastMsgTime"], "LastMsgKey": first["LastMsgKey"]}
    assert post(READ, PAGE | place)["MsgCnt"] == 1
    wide = imported(9, NOW, CloudCustomData="\N{SNOWMAN}" * 3_900)
    assert post(IMPORT, json.dumps(wide, ensure_ascii=False).encode())["ErrorCode"] == 0
    assert post(READ, PAGE)["MsgCnt"] == 1


async def test_every_message_is_read_once(tim: TimSession, box: Sandbox, clock: FakeClock) -> None:
    """The library's pager finds each of 250 messages of a few seconds, whatever the page."""
    row = {"From_Account": "alice", "To_Account": "bob", "MsgRandom": 7, "MsgId": "", "MsgBody": [TEXT]}
    row |= {"content": 0, "taken": 0.0, "repeatable": 0, "online_only": 0, "call": 0}
    for seq in range(250):
        time = NOW - seq // 100
        box.state.store.insert("messages", row | {"MsgSeq": seq, "MsgTimeStamp": time, "MsgKey": f"{seq}_7_{time}"})
    box.state.store.commit()
    for count in (30, 1000):
        await clock.advance(1)
        pager = tim.messages.each("bob", "alice", max_time=NOW, max_cnt=count)
        seen = [message.msg_seq async for message in pager]
        assert (len(seen), len(set(seen))) == (250, 250)


async def test_the_history_ends_some_day(post: Post, state: State, clock: FakeClock) -> None:
    """What is older than it is kept cannot be read, only recalled."""
    key = send(post)
    state.rules = Rules(calls_per_second=None, history_days=7)
    await clock.advance(7 * 86_400)
    assert keys(post) == [key]
    await clock.advance(1)
    assert keys(post) == []
    assert post(RECALL, NAMED | {"MsgKey": key})["ErrorCode"] == 0


def test_a_conversation_with_oneself_is_read_once(post: Post) -> None:
    """What somebody wrote to themselves is one message, and deleting it leaves nothing."""
    key = send(post, ONE, ONE)
    assert keys(post, ONE, ONE) == [key]
    post(DELETE, {"Operator_Account": ONE, "Peer_Account": ONE, "MsgKeyList": [key]})
    assert keys(post, ONE, ONE) == []
    assert unread(post, ONE) == 0


def test_a_sender_without_a_copy_does_not_see_the_message(post: Post) -> None:
    """SyncOtherMachine 2 keeps it from the sender's history, not from the receiver's."""
    key = send(post, SyncOtherMachine=2)
    assert (keys(post), keys(post, OTHER, ONE)) == ([], [key])
    assert post(RECALL, NAMED | {"MsgKey": key})["ErrorCode"] == 0


def test_a_message_is_recalled_once(post: Post, heard: list[Event]) -> None:
    """It stays, marked, counts as unread no longer, cannot be changed, and both hear of it."""
    key = send(post)
    send(post, "leckie")
    named = NAMED | {"MsgKey": key}
    assert post(RECALL, named | {"From_Account": OTHER, "To_Account": ONE})["ErrorCode"] == 20022
    assert post(RECALL, named)["ErrorCode"] == 0
    assert post(RECALL, named)["ErrorCode"] == post(MODIFY, named | {"CloudCustomData": ""})["ErrorCode"] == 20023
    assert [message["MsgFlagBits"] for message in post(READ, PAGE)["MsgList"]] == [8]
    assert unread(post) == 1
    assert [(event.command, event.body) for event in heard] == [
        ("C2C.CallbackAfterMsgWithDraw", named | {"UnreadMsgNum": 1})
    ]


def test_what_was_for_who_is_online_cannot_be_recalled(post: Post) -> None:
    """It is nowhere."""
    key = send(post, OnlineOnlyFlag=1)
    assert post(RECALL, NAMED | {"MsgKey": key})["ErrorCode"] == 20022


def test_all_messages_of_a_key_are_recalled(post: Post) -> None:
    """A batch that came twice has one key."""
    body = {"From_Account": ONE, "To_Account": [OTHER], "MsgSeq": 1, "MsgRandom": 7, "MsgBody": [TEXT]}
    post(BATCH, body)
    key = post(BATCH, body)["MsgKey"]
    assert (unread(post), keys(post)) == (2, [key, key])
    post(RECALL, NAMED | {"MsgKey": key})
    assert [message["MsgFlagBits"] for message in post(READ, PAGE)["MsgList"]] == [8, 8]
    assert unread(post) == 0


def test_a_message_is_changed_for_both(post: Post, state: State) -> None:
    """The body, what is stored with it, or both; what is left out stays."""
    named = NAMED | {"MsgKey": send(post, CloudCustomData="old")}
    changes: list[dict[str, Any]] = [{"MsgBody": [FACE]}, {"CloudCustomData": "new"}]
    changes.append({"MsgBody": [TEXT], "CloudCustomData": ""})
    found = []
    for change in changes:
        assert post(MODIFY, named | change)["ErrorCode"] == 0
        (message,) = post(READ, PAGE)["MsgList"]
        found.append((message["MsgBody"], message["CloudCustomData"]))
    assert found == [([FACE], "old"), ([FACE], "new"), ([TEXT], "")]
    state.rules.refused_words.add("hi")
    assert post(MODIFY, named | {"MsgBody": [TEXT]})["ErrorCode"] == 80001


def test_one_side_deletes_for_itself(post: Post) -> None:
    """Sent or received, the other side keeps it; what was not read counts no longer, and again does no harm."""
    sent, received, kept = send(post), send(post, OTHER, ONE), send(post, OTHER, ONE)
    body = VIEW | {"MsgKeyList": [sent, received, "31907", KEY_OF_NONE]}
    for _ in range(2):
        assert post(DELETE, body)["InvalidMsgKeyList"] == ["31907"]
        assert (keys(post), unread(post, ONE), unread(post)) == ([kept], 1, 1)
    assert sorted(keys(post, OTHER, ONE)) == sorted([sent, received, kept])


async def test_messages_become_read_up_to_a_time(post: Post, clock: FakeClock, heard: list[Event]) -> None:
    """Its second included; those of other conversations and of the other side stay as they are."""
    send(post)
    await clock.advance(10)
    send(post)
    send(post, OTHER, ONE)
    send(post, "leckie")
    reading = {"Report_Account": OTHER, "Peer_Account": ONE}
    left = []
    for time in (NOW - 1, NOW, None):
        assert post(MARK, reading | {"MsgReadTime": time})["ErrorCode"] == 0
        left.append(unread(post))
    assert (left, unread(post, ONE)) == ([3, 2, 1], 1)
    assert [event.command for event in heard] == ["C2C.CallbackAfterMsgReport"] * 3
    assert heard[1].body == reading | {"LastReadTime": NOW, "UnreadMsgNum": 2}
    assert heard[2].body == reading | {"LastReadTime": NOW + 10, "UnreadMsgNum": 1}


def test_unread_messages_are_counted_in_all_or_by_conversation(post: Post) -> None:
    """Not both; and what is not to be counted is not."""
    for more in ({}, {}, {"SendMsgControl": ["NoUnread"]}, {"OnlineOnlyFlag": 1}):
        send(post, **more)
    send(post, "leckie")
    body = {"To_Account": OTHER, "Peer_Account": [ONE, "leckie", "administrator", "nobody"]}
    answer, total = post(COUNT, body), post(COUNT, {"To_Account": OTHER})
    counts = {item["Peer_Account"]: item["C2CUnreadMsgNum"] for item in answer["C2CUnreadMsgNumList"]}
    assert counts == {ONE: 2, "leckie": 1, "administrator": 0}
    assert answer["ErrorList"] == [{"Peer_Account": "nobody", "ErrorCode": 70107}]
    assert "AllC2CUnreadMsgNum" not in answer
    assert total.keys() - {"ActionStatus", "ErrorInfo", "ErrorCode"} == {"AllC2CUnreadMsgNum"}
    assert total["AllC2CUnreadMsgNum"] == 3


def test_a_receipt_is_given_where_one_was_asked_for(post: Post, heard: list[Event]) -> None:
    """All of them or none; the sender sees it in the history, and the application hears of it."""
    asked, plain = send(post, OTHER, ONE, IsNeedReadReceipt=1), send(post, OTHER, ONE)
    infos = [INFO | {"MsgKey": key} for key in (asked, plain)]
    assert post(CONFIRM, VIEW | {"C2CMsgInfo": infos})["ErrorCode"] == 20001
    assert post(CONFIRM, VIEW | {"C2CMsgInfo": infos[:1]})["ErrorCode"] == 0
    read = {message["MsgKey"]: message["IsPeerRead"] for message in post(READ, PAGE)["MsgList"]}
    assert read == {asked: 1, plain: 0}
    (event,) = heard
    (told,) = event.body["C2CMsgInfo"]
    assert (event.command, told["MsgKey"]) == ("C2C.CallbackAfterMsgReadReceipt", asked)
    assert told.keys() == {"From_Account", "To_Account", "MsgKey", "MsgId"}
    assert event.body["Operator_Account"] == ONE


@pytest.mark.parametrize("path", [READ, COUNT, MARK, RECALL, MODIFY, DELETE, CONFIRM])
def test_the_sample_of_the_manual_is_played(post: Post, state: State, path: str) -> None:
    """What the manual sends is taken, and answered with fields that it shows."""
    state.add_account("lumotuwe3")
    seconds = {833502: (31906, 1572869830), 91820: (31908, 1572869857)}
    for random, (seq, time) in seconds.items():
        post(IMPORT, imported(seq, time) | {"MsgRandom": random})
    state.store.run("UPDATE messages SET IsNeedReadReceipt = 1")
    state.store.commit()
    request, shown = samples(path)
    answer = post(path, request)
    assert answer["ErrorCode"] == 0, answer
    assert answer.keys() == shown.keys() - {"AllC2CUnreadMsgNum"}
    if path == READ:
        assert answer["MsgList"][0].keys() == shown["MsgList"][0].keys() - {"MsgClientTime"}
