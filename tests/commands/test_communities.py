"""What communities offer beyond what every command does."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, TypeVar

import pytest

from timrest_async import ApiError, Failure, InputError, Pager, PartialReply, TimSession
from timrest_async._codec import read, write
from timrest_async.commands.communities import (
    AddPermissionGroupMembers,
    AddTopicPermissions,
    DeletePermissionGroupMembers,
    DeleteTopicPermissions,
    DestroyPermissionGroups,
    DestroyTopicResult,
    DestroyTopics,
    GetPermissionGroups,
    GetTopicPermissions,
    GetTopics,
    ModifyTopic,
    PermissionGroupInfo,
    PermissionGroupResult,
    PermissionMemberResult,
    SetTopicPermissions,
    TopicAndSelfInfo,
    TopicInfo,
    TopicPermission,
    TopicPermissionResult,
)
from timrest_async.testing import FakeClock, MemoryTransport

T = TypeVar("T")
Taker = Callable[[Any], object]
"""A command, waiting for one of its fields."""

TOPIC = "@TGS#_mine@TOPIC#_tea"


async def turned(turn: Callable[[TimSession], Pager[T]], *answers: dict[str, Any]) -> tuple[list[T], list[Any]]:
    """Iterate to the end over a service that has exactly these answers; return the items, and what was asked."""
    clock, service = FakeClock(), MemoryTransport(*answers)
    pager = turn(TimSession(1400000000, secret_key="key", transport=service, clock=clock))

    async def read_all() -> list[T]:
        return [item async for item in pager]

    items = await clock.run(read_all())
    assert service.left == 0
    return items, [call.json for call in service.calls]


def session(service: MemoryTransport) -> TimSession:
    """A session with this service."""
    return TimSession(1400000000, secret_key="key", transport=service, clock=FakeClock())


GROUPS, MEMBERS = ("PermissionGroupInfoList", "PermissionGroupId"), ("MemberList", "Member_Account")
RESULTS, RIGHTS = ("PermissionGroupResultList", "PermissionGroupId"), ("TopicPermissionResultList", "TopicId")
"""What the lists of a community are called, and what tells their items apart."""


@pytest.mark.parametrize(
    ("turn", "names", "asked_always"),
    [
        (lambda tim: tim.communities.each_permission_group("g"), GROUPS, {}),
        (
            lambda tim: tim.communities.each_permission_group("g", limit=20, permission_group_id_list=iter("abcde")),
            GROUPS,
            {"Limit": 20, "PermissionGroupIdList": list("abcde")},
        ),
        (lambda tim: tim.communities.each_permission_group_member("g", "p"), MEMBERS, {"PermissionGroupId": "p"}),
        (
            lambda tim: tim.communities.each_permission_group_member("g", "p", limit=2, member_info_filter=["Role"]),
            MEMBERS,
            {"PermissionGroupId": "p", "Limit": 2, "MemberInfoFilter": ["Role"]},
        ),
    ],
    ids=["permission groups", "some of them", "members", "some of them with one field"],
)
@pytest.mark.parametrize(
    ("pages", "cursors"),
    [
        ([("ab", {"Next": "x"}), ("cd", {"Next": "y"}), ("e", {"Next": ""})], "xy"),
        ([("a", {"Next": "x"}), ("", {"Next": "y"}), ("b", {"Next": ""})], "xy"),
        ([("a", {"Next": "x"}), ("", {"Next": ""})], "x"),
        ([("ab", {})], ""),
        ([("ab", {"Next": None})], ""),
        ([("", {"Next": ""})], ""),
    ],
    ids=["several", "an empty one between", "an empty one last", "no cursor", "a cursor of null", "none at all"],
)
async def test_lists_of_a_community_go_from_cursor_to_cursor(
    turn: Callable[[TimSession], Pager[Any]],
    names: tuple[str, str],
    asked_always: dict[str, Any],
    pages: list[tuple[str, dict[str, Any]]],
    cursors: str,
) -> None:
    """The first page is asked for without one, and the last page has none; only the cursor changes."""
    key, name = names
    answers = [{"ErrorCode": 0, key: [{name: item} for item in page], **cursor} for page, cursor in pages]
    found, bodies = await turned(turn, *answers)

    assert [write(item)[name] for item in found] == [item for page, _ in pages for item in page]
    assert bodies == [
        {"GroupId": "g", **asked_always, **cursor} for cursor in [{}, *({"Next": one} for one in cursors)]
    ]


async def test_a_list_of_a_community_goes_on_where_it_is_told() -> None:
    """A cursor that the caller kept starts the list there, and not at the beginning."""
    answer = {"ErrorCode": 0, "PermissionGroupInfoList": [{"PermissionGroupId": "c"}], "Next": ""}
    (found,), (body,) = await turned(lambda tim: tim.communities.each_permission_group("g", next="x"), answer)

    assert found.permission_group_id == "c"
    assert body == {"GroupId": "g", "Next": "x"}


async def test_each_topic_was_read_or_not_whatever_the_answer_as_a_whole_says() -> None:
    """The ErrorCode of the answer means nothing; that of a topic does, and a topic without an entry is a failure."""
    entries = [
        {"ErrorCode": 0, "TopicInfo": {"TopicId": "a", "TopicName": "Tea"}, "SelfInfo": {"MsgSeq": 3}},
        {"ErrorCode": 110003, "ErrorInfo": "it was deleted", "TopicInfo": {"TopicId": "b"}},
        {"ErrorCode": 10010, "ErrorInfo": "which one?"},
    ]
    answer = {"ErrorCode": 10010, "ErrorInfo": "nothing", "TopicAndSelfInfo": entries}
    reply = await session(MemoryTransport(answer)).communities.get_topics(
        "g", from_account="u", topic_id_list=iter("abc")
    )

    assert reply.failed == [
        Failure("b", 110003, "it was deleted"),
        Failure("", 10010, "which one?"),
        Failure("c", None, "the answer does not mention it"),
    ]
    assert reply.succeeded == ["a"]
    assert [one.ok for one in reply.topic_and_self_info] == [True, False, False]


async def test_where_no_topic_has_an_entry_the_answer_counts() -> None:
    """A call that was refused as a whole is an error like any other."""
    with pytest.raises(ApiError, match="10010"):
        await session(MemoryTransport({"ErrorCode": 10010, "ErrorInfo": "no such group"})).communities.get_topics(
            "g", from_account="u"
        )


async def test_all_topics_are_read_where_none_is_named() -> None:
    """Then nobody can be missing, and what succeeded are the topics that came."""
    service = MemoryTransport({"ErrorCode": 0, "TopicAndSelfInfo": [{"ErrorCode": 0, "TopicInfo": {"TopicId": "a"}}]})
    reply = await session(service).communities.get_topics("g", from_account="u")

    assert service.calls[0].json == {"GroupId": "g", "From_Account": "u"}
    assert (reply.succeeded, reply.failed) == (["a"], [])


@pytest.mark.parametrize(
    ("topic", "about"),
    [(TopicInfo(topic_id="a"), "a"), (TopicInfo(topic_name="Tea"), ""), (None, "")],
    ids=["with an id", "without", "no topic"],
)
def test_a_topic_is_known_by_its_id(topic: TopicInfo | None, about: str) -> None:
    """Where the answer leaves it out, as a filter may, nobody knows which topic it was."""
    assert TopicAndSelfInfo(topic_info=topic).about == about
    assert TopicAndSelfInfo(topic_info=topic, error_code=10010).failure == Failure(about, 10010)


def test_a_permission_group_is_known_by_its_id() -> None:
    """Where the answer leaves it out, nobody knows which group could not be read."""
    assert PermissionGroupInfo(permission_group_id="p", error_code=0).ok
    assert PermissionGroupInfo(permission_group_id="p").about == "p"
    assert PermissionGroupInfo(error_code=10002, error_info="no").failure == Failure("", 10002, "no")


def test_a_topic_shows_its_times() -> None:
    """Each is a datetime beside its seconds, and ``None`` where it did not come."""
    topic = read({"CreateTime": 86_400, "LastMsgTime": 172_800}, TopicInfo)

    assert topic.create_time_utc == datetime(1970, 1, 2, tzinfo=UTC)
    assert topic.last_msg_time_utc == datetime(1970, 1, 3, tzinfo=UTC)
    assert TopicInfo().create_time_utc is TopicInfo().last_msg_time_utc is None


@pytest.mark.parametrize(
    ("answer", "muted"),
    [
        ({"MuteAllMember": "On"}, "On"),
        ({"ShutUpAllFlag": 1}, "1"),
        ({"MuteAllMember": "Off", "ShutUpAllFlag": 1}, "Off"),
        ({}, None),
    ],
)
def test_a_mute_of_all_keeps_the_words_in_which_it_came(answer: dict[str, Any], muted: str | None) -> None:
    """The older name holds a number, which is kept as text; of both, the newer word holds."""
    assert read(answer, TopicInfo).mute_all_member == muted


@pytest.mark.parametrize(
    ("send", "names"),
    [
        (lambda tim: tim.communities.destroy_topics("g", iter("ab")), ("DestroyResultItem", "TopicId")),
        (lambda tim: tim.communities.destroy_permission_groups("g", iter("ab")), RESULTS),
        (lambda tim: tim.communities.destroy_permission_groups_all("g", iter("ab")), RESULTS),
        (lambda tim: tim.communities.set_topic_permissions("g", "p", topic_permission_list={"a": 1, "b": 1}), RIGHTS),
        (lambda tim: tim.communities.delete_topic_permissions("g", "p", topic_id_list=iter("ab")), RIGHTS),
        (lambda tim: tim.communities.get_topic_permissions("g", "p", topic_id_list=iter("ab")), RIGHTS),
        (lambda tim: tim.communities.add_permission_group_members("g", "p", member_list=iter("ab")), MEMBERS),
        (lambda tim: tim.communities.delete_permission_group_members("g", "p", member_list=iter("ab")), MEMBERS),
        (lambda tim: tim.communities.delete_permission_group_members_all("g", "p", member_list=iter("ab")), MEMBERS),
    ],
)
async def test_what_the_answer_does_not_mention_has_failed(
    send: Callable[[TimSession], Awaitable[PartialReply]], names: tuple[str, str]
) -> None:
    """A call about two, of which the answer knows one, is good for one."""
    key, name = names
    reply = await send(session(MemoryTransport({"ErrorCode": 0, key: [{name: "a"}]})))

    assert reply.succeeded == ["a"]
    assert reply.failed == [Failure("b", None, "the answer does not mention it")]


async def test_a_permission_group_of_a_later_page_is_not_missing_from_this_one() -> None:
    """Of groups that were asked for by their ids, a page tells about those that it holds, and of them alone."""
    page = [{"PermissionGroupId": "a", "ErrorCode": 0}, {"PermissionGroupId": "b", "ErrorCode": 10002}]
    tim = session(MemoryTransport({"ErrorCode": 0, "PermissionGroupInfoList": page, "Next": "x"}))
    reply = await tim.communities.get_permission_groups("g", permission_group_id_list=["a", "b", "c"], limit=2)

    assert reply.failed == [Failure("b", 10002)]
    assert reply.succeeded == ["a"]


@pytest.mark.parametrize(
    "made",
    [
        lambda code, info: DestroyTopicResult(topic_id="a", error_code=code, error_info=info),
        lambda code, info: PermissionGroupResult(permission_group_id="a", error_code=code, error_info=info),
        lambda code, info: PermissionGroupInfo(permission_group_id="a", error_code=code, error_info=info),
        lambda code, info: TopicPermissionResult(topic_id="a", error_code=code, error_info=info),
        lambda code, info: TopicAndSelfInfo(topic_info=TopicInfo(topic_id="a"), error_code=code, error_info=info),
    ],
    ids=["a topic deleted", "a permission group deleted", "a permission group read", "rights", "a topic read"],
)
def test_an_outcome_is_a_failure_where_its_code_says_so(made: Callable[[int | None, str | None], Any]) -> None:
    """The failure has the code and the service's words; a code of 0 is none, and neither is one that did not come."""
    assert made(10003, "no such thing").failure == Failure("a", 10003, "no such thing")
    assert made(10003, None).failure == Failure("a", 10003)
    assert made(0, "OK").ok
    assert made(None, None).ok


