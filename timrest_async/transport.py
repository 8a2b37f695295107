"""Over the network, and back: the one module that knows aiohttp's client.

A :class:`Transport` posts a body to a command and hands back the bytes of a 200 answer; everything else is a
:class:`~timrest_async.TransportError`. aiohttp's own exceptions end here: they carry the URL, and with it the UserSig, so
what is raised instead is raised outside their ``except`` block and has at most an :class:`OSError` as its cause.
"""

from __future__ import annotations

import math
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Protocol

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

    async def post(self, path: str, query: str, body: bytes, timeout: float) -> bytes:  # noqa: ASYNC109  # of one attempt
        """Post *body* to command *path* with *query*, and return the bytes of the 200 answer within *timeout* seconds.

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

    def __init__(self, base_url: str, *, connections: int, http: aiohttp.ClientSession | None = None) -> None:
        url = URL(base_url)
        self._scheme = url.scheme
        self._authority = url.authority
        self._prefix = url.raw_path.rstrip("/") + "/v4/"
        self._connections = connections
        self._http = http
        self._own = http is None
        self._closed = False

    async def post(self, path: str, query: str, body: bytes, timeout: float) -> bytes:  # noqa: ASYNC109  # of one attempt
        """Post *body* to command *path*."""
        http = self._http or self._open()
        if self._closed or http.closed:
            raise ConfigError(_CLOSED)
        try:
            answer = await http.post(
                URL.build(
                    scheme=self._scheme,
                    authority=self._authority,
                    path=self._prefix + path,
                    query_string=query,
                    encoded=True,
                ),
                data=aiohttp.BytesPayload(body, content_type="application/json"),
                timeout=_timeout(timeout),
                allow_redirects=False,
            )
            content = await answer.read()  # reading to the end, or failing to, gives the connection back
            if answer.status == 200:
                return content
            failure, cause = _unusable(path, answer.status), None
        except (aiohttp.ClientError, OSError) as error:
            failure, cause = _failure(path, error, timeout), _os_error(error)
        raise failure from cause

    async def close(self) -> None:
        """Close the session that this transport opened."""
        self._closed = True
        if self._own and self._http is not None:
            await self._http.close()

    def _open(self) -> aiohttp.ClientSession:
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self._http


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


@lru_cache(maxsize=64)
def _timeout(seconds: float) -> aiohttp.ClientTimeout:
    """Bound one attempt; aiohttp otherwise rounds longer limits up to a whole second."""
    return aiohttp.ClientTimeout(total=seconds, ceil_threshold=math.inf)


def _unusable(path: str, status: int) -> TransportError:
    phrase = next((known.phrase for known in HTTPStatus if known == status), "unknown status")
    return TransportError(
        path, f"HTTP {status} ({phrase}) in place of 200; a gateway or the wrong host answered", status
    )


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


def _failure(path: str, error: Exception, timeout: float) -> TransportError:
    """Say what *error* means, without anything it carries but the operating system's number."""
    if isinstance(error, TimeoutError):
        return CallTimeoutError(
            path, f"no answer within {timeout:.3g} s; whether the service did the work is not known"
        )
    words = next((words for cls, words in _WORDS if isinstance(error, cls)), "the HTTP exchange failed")
    found = _os_error(error)
    because = f" ({found.strerror})" if found is not None and found.strerror else ""
    return TransportError(path, f"{words}{because}")


def _os_error(error: Exception) -> OSError | None:
    """Return the operating system's own error inside *error*, which knows no URL."""
    inner = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(inner, aiohttp.ClientError):
        return OSError(inner.errno, inner.strerror) if isinstance(inner, OSError) and inner.errno else None
    return inner if isinstance(inner, OSError) else None
