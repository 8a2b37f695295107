"""A process that sends in bulk is killed again and again: nobody is lost, nobody hears it twice.

The sandbox runs in the test, the sender in a process of its own, and between them real sockets on which things go
wrong. The sender is killed when a random number of calls has arrived, wherever it is at that moment, and started again
with the same journal. ``TIMREST_TEST_KILLS`` says how often; few times when left out.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import sys
from collections import Counter
from contextlib import asynccontextmanager, closing
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import pytest
from attrs import evolve, frozen

from tests.e2e import bulk_sender
from tests.e2e.bulk_sender import INTERRUPTED, TOO_LONG, recipients
from timrest_async.bulk import SqliteJournal
from timrest_async.sandbox import Rules, Sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from timrest_async.bulk import Outcome

ROOT: Final = Path(__file__).parents[2]
KILLS: Final = int(os.environ.get("TIMREST_TEST_KILLS", "3"))

FAULTS: Final[list[dict[str, Any]]] = [
    *({"lose_answer": True}, {"cut": True}, {"latency": 0.05, "lose_answer": True}),  # the work is done
    *({"reset": True}, {"status": 502}, {"html": True}),  # it is not, and nobody can know
    *({"code": code} for code in (20004, 20005, 91000, 90992, 10002, 60007)),  # it is not, and the sender hears so
]
HARMLESS: Final = {"latency": 0.002}


@frozen(kw_only=True)
class Campaign:
    """What is sent."""

    kind: str
    """Which job."""
    path: str
    """Which command that calls."""
    number: int
    """To how many who exist."""
    most: int = 1
    """To how many in a call."""
    workers: int = 8
    """How many calls are under way at once."""
    kills: int = KILLS
    """How often the sender is killed."""

    @property
    def calls(self) -> int:
        """How many calls there are at least."""
        return self.number // self.most

    def arguments(self, journal: Path) -> str:
        """Say all this to the sender."""
        names = ("kind", "number", "most", "workers")
        return json.dumps({name: getattr(self, name) for name in names} | {"journal": str(journal)})


BATCHES = "openim/batchsendmsg"
CAMPAIGNS: Final = {
    "to accounts": Campaign(kind="accounts", path=BATCHES, number=20_000, most=25),
    "to accounts, 500 in a call": Campaign(
        kind="accounts", path=BATCHES, number=20_000, most=500, workers=2, kills=max(1, KILLS // 5)
    ),
    "own messages": Campaign(kind="own", path="openim/sendmsg", number=1_000, workers=20),
    "to groups": Campaign(
        kind="groups", path="group_open_http_svc/send_group_msg", number=500, workers=20, kills=max(2, KILLS // 2)
    ),
}
each_campaign = pytest.mark.parametrize("campaign", CAMPAIGNS.values(), ids=CAMPAIGNS)


@asynccontextmanager
async def sandbox_for(campaign: Campaign) -> AsyncGenerator[Sandbox]:
    """Start a sandbox that counts no calls, with everybody in it to whom is sent."""
    box = Sandbox(rules=Rules(calls_per_second=None, receivers_per_minute=None))
    there = [f"id{at}" for at in range(campaign.number)]
    if campaign.kind == "groups":
        for group_id in there:
            box.state.add_group(group_id)
    else:
        box.state.store.run("INSERT INTO accounts SELECT value FROM json_each(?)", json.dumps(there))
        box.state.store.commit()
    async with box:
        yield box
    box.close()


@asynccontextmanager
async def sender(box: Sandbox, campaign: Campaign, journal: Path) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Start the sender, and see that it is gone at the end."""
    program = Path(bulk_sender.__file__)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", str(program), campaign.arguments(journal)),
        env={**os.environ, **box.env(), "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def calls_are(box: Sandbox, process: asyncio.subprocess.Process, number: int) -> None:
    """Return once *number* calls have arrived at the sandbox, or the sender has ended.

    The sandbox's stream of events says when to count.
    """
    ended, there = asyncio.ensure_future(process.wait()), asyncio.ensure_future(_calls_are(box, number))
    await asyncio.wait({ended, there}, return_when=asyncio.FIRST_COMPLETED)
    for task in (ended, there):
        task.cancel()
    await asyncio.gather(ended, there, return_exceptions=True)


async def _calls_are(box: Sandbox, number: int) -> None:
    async with aiohttp.ClientSession() as http, http.get(f"{box.base_url}/_sandbox/events") as events:
        while arrived(box) < number:
            await events.content.readany()


def arrived(box: Sandbox) -> int:
    """Return how many calls have arrived."""
    return box.service.calls[-1].number if box.service.calls else 0


async def finished(process: asyncio.subprocess.Process) -> dict[str, int]:
    """Wait until the sender has sent all, and return what it counted."""
    said, complaint = await process.communicate()
    assert complaint.decode() == ""
    assert process.returncode == 0
    counted: dict[str, int] = json.loads(said)
    return counted


async def killed(box: Sandbox, campaign: Campaign, journal: Path, chance: Random) -> bool:
    """Start the sender and kill it at a random moment; say whether it was not at its end before."""
    wanted = arrived(box) + chance.randint(1, max(1, campaign.calls // (4 * campaign.kills)))
    async with sender(box, campaign, journal) as process:
        await calls_are(box, process, wanted)
        for _ in range(chance.randrange(10)):  # on with the answer, until somewhere after it
            await asyncio.sleep(0)
        if process.returncode is None:
            process.kill()
        return await process.wait() == -signal.SIGKILL


def add_faults(box: Sandbox, path: str, calls: int, chance: Random) -> None:
    """Let a fifth of so many *calls* go wrong, in any order."""
    for _ in range(calls):
        box.faults.add(path, **(chance.choice(FAULTS) if chance.random() < 0.2 else HARMLESS))


def check(box: Sandbox, campaign: Campaign, outcomes: list[Outcome], *, all_known: bool) -> None:
    """Hold what the journal says against what was to be sent, and against what the sandbox has."""
    assert [(one.index, one.recipient) for one in outcomes] == list(enumerate(recipients(campaign.number)))
    there = arrivals(box, campaign)
    assert [name for name, keys in there.items() if len(keys) > 1] == []
    told: dict[str, str] = {}
    for one in outcomes:
        assert one.status in possible(one.recipient, again=one.recipient in told, all_known=all_known)
        told.setdefault(one.recipient, one.status)
        if one.status == "sent":
            assert there[one.recipient] == [one.msg_key]
    assert {told[name] for name in there} <= {"sent", "unknown"}


def arrivals(box: Sandbox, campaign: Campaign) -> dict[str, list[str]]:
    """Return the keys of what arrived, by account or by group."""
    found: dict[str, list[str]] = {}
    if campaign.kind == "groups":
        sql = "SELECT GroupId AS name, MsgSeq AS key, MsgBody FROM group_messages"
    else:
        sql = "SELECT To_Account AS name, MsgKey AS key, MsgBody FROM messages"
    for row in box.state.store.rows(sql):
        found.setdefault(row["name"], []).append(str(row["key"]))
        text = f"hi {row['name']}" if campaign.kind == "own" else "hi"
        assert row["MsgBody"][0]["MsgContent"] == {"Text": text}
    return found


def possible(recipient: str, *, again: bool, all_known: bool) -> set[str]:
    """Return what may have become of a recipient, who stood in the input before or not.

    Who does not exist is unknown where the answer got lost and the service refused the repeat: it may have done that
    since it took the first.
    """
    if recipient == TOO_LONG:
        return {"refused"}
    if again:
        return {"skipped"}
    if not recipient.startswith("id"):
        return {"refused", "unknown"}
    return {"sent"} if all_known else {"sent", "unknown"}


@each_campaign
async def test_who_is_killed_again_and_again_loses_nobody_and_tells_nobody_twice(
    campaign: Campaign, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """The journal has each recipient once; who is sent to has one copy, who is refused none, and nothing is silent.

    Where the service promises to drop repeats, nobody is unknown either.
    """
    chance, journal, kills = Random(), tmp_path / "run.db", 0
    async with sandbox_for(campaign) as box:
        add_faults(box, campaign.path, 2 * campaign.calls, chance)
        while kills < campaign.kills and await killed(box, campaign, journal, chance):
            kills += 1
        async with sender(box, campaign, journal) as process:
            counted = await finished(process)
        outcomes = list(SqliteJournal(journal).outcomes())
        check(box, campaign, outcomes, all_known=campaign.kind != "accounts")
        statuses = Counter[str](one.status for one in outcomes)
        assert counted == {name: statuses[name] for name in counted} | {"total": len(outcomes)}
        assert kills > campaign.kills // 2  # on a busy machine a kill comes late, and the run may be over
        there = arrivals(box, campaign)
        unknown_there = sum(one.status == "unknown" and one.recipient in there for one in outcomes)
        record_property("figures", {"kills": kills, "calls": arrived(box), "unknown_there": unknown_there} | counted)


def begun_and_open(journal: Path) -> int:
    """Return how many calls the journal has as begun and not answered."""
    with closing(sqlite3.connect(journal)) as db:
        (number,) = db.execute("SELECT count(*) FROM calls WHERE status IS NULL AND begun_at IS NOT NULL").fetchone()
    return int(number)


@each_campaign
async def test_ctrl_c_lets_what_is_under_way_be_answered(campaign: Campaign, tmp_path: Path) -> None:
    """After it nothing else goes out, no call is left open, and a run with the same journal sends the rest."""
    campaign, journal = evolve(campaign, number=campaign.number // 4), tmp_path / "run.db"
    async with sandbox_for(campaign) as box:
        for _ in range(campaign.calls // 4):
            box.faults.add(campaign.path, latency=0.05, times=3)
            box.faults.add(campaign.path, latency=0.05, code=91000)
        async with sender(box, campaign, journal) as process:
            await calls_are(box, process, campaign.calls // 4)
            process.send_signal(signal.SIGINT)
            at_signal = arrived(box)
            _, complaint = await process.communicate()
        assert (process.returncode, complaint.decode()) == (INTERRUPTED, "")
        assert arrived(box) <= at_signal + 2 * campaign.workers
        assert begun_and_open(journal) == 0
        box.faults.clear()
        async with sender(box, campaign, journal) as process:
            counted = await finished(process)
        outcomes = list(SqliteJournal(journal).outcomes())
        check(box, campaign, outcomes, all_known=True)
        assert (counted["unknown"], counted["sent"]) == (0, campaign.number)
