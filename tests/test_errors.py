"""The tree of errors, and the table of codes behind it."""

import copy
import inspect
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from timrest_async import errors
from timrest_async._codec import decode
from timrest_async._error_codes import CUSTOM_RANGES, ERROR_CODES
from timrest_async.commands.messages import SendMessage
from timrest_async.errors import (
    ApiError,
    AuthenticationError,
    CallTimeoutError,
    ConfigError,
    ConflictError,
    ContentRejectedError,
    DecodeError,
    ErrorCode,
    Failure,
    ForbiddenError,
    InputError,
    InvalidRequestError,
    LimiterUnavailableError,
    NoPermitError,
    NotFoundError,
    PartialFailureError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitedError,
    ServerError,
    TimError,
    TooOftenError,
    TransportError,
    UnreachableError,
    UserSigError,
    error_for,
    explain,
)
from timrest_async.retry import RETRIED_CODES

SPEC: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "spec" / "errors.yaml").read_text(encoding="utf-8"))
CODES: dict[int, dict[str, Any]] = SPEC["codes"]

CATEGORIES: dict[str, type[ApiError]] = {
    "auth": AuthenticationError,
    "permission": PermissionDeniedError,
    "invalid_request": InvalidRequestError,
    "not_found": NotFoundError,
    "conflict": ConflictError,
    "forbidden": ForbiddenError,
    "content": ContentRejectedError,
    "quota": QuotaExceededError,
    "rate_limit": TooOftenError,
    "server": ServerError,
    "network": ServerError,
}

CLASSES: list[type[TimError]] = [
    cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, TimError)
]
EXPLAINED = [*ERROR_CODES.values(), *(meaning for _, meaning in CUSTOM_RANGES), explain(-1)]


def category_of(code: int) -> str:
    """The category that the description gives a code; its finer one where there is one."""
    entry = CODES[code]
    return str(entry.get("subcategory") or entry["category"])


def made(cls: type[TimError]) -> TimError:
    """An error as it reaches a caller after three attempts."""
    arguments: tuple[Any, ...] = ("something is wrong",)
    if issubclass(cls, ApiError):
        arguments = (20003, "no such account", "openim/sendmsg", "request-1")
    elif issubclass(cls, TransportError):
        arguments = ("openim/sendmsg", "the connection was reset", 502)
    elif issubclass(cls, DecodeError):
        arguments = ("openim/sendmsg", "the reply is not a SendMessageReply")
    elif issubclass(cls, NoPermitError):
        arguments = ("openim/sendmsg", "100 calls in 1 s; nothing was sent", 1.5)
    elif issubclass(cls, LimiterUnavailableError):
        arguments = ("openim/sendmsg", "no Redis; nothing was sent")
    elif issubclass(cls, PartialFailureError):
        arguments = ((Failure("lumotuwe2", 70107, "Err_Not_Exist"),), 2)
    elif issubclass(cls, UserSigError):
        arguments = (70001, "the UserSig expired 5 seconds ago")
    error = cls(*arguments)
    error.attempts = 3
    error.add_note("after 3 attempts")
    return error


def test_the_table_lists_every_known_code_and_no_other() -> None:
    """The table's codes are exactly the 265 of the description, in ascending order."""
    assert len(CODES) == 265
    assert list(ERROR_CODES) == sorted(CODES)


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_the_category_of_the_description(code: int) -> None:
    """A code's category is the description's, or its finer one where it has one."""
    assert ERROR_CODES[code].category == category_of(code)


@pytest.mark.parametrize("code", CODES)
def test_every_category_is_a_class(code: int) -> None:
    """A code raises the class of its category."""
    error = error_for(code, "said", "openim/sendmsg", "request-1")

    assert type(error) is CATEGORIES[category_of(code)]
    assert error.category == category_of(code)
    assert (error.code, error.info, error.path, error.request_id) == (code, "said", "openim/sendmsg", "request-1")


