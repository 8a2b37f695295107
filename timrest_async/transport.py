"""Over the network, and back: the one module that knows aiohttp's client.

A :class:`Transport` posts a body to a command and hands back the bytes of a 200 answer; everything else is a
:class:`~timrest_async.TransportError`. aiohttp's exceptions end here: they carry the URL, and with it the UserSig, so
what is raised instead is raised outside their ``except`` block and has at most an :class:`OSError` as its cause.
"""

from __future__ import annotations

import asyncio
import math
import os
from http import HTTPStatus
from http.cookies import SimpleCookie
from random import getrandbits
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, runtime_checkable
from urllib.parse import quote

import aiohttp
from yarl import URL

from timrest_async._download import download
from timrest_async.errors import CallTimeoutError, ConfigError, TransportError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from typing import BinaryIO

__all__ = ["CONNECT_SECONDS", "Downloader", "HttpTransport", "Transport"]

ANSWER_BYTES: Final = 16 * 1024**2
"""No more of an answer is read; the service's largest are about 1 MB."""

CONNECT_SECONDS: Final = 3.0
"""Where there is a backup, a connection to the main host takes no longer, and no more than half of the attempt."""


class Transport(Protocol):
    """Whoever carries a call to the service."""

    async def post(self, path: str, usersig: str, body: bytes, timeout: float) -> bytes:  # noqa: ASYNC109  # of one attempt
        """Post *body* to command *path*, signed with *usersig*, and return the 200 answer within *timeout* seconds.

        Raises :class:`~timrest_async.TransportError` for everything else.
        """
        ...

    async def close(self) -> None:
        """Let go of what was opened."""
        ...


@runtime_checkable
class Downloader(Protocol):
    """A transport that fetches files too."""

    async def download(self, path: str, url: str, into: BinaryIO, idle: float) -> None:
        """Write the file at *url*, an address that command *path* gave, to *into*.

        It may take as long as it wants if only something arrives every *idle* seconds.
        """
        ...


class HttpTransport:
    """aiohttp, told no more than it has to know.

    A session of its own is opened on the first call, with as many connections as *connections*; one that is handed in
    is left open when this transport is closed. It serves one event loop, in one process.
    """

    def __init__(  # noqa: PLR0913  # each is a fact of its own, given by name
        self,
        *,
        base_url: str,
        sdkappid: int,
        identifier: str,
        connections: int,
        http: aiohttp.ClientSession | None = None,
        connect_seconds: float | None = None,
    ) -> None:
        url = URL(base_url)
        self._scheme = url.scheme
        self._authority = url.raw_authority
        self._prefix = url.raw_path.rstrip("/") + "/v4/"
        self._query = f"sdkappid={sdkappid}&identifier={quote(identifier, safe='')}&contenttype=json&usersig="
        self._connections = connections
        self._connect_seconds = connect_seconds
        self._http = http
        self._own = http is None
        self._closing: AsyncGenerator[None] | None = None
        self._alarm = _Alarm()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process = 0
        self._closed = False

    async def post(self, path: str, usersig: str, body: bytes, timeout: float) -> bytes:  # noqa: ASYNC109  # of one attempt
        """Post *body* to command *path*; the URL's ``random``, by which the service tags a request, is drawn here."""
        http = self._http
        if http is None or self._loop is not asyncio.get_running_loop():
            http = await self._open()
        task = asyncio.current_task()
        assert task is not None, "a call is awaited in a task"
        cancelled_before, alarm = task.cancelling(), self._alarm
        alarm.limits[task] = limit = monotonic() + timeout
        if limit < alarm.rings_at:
            alarm.ring_at(limit)
        letter = _Letter(body, limit)
        result: bytes | BaseException | None
        try:
            result = await self._send(http, path, usersig, letter, timeout)
            if alarm.limits.pop(task, None) is None:
                # The timer rang, and still there is an answer. (Python 3.11 traces no line after a swallowed throw.)
                task.uncancel()  # pragma: no cover
        except (asyncio.CancelledError, Exception) as error:  # noqa: BLE001  # the border: what aiohttp raises shows the URL
            rang = alarm.rang(task, cancelled_before)
            cancelled = task.cancelling() > cancelled_before
            result = _failure(path, error, timeout, letter, rang=rang, cancelled=cancelled, closed=http.closed)
        finally:
            alarm.limits.pop(task, None)
            if self._closed and not alarm.limits:
                alarm.stop()
        if isinstance(result, bytes):
            return result
        if result is None:
            return await self.post(path, usersig, body, limit - monotonic())
        raise result

    async def download(self, path: str, url: str, into: BinaryIO, idle: float) -> None:
        """Write the file at *url*, which command *path* gave, to *into*; *idle* bounds each wait, in seconds."""
        http = self._http
        if http is None or self._loop is not asyncio.get_running_loop():
            http = await self._open()
        if http.closed:
            raise ConfigError(_CLOSED)
        await download(http, path, url, into, idle)

    async def _send(
        self,
        http: aiohttp.ClientSession,
        path: str,
        usersig: str,
        letter: _Letter,
        timeout: float,  # noqa: ASYNC109  # of one attempt
    ) -> bytes | TransportError | None:
        """Post *letter*, and return the answer's content or what is wrong with it; ``None`` is to be sent again."""
        answer = await http.post(
            URL.build(
                scheme=self._scheme,
                authority=self._authority,
                path=self._prefix + path,
                query_string=self._query + usersig + f"&random={getrandbits(32)}",
                encoded=True,
            ),
            data=letter,
            timeout=_UNTIMED if self._connect_seconds is None else _connecting(self._connect_seconds, timeout),
            allow_redirects=False,
        )
        if letter.posted and not letter.sent:
            answer.close()  # what was there before the request went out answers something else
            return None
        if answer.status != 200:
            answer.release()
            return _unusable(path, answer.status)
        arrived = answer.content
        # An answer that arrived whole needs no further turn of the loop; the connection is back already.
        return arrived.read_nowait(-1) if arrived.is_eof() else await _read(path, answer)

    async def close(self) -> None:
        """Close the session that this transport opened; what is in flight on a lent one goes on to its end."""
        self._closed = True
        if self._process not in {0, os.getpid()}:
            return  # the connections are those of the process that opened them
        if not self._alarm.limits:
            self._alarm.stop()
        self._http, closing = None, self._closing
        if closing is not None:
            await closing.aclose()

    async def _open(self) -> aiohttp.ClientSession:
        """Open a session for this event loop, where none is open for another."""
        if self._closed:
            raise ConfigError(_CLOSED)
        if self._loop is not None:
            self._check_move(self._loop)
        self._loop, self._process, self._alarm = asyncio.get_running_loop(), os.getpid(), _Alarm()
        if not self._own:
            assert self._http is not None
            return self._http
        self._http = opened = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections),
            cookie_jar=_NoCookies(),
        )
        before, self._closing = self._closing, _closing(opened)
        await anext(self._closing)
        if before is not None:
            await before.aclose()
        return opened

    def _check_move(self, before: asyncio.AbstractEventLoop) -> None:
        """Refuse to move where that cannot work."""
        if self._process != os.getpid():
            raise ConfigError("this session was used before the process forked; make one in each process")
        if not before.is_closed():
            raise ConfigError("a session serves one event loop, and this one serves another; make one for each loop")
        if not self._own:
            raise ConfigError("the aiohttp session was lent to an event loop that is closed; lend one of this loop")


