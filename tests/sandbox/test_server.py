"""The sandbox on a real socket, met by a client that is not ours."""

from __future__ import annotations

import asyncio
import json
from io import BytesIO
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from unittest.mock import Mock
from urllib.parse import urlencode

import aiohttp
import pytest

from timrest_async import ConfigError, Text
from timrest_async.sandbox import Sandbox, Webhooks
from timrest_async.sandbox.server import _reset
from timrest_async.usersig import sign

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from timrest_async.testing import FakeClock

    Query = Callable[..., dict[str, str]]

SEND = "/v4/openim/sendmsg"
SENT = {
    "To_Account": "lumotuwe2",
    "MsgRandom": 1,
    "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi, beauty"}}],
}


@pytest.fixture
async def box(clock: FakeClock) -> AsyncIterator[Sandbox]:
    """Return a running sandbox with one account."""
    async with Sandbox(clock=clock) as box:
        box.state.add_account("lumotuwe2")
        yield box


@pytest.fixture
async def http(box: Sandbox) -> AsyncIterator[aiohttp.ClientSession]:
    """Return a plain HTTP client that knows where the sandbox is."""
    async with aiohttp.ClientSession(box.base_url) as http:
        yield http


async def somebody_waits(clock: FakeClock) -> None:
    """Return once a timer is set on *clock*."""
    while not clock.timers:  # noqa: ASYNC110  # a clock has no event for it
        await asyncio.sleep(0)


async def answer_of(http: aiohttp.ClientSession, query: dict[str, str]) -> dict[str, Any]:
    """Send a message and return the answer."""
    async with http.post(SEND, params=query, json=SENT) as response:
        assert response.status == 200
        assert response.content_type == "application/json"
        answer: dict[str, Any] = await response.json()
        return answer


async def test_a_good_call_is_answered_in_json_over_200(http: aiohttp.ClientSession, query: Query) -> None:
    """Any client that speaks the protocol is served."""
    assert (await answer_of(http, query()))["ErrorCode"] == 0


async def test_a_refusal_is_answered_over_200_too(http: aiohttp.ClientSession, query: Query) -> None:
    """The code stands in the body alone."""
    assert (await answer_of(http, query(usersig="")))["ErrorCode"] == 70002


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v5/openim/sendmsg", 404),
        ("GET", "/none", 404),
    ],
)
async def test_other_methods_and_addresses_are_not_served(
    http: aiohttp.ClientSession, method: str, path: str, status: int
) -> None:
    """The protocol is POST below /v4, and nothing else."""
    async with http.request(method, path) as response:
        assert response.status == status


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", SEND, 60002),
        ("PUT", SEND, 60002),
        ("POST", "/v4/", 60009),
        ("POST", "/v4/openim", 60009),
        ("POST", "/v4/openim/sendmsg/now", 60009),
    ],
)
async def test_what_is_no_call_has_a_code_too(
    http: aiohttp.ClientSession, query: Query, method: str, path: str, code: int
) -> None:
    """Below /v4 everything is answered as the service does: JSON over HTTP 200."""
    async with http.request(method, path, params=query(), data=b"{}") as response:
        assert (response.status, (await response.json())["ErrorCode"]) == (200, code)
        assert response.headers["Server"] == "timrest-sandbox"


async def test_a_body_without_end_is_not_read(http: aiohttp.ClientSession, query: Query) -> None:
    """More than a megabyte is refused before it fills the memory."""
    async with http.post(SEND, params=query(), data=BytesIO(b" " * (1024**2 + 1))) as response:
        assert response.status == 413


async def test_the_state_can_be_seen(http: aiohttp.ClientSession, query: Query) -> None:
    """What was sent stands there."""
    await answer_of(http, query())
    async with http.get("/_sandbox/state") as response:
        shown = await response.json()
    assert shown["accounts"] == [{"UserID": "administrator"}, {"UserID": "lumotuwe2"}]
    assert shown["messages"][0]["MsgBody"] == SENT["MsgBody"]


async def test_the_calls_can_be_seen(box: Sandbox, http: aiohttp.ClientSession, query: Query) -> None:
    """Each call stands there with its time and its code; one that a fault kept away has no code."""
    box.faults.add("*", status=502)
    async with http.post(SEND, params=query(), json=SENT):
        pass
    await answer_of(http, query(usersig=""))
    async with http.get("/_sandbox/calls") as response:
        shown = await response.json()
    assert shown == [
        {"time": 0.0, "path": "openim/sendmsg", "code": None, "number": 1, "seconds": None},
        {"time": 0.0, "path": "openim/sendmsg", "code": 70002, "number": 2, "seconds": 0.0},
    ]


