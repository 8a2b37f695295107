"""What a call costs in CPU, beside bare aiohttp and beside what one would write by hand.

Three ways to send the same message take turns in short rounds, each round in another order, so that a machine that
slows down slows all of them; what counts is the ratio within a round. The server runs in a process of its own, and only
this process's CPU time is counted. The garbage collector runs as it does in production.
"""

from __future__ import annotations

import asyncio
import json
import sys
from random import getrandbits
from time import perf_counter, process_time, time
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from attrs import frozen
from yarl import URL

from benchmarks._report import Claim, Spread, arguments, finish, print_table
from benchmarks._server import RECEIPT, Server, serving
from timrest_async import RateLimit, RateLimiter, TimSession
from timrest_async._clock import SystemClock
from timrest_async._codec import decode, encode
from timrest_async.commands.messages import SendMessage
from timrest_async.usersig import DAY, Signer, sign

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

SDKAPPID: Final = 1400000000
IDENTIFIER: Final = "administrator"
SECRET_KEY: Final = "k" * 64
OUT_OF_THE_WAY: Final = RateLimit(1_000_000, burst=100_000)

BARE: Final = "bare aiohttp, prepared bytes and URL"
HAND: Final = "hand-written, params= and json="
OURS: Final = "tim.messages.send"
WAYS: Final = (BARE, HAND, OURS)

BARE_BOUND: Final = 1.15
HAND_BOUND: Final = 1.0


@frozen
class Load:
    """How much is measured."""

    rounds: int
    calls: int
    """In each round, of each way."""

    tasks: int
    """How many of them are under way at once."""

    hot: int
    """Repetitions in each hot loop."""


class _Instant:
    """A transport that answers at once."""

    async def post(self, *_: object, **__: object) -> bytes:
        return RECEIPT

    async def close(self) -> None:
        pass


def _message() -> SendMessage:
    return SendMessage("lumotuwe2", "hi, beauty")


def _ways(server: Server, http: aiohttp.ClientSession, tim: TimSession) -> dict[str, Callable[[], Awaitable[object]]]:
    """Return three ways to send one message: as bare as can be, as one would by hand, and ours."""
    usersig = str(sign(SDKAPPID, SECRET_KEY, IDENTIFIER, expire=DAY, time=int(time())))
    address = f"{server.base_url}/v4/openim/sendmsg"
    params: dict[str, str | int] = {
        "sdkappid": SDKAPPID,
        "identifier": IDENTIFIER,
        "usersig": usersig,
        "contenttype": "json",
    }
    body = encode(_message())
    data: dict[str, Any] = json.loads(body)
    url = URL(address).with_query(params | {"random": getrandbits(32)})

    async def bare() -> bytes:
        async with http.post(url, data=body) as answer:
            return await answer.read()

    async def by_hand() -> object:
        async with http.post(address, params={**params, "random": getrandbits(32)}, json=data) as answer:
            return await answer.json()

    async def ours() -> object:
        return await tim.messages.send("lumotuwe2", "hi, beauty")

    return {BARE: bare, HAND: by_hand, OURS: ours}


