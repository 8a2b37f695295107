"""The network: at the seam to aiohttp, and on real sockets."""

from __future__ import annotations

import asyncio
import inspect
import math
import os
import re
import socket
import struct
import traceback
from collections import deque
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from ssl import SSLCertVerificationError
from time import sleep
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal, Self, cast
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp import client_exceptions
from aiohttp.client_reqrep import ConnectionKey
from aioresponses import aioresponses
from multidict import CIMultiDict, CIMultiDictProxy

from timrest_async import CallTimeoutError, ConfigError, TransportError, UnreachableError
from timrest_async.transport import ANSWER_BYTES, HttpTransport, _Letter, _too_late, _unusable
from timrest_async.usersig import Redacted

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator

    from yarl import URL

SEND = "openim/sendmsg"
SECRET = "eJxSECRET*-_"
USERSIG = Redacted(SECRET)
BODY = '{"To_Account":"你好","Data":"\\u0000"}'.encode()
LONG = 30.0
"""A limit, in seconds, that no test reaches."""


# -- a server that says what it is told, HTTP or not


@dataclass(frozen=True)
class Say:
    """One answer."""

    content: bytes = b""
    then: Literal["stay", "close", "reset"] = "stay"
    unread: bool = False
    """Answer without having read the body."""


@dataclass(frozen=True)
class Request:
    """What reached the server."""

    method: str
    target: str
    headers: CIMultiDictProxy[str]
    body: bytes


class Service:
    """A server on loopback that gives *answers* in order, the last one again and again."""

    def __init__(self, *answers: Say) -> None:
        self.requests: list[Request] = []
        self.arrived = asyncio.Semaphore(0)
        self.connections = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self._answers = deque(answers)
        self._writers: list[asyncio.StreamWriter] = []
        self._handlers: list[asyncio.Task[None] | None] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.gate.set()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*filter(None, self._handlers))
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def says(self, *answers: Say) -> None:
        """Give *answers* from now on."""
        self._answers = deque(answers)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        self._handlers.append(asyncio.current_task())
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._answer(reader, writer):
                await writer.drain()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().rstrip().split("\r\n")
        headers = CIMultiDictProxy(CIMultiDict([(line.split(": ", 1)[0], line.split(": ", 1)[1]) for line in lines]))
        say = self._answers.popleft() if len(self._answers) > 1 else self._answers[0]
        body = b"" if say.unread else await reader.readexactly(int(headers["Content-Length"]))
        method, target, _ = first.split(" ")
        self.requests.append(Request(method, target, headers, body))
        self.arrived.release()
        await self.gate.wait()
        writer.write(say.content)
        if say.then == "reset":
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        return say.then == "stay"


def http(body: bytes, status: int = 200, kind: str = "application/json") -> bytes:
    """Write an answer as HTTP does."""
    phrase = HTTPStatus(status).phrase
    head = f"HTTP/1.1 {status} {phrase}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


OK = Say(http(b'{"ErrorCode":0}'))
SILENCE = Say()


def to(url: str, **settings: Any) -> HttpTransport:
    """Set up a transport to *url*."""
    usual: dict[str, Any] = {"sdkappid": 1400000000, "identifier": "administrator", "connections": 100}
    return HttpTransport(base_url=url, **(usual | settings))


@asynccontextmanager
async def opened(url: str, **settings: Any) -> AsyncGenerator[HttpTransport]:
    """Set up a transport to *url*, and close it."""
    transport = to(url, **settings)
    try:
        yield transport
    finally:
        await transport.close()


async def post(transport: HttpTransport, limit: float = LONG) -> bytes:
    """Send one call."""
    return await transport.post(SEND, USERSIG, BODY, limit)


# -- a session of aiohttp's that does what it is told


class Stand:
    """What stands in for an :class:`aiohttp.ClientSession`, down to the one method that a transport calls."""

    closed = False

    def __init__(self, act: Callable[[URL], Awaitable[Any]]) -> None:
        self.act = act

    async def post(self, url: URL, **_: Any) -> Any:
        """Do it."""
        return await self.act(url)


def through(act: Callable[[URL], Awaitable[Any]]) -> HttpTransport:
    """Set up a transport whose calls are given to *act*."""
    return to("https://console.tim.qq.com", http=cast("aiohttp.ClientSession", Stand(act)))


def chain(error: BaseException) -> list[BaseException]:
    """Follow *error* to everything it hangs together with."""
    links = [error]
    for link in links:
        links += [other for other in (link.__cause__, link.__context__) if other and other not in links]
    return links


def shown(error: BaseException) -> str:
    """Return all that *error* can show to anyone, a debugger that prints every frame's variables included."""
    texts = [f"{link!s} {link!r} {link.args!r} {vars(link)!r}" for link in chain(error)]
    report = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "\n".join([*texts, *traceback.format_exception(error), *report.format()])


def hides_the_signature(error: BaseException) -> bool:
    """Say whether nothing that *error* shows has the UserSig, or the query in which it stands."""
    text = shown(error)
    return SECRET not in text and "sdkappid=" not in text


# -- what goes out


class Answered(aiohttp.ClientResponse):
    """An answer as aioresponses 0.7.9 makes it: without *stream_writer*, which aiohttp >= 3.14 cannot do without."""

    def __init__(self, method: str, url: URL, **facts: Any) -> None:
        super().__init__(method, url, stream_writer=cast("Any", _Written()), **facts)