async def test_faults_can_be_ordered_from_outside(http: aiohttp.ClientSession, query: Query) -> None:
    """A program in any language can let things go wrong, and well again."""
    async with http.post("/_sandbox/faults", json={"path": "*", "code": 20004, "times": 3}) as response:
        assert await response.json() == {"waiting": 3}
    assert (await answer_of(http, query()))["ErrorCode"] == 20004
    async with http.delete("/_sandbox/faults") as response:
        assert await response.json() == {"waiting": 0}
    assert (await answer_of(http, query()))["ErrorCode"] == 0


@pytest.mark.parametrize("wrong", [b"", b"[]", b'{"path": "*"}', b'{"path": "*", "fire": true}', b'{"cut": true}'])
async def test_a_fault_that_makes_no_sense_is_refused(http: aiohttp.ClientSession, wrong: bytes) -> None:
    """The answer says why."""
    headers = {"Content-Type": "application/json"}
    async with http.post("/_sandbox/faults", data=wrong, headers=headers) as response:
        assert response.status == 400
        assert (await response.json())["error"]


async def test_a_gateway_answers_in_html(box: Sandbox, http: aiohttp.ClientSession, query: Query) -> None:
    """502 and a page for people; the service never saw the call."""
    box.faults.add("openim/sendmsg", status=502)
    async with http.post(SEND, params=query(), json=SENT) as response:
        assert (response.status, response.content_type) == (502, "text/html")
    assert box.state.conversation("administrator", "lumotuwe2") == []


async def test_html_comes_with_200(box: Sandbox, http: aiohttp.ClientSession, query: Query) -> None:
    """As from a portal that wants a login."""
    box.faults.add("openim/sendmsg", html=True)
    async with http.post(SEND, params=query(), json=SENT) as response:
        assert (response.status, response.content_type) == (200, "text/html")


@pytest.mark.parametrize(("fault", "stored"), [("reset", 0), ("lose_answer", 1)])
async def test_a_connection_breaks_before_or_after_the_work(
    box: Sandbox, http: aiohttp.ClientSession, query: Query, fault: str, stored: int
) -> None:
    """The caller cannot tell the two apart; the state can."""
    box.faults.add("openim/sendmsg", **{fault: True})
    with pytest.raises(aiohttp.ClientConnectionError):
        await http.post(SEND, params=query(), json=SENT)
    assert len(box.state.history("administrator", "lumotuwe2")) == stored


async def test_an_answer_is_cut_off(box: Sandbox, http: aiohttp.ClientSession, query: Query) -> None:
    """The headers promise more than arrives; the work is done."""
    box.faults.add("openim/sendmsg", cut=True)
    async with http.post(SEND, params=query(), json=SENT) as response:
        assert response.status == 200
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()
    assert len(box.state.history("administrator", "lumotuwe2")) == 1


async def test_an_answer_comes_late(box: Sandbox, http: aiohttp.ClientSession, query: Query, clock: FakeClock) -> None:
    """The work is done at once, and the answer waits."""
    box.faults.add("openim/sendmsg", latency=3)
    call = asyncio.create_task(answer_of(http, query()))
    await somebody_waits(clock)
    assert len(box.state.history("administrator", "lumotuwe2")) == 1
    assert not call.done()
    await clock.advance(3)
    assert (await call)["ErrorCode"] == 0


async def test_a_caller_who_hung_up_is_not_missed(box: Sandbox, query: Query, clock: FakeClock) -> None:
    """A late reset finds nobody on the line, and does no harm."""
    box.faults.add("openim/sendmsg", reset=True, latency=3)
    _, writer = await asyncio.open_connection("127.0.0.1", box.port)
    writer.write(f"POST {SEND}?{urlencode(query())} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{{}}".encode())
    await somebody_waits(clock)
    writer.close()
    await writer.wait_closed()
    await clock.advance(3)
    assert box.service.calls[0].code is None


async def test_a_sandbox_stops_and_starts_again() -> None:
    """What it remembers stays."""
    box = Sandbox()
    await box.start()
    box.state.add_account("leckie")
    with pytest.raises(ConfigError, match="running already"):
        await box.start()
    await box.stop()
    await box.stop()
    with pytest.raises(ConfigError, match="not running"):
        _ = box.base_url
    async with box:
        assert "leckie" in box.state.accounts
        assert box.port > 0


async def test_a_taken_port_is_left_alone(box: Sandbox) -> None:
    """A second sandbox on the same port fails and leaves nothing open."""
    second = Sandbox(port=box.port)
    with pytest.raises(OSError, match="address"):
        await second.start()
    with pytest.raises(ConfigError):
        _ = second.port


