"""How `timrest bulk` shows how far it is."""

import io
import re

import pytest
from rich.console import Console

from timrest_async import InputError
from timrest_async.bulk import Progress
from timrest_async.cli.progress import bar, duration, following, line
from timrest_async.errors import TimError, error_for
from timrest_async.testing import FakeClock

HELD_UP = error_for(60007, "too often", "openim/sendmsg")


def console(*, terminal: bool = False, width: int = 80) -> tuple[Console, io.StringIO]:
    """Return a console, and what it shows."""
    shown = io.StringIO()
    return Console(file=shown, force_terminal=terminal, width=width, _environ={"TERM": "xterm"}), shown


async def half_way(clock: FakeClock) -> Progress:
    """Return how far a run of 1,000 is after ten seconds."""
    progress = Progress(clock, 1_000)
    for _ in range(10):
        await clock.advance(1)
        progress.ended({"sent": 40, "refused": 1})
    progress.waiting = 50
    return progress


async def test_a_line_says_it_all() -> None:
    """Done, counts, what waits, rate, time left and what holds it up stand in one line; what is 0 does not."""
    progress = await half_way(FakeClock())
    assert line(progress) == "410 of 1,000: 400 sent, 10 refused, 50 waiting; 41 a second, 14 s left"
    progress.held_up_by = HELD_UP
    assert line(progress).endswith(f"; held up by 60007: {HELD_UP.meaning}")


def test_a_line_of_nothing() -> None:
    """What is not known is left out."""
    assert line(Progress(FakeClock(), None)) == "0: 0 sent; 0 a second"


async def test_lines_come_every_five_seconds_and_at_the_end() -> None:
    """Where there is no terminal, a line stands there for each five seconds, and the last when all is over."""
    clock, (file, shown) = FakeClock(), console()
    progress = Progress(clock, 100)
    with following(progress, clock, file):
        for number in range(3):
            progress.ended({"sent": 30})
            await clock.advance(4.9)
            assert shown.getvalue().count("\n") == number
            await clock.advance(0.1001)
            assert shown.getvalue().count("\n") == number + 1
        progress.ended({"sent": 10})
    assert [words.split(":")[0] for words in shown.getvalue().splitlines()] == [
        "30 of 100",
        "60 of 100",
        "90 of 100",
        "100 of 100",
    ]
    assert clock.timers == 0


async def test_the_last_line_comes_also_after_a_failure() -> None:
    """Whatever ends a run, the last line says how far it came, and nothing goes on ticking."""
    clock, (file, shown) = FakeClock(), console()
    with pytest.raises(InputError), following(Progress(clock, 5), clock, file):
        raise InputError("it failed")
    assert shown.getvalue() == "0 of 5: 0 sent; 0 a second\n"
    assert clock.timers == 0


async def test_a_machine_that_reads_along_gets_no_lines() -> None:
    """Without lines there is nothing but a bar, and that on a terminal alone."""
    clock, (file, shown) = FakeClock(), console()
    with following(Progress(clock, 5), clock, file, lines=False):
        await clock.advance(60)
    assert shown.getvalue() == ""


async def test_a_long_line_is_one_line() -> None:
    """A narrow file does not break it."""
    clock, (file, shown) = FakeClock(), console(width=20)
    progress = await half_way(clock)
    with following(progress, clock, file):
        pass
    assert shown.getvalue().splitlines() == [line(progress)]


async def test_the_bar_is_drawn_again_and_again_in_its_place() -> None:
    """On a terminal the numbers change where they stand, four times a second."""
    clock, (terminal, shown) = FakeClock(), console(terminal=True)
    progress = Progress(clock, 100)
    with following(progress, clock, terminal):
        await clock.advance(0.1)
        progress.ended({"sent": 10})
        assert "10 of 100" not in shown.getvalue()
        await clock.advance(0.2)
        assert "10 of 100" in shown.getvalue()
        progress.ended({"sent": 90})
    assert "\x1b[1A" in shown.getvalue()  # one line up, and over it
    assert "100 of 100" in shown.getvalue()
    assert clock.timers == 0


@pytest.mark.parametrize("width", [60, 80, 120])
async def test_the_bar_keeps_within_the_terminal(width: int) -> None:
    """Each of its lines fits, and shows done, rate, time left, and all counts."""
    progress = await half_way(FakeClock())
    progress.held_up_by = HELD_UP
    terminal, shown = console(width=width)
    terminal.print(bar(progress, width))
    way, counts, held_up = shown.getvalue().splitlines()
    assert max(map(len, (way, counts, held_up))) <= width
    assert re.fullmatch(r"410 of 1,000  ━+╸? +41 a second, 14 s left *", way)
    assert counts.split("   ")[:2] == ["sent 400", "refused 10"]
    assert held_up.startswith("held up by 60007: ")
    if width >= 80:
        assert counts == "sent 400   refused 10   unknown 0   skipped 0   waiting 50"


def test_the_bar_grows_with_what_is_done() -> None:
    """Its coloured part is the share that came to an end."""
    progress = Progress(FakeClock(), 100)
    lengths: list[int] = []
    for _ in range(3):
        terminal, shown = console()
        terminal.print(bar(progress, 80))
        lengths.append(shown.getvalue().count("━"))
        progress.ended({"sent": 50})
    assert lengths[0] == 0
    assert 0 < lengths[1] < lengths[2]


def test_a_run_of_unknown_length_has_a_bar_too() -> None:
    """Nobody knows where it ends, and the count says how far it is."""
    terminal, shown = console()
    terminal.print(bar(Progress(FakeClock(), None), 80))
    assert shown.getvalue().startswith("0  ")


def test_what_holds_it_up_plays_no_tricks() -> None:
    """The words of an error come without control characters, and not at length."""
    progress = Progress(FakeClock(), 1)
    progress.held_up_by = TimError("\x1b[2J" + "x" * 1_000)
    assert line(progress).endswith("held up by \\u001b[2J" + "x" * 96 + "...")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"),
        (9.44, "9.4 s"),
        (9.6, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (3_599, "59 min 59 s"),
        (3_600, "1 h 00 min"),
        (360_000, "100 h 00 min"),
    ],
)
def test_seconds_are_said_as_people_say_them(seconds: float, words: str) -> None:
    """Short ones with tenths, long ones in minutes and hours."""
    assert duration(seconds) == words
