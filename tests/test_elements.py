"""Elements and push settings: what messages are made of, held against the description."""

import ast
import hashlib
import inspect
import json
import tracemalloc
from functools import partial, reduce
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from timrest_async import (
    AndroidInfo,
    ApnsInfo,
    Custom,
    Element,
    Face,
    File,
    HarmonyInfo,
    Image,
    ImageInfo,
    InputError,
    LanguageContent,
    LiveActivity,
    Location,
    OfflinePushInfo,
    Relay,
    RelayedMessage,
    Sound,
    Text,
    Unknown,
    Video,
    elements,
)
from timrest_async._bounds import Between, Bytes, Items
from timrest_async._codec import encode, read, write
from timrest_async._wire import Struct, WireField, wire_fields
from timrest_async.commands.messages import SendMessage
from timrest_async.elements import as_body

SPEC: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "spec" / "elements.yaml").read_text(encoding="utf-8"))
PUSH: dict[str, Any] = SPEC["OfflinePushInfo"]
SENDABLE: dict[str, Any] = {name: entry for name, entry in SPEC["elements"].items() if entry["rest_can_send"]}
UNSENDABLE = SPEC["elements"].keys() - SENDABLE.keys()

ELEMENTS: dict[str, type[Element]] = {
    "TIMTextElem": Text,
    "TIMFaceElem": Face,
    "TIMLocationElem": Location,
    "TIMCustomElem": Custom,
    "TIMSoundElem": Sound,
    "TIMImageElem": Image,
    "TIMFileElem": File,
    "TIMVideoFileElem": Video,
    "TIMRelayElem": Relay,
}

DESCRIBED: dict[type[Struct], dict[str, Any]] = {
    **{cls: SPEC["elements"][msg_type]["content"] for msg_type, cls in ELEMENTS.items()},
    ImageInfo: SPEC["types"]["ImageInfo"],
    RelayedMessage: SPEC["types"]["RelayedMessage"],
    OfflinePushInfo: PUSH["fields"],
    AndroidInfo: PUSH["AndroidInfo"],
    ApnsInfo: PUSH["ApnsInfo"],
    HarmonyInfo: PUSH["HarmonyInfo"],
    LanguageContent: PUSH["LanguageContent"],
    LiveActivity: PUSH["LiveActivity"],
}
"""Every class that travels in a message or its push settings, and its fields in the description."""

NOT_REQUIRED = {
    (Face, "Data"): "no document calls it required, only a generated client does",
    (ImageInfo, "Width"): "required of senders, but missing from what older clients sent",
    (ImageInfo, "Height"): "required of senders, but missing from what older clients sent",
}

ANY_JSON = {
    (Custom, "Data"): "any JSON value may be given, and travels as its text",
}

FIELDS = [pytest.param(cls, name, id=f"{cls.__name__}.{name}") for cls, fields in DESCRIBED.items() for name in fields]


def field_of(cls: type[Struct], wire: str) -> WireField:
    """The field of a class that has a name on the wire."""
    return next(field for field in wire_fields(cls) if field.wire == wire)


