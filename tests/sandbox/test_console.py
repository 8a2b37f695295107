"""What stands behind the sandbox's page, asked over HTTP."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import aiohttp
import pytest
from aiohttp import web

from timrest_async import Face, RateLimitedError, Text, sandbox
from timrest_async.sandbox import Application, Faults, Sandbox, Service, State, Webhooks
from timrest_async.sandbox.callbacks import CALLBACKS
from timrest_async.sandbox.catalog import catalog
from timrest_async.sandbox.console import AT_ONCE, Console
from timrest_async.sandbox.hooks import DELIVERIES_KEPT, sign
from timrest_async.sandbox.stream import AT_ONCE as ROWS_AT_ONCE
from timrest_async.sandbox.stream import HEARTBEAT, Stream
from timrest_async.testing import FakeClock
from timrest_async.webhook import EVENTS, Auth, UnknownEvent, parse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from timrest_async import TimSession

PAGE = Path(sandbox.__file__).parent / "page"
HELLO = {"To_Account": "bob", "MsgRandom": 1, "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]}
SEND = "openim/sendmsg"
BEFORE, AFTER = "C2C.CallbackBeforeSendMsg", "C2C.CallbackAfterSendMsg"
TOKEN = "token-not-a-secret"
OK = {"ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": ""}

Http: TypeAlias = aiohttp.ClientSession


@pytest.fixture
async def http(box: Sandbox) -> AsyncIterator[Http]:
    """Return a plain HTTP client that knows where the sandbox is."""
    async with aiohttp.ClientSession(box.base_url) as http:
        yield http


@pytest.fixture
async def hooks(box: Sandbox, clock: FakeClock) -> AsyncIterator[Webhooks]:
    """Return the webhooks of *box*; the application says what an event holds under "say", and OK else."""

    async def say(request: web.Request) -> web.Response:
        return web.Response(text=(await request.json()).get("say", json.dumps(OK)))

    application = web.Application()
    application.router.add_post("/tim", say)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/tim?key=opensesame"
    hooks = Webhooks(url, sdkappid=box.sdkappid, token=TOKEN, commands=["C2C."], clock=clock)
    box.service.webhooks = hooks
    await hooks.start()
    yield hooks
    await hooks.stop()
    await runner.cleanup()


async def asked(http: Http, path: str, method: str = "GET", status: int = 200, **given: Any) -> Any:
    """Ask for something below ``/_sandbox/`` and return what is answered."""
    async with http.request(method, f"/_sandbox/{path}", **given) as response:
        assert response.status == status, await response.text()
        return await response.json()


async def tried(http: Http, body: Any, path: Any = SEND, status: int = 200, **more: Any) -> Any:
    """Try a command as the page's form does."""
    return await asked(http, "try", "POST", status, json={"path": path, "body": body} | more)


# -- the page itself


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/_sandbox/page/index.html", "text/html"),
        ("/_sandbox/page/page.css", "text/css"),
        ("/_sandbox/page/page.js", "text/javascript"),
        ("/_sandbox/page/words.json", "application/json"),
    ],
)
async def test_the_page_is_served(http: Http, path: str, kind: str) -> None:
    """Each file comes as what it is, and may load nothing from elsewhere."""
    async with http.get(path) as response:
        assert (response.status, response.content_type) == (200, kind)
        assert response.headers["Content-Security-Policy"].startswith("default-src 'self';")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert await response.text()


@pytest.mark.parametrize("name", ["none.js", "..", "%2e%2e%2fconsole.py", "..%5cconsole.py"])
async def test_nothing_but_the_page_is_served(http: Http, name: str) -> None:
    """A file beside the page's is not found, however it is asked for."""
    async with http.get(f"/_sandbox/page/{name}") as response:
        assert response.status == 404


def test_the_page_names_no_other_place() -> None:
    """Whatever the page needs comes from the sandbox; the one address in it is the name of a format."""
    for file in PAGE.iterdir():
        named = set(re.findall(r"https?://[^\s'\"`)]+", file.read_text(encoding="utf-8")))
        assert named <= {"http://www.w3.org/2000/svg"}, file.name


def test_both_languages_say_the_same() -> None:
    """English and Chinese have the same words, each with the same gaps, and the page asks for no others."""
    words = json.loads((PAGE / "words.json").read_text(encoding="utf-8"))
    assert words["en"].keys() == words["zh"].keys()
    for key in words["en"]:
        assert sorted(re.findall(r"{\d}", words["en"][key])) == sorted(re.findall(r"{\d}", words["zh"][key])), key
    text = "".join(file.read_text(encoding="utf-8") for file in PAGE.iterdir() if file.name != "words.json")
    wanted = set(re.findall(r'data-t(?:-label|-placeholder)?="(\w+)"', text)) | set(re.findall(r'\bt\("(\w+)"', text))
    assert wanted <= words["en"].keys()


