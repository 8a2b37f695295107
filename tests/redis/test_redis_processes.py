"""Several processes on one server."""

from __future__ import annotations

import socket
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.windows import fullest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.redis.conftest import Server, Worker

    Work = Callable[..., list[Worker]]


def run(workers: list[Worker]) -> list[Any]:
    """Let all begin, and return what they tell."""
    for worker in workers:
        worker.go()
    return [worker.result() for worker in workers]


def all_of(results: list[Any]) -> list[float]:
    """Return when permits came, over all processes."""
    assert not any(result["errors"] for result in results)
    return sorted(when for result in results for when in result["went"])


def slots_in_order(said: bytes) -> list[int]:
    """Read from what MONITOR said which slots were reserved, in the order in which the script ran."""
    lines = said.decode().splitlines()
    return [int(line.split('"')[5]) for line in lines if '"ZADD"' in line and "lua" in line]


def test_four_processes_share_one_cap(server: Server, work: Work) -> None:
    """No window over 100, the cap is used, one run of the script for each call, and first come is first served."""
    workers = work(4, url=server.url, calls=70)
    with socket.create_connection(("127.0.0.1", server.port)) as monitor:
        monitor.sendall(b"MONITOR\r\n")
        results = run(workers)
        runs, missed = server.runs_of("evalsha"), sum(result["metrics"]["missed"] for result in results)
        said = b""
        monitor.settimeout(0.2)
        while len(said) < 1 << 24:
            try:
                said += monitor.recv(1 << 20)
            except TimeoutError:
                break
    times = all_of(results)
    assert len(times) == 280
    assert fullest(times) <= 100
    assert times[-1] - times[0] <= (2.8 + 0.05 * missed) / 0.95  # a busy machine misses slots
    assert runs == 280 + 2 * missed
    slots = slots_in_order(said)
    assert len(slots) == 280 + missed
    assert all(before <= after for before, after in pairwise(slots))


def test_calls_that_trickle_in_from_everywhere_keep_the_cap(server: Server, work: Work) -> None:
    """Processes that call a bit too often in all, one call after the other: no window over the cap."""
    results = run(work(3, url=server.url, calls=60, every=0.02, limit=(40, 0.5, 40)))
    assert fullest(all_of(results), 0.5) <= 40


def test_a_process_that_is_killed_holds_up_nobody_for_longer_than_its_slots(server: Server, work: Work) -> None:
    """Killed with 50 reservations: no window over the cap; the next caller waits no longer than those are due."""
    (victim,) = work(1, url=server.url, calls=60, limit=(30, 1.0, 3), aloud=True)
    (heir,) = work(1, url=server.url, calls=40, limit=(30, 1.0, 3))
    victim.go()
    while len(server.slots()) < 60:
        time.sleep(0.005)
    victim.kill()
    used = victim.permits()
    last = server.slots()[-1] / 1e6 - time.time() + time.monotonic()
    (result,) = run([heir])
    assert fullest([*used, *result["went"]]) <= 30
    assert result["went"][0] <= last + 0.3
    assert all(0 < server.ask("PTTL", key) < 30_000 for key in server.ask("KEYS", "*"))
    assert server.ask("PTTL", "timrest:{1:openim/sendmsg}:calls/1s") > (server.slots()[-1] / 1e6 - time.time()) * 1_000


def test_waiters_cancelled_in_several_processes_cost_the_next_caller_nothing(server: Server, work: Work) -> None:
    """At 10 a second, 60 waiters in three processes are cancelled: the next caller goes as if they had never been."""
    plan = {"url": server.url, "limit": (10, 1.0, 10)}
    (next_one,) = work(1, calls=1, **plan)
    results = run(work(3, calls=20, cancel_after=0.3, **plan))
    cancelled = 60 - len(all_of(results))
    assert cancelled >= 40
    began = time.monotonic()
    (result,) = run([next_one])
    assert result["went"][0] - began < 2.2  # one window after those who went, or after the start of the server


def test_processes_that_go_on_alone_and_come_back_keep_the_cap(server: Server, work: Work) -> None:
    """From Redis to half the cap each and back to Redis: over all of it no window is over the cap."""
    plan: dict[str, Any] = {"fallback": 0.5, "patience": 0.3, "limit": (40, 0.5, 8)}
    workers = work(2, url=server.url, calls=150, every=0.02, **plan)
    for worker in workers:
        worker.go()
    time.sleep(1.0)
    server.kill()
    server.forget()
    time.sleep(1.5)
    server.start()
    times = all_of([worker.result() for worker in workers])
    assert len(times) == 300
    assert fullest(times, 0.5) <= 40


@pytest.mark.parametrize("every", [0.02, 0.005])
def test_processes_whose_server_stood_still_keep_the_cap(server: Server, work: Work, every: float) -> None:
    """The same server, after so long a pause that both went on alone: no window over the cap, also where it gave slots
    for after the pause.
    """
    plan: dict[str, Any] = {"fallback": 0.5, "patience": 0.3, "limit": (40, 0.5, 8)}
    workers = work(2, url=server.url, calls=150, every=every, **plan)
    for worker in workers:
        worker.go()
    time.sleep(1.0)
    server.freeze()
    time.sleep(1.5)
    server.thaw()
    times = all_of([worker.result() for worker in workers])
    assert len(times) == 300
    assert fullest(times, 0.5) <= 40


def test_a_restart_in_mid_run_breaks_no_window_of_several_processes(server: Server, work: Work) -> None:
    """Three processes, a server that is killed and forgets: no window over the cap, and no error."""
    workers = work(3, url=server.url, calls=70, limit=(100, 1.0, 10), patience=2.0)
    for worker in workers:
        worker.go()
    time.sleep(1.0)
    server.kill()
    server.forget()
    time.sleep(0.2)
    server.start()
    times = all_of([worker.result() for worker in workers])
    assert len(times) == 210
    assert fullest(times) <= 100
