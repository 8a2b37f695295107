"""Takes chunks to their end: call, look at what came of it, wait or split or settle.

A carrier calls through a view of the session whose transport has the journal take note of the chunk between the permit
and the first byte. So what the journal calls begun is what really may have gone out, and not what waited for a permit
when the process died.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias

from attrs import define, evolve, field

from timrest_async._clock import Clock, sleep_until
from timrest_async.bulk.jobs import Chunk, DroppedError, Job
from timrest_async.bulk.journal import Journal
from timrest_async.bulk.progress import Progress
from timrest_async.bulk.steps import Step, step_after
from timrest_async.commands._command import Caller
from timrest_async.errors import ApiError, RateLimitedError, TimError
from timrest_async.retry import SAFE, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

    from timrest_async.bulk.outcome import Outcome, Status
    from timrest_async.transport import Transport

__all__ = ["Carrier", "Orders", "Sender", "Unknown"]

Unknown: TypeAlias = Literal["report", "resend"]
"""What becomes of those of whom nobody knows whether they have it, and whom the service would not tell a repeat."""

PERMIT_SECONDS: Final = 86_400.0
"""So long may a call wait for its permit."""

_ONCE: Final = RetryPolicy(attempts=1)
_PAUSES: Final = RetryPolicy(attempts=2**31, first_pause=0.5, longest_pause=30.0)


class Sender(Caller, Protocol):
    """A session, as far as it matters here."""

    def with_options(self, *, timeout: float | None = None, retry: RetryPolicy | None = None) -> Sender:
        """Return a view with other options."""
        ...

    def through(self, around: Callable[[Transport], Transport], /) -> Sender:
        """Return a view whose calls go through another transport."""
        ...


@define
class Orders:
    """What the carriers of a run have in common."""

    job: Job[Any, Any]
    """What is sent."""
    journal: Journal
    """Where it is written down."""
    clock: Clock
    """What time it is."""
    progress: Progress
    """What is counted."""
    unknown: Unknown
    """Whether what is not known is sent again."""
    patience: float
    """For how many seconds a chunk is tried that does not go through."""
    ready: deque[Chunk] = field(factory=deque[Chunk])
    """Chunks to be carried, which come before the rest of the input."""
    went_well: float = -math.inf
    """When the service last did what it was asked, or said that it never would, on the clock."""
    stopping: bool = False
    """Whether nothing more is to be sent."""


class _Noting:
    """A transport that has the journal take note of a chunk before its first byte goes out."""

    def __init__(self, transport: Transport, carrier: Carrier) -> None:
        self._transport = transport
        self._carrier = carrier

    async def post(self, path: str, usersig: str, body: bytes, timeout: float) -> bytes:  # noqa: ASYNC109
        await self._carrier.goes_out()
        return await self._transport.post(path, usersig, body, timeout)

    async def close(self) -> None:
        await self._transport.close()


class Carrier:
    """Takes one chunk after the other to its end."""

    def __init__(self, sender: Sender, orders: Orders) -> None:
        self.out: bool = False
        """Whether a call is under way whose outcome would be lost; whoever takes the outcomes sets it back."""
        self._orders = orders
        self._sender = sender.through(lambda transport: _Noting(transport, self)).with_options(
            timeout=PERMIT_SECONDS, retry=_ONCE
        )
        self._chunk: Chunk
        self._attempts = 0
        """In how many calls it went out."""
        self._tries = 0
        """How often it was held up."""
        self._doubt: TimError | None = None
        """Why nobody knows whether the service has it."""
        self._resent = False
        self._since = 0.0
        """When it was taken up, or first went out, on the clock."""
        self._held_since = math.inf
        """When it was held up first, on the clock."""

    async def carry(self, chunk: Chunk) -> list[Outcome]:
        """Take *chunk* to its end and return the outcomes, which are in the journal then; none where the run is stopped
        before that.

        A part that is split off it comes to those that are ready. Raises the error after which no call can go through.
        """
        self._take_up(chunk)
        if not chunk.going:
            return await self._settle([])
        while (outcomes := await self._attempt()) is None:
            self.out = False
            if self._orders.stopping and self._left() > 0:
                return []
        return await self._settle(outcomes)

    async def goes_out(self) -> None:
        """Take note that the first byte of an attempt is about to go out."""
        self.out = True
        self._attempts += 1
        if self._chunk.begun_at is None:
            self._since = self._orders.clock.time()
            self._chunk = evolve(self._chunk, begun_at=self._orders.clock.now())
            await self._orders.journal.begin(self._chunk)

    def _take_up(self, chunk: Chunk) -> None:
        self._chunk = chunk
        self._attempts = self._tries = 0
        self._since, self._held_since = self._orders.clock.time(), math.inf
        self._resent = False
        self._doubt = None if chunk.begun_at is None else TimError("an earlier run ended before the answer came")

    async def _attempt(self) -> list[Outcome] | None:
        """Make one attempt and return what became of everybody, or ``None`` where there is to be another."""
        left = self._left()
        if left <= 0:
            return await self._give_up()
        sender = self._sender if left == math.inf else self._sender.with_options(timeout=left)
        try:
            reply = await sender.call(self._orders.job.command(self._chunk))
            outcomes = self._orders.job.outcomes(self._chunk, reply, self._attempts)
        except TimError as error:
            return await self._after(error)
        self._orders.went_well = self._orders.clock.time()
        self._orders.progress.held_up_by = None
        if self._resent:
            return [evolve(one, status="unknown") if one.status == "refused" else one for one in outcomes]
        return outcomes

    async def _after(self, error: TimError) -> list[Outcome] | None:
        """Do what is to be done after *error*."""
        step = step_after(error, len(self._chunk.going))
        if step in {Step.REFUSE, Step.SPLIT}:
            self._orders.went_well = self._orders.clock.time()
        if step is Step.DOUBT:
            self._doubt = self._doubt or error
        if step is Step.REFUSE or (step is Step.SPLIT and self._unsure):
            return self._refused(error)
        if step is Step.SENT:
            return self._all("sent", error)
        if step is Step.SPLIT:
            await self._split()
            return None
        if self._doubt is None:
            await self._withdraw(self._chunk.afresh() if isinstance(error, DroppedError) else self._chunk)
        if step is Step.STOP:
            raise error
        return await self._pause(error)

    async def _pause(self, error: TimError) -> list[Outcome] | None:
        """Wait a little, unless nothing is to be hoped for."""
        orders, left = self._orders, self._left()
        if left <= 0:
            return None
        now = orders.clock.time()
        since = self._held_since = min(self._held_since, now)
        if self._doubt is None and now - since >= orders.patience:
            if orders.went_well > since and isinstance(error, ApiError | DroppedError):
                return self._refused(error)  # others go through
            raise error
        orders.progress.held_up_by = error
        self._tries += 1
        pause = error.retry_after if isinstance(error, RateLimitedError) else None
        pause = _PAUSES.pause_after(self._tries) if pause is None else pause
        self.out = False
        if not orders.stopping:
            await sleep_until(orders.clock, now + min(pause or 0.0, left))
        return None

    async def _give_up(self) -> list[Outcome] | None:
        """Report that nobody knows, or send it once more as another message."""
        assert self._doubt is not None, "the window of a call is open as long as its fate is known"
        if self._orders.unknown == "report" or self._resent or self._orders.stopping:
            return self._all("unknown", self._doubt)
        self._chunk = self._chunk.afresh()  # in the journal it stays in doubt
        self._doubt, self._resent = None, True
        return None

    async def _withdraw(self, chunk: Chunk) -> None:
        """Go on with *chunk*, of which the service has nothing."""
        self._chunk = evolve(chunk, begun_at=None)
        if not self._resent:
            await self._orders.journal.withdraw(self._chunk)

    async def _split(self) -> None:
        """Go on with one half, and leave the other to who is ready."""
        parts = self._chunk.halves
        await self._orders.journal.split(parts)
        self._chunk, other = parts
        self._orders.ready.append(other)

    async def _settle(self, outcomes: list[Outcome]) -> list[Outcome]:
        self.out = True
        everything = self._chunk.complete(outcomes)
        await self._orders.journal.settle(self._chunk, everything)
        self._orders.progress.ended(Counter(outcome.status for outcome in everything))
        return everything

    @property
    def _unsure(self) -> bool:
        """Whether the service may have taken the message in a call before."""
        return self._doubt is not None or self._resent

    def _refused(self, error: TimError) -> list[Outcome]:
        """Return that it was refused, unless that may be true of the repeat only."""
        return self._all("unknown" if self._unsure else "refused", error)

    def _all(self, status: Status, error: TimError) -> list[Outcome]:
        """Return the same outcome for everybody whom the call names."""
        code, info = (error.code, error.info) if isinstance(error, ApiError) else (None, str(error))
        return self._chunk.all(status, code, info, self._attempts)

    def _left(self) -> float:
        """Return for how many seconds the call may be repeated: for ever, unless the service may have it.

        A machine that sleeps may stop its monotonic clock, and a person may set the other; the one that went farther
        counts, and a clock that went back is not believed.
        """
        begun = self._chunk.begun_at
        if self._doubt is None or begun is None:
            return math.inf
        clock = self._orders.clock
        age = max(clock.time() - self._since, clock.now() - begun)
        return SAFE * self._orders.job.repeatable_for - age if clock.now() >= begun else 0.0
