"""How many events a second one core reads, hands to functions and answers, beside what one would write by hand.

The requests are what the service posts: a signed query, headers and a body, no two of them the same. 32 connections
bring them, each one after the other, in an event loop without a network. A function decides about messages that are
about to be delivered, others hear of those that were; a round ends when every event of it was handled. The ways take
turns in short rounds, each round in another order; what counts is the ratio within a round. Only CPU time is counted,
and the garbage collector runs as it does in production.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from time import process_time, time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from attrs import frozen

from benchmarks._report import Claim, Spread, arguments, finish, print_table
from benchmarks._webhook_rivals import AFTER, BEFORE, GROUP, HAND, OURS, SDKAPPID, TOKEN, WAYS, Request, Way
from timrest_async.webhook import sign

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SEED: Final = 1
CONNECTIONS: Final = 32
ACCOUNTS: Final = 1_000
GROUPS: Final = 50

KINDS: Final = (BEFORE, BEFORE, AFTER, AFTER, GROUP)
"""Of five events so many are of each kind."""

MIX: Final = "all kinds"

ENOUGH: Final = 15_000
"""Events a second."""

SANE: Final = 1_000


@frozen
class Load:
    """How much is measured."""

    rounds: int
    events: int
    """In each round, of each way."""


# -- what the service posts


def _requests(kinds: Sequence[str], events: int, first: int) -> list[Request]:
    """Sign so many *events*, numbered from *first*, of *kinds* in turn."""
    numbers, at = random.Random(SEED + first), int(time())
    return [_request(kinds[number % len(kinds)], number, at, numbers) for number in range(first, first + events)]


def _request(command: str, number: int, at: int, numbers: random.Random) -> Request:
    at -= numbers.randrange(3)
    query = {
        "SdkAppid": SDKAPPID,
        "CallbackCommand": command,
        "contenttype": "json",
        "ClientIP": f"203.0.113.{numbers.randrange(1, 255)}",
        "OptPlatform": numbers.choice(("RESTAPI", "Android", "iOS", "Web")),
        "Sign": sign(TOKEN, at),
        "RequestTime": at,
    }
    data = (_group if command == GROUP else _c2c)(command, number, at, numbers)
    body = json.dumps({"CallbackCommand": command, **data}, ensure_ascii=False, separators=(",", ":"))
    return Request(urlencode(query), body.encode())


def _c2c(command: str, number: int, at: int, numbers: random.Random) -> dict[str, Any]:
    chance = numbers.getrandbits(32)
    told = {"SendMsgResult": 0, "ErrorInfo": "send msg succeed", "UnreadMsgNum": number % 10}
    return {
        "From_Account": f"user{number % ACCOUNTS}",
        "To_Account": f"user{(number * 7 + 1) % ACCOUNTS}",
        "MsgSeq": number,
        "MsgRandom": chance,
        "MsgTime": at,
        "MsgKey": f"{number}_{chance}_{at}",
        "OnlineOnlyFlag": 0,
        **(told if command == AFTER else {}),
        "MsgBody": _body(number),
        "CloudCustomData": "your cloud custom data",
        "EventTime": at * 1000 + 123,
    }


def _group(_: str, number: int, at: int, numbers: random.Random) -> dict[str, Any]:
    return {
        "GroupId": f"@TGS#2J4SZEA{number % GROUPS}",
        "Type": "Public",
        "From_Account": f"user{number % ACCOUNTS}",
        "Operator_Account": f"user{number % ACCOUNTS}",
        "Random": numbers.getrandbits(32),
        "MsgSeq": number,
        "MsgTime": at,
        "OnlineOnlyFlag": 0,
        "MsgBody": _body(number),
        "CloudCustomData": "your cloud custom data",
        "GroupAtInfo": [{"GroupAtAllFlag": 0, "GroupAt_Account": f"user{number % 7}"}] if number % 4 == 0 else [],
        "EventTime": at * 1000 + 123,
    }


def _body(number: int) -> list[dict[str, Any]]:
    """Make a message: some text, with a link in each eighth, an emoji in each third, and custom data in each fifth."""
    link = " https://example.com" if number % 8 == 0 else ""
    text = f"message {number}, about as long as what people write 在平常的日子里{link}"
    body: list[dict[str, Any]] = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}]
    if number % 3 == 0:
        body.append({"MsgType": "TIMFaceElem", "MsgContent": {"Index": 6, "Data": "abc"}})
    if number % 5 == 0:
        content = {"Data": '{"order":17}', "Desc": "an order", "Ext": "", "Sound": ""}
        body.append({"MsgType": "TIMCustomElem", "MsgContent": content})
    return body


# -- measuring


async def _serve(way: Way, requests: Sequence[Request]) -> list[bytes]:
    """Let all connections bring *requests*, and return the answers in their order once every event was handled."""
    answers = [b""] * len(requests)
    line = iter(enumerate(requests))

    async def connection() -> None:
        for number, request in line:
            answers[number] = await way.answer(request)
            await asyncio.sleep(0)  # a connection's next request is read in another turn of the loop

    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    await way.idle()
    return answers


async def _cpu(way: Way, requests: Sequence[Request]) -> float:
    """Return the CPU time of one event, in µs."""
    start = process_time()
    await _serve(way, requests)
    return (process_time() - start) / len(requests) * 1e6


async def _measure(kinds: Sequence[str], load: Load) -> dict[str, list[float]]:
    """Return the µs of each way in each round; the first round only warms up."""
    ways, order = {name: make() for name, make in WAYS.items()}, random.Random(SEED)
    found: dict[str, list[float]] = {name: [] for name in ways}
    for index in range(load.rounds + 1):
        requests = _requests(kinds, load.events, index * load.events)
        for name in order.sample([*ways], len(ways)):
            found[name].append(await _cpu(ways[name], requests))
    return {name: times[1:] for name, times in found.items()}


async def _same(events: int) -> tuple[bool, bool, int]:
    """Tell whether all ways answer the same, whether each heard of every message, and of how many."""
    requests = _requests(KINDS, events, 0)
    ways = [make() for make in WAYS.values()]
    answers = [[json.loads(answer) for answer in await _serve(way, requests)] for way in ways]
    refused = sum(answer["ErrorCode"] == 120001 for answer in answers[0])
    told = events * sum(kind != BEFORE for kind in KINDS) // len(KINDS)
    alike = all(those == answers[0] for those in answers) and 0 < refused < events - told
    return alike, all(way.heard == ways[0].heard and way.heard.total() == told for way in ways), told


def _claims(per_second: float, *, short: bool) -> list[Claim]:
    if short:
        return [Claim(f"[sanity] at least {SANE:,} events a second: {per_second:,.0f}", per_second >= SANE)]
    return [Claim(f"at least {ENOUGH:,} events a second on one core: {per_second:,.0f}", per_second >= ENOUGH)]


def main() -> int:
    """Compare, measure, print, and judge."""
    options = arguments(__doc__).parse_args()
    load = Load(3, 500) if options.short else Load(25, 2_000)
    alike, heard, told = asyncio.run(_same(1_000))
    claims = [
        Claim("[sanity] all ways answer every request with the same", alike),
        Claim(f"[sanity] all of them handle each of {told} events that they are told", heard),
    ]
    if not (alike and heard):
        return finish("webhook", options, {}, claims)

    cases = {MIX: KINDS, **{kind: (kind,) for kind in dict.fromkeys(KINDS)}}
    found = {case: asyncio.run(_measure(kinds, load)) for case, kinds in cases.items()}
    figures = {case: _summed(times) for case, times in found.items()}
    size = sum(len(request.body) for request in _requests(KINDS, load.events, 0)) / load.events
    print_table(
        f"events of {size:.0f} bytes from {CONNECTIONS} connections, {load.rounds} rounds of {load.events:,}",
        ("way", "µs of CPU each", "quartiles", "min..max", "a second", "x by hand", "quartiles", "min..max"),
        [
            (name, *it["us"].show(1), f"{it['per_second'].median:,.0f}", *it["to_hand"].show(2))
            for name, it in figures[MIX].items()
        ],
    )
    print_table(
        "each kind alone, µs of CPU each",
        ("callback", *WAYS),
        [(kind, *(f"{it['us'].median:.1f}" for it in figures[kind].values())) for kind in cases],
    )
    claims += _claims(figures[MIX][OURS]["per_second"].median, short=options.short)
    return finish("webhook", options, figures, claims)


def _summed(times: Mapping[str, Sequence[float]]) -> dict[str, dict[str, Spread]]:
    return {
        name: {
            "us": Spread.of(its),
            "per_second": Spread.of(1e6 / each for each in its),
            "to_hand": Spread.of(each / hand for each, hand in zip(its, times[HAND], strict=True)),
        }
        for name, its in times.items()
    }


if __name__ == "__main__":
    sys.exit(main())
