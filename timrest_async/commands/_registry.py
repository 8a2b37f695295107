"""All commands as data: what they are called, what they take, and what they answer.

Everything is read from the classes and from the docstrings in their source, so there is nothing here to keep up to
date. The command line's ``timrest commands`` and the reference documentation are made of it.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from functools import cache, cached_property
from itertools import pairwise
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias, Union, get_args, get_origin

from attrs import frozen

from timrest_async._wire import Struct, wire_fields
from timrest_async.commands._command import Command
from timrest_async.commands._domains import Domains
from timrest_async.commands._reply import Part
from timrest_async.elements import Element

if TYPE_CHECKING:
    from collections.abc import Iterator

    from timrest_async.commands._domain import Domain

__all__ = ["CommandEntry", "FieldEntry", "commands", "domains", "fields_in", "find", "named", "type_of"]

AnyStruct: TypeAlias = type[Any]
"""A class that travels."""

_NAMES: Final[dict[Any, str]] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    dict: "object",
    Any: "any",
    Element: "TIMMsgElement",
}


@frozen
class FieldEntry:
    """One field of a request, a reply or something inside them."""

    wire: str
    """Its key in JSON."""

    name: str
    """The attribute."""

    type: str
    """What it holds, in the manual's words: ``string``, ``integer``, ``list[MemberInfo]``."""

    required: bool
    """Whether it always travels."""

    about: str
    """What it is for, in a sentence or two."""

    struct: AnyStruct | None
    """The class of what it holds, where that has fields of its own."""


@frozen
class CommandEntry:
    """One command of the service."""

    command: type[Command[Any]]
    """Its class."""

    domain: str
    """The domain that offers it, such as ``messages``."""

    method: str
    """Its method there, such as ``send``."""

    forms: dict[str, str]
    """Its other methods by form: ``paged`` and ``split``."""

    @property
    def path(self) -> str:
        """Its path, such as ``openim/sendmsg``."""
        return self.command.path

    @property
    def call(self) -> str:
        """How it is called, such as ``tim.messages.send``."""
        return f"tim.{self.domain}.{self.method}"

    @property
    def words(self) -> str:
        """All that its docstring says."""
        return inspect.getdoc(self.command) or ""

    @property
    def summary(self) -> str:
        """What it does, in one sentence."""
        return re.split(r"(?<=\.)\s", " ".join(self.words.split()))[0]

    @property
    def document(self) -> str | None:
        """The number of its page in the manual, where one is known."""
        found = re.search(r"Document\s(\d+/\d+)\.$", self.words)
        return found and found[1]

    @property
    def request(self) -> list[FieldEntry]:
        """What it takes."""
        return fields_in(self.command)

    @property
    def reply(self) -> list[FieldEntry]:
        """What it answers."""
        return fields_in(self.command.reply) if issubclass(self.command.reply, Struct) else []


@cache
def domains() -> dict[str, type[Domain]]:
    """Return the class of each domain by its name; this loads them all."""
    names = [name for name, value in vars(Domains).items() if isinstance(value, cached_property)]
    modules = {name: importlib.import_module(f"timrest_async.commands.{name}") for name in names}
    return {name: getattr(modules[name], name.title().replace("_", "")) for name in names}


@cache
def commands() -> tuple[CommandEntry, ...]:
    """Return every command, domain by domain, in the order in which the domains offer them."""
    return tuple(entry for name, domain in domains().items() for entry in _offered(name, domain))


@cache
def find(path: str) -> CommandEntry | None:
    """Return the command that is called *path* by the service, or ``None``."""
    return next((entry for entry in commands() if entry.path == path), None)


def named(word: str) -> list[CommandEntry]:
    """Return the commands that have *word* in a name or in what they do."""
    sought = word.lower()
    return [
        entry
        for entry in commands()
        if any(
            sought in said.lower()
            for said in (entry.path, entry.call, *entry.forms.values(), entry.command.__name__, entry.summary)
        )
    ]


def fields_in(cls: AnyStruct) -> list[FieldEntry]:
    """Describe the fields of *cls* that travel, in the manual's order."""
    words = _field_words(cls)
    return [
        FieldEntry(
            wire=field.wire,
            name=field.name,
            type=type_of(field.type),
            required=field.required if issubclass(cls, Part) else not field.optional,
            about=words.get(field.name, ""),
            struct=_struct_in(field.type),
        )
        for field in wire_fields(cls)
    ]


def type_of(hint: Any) -> str:
    """Return the manual's word for an annotation."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return type_of(arguments[0])
    if origin in {Union, UnionType}:
        return " or ".join(type_of(argument) for argument in arguments if argument is not NoneType)
    if origin is Literal:
        return type_of(type(arguments[0]))
    if origin is list:
        return f"list[{type_of(arguments[0])}]"
    if origin is dict and arguments[1] is not Any:
        return f"map[{', '.join(map(type_of, arguments))}]"
    return _NAMES.get(origin or hint) or str(hint.__name__)


def _offered(name: str, domain: type[Domain]) -> Iterator[CommandEntry]:
    methods: dict[str, Any] = {name: method for name, method in vars(domain).items() if hasattr(method, "command")}
    for method, made in methods.items():
        if made.form == "endpoint":
            forms = {other.form: key for key, other in methods.items() if other.command is made.command}
            del forms["endpoint"]
            yield CommandEntry(made.command, name, method, forms)


def _struct_in(hint: Any) -> type[Struct] | None:
    if isinstance(hint, type) and issubclass(hint, Struct) and hint is not Element:
        return hint
    return next((found for found in map(_struct_in, get_args(hint)) if found is not None), None)


def _field_words(cls: type[Any]) -> dict[str, str]:
    """Return the strings that stand below the fields of *cls*, and of what it derives from, in their source."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if issubclass(base, Struct):
            found |= _words_in(base.__module__).get(base.__qualname__, {})
    return found


@cache
def _words_in(module: str) -> dict[str, dict[str, str]]:
    """Read the strings below the fields of every class of *module*, by the name of the class."""
    tree = ast.parse(inspect.getsource(importlib.import_module(module)))
    return {node.name: dict(_described(node.body)) for node in tree.body if isinstance(node, ast.ClassDef)}


def _described(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for field, below in pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
        ):
            yield field.target.id, " ".join(str(below.value.value).split())
