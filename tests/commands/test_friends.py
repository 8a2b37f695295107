"""What friends offer beyond what every command does."""

from datetime import UTC, datetime
from typing import Any

import pytest

from timrest_async import InputError
from timrest_async._codec import encode, read, write
from timrest_async.commands.friends import (
    AccountResult,
    AddFriendItem,
    AddFriends,
    AddFriendsReply,
    CheckItem,
    FollowAccounts,
    FollowCheckItem,
    FollowInfo,
    FollowItem,
    FriendData,
    FriendInfo,
    ImportFriendItem,
    ListBlackList,
    ListBlackListReply,
    ListFollows,
    ListFollowsReply,
    ListFriends,
    ListFriendsReply,
    TagValue,
    UpdateFriendItem,
    UpdateFriends,
)


def pairs(**values: Any) -> list[TagValue]:
    """Tags with their values."""
    return [TagValue(tag, value) for tag, value in values.items()]


def test_ids_will_do_where_friends_are_added_or_followed() -> None:
    """An id stands for the object that wraps it, alone or among such objects."""
    assert AddFriends("a", "b") == AddFriends("a", [AddFriendItem("b")])
    assert AddFriends("a", ["b", AddFriendItem("c")]).add_friend_item == [AddFriendItem("b"), AddFriendItem("c")]
    assert FollowAccounts("a", "b") == FollowAccounts("a", ["b"]) == FollowAccounts("a", [FollowItem("b")])


@pytest.mark.parametrize(
    "given",
    [{"Tag_SNS_IM_Remark": "Wen"}, [TagValue("Tag_SNS_IM_Remark", "Wen")], iter(pairs(Tag_SNS_IM_Remark="Wen"))],
)
def test_a_mapping_stands_for_pairs(given: Any) -> None:
    """The fields of a friend are a mapping of tag to value, or pairs."""
    assert UpdateFriendItem("b", given).sns_item == [TagValue("Tag_SNS_IM_Remark", "Wen")]


def test_custom_fields_of_an_import_may_be_a_mapping_or_left_out() -> None:
    """What is not given is not sent."""
    item = ImportFriendItem("b", add_source="AddSource_Type_Old", custom_item={"Tag_SNS_Custom_Level": "gold"})

    assert item.custom_item == [TagValue("Tag_SNS_Custom_Level", "gold")]
    assert ImportFriendItem("b", add_source="AddSource_Type_Old").custom_item is None


def test_no_pairs_are_no_pairs() -> None:
    """What is neither a mapping nor pairs is refused by name."""
    with pytest.raises(InputError, match=r"UpdateFriendItem\.sns_item"):
        UpdateFriendItem("b", "Tag_SNS_IM_Remark")  # type: ignore[arg-type]


def test_an_update_names_what_it_changes() -> None:
    """Remark, groups and custom fields find their tags, and what is not given stays as it is."""
    item = UpdateFriendItem.of("b", remark="", groups="Team", custom={"Level": "gold"})

    assert item.sns_item == pairs(Tag_SNS_IM_Remark="", Tag_SNS_IM_Group=["Team"], Tag_SNS_Custom_Level="gold")
    assert UpdateFriendItem.of("b", groups=[]).sns_item == pairs(Tag_SNS_IM_Group=[])
    assert UpdateFriendItem.of("b").sns_item == []
    assert b'"Tag_SNS_IM_Group"' in encode(UpdateFriends("a", [item]))


def test_a_friend_shows_its_fields() -> None:
    """Each standard field has a property of its own, custom ones are a dict, and all of them another."""
    friend = FriendInfo(
        to_account="b",
        sns_profile_item=pairs(
            Tag_SNS_IM_Remark="Wen",
            Tag_SNS_IM_Group=["Team"],
            Tag_SNS_IM_AddSource="AddSource_Type_Card",
            Tag_SNS_IM_AddTime=86400,
            Tag_SNS_IM_AddWording="hello",
            Tag_Profile_IM_Nick="Wen Jing",
            Tag_SNS_Custom_Level="gold",
            Tag_Profile_Custom_Level="silver",
            Tag_Profile_Custom_City="Bonn",
        ),
    )

    assert (friend.remark, friend.groups, friend.nick) == ("Wen", ["Team"], "Wen Jing")
    assert (friend.add_source, friend.add_time, friend.add_wording) == ("AddSource_Type_Card", 86400, "hello")
    assert friend.add_time_utc == datetime(1970, 1, 2, tzinfo=UTC)
    assert friend.custom == {"Level": "gold", "City": "Bonn"}
    assert friend.values["Tag_Profile_Custom_Level"] == "silver"


