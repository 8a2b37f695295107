"""Official accounts, their subscribers and messages in the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.conftest import KEY, SDKAPPID
from tests.sandbox.heard import Heard
from tests.sandbox.samples import sample, shape
from timrest_async.elements import Text
from timrest_async.sandbox import Application, Rules, Service, State
from timrest_async.sandbox.events import Event, Verdict

if TYPE_CHECKING:
    from timrest_async import TimSession
    from timrest_async.sandbox import Sandbox
    from timrest_async.testing import FakeClock

Post = Callable[..., dict[str, Any]]

SERVICE = "official_account_open_http_svc"
CREATE, DESTROY = f"{SERVICE}/create_official_account", f"{SERVICE}/destroy_official_account"
MODIFY, GET = f"{SERVICE}/modify_official_account_base_info", f"{SERVICE}/get_official_account_info"
ADD, DELETE = f"{SERVICE}/add_subscriber", f"{SERVICE}/delete_subscriber"
NOTE, LIST = f"{SERVICE}/modify_subscriber_info", f"{SERVICE}/get_subscriber_info"
SUBSCRIBED, SEND = f"{SERVICE}/get_subscribed_official_account_list", f"{SERVICE}/send_official_account_msg"
RECALL, HISTORY = f"{SERVICE}/official_account_msg_recall", f"{SERVICE}/official_account_msg_get_simple"

NEWS = "@TOA#_news"
BODY = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "Rain until noon"}}]
OTHER_BODY = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "Sun"}}]
HOUR = 3600


@pytest.fixture
def state(clock: FakeClock) -> State:
    """Return a state in which leckie owns an official account."""
    state = State(clock, rules=Rules(calls_per_second=None))
    for account in ("lumotuwe1", "lumotuwe2", "leckie"):
        state.add_account(account)
    found(state)
    return state


@pytest.fixture
def ears() -> Heard:
    """Return an application that is for everything."""
    return Heard()


@pytest.fixture
def service(state: State, ears: Heard) -> Service:
    """Return a service that asks and tells an application."""
    return Service(Application(sdkappid=SDKAPPID, secret_key=KEY), state, ears)


def found(state: State, official: str = NEWS, **fields: Any) -> None:
    """Put an official account in."""
    row = {"Official_Account": official, "Owner_Account": "leckie", "Name": "News", "CreateTime": state.now}
    state.store.insert("official_accounts", row | fields)
    state.store.commit()


def remove(state: State, sql: str) -> None:
    """Let rows be gone."""
    state.store.run(sql)
    state.store.commit()


def subscribing(*accounts: str, official: str = NEWS) -> dict[str, Any]:
    """Return the body that lets accounts subscribe."""
    return {"Official_Account": official, "SubscriberList": [{"Subscriber_Account": account} for account in accounts]}


def message(random: int = 1, **fields: Any) -> dict[str, Any]:
    """Return the body that sends a message."""
    return {"Official_Account": NEWS, "Random": random, "MsgBody": BODY} | fields


def results(answer: dict[str, Any]) -> dict[str, int]:
    """Return the Result of each account of a good answer."""
    assert answer["ErrorCode"] == 0, answer
    return {item["Subscriber_Account"]: item["Result"] for item in answer["SubscriberList"]}


def subscribers(state: State, official: str = NEWS) -> list[str]:
    """Return who subscribes."""
    sql = "SELECT Subscriber_Account FROM official_subscribers WHERE Official_Account = ? ORDER BY number"
    return state.store.values(sql, official)


def of_news(**told: Any) -> dict[str, Any]:
    """Return what is told of the official account."""
    return {"Official_Account": NEWS, **told}


async def test_the_life_of_an_official_account(tim: TimSession, box: Sandbox, clock: FakeClock) -> None:
    """It is created, changed, subscribed to, read, heard and destroyed, and the typed client reads every answer."""
    created = await tim.official_accounts.create("alice", "News", introduction="All", custom_string="desk=city")
    news = created.official_account_user_id or ""
    assert news.startswith("@TOA#_@TOA#")
    await tim.official_accounts.modify(news, name="Daily News", organization="Press")
    added = await tim.official_accounts.add_subscribers(news, ["bob", "carol", "nobody"])
    assert (added.succeeded, [failure.about for failure in added.failed]) == (["bob", "carol"], ["nobody"])
    await tim.official_accounts.modify_subscriber(news, "bob", custom_string="early bird")
    sent = await tim.official_accounts.send(news, [Text("Rain")], random=7)
    await clock.advance(1)
    later = await tim.official_accounts.send(news, [Text("Sun")], cloud_custom_data="issue=2")
    assert sent.msg_key == f"1_1_{sent.msg_time}"

    got = await tim.official_accounts.get([news, "@TOA#_gone"])
    assert {failure.about: failure.code for failure in got.failed} == {"@TOA#_gone": 10010}
    info = got.official_account_info_list[0]
    assert (info.name, info.owner_account, info.subscriber_num) == ("Daily News", "alice", 2)
    assert (info.introduction, info.organization, info.face_url) == ("All", "Press", "")
    assert (info.custom_string, info.last_msg_time, info.self_info) == ("desk=city", later.msg_time, None)
    listed = [item async for item in tim.official_accounts.each_subscriber(news, limit=1)]
    assert [(item.subscriber_account, item.custom_string) for item in listed] == [("bob", "early bird"), ("carol", "")]
    (mine,) = [item async for item in tim.official_accounts.each_subscribed("bob")]
    assert mine.self_info is not None
    assert (mine.name, mine.self_info.custom_string) == ("Daily News", "early bird")

    recalled = await tim.official_accounts.recall(news, [sent.msg_key or "", "9_1_9"], reason="wrong")
    assert {failure.about: failure.code for failure in recalled.failed} == {"9_1_9": 10030}
    history = [item["MsgKey"] async for item in tim.official_accounts.each_message(news)]
    assert history == [later.msg_key]
    gone = await tim.official_accounts.delete_subscribers(news, ["bob", "alice"])
    assert [item.result for item in gone.subscriber_list] == [1, 2]
    assert subscribers(box.state, news) == ["carol"]
    await tim.official_accounts.destroy(news)
    assert not any(rows for table, rows in box.state.export().items() if table.startswith("official_"))


def test_your_application_is_asked_before_one_is_created(post: Post, ears: Heard) -> None:
    """It hears who wants which name, and afterwards what id that has."""
    answer = post(CREATE, {"Owner_Account": "leckie", "Name": "Shop", "OfficialAccountUserID": "@TOA#_shop"})
    assert answer["OfficialAccountUserID"] == "@TOA#_shop"
    told = {"Operator_Account": "administrator", "Owner_Account": "leckie", "Name": "Shop"}
    assert ears.asked == [Event("OfficialAccount.CallbackBeforeCreateOfficialAccount", told)]
    created = told | {"Official_Account": "@TOA#_shop"}
    assert ears.take() == [("OfficialAccount.CallbackAfterCreateOfficialAccount", created)]


@pytest.mark.parametrize("said", [1, 10_100, 120_001])
def test_your_application_can_refuse_one(post: Post, state: State, ears: Heard, said: int) -> None:
    """No code of its own reaches the caller."""
    ears.verdict, before = Verdict(said, "not today"), state.export()
    answer = post(CREATE, {"Owner_Account": "leckie", "Name": "Shop"})
    assert (answer["ErrorCode"], answer["ErrorInfo"]) == (10016, "not today")
    assert (state.export(), ears.told) == (before, [])


def test_an_id_that_is_taken_meanwhile_is_taken(post: Post, state: State, ears: Heard) -> None:
    """Who asks later is looked at again; so is the owner."""
    ears.meanwhile = lambda: found(state, "@TOA#_shop", Owner_Account="lumotuwe1")
    body = {"Owner_Account": "leckie", "Name": "Shop", "OfficialAccountUserID": "@TOA#_shop"}
    assert post(CREATE, body)["ErrorCode"] == 10021
    ears.meanwhile = lambda: remove(state, "DELETE FROM accounts WHERE UserID = 'leckie'")
    assert post(CREATE, body | {"OfficialAccountUserID": "@TOA#_bar"})["ErrorCode"] == 10019
    assert ears.told == []


def test_a_change_is_told_where_something_changed(post: Post, state: State, ears: Heard) -> None:
    """Your application hears of the fields that are other than before, if the callback has them."""
    change = {"Official_Account": NEWS, "Name": "News", "FaceUrl": "x", "CustomString": "y", "MaxSubscriberNum": 5}
    assert post(MODIFY, change)["ErrorCode"] == 0
    told = of_news(Operator_Account="administrator", FaceUrl="x")
    assert ears.take() == [("OfficialAccount.CallbackAfterOfficialAccountInfoChanged", told)]
    post(MODIFY, change | {"CustomString": "z"})
    assert ears.told == ears.asked == []
    row = state.store.row("SELECT FaceUrl, CustomString, MaxSubscriberNum FROM official_accounts")
    assert row == {"FaceUrl": "x", "CustomString": "z", "MaxSubscriberNum": 5}


def test_what_belongs_to_one_goes_with_it(post: Post, state: State, ears: Heard) -> None:
    """Subscriptions and messages are gone, those of others are not; your application hears whose it was."""
    found(state, "@TOA#_shop")
    for official in (NEWS, "@TOA#_shop"):
        post(ADD, subscribing("lumotuwe1", official=official))
        post(SEND, message(Official_Account=official))
    ears.take()
    assert post(DESTROY, {"Official_Account": NEWS})["ErrorCode"] == 0
    told = of_news(Owner_Account="leckie", Name="News")
    assert ears.take() == [("OfficialAccount.CallbackAfterOfficialAccountDestroyed", told)]
    assert (subscribers(state), subscribers(state, "@TOA#_shop")) == ([], ["lumotuwe1"])
    assert state.store.values("SELECT Official_Account FROM official_messages") == ["@TOA#_shop"]
    assert post(DESTROY, {"Official_Account": NEWS})["ErrorCode"] == 10010


def test_who_is_deleted_leaves_what_he_owned(post: Post, state: State, ears: Heard) -> None:
    """The official account has no owner then, and who subscribed does so no more."""
    post(ADD, subscribing("leckie", "lumotuwe1"))
    state.store.run("DELETE FROM accounts WHERE UserID = 'leckie'")
    (info,) = post(GET, {"OfficialAccountIdList": [{"Official_Account": NEWS}]})["OfficialAccountInfoList"]
    assert (info["SubscriberNum"], "Owner_Account" in info) == (1, False)
    ears.take()
    post(DESTROY, {"Official_Account": NEWS})
    assert ears.told[0].body["Owner_Account"] == ""


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({}, []),
        ({"OfficialAccountBaseInfoFilter": []}, []),
        ({"OfficialAccountBaseInfoFilter": ["Name", "CreateTime"]}, ["Name", "CreateTime"]),
        ({"SelfInfoFilter": ["SubscribeTime"]}, []),
    ],
)
def test_a_profile_tells_what_is_asked_for(post: Post, given: dict[str, Any], names: list[str]) -> None:
    """All is told where no filter says otherwise; what a subscriber has stands in his own list alone."""
    body: dict[str, Any] = {"OfficialAccountIdList": [{"Official_Account": NEWS}], "ResponseFilter": given}
    (info,) = post(GET, body)["OfficialAccountInfoList"]
    everything = sample(GET, "reply")["OfficialAccountInfoList"][0]
    wanted = names if "OfficialAccountBaseInfoFilter" in given else everything
    assert info.keys() == {"Official_Account", "ErrorCode", "ErrorInfo", *wanted}
    post(ADD, subscribing("lumotuwe1"))
    (mine,) = post(SUBSCRIBED, body | {"Subscriber_Account": "lumotuwe1"})["OfficialAccountInfoList"]
    own = given.get("SelfInfoFilter", ["SubscribeTime", "CustomString"])
    assert list(mine.pop("SelfInfo")) == own
    assert mine.keys() == info.keys()


def test_a_list_without_own_data_has_no_self_info(post: Post) -> None:
    """Who wants none of it gets none."""
    post(ADD, subscribing("lumotuwe1"))
    body: dict[str, Any] = {"Subscriber_Account": "lumotuwe1", "ResponseFilter": {"SelfInfoFilter": []}}
    assert "SelfInfo" not in post(SUBSCRIBED, body)["OfficialAccountInfoList"][0]


def test_each_subscriber_has_a_result(post: Post, state: State, ears: Heard) -> None:
    """Who is new is asked for and told, once; who is nobody fails, and who is there already stays."""
    post(ADD, subscribing("leckie"))
    ears.asked.clear()
    ears.take()
    answer = post(ADD, subscribing("lumotuwe1", "leckie", "nobody", "lumotuwe1"))
    assert results(answer) == {"lumotuwe1": 1, "leckie": 2, "nobody": 0}
    new = [{"Subscriber_Account": "lumotuwe1"}]
    told = of_news(Operator_Account="administrator", SubscribeAccountList=new)
    assert ears.asked == [Event("OfficialAccount.CallbackBeforeAddSubscriber", told)]
    assert ears.take() == [("OfficialAccount.CallbackAfterAddSubscriber", told)]

    leaving = {"Official_Account": NEWS, "SubscriberToDel_Account": ["lumotuwe1", "lumotuwe2", "nobody", "lumotuwe1"]}
    assert results(post(DELETE, leaving)) == {"lumotuwe1": 1, "lumotuwe2": 2, "nobody": 0}
    assert ears.take() == [("OfficialAccount.CallbackAfterDeleteSubscriber", told)]
    assert subscribers(state) == ["leckie"]


def test_nobody_is_asked_or_told_where_nothing_changes(post: Post, ears: Heard) -> None:
    """Neither of who subscribes already, nor of who left before."""
    post(ADD, subscribing("leckie"))
    ears.asked.clear()
    ears.take()
    assert results(post(ADD, subscribing("leckie", "nobody"))) == {"leckie": 2, "nobody": 0}
    leaving = {"Official_Account": NEWS, "SubscriberToDel_Account": ["lumotuwe1"]}
    assert results(post(DELETE, leaving)) == {"lumotuwe1": 2}
    assert ears.asked == ears.told == []


def test_an_official_account_has_so_many_places(post: Post, state: State, ears: Heard) -> None:
    """Who finds none fails; your application hears when the last is taken; fewer places send nobody away."""
    post(MODIFY, {"Official_Account": NEWS, "MaxSubscriberNum": 2})
    answer = post(ADD, subscribing("lumotuwe1", "lumotuwe2", "leckie"))
    assert results(answer) == {"lumotuwe1": 1, "lumotuwe2": 1, "leckie": 0}
    assert [command for command, _ in ears.take()] == [
        "OfficialAccount.CallbackAfterAddSubscriber",
        "OfficialAccount.CallbackAfterOfficialAccountFull",
    ]
    post(MODIFY, {"Official_Account": NEWS, "MaxSubscriberNum": 1})
    answer = post(ADD, subscribing("leckie", "lumotuwe1", "administrator", "lumotuwe2"))
    assert results(answer) == {"leckie": 0, "lumotuwe1": 2, "administrator": 0, "lumotuwe2": 2}
    assert (subscribers(state), ears.told) == (["lumotuwe1", "lumotuwe2"], [])


def test_your_application_can_refuse_subscribers(post: Post, state: State, ears: Heard) -> None:
    """It refuses all with 10016, or some by name; the place of one who is refused is free for another."""
    ears.verdict = Verdict(120_001, "no")
    answer = post(ADD, subscribing("lumotuwe1"))
    assert (answer["ErrorCode"], answer["ErrorInfo"], subscribers(state)) == (10016, "no", [])
    ears.verdict = Verdict(fields={"RefusedSubscribers_Account": ["lumotuwe1"]})
    assert results(post(ADD, subscribing("lumotuwe1"))) == {"lumotuwe1": 0}
    assert ears.told == []
    assert results(post(ADD, subscribing("lumotuwe1", "leckie"))) == {"lumotuwe1": 0, "leckie": 1}
    assert subscribers(state) == ["leckie"]


def test_subscribers_are_looked_at_again(post: Post, state: State, ears: Heard) -> None:
    """What happened while your application was asked counts: who came, who is gone, and the whole account."""

    def happen() -> None:
        row = {"Official_Account": NEWS, "Subscriber_Account": "lumotuwe1", "SubscribeTime": 1}
        state.store.insert("official_subscribers", row)
        state.store.run("DELETE FROM accounts WHERE UserID = 'lumotuwe2'")
        state.store.commit()

    ears.meanwhile = happen
    answer = post(ADD, subscribing("lumotuwe1", "lumotuwe2", "leckie"))
    assert results(answer) == {"lumotuwe1": 2, "lumotuwe2": 0, "leckie": 1}
    ears.meanwhile = lambda: remove(state, "DELETE FROM official_accounts")
    assert post(ADD, subscribing("administrator"))["ErrorCode"] == 10010


def test_a_note_can_be_left_as_it_is(post: Post, state: State) -> None:
    """A call without a text changes nothing; only who subscribes has one."""
    post(ADD, subscribing("lumotuwe1"))
    note = {"Official_Account": NEWS, "Subscriber_Account": "lumotuwe1"}
    for changed in ({"CustomString": "x"}, {}):
        assert post(NOTE, note | changed)["ErrorCode"] == 0
        assert state.store.values("SELECT CustomString FROM official_subscribers") == ["x"]
    assert post(NOTE, note | {"Subscriber_Account": "leckie"})["ErrorCode"] == 10004
    assert post(NOTE, note | {"Subscriber_Account": "nobody"})["ErrorCode"] == 10019


async def test_pages_are_walked(tim: TimSession, box: Sandbox) -> None:
    """The client's own pagers find the end of every list, also of an even page."""
    names = [f"u{number}" for number in range(6)]
    for name in names:
        box.state.add_account(name)
    officials = [f"@TOA#_{number}" for number in range(6)]
    for official in officials:
        await tim.official_accounts.create("alice", "News", official_account_user_id=official)
        await tim.official_accounts.add_subscribers(official, ["bob"])
    await tim.official_accounts.add_subscribers("@TOA#_0", names)
    await tim.official_accounts.delete_subscribers("@TOA#_0", ["bob"])
    await tim.official_accounts.add_subscribers("@TOA#_0", ["bob"])
    for size in (3, 4, 6, 7, None):
        each = tim.official_accounts.each_subscriber("@TOA#_0", limit=size)
        assert [item.subscriber_account async for item in each] == [*names, "bob"]
        mine = tim.official_accounts.each_subscribed("bob", limit=size)
        assert [item.official_account async for item in mine] == [*officials[1:], "@TOA#_0"]
    pages = [await tim.official_accounts.list_subscribed("bob", limit=2, offset=offset) for offset in (2, 4)]
    assert [(page.total_count, page.complete_flag, page.next) for page in pages] == [(6, 0, 4), (6, 1, 0)]
    last = await tim.official_accounts.list_subscribers("@TOA#_0", limit=7)
    assert (last.subscriber_num, last.next) == (7, "")


