"""Profiles: fields by their names in Python, tags and values on the wire."""

import json
import re
from datetime import date, datetime
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import pytest
import yaml
from attrs import fields

from timrest_async import InputError, TimSession
from timrest_async._bounds import U32
from timrest_async._codec import decode, encode
from timrest_async._wire import wire_fields
from timrest_async.commands.profiles import (
    CUSTOM_TAG,
    STANDARD_TAGS,
    GetProfiles,
    GetProfilesReply,
    Profile,
    ProfileItem,
    SetProfile,
    UserProfile,
)
from timrest_async.testing import MemoryTransport

SPEC: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[1] / "spec" / "endpoints" / "profiles.yaml").read_text(encoding="utf-8")
)
DESCRIBED: dict[str, dict[str, Any]] = {
    tag: entry for tag, entry in SPEC["types"]["StandardTags"].items() if not tag.startswith(CUSTOM_TAG)
}
NAMES = {field.wire: field.name for field in wire_fields(Profile)}
"""What each tag is called in Python."""


def kind_of(tag: str) -> Any:
    """The annotation of a field of a profile, without what it carries and without ``None``."""
    (annotation,) = (field.type for field in wire_fields(Profile) if field.wire == tag)
    (kind,) = (member for member in get_args(get_args(annotation)[0]) if member is not NoneType)
    return kind


def written(profile: Any) -> list[dict[str, Any]]:
    """The items that go out for a profile."""
    items: list[dict[str, Any]] = json.loads(encode(SetProfile("lumotuwe1", profile)))["ProfileItem"]
    return items


def seen(*items: tuple[str, Any]) -> UserProfile:
    """The profile of one account, out of a reply with these items."""
    user = {"To_Account": "lumotuwe1", "ProfileItem": [{"Tag": tag, "Value": value} for tag, value in items]}
    answer = {"ErrorCode": 0, "UserProfileItem": [user]}
    (read,) = decode(GetProfiles("lumotuwe1"), json.dumps(answer).encode()).user_profile_item
    return read


# -- what there is


def test_the_tags_are_those_of_the_description() -> None:
    """There is a field for each standard tag, in the description's order, and no other."""
    assert list(STANDARD_TAGS) == list(DESCRIBED)
    assert {field.name for field in fields(Profile)} == {*NAMES.values(), "custom"}


@pytest.mark.parametrize("tag", STANDARD_TAGS)
def test_a_field_is_of_the_type_that_its_tag_has(tag: str) -> None:
    """Text where the description has text, a number where it has one, and a closed set where it lists the values."""
    kind, entry = kind_of(tag), DESCRIBED[tag]
    values = re.findall(r"\w+_Type_\w+", entry.get("values", ""))

    assert (get_origin(kind) is Literal) is bool(values)
    assert set(get_args(kind) if values else ()) == set(values)
    assert values or kind in ({str} if entry["type"] == "string" else {int, U32})
    assert (kind == U32) is ("32-bit" in entry.get("limits", "") and entry["type"] == "integer")


def test_the_tag_of_a_custom_field_is_the_descriptions() -> None:
    """A custom field is told by what its tag starts with."""
    assert [tag for tag in SPEC["types"]["StandardTags"] if tag.startswith(CUSTOM_TAG)] == ["Tag_Profile_Custom_XXXX"]


# -- writing


@pytest.mark.parametrize(
    "profile",
    [
        Profile(nick="Joe", birth_day=20190419, custom={"Level": "7"}),
        {"Tag_Profile_IM_Nick": "Joe", "Tag_Profile_IM_BirthDay": 20190419, "Tag_Profile_Custom_Level": "7"},
        (
            ProfileItem("Tag_Profile_IM_Nick", "Joe"),
            ProfileItem("Tag_Profile_IM_BirthDay", 20190419),
            ProfileItem("Tag_Profile_Custom_Level", "7"),
        ),
    ],
    ids=["profile", "mapping", "items"],
)
def test_a_profile_goes_out_as_tags_and_values(profile: Any) -> None:
    """A profile, a mapping and items say the same; what is not given does not travel."""
    assert written(profile) == [
        {"Tag": "Tag_Profile_IM_Nick", "Value": "Joe"},
        {"Tag": "Tag_Profile_IM_BirthDay", "Value": 20190419},
        {"Tag": "Tag_Profile_Custom_Level", "Value": "7"},
    ]