def test_a_field_that_did_not_come_is_none_or_empty() -> None:
    """Nor does a value of another type than the manual's pass for one."""
    friend = read({"To_Account": "b", "ValueItem": [{"Tag": "Tag_SNS_IM_AddTime", "Value": "yesterday"}]}, FriendData)

    assert (friend.remark, friend.groups, friend.nick, friend.add_source, friend.add_wording) == (None, [], *[None] * 3)
    assert (friend.add_time, friend.add_time_utc) == (None, None)
    assert friend.custom == {}
    assert friend.values == {"Tag_SNS_IM_AddTime": "yesterday"}
    assert FriendData(to_account="b", value_item=pairs(Tag_SNS_IM_Group="Team")).groups == ["Team"]
    assert FriendData(to_account="b", value_item=pairs(Tag_SNS_IM_Group=None)).groups == []
    assert write(friend)["ValueItem"] == [{"Tag": "Tag_SNS_IM_AddTime", "Value": "yesterday"}]


def test_a_follower_shows_its_profile() -> None:
    """Profile fields come with whoever follows."""
    follower = FollowInfo(to_account="b", profile_item=pairs(Tag_Profile_IM_Nick="Li", Tag_Profile_Custom_City="Bonn"))

    assert (follower.nick, follower.custom) == ("Li", {"City": "Bonn"})


def test_a_request_that_waits_is_no_failure() -> None:
    """Who has to confirm is pending, even where the service names the account among the failed."""
    waits, refused = AccountResult(to_account="b", result_code=30539), AccountResult(to_account="c", result_code=30516)
    reply = AddFriendsReply(asked=["b", "c"], result_item=[waits, refused], fail_account=["b", "c"])

    assert (waits.pending, waits.ok) == (True, True)
    assert (refused.pending, refused.ok) == (False, False)
    assert [(failed.about, failed.code) for failed in reply.failed] == [("c", 30516)]
    assert reply.succeeded == ["b"]


@pytest.mark.parametrize(
    ("relation", "listed", "back"),
    [
        (None, False, False),
        ("CheckResult_Type_NoRelation", False, False),
        ("CheckResult_Type_AWithB", True, False),
        ("CheckResult_Type_BWithA", False, True),
        ("CheckResult_Type_BothWay", True, True),
        ("BlackCheckResult_Type_NO", False, False),
        ("BlackCheckResult_Type_AWithB", True, False),
    ],
)
def test_a_relation_is_two_claims(relation: str | None, listed: bool, back: bool) -> None:  # noqa: FBT001
    """Who has whom on the list."""
    item = CheckItem(to_account="b", relation=relation)

    assert (item.listed, item.lists_back) == (listed, back)


@pytest.mark.parametrize(
    ("kind", "followed", "back"),
    [(None, False, False), (0, False, False), (1, False, True), (2, True, False), (3, True, True)],
)
def test_following_is_two_claims(kind: int | None, followed: bool, back: bool) -> None:  # noqa: FBT001
    """Who follows whom."""
    item = FollowCheckItem(to_account="b", follow_type=kind)

    assert (item.followed, item.follows_back) == (followed, back)


def test_pages_end_where_the_service_says() -> None:
    """The next page starts where the last one says, and there is none where it says nothing or so."""
    friends, black = ListFriends("a", custom_sequence=3), ListBlackList("a", max_limited=2)
    follows = ListFollows("a", follow_type=1)

    assert friends.after(ListFriendsReply(next_start_index=2)) == ListFriends("a", start_index=2, custom_sequence=3)
    assert friends.after(ListFriendsReply(next_start_index=2, complete_flag=1)) is None
    assert friends.after(ListFriendsReply()) is None
    assert black.after(ListBlackListReply(start_index=2)) == ListBlackList("a", max_limited=2, start_index=2)
    assert black.after(ListBlackListReply(start_index=0)) is black.after(ListBlackListReply()) is None
    assert follows.after(ListFollowsReply(next_cursor="x")) == ListFollows("a", follow_type=1, start_cursor="x")
    assert follows.after(ListFollowsReply(next_cursor="")) is follows.after(ListFollowsReply()) is None
    friend, blocked, follower = (
        FriendData(to_account="b"),
        ListBlackListReply().black_list_item,
        FollowInfo(to_account="c"),
    )
    assert friends.items(ListFriendsReply(user_data_item=[friend])) == [friend]
    assert black.items(ListBlackListReply()) == blocked
    assert follows.items(ListFollowsReply(follow_item=[follower])) == [follower]
