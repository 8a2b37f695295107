"""What members of groups offer beyond what every command does."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest

from timrest_async import Failure, InputError, Pager, PartialReply, TimSession
from timrest_async._codec import read, write
from timrest_async.commands._shared import KeyValue, MemberAccount
from timrest_async.commands.group_members import (
    FOREVER,
    AddGroupMembers,
    AddLiveRobots,
    AddMemberResult,
    BanMembers,
    BannedAccount,
    CheckLiveMembers,
    DeleteGroupMembers,
    DeleteLiveRobots,
    GetGroupMembers,
    GetRoles,
    ImportGroupMembers,
    ImportMember,
    ImportMemberResult,
    ListBannedMembers,
    ListGroupMembers,
    LiveMember,
    MarkedMember,
    MarkLiveMembers,
    MemberRole,
    ModifyGroupMember,
    ModifyLiveAdmins,
    MutedAccount,
    MuteGroupMembers,
    ShuttedUin,
    UnbanMembers,
)
from timrest_async.testing import FakeClock, MemoryTransport

T = TypeVar("T")
Taker = Callable[[Any], object]
"""A command, waiting for one of its fields."""

COMMUNITY = "@TGS#_mine"
"""An id as every community has one."""


async def turned(turn: Callable[[TimSession], Pager[T]], *answers: dict[str, Any]) -> tuple[list[T], list[Any]]:
    """Iterate to the end over a service that has exactly these answers; return the items, and what was asked."""
    clock, service = FakeClock(), MemoryTransport(*answers)
    pager = turn(TimSession(1400000000, secret_key="key", transport=service, clock=clock))

    async def read_all() -> list[T]:
        return [item async for item in pager]

    items = await clock.run(read_all())
    assert service.left == 0
    return items, [call.json for call in service.calls]


def session(*answers: Any) -> TimSession:
    """A session with a service that says this."""
    return TimSession(1400000000, secret_key="key", transport=MemoryTransport(*answers), clock=FakeClock())


def listed(key: str, accounts: str, **beside: Any) -> dict[str, Any]:
    """An answer with a list of accounts, one letter each."""
    return {"ErrorCode": 0, key: [{"Member_Account": account} for account in accounts], **beside}


def members(accounts: str, **beside: Any) -> dict[str, Any]:
    """An answer with a page of members."""
    return listed("MemberList", accounts, **beside)


def asked(group: str, given: dict[str, Any]) -> dict[str, Any]:
    """What every page of a list of members asks for, wherever it starts."""
    sent = {"limit": "Limit", "member_role_filter": "MemberRoleFilter"}
    return {"GroupId": group, **{sent[name]: value for name, value in given.items() if name in sent}}


@pytest.mark.parametrize(
    ("given", "answers", "accounts", "places"),
    [
        (
            {"limit": 2},
            [members("ab", MemberNum=5), members("cd", MemberNum=5), members("e", MemberNum=5)],
            "abcde",
            [{}, {"Offset": 2}, {"Offset": 4}],
        ),
        ({"limit": 2}, [members("ab", MemberNum=4), members("cd", MemberNum=4)], "abcd", [{}, {"Offset": 2}]),
        ({"limit": 3}, [members("a", MemberNum=2), members("b", MemberNum=2)], "ab", [{}, {"Offset": 1}]),
        ({"offset": 3}, [members("de", MemberNum=6), members("f", MemberNum=6)], "def", [{"Offset": 3}, {"Offset": 5}]),
        ({"limit": 2}, [members("ab", MemberNum=9), members("", MemberNum=9)], "ab", [{}, {"Offset": 2}]),
        ({"limit": 2}, [members("ab"), members("c"), members("")], "abc", [{}, {"Offset": 2}, {"Offset": 3}]),
        ({}, [members("ab", MemberNum=2)], "ab", [{}]),
        ({}, [members("ab", MemberNum=3), members("c", MemberNum=3)], "abc", [{}, {"Offset": 2}]),
        ({}, [members("", MemberNum=0)], "", [{}]),
        ({}, [members("ab", MemberNum=2, Next="")], "ab", [{}]),
        ({"member_role_filter": ["Admin"]}, [members("ab", MemberNum=9)], "ab", [{}]),
        (
            {"member_role_filter": ["Admin"], "limit": 2},
            [members("ab", MemberNum=9), members("c", MemberNum=9), members("", MemberNum=9)],
            "abc",
            [{}, {"Offset": 2}, {"Offset": 3}],
        ),
    ],
    ids=[
        "several",
        "a full one last",
        "one that holds less",
        "from the middle",
        "an empty one before the end",
        "no count",
        "no limit",
        "no limit, and not all came",
        "none at all",
        "an empty cursor",
        "one role without a limit",
        "one role with a limit",
    ],
)
async def test_members_are_listed_up_to_their_number(
    given: dict[str, Any], answers: list[dict[str, Any]], accounts: str, places: list[dict[str, Any]]
) -> None:
    """Most groups are paged by how many members came, up to as many as there are or until none come."""
    found, bodies = await turned(lambda tim: tim.group_members.each("g", **given), *answers)

    assert [member.member_account for member in found] == list(accounts)
    assert bodies == [asked("g", given) | place for place in places]


@pytest.mark.parametrize(
    ("given", "answers", "accounts", "cursors"),
    [
        ({"limit": 2}, [members("ab", Next="x"), members("cd", Next="y"), members("e", Next="")], "abcde", ["", *"xy"]),
        ({}, [members("a", Next="x"), members("", Next="y"), members("b", Next="")], "ab", ["", *"xy"]),
        ({}, [members("ab", Next="x"), members("", Next="")], "ab", ["", "x"]),
        ({}, [members("ab", MemberNum=9)], "ab", [""]),
        ({}, [members("ab", MemberNum=9, Next=None)], "ab", [""]),
        ({"next": "x"}, [members("c", Next="")], "c", ["x"]),
        ({"member_role_filter": ["Owner"]}, [members("", Next="x"), members("a", Next="")], "a", ["", "x"]),
    ],
    ids=["several", "an empty one between", "an empty one last", "no cursor", "null", "from the middle", "one role"],
)
async def test_members_of_a_community_are_listed_from_cursor_to_cursor(
    given: dict[str, Any], answers: list[dict[str, Any]], accounts: str, cursors: list[str]
) -> None:
    """The first cursor is empty and travels, as the service demands; the last page has none. Nothing is skipped."""
    found, bodies = await turned(lambda tim: tim.group_members.each(COMMUNITY, **given), *answers)

    assert [member.member_account for member in found] == list(accounts)
    assert bodies == [asked(COMMUNITY, given) | {"Next": cursor} for cursor in cursors]


async def test_a_cursor_holds_whatever_the_id_of_the_group_looks_like() -> None:
    """A group that turns out to be paged by cursors is, from the page on that brings the first."""
    answers = [members("ab", MemberNum=9, Next="x"), members("c", MemberNum=9, Next="")]
    found, bodies = await turned(lambda tim: tim.group_members.each("mine", limit=2), *answers)

    assert [member.member_account for member in found] == ["a", "b", "c"]
    assert bodies == [{"GroupId": "mine", "Limit": 2}, {"GroupId": "mine", "Limit": 2, "Next": "x"}]


@pytest.mark.parametrize(
    ("group", "given", "sent"),
    [
        (COMMUNITY, {}, {"Next": ""}),
        (COMMUNITY, {"next": "x"}, {"Next": "x"}),
        (COMMUNITY, {"next": None}, {}),
        ("@TGS#2C5SZEAEF", {}, {}),
        ("mine@TGS#_", {}, {}),
        ("mine", {"next": ""}, {"Next": ""}),
    ],
)
def test_the_first_page_of_a_community_is_known_by_its_id(group: str, given: dict[str, Any], sent: Any) -> None:
    """The empty cursor goes out to communities alone, unless the caller says otherwise."""
    assert write(ListGroupMembers(group, **given)) == {"GroupId": group, **sent}


BANNED, LIVE = ("BannedAccountList", "NextOffset", "Offset"), ("MemberList", "NextTimestamp", "Timestamp")
"""What lists of a live room call the list, the place of the next page, and the place where a page starts."""


@pytest.mark.parametrize(
    ("turn", "names", "asked_always"),
    [
        (lambda tim: tim.group_members.each_banned("g"), BANNED, {}),
        (lambda tim: tim.group_members.each_banned("g", limit=100), BANNED, {"Limit": 100}),
        (lambda tim: tim.group_members.each_live("g"), LIVE, {}),
        (lambda tim: tim.group_members.each_live("g", mark=600), LIVE, {"Mark": 600}),
    ],
    ids=["banned", "banned with a limit", "live", "live with a mark"],
)
@pytest.mark.parametrize(
    ("pages", "starts"),
    [
        ([("ab", 2), ("cd", 4), ("e", 0)], [0, 2, 4]),
        ([("a", 2**32), ("", 9), ("b", 0)], [0, 2**32, 9]),
        ([("a", 7), ("", 0)], [0, 7]),
        ([("ab", None)], [0]),
        ([("", 0)], [0]),
    ],
    ids=["several", "an empty one between", "an empty one last", "no cursor", "none at all"],
)
async def test_pages_of_a_live_room_start_where_the_one_before_says(
    turn: Callable[[TimSession], Pager[Any]],
    names: tuple[str, str, str],
    asked_always: dict[str, Any],
    pages: list[tuple[str, int | None]],
    starts: list[int],
) -> None:
    """The first page is 0, whether that is a place or a time, and so is what would follow the last."""
    key, cursor, place = names
    answers = [listed(key, page, **({} if after is None else {cursor: after})) for page, after in pages]
    found, bodies = await turned(turn, *answers)

    assert [one.member_account for one in found] == [account for page, _ in pages for account in page]
    assert bodies == [{"GroupId": "g", place: start, **asked_always} for start in starts]


@pytest.mark.parametrize(
    ("result", "views"),
    [(0, (False, False, False)), (1, (True, False, False)), (2, (False, True, False)), (3, (False, False, True))],
    ids=["not added", "added", "had been a member", "waits for approval"],
)
def test_who_was_added_is_one_of_four_things(result: int, views: tuple[bool, ...]) -> None:
    """Not to have been added is a failure, for which there is no reason; to wait for somebody's approval is none."""
    one = AddMemberResult(member_account="a", result=result)

    assert (one.added, one.was_member, one.pending) == views
    assert one.failure == (None if any(views) else Failure("a", None, "not added"))


