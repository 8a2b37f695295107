"""The life of an account: imported, online, logged out, deleted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from attrs import define

from tests.sandbox.conftest import GROUP, KEY, SDKAPPID, finished
from tests.sandbox.heard import Heard
from tests.sandbox.samples import samples
from timrest_async import ApiError
from timrest_async.commands.accounts import AccountImportItem
from timrest_async.sandbox import Application, Rules, Service, State
from timrest_async.sandbox.play.accounts import log_in, log_out, unknown_of

if TYPE_CHECKING:
    from tests.sandbox.conftest import Post, Query
    from timrest_async import TimSession
    from timrest_async.sandbox import Sandbox
    from timrest_async.testing import FakeClock

IMPORT = "im_open_login_svc/account_import"
IMPORT_MANY = "im_open_login_svc/multiaccount_import"
DELETE = "im_open_login_svc/account_delete"
CHECK = "im_open_login_svc/account_check"
KICK = "im_open_login_svc/kick"
ONLINE = "openim/query_online_status"


@define(kw_only=True)
class Trial(Rules):
    """The switches of a plan."""

    calls_per_second: int | None = None
    account_limit: int | None = None
    delete_accounts: bool = True


def items(*accounts: str) -> list[dict[str, str]]:
    """Return accounts as these commands list them."""
    return [{"UserID": account} for account in accounts]


def called(service: Service, query: Query, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Call a service of one's own."""
    return finished(service.answer(path, query(), json.dumps(body).encode()))


async def test_the_life_of_an_account(box: Sandbox, tim: TimSession) -> None:
    """It is imported, comes online, is logged out and deleted, and is unknown from then on."""
    accounts = tim.accounts
    await accounts.import_one("dora", nick="Dora", face_url="https://example.com/d.png")
    listed = [AccountImportItem("emil", "Emil"), AccountImportItem("dora", "D.")]
    assert (await accounts.import_many(account_list=listed)).fail_accounts == []
    assert (box.state.accounts["dora"].nick, box.state.accounts["emil"].nick) == ("D.", "Emil")
    checked = await accounts.check(["dora", "nobody"])
    assert [item.imported for item in checked.result_item] == [True, False]

    box.state.add_group("garden", owner="dora", members=["emil"])
    log_in(box.state, "dora")
    log_in(box.state, "dora", "Web", status="PushOnline")
    status = await accounts.query_online_status(["dora", "emil", "nobody"], is_need_detail=1)
    assert [(user.to_account, user.status, len(user.detail)) for user in status.query_result] == [
        ("dora", "Online", 2),
        ("emil", "Offline", 0),
    ]
    assert [(user.to_account, user.error_code) for user in status.error_list] == [("nobody", 70107)]
    await accounts.kick("dora")
    assert [user.status for user in (await accounts.query_online_status(["dora"])).query_result] == ["Offline"]

    deleted = await accounts.delete(["dora", "nobody"])
    assert [(item.user_id, item.result_code) for item in deleted.result_item] == [("dora", 0), ("nobody", 70107)]
    assert "dora" not in box.state.accounts
    assert (box.state.groups["garden"].members, box.state.groups["garden"].owner_account) == (["emil"], None)
    for call, code in (
        (accounts.kick("dora"), 70107),
        (accounts.query_online_status("dora"), 70107),
        (tim.profiles.get("dora"), 40003),
        (tim.profiles.set("dora", {"Tag_Profile_IM_Nick": "D"}), 40003),
        (tim.operations.get_mute("dora"), 130003),
    ):
        with pytest.raises(ApiError) as refused:
            await call
        assert refused.value.code == code


