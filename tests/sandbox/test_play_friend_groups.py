"""Friend groups in the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.samples import sample, shape

if TYPE_CHECKING:
    from timrest_async import TimSession
    from timrest_async.sandbox import State

Post = Callable[..., dict[str, Any]]

ADD, DELETE, GET = "sns/group_add", "sns/group_delete", "sns/group_get"


def body(*names: str, **changed: Any) -> dict[str, Any]:
    """Return the body of a command about friend groups of lumotuwe1."""
    return {"From_Account": "lumotuwe1", "GroupName": list(names)} | changed


def befriend(state: State, *others: str) -> None:
    """Put *others* on the list of lumotuwe1."""
    for other in others:
        state.store.insert("friends", {"From_Account": "lumotuwe1", "To_Account": other, "AddTime": 1})
    state.store.commit()


def groups(post: Post) -> dict[str, list[str]]:
    """Return the friend groups of lumotuwe1 with their friends."""
    answer = post(GET, {"From_Account": "lumotuwe1", "NeedFriend": "Need_Friend_Type_Yes"})
    assert all(item["FriendNumber"] == len(item["To_Account"]) for item in answer["ResultItem"])
    return {item["GroupName"]: item["To_Account"] for item in answer["ResultItem"]}


def sequence_of_friends(post: Post) -> int:
    """Return the version of what lumotuwe1's list says of friends."""
    sequence: int = post("sns/friend_get", {"From_Account": "lumotuwe1", "StartIndex": 0})["StandardSequence"]
    return sequence


async def test_the_life_of_friend_groups(tim: TimSession) -> None:
    """Groups are made, filled, listed and deleted, and the typed client reads every answer."""
    await tim.friends.add("alice", ["bob", "carol"])
    made = await tim.friends.add_groups("alice", ["Customers", "Fair"], to_account=["bob", "carol"])
    assert (made.succeeded, made.current_sequence) == (["bob", "carol"], 1)
    assert (await tim.friends.add_groups("alice", ["Team"])).current_sequence == 2
    listed = await tim.friends.get_groups("alice")
    assert [(item.group_name, item.friend_number, item.to_account) for item in listed.result_item] == [
        *(("Customers", 2, []), ("Fair", 2, []), ("Team", 0, [])),
    ]
    named = await tim.friends.get_groups("alice", group_name=["Fair"], need_friend="Need_Friend_Type_Yes")
    assert [(item.group_name, item.to_account) for item in named.result_item] == [("Fair", ["bob", "carol"])]

    assert (await tim.friends.delete_groups("alice", ["Fair", "Team"])).current_sequence == 3
    friends = (await tim.friends.list("alice")).user_data_item
    assert [(friend.to_account, friend.groups) for friend in friends] == [
        *(("bob", ["Customers"]), ("carol", ["Customers"])),
    ]
    await tim.friends.delete("alice", ["bob"])
    assert [item.friend_number for item in (await tim.friends.get_groups("alice")).result_item] == [1]


def test_only_friends_come_into_a_group(post: Post, state: State) -> None:
    """Who is no friend fails with 32216, who is nobody with 30003; the groups are made all the same."""
    befriend(state, "leckie")
    answer = post(ADD, body("One", "Two", To_Account=["leckie", "lumotuwe2", "nobody"]))
    assert [(item["To_Account"], item["ResultCode"]) for item in answer["ResultItem"]] == [
        *(("leckie", 0), ("lumotuwe2", 32216), ("nobody", 30003)),
    ]
    assert answer["Fail_Account"] == ["lumotuwe2", "nobody"]
    assert groups(post) == {"One": ["leckie"], "Two": ["leckie"]}


def test_without_friends_there_are_no_results(post: Post) -> None:
    """ResultItem is for friends that were named."""
    assert list(post(ADD, body("One"))) == ["ActionStatus", "ErrorInfo", "ErrorCode", "CurrentSequence", "ErrorDisplay"]