def test_a_history_is_read_backwards(post: Post, state: State) -> None:
    """Pages follow each other by the key; what was recalled or for who was online is a place without a body."""
    for seq in range(1, 26):
        row = {"Official_Account": NEWS, "MsgSeq": seq, "MsgKey": f"{seq}_1_9", "MsgRandom": seq, "MsgTimeStamp": 9}
        row |= {"content": 1, "taken": 9.0, "online_only": int(seq == 3), "recalled": int(seq in {2, 25}), "call": 1}
        state.store.insert("official_messages", row | {"MsgBody": BODY, "CloudCustomData": "c" if seq > 1 else None})
    state.store.commit()

    def read(wanted: int, **fields: Any) -> tuple[list[str], int]:
        answer = post(HISTORY, {"Official_Account": NEWS, "ReqMsgNumber": wanted} | fields)
        keys = [item["MsgKey"] for item in answer["RspMsgList"]]
        assert answer["LastMsgKey"] == (keys[-1] if keys else "")
        return [key.partition("_")[0] for key in keys], answer["IsFinished"]

    assert read(2) == (["24", "23"], 1)
    assert read(1, WithRecalledMsg=1) == (["25"], 1)
    assert read(20) == ([str(seq) for seq in range(24, 4, -1)], 1)
    assert read(21) == ([str(seq) for seq in range(24, 4, -1)], 0)
    assert read(21, LastMsgKey="22_1_9") == ([str(seq) for seq in range(21, 0, -1) if seq != 2], 1)
    assert read(21, LastMsgKey="5_1_9") == (["4", "3", "1"], 1)
    assert read(5, LastMsgKey="1_1_9") == ([], 1)
    assert read(1, LastMsgKey="") == (["24"], 1)
    body = {"Official_Account": NEWS, "ReqMsgNumber": 3, "LastMsgKey": "4_1_9", "WithRecalledMsg": 1}
    shown = post(HISTORY, body)["RspMsgList"]
    whole = {"From_Account": NEWS, "IsPlaceMsg": 0, "MsgBody": BODY, "MsgKey": "1_1_9"}
    assert shown[2] == whole | {"MsgPriority": 1, "MsgRandom": 1, "MsgTimeStamp": 9}
    assert [(item["IsPlaceMsg"], item["MsgBody"], "CloudCustomData" in item) for item in shown[:2]] == [
        *((1, [], False), (2, [], False)),
    ]
    assert post(HISTORY, body | {"LastMsgKey": "5_1_9"})["RspMsgList"][0]["CloudCustomData"] == "c"


