"""Your application's webhooks, on real sockets: what is posted, what comes of the answer, and what of none."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import socket
import ssl
import struct
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import aiohttp
import pytest
import trustme
import yaml
from aiohttp import web
from attrs import frozen

from timrest_async import ApiError, ConfigError, InputError
from timrest_async.elements import Text
from timrest_async.sandbox import Application, Sandbox, Service, State
from timrest_async.sandbox.events import GO_ON, Event, Verdict
from timrest_async.sandbox.hooks import ANSWER_BYTES, CONNECTIONS, WAITING, Webhooks, sign
from timrest_async.webhook import Auth, SignatureError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable

    from timrest_async import TimSession
    from timrest_async.sandbox import GroupMessage, Message
    from timrest_async.testing import FakeClock

    Query = Callable[..., dict[str, str]]

SPEC = Path(__file__).parent.parent / "spec" / "webhooks.yaml"
SDKAPPID = 1400000000
KEY = "sandbox-key-not-a-secret"
GROUP = "@TGS#2C5SZEAEF"
TOKEN = "xxxxyyyy"

BEFORE, AFTER = "C2C.CallbackBeforeSendMsg", "C2C.CallbackAfterSendMsg"
GROUP_BEFORE, GROUP_AFTER = "Group.CallbackBeforeSendMsg", "Group.CallbackAfterSendMsg"
SEND, SEND_GROUP = "openim/sendmsg", "group_open_http_svc/send_group_msg"

TEXT = {"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi, beauty"}}
OTHER = {"MsgType": "TIMTextElem", "MsgContent": {"Text": "***"}}
SENT: dict[str, Any] = {
    "To_Account": "lumotuwe2",
    "From_Account": "lumotuwe1",
    "MsgSeq": 93847636,
    "MsgRandom": 1287657,
    "MsgBody": [TEXT],
    "CloudCustomData": "mine",
}
GROUP_SENT: dict[str, Any] = {"GroupId": GROUP, "Random": 8912345, "MsgBody": [TEXT], "CloudCustomData": "mine"}

OK: dict[str, Any] = {"ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": ""}


@frozen
class Sending:
    """A command that sends, what it is told, and the callbacks around it."""

    path: str
    body: dict[str, Any]
    before: str
    after: str


ONE_TO_ONE = Sending(SEND, SENT, BEFORE, AFTER)
IN_A_GROUP = Sending(SEND_GROUP, GROUP_SENT, GROUP_BEFORE, GROUP_AFTER)
both_ways = pytest.mark.parametrize("sending", [ONE_TO_ONE, IN_A_GROUP], ids=["one_to_one", "in_a_group"])

QUESTION = Event(BEFORE, {"From_Account": "a", "To_Account": "b"})

Answer: TypeAlias = "dict[str, Any] | web.Response"
Calling: TypeAlias = "Callable[[Sending], asyncio.Task[dict[str, Any]]]"


def no(code: int, info: str = "") -> dict[str, Any]:
    """Return an answer that refuses; the manual's samples say OK beside the code."""
    return {"ActionStatus": "OK", "ErrorCode": code, "ErrorInfo": info}


# -- applications: one that speaks HTTP, and one that says any bytes


@frozen
class Heard:
    """A call that reached the application."""

    method: str
    path: str
    query: str
    content_type: str
    body: dict[str, Any]
    connection: object

    @property
    def command(self) -> str:
        """Return the callback."""
        return str(self.body["CallbackCommand"])


