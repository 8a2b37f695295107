"""Names and bounds: what a value is called on the wire, and that a bad one never gets there."""

import math
import re
from collections.abc import Callable
from typing import Annotated, Any, Literal, cast

import pytest
from attrs import NOTHING, field, frozen
from hypothesis import given
from hypothesis import strategies as st

from timrest_async import (
    AndroidInfo,
    ApnsInfo,
    Command,
    Custom,
    Face,
    HarmonyInfo,
    InputError,
    LiveActivity,
    Location,
    OfflinePushInfo,
    Relay,
    RelayedMessage,
    Text,
    TimSession,
    Wire,
)
from timrest_async._bounds import U32, Between, Bounded, Bytes, Finite, Items, Limit
from timrest_async._wire import Rest, Struct, reader_of, rest_fields, wire_fields
from timrest_async.commands._command import RawCommand
from timrest_async.commands.accounts import CheckAccounts, ImportAccount, ImportAccounts
from timrest_async.commands.group_messages import GroupAtInfo, SendGroupMessage, SendSystemNotification
from timrest_async.commands.groups import CreateGroup, InitialMember
from timrest_async.commands.messages import SendBatch, SendMessage
from timrest_async.testing import FakeClock, MemoryTransport

ALONE = "\ud800"
"""Half of a surrogate pair: a Python string that is no Unicode text."""

REPLY = {"ErrorCode": 0, "ActionStatus": "OK", "MsgTime": 1, "GroupId": "g1", "ResultItem": []}
"""A reply that every command here can read."""

MANY = [f"id{number}" for number in range(501)]

Made = Callable[[], Command[Any]]


def send(**fields: Any) -> Made:
    """A message to one account, with some fields otherwise."""
    return lambda: SendMessage(**{"to_account": "id1", "msg_body": "hi"} | fields)


def batch(**fields: Any) -> Made:
    """A message to many."""
    return lambda: SendBatch(**{"to_account": ["id1"], "msg_body": "hi"} | fields)


def group(**fields: Any) -> Made:
    """A message to a group."""
    return lambda: SendGroupMessage(**{"group_id": "g1", "msg_body": "hi"} | fields)


def create(**fields: Any) -> Made:
    """A new group."""
    return lambda: CreateGroup(**{"type": "Public", "name": "n"} | fields)


def pushed(**fields: Any) -> Made:
    """A message with push settings."""
    return lambda: SendMessage("id1", "hi", offline_push_info=OfflinePushInfo(**fields))


def android(**fields: Any) -> Made:
    """A message with settings for Android."""
    return lambda: SendMessage("id1", "hi", offline_push_info=OfflinePushInfo(android_info=AndroidInfo(**fields)))


def harmony(**fields: Any) -> Made:
    """A message with settings for HarmonyOS."""
    return lambda: SendMessage("id1", "hi", offline_push_info=OfflinePushInfo(harmony_info=HarmonyInfo(**fields)))


def activity(**fields: Any) -> Made:
    """A message with a live activity for iPhones."""

    def make() -> SendMessage:
        live = LiveActivity(event="end", content_state={}, **fields)
        return SendMessage("id1", "hi", offline_push_info=OfflinePushInfo(apns_info=ApnsInfo(live_activity=live)))

    return make


def relayed(**fields: Any) -> Made:
    """A message that forwards another."""
    default: dict[str, Any] = {
        "from_account": "a",
        "msg_seq": 1,
        "msg_random": 2,
        "msg_time_stamp": 3,
        "msg_body": "hi",
    }
    return lambda: SendMessage(
        "id1",
        Relay(
            title="t", msg_num=1, compatible_text="c", abstract_list=[], msg_list=[RelayedMessage(**default | fields)]
        ),
    )


def bundle(**fields: Any) -> Made:
    """A message that forwards several."""
    return lambda: SendMessage("id1", Relay(title="t", msg_num=1, compatible_text="c", abstract_list=[], **fields))


def raw(path: str, body: Any) -> Made:
    """Any command."""
    return lambda: RawCommand(path, body)


