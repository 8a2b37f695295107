"""The README, run as a reader would run it."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from timrest_async import errors
from timrest_async.commands._registry import commands
from timrest_async.sandbox.plays import plays

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROGRAMS = [
    program
    for program in re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    if "REDIS_URL" not in program and "run_app" not in program
]
"""All but those that need a Redis as well, which are run beside its tests, and the bot, which has no end."""


@pytest.mark.parametrize("program", PROGRAMS, ids=range(1, len(PROGRAMS) + 1))
async def test_every_program_runs_as_it_stands(program: str, run_as_a_reader: Callable[..., Awaitable[None]]) -> None:
    """Each program of the README works against the sandbox, with nothing but the environment set."""
    await run_as_a_reader(program)


def test_the_bot_of_the_readme_is_the_one_that_is_tried_out() -> None:
    """It is the example, of 30 lines, that ``tests/e2e/test_bots.py`` runs between a sandbox and a client."""
    example = (ROOT / "docs/examples/echo_bot.py").read_text(encoding="utf-8").partition('"""\n\n')[2]
    assert f"```python\n{example}```" in README
    assert len(example.splitlines()) == 30


def test_the_errors_of_the_readme_are_those_of_the_library() -> None:
    """The tree in the README names every error class, and no other."""
    tree = README.partition("```\nTimError")[2].partition("```")[0]
    named = set(re.findall(r"\b[A-Z]\w+Error\b", tree)) | {"TimError"}
    assert named == {name for name in errors.__all__ if name.endswith("Error")}


def test_the_domains_of_the_readme_are_those_of_the_library() -> None:
    """The table counts the commands of every domain, and there are as many as it says."""
    rows = re.findall(r"^\| `tim\.(\w+)` \|.*\| (\d+) \|$", README, re.MULTILINE)
    assert dict(rows) == {name: str(count) for name, count in Counter(entry.domain for entry in commands()).items()}
    assert f"All {len(commands())} documented commands" in README


def test_the_sandbox_plays_what_the_readme_says() -> None:
    """The table counts the commands of every domain that the sandbox plays."""
    rows = re.findall(r"^\| (\w+) \| (\d+) \| .*\|$", README.partition("## The sandbox")[2], re.MULTILINE)
    played = Counter(entry.domain for entry in commands() if entry.path in plays())
    assert dict(rows) == {name: str(count) for name, count in played.items()}
    assert f"All {played.total()} commands are played" in README


def test_the_pieces_of_the_readme_are_checked_by_their_types() -> None:
    """What is no whole program stands in the files that the type checkers read, line by line."""
    files = (ROOT / "tests" / "typing").glob("*.py")
    checked = {line.strip() for file in files for line in file.read_text(encoding="utf-8").splitlines()}
    pieces = re.findall(r"```py\n(.*?)```", README, re.DOTALL)
    assert pieces
    assert {line.strip() for piece in pieces for line in piece.splitlines()} <= checked


def test_the_requirements_of_the_readme_are_those_of_the_project() -> None:
    """Every core dependency is named, and the Python that is asked for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    told = README.partition("## Requirements")[2]
    for dependency in project["dependencies"]:
        assert re.split(r"[<>=\[]", dependency)[0] in told
    assert project["requires-python"].removeprefix(">=") in told
