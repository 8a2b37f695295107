"""Calls that are given up, at any moment and by anyone: their task, the session, the event loop, Ctrl-C."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import re
import signal
import socket
import subprocess
import sys
import traceback
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Any, Self, cast

import aiohttp
import pytest

from timrest_async import (
    CallTimeoutError,
    ConfigError,
    RateLimit,
    RateLimiter,
    RetryPolicy,
    TimSession,
    TransportError,
)
from timrest_async.commands.messages import SendMessage
from timrest_async.testing import FakeClock
from timrest_async.transport import HttpTransport
from timrest_async.usersig import sign

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator

    from timrest_async import TimError

ROOT = Path(__file__).parents[2]
SDKAPPID = 1_400_000_000
KEY = "key-that-nobody-may-see"
WIDE = RateLimit(2_000, 0.01, burst=2_000)
"""A limit that is out of the way."""


# -- the other end, and what has to be left at this one


class Server:
    """Answers each call in two pieces, a few turns of the loop apart, or not at all."""

    def __init__(self, *, refused: float = 0.0, silent: bool = False) -> None:
        self.connections: set[asyncio.BaseTransport] = set()
        """Those that are open."""
        self.calls = 0
        """How many came."""
        self.arrived = asyncio.Semaphore(0)
        """One for each of them."""
        self.on_answer: Callable[[], object] = lambda: None
        """What is done in the turn in which an answer goes out."""
        self._refused = refused
        self._silent = silent
        self._random = random.Random(0)

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for connection in self.connections:
            cast("asyncio.Transport", connection).abort()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def call_arrived(self, connection: asyncio.Transport) -> None:
        """Answer it, now or soon."""
        self.calls += 1
        self.arrived.release()
        if not self._silent:
            code = 20004 if self._random.random() < self._refused else 0
            body = b'{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":%d,"MsgTime":1,"MsgKey":"1"}' % code
            head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
            self._later(self._random.randrange(4), connection, head, body)

    def _later(self, turns: int, connection: asyncio.Transport, *parts: bytes) -> None:
        if turns:
            asyncio.get_running_loop().call_soon(self._later, turns - 1, connection, *parts)
        elif connection.is_closing():
            return
        elif parts:
            connection.write(parts[0])
            self._later(self._random.randrange(4), connection, *parts[1:])
        else:
            self.on_answer()


class _Connection(asyncio.Protocol):
    def __init__(self, server: Server) -> None:
        self._server = server
        self._head = b""
        self._expected = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._server.connections.add(transport)

    def connection_lost(self, _: Exception | None) -> None:
        self._server.connections.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        if not self._expected:
            head, end, data = (self._head + data).partition(b"\r\n\r\n")
            if not end:
                self._head = head
                return
            self._head = b""
            self._expected = int(head.partition(b"Content-Length: ")[2].partition(b"\r")[0])
        self._expected -= len(data)
        if not self._expected:
            self._server.call_arrived(self._transport)


@asynccontextmanager
async def leaving_nothing() -> AsyncGenerator[None]:
    """Fail where a task stays behind, or an error that nobody fetched."""
    loop, before = asyncio.get_running_loop(), asyncio.all_tasks()
    reports: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, report: reports.append(report))
    yield
    await some_turns(3)
    gc.collect()
    assert asyncio.all_tasks() == before
    assert reports == []


async def some_turns(turns: int) -> None:
    """Let the loop run."""
    for _ in range(turns):
        await asyncio.sleep(0)


async def until(claim: Callable[[], bool]) -> None:
    """Let the loop run until *claim* holds."""
    async with asyncio.timeout(30):
        while not claim():
            await some_turns(1)


def session(server: Server, **settings: Any) -> TimSession:
    """Make a session on *server*."""
    usual: dict[str, Any] = {"secret_key": KEY, "base_url": server.url, "limits": RateLimiter(WIDE)}
    return TimSession(SDKAPPID, **(usual | settings))


def pool(connections: int, **settings: Any) -> aiohttp.ClientSession:
    """Make a session of aiohttp's with so many connections."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=connections, **settings))


