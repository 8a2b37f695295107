"""Events of groups: what they do beside having fields."""

from typing import Any, TypeVar

import pytest

from tests.webhook import posted
from timrest_async import InputError
from timrest_async._codec import read, write
from timrest_async.webhook.event import Event
from timrest_async.webhook.events.group_messages import GroupAfterReadReceipt, GroupAfterSendMsg
from timrest_async.webhook.events.groups import (
    GroupAfterCreateGroup,
    GroupAfterGroupAttrChanged,
    GroupAfterGroupDestroyed,
    GroupAfterMemberExit,
    GroupAfterNewMemberJoin,
    GroupBeforeCreateGroup,
    GroupBeforeInviteJoinGroup,
    GroupOnMemberStateChange,
)

E = TypeVar("E", bound=Event)

Listing = (
    GroupBeforeCreateGroup
    | GroupAfterCreateGroup
    | GroupBeforeInviteJoinGroup
    | GroupAfterNewMemberJoin
    | GroupAfterMemberExit
    | GroupAfterGroupDestroyed
    | GroupOnMemberStateChange
)


def sample(event: type[E], **changed: Any) -> E:
    """Read the sample of *event*, with some members *changed*."""
    return read(posted.sample(event.callback_command) | changed, event)


@pytest.mark.parametrize(
    ("event", "wire"),
    [
        (GroupBeforeCreateGroup, "MemberList"),
        (GroupAfterCreateGroup, "MemberList"),
        (GroupBeforeInviteJoinGroup, "DestinationMembers"),
        (GroupAfterNewMemberJoin, "NewMemberList"),
        (GroupAfterMemberExit, "ExitMemberList"),
        (GroupAfterGroupDestroyed, "MemberList"),
        (GroupOnMemberStateChange, "MemberList"),
    ],
)
def test_members_are_plain_accounts(event: type[Listing], wire: str) -> None:
    """Whatever the service calls the list of members, ``members`` has the accounts in it, in its order."""
    told = sample(event, **{wire: [{"Member_Account": "tommy"}, {"Member_Account": "jared"}]})
    assert told.members == ["tommy", "jared"]


def test_a_receipt_names_its_readers() -> None:
    """Of each message that was read, ``members`` has the accounts that have confirmed it."""
    event = sample(GroupAfterReadReceipt)
    assert [receipt.members for receipt in event.group_msg_receipt_list] == [["leckie", "小红"], ["leckie"]]


def test_attributes_are_a_dict() -> None:
    """``attributes`` has each value by its name."""
    event = sample(GroupAfterGroupAttrChanged)
    assert event.attributes == {"theme": "dark", "公告": '{"seq": 118}'}


@pytest.mark.parametrize(
    "gone", [{"GroupAttr": []}, {"GroupAttr": None}, {"GroupAttr": [{"key": "theme"}, {"key": "公告"}]}]
)
def test_attributes_that_are_gone_need_no_values(gone: dict[str, Any]) -> None:
    """An event about attributes that are gone may name them without values, or not at all."""
    event = sample(GroupAfterGroupAttrChanged, OptionType="delete", **gone)
    assert event.attributes == dict.fromkeys([one["key"] for one in gone["GroupAttr"] or ()], "")


def test_a_community_is_dissolved_without_a_list() -> None:
    """The service does not list the members of a community; the event has none."""
    body = posted.sample("Group.CallbackAfterGroupDestroyed")
    del body["MemberList"]
    assert read(body, GroupAfterGroupDestroyed).members == []


@pytest.mark.parametrize(
    ("accounts", "refused"),
    [
        ("tommy", ["tommy"]),
        (["tommy"], ["tommy"]),
        (["小明", "jared"], ["小明", "jared"]),
        (["tommy", "tommy"], ["tommy"]),
        ((account for account in ("jared", "tommy", "小明")), ["jared", "tommy", "小明"]),
    ],
)
def test_some_are_refused(accounts: Any, refused: list[str]) -> None:
    """Who is refused is named to the service, each once; the code says to go on with the others."""
    verdict = sample(GroupBeforeInviteJoinGroup).refuse_members(accounts)
    assert write(verdict) == {
        "ActionStatus": "OK",
        "ErrorCode": 0,
        "ErrorInfo": "",
        "RefusedMembers_Account": refused,
    }


def test_all_are_refused_at_once() -> None:
    """``refuse`` refuses everybody, and names nobody."""
    verdict = sample(GroupBeforeInviteJoinGroup).refuse(10101, "满员")
    assert write(verdict) == {"ActionStatus": "OK", "ErrorCode": 10101, "ErrorInfo": "满员"}


@pytest.mark.parametrize("accounts", [[], (), iter(())])
def test_nobody_is_not_refused(accounts: Any) -> None:
    """Refusing nobody is a mistake, since it would let everybody in."""
    with pytest.raises(
        InputError, match=r"GroupBeforeInviteJoinGroup\.refuse_members: accounts has to name one or more"
    ):
        sample(GroupBeforeInviteJoinGroup).refuse_members(accounts)


@pytest.mark.parametrize("accounts", ["leckie", ["jared", "leckie"], "", "jare"])
def test_a_stranger_is_not_refused(accounts: Any) -> None:
    """Refusing somebody who is not invited is a mistake, and the error says who is."""
    with pytest.raises(InputError, match="refuse_members: accounts has to name one or more of"):
        sample(GroupBeforeInviteJoinGroup).refuse_members(accounts)


def test_two_topics_may_have_the_same_number() -> None:
    """Two messages of the same number, in two topics of one community, are two; a repeat has the same key."""
    first, repeat = sample(GroupAfterSendMsg), sample(GroupAfterSendMsg)
    other = sample(GroupAfterSendMsg, TopicId="@TGS#_@TGS#cQVLVHIM62CJ@TOPIC#_general")
    assert first.key == repeat.key
    assert first.key != other.key
