"""What the commands print, and how they fail.

With ``--json`` one JSON value goes to stdout and nothing else anywhere, a failure being ``{"error": {...}}``. Without,
results go to stdout and failures to stderr. The exit code is 0, 1 for a failure, 2 for a wrong command line, and 130
after Ctrl-C. Whatever came from outside is shown without its control characters, so that no message can play tricks on
a terminal.
"""

import json
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import typer
from attrs import asdict, frozen
from rich.console import Console, RenderableType
from rich.highlighter import JSONHighlighter
from rich.table import Table
from rich.text import Text

from timrest_async.errors import ApiError, TimError, TransportError, UserSigError, explain

__all__ = [
    "CommandFailedError",
    "Failure",
    "Output",
    "describe",
    "facts",
    "local_time",
    "reporting",
    "stderr",
    "tell",
    "visible",
]

_CONTROL = {code: f"\\u{code:04x}" for code in (*range(0x20), *range(0x7F, 0xA0))}
_C1 = {code: escape for code, escape in _CONTROL.items() if code >= 0x7F}


@frozen(kw_only=True)
class Failure:
    """Why a command did not do what it was asked."""

    error: str
    """The class of the error, such as ``NotFoundError``."""

    message: str
    """What failed, in one sentence."""

    code: int | None = None
    """The service's ErrorCode."""

    command: str | None = None
    """The command that failed, such as ``openim/sendmsg``."""

    status: int | None = None
    """The HTTP status, where it was not 200."""

    meaning: str | None = None
    """What the code stands for."""

    said: str | None = None
    """What the service said."""

    advice: str | None = None
    """What to do."""

    attempts: int | None = None
    """How often the call went out."""

    delivered: str | None = None
    """Whether the service did what was asked, where that may be in doubt."""

    notes: Sequence[str] = ()
    """What else is known."""

    request_id: str | None = None
    """What the service's support asks for."""


class CommandFailedError(Exception):
    """A command could not do what it was asked, although nothing raised a :class:`~timrest_async.TimError`."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure


def describe(error: TimError) -> Failure:
    """Say what *error* means to somebody at a terminal."""
    name = type(error).__name__
    if isinstance(error, ApiError):
        return Failure(
            error=name,
            message=f"{error.path} was refused with {error.code}.",
            code=error.code,
            command=error.path,
            meaning=error.meaning,
            said=error.info or None,
            advice=error.advice,
            attempts=error.attempts,
            delivered=_DELIVERED[error.delivered],
            notes=_notes(error),
            request_id=error.request_id,
        )
    if isinstance(error, TransportError):
        return Failure(
            error=name,
            message=f"{error.path} got no usable answer: {error.reason}.",
            command=error.path,
            status=error.status,
            advice=_advice_without_answer(error),
            attempts=error.attempts,
            delivered=_DELIVERED[error.delivered],
            notes=_notes(error),
        )
    if isinstance(error, UserSigError):
        known = explain(error.code)
        return Failure(
            error=name, message=f"{error.reason}.", code=error.code, meaning=known.meaning, advice=known.advice
        )
    return Failure(error=name, message=f"{error}.", notes=_notes(error))


_DELIVERED: Final = {True: "yes", False: "no", None: "not known"}


def _notes(error: TimError) -> Sequence[str]:
    notes: Sequence[str] = getattr(error, "__notes__", ())
    return notes


def _advice_without_answer(error: TransportError) -> str:
    if error.delivered is None:
        return "Ask the service whether the work was done before you send it again."
    return "Check the network and the address: --region, --base-url, or the TIMREST_ variables of the same names."


class Output:
    """Where a command prints."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        """Whether a machine reads along."""
        self.console: Console = Console(highlight=False, markup=False, emoji=False)
        """What people read."""

    @property
    def unicode(self) -> bool:
        """Whether stdout can show more than ASCII."""
        return self.console.encoding.startswith("utf")

    def show(self, *parts: RenderableType) -> None:
        """Show *parts* to people, line by line."""
        if not self.as_json:
            for part in parts:
                self.console.print(part)

    def result(self, value: Any, *parts: RenderableType) -> None:
        """Hand *value* to machines, or show *parts* to people."""
        if self.as_json:
            self.line(self.dumps(value))
        self.show(*parts)

    def whole(self, value: Any) -> None:
        """Hand *value* to machines, or print all of it as JSON for people."""
        if self.as_json:
            self.line(self.dumps(value))
        else:
            self.console.print(JSONHighlighter()(self.dumps(value, indent=2)), soft_wrap=True)

    def line(self, text: str) -> None:
        """Print *text* as it is: neither wrapped nor coloured."""
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def dumps(self, value: Any, indent: int | None = None) -> str:
        """Write *value* as JSON that this stdout can carry and no terminal obeys."""
        return json.dumps(value, indent=indent, ensure_ascii=not self.unicode).translate(_C1)

    def fail(self, failure: Failure) -> None:
        """Report *failure*."""
        if self.as_json:
            known = asdict(failure, filter=lambda _, value: value is not None and value != ())
            self.line(self.dumps({"error": known}))
            return
        rows = {
            "meaning": failure.meaning,
            "it said": failure.said,
            "to do": failure.advice,
            "done": failure.delivered,
            "note": "; ".join(failure.notes) or None,
            "request": failure.request_id,
        }
        console = stderr()
        console.print(Text.assemble(("error: ", "bold red"), visible(failure.message)))
        console.print(facts(rows))


@contextmanager
def reporting(*, as_json: bool) -> Generator[Output]:
    """Give a command its output, and turn what it raises into a message and exit code 1."""
    out = Output(as_json=as_json)
    try:
        yield out
    except TimError as error:
        out.fail(describe(error))
    except CommandFailedError as error:
        out.fail(error.failure)
    else:
        return
    raise typer.Exit(1)


def stderr() -> Console:
    """Return where progress and complaints go."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def tell(*lines: str) -> None:
    """Say something on stderr, line by line."""
    console = stderr()
    for line in lines:
        console.print(f"  {line}", soft_wrap=True)


def facts(rows: Mapping[str, object]) -> Table:
    """Lay *rows* out as names and values, leaving out what is ``None``."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows.items():
        if value is not None:
            table.add_row(f"  {name}", visible(str(value)))
    return table


def visible(text: str) -> str:
    """Return *text* with its control characters written out."""
    return text.translate(_CONTROL)


def local_time(moment: float) -> str:
    """Write Unix time *moment* as this machine's clock shows it."""
    return datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S %z")
