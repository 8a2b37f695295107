"""The report of a bulk run."""

import csv
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

from tests.cli.conftest import texts, words
from timrest_async.sandbox import Sandbox

Run = Callable[..., Result]

SEND = "openim/sendmsg"


def test_a_report_says_what_became_of_each(
    timrest: Run, box: Sandbox, write: Callable[..., str], tmp_path: Path
) -> None:
    """It is a CSV file with a row for each, in place of one that was there."""
    report = Path(write("old", "out.csv"))
    file = write("lumotuwe1\nnobody\nlumotuwe1\n")
    assert timrest("bulk", "--to", file, "--text", "hi", "--report", str(report)).exit_code == 1
    with report.open(newline="") as opened:
        rows = sorted(csv.DictReader(opened), key=lambda row: row["item"])
    (said,) = box.state.conversation("administrator", "lumotuwe1")
    assert [(row["recipient"], row["status"], row["code"]) for row in rows] == [
        ("lumotuwe1", "sent", ""),
        ("nobody", "refused", "70107"),
        ("lumotuwe1", "skipped", ""),
    ]
    assert (rows[0]["msg_key"], rows[0]["attempts"]) == (said.msg_key, "1")
    assert rows[1]["meaning"]
    assert rows[2]["info"] == "the same as item 0"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["out.csv", "r.csv"]


def test_a_journal_is_gone_on_with_and_the_report_is_complete(
    timrest: Run, box: Sandbox, write: Callable[..., str], tmp_path: Path
) -> None:
    """A run that failed goes on with --resume; nobody is written to twice, and the report has those of before."""
    file, report, journal = write("to\nlumotuwe1\nlumotuwe2\n"), tmp_path / "out.csv", tmp_path / "j.db"
    places = ("--journal", str(journal), "--report", str(report))
    command = ("bulk", "--to", file, "--text", "{to}", "--at-once", "1", *places)
    box.faults.add(SEND, latency=1e-9)
    box.faults.add(SEND, code=70009)
    failed = timrest(*command)
    assert failed.exit_code == 1
    assert "70009" in failed.stderr
    assert "the run stopped; before that: 1 sent; Go on with the same command and --resume." in words(failed.stderr)
    with report.open(newline="") as opened:
        assert [row["recipient"] for row in csv.DictReader(opened)] == ["lumotuwe1"]
    done = timrest(*command, "--resume")
    assert done.exit_code == 0
    assert "earlier 1 of them by earlier runs" in words(done.stdout)
    assert texts(box) == {"lumotuwe1": ["lumotuwe1"], "lumotuwe2": ["lumotuwe2"]}
    with report.open(newline="") as opened:
        assert [row["recipient"] for row in csv.DictReader(opened)] == ["lumotuwe1", "lumotuwe2"]
    other = timrest("bulk", "--to", file, "--text", "another", "--resume", *places)
    assert other.exit_code == 1
    assert "this journal is of another message" in words(other.stderr)
    with report.open(newline="") as opened:
        assert len(list(csv.DictReader(opened))) == 2
    assert sorted(one.name for one in tmp_path.iterdir()) == ["j.db", "j.db-lock", "out.csv", "r.csv"]
