"""What a page names, and explains once at its end: the types inside requests and replies, and values with a name."""

from __future__ import annotations

import inspect
import json
import re
import sys
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, get_args, get_origin

import attrs

from docs._markdown import anchor, block, code, from_docstring, table
from timrest_async import PartialReply, elements
from timrest_async._bounds import Bounded
from timrest_async._wire import Struct, WireField, wire_fields
from timrest_async.commands._command import Command
from timrest_async.commands._registry import CommandEntry, FieldEntry, commands, domains, fields_in
from timrest_async.commands._reply import Part, Result, Utc
from timrest_async.webhook import Event

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["ELEMENTS", "INDEX", "Glossary", "call", "manual", "words_below"]

INDEX: Final = "README.md"

ELEMENTS: Final = "elements.md"
"""The page of what every other page would have to repeat: what messages are made of, and how they are announced."""

WIDTH: Final = 100
"""A call that would be longer leaves out what may be left out."""

_MANUALS: Final = {
    "269": "https://cloud.tencent.com/document/product/269",
    "1047": "https://www.tencentcloud.com/document/product/1047",
}
"""Where the manual's documents stand, by the number of the product."""

_TOLD_ONCE: Final = {base.__module__ for base in (object, Struct, Bounded, Command, Result, Event)}
"""Where the classes stand whose views the index, or the page of the webhooks, explains once."""

_NO_WIRE: Final = {field.name for base in (Part, PartialReply, Event) for field in attrs.fields(base)}
"""Fields that do not travel under a name of their own, of which the same pages tell too."""


