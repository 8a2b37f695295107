"""The history of groups: reading, recalling, deleting, hiding, importing and changing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.conftest import GROUP
from tests.sandbox.heard import Heard
from tests.sandbox.samples import samples
from timrest_async.commands.group_messages import ImportedGroupMsg
from timrest_async.elements import Text
from timrest_async.errors import explain
from timrest_async.sandbox import Rules
from timrest_async.sandbox.events import Event

if TYPE_CHECKING:
    from tests.sandbox.conftest import Post
    from timrest_async import TimSession
    from timrest_async.sandbox import Sandbox, Service, State
    from timrest_async.testing import FakeClock

SEND = "group_open_http_svc/send_group_msg"
GET = "group_open_http_svc/group_msg_get_simple"
RECALL = "group_open_http_svc/group_msg_recall"
DELETE = "group_open_http_svc/delete_group_msg_by_sender"
CLEAR = "group_open_http_svc/clear_group_msg"
IMPORT = "group_open_http_svc/import_group_msg"
MODIFY = "openim/modify_group_msg"

TEXT = {"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}
OTHER = {"MsgType": "TIMTextElem", "MsgContent": {"Text": "bye"}}
COMMUNITY = "@TGS#_one"
TOPIC = "@TGS#_one@TOPIC#_first"
DAY = 86_400


@pytest.fixture
def app(service: Service) -> Heard:
    """Return an application that listens."""
    service.webhooks = listener = Heard()
    return listener


def say(post: Post, count: int, **changed: Any) -> None:
    """Send so many messages to the group."""
    for random in range(count):
        assert post(SEND, {"GroupId": GROUP, "Random": random, "MsgBody": [TEXT]} | changed)["ErrorCode"] == 0


def shown(post: Post, **changed: Any) -> list[tuple[int, int]]:
    """Return number and state of each message that is read, newest first."""
    answer = post(GET, {"GroupId": GROUP, "ReqMsgNumber": 20} | changed)
    assert answer["ErrorCode"] == 0, answer
    return [(message["MsgSeq"], message["IsPlaceMsg"]) for message in answer["RspMsgList"]]


def seqs(*numbers: int) -> list[dict[str, int]]:
    """List messages as the commands do."""
    return [{"MsgSeq": number} for number in numbers]


async def test_the_history_of_a_group(tim: TimSession, box: Sandbox, clock: FakeClock) -> None:
    """It is imported, goes on, is read page by page, recalled, changed, deleted and hidden."""
    start = box.state.now
    box.state.add_group("club", owner="alice", members=["bob"])
    await clock.advance(100)
    listed = [
        ImportedGroupMsg("alice", send_time=start + 10, random=1, msg_body="red packet"),
        ImportedGroupMsg("bob", send_time=start + 20, random=2, msg_body="thank you"),
        ImportedGroupMsg("bob", send_time=start + 15, random=3, msg_body="too late"),
    ]
    imported = await tim.group_messages.import_many("club", listed)
    assert (imported.succeeded, [failure.about for failure in imported.failed]) == ([1, 2], ["msg_list[2]"])
    assert box.state.store.values("SELECT MsgSeq FROM group_members") == [2, 2]
    for number in range(23):
        await clock.advance(1)
        await tim.group_messages.send("club", f"message {number}", from_account="bob", cloud_custom_data="x")
    read = [message.msg_seq async for message in tim.group_messages.each("club")]
    assert read == [*range(25, 0, -1)]
    page = await tim.group_messages.get("club", req_msg_seq=2)
    assert [(one.msg_body, one.msg_random, one.msg_time_stamp, one.msg_priority) for one in page.rsp_msg_list] == [
        ([Text("thank you")], 2, start + 20, 2),
        ([Text("red packet")], 1, start + 10, 2),
    ]
    recalled = await tim.group_messages.recall("club", [1, 99], reason="advertising")
    assert (recalled.succeeded, [(one.about, one.code) for one in recalled.failed]) == ([1], [(99, 10030)])
    await tim.group_messages.modify("club", 2, msg_body="never mind")
    assert (await tim.group_messages.get("club", req_msg_seq=2)).rsp_msg_list[0].msg_body == [Text("never mind")]
    await tim.group_messages.delete_by_sender("club", "bob")
    assert [message async for message in tim.group_messages.each("club")] == []
    left = [message async for message in tim.group_messages.each("club", with_recalled_msg=1)]
    assert len(left) == 25
    assert all(message.recalled for message in left)
    await tim.group_messages.clear("club", msg_seq=20)
    assert box.state.store.values("SELECT MsgSeq FROM group_clearings") == [20]


LEFT_OUT = object()
IMPORTED = {"From_Account": "leckie", "SendTime": 1, "MsgBody": [TEXT]}
GOOD: dict[str, dict[str, Any]] = {
    GET: {"GroupId": GROUP, "ReqMsgNumber": 20},
    RECALL: {"GroupId": GROUP, "MsgSeqList": seqs(1)},
    DELETE: {"GroupId": GROUP, "Sender_Account": "leckie"},
    CLEAR: {"GroupId": GROUP},
    IMPORT: {"GroupId": GROUP, "MsgList": [IMPORTED]},
    MODIFY: {"GroupId": GROUP, "MsgSeq": 1, "MsgBody": [TEXT]},
}
OF_GROUPS = [path for path in GOOD if path != MODIFY]
WITH_TOPIC = [path for path in OF_GROUPS if path != CLEAR]

BAD: list[tuple[str, dict[str, Any], int]] = [
    *((path, {"GroupId": LEFT_OUT}, 10004) for path in OF_GROUPS),
    *((path, {"GroupId": 5}, 10004) for path in OF_GROUPS),
    *((path, {"GroupId": "g" * 49}, 10015) for path in OF_GROUPS),
    *((path, {"GroupId": "@TGS#gone"}, 10010) for path in OF_GROUPS),
    *((path, {"TopicId": 5}, 10004) for path in WITH_TOPIC),
    *((path, {"TopicId": "t" * 97}, 10015) for path in WITH_TOPIC),
    *((path, {"TopicId": TOPIC}, 10007) for path in WITH_TOPIC),
    (GET, {"ReqMsgNumber": "20"}, 10004),
    (GET, {"ReqMsgNumber": 0}, 10004),
    (GET, {"ReqMsgSeq": "1"}, 10004),
    (GET, {"WithRecalledMsg": 2}, 10004),
    (RECALL, {"MsgSeqList": LEFT_OUT}, 10004),
    (RECALL, {"MsgSeqList": [1]}, 10004),
    (RECALL, {"MsgSeqList": [{}]}, 10004),
    (RECALL, {"MsgSeqList": []}, 10004),
    (RECALL, {"MsgSeqList": seqs(*range(11))}, 10004),
    (RECALL, {"Reason": 5}, 10004),
    (RECALL, {"Reason": "红" * 34}, 10004),
    (DELETE, {"Sender_Account": LEFT_OUT}, 10004),
    (DELETE, {"Sender_Account": 5}, 60015),
    (DELETE, {"Sender_Account": "a" * 33}, 10004),
    (CLEAR, {"MsgSeq": "1"}, 10004),
    (IMPORT, {"MsgList": LEFT_OUT}, 10004),
    (IMPORT, {"MsgList": {}}, 10004),
    (IMPORT, {"MsgList": []}, 10004),
    (IMPORT, {"MsgList": [IMPORTED] * 8}, 10004),
    (IMPORT, {"MsgList": [IMPORTED | {"SendTime": "1"}]}, 10004),
    (IMPORT, {"MsgList": [IMPORTED | {"From_Account": "nobody"}]}, 10019),
    (IMPORT, {"MsgList": [IMPORTED, IMPORTED | {"MsgBody": []}]}, 10004),
    (IMPORT, {"MsgList": [IMPORTED | {"MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {}}]}]}, 10004),
    (IMPORT, {"RecentContactFlag": 2}, 10004),
    (MODIFY, {"GroupId": LEFT_OUT}, 90010),
    (MODIFY, {"GroupId": ""}, 90010),
    (MODIFY, {"GroupId": "@TGS#gone"}, 20001),
    (MODIFY, {"MsgSeq": LEFT_OUT}, 90010),
    (MODIFY, {"MsgSeq": "1"}, 90010),
    (MODIFY, {"MsgSeq": 2}, 20001),
    (MODIFY, {"TopicId": TOPIC}, 20001),
    (MODIFY, {"MsgBody": LEFT_OUT}, 90010),
    (MODIFY, {"MsgBody": []}, 90002),
    (MODIFY, {"MsgBody": TEXT}, 90007),
    (MODIFY, {"MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {}}]}, 90010),
    (MODIFY, {"CloudCustomData": {}}, 90010),
    (MODIFY, {"CloudCustomData": "x" * 12_289}, 93000),
]


@pytest.mark.parametrize(("path", "changed", "code"), BAD)
def test_a_bad_field_is_refused(post: Post, state: State, path: str, changed: dict[str, Any], code: int) -> None:
    """Each bad field has its code, which the error table knows, and nothing is done."""
    say(post, 1)
    before = state.export()
    body = {name: value for name, value in (GOOD[path] | changed).items() if value is not LEFT_OUT}
    answer = post(path, body)
    assert (answer["ActionStatus"], answer["ErrorCode"]) == ("FAIL", code), answer
    assert explain(code).category != "unknown"
    assert state.export() == before


@pytest.mark.parametrize(
    ("path", "group_type", "code"),
    [
        (GET, "AVChatRoom", 10044),
        (GET, "BChatRoom", 10044),
        (RECALL, "AVChatRoom", 0),
        (DELETE, "AVChatRoom", 0),
        (CLEAR, "AVChatRoom", 0),
        (CLEAR, "Community", 10007),
        (IMPORT, "AVChatRoom", 10007),
        (MODIFY, "AVChatRoom", 20001),
        (MODIFY, "Community", 0),
    ],
)
def test_some_kinds_of_group_lack_something(post: Post, state: State, path: str, group_type: str, code: int) -> None:
    """Live groups keep no history, and that of a community cannot be cleared."""
    state.add_group("of this kind", group_type=group_type, owner="leckie")
    say(post, 1, GroupId="of this kind", From_Account="leckie")
    assert post(path, GOOD[path] | {"GroupId": "of this kind"})["ErrorCode"] == code


def test_a_page_holds_what_was_asked_for(post: Post) -> None:
    """At most 20, from a number downwards; only an answer that was cut says so."""
    say(post, 30)
    body = {"GroupId": GROUP, "ReqMsgNumber": 3}
    assert [number for number, _ in shown(post, ReqMsgNumber=3)] == [30, 29, 28]
    assert [number for number, _ in shown(post, ReqMsgNumber=3, ReqMsgSeq=2)] == [2, 1]
    assert shown(post, ReqMsgSeq=0) == []
    assert [number for number, _ in shown(post, ReqMsgNumber=25)] == [*range(30, 10, -1)]
    ends = [(20, 30), (21, 30), (21, 21), (21, 20), (21, 19)]
    finished = [post(GET, body | {"ReqMsgNumber": number, "ReqMsgSeq": seq})["IsFinished"] for number, seq in ends]
    assert finished == [1, 0, 0, 1, 1]


def test_a_message_is_shown_with_all_that_is_kept(post: Post, clock: FakeClock) -> None:
    """Priorities are numbers here; absent custom data stays absent."""
    say(post, 1, From_Account="leckie", MsgPriority="High", CloudCustomData="x")
    say(post, 1, MsgPriority="Lowest", MsgBody=[OTHER])
    answer = post(GET, {"GroupId": GROUP, "ReqMsgNumber": 20})
    assert answer["RspMsgList"] == [
        {
            "From_Account": "administrator",
            "IsPlaceMsg": 0,
            "MsgBody": [OTHER],
            "MsgPriority": 4,
            "MsgRandom": 0,
            "MsgSeq": 2,
            "MsgTimeStamp": int(clock.now()),
        },
        {
            "From_Account": "leckie",
            "IsPlaceMsg": 0,
            "MsgBody": [TEXT],
            "MsgPriority": 1,
            "MsgRandom": 0,
            "MsgSeq": 1,
            "MsgTimeStamp": int(clock.now()),
            "CloudCustomData": "x",
        },
    ]


def test_what_is_gone_leaves_its_place(post: Post) -> None:
    """Of what was not stored the place is shown, of what was recalled only if that is asked for; neither has a body."""
    say(post, 1, CloudCustomData="x")
    say(post, 1, OnlineOnlyFlag=1, CloudCustomData="x", MsgBody=[OTHER])
    post(RECALL, {"GroupId": GROUP, "MsgSeqList": seqs(1)})
    assert shown(post) == [(2, 1)]
    assert shown(post, WithRecalledMsg=1) == [(2, 1), (1, 2)]
    answer = post(GET, {"GroupId": GROUP, "ReqMsgNumber": 20, "WithRecalledMsg": 1})
    assert [message["MsgBody"] for message in answer["RspMsgList"]] == [[], []]
    assert not any("CloudCustomData" in message for message in answer["RspMsgList"])


async def test_what_has_expired_leaves_its_place(post: Post, state: State, clock: FakeClock) -> None:
    """It cannot be recalled or changed, and an answer that is cut before nothing else says so."""
    state.rules = Rules(calls_per_second=None, history_days=7, imported_group_messages=20, recall_in_live_groups=False)
    say(post, 2)
    await clock.advance(7 * DAY - 1)
    say(post, 20, MsgBody=[OTHER])
    assert shown(post, ReqMsgSeq=2) == [(2, 0), (1, 0)]
    await clock.advance(1)
    assert shown(post, ReqMsgSeq=2) == [(2, 1), (1, 1)]
    assert post(GET, {"GroupId": GROUP, "ReqMsgNumber": 21})["IsFinished"] == 2
    assert post(RECALL, {"GroupId": GROUP, "MsgSeqList": seqs(2)})["RecallRetList"][0]["RetCode"] == 10030
    assert post(MODIFY, {"GroupId": GROUP, "MsgSeq": 2, "MsgBody": [OTHER]})["ErrorCode"] == 20001


def test_each_message_to_recall_has_a_result(post: Post, app: Heard) -> None:
    """One that is not there, was not stored or was recalled before has a code; your application hears of the others."""
    say(post, 3)
    say(post, 1, OnlineOnlyFlag=1, MsgBody=[OTHER])
    post(RECALL, {"GroupId": GROUP, "MsgSeqList": seqs(2)})
    app.heard.clear()
    answer = post(RECALL, {"GroupId": GROUP, "MsgSeqList": seqs(1, 2, 4, 5, 3, 3)})
    assert answer["ErrorCode"] == 0
    assert [(item["MsgSeq"], item["RetCode"]) for item in answer["RecallRetList"]] == [
        (1, 0),
        (2, 10032),
        (4, 10030),
        (5, 10030),
        (3, 0),
        (3, 10032),
    ]
    body = {
        "GroupId": GROUP,
        "Type": "Public",
        "Operator_Account": "administrator",
        "MsgSeqList": seqs(1, 3),
    }
    assert app.heard == [Event("Group.CallbackAfterRecallMsg", body)]
    post(RECALL, {"GroupId": GROUP, "MsgSeqList": seqs(1, 9)})
    assert len(app.heard) == 1  # nothing was recalled


@pytest.mark.parametrize(("year", "code"), [(2023, 10033), (2024, 0)])
def test_live_groups_recall_since_2024(post: Post, state: State, year: int, code: int) -> None:
    """Older documents have a code for it."""
    state.rules = (
        Rules(calls_per_second=None)
        if year == 2024
        else Rules(calls_per_second=None, history_days=7, imported_group_messages=20, recall_in_live_groups=False)
    )
    state.add_group("live", group_type="AVChatRoom")
    say(post, 1, GroupId="live")
    assert post(RECALL, {"GroupId": "live", "MsgSeqList": seqs(1)})["RecallRetList"][0]["RetCode"] == code


def test_a_topic_has_a_history_of_its_own(post: Post, state: State, app: Heard) -> None:
    """Reading, recalling, deleting, importing and changing in it leave the community's alone."""
    state.add_group(COMMUNITY, group_type="Community", owner="leckie")
    state.add_topic(COMMUNITY, TOPIC)
    place = {"GroupId": COMMUNITY, "TopicId": TOPIC}
    say(post, 4, **place, From_Account="leckie")
    say(post, 3, GroupId=COMMUNITY, From_Account="leckie", MsgBody=[OTHER])
    app.heard.clear()
    post(RECALL, place | {"MsgSeqList": seqs(4)})
    assert [event.body["TopicId"] for event in app.heard] == [TOPIC]
    assert shown(post, **place) == [(3, 0), (2, 0), (1, 0)]
    assert post(MODIFY, place | {"MsgSeq": 1, "CloudCustomData": "x"})["ErrorCode"] == 0
    post(DELETE, place | {"Sender_Account": "leckie"})
    assert shown(post, **place) == []
    assert shown(post, GroupId=COMMUNITY) == [(3, 0), (2, 0), (1, 0)]
    assert state.store.values("SELECT CloudCustomData FROM group_messages WHERE CloudCustomData NOT NULL") == ["x"]


