"""Friends in the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.conftest import KEY, SDKAPPID
from tests.sandbox.heard import Heard
from tests.sandbox.samples import sample, shape
from timrest_async.commands.friends import AddFriendItem, ImportFriendItem, UpdateFriendItem
from timrest_async.sandbox import Application, Service

if TYPE_CHECKING:
    from timrest_async import TimSession
    from timrest_async.sandbox import Sandbox, State

Post = Callable[..., dict[str, Any]]

ADD, IMPORT, UPDATE = "sns/friend_add", "sns/friend_import", "sns/friend_update"
DELETE, DELETE_ALL, CHECK = "sns/friend_delete", "sns/friend_delete_all", "sns/friend_check"
GET, GET_LIST = "sns/friend_get", "sns/friend_get_list"
ALLOW_TYPE = "Tag_Profile_IM_AllowType"


@pytest.fixture
def heard() -> Heard:
    """Return an application that listens."""
    return Heard()


@pytest.fixture
def service(state: State, heard: Heard) -> Service:
    """Return a service whose application listens."""
    return Service(Application(sdkappid=SDKAPPID, secret_key=KEY), state, heard)


def adding(*accounts: str, **changed: Any) -> dict[str, Any]:
    """Return the body that makes *accounts* friends of lumotuwe1."""
    items = [{"To_Account": account, "AddSource": "AddSource_Type_Card"} for account in accounts]
    return {"From_Account": "lumotuwe1", "AddFriendItem": items} | changed


def codes(answer: dict[str, Any]) -> dict[str, int]:
    """Return the ResultCode of each account of a good answer."""
    assert answer["ErrorCode"] == 0, answer
    items = answer["ResultItem"] if "ResultItem" in answer else answer["InfoItem"]
    return {item["To_Account"]: item["ResultCode"] for item in items}


def pairs(state: State) -> list[tuple[str, str]]:
    """Return who stands on whose list."""
    rows = state.store.rows("SELECT From_Account, To_Account FROM friends ORDER BY number")
    return [(row["From_Account"], row["To_Account"]) for row in rows]


def allow(state: State, account: str, how: str) -> None:
    """Let the profile of *account* say what becomes of requests."""
    state.store.insert("profiles", {"UserID": account, "Tag": ALLOW_TYPE, "Value": how}, replace=True)
    state.store.commit()


def block(state: State, account: str, other: str) -> None:
    """Put *other* on the black list of *account*."""
    state.store.insert("black_list", {"From_Account": account, "To_Account": other, "AddBlackTimeStamp": 1})
    state.store.commit()


def crowd(state: State, account: str, many: int) -> list[str]:
    """Give *account* so many friends."""
    names = [f"u{number}" for number in range(many)]
    for name in names:
        state.store.run("INSERT OR IGNORE INTO accounts VALUES (?)", name)
        state.store.insert("friends", {"From_Account": account, "To_Account": name, "AddTime": 1})
    state.store.commit()
    return names


async def test_the_life_of_a_friendship(tim: TimSession, box: Sandbox) -> None:
    """Friends are made, imported, changed, read, checked and deleted, and the typed client reads every answer."""
    box.state.add_account("bob", nick="Bob")
    bob = AddFriendItem("bob", add_source="AddSource_Type_Card", remark="B", group_name="Team", add_wording="hi")
    added = await tim.friends.add("alice", [bob])
    assert added.succeeded == ["bob"]
    friend = ImportFriendItem(
        "carol", add_source="AddSource_Type_Old", add_time=77, custom_item={"Tag_SNS_Custom_Lv": 3}
    )
    assert (await tim.friends.import_many("alice", [friend])).succeeded == ["carol"]

    page = await tim.friends.list("alice")
    assert (page.friend_num, page.complete) == (2, True)
    one, two = page.user_data_item
    assert (one.to_account, one.remark, one.groups, one.add_source, one.add_wording) == (
        *("bob", "B", ["Team"]),
        *("AddSource_Type_Card", "hi"),
    )
    assert (two.to_account, two.add_time, two.custom) == ("carol", 77, {"Lv": 3})
    (back,) = (await tim.friends.list("bob")).user_data_item
    assert (back.to_account, back.remark, back.groups, back.add_wording) == ("alice", None, [], "hi")

    changed = UpdateFriendItem.of("bob", remark="Bobby", groups=["Fair", "Team"], custom={"Level": "gold"})
    assert (await tim.friends.update("alice", [changed])).succeeded == ["bob"]
    tags = ["Tag_Profile_IM_Nick", "Tag_SNS_IM_Remark", "Tag_SNS_IM_Group", "Tag_SNS_Custom_Level"]
    read = (await tim.friends.get("alice", ["bob", "carol"], tag_list=tags)).info_item
    assert [(info.nick, info.remark, info.groups, info.custom) for info in read] == [
        ("Bob", "Bobby", ["Fair", "Team"], {"Level": "gold"}),
        (None, None, [], {}),
    ]
    later = await tim.friends.list("alice", standard_sequence=page.standard_sequence)
    assert later.standard_sequence != page.standard_sequence

    checked = await tim.friends.check("alice", ["bob", "carol"], check_type="CheckResult_Type_Both")
    assert [(item.listed, item.lists_back) for item in checked.info_item] == [(True, True), (True, False)]
    deleted = await tim.friends.delete("alice", ["bob", "dave"], delete_type="Delete_Type_Both")
    assert (deleted.succeeded, [failed.code for failed in deleted.failed]) == (["bob"], [30003])
    await tim.friends.delete_all("alice")
    assert not pairs(box.state)


@pytest.mark.parametrize(
    ("changed", "made"),
    [
        ({}, [("lumotuwe1", "leckie"), ("leckie", "lumotuwe1")]),
        ({"AddType": "Add_Type_Both"}, [("lumotuwe1", "leckie"), ("leckie", "lumotuwe1")]),
        ({"AddType": "Add_Type_Single"}, [("lumotuwe1", "leckie")]),
    ],
)
def test_a_friendship_is_for_one_side_or_for_both(
    post: Post, state: State, heard: Heard, changed: dict[str, Any], made: list[tuple[str, str]]
) -> None:
    """AddType says on whose lists it stands, and your application is told exactly those pairs."""
    answer = post(ADD, adding("leckie", **changed))
    assert answer == {
        "ActionStatus": "OK",
        "ErrorInfo": "",
        "ErrorCode": 0,
        "ResultItem": [{"To_Account": "leckie", "ResultCode": 0, "ResultInfo": ""}],
        "ErrorDisplay": "",
    }
    assert pairs(state) == made
    told = [{"From_Account": one, "To_Account": other, "Initiator_Account": "lumotuwe1"} for one, other in made]
    body = {"PairList": told, "ClientCmd": "friend_add", "Admin_Account": "administrator", "ForceFlag": 0}
    assert heard.take() == [("Sns.CallbackFriendAdd", body)]
    assert not heard.asked


def test_a_friendship_of_one_side_becomes_one_of_both(post: Post, state: State, heard: Heard) -> None:
    """Only the side that is missing is added."""
    post(ADD, adding("leckie", AddType="Add_Type_Single"))
    heard.take()
    assert codes(post(ADD, adding("leckie"))) == {"leckie": 0}
    assert pairs(state) == [("lumotuwe1", "leckie"), ("leckie", "lumotuwe1")]
    ((_, body),) = heard.take()
    assert [pair["From_Account"] for pair in body["PairList"]] == ["leckie"]


def test_who_lists_the_account_is_not_asked(post: Post, state: State) -> None:
    """Their list does not change, so their profile has no say."""
    post(ADD, {"From_Account": "leckie"} | adding("lumotuwe1", AddType="Add_Type_Single", From_Account="leckie"))
    allow(state, "leckie", "AllowType_Type_DenyAny")
    assert codes(post(ADD, adding("leckie"))) == {"leckie": 0}


@pytest.mark.parametrize(
    ("how", "changed", "code"),
    [
        ("AllowType_Type_AllowAny", {}, 0),
        ("AllowType_Type_DenyAny", {}, 30516),
        ("AllowType_Type_NeedConfirm", {}, 30539),
        ("AllowType_Type_DenyAny", {"ForceAddFlags": 1}, 0),
        ("AllowType_Type_NeedConfirm", {"ForceAddFlags": 1}, 0),
        ("AllowType_Type_NeedConfirm", {"AddType": "Add_Type_Single"}, 0),
    ],
)
def test_the_other_sides_profile_answers(  # noqa: PLR0917  # a table and three fixtures
    post: Post, state: State, heard: Heard, how: str, changed: dict[str, Any], code: int
) -> None:
    """AllowType decides about a request for both sides that is not forced."""
    allow(state, "leckie", how)
    answer = post(ADD, adding("leckie", **changed))
    assert codes(answer) == {"leckie": code}
    assert answer.get("Fail_Account") == (["leckie"] if code else None)
    assert bool(pairs(state)) is (code == 0)
    assert [command for command, _ in heard.take()] == ([] if code else ["Sns.CallbackFriendAdd"])
    assert len(state.store.rows("SELECT * FROM friend_requests")) == (code == 30539)


def test_a_request_that_waits_is_gone_once_they_are_friends(post: Post, state: State) -> None:
    """Whoever brings the friendship about, nothing is left to confirm."""
    allow(state, "leckie", "AllowType_Type_NeedConfirm")
    body = adding()
    body["AddFriendItem"] = [{"To_Account": "leckie", "GroupName": "Team", "Remark": "L", "AddWording": "hi"}]
    post(ADD, body)
    (waiting,) = state.store.rows("SELECT * FROM friend_requests")
    assert (waiting["From_Account"], waiting["GroupName"], waiting["AddTime"]) == ("lumotuwe1", "Team", state.now)
    post(ADD, adding("lumotuwe1", From_Account="leckie"))
    assert not state.store.rows("SELECT * FROM friend_requests")


def test_one_request_of_many_may_fail(post: Post, state: State) -> None:
    """Each account fails for its own reason, in the order of the request, and the others become friends."""
    for account in ("bad1", "bad2", "good"):
        state.add_account(account)
    block(state, "lumotuwe1", "bad1")
    block(state, "bad2", "lumotuwe1")
    post(ADD, adding("leckie"))
    answer = post(ADD, adding("nobody", "lumotuwe1", "bad1", "bad2", "leckie", "good", ForceAddFlags=1))
    assert codes(answer) == {
        "nobody": 30003,
        "lumotuwe1": 30001,
        "bad1": 30515,
        "bad2": 30525,
        "leckie": 30001,
        "good": 0,
    }
    assert answer["Fail_Account"] == ["nobody", "lumotuwe1", "bad1", "bad2", "leckie"]
    assert answer["ResultItem"][4]["ResultInfo"] == "Err_SNS_FriendAdd_Friend_Exist"
    assert ("good", "lumotuwe1") in pairs(state)


def test_lists_of_friends_have_room_for_3000(post: Post, state: State) -> None:
    """One's own list is full with 30010, the other's with 30014, and what is on it may still be written over."""
    names = crowd(state, "lumotuwe1", 3000)
    assert codes(post(ADD, adding("leckie"))) == {"leckie": 30010}
    assert codes(post(ADD, adding("lumotuwe1", From_Account="leckie"))) == {"lumotuwe1": 30014}
    assert codes(post(IMPORT, adding("leckie", names[0]))) == {"leckie": 30010, names[0]: 0}
    assert codes(post(ADD, adding("lumotuwe1", From_Account="leckie", AddType="Add_Type_Single"))) == {"lumotuwe1": 0}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"AddSource": "AddSource_Type_"}, 30001),
        ({"AddSource": "AddSource_Type_TooLongs"}, 0),
        ({"AddSource": "AddSource_Type_TooLongss"}, 30001),
        ({"AddSource": "Card"}, 30001),
        ({"AddSource": None}, 0),
        ({"Remark": "é" * 48}, 0),
        ({"Remark": "é" * 49}, 30001),
        ({"AddWording": "w" * 256}, 0),
        ({"AddWording": "w" * 257}, 30001),
        ({"GroupName": "g" * 30}, 0),
        ({"GroupName": "g" * 31}, 30001),
        ({"GroupName": ""}, 0),
    ],
)
def test_what_is_said_of_a_friend_has_a_length(post: Post, changed: dict[str, Any], code: int) -> None:
    """Texts are measured in bytes, and one that is too long fails for that account alone."""
    body = adding()
    body["AddFriendItem"] = [{"To_Account": "leckie"} | changed]
    assert codes(post(ADD, body)) == {"leckie": code}


def test_the_33rd_friend_group_is_refused(post: Post, state: State) -> None:
    """Friend groups are made where a friend is added, up to 32; what is refused leaves nobody a friend."""
    for number in range(32):
        state.store.insert("friend_groups", {"From_Account": "lumotuwe1", "GroupName": f"g{number}"})
    body = adding()
    body["AddFriendItem"] = [{"To_Account": "leckie", "GroupName": "one more"}]
    assert codes(post(ADD, body)) == {"leckie": 30011}
    assert not pairs(state)
    body["AddFriendItem"] = [{"To_Account": "leckie", "GroupName": "g31"}]
    assert codes(post(ADD, body)) == {"leckie": 0}


def test_an_import_asks_nobody_and_tells_nobody(post: Post, state: State, heard: Heard) -> None:
    """Imported friends stand on one list, whatever the other's profile says."""
    allow(state, "leckie", "AllowType_Type_DenyAny")
    assert codes(post(IMPORT, adding("leckie", "nobody", "lumotuwe1"))) == {
        "leckie": 0,
        "nobody": 30003,
        "lumotuwe1": 30001,
    }
    assert pairs(state) == [("lumotuwe1", "leckie")]
    assert not heard.take()