def type_of(hint: Any) -> str:
    """The description's word for an annotation."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return type_of(arguments[0])
    if origin in {Union, UnionType}:
        (inner,) = (argument for argument in arguments if argument is not NoneType)
        return type_of(inner)
    if origin is Literal:
        return type_of(type(arguments[0]))
    if origin is list:
        return f"list[{type_of(arguments[0])}]"
    names = {str: "string", int: "integer", float: "number", dict: "object", Element: "TIMMsgElement"}
    return names.get(origin or hint) or str(hint.__name__)


def values_of(hint: Any) -> st.SearchStrategy[Any]:  # noqa: C901, PLR0911  # one line for each kind of annotation
    """Values that an annotation allows."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        marks = {type(mark): mark for mark in arguments[1:]}
        if Between in marks:
            return st.integers(marks[Between].low, marks[Between].high)
        if Bytes in marks:
            return st.text(min_size=1, max_size=marks[Bytes].most // 4)
        if Items in marks:
            return st.lists(values_of(get_args(arguments[0])[0]), min_size=marks[Items].least, max_size=3)
        return values_of(arguments[0])
    if origin in {Union, UnionType}:
        return st.one_of(*(st.none() if argument is NoneType else values_of(argument) for argument in arguments))
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is list:
        return st.lists(values_of(arguments[0]), max_size=3)
    if origin is dict:
        return st.dictionaries(st.text(max_size=5), json_values, max_size=3)
    if hint is Element:
        return any_element
    if inspect.isclass(hint) and issubclass(hint, Struct):
        return objects_of(hint)
    return {str: st.text(), int: integers, float: st.floats(allow_nan=False, allow_infinity=False)}[hint]


def objects_of(cls: type[Struct]) -> st.SearchStrategy[Any]:
    """Objects of a class, with every field that it has."""
    if cls is Custom:
        return st.builds(Custom, st.text(), *(st.none() | st.text() for _ in range(3)))
    if cls is Unknown:
        return st.builds(Unknown, st.text(min_size=1).filter(lambda name: name not in ELEMENTS), json_values)
    if cls is Relay:
        return relays
    return st.builds(cls, **{field.name: values_of(field.type) for field in wire_fields(cls)})


integers = st.integers(-(2**63), 2**64 - 1)
json_values = st.recursive(
    st.none() | st.booleans() | integers | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
any_element: st.SearchStrategy[Element] = st.deferred(
    lambda: st.one_of(*map(objects_of, [*ELEMENTS.values(), Unknown]))
)
shared = {"title": st.text(), "msg_num": integers, "compatible_text": st.text(), "abstract_list": st.lists(st.text())}
relays = st.one_of(
    st.builds(Relay, **shared, json_msg_key=st.text()),
    st.builds(Relay, **shared, msg_list=st.deferred(lambda: st.lists(values_of(RelayedMessage), max_size=2))),
)


def there_and_back(element: Element) -> Element:
    """The element as a receiver of the bytes reads it."""
    data = json.loads(encode(SendMessage("id1", element)))
    return read(data["MsgBody"][0], Element)


def filled(fields: list[str], content: dict[str, Any]) -> dict[str, Any]:
    """A content that holds *fields*, each with a value of its described type."""
    return {name: {"string": "x", "integer": 2}[content[name]["type"]] for name in fields}


def test_every_element_that_can_be_sent_has_a_class() -> None:
    """The description's sendable elements are our classes, one to one."""
    public = [cls for _, cls in inspect.getmembers(elements, inspect.isclass) if issubclass(cls, Element)]
    ours = {cls.msg_type: cls for cls in public if cls not in {Element, Unknown}}

    assert ours == ELEMENTS
    assert ours.keys() == SENDABLE.keys()


def test_every_class_that_travels_is_held_against_the_description() -> None:
    """No class of the module escapes the tests below."""
    ours = {cls for _, cls in inspect.getmembers(elements, inspect.isclass) if cls.__module__ == elements.__name__}

    assert {cls for cls in ours if issubclass(cls, Struct)} - {Element, Unknown} == set(DESCRIBED)


@pytest.mark.parametrize("cls", DESCRIBED)
def test_wire_names_are_the_descriptions(cls: type[Struct]) -> None:
    """A class has every field of the description, in its order, and no other."""
    assert {field.wire for field in wire_fields(cls)} == DESCRIBED[cls].keys()


@pytest.mark.parametrize(("cls", "wire"), FIELDS)
def test_required_fields_are_the_descriptions(cls: type[Struct], wire: str) -> None:
    """What the description requires always travels, and what it does not may be left out."""
    required = str(DESCRIBED[cls][wire].get("required", False)).lower().startswith("true")

    assert field_of(cls, wire).optional is not (required and (cls, wire) not in NOT_REQUIRED)


@pytest.mark.parametrize(("cls", "wire"), FIELDS)
def test_types_are_the_descriptions(cls: type[Struct], wire: str) -> None:
    """A field has the type that the description gives it."""
    described = DESCRIBED[cls][wire]["type"].removesuffix(" (confirmed: false)")

    if (cls, wire) in ANY_JSON:
        assert field_of(cls, wire).type is Any
    else:
        assert type_of(field_of(cls, wire).type) == described


def test_every_exception_is_needed() -> None:
    """No exception from the description outlives its reason."""
    assert all(DESCRIBED[cls][wire]["required"] and field_of(cls, wire).optional for cls, wire in NOT_REQUIRED)


@pytest.mark.parametrize(
    ("cls", "wire"),
    [
        pytest.param(cls, name, id=f"{cls.__name__}.{name}")
        for cls, fields in DESCRIBED.items()
        for name, entry in fields.items()
        if entry["type"] == "integer" and 1 in entry.get("values", ()) and set(entry["values"]) <= {0, 1}
    ],
)
def test_a_flag_given_as_true_travels_as_1(cls: type[Struct], wire: str) -> None:
    """Whoever writes ``True`` for a flag sends the number that the service wants."""
    flag = field_of(cls, wire).name

    plain = write(cls(**{flag: True}))

    assert json.dumps(plain) == json.dumps({wire: 1})


@pytest.mark.parametrize("cls", [*DESCRIBED, Unknown])
def test_every_class_and_field_explains_itself(cls: type[Struct]) -> None:
    """A class has a docstring, and so has each of its fields, right below it."""
    (node,) = ast.parse(inspect.getsource(cls)).body
    assert isinstance(node, ast.ClassDef)
    assert ast.get_docstring(node)
    for here, below in zip(node.body, node.body[1:], strict=False):
        if isinstance(here, ast.AnnAssign):
            assert isinstance(below, ast.Expr), ast.unparse(here)
            assert isinstance(below.value, ast.Constant), ast.unparse(here)


@pytest.mark.parametrize("cls", [*ELEMENTS.values(), Unknown])
def test_what_is_written_is_read_back(cls: type[Element]) -> None:
    """An element that was sent is read as an equal element."""

    @given(objects_of(cls))
    def check(element: Element) -> None:
        assert there_and_back(element) == element

    check()


@pytest.mark.parametrize("cls", [cls for cls in DESCRIBED if not issubclass(cls, Element)])
def test_a_part_that_is_written_is_read_back(cls: type[Struct]) -> None:
    """The parts of elements and the push settings are read as they were written."""

    @given(objects_of(cls))
    def check(value: Struct) -> None:
        assert read(json.loads(json.dumps(write(value))), cls) == value

    check()


@given(json_values.filter(lambda value: not isinstance(value, str)))
def test_custom_data_travels_as_its_json(data: Any) -> None:
    """Any JSON value given to Custom arrives as the text of that value."""
    back = there_and_back(Custom(data))

    assert isinstance(back, Custom)
    assert isinstance(back.data, str)
    assert json.loads(back.data) == data


@given(st.text())
def test_custom_text_travels_as_it_is(text: str) -> None:
    """A string given to Custom is not quoted again."""
    assert there_and_back(Custom(text)) == Custom(text)


@given(st.lists(any_element, min_size=1, max_size=4))
def test_a_body_keeps_its_order(body: list[Element]) -> None:
    """The elements of a message arrive in the order in which they were given."""
    data = json.loads(encode(SendMessage("id1", body)))

    assert [read(element, Element) for element in data["MsgBody"]] == body


UNREADABLE = [
    *(pytest.param(msg_type, {}, id=msg_type) for msg_type in sorted(UNSENDABLE)),
    pytest.param("TIMHologramElem", {"Depth": 3, "Layers": [{"a": None}]}, id="unheard of"),
    pytest.param("TIMHologramElem", None, id="content null"),
    pytest.param("TIMHologramElem", "text", id="content text"),
    *(
        pytest.param(msg_type, filled(variant["fields"], entry["content"]), id=f"{msg_type} of {variant['era']}")
        for msg_type, entry in SENDABLE.items()
        for variant in entry.get("variants", ())[: 1 if msg_type == "TIMVideoFileElem" else -1]
    ),
    pytest.param("TIMTextElem", {}, id="no text"),
    pytest.param("TIMTextElem", None, id="no content"),
    pytest.param("TIMTextElem", "hi", id="bare text"),
    pytest.param("TIMTextElem", [], id="list"),
    pytest.param("TIMTextElem", {"Text": None}, id="text null"),
    pytest.param("TIMTextElem", {"Text": ["hi"]}, id="text in a list"),
    pytest.param("TIMTextElem", {"Text": {"zh": "hi"}}, id="text in an object"),
    pytest.param("TIMFaceElem", {"Index": "smile"}, id="index in words"),
    pytest.param("TIMFaceElem", {"Index": None, "Data": "x"}, id="index null"),
    pytest.param("TIMFaceElem", {"Index": [6]}, id="index in a list"),
    pytest.param("TIMLocationElem", {"Desc": "x", "Latitude": 1.5}, id="no longitude"),
    pytest.param("TIMLocationElem", {"Desc": "x", "Latitude": "north", "Longitude": 1.5}, id="latitude in words"),
    pytest.param("TIMLocationElem", {"Desc": "x", "Latitude": "nan", "Longitude": 1.5}, id="latitude nan"),
    pytest.param("TIMCustomElem", {"Desc": "x"}, id="no data"),
    pytest.param("TIMCustomElem", {"Data": {"a": 1}}, id="data in an object"),
    pytest.param("TIMCustomElem", {"Data": 5}, id="data in a number"),
    pytest.param("TIMCustomElem", {"Data": None}, id="data null"),
    pytest.param("TIMImageElem", {"UUID": "x", "ImageFormat": 1, "ImageInfoArray": {}}, id="no list of images"),
    pytest.param("TIMImageElem", {"UUID": "x", "ImageFormat": 1, "ImageInfoArray": [None]}, id="null in images"),
    pytest.param(
        "TIMRelayElem",
        {"Title": "t", "MsgNum": 1, "CompatibleText": "c", "AbstractList": [], "MsgList": [], "JsonMsgKey": "k"},
        id="both sources",
    ),
    pytest.param(
        "TIMRelayElem",
        {"Title": "t", "MsgNum": 1, "CompatibleText": "c", "AbstractList": "line", "JsonMsgKey": "k"},
        id="lines in one text",
    ),
]


@pytest.mark.parametrize(("msg_type", "content"), UNREADABLE)
def test_what_cannot_be_read_goes_out_as_it_came_in(msg_type: str, content: Any) -> None:
    """An element of a type we do not know, or not in its described shape, is kept to the byte."""
    raw = json.dumps({"MsgType": msg_type, "MsgContent": content}, separators=(",", ":"))

    element = read(json.loads(raw), Element)

    assert element == Unknown(msg_type, content)
    assert f'"MsgBody":[{raw}]'.encode() in encode(SendMessage("id1", element))


@pytest.mark.parametrize(
    ("msg_type", "fields"),
    [
        (name, entry["variants"][-1]["fields"])
        for name, entry in SENDABLE.items()
        if "variants" in entry and name != "TIMVideoFileElem"
    ],
)
def test_the_newest_shape_is_read_as_its_class(msg_type: str, fields: list[str]) -> None:
    """The last of the shapes that the description lists is the one that our class reads."""
    content = filled(fields, SPEC["elements"][msg_type]["content"])

    element = read({"MsgType": msg_type, "MsgContent": content}, Element)

    assert type(element) is ELEMENTS[msg_type]


def test_keys_of_tomorrow_are_ignored() -> None:
    """A key that we do not know does not keep an element from being read."""
    data = {"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi", "Mood": "glad"}, "Since": 2030}

    assert read(data, Element) == Text("hi")


@pytest.mark.parametrize(
    ("content", "element"),
    [
        ({"Index": "6"}, Face(6)),
        ({"Index": 6.0, "Data": 7}, Face(6, "7")),
        ({"Index": 6, "Data": None}, Face(6)),
    ],
)
def test_numbers_and_texts_are_read_for_each_other(content: dict[str, Any], element: Face) -> None:
    """A number written as text is read as a number, and the other way."""
    assert read({"MsgType": "TIMFaceElem", "MsgContent": content}, Element) == element


@pytest.mark.parametrize(
    ("given", "body"),
    [
        ("hi", [Text("hi")]),
        ("", []),
        (Text("hi"), [Text("hi")]),
        ([Text("hi"), Face(1)], [Text("hi"), Face(1)]),
        ((Face(1), Unknown("TIMHologramElem", {})), [Face(1), Unknown("TIMHologramElem", {})]),
        ([], []),
    ],
)
def test_a_body_is_a_text_an_element_or_several(given: Any, body: list[Element]) -> None:
    """Whatever a caller may give as a message becomes a list of elements."""
    assert as_body(given) == body


def test_a_body_is_the_senders_own_copy() -> None:
    """A list changed after the command was built does not change the command."""
    body: list[Element] = [Text("hi")]
    command = SendMessage("id1", body)

    body.append(Text("there"))

    assert command.msg_body == [Text("hi")]


@pytest.mark.parametrize("body", [None, 5, b"hi", {"MsgType": "TIMTextElem"}, {Text("hi")}, ["hi"], [None], iter([])])
def test_anything_else_is_no_body(body: Any) -> None:
    """What is no text, element or sequence of elements is refused in words about message bodies."""
    with pytest.raises(InputError, match="message body"):
        as_body(body)


@pytest.mark.parametrize(
    ("url", "image_format"),
    [
        ("https://example.com/a.jpg", 1),
        ("https://example.com/a.JPEG?x=1.png", 1),
        ("https://example.com/a.gif", 2),
        ("https://example.com/a.png", 3),
        ("https://example.com/a.bmp", 4),
        ("https://example.com/a", 255),
    ],
)
def test_a_picture_at_an_address_is_described_for_all_three_uses(url: str, image_format: int) -> None:
    """``Image.at`` reads the format off the address and offers the picture in one size for every use."""
    image = Image.at(url, width=640, height=480, size=1000)

    assert image.image_format == image_format
    assert image.uuid == hashlib.md5(url.encode(), usedforsecurity=False).hexdigest()
    assert image.image_info_array == [
        ImageInfo(type=kind, size=1000, width=640, height=480, url=url) for kind in (1, 2, 3)
    ]
    assert Image.at(url, width=1, height=1, uuid="own").uuid == "own"


def test_a_picture_at_no_address_is_refused() -> None:
    """An address with half of a surrogate pair cannot travel, and ``Image.at`` says so."""
    with pytest.raises(InputError):
        encode(SendMessage("id1", Image.at("https://example.com/\ud800.jpg")))


DEEP: list[Any] = reduce(lambda inside, _: [inside], range(2000), list[Any]())


@pytest.mark.parametrize("msg_type", [None, ["TIMTextElem"], {}, DEEP], ids=["null", "list", "object", "deep"])
def test_an_element_of_no_type_is_refused(msg_type: Any) -> None:
    """What has no text for its MsgType, however deep it is nested, is no element."""
    with pytest.raises(InputError):
        read({"MsgType": msg_type, "MsgContent": {}}, Element)


def test_types_of_tomorrow_take_no_memory() -> None:
    """Reading elements of ever new types keeps nothing of them once they are gone."""
    read({"MsgType": "TIMHologramElem"}, Element)
    tracemalloc.start()
    for number in range(5000):
        read({"MsgType": f"TIMHologramElem{number}"}, Element)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert size < 100_000


@pytest.mark.parametrize("build", [partial(Relay, msg_list=None), partial(Relay, msg_list=[], json_msg_key="k")])
def test_a_bundle_has_one_source(build: Any) -> None:
    """A bundle of messages takes either the messages or the key that stands for them."""
    with pytest.raises(InputError, match="exactly one of msg_list and json_msg_key"):
        build(title="t", msg_num=1, compatible_text="c", abstract_list=[])


def test_a_bundle_nests() -> None:
    """A bundle within a bundle arrives whole."""
    inner = Relay(title="in", msg_num=0, compatible_text="c", abstract_list=["x"], json_msg_key="k")
    message = RelayedMessage(from_account="a", group_id="g", msg_seq=1, msg_random=2, msg_time_stamp=3, msg_body=inner)
    outer = Relay(title="out", msg_num=1, compatible_text="c", abstract_list=[], msg_list=[message])

    assert there_and_back(outer) == outer


def test_push_settings_are_written_flat_and_nested() -> None:
    """The flat Sound of the old group document and the nested one of all later documents can both be written."""
    push = OfflinePushInfo(sound="old.mp3", android_info=AndroidInfo(sound="a"), apns_info=ApnsInfo(sound="b"))

    assert write(push) == {"Sound": "old.mp3", "AndroidInfo": {"Sound": "a"}, "ApnsInfo": {"Sound": "b"}}


def test_push_settings_that_nobody_gave_are_absent() -> None:
    """Whatever is left out of the push settings is left to the service."""
    assert write(OfflinePushInfo()) == {}
