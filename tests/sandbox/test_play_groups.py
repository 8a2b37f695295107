"""Groups in the sandbox: created, read, changed, handed over, disbanded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from tests.sandbox.conftest import GROUP, KEY, SDKAPPID
from tests.sandbox.heard import Heard
from tests.sandbox.samples import sample
from timrest_async.commands.groups import GroupInfoFilter, JoinedGroupFilter
from timrest_async.errors import explain
from timrest_async.sandbox import Application, Rules, Service
from timrest_async.sandbox.body import is_kind
from timrest_async.sandbox.events import Event, Verdict
from timrest_async.sandbox.play.accounts import log_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from timrest_async import TimSession
    from timrest_async.sandbox import Sandbox, State
    from timrest_async.testing import FakeClock

    Post = Callable[..., dict[str, Any]]

SERVICE = "group_open_http_svc"
LIST = f"{SERVICE}/get_appid_group_list"
CREATE = f"{SERVICE}/create_group"
GET = f"{SERVICE}/get_group_info"
CHANGE = f"{SERVICE}/modify_group_base_info"
DESTROY = f"{SERVICE}/destroy_group"
IMPORT = f"{SERVICE}/import_group"
CHANGE_OWNER = f"{SERVICE}/change_group_owner"
JOINED = f"{SERVICE}/get_joined_group_list"
ONLINE = f"{SERVICE}/get_online_member_num"

LEFT_OUT = object()
TYPES = ("Public", "Private", "ChatRoom", "AVChatRoom", "BChatRoom", "Community")

GOOD: dict[str, dict[str, Any]] = {
    LIST: {},
    CREATE: {"Type": "Public", "Name": "friends"},
    GET: {"GroupIdList": [GROUP]},
    CHANGE: {"GroupId": GROUP},
    DESTROY: {"GroupId": GROUP},
    IMPORT: {"Type": "Public", "Name": "friends"},
    CHANGE_OWNER: {"GroupId": GROUP, "NewOwner_Account": "leckie"},
    JOINED: {"Member_Account": "leckie"},
    ONLINE: {"GroupId": "live"},
}


@pytest.fixture
def ears() -> Heard:
    """Return an application that is for everything."""
    return Heard()


@pytest.fixture
def service(state: State, ears: Heard) -> Service:
    """Return a service that asks and tells an application."""
    return Service(Application(sdkappid=SDKAPPID, secret_key=KEY), state, ears)


def info(post: Post, group_id: str, **filters: list[str]) -> dict[str, Any]:
    """Return what is answered of one group."""
    body = {"GroupIdList": [group_id]} | ({"ResponseFilter": filters} if filters else {})
    (found,) = post(GET, body)["GroupInfo"]
    return dict(found)


async def test_the_life_of_a_group(box: Sandbox, tim: TimSession, clock: FakeClock) -> None:
    """It is created, found, changed, handed over, and then it is gone; its neighbours stay."""
    created = await tim.groups.create(
        type="Work",
        name="hikers",
        owner_account="alice",
        member_list=["bob"],
        app_defined_data={"region": "north", "level": "easy"},
    )
    imported = await tim.groups.import_one(
        type="Public", name="cooks", owner_account="alice", create_time=1_448_357_837
    )
    assert imported.group_id is not None
    room = await tim.groups.create(type="AVChatRoom", name="live", owner_account="alice")

    async def every_group() -> list[str]:
        return [group_id async for group_id in tim.groups.each(limit=1)]

    began = int(clock.now())
    assert await clock.run(every_group()) == [created.group_id, imported.group_id, room.group_id]
    await clock.advance(5)
    public = await tim.groups.list(group_type="Public")
    assert (public.total_count, public.next) == (1, 0)

    await tim.groups.modify(created.group_id, name="walkers", mute_all_member="On", app_defined_data={"level": ""})
    got = await tim.groups.get([created.group_id, "gone"])
    assert {failed.about: failed.code for failed in got.failed} == {"gone": 10010}
    group = got.group_info[0]
    assert (group.type, group.name, group.owner_account, group.member_num) == ("Private", "walkers", "alice", 2)
    assert (group.all_muted, group.custom, group.info_seq) == (True, {"region": "north"}, 2)
    assert (group.last_info_time, group.create_time) == (int(clock.now()), began)
    assert [(member.member_account, member.role) for member in group.member_list] == [
        *(("alice", "Owner"), ("bob", "Member"))
    ]

    await tim.groups.change_owner(created.group_id, "bob")
    assert box.state.groups[created.group_id].owner_account == "bob"
    wanted = JoinedGroupFilter(["Name", "CreateTime"], self_info_filter=["Role"])
    joined = [group async for group in tim.groups.each_joined("alice", limit=1, response_filter=wanted)]
    assert [(group.name, group.self_info and group.self_info.role) for group in joined] == [
        *(("walkers", "Member"), ("cooks", "Owner"))
    ]
    assert joined[1].create_time == 1_448_357_837
    assert (await tim.groups.count_online_members(room.group_id)).online_member_num == 0

    await tim.groups.destroy(created.group_id)
    assert list(box.state.groups) == [imported.group_id, room.group_id]
    assert (await tim.groups.list_joined("bob")).total_count == 0
    filtered = await tim.groups.get(imported.group_id, response_filter=GroupInfoFilter("Name"))
    assert filtered.group_info[0].member_list == []


def with_custom(**pair: object) -> dict[str, Any]:
    """Make a body with one custom field of a group."""
    return {"AppDefinedData": [{"Key": "k", "Value": "v"} | pair]}


def with_member(**fields: object) -> dict[str, Any]:
    """Make a body with one first member."""
    return {"MemberList": [{"Member_Account": "lumotuwe1"} | fields]}


TEXTS: list[tuple[dict[str, Any], int]] = [
    ({"Name": 5}, 10004),
    ({"Name": ""}, 10004),
    ({"Name": "n" * 101}, 10004),
    ({"Introduction": "群" * 134}, 10004),
    ({"Notification": "n" * 401}, 10004),
    ({"FaceUrl": "u" * 501}, 10004),
    ({"ApplyJoinOption": "Anybody"}, 10004),
    (with_custom(Key=""), 10004),
    (with_custom(Key="k" * 17), 10004),
    (with_custom(Key="größe"), 10004),
    (with_custom(Value=5), 10004),
    (with_custom(Value="v" * 513), 10004),
    ({"AppDefinedData": [{"Value": "v"}]}, 10004),
]
GROUP_IDS: list[tuple[dict[str, Any], int]] = [
    ({"GroupId": LEFT_OUT}, 10004),
    ({"GroupId": 5}, 10004),
    ({"GroupId": ""}, 10015),
    ({"GroupId": "g" * 49}, 10015),
    ({"GroupId": "@TGS#gone"}, 10010),
]

BAD: list[tuple[str, dict[str, Any], int]] = [
    *((path, changed, code) for path in (CREATE, IMPORT, CHANGE) for changed, code in TEXTS),
    *((path, changed, code) for path in (CHANGE, DESTROY, CHANGE_OWNER, ONLINE) for changed, code in GROUP_IDS),
    (LIST, {"Limit": "10"}, 10004),
    (LIST, {"Limit": 0}, 10004),
    (LIST, {"Limit": 10_001}, 10004),
    (LIST, {"Next": -1}, 10004),
    (LIST, {"Next": 2**64}, 10004),
    (LIST, {"GroupType": "public"}, 10004),
    (CREATE, {"Name": LEFT_OUT}, 10004),
    (CREATE, {"Type": LEFT_OUT}, 10004),
    (CREATE, {"SupportTopic": 2}, 10004),
    (CREATE, {"EnablePermission": "1"}, 10004),
    (CREATE, {"DefaultPermission": "7"}, 10004),
    (CREATE, {"MaxMemberCount": "20"}, 10004),
    (CREATE, {"MaxMemberCount": 0}, 10004),
    (CREATE, {"MaxMemberCount": 6_001}, 10038),
    (CREATE, {"Type": "Community", "MaxMemberCount": 100_001}, 10038),
    (CREATE, {"MaxMemberCount": 1, "Owner_Account": "leckie"} | with_member(), 10038),
    (CREATE, {"Owner_Account": "o" * 33}, 10004),
    (CREATE, {"Owner_Account": "nobody"}, 10019),
    (CREATE, {"GroupId": "@TGS#own"}, 10015),
    (CREATE, {"GroupId": "群"}, 10015),
    (CREATE, {"Type": "Community", "GroupId": "own"}, 10015),
    (CREATE, {"MemberList": [{"Member_Account": "leckie"}] * 101}, 10005),
    (CREATE, with_member(Member_Account="nobody"), 10019),
    (CREATE, with_member(AppMemberDefinedData=[{"Key": "k", "Value": "v" * 65}]), 10004),
    (CREATE, with_member(AppMemberDefinedData=[{"Key": "no key", "Value": "v"}]), 10004),
    (CREATE, with_member(Role=1), 10004),
    (CREATE, with_member(JoinTime="now"), 10004),
    (GET, {"GroupIdList": LEFT_OUT}, 10004),
    (GET, {"GroupIdList": GROUP}, 10004),
    (GET, {"GroupIdList": [5]}, 10004),
    (GET, {"GroupIdList": []}, 10004),
    (GET, {"GroupIdList": [GROUP] * 51}, 10004),
    (GET, {"ResponseFilter": ["Name"]}, 10004),
    (GET, {"ResponseFilter": {"GroupBaseInfoFilter": "Name"}}, 10004),
    (CHANGE, {"MaxMemberNum": 6_001}, 10004),
    (CHANGE, {"MaxMemberNum": 0}, 10004),
    (CHANGE, {"MuteAllMember": 1}, 10004),
    (CHANGE, {"MuteAllMember": "on"}, 10004),
    (CHANGE, {"HistoryMsgBeforeJoin": "Yes"}, 10004),
    (CHANGE, {"From_Account": "nobody"}, 10019),
    (IMPORT, {"Type": LEFT_OUT}, 10004),
    (IMPORT, {"Type": 5}, 10004),
    (IMPORT, {"Type": "public"}, 10004),
    (IMPORT, {"Type": "AVChatRoom"}, 10007),
    (IMPORT, {"MaxMemberCount": 6_001}, 10004),
    (IMPORT, {"CreateTime": "2015"}, 10004),
    (IMPORT, {"GroupId": "@TGS#own"}, 10015),
    (IMPORT, {"Owner_Account": "nobody"}, 10019),
    (CHANGE_OWNER, {"NewOwner_Account": LEFT_OUT}, 10004),
    (CHANGE_OWNER, {"NewOwner_Account": 5}, 60015),
    (CHANGE_OWNER, {"NewOwner_Account": "lumotuwe1"}, 10004),
    (CHANGE_OWNER, {"GroupId": "live"}, 10007),
    (CHANGE_OWNER, {"From_Account": 5}, 60015),
    (JOINED, {"Member_Account": LEFT_OUT}, 10004),
    (JOINED, {"Member_Account": 5}, 60015),
    (JOINED, {"Member_Account": "nobody"}, 10019),
    (JOINED, {"Limit": 5_001}, 10004),
    (JOINED, {"Limit": "10"}, 10004),
    (JOINED, {"Offset": -1}, 10004),
    (JOINED, {"WithHugeGroups": 2}, 10004),
    (JOINED, {"GroupType": "public"}, 10004),
    (JOINED, {"ResponseFilter": {"SelfInfoFilter": "Role"}}, 10004),
    (ONLINE, {"GroupId": GROUP}, 10007),
]


@pytest.mark.parametrize("path", GOOD)
def test_a_good_call_is_answered_ok(post: Post, state: State, path: str) -> None:
    """Each command takes a plain good body, in which what is null is as good as left out."""
    state.add_group("live", group_type="AVChatRoom", members=["leckie"])
    assert post(path, {"Limit": None, "From_Account": None} | GOOD[path])["ErrorCode"] == 0


@pytest.mark.parametrize(("path", "changed", "code"), BAD)
def test_a_bad_field_is_refused(  # noqa: PLR0917  # a table
    post: Post, state: State, ears: Heard, path: str, changed: dict[str, Any], code: int
) -> None:
    """Each bad field has its documented code; nothing is done, nobody is asked and nobody is told."""
    state.add_group("live", group_type="AVChatRoom", members=["leckie"])
    before = state.export()
    body = {name: value for name, value in (GOOD[path] | changed).items() if value is not LEFT_OUT}
    answer = post(path, body)
    assert (answer["ActionStatus"], answer["ErrorCode"]) == ("FAIL", code), answer
    assert answer["ErrorInfo"]
    assert state.export() == before
    assert ears.asked == ears.told == []


def test_every_code_that_is_answered_is_documented() -> None:
    """No test expects a code that the error table does not know."""
    assert not [code for _, _, code in BAD if explain(code).category == "unknown"]


def keys(value: Any, place: str = "") -> set[str]:
    """Name every key of an answer with its place."""
    if is_kind(value, list):
        return {key for item in value for key in keys(item, f"{place}[]")}
    fields: dict[str, Any] = value if is_kind(value, dict) else {}
    places = {f"{place}.{name}": fields[name] for name in fields}
    return {*places, *(key for name, inside in places.items() for key in keys(inside, name))}


@pytest.mark.parametrize(("size", "code"), [(30, 0), (31, 10004)])
def test_how_long_a_name_may_be_is_a_rule(post: Post, state: State, size: int, code: int) -> None:
    """Documents up to 2023 have shorter texts."""
    state.rules = evolve(Rules.of(2022), calls_per_second=None)
    assert post(CREATE, GOOD[CREATE] | {"Name": "n" * size})["ErrorCode"] == code


MISSING: dict[str, set[str]] = {
    GET: {
        ".GroupInfo[].AppMemberDefinedData[].Key",
        ".GroupInfo[].AppMemberDefinedData[].Value",
        ".GroupInfo[].AppMemberDefinedData",
        ".GroupInfo[].MemberList[].OnlineStatus",  # only where the filter names it
    },
    JOINED: {
        ".GroupIdList[].GrossTopicNextMsgSeq",
        ".GroupIdList[].SelfInfo.GrossTopicReadSeq",
    },
}
"""What the samples hold and the sandbox does not tell."""


@pytest.mark.parametrize("path", GOOD)
def test_the_samples_of_the_manual_are_accepted(post: Post, state: State, path: str) -> None:
    """Each sample is answered OK where what it speaks of is there, and with no key that the sample's answer lacks."""
    for account in ("bob", "peter"):
        state.add_account(account)
    state.store.run("UPDATE groups SET Owner_Account = 'lumotuwe1' WHERE GroupId = ?", GROUP)
    state.add_group("@TGS#a6I4ZUUGO", group_type="AVChatRoom")
    state.add_group("@TGS#_cQVLVHIM62CJ", group_type="Community", owner="lumotuwe1", members=["lumotuwe2"])
    state.store.run("UPDATE groups SET SupportTopic = 1 WHERE Type = 'Community'")
    state.store.insert("group_members", {"GroupId": GROUP, "Member_Account": "lumotuwe2", "JoinTime": state.now})
    state.store.commit()
    answer = post(path, sample(path, "request"))
    assert answer["ErrorCode"] == 0, answer
    assert keys(answer) <= keys(sample(path, "reply"))


