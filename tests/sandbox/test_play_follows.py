"""Follows in the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests.sandbox.conftest import KEY, SDKAPPID
from tests.sandbox.heard import Heard
from tests.sandbox.samples import sample, shape
from timrest_async.sandbox import Application, Service

if TYPE_CHECKING:
    from timrest_async import TimSession
    from timrest_async.sandbox import Sandbox, State
    from timrest_async.testing import FakeClock

Post = Callable[..., dict[str, Any]]
FollowType = Literal[1, 2, 3]

ADD, DELETE, GET = "follow/follow_add", "follow/follow_delete", "follow/follow_get"
CHECK, COUNT = "follow/follow_check", "follow/follow_get_info"


@pytest.fixture
def heard() -> Heard:
    """Return an application that listens."""
    return Heard()


@pytest.fixture
def service(state: State, heard: Heard) -> Service:
    """Return a service whose application listens."""
    return Service(Application(sdkappid=SDKAPPID, secret_key=KEY), state, heard)


def following(*accounts: str, **changed: Any) -> dict[str, Any]:
    """Return the body that lets lumotuwe1 follow *accounts*."""
    return {"From_Account": "lumotuwe1", "FollowItem": [{"To_Account": account} for account in accounts]} | changed


def body(*accounts: str, **changed: Any) -> dict[str, Any]:
    """Return the body of a command about whom lumotuwe1 follows."""
    return {"From_Account": "lumotuwe1", "To_Account": list(accounts)} | changed


def codes(answer: dict[str, Any]) -> dict[str, int]:
    """Return the ResultCode of each account of a good answer."""
    assert answer["ErrorCode"] == 0, answer
    return {item["To_Account"]: item["ResultCode"] for item in answer["ResultItem"]}


async def test_the_life_of_a_follower(tim: TimSession, box: Sandbox, clock: FakeClock) -> None:
    """Accounts are followed, listed, checked, counted and left, and the typed client reads every answer."""
    box.state.add_account("bob", nick="Bob")
    assert (await tim.friends.follow("alice", ["bob", "carol"])).succeeded == ["bob", "carol"]
    await clock.advance(60)
    await tim.friends.follow("bob", ["alice"])
    listed = await tim.friends.list_follows("alice", follow_type=2)
    assert [(item.to_account, item.follow_time, item.nick) for item in listed.follow_item] == [
        *(("bob", box.state.now - 60, "Bob"), ("carol", box.state.now - 60, None)),
    ]
    lists: list[tuple[FollowType, list[str]]] = [(1, ["bob"]), (2, ["bob", "carol"]), (3, ["bob"])]
    for follow_type, found in lists:
        page = await tim.friends.list_follows("alice", follow_type=follow_type)
        assert [item.to_account for item in page.follow_item] == found
    checked = await tim.friends.check_follows("alice", ["bob", "carol", "nobody"])
    assert [(item.follow_type, item.ok) for item in checked.result_item] == [(3, True), (2, True), (0, False)]
    counted = await tim.friends.count_follows("carol", ["alice", "carol"])
    assert [
        (item.follower_count, item.following_count, item.mutual_following_count) for item in counted.follow_info
    ] == [(1, 2, 1), (1, 0, 0)]
    assert (await tim.friends.unfollow("alice", ["bob"])).succeeded == ["bob"]
    assert [item.follow_type for item in (await tim.friends.check_follows("alice", ["bob"])).result_item] == [1]


def test_following_is_told_once(post: Post, heard: Heard) -> None:
    """Your application hears of those who are followed anew, or left, and of nobody where nothing changed."""
    assert codes(post(ADD, following("leckie", "lumotuwe2"))) == {"leckie": 0, "lumotuwe2": 0}
    told = {"From_Account": "lumotuwe1", "FollowList": [{"To_Account": "leckie"}, {"To_Account": "lumotuwe2"}]}
    assert heard.take() == [("Follow.CallbackAfterFollowAdd", told)]
    assert codes(post(ADD, following("leckie"))) == {"leckie": 0}
    assert not heard.take()
    assert codes(post(DELETE, body("leckie", "lumotuwe2"))) == {"leckie": 0, "lumotuwe2": 0}
    told = {"From_Account": "lumotuwe1", "To_Account": ["leckie", "lumotuwe2"]}
    assert heard.take() == [("Follow.CallbackAfterFollowDelete", told)]
    assert codes(post(DELETE, body("leckie"))) == {"leckie": 0}
    assert not heard.take()
    assert not heard.asked


def test_who_cannot_be_followed_fails_alone(post: Post, state: State) -> None:
    """Who is nobody fails with 70107, the account itself with 30001; no Fail_Account names them."""
    answer = post(ADD, following("leckie", "nobody", "lumotuwe1"))
    assert codes(answer) == {"leckie": 0, "nobody": 70107, "lumotuwe1": 30001}
    assert "Fail_Account" not in answer
    assert state.store.values("SELECT To_Account FROM follows") == ["leckie"]
    assert codes(post(DELETE, body("leckie", "nobody"))) == {"leckie": 0, "nobody": 70107}


def test_who_is_nobody_is_counted_as_nothing(post: Post) -> None:
    """Its entry has zeros, and a code."""
    assert post(COUNT, body("nobody"))["FollowInfo"] == [
        {
            "To_Account": "nobody",
            "FollowerCount": 0,
            "FollowingCount": 0,
            "MutualFollowingCount": 0,
            "ResultCode": 70107,
            "ResultInfo": "Err_TLS_PT_Open_Login_Account_Not_Exist",
        }
    ]


@pytest.mark.parametrize("follow_type", [1, 2, 3])
async def test_pages_of_follows_are_walked(tim: TimSession, box: Sandbox, follow_type: FollowType) -> None:
    """The client's own pager finds the end of each list, also of an even page and while the list shrinks."""
    names = [f"u{number}" for number in range(6)]
    for name in names:
        box.state.add_account(name)
        for one, other in (("alice", name), (name, "alice")):
            box.state.store.insert("follows", {"From_Account": one, "To_Account": other, "FollowTime": 1})
    box.state.store.insert("follows", {"From_Account": "bob", "To_Account": "carol", "FollowTime": 1})
    box.state.store.commit()
    for size in (3, 4, 6):
        each = tim.friends.each_follow("alice", follow_type=follow_type, want_num=size)
        assert [item.to_account async for item in each] == names
    first = await tim.friends.list_follows("alice", follow_type=follow_type, want_num=2)
    box.state.store.run("DELETE FROM accounts WHERE UserID IN ('u0', 'u1')")
    rest = await tim.friends.list_follows("alice", follow_type=follow_type, start_cursor=first.next_cursor or "")
    assert [item.to_account for item in rest.follow_item] == names[2:]


