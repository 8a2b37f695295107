"""Every event we have, held against the description of the service."""

from __future__ import annotations

import inspect
import json
import re
from itertools import groupby, product
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
import yaml

from tests.webhook.posted import SAMPLES, sample
from timrest_async import webhook
from timrest_async._codec import write
from timrest_async._wire import Struct, wire_fields
from timrest_async.commands._registry import fields_in
from timrest_async.sandbox.callbacks import CALLBACKS
from timrest_async.webhook import EVENTS, Auth, Event, Gate, MessageGate, MessageVerdict, Verdict, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from timrest_async.commands._registry import FieldEntry

SPEC = yaml.safe_load((Path(__file__).parents[1] / "spec" / "webhooks.yaml").read_text(encoding="utf-8"))
DESCRIBED: dict[str, dict[str, Any]] = {entry["command"]: entry for entry in SPEC["callbacks"]}

BEYOND = {
    ("PushOfflinePush", "PushID"): "269/102567 has it since 2025",
    ("StateInfo", "CustomStatus"): "1047/34357 has it since 2025",
    ("SubscribeVerdict", "RefusedSubscribers_Account"): "1047/60799 has it",
}
"""Members that the description lacks, and where they are from."""

DOCUMENTS: dict[str, set[str]] = {
    "OfficialAccount.CallbackBeforeAddSubscriber": {"1047/60799"},
    "OfficialAccount.CallbackAfterAddSubscriber": {"1047/60800"},
    "Push.OfflinePush": {"269/102567"},
    "Push.AllMemberPush": {"269/102568"},
}
"""Documents of callbacks for which the description names none."""

NOT_ALWAYS = {("ContentResultNotify", "ContactItem"): "a profile that was checked is for nobody"}
"""Objects that may be absent though the description does not say so, and why."""

LISTS = {"MemberAccount", "PairItem", "UserDefinedData", "MsgSeqItem"}
"""Items that the description has in one place."""

each_event = pytest.mark.parametrize("cls", EVENTS.values(), ids=EVENTS)


def parsed(body: dict[str, Any], command: str) -> Event:
    """Read *body* as a webhook without a signature."""
    query = urlencode({"SdkAppid": "1", "CallbackCommand": command})
    return parse(query, {}, json.dumps(body).encode(), auth=Auth(sdkappid=1, token=None))


def entries(cls: type[Any]) -> list[FieldEntry]:
    """Return the fields of *cls* that the description should have."""
    return [entry for entry in fields_in(cls) if (cls.__name__, entry.wire) not in BEYOND]


def described_fields(cls: type[Event]) -> dict[str, dict[str, Any]]:
    """What the description says of the body."""
    found: dict[str, dict[str, Any]] = DESCRIBED[cls.callback_command]["body"]
    return found


def is_loose(entry: dict[str, Any]) -> bool:
    """Say whether the description lets a member be absent, or is not sure of it."""
    return entry.get("required") is False or entry.get("confirmed") is False


def item_fields(entry: dict[str, Any]) -> dict[str, Any] | None:
    """Return the members of what is in a list or an object, where the description has them."""
    name = re.sub(r"^list\[(\w+)\]$", r"\1", str(entry["type"]))
    found: dict[str, Any] | None = SPEC["common_types"][name] if name in LISTS else entry.get("items")
    return found


def is_here(entry: dict[str, Any], cls: type[Event]) -> bool:
    """Say whether a member that several callbacks share is one of this callback's."""
    about = str(entry.get("about"))
    return not about.startswith("only in") or cls.callback_command in about


