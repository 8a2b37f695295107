"""A plugin for pytest: a sandbox for each test that asks for one, and a session that talks to it.

::

    @pytest.mark.tim_fault("openim/sendmsg", code=20004, times=2)
    async def test_the_bot_greets(tim_sandbox, tim):
        tim_sandbox.state.add_account("alice")
        await greet(tim, "alice")
        assert [message.msg_body for message in tim_sandbox.messages(to="alice")] == [[Text("hello, alice")]]

It comes with the package, so there is nothing to switch on; the fixtures are asynchronous, and pytest-asyncio runs them
(``pip install timrest-async[pytest]``). Override ``tim_sandbox_settings`` to set the sandbox up otherwise.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from timrest_async import TimSession
    from timrest_async.sandbox import Sandbox

__all__ = ["pytest_configure", "tim", "tim_sandbox", "tim_sandbox_settings"]

T = TypeVar("T")

MARKER: Final = (
    "tim_fault(path, **fault): the next calls of a command go wrong in the test's sandbox, as"
    " timrest_async.sandbox.Faults.add describes; '*' is any command"
)


_runner: Any = import_module("pytest_asyncio") if find_spec("pytest_asyncio") else pytest
"""Who runs asynchronous fixtures; where that package is missing, another plugin such as anyio's may."""


def _asynchronous(fixture: T) -> T:
    made: T = _runner.fixture(fixture)
    return made


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", MARKER)


@pytest.fixture
def tim_sandbox_settings() -> dict[str, Any]:
    """Return what the test's sandbox is made with, as :class:`timrest_async.sandbox.Sandbox` takes it; override it."""
    return {}


@_asynchronous
async def tim_sandbox(request: pytest.FixtureRequest, tim_sandbox_settings: dict[str, Any]) -> AsyncIterator[Sandbox]:
    """Return a running sandbox of the test's own, with the faults that its ``tim_fault`` markers order."""
    from timrest_async.sandbox import Sandbox  # noqa: PLC0415  # tests that ask for none do not wait for it

    async with Sandbox(**tim_sandbox_settings) as box:
        markers = [*request.node.iter_markers("tim_fault")]
        for marker in reversed(markers):
            box.faults.add(*marker.args, **marker.kwargs)
        yield box


@_asynchronous
async def tim(tim_sandbox: Sandbox) -> AsyncIterator[TimSession]:
    """Return a session of the first administrator of the test's sandbox."""
    async with tim_sandbox.session() as session:
        yield session