def test_a_full_answer_has_the_keys_of_the_samples(post: Post, state: State) -> None:
    """Who asks for everything gets what the samples hold, but for a few things that the sandbox does not know."""
    pair = [{"Key": "k", "Value": "v"}]
    changed = {"CreateTime": state.now} | with_custom()
    post(CREATE, GOOD[CREATE] | {"GroupId": "g"} | changed | with_member(AppMemberDefinedData=pair))
    topics = {"GroupType": "Community", "SupportTopic": 1}
    post(CREATE, GOOD[CREATE] | {"Type": "Community", "SupportTopic": 1} | with_member())
    wanted = sample(JOINED, "reply")["GroupIdList"][0]
    filters = {"GroupBaseInfoFilter": list(wanted), "SelfInfoFilter": list(wanted["SelfInfo"])}
    joined = post(JOINED, {"Member_Account": "lumotuwe1", "ResponseFilter": filters} | topics)
    assert keys(sample(JOINED, "reply")) - keys(joined) == MISSING[JOINED]
    assert keys(sample(GET, "reply")) - keys(post(GET, {"GroupIdList": ["g"]})) == MISSING[GET]


@pytest.mark.parametrize("path", [LIST, CREATE])
def test_who_calls_too_often_hears_10006(post: Post, state: State, path: str) -> None:
    """The tables of these two commands have a code of their own for that."""
    state.rules.calls_per_second = 1
    assert [post(path, GOOD[path])["ErrorCode"] for _ in range(2)] == [0, 10006]


