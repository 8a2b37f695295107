"""Pushes in the sandbox, with the tags and attributes by which they find accounts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.conftest import KEY, SDKAPPID, finished
from tests.sandbox.heard import Heard
from tests.sandbox.samples import SAMPLES, sample
from timrest_async.commands.push import PushCondition
from timrest_async.elements import OfflinePushInfo, Text
from timrest_async.sandbox import Application, Rules, Service

if TYPE_CHECKING:
    from timrest_async import TimSession
    from timrest_async.sandbox import Sandbox, State
    from timrest_async.testing import FakeClock

Post = Callable[..., dict[str, Any]]
Query = Callable[..., dict[str, str]]

IM_PUSH, PUSH = "all_member_push/im_push", "timpush/push"
BATCH, REVOKE = "timpush/batch", "timpush/revoke"
IM_NAME, NAME = "all_member_push/im_set_attr_name", "timpush/set_attr_name"
IM_NAMES, NAMES = "all_member_push/im_get_attr_name", "timpush/get_attr_name"
IM_SET, SET = "all_member_push/im_set_attr", "timpush/set_attr"
IM_ATTRS, ATTRS = "all_member_push/im_get_attr", "timpush/get_attr"
IM_UNSET, UNSET = "all_member_push/im_remove_attr", "timpush/remove_attr"
IM_TAG, TAG = "all_member_push/im_add_tag", "timpush/add_tag"
IM_TAGS, TAGS = "all_member_push/im_get_tag", "timpush/get_tag"
IM_UNTAG, UNTAG = "all_member_push/im_remove_tag", "timpush/remove_tag"
IM_CLEAR, CLEAR = "all_member_push/im_remove_all_tags", "timpush/clear_all_tags"

TEXT = {"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi, beauty"}}
INFO = {"PushFlag": 0, "Title": "Match day", "Desc": "The final starts at eight"}
EVERYBODY = ["administrator", "leckie", "lumotuwe1", "lumotuwe2"]


@pytest.fixture
def heard() -> Heard:
    """Return an application that listens."""
    return Heard()


@pytest.fixture
def service(state: State, heard: Heard) -> Service:
    """Return a service whose application listens."""
    return Service(Application(sdkappid=SDKAPPID, secret_key=KEY), state, heard)


def pushed(random: int = 1, **changed: Any) -> dict[str, Any]:
    """Return a body that any of the three commands takes."""
    return {
        "From_Account": "administrator",
        "To_Account": ["lumotuwe1", "leckie"],
        "MsgRandom": random,
        "MsgBody": [TEXT],
        "OfflinePushInfo": INFO,
    } | changed


def receivers(state: State, task_id: str) -> list[str]:
    """Return who got a push."""
    return state.store.values("SELECT To_Account FROM push_receivers WHERE TaskId = ?", task_id)


def tagged(**tags: list[str]) -> dict[str, Any]:
    """Return a body with the tags of accounts."""
    return {"UserTags": [{"To_Account": account, "Tags": given} for account, given in tags.items()]}


def having(**attrs: Any) -> dict[str, Any]:
    """Return a body with the attributes of accounts."""
    return {"UserAttrs": [{"To_Account": account, "Attrs": given} for account, given in attrs.items()]}


def good(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer that is good for everybody."""
    assert answer["ErrorCode"] == 0, answer
    assert not answer.get("ErrorList")
    return answer


def failures(answer: dict[str, Any]) -> dict[str, int]:
    """Return the codes of those that a good answer names."""
    assert answer["ErrorCode"] == 0, answer
    return {error["To_Account"]: error["ErrorCode"] for error in answer["ErrorList"]}


@pytest.fixture
def audience(post: Post) -> None:
    """Give the accounts tags and attributes."""
    good(post(NAME, {"AttrNames": {"0": "sex", "1": "city"}}))
    good(post(SET, having(lumotuwe1={"sex": "f", "city": "Rome"}, lumotuwe2={"sex": "m", "city": "Rome"})))
    good(post(SET, having(leckie={"sex": "f", "city": "Bonn"})))
    good(post(TAG, tagged(lumotuwe1=["chess", "golf"], lumotuwe2=["chess"], leckie=["golf", "muted"])))


