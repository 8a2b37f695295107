"""Who is in a live room, and with which marks; its admins and robots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.conftest import GROUP
from tests.sandbox.samples import samples
from timrest_async import ApiError
from timrest_async.sandbox import Rules

if TYPE_CHECKING:
    from tests.sandbox.conftest import Post
    from timrest_async import TimSession
    from timrest_async.sandbox import Sandbox, State
    from timrest_async.testing import FakeClock

LIST, MARK, APPOINT, ADMINS, CHECK, ROBOTS, NO_ROBOTS = PATHS = [
    f"group_open_avchatroom_http_svc/{name}"
    for name in (
        *("get_members", "modify_user_info", "modify_admin", "get_admin_list"),
        *("check_members", "add_robots", "del_robots"),
    )
]
LIVE = "@TGS#aC72FIEAEU"
COMMUNITY = "@TGS#_community"
LEFT_OUT = object()
DAY = 86_400

GOOD: dict[str, dict[str, Any]] = {
    LIST: {"GroupId": LIVE, "Timestamp": 0},
    MARK: {"GroupId": LIVE, "CommandType": 1, "MemberList": [{"Member_Account": "lumotuwe1", "Marks": [1000]}]},
    APPOINT: {"GroupId": LIVE, "CommandType": 1, "Admin_Account": ["leckie"]},
    ADMINS: {"GroupId": LIVE},
    CHECK: {"GroupId": LIVE, "Member_Account": ["lumotuwe1"]},
    ROBOTS: {"GroupId": LIVE, "Robot_Account": ["@RBT#001"]},
    NO_ROBOTS: {"GroupId": LIVE, "Robot_Account": ["@RBT#001"]},
}


@pytest.fixture(autouse=True)
def room(state: State) -> None:
    """Put a live room in, and robots."""
    for robot in ("@RBT#001", "@RBT#002"):
        state.add_account(robot)
    state.add_account("lumotuwe3")
    state.add_group(LIVE, group_type="AVChatRoom", members=["lumotuwe1", "lumotuwe2"])
    state.add_group(COMMUNITY, group_type="Community", members=["lumotuwe1"])


def marks(**wanted: list[int]) -> list[dict[str, Any]]:
    """Return accounts with marks as MemberList has them."""
    return [{"Member_Account": account, "Marks": numbers} for account, numbers in wanted.items()]


def seen(post: Post, mark: int | None = None, group_id: str = LIVE) -> list[str]:
    """Return who is listed."""
    given = {} if mark is None else {"Mark": mark}
    answer = post(LIST, {"GroupId": group_id, "Timestamp": 0} | given)
    assert answer["ErrorCode"] == 0, answer
    return [member["Member_Account"] for member in answer["MemberList"]]


async def test_the_life_of_a_live_room(box: Sandbox, tim: TimSession) -> None:
    """Its members are listed, marked and checked, it gets admins, and robots fill it."""
    live = tim.group_members
    box.state.add_account("alice", "Alice", "https://example.com/a.png")
    box.state.add_account("@RBT#1")
    box.state.add_group(LIVE, group_type="AVChatRoom", members=["alice", "bob"])
    (bob, alice) = (await live.list_live(LIVE)).member_list
    assert (bob.member_account, bob.nick_name, bob.join_time) == ("bob", "", box.state.now)
    assert (alice.member_account, alice.nick_name, alice.avatar) == ("alice", "Alice", "https://example.com/a.png")

    marked = await live.mark_live(group_id=LIVE, command_type=1, member_list={"alice": [1000, 1001], "carol": [1000]})
    assert marked.succeeded == ["alice"]
    assert [failure.about for failure in marked.failed] == ["carol"]
    assert [one.member_account async for one in live.each_live(LIVE, mark=1001)] == ["alice"]
    await live.mark_live(group_id=LIVE, command_type=2, member_list={"alice": [1001]})
    assert (await live.list_live(LIVE, mark=1001)).member_list == []
    with pytest.raises(ApiError):
        await live.mark_live(group_id=LIVE, command_type=1, member_list={"carol": [1000]})

    await live.modify_live_admins(group_id=LIVE, command_type=1, admin_account=["carol", "alice"])
    await live.modify_live_admins(group_id=LIVE, command_type=2, admin_account="carol")
    (admin,) = (await live.list_live_admins(LIVE)).admin_list
    assert (admin.admin_account, admin.nick_name) == ("alice", "Alice")

    await live.add_live_robots(LIVE, "@RBT#1")
    asked = ["alice", "carol", "@RBT#1"]
    assert (await live.check_live(LIVE, asked)).member_account == ["alice", "@RBT#1"]
    await live.delete_live_robots(LIVE, "@RBT#1")
    assert (await live.check_live(LIVE, asked)).member_account == ["alice"]


async def test_a_live_room_is_walked_by_our_own_pager(box: Sandbox, tim: TimSession) -> None:
    """The thousand who came last are listed, each once, the last first."""
    names = [f"user{number}" for number in range(1001)]
    box.state.add_group(LIVE, group_type="AVChatRoom", members=names)
    assert [one.member_account async for one in tim.group_members.each_live(LIVE)] == names[:0:-1]


@pytest.mark.parametrize("path", PATHS)
def test_a_good_call_is_answered_ok(post: Post, path: str) -> None:
    """Each command takes a plain good body."""
    assert post(path, GOOD[path])["ErrorCode"] == 0


@pytest.mark.parametrize(
    ("path", "changed", "code"),
    [
        *((path, {"GroupId": LEFT_OUT}, 10004) for path in PATHS),
        *((path, {"GroupId": 7}, 10004) for path in PATHS),
        *((path, {"GroupId": "g" * 49}, 10015) for path in PATHS),
        *((path, {"GroupId": "nowhere"}, 10010) for path in PATHS),
        *((path, {"GroupId": GROUP}, 10007) for path in PATHS),
        *((path, {"GroupId": COMMUNITY}, 10007) for path in PATHS if path != LIST),
        (LIST, {"Timestamp": LEFT_OUT}, 10004),
        (LIST, {"Timestamp": "0"}, 10004),
        (LIST, {"Timestamp": -1}, 10004),
        (LIST, {"Mark": 2**63}, 10004),
        (MARK, {"CommandType": 3}, 10004),
        (MARK, {"MemberList": []}, 10004),
        (MARK, {"MemberList": marks(lumotuwe1=[1000]) * 501}, 10004),
        (MARK, {"MemberList": [{"Member_Account": "lumotuwe1"}]}, 10004),
        (MARK, {"MemberList": marks(lumotuwe1=[999])}, 10004),
        (MARK, {"MemberList": marks(lumotuwe1=[2**32])}, 10004),
        (MARK, {"MemberList": marks(lumotuwe1=[*range(1000, 1011)])}, 10004),
        (MARK, {"MemberList": marks(lumotuwe3=[1000], stranger=[500])}, 10004),
        (MARK, {"MemberList": marks(lumotuwe3=[500]), "CommandType": 2}, 10004),
        (APPOINT, {"CommandType": LEFT_OUT}, 10004),
        (APPOINT, {"Admin_Account": []}, 10004),
        (APPOINT, {"Admin_Account": ["leckie"] * 6}, 10004),
        (APPOINT, {"Admin_Account": ["leckie", "stranger"]}, 10019),
        (CHECK, {"Member_Account": "lumotuwe1"}, 10004),
        (ROBOTS, {"Robot_Account": ["@RBT#003"]}, 10019),
        (NO_ROBOTS, {"Robot_Account": [7]}, 10004),
    ],
)
def test_what_is_wrong_has_a_code(post: Post, state: State, path: str, changed: dict[str, Any], code: int) -> None:
    """A bad field, a bad group and a bad wish are refused, and nothing is changed."""
    before = state.export()
    body = {name: value for name, value in (GOOD[path] | changed).items() if value is not LEFT_OUT}
    assert post(path, body)["ErrorCode"] == code
    assert state.export() == before


def test_a_page_holds_five_hundred(post: Post, state: State) -> None:
    """NextTimestamp leads to the rest, and is 0 where there is none; a community is listed too."""
    state.add_group("big", group_type="AVChatRoom", members=[f"user{number}" for number in range(501)])
    first = post(LIST, {"GroupId": "big", "Timestamp": 0})
    assert len(first["MemberList"]) == 500
    last = post(LIST, {"GroupId": "big", "Timestamp": first["NextTimestamp"]})
    assert [member["Member_Account"] for member in last["MemberList"]] == ["user0"]
    assert last["NextTimestamp"] == 0
    assert seen(post, group_id=COMMUNITY) == ["lumotuwe1"]


def test_who_is_hidden_is_listed_by_that_mark_alone(post: Post) -> None:
    """Mark 600 takes a member off all other lists."""
    post(MARK, {"GroupId": LIVE, "CommandType": 1, "MemberList": marks(lumotuwe1=[600], lumotuwe2=[1000])})
    assert [seen(post), seen(post, 600)] == [["lumotuwe2"], ["lumotuwe1"]]
    assert [seen(post, 1000), seen(post, 9)] == [["lumotuwe2"], []]


async def test_mark_500_keeps_one_in_the_room_for_three_days(post: Post, clock: FakeClock) -> None:
    """It is the one mark that can be set on who is not there; setting it again begins the time anew."""
    given = {"GroupId": LIVE, "CommandType": 1, "MemberList": marks(lumotuwe3=[1000, 500])}
    assert post(MARK, given)["MemberList"] == marks(lumotuwe3=[500])
    assert seen(post) == ["lumotuwe3", "lumotuwe2", "lumotuwe1"]
    assert post(MARK, given)["MemberList"] == marks(lumotuwe3=[1000, 500])
    await clock.advance(2 * DAY)
    post(ROBOTS, GOOD[ROBOTS] | {"Robot_Account": ["lumotuwe3", "lumotuwe1"]})
    await clock.advance(3 * DAY - 1)
    assert seen(post, 500) == ["lumotuwe3", "lumotuwe1"]
    await clock.advance(1)
    assert seen(post) == ["lumotuwe2", "lumotuwe1"]
    assert post(CHECK, GOOD[CHECK] | {"Member_Account": ["lumotuwe3"]})["Member_Account"] == []


def test_marks_of_one_member_add_up(post: Post) -> None:
    """A member may be named twice in a call."""
    twice = [*marks(lumotuwe1=[1000]), *marks(lumotuwe2=[1000]), *marks(lumotuwe1=[1001])]
    answer = post(MARK, GOOD[MARK] | {"MemberList": twice})
    assert answer["MemberList"] == marks(lumotuwe1=[1000, 1001], lumotuwe2=[1000])


def test_a_room_has_ten_marks_of_your_own(post: Post) -> None:
    """500 and 600 do not count, nor do marks that nobody has any more."""
    ten = [*range(1000, 1010)]
    assert post(MARK, GOOD[MARK] | {"MemberList": marks(lumotuwe1=[500, 600, *ten])})["ErrorCode"] == 0
    more = GOOD[MARK] | {"MemberList": marks(lumotuwe2=[2000])}
    assert post(MARK, more)["ErrorCode"] == 10004
    assert post(MARK, {"GroupId": LIVE, "CommandType": 2, "MemberList": marks(lumotuwe1=[1009])})["ErrorCode"] == 0
    assert post(MARK, more)["ErrorCode"] == 0


def test_a_mark_is_on_a_thousand_members(post: Post, state: State) -> None:
    """One more is refused, and so is everything in that call."""
    names = [f"user{number}" for number in range(1001)]
    state.add_group("big", group_type="AVChatRoom", members=names)
    codes = [
        post(MARK, {"GroupId": "big", "CommandType": 1, "MemberList": marks(**{one: [1000] for one in some})})[
            "ErrorCode"
        ]
        for some in (names[:500], names[500:1000], names[999:])
    ]
    assert codes == [0, 0, 10004]
    assert "user1000" not in seen(post, 1000, "big")


def test_a_room_has_five_admins(post: Post, state: State) -> None:
    """They are listed in the order in which they were appointed; who is one already is no further one."""
    names = [f"admin{number}" for number in range(6)]
    for name in names:
        state.add_account(name)
    assert post(APPOINT, GOOD[APPOINT] | {"Admin_Account": names[4::-1]})["ErrorCode"] == 0
    assert post(APPOINT, GOOD[APPOINT] | {"Admin_Account": names[:5]})["ErrorCode"] == 0
    assert post(APPOINT, GOOD[APPOINT] | {"Admin_Account": names[5:]})["ErrorCode"] == 10004
    assert post(APPOINT, GOOD[APPOINT] | {"Admin_Account": ["leckie"], "CommandType": 2})["ErrorCode"] == 0
    listed = post(ADMINS, GOOD[ADMINS])["Admin_List"]
    assert [admin["Admin_Account"] for admin in listed] == names[4::-1]


def test_checking_keeps_the_order_and_names_each_once(post: Post) -> None:
    """Who is not there, or does not exist, is left out."""
    asked = ["lumotuwe2", "stranger", "lumotuwe1", "lumotuwe3", "lumotuwe2"]
    assert post(CHECK, {"GroupId": LIVE, "Member_Account": asked})["Member_Account"] == ["lumotuwe2", "lumotuwe1"]


def test_without_the_consoles_list_thirty_are_listed(post: Post, state: State) -> None:
    """And nothing else is to be had of a live room."""
    state.rules = Rules(calls_per_second=None, live_member_list=False)
    state.add_group("big", group_type="AVChatRoom", members=[f"user{number}" for number in range(31)])
    assert seen(post, group_id="big") == [f"user{number}" for number in range(30, 0, -1)]
    for path in PATHS[1:]:
        assert post(path, GOOD[path])["ErrorCode"] == 10007


def test_an_account_that_goes_leaves_nothing(post: Post, state: State) -> None:
    """Neither marks nor the office of an admin outlast an account."""
    post(MARK, GOOD[MARK])
    post(APPOINT, GOOD[APPOINT] | {"Admin_Account": ["lumotuwe1"]})
    state.store.run("DELETE FROM accounts WHERE UserID = 'lumotuwe1'")
    state.store.commit()
    assert seen(post) == ["lumotuwe2"]
    assert [post(ADMINS, GOOD[ADMINS])["Admin_List"], seen(post, 1000)] == [[], []]


@pytest.mark.parametrize("path", PATHS)
def test_the_documented_samples_are_answered_as_documented(post: Post, path: str) -> None:
    """Each sample is accepted, and the answer has the names of the sample's."""
    post(MARK, GOOD[MARK])
    post(APPOINT, GOOD[APPOINT])
    request, reply = samples(path)
    answer = post(path, request)
    assert answer["ErrorCode"] == 0
    assert list(answer) == list(reply)
    for name in ("MemberList", "Admin_List"):
        if name in reply:
            assert list(answer[name][0]) == list(reply[name][0])
