"""Files over real sockets, from an address that the service hands out."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import io
import logging
import random
import socket
import traceback
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeAlias

import aiohttp
import pytest
from aiohttp import web

from timrest_async import CallTimeoutError, ConfigError, TransportError
from timrest_async._failover import Failover
from timrest_async.session import TimSession
from timrest_async.testing import FakeClock, MemoryTransport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    Handler: TypeAlias = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

HISTORY = "open_msg_svc/get_history"
SIGN = "SIGN0that1lets2anybody3in"
CONTENT = random.Random(20190419).randbytes(300_000)
"""More than is in memory at once, and nothing that packing makes shorter."""
IDLE = 0.1
"""Seconds for which nothing may arrive, where a test waits for that."""
LONG = 30.0
"""Seconds that no test waits."""


class Files:
    """A server on loopback that answers as it is told, and keeps every request."""

    def __init__(self) -> None:
        self.requests: list[web.BaseRequest] = []
        self.says: Handler = whole
        self.left = asyncio.Event()
        """Nobody waits for the answer any longer."""
        self._runner = web.ServerRunner(web.Server(self._answer, handler_cancellation=True))

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def at(self, path: str) -> str:
        """Return the address of a file."""
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}{path}"

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append(request)
        try:
            return await self.says(request)
        except asyncio.CancelledError:
            self.left.set()
            raise


async def whole(_: web.BaseRequest) -> web.StreamResponse:
    """All of it."""
    return web.Response(body=CONTENT)


async def packed_on_the_way(_: web.BaseRequest) -> web.StreamResponse:
    """All of it, packed by the server, as HTTP says."""
    return web.Response(body=gzip.compress(CONTENT), headers={"Content-Encoding": "gzip"})


async def in_pieces(request: web.BaseRequest) -> web.StreamResponse:
    """All of it, of no announced length."""
    response = web.StreamResponse()
    response.enable_chunked_encoding()
    await response.prepare(request)
    for start in range(0, len(CONTENT), 7_000):
        await response.write(CONTENT[start : start + 7_000])
    return response


async def absent(_: web.BaseRequest) -> web.StreamResponse:
    """No such file."""
    return web.Response(status=404, text=SIGN)


async def elsewhere(request: web.BaseRequest) -> web.StreamResponse:
    """The file is said to be at another place."""
    return web.Response(status=302, headers={"Location": f"/elsewhere?sign={SIGN}&{request.path}"})


async def begun(request: web.BaseRequest) -> web.StreamResponse:
    """A part of it."""
    response = web.StreamResponse()
    response.content_length = len(CONTENT)
    await response.prepare(request)
    await response.write(CONTENT[:200_000])
    return response


async def cut(request: web.BaseRequest) -> web.StreamResponse:
    """A part of it, and then the connection is gone."""
    response = await begun(request)
    assert request.transport is not None
    request.transport.close()
    return response


async def stuck(request: web.BaseRequest) -> NoReturn:
    """A part of it, and then nothing more."""
    await begun(request)
    await silent(request)


async def silent(_: web.BaseRequest) -> NoReturn:
    """Nothing, not even a head."""
    await asyncio.Event().wait()
    raise AssertionError


async def garbled(_: web.BaseRequest) -> web.StreamResponse:
    """Something that was not packed, said to be."""
    return web.Response(body=CONTENT, headers={"Content-Encoding": "gzip"})


class Paper(io.BytesIO):
    """What a file is written to, and says when something was."""

    def __init__(self) -> None:
        super().__init__()
        self.written = asyncio.Event()

    def write(self, data: Any, /) -> int:
        """Tell."""
        self.written.set()
        return super().write(data)


@pytest.fixture
async def files() -> AsyncIterator[Files]:
    """Return a server of files."""
    async with Files() as files:
        yield files


@pytest.fixture
def nobody() -> Iterator[str]:
    """Return an address of this machine at which nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def session(base_url: str = "http://127.0.0.1:9", **settings: Any) -> TimSession:
    """Return a session whose own host is of no matter."""
    return TimSession(1400000000, secret_key="key", base_url=base_url, **({"attempt_timeout": LONG} | settings))


def assert_unshown(error: BaseException, *more: str) -> None:
    """The address, which lets anybody in who knows it, is nowhere in what is shown of *error*."""
    shown = "".join(traceback.format_exception(error))
    assert SIGN not in "\n".join([shown, str(error), repr(error), repr(vars(error)), *more])
    assert error.__cause__ is error.__context__ is None