# What is wrong, how it is built, and what the error has to say.
BAD_INPUT: list[tuple[str, Made, str]] = [
    # -- bodies
    ("empty text", send(msg_body=""), "SendMessage.msg_body"),
    ("empty list", send(msg_body=[]), "SendMessage.msg_body"),
    ("empty tuple", group(msg_body=()), "SendGroupMessage.msg_body"),
    ("empty batch body", batch(msg_body=[]), "SendBatch.msg_body"),
    ("no body", send(msg_body=None), "message body"),
    ("bytes for a body", send(msg_body=b"hi"), "message body"),
    ("a number for a body", group(msg_body=5), "message body"),
    ("a dict for a body", send(msg_body={"MsgType": "TIMTextElem"}), "message body"),
    ("an element that is a string", send(msg_body=["hi"]), "'hi'"),
    ("an element that is a dict", send(msg_body=[Text("hi"), {"MsgType": "TIMTextElem"}]), "TIMTextElem"),
    ("an element that is a class", send(msg_body=[Text]), "Text"),
    ("a relayed message without elements", relayed(msg_body=[]), "RelayedMessage.msg_body"),
    # -- how long a message is kept
    ("below 0", send(msg_life_time=-1), "SendMessage.msg_life_time"),
    ("more than 7 days", send(msg_life_time=604_801), "SendMessage.msg_life_time"),
    ("true", send(msg_life_time=True), "SendMessage.msg_life_time"),
    ("text", send(msg_life_time="60"), "SendMessage.msg_life_time"),
    ("a fraction", send(msg_life_time=60.0), "SendMessage.msg_life_time"),
    ("not a number", send(msg_life_time=math.nan), "SendMessage.msg_life_time"),
    ("too long in a batch", batch(msg_life_time=604_801), "SendBatch.msg_life_time"),
    # -- 32 bits without a sign
    ("seq below 0", send(msg_seq=-1), "SendMessage.msg_seq"),
    ("seq of 33 bits", send(msg_seq=2**32), "SendMessage.msg_seq"),
    ("random below 0", send(msg_random=-1), "SendMessage.msg_random"),
    ("random of 33 bits", send(msg_random=2**32), "SendMessage.msg_random"),
    ("random as text", send(msg_random="7"), "SendMessage.msg_random"),
    ("random true", send(msg_random=True), "SendMessage.msg_random"),
    ("no random", send(msg_random=None), "SendMessage.msg_random"),
    ("random in a batch", batch(msg_random=2**32), "SendBatch.msg_random"),
    ("random in a group", group(random=2**32), "SendGroupMessage.random"),
    ("no random in a group", group(random=None), "SendGroupMessage.random"),
    ("seq of a relayed message", relayed(msg_seq=2**32), "RelayedMessage.msg_seq"),
    ("random of a relayed message", relayed(msg_random=-1), "RelayedMessage.msg_random"),
    # -- how many
    ("nobody in a batch", batch(to_account=[]), "SendBatch.to_account"),
    ("501 in a batch", batch(to_account=MANY), "SendBatch.to_account"),
    ("no receivers", batch(to_account=None), "SendBatch.to_account"),
    ("a number for receivers", batch(to_account=5), "SendBatch.to_account"),
    ("51 members", group(to_account=MANY[:51]), "SendGroupMessage.to_account"),
    ("31 mentions", group(group_at_info=[GroupAtInfo(group_at_all_flag=1)] * 31), "SendGroupMessage.group_at_info"),
    ("501 notified", lambda: SendSystemNotification("g1", "c", to_members_account=MANY), "to_members_account"),
    ("101 imported", lambda: ImportAccounts(MANY[:101]), "ImportAccounts.accounts"),
    ("none imported", lambda: ImportAccounts([]), "ImportAccounts.accounts"),
    ("neither form of import", ImportAccounts, "exactly one"),
    ("both forms of import", lambda: ImportAccounts(["a"], account_list=[]), "ImportAccounts"),
    ("101 checked", lambda: CheckAccounts(MANY[:101]), "CheckAccounts.check_item"),
    ("none checked", lambda: CheckAccounts([]), "CheckAccounts.check_item"),
    ("nobody checked", lambda: CheckAccounts([None]), "UserIdItem.user_id"),  # type: ignore[list-item]
    (
        "101 first members",
        create(member_list=[InitialMember(member_account="a")] * 101),
        "CreateGroup.member_list",
    ),
    # -- closed sets
    ("unknown priority", group(msg_priority="Urgent"), "SendGroupMessage.msg_priority"),
    ("priority in small letters", group(msg_priority="high"), "SendGroupMessage.msg_priority"),
    ("unknown kind of group", create(type="Secret"), "CreateGroup.type"),
    ("unknown callback", send(forbid_callback_control=["ForbidAll"]), "SendMessage.forbid_callback_control [0]"),
    ("a number for callbacks", send(forbid_callback_control=5), "SendMessage.forbid_callback_control"),
    (
        "second control unknown",
        send(send_msg_control=["NoUnread", "Loud"]),
        "SendMessage.send_msg_control [1]",
    ),
    ("sync 3", send(sync_other_machine=3), "SendMessage.sync_other_machine"),
    ("flag 2", send(online_only_flag=2), "SendMessage.online_only_flag"),
    ("flag as text", send(is_need_read_receipt="1"), "SendMessage.is_need_read_receipt"),
    ("negative flag", group(online_only_flag=-1), "SendGroupMessage.online_only_flag"),
    # -- ids
    ("no receiver", send(to_account=None), "SendMessage.to_account"),
    ("empty receiver", send(to_account=""), "SendMessage.to_account"),
    ("33 bytes", send(to_account="a" * 33), "SendMessage.to_account"),
    ("33 bytes in 11 signs", send(to_account="信" * 11), "SendMessage.to_account"),
    ("a number for an id", send(to_account=5), "SendMessage.to_account"),
    ("a list for one receiver", send(to_account=["id1"]), "SendMessage.to_account"),
    ("empty sender", send(from_account=""), "SendMessage.from_account"),
    ("33 bytes of sender", send(from_account="a" * 33), "SendMessage.from_account"),
    ("33 bytes in a batch", batch(to_account=["id1", "a" * 33]), "SendBatch.to_account [1]"),
    ("empty in a batch", batch(to_account=["id1", "id2", ""]), "SendBatch.to_account [2]"),
    ("none in a batch", batch(to_account=["id1", None]), "SendBatch.to_account [1]"),
    ("no group", group(group_id=None), "SendGroupMessage.group_id"),
    ("empty group", group(group_id=""), "SendGroupMessage.group_id"),
    ("49 bytes of group", group(group_id="g" * 49), "SendGroupMessage.group_id"),
    ("51 bytes of group in 17 signs", group(group_id="群" * 17), "SendGroupMessage.group_id"),
    ("97 bytes of topic", group(topic_id="t" * 97), "SendGroupMessage.topic_id"),
    ("99 bytes of topic in 33 signs", group(topic_id="题" * 33), "SendGroupMessage.topic_id"),
    ("empty topic", group(topic_id=""), "SendGroupMessage.topic_id"),
    ("33 bytes to import", lambda: ImportAccount("a" * 33), "ImportAccount.user_id"),
    ("33 bytes to check", lambda: CheckAccounts(["a" * 33]), "UserIdItem.user_id"),
    ("33 bytes of owner", create(owner_account="a" * 33), "CreateGroup.owner_account"),
    ("49 bytes of own group id", create(group_id="g" * 49), "CreateGroup.group_id"),
    # -- half surrogates
    ("half a sign in an id", send(to_account=ALONE), "SendMessage.to_account"),
    ("half a sign in an id of many", batch(to_account=["id1", ALONE]), "SendBatch.to_account [1]"),
    ("half a sign in a group", group(group_id=ALONE), "SendGroupMessage.group_id"),
    ("half a sign in a text", send(msg_body=f"hi {ALONE}"), "SendMessage cannot be written as JSON: MsgBody[0]"),
    (
        "half a sign in the second element",
        group(msg_body=[Text("hi"), Face(1, ALONE)]),
        "SendGroupMessage cannot be written as JSON: MsgBody[1].MsgContent.Data",
    ),
    ("half a sign in a push", pushed(desc=ALONE), "OfflinePushInfo.Desc"),
    ("half a sign in custom data", send(msg_body=Custom(ALONE)), "MsgBody[0].MsgContent.Data"),
    ("half a sign inside custom data", send(msg_body=Custom({"a": ALONE})), "Custom.data"),
    # -- numbers that JSON does not have
    ("latitude not a number", lambda: SendMessage("a", Location("x", math.nan, 1)), "Location.latitude"),
    ("latitude infinite", lambda: SendMessage("a", Location("x", math.inf, 1)), "Location.latitude"),
    ("longitude not a number", lambda: SendMessage("a", Location("x", 1, math.nan)), "Location.longitude"),
    ("longitude infinite", lambda: SendMessage("a", Location("x", 1, -math.inf)), "Location.longitude"),
    ("latitude as text", lambda: SendMessage("a", Location("x", "1", 1)), "Location.latitude"),  # type: ignore[arg-type]
    ("no latitude", lambda: SendMessage("a", Location("x", None, 1)), "Location.latitude"),  # type: ignore[arg-type]
    # -- what is no JSON
    ("an object", send(msg_body=Custom({"a": [1, {"b": object()}]})), "Custom.data cannot be written as JSON: a[1].b"),
    ("a set", send(msg_body=Custom({1, 2})), "Custom.data"),
    ("bytes", send(msg_body=Custom(b"x")), "Custom.data"),
    ("a number for a key", send(msg_body=Custom({1: 2})), "Custom.data"),
    ("65 bits", send(msg_body=Custom({"a": 2**64})), "Custom.data cannot be written as JSON: a"),
    ("5001 digits", raw("a/b", {"A": [10**5000]}), "RawCommand cannot be written as JSON: A[0]"),
    ("5001 digits in a field", send(msg_time_stamp=10**5000), "MsgTimeStamp"),
    ("5001 digits out of bounds", send(msg_life_time=10**5000), "SendMessage.msg_life_time"),
    ("5001 digits in an element", send(msg_body=Face(10**5000)), "MsgBody[0].MsgContent.Index"),
    ("400 digits of latitude", send(msg_body=Location("here", 10**400, 0)), "MsgBody[0].MsgContent.Latitude"),
    ("infinite", send(msg_body=Custom({"a": math.inf})), "Custom.data cannot be written as JSON: a"),
    ("not a number", send(msg_body=Custom([math.nan])), "Custom.data cannot be written as JSON: [0]"),
    ("a push parameter", pushed(push_template_param={"a": object()}), "OfflinePushInfo.PushTemplateParam.a"),
    ("a raw body", raw("a/b", {"A": [object()]}), "RawCommand cannot be written as JSON: A[0]"),
    # -- push
    ("badge 0", pushed(badge_add_num=0), "OfflinePushInfo.badge_add_num"),
    ("badge 100", pushed(badge_add_num=100), "OfflinePushInfo.badge_add_num"),
    ("badge 1000", pushed(badge_set_num=1000), "OfflinePushInfo.badge_set_num"),
    ("push settings as a dict", send(offline_push_info={"Desc": "x"}), "SendMessage"),
    ("push flag 2", pushed(push_flag=2), "OfflinePushInfo.push_flag"),
    ("push style 2", android(push_style=2), "AndroidInfo.push_style"),
    (
        "61 seconds of sound",
        harmony(sound_duration=61),
        "HarmonyInfo.sound_duration",
    ),
    (
        "65 bytes of live activity",
        activity(la_id="a" * 65),
        "LiveActivity.la_id",
    ),
    # -- one of two
    ("a bundle of nothing", bundle(), "Relay"),
    ("a bundle of both", bundle(msg_list=[], json_msg_key="k"), "Relay"),
    # -- raw
    ("no path", raw(cast("str", None), {}), "SERVICE/COMMAND"),
    ("no command", raw("sendmsg", {}), "'sendmsg'"),
    ("an address", raw("https://console.tim.qq.com/v4/a/b", {}), "SERVICE/COMMAND"),
    ("no object", raw("a/b", []), "the body of a"),
]

