"""Your application's webhooks, called by the sandbox as the service calls them.

What the service has to *ask* is posted while the call waits, for so many seconds at most; what merely happened is
*told*: put into a line that one task works off in order, so no call waits for it. Nobody can be stopped by an
application that is slow or gone: a question without an answer is decided by the setting, and of a line that is too
long the oldest are let go, and counted. Every exchange stands in :attr:`Webhooks.deliveries`, with what came of it.

The manual's documents: 1047/34354 and 1047/34355. This is the one module of the sandbox that knows aiohttp's client.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from itertools import count
from typing import TYPE_CHECKING, Any, Final, Literal

import aiohttp
from attrs import evolve, frozen
from yarl import URL

from timrest_async._clock import SystemClock, timeout_at
from timrest_async._codec import read_object, to_json
from timrest_async._words import shown
from timrest_async.errors import ConfigError, InputError, TransportError
from timrest_async.sandbox.body import is_kind
from timrest_async.sandbox.callbacks import CALLBACKS
from timrest_async.sandbox.events import GO_ON, Verdict
from timrest_async.sandbox.fields import Codes, check
from timrest_async.sandbox.request import Refusal
from timrest_async.usersig import Redacted
from timrest_async.webhook.parsing import sign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from timrest_async._clock import Clock
    from timrest_async.sandbox.events import Event

__all__ = ["Delivery", "Webhooks", "sign"]

ANSWER_BYTES: Final = 64 * 1024
"""No answer is larger; what is, counts as none."""

DELIVERIES_KEPT: Final = 500
WAITING: Final = 1_000
"""So many events wait to be told."""

CONNECTIONS: Final = 100
IDLE_SECONDS: Final = 1.0
"""How long a connection is kept for the next call: less than usual servers do, so that none hangs up as it is used."""

CLIENT_IP: Final = "127.0.0.1"
"""Who causes an event; none says it, and callers are on this machine as a rule."""

_JSON: Final = {"Content-Type": "application/json"}
_log: Final = logging.getLogger("timrest_async")


@frozen
class Delivery:
    """One call of your application, and what came back."""

    time: float
    """When it began, Unix seconds."""

    command: str
    """Its CallbackCommand."""

    body: dict[str, Any]
    """What was posted."""

    answer: dict[str, Any] | None = None
    """What your application answered, if that was a JSON object."""

    verdict: Verdict | None = None
    """What the service took from it; ``None`` where that is nothing."""

    unheeded: tuple[str, ...] = ()
    """What of the answer was not as the manual says, and passed over."""

    failure: str = "given up before an answer came"
    """Why there is no verdict; empty where there is one."""

    timed_out: bool = False
    """Whether that was because time was up."""

    seconds: float = 0.0
    """How long it took."""

    number: int = 0
    """Which it is, counted from 1 in the order in which they ended."""


@frozen
class _Letter:
    command: str
    body: dict[str, Any]
    content: bytes


class Webhooks:
    """Where your application listens.

    Args:
        url: where that is; it is called as ``{url}?SdkAppid=...&CallbackCommand=...``.
        sdkappid: the application that the service plays.
        token: what calls are signed with; without one they are not.
        commands: the callbacks that are switched on, by name or by what names begin with, such as ``C2C.``; a topic's
            goes with its group's. All are where this is left out.
        timeout: for how many seconds it is waited for an answer.
        when_silent: what becomes of an action that had to wait where no answer comes: it goes on, or the caller gets
            80003.
        retry_after_events: how often an event that was not asked for is told again where time was up.
        clock: what time it is, such as :class:`timrest_async.testing.FakeClock`; time is up when that is moved on.

    Raises:
        ConfigError: when it cannot be set up like that.

    """

    def __init__(  # noqa: PLR0913  # each is a setting of its own, given by name
        self,
        url: str,
        *,
        sdkappid: int,
        token: str | None = None,
        commands: Iterable[str] | None = None,
        timeout: float = 2.0,
        when_silent: Literal["go on", "refuse"] = "go on",
        retry_after_events: int = 0,
        clock: Clock | None = None,
    ) -> None:
        if not timeout > 0:
            raise ConfigError(f"timeout has to be above 0 seconds, not {timeout!r}")
        if retry_after_events < 0:
            raise ConfigError(f"retry_after_events has to be at least 0, not {retry_after_events!r}")
        if when_silent not in _SILENT:
            raise ConfigError(f"when_silent has to be one of {', '.join(_SILENT)}, not {when_silent!r}")
        self._url = _checked(url)
        self._sdkappid = sdkappid
        self._token = None if token is None else Redacted(token)
        self._on = None if commands is None else _switched_on(commands)
        self._timeout = timeout
        self._silent = _SILENT[when_silent]
        self._attempts = 1 + retry_after_events
        self._clock: Clock = clock or SystemClock()
        self._line: asyncio.Queue[_Letter] = asyncio.Queue(WAITING)
        self._http: aiohttp.ClientSession | None = None
        self._worker: asyncio.Task[None] | None = None
        self._numbers = count(1)
        self.deliveries: deque[Delivery] = deque(maxlen=DELIVERIES_KEPT)
        """The calls of your application, in the order in which they ended; the last 500."""
        self.dropped: int = 0
        """How many events were let go because too many waited."""
        self.watchers: set[Callable[[], object]] = set()
        """What is called after each delivery, once it stands in :attr:`deliveries`."""

    def __repr__(self) -> str:
        return f"<Webhooks at {self.address}>"

    @property
    def address(self) -> str:
        """Where your application listens, without the query, which may hold a secret of yours."""
        return str(self._url.with_query(None))

    @property
    def token(self) -> Redacted | None:
        """What calls are signed with, if they are."""
        return self._token

    @property
    def waiting(self) -> int:
        """How many events wait to be told."""
        return self._line.qsize()

    async def start(self) -> None:
        """Begin to tell."""
        if self._http is not None:
            raise ConfigError("the webhooks are running already")
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=IDLE_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            trust_env=False,
        )
        self._worker = asyncio.create_task(self._work(self._line))

    async def stop(self) -> None:
        """Tell nothing more: what waits is forgotten, and who waits for an answer gets none."""
        http, worker, line = self._http, self._worker, self._line
        self._http, self._worker, self._line = None, None, asyncio.Queue(WAITING)
        if http is None or worker is None:
            return
        worker.cancel()
        while not line.empty():
            line.get_nowait()
            line.task_done()
        try:
            await asyncio.wait({worker})
        finally:
            await http.close()

    async def idle(self) -> None:
        """Return once nothing waits to be told."""
        await self._line.join()

    def wants(self, command: str) -> bool:
        """Say whether *command* is switched on."""
        return self._on is None or command in self._on

    async def ask(self, event: Event) -> Verdict:
        """Ask whether the service may go on."""
        if not self.wants(event.command):
            return GO_ON
        verdict = (await self._post(self._letter(event.command, event.body))).verdict
        return self._silent if verdict is None else verdict

    def tell(self, events: Iterable[Event]) -> None:
        """Say what happened, later."""
        for event in events:
            if self.wants(event.command):
                if self._line.full():
                    self._line.get_nowait()
                    self._line.task_done()
                    self.dropped += 1
                self._line.put_nowait(self._letter(event.command, event.body))

    async def fire(self, command: str, body: dict[str, Any]) -> Delivery:
        """Call your application by hand, with any command, also one that is switched off; nothing is done about it."""
        try:
            letter = self._letter(command, body)
        except (TypeError, RecursionError) as error:
            raise InputError(f"the body of {command} cannot be written as JSON: {error}") from error
        return await self._post(letter)

    async def _work(self, line: asyncio.Queue[_Letter]) -> None:
        """Tell one after the other."""
        while True:
            letter = await line.get()
            try:
                # Python 3.11 traces no line after a swallowed throw, such as that of time that is up.
                for _ in range(self._attempts):  # pragma: no branch
                    if not (await self._post(letter)).timed_out:  # pragma: no branch
                        break
            finally:
                line.task_done()

    def _letter(self, command: str, body: dict[str, Any]) -> _Letter:
        """Write what is posted, with the time at which it happened."""
        whole = {"CallbackCommand": command, **body}
        unit = CALLBACKS[command].event_time if command in CALLBACKS else None
        if unit is not None:
            now = self._clock.now()
            whole.setdefault("EventTime", int(now * 1000) if unit == "ms" else int(now))
        return _Letter(command, whole, to_json(whole))

    async def _post(self, letter: _Letter) -> Delivery:
        """Call your application, and note what came of it."""
        delivery, began = Delivery(self._clock.now(), letter.command, letter.body), self._clock.time()
        try:
            delivery = await self._exchange(letter, delivery)
        finally:
            delivery = evolve(delivery, seconds=self._clock.time() - began, number=next(self._numbers))
            self.deliveries.append(delivery)
            for watcher in self.watchers:
                watcher()
            _log.debug("%s: %s", letter.command, delivery.failure or "answered")
        return delivery

    async def _exchange(self, letter: _Letter, delivery: Delivery) -> Delivery:
        """Post *letter* and complete *delivery*. What aiohttp raises shows the URL, so nothing of it gets out."""
        http = self._http
        if http is None:
            return evolve(delivery, failure="the webhooks are not running")
        try:
            async with timeout_at(self._clock, self._clock.time() + self._timeout):
                status, content = await self._send(http, letter)
        except TimeoutError:
            return evolve(delivery, failure=f"no answer within {self._timeout:g} s", timed_out=True)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            assert task is not None, "it is awaited in a task"
            if self._http is http or task.cancelling():
                raise
            return evolve(delivery, failure=_STOPPED)  # aiohttp cancels what waits for a connection as it closes
        except (aiohttp.ClientError, OSError, RuntimeError, ValueError) as error:
            return evolve(delivery, failure=_because(error) if self._http is http else _STOPPED)
        if status != 200:
            return evolve(delivery, failure=f"HTTP {status} in place of 200")
        return _heard(delivery, content)

    async def _send(self, http: aiohttp.ClientSession, letter: _Letter) -> tuple[int, bytes]:
        """Return the status, and with 200 the content, up to a little more than the largest."""
        url, parts, size = self._address(letter.command), list[bytes](), 0
        async with http.post(url, data=letter.content, headers=_JSON, allow_redirects=False) as answer:
            while answer.status == 200 and size <= ANSWER_BYTES and (part := await answer.content.readany()):
                parts.append(part)
                size += len(part)
            return answer.status, b"".join(parts)

    def _address(self, command: str) -> URL:
        """Return the address of one call, signed at this moment."""
        query = {
            "SdkAppid": str(self._sdkappid),
            "CallbackCommand": command,
            "contenttype": "json",
            "ClientIP": CLIENT_IP,
            "OptPlatform": "RESTAPI",
        }
        if self._token is not None:
            seconds = int(self._clock.now())
            query |= {"Sign": sign(self._token, seconds), "RequestTime": str(seconds)}
        return self._url.extend_query(query)


_SILENT: Final = {"go on": Verdict(), "refuse": Verdict(80003, final=True)}
"""What is taken for said where your application is silent. It is not GO_ON: somebody was asked, and time went by."""

_STOPPED: Final = "the webhooks were stopped before an answer came"

_REASONS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (aiohttp.ClientConnectorDNSError, "its name cannot be resolved"),
    (aiohttp.ClientSSLError, "TLS failed, or the certificate does not hold"),
    (aiohttp.ClientConnectorError, "it cannot be reached"),
    (aiohttp.ClientPayloadError, "the answer was cut off"),
    (aiohttp.ClientResponseError, "the answer is not HTTP"),
    (aiohttp.ClientConnectionError, "the connection broke"),
)
"""What happened, in words that hold no URL; the first class that fits speaks."""


def _because(error: Exception) -> str:
    """Say what *error* means."""
    return next((words for kind, words in _REASONS if isinstance(error, kind)), f"HTTP failed ({type(error).__name__})")


def _checked(url: str) -> URL:
    """Read *url*; no error shows it, since it may hold a secret."""
    try:
        there = URL(url)
    except (ValueError, TypeError):
        raise ConfigError("the address of the webhooks is no URL") from None
    if there.scheme not in {"http", "https"} or not there.host:
        raise ConfigError("the address of the webhooks has to start with https:// or http:// and name a host")
    if there.user is not None or there.password is not None:
        raise ConfigError("the address of the webhooks must not hold a user or a password")
    return there.with_fragment(None)


def _switched_on(names: Iterable[str]) -> frozenset[str]:
    """Return the commands that *names* switch on."""
    if isinstance(names, str):
        raise ConfigError(f"commands has to be a list of names, such as [{names!r}]")
    switches: set[str] = set()
    for name in names:
        found = {callback.switch for callback in CALLBACKS.values() if callback.command.startswith(name)}
        if not found or not name:
            raise ConfigError(f"there is no callback {name!r}, and none that begins so")
        switches |= found
    return frozenset(callback.command for callback in CALLBACKS.values() if callback.switch in switches)


# -- what your application answers


_NO_CODE: Final = Codes(0)
_ENVELOPE: Final[dict[str, Any]] = {"ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": ""}


def _heard(delivery: Delivery, content: bytes) -> Delivery:
    """Complete *delivery* with what your application answered."""
    if len(content) > ANSWER_BYTES:
        return evolve(delivery, failure=f"the answer is larger than {ANSWER_BYTES // 1024} KB")
    try:
        answer = read_object(delivery.command, content)
    except TransportError as error:
        return evolve(delivery, failure=error.reason)
    code: Any = answer.get("ErrorCode")
    info: Any = answer.get("ErrorInfo")
    if not is_kind(code, int):
        failure = f"its ErrorCode has to be a whole number, not {shown(code)}"
        return evolve(delivery, answer=answer, failure=failure)
    said = {
        "ActionStatus has to be OK or FAIL": answer.get("ActionStatus") in ("OK", "FAIL"),
        "ErrorInfo has to be a string": isinstance(info, str),
    }
    fields, unfit = _besides(delivery.command, answer) if code == 0 else ({}, [])
    unheeded = (*(words for words, fine in said.items() if not fine), *unfit)
    verdict = Verdict(code, info if isinstance(info, str) else "", fields)
    return evolve(delivery, answer=answer, verdict=verdict, unheeded=unheeded, failure="")


def _besides(command: str, answer: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return what *answer* changes, and what is wrong with the rest; what no document knows is passed over."""
    good: dict[str, Any] = {}
    unfit: list[str] = []
    callback = CALLBACKS.get(command)
    if callback is None or callback.verdict is None:
        return good, unfit
    for name in callback.fields:
        if (value := answer.get(name)) is not None:
            try:
                check(callback.verdict, _ENVELOPE | {name: value}, _NO_CODE)
                to_json({name: value})
                good[name] = value
            except Refusal as no:
                unfit.append(no.info)
            except RecursionError:  # more can be read than can be written
                unfit.append(f"{name} is nested too deeply")
    return good, unfit