def send(tim: TimSession, text: str = "hi") -> Coroutine[Any, Any, object]:
    """Call the service once."""
    return tim.call("openim/sendmsg", {"To_Account": "lumotuwe2", "Text": text})


async def check_at_rest(tim: TimSession, http: aiohttp.ClientSession, server: Server) -> None:
    """Check that each connection and each place of the limiter is free, and that as many calls as ever go well."""
    transport, limits = tim._parts.transport, tim._parts.limits
    assert isinstance(transport, HttpTransport)
    assert isinstance(limits, RateLimiter)
    assert isinstance(http.connector, aiohttp.TCPConnector)
    assert transport._alarm.limits == {}
    assert not http.connector._acquired
    assert not http.connector._waiters
    async with asyncio.timeout(30):
        await asyncio.gather(*(send(tim) for _ in range(http.connector.limit)))
        assert len(server.connections) <= http.connector.limit
        for _ in range(limits.default.calls):
            await limits.acquire(SDKAPPID, SendMessage("lumotuwe2", "hi"))
    assert all(of.waiting == 0 for of in limits.metrics().values())


# -- by their task


@dataclass(frozen=True, kw_only=True)
class Share:
    """Calls that are cancelled at random."""

    calls: int
    at_once: int
    turns: int = 1
    """Each within less than so many turns of the loop ..."""
    seconds: float = 0.0
    """... and so many seconds."""
    limit: RateLimit = WIDE
    text: str = "hi"
    refused: float = 0.0
    """How many are refused with a code that is worth another try."""
    anew: bool = False
    """Whether each call opens a connection."""


SHARES = {
    "anywhere": Share(calls=4_000, at_once=50, turns=30),
    "alone": Share(calls=1_000, at_once=1, turns=16),
    "while connecting": Share(calls=2_000, at_once=50, turns=24, anew=True),
    "in the limiter's line": Share(calls=1_500, at_once=100, seconds=0.03, limit=RateLimit(25, 0.01, burst=25)),
    "in the pause": Share(calls=1_000, at_once=50, seconds=0.03, refused=0.7),
    "while a large body goes out": Share(calls=500, at_once=10, turns=60, text="x" * 1_000_000),
}
"""10,000 in all."""


@pytest.mark.parametrize("share", SHARES.values(), ids=SHARES)
async def test_a_call_can_be_cancelled_at_any_moment(share: Share) -> None:
    """It ends as cancelled, takes no place, no connection and no task with it, and the next calls go well."""
    asyncio.get_running_loop().set_debug(False)  # which takes eight times as long
    chance, ends = random.Random(7), {"cancelled": 0, "done": 0}
    retry = RetryPolicy(attempts=1_000, first_pause=0.01, longest_pause=0.01)

    async def give_up(call: Coroutine[Any, Any, object]) -> None:
        task = asyncio.ensure_future(call)
        await some_turns(chance.randrange(share.turns))
        if share.seconds:
            await asyncio.sleep(chance.random() * share.seconds)
        asked = task.cancel()
        await asyncio.wait({task})
        assert task.cancelled() == asked
        ends["cancelled" if asked else "done"] += 1
        assert asked or task.result()

    async with (
        leaving_nothing(),
        Server(refused=share.refused) as server,
        pool(20, force_close=share.anew) as http,
        session(server, http=http, limits=RateLimiter(share.limit), retry=retry) as tim,
    ):
        for _ in range(share.calls // share.at_once):
            await asyncio.gather(*(give_up(send(tim, share.text)) for _ in range(share.at_once)))
        assert ends["cancelled"] > 0
        await check_at_rest(tim, http, server)
        await http.close()
        await until(lambda: not server.connections)


async def test_a_call_can_be_cancelled_just_as_its_answer_comes() -> None:
    """It is cancelled or done, whichever was first, and never anything else."""
    async with leaving_nothing(), Server() as server, pool(2) as http, session(server, http=http) as tim:
        for turns in [*range(12)] * 20:
            answered = asyncio.Event()
            server.on_answer = answered.set
            task = asyncio.ensure_future(send(tim))
            await answered.wait()
            await some_turns(turns)
            asked = task.cancel()
            await asyncio.wait({task})
            assert task.cancelled() == asked
            assert asked or task.result()
        server.on_answer = lambda: None
        await check_at_rest(tim, http, server)


async def test_a_timeout_of_the_callers_ends_a_call() -> None:
    """asyncio.timeout around a call raises the caller's own TimeoutError, and the next call goes well."""
    async with leaving_nothing(), Server(silent=True) as silent, session(silent) as tim:
        with pytest.raises(TimeoutError) as caught:
            async with asyncio.timeout(0.02):
                await send(tim)
        assert type(caught.value) is TimeoutError


async def test_a_call_that_fails_in_a_task_group_cancels_the_others() -> None:
    """The group raises that one failure, and the others leave no trace."""
    async with leaving_nothing(), Server(silent=True) as server, session(server) as tim:
        calls: list[asyncio.Task[object]] = []

        async def call_together() -> None:
            async with asyncio.TaskGroup() as group:
                calls.extend(group.create_task(send(tim)) for _ in range(20))
                group.create_task(send(tim.with_options(timeout=0.05)))

        with pytest.raises(ExceptionGroup) as caught:
            await call_together()
        assert [type(error) for error in caught.value.exceptions] == [CallTimeoutError]
        assert all(call.cancelled() for call in calls)


@pytest.fixture
def full() -> Iterator[str]:
    """Return an address at which the system takes no further connection, and does not refuse it."""
    with socket.socket() as listening, ExitStack() as stack:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(3):
            filler = stack.enter_context(socket.socket())
            filler.settimeout(0.0)
            filler.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def connecting(url: str) -> int:
    """Count the connections that the system was asked for, and that *url* has not taken yet."""
    port, asked = f":{int(url.rpartition(':')[2]):04X}", "02"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()]
    return sum(there.endswith(port) and state == asked for _, _, there, state, *_ in rows)