def as_digits(value: Any) -> Any:
    """Write every whole number as a string, but for those in a message, whose elements are not the callback's."""
    if isinstance(value, dict):
        return {name: inner if name == "MsgBody" else as_digits(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [as_digits(inner) for inner in value]
    return str(value) if type(value) is int else value


def structs(cls: type[Any]) -> Iterator[type[Any]]:
    """Go through *cls* and the classes inside it."""
    yield cls
    for entry in fields_in(cls):
        if entry.struct is not None:
            yield from structs(entry.struct)


def neutral(entry: FieldEntry, cls: type[Any]) -> Any:
    """Return what stands in for a field that is absent."""
    default = next(one.default for one in wire_fields(cls) if one.name == entry.name)
    return default.factory() if hasattr(default, "factory") else default


def test_every_callback_of_the_description_is_here() -> None:
    """All 56, in its order, and no other."""
    assert len(EVENTS) == 56
    assert list(EVENTS) == list(DESCRIBED)


@each_event
def test_an_event_is_called_as_its_callback(cls: type[Event]) -> None:
    """Without the dot and the word "Callback", and no word twice in a row."""
    words = re.findall(r"[A-Z][a-z]+|[A-Z]\d?[A-Z]*(?![a-z])", cls.callback_command.replace("Callback", ""))
    assert cls.__name__ == "".join(word for word, _ in groupby(words))
    assert getattr(webhook, cls.__name__) is cls


@each_event
def test_an_event_has_the_members_of_the_description(cls: type[Event]) -> None:
    """Both ways, and in its order."""
    assert [entry.wire for entry in entries(cls)] == list(described_fields(cls))


@each_event
def test_what_is_in_an_event_has_the_members_of_the_description(cls: type[Event]) -> None:
    """The items of its lists and its objects, both ways."""
    for entry in entries(cls):
        described = item_fields(described_fields(cls)[entry.wire])
        assert (entry.struct is None) is (described is None), entry.wire
        assert entry.struct is None or {inner.wire for inner in entries(entry.struct)} == set(described or ())


@each_event
def test_a_member_has_the_type_of_the_description(cls: type[Event]) -> None:
    """Numbers are numbers, texts are texts, and lists are lists of what they are lists of."""
    for entry in entries(cls):
        described = str(described_fields(cls)[entry.wire]["type"])
        if entry.struct is not None:
            assert entry.type.startswith("list[") is described.startswith("list"), entry.wire
        else:
            assert entry.type.startswith("map[") if described == "object" else entry.type == described, entry.wire


@each_event
def test_what_may_be_absent_is_none_and_all_else_never(cls: type[Event]) -> None:
    """An application need not ask of a member that the service always writes whether it is there; but for EventTime,
    which is read as ``happened_at``.
    """
    for entry in entries(cls):
        if entry.required:
            assert not is_loose(described_fields(cls)[entry.wire]), entry.wire
        else:
            loose = entry.wire == "EventTime" or (cls.__name__, entry.wire) in NOT_ALWAYS
            loose = loose or is_loose(described_fields(cls)[entry.wire])
            assert neutral(entry, cls) in ([None, [], {}] if loose else ["", 0, [], {}]), entry.wire


@each_event
def test_everything_is_explained(cls: type[Event]) -> None:
    """Every class and every field has words, and an event names its documents."""
    for inner in structs(cls):
        assert inspect.getdoc(inner), inner
        assert all(entry.about for entry in fields_in(inner)), inner
    words = inspect.getdoc(cls) or ""
    documents = DESCRIBED[cls.callback_command].get("doc", DOCUMENTS.get(cls.callback_command, ()))
    assert set(re.findall(r"\d+/\d+", words)) == set(documents)


@each_event
def test_what_the_service_asks_about_is_a_gate(cls: type[Event]) -> None:
    """With the verdicts that the description has, and no others."""
    described = DESCRIBED[cls.callback_command]
    assert issubclass(cls, Gate) is (described["class"] == "before")
    if not issubclass(cls, Gate):
        assert described["response"] == {}
        return
    response = described["response"]
    values = response["ErrorCode"]["values"]
    assert issubclass(cls, MessageGate) is (2 in values) is ("MsgBody" in response)
    ours = {entry.wire for entry in entries(cls.verdict)} - {one.wire for one in wire_fields(Verdict)}
    assert ours == response.keys() - {"ErrorCode"}


@each_event
def test_the_codes_of_a_gate_are_those_of_the_description(cls: type[Event]) -> None:
    """Those that reach the caller as they are; the same as in the sandbox, which plays the service."""
    if issubclass(cls, Gate):
        own = re.search(r"(\d{5,6})\.\.(\d{5,6})", str(DESCRIBED[cls.callback_command]["response"]))
        assert cls.verdict.codes == (range(int(own[1]), int(own[2]) + 1) if own else range(0))
        assert cls.verdict.codes == CALLBACKS[cls.callback_command].own


def test_the_samples_are_those_of_the_callbacks() -> None:
    """One for each, and no other."""
    assert {file.stem for file in SAMPLES.iterdir()} == EVENTS.keys()


@each_event
def test_a_sample_has_every_member(cls: type[Event]) -> None:
    """Also those that may be absent, so that no test overlooks them; within lists too."""
    body = sample(cls.callback_command)
    assert list(body) == ["CallbackCommand", *(entry.wire for entry in fields_in(cls))]
    for name, entry in described_fields(cls).items():
        if (members := item_fields(entry)) is not None:
            items = body[name] if isinstance(body[name], list) else [body[name]]
            here = {member for member, says in members.items() if is_here(says, cls)}
            assert set().union(*items) == here, name


@each_event
def test_a_sample_is_read_and_written_as_it_is(cls: type[Event]) -> None:
    """56 of 56, both ways: nothing is lost, and nothing is added."""
    body = sample(cls.callback_command)
    event = parsed(body, cls.callback_command)
    assert type(event) is cls
    assert {"CallbackCommand": cls.callback_command, **write(event)} == body
    assert not event.extra


@each_event
def test_numbers_are_read_from_digits_as_well(cls: type[Event]) -> None:
    """The service writes many of them in either way."""
    body = sample(cls.callback_command)
    assert parsed(as_digits(body), cls.callback_command) == parsed(body, cls.callback_command)


@each_event
def test_an_event_needs_no_more_than_it_says(cls: type[Event]) -> None:
    """A body with nothing but what is required is read."""
    required = {entry.wire for entry in fields_in(cls) if entry.required}
    body = {name: value for name, value in sample(cls.callback_command).items() if name in required}
    assert type(parsed(body, cls.callback_command)) is cls


@each_event
def test_what_an_event_lacks_is_said(cls: type[Event]) -> None:
    """Without any of the members that are required the error names that one."""
    body = sample(cls.callback_command)
    for entry in fields_in(cls):
        if entry.required:
            rest = {name: value for name, value in body.items() if name != entry.wire}
            with pytest.raises(webhook.MalformedRequestError, match=entry.wire):
                parsed(rest, cls.callback_command)


@each_event
def test_the_time_of_an_event_is_one_view(cls: type[Event]) -> None:
    """In UTC, whatever it counts; and there is one wherever the service says one."""
    body, event = sample(cls.callback_command), parsed(sample(cls.callback_command), cls.callback_command)
    stamp = body.get("EventTime") or body.get("MsgTime") or body.get("LastReadTime")
    if stamp is None:
        assert event.happened_at is None
        return
    assert event.happened_at is not None
    assert event.happened_at.timestamp() == pytest.approx(stamp / 1000 if stamp > 10**11 else stamp)
    assert 2018 < event.happened_at.year < 2027


@each_event
def test_an_event_is_known_again_by_its_keys(cls: type[Event]) -> None:
    """The same delivery has the same key; one with another value in any of them has another."""
    body, command = sample(cls.callback_command), cls.callback_command
    event = parsed(body, command)
    assert (event.key is None) is (not cls.key_fields)
    assert parsed(as_digits(body), command).key == event.key
    if not cls.key_fields:
        assert "EventTime" not in body, "what has a time has a key"
    for entry in fields_in(cls):
        if entry.name in cls.key_fields and isinstance(body[entry.wire], str | int):
            other = body | {entry.wire: body[entry.wire] + ("x" if isinstance(body[entry.wire], str) else 1)}
            assert parsed(other, command).key != event.key, entry.wire
    assert set(cls.key_fields) <= {entry.name for entry in fields_in(cls)}


def test_no_two_verdicts_are_of_one_family() -> None:
    """What one callback understands is for it alone, so a type checker tells one from another."""
    gates = [cls for cls in EVENTS.values() if issubclass(cls, Gate)]
    for one, other in product(gates, gates):
        if one.callback_command.partition(".")[0] != other.callback_command.partition(".")[0]:
            assert not issubclass(one.verdict, other.verdict)
    for one in gates:
        assert issubclass(one, MessageGate) is issubclass(one.verdict, MessageVerdict)
        assert issubclass(one.verdict, Struct)
