"""Two ways to the service: which of them a call takes, and for how long."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from timrest_async import (
    CallTimeoutError,
    ConfigError,
    DecodeError,
    TimSession,
    TransportError,
    UnreachableError,
)
from timrest_async._clock import sleep_until
from timrest_async._failover import AWAY_SECONDS, Failover
from timrest_async.testing import Call, FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable

SEND = "openim/sendmsg"
NO_WAY = UnreachableError(SEND, "the host cannot be reached")
BAD_GATEWAY = TransportError(SEND, "HTTP 502", 502)
TIMED_OUT = CallTimeoutError(SEND, "no answer within 10 s")


class Way:
    """A way to the service that is in the state that it is told, and answers with its name where it is open."""

    def __init__(self, clock: FakeClock, name: str) -> None:
        self.calls: list[Call] = []
        self.state: Exception | None = None
        """What a call ends with; ``None`` for an answer."""
        self.takes = 0.0
        """After how many seconds."""
        self.closed = 0
        self._clock = clock
        self._name = name

    async def post(self, path: str, usersig: str, body: bytes, timeout: float) -> bytes:  # noqa: ASYNC109  # of one attempt
        """Keep the call, and end as told."""
        self.calls.append(Call(path, usersig, body, timeout))
        state = self.state
        if self.takes:
            await sleep_until(self._clock, self._clock.time() + self.takes)
        if state is not None:
            raise state
        return self._name.encode()

    async def close(self) -> None:
        """Count it."""
        self.closed += 1


class Ways:
    """A main way, a backup, and the failover between them."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.main = Way(self.clock, "main")
        self.backup = Way(self.clock, "backup")
        self.failover = Failover(self.main, self.backup, self.clock)

    async def post(self, timeout: float = 10.0) -> bytes:  # noqa: ASYNC109  # of one attempt
        """Make one call."""
        return await self.clock.run(self._post(timeout))

    def begin(self, timeout: float = 10.0) -> asyncio.Task[bytes]:
        """Begin one call."""
        return asyncio.ensure_future(self._post(timeout))

    async def lose_main(self) -> None:
        """Make the call that finds the main way closed, and forget it."""
        self.main.state = NO_WAY
        assert await self.post() == b"backup"
        self.main.calls.clear()
        self.backup.calls.clear()

    @property
    def asked(self) -> tuple[int, int]:
        """How many calls went each way."""
        return len(self.main.calls), len(self.backup.calls)

    async def _post(self, timeout: float) -> bytes:  # noqa: ASYNC109  # of one attempt
        return await self.failover.post(SEND, "sig", b"{}", timeout)


@pytest.fixture
def ways() -> Ways:
    """Return two ways that are open."""
    return Ways()


async def test_a_way_that_is_open_is_taken(ways: Ways) -> None:
    """As long as the main host answers, the backup hears nothing."""
    assert [await ways.post() for _ in range(3)] == [b"main"] * 3
    assert ways.asked == (3, 0)


async def test_an_attempt_that_cannot_go_out_goes_by_the_backup(ways: Ways) -> None:
    """The same attempt, with the same bytes and the same signature."""
    ways.main.state = NO_WAY
    assert await ways.post() == b"backup"
    assert ways.asked == (1, 1)
    (tried,), (sent,) = ways.main.calls, ways.backup.calls
    assert (tried.path, tried.usersig, tried.body) == (sent.path, sent.usersig, sent.body) == (SEND, "sig", b"{}")


async def test_the_backup_has_the_time_that_is_left(ways: Ways) -> None:
    """Both together take no longer than the attempt may."""
    ways.main.state, ways.main.takes = NO_WAY, 3.0
    assert await ways.post(timeout=10.0) == b"backup"
    assert ways.main.calls[0].timeout == 10.0
    assert ways.backup.calls[0].timeout == pytest.approx(7.0, abs=1e-3)


async def test_where_no_time_is_left_the_error_is_told(ways: Ways) -> None:
    """Nothing is sent; the next call looks for itself."""
    ways.main.state, ways.main.takes = NO_WAY, 3.0
    with pytest.raises(UnreachableError) as caught:
        await ways.post(timeout=3.0)
    assert caught.value.delivered is False
    ways.main.state, ways.main.takes = None, 0.0
    assert await ways.post() == b"main"
    assert ways.asked == (2, 0)


