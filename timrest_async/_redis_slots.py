"""The slots of one command that this process holds, and who waits for them.

Who comes joins a line and asks for a slot. A slot belongs to the process, not to him who asked for it: the first in
the line gets the first one. So who wakes too late for a slot gets the next one, everybody behind him the one after
that, and only the last in the line asks again. And where somebody leaves the line, the last slot is given back.
"""

from __future__ import annotations

import asyncio
import math
from bisect import insort
from collections import OrderedDict
from itertools import count, islice
from typing import TYPE_CHECKING, Final, TypeAlias
from uuid import uuid4

from attrs import define, field, frozen

from timrest_async._clock import Clock, Timer
from timrest_async._redis_link import CLOSED, Question, Unavailable
from timrest_async._wire import reader_of
from timrest_async.errors import NoPermitError
from timrest_async.limits import Tally

if TYPE_CHECKING:
    from collections.abc import Sequence

    from timrest_async._rates import Asking, RateLimit
    from timrest_async._redis_link import Link

__all__ = ["AHEAD", "TRUST", "Gate", "Settings"]

MICRO: Final = 1_000_000
"""Microseconds in a second."""

FOREVER: Final = 1e9
"""Seconds that nobody waits."""

TRUST: Final = 0.4
"""For so many seconds after its last sign the server is taken to be the same."""

AHEAD: Final = 0.1
"""So many seconds before a slot somebody makes sure of that."""

LONG: Final = 10.0
"""A limit over more seconds than this is not waited for when what counted for it is not known."""

AWAY: Final = "it was away, and this process goes on alone"

ENOUGH: Final = 5
"""After so many answers it is clear how quick the server is."""

OFTEN: Final = 3
"""Who asked more often than this may have a server that is too far away."""

DRIFT: Final = 0.0005
"""By how much the server's clock may run faster or slower than ours, seconds in a second."""

Shape: TypeAlias = "tuple[tuple[str, ...], tuple[int, ...]]"
"""The names of the logs that count a call, and for how much it counts in each."""


@define
class Settings:
    """What the gates of one limiter share."""

    prefix: str
    lateness: float
    clock: Clock
    back: float = -math.inf
    """When the server was there again, so that nobody went on alone any more."""
    alone: bool = False
    """Whether this process goes on without the server."""
    left: float = -math.inf
    """When it last did so, or began to."""
    void_from: float = math.inf
    """From then on a slot that was asked for before is worth nothing, even if the server has kept it."""

    def is_void(self, slot: Slot, when: float) -> bool:
        """Say whether others do without the server at the time of *slot*, which is *when* by our clock."""
        return when > self.void_from and (self.alone or slot.sent <= self.left)


@define
class _ServerClock:
    """What time the server has, as bounds on how far its clock is ahead of ours."""

    least: float = -math.inf
    most: float = math.inf
    _at: float = 0.0
    _answers: int = 0

    def learn(self, sent: float, said: float, heard: float) -> None:
        """Take note that the server said *said* at some time between *sent* and *heard*."""
        self._answers += heard > self._at
        drift = DRIFT * (heard - self._at)
        self.least, self.most = max(said - heard, self.least - drift), min(said - sent, self.most + drift)
        if self.least > self.most:  # somebody set a clock
            self.least, self.most = said - heard, said - sent
        self._at = heard

    def check(self, lateness: float) -> None:
        """Raise :class:`Unavailable` where answers take so long, even the quickest, that no slot could be met."""
        if (width := self.most - self.least) > lateness / 2 and self._answers >= ENOUGH:
            raise Unavailable(
                f"it takes {width * 1000:.3g} ms to answer, and lateness={lateness:g} is too little for that"
            )


@frozen(order=True)
class Slot:
    """A time at which a call may go."""

    at: float
    """When, by the server's clock."""
    number: int
    """Which of this process's questions brought it."""
    sent: float = field(order=False)
    """When it was asked for, by our clock."""
    undo: Question | None = field(order=False)
    """What gives it back."""