GOOD_INPUT: list[Made] = [
    send(msg_life_time=0),
    send(msg_life_time=604_800),
    send(msg_seq=0, msg_random=2**32 - 1),
    send(msg_seq=None),
    send(to_account="a" * 32, from_account="信" * 10),
    send(to_account="@TGS#a b/信?&"),
    batch(to_account=MANY[:500]),
    batch(to_account=("id1", "id2")),
    batch(to_account="id1"),
    group(group_id="g" * 48, topic_id="t" * 96),
    group(group_id="群" * 16, topic_id="题" * 32),
    group(to_account=MANY[:50]),
    group(msg_priority="Lowest"),
    group(online_only_flag=1),
    lambda: ImportAccounts(MANY[:100]),
    lambda: CheckAccounts(MANY[:100]),
    lambda: CheckAccounts("id1"),
    pushed(badge_add_num=99, badge_set_num=999),
    lambda: SendMessage("a", Location("x", 1, -180.0)),
]


@pytest.mark.parametrize(("make", "words"), [bad[1:] for bad in BAD_INPUT], ids=[bad[0] for bad in BAD_INPUT])
async def test_bad_input_fails_before_anything_is_sent(make: Made, words: str) -> None:
    """What the service would refuse is an InputError that names class and field, and no byte leaves."""
    clock, service = FakeClock(), MemoryTransport(REPLY)
    tim = TimSession(1400000000, secret_key="key", transport=service, clock=clock)

    with pytest.raises(InputError, match=re.escape(words)) as raised:
        await clock.run(tim.call(make()))

    assert service.calls == []
    assert raised.value.attempts == 0