@dataclass(frozen=True, kw_only=True)
class Moment:
    """Where a call is when it is cancelled."""

    calls: int = 1
    """How many are made; the last one is looked at."""
    refused: float = 0.0
    unreachable: bool = False


MOMENTS = {
    "in the limiter's line": Moment(calls=2),
    "while connecting": Moment(unreachable=True),
    "while its answer is awaited": Moment(),
    "in the pause": Moment(refused=1.0),
}


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
async def test_a_cancellation_shows_nothing_of_the_layer_below(full: str, moment: Moment) -> None:
    """It comes by no frame of aiohttp's, whose variables hold the URL, and no variable of ours shows the UserSig."""
    usersig = str(sign(SDKAPPID, KEY, "administrator", expire=86_400, time=int(time())))
    caught: list[BaseException] = []

    async def keep(call: Coroutine[Any, Any, object]) -> None:
        try:
            await call
        except asyncio.CancelledError as error:
            caught.append(error)

    async with (
        leaving_nothing(),
        Server(refused=moment.refused, silent=not moment.refused) as server,
        session(
            server,
            base_url=full if moment.unreachable else server.url,
            secret_key=None,
            usersig=usersig,
            limits=RateLimiter(RateLimit(1, 3_600.0)),
            retry=RetryPolicy(first_pause=3_600.0, longest_pause=3_600.0),
            timeout=10_000.0,
        ) as tim,
    ):
        calls = [asyncio.ensure_future(keep(send(tim))) for _ in range(moment.calls)]
        if not moment.unreachable:
            await server.arrived.acquire()
        await asyncio.sleep(0.02)
        for call in reversed(calls):
            call.cancel()
        await asyncio.wait(calls)
    assert len(caught) == moment.calls
    frames = [frame for frame, _ in traceback.walk_tb(caught[0].__traceback__)]
    files = [Path(frame.f_code.co_filename) for frame in frames]
    ours = [frame for frame, file in zip(frames, files, strict=True) if "timrest_async" in file.parts]
    assert len(ours) > 1
    assert not any("aiohttp" in file.parts for file in files)
    assert usersig not in "".join(repr(frame.f_locals) for frame in ours)
    assert caught[0].__context__ is caught[0].__cause__ is None


# -- by the session


