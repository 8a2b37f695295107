"""A sandbox, and a real browser that looks at it."""

from __future__ import annotations

import os
import shutil
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol

import pytest
from aiohttp import web
from playwright.async_api import async_playwright

from timrest_async import RateLimit, RateLimiter, Text
from timrest_async.sandbox import Sandbox, Webhooks
from timrest_async.webhook import Auth, C2CBeforeSendMsg, Webhook

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from playwright.async_api import Page

    from timrest_async import TimSession
    from timrest_async.webhook import C2CVerdict

CHROMIUM: Final = os.environ.get("TIMREST_CHROMIUM") or shutil.which("chromium")
PATIENCE: Final = 15_000
"""Milliseconds that a step may take on a busy machine."""


class Look(Protocol):
    """Opens the page of a sandbox in a browser of its own."""

    def __call__(self, box: Sandbox, path: str = "/", **settings: Any) -> AbstractAsyncContextManager[Page]:
        """Open *path*; *settings* are those of a browser's context."""
        ...


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    """Return a running sandbox with two accounts and a group."""
    async with Sandbox() as box:
        for account in ("alice", "bob"):
            box.state.add_account(account)
        box.state.add_group("team", name="Football", owner="alice", members=["bob"])
        yield box


@pytest.fixture
async def tim(box: Sandbox) -> AsyncIterator[TimSession]:
    """Return our own client, which waits for no permit."""
    async with box.session(limits=RateLimiter(RateLimit(10_000, burst=10_000))) as tim:
        yield tim


@pytest.fixture
async def hooks(box: Sandbox) -> AsyncIterator[Webhooks]:
    """Return the webhooks of *box*; its application listens to one-to-one messages, and refuses "bad" ones."""
    hook = Webhook(Auth(sdkappid=box.sdkappid, token="token-not-a-secret"))

    @hook.on(C2CBeforeSendMsg)
    async def refuse(event: C2CBeforeSendMsg) -> C2CVerdict | None:
        return event.refuse(120_001, "no <b>bad</b> words") if event.msg_body == [Text("bad")] else None

    async def answer(request: web.Request) -> web.Response:
        said = await hook.answer(request.query_string, request.headers, await request.read())
        return web.Response(status=said.status, body=said.body, headers=said.headers)

    application = web.Application()
    application.router.add_post("/tim", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/tim"
    hooks = Webhooks(url, sdkappid=box.sdkappid, token="token-not-a-secret", commands=["C2C."])
    box.service.webhooks = hooks
    await hooks.start()
    async with hook:
        yield hooks
    await hooks.stop()
    await runner.cleanup()


@pytest.fixture
async def look() -> AsyncIterator[Look]:
    """Return a way to open pages; in the end none of them had an error, or asked anybody but the sandbox."""
    assert CHROMIUM is not None, "install chromium, or name one in TIMREST_CHROMIUM"
    complaints: list[str] = []
    asked: set[str] = set()

    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(async_playwright())
        browser = await api.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        stack.push_async_callback(browser.close)

        @asynccontextmanager
        async def open_page(box: Sandbox, path: str = "/", **settings: Any) -> AsyncIterator[Page]:
            context = await browser.new_context(**{"viewport": {"width": 1280, "height": 800}} | settings)
            context.set_default_timeout(PATIENCE)
            page = await context.new_page()
            page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("request", lambda request: asked.add(request.url))
            await page.goto(box.base_url + path)
            await page.wait_for_selector("body[data-ready]")
            yield page
            home = (box.base_url, "data:", "blob:")
            assert [url for url in asked if not url.startswith(home)] == []
            assert complaints == []
            await context.close()

        yield open_page
