"""Webhooks for any ASGI server and framework, such as uvicorn, hypercorn, FastAPI, Starlette and Quart."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from timrest_async.errors import ConfigError
from timrest_async.webhook.errors import RequestTooLargeError

if TYPE_CHECKING:
    from timrest_async.webhook.dispatch import Webhook

__all__ = ["Application", "Receive", "Scope", "Send", "asgi_app"]

DIGITS: Final = 18
"""No body's length has more."""

Scope: TypeAlias = Mapping[str, Any]
"""What a connection is about."""

Receive: TypeAlias = Callable[[], Awaitable[Mapping[str, Any]]]
"""Gives what the server has to say next."""

Send: TypeAlias = Callable[[Any], Awaitable[None]]
"""Takes what the server is to do next."""

Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
"""What ASGI calls an application."""


def asgi_app(hook: Webhook) -> Application:
    """Return an ASGI application that answers with *hook*, at whatever path it is mounted.

    On its own, and ``uvicorn bot:app`` runs it; the hook is closed as the server stops::

        app = asgi_app(hook)

    In FastAPI or Starlette, which tell what is mounted nothing of that, so it is up to you; and they answer with a
    redirect, which the service takes for a failure, unless the address that it calls ends with the slash, ``/tim/``::

        @asynccontextmanager
        async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
            async with hook:
                yield

        app = FastAPI(lifespan=lifespan)
        app.mount("/tim", asgi_app(hook))

    Beside Quart, whose applications mount nothing::

        app = hypercorn.middleware.DispatcherMiddleware({"/tim": asgi_app(hook), "/": quart_app})
    """
    return _Application(hook)


class _Application:
    """A webhook in ASGI's words."""

    def __init__(self, hook: Webhook) -> None:
        self._hook = hook
        self._roads = {"http": self._answer, "lifespan": self._live, "websocket": self._hang_up}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or the life of the server."""
        road = self._roads.get(scope["type"])
        if road is None:
            raise ConfigError(f"webhooks come by HTTP, and not by {scope['type']}")
        await road(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        hook, since = self._hook, self._hook.clock.time()
        if scope["method"] != "POST":
            await _respond(send, 405, b"", {"Allow": "POST"})
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            body = await _read(receive, headers.get("content-length", ""), hook.max_bytes)
        except RequestTooLargeError as error:
            answer = hook.refuse(error)
        else:
            if body is None:
                return
            answer = await hook.answer(scope["query_string"].decode("latin-1"), headers, body, since=since)
        await _respond(send, answer.status, answer.body, answer.headers)

    async def _live(self, _: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._hook.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _hang_up(self, _: Scope, __: Receive, send: Send) -> None:
        await send({"type": "websocket.close"})


async def _read(receive: Receive, length: str, most: int) -> bytes | None:
    """Return the body; ``None`` where the client left before it was whole."""
    body, more = bytearray(), True
    too_large = length.isdecimal() and int(length[:DIGITS]) > most
    while more and not too_large:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more, too_large = message.get("more_body", False), len(body) > most
    if too_large:
        raise RequestTooLargeError(f"the body is larger than {most:,} bytes")
    return bytes(body)


async def _respond(send: Send, status: int, body: bytes, headers: Mapping[str, str]) -> None:
    lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    lines.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})
