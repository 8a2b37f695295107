"""Webhooks behind real sockets: a door for each server and framework, and a client that writes its own bytes."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlencode

import uvicorn
from aiohttp import web
from attrs import frozen
from fastapi import FastAPI
from hypercorn.middleware import DispatcherMiddleware
from quart import Quart
from starlette.applications import Starlette
from starlette.routing import Mount

from timrest_async.testing import FakeClock
from timrest_async.webhook import Auth, Webhook, sign
from timrest_async.webhook.aiohttp_web import add_webhook
from timrest_async.webhook.asgi import asgi_app

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator
    from contextlib import AbstractAsyncContextManager

SDKAPPID = 1400000000
TOKEN = "xxxxyyyy"
MOST = 1_000
"""No body is larger."""

GRACE = 5
"""For how many seconds a server that stops waits for answers, where a test has failed."""

BEFORE, AFTER = "C2C.CallbackBeforeSendMsg", "C2C.CallbackAfterSendMsg"


class Watched(FakeClock):
    """A clock that tells what is done with it."""

    def __init__(self) -> None:
        super().__init__()
        self.looked_at = asyncio.Event()
        """Somebody asked for the time, as an adapter does when a request begins."""
        self.set_up = asyncio.Event()
        """Somebody waits for a time, as a webhook does when it is closed."""

    def time(self) -> float:
        """Return the time, and tell."""
        self.looked_at.set()
        return super().time()

    def call_at(self, when: float, callback: Callable[[], object], /) -> Any:
        """Remember *callback*, and tell."""
        self.set_up.set()
        return super().call_at(when, callback)


def webhook(clock: FakeClock, **settings: Any) -> Webhook:
    """Make a webhook that lives by *clock*."""
    auth = Auth(sdkappid=SDKAPPID, token=TOKEN, clock=clock)
    return Webhook(auth, clock=clock, **({"max_bytes": MOST} | settings))


# -- the doors


@frozen
class Door:
    """Where a webhook is."""

    port: int
    path: str


Opening: TypeAlias = "Callable[[Webhook], AbstractAsyncContextManager[Door]]"


class Server(uvicorn.Server):
    """uvicorn, which leaves the signals to who runs the tests."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield


@asynccontextmanager
async def served_by_aiohttp(app: web.Application) -> AsyncGenerator[int]:
    """Run *app*, and give the port."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=GRACE)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def served_by_uvicorn(app: Any) -> AsyncGenerator[int]:
    """Run *app*, and give the port; who connects before the server is ready waits in the line."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, lifespan="on", log_config=None, access_log=False, timeout_graceful_shutdown=GRACE)
        server = Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await serving


@asynccontextmanager
async def in_aiohttp(hook: Webhook) -> AsyncGenerator[Door]:
    """Open a route of aiohttp."""
    app = web.Application()
    add_webhook(app, "/tim", hook)
    async with served_by_aiohttp(app) as port:
        yield Door(port, "/tim")


@asynccontextmanager
async def alone(hook: Webhook) -> AsyncGenerator[Door]:
    """Open the bare ASGI application."""
    async with served_by_uvicorn(asgi_app(hook)) as port:
        yield Door(port, "/any/path")


@asynccontextmanager
async def in_fastapi(hook: Webhook) -> AsyncGenerator[Door]:
    """Open a mount in FastAPI."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        async with hook:
            yield

    app = FastAPI(lifespan=lifespan)
    app.mount("/tim", asgi_app(hook))
    async with served_by_uvicorn(app) as port:
        yield Door(port, "/tim/")


@asynccontextmanager
async def in_starlette(hook: Webhook) -> AsyncGenerator[Door]:
    """Open a mount in Starlette."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        async with hook:
            yield

    app = Starlette(routes=[Mount("/tim", asgi_app(hook))], lifespan=lifespan)
    async with served_by_uvicorn(app) as port:
        yield Door(port, "/tim/")


@asynccontextmanager
async def beside_quart(hook: Webhook) -> AsyncGenerator[Door]:
    """Open a door beside Quart, as its documentation has it."""
    app = DispatcherMiddleware({"/tim": asgi_app(hook), "/": Quart("bot")})
    async with served_by_uvicorn(app) as port:
        yield Door(port, "/tim")


DOORS = [in_aiohttp, alone, in_fastapi, in_starlette, beside_quart]


# -- the client


@frozen
class Said:
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body, read."""
        return json.loads(self.body)


@frozen
class Connection:
    """A connection to a door, on which bytes are written as a test likes."""

    door: Door
    clock: FakeClock
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def head(self, command: str, *lines: str, method: str = "POST", **changed: Any) -> None:
        """Begin a request with a query that holds, but for what is *changed*; ``None`` leaves a parameter out."""
        now = int(self.clock.now())
        good = {
            "SdkAppid": SDKAPPID,
            "CallbackCommand": command,
            "contenttype": "json",
            "ClientIP": "127.0.0.1",
            "OptPlatform": "Web",
            "Sign": sign(TOKEN, changed.get("RequestTime", now)),
            "RequestTime": now,
        }
        query = urlencode({name: value for name, value in (good | changed).items() if value is not None})
        head = [f"{method} {self.door.path}?{query} HTTP/1.1", "Host: bot", *lines]
        self.writer.write("".join(f"{line}\r\n" for line in [*head, ""]).encode())

    def post(self, command: str, body: dict[str, Any] | bytes, *lines: str, **changed: Any) -> None:
        """Write a whole request."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.head(command, f"Content-Length: {len(content)}", *lines, **changed)
        self.writer.write(content)

    async def answer(self) -> Said:
        """Read an answer."""
        first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await self.reader.readexactly(int(headers["content-length"]))
        return Said(int(first.split()[1]), headers, body)


@asynccontextmanager
async def connected(door: Door, clock: FakeClock) -> AsyncGenerator[Connection]:
    """Connect to *door*; all that a test awaits on it has ten seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    try:
        async with asyncio.timeout(10):
            yield Connection(door, clock, reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


# -- what is posted


def message(command: str, text: str = "hi, beauty", key: str = "1_2_3") -> dict[str, Any]:
    """Return the body of an event about a message."""
    return {
        "CallbackCommand": command,
        "From_Account": "lumotuwe1",
        "To_Account": "lumotuwe2",
        "MsgSeq": 1,
        "MsgRandom": 2,
        "MsgTime": 3,
        "MsgKey": key,
        "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}],
    }