def test_a_message_is_asked_for_and_told(post: Post, state: State, ears: Heard) -> None:
    """Your application hears of it before and after, unless the sender forbids that."""
    receipt = post(SEND, message(OnlineOnlyFlag=1, CloudCustomData="c"))
    told = of_news(OnlineOnlyFlag=1, MsgBody=BODY, CloudCustomData="c")
    assert ears.asked == [Event("OfficialAccount.CallbackBeforeSendMsg", told)]
    sent = {name: receipt[name] for name in ("MsgKey", "MsgTime")}
    assert ears.take() == [("OfficialAccount.CallbackAfterSendMsg", told | sent)]
    ears.asked.clear()
    found(state, "@TOA#_shop")
    forbidden = ["ForbidBeforeSendMsgCallback", "ForbidAfterSendMsgCallback"]
    assert post(SEND, message(Official_Account="@TOA#_shop", ForbidCallbackControl=forbidden))["ErrorCode"] == 0
    assert ears.asked == ears.told == []


@pytest.mark.parametrize(("said", "code"), [(1, 10016), (10_100, 10_100), (10_200, 10_200), (120_001, 10016)])
def test_your_application_can_refuse_a_message(post: Post, state: State, ears: Heard, said: int, code: int) -> None:
    """Its own codes reach the caller; what is refused does not count."""
    ears.verdict = Verdict(said, "no")
    for _ in range(3):
        assert post(SEND, message())["ErrorCode"] == code
    assert state.store.values("SELECT MsgKey FROM official_messages") == []
    assert ears.told == []


