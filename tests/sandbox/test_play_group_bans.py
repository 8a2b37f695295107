"""Who may not write in a group, and who may not be in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests.sandbox.conftest import GROUP
from tests.sandbox.heard import Heard
from tests.sandbox.samples import samples
from timrest_async import ApiError, Text
from timrest_async.commands.group_members import FOREVER
from timrest_async.sandbox import Rules
from timrest_async.sandbox.events import Event

if TYPE_CHECKING:
    from tests.sandbox.conftest import Post
    from timrest_async import TimSession
    from timrest_async.sandbox import Sandbox, Service, State
    from timrest_async.testing import FakeClock

MUTE, MUTED, SHUTTED, BAN, UNBAN, BANNED = PATHS = [
    f"group_open_http_svc/{name}"
    for name in (
        *("forbid_send_msg", "get_group_muted_account", "get_group_shutted_uin"),
        *("ban_group_member", "unban_group_member", "get_group_ban_member"),
    )
]
ADD, IMPORT = "group_open_http_svc/add_group_member", "group_open_http_svc/import_group_member"
MARK, CHECK = "group_open_avchatroom_http_svc/modify_user_info", "group_open_avchatroom_http_svc/check_members"
COMMUNITY = "@TGS#_@TGS#cQVLVHIM62CJ"
TOPIC, OTHER_TOPIC = f"{COMMUNITY}@TOPIC#_cQLLVHIM62CJ", f"{COMMUNITY}@TOPIC#_other"
LIVE = "@TGS#aC72FIEAEU"
WORK = "@TGS#work"
LEFT_OUT = object()

GOOD: dict[str, dict[str, Any]] = {
    MUTE: {"GroupId": GROUP, "Members_Account": ["lumotuwe1"], "MuteTime": 60},
    MUTED: {"GroupId": GROUP},
    SHUTTED: {"GroupId": GROUP},
    BAN: {"GroupId": LIVE, "Members_Account": ["lumotuwe1"], "Duration": 60},
    UNBAN: {"GroupId": LIVE, "Members_Account": ["lumotuwe1"]},
    BANNED: {"GroupId": LIVE, "Offset": 0},
}


@pytest.fixture(autouse=True)
def rooms(state: State) -> None:
    """Put groups of other types in."""
    state.add_group(LIVE, group_type="AVChatRoom", owner="leckie", members=["lumotuwe1", "lumotuwe2"])
    state.add_group(COMMUNITY, group_type="Community", owner="leckie")
    state.add_group(WORK, group_type="Private", owner="leckie")
    for topic in (TOPIC, OTHER_TOPIC):
        state.add_topic(COMMUNITY, topic)
    state.store.commit()


async def test_the_life_of_a_troublemaker(box: Sandbox, tim: TimSession, clock: FakeClock) -> None:
    """One is muted, banned, and comes back when that is over."""
    members = tim.group_members
    box.state.add_group(GROUP, owner="alice", members=["bob", "carol"])
    await members.mute(GROUP, ["bob", "carol"], mute_time=60)
    with pytest.raises(ApiError) as refused:
        await tim.group_messages.send(group_id=GROUP, from_account="bob", msg_body=[Text("hi")])
    assert refused.value.code == 10017
    muted = await members.list_muted(GROUP)
    until = box.state.now + 60
    listed = [(one.member_account, one.muted_until) for one in muted.muted_account_list]
    assert listed == [("bob", until), ("carol", until)]
    await members.mute(GROUP, "carol", mute_time=0)
    shutted = await members.list_shutted(GROUP)
    assert [(one.member_account, one.shutted_until) for one in shutted.shutted_uin_list] == [("bob", until)]
    await clock.advance(60)
    await tim.group_messages.send(group_id=GROUP, from_account="bob", msg_body=[Text("sorry")])

    await members.ban(GROUP, "bob", duration=60, description="enough")
    assert box.state.groups[GROUP].members == ["alice", "carol"]
    assert [one.failure is None for one in (await members.add(GROUP, "bob")).member_list] == [False]
    await clock.advance(60)
    assert (await members.add(GROUP, "bob")).failed == []

    await members.ban(GROUP, ["bob", "carol"], duration=FOREVER)
    await members.unban(GROUP, ["bob", "dave"])
    banned = [(one.member_account, one.banned_until) async for one in members.each_banned(GROUP)]
    assert banned == [("carol", FOREVER)]


async def test_the_banned_are_walked_page_by_page(box: Sandbox, tim: TimSession, clock: FakeClock) -> None:
    """Our own pager finds each of them once, whatever the size of a page."""
    names = [f"user{number:03}" for number in range(205)]
    box.state.add_group(LIVE, group_type="AVChatRoom", owner="alice", members=names)
    for start in range(0, 205, 20):
        await clock.advance(1)
        await tim.group_members.ban(LIVE, names[start : start + 20], duration=60)
    for limit in (None, 41, 100):
        await clock.advance(1)
        assert [one.member_account async for one in tim.group_members.each_banned(LIVE, limit=limit)] == names


@pytest.mark.parametrize("path", PATHS)
def test_a_good_call_is_answered_ok(post: Post, path: str) -> None:
    """Each command takes a plain good body."""
    assert post(path, GOOD[path])["ErrorCode"] == 0


@pytest.mark.parametrize(
    ("path", "changed", "code"),
    [
        *((path, {"GroupId": LEFT_OUT}, 10004) for path in PATHS),
        *((path, {"GroupId": 7}, 10004) for path in PATHS),
        *((path, {"GroupId": ""}, 10015) for path in PATHS),
        *((path, {"GroupId": "nowhere"}, 10010) for path in PATHS),
        *((path, {"GroupId": WORK}, 10007) for path in (MUTE, MUTED, SHUTTED)),
        *((path, {"TopicId": TOPIC}, 10007) for path in (MUTE, MUTED)),
        *((path, {"GroupId": COMMUNITY, "TopicId": f"{GROUP}@TOPIC#_x"}, 10010) for path in (MUTE, MUTED)),
        (MUTE, {"Members_Account": []}, 10004),
        (MUTE, {"Members_Account": ["leckie"] * 501}, 10004),
        (MUTE, {"Members_Account": ["lumotuwe1", "stranger"]}, 10019),
        (MUTE, {"MuteTime": LEFT_OUT}, 10004),
        (MUTE, {"MuteTime": "60"}, 10004),
        (MUTE, {"MuteTime": -1}, 10004),
        (MUTE, {"MuteTime": 2**32}, 10004),
        (BAN, {"Members_Account": []}, 10004),
        (BAN, {"Members_Account": ["a" * 33]}, 10004),
        (BAN, {"Members_Account": ["lumotuwe1"] * 21}, 10005),
        (BAN, {"Members_Account": ["lumotuwe1", "stranger"]}, 10019),
        (BAN, {"Members_Account": ["lumotuwe1", "leckie"]}, 10007),
        (BAN, {"Duration": LEFT_OUT}, 10004),
        (BAN, {"Duration": 2**32}, 10004),
        (BAN, {"Description": "é" * 501}, 10004),
        (UNBAN, {"Members_Account": "lumotuwe1"}, 10004),
        (UNBAN, {"Members_Account": ["lumotuwe1"] * 21}, 10005),
        (BANNED, {"Offset": LEFT_OUT}, 10004),
        (BANNED, {"Offset": -1}, 10004),
        (BANNED, {"Offset": 2**63}, 10004),
        (BANNED, {"Limit": "20"}, 10004),
        (BANNED, {"Limit": 101}, 10005),
    ],
)
def test_what_is_wrong_has_a_code(post: Post, state: State, path: str, changed: dict[str, Any], code: int) -> None:
    """A bad field, a bad group and a bad wish are refused, and nothing is changed."""
    before = state.export()
    body = {name: value for name, value in (GOOD[path] | changed).items() if value is not LEFT_OUT}
    assert post(path, body)["ErrorCode"] == code
    assert state.export() == before


def test_a_topic_has_mutes_of_its_own(post: Post, state: State) -> None:
    """Who is muted in a topic is not muted in the community, nor the other way round."""
    post(MUTE, {"GroupId": COMMUNITY, "Members_Account": ["lumotuwe1"], "MuteTime": 60, "TopicId": TOPIC})
    post(MUTE, {"GroupId": COMMUNITY, "Members_Account": ["lumotuwe2"], "MuteTime": FOREVER})
    in_topic = [{"Member_Account": "lumotuwe1", "MutedUntil": state.now + 60}]
    for given, muted in (
        ({"TopicId": TOPIC}, in_topic),
        ({"TopicId": OTHER_TOPIC}, []),
        ({}, [{"Member_Account": "lumotuwe2", "MutedUntil": FOREVER}]),
    ):
        answer = post(MUTED, {"GroupId": COMMUNITY} | given)
        assert (answer["GroupId"], answer["MutedAccountList"]) == (COMMUNITY, muted)


async def test_a_mute_begins_anew_and_ends(post: Post, state: State, clock: FakeClock) -> None:
    """A repeat starts the time again; when that is over nobody is listed."""
    for path, name in ((MUTED, "MutedAccountList"), (SHUTTED, "ShuttedUinList")):
        post(MUTE, GOOD[MUTE])
        await clock.advance(40)
        post(MUTE, GOOD[MUTE])
        await clock.advance(59)
        (muted,) = post(path, {"GroupId": GROUP})[name]
        assert list(muted.values()) == ["lumotuwe1", state.now + 1]
        await clock.advance(1)
        assert post(path, {"GroupId": GROUP})[name] == []


def test_a_mute_outlasts_membership(post: Post, state: State) -> None:
    """Who leaves a group and comes back is still muted."""
    post(MUTE, GOOD[MUTE])
    post(ADD, {"GroupId": GROUP, "MemberList": [{"Member_Account": "lumotuwe1"}]})
    post("group_open_http_svc/delete_group_member", {"GroupId": GROUP, "MemberToDel_Account": ["lumotuwe1"]})
    (muted,) = post(MUTED, {"GroupId": GROUP})["MutedAccountList"]
    assert muted["Member_Account"] == "lumotuwe1"
    assert state.groups[GROUP].members == ["leckie"]


def test_who_is_banned_cannot_come_back(post: Post, state: State) -> None:
    """Neither adding nor importing brings in who is banned; all others come in."""
    post(BAN, GOOD[BAN] | {"GroupId": GROUP})
    both = {"GroupId": GROUP, "MemberList": [{"Member_Account": "lumotuwe1"}, {"Member_Account": "lumotuwe2"}]}
    assert [item["Result"] for item in post(ADD, both)["MemberList"]] == [0, 1]
    assert [item["Result"] for item in post(IMPORT, both)["MemberList"]] == [0, 2]
    assert state.groups[GROUP].members == ["leckie", "lumotuwe2"]
    post(UNBAN, GOOD[UNBAN] | {"GroupId": GROUP})
    assert [item["Result"] for item in post(ADD, both)["MemberList"]] == [1, 2]


def test_who_is_banned_leaves_and_that_is_told(post: Post, service: Service, state: State) -> None:
    """Only those who were in the group leave it; in a live room their marks go with them."""
    service.webhooks = listener = Heard()
    marks = [{"Member_Account": "lumotuwe1", "Marks": [500, 1000]}]
    assert post(MARK, {"GroupId": LIVE, "CommandType": 1, "MemberList": marks})["ErrorCode"] == 0
    state.add_account("lumotuwe3")
    assert post(BAN, GOOD[BAN] | {"Members_Account": ["lumotuwe3", "lumotuwe1"]})["ErrorCode"] == 0
    left = {"GroupId": LIVE, "Type": "AVChatRoom", "ExitType": "Kicked", "Operator_Account": "administrator"}
    told = left | {"ExitMemberList": [{"Member_Account": "lumotuwe1"}]}
    assert listener.heard == [Event("Group.CallbackAfterMemberExit", told)]
    asked = {"GroupId": LIVE, "Member_Account": ["lumotuwe1", "lumotuwe2", "lumotuwe3"]}
    assert post(CHECK, asked)["Member_Account"] == ["lumotuwe2"]
    assert len(post(BANNED, GOOD[BANNED])["BannedAccountList"]) == 2


@pytest.mark.parametrize(
    ("banning", "group_id", "code"), [("live", GROUP, 10007), ("live", LIVE, 0), ("off", LIVE, 10007)]
)
def test_rules_say_where_one_is_banned(
    post: Post, state: State, banning: Literal["live", "off"], group_id: str, code: int
) -> None:
    """Nowhere without the console's switch, and in live rooms alone until 2025."""
    state.rules = Rules(calls_per_second=None, banning=banning)
    for path in (BAN, UNBAN, BANNED):
        assert post(path, GOOD[path] | {"GroupId": group_id})["ErrorCode"] == code


def test_the_documented_samples_are_answered_as_documented(post: Post) -> None:
    """Each sample is accepted, and the answer has the names of the sample's."""
    for path in (MUTE, MUTED, SHUTTED, BAN, BANNED, UNBAN):
        if path == SHUTTED:
            post(MUTE, GOOD[MUTE])
        request, reply = samples(path)
        answer = post(path, request)
        assert answer["ErrorCode"] == 0
        assert list(answer) == list(reply)
        for name in ("MutedAccountList", "ShuttedUinList", "BannedAccountList"):
            if name in reply:
                assert list(answer[name][0]) == list(reply[name][0])
