"""The look behind the scenes: the page at ``/``, and what stands behind it under ``/_sandbox/``, without a signature.

::

    GET    /_sandbox/applications             who is played, by whom it may be called, and how often
    GET    /_sandbox/state                    every row of every table; PUT puts others in their place, DELETE none
    GET    /_sandbox/calls?last=100           what was called: time of arrival (monotonic), path, code
    GET    /_sandbox/calls/1                  what was said in one of the last 500, and the Python that says it again
    GET    /_sandbox/faults                   what is still to go wrong; DELETE lets everything go well again
    POST   /_sandbox/faults                   {"path": "openim/sendmsg", "code": 20004, "times": 2}
    GET    /_sandbox/commands                 every command with its fields, and every callback with a sample
    POST   /_sandbox/try                      {"path": "openim/sendmsg", "body": {...}} is signed, sent and answered
    GET    /_sandbox/conversations?find=a     who wrote to whom; conversations/messages?one=a&other=b&before=9
    GET    /_sandbox/groups?find=a            the groups; groups/messages?group=g&before=9
    GET    /_sandbox/webhooks?last=100        where your application listens, and what it was told, asked, and answered
    POST   /_sandbox/webhooks                 {"CallbackCommand": "C2C.CallbackAfterSendMsg", ...} is posted to it
    GET    /_sandbox/events                   calls, deliveries and messages as they come, as server-sent events

Everywhere ``?sdkappid=`` names the application, where there are several. No key, no token and no UserSig is in any
answer.
"""

from __future__ import annotations

import asyncio
import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, TypeVar

from aiohttp import web
from attrs import asdict

from timrest_async._codec import read_object
from timrest_async.commands._command import RawCommand, random_u32
from timrest_async.errors import ConfigError, InputError, TransportError
from timrest_async.sandbox.callbacks import CALLBACKS
from timrest_async.sandbox.catalog import catalog
from timrest_async.sandbox.example import python
from timrest_async.sandbox.guard import HEADERS, Refused, guarded, number_in, object_in
from timrest_async.sandbox.stream import Stream, plain, told
from timrest_async.usersig import sign

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from timrest_async._clock import Clock
    from timrest_async.sandbox.faults import Faults
    from timrest_async.sandbox.guard import Handler
    from timrest_async.sandbox.service import Exchange, Service
    from timrest_async.sandbox.store import Row


__all__ = ["Console"]

T = TypeVar("T")

STATE_BYTES: Final = 256 * 1024**2
"""A state that is put in is no larger."""

LISTED: Final = 500
"""So many conversations or groups are listed, the liveliest first."""

AT_ONCE: Final = 50
"""So many messages of a conversation are read at once, the latest first."""

LAST: Final = 2**63 - 1

SIGNED_FOR: Final = 60

_TYPES: Final = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "json": "application/json",
}
"""What the files of the page are, by their endings."""