class App:
    """An application that answers each callback as it is told, and OK else."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.says: dict[str, Answer] = {}
        self.arrived = asyncio.Semaphore(0)
        self.gate = asyncio.Event()
        self.gate.set()
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        """Keep the call, and answer once the gate is open."""
        url, connection = request.rel_url, request.get_extra_info("peername")
        body = await request.json()
        heard = Heard(request.method, url.raw_path, url.raw_query_string, request.content_type, body, connection)
        self.heard.append(heard)
        self.arrived.release()
        await self.gate.wait()
        said = self.says.get(heard.command, OK)
        return said if isinstance(said, web.Response) else web.json_response(said)

    @property
    def commands(self) -> list[str]:
        """Return the callbacks that arrived."""
        return [heard.command for heard in self.heard]

    def body(self, command: str) -> dict[str, Any]:
        """Return the only body of *command*."""
        (found,) = [heard.body for heard in self.heard if heard.command == command]
        return found


@asynccontextmanager
async def listening(app: App, tls: ssl.SSLContext | None = None) -> AsyncGenerator[App]:
    """Run *app* on loopback."""
    routes = web.Application()
    routes.router.add_route("*", "/{rest:.*}", app.answer)
    runner = web.AppRunner(routes, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    app.url = f"http{'s' if tls else ''}://127.0.0.1:{runner.addresses[0][1]}/tim"
    try:
        yield app
    finally:
        await runner.cleanup()


@asynccontextmanager
async def saying(content: bytes, *, then: str = "close") -> AsyncGenerator[tuple[str, asyncio.Event]]:
    """Run a server that says *content* to everybody, and then closes, resets, or keeps silent; give URL and news."""
    arrived = asyncio.Event()
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(content)
        await writer.drain()
        arrived.set()
        if then == "reset":
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if then == "stay":
            await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/tim", arrived
    finally:
        for writer in writers:
            writer.close()
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def running(url: str, **settings: Any) -> AsyncGenerator[Webhooks]:
    """Run webhooks that call *url*."""
    hooks = Webhooks(url, **({"sdkappid": SDKAPPID} | settings))
    await hooks.start()
    try:
        yield hooks
    finally:
        await hooks.stop()


@pytest.fixture
async def app() -> AsyncIterator[App]:
    """Return an application that runs."""
    async with listening(App()) as app:
        yield app


@pytest.fixture
async def hooks(app: App, clock: FakeClock) -> AsyncIterator[Webhooks]:
    """Return webhooks that call *app*."""
    async with running(app.url, clock=clock) as hooks:
        yield hooks


@frozen
class Scene:
    """A service that asks and tells an application."""

    app: App
    hooks: Webhooks
    state: State
    call: Calling
    """Sends."""

    @property
    def kept(self) -> list[Message | GroupMessage]:
        """Return every message."""
        return kept_in(self.state)


@pytest.fixture
def scene(app: App, hooks: Webhooks, state: State, query: Query) -> Scene:
    """Return a service that asks and tells *app*."""
    service = Service(Application(sdkappid=SDKAPPID, secret_key=KEY), state, hooks)
    return Scene(
        *(app, hooks, state),
        lambda sending: asyncio.ensure_future(service.answer(sending.path, query(), json.dumps(sending.body).encode())),
    )


def kept_in(state: State) -> list[Message | GroupMessage]:
    """Return every message."""
    return [*state.messages(), *state.groups[GROUP].messages]


# -- what is posted


async def test_a_call_is_the_manuals(app: App, hooks: Webhooks) -> None:
    """POST of JSON to your URL, with the query in the manual's order and the command in the body, too."""
    await hooks.ask(QUESTION)
    (heard,) = app.heard
    assert (heard.method, heard.path, heard.content_type) == ("POST", "/tim", "application/json")
    assert heard.query == (
        "SdkAppid=1400000000&CallbackCommand=C2C.CallbackBeforeSendMsg&contenttype=json"
        "&ClientIP=127.0.0.1&OptPlatform=RESTAPI"
    )
    assert heard.body == {"CallbackCommand": BEFORE, "From_Account": "a", "To_Account": "b"}


async def test_a_query_of_yours_stays(app: App, clock: FakeClock) -> None:
    """What the configured URL holds stands before what the service adds."""
    async with running(f"{app.url}/a%2Fb?tenant=%E4%BD%A0&x=1%2B1#here", clock=clock) as hooks:
        await hooks.ask(QUESTION)
    (heard,) = app.heard
    assert heard.path == "/tim/a%2Fb"
    assert heard.query.startswith("tenant=%E4%BD%A0&x=1%2B1&SdkAppid=1400000000&CallbackCommand=")


async def test_with_a_token_calls_are_signed(app: App, clock: FakeClock) -> None:
    """Sign and RequestTime come last, and belong together; each call is signed at its own time."""
    async with running(app.url, clock=clock, token=TOKEN) as hooks:
        clock.set_wall_clock(1669872112.9)
        await hooks.ask(QUESTION)
        clock.set_wall_clock(1669872113)
        await hooks.ask(QUESTION)
    first, second = app.heard
    documented = "17773bc39a671d7b9aa835458704d2a6db81360a5940292b587d6d760d484061"
    assert first.query.endswith(f"&OptPlatform=RESTAPI&Sign={documented}&RequestTime=1669872112")
    assert second.query.endswith(f"&Sign={sign(TOKEN, 1669872113)}&RequestTime=1669872113")


@pytest.mark.parametrize("vector", yaml.safe_load(SPEC.read_text(encoding="utf-8"))["authentication"]["test_vectors"])
def test_a_signature_is_the_documented_one(vector: dict[str, Any]) -> None:
    """The manual's own values come out."""
    assert sign(vector["token"], vector["request_time"]) == vector["sign"]


@pytest.mark.parametrize(
    ("event", "time"),
    [
        (Event(GROUP_BEFORE, {}), 1_546_300_800_500),
        (Event("Push.OfflinePush", {}), 1_546_300_800),
        (Event(AFTER, {}), None),
        (Event(GROUP_BEFORE, {"EventTime": 7}), 7),
        (Event("Some.Newer", {}), None),
    ],
)
async def test_a_call_says_when_it_happened_where_that_is_documented(
    app: App, hooks: Webhooks, clock: FakeClock, event: Event, time: int | None
) -> None:
    """In milliseconds but for two; not at all where no document is sure, and never over what is given."""
    clock.set_wall_clock(1_546_300_800.5)
    await hooks.fire(event.command, event.body)
    assert app.body(event.command).get("EventTime") == time


async def test_what_is_told_late_says_when_it_happened(app: App, hooks: Webhooks, clock: FakeClock) -> None:
    """The time is that of the event, not that of the call."""
    hooks.tell([Event(GROUP_AFTER, {})])
    clock.set_wall_clock(clock.now() + 60)
    await hooks.idle()
    assert app.body(GROUP_AFTER)["EventTime"] == 1_546_300_800_000


async def test_any_text_arrives_as_it_is(app: App, hooks: Webhooks) -> None:
    """UTF-8, with control characters."""
    await hooks.ask(Event(BEFORE, {"CloudCustomData": "你好 \0\1 \N{GRINNING FACE}"}))
    assert app.body(BEFORE)["CloudCustomData"] == "你好 \0\1 \N{GRINNING FACE}"


