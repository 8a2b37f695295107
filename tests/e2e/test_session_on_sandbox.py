"""The real session against the sandbox, over real sockets."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from timrest_async import (
    ApiError,
    AuthenticationError,
    CallTimeoutError,
    Face,
    RateLimit,
    RateLimiter,
    RetryPolicy,
    ServerError,
    Text,
    TimSession,
    TooOftenError,
    TransportError,
)
from timrest_async.commands.messages import SendMessage
from timrest_async.sandbox import Sandbox
from timrest_async.usersig import sign

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

GROUP = "@TGS#2C5SZEAEF"
SEND = "openim/sendmsg"
AT_ONCE = RetryPolicy(first_pause=0, longest_pause=0)


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    """Return a running sandbox with the accounts and the group of the manual's samples."""
    async with Sandbox() as box:
        for account in ("lumotuwe1", "lumotuwe2"):
            box.state.add_account(account)
        box.state.add_group(GROUP, owner="leckie")
        yield box


@pytest.fixture
async def tim(box: Sandbox) -> AsyncIterator[TimSession]:
    """Return a session on it that retries without a pause."""
    async with box.session(retry=AT_ONCE) as tim:
        yield tim


async def test_accounts_are_imported_and_checked(box: Sandbox, tim: TimSession) -> None:
    """One by one, and many at once."""
    await tim.accounts.import_one("one", nick="One")
    failed = await tim.accounts.import_many(["two", "three"])
    reply = await tim.accounts.check(["one", "two", "nobody"])
    assert failed.fail_accounts == []
    assert [item.imported for item in reply.result_item] == [True, True, False]
    assert box.state.accounts["one"].nick == "One"


async def test_a_message_arrives(box: Sandbox, tim: TimSession) -> None:
    """As it was sent, and with the receipt that the sender holds."""
    sent = await tim.messages.send("lumotuwe2", "hi, beauty", from_account="lumotuwe1", msg_life_time=3600)
    (message,) = box.state.history("lumotuwe1", "lumotuwe2")
    assert message.msg_body == [Text("hi, beauty")]
    assert (sent.msg_time, sent.msg_key, sent.msg_id) == (message.msg_time, message.msg_key, message.msg_id)


async def test_a_batch_arrives_at_those_who_exist(box: Sandbox, tim: TimSession) -> None:
    """The reply names the others."""
    reply = await tim.messages.send_batch(["lumotuwe1", "nobody"], "hi")
    assert reply.action_status == "SomeError"
    assert [(error.to_account, error.error_code) for error in reply.error_list] == [("nobody", 70107)]
    assert len(box.state.history("administrator", "lumotuwe1")) == 1


async def test_a_group_is_created_and_written_to(box: Sandbox, tim: TimSession) -> None:
    """Its messages are numbered, its notices shown."""
    group = await tim.groups.create(type="Public", name="friends", owner_account="leckie")
    sent = await tim.group_messages.send(group.group_id, [Text("red packet"), Face(6, "abc\0\1")])
    await tim.group_messages.send_system_notification(group.group_id, "welcome")
    known = box.state.groups[group.group_id]
    assert sent.msg_seq == 1
    assert known.messages[0].msg_body == [Text("red packet"), Face(6, "abc\0\1")]
    assert known.notices[0].content == "welcome"


@pytest.mark.parametrize("code", [20004, 20005, 91000, 90992, 10002])
async def test_a_retried_code_delivers_once(box: Sandbox, tim: TimSession, code: int) -> None:
    """Refused twice, taken at the third attempt, and there once."""
    box.faults.add(SEND, code=code, times=2)
    await tim.messages.send("lumotuwe2", "hi")
    assert [call.code for call in box.service.calls] == [code, code, 0]
    assert len(box.state.history("administrator", "lumotuwe2")) == 1


async def test_a_code_that_stays_is_raised(box: Sandbox, tim: TimSession) -> None:
    """After all attempts the error says how many they were."""
    box.faults.add(SEND, code=91000, times=99)
    with pytest.raises(ServerError) as caught:
        await tim.messages.send("lumotuwe2", "hi")
    assert (caught.value.code, caught.value.attempts) == (91000, 5)