@pytest.mark.parametrize(
    ("result", "views"),
    [(0, (False, False)), (1, (True, False)), (2, (False, True))],
    ids=["not imported", "imported", "had been a member"],
)
def test_who_was_imported_is_one_of_three_things(result: int, views: tuple[bool, ...]) -> None:
    """Not to have been imported is a failure, for which there is no reason."""
    one = ImportMemberResult(member_account="a", result=result)

    assert (one.imported, one.was_member) == views
    assert one.failure == (None if any(views) else Failure("a", None, "not imported"))


@pytest.mark.parametrize(("method", "words"), [("add", "not added"), ("import_many", "not imported")])
async def test_who_is_not_mentioned_was_not_added(method: str, words: str) -> None:
    """Whoever the answer leaves out is a failure beside those that it names, and a member already is none."""
    entries = [("a", {"Result": 1}), ("b", {"Result": 0}), ("c", {"Result": 2}), ("d", {})]
    answer = {"ErrorCode": 0, "MemberList": [{"Member_Account": account, **result} for account, result in entries]}
    reply: PartialReply = await getattr(session(answer).group_members, method)("g", ["a", "b", "c", "d", "e"])

    assert reply.failed == [
        Failure("b", None, words),
        Failure("d", None, words),
        Failure("e", None, "the answer does not mention it"),
    ]
    assert reply.succeeded == ["a", "c"]