def test_a_group_knows_what_it_was_given(post: Post) -> None:
    """Every field of create_group can be read again."""
    given = {
        "Owner_Account": "leckie",
        "GroupId": "mine",
        "Introduction": "all about it",
        "Notification": "be kind",
        "FaceUrl": "http://x",
        "ApplyJoinOption": "FreeAccess",
        "InviteJoinOption": "NeedPermission",
    }
    listed = [
        {"Member_Account": "lumotuwe1", "Role": "Admin", "AppMemberDefinedData": [{"Key": "shoes", "Value": "42"}]},
        {"Member_Account": "lumotuwe2", "NameCard": "not honoured"},
    ]
    post(CREATE, GOOD[CREATE] | given | {"MaxMemberCount": 20, "MemberList": listed})
    found = info(post, "mine")
    assert {name: found[name] for name in given} == given
    assert (found["MaxMemberNum"], found["MemberNum"]) == (20, 3)
    assert [(member["Member_Account"], member["Role"], member["NameCard"]) for member in found["MemberList"]] == [
        *(("leckie", "Owner", ""), ("lumotuwe1", "Admin", ""), ("lumotuwe2", "Member", ""))
    ]
    assert [member["AppMemberDefinedData"] for member in found["MemberList"]] == [
        *([], [{"Key": "shoes", "Value": "42"}], [])
    ]


