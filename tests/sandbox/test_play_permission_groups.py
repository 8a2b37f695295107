"""Permission groups of communities in the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.conftest import GROUP, KEY, SDKAPPID
from tests.sandbox.heard import Heard
from tests.sandbox.samples import sample, shape
from timrest_async.sandbox import Application, Service

if TYPE_CHECKING:
    from tests.sandbox.conftest import Post
    from timrest_async import TimSession
    from timrest_async.sandbox import Sandbox, State
    from timrest_async.testing import FakeClock

CREATE, DESTROY, MODIFY, GET, ADD_RIGHTS, SET_RIGHTS, DELETE_RIGHTS, GET_RIGHTS, ADD, DELETE, LIST = PATHS = [
    f"group_open_http_svc/{name}"
    for name in (
        *(f"{verb}_permission_group" for verb in ("create", "destroy", "modify", "get")),
        *(f"{verb}_topic_permission_group" for verb in ("add", "set", "delete", "get")),
        *(f"{verb}_permission_group_member" for verb in ("add", "delete")),
        "get_permission_group_member_list",
    )
]
COMMUNITY = "@TGS#_@TGS#cQVLVHIM62CJ"
OTHER, PLAIN = "@TGS#_other", "@TGS#_plain"
GENERAL, TRAILS, GONE = (f"{COMMUNITY}@TOPIC#_{name}" for name in ("general", "trails", "gone"))
GUIDES, MODERATORS = "@PMG#_guides", "@PMG#_moderators"
LEFT_OUT = object()


def rights(**topics: Any) -> list[dict[str, Any]]:
    """Make a TopicPermissionList."""
    return [{"TopicId": f"{COMMUNITY}@TOPIC#_{name}", "Permission": bits} for name, bits in topics.items()]


def accounts(*names: str) -> list[dict[str, str]]:
    """Make a MemberList."""
    return [{"Member_Account": name} for name in names]


GUIDE = {"GroupId": COMMUNITY, "PermissionGroupId": GUIDES}
GOOD: dict[str, dict[str, Any]] = {
    CREATE: {"GroupId": COMMUNITY, "PermissionGroupId": MODERATORS, "PermissionGroupName": "Moderators"},
    DESTROY: {"GroupId": COMMUNITY, "PermissionGroupIdList": [GUIDES]},
    MODIFY: GUIDE | {"PermissionGroupName": "Leaders"},
    GET: {"GroupId": COMMUNITY},
    ADD_RIGHTS: GUIDE | {"TopicPermissionList": rights(general=3)},
    SET_RIGHTS: GUIDE | {"TopicPermissionList": rights(general=3)},
    DELETE_RIGHTS: GUIDE | {"TopicIdList": [GENERAL]},
    GET_RIGHTS: GUIDE,
    ADD: GUIDE | {"MemberList": accounts("lumotuwe1")},
    DELETE: GUIDE | {"MemberList": accounts("leckie")},
    LIST: GUIDE,
}
OF_ONE = [path for path in PATHS if "PermissionGroupId" in GOOD[path] and path != CREATE]


@pytest.fixture
def heard() -> Heard:
    """Return an application that listens."""
    return Heard()


@pytest.fixture
def service(state: State, heard: Heard) -> Service:
    """Return a service that asks and tells an application."""
    return Service(Application(sdkappid=SDKAPPID, secret_key=KEY), state, heard)


@pytest.fixture(autouse=True)
def communities(state: State) -> None:
    """Put in two communities with permission groups, and one without; the owner of the first is a guide."""
    for group_id, enabled in ((COMMUNITY, 1), (OTHER, 1), (PLAIN, 0)):
        state.add_group(group_id, group_type="Community", owner="leckie", members=["lumotuwe1"])
        sql = "UPDATE groups SET SupportTopic = 1, EnablePermission = ? WHERE GroupId = ?"
        state.store.run(sql, enabled, group_id)
    for topic_id in (GENERAL, TRAILS):
        topic = {"GroupId": COMMUNITY, "TopicId": topic_id, "TopicName": "topic", "CreateTime": state.now}
        state.store.insert("topics", topic)
    state.store.insert("permission_groups", GUIDE | {"PermissionGroupName": "Guides", "Permission": 5})
    state.store.insert("permission_group_members", GUIDE | {"Member_Account": "leckie"})
    state.store.commit()


def guides(post: Post) -> list[str]:
    """Return who is a guide."""
    return [member["Member_Account"] for member in post(LIST, GUIDE)["MemberList"]]


def known(post: Post, **given: Any) -> list[tuple[str, int]]:
    """Return the ids of permission groups, each with its code."""
    listed = post(GET, GOOD[GET] | given)["PermissionGroupInfoList"]
    return [(info["PermissionGroupId"], info["ErrorCode"]) for info in listed]


def in_topics(post: Post, **given: Any) -> dict[str, int]:
    """Return the rights of guides in topics, or the code in their place."""
    listed = post(GET_RIGHTS, GUIDE | given)["TopicPermissionResultList"]
    return {item["TopicId"].rpartition("_")[2]: item.get("Permission", item["ErrorCode"]) for item in listed}


async def test_the_life_of_a_permission_group(box: Sandbox, tim: TimSession) -> None:
    """It is made, filled, given rights, read and deleted, and the typed client reads every answer."""
    of = tim.communities
    community = (
        await tim.groups.create(
            type="Community",
            name="Alps",
            owner_account="alice",
            member_list=["bob"],
            support_topic=1,
            enable_permission=1,
        )
    ).group_id
    topic = (await of.create_topic(community, "General")).topic_id
    assert topic is not None
    guides = (await of.create_permission_group(community, "Guides", permission=5)).permission_group_id
    assert guides is not None
    assert guides.startswith("@PMG#_")
    await of.modify_permission_group(community, guides, permission=7, custom_string="{}")

    added = await of.add_permission_group_members(community, guides, member_list=["alice", "bob", "carol", "dave"])
    assert [(failed.about, failed.code) for failed in added.failed] == [("carol", 10004), ("dave", 10019)]
    members = [member async for member in of.each_permission_group_member(community, guides, limit=1)]
    assert [(member.member_account, member.role) for member in members] == [("alice", "Owner"), ("bob", "Member")]
    left = await of.delete_permission_group_members(community, guides, member_list=["bob", "carol"])
    assert [(failed.about, failed.code) for failed in left.failed] == [("carol", 10004)]

    nowhere = f"{community}@TOPIC#_nowhere"
    given = await of.add_topic_permissions(community, guides, topic_permission_list={topic: 3, nowhere: 1})
    assert [(failed.about, failed.code) for failed in given.failed] == [(nowhere, 10010)]
    assert (await of.set_topic_permissions(community, guides, topic_permission_list={topic: 1})).failed == []
    read = await of.get_topic_permissions(community, guides)
    assert [(item.topic_id, item.permission) for item in read.topic_permission_result_list] == [(topic, 1)]
    assert (await of.delete_topic_permissions(community, guides, topic_id_list=[topic])).failed == []
    assert (await of.get_topic_permissions(community, guides)).topic_permission_result_list == []

    infos = (await of.get_permission_groups(community)).permission_group_info_list
    assert [(info.permission_group_name, info.permission, info.custom_string) for info in infos] == [
        ("Guides", 7, "{}"),
    ]
    assert infos[0].member_count == 1
    gone = await of.destroy_permission_groups(community, [guides, "@PMG#_other"])
    assert [(failed.about, failed.code) for failed in gone.failed] == [("@PMG#_other", 10004)]
    assert box.state.store.values("SELECT Member_Account FROM permission_group_members") == []


@pytest.mark.parametrize("path", PATHS)
def test_a_good_call_is_answered_ok_and_nobody_hears_of_it(post: Post, heard: Heard, path: str) -> None:
    """Each command takes a plain good body; no callback is documented for any."""
    assert post(path, GOOD[path])["ErrorCode"] == 0
    assert heard.asked == heard.told == []


@pytest.mark.parametrize(
    ("path", "changed", "code"),
    [
        *((path, {"GroupId": LEFT_OUT}, 10004) for path in PATHS),
        *((path, {"GroupId": 5}, 10004) for path in PATHS),
        *((path, {"GroupId": ""}, 10015) for path in PATHS),
        *((path, {"GroupId": "gone"}, 10010) for path in PATHS),
        *((path, {"GroupId": GROUP}, 10007) for path in PATHS),
        *((path, {"GroupId": PLAIN}, 10007) for path in PATHS),
        *((path, {"PermissionGroupId": LEFT_OUT}, 10004) for path in OF_ONE),
        *((path, {"PermissionGroupId": 5}, 10004) for path in OF_ONE),
        *((path, {"PermissionGroupId": MODERATORS}, 10004) for path in OF_ONE),
        *((path, {"GroupId": OTHER}, 10004) for path in OF_ONE),
        *((path, {"PermissionGroupName": ""}, 10004) for path in (CREATE, MODIFY)),
        *((path, {"PermissionGroupName": "é" * 76}, 10004) for path in (CREATE, MODIFY)),
        *((path, {"PermissionGroupName": 5}, 10004) for path in (CREATE, MODIFY)),
        *((path, {"CustomString": "c" * 3_001}, 10004) for path in (CREATE, MODIFY)),
        *((path, {"Permission": "5"}, 10004) for path in (CREATE, MODIFY)),
        *((path, {"Permission": 2**64}, 10004) for path in (CREATE, MODIFY)),
        (CREATE, {"PermissionGroupName": LEFT_OUT}, 10004),
        (CREATE, {"PermissionGroupId": GUIDES}, 10021),
        (CREATE, {"PermissionGroupId": ""}, 10004),
        (CREATE, {"PermissionGroupId": "guides"}, 10004),
        (CREATE, {"PermissionGroupId": "@PMG#_"}, 10004),
        (CREATE, {"PermissionGroupId": "@PMG#_é"}, 10004),
        (CREATE, {"PermissionGroupId": "@PMG#_a\tb"}, 10004),
        (DESTROY, {"PermissionGroupIdList": LEFT_OUT}, 10004),
        (DESTROY, {"PermissionGroupIdList": []}, 10004),
        (DESTROY, {"PermissionGroupIdList": [GUIDES] * 21}, 10004),
        (DESTROY, {"PermissionGroupIdList": GUIDES}, 10004),
        (GET, {"PermissionGroupIdList": GUIDES}, 10004),
        (GET, {"Limit": 0}, 10004),
        (GET, {"Limit": 21}, 10004),
        (GET, {"Limit": "20"}, 10004),
        *((path, {"Next": "x"}, 10004) for path in (GET, LIST)),
        *((path, {"Next": "9" * 19}, 10004) for path in (GET, LIST)),
        *((path, {"Next": 0}, 10004) for path in (GET, LIST)),
        *((path, {"TopicPermissionList": LEFT_OUT}, 10004) for path in (ADD_RIGHTS, SET_RIGHTS)),
        *((path, {"TopicPermissionList": []}, 10004) for path in (ADD_RIGHTS, SET_RIGHTS)),
        *((path, {"TopicPermissionList": [{"TopicId": GENERAL}]}, 10004) for path in (ADD_RIGHTS, SET_RIGHTS)),
        *((path, {"TopicPermissionList": rights(general="3")}, 10004) for path in (ADD_RIGHTS, SET_RIGHTS)),
        (ADD_RIGHTS, {"TopicPermissionList": rights(general=1) * 51}, 10004),
        (DELETE_RIGHTS, {"TopicIdList": LEFT_OUT}, 10004),
        (DELETE_RIGHTS, {"TopicIdList": []}, 10004),
        (DELETE_RIGHTS, {"TopicIdList": [""]}, 10004),
        (GET_RIGHTS, {"TopicIdList": GENERAL}, 10004),
        *((path, {"MemberList": LEFT_OUT}, 10004) for path in (ADD, DELETE)),
        *((path, {"MemberList": []}, 10004) for path in (ADD, DELETE)),
        *((path, {"MemberList": ["lumotuwe1"]}, 10004) for path in (ADD, DELETE)),
        (ADD, {"MemberList": accounts("lumotuwe1") * 101}, 10004),
        (LIST, {"Limit": 0}, 10004),
        (LIST, {"Limit": "20"}, 10004),
        (LIST, {"MemberInfoFilter": "Role"}, 10004),
    ],
)
def test_what_is_wrong_has_a_code(post: Post, state: State, path: str, changed: dict[str, Any], code: int) -> None:
    """A bad field, a bad community and a bad permission group are refused, and nothing is changed."""
    before = state.export()
    body = {name: value for name, value in (GOOD[path] | changed).items() if value is not LEFT_OUT}
    assert post(path, body)["ErrorCode"] == code
    assert state.export() == before


@pytest.mark.parametrize("path", [CREATE, MODIFY])
def test_texts_may_be_as_long_as_documented(post: Post, path: str) -> None:
    """Bytes are counted, not characters."""
    texts = {"PermissionGroupName": "é" * 75, "CustomString": "c" * 3_000}
    assert post(path, GOOD[path] | texts)["ErrorCode"] == 0


def test_an_id_belongs_to_its_community(post: Post) -> None:
    """Another community may have a permission group of the same id, and what is done to one leaves the other alone."""
    assert post(CREATE, GOOD[CREATE] | {"GroupId": OTHER, "PermissionGroupId": GUIDES})["ErrorCode"] == 0
    post(DESTROY, GOOD[DESTROY] | {"GroupId": OTHER})
    assert known(post) == [(GUIDES, 0)]
    assert guides(post) == ["leckie"]


def test_what_nobody_said_is_nothing(post: Post) -> None:
    """A new permission group has no rights, no text and no members, and an id of its own."""
    first, second = (post(CREATE, GOOD[CREATE] | {"PermissionGroupId": None})["PermissionGroupId"] for _ in range(2))
    assert first != second
    (info,) = post(GET, GOOD[GET] | {"PermissionGroupIdList": [first]})["PermissionGroupInfoList"]
    assert info == {
        "ErrorCode": 0,
        "ErrorInfo": "",
        "PermissionGroupId": first,
        "PermissionGroupName": "Moderators",
        "CustomString": "",
        "Permission": 0,
        "MemberCount": 0,
    }


def test_what_is_left_out_stays_as_it_is(post: Post) -> None:
    """A change touches neither another field nor another permission group."""
    post(CREATE, GOOD[CREATE])
    post(MODIFY, GUIDE | {"CustomString": "c"})
    listed = post(GET, GOOD[GET])["PermissionGroupInfoList"]
    assert [(info["PermissionGroupName"], info["Permission"], info["CustomString"]) for info in listed] == [
        *(("Guides", 5, "c"), ("Moderators", 0, "")),
    ]


def test_each_that_is_to_go_answers_for_itself(post: Post) -> None:
    """Once; who was not there is a bad parameter."""
    results = post(DESTROY, GOOD[DESTROY] | {"PermissionGroupIdList": [GUIDES, MODERATORS, MODERATORS]})
    listed = [(item["PermissionGroupId"], item["ErrorCode"]) for item in results["PermissionGroupResultList"]]
    assert listed == [(GUIDES, 0), (MODERATORS, 10004)]
    assert known(post) == []


def test_those_that_are_named_come_in_their_order(post: Post) -> None:
    """Each once, and what is not there with a code; a list that names none is for all."""
    post(CREATE, GOOD[CREATE])
    named = [MODERATORS, "@PMG#_gone", GUIDES, MODERATORS]
    told = [(MODERATORS, 0), ("@PMG#_gone", 10004), (GUIDES, 0)]
    assert known(post, PermissionGroupIdList=named) == told
    assert known(post, PermissionGroupIdList=[]) == [(GUIDES, 0), (MODERATORS, 0)]


async def test_pages_are_walked(box: Sandbox, tim: TimSession, clock: FakeClock) -> None:
    """Our own pager finds each permission group and each member once, whatever the size of a page."""
    names = [f"user{number:03}" for number in range(205)]
    box.state.add_group(COMMUNITY, group_type="Community", owner="alice", members=names)
    box.state.store.run("UPDATE groups SET SupportTopic = 1, EnablePermission = 1")
    box.state.store.commit()
    ids = [f"@PMG#_{number}" for number in range(41)]
    for permission_group_id in ids:
        await tim.communities.create_permission_group(COMMUNITY, "some", permission_group_id=permission_group_id)
    await tim.communities.add_permission_group_members_all(COMMUNITY, ids[0], member_list=names)

    async def permission_groups(limit: int | None, named: list[str] | None) -> list[str]:
        each = tim.communities.each_permission_group(COMMUNITY, permission_group_id_list=named, limit=limit)
        return [info.permission_group_id or "" async for info in each]

    for limit in (None, 1, 20):
        assert await clock.run(permission_groups(limit, None)) == ids
        assert await clock.run(permission_groups(limit, ids[::-1])) == ids[::-1]

    async def members(limit: int | None) -> list[str]:
        each = tim.communities.each_permission_group_member(COMMUNITY, ids[0], limit=limit)
        return [member.member_account or "" async for member in each]

    for limit in (None, 41, 1_000):
        assert sorted(await clock.run(members(limit))) == names


@pytest.mark.parametrize(("given", "count"), [({}, 100), ({"Limit": 101}, 100), ({"Limit": 2}, 2)])
def test_a_page_of_members_holds_up_to_100(post: Post, state: State, given: dict[str, Any], count: int) -> None:
    """Next says where the next one starts, and is empty where there is none."""
    names = [f"user{number:03}" for number in range(count + 1)]
    state.add_group("@TGS#_many", group_type="Community", members=names)
    state.store.run("UPDATE groups SET SupportTopic = 1, EnablePermission = 1 WHERE GroupId = '@TGS#_many'")
    state.store.commit()
    which = {"GroupId": "@TGS#_many", "PermissionGroupId": GUIDES}
    post(CREATE, which | {"PermissionGroupName": "Guides"})
    post(ADD, which | {"MemberList": accounts(*names[:count])})
    assert post(LIST, which | given)["Next"] == ""
    post(ADD, which | {"MemberList": accounts(names[count])})
    page = post(LIST, which | given)
    assert (len(page["MemberList"]), page["Next"] != "") == (count, True)


def test_a_page_of_permission_groups_holds_20_where_nobody_said(post: Post) -> None:
    """Next is empty as long as they fit, and then says where the next page starts."""
    for number in range(19):
        post(CREATE, GOOD[CREATE] | {"PermissionGroupId": f"@PMG#_{number}"})
    assert (len(known(post)), post(GET, GOOD[GET])["Next"]) == (20, "")
    post(CREATE, GOOD[CREATE])
    assert (len(known(post)), post(GET, GOOD[GET])["Next"]) == (20, "20")


def test_members_answer_each_for_himself(post: Post) -> None:
    """Who is in already says so, and who is no member of the community, or nobody at all, stays out."""
    both = GUIDE | {"MemberList": accounts("lumotuwe1", "leckie", "lumotuwe2", "nobody", "lumotuwe1")}
    results = post(ADD, both)["MemberList"]
    assert [(item["Member_Account"], item["Result"]) for item in results] == [
        *(("lumotuwe1", 0), ("leckie", 10013), ("lumotuwe2", 10004), ("nobody", 10019)),
    ]
    assert guides(post) == ["leckie", "lumotuwe1"]
    results = post(DELETE, both)["MemberList"]
    assert [item["Result"] for item in results] == [0, 0, 10004, 10019]
    assert guides(post) == []
    assert post(DELETE, GOOD[DELETE])["MemberList"] == [{"Member_Account": "leckie", "Result": 10004}]


def test_who_leaves_the_community_leaves_its_permission_groups(post: Post) -> None:
    """And is not back in them when he is back."""
    post(ADD, GOOD[ADD])
    away = {"GroupId": COMMUNITY, "MemberToDel_Account": ["lumotuwe1"]}
    post("group_open_http_svc/delete_group_member", away)
    post("group_open_http_svc/add_group_member", {"GroupId": COMMUNITY, "MemberList": accounts("lumotuwe1")})
    assert guides(post) == ["leckie"]
    post("im_open_login_svc/account_delete", {"DeleteItem": [{"UserID": "leckie"}]})
    assert guides(post) == []


@pytest.mark.parametrize(
    ("path", "body", "left"),
    [
        ("group_open_http_svc/destroy_group", {"GroupId": COMMUNITY}, []),
        ("million_group_open_http_svc/destroy_topic", {"GroupId": COMMUNITY, "TopicIdList": [GENERAL]}, [TRAILS]),
        (DESTROY, GOOD[DESTROY], []),
    ],
)
def test_rights_go_with_what_they_are_about(
    post: Post, state: State, path: str, body: dict[str, Any], left: list[str]
) -> None:
    """With the community, with the topic, and with the permission group."""
    post(ADD_RIGHTS, GUIDE | {"TopicPermissionList": rights(general=1, trails=1)})
    post(path, body)
    assert state.store.values("SELECT TopicId FROM topic_permissions") == left


def test_rights_are_written_over_those_that_are_there(post: Post) -> None:
    """Whether they are added or set, and each topic answers for itself; of a topic named twice the last word counts."""
    listed = rights(trails=1, gone=1) + rights(trails=2)
    results = post(SET_RIGHTS, GUIDE | {"TopicPermissionList": listed})["TopicPermissionResultList"]
    assert [(item["TopicId"], item["ErrorCode"]) for item in results] == [(TRAILS, 0), (GONE, 10010)]
    assert all("Permission" not in item for item in results)
    assert in_topics(post) == {"trails": 2}
    post(ADD_RIGHTS, GUIDE | {"TopicPermissionList": rights(general=4, trails=-(2**63))})
    assert in_topics(post) == {"trails": -(2**63), "general": 4}


def test_rights_that_were_never_given_are_none(post: Post) -> None:
    """They are read as 0 and taken away like any; a topic that is not there fails."""
    post(ADD_RIGHTS, GOOD[ADD_RIGHTS])
    assert in_topics(post, TopicIdList=[TRAILS, GONE, GENERAL]) == {"trails": 0, "gone": 10010, "general": 3}
    assert in_topics(post, TopicIdList=[]) == {"general": 3}
    body = GUIDE | {"TopicIdList": [TRAILS, GONE, GENERAL, GENERAL]}
    results = post(DELETE_RIGHTS, body)["TopicPermissionResultList"]
    assert [(item["TopicId"], item["ErrorCode"]) for item in results] == [(TRAILS, 0), (GONE, 10010), (GENERAL, 0)]
    assert in_topics(post) == {}


async def test_members_are_told_as_the_filter_wants(post: Post, state: State, clock: FakeClock) -> None:
    """Who it is stands there always, custom fields where there are some, and a mute while it lasts."""
    state.store.run("UPDATE group_members SET AppMemberDefinedData = ? WHERE GroupId = ?", '[{"Key":"k"}]', COMMUNITY)
    state.mute(COMMUNITY, "leckie", 10)
    (member,) = post(LIST, GUIDE)["MemberList"]
    assert (member["MuteUntil"], member["AppMemberDefinedData"]) == (state.now + 10, [{"Key": "k"}])
    await clock.advance(10)
    (member,) = post(LIST, GUIDE | {"MemberInfoFilter": ["MuteUntil", "Nothing"]})["MemberList"]
    assert member == {"Member_Account": "leckie", "MuteUntil": 0, "AppMemberDefinedData": [{"Key": "k"}]}
    assert len(post(LIST, GUIDE | {"MemberInfoFilter": []})["MemberList"][0]) == 10


def test_the_documented_samples_are_answered_as_documented(post: Post, state: State) -> None:
    """Each is accepted, and the answer has the names of the sample's; rights are told where they are read alone."""
    state.store.run("DELETE FROM permission_groups")
    state.add_group("x", members=["lumotuwe2"])
    state.store.run(
        "UPDATE group_members SET AppMemberDefinedData = '[{}]', GroupId = ? WHERE GroupId IN ('x', ?)",
        *(COMMUNITY, COMMUNITY),
    )
    state.store.commit()
    for path in (CREATE, MODIFY, GET, ADD_RIGHTS, SET_RIGHTS, GET_RIGHTS, DELETE_RIGHTS, ADD, LIST, DELETE, DESTROY):
        answer, reply = post(path, sample(path, "request")), sample(path, "reply")
        assert (answer["ErrorCode"], list(answer)) == (0, list(reply))
        but = "Permission" if path in {ADD_RIGHTS, SET_RIGHTS, DELETE_RIGHTS} else ""
        assert shape(answer, but=but) == shape(reply, but=but), path
