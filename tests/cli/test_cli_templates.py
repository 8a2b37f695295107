"""The templates of a message."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from timrest_async.cli.templates import Message


def test_braces_are_written_twice() -> None:
    """{{ and }} are braces themselves, also around a field."""
    message = Message.saying("{{a}} {{{name}}} }}{{")
    (element,) = message.fill({"name": "Ann"})["MsgBody"]
    assert element["MsgContent"]["Text"] == "{a} {Ann} }{"
    assert list(message.fields) == ["name"]


@given(st.text(), st.text())
def test_a_value_is_put_in_as_it_is(around: str, value: str) -> None:
    """Whatever a value or the text around it is, the value stands where its field stood and is no template itself."""
    escaped = around.replace("{", "{{").replace("}", "}}")
    message = Message.saying(f"{escaped}{{x}}{escaped}")
    assert message.fill({"x": value})["MsgBody"][0]["MsgContent"]["Text"] == around + value + around


@pytest.mark.parametrize("name", ["name", "first name", "user-id", "姓名", "a1_b"])
def test_a_field_is_the_name_of_a_column(name: str) -> None:
    """Names of columns as people write them are fields."""
    assert list(Message.saying(f"{{{name}}}").fields) == [name]


@pytest.mark.parametrize(
    "text", ["{a.__class__}", "{a[0]}", "{a!r}", "{a:>9}", "{}", "{ a}", "{0.a}", "{", "}", "{a", "a}", "{a{b}}"]
)
def test_nothing_but_a_name_is_a_field(text: str) -> None:
    """What Python's templates know besides names is refused, and so is a brace that stands alone."""
    with pytest.raises(typer.BadParameter, match="is no field; a field is the name of a column in braces"):
        Message.saying(text)


def test_a_template_error_names_line_and_column() -> None:
    """Both are counted from 1."""
    with pytest.raises(typer.BadParameter, match=r"^--text, line 2, column 4: \{a\.b\} is no field"):
        Message.saying("Hi\nyou{a.b}")


@pytest.fixture
def in_file(tmp_path: Path) -> Callable[[Any], Message]:
    """Return what reads a message out of a file."""

    def made(value: Any) -> Message:
        content = value if isinstance(value, bytes) else json.dumps(value).encode()
        (tmp_path / "m.json").write_bytes(content)
        return Message.in_file(tmp_path / "m.json")

    return made


def test_strings_of_a_file_are_templates(in_file: Callable[[Any], Message]) -> None:
    """Each string is one, however deep it lies; keys and all else stay as they are."""
    message = in_file({"{k}": 1, "A": ["{x}", {"B": "{y}{y}", "C": None}]})
    assert message.fill({"x": "1", "y": "2"}) == {"{k}": 1, "A": ["1", {"B": "22", "C": None}]}
    assert message.fields == {"x": "m.json, A[0], line 1, column 1", "y": "m.json, A[1].B, line 1, column 1"}


def test_a_list_is_the_elements_of_a_message(in_file: Callable[[Any], Message]) -> None:
    """What the manual calls MsgBody is enough."""
    assert in_file([{"MsgType": "a"}]).fill({}) == {"MsgBody": [{"MsgType": "a"}]}


@pytest.mark.parametrize(
    ("data", "filled"),
    [({"say": "{x}", "n": 1}, '{"say":"\\"}","n":1}'), ({"n": 1}, '{"n":1}'), ("{{{x}", '{"}'), (5, "5")],
)
def test_no_value_breaks_out_of_the_data_of_a_custom_element(
    in_file: Callable[[Any], Message], data: Any, filled: str
) -> None:
    """Data that is an object goes out as JSON that is written when its fields are filled; text stays text."""
    message = in_file([{"MsgType": "TIMCustomElem", "MsgContent": {"Data": data, "Desc": "d"}}])
    assert message.fill({"x": '"}'})["MsgBody"][0]["MsgContent"] == {"Data": filled, "Desc": "d"}


@pytest.mark.parametrize("content", [{}, {"Desc": "{x}"}, [], "{x}"])
def test_a_custom_element_without_data_stays_as_it_is(in_file: Callable[[Any], Message], content: Any) -> None:
    """What is no data is filled like all else; whether it is right is for others to say."""
    message = in_file([{"MsgType": "TIMCustomElem", "MsgContent": content}])
    assert message.fill({"x": "1"})["MsgBody"][0]["MsgContent"] == json.loads(json.dumps(content).replace("{x}", "1"))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"{", "is no JSON"),
        (b"\xff", "it is no text"),
        (b"[" * 100_000, "nested too deeply"),
        (b'"hi"', "has to hold a list of elements, or a body of the manual"),
        (b'{"A": "{a.b}"}', "m.json, A, line 1, column 1: {a.b} is no field"),
    ],
)
def test_a_file_that_holds_no_message_is_named(
    in_file: Callable[[Any], Message], content: bytes, complaint: str
) -> None:
    """Whatever is wrong with it is a wrong command line."""
    with pytest.raises(typer.BadParameter) as wrong:
        in_file(content)
    assert complaint in str(wrong.value)


def test_a_message_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A file that cannot be read is a wrong command line."""
    with pytest.raises(typer.BadParameter, match="No such file"):
        Message.in_file(tmp_path / "nowhere.json")
