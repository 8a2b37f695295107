"""A bulk run until its end, or until Ctrl-C."""

import csv
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from typer.testing import Result

from tests.cli.conftest import bodies
from tests.cli.handed import by_workers
from timrest_async.sandbox import Sandbox

Run = Callable[..., Result]


@pytest.fixture
def hears() -> Iterator[None]:
    """Hear Ctrl-C as Python does: what starts the tests may have switched it off."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("hears")
def test_the_first_ctrl_c_stops_cleanly(run: Run, write: Callable[..., str]) -> None:
    """The run is asked to stop and ends by itself; what was sent is told, how to go on, and exit code 130."""
    result = by_workers(run, write("ann\nbo\n"), "PRESSED")
    assert result.exit_code == 130
    assert "stopping: calls under way are answered first; Ctrl-C once more cuts them off" in result.stderr
    assert result.stdout.startswith("stopped; sent to 1 of 2 in ")
    assert "Go on with the same command and --resume." in result.stderr
    told = by_workers(run, write("ann\nbo\n"), "PRESSED", "--json")
    assert (told.exit_code, json.loads(told.stdout)["stopped"]) == (130, True)


@pytest.mark.usefixtures("hears")
def test_a_ctrl_c_that_comes_too_late_is_none(run: Run, write: Callable[..., str]) -> None:
    """Where all were sent nevertheless, the run was not stopped."""
    result = by_workers(run, write("ann\nbo\n"), "DEAF")
    assert (result.exit_code, "sent to 2 of 2" in result.stdout) == (0, True)


@pytest.mark.usefixtures("hears")
def test_the_second_ctrl_c_cuts_off(run: Run, write: Callable[..., str], tmp_path: Path) -> None:
    """Whatever is under way is left, and the report has what was told until then."""
    report = tmp_path / "out.csv"
    result = by_workers(run, write("ann\nbo\ncy\n"), "DEAF", "--report", str(report))
    assert (result.exit_code, result.stdout) == (130, "")
    with report.open(newline="") as opened:
        assert [row["recipient"] for row in csv.DictReader(opened)] == ["ann", "bo"]


def test_a_ctrl_c_that_nobody_hears_stops_nothing(run: Run, write: Callable[..., str]) -> None:
    """Where Ctrl-C is switched off, as behind nohup, it stays so."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert by_workers(run, write("ann\nbo\n"), "PRESSED").exit_code == 0
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_and_resume_write_to_everybody_once(
    box: Sandbox, write: Callable[..., str], tmp_path: Path, timrest: Run
) -> None:
    """A run that is stopped in the middle and gone on with has sent to each exactly once."""
    box.state.add_group("@all", members=[f"user{number}" for number in range(300)])
    file = write("".join(["to\n", *(f"user{number}\n" for number in range(300))]))
    options = ["bulk", "--to", file, "--text", "for {to}", "--journal", str(tmp_path / "j.db"), "--json"]
    with subprocess.Popen(  # noqa: S603  # our own command
        [sys.executable, "-W", "error", "-m", "timrest_async.cli", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | box.env(),
        text=True,
        # what starts the tests in the background may have SIGINT ignored, and that is inherited
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  # no thread runs in it
    ) as process:
        with urlopen(f"{box.base_url}/_sandbox/events", timeout=20) as events:  # noqa: S310  # our own server
            while len(box.service.calls) < 20:
                events.readline()  # something has happened
        process.send_signal(signal.SIGINT)
        out, complaint = process.communicate(timeout=20)
    stopped = json.loads(out)
    assert (process.returncode, stopped["stopped"], complaint.count("\n")) == (130, True, 2)
    assert 20 <= stopped["sent"] < 300
    box.rules.calls_per_second = None
    done = timrest(*options, "--resume", "--rate", "10000")
    assert (done.exit_code, json.loads(done.stdout)["sent"]) == (0, 300)
    assert Counter(body["To_Account"] for body in bodies(box)) == {f"user{number}": 1 for number in range(300)}
