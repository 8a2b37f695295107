"""Laws that hold for whatever a caller, a service or a stranger may write."""

from __future__ import annotations

import base64
import inspect
import json
import math
import pickle
import pkgutil
import re
import zlib
from contextlib import nullcontext, suppress
from importlib import import_module
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

import attrs
import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from timrest_async import (
    ApiError,
    Command,
    Custom,
    DecodeError,
    Element,
    InputError,
    RetryPolicy,
    Text,
    TimError,
    TimSession,
    TransportError,
    Unknown,
    UserSigError,
    commands,
    elements,
)
from timrest_async._bounds import Between, Bytes, Items
from timrest_async._codec import decode, encode, read, write
from timrest_async._wire import Struct, WireField, wire_fields
from timrest_async.commands._command import RawCommand
from timrest_async.commands.messages import SendMessage
from timrest_async.commands.operations import GetHistory
from timrest_async.commands.robots import CreateRobot
from timrest_async.sandbox import Sandbox
from timrest_async.testing import FakeClock, MemoryTransport
from timrest_async.usersig import DAY, UserSig, read_usersig, sign, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SAMPLES = Path(__file__).parent / "samples"
START = 1_546_300_800
SHORT = 2000
"""No error says more than this many characters, whatever caused it."""

few = settings(max_examples=10, deadline=None, derandomize=True)
some = settings(max_examples=25, deadline=None, derandomize=True)
many = settings(max_examples=400, deadline=None, derandomize=True)


def travelling(module: Any) -> list[type[Any]]:
    """The classes of a module that travel, without those that only others derive from."""
    classes = [cls for _, cls in inspect.getmembers(module, inspect.isclass) if cls.__module__ == module.__name__]
    return [cls for cls in classes if issubclass(cls, Struct) and attrs.has(cls) and not cls.__name__.startswith("_")]


DOMAINS = [
    import_module(f"{commands.__name__}.{module.name}")
    for module in pkgutil.iter_modules(commands.__path__)
    if not module.name.startswith("_")
]
COMMANDS: list[type[Command[Any]]] = [
    cls for domain in DOMAINS for cls in travelling(domain) if issubclass(cls, Command)
]
PARTS: list[type[Struct]] = [*travelling(elements), *(cls for domain in DOMAINS for cls in travelling(domain))]
ELEMENTS: list[type[Element]] = [cls for cls in travelling(elements) if issubclass(cls, Element)]
KNOWN = {cls.msg_type for cls in ELEMENTS if cls is not Unknown}


def sample(cls: type[Command[Any]]) -> Command[Any]:
    """The command that the sample request shows."""
    file = SAMPLES / f"{cls.path.replace('/', '.')}.request.json"
    return read(json.loads(file.read_text(encoding="utf-8")), cls)


def outcome_of(call: Callable[[], Any]) -> Any:
    """What a call returns, or the error of ours that it raises."""
    try:
        return call()
    except TimError as error:
        return error


# -- values that a caller may write, by the annotations

texts = st.text(max_size=20)
whole = st.integers(-(2**63), 2**64 - 1)
finite = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | whole | finite | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def of_bytes(most: int) -> st.SearchStrategy[str]:
    """Texts of 1 to *most* bytes in UTF-8, up to the last one."""
    cut = st.text(min_size=1, max_size=most).map(lambda text: text.encode()[:most].decode(errors="ignore"))
    return cut.filter(bool)


WHATEVER = {
    (CreateRobot, "user_id"): of_bytes(27).map("@RBT#{}".format),
    (GetHistory, "msg_time"): st.datetimes().map("{:%Y%m%d%H}".format).filter(lambda hour: len(hour) == 10),
    (Custom, "data"): texts,
    (Unknown, "msg_type"): texts.filter(lambda name: name not in KNOWN),
    (Unknown, "msg_content"): json_values,
}
"""Fields whose annotations do not say what comes back as it was."""


