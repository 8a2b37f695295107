"""`timrest call`."""

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from timrest_async.sandbox import Sandbox

Timrest = Callable[..., Result]

CHECK = "im_open_login_svc/account_check"
BODY = '{"CheckItem": [{"UserID": "lumotuwe1"}]}'


def test_the_whole_reply_is_printed(timrest: Timrest) -> None:
    """Any command goes out with the body that was given, and its whole reply is printed, for people over lines."""
    result = timrest("call", CHECK, BODY)
    reply = json.loads(result.stdout)
    assert reply["ErrorCode"] == 0
    assert reply["ResultItem"][0]["AccountStatus"] == "Imported"
    assert result.stdout.count("\n") > 5


def test_the_reply_is_one_line_for_machines(timrest: Timrest) -> None:
    """With --json the reply is one line of JSON."""
    result = timrest("call", f"v4/{CHECK}", BODY, "--json")
    assert json.loads(result.stdout)["ActionStatus"] == "OK"
    assert result.stdout.count("\n") == 1


def test_the_reply_is_coloured_on_a_terminal(timrest: Timrest) -> None:
    """Colours are for terminals: there are none in a pipe."""
    assert "\x1b[" in timrest("call", CHECK, BODY, FORCE_COLOR="1").stdout
    assert "\x1b[" not in timrest("call", CHECK, BODY).stdout


def test_the_body_may_come_from_stdin_or_a_file(timrest: Timrest, tmp_path: Path) -> None:
    """A dash reads the body from stdin, --file from a file."""
    file = tmp_path / "body.json"
    file.write_text(BODY)
    assert timrest("call", CHECK, "-", stdin=BODY).exit_code == 0
    assert timrest("call", CHECK, "--file", str(file)).exit_code == 0


def test_control_characters_are_written_out(timrest: Timrest, box: Sandbox) -> None:
    """A reply that holds control characters cannot command the terminal."""
    box.state.add_account("lumotuwe1")
    result = timrest("call", CHECK, json.dumps({"CheckItem": [{"UserID": "a\x1b[2J\x9b"}]}))
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    assert "\x9b" not in result.stdout
    assert json.loads(result.stdout)["ResultItem"][0]["UserID"] == "a\x1b[2J\x9b"


def test_a_command_without_a_body_sends_an_empty_object(timrest: Timrest) -> None:
    """Without JSON the body is an empty object, about which the service complains as it does."""
    result = timrest("call", CHECK)
    assert result.exit_code == 1
    assert f"{CHECK} was refused with" in result.stderr


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (["{"], "the body is no JSON"),
        (["[1]"], "a JSON object, not list"),
        (["{}", "--file", "x"], "not both"),
        (["--file", "does-not-exist"], "No such file"),
        (["-"], "no text"),
    ],
)
def test_a_body_that_is_none_is_a_usage_error(timrest: Timrest, box: Sandbox, args: list[str], complaint: str) -> None:
    """A body that cannot be read ends with exit code 2 and sends nothing."""
    result = timrest("call", CHECK, *args, stdin=b"\xff")
    assert result.exit_code == 2
    assert complaint in result.stderr
    assert not box.service.calls


def test_a_path_that_is_none_is_named(timrest: Timrest) -> None:
    """A command without a service is refused before anything is sent."""
    result = timrest("call", "sendmsg")
    assert result.exit_code == 1
    assert "SERVICE/COMMAND" in result.stderr


def test_no_answer_says_where_to_look(timrest: Timrest) -> None:
    """A host that does not listen is a clear failure that names the settings."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        result = timrest("call", CHECK, "--base-url", f"http://127.0.0.1:{closed.getsockname()[1]}")
    assert result.exit_code == 1
    assert "got no usable answer" in result.stderr
    assert "--base-url" in result.stderr


def test_an_http_status_is_told(timrest: Timrest, box: Sandbox) -> None:
    """What a gateway answered is part of the failure."""
    box.faults.add(CHECK, status=502)
    error = json.loads(timrest("call", CHECK, BODY, "--json").stdout)["error"]
    assert (error["error"], error["status"]) == ("TransportError", 502)