@pytest.mark.parametrize(("result", "failure"), [(0, None), (10013, None), (None, None), (10007, Failure("a", 10007))])
def test_being_in_the_permission_group_already_is_no_failure(result: int | None, failure: Failure | None) -> None:
    """Who was put in before is where the caller wants it."""
    assert PermissionMemberResult(member_account="a", result=result).failure == failure


@pytest.mark.parametrize("command", [AddTopicPermissions, SetTopicPermissions])
def test_a_mapping_stands_for_rights_in_topics(command: type[AddTopicPermissions | SetTopicPermissions]) -> None:
    """Any mapping of topics to rights will do, as do the rights themselves in any iterable."""
    rights = [TopicPermission(TOPIC, 3), TopicPermission("b", 0)]
    given: list[Any] = [{TOPIC: 3, "b": 0}, MappingProxyType({TOPIC: 3, "b": 0}), rights, iter(rights)]

    for form in given:
        assert command("g", "p", topic_permission_list=form).topic_permission_list == rights


async def test_rights_in_many_topics_are_given_in_several_calls() -> None:
    """A mapping is split like any list, fifty topics to a call, and whoever has no outcome has failed."""

    def given(call: Any) -> dict[str, Any]:
        topics = [{"TopicId": one["TopicId"], "ErrorCode": 0} for one in call.json["TopicPermissionList"]]
        return {"ErrorCode": 0, "TopicPermissionResultList": topics[1:]}

    service, topics = MemoryTransport(given, given), [f"topic{number}" for number in range(51)]
    reply = await session(service).communities.add_topic_permissions_all(
        "g", "p", topic_permission_list=dict.fromkeys(topics, 7)
    )

    assert [len(call.json["TopicPermissionList"]) for call in service.calls] == [50, 1]
    assert [failure.about for failure in reply.failed] == [topics[0], topics[50]]
    assert reply.succeeded == topics[1:50]


