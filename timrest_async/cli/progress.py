"""How far a bulk run is, for whoever looks on: a bar on a terminal, and a line now and then anywhere else."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from timrest_async._words import shortened
from timrest_async.cli.output import visible
from timrest_async.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Generator

    from rich.console import Console

    from timrest_async._clock import Clock, Timer
    from timrest_async.bulk import Progress
    from timrest_async.errors import TimError

__all__ = ["bar", "duration", "following", "line"]

REDRAWN: Final = 0.25
"""The bar is drawn again after so many seconds."""

LINES: Final = 5.0
"""So many seconds lie between two lines."""

_STYLES: Final = {"sent": "green", "refused": "red", "unknown": "yellow", "skipped": "", "waiting": ""}


@contextmanager
def following(progress: Progress, clock: Clock, console: Console, *, lines: bool = True) -> Generator[None]:
    """Show *progress* on *console* while the block runs, and once more at its end.

    Where *console* is no terminal it gets lines, or nothing at all.
    """
    if not console.is_terminal and not lines:
        yield
        return
    view = _Bar(progress, console) if console.is_terminal else _Lines(progress, console)
    ticker = _Ticker(clock, view)
    with view:
        ticker.start()
        try:
            yield
        finally:
            ticker.stop()
            view.show()


class _View(Protocol):
    """What shows how far a run is."""

    seconds: float
    """How long one showing lasts."""

    def show(self) -> None:
        """Show how far it is."""
        ...


class _Bar(Live):
    """A bar that is drawn over and over in its place."""

    seconds = REDRAWN

    def __init__(self, progress: Progress, console: Console) -> None:
        super().__init__(
            console=console,
            auto_refresh=False,
            get_renderable=lambda: bar(progress, console.width),
            redirect_stdout=False,  # the result is not for where the bar is
            redirect_stderr=False,
        )

    def show(self) -> None:
        """Draw it again."""
        self.refresh()


class _Lines:
    """A line now and then, for a file or a log."""

    seconds = LINES

    def __init__(self, progress: Progress, console: Console) -> None:
        self._progress = progress
        self._console = console

    def __enter__(self) -> None:
        """Begin with nothing: there is nothing to tell."""

    def __exit__(self, *_: object) -> None:
        """Leave everything there."""

    def show(self) -> None:
        """Write one line."""
        self._console.print(line(self._progress), soft_wrap=True)


class _Ticker:
    """Shows a view over and over; in the loop itself, since what is shown changes there."""

    def __init__(self, clock: Clock, view: _View) -> None:
        self._clock = clock
        self._view = view
        self._timer: Timer

    def start(self) -> None:
        """Show it after its time, and so on."""
        self._timer = self._clock.call_at(self._clock.time() + self._view.seconds, self._tick)

    def stop(self) -> None:
        """Leave it as it is."""
        self._timer.cancel()

    def _tick(self) -> None:
        self._view.show()
        self.start()


def bar(progress: Progress, width: int) -> Group:
    """Draw how far a run is, within *width* columns."""
    rows: list[Table | Text] = [_way(progress, width), _counts(progress)]
    if progress.held_up_by is not None:
        rows.append(Text(f"held up by {_reason(progress.held_up_by)}", "yellow", overflow="ellipsis", no_wrap=True))
    return Group(*rows)


def line(progress: Progress) -> str:
    """Say how far a run is, in one line."""
    counts = ", ".join(f"{number:,} {name}" for name, number in _numbers(progress).items() if number or name == "sent")
    way = f"{_of(progress)}: {counts}; {', '.join(_speed(progress))}"
    return way if progress.held_up_by is None else f"{way}; held up by {_reason(progress.held_up_by)}"


def duration(seconds: float) -> str:
    """Write so many seconds as people say them."""
    whole = round(seconds)
    if whole < 10:
        return f"{seconds:.1f} s"
    minutes, left = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours:,} h {minutes:02} min"
    return f"{minutes} min {left:02} s" if minutes else f"{left} s"


def _way(progress: Progress, width: int) -> Table:
    """Draw the bar, and beside it how fast it grows."""
    done, total = progress.done, progress.total
    way = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(3):
        way.add_column(no_wrap=True)
    speed = ", ".join(_speed(progress))
    share = max(width - len(_of(progress)) - len(speed) - 6, 10)
    drawn = ProgressBar(total, done, width=share, complete_style="cyan", finished_style="green", pulse=total is None)
    way.add_row(_of(progress), drawn, Text(speed, "dim"))
    return way


def _counts(progress: Progress) -> Text:
    """Set the numbers side by side; those that are 0 are pale."""
    parts = [
        Text(f"{name} {number:,}", _STYLES[name] if number else "dim") for name, number in _numbers(progress).items()
    ]
    return Text("   ", no_wrap=True, overflow="ellipsis").join(parts)


def _numbers(progress: Progress) -> dict[str, int]:
    return {**{str(status): number for status, number in progress.counts.items()}, "waiting": progress.waiting}


def _of(progress: Progress) -> str:
    return f"{progress.done:,}" if progress.total is None else f"{progress.done:,} of {progress.total:,}"


def _speed(progress: Progress) -> list[str]:
    left = progress.left
    rate = f"{progress.rate:,.0f} a second"
    return [rate] if not left else [rate, f"{duration(left)} left"]


def _reason(error: TimError) -> str:
    """Say in a few words what is being waited out."""
    words = f"{error.code}: {error.meaning}" if isinstance(error, ApiError) else str(error)
    return visible(shortened(words, 100))