def test_a_sender_s_last_words_are_recalled_without_notice(post: Post, state: State, app: Heard) -> None:
    """Of the last 1,000 messages of the group those of one account; nobody hears of it, and who never wrote is fine."""
    state.rules.group_messages_per_second = None
    say(post, 2, From_Account="leckie")
    say(post, 998, MsgBody=[OTHER])
    say(post, 1, From_Account="leckie", MsgBody=[TEXT, OTHER])
    app.heard.clear()
    assert post(DELETE, {"GroupId": GROUP, "Sender_Account": "leckie"})["ErrorCode"] == 0
    assert state.store.values("SELECT MsgSeq FROM group_messages WHERE recalled ORDER BY MsgSeq") == [2, 1001]
    assert app.heard == []
    assert post(DELETE, {"GroupId": GROUP, "Sender_Account": "never here"})["ErrorCode"] == 0


def test_deleting_in_a_live_group_does_nothing(post: Post, state: State) -> None:
    """It reports success."""
    state.add_group("live", group_type="AVChatRoom")
    say(post, 1, GroupId="live", From_Account="leckie")
    assert post(DELETE, {"GroupId": "live", "Sender_Account": "leckie"})["ErrorCode"] == 0
    assert state.store.values("SELECT recalled FROM group_messages") == [0]


