"""The fault matrix: whatever can go wrong between a call and its answer, as data, and a server that acts it out.

Each :class:`Fault` says what becomes of the connection on which the first call goes out, and what the caller is to
hear of it. From then on the server answers well, so that the next call of the same session shows whether it recovered.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import errno
import gzip
import os
import socket
import ssl
import struct
import zlib
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Literal, Self, cast

import aiohttp
import trustme
from aiohttp.abc import AbstractResolver, ResolveResult

from timrest_async import (
    ApiError,
    CallTimeoutError,
    DecodeError,
    NotFoundError,
    ServerError,
    TimError,
    TimSession,
    TransportError,
    UnreachableError,
)
from timrest_async.commands.accounts import CheckAccounts
from timrest_async.commands.messages import SendBatch, SendMessage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

__all__ = ["COMMANDS", "FAULTS", "PATHS", "SLACK", "Fault", "Outcome", "Server", "hostile", "outcome_of", "provoke"]

PATIENCE: Final = 10.0
"""The limit of an attempt, in seconds, that is to end by itself."""

BRIEF: Final = 0.25
"""The limit of an attempt that ends at its limit."""

SLACK: Final = 5.0
"""So many seconds later than its limit may a call end on a busy machine."""

MEGABYTE: Final = 1024**2


# -- what is called


async def _send(tim: TimSession) -> object:
    return await tim.messages.send("lumotuwe2", "hi")


async def _batch(tim: TimSession) -> object:
    return await tim.messages.send_batch(["lumotuwe1", "lumotuwe2"], "hi")


async def _read(tim: TimSession) -> object:
    return await tim.accounts.check("lumotuwe2")


COMMANDS: Final[Mapping[str, Callable[[TimSession], Awaitable[object]]]] = {
    "send": _send,
    "batch": _batch,
    "read": _read,
}
"""One command that the service de-duplicates, one that it does not, and one that changes nothing."""

PATHS: Final[Mapping[str, str]] = {"send": SendMessage.path, "batch": SendBatch.path, "read": CheckAccounts.path}


# -- what the caller hears


@dataclass(frozen=True)
class Outcome:
    """How a call ended, as far as its caller sees."""

    error: type[BaseException] | None = None
    """The exact class; ``None`` where the call went well."""

    delivered: bool | None = None
    """The error's ``delivered``."""

    status: int | None = None
    """The error's HTTP status, if it has one."""

    code: int | None = None
    """The error's ErrorCode, if it has one."""

    path: str | None = None
    """The command that the error names."""


def outcome_of(error: BaseException | None) -> Outcome:
    """Read off *error* what it tells."""
    told = (getattr(error, name, None) for name in ("delivered", "status", "code", "path"))
    return Outcome(None if error is None else type(error), *told)


WORKS: Final = Outcome()
UNREACHABLE: Final = Outcome(UnreachableError, delivered=False)
NOT_SENT: Final = Outcome(TransportError, delivered=False)
LOST: Final = Outcome(TransportError)
LATE: Final = Outcome(CallTimeoutError)
LATE_UNSENT: Final = Outcome(CallTimeoutError, delivered=False)
ODD: Final = Outcome(DecodeError)
DONE_BUT_ODD: Final = Outcome(DecodeError, delivered=True)
NOT_FOUND: Final = Outcome(NotFoundError, delivered=False, code=20003)


def _unknown(code: int) -> Outcome:
    return Outcome(ApiError, delivered=False, code=code)


def _http_status(status: int) -> Outcome:
    return Outcome(TransportError, delivered=False if 300 <= status < 500 else None, status=status)


# -- what the server does