class _Written:
    """All that an answer asks of the writer of a request that is out already."""

    output_size = 0


@pytest.fixture
def service() -> Iterator[aioresponses]:
    """Return a service that answers every POST at the usual address, in place of the network."""
    with aioresponses() as service:
        everywhere = re.compile(r"https://console\.tim\.qq\.com/.*")
        service.post(everywhere, body=b'{"ErrorCode":0}', response_class=Answered, repeat=True)
        yield service


@pytest.mark.parametrize("identifier", ["administrator", "@TGS#1", "a b", "你好", "a&usersig=b", "100%", "a+b/c?"])
async def test_the_url_names_the_command_and_who_calls(service: aioresponses, identifier: str) -> None:
    """Host, /v4/, the command, and the five facts of the query, whatever characters the identifier has."""
    async with opened("https://console.tim.qq.com", identifier=identifier) as transport:
        assert await post(transport) == b'{"ErrorCode":0}'
    ((method, url),) = service.requests
    query = dict(url.query)
    assert 0 <= int(query.pop("random")) < 2**32
    assert method == "POST"
    assert (url.scheme, url.host, url.path) == ("https", "console.tim.qq.com", "/v4/openim/sendmsg")
    assert query == {
        "sdkappid": "1400000000",
        "identifier": identifier,
        "contenttype": "json",
        "usersig": SECRET,
    }


async def test_every_attempt_has_a_random_of_its_own(service: aioresponses) -> None:
    """The service tells requests apart by a number of 32 bits, drawn for each of them."""
    async with opened("https://console.tim.qq.com") as transport:
        for _ in range(200):
            await post(transport)
    numbers = [int(url.query["random"]) for _, url in service.requests]
    assert len(set(numbers)) == 200
    assert all(0 <= number < 2**32 for number in numbers)
    assert max(numbers) > 2**31  # missed once in 2 ** 200


async def test_the_body_goes_out_as_it_is() -> None:
    """POST, JSON by its header, byte for byte what was handed in, and the query percent-encoded on the wire."""
    async with Service(OK) as there, opened(there.url, identifier="@a# 你") as transport:
        await post(transport)
        (request,) = there.requests
    assert (request.method, request.body) == ("POST", BODY)
    assert request.headers.getall("Content-Type") == ["application/json"]
    assert "Cookie" not in request.headers
    path, query = request.target.split("?")
    assert path == "/v4/openim/sendmsg"
    assert query.rpartition("=")[0] == (
        f"sdkappid=1400000000&identifier={quote('@a# 你', safe='')}&contenttype=json&usersig={SECRET}&random"
    )


@pytest.mark.parametrize("prefix", ["", "/", "/tim", "/tim/", "/a%20b/c"])
async def test_a_path_in_the_base_url_is_kept(prefix: str) -> None:
    """Whoever stands behind a gateway gives its prefix, with or without a slash at the end."""
    async with Service(OK) as there, opened(there.url + prefix) as transport:
        await post(transport)
        target = there.requests[0].target
    assert target.startswith(prefix.rstrip("/") + "/v4/openim/sendmsg?")


# -- what comes back


@pytest.mark.parametrize("body", [b"", b"{}", b'{"ErrorCode":0}', b"\xff\x00 no JSON", b"x" * 1_000_000])
async def test_a_200_comes_back_as_it_is(body: bytes) -> None:
    """Reading it is the codec's affair."""
    async with Service(Say(http(body))) as there, opened(there.url) as transport:
        assert await post(transport) == body


async def test_an_answer_in_pieces_comes_back_whole() -> None:
    """A body that arrives after its head is waited for."""
    content = http(b'{"ErrorCode":0}')
    async with Service(Say(content[:-9])) as there, opened(there.url) as transport:
        call = asyncio.ensure_future(post(transport))
        await there.arrived.acquire()
        await asyncio.sleep(0)
        there._writers[0].write(content[-9:])
        assert await call == b'{"ErrorCode":0}'


MB = 1024**2


async def test_an_answer_may_be_large() -> None:
    """16 MB come back whole."""
    async with Service(Say(http(b"x" * 16 * MB))) as there, opened(there.url) as transport:
        assert len(await post(transport)) == 16 * MB


async def test_an_answer_may_not_be_endless() -> None:
    """Beyond 16 MB no more is read; whether the service did the work is not known, and the next call goes well."""
    async with Service(Say(http(b"x" * 17 * MB)), OK) as there, opened(there.url) as transport:
        with pytest.raises(TransportError, match="the answer is larger than 16 MB") as caught:
            await post(transport)
        assert caught.value.delivered is None
        assert await post(transport) == b'{"ErrorCode":0}'


@pytest.mark.parametrize("status", [204, 301, 404, 500, 502, 504])
@pytest.mark.parametrize("body", [b"", b'{"ErrorCode":0}', b"<html><h1>Bad Gateway</h1></html>"])
async def test_another_status_is_no_answer(status: int, body: bytes) -> None:
    """The service says everything with 200, so whatever else comes is somebody else's; the error has the status."""
    content = b"" if status == 204 else body
    async with Service(Say(http(content, status, "text/html")), OK) as there, opened(there.url) as transport:
        with pytest.raises(TransportError, match=f"^{SEND}: HTTP {status} .* in place of 200") as caught:
            await post(transport)
        assert await post(transport) == b'{"ErrorCode":0}'
    assert caught.value.status == status
    assert HTTPStatus(status).phrase in str(caught.value)
    assert there.connections == 1


