"""What pushes offer beyond what every command does."""

from collections.abc import Callable
from typing import Any

import pytest

from timrest_async import InputError, OfflinePushInfo, RetryPolicy, Text, TimSession, TransportError
from timrest_async._codec import write
from timrest_async.commands.push import (
    AddTags,
    ImAddTags,
    ImPush,
    ImRemoveAttrs,
    ImSetAttrs,
    PushCondition,
    PushError,
    PushToAll,
    PushToMany,
    RemoveAttrs,
    SetAttrs,
    UserAttrNames,
    UserAttrs,
    UserTags,
)
from timrest_async.testing import Answer, Call, FakeClock, MemoryTransport


def session(*answers: Answer) -> tuple[TimSession, MemoryTransport]:
    """A session that tries once, and its service."""
    service, once = MemoryTransport(*answers), RetryPolicy(attempts=1)
    return TimSession(1400000000, secret_key="key", transport=service, clock=FakeClock(), retry=once), service


# -- who gets a push


@pytest.mark.parametrize(
    ("condition", "sent"),
    [
        (PushCondition(tags_or="a"), {"TagsOr": ["a"]}),
        (PushCondition(tags_and=("a", "b"), tags_not={"c"}), {"TagsAnd": ["a", "b"], "TagsNot": ["c"]}),
        (PushCondition(tags_or=["a"], tags_and=["b"]), {"TagsOr": ["a"], "TagsAnd": ["b"]}),
        (PushCondition(tags_not="c"), {"TagsNot": ["c"]}),
        (PushCondition(attrs_or={"sex": "male"}), {"AttrsOr": {"sex": "male"}}),
        (PushCondition(attrs_and={"sex": "male", "age": "7"}), {"AttrsAnd": {"sex": "male", "age": "7"}}),
    ],
)
def test_a_condition_takes_tags_or_attributes(condition: PushCondition, sent: dict[str, Any]) -> None:
    """A tag may stand alone, and several may come from anything."""
    assert write(condition) == sent


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({}, "takes tags or attributes; leave the condition out"),
        ({"attrs_or": {}}, "takes tags or attributes; leave the condition out"),
        ({"tags_not": []}, "takes tags or attributes; leave the condition out"),
        ({"tags_or": "a", "attrs_and": {"sex": "male"}}, "takes tags or attributes, not both"),
        ({"tags_and": "a", "attrs_or": {"sex": "male"}}, "takes tags or attributes, not both"),
    ],
)
def test_a_condition_that_makes_no_sense_is_refused(given: dict[str, Any], complaint: str) -> None:
    """Tags beside attributes, and what leaves nobody out: that would be a push to everybody."""
    with pytest.raises(InputError, match=f"^PushCondition {complaint}"):
        PushCondition(**given)


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("tags_or", [], "1 to 10 items, not 0"),
        ("tags_and", [f"tag{number}" for number in range(11)], "1 to 10 items, not 11"),
        ("tags_or", ["a", "好" * 17], r"\[1\] has to be 1 to 50 bytes long in UTF-8, not 51"),
        ("tags_and", [""], r"\[0\] has to be 1 to 50 bytes"),
        ("tags_not", 7, "has to be a list, not 7"),
        ("attrs_or", ["sex"], "has to be a dict"),
        ("attrs_and", "sex", "has to be a dict"),
    ],
)
def test_a_condition_has_bounds_beside_its_rule(name: str, value: Any, complaint: str) -> None:
    """They are checked first, and the complaint names the field."""
    with pytest.raises(InputError, match=rf"^PushCondition\.{name} .*{complaint}"):
        PushCondition(**{name: value})


# -- what is pushed


def test_a_text_is_a_message() -> None:
    """A body is given as with any message; a timpush one may have none."""
    assert ImPush("hi").msg_body == PushToAll("admin", msg_body="hi").msg_body == [Text("hi")]
    assert PushToAll("admin").msg_body is None
    with pytest.raises(InputError, match=r"^a message body is a string, .* not 7$"):
        PushToAll("admin", msg_body=7)  # type: ignore[arg-type]


def test_a_push_to_many_takes_one_too() -> None:
    """A single account may stand alone; there are no more than 500."""
    info = OfflinePushInfo(title="x")

    assert PushToMany("admin", "id1", offline_push_info=info).to_account == ["id1"]
    with pytest.raises(InputError, match=r"^PushToMany\.to_account has to hold 1 to 500 items, not 501$"):
        PushToMany("admin", map(str, range(501)), offline_push_info=info)
    with pytest.raises(InputError, match=r"^PushToMany\.offline_push_info"):
        PushToMany("admin", "id1", offline_push_info={"Title": "x"})  # type: ignore[arg-type]


# -- accounts, and what belongs to them