async def test_the_life_of_a_push(tim: TimSession, box: Sandbox, clock: FakeClock) -> None:
    """Tags and attributes are given and read, pushes find accounts by them, and the typed client reads every answer."""
    push = tim.push
    await push.set_attr_names({"0": "sex", "1": "device"}, attr_types={"1": 1})
    names = await push.get_attr_names()
    assert (names.attr_names, names.attr_types) == ({"0": "sex", "1": "device"}, {"0": 0, "1": 1})
    assert (await push.set_attrs({"alice": {"sex": "f"}, "bob": {"sex": "m"}})).succeeded == ["alice", "bob"]
    assert (await push.get_attrs(["alice", "carol"])).attrs == {"alice": {"sex": "f"}, "carol": {}}
    await push.add_tags({"alice": ["chess", "golf"], "carol": ["chess"]})
    assert (await push.get_tags(["alice", "bob"])).tags == {"alice": ["chess", "golf"], "bob": []}

    sent = await push.push(
        "alice", condition=PushCondition(tags_or=["chess"]), offline_push_info=OfflinePushInfo(title="t")
    )
    assert receivers(box.state, sent.task_id or "") == ["alice", "carol"]
    await push.revoke(sent.task_id or "", offline_push_info=OfflinePushInfo(title="new"))
    (kept,) = box.state.store.rows("SELECT * FROM pushes")
    assert (kept["revoked"], kept["overwritten"]) == (box.state.now, {"Title": "new"})
    many = await push.push_batch("alice", ["bob", "nobody"], offline_push_info=OfflinePushInfo(title="t"))
    assert [(failed.about, failed.code) for failed in many.failed] == [("nobody", 70107)]
    assert receivers(box.state, many.task_id or "") == ["bob"]

    await push.im_set_attr_names({"2": "city"})
    assert (await push.im_get_attr_names()).attr_names == {"0": "sex", "1": "device", "2": "city"}
    await push.im_set_attrs({"bob": {"city": "Rome"}})
    assert (await push.im_get_attrs(["bob"])).attrs == {"bob": {"sex": "m", "city": "Rome"}}
    await push.im_remove_attrs({"bob": ["sex"]})
    await push.im_add_tags({"bob": ["golf", "chess"]})
    await push.im_remove_tags({"bob": ["chess"]})
    assert (await push.im_get_tags(["bob"])).tags == {"bob": ["golf"]}
    found = await push.im_push(Text("hi"), condition=PushCondition(attrs_and={"city": "Rome"}))
    assert receivers(box.state, found.task_id or "") == ["bob"]
    await push.im_clear_tags(["bob"])
    await clock.advance(1)
    everybody = await push.im_push(Text("hi"))
    assert receivers(box.state, everybody.task_id or "") == ["administrator", "alice", "bob", "carol"]
    await push.remove_attrs({"alice": ["sex"]})
    await push.remove_tags({"alice": ["chess"]})
    await push.clear_tags(["carol"])
    assert (await push.get_tags(["alice", "bob", "carol"])).tags == {"alice": ["golf"], "bob": [], "carol": []}


@pytest.mark.usefixtures("audience")
@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"TagsOr": ["chess", "muted"]}, ["leckie", "lumotuwe1", "lumotuwe2"]),
        ({"TagsAnd": ["chess", "golf"]}, ["lumotuwe1"]),
        ({"TagsOr": ["golf"], "TagsNot": ["muted", "nothing"]}, ["lumotuwe1"]),
        ({"TagsNot": ["chess"]}, ["administrator", "leckie"]),
        ({"TagsOr": ["chess"], "TagsAnd": ["golf"]}, ["lumotuwe1"]),
        ({"TagsOr": [], "TagsAnd": ["nothing"]}, []),
        ({"AttrsOr": {"sex": "f", "city": "Rome"}}, ["leckie", "lumotuwe1", "lumotuwe2"]),
        ({"AttrsAnd": {"sex": "f", "city": "Rome"}}, ["lumotuwe1"]),
        ({"AttrsOr": {"city": "Rome"}, "AttrsAnd": {"sex": "m"}}, ["lumotuwe2"]),
        (None, EVERYBODY),
    ],
)
def test_a_condition_finds_accounts(
    post: Post, state: State, condition: dict[str, Any] | None, found: list[str]
) -> None:
    """Tags and attributes are taken together as their names say; everybody receives a push without a condition."""
    answer = good(post(PUSH, pushed(Condition=condition)))
    assert receivers(state, answer["TaskId"]) == found
    assert list(answer) == ["ActionStatus", "ErrorInfo", "ErrorCode", "TaskId"]


