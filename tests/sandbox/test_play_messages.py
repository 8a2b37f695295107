"""One-to-one messages: sent, sent to many, imported."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.conftest import KEY, SDKAPPID, finished
from tests.sandbox.heard import Heard
from tests.sandbox.samples import samples
from timrest_async import Text
from timrest_async.errors import explain
from timrest_async.sandbox import Application, Rules, Service
from timrest_async.sandbox.events import Event, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from timrest_async import TimSession
    from timrest_async.sandbox import Sandbox, State
    from timrest_async.testing import FakeClock

    Post = Callable[..., dict[str, Any]]
    Query = Callable[..., dict[str, str]]

SEND, BATCH, IMPORT = "openim/sendmsg", "openim/batchsendmsg", "openim/importmsg"
TEXT = {"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi, beauty"}}
FACE = {"MsgType": "TIMFaceElem", "MsgContent": {"Index": 6, "Data": ""}}
NOW = 1_546_300_800

SENT = {"From_Account": "lumotuwe1", "To_Account": "lumotuwe2", "MsgRandom": 1287657, "MsgBody": [TEXT]}
SENT_TO_MANY = SENT | {"To_Account": ["lumotuwe2", "leckie"]}
IMPORTED = SENT | {"SyncFromOldSystem": 5, "MsgSeq": 31906, "MsgTimeStamp": NOW - 60}

BEFORE, AFTER = "C2C.CallbackBeforeSendMsg", "C2C.CallbackAfterSendMsg"


@pytest.fixture
def app() -> Heard:
    """Return an application that goes on with everything."""
    return Heard()


@pytest.fixture
def service(state: State, app: Heard) -> Service:
    """Return a service whose application listens."""
    return heard_by(state, app)


@pytest.fixture
def told(app: Heard) -> list[Event]:
    """Return what the application is told."""
    return app.told


@pytest.fixture
def relations(state: State) -> State:
    """Return a state with the tables of friends, black lists and mutes, of which lumotuwe1 has none."""
    tables = ("friends (From_Account, To_Account, AddTime)", "black_list (From_Account, To_Account, AddBlackTimeStamp)")
    for table in (*tables, "global_mutes (UserID, ChatType, MuteUntil)"):
        state.store.run(f"CREATE TABLE IF NOT EXISTS {table}")
    return state


def heard_by(state: State, listener: Heard) -> Service:
    """Return a service with an application that listens."""
    return Service(Application(sdkappid=SDKAPPID, secret_key=KEY), state, listener)


def said(service: Service, query: Query, body: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to a message."""
    return finished(service.answer(SEND, query(), json.dumps(body).encode()))


def column(state: State, name: str) -> list[Any]:
    """Return a column of all messages, in the order in which they came."""
    return [row[name] for row in state.store.rows("SELECT * FROM messages ORDER BY number")]


def unread(post: Post, account: str) -> int:
    """Return how much an account has not read."""
    return int(post("openim/get_c2c_unread_msg_num", {"To_Account": account})["AllC2CUnreadMsgNum"])


async def test_messages_come_from_one_to_many_and_from_the_past(tim: TimSession, box: Sandbox) -> None:
    """What is sent, sent to many and imported stands in the history, in the order of its times."""
    receipt = await tim.messages.send("bob", Text("hi"), from_account="alice", cloud_custom_data="data")
    batch = await tim.messages.send_batch(["alice", "bob", "nobody"], Text("all"), from_account="carol")
    await tim.messages.import_one("bob", "alice", msg_time_stamp=NOW - 60, msg_body=[Text("long ago")])
    assert [error.to_account for error in batch.error_list] == ["nobody"]
    history = box.state.history("alice", "bob")
    assert [message.msg_body for message in history] == [[Text("long ago")], [Text("hi")]]
    assert (history[1].msg_key, history[1].cloud_custom_data) == (receipt.msg_key, "data")
    assert {box.state.history("carol", name)[0].msg_key for name in ("alice", "bob")} == {batch.msg_key}


