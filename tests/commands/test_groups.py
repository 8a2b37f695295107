"""What groups offer beyond what every command does."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest

from timrest_async import ApiError, InputError, Pager, PartialFailureError, TimSession
from timrest_async._codec import read, write
from timrest_async.commands._shared import KeyValue
from timrest_async.commands.groups import (
    CreateGroup,
    DeleteGroupAttributes,
    DeleteGroupCounters,
    GetGroupAttributesReply,
    GetGroupCounters,
    GetGroupCountersReply,
    GetGroups,
    GroupAttribute,
    GroupAttributeKey,
    GroupCounter,
    GroupInfo,
    GroupInfoFilter,
    GroupProfile,
    ImportGroup,
    InitialMember,
    JoinedGroup,
    JoinedGroupFilter,
    ListGroups,
    ListJoinedGroups,
    ModifyGroup,
    ModifyGroupAttributes,
    SetGroupAttributes,
    UpdateGroupCounters,
    UpdateGroupCountersReply,
)
from timrest_async.testing import FakeClock, MemoryTransport

T = TypeVar("T")
Taker = Callable[[Any], object]
"""A command, waiting for one of its fields."""


async def turned(turn: Callable[[TimSession], Pager[T]], *answers: dict[str, Any]) -> tuple[list[T], list[Any]]:
    """Iterate to the end over a service that has exactly these answers; return the items, and what was asked."""
    clock, service = FakeClock(), MemoryTransport(*answers)
    pager = turn(TimSession(1400000000, secret_key="key", transport=service, clock=clock))

    async def read_all() -> list[T]:
        return [item async for item in pager]

    items = await clock.run(read_all())
    assert service.left == 0
    return items, [call.json for call in service.calls]


def groups(*ids: str, **beside: Any) -> dict[str, Any]:
    """An answer that lists groups."""
    return {"ErrorCode": 0, "GroupIdList": [{"GroupId": group} for group in ids], **beside}


def session(*answers: dict[str, Any]) -> TimSession:
    """A session with a service that says this."""
    return TimSession(1400000000, secret_key="key", transport=MemoryTransport(*answers), clock=FakeClock())


@pytest.mark.parametrize(
    ("answers", "ids", "starts"),
    [
        ([groups("a", "b", Next=7), groups("c", Next=2**63), groups("d", Next=0)], "abcd", [None, 7, 2**63]),
        ([groups("a", Next=1), groups(Next=2), groups("b", Next=0)], "ab", [None, 1, 2]),
        ([groups("a", Next=1), groups(Next=0)], "a", [None, 1]),
        ([groups("a", TotalCount=9)], "a", [None]),
        ([groups("a", Next=None)], "a", [None]),
        ([groups(Next=0)], "", [None]),
    ],
    ids=["several", "an empty one between", "an empty one last", "no cursor", "a cursor of null", "none at all"],
)
async def test_all_groups_are_listed_from_cursor_to_cursor(
    answers: list[dict[str, Any]], ids: str, starts: list[int | None]
) -> None:
    """Each page starts where the one before says, up to the one that says 0 or nothing; only that changes."""
    asked = {"Limit": 2, "GroupType": "Public"}
    listed, bodies = await turned(lambda tim: tim.groups.each(limit=2, group_type="Public"), *answers)

    assert listed == list(ids)
    assert bodies == [asked | ({} if start is None else {"Next": start}) for start in starts]


async def test_a_list_of_all_groups_needs_no_limit_and_starts_where_it_is_told() -> None:
    """What the caller leaves out is left to the service."""
    answers = [groups("a", Next=5), groups("b", Next=0)]

    assert await turned(lambda tim: tim.groups.each(), *answers) == (["a", "b"], [{}, {"Next": 5}])
    assert await turned(lambda tim: tim.groups.each(next=3), groups("b", Next=0)) == (["b"], [{"Next": 3}])


@pytest.mark.parametrize(
    ("given", "answers", "ids", "offsets"),
    [
        (
            {"limit": 2},
            [groups("a", "b", TotalCount=5), groups("c", "d", TotalCount=5), groups("e", TotalCount=5)],
            "abcde",
            [None, 2, 4],
        ),
        ({"limit": 2}, [groups("a", "b", TotalCount=4), groups("c", "d", TotalCount=4)], "abcd", [None, 2]),
        ({"limit": 3}, [groups("a", TotalCount=4), groups("d", TotalCount=4)], "ad", [None, 3]),
        ({"limit": 2, "offset": 3}, [groups("d", "e", TotalCount=6), groups("f", TotalCount=6)], "def", [3, 5]),
        ({"limit": 2}, [groups("a", "b", TotalCount=9), groups(TotalCount=9)], "ab", [None, 2]),
        ({"limit": 2}, [groups("a", "b", TotalCount=3), groups("c", TotalCount=2)], "abc", [None, 2]),
        ({"limit": 2}, [groups("a")], "a", [None]),
        ({}, [groups("a", "b", TotalCount=2)], "ab", [None]),
        ({}, [groups("a", "b", TotalCount=3), groups("c", TotalCount=3)], "abc", [None, 2]),
        ({}, [groups(TotalCount=0)], "", [None]),
    ],
    ids=[
        "several",
        "a full one last",
        "one that holds less",
        "from the middle",
        "an empty one before the end",
        "fewer groups meanwhile",
        "no count",
        "no limit",
        "no limit, and not all came",
        "none at all",
    ],
)
async def test_joined_groups_are_listed_up_to_their_number(
    given: dict[str, Any], answers: list[dict[str, Any]], ids: str, offsets: list[int | None]
) -> None:
    """The service has no cursor here: the pages go on by the limit, or by what came, until all were asked for."""
    only = JoinedGroupFilter("Name")
    joined, bodies = await turned(
        lambda tim: tim.groups.each_joined("u", group_type="Work", response_filter=only, **given), *answers
    )
    asked = {"Member_Account": "u", "GroupType": "Work", "ResponseFilter": {"GroupBaseInfoFilter": ["Name"]}}
    asked |= {"Limit": given["limit"]} if "limit" in given else {}

    assert [group.group_id for group in joined] == list(ids)
    assert bodies == [asked | ({} if offset is None else {"Offset": offset}) for offset in offsets]


async def test_each_group_has_failed_or_not_whatever_the_answer_as_a_whole_says() -> None:
    """The entry of a group alone tells, and a group without an entry is a failure too."""
    entries = [
        {"GroupId": "here", "ErrorCode": 0, "Name": "Here"},
        {"GroupId": "gone", "ErrorCode": 10010, "ErrorInfo": "it was disbanded"},
        {"GroupId": "odd"},
    ]
    answer = {"ErrorCode": 10010, "ErrorInfo": "one of them", "GroupInfo": entries}
    reply = await session(answer).groups.get(["here", "gone", "odd", "lost"])

    assert [(one.about, one.code, one.info) for one in reply.failed] == [
        ("gone", 10010, "it was disbanded"),
        ("lost", None, "the answer does not mention it"),
    ]
    assert [group.ok for group in reply.group_info] == [True, False, True]
    assert reply.succeeded == ["here", "odd"]
    with pytest.raises(PartialFailureError, match="gone"):
        reply.raise_for_failures()


async def test_where_no_group_has_an_entry_the_answer_counts() -> None:
    """A call that was refused as a whole is an error like any other."""
    with pytest.raises(ApiError, match="10018"):
        await session({"ErrorCode": 10018, "ErrorInfo": "too long", "GroupInfo": []}).groups.get("g")


@pytest.mark.parametrize(
    ("muted", "said"),
    [({"MuteAllMember": "On"}, "On"), ({"ShutUpAllMember": "On"}, "On"), ({"MuteAllMember": "Off"}, "Off"), ({}, None)],
)
@pytest.mark.parametrize("cls", [GroupProfile, GroupInfo, JoinedGroup])
def test_whether_all_are_muted_is_a_yes_or_no(cls: type[GroupProfile], muted: dict[str, str], said: str | None) -> None:
    """Under either of the names that the service has for it; where it was not asked for, nobody knows of a mute."""
    group = read({"GroupId": "g", **muted}, cls)

    assert (group.mute_all_member, group.all_muted) == (said, said == "On")


def test_a_group_shows_its_custom_fields_and_its_times() -> None:
    """Custom fields are a dict beside the list, and each time is a datetime beside its seconds."""
    fields = [{"Key": "Level", "Value": "gold"}, {"Key": "City", "Value": "Bonn"}]
    times = {"CreateTime": 86_400, "LastInfoTime": 172_800, "LastMsgTime": 259_200}
    info = read({"GroupId": "g", "AppDefinedData": fields, **times}, GroupInfo)
    joined = read({"GroupId": "g", "SelfInfo": {"Role": "Owner", "JoinTime": 86_400}, **times}, JoinedGroup)

    assert info.custom == {"Level": "gold", "City": "Bonn"}
    assert GroupInfo(group_id="g").custom == {}
    for group in (info, joined):
        assert group.create_time_utc == datetime(1970, 1, 2, tzinfo=UTC)
        assert group.last_info_time_utc == datetime(1970, 1, 3, tzinfo=UTC)
        assert group.last_msg_time_utc == datetime(1970, 1, 4, tzinfo=UTC)
    assert joined.self_info is not None
    assert joined.self_info.join_time_utc == joined.create_time_utc


def test_attributes_and_counters_are_dicts_too() -> None:
    """The value of each by its name, and no names where a group has none."""
    attributes = read(
        {"GroupAttrAry": [{"key": "a", "value": "1"}, {"key": "b", "value": ""}]}, GetGroupAttributesReply
    )
    counters = {"GroupCounter": [{"Key": "likes", "Value": -7}, {"Key": "views", "Value": 2**63 - 1}]}

    assert attributes.attributes == {"a": "1", "b": ""}
    assert read(counters, GetGroupCountersReply).counters == {"likes": -7, "views": 2**63 - 1}
    assert read(counters, UpdateGroupCountersReply).counters == {"likes": -7, "views": 2**63 - 1}
    assert GetGroupAttributesReply().attributes == {}
    assert GetGroupCountersReply().counters == {}


@pytest.mark.parametrize(
    "take",
    [
        GetGroups,
        lambda names: GetGroupCounters("g", names),
        lambda names: DeleteGroupCounters("g", names),
        lambda names: DeleteGroupAttributes("g", names),
        lambda names: CreateGroup(type="Work", name="n", member_list=names),
        GroupInfoFilter,
        lambda names: GroupInfoFilter(member_info_filter=names),
        lambda names: GroupInfoFilter(app_defined_data_filter_group=names),
        lambda names: GroupInfoFilter(app_defined_data_filter_group_member=names),
        JoinedGroupFilter,
        lambda names: JoinedGroupFilter(self_info_filter=names),
    ],
)
def test_names_come_in_any_iterable_and_one_may_stand_alone(take: Taker) -> None:
    """Wherever there is a list of ids or names."""
    assert take("a") == take(["a"])
    assert take(iter(["a", "b"])) == take(["a", "b"])
    assert take("ab") != take(["a", "b"])


@pytest.mark.parametrize(
    "take",
    [
        lambda fields: CreateGroup(type="Work", name="n", app_defined_data=fields),
        lambda fields: ImportGroup(type="Work", name="n", app_defined_data=fields),
        lambda fields: ModifyGroup("g", app_defined_data=fields),
        lambda fields: InitialMember("a", app_member_defined_data=fields),
    ],
)
def test_a_mapping_stands_for_custom_fields(take: Taker) -> None:
    """Wherever a group or a member has some, as do pairs in any iterable."""
    pairs = [KeyValue("Level", "gold"), KeyValue("City", "Bonn")]

    assert take({"Level": "gold", "City": "Bonn"}) == take(iter(pairs)) == take(pairs)


def test_ids_will_do_as_first_members() -> None:
    """An id stands for the object that wraps it, alone or among such objects; none is not sent, and no one is."""
    admin = InitialMember("b", role="Admin", app_member_defined_data={"Level": "gold"})
    members = (one for one in ("a", admin))

    assert CreateGroup(type="Work", name="n", member_list="a").member_list == [InitialMember("a")]
    assert CreateGroup(type="Work", name="n", member_list=members).member_list == [InitialMember("a"), admin]
    assert admin.app_member_defined_data == [KeyValue("Level", "gold")]
    assert "MemberList" not in write(CreateGroup(type="Work", name="n"))
    assert write(CreateGroup(type="Work", name="n", member_list=[]))["MemberList"] == []


@pytest.mark.parametrize("command", [ModifyGroupAttributes, SetGroupAttributes])
def test_a_mapping_stands_for_attributes(command: type[ModifyGroupAttributes | SetGroupAttributes]) -> None:
    """As do attributes, in any iterable."""
    attribute = GroupAttribute("topic", "tea")

    assert command("g", {"topic": "tea"}) == command("g", [attribute]) == command("g", iter([attribute]))
    assert write(command("g", {"topic": "tea"}))["GroupAttr"] == [{"key": "topic", "value": "tea"}]


def test_names_stand_for_attributes_to_delete() -> None:
    """A name alone or among such objects is wrapped as the service wants it."""
    assert DeleteGroupAttributes("g", "a") == DeleteGroupAttributes("g", [GroupAttributeKey("a")])
    assert write(DeleteGroupAttributes("g", ["a", GroupAttributeKey("b")]))["GroupAttr"] == [{"key": "a"}, {"key": "b"}]


def test_a_mapping_stands_for_counters() -> None:
    """As do counters, in any iterable."""
    counter = GroupCounter("likes", -1)

    assert UpdateGroupCounters("g", {"likes": -1}).group_counter == [counter]
    assert UpdateGroupCounters("g", iter([counter])) == UpdateGroupCounters("g", [counter])


def test_all_counters_are_deleted_only_where_none_is_named() -> None:
    """A list of names that happens to be empty deletes nothing, whatever it would mean to the service."""
    assert write(DeleteGroupCounters("g")) == {"GroupId": "g"}
    assert write(DeleteGroupCounters("g", "likes")) == {"GroupId": "g", "GroupCounterKeys": ["likes"]}
    with pytest.raises(InputError, match=r"^DeleteGroupCounters\.group_counter_keys has to hold 1 to 20 items, not 0"):
        DeleteGroupCounters("g", [])


def test_a_filter_sends_what_it_names() -> None:
    """Its lists go out under the names that the service has for them, and what is left out does not."""
    everything = GroupInfoFilter(
        "Name",
        member_info_filter="Role",
        app_defined_data_filter_group="Level",
        app_defined_data_filter_group_member="City",
    )

    assert write(GetGroups("g", response_filter=everything))["ResponseFilter"] == {
        "GroupBaseInfoFilter": ["Name"],
        "MemberInfoFilter": ["Role"],
        "AppDefinedDataFilter_Group": ["Level"],
        "AppDefinedDataFilter_GroupMember": ["City"],
    }
    assert write(GetGroups("g", response_filter=GroupInfoFilter()))["ResponseFilter"] == {}


@pytest.mark.parametrize(
    ("take", "given", "complaint"),
    [
        (
            lambda given: CreateGroup(type="Work", name="n", member_list=given),
            5,
            r"^CreateGroup\.member_list has to be a",
        ),
        (
            lambda given: CreateGroup(type="Work", name="n", member_list=given),
            {"a": 1},
            r"\.member_list has to be a list",
        ),
        (
            lambda given: CreateGroup(type="Work", name="n", member_list=given),
            ["a", 5],
            r"\.member_list \[1\] has to be",
        ),
        (lambda given: CreateGroup(type="Work", name="n", member_list=given), [""], r"^InitialMember\.member_account"),
        (
            lambda given: CreateGroup(type="Work", name="n", app_defined_data=given),
            "x",
            r"^CreateGroup\.app_defined_data",
        ),
        (
            lambda given: ImportGroup(type="Work", name="n", app_defined_data=given),
            [5],
            r"\.app_defined_data \[0\] has",
        ),
        (
            lambda given: ModifyGroup("g", mute_all_member=given),
            "on",
            r"\.mute_all_member has to be one of 'On', 'Off'",
        ),
        (lambda given: InitialMember("a", role=given), "Owner", r"^InitialMember\.role has to be one of 'Admin', not"),
        (
            lambda given: InitialMember("a", app_member_defined_data=given),
            5,
            r"\.app_member_defined_data has to be a list",
        ),
        (lambda given: GetGroups("g", response_filter=given), ["Name"], r"\.response_filter has to be GroupInfoFilter"),
        (GroupInfoFilter, {"Name": 1}, r"^GroupInfoFilter\.group_base_info_filter has to be a list, not {'Name': 1}"),
        (JoinedGroupFilter, [1], r"^JoinedGroupFilter\.group_base_info_filter \[0\] has to be a string, not 1"),
        (
            lambda given: ModifyGroupAttributes("g", given),
            "topic",
            r"^ModifyGroupAttributes\.group_attr has to be a list",
        ),
        (
            lambda given: SetGroupAttributes("g", given),
            {"topic": 5},
            r"^GroupAttribute\.value has to be a string, not 5",
        ),
        (lambda given: DeleteGroupAttributes("g", given), None, r"^DeleteGroupAttributes\.group_attr has to be a list"),
        (lambda given: DeleteGroupAttributes("g", given), [5], r"^DeleteGroupAttributes\.group_attr \[0\] has to be"),
        (
            lambda given: UpdateGroupCounters("g", given),
            ["likes"],
            r"\.group_counter \[0\] has to be GroupCounter, not",
        ),
        (
            lambda given: UpdateGroupCounters("g", given),
            {"likes": "1"},
            r"^GroupCounter\.value has to be a whole number",
        ),
        (
            lambda given: UpdateGroupCounters("g", {"likes": 1}, mode=given),
            "Add",
            r"\.mode has to be one of 'Set', 'Incr",
        ),
    ],
)
def test_what_is_in_no_such_form_is_refused_by_name(take: Taker, given: Any, complaint: str) -> None:
    """The complaint names the field, the place in the list, and what stood there."""
    with pytest.raises(InputError, match=complaint):
        take(given)


@pytest.mark.parametrize(
    ("take", "name", "least", "most"),
    [
        (
            lambda size: CreateGroup(type="Work", name="n", member_list=["a"] * size),
            "CreateGroup.member_list",
            0,
            100,
        ),
        (lambda size: GetGroups(["g"] * size), "GetGroups.group_id_list", 1, 50),
        (
            lambda size: ModifyGroupAttributes("g", {str(number): "" for number in range(size)}),
            "ModifyGroupAttributes.group_attr",
            1,
            16,
        ),
        (
            lambda size: SetGroupAttributes("g", [GroupAttribute("a", "b")] * size),
            "SetGroupAttributes.group_attr",
            1,
            16,
        ),
        (
            lambda size: UpdateGroupCounters("g", {str(number): 0 for number in range(size)}),
            "UpdateGroupCounters.group_counter",
            1,
            20,
        ),
        (lambda size: DeleteGroupCounters("g", ["a"] * size), "DeleteGroupCounters.group_counter_keys", 1, 20),
    ],
)
def test_a_list_holds_as_many_as_the_service_takes(
    take: Callable[[int], object], name: str, least: int, most: int
) -> None:
    """The least and the most are fine, and the message about one more or one less names the limits."""
    assert take(least)
    assert take(most)
    for size in {most + 1, max(least - 1, 0)} - {least}:
        with pytest.raises(InputError, match=rf"^{name} has to hold {least} to {most} items, not {size}$"):
            take(size)


@pytest.mark.parametrize(
    ("take", "name", "low", "high"),
    [
        (lambda number: ListGroups(limit=number), "ListGroups.limit", 1, 10_000),
        (lambda number: ListGroups(next=number), "ListGroups.next", 0, 2**64 - 1),
        (lambda number: ListJoinedGroups("u", limit=number), "ListJoinedGroups.limit", 1, 5000),
        (lambda number: GroupCounter("likes", number), "GroupCounter.value", -(2**63), 2**63 - 1),
    ],
)
def test_a_number_is_within_what_the_service_takes(take: Taker, name: str, low: int, high: int) -> None:
    """Both ends are fine, and the message about what lies beyond names them."""
    assert take(low)
    assert take(high)
    for bad in (low - 1, high + 1, float(low), True):
        with pytest.raises(InputError, match=rf"^{name} has to be a whole number from {low} to {high}, not "):
            take(bad)