async def test_a_stranger_has_no_role_and_is_a_failure() -> None:
    """The roles are a dict, in which a stranger is ``NotMember`` and who came without a role is not at all."""
    entries = [("a", {"Role": "Owner"}), ("b", {"Role": "NotMember"}), ("c", {})]
    answer = {"ErrorCode": 0, "UserIdList": [{"Member_Account": account, **role} for account, role in entries]}
    reply = await session(answer).group_members.get_roles("g", ["a", "b", "c", "d"])

    assert reply.roles == {"a": "Owner", "b": "NotMember"}
    assert reply.failed == [
        Failure("b", None, "not a member"),
        Failure("d", None, "the answer does not mention it"),
    ]
    assert reply.succeeded == ["a", "c"]
    assert MemberRole(member_account="a", role="Member").ok


async def test_a_stranger_among_members_who_are_read_is_no_failure() -> None:
    """The service leaves out whoever is no member, and whomever a filter leaves out, and says nothing of either."""
    reply = await session(members("a")).group_members.get("g", ["a", "b"], member_role_filter=["Member"])

    assert [member.member_account for member in reply.member_list] == ["a"]
    assert reply.asked == ["a", "b"]
    assert reply.failed == []
    assert reply.raise_for_failures() is reply


async def test_members_are_removed_in_as_many_calls_as_it_takes() -> None:
    """A command that answers nothing says of whom it was, and each call is one of a hundred."""
    service = MemoryTransport({"ErrorCode": 0}, {"ErrorCode": 0})
    tim = TimSession(1400000000, secret_key="key", transport=service, clock=FakeClock())
    accounts = [f"user{number}" for number in range(101)]
    reply = await tim.group_members.delete_all("g", accounts, silence=1, reason="spam")

    assert (reply.succeeded, reply.failed) == (accounts, [])
    assert [call.json for call in service.calls] == [
        {"GroupId": "g", "Silence": 1, "Reason": "spam", "MemberToDel_Account": part}
        for part in (accounts[:100], accounts[100:])
    ]


