"""Profiles: what is written is read, and what cannot be written has a code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.conftest import KEY, SDKAPPID, finished
from tests.sandbox.heard import Heard
from tests.sandbox.samples import samples
from timrest_async import ApiError
from timrest_async.commands.profiles import STANDARD_TAGS, Profile
from timrest_async.sandbox import Application, Rules, Service, State

if TYPE_CHECKING:
    from tests.sandbox.conftest import Post, Query
    from timrest_async import TimSession
    from timrest_async.sandbox import Sandbox
    from timrest_async.testing import FakeClock

SET = "profile/portrait_set"
GET = "profile/portrait_get"


def item(tag: str, value: Any = "x") -> dict[str, Any]:
    """Return a field as it travels."""
    return {"Tag": tag, "Value": value}


async def test_the_life_of_a_profile(box: Sandbox, tim: TimSession) -> None:
    """It begins with the nickname of the import, is written and rewritten, and read by whoever asks."""
    await tim.accounts.import_one("dora", nick="Dora")
    profile = Profile(
        gender="Gender_Type_Female",
        birth_day=20000229,
        location="Basel",
        self_signature="hello",
        allow_type="AllowType_Type_DenyAny",
        language=2**32 - 1,
        image="https://example.com/d.png",
        admin_forbid_type="AdminForbid_Type_None",
        level=0,
        role=7,
        custom={"Hat": "red"},
    )
    await tim.profiles.set("dora", profile)
    await tim.profiles.set("alice", {"Tag_Profile_IM_Nick": "007"})
    reply = await tim.profiles.get(["dora", "alice"], [*STANDARD_TAGS, "Tag_Profile_Custom_Hat"])
    dora, alice = reply.user_profile_item
    assert (dora.nick, dora.gender, dora.birth_day, dora.level, dora.language) == (
        "Dora",
        "Gender_Type_Female",
        20000229,
        0,
        2**32 - 1,
    )
    assert (dora.allow_type, dora.custom, dora.msg_settings) == ("AllowType_Type_DenyAny", {"Hat": "red"}, None)
    assert (alice.nick, alice.values) == ("007", {"Tag_Profile_IM_Nick": "007"})
    assert reply.fail_account == []
    await tim.profiles.set("dora", Profile(nick="D.", gender="Gender_Type_Unknown"))
    assert box.state.accounts["dora"].nick == "D."
    with pytest.raises(ApiError) as refused:
        await tim.profiles.get(["dora", "nobody"])
    assert refused.value.code == 40003


VALUES: list[tuple[str, Any, int]] = [
    ("Tag_Profile_IM_Nick", "红" * 166, 0),
    ("Tag_Profile_IM_Nick", "", 0),
    ("Tag_Profile_IM_Nick", "红" * 167, 40601),
    ("Tag_Profile_IM_Nick", 5, 40610),
    ("Tag_Profile_IM_Nick", None, 40001),
    ("Tag_Profile_IM_SelfSignature", "x" * 501, 40601),
    ("Tag_Profile_IM_Image", "x" * 501, 40601),
    ("Tag_Profile_IM_Image", ["x"], 40610),
    ("Tag_Profile_IM_Location", "x" * 16, 0),
    ("Tag_Profile_IM_Location", "x" * 17, 40605),
    ("Tag_Profile_IM_Location", 5, 40610),
    ("Tag_Profile_IM_Gender", "Gender_Type_Male", 0),
    ("Tag_Profile_IM_Gender", "male", 40605),
    ("Tag_Profile_IM_Gender", 1, 40610),
    ("Tag_Profile_IM_AllowType", "AllowType_Type_NeedConfirm", 0),
    ("Tag_Profile_IM_AllowType", "", 40605),
    ("Tag_Profile_IM_AdminForbidType", "AdminForbid_Type_SendOut", 0),
    ("Tag_Profile_IM_AdminForbidType", "AdminForbid_Type_All", 40605),
    ("Tag_Profile_IM_BirthDay", 20190419, 0),
    ("Tag_Profile_IM_BirthDay", "20190419", 40610),
    ("Tag_Profile_IM_BirthDay", True, 40610),
    ("Tag_Profile_IM_BirthDay", -1, 40605),
    ("Tag_Profile_IM_Language", 2**32 - 1, 0),
    ("Tag_Profile_IM_Language", 2**32, 40605),
    ("Tag_Profile_IM_Level", 1.5, 40610),
    ("Tag_Profile_IM_Role", 0, 0),
    ("Tag_Profile_IM_MsgSettings", 1, 0),
    ("Tag_Profile_Custom_Test", "7", 0),
    ("Tag_Profile_Custom_Test", 7, 40610),
    ("Tag_Profile_Custom_Test", "x" * 501, 40601),
    ("Tag_Profile_Custom_", "x", 40009),
    ("Tag_Profile_Custom_Ninechars", "x", 40009),
    ("Tag_Profile_Custom_a b", "x", 40009),
    ("Tag_Profile_Custom_字", "x", 40009),
    ("Tag_Profile_IM_Shoe", "x", 40009),
    ("Nick", "x", 40009),
]


@pytest.mark.parametrize(("tag", "value", "code"), VALUES)
def test_each_field_takes_its_own_values(post: Post, state: State, tag: str, value: Any, code: int) -> None:
    """What is written is read as it was; what is refused leaves nothing behind, not even what stood before it."""
    before = state.export()
    good = item("Tag_Profile_IM_Level", 3)
    assert post(SET, {"From_Account": "leckie", "ProfileItem": [good, item(tag, value)]})["ErrorCode"] == code
    if code:
        assert state.export() == before
    else:
        (user,) = post(GET, {"To_Account": ["leckie"], "TagList": [tag]})["UserProfileItem"]
        assert user["ProfileItem"] == [item(tag, value)]


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        (SET, {"ProfileItem": [item("Tag_Profile_IM_Nick")]}, 40001),
        (SET, {"From_Account": 5, "ProfileItem": [item("Tag_Profile_IM_Nick")]}, 60015),
        (SET, {"From_Account": "", "ProfileItem": [item("Tag_Profile_IM_Nick")]}, 40001),
        (SET, {"From_Account": "a" * 33, "ProfileItem": [item("Tag_Profile_IM_Nick")]}, 40001),
        (SET, {"From_Account": "nobody", "ProfileItem": [item("Tag_Profile_IM_Nick")]}, 40003),
        (SET, {"From_Account": "leckie"}, 40001),
        (SET, {"From_Account": "leckie", "ProfileItem": []}, 40001),
        (SET, {"From_Account": "leckie", "ProfileItem": item("Tag_Profile_IM_Nick")}, 40001),
        (SET, {"From_Account": "leckie", "ProfileItem": [{"Value": "x"}]}, 40001),
        (SET, {"From_Account": "leckie", "ProfileItem": [{"Tag": "Tag_Profile_IM_Nick"}]}, 40001),
        (SET, {"From_Account": "leckie", "ProfileItem": [item("Tag_Profile_IM_Nick") | {"Tag": 5}]}, 40001),
        (GET, {"TagList": ["Tag_Profile_IM_Nick"]}, 40001),
        (GET, {"To_Account": "leckie", "TagList": ["Tag_Profile_IM_Nick"]}, 40001),
        (GET, {"To_Account": [5], "TagList": ["Tag_Profile_IM_Nick"]}, 40001),
        (GET, {"To_Account": [], "TagList": ["Tag_Profile_IM_Nick"]}, 40002),
        (GET, {"To_Account": ["leckie"] * 101, "TagList": ["Tag_Profile_IM_Nick"]}, 40001),
        (GET, {"To_Account": ["leckie", "nobody"], "TagList": ["Tag_Profile_IM_Nick"]}, 40003),
        (GET, {"To_Account": ["leckie"]}, 40001),
        (GET, {"To_Account": ["leckie"], "TagList": []}, 40001),
        (GET, {"To_Account": ["leckie"], "TagList": [5]}, 40001),
        (GET, {"To_Account": ["leckie"], "TagList": ["Tag_Profile_IM_Nick", "Tag_Profile_IM_Shoe"]}, 40009),
    ],
)
def test_a_bad_field_is_refused(post: Post, state: State, path: str, body: dict[str, Any], code: int) -> None:
    """Each has its documented code, and nothing is done."""
    before = state.export()
    answer = post(path, body)
    assert (answer["ActionStatus"], answer["ErrorCode"]) == ("FAIL", code), answer
    assert answer["ErrorInfo"]
    assert state.export() == before


def test_accounts_and_tags_come_back_in_the_order_asked_for(post: Post) -> None:
    """A tag without a value is left out, an account without any is not, and nothing comes back twice."""
    values = [item("Tag_Profile_IM_Nick", "L"), item("Tag_Profile_IM_Level", 3)]
    post(SET, {"From_Account": "leckie", "ProfileItem": values})
    tags = ["Tag_Profile_IM_Level", "Tag_Profile_IM_Role", "Tag_Profile_IM_Nick", "Tag_Profile_IM_Level"]
    answer = post(GET, {"To_Account": ["lumotuwe2", "leckie", "lumotuwe2"], "TagList": tags})
    assert [(user["To_Account"], user["ProfileItem"]) for user in answer["UserProfileItem"]] == [
        ("lumotuwe2", []),
        ("leckie", values[::-1]),
    ]


def test_the_console_knows_the_custom_fields(clock: FakeClock, query: Query) -> None:
    """Where it lists them, no other can be written or read."""
    state = State(clock, rules=Rules(calls_per_second=None, custom_profile_fields={"Level"}))
    service = Service(Application(sdkappid=SDKAPPID, secret_key=KEY), state)

    def code(path: str, body: dict[str, Any]) -> int:
        return int(finished(service.answer(path, query(), json.dumps(body).encode()))["ErrorCode"])

    for keyword, expected in (("Level", 0), ("Other", 40009)):
        tag = f"Tag_Profile_Custom_{keyword}"
        assert code(SET, {"From_Account": "administrator", "ProfileItem": [item(tag)]}) == expected
        assert code(GET, {"To_Account": ["administrator"], "TagList": [tag]}) == expected


def test_your_application_hears_what_was_written(state: State, query: Query) -> None:
    """It hears of a profile that was written, and not of an import or of what was refused."""
    listener = Heard()
    service = Service(Application(sdkappid=SDKAPPID, secret_key=KEY), state, listener)
    for path, body in (
        ("im_open_login_svc/account_import", {"UserID": "leckie", "Nick": "L"}),
        (SET, {"From_Account": "nobody", "ProfileItem": [item("Tag_Profile_IM_Nick")]}),
        (SET, {"From_Account": "leckie", "ProfileItem": [item("Tag_Profile_IM_Nick") | {"More": 1}]}),
    ):
        finished(service.answer(path, query(), json.dumps(body).encode()))
    (event,) = listener.heard
    assert event.command == "Profile.CallbackPortraitSet"
    assert event.body == {
        "Operator_Account": "administrator",
        "From_Account": "leckie",
        "ProfileItem": [item("Tag_Profile_IM_Nick")],
    }


@pytest.mark.parametrize("command", ["portrait_set", "portrait_get"])
def test_the_samples_are_answered_with_the_keys_of_the_manual(post: Post, command: str) -> None:
    """Each documented request is answered OK; Fail_Account is there only where somebody failed."""
    request, reply = samples(f"profile/{command}")
    answer = post(f"profile/{command}", request)
    assert answer["ErrorCode"] == 0, answer
    assert answer.keys() == reply.keys() - {"Fail_Account"}