@pytest.mark.usefixtures("audience")
def test_the_older_push_knows_no_tags_not(post: Post, state: State) -> None:
    """It passes over the part that documents of timpush alone have, and a condition of nothing else is refused."""
    answer = good(post(IM_PUSH, pushed(Condition={"TagsOr": ["golf"], "TagsNot": ["muted"]})))
    assert receivers(state, answer["TaskId"]) == ["leckie", "lumotuwe1"]
    assert post(IM_PUSH, pushed(2, Condition={"TagsNot": ["muted"]}))["ErrorCode"] == 90027


@pytest.mark.usefixtures("audience")
@pytest.mark.parametrize("path", [IM_PUSH, PUSH])
@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ({}, 90027),
        ({"TagsOr": []}, 90027),
        ("chess", 90027),
        ({"TagsOr": "chess"}, 90027),
        ({"TagsOr": ["chess"], "AttrsOr": {"sex": "f"}}, 90039),
        ({"TagsAnd": [f"t{number}" for number in range(11)]}, 90032),
        ({"TagsOr": ["chess", ""]}, 90040),
        ({"TagsOr": ["t" * 51]}, 90020),
        ({"TagsAnd": ["chess", "chess"]}, 90022),
        ({"AttrsOr": {"height": "1"}}, 90033),
        ({"AttrsAnd": {"sex": 1}}, 90033),
        ({"AttrsAnd": {"sex": ""}}, 90033),
        ({"AttrsAnd": {"sex": "s" * 51}}, 90033),
    ],
)
def test_a_bad_condition_is_refused(post: Post, state: State, path: str, condition: Any, code: int) -> None:
    """Whatever is wrong with it has the code that a document gives for it, and nobody gets the push."""
    assert post(path, pushed(Condition=condition))["ErrorCode"] == code
    assert not state.store.rows("SELECT * FROM pushes")


def test_tags_that_are_not_wanted_exclude_attributes_too(post: Post) -> None:
    """TagsNot is by tag as much as the others."""
    good(post(NAME, {"AttrNames": {"0": "sex"}}))
    assert post(PUSH, pushed(Condition={"TagsNot": ["t"], "AttrsOr": {"sex": "f"}}))["ErrorCode"] == 90039


@pytest.mark.parametrize("path", [IM_PUSH, PUSH])
async def test_pushes_are_a_second_apart(post: Post, clock: FakeClock, path: str) -> None:
    """One that comes sooner is 90024 and does not count; the other command counts for itself."""
    assert post(path, pushed(1))["ErrorCode"] == 0
    await clock.advance(0.5)
    assert post(path, pushed(2))["ErrorCode"] == 90024
    assert post(PUSH if path == IM_PUSH else IM_PUSH, pushed(2))["ErrorCode"] == 0
    await clock.advance(0.5)
    assert [post(path, pushed(random))["ErrorCode"] for random in (2, 3)] == [0, 90024]


@pytest.mark.parametrize("path", [IM_PUSH, PUSH])
async def test_a_day_takes_100_pushes(post: Post, state: State, clock: FakeClock, path: str) -> None:
    """The 101st is 90047, until the first is a day old; the rule can be set."""
    state.rules.seconds_between_pushes = 0
    assert {post(path, pushed(random))["ErrorCode"] for random in range(100)} == {0}
    assert post(path, pushed(100))["ErrorCode"] == 90047
    state.rules.pushes_a_day = None
    assert post(path, pushed(100))["ErrorCode"] == 0
    state.rules.pushes_a_day = 100
    await clock.advance(86_399)
    assert post(path, pushed(101))["ErrorCode"] == 90047
    await clock.advance(1)
    assert post(path, pushed(101))["ErrorCode"] == 0