GOOD: dict[str, dict[str, Any]] = {
    ADD: following("leckie"),
    DELETE: body("leckie"),
    GET: {"From_Account": "lumotuwe1", "FollowType": 1, "StartCursor": "", "WantNum": 100},
    CHECK: body("leckie"),
    COUNT: body("leckie"),
}
NO_FOLLOWS: list[Any] = [None, {}, [], ["leckie"], [{}], [{"To_Account": "a"}] * 21]
BAD: list[tuple[str, dict[str, Any], int]] = [
    *((path, {"From_Account": None}, 30001) for path in GOOD),
    *((path, {"From_Account": 1}, 60015) for path in GOOD),
    *((path, {"From_Account": "a" * 33}, 30001) for path in GOOD),
    *((path, {"From_Account": "nobody"}, 70107) for path in GOOD),
    *((ADD, {"FollowItem": value}, 30001) for value in NO_FOLLOWS),
    *((path, {"To_Account": None}, 30001) for path in (DELETE, CHECK, COUNT)),
    *((path, {"To_Account": [{"To_Account": "leckie"}]}, 30001) for path in (DELETE, CHECK, COUNT)),
    *((path, {"To_Account": []}, 30001) for path in (DELETE, CHECK, COUNT)),
    *((path, {"To_Account": ["leckie"] * 21}, 30001) for path in (DELETE, COUNT)),
    (CHECK, {"To_Account": ["leckie"] * 101}, 30001),
    *((GET, {"FollowType": value}, 30001) for value in (None, "1", 0, 4)),
    *((GET, {"StartCursor": value}, 30001) for value in (None, 1, "-1", "x", "٣", "9" * 19)),
    *((GET, {"WantNum": value}, 30001) for value in (None, "1", 0, 1001)),
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
    post(ADD, following("lumotuwe1", From_Account="lumotuwe2"))
    answer = post(path, sample(path, "request"))
    assert answer["ErrorCode"] == 0
    assert shape(answer, but="profile_sequence") == shape(
        sample(path, "reply"), but="profile_sequence"
    )  # of one page alone
