"""Fields are held to what the library's own classes say of them, each with the code of its command."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from attrs import frozen

from timrest_async import Element, OfflinePushInfo
from timrest_async._bounds import Between, Bytes, Items
from timrest_async._wire import Struct, Wire
from timrest_async.commands._reply import Part
from timrest_async.sandbox.fields import Codes, check
from timrest_async.sandbox.request import Refusal


@frozen
class Inner(Struct):
    """Something inside."""

    name: str
    number: Annotated[int, Between(1, 3)] | None = None


@frozen
class Loose(Part):
    """A part of replies too, so nothing but its first field has to be there."""

    word: str
    also: str = ""


@frozen
class Everything(Struct):
    """A field of each kind."""

    text: Annotated[str, Bytes(4)] | None = None
    number: Annotated[int, Between(0, 9)] | None = None
    fraction: float | None = None
    flag: bool | None = None
    choice: Literal["a", "b"] | None = None
    mixed: Literal[0, "zero"] | None = None
    either: int | str | None = None
    anything: Any = None
    table: dict[str, Any] | None = None
    inner: Inner | None = None
    loose: Loose | None = None
    inners: Annotated[list[Inner], Items(1, 2)] | None = None
    words: list[Annotated[str, Bytes(4)]] | None = None
    from_account: Annotated[str | None, Wire("From_Account")] = None
    body: list[Element] | None = None
    push: OfflinePushInfo | None = None


@frozen
class Needed(Struct):
    """What has to be there."""

    id: str


CODES = Codes(1, kind={"Text": 2, "Inners": 3}, limit={"Text": 4, "Inners": 5}, empty={"Inners": 6}, loose={"Number"})
TEXT = {"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}


@pytest.mark.parametrize(
    "fine",
    [
        {},
        {"Text": "abcd"},
        {"Text": None},
        {"Number": 9},
        {"Number": 10},
        {"Fraction": 1},
        {"Fraction": 1.5},
        {"Flag": True},
        {"Choice": "b"},
        {"Mixed": 0},
        {"Mixed": "zero"},
        {"Either": 1},
        {"Either": "1"},
        {"Anything": [None]},
        {"Table": {"a": 1}},
        {"Inner": {"Name": "a", "Unknown": 1, "Number": None}},
        {"Loose": {"Word": "a"}},
        {"Inners": [{"Name": "a"}]},
        {"Words": []},
        {"From_Account": ""},
        {"Body": [TEXT]},
        {"Push": {"Desc": "x"}},
        {"Nobody": "knows"},
    ],
)
def test_what_fits_is_let_through(fine: dict[str, Any]) -> None:
    """Null is as good as absent, unknown keys are passed over, and where bounds are loose the kind is enough."""
    check(Everything, fine, CODES)


@pytest.mark.parametrize(
    ("wrong", "code", "words"),
    [
        ({"Text": 5}, 2, "Text has to be a string"),
        ({"Text": "abcde"}, 4, "Text has to be 1 to 4 bytes long"),
        ({"Number": "9"}, 1, "Number has to be a whole number"),
        ({"Number": True}, 1, "Number has to be a whole number"),
        ({"Either": 2**63}, 1, "Either is out of range"),
        ({"Fraction": "1"}, 1, "Fraction has to be a number"),
        ({"Flag": 1}, 1, "Flag has to be true or false"),
        ({"Choice": "c"}, 1, "Choice has to be one of a, b"),
        ({"Choice": 1}, 1, "Choice has to be a string"),
        ({"Mixed": 1}, 1, "Mixed has to be one of 0, zero"),
        ({"Mixed": 1.0}, 1, "Mixed has to be a whole number"),
        ({"Either": 1.5}, 1, "Either has to be a whole number"),
        ({"Table": []}, 1, "Table has to be an object"),
        ({"Inner": []}, 1, "Inner has to be an object"),
        ({"Inner": {}}, 1, "Inner lacks Name"),
        ({"Inner": {"Name": 1}}, 1, "Inner.Name has to be a string"),
        ({"Inner": {"Name": "a", "Number": 4}}, 1, "Inner.Number has to be a whole number from 1 to 3"),
        ({"Loose": {}}, 1, "Loose lacks Word"),
        ({"Inners": {}}, 3, "Inners has to be a list"),
        ({"Inners": []}, 6, "Inners has to hold 1 to 2 items"),
        ({"Inners": [{"Name": "a"}] * 3}, 5, "Inners has to hold 1 to 2 items"),
        ({"Inners": [{"Name": "a"}, {}]}, 3, r"Inners\[1\] lacks Name"),
        ({"Inners": [{"Name": "a", "Number": 4}]}, 1, r"Inners\[0\].Number has to be"),
        ({"Words": ["a", 1]}, 1, r"Words\[1\] has to be a string"),
        ({"Words": ["abcde"]}, 1, r"Words\[0\] has to be 1 to 4 bytes"),
        ({"From_Account": 5}, 60015, "From_Account has to be a string"),
        ({"From_Account": []}, 1, "From_Account has to be a string"),
        ({"Body": TEXT}, 1, "Body has to be a list"),
        ({"Body": [{}]}, 1, r"Body\[0\] has to be an object with"),
        ({"Push": "now"}, 1, "OfflinePushInfo has to be an object"),
    ],
)
def test_what_does_not_fit_is_refused(wrong: dict[str, Any], code: int, words: str) -> None:
    """Each by its place, with the code of the field where it has one."""
    with pytest.raises(Refusal, match=words) as refused:
        check(Everything, wrong, CODES)
    assert refused.value.code == code


@pytest.mark.parametrize("missing", [{}, {"Id": None}])
def test_what_has_to_be_there_is_missed(missing: dict[str, Any]) -> None:
    """Null is as good as absent."""
    with pytest.raises(Refusal, match="Id is missing"):
        check(Needed, missing, Codes(1))
