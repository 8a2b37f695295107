"""Every command we have, held against the description of the service."""

import ast
import importlib
import inspect
import json
import pkgutil
import re
import sys
from collections.abc import Iterator
from math import inf
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import attrs
import pytest
import yaml

from timrest_async import (
    Command,
    Element,
    OfflinePushInfo,
    PartialFailureError,
    PartialReply,
    RateLimit,
    TimSession,
    commands,
)
from timrest_async._bounds import Bounded, Limit
from timrest_async._codec import decode, encode, read, write
from timrest_async._rates import Limits
from timrest_async._wire import Struct, Targets, WireField, fields_of, marks_of, wire_fields
from timrest_async.commands._command import RawCommand
from timrest_async.commands._domain import Domain, Endpoint
from timrest_async.commands._paging import PagedCommand
from timrest_async.commands._reply import CommandReply, Part, Utc
from timrest_async.testing import MemoryTransport

TESTS = Path(__file__).parents[1]

MODULES = [
    importlib.import_module(f"{commands.__name__}.{module.name}") for module in pkgutil.iter_modules(commands.__path__)
]
NAMES = {module.__name__ for module in MODULES}


def descendants(cls: type[Any]) -> Iterator[type[Any]]:
    """The classes below a class that our command modules define; not what attrs left behind when it added slots."""
    for child in cls.__subclasses__():
        if getattr(sys.modules[child.__module__], child.__name__, None) is child and child.__module__ in NAMES:
            yield child
        yield from descendants(child)


COMMANDS: list[type[Command[Any]]] = sorted(
    {cls for cls in descendants(Command) if "path" in vars(cls) and cls is not RawCommand}, key=lambda cls: cls.path
)
SENT, PAGED, SPLIT = "endpoint", "paged", "split"
"""The forms in which a domain offers a command."""

DOMAINS: list[type[Domain]] = sorted(set(descendants(Domain)), key=lambda cls: cls.__name__)

FILES = [
    yaml.safe_load(file.read_text(encoding="utf-8")) for file in sorted((TESTS / "spec" / "endpoints").glob("*.yaml"))
]
ENDPOINTS: dict[str, dict[str, Any]] = {entry["command"]: entry for file in FILES for entry in file["commands"]}
TYPES: dict[str, dict[str, Any]] = {
    entry["command"]: file.get("types") or {} for file in FILES for entry in file["commands"]
}
"""The types that the file of each command describes."""

ELSEWHERE = {
    "KeyValue": "described in groups.yaml, used by others too",
    "GroupAtInfo": "described in elements.yaml as well",
}
"""Types that may be looked up beyond the command's own file."""

RENAMED = {
    "GroupIdItem": "GroupId",  # GroupId is the bound of an id
    "ContactGroupUpdate": "UpdateContactGroup",  # which is the command
    "GroupAttribute": "GroupAttr",
    "GroupAttributeKey": "GroupAttrKey",
}
"""Classes that are called otherwise than in the description."""

ELEMENTS_SAY = {"TIMMsgElement", "MsgElement", "OfflinePushInfo"}
"""Types that elements.yaml describes; ``test_elements.py`` holds them against it."""

# Where we differ from the description on purpose, and why.

EXTRA_IN_REPLY = {
    ("openim/batchsendmsg", "ActionStatus"): "of the envelope; it alone says that only some were reached",
}

EXCLUDED_BY_SAMPLE = {
    ("DeleteRecentContact", "ToGroupid"): "of type 2, and the sample is of type 1",
    ("ListGroupMembers", "Offset"): "communities page by Next, all others by Offset",
    ("ImportAccounts", "Accounts"): "exactly one of the two lists travels, and the sample shows the newer one",
}
"""Fields that a sample cannot show beside the others."""

WHOLE: dict[str, str] = {}
"""Commands whose partial failures are none, and why."""

SAMPLE_FAILS = {"openim/batchsendmsg", "im_open_login_svc/account_check", "im_open_login_svc/multiaccount_import"}
"""Commands whose sample in the seeds is one of a failure."""

