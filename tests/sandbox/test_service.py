"""What the service answers, without HTTP."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.conftest import finished
from tests.sandbox.heard import Heard
from timrest_async.errors import explain
from timrest_async.sandbox import Application, Service
from timrest_async.usersig import sign

if TYPE_CHECKING:
    from collections.abc import Callable

    from timrest_async.sandbox import State
    from timrest_async.testing import FakeClock

    Post = Callable[..., dict[str, Any]]
    Query = Callable[..., dict[str, str]]

SDKAPPID = 1400000000
KEY = "sandbox-key-not-a-secret"
GROUP = "@TGS#2C5SZEAEF"

LEFT_OUT = object()

TEXT = {"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi, beauty"}}
FACE = {"MsgType": "TIMFaceElem", "MsgContent": {"Index": 6, "Data": "abc\0\1"}}
CUSTOM = {"MsgType": "TIMCustomElem", "MsgContent": {"Data": "{}"}}
SENT = {"To_Account": "lumotuwe2", "MsgRandom": 1287657, "MsgBody": [TEXT]}
BATCH = {"To_Account": ["lumotuwe1", "lumotuwe2"], "MsgRandom": 1, "MsgBody": [TEXT]}
GROUP_SENT = {"GroupId": GROUP, "Random": 8912345, "MsgBody": [TEXT, FACE]}
CREATED = {"Type": "Public", "Name": "friends"}
NOTICE = {"GroupId": GROUP, "Content": "closing"}

SEND = "openim/sendmsg"
SEND_BATCH = "openim/batchsendmsg"
SEND_GROUP = "group_open_http_svc/send_group_msg"
NOTIFY = "group_open_http_svc/send_group_system_notification"
CREATE = "group_open_http_svc/create_group"
IMPORT = "im_open_login_svc/account_import"
IMPORT_MANY = "im_open_login_svc/multiaccount_import"
CHECK = "im_open_login_svc/account_check"

GOOD: dict[str, dict[str, Any]] = {
    SEND: SENT,
    SEND_BATCH: BATCH,
    SEND_GROUP: GROUP_SENT,
    NOTIFY: NOTICE,
    CREATE: CREATED,
    IMPORT: {"UserID": "new"},
    IMPORT_MANY: {"Accounts": ["new"]},
    CHECK: {"CheckItem": [{"UserID": "new"}]},
}

BATCH_OF_101 = [f"a{number}" for number in range(101)]


def sealed(clock: FakeClock, **changed: Any) -> str:
    """Return a UserSig that is good but for what is changed."""
    given: dict[str, Any] = {"sdkappid": SDKAPPID, "secret_key": KEY, "identifier": "administrator", "expire": 60}
    return sign(**(given | {"time": int(clock.now())} | changed))


@pytest.mark.parametrize("path", GOOD)
def test_a_good_call_is_answered_ok(post: Post, path: str) -> None:
    """Each of the eight commands takes a plain good body."""
    answer = post(path, GOOD[path])
    assert {name: answer[name] for name in ("ActionStatus", "ErrorInfo", "ErrorCode")} == {
        "ActionStatus": "OK",
        "ErrorInfo": "",
        "ErrorCode": 0,
    }


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"sdkappid": None}, 60012),
        ({"sdkappid": ""}, 60012),
        ({"sdkappid": "app"}, 60006),
        ({"sdkappid": "٣"}, 60006),
        ({"sdkappid": 1400000001}, 70020),
        ({"identifier": None}, 60004),
        ({"identifier": "a" * 33}, 60004),
        ({"contenttype": None}, 60002),
        ({"contenttype": "JSON"}, 60002),
        ({"random": None}, 60002),
        ({"random": "-1"}, 60002),
        ({"random": 2**32}, 60002),
        ({"random": "9" * 5000}, 60002),
        ({"usersig": None}, 70002),
        ({"usersig": ""}, 70002),
        ({"usersig": "cut"}, 70003),
        ({"identifier": "leckie"}, 70013),
    ],
)
def test_a_bad_query_is_refused(post: Post, changed: dict[str, Any], code: int) -> None:
    """Whatever is wrong with the URL has the code that the manual gives for it."""
    answer = post(SEND, SENT, **changed)
    assert (answer["ActionStatus"], answer["ErrorCode"]) == ("FAIL", code)
    assert answer["ErrorInfo"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"secret_key": "another"}, 70009),
        ({"time": 1}, 70001),
        ({"sdkappid": 1400000001}, 70014),
        ({"identifier": "leckie"}, 70013),
    ],
)
def test_a_bad_usersig_is_refused(post: Post, clock: FakeClock, changed: dict[str, Any], code: int) -> None:
    """A UserSig of another key, time, application or account does not open the door."""
    assert post(SEND, SENT, usersig=sealed(clock, **changed))["ErrorCode"] == code


def test_many_signatures_are_believed(post: Post, clock: FakeClock) -> None:
    """One of them for each call costs no memory for ever, and each is believed again."""
    for expire in [*range(60, 1_062), 60]:
        assert post(CHECK, GOOD[CHECK], usersig=sealed(clock, expire=expire))["ErrorCode"] == 0


def test_only_administrators_may_call(post: Post, clock: FakeClock) -> None:
    """A plain account with a good signature of its own is refused."""
    signed = sealed(clock, identifier="leckie")
    assert post(SEND, SENT, identifier="leckie", usersig=signed)["ErrorCode"] == 60010


def test_the_signature_is_checked_before_the_cap_and_the_body(post: Post) -> None:
    """Who cannot be believed learns nothing about the rest."""
    assert post(SEND, b"no json", usersig="cut")["ErrorCode"] == 70003


async def test_the_cap_holds_in_every_second(state: State, clock: FakeClock, query: Query) -> None:
    """What is over the cap is refused and does not count; a second after an accepted call its place is free."""
    state.rules.calls_per_second = 2
    service = Service(Application(sdkappid=SDKAPPID, secret_key=KEY), state)

    def code(path: str = CHECK) -> int:
        answer = finished(service.answer(path, query(), json.dumps(GOOD[path]).encode()))
        return int(answer["ErrorCode"])

    assert code() == 0
    await clock.advance(0.5)
    assert [code(), code(), code()] == [0, 60007, 60007]
    assert code(IMPORT) == 0  # another command, another count
    await clock.advance(0.5)
    assert [code(), code()] == [0, 60007]
    assert [call.code for call in service.calls] == [0, 0, 60007, 60007, 0, 0, 60007]


async def test_your_application_is_warned_of_a_command_near_its_cap(
    service: Service, state: State, post: Post, clock: FakeClock
) -> None:
    """The first call above 80 % of a second's cap tells of it, and a minute later it is told again; no other does."""
    service.webhooks, state.rules.calls_per_second = (heard := Heard()), 10

    async def second(calls: int) -> list[dict[str, Any]]:
        for _ in range(calls):
            assert post(CHECK, GOOD[CHECK])["ErrorCode"] == 0
        await clock.advance(1.0)
        return [body for command, body in heard.take() if command == "Alert.RequestOverLimit"]

    alert = {"ServiceName": "im_open_login_svc", "Command": "account_check", "Request": 9, "Limit": 10}
    assert [await second(calls) for calls in (8, 10, 10)] == [[], [alert], []]
    await clock.advance(60.0)
    assert [await second(calls) for calls in (8, 9)] == [[], [alert]]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b'{"a":' * 5000])
