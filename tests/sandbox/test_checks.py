"""The checks of the service in one table: what is wrong with a call, and the code that the manual gives for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.conftest import GROUP, KEY, SDKAPPID, finished
from timrest_async.errors import explain
from timrest_async.sandbox import Application, Rules, Service, State
from timrest_async.testing import FakeClock
from timrest_async.usersig import sign

if TYPE_CHECKING:
    from collections.abc import Callable

    Prepare = Callable[[State], object]

TEXT = {"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi, beauty"}}
SEND, BATCH, IMPORT_MESSAGE = "openim/sendmsg", "openim/batchsendmsg", "openim/importmsg"
SEND_GROUP, GROUP_INFO = "group_open_http_svc/send_group_msg", "group_open_http_svc/get_group_info"
CREATE, CHECK = "group_open_http_svc/create_group", "im_open_login_svc/account_check"
GOOD: dict[str, dict[str, Any]] = {
    SEND: {"To_Account": "lumotuwe2", "MsgRandom": 1, "MsgBody": [TEXT]},
    BATCH: {"To_Account": ["lumotuwe1", "lumotuwe2"], "MsgRandom": 1, "MsgBody": [TEXT]},
    SEND_GROUP: {"GroupId": GROUP, "Random": 1, "MsgBody": [TEXT]},
    CREATE: {"Type": "Public", "Name": "friends"},
    CHECK: {"CheckItem": [{"UserID": "leckie"}]},
}


def call(
    path: str = SEND,
    *,
    body: bytes | None = None,
    rules: Rules | None = None,
    before: Prepare | None = None,
    signed: dict[str, Any] | None = None,
    query: dict[str, Any] | None = None,
    **fields: Any,
) -> int:
    """Make one call that is good but for what is given, and return its code. A field of None is left out."""
    clock = FakeClock()
    state = State(clock, rules=rules or Rules())
    for account in ("lumotuwe1", "lumotuwe2", "leckie"):
        state.add_account(account)
    state.add_group(GROUP, owner="leckie")
    if before is not None:
        before(state)
    given: dict[str, Any] = {"sdkappid": SDKAPPID, "secret_key": KEY, "identifier": "administrator", "expire": 60}
    usersig = sign(**given | {"time": int(clock.now())} | (signed or {}))
    good = {"sdkappid": SDKAPPID, "identifier": "administrator", "contenttype": "json", "random": 1, "usersig": usersig}
    asked = {name: str(value) for name, value in (good | (query or {})).items() if value is not None}
    sent = {name: value for name, value in (GOOD.get(path, {}) | fields).items() if value is not None}
    service = Service(Application(sdkappid=SDKAPPID, secret_key=KEY), state)
    answer = finished(service.answer(path, asked, json.dumps(sent).encode() if body is None else body))
    assert (answer["ActionStatus"] == "FAIL") == (answer["ErrorCode"] != 0)
    assert bool(answer["ErrorInfo"]) == (answer["ErrorCode"] != 0)
    return int(answer["ErrorCode"])


def befriend(account: str, friend: str) -> Prepare:
    """Put *friend* into the list of *account*."""
    return lambda state: put(state, "friends", account, friend)


def put(state: State, table: str, account: str, other: str) -> None:
    """Put *other* on a list of *account*."""
    times = {"friends": "AddTime", "black_list": "AddBlackTimeStamp"}
    state.store.insert(table, {"From_Account": account, "To_Account": other, times[table]: state.now})
    state.store.commit()


HER_FRIEND, HIS_FRIEND = befriend("leckie", "lumotuwe2"), befriend("lumotuwe2", "leckie")
FRIENDS, BLACK_LIST = Rules(check_friends=True), Rules(check_black_list=True)


def blocked(state: State) -> None:
    """Put the sender on the receiver's black list."""
    put(state, "black_list", "lumotuwe2", "leckie")


def muted(state: State) -> None:
    """Let the sender write nothing in the group."""
    state.mute(GROUP, "leckie", 60)


def taken(state: State) -> None:
    """Let somebody else have a group."""
    state.add_group("g", owner="a")