def test_a_cleared_history_is_still_read_by_an_administrator(post: Post, state: State) -> None:
    """Up to a number, or all of it, never beyond what there is; what was hidden stays hidden."""
    say(post, 5)

    def cleared(**changed: int) -> int:
        assert post(CLEAR, {"GroupId": GROUP} | changed)["ErrorCode"] == 0
        return int(state.store.value("SELECT MsgSeq FROM group_clearings WHERE GroupId = ?", GROUP))

    assert [cleared(MsgSeq=3), cleared(MsgSeq=2), cleared(MsgSeq=99), cleared()] == [3, 3, 5, 5]
    assert len(shown(post)) == 5


@pytest.fixture
def founded(state: State, clock: FakeClock) -> int:
    """Return when a second group was founded, a thousand seconds ago."""
    clock.set_wall_clock(clock.now() - 1000)
    state.add_group("old", owner="leckie", members=["lumotuwe1"])
    founded = state.now
    clock.set_wall_clock(clock.now() + 1000)
    return founded


def imported(post: Post, *items: dict[str, Any], **changed: Any) -> list[tuple[int, int]]:
    """Import messages, and return number and result of each."""
    listed = [{"From_Account": "leckie", "MsgBody": [TEXT]} | item for item in items]
    answer = post(IMPORT, {"GroupId": "old", "MsgList": listed} | changed)
    assert answer["ErrorCode"] == 0, answer
    results = answer["ImportMsgResult"]
    assert [result["MsgTime"] for result in results if result["Result"]] == [
        item["SendTime"] for item, result in zip(items, results, strict=True) if result["Result"]
    ]
    return [(result["MsgSeq"], result["Result"]) for result in results]