BAD: list[tuple[str, dict[str, Any], int]] = [
    (SEND, {"IsNeedReadReceipt": 2}, 90010),
    (SEND, {"SupportMessageExtension": "1"}, 90010),
    (SEND, {"SendMsgControl": ["NoNothing"]}, 90010),
    (SEND, {"ForbidCallbackControl": "ForbidBeforeSendMsgCallback"}, 90010),
    (SEND, {"MsgLifeTime": 604_801}, 90026),
    (SEND, {"MsgLifeTime": -1}, 90026),
    (BATCH, {"SendMsgControl": "NoUnread"}, 90010),
    (BATCH, {"To_Account": [5]}, 90003),
    (BATCH, {"MsgLifeTime": 604_801}, 90026),
    (IMPORT, {"SyncFromOldSystem": None}, 90030),
    (IMPORT, {"SyncFromOldSystem": "2"}, 90030),
    (IMPORT, {"SyncFromOldSystem": 3}, 90030),
    (IMPORT, {"From_Account": None}, 90008),
    (IMPORT, {"From_Account": ""}, 90008),
    (IMPORT, {"From_Account": "nobody"}, 90008),
    (IMPORT, {"To_Account": None}, 90003),
    (IMPORT, {"To_Account": ["lumotuwe2"]}, 90003),
    (IMPORT, {"To_Account": "nobody"}, 90012),
    (IMPORT, {"MsgSeq": 2**32}, 90010),
    (IMPORT, {"MsgRandom": None}, 90005),
    (IMPORT, {"MsgTimeStamp": None}, 90006),
    (IMPORT, {"MsgTimeStamp": "now"}, 90006),
    (IMPORT, {"MsgTimeStamp": -1}, 90006),
    (IMPORT, {"MsgBody": None}, 90002),
    (IMPORT, {"MsgBody": TEXT}, 90007),
    (IMPORT, {"MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {}}]}, 90010),
    (IMPORT, {"CloudCustomData": {}}, 90010),
    (IMPORT, {"CloudCustomData": "x" * 12_289}, 93000),
]


@pytest.mark.parametrize(("path", "changed", "code"), BAD)
def test_a_bad_field_is_refused(post: Post, state: State, path: str, changed: dict[str, Any], code: int) -> None:
    """Each bad field has its documented code, and nothing is done."""
    before = state.export()
    answer = post(path, {SEND: SENT, BATCH: SENT_TO_MANY, IMPORT: IMPORTED}[path] | changed)
    assert (answer["ActionStatus"], answer["ErrorCode"]) == ("FAIL", code), answer
    assert explain(code).category != "unknown"
    assert state.export() == before


@pytest.mark.parametrize("path", [SEND, BATCH])
def test_a_life_of_more_than_a_week_may_be_shortened(post: Post, state: State, path: str) -> None:
    """From 2020 to 2023 a MsgLifeTime above 7 days was 7 days; below 0 it never was anything."""
    state.rules.long_life = "shorten"
    good = SENT if path == SEND else SENT_TO_MANY
    assert post(path, good | {"MsgLifeTime": 604_801})["ErrorCode"] == 0
    assert post(path, good | {"MsgLifeTime": -1})["ErrorCode"] == 90026


@pytest.mark.parametrize(
    ("changed", "kept"),
    [({}, True), ({"MsgLifeTime": 1}, True), ({"MsgLifeTime": 0}, False), ({"OnlineOnlyFlag": 1}, False)],
)
@pytest.mark.parametrize("path", [SEND, BATCH])
def test_a_message_for_who_is_online_leaves_no_trace(
    post: Post, state: State, path: str, changed: dict[str, Any], *, kept: bool
) -> None:
    """It is in no history, counts as unread nowhere and brings no conversation up."""
    post(path, (SENT if path == SEND else SENT_TO_MANY) | changed)
    assert bool(state.history("lumotuwe1", "lumotuwe2")) is kept
    assert state.conversation("lumotuwe1", "lumotuwe2")
    assert unread(post, "lumotuwe2") == kept
    assert bool(state.store.rows("SELECT * FROM conversations WHERE MsgTime > 0")) is kept


async def test_batches_have_so_many_receivers_a_minute(post: Post, state: State, clock: FakeClock) -> None:
    """Receivers count, not calls; those who were not reached do not, nor do batches that were refused."""
    state.rules.receivers_per_minute = 3
    assert post(BATCH, SENT_TO_MANY | {"To_Account": ["lumotuwe2", "nobody", "leckie", "leckie"]})["ErrorCode"] == 0
    await clock.advance(59)
    assert post(BATCH, SENT_TO_MANY)["ErrorCode"] == 60007
    assert post(BATCH, SENT_TO_MANY | {"To_Account": ["leckie"]})["ErrorCode"] == 0
    assert post(BATCH, SENT_TO_MANY | {"To_Account": ["leckie"]})["ErrorCode"] == 60007
    await clock.advance(1)
    assert post(BATCH, SENT_TO_MANY)["ErrorCode"] == 0
    state.rules.receivers_per_minute = None
    assert post(BATCH, SENT_TO_MANY)["ErrorCode"] == 0


def test_who_is_named_twice_receives_one_message(post: Post, state: State) -> None:
    """The receivers of a batch are a set."""
    post(BATCH, SENT_TO_MANY | {"To_Account": ["leckie", "leckie"]})
    assert len(state.history("lumotuwe1", "leckie")) == 1


def test_a_batch_counts_for_each_of_its_receivers(post: Post) -> None:
    """Each has one more unread message of the sender, and the sender none."""
    post(BATCH, SENT_TO_MANY)
    post(BATCH, SENT_TO_MANY | {"SendMsgControl": ["NoUnread"]})
    assert [unread(post, name) for name in ("lumotuwe1", "lumotuwe2", "leckie")] == [0, 1, 1]


@pytest.mark.parametrize(
    ("changed", "lists"),
    [
        ({}, ["lumotuwe1", "lumotuwe2"]),
        ({"SyncOtherMachine": 1}, ["lumotuwe1", "lumotuwe2"]),
        ({"SyncOtherMachine": 2}, ["lumotuwe2"]),
        ({"SendMsgControl": ["NoLastMsg"]}, []),
    ],
)
@pytest.mark.parametrize("path", [SEND, BATCH])
def test_a_message_brings_the_conversation_up(
    post: Post, state: State, path: str, changed: dict[str, Any], lists: list[str]
) -> None:
    """On both sides, but for a sender who gets no copy, or where nobody's list is to change."""
    post(path, SENT | {"To_Account": "lumotuwe2" if path == SEND else ["lumotuwe2"]} | changed)
    assert state.store.values("SELECT UserID FROM conversations WHERE MsgTime > 0 ORDER BY UserID") == lists


@pytest.mark.parametrize(("how", "count"), [(1, 1), (2, 0), (5, 1)])
def test_an_import_counts_as_unread_or_not(post: Post, how: int, count: int) -> None:
    """What was read long ago does not; what comes in as a new message does."""
    post(IMPORT, IMPORTED | {"SyncFromOldSystem": how})
    assert unread(post, "lumotuwe2") == count


@pytest.mark.parametrize(
    ("changed", "count"),
    [
        ({}, 1),
        ({"MsgBody": [FACE]}, 1),
        ({"From_Account": "lumotuwe2", "To_Account": "lumotuwe1"}, 1),
        ({"MsgSeq": 1}, 2),
        ({"MsgSeq": None}, 2),
        ({"MsgRandom": 1}, 2),
        ({"MsgTimeStamp": NOW}, 2),
    ],
)
async def test_an_import_is_done_once(
    post: Post, state: State, clock: FakeClock, changed: dict[str, Any], count: int
) -> None:
    """The same time, MsgSeq and MsgRandom in a conversation are one message for ever; the first one stays."""
    post(IMPORT, IMPORTED)
    await clock.advance(1_000)
    assert post(IMPORT, IMPORTED | changed)["ErrorCode"] == 0
    assert len(state.history("lumotuwe1", "lumotuwe2")) == count
    assert column(state, "MsgBody")[0] == [TEXT]


def test_an_import_tells_nobody(post: Post, told: list[Event]) -> None:
    """Neither imports nor batches trigger a callback."""
    post(IMPORT, IMPORTED)
    post(BATCH, SENT_TO_MANY)
    assert told == []


def test_an_import_is_older_than_what_the_list_shows(post: Post, state: State) -> None:
    """An older message does not push a conversation down."""
    post(SEND, SENT)
    post(IMPORT, IMPORTED)
    assert state.store.values("SELECT MsgTime FROM conversations WHERE MsgTime > 0") == [NOW, NOW]


def test_what_is_stored_with_a_message(post: Post, state: State) -> None:
    """Receipts and extensions are asked for when it is sent."""
    post(SEND, SENT | {"IsNeedReadReceipt": 1, "SupportMessageExtension": 1})
    post(SEND, SENT)
    assert (column(state, "IsNeedReadReceipt"), column(state, "SupportMessageExtension")) == ([1, 0], [1, 0])


def test_the_callbacks_say_what_the_manual_lists(state: State, query: Query) -> None:
    """Before: the message with its key; after: what became of it, and how much the receiver has not read."""
    listener = Heard()
    service = heard_by(state, listener)
    first = said(service, query, SENT | {"MsgSeq": 9})
    said(service, query, SENT | {"From_Account": "leckie", "CloudCustomData": "data", "OnlineOnlyFlag": 1})
    told = {"From_Account": "lumotuwe1", "To_Account": "lumotuwe2", "MsgSeq": 9, "MsgRandom": 1287657}
    told |= {"MsgTime": NOW, "MsgKey": first["MsgKey"], "OnlineOnlyFlag": 0, "MsgBody": [TEXT], "CloudCustomData": ""}
    result = {"SendMsgResult": 0, "ErrorInfo": "send msg succeed", "UnreadMsgNum": 1}
    assert [event.command for event in listener.asked + listener.told] == [BEFORE, BEFORE, AFTER, AFTER]
    assert (listener.asked[0].body, listener.told[0].body) == (told, told | result)
    last = listener.told[1].body
    assert (last["OnlineOnlyFlag"], last["CloudCustomData"], last["UnreadMsgNum"]) == (1, "data", 1)


def test_callbacks_can_be_left_out(state: State, query: Query) -> None:
    """A message may forbid each of them for itself."""
    listener = Heard()
    service = heard_by(state, listener)
    said(service, query, SENT | {"ForbidCallbackControl": ["ForbidBeforeSendMsgCallback"]})
    said(service, query, SENT | {"ForbidCallbackControl": ["ForbidAfterSendMsgCallback"]})
    assert (len(listener.asked), len(listener.told)) == (1, 1)


@pytest.mark.parametrize(
    ("verdict", "code", "stored"),
    [
        (Verdict(0), 0, True),
        (Verdict(1, "no"), 20006, False),
        (Verdict(2), 0, False),
        (Verdict(120_001, "no"), 120_001, False),
        (Verdict(130_000, "no"), 130_000, False),
        (Verdict(130_001, "no"), 20006, False),
    ],
)
def test_the_application_decides(state: State, query: Query, verdict: Verdict, code: int, *, stored: bool) -> None:
    """It lets a message go, refuses it with 20006 or a code of its own, or drops it without a word."""
    listener = Heard(verdict)
    answer = said(heard_by(state, listener), query, SENT)
    assert answer["ErrorCode"] == code
    assert ("MsgKey" in answer) is (code == 0)
    assert len(state.history("lumotuwe1", "lumotuwe2")) == len(listener.told) == stored


def test_the_application_may_change_a_message(state: State, query: Query) -> None:
    """What it puts in the place of the body is stored and told."""
    listener = Heard(Verdict(0, fields={"MsgBody": [FACE], "CloudCustomData": "mine", "To_Account": "leckie"}))
    said(heard_by(state, listener), query, SENT)
    assert (column(state, "MsgBody"), column(state, "CloudCustomData")) == ([[FACE]], ["mine"])
    assert (listener.told[0].body["MsgBody"], listener.told[0].body["CloudCustomData"]) == ([FACE], "mine")
    assert listener.asked[0].body["MsgBody"] == [TEXT]


def test_a_repeat_may_overtake_the_first(state: State, query: Query) -> None:
    """Where one is sent again while the application is asked, it is still one message."""
    again = heard_by(state, Heard())
    answers: list[dict[str, Any]] = []
    slow = Heard(Verdict())
    slow.meanwhile = lambda: answers.append(said(again, query, SENT | {"MsgSeq": 9}))
    answers.append(said(heard_by(state, slow), query, SENT | {"MsgSeq": 9}))
    assert answers[0] == answers[1]
    assert len(state.history("lumotuwe1", "lumotuwe2")) == 1


@pytest.mark.parametrize(("forbidden", "count"), [([], 1), (["ForbidAfterSendMsgCallback"], 0)])
def test_a_message_that_fails_is_told(
    post: Post, state: State, told: list[Event], forbidden: list[str], count: int
) -> None:
    """The application hears of a message that was refused for its words, with the code and no count."""
    state.rules.refused_words.add("beauty")
    assert post(SEND, SENT | {"ForbidCallbackControl": forbidden})["ErrorCode"] == 80001
    results = [(event.command, event.body["SendMsgResult"], event.body["UnreadMsgNum"]) for event in told]
    assert results == [(AFTER, 80001, -1)] * count
    assert post(BATCH, SENT_TO_MANY)["ErrorCode"] == 80001


@pytest.mark.parametrize(
    ("lists", "code"),
    [
        ([], 20009),
        ([("lumotuwe1", "lumotuwe2")], 20010),
        ([("lumotuwe2", "lumotuwe1")], 20011),
        ([("lumotuwe1", "lumotuwe2"), ("lumotuwe2", "lumotuwe1")], 0),
    ],
)
def test_only_friends_may_write_where_that_is_checked(
    post: Post, relations: State, lists: list[tuple[str, str]], code: int
) -> None:
    """By whose list lacks whom; batches and the administrator itself are above it, and so is everybody since 2020."""
    for owner, friend in lists:
        relations.store.insert("friends", {"From_Account": owner, "To_Account": friend, "AddTime": NOW})
    relations.store.commit()
    assert post(SEND, SENT)["ErrorCode"] == 0
    relations.rules = Rules.of(2018)
    assert post(SEND, SENT)["ErrorCode"] == code
    assert post(SEND, SENT | {"From_Account": None})["ErrorCode"] == 0
    assert post(BATCH, SENT_TO_MANY)["ErrorCode"] == 0


def test_who_is_on_the_black_list_may_not_write_where_that_is_checked(post: Post, relations: State) -> None:
    """The list of the receiver counts, not that of the sender."""
    row = {"From_Account": "lumotuwe2", "To_Account": "lumotuwe1", "AddBlackTimeStamp": NOW}
    relations.store.insert("black_list", row)
    relations.store.commit()
    relations.rules = Rules(check_black_list=True)
    assert post(SEND, SENT)["ErrorCode"] == 20007
    assert post(SEND, SENT | {"From_Account": "lumotuwe2", "To_Account": "lumotuwe1"})["ErrorCode"] == 0
    relations.rules = Rules()
    assert post(SEND, SENT)["ErrorCode"] == 0


async def test_who_is_muted_may_not_write_where_that_is_checked(post: Post, relations: State, clock: FakeClock) -> None:
    """Until the mute ends; a mute in groups does not count."""
    mute = {"UserID": "lumotuwe1", "ChatType": "C2C", "MuteUntil": NOW + 60}
    relations.store.insert("global_mutes", mute)
    relations.store.insert("global_mutes", mute | {"UserID": "lumotuwe2", "ChatType": "Group"})
    relations.store.commit()
    assert post(SEND, SENT)["ErrorCode"] == 0
    relations.rules = Rules(check_mute=True)
    assert post(SEND, SENT)["ErrorCode"] == 20012
    assert post(SEND, SENT | {"From_Account": "lumotuwe2", "To_Account": "lumotuwe1"})["ErrorCode"] == 0
    await clock.advance(60)
    assert post(SEND, SENT)["ErrorCode"] == 0


def test_a_deleted_account_takes_its_side_along(post: Post, state: State) -> None:
    """Who comes back under the same name finds an empty history and nothing unread; the other side keeps all."""
    post(SEND, SENT)
    post(SEND, SENT | {"From_Account": "lumotuwe2", "To_Account": "lumotuwe1"})
    state.store.run("DELETE FROM accounts WHERE UserID = 'lumotuwe1'")
    state.store.commit()
    state.add_account("lumotuwe1")
    page = {"MaxCnt": 100, "MinTime": 0, "MaxTime": NOW}
    views = [("lumotuwe1", "lumotuwe2"), ("lumotuwe2", "lumotuwe1")]
    read = [post("openim/admin_getroammsg", page | {"Operator_Account": a, "Peer_Account": b}) for a, b in views]
    assert [answer["MsgCnt"] for answer in read] == [0, 2]
    assert (unread(post, "lumotuwe1"), unread(post, "lumotuwe2")) == (0, 1)
    assert column(state, "unread") == [1, 0]


def test_a_send_takes_four_statements(state: State, post: Post) -> None:
    """However many messages are there: both accounts and the repeat, the message, the lists, the count."""
    ran: list[str] = []
    post(SEND, SENT)
    state.store._db.set_trace_callback(ran.append)
    post(SEND, SENT)
    state.store._db.set_trace_callback(None)
    work = [sql for sql in ran if not sql.startswith(("BEGIN", "COMMIT", "--"))]
    assert [sql.split()[0] for sql in work] == ["SELECT", "INSERT", "INSERT", "SELECT"]


@pytest.mark.parametrize("path", [SEND, BATCH, IMPORT])
def test_the_sample_of_the_manual_is_played(post: Post, state: State, path: str) -> None:
    """What the manual sends is taken, and answered with fields that it shows."""
    for account in ("dramon1", "bonnie"):
        state.add_account(account)
    sent, shown = samples(path)
    answer = post(path, sent)
    assert answer["ErrorCode"] == 0
    assert answer.keys() == shown.keys() - ({"MsgTime"} if path == BATCH else set())
