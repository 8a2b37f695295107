"""The programs of docs/workers.md: those with taskiq run as a reader would run them, the others looked over."""

from __future__ import annotations

import ast
import asyncio
import builtins
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from pathlib import Path
from symtable import SymbolTable, symtable
from typing import TYPE_CHECKING, Final

import pytest

from timrest_async.sandbox import Sandbox

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator, Iterator

    from tests.redis.conftest import Server

ROOT: Final = Path(__file__).parents[2]
SECTIONS: Final = {
    section.partition("\n")[0]: section
    for section in (ROOT / "docs/workers.md").read_text(encoding="utf-8").split("\n## ")
    if "```python" in section
}
PROGRAMS: Final = {name: re.findall(r"```python\n(.*?)```", text, re.DOTALL) for name, text in SECTIONS.items()}
"""By section: ``notify.py`` of the workers, and ``june.py`` that submits."""

ADDRESS: Final = '"redis://localhost:6379/0"'
ACCOUNTS: Final = '["lumotuwe1", "lumotuwe2"]'
WHOM: Final = [f"user{at}" for at in range(700)]


def test_every_queue_has_its_two_programs() -> None:
    """Each section shows a module for the workers, and a program that submits to the accounts."""
    assert list(PROGRAMS) == ["With taskiq", "With arq", "With Celery"]
    for notify, june in PROGRAMS.values():
        assert notify.count(ADDRESS) == 1
        assert june.count(ACCOUNTS) == 1


@pytest.mark.parametrize("section", PROGRAMS)
def test_a_program_has_every_name_that_it_uses(section: str) -> None:
    """Each is Python that imports or makes what it names; what it takes of the library or of ``notify`` is there."""
    notify, june = PROGRAMS[section]
    for program in (notify, june):
        compile(program, section, "exec")
        assert used(program) <= made(program) | set(dir(builtins))
        for module, name in imported(program):
            if module == "notify":
                assert name in made(notify)
            elif module.startswith("timrest_async"):
                assert hasattr(import_module(module), name)


def made(program: str) -> set[str]:
    """Return the names that *program* has at its top."""
    symbols = symtable(program, "", "exec").get_symbols()
    return {symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported()}


def used(program: str) -> set[str]:
    """Return the names that *program* looks for at its top, from wherever."""

    def under(table: SymbolTable) -> Iterator[str]:
        at_top = table.get_type() == "module"
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (at_top or symbol.is_global()):
                yield symbol.get_name()
        for child in table.get_children():
            yield from under(child)

    return set(under(symtable(program, "", "exec")))


def imported(program: str) -> Iterator[tuple[str, str]]:
    """Return what *program* takes from which module."""
    for node in ast.walk(ast.parse(program)):
        if isinstance(node, ast.ImportFrom):
            assert node.module is not None
            yield from ((node.module, alias.name) for alias in node.names)


@asynccontextmanager
async def started(folder: Path, environment: dict[str, str], *words: str) -> AsyncIterator[Process]:
    """Run Python with some *words*, and end it, and what it has started, whatever state it is in."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *words),
        cwd=folder,
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.communicate()


async def test_the_programs_with_taskiq_run_as_they_stand(server: Server, tmp_path: Path) -> None:
    """But for the address and the accounts: everybody has the message once, and the submitter tells so of each."""
    notify, june = PROGRAMS["With taskiq"]
    (tmp_path / "notify.py").write_text(notify.replace(ADDRESS, repr(server.url)), encoding="utf-8")
    (tmp_path / "june.py").write_text(june.replace(ACCOUNTS, repr(WHOM)), encoding="utf-8")
    (command,) = re.findall(r"^\$ (taskiq worker .*)$", SECTIONS["With taskiq"], re.MULTILINE)
    await server.until_aged()  # a younger one holds up the limiter
    async with (
        asyncio.timeout(30),
        Sandbox() as box,
        started(tmp_path, box.env(), "-m", *command.split()),
        started(tmp_path, box.env(), "-W", "error", "june.py") as submitting,
    ):
        for account in WHOM:
            box.state.add_account(account)
        told, _ = await submitting.communicate()
        assert submitting.returncode == 0
    assert sorted(told.decode().splitlines()) == sorted(f"{account} sent" for account in WHOM)
    assert Counter(message.to_account for message in box.messages()) == dict.fromkeys(WHOM, 1)
    box.close()