class Line:
    """A connection, as the server has it."""

    def __init__(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._transport = cast("asyncio.Transport", writer.transport)

    async def arrival(self) -> None:
        """Wait until a request arrives, and leave it unread."""
        self._transport.pause_reading()
        loop, arrived = asyncio.get_running_loop(), asyncio.Event()
        with socket.socket(fileno=os.dup(self._writer.get_extra_info("socket").fileno())) as copy:
            loop.add_reader(copy, arrived.set)
            try:
                await arrived.wait()
            finally:
                loop.remove_reader(copy)

    async def head(self) -> int:
        """Read the head of a request, and return how long its body is."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        self._server.requests += 1
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
        return int(fields[b"content-length"])

    async def body(self, length: int) -> None:
        """Read the body."""
        await self._reader.readexactly(length)

    async def request(self) -> None:
        """Read a request."""
        await self.body(await self.head())

    async def say(self, content: bytes) -> None:
        """Write *content*, as fast as the client reads."""
        if self._transport.is_closing():
            raise EOFError  # the client hung up
        self._writer.write(content)
        await self._writer.drain()
        self._server.sent += len(content)

    async def wait(self, seconds: float) -> None:
        """Let *seconds* pass, unless the client hangs up."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.farewell()

    async def farewell(self) -> None:
        """Wait until the client hangs up, and hang up."""
        self._transport.resume_reading()
        while await self._reader.read(MEGABYTE):
            pass
        raise EOFError

    async def hang_up(self) -> None:
        """Say no more, in good order."""
        self._writer.write_eof()
        await self.farewell()

    def reset(self) -> None:
        """Break the connection."""
        linger = struct.pack("ii", 1, 0)
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._transport.abort()
        raise EOFError

    async def encrypt(self, context: ssl.SSLContext) -> None:
        """Shake hands as the server of a TLS connection."""
        loop, protocol = asyncio.get_running_loop(), self._transport.get_protocol()
        transport = await loop.start_tls(self._transport, protocol, context, server_side=True)
        if transport is None:
            raise EOFError  # the client hung up meanwhile
        self._transport = transport
        self._writer = asyncio.StreamWriter(transport, protocol, self._reader, loop)

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()

    async def lull(self) -> None:
        """Wait until the first call has ended."""
        await self._server.first_call_ended.wait()


if TYPE_CHECKING:
    Act = Callable[[Line], Awaitable[None]]
    Then = Literal["stay", "close", "reset", "silence"]


def says(*parts: bytes, then: Then = "stay") -> Act:
    """Read the request, answer, and let the connection stay or not."""

    async def act(line: Line) -> None:
        await line.request()
        for part in parts:
            await line.say(part)
        await _go_on(line, then)

    return act


async def _go_on(line: Line, then: Then) -> None:
    match then:
        case "close":
            await line.hang_up()
        case "reset":
            line.reset()
        case "silence":
            await line.farewell()
        case _:
            pass


def drips(content: bytes, *, first: bytes = b"") -> Act:
    """Read the request, and answer byte by byte after what comes *first*, for longer than any limit here.

    The slowness is what is tested, on the client's own clock: a byte comes long before any patience with silence is
    over, and the last one, with which the answer would be good, long after the attempt's limit.
    """
    pause = 2 * (BRIEF + SLACK) / len(content)

    async def act(line: Line) -> None:
        await line.request()
        await line.say(first)
        for at in range(len(content)):
            await line.wait(pause)
            await line.say(content[at : at + 1])

    return act


def pours(head: bytes, part: bytes) -> Act:
    """Read the request, and answer with *head* and a gigabyte of *part*."""

    async def act(line: Line) -> None:
        await line.request()
        await line.say(head)
        for _ in range(1024 * MEGABYTE // len(part)):
            await line.say(part)

    return act


def inflates() -> Act:
    """Read the request, and answer with a gigabyte of zeros, compressed to a thousandth."""
    deflate = zlib.compressobj(wbits=31)
    zeros = bytes(MEGABYTE)
    first, again = (deflate.compress(zeros) + deflate.flush(zlib.Z_FULL_FLUSH) for _ in range(2))

    async def act(line: Line) -> None:
        await line.request()
        await line.say(OK_HEAD + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + first)
        for _ in range(1023):
            await line.say(again)
        await line.hang_up()

    return act


async def reset_unread(line: Line) -> None:
    """Break the connection when a request arrives."""
    await line.arrival()
    line.reset()


async def close_unread(line: Line) -> None:
    """Hang up when a request, or a handshake, arrives."""
    await line.arrival()
    await line.hang_up()


async def answer_early(line: Line) -> None:
    """Answer well before the body is read."""
    length = await line.head()
    await line.say(http(GOOD))
    await line.body(length)


async def refuse_early(line: Line) -> None:
    """Answer that the body is too large, and never read it."""
    await line.head()
    await line.say(http(b"", 413))
    await line.hang_up()


def adds(content: bytes) -> Act:
    """Answer well, and once the call has ended say what was not asked."""

    async def act(line: Line) -> None:
        await line.request()
        await line.say(http(GOOD))
        await line.lull()
        await line.say(content)

    return act


async def reset_later(line: Line) -> None:
    """Answer well, and break the connection once the call has ended."""
    await line.request()
    await line.say(http(GOOD))
    await line.lull()
    line.reset()


def encrypts(certificate: str) -> Act:
    """Show *certificate*, and go on as usual if the client takes it."""

    async def act(line: Line) -> None:
        await line.encrypt(_certificates()[certificate])

    return act


async def no_handshake(line: Line) -> None:
    """Listen, and say nothing."""
    await line.farewell()


async def plain_answer(line: Line) -> None:
    """Answer the client's handshake in plain HTTP, as a web server does that knows no TLS here."""
    await line.say(http(b"", 400))
    await line.hang_up()


# -- what it says


def http(body: bytes, status: int = 200, *fields: str, kind: str = "application/json") -> bytes:
    """Write an answer as HTTP does."""
    phrase = next((known.phrase for known in HTTPStatus if known == status), "Whatever")
    lines = [f"HTTP/1.1 {status} {phrase}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join([*lines, "\r\n"]).encode() + body


def json(code: object, info: str = '"so be it"', more: str = "") -> bytes:
    """Write a refusal, or what looks like one."""
    return f'{{"ActionStatus":"FAIL","ErrorCode":{code},"ErrorInfo":{info}{more}}}'.encode()


def good(*, code: str = "0", time: str = "1546300800", more: str = "") -> bytes:
    """Write an answer that is good for each of the commands, but for what is given."""
    return (
        f'{{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":{code},"MsgTime":{time},"MsgKey":"1_2_3","ResultItem":'
        f'[{{"UserID":"lumotuwe2","ResultCode":0,"ResultInfo":"","AccountStatus":"Imported"}}]{more}}}'
    ).encode()


GOOD: Final = good()
HTML: Final = b"<html><h1>Bad Gateway</h1></html>"
OK_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
LENGTH: Final = b"Content-Length: %d\r\n\r\n" % len(GOOD)
CHUNKED: Final = OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
CHUNKS: Final = b"%x\r\n%b\r\n0\r\n\r\n" % (len(GOOD), GOOD)
ZIPPED: Final = gzip.compress(GOOD)
GIGABYTE_HEAD: Final = OK_HEAD + b"Content-Length: 1073741824\r\n\r\n"


@cache
def _certificates() -> dict[str, ssl.SSLContext]:
    """Make what the server may show: one that the client trusts, and several that it must not."""
    known, stranger = _authority(), trustme.CA()
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    leaves = {
        "good": known.issue_cert("127.0.0.1"),
        "of another host": known.issue_cert("elsewhere.example"),
        "expired": known.issue_cert("127.0.0.1", not_after=yesterday),
        "of a stranger": stranger.issue_cert("127.0.0.1"),
    }
    contexts = {name: ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for name in [*leaves, "self-signed"]}
    for name, leaf in leaves.items():
        leaf.configure_cert(contexts[name])
    with trustme.Blob(stranger.private_key_pem.bytes() + stranger.cert_pem.bytes()).tempfile() as path:
        contexts["self-signed"].load_cert_chain(path)
    return contexts


@cache
def _authority() -> trustme.CA:
    return trustme.CA()


# -- the server, and who calls it


Place = Literal["here", "closed port", "full port", "unknown name", "lost name", "slow name", "TLS", "TLS, unlent"]


class Server:
    """A server on loopback that acts out *fault* on the first connection, and answers well from then on."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.requests = 0
        """How many requests it began to read."""
        self.sent = 0
        """How many bytes it got rid of."""
        self.open = 0
        """How many connections it has."""
        self.first_call_ended = asyncio.Event()
        self._act: Act | None = fault.act
        self._acted = asyncio.Event()
        self._encrypted = fault.place.startswith("TLS")
        self._server: asyncio.Server | None = None
        self._fillers: list[socket.socket] = []
        self._writers: list[asyncio.StreamWriter] = []
        self._handlers: list[asyncio.Task[None]] = []
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        if self._act is None:
            self._acted.set()

    async def __aenter__(self) -> Self:
        if self.fault.place == "full port":
            self._socket.listen(0)
            self._fillers = [self._filler() for _ in range(2)]
        elif self.fault.place != "closed port":
            await self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        for filler in self._fillers:
            filler.close()
        if self._server is not None:
            self._server.close()
        self.first_call_ended.set()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*self._handlers)
        self._socket.close()

    @property
    def base_url(self) -> str:
        """Where it is, or seems to be."""
        scheme = "https" if self._encrypted or self.fault.place == "unknown name" else "http"
        host = "nowhere.invalid" if self.fault.place.endswith("name") else "127.0.0.1"
        return f"{scheme}://{host}:{self._socket.getsockname()[1]}"

    @asynccontextmanager
    async def session(self, **settings: Any) -> AsyncGenerator[TimSession]:
        """Open a session to it that is told no more than it has to know, and close it."""
        usual: dict[str, Any] = {"base_url": self.base_url, "attempt_timeout": self.fault.limit or PATIENCE}
        if "usersig" not in settings:
            usual["secret_key"] = "key"
        lent = self._lent()
        if lent is not None:
            usual["http"] = lent
        try:
            async with TimSession(1400000000, **(usual | settings)) as tim:
                yield tim
        finally:
            if lent is not None:
                await lent.close()

    async def recover(self) -> None:
        """Let the fault come to its end, once the call that met it has ended."""
        self.first_call_ended.set()
        if self._server is None:
            for filler in self._fillers:
                filler.close()
            await self._listen()
        async with asyncio.timeout(SLACK):
            await self._acted.wait()
        for _ in range(20):
            await asyncio.sleep(0)  # what was said arrives

    async def left(self) -> int:
        """Return how many connections stay open after everybody went."""
        if self._handlers:
            await asyncio.wait(self._handlers, timeout=SLACK)
        return self.open

    def _lent(self) -> aiohttp.ClientSession | None:
        """Open what the client borrows where a session of its own could not know its way."""
        if self.fault.place == "TLS":
            trusting = ssl.create_default_context()
            _authority().configure_trust(trusting)
            return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting))
        if self.fault.place in {"lost name", "slow name"}:
            resolver = _LateResolver(silent=self.fault.place == "slow name")
            return aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False))
        return None

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, sock=self._socket)

    def _filler(self) -> socket.socket:
        """Take a place among the connections that wait to be accepted."""
        filler = socket.socket()
        filler.setblocking(False)  # noqa: FBT003  # the socket's own signature
        assert filler.connect_ex(self._socket.getsockname()) == errno.EINPROGRESS
        return filler

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._handlers.append(task)
        self._writers.append(writer)
        self.open += 1
        line = Line(self, reader, writer)
        with suppress(OSError, EOFError):
            await self._talk(line)
        line.close()
        self.open -= 1

    async def _talk(self, line: Line) -> None:
        act, self._act = self._act, None
        if act is not None:
            try:
                await act(line)
            finally:
                self._acted.set()
        elif self._encrypted:
            await line.encrypt(_certificates()["good"])
        while True:
            await line.request()
            await line.say(http(GOOD))


class _LateResolver(AbstractResolver):
    """A name server that is out of order at first, and says so or nothing."""

    def __init__(self, *, silent: bool) -> None:
        self._works = False
        self._silent = silent

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[ResolveResult]:
        """Fail, or say that every name is this machine's."""
        if not self._works:
            self._works = True
            if self._silent:
                await asyncio.Event().wait()
            raise OSError(errno.EIO, "the name server does not answer")
        found: ResolveResult = {
            "hostname": host,
            "host": "127.0.0.1",
            "port": port,
            "family": family,
            "proto": 0,
            "flags": 0,
        }
        return [found]

    async def close(self) -> None:
        """Do nothing."""


@asynccontextmanager
async def hostile(fault: Fault) -> AsyncGenerator[Server]:
    """Start a server that acts out *fault*."""
    async with Server(fault) as server:
        yield server


async def provoke(fault: Fault, command: str, **session_settings: Any) -> BaseException | None:
    """Call *command* of a server that acts out *fault*, and return what that raised."""
    async with hostile(fault) as server, server.session(**session_settings) as tim:
        return await attempt(COMMANDS[command], tim)


async def attempt(call: Callable[[TimSession], Awaitable[object]], tim: TimSession) -> BaseException | None:
    """Return what *call* raises."""
    try:
        await call(tim)
    except TimError as error:
        return error
    return None


# -- the matrix


@dataclass(frozen=True)
class Fault:
    """One way in which it can go wrong."""

    name: str
    """What happens, in 42 characters."""

    act: Act | None
    """What the server does with the first connection; ``None`` where it gets none, or does nothing odd."""

    outcome: Outcome = LOST
    """What the caller hears."""

    but: Mapping[str, Outcome] = field(default_factory=dict)
    """What the caller of some commands hears instead."""

    place: Place = "here"
    """Where the client finds the server."""

    limit: float | None = None
    """After how many seconds the attempt is to end, where only its limit ends it."""

    large: bool = False
    """Whether the server would say a gigabyte."""

    recovers: bool = True
    """Whether the same session can reach a server at all once the fault is over."""

    def expected(self, command: str) -> Outcome:
        """Return what the caller of *command* hears."""
        told = self.but.get(command, self.outcome)
        if told.error is None:
            return told
        return Outcome(told.error, told.delivered, told.status, told.code, PATHS[command])


def _statuses() -> list[Fault]:
    """Every answer that is not 200."""
    moved = "Location: /v4/elsewhere"
    faults = [
        Fault(f"{status} {HTTPStatus(status).phrase}", says(http(HTML, status, kind="text/html")), _http_status(status))
        for status in (201, 206, 400, 401, 403, 404, 408, 413, 429)
    ]
    faults += [
        Fault(f"{status} {HTTPStatus(status).phrase}", says(http(b"", status, moved)), _http_status(status))
        for status in (301, 302, 307, 308)
    ]
    for status in (204, 304):  # these have no body, and so no length
        phrase = HTTPStatus(status).phrase
        content = f"HTTP/1.1 {status} {phrase}\r\n\r\n".encode()
        faults.append(Fault(f"{status} {phrase}", says(content), _http_status(status)))
    for status in (500, 502, 503, 504):
        for what, body in (("HTML", HTML), ("JSON that looks like success", GOOD), ("no body", b"")):
            faults.append(Fault(f"{status}, {what}", says(http(body, status)), _http_status(status)))
    return [*faults, Fault("599, which nobody knows", says(http(HTML, 599)), _http_status(599))]


def _codes() -> list[Fault]:
    """Every form of an ErrorCode that is not the number 0 or one in the manual."""
    works = {
        'ErrorCode "0"': good(code='"0"'),
        "ErrorCode 0.0": good(code="0.0"),
        "ErrorCode -0": good(code="-0"),
        "ErrorCode 20003, then again as 0": good(more=',"ErrorCode":20003,"ErrorCode":0'),
    }
    refused = {
        "ErrorCode 20003": json(20003),
        'ErrorCode "20003"': json('"20003"'),
        "ErrorCode 20003.0": json("20003.0"),
        "ErrorCode 0, then again as 20003": good(more=',"ErrorCode":20003'),
        "ErrorInfo missing": b'{"ErrorCode":20003}',
        "ErrorInfo null": json(20003, "null"),
        "ErrorInfo a number": json(20003, "7"),
        "ErrorInfo an object": json(20003, '{"why":["so"]}'),
        "RequestId an object": json(20003, more=',"RequestId":{"a":1}'),
    }
    odd = ["1.5", "null", "true", "false", "[20003]", "{}", '""', '"abc"', '"NaN"', '"1e999"']
    faults = [Fault(name, says(http(body)), WORKS) for name, body in works.items()]
    faults += [Fault(name, says(http(body)), NOT_FOUND) for name, body in refused.items()]
    faults += [Fault(f"ErrorCode {code}", says(http(good(code=code))), ODD) for code in odd]
    faults += [Fault(f"ErrorCode {code}", says(http(json(code))), _unknown(code)) for code in (-7, 123456789, 2**64)]
    return [
        *faults,
        Fault("ErrorCode missing", says(http(GOOD.replace(b"ErrorCode", b"Code"))), ODD),
        Fault("ErrorCode 60008, late within the service", says(http(json(60008))), Outcome(ServerError, code=60008)),
        Fault("only an ErrorCode 0", says(http(b'{"ErrorCode":0}')), DONE_BUT_ODD, but={"read": WORKS}),
        Fault(
            "fields of the wrong types",
            says(http(b'{"ErrorCode":0,"ActionStatus":[],"MsgTime":"soon","ResultItem":"none"}')),
            DONE_BUT_ODD,
        ),
        Fault("a time that is none", says(http(good(time='"soon"'))), DONE_BUT_ODD, but={"read": WORKS}),
        Fault(
            "fields of a batch alone",
            says(http(b'{"ErrorCode":0,"ActionStatus":"OK","MsgKey":"1_2_3"}')),
            DONE_BUT_ODD,
            but={"batch": WORKS, "read": WORKS},
        ),
        Fault("a time of 70 bits", says(http(good(time=f"{2**70}"))), WORKS),
    ]


def _bodies() -> list[Fault]:
    """Every body of a 200 that is not the JSON of the manual."""
    lost = {
        "200 with HTML": http(HTML, kind="text/html"),
        "200 without a body": http(b""),
        "200 with blanks": http(b" \r\n "),
        "JSON that is cut": http(GOOD[:-9]),
        "two JSON objects": http(GOOD + GOOD),
        "a JSON list": http(b"[" + GOOD + b"]"),
        "JSON null": http(b"null"),
        "a JSON string": http(b'"OK"'),
        "a JSON number": http(b"0"),
        "NaN in the JSON": http(good(more=',"Ratio":NaN')),
        "Infinity as the ErrorCode": http(good(code="Infinity")),
        "2,000 lists within each other": http(b"[" * 2000 + b"]" * 2000),
        "2,000 lists in a field that nobody reads": http(good(more=',"Deep":' + "[" * 2000 + "]" * 2000)),
        "UTF-16": http(GOOD.decode().encode("utf-16")),
        "GBK": http(json(20003, '"用户不存在"').decode().encode("gbk"), kind="application/json; charset=gbk"),
        "a byte that is no UTF-8": http(good(more=',"Info":"?"').replace(b"?", b"\xff")),
        "gzip that is none": http(GOOD, 200, "Content-Encoding: gzip"),
        "gzip that is cut": http(ZIPPED[: len(ZIPPED) // 2], 200, "Content-Encoding: gzip"),
        "deflate that is cut": http(zlib.compress(GOOD)[:50], 200, "Content-Encoding: deflate"),
        "br that is none": http(GOOD, 200, "Content-Encoding: br"),
        "a length that is too short": http(GOOD).replace(LENGTH, b"Content-Length: 20\r\n\r\n"),
    }
    works = {
        "text/plain": http(GOOD, kind="text/plain"),
        "no Content-Type": b"HTTP/1.1 200 OK\r\n" + LENGTH + GOOD,
        "a byte order mark": http(b"\xef\xbb\xbf" + GOOD),
        "blanks round the JSON": http(b"\r\n " + GOOD + b"\r\n"),
        "50 lists in a field that nobody reads": http(good(more=',"Deep":' + "[" * 50 + "]" * 50)),
        "gzip": http(ZIPPED, 200, "Content-Encoding: gzip"),
        "deflate": http(zlib.compress(GOOD), 200, "Content-Encoding: deflate"),
        "an answer of 1 MB": http(good(more=f',"Long":"{"x" * MEGABYTE}"')),
    }
    faults = [Fault(name, says(content)) for name, content in lost.items()]
    return faults + [Fault(name, says(content), WORKS) for name, content in works.items()]


def _answers() -> list[Fault]:
    """Every way of HTTP to go on that is not one head, one body and nothing else."""
    closing = OK_HEAD + b"\r\n" + GOOD
    works = {
        "100 Continue first": says(b"HTTP/1.1 100 Continue\r\n\r\n" + http(GOOD)),
        "103 Early Hints first": says(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", http(GOOD)),
        "chunks": says(CHUNKED + CHUNKS),
        "a chunk for each byte": says(CHUNKED, *(b"1\r\n%c\r\n" % byte for byte in GOOD), b"0\r\n\r\n"),
        "HTTP/1.0 without a length": says(closing.replace(b"/1.1", b"/1.0"), then="close"),
        "HTTP/1.1 without a length": says(closing, then="close"),
        "100 headers": says(http(GOOD, 200, *(f"X-{n}: {n}" for n in range(100)))),
        "Connection: close": says(http(GOOD, 200, "Connection: close"), then="close"),
        "hung up after a good answer": says(http(GOOD), then="close"),
        "reset after a good answer was read": reset_later,
        "answered before the body was read": answer_early,
        "a second answer behind the first": says(http(GOOD) + http(json(20003))),
        "a second answer once the first was read": adds(http(json(20003))),
        "nonsense once the answer was read": adds(b"and another thing\r\n\r\n"),
    }
    lost = {
        "nonsense behind the answer": says(http(GOOD) + b"and another thing\r\n\r\n"),
        "no HTTP": says(b"hello, who is there?\r\n\r\n", then="close"),
        "TLS on a plain port": says(b"\x15\x03\x01\x00\x02\x02\x46", then="close"),
        "a status that is no number": says(b"HTTP/1.1 OK\r\n\r\n", then="close"),
        "a length that is no number": says(OK_HEAD + b"Content-Length: many\r\n\r\n" + GOOD, then="close"),
        "two lengths": says(OK_HEAD + b"Content-Length: 9\r\n" + LENGTH + GOOD, then="close"),
        "a length and chunks": says(CHUNKED.replace(b"\r\n\r\n", b"\r\n" + LENGTH) + CHUNKS, then="close"),
        "a chunk that is none": says(CHUNKED + b"zz\r\n" + GOOD, then="close"),
        "a header of 1 MB": says(http(GOOD, 200, f"X: {'x' * MEGABYTE}"), then="close"),
        "10,000 headers": says(http(GOOD, 200, *(f"X-{n}: {n}" for n in range(10_000))), then="close"),
    }
    faults = [Fault(name, act, WORKS) for name, act in works.items()]
    faults += [Fault(name, act) for name, act in lost.items()]
    return [
        *faults,
        Fault("413 before the body was read", refuse_early, _http_status(413)),
        Fault("a header without end", pours(OK_HEAD + b"X: ", b"x" * 65536), large=True),
        Fault("headers without end", pours(OK_HEAD, b"X-Y: z\r\n" * 8192), large=True),
        Fault("1 GB", pours(GIGABYTE_HEAD, bytes(65536)), large=True),
        Fault("1 GB in chunks", pours(CHUNKED, b"10000\r\n" + bytes(65536) + b"\r\n"), large=True),
        Fault("1 GB until it hangs up", pours(OK_HEAD + b"\r\n", bytes(65536)), large=True),
        Fault("1 GB, compressed to 1 MB", inflates(), large=True),
    ]


FAULTS: Final[tuple[Fault, ...]] = (
    Fault("connection refused", None, UNREACHABLE, place="closed port"),
    Fault("connection neither taken nor refused", None, LATE_UNSENT, place="full port", limit=BRIEF),
    Fault("a name that nobody has", None, UNREACHABLE, place="unknown name", recovers=False),
    Fault("a name server out of order", None, UNREACHABLE, place="lost name"),
    Fault("a name server that is silent", None, LATE_UNSENT, place="slow name", limit=BRIEF),
    Fault("TLS, and all is well", None, WORKS, place="TLS"),
    Fault("a self-signed certificate", encrypts("self-signed"), NOT_SENT, place="TLS"),
    Fault("a certificate of another host", encrypts("of another host"), NOT_SENT, place="TLS"),
    Fault("a certificate of yesterday", encrypts("expired"), NOT_SENT, place="TLS"),
    Fault("a certificate of a stranger", encrypts("of a stranger"), NOT_SENT, place="TLS"),
    Fault("a stranger, to a session of its own", encrypts("good"), NOT_SENT, place="TLS, unlent", recovers=False),
    Fault("plain HTTP on a TLS port", plain_answer, NOT_SENT, place="TLS"),
    Fault("hung up during the TLS handshake", close_unread, UNREACHABLE, place="TLS"),
    Fault("reset during the TLS handshake", reset_unread, UNREACHABLE, place="TLS"),
    Fault("silence during the TLS handshake", no_handshake, LATE_UNSENT, place="TLS", limit=BRIEF),
    Fault("reset before the request was read", reset_unread),
    Fault("reset after the request was read", says(then="reset")),
    Fault("hung up before the request was read", close_unread),
    Fault("hung up after the request was read", says(then="close")),
    Fault("hung up in the status line", says(b"HTTP/1.1 20", then="close")),
    Fault("hung up in the headers", says(OK_HEAD + b"Content-Le", then="close")),
    Fault("reset in the headers", says(OK_HEAD + b"Content-Le", then="reset")),
    Fault("hung up before the body", says(OK_HEAD + LENGTH, then="close")),
    Fault("hung up in the body", says(OK_HEAD + LENGTH + GOOD[:-1], then="close")),
    Fault("reset in the body", says(OK_HEAD + LENGTH + GOOD[:-1], then="reset")),
    Fault("hung up in a chunk", says(CHUNKED + b"fff\r\n" + GOOD, then="close")),
    Fault("hung up before the last chunk", says(CHUNKED + b"%x\r\n%b\r\n" % (len(GOOD), GOOD), then="close")),
    Fault("no answer at all", says(then="silence"), LATE, limit=BRIEF),
    Fault("half a head, then silence", says(OK_HEAD, then="silence"), LATE, limit=BRIEF),
    Fault("a head, then silence", says(OK_HEAD + LENGTH, then="silence"), LATE, limit=BRIEF),
    Fault("half a body, then silence", says(OK_HEAD + LENGTH + GOOD[:50], then="silence"), LATE, limit=BRIEF),
    Fault("a chunk, then silence", says(CHUNKED + b"1\r\n{\r\n", then="silence"), LATE, limit=BRIEF),
    Fault("100 Continue, then silence", says(b"HTTP/1.1 100 Continue\r\n\r\n", then="silence"), LATE, limit=BRIEF),
    Fault("byte by byte", drips(http(GOOD)), LATE, limit=BRIEF),
    Fault("byte by byte, after the head", drips(GOOD, first=OK_HEAD + LENGTH), LATE, limit=BRIEF),
    *_statuses(),
    *_bodies(),
    *_codes(),
    *_answers(),
)
