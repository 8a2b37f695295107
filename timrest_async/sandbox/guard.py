"""Who may look behind the scenes: programs, and the sandbox's own page, but no page of somebody else.

A browser comes by a name that only this machine or its network gives, or by an address, so that no name of somebody
else leads here, and changes something only from the page of this very address. A body has to be said to be JSON, which
a browser lets no other page say.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Any, Final, TypeAlias

from aiohttp import web

from timrest_async._codec import read_object
from timrest_async.errors import TransportError

__all__ = ["HEADERS", "Handler", "Refused", "guarded", "number_in", "object_in"]

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
"""What answers a request."""

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Refused(Exception):  # noqa: N818  # an answer, which never leaves this module as an exception
    """The request cannot be met."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(status, words)
        self.status = status
        self.words = words


async def object_in(request: web.BaseRequest) -> dict[str, Any]:
    """Read a JSON object, said to be one: a browser lets no page of somebody else say that."""
    if request.content_type != "application/json":
        raise Refused(415, "the body has to be JSON, with Content-Type: application/json")
    try:
        return read_object("", await request.read())
    except TransportError:
        raise Refused(400, "the body has to be a JSON object") from None


def number_in(request: web.Request, name: str, default: int) -> int:
    """Read a parameter of the query, or take *default*."""
    given = request.query.get(name)
    if given is None:
        return default
    if not (given.isascii() and given.isdecimal() and len(given) <= 15):
        raise Refused(400, f"{name} has to be a whole number, not {given}")
    return int(given)


def guarded(handler: Handler) -> Handler:
    """Let *handler* answer this page and programs, but no page of somebody else."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            _check_origin(request)
            response = await handler(request)
        except Refused as refused:
            response = web.json_response({"error": refused.words}, status=refused.status)
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    return answer


def _check_origin(request: web.Request) -> None:
    if not _is_at_home(request.url.host or ""):
        raise Refused(403, f"{request.host} is a name that anybody may give; ask for 127.0.0.1 or localhost")
    if request.method in {"GET", "HEAD"}:
        return
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"{request.scheme}://{request.host}":
        raise Refused(403, f"a page of {origin} may change nothing here")
    if request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
        raise Refused(403, "a page of another site may change nothing here")


def _is_at_home(host: str) -> bool:
    """Say whether *host* is an address, or a name for which the internet has no answer."""
    if "." not in host or host.endswith(_NAMES_AT_HOME):
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


_NAMES_AT_HOME: Final = (".localhost", ".local", ".internal", ".test")
