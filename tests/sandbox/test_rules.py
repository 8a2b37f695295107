"""What the documents of a year say."""

from __future__ import annotations

import pytest

from timrest_async import ConfigError
from timrest_async.sandbox import Rules


def test_the_rules_of_this_year_are_those_that_hold_when_nothing_is_said() -> None:
    """But for the cap, which the documents raised to 200 in 2020 and this library keeps at 100."""
    today, usual = Rules.of(2026), Rules()
    today.calls_per_second = usual.calls_per_second
    assert today == usual


@pytest.mark.parametrize(
    ("year", "rules"),
    [
        (2018, (8192, True, "refuse", None, 100)),
        (2019, (8192, True, "refuse", None, 100)),
        (2020, (8192, False, "shorten", None, 200)),
        (2022, (8192, False, "shorten", None, 200)),
        (2023, (12288, False, "shorten", 12_000, 200)),
        (2024, (12288, False, "refuse", 12_000, 200)),
    ],
)
def test_each_year_has_its_rules(year: int, rules: tuple[object, ...]) -> None:
    """Packets grew, friendship is no longer asked for, and calls and receivers have other caps."""
    made = Rules.of(year)
    told = (made.packet_bytes, made.check_friends, made.long_life, made.receivers_per_minute, made.calls_per_second)
    assert told == rules


def test_no_document_is_older() -> None:
    """Nobody knows the rules of 2017; figures that make no rule are refused."""
    with pytest.raises(ConfigError, match="older than 2018"):
        Rules.of(2017)
    with pytest.raises(ConfigError, match="at least 1"):
        Rules(calls_per_second=0)