def test_an_import_writes_over_what_is_there(post: Post, state: State) -> None:
    """A second import of a friend changes the one there is, and adds the friend groups."""
    for remark, group in (("old", "One"), ("new", "Two")):
        item = {"To_Account": "leckie", "AddSource": "AddSource_Type_Old", "Remark": remark, "GroupName": [group]}
        post(IMPORT, adding() | {"AddFriendItem": [item]})
    (friend,) = state.store.rows("SELECT * FROM friends")
    assert friend["Remark"] == "new"
    assert fields_of(post, "leckie")["Tag_SNS_IM_Group"] == ["One", "Two"]


@pytest.mark.parametrize(
    "changed",
    [
        {"CustomItem": [{"Tag": "Tag_SNS_IM_Remark", "Value": "x"}]},
        {"CustomItem": [{"Tag": "Tag_SNS_Custom_Lv", "Value": [1]}]},
        {"CustomItem": [{"Tag": "Tag_SNS_Custom_Lv", "Value": True}]},
        {"GroupName": [""]},
        {"GroupName": ["g" * 31]},
        {"Remark": "r" * 97},
    ],
)
def test_an_import_that_does_not_fit_fails_alone(post: Post, changed: dict[str, Any]) -> None:
    """Custom fields, friend groups and texts of an import are checked for each friend."""
    item = {"To_Account": "leckie", "AddSource": "AddSource_Type_Old"} | changed
    assert codes(post(IMPORT, adding() | {"AddFriendItem": [item]})) == {"leckie": 30001}