def test_imported_times_rise_from_the_founding_until_now(post: Post, state: State, founded: int) -> None:
    """Each has to be later than the group and its newest message, and earlier than now; the others are imported."""
    offsets = [-1, 0, 1, 1, 5, 4, 999, 1000, 2000]
    results = imported(post, *({"SendTime": founded + offset} for offset in offsets[:7]))
    assert results == [(0, 10004), (0, 10004), (1, 0), (0, 10004), (2, 0), (0, 10004), (3, 0)]
    assert imported(post, *({"SendTime": founded + offset} for offset in offsets[6:])) == [(0, 10004)] * 3
    row = state.store.row("SELECT NextMsgSeq, LastMsgTime FROM groups WHERE GroupId = 'old'")
    assert row == {"NextMsgSeq": 4, "LastMsgTime": founded + 999}


def test_an_imported_text_is_checked(post: Post, state: State, founded: int) -> None:
    """One that is too long, or holds a refused word, has a result of its own."""
    state.rules.refused_words.add("bye")
    long = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "x" * 12_289}}]
    bodies = [long, [OTHER], [TEXT]]
    items = [{"SendTime": founded + place, "MsgBody": body} for place, body in enumerate(bodies, 1)]
    assert imported(post, *items) == [(0, 80002), (0, 80001), (1, 0)]