async def _closing(http: aiohttp.ClientSession) -> AsyncGenerator[None]:
    """Close *http* in the end: when told to, or else with the event loop, which ends its generators before itself."""
    try:
        yield
    finally:
        await http.close()


class _NoCookies(aiohttp.DummyCookieJar):
    """Never a cookie, and no empty one made for each call."""

    _none: Final[SimpleCookie] = SimpleCookie()

    def filter_cookies(self, request_url: URL) -> SimpleCookie:  # noqa: ARG002  # whatever the address
        """Return nothing."""
        return self._none


class _Letter(aiohttp.BytesPayload):
    """A body that knows whether it went out, and does not go out where that would be wrong.

    A process that was stopped, or a connection that took long, may come to write after the attempt's time is over;
    then the service might take a repeat for new, and nobody waits for the answer. And a connection on which something
    arrived that nobody asked for would hand that out as the answer to this.
    """

    def __init__(self, body: bytes, limit: float) -> None:
        super().__init__(body, content_type="application/json")
        self.posted = False
        """Whether a request was made of it; whoever stands in for aiohttp in a test makes none."""
        self.sent = False
        """Whether the service may have it."""
        self._limit = limit

    @property
    def size(self) -> int | None:
        """Return the number of bytes, which aiohttp asks for when it makes a request."""
        self.posted = True
        return self._size

    async def write_with_length(
        self,
        writer: Any,
        content_length: int | None,  # noqa: ARG002  # that of the whole
    ) -> None:
        """Write the body; aiohttp writes the head with it."""
        if monotonic() >= self._limit:
            raise TimeoutError
        if writer.protocol.should_close:
            raise aiohttp.ClientConnectionError
        self.sent = True
        await writer.write(self._value)


async def _read(path: str, answer: aiohttp.ClientResponse) -> bytes | TransportError:
    """Read the content of *answer*, unless it is larger than that of any command."""
    parts: list[bytes] = []
    size = 0
    try:
        while size <= ANSWER_BYTES and (part := await answer.content.readany()):
            parts.append(part)
            size += len(part)
    finally:
        answer.close()
    if size > ANSWER_BYTES:
        return TransportError(path, f"the answer is larger than {ANSWER_BYTES / 1024**2:g} MB")
    return b"".join(parts)


_UNTIMED: Final = aiohttp.ClientTimeout(total=None)
_CLOSED: Final = "the session is closed; open another one"


def _connecting(seconds: float, timeout: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, connect=min(seconds, timeout / 2))


_Task: TypeAlias = asyncio.Task[Any]