def test_the_page_never_reads_text_as_html() -> None:
    """No module has a way by which text could become elements."""
    for file in PAGE.glob("*.js"):
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", file.read_text("utf-8"))


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "grounds"),
    [
        *((ink, ["ground", "paper", "sunk", "tint"]) for ink in ("ink", "soft", "accent")),
        *((ink, ["ground", "paper"]) for ink in ("good", "bad")),
        ("warn", ["warn-ground", "paper"]),
        ("on-accent", ["accent"]),
    ],
)
def test_the_colours_can_be_told_apart(scheme: int, ink: str, grounds: list[str]) -> None:
    """Text stands out from each of its grounds by 4.5 to 1, as WCAG AA asks."""
    blocks = re.findall(r":root {(.*?)}", (PAGE / "page.css").read_text(encoding="utf-8"), re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#\w{6});", blocks[scheme]))
    for ground in grounds:
        light, dark = sorted((_luminance(colours[ink]), _luminance(colours[ground])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, ground


# -- who may look, and who may change something


@pytest.mark.parametrize("host", ["example.org", "sandbox.example.org:8700", "127.0.0.1.example.org"])
async def test_no_name_of_somebody_else_leads_here(http: Http, host: str) -> None:
    """A page whose name was turned to this machine sees nothing."""
    for path in ("/", "/_sandbox/state"):
        async with http.get(path, headers={"Host": host}) as response:
            assert response.status == 403


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "[::1]:8700", "sandbox:80", "host.docker.internal"])
async def test_this_machine_has_several_names(http: Http, host: str) -> None:
    """Addresses, and names that nobody outside can give, at whichever port, as through a tunnel."""
    async with http.get("/_sandbox/faults", headers={"Host": host}) as response:
        assert response.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://example.org"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "state"),
        ("DELETE", "state"),
        ("POST", "faults"),
        ("DELETE", "faults"),
        ("POST", "try"),
        ("POST", "webhooks"),
    ],
)
async def test_a_page_of_somebody_else_changes_nothing(
    box: Sandbox, http: Http, method: str, path: str, headers: dict[str, str]
) -> None:
    """What a browser sends on behalf of another page is refused."""
    before = box.state.export()
    answer = await asked(http, path, method, 403, json={}, headers=headers)
    assert "may change nothing" in answer["error"]
    assert box.state.export() == before


async def test_the_own_page_and_programs_may_change_something(box: Sandbox, http: Http) -> None:
    """A browser says where the page comes from, a program says nothing."""
    own = {"Origin": box.base_url, "Sec-Fetch-Site": "same-origin"}
    assert await asked(http, "faults", "DELETE", headers=own) == {"waiting": 0}
    assert await asked(http, "faults", "DELETE", headers={"Sec-Fetch-Site": "none"}) == {"waiting": 0}


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "state"), ("POST", "faults"), ("POST", "try"), ("POST", "webhooks")]
)
async def test_a_body_has_to_be_said_to_be_json(http: Http, method: str, path: str) -> None:
    """A form of another page can send text, but not say that it is JSON."""
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        await asked(http, path, method, 415, data=b"{}", headers={"Content-Type": kind})


@pytest.mark.parametrize("wrong", [b"", b"[]", b"{", b'"x"'])
async def test_a_body_has_to_be_an_object(http: Http, wrong: bytes) -> None:
    """Anything else is refused with words."""
    answer = await asked(http, "try", "POST", 400, data=wrong, headers={"Content-Type": "application/json"})
    assert answer["error"] == "the body has to be a JSON object"


# -- applications


async def test_an_application_says_what_it_is(box: Sandbox, http: Http) -> None:
    """Its id, who may call, and its cap; not its key."""
    shown = {"sdkappid": box.sdkappid, "admins": ["administrator"], "calls_per_second": None}
    assert await asked(http, "applications") == [shown]


async def test_an_application_is_chosen_by_its_id(clock: FakeClock) -> None:
    """Where several are played, each request names one; the first stands in, and who is not played is not found."""
    services = {
        sdkappid: Service(Application(sdkappid=sdkappid, secret_key="k", admins=[admin]), State(clock))
        for sdkappid, admin in ((1, "one"), (2, "two"))
    }
    application = web.Application()
    application.add_routes(Console(services, Faults(), clock).routes())
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as http:
        for query, admin in (("", "one"), ("?sdkappid=1", "one"), ("?sdkappid=2", "two")):
            assert (await asked(http, f"state{query}"))["accounts"] == [{"UserID": admin}]
        for wrong in ("3", "x", "", "9" * 5000):
            assert "no application" in (await asked(http, f"state?sdkappid={wrong}", status=404))["error"]
        assert [one["sdkappid"] for one in await asked(http, "applications")] == [1, 2]
    await runner.cleanup()


# -- the state


