"""The example bots as programs of their own, between a client and a sandbox that calls them."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from timrest_async import ApiError, Face, Text
from timrest_async.sandbox import Sandbox, Webhooks

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

    from timrest_async.sandbox.events import Event

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "docs" / "examples"
SDKAPPID = 1400000000
TOKEN = "made-up"
GROUP = "@TGS#2C5SZEAEF"
BOT = "echo_bot"
AFTER = "C2C.CallbackAfterSendMsg"

PATIENCE = 60
"""How many seconds anything may take on a busy machine."""


class Told(Webhooks):
    """Webhooks beside which a test can wait."""

    def __init__(self, url: str) -> None:
        super().__init__(url, sdkappid=SDKAPPID, token=TOKEN, timeout=PATIENCE, when_silent="refuse")
        self.happened: asyncio.Queue[Event] = asyncio.Queue()

    def tell(self, events: Iterable[Event]) -> None:
        """Say what happened, also to the test."""
        happened = list(events)
        super().tell(happened)
        for event in happened:
            self.happened.put_nowait(event)


@asynccontextmanager
async def running(*program: str, **environment: str) -> AsyncGenerator[None]:
    """Run *program* until it listens, stop it as Ctrl-C does, and see that it complained of nothing."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", *program),
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE):
            await process.stdout.readuntil(b"unning on http://127.0.0.1:")
            yield
            process.send_signal(signal.SIGINT)
            rest, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
    assert b"Traceback" not in rest
    assert b"Unclosed" not in rest
    assert process.returncode == 0


@asynccontextmanager
async def sandbox(hooks: Webhooks) -> AsyncGenerator[Sandbox]:
    """Run a sandbox that calls *hooks*, with people and a group."""
    async with Sandbox(sdkappid=SDKAPPID, webhooks=hooks) as box:
        for account in ("alice", "bob", BOT):
            box.state.add_account(account)
        box.state.add_group(GROUP, members=["alice", "bob"])
        yield box


@pytest.fixture
def port() -> str:
    """Return a port that is free, as a program has to be told before it listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return str(taken.getsockname()[1])


def echoing(box: Sandbox, port: str) -> Any:
    """Run the echo bot against *box*."""
    return running(str(EXAMPLES / "echo_bot.py"), **box.env(), PORT=port)


async def test_the_echo_bot_says_everything_back_once(port: str) -> None:
    """What is written to it comes back element by element, also where the service tells of it twice."""
    hooks, body = Told(f"http://127.0.0.1:{port}/tim"), [Text("hi, beauty"), Face(6, "abc\0\1")]
    async with sandbox(hooks) as box, box.session() as tim:
        async with echoing(box, port):
            await tim.messages.send(BOT, body, from_account="alice")
            told = await hooks.happened.get()
            await hooks.happened.get()  # the echo
            await hooks.fire(AFTER, told.body)
            await hooks.idle()
        assert [message.msg_body for message in box.messages(sender=BOT, to="alice")] == [body]
    assert [delivery.failure for delivery in hooks.deliveries] == [""] * 5


async def test_the_echo_bot_answers_nobody_else(port: str) -> None:
    """Not itself, not what others say to each other, not what could not be delivered."""
    hooks = Told(f"http://127.0.0.1:{port}/tim")
    async with sandbox(hooks) as box, box.session() as tim:
        async with echoing(box, port):
            await tim.messages.send("alice", "hi", from_account=BOT)
            await tim.messages.send("bob", "hi", from_account="alice")
            await tim.messages.send(BOT, "hi", from_account=BOT)
            itself = [await hooks.happened.get() for _ in range(3)][-1]
            await hooks.fire(AFTER, {**itself.body, "From_Account": "alice", "SendMsgResult": 20006, "MsgKey": "9"})
            await hooks.idle()
        assert [message.to_account for message in box.messages(sender=BOT)] == ["alice", BOT]
        assert len(box.messages()) == 3
    assert [delivery.failure for delivery in hooks.deliveries] == [""] * 7


async def test_the_gate_refuses_rewrites_and_drops(port: str) -> None:
    """A link is refused with the gate's own code and words, a bad word arrives as stars, spam reaches no group."""
    hooks = Told(f"http://127.0.0.1:{port}/tim/")
    gate = ("-m", "uvicorn", "--app-dir", str(EXAMPLES), "--port", port, "moderation_gate:app")
    async with sandbox(hooks) as box, box.session() as tim:
        async with running(*gate, **box.env()):
            with pytest.raises(ApiError) as refused:
                await tim.messages.send("bob", "what the heck: https://example.org", from_account="alice")
            await tim.messages.send("bob", [Text("what the Heck"), Face(1)], from_account="alice")
            await tim.messages.send("bob", "hi, beauty", from_account="alice")
            await tim.group_messages.send(GROUP, "FREE MONEY for you", from_account="alice")
            await tim.group_messages.send(GROUP, "hi, all", from_account="alice")
            await hooks.idle()
        assert (refused.value.code, refused.value.info) == (120_001, "no links, please")
        arrived = [message.msg_body for message in box.messages(to="bob")]
        assert arrived == [[Text("what the ***"), Face(1)], [Text("hi, beauty")]]
        assert [message.msg_body for message in box.group_messages(GROUP)] == [[Text("hi, all")]]
    assert {delivery.failure for delivery in hooks.deliveries} == {""}


async def test_the_gate_believes_nobody_else(port: str) -> None:
    """Calls with another token are refused, so the action is, as the service was told to do then."""
    hooks = Webhooks(f"http://127.0.0.1:{port}/tim/", sdkappid=SDKAPPID, token="another", when_silent="refuse")
    gate = ("-m", "uvicorn", "--app-dir", str(EXAMPLES), "--port", port, "moderation_gate:app")
    async with sandbox(hooks) as box, box.session() as tim:
        async with running(*gate, **(box.env() | {"TIMREST_WEBHOOK_TOKEN": TOKEN})):
            with pytest.raises(ApiError) as refused:
                await tim.messages.send("bob", "hi, beauty", from_account="alice")
        assert refused.value.code == 80003
        assert not box.messages()
    assert [delivery.failure for delivery in hooks.deliveries] == ["HTTP 401 in place of 200"]
