"""The Python that the page shows for a call."""

from __future__ import annotations

import ast
import json
from contextlib import suppress
from inspect import iscoroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from timrest_async import RateLimit, RateLimiter, TimError
from timrest_async._wire import wire_fields
from timrest_async.commands._registry import commands, find
from timrest_async.sandbox.catalog import catalog
from timrest_async.sandbox.example import python

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from timrest_async import TimSession
    from timrest_async.sandbox import Sandbox

SAMPLES = Path(__file__).parents[1] / "samples"
ALONE = {
    **dict.fromkeys(("sendmsg_admin", "sendmsg_offline_push", "sendmsg_synced"), "openim/sendmsg"),
    **dict.fromkeys(
        ("group_basic", "group_no_callbacks", "group_online_only", "group_priority", "group_sender"),
        "group_open_http_svc/send_group_msg",
    ),
}
"""Further samples, by the names of their files."""

BODIES = [
    *((entry.path, f"{entry.path.replace('/', '.')}.request.json") for entry in commands()),
    *((path, f"{name}.json") for name, path in ALONE.items()),
]


@pytest.fixture
async def tim(box: Sandbox) -> AsyncIterator[TimSession]:
    """Return our own client, which waits for no permit."""
    async with box.session(limits=RateLimiter(RateLimit(10_000, burst=10_000))) as tim:
        yield tim


def body_in(file: str) -> dict[str, Any]:
    """Read a sample."""
    body: dict[str, Any] = json.loads((SAMPLES / file).read_text(encoding="utf-8"))
    return body


def drawn_of(path: str) -> set[str]:
    """Name the numbers that the library draws for each message."""
    entry = find(path)
    return set() if entry is None else {field.wire for field in wire_fields(entry.command) if field.drawn}


async def sent_by(text: str, tim: TimSession, box: Sandbox) -> Any:
    """Run *text*, and return the body that it sent."""
    code = compile(text, "<example>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    running = eval(code, {"tim": tim})  # noqa: S307  # which is what this is about
    assert iscoroutine(running)
    with suppress(TimError):  # the sandbox may refuse it, once it has arrived
        await running
    return json.loads(box.service.exchanges[-1].body)


def test_there_is_a_sample_for_every_file() -> None:
    """No request under ``tests/samples`` is left out."""
    there = {file.name for file in SAMPLES.glob("*.json") if not file.name.endswith(("reply.json", "failed.json"))}
    assert there == {file for _, file in BODIES}


@pytest.mark.parametrize(("path", "file"), BODIES)
async def test_the_python_sends_the_same(box: Sandbox, tim: TimSession, path: str, file: str) -> None:
    """Every sample is written as a call of its typed method, and that sends the very body."""
    body = body_in(file)
    text = python(path, body, exact=True)
    assert "tim.call(" not in text
    assert json.dumps(await sent_by(text, tim, box), sort_keys=True) == json.dumps(body, sort_keys=True)


@pytest.mark.parametrize(("path", "file"), BODIES)
async def test_a_message_is_a_new_one_each_time(box: Sandbox, tim: TimSession, path: str, file: str) -> None:
    """What tells a repeat is left to the library; all else is sent as it is."""
    body, drawn = body_in(file), drawn_of(path)
    sent = await sent_by(python(path, body), tim, box)
    assert {key: value for key, value in sent.items() if key not in drawn} == {
        key: value for key, value in body.items() if key not in drawn
    }


@pytest.mark.parametrize("command", catalog()["commands"], ids=lambda command: command["path"])
def test_every_form_begins_with_python(command: dict[str, Any]) -> None:
    """The least that a command takes is written as Python that compiles."""
    compile(command["python"], "<example>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    assert command["python"] == python(command["path"], command["sample"])


def test_a_call_is_written_as_the_readme_does() -> None:
    """A text alone stands for itself, what has to be given leads, and the rest has names."""
    body = body_in("openim.sendmsg.request.json") | {"From_Account": "lumotuwe1", "To_Account": "lumotuwe2"}
    plain = {key: body[key] for key in ("From_Account", "To_Account", "MsgRandom")}
    text = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]
    assert python("openim/sendmsg", plain | {"MsgBody": text}) == (
        'await tim.messages.send("lumotuwe2", "hi", from_account="lumotuwe1")\n'
    )
    face = [{"MsgType": "TIMFaceElem", "MsgContent": {"Index": 6, "Data": "abc"}}]
    assert python("openim/sendmsg", plain | {"MsgBody": text + face}).splitlines() == [
        "from timrest_async import Face, Text",
        "",
        'await tim.messages.send("lumotuwe2", [Text("hi"), Face(6, "abc")], from_account="lumotuwe1")',
    ]


HELLO = {"To_Account": "b", "MsgRandom": 1, "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("openim/none", {"a": [1, 2.5, True, None, {"b": "c"}]}),
        ("openim/none", {}),
        ("openim/sendmsg", {}),
        ("openim/sendmsg", HELLO | {"To_Account": 5}),
        ("openim/sendmsg", HELLO | {"From_Account": None}),
        ("openim/sendmsg", HELLO | {"MsgLifeTime": 60.0}),
        ("openim/sendmsg", HELLO | {"OnlineOnlyFlag": True}),
        ("openim/sendmsg", HELLO | {"MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "x" * 100}}, 5]}),
    ],
)
async def test_what_does_not_fit_is_sent_as_it_is(box: Sandbox, tim: TimSession, path: str, body: Any) -> None:
    """A body that no typed method sends goes by its path."""
    text = python(path, body)
    assert text.startswith("await tim.call(")
    assert json.dumps(await sent_by(text, tim, box)) == json.dumps(body)


def test_a_number_that_was_not_sent_is_not_invented() -> None:
    """Where the very bytes are wanted, what has to be drawn and is missing makes it no typed call."""
    body = {key: value for key, value in HELLO.items() if key != "MsgRandom"}
    assert "msg_seq=None" in python("openim/sendmsg", HELLO, exact=True)
    assert python("openim/sendmsg", body, exact=True).startswith("await tim.call(")
    assert python("openim/sendmsg", body) == 'await tim.messages.send("b", "hi")\n'


@pytest.mark.parametrize("text", ['"', "'", "'\"", "\\", "\n\0\x1b", "红包 🧧", "", "{x}", '"""'])
async def test_any_text_survives(box: Sandbox, tim: TimSession, text: str) -> None:
    """Quotes, control characters and signs of all kinds."""
    body = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}, {"MsgType": "X", "MsgContent": {text: [text]}}]
    sent = await sent_by(python("openim/sendmsg", HELLO | {"MsgBody": body, text: text}), tim, box)
    assert (sent["MsgBody"], sent[text]) == (body, text)