async def test_the_state_goes_out_and_comes_back(box: Sandbox, tim: TimSession, http: Http) -> None:
    """What was exported can be put in the place of something else."""
    await tim.messages.send("bob", [Text("hi"), Face(6, "\0")], from_account="alice")
    exported = await asked(http, "state")
    await asked(http, "state", "DELETE")
    assert list(box.state.accounts) == ["administrator"]
    assert await asked(http, "state", "PUT", json=exported) == {}
    assert await asked(http, "state") == exported
    assert box.state.history("alice", "bob")[0].msg_body == [Text("hi"), Face(6, "\0")]


async def test_a_state_may_be_larger_than_a_call(box: Sandbox, http: Http) -> None:
    """More than the megabyte of a call is taken."""
    accounts = [{"UserID": f"{number:032}"} for number in range(40_000)]
    content = BytesIO(json.dumps({"accounts": accounts}).encode())
    await asked(http, "state", "PUT", data=content, headers={"Content-Type": "application/json"})
    assert len(box.state.accounts) == 40_000


@pytest.mark.parametrize(
    "wrong",
    [{"kings": []}, {"accounts": 5}, {"accounts": [{"Nick": "x"}]}, {"accounts": [{"UserID": 2**63}]}],
)
async def test_what_is_no_state_leaves_all_as_it_was(box: Sandbox, http: Http, wrong: Any) -> None:
    """It is refused with words, and nothing is half-way in."""
    before = box.state.export()
    assert (await asked(http, "state", "PUT", 400, json=wrong))["error"]
    assert box.state.export() == before
    assert not box.state.store.changing


# -- calls


async def test_the_calls_are_listed(box: Sandbox, tim: TimSession, http: Http) -> None:
    """All of them, or the last few, each with its code and how long it took."""
    await tim.messages.send("bob", "one")
    await tim.messages.send("bob", "two")
    box.service.arrive("openim/kept_away")
    first, second, third = await asked(http, "calls")
    assert (first["number"], first["path"], first["code"], first["seconds"]) == (1, SEND, 0, 0.0)
    assert (third["code"], third["seconds"]) == (None, None)
    assert await asked(http, "calls?last=2") == [second, third]
    assert await asked(http, "calls?last=0") == []
    for wrong in ("x", "-1", "1" * 16, "²"):
        assert "whole number" in (await asked(http, f"calls?last={wrong}", status=400))["error"]


async def test_a_call_is_shown_as_it_went(tim: TimSession, http: Http) -> None:
    """Who called, the body as it was sent, the answer, and the Python that sends the same bytes."""
    await tim.messages.send("bob", "hi", from_account="alice", msg_seq=7, msg_random=8)
    shown = await asked(http, "calls/1")
    assert (shown["number"], shown["path"], shown["code"]) == (1, SEND, 0)
    assert shown["identifier"] == "administrator"
    assert json.loads(shown["body"])["MsgSeq"] == 7
    assert shown["answer"]["ErrorCode"] == 0
    assert shown["python"] == ('await tim.messages.send("bob", "hi", from_account="alice", msg_seq=7, msg_random=8)\n')


@pytest.mark.parametrize("body", [b"\xff", b"[]", b"", b"[" * 5000])
async def test_a_body_that_is_no_object_is_shown_all_the_same(box: Sandbox, http: Http, body: bytes) -> None:
    """As text; there is no Python for it."""
    await box.service.answer(SEND, {}, body)
    shown = await asked(http, "calls/1")
    assert (shown["body"], shown["python"]) == (body.decode(errors="replace"), None)


async def test_a_call_of_which_nothing_is_known_is_not_found(box: Sandbox, http: Http) -> None:
    """It never was, or a fault kept it away."""
    box.service.arrive(SEND)
    for number in (1, 2, "1" * 15):
        assert "is not known" in (await asked(http, f"calls/{number}", status=404))["error"]


# -- faults


async def test_faults_are_listed_added_and_cleared(box: Sandbox, http: Http) -> None:
    """Each with what goes wrong and how often still."""
    box.faults.add("*", reset=True)
    added = {"path": SEND, "code": 20004, "times": 2, "latency": 0.5}
    assert await asked(http, "faults", "POST", json=added) == {"waiting": 3}
    assert await asked(http, "faults") == [{"path": "*", "times": 1, "reset": True}, added]
    assert await asked(http, "faults", "DELETE") == {"waiting": 0}
    assert await asked(http, "faults") == []


@pytest.mark.parametrize("wrong", [{}, {"path": "*"}, {"path": "*", "fire": True}, {"cut": True}])
async def test_a_fault_that_makes_no_sense_is_refused(http: Http, wrong: Any) -> None:
    """The answer says why."""
    assert (await asked(http, "faults", "POST", 400, json=wrong))["error"]


# -- commands


