"""What stays behind after 100,000 calls: memory, objects, file descriptors and tasks, beside bare aiohttp.

Each run has a process of its own, and the server another one. After every tenth of the calls, when none is in flight
and the garbage is collected, the process is looked at; what counts is the growth from the first look to the last.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Final

import aiohttp
from attrs import frozen
from yarl import URL

from benchmarks._report import Claim, arguments, finish, print_table
from benchmarks._server import serving
from timrest_async import RateLimit, RateLimiter, TimSession
from timrest_async._codec import encode
from timrest_async.commands.messages import SendMessage
from timrest_async.usersig import DAY, sign

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

SDKAPPID: Final = 1_400_000_000
IDENTIFIER: Final = "administrator"
SECRET_KEY: Final = "k" * 64
OUT_OF_THE_WAY: Final = RateLimit(1_000, 0.001, burst=1_000)
"""A million in a second, but few places: a window remembers when each of them comes back."""

LOOKS: Final = 10
BYTES: Final = 16
"""The size of Python's smallest object: if a call costs less memory, none is left behind."""
OBJECTS: Final = 100
"""So many more may be there in the end, whatever the number of calls."""

BARE: Final = "bare aiohttp"
OURS: Final = "ours"


@frozen
class Look:
    """What a process has."""

    calls: int
    """Made so far."""

    rss: int
    """Bytes of memory that are resident."""

    objects: int
    """Objects that the garbage collector tracks."""

    fds: int
    """Open file descriptors."""

    tasks: int

    @classmethod
    def after(cls, calls: int) -> Look:
        """Look at this process."""
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        fds = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  # names are all that is needed
        return cls(calls, pages * os.sysconf("SC_PAGE_SIZE"), len(gc.get_objects()), fds, len(asyncio.all_tasks()))


async def _bare(base_url: str, calls: int, tasks: int) -> list[Look]:
    usersig = str(sign(SDKAPPID, SECRET_KEY, IDENTIFIER, expire=DAY, time=int(time())))
    query = {"sdkappid": str(SDKAPPID), "identifier": IDENTIFIER, "usersig": usersig, "contenttype": "json"}
    url = URL(f"{base_url}/v4/openim/sendmsg").with_query(query | {"random": "1"})
    body = encode(SendMessage("lumotuwe2", "hi, beauty"))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:

        async def call() -> bytes:
            async with http.post(url, data=body) as answer:
                return await answer.read()

        return await _looks(call, calls, tasks)


async def _ours(base_url: str, calls: int, tasks: int) -> list[Look]:
    limits = RateLimiter(OUT_OF_THE_WAY)
    async with TimSession(SDKAPPID, IDENTIFIER, SECRET_KEY, base_url=base_url, limits=limits) as tim:
        return await _looks(lambda: tim.messages.send("lumotuwe2", "hi, beauty"), calls, tasks)


async def _looks(call: Callable[[], Awaitable[object]], calls: int, tasks: int) -> list[Look]:
    """Make as many *calls* in so many *tasks*, and look after each tenth of them."""
    each = calls // LOOKS // tasks

    async def some() -> None:
        for _ in range(each):
            await call()

    looks = []
    for index in range(LOOKS):
        async with asyncio.TaskGroup() as group:
            for _ in range(tasks):
                group.create_task(some())
        looks.append(Look.after((index + 1) * each * tasks))
    return looks


def _run(way: str, base_url: str, calls: int, tasks: int) -> list[Look]:
    return asyncio.run({BARE: _bare, OURS: _ours}[way](base_url, calls, tasks))


def _claims(name: str, looks: list[Look], *, short: bool) -> list[Claim]:
    first, last = looks[0], looks[-1]
    objects, size = last.objects - first.objects, (last.rss - first.rss) / (last.calls - first.calls)
    flat = {(look.fds, look.tasks) for look in looks}
    claims = [
        Claim(f"{name}: file descriptors and tasks stay as many: {first.fds} and {first.tasks}", len(flat) == 1),
        Claim(f"{name}: at most {OBJECTS} objects more: {objects:+,}", objects <= OBJECTS),
    ]
    if not short:
        claims.append(Claim(f"{name}: less than {BYTES} bytes of memory a call: {size:+.1f}", size < BYTES))
    return claims


def main() -> int:
    """Measure, print, and judge."""
    parser = arguments(__doc__)
    parser.add_argument("--calls", type=int, help="of each run; 100,000 unless told")
    options = parser.parse_args()
    calls = options.calls or (4_000 if options.short else 100_000)
    runs = [(way, tasks) for tasks in (1, 100) for way in (BARE, OURS)]
    found: dict[str, list[Look]] = {}
    with serving() as server, ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as processes:
        for way, tasks in runs:
            name = f"{way}, {tasks} at once"
            found[name] = processes.submit(_run, way, server.base_url, calls, tasks).result()
    rows = list(zip(*found.values(), strict=True))
    print_table(
        "memory, MB",
        ("calls", *found),
        [(f"{row[0].calls:,}", *(f"{look.rss / 1e6:.2f}" for look in row)) for row in rows],
    )
    print_table(
        "objects / file descriptors / tasks",
        ("calls", *found),
        [(f"{row[0].calls:,}", *(f"{it.objects:,} / {it.fds} / {it.tasks}" for it in row)) for row in rows],
    )
    ours = [name for name in found if name.startswith(OURS)]
    claims = [claim for name in ours for claim in _claims(name, found[name], short=options.short)]
    return finish("soak", options, found, claims)


if __name__ == "__main__":
    sys.exit(main())