def test_your_application_can_drop_a_message(post: Post, state: State, ears: Heard) -> None:
    """The caller gets a receipt as for any other, which no other message has."""
    ears.verdict = Verdict(2)
    dropped = post(SEND, message())
    assert (dropped["ErrorCode"], dropped["MsgKey"]) == (0, f"1_1_{state.now}")
    ears.verdict = Verdict()
    assert post(SEND, message())["MsgKey"] == f"2_1_{state.now}"
    assert state.store.values("SELECT MsgSeq FROM official_messages") == [2]
    assert [event.body["MsgKey"] for event in ears.told] == [f"2_1_{state.now}"]


def test_your_application_can_change_a_message(post: Post, state: State, ears: Heard) -> None:
    """What it puts in the place is kept and told; a repeat is still told by what was sent."""
    ears.verdict = Verdict(fields={"MsgBody": OTHER_BODY, "CloudCustomData": "c"})
    first = post(SEND, message())
    row = state.store.row("SELECT MsgBody, CloudCustomData FROM official_messages")
    assert row == {"MsgBody": OTHER_BODY, "CloudCustomData": "c"}
    assert ears.told[0].body["MsgBody"] == OTHER_BODY
    assert post(SEND, message()) == first


@pytest.mark.parametrize(("repeated", "code"), [(True, 0), (False, 22006)])
def test_a_message_that_comes_meanwhile_was_first(
    post: Post, state: State, ears: Heard, *, repeated: bool, code: int
) -> None:
    """What was repeated while your application was asked has one receipt, even where it is dropped then."""
    came = message(1 if repeated else 2, ForbidCallbackControl=["ForbidBeforeSendMsgCallback"])
    post(SEND, came)
    (row,) = state.export()["official_messages"]
    remove(state, "DELETE FROM official_messages")

    def come() -> None:
        state.store.insert("official_messages", row | {"MsgKey": "7_1_9"})
        state.store.commit()

    ears.meanwhile, ears.verdict = come, Verdict(2)
    answer = post(SEND, message())
    assert (answer["ErrorCode"], answer.get("MsgKey")) == (code, "7_1_9" if repeated else None)
    assert len(state.store.values("SELECT MsgKey FROM official_messages")) == 1


