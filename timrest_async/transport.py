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
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias
from urllib.parse import quote

import aiohttp
from yarl import URL

from timrest_async.errors import CallTimeoutError, ConfigError, TransportError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["REGIONS", "HttpTransport", "Transport", "base_url_of"]

REGIONS: Final[Mapping[str, str]] = {
    "china": "console.tim.qq.com",
    "singapore": "adminapisgp.im.qcloud.com",
    "seoul": "adminapikr.im.qcloud.com",
    "frankfurt": "adminapiger.im.qcloud.com",
    "silicon_valley": "adminapiusa.im.qcloud.com",
    "jakarta": "adminapiidn.im.qcloud.com",
    "tokyo": "adminapijpn.im.qcloud.com",
    "mumbai": "adminapiind.im.qcloud.com",
}
"""The host of each data centre. The one in which the application was created is the only one that answers it."""

_ALIASES: Final[Mapping[str, str]] = {
    "cn": "china",
    "mainland": "china",
    "sgp": "singapore",
    "kr": "seoul",
    "korea": "seoul",
    "ger": "frankfurt",
    "germany": "frankfurt",
    "usa": "silicon_valley",
    "idn": "jakarta",
    "indonesia": "jakarta",
    "jpn": "tokyo",
    "japan": "tokyo",
    "ind": "mumbai",
    "india": "mumbai",
}


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


class HttpTransport:
    """aiohttp, told no more than it has to know.

    A session of its own is opened on the first call, with as many connections as *connections*; one that is handed in
    is left open when this transport is closed.
    """

    def __init__(  # each is a fact of its own, given by name
        self,
        *,
        base_url: str,
        sdkappid: int,
        identifier: str,
        connections: int,
        http: aiohttp.ClientSession | None = None,
    ) -> None:
        url = URL(base_url)
        self._scheme = url.scheme
        self._authority = url.authority
        self._prefix = url.raw_path.rstrip("/") + "/v4/"
        self._query = f"sdkappid={sdkappid}&identifier={quote(identifier, safe='')}&contenttype=json&usersig="
        self._connections = connections
        self._http = http
        self._own = http is None
        self._watch = _Watch()
        self._closed = False

    async def post(self, path: str, usersig: str, body: bytes, timeout: float) -> bytes:  # noqa: ASYNC109  # of one attempt
        """Post *body* to command *path*; the URL's ``random``, by which the service tags a request, is drawn here."""
        http = self._http or self._open()
        task = asyncio.current_task()
        assert task is not None, "a call is awaited in a task"
        cancelled_before, watch = task.cancelling(), self._watch
        watch.limits[task] = limit = monotonic() + timeout
        if limit < watch.rings_at:
            watch.ring_at(limit)
        answer: aiohttp.ClientResponse | None = None
        failure: TransportError | ConfigError | None = None
        content = b""
        try:
            answer = await http.post(
                URL.build(
                    scheme=self._scheme,
                    authority=self._authority,
                    path=self._prefix + path,
                    query_string=self._query + usersig + f"&random={getrandbits(32)}",
                    encoded=True,
                ),
                data=aiohttp.BytesPayload(body, content_type="application/json"),
                timeout=_UNTIMED,
                allow_redirects=False,
            )
            if answer.status == 200:
                arrived = answer.content
                # An answer that arrived whole needs no further turn of the loop; the connection is back already.
                content = arrived.read_nowait(-1) if arrived.is_eof() else await answer.read()
            else:
                failure = _unusable(path, answer.status)
                answer.release()
            if watch.limits.pop(task, None) is None:
                # The timer rang, and still there is an answer. (Python 3.11 traces no line after a swallowed throw.)
                task.uncancel()  # pragma: no cover
        except (asyncio.CancelledError, aiohttp.ClientError, OSError, RuntimeError) as error:
            rang = watch.rang(task, cancelled_before)
            cancelled = task.cancelling() > cancelled_before
            failure = _failure(path, error, timeout, rang=rang, cancelled=cancelled, closed=http.closed)
            if failure is None:
                raise
        finally:
            watch.limits.pop(task, None)
            answer = None  # a traceback that shows this frame would show its URL
            if self._closed and not watch.limits:
                watch.stop()
        if failure is None:
            return content
        raise failure

    async def close(self) -> None:
        """Close the session that this transport opened; what is in flight on a lent one goes on to its end."""
        http, self._http, self._closed = self._http, None, True
        if not self._watch.limits:
            self._watch.stop()
        if self._own and http is not None:
            await http.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._closed:
            raise ConfigError(_CLOSED)
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections),
            cookie_jar=_NoCookies(),
        )
        return self._http