async def test_calls_keep_to_the_backup_for_a_while(ways: Ways) -> None:
    """For 30 seconds nobody tries the main host, even if it is back."""
    await ways.lose_main()
    ways.main.state = None
    await ways.clock.advance(AWAY_SECONDS - 0.01)
    assert [await ways.post() for _ in range(3)] == [b"backup"] * 3
    assert ways.asked == (0, 3)
    assert [call.timeout for call in ways.backup.calls] == [10.0] * 3


async def test_after_a_while_one_call_looks_whether_the_way_is_open(ways: Ways) -> None:
    """Of many that come while it looks, only that one waits for the main host."""
    await ways.lose_main()
    await ways.clock.advance(AWAY_SECONDS)
    ways.main.takes = 3.0
    calls = [ways.begin() for _ in range(50)]
    await ways.clock.run(asyncio.wait(calls))
    assert {call.result() for call in calls} == {b"backup"}
    assert ways.asked == (1, 50)


async def test_a_look_that_fails_is_not_repeated_at_once(ways: Ways) -> None:
    """The next one is due 30 seconds after the last one ended."""
    await ways.lose_main()
    ways.main.takes = 3.0
    for looks in range(1, 4):
        await ways.clock.advance(AWAY_SECONDS)
        assert [await ways.post() for _ in range(4)] == [b"backup"] * 4
        assert ways.asked == (looks, 4 * looks)


async def test_back_on_the_main_way(ways: Ways) -> None:
    """Once the call that looks is answered, all go there again."""
    await ways.lose_main()
    ways.main.state = None
    await ways.clock.advance(AWAY_SECONDS)
    assert [await ways.post() for _ in range(3)] == [b"main"] * 3
    assert ways.asked == (3, 0)


@pytest.mark.parametrize("error", [BAD_GATEWAY, TIMED_OUT], ids=["502", "time out"])
async def test_an_error_is_an_answer_too(ways: Ways, error: TransportError) -> None:
    """A main host that answers with an error is reached; the caller hears of it, and calls go there again."""
    await ways.lose_main()
    ways.main.state = error
    await ways.clock.advance(AWAY_SECONDS)
    with pytest.raises(TransportError) as caught:
        await ways.post()
    assert caught.value is error
    ways.main.state = None
    assert await ways.post() == b"main"
    assert ways.asked == (2, 0)


@pytest.mark.parametrize(
    "error",
    [
        BAD_GATEWAY,
        TIMED_OUT,
        TransportError(SEND, "TLS failed"),
        DecodeError(SEND, "?"),
        ConfigError("closed"),
        OSError(),
    ],
    ids=["502", "time out", "TLS", "unreadable", "closed", "a bug"],
)
async def test_no_other_error_leads_to_the_backup(ways: Ways, error: Exception) -> None:
    """What may have gone out is never sent another way, whatever became of it."""
    ways.main.state = error
    for _ in range(3):
        with pytest.raises(type(error)) as caught:
            await ways.post()
        assert caught.value is error
    assert ways.asked == (3, 0)


async def test_where_neither_can_be_reached_the_error_is_told(ways: Ways) -> None:
    """Nothing was sent, and the next call tries both again."""
    ways.main.state = NO_WAY
    ways.backup.state = UnreachableError(SEND, "nor can the backup")
    for asked in (1, 2, 3):
        with pytest.raises(UnreachableError, match="nor can the backup") as caught:
            await ways.post()
        assert caught.value.delivered is False
        assert ways.asked == (asked, asked)


async def test_a_backup_that_is_lost_sends_calls_back_to_the_main_way(ways: Ways) -> None:
    """A call that cannot go by the backup fails, and the next one finds the main host open."""
    await ways.lose_main()
    ways.main.state, ways.backup.state = None, NO_WAY
    with pytest.raises(UnreachableError):
        await ways.post()
    assert await ways.post() == b"main"
    assert ways.asked == (1, 1)


