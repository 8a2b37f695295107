"""How long a few thousand messages take under a cap that is enforced, and how many of them are refused.

All messages are there from the start and are sent through each limiter to a sandbox, a process of its own, which takes
100 calls in any second and refuses the others with a code. The time is from the start until the last call arrives, so
what a limiter does after its last answer costs it nothing. A refused call is counted and not made again.

``--jitter`` puts a network of random delays before the sandbox.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from http.client import HTTPConnection
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from benchmarks._network import jittery
from benchmarks._report import Claim, arguments, finish, print_table
from benchmarks._rivals import AIOLIMITER, ANSWERED, CALLS, WAYS
from benchmarks._sandbox import sandboxed
from timrest_async import ApiError

if TYPE_CHECKING:
    import argparse

    from benchmarks._server import Server

BOUND: Final = 1.02
"""How long ours takes at most, of the time that the cap demands."""


@frozen
class Outcome:
    """What became of the messages of one limiter."""

    seconds: float
    """From the start to the last arrival."""

    ratio: float
    """Of these to the time that the cap demands."""

    delivered: int
    refused: int


async def _send_all(way: str, base_url: str, messages: int) -> float:
    """Send so many *messages*, and return when that began."""
    async with WAYS[way](base_url) as send, asyncio.TaskGroup() as group:

        async def one(number: int) -> None:
            with suppress(ApiError):  # the sandbox counts what it refuses
                await send(number)

        start = monotonic()
        for number in range(messages):
            group.create_task(one(number))
    return start


def _measure(way: str, messages: int, *, jitter: bool) -> Outcome:
    with sandboxed() as server:
        if jitter:
            with jittery(server.base_url) as base_url:
                start = asyncio.run(_send_all(way, base_url, messages))
        else:
            start = asyncio.run(_send_all(way, server.base_url, messages))
        calls = _calls(server)
    seconds = calls[-1]["time"] - start
    delivered = sum(call["code"] == 0 for call in calls)
    return Outcome(seconds, seconds * CALLS / messages, delivered, len(calls) - delivered)


def _calls(server: Server) -> list[dict[str, Any]]:
    """Return what arrived at the sandbox, in order."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request("GET", "/_sandbox/calls")
        found: list[dict[str, Any]] = json.loads(connection.getresponse().read())
        return found
    finally:
        connection.close()


def _claims(found: Outcome, messages: int, options: argparse.Namespace) -> list[Claim]:
    everything = found.delivered == messages and not found.refused
    taken = Claim(f"nothing is refused: {found.refused} of {messages:,}, {found.delivered:,} delivered", everything)
    if options.short:
        return [
            taken,
            Claim(f"[sanity] messages flow: {found.ratio:.2f} x the time that the cap demands", found.ratio < 2),
        ]
    if options.jitter:
        return [taken]  # a call keeps its place until its answer, so a slow network costs its delay
    quick = Claim(f"at most {BOUND} x the time that the cap demands: {found.ratio:.3f}", found.ratio <= BOUND)
    return [taken, quick]


def main() -> int:
    """Measure, print, and judge."""
    parser = arguments(__doc__)
    parser.add_argument("--messages", type=int, help="how many; 3,000 unless told")
    parser.add_argument("--jitter", action="store_true", help="random delays on the way there and back")
    options = parser.parse_args()
    messages = options.messages or (300 if options.short else 3000)
    ways = (ANSWERED, AIOLIMITER) if options.short else WAYS
    found = {way: _measure(way, messages, jitter=options.jitter) for way in ways}
    print_table(
        f"{messages:,} messages to a sandbox that takes {CALLS}/s, which demands {messages / CALLS:g} s",
        ("limiter", "seconds", "x demanded", "refused", "delivered"),
        [
            (way, f"{seen.seconds:.2f}", f"{seen.ratio:.3f}", str(seen.refused), str(seen.delivered))
            for way, seen in found.items()
        ],
    )
    name = "goodput_jitter" if options.jitter else "goodput"
    return finish(name, options, found, _claims(found[ANSWERED], messages, options))


if __name__ == "__main__":
    sys.exit(main())