@pytest.mark.parametrize(
    ("group_type", "told"),
    [
        ("Public", (6_000, "NeedPermission", "DisableInvite")),
        ("Private", (6_000, "NeedPermission", "FreeAccess")),
        ("ChatRoom", (6_000, "NeedPermission", "DisableInvite")),
        ("AVChatRoom", (None, "NeedPermission", "DisableInvite")),
        ("Community", (100_000, "FreeAccess", "DisableInvite")),
    ],
)
def test_what_nobody_said_depends_on_the_type(post: Post, group_type: str, told: tuple[Any, ...]) -> None:
    """How many may come, and how, has a default for each type."""
    found = info(post, post(CREATE, {"Type": group_type, "Name": "n"})["GroupId"])
    assert (found.get("MaxMemberNum"), found["ApplyJoinOption"], found["InviteJoinOption"]) == told


@pytest.mark.parametrize(
    ("group_type", "topics", "passed_over"),
    [
        ("Public", 0, {"EnablePermission", "DefaultPermission", "SupportTopic"}),
        ("AVChatRoom", 0, {"InviteJoinOption", "EnablePermission", "DefaultPermission", "HistoryMsgBeforeJoin"}),
        ("Community", 0, {"ApplyJoinOption", "EnablePermission", "DefaultPermission", "HistoryMsgBeforeJoin"}),
        ("Community", 1, {"ApplyJoinOption", "HistoryMsgBeforeJoin"}),
    ],
)
@pytest.mark.parametrize("path", [CREATE, CHANGE])
def test_a_field_that_a_type_does_not_know_is_passed_over(  # noqa: PLR0917  # a table
    post: Post, state: State, path: str, group_type: str, topics: int, passed_over: set[str]
) -> None:
    """No document has a code for it, so the rest is done."""
    given = {
        "ApplyJoinOption": "DisableApply",
        "InviteJoinOption": "NeedPermission",
        "EnablePermission": 1,
        "DefaultPermission": 7,
    }
    later = {"HistoryMsgBeforeJoin": "On"} if path == CHANGE else {}
    group_id = post(
        CREATE, {"Type": group_type, "Name": "n", "SupportTopic": topics} | (given if path == CREATE else {})
    )
    if path == CHANGE:
        assert post(CHANGE, {"GroupId": group_id["GroupId"]} | given | later)["ErrorCode"] == 0
    row = state.store.row("SELECT * FROM groups WHERE GroupId = ?", group_id["GroupId"])
    assert row is not None
    kept = {name for name, value in (given | later).items() if row[name] == value}
    assert kept == (given | later).keys() - passed_over