@pytest.mark.parametrize(("path", "code"), [(IM_PUSH, 90024), (PUSH, 90024), (REVOKE, 90051), (BATCH, 60007)])
def test_the_cap_of_each_command_has_its_code(post: Post, state: State, path: str, code: int) -> None:
    """Where calls are capped, the service answers before it looks at the body."""
    state.rules.calls_per_second = 100
    for _ in range(30 if path == BATCH else 1):
        assert post(path, {})["ErrorCode"] in {90001, 90005}
    assert post(path, {})["ErrorCode"] == code


async def test_the_older_push_takes_a_number_once_a_day(post: Post, clock: FakeClock) -> None:
    """A MsgRandom used again is 90025, also for another message; a push that was refused may have it again."""
    assert post(IM_PUSH, pushed(7, Condition={}))["ErrorCode"] == 90027
    assert post(IM_PUSH, pushed(7))["ErrorCode"] == 0
    await clock.advance(86_399)
    assert post(IM_PUSH, pushed(7))["ErrorCode"] == 90025
    await clock.advance(1)
    assert post(IM_PUSH, pushed(7))["ErrorCode"] == 0


@pytest.mark.parametrize("path", [PUSH, BATCH])
async def test_the_newer_pushes_tell_a_repeat_for_a_second(
    post: Post, state: State, clock: FakeClock, path: str
) -> None:
    """It is answered as the first was, and nobody gets it twice."""
    state.rules.seconds_between_pushes = 0
    first = good(post(path, pushed(7)))
    assert good(post(path, pushed(7))) == first
    assert good(post(path, pushed(8)))["TaskId"] != first["TaskId"]
    await clock.advance(1)
    assert good(post(path, pushed(7)))["TaskId"] != first["TaskId"]
    assert len(state.store.rows("SELECT * FROM pushes")) == 3


@pytest.mark.parametrize("path", [IM_PUSH, PUSH, BATCH])
@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"From_Account": "nobody"}, 90008),
        ({"From_Account": 1}, 60015),
        ({"MsgRandom": None}, 90005),
        ({"MsgRandom": "1"}, 90005),
        ({"MsgRandom": 2**32}, 90005),
        ({"OfflinePushInfo": "Match day"}, 90043),
        ({"OfflinePushInfo": {"Title": 1}}, 90043),
    ],
)
def test_a_push_that_does_not_fit_is_refused(
    post: Post, state: State, path: str, changed: dict[str, Any], code: int
) -> None:
    """Each field has its code, and nobody gets the push."""
    assert post(path, pushed() | changed)["ErrorCode"] == code
    assert not state.store.rows("SELECT * FROM pushes")


@pytest.mark.parametrize(
    ("path", "changed", "code"),
    [
        (IM_PUSH, {"MsgBody": None}, 90002),
        (IM_PUSH, {"MsgBody": []}, 90002),
        (IM_PUSH, {"MsgBody": "hi"}, 90007),
        (IM_PUSH, {"MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": 1}}]}, 90010),
        (IM_PUSH, {"From_Account": "a" * 33}, 90008),
        (IM_PUSH, {"MsgLifeTime": 604_801}, 90026),
        (IM_PUSH, {"MsgLifeTime": "1"}, 90044),
        (PUSH, {"From_Account": None}, 90001),
        (PUSH, {"OnlineOnlyFlag": 2}, 90001),
        (PUSH, {"DataId": 1}, 90001),
        (BATCH, {"From_Account": None}, 90001),
        (BATCH, {"OfflinePushInfo": None}, 90043),
        (BATCH, {"To_Account": None}, 90001),
        (BATCH, {"To_Account": []}, 90001),
        (BATCH, {"To_Account": "leckie"}, 90001),
        (BATCH, {"To_Account": ["leckie"] * 501}, 90011),
        (REVOKE, {"TaskId": 1}, 90001),
        (REVOKE, {}, 90001),
        (REVOKE, {"TaskId": "nothing"}, 90049),
    ],
)
def test_fields_of_one_command_are_refused(post: Post, path: str, changed: dict[str, Any], code: int) -> None:
    """What only one of the commands has, or wants, is checked there."""
    assert post(path, pushed() | changed)["ErrorCode"] == code