async def test_every_command_is_listed_with_its_fields(http: Http) -> None:
    """All that a form needs: fields with their types, what they are for, what may stand in them, and a sample."""
    shown = await asked(http, "commands")
    assert shown == catalog()
    commands = {command["path"]: command for command in shown["commands"]}
    assert len(commands) == 171
    send = commands[SEND]
    assert send["method"] == "tim.messages.send"
    assert send["summary"] == "Send one message to one account."
    assert (send["document"], send["url"]) == ("269/2282", "https://cloud.tencent.com/document/product/269/2282")
    assert send["sample"] == HELLO | {"To_Account": "lumotuwe2", "MsgRandom": 0}
    assert send["python"] == 'await tim.messages.send("lumotuwe2", "hi")\n'
    fields = {field["wire"]: field for field in send["fields"]}
    assert (fields["MsgBody"]["type"], fields["MsgBody"]["required"]) == ("list[TIMMsgElement]", True)
    assert fields["OnlineOnlyFlag"]["values"] == [0, 1]
    assert fields["ForbidCallbackControl"]["values"] == []
    assert fields["OfflinePushInfo"]["struct"] == "elements.OfflinePushInfo"
    assert commands["all_member_push/im_push"]["limit"] == {"calls": 1, "per": 1.0}


def test_what_a_field_is_made_of_is_explained() -> None:
    """Every type that a field names is there, and so are those inside it; no mark of a docstring is left."""
    shown = catalog()
    fields = [
        field for group in (*(one["fields"] for one in shown["commands"]), *shown["types"].values()) for field in group
    ]
    assert {field["struct"] for field in fields} - {None} == shown["types"].keys()
    assert not [field["about"] for field in fields if re.search(r"``|:\w+:`|(?<!\w)\*\w+\*", field["about"])]


# -- a call of one's own


async def test_a_command_is_tried_as_any_call(box: Sandbox, http: Http) -> None:
    """It is signed, checked, done and logged, and the Python that would do the same is shown."""
    said = await tried(http, HELLO)
    assert said["answer"]["ErrorCode"] == 0
    assert said["python"] == 'await tim.messages.send("bob", "hi")\n'
    assert said["number"] == box.service.calls[-1].number
    assert json.loads(box.service.exchanges[-1].body) == HELLO
    assert len(box.state.history("administrator", "bob")) == 1


async def test_a_try_is_refused_as_any_call(box: Sandbox, http: Http) -> None:
    """By the fields, by who calls, by what is called, and by the cap."""
    assert (await tried(http, {}))["answer"]["ErrorCode"] == 90003
    assert (await tried(http, HELLO, identifier="bob"))["answer"]["ErrorCode"] == 60010
    unknown = await tried(http, {"A": 1}, "openim/none")
    assert (unknown["answer"]["ErrorCode"], unknown["python"]) == (60009, 'await tim.call("openim/none", {"A": 1})\n')
    box.state.rules.calls_per_second = 1
    assert [(await tried(http, HELLO))["answer"]["ErrorCode"] for _ in range(2)] == [0, 60007]


async def test_a_try_meets_no_fault(box: Sandbox, http: Http) -> None:
    """Faults wait for programs."""
    box.faults.add("*", code=20004)
    assert (await tried(http, HELLO))["answer"]["ErrorCode"] == 0
    assert len(box.faults) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"path": "send"},
        {"path": 5},
        {"path": SEND, "body": []},
        {"path": SEND, "identifier": 5},
        {"path": SEND, "body": json.loads('{"a":' * 900 + "1" + "}" * 900)},
        {},
    ],
)
async def test_what_cannot_be_tried_is_no_call(box: Sandbox, http: Http, wrong: Any) -> None:
    """It is refused with words, and not logged."""
    assert (await asked(http, "try", "POST", 400, json=wrong))["error"]
    assert not box.service.calls


# -- webhooks


async def test_webhooks_are_shown(box: Sandbox, http: Http, tim: TimSession, hooks: Webhooks) -> None:
    """Where they go, which callbacks are on, how many events wait or were let go, and what became of deliveries."""
    await tim.messages.send("bob", "hi", from_account="alice")
    await hooks.idle()
    shown = await asked(http, "webhooks")
    assert shown["address"] == hooks.address
    assert "?" not in shown["address"]
    assert shown["on"] == [command for command in CALLBACKS if command.startswith("C2C.")]
    assert (shown["waiting"], shown["dropped"]) == (0, 0)
    before, after = shown["deliveries"]
    assert (before["number"], before["command"], after["number"], after["command"]) == (1, BEFORE, 2, AFTER)
    assert before["body"]["From_Account"] == "alice"
    assert (before["answer"], before["code"], before["info"], before["failure"]) == (OK, 0, "", "")
    assert (before["time"], before["seconds"], before["timed_out"]) == (box.clock.now(), 0.0, False)
    assert await asked(http, "webhooks?last=1") == shown | {"deliveries": [after]}
    assert await asked(http, "webhooks?last=0") == shown | {"deliveries": []}
    await asked(http, "webhooks?last=x", status=400)


