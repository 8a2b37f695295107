"""Two hosts over real sockets: the sandbox as the backup of a host that cannot be reached, or can."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import aiohttp
import pytest

from tests.e2e.faults import FAULTS, LATE_UNSENT, UNREACHABLE, Fault, attempt, hostile, outcome_of
from timrest_async import RetryPolicy, TimSession, TransportError, UnreachableError
from timrest_async.sandbox import Sandbox
from timrest_async.testing import FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from timrest_async.elements import Element

SEND = "openim/sendmsg"


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    """Return a running sandbox, for the backup."""
    async with Sandbox() as box:
        box.state.add_account("lumotuwe2")
        yield box


@pytest.fixture
def nobody() -> Iterator[str]:
    """Return an address of this machine at which nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def arrived(box: Sandbox) -> list[list[Element]]:
    """Return the messages that *box* delivered."""
    return [message.msg_body for message in box.state.history("administrator", "lumotuwe2")]


async def send(tim: TimSession) -> object:
    """Send one message."""
    return await tim.messages.send("lumotuwe2", "hi")


GO_ON = [fault for fault in FAULTS if fault.outcome in {UNREACHABLE, LATE_UNSENT}]
"""What keeps a request from going out because no connection comes about."""


@pytest.mark.parametrize("fault", GO_ON, ids=lambda fault: fault.name)
async def test_a_host_that_cannot_be_reached_costs_no_message(box: Sandbox, fault: Fault) -> None:
    """Whatever keeps a connection from coming about, the backup has the message within the same attempt, once."""
    settings = {"failover": box.base_url, "secret_key": box.secret_key, "attempt_timeout": 2.0}
    async with hostile(fault) as main, main.session(**settings) as tim:
        await send(tim)
        await send(tim)
        assert main.requests == 0
    assert len(arrived(box)) == 2
    assert [call.path for call in box.service.calls] == [SEND, SEND]


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault not in GO_ON], ids=lambda fault: fault.name)
async def test_a_host_that_is_reached_keeps_the_call(box: Sandbox, fault: Fault) -> None:
    """Whatever else goes wrong is told as without a backup, which hears nothing."""
    settings = {"failover": box.base_url, "secret_key": box.secret_key}
    async with hostile(fault) as main, main.session(**settings) as tim:
        assert outcome_of(await attempt(send, tim)) == fault.expected("send")
        await main.recover()
        await attempt(send, tim)
    assert list(box.service.calls) == []


async def test_calls_go_out_by_the_backup_each_once(box: Sandbox, nobody: str) -> None:
    """Many at a time, while nobody listens at the main host."""
    async with (
        TimSession(box.sdkappid, secret_key=box.secret_key, base_url=nobody, failover=box.base_url) as tim,
        asyncio.TaskGroup() as group,
    ):
        for _ in range(30):
            group.create_task(send(tim))
    assert len(arrived(box)) == 30
    assert len(box.service.calls) == 30


async def test_an_error_of_the_main_host_is_retried_there(box: Sandbox) -> None:
    """A gateway's 502 leads to another attempt where that was asked for, and never to the backup."""
    again = RetryPolicy(transport=True, first_pause=0, longest_pause=0)
    async with Sandbox() as main, main.session(failover=box.base_url, retry=again) as tim:
        main.state.add_account("lumotuwe2")
        main.faults.add(SEND, status=502, times=2)
        await send(tim)
        assert len(arrived(main)) == 1
    assert list(box.service.calls) == []


async def test_without_a_backup_a_host_that_cannot_be_reached_is_an_error(box: Sandbox, nobody: str) -> None:
    """A backup has to be asked for."""
    async with TimSession(box.sdkappid, secret_key=box.secret_key, base_url=nobody) as tim:
        with pytest.raises(UnreachableError):
            await send(tim)
    assert list(box.service.calls) == []


async def test_where_neither_host_can_be_reached_nothing_is_sent(nobody: str) -> None:
    """The error says so, and the next call finds the one that is back."""
    box = Sandbox()
    await box.start()
    box.state.add_account("lumotuwe2")
    backup, port = box.base_url, box.port
    await box.stop()
    async with TimSession(box.sdkappid, secret_key=box.secret_key, base_url=nobody, failover=backup) as tim:
        with pytest.raises(UnreachableError) as caught:
            await send(tim)
        assert caught.value.delivered is False
        async with Sandbox(port=port) as box:
            box.state.add_account("lumotuwe2")
            await send(tim)
            assert len(arrived(box)) == 1


async def test_the_main_host_is_used_again_when_it_is_back(box: Sandbox) -> None:
    """Lost while the session is in use, it is missed for 30 seconds at least, and then found by a call."""
    clock = FakeClock(now=box.clock.now())
    async with Sandbox(clock=clock) as main:
        main.state.add_account("lumotuwe2")
        port = main.port
        tim = main.session(failover=box.base_url, clock=clock)
        await clock.run(send(tim))
        assert len(arrived(main)) == 1
    await clock.run(send(tim))
    assert len(arrived(box)) == 1
    async with Sandbox(clock=clock, port=port) as main:
        main.state.add_account("lumotuwe2")
        await clock.run(send(tim))
        assert (len(arrived(main)), len(arrived(box))) == (0, 2)
        await clock.advance(30)
        await clock.run(send(tim))
        await clock.run(send(tim))
        assert (len(arrived(main)), len(arrived(box))) == (2, 2)
        await tim.close()


async def test_a_lent_session_serves_both_hosts_and_is_left_open(box: Sandbox, nobody: str) -> None:
    """What we did not open we do not close."""
    async with aiohttp.ClientSession() as lent:
        async with TimSession(
            box.sdkappid, secret_key=box.secret_key, base_url=nobody, failover=box.base_url, http=lent
        ) as tim:
            await send(tim)
        assert not lent.closed
    assert len(arrived(box)) == 1


async def test_waiting_for_a_connection_of_a_small_lent_session_counts_as_connecting(box: Sandbox) -> None:
    """A call that waits for a lent session's only connection goes to the backup, and is delivered there, once."""
    async with Sandbox() as main, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as lent:
        main.state.add_account("lumotuwe2")
        main.faults.add(SEND, latency=0.6)
        async with main.session(failover=box.base_url, http=lent, attempt_timeout=1.0) as tim:
            await asyncio.gather(send(tim), send(tim))
            assert len(arrived(main)) + len(arrived(box)) == 2
            assert len(box.service.calls) == 1


async def test_a_failed_attempt_by_the_backup_is_told_as_its_own(box: Sandbox, nobody: str) -> None:
    """What the backup answers is what the caller hears."""
    box.faults.add(SEND, status=503)
    async with TimSession(box.sdkappid, secret_key=box.secret_key, base_url=nobody, failover=box.base_url) as tim:
        with pytest.raises(TransportError) as caught:
            await send(tim)
        assert caught.value.status == 503
        await send(tim)
    assert len(arrived(box)) == 1
