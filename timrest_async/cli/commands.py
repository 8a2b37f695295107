"""``timrest commands``: every command of the service, by the names that it has here and there."""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from itertools import groupby
from textwrap import wrap
from typing import Annotated, Any, Final

import typer
from attrs import evolve, frozen
from rich.text import Text

from timrest_async._words import shown
from timrest_async.cli.connection import AsJson
from timrest_async.cli.output import CommandFailedError, Failure, Output, reporting
from timrest_async.commands._registry import CommandEntry, FieldEntry, fields_in, named
from timrest_async.commands._registry import commands as all_commands

__all__ = ["commands", "completed"]

_FEW: Final = 3
"""Up to so many commands are shown with their fields."""

_WIDE: Final = 400
"""Columns for what goes into a file or a pipe: every command and every field stays on one line, for grep."""

_READABLE: Final = 36
"""Columns that sentences need; where the names beside them leave fewer, they go below."""

_LONGEST: Final = 100
"""Columns of a paragraph, however wide the terminal is."""

_SITES: Final = {"269": "cloud.tencent.com", "1047": "www.tencentcloud.com"}
"""Where the manual's documents lie, in Chinese and in English."""

_BELOW: Final = 8
"""Columns by which sentences below names are indented."""

_FORMS: Final = {"paged": "iterates over all pages", "split": "takes any number of items"}
"""What the other forms of a command do."""

_NOTHING: Final = {
    "request": "nothing: the body is an empty object",
    "reply": "nothing beyond its ErrorCode",
}
"""What there is where a command has no fields."""

_MARK: Final = re.compile(
    r"``(?P<code>.+?)``|:\w+:`(?:~[\w.]*\.)?(?P<name>[\w.]+)`|\*\*(?P<strong>.+?)\*\*|(?<!\w)\*(?P<word>\w[^*]*)\*"
)
"""What marks words in docstrings."""


def completed(incomplete: str) -> list[tuple[str, str]]:
    """Name the paths that begin like *incomplete*, for the shell."""
    version = "v4/" if incomplete.startswith("v4/") else ""
    paths = ((f"{version}{entry.path}", _plain(entry.summary)) for entry in all_commands())
    return [(path, summary) for path, summary in paths if path.startswith(incomplete)]


def _names_completed(incomplete: str) -> list[tuple[str, str]]:
    """Name the paths and the calls that begin like *incomplete*, for the shell."""
    calls = ((entry.call, _plain(entry.summary)) for entry in all_commands())
    return [*completed(incomplete), *((call, summary) for call, summary in calls if call.startswith(incomplete))]