@define(eq=False)
class _Claim:
    """Somebody in a line."""

    deadline: float
    asks: bool = True
    """Whether he asks for a slot, or is about to."""
    asked: int = 0
    """How often he asked."""
    turn: asyncio.Future[Slot | None] | None = None
    """Brings a slot, or ``None`` where something else is to be done first."""

    @property
    def waits(self) -> bool:
        """Whether he does nothing but wait."""
        return self.turn is not None and not self.turn.done()

    def wake(self, slot: Slot | None) -> None:
        """Let him go, or do what he is to do."""
        assert self.turn is not None
        self.turn.set_result(slot)


class Gate:
    """The slots of one command of one application."""

    def __init__(self, sdkappid: int, path: str, limits: Sequence[RateLimit], link: Link, settings: Settings) -> None:
        self.tally = Tally()
        self.span = max((limit.per for limit in limits if limit.per <= LONG), default=0.0) + settings.lateness
        """For how many seconds nobody may go after calls that Redis does not know."""
        self.server = _ServerClock()
        self.settings = settings
        self.link = link
        self._path = path
        self._limits = limits
        self._clock = settings.clock
        self._root = f"{settings.prefix}:{{{sdkappid}:{path}}}"
        self._me = uuid4().hex[:12]
        self._numbers = count()
        self._closed_until = -math.inf
        self._generation = 0
        """How often all slots that were given turned out to be worth nothing."""
        self._run: str | None = None
        self._seen = -math.inf
        """When the server was last known to be the same."""
        self._silent: tuple[float, Unavailable] | None = None
        """When it was last known not to answer, and why."""
        self._looking = asyncio.Lock()
        self._lanes: dict[Shape, _Lane] = {}

    async def acquire(self, command: Asking, deadline: float) -> None:
        """Wait for a slot and its time."""
        began = self._clock.time()
        shape = self._shape(command)
        lane = self._lanes.setdefault(shape, _Lane(self, shape))
        self.tally.waiting += 1
        try:
            if self._run is None:
                await self.look(deadline)
            await lane.go_through(deadline)
        finally:
            self.tally.waiting -= 1
            if lane.idle:
                self._lanes.pop(shape, None)
        self.tally.gave(self._clock.time() - began)

    def refused(self, seconds: float | None) -> None:
        """Take note that the service said: too often; nobody goes for so many seconds."""
        self.tally.too_often += 1
        if seconds is not None:
            self._closed_until = max(self._closed_until, self._clock.time() + seconds)
            self.link.tell(Question([f"{self._root}:closed"], ["close", _micro(seconds)]))
            self._forget_slots()

    def slow_down(self, share: float, seconds: float) -> None:
        """Use a *share* of the places for so many seconds."""
        life = _micro(min(seconds, FOREVER))
        self.link.tell(Question([f"{self._root}:slow"], ["slow down", str(share), life]))
        self._forget_slots()

    def close(self) -> None:
        """Tell who waits that there is nothing to wait for."""
        for lane in self._lanes.values():
            lane.close()

    def is_sure_of(self, slot: Slot) -> bool:
        """Say whether the server that gave *slot* will still be known to be the same when its time comes."""
        return slot.at - self.server.least - max(slot.sent, self._seen) <= TRUST + AHEAD

    async def look(self, deadline: float) -> None:
        """Find out whether the server is the one that it was; if not, it has forgotten all slots."""
        began = self._clock.time()
        async with self._looking:
            if self._silent is not None and self._silent[0] >= began:
                raise self._silent[1]
            if self._seen >= began:
                return
            asked = self._clock.time()
            try:
                run, now = await self.link.run_of(self._root, deadline)
            except Unavailable as error:
                if self._clock.time() < deadline:
                    self._silent = self._clock.time(), error
                raise
            self.server.learn(asked, now, self._clock.time())
            self._seen = asked
            if self._run not in {None, run}:
                self._forget_slots()
            self._run = run

    async def reserve(self, shape: Shape, deadline: float) -> Slot | None:
        """Ask for a slot; there is none if, meanwhile, all that were asked for turned out to be worth nothing."""
        number, generation = next(self._numbers), self._generation
        question = self._question(number, shape, deadline)
        answer = await self.link.ask(question, deadline)
        granted, at, said, decided = answer.values
        self.server.learn(answer.sent, said / MICRO, answer.heard)
        wait = (at - said) / MICRO
        in_time = granted and answer.sent + wait <= deadline  # it may have been asked for a while
        if in_time and generation == self._generation:
            return Slot(at / MICRO, number, answer.sent, question.undo)
        if granted:
            self.link.tell(question.undo)
        if not in_time:
            raise self._refusal(self._limits[decided - 1], wait, deadline)
        return None

    def too_late(self, slot: Slot, deadline: float) -> NoPermitError:
        """Make the error of a call whose *slot* moved behind its deadline."""
        return self._refusal(self._limits[0], slot.at - self.server.least - slot.sent, deadline)

    def _refusal(self, limit: RateLimit, wait: float, deadline: float) -> NoPermitError:
        self.tally.refused += 1
        left = max(deadline - self._clock.time(), 0.0)
        return NoPermitError(
            self._path,
            f"{limit} in all processes: it would wait {wait:.3g} s, and its time is over in {left:.3g} s; nothing was"
            " sent. Send less, or give it more time",
            wait,
        )

    def _forget_slots(self) -> None:
        """Use no slot that was given so far."""
        self._generation += 1
        for lane in self._lanes.values():
            lane.forget_slots()

    def _shape(self, command: Asking) -> Shape:
        logs = tuple(f"{self._root}:{_name(limit, command)}" for limit in self._limits)
        return logs, tuple(limit.weigh(command) for limit in self._limits)

    def _question(self, number: int, shape: Shape, deadline: float) -> Question:
        now, settings = self._clock.time(), self.settings
        not_before = max(settings.back + self.span, self._closed_until)
        member = f"{self._me}.{number}"
        keys, members = [f"{self._root}:closed"], list[str]()
        arguments: list[str | int] = [
            "reserve",
            member,
            _micro(min(deadline - now, FOREVER)),
            _micro(max(not_before - now, 0.0)),
            _micro(settings.lateness),
        ]
        for limit, log, weight in zip(self._limits, *shape, strict=True):
            weighs, shared = "weighs" if limit.weight else "counts", "apart" if limit.key else "shared"
            keys += [log, f"{log}:front"]
            members.append(f"{member}:{weight}")
            arguments += [limit.calls, _micro(limit.per), limit.burst, weight, weighs, shared]
        keys.append(f"{self._root}:slow")
        return Question(keys, arguments, undo=Question(keys, ["give back", *members]))