# -- the way of a file


@pytest.mark.parametrize("says", [whole, packed_on_the_way, in_pieces])
async def test_a_file_is_written_as_it_lies_there(files: Files, says: Handler) -> None:
    """Byte for byte, however HTTP carries it."""
    files.says = says
    into = io.BytesIO()
    async with session() as tim:
        await tim.download(HISTORY, files.at("/1.gz"), into)
    assert into.getvalue() == CONTENT


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("/1.gz?sign=a%2Fb%3D%20c+d~%7E&t=1;2%3B3", "/1.gz?sign=a%2Fb%3D%20c+d~%7E&t=1;2%3B3"),
        ("/你 好.gz?sign=a", "/%E4%BD%A0%20%E5%A5%BD.gz?sign=a"),
    ],
    ids=["signed", "not yet quoted"],
)
async def test_an_address_goes_out_letter_by_letter(files: Files, address: str, asked: str) -> None:
    """One that is signed would not hold if any of it were written otherwise."""
    async with session() as tim:
        await tim.download(HISTORY, files.at(address), io.BytesIO())
    assert files.requests[0].raw_path == asked


async def test_nothing_of_the_session_goes_to_the_address(files: Files) -> None:
    """No UserSig, no application and no cookie: the request says what is wanted, and no more."""
    files.says = told_by_both
    async with session(files.at("")) as tim:
        messages = tim.operations.each_in_history("C2C", "2019041912")
        assert [message.msg_seq async for message in messages] == [1]

    call, request = files.requests
    assert call.path == f"/v4/{HISTORY}"
    assert "usersig" in call.query
    assert (request.method, request.raw_path) == ("GET", f"/1.gz?sign={SIGN}")
    assert request.headers.keys() <= {"Host", "Accept", "Accept-Encoding", "User-Agent"}
    assert not request.can_read_body


async def told_by_both(request: web.BaseRequest) -> web.StreamResponse:
    """The service, which says where a file lies, and the place where it lies."""
    content = gzip.compress(b'{"MsgList":[\n{"MsgSeq":1}\n]}\n', mtime=0)
    if request.method == "GET":
        return web.Response(body=content)
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    place = {"URL": f"http://{request.host}/1.gz?sign={SIGN}", "GzipMD5": md5}
    response = web.json_response({"ErrorCode": 0, "File": [place]})
    response.set_cookie("session", SIGN)
    return response