async def test_a_sandbox_listens_on_ipv6_too() -> None:
    """An address of version 6 stands in brackets."""
    async with Sandbox(host="::1") as box:
        assert box.base_url == f"http://[::1]:{box.port}"


@pytest.mark.parametrize(
    "wrong",
    [
        {"admins": ()},
        {"admins": "administrator"},
        {"calls_per_second": 0},
    ],
)
def test_a_sandbox_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    """It is never without an administrator."""
    with pytest.raises(ConfigError):
        Sandbox(**wrong)


async def test_what_arrived_can_be_asked_for(clock: FakeClock) -> None:
    """By its receiver, its sender, or its group; a signature of one's own is as good as the key."""
    async with Sandbox(clock=clock) as box:
        box.state.add_group("team", owner="alice")
        usersig = sign(box.sdkappid, box.secret_key, "administrator", expire=60, time=int(clock.now()))
        async with box.session(usersig=usersig) as tim:
            await tim.messages.send("alice", "to you")
            await tim.group_messages.send("team", "to all", from_account="alice")
    assert [message.msg_body for message in box.messages(sender="administrator", to="alice")] == [[Text("to you")]]
    assert [(message.from_account, message.msg_body) for message in box.group_messages("team")] == [
        ("alice", [Text("to all")])
    ]


async def test_a_sandbox_that_others_can_reach_says_so() -> None:
    """Whoever opens it to the network is warned, and finds it at home all the same."""
    with pytest.warns(RuntimeWarning, match=r"whoever reaches 0\.0\.0\.0 may read"):
        box = Sandbox(host="0.0.0.0")  # noqa: S104  # what is warned of
    async with box, box.session() as tim:
        assert box.base_url == f"http://127.0.0.1:{box.port}"
        assert not (await tim.accounts.check(["administrator"])).failed


async def test_applications_know_nothing_of_each_other(clock: FakeClock) -> None:
    """Each has its own key, administrators and state behind one address; an unknown one is told so."""
    async with Sandbox(clock=clock, secret_key="one") as box:
        other = box.add_application(1_400_000_001, secret_key="two", admins=["boss"])
        async with box.session() as tim, box.session(sdkappid=1_400_000_001) as theirs:
            await tim.accounts.import_many(["alice", "bob"])
            await theirs.accounts.import_one("alice")
            await theirs.messages.send("alice", "hi")
        with pytest.raises(ConfigError, match="already"):
            box.add_application(1_400_000_001)
    assert box.messages() == []
    assert [message.from_account for message in other.state.messages(to="alice")] == ["boss"]


async def test_a_second_administrator_may_call(query: Query, clock: FakeClock) -> None:
    """Every name in *admins* is an administrator with an account."""
    async with Sandbox(admins=["boss", "deputy"], host="localhost", clock=clock) as box:
        usersig = sign(box.sdkappid, box.secret_key, "deputy", expire=60, time=int(clock.now()))
        answer = await box.service.answer(
            "openim/sendmsg",
            query(identifier="deputy", usersig=usersig),
            json.dumps(SENT | {"To_Account": "boss"}).encode(),
        )
    assert answer["ErrorCode"] == 0


def test_a_peer_who_hung_up_needs_no_reset() -> None:
    """There is no socket any more to be told."""
    closed = Mock(spec=["force_close"])
    _reset(cast("Any", SimpleNamespace(get_extra_info=lambda _: None, protocol=closed)))
    closed.force_close.assert_called_once_with()


async def test_a_sandbox_whose_webhooks_cannot_start_listens_nowhere() -> None:
    """What failed half-way is undone."""
    hooks = Webhooks("http://127.0.0.1:1", sdkappid=1)
    await hooks.start()
    box = Sandbox(webhooks=hooks)
    with pytest.raises(ConfigError, match="running already"):
        await box.start()
    with pytest.raises(ConfigError, match="not running"):
        _ = box.port


async def test_each_application_has_webhooks_of_its_own() -> None:
    """They are started and stopped with the sandbox, and call in the name of their application."""
    ours, theirs = Webhooks("http://127.0.0.1:1", sdkappid=1), Webhooks("http://127.0.0.1:1", sdkappid=2)
    box = Sandbox(sdkappid=1, webhooks=ours)
    box.add_application(2, webhooks=theirs)
    async with box, box.session(sdkappid=2) as tim:
        await tim.messages.send("administrator", "hi")
        await theirs.idle()
    assert [delivery.command for delivery in theirs.deliveries] == [
        "C2C.CallbackBeforeSendMsg",
        "C2C.CallbackAfterSendMsg",
    ]
    assert not ours.deliveries