class Glossary:
    """The types and values that one page names, but for those that it has *told* of: their headings by their names."""

    def __init__(self, page: str, told: Mapping[str, str] | None = None) -> None:
        self._page = page
        self._told = told or {}
        self._types: dict[str, type[Any]] = {}
        self._values: dict[str, tuple[str, Any]] = {}

    def sections(self) -> Iterator[tuple[str, list[str]]]:
        """Explain what was named, each under a heading: types by their names, then values by theirs."""
        done: dict[str, list[str]] = {}
        while missing := [cls for name, cls in self._types.items() if name not in done]:
            done |= {cls.__name__: self.explained(cls) for cls in missing}  # which may name more
        yield from sorted(done.items())
        for name, (words, value) in sorted(self._values.items()):
            yield name, [words, _value(value)]

    def explained(self, cls: type[Any]) -> list[str]:
        """Say what *cls* is, how one of one's own is made where it travels in requests, and what is in it."""
        made = [] if issubclass(cls, Part) else [block(call(cls.__name__, cls))]
        msg_type: object = getattr(cls, "msg_type", None)
        kind = [f"MsgType {code(msg_type)}."] if isinstance(msg_type, str) else []
        return [self.doc(cls), *made, *kind, *self.fields(cls)]

    def imported(self, module: str) -> str:
        """Say that classes come from *module*, and where one learns to read the page."""
        how = self.to(INDEX, "How to read a page")
        return f"Classes are imported from {code(module)}. The index tells [how to read this page]({how})."

    def words(self, said: str, module: str) -> str:
        """Write what is *said* in the code of *module* as Markdown."""
        return from_docstring(said, lambda name: self._named(name, module))

    def doc(self, thing: Any) -> str:
        """Write the docstring of *thing*."""
        return self.words(inspect.getdoc(thing) or "", thing.__module__)

    def fields(self, cls: type[Any]) -> list[str]:
        """Return the table of the fields of *cls*, and the list of its views, so far as it has any."""
        rows = [self._row(cls, *found) for found in zip(fields_in(cls), wire_fields(cls), strict=True)]
        parts = (table(["key", "name", "type", "required", "about"], rows) if rows else "", "\n".join(self._views(cls)))
        return [part for part in parts if part]

    def typed(self, words: str, struct: type[Any] | None) -> str:
        """Write a type in the manual's words, such as ``list[MemberInfo]``, and link to the *struct* in it."""
        words = re.sub(r"list\[(.+)\]", r"list of \1", words)
        words = re.sub(r"map\[(.+), (.+)\]", r"map of \1 to \2", words)
        if struct is not None:
            words = words.replace(struct.__name__, self.link(struct))
        return words.replace("TIMMsgElement", f"[TIMMsgElement]({self.to(ELEMENTS, 'Elements')})")

    def link(self, cls: type[Any]) -> str:
        """Link to what explains *cls*, and see to it that something does."""
        name = cls.__name__
        if name in self._told:
            return f"[{name}]({self.to(self._page, self._told[name])})"
        if cls.__module__ == elements.__name__:
            return f"[{name}]({self.to(ELEMENTS, name)})"
        if self._types.setdefault(name, cls) is not cls:
            raise ValueError(f"{self._page} names two classes {name}")
        return f"[{name}]({self.to(self._page, name)})"

    def to(self, page: str, heading: str) -> str:
        """Return the address of a *heading* on a *page*."""
        return f"{'' if page == self._page else page}#{anchor(heading)}"

    def _row(self, cls: type[Any], entry: FieldEntry, field: WireField) -> list[str]:
        source = next(base for base in cls.__mro__ if field.name in inspect.get_annotations(base))
        return [
            " or ".join(map(code, (field.wire, *field.also))),
            code(field.name),
            self.typed(entry.type, entry.struct),
            _required(field),
            " ".join(filter(None, (self.words(entry.about, source.__module__), _choices(field.type, entry.about)))),
        ]

    def _views(self, cls: type[Any]) -> Iterator[str]:
        """List what *cls* offers beside its fields; what has the same words shares a line."""
        if issubclass(cls, PartialReply):
            where = self.to(INDEX, "For whom it did not work")
            yield f"- `failed`, `succeeded`, `raise_for_failures()`: [For whom it did not work]({where})."
        travels = {field.name for field in wire_fields(cls)}
        for name in (field.name for field in attrs.fields(cls) if field.name not in travels | _NO_WIRE):
            yield f"- {code(name)}: {self.words(words_below(name, inspect.getsource(cls)), cls.__module__)}"
        named: dict[str, list[str]] = {}
        for name, (base, view) in _views_of(cls).items():
            named.setdefault(self._about_view(view, base), []).append(_name_of(cls, name, view))
        yield from (f"- {', '.join(names)}: {words}" for words, names in named.items())

    def _about_view(self, view: Any, base: type[Any]) -> str:
        if isinstance(view, Utc):
            return f"The time, as a `datetime` in [UTC]({self.to(INDEX, 'Times')})."
        return self.words((inspect.getdoc(view) or "").partition("\n\n")[0], base.__module__)

    def _named(self, name: str, module: str) -> str:
        """Write a *name* that stands in a docstring of *module*, and link it to what explains it."""
        if name.startswith("~"):
            return self._named(name.rpartition(".")[2], elements.__name__)
        if name in self._told:
            return f"[{code(name)}]({self.to(self._page, self._told[name])})"
        thing = vars(sys.modules[module]).get(name)
        entry = _entries().get(thing) or _entries().get(name)
        if (found := (entry.domain, entry.method) if entry else _methods().get(name)) is not None:
            domain, method = found
            return f"[{code(f'tim.{domain}.{method}')}]({self.to(f'{domain}.md', method)})"
        if isinstance(thing, type):
            return self.link(thing) if issubclass(thing, Struct) else code(name)
        if thing is not None and (words := words_below(name, inspect.getsource(sys.modules[module]))):
            self._values[name] = self.words(words, module), thing
            return f"[{code(name)}]({self.to(self._page, name)})"
        return code(name)


