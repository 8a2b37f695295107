"""A sandbox in a thread of its own, so that commands, which run an event loop themselves, can be called in a test."""

import asyncio
import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from timrest_async.cli.app import app
from timrest_async.sandbox import Sandbox


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no setting of this machine into a test, and fix the width of the page."""
    for name in [*os.environ]:
        if name.startswith("TIMREST_") or name in {"FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """Run a sandbox with two accounts and a group."""
    box = Sandbox()
    box.state.add_account("lumotuwe1")
    box.state.add_account("lumotuwe2")
    box.state.add_group("@TGS#2C5SZEAEF", owner="lumotuwe1")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(box.start(), loop).result()
        yield box
    finally:
        asyncio.run_coroutine_threadsafe(box.stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
def run() -> Callable[..., Result]:
    """Return what calls `timrest` with arguments."""

    def call(*args: str, env: dict[str, str] | None = None, stdin: str | bytes | None = None) -> Result:
        return CliRunner().invoke(app, args, env=env, input=stdin)

    return call


@pytest.fixture
def timrest(box: Sandbox) -> Callable[..., Result]:
    """Return what calls `timrest` with arguments and with the sandbox's environment."""

    def call(*args: str, stdin: str | bytes | None = None, **env: str) -> Result:
        return CliRunner().invoke(app, args, env=box.env() | env, input=stdin)

    return call


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """Return what writes a file and says where it is."""

    def written(content: str | bytes, name: str = "r.csv") -> str:
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return str(tmp_path / name)

    return written


def texts(box: Sandbox) -> dict[str, list[str]]:
    """Return what the administrator wrote to each account."""
    said = {whom: box.state.conversation("administrator", whom) for whom in box.state.accounts}
    return {
        whom: [getattr(one.msg_body[0], "text", "") for one in messages] for whom, messages in said.items() if messages
    }


def bodies(box: Sandbox) -> list[Any]:
    """Return what was called with, oldest first."""
    return [json.loads(exchange.body) for exchange in box.service.exchanges]


def words(text: str) -> str:
    """Return *text* without the frames and the breaks of a page."""
    return " ".join(text.replace("│", " ").split())
