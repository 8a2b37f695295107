"""Conversations: their list, their groups, their marks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.conftest import GROUP
from tests.sandbox.samples import samples
from timrest_async import Text
from timrest_async.commands.recent_contacts import Contact, ContactGroup, ContactGroupUpdate, ContactUpdate, MarkItem
from timrest_async.errors import ApiError, explain
from timrest_async.sandbox import Rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from timrest_async import TimSession
    from timrest_async.sandbox import Sandbox, State
    from timrest_async.testing import FakeClock

    Post = Callable[..., dict[str, Any]]

LIST, DELETE, MARK = "recentcontact/get_list", "recentcontact/delete", "recentcontact/mark_contact"
CREATE, UPDATE = "recentcontact/create_contact_group", "recentcontact/update_contact_group"
REMOVE, SEARCH = "recentcontact/del_contact_group", "recentcontact/search_contact_group"
GET = "recentcontact/get_contact_group"

NOW = 1_546_300_800
ME = "lumotuwe1"
TEXT = {"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}
START = {"From_Account": ME, "TimeStamp": 0, "StartIndex": 0, "TopTimeStamp": 0, "TopStartIndex": 0, "AssistFlags": 7}
OTHER = {"Type": 1, "To_Account": "lumotuwe2"}
IN_GROUP = {"Type": 2, "ToGroupId": GROUP}
NOBODY = {"Type": 1, "To_Account": "nobody"}
NO_GROUP = {"Type": 2, "ToGroupId": "@TGS#gone"}
WORK = {"From_Account": ME, "GroupContactItem": [{"GroupName": "Work", "ContactItem": [OTHER]}]}
RENAMED = {"UpdateGroupType": 1, "OldGroupName": "Work", "NewGroupName": "Play"}
CHANGED = {"From_Account": ME, "UpdateType": 1, "UpdateGroup": RENAMED}
MOVED = {"UpdateGroupType": 2, "OldGroupName": "Work"}
MARKED = {"OptType": 2, "ContactItem": OTHER, "CustomMark": "x"}


def write(post: Post, peer: str = "lumotuwe2", sender: str = ME, **more: Any) -> str:
    """Send a message, and return its key."""
    body = {"From_Account": sender, "To_Account": peer, "MsgRandom": 7, "MsgBody": [TEXT]}
    return str(post("openim/sendmsg", body | more)["MsgKey"])


def write_to_group(post: Post, random: int = 1) -> None:
    """Send a message to the group."""
    post("group_open_http_svc/send_group_msg", {"GroupId": GROUP, "Random": random, "MsgBody": [TEXT]})


def listed(post: Post, account: str = ME, **more: Any) -> list[str]:
    """Return whom the list of an account names, in its order."""
    items = post(LIST, START | {"From_Account": account} | more)["SessionItem"]
    return [item.get("To_Account") or item["GroupId"] for item in items]


def pin(state: State, **place: str) -> None:
    """Pin a conversation as a client does."""
    state.store.insert("contacts", {"UserID": ME, "TopFlag": 1} | place)
    state.store.commit()


def names_of(post: Post) -> list[str]:
    """Return the names of the conversation groups."""
    return [item["GroupName"] for item in post(GET, {"From_Account": ME, "StartIndex": 0})["GroupItem"]]


async def test_the_life_of_a_list(tim: TimSession, box: Sandbox, clock: FakeClock) -> None:
    """Conversations come with messages, are grouped and marked, and go when they are deleted."""
    box.state.add_group("@TGS#1", members=["alice"])
    recent, bob, group = tim.recent_contacts, Contact.account("bob"), Contact.group("@TGS#1")
    await clock.advance(10)
    await tim.messages.send("bob", Text("hi"), from_account="alice")
    sessions = [session async for session in recent.each("alice")]
    assert [(session.type, session.to_account or session.group_id) for session in sessions] == [
        (1, "bob"),
        (2, "@TGS#1"),
    ]
    created = await recent.create_group("alice", ContactGroup("Work", [bob, group]))
    assert created.failed == []
    changes = [ContactUpdate(2, group), ContactUpdate(1, Contact.account("nobody"))]
    change = ContactGroupUpdate(2, "Work", contact_update_item=changes)
    updated = await recent.update_group("alice", update_group=change)
    assert [(failure.about, failure.code) for failure in updated.failed] == [("nobody", 50001)]
    await recent.update_group("alice", update_group=ContactGroupUpdate(1, "Work", new_group_name="Play"))
    await recent.mark("alice", MarkItem(3, group, set_mark=[1, 40], custom_mark="later"))
    found = await recent.search_groups("alice", [bob, group, Contact.account("carol")])
    marks = [(mark.standard_mark, mark.custom_mark, mark.contact_group_id) for mark in found.contact_result_item]
    assert marks == [("", "", [1]), (f"{2**39 + 1:b}", "later", []), ("", "", [])]
    assert [(item.group_name, item.group_id) for item in found.group_item] == [("Play", 1)]
    marked = [mark async for mark in recent.each_marked("alice")]
    assert [mark.to_account or mark.to_group_id for mark in marked] == ["bob", "@TGS#1"]
    assert marked[0].timestamp == NOW + 10
    await recent.delete_group("alice", "Play")
    with pytest.raises(ApiError) as refused:
        await recent.delete_group("alice", "Play")
    assert refused.value.code == 51009
    await recent.delete("alice", type=1, to_account="bob", clear_ramble=1)
    await recent.delete("alice", type=2, to_groupid="@TGS#1")
    assert [session async for session in recent.each("alice")] == []
    assert (await tim.messages.get("alice", "bob", max_time=2**32)).msg_list == []
    assert [session.to_account async for session in recent.each("bob")] == ["alice"]


NO_GROUPS: list[Any] = [None, [], [{"GroupName": name, "ContactItem": []} for name in "ab"], [{}]]
BAD: list[tuple[str, dict[str, Any], int]] = [
    (LIST, START | {"From_Account": "nobody"}, 50001),
    (LIST, START | {"From_Account": None}, 50002),
    *((LIST, START | {name: value}, 50002) for name in list(START)[1:] for value in ("0", None)),
    (DELETE, {"From_Account": "nobody", "Type": 1, "To_Account": "lumotuwe2"}, 50001),
    (DELETE, {"From_Account": ME, "Type": 3, "To_Account": "lumotuwe2"}, 50002),
    (DELETE, {"From_Account": ME, "To_Account": "lumotuwe2"}, 50002),
    (DELETE, {"From_Account": ME, "Type": 1, "ToGroupid": GROUP}, 50002),
    (DELETE, {"From_Account": ME, "Type": 2, "To_Account": "lumotuwe2"}, 50002),
    (DELETE, {"From_Account": ME, "Type": 2, "ToGroupid": 5}, 50002),
    (DELETE, {"From_Account": ME, "Type": 1, "To_Account": "lumotuwe2", "ClearRamble": 2}, 50002),
    (CREATE, WORK | {"From_Account": "nobody"}, 50001),
    *((CREATE, WORK | {"GroupContactItem": value}, 50002) for value in NO_GROUPS),
    (CREATE, WORK | {"GroupContactItem": [{"GroupName": "", "ContactItem": []}]}, 50002),
    (CREATE, WORK | {"GroupContactItem": [{"GroupName": "Work", "ContactItem": [{}]}]}, 50002),
    (CREATE, WORK | {"GroupContactItem": [{"GroupName": "n" * 33, "ContactItem": []}]}, 51011),
    (UPDATE, CHANGED | {"From_Account": "nobody"}, 50001),
    (UPDATE, CHANGED | {"UpdateType": 2}, 50002),
    (UPDATE, CHANGED | {"UpdateGroup": None}, 50002),
    (UPDATE, CHANGED | {"UpdateGroup": RENAMED | {"UpdateGroupType": 3}}, 50002),
    (UPDATE, CHANGED | {"UpdateGroup": RENAMED | {"NewGroupName": None}}, 50002),
    (UPDATE, CHANGED | {"UpdateGroup": RENAMED | {"NewGroupName": "Family"}}, 50002),
    (UPDATE, CHANGED | {"UpdateGroup": RENAMED | {"NewGroupName": "n" * 33}}, 51011),
    (UPDATE, CHANGED | {"UpdateGroup": RENAMED | {"OldGroupName": "gone"}}, 51009),
    (UPDATE, CHANGED | {"UpdateGroup": MOVED}, 50002),
    (UPDATE, CHANGED | {"UpdateGroup": MOVED | {"ContactUpdateItem": [{"ContactItem": OTHER}]}}, 50002),
    (REMOVE, {"From_Account": "nobody", "GroupName": ["Work"]}, 50001),
    (REMOVE, {"From_Account": ME, "GroupName": ["gone"]}, 51009),
    *((REMOVE, {"From_Account": ME, "GroupName": value}, 50002) for value in (None, "Work", [], ["Work", "Family"])),
    (MARK, {"From_Account": "nobody", "MarkItem": [MARKED]}, 50001),
    *((MARK, {"From_Account": ME, "MarkItem": value}, 50002) for value in (None, MARKED, [MARKED | {"OptType": 4}])),
    *((MARK, {"From_Account": ME, "MarkItem": value}, 51006) for value in ([], [MARKED] * 101)),
    (MARK, {"From_Account": ME, "MarkItem": [MARKED | {"SetMark": ["1"]}]}, 50002),
    (SEARCH, {"From_Account": "nobody", "ContactItem": [OTHER]}, 50001),
    *((SEARCH, {"From_Account": ME, "ContactItem": value}, 50002) for value in (None, OTHER, [], [OTHER] * 301)),
    *((SEARCH, {"From_Account": ME, "ContactItem": [value]}, 50002) for value in ({"Type": 1}, OTHER | {"Type": 3})),
    (GET, {"From_Account": "nobody", "StartIndex": 0}, 50001),
    *((GET, {"From_Account": ME, "StartIndex": value}, 50002) for value in (None, "0")),
]


@pytest.mark.parametrize(("path", "body", "code"), BAD)
def test_a_bad_field_is_refused(post: Post, state: State, path: str, body: dict[str, Any], code: int) -> None:
    """Each bad field has its documented code, and nothing is done."""
    for name in ("Work", "Family"):
        post(CREATE, WORK | {"GroupContactItem": [{"GroupName": name, "ContactItem": []}]})
    before = state.export()
    answer = post(path, body)
    assert (answer["ActionStatus"], answer["ErrorCode"]) == ("FAIL", code), answer
    assert explain(code).category != "unknown"
    assert state.export() == before


async def test_the_last_message_stands_first(post: Post, clock: FakeClock) -> None:
    """A list goes from new to old, of both kinds, and its items say what the manual lists."""
    for peer in ("lumotuwe2", ME):
        write(post, peer, "leckie")
        await clock.advance(1)
    write_to_group(post)
    answer = post(LIST, START | {"From_Account": "leckie"})
    assert answer["SessionItem"] == [
        {"Type": 2, "GroupId": GROUP, "MsgTime": NOW + 2, "TopFlag": 0},
        {"Type": 1, "To_Account": ME, "MsgTime": NOW + 1, "TopFlag": 0},
        {"Type": 1, "To_Account": "lumotuwe2", "MsgTime": NOW, "TopFlag": 0},
    ]
    assert (answer["CompleteFlag"], answer["TimeStamp"], answer["StartIndex"]) == (1, NOW, 1)
    await clock.advance(1)
    write(post, "leckie", "lumotuwe2")
    assert listed(post, "leckie") == ["lumotuwe2", GROUP, ME]


def test_a_list_is_turned_page_by_page(post: Post, state: State) -> None:
    """Of 250 conversations, many of one second, each comes once; a page has 100, and the pinned ones come first."""
    peers = [f"peer{number:03}" for number in range(250)]
    row = {"UserID": ME, "C2CUnreadMsgNum": 0}
    for number, peer in enumerate(peers):
        state.add_account(peer)
        state.store.insert("conversations", row | {"Peer_Account": peer, "MsgTime": NOW - number // 120})
    for peer in peers[200:]:
        pin(state, To_Account=peer)
    for flags, sizes in ((7, [100, 100, 50]), (3, [100, 100, 50]), (2, [100, 100, 50])):
        pages: list[dict[str, Any]] = []
        place = START | {"AssistFlags": flags}
        while not pages or not pages[-1]["CompleteFlag"]:
            pages.append(post(LIST, place))
            place |= {name: pages[-1][name] for name in list(START)[1:5]}
        items = [item for page in pages for item in page["SessionItem"]]
        assert [len(page["SessionItem"]) for page in pages] == sizes
        assert sorted(item["To_Account"] for item in items) == peers
        assert [item["TopFlag"] for item in items] == ([1] * 50 + [0] * 200 if flags != 2 else [0] * 250)


def test_many_pinned_conversations_fill_pages(post: Post, state: State) -> None:
    """Where they are to come page by page they do, else all at once."""
    for number in range(150):
        state.add_account(f"peer{number}")
        row = {"UserID": ME, "Peer_Account": f"peer{number}", "MsgTime": NOW, "C2CUnreadMsgNum": 0}
        state.store.insert("conversations", row)
        pin(state, To_Account=f"peer{number}")
    write(post)
    first, all_at_once = post(LIST, START), post(LIST, START | {"AssistFlags": 3})
    assert (len(first["SessionItem"]), first["CompleteFlag"], first["TopStartIndex"]) == (100, 0, 100)
    second = post(LIST, START | {name: first[name] for name in ("TopTimeStamp", "TopStartIndex")})
    assert (len(second["SessionItem"]), second["CompleteFlag"], second["TopStartIndex"]) == (51, 1, 150)
    assert (len(all_at_once["SessionItem"]), all_at_once["CompleteFlag"]) == (150, 0)
    place = {name: all_at_once[name] for name in list(START)[1:5]}
    assert listed(post, **(place | {"AssistFlags": 3})) == ["lumotuwe2"]


def test_an_empty_conversation_is_listed_on_request(post: Post) -> None:
    """One whose messages are all gone, or a group where nobody wrote."""
    key = write(post)
    post("openim/delete_c2c_msg_ramble", {"Operator_Account": ME, "Peer_Account": "lumotuwe2", "MsgKeyList": [key]})
    assert (listed(post), listed(post, AssistFlags=5)) == (["lumotuwe2"], [])
    assert (listed(post, "leckie"), listed(post, "leckie", AssistFlags=5)) == ([GROUP], [])
    write(post, sender="lumotuwe2", peer=ME)
    write_to_group(post)
    assert (listed(post, AssistFlags=5), listed(post, "leckie", AssistFlags=5)) == (["lumotuwe2"], [GROUP])


async def test_a_deleted_conversation_comes_back(post: Post, state: State, clock: FakeClock) -> None:
    """With the next message, and no longer pinned; the messages stay unless they are to be cleared."""
    write(post)
    pin(state, To_Account="lumotuwe2")
    body = {"From_Account": ME, "Type": 1, "To_Account": "lumotuwe2"}
    for _ in range(2):
        assert post(DELETE, body)["ErrorDisplay"] == ""
    assert listed(post) == []
    page = {"Operator_Account": ME, "Peer_Account": "lumotuwe2", "MaxCnt": 100, "MinTime": 0, "MaxTime": 2**32}
    assert post("openim/admin_getroammsg", page)["MsgCnt"] == 1
    await clock.advance(1)
    write(post, ME, "lumotuwe2")
    assert post(LIST, START)["SessionItem"] == [
        {"Type": 1, "To_Account": "lumotuwe2", "MsgTime": NOW + 1, "TopFlag": 0}
    ]
    post(DELETE, body | {"ClearRamble": 1})
    assert post("openim/admin_getroammsg", page)["MsgCnt"] == 0
    assert post("openim/get_c2c_unread_msg_num", {"To_Account": ME})["AllC2CUnreadMsgNum"] == 0
    other = page | {"Operator_Account": "lumotuwe2", "Peer_Account": ME}
    assert post("openim/admin_getroammsg", other)["MsgCnt"] == 2


def test_a_deleted_group_comes_back(post: Post) -> None:
    """In the list of the one who deleted it, with the next message; one that is not there is deleted already."""
    write_to_group(post)
    body = {"From_Account": "leckie", "Type": 2, "ToGroupid": GROUP, "ClearRamble": 1}
    for group in (GROUP, GROUP, "@TGS#gone"):
        assert post(DELETE, body | {"ToGroupid": group})["ErrorCode"] == 0
    assert listed(post, "leckie") == []
    write_to_group(post, random=2)
    assert listed(post, "leckie") == [GROUP]


def test_a_conversation_group_takes_what_it_can(post: Post) -> None:
    """Each conversation has a result of its own; creating the group again puts more in."""
    items = [OTHER, IN_GROUP, NOBODY, NO_GROUP, {"Type": 3}, {"Type": 2}]
    answer = post(CREATE, WORK | {"GroupContactItem": [{"GroupName": "Work", "ContactItem": items}]})
    (result,) = answer["GroupResultItem"]
    assert result["GroupItem"] == {"GroupName": "Work", "GroupId": 1}
    assert [item["ContactItem"] for item in result["ResultItem"]] == items
    assert [item["ResultCode"] for item in result["ResultItem"]] == [0, 0, 50001, 51007, 50002, 50002]
    assert [bool(item["ResultInfo"]) for item in result["ResultItem"]] == [False, False, True, True, True, True]
    leckie = {"Type": 1, "To_Account": "leckie"}
    again = post(CREATE, WORK | {"GroupContactItem": [{"GroupName": "Work", "ContactItem": [OTHER, leckie]}]})
    assert again["GroupResultItem"][0]["GroupItem"] == {"GroupName": "Work", "GroupId": 1}
    found = post(GET, {"From_Account": ME, "StartIndex": 0})["ContactItem"]
    assert [item.get("To_Account") or item["ToGroupId"] for item in found] == ["lumotuwe2", GROUP, "leckie"]


def test_an_account_has_20_conversation_groups(post: Post) -> None:
    """Those that were deleted do not count, and each account counts for itself."""
    for number in range(20):
        body = {"GroupContactItem": [{"GroupName": f"g{number}", "ContactItem": []}]}
        assert post(CREATE, WORK | body)["ErrorCode"] == 0
    assert post(CREATE, WORK)["ErrorCode"] == 51010
    assert post(CREATE, WORK | {"From_Account": "leckie"})["ErrorCode"] == 0
    assert post(REMOVE, {"From_Account": ME, "GroupName": ["g3"]})["GroupItem"] == [{"GroupName": "g3", "GroupId": 4}]
    assert post(CREATE, WORK)["GroupResultItem"][0]["GroupItem"]["GroupId"] == 21


def test_conversations_go_in_and_out_of_a_conversation_group(post: Post) -> None:
    """What is not in can be taken out; the answer says what was done to each."""
    post(CREATE, WORK)
    moves = [(1, IN_GROUP), (2, OTHER), (2, NOBODY), (1, NO_GROUP), (2, {"Type": 1})]
    items = [{"ContactOptType": move, "ContactItem": item} for move, item in moves]
    result = post(UPDATE, CHANGED | {"UpdateGroup": MOVED | {"ContactUpdateItem": items}})["UpdateGroupResult"]
    told = [item["ResultCode"] for item in result.pop("ContactResultItem")]
    assert told == [0, 0, 0, 51007, 50002]
    assert result == {"UpdateGroupType": 2, "GroupName": "Work", "OldGroupName": "Work", "GroupId": 1}
    (left,) = post(GET, {"From_Account": ME, "StartIndex": 0})["ContactItem"]
    assert (left["ToGroupId"], left["ContactGroupId"]) == (GROUP, [1])


def test_a_conversation_group_is_renamed(post: Post) -> None:
    """Also to the name that it has; the number stays."""
    post(CREATE, WORK)
    for name, old in (("Play", "Work"), ("Play", "Play")):
        change = CHANGED | {"UpdateGroup": RENAMED | {"OldGroupName": old}}
        answer = post(UPDATE, change)
        result = {"UpdateGroupType": 1, "GroupName": name, "OldGroupName": old, "GroupId": 1, "ContactResultItem": []}
        assert (answer["UpdateType"], answer["UpdateGroupResult"]) == (1, result)
        assert names_of(post) == ["Play"]


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"OptType": 1, "SetMark": [1, 64]}, 0),
        ({"OptType": 1, "ClearMark": [1]}, 0),
        ({"OptType": 2, "CustomMark": ""}, 0),
        ({"OptType": 3, "CustomMark": "x" * 256}, 0),
        ({"OptType": 1}, 50002),
        ({"OptType": 1, "CustomMark": "x"}, 50002),
        ({"OptType": 2, "SetMark": [1]}, 50002),
        ({"OptType": 1, "SetMark": [0]}, 50002),
        ({"OptType": 1, "ClearMark": [65]}, 50002),
        ({"OptType": 2, "CustomMark": "x" * 257}, 50002),
        ({"OptType": 2, "CustomMark": "x", "ContactItem": NOBODY}, 50001),
        ({"OptType": 2, "CustomMark": "x", "ContactItem": NO_GROUP}, 51007),
        ({"OptType": 2, "CustomMark": "x", "ContactItem": {"Type": 3}}, 50002),
    ],
)
def test_each_conversation_is_marked_for_itself(post: Post, item: dict[str, Any], code: int) -> None:
    """A bad item has its code, the next one is marked all the same."""
    bad = {"ContactItem": IN_GROUP} | item
    answer = post(MARK, {"From_Account": ME, "MarkItem": [bad, MARKED]})
    assert [result["ResultCode"] for result in answer["ResultItem"]] == [code, 0]
    assert answer["ResultItem"][0].keys() == {"OptType", "ContactItem", "ResultCode", "ResultInfo"}


def test_marks_add_up(post: Post) -> None:
    """What is not named stays as it is, and what the kind of marking does not cover too."""
    steps: list[tuple[dict[str, Any], tuple[str, str]]] = [
        ({"OptType": 1, "SetMark": [1, 3], "CustomMark": "y"}, ("101", "")),
        ({"OptType": 2, "SetMark": [5], "CustomMark": "x"}, ("101", "x")),
        ({"OptType": 1, "SetMark": [2], "ClearMark": [1, 3]}, ("10", "x")),
        ({"OptType": 3, "ClearMark": [2], "CustomMark": ""}, ("", "")),
    ]
    for step, marks in steps:
        post(MARK, {"From_Account": ME, "MarkItem": [{"ContactItem": OTHER} | step]})
        (found,) = post(SEARCH, {"From_Account": ME, "ContactItem": [OTHER]})["ContactResultItem"]
        assert (found["StandardMark"], found["CustomMark"]) == marks
    assert post(GET, {"From_Account": ME, "StartIndex": 0})["ContactItem"] == []


def test_an_account_has_1000_marked_conversations(post: Post, state: State) -> None:
    """One more has 51008, one of them can be marked again; all are read once, page by page."""
    for number in range(1000):
        state.add_account(f"peer{number}")
        state.store.insert("contacts", {"UserID": ME, "To_Account": f"peer{number}", "CustomMark": "x"})
    state.store.commit()
    again = MARKED | {"ContactItem": {"Type": 1, "To_Account": "peer7"}}
    answer = post(MARK, {"From_Account": ME, "MarkItem": [MARKED, again]})
    assert [result["ResultCode"] for result in answer["ResultItem"]] == [51008, 0]
    pages, place = [post(GET, {"From_Account": ME, "StartIndex": 0})], 0
    while not pages[-1]["CompleteFlag"]:
        place = pages[-1]["NextStartIndex"]
        pages.append(post(GET, {"From_Account": ME, "StartIndex": place}))
    found = {item["To_Account"] for page in pages for item in page["ContactItem"]}
    assert (len(found), {len(page["ContactItem"]) for page in pages}) == (1000, {100})


def test_groups_and_standard_marks_need_an_edition(post: Post, state: State) -> None:
    """Custom marks do not, nor does reading."""
    post(CREATE, WORK)
    state.rules = Rules(calls_per_second=None, top_edition=False)
    bodies = {CREATE: WORK, UPDATE: CHANGED, REMOVE: {"From_Account": ME, "GroupName": ["Work"]}}
    assert {post(path, body)["ErrorCode"] for path, body in bodies.items()} == {51013}
    items = [{"ContactItem": OTHER, "OptType": kind, "SetMark": [1], "CustomMark": "x"} for kind in (1, 2, 3)]
    answer = post(MARK, {"From_Account": ME, "MarkItem": items})
    assert [result["ResultCode"] for result in answer["ResultItem"]] == [51013, 0, 51013]
    assert names_of(post) == ["Work"]


def test_what_is_gone_is_marked_no_longer(post: Post, state: State) -> None:
    """A mark goes with the account or the group that it is about, and with its owner."""
    post(MARK, {"From_Account": ME, "MarkItem": [MARKED, MARKED | {"ContactItem": IN_GROUP}]})
    post(CREATE, WORK)
    state.store.run("DELETE FROM groups")
    state.store.run("DELETE FROM accounts WHERE UserID = 'lumotuwe2'")
    assert post(GET, {"From_Account": ME, "StartIndex": 0})["ContactItem"] == []
    state.store.run("DELETE FROM accounts WHERE UserID = ?", ME)
    assert state.store.values("SELECT count(*) FROM contact_groups") == [0]


@pytest.mark.parametrize("path", [LIST, DELETE, CREATE, UPDATE, REMOVE, MARK, SEARCH, GET])
def test_the_sample_of_the_manual_is_played(post: Post, state: State, path: str) -> None:
    """What the manual sends is taken, and answered with the fields that it shows."""
    state.add_account("lumotuwe3")
    write(post)
    if path != CREATE:
        post(CREATE, WORK)
    request, shown = samples(path)
    answer = post(path, request)
    assert answer["ErrorCode"] == 0
    assert answer.keys() == shown.keys()
