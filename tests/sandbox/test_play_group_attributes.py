"""Attributes and counters of groups in the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.conftest import GROUP, KEY, SDKAPPID
from tests.sandbox.heard import Heard
from tests.sandbox.samples import samples
from timrest_async.errors import explain
from timrest_async.sandbox import Application, Service
from timrest_async.sandbox.events import Event

if TYPE_CHECKING:
    from collections.abc import Callable

    from timrest_async import TimSession
    from timrest_async.sandbox import Sandbox, State
    from timrest_async.testing import FakeClock

    Post = Callable[..., dict[str, Any]]

SERVICE = "group_open_http_svc"
GET = "group_open_attr_http_svc/get_group_attr"
MODIFY = f"{SERVICE}/modify_group_attr"
SET = f"{SERVICE}/set_group_attr"
CLEAR = f"{SERVICE}/clear_group_attr"
DELETE = f"{SERVICE}/delete_group_attr"
COUNTERS = f"{SERVICE}/get_group_counter"
COUNT = f"{SERVICE}/update_group_counter"
FORGET = f"{SERVICE}/delete_group_counter"

LEFT_OUT = object()

GOOD: dict[str, dict[str, Any]] = {
    GET: {"GroupId": GROUP},
    MODIFY: {"GroupId": GROUP, "GroupAttr": [{"key": "theme", "value": "dark"}]},
    SET: {"GroupId": GROUP, "GroupAttr": [{"key": "theme", "value": "dark"}]},
    CLEAR: {"GroupId": GROUP},
    DELETE: {"GroupId": GROUP, "GroupAttr": [{"key": "here"}]},
    COUNTERS: {"GroupId": GROUP},
    COUNT: {"GroupId": GROUP, "GroupCounter": [{"Key": "likes", "Value": 1}]},
    FORGET: {"GroupId": GROUP},
}


@pytest.fixture
def ears() -> Heard:
    """Return an application that listens."""
    return Heard()


@pytest.fixture
def service(state: State, ears: Heard) -> Service:
    """Return a service that tells an application what happened."""
    return Service(Application(sdkappid=SDKAPPID, secret_key=KEY), state, ears)


def attributes(**values: str) -> dict[str, Any]:
    """Make a body with attributes."""
    return {"GroupId": GROUP, "GroupAttr": [{"key": key, "value": value} for key, value in values.items()]}


def numbered(count: int, size: int = 1) -> dict[str, Any]:
    """Make a body with so many attributes, each of so many bytes."""
    return attributes(**{f"key{number}": "v" * size for number in range(count)})


def counters(**values: int) -> dict[str, Any]:
    """Make a body with counters."""
    return {"GroupId": GROUP, "GroupCounter": [{"Key": key, "Value": value} for key, value in values.items()]}


def values_of(post: Post) -> dict[str, str]:
    """Return the attributes of the group."""
    return {item["key"]: item["value"] for item in post(GET, {"GroupId": GROUP})["GroupAttrAry"]}


async def test_the_life_of_attributes_and_counters(box: Sandbox, tim: TimSession, clock: FakeClock) -> None:
    """They are written, read, deleted one by one and all at once, and go with their group."""
    group_id = box.state.add_group("g", owner="alice").group_id
    await tim.groups.modify_attributes(group_id, {"theme": "dark", "mood": "good"})
    await tim.groups.modify_attributes(group_id, {"theme": "light"})
    assert (await tim.groups.get_attributes(group_id)).attributes == {"theme": "light", "mood": "good"}
    await tim.groups.delete_attributes(group_id, ["mood"])
    await tim.groups.set_attributes(group_id, {"pinned": "118"})
    assert (await tim.groups.get_attributes(group_id)).attributes == {"pinned": "118"}
    await tim.groups.clear_attributes(group_id)
    assert (await tim.groups.get_attributes(group_id)).attributes == {}

    written = await tim.groups.update_counters(group_id, {"likes": 7, "balance": -3}, mode="Set")
    assert written.counters == {"likes": 7, "balance": -3}
    assert (await tim.groups.update_counters(group_id, {"likes": 2}, mode="Increase")).counters == {"likes": 9}
    assert (await tim.groups.update_counters(group_id, {"new": 5}, mode="Decrease")).counters == {"new": -5}
    await tim.groups.delete_counters(group_id, ["likes", "gone"])
    assert (await tim.groups.get_counters(group_id)).counters == {"balance": -3, "new": -5}
    assert (await tim.groups.get_counters(group_id, ["new", "likes"])).counters == {"new": -5}
    await tim.groups.delete_counters(group_id)
    assert (await tim.groups.get_counters(group_id)).counters == {}

    await clock.advance(1)
    await tim.groups.set_attributes(group_id, {"theme": "dark"})
    await tim.groups.update_counters(group_id, {"likes": 1})
    await tim.groups.destroy(group_id)
    kept = box.state.export()
    assert kept["group_attributes"] == kept["group_counters"] == []


WRITES: list[tuple[dict[str, Any], int]] = [
    ({"GroupAttr": LEFT_OUT}, 10004),
    ({"GroupAttr": {"theme": "dark"}}, 10004),
    ({"GroupAttr": ["theme"]}, 10004),
    ({"GroupAttr": []}, 10004),
    ({"GroupAttr": [{"key": "theme"}]}, 10004),
    ({"GroupAttr": [{"Key": "theme", "Value": "dark"}]}, 10004),
    (attributes(theme=5), 10004),  # type: ignore[arg-type]  # that is the point
    ({"GroupAttr": [{"key": "", "value": "v"}]}, 10004),
    (attributes(**{"k" * 33: "v"}), 10045),
    (attributes(**{"色" * 11: "v"}), 10045),
    (attributes(k="v" * 4_001), 10046),
    (numbered(17), 10047),
    (numbered(5, 3_201), 10048),
]

BAD: list[tuple[str, dict[str, Any], int]] = [
    *((path, {"GroupId": LEFT_OUT}, 10004) for path in GOOD),
    *((path, {"GroupId": 5}, 10004) for path in GOOD),
    *((path, {"GroupId": "g" * 49}, 10015) for path in GOOD),
    *((path, {"GroupId": "@TGS#gone"}, 10010) for path in GOOD),
    *((path, {"GroupId": "@TGS#_community"}, 10007) for path in (CLEAR, COUNTERS, COUNT, FORGET)),
    *((path, changed, code) for path in (MODIFY, SET) for changed, code in WRITES),
    (MODIFY, numbered(16), 10047),
    (MODIFY, numbered(4, 4_000), 10048),
    (DELETE, {"GroupAttr": LEFT_OUT}, 10004),
    (DELETE, {"GroupAttr": []}, 10004),
    (DELETE, {"GroupAttr": ["here"]}, 10004),
    (DELETE, {"GroupAttr": [{"key": ""}]}, 10004),
    (DELETE, {"GroupAttr": [{"key": "k" * 33}]}, 10045),
    (DELETE, {"GroupAttr": [{"key": "gone"}]}, 10050),
    (DELETE, {"GroupAttr": [{"key": "here"}, {"key": "gone"}]}, 10050),
    (COUNTERS, {"GroupCounterKeys": "likes"}, 10004),
    (COUNTERS, {"GroupCounterKeys": [5]}, 10004),
    (COUNT, {"GroupCounter": LEFT_OUT}, 10004),
    (COUNT, {"GroupCounter": []}, 10004),
    (COUNT, {"GroupCounter": {"likes": 1}}, 10004),
    (COUNT, {"GroupCounter": [{"Key": "likes", "Value": "1"}]}, 10004),
    (COUNT, {"GroupCounter": [{"Key": "likes", "Value": 2**63}]}, 10004),
    (COUNT, counters(**{"": 1}), 10004),
    (COUNT, counters(**{"k" * 129: 1}), 10004),
    (COUNT, counters(**{f"key{number}": 1 for number in range(21)}), 10063),
    (COUNT, counters(**{f"key{number}": 1 for number in range(20)}), 10063),
    (COUNT, counters(full=1) | {"Mode": "Increase"}, 10004),
    (COUNT, {"Mode": "Add"}, 10004),
    (COUNT, {"Mode": 1}, 10004),
    (FORGET, {"GroupCounterKeys": "likes"}, 10004),
    (FORGET, {"GroupCounterKeys": []}, 10004),
]


def prepare(post: Post, state: State) -> None:
    """Put in a community, an attribute and a counter that cannot be raised."""
    state.add_group("@TGS#_community", group_type="Community")
    assert post(MODIFY, attributes(here="v"))["ErrorCode"] == 0
    assert post(COUNT, counters(full=2**63 - 1))["ErrorCode"] == 0


@pytest.mark.parametrize("path", GOOD)
def test_a_good_call_is_answered_ok(post: Post, state: State, path: str) -> None:
    """Each command takes a plain good body."""
    prepare(post, state)
    assert post(path, GOOD[path])["ErrorCode"] == 0


@pytest.mark.parametrize(("path", "changed", "code"), BAD)
def test_a_bad_field_is_refused(  # noqa: PLR0917  # a table
    post: Post, state: State, ears: Heard, path: str, changed: dict[str, Any], code: int
) -> None:
    """Each bad field has its documented code; nothing is done and nobody is told."""
    prepare(post, state)
    before, told = state.export(), list(ears.told)
    body = {name: value for name, value in (GOOD[path] | changed).items() if value is not LEFT_OUT}
    answer = post(path, body)
    assert (answer["ActionStatus"], answer["ErrorCode"]) == ("FAIL", code), answer
    assert answer["ErrorInfo"]
    assert state.export() == before
    assert ears.told == told


def test_every_code_that_is_answered_is_documented() -> None:
    """No test expects a code that the error table does not know."""
    assert not [code for _, _, code in BAD if explain(code).category == "unknown"]


@pytest.mark.parametrize("path", GOOD)
def test_the_samples_of_the_manual_are_accepted(post: Post, path: str) -> None:
    """Each sample is answered with the keys of the sample's answer, once what it speaks of is there."""
    request, reply = samples(path)
    post(MODIFY, attributes(theme="dark", pinned='{"seq": 118}'))
    post(COUNT, counters(likes=117, balance=-3))
    answer = post(path, request)
    assert answer["ErrorCode"] == 0, answer
    assert answer == reply