class _Alarm:
    """The limits of all attempts in flight, under one timer.

    A timer of its own for each attempt, as aiohttp sets it, is up to a tenth of what a call costs, and nearly every
    attempt ends long before its limit. So the tasks and their limits stand in a table, and the one timer rings for the
    earliest of them; it cancels what is overdue as :func:`asyncio.timeout` would, and is set to the next.
    """

    def __init__(self) -> None:
        self.limits: dict[_Task, float] = {}
        """Until when each attempt may take; the timer takes out those that it cancels."""
        self.rings_at = math.inf
        """When the timer rings."""
        self._timer: asyncio.TimerHandle | None = None

    def rang(self, task: _Task, cancelled_before: int) -> bool:
        """Let go of *task*, and say whether it was cancelled by the timer and by nobody else."""
        return self.limits.pop(task, None) is None and task.uncancel() <= cancelled_before

    def stop(self) -> None:
        """Let go of the timer."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self.rings_at = None, math.inf

    def ring_at(self, when: float) -> None:
        """Set the timer."""
        self.stop()
        self._timer = asyncio.get_running_loop().call_later(when - monotonic(), self._ring)
        self.rings_at = when

    def _ring(self) -> None:
        now = monotonic()
        for task in [task for task, limit in self.limits.items() if limit <= now]:
            del self.limits[task]
            task.cancel()
        self._timer, self.rings_at = None, math.inf
        if self.limits:
            self.ring_at(min(self.limits.values()))


def _unusable(path: str, status: int) -> TransportError:
    phrase = next((known.phrase for known in HTTPStatus if known == status), "unknown status")
    failure = TransportError(
        path, f"HTTP {status} ({phrase}) in place of 200; a gateway or the wrong host answered", status
    )
    if 300 <= status < 500:
        failure.delivered = False  # it was turned away on the way
    return failure


def _too_late(path: str, timeout: float, *, sent: bool) -> CallTimeoutError:
    known = "whether the service did the work is not known" if sent else "nothing was sent"
    return CallTimeoutError(path, f"no answer within {timeout:.3g} s; {known}")


_WORDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (aiohttp.ClientConnectorCertificateError, "the server's certificate does not hold"),
    (aiohttp.ClientSSLError, "TLS failed"),
    (aiohttp.ClientConnectorDNSError, "the host's name cannot be resolved"),
    (aiohttp.ClientProxyConnectionError, "the proxy cannot be reached"),
    (aiohttp.ClientConnectorError, "the host cannot be reached"),
    (aiohttp.ServerDisconnectedError, "the server closed the connection before it answered"),
    (aiohttp.ClientPayloadError, "the answer was cut off"),
    (aiohttp.ClientResponseError, "the answer is not HTTP"),
    (aiohttp.InvalidURL, "the address is not valid"),
    (aiohttp.ClientConnectionError, "the connection broke"),
    (aiohttp.ClientError, "the HTTP exchange failed"),
    (OSError, "the connection broke"),
)
"""What happened, in words that hold no URL; the first class that fits speaks."""


def _failure(  # noqa: PLR0913  # what is known when an attempt ends without an answer
    path: str, error: BaseException, timeout: float, letter: _Letter, *, rang: bool, cancelled: bool, closed: bool
) -> BaseException:
    """Say what *error* means, in an exception that carries nothing of it."""
    if isinstance(error, asyncio.CancelledError) and not rang and (cancelled or not closed):
        return asyncio.CancelledError(*error.args)  # that of the caller, without the frames that show the URL
    if closed and not rang and not letter.sent:
        return ConfigError(_CLOSED)
    failure = _transport_error(path, error, timeout, letter, rang=rang, closed=closed)
    if not letter.sent:
        failure.delivered = False
    return failure


def _transport_error(  # noqa: PLR0913  # what is known when an attempt ends without an answer
    path: str, error: BaseException, timeout: float, letter: _Letter, *, rang: bool, closed: bool
) -> TransportError:
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return UnreachableError(path, "the host cannot be reached (no connection in time)")
    if rang or isinstance(error, TimeoutError):
        return _too_late(path, timeout, sent=letter.sent)
    if closed:
        return TransportError(path, "the session was closed before the answer arrived")
    words = next((words for cls, words in _WORDS if isinstance(error, cls)), _said(error))
    because = _os_error(error)
    unreached = isinstance(error, aiohttp.ClientConnectorError) and not isinstance(error, aiohttp.ClientSSLError)
    kind = UnreachableError if unreached else TransportError
    failure = kind(path, words if because is None else f"{words} ({because.strerror or because})")
    failure.__cause__ = because
    return failure


def _said(error: BaseException) -> str:
    """Quote what nobody expected, such as a mistake in a tracer of a lent session; but no URL."""
    return f"HTTP failed ({type(error).__name__}{'' if 'usersig' in str(error) else f': {error}'})"


def _os_error(error: BaseException) -> OSError | None:
    """Return the operating system's own error inside *error*, made anew: what else hangs on it may hold the URL."""
    inner = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if not isinstance(inner, OSError):
        return None
    if not isinstance(inner.errno, int):  # asyncio lists the addresses that it tried; what aiohttp says may be the URL
        return None if inner is error else OSError(str(inner))
    words = os.strerror(inner.errno) if isinstance(inner, aiohttp.ClientError) else inner.strerror
    return OSError(inner.errno, words)
