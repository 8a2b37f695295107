"""The page of the webhooks: what every event has, each event with its fields, and what it may be answered with."""

from __future__ import annotations

import inspect
import re
import sys
from typing import TYPE_CHECKING, Any, Final

import attrs

from docs._glossary import Glossary, call, manual, words_below
from docs._markdown import code, table
from timrest_async.webhook import EVENTS, Event, Gate, MessageGate, Origin, Verdict, verdicts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["WEBHOOKS", "webhooks"]

WEBHOOKS: Final = "webhooks.md"

OPENING: Final = """
# Webhooks

A webhook (回调, also called a callback) is a call that the service makes to your application: it posts an event to the
address that is set in the console, where each event is switched on by itself. This page has the {events} events of the
manual; [the README](../../README.md) tells how they reach your application, and what becomes of those that fail.

```python
from timrest_async import Text
from timrest_async.webhook import Auth, C2CAfterSendMsg, C2CBeforeSendMsg, C2CVerdict, Webhook

hook = Webhook(Auth(sdkappid=1400000000, token="the token that the console has"))


@hook.on(C2CBeforeSendMsg)
async def no_links(event: C2CBeforeSendMsg) -> C2CVerdict | None:
    if any("http" in element.text for element in event.msg_body if isinstance(element, Text)):
        return event.refuse(120001, "no links, please")
    return None


@hook.on(C2CAfterSendMsg)
async def note(event: C2CAfterSendMsg) -> None:
    print(event.happened_at, event.from_account, event.to_account)
```

`add_webhook` in `timrest_async.webhook.aiohttp_web` or `asgi_app` in `timrest_async.webhook.asgi` puts `hook` behind
HTTP; with another framework you hand its requests to `hook.answer`.

**Before** something happens the service asks, and waits 2 seconds for the answer. Such an event is a `Gate`. Your
function returns a verdict that the event made, or `None` to let it happen; of several functions the first that returns
a verdict decides. One that fails or does not decide in time is taken to have said `fallback`, which is "allow" unless
told.

**After** something has happened the service tells. It is answered at once and your functions have the event then, so
that the answer says nothing about it.

**A class** is called as its callback, without the dot and the word "Callback", and no word twice in a row:
`C2C.CallbackBeforeSendMsg` is `C2CBeforeSendMsg`. `hook.on` takes a class above several, too: `Event` is above all, and
`Gate` above all that the service asks. A callback that is not here arrives as an `UnknownEvent`, with its body in
`event.extra`; a class of your own with that `callback_command` gives it fields.
"""

EVERY: Final = "What every event has"
ALL: Final = "All events"
TYPES: Final = "Types and values"
VERDICTS: Final = "Verdicts"

_DOCUMENTS: Final = re.compile(r"\bDocuments?\s((?:\d+/\d+(?:,\s|\sand\s)?)+)\.\s*")


def webhooks() -> Iterator[str]:
    """Write the page, part by part."""
    families, answers = _families(), _verdicts()
    told = {cls.__name__: cls.__name__ for cls in (*EVENTS.values(), *answers)}
    told |= {Event.__name__: EVERY, Gate.__name__: VERDICTS, MessageGate.__name__: VERDICTS}
    glossary = Glossary(WEBHOOKS, told)
    written = {event.__name__: list(_event(event, glossary)) for event in EVENTS.values()}
    closing = {verdict.__name__: list(_verdict(verdict, glossary)) for verdict in answers}
    terms = dict(glossary.sections())

    yield OPENING.format(events=len(EVENTS)).strip()
    yield glossary.imported(Event.__module__.rpartition(".")[0])
    yield "\n".join(_contents(families, terms, closing, glossary))
    yield f"## {EVERY}"
    yield table(["name", "about"], _shared(glossary))
    yield f"## {ALL}"
    for module, events in families.items():
        yield f"[{_title(module)}]({glossary.to(WEBHOOKS, _title(module))})"
        yield table(["class", "callback", "asks for", "what it tells"], (_listed(event, glossary) for event in events))
    for module, events in families.items():
        yield f"## {_title(module)}"
        yield glossary.words(inspect.getdoc(sys.modules[module]) or "", module)
        for event in events:
            yield f"### {event.__name__}"
            yield from written[event.__name__]
    yield from _chapter(TYPES, "", terms)
    yield from _chapter(VERDICTS, glossary.words(inspect.getdoc(verdicts) or "", verdicts.__name__), closing)


def _chapter(title: str, opening: str, sections: dict[str, list[str]]) -> Iterator[str]:
    if sections:
        yield f"## {title}"
        yield opening
    for heading, parts in sections.items():
        yield f"### {heading}"
        yield from parts


def _families() -> dict[str, list[type[Event]]]:
    """Group the events by their modules."""
    found: dict[str, list[type[Event]]] = {}
    for event in EVENTS.values():
        found.setdefault(event.__module__, []).append(event)
    return found


def _verdicts() -> list[type[Verdict]]:
    """Return the classes of verdicts that some event takes, in the order in which events name them."""
    return list(dict.fromkeys(event.verdict for event in EVENTS.values() if issubclass(event, Gate)))