def test_words_that_are_refused_go_to_nobody(post: Post, state: State) -> None:
    """A push is looked through like any message."""
    state.rules.refused_words = {"beauty"}
    assert [post(path, pushed())["ErrorCode"] for path in (IM_PUSH, PUSH)] == [80001, 80001]


def test_the_administrator_is_the_sender_where_none_is_named(post: Post, state: State) -> None:
    """The older push has an optional sender."""
    good(post(IM_PUSH, {"MsgRandom": 1, "MsgBody": [TEXT]}))
    assert state.store.values("SELECT From_Account FROM pushes") == ["administrator"]


def test_a_push_to_many_may_reach_nobody(post: Post) -> None:
    """Who does not exist is named once; the call is good all the same."""
    assert failures(post(BATCH, pushed(To_Account=["ghost", "ghost", "nobody"]))) == {"ghost": 70107, "nobody": 70107}


@pytest.mark.parametrize("path", [IM_PUSH, PUSH])
def test_your_application_hears_of_every_receiver(post: Post, state: State, heard: Heard, path: str) -> None:
    """A push to everybody that goes to phones is told once for each account."""
    task_id = good(post(path, pushed()))["TaskId"]
    told = heard.take()
    assert [(command, body["To_Account"]) for command, body in told] == [
        ("Push.AllMemberPush", who) for who in EVERYBODY
    ]
    times = {"TaskId": task_id, "TaskTime": state.now, "EventTime": state.now}
    rest = {"PushPlatform": 0, "PushStage": 1, "ErrCode": 0, "ErrInfo": ""}
    assert told[0][1] == {"EventType": 1, **times, "To_Account": "administrator", **rest}


@pytest.mark.parametrize(
    ("path", "info"), [(PUSH, None), (PUSH, {"PushFlag": 1, "Ext": "x"}), (IM_PUSH, None), (BATCH, INFO)]
)
def test_a_push_that_goes_to_no_phone_is_not_told(post: Post, heard: Heard, path: str, info: Any) -> None:
    """Nor is one to named accounts."""
    good(post(path, pushed(OfflinePushInfo=info)))
    assert not heard.take()


@pytest.mark.parametrize("path", [PUSH, BATCH])
@pytest.mark.parametrize(("info", "put"), [(None, None), ({"PushFlag": 1}, None), (INFO, INFO)])
def test_a_push_is_taken_back_once(post: Post, state: State, path: str, info: Any, put: Any) -> None:
    """A second time is 90050; another text stands in its place where there is one."""
    task_id = good(post(path, pushed()))["TaskId"]
    body = {"TaskId": task_id, "OfflinePushInfo": info}
    assert good(post(REVOKE, body)) == {"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0}
    assert post(REVOKE, body)["ErrorCode"] == 90050
    (push,) = state.store.rows("SELECT revoked, overwritten FROM pushes")
    assert (push["revoked"], push["overwritten"]) == (state.now, put)


async def test_some_pushes_cannot_be_taken_back(post: Post, clock: FakeClock) -> None:
    """Those of the older command, and those older than a day, are as good as unknown."""
    old, new = good(post(IM_PUSH, pushed()))["TaskId"], good(post(PUSH, pushed()))["TaskId"]
    assert post(REVOKE, {"TaskId": old})["ErrorCode"] == 90049
    await clock.advance(86_400)
    assert post(REVOKE, {"TaskId": new})["ErrorCode"] == 90049


@pytest.mark.parametrize("path", [IM_PUSH, PUSH, BATCH, IM_NAME, IM_NAMES, IM_SET, IM_TAG, IM_CLEAR])
def test_pushing_has_to_be_switched_on(post: Post, state: State, path: str) -> None:
    """Without it, pushes and all commands of the older service are 90045."""
    state.rules = Rules(calls_per_second=None, push_to_all=False)
    bodies = {IM_NAME: {"AttrNames": {"0": "sex"}}, IM_SET: having(leckie={}), IM_TAG: tagged(leckie=["t"])}
    body = bodies.get(path, pushed(To_Account=["leckie"]))
    assert post(path, body)["ErrorCode"] == 90045


# -- attributes


@pytest.mark.parametrize("path", [IM_NAME, NAME])
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"AttrNames": {"0": "sex", "9": "n" * 50}}, 0),
        ({}, 90033),
        ({"AttrNames": ["sex"]}, 90033),
        ({"AttrNames": {}}, 90033),
        ({"AttrNames": {"10": "sex"}}, 90033),
        ({"AttrNames": {"": "sex"}}, 90033),
        ({"AttrNames": {"0": ""}}, 90033),
        ({"AttrNames": {"0": "n" * 51}}, 90033),
        ({"AttrNames": {"0": 1}}, 90033),
        ({"AttrNames": {"0": "sex", "1": "sex"}}, 90033),
    ],
)
def test_attributes_have_numbers_and_names(post: Post, path: str, body: dict[str, Any], code: int) -> None:
    """There are ten, and of a call that is refused none is named."""
    assert post(path, body)["ErrorCode"] == code
    assert post(NAMES)["AttrNames"] == ({} if code else body["AttrNames"])