async def test_a_profile_is_set_in_one_line() -> None:
    """Whose profile and what is in it need no names."""
    transport = MemoryTransport({"ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": ""})

    async with TimSession(1400000000, secret_key="key", transport=transport) as tim:
        await tim.profiles.set("lumotuwe1", Profile(nick=""))

    assert transport.calls[0].json == {
        "From_Account": "lumotuwe1",
        "ProfileItem": [{"Tag": "Tag_Profile_IM_Nick", "Value": ""}],
    }


@pytest.mark.parametrize("day", [20190419, date(2019, 4, 19), datetime(2019, 4, 19, 23, 59)])  # noqa: DTZ001  # a day
def test_a_birthday_may_be_a_date(day: Any) -> None:
    """A date travels as the number that the service has for it."""
    assert written(Profile(birth_day=day)) == [{"Tag": "Tag_Profile_IM_BirthDay", "Value": 20190419}]


@pytest.mark.parametrize(
    ("name", "value"), [("gender", "male"), ("allow_type", ""), ("level", -1), ("birth_day", "2019-04-19"), ("nick", 1)]
)
def test_a_value_that_a_field_does_not_take_is_refused(name: str, value: Any) -> None:
    """What the service would refuse fails on the line that wrote it."""
    with pytest.raises(InputError, match=rf"^Profile\.{name} "):
        Profile(**{name: value})


@pytest.mark.parametrize("given", ["Joe", None, 5, [{"Tag": "Tag_Profile_IM_Nick"}]])
def test_what_is_no_profile_is_refused(given: Any) -> None:
    """Neither text nor a list of something else is taken for a profile."""
    with pytest.raises(InputError, match=r"^SetProfile\.profile_item "):
        SetProfile("lumotuwe1", given)


def test_an_item_without_a_value_is_refused() -> None:
    """Whoever writes a field has to say what."""
    with pytest.raises(InputError, match="Tag_Profile_IM_Nick"):
        SetProfile("lumotuwe1", {"Tag_Profile_IM_Nick": None})


# -- reading


def test_all_standard_fields_are_asked_for() -> None:
    """Without a list of tags, all but one of the standard ones travel; each command has a list of its own."""
    one, other = GetProfiles("lumotuwe1"), GetProfiles(["lumotuwe1", "lumotuwe2"])

    assert json.loads(encode(one))["TagList"] == [tag for tag in STANDARD_TAGS if not tag.endswith("MsgSettings")]
    assert one.tag_list is not other.tag_list
    assert json.loads(encode(GetProfiles("lumotuwe1", "Tag_Profile_Custom_Level")))["TagList"] == [
        "Tag_Profile_Custom_Level"
    ]


@pytest.mark.parametrize("tag", STANDARD_TAGS)
def test_a_field_is_read_by_the_name_that_writes_it(tag: str) -> None:
    """What was written under a name is read under it, also a value that no closed set of ours has."""
    value = "Something_New" if DESCRIBED[tag]["type"] == "string" else 7

    assert getattr(seen((tag, value)), NAMES[tag]) == value
    assert getattr(seen(), NAMES[tag]) is None


def test_a_value_of_another_type_is_none_and_stays_readable() -> None:
    """A field gives what its type says or nothing; what did arrive is among the values."""
    user = seen(("Tag_Profile_IM_Level", {"a": 1}))

    assert user.level is None
    assert user.values == {"Tag_Profile_IM_Level": {"a": 1}}


def test_custom_fields_are_read_by_keyword() -> None:
    """Custom fields come back under the keywords that wrote them, apart from the standard ones."""
    user = seen(("Tag_Profile_IM_Nick", "Joe"), ("Tag_Profile_Custom_Level", "7"))

    assert user.custom == {"Level": "7"}
    assert written(Profile(nick=user.nick, custom=user.custom)) == written(user.values)


def test_an_account_that_is_named_twice_failed_once() -> None:
    """Of an account that both lists name, the reason is told."""
    reply = GetProfilesReply(
        user_profile_item=[UserProfile(to_account="lumotuwe1", result_code=40006)], fail_account=["lumotuwe1"]
    )

    assert [(failure.about, failure.code) for failure in reply.failed] == [("lumotuwe1", 40006)]


def test_a_view_of_the_class_is_the_view() -> None:
    """On the class a field's view is itself, and knows its tag by the field of the same name."""
    assert {name: getattr(UserProfile, name).tag for name in NAMES.values()} == {
        name: tag for tag, name in NAMES.items()
    }
