"""The programs of the README that need a Redis, run as a reader would run them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
PROGRAMS = [
    program for program in re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL) if "REDIS_URL" in program
]


@pytest.mark.parametrize("program", PROGRAMS, ids=range(1, len(PROGRAMS) + 1))
async def test_every_program_runs_as_it_stands(
    program: str, run_as_a_reader: Callable[..., Awaitable[None]], old_server: str
) -> None:
    """Each program works against the sandbox and a Redis, with nothing but the environment set."""
    await run_as_a_reader(program, REDIS_URL=old_server)


def test_there_is_such_a_program() -> None:
    """The README shows how processes share a cap."""
    assert len(PROGRAMS) == 1