def values_of(hint: Any) -> st.SearchStrategy[Any]:  # noqa: PLR0911  # one line for each kind of annotation
    """Values that an annotation allows."""
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return next((_bounded(mark, inside[0]) for mark in inside[1:] if type(mark) in _BOUNDS), values_of(inside[0]))
    if origin in {Union, UnionType}:
        return st.one_of(*(values_of(member) for member in inside))
    if origin is Literal:
        return st.sampled_from(inside)
    if origin is list:
        return st.lists(values_of(inside[0]), max_size=2)
    if origin is dict:
        return st.dictionaries(texts, values_of(inside[1]), max_size=2)
    if hint in _PLAIN:
        return _PLAIN[hint]
    return objects_of(hint)


def _bounded(mark: Any, hint: Any) -> st.SearchStrategy[Any]:
    values: st.SearchStrategy[Any] = _BOUNDS[type(mark)](mark, hint)
    return st.none() | values if NoneType in get_args(hint) else values


def _items(mark: Items, hint: Any) -> st.SearchStrategy[Any]:
    lists = [member for member in (hint, *get_args(hint)) if get_origin(member) is list]
    return st.lists(values_of(get_args(lists[0])[0]), min_size=mark.least, max_size=mark.least + 2)


_BOUNDS: dict[type, Any] = {
    Between: lambda mark, _: st.integers(mark.low, mark.high),
    Bytes: lambda mark, _: of_bytes(mark.most),
    Items: _items,
}


def objects_of(cls: type[Any]) -> st.SearchStrategy[Any]:
    """Objects of a class, with any of the fields that may be left out."""
    return _OBJECTS.setdefault(cls, st.deferred(lambda: _objects_of(cls)))


_OBJECTS: dict[type[Any], st.SearchStrategy[Any]] = {}


def _objects_of(cls: type[Any]) -> st.SearchStrategy[Any]:
    if cls is Element:
        return st.one_of(*map(objects_of, ELEMENTS))
    fields = {field: WHATEVER.get((cls, field.name), values_of(field.type)) for field in wire_fields(cls)}
    required = {field.name: values for field, values in fields.items() if field.required or field.drawn}
    optional = {field.name: values for field, values in fields.items() if field.name not in required}
    return st.fixed_dictionaries(required, optional=optional).map(lambda given: _made(cls, given))


def _made(cls: type[Any], given: dict[str, Any]) -> Any:
    try:
        return cls(**given)
    except InputError:
        reject()  # two fields that exclude each other


_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: texts,
    int: whole,
    bool: st.booleans(),
    float: finite,
    NoneType: st.none(),
    Any: json_values,
}


# -- what goes out


def kept(value: Any, back: Any) -> Any:
    """What came *back*, without the numbers that were drawn on reading because *value* leaves them out."""
    unset = {
        field.name: None for field in wire_fields(type(value)) if field.drawn and getattr(value, field.name) is None
    }
    return attrs.evolve(back, **unset) if unset else back


@pytest.mark.parametrize("cls", [cls for cls in PARTS if not issubclass(cls, Command)])
def test_what_is_written_is_json_and_is_read_back(cls: type[Struct]) -> None:
    """Whatever an element, a setting or a reply holds, it travels as JSON and comes back equal."""

    @some
    @given(objects_of(cls))
    def check(value: Struct) -> None:
        plain = json.loads(json.dumps(write(value), allow_nan=False))

        assert read(plain, Element if isinstance(value, Element) else cls) == value

    check()


@pytest.mark.parametrize("cls", COMMANDS)
def test_a_command_is_one_object_of_what_was_given(cls: type[Command[Any]]) -> None:
    """A command's bytes are one JSON object with what is not ``None`` and nothing else, and are read as the same."""

    @some
    @given(objects_of(cls))
    def check(command: Command[Any]) -> None:
        content = encode(command)
        body = json.loads(content)

        given = {field.wire for field in wire_fields(cls) if getattr(command, field.name) is not None}
        assert body.keys() == given
        assert kept(command, read(body, cls)) == command
        assert encode(command) == content

    check()