UNSPLIT = {
    "im_cos_msg/get_cos_sig": "files are numbered within a call",
    **dict.fromkeys(
        ("sns/friend_update", "sns/friend_delete", "sns/black_list_add", "sns/black_list_delete"),
        "a call takes as many as an account has",
    ),
    "sns/group_add": "the groups are the object; the friends are put into them beside that",
    "timpush/batch": "each part would be a push of its own, with a TaskId of its own, and one reply holds one",
    "openim/batchsendmsg": "bulk sends are another matter",
    "openim_msg_ext_http_svc/set_key_values": "one message takes 200 settings a minute",
    "openim_msg_ext_http_svc/group_set_key_values": "one message takes 200 settings a minute",
    "million_group_open_http_svc/get_topic": "no document says how many topics a call takes",
    "million_group_open_http_svc/destroy_topic": "no document says how many topics a call takes",
    "group_open_http_svc/set_topic_permission_group": "no document says how many topics a call takes",
    "group_open_http_svc/delete_topic_permission_group": "no document says how many topics a call takes",
    "group_open_http_svc/get_topic_permission_group": "no document says how many topics a call takes",
}
"""Commands that say whom they are about and are not split, and why."""

NO_TIME = {
    ("ListRecentContactsReply", "time_stamp"): "a place in a list",
    ("ListRecentContactsReply", "top_time_stamp"): "a place in a list",
    ("ListLiveMembersReply", "next_timestamp"): "the place of the next page",
    ("TopicSelf", "shut_up_time"): "no document says whether it is a length or a time",
}
"""Fields that are called like a time and are none, and what they are."""

RECOGNISED = {"openim/sendmsg": "one_to_one", "group_open_http_svc/send_group_msg": "group"}
"""Commands whose repeats the service recognises, and where ``protocol.yaml`` says by what and for how long."""


NAMED = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    dict: "object",
    Any: "any",
    Element: "TIMMsgElement",
}


def structs_in(hint: Any) -> Iterator[type[Struct]]:
    """The classes that travel inside an annotation."""
    if inspect.isclass(hint) and issubclass(hint, Struct) and not issubclass(hint, Element | OfflinePushInfo):
        yield hint
        for field in wire_fields(hint):
            yield from structs_in(field.type)
    for argument in get_args(hint):
        yield from structs_in(argument)


def nested(cls: type[Any]) -> dict[str, type[Struct]]:
    """The classes inside a command or reply, by name."""
    return {inner.__name__: inner for field in wire_fields(cls) for inner in structs_in(field.type)}


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
    if origin is dict and arguments[1] is not Any:
        return f"map[{', '.join(map(type_of, arguments))}]"
    return NAMED.get(origin or hint) or RENAMED.get(hint.__name__, hint.__name__)


def described_type_of(entry: dict[str, Any]) -> str:
    """The type that the description gives a field; it has two words for an element."""
    return str(entry["type"]).replace("list[MsgElement]", "list[TIMMsgElement]")


def described_type(path: str, name: str) -> Any:
    """What the description says of a type that *path* uses."""
    name = RENAMED.get(name, name)
    if name in TYPES[path]:
        return TYPES[path][name]
    assert name in ELSEWHERE, f"{name} is not described with {path}"
    return next(types[name] for types in TYPES.values() if name in types)


def is_required(entry: dict[str, Any]) -> bool:
    """Whether the description asks for a field, in one word or in several."""
    return entry.get("required") is True or str(entry.get("required")).startswith("true")


def sample(cls: type[Command[Any]], kind: str) -> Any:
    """The sample request or reply of a command."""
    name = f"{cls.path.replace('/', '.')}.{kind}.json"
    return json.loads((TESTS / "samples" / name).read_text(encoding="utf-8"))


def reply_fields(cls: type[Command[Any]]) -> list[WireField]:
    """The fields of a command's reply; none where it has no reply."""
    return list(wire_fields(cls.reply)) if issubclass(cls.reply, Struct) else []


def values_in(hint: Any) -> set[Any]:
    """The closed sets inside an annotation, all in one."""
    if get_origin(hint) is Literal:
        return set(get_args(hint))
    return set().union(*(values_in(argument) for argument in get_args(hint)))


def forms(kind: str) -> list[tuple[type[Domain], str, Any]]:
    """Every method of every domain that is a command in the form of *kind*."""
    return [
        (domain, name, value)
        for domain in DOMAINS
        for name, value in vars(domain).items()
        if getattr(value, "form", None) == kind
    ]