@pytest.mark.parametrize("make", GOOD_INPUT)
async def test_input_at_its_bound_is_sent(make: Made) -> None:
    """The last value within a bound goes out."""
    clock, service = FakeClock(), MemoryTransport(REPLY)
    tim = TimSession(1400000000, secret_key="key", transport=service, clock=clock)

    await clock.run(tim.call(make()))

    assert len(service.calls) == 1


def test_a_long_value_does_not_drown_the_message() -> None:
    """Too many receivers are counted, not listed."""
    with pytest.raises(InputError) as raised:
        SendBatch(MANY, "hi")

    assert str(raised.value) == "SendBatch.to_account has to hold 1 to 500 items, not 501"


@frozen(kw_only=True)
class Everything(Bounded):
    """A class with every kind of annotation."""

    msg_life_time: int
    group_id: Annotated[str, Wire("GroupID")]
    from_account: Annotated[str | None, Wire("From_Account")] = None
    number: Annotated[int, Between(1, 3)] | None = None
    word: Literal["a", "b"] | None = None
    words: list[Literal["a", "b"]] = field(factory=list)
    names: Annotated[list[Annotated[str, Bytes(2)]] | None, Items(1, 2)] = None
    place: Annotated[float, Finite()] | None = None
    either: int | str | None = None
    drawn: U32 = field(factory=lambda: 7)
    hidden: Annotated[str, Wire(None)] = ""
    more: Annotated[dict[str, Any], Rest()] = field(factory=dict)


