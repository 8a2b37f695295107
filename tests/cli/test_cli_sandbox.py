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
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from timrest_async.cli.output import Output
from timrest_async.cli.sandbox import cannot_listen, fill, serve
from timrest_async.sandbox import Sandbox, Webhooks
from timrest_async.sandbox.certificates import self_signed


async def shown_by(
    box: Sandbox, out: Output, capsys: pytest.CaptureFixture[str], last: str, fingerprint: str | None = None
) -> str:
    """Serve *box* until *last* is printed, and return all that was."""
    shown = ""
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        serving = group.create_task(serve(box, out, fingerprint))
        while last not in shown:
            await asyncio.sleep(0)
            shown += capsys.readouterr().out
        serving.cancel()
    return shown


async def test_the_environment_is_ready_to_paste(capsys: pytest.CaptureFixture[str]) -> None:
    """The sandbox says where it is, in lines that a shell can run."""
    box = Sandbox(secret_key="it's made up")
    fill(box, ["lumotuwe1"], ["@TGS#2C5SZEAEF"])
    shown = await shown_by(box, Output(as_json=False), capsys, "with a browser")
    exports = dict(
        shlex.split(line)[1].split("=", 1) for line in shown.splitlines() if line.startswith("export TIMREST_")
    )
    assert exports["TIMREST_SECRET_KEY"] == "it's made up"
    assert exports["TIMREST_BASE_URL"].startswith("http://127.0.0.1:")
    assert set(exports) == {f"TIMREST_{name}" for name in ("SDKAPPID", "IDENTIFIER", "SECRET_KEY", "BASE_URL")}
    assert box.state.groups["@TGS#2C5SZEAEF"].members == ["administrator", "lumotuwe1"]


@pytest.mark.parametrize("as_json", [True, False])
async def test_the_token_of_webhooks_is_ready_to_paste(capsys: pytest.CaptureFixture[str], *, as_json: bool) -> None:
    """A program that checks signatures finds it in the environment, like the rest."""
    box = Sandbox(webhooks=Webhooks("http://127.0.0.1:1", sdkappid=1_400_000_000, token="it's ours"))
    shown = await shown_by(box, Output(as_json=as_json), capsys, "}\n" if as_json else "with a browser")
    if as_json:
        assert json.loads(shown)["env"]["TIMREST_WEBHOOK_TOKEN"] == "it's ours"
    else:
        assert "export TIMREST_WEBHOOK_TOKEN=" + shlex.quote("it's ours") in shown


async def test_what_others_can_reach_and_what_nobody_vouches_for_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Who opens it to the network reads so, and who speaks TLS finds the certificate's fingerprint."""
    made = self_signed()
    with pytest.warns(RuntimeWarning):
        box = Sandbox(host="0.0.0.0", tls=made)  # noqa: S104  # what is warned of
    shown = await shown_by(box, Output(as_json=False), capsys, "with a browser", made.fingerprint)
    assert "Anybody who reaches 0.0.0.0 can use it." in shown
    assert made.fingerprint in shown.replace("\n", "")
    assert "TIMREST_BASE_URL=https://127.0.0.1:" in shown
    told = await shown_by(box, Output(as_json=True), capsys, "}\n", made.fingerprint)
    assert json.loads(told)["fingerprint"] == made.fingerprint


async def test_machines_get_the_environment_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """With --json the address and the environment are one object."""
    value = json.loads(await shown_by(Sandbox(), Output(as_json=True), capsys, "}\n"))
    assert value["env"]["TIMREST_BASE_URL"] == value["base_url"]


@pytest.fixture
def taken() -> Iterator[str]:
    """Return a port on which another program listens."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield str(other.getsockname()[1])


def test_everything_can_be_kept_and_a_certificate_handed_out(
    run: Callable[..., Result], taken: str, tmp_path: Path
) -> None:
    """A file holds what was there, also where a run fails, and another the certificate that clients are to trust."""
    options = ["--data", str(tmp_path / "box.db"), "--certificate", str(tmp_path / "box.pem"), "--also", "5"]
    options += ["--year", "2018", "--refused-word", "x", "--webhook", "http://127.0.0.1:1"]
    for account in ("alice", "bob"):
        given = ["--port", taken, "--account", account, "--group", "@TGS#1", *options]
        assert "another program listens there" in run("sandbox", *given).stderr
    box = Sandbox(data=tmp_path / "box.db")
    assert list(box.state.accounts) == ["administrator", "alice", "bob"]
    assert box.state.groups["@TGS#1"].members == ["administrator", "alice"]
    box.close()
    assert (tmp_path / "box.db-5").exists()
    assert "BEGIN CERTIFICATE" in (tmp_path / "box.pem").read_text()
    assert "another program listens there" in run("sandbox", "--port", taken, "--tls").stderr


def test_tls_without_its_package_says_what_to_install(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package is an extra."""
    monkeypatch.setitem(sys.modules, "timrest_async.sandbox.certificates", None)
    result = run("sandbox", "--tls")
    assert result.exit_code == 1
    assert "pip install 'timrest-async[tls]'" in " ".join(result.stderr.split())


def test_a_port_in_use_is_a_clear_failure(run: Callable[..., Result], taken: str) -> None:
    """A port on which another program listens ends with exit code 1 and what to do."""
    result = run("sandbox", "--port", taken, "--account", "a", "--group", "@TGS#1", "--cap", "0")
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
    assert [account["UserID"] for account in state["accounts"]] == ["administrator", "lumotuwe1"]
