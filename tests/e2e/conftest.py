"""What the tests over real sockets share: the fault matrix as a table, at the end of the run."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from tests.e2e.faults import COMMANDS, FAULTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest import TerminalReporter, TestReport  # noqa: PT013  # types

_DELIVERED = {True: "+", False: "-", None: "?"}


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Print what each command heard of each fault, where the matrix was run."""
    rows, right, ran = _outcomes(terminalreporter)
    if not ran:
        return
    widths = [max(len(fault.name) for fault in FAULTS) + 1, *[18] * len(COMMANDS)]
    terminalreporter.write_sep("=", "the fault matrix")
    terminalreporter.write_line(_line(["", *COMMANDS], widths))
    for fault in FAULTS:
        if fault.name in rows:
            terminalreporter.write_line(_line([fault.name, *map(rows[fault.name].get, COMMANDS)], widths))
    terminalreporter.write_line("delivered: - surely not, + yes, ? nobody knows; ! not as declared")
    commands = {command for row in rows.values() for command in row}
    verdict = "all as declared" if right == ran else f"{ran - right} NOT as declared"
    terminalreporter.write_line(f"{len(rows)} faults x {len(commands)} commands = {ran} rows, {verdict}")


def _outcomes(terminalreporter: TerminalReporter) -> tuple[dict[str, dict[str, str]], int, int]:
    """Collect what was told, by fault and by command, how often that was right, and how often it was tried."""
    rows, right, ran = defaultdict[str, dict[str, str]](dict), 0, 0
    for report, (fault, command, error, delivered) in _told(terminalreporter):
        words = "works" if error is None else f"{error} {_DELIVERED[delivered]}"
        rows[fault][command] = words if report.passed else f"{words}!"
        right += report.passed
        ran += 1
    return rows, right, ran


def _told(terminalreporter: TerminalReporter) -> Iterator[tuple[TestReport, Any]]:
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            facts = dict(report.user_properties)
            if "fault" in facts:
                yield report, facts["fault"]


def _line(cells: list[str | None], widths: list[int]) -> str:
    return " ".join(f"{cell or '':{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()
