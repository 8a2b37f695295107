"""Write the reference documentation out of the commands' classes and docstrings.

``python -m docs.build`` writes the pages into docs/reference; with ``--check`` it writes nothing, and fails where a
page is not what it would write.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from docs._pages import MADE, pages

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["build", "main", "outdated"]

REFERENCE: Final = Path(__file__).parent / "reference"


def build(folder: Path) -> None:
    """Write every page into *folder*, and remove those that are no pages any more."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in outdated(folder):
        (folder / name).unlink(missing_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def outdated(folder: Path) -> list[str]:
    """Name the pages in *folder* that are not current, that are missing, or that were made and are no more.

    What others have put beside them is theirs.
    """
    current = pages()
    found = {page.name: page.read_text(encoding="utf-8") for page in folder.glob("*.md")}
    made = {name for name, text in found.items() if text.startswith(MADE)}
    return sorted(name for name in current.keys() | made if current.get(name) != found.get(name))


def main(words: Sequence[str] | None = None) -> None:
    """Write the pages, or check them."""
    parser = argparse.ArgumentParser(prog="python -m docs.build", description="Write the reference documentation.")
    parser.add_argument("folder", nargs="?", type=Path, default=REFERENCE, help="where the pages are; docs/reference")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a page is not current")
    given = parser.parse_args(words)
    if not given.check:
        build(given.folder)
    elif old := outdated(given.folder):
        sys.exit(f"not current, python -m docs.build writes them: {', '.join(old)}")


if __name__ == "__main__":
    main()
