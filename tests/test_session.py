"""The road of a call, over a service in memory."""

from __future__ import annotations

import asyncio
import inspect
from traceback import walk_tb
from typing import TYPE_CHECKING, Any

import pytest

from timrest_async import (
    ApiError,
    AuthenticationError,
    CallTimeoutError,
    ConfigError,
    InputError,
    RateLimit,
    RateLimiter,
    Reply,
    RetryPolicy,
    Text,
    TimError,
    TimSession,
)
from timrest_async.commands.messages import Messages, SendMessage, SendMessageReply
from timrest_async.testing import FakeClock, MemoryTransport
from timrest_async.usersig import verify

if TYPE_CHECKING:
    from pathlib import Path

    from timrest_async.transport import Transport

KEY = "0123456789abcdef" * 4
OK = {"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0, "MsgTime": 1497238162, "MsgKey": "1_2_3"}


def session(service: MemoryTransport, **settings: Any) -> TimSession:
    """Open a session on *service*."""
    usual: dict[str, Any] = {"sdkappid": 1400000000, "secret_key": KEY, "clock": FakeClock()}
    return TimSession(transport=service, **(usual | settings))


async def test_a_message_goes_out_and_its_receipt_comes_back() -> None:
    """The main job: one call, one reply with its type."""
    service = MemoryTransport(OK)
    async with session(service) as tim:
        sent = await tim.messages.send("lumotuwe2", "hi, beauty", from_account="lumotuwe1", msg_life_time=3600)
    assert sent == SendMessageReply(msg_time=1497238162, msg_key="1_2_3")
    (call,) = service.calls
    assert call.path == "openim/sendmsg"
    assert call.json["MsgBody"] == [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi, beauty"}}]
    assert call.json["From_Account"] == "lumotuwe1"
    assert service.closed


async def test_any_command_can_be_called_by_its_path() -> None:
    """A path and a dict go out as they are, elements included, and the whole answer comes back as a dict."""
    service = MemoryTransport({"ErrorCode": 0, "QueryResult": []}, {"ErrorCode": 0}, {"ErrorCode": 0})
    tim = session(service)
    assert await tim.call("openim/querystate", {"To_Account": ["id1"]}) == {"ErrorCode": 0, "QueryResult": []}
    await tim.call("/v4/openim/sendmsg", {"MsgBody": [Text("hi")]})
    await tim.call("openim/nothing")
    assert [(call.path, call.json) for call in service.calls] == [
        ("openim/querystate", {"To_Account": ["id1"]}),
        ("openim/sendmsg", {"MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]}),
        ("openim/nothing", {}),
    ]


@pytest.mark.parametrize("path", ["sendmsg", "openim/", "openim/sendmsg?x=1", "../openim/sendmsg", "openim/send msg"])
async def test_a_path_that_is_none_is_refused(path: str) -> None:
    """What does not name a service and a command never reaches the URL."""
    with pytest.raises(InputError, match="SERVICE/COMMAND"):
        await session(MemoryTransport()).call(path, {})


async def test_a_body_that_is_no_object_is_refused() -> None:
    """A list is not a body."""
    with pytest.raises(InputError, match="has to be a dict"):
        await session(MemoryTransport()).call("openim/sendmsg", [])  # type: ignore[call-overload]


async def test_bad_input_is_told_where_the_call_is_awaited() -> None:
    """One bad call among many fails alone, and nothing of it is sent."""
    service = MemoryTransport(OK, OK)
    tim = session(service)
    outcomes = await asyncio.gather(*(tim.messages.send(to, "hi") for to in ("a", "", "b")), return_exceptions=True)
    assert [type(outcome).__name__ for outcome in outcomes] == ["SendMessageReply", "InputError", "SendMessageReply"]
    assert len(service.calls) == 2


async def test_a_call_is_signed_for_its_application_and_administrator() -> None:
    """The UserSig of a call holds for the session's SDKAppID and identifier."""
    clock, service = FakeClock(), MemoryTransport(OK)
    await session(service, clock=clock, identifier="boss").messages.send("a", "hi")
    said = verify(service.calls[0].usersig, sdkappid=1400000000, secret_key=KEY, identifier="boss", now=clock.now())
    assert said.expire == 86_400


async def test_a_refused_signature_is_not_used_again() -> None:
    """After the service refuses a signature, the next call carries a fresh one."""
    clock, service = FakeClock(), MemoryTransport({"ErrorCode": 70001}, OK, OK)
    tim = session(service, clock=clock)
    with pytest.raises(AuthenticationError):
        await tim.messages.send("a", "hi")
    await clock.advance(1.0)
    await tim.messages.send("a", "hi")
    await tim.messages.send("a", "hi")
    first, second, third = (call.usersig for call in service.calls)
    assert first != second == third


async def test_a_static_signature_is_used_as_it_is() -> None:
    """A UserSig made elsewhere goes out unchanged, refused or not."""
    service = MemoryTransport({"ErrorCode": 70001}, OK)
    tim = TimSession(1, usersig="eJxyz*-_", transport=service, clock=FakeClock())
    with pytest.raises(AuthenticationError):
        await tim.messages.send("a", "hi")
    await tim.messages.send("a", "hi")
    assert {call.usersig for call in service.calls} == {"eJxyz*-_"}


async def test_an_attempt_gets_its_own_limit_and_no_more_than_is_left() -> None:
    """Each attempt may take 10 seconds by default, or what the call's deadline leaves."""
    clock, service = FakeClock(), MemoryTransport(OK, OK, OK)
    tim = session(service, clock=clock, limits=RateLimiter(RateLimit(1, burst=1), clock=clock))
    await clock.run(tim.with_options(timeout=2.0).messages.send("a", "hi"))
    await clock.run(tim.messages.send("a", "hi"))
    await clock.run(tim.with_options(attempt_timeout=4.0).messages.send("a", "hi"))
    assert [round(call.timeout, 2) for call in service.calls] == [2.0, 10.0, 4.0]


async def test_options_of_a_view_leave_the_session_alone() -> None:
    """A view shares everything but its options."""
    clock, service = FakeClock(), MemoryTransport({"ErrorCode": 20004}, {"ErrorCode": 20004}, OK)
    tim = session(service, clock=clock)
    once = tim.with_options(retry=RetryPolicy(attempts=1))
    with pytest.raises(TimError):
        await clock.run(once.messages.send("a", "hi"))
    await clock.run(tim.messages.send("a", "hi"))
    assert len(service.calls) == 3
    assert once.messages is not tim.messages
    assert tim.messages is tim.messages


async def test_sessions_that_share_a_limiter_share_its_windows() -> None:
    """Two sessions of one application stay under one cap."""
    clock = FakeClock()
    limits = RateLimiter(RateLimit(2, burst=2), clock=clock)
    sessions = [session(MemoryTransport(*[OK] * 4), clock=clock, limits=limits) for _ in range(2)]
    await clock.run(asyncio.gather(*(tim.messages.send("a", "hi") for tim in sessions for _ in range(4))))
    assert round(clock.time(), 2) == 3.0


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"sdkappid": 0}, "sdkappid"),
        ({"sdkappid": -1}, "sdkappid"),
        ({"sdkappid": True}, "sdkappid"),
        ({"sdkappid": "1400000000"}, "sdkappid"),
        ({"identifier": ""}, "identifier"),
        ({"identifier": "x" * 33}, "identifier"),
        ({"secret_key": None}, "exactly one of secret_key and usersig"),
        ({"usersig": "abc"}, "exactly one of secret_key and usersig"),
        ({"secret_key": ""}, "secret_key is empty"),
        ({"secret_key": None, "usersig": ""}, "usersig"),
        ({"secret_key": None, "usersig": "with space"}, "usersig"),
        ({"usersig_life": 0}, "usersig_life"),
        ({"usersig_life": 181 * 86_400}, "usersig_life"),
        ({"region": "atlantis"}, "region has to be one of china"),
        ({"region": "china", "base_url": "https://example.org"}, "either region or base_url"),
        ({"base_url": "example.org"}, "base_url"),
        ({"base_url": "ftp://example.org"}, "base_url"),
        ({"base_url": "https://example.org:port"}, "base_url"),
        ({"timeout": 0.0}, "timeout"),
        ({"timeout": float("inf")}, "timeout"),
        ({"attempt_timeout": -1.0}, "timeout"),
    ],
)
def test_a_session_that_cannot_work_is_refused_when_it_is_made(settings: dict[str, Any], words: str) -> None:
    """Contradictions and impossible settings are told at once, by name."""
    with pytest.raises(ConfigError, match=words):
        session(MemoryTransport(), **settings)