def test_nothing_is_sent_by_an_account_that_is_gone(post: Post, state: State, ears: Heard) -> None:
    """It may be destroyed while your application is asked."""
    ears.meanwhile = lambda: remove(state, "DELETE FROM official_accounts")
    assert post(SEND, message())["ErrorCode"] == 10010
    assert ears.told == []


async def test_a_repeat_is_answered_with_the_first(post: Post, state: State, clock: FakeClock, ears: Heard) -> None:
    """For 300 seconds the same content with the same Random is one message, and does not count; nothing is asked."""
    first = post(SEND, message())
    ears.asked.clear()
    ears.take()
    await clock.advance(299)
    assert [post(SEND, message()) for _ in range(3)] == [first] * 3
    assert ears.asked == ears.told == []
    await clock.advance(1)
    assert post(SEND, message())["MsgKey"] != first["MsgKey"]
    found(state, "@TOA#_shop")
    post(SEND, message(Official_Account="@TOA#_shop"))
    await clock.advance(1)
    assert post(SEND, message(Official_Account="@TOA#_shop", Random=2))["MsgKey"].startswith("2_1_")
    assert len(state.store.values("SELECT MsgSeq FROM official_messages")) == 4


async def test_messages_have_a_pace(post: Post, state: State, clock: FakeClock, ears: Heard) -> None:
    """One comes a second, two an hour, of each official account; nobody is asked about what is too much."""
    assert post(SEND, message(1))["ErrorCode"] == 0
    await clock.advance(0.5)
    assert post(SEND, message(2))["ErrorCode"] == 22006
    await clock.advance(0.5)
    assert post(SEND, message(2))["ErrorCode"] == 0
    found(state, "@TOA#_shop")
    assert post(SEND, message(3, Official_Account="@TOA#_shop"))["ErrorCode"] == 0
    assert len(ears.asked) == 3
    await clock.advance(HOUR - 1.5)
    assert post(SEND, message(3))["ErrorCode"] == 22006
    await clock.advance(0.5)
    assert post(SEND, message(3))["ErrorCode"] == 0
    await clock.advance(0.5)
    assert post(SEND, message(4))["ErrorCode"] == 22006


