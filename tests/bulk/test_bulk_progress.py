"""How far a run is, on a clock that jumps."""

from __future__ import annotations

import pytest

from timrest_async.bulk import Progress
from timrest_async.testing import FakeClock


async def go_on(clock: FakeClock, progress: Progress, seconds: int, each: int, steps: int = 4) -> None:
    """Let *each* recipients end *steps* times a second, for so many *seconds*."""
    for _ in range(seconds * steps):
        await clock.advance(1 / steps)
        progress.ended({"sent": each})


def test_a_run_begins_with_nothing() -> None:
    """Nobody has an outcome, and nobody knows how long it takes."""
    progress = Progress(FakeClock(), 10)
    assert progress.counts == {"sent": 0, "refused": 0, "unknown": 0, "skipped": 0}
    assert (progress.done, progress.waiting, progress.earlier) == (0, 0, 0)
    assert (progress.seconds, progress.rate, progress.left) == (0.0, 0.0, None)
    assert progress.held_up_by is None


def test_each_status_is_counted_by_itself() -> None:
    """What ended is counted under its own name, and all of it as done."""
    progress = Progress(FakeClock(), None)
    progress.ended({"sent": 1, "refused": 20})
    progress.ended({"sent": 1, "unknown": 300, "skipped": 4_000})
    assert (progress.sent, progress.refused, progress.unknown, progress.skipped) == (2, 20, 300, 4_000)
    assert progress.counts == {"sent": 2, "refused": 20, "unknown": 300, "skipped": 4_000}
    assert progress.done == 4_322


def test_counts_that_were_handed_out_do_not_change() -> None:
    """Who keeps the counts of a moment keeps them."""
    progress = Progress(FakeClock(), None)
    before = progress.counts
    progress.ended({"sent": 1})
    assert before["sent"] == 0


async def test_the_rate_at_the_beginning_is_that_of_the_time_there_was() -> None:
    """In the first ten seconds the rate is taken from the start."""
    clock = FakeClock()
    progress = Progress(clock, None)
    await go_on(clock, progress, 2, 125)
    assert progress.rate == pytest.approx(500)


async def test_the_rate_is_that_of_the_last_ten_seconds() -> None:
    """What happened before does not count, nor does an hour in which nothing did."""
    clock = FakeClock()
    progress = Progress(clock, None)
    await clock.advance(3_600)
    await go_on(clock, progress, 20, 50)
    assert progress.rate == pytest.approx(200)
    await go_on(clock, progress, 5, 100)
    assert progress.rate == pytest.approx(300, rel=0.03)
    await go_on(clock, progress, 6, 100)
    assert progress.rate == pytest.approx(400)


async def test_the_rate_falls_to_nothing_while_nothing_ends() -> None:
    """Five seconds later it is half, and ten seconds later nothing, also where nobody asked meanwhile."""
    clock = FakeClock()
    progress = Progress(clock, 1_000_000)
    await go_on(clock, progress, 12, 125)
    await clock.advance(5)
    assert progress.rate == pytest.approx(250, rel=0.04)
    await clock.advance(6)
    assert progress.rate == 0
    assert progress.left is None


async def test_the_first_outcomes_alone_are_forgotten_as_well() -> None:
    """What ended within the first moments has no part in the rate a minute later."""
    clock = FakeClock()
    progress = Progress(clock, None)
    await clock.advance(0.1)
    progress.ended({"sent": 500})
    assert progress.rate == pytest.approx(5_000)
    await clock.advance(60)
    assert progress.rate == 0


async def test_the_rate_after_a_pause_is_not_that_of_the_pause() -> None:
    """Ten minutes without an outcome do not lie in the last ten seconds."""
    clock = FakeClock()
    progress = Progress(clock, None)
    await go_on(clock, progress, 12, 125)
    await clock.advance(600)
    await go_on(clock, progress, 5, 125)
    assert progress.rate == pytest.approx(250, rel=0.04)


async def test_few_points_are_kept() -> None:
    """However many outcomes come in ten seconds, memory does not grow with them."""
    clock = FakeClock()
    progress = Progress(clock, None)
    await go_on(clock, progress, 12, 1, steps=20)
    assert len(progress._points) < 100
    assert progress.rate == pytest.approx(20)


async def test_the_time_that_is_left_follows_from_the_rate() -> None:
    """So many are left, so many end in a second."""
    clock = FakeClock()
    progress = Progress(clock, 10_000)
    await go_on(clock, progress, 10, 125)
    assert progress.left == pytest.approx(10)


async def test_no_time_is_left_where_more_ended_than_there_should_be() -> None:
    """An input that says it is shorter than it is leaves no negative time."""
    clock = FakeClock()
    progress = Progress(clock, 10)
    await go_on(clock, progress, 1, 50)
    assert progress.left == 0


async def test_nobody_knows_the_time_that_is_left_of_an_input_without_an_end() -> None:
    """Without a total there is no time left to tell."""
    clock = FakeClock()
    progress = Progress(clock, None)
    await go_on(clock, progress, 1, 50)
    assert progress.total is None
    assert progress.left is None


async def test_what_earlier_runs_did_is_done_but_not_part_of_the_rate() -> None:
    """A run that goes on counts the others' outcomes, and is no faster for them."""
    clock = FakeClock()
    progress = Progress(clock, 10_000)
    progress.resume({"sent": 5_000, "unknown": 1_000})
    assert (progress.earlier, progress.done, progress.rate) == (6_000, 6_000, 0.0)
    await go_on(clock, progress, 4, 125)
    assert progress.done == 8_000
    assert progress.earlier == 6_000
    assert progress.counts == {"sent": 7_000, "refused": 0, "unknown": 1_000, "skipped": 0}
    assert progress.rate == pytest.approx(500)
    assert progress.left == pytest.approx(4)


async def test_a_run_takes_as_long_as_it_takes() -> None:
    """Seconds count from when it was made, by the clock that was handed in."""
    clock = FakeClock(time=1_000)
    progress = Progress(clock, None)
    await clock.advance(12.5)
    assert progress.seconds == pytest.approx(12.5)