async def test_http_and_transport_exclude_each_other() -> None:
    """A session has one way to the service."""
    with pytest.raises(ConfigError, match="either http or transport"):
        TimSession(1, secret_key=KEY, transport=MemoryTransport(), http=object())  # type: ignore[arg-type]


async def test_failover_and_transport_exclude_each_other() -> None:
    """Who brings the way to the service brings the other way as well."""
    with pytest.raises(ConfigError, match="either failover or transport"):
        TimSession(1, secret_key=KEY, transport=MemoryTransport(), failover=True)


def test_settings_come_from_the_environment() -> None:
    """The TIMREST_ variables set a session up, and settings of the caller win over them."""
    env = {"TIMREST_SDKAPPID": "1400000001", "TIMREST_SECRET_KEY": KEY, "TIMREST_REGION": "sgp"}
    assert repr(TimSession.from_env(env)) == (
        "TimSession(sdkappid=1400000001, identifier='administrator', base_url='https://adminapisgp.im.qcloud.com')"
    )
    there = {"TIMREST_SDKAPPID": "7", "TIMREST_USERSIG": "abc", "TIMREST_BASE_URL": "http://127.0.0.1:8700"}
    assert "identifier='boss', base_url='http://127.0.0.1:8700'" in repr(TimSession.from_env(there, identifier="boss"))


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ({"region": "sgp"}, "https://adminapisgp.im.qcloud.com"),
        ({"base_url": "http://127.0.0.1:8701"}, "http://127.0.0.1:8701"),
        ({"usersig": "abc"}, "http://127.0.0.1:8700"),
    ],
)
def test_a_setting_takes_the_place_of_its_rival_in_the_environment(settings: dict[str, Any], shown: str) -> None:
    """A region given here sets aside an address given there, and a UserSig a key."""
    env = {"TIMREST_SDKAPPID": "7", "TIMREST_SECRET_KEY": KEY, "TIMREST_BASE_URL": "http://127.0.0.1:8700"}
    assert f"base_url='{shown}'" in repr(TimSession.from_env(env, **settings))


