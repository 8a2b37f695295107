"""What the tests of commands say at their end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from timrest_async._wire import Struct, wire_fields
from timrest_async.commands._registry import commands

if TYPE_CHECKING:
    import pytest

ENDPOINTS: Final = Path(__file__).parents[1] / "spec" / "endpoints"

ON_PURPOSE: Final = {("openim/batchsendmsg", "ActionStatus")}
"""Fields that only we have; the contract test says why."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count commands and fields, here and in the description, and name what only one side has."""
    files = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in sorted(ENDPOINTS.glob("*.yaml"))]
    described: dict[str, Any] = {entry["command"]: entry for file in files for entry in file["commands"]}
    ours = {entry.path: entry.command for entry in commands()}
    theirs = {(path, kind, wire) for path in described for kind in _KINDS for wire in described[path][kind] or ()}
    fields = {
        (path, kind, field.wire)
        for path, command in ours.items()
        for kind, cls in zip(_KINDS, (command, command.reply), strict=True)
        if issubclass(cls, Struct)
        for field in wire_fields(cls)
        if (path, field.wire) not in ON_PURPOSE
    }
    say = terminalreporter.write_line
    terminalreporter.section("the commands")
    missing = [("here", one) for one in theirs - fields] + [("in the description", one) for one in fields - theirs]
    for where, (path, kind, wire) in sorted(missing):
        say(f"{path}: {wire} of the {kind} is missing {where}")
    known = len(ours.keys() & described.keys())
    say(f"{known} of {len(described)} commands, {len(fields)} fields, {len(missing)} fields missing either way")


_KINDS: Final = ("request", "response")
