"""Faults wait for their command, in order, and are used up."""

from __future__ import annotations

import math
from typing import Any

import pytest

from timrest_async.errors import ConfigError
from timrest_async.sandbox import Fault, Faults
from timrest_async.sandbox.faults import NO_FAULT


def test_faults_come_in_the_order_in_which_they_were_added() -> None:
    """One for any command and one for this command are used up as they stand."""
    faults = Faults()
    faults.add("openim/sendmsg", code=20004, times=2)
    faults.add("*", status=502)
    taken = [faults.take("openim/sendmsg") for _ in range(4)]
    assert taken == [Fault(code=20004), Fault(code=20004), Fault(status=502), NO_FAULT]


def test_a_fault_waits_for_its_command() -> None:
    """Another command goes well meanwhile."""
    faults = Faults()
    faults.add("openim/sendmsg", cut=True)
    assert faults.take("openim/batchsendmsg") == NO_FAULT
    assert len(faults) == 1
    assert faults.take("openim/sendmsg") == Fault(cut=True)
    assert len(faults) == 0


def test_cleared_faults_do_not_happen() -> None:
    """After clearing everything goes well."""
    faults = Faults()
    faults.add("*", html=True, times=9)
    faults.clear()
    assert faults.take("openim/sendmsg") == NO_FAULT


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"code": 0},
        {"code": "20004"},
        {"status": 200},
        {"status": "502"},
        {"latency": -1},
        {"latency": math.nan},
        {"latency": "1"},
        {"cut": 1},
        {"cut": True, "reset": True},
        {"code": 20004, "status": 502},
        {"code": 20004, "times": 0},
        {"code": 20004, "times": True},
    ],
)
def test_what_cannot_go_wrong_is_refused(wrong: dict[str, Any]) -> None:
    """A fault that says nothing, contradicts itself or never happens is an error where it is added."""
    with pytest.raises(ConfigError):
        Faults().add("*", **wrong)


@pytest.mark.parametrize(
    ("fault", "kept_away"),
    [
        (Fault(status=502), True),
        (Fault(html=True), True),
        (Fault(reset=True), True),
        (Fault(code=20004), False),
        (Fault(lose_answer=True), False),
        (Fault(cut=True), False),
        (Fault(latency=1), False),
    ],
)
def test_some_faults_keep_a_call_from_the_service(fault: Fault, kept_away: bool) -> None:  # noqa: FBT001  # a column
    """Gateways and resets come before the work; lost, cut and late answers after it."""
    assert fault.keeps_away is kept_away
