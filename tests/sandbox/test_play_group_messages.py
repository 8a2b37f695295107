"""Writing to groups: who may, what is told to your application, and what live groups are spared."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.conftest import GROUP, KEY, SDKAPPID
from tests.sandbox.heard import Heard
from tests.sandbox.samples import samples
from timrest_async import ApiError
from timrest_async.elements import Text
from timrest_async.errors import explain
from timrest_async.sandbox import Application, Rules, Service
from timrest_async.sandbox.events import Event, Verdict

if TYPE_CHECKING:
    from tests.sandbox.conftest import Post, Query
    from timrest_async import TimSession
    from timrest_async.sandbox import Sandbox, State
    from timrest_async.testing import FakeClock

SEND = "group_open_http_svc/send_group_msg"
BROADCAST = "group_open_http_svc/send_broadcast_msg"
NOTIFY = "group_open_http_svc/send_group_system_notification"

TEXT = {"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi, beauty"}}
OTHER = {"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi, beast"}}
SENT = {"GroupId": GROUP, "Random": 8912345, "MsgBody": [TEXT]}
TO_ALL = {"Random": 8912345, "MsgBody": [TEXT]}
COMMUNITY = "@TGS#_one"
TOPIC = "@TGS#_one@TOPIC#_first"

BEFORE = "Group.CallbackBeforeSendMsg"
AFTER = "Group.CallbackAfterSendMsg"
EXCEPTION = "Group.CallbackSendMsgException"


@pytest.fixture
def app(service: Service) -> Heard:
    """Return an application that listens, and has nothing against anything."""
    service.webhooks = listener = Heard()
    return listener


async def test_what_is_said_in_a_group(tim: TimSession, box: Sandbox) -> None:
    """A message, a mention, one for a few, a notice and a broadcast: each arrives where it should."""
    public = box.state.add_group("public", owner="alice", members=["bob", "carol"])
    live = box.state.add_group("live", group_type="AVChatRoom")
    first = await tim.group_messages.send("public", "hi", from_account="alice", msg_priority="High")
    assert (first.msg_seq, first.dropped) == (1, False)
    await tim.group_messages.send("public", "for you two", to_account=["bob", "carol"], need_read_receipt=1)
    await tim.group_messages.send("public", "nobody minds", send_msg_control=["NoUnread", "NoLastMsg"])
    await tim.group_messages.send("public", "gone at once", online_only_flag=1)
    await tim.group_messages.send_system_notification("public", "closing", to_members_account=["bob"])
    assert (await tim.group_messages.broadcast("the raffle starts")).msg_seq == 1
    assert [message.msg_seq for message in public.messages] == [1, 2, 3, 4]
    assert [message.msg_seq for message in public.history] == [1, 2, 3]
    assert public.messages[0].msg_priority == "High"
    assert [notice.to_members_account for notice in public.notices] == [["bob"]]
    assert [(message.msg_seq, message.msg_body) for message in live.messages] == [(1, [Text("the raffle starts")])]
    rows = box.state.store.rows("SELECT To_Account, SendMsgControl, NeedReadReceipt, unread FROM group_messages")
    assert [row["To_Account"] for row in rows] == [None, ["bob", "carol"], None, None, None]
    assert [row["SendMsgControl"] for row in rows[:3]] == [[], [], ["NoUnread", "NoLastMsg"]]
    assert [row["unread"] for row in rows] == [1, 0, 0, 0, 1]
    box.state.mute("public", "bob", 60)
    with pytest.raises(ApiError) as muted:
        await tim.group_messages.send("public", "but", from_account="bob")
    assert muted.value.code == 10017


LEFT_OUT = object()
BAD: list[tuple[str, dict[str, Any], int]] = [
    (SEND, {"OnlineOnlyFlag": "1"}, 10004),
    (SEND, {"ForbidCallbackControl": ["All"]}, 10004),
    (SEND, {"SendMsgControl": ["NoUnread", "NoPush"]}, 10004),
    (SEND, {"SendMsgControl": "NoUnread"}, 10004),
    (SEND, {"SupportMessageExtension": 2}, 10004),
    (SEND, {"NeedReadReceipt": True}, 10004),
    (SEND, {"To_Account": "leckie"}, 10004),
    (SEND, {"To_Account": [5]}, 10004),
    (SEND, {"GroupAtInfo": [{"GroupAt_Account": "leckie"}]}, 10004),
    (SEND, {"GroupAtInfo": [{"GroupAtAllFlag": 2}]}, 10004),
    (SEND, {"GroupAtInfo": [{"GroupAtAllFlag": 0}]}, 10004),
    (SEND, {"TopicId": ""}, 10015),
    (SEND, {"TopicId": "t" * 97}, 10015),
    (SEND, {"TopicId": TOPIC}, 10007),
    (NOTIFY, {"GroupId": "g" * 49}, 10015),
    (NOTIFY, {"TopicId": "t" * 97}, 10015),
    (NOTIFY, {"TopicId": TOPIC}, 10007),
    (NOTIFY, {"ToMembers_Account": [5]}, 10004),
    (BROADCAST, {"From_Account": "nobody"}, 10019),
    (BROADCAST, {"From_Account": 5}, 60015),
    (BROADCAST, {"Random": LEFT_OUT}, 10004),
    (BROADCAST, {"Random": -1}, 10004),
    (BROADCAST, {"MsgBody": LEFT_OUT}, 10004),
    (BROADCAST, {"MsgBody": []}, 10004),
    (BROADCAST, {"CloudCustomData": 5}, 10004),
    (BROADCAST, {"CloudCustomData": "x" * 12_289}, 80002),
]
GOOD: dict[str, dict[str, Any]] = {SEND: SENT, NOTIFY: {"GroupId": GROUP, "Content": "closing"}, BROADCAST: TO_ALL}


@pytest.mark.parametrize(("path", "changed", "code"), BAD)
def test_a_bad_field_is_refused(post: Post, state: State, path: str, changed: dict[str, Any], code: int) -> None:
    """Each bad field has its code, which the error table knows, and nothing is done."""
    before = state.export()
    body = {name: value for name, value in (GOOD[path] | changed).items() if value is not LEFT_OUT}
    answer = post(path, body)
    assert (answer["ActionStatus"], answer["ErrorCode"]) == ("FAIL", code), answer
    assert explain(code).category != "unknown"
    assert state.export() == before


@pytest.mark.parametrize(
    ("group_type", "changed", "code"),
    [
        ("Public", {"To_Account": ["leckie"]}, 0),
        ("Community", {"To_Account": ["leckie"]}, 10007),
        ("AVChatRoom", {"To_Account": ["leckie"]}, 10007),
        ("AVChatRoom", {"To_Account": []}, 0),
        ("Community", {"GroupAtInfo": [{"GroupAtAllFlag": 1}]}, 0),
        ("AVChatRoom", {"GroupAtInfo": [{"GroupAtAllFlag": 0, "GroupAt_Account": "leckie"}]}, 0),
        ("AVChatRoom", {"GroupAtInfo": [{"GroupAtAllFlag": 1}]}, 10007),
        ("Private", {"SendMsgControl": ["NoUnread"]}, 0),
        ("ChatRoom", {"SendMsgControl": ["NoUnread"]}, 10007),
        ("ChatRoom", {"SendMsgControl": ["NoLastMsg"]}, 0),
        ("AVChatRoom", {"SendMsgControl": ["NoUnread"]}, 10007),
        ("Public", {"SendMsgControl": [], "OnlineOnlyFlag": 1}, 0),
    ],
)
def test_some_kinds_of_group_lack_something(
    post: Post, state: State, group_type: str, changed: dict[str, Any], code: int
) -> None:
    """What a kind of group has not is refused, the message with it."""
    group = state.add_group("of this kind", group_type=group_type)
    assert post(SEND, SENT | {"GroupId": "of this kind"} | changed)["ErrorCode"] == code
    assert len(group.messages) == (code == 0)


@pytest.mark.parametrize(("group_type", "code"), [("ChatRoom", 0), ("AVChatRoom", 10007)])
def test_meetings_count_unread_where_the_console_says_so(post: Post, state: State, group_type: str, code: int) -> None:
    """NoUnread is fine in a meeting then, and still not in a live group."""
    state.rules = Rules(calls_per_second=None, unread_in_meetings=True)
    state.add_group("meeting", group_type=group_type)
    assert post(SEND, SENT | {"GroupId": "meeting", "SendMsgControl": ["NoUnread"]})["ErrorCode"] == code


def test_who_speaks_need_not_be_a_member(post: Post, state: State) -> None:
    """An account that exists is enough; nobody becomes a member by it."""
    assert post(SEND, SENT | {"From_Account": "lumotuwe1"})["ErrorCode"] == 0
    assert state.groups[GROUP].members == ["leckie"]


@pytest.mark.parametrize(
    ("sender", "code"),
    [("owner", 0), ("admin", 0), ("member", 10017), ("stranger", 10017), (None, 0), ("administrator", 0)],
)
def test_where_everybody_is_muted_some_speak(post: Post, state: State, sender: str | None, code: int) -> None:
    """The owner, the admins and the calling administrator do."""
    state.add_account("stranger")
    state.add_group("quiet", owner="owner", members=["admin", "member"])
    state.store.run("UPDATE group_members SET Role = 'Admin' WHERE Member_Account = 'admin'")
    state.store.run("UPDATE groups SET MuteAllMember = 'On' WHERE GroupId = 'quiet'")
    state.store.commit()
    body = SENT | {"GroupId": "quiet"} | ({} if sender is None else {"From_Account": sender})
    assert post(SEND, body)["ErrorCode"] == code


async def test_a_mute_ends(post: Post, state: State, clock: FakeClock) -> None:
    """At its last second a member is muted still, and a second later is not."""
    state.mute(GROUP, "leckie", 60)
    await clock.advance(59)
    assert post(SEND, SENT | {"From_Account": "leckie"})["ErrorCode"] == 10017
    await clock.advance(1)
    assert post(SEND, SENT | {"From_Account": "leckie"})["ErrorCode"] == 0


async def test_a_member_s_last_word_is_noted(post: Post, state: State, clock: FakeClock) -> None:
    """Sending sets the member's LastSendMsgTime, the group's LastMsgTime and its next number."""
    await clock.advance(5)
    time = post(SEND, SENT | {"From_Account": "leckie"})["MsgTime"]
    row = state.store.row("SELECT LastSendMsgTime, LastMsgTime, NextMsgSeq FROM group_members JOIN groups")
    assert row == {"LastSendMsgTime": time, "LastMsgTime": time, "NextMsgSeq": 2}


def test_a_topic_has_numbers_of_its_own(post: Post, state: State) -> None:
    """Messages of a topic are counted apart, and a Random is used up in one topic only."""
    state.add_group(COMMUNITY, group_type="Community")
    state.add_topic(COMMUNITY, TOPIC)
    body = SENT | {"GroupId": COMMUNITY}
    other = f"{COMMUNITY}@TOPIC#_second"
    state.add_topic(COMMUNITY, other)
    assert [post(SEND, body | {"TopicId": topic})["MsgSeq"] for topic in (TOPIC, other)] == [1, 1]
    assert post(SEND, body | {"TopicId": TOPIC, "Random": 2})["MsgSeq"] == 2
    assert post(SEND, body)["MsgSeq"] == 1
    assert post(SEND, body | {"TopicId": TOPIC})["MsgSeq"] == 1  # a repeat
    assert state.store.value("SELECT NextMsgSeq FROM groups WHERE GroupId = ?", COMMUNITY) == 2
    assert post(NOTIFY, {"GroupId": COMMUNITY, "Content": "closing", "TopicId": TOPIC})["ErrorCode"] == 0
    assert state.store.values("SELECT TopicId FROM group_notices") == [TOPIC]


@pytest.mark.parametrize("path", [SEND, NOTIFY])
def test_a_topic_of_another_community_is_refused(post: Post, state: State, path: str) -> None:
    """It is not there."""
    state.add_group(COMMUNITY, group_type="Community")
    state.add_topic(COMMUNITY, TOPIC)
    body = GOOD[path] | {"GroupId": COMMUNITY, "TopicId": "@TGS#_two@TOPIC#_first"}
    assert post(path, body)["ErrorCode"] == 10010


def test_a_topic_has_mutes_of_its_own(post: Post, state: State) -> None:
    """Who is muted in one topic writes in the others; where all are, the calling administrator writes on."""
    state.add_group(COMMUNITY, group_type="Community")
    other = f"{COMMUNITY}@TOPIC#_second"
    for topic in (TOPIC, other):
        state.add_topic(COMMUNITY, topic)
    mute = {"TopicId": TOPIC, "Member_Account": "lumotuwe1", "MuteUntil": state.now + 60, "GroupId": COMMUNITY}
    state.store.insert("topic_mutes", mute)
    state.store.run("UPDATE topics SET MuteAllMember = 'On' WHERE TopicId = ?", other)
    state.store.commit()

    def code(sender: str, topic: str) -> int:
        said = {"GroupId": COMMUNITY, "From_Account": sender, "TopicId": topic}
        return int(post(SEND, SENT | said)["ErrorCode"])

    assert [code("lumotuwe1", TOPIC), code("lumotuwe2", TOPIC)] == [10017, 0]
    assert [code("lumotuwe2", other), code("administrator", other)] == [10017, 0]


def test_your_application_hears_of_a_message_twice(post: Post, app: Heard) -> None:
    """Before it, and after it with its number, time and mentions."""
    mentions = [{"GroupAtAllFlag": 1}]
    answer = post(SEND, SENT | {"From_Account": "leckie", "CloudCustomData": "x", "GroupAtInfo": mentions})
    before = {
        "GroupId": GROUP,
        "Type": "Public",
        "From_Account": "leckie",
        "Operator_Account": "administrator",
        "Random": 8912345,
        "OnlineOnlyFlag": 0,
        "MsgBody": [TEXT],
        "CloudCustomData": "x",
    }
    after = {"MsgSeq": 1, "MsgTime": answer["MsgTime"], "GroupAtInfo": mentions}
    assert app.heard == [Event(BEFORE, before), Event(AFTER, before | after)]
    post(SEND, SENT | {"From_Account": "leckie"})
    assert len(app.heard) == 2  # of a repeat it hears nothing


def test_a_callback_says_which_topic_it_is_about(post: Post, state: State, app: Heard) -> None:
    """TopicId is absent elsewhere."""
    state.add_group(COMMUNITY, group_type="Community")
    state.add_topic(COMMUNITY, TOPIC)
    post(SEND, SENT | {"GroupId": COMMUNITY, "TopicId": TOPIC})
    post(SEND, SENT)
    assert [event.body.get("TopicId") for event in app.heard] == [TOPIC, TOPIC, None, None]


@pytest.mark.parametrize(
    ("forbidden", "commands"),
    [
        (["ForbidBeforeSendMsgCallback"], [AFTER]),
        (["ForbidAfterSendMsgCallback"], [BEFORE]),
        (["ForbidBeforeSendMsgCallback", "ForbidAfterSendMsgCallback"], []),
    ],
)
def test_a_message_can_forbid_its_callbacks(post: Post, app: Heard, forbidden: list[str], commands: list[str]) -> None:
    """One, the other or both."""
    assert post(SEND, SENT | {"ForbidCallbackControl": forbidden})["MsgSeq"] == 1
    assert app.commands == commands


@pytest.mark.parametrize(("said", "code"), [(1, 10016), (10_100, 10_100), (10_200, 10_200), (10_201, 10016)])
def test_your_application_may_refuse_a_message(post: Post, state: State, app: Heard, said: int, code: int) -> None:
    """With a code of its own if that is one of those kept for it; nothing is told of it after."""
    app.verdict = Verdict(said, "not now")
    answer = post(SEND, SENT)
    assert (answer["ErrorCode"], answer["ErrorInfo"]) == (code, "not now")
    assert app.commands == [BEFORE]
    assert state.groups[GROUP].messages == []


def test_your_application_may_drop_a_message(post: Post, state: State, app: Heard) -> None:
    """The sender hears nothing of it, and the message gets no number."""
    app.verdict = Verdict(2)
    answer = post(SEND, SENT)
    assert (answer["ErrorCode"], answer["MsgSeq"], "MsgDropReason" in answer) == (0, 0, False)
    assert app.commands == [BEFORE]
    assert state.groups[GROUP].messages == []


def test_your_application_may_change_a_message(post: Post, state: State, app: Heard) -> None:
    """The others read what it wants them to; a repeat of what was sent is still told."""
    app.verdict = Verdict(fields={"MsgBody": [OTHER], "CloudCustomData": "changed", "Random": 1})
    post(SEND, SENT)
    assert post(SEND, SENT)["MsgSeq"] == 1
    (message,) = state.groups[GROUP].messages
    assert (message.msg_body, message.cloud_custom_data) == ([Text("hi, beast")], "changed")
    assert message.random == 8912345
    assert app.heard[1].body["MsgBody"] == [OTHER]


def test_a_repeat_that_comes_while_your_application_thinks_is_one_message(post: Post, state: State, app: Heard) -> None:
    """Whoever is answered first sends it, and the other hears of the same."""

    def repeat() -> None:
        app.meanwhile = dict
        post(SEND, SENT)

    app.meanwhile = repeat
    assert post(SEND, SENT)["MsgSeq"] == 1
    assert len(state.groups[GROUP].messages) == 1


def test_a_group_that_goes_while_your_application_thinks_is_gone(post: Post, state: State, app: Heard) -> None:
    """The message is refused then."""

    def dissolve() -> None:
        state.store.run("DELETE FROM groups")
        state.store.commit()

    app.meanwhile = dissolve
    assert post(SEND, SENT)["ErrorCode"] == 10010


def test_a_dropped_message_is_told_as_an_exception(post: Post, state: State, app: Heard) -> None:
    """Your application is asked all the same, hears that it was one too many, and not that it was sent."""
    state.rules.group_messages_per_second = 1
    post(SEND, SENT)
    answer = post(SEND, SENT | {"Random": 2})
    assert (answer["ErrorCode"], answer["MsgSeq"], answer["MsgDropReason"]) == (0, 0, "MsgFreqCtrl")
    assert app.commands == [BEFORE, AFTER, BEFORE, EXCEPTION]
    assert app.heard[3].body["ErrorCode"] == 10023


@pytest.mark.parametrize(
    ("changed", "code", "group_type"),
    [
        ({"GroupId": "@TGS#gone"}, 10010, ""),
        ({"From_Account": "nobody"}, 10019, "Public"),
        ({"From_Account": "leckie"}, 10017, "Public"),
        ({"MsgBody": [OTHER]}, 80001, "Public"),
        ({"CloudCustomData": "x" * 12_289}, 80002, "Public"),
        ({"TopicId": TOPIC}, 10007, "Public"),
    ],
)
def test_a_refused_message_is_told_as_an_exception(  # noqa: PLR0917  # three of them are fixtures
    post: Post, state: State, app: Heard, changed: dict[str, Any], code: int, group_type: str
) -> None:
    """Your application is not asked, and hears why."""
    state.mute(GROUP, "leckie", 60)
    state.rules.refused_words.add("beast")
    answer = post(SEND, SENT | changed)
    assert answer["ErrorCode"] == code
    assert app.commands == [EXCEPTION]
    body = app.heard[0].body
    assert (body["ErrorCode"], body["ErrorInfo"], body["Type"]) == (code, answer["ErrorInfo"], group_type)
    assert "TopicId" not in body


def test_no_limit_means_no_drop(post: Post, state: State) -> None:
    """Where the rules have no limit a group takes any number of messages a second."""
    state.rules.group_messages_per_second = None
    assert [post(SEND, SENT | {"Random": random})["MsgSeq"] for random in range(60)] == [*range(1, 61)]


async def test_a_broadcast_goes_to_all_live_groups(post: Post, state: State, clock: FakeClock) -> None:
    """Only those, each under its own number; for five minutes a repeat is answered as the first."""
    for name, group_type in (("one", "AVChatRoom"), ("two", "AVChatRoom"), ("talk", "ChatRoom")):
        state.add_group(name, group_type=group_type)
    post(SEND, SENT | {"GroupId": "two"})
    assert post(BROADCAST, TO_ALL | {"From_Account": "leckie"})["MsgSeq"] == 1
    await clock.advance(299)
    assert post(BROADCAST, TO_ALL)["MsgSeq"] == 1
    assert post(BROADCAST, TO_ALL | {"MsgBody": [OTHER]})["MsgSeq"] == 2
    await clock.advance(1)
    assert post(BROADCAST, TO_ALL)["MsgSeq"] == 3
    numbers = {name: [message.msg_seq for message in state.groups[name].messages] for name in ("one", "two", "talk")}
    assert numbers == {"one": [1, 2, 3], "two": [1, 2, 3, 4], "talk": []}
    assert post(SEND, SENT | {"GroupId": "one", "Random": 9})["MsgSeq"] == 4


def test_a_broadcast_holds_no_refused_words(post: Post, state: State, app: Heard) -> None:
    """It is refused, and no callback speaks of it, as of no broadcast."""
    state.rules.refused_words.add("beauty")
    assert post(BROADCAST, TO_ALL)["ErrorCode"] == 80001
    assert post(BROADCAST, TO_ALL | {"MsgBody": [OTHER]})["ErrorCode"] == 0
    assert app.heard == []


async def test_broadcasts_are_for_once_a_second(state: State, query: Query, clock: FakeClock) -> None:
    """A second one within the second is refused."""
    state.rules.calls_per_second = 100
    service = Service(Application(sdkappid=SDKAPPID, secret_key=KEY), state)

    async def code(random: int) -> int:
        answer = await service.answer(BROADCAST, query(), json.dumps(TO_ALL | {"Random": random}).encode())
        return int(answer["ErrorCode"])

    assert [await code(1), await code(2)] == [0, 60007]
    await clock.advance(1)
    assert await code(2) == 0


@pytest.mark.parametrize(
    ("path", "group_type", "code"),
    [(SEND, "Public", 10007), (NOTIFY, "Public", 10007), (BROADCAST, "Public", 0)],
)
def test_the_samples_are_read(post: Post, state: State, path: str, group_type: str, code: int) -> None:
    """The full samples name a topic, a public group has none; without it each is answered as its sample is."""
    state.add_group(GROUP[:-1], group_type=group_type)
    body, reply = samples(path)
    assert post(path, body)["ErrorCode"] == code
    body.pop("TopicId", None)
    answer = post(path, body)
    assert answer["ErrorCode"] == 0, answer
    assert answer.keys() == reply.keys() - {"MsgDropReason"}


async def test_who_is_muted_everywhere_writes_in_no_group(post: Post, clock: FakeClock) -> None:
    """Until that is over."""
    post("openconfigsvr/setnospeaking", {"Set_Account": "lumotuwe1", "GroupmsgNospeakingTime": 60})
    assert post(SEND, SENT | {"From_Account": "lumotuwe1"})["ErrorCode"] == 10017
    await clock.advance(60)
    assert post(SEND, SENT | {"From_Account": "lumotuwe1"})["ErrorCode"] == 0
