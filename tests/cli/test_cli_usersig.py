"""`timrest usersig`."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from timrest_async.usersig import sign, verify

Run = Callable[..., Result]

KEY = "a-key-that-stays-secret"
ENV = {"TIMREST_SDKAPPID": "1400000000", "TIMREST_SECRET_KEY": KEY}


def made(*, ago: int = 0, expire: int = 1000) -> str:
    """Make a UserSig of some time ago."""
    return str(sign(1400000000, KEY, "administrator", expire=expire, time=int(time.time()) - ago))


def test_make_prints_the_signature_alone(run: Run) -> None:
    """What `make` prints is the UserSig and nothing else, and the service takes it."""
    printed = run("usersig", "make", "lumotuwe1", "--expire", "60", env=ENV).stdout
    said = verify(
        printed.removesuffix("\n"), sdkappid=1400000000, secret_key=KEY, identifier="lumotuwe1", now=time.time()
    )
    assert said.expire == 60


def test_make_tells_machines_when_it_expires(run: Run, tmp_path: Path) -> None:
    """With --json the UserSig stands beside what it says; the key may come from a file."""
    file = tmp_path / "key"
    file.write_text(KEY)
    args = ("--sdkappid", "7", "--secret-key-file", str(file), "--json")
    value = json.loads(run("usersig", "make", "lumotuwe1", *args).stdout)
    assert value["expires"] - value["time"] == 86_400
    assert (value["identifier"], value["sdkappid"]) == ("lumotuwe1", 7)
    assert value["usersig"]


@pytest.mark.parametrize(
    ("args", "env", "complaint"),
    [
        (["x" * 33], ENV, "IDENTIFIER has to be 1 to 32 bytes"),
        (["a"], {"TIMREST_SDKAPPID": "1"}, "TIMREST_SECRET_KEY is not set"),
        (["a"], ENV | {"TIMREST_SDKAPPID": "one"}, "whole number, not 'one'"),
    ],
)
def test_make_says_what_it_lacks(run: Run, args: list[str], env: dict[str, str], complaint: str) -> None:
    """A UserSig that cannot be made fails with the reason."""
    result = run("usersig", "make", *args, env=env)
    assert result.exit_code == 1
    assert complaint in result.stderr


def test_check_says_what_a_usersig_holds(run: Run) -> None:
    """With the right key, `check` says whose it is and that it holds, and never shows the key."""
    result = run("usersig", "check", made(), env=ENV)
    assert result.exit_code == 0
    for said in ("administrator", "1400000000", "made", "expires", "0:16:", "It holds."):
        assert said in result.stdout
    assert KEY not in result.output


def test_check_reads_stdin_and_the_environment(run: Run) -> None:
    """The UserSig may come through a pipe or from TIMREST_USERSIG."""
    assert run("usersig", "check", "-", stdin=f"{made()}\n", env=ENV).exit_code == 0
    value = json.loads(run("usersig", "check", "--json", env={"TIMREST_USERSIG": made()}).stdout)
    assert value["verified"] is False
    assert value["identifier"] == "administrator"
    assert 0 < value["remaining"] <= 1000
    assert "sig" not in value


def test_check_without_a_key_does_not_claim_too_much(run: Run) -> None:
    """Without a key it is said that the signature itself was not checked."""
    assert "not checked" in run("usersig", "check", made()).stdout


@pytest.mark.parametrize("env", [ENV, {}])
def test_an_expired_usersig_fails(run: Run, env: dict[str, str]) -> None:
    """An expired UserSig ends with exit code 1, with a key and without."""
    result = run("usersig", "check", made(ago=2000), env=env)
    assert result.exit_code == 1
    assert "expired" in result.stderr
    assert "nothing" in result.stdout


@pytest.mark.parametrize("key", [{"TIMREST_SECRET_KEY": KEY}, {}])
@pytest.mark.parametrize(
    ("args", "env", "complaint"),
    [
        (["--identifier", "lumotuwe1"], {}, "made for 'administrator'"),
        ([], {"TIMREST_SDKAPPID": "7"}, "made for SDKAppID 1400000000"),
    ],
)
def test_a_usersig_for_another_fails(
    run: Run, key: dict[str, str], args: list[str], env: dict[str, str], complaint: str
) -> None:
    """A UserSig for another account or application ends with exit code 1."""
    result = run("usersig", "check", made(), *args, env=env | key)
    assert result.exit_code == 1
    assert complaint in result.stderr


def test_a_usersig_of_another_key_fails(run: Run) -> None:
    """A UserSig that another key made ends with exit code 1, as JSON on request."""
    result = run("usersig", "check", made(), "--json", env=ENV | {"TIMREST_SECRET_KEY": "wrong"})
    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"]["code"] == 70009


def test_check_needs_a_usersig(run: Run) -> None:
    """With no UserSig anywhere, the usage says where one may come from."""
    result = run("usersig", "check")
    assert result.exit_code == 2
    assert "TIMREST_USERSIG" in result.stderr