def is_partial(cls: type[Command[Any]]) -> bool:
    """Whether the description says that ErrorCode 0 may hide failures."""
    return not ENDPOINTS[cls.path]["partial_failure"].startswith("none") and cls.path not in WHOLE


def has_bound(hint: Any) -> bool:
    """Whether an annotation carries a bound anywhere."""
    if any(isinstance(mark, Limit) for mark in getattr(hint, "__metadata__", ())) or get_origin(hint) is Literal:
        return True
    return any(has_bound(argument) for argument in get_args(hint))


PARTS: list[type[Struct]] = [part for cls in COMMANDS for part in (cls, cls.reply) if issubclass(part, Struct)]
STRUCTS: dict[str, type[Struct]] = {
    f"{cls.__module__}.{cls.__name__}": cls for part in PARTS for cls in (part, *nested(part).values())
}
"""Every class that travels with a command or its reply."""

each_command = pytest.mark.parametrize("cls", COMMANDS, ids=lambda cls: cls.path)
each_nested = pytest.mark.parametrize(
    ("path", "name", "cls"),
    [
        pytest.param(command.path, name, cls, id=f"{command.path}-{name}")
        for command in COMMANDS
        for part in (command, command.reply)
        if issubclass(part, Struct)
        for name, cls in nested(part).items()
    ],
)


def test_every_command_of_the_description_is_here() -> None:
    """There is a class for each command of the description, and every domain has some."""
    assert {cls.path for cls in COMMANDS} == ENDPOINTS.keys()
    assert {cls.__module__ for cls in COMMANDS} == {cls.__module__ for cls in DOMAINS}


def test_every_path_is_one_commands() -> None:
    """No two commands share a path."""
    assert len({cls.path for cls in COMMANDS}) == len(COMMANDS)


@each_command
def test_a_command_is_described(cls: type[Command[Any]]) -> None:
    """A command's path is one that the service has."""
    assert cls.path in ENDPOINTS


@each_command
def test_the_request_has_the_descriptions_fields(cls: type[Command[Any]]) -> None:
    """A request has every field of the description, in its order, and no other."""
    assert [field.wire for field in wire_fields(cls)] == list(ENDPOINTS[cls.path]["request"])


@each_command
def test_the_reply_has_the_descriptions_fields(cls: type[Command[Any]]) -> None:
    """A reply has every field of the description and no other; no fields, no class."""
    described = set(ENDPOINTS[cls.path]["response"])
    described |= {wire for path, wire in EXTRA_IN_REPLY if path == cls.path}

    assert {field.wire for field in reply_fields(cls)} == described
    assert (cls.reply is NoneType) is (not described)


@each_command
def test_the_request_requires_what_the_description_does(cls: type[Command[Any]]) -> None:
    """What the description requires always travels, and what it does not may be left out."""
    described = ENDPOINTS[cls.path]["request"]

    for field in wire_fields(cls):
        assert field.optional is not is_required(described[field.wire]), field.wire


@each_command
def test_the_request_has_the_descriptions_types(cls: type[Command[Any]]) -> None:
    """A field of a request has the type that the description gives it."""
    for wire, entry in ENDPOINTS[cls.path]["request"].items():
        field = next(field for field in wire_fields(cls) if field.wire == wire)
        assert type_of(field.type) == described_type_of(entry), wire


@each_command
def test_the_reply_has_the_descriptions_types(cls: type[Command[Any]]) -> None:
    """A field of a reply has the type that the description gives it."""
    for field in reply_fields(cls):
        if (cls.path, field.wire) not in EXTRA_IN_REPLY:
            assert type_of(field.type) == described_type_of(ENDPOINTS[cls.path]["response"][field.wire]), field.wire


@each_command
def test_the_request_takes_every_described_value(cls: type[Command[Any]]) -> None:
    """Where the description lists the values of a field, a closed set of ours leaves none of them out."""
    for field in wire_fields(cls):
        described = ENDPOINTS[cls.path]["request"][field.wire].get("values")
        ours = values_in(field.type)
        if ours and isinstance(described, list | dict):
            assert set(described) <= ours, field.wire


def windows_of(protocol: Any, cls: type[Command[Any]]) -> list[dict[str, Any]]:
    """What the description says of the time for which repeats of a command are recognised."""
    rules: list[dict[str, Any]] = protocol["dedupe"].get(RECOGNISED.get(cls.path), [])
    return [rule for rule in rules if "window_seconds" in rule]