async def test_an_error_of_the_backup_keeps_calls_there(ways: Ways) -> None:
    """It was reached, and the main host was not."""
    await ways.lose_main()
    ways.backup.state = BAD_GATEWAY
    for asked in (1, 2):
        with pytest.raises(TransportError) as caught:
            await ways.post()
        assert caught.value is BAD_GATEWAY
        assert ways.asked == (0, asked)


async def test_who_comes_while_the_main_way_is_being_lost_finds_the_backup_too(ways: Ways) -> None:
    """Calls in flight at that moment each go out once."""
    ways.main.state, ways.main.takes = NO_WAY, 3.0
    calls = [ways.begin() for _ in range(5)]
    await ways.clock.advance(1.0)
    calls += [ways.begin() for _ in range(5)]
    await ways.clock.run(asyncio.wait(calls))
    assert {call.result() for call in calls} == {b"backup"}
    assert ways.asked == (10, 10)


def _is_on_main(ways: Ways) -> None:
    ways.main.takes = 3.0


def _has_gone_to_the_backup(ways: Ways) -> None:
    ways.main.state, ways.backup.takes = NO_WAY, 3.0


@pytest.mark.parametrize("state", [_is_on_main, _has_gone_to_the_backup])
async def test_a_call_that_is_cancelled_changes_nothing_for_others(ways: Ways, state: Callable[[Ways], None]) -> None:
    """Whichever way it is on; the next call is answered."""
    state(ways)
    call = ways.begin()
    await ways.clock.advance(1.0)
    call.cancel()
    await asyncio.wait([call])
    assert call.cancelled()
    ways.backup.takes = 0.0
    assert await ways.post() == (b"backup" if ways.main.state else b"main")


@pytest.mark.parametrize("way", ["main", "backup"])
async def test_a_look_that_is_cancelled_leaves_calls_on_the_backup(ways: Ways, way: str) -> None:
    """Wherever it was; 30 seconds later another call looks."""
    await ways.lose_main()
    await ways.clock.advance(AWAY_SECONDS)
    if way == "main":
        ways.main.takes = 3.0
    else:
        ways.backup.takes = 3.0
    look = ways.begin()
    await ways.clock.advance(1.0)
    assert ways.asked == ((1, 0) if way == "main" else (1, 1))
    look.cancel()
    await asyncio.wait([look])
    ways.main.takes = ways.backup.takes = 0.0
    assert await ways.post() == b"backup"
    ways.main.state = None
    assert await ways.post() == b"backup"
    await ways.clock.advance(AWAY_SECONDS)
    assert await ways.post() == b"main"


async def test_a_look_that_finds_no_time_left_leaves_calls_on_the_backup(ways: Ways) -> None:
    """Its caller hears that the host cannot be reached; the others go on."""
    await ways.lose_main()
    await ways.clock.advance(AWAY_SECONDS)
    ways.main.takes = 3.0
    with pytest.raises(UnreachableError):
        await ways.post(timeout=3.0)
    assert await ways.post() == b"backup"
    assert ways.asked == (1, 1)


async def test_closing_closes_both(ways: Ways) -> None:
    """Neither way stays open."""
    await ways.failover.close()
    assert (ways.main.closed, ways.backup.closed) == (1, 1)


async def test_the_loss_of_the_main_way_is_logged(ways: Ways, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever runs the program reads that calls go another way, once for each time that it is found."""
    await ways.lose_main()
    for _ in range(3):
        await ways.post()
    (record,) = caplog.records
    assert record.getMessage() == "openim/sendmsg: the host cannot be reached; calls go to the backup for 30 s"


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ({"region": "sgp"}, "base_url='https://adminapisgp.im.qcloud.com')"),
        (
            {"region": "sgp", "failover": True},
            "base_url='https://adminapisgp.im.qcloud.com', failover='https://adminapisgp.my-imcloud.com')",
        ),
        ({"failover": True}, "base_url='https://console.tim.qq.com', failover='https://adminapi.my-imcloud.com')"),
        (
            {"region": "sgp", "failover": "https://gateway.example"},
            "base_url='https://adminapisgp.im.qcloud.com', failover='https://gateway.example')",
        ),
    ],
)
def test_a_session_shows_both_addresses(settings: dict[str, Any], shown: str) -> None:
    """The region's second host, or the one that was given."""
    assert repr(TimSession(1, secret_key="key", **settings)).endswith(shown)
