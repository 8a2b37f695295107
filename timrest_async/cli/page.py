"""What ``timrest demo`` draws: quiet enough for 80 columns, a file, and a terminal without Unicode."""

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager

from attrs import frozen
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from timrest_async.cli.figures import CAP, Burst, Delivery, Figures, Retry
from timrest_async.cli.output import Output, visible
from timrest_async.elements import Element, Face
from timrest_async.elements import Text as Words

__all__ = ["Page"]

_BAR = 46
"""Columns of the chart's longest bar."""


@frozen
class _Marks:
    """The few signs that are more than letters."""

    arrow: str
    bar: str
    cap: str
    kept: str
    broken: str


_UNICODE = _Marks("→", "█", "─", "✓", "✗")
_ASCII = _Marks("->", "#", "-", "ok", "NO")


class Page:
    """The demo's page, drawn from the top while it happens."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self._marks = _UNICODE if out.unicode else _ASCII

    def open(self, base_url: str) -> None:
        """Say what this is."""
        self._out.show(
            "",
            Text.assemble(("timrest demo", "bold"), "  the real client, over real HTTP, against a sandbox"),
            Text(f"The sandbox listens at {base_url}; nothing leaves this machine.", style="dim"),
        )

    def show_deliveries(self, deliveries: list[Delivery]) -> None:
        """Show what arrived, message by message."""
        self._head(1, f"The manual's {len(deliveries)} sample messages, as the sandbox received them")
        for delivery in deliveries:
            who = f"{delivery.sender} {self._marks.arrow} {delivery.receiver}"
            what = "  ".join(_in_words(element) for element in delivery.elements) or "nothing arrived"
            self._out.show(
                _line(Text(visible(who), style="bold"), visible(delivery.receipt)),
                _line(Text(f"  {what}"), delivery.point),
            )

    def show_retry(self, retry: Retry) -> None:
        """Show each time the message went out, and how often it arrived."""
        self._head(2, "One message whose first attempt is refused, and that is then sent once more")
        table = _grid()
        for style in ("", "dim", "dim", ""):
            table.add_column(style=style, no_wrap=True)
        for number, (code, time) in enumerate(zip(retry.codes, retry.times, strict=True), start=1):
            name = f"attempt {number}" if number < len(retry.codes) else "once more"
            answer = f"refused with {code}" if code else "OK"
            table.add_row(name, f"+{time:.3f} s", f"MsgRandom {retry.msg_random}", answer)
        same = "the same bytes each time" if retry.same_bytes else "the bytes differ"
        table.add_row("arrived", "", same, Text(_times(retry.delivered), style="bold"))
        self._out.show(_indented(table))

    @contextmanager
    def progress(self, count: int) -> Generator[Callable[[], None]]:
        """Show how many of *count* messages were answered, and wipe that away at the end."""
        self._head(3, f"{count} messages at once, a task for each, under a cap of {CAP} calls a second")
        columns = (
            TextColumn("   answered"),
            BarColumn(_BAR, complete_style="cyan", finished_style="cyan"),
            MofNCompleteColumn(),
        )
        watched = self._out.console.is_terminal and not self._out.as_json
        with Progress(*columns, console=self._out.console, transient=True, disable=not watched) as bar:
            task = bar.add_task("", total=count)
            yield lambda: bar.advance(task)

    def show_burst(self, burst: Burst) -> None:
        """Draw the calls of each second, of the fullest second and the cap to one scale."""
        table = _grid()
        table.add_column(style="dim", no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(justify="right", no_wrap=True)
        longest = max(CAP, burst.worst)
        for second, calls in enumerate(burst.per_second):
            table.add_row(f"second {second + 1}", Text(self._bar(calls, longest), style="cyan"), str(calls))
        style = "green" if burst.worst <= CAP else "red"
        table.add_row("fullest second", Text(self._bar(burst.worst, longest), style=style), str(burst.worst))
        table.add_row("cap", self._marks.cap * round(CAP / longest * _BAR), str(CAP))
        for reason in sorted(set(burst.failures)):
            table.add_row("failed", Text(visible(reason), style="red"), str(burst.failures.count(reason)))
        note = f"{burst.calls} calls in {burst.seconds:.2f} s, counted where they arrived."
        self._out.show(_indented(table), _indented(Text(note, style="dim")))

    def close(self, figures: Figures) -> None:
        """Set what was promised beside what was seen, and say how to go on."""
        self._head(4, "What was promised, and what was seen")
        table = _grid()
        for style in ("", "", "bold"):
            table.add_column(style=style)
        for promise in figures.promises:
            mark = Text(self._marks.kept, "green") if promise.kept else Text(self._marks.broken, "red")
            table.add_row(mark, promise.promised, promise.seen)
        steps = _grid()
        steps.add_column(style="bold", no_wrap=True)
        steps.add_column(style="dim")
        steps.add_row("timrest sandbox", "the same server for your own code, in any language")
        steps.add_row("timrest send to ID TEXT", "a message, with the TIMREST_ variables it prints")
        steps.add_row("timrest errors WORD", "what a code means and what to do about it")
        steps.add_row("README.md", "the client in your own program")
        self._out.show(_indented(table), "", Text("Go on with", style="bold"), _indented(steps), "")

    def _head(self, number: int, title: str) -> None:
        self._out.show("", Text(f"{number}  {title}", style="bold"))

    def _bar(self, calls: int, longest: int) -> str:
        return self._marks.bar * max(round(calls / longest * _BAR), min(calls, 1))


def _grid() -> Table:
    return Table.grid(padding=(0, 2, 0, 0))


def _line(left: Text, right: str) -> Padding:
    """Set *left* and *right* at the two ends of a line."""
    line = Table.grid(expand=True, padding=(0, 2, 0, 0), pad_edge=False)
    line.add_column(ratio=1, overflow="fold")
    line.add_column(justify="right", style="dim", no_wrap=True)
    line.add_row(left, right)
    return Padding(line, (0, 0, 0, 3))


def _indented(part: Table | Text) -> Padding:
    return Padding(part, (0, 0, 0, 3), expand=False)


def _in_words(element: Element) -> str:
    if isinstance(element, Words):
        return json.dumps(element.text, ensure_ascii=False)
    if isinstance(element, Face):
        return f"Face {element.index} {json.dumps(element.data, ensure_ascii=False)}"
    return element.msg_type


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