@pytest.mark.parametrize(("path", "code"), [(SEND, 90001), (SEND_GROUP, 10011), (CHECK, 60003)])
def test_a_body_that_is_no_object_is_refused(post: Post, path: str, code: int, body: bytes) -> None:
    """Each service has its own code for JSON that cannot be read."""
    if path == SEND and len(body) > 12 * 1024:
        body = body[:600]
    assert post(path, body)["ErrorCode"] == code


def test_a_body_nested_too_deeply_is_refused(post: Post) -> None:
    """JSON that is valid but bottomless is no JSON for the service, or read where Python goes as deep; no crash."""
    deep = b'{"MsgType":"TIMFaceElem","MsgContent":{"Index":1,"Data":"","a":' + b"[" * 1010 + b"]" * 1010 + b"}}"
    body = b'{"GroupId":"' + GROUP.encode() + b'","Random":1,"MsgBody":[' + deep + b"]}"
    assert post(SEND_GROUP, body)["ErrorCode"] in {0, 10011}


@pytest.mark.parametrize(
    ("path", "code"),
    [("group_open_http_svc/nobody_knows", 10003), ("openim/nobody_knows", 60009), ("nobody/knows", 60009)],
)
def test_a_command_that_is_not_played_says_so(post: Post, path: str, code: int) -> None:
    """The code is the manual's for an unknown command, the words are the sandbox's."""
    answer = post(path)
    assert answer["ErrorCode"] == code
    assert path in answer["ErrorInfo"]