@pytest.mark.parametrize(
    ("commands", "on", "off"),
    [
        (None, [BEFORE, GROUP_AFTER, "Some.Newer"], []),
        ([], [], [BEFORE, GROUP_AFTER, "Some.Newer"]),
        (["C2C."], [BEFORE, AFTER], [GROUP_BEFORE, "Some.Newer"]),
        ([BEFORE, "Group.CallbackBefore"], [BEFORE, GROUP_BEFORE], [AFTER, GROUP_AFTER]),
        (["Group.CallbackAfterCreateGroup"], ["Group.CallbackAfterCreateTopic"], ["Group.CallbackBeforeCreateTopic"]),
        (["Group.CallbackAfterTopicDestroyed"], ["Group.CallbackAfterGroupDestroyed"], [GROUP_AFTER]),
    ],
)
def test_each_callback_has_its_switch(commands: list[str] | None, on: list[str], off: list[str]) -> None:
    """All are on, or those that are named, alone or by their beginning; a topic's goes with its group's."""
    hooks = Webhooks("http://127.0.0.1:1", sdkappid=SDKAPPID, commands=commands)
    assert [command for command in on + off if hooks.wants(command)] == on


async def test_what_is_switched_off_is_not_called(app: App, clock: FakeClock) -> None:
    """The action goes on at once, and nobody is told; by hand it can be fired all the same."""
    async with running(app.url, clock=clock, commands=["Sns."], when_silent="refuse") as hooks:
        assert await hooks.ask(QUESTION) == GO_ON
        hooks.tell([Event(AFTER, {})])
        await hooks.idle()
        assert (app.heard, list(hooks.deliveries)) == ([], [])
        assert (await hooks.fire(BEFORE, {})).answer == OK


async def test_connections_are_kept(app: App, hooks: Webhooks) -> None:
    """As by the service, one call after the other goes over the same."""
    for _ in range(3):
        await hooks.ask(QUESTION)
    assert len({heard.connection for heard in app.heard}) == 1