def test_a_community_with_topics_says_so(post: Post) -> None:
    """Its answer has two keys more."""
    plain, topics = (post(CREATE, {"Type": "Community", "Name": "n", "SupportTopic": support}) for support in (0, 1))
    assert topics.keys() - plain.keys() == {"Type", "HugeGroupFlag"}
    assert topics["Type"] == "Community"


def test_nobody_is_in_a_live_room_from_the_start(post: Post, state: State) -> None:
    """Its owner has to join like everybody, and nobody can be put in."""
    live = {"Type": "AVChatRoom", "Name": "live", "GroupId": "live"}
    assert post(CREATE, live | with_member())["ErrorCode"] == 10007
    post(CREATE, live | {"Owner_Account": "leckie"})
    assert (state.groups["live"].owner_account, state.groups["live"].members) == ("leckie", [])


def test_your_application_is_asked_before_a_group_is_created(post: Post, ears: Heard) -> None:
    """It hears who has how many groups already, and afterwards what became of it."""
    asked = GOOD[CREATE] | {"Owner_Account": "leckie", "InviteJoinOption": "FreeAccess"} | with_member(Role="Admin")
    created = post(CREATE, asked | with_custom())
    common = {
        "Operator_Account": "administrator",
        "Owner_Account": "leckie",
        "Type": "Public",
        "Name": "friends",
        "MemberList": [{"Member_Account": "lumotuwe1"}],
    }
    counts = {"CreateGroupNum": 1, "CreatedGroupNum": {"Public": 1}, "InviteOption": "FreeAccess"}
    assert ears.asked == [Event("Group.CallbackBeforeCreateGroup", common | counts)]
    custom = {"GroupId": created["GroupId"], "UserDefinedDataList": [{"Key": "k", "Value": "v"}]}
    assert ears.told == [Event("Group.CallbackAfterCreateGroup", common | custom)]


def test_a_group_without_an_owner_is_the_operators(post: Post, ears: Heard) -> None:
    """Nobody owns it, and it counts for nobody."""
    for _ in range(2):
        post(CREATE, GOOD[CREATE])
    assert [(event.body["Owner_Account"], event.body["CreateGroupNum"]) for event in ears.asked] == [("", 0)] * 2
    assert ears.told[0].body.keys().isdisjoint({"UserDefinedDataList", "InviteOption", "CreateGroupNum"})


@pytest.mark.parametrize(("said", "code"), [(1, 10016), (10_100, 10_100), (10_200, 10_200), (10_201, 10016)])
def test_your_application_can_refuse_a_group(post: Post, state: State, ears: Heard, said: int, code: int) -> None:
    """Its own codes reach the caller, all others are 10016."""
    ears.verdict = Verdict(said, "not today")
    answer = post(CREATE, GOOD[CREATE])
    assert (answer["ErrorCode"], answer["ErrorInfo"]) == (code, "not today")
    assert list(state.groups) == [GROUP]
    assert ears.told == []


def test_a_group_that_comes_while_your_application_is_asked_was_first(post: Post, state: State, ears: Heard) -> None:
    """Who asks later is looked at again."""
    ears.meanwhile = lambda: state.add_group("mine", owner="leckie")
    assert post(CREATE, GOOD[CREATE] | {"GroupId": "mine"})["ErrorCode"] == 10021