def test_every_category_is_in_use() -> None:
    """No category is without a code, and no class of refusal without a category."""
    assert {category_of(code) for code in CODES} == set(CATEGORIES)
    assert set(CATEGORIES.values()) == set(ApiError.__subclasses__())


@pytest.mark.parametrize("explained", EXPLAINED, ids=lambda explained: explained.meaning[:40])
def test_every_meaning_and_advice_is_a_sentence(explained: ErrorCode) -> None:
    """What a code means and what to do about it are whole sentences on one line."""
    for words in (explained.meaning, explained.advice):
        assert re.fullmatch(r"[A-Z][^\n]{10,}\.", words), words
        assert words == " ".join(words.split()), words


def test_the_retried_codes_are_the_descriptions() -> None:
    """The five codes that are tried again are those of the description, and each is the service's own trouble."""
    assert set(SPEC["library_retry_codes"]) == RETRIED_CODES
    assert all(issubclass(CATEGORIES[category_of(code)], ServerError) for code in RETRIED_CODES)


def test_the_ranges_of_custom_codes_are_the_descriptions() -> None:
    """An application's own numbers lie in the ranges that the description gives them."""
    described = {(row["from"], row["to"]) for row in SPEC["ranges"] if row["about"].startswith("custom codes")}

    assert {(codes.start, codes[-1]) for codes, _ in CUSTOM_RANGES} == described


@pytest.mark.parametrize("codes", [codes for codes, _ in CUSTOM_RANGES], ids=str)
def test_a_custom_code_is_the_callbacks_doing(codes: range) -> None:
    """A number out of an application's own range is a refusal by its callback."""
    for code in {codes[0], codes[len(codes) // 2], codes[-1]} - CODES.keys():
        assert type(error_for(code, "", "openim/sendmsg")) is ForbiddenError
        assert "callback" in explain(code).meaning


@pytest.mark.parametrize("code", [-1, 1, 10099, 38, 119999, 130999, 10**9])
def test_an_unknown_code_gets_an_honest_answer(code: int) -> None:
    """A code that nobody documented is a plain ApiError that says so."""
    error = error_for(code, "what the service said", "openim/sendmsg")

    assert type(error) is ApiError
    assert error.category == "unknown"
    assert "not in any document" in error.meaning
    assert str(code) in str(error)
    assert "what the service said" in str(error)


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    """The tree drawn at the top of the module names every class once below each of its parents, and no other."""
    drawn: list[tuple[str, str | None]] = []
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        if (found := re.match(r"    ((?:[│ ]   )*(?:[├└]── )?)([A-Z]\w+Error)\b", line)) is not None:
            depth = len(found[1])
            above = [(at, name) for at, name in above if at < depth]
            drawn.append((found[2], above[-1][1] if above else None))
            above.append((depth, found[2]))

    true = {(cls.__name__, base.__name__) for cls in CLASSES for base in cls.__bases__ if issubclass(base, TimError)}
    assert len(drawn) == len(set(drawn))
    assert set(drawn) == true | {("TimError", None)}


def test_every_class_is_exported() -> None:
    """Every error of the module is public and descends from TimError."""
    assert {cls.__name__ for cls in CLASSES} <= set(errors.__all__)
    assert all(issubclass(cls, TimError) for cls in CLASSES)


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("copied", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy, copy.deepcopy])  # noqa: S301  # our own bytes
def test_every_error_survives_pickling_and_copying(cls: type[TimError], copied: Callable[[TimError], TimError]) -> None:
    """An error that crosses a process keeps its class, its words, its attributes, its attempts and its notes."""
    error = made(cls)

    twin = copied(error)

    assert type(twin) is cls
    assert twin is not error
    assert vars(twin) == vars(error)
    assert str(twin) == str(error)
    assert twin.attempts == 3


@pytest.mark.parametrize("cls", [TransportError, CallTimeoutError, UnreachableError])
def test_a_fault_without_a_status_survives_pickling(cls: type[TransportError]) -> None:
    """An error of a connection that never answered keeps its missing status."""
    twin = pickle.loads(pickle.dumps(cls("openim/sendmsg", "nobody listens")))  # noqa: S301  # our own bytes

    assert (twin.path, twin.reason, twin.status) == ("openim/sendmsg", "nobody listens", None)


@pytest.mark.parametrize("cls", CLASSES)
def test_a_fresh_error_knows_whether_anything_was_sent(cls: type[TimError]) -> None:
    """Before anybody counts, an error says one attempt where an answer or a fault came back, and otherwise none."""
    answered = (ApiError, TransportError, DecodeError, PartialFailureError)

    assert cls.attempts == (1 if issubclass(cls, answered) else 0)


UNCERTAIN = {TransportError, CallTimeoutError, DecodeError, PartialFailureError}
"""Errors after which nobody knows whether the work was done, or it was done for some."""


@pytest.mark.parametrize("cls", CLASSES)
def test_an_error_says_whether_the_work_was_done(cls: type[TimError]) -> None:
    """Unknown where no readable answer arrived, and certainly not where the service refused or nothing was sent."""
    expected = None if cls in UNCERTAIN else False

    assert cls.delivered is expected
    assert made(cls).delivered is expected


@pytest.mark.parametrize("code", CODES)
def test_a_refusal_says_whether_the_work_was_done(code: int) -> None:
    """What was refused was not done, but for the codes by which one part of the service gave up on another."""
    late = {30007, 50005, 60008, 70169, 70202}
    assert error_for(code, "", "openim/sendmsg").delivered is (None if code in late else False)


@pytest.mark.parametrize("code", [-1, 119999, 120001, 130000])
def test_a_refusal_with_a_code_of_nobodys_was_not_done(code: int) -> None:
    """An unknown code and a custom one are refusals like any other."""
    assert error_for(code, "", "openim/sendmsg").delivered is False


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("delivered", [True, False, None])
@pytest.mark.parametrize("copied", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy, copy.deepcopy])  # noqa: S301  # our own bytes
def test_what_is_known_of_the_work_survives_pickling_and_copying(
    cls: type[TimError],
    delivered: bool | None,  # noqa: FBT001  # what an error says
    copied: Callable[[TimError], TimError],
) -> None:
    """An error that crosses a process says there what it said here."""
    error = made(cls)
    error.delivered = delivered

    assert copied(error).delivered is delivered