@each_command
def test_a_command_is_repeatable_for_as_long_as_the_description_says(cls: type[Command[Any]], protocol: Any) -> None:
    """For ever where a repeat does no harm, within the window where the service recognises it, and else not at all."""
    harmless = inf if ENDPOINTS[cls.path].get("idempotent") is True else 0.0

    assert cls.repeatable_for == min((rule["window_seconds"] for rule in windows_of(protocol, cls)), default=harmless)


@each_command
def test_a_command_draws_what_its_repeats_are_recognised_by(cls: type[Command[Any]], protocol: Any) -> None:
    """Each message has numbers of its own, which are made with the value and so are the same in every repeat."""
    named = {
        name for rule in windows_of(protocol, cls) for name in re.findall(r"\b(?:Msg)?(?:Seq|Random)\b", rule["key"])
    }

    assert named <= {field.wire for field in wire_fields(cls) if field.drawn}
    assert bool(named) is (0 < cls.repeatable_for < inf)


def test_any_other_command_is_not_repeatable() -> None:
    """Of a command that is given by its path, or is a class of a user's own, nobody knows."""
    assert Command.repeatable_for == RawCommand.repeatable_for == 0.0


@each_nested
def test_a_nested_type_has_the_descriptions_fields(path: str, name: str, cls: type[Struct]) -> None:
    """A class inside a request or a reply has the description's fields, names and types, and no other."""
    described = described_type(path, name)

    assert {field.wire: type_of(field.type) for field in wire_fields(cls)} == {
        wire: described_type_of(entry) for wire, entry in described.items()
    }


@each_nested
def test_a_nested_type_requires_what_the_description_does(path: str, name: str, cls: type[Struct]) -> None:
    """A class inside a request requires what the description does; one inside a reply at most its key."""
    described = described_type(path, name)
    in_request = any(cls in nested(command).values() for command in COMMANDS)

    if in_request:
        assert [f.wire for f in wire_fields(cls) if not f.optional] == [
            w for w in described if is_required(described[w])
        ]
    else:
        assert sum(field.required for field in wire_fields(cls)) <= 1


def number_of(cls: type[Command[Any]]) -> str | None:
    """The number of the manual's page, or of the first where there are several."""
    said = ENDPOINTS[cls.path]["doc"]
    pages = re.sub(r"\(category \S+\)", "", ", ".join(said) if isinstance(said, list) else said)
    found = re.search(r"\d+/\d+", pages)
    return found and found[0]


@each_command
def test_a_command_names_its_document(cls: type[Command[Any]]) -> None:
    """The docstring of a command ends with the number of its page in the manual, where one is known."""
    named = re.findall(r"\bDocument\s(\d+/\d+)\.$", inspect.getdoc(cls) or "")

    assert named == [number for number in [number_of(cls)] if number]


@each_command
def test_a_command_keeps_its_rate(cls: type[Command[Any]]) -> None:
    """No command may go out more often than the description says."""
    described = ENDPOINTS[cls.path]["rate"].get("calls_per_second")
    limit = Limits.of(RateLimit(), None, None).all(cls.path)[()][0]

    assert limit.calls / limit.per <= (described or 100)


@each_command
def test_a_reply_that_may_be_good_for_some_only_says_so(cls: type[Command[Any]]) -> None:
    """Where ErrorCode 0 may hide failures, the reply tells who failed; so does that of a command that can be split."""
    splits = [form for _, _, form in forms(SPLIT) if form.command is cls]
    partial = issubclass(cls.reply, PartialReply)

    assert partial or not is_partial(cls)
    assert is_partial(cls) or splits or not partial


each_partial = pytest.mark.parametrize("cls", [cls for cls in COMMANDS if is_partial(cls)], ids=lambda cls: cls.path)


@each_partial
def test_a_reply_tells_who_failed_and_who_did_not(cls: type[Command[Any]]) -> None:
    """Of a sample reply that is good for some and bad for others, both halves come out, each item in one of them."""
    bad = sample(cls, "failed")
    reply = decode(read(bad["request"], cls), json.dumps(bad["reply"]).encode())

    assert {failure.about: failure.code for failure in reply.failed} == dict(bad["failed"])
    assert reply.succeeded == bad["succeeded"]
    assert bad["failed"]
    with pytest.raises(PartialFailureError, match=re.escape(str(bad["failed"][0][0]))):
        reply.raise_for_failures()