def test_a_refusal_on_request_stands_after_the_door(service: Service, query: Query, state: State) -> None:
    """A code that was asked for comes in place of the work, and only to who is admitted."""
    body = json.dumps(SENT).encode()
    assert finished(service.answer(SEND, query(), body, refuse_with=91000))["ErrorCode"] == 91000
    assert finished(service.answer(SEND, query(usersig=""), body, refuse_with=91000))["ErrorCode"] == 70002
    assert not state.conversation("administrator", "lumotuwe2")


def test_a_message_nested_more_deeply_than_can_be_written_is_refused(post: Post) -> None:
    """What can be read and not be written again is no JSON for the service, and no crash."""
    deep: dict[str, Any] = {}
    for _ in range(300):
        deep = {"a": deep}
    element = {"MsgType": "TIMFaceElem", "MsgContent": {"Index": 1, "Data": "", "New": deep}}
    assert post(SEND, SENT | {"MsgBody": [element]})["ErrorCode"] == 90001


def test_a_mistake_of_the_sandbox_leaves_nothing_half_done(post: Post, state: State) -> None:
    """What was changed before it is undone."""
    state.store.run("DROP TABLE profiles")
    with pytest.raises(sqlite3.OperationalError):
        post(IMPORT, {"UserID": "new", "Nick": "N"})
    assert not state.store.changing
    assert state.store.values("SELECT 1 FROM accounts WHERE UserID = 'new'") == []


def body_with(path: str, changed: dict[str, Any]) -> dict[str, Any]:
    """Return the good body of *path* with some fields changed or left out."""
    return {name: value for name, value in (GOOD[path] | changed).items() if value is not LEFT_OUT}


MSG_BODIES: list[tuple[Any, int]] = [
    (LEFT_OUT, 90002),
    (None, 90002),
    ([], 90002),
    (TEXT, 90007),
    ("hi", 90007),
    (["hi"], 90002),
    ([{"MsgType": 1, "MsgContent": {}}], 90002),
    ([{"MsgType": "TIMTextElem"}], 90002),
    ([{"MsgType": "TIMTextElem", "MsgContent": "hi"}], 90002),
    ([{"MsgType": "TIMTextElem", "MsgContent": {}}], 90010),
    ([{"MsgType": "TIMTextElem", "MsgContent": {"Text": 5}}], 90010),
    ([{"MsgType": "TIMFaceElem", "MsgContent": {"Index": "6"}}], 90010),
    ([{"MsgType": "TIMFaceElem", "MsgContent": {"Index": True}}], 90010),
    ([{"MsgType": "TIMCustomElem", "MsgContent": {"Data": {"a": 1}}}], 90010),
    ([{"MsgType": "TIMLocationElem", "MsgContent": {"Desc": "x", "Latitude": "1", "Longitude": 1}}], 90010),
    ([{"MsgType": "TIMNewElem", "MsgContent": {}}], 90010),
    ([CUSTOM, CUSTOM], 90010),
]
PUSH_INFOS: list[Any] = ["now", {"BadgeAddNum": 0}, {"Desc": 5}, {"ApnsInfo": {"Title": 5}}, {"AndroidInfo": []}]