@pytest.mark.parametrize(
    ("fault", "stored"),
    [
        ({"lose_answer": True}, 1),
        ({"cut": True}, 1),
        ({"reset": True}, 0),
        ({"status": 502}, 0),
        ({"html": True}, 0),
    ],
)
async def test_no_usable_answer_is_a_transport_error(
    box: Sandbox, tim: TimSession, fault: dict[str, Any], stored: int
) -> None:
    """Whatever the wire does, the message is there once or not at all, and the error shows no signature."""
    box.faults.add(SEND, **fault)
    with pytest.raises(TransportError) as caught:
        await tim.messages.send("lumotuwe2", "hi")
    assert caught.value.status == fault.get("status")
    assert "usersig" not in f"{caught.value!r}{caught.value.__cause__!r}{caught.value.__context__!r}"
    assert len(box.state.history("administrator", "lumotuwe2")) == stored


async def test_the_connection_lives_on_after_a_fault(box: Sandbox, tim: TimSession) -> None:
    """The next call goes well."""
    box.faults.add(SEND, reset=True)
    with pytest.raises(TransportError):
        await tim.messages.send("lumotuwe2", "hi")
    await tim.messages.send("lumotuwe2", "hi again")
    assert len(box.state.history("administrator", "lumotuwe2")) == 1


async def test_a_repeat_after_a_lost_answer_is_recognised(box: Sandbox, tim: TimSession) -> None:
    """The same command sent again is answered as the first time and delivered once."""
    again = SendMessage("lumotuwe2", "hi")
    box.faults.add(SEND, lose_answer=True)
    with pytest.raises(TransportError):
        await tim.call(again)
    sent = await tim.call(again)
    (message,) = box.state.history("administrator", "lumotuwe2")
    assert sent.msg_key == message.msg_key


async def test_a_late_answer_is_a_time_out(box: Sandbox) -> None:
    """The work was done all the same."""
    box.faults.add(SEND, latency=30)
    async with box.session(attempt_timeout=0.05) as tim:
        with pytest.raises(CallTimeoutError):
            await tim.messages.send("lumotuwe2", "hi")
    assert len(box.state.history("administrator", "lumotuwe2")) == 1


async def test_over_the_cap_is_too_often() -> None:
    """Who has no limiter of the right size hears 60007, once for each call too many."""
    limits = RateLimiter(RateLimit(100, burst=100))
    async with Sandbox(calls_per_second=2) as box, box.session(limits=limits) as tim:
        calls = [tim.accounts.check("a") for _ in range(3)]
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert sorted(type(result).__name__ for result in results) == [
            "CheckAccountsReply",
            "CheckAccountsReply",
            "TooOftenError",
        ]
        (refused,) = [result for result in results if isinstance(result, TooOftenError)]
        assert refused.code == 60007


async def test_a_sandbox_without_a_cap_takes_everything() -> None:
    """Useful where something else is measured."""
    limits = RateLimiter(RateLimit(1000, burst=1000))
    async with Sandbox(calls_per_second=None) as box, box.session(limits=limits) as tim:
        await asyncio.gather(*(tim.accounts.check("a") for _ in range(150)))


@pytest.mark.parametrize(("secret_key", "code"), [("another", 70009)])
async def test_a_wrong_key_is_not_believed(box: Sandbox, secret_key: str, code: int) -> None:
    """The error says so."""
    async with box.session(secret_key=secret_key) as tim:
        with pytest.raises(AuthenticationError) as caught:
            await tim.messages.send("lumotuwe2", "hi")
    assert caught.value.code == code


async def test_a_ready_made_usersig_is_enough(box: Sandbox) -> None:
    """It stands in for the key."""
    usersig = sign(box.sdkappid, box.secret_key, "administrator", expire=60, time=int(box.clock.now()))
    async with box.session(usersig=usersig) as tim:
        assert (await tim.messages.send("lumotuwe2", "hi")).msg_key


async def test_the_environment_is_enough(box: Sandbox) -> None:
    """A program that reads its settings from there finds the sandbox."""
    async with TimSession.from_env(box.env()) as tim:
        assert (await tim.messages.send("lumotuwe2", "hi")).msg_key


async def test_any_command_can_be_called(tim: TimSession) -> None:
    """One that the service does not know is refused by its name."""
    with pytest.raises(ApiError, match="there is no command openim/nobody_knows"):
        await tim.call("openim/nobody_knows", {"To_Account": ["lumotuwe1"]})


async def test_an_address_of_version_6_is_as_good() -> None:
    """It stands in brackets."""
    async with Sandbox(host="::1") as box, box.session() as tim:
        assert "[::1]" in repr(tim)
        assert (await tim.accounts.check("nobody")).result_item[0].imported is False