def test_an_imported_random_is_one_message_for_five_minutes(post: Post, state: State, founded: int) -> None:
    """By their own times, whatever they say; those without a Random are not compared."""
    items = [
        {"SendTime": founded + offset, "Random": 7, "MsgBody": [body]}
        for offset, body in [(1, TEXT), (300, OTHER), (301, TEXT)]
    ]
    assert imported(post, *items) == [(1, 0), (1, 0), (2, 0)]
    assert imported(post, {"SendTime": founded + 310}, {"SendTime": founded + 311}) == [(3, 0), (4, 0)]
    assert len(state.groups["old"].history) == 4


def test_a_message_that_was_imported_is_not_what_a_new_one_repeats(post: Post, founded: int) -> None:
    """The same Random and content may be sent."""
    imported(post, {"SendTime": founded + 999, "Random": 0})
    say(post, 1, GroupId="old")
    assert shown(post, GroupId="old") == [(2, 0), (1, 0)]


@pytest.mark.parametrize(("offset", "read"), [(1, 2), (0, 0)])
def test_an_import_leaves_nothing_unread(post: Post, state: State, founded: int, offset: int, read: int) -> None:
    """Every member has read everything, unless nothing could be imported. Nobody is told."""
    say(post, 1)
    state.store.run("UPDATE groups SET NextMsgSeq = 2 WHERE GroupId = 'old'")
    state.store.commit()
    imported(post, {"SendTime": founded + offset})
    assert state.store.values("SELECT MsgSeq FROM group_members WHERE GroupId = 'old'") == [read, read]