async def test_a_proxy_of_the_environment_is_passed_by(
    app: App, hooks: Webhooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Your application is on this machine."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert await hooks.ask(QUESTION) == GO_ON
    assert len(app.heard) == 1


# -- what the answer does


@both_ways
async def test_0_delivers(scene: Scene, sending: Sending) -> None:
    """The application is asked before, and told afterwards."""
    assert (await scene.call(sending))["ErrorCode"] == 0
    await scene.hooks.idle()
    assert scene.app.commands == [sending.before, sending.after]
    assert scene.app.body(sending.after)["MsgBody"] == scene.app.body(sending.before)["MsgBody"] == [TEXT]
    assert [(d.failure, d.unheeded, d.answer) for d in scene.hooks.deliveries] == [("", (), OK)] * 2


@pytest.mark.parametrize(
    ("sending", "said", "code"),
    [
        (ONE_TO_ONE, 1, 20006),
        (ONE_TO_ONE, 120001, 120001),
        (ONE_TO_ONE, 130000, 130000),
        (ONE_TO_ONE, 120000, 20006),
        (ONE_TO_ONE, 130001, 20006),
        (ONE_TO_ONE, 10100, 20006),
        (ONE_TO_ONE, 80003, 20006),
        (ONE_TO_ONE, -1, 20006),
        (IN_A_GROUP, 1, 10016),
        (IN_A_GROUP, 10100, 10100),
        (IN_A_GROUP, 10200, 10200),
        (IN_A_GROUP, 10099, 10016),
        (IN_A_GROUP, 10201, 10016),
        (IN_A_GROUP, 120001, 10016),
    ],
)
async def test_a_refusal_reaches_the_caller(
    scene: Scene,
    sending: Sending,
    said: int,
    code: int,
) -> None:
    """With a code of the application's own range and its ErrorInfo, or with the service's code; nothing is kept."""
    scene.app.says[sending.before] = no(said, "not on Sundays")
    answer = await scene.call(sending)
    assert (answer["ActionStatus"], answer["ErrorCode"]) == ("FAIL", code)
    assert answer["ErrorInfo"] == "not on Sundays"
    await scene.hooks.idle()
    assert scene.app.commands == [sending.before]
    assert scene.kept == []


@both_ways
async def test_2_drops_and_the_sender_sees_success(
    scene: Scene,
    sending: Sending,
) -> None:
    """Nothing is kept, and nobody is told."""
    scene.app.says[sending.before] = no(2)
    answer = await scene.call(sending)
    assert (answer["ErrorCode"], answer["MsgTime"]) == (0, scene.state.now)
    await scene.hooks.idle()
    assert scene.app.commands == [sending.before]
    assert scene.kept == []


@both_ways
async def test_an_application_may_write_the_message_anew(scene: Scene, sending: Sending) -> None:
    """Its MsgBody and CloudCustomData are kept and told in the place of the sender's."""
    scene.app.says[sending.before] = OK | {"MsgBody": [OTHER], "CloudCustomData": "theirs", "Newer": 1}
    assert (await scene.call(sending))["ErrorCode"] == 0
    await scene.hooks.idle()
    (kept,) = scene.kept
    assert (kept.msg_body, kept.cloud_custom_data) == ([Text("***")], "theirs")
    told = scene.app.body(sending.after)
    assert (told["MsgBody"], told["CloudCustomData"]) == ([OTHER], "theirs")
    assert scene.hooks.deliveries[0].unheeded == ()


def nested(depth: int) -> Any:
    """Return lists within each other."""
    return [nested(depth - 1)] if depth else []


DEEP = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi", "Newer": nested(260)}}]

BAD_BODIES = [
    ("MsgBody", [], "is empty"),
    ("MsgBody", "hi", "has to be a list"),
    ("MsgBody", [{"MsgType": "TIMTextElem"}], "MsgContent"),
    ("MsgBody", [{"MsgType": "TIMTextElem", "MsgContent": {"Text": 6}}], "TIMTextElem"),
    ("MsgBody", [{"MsgType": "TIMOwnElem", "MsgContent": {}}], "TIMOwnElem"),
    ("MsgBody", DEEP, "nested too deeply"),
    ("CloudCustomData", 6, "has to be a string"),
]


@both_ways
@pytest.mark.parametrize(("name", "value", "complaint"), BAD_BODIES, ids=range(len(BAD_BODIES)))
async def test_what_cannot_be_a_message_is_not_put_in_its_place(
    scene: Scene,
    sending: Sending,
    name: str,
    value: Any,
    complaint: str,
) -> None:
    """The sender's stays, what is good of the rest is taken, and the delivery says what was wrong."""
    scene.app.says[sending.before] = OK | {"MsgBody": [OTHER], "CloudCustomData": "theirs"} | {name: value}
    assert (await scene.call(sending))["ErrorCode"] == 0
    (kept,) = scene.kept
    if name == "MsgBody":
        assert (kept.msg_body, kept.cloud_custom_data) == ([Text("hi, beauty")], "theirs")
    else:
        assert (kept.msg_body, kept.cloud_custom_data) == ([Text("***")], "mine")
    (unheeded,) = scene.hooks.deliveries[0].unheeded
    assert name in unheeded
    assert complaint in unheeded


async def test_a_refusal_changes_nothing_besides(app: App, hooks: Webhooks) -> None:
    """Replacements count with ErrorCode 0 only."""
    app.says[BEFORE] = no(120001, "no") | {"MsgBody": "nonsense", "CloudCustomData": "theirs"}
    assert await hooks.ask(QUESTION) == Verdict(120001, "no")
    assert hooks.deliveries[0].unheeded == ()


@pytest.mark.parametrize(
    ("command", "good", "bad"),
    [
        ("Group.CallbackBeforeInviteJoinGroup", {"RefusedMembers_Account": ["a"]}, [["a", 6], "a", {}]),
        (
            "Sns.CallbackPrevFriendAdd",
            {"ResultItem": [{"To_Account": "a", "ResultCode": 38000, "ResultInfo": "no"}]},
            [[{"To_Account": "a"}], [{"To_Account": "a", "ResultCode": "0"}], ["a"], {}],
        ),
    ],
)
async def test_other_events_take_what_their_answer_may_hold(
    app: App, hooks: Webhooks, command: str, good: dict[str, Any], bad: list[Any]
) -> None:
    """Single accounts are refused by a list; one that is not as documented is passed over, as is a MsgBody here."""
    (name,) = good
    app.says[command] = OK | good | {"MsgBody": [OTHER]}
    assert await hooks.ask(Event(command, {})) == Verdict(0, "", good)
    for wrong in bad:
        app.says[command] = OK | {name: wrong}
        assert await hooks.ask(Event(command, {})) == GO_ON
        assert name in hooks.deliveries[-1].unheeded[0]


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"ActionStatus": "ok"}, "ActionStatus"),
        ({"ActionStatus": ["OK"]}, "ActionStatus"),
        ({"ErrorInfo": None}, "ErrorInfo"),
        ({"ErrorInfo": 6}, "ErrorInfo"),
    ],
)
async def test_an_envelope_with_a_slip_is_obeyed_and_marked(
    app: App, hooks: Webhooks, changed: dict[str, Any], complaint: str
) -> None:
    """The code decides; the rest of the envelope is required, but nothing hangs on it."""
    app.says[BEFORE] = no(1) | changed
    assert await hooks.ask(QUESTION) == Verdict(1)
    (unheeded,) = hooks.deliveries[0].unheeded
    assert complaint in unheeded


async def test_the_real_client_hears_what_the_application_says(
    box: Sandbox, tim: TimSession, app: App, hooks: Webhooks
) -> None:
    """Over HTTP all the way: refused with the application's own code and words, then delivered."""
    box.service.webhooks = hooks
    app.says[BEFORE] = no(120001, "not on Sundays")
    with pytest.raises(ApiError, match="not on Sundays") as refused:
        await tim.messages.send("bob", "hi", from_account="alice")
    assert refused.value.code == 120001
    del app.says[BEFORE]
    await tim.messages.send("bob", "hi", from_account="alice")
    await hooks.idle()
    assert app.commands == [BEFORE, BEFORE, AFTER]


# -- where the service waits


async def test_a_call_that_waits_holds_up_no_other(
    scene: Scene,
) -> None:
    """Only who has to ask waits for the application."""
    scene.app.gate.clear()
    waiting = scene.call(ONE_TO_ONE)
    await scene.app.arrived.acquire()
    assert (await scene.call(Sending("im_open_login_svc/account_import", {"UserID": "new"}, "", "")))["ErrorCode"] == 0
    assert not waiting.done()
    scene.app.gate.set()
    assert (await waiting)["ErrorCode"] == 0
    assert len(scene.kept) == 1