def test_names_follow_the_rule_unless_marked() -> None:
    """``msg_life_time`` is MsgLifeTime; a mark gives another name or none, and a rest has no name of its own."""
    assert {f.name: f.wire for f in wire_fields(Everything)} == {
        "msg_life_time": "MsgLifeTime",
        "group_id": "GroupID",
        "from_account": "From_Account",
        "number": "Number",
        "word": "Word",
        "words": "Words",
        "names": "Names",
        "place": "Place",
        "either": "Either",
        "drawn": "Drawn",
    }
    assert rest_fields(Everything) == ["more"]


def test_a_field_knows_whether_it_may_be_absent() -> None:
    """A field without a default is required, one that may be None optional, and one with a factory drawn."""
    fields = {f.name: f for f in wire_fields(Everything)}

    assert {name for name, f in fields.items() if f.required} == {"msg_life_time", "group_id"}
    assert {name for name, f in fields.items() if f.drawn} == {"words", "drawn"}
    assert {name for name, f in fields.items() if f.optional} == {
        "from_account",
        "number",
        "word",
        "names",
        "place",
        "either",
    }
    assert fields["group_id"].default is NOTHING


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"number": 0}, "Everything.number has to be a whole number from 1 to 3, not 0"),
        ({"word": "c"}, "Everything.word has to be one of 'a', 'b', not 'c'"),
        ({"words": ["a", "c"]}, "Everything.words [1] has to be one of 'a', 'b', not 'c'"),
        ({"names": []}, "Everything.names has to hold 1 to 2 items, not 0"),
        ({"names": ["abc"]}, "Everything.names [0] has to be 1 to 2 bytes long in UTF-8, not 3: 'abc'"),
        ({"names": "ab"}, "Everything.names has to be a list, not 'ab'"),
        ({"place": math.inf}, "Everything.place has to be a finite number, not inf"),
        ({"drawn": -1}, "Everything.drawn has to be a whole number from 0 to 4294967295, not -1"),
    ],
)
def test_a_bound_is_read_wherever_it_stands(fields: dict[str, Any], words: str) -> None:
    """Bounds hold in a union, in a list and beside another bound, and the message says what, where and why."""
    with pytest.raises(InputError) as raised:
        Everything(msg_life_time=1, group_id="g", **fields)

    assert str(raised.value) == words


