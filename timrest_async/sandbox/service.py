"""The service without HTTP: who may call, what the body must hold, and what is answered.

Checks stand in the order of the real thing: the query, the UserSig, the administrator, the cap, the JSON, the fields.
What is refused carries a code from the manual; every answer is the envelope of ActionStatus, ErrorInfo and ErrorCode.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Generator, Sequence
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field, frozen

from timrest_async._codec import read_object
from timrest_async._rates import BELOW_DEFAULT
from timrest_async.errors import TransportError, UserSigError
from timrest_async.sandbox.events import GO_ON, Event
from timrest_async.sandbox.fields import check
from timrest_async.sandbox.plays import plays
from timrest_async.sandbox.request import Refusal, Request
from timrest_async.sandbox.store import present
from timrest_async.usersig import verify

if TYPE_CHECKING:
    from collections.abc import Mapping

    from timrest_async.sandbox.events import Answer, Asking, Verdict
    from timrest_async.sandbox.hooks import Webhooks
    from timrest_async.sandbox.pace import Window
    from timrest_async.sandbox.plays import Played
    from timrest_async.sandbox.state import State

__all__ = ["Application", "Call", "Exchange", "Service"]

CALLS_KEPT: Final = 100_000
EXCHANGES_KEPT: Final = 500
SIGNATURES_KEPT: Final = 1_000

ALERT: Final = 0.8
"""From this share of its cap on the service warns of a command (1047/60256)."""

ALERT_EVERY: Final = 60.0
"""It does so once in so many seconds; no document says how often."""

U32_MAX: Final = 2**32 - 1
ID_BYTES: Final = 32


@define
class Call:
    """One call that arrived."""

    time: float
    """When it arrived, on the monotonic clock."""

    path: str
    """The command."""

    code: int | None = None
    """What ErrorCode was answered; ``None`` where a fault kept the call from the service."""

    number: int = 0
    """Which it is, counted from 1."""

    seconds: float | None = None
    """How long its answer took; ``None`` until then, and where a fault kept it from the service."""


@frozen
class Exchange:
    """A call with what was said."""

    call: Call
    identifier: str
    """Who called; empty where that was not believed."""
    body: bytes
    """What was sent."""
    answer: dict[str, Any]
    """What was answered."""


@frozen(kw_only=True)
class Application:
    """Which application the service plays."""

    sdkappid: int
    """Its id."""

    secret_key: str = field(repr=False)
    """Its key, by which UserSigs are checked."""

    admins: Sequence[str] = ("administrator",)
    """Its administrators, who are registered from the start."""


class Service:
    """The service of one application."""

    def __init__(self, application: Application, state: State, webhooks: Webhooks | None = None) -> None:
        self.application = application
        """Which one that is."""
        self.state = state
        """What it remembers."""
        self.webhooks = webhooks
        """Whom it asks and tells, if anybody."""
        self.calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        """What was called, oldest first; the last 100,000."""
        self.exchanges: deque[Exchange] = deque(maxlen=EXCHANGES_KEPT)
        """What was said, oldest first; the last 500."""
        state.sdkappid = application.sdkappid
        self._clock = state.clock
        self._numbers = count(1)
        self._alerted: dict[str, float] = {}
        """When your application was last warned, by command."""
        self._believed: dict[bytes, float] = {}
        """Until when a UserSig of somebody is good, by the hash of both."""
        for admin in application.admins:
            state.add_account(admin)

    def arrive(self, path: str) -> Call:
        """Note that *path* is called now."""
        call = Call(self._clock.time(), path, number=next(self._numbers))
        self.calls.append(call)
        return call

    async def answer(
        self, path: str, query: Mapping[str, str], body: bytes, *, refuse_with: int | None = None
    ) -> dict[str, Any]:
        """Do what is asked and return the answer; *refuse_with* is a code for a call that would be admitted."""
        call, identifier, played, told = self.arrive(path), "", plays().get(path), len(self.state.told)
        try:
            identifier = self._admit(query)
            self._check_cap(path, played)
            if refuse_with is not None:
                raise Refusal(refuse_with)  # noqa: TRY301  # as a handler does
            reply = await self._work(played, call, identifier, body)
        except Refusal as no:
            self.state.store.rollback()
            self.state.told[told:] = no.told
            call.code, answer = no.code, no.answer
        except BaseException:
            self.state.store.rollback()
            del self.state.told[told:]
            raise
        else:
            self.state.store.commit()
            call.code, answer = 0, present({"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0} | reply)
        call.seconds = self._clock.time() - call.time
        self.exchanges.append(Exchange(call, identifier, body, answer))
        self._tell()
        return answer

    def _tell(self) -> None:
        """Let your application know what happened."""
        if self.state.told:
            if self.webhooks is not None:
                self.webhooks.tell(self.state.told)
            self.state.told.clear()

    async def _work(self, played: Played | None, call: Call, identifier: str, body: bytes) -> Answer:
        if played is None:
            raise Refusal(_unknown_command(call.path), f"there is no command {call.path}")
        if played.play.size is not None and len(body) > self.state.rules.packet_bytes:
            raise Refusal(played.play.size)
        try:
            return await self._play(played, call, identifier, body)
        except (TransportError, RecursionError):
            raise Refusal(_bad_json(call.path), "the body has to be a JSON object") from None

    async def _play(self, played: Played, call: Call, identifier: str, body: bytes) -> Answer:
        fields = read_object(call.path, body)
        check(played.command, fields, played.play.codes)
        answer = played.play.handler(self.state, Request(identifier, len(body), fields, call.number))
        return await self._ask(answer) if isinstance(answer, Generator) else answer

    async def _ask(self, asking: Asking) -> Answer:
        """Let your application decide, as often as the command asks; nothing may have been changed by then."""
        verdict: Verdict | None = None
        try:
            while True:
                event = asking.send(verdict) if verdict is not None else next(asking)
                fresh = not (self.state.store.changing or self.state.told)
                assert fresh, f"{event.command} has to be asked before anything is changed or told"
                verdict = GO_ON if self.webhooks is None else await self.webhooks.ask(event)
        except StopIteration as done:
            answer: Answer = done.value
            return answer

    def _admit(self, query: Mapping[str, str]) -> str:
        """Return who calls, if they may."""
        identifier = self._check_query(query)
        self._check_usersig(identifier, query.get("usersig", ""))
        if identifier not in self.application.admins:
            raise Refusal(60010)
        return identifier

    def _check_cap(self, path: str, played: Played | None) -> None:
        usual = self.state.rules.calls_per_second
        if usual is None:
            return
        limit = BELOW_DEFAULT.get(path)
        calls, per = (usual, 1.0) if limit is None else (min(usual, limit.calls), limit.per)
        window = self.state.window(path, calls, per)
        if not window.admit():
            code = 60007 if played is None else played.play.too_often
            raise Refusal(code, f"{path} was called more than {calls} times within {per:g} s")
        if per == 1.0 and window.count > ALERT * calls:
            self._alert(path, window)

    def _alert(self, path: str, window: Window) -> None:
        """Warn your application that a command comes near its cap."""
        now, (service, _, command) = self._clock.time(), path.partition("/")
        if self.webhooks is not None and now - self._alerted.get(path, -math.inf) >= ALERT_EVERY:
            self._alerted[path] = now
            told = {"ServiceName": service, "Command": command, "Request": window.count, "Limit": window.calls}
            self.webhooks.tell([Event("Alert.RequestOverLimit", told)])

    def _check_query(self, query: Mapping[str, str]) -> str:
        sdkappid = query.get("sdkappid", "")
        if not sdkappid:
            raise Refusal(60012)
        if not _is_number(sdkappid):
            raise Refusal(60006, "sdkappid has to be a number")
        if int(sdkappid) != self.application.sdkappid:
            raise Refusal(70020, f"the sandbox plays sdkappid {self.application.sdkappid}, not {sdkappid}")
        identifier = query.get("identifier", "")
        if not 1 <= len(identifier.encode(errors="replace")) <= ID_BYTES:
            raise Refusal(60004, "identifier has to be given in the URL, 1 to 32 bytes long")
        if query.get("contenttype") != "json":
            raise Refusal(60002, "contenttype has to be json")
        random = query.get("random", "")
        if not _is_number(random) or int(random) > U32_MAX:
            raise Refusal(60002, f"random has to be a whole number from 0 to {U32_MAX}")
        return identifier

    def _check_usersig(self, identifier: str, usersig: str) -> None:
        """Believe a UserSig that was good before until it expires; else look at it closely."""
        now = self._clock.now()
        seal = sha256(f"{usersig} {identifier}".encode(errors="surrogatepass")).digest()
        if self._believed.get(seal, 0.0) >= now:
            return
        try:
            said = verify(
                usersig,
                sdkappid=self.application.sdkappid,
                secret_key=self.application.secret_key,
                identifier=identifier,
                now=now,
            )
        except UserSigError as error:
            raise Refusal(error.code, error.reason) from error
        if len(self._believed) >= SIGNATURES_KEPT:
            self._believed.clear()
        self._believed[seal] = said.time + said.expire


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= len(str(U32_MAX))


_BAD_JSON: Final[dict[str, int]] = {
    **dict.fromkeys(("openim", "all_member_push", "timpush"), 90001),
    "group_open_http_svc": 10011,
    "openconfigsvr": 130001,
    "sns": 30001,
}


def _bad_json(path: str) -> int:
    """Return the code of a service's own range; where it has none, such as for accounts, the common one stands in."""
    return _BAD_JSON.get(path.partition("/")[0], 60003)


def _unknown_command(path: str) -> int:
    """Return 10003, which the group services have for this, or the common code for a wrong URL."""
    return 10003 if "group_open" in path.partition("/")[0] else 60009