@pytest.mark.parametrize("group_type", ["Public", "Private", "ChatRoom", "AVChatRoom", "Community"])
def test_which_groups_know_what(post: Post, state: State, group_type: str) -> None:
    """A community's attributes cannot be cleared at once, and it has no counters."""
    state.add_group("g", group_type=group_type)
    codes = {path: post(path, GOOD[path] | {"GroupId": "g"})["ErrorCode"] for path in (SET, MODIFY, GET, CLEAR, COUNT)}
    assert {path for path, code in codes.items() if code == 10007} == (
        {CLEAR, COUNT} if group_type == "Community" else set()
    )


def test_what_is_full_can_still_be_changed(post: Post) -> None:
    """Limits count what there is afterwards."""
    assert post(SET, numbered(16))["ErrorCode"] == 0
    assert post(MODIFY, attributes(key0="another"))["ErrorCode"] == 0
    assert post(SET, numbered(4, 4_000))["ErrorCode"] == 0
    assert post(COUNT, counters(**{f"key{number}": 1 for number in range(20)}))["ErrorCode"] == 0
    assert post(COUNT, counters(key0=2))["ErrorCode"] == 0


async def test_attributes_are_written_five_times_a_second(post: Post, state: State, clock: FakeClock) -> None:
    """Whichever commands do it, and each group for itself; what is refused does not count."""
    prepare(post, state)
    assert post(DELETE, GOOD[DELETE] | {"GroupAttr": [{"key": "gone"}]})["ErrorCode"] == 10050
    writes = [post(path, GOOD[path])["ErrorCode"] for path in (DELETE, MODIFY, SET, CLEAR, MODIFY)]
    assert writes == [0, 0, 0, 0, 10049]
    assert values_of(post) == {}
    assert post(MODIFY, GOOD[MODIFY] | {"GroupId": "@TGS#_community"})["ErrorCode"] == 0
    await clock.advance(1)
    assert post(MODIFY, GOOD[MODIFY])["ErrorCode"] == 0