class _NoCookies(aiohttp.DummyCookieJar):
    """Never a cookie, and no empty one made for each call."""

    _none: Final[SimpleCookie] = SimpleCookie()

    def filter_cookies(self, request_url: URL) -> SimpleCookie:  # noqa: ARG002  # whatever the address
        """Return nothing."""
        return self._none


_UNTIMED: Final = aiohttp.ClientTimeout(total=None)
_CLOSED: Final = "the session is closed; open another one"


def base_url_of(region: str | None, base_url: str | None) -> str:
    """Return where the service is: at *base_url*, or in *region*, or in China."""
    if region is not None and base_url is not None:
        raise ConfigError("give either region or base_url, not both")
    if base_url is None:
        name = (region or "china").lower()
        host = REGIONS.get(_ALIASES.get(name, name))
        if host is None:
            raise ConfigError(f"region has to be one of {', '.join(REGIONS)}, not {region!r}")
        return f"https://{host}"
    try:
        url = URL(base_url)
    except ValueError as error:
        raise ConfigError(f"base_url is no URL: {base_url!r}") from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise ConfigError(f"base_url has to start with https:// or http:// and name a host, not {base_url!r}")
    return base_url


_Task: TypeAlias = asyncio.Task[Any]


class _Watch:
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
    return TransportError(
        path, f"HTTP {status} ({phrase}) in place of 200; a gateway or the wrong host answered", status
    )


def _too_late(path: str, timeout: float) -> CallTimeoutError:
    return CallTimeoutError(path, f"no answer within {timeout:.3g} s; whether the service did the work is not known")


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
    (OSError, "the connection broke"),
)
"""What happened, in words that hold no URL; the first class that fits speaks."""


def _failure(  # noqa: PLR0913  # what is known when an attempt ends without an answer
    path: str, error: BaseException, timeout: float, *, rang: bool, cancelled: bool, closed: bool
) -> TransportError | ConfigError | None:
    """Say what *error* means, or ``None`` where it is nobody's but the caller's."""
    if rang or isinstance(error, TimeoutError):
        return _too_late(path, timeout)
    if isinstance(error, asyncio.CancelledError):
        # A task that nobody cancelled waited for a connection when the connector was closed.
        return ConfigError(_CLOSED) if closed and not cancelled else None
    if isinstance(error, RuntimeError):
        return ConfigError(_CLOSED) if closed else None
    words = next((words for cls, words in _WORDS if isinstance(error, cls)), "the HTTP exchange failed")
    because = _os_error(error)
    failure = TransportError(path, words if because is None else f"{words} ({because.strerror or because})")
    failure.__cause__ = because
    return failure


def _os_error(error: BaseException) -> OSError | None:
    """Return the operating system's own error inside *error*, made anew: what else hangs on it may hold the URL."""
    inner = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if not isinstance(inner, OSError):
        return None
    if not isinstance(inner.errno, int):  # asyncio lists the addresses that it tried; what aiohttp says may be the URL
        return None if inner is error else OSError(str(inner))
    words = os.strerror(inner.errno) if isinstance(inner, aiohttp.ClientError) else inner.strerror
    return OSError(inner.errno, words)
