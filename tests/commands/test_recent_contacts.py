"""What the list of conversations, its groups and marks offer beyond what every command does."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from timrest_async import Failure, InputError, RetryPolicy, TimSession, TransportError
from timrest_async._codec import read, write
from timrest_async.commands.recent_contacts import (
    Contact,
    ContactGroup,
    ContactGroupUpdate,
    ContactMark,
    ContactResult,
    ContactUpdate,
    CreateContactGroup,
    DeleteContactGroup,
    DeleteRecentContact,
    MarkContacts,
    MarkItem,
    MarkResult,
    RecentContacts,
    SearchContactGroups,
    Session,
    UpdateContactGroup,
)
from timrest_async.testing import FakeClock, MemoryTransport

FRIEND, GROUP = Contact.account("id2"), Contact.group("@TGS#1")
ON_THE_WIRE = [{"Type": 1, "To_Account": "id2"}, {"Type": 2, "ToGroupId": "@TGS#1"}]


def contacts(service: MemoryTransport) -> RecentContacts:
    """The domain, over a service in memory, each call tried once."""
    once = RetryPolicy(attempts=1)
    return TimSession(1400000000, secret_key="key", transport=service, clock=FakeClock(), retry=once).recent_contacts


# -- the list, page by page


def page(*accounts: str, **places: int) -> dict[str, Any]:
    """A page of conversations."""
    return {"ErrorCode": 0, "SessionItem": [{"Type": 1, "To_Account": account} for account in accounts], **places}


def places(time: int, index: int, top_time: int, top_index: int) -> dict[str, int]:
    """Where a page of conversations starts, ordinary and pinned ones."""
    return {"TimeStamp": time, "StartIndex": index, "TopTimeStamp": top_time, "TopStartIndex": top_index}


async def test_the_list_goes_on_at_four_places() -> None:
    """Each page starts where the one before says, for ordinary and pinned conversations, up to the one that is last."""
    service = MemoryTransport(
        page("a", "b", CompleteFlag=0, **places(50, 2, 70, 1)),
        page(CompleteFlag=0, **places(50, 3, 70, 1)),
        page("c", CompleteFlag=1, **places(20, 4, 70, 1)),
    )
    found = [one.to_account async for one in contacts(service).each("id1", assist_flags=3)]

    assert found == ["a", "b", "c"]
    assert [call.json for call in service.calls] == [
        {"From_Account": "id1", "AssistFlags": 3, **start}
        for start in (places(0, 0, 0, 0), places(50, 2, 70, 1), places(50, 3, 70, 1))
    ]


@pytest.mark.parametrize(
    "last",
    [page("b", CompleteFlag=1), page("b"), page("b", CompleteFlag=1, **places(9, 9, 9, 9)), page("b", TimeStamp=9)],
    ids=["the last one", "no places", "the last one with places", "a single place"],
)
async def test_the_list_ends_where_the_service_says_or_names_no_place(last: dict[str, Any]) -> None:
    """Nothing is asked for behind that."""
    service = MemoryTransport(page("a", CompleteFlag=0, **places(1, 1, 1, 1)), last)

    assert [one.to_account async for one in contacts(service).each("id1")] == ["a", "b"]
    assert (len(service.calls), service.left) == (2, 0)


def marked(*accounts: str, **place: int) -> dict[str, Any]:
    """A page of conversations with marks."""
    items = [{"Type": 1, "To_Account": account, "ContactGroupId": [1]} for account in accounts]
    return {"ErrorCode": 0, "ContactItem": items, "GroupItem": [{"GroupName": "Team", "GroupId": 1}], **place}


async def test_marked_conversations_come_page_by_page() -> None:
    """Each page starts where the one before says; one that fails is asked for again by the same iterator."""
    service = MemoryTransport(
        marked("a", "b", CompleteFlag=0, NextStartIndex=2),
        TransportError("recentcontact/get_contact_group", "cut off"),
        marked(CompleteFlag=0, NextStartIndex=5),
        marked("c", CompleteFlag=1, NextStartIndex=6),
    )
    pager, found = contacts(service).each_marked("id1"), list[ContactMark]()

    async def read_on() -> None:
        async for one in pager:
            found.append(one)

    with pytest.raises(TransportError):
        await read_on()
    await read_on()

    assert [one.to_account for one in found] == ["a", "b", "c"]
    assert {tuple(one.contact_group_id) for one in found} == {(1,)}
    assert [call.json for call in service.calls] == [
        {"From_Account": "id1", "StartIndex": start} for start in (0, 2, 2, 5)
    ]


async def test_marked_conversations_end_without_a_next_place() -> None:
    """Also where no flag says so."""
    service = MemoryTransport(marked("a", CompleteFlag=0, NextStartIndex=1), marked("b", CompleteFlag=0))

    assert [one.to_account async for one in contacts(service).each_marked("id1")] == ["a", "b"]


@pytest.mark.parametrize(("flag", "pinned"), [(None, False), (0, False), (1, True)])
def test_a_conversation_is_pinned_or_not(flag: int | None, pinned: bool) -> None:  # noqa: FBT001
    """By a flag that may be absent."""
    assert Session(top_flag=flag).pinned is pinned


def test_times_are_datetimes_too() -> None:
    """That of a conversation, and that of its marks."""
    day = datetime(1970, 1, 2, tzinfo=UTC)

    assert Session(msg_time=86_400).msg_time_utc == ContactMark(timestamp=86_400).timestamp_utc == day
    assert Session(msg_time=0).msg_time_utc is ContactMark().timestamp_utc is None


# -- one conversation


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"type": 1, "to_account": "id2"}, {"Type": 1, "To_Account": "id2"}),
        (
            {"type": 2, "to_groupid": "@TGS#1", "clear_ramble": True},
            {"Type": 2, "ToGroupid": "@TGS#1", "ClearRamble": 1},
        ),
    ],
)
async def test_a_conversation_is_taken_off_the_list(given: dict[str, Any], sent: dict[str, Any]) -> None:
    """With the account or the group that its type asks for."""
    service = MemoryTransport({"ErrorCode": 0})
    await contacts(service).delete("id1", **given)

    assert service.calls[0].json == {"From_Account": "id1", **sent}


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"type": 1}, " of type 1 takes to_account$"),
        ({"type": 1, "to_groupid": "@TGS#1"}, " of type 1 takes to_account$"),
        ({"type": 2}, " of type 2 takes to_groupid$"),
        ({"type": 2, "to_account": "id2"}, " of type 2 takes to_groupid$"),
        ({"type": 2, "to_groupid": ""}, " of type 2 takes to_groupid$"),
        ({"type": 3, "to_account": "id2"}, r"\.type has to be one of 1, 2, not 3"),
        ({"type": 1, "to_account": "x" * 33}, r"\.to_account has to be 1 to 32 bytes long"),
        ({"type": 2, "to_account": "x" * 33}, r"\.to_account has to be 1 to 32 bytes long"),
        ({"type": 1, "to_account": "id2", "clear_ramble": 2}, r"\.clear_ramble has to be one of 0, 1"),
        ({"type": 2, "to_groupid": 7}, r"\.to_groupid has to be a string, not 7"),
    ],
)
def test_a_conversation_that_is_none_is_refused(given: dict[str, Any], complaint: str) -> None:
    """By the rule that its type needs an id, and before that by the bounds."""
    with pytest.raises(InputError, match=f"^DeleteRecentContact{complaint}"):
        DeleteRecentContact("id1", **given)


def test_a_contact_is_an_account_or_a_group() -> None:
    """Each is made by its id, has the type that goes with it, and is known by the id again."""
    assert [write(FRIEND), write(GROUP)] == ON_THE_WIRE
    assert (FRIEND.id, GROUP.id, Contact(1).id) == ("id2", "@TGS#1", "")
    assert Contact(1, to_account="id2") == FRIEND


# -- groups of conversations


@pytest.mark.parametrize("kind", [list, tuple, iter])
def test_contacts_may_come_from_anything(kind: Callable[[list[Contact]], Iterable[Contact]]) -> None:
    """Those of a group, and those that are searched for."""
    assert ContactGroup("Team", kind([FRIEND, GROUP])).contact_item == [FRIEND, GROUP]
    assert SearchContactGroups("id1", kind([FRIEND, GROUP])).contact_item == [FRIEND, GROUP]


def test_a_single_one_may_stand_alone() -> None:
    """A conversation, a group of them, a name, a mark."""
    team, mark = ContactGroup("Team", FRIEND), MarkItem(1, FRIEND, set_mark=[1])

    assert team.contact_item == SearchContactGroups("id1", FRIEND).contact_item == [FRIEND]
    assert CreateContactGroup("id1", team) == CreateContactGroup("id1", [team])
    assert DeleteContactGroup("id1", "Team") == DeleteContactGroup("id1", ["Team"])
    assert MarkContacts("id1", mark) == MarkContacts("id1", iter([mark]))


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: ContactGroup("Team", "id2"), r"ContactGroup\.contact_item has to be a list, not 'id2'"),  # type: ignore[arg-type]
        (lambda: ContactGroup("Team", ["id2"]), r"ContactGroup\.contact_item \[0\] has to be Contact, not 'id2'"),  # type: ignore[list-item]
        (
            lambda: SearchContactGroups("id1", []),
            r"SearchContactGroups\.contact_item has to hold 1 to 300 items, not 0",
        ),
        (
            lambda: SearchContactGroups("id1", [FRIEND] * 301),
            r"SearchContactGroups\.contact_item has to hold 1 to 300 items, not 301",
        ),
        (
            lambda: CreateContactGroup("id1", [ContactGroup("Team", FRIEND)] * 2),
            r"CreateContactGroup\.group_contact_item has to hold exactly 1, not 2",
        ),
        (
            lambda: CreateContactGroup("id1", "Team"),  # type: ignore[arg-type]
            r"CreateContactGroup\.group_contact_item has to be a list, not 'Team'",
        ),
        (
            lambda: DeleteContactGroup("id1", ["Team", "Work"]),
            r"DeleteContactGroup\.group_name has to hold exactly 1, not 2",
        ),
        (lambda: MarkContacts("id1", []), r"MarkContacts\.mark_item has to hold 1 to 100 items, not 0"),
        (lambda: MarkContacts("id1", [FRIEND]), r"MarkContacts\.mark_item \[0\] has to be MarkItem"),  # type: ignore[list-item]
        (lambda: MarkItem(4, FRIEND), r"MarkItem\.opt_type has to be one of 1, 2, 3, not 4"),  # type: ignore[arg-type]
        (lambda: MarkItem(1, "id2"), r"MarkItem\.contact_item has to be Contact, not 'id2'"),  # type: ignore[arg-type]
        (lambda: ContactUpdate(3, FRIEND), r"ContactUpdate\.contact_opt_type has to be one of 1, 2, not 3"),  # type: ignore[arg-type]
        (lambda: ContactGroupUpdate(1, "Team"), "ContactGroupUpdate of type 1 takes new_group_name$"),
        (
            lambda: ContactGroupUpdate(1, "Team", new_group_name=""),
            "ContactGroupUpdate of type 1 takes new_group_name$",
        ),
        (lambda: ContactGroupUpdate(3, "Team"), r"ContactGroupUpdate\.update_group_type has to be one of 1, 2, not 3"),  # type: ignore[arg-type]
        (lambda: ContactGroupUpdate(1, 7), r"ContactGroupUpdate\.old_group_name has to be a string, not 7"),  # type: ignore[arg-type]
        (
            lambda: ContactGroupUpdate(2, "Team", contact_update_item=[FRIEND]),  # type: ignore[list-item]
            r"ContactGroupUpdate\.contact_update_item \[0\] has to be ContactUpdate",
        ),
    ],
)
def test_what_cannot_be_sent_is_refused(make: Any, complaint: str) -> None:
    """Where it is written, by the name of the field; a rule does not stand in for the bounds."""
    with pytest.raises(InputError, match=f"^{complaint}"):
        make()


async def test_a_group_is_created_with_conversations() -> None:
    """What became of each of them comes out by its id, whatever its kind."""
    results = [
        {"ContactItem": ON_THE_WIRE[0], "ResultCode": 0},
        {"ContactItem": ON_THE_WIRE[1], "ResultCode": 51011, "ResultInfo": "full"},
    ]
    group = {"GroupItem": {"GroupName": "Team", "GroupId": 3}, "ResultItem": results}
    service = MemoryTransport({"ErrorCode": 0, "GroupResultItem": [group]})
    reply = await contacts(service).create_group("id1", ContactGroup("Team", [FRIEND, GROUP]))

    assert service.calls[0].json == {
        "From_Account": "id1",
        "GroupContactItem": [{"GroupName": "Team", "ContactItem": ON_THE_WIRE}],
    }
    (created,) = reply.group_result_item
    assert created.group_item is not None
    assert (created.group_item.group_name, created.group_item.group_id) == ("Team", 3)
    assert [one.ok for one in created.result_item] == [True, False]
    assert (reply.failed, reply.succeeded) == ([Failure("@TGS#1", 51011, "full")], ["id2"])


@pytest.mark.parametrize("cls", [ContactResult, MarkResult])
def test_a_result_without_a_conversation_is_about_nobody(cls: type[ContactResult | MarkResult]) -> None:
    """It fails all the same where its code says so."""
    result = read({"ResultCode": 51006, "ResultInfo": "no"}, cls)

    assert (result.about, result.failure, result.ok) == ("", Failure("", 51006, "no"), False)


async def test_a_group_is_renamed() -> None:
    """The answer holds no conversations then, and may hold nothing."""
    service = MemoryTransport(
        {"ErrorCode": 0, "UpdateType": 1, "UpdateGroupResult": {"GroupName": "Work", "OldGroupName": "Team"}},
        {"ErrorCode": 0},
    )
    domain, renamed = contacts(service), ContactGroupUpdate(1, "Team", new_group_name="Work")
    first, second = await domain.update_group("id1", renamed), await domain.update_group("id1", renamed)

    assert service.calls[0].json == {
        "From_Account": "id1",
        "UpdateType": 1,
        "UpdateGroup": {"UpdateGroupType": 1, "OldGroupName": "Team", "NewGroupName": "Work"},
    }
    assert first.update_group_result is not None
    assert first.update_group_result.group_name == "Work"
    assert second.update_group_result is None
    assert (first.failed, first.succeeded, second.failed, second.succeeded) == ([], [], [], [])


async def test_conversations_go_into_a_group_and_out_of_it() -> None:
    """Each with what became of it."""
    results = [
        {"ContactOptType": 1, "ContactItem": ON_THE_WIRE[0], "ResultCode": 51012, "ResultInfo": "no"},
        {"ContactOptType": 2, "ContactItem": ON_THE_WIRE[1], "ResultCode": 0},
    ]
    service = MemoryTransport({"ErrorCode": 0, "UpdateGroupResult": {"GroupId": 3, "ContactResultItem": results}})
    moves = [ContactUpdate(1, FRIEND), ContactUpdate(2, GROUP)]
    reply = await contacts(service).update_group("id1", ContactGroupUpdate(2, "Team", contact_update_item=moves))

    assert service.calls[0].json["UpdateGroup"]["ContactUpdateItem"] == [
        {"ContactOptType": kind, "ContactItem": contact} for kind, contact in enumerate(ON_THE_WIRE, 1)
    ]
    assert (reply.failed, reply.succeeded) == ([Failure("id2", 51012, "no")], ["@TGS#1"])
    with pytest.raises(InputError, match=r"^UpdateContactGroup\.update_type has to be one of 1, not 2"):
        UpdateContactGroup("id1", ContactGroupUpdate(2, "Team"), update_type=2)  # type: ignore[arg-type]


async def test_a_mark_is_set_and_cleared() -> None:
    """Standard marks by their numbers, the custom one by its text; each conversation has its result."""
    results = [
        {"OptType": 3, "ContactItem": ON_THE_WIRE[0], "ResultCode": 0},
        {"OptType": 1, "ContactItem": ON_THE_WIRE[1], "ResultCode": 51013, "ResultInfo": "edition"},
    ]
    service = MemoryTransport({"ErrorCode": 0, "ResultItem": results})
    marks = [MarkItem(3, FRIEND, set_mark=[1], clear_mark=[2], custom_mark=""), MarkItem(1, GROUP, set_mark=[4])]
    reply = await contacts(service).mark("id1", marks)

    assert service.calls[0].json["MarkItem"] == [
        {"OptType": 3, "ContactItem": ON_THE_WIRE[0], "SetMark": [1], "ClearMark": [2], "CustomMark": ""},
        {"OptType": 1, "ContactItem": ON_THE_WIRE[1], "SetMark": [4]},
    ]
    assert (reply.failed, reply.succeeded) == ([Failure("@TGS#1", 51013, "edition")], ["id2"])


async def test_groups_are_found_and_deleted() -> None:
    """Of a conversation its marks and the numbers of its groups, and the groups by name."""
    groups = [{"GroupName": "Team", "GroupId": 3}]
    mark = {**ON_THE_WIRE[1], "StandardMark": "101", "CustomMark": "x", "ContactGroupId": [3], "Timestamp": 86_400}
    service = MemoryTransport(
        {"ErrorCode": 0, "ContactResultItem": [mark], "GroupItem": groups}, {"ErrorCode": 0, "GroupItem": groups}
    )
    domain = contacts(service)
    found, deleted = await domain.search_groups("id1", GROUP), await domain.delete_group("id1", "Team")

    assert [call.json for call in service.calls] == [
        {"From_Account": "id1", "ContactItem": [ON_THE_WIRE[1]]},
        {"From_Account": "id1", "GroupName": ["Team"]},
    ]
    (one,) = found.contact_result_item
    assert (one.to_group_id, one.standard_mark, one.custom_mark, one.contact_group_id) == ("@TGS#1", "101", "x", [3])
    assert found.group_item == deleted.group_item
    assert [(group.group_name, group.group_id) for group in deleted.group_item] == [("Team", 3)]