def _title(module: str) -> str:
    """Name a family: what its module's docstring says before it goes into detail."""
    words = " ".join((inspect.getdoc(sys.modules[module]) or "").split())
    return re.split(r":|\.(?=\s|$)", words, maxsplit=1)[0]


def _contents(
    families: Iterable[str], terms: Iterable[str], answers: Iterable[str], glossary: Glossary
) -> Iterator[str]:
    def to(heading: str) -> str:
        return f"[{heading}]({glossary.to(WEBHOOKS, heading)})"

    for chapter in (EVERY, ALL, *map(_title, families)):
        yield f"- {to(chapter)}"
    for chapter, headings in ((TYPES, terms), (VERDICTS, answers)):
        if named := ", ".join(map(to, headings)):
            yield f"- {to(chapter)}: {named}"


# -- what every event has


def _shared(glossary: Glossary) -> Iterator[list[str]]:
    """List what is read from any event, and from the origin of any."""
    yield [code("event.callback_command"), _line(_about(Event, "callback_command"), glossary)]
    yield [code("event.happened_at"), _line(_about(Event, "happened_at"), glossary)]
    yield [code("event.key"), _line(_about(Event, "key"), glossary)]
    yield [code("event.extra"), "What the service sent beside the fields that this library knows, key for key."]
    fields = [field.name for field in attrs.fields(Origin)]
    views = [name for name, value in vars(Origin).items() if isinstance(value, property)]
    for name in (*fields, *views):
        yield [code(f"event.origin.{name}"), _line(_about(Origin, name), glossary)]


def _about(cls: type[Any], name: str) -> str:
    """Read the words of a property, or those below a field."""
    value = inspect.getattr_static(cls, name, None)
    return (isinstance(value, property) and inspect.getdoc(value)) or words_below(name, inspect.getsource(cls))


def _line(said: str, glossary: Glossary) -> str:
    return " ".join(glossary.words(said, Event.__module__).split())


# -- an event


def _listed(event: type[Event], glossary: Glossary) -> list[str]:
    asks = glossary.link(event.verdict) if issubclass(event, Gate) else ""
    return [glossary.link(event), code(event.callback_command), asks, _summary(event, glossary)]


def _said(event: type[Event]) -> tuple[str, str]:
    """Return what an event is in one sentence, and what else its docstring says, without the documents."""
    words = _DOCUMENTS.sub("", inspect.getdoc(event) or "")
    summary, *more = re.split(r"(?<=\.)\s+", words, maxsplit=1)
    return summary, "".join(more)


def _summary(event: type[Event], glossary: Glossary) -> str:
    return glossary.words(_said(event)[0], event.__module__)


def _event(event: type[Event], glossary: Glossary) -> Iterator[str]:
    """Describe an event, first in one sentence."""
    yield _summary(event, glossary)
    yield glossary.words(_said(event)[1], event.__module__)
    yield "\n".join(_facts(event))
    yield from glossary.fields(event)
    if issubclass(event, Gate):
        yield f"**Answer**: {glossary.link(event.verdict)}.{_codes(event.verdict)}"
        yield "\n".join(_answers(event, glossary))


def _facts(event: type[Event]) -> Iterator[str]:
    found = _DOCUMENTS.search(inspect.getdoc(event) or "")
    documents = [manual(document) for document in re.findall(r"\d+/\d+", found[1])] if found else []
    told = f", document{'s' * (len(documents) > 1)} {' and '.join(documents)}" if documents else ""
    yield f"- Callback {code(event.callback_command)}{told}."
    if issubclass(event, Gate):
        yield "- Before it happens: the service asks, and waits for the answer."
    else:
        yield "- After it happened: the service tells, and the answer changes nothing."
    fields = ", ".join(map(code, event.key_fields))
    yield f"- `key` is made of {fields}." if fields else "- `key` is `None`: nothing in it tells it from others."


def _answers(event: type[Gate[Any]], glossary: Glossary) -> Iterator[str]:
    """List the methods of an event that make a verdict."""
    methods = {
        name: value
        for base in reversed(event.__mro__)
        for name, value in vars(base).items()
        if inspect.isfunction(value) and not name.startswith("_")
    }
    for name, method in methods.items():
        about = (inspect.getdoc(getattr(event, name)) or "").partition("\n\n")[0]
        yield f"- {code(call(f'event.{name}', method))}: {glossary.words(about, method.__module__)}"


# -- a verdict


def _verdict(verdict: type[Verdict], glossary: Glossary) -> Iterator[str]:
    yield glossary.doc(verdict)
    asked = [event for event in EVENTS.values() if issubclass(event, Gate) and event.verdict is verdict]
    yield f"It answers {', '.join(map(glossary.link, asked))}.{_codes(verdict)}"
    yield from glossary.fields(verdict)


def _codes(verdict: type[Verdict]) -> str:
    return f" Codes of your own: {verdict.codes[0]} to {verdict.codes[-1]}." if verdict.codes else ""
