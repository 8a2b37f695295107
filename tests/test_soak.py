"""Weeks in the life of one session, in fake time."""

from __future__ import annotations

import asyncio
import gc
import random
from collections import Counter
from typing import TYPE_CHECKING

import orjson
import pytest
from attrs import define, field

from timrest_async import RateLimiter, TimSession
from timrest_async.sandbox.service import Application, Service
from timrest_async.sandbox.state import State
from timrest_async.testing import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from timrest_async._clock import Timer

SDKAPPID = 1_400_000_000
KEY = "key"
HOUR = 3_600.0
DAY = 24 * HOUR
WEEK = 7 * DAY
GROUPS = [f"@TGS#{number}" for number in range(200)]


@define
class ServersClock:
    """What the clock of the service shows, which no one sets and which does not sleep when *clients* does."""

    clients: FakeClock
    slept: float = 0.0
    """For how long the client's machine slept."""
    _began: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._began = self.clients.now()

    def time(self) -> float:
        """Return what passed."""
        return self.clients.time() + self.slept

    def now(self) -> float:
        """Return the right time."""
        return self._began + self.time()

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        """Wait with the client."""
        return self.clients.call_at(when - self.slept, callback)


class Direct:
    """A transport that hands each call to *service*, without a network."""

    def __init__(self, service: Service) -> None:
        self.usersigs: set[str] = set()
        """Those that came."""
        self._service = service

    async def post(self, path: str, usersig: str, body: bytes, timeout: float) -> bytes:  # noqa: ARG002, ASYNC109  # answered at once
        """Let the service answer."""
        self.usersigs.add(str(usersig))
        query = {"sdkappid": str(SDKAPPID), "identifier": "administrator", "contenttype": "json", "random": "1"}
        return orjson.dumps(await self._service.answer(path, query | {"usersig": usersig}, body))

    async def close(self) -> None:
        """Nothing is open."""


def ours() -> Counter[str]:
    """Count the objects of the client, by class; what the service was sent stands in its tables."""
    gc.collect()
    kinds = Counter(f"{type(thing).__module__}.{type(thing).__name__}" for thing in gc.get_objects())
    client = (kind for kind in kinds if kind.startswith("timrest_async.") and "sandbox" not in kind)
    return Counter({kind: kinds[kind] for kind in client})


@pytest.mark.parametrize("life", [HOUR, DAY, 180 * DAY])
def test_eight_weeks_go_by_without_a_refusal(life: float) -> None:
    """Set the wall clock forth by days or back by half of a signature's life: no call is refused, nothing piles up."""
    chance, clock = random.Random(life), FakeClock()
    right = ServersClock(clock)
    state = State(right)
    for group in GROUPS:
        state.add_group(group)
    application = Application(sdkappid=SDKAPPID, secret_key=KEY)
    transport = Direct(Service(application, state))
    limits = RateLimiter(clock=clock)
    tim = TimSession(SDKAPPID, secret_key=KEY, usersig_life=int(life), transport=transport, limits=limits, clock=clock)
    disturbances = 0

    def disturb() -> None:
        """Let the machine sleep, and let somebody set its clock, to the right time or to a wrong one."""
        nonlocal disturbances
        disturbances += 1
        if chance.random() < 0.3:
            right.slept += chance.random() * DAY
        off = chance.choice([0.0, -0.49 * life, chance.random() * HOUR, chance.random() * 5 * DAY])
        clock.set_wall_clock(right.now() + off)

    async def live(until: float) -> None:
        while right.time() < until:
            await clock.advance(chance.expovariate(1 / 300))
            if chance.random() < 0.02:
                disturb()
            await tim.accounts.check(["lumotuwe2"])
            await tim.group_messages.send(chance.choice(GROUPS), "hi")

    asyncio.run(live(WEEK), debug=False)
    after_a_week = ours()
    asyncio.run(live(8 * WEEK), debug=False)
    assert ours() - after_a_week == Counter()
    assert clock.timers == 0
    lives = clock.time() / life
    assert lives < len(transport.usersigs) <= 2 * lives + disturbances + 1
    assert {of.waiting for of in limits.metrics().values()} == {0}
