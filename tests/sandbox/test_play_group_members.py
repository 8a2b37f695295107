"""Members of groups: what each command does, refuses and tells."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.conftest import GROUP, KEY, SDKAPPID, finished
from tests.sandbox.heard import Heard
from tests.sandbox.samples import samples
from timrest_async import ApiError, Text
from timrest_async.sandbox import Application, Rules, Service
from timrest_async.sandbox.events import Event, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.sandbox.conftest import Post, Query
    from timrest_async import TimSession
    from timrest_async.sandbox import Sandbox, State
    from timrest_async.testing import FakeClock

SERVICE = "group_open_http_svc"
LIST, GET, ROLES, ADD, DELETE, MODIFY, IMPORT = PATHS = [
    f"{SERVICE}/{name}"
    for name in (
        *("get_group_member_info", "get_specified_group_member_info", "get_role_in_group", "add_group_member"),
        *("delete_group_member", "modify_group_member_info", "import_group_member"),
    )
]
COMMUNITY = "@TGS#_@TGS#cQVLVHIM62CJ"
LIVE = "@TGS#aC72FIEAEU"
WORK = "@TGS#work"
LEFT_OUT = object()

GOOD: dict[str, dict[str, Any]] = {
    LIST: {"GroupId": GROUP},
    GET: {"GroupId": GROUP, "Member_List_Account": ["leckie"]},
    ROLES: {"GroupId": GROUP, "User_Account": ["leckie"]},
    ADD: {"GroupId": GROUP, "MemberList": [{"Member_Account": "lumotuwe1"}]},
    DELETE: {"GroupId": GROUP, "MemberToDel_Account": ["lumotuwe1"]},
    MODIFY: {"GroupId": GROUP, "Member_Account": "leckie"},
    IMPORT: {"GroupId": GROUP, "MemberList": [{"Member_Account": "lumotuwe1"}]},
}


@pytest.fixture
def listener(service: Service) -> Heard:
    """Return who is asked and told by the service."""
    listener = Heard()
    service.webhooks = listener
    return listener


def listed(*accounts: str) -> list[dict[str, str]]:
    """Return accounts as MemberList has them."""
    return [{"Member_Account": account} for account in accounts]


def results(answer: Mapping[str, Any]) -> dict[str, int]:
    """Return what became of each account."""
    assert answer["ErrorCode"] == 0, answer
    return {item["Member_Account"]: item["Result"] for item in answer["MemberList"]}


def accounts(state: State, count: int) -> list[str]:
    """Register accounts."""
    names = [f"user{number}" for number in range(count)]
    for name in names:
        state.add_account(name)
    return names


def change(state: State, sql: str, *values: object) -> None:
    """Make the tables as a test needs them."""
    state.store.run(sql, *values)
    state.store.commit()


async def test_the_life_of_a_member(box: Sandbox, tim: TimSession, clock: FakeClock) -> None:
    """A member is imported or added, found, changed, muted, promoted, and removed."""
    members = tim.group_members
    group = await tim.groups.create(type="Public", name="friends", owner_account="alice")
    await clock.advance(10)

    imported = await members.import_many(group.group_id, ["bob"])
    assert imported.failed == []
    added = await members.add(group.group_id, ["bob", "carol"])
    assert {one.member_account: one.result for one in added.member_list} == {"bob": 2, "carol": 1}
    assert box.state.groups[group.group_id].members == ["alice", "bob", "carol"]

    await members.modify(
        group.group_id,
        "carol",
        role="Admin",
        msg_flag="Discard",
        name_card="Caro",
        app_member_defined_data={"mood": "fine", "size": "xl"},
        mute_time=60,
    )
    await members.modify(group.group_id, "carol", app_member_defined_data={"mood": ""})
    (carol,) = (await members.get(group.group_id, ["carol", "dave"])).member_list
    assert (carol.role, carol.msg_flag, carol.name_card, carol.custom) == ("Admin", "Discard", "Caro", {"size": "xl"})
    assert (carol.join_time, carol.mute_until) == (box.state.now, box.state.now + 60)
    with pytest.raises(ApiError):
        await tim.group_messages.send(group_id=group.group_id, from_account="carol", msg_body=[Text("hi")])
    await clock.advance(60)
    (carol,) = (await members.get(group.group_id, ["carol"])).member_list
    assert carol.mute_until == 0

    roles = await members.get_roles(group.group_id, ["alice", "bob", "carol", "dave"])
    assert roles.roles == {"alice": "Owner", "bob": "Member", "carol": "Admin", "dave": "NotMember"}
    assert [one.member_account async for one in members.each(group.group_id, limit=2)] == ["alice", "bob", "carol"]

    await members.delete(group.group_id, ["carol", "dave"], reason="enough")
    assert (await members.list(group.group_id)).member_num == 2


async def test_a_community_is_walked_by_next(box: Sandbox, tim: TimSession, clock: FakeClock) -> None:
    """Our own pager finds every member of a community once, whatever the size of a page."""
    names = [f"user{number}" for number in range(230)]
    box.state.add_group(COMMUNITY, group_type="Community", owner="alice", members=names)
    for limit in (None, 40, 100, 500):
        found = [one.member_account async for one in tim.group_members.each(COMMUNITY, limit=limit)]
        assert found == ["alice", *names]
        await clock.advance(1)


async def test_roles_are_walked_by_offset(box: Sandbox, tim: TimSession) -> None:
    """Offset counts the members with the roles that are asked for."""
    names = [f"user{number}" for number in range(9)]
    box.state.add_group("room", owner="alice", members=names)
    for name in names[::2]:
        await tim.group_members.modify("room", name, role="Admin")
    pager = tim.group_members.each("room", limit=2, member_role_filter="Admin")
    assert [one.member_account async for one in pager] == names[::2]


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
        *((path, {"GroupId": LIVE}, 10004 if path == DELETE else 10007) for path in PATHS),
        (LIST, {"Limit": "1"}, 10004),
        (LIST, {"Limit": -1}, 10004),
        (LIST, {"Offset": -1}, 10004),
        (LIST, {"Offset": 2**63}, 10004),
        (LIST, {"MemberRoleFilter": ["Guest"]}, 10004),
        (LIST, {"MemberInfoFilter": "Role"}, 10004),
        (LIST, {"GroupId": COMMUNITY}, 10004),
        (LIST, {"GroupId": COMMUNITY, "Next": "page two"}, 10004),
        (GET, {"Member_List_Account": LEFT_OUT}, 10004),
        (GET, {"Member_List_Account": []}, 10004),
        (GET, {"Member_List_Account": ["leckie"] * 51}, 10004),
        (ROLES, {"User_Account": "leckie"}, 10004),
        (ROLES, {"User_Account": ["leckie"] * 501}, 10004),
        (ADD, {"MemberList": LEFT_OUT}, 10004),
        (ADD, {"MemberList": []}, 10004),
        (ADD, {"MemberList": ["lumotuwe1"]}, 10004),
        (ADD, {"MemberList": listed("a" * 33)}, 10004),
        (ADD, {"MemberList": listed(*["lumotuwe1"] * 301)}, 10005),
        (ADD, {"MemberList": listed("lumotuwe1", "stranger")}, 10019),
        (ADD, {"Silence": 2}, 10004),
        (DELETE, {"MemberToDel_Account": LEFT_OUT}, 10004),
        (DELETE, {"MemberToDel_Account": ["lumotuwe1"] * 101}, 10004),
        (DELETE, {"MemberToDel_Account": [7]}, 10004),
        (DELETE, {"MemberToDel_Account": ["leckie"]}, 10007),
        (MODIFY, {"Member_Account": LEFT_OUT}, 10004),
        (MODIFY, {"Member_Account": "lumotuwe1"}, 10004),
        (MODIFY, {"Role": "Admin"}, 10007),
        (MODIFY, {"Role": "Owner"}, 10004),
        (MODIFY, {"MsgFlag": "Loud"}, 10004),
        (MODIFY, {"MuteTime": 2**32}, 10004),
        (MODIFY, {"NameCard": "é" * 26}, 10004),
        (MODIFY, {"AppMemberDefinedData": [{"Key": "k" * 17, "Value": "v"}]}, 10004),
        (MODIFY, {"AppMemberDefinedData": [{"Key": "k", "Value": "v" * 65}]}, 10004),
        (MODIFY, {"AppMemberDefinedData": [{"Key": "k"}]}, 10004),
        (MODIFY, {"GroupId": WORK, "Member_Account": "lumotuwe1", "Role": "Admin"}, 10007),
        (MODIFY, {"GroupId": WORK, "Member_Account": "lumotuwe1", "MuteTime": 1}, 10007),
        (IMPORT, {"MemberList": LEFT_OUT}, 10004),
        (IMPORT, {"MemberList": listed(*["lumotuwe1"] * 301)}, 10005),
        (IMPORT, {"MemberList": [{"Member_Account": "lumotuwe1", "Role": "Owner"}]}, 10004),
    ],
)
def test_what_is_wrong_has_a_code(post: Post, state: State, path: str, changed: dict[str, Any], code: int) -> None:
    """A bad field, a bad group and a bad wish are refused, and nothing is changed."""
    state.add_group(COMMUNITY, group_type="Community")
    state.add_group(LIVE, group_type="AVChatRoom")
    state.add_group(WORK, group_type="Private", members=["lumotuwe1"])
    before = state.export()
    body = {name: value for name, value in (GOOD[path] | changed).items() if value is not LEFT_OUT}
    assert post(path, body)["ErrorCode"] == code
    assert state.export() == before


def test_the_owner_stays_what_it_is_where_nothing_else_is_asked(post: Post) -> None:
    """The owner may have a name card and custom fields as anybody."""
    data = [{"Key": "k_1", "Value": "v" * 64}, {"Key": "empty", "Value": ""}]
    changes = {"GroupId": GROUP, "Member_Account": "leckie", "NameCard": "é" * 25, "AppMemberDefinedData": data}
    assert post(MODIFY, changes)["ErrorCode"] == 0
    (leckie,) = post(LIST, {"GroupId": GROUP})["MemberList"]
    assert (leckie["Role"], leckie["NameCard"], leckie["AppMemberDefinedData"]) == ("Owner", "é" * 25, data[:1])


def test_a_filter_decides_what_is_told(post: Post, state: State) -> None:
    """Only what is asked for comes back; the online state comes only where it is asked for."""
    data = [{"Key": "mood", "Value": "fine"}, {"Key": "size", "Value": "xl"}]
    post(MODIFY, {"GroupId": GROUP, "Member_Account": "leckie", "AppMemberDefinedData": data})
    everything = {"Role": "Owner", "JoinTime": state.now, "MsgSeq": 0, "MsgFlag": "AcceptAndNotify"}
    everything |= {"LastSendMsgTime": 0, "MuteUntil": 0, "NameCard": ""}
    leckie, some = {"Member_Account": "leckie"}, {"MemberInfoFilter": ["Role", "OnlineStatus", "Shoes"]}
    for path in (LIST, GET):
        for given, shown in (
            ({}, everything | {"AppMemberDefinedData": data}),
            (some | {"AppDefinedDataFilter_GroupMember": []}, {"Role": "Owner", "OnlineStatus": "Offline"}),
            (
                {"MemberInfoFilter": [], "AppDefinedDataFilter_GroupMember": ["size"]},
                everything | {"AppMemberDefinedData": data[1:]},
            ),
        ):
            assert post(path, GOOD[path] | given)["MemberList"] == [leckie | shown]
        assert post(path, GOOD[path] | {"MemberRoleFilter": ["Member", "Admin"]})["MemberList"] == []


def test_a_page_is_cut_by_limit_and_offset(post: Post, state: State) -> None:
    """MemberNum counts all members, whatever the page holds."""
    state.add_group("room", members=accounts(state, 5))
    answer = post(LIST, {"GroupId": "room", "Limit": 2, "Offset": 3})
    assert [member["Member_Account"] for member in answer["MemberList"]] == ["user3", "user4"]
    assert answer["MemberNum"] == 5
    assert "Next" not in answer
    assert post(LIST, {"GroupId": "room", "Offset": 9})["MemberList"] == []


def test_a_community_is_answered_a_hundred_at_a_time(post: Post, state: State) -> None:
    """Next leads on, and is empty on the last page; Offset means nothing there."""
    state.add_group(COMMUNITY, group_type="Community", members=accounts(state, 101))
    first = post(LIST, {"GroupId": COMMUNITY, "Next": "", "Limit": 6000, "Offset": 50})
    assert [len(first["MemberList"]), first["MemberNum"]] == [100, 101]
    last = post(LIST, {"GroupId": COMMUNITY, "Next": first["Next"]})
    assert [member["Member_Account"] for member in last["MemberList"]] == ["user100"]
    assert last["Next"] == ""


def test_an_answer_above_a_megabyte_is_refused(post: Post, state: State) -> None:
    """10018 asks for a smaller page."""
    state.add_group("room", members=accounts(state, 9))
    change(state, "UPDATE group_members SET NameCard = ? WHERE GroupId = 'room'", "n" * 130_000)
    assert post(LIST, {"GroupId": "room"})["ErrorCode"] == 10018
    assert post(LIST, {"GroupId": "room", "Limit": 8})["ErrorCode"] == 0


def test_who_is_added_is_told_of(post: Post, listener: Heard) -> None:
    """Your application is asked about those who are no members yet, and told of them; one account counts once."""
    post(ADD, {"GroupId": GROUP, "MemberList": listed("lumotuwe1")})
    listener.asked.clear()
    listener.told.clear()
    answer = post(ADD, {"GroupId": GROUP, "MemberList": listed("lumotuwe2", "lumotuwe1", "lumotuwe2")})
    assert answer["MemberList"] == [
        {"Member_Account": "lumotuwe2", "Result": 1},
        {"Member_Account": "lumotuwe1", "Result": 2},
    ]
    common = {"GroupId": GROUP, "Type": "Public", "Operator_Account": "administrator"}
    invited, joined = {"DestinationMembers": listed("lumotuwe2")}, {"NewMemberList": listed("lumotuwe2")}
    assert listener.asked == [Event("Group.CallbackBeforeInviteJoinGroup", common | invited)]
    assert listener.told == [
        Event("Group.CallbackAfterNewMemberJoin", common | {"JoinType": "Invited"} | joined),
    ]


def test_nobody_new_is_nothing_to_ask_about(post: Post, listener: Heard) -> None:
    """Adding who is a member already neither asks nor tells."""
    assert results(post(ADD, {"GroupId": GROUP, "MemberList": listed("leckie")})) == {"leckie": 2}
    assert listener.heard == []


@pytest.mark.parametrize(("said", "code"), [(1, 10016), (10100, 10100), (10200, 10200), (10201, 10016)])
def test_your_application_may_refuse_everybody(post: Post, listener: Heard, said: int, code: int) -> None:
    """Its own codes come through, any other means 10016, and nobody is added."""
    listener.verdict = Verdict(said, "no")
    assert post(ADD, GOOD[ADD])["ErrorCode"] == code
    assert post(LIST, GOOD[LIST])["MemberNum"] == 1
    assert listener.told == []


@pytest.mark.parametrize(
    ("refused", "left"),
    [(["lumotuwe1"], {"lumotuwe1": 0, "lumotuwe2": 1}), ("lumotuwe1", dict.fromkeys(("lumotuwe1", "lumotuwe2"), 1))],
)
def test_your_application_may_refuse_some(post: Post, listener: Heard, refused: object, left: dict[str, int]) -> None:
    """Those it names fail, all others are added; what is no list names nobody."""
    listener.verdict = Verdict(fields={"RefusedMembers_Account": refused})
    answer = post(ADD, {"GroupId": GROUP, "MemberList": listed("lumotuwe1", "lumotuwe2", "leckie")})
    assert results(answer) == left | {"leckie": 2}


def test_where_everybody_is_refused_nobody_is_told_of(post: Post, listener: Heard) -> None:
    """The call succeeds, and nothing happened."""
    listener.verdict = Verdict(fields={"RefusedMembers_Account": ["lumotuwe1"]})
    assert results(post(ADD, GOOD[ADD])) == {"lumotuwe1": 0}
    assert listener.told == []


def test_who_joins_while_your_application_thinks_was_a_member(post: Post, state: State, listener: Heard) -> None:
    """What happened meanwhile counts, not what was true when it was asked."""

    def join() -> None:
        row = {"GroupId": GROUP, "Member_Account": "lumotuwe1", "JoinTime": state.now}
        state.store.insert("group_members", row)
        state.store.commit()

    listener.meanwhile = join
    assert results(post(ADD, GOOD[ADD])) == {"lumotuwe1": 2}


def test_a_group_that_goes_while_your_application_thinks_is_not_found(
    post: Post, state: State, listener: Heard
) -> None:
    """Nobody is added to a group that is gone by then."""

    def destroy() -> None:
        change(state, "DELETE FROM groups")

    listener.meanwhile = destroy
    assert post(ADD, GOOD[ADD])["ErrorCode"] == 10010


def test_a_group_fills_up(post: Post, state: State, listener: Heard) -> None:
    """Whoever does not fit is refused together with all others; the group is full then, and when it gets so."""
    change(state, "UPDATE groups SET MaxMemberCount = 2")
    both = {"GroupId": GROUP, "MemberList": listed("lumotuwe1", "lumotuwe2")}
    full = Event("Group.CallbackAfterGroupFull", {"GroupId": GROUP})
    assert post(ADD, both)["ErrorCode"] == 10014
    assert listener.told == [full]
    assert results(post(ADD, GOOD[ADD])) == {"lumotuwe1": 1}
    assert [event.command for event in listener.told[1:]] == [
        "Group.CallbackAfterNewMemberJoin",
        "Group.CallbackAfterGroupFull",
    ]
    assert results(post(IMPORT, both)) == {"lumotuwe1": 2, "lumotuwe2": 0}


def test_rules_say_how_many_members_a_type_of_group_has(post: Post, state: State) -> None:
    """A type without a number takes as many as come."""
    state.rules = Rules(calls_per_second=None, members_per_group={"Public": 1})
    assert post(ADD, GOOD[ADD])["ErrorCode"] == 10014
    state.rules = Rules(calls_per_second=None)
    assert post(ADD, GOOD[ADD])["ErrorCode"] == 0


def test_rules_say_in_how_many_groups_an_account_is(post: Post, state: State) -> None:
    """Live rooms do not count."""
    state.rules = Rules(calls_per_second=None, members_per_group={"Public": 9}, groups_per_account=1)
    state.add_group(LIVE, group_type="AVChatRoom", members=["lumotuwe1", "lumotuwe2"])
    state.add_group(WORK, group_type="Private", members=["lumotuwe2"])
    assert post(ADD, GOOD[ADD] | {"MemberList": listed("lumotuwe1", "lumotuwe2")})["ErrorCode"] == 10037
    assert post(ADD, GOOD[ADD])["ErrorCode"] == 0


def test_who_is_added_has_read_all_so_far(post: Post, state: State) -> None:
    """A new member begins without unread messages, an imported one with as many as are given."""
    change(state, "UPDATE groups SET NextMsgSeq = 8")
    post(ADD, GOOD[ADD])
    state.add_account("lumotuwe3")
    state.add_account("lumotuwe4")
    unread = {"lumotuwe2": 3, "lumotuwe3": 2**63 - 1, "lumotuwe4": -(2**63)}
    post(
        IMPORT, {"GroupId": GROUP, "MemberList": [{"Member_Account": a, "UnreadMsgNum": n} for a, n in unread.items()]}
    )
    sql = "SELECT MsgSeq FROM group_members WHERE Role = 'Member' ORDER BY Member_Account"
    assert state.store.values(sql) == [7, 4, 0, 7]


def test_an_import_fails_account_by_account(post: Post, state: State, clock: FakeClock, listener: Heard) -> None:
    """Who does not exist, or is said to have joined before the group or after now, is not imported; nobody is told."""
    change(state, "UPDATE groups SET CreateTime = ?", state.now - 10)
    times = {"early": -11, "first": -10, "last": 0, "late": 1}
    for account in times:
        state.add_account(account)
    items = [{"Member_Account": account, "JoinTime": state.now + time} for account, time in times.items()]
    answer = post(IMPORT, {"GroupId": GROUP, "MemberList": [*items, *listed("stranger", "leckie", "lumotuwe1")]})
    assert results(answer) == {"early": 0, "first": 1, "last": 1, "late": 0, "stranger": 0, "leckie": 2, "lumotuwe1": 1}
    assert listener.heard == []
    sql = "SELECT JoinTime FROM group_members WHERE Member_Account IN ('first', 'last', 'lumotuwe1') ORDER BY number"
    assert state.store.values(sql) == [state.now - 10, state.now, int(clock.now())]


def test_who_is_removed_is_told_of(post: Post, listener: Heard) -> None:
    """Only those who were members left; a call about others succeeds too and tells nothing."""
    post(ADD, GOOD[ADD])
    listener.told.clear()
    assert (
        post(DELETE, GOOD[DELETE] | {"MemberToDel_Account": ["stranger", "lumotuwe1", "lumotuwe2"]})["ErrorCode"] == 0
    )
    left: dict[str, Any] = {
        "GroupId": GROUP,
        "Type": "Public",
        "ExitType": "Kicked",
        "Operator_Account": "administrator",
    }
    left |= {"ExitMemberList": listed("lumotuwe1")}
    assert listener.told == [Event("Group.CallbackAfterMemberExit", left)]
    post(DELETE, GOOD[DELETE])
    assert len(listener.told) == 1


def test_a_changed_role_or_name_card_is_told_of(post: Post, listener: Heard) -> None:
    """Only what became another is told; anything else of a member changes in silence."""
    post(ADD, GOOD[ADD])
    listener.told.clear()
    one = {"GroupId": GROUP, "Member_Account": "lumotuwe1"}
    post(MODIFY, one | {"Role": "Admin", "NameCard": ""})
    post(MODIFY, one | {"Role": "Admin", "NameCard": "Lu", "MsgFlag": "Discard"})
    post(MODIFY, one | {"MsgFlag": "AcceptAndNotify", "MuteTime": 5})
    told: dict[str, Any] = {"GroupId": GROUP, "Type": "Public"}
    told |= {"Operator_Account": "administrator", "Modified_Account": "lumotuwe1"}
    assert listener.told == [
        Event("Group.CallbackAfterMemberFieldChanged", told | {"Role": "Admin"}),
        Event("Group.CallbackAfterMemberFieldChanged", told | {"NameCard": "Lu"}),
    ]


def test_a_call_without_listeners_works_as_well(state: State, query: Query) -> None:
    """Nobody is asked where nobody listens."""
    service = Service(Application(sdkappid=SDKAPPID, secret_key=KEY), state)
    answer = finished(service.answer(ADD, query(), json.dumps(GOOD[ADD]).encode()))
    assert results(answer) == {"lumotuwe1": 1}


@pytest.mark.parametrize("path", PATHS)
def test_the_documented_samples_are_answered_as_documented(post: Post, state: State, path: str) -> None:
    """Each sample is accepted, and the answer has the names of the sample's."""
    for name in ("lumotuwe1", "lumotuwe2", "lumotuwe3"):
        state.add_account(name)
    state.add_group(COMMUNITY, group_type="Community", owner="lumotuwe1", members=["lumotuwe2", "lumotuwe3"])
    if path not in {ADD, IMPORT}:
        post(ADD, {"GroupId": GROUP, "MemberList": listed("lumotuwe1")})
    data = [{"Key": "MemberDefined1", "Value": "red"}]
    for group_id in (GROUP, COMMUNITY):
        post(MODIFY, {"GroupId": group_id, "Member_Account": "lumotuwe1", "AppMemberDefinedData": data})
    request, reply = samples(path)
    reply.pop("AppMemberDefinedData", None)  # a field of the table that stands in each member
    answer = post(path, request)
    assert answer["ErrorCode"] == 0
    assert list(answer) == list(reply)
    for name in ("MemberList", "UserIdList"):
        if value := reply.get(name):
            assert answer[name][0].keys() == value[0].keys()