@both_ways
async def test_a_repeat_while_the_application_is_asked_is_delivered_once(
    scene: Scene,
    sending: Sending,
) -> None:
    """A caller who lost patience and tried again gets the receipt of the first."""
    scene.app.gate.clear()
    calls = [scene.call(sending), scene.call(sending)]
    for _ in calls:
        await scene.app.arrived.acquire()
    scene.app.gate.set()
    first, second = await asyncio.gather(*calls)
    assert first == second
    assert len(scene.kept) == 1


@both_ways
async def test_a_repeat_while_the_application_is_silent_is_delivered_once(
    scene: Scene, sending: Sending, clock: FakeClock
) -> None:
    """The time for an answer is over for both, and the second finds the first there."""
    scene.app.gate.clear()
    calls = [scene.call(sending), scene.call(sending)]
    for _ in calls:
        await scene.app.arrived.acquire()
    await clock.advance(2.1)
    first, second = await asyncio.gather(*calls)
    assert first == second
    assert len(scene.kept) == 1


async def test_a_group_may_go_while_the_application_is_asked(
    scene: Scene,
) -> None:
    """Who writes to it then hears that it is gone."""
    scene.app.gate.clear()
    waiting = scene.call(IN_A_GROUP)
    await scene.app.arrived.acquire()
    scene.state.store.run("DELETE FROM groups WHERE GroupId = ?", GROUP)
    scene.state.store.commit()
    scene.app.gate.set()
    assert (await waiting)["ErrorCode"] == 10010


# -- no answer


async def test_it_is_waited_so_long_and_not_longer(scene: Scene, clock: FakeClock) -> None:
    """After 2 seconds the message goes on, and the delivery says why."""
    scene.app.gate.clear()
    sending = scene.call(ONE_TO_ONE)
    await scene.app.arrived.acquire()
    await clock.advance(1.999)
    assert not sending.done()
    await clock.advance(0.002)
    assert (await sending)["ErrorCode"] == 0
    delivery = scene.hooks.deliveries[0]
    assert (delivery.failure, delivery.timed_out, delivery.verdict) == ("no answer within 2 s", True, None)
    assert delivery.seconds == pytest.approx(2.0, abs=0.01)


async def test_on_the_machines_own_clock_time_is_up_too(app: App) -> None:
    """A timeout needs no clock of a test."""
    app.gate.clear()
    async with running(app.url, timeout=0.01) as hooks:
        assert await hooks.ask(QUESTION) == GO_ON
        assert hooks.deliveries[0].failure == "no answer within 0.01 s"


@both_ways
async def test_silence_can_be_set_to_refuse(
    app: App, state: State, query: Query, clock: FakeClock, sending: Sending
) -> None:
    """The caller gets 80003, nothing is kept, and nobody is told."""
    app.says[sending.before] = web.Response(status=500)
    async with running(app.url, clock=clock, when_silent="refuse") as hooks:
        service = Service(Application(sdkappid=SDKAPPID, secret_key=KEY), state, hooks)
        answer = await service.answer(sending.path, query(), json.dumps(sending.body).encode())
        await hooks.idle()
    assert (answer["ErrorCode"], app.commands) == (80003, [sending.before])
    assert kept_in(state) == []


def html(status: int = 200) -> web.Response:
    """Return a page for people."""
    return web.Response(status=status, text="<html>Hello</html>", content_type="text/html")


PADDED = json.dumps(OK).encode().ljust(ANSWER_BYTES)
ZIPPED = {"Content-Encoding": "gzip", "Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("make", "failure"),
    [
        (lambda: web.Response(status=500), "HTTP 500 in place of 200"),
        (lambda: web.json_response(OK, status=201), "HTTP 201 in place of 200"),
        (lambda: web.Response(status=204), "HTTP 204 in place of 200"),
        (lambda: web.json_response(OK, status=302, headers={"Location": "/there"}), "HTTP 302 in place of 200"),
        (lambda: web.json_response(OK, status=307, headers={"Location": "/there"}), "HTTP 307 in place of 200"),
        (html, "the answer is no JSON object but 18 bytes of something else"),
        (lambda: web.Response(body=b""), "the answer is no JSON object but 0 bytes of something else"),
        (lambda: web.Response(body=b"[0]"), "the answer is no JSON object but 3 bytes of something else"),
        (lambda: web.Response(body=b"[" * 5000), "the answer is no JSON object but 5000 bytes of something else"),
        (lambda: web.Response(body=PADDED + b" "), "the answer is larger than 64 KB"),
        (lambda: web.Response(body=PADDED.ljust(1024**2)), "the answer is larger than 64 KB"),
        (
            lambda: web.Response(body=gzip.compress(PADDED.ljust(64 * 1024**2)), headers=ZIPPED),
            "the answer is larger than 64 KB",
        ),
        (lambda: web.Response(body=b"no gzip", headers=ZIPPED), "the answer was cut off"),
        (lambda: web.json_response({}), "its ErrorCode has to be a whole number, not None"),
        (lambda: web.json_response(OK | {"ErrorCode": "0"}), "its ErrorCode has to be a whole number, not '0'"),
        (lambda: web.json_response(OK | {"ErrorCode": True}), "its ErrorCode has to be a whole number, not True"),
    ],
)
async def test_an_answer_that_is_none_is_silence(
    app: App, hooks: Webhooks, make: Callable[[], web.Response], failure: str
) -> None:
    """It has to be a small JSON object over HTTP 200; nothing is followed, and the delivery says what was wrong."""
    app.says[BEFORE] = make()
    assert await hooks.ask(QUESTION) == GO_ON
    assert hooks.deliveries[0].failure == failure
    assert hooks.deliveries[0].verdict is None
    assert len(app.heard) == 1