def commands(
    word: Annotated[
        str | None,
        typer.Argument(
            metavar="WORD",
            help="A path (openim/sendmsg), a call (tim.messages.send) or a class (SendMessage) shows that one; another"
            " word finds all that have it in a name or in what they do. Up to three are shown with their fields.",
            autocompletion=_names_completed,
        ),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the service's commands, or show what one takes and answers."""
    with reporting(as_json=as_json) as out:
        found = _found(word or "")
        if not found:
            raise CommandFailedError(_unknown(word or ""))
        if not out.console.is_terminal:
            out.console.width = _WIDE
        if out.as_json:
            out.line(out.dumps([_as_json(entry) for entry in found]))
        elif len(found) <= _FEW:
            for entry in found:
                _show_page(out, entry)
        elif out.console.is_terminal:
            _show_list(out, found, in_full=word is not None)
        else:
            _show_lines(out, found)


def _found(word: str) -> list[CommandEntry]:
    """Return the one command that is called *word*, or all that have each of its words somewhere."""
    sought = word.strip().lower().removeprefix("/").removeprefix("v4/")
    called = [entry for entry in all_commands() if sought in _names(entry)]
    first, *others = [named(part) for part in sought.split() or [""]]
    return called or [entry for entry in first if all(entry in other for other in others)]


def _names(entry: CommandEntry) -> set[str]:
    """Return all by which *entry* is called, in lower case."""
    calls = [f"{entry.domain}.{method}" for method in (entry.method, *entry.forms.values())]
    return {entry.path.lower(), entry.command.__name__.lower(), *calls, *(f"tim.{call}" for call in calls)}


def _unknown(word: str) -> Failure:
    paths = {name: entry.path for entry in all_commands() for name in (*_names(entry), entry.path.partition("/")[2])}
    close = get_close_matches(word.lower(), paths, 1, 0.75)
    return Failure(
        error="UnknownCommand",
        message=f"No command has {shown(word)} in its names or in what it does.",
        advice=f"{f'Did you mean {paths[close[0]]}? ' if close else ''}`timrest commands` lists them all;"
        " `timrest call` sends any other too.",
    )


# -- for machines


def _as_json(entry: CommandEntry) -> dict[str, Any]:
    calls = {form: f"tim.{entry.domain}.{method}" for form, method in entry.forms.items()}
    return {
        "path": entry.path,
        "class": entry.command.__name__,
        "call": entry.call,
        "each": calls.get("paged"),
        "all": calls.get("split"),
        "document": entry.document,
        "summary": _plain(entry.summary),
        "request": _fields_as_json(entry.request),
        "reply": _fields_as_json(entry.reply),
    }


def _fields_as_json(fields: Iterable[FieldEntry]) -> list[dict[str, Any]]:
    return [
        {
            "wire": field.wire,
            "name": field.name,
            "type": field.type,
            "required": field.required,
            "about": _plain(field.about),
        }
        | ({} if field.struct is None else {"fields": _fields_as_json(fields_in(field.struct))})
        for field in fields
    ]


# -- for people


@frozen
class _Row:
    """Names in columns, and a sentence about them."""

    names: tuple[str, ...]
    words: str


def _show_list(out: Output, found: Sequence[CommandEntry], *, in_full: bool) -> None:
    """Show *found* domain by domain; what they do goes below their names only *in_full*."""
    rows = [_Row((f"  {entry.method}", entry.path), _plain(entry.summary)) for entry in found]
    widths = _widths(rows)
    beside = _have_room(out, widths)
    if not (in_full or beside):
        rows = [evolve(row, words="") for row in rows]
    for domain, some in groupby(zip(found, rows, strict=True), lambda pair: pair[0].domain):
        out.show(Text(f"tim.{domain}", style="bold"))
        _show_rows(out, [row for _, row in some], widths, ("", "dim"), beside=beside)
        out.show("")
    more = "" if in_full or beside else " `timrest commands WORD` tells what some of them do,"
    _show_words(out, f"{len(found)} commands;{more} `timrest commands PATH` shows the fields of one.", style="dim")


def _show_lines(out: Output, found: Sequence[CommandEntry]) -> None:
    """Show *found* one a line."""
    rows = [_Row((entry.path, entry.call), _plain(entry.summary)) for entry in found]
    _show_rows(out, rows, _widths(rows), ("", ""), beside=True)


@frozen
class _Section:
    """The fields of one class."""

    place: str
    """Where it stands in the body, such as ``request.MsgBody[]``."""

    cls: type[Any]
    """The class."""

    rows: list[_Row]
    """Its fields."""


def _show_page(out: Output, entry: CommandEntry) -> None:
    """Show all that is known of *entry*."""
    out.show(Text.assemble((entry.call, "bold"), f"  {entry.path}"))
    for words in re.sub(r"\s*Document\s\d+/\d+\.$", "", entry.words).split("\n\n"):
        _show_words(out, _plain(words), indent=2)
    for form, method in entry.forms.items():
        _show_words(out, f"tim.{entry.domain}.{method} {_FORMS[form]}.", indent=2)
    if entry.document is not None:
        site = _SITES[entry.document.partition("/")[0]]
        out.show(Text(f"  https://{site}/document/product/{entry.document}", style="dim"))
    seen: set[type[Any]] = set()
    sections = [
        *_sections("request", entry.command, entry.request, seen),
        *_sections("reply", entry.command.reply, entry.reply, seen),
    ]
    beside = all(_have_room(out, _widths(section.rows)) for section in sections)
    marked = "* is required"
    for section in sections:
        title = Text.assemble("  ", (section.place, "bold"))
        if section.rows:
            title.append(f"  {section.cls.__name__}", style="dim")
        if any(row.names[0].startswith("  *") for row in section.rows):
            title.append(f"  {marked}" if marked else "", style="dim")
            marked = ""
        out.show("", title)
        if not section.rows:
            out.show(Text("    " + _NOTHING[section.place], style="dim"))
        _show_rows(out, section.rows, _widths(section.rows), ("bold", "", "cyan"), beside=beside)
    out.show("")


def _sections(place: str, cls: type[Any], fields: list[FieldEntry], seen: set[type[Any]]) -> Iterator[_Section]:
    """Describe the *fields* of a *cls*, and then of what is inside them, each class where it is first met."""
    rows: list[_Row] = []
    for field in fields:
        mark = "*" if field.required and place.startswith("request") else " "
        rows.append(_Row((f"  {mark} {field.wire}", field.name, field.type), _plain(field.about)))
    yield _Section(place, cls, rows)
    for field in fields:
        if field.struct is not None and field.struct not in seen:
            seen.add(field.struct)
            items = "[]" if field.type.startswith("list[") else ""
            yield from _sections(f"{place}.{field.wire}{items}", field.struct, fields_in(field.struct), seen)


def _widths(rows: Iterable[_Row]) -> list[int]:
    return [max(map(len, column)) for column in zip(*(row.names for row in rows), strict=True)]


def _have_room(out: Output, widths: Sequence[int]) -> bool:
    """Tell whether sentences fit beside columns of these *widths*."""
    return out.console.width - sum(widths) - 2 * len(widths) >= _READABLE


def _show_rows(
    out: Output, rows: Iterable[_Row], widths: Sequence[int], styles: Sequence[str], *, beside: bool
) -> None:
    """Show *rows* in columns, their sentences *beside* the names or below them."""
    indent = sum(widths) + 2 * len(widths) if beside else _BELOW
    for row in rows:
        heads = _heads(row.names, widths, styles, out.console.width)
        words = _wrapped(row.words, out.console.width - indent)
        if beside:
            heads[-1].pad_right(indent - heads[-1].cell_len)
            heads[-1].append("".join(words[:1]))
            del words[:1]
        out.show(*heads, *(Text(" " * indent + line) for line in words))


def _heads(names: Sequence[str], widths: Sequence[int], styles: Sequence[str], most: int) -> list[Text]:
    """Put *names* into columns; where that takes more than a line, side by side, and at worst the last one below."""
    padded = [f"{name:<{width}}" for name, width in zip(names, widths, strict=True)]
    for columns in (padded, names):
        line = Text("  ").join(map(Text, columns, styles))
        line.rstrip()
        if line.cell_len <= most:
            return [line]
    return [Text("  ").join(map(Text, names[:-1], styles)), Text(" " * _BELOW).append(names[-1], styles[-1])]


def _show_words(out: Output, words: str, *, indent: int = 0, style: str = "") -> None:
    """Show a paragraph."""
    width = min(out.console.width, _LONGEST) if out.console.is_terminal else out.console.width
    for line in _wrapped(words, width - indent):
        out.show(Text(" " * indent + line, style=style))


def _wrapped(words: str, width: int) -> list[str]:
    return wrap(words, max(width, 1), break_long_words=False, break_on_hyphens=False)


def _plain(words: str) -> str:
    """Return *words* of a docstring without its marks and line breaks."""
    return _MARK.sub(lambda mark: mark[mark.lastgroup or 0], " ".join(words.split()))
