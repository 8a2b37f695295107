"""The conversation with the server: batches, lost answers, and the end."""

from __future__ import annotations

import asyncio
import math
import time
from typing import TYPE_CHECKING, Any

import pytest
from redis.asyncio import Redis, RedisCluster

from timrest_async import LimiterUnavailableError, NoPermitError, RateLimit
from timrest_async._clock import SystemClock
from timrest_async._redis_link import BATCH, Link, Question
from timrest_async.commands._command import RawCommand

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tests.redis.conftest import Crowd, Proxy, Server

    CrowdAt = Callable[..., Crowd]
    ProxyTo = Callable[[int], Proxy]

SEND = RawCommand("openim/sendmsg", {})
WIDE = RateLimit(1_000, 0.2, burst=1_000)
"""A limit that holds up nobody."""


def count_clients(server: Server) -> int:
    """Count the connections of others than the test itself."""
    clients: Any = server.ask("CLIENT", "LIST")
    return len(clients if isinstance(clients, list) else clients.splitlines()) - 1


async def test_many_who_ask_at_once_keep_their_order(server: Server, crowd_at: CrowdAt) -> None:
    """More than one batch of questions is answered in the order of asking, in few trips over few connections; who
    misses a slot, as the process is busy, takes the next.
    """
    crowd = crowd_at(server.url, WIDE)
    await crowd.call()
    await crowd.calls(*range(BATCH * 8))
    missed = crowd.limits.metrics()[1, SEND.path].missed
    assert missed or crowd.numbers == [0, *range(BATCH * 8)]
    assert sorted(crowd.numbers) == [0, *range(BATCH * 8)]
    assert server.runs_of("evalsha") == 1 + BATCH * 8 + 2 * missed


async def test_500_waiters_need_no_more_than_four_connections(server: Server, crowd_at: CrowdAt) -> None:
    """However many wait, the limiter's own client opens at most four connections."""
    crowd = crowd_at(server.url, RateLimit(100, burst=1))
    tasks = [crowd.start(n) for n in range(500)]
    most = 0
    for _ in range(20):
        await asyncio.sleep(0.02)
        most = max(most, count_clients(server))
    assert 1 <= most <= 4
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await crowd.call(deadline=time.monotonic() + 2)


async def test_a_script_that_the_server_forgot_is_told_to_it_again(server: Server, crowd_at: CrowdAt) -> None:
    """After SCRIPT FLUSH the next call goes as any other."""
    crowd = crowd_at(server.url, WIDE)
    await crowd.call()
    server.ask("SCRIPT", "FLUSH")
    await crowd.calls(1, 2, 3)
    assert crowd.numbers == [0, 1, 2, 3]


async def test_an_answer_that_was_lost_reserves_nothing_twice(
    server: Server, crowd_at: CrowdAt, proxy_to: ProxyTo
) -> None:
    """A question is asked again when its answer was lost, and the script gives the same slot again."""
    proxy = proxy_to(server.port)
    crowd = crowd_at(await proxy.start(), RateLimit(100, 300, burst=1))
    proxy.lose = "EVALSHA"
    waiters = [crowd.start(n) for n in range(5)]
    await crowd.until(lambda: proxy.lost)
    await crowd.until(lambda: len(server.slots("calls/300s")) >= 5)
    assert len(server.slots("calls/300s")) == 5
    for waiter in waiters:
        waiter.cancel()
    await asyncio.gather(*waiters, return_exceptions=True)
    await crowd.until(lambda: server.slots("calls/300s") == [])


async def test_who_is_cancelled_while_its_answer_is_lost_leaves_no_trace(
    server: Server, crowd_at: CrowdAt, proxy_to: ProxyTo
) -> None:
    """The script reserved a slot, nobody waits any more, the answer never came: it is given back all the same."""
    proxy = proxy_to(server.port)
    crowd = crowd_at(await proxy.start(), WIDE)
    await crowd.call()
    await asyncio.sleep(0.3)
    proxy.delay, proxy.lose = 0.05, "EVALSHA"
    proxy.asked.clear()
    waiter = crowd.start()
    await proxy.asked.wait()
    await crowd.until(lambda: server.slots("calls/0.2s"))
    waiter.cancel()
    await asyncio.gather(waiter, return_exceptions=True)
    assert not proxy.lost
    await crowd.until(lambda: proxy.lost and not server.slots("calls/0.2s"))