@pytest.mark.parametrize(
    "make", [lambda: web.Response(body=PADDED), lambda: web.Response(body=gzip.compress(PADDED), headers=ZIPPED)]
)
async def test_an_answer_may_be_64_kb_long_and_packed(
    app: App, hooks: Webhooks, make: Callable[[], web.Response]
) -> None:
    """Not one byte less."""
    app.says[BEFORE] = make()
    await hooks.ask(QUESTION)
    assert hooks.deliveries[0].answer == OK


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"


@pytest.mark.parametrize(
    ("content", "then", "failure"),
    [
        (b"", "close", "the connection broke"),
        (b"", "reset", "the connection broke"),
        (HEAD[:20], "close", "the connection broke"),
        (HEAD + b"{", "close", "the answer was cut off"),
        (b"220 smtp ready\r\n\r\n", "close", "the answer is not HTTP"),
    ],
)
async def test_a_broken_connection_is_silence(clock: FakeClock, content: bytes, then: str, failure: str) -> None:
    """Before the answer, in the middle, or with something else that listens there."""
    async with saying(content, then=then) as (url, _), running(url, clock=clock) as hooks:
        assert await hooks.ask(QUESTION) == GO_ON
        assert hooks.deliveries[0].failure == failure


@pytest.mark.parametrize("content", [b"", HEAD[:20], HEAD, HEAD + b"{"])
async def test_an_answer_that_does_not_end_is_waited_for_no_longer(clock: FakeClock, content: bytes) -> None:
    """The limit is for the whole of it, however much of it arrived."""
    async with saying(content, then="stay") as (url, arrived), running(url, clock=clock) as hooks:
        asking = asyncio.ensure_future(hooks.ask(QUESTION))
        await arrived.wait()
        await clock.advance(2.1)
        assert await asking == GO_ON
        assert hooks.deliveries[0].timed_out


async def test_nobody_listens(clock: FakeClock) -> None:
    """A port that nobody has is silence."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with running(f"http://127.0.0.1:{taken.getsockname()[1]}", clock=clock) as hooks:
            assert await hooks.ask(QUESTION) == GO_ON
            assert hooks.deliveries[0].failure == "it cannot be reached"


async def test_a_name_that_nobody_has_is_silence(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS is a reason of its own."""

    async def unknown(*_: object, **__: object) -> list[Any]:
        raise OSError(-2, "Name or service not known")

    monkeypatch.setattr(aiohttp.ThreadedResolver, "resolve", unknown)
    monkeypatch.setattr(aiohttp.connector, "DefaultResolver", aiohttp.ThreadedResolver)
    async with running("http://nobody.invalid/tim", clock=clock) as hooks:
        assert await hooks.ask(QUESTION) == GO_ON
        assert hooks.deliveries[0].failure == "its name cannot be resolved"