TABLE: list[tuple[str, int, dict[str, Any]]] = [
    # the URL
    ("no sdkappid", 60012, {"query": {"sdkappid": None}}),
    ("an sdkappid that is no number", 60006, {"query": {"sdkappid": "app"}}),
    ("an application that is not here", 70020, {"query": {"sdkappid": 1_400_000_001}}),
    ("no identifier", 60004, {"query": {"identifier": None}}),
    ("an identifier of 33 bytes", 60004, {"query": {"identifier": "a" * 33}}),
    ("another contenttype", 60002, {"query": {"contenttype": "xml"}}),
    ("a random that is no 32-bit number", 60002, {"query": {"random": 2**32}}),
    ("a command that nobody knows", 60009, {"path": "openim/sendmessage"}),
    ("a group command that nobody knows", 10003, {"path": "group_open_http_svc/send"}),
    # the UserSig
    ("no UserSig", 70002, {"query": {"usersig": None}}),
    ("a UserSig that was cut", 70003, {"query": {"usersig": "eJxlj"}}),
    ("a UserSig that has expired", 70001, {"signed": {"time": 1}}),
    ("a UserSig of another key", 70009, {"signed": {"secret_key": "another"}}),
    ("a UserSig of another account", 70013, {"signed": {"identifier": "leckie"}}),
    ("a UserSig of another application", 70014, {"signed": {"sdkappid": 1_400_000_001}}),
    ("no administrator", 60010, {"query": {"identifier": "leckie"}, "signed": {"identifier": "leckie"}}),
    # JSON
    ("no JSON, to openim", 90001, {"body": b"{"}),
    ("no JSON, to the groups", 10011, {"path": SEND_GROUP, "body": b"{"}),
    ("no JSON, to the accounts", 60003, {"path": CHECK, "body": b"{"}),
    ("a list", 90001, {"body": b"[]"}),
    ("an account that is a number", 60015, {"From_Account": 5}),
    # MsgBody
    ("no MsgBody", 90002, {"MsgBody": None}),
    ("an empty MsgBody", 90002, {"MsgBody": []}),
    ("an element without MsgContent", 90002, {"MsgBody": [{"MsgType": "TIMTextElem"}]}),
    ("a MsgBody that is no array", 90007, {"MsgBody": TEXT}),
    ("a Text that is a number", 90010, {"MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": 5}}]}),
    ("a MsgType that nobody knows", 90010, {"MsgBody": [{"MsgType": "TIMNewElem", "MsgContent": {}}]}),
    ("no MsgBody in a group", 10004, {"path": SEND_GROUP, "MsgBody": None}),
    # numbers
    ("no MsgRandom", 90005, {"MsgRandom": None}),
    ("a MsgSeq that is no 32-bit number", 90004, {"MsgSeq": -1}),
    ("a MsgLifeTime that is a string", 90044, {"MsgLifeTime": "60"}),
    ("a life of more than 7 days", 90026, {"MsgLifeTime": 604_801}),
    ("the same, as of 2021", 0, {"MsgLifeTime": 604_801, "rules": Rules.of(2021)}),
    # accounts
    ("no receiver", 90003, {"To_Account": None}),
    ("a receiver that does not exist", 90012, {"To_Account": "nobody"}),
    ("a sender that does not exist", 20003, {"From_Account": "nobody"}),
    ("a batch of 501", 90011, {"path": BATCH, "To_Account": ["leckie"] * 501}),
    ("a batch of nobody", 90003, {"path": BATCH, "To_Account": []}),
    ("a batch that reaches nobody", 90012, {"path": BATCH, "To_Account": ["nobody", "no one"]}),
    ("a batch of a sender that does not exist", 90008, {"path": BATCH, "From_Account": "nobody"}),
    ("101 accounts to be checked", 70206, {"path": CHECK, "CheckItem": [{"UserID": "a"}] * 101}),
    ("an owner that does not exist", 10019, {"path": CREATE, "Owner_Account": "nobody"}),
    # groups
    ("a group that does not exist", 10010, {"path": SEND_GROUP, "GroupId": "@TGS#gone"}),
    ("a group id of 49 bytes", 10015, {"path": SEND_GROUP, "GroupId": "g" * 49}),
    ("a group id that is the service's own", 10015, {"path": CREATE, "GroupId": "@TGS#mine"}),
    ("a group id that is taken", 10021, {"path": CREATE, "GroupId": "g", "before": taken}),
    ("somebody who was muted", 10017, {"path": SEND_GROUP, "From_Account": "leckie", "before": muted}),
    # sizes and words
    ("a packet of more than 12 KB", 93000, {"CloudCustomData": "x" * 12_289}),
    ("a packet of 9 KB", 0, {"CloudCustomData": "x" * 9_000}),
    ("the same, as of 2018", 93000, {"CloudCustomData": "x" * 9_000, "rules": Rules(packet_bytes=8 * 1024)}),
    ("a group message of more than 12 KB", 80002, {"path": SEND_GROUP, "CloudCustomData": "x" * 12_289}),
    ("a word that is refused", 80001, {"rules": Rules(refused_words={"beauty"})}),
    ("the same in a group", 80001, {"path": SEND_GROUP, "rules": Rules(refused_words={"beauty"})}),
    # friends, where they are asked for
    ("strangers", 20009, {"From_Account": "leckie", "rules": FRIENDS}),
    ("a receiver who has no such friend", 20010, {"From_Account": "leckie", "rules": FRIENDS, "before": HER_FRIEND}),
    ("a sender who has no such friend", 20011, {"From_Account": "leckie", "rules": FRIENDS, "before": HIS_FRIEND}),
    ("somebody on the black list", 20007, {"From_Account": "leckie", "rules": BLACK_LIST, "before": blocked}),
    ("strangers, where nobody asks", 0, {"From_Account": "leckie"}),
]


@pytest.mark.parametrize(("wrong", "code", "given"), TABLE, ids=[wrong for wrong, _, _ in TABLE])
def test_what_is_wrong_has_its_code(wrong: str, code: int, given: dict[str, Any]) -> None:
    """Each of them, alone, in a call that is good otherwise."""
    assert call(**given) == code, wrong


@pytest.mark.parametrize("path", GOOD)
def test_the_calls_are_good_otherwise(path: str) -> None:
    """With nothing wrong the same calls are answered OK."""
    assert call(path) == 0


def test_every_code_is_documented() -> None:
    """No row expects a code that the error table does not know."""
    assert not [code for _, code, _ in TABLE if code and explain(code).category == "unknown"]
