"""The sandbox on a socket: the protocol under ``/v4/``, and a look behind the scenes under ``/_sandbox/``.

This is the one module that knows aiohttp's server. Every answer of the service goes out as JSON over HTTP 200; only a
fault makes it anything else. Behind the scenes, without a signature::

    GET    /_sandbox/state      accounts, groups and conversations with their messages
    GET    /_sandbox/calls      what was called: time of arrival (monotonic), path, code
    POST   /_sandbox/faults     {"path": "openim/sendmsg", "code": 20004, "times": 2}
    DELETE /_sandbox/faults     let everything go well again
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web
from attrs import asdict

from timrest_async._clock import sleep_until
from timrest_async.errors import ConfigError

if TYPE_CHECKING:
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

    def __init__(self, service: Service, faults: Faults, clock: Clock) -> None:
        self._service = service
        self._faults = faults
        self._clock = clock
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port."""
        runner = web.AppRunner(
            self._application(), access_log=None, shutdown_timeout=CLOSING_SECONDS, handler_cancellation=True
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
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
        application.add_routes(
            [
                web.post("/v4/{service}/{command}", self._call),
                web.get("/_sandbox/state", self._show_state),
                web.get("/_sandbox/calls", self._show_calls),
                web.post("/_sandbox/faults", self._add_fault),
                web.delete("/_sandbox/faults", self._clear_faults),
            ]
        )
        return application

    async def _call(self, request: web.Request) -> web.StreamResponse:
        path = "{service}/{command}".format_map(request.match_info)
        body = await request.read()
        fault = self._faults.take(path)
        if fault.keeps_away:
            self._service.arrive(path)
            await self._be_late(fault)
            return _unseen(request, fault)
        answer = self._service.answer(path, request.query, body, refuse_with=fault.code)
        await self._be_late(fault)
        return await _answered(request, fault, answer)

    async def _be_late(self, fault: Fault) -> None:
        if fault.latency:
            await sleep_until(self._clock, self._clock.time() + fault.latency)

    async def _show_state(self, _: web.Request) -> web.Response:
        return web.json_response(self._service.state.describe())

    async def _show_calls(self, _: web.Request) -> web.Response:
        return web.json_response([asdict(call) for call in self._service.calls])

    async def _add_fault(self, request: web.Request) -> web.Response:
        try:
            self._faults.add(**await request.json())
        except (ConfigError, TypeError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({"waiting": len(self._faults)})

    async def _clear_faults(self, _: web.Request) -> web.Response:
        self._faults.clear()
        return web.json_response({"waiting": 0})


def _unseen(request: web.Request, fault: Fault) -> web.Response:
    """Answer in place of the service, or not at all."""
    if fault.reset:
        _reset(request)
    title = "This is not the page you are looking for" if fault.status is None else f"{fault.status} Bad Gateway"
    return web.Response(status=fault.status or 200, text=_PAGE.format(title), content_type="text/html")


async def _answered(request: web.Request, fault: Fault, answer: dict[str, Any]) -> web.StreamResponse:
    """Hand over what the service said: all of it, half of it, or nothing."""
    response = web.json_response(answer)
    if fault.lose_answer:
        request.protocol.force_close()
    return await _half(request, answer) if fault.cut else response


async def _half(request: web.Request, answer: dict[str, Any]) -> web.StreamResponse:
    content = json.dumps(answer).encode()
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
