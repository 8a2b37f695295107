"""Topics of communities in the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.conftest import GROUP, KEY, SDKAPPID
from tests.sandbox.heard import Heard
from tests.sandbox.samples import sample, shape
from timrest_async.commands.group_members import FOREVER
from timrest_async.sandbox import Application, Rules, Service
from timrest_async.sandbox.events import Event, Verdict
from timrest_async.sandbox.play.topics import topic_of
from timrest_async.sandbox.request import Refusal

if TYPE_CHECKING:
    from tests.sandbox.conftest import Post
    from timrest_async import TimSession
    from timrest_async.sandbox import Sandbox, State
    from timrest_async.testing import FakeClock

CREATE, GET, MODIFY, DESTROY = PATHS = [
    f"million_group_open_http_svc/{verb}_topic" for verb in ("create", "get", "modify", "destroy")
]
IMPORT = "group_open_http_svc/import_topic"
MUTE = "group_open_http_svc/forbid_send_msg"
COMMUNITY = "@TGS#_@TGS#cQVLVHIM62CJ"
OTHER = "@TGS#_other"
GENERAL, TRAILS = f"{COMMUNITY}@TOPIC#_general", f"{COMMUNITY}@TOPIC#_trails"
LEFT_OUT = object()

GOOD: dict[str, dict[str, Any]] = {
    CREATE: {"GroupId": COMMUNITY, "TopicId": TRAILS, "TopicName": "Trails"},
    GET: {"GroupId": COMMUNITY, "From_Account": "lumotuwe1"},
    MODIFY: {"GroupId": COMMUNITY, "TopicId": GENERAL, "TopicName": "Everything"},
    DESTROY: {"GroupId": COMMUNITY, "TopicIdList": [GENERAL]},
    IMPORT: {"GroupId": COMMUNITY, "TopicId": TRAILS, "TopicName": "Trails"},
}


@pytest.fixture
def ears() -> Heard:
    """Return an application that is for everything."""
    return Heard()


@pytest.fixture
def service(state: State, ears: Heard) -> Service:
    """Return a service that asks and tells an application."""
    return Service(Application(sdkappid=SDKAPPID, secret_key=KEY), state, ears)


@pytest.fixture(autouse=True)
def community(state: State) -> None:
    """Put in two communities with topics, one of them with a topic."""
    for group_id in (COMMUNITY, OTHER):
        state.add_group(group_id, group_type="Community", owner="leckie", members=["lumotuwe1"])
        state.store.run("UPDATE groups SET SupportTopic = 1 WHERE GroupId = ?", group_id)
    topic = {"GroupId": COMMUNITY, "TopicId": GENERAL, "TopicName": "General", "CreateTime": state.now}
    state.store.insert("topics", topic)
    state.store.commit()


def change(state: State, sql: str, *values: object) -> None:
    """Do something behind the back of the service."""
    state.store.run(sql, *values)
    state.store.commit()


def topics(state: State) -> list[str]:
    """Return the ids of all topics."""
    return state.store.values("SELECT TopicId FROM topics ORDER BY number")


async def test_the_life_of_a_topic(box: Sandbox, tim: TimSession, clock: FakeClock) -> None:
    """It is created, read, changed and deleted, and the typed client reads every answer."""
    community = (
        await tim.groups.create(type="Community", name="Alps", owner_account="alice", support_topic=1)
    ).group_id
    created = await tim.communities.create_topic(community, "General", from_account="alice", custom_string="{}")
    assert created.topic_id is not None
    assert created.topic_id.startswith(f"{community}@TOPIC#_")
    imported = await tim.communities.import_topic(
        community, "Trails", topic_id=f"{community}@TOPIC#_trails", create_time=1_577_836_800
    )
    assert imported.topic_id is not None
    assert imported.topic_id == f"{community}@TOPIC#_trails"

    await tim.communities.modify_topic(community, created.topic_id, introduction="All of it", mute_all_member="On")
    read = await tim.communities.get_topics(community, from_account="alice")
    assert read.failed == []
    general, trails = (entry.topic_info for entry in read.topic_and_self_info)
    assert general is not None
    assert trails is not None
    assert (general.topic_name, general.group_id, general.introduction) == ("General", community, "All of it")
    assert (general.mute_all_member, general.custom_string, general.create_time) == ("On", "{}", int(clock.now()))
    assert (trails.topic_id, trails.create_time, trails.next_msg_seq) == (imported.topic_id, 1_577_836_800, 1)

    await tim.group_members.mute(community, "alice", mute_time=60, topic_id=created.topic_id)
    await clock.advance(20)
    named = await tim.communities.get_topics(
        community,
        from_account="alice",
        topic_id_list=[f"{community}@TOPIC#_gone", created.topic_id],
        response_filter=["TopicId", "TopicName"],
    )
    assert [(failed.about, failed.code) for failed in named.failed] == [(f"{community}@TOPIC#_gone", 110003)]
    mine = named.topic_and_self_info[1].self_info
    assert mine is not None
    assert (mine.shut_up_time, mine.msg_seq, mine.msg_flag) == (40, 0, "AcceptAndNotify")

    gone = await tim.communities.destroy_topics(community, [created.topic_id, imported.topic_id])
    assert gone.failed == []
    again = await tim.communities.destroy_topics(community, [created.topic_id])
    assert [failed.code for failed in again.failed] == [110003]
    assert topics(box.state) == []


@pytest.mark.parametrize("path", GOOD)
def test_a_good_call_is_answered_ok(post: Post, path: str) -> None:
    """Each command takes a plain good body."""
    assert post(path, GOOD[path])["ErrorCode"] == 0


TEXTS: list[tuple[dict[str, Any], int]] = [
    ({"TopicName": ""}, 10004),
    ({"TopicName": 5}, 10004),
    ({"TopicName": "é" * 16}, 10004),
    ({"FaceUrl": "u" * 101}, 10004),
    ({"Notification": "n" * 301}, 10004),
    ({"Introduction": "i" * 241}, 10004),
    ({"CustomString": "c" * 3_001}, 10004),
    ({"From_Account": "nobody"}, 10019),
    ({"From_Account": "a" * 33}, 10004),
    ({"From_Account": 5}, 60015),
    ({"TopicName": "a bad word"}, 80001),
    ({"CustomString": "a bad word"}, 80001),
]
NEW_IDS: list[tuple[dict[str, Any], int]] = [
    ({"TopicId": ""}, 10015),
    ({"TopicId": 5}, 10004),
    ({"TopicId": f"{COMMUNITY}@TOPIC#_" + "t" * 66}, 10015),
    ({"TopicId": f"{COMMUNITY}@TOPIC#_"}, 10015),
    ({"TopicId": f"{COMMUNITY}@TOPIC#trails"}, 10015),
    ({"TopicId": f"{OTHER}@TOPIC#_trails"}, 10015),
    ({"TopicId": f"{TRAILS}é"}, 10015),
    ({"TopicId": f"{TRAILS}\n"}, 10015),
]


@pytest.mark.parametrize(
    ("path", "changed", "code"),
    [
        *((path, {"GroupId": LEFT_OUT}, 10004) for path in GOOD),
        *((path, {"GroupId": 5}, 10004) for path in GOOD),
        *((path, {"GroupId": ""}, 10004 if path == GET else 10015) for path in GOOD),
        *((path, {"GroupId": "gone"}, 10010) for path in GOOD),
        *((path, {"GroupId": GROUP}, 10007) for path in GOOD),
        *((path, changed, code) for path in (CREATE, MODIFY, IMPORT) for changed, code in TEXTS),
        *((path, changed, code) for path in (CREATE, IMPORT) for changed, code in NEW_IDS),
        (CREATE, {"TopicName": LEFT_OUT}, 10004),
        (CREATE, {"TopicId": GENERAL}, 10025),
        (IMPORT, {"TopicId": GENERAL}, 10021),
        (IMPORT, {"Type": "Public"}, 10004),
        (IMPORT, {"CreateTime": "2020"}, 10004),
        (GET, {"From_Account": LEFT_OUT}, 10004),
        (GET, {"From_Account": "nobody"}, 10019),
        (GET, {"TopicIdList": GENERAL}, 10004),
        (GET, {"TopicIdList": [""]}, 10004),
        (GET, {"ResponseFilter": "TopicName"}, 10004),
        (MODIFY, {"TopicId": LEFT_OUT}, 10004),
        (MODIFY, {"TopicId": ""}, 10015),
        (MODIFY, {"TopicId": TRAILS}, 10010),
        (MODIFY, {"GroupId": OTHER}, 10010),
        (MODIFY, {"MuteAllMember": "on"}, 10004),
        (DESTROY, {"TopicIdList": LEFT_OUT}, 10004),
        (DESTROY, {"TopicIdList": []}, 10004),
        (DESTROY, {"TopicIdList": ["t" * 97]}, 10004),
    ],
)
def test_what_is_wrong_has_a_code(  # noqa: PLR0917  # a table
    post: Post, state: State, ears: Heard, path: str, changed: dict[str, Any], code: int
) -> None:
    """A bad field, a bad group and a bad topic are refused; nothing is changed, and nobody hears of it."""
    state.rules.refused_words = {"bad"}
    before = state.export()
    body = {name: value for name, value in (GOOD[path] | changed).items() if value is not LEFT_OUT}
    assert post(path, body)["ErrorCode"] == code
    assert state.export() == before
    assert ears.asked == ears.told == []


@pytest.mark.parametrize("path", [CREATE, MODIFY, IMPORT])
def test_texts_may_be_as_long_as_documented(post: Post, path: str) -> None:
    """Bytes are counted, not characters."""
    texts = {"TopicName": "é" * 15, "FaceUrl": "u" * 100, "Notification": "n" * 300, "Introduction": "i" * 240}
    assert post(path, GOOD[path] | texts | {"CustomString": "c" * 3_000})["ErrorCode"] == 0
    (info,) = post(GET, GOOD[GET] | {"TopicIdList": [GOOD[path]["TopicId"]]})["TopicAndSelfInfo"]
    assert {name: info["TopicInfo"][name] for name in texts} == texts


def test_the_console_may_have_no_topics(post: Post, state: State) -> None:
    """Then each command is refused with 11000."""
    state.rules = Rules(calls_per_second=None, topics=False)
    assert {post(path, GOOD[path])["ErrorCode"] for path in GOOD} == {11000}


@pytest.mark.parametrize("path", PATHS)
def test_a_call_above_the_cap_has_the_groups_own_code(post: Post, state: State, path: str) -> None:
    """10006 stands in the tables of these commands."""
    state.rules = Rules(calls_per_second=1)
    assert [post(path, GOOD[path])["ErrorCode"] for _ in range(2)] == [0, 10006]


def test_a_new_topic_is_asked_about_and_told(post: Post, ears: Heard) -> None:
    """Your application hears who made it, where, and under which name."""
    post(CREATE, GOOD[CREATE] | {"From_Account": "lumotuwe1"})
    asked = {"Operator_Account": "lumotuwe1", "Type": "Community", "Name": "Trails"}
    assert ears.asked == [Event("Group.CallbackBeforeCreateTopic", asked)]
    told = {
        "GroupId": COMMUNITY,
        "TopicId": TRAILS,
        "Operator_Account": "lumotuwe1",
        "Owner_Account": "leckie",
        "Type": "Community",
        "Name": "Trails",
    }
    assert ears.take() == [("Group.CallbackAfterCreateTopic", told)]


def test_a_community_need_not_have_an_owner(post: Post, state: State, ears: Heard) -> None:
    """Then Owner_Account is empty, and the administrator who calls is the one who acts."""
    change(state, "UPDATE groups SET Owner_Account = NULL WHERE GroupId = ?", COMMUNITY)
    post(CREATE, GOOD[CREATE])
    ((_, told),) = ears.take()
    assert (told["Owner_Account"], told["Operator_Account"]) == ("", "administrator")


@pytest.mark.parametrize(("code", "answered"), [(1, 10016), (10_100, 10_100), (10_200, 10_200), (10_201, 10016)])
def test_your_application_may_be_against_a_topic(
    post: Post, state: State, ears: Heard, code: int, answered: int
) -> None:
    """With a code of its own range, or with 10016; nothing is made then."""
    ears.verdict = Verdict(code, "no")
    answer = post(CREATE, GOOD[CREATE])
    assert (answer["ErrorCode"], answer["ErrorInfo"]) == (answered, "no")
    assert topics(state) == [GENERAL]
    assert ears.told == []


def test_much_may_happen_while_your_application_is_asked(post: Post, state: State, ears: Heard) -> None:
    """The id may be taken by then, and the community may be gone."""
    taken = "INSERT INTO topics (GroupId, TopicId, TopicName, CreateTime) VALUES (?, ?, 'Trails', 1)"
    ears.meanwhile = lambda: change(state, taken, COMMUNITY, TRAILS)
    assert post(CREATE, GOOD[CREATE])["ErrorCode"] == 10025
    ears.meanwhile = lambda: change(state, "DELETE FROM groups WHERE GroupId = ?", COMMUNITY)
    assert post(CREATE, GOOD[CREATE] | {"TopicId": f"{COMMUNITY}@TOPIC#_gear"})["ErrorCode"] == 10010
    assert ears.told == []


def test_an_import_is_nobodys_business(post: Post, ears: Heard) -> None:
    """It is neither asked about nor told, and its age is as it is said."""
    assert post(IMPORT, GOOD[IMPORT] | {"Type": "Community", "CreateTime": 7})["TopicId"] == TRAILS
    read = post(GET, GOOD[GET] | {"TopicIdList": [TRAILS]})["TopicAndSelfInfo"]
    assert read[0]["TopicInfo"]["CreateTime"] == 7
    assert ears.asked == ears.told == []


def test_a_change_is_told_where_it_is_one(post: Post, ears: Heard) -> None:
    """Texts and picture alone are told, and only those that are otherwise than before."""
    quiet = {"TopicName": "General", "CustomString": "c", "MuteAllMember": "On"}
    post(MODIFY, GOOD[MODIFY] | quiet)
    assert ears.take() == []
    texts = {"FaceUrl": "u", "Notification": "n", "Introduction": "i"}
    post(MODIFY, GOOD[MODIFY] | quiet | {"TopicName": "All", "From_Account": "leckie"} | texts)
    told = {"GroupId": COMMUNITY, "TopicId": GENERAL, "Type": "Community", "Operator_Account": "leckie", "Name": "All"}
    assert ears.take() == [("Group.CallbackAfterTopicInfoChanged", told | texts)]
    assert ears.asked == []


def test_what_is_left_out_stays_as_it_is(post: Post, state: State) -> None:
    """A change touches no other field, and no other topic."""
    post(CREATE, GOOD[CREATE])
    trails = topic_of(state, COMMUNITY, TRAILS)
    before = topic_of(state, COMMUNITY, GENERAL)
    post(MODIFY, {"GroupId": COMMUNITY, "TopicId": GENERAL, "Notification": "be kind"})
    assert topic_of(state, COMMUNITY, GENERAL) == before | {"Notification": "be kind"}
    assert topic_of(state, COMMUNITY, TRAILS) == trails


def test_a_topic_goes_with_all_that_is_its_own(post: Post, state: State, ears: Heard) -> None:
    """Each of the list answers for itself, once; those that were there are told, and their mutes are forgotten."""
    post(CREATE, GOOD[CREATE])
    for topic_id in (GENERAL, TRAILS):
        muted = {"Members_Account": ["lumotuwe1"], "MuteTime": FOREVER, "TopicId": topic_id}
        post(MUTE, {"GroupId": COMMUNITY} | muted)
    ears.take()
    elsewhere = f"{OTHER}@TOPIC#_x"
    results = post(DESTROY, GOOD[DESTROY] | {"TopicIdList": [GENERAL, elsewhere, GENERAL]})["DestroyResultItem"]
    assert [(item["TopicId"], item["ErrorCode"]) for item in results] == [(GENERAL, 0), (elsewhere, 110003)]
    told = {"GroupId": COMMUNITY, "Type": "Community", "TopicIdList": [GENERAL]}
    assert ears.take() == [("Group.CallbackAfterTopicDestroyed", told)]
    assert topics(state) == [TRAILS]
    assert state.store.values("SELECT TopicId FROM topic_mutes") == [TRAILS]
    post(DESTROY, GOOD[DESTROY])
    assert ears.take() == []


def test_a_topic_of_another_community_is_safe(post: Post, state: State) -> None:
    """It is neither read nor deleted under a name that is not its own."""
    assert post(DESTROY, GOOD[DESTROY] | {"GroupId": OTHER})["DestroyResultItem"][0]["ErrorCode"] == 110003
    (read,) = post(GET, GOOD[GET] | {"GroupId": OTHER, "TopicIdList": [GENERAL]})["TopicAndSelfInfo"]
    assert (read["ErrorCode"], read["TopicInfo"]) == (110003, {"TopicId": GENERAL})
    assert topics(state) == [GENERAL]


def test_a_disbanded_community_takes_its_topics_along(post: Post, state: State) -> None:
    """They go without a word of their own."""
    post("group_open_http_svc/destroy_group", {"GroupId": COMMUNITY})
    assert topics(state) == []


async def test_a_mute_counts_down(post: Post, clock: FakeClock) -> None:
    """ShutUpTime tells how long it lasts yet, 4294967295 for ever, and 0 when it is over."""

    def shut_up_time() -> int:
        (read,) = post(GET, GOOD[GET])["TopicAndSelfInfo"]
        seconds: int = read["SelfInfo"]["ShutUpTime"]
        return seconds

    muted = {"GroupId": COMMUNITY, "Members_Account": ["lumotuwe1"], "TopicId": GENERAL}
    post(MUTE, muted | {"MuteTime": 60})
    await clock.advance(59)
    assert shut_up_time() == 1
    await clock.advance(1)
    assert shut_up_time() == 0
    post(MUTE, muted | {"MuteTime": FOREVER})
    assert shut_up_time() == FOREVER


def test_who_is_no_member_has_no_state_in_a_topic(post: Post) -> None:
    """The topic is told all the same."""
    (read,) = post(GET, GOOD[GET] | {"From_Account": "lumotuwe2"})["TopicAndSelfInfo"]
    assert list(read) == ["ErrorCode", "ErrorInfo", "TopicInfo"]


def test_a_filter_leaves_only_what_it_names(post: Post) -> None:
    """Names that no topic has are passed over, and an empty filter is none; so is an empty list of topics."""
    (read,) = post(GET, GOOD[GET] | {"ResponseFilter": ["NextMsgSeq", "TopicName", "Nothing"]})["TopicAndSelfInfo"]
    assert read["TopicInfo"] == {"TopicName": "General", "NextMsgSeq": 1}
    assert post(GET, GOOD[GET] | {"ResponseFilter": [], "TopicIdList": []}) == post(GET, GOOD[GET])


def test_topics_are_told_in_the_order_in_which_they_are_named(post: Post) -> None:
    """Each once; where none is named, the oldest comes first."""
    post(CREATE, GOOD[CREATE])
    for given, told in (
        ({}, [GENERAL, TRAILS]),
        ({"TopicIdList": [TRAILS, GENERAL, TRAILS]}, [TRAILS, GENERAL]),
    ):
        read = post(GET, GOOD[GET] | given)["TopicAndSelfInfo"]
        assert [entry["TopicInfo"]["TopicId"] for entry in read] == told


@pytest.mark.parametrize(
    ("group_id", "topic_id", "code"),
    [(GROUP, GENERAL, 10007), ("gone", GENERAL, 10010), (OTHER, GENERAL, 10010), (COMMUNITY, TRAILS, 10010)],
)
def test_other_families_look_topics_up(state: State, group_id: str, topic_id: str, code: int) -> None:
    """A group without topics is of the wrong type; a topic that is not there is not found."""
    with pytest.raises(Refusal) as refused:
        topic_of(state, group_id, topic_id)
    assert refused.value.code == code


def test_the_documented_samples_are_answered_as_documented(post: Post, state: State) -> None:
    """Each sample is accepted, and the answer has the names of the sample's."""
    for path in (IMPORT, CREATE, MODIFY, GET, DESTROY):
        if path == CREATE:
            change(state, "DELETE FROM topics WHERE TopicId = ?", TRAILS)
        answer, reply = post(path, sample(path, "request")), sample(path, "reply")
        assert (answer["ErrorCode"], list(answer)) == (0, list(reply))
        assert shape(answer, but="") == shape(reply, but="")
        for entry, documented in zip(
            answer.get("TopicAndSelfInfo", []), reply.get("TopicAndSelfInfo", []), strict=True
        ):
            assert list(entry["TopicInfo"]) == list(documented["TopicInfo"])
            assert list(entry["SelfInfo"]) == list(documented["SelfInfo"])