async def test_who_gave_up_leaves_no_trace(server: Server, crowd_at: CrowdAt) -> None:
    """A server that stood still runs what it was asked before; what nobody waits for any more is given back."""
    crowd = crowd_at(server.url, RateLimit(10, 30, burst=10), patience=0.2)
    await server.until_aged()
    await crowd.call()
    server.freeze()
    with pytest.raises(LimiterUnavailableError, match="no answer in time"):
        await crowd.calls(*range(9))
    await asyncio.sleep(0.05)
    server.thaw()
    await crowd.until(lambda: len(server.slots("calls/30s")) == 1)


async def test_an_impatient_caller_disturbs_nobody(server: Server, crowd_at: CrowdAt, proxy_to: ProxyTo) -> None:
    """One whose time is over in a moment gives up alone; those who asked with it get their answers."""
    proxy = proxy_to(server.port)
    crowd = crowd_at(await proxy.start(), WIDE, lateness=0.5)
    await crowd.call()
    runs = server.runs_of("evalsha")
    proxy.delay = 0.05
    patient = [crowd.start(n) for n in range(5)]
    hasty = crowd.start(5, deadline=time.monotonic() + 0.02)
    with pytest.raises(LimiterUnavailableError):
        await hasty
    await asyncio.gather(*patient)
    assert server.runs_of("evalsha") - runs <= 7  # six questions, and one slot that was given back


async def test_closing_tells_who_asks(server: Server, crowd_at: CrowdAt) -> None:
    """Whoever waits for an answer when the limiter is closed hears so at once; closing takes no more than patience."""
    crowd = crowd_at(server.url, WIDE, patience=0.5)
    await crowd.call()
    server.freeze()
    asking = [crowd.start(n) for n in range(3)]
    await asyncio.sleep(0.02)
    began = time.monotonic()
    closing = asyncio.ensure_future(crowd.limits.close())
    for said in await asyncio.gather(*asking, return_exceptions=True):
        assert isinstance(said, LimiterUnavailableError)
        assert "the limiter was closed" in str(said)
    assert time.monotonic() - began < 0.4
    await closing
    assert time.monotonic() - began < 1


async def test_what_is_given_back_just_before_the_end_is_given_back(server: Server, crowd_at: CrowdAt) -> None:
    """Waiters that are cancelled, and those that hear of the end, leave nothing behind when the limiter is closed."""
    crowd = crowd_at(server.url, RateLimit(10, 20, burst=1))
    sleeping = [crowd.start(n) for n in range(BATCH * 2)]
    await crowd.until(lambda: len(server.slots("calls/20s")) >= BATCH * 2)
    for waiter in sleeping[BATCH:]:
        waiter.cancel()
    await crowd.limits.close()
    await asyncio.gather(*sleeping, return_exceptions=True)
    assert len(server.slots("calls/20s")) == len(crowd.went)


async def test_closing_tells_who_sleeps(server: Server, crowd_at: CrowdAt) -> None:
    """Whoever sleeps until a slot when the limiter is closed hears so at once, and nothing stays connected."""
    crowd = crowd_at(server.url, RateLimit(10, 20, burst=1))
    sleeping = [crowd.start(n) for n in range(3)]
    await asyncio.sleep(0.1)
    await crowd.limits.close()
    async with asyncio.timeout(1):
        said = await asyncio.gather(*sleeping, return_exceptions=True)
    assert all(isinstance(one, LimiterUnavailableError) for one in said[1:])
    await crowd.until(lambda: count_clients(server) == 0)


async def test_a_closed_limiter_gives_nothing(server: Server, crowd_at: CrowdAt) -> None:
    """After the end nobody gets a permit, whether there is a fallback or not."""
    for fallback in (None, 0.5):
        crowd = crowd_at(server.url, fallback=fallback, prefix=f"closed-{fallback}")
        await crowd.limits.close()
        with pytest.raises(LimiterUnavailableError, match="the limiter was closed"):
            await crowd.call()


