"""Who handles what, and that the service is never kept waiting."""

from __future__ import annotations

import asyncio
import json
import logging
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pytest
from attrs import evolve, frozen

from tests.webhook.posted import TOKEN, Post, sample
from timrest_async import ConfigError, Face, InputError, Text
from timrest_async._codec import read
from timrest_async.webhook import (
    EVENTS,
    Answer,
    Auth,
    C2CAfterMsgReport,
    C2CAfterSendMsg,
    C2CBeforeSendMsg,
    C2CVerdict,
    Event,
    Gate,
    GroupMessageVerdict,
    MessageGate,
    OverloadedError,
    PushOfflinePush,
    SnsPrevFriendAdd,
    UnknownEvent,
    Verdict,
    Webhook,
)
from timrest_async.webhook.line import MOST_SEEN, Seen

if TYPE_CHECKING:
    from collections.abc import Callable

    from timrest_async.testing import FakeClock
    from timrest_async.webhook import Fallback

BEFORE, AFTER, READ = "C2C.CallbackBeforeSendMsg", "C2C.CallbackAfterSendMsg", "C2C.CallbackAfterMsgReport"
PUSH = "Push.OfflinePush"
GO_ON: dict[str, Any] = {"ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": ""}
REFUSED = GO_ON | {"ErrorCode": 1}

T = TypeVar("T")


def said(answer: Answer) -> dict[str, Any]:
    """Read what the service is told."""
    assert answer.status == 200
    assert answer.headers == {"Content-Type": "application/json"}
    found: dict[str, Any] = json.loads(answer.body)
    return found


def gate() -> C2CBeforeSendMsg:
    """Return a message that is about to be delivered."""
    return read(sample(BEFORE), C2CBeforeSendMsg)


def message(key: str = "1_2_3") -> C2CAfterSendMsg:
    """Return a message that was delivered."""
    return evolve(read(sample(AFTER), C2CAfterSendMsg), msg_key=key)


def collector(hook: Webhook, event: type[Event]) -> list[Event]:
    """Return a list in which the events of a class are going to be."""
    heard: list[Event] = []

    async def collect(event: Event) -> None:
        heard.append(event)

    hook.on(event)(collect)
    return heard


# -- verdicts