def test_importing_passes_over_what_create_group_knows(post: Post, state: State) -> None:
    """Fields that import_group has not are not looked at, whatever they hold."""
    strange: dict[str, Any] = {
        "MemberList": "x",
        "InviteJoinOption": [],
        "EnablePermission": {},
        "Type": "Community",
        "SupportTopic": 1,
    }
    group_id = post(IMPORT, GOOD[IMPORT] | strange)["GroupId"]
    assert state.groups[group_id].members == []
    assert info(post, group_id)["InviteJoinOption"] == "DisableInvite"


def test_an_imported_group_is_quiet(post: Post, ears: Heard, state: State) -> None:
    """Nobody is asked or told; it is as old as it says, and so is the owner in it."""
    old = GOOD[IMPORT] | {"GroupId": "old", "Owner_Account": "leckie", "CreateTime": 1_448_357_837} | with_custom()
    assert post(IMPORT, old)["GroupId"] == "old"
    assert ears.asked == ears.told == []
    found = info(post, "old")
    assert (found["CreateTime"], found["MaxMemberNum"], found["LastInfoTime"]) == (1_448_357_837, 2_000, state.now)
    assert [(member["Role"], member["JoinTime"]) for member in found["MemberList"]] == [("Owner", 1_448_357_837)]
    assert post(IMPORT, old)["ErrorCode"] == 10021
    assert info(post, post(IMPORT, GOOD[IMPORT] | {"MaxMemberCount": 7})["GroupId"])["MaxMemberNum"] == 7


@pytest.mark.parametrize("group_type", TYPES)
def test_every_group_can_be_disbanded(post: Post, state: State, ears: Heard, group_type: str) -> None:
    """All that belongs to it goes with it, and your application hears of it; a community's members are too many."""
    state.add_group("g", group_type=group_type, owner="leckie", members=["lumotuwe1"])
    before = state.store.value("SELECT count(*) FROM group_members")
    assert post(DESTROY, {"GroupId": "g"})["ErrorCode"] == 0
    assert post(DESTROY, {"GroupId": "g"})["ErrorCode"] == 10010
    assert state.store.value("SELECT count(*) FROM group_members") == before - 2
    (event,) = ears.told
    members = [{"Member_Account": "leckie"}, {"Member_Account": "lumotuwe1"}]
    told = {"GroupId": "g", "Type": group_type, "Owner_Account": "leckie", "Name": "group"}
    listed = {} if group_type == "Community" else {"MemberList": members}
    assert event == Event("Group.CallbackAfterGroupDestroyed", told | listed)


@pytest.mark.parametrize("group_type", TYPES)
def test_a_group_is_handed_over_unless_it_is_live(post: Post, state: State, ears: Heard, group_type: str) -> None:
    """The owner until then becomes an ordinary member."""
    state.add_group("g", group_type=group_type, owner="leckie", members=["lumotuwe1"])
    changed = {"GroupId": "g", "NewOwner_Account": "lumotuwe1", "From_Account": "leckie"}
    if group_type in {"AVChatRoom", "BChatRoom"}:
        assert post(CHANGE_OWNER, changed)["ErrorCode"] == 10007
        return
    assert [post(CHANGE_OWNER, changed)["ErrorCode"] for _ in range(2)] == [0, 0]  # a repeat changes nothing
    found = info(post, "g")
    assert (found["Owner_Account"], found["InfoSeq"]) == ("lumotuwe1", 2)
    assert [member["Role"] for member in found["MemberList"]] == ["Member", "Owner"]
    (event,) = ears.told
    told = {
        "GroupId": "g",
        "Type": group_type,
        "Operator_Account": "leckie",
        "OldOwner_Account": "leckie",
        "NewOwner_Account": "lumotuwe1",
    }
    assert event == Event("Group.CallbackAfterChangeGroupOwner", told)


def test_a_group_without_an_owner_gets_one(post: Post, state: State, ears: Heard) -> None:
    """Nobody is an old owner."""
    state.add_group("g", members=["lumotuwe1"])
    assert post(CHANGE_OWNER, {"GroupId": "g", "NewOwner_Account": "lumotuwe1"})["ErrorCode"] == 0
    assert (ears.told[0].body["OldOwner_Account"], ears.told[0].body["Operator_Account"]) == ("", "administrator")
    assert state.groups["g"].owner_account == "lumotuwe1"


def test_a_group_whose_owner_is_deleted_has_none(post: Post, state: State) -> None:
    """It stays, with one member less."""
    state.store.run("DELETE FROM accounts WHERE UserID = 'leckie'")
    state.store.commit()
    found = info(post, GROUP)
    assert (found["Owner_Account"], found["MemberList"]) == ("", [])