BAD: list[tuple[str, dict[str, Any], int]] = [
    (DELETE, {}, 70402),
    (DELETE, {"DeleteItem": "new"}, 70402),
    (DELETE, {"DeleteItem": ["new"]}, 70402),
    (DELETE, {"DeleteItem": [{"UserID": 5}]}, 70402),
    (DELETE, {"DeleteItem": [{}]}, 70402),
    (DELETE, {"DeleteItem": []}, 70206),
    (DELETE, {"DeleteItem": items(*map(str, range(101)))}, 70206),
    (CHECK, {"CheckItem": []}, 70206),
    (IMPORT_MANY, {"Accounts": [], "AccountList": None}, 70206),
    (IMPORT_MANY, {}, 70402),
    (IMPORT_MANY, {"Accounts": ["new"], "AccountList": [{"UserID": "new"}]}, 70402),
    (IMPORT_MANY, {"AccountList": [{"UserID": "new", "Nick": "x" * 501}]}, 40601),
    (IMPORT_MANY, {"AccountList": [{"UserID": "new", "Nick": 5}]}, 70402),
    (KICK, {}, 70402),
    (KICK, {"UserID": 5}, 70402),
    (KICK, {"UserID": ""}, 70402),
    (KICK, {"UserID": "nobody"}, 70107),
    (ONLINE, {}, 90003),
    (ONLINE, {"To_Account": "leckie"}, 90003),
    (ONLINE, {"To_Account": [5]}, 90003),
    (ONLINE, {"To_Account": []}, 90003),
    (ONLINE, {"To_Account": ["leckie"] * 501}, 90011),
    (ONLINE, {"To_Account": ["leckie"], "IsNeedDetail": "1"}, 90001),
    (ONLINE, {"To_Account": ["nobody", "no one"]}, 70107),
]


@pytest.mark.parametrize(("path", "body", "code"), BAD)
def test_a_bad_field_is_refused(post: Post, state: State, path: str, body: dict[str, Any], code: int) -> None:
    """Each has its documented code, and nothing is done."""
    before = state.export()
    answer = post(path, body)
    assert (answer["ActionStatus"], answer["ErrorCode"]) == ("FAIL", code), answer
    assert answer["ErrorInfo"]
    assert state.export() == before


def test_deleting_again_says_that_there_is_no_such_account(post: Post) -> None:
    """The call succeeds, each account has a result of its own, also one that is named twice."""
    body = {"DeleteItem": items("leckie", "leckie", "lumotuwe1")}
    assert [item["ResultCode"] for item in post(DELETE, body)["ResultItem"]] == [0, 0, 0]
    again = post(DELETE, body)
    assert (again["ActionStatus"], again["ErrorCode"]) == ("OK", 0)
    assert again["ResultItem"][2] == {
        "UserID": "lumotuwe1",
        "ResultCode": 70107,
        "ResultInfo": "Err_TLS_PT_Open_Login_Account_Not_Exist",
    }


def test_whatever_belongs_to_an_account_goes_with_it(post: Post, state: State) -> None:
    """Profile, login, mute and membership are gone, and do not come back with the name; what it said stays."""
    post(IMPORT, {"UserID": "leckie", "Nick": "Leckie"})
    post("openconfigsvr/setnospeaking", {"Set_Account": "leckie", "C2CmsgNospeakingTime": 60})
    text = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]
    post("openim/sendmsg", {"From_Account": "leckie", "To_Account": "lumotuwe1", "MsgRandom": 1, "MsgBody": text})
    log_in(state, "leckie")
    post(DELETE, {"DeleteItem": items("leckie")})
    post(IMPORT, {"UserID": "leckie"})
    assert state.accounts["leckie"].nick == ""
    assert (state.groups[GROUP].members, state.groups[GROUP].owner_account) == ([], None)
    assert [state.store.rows(f"SELECT * FROM {table}") for table in ("logins", "global_mutes")] == [[], []]  # noqa: S608  # our own names
    assert len(state.history("leckie", "lumotuwe1")) == 1


def test_a_plan_may_keep_accounts_from_being_deleted(clock: FakeClock, query: Query) -> None:
    """It was so for every plan but the trial."""
    state = State(clock, rules=Trial(delete_accounts=False))
    service = Service(Application(sdkappid=SDKAPPID, secret_key=KEY), state)
    state.add_account("leckie")
    assert called(service, query, DELETE, {"DeleteItem": items("leckie")})["ErrorCode"] == 71000
    assert "leckie" in state.accounts