def fields_of(post: Post, friend: str) -> dict[str, Any]:
    """Return what lumotuwe1's list says of a friend."""
    items = post(GET, {"From_Account": "lumotuwe1", "StartIndex": 0})["UserDataItem"]
    (values,) = [item["ValueItem"] for item in items if item["To_Account"] == friend]
    return {value["Tag"]: value["Value"] for value in values}


def updating(friend: str, *values: tuple[str, Any]) -> dict[str, Any]:
    """Return the body that writes fields of a friend."""
    items = [{"Tag": tag, "Value": value} for tag, value in values]
    return {"From_Account": "lumotuwe1", "UpdateItem": [{"To_Account": friend, "SnsItem": items}]}


@pytest.mark.parametrize(
    ("tag", "value", "code"),
    [
        ("Tag_SNS_IM_Remark", "r" * 96, 0),
        ("Tag_SNS_IM_Remark", "r" * 97, 30001),
        ("Tag_SNS_IM_Remark", 1, 30001),
        ("Tag_SNS_IM_Group", [], 0),
        ("Tag_SNS_IM_Group", "Team", 30001),
        ("Tag_SNS_IM_Group", [1], 30001),
        ("Tag_SNS_IM_Group", ["g" * 31], 30001),
        ("Tag_SNS_IM_Group", [f"g{number}" for number in range(33)], 30011),
        ("Tag_SNS_Custom_Lv", 0, 0),
        ("Tag_SNS_Custom_Lv", "", 0),
        ("Tag_SNS_Custom_Lv", 1.5, 30001),
        ("Tag_SNS_IM_AddTime", 5, 30001),
        ("Tag_Profile_IM_Nick", "n", 30001),
    ],
)
def test_some_fields_of_a_friend_may_be_written(post: Post, tag: str, value: Any, code: int) -> None:
    """Remark, friend groups and custom fields may, each with values of its own kind; with one, all of a friend fail."""
    post(ADD, adding("leckie"))
    assert codes(post(UPDATE, updating("leckie", ("Tag_SNS_IM_Remark", "kept?"), (tag, value)))) == {"leckie": code}
    remark = fields_of(post, "leckie").get("Tag_SNS_IM_Remark")
    assert remark == (None if code else value if tag == "Tag_SNS_IM_Remark" else "kept?")