def test_what_is_there_already_changes_nothing(post: Post, state: State) -> None:
    """Neither a group nor a friend in it is there twice, and the sequences stay as they were."""
    befriend(state, "leckie")
    first = post(ADD, body("One", To_Account=["leckie"]))["CurrentSequence"]
    of_friends = sequence_of_friends(post)
    assert post(ADD, body("One", "One", To_Account=["leckie", "leckie"]))["CurrentSequence"] == first
    assert sequence_of_friends(post) == of_friends
    assert groups(post) == {"One": ["leckie"]}


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ([f"g{number}" for number in range(32)], 0),
        ([f"g{number}" for number in range(33)], 30011),
        (["é" * 15], 0),
        (["é" * 16], 30001),
        ([""], 30001),
        ([], 30001),
    ],
)
def test_groups_have_a_number_and_names_a_length(post: Post, names: list[str], code: int) -> None:
    """An account has up to 32, with names of 1 to 30 bytes; of a call that is refused none is made."""
    assert post(ADD, body(*names))["ErrorCode"] == code
    assert list(groups(post)) == ([] if code else names)


def test_a_group_that_goes_leaves_its_friends(post: Post, state: State) -> None:
    """What the list says of them changes, and a group that is not there is none of the failures."""
    befriend(state, "leckie")
    post(ADD, body("One", "Empty", To_Account=["leckie"]))
    post(ADD, body("Two"))
    before = sequence_of_friends(post)
    gone = post(DELETE, body("Two"))["CurrentSequence"]
    assert sequence_of_friends(post) == before
    assert post(DELETE, body("One"))["CurrentSequence"] == gone + 1
    assert sequence_of_friends(post) == before + 1
    assert post(DELETE, body("One", "nothing"))["CurrentSequence"] == gone + 1
    assert groups(post) == {"Empty": ["leckie"]}


def test_named_groups_alone_are_listed(post: Post) -> None:
    """All come where none is named; one that is not there is left out."""
    post(ADD, body("One", "Two"))
    for names, found in ((["Two", "nothing"], ["Two"]), ([], ["One", "Two"]), (["nothing"], [])):
        assert [item["GroupName"] for item in post(GET, body(*names))["ResultItem"]] == found


GOOD: dict[str, dict[str, Any]] = {ADD: body("One"), DELETE: body("One"), GET: body("One")}
BAD: list[tuple[str, dict[str, Any], int]] = [
    *((path, {"From_Account": None}, 30001) for path in GOOD),
    *((path, {"From_Account": 1}, 60015) for path in GOOD),
    *((path, {"From_Account": "a" * 33}, 30001) for path in GOOD),
    *((path, {"From_Account": "nobody"}, 30003) for path in GOOD),
    *((path, {"GroupName": None}, 30001) for path in (ADD, DELETE)),
    *((path, {"GroupName": "One"}, 30001) for path in GOOD),
    *((path, {"GroupName": [1]}, 30001) for path in GOOD),
    (DELETE, {"GroupName": []}, 30001),
    (ADD, {"To_Account": "leckie"}, 30001),
    (ADD, {"To_Account": ["a" * 33]}, 30001),
    (GET, {"NeedFriend": "Yes"}, 30001),
]


@pytest.mark.parametrize(("path", "changed", "code"), BAD)
def test_a_bad_field_is_refused(post: Post, state: State, path: str, changed: dict[str, Any], code: int) -> None:
    """A call with a field that is missing, of another kind or out of bounds does nothing."""
    before = state.export()
    assert post(path, GOOD[path] | changed)["ErrorCode"] == code
    assert state.export() == before


@pytest.mark.parametrize("path", GOOD)
def test_the_manuals_samples_are_taken(post: Post, state: State, path: str) -> None:
    """Each documented request is accepted and answered with the keys of the documented reply."""
    state.add_account("lumotuwe3")
    befriend(state, "lumotuwe2", "lumotuwe3")
    post(ADD, body("Customers", "Team", To_Account=["lumotuwe2"]))
    answer = post(path, sample(path, "request"))
    assert answer["ErrorCode"] == 0
    assert shape(answer, but="Fail_Account") == shape(sample(path, "reply"), but="Fail_Account")  # for failures alone
