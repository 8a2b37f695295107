"""Webhooks for aiohttp's server."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from aiohttp import web

from timrest_async.webhook.errors import MalformedRequestError, RequestTooLargeError, WebhookError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from timrest_async.webhook.dispatch import Webhook

__all__ = ["Handler", "add_webhook", "handler"]

Handler: TypeAlias = "Callable[[web.Request], Awaitable[web.Response]]"
"""What aiohttp calls a handler."""


def add_webhook(app: web.Application, path: str, hook: Webhook) -> None:
    """Let *app* answer at *path* with *hook*, and close the hook as the application stops.

    That happens before anything in ``app.cleanup_ctx`` ends, such as a session with which your functions answer.
    """

    async def close(_: web.Application) -> None:
        await hook.close()

    app.router.add_post(path, handler(hook))
    app.on_cleanup.insert(0, close)


def handler(hook: Webhook) -> Handler:
    """Return an aiohttp handler that answers with *hook*, for a route of your own; close the hook yourself."""

    async def answer(request: web.Request) -> web.Response:
        since = hook.clock.time()
        try:
            body = await _read(request, hook.max_bytes)
        except WebhookError as error:
            said = hook.refuse(error)
        except OSError:  # the client left before the body was whole, so nobody reads this
            return web.Response(status=MalformedRequestError.status)
        else:
            said = await hook.answer(request.rel_url.raw_query_string, dict(request.headers), body, since=since)
        return web.Response(status=said.status, body=said.body, headers=said.headers)

    return answer


async def _read(request: web.Request, most: int) -> bytes:
    """Return the body. The application's ``client_max_size`` is another one, and may be smaller."""
    body = bytearray()
    too_large = (request.content_length or 0) > most
    try:
        while not too_large and (part := await request.content.readany()):
            body += part
            too_large = len(body) > most
    except web.RequestPayloadError:
        raise MalformedRequestError("the body is not encoded as its headers say") from None
    if too_large:
        raise RequestTooLargeError(f"the body is larger than {most:,} bytes")
    return bytes(body)