@pytest.mark.parametrize("env", [{}, {"TIMREST_SECRET_KEY": KEY, "TIMREST_USERSIG": "abc"}])
def test_the_environment_has_a_key_or_a_usersig(env: dict[str, str]) -> None:
    """Neither is too little, and both leave open who is meant."""
    with pytest.raises(
        ConfigError, match="exactly one of TIMREST_SECRET_KEY, TIMREST_SECRET_KEY_FILE and TIMREST_USERSIG"
    ):
        TimSession.from_env({"TIMREST_SDKAPPID": "7"} | env)


@pytest.mark.parametrize(("value", "words"), [("", "is not set"), ("many", "whole number")])
def test_a_missing_or_odd_sdkappid_in_the_environment_is_told(value: str, words: str) -> None:
    """The message names the variable."""
    with pytest.raises(ConfigError, match=f"TIMREST_SDKAPPID .*{words}"):
        TimSession.from_env({"TIMREST_SDKAPPID": value, "TIMREST_SECRET_KEY": KEY})


def test_the_processs_own_environment_is_read_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an argument it is os.environ that counts."""
    monkeypatch.setenv("TIMREST_SDKAPPID", "42")
    monkeypatch.setenv("TIMREST_SECRET_KEY", KEY)
    assert "sdkappid=42" in repr(TimSession.from_env())


def test_a_session_shows_no_secret() -> None:
    """Neither key nor signature is in the session's repr, nor in what its parts show."""
    tim = TimSession(1, secret_key=KEY, transport=MemoryTransport(), clock=FakeClock())
    shown = repr(tim) + repr(vars(tim))
    assert KEY not in shown


def test_methods_of_a_domain_say_what_they_take() -> None:
    """help(tim.messages.send) shows the command's own words and fields."""
    tim = TimSession(1, secret_key=KEY, transport=MemoryTransport())
    send: Any = tim.messages.send
    assert send.__doc__ == inspect.getdoc(SendMessage)
    assert send.__name__ == "send"
    assert send.__qualname__ == "Messages.send"
    assert {"to_account", "msg_body", "msg_life_time"} <= inspect.signature(send).parameters.keys()
    assert inspect.iscoroutinefunction(send)


