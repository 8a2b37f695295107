"""The command line: ``timrest``."""

import io
import sys

__all__ = ["main"]

_NEEDED = frozenset({"rich", "typer"})


def main() -> None:
    """Run ``timrest`` with the arguments of this process."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without Unicode gets \u79bb, not a crash
    try:
        from timrest_async.cli.app import app  # noqa: PLC0415  # what it needs may be missing
    except ModuleNotFoundError as missing:
        if missing.name not in _NEEDED:
            raise
        sys.stderr.write(f"timrest needs {missing.name}: pip install 'timrest-async[cli]'\n")
        raise SystemExit(2) from None
    app(prog_name="timrest")