# -- numbers and values that JSON has not

ENDLESS = [math.nan, math.inf, -math.inf]
TOO_LONG = [2**64, -(2**63) - 1, 10**30]
steps = st.lists(st.integers(0, 3) | st.sampled_from(["A", "To_Account", "键"]), max_size=6)


def within(step: int | str, value: Any) -> Any:
    """A list or an object that holds a value at one place."""
    return {step: value} if isinstance(step, str) else [0] * step + [value]


@many
@given(steps, st.sampled_from([*ENDLESS, *TOO_LONG, {1, 2}, b"bytes", object(), "\ud800", 1j, 10**5000]))
def test_what_json_has_not_is_refused_by_its_place(path: list[int | str], culprit: Any) -> None:
    """NaN, infinity, more than 64 bits, half a sign or no JSON at all is an InputError that says where it stands."""
    value, place = culprit, ""
    for step in reversed(path):
        value = within(step, value)
        place = f"{f'.{step}' if isinstance(step, str) else f'[{step}]'}{place}"

    with pytest.raises(InputError) as raised:
        encode(RawCommand("a/b", {"Body": value}))

    assert f"Body{place}: " in str(raised.value)
    assert len(str(raised.value)) < SHORT


def encoded(value: Command[Any] | Element) -> bytes:
    """The bytes of a command, or of a message that holds an element."""
    return encode(value if isinstance(value, Command) else SendMessage("id1", value))


def is_number(hint: Any) -> bool:
    """Whether an annotation stands for a number, which may be left out."""
    return hint in {int, float} or (get_origin(hint) is not dict and any(map(is_number, get_args(hint))))


NUMBERS = [
    pytest.param(cls, field, id=f"{cls.__name__}.{field.name}")
    for cls in [*COMMANDS, *ELEMENTS]
    for field in wire_fields(cls)
    if is_number(field.type)
]


@pytest.mark.parametrize(("cls", "field"), NUMBERS)
def test_a_number_that_json_has_not_is_refused_by_its_field(cls: type[Any], field: WireField) -> None:
    """NaN, infinity and more than 64 bits in any number of any command or element is an InputError that names it."""
    values = st.just(sample(cls)) if issubclass(cls, Command) else objects_of(cls)

    @few
    @given(values, st.sampled_from([*ENDLESS, *TOO_LONG]))
    def check(value: Any, number: float) -> None:
        error = outcome_of(lambda: encoded(attrs.evolve(value, **{field.name: number})))

        assert isinstance(error, InputError)
        assert {field.name, field.wire} & set(re.findall(r"\w+", str(error)))

    check()


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=5)
    | st.binary(max_size=5)
    | st.dates()
    | st.decimals()
    | st.builds(object),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.frozensets(st.integers(), max_size=2)
        | st.dictionaries(st.text(max_size=3) | st.integers() | st.none(), inner, max_size=3)
    ),
    max_leaves=8,
)


@many
@given(st.dictionaries(st.text(st.characters(), max_size=3), anything, max_size=3))
def test_a_raw_body_is_written_or_refused(body: dict[str, Any]) -> None:
    """Any Python value in a raw body travels as one JSON object, or is an InputError of a few words."""
    outcome = outcome_of(lambda: encode(RawCommand("a/b", body)))

    if isinstance(outcome, bytes):
        assert json.loads(outcome).keys() == body.keys()
    else:
        assert isinstance(outcome, InputError)
        assert len(str(outcome)) < SHORT


@many
@given(st.dictionaries(texts, json_values, max_size=4))
def test_a_raw_body_of_json_travels_as_it_is(body: dict[str, Any]) -> None:
    """What JSON can carry arrives as the same."""
    assert json.loads(encode(RawCommand("a/b", body))) == body


# -- what comes back


