"""Ours and its rivals: ways to send one message to a great many accounts, 500 in a call.

All go over a session of ours, so that they differ in the fan-out alone. The rivals are what people write by hand: the
input is cut into a list of batches, and every batch is a task of its own. They keep the replies in a list, cannot go on
after a crash, and let an account that stands in the input twice have the message twice.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from timrest_async import TimError
from timrest_async.bulk import ToAccounts

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

    from timrest_async import TimSession
    from timrest_async.commands.messages import SendBatchReply

__all__ = ["BATCH", "GATHER", "JOURNAL", "OURS", "SEMAPHORE", "WAYS", "Ends", "Way"]

BATCH: Final = ToAccounts.most
"""How many accounts a call takes."""

TEXT: Final = "hi, beauty"
FIELDS: Final[dict[str, Any]] = {"online_only_flag": 1}
"""Spares the sandbox, which keeps the messages all the same, to list the conversations of everybody."""

AT_ONCE: Final = 50
"""So many calls does the semaphore let through, which are as many as ours has under way."""

OURS: Final = "tim.bulk"
JOURNAL: Final = "tim.bulk, with a journal"
GATHER: Final = "gather"
SEMAPHORE: Final = "gather and semaphore"

Ends: TypeAlias = "Counter[str]"
"""How many accounts came to which end."""

Way: TypeAlias = "Callable[[TimSession, Iterator[str], str], Awaitable[Ends]]"
"""Sends to all accounts; a journal may lie at the path."""


async def _ours(tim: TimSession, accounts: Iterator[str], path: str, *, journal: bool) -> Ends:
    """Look at each outcome, as one does who sends in bulk."""
    ends: Ends = Counter()
    async for outcome in tim.bulk.send(ToAccounts(accounts, TEXT, **FIELDS), journal=path if journal else None):
        ends[outcome.status] += 1
    return ends


async def _gather(tim: TimSession, accounts: Iterator[str], _: str) -> Ends:
    """Make a task of every batch, all of them at once."""
    batches = _batches(accounts)
    calls = (tim.messages.send_batch(batch, TEXT, **FIELDS) for batch in batches)
    return _summed(batches, await asyncio.gather(*calls, return_exceptions=True))


async def _semaphore(tim: TimSession, accounts: Iterator[str], _: str) -> Ends:
    """Make a task of every batch, and let some of them through at once."""
    batches = _batches(accounts)
    semaphore = asyncio.Semaphore(AT_ONCE)

    async def one(batch: list[str]) -> SendBatchReply:
        async with semaphore:
            return await tim.messages.send_batch(batch, TEXT, **FIELDS)

    return _summed(batches, await asyncio.gather(*map(one, batches), return_exceptions=True))


def _batches(accounts: Iterator[str]) -> list[list[str]]:
    """Cut all of them into lists of 500."""
    return list(iter(lambda: list(islice(accounts, BATCH)), []))


def _summed(batches: Sequence[list[str]], replies: Sequence[SendBatchReply | BaseException]) -> Ends:
    """Count a batch whose call failed as lost, since nobody sends it again."""
    ends: Ends = Counter()
    for batch, reply in zip(batches, replies, strict=True):
        if isinstance(reply, BaseException):
            if not isinstance(reply, TimError):
                raise reply
            ends["lost"] += len(batch)
        else:
            ends["sent"] += len(batch) - len(reply.error_list or ())
    return ends


WAYS: Final[Mapping[str, Way]] = {
    OURS: partial(_ours, journal=False),
    JOURNAL: partial(_ours, journal=True),
    GATHER: _gather,
    SEMAPHORE: _semaphore,
}
"""Each sends to every account once, if it can."""