async def test_a_file_may_take_longer_than_an_attempt(files: Files) -> None:
    """Only a single wait for more is bounded, not the file as a whole."""

    async def slowly(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(8):
            await asyncio.sleep(IDLE / 2)
            await response.write(b"piece")
        return response

    files.says = slowly
    into = io.BytesIO()
    async with session(attempt_timeout=3 * IDLE) as tim:
        await tim.download(HISTORY, files.at("/1.gz"), into)
    assert into.getvalue() == b"piece" * 8


async def test_a_lent_session_of_aiohttp_carries_files_too(files: Files) -> None:
    """It is used for them, and stays open."""
    async with aiohttp.ClientSession(headers={"X-Lent": "yes"}) as http:
        async with session(http=http) as tim:
            await tim.download(HISTORY, files.at("/1.gz"), io.BytesIO())
        assert not http.closed
    assert files.requests[0].headers["X-Lent"] == "yes"


async def test_a_file_lies_on_neither_of_two_hosts(files: Files, nobody: str) -> None:
    """A session with a backup fetches it from where it lies, though neither host can be reached."""
    into = io.BytesIO()
    async with session(nobody, failover=nobody) as tim:
        await tim.download(HISTORY, files.at("/1.gz"), into)
    assert into.getvalue() == CONTENT


# -- what keeps it from arriving


@pytest.mark.parametrize(
    ("says", "status", "words"),
    [
        (absent, 404, "HTTP 404 in place of the file"),
        (elsewhere, 302, "HTTP 302 in place of the file"),
        (cut, None, "the file could not be downloaded (ClientPayloadError)"),
        (garbled, None, "the file could not be downloaded (ClientPayloadError)"),
    ],
)
async def test_what_is_no_file_is_an_error(
    files: Files, caplog: pytest.LogCaptureFixture, says: Handler, status: int | None, words: str
) -> None:
    """An error that names the command and not the address; no redirect is followed, and nothing is asked for twice."""
    files.says = says
    with caplog.at_level(logging.DEBUG):
        async with session() as tim:
            with pytest.raises(TransportError) as caught:
                await tim.download(HISTORY, files.at(f"/1.gz?sign={SIGN}"), io.BytesIO())

    assert str(caught.value) == f"{HISTORY}: {words}"
    assert caught.value.status == status
    assert len(files.requests) == 1
    assert_unshown(caught.value, *[record.getMessage() for record in caplog.records if record.name != "aiohttp.access"])


@pytest.mark.parametrize("says", [silent, stuck])
async def test_silence_has_a_limit(files: Files, says: Handler) -> None:
    """When nothing more arrives for as long as an attempt may take, the download ends, and so does its connection."""
    files.says = says
    async with session(attempt_timeout=IDLE) as tim:
        with pytest.raises(CallTimeoutError) as caught:
            await tim.download(HISTORY, files.at(f"/1.gz?sign={SIGN}"), io.BytesIO())
        await files.left.wait()

    assert str(caught.value) == f"{HISTORY}: nothing more of the file arrived for 0.1 s"
    assert_unshown(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "",
        SIGN,
        f"/1.gz?sign={SIGN}",
        f"//127.0.0.1/{SIGN}",
        "http://",
        f"http://[::1/{SIGN}",
        f"http://127.0.0.1:port/{SIGN}",
        f"file:///etc/{SIGN}",
        f"ftp://127.0.0.1/{SIGN}",
        f"{{nobody}}/{SIGN}",
    ],
)
async def test_an_address_that_leads_nowhere_is_an_error(address: str, nobody: str) -> None:
    """Whatever the service writes in its place, and where nobody listens."""
    async with session() as tim:
        with pytest.raises(TransportError, match="could not be downloaded") as caught:
            await tim.download(HISTORY, address.format(nobody=nobody), io.BytesIO())
    assert_unshown(caught.value)


async def test_a_download_can_be_cancelled(files: Files) -> None:
    """As any call; the connection goes with it."""
    files.says = stuck
    async with session() as tim:
        task = asyncio.create_task(tim.download(HISTORY, files.at("/1.gz"), into := Paper()))
        await into.written.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await files.left.wait()


# -- who cannot fetch anything


async def test_a_closed_session_fetches_nothing(files: Files) -> None:
    """Nor does one whose aiohttp session was closed; what is under way ends with the connections."""
    files.says = stuck
    tim = session()
    task = asyncio.create_task(tim.download(HISTORY, files.at(f"/1.gz?sign={SIGN}"), into := Paper()))
    await into.written.wait()
    await tim.close()
    with pytest.raises(TransportError) as caught:
        await task
    assert_unshown(caught.value)
    with pytest.raises(ConfigError, match="closed"):
        await tim.download(HISTORY, files.at("/1.gz"), io.BytesIO())


async def test_a_session_whose_lent_one_was_closed_fetches_nothing(files: Files) -> None:
    """Whoever lent it closed it too early, and hears so."""
    http = aiohttp.ClientSession()
    await http.close()
    async with session(http=http) as tim:
        with pytest.raises(ConfigError, match="closed"):
            await tim.download(HISTORY, files.at("/1.gz"), io.BytesIO())
    assert files.requests == []


class OnlyPosts:
    """A transport that somebody wrote before there were files."""

    async def post(self, path: str, usersig: str, body: bytes, timeout: float) -> bytes:  # noqa: ASYNC109  # of one attempt
        """Find nothing."""
        raise TransportError(path, f"{len(usersig + str(body)) / timeout:g}")

    async def close(self) -> None:
        """Let go of nothing."""


@pytest.mark.parametrize(
    "transport", [OnlyPosts(), Failover(OnlyPosts(), MemoryTransport(), FakeClock())], ids=["alone", "with a backup"]
)
async def test_a_transport_need_not_carry_files(transport: OnlyPosts | Failover) -> None:
    """The session says so when it is asked for one."""
    async with TimSession(1400000000, secret_key="key", transport=transport) as tim:
        with pytest.raises(ConfigError, match="cannot fetch files"):
            await tim.download(HISTORY, "http://127.0.0.1/1.gz", io.BytesIO())