ASKED = [pytest.param(sample(cls), id=cls.__name__) for cls in COMMANDS]
ASKED.append(pytest.param(RawCommand("openim/querystate", {}), id="RawCommand"))

long_texts = st.text(min_size=1, max_size=5).map(lambda text: text * 2000)
long_lists = st.lists(whole | texts, min_size=1, max_size=3).map(lambda values: values * 2000)
junk = (
    json_values | long_texts | long_lists | st.sampled_from(["", "0", "1.5", "9" * 5000, 1e308, True, [[]], {"": {}}])
)


def classes_in(hint: Any) -> Iterator[type[Struct]]:
    """The classes that travel inside an annotation."""
    if inspect.isclass(hint) and issubclass(hint, Struct):
        yield hint
    for part in get_args(hint):
        yield from classes_in(part)


def said_for(hint: Any) -> st.SearchStrategy[Any]:
    """What a service may write where an annotation stands: what it promises, nearly that, or something else."""
    for cls in classes_in(hint):
        return st.lists(element_said if cls is Element else said_as(cls) | junk, max_size=3) | junk
    return values_of(hint) | junk


element_said = st.fixed_dictionaries({"MsgType": st.sampled_from(sorted(KNOWN)) | junk}, optional={"MsgContent": junk})


def said_as(cls: Any, **more: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with any of the keys of a class, each with any value."""
    named = {field.wire: said_for(field.type) for field in wire_fields(cls)} if attrs.has(cls) else {}
    return st.fixed_dictionaries({}, optional=named | more)


def answers_to(command: Command[Any]) -> st.SearchStrategy[bytes]:
    """Bytes that may come back: noise, JSON of any kind, and answers with anything in any place."""
    codes = st.just(0) | st.sampled_from([0, "0", 0.0, 20003, 10002, 60007, -1, "20003", "00"]) | whole | finite | junk
    answers = said_as(command.reply, ErrorCode=codes, ErrorInfo=junk, RequestId=junk)
    successes = said_as(command.reply).map(lambda fields: {**fields, "ErrorCode": 0})
    return st.binary(max_size=60) | (json_values | answers | successes).map(lambda value: json.dumps(value).encode())


def fits(value: Any, hint: Any) -> bool:  # noqa: PLR0911  # one line for each kind of annotation
    """Whether a value is what an annotation says."""
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return fits(value, inside[0])
    if origin in {Union, UnionType}:
        return any(fits(value, member) for member in inside)
    if origin is list:
        return type(value) is list and all(fits(item, inside[0]) for item in value)
    if origin is dict:
        return type(value) is dict and all(fits(item, inside[1]) for item in value.values())
    if hint is Any:
        return True
    if inspect.isclass(hint) and issubclass(hint, Element):
        return isinstance(value, hint)
    if attrs.has(hint):
        return type(value) is hint and all(fits(getattr(value, f.name), f.type) for f in wire_fields(hint))
    return type(value) is hint


@pytest.mark.parametrize("command", ASKED)
def test_any_answer_is_a_reply_or_one_of_our_errors(command: Command[Any]) -> None:
    """Whatever arrives is the promised reply, or an error of ours in few words that can be logged and pickled."""

    @some
    @given(answers_to(command))
    def check(answer: bytes) -> None:
        outcome = outcome_of(lambda: decode(command, answer))

        again = pickle.loads(pickle.dumps(outcome))  # noqa: S301  # pickled on this line
        assert repr(again) == repr(outcome)
        if isinstance(outcome, TimError):
            assert isinstance(outcome, DecodeError | TransportError | ApiError)
            assert (str(again), vars(again)) == (str(outcome), vars(outcome))
            assert len(str(outcome)) < SHORT
        else:
            assert fits(outcome, command.reply)
            assert again == outcome

    check()


contents = st.one_of(*(st.tuples(st.just(cls.msg_type), said_as(cls) | junk) for cls in ELEMENTS if cls is not Unknown))


@many
@given(contents | st.tuples(texts, json_values))
def test_an_element_that_came_in_goes_out_again(came: tuple[str, Any]) -> None:
    """An element of any type and content is kept as it is or read as its class, which then comes back as the same."""
    plain = {"MsgType": came[0], "MsgContent": came[1]}

    element = read(plain, Element)
    (sent,) = json.loads(encode(SendMessage("id1", element)))["MsgBody"]

    assert read(sent, Element) == element
    if isinstance(element, Unknown):
        assert sent == plain


# -- the whole road

anybody = of_bytes(32)
words = st.text(min_size=1, max_size=60)
half_signs = st.builds(
    lambda before, half, after: f"{before}{half}{after}",
    texts,
    st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF),
    texts,
)
REPLY = {"ErrorCode": 0, "MsgTime": 1}
ODD = "\0\x1b[1m\u202e\u05e9\u05dc\u05d5\u05dd\u202c e\u0301 \U0001f469\u200d\U0001f469 信\u2028\ufeff\uffff"


def session(service: MemoryTransport, **settings: Any) -> TimSession:
    """A session with a service in memory."""
    return TimSession(
        1, secret_key="key", transport=service, clock=FakeClock(), retry=RetryPolicy(attempts=1), **settings
    )


@some
@given(anybody, anybody, words)
async def test_ids_and_texts_of_any_script_leave_as_they_are(sender: str, receiver: str, text: str) -> None:
    """What a session posts holds the very ids and words that it was given, in any script and up to the last byte."""
    service = MemoryTransport(REPLY)

    await session(service, identifier=sender).messages.send(receiver, text, from_account=sender, cloud_custom_data=text)

    (call,) = service.calls
    assert (call.json["From_Account"], call.json["To_Account"], call.json["CloudCustomData"]) == (
        sender,
        receiver,
        text,
    )
    assert call.json["MsgBody"] == [{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}]
    assert read_usersig(call.usersig).identifier == sender


@some
@given(half_signs, anybody)
async def test_half_a_sign_never_leaves(half: str, account: str) -> None:
    """Half of a surrogate pair in an id or in words is an InputError in few words, and nothing is sent."""
    service = MemoryTransport()
    tim = session(service)

    for call in (
        lambda: tim.messages.send(half, "hi"),
        lambda: tim.messages.send(account, half),
        lambda: tim.messages.send(account, Custom({"a": [half]})),
        lambda: tim.messages.send(account, Unknown("TIMTextElem", {half: 1})),
        lambda: tim.call("a/b", {half: 1}),
    ):
        with pytest.raises(InputError) as raised:
            await call()
        assert len(str(raised.value)) < SHORT
        assert raised.value.attempts == 0
    assert service.calls == []


@some
@given(st.text(min_size=1, max_size=40))
def test_an_id_is_measured_in_utf_8(account: str) -> None:
    """An account id of up to 32 bytes in UTF-8 is taken, and a longer one refused when the command is built."""
    with nullcontext() if len(account.encode()) <= 32 else pytest.raises(InputError, match="32 bytes"):
        assert SendMessage(account, "hi").to_account == account


@settings(few, max_examples=30)
@given(anybody, anybody, anybody, words)
async def test_ids_and_texts_of_any_script_arrive(admin: str, sender: str, receiver: str, text: str) -> None:
    """Over real HTTP, signature and all, the service holds exactly the ids and words that were given."""
    assume(sender != receiver)
    async with Sandbox(admins=[admin]) as box, box.session() as tim:
        await tim.accounts.import_many([sender, receiver])
        group = await tim.groups.create(type="Public", name=text, owner_account=sender)
        await tim.messages.send(receiver, text, from_account=sender)
        await tim.group_messages.send(group.group_id, [Custom({"say": text}), Text(ODD)], from_account=sender)
        await tim.group_messages.send_system_notification(group.group_id, text)
        checked = await tim.accounts.check([receiver])

    known = box.state.groups[group.group_id]
    (message,) = box.state.history(sender, receiver)
    assert box.state.accounts.keys() == {admin, sender, receiver}
    assert (message.from_account, message.to_account, message.msg_body) == (sender, receiver, [Text(text)])
    assert (known.name, known.owner_account, known.notices[0].content) == (text, sender, text)
    (said, odd) = known.messages[0].msg_body
    assert isinstance(said, Custom)
    assert (json.loads(said.data), odd) == ({"say": text}, Text(ODD))
    assert checked.result_item[0].user_id == receiver


# -- UserSigs

DOCUMENT: dict[str, Any] = {"TLS.identifier": "a", "TLS.sdkappid": 1, "TLS.time": 1, "TLS.expire": 9, "TLS.sig": "x"}


def packed(content: bytes) -> str:
    """Any bytes, packed as a UserSig is."""
    return base64.b64encode(zlib.compress(content)).translate(bytes.maketrans(b"+/=", b"*-_")).decode()


documents = st.fixed_dictionaries(
    {key: st.just(value) | junk for key, value in DOCUMENT.items()}, optional={"TLS.userbuf": junk}
)
strangers = (
    st.text(st.characters())
    | st.binary().map(lambda content: content.decode("latin-1"))
    | st.binary().map(packed)
    | (json_values | documents).map(lambda value: packed(json.dumps(value).encode()))
)


@many
@given(strangers)
def test_any_text_is_a_usersig_or_a_refusal(usersig: str) -> None:
    """Whatever somebody hands over as a UserSig is read, or refused as one, in few words and without being repeated."""
    said = outcome_of(lambda: read_usersig(usersig))
    refused = outcome_of(lambda: verify(usersig, sdkappid=1, secret_key="key", identifier="a", now=START))

    if isinstance(said, UserSig):
        assert {type(said.sdkappid), type(said.time), type(said.expire)} == {int}
    for error in [refused] if isinstance(said, UserSig) else [said, refused]:
        assert isinstance(error, UserSigError)
        assert len(str(error)) < SHORT
        assert (error.__cause__, error.__context__) == (None, None)


@many
@given(
    identifier=st.text(max_size=100),
    sdkappid=st.integers(1, 2**64),
    secret_key=st.text(min_size=1),
    time=st.integers(0, 2**33),
    expire=st.integers(1, 180 * DAY),
)
def test_what_is_signed_is_believed(identifier: str, sdkappid: int, secret_key: str, time: int, expire: int) -> None:
    """A UserSig for anybody, of any application, under any key, says who and when, and holds from first to last."""
    usersig = sign(sdkappid, secret_key, identifier, expire=expire, time=time)

    for now in (time, time + expire):
        said = verify(usersig, sdkappid=sdkappid, secret_key=secret_key, identifier=identifier, now=now)
        assert (said.identifier, said.sdkappid, said.time, said.expire) == (identifier, sdkappid, time, expire)
    with pytest.raises(UserSigError):
        verify(usersig, sdkappid=sdkappid, secret_key=f"{secret_key}!", identifier=identifier, now=time)
    with pytest.raises(UserSigError):
        verify(usersig, sdkappid=sdkappid, secret_key=secret_key, identifier=identifier, now=time + expire + 1)


@many
@given(st.data())
def test_a_changed_letter_changes_nothing_that_is_believed(data: st.DataObject) -> None:
    """A UserSig with one letter otherwise says the same as before, or is refused."""
    usersig = str(sign(1, "key", "a", expire=60, time=START))
    place = data.draw(st.integers(0, len(usersig) - 1))
    letter = data.draw(st.sampled_from("AZaz09*-_"))

    with suppress(UserSigError):
        changed = usersig[:place] + letter + usersig[place + 1 :]
        said = verify(changed, sdkappid=1, secret_key="key", identifier="a", now=START)
        assert said == read_usersig(usersig)
