"""The service without HTTP: who may call, what the body must hold, and what is answered.

Checks stand in the order of the real thing: the query, the UserSig, the administrator, the cap, the JSON, the fields.
What is refused carries a code from the manual; every answer is the envelope of ActionStatus, ErrorInfo and ErrorCode.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NoReturn

from attrs import define, field, frozen

from timrest_async._codec import read_object
from timrest_async.errors import TransportError, UserSigError
from timrest_async.sandbox import accounts, group_messages, groups, messages
from timrest_async.sandbox.pace import Window
from timrest_async.sandbox.request import U32_MAX, Refusal, Request
from timrest_async.usersig import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from timrest_async.sandbox.state import State

__all__ = ["Application", "Call", "Service"]

CALLS_KEPT: Final = 100_000

_HANDLERS: Final[Mapping[str, Callable[[State, Request], dict[str, Any]]]] = {
    "im_open_login_svc/account_import": accounts.import_one,
    "im_open_login_svc/multiaccount_import": accounts.import_many,
    "im_open_login_svc/account_check": accounts.check,
    "openim/sendmsg": messages.send,
    "openim/batchsendmsg": messages.send_batch,
    "group_open_http_svc/create_group": groups.create,
    "group_open_http_svc/send_group_msg": group_messages.send,
    "group_open_http_svc/send_group_system_notification": group_messages.notify,
}


@define
class Call:
    """One call that arrived."""

    time: float
    """When it arrived, on the monotonic clock."""

    path: str
    """The command."""

    code: int | None = None
    """What ErrorCode was answered; ``None`` where a fault kept the call from the service."""


@frozen(kw_only=True)
class Application:
    """Which application the service plays."""

    sdkappid: int
    """Its id."""

    secret_key: str = field(repr=False)
    """Its key, by which UserSigs are checked."""

    admins: Sequence[str]
    """Its administrators."""

    calls_per_second: int | None
    """How often each command is answered within one second; ``None`` for as often as you like."""


class Service:
    """The service of one application."""

    def __init__(self, application: Application, state: State) -> None:
        self.state = state
        """What it remembers."""
        self.calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        """What was called, oldest first; the last 100,000."""
        self._application = application
        self._clock = state.clock
        self._windows: dict[str, Window] = {}
        for admin in application.admins:
            state.add_account(admin)

    def arrive(self, path: str) -> Call:
        """Note that *path* is called now."""
        call = Call(self._clock.time(), path)
        self.calls.append(call)
        return call

    def answer(
        self, path: str, query: Mapping[str, str], body: bytes, *, refuse_with: int | None = None
    ) -> dict[str, Any]:
        """Do what is asked and return the answer; *refuse_with* is a code for a call that would be admitted."""
        call = self.arrive(path)
        try:
            identifier = self._admit(path, query)
            reply = self._work(path, identifier, body) if refuse_with is None else _refuse(refuse_with)
        except Refusal as no:
            call.code = no.code
            return {"ActionStatus": "FAIL", "ErrorInfo": no.info, "ErrorCode": no.code}
        call.code = 0
        return {"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0} | reply

    def _admit(self, path: str, query: Mapping[str, str]) -> str:
        """Return who calls, if they may."""
        identifier = self._check_query(query)
        self._check_usersig(identifier, query.get("usersig", ""))
        if identifier not in self._application.admins:
            raise Refusal(60010)
        self._check_cap(path)
        return identifier

    def _check_cap(self, path: str) -> None:
        cap = self._application.calls_per_second
        if cap is not None and not self._windows.setdefault(path, Window(cap, self._clock)).admit():
            raise Refusal(60007, f"{path} was called more than {cap} times within one second")

    def _check_query(self, query: Mapping[str, str]) -> str:
        sdkappid = query.get("sdkappid", "")
        if not sdkappid:
            raise Refusal(60012)
        if not _is_number(sdkappid):
            raise Refusal(60006, "sdkappid has to be a number")
        if int(sdkappid) != self._application.sdkappid:
            raise Refusal(70020, f"the sandbox plays sdkappid {self._application.sdkappid}, not {sdkappid}")
        identifier = query.get("identifier", "")
        if not 1 <= len(identifier.encode(errors="replace")) <= accounts.ID_BYTES:
            raise Refusal(60004, "identifier has to be given in the URL, 1 to 32 bytes long")
        if query.get("contenttype") != "json":
            raise Refusal(60002, "contenttype has to be json")
        random = query.get("random", "")
        if not _is_number(random) or int(random) > U32_MAX:
            raise Refusal(60002, f"random has to be a whole number from 0 to {U32_MAX}")
        return identifier

    def _check_usersig(self, identifier: str, usersig: str) -> None:
        try:
            verify(
                usersig,
                sdkappid=self._application.sdkappid,
                secret_key=self._application.secret_key,
                identifier=identifier,
                now=self._clock.now(),
            )
        except UserSigError as error:
            raise Refusal(error.code, error.reason) from error

    def _work(self, path: str, identifier: str, body: bytes) -> dict[str, Any]:
        handler = _HANDLERS.get(path)
        if handler is None:
            raise Refusal(_unknown_command(path), f"the sandbox does not play {path} yet")
        try:
            fields = read_object(path, body)
            return handler(self.state, Request(identifier, len(body), fields))
        except (TransportError, RecursionError):
            raise Refusal(_bad_json(path), "the body has to be a JSON object") from None


def _refuse(code: int) -> NoReturn:
    raise Refusal(code)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= len(str(U32_MAX))


def _bad_json(path: str) -> int:
    """Return the code of each service's own range; the account service has none, so the common one stands in."""
    return {"openim": 90001, "group_open_http_svc": 10011}.get(path.partition("/")[0], 60003)


def _unknown_command(path: str) -> int:
    """Return 10003, which the group services have for this, or the common code for a wrong URL."""
    return 10003 if "group_open" in path.partition("/")[0] else 60009
