"""What failures look like."""

import json

import pytest
import typer

from timrest_async import (
    ApiError,
    CallTimeoutError,
    ConfigError,
    DecodeError,
    InputError,
    TimError,
    TransportError,
    UserSigError,
)
from timrest_async.cli.output import describe, facts, reporting, visible
from timrest_async.errors import error_for

FAILURES: list[TimError] = [
    ConfigError("no key"),
    InputError("no text"),
    UserSigError(70001, "the UserSig expired"),
    TransportError("openim/sendmsg", "the connection broke"),
    CallTimeoutError("openim/sendmsg", "no answer"),
    DecodeError("openim/sendmsg", "no MsgTime"),
    error_for(90012, "no such account", "openim/sendmsg", "request-7"),
    error_for(424242, "", "openim/sendmsg"),
]


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
def test_every_failure_is_a_message_and_exit_code_1(error: TimError, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever the library raises becomes a message on stderr and exit code 1."""
    with pytest.raises(typer.Exit) as left, reporting(as_json=False):
        raise error
    printed = capsys.readouterr()
    assert left.value.exit_code == 1
    assert printed.out == ""
    assert printed.err.startswith("error: ")


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
def test_every_failure_is_json_on_request(error: TimError, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json the same failure is one object on stdout, without empty fields."""
    with pytest.raises(typer.Exit), reporting(as_json=True):
        raise error
    printed = capsys.readouterr()
    assert printed.err == ""
    told = json.loads(printed.out)["error"]
    assert told["error"] == type(error).__name__
    assert None not in told.values()
    if isinstance(error, ApiError):
        assert told["code"] == error.code


def test_an_error_of_ours_is_not_hidden() -> None:
    """A fault in the library itself goes through as it is."""
    with pytest.raises(ZeroDivisionError), reporting(as_json=False):
        raise ZeroDivisionError


def test_a_time_out_advises_to_look_before_sending_again() -> None:
    """After a time-out the work may have been done; before anything was sent, it was not."""
    late = CallTimeoutError("openim/sendmsg", "no answer")
    assert "work was done" in (describe(late).advice or "")
    late.delivered = False
    assert "work was done" not in (describe(late).advice or "")


def test_control_characters_are_written_out(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing from outside can command the terminal."""
    assert visible("a\x1b[2J\x00\x9bb\n") == r"a\u001b[2J\u0000\u009bb\u000a"
    with pytest.raises(typer.Exit), reporting(as_json=False):
        raise error_for(90012, "\x1b[2J", "openim/sendmsg")
    assert "\x1b" not in capsys.readouterr().err


def test_what_looks_like_markup_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Square brackets and emoji codes are no markup."""
    with reporting(as_json=False) as out:
        out.show(facts({"said": "[bold]hi[/] :smile:", "left out": None}))
    assert capsys.readouterr().out.strip() == "said  [bold]hi[/] :smile:"