@pytest.mark.parametrize("command", [ImSetAttrs, SetAttrs])
@pytest.mark.parametrize(
    "given",
    [
        {"id1": {"sex": "male"}, "id2": {}},
        [UserAttrs("id1", {"sex": "male"}), UserAttrs("id2")],
        (("id1", {"sex": "male"}), ("id2", {})),
        {"id1": {"sex": "male"}, "id2": {}}.items(),
        [("id1", {"sex": "male"}), UserAttrs("id2")],
    ],
    ids=["mapping", "objects", "pairs", "items", "both"],
)
def test_attributes_are_given_in_several_ways(command: Callable[[Any], ImSetAttrs], given: Any) -> None:
    """A mapping, pairs and objects say the same."""
    assert command(given).user_attrs == [UserAttrs("id1", {"sex": "male"}), UserAttrs("id2", {})]


@pytest.mark.parametrize("command", [ImRemoveAttrs, RemoveAttrs])
@pytest.mark.parametrize(
    "given", [{"id1": "sex"}, {"id1": ["sex"]}, [("id1", ("sex",))], [UserAttrNames("id1", "sex")]]
)
def test_names_of_attributes_are_given_in_several_ways(command: Callable[[Any], ImRemoveAttrs], given: Any) -> None:
    """And a single name may stand alone."""
    assert command(given).user_attrs == [UserAttrNames("id1", ["sex"])]


@pytest.mark.parametrize(
    "given",
    [
        {"id1": "a", "id2": ("a", "b")},
        [("id1", {"a"}), UserTags("id2", ["a", "b"])],
        {"id1": ["a"], "id2": dict.fromkeys("ab").keys()},
    ],
)
def test_tags_are_given_in_several_ways(given: Any) -> None:
    """And a single tag may stand alone."""
    assert ImAddTags(given).user_tags == [UserTags("id1", ["a"]), UserTags("id2", ["a", "b"])]


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("id1", r"AddTags\.user_tags has to be a list, not 'id1'"),
        (5, r"AddTags\.user_tags has to be a list, not 5"),
        (None, r"AddTags\.user_tags has to be a list, not None"),
        ({}, r"AddTags\.user_tags has to hold 1 to 100 items, not 0"),
        (dict.fromkeys(map(str, range(101)), "a"), r"AddTags\.user_tags has to hold 1 to 100 items, not 101"),
        (["id1"], r"AddTags\.user_tags \[0\] has to be UserTags, not 'id1'"),
        ([("id1",)], r"AddTags\.user_tags \[0\] has to be UserTags, not \('id1',\)"),
        ([("id1", "a"), ("id2", "a", "b")], r"AddTags\.user_tags \[1\] has to be UserTags"),
        ([UserAttrNames("id1", "a")], r"AddTags\.user_tags \[0\] has to be UserTags, not UserAttrNames"),
        ({"id1": 7}, r"UserTags\.tags has to be a list, not 7"),
        ({"id1": ["a", 7]}, r"UserTags\.tags \[1\] has to be a string, not 7"),
        ({7: "a"}, r"UserTags\.to_account has to be a string, not 7"),
    ],
)
def test_what_is_no_account_with_tags_is_refused_by_name(given: Any, complaint: str) -> None:
    """The complaint says what was given in place of what."""
    with pytest.raises(InputError, match=f"^{complaint}"):
        AddTags(given)


def test_an_attribute_is_a_name_with_a_value() -> None:
    """A name alone is none."""
    with pytest.raises(InputError, match=r"^UserAttrs\.attributes has to be a dict, not 'sex'$"):
        SetAttrs({"id1": "sex"})  # type: ignore[arg-type]


# -- what the service answers


@pytest.mark.parametrize("method", ["im_get_attrs", "get_attrs"])
async def test_attributes_come_by_account(method: str) -> None:
    """An account without any has an empty dict, whatever the service writes in its place."""
    users = [
        {"To_Account": "id1", "Attrs": {"sex": "male"}},
        {"To_Account": "id2", "Attrs": None},
        {"To_Account": "id3"},
    ]
    tim, _ = session({"ErrorCode": 0, "UserAttrs": users})
    reply = await getattr(tim.push, method)(["id1", "id2", "id3"])

    assert reply.attrs == {"id1": {"sex": "male"}, "id2": {}, "id3": {}}
    assert (reply.failed, reply.succeeded) == ([], ["id1", "id2", "id3"])


@pytest.mark.parametrize("method", ["im_get_tags", "get_tags"])
async def test_tags_come_by_account(method: str) -> None:
    """An account without any has an empty list, whatever the service writes in its place."""
    users = [{"To_Account": "id1", "Tags": ["a", "b"]}, {"To_Account": "id2", "Tags": None}, {"To_Account": "id3"}]
    tim, _ = session({"ErrorCode": 0, "UserTags": users})
    reply = await getattr(tim.push, method)(["id1", "id2", "id3"])

    assert reply.tags == {"id1": ["a", "b"], "id2": [], "id3": []}
    assert (reply.failed, reply.succeeded) == ([], ["id1", "id2", "id3"])


