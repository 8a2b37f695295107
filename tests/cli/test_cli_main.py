"""`timrest` itself: its way in, its version, and what it needs."""

import io
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from timrest_async import cli
from timrest_async.cli import main
from timrest_async.cli.app import version_of


def test_the_version_is_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` prints one line and ends well."""
    monkeypatch.setattr(sys, "argv", ["timrest", "--version"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 0
    assert capsys.readouterr().out.startswith("timrest ")


def test_python_m_does_the_same(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m timrest_async.cli` is `timrest`."""
    monkeypatch.setattr(sys, "argv", ["timrest", "errors", "20004"])
    with pytest.raises(SystemExit) as left:
        runpy.run_path(str(Path(cli.__file__).with_name("__main__.py")), run_name="__main__")
    assert left.value.code == 0
    assert "20004" in capsys.readouterr().out


def test_the_version_is_that_of_the_distribution() -> None:
    """A distribution that is installed has a version, another one says that it is not."""
    assert version_of("typer")[0].isdecimal()
    assert version_of("no-such-distribution") == "(not installed)"


@pytest.mark.parametrize("library", ["typer", "rich"])
def test_without_its_libraries_it_says_how_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], library: str
) -> None:
    """Without typer or rich there is one line on how to get them, and exit code 2."""
    for module in [name for name in sys.modules if name.startswith("timrest_async.cli.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    assert capsys.readouterr().err == f"timrest needs {library}: pip install 'timrest-async[cli]'\n"


def test_another_missing_module_is_not_blamed_on_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken installation is reported as it is."""
    monkeypatch.setattr(sys, "stdout", io.BytesIO())
    for module in [name for name in sys.modules if name.startswith("timrest_async.cli.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "timrest_async.sandbox", None)
    with pytest.raises(ModuleNotFoundError, match="sandbox"):
        main()


def test_help_is_there_for_a_terminal_without_unicode() -> None:
    """Nothing crashes where stdout takes ASCII only."""
    env = os.environ | {"PYTHONIOENCODING": "ascii"}
    for args in (["--help"], ["errors", "20004"], ["send", "to", "汉字", "x"]):
        done = subprocess.run(  # noqa: S603  # our own command
            [sys.executable, "-m", "timrest_async.cli", *args], env=env, capture_output=True, check=False
        )
        assert b"Traceback" not in done.stderr
        assert (done.stdout + done.stderr).isascii()