def test_only_texts_that_changed_are_told(post: Post, ears: Heard) -> None:
    """A picture and three texts count; other fields, and what stays as it is, are not told."""
    post(CHANGE, {"GroupId": GROUP, "Name": "group", "Notification": "new", "From_Account": "leckie"})
    post(CHANGE, {"GroupId": GROUP, "Notification": "new", "ApplyJoinOption": "FreeAccess"})
    (event,) = ears.told
    told = {"GroupId": GROUP, "Type": "Public", "Operator_Account": "leckie", "Notification": "new"}
    assert event == Event("Group.CallbackAfterGroupInfoChanged", told)


def test_a_change_counts_only_if_something_changed(post: Post) -> None:
    """InfoSeq grows with every change of the profile."""
    assert info(post, GROUP)["InfoSeq"] == 1
    post(CHANGE, {"GroupId": GROUP})
    assert info(post, GROUP)["InfoSeq"] == 1
    post(CHANGE, {"GroupId": GROUP, "MaxMemberNum": 7, "MuteAllMember": "On"})
    found = info(post, GROUP)
    assert (found["InfoSeq"], found["MaxMemberNum"], found["MuteAllMember"]) == (2, 7, "On")


def test_a_live_room_passes_over_how_many_it_may_have(post: Post, state: State) -> None:
    """It knows no limit, so any figure will do."""
    state.add_group("live", group_type="AVChatRoom")
    assert post(CHANGE, {"GroupId": "live", "MaxMemberNum": 10**9})["ErrorCode"] == 0
    assert info(post, "live").keys().isdisjoint({"MaxMemberNum", "MemberNum", "MemberList"})


def test_an_empty_value_removes_a_custom_field(post: Post) -> None:
    """Those that are not named stay."""
    fields = {"region": "north", "level": "easy"}
    post(CHANGE, {"GroupId": GROUP, "AppDefinedData": [{"Key": key, "Value": fields[key]} for key in fields]})
    post(
        CHANGE, {"GroupId": GROUP, "AppDefinedData": [{"Key": "level", "Value": ""}, {"Key": "mood", "Value": "good"}]}
    )
    assert info(post, GROUP)["AppDefinedData"] == [
        {"Key": "region", "Value": "north"},
        {"Key": "mood", "Value": "good"},
    ]


def test_each_group_says_for_itself_whether_it_was_found(post: Post) -> None:
    """The answer as a whole is OK, and the entries stand in the order of the ids."""
    answer = post(GET, {"GroupIdList": ["gone", GROUP, "", "g" * 49, GROUP]})
    assert answer["ErrorCode"] == 0
    found = [(item["ErrorCode"], item["GroupId"]) for item in answer["GroupInfo"]]
    assert found == [(10010, "gone"), (0, GROUP), (10015, ""), (10015, "g" * 49), (0, GROUP)]
    assert all(bool(item["ErrorInfo"]) == bool(item["ErrorCode"]) for item in answer["GroupInfo"])


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"GroupBaseInfoFilter": ["Name", "MemberNum", "no such"]}, {"Name": "g", "MemberNum": 1}),
        ({"MemberInfoFilter": ["Account"]}, {"MemberList": [{"Member_Account": "lumotuwe1"}]}),
        (
            {"MemberInfoFilter": ["MuteUntil", "Role"]},
            {"MemberList": [{"Member_Account": "lumotuwe1", "Role": "Member", "MuteUntil": 0}]},
        ),
        ({"AppDefinedDataFilter_Group": ["b"]}, {"AppDefinedData": [{"Key": "b", "Value": "2"}]}),
        (
            {"AppDefinedDataFilter_GroupMember": ["a"]},
            {"MemberList": [{"Member_Account": "lumotuwe1", "AppMemberDefinedData": [{"Key": "a", "Value": "1"}]}]},
        ),
    ],
)
def test_a_filter_leaves_only_what_it_names(
    post: Post, filters: dict[str, list[str]], expected: dict[str, Any]
) -> None:
    """What no filter names does not come, whichever filter it is."""
    pairs = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    post(
        CREATE,
        {"Type": "Public", "Name": "g", "GroupId": "g", "AppDefinedData": pairs}
        | with_member(AppMemberDefinedData=pairs),
    )
    assert info(post, "g", **filters) == {"ErrorCode": 0, "ErrorInfo": "", "Appid": SDKAPPID, "GroupId": "g"} | expected


def test_whether_a_member_is_online_is_told_where_asked(post: Post, state: State) -> None:
    """A device that only a push reaches is told apart, and the best of an account's devices counts."""
    state.add_group("g", members=["lumotuwe1", "lumotuwe2", "leckie"])
    for account, platform, status in (
        ("lumotuwe1", "Web", "PushOnline"),
        ("lumotuwe1", "iPhone", "Online"),
        ("lumotuwe2", "iPhone", "PushOnline"),
    ):
        log_in(state, account, platform, status=status)  # type: ignore[arg-type]  # both are there
    members = info(post, "g", MemberInfoFilter=["OnlineStatus"])["MemberList"]
    assert [member["OnlineStatus"] for member in members] == ["Online", "PushOnline", "Offline"]