COMMON: list[tuple[dict[str, Any], int]] = [
    ({"MsgRandom": LEFT_OUT}, 90005),
    ({"MsgRandom": "1"}, 90005),
    ({"MsgRandom": True}, 90005),
    ({"MsgRandom": -1}, 90005),
    ({"MsgRandom": 2**32}, 90005),
    ({"MsgSeq": "1"}, 90004),
    ({"MsgSeq": 2**32}, 90004),
    ({"MsgLifeTime": "60"}, 90044),
    ({"MsgLifeTime": 604_801}, 90026),
    ({"MsgLifeTime": -1}, 90026),
    ({"SyncOtherMachine": "1"}, 90031),
    ({"OnlineOnlyFlag": "1"}, 90010),
    ({"CloudCustomData": {}}, 90010),
    ({"From_Account": 5}, 60015),
    ({"CloudCustomData": "x" * 12_289}, 93000),
    *(({"MsgBody": body}, code) for body, code in MSG_BODIES),
    *(({"OfflinePushInfo": info}, 90010) for info in PUSH_INFOS),
]

BAD: list[tuple[str, dict[str, Any], int]] = [
    *((SEND, changed, code) for changed, code in COMMON),
    (SEND, {"MsgTimeStamp": "now"}, 90006),
    (SEND, {"To_Account": LEFT_OUT}, 90003),
    (SEND, {"To_Account": 5}, 90003),
    (SEND, {"To_Account": ""}, 90003),
    (SEND, {"To_Account": ["lumotuwe2"]}, 90003),
    (SEND, {"To_Account": "nobody"}, 90012),
    (SEND, {"From_Account": "nobody"}, 20003),
    (SEND, {"From_Account": ""}, 20003),
    *((SEND_BATCH, changed, code) for changed, code in COMMON),
    (SEND_BATCH, {"To_Account": LEFT_OUT}, 90003),
    (SEND_BATCH, {"To_Account": "lumotuwe2"}, 90003),
    (SEND_BATCH, {"To_Account": [5]}, 90003),
    (SEND_BATCH, {"To_Account": []}, 90003),
    (SEND_BATCH, {"To_Account": ["a"] * 501}, 90011),
    (SEND_BATCH, {"To_Account": ["nobody", "no one"]}, 90012),
    (SEND_BATCH, {"From_Account": "nobody"}, 90008),
    (SEND_BATCH, {"From_Account": ""}, 90008),
    *((SEND_GROUP, {"MsgBody": body}, 10004) for body, _ in MSG_BODIES),
    *((SEND_GROUP, {"OfflinePushInfo": info}, 10004) for info in PUSH_INFOS),
    (SEND_GROUP, {"GroupId": LEFT_OUT}, 10004),
    (SEND_GROUP, {"GroupId": 5}, 10004),
    (SEND_GROUP, {"GroupId": ""}, 10015),
    (SEND_GROUP, {"GroupId": "g" * 49}, 10015),
    (SEND_GROUP, {"GroupId": "@TGS#gone"}, 10010),
    (SEND_GROUP, {"Random": LEFT_OUT}, 10004),
    (SEND_GROUP, {"Random": "1"}, 10004),
    (SEND_GROUP, {"Random": 2**32}, 10004),
    (SEND_GROUP, {"MsgPriority": "high"}, 10004),
    (SEND_GROUP, {"MsgPriority": 1}, 10004),
    (SEND_GROUP, {"From_Account": "nobody"}, 10019),
    (SEND_GROUP, {"From_Account": 5}, 60015),
    (SEND_GROUP, {"To_Account": ["a"] * 51}, 10004),
    (SEND_GROUP, {"GroupAtInfo": [{"GroupAtAllFlag": 1}] * 31}, 10053),
    (SEND_GROUP, {"TopicId": 5}, 10004),
    (SEND_GROUP, {"OnlineOnlyFlag": 1, "SendMsgControl": ["NoUnread"]}, 10004),
    (SEND_GROUP, {"CloudCustomData": "x" * 12_289}, 80002),
    (SEND_GROUP, {"MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "红" * 4096}}]}, 80002),
    (NOTIFY, {"GroupId": "@TGS#gone"}, 10010),
    (NOTIFY, {"Content": LEFT_OUT}, 10004),
    (NOTIFY, {"Content": 5}, 10004),
    (NOTIFY, {"ToMembers_Account": "leckie"}, 10004),
    (NOTIFY, {"ToMembers_Account": ["a"] * 501}, 10004),
    (NOTIFY, {"TopicId": 5}, 10004),
    (IMPORT, {"UserID": LEFT_OUT}, 70402),
    (IMPORT, {"UserID": 5}, 70402),
    (IMPORT, {"UserID": ""}, 70402),
    (IMPORT, {"UserID": "a" * 33}, 70402),
    (IMPORT, {"Nick": 5}, 70402),
    (IMPORT, {"Nick": "红" * 167}, 40601),
    (IMPORT, {"FaceUrl": "x" * 501}, 40601),
    (IMPORT_MANY, {"Accounts": LEFT_OUT}, 70402),
    (IMPORT_MANY, {"AccountList": [{"UserID": "new"}]}, 70402),
    (IMPORT_MANY, {"Accounts": "new"}, 70402),
    (IMPORT_MANY, {"Accounts": [5]}, 70402),
    (IMPORT_MANY, {"Accounts": []}, 70206),
    (IMPORT_MANY, {"Accounts": BATCH_OF_101}, 70206),
    (IMPORT_MANY, {"Accounts": LEFT_OUT, "AccountList": ["new"]}, 70402),
    (CHECK, {"CheckItem": LEFT_OUT}, 70402),
    (CHECK, {"CheckItem": {}}, 70402),
    (CHECK, {"CheckItem": ["new"]}, 70402),
    (CHECK, {"CheckItem": [{"UserID": 5}]}, 70402),
    (CHECK, {"CheckItem": [{"UserID": name} for name in BATCH_OF_101]}, 70206),
    (CREATE, {"Type": LEFT_OUT}, 10004),
    (CREATE, {"Type": "public"}, 10004),
    (CREATE, {"Name": LEFT_OUT}, 10004),
    (CREATE, {"Name": ""}, 10004),
    (CREATE, {"Introduction": 5}, 10004),
    (CREATE, {"ApplyJoinOption": "Anybody"}, 10004),
    (CREATE, {"InviteJoinOption": "Anybody"}, 10004),
    (CREATE, {"GroupId": 5}, 10004),
    (CREATE, {"GroupId": ""}, 10015),
    (CREATE, {"GroupId": "g" * 49}, 10015),
    (CREATE, {"GroupId": "@TGS#own"}, 10015),
    (CREATE, {"GroupId": "群"}, 10015),
    (CREATE, {"Type": "Community", "GroupId": "own"}, 10015),
    (CREATE, {"Owner_Account": "nobody"}, 10019),
    (CREATE, {"Owner_Account": 5}, 60015),
    (CREATE, {"MemberList": [{"Member_Account": "nobody"}]}, 10019),
    (CREATE, {"MemberList": ["leckie"]}, 10004),
    (CREATE, {"MemberList": [{"Member_Account": "leckie", "Role": "Owner"}]}, 10004),
    (CREATE, {"MemberList": [{"Member_Account": "leckie"}] * 101}, 10005),
    (CREATE, {"Type": "AVChatRoom", "MemberList": [{"Member_Account": "leckie"}]}, 10007),
]


@pytest.mark.parametrize(("path", "changed", "code"), BAD)
def test_a_bad_field_is_refused(post: Post, state: State, path: str, changed: dict[str, Any], code: int) -> None:
    """Each bad field has its documented code, and nothing is done."""
    before = state.export()
    answer = post(path, body_with(path, changed))
    assert (answer["ActionStatus"], answer["ErrorCode"]) == ("FAIL", code), answer
    assert answer["ErrorInfo"]
    assert state.export() == before


def test_a_push_flag_out_of_its_set_is_refused(post: Post) -> None:
    """PushFlag is 0 or 1."""
    assert post(SEND, SENT | {"OfflinePushInfo": {"PushFlag": 7}})["ErrorCode"] == 90010


def test_every_code_that_is_answered_is_documented() -> None:
    """No test expects a code that the error table does not know."""
    assert not [code for _, _, code in BAD if explain(code).category == "unknown"]


@pytest.mark.parametrize(
    "element",
    [
        {"MsgType": "TIMFaceElem", "MsgContent": {"Index": 1, "Data": None, "New": 1}},
        {"MsgType": "TIMLocationElem", "MsgContent": {"Desc": "office", "Latitude": 29, "Longitude": 106.5}},
        {
            "MsgType": "TIMImageElem",
            "MsgContent": {
                "UUID": "1",
                "ImageFormat": 1,
                "ImageInfoArray": [{"Type": 1, "Size": 1, "Width": 1, "Height": 1, "URL": "http://x", "New": 1}],
            },
        },
    ],
)
def test_what_no_document_forbids_is_let_through(post: Post, element: dict[str, Any]) -> None:
    """Unknown keys, nulls in optional fields and whole numbers for fractions are fine."""
    assert post(SEND, SENT | {"MsgBody": [element]})["ErrorCode"] == 0


def test_a_repeat_is_answered_as_the_first(post: Post, clock: FakeClock, state: State) -> None:
    """The same sender, MsgSeq, MsgRandom and content within 120 seconds is one message."""
    first = post(SEND, SENT | {"MsgSeq": 9})
    clock.set_wall_clock(clock.now() + 5)
    assert post(SEND, SENT | {"MsgSeq": 9}) == first
    assert first["MsgKey"] == f"9_1287657_{first['MsgTime']}"
    assert len(state.history("administrator", "lumotuwe2")) == 1


@pytest.mark.parametrize(
    "changed",
    [{"MsgSeq": 10}, {"MsgRandom": 2}, {"From_Account": "lumotuwe1"}, {"MsgBody": [FACE]}, {"MsgSeq": LEFT_OUT}],
)
def test_what_differs_is_another_message(post: Post, state: State, changed: dict[str, Any]) -> None:
    """Another sender, MsgSeq, MsgRandom or content makes a message of its own; without MsgSeq one is drawn."""
    post(SEND, SENT | {"MsgSeq": 9})
    again = SENT | {"MsgSeq": 9} | changed
    answer = post(SEND, {name: value for name, value in again.items() if value is not LEFT_OUT})
    assert answer["ErrorCode"] == 0
    stored = state.history("administrator", "lumotuwe2") + state.history("lumotuwe1", "lumotuwe2")
    assert len(stored) == 2


async def test_a_repeat_is_forgotten_after_two_minutes(post: Post, clock: FakeClock, state: State) -> None:
    """At 119 seconds it is a repeat, at 120 it is a message of its own."""
    post(SEND, SENT | {"MsgSeq": 9})
    await clock.advance(119)
    post(SEND, SENT | {"MsgSeq": 9})
    assert len(state.history("administrator", "lumotuwe2")) == 1
    await clock.advance(1)
    post(SEND, SENT | {"MsgSeq": 9})
    assert len(state.history("administrator", "lumotuwe2")) == 2


@pytest.mark.parametrize("changed", [{"OnlineOnlyFlag": 1}, {"MsgLifeTime": 0}])
def test_an_online_message_is_not_kept(post: Post, state: State, changed: dict[str, Any]) -> None:
    """It can be seen in the state, and is not in the history."""
    post(SEND, SENT | changed)
    assert [message.online_only for message in state.conversation("administrator", "lumotuwe2")] == [True]
    assert state.history("administrator", "lumotuwe2") == []


def test_a_batch_names_who_was_not_reached(post: Post, state: State) -> None:
    """The others receive it, all under one key."""
    answer = post(SEND_BATCH, BATCH | {"To_Account": ["nobody", "leckie", "lumotuwe2"]})
    assert (answer["ActionStatus"], answer["ErrorCode"]) == ("SomeError", 0)
    assert answer["ErrorList"] == [{"To_Account": "nobody", "ErrorCode": 70107}]
    stored = [*state.history("administrator", "leckie"), *state.history("administrator", "lumotuwe2")]
    assert [message.msg_key for message in stored] == [answer["MsgKey"]] * 2


def test_a_batch_is_not_told_from_its_repeat(post: Post, state: State) -> None:
    """Batches have no window: a repeat arrives again."""
    post(SEND_BATCH, BATCH | {"MsgSeq": 9})
    post(SEND_BATCH, BATCH | {"MsgSeq": 9})
    assert len(state.history("administrator", "lumotuwe1")) == 2


def test_a_group_message_is_numbered(post: Post, state: State) -> None:
    """MsgSeq rises from 1 in each group."""
    answers = [post(SEND_GROUP, GROUP_SENT | {"Random": random}) for random in range(3)]
    assert [answer["MsgSeq"] for answer in answers] == [1, 2, 3]
    assert [message.msg_seq for message in state.groups[GROUP].history] == [1, 2, 3]


async def test_a_group_repeat_is_dropped_for_five_minutes(post: Post, clock: FakeClock, state: State) -> None:
    """The same Random and content is one message, whatever else differs; other content is another."""
    first = post(SEND_GROUP, GROUP_SENT)
    await clock.advance(299)
    assert post(SEND_GROUP, GROUP_SENT | {"From_Account": "leckie"}) == first
    assert post(SEND_GROUP, GROUP_SENT | {"MsgBody": [FACE]})["MsgSeq"] == 2
    await clock.advance(1)
    assert post(SEND_GROUP, GROUP_SENT)["MsgSeq"] == 3
    assert len(state.groups[GROUP].messages) == 3


async def test_a_flooded_group_drops_messages_without_a_code(post: Post, clock: FakeClock, state: State) -> None:
    """Of 41 messages in a second the last is dropped, and may be sent again a second later."""
    answers = [post(SEND_GROUP, GROUP_SENT | {"Random": random}) for random in range(41)]
    assert {answer["ErrorCode"] for answer in answers} == {0}
    assert [answer.get("MsgDropReason") for answer in answers] == [None] * 40 + ["MsgFreqCtrl"]
    assert len(state.groups[GROUP].messages) == 40
    await clock.advance(1)
    assert "MsgDropReason" not in post(SEND_GROUP, GROUP_SENT | {"Random": 40})


def test_a_muted_account_may_not_write(post: Post, state: State) -> None:
    """The others in the group may."""
    state.mute(GROUP, "leckie", 60)
    assert post(SEND_GROUP, GROUP_SENT | {"From_Account": "leckie"})["ErrorCode"] == 10017
    assert post(SEND_GROUP, GROUP_SENT)["ErrorCode"] == 0


def test_refused_words_are_refused(post: Post, state: State) -> None:
    """A text with a word from the list does not pass."""
    state.rules.refused_words.add("beauty")
    assert post(SEND_GROUP, GROUP_SENT)["ErrorCode"] == 80001
    assert post(SEND_GROUP, GROUP_SENT | {"MsgBody": [FACE]})["ErrorCode"] == 0


@pytest.mark.parametrize(("group_type", "code"), [("Public", 0), ("AVChatRoom", 10007), ("BChatRoom", 10007)])
def test_online_messages_are_not_for_live_groups(post: Post, state: State, group_type: str, code: int) -> None:
    """Elsewhere any number above 0 delivers without keeping."""
    group = state.add_group("live", group_type=group_type)
    answer = post(SEND_GROUP, GROUP_SENT | {"GroupId": "live", "OnlineOnlyFlag": 2})
    assert answer["ErrorCode"] == code
    assert group.history == []
    assert [message.online_only for message in group.messages] == [True] * (code == 0)


def test_a_notice_is_shown_each_time(post: Post, state: State) -> None:
    """Nothing tells a repeat; nobody named means everybody."""
    post(NOTIFY, NOTICE)
    post(NOTIFY, NOTICE | {"ToMembers_Account": ["leckie"]})
    notices = state.groups[GROUP].notices
    assert [(notice.content, notice.to_members_account) for notice in notices] == [
        ("closing", []),
        ("closing", ["leckie"]),
    ]


def test_a_notice_to_a_live_group_is_for_everybody(post: Post, state: State) -> None:
    """Naming members of an AVChatRoom is refused."""
    state.add_group("live", group_type="AVChatRoom")
    assert post(NOTIFY, NOTICE | {"GroupId": "live", "ToMembers_Account": ["leckie"]})["ErrorCode"] == 10007
    assert post(NOTIFY, NOTICE | {"GroupId": "live"})["ErrorCode"] == 0


def test_importing_again_changes_what_is_given(post: Post, state: State) -> None:
    """What is left out stays."""
    post(IMPORT, {"UserID": "leckie", "Nick": "Leckie", "FaceUrl": "http://x"})
    post(IMPORT, {"UserID": "leckie", "Nick": "L"})
    account = state.accounts["leckie"]
    assert (account.nick, account.face_url) == ("L", "http://x")


def test_importing_many_names_those_that_failed(post: Post, state: State) -> None:
    """Good ids are imported beside bad ones, in either form."""
    assert post(IMPORT_MANY, {"Accounts": ["new", "", "a" * 33]})["FailAccounts"] == ["", "a" * 33]
    listed = [{"UserID": "newer", "Nick": "N"}, {"UserID": ""}]
    assert post(IMPORT_MANY, {"AccountList": listed})["FailAccounts"] == [""]
    assert state.accounts["newer"].nick == "N"


def test_checking_tells_who_is_registered(post: Post) -> None:
    """Administrators are, from the start."""
    answer = post(CHECK, {"CheckItem": [{"UserID": "administrator"}, {"UserID": "nobody"}]})
    assert [item["AccountStatus"] for item in answer["ResultItem"]] == ["Imported", "NotImported"]


@pytest.mark.parametrize(("group_type", "start"), [("Public", "@TGS#"), ("Community", "@TGS#_")])
def test_a_group_gets_an_id(post: Post, group_type: str, start: str) -> None:
    """Two groups without ids of their own are two groups."""
    ids = {post(CREATE, CREATED | {"Type": group_type})["GroupId"] for _ in range(2)}
    assert len(ids) == 2
    assert all(group_id.startswith(start) for group_id in ids)


@pytest.mark.parametrize("owner", [{}, {"Owner_Account": "leckie"}])
def test_creating_a_group_again_is_harmless(post: Post, state: State, owner: dict[str, str]) -> None:
    """The same owner hears 10025, another 10021, and the group stays as it is."""
    mine = CREATED | owner | {"GroupId": "mine", "MemberList": [{"Member_Account": "lumotuwe1", "Role": "Admin"}]}
    assert post(CREATE, mine)["GroupId"] == "mine"
    assert post(CREATE, mine)["ErrorCode"] == 10025
    assert post(CREATE, mine | {"Owner_Account": "lumotuwe2"})["ErrorCode"] == 10021
    assert state.groups["mine"].members == [*owner.values(), "lumotuwe1"]


def test_new_names_of_group_types_are_the_old_types(post: Post, state: State) -> None:
    """The service keeps Work as Private and Meeting as ChatRoom."""
    for name in ("Work", "Meeting"):
        post(CREATE, CREATED | {"Type": name, "GroupId": name})
    assert [state.groups[name].type for name in ("Work", "Meeting")] == ["Private", "ChatRoom"]


SAMPLES = Path(__file__).parents[1] / "samples"
SAMPLE_NAMES = [
    *(f"sendmsg_{name}" for name in ("admin", "offline_push", "synced")),
    *(f"group_{name}" for name in ("basic", "sender", "priority", "no_callbacks", "online_only")),
]


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_the_samples_of_the_manual_are_accepted(post: Post, name: str) -> None:
    """Each of the eight bodies that the two founding documents print is answered OK."""
    body = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    answer = post(SEND_GROUP if "GroupId" in body else SEND, body)
    assert answer["ErrorCode"] == 0, answer
