"""Black lists in the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.conftest import KEY, SDKAPPID
from tests.sandbox.heard import Heard
from tests.sandbox.samples import sample, shape
from timrest_async.sandbox import Application, Service

if TYPE_CHECKING:
    from timrest_async import TimSession
    from timrest_async.sandbox import Sandbox, State

Post = Callable[..., dict[str, Any]]

ADD, DELETE = "sns/black_list_add", "sns/black_list_delete"
GET, CHECK = "sns/black_list_get", "sns/black_list_check"


@pytest.fixture
def heard() -> Heard:
    """Return an application that listens."""
    return Heard()


@pytest.fixture
def service(state: State, heard: Heard) -> Service:
    """Return a service whose application listens."""
    return Service(Application(sdkappid=SDKAPPID, secret_key=KEY), state, heard)


def body(*accounts: str, **changed: Any) -> dict[str, Any]:
    """Return the body of a command about the black list of lumotuwe1."""
    return {"From_Account": "lumotuwe1", "To_Account": list(accounts)} | changed


def codes(answer: dict[str, Any]) -> dict[str, int]:
    """Return the ResultCode of each account of a good answer."""
    assert answer["ErrorCode"] == 0, answer
    return {item["To_Account"]: item["ResultCode"] for item in answer["ResultItem"]}


def blocked(state: State) -> list[tuple[str, str]]:
    """Return who stands on whose black list."""
    rows = state.store.rows("SELECT From_Account, To_Account FROM black_list ORDER BY number")
    return [(row["From_Account"], row["To_Account"]) for row in rows]


async def test_the_life_of_a_black_list(tim: TimSession, box: Sandbox) -> None:
    """Accounts are blocked, listed, checked and unblocked, and the typed client reads every answer."""
    await tim.friends.add("alice", ["bob"])
    added = await tim.friends.add_to_black_list("alice", ["bob", "carol", "nobody"])
    assert added.succeeded == ["bob", "carol"]
    assert [(failed.about, failed.code) for failed in added.failed] == [("nobody", 30003)]
    listed = await tim.friends.list_black_list("alice", max_limited=10)
    assert [item.to_account for item in listed.black_list_item] == ["bob", "carol"]
    assert {item.add_black_time_stamp for item in listed.black_list_item} == {box.state.now}
    assert (listed.start_index, listed.current_sequence) == (0, 1)
    checked = await tim.friends.check_black_list("bob", ["alice"], check_type="BlackCheckResult_Type_Both")
    assert [(item.listed, item.lists_back) for item in checked.black_list_check_item] == [(False, True)]
    assert (await tim.friends.list("alice")).user_data_item == []

    assert (await tim.friends.delete_from_black_list("alice", ["bob"])).succeeded == ["bob"]
    listed = await tim.friends.list_black_list("alice", max_limited=10)
    assert [item.to_account for item in listed.black_list_item] == ["carol"]
    assert listed.current_sequence == 2


def test_blocking_ends_a_friendship_on_both_sides(post: Post, state: State, heard: Heard) -> None:
    """Your application is told of both, and only of friendships that there were."""
    for one, other in (("lumotuwe1", "leckie"), ("leckie", "lumotuwe1")):
        state.store.insert("friends", {"From_Account": one, "To_Account": other, "AddTime": 1})
    assert codes(post(ADD, body("leckie", "lumotuwe2"))) == {"leckie": 0, "lumotuwe2": 0}
    assert not state.store.rows("SELECT * FROM friends")
    pairs = [("lumotuwe1", "leckie"), ("leckie", "lumotuwe1")]
    new = [("lumotuwe1", "leckie"), ("lumotuwe1", "lumotuwe2")]
    assert blocked(state) == new
    assert heard.take() == [
        (command, {"PairList": [{"From_Account": one, "To_Account": other} for one, other in told]})
        for command, told in (("Sns.CallbackFriendDelete", pairs), ("Sns.CallbackBlackListAdd", new))
    ]
    assert not heard.asked


def test_who_cannot_be_blocked_fails_alone(post: Post, state: State, heard: Heard) -> None:
    """Who is blocked already, who is nobody and the account itself fail; a call in which all fail tells nothing."""
    post(ADD, body("leckie"))
    heard.take()
    answer = post(ADD, body("leckie", "nobody", "lumotuwe1"))
    assert codes(answer) == {"leckie": 30001, "nobody": 30003, "lumotuwe1": 30001}
    assert answer["ResultItem"][0]["ResultInfo"] == "Err_SNS_BlackListAdd_Already_Exist"
    assert answer["Fail_Account"] == ["leckie", "nobody", "lumotuwe1"]
    assert not heard.take()
    assert blocked(state) == [("lumotuwe1", "leckie")]


def test_a_black_list_holds_1000(post: Post, state: State) -> None:
    """Whoever is beyond that fails with 30013."""
    names = [f"u{number}" for number in range(999)]
    for name in names:
        state.store.run("INSERT INTO accounts VALUES (?)", name)
    assert set(codes(post(ADD, body(*names))).values()) == {0}
    assert codes(post(ADD, body("leckie", "lumotuwe2"))) == {"leckie": 0, "lumotuwe2": 30013}


def test_unblocking_tells_of_those_who_were_blocked(post: Post, state: State, heard: Heard) -> None:
    """Who is not blocked is none of the failures, and nothing happens to tell of."""
    post(ADD, body("leckie"))
    heard.take()
    answer = post(DELETE, body("leckie", "lumotuwe2", "nobody"))
    assert codes(answer) == {"leckie": 0, "lumotuwe2": 0, "nobody": 30003}
    assert answer["Fail_Account"] == ["nobody"]
    pair = {"From_Account": "lumotuwe1", "To_Account": "leckie"}
    assert heard.take() == [("Sns.CallbackBlackListDelete", {"PairList": [pair]})]
    assert not blocked(state)
    sequence = post(GET, body(StartIndex=0, MaxLimited=1, LastSequence=0))["CurruentSequence"]
    post(DELETE, body("leckie"))
    assert not heard.take()
    assert post(GET, body(StartIndex=0, MaxLimited=1, LastSequence=0))["CurruentSequence"] == sequence


async def test_pages_of_a_black_list_are_walked(tim: TimSession, box: Sandbox) -> None:
    """A page holds as many as are asked for, and the client's own pager finds the end, also of an even page."""
    names = [f"u{number}" for number in range(6)]
    for name in names:
        box.state.add_account(name)
    await tim.friends.add_to_black_list("alice", names)
    for size in (3, 4, 6):
        found = [item.to_account async for item in tim.friends.each_in_black_list("alice", max_limited=size)]
        assert found == names
    assert (await tim.friends.list_black_list("alice", max_limited=4)).start_index == 4