class Console:
    """What a browser sees of the sandbox; *services* are its applications by their ids, the usual one first."""

    def __init__(self, services: Mapping[int, Service], faults: Faults, clock: Clock) -> None:
        self._services = services
        self._faults = faults
        self._clock = clock
        self._since: dict[int, float] = {}
        self._start = clock.now()
        self._streams: set[Stream] = set()

    def routes(self) -> list[web.RouteDef]:
        """Return everything that is not the protocol."""
        handlers: list[tuple[str, str, Handler]] = [
            ("GET", "/", self._page),
            ("GET", "/_sandbox/page/{file}", self._page),
            ("GET", "/_sandbox/applications", self._applications),
            ("GET", "/_sandbox/state", self._state),
            ("PUT", "/_sandbox/state", self._replace_state),
            ("DELETE", "/_sandbox/state", self._clear_state),
            ("GET", "/_sandbox/calls", self._calls),
            ("GET", r"/_sandbox/calls/{number:\d{1,15}}", self._exchange),
            ("GET", "/_sandbox/faults", self._list_faults),
            ("POST", "/_sandbox/faults", self._add_fault),
            ("DELETE", "/_sandbox/faults", self._clear_faults),
            ("GET", "/_sandbox/commands", self._commands),
            ("POST", "/_sandbox/try", self._try),
            ("GET", "/_sandbox/conversations", self._conversations),
            ("GET", "/_sandbox/conversations/messages", self._conversation),
            ("GET", "/_sandbox/groups", self._groups),
            ("GET", "/_sandbox/groups/messages", self._group),
            ("GET", "/_sandbox/webhooks", self._webhooks),
            ("POST", "/_sandbox/webhooks", self._fire),
            ("GET", "/_sandbox/events", self._events),
        ]
        return [web.route(method, path, guarded(handler)) for method, path, handler in handlers]

    def wake(self) -> None:
        """Let who looks know that something happened; it costs nothing while nobody does."""
        for stream in self._streams:
            stream.wake()

    async def close(self, _: web.Application | None = None) -> None:
        """End every stream."""
        for stream in self._streams:
            stream.end()

    def _service(self, request: web.Request) -> Service:
        wanted = request.query.get("sdkappid")
        if wanted is None:
            return next(iter(self._services.values()))
        service = next((service for sdkappid, service in self._services.items() if str(sdkappid) == wanted), None)
        if service is None:
            raise Refused(404, f"the sandbox plays no application {wanted}")
        return service

    # -- the page and its applications

    async def _page(self, request: web.Request) -> web.Response:
        name = request.match_info.get("file", "index.html")
        file = next(
            (file for file in files("timrest_async.sandbox").joinpath("page").iterdir() if file.name == name), None
        )
        if file is None:
            raise Refused(404, f"the page has no file {name}")
        return web.Response(text=file.read_text(encoding="utf-8"), content_type=_TYPES[name.rpartition(".")[2]])

    async def _applications(self, _: web.Request) -> web.Response:
        shown = [
            {
                "sdkappid": service.application.sdkappid,
                "admins": list(service.application.admins),
                "calls_per_second": service.state.rules.calls_per_second,
            }
            for service in self._services.values()
        ]
        return web.json_response(shown)

    async def _commands(self, _: web.Request) -> web.Response:
        return web.json_response(await asyncio.to_thread(catalog))  # which takes a second, once

    # -- the state

    async def _state(self, request: web.Request) -> web.Response:
        return web.json_response(self._service(request).state.export())

    async def _replace_state(self, request: web.Request) -> web.Response:
        service = self._service(request)
        exported = await object_in(request.clone(client_max_size=STATE_BYTES))
        try:
            service.state.replace(exported)
        except (ConfigError, OverflowError, ValueError) as error:
            service.state.store.rollback()
            raise Refused(400, str(error)) from None
        self._renew(service)
        return web.json_response({})

    async def _clear_state(self, request: web.Request) -> web.Response:
        service = self._service(request)
        service.state.clear(service.application.admins)
        self._renew(service)
        return web.json_response({})

    def _renew(self, service: Service) -> None:
        self._since[service.application.sdkappid] = self._clock.now()
        for stream in self._streams:
            stream.renew(service)

    # -- calls and faults

    async def _calls(self, request: web.Request) -> web.Response:
        return web.json_response([asdict(call) for call in _last(request, self._service(request).calls)])

    async def _exchange(self, request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        exchanges = reversed(self._service(request).exchanges)
        found = next((exchange for exchange in exchanges if exchange.call.number == number), None)
        if found is None:
            raise Refused(404, f"what was said in call {number} is not known: too long ago, or kept away by a fault")
        return web.json_response(_told(found))

    async def _list_faults(self, _: web.Request) -> web.Response:
        shown = [
            {"path": path, "times": times} | {name: value for name, value in asdict(fault).items() if value}
            for path, fault, times in self._faults
        ]
        return web.json_response(shown)

    async def _add_fault(self, request: web.Request) -> web.Response:
        try:
            self._faults.add(**await object_in(request))
        except (ConfigError, TypeError) as error:
            raise Refused(400, str(error)) from None
        return web.json_response({"waiting": len(self._faults)})

    async def _clear_faults(self, _: web.Request) -> web.Response:
        self._faults.clear()
        return web.json_response({"waiting": 0})

    # -- a call of one's own

    async def _try(self, request: web.Request) -> web.Response:
        service, asked = self._service(request), await object_in(request)
        application = service.application
        identifier = asked.get("identifier", application.admins[0])
        if type(identifier) is not str:
            raise Refused(400, "identifier has to be the id of an account")
        try:
            raw = RawCommand(asked.get("path", ""), asked.get("body", {}))
            code, content = python(raw.path, raw.body), json.dumps(raw.body, ensure_ascii=False).encode()
            usersig = sign(
                application.sdkappid, application.secret_key, identifier, expire=SIGNED_FOR, time=int(self._clock.now())
            )
        except InputError as error:
            raise Refused(400, str(error)) from None
        except RecursionError:
            raise Refused(400, "the body is nested too deeply") from None
        query = {
            "sdkappid": str(application.sdkappid),
            "identifier": identifier,
            "usersig": usersig,
            "random": str(random_u32()),
            "contenttype": "json",
        }
        answer = await service.answer(raw.path, query, content)
        number = service.exchanges[-1].call.number
        self.wake()
        return web.json_response({"number": number, "answer": answer, "python": code})

    # -- webhooks

    async def _webhooks(self, request: web.Request) -> web.Response:
        """Return where the application listens, ``None`` for nowhere, and what became of the last deliveries."""
        hooks = self._service(request).webhooks
        if hooks is None:
            return web.json_response({"address": None, "on": [], "waiting": 0, "dropped": 0, "deliveries": []})
        shown = {
            "address": hooks.address,
            "on": [command for command in CALLBACKS if hooks.wants(command)],
            "waiting": hooks.waiting,
            "dropped": hooks.dropped,
            "deliveries": [told(delivery) for delivery in _last(request, hooks.deliveries)],
        }
        return web.json_response(shown)

    async def _fire(self, request: web.Request) -> web.Response:
        hooks, body = self._service(request).webhooks, await object_in(request)
        if hooks is None:
            raise Refused(409, "this application has no webhooks; start with: timrest sandbox --webhook URL")
        command = body.get("CallbackCommand")
        if type(command) is not str or not command:
            raise Refused(400, "CallbackCommand has to be the name of a callback, such as C2C.CallbackAfterSendMsg")
        try:
            return web.json_response(told(await hooks.fire(command, body)))
        except InputError as error:
            raise Refused(400, str(error)) from None

    # -- messages

    async def _conversations(self, request: web.Request) -> web.Response:
        sql = (
            "SELECT *, min(From_Account, To_Account) AS one, max(From_Account, To_Account) AS other,"
            " count(*) AS messages, max(number) AS last FROM messages"
            " WHERE instr(From_Account, ?1) OR instr(To_Account, ?1) GROUP BY one, other ORDER BY last DESC LIMIT ?2"
        )
        return self._rows(request, sql, request.query.get("find", ""), LISTED)

    async def _conversation(self, request: web.Request) -> web.Response:
        sql = (
            "SELECT * FROM messages WHERE ((From_Account = ?1 AND To_Account = ?2)"
            " OR (From_Account = ?2 AND To_Account = ?1)) AND number < ?3 ORDER BY number DESC LIMIT ?4"
        )
        one, other = request.query.get("one"), request.query.get("other")
        return self._rows(request, sql, one, other, number_in(request, "before", LAST), AT_ONCE)

    async def _groups(self, request: web.Request) -> web.Response:
        sql = (
            "SELECT *, (SELECT count(*) FROM group_members AS m WHERE m.GroupId = g.GroupId) AS members,"
            " (SELECT count(*) FROM group_messages AS m WHERE m.GroupId = g.GroupId) AS messages,"
            " (SELECT max(number) FROM group_messages AS m WHERE m.GroupId = g.GroupId) AS last"
            " FROM groups AS g WHERE instr(GroupId, ?1) OR instr(Name, ?1)"
            " ORDER BY last DESC NULLS LAST, GroupId LIMIT ?2"
        )
        return self._rows(request, sql, request.query.get("find", ""), LISTED)

    async def _group(self, request: web.Request) -> web.Response:
        """Return the messages of a group, or with ``kind=notices`` what the system said in it."""
        table = "group_notices" if request.query.get("kind") == "notices" else "group_messages"
        sql = f"SELECT * FROM {table} WHERE GroupId = ? AND number < ? ORDER BY number DESC LIMIT ?"  # noqa: S608  # ours
        return self._rows(request, sql, request.query.get("group"), number_in(request, "before", LAST), AT_ONCE)

    def _rows(self, request: web.Request, sql: str, *values: Any) -> web.Response:
        service = self._service(request)
        since = self._since.get(service.application.sdkappid, self._start)
        return web.json_response([_shown(row, since) for row in service.state.store.rows(sql, *values)])

    # -- as it happens

    async def _events(self, request: web.Request) -> web.StreamResponse:
        service = self._service(request)
        if service.webhooks is not None:
            service.webhooks.watchers.add(self.wake)
        stream = Stream(service, self._clock)
        response = web.StreamResponse(headers=HEADERS | {"Content-Type": "text/event-stream"})
        await response.prepare(request)
        self._streams.add(stream)
        try:
            await response.write(stream.hello())
            while not stream.ended:
                await response.write(stream.news() or await stream.wait())
        finally:
            self._streams.discard(stream)
        return response


def _last(request: web.Request, kept: Collection[T]) -> list[T]:
    """Return as many of *kept* as are asked for, all else."""
    wanted = number_in(request, "last", len(kept))
    return [*kept][max(0, len(kept) - wanted) :]


def _shown(row: Row, since: float) -> Row:
    """Return what the page sees of *row*; calls of a sandbox that ran before have other numbers than ours."""
    arrived = row.get("taken", row.get("Time", since) + 1)
    return plain(row) | ({"call": None} if "call" in row and arrived < since else {})


def _told(exchange: Exchange) -> dict[str, Any]:
    """Return all of *exchange*, and the Python that says the same again."""
    try:
        code = python(exchange.call.path, read_object(exchange.call.path, exchange.body), exact=True)
    except (TransportError, RecursionError):
        code = None
    return asdict(exchange.call) | {
        "identifier": exchange.identifier,
        "body": exchange.body.decode(errors="replace"),
        "answer": exchange.answer,
        "python": code,
    }