async def ends(calls: list[asyncio.Task[object]]) -> list[tuple[type[BaseException], bool | None]]:
    """Wait for *calls*, and return how each failed and whether it was delivered."""
    async with asyncio.timeout(30):
        errors = cast("list[TimError]", await asyncio.gather(*calls, return_exceptions=True))
    return [(type(error), error.delivered) for error in errors]


async def test_closing_ends_every_call_in_flight() -> None:
    """Who awaits the answer hears that nobody knows; who waits for a connection or a permit, that nothing was sent."""
    clock = FakeClock()
    limits = RateLimiter(RateLimit(4, 40.0, burst=4), clock=clock)
    async with leaving_nothing(), Server(silent=True) as server:
        tim = session(server, limits=limits, clock=clock, timeout=1_000.0, attempt_timeout=20.0)  # 2 connections
        calls = [asyncio.ensure_future(send(tim)) for _ in range(7)]
        await server.arrived.acquire()
        await server.arrived.acquire()
        await tim.close()
        assert await ends(calls[:2]) == [(TransportError, None)] * 2
        assert await ends(calls[2:4]) == [(ConfigError, False)] * 2
        assert [of.waiting for of in limits.metrics().values()] == [3]
        await clock.advance(40.0)
        assert await ends(calls[4:]) == [(ConfigError, False)] * 3


async def test_closing_ends_a_call_in_its_pause() -> None:
    """There is no further attempt, and the error says that the session is closed."""
    clock = FakeClock()
    limits = RateLimiter(WIDE, clock=clock)
    async with leaving_nothing(), Server(refused=1.0) as server:
        tim = session(server, limits=limits, clock=clock)
        calls = [asyncio.ensure_future(send(tim)) for _ in range(3)]
        await until(lambda: clock.timers == 3)
        await tim.close()
        await clock.advance(1.0)
        assert await ends(calls) == [(ConfigError, False)] * 3
        assert server.calls == 3


async def test_closing_leaves_a_call_that_connects_no_longer_than_its_attempt(full: str) -> None:
    """The system is asked for the connection already; nothing was sent when the attempt's time is over."""
    async with leaving_nothing():
        tim = TimSession(SDKAPPID, secret_key=KEY, base_url=full, attempt_timeout=0.2)
        before = connecting(full)
        call = asyncio.ensure_future(send(tim))
        await until(lambda: connecting(full) > before)
        await tim.close()
        assert await ends([call]) == [(CallTimeoutError, False)]


# -- by the event loop


PREAMBLE = """
import asyncio
import sys
from timrest_async import RateLimit, RateLimiter, TimSession

def when_in_flight(loop, act, *args):
    def told():
        loop.remove_reader(sys.stdin)
        act(*args)

    loop.add_reader(sys.stdin, told)

async def calls_are_in_flight():
    loop = asyncio.get_running_loop()
    told = loop.create_future()
    when_in_flight(loop, told.set_result, None)
    await told

def session():
    return TimSession.from_env(limits=RateLimiter(RateLimit(10, burst=10)))

def send(tim):
    return asyncio.ensure_future(tim.messages.send("lumotuwe2", "hi"))
"""
"""A program hears on its standard input that its calls are in flight."""

PROGRAMS = {
    "main ends while calls are in flight, and the session is closed later": (
        10,
        """
async def main():
    global tim, calls
    tim = session()
    calls = [send(tim) for _ in range(20)]
    await calls_are_in_flight()

asyncio.run(main())
asyncio.run(tim.close())
assert all(call.cancelled() for call in calls)
""",
    ),
    "main ends, closes the session, and looks at no call": (
        10,
        """
async def main():
    global calls
    async with session() as tim:
        calls = asyncio.gather(*(send(tim) for _ in range(20)), return_exceptions=True)
        await calls_are_in_flight()

asyncio.run(main())
""",
    ),
    "main ends, and each task closes a session of its own": (
        5,
        """
async def work():
    async with session() as tim:
        await send(tim)

async def main():
    global calls
    calls = [asyncio.ensure_future(work()) for _ in range(5)]
    await calls_are_in_flight()

asyncio.run(main())
assert all(call.cancelled() for call in calls)
""",
    ),
    "main fails": (
        10,
        """
async def main():
    async with session() as tim:
        calls = asyncio.gather(*(send(tim) for _ in range(20)))
        async with asyncio.timeout(None) as limit:
            when_in_flight(asyncio.get_running_loop(), limit.reschedule, 0.0)
            await calls

try:
    asyncio.run(main())
except TimeoutError:
    pass
""",
    ),
    "the loop is stopped, and its tasks are cancelled later": (
        1,
        """
async def work():
    async with session() as tim:
        await send(tim)

loop = asyncio.new_event_loop()
call = loop.create_task(work())
when_in_flight(loop, loop.stop)
loop.run_forever()
call.cancel()
loop.run_until_complete(asyncio.wait({call}))
loop.close()
assert call.cancelled()
""",
    ),
}
"""How many calls of a program the service hears of, as the limiter holds back the others; and the program."""