def test_what_is_not_written_stays(post: Post) -> None:
    """One field may be written without the others, and only its own sequence goes on."""
    post(ADD, adding("leckie"))
    post(UPDATE, updating("leckie", ("Tag_SNS_IM_Remark", "L"), ("Tag_SNS_Custom_Lv", 1)))
    body = {"From_Account": "lumotuwe1", "StartIndex": 0}
    before = post(GET, body)
    post(UPDATE, updating("leckie", ("Tag_SNS_Custom_Age", 5)))
    after = post(GET, body)
    assert after["StandardSequence"] == before["StandardSequence"]
    assert after["CustomSequence"] == before["CustomSequence"] + 1
    said = fields_of(post, "leckie")
    assert (said["Tag_SNS_IM_Remark"], said["Tag_SNS_Custom_Lv"], said["Tag_SNS_Custom_Age"]) == ("L", 1, 5)


def test_only_friends_can_be_changed(post: Post) -> None:
    """Who is no friend fails with 30001, who is nobody with 30003."""
    assert codes(post(UPDATE, updating("leckie", ("Tag_SNS_IM_Remark", "x")))) == {"leckie": 30001}
    assert codes(post(UPDATE, updating("nobody", ("Tag_SNS_IM_Remark", "x")))) == {"nobody": 30003}