def test_a_domain_names_the_command_of_each_of_its_methods() -> None:
    """Asked of the class, an endpoint is itself, and knows what it sends."""
    assert Messages.send.command is SendMessage


async def test_messages_of_one_process_keep_their_order_within_a_second() -> None:
    """MsgSeq rises from message to message, and MsgRandom tells them apart."""
    service = MemoryTransport(*[OK] * 50)
    tim = session(service, limits=RateLimiter(RateLimit(1000, burst=1000), clock=FakeClock()))
    await asyncio.gather(*(tim.messages.send("a", f"{n}") for n in range(50)))
    seqs = [call.json["MsgSeq"] for call in service.calls]
    assert seqs == list(range(seqs[0], seqs[0] + 50))
    assert len({call.json["MsgRandom"] for call in service.calls}) == 50


def test_the_key_may_stand_in_a_file(tmp_path: Path) -> None:
    """Given as a path, or named by TIMREST_SECRET_KEY_FILE, as containers hand out secrets; blanks are cut off."""
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    env = {"TIMREST_SDKAPPID": "7", "TIMREST_SECRET_KEY_FILE": str(file)}
    for tim in (TimSession(7, secret_key=file), TimSession.from_env(env), TimSession.from_env({}, **settings_of(file))):
        assert verify(tim._parts.signature.current(), sdkappid=7, secret_key=KEY, identifier="administrator", now=0)


def settings_of(file: Path) -> dict[str, Any]:
    """Make settings that name *file*."""
    return {"sdkappid": 7, "secret_key": file}


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "No such file"), (b"\xff", "it is no text"), (b" \n", "it is empty")]
)
def test_a_file_without_a_key_is_named(tmp_path: Path, content: bytes | None, reason: str) -> None:
    """The message says which file, and what is wrong with it."""
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=f"{file}.*{reason}"):
        TimSession(7, secret_key=file)


def test_a_session_that_was_not_made_can_be_shown() -> None:
    """A debugger that stops in the middle of the set-up prints it."""
    assert repr(object.__new__(TimSession)) == "TimSession(...)"


def test_a_session_shows_both_of_its_addresses() -> None:
    """The main one and the backup."""
    tim = TimSession(1, secret_key=KEY, region="sgp", failover=True)
    assert "base_url='https://adminapisgp.im.qcloud.com', failover='https://adminapisgp.my-imcloud.com'" in repr(tim)


@pytest.mark.parametrize("code", [70016, 70020])
async def test_an_application_of_another_region_is_told_where_it_was_asked_for(code: int) -> None:
    """The error says that the region is to be checked, and names the host and the regions there are."""
    tim = session(MemoryTransport({"ErrorCode": code}), region="sgp")
    with pytest.raises(ApiError, match=r"lives in another data centre.*Check region=") as caught:
        await tim.messages.send("a", "hi")
    (note,) = caught.value.__notes__
    assert "https://adminapisgp.im.qcloud.com" in note
    assert "china, singapore, seoul" in note


async def test_an_attempt_that_a_hook_holds_up_for_too_long_does_not_go_out() -> None:
    """What is left is looked at as the call goes out, not before the hooks heard of it."""
    clock, service = FakeClock(), MemoryTransport(OK)

    class Slow:
        def on_attempt(self, _: object) -> None:
            clock._move_to(31.0)

        def on_reply(self, reply: Reply) -> None:
            assert isinstance(reply.error, CallTimeoutError)

    with pytest.raises(CallTimeoutError, match="over before this attempt went out") as caught:
        await session(service, clock=clock, hooks=[Slow()]).messages.send("a", "hi")
    assert (caught.value.delivered, caught.value.attempts, service.calls) == (False, 0, [])


def test_every_setting_of_the_environment_counts() -> None:
    """The identifier and the region too."""
    env = {"TIMREST_SDKAPPID": "7", "TIMREST_SECRET_KEY": KEY, "TIMREST_IDENTIFIER": "boss", "TIMREST_REGION": "kr"}
    assert repr(TimSession.from_env(env)) == (
        "TimSession(sdkappid=7, identifier='boss', base_url='https://adminapikr.im.qcloud.com')"
    )