async def test_who_is_not_in_the_room_is_not_marked() -> None:
    """The answer lists whose marks were changed; everybody else has failed."""
    answer = {"ErrorCode": 0, "CommandType": 2, "MemberList": [{"Member_Account": "b", "Marks": [1000, 500]}]}
    reply = await session(answer).group_members.mark_live("g", command_type=2, member_list=[("a", [1]), ("b", [1])])

    assert reply.succeeded == ["b"]
    assert reply.failed == [Failure("a", None, "the answer does not mention it")]
    assert (reply.command_type, reply.member_list) == (2, [MarkedMember("b", [1000, 500])])


def test_marks_come_with_their_members_in_many_forms() -> None:
    """Pairs, a dict or its items, or members with marks, and the marks in any iterable."""
    member = MarkedMember("a", [1000, 1001])
    marks = {"a": (1000, 1001)}

    for given in ([member], iter([member]), [("a", [1000, 1001])], [("a", range(1000, 1002))], marks.items(), marks):
        assert MarkLiveMembers("g", command_type=1, member_list=given).member_list == [member]
    assert write(member) == {"Member_Account": "a", "Marks": [1000, 1001]}


async def test_the_items_of_a_dict_are_split_too() -> None:
    """More than five hundred members are marked in several calls."""
    service = MemoryTransport(*[{"ErrorCode": 0, "MemberList": []}] * 2)
    tim = TimSession(1400000000, secret_key="key", transport=service, clock=FakeClock())
    marks = {f"user{number}": [1000] for number in range(501)}
    reply = await tim.group_members.mark_live_all("g", command_type=1, member_list=marks)

    assert [len(call.json["MemberList"]) for call in service.calls] == [500, 1]
    assert [failure.about for failure in reply.failed] == list(marks)


@pytest.mark.parametrize(
    "take",
    [
        lambda accounts: GetGroupMembers("g", accounts),
        lambda accounts: AddGroupMembers("g", accounts),
        lambda accounts: DeleteGroupMembers("g", accounts),
        lambda accounts: GetRoles("g", accounts),
        lambda accounts: MuteGroupMembers("g", accounts, mute_time=0),
        lambda accounts: ImportGroupMembers("g", accounts),
        lambda accounts: BanMembers("g", accounts, duration=60),
        lambda accounts: UnbanMembers("g", accounts),
        lambda accounts: ModifyLiveAdmins("g", command_type=1, admin_account=accounts),
        lambda accounts: CheckLiveMembers("g", accounts),
        lambda accounts: AddLiveRobots("g", accounts),
        lambda accounts: DeleteLiveRobots("g", accounts),
    ],
)
def test_accounts_come_in_any_iterable_and_one_may_stand_alone(take: Taker) -> None:
    """Wherever there is a list of them."""
    assert take("a") == take(["a"])
    assert take(iter(["a", "b"])) == take(["a", "b"])
    assert take("ab") != take(["a", "b"])


