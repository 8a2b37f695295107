"""`timrest demo`, and what it counts."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import typer
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import Result

from timrest_async import Custom, RateLimit, RateLimiter, Text
from timrest_async._codec import encode
from timrest_async.cli.demo import finish
from timrest_async.cli.figures import Burst, Delivery, Figures, Retry, per_second, worst_second
from timrest_async.cli.output import Output
from timrest_async.cli.page import Page
from timrest_async.cli.rehearsal import burst, deliver_samples, prepare, retry
from timrest_async.cli.samples import Sample, samples
from timrest_async.sandbox import Sandbox

Run = Callable[..., Result]

DELIVERY = Delivery(
    point="one", sender="a", receiver="b", elements=[Text("hi"), Custom("{}")], receipt="MsgSeq 1", as_sent=True
)
RETRY = Retry(codes=[20004, 0, 0], times=[0.0, 0.1, 0.2], msg_random=7, same_bytes=True, delivered=1)
BURST = Burst(sent=3, delivered=3, twice=0, failures=[], per_second=[3], worst=3, seconds=0.1)
FIGURES = Figures(deliveries=[DELIVERY], retry=RETRY, burst=BURST)


SAMPLES = Path(__file__).parents[1] / "samples"

BODIES = (
    "sendmsg_admin",
    "sendmsg_offline_push",
    "sendmsg_synced",
    "group_basic",
    "group_sender",
    "group_priority",
    "group_no_callbacks",
    "group_online_only",
)

DRAWN = frozenset({"MsgSeq", "MsgRandom", "Random"})


@pytest.mark.parametrize(("sample", "name"), [*zip(samples(), BODIES, strict=True)], ids=BODIES)
def test_the_samples_are_the_manuals(sample: Sample, name: str) -> None:
    """What the demo sends is what the manual prints, field by field, but for the numbers that are drawn."""
    printed = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    sent = json.loads(encode(sample.command))
    assert {key: sent[key] for key in sent if key not in DRAWN} == {
        key: printed[key] for key in printed if key not in DRAWN
    }


def test_the_demo_keeps_its_promises(run: Run) -> None:
    """The demo ends well and shows samples, retry, cap and summary within 80 columns."""
    result = run("demo")
    assert (result.exit_code, result.stderr) == (0, "")
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert result.stdout.count("MsgKey") == 3
    assert result.stdout.count("MsgSeq") == 5
    for said in ("refused with 20004", "the same bytes each time", "8 of 8 samples", "300 of 300", "timrest sandbox"):
        assert said in result.stdout


def test_the_demo_gives_its_figures_to_machines(run: Run) -> None:
    """With --json the demo prints its figures as one object and nothing else."""
    result = run("demo", "--messages", "20", "--json")
    figures = json.loads(result.stdout)
    assert (result.exit_code, figures["kept"]) == (0, True)
    assert [promise["kept"] for promise in figures["promises"]] == [True] * 4
    assert figures["deliveries"][3]["elements"][1] == {
        "MsgType": "TIMFaceElem",
        "MsgContent": {"Index": 6, "Data": "abc\0\1"},
    }
    assert figures["retry"]["codes"] == [20004, 0, 0]
    assert figures["burst"]["delivered"] == 20


def test_the_demo_shows_its_progress_on_a_terminal(run: Run) -> None:
    """On a terminal there is a bar while the messages go out."""
    assert "answered" in run("demo", "--messages", "5", env={"FORCE_COLOR": "1"}).stdout
    assert "answered" not in run("demo", "--messages", "5").stdout


def test_the_demo_needs_no_unicode() -> None:
    """The demo can be shown where stdout takes ASCII only."""
    done = subprocess.run(
        [sys.executable, "-m", "timrest_async.cli", "demo", "--messages", "5"],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.isascii()


@pytest.mark.parametrize(
    "broken",
    [
        evolve(FIGURES, deliveries=[evolve(DELIVERY, as_sent=False, elements=[])]),
        evolve(FIGURES, retry=evolve(RETRY, same_bytes=False)),
        evolve(FIGURES, retry=evolve(RETRY, delivered=2)),
        evolve(FIGURES, retry=evolve(RETRY, codes=[20004, 20004, 0])),
        evolve(FIGURES, burst=evolve(BURST, worst=101, per_second=[101])),
        evolve(FIGURES, burst=evolve(BURST, delivered=2, failures=["too often"])),
        evolve(FIGURES, burst=evolve(BURST, twice=1)),
    ],
)
def test_a_broken_promise_is_seen(broken: Figures, capsys: pytest.CaptureFixture[str]) -> None:
    """Each promise that does not hold is marked on the page, and one is enough for all."""
    page = Page(Output(as_json=False))
    page.show_deliveries(broken.deliveries)
    page.show_retry(broken.retry)
    page.show_burst(broken.burst)
    page.close(broken)
    shown = capsys.readouterr().out
    assert shown.count("✗") == 1
    assert shown.count("✓") == 3
    assert not broken.kept
    with pytest.raises(typer.Exit) as left:
        finish(Output(as_json=True), broken)
    assert left.value.exit_code == 1
    assert json.loads(capsys.readouterr().out)["kept"] is False


def test_kept_promises_are_seen(capsys: pytest.CaptureFixture[str]) -> None:
    """When every promise holds, so does the whole."""
    Page(Output(as_json=False)).close(FIGURES)
    assert FIGURES.kept
    assert "✗" not in capsys.readouterr().out


async def test_a_client_that_breaks_the_cap_is_found_out() -> None:
    """Without the library's limiter, the same burst shows refusals and messages that never arrived."""
    loose = RateLimiter(RateLimit(1000, burst=1000))
    async with Sandbox(calls_per_second=100) as box, box.session(limits=loose) as tim:
        prepare(box)
        fired = await burst(box, tim, 150, int)
    assert fired.worst > 100
    assert not fired.complete
    assert any("60007" in failure for failure in fired.failures)
    assert fired.calls == 150


async def test_samples_and_retry_are_counted_at_the_sandbox() -> None:
    """All eight samples arrive as sent, and a repeated message stands in its conversation once."""
    async with Sandbox() as box, box.session() as tim:
        prepare(box)
        deliveries = await deliver_samples(box, tim)
        retried = await retry(box, RateLimiter(clock=box.clock))
    assert [delivery.as_sent for delivery in deliveries] == [True] * 8
    assert retried.kept
    assert retried.times == sorted(retried.times)


ASCENDING = st.lists(st.floats(0, 5).map(lambda time: round(time, 2)), min_size=1).map(sorted)


@given(ASCENDING)
def test_the_fullest_second_is_the_fullest(times: list[float]) -> None:
    """No half-open second that starts at any call holds more calls than the one that is found."""
    assert worst_second(times) == max(sum(0 <= time - start < 1 for time in times) for start in times)


@given(ASCENDING)
def test_every_call_is_in_one_second(times: list[float]) -> None:
    """The seconds of the chart hold each call once, and the last of them is not empty."""
    seconds = per_second(times)
    assert sum(seconds) == len(times)
    assert seconds[-1] > 0
    assert all(first <= second for first, second in pairwise(times))
