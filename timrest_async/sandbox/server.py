"""The sandbox on a socket: the protocol under ``/v4/``, beside what :mod:`timrest_async.sandbox.console` shows.

Every answer of the service goes out as JSON over HTTP 200; only a fault makes it anything else.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from timrest_async._clock import sleep_until
from timrest_async._codec import to_json
from timrest_async.sandbox.console import Console
from timrest_async.sandbox.plays import plays
from timrest_async.sandbox.request import Refusal

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from timrest_async._clock import Clock
    from timrest_async.sandbox.faults import Fault, Faults
    from timrest_async.sandbox.service import Service

__all__ = ["HttpServer"]

BODY_BYTES: Final = 1024**2
"""No body is larger; HTTP 413 beyond it."""

CLOSING_SECONDS: Final = 0.1
"""How long calls in flight may take once the server stops."""

_PAGE: Final = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


class HttpServer:
    """The service and its faults, over HTTP."""

    def __init__(self, services: Mapping[int, Service], faults: Faults, clock: Clock) -> None:
        self._services = services
        self._faults = faults
        self._clock = clock
        self._console = Console(services, faults, clock)
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Listen, and return the port."""
        plays()
        runner = web.AppRunner(
            self._application(), access_log=None, shutdown_timeout=CLOSING_SECONDS, handler_cancellation=True
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port, ssl_context=tls).start()
        except BaseException:
            await runner.cleanup()
            raise
        self._runner = runner
        bound: int = runner.addresses[0][1]
        return bound

    async def stop(self) -> None:
        """Close every connection."""
        runner, self._runner = self._runner, None
        if runner is not None:
            for _ in range(2):
                await asyncio.sleep(0)  # until what is being accepted is; asyncio 3.13.0 would lose it, and complain
            await runner.cleanup()

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=BODY_BYTES)
        application.on_response_prepare.append(_say_who)
        application.add_routes(
            [
                web.post("/v4/{path:.+}", self._call),
                web.route("*", "/v4/{path:.*}", _refuse_method),
                *self._console.routes(),
            ]
        )
        application.on_shutdown.append(self._console.close)
        return application

    async def _call(self, request: web.Request) -> web.StreamResponse:
        path, query = request.match_info["path"], request.query
        service = self._service_of(query.get("sdkappid", ""))
        body = await request.read()
        fault = self._faults.take(path)
        if fault.keeps_away:
            service.arrive(path)
            self._console.wake()
            await self._be_late(fault)
            return _unseen(request, fault)
        answer = await service.answer(path, query, body, refuse_with=fault.code)
        self._console.wake()
        await self._be_late(fault)
        return await _answered(request, fault, answer)

    def _service_of(self, sdkappid: str) -> Service:
        """Return what answers for an application; the first where there is none, which says so."""
        first = next(iter(self._services.values()))
        return next((service for number, service in self._services.items() if str(number) == sdkappid), first)

    async def _be_late(self, fault: Fault) -> None:
        if fault.latency:
            await sleep_until(self._clock, self._clock.time() + fault.latency)


async def _refuse_method(request: web.Request) -> web.Response:
    """Answer what no client of the service asks: another method than POST, or no command."""
    no = Refusal(60009 if request.method == "POST" else 60002, "a command is POSTed to /v4/{service}/{command}")
    return web.json_response(no.answer)


async def _say_who(_: web.Request, response: web.StreamResponse) -> None:
    """Let nobody mistake it for the service."""
    response.headers["Server"] = "timrest-sandbox"


def _unseen(request: web.Request, fault: Fault) -> web.Response:
    """Answer in place of the service, or not at all."""
    if fault.reset:
        _reset(request)
    title = "This is not the page you are looking for" if fault.status is None else f"{fault.status} Bad Gateway"
    return web.Response(status=fault.status or 200, text=_PAGE.format(title), content_type="text/html")


async def _answered(request: web.Request, fault: Fault, answer: dict[str, Any]) -> web.StreamResponse:
    """Hand over what the service said: all of it, half of it, or nothing."""
    response = web.Response(body=to_json(answer), content_type="application/json")
    if fault.lose_answer:
        request.protocol.force_close()
    return await _half(request, answer) if fault.cut else response


async def _half(request: web.Request, answer: dict[str, Any]) -> web.StreamResponse:
    content = to_json(answer)
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = len(content)
    await response.prepare(request)
    await response.write(content[: len(content) // 2])
    request.protocol.force_close()
    return response


def _reset(request: web.Request) -> None:
    """Close the connection so that the peer sees a reset; a peer who hung up meanwhile sees nothing."""
    connection = request.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    request.protocol.force_close()