@pytest.mark.parametrize(
    ("answer", "cls", "delivered"),
    [
        (b'{"ErrorCode":0}', DecodeError, True),
        (b'{"ErrorCode":0,"MsgTime":"soon"}', DecodeError, True),
        (b'{"ErrorCode":"0","MsgTime":[]}', DecodeError, True),
        (b'{"ErrorCode":null,"MsgTime":1}', DecodeError, None),
        (b'{"ErrorCode":"none","MsgTime":1}', DecodeError, None),
        (b'{"MsgTime":1}', DecodeError, None),
        (b"[]", TransportError, None),
        (b"<html></html>", TransportError, None),
        (b'{"ErrorCode":20003}', NotFoundError, False),
        (b'{"ErrorCode":60008}', ServerError, None),
    ],
)
def test_an_answer_says_whether_the_work_was_done(
    answer: bytes,
    cls: type[TimError],
    delivered: bool | None,  # noqa: FBT001  # what an error says
) -> None:
    """ErrorCode 0 means it was, also where the rest cannot be read; an answer without a code says nothing."""
    with pytest.raises(cls) as caught:
        decode(SendMessage("lumotuwe2", "hi"), answer)
    assert caught.value.delivered is delivered


def test_a_refusal_says_everything() -> None:
    """The words of a refusal hold command, code, meaning, the service's own words, advice and RequestId."""
    words = str(error_for(20003, "id1 is unknown", "openim/sendmsg", "request-1"))

    assert "openim/sendmsg" in words
    assert "20003" in words
    assert explain(20003).meaning in words
    assert '"id1 is unknown"' in words
    assert explain(20003).advice in words
    assert "request-1" in words