@pytest.mark.parametrize("turns", range(-1, 8))
async def test_closing_while_a_waiter_is_cancelled_is_no_error(server: Server, crowd_at: CrowdAt, turns: int) -> None:
    """A waiter may be cancelled in the very turn of the event loop in which the limiter is closed."""
    crowd = crowd_at(server.url, WIDE, patience=0.1)
    await crowd.call()
    server.freeze()
    waiter = crowd.start()
    await asyncio.sleep(0.01)

    async def cancel() -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        waiter.cancel()

    if turns < 0:
        waiter.cancel()
    canceller = asyncio.ensure_future(cancel())
    await crowd.limits.close()
    await canceller
    (said,) = await asyncio.gather(waiter, return_exceptions=True)
    assert isinstance(said, (asyncio.CancelledError, LimiterUnavailableError))


async def test_what_needs_no_undoing_is_not_undone(old_server: str, prefix: str) -> None:
    """A question without an undo may be cancelled as any other."""
    async with Redis.from_url(old_server) as client:
        link = Link(client, 1.0, SystemClock())
        close = Question([f"{prefix}:closed"], ["close", 1_000])
        assert (await link.ask(close, math.inf)).values == [1]
        asking = asyncio.ensure_future(link.ask(close, math.inf))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await link.close()


async def test_a_client_of_the_caller_is_left_open(server: Server, crowd_at: CrowdAt) -> None:
    """A client that was handed in works after the limiter is closed, also one that decodes what the server says."""
    for decode in (False, True):
        client = Redis(port=server.port, decode_responses=decode)
        async with client:
            async with crowd_at(client, WIDE, prefix=f"decode-{decode}").limits as limits:
                await limits.acquire(1, SEND)
            assert await client.ping()


async def test_a_client_of_the_caller_may_have_its_own_way_of_asking_again(
    server: Server, crowd_at: CrowdAt, proxy_to: ProxyTo
) -> None:
    """With redis-py's own retries a lost answer reserves nothing twice either."""
    proxy = proxy_to(server.port)
    async with Redis.from_url(await proxy.start()) as client:
        crowd = crowd_at(client, RateLimit(100, 30, burst=100))
        proxy.lose = "EVALSHA"
        await crowd.calls(1, 2, 3)
        await crowd.limits.close()
    assert proxy.lost == 1
    assert len(server.slots("calls/30s")) <= 3 + crowd.limits.metrics()[1, SEND.path].missed


@pytest.fixture
async def cluster(tmp_path: Path, server: Server) -> AsyncIterator[RedisCluster]:
    """Run a cluster of one server, and return a client of it."""
    node = type(server)(tmp_path / "node", "--cluster-enabled", "yes")
    node.start()
    assert "fail" in str(node.ask("CLUSTER", "INFO"))
    node.ask("CLUSTER", "ADDSLOTS", *range(16_384))
    while "cluster_state:ok" not in str(node.ask("CLUSTER", "INFO")).replace(  # noqa: ASYNC110
        "'cluster_state': 'ok'", "cluster_state:ok"
    ):
        await asyncio.sleep(0.01)
    client = RedisCluster(host="127.0.0.1", port=node.port)
    yield client
    await client.aclose()
    node.end()


async def test_a_cluster_does_as_well(cluster: RedisCluster, crowd_at: CrowdAt) -> None:
    """All keys of a command lie on one node, also those of its further limits."""
    crowd = crowd_at(cluster, RateLimit(50, 0.5, burst=5))
    async with crowd.limits:
        await crowd.calls(*range(40))
        await crowd.calls(*range(40, 50), command=RawCommand("group_open_http_svc/send_group_msg", {"GroupId": "{a}b"}))
        assert sorted(crowd.numbers[:40]) == list(range(40))
        slow = RawCommand("all_member_push/im_push", {})
        await crowd.call(command=slow)
        with pytest.raises(NoPermitError):
            await crowd.call(command=slow, deadline=time.monotonic() + 0.5)


async def test_a_cluster_that_is_gone_is_named_so(crowd_at: CrowdAt) -> None:
    """The error says what does not answer."""
    client = RedisCluster(host="127.0.0.1", port=1)
    crowd = crowd_at(client, patience=0.3)
    with pytest.raises(LimiterUnavailableError, match="redis at a cluster does not answer: "):
        await crowd.call()
    await client.aclose()
