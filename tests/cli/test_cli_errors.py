"""`timrest errors`."""

import json
import re
from collections.abc import Callable

import pytest
from typer.testing import Result

from timrest_async._error_codes import ERROR_CODES

Run = Callable[..., Result]


def test_every_code_is_listed_each_on_a_line(run: Run) -> None:
    """Without a word every known code is listed, in a pipe each on one line of its own."""
    lines = run("errors").stdout.splitlines()
    listed = [int(line.split()[0]) for line in lines if line.strip()[:1].isdecimal()]
    assert listed == list(ERROR_CODES)


def test_a_terminal_gets_a_table_that_fits(run: Run) -> None:
    """On a terminal no line is wider than it is."""
    shown = run("errors", "friend", env={"FORCE_COLOR": "1"}).stdout
    assert "\x1b[" in shown
    assert max(map(len, re.sub(r"\x1b\[[\d;]*m", "", shown).splitlines())) <= 80


def test_one_code_is_explained_in_full(run: Run) -> None:
    """One code is shown with its class, meaning, advice, and whether the library tries it again."""
    shown = run("errors", "20004").stdout
    for part in ("20004", "ServerError", "meaning", "advice", "yes, by the library"):
        assert part in shown
    assert "retried   no" in run("errors", "90012").stdout


def test_a_word_finds_codes(run: Run) -> None:
    """A word finds the codes that speak of it, in any case; machines get all that is known of each."""
    found = json.loads(run("errors", "FRIEND", "--json").stdout)
    assert {20009, 20010, 20011} <= {row["code"] for row in found}
    assert set(found[0]) == {"code", "category", "class", "meaning", "advice", "retried"}


def test_a_number_of_the_applications_own_is_explained(run: Run) -> None:
    """A number that the application's callback chose is known as such."""
    assert json.loads(run("errors", "120500", "--json").stdout)["class"] == "ForbiddenError"


@pytest.mark.parametrize("wanted", ["999999", "no such word anywhere"])
def test_what_is_unknown_is_said_to_be(run: Run, wanted: str) -> None:
    """An unknown code or word says so and ends with exit code 1."""
    result = run("errors", wanted)
    assert (result.exit_code, result.stdout) == (1, "")
    assert wanted in result.stderr