def environment(server: Server) -> dict[str, str]:
    """Return this process's environment, and what a program needs to find *server*."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("TIMREST_")}
    settings = {"SDKAPPID": str(SDKAPPID), "SECRET_KEY": KEY, "BASE_URL": server.url}
    return ours | {f"TIMREST_{name}": value for name, value in settings.items()} | {"PYTHONPATH": str(ROOT)}


@asynccontextmanager
async def running(server: Server, *args: str, stdin: int | None = None) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Run Python with *args*, for no longer than a minute."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *args,
        env=environment(server),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # what starts the tests in the background may have SIGINT ignored, and that is inherited
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # no thread runs here
    )
    try:
        async with asyncio.timeout(60):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def end_of(program: str, *options: str, calls: int = 1) -> tuple[str, int | None]:
    """Run *program* until so many *calls* of it are in flight, let it go on, and return what it says and its status."""
    args = (*options, "-c", PREAMBLE + program)
    async with Server(silent=True) as server, running(server, *args, stdin=subprocess.PIPE) as process:
        for _ in range(calls):
            await server.arrived.acquire()
        _, said = await process.communicate(b"in flight")
    return said.decode(), process.returncode


@pytest.mark.parametrize(("calls", "program"), PROGRAMS.values(), ids=PROGRAMS)
async def test_a_loop_that_ends_with_calls_in_flight_ends_quietly(calls: int, program: str) -> None:
    """Python, for which every warning is an error, has nothing to say."""
    assert await end_of(program, "-W", "error", calls=calls) == ("", 0)


async def test_a_loop_that_is_closed_over_a_call_shows_no_secret() -> None:
    """What Python reports of the task that it had to destroy holds neither key nor signature."""
    program = """
async def main():
    tim = session()
    await send(tim)

loop = asyncio.new_event_loop()
call = loop.create_task(main())
when_in_flight(loop, loop.stop)
loop.run_forever()
loop.close()
"""
    said, _ = await end_of(program, "-X", "dev")
    assert "Task was destroyed but it is pending" in said
    assert KEY not in said
    assert re.search(r"\beJ[\w*-]{20}", said) is None  # so begins what is deflated, as a UserSig is


# -- by Ctrl-C


@pytest.mark.parametrize(
    "args",
    [
        ["call", "im_open_login_svc/account_check", "--no-check"],
        ["call", "im_open_login_svc/account_check", "{}", "--no-check", "--json"],
        ["send", "to", "lumotuwe2", "hi"],
        ["send", "group", "@TGS#1", "hi", "--json"],
    ],
    ids=" ".join,
)
async def test_ctrl_c_ends_the_command_line(args: list[str]) -> None:
    """A command that waits for its answer ends at once with 130, and says nothing."""
    python = ("-W", "error", "-m", "timrest_async.cli")
    async with Server(silent=True) as server, running(server, *python, *args) as process:
        await server.arrived.acquire()
        process.send_signal(signal.SIGINT)
        assert await process.communicate() == (b"", b"")
    assert process.returncode == 130


async def test_ctrl_c_ends_the_demo() -> None:
    """It ends at once with 130, and says nothing more."""
    args = ("-m", "timrest_async.cli", "demo", "--messages", "10000")
    async with Server() as server, running(server, *args) as process:
        assert process.stdout is not None
        await process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, said = await process.communicate()
    assert said.decode() == ""
    assert process.returncode == 130
