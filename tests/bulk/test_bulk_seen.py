"""Who was in the input before."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from timrest_async.bulk.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]

many = settings(max_examples=300, deadline=None, derandomize=True)

NAMES = [
    "",
    "a",
    "A",
    "b",
    "1",
    "01",
    "a\0",
    "a\0b",
    "\0",
    "a\n",
    "\n",
    "a ",
    "é",
    "e\u0301",
    "好",
    "'",
    '"',
    "x" * 9_999,
]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
ITEM = st.tuples(st.sampled_from(NAMES) | TEXT, st.sampled_from([b"", b"a", b"b", b"1 a", b"\xff\0"]))


@pytest.fixture
def seen() -> Iterator[Seen]:
    """Nobody has been seen."""
    seen = Seen()
    yield seen
    seen.close()


@given(items=st.lists(ITEM | st.none(), max_size=60), sizes=st.lists(st.integers(1, 20), min_size=60, max_size=60))
@example(items=[("a", b""), ("a\0b", b""), ("a\0c", b""), ("a\0b", b"")], sizes=[1] * 60)
@example(items=[("1", b"a"), ("", b"1 a"), ("1 a", b""), ("1", b"a")], sizes=[60] * 60)
@many
def test_it_agrees_with_a_dict(items: list[tuple[str, bytes] | None], sizes: list[int]) -> None:
    """Whatever recipients and messages are, and in whatever pieces they come, those that repeat an earlier one are
    found, with where that stood first; nobody at all repeats nobody.
    """
    firsts: dict[tuple[str, bytes], int] = {}
    expected = {
        index: first for index, item in enumerate(items) if item and (first := firsts.setdefault(item, index)) != index
    }
    found: dict[int, int] = {}
    seen, start = Seen(), 0
    for size in sizes:
        found |= seen.add(items[start : start + size], start)
        start += size
    seen.close()
    assert found == expected


def test_what_was_seen_is_told_by_where_it_stood(seen: Seen) -> None:
    """The first place counts, in the same piece and in another."""
    assert seen.add([("a", b""), ("b", b""), ("a", b"")], 100) == {102: 100}
    assert seen.add([("b", b""), ("b", b""), ("c", b"")], 500) == {500: 101, 501: 101}


def test_the_same_piece_twice_is_seen_twice(seen: Seen) -> None:
    """Nothing is taken for new because a piece before held the same."""
    piece = [(f"account{number}", b"") for number in range(500)]
    assert seen.add(piece, 0) == {}
    assert seen.add(piece, 500) == {500 + place: place for place in range(500)}


def test_two_of_them_know_nothing_of_each_other(seen: Seen) -> None:
    """What one has seen another has not."""
    other = Seen()
    seen.add([("a", b"")], 0)
    assert other.add([("a", b"")], 1) == {}
    other.close()


def test_python_keeps_none_of_two_hundred_thousand(seen: Seen) -> None:
    """What Python holds does not grow with their number."""
    tracemalloc.start()
    try:
        for start in range(0, 200_000, 500):
            assert not seen.add([(f"lumotuwe{number:09}", b"") for number in range(start, start + 500)], start)
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size < 100_000
    assert seen.add([("lumotuwe000000000", b""), ("lumotuwe000199999", b"")], 200_000) == {200_000: 0, 200_001: 199_999}


MEASURE = """
import resource
from timrest_async.bulk.seen import Seen

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

def add(first, last):
    for start in range(first, last, 500):
        seen.add([(f"{number * 7919 % 1_000_003:032}", b"") for number in range(start, start + 500)], start)

seen = Seen()
add(0, 50_000)
before = peak()
add(50_000, 250_000)
print((peak() - before) / before)
"""


def test_the_process_keeps_none_of_two_hundred_thousand_either() -> None:
    """The peak memory of a process that has seen 50,000 of 32 bytes hardly rises with 200,000 more, in no order: they
    alone would be 6 MB, and 25 MB as a set.
    """
    command = [sys.executable, "-c", MEASURE]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603  # our own words
    assert float(done.stdout) < 0.1
