"""Webhooks in ASGI's words; what holds at every door stands in ``test_doors.py``."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from fastapi import FastAPI

from tests.webhook.doors import AFTER, Door, connected, message, served_by_uvicorn, webhook
from timrest_async import ConfigError
from timrest_async.testing import FakeClock
from timrest_async.webhook.asgi import asgi_app

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


async def test_a_websocket_is_turned_away() -> None:
    """Before it is accepted, which is HTTP 403."""
    async with served_by_uvicorn(asgi_app(webhook(FakeClock()))) as port, aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(f"http://127.0.0.1:{port}/tim")
    assert refused.value.status == 403


async def test_what_asgi_may_bring_some_day_is_turned_down() -> None:
    """By an exception, as ASGI asks, and before anything is received or sent."""

    async def receive() -> dict[str, Any]:
        raise AssertionError("it received")

    async def send(_: Any) -> None:
        raise AssertionError("it sent")

    with pytest.raises(ConfigError, match=r"^webhooks come by HTTP, and not by pigeon$"):
        await asgi_app(webhook(FakeClock()))({"type": "pigeon"}, receive, send)


async def test_a_mount_without_its_slash_is_a_redirect() -> None:
    """In FastAPI and Starlette, so the address that is configured has to end with it."""
    clock, app = FakeClock(), FastAPI()
    app.mount("/tim", asgi_app(webhook(clock)))
    async with served_by_uvicorn(app) as port:
        for path, status in (("/tim", 307), ("/tim/", 200)):
            async with connected(Door(port, path), clock) as line:
                line.post(AFTER, message(AFTER))
                assert (await line.answer()).status == status


async def test_the_rest_of_an_application_is_served_as_before() -> None:
    """A mount takes nothing but its own path."""
    app, clock = FastAPI(), FakeClock()
    app.mount("/tim", asgi_app(webhook(clock)))

    @app.get("/health")
    async def health() -> str:
        return "well"

    async with (
        served_by_uvicorn(app) as port,
        aiohttp.ClientSession() as http,
        http.get(f"http://127.0.0.1:{port}/health") as answer,
    ):
        assert await answer.json() == "well"


async def test_an_application_is_ready_when_the_server_is_told_so_and_closed_when_that_is_done() -> None:
    """The lifespan: each message is answered by one, the last after the webhook was closed."""
    clock, sent = FakeClock(), list[str]()
    hook = webhook(clock)
    told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def send(said: Any) -> None:
        sent.append(said["type"])

    async with lifespan_of(asgi_app(hook), told, send) as living:
        told.put_nowait({"type": "lifespan.startup"})
        await clock.advance(0)
        assert sent == ["lifespan.startup.complete"]
        assert not living.done()
        told.put_nowait({"type": "lifespan.shutdown"})
        await living
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


@asynccontextmanager
async def lifespan_of(app: Any, told: asyncio.Queue[dict[str, Any]], send: Any) -> AsyncGenerator[asyncio.Task[None]]:
    """Let *app* live beside the test."""
    living = asyncio.create_task(app({"type": "lifespan"}, told.get, send))
    try:
        yield living
    finally:
        living.cancel()