async def test_a_status_that_nobody_knows_is_told_too() -> None:
    """Gateways make up their own."""
    answer = Say(b"HTTP/1.1 599 Whatever\r\nContent-Length: 0\r\n\r\n")
    async with Service(answer) as there, opened(there.url) as transport:
        with pytest.raises(TransportError, match=r"HTTP 599 \(unknown status\)") as caught:
            await post(transport)
    assert caught.value.status == 599


async def test_a_refusal_by_status_hides_the_signature() -> None:
    """Not even the variables of the frame from which the error comes hold the URL."""
    async with Service(Say(http(b"", 502))) as there, opened(there.url) as transport:
        with pytest.raises(TransportError) as caught:
            await post(transport)
    assert hides_the_signature(caught.value)


async def test_redirects_are_not_followed() -> None:
    """The signature goes to the service and to nobody it points at."""
    async with Service(OK) as elsewhere:
        moved = f"HTTP/1.1 301 Moved\r\nLocation: {elsewhere.url}/\r\nContent-Length: 0\r\n\r\n".encode()
        async with Service(Say(moved)) as there, opened(there.url) as transport:
            with pytest.raises(TransportError) as caught:
                await post(transport)
        assert caught.value.status == 301
        assert elsewhere.requests == []


# -- what goes wrong below


KEY = ConnectionKey("console.tim.qq.com", 443, True, True, None, None, None)  # noqa: FBT003  # a tuple of aiohttp's
REFUSED = OSError(111, "Connection refused")


def descendants(cls: type[Exception]) -> Iterator[type[Exception]]:
    """Name *cls* and every class below it."""
    yield cls
    for below in cls.__subclasses__():
        yield from descendants(below)


AIOHTTP_ERRORS = sorted(
    {cls for cls in descendants(aiohttp.ClientError) if cls.__module__ == client_exceptions.__name__},
    key=lambda cls: cls.__name__,
)


def raised_by_aiohttp(cls: type[Any], url: URL) -> Exception:
    """Make a *cls* as aiohttp does, with all that it may hold."""
    makers: dict[type[Exception], Callable[[], Any]] = {
        aiohttp.ClientResponseError: lambda: cls(
            aiohttp.RequestInfo(url, "POST", CIMultiDictProxy(CIMultiDict()), url), (), status=400, message=str(url)
        ),
        client_exceptions.UnixClientConnectorError: lambda: cls("/run/tim.sock", KEY, REFUSED),
        aiohttp.ClientConnectorCertificateError: lambda: cls(KEY, SSLCertVerificationError(1, "self-signed")),
        aiohttp.ClientConnectorError: lambda: cls(KEY, REFUSED),
        aiohttp.ServerFingerprintMismatch: lambda: cls(b"a", b"b", "console.tim.qq.com", 443),
        # the words of aiohttp's ClientRequest.write_bytes
        aiohttp.ClientOSError: lambda: cls(104, f"Can not write request body for {url}"),
        aiohttp.InvalidURL: lambda: cls(url, str(url)),
    }
    make = next((make for kind, make in makers.items() if issubclass(cls, kind)), lambda: cls(str(url)))
    return cast("Exception", make())


async def failed(error: Callable[[URL], Exception]) -> TransportError:
    """Let the layer below raise *error* and return what comes of it."""

    async def act(url: URL) -> None:
        raise error(url)

    with pytest.raises(TransportError) as caught:
        await post(through(act))
    return caught.value


def test_the_classes_below_are_all_known() -> None:
    """The list that these tests walk holds every error that aiohttp's module of errors defines."""
    defined = {
        cls for _, cls in inspect.getmembers(client_exceptions, inspect.isclass) if issubclass(cls, aiohttp.ClientError)
    }
    assert defined == set(AIOHTTP_ERRORS)
    assert len(defined) > 25


@pytest.mark.parametrize("cls", AIOHTTP_ERRORS, ids=lambda cls: cls.__name__)
async def test_every_error_of_aiohttps_becomes_ours_and_hides_the_signature(cls: type[Exception]) -> None:
    """Each class becomes a TransportError that says which command failed and shows no URL anywhere."""
    error = await failed(lambda url: raised_by_aiohttp(cls, url))
    late = issubclass(cls, TimeoutError) and cls is not aiohttp.ConnectionTimeoutError
    assert isinstance(error, CallTimeoutError) == late
    assert error.path == SEND
    assert error.status is None
    assert hides_the_signature(error)