def test_your_application_hears_of_every_write(post: Post, ears: Heard) -> None:
    """It is told what was done, and with which attributes; counters are not told."""
    post(SET, attributes(a="1", b="2"))
    post(MODIFY, attributes(a="3"))
    post(DELETE, {"GroupId": GROUP, "GroupAttr": [{"key": "a"}, {"key": "a"}]})
    post(CLEAR, {"GroupId": GROUP})
    post(COUNT, counters(likes=1))
    common = {"GroupId": GROUP, "Type": "Public", "Operator_Account": "administrator"}
    written: list[tuple[str, list[dict[str, str]]]] = [
        ("set", [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]),
        ("modify", [{"key": "a", "value": "3"}]),
        ("delete", [{"key": "a", "value": ""}]),
        ("clear", []),
    ]
    assert ears.told == [
        Event(
            "Group.CallbackAfterGroupAttrChanged",
            common | {"OptionType": option, "GroupAttr": group_attr},
        )
        for option, group_attr in written
    ]


def test_the_last_of_two_values_stays(post: Post) -> None:
    """A name that is given twice stands once."""
    post(MODIFY, {"GroupId": GROUP, "GroupAttr": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]})
    assert values_of(post) == {"a": "2"}
    twice = {"GroupId": GROUP, "GroupCounter": [{"Key": "a", "Value": 1}] * 2, "Mode": "Increase"}
    assert post(COUNT, twice)["GroupCounter"] == [{"Key": "a", "Value": 2}]


@pytest.mark.parametrize(("mode", "value"), [(None, 5), ("Set", 5), ("Increase", 15), ("Decrease", 5)])
def test_a_counter_is_set_raised_or_lowered(post: Post, mode: str | None, value: int) -> None:
    """Who gives no Mode sets it; a value may be negative."""
    post(COUNT, counters(likes=10))
    assert post(COUNT, counters(likes=5) | {"Mode": mode})["GroupCounter"] == [{"Key": "likes", "Value": value}]
    lowest = post(COUNT, counters(likes=-(2**63)))
    assert lowest["GroupCounter"] == [{"Key": "likes", "Value": -(2**63)}]
