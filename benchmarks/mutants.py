"""How many faults the tests notice: ``mutmut run`` puts them in one at a time, and this prints the score.

A mutant is noticed where a test fails, or does not come to its end. Below 90 in 100 the command fails.

mutmut loads this file as a plugin of pytest too. It makes every test learn the classes anew, since who is fed from
what the codec made for an earlier test does not notice a fault in the making; it draws the same examples each time; and
it ends a test that hangs.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final

from hypothesis import Phase, settings

from timrest_async._codec import _content_writers, _element_readers, _readers, _writers, converter

__all__ = ["main", "pytest_runtest_setup"]

ENOUGH: Final = 90.0
SECONDS: Final = 15
"""More than any test takes."""

HUNG: Final = 36
"""By this exit code mutmut knows a mutant whose time was over."""

KINDS: Final = {1: "failed", 3: "failed", HUNG: "hung", -24: "hung", 0: "survived", 5: "untested", 33: "untested"}
"""What became of a mutant, by the exit code of its tests."""

COLUMNS: Final = ("failed", "hung", "survived", "untested", "unchecked")


def pytest_configure() -> None:
    """Draw the same examples each time, and leave room for the functions through which mutmut calls a mutant."""
    phases = (Phase.explicit, Phase.generate)
    settings.register_profile("mutants", database=None, deadline=None, derandomize=True, phases=phases)
    settings.load_profile("mutants")
    sys.setrecursionlimit(4 * sys.getrecursionlimit())


def pytest_runtest_setup() -> None:
    """Forget what the codec made for earlier tests, and give the next one its time."""
    learned: Any = converter
    learned._structure_func.clear_cache()  # noqa: SLF001  # cattrs has no other way to forget
    learned._unstructure_func.clear_cache()  # noqa: SLF001  # as above
    for made in (_readers, _writers, _content_writers, _element_readers):
        made.clear()
    signal.signal(signal.SIGALRM, lambda *_: os._exit(HUNG))
    signal.alarm(SECONDS)


def main() -> None:
    """Print the score of each module, and of all."""
    found: dict[str, Counter[str]] = {}
    for file in sorted(Path("mutants/timrest_async").glob("*.meta")):
        codes = json.loads(file.read_text(encoding="utf-8"))["exit_code_by_key"].values()
        found[file.name.removesuffix(".meta")] = Counter(KINDS.get(code, "unchecked") for code in codes)
    found["all"] = sum(found.values(), Counter())
    print(f"{'module':14}{'mutants':>10}{''.join(f'{column:>10}' for column in COLUMNS)}{'noticed':>10}")
    for name, kinds in found.items():
        score = 100 * (kinds["failed"] + kinds["hung"]) / max(kinds.total(), 1)
        print(f"{name:14}{kinds.total():10}{''.join(f'{kinds[column]:10}' for column in COLUMNS)}{score:8.1f} %")
    raise SystemExit(score < ENOUGH)


if __name__ == "__main__":
    main()
