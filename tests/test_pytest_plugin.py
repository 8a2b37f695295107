"""The plugin for pytest, here and in a project outside this one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from timrest_async import ApiError, Text

if TYPE_CHECKING:
    from timrest_async import TimSession
    from timrest_async.sandbox import Sandbox

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
PROJECT = (
    README.partition("the fixtures are there already:\n\n```python\n")[2].partition("```")[0]
    + """

@pytest.fixture
def tim_sandbox_settings():
    return {"sdkappid": 5, "admins": ["boss"]}


async def test_it_is_set_up_otherwise(tim_sandbox, tim):
    await tim.messages.send("boss", "hi")
    (message,) = tim_sandbox.messages(to="boss")
    assert (message.from_account, message.msg_body) == ("boss", [Text("hi")])
    assert [call.code for call in tim_sandbox.service.calls] == [0]


def test_that_needs_none():
    pass
"""
)


SETTINGS = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""


def test_a_project_outside_this_one_needs_no_setting_up(tmp_path: Path) -> None:
    """Where the package is installed, fixtures and marker are there, also under ``--strict-markers``."""
    (tmp_path / "test_bot.py").write_text(PROJECT)
    (tmp_path / "pytest.ini").write_text(SETTINGS)
    assert "3 passed" in _pytest(tmp_path)
    assert "@pytest.mark.tim_fault(path, **fault)" in _pytest(tmp_path, "--markers")


def _pytest(folder: Path, *options: str) -> str:
    """Run it in *folder*, as somebody would who only installed the package."""
    quiet = ["-q", "--strict-markers", "-p", "no:randomly", "-p", "no:cacheprovider"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    done = subprocess.run(  # noqa: S603  # our own command
        [sys.executable, "-m", "pytest", *quiet, *options],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.tim_fault("openim/sendmsg", code=90012)
@pytest.mark.tim_fault("openim/sendmsg", code=90048)
async def test_faults_come_in_the_order_in_which_they_stand(tim_sandbox: Sandbox, tim: TimSession) -> None:
    """The first marker is the first fault; each test has a sandbox of its own."""
    codes = []
    for _ in range(2):
        with pytest.raises(ApiError) as refused:
            await tim.messages.send("administrator", "hi")
        codes.append(refused.value.code)
    await tim.messages.send("administrator", "hi")
    assert codes == [90012, 90048]
    assert [message.msg_body for message in tim_sandbox.messages()] == [[Text("hi")]]