@pytest.mark.parametrize(
    ("how", "left"),
    [
        ({}, [("leckie", "lumotuwe1")]),
        ({"DeleteType": "Delete_Type_Single"}, [("leckie", "lumotuwe1")]),
        ({"DeleteType": "Delete_Type_Both"}, []),
    ],
)
@pytest.mark.parametrize(("path", "whom"), [(DELETE, {"To_Account": ["leckie"]}), (DELETE_ALL, {})])
def test_a_friendship_ends_on_one_side_or_on_both(  # noqa: PLR0917  # two tables and three fixtures
    post: Post,
    state: State,
    heard: Heard,
    how: dict[str, Any],
    left: list[tuple[str, str]],
    path: str,
    whom: dict[str, Any],
) -> None:
    """DeleteType says from whose lists friends go, and your application is told exactly those pairs."""
    post(ADD, adding("leckie"))
    before = pairs(state)
    heard.take()
    assert post(path, {"From_Account": "lumotuwe1"} | whom | how)["ErrorCode"] == 0
    assert pairs(state) == left
    gone = [{"From_Account": one, "To_Account": other} for one, other in before if (one, other) not in left]
    assert heard.take() == [("Sns.CallbackFriendDelete", {"PairList": gone})]
    assert post(path, {"From_Account": "lumotuwe1"} | whom)["ErrorCode"] == 0
    assert not heard.take()


def test_who_is_no_friend_cannot_be_deleted(post: Post) -> None:
    """31704 is for who is no friend, 30003 for who is nobody, and no Fail_Account names them."""
    post(ADD, adding("leckie"))
    answer = post(DELETE, {"From_Account": "lumotuwe1", "To_Account": ["leckie", "lumotuwe2", "nobody"]})
    assert codes(answer) == {"leckie": 0, "lumotuwe2": 31704, "nobody": 30003}
    assert "Fail_Account" not in answer


def test_an_account_that_goes_takes_its_friendships_along(post: Post, state: State) -> None:
    """Nothing is left on either side, nor in friend groups, once an account is deleted."""
    body = adding()
    body["AddFriendItem"] = [{"To_Account": "leckie", "GroupName": "Team"}]
    post(ADD, body)
    state.store.run("DELETE FROM accounts WHERE UserID = 'leckie'")
    assert not pairs(state)
    assert not state.store.rows("SELECT * FROM friend_group_members")