def test_what_has_an_attribute_stays_so(post: Post) -> None:
    """AttrTypes can be given once, to numbers that are named; the name alone can be changed."""
    good(post(NAME, {"AttrNames": {"0": "device", "1": "sex"}, "AttrTypes": {"0": 1}}))
    for types in ({"0": 0}, {"1": 1}, {"2": 0}, {"0": "1"}, {"0": True}, {"0": 2}, [1]):
        body = {"AttrNames": {"0": "device", "1": "sex"}, "AttrTypes": types}
        assert post(NAME, body)["ErrorCode"] == 90033
    good(post(NAME, {"AttrNames": {"0": "phone"}, "AttrTypes": {"0": 1}}))
    good(post(IM_NAME, {"AttrNames": {"1": "gender"}, "AttrTypes": {"1": 1}}))
    answer = post(NAMES)
    assert (answer["AttrNames"], answer["AttrTypes"]) == ({"0": "phone", "1": "gender"}, {"0": 1, "1": 0})
    assert list(post(IM_NAMES)) == ["ActionStatus", "ErrorInfo", "ErrorCode", "AttrNames"]


@pytest.mark.usefixtures("audience")
def test_another_name_keeps_the_values(post: Post) -> None:
    """Values belong to the number of an attribute."""
    good(post(NAME, {"AttrNames": {"1": "town"}}))
    assert post(ATTRS, {"To_Account": ["leckie"]})["UserAttrs"] == [
        {"To_Account": "leckie", "Attrs": {"sex": "f", "town": "Bonn"}},
    ]


@pytest.mark.usefixtures("audience")
@pytest.mark.parametrize("path", [IM_SET, SET])
@pytest.mark.parametrize("attrs", [{"height": "1"}, {"sex": ""}, {"sex": "s" * 51}, {"sex": 1}])
def test_an_attribute_that_cannot_be_is_refused(post: Post, path: str, attrs: dict[str, Any]) -> None:
    """One without a name, or a value that does not fit, fails the call for everybody."""
    assert post(path, having(lumotuwe1={"sex": "x"}, leckie=attrs))["ErrorCode"] == 90033
    assert post(ATTRS, {"To_Account": ["lumotuwe1"]})["UserAttrs"][0]["Attrs"]["sex"] == "f"


@pytest.mark.usefixtures("audience")
@pytest.mark.parametrize("path", [IM_UNSET, UNSET])
def test_an_attribute_is_removed_whether_it_is_there_or_not(post: Post, path: str) -> None:
    """Only one without a name is refused."""
    for _ in range(2):
        good(post(path, having(leckie=["sex"])))
    assert post(ATTRS, {"To_Account": ["leckie"]})["UserAttrs"][0]["Attrs"] == {"city": "Bonn"}
    assert post(path, having(leckie=["height"]))["ErrorCode"] == 90033