def test_a_plan_may_have_room_for_so_many_accounts(clock: FakeClock, query: Query) -> None:
    """One too many is refused, alone or among many; who is registered can be imported again."""
    state = State(clock, rules=Trial(account_limit=2))
    service = Service(Application(sdkappid=SDKAPPID, secret_key=KEY), state)
    assert called(service, query, IMPORT, {"UserID": "one"})["ErrorCode"] == 0
    assert called(service, query, IMPORT, {"UserID": "one", "Nick": "One"})["ErrorCode"] == 0
    assert called(service, query, IMPORT, {"UserID": "two"})["ErrorCode"] == 70398
    assert called(service, query, IMPORT_MANY, {"Accounts": ["one", "two"]})["ErrorCode"] == 70398
    assert sorted(state.accounts) == ["administrator", "one"]


@pytest.mark.parametrize(
    ("logins", "status"),
    [
        ([], "Offline"),
        ([("iPhone", "PushOnline")], "PushOnline"),
        ([("iPhone", "PushOnline"), ("Web", "Online")], "Online"),
        ([("iPhone", "Online"), ("iPhone", "PushOnline")], "PushOnline"),
    ],
)
def test_an_account_is_the_best_that_it_is_anywhere(
    post: Post, state: State, logins: list[tuple[str, Any]], status: str
) -> None:
    """Online comes before PushOnline; a platform has one state at a time; details are told where they are asked for."""
    for platform, one in logins:
        log_in(state, "leckie", platform, status=one)
    plain = post(ONLINE, {"To_Account": ["leckie"], "IsNeedDetail": 0})
    assert plain["QueryResult"] == [{"To_Account": "leckie", "Status": status}]
    (detailed,) = post(ONLINE, {"To_Account": ["leckie"], "IsNeedDetail": 1})["QueryResult"]
    last = [{"Platform": platform, "Status": one} for platform, one in dict(logins).items()]
    assert detailed.get("Detail", []) == sorted(last, key=lambda device: device["Platform"])


def test_logging_out_ends_one_platform_or_all(post: Post, state: State) -> None:
    """Nobody is online but who was let in, who is registered by that."""
    for platform in ("iPhone", "Web", "PC"):
        log_in(state, "newcomer", platform)
    log_out(state, "newcomer", "Web")
    (user,) = post(ONLINE, {"To_Account": ["newcomer"], "IsNeedDetail": 1})["QueryResult"]
    assert [device["Platform"] for device in user["Detail"]] == ["PC", "iPhone"]
    log_out(state, "newcomer")
    assert post(ONLINE, {"To_Account": ["newcomer"]})["QueryResult"][0]["Status"] == "Offline"


def test_your_application_hears_who_comes_and_goes(state: State, query: Query) -> None:
    """A login is told with the next call, and a kick ends each device; who is offline is not told of."""
    listener = Heard()
    service = Service(Application(sdkappid=SDKAPPID, secret_key=KEY), state, listener)
    log_in(state, "leckie", "iPhone")
    log_in(state, "leckie", "Web")
    called(service, query, KICK, {"UserID": "leckie"})
    called(service, query, KICK, {"UserID": "leckie"})
    assert {event.command for event in listener.heard} == {"State.StateChange"}
    assert [event.body["Info"]["Action"] for event in listener.heard] == ["Login"] * 2 + ["Logout"] * 2
    assert listener.heard[-1].body == {
        "Info": {"Action": "Logout", "To_Account": "leckie", "Reason": "Unregister"},
    }


def test_a_name_that_cannot_be_is_named_and_the_others_are_imported(post: Post, state: State) -> None:
    """Ids of no bytes or of more than 32 fail, in either form."""
    assert post(IMPORT_MANY, {"Accounts": ["", "new", "红" * 11]})["FailAccounts"] == ["", "红" * 11]
    assert post(IMPORT_MANY, {"AccountList": items("", "newer")})["FailAccounts"] == [""]
    assert {"new", "newer"} < state.accounts.keys()


def test_unknown_accounts_are_named_in_their_order(state: State) -> None:
    """Those who are registered are left out."""
    assert unknown_of(state, ["z", "leckie", "a", "z"]) == ["z", "a", "z"]


@pytest.mark.parametrize("path", [IMPORT, IMPORT_MANY, DELETE, CHECK, KICK, ONLINE])
def test_the_samples_are_answered_with_the_keys_of_the_manual(post: Post, path: str) -> None:
    """Each documented request is answered OK, with the fields of the documented reply."""
    request, reply = samples(path)
    answer = post(path, request)
    assert answer["ErrorCode"] == 0, answer
    assert answer.keys() == reply.keys()