@pytest.mark.parametrize(
    "take",
    [
        lambda ids: DestroyTopics("g", ids),
        lambda ids: GetTopics("g", from_account="u", topic_id_list=ids),
        lambda ids: DestroyPermissionGroups("g", ids),
        lambda ids: GetPermissionGroups("g", permission_group_id_list=ids),
        lambda ids: DeleteTopicPermissions("g", "p", topic_id_list=ids),
        lambda ids: GetTopicPermissions("g", "p", topic_id_list=ids),
        lambda ids: AddPermissionGroupMembers("g", "p", member_list=ids),
        lambda ids: DeletePermissionGroupMembers("g", "p", member_list=ids),
    ],
)
def test_ids_come_in_any_iterable_and_one_may_stand_alone(take: Taker) -> None:
    """Wherever there is a list of topics, permission groups or members."""
    assert take("a") == take(["a"])
    assert take(iter(["a", "b"])) == take(["a", "b"])
    assert take("ab") != take(["a", "b"])


@pytest.mark.parametrize(
    ("take", "given", "complaint"),
    [
        (lambda given: SetTopicPermissions("g", "p", topic_permission_list=given), 5, r"_list has to be a list, not 5"),
        (
            lambda given: SetTopicPermissions("g", "p", topic_permission_list=given),
            TOPIC,
            r"_list has to be a list, not",
        ),
        (
            lambda given: AddTopicPermissions("g", "p", topic_permission_list=given),
            [TOPIC],
            r"_list \[0\] has to be Topic",
        ),
        (
            lambda given: AddTopicPermissions("g", "p", topic_permission_list=given),
            {"a": "1"},
            r"^TopicPermission\.perm",
        ),
        (
            lambda given: AddTopicPermissions("g", "p", topic_permission_list=given),
            {"": 1},
            r"^TopicPermission\.topic_id",
        ),
        (
            lambda given: DestroyTopics("g", given),
            [TOPIC, "x" * 97],
            r"^DestroyTopics\.topic_id_list \[1\] has to be 1 to 96",
        ),
        (lambda given: DestroyTopics("g", given), None, r"^DestroyTopics\.topic_id_list has to be a list, not None"),
        (
            lambda given: DeleteTopicPermissions("g", "p", topic_id_list=given),
            {"a": 1},
            r"\.topic_id_list has to be a list",
        ),
        (
            lambda given: GetTopics("g", from_account="u", topic_id_list=given),
            [""],
            r"\.topic_id_list \[0\] has to be 1 to",
        ),
        (
            lambda given: GetTopics("g", from_account=given),
            "x" * 33,
            r"^GetTopics\.from_account has to be 1 to 32 bytes",
        ),
        (
            lambda given: ModifyTopic("g", TOPIC, mute_all_member=given),
            1,
            r"\.mute_all_member has to be one of 'On', 'Off'",
        ),
        (
            lambda given: AddPermissionGroupMembers("g", "p", member_list=given),
            5,
            r"\.member_list has to be a list, not 5",
        ),
        (
            lambda given: DeletePermissionGroupMembers("g", "p", member_list=given),
            [5],
            r"^MemberAccount\.member_account",
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
        (lambda ids: DestroyPermissionGroups("g", ids), "DestroyPermissionGroups.permission_group_id_list", 20),
        (
            lambda ids: AddTopicPermissions("g", "p", topic_permission_list=dict.fromkeys(ids, 1)),
            "AddTopicPermissions.topic_permission_list",
            50,
        ),
        (
            lambda ids: AddPermissionGroupMembers("g", "p", member_list=ids),
            "AddPermissionGroupMembers.member_list",
            100,
        ),
    ],
)
def test_a_call_is_about_as_many_as_the_service_takes(take: Taker, name: str, most: int) -> None:
    """One and the most are fine, and the message about none or too many names the limits."""
    ids = [f"id{number}" for number in range(most + 1)]

    assert take(ids[:1])
    assert take(ids[:most])
    for wrong in ([], ids):
        with pytest.raises(InputError, match=rf"^{name} has to hold 1 to {most} items, not {len(wrong)}$"):
            take(wrong)


def test_a_page_of_permission_groups_holds_twenty_at_most() -> None:
    """Both ends are fine, and the message about what lies beyond names them."""
    assert [GetPermissionGroups("g", limit=limit).limit for limit in (1, 20)] == [1, 20]
    for limit in (0, 21):
        with pytest.raises(InputError, match=rf"^GetPermissionGroups\.limit has to be .* from 1 to 20, not {limit}$"):
            GetPermissionGroups("g", limit=limit)