async def _cpu(call: Callable[[], Awaitable[object]], load: Load) -> float:
    """Return the CPU time of one *call*, in µs."""

    async def some() -> None:
        for _ in range(load.calls // load.tasks):
            await call()

    start = process_time()
    if load.tasks == 1:
        await some()
    else:
        async with asyncio.TaskGroup() as group:
            for _ in range(load.tasks):
                group.create_task(some())
    return (process_time() - start) / (load.calls // load.tasks * load.tasks) * 1e6


async def _rounds(server: Server, load: Load) -> list[dict[str, float]]:
    """Return the µs of each way in each round; the first round only warms up."""
    limits = RateLimiter(OUT_OF_THE_WAY)
    async with (
        aiohttp.ClientSession() as http,
        TimSession(SDKAPPID, IDENTIFIER, SECRET_KEY, base_url=server.base_url, limits=limits) as tim,
    ):
        ways = _ways(server, http, tim)
        found = []
        for index in range(load.rounds + 1):
            shift = index % len(WAYS)
            found.append({name: await _cpu(ways[name], load) for name in WAYS[shift:] + WAYS[:shift]})
    return found[1:]


async def _steps(load: Load) -> dict[str, Spread]:
    """Return the µs of each step of a call, on its own in a hot loop, which flatters the caches."""
    command, limits = _message(), RateLimiter(OUT_OF_THE_WAY)
    signer = Signer(SDKAPPID, SECRET_KEY, IDENTIFIER, life=DAY, clock=SystemClock())

    tim = TimSession(SDKAPPID, IDENTIFIER, SECRET_KEY, limits=limits, transport=_Instant())

    async def permit() -> None:
        (limits.try_acquire(SDKAPPID, command) or await limits.acquire(SDKAPPID, command)).release()

    async def all_of_it() -> None:
        await tim.messages.send("lumotuwe2", "hi, beauty")

    steps: dict[str, Callable[[], object]] = {
        "build the command": _message,
        "encode": lambda: encode(command),
        "signature, once signed": signer.current,
        "decode": lambda: decode(command, RECEIPT),
    }
    found = {name: Spread.of(_hot(step, load.hot) for _ in range(7)) for name, step in steps.items()}
    for name, awaited in (("permit of the limiter", permit), ("a call without the network", all_of_it)):
        found[name] = Spread.of([await _hot_async(awaited, load.hot) for _ in range(7)])
    return found


def _hot(step: Callable[[], object], times: int) -> float:
    start = perf_counter()
    for _ in range(times):
        step()
    return (perf_counter() - start) / times * 1e6


async def _hot_async(step: Callable[[], Awaitable[object]], times: int) -> float:
    start = perf_counter()
    for _ in range(times):
        await step()
    return (perf_counter() - start) / times * 1e6


def main() -> int:
    """Measure, print, and judge."""
    parser = arguments(__doc__)
    parser.add_argument("--tasks", type=int, default=1, help="calls under way at once; 1 unless told")
    options = parser.parse_args()
    times, calls, hot = (4, 60, 200) if options.short else (45, 200, 2000)
    load = Load(times, max(calls, options.tasks), options.tasks, hot)
    with serving() as server:
        rounds = asyncio.run(_rounds(server, load))
    steps = asyncio.run(_steps(load))

    cpu = {name: Spread.of(found[name] for found in rounds) for name in WAYS}
    to_bare = {name: Spread.of(found[name] / found[BARE] for found in rounds) for name in WAYS}
    to_hand = Spread.of(found[OURS] / found[HAND] for found in rounds)
    print_table(
        f"CPU of one call, {load.rounds} rounds of {load.calls} calls each, {load.tasks} at once",
        ("way", "µs", "quartiles", "min..max", "x bare", "quartiles", "min..max"),
        [(name, *cpu[name].show(1), *to_bare[name].show(3)) for name in to_bare],
    )
    print_table(
        f"steps of a call of ours, each alone in a hot loop of {load.hot:,}",
        ("step", "µs", "quartiles", "min..max"),
        [(name, *spread.show(2)) for name, spread in steps.items()],
    )
    figures = {"cpu_us": cpu, "ratio_to_bare": to_bare, "ours_to_hand": to_hand, "steps_us": steps}
    return finish("overhead", options, figures, _claims(to_bare[OURS].median, to_hand.median, short=options.short))


def _claims(to_bare: float, to_hand: float, *, short: bool) -> list[Claim]:
    if short:
        return [Claim(f"[sanity] a call of ours costs less than 3 x bare: {to_bare:.2f}", to_bare < 3)]
    return [
        Claim(f"a call costs at most {BARE_BOUND} x bare aiohttp: {to_bare:.3f}", to_bare <= BARE_BOUND),
        Claim(f"a call costs no more than the hand-written one: {to_hand:.3f} x", to_hand <= HAND_BOUND),
    ]


if __name__ == "__main__":
    sys.exit(main())
