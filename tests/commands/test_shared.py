"""What several domains share: ids, members and pairs, and the forms in which a caller may give them."""

from collections.abc import Callable
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest

from timrest_async import Failure, InputError
from timrest_async._codec import read, write
from timrest_async.commands._shared import (
    ExtensionResult,
    KeyValue,
    KeyValueSeq,
    MemberAccount,
    MemberInfo,
    as_custom_fields,
    as_extensions,
    as_ids,
    as_members,
    as_optional_ids,
)
from timrest_async.commands.group_members import AddGroupMembers, MuteGroupMembers
from timrest_async.commands.groups import GetGroupCounters, GetGroups, ModifyGroup
from timrest_async.commands.messages import SendMessage

Taker = Callable[[Any], object]
"""A command, waiting for one of its fields."""


@pytest.mark.parametrize("form", [list, tuple, iter])
@pytest.mark.parametrize("turn", [as_ids, as_optional_ids])
def test_ids_come_in_any_iterable(turn: Taker, form: Callable[[list[str]], object]) -> None:
    """A list of our own keeps their order, and what was said twice stays there twice."""
    ids = ["b", "a", "b"]
    turned = turn(form(ids))

    assert turned == ids
    assert turned is not ids


def test_one_id_may_stand_alone() -> None:
    """A text is one id, and not a list of letters."""
    assert as_ids("user") == as_optional_ids("user") == ["user"]


@pytest.mark.parametrize(("turn", "empty"), [(as_optional_ids, ()), (as_custom_fields, {}), (as_extensions, {})])
def test_what_is_left_out_is_no_list(turn: Taker, empty: object) -> None:
    """Nothing stays nothing, which is not the same as an empty list."""
    assert turn(None) is None
    assert turn(empty) == []


def test_an_empty_list_is_sent_and_nothing_is_not() -> None:
    """So the service can tell none from all."""
    assert write(GetGroupCounters("g")) == {"GroupId": "g"}
    assert write(GetGroupCounters("g", [])) == {"GroupId": "g", "GroupCounterKeys": []}


def test_accounts_will_do_as_members() -> None:
    """An account stands for the object that wraps it, alone or among such objects."""
    assert as_members("a") == [MemberAccount("a")]
    assert as_members(one for one in ("a", MemberAccount("b"))) == [MemberAccount("a"), MemberAccount("b")]


@pytest.mark.parametrize("form", [dict, MappingProxyType])
@pytest.mark.parametrize(("turn", "kind"), [(as_custom_fields, KeyValue), (as_extensions, KeyValueSeq)])
def test_a_mapping_stands_for_pairs(turn: Taker, kind: Callable[[str, str], object], form: Taker) -> None:
    """Any mapping of names to values will do, and so will the pairs themselves in any iterable."""
    pairs = [kind("Level", "gold"), kind("City", "")]

    assert turn(form({"Level": "gold", "City": ""})) == turn(pairs) == turn(iter(pairs)) == pairs


@pytest.mark.parametrize(
    ("take", "given", "complaint"),
    [
        (GetGroups, None, r"^GetGroups\.group_id_list has to be a list, not None"),
        (GetGroups, 5, r"^GetGroups\.group_id_list has to be a list, not 5"),
        (GetGroups, b"g", r"^GetGroups\.group_id_list has to be a list, not b'g'"),
        (GetGroups, {"g": 1}, r"^GetGroups\.group_id_list has to be a list, not {'g': 1}"),
        (GetGroups, ["g", 5], r"^GetGroups\.group_id_list \[1\] has to be a string, not 5"),
        (lambda members: AddGroupMembers("g", members), 5, r"^AddGroupMembers\.member_list has to be a list, not 5"),
        (lambda members: AddGroupMembers("g", members), {"a": 1}, r"^AddGroupMembers\.member_list has to be a list"),
        (lambda members: AddGroupMembers("g", members), MemberAccount("a"), r"^AddGroupMembers\.member_list"),
        (lambda members: AddGroupMembers("g", members), [5], r"^MemberAccount\.member_account has to be a string"),
        (lambda pairs: ModifyGroup("g", app_defined_data=pairs), "Level", r"\.app_defined_data has to be a list"),
        (lambda pairs: ModifyGroup("g", app_defined_data=pairs), 5, r"\.app_defined_data has to be a list, not 5"),
        (lambda pairs: ModifyGroup("g", app_defined_data=pairs), [("a", "b")], r"\.app_defined_data \[0\] has to be"),
        (as_custom_fields, {"Level": 5}, r"^KeyValue\.value has to be a string, not 5"),
        (as_custom_fields, {5: "gold"}, r"^KeyValue\.key has to be a string, not 5"),
        (as_extensions, {"vote": None}, r"^KeyValueSeq\.value has to be a string, not None"),
        (lambda seq: KeyValueSeq("vote", seq=seq), "1", r"^KeyValueSeq\.seq has to be a whole number, not '1'"),
    ],
)
def test_what_is_in_no_such_form_is_refused_by_name(take: Taker, given: Any, complaint: str) -> None:
    """The complaint names the field, the place in the list, and what stood there."""
    with pytest.raises(InputError, match=complaint):
        take(given)