@pytest.mark.parametrize(
    ("made", "mode", "relation"),
    [
        ([], "Single", "NoRelation"),
        ([("lumotuwe1", "leckie")], "Single", "AWithB"),
        ([("leckie", "lumotuwe1")], "Single", "NoRelation"),
        ([], "Both", "NoRelation"),
        ([("lumotuwe1", "leckie")], "Both", "AWithB"),
        ([("leckie", "lumotuwe1")], "Both", "BWithA"),
        ([("lumotuwe1", "leckie"), ("leckie", "lumotuwe1")], "Both", "BothWay"),
    ],
)
def test_a_check_looks_into_one_list_or_both(
    post: Post, state: State, made: list[tuple[str, str]], mode: str, relation: str
) -> None:
    """Only a mutual check knows what stands on the other's list."""
    for one, other in made:
        state.store.insert("friends", {"From_Account": one, "To_Account": other, "AddTime": 1})
    body = {"From_Account": "lumotuwe1", "To_Account": ["leckie", "nobody"], "CheckType": f"CheckResult_Type_{mode}"}
    answer = post(CHECK, body)
    assert [item["Relation"] for item in answer["InfoItem"]] == [f"CheckResult_Type_{relation}", NO_RELATION]
    assert codes(answer) == {"leckie": 0, "nobody": 30003}
    assert answer["Fail_Account"] == ["nobody"]


NO_RELATION = "CheckResult_Type_NoRelation"


async def test_pages_of_friends_are_walked(tim: TimSession, box: Sandbox) -> None:
    """A page holds 100, in the order in which friends came, and the client's own pager finds the end."""
    names = crowd(box.state, "alice", 201)
    assert [friend.to_account async for friend in tim.friends.each("alice")] == names
    first = await tim.friends.list("alice")
    assert (len(first.user_data_item), first.complete, first.next_start_index, first.friend_num) == (
        100,
        False,
        100,
        201,
    )
    beyond = await tim.friends.list("alice", start_index=500)
    assert (beyond.user_data_item, beyond.complete) == ([], True)


@pytest.mark.parametrize(
    ("seen", "tags"),
    [
        ((), {"Tag_SNS_IM_AddSource", "Tag_SNS_IM_AddTime", "Tag_SNS_Custom_Lv"}),
        (("StandardSequence",), {"Tag_SNS_Custom_Lv"}),
        (("CustomSequence",), {"Tag_SNS_IM_AddSource", "Tag_SNS_IM_AddTime"}),
        (("StandardSequence", "CustomSequence"), set[str]()),
    ],
)
def test_what_was_seen_is_left_out(post: Post, seen: tuple[str, ...], tags: set[str]) -> None:
    """Fields whose sequence is still the caller's are left out, and come again once something changed."""
    item = {"To_Account": "leckie", "AddSource": "AddSource_Type_Old"}
    custom = {"CustomItem": [{"Tag": "Tag_SNS_Custom_Lv", "Value": 1}]}
    post(IMPORT, adding() | {"AddFriendItem": [item | custom]})
    body = {"From_Account": "lumotuwe1", "StartIndex": 0}
    answer = post(GET, body)
    again = post(GET, body | {name: answer[name] for name in seen})
    assert {value["Tag"] for value in again["UserDataItem"][0]["ValueItem"]} == tags
    post(UPDATE, updating("leckie", ("Tag_SNS_IM_Remark", "x"), ("Tag_SNS_Custom_Lv", 2)))
    changed = post(GET, body | {name: answer[name] for name in seen})
    assert {"Tag_SNS_IM_Remark", "Tag_SNS_Custom_Lv"} <= {v["Tag"] for v in changed["UserDataItem"][0]["ValueItem"]}


def test_chosen_fields_come_in_their_order(post: Post, state: State) -> None:
    """Profiles of everybody, and what the account says of its friends; who is nobody fails."""
    state.add_account("leckie", nick="Leckie")
    state.add_account("lumotuwe2", nick="Two")
    post(ADD, adding("leckie"))
    tags = ["Tag_SNS_IM_AddSource", "Tag_SNS_IM_Remark", "Tag_Profile_IM_Nick"]
    others = ["leckie", "lumotuwe2", "nobody"]
    answer = post(GET_LIST, {"From_Account": "lumotuwe1", "To_Account": others, "TagList": tags})
    assert codes(answer) == {"leckie": 0, "lumotuwe2": 0, "nobody": 30003}
    assert [[pair["Tag"] for pair in item["SnsProfileItem"]] for item in answer["InfoItem"]] == [
        ["Tag_SNS_IM_AddSource", "Tag_Profile_IM_Nick"],
        ["Tag_Profile_IM_Nick"],
        [],
    ]