async def test_a_certificate_that_does_not_hold_is_silence(clock: FakeClock) -> None:
    """As with the service, it has to be one of a public authority."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    async with listening(App(), tls) as app, running(app.url, clock=clock) as hooks:
        assert await hooks.ask(QUESTION) == GO_ON
        assert hooks.deliveries[0].failure == "TLS failed, or the certificate does not hold"
        assert app.heard == []


async def test_what_nobody_expected_is_silence(clock: FakeClock) -> None:
    """A host that cannot be written in DNS stops no call, and the delivery names the kind of failure."""
    async with running(f"http://{'a' * 64}.invalid/", clock=clock) as hooks:
        assert await hooks.ask(QUESTION) == GO_ON
        assert hooks.deliveries[0].failure.startswith(("HTTP failed (", "its name cannot be resolved"))


async def test_a_question_is_never_repeated(app: App, clock: FakeClock) -> None:
    """Retries are for what was done already."""
    app.gate.clear()
    async with running(app.url, clock=clock, retry_after_events=3) as hooks:
        asking = asyncio.ensure_future(hooks.ask(QUESTION))
        await app.arrived.acquire()
        await clock.advance(10)
        assert await asking == GO_ON
        assert len(app.heard) == 1


# -- what is told


async def test_events_arrive_in_their_order(app: App, hooks: Webhooks) -> None:
    """Whoever tells does not wait, and one is told after the other."""
    for number in range(100):
        hooks.tell([Event(AFTER, {"MsgSeq": number}), Event(GROUP_AFTER, {"MsgSeq": number})])
    assert (app.heard, hooks.waiting) == ([], 200)
    await hooks.idle()
    assert [(heard.command, heard.body["MsgSeq"]) for heard in app.heard] == [
        (command, number) for number in range(100) for command in (AFTER, GROUP_AFTER)
    ]
    assert hooks.waiting == 0


async def test_what_is_told_before_the_start_is_not_lost(app: App, clock: FakeClock) -> None:
    """It waits."""
    hooks = Webhooks(app.url, sdkappid=SDKAPPID, clock=clock)
    hooks.tell([Event(AFTER, {})])
    await hooks.start()
    await hooks.idle()
    await hooks.stop()
    assert app.commands == [AFTER]


async def test_of_too_many_the_oldest_are_let_go(app: App, clock: FakeClock) -> None:
    """They are counted, and nobody is held up."""
    hooks = Webhooks(app.url, sdkappid=SDKAPPID, clock=clock)
    hooks.tell(Event(AFTER, {"MsgSeq": number}) for number in range(WAITING + 3))
    assert (hooks.dropped, hooks.waiting) == (3, WAITING)
    await hooks.start()
    await app.arrived.acquire()
    await hooks.stop()
    assert app.heard[0].body["MsgSeq"] == 3


async def test_an_event_that_fails_does_not_stop_the_next(app: App, hooks: Webhooks) -> None:
    """It is not told again either."""
    app.says[AFTER] = html(500)
    hooks.tell([Event(AFTER, {}), Event(GROUP_AFTER, {})])
    await hooks.idle()
    assert app.commands == [AFTER, GROUP_AFTER]
    assert [delivery.failure for delivery in hooks.deliveries] == ["HTTP 500 in place of 200", ""]


@pytest.mark.parametrize(("retries", "calls"), [(0, 1), (1, 2), (2, 3)])
async def test_an_event_that_ran_out_of_time_is_told_again_where_that_is_set(
    app: App, clock: FakeClock, retries: int, calls: int
) -> None:
    """So often, with the same body, and before the next; never where it failed otherwise."""
    app.gate.clear()
    async with running(app.url, clock=clock, retry_after_events=retries) as hooks:
        hooks.tell([Event(GROUP_AFTER, {"MsgSeq": 1}), Event(AFTER, {})])
        for _ in range(calls):
            await app.arrived.acquire()
            await clock.advance(2.1)
        app.says[AFTER] = html()
        app.gate.set()
        await hooks.idle()
        assert app.commands == [GROUP_AFTER] * calls + [AFTER]
        assert all(heard.body == app.heard[0].body for heard in app.heard[:calls])
        assert [delivery.timed_out for delivery in hooks.deliveries] == [True] * calls + [False]


# -- by hand


async def test_any_event_can_be_fired_by_hand(app: App, hooks: Webhooks) -> None:
    """What came back is returned and kept; nothing is done about it, and a command that nobody knows goes, too."""
    app.says["Some.Newer"] = no(7, "seven")
    delivery = await hooks.fire("Some.Newer", {"x": 1})
    assert app.body("Some.Newer") == delivery.body == {"CallbackCommand": "Some.Newer", "x": 1}
    assert (delivery.answer, delivery.verdict) == (no(7, "seven"), Verdict(7, "seven"))
    assert list(hooks.deliveries) == [delivery]


@pytest.mark.parametrize("value", [object(), "\ud800", {(): 1}, 2**64, nested(260)])
async def test_what_is_no_json_cannot_be_fired(hooks: Webhooks, value: object) -> None:
    """Whoever tries is told so."""
    with pytest.raises(InputError, match=r"Some\.Newer cannot be written"):
        await hooks.fire("Some.Newer", {"x": value})
    assert not hooks.deliveries


# -- start and stop


async def test_nothing_is_called_before_the_start_and_after_the_stop(app: App, clock: FakeClock) -> None:
    """A question goes on, and the delivery says why; it can be started again."""
    hooks = Webhooks(app.url, sdkappid=SDKAPPID, clock=clock)
    await hooks.stop()
    assert (await hooks.fire(BEFORE, {})).failure == "the webhooks are not running"
    await hooks.start()
    with pytest.raises(ConfigError, match="running already"):
        await hooks.start()
    await hooks.stop()
    assert await hooks.ask(QUESTION) == GO_ON
    assert hooks.deliveries[-1].failure == "the webhooks are not running"
    assert app.heard == []
    await hooks.start()
    assert (await hooks.fire(BEFORE, {})).failure == ""
    await hooks.stop()


def tasks_of_webhooks() -> list[asyncio.Task[Any]]:
    """Return the tasks that work for webhooks."""
    return [task for task in asyncio.all_tasks() if "Webhooks." in repr(task.get_coro())]


async def test_stop_lets_nothing_run_on(app: App, clock: FakeClock) -> None:
    """What is on its way is given up, what waits is forgotten, who waits for it all goes on, and no task is left."""
    hooks = Webhooks(app.url, sdkappid=SDKAPPID, clock=clock)
    await hooks.start()
    assert len(tasks_of_webhooks()) == 1
    app.gate.clear()
    hooks.tell([Event(AFTER, {"MsgSeq": number}) for number in range(3)])
    idle = asyncio.ensure_future(hooks.idle())
    await app.arrived.acquire()
    await hooks.stop()
    await idle
    assert (hooks.waiting, clock.timers, len(app.heard)) == (0, 0, 1)
    assert [delivery.failure for delivery in hooks.deliveries] == ["given up before an answer came"]
    assert tasks_of_webhooks() == []


async def test_stop_answers_all_who_wait(app: App, clock: FakeClock) -> None:
    """Also those for whom no connection was free: their calls go on as where nobody answers."""
    app.gate.clear()
    async with running(app.url, clock=clock) as hooks:
        asking = [asyncio.ensure_future(hooks.ask(QUESTION)) for _ in range(CONNECTIONS + 2)]
        for _ in range(CONNECTIONS):
            await app.arrived.acquire()
        await hooks.stop()
        assert await asyncio.gather(*asking) == [GO_ON] * len(asking)
        failures = {delivery.failure for delivery in hooks.deliveries}
    assert failures == {"the webhooks were stopped before an answer came"}
    assert clock.timers == 0


async def test_a_caller_who_hangs_up_is_let_go(app: App, hooks: Webhooks, clock: FakeClock) -> None:
    """Being cancelled is no answer: it goes through, and the delivery stands there as given up."""
    app.gate.clear()
    asking = asyncio.ensure_future(hooks.ask(QUESTION))
    await app.arrived.acquire()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert hooks.deliveries[0].failure == "given up before an answer came"
    assert clock.timers == 0


async def test_stop_may_be_cancelled(app: App, clock: FakeClock) -> None:
    """The connections are closed all the same; the warnings of a session left open would fail this."""
    hooks = Webhooks(app.url, sdkappid=SDKAPPID, clock=clock)
    await hooks.start()
    stopping = asyncio.ensure_future(hooks.stop())
    await asyncio.sleep(0)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    assert (await hooks.fire(BEFORE, {})).failure == "the webhooks are not running"


# -- settings and secrets


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"url": "ftp://127.0.0.1"}, "https://"),
        ({"url": "127.0.0.1:80"}, "https://"),
        ({"url": "http://"}, "https://"),
        ({"url": "http://[::1"}, "no URL"),
        ({"url": None}, "no URL"),
        ({"url": "http://me:xxxxyyyy@127.0.0.1/"}, "user or a password"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"retry_after_events": -1}, "retry_after_events"),
        ({"when_silent": "maybe"}, "go on, refuse"),
        ({"commands": "C2C."}, "list of names"),
        ({"commands": ["C2C.Nothing"]}, "C2C.Nothing"),
        ({"commands": [""]}, "no callback ''"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], complaint: str) -> None:
    """At once, and without a word of the address."""
    usual: dict[str, Any] = {"url": "http://127.0.0.1:1/", "sdkappid": SDKAPPID}
    with pytest.raises(ConfigError, match=complaint) as refused:
        Webhooks(**(usual | settings))
    assert TOKEN not in str(refused.value)


async def test_a_program_finds_the_token_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where webhooks are signed, and nowhere else, the sandbox's variables hold what believes its calls."""
    unsigned = Webhooks("http://127.0.0.1:1", sdkappid=SDKAPPID)
    for webhooks in (None, unsigned):
        async with Sandbox(webhooks=webhooks) as box:
            assert "TIMREST_WEBHOOK_TOKEN" not in box.env()
    async with Sandbox(webhooks=Webhooks("http://127.0.0.1:1", sdkappid=SDKAPPID, token=TOKEN)) as box:
        for name, value in box.env().items():
            monkeypatch.setenv(name, value)
        assert box.env()["TIMREST_WEBHOOK_TOKEN"] == TOKEN
    auth = Auth.from_env()
    now = str(int(auth.clock.now()))
    auth.check({"SdkAppid": str(SDKAPPID), "Sign": sign(TOKEN, int(now)), "RequestTime": now})
    with pytest.raises(SignatureError):
        auth.check({"SdkAppid": str(SDKAPPID), "Sign": sign("another", int(now)), "RequestTime": now})


