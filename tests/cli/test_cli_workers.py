"""A bulk run at workers."""

import csv
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from tests.cli.handed import IN_BLOCK, PLAIN, by_workers

Run = Callable[..., Result]


def test_workers_take_the_job_under_its_name(run: Run, write: Callable[..., str], tmp_path: Path) -> None:
    """With --workers the job goes to that object, and what it tells is followed as if it happened here."""
    file, report = write("ann\nbo\n"), tmp_path / "out.csv"
    result = by_workers(run, file, "PLAIN", "--duplicates", "keep", "--report", str(report), "--resume")
    assert (result.exit_code, PLAIN.submitted[-1]) == (0, ("june", "keep"))
    assert result.stdout.startswith("sent to 2 of 2 in ")
    with report.open(newline="") as opened:
        assert [row["recipient"] for row in csv.DictReader(opened)] == ["ann", "bo"]


def test_who_has_to_be_started_for_workers_is_started_and_left(run: Run, write: Callable[..., str]) -> None:
    """The object may be one for ``async with``, as a broker has to be connected."""
    assert by_workers(run, write("ann\n"), "IN_BLOCK").exit_code == 0
    assert IN_BLOCK.doors == ["entered", "asked", "left"]


def test_workers_are_imported_from_where_one_is(
    run: Run, write: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The current directory need not be on Python's path."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    write("from tests.cli.handed import PLAIN as here\n", "our_bulk_tasks.py")
    for _ in range(2):
        result = run("bulk", "--to", write("ann"), "--text", "hi", "--workers", "our_bulk_tasks:here", "--journal", "j")
        assert result.exit_code == 0
    assert sys.path.count(str(tmp_path)) == 1
    sys.modules.pop("our_bulk_tasks")


def test_a_dry_run_asks_no_workers(run: Run, write: Callable[..., str]) -> None:
    """Nothing is submitted."""
    before = len(PLAIN.submitted)
    assert by_workers(run, write("ann\n"), "PLAIN", "--dry-run").exit_code == 0
    assert len(PLAIN.submitted) == before