@pytest.mark.parametrize(("path", "given"), [(SET, {"device": "x"}), (UNSET, ["device"])])
def test_attributes_of_registration_ids_are_not_for_accounts(post: Post, path: str, given: Any) -> None:
    """The newer service names the account, the older one fails the call; others get what they may have."""
    good(post(NAME, {"AttrNames": {"0": "device", "1": "sex"}, "AttrTypes": {"0": 1}}))
    mine = {"sex": "f"} if path == SET else ["sex"]
    assert failures(post(path, having(leckie=given, lumotuwe1=mine))) == {"leckie": 90035}
    assert post({SET: IM_SET, UNSET: IM_UNSET}[path], having(leckie=given))["ErrorCode"] == 90035


# -- tags


@pytest.mark.parametrize("path", [IM_TAG, TAG])
@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ([f"t{number}" for number in range(10)], 0),
        ([f"t{number}" for number in range(11)], 90032),
        (["é" * 25], 0),
        (["é" * 26], 90034),
        ([""], 90020),
        (["t", "t"], 0),
    ],
)
def test_tags_have_a_number_and_a_length(post: Post, path: str, tags: list[str], code: int) -> None:
    """A call adds up to 10 to an account, each of 1 to 50 bytes; of a call that is refused nobody gets any."""
    assert post(path, tagged(lumotuwe1=["kept?"], leckie=tags))["ErrorCode"] == code
    found = {
        user["To_Account"]: user["Tags"] for user in post(TAGS, {"To_Account": ["lumotuwe1", "leckie"]})["UserTags"]
    }
    assert found == (
        {"lumotuwe1": [], "leckie": []} if code else {"lumotuwe1": ["kept?"], "leckie": [*dict.fromkeys(tags)]}
    )


def test_an_account_has_up_to_100_tags(post: Post) -> None:
    """The newer service names who would have more, the older one fails the call; others get theirs."""
    for ten in range(10):
        good(post(TAG, tagged(leckie=[f"t{ten}{one}" for one in range(10)])))
    good(post(TAG, tagged(leckie=["t00"])))
    assert failures(post(TAG, tagged(leckie=["more"], lumotuwe1=["more"]))) == {"leckie": 90046}
    assert post(TAGS, {"To_Account": ["lumotuwe1"]})["UserTags"][0]["Tags"] == ["more"]
    assert post(IM_TAG, tagged(leckie=["more"]))["ErrorCode"] == 90046


def test_tags_may_be_replaced_by_up_to_100(post: Post) -> None:
    """Replace is of the newer service alone."""
    many = [f"t{number}" for number in range(100)]
    good(post(TAG, tagged(leckie=["old"])))
    good(post(TAG, tagged(leckie=many) | {"Replace": 1}))
    assert post(TAGS, {"To_Account": ["leckie"]})["UserTags"] == [{"To_Account": "leckie", "Tags": many}]
    assert post(TAG, tagged(leckie=[*many, "more"]) | {"Replace": 1})["ErrorCode"] == 90032
    assert post(TAG, tagged(leckie=[]) | {"Replace": 2})["ErrorCode"] == 90001
    good(post(IM_TAG, tagged(lumotuwe1=["a"])))
    good(post(IM_TAG, tagged(lumotuwe1=["b"]) | {"Replace": 1}))
    assert post(TAGS, {"To_Account": ["lumotuwe1"]})["UserTags"][0]["Tags"] == ["a", "b"]


def test_an_application_has_up_to_1000_tags(post: Post, state: State) -> None:
    """Different ones are counted, however many accounts have them."""
    for number in range(10):
        state.add_account(f"u{number}")
        tags = [f"t{number}_{one}" for one in range(100)]
        good(post(TAG, tagged(**{f"u{number}": tags}) | {"Replace": 1}))
    good(post(TAG, tagged(leckie=["t0_0"])))
    assert post(TAG, tagged(leckie=["more"]))["ErrorCode"] == 90046


