"""A service without HTTP, and a short way to call it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import TYPE_CHECKING, Any, cast

import pytest

from timrest_async import RateLimit, RateLimiter
from timrest_async._rates import BELOW_DEFAULT, FURTHER
from timrest_async.sandbox import Application, Rules, Sandbox, Service, State
from timrest_async.testing import FakeClock
from timrest_async.usersig import sign

if TYPE_CHECKING:
    from timrest_async import TimSession

SDKAPPID = 1400000000
KEY = "sandbox-key-not-a-secret"
GROUP = "@TGS#2C5SZEAEF"

Query = Callable[..., dict[str, str]]
Post = Callable[..., dict[str, Any]]


@pytest.fixture
def query(clock: FakeClock) -> Query:
    """Return a function that makes the query of a good call; a value of None leaves the parameter out."""

    def make(**changed: Any) -> dict[str, str]:
        usersig = sign(SDKAPPID, KEY, "administrator", expire=86_400, time=int(clock.now()))
        good: dict[str, Any] = {"sdkappid": SDKAPPID, "identifier": "administrator", "contenttype": "json"}
        given = good | {"usersig": usersig, "random": 1} | changed
        return {name: str(value) for name, value in given.items() if value is not None}

    return make


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock that stands still."""
    return FakeClock()


@pytest.fixture
def state(clock: FakeClock) -> State:
    """Return a state with the accounts and the group of the manual's samples."""
    state = State(clock, rules=Rules(calls_per_second=None))
    for account in ("lumotuwe1", "lumotuwe2", "leckie"):
        state.add_account(account)
    state.add_group(GROUP, owner="leckie")
    return state


@pytest.fixture
def service(state: State) -> Service:
    """Return a service without a cap."""
    return Service(Application(sdkappid=SDKAPPID, secret_key=KEY), state)


@pytest.fixture
def post(service: Service, query: Query) -> Post:
    """Return a function that posts a body, or raw bytes, to a command."""

    def call(path: str, body: Any = None, **changed: Any) -> dict[str, Any]:
        content = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
        return finished(service.answer(path, query(**changed), content))

    return call


@pytest.fixture
async def box(clock: FakeClock) -> AsyncIterator[Sandbox]:
    """Return a running sandbox without caps, with three accounts."""
    async with Sandbox(clock=clock, calls_per_second=None) as box:
        for account in ("alice", "bob", "carol"):
            box.state.add_account(account)
        yield box


@pytest.fixture
async def tim(box: Sandbox, clock: FakeClock) -> AsyncIterator[TimSession]:
    """Return our own client, which talks to *box* over HTTP, as often as it likes."""
    free = RateLimit(100_000, burst=100_000)
    none: dict[str, list[RateLimit]] = {path: [] for path in FURTHER}
    limits = RateLimiter(free, dict.fromkeys(BELOW_DEFAULT, free), further=none, clock=clock)
    async with box.session(limits=limits) as tim:
        yield tim


def finished(answering: Coroutine[Any, Any, dict[str, Any]]) -> dict[str, Any]:
    """Return what a call answers that waits for nobody."""
    try:
        answering.send(None)
    except StopIteration as done:
        return cast("dict[str, Any]", done.value)
    raise AssertionError("it waits for somebody")
