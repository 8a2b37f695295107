"""The pages: one for each domain, one for what messages are made of, one for the webhooks, and the index."""

from __future__ import annotations

import inspect
import re
from functools import cache
from math import inf
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, get_args, get_origin

from docs._glossary import ELEMENTS, INDEX, Glossary, call, manual
from docs._index import HOW_TO_READ, OPENING
from docs._markdown import block, code, table
from docs._webhooks import WEBHOOKS, webhooks
from timrest_async import Element, OfflinePushInfo, elements
from timrest_async._bounds import Bytes
from timrest_async._wire import Struct, marks_of
from timrest_async.commands._paging import PagedCommand
from timrest_async.commands._registry import CommandEntry, commands, domains, fields_in, type_of
from timrest_async.commands._shared import AccountId, GroupId, TopicId
from timrest_async.webhook import EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from timrest_async.commands._domain import Domain

__all__ = ["MADE", "pages"]

MADE: Final = "<!-- Made by `python -m docs.build` of the classes and their docstrings: change those instead. -->"


@cache
def pages() -> dict[str, str]:
    """Write all pages, by their file names."""
    return {
        INDEX: _joined(_index()),
        ELEMENTS: _joined(_elements()),
        WEBHOOKS: _joined(webhooks()),
        **{f"{name}.md": _joined(_domain(name, domain)) for name, domain in domains().items()},
    }


def _joined(parts: Iterable[str]) -> str:
    return "\n\n".join([MADE, *(part for part in parts if part)]) + "\n"


# -- the index


def _index() -> Iterator[str]:
    glossary = Glossary(INDEX)
    yield OPENING.format(commands=len(commands()), domains=len(domains()), events=len(EVENTS)).strip()
    rows = [
        [f"[tim.{name}]({name}.md)", str(sum(entry.domain == name for entry in commands())), glossary.doc(domain)]
        for name, domain in domains().items()
    ]
    yield table(["domain", "commands", "what it is about"], rows)
    yield HOW_TO_READ.format(account=_most(AccountId), group=_most(GroupId), topic=_most(TopicId)).strip()
    yield "## Commands"
    for name in domains():
        yield f"### tim.{name}"
        rows = [_listed(entry) for entry in commands() if entry.domain == name]
        yield table(["method", "path", "what it does"], rows) if rows else ""


def _listed(entry: CommandEntry) -> list[str]:
    page = f"{entry.domain}.md"
    glossary = Glossary(page)
    summary = _summary(entry, glossary).replace("](#", f"]({page}#")
    return [f"[{entry.method}]({page}{glossary.to(page, entry.method)})", code(entry.path), summary]


def _most(hint: Any) -> int:
    return next(mark.most for mark in marks_of(hint) if isinstance(mark, Bytes))


# -- what messages are made of


def _elements() -> Iterator[str]:
    glossary = Glossary(ELEMENTS)
    kinds = [kind for kind in vars(elements).values() if isinstance(kind, type) and issubclass(kind, Element)]
    chapters = {
        "Elements": dict.fromkeys(part for kind in kinds if kind is not Element for part in _inside(kind)),
        "Announcements": dict.fromkeys(_inside(OfflinePushInfo)),
    }
    yield "# Messages and their announcement"
    yield glossary.words(inspect.getdoc(elements) or "", elements.__name__)
    yield "A command takes a body as text, as one element, or as several in order."
    yield glossary.imported("timrest_async")
    yield "\n".join(
        f"- [{chapter}]({glossary.to(ELEMENTS, chapter)}): {', '.join(map(glossary.link, parts))}"
        for chapter, parts in chapters.items()
    )
    for chapter, parts in chapters.items():
        yield f"## {chapter}"
        for part in parts:
            yield f"### {part.__name__}"
            yield from glossary.explained(part)


def _inside(cls: type[Any]) -> Iterator[type[Any]]:
    """Go through *cls* and the classes of what is in it."""
    yield cls
    for field in fields_in(cls):
        if field.struct is not None:
            yield from _inside(field.struct)


# -- a domain


