"""The project's own sandbox in a process of its own: it refuses what is over the cap, as the service does."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks._rivals import CALLS, IDENTIFIER, RECEIVER, SDKAPPID, SECRET_KEY
from benchmarks._server import Server, running, until_told
from timrest_async.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["sandboxed"]


@contextmanager
def sandboxed() -> Generator[Server]:
    """Run a sandbox that knows everybody to whom the benchmarks write."""
    with running("benchmarks._sandbox") as port:
        yield Server(port)


async def _serve() -> None:
    box = Sandbox(sdkappid=SDKAPPID, secret_key=SECRET_KEY, admins=(IDENTIFIER,), calls_per_second=CALLS)
    box.state.add_account(RECEIVER)
    async with box:
        await until_told(box.port)


if __name__ == "__main__":
    asyncio.run(_serve())