async def test_what_waits_and_what_was_let_go_is_counted(box: Sandbox, http: Http, tim: TimSession) -> None:
    """As the webhooks count it."""
    hooks = box.service.webhooks = Webhooks("http://127.0.0.1:1", sdkappid=box.sdkappid, commands=[AFTER])
    for _ in range(2):
        await tim.messages.send("bob", "hi")
    hooks.dropped = 7
    shown = await asked(http, "webhooks")
    assert (shown["on"], shown["waiting"], shown["dropped"], shown["deliveries"]) == ([AFTER], 2, 7, [])


async def test_a_callback_is_fired_by_hand(http: Http, hooks: Webhooks) -> None:
    """The application gets it, whatever it is called, also where it is switched off; the delivery is the answer."""
    no = OK | {"ErrorCode": 120_001, "ErrorInfo": "no links", "ActionStatus": "NO"}
    fired = await asked(http, "webhooks", "POST", json={"CallbackCommand": BEFORE, "say": json.dumps(no)})
    assert (fired["answer"], fired["code"], fired["info"]) == (no, 120_001, "no links")
    assert fired["unheeded"] == ["ActionStatus has to be OK or FAIL"]
    silent = await asked(http, "webhooks", "POST", json={"CallbackCommand": "Some.Newer", "say": "<html>"})
    assert (silent["command"], silent["answer"], silent["code"]) == ("Some.Newer", None, None)
    assert "no JSON object" in silent["failure"]
    assert (await asked(http, "webhooks"))["deliveries"] == [fired, silent]
    assert [delivery.number for delivery in hooks.deliveries] == [1, 2]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"CallbackCommand": ""},
        {"CallbackCommand": 5},
        {"CallbackCommand": BEFORE, "x": json.loads('{"a":' * 300 + "1" + "}" * 300)},
    ],
)
async def test_what_is_no_event_is_not_fired(http: Http, hooks: Webhooks, wrong: Any) -> None:
    """It is refused with words."""
    assert "Callback" in (await asked(http, "webhooks", "POST", 400, json=wrong))["error"]
    assert not hooks.deliveries


async def test_without_webhooks_nothing_is_fired(http: Http) -> None:
    """Who looks finds no address, and who tries reads how to set one."""
    nowhere: dict[str, Any] = {"address": None, "on": [], "waiting": 0, "dropped": 0, "deliveries": []}
    assert await asked(http, "webhooks") == nowhere
    refused = await asked(http, "webhooks", "POST", 409, json={"CallbackCommand": AFTER})
    assert "timrest sandbox --webhook URL" in refused["error"]


async def test_each_application_has_its_own_webhooks(box: Sandbox, http: Http, hooks: Webhooks) -> None:
    """They are chosen as everything else is."""
    other = Webhooks("http://127.0.0.1:1/other", sdkappid=2)
    box.add_application(2, webhooks=other)
    assert (await asked(http, "webhooks"))["address"] == hooks.address
    assert (await asked(http, "webhooks?sdkappid=2"))["address"] == other.address
    fired = await asked(http, "webhooks?sdkappid=2", "POST", json={"CallbackCommand": AFTER})
    assert fired["failure"] == "the webhooks are not running"
    assert (len(other.deliveries), len(hooks.deliveries)) == (1, 0)
    await asked(http, "webhooks?sdkappid=3", "POST", 404, json={"CallbackCommand": AFTER})


async def test_whatever_was_said_can_be_shown(http: Http, hooks: Webhooks) -> None:
    """What a program fires that JSON writes otherwise, and an answer that can be read and not be written again."""
    deep = json.dumps(OK)[:-1] + ', "x": ' + "[" * 900 + "]" * 900 + "}"
    await hooks.fire("Some.Newer", {"say": deep, "when": datetime.fromtimestamp(0, UTC), "share": float("nan")})
    (shown,) = (await asked(http, "webhooks"))["deliveries"]
    assert (shown["body"]["when"], shown["body"]["share"]) == ("1970-01-01T00:00:00+00:00", None)
    assert (shown["answer"], shown["code"]) == ("nested too deeply to be shown", 0)


async def test_every_callback_comes_with_a_sample(http: Http, hooks: Webhooks) -> None:
    """All of the manual's, in its order, and each sample is read as its event once it is fired."""
    shown = (await asked(http, "commands"))["callbacks"]
    assert [callback["command"] for callback in shown] == [*CALLBACKS]
    for callback in shown:
        command = callback["command"]
        assert callback["kind"] == CALLBACKS[command].kind
        assert callback["summary"].endswith(".")
        assert "EventTime" not in callback["sample"]
        body = json.dumps((await hooks.fire(command, callback["sample"])).body).encode()
        event = parse({"SdkAppid": "1"}, {}, body, auth=Auth(sdkappid=1, token=None))
        assert type(event) is EVENTS.get(command, UnknownEvent)