def test_ids_will_do_as_members() -> None:
    """An id stands for the object that wraps it, among such objects too."""
    admin = ImportMember("b", role="Admin", unread_msg_num=3)

    assert AddGroupMembers("g", ["a", MemberAccount("b")]).member_list == [MemberAccount("a"), MemberAccount("b")]
    assert ImportGroupMembers("g", ["a", admin]).member_list == [ImportMember("a"), admin]


def test_a_mapping_stands_for_the_custom_fields_of_a_member() -> None:
    """As do pairs; without any, nothing about them is sent."""
    member = ModifyGroupMember("g", "a", app_member_defined_data={"Level": "gold"})

    assert member == ModifyGroupMember("g", "a", app_member_defined_data=[KeyValue("Level", "gold")])
    assert write(ModifyGroupMember("g", "a")) == {"GroupId": "g", "Member_Account": "a"}


@pytest.mark.parametrize(
    ("cls", "name", "wire"),
    [
        (MutedAccount, "muted_until", "MutedUntil"),
        (ShuttedUin, "shutted_until", "ShuttedUntil"),
        (BannedAccount, "banned_until", "BannedUntil"),
        (LiveMember, "join_time", "JoinTime"),
    ],
)
def test_a_time_is_a_datetime_beside_its_seconds(cls: type[Any], name: str, wire: str) -> None:
    """It is in UTC, and ``None`` where the time is 0 or did not come."""
    assert getattr(read({"Member_Account": "a", wire: 86_400}, cls), f"{name}_utc") == datetime(1970, 1, 2, tzinfo=UTC)
    assert getattr(read({"Member_Account": "a", wire: 0}, cls), f"{name}_utc") is None
    assert getattr(read({"Member_Account": "a"}, cls), f"{name}_utc") is None


@pytest.mark.parametrize(
    ("take", "given", "complaint"),
    [
        (
            lambda given: ModifyGroupMember("g", "a", app_member_defined_data=given),
            "x",
            r"\.app_member_defined_data has to",
        ),
        (ListGroupMembers, 5, r"^ListGroupMembers\.group_id has to be a string, not 5"),
        (ListGroupMembers, None, r"^ListGroupMembers\.group_id has to be a string, not None"),
        (
            lambda given: ListGroupMembers("g", member_info_filter=given),
            ["Name"],
            r"\.member_info_filter \[0\] has to be",
        ),
        (
            lambda given: ListGroupMembers("g", member_role_filter=given),
            ["NotMember"],
            r"\.member_role_filter \[0\] has",
        ),
        (lambda given: GetGroupMembers("g", given), None, r"^GetGroupMembers\.member_list_account has to be a list"),
        (
            lambda given: ModifyGroupMember("g", "a", role=given),
            "Owner",
            r"\.role has to be one of 'Admin', 'Member', not",
        ),
        (
            lambda given: ModifyGroupMember("g", "a", msg_flag=given),
            "All",
            r"\.msg_flag has to be one of 'AcceptAndNotify'",
        ),
        (lambda given: ImportGroupMembers("g", given), 5, r"^ImportGroupMembers\.member_list has to be a list, not 5"),
        (lambda given: ImportGroupMembers("g", given), ["a", 5], r"\.member_list \[1\] has to be ImportMember, not 5"),
        (lambda given: ImportGroupMembers("g", given), [""], r"^ImportMember\.member_account has to be 1 to 32 bytes"),
        (lambda given: MarkedMember("a", given), 1000, r"^MarkedMember\.marks has to be a list, not 1000"),
        (lambda given: MarkedMember("a", given), "1000", r"^MarkedMember\.marks has to be a list, not '1000'"),
        (lambda given: MarkedMember("a", given), [1000, "1"], r"^MarkedMember\.marks \[1\] has to be a whole number"),
        (
            lambda given: MarkLiveMembers("g", command_type=given, member_list=[("a", [])]),
            3,
            r"\.command_type has to be",
        ),
        (lambda given: MarkLiveMembers("g", command_type=1, member_list=given), "a", r"\.member_list has to be a list"),
        (
            lambda given: MarkLiveMembers("g", command_type=1, member_list=given),
            ["ab"],
            r"\.member_list \[0\] has to be",
        ),
        (
            lambda given: MarkLiveMembers("g", command_type=1, member_list=given),
            [("a",)],
            r"\.member_list \[0\] has to",
        ),
        (
            lambda given: MarkLiveMembers("g", command_type=1, member_list=given),
            [("a", 5)],
            r"^MarkedMember\.marks has",
        ),
        (
            lambda given: ModifyLiveAdmins("g", command_type=1, admin_account=given),
            5,
            r"\.admin_account has to be a list",
        ),
        (
            lambda given: CheckLiveMembers("g", given),
            ["a", ""],
            r"^CheckLiveMembers\.member_account \[1\] has to be 1 to",
        ),
    ],
)
def test_what_is_in_no_such_form_is_refused_by_name(take: Taker, given: Any, complaint: str) -> None:
    """The complaint names the field, the place in the list, and what stood there."""
    with pytest.raises(InputError, match=complaint):
        take(given)