def test_a_refusal_without_words_leaves_no_gap() -> None:
    """A refusal of which the service said nothing does not quote nothing."""
    words = str(error_for(20003, "", "openim/sendmsg"))

    assert '""' not in words
    assert "RequestId" not in words
    assert "  " not in words


@pytest.mark.parametrize("code", CODES)
def test_a_refusal_says_what_to_do(code: int) -> None:
    """The words of every refusal say what failed and what to do."""
    error = error_for(code, "", "openim/sendmsg")

    assert str(error).startswith(f"openim/sendmsg was refused with {code}. {error.meaning}")
    assert str(error).endswith(error.advice)


@pytest.mark.parametrize(
    "cls", [TransportError, CallTimeoutError, UnreachableError, DecodeError, NoPermitError, LimiterUnavailableError]
)
def test_a_fault_says_where_and_why(cls: type[TimError]) -> None:
    """The words of a fault hold the command and the reason."""
    error = made(cls)

    assert str(error) == ": ".join(error.args[:2])


def test_a_fault_keeps_the_http_status() -> None:
    """An answer that is not HTTP 200 leaves its status on the error."""
    assert TransportError("openim/sendmsg", "HTTP 502", 502).status == 502
    assert CallTimeoutError("openim/sendmsg", "no answer within 10 s").status is None


def test_too_often_is_one_error_with_two_roots() -> None:
    """Whoever says it, RateLimitedError catches it; the service's is an ApiError as well, ours is none."""
    ours, theirs = NoPermitError("openim/sendmsg", "no place", 1.5), error_for(60007, "", "openim/sendmsg")

    assert isinstance(ours, RateLimitedError)
    assert isinstance(theirs, RateLimitedError)
    assert isinstance(theirs, ApiError)
    assert not isinstance(ours, ApiError)
    assert (ours.retry_after, theirs.retry_after) == (1.5, None)
    assert NoPermitError("openim/sendmsg", "no place").retry_after is None


def test_a_user_sig_error_says_what_the_service_would() -> None:
    """A UserSig that does not hold names the reason and the service's code for it."""
    error = UserSigError(70001, "the UserSig expired 5 seconds ago")

    assert (error.code, error.reason) == (70001, "the UserSig expired 5 seconds ago")
    assert str(error) == "the UserSig expired 5 seconds ago (the service answers 70001)"


@pytest.mark.parametrize(
    ("cls", "builtin"),
    [
        (CallTimeoutError, TimeoutError),
        (CallTimeoutError, TransportError),
        (ConfigError, ValueError),
        (InputError, ValueError),
        (UserSigError, ValueError),
    ],
)
def test_errors_are_the_builtin_that_a_reader_expects(cls: type[TimError], builtin: type[Exception]) -> None:
    """A call out of time is a TimeoutError, and what was given wrongly a ValueError."""
    assert isinstance(made(cls), builtin)


@pytest.mark.parametrize("cls", [cls for cls in CLASSES if not issubclass(cls, OSError)])  # an OSError keeps two
def test_an_error_shows_what_it_was_made_of(cls: type[TimError]) -> None:
    """Its arguments, and so its representation, hold everything that was given when it was made."""
    error = made(cls)
    attributes = [value for name, value in vars(error).items() if name not in {"attempts", "__notes__"}]

    assert list(error.args) == (attributes or ["something is wrong"])


def test_a_refusal_without_words_says_no_more_than_is_known() -> None:
    """Where the service said nothing and gave no RequestId, there are the code, its meaning and the advice."""
    error = error_for(20003, "", "openim/sendmsg")

    assert str(error) == f"openim/sendmsg was refused with 20003. {error.meaning} {error.advice}"