def test_what_is_wrong_with_the_environment_is_told_in_whole_sentences() -> None:
    """Nothing before it, nothing behind it."""
    names = "TIMREST_SECRET_KEY, TIMREST_SECRET_KEY_FILE and TIMREST_USERSIG"
    for env, words in (
        ({"TIMREST_SDKAPPID": "7"}, f"set exactly one of {names}"),
        ({"TIMREST_SECRET_KEY": KEY}, "TIMREST_SDKAPPID is not set"),
    ):
        with pytest.raises(ConfigError) as caught:
            TimSession.from_env(env)
        assert str(caught.value) == words


@pytest.mark.parametrize("secret", ["secret_key", "usersig"])
def test_a_secret_of_the_environment_hides_itself_before_anything_can_fail(secret: str) -> None:
    """In the frames of a session that cannot be made it reads as three stars, wherever it came from."""
    for env, settings in (({f"TIMREST_{secret.upper()}": "eJxSECRET"}, {}), ({}, {secret: "eJxSECRET"})):
        with pytest.raises(ConfigError) as caught:
            TimSession.from_env(env, **settings)
        frames = [frame for frame, _ in walk_tb(caught.value.__traceback__)][1:]
        shown = [repr(value) for frame in frames for value in frame.f_locals.values()]
        assert "SECRET" not in "".join(shown)
        assert "'***'" in "".join(shown)


async def test_a_view_keeps_what_it_is_not_told() -> None:
    """The policy of the session stays that of a view with another time."""
    clock, service = FakeClock(), MemoryTransport(*[{"ErrorCode": 20004}] * 9)
    tim = session(service, clock=clock, retry=RetryPolicy(attempts=2), timeout=50.0, attempt_timeout=7.0)
    with pytest.raises(TimError):
        await clock.run(tim.with_options(timeout=40.0).messages.send("a", "hi"))
    assert [call.timeout for call in service.calls] == [7.0, 7.0]


async def test_a_view_may_go_through_a_transport_round_the_sessions_own() -> None:
    """It sees what goes out, permits and options are shared, and the session itself does not pass there."""

    class Counting:
        def __init__(self, inner: Transport) -> None:
            self.inner = inner
            self.paths: list[str] = []

        async def post(self, path: str, usersig: str, body: bytes, timeout: float) -> bytes:  # noqa: ASYNC109
            self.paths.append(path)
            return await self.inner.post(path, usersig, body, timeout)

        async def close(self) -> None:
            await self.inner.close()

    clock, service, around = FakeClock(), MemoryTransport(*[{"ErrorCode": 20004}] * 2, OK), list[Counting]()
    tim = session(service, clock=clock, retry=RetryPolicy(attempts=2), limits=RateLimiter(RateLimit(1), clock=clock))

    def wrap(inner: Transport) -> Transport:
        around.append(Counting(inner))
        return around[-1]

    view = tim.with_options(timeout=9.0).through(wrap).with_options(attempt_timeout=3.0)
    with pytest.raises(TimError):
        await clock.run(view.messages.send("a", "hi"))
    await clock.run(tim.messages.send("a", "hi"))
    assert (around[0].paths, len(service.calls), round(clock.time(), 1)) == (["openim/sendmsg"] * 2, 3, 2.0)
    assert [call.timeout for call in service.calls] == [3.0, 3.0, 10.0]
    assert repr(view) == repr(tim)
    await view.close()
    assert service.closed


def test_there_is_a_connection_for_every_call_that_can_be_under_way() -> None:
    """As many as the limit lets out while one attempt lasts, rounded up."""
    limits = RateLimiter(RateLimit(25, 0.5))
    for seconds, connections in ((4.0, 200), (0.01, 1)):
        tim = TimSession(1, secret_key=KEY, limits=limits, attempt_timeout=seconds)
        assert vars(tim._parts.transport)["_connections"] == connections


def test_with_a_backup_connecting_to_the_main_host_is_limited() -> None:
    """So that there is time left for the backup, whose connections may take what is left."""
    clock = FakeClock()
    tim = TimSession(1, secret_key=KEY, base_url="http://[::1]:1", failover="http://[::1]:2", clock=clock)
    ways = vars(tim._parts.transport)
    assert [vars(ways[way])["_authority"] for way in ("_main", "_backup")] == ["[::1]:1", "[::1]:2"]
    assert [vars(ways[way])["_connect_seconds"] for way in ("_main", "_backup")] == [3.0, None]
    assert ways["_clock"] is clock