@each_partial
def test_a_reply_without_failures_says_so(cls: type[Command[Any]]) -> None:
    """The sample reply is good for everything that the sample request is about."""
    if cls.path in SAMPLE_FAILS:
        return
    reply = decode(read(sample(cls, "request"), cls), json.dumps(sample(cls, "reply")).encode())

    assert reply.failed == []
    assert reply.raise_for_failures() is reply


@each_command
def test_a_command_that_pages_is_an_iterator_too(cls: type[Command[Any]]) -> None:
    """Whatever answers page by page can be iterated over, and nothing else."""
    pages = ENDPOINTS[cls.path]["paging"] != "none"

    assert issubclass(cls, PagedCommand) is pages
    assert len([form for _, _, form in forms(PAGED) if form.command is cls]) == pages


@each_command
def test_a_command_with_targets_has_a_form_that_splits(cls: type[Command[Any]]) -> None:
    """A command that says whom or what it is about can be split, unless that does harm or makes no sense."""
    splits = [form for _, _, form in forms(SPLIT) if form.command is cls]
    targets = any(Targets() in marks_of(field.type) for field in fields_of(cls))

    assert len(splits) == (targets and cls.path not in UNSPLIT)


@pytest.mark.parametrize("name", STRUCTS)
def test_a_time_can_be_had_as_a_datetime(name: str) -> None:
    """Beside each time of a reply there is a view of it as a datetime."""
    cls = STRUCTS[name]
    times = {
        field.name
        for field in wire_fields(cls)
        if re.search(r"(Time|Until|Time_?[Ss]tamp)$", field.wire) and type_of(field.type) == "integer"
    }
    if issubclass(cls, Part):
        views = {view.name for view in (getattr(cls, name) for name in dir(cls)) if isinstance(view, Utc)}
        assert {view for view in views if hasattr(attrs.fields(cls), view)} == {
            time for time in times if (cls.__name__, time) not in NO_TIME
        }
        assert all(isinstance(getattr(cls, f"{view}_utc"), Utc) for view in views)


@pytest.mark.parametrize("name", STRUCTS)
def test_what_only_a_reply_holds_keeps_what_nobody_knows(name: str) -> None:
    """A class that no request holds keeps unknown keys, and a reply knows those of the envelope."""
    cls = STRUCTS[name]
    sent = {inner for command in COMMANDS for inner in nested(command).values()} | set(COMMANDS)
    replies = {command.reply for command in COMMANDS}

    assert issubclass(cls, Part) is (cls not in sent)
    assert issubclass(cls, CommandReply) is (cls in replies)


@pytest.mark.parametrize("name", STRUCTS)
def test_older_names_of_the_description_are_read(name: str) -> None:
    """Where the description gives a field another name, a reply is read under both."""
    cls = STRUCTS[name]
    if not issubclass(cls, Part):
        return
    for field in wire_fields(cls):
        described = [types[cls.__name__].get(field.wire, {}) for types in TYPES.values() if cls.__name__ in types]
        for entry in described:
            assert str(entry.get("alias", "")).partition(" ")[0] in {"", *field.also}, field.wire


def test_every_exception_is_needed() -> None:
    """No exception from the description outlives its reason."""
    replies = {(cls.path, field.wire) for cls in COMMANDS for field in reply_fields(cls)}

    assert EXTRA_IN_REPLY.keys() <= replies
    assert all(wire not in ENDPOINTS[path]["response"] for path, wire in EXTRA_IN_REPLY)


@pytest.mark.parametrize("name", STRUCTS)
def test_every_class_and_field_explains_itself(name: str) -> None:
    """A class has a docstring of one sentence or more, and each of its fields a string right below it."""
    (node,) = ast.parse(inspect.getsource(STRUCTS[name])).body
    assert isinstance(node, ast.ClassDef)
    assert (ast.get_docstring(node) or "").split("\n")[0].endswith((".", "*."))
    for here, below in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(here, ast.AnnAssign) and "ClassVar" not in ast.unparse(here.annotation):
            assert isinstance(below, ast.Expr), ast.unparse(here)
            assert isinstance(below.value, ast.Constant), ast.unparse(here)


