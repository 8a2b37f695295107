"""What several rings of the tests share."""

from __future__ import annotations

import asyncio
import math
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from timrest_async.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

pytest_plugins = ["timrest_async.sandbox.pytest_plugin"]  # loaded late, when coverage looks on

ROOT = Path(__file__).parent.parent
SPEC = Path(__file__).parent / "spec"


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run the tests on the event loop that the environment names, such as ``TIMREST_TEST_LOOP=uvloop``."""
    name = os.environ.get("TIMREST_TEST_LOOP", "asyncio")

    def new_event_loop() -> asyncio.AbstractEventLoop:
        loop: asyncio.AbstractEventLoop = import_module(name).new_event_loop()
        loop.slow_callback_duration = math.inf  # a busy machine is no news, and no line in what a test reads
        return loop

    return {name: new_event_loop}


@pytest.fixture(scope="session")
def protocol() -> Any:
    """The wire conventions of the service, as data."""
    return yaml.safe_load((SPEC / "protocol.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def run_as_a_reader(tmp_path: Path) -> Callable[..., Awaitable[None]]:
    """Return a way to run a program of the README against a sandbox, with nothing but the environment set, in a folder
    that is empty.
    """

    async def run(program: str, **environment: str) -> None:
        async with Sandbox() as box:
            for account in ("lumotuwe1", "lumotuwe2"):
                box.state.add_account(account)
            box.state.add_group("@TGS#2C5SZEAEF")
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-W", "error", "-c", program),
                cwd=tmp_path,
                env={**os.environ, **box.env(), **environment, "PYTHONPATH": str(ROOT)},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            _, complaint = await process.communicate()
        assert complaint.decode() == ""
        assert process.returncode == 0

    return run