def test_an_import_moves_conversations_on_request(post: Post, state: State, app: Heard, founded: int) -> None:
    """RecentContactFlag 1 makes the message one that conversation lists show; no callback speaks of either."""
    imported(post, {"SendTime": founded + 1}, RecentContactFlag=0)
    imported(post, {"SendTime": founded + 2}, RecentContactFlag=1)
    controls = state.store.values("SELECT SendMsgControl FROM group_messages ORDER BY number")
    assert controls == [["NoLastMsg"], []]
    assert app.heard == []


def test_an_import_into_a_topic_leaves_the_community_alone(post: Post, state: State, clock: FakeClock) -> None:
    """Its numbers, its newest message and what its members have read."""
    clock.set_wall_clock(clock.now() - 1000)
    state.add_group(COMMUNITY, group_type="Community", owner="leckie")
    state.add_topic(COMMUNITY, TOPIC)
    clock.set_wall_clock(clock.now() + 1000)
    say(post, 1, GroupId=COMMUNITY)
    items = [{"SendTime": state.now - place} for place in (2, 1)]
    assert imported(post, *items, GroupId=COMMUNITY, TopicId=TOPIC) == [(1, 0), (2, 0)]
    assert state.store.value("SELECT MsgSeq FROM group_members WHERE GroupId = ?", COMMUNITY) == 0
    assert state.store.value("SELECT NextMsgSeq FROM groups WHERE GroupId = ?", COMMUNITY) == 2


