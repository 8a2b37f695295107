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
    result = timrest("call", CHECK, "--no-check")
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
        (["[" * 100_000], "nested too deeply"),
        (["[" + "1" * 5_000 + "]"], "too many"),
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
        result = timrest("call", CHECK, BODY, "--base-url", f"http://127.0.0.1:{closed.getsockname()[1]}")
    assert result.exit_code == 1
    assert "got no usable answer" in result.stderr
    assert "--base-url" in result.stderr


def test_an_http_status_is_told(timrest: Timrest, box: Sandbox) -> None:
    """What a gateway answered is part of the failure."""
    box.faults.add(CHECK, status=502)
    error = json.loads(timrest("call", CHECK, BODY, "--json").stdout)["error"]
    assert (error["error"], error["status"]) == ("TransportError", 502)


# -- the body is looked over


@pytest.mark.parametrize("path", [CHECK, f"v4/{CHECK}", f"/v4/{CHECK}"])
def test_a_body_that_does_not_fit_is_not_sent(timrest: Timrest, box: Sandbox, path: str) -> None:
    """It is told what is wrong, where to read on, and that nothing was sent; however the path is written."""
    result = timrest("call", path, '{"CheckItems": [{"UserID": "lumotuwe1"}]}')
    said = " ".join(result.stderr.split())
    assert (result.exit_code, result.stdout) == (1, "")
    assert (
        f"error: This body does not fit {CHECK}: CheckItems is not among its fields (did you mean CheckItem?)" in said
    )
    assert "Nothing was sent." in said
    assert f"`timrest commands {CHECK}`" in said
    assert "--no-check" in said
    assert not box.service.calls


@pytest.mark.parametrize(
    ("wrong", "end"),
    [
        (1, "a is not among its fields. Nothing"),
        (5, "e is not among its fields. Nothing"),
        (8, "fields; and 3 more. N"),
    ],
)
def test_of_many_complaints_five_are_shown(timrest: Timrest, wrong: int, end: str) -> None:
    """And how many more there are."""
    body = {"CheckItem": [{"UserID": "lumotuwe1"}], **dict.fromkeys("abcdefgh"[:wrong])}
    said = " ".join(timrest("call", CHECK, json.dumps(body)).stderr.split())
    assert said.count("is not among") == min(wrong, 5)
    assert end in said


def test_machines_are_told_every_complaint(timrest: Timrest, box: Sandbox) -> None:
    """One by one, beside the sentence that people get."""
    result = timrest("call", CHECK, json.dumps({"CheckItem": [{}] * 8}), "--json")
    error = json.loads(result.stdout)["error"]
    assert (result.exit_code, result.stderr) == (1, "")
    assert (error["error"], error["command"]) == ("InputError", CHECK)
    assert error["notes"] == [f"CheckItem[{index}].UserID is missing" for index in range(8)]
    assert "; and 3 more. Nothing was sent." in error["message"]
    assert not box.service.calls


def test_a_body_may_be_sent_as_it_is(timrest: Timrest, box: Sandbox) -> None:
    """With --no-check it goes out, whatever it holds, and the service has the word."""
    newer = '{"CheckItem": [{"UserID": "lumotuwe1"}], "FieldOfTomorrow": 1}'
    assert timrest("call", CHECK, newer).exit_code == 1
    assert not box.service.calls
    assert json.loads(timrest("call", CHECK, newer, "--no-check").stdout)["ErrorCode"] == 0
    assert [call.path for call in box.service.calls] == [CHECK]


def test_a_command_that_nobody_knows_is_sent(timrest: Timrest, box: Sandbox) -> None:
    """There is nothing to hold its body against, and the service may know more."""
    result = timrest("call", "openim/querystate", '{"Anything": 5}')
    assert "openim/querystate was refused with" in result.stderr
    assert [call.path for call in box.service.calls] == ["openim/querystate"]