@pytest.mark.parametrize("name", STRUCTS)
def test_every_class_with_a_bound_checks_it(name: str) -> None:
    """A class whose annotations carry a bound derives from the class that reads bounds."""
    cls = STRUCTS[name]

    assert issubclass(cls, Bounded) or not any(has_bound(field.type) for field in wire_fields(cls))


@each_command
def test_the_sample_request_is_read_and_written(cls: type[Command[Any]]) -> None:
    """A sample request becomes a command, and the command becomes the sample again."""
    assert json.loads(encode(read(sample(cls, "request"), cls))) == sample(cls, "request")


@each_command
def test_the_sample_request_shows_every_field(cls: type[Command[Any]]) -> None:
    """A sample request leaves out no field, unless it excludes another."""
    left_out = ENDPOINTS[cls.path]["request"].keys() - sample(cls, "request").keys()

    assert {wire for wire in left_out if (cls.__name__, wire) not in EXCLUDED_BY_SAMPLE} == set()


@each_command
def test_the_sample_reply_is_read_and_written(cls: type[Command[Any]]) -> None:
    """A sample reply becomes the typed reply, and nothing described is lost in it."""
    data = sample(cls, "reply")
    reply = decode(read(sample(cls, "request"), cls), json.dumps(data).encode())

    described = {wire: value for wire, value in data.items() if wire in ENDPOINTS[cls.path]["response"]}
    assert described.keys() == ENDPOINTS[cls.path]["response"].keys()
    if cls.reply is NoneType:
        assert reply is None
    else:
        assert type(reply) is cls.reply
        assert write(reply).items() >= described.items()


def test_every_command_is_one_method_of_one_domain() -> None:
    """The domains offer each command exactly once, and nothing else."""
    offered = [value.command for _, _, value in forms(SENT)]

    assert len(offered) == len(COMMANDS)
    assert set(offered) == set(COMMANDS)


def test_a_domain_offers_the_commands_of_its_module() -> None:
    """A command is offered by the domain that stands in its module."""
    for domain, _, value in forms(SENT):
        assert inspect.getmodule(value.command) is inspect.getmodule(domain)


def test_a_session_offers_every_domain() -> None:
    """Each domain is an attribute of the session, named after its module, and the same one each time."""
    tim = TimSession(1400000000, secret_key="key", transport=MemoryTransport())

    for domain in DOMAINS:
        name = domain.__module__.rpartition(".")[2]
        assert type(getattr(tim, name)) is domain
        assert getattr(tim, name) is getattr(tim, name)


@pytest.mark.parametrize(("domain", "name", "value"), [*forms(SENT), *forms(PAGED), *forms(SPLIT)])
def test_a_method_takes_what_its_command_takes(domain: type[Domain], name: str, value: Endpoint[..., Any]) -> None:
    """A method has its command's parameters, with their names, kinds and defaults; ``extra`` comes last."""
    tim = TimSession(1400000000, secret_key="key", transport=MemoryTransport())
    method = getattr(domain(tim), name)

    takes = {one.name: (one.kind, one.default) for one in inspect.signature(method).parameters.values()}
    assert takes == {one.name: (one.kind, one.default) for one in inspect.signature(value.command).parameters.values()}
    assert [*takes][-1] == "extra"
    assert "Annotated" not in str(inspect.signature(method))
    assert (inspect.getdoc(method) or "").startswith(inspect.getdoc(value.command) or "?")
    assert method.__qualname__ == f"{domain.__name__}.{name}"


@pytest.mark.parametrize(("domain", "name", "value"), forms(SENT))
def test_a_method_says_what_it_returns(domain: type[Domain], name: str, value: Endpoint[..., Any]) -> None:
    """The signature that ``help`` shows ends in the command's reply."""
    tim = TimSession(1400000000, secret_key="key", transport=MemoryTransport())
    shown = inspect.signature(getattr(domain(tim), name)).return_annotation
    reply = value.command.reply  # type: ignore[attr-defined]  # an endpoint is made of a command's class

    assert shown in ({None, NoneType} if reply is NoneType else {reply})


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_a_module_exports_what_it_defines(module: Any) -> None:
    """``__all__`` of a module names every public class of it."""
    defined = {
        name
        for name, value in vars(module).items()
        if inspect.isclass(value) and value.__module__ == module.__name__ and not name.startswith("_")
    }

    assert defined <= set(module.__all__)
