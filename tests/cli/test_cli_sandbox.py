"""`timrest sandbox`."""

import asyncio
import errno
import json
import shlex
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable

import pytest
from typer.testing import Result

from timrest_async.cli.output import Output
from timrest_async.cli.sandbox import cannot_listen, fill, serve
from timrest_async.sandbox import Sandbox


async def shown_by(box: Sandbox, out: Output, capsys: pytest.CaptureFixture[str], last: str) -> str:
    """Serve *box* until *last* is printed, and return all that was."""
    shown = ""
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        serving = group.create_task(serve(box, out))
        while last not in shown:
            await asyncio.sleep(0)
            shown += capsys.readouterr().out
        serving.cancel()
    return shown


async def test_the_environment_is_ready_to_paste(capsys: pytest.CaptureFixture[str]) -> None:
    """The sandbox says where it is, in lines that a shell can run."""
    box = Sandbox(secret_key="it's made up")
    fill(box, ["lumotuwe1"], ["@TGS#2C5SZEAEF"])
    shown = await shown_by(box, Output(as_json=False), capsys, "/_sandbox/calls")
    exports = dict(
        shlex.split(line)[1].split("=", 1) for line in shown.splitlines() if line.startswith("export TIMREST_")
    )
    assert exports["TIMREST_SECRET_KEY"] == "it's made up"
    assert exports["TIMREST_BASE_URL"].startswith("http://127.0.0.1:")
    assert set(exports) == {f"TIMREST_{name}" for name in ("SDKAPPID", "IDENTIFIER", "SECRET_KEY", "BASE_URL")}
    assert box.state.groups["@TGS#2C5SZEAEF"].members == ["administrator", "lumotuwe1"]


async def test_machines_get_the_environment_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """With --json the address and the environment are one object."""
    value = json.loads(await shown_by(Sandbox(), Output(as_json=True), capsys, "}\n"))
    assert value["env"]["TIMREST_BASE_URL"] == value["base_url"]


def test_a_port_in_use_is_a_clear_failure(run: Callable[..., Result]) -> None:
    """A port on which another program listens ends with exit code 1 and what to do."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        result = run(
            "sandbox", "--port", str(other.getsockname()[1]), "--account", "a", "--group", "@TGS#1", "--cap", "0"
        )
    assert result.exit_code == 1
    assert "another program listens there" in result.stderr
    assert "--port 0" in result.stderr


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.EACCES, "Permission denied"), "Permission denied"),
        (OSError("odd"), "the system says no"),
    ],
)
def test_a_port_that_is_not_ours_is_a_clear_failure(error: OSError, reason: str) -> None:
    """Whatever the system says about the port is passed on."""
    assert reason in cannot_listen(80, error).message


def test_it_runs_until_ctrl_c() -> None:
    """The sandbox serves another process until Ctrl-C, and ends with 130 and without a traceback."""
    command = [sys.executable, "-m", "timrest_async.cli", "sandbox", "--port", "0", "--json", "--account", "lumotuwe1"]
    with subprocess.Popen(  # noqa: S603  # our own command
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # what starts the tests in the background may have SIGINT ignored, and that is inherited
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  # no thread runs here
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        address = json.loads(process.stdout.readline())["base_url"]
        with urllib.request.urlopen(f"{address}/_sandbox/state", timeout=10) as answer:  # noqa: S310  # the sandbox
            state = json.load(answer)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 130
        assert process.stderr.read() == ""
    assert [account["UserID"] for account in state["Accounts"]] == ["administrator", "lumotuwe1"]
