"""Settings of the command line: the environment, and what wins over it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from timrest_async import ConfigError
from timrest_async.cli.connection import session, settings
from timrest_async.sandbox import Sandbox

COMPLETE = {"TIMREST_SDKAPPID": "1400000000", "TIMREST_SECRET_KEY": "the-secret"}


def test_options_win_over_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each option stands in place of its variable, and of what excludes it."""
    monkeypatch.setenv("TIMREST_REGION", "singapore")
    monkeypatch.setenv("TIMREST_USERSIG", "eJx")
    monkeypatch.setenv("TIMREST_SDKAPPID", "1")
    monkeypatch.setenv("TIMREST_IDENTIFIER", "")
    file = tmp_path / "key"
    file.write_text("the-secret\n")
    assert settings(sdkappid=2, base_url="http://127.0.0.1:1", secret_key_file=file) == {
        "TIMREST_SDKAPPID": "2",
        "TIMREST_BASE_URL": "http://127.0.0.1:1",
        "TIMREST_SECRET_KEY": "the-secret",
    }


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        ({}, "TIMREST_SDKAPPID is not set; set it or give --sdkappid"),
        ({"TIMREST_SDKAPPID": "1"}, "TIMREST_SECRET_KEY is not set; set it or give --secret-key-file"),
        (COMPLETE | {"TIMREST_USERSIG": "eJx"}, "exactly one of TIMREST_SECRET_KEY"),
        (COMPLETE | {"TIMREST_SDKAPPID": "x"}, "whole number"),
        (COMPLETE | {"TIMREST_REGION": "china", "TIMREST_BASE_URL": "http://a"}, "not both"),
    ],
)
def test_what_is_missing_is_named(variables: dict[str, str], complaint: str) -> None:
    """A session that cannot be made says which variable or option it lacks."""
    with pytest.raises(ConfigError, match=complaint):
        session(variables)


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "No such file"), (b"\xff", "it is no text"), (b" \n", "it is empty")]
)
def test_a_key_file_that_holds_no_key_is_named(tmp_path: Path, content: bytes | None, reason: str) -> None:
    """A key file that cannot be used fails with its name and the reason."""
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=reason) as failed:
        settings(secret_key_file=file)
    assert str(file) in str(failed.value)


def test_a_usersig_made_elsewhere_is_enough(run: Callable[..., Result], box: Sandbox) -> None:
    """Who has a UserSig needs no key."""
    made = run("usersig", "make", "administrator", env=box.env()).stdout.strip()
    env = {name: value for name, value in box.env().items() if name != "TIMREST_SECRET_KEY"}
    assert run("send", "to", "lumotuwe2", "hi", env=env | {"TIMREST_USERSIG": made}).exit_code == 0


def test_no_failure_shows_the_key_or_the_usersig(run: Callable[..., Result], box: Sandbox) -> None:
    """Whatever goes wrong, neither the key nor the UserSig is printed."""
    env = box.env() | {"TIMREST_SECRET_KEY": "another-key-that-stays-secret"}
    made = run("usersig", "make", "administrator", env=env).stdout.strip()
    signed = {name: value for name, value in env.items() if name != "TIMREST_SECRET_KEY"} | {"TIMREST_USERSIG": made}
    for settings_of_it in (env, signed, env | {"TIMREST_BASE_URL": "http://127.0.0.1:9"}):
        for args in (("send", "to", "lumotuwe2", "hi"), ("call", "a/b", "--json"), ("usersig", "check", made[:-9])):
            result = run(*args, env=settings_of_it)
            assert result.exit_code == 1
            assert "another-key" not in result.output
            assert made not in result.output


def test_a_key_and_a_file_with_a_key_are_one_too_many(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Which one is meant is for the user to say; an option says it."""
    (tmp_path / "key").write_text("the-secret")
    monkeypatch.setenv("TIMREST_SECRET_KEY", "another")
    monkeypatch.setenv("TIMREST_SECRET_KEY_FILE", str(tmp_path / "key"))
    with pytest.raises(ConfigError, match="TIMREST_SECRET_KEY and TIMREST_SECRET_KEY_FILE are both set"):
        settings()
    assert settings(secret_key_file=tmp_path / "key")["TIMREST_SECRET_KEY"] == "the-secret"
