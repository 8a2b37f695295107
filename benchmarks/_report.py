"""How a benchmark is asked, and how it tells what it found: a table, a verdict for each claim, a JSON file."""

from __future__ import annotations

import argparse
import json
import os
import platform
import tomllib
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any, Final

import attrs
from attrs import frozen

from benchmarks._server import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Claim", "Spread", "arguments", "environment", "finish", "print_table"]

LIBRARIES: Final = ("aiohttp", "attrs", "cattrs", "aiolimiter", "tenacity", "orjson")
RIVALS: Final = (
    *("msgspec", "pydantic", "pydantic-core"),
    *("pyrate-limiter", "throttled-py", "redis", "redis-rate-limiters"),
)
"""Libraries that only some benchmarks need."""

RESULTS: Final = Path(__file__).parent / "results"


@frozen
class Spread:
    """Where repeated measurements of one thing lie."""

    median: float
    lower: float
    """A quarter of them is below."""

    upper: float
    """A quarter of them is above."""

    least: float
    most: float
    rounds: int

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """Sum up *values*, of which there are at least two."""
        found = sorted(values)
        lower, _, upper = quantiles(found, n=4, method="inclusive")
        return cls(median(found), lower, upper, found[0], found[-1], len(found))

    def show(self, digits: int) -> tuple[str, str, str]:
        """Return the median, the quartiles and the extremes as the cells of a table."""
        return (
            f"{self.median:.{digits}f}",
            f"{self.lower:.{digits}f}..{self.upper:.{digits}f}",
            f"{self.least:.{digits}f}..{self.most:.{digits}f}",
        )


@frozen
class Claim:
    """A sentence that the figures bear out, or do not."""

    text: str
    holds: bool


def arguments(doc: str | None) -> argparse.ArgumentParser:
    """Return a parser with what every benchmark can be told; *doc* is its docstring."""
    parser = argparse.ArgumentParser(description=(doc or "").partition("\n")[0])
    parser.add_argument("--short", action="store_true", help="a few seconds: check that it runs, and only sanity")
    parser.add_argument("--save", action="store_true", help="write the figures to benchmarks/results")
    return parser


def print_table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print *rows* below *head*, the first column to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    print(f"\n{title}")
    for cells in (head, ["-" * width for width in widths], *rows):
        first, *rest = (
            cell.rjust(width) if index else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        print("  ".join((first, *rest)).rstrip())


def environment() -> dict[str, Any]:
    """Return the versions and the machine behind the figures."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {
        "versions": {
            "python": platform.python_version(),
            "timrest_async": project["version"],
            **{name: version(name) for name in LIBRARIES},
            **{name: found for name in RIVALS if (found := _version(name))},
        },
        "machine": {
            "platform": platform.platform(),
            "implementation": platform.python_implementation(),
            "cpus": os.cpu_count(),
        },
    }


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None


def finish(name: str, options: argparse.Namespace, figures: dict[str, Any], claims: Sequence[Claim]) -> int:
    """Give the verdict on *claims*, save everything if asked to, and return the exit code."""
    around = environment()
    print()
    for claim in claims:
        print(f"{'holds' if claim.holds else 'FAILS'}  {claim.text}")
    print(", ".join(f"{what} {which}" for group in around.values() for what, which in group.items()))
    if options.save:
        found = {
            "benchmark": name,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "options": vars(options),
            **around,
            "figures": figures,
            "claims": [attrs.asdict(claim) for claim in claims],
        }
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{name}.json"
        path.write_text(json.dumps(found, indent=2, default=attrs.asdict) + "\n", encoding="utf-8")
        print(f"saved to {path.relative_to(ROOT)}")
    return 0 if all(claim.holds for claim in claims) else 1
