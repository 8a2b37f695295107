"""What became of each recipient."""

from __future__ import annotations

from typing import get_args

import pytest

from timrest_async.bulk import Outcome, Report, Status
from timrest_async.bulk.outcome import STATUSES
from timrest_async.errors import explain


def test_an_outcome_explains_its_code() -> None:
    """Meaning and advice are those of the table of codes."""
    outcome = Outcome("a", 0, "refused", 70107)
    assert (outcome.meaning, outcome.advice) == (explain(70107).meaning, explain(70107).advice)
    assert outcome.meaning
    assert outcome.advice


@pytest.mark.parametrize("outcome", [Outcome("a", 0, "sent"), Outcome("a", 0, "refused", None, "too long")])
def test_an_outcome_without_a_code_explains_nothing(outcome: Outcome) -> None:
    """Where there is no code, there is no meaning and no advice."""
    assert (outcome.meaning, outcome.advice) == ("", "")


def test_an_outcome_with_a_code_nobody_knows_says_so() -> None:
    """A code that no document has gets an honest answer."""
    assert "not in any document" in Outcome("a", 0, "refused", 123_456_789).meaning


def test_the_total_of_a_report_is_everybody() -> None:
    """Each recipient counts once, whatever became of it."""
    assert Report(sent=1, refused=20, unknown=300, skipped=4_000, seconds=0.0, not_sent=()).total == 4_321


def test_a_report_is_short_in_print() -> None:
    """The thousand that were not sent do not stand in its repr."""
    report = Report(
        sent=0, refused=1, unknown=0, skipped=0, seconds=0.0, not_sent=(Outcome("lumotuwe1", 0, "refused"),)
    )
    assert "lumotuwe1" not in repr(report)


def test_all_statuses_are_counted() -> None:
    """What is counted is what an outcome can be."""
    assert get_args(Status) == STATUSES