@pytest.mark.parametrize(
    ("take", "most"),
    [
        (lambda text: MuteGroupMembers(text, "a", mute_time=0), 48),
        (lambda text: MuteGroupMembers("g", ["a", text], mute_time=0), 32),
        (lambda text: MuteGroupMembers("g", "a", mute_time=0, topic_id=text), 96),
        (MemberAccount, 32),
    ],
    ids=["a group", "one of several accounts", "a topic", "a member"],
)
def test_ids_are_as_long_as_the_service_takes(take: Taker, most: int) -> None:
    """What counts are bytes in UTF-8, of which there is at least one."""
    assert take("x" * most)
    assert take("é" * (most // 2))
    for bad, size in (("", 0), ("x" * (most + 1), most + 1), ("é" * (most // 2 + 1), most + 2)):
        with pytest.raises(InputError, match=f"has to be 1 to {most} bytes long in UTF-8, not {size}: "):
            take(bad)


@pytest.mark.parametrize(("life", "fine"), [(0, True), (604_800, True), (-1, False), (604_801, False), (True, False)])
def test_a_message_waits_a_week_at_most(life: int, fine: bool) -> None:  # noqa: FBT001
    """Seven days in seconds; a truth is no number."""
    if fine:
        assert SendMessage("a", "hi", msg_life_time=life).msg_life_time == life
        return
    with pytest.raises(InputError, match=r"^SendMessage\.msg_life_time has to be a whole number from 0 to 604800, not"):
        SendMessage("a", "hi", msg_life_time=life)


def test_a_member_shows_its_custom_fields_and_its_times() -> None:
    """Custom fields are a dict beside the list, and each time is a datetime beside its seconds."""
    member = read(
        {
            "Member_Account": "a",
            "JoinTime": 86_400,
            "LastSendMsgTime": 259_200,
            "MuteUntil": 172_800,
            "AppMemberDefinedData": [{"Key": "Level", "Value": "gold"}, {"Key": "City", "Value": "Bonn"}],
        },
        MemberInfo,
    )

    assert member.custom == {"Level": "gold", "City": "Bonn"}
    assert member.join_time_utc == datetime(1970, 1, 2, tzinfo=UTC)
    assert member.mute_until_utc == datetime(1970, 1, 3, tzinfo=UTC)
    assert member.last_send_msg_time_utc == datetime(1970, 1, 4, tzinfo=UTC)


def test_a_member_may_be_muted_in_older_words() -> None:
    """``ShutUpUntil`` is what ``MuteUntil`` was called; of both, the newer word holds."""
    assert read({"Member_Account": "a", "ShutUpUntil": 5}, MemberInfo) == MemberInfo(member_account="a", mute_until=5)
    assert read({"ShutUpUntil": 5, "MuteUntil": 6}, MemberInfo).mute_until == 6


def test_a_member_of_whom_nothing_was_asked_has_nothing() -> None:
    """Whatever a filter left out is ``None`` or empty."""
    member = read({}, MemberInfo)

    assert {member.member_account, member.role, member.mute_until, member.join_time_utc} == {None}
    assert (member.custom, member.extra) == ({}, {})


@pytest.mark.parametrize(
    ("result", "failure"),
    [
        (ExtensionResult(error_code=0, extension=KeyValueSeq("vote", "7", 3)), None),
        (ExtensionResult(extension=KeyValueSeq("vote", "7", 3)), None),
        (ExtensionResult(error_code=23001, extension=KeyValueSeq("vote", "7", 3)), Failure("vote", 23001)),
        (ExtensionResult(error_code=23001), Failure("", 23001)),
    ],
)
def test_a_key_that_somebody_else_set_meanwhile_was_not_set(result: ExtensionResult, failure: Failure | None) -> None:
    """The outcome is about the key, and about nothing where the answer does not name it."""
    assert result.failure == failure
    assert result.ok is (failure is None)
    assert result.about == ("" if result.extension is None else "vote")
