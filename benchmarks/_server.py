"""The other end of the wire: a server that does next to nothing, in a process of its own.

It answers every POST with the same receipt of a sent message and remembers when each arrived and the number its body
carries (``n=123``). ``GET /arrivals`` tells what it remembers. Its times are those of :func:`time.monotonic`, which on
Linux is one clock for all processes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import subprocess
import sys
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Final, cast

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["RECEIPT", "ROOT", "Arrival", "Server", "running", "serving", "until_told"]

ROOT: Final = Path(__file__).resolve().parent.parent
"""Where the library and the benchmarks lie side by side."""

RECEIPT: Final = (
    b'{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0,"MsgTime":1572870301,"MsgKey":"89541_2574206_1572870301",'
    b'"MsgId":"144115233406643804-1727580296-4026038328"}'
)
"""The answer to every POST."""

_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_NUMBER: Final = re.compile(rb"\bn=(\d+)")


@frozen
class Arrival:
    """One call, as the server saw it."""

    time: float
    """When all of it was there, seconds of :func:`time.monotonic`."""

    number: int | None
    """The number its body carries, if any."""


@frozen
class Server:
    """A running server, seen from the process that started it."""

    port: int

    @property
    def base_url(self) -> str:
        """The address up to the path."""
        return f"http://127.0.0.1:{self.port}"

    def arrivals(self) -> list[Arrival]:
        """Return every call so far, in order of arrival."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/arrivals")
            return [Arrival(*seen) for seen in json.loads(connection.getresponse().read())]
        finally:
            connection.close()


@contextmanager
def running(module: str, *args: str) -> Generator[int]:
    """Run *module* in a process of its own, which prints its port and ends when its stdin is closed."""
    command = [sys.executable, "-m", module, *args]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()  # which ends it


@contextmanager
def serving(delay: float = 0.0) -> Generator[Server]:
    """Run a server in a process of its own, which takes *delay* seconds for each answer."""
    with running("benchmarks._server", "--delay", str(delay)) as port:
        yield Server(port)


async def until_told(port: int) -> None:
    """Say on which *port* this process serves, and wait until whoever started it closes stdin."""
    print(port, flush=True)
    await asyncio.to_thread(sys.stdin.read)


class _Connection(asyncio.Protocol):
    """Reads requests with a Content-Length, or none, and keeps the connection open."""

    def __init__(self, seen: list[tuple[float, int | None]], delay: float) -> None:
        self._seen = seen
        self._delay = delay
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        now = monotonic()
        self._unread += data
        while (head := self._unread.find(_HEAD_END)) >= 0:
            length = _LENGTH.search(self._unread, 0, head + 2)
            body = head + len(_HEAD_END)
            end = body + (int(length[1]) if length else 0)
            if len(self._unread) < end:
                return
            self._answer(self._unread[:head], self._unread[body:end], now)
            self._unread = self._unread[end:]

    def _answer(self, head: bytes, body: bytes, now: float) -> None:
        if head.startswith(b"GET /arrivals "):
            self._transport.write(_response(json.dumps(self._seen).encode()))
            return
        number = _NUMBER.search(body)
        self._seen.append((now, int(number[1]) if number else None))
        if self._delay:
            asyncio.get_running_loop().call_later(self._delay, self._transport.write, _SENT)
        else:
            self._transport.write(_SENT)


def _response(content: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % len(content) + content


_SENT: Final = _response(RECEIPT)


async def _serve(delay: float) -> None:
    seen: list[tuple[float, int | None]] = []
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(seen, delay), "127.0.0.1", 0, backlog=1024)
    await until_told(server.sockets[0].getsockname()[1])


def main() -> None:
    """Serve until stdin is closed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    asyncio.run(_serve(parser.parse_args().delay))


if __name__ == "__main__":
    main()