async def test_the_rules_know_another_pace(post: Post, state: State, clock: FakeClock) -> None:
    """Each of the two figures can be another, or none."""
    state.rules = Rules(calls_per_second=None)
    state.rules.official_messages_per_second, state.rules.official_messages_per_hour = None, 3
    assert [post(SEND, message(random))["ErrorCode"] for random in range(4)] == [0, 0, 0, 22006]
    state.rules.official_messages_per_second, state.rules.official_messages_per_hour = 1, None
    assert post(SEND, message(5))["ErrorCode"] == 22006
    await clock.advance(1)
    assert post(SEND, message(5))["ErrorCode"] == 0


def test_a_message_may_be_so_long(post: Post, state: State) -> None:
    """What counts are the bytes of its body and its data."""
    state.rules.content_bytes = len('[{"MsgType":"TIMTextElem","MsgContent":{"Text":"ä"}}]'.encode()) + 2
    body = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "ä"}}]
    assert post(SEND, message(MsgBody=body, CloudCustomData="äc"))["ErrorCode"] == 80002
    assert post(SEND, message(MsgBody=body, CloudCustomData="ä"))["ErrorCode"] == 0


def test_too_many_calls_have_their_own_code(post: Post, state: State) -> None:
    """The cap of the service answers as the pace does."""
    state.rules.calls_per_second = 1
    assert post(SEND, {})["ErrorCode"] == 10004
    assert post(SEND, {})["ErrorCode"] == 22006