async def test_who_watches_hears_of_each_delivery(app: App, hooks: Webhooks) -> None:
    """Once it stands among the others, with a number of its own."""
    heard: list[int] = []
    hooks.watchers.add(lambda: heard.append(hooks.deliveries[-1].number))
    await hooks.ask(QUESTION)
    hooks.tell([Event(AFTER, {})])
    await hooks.idle()
    app.says["Some.Newer"] = html(500)
    await hooks.fire("Some.Newer", {})
    assert heard == [1, 2, 3]


async def test_the_token_stands_nowhere(
    app: App, clock: FakeClock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in what is shown, kept or logged, whatever happens; nor does a secret in the query of your URL."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(asyncio.get_running_loop(), "slow_callback_duration", 0, raising=False)
    shown: list[str] = []
    answers: list[Answer] = [OK, html(500), html(), web.Response(body=PADDED.ljust(1024**2)), OK]
    for url, answer in zip([app.url] * 4 + ["http://127.0.0.1:1/tim"], answers, strict=True):
        app.says[BEFORE] = answer
        async with running(f"{url}?key=opensesame", clock=clock, token=TOKEN) as hooks:
            await hooks.ask(QUESTION)
            hooks.tell([Event(AFTER, {})])
            await hooks.idle()
            app.gate.clear()
            asking = asyncio.ensure_future(hooks.ask(QUESTION))
            await clock.advance(2.1)
            await asking
            app.gate.set()
            shown += [repr(hooks), str(hooks), repr(vars(hooks)["_token"]), hooks.address, repr(hooks.deliveries)]
    written = "\n".join([*shown, caplog.text, *(repr(vars(record)) for record in caplog.records)])
    assert "C2C.CallbackBeforeSendMsg: answered" in caplog.text
    for secret in (TOKEN, "opensesame", sign(TOKEN, int(clock.now()))):
        assert secret not in written
    assert f"Sign={sign(TOKEN, 1_546_300_800)}" in app.heard[0].query