@pytest.mark.parametrize(
    ("made", "mode", "relation"),
    [
        ([], "Single", "NO"),
        ([("lumotuwe1", "leckie")], "Single", "AWithB"),
        ([("leckie", "lumotuwe1")], "Single", "NO"),
        ([], "Both", "NO"),
        ([("lumotuwe1", "leckie")], "Both", "AWithB"),
        ([("leckie", "lumotuwe1")], "Both", "BWithA"),
        ([("lumotuwe1", "leckie"), ("leckie", "lumotuwe1")], "Both", "BothWay"),
    ],
)
def test_a_check_looks_into_one_list_or_both(
    post: Post, state: State, made: list[tuple[str, str]], mode: str, relation: str
) -> None:
    """Only a mutual check knows what stands on the other's black list; who is nobody fails."""
    for one, other in made:
        row = {"From_Account": one, "To_Account": other, "AddBlackTimeStamp": 1}
        state.store.insert("black_list", row)
    answer = post(CHECK, body("leckie", "nobody", CheckType=f"BlackCheckResult_Type_{mode}"))
    assert [(item["Relation"], item["ResultCode"]) for item in answer["BlackListCheckItem"]] == [
        (f"BlackCheckResult_Type_{relation}", 0),
        ("BlackCheckResult_Type_NO", 30003),
    ]
    assert answer["Fail_Account"] == ["nobody"]


def test_an_account_that_goes_leaves_every_black_list(post: Post, state: State) -> None:
    """Neither its own list nor its place on another's stays."""
    post(ADD, body("leckie"))
    post(ADD, body("lumotuwe1", From_Account="leckie"))
    state.store.run("DELETE FROM accounts WHERE UserID = 'leckie'")
    assert not blocked(state)


GOOD: dict[str, dict[str, Any]] = {
    ADD: body("leckie"),
    DELETE: body("leckie"),
    GET: {"From_Account": "lumotuwe1", "StartIndex": 0, "MaxLimited": 30, "LastSequence": 0},
    CHECK: body("leckie", CheckType="BlackCheckResult_Type_Single"),
}
BAD: list[tuple[str, dict[str, Any], int]] = [
    *((path, {"From_Account": None}, 30001) for path in GOOD),
    *((path, {"From_Account": 1}, 60015) for path in GOOD),
    *((path, {"From_Account": ""}, 30001) for path in GOOD),
    *((path, {"From_Account": "nobody"}, 30003) for path in GOOD),
    *((path, {"To_Account": None}, 30001) for path in (ADD, DELETE, CHECK)),
    *((path, {"To_Account": "leckie"}, 30001) for path in (ADD, DELETE, CHECK)),
    *((path, {"To_Account": [1]}, 30001) for path in (ADD, DELETE, CHECK)),
    *((path, {"To_Account": []}, 30001) for path in (ADD, DELETE, CHECK)),
    *((path, {"To_Account": ["leckie"] * 1001}, 30001) for path in (ADD, DELETE, CHECK)),
    (CHECK, {"CheckType": None}, 30001),
    (CHECK, {"CheckType": "CheckResult_Type_Single"}, 30001),
    *((GET, {name: None}, 30001) for name in ("StartIndex", "MaxLimited", "LastSequence")),
    *((GET, {name: "1"}, 30001) for name in ("StartIndex", "MaxLimited", "LastSequence")),
    (GET, {"StartIndex": -1}, 30001),
    (GET, {"MaxLimited": 0}, 30001),
]


@pytest.mark.parametrize(("path", "changed", "code"), BAD)
def test_a_bad_field_is_refused(post: Post, state: State, path: str, changed: dict[str, Any], code: int) -> None:
    """A call with a field that is missing, of another kind or out of bounds does nothing."""
    before = state.export()
    assert post(path, GOOD[path] | changed)["ErrorCode"] == code
    assert state.export() == before


@pytest.mark.parametrize("path", GOOD)
def test_the_manuals_samples_are_taken(post: Post, state: State, path: str) -> None:
    """Each documented request is accepted and answered with the keys of the documented reply."""
    state.add_account("lumotuwe3")
    if path != ADD:
        post(ADD, body("lumotuwe2", "lumotuwe3"))
    answer = post(path, sample(path, "request"))
    assert answer["ErrorCode"] == 0
    assert shape(answer, but="Fail_Account") == shape(sample(path, "reply"), but="Fail_Account")  # for failures alone
