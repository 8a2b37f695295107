"""What a job reads of a file, and what of it is refused beforehand."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from tests.cli.conftest import texts, words
from timrest_async import InputError
from timrest_async.cli.items import Items
from timrest_async.cli.recipients import BadRow, Recipients, Row
from timrest_async.sandbox import Sandbox

Run = Callable[..., Result]


def made(row: Row) -> str:
    """Refuse one of them."""
    if row.to == "b":
        raise InputError("this one cannot be made")
    return row.to.upper()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file with two good rows and two bad ones."""
    (tmp_path / "r.csv").write_text("to\na\nb\n,\nc\n")
    return tmp_path / "r.csv"


def test_what_was_looked_through_is_counted_and_read_again(file: Path) -> None:
    """Rows that cannot be made into a message are bad like others; the good ones are what a job reads."""
    with file.open("rb") as opened_file:
        items = Items(Recipients(opened_file, "r.csv"), {}, made, skip_bad=True)
        found = list(items.look_through())
        assert [str(row) for row in found if isinstance(row, BadRow)] == [
            "line 3: this one cannot be made",
            "line 4: it has 2 columns, and the header 1",
        ]
        assert [row for row in found if not isinstance(row, BadRow)] == [(2, "A"), (5, "C")]
        assert (len(items), list(items), list(items)) == (2, ["A", "C"], ["A", "C"])


def test_a_file_that_changes_meanwhile_stops_the_run(file: Path) -> None:
    """A bad row that was not there when the file was looked through is not passed over in silence."""
    with file.open("rb") as opened_file:
        items = Items(Recipients(opened_file, "r.csv"), {}, made, skip_bad=False)
        with pytest.raises(InputError, match="was changed while it was read; line 3: this one cannot be made"):
            list(items)


def test_bad_rows_stop_everything(timrest: Run, box: Sandbox, write: Callable[..., str]) -> None:
    """They are listed with their lines, twenty of them and how many more, and nothing is sent."""
    file = write("to,name\nlumotuwe1,x\n" + ",y\n" * 22)
    result = timrest("bulk", "--to", file, "--text", "hi")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "22 rows of r.csv cannot be sent. Nothing was sent." in result.stderr
    assert "--skip-bad" in result.stderr
    listed = [row.strip() for row in result.stderr.splitlines() if "no recipient" in row]
    assert listed == [f"line {number}: there is no recipient" for number in range(3, 23)]
    assert "and 2 more" in result.stderr
    assert not box.service.calls


def test_bad_rows_are_json_on_request(timrest: Run, write: Callable[..., str]) -> None:
    """With --json they are notes of the error, and stderr stays empty."""
    result = timrest("bulk", "--to", write(",\nlumotuwe1\n"), "--column", "", "--text", "hi", "--json")
    error = json.loads(result.stdout)["error"]
    assert (result.exit_code, result.stderr, error["error"]) == (2, "", "BadRowsError")
    assert error["message"].startswith("A row of r.csv cannot be sent")
    assert error["notes"] == ["line 2: it has 1 columns, and the header 2"]


def test_bad_rows_can_be_left_out(timrest: Run, box: Sandbox, write: Callable[..., str]) -> None:
    """With --skip-bad the others get the message, and those left out are listed and counted."""
    file = write("to,name\nlumotuwe1,x\nlumotuwe2,\n")
    result = timrest("bulk", "--to", file, "--text", "{name}", "--skip-bad")
    assert result.exit_code == 0
    assert texts(box) == {"lumotuwe1": ["x"]}
    assert "line 3: there is no value for 'name'" in result.stderr
    assert ["left", "out", "1"] in [row.split() for row in result.stdout.splitlines()]
    told = timrest("bulk", "--to", file, "--text", "{name}", "--skip-bad", "--json")
    assert (json.loads(told.stdout)["left_out"], told.stderr) == (1, "")


def test_a_value_that_makes_no_message_is_a_bad_row(timrest: Run, box: Sandbox, write: Callable[..., str]) -> None:
    """Whether a message can be made is looked at before anything is sent, and not when its turn comes."""
    body = {"MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "x"}}], "From_Account": "{boss}"}
    file = write(f"to,boss\nlumotuwe1,lumotuwe2\nlumotuwe2,{'x' * 33}\n")
    result = timrest("bulk", "--to", file, "--message", write(json.dumps(body), "m.json"))
    assert result.exit_code == 2
    assert "line 3: SendMessage.from_account has to be 1 to 32 bytes long" in words(result.stderr)
    assert not box.service.calls


@pytest.mark.parametrize(("choice", "received", "code"), [("drop", 1, 0), ("keep", 2, 0), ("fail", 0, 2)])
def test_duplicates_are_for_the_user_to_say(
    timrest: Run, box: Sandbox, write: Callable[..., str], *, choice: str, received: int, code: int
) -> None:
    """They are skipped, sent again, or stop everything before anything is sent."""
    file = write("lumotuwe1\nlumotuwe2\n\nlumotuwe1\n")
    result = timrest("bulk", "--to", file, "--text", "hi", "--duplicates", choice)
    assert result.exit_code == code
    assert len(texts(box).get("lumotuwe1", [])) == received
    if choice == "fail":
        assert "line 4: the same message to the same recipient stands in line 1" in words(result.stderr)


def test_a_file_without_anybody_is_a_wrong_command_line(timrest: Run, write: Callable[..., str]) -> None:
    """A header alone, or bad rows alone, are nobody."""
    for content in ("to,name\n", "to,name\n,x\n"):
        result = timrest("bulk", "--to", write(content), "--text", "hi", "--skip-bad")
        assert result.exit_code == 2
        assert "r.csv holds nobody to whom anything could be sent" in words(result.stderr)