@pytest.mark.parametrize(
    ("decide", "answer"),
    [
        (lambda _: None, GO_ON),
        (lambda event: event.allow(), GO_ON),
        (lambda event: event.refuse(), REFUSED),
        (lambda event: event.refuse(120_001), GO_ON | {"ErrorCode": 120_001}),
        (lambda event: event.refuse(130_000, "no links"), GO_ON | {"ErrorCode": 130_000, "ErrorInfo": "no links"}),
        (lambda event: event.drop(), GO_ON | {"ErrorCode": 2}),
        (
            lambda event: event.rewrite("***"),
            GO_ON | {"MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "***"}}]},
        ),
        (
            lambda event: event.rewrite([Face(1)], "checked"),
            GO_ON | {"MsgBody": [{"MsgType": "TIMFaceElem", "MsgContent": {"Index": 1}}], "CloudCustomData": "checked"},
        ),
        (lambda event: event.rewrite(cloud_custom_data=""), GO_ON | {"CloudCustomData": ""}),
    ],
)
async def test_a_verdict_is_written_as_the_service_understands_it(
    hook: Webhook, post: Post, decide: Callable[[C2CBeforeSendMsg], C2CVerdict | None], answer: dict[str, Any]
) -> None:
    """Each way to answer a message that is about to be delivered."""

    @hook.on(C2CBeforeSendMsg)
    async def handler(event: C2CBeforeSendMsg) -> C2CVerdict | None:
        return decide(event)

    assert said(await hook.answer(*post(BEFORE))) == answer


@pytest.mark.parametrize("code", [0, 1, 2, 10_100, 120_000, 130_001, -1])
def test_a_code_that_the_service_does_not_pass_on_is_refused(code: int) -> None:
    """It would reach the sender as another one."""
    with pytest.raises(InputError, match="code has to be from 120001 to 130000, or left out"):
        gate().refuse(code)


@pytest.mark.parametrize("parts", [(), ([],), ("",), (None, None)])
def test_a_message_cannot_be_rewritten_to_nothing(parts: tuple[Any, ...]) -> None:
    """Nothing is delivered by dropping, or refused by refusing."""
    with pytest.raises(InputError, match="nothing in the place"):
        gate().rewrite(*parts)


def test_a_verdict_says_whether_it_allows() -> None:
    """Also where it allows something else; of friends, whether it allows them all."""
    allowed = [gate().allow(), gate().rewrite("x"), gate().refuse(), gate().drop()]
    assert [verdict.allows for verdict in allowed] == [True, True, False, False]
    friends = read(sample("Sns.CallbackPrevFriendAdd"), SnsPrevFriendAdd)
    some = friends.refuse(accounts=friends.accounts[0])
    assert [verdict.allows for verdict in (friends.allow(), friends.refuse(), some)] == [True, False, False]


def test_a_gate_of_your_own_knows_its_verdicts() -> None:
    """They stand in the brackets of its base, whatever else it is."""

    class Noted(Generic[T]):
        __slots__ = ()

    @frozen(kw_only=True)
    class Dream(Noted[int], Gate[C2CVerdict]):
        callback_command = "Some.CallbackBeforeDream"

    assert Dream().refuse(120_001) == C2CVerdict(error_code=120_001)


@pytest.mark.parametrize("stamp", [0, -(10**30), 10**30])
def test_a_time_that_there_is_not_is_none(stamp: int) -> None:
    """Whatever the service writes there, asking for the time fails nobody."""
    event = evolve(message(), event_time=stamp, msg_time=0)
    assert event.happened_at is None


# -- who handles what


async def test_an_event_reaches_every_function_of_its_class_in_order(hook: Webhook) -> None:
    """And those of the classes above it; but no other."""
    heard: list[str] = []
    names: dict[str, type[Event]] = {
        "first": C2CAfterSendMsg,
        "all": Event,
        "gate": Gate,
        "read": C2CAfterMsgReport,
        "last": C2CAfterSendMsg,
    }

    async def note(event: Event, *, name: str) -> None:
        assert isinstance(event, C2CAfterSendMsg)
        heard.append(name)

    for name, event in names.items():
        hook.on(event)(partial(note, name=name))
    assert await hook.dispatch(message()) == Verdict()
    await hook.idle()
    assert heard == ["first", "all", "last"]


async def test_what_nobody_handles_goes_to_the_default(hook: Webhook, post: Post) -> None:
    """Also what no class is known for."""
    heard = collector(hook, C2CAfterMsgReport)
    rest: list[Event] = []

    @hook.default
    async def handler(event: Event) -> None:
        rest.append(event)

    await hook.dispatch(message())
    await hook.dispatch(read(sample(READ), C2CAfterMsgReport))
    body = json.dumps({"CallbackCommand": "Some.Thing"}).encode()
    assert said(await hook.answer(post.query("Some.Thing"), {}, body)) == GO_ON
    assert said(await hook.answer(*post(BEFORE))) == GO_ON
    await hook.idle()
    assert [type(event) for event in heard] == [C2CAfterMsgReport]
    assert [type(event) for event in rest] == [C2CAfterSendMsg, UnknownEvent, C2CBeforeSendMsg]


async def test_the_default_may_decide(hook: Webhook) -> None:
    """Somebody who lets nothing pass that he does not know needs one function."""

    @hook.default
    async def closed(event: Event) -> Verdict | None:
        return event.refuse() if isinstance(event, Gate) else None

    assert (await hook.dispatch(gate())).error_code == 1


@pytest.mark.parametrize("command", EVENTS)
async def test_without_functions_everything_goes_on(hook: Webhook, post: Post, command: str) -> None:
    """A webhook that handles nothing stands in nobody's way."""
    answer = said(await hook.answer(*post(command)))
    assert {name: answer[name] for name in GO_ON} == GO_ON


async def test_the_first_verdict_decides(hook: Webhook) -> None:
    """Who comes behind it is not asked."""
    asked: list[int] = []

    async def handler(event: C2CBeforeSendMsg, number: int) -> C2CVerdict | None:
        asked.append(number)
        return event.refuse(120_000 + number) if number == 2 else None

    for number in (1, 2, 3):
        hook.on(C2CBeforeSendMsg)(partial(handler, number=number))
    assert (await hook.dispatch(gate())).error_code == 120_002
    assert asked == [1, 2]


async def test_a_function_that_comes_later_is_heard_too(hook: Webhook) -> None:
    """Functions can be registered at any time."""
    assert (await hook.dispatch(gate())).allows

    @hook.on(MessageGate)
    async def handler(event: MessageGate[Any]) -> Any:
        return event.drop()

    assert (await hook.dispatch(gate())).error_code == 2


async def test_an_event_of_your_own_is_read_as_your_class(hook: Webhook, post: Post) -> None:
    """Also one that is below a class of this library."""

    @frozen(kw_only=True)
    class Dreams(Event):
        callback_command = "Group.CallbackAfterDreams"

        group_id: str

    @frozen(kw_only=True)
    class WithMood(C2CAfterSendMsg):
        mood: int | None = None

    heard = [collector(hook, kind) for kind in (Dreams, WithMood, C2CAfterSendMsg)]
    body = json.dumps({"CallbackCommand": "Group.CallbackAfterDreams", "GroupId": "g"}).encode()
    await hook.answer(post.query("Group.CallbackAfterDreams"), {}, body)
    await hook.answer(*post(AFTER, Mood="3"))
    await hook.idle()
    dreams, moods, messages = heard
    assert dreams == [Dreams(group_id="g")]
    assert moods == messages
    assert isinstance(moods[0], WithMood)
    assert moods[0].mood == 3


async def test_two_classes_of_one_callback_have_to_be_one_above_the_other(hook: Webhook) -> None:
    """Else nobody knew how to read it."""

    @frozen(kw_only=True)
    class Other(Event):
        callback_command = AFTER

    with pytest.raises(ConfigError, match=r"C2C\.CallbackAfterSendMsg is read as C2CAfterSendMsg already, and Other"):
        hook.on(Other)


@pytest.mark.parametrize("event", [AFTER, Text, None, Verdict])
def test_only_events_are_handled(auth: Auth, event: Any) -> None:
    """The name of a callback is no class."""
    with pytest.raises(ConfigError, match=r"on\(\) takes a class of events"):
        Webhook(auth).on(event)


def test_only_functions_handle(auth: Auth) -> None:
    """What cannot be called is told at once."""
    nobody: Any = None
    with pytest.raises(ConfigError, match="async function, not by None"):
        Webhook(auth).on(C2CAfterSendMsg)(nobody)


def test_a_function_stays_what_it_is(auth: Auth) -> None:
    """It can be called and tested by itself."""

    async def handler(event: Event) -> None: ...

    hook = Webhook(auth)
    assert hook.on(C2CAfterSendMsg)(handler) is handler
    assert hook.default(handler) is handler


async def test_of_a_batch_every_event_is_handled(hook: Webhook, post: Post) -> None:
    """Functions know nothing of batches."""
    heard = collector(hook, PushOfflinePush)
    body = json.dumps({"Events": [sample(PUSH) | {"MsgSeq": number} for number in range(100)]}).encode()
    assert said(await hook.answer(post.query(PUSH), {}, body)) == GO_ON
    await hook.idle()
    assert [event.msg_seq for event in heard if isinstance(event, PushOfflinePush)] == list(range(100))


# -- functions that fail, or take too long


@pytest.mark.parametrize("own", [None, "allow", "refuse"])
@pytest.mark.parametrize("fallback", ["allow", "refuse"])
@pytest.mark.parametrize("fault", ["raises", "takes too long", "is cancelled", "says something else"])
async def test_without_a_decision_the_service_hears_what_was_set(  # noqa: PLR0917  # every combination
    auth: Auth,
    clock: FakeClock,
    fallback: Fallback,
    own: Fallback | None,
    fault: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """By the webhook, or by the function itself, which is named in the log."""
    hook = Webhook(auth, fallback=fallback, clock=clock)

    @hook.on(C2CBeforeSendMsg)
    async def first(event: C2CBeforeSendMsg) -> None:
        """Have nothing to say."""

    async def culprit(_: C2CBeforeSendMsg) -> Any:
        if fault == "takes too long":
            await asyncio.Event().wait()
        if fault == "is cancelled":
            raise asyncio.CancelledError
        if fault == "raises":
            raise KeyError("no such word")
        return GroupMessageVerdict()

    hook.on(C2CBeforeSendMsg, fallback=own)(culprit)
    verdict = await clock.run(hook.dispatch(gate()))
    assert verdict.error_code == {"allow": 0, "refuse": 1}[own or fallback]
    assert hook.failed == 1
    assert "culprit" in caplog.text
    assert {"allow": "it is allowed", "refuse": "it is refused"}[own or fallback] in caplog.text


@pytest.mark.parametrize("fault", ["raises", "takes too long"])
async def test_that_one_fails_lets_nothing_past_the_next(auth: Auth, clock: FakeClock, fault: str) -> None:
    """Who only looks on and fails is passed over; where there is no time to ask who shuts the gate, it stays shut."""
    hook, asked = Webhook(auth, clock=clock), list[str]()

    @hook.on(Event)
    async def looks_on(event: Event) -> None:
        asked.append(event.callback_command)
        if fault == "takes too long":
            await asyncio.Event().wait()
        raise KeyError("no such word")

    @hook.on(C2CBeforeSendMsg, fallback="refuse")
    async def guards(event: C2CBeforeSendMsg) -> C2CVerdict | None:
        asked.append(event.msg_key)
        return event.refuse(120_001)

    verdict = await clock.run(hook.dispatch(gate()))
    assert verdict.error_code == {"raises": 120_001, "takes too long": 1}[fault]
    assert asked == [BEFORE, gate().msg_key][: {"raises": 2, "takes too long": 1}[fault]]
    assert hook.failed == 1


async def test_who_takes_too_long_is_cancelled_and_not_waited_for(hook: Webhook, clock: FakeClock) -> None:
    """The answer goes out after 1.5 seconds, whatever the function does about its cancellation."""
    told, free = asyncio.Event(), asyncio.Event()

    @hook.on(C2CBeforeSendMsg)
    async def stubborn(event: C2CBeforeSendMsg) -> C2CVerdict:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            told.set()
            await free.wait()
        return event.refuse()

    verdict = await clock.run(hook.dispatch(gate()))
    assert verdict.allows
    assert clock.time() == pytest.approx(1.5, abs=0.1)
    await told.wait()
    free.set()


async def test_time_counts_from_the_moment_in_which_the_request_came(hook: Webhook, clock: FakeClock) -> None:
    """What reading it took is not given to the function as well."""

    @hook.on(C2CBeforeSendMsg)
    async def slow(_: C2CBeforeSendMsg) -> None:
        await asyncio.Event().wait()

    await clock.advance(1.0)
    await clock.run(hook.dispatch(gate(), since=0.0))
    assert clock.time() == pytest.approx(1.5, abs=0.1)


async def test_all_functions_together_have_the_time(auth: Auth, clock: FakeClock) -> None:
    """The service waits for the answer, not for a function."""
    hook, asked = Webhook(auth, answer_within=1.0, clock=clock), list[int]()

    async def slow(_: C2CBeforeSendMsg, number: int) -> None:
        asked.append(number)
        woken = asyncio.Event()
        clock.call_at(clock.time() + 0.4, woken.set)
        await woken.wait()

    for number in range(5):
        hook.on(C2CBeforeSendMsg)(partial(slow, number=number))
    await clock.run(hook.dispatch(gate()))
    assert asked == [0, 1, 2]
    assert clock.time() == pytest.approx(1.0, abs=0.1)


async def test_who_decides_in_time_leaves_no_timer(hook: Webhook, clock: FakeClock) -> None:
    """A thousand decisions leave nothing behind."""
    collector(hook, C2CBeforeSendMsg)
    assert (await hook.dispatch(gate())).allows
    assert clock.timers == 0


async def test_a_request_that_is_given_up_gives_up_its_function(hook: Webhook) -> None:
    """Where the service hangs up, nobody goes on deciding."""
    began, ended = asyncio.Event(), asyncio.Event()

    @hook.on(C2CBeforeSendMsg)
    async def handler(_: C2CBeforeSendMsg) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    request = asyncio.create_task(hook.dispatch(gate()))
    await began.wait()
    request.cancel()
    await ended.wait()
    with pytest.raises(asyncio.CancelledError):
        await request


async def test_that_one_function_fails_does_not_keep_an_event_from_the_next(
    hook: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor the next event from any."""

    @hook.on(C2CAfterSendMsg)
    async def broken(_: C2CAfterSendMsg) -> None:
        raise KeyError("no such user")

    heard = collector(hook, C2CAfterSendMsg)
    for key in ("1", "2"):
        await hook.dispatch(message(key))
    await hook.idle()
    assert len(heard) == 2
    assert hook.failed == 2
    assert "broken failed at C2C.CallbackAfterSendMsg" in caplog.text
    assert "no such user" in caplog.text


async def test_a_function_that_cancels_itself_is_told_of(hook: Webhook, caplog: pytest.LogCaptureFixture) -> None:
    """It is a failure like another, and the next function has the event."""

    @hook.on(C2CAfterSendMsg)
    async def gone(_: C2CAfterSendMsg) -> None:
        raise asyncio.CancelledError

    heard = collector(hook, C2CAfterSendMsg)
    await hook.dispatch(message())
    await hook.idle()
    assert len(heard) == hook.failed == 1
    assert "gone failed" in caplog.text


# -- what is only told


async def test_the_service_does_not_wait_for_what_it_only_tells(hook: Webhook, post: Post) -> None:
    """The answer is there before a function has begun."""
    began = asyncio.Event()

    @hook.on(C2CAfterSendMsg)
    async def slow(_: C2CAfterSendMsg) -> None:
        began.set()

    assert said(await hook.answer(*post(AFTER))) == GO_ON
    assert not began.is_set()
    await hook.idle()
    assert began.is_set()


@pytest.mark.parametrize("at_once", [1, 3])
async def test_only_so_many_events_are_handled_at_once(auth: Auth, at_once: int) -> None:
    """And they are begun in the order in which they came; with one at a time they are ended so as well."""
    hook, running, most, begun = Webhook(auth, at_once=at_once), 0, 0, list[str]()

    @hook.on(C2CAfterSendMsg)
    async def slow(event: C2CAfterSendMsg) -> None:
        nonlocal running, most
        begun.append(event.msg_key)
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1

    for number in range(20):
        await hook.dispatch(message(str(number)))
    await hook.idle()
    assert most == at_once
    assert begun == [str(number) for number in range(20)]


async def test_an_event_that_finds_too_many_before_it_is_refused(
    auth: Auth, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    """The service hears that it failed, and sends it again if the console says so; nothing is lost in silence."""
    hook, free, heard = Webhook(auth, waiting=2, at_once=1, repeats_within=60), asyncio.Event(), list[str]()

    @hook.on(C2CAfterSendMsg)
    async def slow(event: C2CAfterSendMsg) -> None:
        await free.wait()
        heard.append(event.msg_key)

    for number in range(3):
        assert (await hook.answer(*post(AFTER, MsgKey=str(number)))).status == 200
    for _ in range(2):
        refused = await hook.answer(*post(AFTER, MsgKey="3"))
        assert refused.status == 503
        assert json.loads(refused.body)["ErrorInfo"] == "2 events wait already"
    assert hook.refused == {OverloadedError: 2}
    assert caplog.text.count("2 events wait already") == 1
    free.set()
    await hook.idle()
    await hook.answer(*post(AFTER, MsgKey="3"))
    await hook.idle()
    assert heard == ["0", "1", "2", "3"]


async def test_an_event_that_nobody_handles_takes_no_place(auth: Auth) -> None:
    """What goes nowhere does not wait."""
    hook = Webhook(auth, waiting=1)
    for number in range(10):
        await hook.dispatch(message(str(number)))
    await hook.idle()


async def test_a_function_runs_in_the_context_of_its_request(auth: Auth) -> None:
    """What a web framework keeps there, such as a request's id, is there as well."""
    request_id, heard = ContextVar("request_id", default="none"), list[str]()
    hook = Webhook(auth, at_once=1)

    @hook.on(C2CAfterSendMsg)
    async def handler(_: C2CAfterSendMsg) -> None:
        heard.append(request_id.get())
        await asyncio.sleep(0)

    for name in ("a", "b", "c"):
        request_id.set(name)
        await hook.dispatch(message(name))
    await hook.idle()
    assert heard == ["a", "b", "c"]


async def test_the_end_waits_for_what_is_there(auth: Auth) -> None:
    """And nothing more is taken."""
    async with Webhook(auth, at_once=1) as hook:
        heard = collector(hook, C2CAfterSendMsg)
        for number in range(5):
            await hook.dispatch(message(str(number)))
    assert len(heard) == 5
    for event in (message(), gate()):
        with pytest.raises(OverloadedError, match="closed"):
            await hook.dispatch(event)


async def test_the_end_does_not_wait_for_ever(auth: Auth, clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    """After 5 seconds it gives up, and says how much."""
    hook, ended = Webhook(auth, at_once=2, clock=clock), list[str]()

    @hook.on(C2CAfterSendMsg)
    async def endless(event: C2CAfterSendMsg) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(event.msg_key)

    for number in range(5):
        await hook.dispatch(message(str(number)))
    await clock.run(hook.close())
    assert clock.time() == pytest.approx(5.0, abs=0.1)
    assert sorted(ended) == ["0", "1"]
    assert "3 events were given up, and 2 as they were handled" in caplog.text
    assert hook.failed == 0


async def test_the_end_gives_up_who_is_still_deciding(auth: Auth, clock: FakeClock) -> None:
    """Their requests are answered with what was set."""
    hook, began = Webhook(auth, fallback="refuse", clock=clock), asyncio.Event()

    @hook.on(C2CBeforeSendMsg)
    async def endless(_: C2CBeforeSendMsg) -> None:
        began.set()
        await asyncio.Event().wait()

    request = asyncio.create_task(hook.dispatch(gate()))
    await began.wait()
    await hook.close()
    assert (await request).error_code == 1


# -- repeated deliveries


async def test_a_repeated_delivery_is_handled_once(auth: Auth, clock: FakeClock, post: Post) -> None:
    """It is answered as the first one was; after the time that was set it is an event of its own again."""
    hook = Webhook(auth, repeats_within=60, clock=clock)
    heard = collector(hook, C2CAfterSendMsg)
    for _ in range(3):
        assert said(await hook.answer(*post(AFTER))) == GO_ON
    await hook.answer(*post(AFTER, MsgKey="another"))
    await hook.idle()
    assert (len(heard), hook.repeated) == (2, 2)
    await clock.advance(60)
    await hook.answer(*post(AFTER))
    await hook.idle()
    assert (len(heard), hook.repeated) == (3, 2)


async def test_unless_it_is_asked_for_nothing_is_remembered(hook: Webhook, post: Post) -> None:
    """The service does not repeat itself unless the console says so."""
    heard = collector(hook, C2CAfterSendMsg)
    for _ in range(2):
        await hook.answer(*post(AFTER))
    await hook.idle()
    assert (len(heard), hook.repeated) == (2, 0)


async def test_a_question_is_asked_each_time(auth: Auth, post: Post) -> None:
    """The service never repeats one, so two that look alike are two."""
    hook = Webhook(auth, repeats_within=60)
    heard = collector(hook, C2CBeforeSendMsg)
    for _ in range(2):
        await hook.answer(*post(BEFORE))
    assert (len(heard), hook.repeated) == (2, 0)


async def test_what_cannot_be_told_apart_is_never_taken_for_repeated(auth: Auth) -> None:
    """An event without keys of its own is handled each time."""
    hook = Webhook(auth, repeats_within=60)
    heard = collector(hook, UnknownEvent)
    for _ in range(2):
        await hook.dispatch(UnknownEvent(callback_command="Some.Thing"))
    await hook.idle()
    assert (len(heard), hook.repeated) == (2, 0)


def test_only_so_many_deliveries_are_remembered(clock: FakeClock) -> None:
    """Of more than 100,000 the oldest are forgotten."""
    seen, first, event = Seen(1e9, clock), message("first"), message()
    seen.add(first)
    for number in range(MOST_SEEN):
        assert seen.knows(first) is (number < MOST_SEEN - 1)
        object.__setattr__(event, "msg_key", str(number))
        assert not seen.knows(event)
        seen.add(event)
    assert seen.knows(event)


# -- requests that are not believed


async def test_of_what_is_refused_the_first_is_a_warning(
    hook: Webhook, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever knocks at the door cannot fill the log; how often is counted."""
    caplog.set_level(logging.DEBUG, "timrest_async")
    for query in [post.query(BEFORE, Sign="0" * 64)] * 3 + [post.query(BEFORE, SdkAppid="7")]:
        answer = await hook.answer(query, {}, b"{}")
        assert answer.status in {401, 403}
        assert json.loads(answer.body)["ActionStatus"] == "FAIL"
    assert {error.__name__: count for error, count in hook.refused.items()} == {
        "SignatureError": 3,
        "WrongApplicationError": 1,
    }
    assert [record.levelname for record in caplog.records] == ["WARNING", "DEBUG", "DEBUG", "WARNING"]
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    "settings",
    [
        {"answer_within": 0},
        {"answer_within": 2.1},
        {"fallback": "perhaps"},
        {"waiting": 0},
        {"at_once": 0},
        {"repeats_within": 0},
        {"max_bytes": 0},
    ],
)
def test_settings_that_cannot_be_are_refused(auth: Auth, settings: dict[str, Any]) -> None:
    """By name."""
    with pytest.raises(ConfigError, match=next(iter(settings))):
        Webhook(auth, **settings)


def test_the_fallback_of_a_function_is_checked_too(auth: Auth) -> None:
    """As the webhook's is."""
    wrong: Any = "perhaps"
    with pytest.raises(ConfigError, match="fallback has to be one of allow, refuse, not 'perhaps'"):
        Webhook(auth).on(C2CBeforeSendMsg, fallback=wrong)