class _Lane:
    """Those whose calls count alike, and the slots for them."""

    def __init__(self, gate: Gate, shape: Shape) -> None:
        self._gate = gate
        self._shape = shape
        self._clock = gate.settings.clock
        self._line: OrderedDict[_Claim, None] = OrderedDict()
        self._slots: list[Slot] = []
        """Earliest first."""
        self._asking = 0
        """How many in the line ask for a slot."""
        self._looker: _Claim | None = None
        """Who makes sure that the server is the same."""
        self._timer: Timer | None = None

    @property
    def idle(self) -> bool:
        """Whether there is nobody in the line."""
        return not self._line

    async def go_through(self, deadline: float) -> None:
        """Join the line, and wait for a slot and its time."""
        claim = _Claim(deadline)
        self._line[claim] = None
        self._asking += 1
        try:
            while not await self._step(claim):
                pass
        except BaseException:
            self._leave(claim)
            raise

    def forget_slots(self) -> None:
        """Give every slot back; those who wait ask again, in their order."""
        for slot in self._slots:
            self._gate.link.tell(slot.undo)
        self._slots.clear()
        self._balance()

    def close(self) -> None:
        """Tell who waits that there is nothing to wait for."""
        for claim in list(self._line):
            if claim.turn is not None and not claim.turn.done():
                claim.turn.set_exception(Unavailable(CLOSED))

    async def _step(self, claim: _Claim) -> bool:
        """Do what *claim* has to do next, and say whether that was to go."""
        if claim.asks:
            await self._ask(claim)
            return False
        if claim is self._looker:
            await self._gate.look(claim.deadline)
            self._looker = None
            return False
        claim.turn = asyncio.get_running_loop().create_future()
        self._serve()
        slot = await claim.turn
        if slot is not None and self._clock.time() > claim.deadline:
            raise self._gate.too_late(slot, claim.deadline)
        claim.turn = None
        if slot is None or self._is_good(slot):
            return slot is not None
        self._miss(slot)
        self._line[claim] = None
        self._line.move_to_end(claim, last=False)
        return False

    async def _ask(self, claim: _Claim) -> None:
        slot = await self._gate.reserve(self._shape, claim.deadline)
        self._done_asking(claim)
        if slot is not None:
            insort(self._slots, slot)
        claim.asked += 1
        if claim.asked > OFTEN:
            self._gate.server.check(self._gate.settings.lateness)

    def _done_asking(self, claim: _Claim) -> None:
        self._asking -= claim.asks
        claim.asks = False

    def _leave(self, claim: _Claim) -> None:
        """Take *claim* out of the line, and a slot back that came in the very moment of leaving."""
        turn = claim.turn
        if turn is not None and turn.done() and not turn.cancelled() and not turn.exception():
            self._slots += [slot for slot in (turn.result(),) if slot is not None]
            self._slots.sort()
        self._line.pop(claim, None)
        self._done_asking(claim)
        if claim is self._looker:
            self._looker = None
        self._serve()

    def _serve(self) -> None:
        """Hand out what is due, set the timer to what comes next, and have as many slots as there are claims."""
        if self._timer is not None:
            self._timer.cancel()
        when = self._hand_out()
        self._timer = None if when is None else self._clock.call_at(when, self._serve)
        self._balance()

    def _hand_out(self) -> float | None:
        """Hand out what is due, and return when to look again; somebody else sees to that if there is no such time."""
        while self._slots and (claim := next((claim for claim in self._line if claim.waits), None)) is not None:
            slot, now = self._slots[0], self._clock.time()
            when = slot.at - self._gate.server.least
            if self._gate.settings.is_void(slot, when):
                self._send_away(claim, slot)
            elif self._is_good(slot):
                if now < when - AHEAD:
                    return when - AHEAD
                if not self._gate.is_sure_of(slot):
                    self._let_look(claim)
                    return None
                if now < when:
                    return when
                del self._line[claim]
                claim.wake(slot)
            else:
                self._miss(slot)
            del self._slots[0]
        return None

    def _send_away(self, claim: _Claim, slot: Slot) -> None:
        """Give *slot* back, and tell *claim* to do without the server."""
        del self._line[claim]
        assert claim.turn is not None
        claim.turn.set_exception(Unavailable(AWAY))
        self._gate.link.tell(slot.undo)

    def _let_look(self, claim: _Claim) -> None:
        """Let *claim* make sure of the server, unless somebody does; whoever did that serves again."""
        if self._looker is None:
            self._looker = claim
            claim.wake(None)

    def _is_good(self, slot: Slot) -> bool:
        """Say whether it is not too late for *slot*."""
        return self._clock.time() <= slot.at + self._gate.settings.lateness - self._gate.server.most

    def _miss(self, slot: Slot) -> None:
        """Give *slot* back, for which it is too late, since in a long window it would count for long."""
        self._gate.tally.missed += 1
        self._gate.link.tell(slot.undo)

    def _balance(self) -> None:
        """Let the last in the line ask for the slots that are missing, or give back those that are too many."""
        missing = len(self._line) - len(self._slots) - self._asking
        while missing < 0 and self._slots:
            self._gate.link.tell(self._slots.pop().undo)
            missing += 1
        if missing > 0:
            last = list(islice((claim for claim in reversed(self._line) if claim.waits), missing))
            for claim in reversed(last):
                claim.asks = True
                self._asking += 1
                claim.wake(None)


def _name(limit: RateLimit, command: Asking) -> str:
    """Return what the log of *limit* is called that counts *command*."""
    fields = (f"{field}={reader_of(type(command), field)(command)}" for field in limit.key_fields)
    return ":".join((f"{limit.weight or 'calls'}/{limit.per:g}s", *fields))


def _micro(seconds: float) -> int:
    return math.ceil(seconds * MICRO)