async def test_accounts_that_could_not_be_read_have_failed() -> None:
    """With the reason as far as it is known, and the code's meaning; the others have their attributes."""
    tim, _ = session(
        {
            "ErrorCode": 0,
            "UserAttrs": [{"To_Account": "id1", "Attrs": {"sex": "male"}}],
            "ErrorList": [{"To_Account": "id2", "ErrorCode": 70107}, {"To_Account": "id3", "ErrorInfo": "busy"}],
        }
    )
    reply = await tim.push.get_attrs(["id1", "id2", "id3"])

    assert (reply.attrs, reply.succeeded) == ({"id1": {"sex": "male"}}, ["id1"])
    assert [(one.about, one.code, one.info) for one in reply.failed] == [("id2", 70107, ""), ("id3", None, "busy")]
    assert [one.ok for one in reply.error_list] == [False, False]
    assert str(reply.failed[0]).startswith("'id2': 70107 ")
    assert PushError(to_account="id4").failure == PushError(to_account="id4", error_info="").failure


# -- more accounts than fit into a call


def accounts_in(call: Call) -> list[str]:
    """Whom a call is about."""
    (listed,) = [value for key, value in call.json.items() if key in {"To_Account", "UserTags", "UserAttrs"}]
    return [one if isinstance(one, str) else one["To_Account"] for one in listed]


EVERYBODY = [f"id{number}" for number in range(250)]


@pytest.mark.parametrize(
    ("method", "given"),
    [
        *(
            (f"{form}{what}_tags_all", {one: ["a"] for one in EVERYBODY})
            for form in ("", "im_")
            for what in ("add", "remove")
        ),
        *((f"{form}set_attrs_all", {one: {"sex": "male"} for one in EVERYBODY}) for form in ("", "im_")),
        *((f"{form}remove_attrs_all", {one: ["sex"] for one in EVERYBODY}) for form in ("", "im_")),
        *((f"{form}{what}_all", EVERYBODY) for form in ("", "im_") for what in ("get_tags", "get_attrs", "clear_tags")),
    ],
)
async def test_250_accounts_are_three_calls(method: str, given: Any) -> None:
    """Each account is in one of them, with what was given for it, also where that was a mapping."""
    tim, service = session(*[{"ErrorCode": 0}] * 3)
    reply = await getattr(tim.push, method)(given)

    assert sorted(len(accounts_in(call)) for call in service.calls) == [50, 100, 100]
    assert sorted(one for call in service.calls for one in accounts_in(call)) == sorted(EVERYBODY)
    assert len({call.path for call in service.calls}) == 1
    assert (reply.succeeded, reply.failed) == (EVERYBODY, [])
    if isinstance(given, dict):
        (key,) = service.calls[0].json
        parts = [one for call in service.calls for one in call.json[key]]
        assert {one.pop("To_Account"): one.popitem()[1] for one in parts} == given


async def test_what_the_parts_answer_is_one_reply() -> None:
    """Options go with every part; failures of accounts and of a whole part stand side by side."""

    def answer(call: Call) -> dict[str, Any]:
        assert call.json["Replace"] == 1
        if "id100" in accounts_in(call):
            raise TransportError(call.path, "cut off")
        return {"ErrorCode": 0, "ErrorList": [{"To_Account": accounts_in(call)[0], "ErrorCode": 90035}]}

    tim, _ = session(answer, answer, answer)
    reply = await tim.push.add_tags_all({one: ["a"] for one in EVERYBODY}, replace=1)

    assert {one.about: one.code for one in reply.failed} == {
        "id0": 90035,
        "id200": 90035,
        **dict.fromkeys(EVERYBODY[100:200]),
    }
    assert reply.succeeded == EVERYBODY[1:100] + EVERYBODY[201:]


async def test_attributes_of_many_come_in_one_dict() -> None:
    """As if it had been one call."""

    def answer(call: Call) -> dict[str, Any]:
        return {"ErrorCode": 0, "UserAttrs": [{"To_Account": one, "Attrs": {"nr": one}} for one in accounts_in(call)]}

    tim, _ = session(answer, answer, answer)
    reply = await tim.push.get_attrs_all(EVERYBODY)

    assert reply.attrs == {one: {"nr": one} for one in EVERYBODY}


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({**dict.fromkeys(EVERYBODY, "a"), "id7": 7}, r"UserTags\.tags has to be a list, not 7"),
        ([*dict.fromkeys(EVERYBODY, "a").items(), (7, "a")], r"UserTags\.to_account has to be a string, not 7"),
        ("id1", r"AddTags\.user_tags .* not 'id1'"),
    ],
)
async def test_what_is_wrong_anywhere_sends_nothing(given: Any, complaint: str) -> None:
    """Every part is made before the first goes out."""
    tim, service = session()
    with pytest.raises(InputError, match=f"^{complaint}"):
        await tim.push.add_tags_all(given)
    assert service.calls == []