@pytest.mark.parametrize(
    "error",
    [
        OSError(113, "No route to host"),
        ConnectionResetError(104, "Connection reset by peer"),
        ConnectionRefusedError(111, "Connection refused"),
        ConnectionAbortedError(103, "Software caused connection abort"),
        BrokenPipeError(32, "Broken pipe"),
        BlockingIOError(11, "Resource temporarily unavailable"),
        socket.gaierror(-2, "Name or service not known"),
        SSLCertVerificationError(1, "certificate verify failed"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_an_error_of_the_operating_system_is_the_cause(error: OSError) -> None:
    """What the system says stays readable, in the words and as the cause."""
    ours = await failed(lambda _: error)
    assert type(ours) is TransportError
    assert isinstance(ours.__cause__, OSError)
    assert ours.__cause__.errno == error.errno
    assert str(error.strerror) in str(ours)


async def test_an_error_of_the_operating_system_without_a_number_has_words_of_ours() -> None:
    """It may have no cause, but it is a TransportError that says what broke."""
    ours = await failed(lambda _: OSError("broken"))
    assert type(ours) is TransportError
    assert "the connection broke" in str(ours)


@pytest.mark.parametrize(
    "error", [TimeoutError(), TimeoutError(110, "Connection timed out"), aiohttp.ServerTimeoutError()]
)
async def test_a_timeout_below_is_a_timeout(error: Exception) -> None:
    """Whoever's clock ran out, the call did."""
    assert isinstance(await failed(lambda _: error), CallTimeoutError)


async def test_an_error_of_the_system_that_came_of_another_hides_the_signature() -> None:
    """An OSError that was raised while aiohttp handled an error of its own does not bring that one along."""

    async def act(url: URL) -> None:
        try:
            raise raised_by_aiohttp(aiohttp.ClientResponseError, url)
        except aiohttp.ClientError:
            raise ConnectionResetError(104, "Connection reset by peer")  # noqa: B904  # as a handler that fails does

    with pytest.raises(TransportError) as caught:
        await post(through(act))
    assert hides_the_signature(caught.value)


@pytest.mark.parametrize(
    ("cls", "words"),
    [
        (aiohttp.ClientConnectorDNSError, "name cannot be resolved"),
        (aiohttp.ClientProxyConnectionError, "proxy cannot be reached"),
        (aiohttp.ClientConnectorError, r"host cannot be reached \(Connection refused\)"),
        (aiohttp.ClientConnectorCertificateError, "certificate does not hold"),
        (aiohttp.ClientConnectorSSLError, "TLS failed"),
        (aiohttp.ServerDisconnectedError, "closed the connection before it answered"),
        (aiohttp.ClientPayloadError, "cut off"),
        (aiohttp.ClientResponseError, "not HTTP"),
        (aiohttp.InvalidURL, "address is not valid"),
        (aiohttp.ClientConnectionResetError, "connection broke"),
        (aiohttp.ClientError, "exchange failed"),
    ],
)
async def test_the_error_says_what_failed(cls: type[Exception], words: str) -> None:
    """In words, the narrowest that fit."""
    assert re.search(words, str(await failed(lambda url: raised_by_aiohttp(cls, url))))


@pytest.mark.parametrize("cls", [RuntimeError, ValueError, AssertionError, KeyError, RecursionError])
async def test_an_error_that_nobody_expected_is_quoted_unless_it_shows_the_url(cls: type[Exception]) -> None:
    """A mistake in a tracer of a lent session, say, is found by its words; the frames it came by are not shown."""
    error = await failed(lambda _: cls("a program is wrong"))
    assert f"HTTP failed ({cls.__name__}: " in str(error)
    assert "a program is wrong" in str(error)
    error = await failed(lambda url: cls(str(url)))
    assert str(error) == f"{SEND}: HTTP failed ({cls.__name__})"
    assert hides_the_signature(error)


GZIPPED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 7\r\n\r\nnot zip"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Say(then="reset"), id="reset"),
        pytest.param(Say(then="close"), id="closed without an answer"),
        pytest.param(Say(b"HTTP/1.1 200 OK\r\nContent-Le", "close"), id="head cut"),
        pytest.param(Say(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", "close"), id="body cut"),
        pytest.param(Say(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", "reset"), id="reset in the body"),
        pytest.param(Say(CHUNKED + b'5\r\n{"Er', "close"), id="chunk cut"),
        pytest.param(Say(CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n", "close"), id="no chunk"),
        pytest.param(Say(b"hello, who is there?\r\n\r\n", "close"), id="nonsense"),
        pytest.param(Say(b"\x16\x03\x01\x02\x00\x01\r\n\r\n", "close"), id="TLS"),
        pytest.param(Say(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}", "close"), id="odd length"),
        pytest.param(Say(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", "close"), id="endless head"),
        pytest.param(Say(GZIPPED, "close"), id="no gzip"),
    ],
)
async def test_after_a_broken_answer_the_next_call_goes_well(answer: Say) -> None:
    """Whatever a server does to a connection is a TransportError that hides the signature, and costs no other call."""
    async with Service(answer, OK) as there, opened(there.url) as transport:
        with pytest.raises(TransportError) as caught:
            await post(transport)
        assert await post(transport) == b'{"ErrorCode":0}'
        assert len(there.requests) == 2
    assert hides_the_signature(caught.value)


async def test_a_reset_while_a_large_body_goes_out_hides_the_signature() -> None:
    """Where the sending breaks, aiohttp words its error with the URL; ours has none."""
    async with Service(Say(then="reset", unread=True)) as there, opened(there.url) as transport:
        with pytest.raises(TransportError) as caught:
            await transport.post(SEND, USERSIG, b"x" * 1_000_000, LONG)
    assert hides_the_signature(caught.value)


async def test_a_host_that_does_not_listen_cannot_be_reached() -> None:
    """The error has the system's own words."""
    async with Service(OK) as there:
        url = there.url
    async with opened(url) as transport:
        with pytest.raises(TransportError, match="the host cannot be reached") as caught:
            await post(transport)
    assert hides_the_signature(caught.value)


async def test_a_call_on_a_connection_that_died_is_not_sent_twice_behind_our_back() -> None:
    """What aiohttp repeats by itself is idempotent; a POST it leaves to us."""
    async with Service(OK, Say(then="close")) as there, opened(there.url) as transport:
        await post(transport)
        with pytest.raises(TransportError, match="closed the connection before it answered"):
            await post(transport)
        assert len(there.requests) == 2


# -- whose session, and for how long


async def test_a_session_that_was_lent_is_used_and_left_open() -> None:
    """What we did not open we do not close."""
    async with Service(OK) as there, aiohttp.ClientSession() as lent:
        async with opened(there.url, http=lent) as transport:
            await post(transport)
            assert transport._http is lent
        assert not lent.closed
        await to(there.url).close()


async def test_a_session_of_its_own_is_opened_late_and_closed() -> None:
    """Nothing is opened before the first call, and all of it closed at the end, however often that is said."""
    transport = to("http://127.0.0.1:9")
    assert transport._http is None
    async with Service(OK) as there:
        transport = to(there.url)
        await post(transport)
        session = transport._http
        assert session is not None
        assert not session.closed
        await transport.close()
        await transport.close()
        assert session.closed


@pytest.mark.parametrize("called_before", [True, False])
@pytest.mark.parametrize("lent", [True, False])
async def test_after_the_end_there_are_no_calls(called_before: bool, lent: bool) -> None:  # noqa: FBT001
    """A call through a transport that is closed is a mistake of the program, told as such; nothing is sent."""
    async with Service(OK) as there, aiohttp.ClientSession() as session:
        transport = to(there.url, http=session if lent else None)
        if called_before:
            await post(transport)
        await transport.close()
        with pytest.raises(ConfigError, match="closed; open another"):
            await post(transport)
        assert len(there.requests) == called_before
        assert timers(transport) == 0


async def test_a_lent_session_that_its_owner_closed_is_told() -> None:
    """The error says that it is closed, and hides the signature."""
    async with aiohttp.ClientSession() as lent:
        transport = to("https://console.tim.qq.com", http=lent)
    with pytest.raises(ConfigError, match="closed; open another") as caught:
        await post(transport)
    assert hides_the_signature(caught.value)


async def test_there_are_as_many_connections_as_told() -> None:
    """Calls beyond them wait for one, and each is used again."""
    async with Service(OK) as there, opened(there.url, connections=3) as transport:
        there.gate.clear()
        calls = [asyncio.ensure_future(post(transport)) for _ in range(9)]
        for _ in range(3):
            await there.arrived.acquire()
        assert (there.connections, len(there.requests)) == (3, 3)
        there.gate.set()
        await asyncio.gather(*calls)
        assert (there.connections, len(there.requests)) == (3, 9)


async def test_calls_in_flight_hear_of_the_end() -> None:
    """Closing ends each with an error of ours, those that wait for a connection too: nobody cancelled their tasks."""
    async with Service(SILENCE) as there, opened(there.url, connections=1) as transport:
        calls = [asyncio.ensure_future(post(transport)) for _ in range(2)]
        await there.arrived.acquire()
        await transport.close()
        await asyncio.wait(calls)
        for call in calls:
            assert not call.cancelled()
            assert isinstance(call.exception(), TransportError | ConfigError)
        assert timers(transport) == 0


# -- the limit of an attempt


def timers(transport: HttpTransport) -> int:
    """Count the loop's timers that belong to *transport*."""
    timer = transport._alarm._timer
    return int(timer is not None and not timer.cancelled())


def cancelling() -> int:
    """Return how many cancellations the running task has open."""
    task = asyncio.current_task()
    assert task is not None
    return task.cancelling()


def remembered(transport: HttpTransport) -> int:
    """Count the entries that attempts have in the tables of limits."""
    alarm: dict[str, Any] = vars(transport._alarm)
    return sum(len(table) for table in alarm.values() if isinstance(table, dict))


def at_rest(transport: HttpTransport) -> bool:
    """Say whether no attempt is remembered."""
    return not remembered(transport)


async def test_an_attempt_that_takes_too_long_is_ended() -> None:
    """It fails with its limit in the words, its task lives on uncancelled, and the next call goes well."""
    async with Service(SILENCE) as there, opened(there.url) as transport:
        with pytest.raises(CallTimeoutError, match=r"no answer within 0\.02 s") as caught:
            await post(transport, 0.02)
        assert cancelling() == 0
        assert at_rest(transport)
        there.says(OK)
        assert await post(transport) == b'{"ErrorCode":0}'
    assert hides_the_signature(caught.value)


async def test_an_answer_that_stops_halfway_is_ended_too() -> None:
    """The limit holds for the body as well as for the head."""
    half = Say(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")
    async with Service(half) as there, opened(there.url) as transport:
        with pytest.raises(CallTimeoutError):
            await post(transport, 0.02)
        there.says(OK)
        assert await post(transport) == b'{"ErrorCode":0}'


async def test_attempts_of_many_limits_share_one_timer() -> None:
    """Whatever the order in which they began, none ends before its limit, and one that has time stays in flight."""

    async def never(_: URL) -> None:
        await asyncio.get_running_loop().create_future()

    loop, transport = asyncio.get_running_loop(), through(never)

    async def attempt(limit: float) -> None:
        began = loop.time()
        with pytest.raises(CallTimeoutError):
            await post(transport, limit)
        assert loop.time() >= began + limit - 0.002  # what an event loop rounds

    patient = asyncio.ensure_future(post(transport))
    attempts = [asyncio.ensure_future(attempt(0.001 * (n * 7 % 20))) for n in range(20)]
    await asyncio.sleep(0)
    assert remembered(transport) == 21
    assert timers(transport) == 1
    await asyncio.gather(*attempts)
    assert not patient.done()
    assert timers(transport) == 1
    patient.cancel()
    await asyncio.wait({patient})
    assert at_rest(transport)


async def test_limits_ring_in_their_order() -> None:
    """A shorter limit ends its attempt first, also where the longer one began before."""
    ended: list[float] = []

    async def never(_: URL) -> None:
        await asyncio.get_running_loop().create_future()

    transport = through(never)

    async def attempt(limit: float) -> None:
        with pytest.raises(CallTimeoutError):
            await post(transport, limit)
        ended.append(limit)

    await asyncio.gather(*(attempt(limit) for limit in (0.2, 0.01, 0.1)))
    assert ended == [0.01, 0.1, 0.2]


async def test_the_timer_goes_with_the_transport() -> None:
    """An attempt that ended well may leave the timer for the next one; closing does not."""
    async with Service(OK) as there, opened(there.url) as transport:
        await post(transport)
        await post(transport)
        assert timers(transport) == 1
        await transport.close()
        assert timers(transport) == 0


async def test_an_attempt_that_outlives_the_transport_keeps_its_limit() -> None:
    """Closing leaves a lent session to its owner, and what is in flight on it ends at its limit all the same."""

    async def never(_: URL) -> None:
        await asyncio.get_running_loop().create_future()

    transport = through(never)
    call = asyncio.ensure_future(post(transport, 0.02))
    await asyncio.sleep(0)
    await transport.close()
    await asyncio.wait({call}, timeout=1.0)
    assert call.done()
    assert isinstance(call.exception(), CallTimeoutError | ConfigError)
    assert timers(transport) == 0


async def test_a_call_that_is_cancelled_is_cancelled() -> None:
    """The caller's own cancellation is no timeout, and leaves nothing behind."""
    async with Service(SILENCE) as there, opened(there.url) as transport:
        call = asyncio.ensure_future(post(transport))
        await there.arrived.acquire()
        call.cancel()
        await asyncio.wait({call})
        assert call.cancelled()
        assert at_rest(transport)


async def test_a_timeout_of_the_callers_is_the_callers() -> None:
    """asyncio.timeout round a call raises as it always does."""
    async with Service(SILENCE) as there, opened(there.url) as transport:
        with pytest.raises(TimeoutError) as caught:
            async with asyncio.timeout(0.02):
                await post(transport)
        assert not isinstance(caught.value, CallTimeoutError)
        assert cancelling() == 0


@pytest.mark.parametrize("first", ["caller", "limit"])
async def test_a_cancellation_in_the_turn_in_which_the_limit_rings_is_not_lost(first: str) -> None:
    """Whichever of the two comes first, the caller's wish wins: the task is cancelled, once."""

    async def never(_: URL) -> None:
        await asyncio.get_running_loop().create_future()

    transport = through(never)
    call = asyncio.ensure_future(post(transport, -1.0))
    await asyncio.sleep(0)
    # The attempt is in flight and its limit is over.
    if first == "caller":
        call.cancel()
        transport._alarm._ring()
    else:
        transport._alarm._ring()
        call.cancel()
    await asyncio.wait({call})
    assert call.cancelled()
    assert call.cancelling() == 1
    assert at_rest(transport)


async def test_a_task_that_was_cancelled_before_can_still_time_out() -> None:
    """A call made while cleaning up after a cancellation has a limit as any other."""

    async def never(_: URL) -> None:
        await asyncio.get_running_loop().create_future()

    async def clean_up() -> int:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            with pytest.raises(CallTimeoutError):
                await post(through(never), 0.01)
        return cancelling()

    task = asyncio.ensure_future(clean_up())
    await asyncio.sleep(0)
    task.cancel()
    assert await task == 1


async def test_a_cancellation_that_was_on_its_way_arrives() -> None:
    """A task that was cancelled just before its call is cancelled at the first pause of it."""

    async def never(_: URL) -> None:
        await asyncio.get_running_loop().create_future()

    async def give_up_and_call() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await post(through(never))

    task = asyncio.ensure_future(give_up_and_call())
    await asyncio.wait({task})
    assert task.cancelled()


@pytest.mark.parametrize(
    "instead",
    [aiohttp.ClientConnectionError("gone"), ConnectionResetError("gone"), TimeoutError(), RuntimeError("gone")],
    ids=lambda error: type(error).__name__,
)
async def test_a_limit_that_aiohttp_takes_for_another_error_leaves_no_cancellation(instead: Exception) -> None:
    """Where the timer's cancellation comes up as something else, the task is as uncancelled as before."""

    async def turn(_: URL) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            raise instead from None

    transport = through(turn)
    with pytest.raises((TransportError, RuntimeError)):
        await post(transport, 0.01)
    assert cancelling() == 0
    assert at_rest(transport)


async def test_an_answer_that_comes_as_the_limit_rings_leaves_no_cancellation() -> None:
    """An answer is an answer, if the layer below hands one up in place of the cancellation."""

    class Late:
        """What of an answer a transport reads."""

        status = 200
        content = aiohttp.streams.EMPTY_PAYLOAD

    async def turn(_: URL) -> Late:
        with suppress(asyncio.CancelledError):
            await asyncio.get_running_loop().create_future()
        return Late()

    transport = through(turn)
    assert await post(transport, 0.01) == b""
    assert cancelling() == 0
    assert at_rest(transport)


async def test_a_request_does_not_go_out_too_late() -> None:
    """Where the whole process stood still until the attempt's time was over, nothing is sent."""

    async def stand_still(*_: object) -> None:
        sleep(0.1)  # noqa: ASYNC251  # the loop, too, is to stand still

    tracing = aiohttp.TraceConfig()
    tracing.on_connection_reuseconn.append(stand_still)
    async with Service(OK) as there, aiohttp.ClientSession(trace_configs=[tracing]) as lent:
        transport = to(there.url, http=lent)
        await post(transport)
        with pytest.raises(CallTimeoutError, match=r"no answer within 0\.05 s; nothing was sent") as caught:
            await post(transport, 0.05)
        assert caught.value.delivered is False
        assert cancelling() == 0
        assert at_rest(transport)
        assert len(there.requests) == 1
        assert await post(transport) == b'{"ErrorCode":0}'
    assert hides_the_signature(caught.value)


@pytest.fixture
def full() -> Iterator[str]:
    """Return an address at which the system takes no further connection, and does not refuse it."""
    with socket.socket() as listening, ExitStack() as stack:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(3):
            filler = stack.enter_context(socket.socket())
            filler.settimeout(0.0)
            filler.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize(("connect_seconds", "limit"), [(0.05, LONG), (LONG, 0.1)])
async def test_a_connection_may_take_a_part_of_the_attempt(full: str, connect_seconds: float, limit: float) -> None:
    """So many seconds, and half of the attempt at most: then there is time for another host."""
    async with opened(full, connect_seconds=connect_seconds) as transport:
        with pytest.raises(UnreachableError, match="no connection in time") as caught:
            await post(transport, limit)
        assert caught.value.delivered is False
        assert cancelling() == 0
        assert at_rest(transport)
    assert hides_the_signature(caught.value)


# -- event loops and processes


ONCE = Say(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", "close")


async def test_a_transport_moves_on_from_a_loop_that_is_closed() -> None:
    """One loop after another, each with a session of its own."""
    async with Service(ONCE) as there:
        transport = to(there.url)
        sessions = []
        for _ in range(2):
            assert await asyncio.to_thread(asyncio.run, post(transport)) == b"{}"
            sessions.append(transport._http)
        await transport.close()
    assert sessions[0] is not sessions[1]
    assert all(session is not None and session.closed for session in sessions)


async def test_a_transport_serves_one_loop_at_a_time() -> None:
    """A second loop is told so while the first is open, and the first one goes on."""
    async with Service(ONCE) as there, opened(there.url) as transport:
        await post(transport)
        with pytest.raises(ConfigError, match="serves one event loop, and this one serves another"):
            await asyncio.to_thread(asyncio.run, post(transport))
        await post(transport)
    assert len(there.requests) == 2


async def test_a_lent_session_does_not_move_to_another_loop() -> None:
    """It belongs to the loop in which its owner opened it."""
    transports: list[HttpTransport] = []

    async def call_first() -> bytes:
        async with aiohttp.ClientSession() as http:
            transports.append(to(there.url, http=http))
            return await post(transports[0])

    async with Service(ONCE) as there:
        assert await asyncio.to_thread(asyncio.run, call_first()) == b"{}"
        with pytest.raises(ConfigError, match="lent to an event loop that is closed; lend one of this loop"):
            await post(transports[0])
    assert len(there.requests) == 1


async def test_a_transport_does_not_move_to_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was forked off is told to make its own."""
    async with Service(ONCE) as there:
        transport = to(there.url)
        await asyncio.to_thread(asyncio.run, post(transport))
        with monkeypatch.context() as forked:
            forked.setattr(os, "getpid", lambda: -1)
            with pytest.raises(ConfigError, match="before the process forked; make one in each process"):
                await post(transport)
        await transport.close()
    assert len(there.requests) == 1


async def test_a_connection_that_says_something_unasked_is_not_written_to() -> None:
    """Its next answer would not be that of the next request; so nothing goes out on it."""

    class Writer:
        protocol = SimpleNamespace(should_close=True)

    letter = _Letter(BODY, math.inf)
    with pytest.raises(aiohttp.ClientConnectionError):
        await letter.write_with_length(Writer(), len(BODY))
    assert not letter.sent


# -- what the errors say


@pytest.mark.parametrize(
    ("status", "delivered"), [(299, None), (300, False), (301, False), (499, False), (500, None), (501, None)]
)
def test_what_was_turned_away_on_the_way_was_not_done(status: int, delivered: bool | None) -> None:  # noqa: FBT001  # told
    """A redirection and a refusal come before the service; of a gateway's own trouble nobody knows."""
    assert _unusable(SEND, status).delivered is delivered


@pytest.mark.parametrize(
    ("cls", "kind"),
    [
        (aiohttp.ClientConnectorDNSError, UnreachableError),
        (aiohttp.ClientConnectorError, UnreachableError),
        (aiohttp.ClientProxyConnectionError, UnreachableError),
        (aiohttp.ClientConnectorSSLError, TransportError),
        (aiohttp.ClientConnectorCertificateError, TransportError),
        (aiohttp.ServerDisconnectedError, TransportError),
    ],
)
async def test_only_where_no_connection_came_about_is_the_service_unreachable(
    cls: type[Exception], kind: type[TransportError]
) -> None:
    """Where TLS fails, somebody is there."""
    assert type(await failed(lambda url: raised_by_aiohttp(cls, url))) is kind


async def test_all_addresses_that_were_tried_are_told() -> None:
    """For a host of several addresses asyncio has words of its own, which have no number."""
    tried = OSError("Multiple exceptions: [Errno 111] Connect call failed ('::1', 1)")
    error = await failed(lambda _: aiohttp.ClientConnectorError(KEY, tried))
    assert "Connect call failed ('::1', 1)" in str(error)
    assert str(error.__cause__) == str(tried)


def test_a_time_out_says_whether_anything_was_sent() -> None:
    """In whole sentences."""
    assert str(_too_late(SEND, 0.25, sent=True)) == (
        f"{SEND}: no answer within 0.25 s; whether the service did the work is not known"
    )
    assert str(_too_late(SEND, 0.25, sent=False)) == f"{SEND}: no answer within 0.25 s; nothing was sent"


async def test_a_call_that_was_sent_hears_of_the_end_and_one_that_was_not_as_well() -> None:
    """The one may have been done, the other was not."""
    async with Service(SILENCE) as there, opened(there.url, connections=1) as transport:
        sent, waiting = (asyncio.ensure_future(post(transport)) for _ in range(2))
        await there.arrived.acquire()
        await transport.close()
        await asyncio.wait({sent, waiting})
    assert str(sent.exception()) == f"{SEND}: the session was closed before the answer arrived"
    assert cast("TransportError", sent.exception()).delivered is None
    assert str(waiting.exception()) == "the session is closed; open another one"


async def test_a_cookie_is_not_kept() -> None:
    """What the service gives to remember is not sent back."""
    answer = OK.content.replace(b"\r\n", b"\r\nSet-Cookie: a=b\r\n", 1)
    async with Service(Say(answer)) as there, opened(there.url) as transport:
        for _ in range(2):
            await post(transport)
    assert all("Cookie" not in request.headers for request in there.requests)


async def test_an_attempt_that_nobody_runs_any_more_is_forgotten() -> None:
    """A coroutine that is closed in the middle leaves no limit behind, and no timer for a task that goes on."""

    async def never(_: URL) -> None:
        await asyncio.get_running_loop().create_future()

    transport = through(never)
    call = transport.post(SEND, USERSIG, BODY, LONG)
    call.send(None)
    assert remembered(transport) == 1
    call.close()
    assert remembered(transport) == 0


async def test_an_answer_to_nothing_is_dropped_and_the_call_goes_out_on_another_connection() -> None:
    """It arrives whole: path, signature and body; and its time is what is left of it."""
    stray = OK.content.replace(b'{"ErrorCode":0}', b'{"ErrorCode":7}')
    async with Service(Say(OK.content + b""), OK) as there, opened(there.url) as transport:
        assert await post(transport) == b'{"ErrorCode":0}'
        there._writers[0].write(stray)
        await there._writers[0].drain()
        for _ in range(20):
            await asyncio.sleep(0)
        assert await post(transport) == b'{"ErrorCode":0}'
    first, second = there.requests
    assert there.connections == 2
    assert (second.body, second.method) == (first.body, first.method)
    assert re.sub(r"random=\d+", "", second.target) == re.sub(r"random=\d+", "", first.target)


async def test_a_larger_answer_than_any_is_told_with_its_command(too_large: Say) -> None:
    """And with what is read at most."""
    async with Service(too_large) as there, opened(there.url) as transport:
        with pytest.raises(TransportError, match=rf"^{SEND}: the answer is larger than 16 MB$"):
            await post(transport)


@pytest.fixture
def too_large() -> Say:
    """Return an answer of 16 MB and one byte."""
    size = ANSWER_BYTES + 1
    return Say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + bytes(size))


async def test_a_forked_process_leaves_the_connections_to_the_one_that_opened_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Closed there, they go on here."""
    async with Service(OK) as there, opened(there.url) as transport:
        await post(transport)
        http = transport._http
        assert http is not None
        with monkeypatch.context() as forked:
            forked.setattr(os, "getpid", lambda: -1)
            await transport.close()
        assert not http.closed
        await http.close()
