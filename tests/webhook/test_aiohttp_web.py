"""Webhooks in aiohttp's words; what holds at every door stands in ``test_doors.py``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from tests.webhook.doors import AFTER, Door, Watched, connected, message, served_by_aiohttp, webhook
from timrest_async.webhook import C2CAfterSendMsg, MalformedRequestError
from timrest_async.webhook.aiohttp_web import add_webhook, handler

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from timrest_async.webhook import Webhook


@pytest.fixture
async def clock() -> Watched:
    """Return a clock that stands still."""
    return Watched()


@pytest.fixture
async def hook(clock: Watched) -> Webhook:
    """Return a webhook that lives by *clock*."""
    return webhook(clock)


@pytest.mark.parametrize(
    ("lines", "body"),
    [(["Content-Encoding: gzip"], b"no gzip"), (["Content-Encoding: deflate"], b"\xff\xff\xff")],
)
async def test_a_body_that_cannot_be_unpacked_is_refused(
    hook: Webhook, clock: Watched, lines: list[str], body: bytes
) -> None:
    """As what is not the service's, and not as a fault of the application."""
    app = web.Application()
    add_webhook(app, "/tim", hook)
    async with served_by_aiohttp(app) as port, connected(Door(port, "/tim"), clock) as line:
        line.post(AFTER, body, *lines)
        said = await line.answer()
    assert said.status == 400
    assert hook.refused == {MalformedRequestError: 1}


@pytest.mark.parametrize("first", ["the session", "the webhook"])
async def test_what_waits_is_handled_while_there_is_a_session_to_answer_with(
    hook: Webhook, clock: Watched, first: str
) -> None:
    """The webhook is closed before anything in cleanup_ctx ends, whichever was added first."""
    may_end, order = asyncio.Event(), list[str]()

    @hook.on(C2CAfterSendMsg)
    async def slow(_: C2CAfterSendMsg) -> None:
        await may_end.wait()
        order.append("handled")

    async def session(_: web.Application) -> AsyncIterator[None]:
        yield
        order.append("the session was closed")

    app = web.Application()
    if first == "the session":
        app.cleanup_ctx.append(session)
    add_webhook(app, "/tim", hook)
    if first == "the webhook":
        app.cleanup_ctx.append(session)

    async def serve_and_stop() -> None:
        async with served_by_aiohttp(app) as port, connected(Door(port, "/tim"), clock) as line:
            line.post(AFTER, message(AFTER))
            await line.answer()

    serving = asyncio.create_task(serve_and_stop())
    async with asyncio.timeout(10):
        await clock.set_up.wait()
        may_end.set()
        await serving
    assert order == ["handled", "the session was closed"]


async def test_a_handler_goes_on_any_route_and_leaves_the_webhook_open(hook: Webhook, clock: Watched) -> None:
    """One webhook answers on two, and after the application stopped it takes events still."""
    seen = list[str]()

    @hook.on(C2CAfterSendMsg)
    async def note(event: C2CAfterSendMsg) -> None:
        seen.append(event.msg_key)

    for key in ("1", "2"):
        app = web.Application()
        app.router.add_route("POST", "/{tenant}/tim", handler(hook))
        async with served_by_aiohttp(app) as port, connected(Door(port, f"/{key}/tim"), clock) as line:
            line.post(AFTER, message(AFTER, key=key))
            assert (await line.answer()).status == 200
    await hook.idle()
    assert seen == ["1", "2"]


async def test_the_limit_is_the_webhooks_and_not_the_applications(hook: Webhook, clock: Watched) -> None:
    """Aiohttp's own, which may be smaller, is for other routes."""
    app = web.Application(client_max_size=10)
    add_webhook(app, "/tim", hook)
    async with served_by_aiohttp(app) as port, connected(Door(port, "/tim"), clock) as line:
        line.post(AFTER, message(AFTER))
        assert (await line.answer()).status == 200
