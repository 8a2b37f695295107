"""What is done after an error."""

from __future__ import annotations

import pytest

from timrest_async._error_codes import ERROR_CODES
from timrest_async.bulk import JournalError
from timrest_async.bulk.jobs import DroppedError
from timrest_async.bulk.steps import Step, step_after
from timrest_async.errors import (
    CallTimeoutError,
    ConfigError,
    DecodeError,
    InputError,
    LimiterUnavailableError,
    NoPermitError,
    TimError,
    TransportError,
    UnreachableError,
    UserSigError,
    error_for,
)
from timrest_async.retry import RETRIED_CODES

PATH = "openim/batchsendmsg"

WAIT, DOUBT, SENT, SPLIT, REFUSE, STOP = Step


def told(error: TimError, delivered: bool | None) -> TimError:  # noqa: FBT001  # a column
    """Return *error*, which says whether the service did what was asked."""
    error.delivered = delivered
    return error


ERRORS: list[tuple[TimError, Step, Step]] = [
    (TimError("?"), REFUSE, REFUSE),
    (ConfigError("no key"), STOP, STOP),
    (UserSigError(70001, "expired"), STOP, STOP),
    (JournalError("disk full"), STOP, STOP),
    (InputError("too long"), REFUSE, SPLIT),
    (DroppedError("MsgFreqCtrl"), WAIT, WAIT),
    (NoPermitError(PATH, "closed", 3.0), WAIT, WAIT),
    (LimiterUnavailableError(PATH, "no Redis"), WAIT, WAIT),
    (UnreachableError(PATH, "no such host"), WAIT, WAIT),
    (told(CallTimeoutError(PATH, "waited too long"), delivered=False), WAIT, WAIT),
    (CallTimeoutError(PATH, "no answer"), DOUBT, DOUBT),
    (TransportError(PATH, "reset"), DOUBT, DOUBT),
    (TransportError(PATH, "HTTP 502", 502), DOUBT, DOUBT),
    (DecodeError(PATH, "no ErrorCode"), DOUBT, DOUBT),
    (told(DecodeError(PATH, "MsgTime is no number"), delivered=True), SENT, DOUBT),
    (told(error_for(90992, "", PATH), delivered=None), DOUBT, DOUBT),
    (told(error_for(0, "", PATH), delivered=True), DOUBT, DOUBT),
]


@pytest.mark.parametrize(("error", "alone", "among_others"), ERRORS)
def test_every_kind_of_error_leads_to_a_step(error: TimError, alone: Step, among_others: Step) -> None:
    """It depends on what went wrong, on whether the service has it, and on whether the call names others."""
    assert (step_after(error, 1), step_after(error, 2), step_after(error, 500)) == (alone, among_others, among_others)


WAITED_OUT = {1003, 2001, 10002, 10006, 10023, 10049, 20004, 20005, 20018, 22002, 22006, 23003, 30006, 30540, 31707}
WAITED_OUT |= {40006, 50004, 51007, 60007, 60011, 60013, 60014, 60018, 60019, 70050, 70114, 70500, 90024, 90051, 90992}
WAITED_OUT |= {90994, 90995, 91000, 130009, 130010, 130011, 130012, 130014}
SLOW = {80003, 80005}
"""The application's own callback, and the check of the content."""
WAITED_OUT |= SLOW
DOUBTFUL = {30007, 50005, 60008, 70169, 70202}
HALVED = {10015, 60015, 70107, 90003, 90011, 90012, 90018, 90048, 90055, 93000}
STOPPED = {10001, 10008, 20002, 30002, 60004, 60005, 60006, 60010, 60012, 60016, 60017, 60020, 60021, 70001, 70002}
STOPPED |= {70003, 70005, 70009, 70013, 70014, 70016, 70020, 70052, 90009}


def expected(code: int) -> Step:
    """Return the step after *code* of a call that names many."""
    table = {WAIT: WAITED_OUT, DOUBT: DOUBTFUL, SPLIT: HALVED, STOP: STOPPED}
    return next((step for step, codes in table.items() if code in codes), REFUSE)


@pytest.mark.parametrize("code", sorted(ERROR_CODES))
def test_every_code_leads_to_the_step_of_its_list(code: int) -> None:
    """Trouble that passes is waited out, an answer that did not come in time leaves a doubt, what may be the fault
    of one recipient is halved, what would meet every call stops the run, and all else is refused.
    """
    assert step_after(error_for(code, "", PATH), 500) is expected(code)


@pytest.mark.parametrize("code", sorted(ERROR_CODES))
def test_a_call_that_names_one_is_never_halved(code: int) -> None:
    """What may be a recipient's fault is that one's, and everything else is as it is with many."""
    alone = step_after(error_for(code, "", PATH), 1)
    assert alone is (REFUSE if code in HALVED else expected(code))


def test_no_code_stands_in_two_lists() -> None:
    """Each has one step, and is a code of the table."""
    lists = [WAITED_OUT, DOUBTFUL, HALVED, STOPPED]
    assert sum(map(len, lists)) == len(set().union(*lists))
    assert set().union(*lists) <= set(ERROR_CODES)


def test_the_codes_that_calls_are_retried_on_are_waited_out() -> None:
    """A run is at least as patient as a session."""
    assert WAITED_OUT >= RETRIED_CODES


def test_all_codes_of_rate_and_of_the_services_own_trouble_are_waited_out_or_in_doubt() -> None:
    """None of them is the fault of whom the call names."""
    passing = {code for code, about in ERROR_CODES.items() if about.category in {"rate_limit", "server", "network"}}
    assert passing | SLOW == WAITED_OUT | DOUBTFUL


@pytest.mark.parametrize("code", [1, 10_150, 120_500, 987_654])
def test_a_code_that_nobody_knows_is_refused(code: int) -> None:
    """Also one that the application made up in its own callback: it is not tried for ever."""
    assert step_after(error_for(code, "", PATH), 500) is REFUSE
