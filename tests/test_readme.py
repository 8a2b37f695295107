"""The README, run as a reader would run it."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from timrest_async import errors
from timrest_async.sandbox import Sandbox

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.parametrize("program", PROGRAMS, ids=range(1, len(PROGRAMS) + 1))
async def test_every_program_runs_as_it_stands(program: str) -> None:
    """Each program of the README works against the sandbox, with nothing but the environment set."""
    async with Sandbox() as box:
        for account in ("lumotuwe1", "lumotuwe2"):
            box.state.add_account(account)
        box.state.add_group("@TGS#2C5SZEAEF")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-W",
            "error",
            "-c",
            program,
            env={**os.environ, **box.env(), "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        _, complaint = await process.communicate()
    assert complaint.decode() == ""
    assert process.returncode == 0


def test_the_errors_of_the_readme_are_those_of_the_library() -> None:
    """The tree in the README names every error class, and no other."""
    tree = README.partition("```\nTimError")[2].partition("```")[0]
    named = set(re.findall(r"\b[A-Z]\w+Error\b", tree)) | {"TimError"}
    assert named == {name for name in errors.__all__ if name.endswith("Error")}


def test_the_requirements_of_the_readme_are_those_of_the_project() -> None:
    """Every core dependency is named, and the Python that is asked for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    told = README.partition("## Requirements")[2]
    for dependency in project["dependencies"]:
        assert re.split(r"[<>=\[]", dependency)[0] in told
    assert project["requires-python"].removeprefix(">=") in told