def test_a_sample_holds_what_its_event_always_has() -> None:
    """Ids by their names, one item in each list, and what may be nothing left as that; not the time."""
    samples = {callback["command"]: callback for callback in catalog()["callbacks"]}
    assert samples["C2C.CallbackAfterMsgReadReceipt"]["sample"] == {
        "Operator_Account": "lumotuwe2",
        "Peer_Account": "lumotuwe2",
        "C2CMsgInfo": [{"From_Account": "lumotuwe1", "To_Account": "lumotuwe2", "MsgKey": "", "MsgId": ""}],
    }
    ids = [(name, value) for one in samples.values() for name, value in one["sample"].items() if "Account" in name]
    assert not [name for name, value in ids if not value]
    assert samples[BEFORE]["summary"] == "A message is about to be delivered."
    assert samples[BEFORE]["url"] == "https://cloud.tencent.com/document/product/269/1632"
    assert samples[BEFORE]["sample"]["CloudCustomData"] == ""
    assert samples[BEFORE]["sample"]["MsgBody"] == HELLO["MsgBody"]


# -- messages


async def test_conversations_are_listed_the_latest_first(tim: TimSession, http: Http) -> None:
    """Both directions are one, with the last message and how many there are."""
    await tim.messages.send("bob", "one", from_account="alice")
    await tim.messages.send("carol", "two", from_account="alice")
    await tim.messages.send("alice", "three", from_account="bob")
    latest, other = await asked(http, "conversations")
    assert (latest["one"], latest["other"], latest["messages"]) == ("alice", "bob", 2)
    assert latest["MsgBody"][0]["MsgContent"] == {"Text": "three"}
    assert (other["one"], other["other"], other["messages"]) == ("alice", "carol", 1)
    assert [one["other"] for one in await asked(http, "conversations?find=aro")] == ["carol"]
    assert await asked(http, "conversations?find=%25") == []


async def test_a_conversation_is_read_page_by_page(http: Http) -> None:
    """The latest first, each with the call that brought it and without what is the sandbox's own."""
    for number in range(AT_ONCE + 2):
        body = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": str(number)}}]
        await tried(http, HELLO | {"From_Account": "alice", "MsgBody": body})
    latest = await asked(http, "conversations/messages?one=bob&other=alice")
    assert len(latest) == AT_ONCE
    assert latest[0]["MsgBody"][0]["MsgContent"]["Text"] == str(AT_ONCE + 1)
    assert latest[0]["call"] == AT_ONCE + 2
    assert not latest[0].keys() & {"content", "taken", "repeatable"}
    rest = await asked(http, f"conversations/messages?one=alice&other=bob&before={latest[-1]['number']}")
    assert [row["MsgBody"][0]["MsgContent"]["Text"] for row in rest] == ["1", "0"]
    assert await asked(http, "conversations/messages?one=alice") == []
    await asked(http, "conversations/messages?one=alice&other=bob&before=x", status=400)


async def test_groups_are_listed_with_their_messages(box: Sandbox, tim: TimSession, http: Http) -> None:
    """The liveliest first, each with its members; its messages and its notices can be read."""
    box.state.add_group("quiet")
    box.state.add_group("loud", name="Football", owner="alice", members=["bob"])
    await tim.group_messages.send("loud", "hi", from_account="alice")
    await tim.call("group_open_http_svc/send_group_system_notification", {"GroupId": "loud", "Content": "ho"})
    loud, quiet = await asked(http, "groups")
    assert (loud["GroupId"], loud["members"], loud["messages"]) == ("loud", 2, 1)
    assert (quiet["GroupId"], quiet["members"], quiet["messages"]) == ("quiet", 0, 0)
    assert [one["GroupId"] for one in await asked(http, "groups?find=Foot")] == ["loud"]
    (message,) = await asked(http, "groups/messages?group=loud")
    assert (message["From_Account"], message["call"]) == ("alice", 1)
    (notice,) = await asked(http, "groups/messages?group=loud&kind=notices")
    assert (notice["Content"], notice["call"]) == ("ho", 2)
    assert await asked(http, f"groups/messages?group=loud&before={message['number']}") == []


async def test_calls_of_another_run_are_not_mixed_up_with_ours(tmp_path: Path) -> None:
    """Numbers of calls begin anew with each sandbox, so messages that were there before name none."""
    file, clock = tmp_path / "data", FakeClock()
    async with Sandbox(data=file, clock=clock) as box, box.session() as tim:
        box.state.add_group("g", owner="administrator")
        await tim.messages.send("administrator", "before")
        await tim.call("group_open_http_svc/send_group_system_notification", {"GroupId": "g", "Content": "ho"})
    await clock.advance(5)
    async with (
        Sandbox(data=file, clock=clock) as box,
        box.session() as tim,
        aiohttp.ClientSession(box.base_url) as http,
    ):
        await tim.messages.send("administrator", "since")
        path = "conversations/messages?one=administrator&other=administrator"
        assert [row["call"] for row in await asked(http, path)] == [1, None]
        assert [row["call"] for row in await asked(http, "groups/messages?group=g&kind=notices")] == [None]
        exported = await asked(http, "state")
        await clock.advance(5)
        await asked(http, "state", "PUT", json=exported)
        assert [row["call"] for row in await asked(http, path)] == [None, None]