GOOD: dict[str, dict[str, Any]] = {
    ADD: adding("leckie"),
    IMPORT: adding("leckie"),
    UPDATE: updating("leckie", ("Tag_SNS_IM_Remark", "x")),
    DELETE: {"From_Account": "lumotuwe1", "To_Account": ["leckie"]},
    DELETE_ALL: {"From_Account": "lumotuwe1"},
    CHECK: {"From_Account": "lumotuwe1", "To_Account": ["leckie"], "CheckType": "CheckResult_Type_Single"},
    GET: {"From_Account": "lumotuwe1", "StartIndex": 0},
    GET_LIST: {"From_Account": "lumotuwe1", "To_Account": ["leckie"], "TagList": ["Tag_SNS_IM_Remark"]},
}
BAD: list[tuple[str, dict[str, Any], int]] = [
    *((path, {"From_Account": None}, 30001) for path in GOOD),
    *((path, {"From_Account": 1}, 60015) for path in GOOD),
    *((path, {"From_Account": "a" * 33}, 30001) for path in GOOD),
    *((path, {"From_Account": "nobody"}, 30003) for path in GOOD),
    *((path, {"AddFriendItem": None}, 30001) for path in (ADD, IMPORT)),
    *((path, {"AddFriendItem": {}}, 30001) for path in (ADD, IMPORT)),
    *((path, {"AddFriendItem": [{}]}, 30001) for path in (ADD, IMPORT)),
    *((path, {"AddFriendItem": [{"To_Account": ""}]}, 30001) for path in (ADD, IMPORT)),
    (IMPORT, {"AddFriendItem": [{"To_Account": "leckie"}]}, 30001),
    (ADD, {"AddType": "Add_Type_None"}, 30001),
    (ADD, {"ForceAddFlags": 2}, 30001),
    (ADD, {"ForceAddFlags": "1"}, 30001),
    (UPDATE, {"UpdateItem": None}, 30001),
    (UPDATE, {"UpdateItem": [{"To_Account": "leckie"}]}, 30001),
    (UPDATE, {"UpdateItem": [{"To_Account": "leckie", "SnsItem": [{"Tag": "Tag_SNS_IM_Remark"}]}]}, 30001),
    *((path, {"To_Account": None}, 30001) for path in (DELETE, CHECK, GET_LIST)),
    *((path, {"To_Account": "leckie"}, 30001) for path in (DELETE, CHECK, GET_LIST)),
    *((path, {"To_Account": []}, 30001) for path in (DELETE, CHECK)),
    *((path, {"To_Account": ["leckie"] * 1001}, 30001) for path in (DELETE, CHECK)),
    *((path, {"DeleteType": "Delete_Type_None"}, 30001) for path in (DELETE, DELETE_ALL)),
    (CHECK, {"CheckType": None}, 30001),
    (CHECK, {"CheckType": "BlackCheckResult_Type_Single"}, 30001),
    (GET, {"StartIndex": None}, 30001),
    (GET, {"StartIndex": "0"}, 30001),
    (GET, {"StartIndex": -1}, 30001),
    (GET, {"StandardSequence": "1"}, 30001),
    (GET_LIST, {"TagList": None}, 30001),
    (GET_LIST, {"TagList": []}, 30001),
    (GET_LIST, {"TagList": ["Nick"]}, 30001),
]


@pytest.mark.parametrize(("path", "changed", "code"), BAD)
def test_a_bad_field_is_refused(post: Post, state: State, path: str, changed: dict[str, Any], code: int) -> None:
    """A call with a field that is missing, of another kind or out of bounds does nothing."""
    state.store.insert("friends", {"From_Account": "lumotuwe1", "To_Account": "lumotuwe2", "AddTime": 1})
    state.store.commit()
    before = state.export()
    assert post(path, GOOD[path] | changed)["ErrorCode"] == code
    assert state.export() == before


@pytest.mark.parametrize("path", GOOD)
def test_the_manuals_samples_are_taken(post: Post, state: State, path: str) -> None:
    """Each documented request is accepted and answered with the keys of the documented reply."""
    state.add_account("lumotuwe3")
    if path != ADD:
        post(ADD, adding("lumotuwe2", "lumotuwe3"))
    answer = post(path, sample(path, "request"))
    assert answer["ErrorCode"] == 0
    assert shape(answer, but="Fail_Account") == shape(sample(path, "reply"), but="Fail_Account")  # for failures alone
