"""The real session against a server that does everything wrong, over real sockets."""

from __future__ import annotations

import asyncio
import tracemalloc
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.faults import COMMANDS, FAULTS, MEGABYTE, PATIENCE, SLACK, Fault, attempt, hostile, outcome_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass
class Memory:
    """How much of it was in use at most, bytes."""

    peak: int = 0


@contextmanager
def measured() -> Iterator[Memory]:
    """Measure what the block allocates."""
    memory = Memory()
    tracemalloc.start()
    try:
        yield memory
    finally:
        memory.peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()


def descriptors() -> int:
    """Count the file descriptors of this process."""
    count = 0
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # that of the list itself
            count += str(entry.readlink()) != "/dev/null"  # which uvloop opens once and keeps
    return count


async def soon(claim: Callable[[], bool]) -> bool:
    """Give *claim* a few turns of the loop to become true."""
    for _ in range(100):
        if claim():
            break
        await asyncio.sleep(0)
    return claim()


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_whatever_goes_wrong_is_told_as_it_is_and_harms_no_other_call(
    fault: Fault, command: str, record_property: Callable[[str, object], None]
) -> None:
    """Each fault, with each command, is the error that it is declared to be, in time; the next call of the session
    goes well, and at the end nothing is left: no task, no connection, no file.
    """
    loop, tasks, files = asyncio.get_running_loop(), asyncio.all_tasks(), descriptors()
    call = COMMANDS[command]
    async with hostile(fault) as server:
        async with server.session() as tim:
            for _ in range(3):
                began = loop.time()
                error = await attempt(call, tim)
                took, seen = loop.time() - began, outcome_of(error)
                if fault.limit is None or server.requests or seen == fault.expected(command):
                    break  # else this machine stood still for so long that nothing was sent
            record_property("fault", [fault.name, command, seen.error and seen.error.__name__, seen.delivered])
            assert seen == fault.expected(command)
            assert took < (fault.limit or PATIENCE) + SLACK
            assert server.requests <= 1
            await server.recover()
            if fault.recovers:
                await call(tim)
        assert await server.left() == 0
    assert await soon(lambda: asyncio.all_tasks() == tasks)
    assert await soon(lambda: descriptors() <= files)


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.large], ids=lambda fault: fault.name)
async def test_an_answer_without_end_is_not_read_to_its_end(fault: Fault) -> None:
    """Of a gigabyte, packed or not, a call reads some megabytes, and holds no more than that in memory."""
    async with hostile(fault) as server, server.session() as tim:
        with measured() as memory:
            assert await attempt(COMMANDS["read"], tim) is not None
    assert server.sent < 64 * MEGABYTE
    assert memory.peak < 64 * MEGABYTE


def test_every_fault_has_a_name_of_its_own_that_fits_the_table() -> None:
    """They are told apart by their names."""
    names = [fault.name for fault in FAULTS]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 42