# -- as it happens


class Events:
    """What one page hears."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._content = response.content

    async def next(self) -> tuple[str, Any]:
        """Return the next event, or a comment as one without a name."""
        lines = (await asyncio.wait_for(self._content.readuntil(b"\n\n"), 10)).decode().split("\n")
        if lines[0] == ":":
            return "", None
        return lines[0].removeprefix("event: "), json.loads(lines[1].removeprefix("data: "))

    async def ended(self) -> bool:
        """Wait for the end."""
        return await self._content.read() == b""


@asynccontextmanager
async def listening(http: Http) -> AsyncIterator[Events]:
    """Listen as a page does, from its greeting on."""
    async with http.get("/_sandbox/events") as response:
        assert (response.status, response.content_type) == (200, "text/event-stream")
        assert response.headers["Content-Security-Policy"]
        events = Events(response)
        name, clocks = await events.next()
        assert name == "hello"
        assert clocks.keys() == {"time", "now"}
        yield events


async def test_a_page_hears_what_happens(box: Sandbox, tim: TimSession, http: Http) -> None:
    """Calls, messages and notices, from when it listens; not what was before."""
    box.state.add_group("g", owner="alice")
    await tim.messages.send("bob", "before")
    async with listening(http) as one, listening(http) as other:
        await tim.messages.send("bob", "hi", from_account="alice")
        await tim.group_messages.send("g", "ho", from_account="alice")
        await tim.call("group_open_http_svc/send_group_system_notification", {"GroupId": "g", "Content": "he"})
        for page in (one, other):
            heard = [await page.next() for _ in range(6)]
            assert [name for name, _ in heard] == ["call", "message", "call", "message", "call", "notice"]
            (_, call), (_, message), _, (_, in_group), _, (_, notice) = heard
            assert (call["path"], call["code"], call["number"]) == (SEND, 0, 2)
            assert (message["From_Account"], message["To_Account"], message["call"]) == ("alice", "bob", 2)
            assert not message.keys() & {"content", "taken", "repeatable"}
            assert in_group["GroupId"] == "g"
            assert notice["Content"] == "he"


async def test_a_page_hears_of_refusals_tries_and_faults(box: Sandbox, tim: TimSession, http: Http) -> None:
    """A call that a fault kept away has no code."""
    box.state.rules.calls_per_second = 1
    async with listening(http) as page:
        await tried(http, HELLO)
        with pytest.raises(RateLimitedError):
            await tim.messages.send("bob", "hi")
        box.faults.add("*", status=502)
        async with http.post("/v4/openim/sendmsg"):
            pass
        heard = [await page.next() for _ in range(4)]
        assert [(name, data.get("code")) for name, data in heard] == [
            ("call", 0),
            ("message", None),
            ("call", 60007),
            ("call", None),
        ]


async def test_a_page_hears_of_deliveries(http: Http, tim: TimSession, hooks: Webhooks) -> None:
    """From when it listens, as they end: what a message brings, and what is fired by hand."""
    await hooks.fire(AFTER, {})
    async with listening(http) as one, listening(http) as other:
        await tim.messages.send("bob", "hi", from_account="alice")
        await hooks.idle()
        fired = await asked(http, "webhooks", "POST", json={"CallbackCommand": "Some.Newer"})
        for page in (one, other):
            heard: list[Any] = []
            while len(heard) < 3:
                name, data = await page.next()
                heard += [data] if name == "delivery" else []
            assert [delivery["command"] for delivery in heard] == [BEFORE, AFTER, "Some.Newer"]
            assert (heard[0]["number"], heard[0]["answer"]) == (2, OK)
            assert heard[2] == fired


async def test_a_page_that_reads_slowly_hears_of_the_last_deliveries(service: Service, clock: FakeClock) -> None:
    """Some at a time, each once, from the oldest that is still kept."""
    hooks = service.webhooks = Webhooks("http://127.0.0.1:1", sdkappid=1, clock=clock)
    stream = Stream(service, clock)
    for _ in range(DELIVERIES_KEPT + 50):
        await hooks.fire(AFTER, {})
    numbers: list[int] = []
    while news := stream.news():
        heard = [int(number) for number in re.findall(rb'"number": (\d+)', news)]
        assert len(heard) == ROWS_AT_ONCE
        numbers += heard
    assert numbers == [*range(51, DELIVERIES_KEPT + 51)]
    assert Stream(service, clock).news() == b""


async def test_a_page_is_told_to_begin_anew(box: Sandbox, http: Http, clock: FakeClock) -> None:
    """Where the tables are others, or have lost rows, it had better read everything again."""
    async with listening(http) as page:
        await tried(http, HELLO)
        await page.next()
        await page.next()
        await asked(http, "state", "DELETE")
        assert await page.next() == ("reset", {})
        box.state.add_account("bob")
        await tried(http, HELLO)
        assert [(await page.next())[0] for _ in range(2)] == ["call", "message"]
        box.state.clear()  # by the program in which the sandbox runs; nobody wakes the page
        await clock.advance(HEARTBEAT)
        assert await page.next() == ("", None)
        assert await page.next() == ("reset", {})


async def test_a_change_of_one_application_is_none_of_another(service: Service, clock: FakeClock) -> None:
    """Who looks at another hears nothing of it."""
    stream = Stream(service, clock)
    other = Service(Application(sdkappid=2, secret_key="k"), State(clock))
    stream.renew(other)
    assert stream.news() == b""
    stream.renew(service)
    assert stream.news() == b"event: reset\ndata: {}\n\n"


async def test_a_silent_stream_shows_that_it_lives(http: Http, clock: FakeClock) -> None:
    """A comment comes after a while, again and again."""
    async with listening(http) as page:
        for _ in range(2):
            while not clock.timers:  # noqa: ASYNC110  # a clock has no event for it
                await asyncio.sleep(0)
            await clock.advance(HEARTBEAT)
            assert await page.next() == ("", None)


async def test_a_sandbox_that_stops_hangs_up_at_once(http: Http, box: Sandbox) -> None:
    """Nobody waits for a page that looks, and none is left."""
    async with listening(http) as one, listening(http) as other:
        async with asyncio.timeout(5):
            await box.stop()
        assert await one.ended()
        assert await other.ended()


async def test_a_page_that_hung_up_is_forgotten(box: Sandbox, http: Http) -> None:
    """Its stream goes with it."""
    streams = box._server._console._streams
    async with listening(http):
        assert len(streams) == 1
    async with asyncio.timeout(5):
        while streams:  # noqa: ASYNC110  # the server hears of it a little later
            await asyncio.sleep(0)


async def test_a_call_that_waits_is_told_twice(service: Service, clock: FakeClock) -> None:
    """When it came, and when it was answered; those that never are do not pile up."""
    stream = Stream(service, clock)
    waiting = service.arrive(SEND)
    assert b'"code": null' in stream.news()
    assert stream.news() == b""
    waiting.code = 0
    assert b'"code": 0' in stream.news()
    assert stream.news() == b""
    late = service.arrive(SEND)
    for _ in range(ROWS_AT_ONCE):
        service.arrive(SEND)
    assert stream.news().count(b"event: call") == ROWS_AT_ONCE
    assert stream.news().count(b"event: call") == 1
    late.code = 0
    assert stream.news() == b""


async def test_a_page_that_reads_slowly_loses_nothing(box: Sandbox, http: Http) -> None:
    """It hears of every message in the end, and meanwhile no more than some of them wait for it in memory."""
    text, many = "x" * 10_000, 3_000
    zero = ("MsgSeq", "MsgRandom", "MsgTimeStamp", "content", "taken", "repeatable", "online_only", "call")
    row = dict.fromkeys(zero, 0) | {"From_Account": "alice", "To_Account": "bob", "MsgKey": "", "MsgId": ""}
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(0)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(slow, ("127.0.0.1", box.port))
        await loop.sock_sendall(slow, b"GET /_sandbox/events HTTP/1.0\r\nHost: localhost\r\n\r\n")
        assert b"200 OK" in await loop.sock_recv(slow, 512)
        for _ in range(many):
            box.state.store.insert("messages", row | {"MsgBody": [text]})
        box.state.store.commit()
        await tried(http, HELLO)
        await asked(http, "faults")
        (stream,) = box._server._console._streams
        assert stream._tops["messages"] < many / 2
        heard, tail = 0, b""
        async with asyncio.timeout(60):
            while heard < many + 1:
                got = tail + await loop.sock_recv(slow, 1 << 20)
                heard += got.count(b"event: message")
                tail = got[-len(b"event: messag") :]


# -- what is nobody's business


async def test_no_answer_holds_a_secret(http: Http, box: Sandbox, tim: TimSession, hooks: Webhooks) -> None:
    """Neither the key nor a token nor a UserSig is in anything that the page can get."""
    box.state.add_group("g", owner="alice")
    async with listening(http) as page:
        await tim.messages.send("bob", "hi", from_account="alice")
        await hooks.idle()
        told = ""
        while AFTER not in told:
            told += json.dumps(await page.next())
    told += json.dumps(await tried(http, HELLO))
    console = box._server._console
    paths = [route.path for route in console.routes() if route.method == "GET" and "events" not in route.path]
    assert len(paths) == 13
    for path in paths:
        query = "?one=alice&other=bob&group=g"
        async with http.get(re.sub(r"{number.*}", "1", path).replace("{file}", "page.js") + query) as response:
            assert response.status == 200
            told += await response.text() + str(response.headers)
    assert box.secret_key not in told
    for secret in (TOKEN, "opensesame", sign(TOKEN, int(box.clock.now()))):
        assert secret not in told
    assert not re.search(r"eJ[\w*-]{20,}", told)  # how every UserSig begins