def call(name: str, function: Any) -> str:
    """Write how *function* is called by *name*: what it needs, and, where the line has room, what it also takes."""
    takes = [each for each in inspect.signature(function).parameters.values() if each.name not in {"self", "extra"}]
    first = [_argument(each) for each in takes if each.kind is not each.KEYWORD_ONLY]
    named = [each for each in takes if each.kind is each.KEYWORD_ONLY]
    needed = [each.name for each in named if each.default is each.empty]
    optional = [_argument(each) for each in named if each.default is not each.empty]
    star = ["*"] if named else []
    if len(whole := f"{name}({', '.join([*first, *star, *needed, *optional])})") <= WIDTH:
        return whole
    return f"{name}({', '.join([*first, *(star if needed else []), *needed, '...'])})"


def manual(document: str) -> str:
    """Link to a *document* of the manual, such as ``269/2282``."""
    product, _, number = document.partition("/")
    return f"[{document}]({_MANUALS[product]}/{number})"


def words_below(name: str, source: str) -> str:
    """Read the string that stands below the value *name* in *source*."""
    found = re.search(rf'^ *{re.escape(name)}: .*?^ *"""(.*?)"""', source, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def _literal(value: Any) -> str:
    """Write a value as one types it, with the quotes that we use."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _argument(given: inspect.Parameter) -> str:
    if given.default is given.empty:
        return given.name
    return f"{given.name}={'...' if given.default is attrs.NOTHING else _literal(given.default)}"


def _required(field: WireField) -> str:
    if field.required:
        return "yes"
    if isinstance(field.default, attrs.Factory):  # type: ignore[arg-type]
        made = field.default.factory
        return "no" if (get_origin(made) or made) in {list, dict} else "no: filled in"
    return "no" if field.default is None else f"no: {code(_literal(field.default))}"


def _choices(hint: Any, about: str) -> str:
    """Say what a field takes, where its type is a closed set and the words *about* it leave something out."""
    values = list(dict.fromkeys(_literals(hint)))
    if all(re.search(rf"(?<!\w){re.escape(str(value))}(?!\w)", about) for value in values):
        return ""
    return f"{_one_of(values)}."


def _literals(hint: Any) -> Iterator[Any]:
    if get_origin(hint) is Literal:
        yield from get_args(hint)
    else:
        yield from (value for part in get_args(hint) for value in _literals(part))


def _one_of(values: list[Any]) -> str:
    *others, last = map(code, values)
    return f"{', '.join(others)} or {last}" if others else last


def _value(value: Any) -> str:
    if found := list(_literals(value)):
        return f"{_one_of(found)}."
    parts: tuple[Any, ...] = value if isinstance(value, tuple) else (value,)
    return f"{', '.join(code(_literal(part)) for part in parts)}."


def _views_of(cls: type[Any]) -> dict[str, tuple[type[Any], Any]]:
    """Find the properties, views and class methods of *cls*, each with the class that it comes from."""
    fields = {field.name for field in attrs.fields(cls)}
    return {
        name: (base, value)
        for base in reversed(cls.__mro__)
        if base.__module__ not in _TOLD_ONCE
        for name, value in vars(base).items()
        if not name.startswith("_")
        and name not in fields
        and hasattr(type(value), "__get__")
        and not inspect.isfunction(value)
    }


def _name_of(cls: type[Any], name: str, view: Any) -> str:
    return code(call(f"{cls.__name__}.{name}", getattr(cls, name)) if isinstance(view, classmethod) else name)


@cache
def _entries() -> dict[Any, CommandEntry]:
    """Return the commands by their classes, and by the names of these."""
    return {key: entry for entry in commands() for key in (entry.command.__name__, entry.command)}


@cache
def _methods() -> dict[str, tuple[str, str]]:
    """Return the domain and the name of each method by what docstrings call it, such as ``Robots.stream``."""
    return {
        f"{domain.__name__}.{method}": (name, method) for name, domain in domains().items() for method in vars(domain)
    }
