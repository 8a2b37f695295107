"""A network that is slow by chance: it stands before a server, in a process of its own.

Each call comes over a connection of its own. It is held up for a random time on its way to the server, and its answer
for another on its way back, so calls overtake each other and the distance between two of them changes under way.
"""

from __future__ import annotations

import argparse
import asyncio
import re
from contextlib import contextmanager, suppress
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Final

from benchmarks._server import running, until_told

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["LONGEST", "jittery"]

LONGEST: Final = 0.15
"""Seconds that either way may take beyond its usual time; any shorter time is as likely."""

SEED: Final = 7

_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


@contextmanager
def jittery(base_url: str) -> Generator[str]:
    """Put such a network before the server at *base_url*, and return the address to call instead."""
    with running("benchmarks._network", base_url.rpartition(":")[2]) as port:
        yield f"http://127.0.0.1:{port}"


async def _carry(
    port: int, hold_up: Callable[[], float], client: asyncio.StreamReader, back: asyncio.StreamWriter
) -> None:
    """Carry one call to the server at *port*, and its answer back."""
    with suppress(ConnectionError, asyncio.IncompleteReadError):  # a caller who gave up
        call = b"".join(await _message(client))
        await asyncio.sleep(hold_up())
        server, there = await asyncio.open_connection("127.0.0.1", port)
        there.write(call)
        head, body = await _message(server)
        there.close()
        await asyncio.sleep(hold_up())
        back.write(head.removesuffix(b"\r\n") + b"Connection: close" + _HEAD_END + body)
        await back.drain()
    back.close()


async def _message(stream: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await stream.readuntil(_HEAD_END)
    length = _LENGTH.search(head)
    return head, await stream.readexactly(int(length[1]) if length else 0)


async def _serve(port: int) -> None:
    hold_up = partial(Random(SEED).uniform, 0, LONGEST)
    async with asyncio.TaskGroup() as calls:  # which waits for those under way

        def take(client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
            calls.create_task(_carry(port, hold_up, client, back))

        network = await asyncio.start_server(take, "127.0.0.1", 0, backlog=1024)
        await until_told(network.sockets[0].getsockname()[1])
        network.close()


def main() -> None:
    """Carry calls until stdin is closed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int, help="of the server behind it")
    asyncio.run(_serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
