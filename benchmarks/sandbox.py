"""How many messages a second the sandbox takes, and what it costs to hold them.

It runs in a process of its own, with its checks, its signatures and its tables; a client that does next to nothing
posts ``openim/sendmsg`` over 32 connections. Beside it, in the same rounds, an aiohttp server that reads the body and
answers a canned receipt: the least that a server of this kind costs. Memory is what the sandbox's process has more
once it holds the messages.
"""

from __future__ import annotations

import asyncio
import gc
import json
import multiprocessing
import sys
import tempfile
from pathlib import Path
from time import perf_counter, time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from aiohttp import web
from attrs import frozen

from benchmarks._report import Claim, Spread, arguments, finish, print_table
from timrest_async.sandbox import Sandbox
from timrest_async.usersig import DAY, sign

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

CONNECTIONS: Final = 32
ACCOUNTS: Final = 1_000
SDKAPPID: Final = 1_400_000_000
KEY: Final = "sandbox-key-not-a-secret"
RECEIPT: Final = (
    b'{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0,"MsgTime":1572870301,"MsgKey":"89541_2574206_1572870301",'
    b'"MsgId":"144115233406643804-1727580296-4026038328"}'
)

EMPTY: Final = "the sandbox, empty"
FULL: Final = "the sandbox, holding {:,}"
FILE: Final = "the sandbox with --data, holding {:,}"
BARE: Final = "aiohttp, a canned receipt"

WARM_UP: Final = 500

ENOUGH: Final = 3_000
"""Messages a second."""


@frozen
class Load:
    """How much is measured."""

    held: int
    rounds: int
    calls: int
    """In each round."""


@frozen
class Found:
    """What was seen of one server."""

    per_second: Spread
    bytes_each: float | None = None


class Peer:
    """A server in a process of its own."""

    def __init__(self, kind: str, file: str | None = None) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, kind, file), daemon=True)
        self._process.start()
        self.port = int(self._pipe.recv())

    def memory(self) -> int:
        """Return how many bytes it has in memory."""
        self._pipe.send("memory")
        return int(self._pipe.recv())

    def stop(self) -> None:
        """End it."""
        self._pipe.send("stop")
        self._process.join()


def _serve(pipe: Connection, kind: str, file: str | None) -> None:
    asyncio.run({"bare": _bare, "sandbox": _sandbox}[kind](pipe, file))


async def _sandbox(pipe: Connection, file: str | None) -> None:
    async with Sandbox(calls_per_second=None, data=file) as box:
        for number in range(ACCOUNTS):
            box.state.add_account(f"user{number}")
        await _tell(pipe, box.port)


async def _bare(pipe: Connection, _: str | None) -> None:
    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=RECEIPT, content_type="application/json")

    application = web.Application()
    application.router.add_post("/v4/{path:.+}", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await _tell(pipe, runner.addresses[0][1])
    await runner.cleanup()


async def _tell(pipe: Connection, port: int) -> None:
    """Say where this process serves, and how much memory it has, until told to stop."""
    pipe.send(port)
    while await asyncio.to_thread(pipe.recv) == "memory":
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])  # noqa: ASYNC240  # it is no file
        pipe.send(pages * 4096)


async def _post(port: int, first: int, calls: int) -> float:
    """Post *calls* messages, numbered from *first*, and return how many a second were taken."""
    numbers = iter(range(first, first + calls))
    usersig = sign(SDKAPPID, KEY, "administrator", expire=DAY, time=int(time()))
    query = {"sdkappid": SDKAPPID, "identifier": "administrator", "usersig": str(usersig), "random": 1}
    head = f"POST /v4/openim/sendmsg?{urlencode(query)}&contenttype=json HTTP/1.1\r\nHost: sandbox\r\n".encode()

    async def some() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in numbers:
            body = _message(number)
            writer.write(b"%sContent-Length: %d\r\n\r\n%s" % (head, len(body), body))
            answer = await reader.readuntil(b"}")
            if b'"ErrorCode":0' not in answer:
                raise RuntimeError(answer.decode())
        writer.close()
        await writer.wait_closed()

    began = perf_counter()
    await asyncio.gather(*(some() for _ in range(CONNECTIONS)))
    return calls / (perf_counter() - began)


def _message(number: int) -> bytes:
    """Make a message of some 250 bytes between two of the accounts."""
    text = f"message {number}, about as long as what people write to each other on an ordinary day"
    body: dict[str, Any] = {
        "From_Account": f"user{number % ACCOUNTS}",
        "To_Account": f"user{(number * 7 + 1) % ACCOUNTS}",
        "MsgSeq": number,
        "MsgRandom": number,
        "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}],
    }
    return json.dumps(body, separators=(",", ":")).encode()


async def _measure(load: Load, folder: str) -> dict[str, Found]:
    file = Path(folder) / "box.db"
    peers = {BARE: Peer("bare"), EMPTY: Peer("sandbox"), FULL: Peer("sandbox"), FILE: Peer("sandbox", str(file))}
    for peer in peers.values():
        await _post(peer.port, 0, WARM_UP)
    weights = {name: await _fill(peers[name], load.held) for name in (FULL, FILE)}
    rates: dict[str, list[float]] = {name: [] for name in peers}
    for number in range(load.rounds):
        first = WARM_UP + load.held + number * load.calls
        for name, peer in peers.items():
            rates[name].append(await _post(peer.port, first, load.calls))
    for peer in peers.values():
        peer.stop()
    return {name: Found(Spread.of(found), weights.get(name)) for name, found in rates.items()}


async def _fill(peer: Peer, messages: int) -> float:
    """Let *peer* hold so many *messages*, and return how many bytes it has more for each."""
    before = peer.memory()
    await _post(peer.port, WARM_UP, messages)
    return (peer.memory() - before) / messages


def _claims(found: dict[str, Found], load: Load, *, short: bool) -> list[Claim]:
    full, empty = found[FULL].per_second.median, found[EMPTY].per_second.median
    claims = [
        Claim(
            f"as quick with {load.held:,} messages as without: {full / empty:.2f} x",
            full / empty >= (0.5 if short else 0.8),
        )
    ]
    if not short:
        claims.append(Claim(f"at least {ENOUGH:,} messages a second: {full:,.0f}", full >= ENOUGH))
    return claims


def main() -> int:
    """Measure, print, and judge."""
    options = arguments(__doc__).parse_args()
    load = Load(5_000, 3, 1_000) if options.short else Load(100_000, 7, 10_000)
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(_measure(load, folder))
    bare = found[BARE].per_second.median
    print_table(
        f"openim/sendmsg over {CONNECTIONS} connections, {load.rounds} rounds of {load.calls:,}",
        ("server", "messages a second", "quartiles", "extremes", "of the canned", "bytes a message"),
        [
            (
                name.format(load.held),
                *it.per_second.show(0),
                f"{it.per_second.median / bare:.2f} x",
                "" if it.bytes_each is None else f"{it.bytes_each:,.0f}",
            )
            for name, it in found.items()
        ],
    )
    return finish("sandbox", options, found, _claims(found, load, short=options.short))


if __name__ == "__main__":
    sys.exit(main())