async def test_a_mute_is_told_until_it_ends(post: Post, state: State, clock: FakeClock) -> None:
    """Afterwards MuteUntil is 0 again."""
    state.mute(GROUP, "leckie", 60)
    assert info(post, GROUP)["MemberList"][0]["MuteUntil"] == state.now + 60
    await clock.advance(60)
    assert info(post, GROUP)["MemberList"][0]["MuteUntil"] == 0


def test_more_than_a_megabyte_is_not_sent(post: Post, state: State) -> None:
    """Fewer fields or fewer groups have to be asked for."""
    state.add_group("large", members=[f"member_{number:05}" for number in range(6000)])
    assert post(GET, {"GroupIdList": ["large"]})["ErrorCode"] == 10018
    assert len(info(post, "large", MemberInfoFilter=["Role"])["MemberList"]) == 6000


@pytest.mark.parametrize("changed", [{}, {"GroupType": "Community"}, {"GroupType": "Work"}, {"Limit": 10_000}])
def test_all_groups_are_walked_page_by_page(post: Post, state: State, changed: dict[str, Any]) -> None:
    """Each comes once, in the order in which it was created, and Next is 0 behind the last."""
    types = {"Community": "Community", "Work": "Private"}
    for number in range(7):
        state.add_group(f"g{number}", group_type=("Community", "Private")[number % 2])
    wanted = types.get(changed.get("GroupType", ""))
    expected = [group.group_id for group in state.groups.values() if wanted in {None, group.type}]
    walked: list[str] = []
    body = {"Limit": 2} | changed
    while body.get("Next") != 0 or not walked:
        answer = post(LIST, body)
        walked += [item["GroupId"] for item in answer["GroupIdList"]]
        assert answer["TotalCount"] == len(expected)
        body["Next"] = answer["Next"]
    assert sorted(walked) == sorted(expected)
    assert post(LIST, {"Next": 2**63 - 1})["GroupIdList"] == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, ["private", "community", "topics"]),
        ({"WithHugeGroups": 1}, ["private", "live", "community", "topics"]),
        ({"GroupType": "Work"}, ["private"]),
        ({"GroupType": "AVChatRoom"}, []),
        ({"GroupType": "AVChatRoom", "WithHugeGroups": 1}, ["live"]),
        ({"GroupType": "Community"}, ["community", "topics"]),
        ({"GroupType": "Community", "SupportTopic": 1}, ["topics"]),
        ({"GroupType": "Community", "SupportTopic": 0}, ["community"]),
        ({"SupportTopic": 1}, ["private", "community", "topics"]),
        ({"Offset": 1}, ["community", "topics"]),
        ({"Offset": 1, "Limit": 1}, ["community"]),
        ({"Offset": 2**63 - 1}, []),
    ],
)
def test_joined_groups_can_be_chosen(post: Post, state: State, changed: dict[str, Any], expected: list[str]) -> None:
    """Live rooms come only where asked for, and TotalCount does not depend on the page."""
    types = {"private": "Private", "live": "AVChatRoom", "community": "Community", "topics": "Community"}
    for group_id, group_type in types.items():
        state.add_group(group_id, group_type=group_type, members=["lumotuwe1", "lumotuwe2"])
    state.store.run("UPDATE groups SET SupportTopic = 1 WHERE GroupId = 'topics'")
    state.store.commit()
    answer = post(JOINED, {"Member_Account": "lumotuwe1"} | changed)
    assert answer["GroupIdList"] == [{"GroupId": group_id} for group_id in expected]
    assert answer["TotalCount"] == (3 if "Offset" in changed else len(expected))


def test_joined_groups_tell_what_is_asked_for(post: Post) -> None:
    """The account's own fields stand apart from those of the group."""
    wanted = {"GroupBaseInfoFilter": ["Owner_Account", "MemberNum"], "SelfInfoFilter": ["Role", "MsgSeq"]}
    (group,) = post(JOINED, {"Member_Account": "leckie", "ResponseFilter": wanted})["GroupIdList"]
    assert group == {
        "GroupId": GROUP,
        "Owner_Account": "leckie",
        "MemberNum": 1,
        "SelfInfo": {"Role": "Owner", "MsgSeq": 0},
    }


def test_a_live_room_counts_who_is_in_it(post: Post, state: State) -> None:
    """Everybody in it is online; other groups do not tell."""
    state.add_group("live", group_type="AVChatRoom", members=["lumotuwe1", "lumotuwe2"])
    assert post(ONLINE, {"GroupId": "live"})["OnlineMemberNum"] == 2
    state.add_group("broadcast", group_type="BChatRoom")
    assert post(ONLINE, {"GroupId": "broadcast"})["ErrorCode"] == 10007