def test_older_rules_import_more_at_once(post: Post, state: State, founded: int) -> None:
    """20 until 2022, 7 since."""
    state.rules = Rules(calls_per_second=None, history_days=7, imported_group_messages=20, recall_in_live_groups=False)
    assert len(imported(post, *({"SendTime": founded + place} for place in range(1, 21)))) == 20


def test_a_changed_message_says_something_else(post: Post, state: State) -> None:
    """Its body, its custom data or both; the answer says succeed, and a repeat of the first is still told."""
    say(post, 1, CloudCustomData="x")
    answer = post(MODIFY, {"GroupId": GROUP, "MsgSeq": 1, "MsgBody": [OTHER]})
    assert answer == {"ActionStatus": "OK", "ErrorInfo": "succeed", "ErrorCode": 0}
    post(MODIFY, {"GroupId": GROUP, "MsgSeq": 1, "CloudCustomData": "y"})
    (message,) = state.groups[GROUP].history
    assert (message.msg_body, message.cloud_custom_data) == ([Text("bye")], "y")
    say(post, 1)
    assert len(state.groups[GROUP].history) == 1
    state.rules.refused_words.add("hi")
    assert post(MODIFY, {"GroupId": GROUP, "MsgSeq": 1, "MsgBody": [TEXT]})["ErrorCode"] == 80001


def test_what_is_gone_cannot_be_changed(post: Post) -> None:
    """What was recalled, and what was never stored."""
    say(post, 1)
    say(post, 1, OnlineOnlyFlag=1, MsgBody=[OTHER])
    post(RECALL, {"GroupId": GROUP, "MsgSeqList": seqs(1)})
    codes = [post(MODIFY, {"GroupId": GROUP, "MsgSeq": seq, "CloudCustomData": "y"})["ErrorCode"] for seq in (1, 2)]
    assert codes == [20001, 20001]


@pytest.mark.parametrize("path", [IMPORT, RECALL, DELETE, GET, MODIFY, CLEAR])
def test_the_samples_are_accepted(post: Post, state: State, clock: FakeClock, path: str) -> None:
    """In the community, or the group, of which they speak; the answer has the fields of the sample's."""
    body, reply = samples(path)
    clock.set_wall_clock(1767225599)
    if body["GroupId"] != GROUP:
        state.add_group(body["GroupId"], group_type="Community")
        state.add_topic(body["GroupId"], body["TopicId"])
    clock.set_wall_clock(1767229200)
    state.rules.group_messages_per_second = None
    if path != IMPORT:
        say(post, 158, **{name: body[name] for name in ("GroupId", "TopicId") if name in body})
    answer = post(path, body)
    assert answer["ErrorCode"] == 0, answer
    assert answer.keys() == reply.keys()
    for name in ("ErrorInfo", "IsFinished", "ImportMsgResult"):
        assert answer.get(name) == reply.get(name)