@pytest.mark.parametrize(
    ("take", "name", "most"),
    [
        (lambda accounts: GetGroupMembers("g", accounts), "GetGroupMembers.member_list_account", 50),
        (lambda accounts: AddGroupMembers("g", accounts), "AddGroupMembers.member_list", 300),
        (lambda accounts: DeleteGroupMembers("g", accounts), "DeleteGroupMembers.member_to_del_account", 100),
        (lambda accounts: GetRoles("g", accounts), "GetRoles.user_account", 500),
        (lambda accounts: MuteGroupMembers("g", accounts, mute_time=0), "MuteGroupMembers.members_account", 500),
        (lambda accounts: ImportGroupMembers("g", accounts), "ImportGroupMembers.member_list", 300),
        (lambda accounts: BanMembers("g", accounts, duration=60), "BanMembers.members_account", 20),
        (lambda accounts: UnbanMembers("g", accounts), "UnbanMembers.members_account", 20),
        (
            lambda accounts: MarkLiveMembers("g", command_type=1, member_list=[(one, [1000]) for one in accounts]),
            "MarkLiveMembers.member_list",
            500,
        ),
        (
            lambda accounts: ModifyLiveAdmins("g", command_type=1, admin_account=accounts),
            "ModifyLiveAdmins.admin_account",
            5,
        ),
    ],
)
def test_a_call_is_about_as_many_as_the_service_takes(take: Taker, name: str, most: int) -> None:
    """One and the most are fine, and the message about none or too many names the limits."""
    assert take(["a"])
    assert take(["a"] * most)
    for size in (0, most + 1):
        with pytest.raises(InputError, match=rf"^{name} has to hold 1 to {most} items, not {size}$"):
            take(["a"] * size)


@pytest.mark.parametrize(
    ("take", "name", "low", "high"),
    [
        (lambda number: ListBannedMembers("g", limit=number), "ListBannedMembers.limit", 1, 100),
        (lambda number: ModifyGroupMember("g", "a", mute_time=number), "ModifyGroupMember.mute_time", 0, FOREVER),
        (lambda number: MuteGroupMembers("g", "a", mute_time=number), "MuteGroupMembers.mute_time", 0, FOREVER),
        (lambda number: BanMembers("g", "a", duration=number), "BanMembers.duration", 0, FOREVER),
    ],
)
def test_a_number_is_within_what_the_service_takes(take: Taker, name: str, low: int, high: int) -> None:
    """Both ends are fine, and the message about what lies beyond names them."""
    assert take(low)
    assert take(high)
    for bad in (low - 1, high + 1, float(high), True):
        with pytest.raises(InputError, match=rf"^{name} has to be a whole number from {low} to {high}, not "):
            take(bad)


def test_for_ever_is_the_longest_time_there_is() -> None:
    """A mute that does not end travels as the largest unsigned number of 32 bits, as the service wants it."""
    assert write(MuteGroupMembers("g", "a", mute_time=FOREVER))["MuteTime"] == 4_294_967_295