def test_each_message_is_recalled_for_itself(post: Post, state: State, ears: Heard) -> None:
    """Twice is too often, and what is kept nowhere cannot be recalled; your application hears of what was."""
    kept = post(SEND, message())["MsgKey"]
    found(state, "@TOA#_shop")
    passing = post(SEND, message(Official_Account="@TOA#_shop", OnlineOnlyFlag=1))["MsgKey"]
    ears.take()
    answer = post(RECALL, {"Official_Account": NEWS, "MsgKeyList": [kept, "9_1_9", kept]})
    assert [item["RetCode"] for item in answer["RecallRetList"]] == [0, 10030, 10032]
    told = of_news(WithdrawMsgList=[{"MsgKey": kept}])
    assert ears.take() == [("OfficialAccount.CallbackAfterMsgWithDraw", told)]
    answer = post(RECALL, {"Official_Account": "@TOA#_shop", "MsgKeyList": [passing]})
    assert [item["RetCode"] for item in answer["RecallRetList"]] == [10030]
    assert ears.told == []


def these(*values: Any) -> list[Any]:
    """Return values of any kinds."""
    return list(values)


GOOD: dict[str, dict[str, Any]] = {
    CREATE: {"Owner_Account": "leckie", "Name": "Shop"},
    DESTROY: {"Official_Account": NEWS},
    MODIFY: {"Official_Account": NEWS},
    GET: {"OfficialAccountIdList": [{"Official_Account": NEWS}]},
    ADD: subscribing("lumotuwe1"),
    DELETE: {"Official_Account": NEWS, "SubscriberToDel_Account": ["lumotuwe1"]},
    NOTE: {"Official_Account": NEWS, "Subscriber_Account": "lumotuwe2"},
    LIST: {"Official_Account": NEWS, "Next": ""},
    SUBSCRIBED: {"Subscriber_Account": "lumotuwe1"},
    SEND: message(),
    RECALL: {"Official_Account": NEWS, "MsgKeyList": ["1_1_9"]},
    HISTORY: {"Official_Account": NEWS, "ReqMsgNumber": 20},
}
ABOUT_ONE = [path for path, body in GOOD.items() if "Official_Account" in body]
TEXTS = {"Name": 150, "Introduction": 400, "FaceUrl": 500, "Organization": 500, "CustomString": 3000}
BAD: list[tuple[str, dict[str, Any], int]] = [
    *((path, {"Official_Account": None}, 10004) for path in ABOUT_ONE),
    *((path, {"Official_Account": 1}, 60015) for path in ABOUT_ONE),
    *((path, {"Official_Account": "@TOA#_gone"}, 10010) for path in ABOUT_ONE),
    *((path, {name: "ä" * (size // 2) + "a"}, 10004) for path in (CREATE, MODIFY) for name, size in TEXTS.items()),
    *((path, {name: 1}, 10004) for path in (CREATE, MODIFY) for name in TEXTS),
    *((path, {"MaxSubscriberNum": value}, 10004) for path in (CREATE, MODIFY) for value in ("1", 0, -1)),
    *((CREATE, {name: None}, 10004) for name in ("Name", "Owner_Account")),
    *((CREATE, {"Owner_Account": value}, code) for value, code in ((1, 60015), ("a" * 33, 10004), ("nobody", 10019))),
    *((CREATE, {"OfficialAccountUserID": value}, 10015) for value in ("news", "", "@TOA#_" + "x" * 43)),
    (CREATE, {"OfficialAccountUserID": 1}, 10004),
    (CREATE, {"OfficialAccountUserID": NEWS}, 10025),
    (CREATE, {"OfficialAccountUserID": NEWS, "Owner_Account": "lumotuwe1"}, 10021),
    *((GET, {"OfficialAccountIdList": value}, 10004) for value in these(None, {}, [], [NEWS], [{}])),
    (GET, {"OfficialAccountIdList": [{"Official_Account": NEWS}] * 51}, 10004),
    *((GET, {"ResponseFilter": value}, 10004) for value in these([], {"OfficialAccountBaseInfoFilter": ["Nme"]})),
    (GET, {"ResponseFilter": {"SelfInfoFilter": "CustomString"}}, 10004),
    *((ADD, {"SubscriberList": value}, 10004) for value in these(None, {}, [], ["lumotuwe1"], [{}])),
    (ADD, {"SubscriberList": [{"Subscriber_Account": "a"}] * 101}, 10005),
    (ADD, {"SubscriberList": [{"Subscriber_Account": "a" * 33}]}, 10004),
    *((DELETE, {"SubscriberToDel_Account": value}, 10004) for value in (None, "lumotuwe1", [1], ["a" * 33])),
    *((path, {"Subscriber_Account": None}, 10004) for path in (NOTE, SUBSCRIBED)),
    *((path, {"Subscriber_Account": "nobody"}, 10019) for path in (NOTE, SUBSCRIBED)),
    (NOTE, {"CustomString": 1}, 10004),
    *((LIST, {"Next": value}, 10004) for value in (None, 1, "-1", "x", "٣", "9" * 19)),
    *((path, {"Limit": value}, 10004) for path in (LIST, SUBSCRIBED) for value in ("1", 0, 201)),
    *((SUBSCRIBED, {"Offset": value}, 10004) for value in ("1", -1)),
    *((SEND, {"Random": value}, 10004) for value in (None, "1", -1, 2**32)),
    *((SEND, {"MsgBody": value}, 10004) for value in these(None, {}, [], [{}], [{"MsgType": "x", "MsgContent": {}}])),
    *((SEND, {"OfflinePushInfo": value}, 10004) for value in these([], {"PushFlag": "x"})),
    *((SEND, {"OnlineOnlyFlag": value}, 10004) for value in ("1", 2)),
    (SEND, {"OnlineOnlyFlag": 1, "SendMsgControl": ["NoLastMsg"]}, 10004),
    *((SEND, {"SendMsgControl": value}, 10004) for value in ("NoLastMsg", ["NoUnread"])),
    *((SEND, {"ForbidCallbackControl": value}, 10004) for value in ("x", ["x"])),
    *((SEND, {"CloudCustomData": value}, code) for value, code in ((1, 10004), ("c" * 12_288, 80002))),
    (SEND, {"MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "a curse"}}]}, 80001),
    *((RECALL, {"MsgKeyList": value}, 10004) for value in (None, "1_1_9", [], [1], ["1_1_9"] * 11)),
    *((RECALL, {"Reason": value}, 10004) for value in (1, "ä" * 50 + "a")),
    *((HISTORY, {"ReqMsgNumber": value}, 10004) for value in (None, "1", 0)),
    *((HISTORY, {"LastMsgKey": value}, 10004) for value in (1, "x", "1_2_9", "-1_1_9", "1" * 19 + "_1_9")),
    *((HISTORY, {"WithRecalledMsg": value}, 10004) for value in ("1", 2)),
]


@pytest.mark.parametrize(("path", "changed", "code"), BAD)
def test_a_bad_field_is_refused(post: Post, state: State, path: str, changed: dict[str, Any], code: int) -> None:
    """A call with a field that is missing, of another kind or out of bounds does nothing."""
    state.rules.refused_words = {"curse"}
    before = state.export()
    assert post(path, GOOD[path] | changed)["ErrorCode"] == code
    assert state.export() == before


def test_texts_may_be_as_long_as_documented(post: Post) -> None:
    """Texts are measured in bytes, and an id has up to 48 of them."""
    texts = {name: "ä" * (size // 2) for name, size in TEXTS.items()}
    shop = "@TOA#_" + "x" * 42
    assert post(CREATE, GOOD[CREATE] | texts | {"OfficialAccountUserID": shop})["OfficialAccountUserID"] == shop
    assert post(MODIFY, GOOD[MODIFY] | texts)["ErrorCode"] == 0
    assert post(RECALL, GOOD[RECALL] | {"Reason": "ä" * 50})["ErrorCode"] == 0


@pytest.mark.parametrize("path", GOOD)
def test_the_manuals_samples_are_taken(post: Post, state: State, path: str) -> None:
    """Each documented request is accepted and answered with the keys of the documented reply."""
    remove(state, "DELETE FROM official_accounts")
    if path != CREATE:
        for official in ("@TOA#_news", "@TOA#_@TOA#dOEF", "@TOA#_more"):
            found(state, official)
            post(ADD, subscribing("lumotuwe1", "lumotuwe2", "leckie", official=official))
    if path == HISTORY:
        post(SEND, message())
    request = sample(path, "request")
    if path == ADD:
        request["Official_Account"] = "@TOA#_more"
    answer = post(path, request)
    assert answer["ErrorCode"] == 0
    assert shape(answer, but="") == shape(sample(path, "reply"), but="")