def test_what_has_no_bound_is_let_through() -> None:
    """A union of two types has no bound, and None is no value to look at where it may stand."""
    made = Everything(msg_life_time=1, group_id="g", either="x", number=None, names=None)

    assert made.either == "x"


values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(0, 5),
    st.floats(),
    st.text(),
    st.text(alphabet="aé信\ud800", max_size=4),
    st.lists(st.integers() | st.text(max_size=3), max_size=4),
    st.dictionaries(st.text(max_size=1), st.integers(), max_size=1),
)


@pytest.mark.parametrize(
    "limit", [Between(0, 5), Between(1, 2**32 - 1), Bytes(3), Bytes(32), Items(0, 2), Items(1, 3), Finite()], ids=repr
)
@given(value=values)
def test_the_fast_answer_never_contradicts_the_slow_one(limit: Limit, value: Any) -> None:
    """Whatever the compiled expression lets through, the full check finds nothing to say about."""
    if eval(limit.fine("value"), {"value": value}):  # noqa: S307  # the expression is what is tested
        assert limit.complaint(value) is None


@given(text=st.text(max_size=40))
def test_an_id_is_measured_in_bytes(text: str) -> None:
    """An id is taken if and only if it has 1 to 32 bytes in UTF-8."""
    fits = 1 <= len(text.encode()) <= 32

    assert (Bytes(32).complaint(text) is None) is fits


@given(number=st.integers())
def test_a_range_is_exact(number: int) -> None:
    """A number is taken if and only if it is within the range."""
    assert (Between(0, 604_800).complaint(number) is None) is (0 <= number <= 604_800)


def test_a_class_without_bounds_needs_no_check() -> None:
    """A class that travels but is not Bounded takes any value."""

    @frozen
    class Loose(Struct):
        """Nothing to check."""

        name: str

    assert Loose("").name == ""


@frozen
class Mixed(Struct):
    """Something with named fields and two places for the rest."""

    group_id: str
    own: Annotated[str | None, Wire("Odd_Name")] = None
    first: Annotated[dict[str, Any], Rest()] = field(factory=dict[str, Any])
    second: Annotated[dict[str, Any], Rest()] = field(factory=dict[str, Any])


@pytest.mark.parametrize(
    ("value", "wire", "read"),
    [
        (Mixed("g"), "GroupId", "g"),
        (Mixed("g", "x"), "Odd_Name", "x"),
        (Mixed("g"), "Odd_Name", None),
        (Mixed("g"), "group_id", None),
        (Mixed("g", first={"A": 1}, second={"B": [2]}), "A", 1),
        (Mixed("g", first={"A": 1}, second={"B": [2]}), "B", [2]),
        (Mixed("g", first={"A": 1}, second={"B": [2]}), "C", None),
        (SendBatch(["a", "b"], "hi"), "To_Account", ["a", "b"]),
        (SendGroupMessage("@TGS#1", "hi"), "GroupId", "@TGS#1"),
        (RawCommand("a/b", {"GroupId": None}), "GroupId", None),
        (RawCommand("a/b", {"GroupId": {"odd": []}}), "GroupId", {"odd": []}),
        (RawCommand("a/b", {}), "path", None),
    ],
)
def test_what_travels_under_a_name_can_be_read_by_it(value: Any, wire: str, read: Any) -> None:
    """By its name on the wire, wherever it stands; what is not there is nothing."""
    assert reader_of(value.__class__, wire)(value) == read
