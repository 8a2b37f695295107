"""Requests are answered, your functions handle their events, and the service is never kept waiting.

The service waits 2 seconds for an answer. What it only tells is answered at once: the event goes into a line, out of
which a bounded number of tasks hand it to your functions. What it asks is answered within *answer_within* seconds: who
has not decided by then is cancelled, and the service hears what you have set for that case.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, TypeVar, cast

from attrs import define, frozen

from timrest_async._clock import SystemClock
from timrest_async._codec import to_json, write
from timrest_async.errors import ConfigError
from timrest_async.webhook.errors import OverloadedError, WebhookError
from timrest_async.webhook.event import Event, EventBatch, Gate
from timrest_async.webhook.handlers import Handlers
from timrest_async.webhook.line import Line, Seen
from timrest_async.webhook.parsing import MAX_BYTES, Auth, parse
from timrest_async.webhook.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from types import TracebackType

    from timrest_async._clock import Clock
    from timrest_async.webhook.handlers import Fallback, Handler, On
    from timrest_async.webhook.parsing import Query

__all__ = ["Answer", "Webhook"]

E = TypeVar("E", bound=Event)

SERVICE_WAITS: Final = 2.0
"""For so many seconds the service waits."""

_log: Final = logging.getLogger("timrest_async")


@frozen
class Answer:
    """What to answer over HTTP."""

    status: int
    """The HTTP status; the service takes all but 200 for a failure."""

    body: bytes
    """JSON."""

    headers: ClassVar[dict[str, str]] = {"Content-Type": "application/json"}
    """What goes with it."""


class Webhook:
    """Your application's side of the webhooks: believes, reads, hands on, answers.

    ::

        hook = Webhook(Auth(sdkappid=1400000000, token=TOKEN))

        @hook.on(C2CBeforeSendMsg)
        async def no_links(event: C2CBeforeSendMsg) -> C2CVerdict | None:
            if any("http" in element.text for element in event.msg_body if isinstance(element, Text)):
                return event.refuse(120001, "no links, please")
            return None

    It is put behind HTTP by :func:`timrest_async.webhook.aiohttp_web.add_webhook`,
    :func:`timrest_async.webhook.asgi.asgi_app`, or your own three lines round :meth:`answer`.

    Args:
        auth: whose calls are believed.
        answer_within: how many seconds your functions have to decide about a :class:`~timrest_async.webhook.Gate`; the
            service waits 2, of which the network needs some.
        fallback: what one of them that fails, or has not decided by then, is taken to have said: "allow" or "refuse".
        repeats_within: for how many seconds a delivery is remembered, so that the same event is not handled twice where
            the service sends it again, as it can be told to in the console; ``None`` remembers nothing.
        waiting: how many events may wait to be handled; the service is told of more that they failed.
        at_once: how many events are handled at once; with 1 each waits for the one before.
        max_bytes: how large a body may be.
        clock: what time it is, such as :class:`timrest_async.testing.FakeClock`.

    Raises:
        ConfigError: when it cannot be set up like that.

    """

    def __init__(  # noqa: PLR0913  # each is a setting of its own, given by name
        self,
        auth: Auth,
        *,
        answer_within: float = 1.5,
        fallback: Fallback = "allow",
        repeats_within: float | None = None,
        waiting: int = 1_000,
        at_once: int = 100,
        max_bytes: int = MAX_BYTES,
        clock: Clock | None = None,
    ) -> None:
        if not 0 < answer_within <= SERVICE_WAITS:
            raise ConfigError(f"answer_within has to be above 0 and at most 2 seconds, not {answer_within!r}")
        for name, number in (("waiting", waiting), ("at_once", at_once), ("max_bytes", max_bytes)):
            if number < 1:
                raise ConfigError(f"{name} has to be at least 1, not {number!r}")
        self.auth = auth
        """Whose calls are believed."""
        self.max_bytes = max_bytes
        """How large a body may be."""
        self.clock: Clock = clock or SystemClock()
        """What time it is."""
        self.repeated: int = 0
        """How many deliveries were repeated, and not handled again."""
        self.refused: Counter[type[WebhookError]] = Counter()
        """How many requests were not believed, not understood, or too many, by the error."""
        self.failed: int = 0
        """How often one of your functions failed, or did not decide in time."""
        self._answer_within = answer_within
        self._handlers = Handlers(fallback)
        self._seen = None if repeats_within is None else Seen(repeats_within, self.clock)
        self._line = Line(waiting, at_once, self._tell)
        self._deciding: set[asyncio.Task[Verdict]] = set()

    def on(self, event: type[E], *, fallback: Fallback | None = None) -> On[E]:
        """Return a decorator for functions that handle *event*, and the events of classes below it.

        :class:`~timrest_async.webhook.Event` is above all, :class:`~timrest_async.webhook.Gate` above what is asked. A
        function for two events is registered twice: ``hook.on(A)(function)``, ``hook.on(B)(function)``.

        Several functions of one event are called in the order in which they were registered; the first that returns a
        verdict decides, and those behind it are not asked. *fallback* is what this one is taken to have said where it
        fails or does not come to a decision in time, in place of the webhook's: with "allow" the next one is asked, if
        there is time.
        """
        return self._handlers.on(event, fallback)

    def default(self, handler: Callable[[Event], Awaitable[Verdict | None]], /) -> Callable[[Event], Awaitable[Any]]:
        """Let *handler* have every event that no other function handles; a decorator."""
        self._handlers.default(handler)
        return handler

    async def answer(
        self, query: Query, headers: Mapping[str, str], body: bytes, *, since: float | None = None
    ) -> Answer:
        """Return what to answer to a request; whatever is in it, nothing is raised.

        Args:
            query: the query of the address.
            headers: the HTTP headers.
            body: the body.
            since: when the request came, as the clock's :meth:`~timrest_async.Clock.time` had it; now when left out.

        """
        since = self.clock.time() if since is None else since
        try:
            event = parse(query, headers, body, auth=self.auth, events=self._handlers.events, max_bytes=self.max_bytes)
            verdict = await self.dispatch(event, since=since)
        except WebhookError as error:
            return self.refuse(error)
        return Answer(200, to_json(write(verdict)))

    def refuse(self, error: WebhookError) -> Answer:
        """Return what to answer to a request that is not acted upon, and make a note of it.

        The first of its kind is a warning in the log; those behind it are not, since anybody can send them.
        """
        self.refused[type(error)] += 1
        level = logging.WARNING if self.refused[type(error)] == 1 else logging.DEBUG
        _log.log(level, "a webhook was refused with HTTP %d: %s", error.status, error.reason)
        said = {"ActionStatus": "FAIL", "ErrorCode": 1, "ErrorInfo": error.reason}
        return Answer(error.status, to_json(said))

    async def dispatch(self, event: Event, *, since: float | None = None) -> Verdict:
        """Hand *event* to your functions, and return what the service is told.

        For an event that is only told that is at once; your functions come later, see :meth:`idle`.

        Raises:
            OverloadedError: too many events wait, or this webhook is closed; nobody has the event.

        """
        if self._line.closed:
            raise OverloadedError("this webhook is closed")
        if isinstance(event, EventBatch):
            for one in event.events:
                await self.dispatch(one, since=since)
            return _HEARD
        handlers = self._handlers.of(type(event))
        if isinstance(event, Gate):
            return await self._ask(
                cast("Gate[Verdict]", event), handlers, self.clock.time() if since is None else since
            )
        if self._seen is not None and self._seen.knows(event):
            self.repeated += 1
        elif handlers:
            self._line.add(event)
            if self._seen is not None:
                self._seen.add(event)
        return _HEARD

    async def idle(self) -> None:
        """Return once no event waits and none is handled."""
        await self._line.idle()

    async def close(self, grace: float = 5.0) -> None:
        """Take nothing more; handle what waits, for *grace* seconds, and then give the rest up."""
        await self._line.close(self.clock, grace)
        for task in self._deciding:
            task.cancel()
        if self._deciding:
            await asyncio.wait(self._deciding)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _tell(self, event: Event) -> None:
        """Hand *event* to each of its functions; that one fails is no reason for the next not to have it."""
        for handler in self._handlers.of(type(event)):
            try:
                await handler.decide(event)
            except (Exception, asyncio.CancelledError):
                if _is_cancelled():
                    raise
                self.failed += 1
                _log.exception("%s failed at %s", handler, event.callback_command)

    async def _ask(self, gate: Gate[Verdict], handlers: list[Handler], since: float) -> Verdict:
        """Return the verdict of the first function that has one, or what is said where time is up."""
        if not handlers:
            return gate.allow()
        asked = _Asked()
        task = asyncio.get_running_loop().create_task(self._decide(gate, handlers, asked))
        self._deciding.add(task)
        task.add_done_callback(self._deciding.discard)
        in_time = await _ends_by(self.clock, since + self._answer_within, task)
        if in_time and not task.cancelled():
            return task.result()
        left = handlers[asked.turn :]
        why = "was cancelled" if in_time else f"had not decided after {self._answer_within:g} s"
        _log.warning("%s %s at %s, so it is %s", left[0], why, gate.callback_command, _SAID[_strictest(left)])
        self.failed += 1
        return _without(left, gate) or gate.allow()

    async def _decide(self, gate: Gate[Verdict], handlers: list[Handler], asked: _Asked) -> Verdict:
        """Return the verdict of the first of *handlers* that has one; say in *asked* whose turn it is."""
        for asked.turn, handler in enumerate(handlers):
            try:
                verdict = await handler.decide(gate)
            except Exception:  # noqa: BLE001  # the border to your functions: any fault of theirs ends here
                self.failed += 1
                said = _SAID[handler.fallback]
                _log.exception("%s failed at %s, so for its part it is %s", handler, gate.callback_command, said)
                verdict = _without([handler], gate)
            if verdict is not None:
                return verdict
        return gate.allow()


_HEARD: Final = Verdict()
"""What the service is told of an event about which it does not ask."""

_SAID: Final[dict[Fallback, str]] = {"allow": "allowed", "refuse": "refused"}


@define
class _Asked:
    """Whose turn it is to decide."""

    turn: int = 0


def _strictest(handlers: list[Handler]) -> Fallback:
    return "refuse" if any(handler.fallback == "refuse" for handler in handlers) else "allow"


def _without(handlers: list[Handler], gate: Gate[Verdict]) -> Verdict | None:
    """Return what *handlers*, who did not decide, are taken to have said about *gate*."""
    return gate.refuse() if _strictest(handlers) == "refuse" else None


def _is_cancelled() -> bool:
    """Say whether somebody cancelled this task; a function may raise the same for a reason of its own."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _ends_by(clock: Clock, when: float, task: asyncio.Task[Any]) -> bool:
    """Wait until *task* ends or *clock* shows *when*; cancel it then, or where the waiting is cancelled.

    A task that does not heed that goes on, and is waited for no longer.
    """
    woken = asyncio.get_running_loop().create_future()

    def wake(_: object = None) -> None:
        if not woken.done():
            woken.set_result(None)

    task.add_done_callback(wake)
    timer = clock.call_at(when, wake)
    try:
        await woken
        return task.done()
    finally:
        timer.cancel()
        task.cancel()