def test_tags_go_one_by_one_or_all(post: Post) -> None:
    """What is not there is none of the failures."""
    good(post(TAG, tagged(leckie=["a", "b", "c"], lumotuwe1=["a"])))
    good(post(UNTAG, tagged(leckie=["b", "x"])))
    assert post(IM_TAGS, {"To_Account": ["leckie"]})["UserTags"][0]["Tags"] == ["a", "c"]
    good(post(CLEAR, {"To_Account": ["leckie"]}))
    good(post(IM_CLEAR, {"To_Account": ["leckie"]}))
    assert post(TAGS, {"To_Account": ["leckie", "lumotuwe1"]})["UserTags"] == [
        {"To_Account": "leckie", "Tags": []},
        {"To_Account": "lumotuwe1", "Tags": ["a"]},
    ]


# -- both services

OLD_AND_NEW = [
    *((IM_ATTRS, ATTRS), (IM_SET, SET), (IM_UNSET, UNSET)),
    *((IM_TAGS, TAGS), (IM_TAG, TAG), (IM_UNTAG, UNTAG), (IM_CLEAR, CLEAR)),
]


def about(path: str, *accounts: str) -> dict[str, Any]:
    """Return the body of a command about tags or attributes of *accounts*."""
    if path in {IM_SET, SET}:
        return having(**{account: {"sex": "x"} for account in accounts})
    if path in {IM_UNSET, UNSET}:
        return having(**{account: ["sex"] for account in accounts})
    if path in {IM_TAG, TAG, IM_UNTAG, UNTAG}:
        return tagged(**{account: ["chess"] for account in accounts})
    return {"To_Account": list(accounts)}


@pytest.mark.usefixtures("audience")
@pytest.mark.parametrize(("old", "new"), OLD_AND_NEW)
def test_who_does_not_exist_fails(post: Post, state: State, old: str, new: str) -> None:
    """The older service fails the call and changes nothing; the newer one names the account, and does it for others."""
    before = state.export()
    assert post(old, about(old, "leckie", "nobody"))["ErrorCode"] == 90048
    assert state.export() == before
    answer = post(new, about(new, "leckie", "nobody"))
    assert failures(answer) == {"nobody": 70107}
    for users in (answer.get("UserAttrs"), answer.get("UserTags")):
        assert users is None or [user["To_Account"] for user in users] == ["leckie"]


@pytest.mark.parametrize("path", [path for both in OLD_AND_NEW for path in both])
def test_lists_of_accounts_hold_100(post: Post, path: str) -> None:
    """More are 90018; none at all, or what is no list, is 90001."""
    (name,) = about(path)
    assert post(path, {})["ErrorCode"] == 90001
    assert post(path, {name: "leckie"})["ErrorCode"] == 90001
    assert post(path, {name: []})["ErrorCode"] == 90001
    assert post(path, {name: [1]})["ErrorCode"] in {90001, 60015}
    assert post(path, about(path, *(f"u{number}" for number in range(101))))["ErrorCode"] == 90018


@pytest.mark.usefixtures("audience")
def test_an_account_that_goes_takes_its_tags_along(post: Post, state: State) -> None:
    """Nothing of it is left, nor its place among the receivers; the push stays."""
    good(post(PUSH, pushed(From_Account="leckie")))
    state.store.run("DELETE FROM accounts WHERE UserID = 'leckie'")
    left = state.export()
    for table in ("push_tags", "push_attrs", "push_receivers"):
        assert left[table]
        assert all("leckie" not in row.values() for row in left[table])
    assert state.store.values("SELECT From_Account FROM pushes") == ["leckie"]


@pytest.mark.parametrize(
    "path", sorted(file.name.removesuffix(".request.json") for file in SAMPLES.glob("*push.*.request.json"))
)
def test_the_manuals_samples_are_taken(state: State, query: Query, path: str) -> None:
    """Each documented request is accepted and answered with the keys of the documented reply."""
    service = Service(Application(sdkappid=SDKAPPID, secret_key=KEY), state)
    state.add_account("admin")

    def call(path: str, body: Any) -> dict[str, Any]:
        return finished(service.answer(path.replace(".", "/", 1), query(), json.dumps(body).encode()))

    request = sample(path, "request")
    if "attr_name" not in path:
        good(call(NAME, {"AttrNames": {"0": "sex", "1": "city"}}))
    if path.endswith(".revoke"):
        request["TaskId"] = good(call(PUSH, pushed()))["TaskId"]
    assert list(good(call(path, request))) == list(sample(path, "reply"))