def _domain(name: str, domain: type[Domain]) -> Iterator[str]:
    glossary = Glossary(f"{name}.md")
    written = {entry.method: list(_command(entry, domain, glossary)) for entry in commands() if entry.domain == name}
    written |= {method: list(_method(name, method, function, glossary)) for method, function in _beside(domain)}
    terms = dict(glossary.sections())
    links = {heading: f"[{heading}]({glossary.to(f'{name}.md', heading)})" for heading in (*written, *terms)}
    contents = [f"- {links[method]}: {parts[0]}" for method, parts in written.items()]
    if terms:
        contents.append(f"- [Types and values](#types-and-values): {', '.join(links[term] for term in terms)}")

    yield f"# tim.{name}"
    yield glossary.doc(domain)
    yield glossary.imported(domain.__module__)
    yield "\n".join(contents)
    for method, parts in written.items():
        yield f"## {method}"
        yield from parts
    if terms:
        yield "## Types and values"
    for term, parts in terms.items():
        yield f"### {term}"
        yield from parts


def _command(entry: CommandEntry, domain: type[Domain], glossary: Glossary) -> Iterator[str]:
    """Describe a command, first in one sentence."""
    command, gives = entry.command, entry.command.reply
    said = re.sub(r"\s+Document\s\S+$", "", entry.words)
    yield _summary(entry, glossary)
    yield block(f"{'' if gives is NoneType else 'reply = '}await {call(entry.call, command)}")
    yield glossary.words(re.sub(r"^.*?\.(\s+|$)", "", said, count=1, flags=re.DOTALL), command.__module__)
    yield "\n".join([*_facts(entry), *_forms(entry, domain, glossary)])
    takes = glossary.fields(command)
    yield "**Request**" if takes else "**Request**: nothing."
    yield from takes
    yield "**Reply**: nothing but that it worked." if gives is NoneType else f"**Reply**: {glossary.doc(gives)}"
    if gives is not NoneType:
        yield from glossary.fields(gives)


def _summary(entry: CommandEntry, glossary: Glossary) -> str:
    return glossary.words(entry.summary, entry.command.__module__)


def _facts(entry: CommandEntry) -> Iterator[str]:
    document = f", document {manual(entry.document)}" if entry.document else ""
    gives = f", reply {code(entry.command.reply.__name__)}" if entry.command.reply is not NoneType else ""
    yield f"- Path {code(entry.path)}, class {code(entry.command.__name__)}{gives}{document}."
    again = entry.command.repeatable_for
    yield f"- Safe to repeat: {'always' if again == inf else f'for {again:g} seconds' if again else 'no'}."


def _forms(entry: CommandEntry, domain: type[Domain], glossary: Glossary) -> Iterator[str]:
    for form, method in entry.forms.items():
        does = (inspect.getdoc(vars(domain)[method]) or "").rpartition("\n\n")[2].removeprefix("This ")
        if form == "paged":
            does = f"{does.removesuffix('.')}, each of type {_item(entry.command, glossary)}."
        elif entry.command.reply is NoneType:
            does += f" Its reply tells [for whom it did not work]({glossary.to(INDEX, 'For whom it did not work')})."
        yield f"- {code(f'tim.{entry.domain}.{method}')} {does}"


def _item(command: type[Any], glossary: Glossary) -> str:
    """Write the type of what a command that answers page by page has on its pages."""
    bases = (base for cls in command.__mro__ for base in getattr(cls, "__orig_bases__", ()))
    item: Any = next(get_args(base)[1] for base in bases if issubclass(get_origin(base) or object, PagedCommand))
    travels = isinstance(item, type) and issubclass(item, Struct) and item is not Element
    return glossary.typed(type_of(item), item if travels else None)


def _beside(domain: type[Domain]) -> Iterator[tuple[str, Any]]:
    """Find the methods of a domain that are no commands, but use some."""
    for name, value in vars(domain).items():
        if inspect.isfunction(value) and not hasattr(value, "command") and not name.startswith("_"):
            yield name, value


def _method(domain: str, name: str, function: Any, glossary: Glossary) -> Iterator[str]:
    """Describe a method that is no command, first in one sentence."""
    summary, _, more = (inspect.getdoc(function) or "").partition("\n\n")
    yield glossary.words(summary, function.__module__)
    typed = call(f"tim.{domain}.{name}", function)
    if inspect.iscoroutinefunction(function):
        yield block(f"reply = await {typed}")
    else:
        yield block(f"async for each in {typed}:\n    ...")
    yield glossary.words(more, function.__module__)
