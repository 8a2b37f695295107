"""One command about more things than fit into a call."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timrest_async import (
    ApiError,
    CallTimeoutError,
    Failure,
    InputError,
    PartialFailureError,
    RetryPolicy,
    TimSession,
    TransportError,
)
from timrest_async.commands.accounts import AccountImportItem, CheckAccountsReply
from timrest_async.testing import Answer, Call, FakeClock, MemoryTransport

CHECK = "im_open_login_svc/account_check"


def session(service: MemoryTransport) -> TimSession:
    """A session that tries once."""
    return TimSession(1400000000, secret_key="key", transport=service, clock=FakeClock(), retry=RetryPolicy(attempts=1))


def asked(call: Call) -> list[str]:
    """The accounts that a check asks for."""
    return [item["UserID"] for item in call.json["CheckItem"]]


def checked(call: Call) -> dict[str, Any]:
    """An answer that knows every account."""
    items = [{"UserID": account, "ResultCode": 0, "AccountStatus": "Imported"} for account in asked(call)]
    return {"ErrorCode": 0, "ResultItem": items, asked(call)[0]: 1}


def accounts(count: int) -> list[str]:
    """So many accounts."""
    return [f"id{number}" for number in range(count)]


@pytest.mark.parametrize(("count", "sizes"), [(1, [1]), (100, [100]), (101, [100, 1]), (250, [100, 100, 50])])
async def test_as_many_calls_go_out_as_the_limit_needs(count: int, sizes: list[int]) -> None:
    """Each call holds as many items as the service takes, the last one what is left; the reply is one."""
    service = MemoryTransport(*[checked] * len(sizes))
    reply = await session(service).accounts.check_all(accounts(count))

    assert sorted((len(asked(call)) for call in service.calls), reverse=True) == sizes
    assert type(reply) is CheckAccountsReply
    assert [item.user_id for item in reply.result_item] == reply.asked == accounts(count)
    assert reply.succeeded == accounts(count)
    assert reply.failed == []
    assert reply.extra == {f"id{start}": 1 for start in range(0, count, 100)}


async def test_any_iterable_will_do() -> None:
    """Items may come from a generator or a set, by position or by name; a single one may stand alone."""
    service = MemoryTransport(*[checked] * 4)
    tim = session(service)

    assert (await tim.accounts.check_all("id1")).succeeded == ["id1"]
    assert (await tim.accounts.check_all(account for account in accounts(3))).succeeded == accounts(3)
    assert (await tim.accounts.check_all({"id1"})).succeeded == ["id1"]
    assert (await tim.accounts.check_all(check_item=dict.fromkeys(["id1"]).keys())).succeeded == ["id1"]


async def test_no_items_are_no_call() -> None:
    """Who has nothing to ask gets an empty reply, and nothing is sent."""
    service = MemoryTransport()
    reply = await session(service).accounts.check_all([])

    assert (reply.result_item, reply.failed, reply.succeeded) == ([], [], [])
    assert service.calls == []


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (lambda tim: tim.accounts.check_all(b"id1"), "iterable of items, not b'id1'"),
        (lambda tim: tim.accounts.check_all({"id1": 1}), "has to be a list"),
        (lambda tim: tim.accounts.check_all(5), "iterable of items, not 5"),
        (lambda tim: tim.accounts.check_all([*accounts(150), "x" * 33]), "1 to 32 bytes"),
        (lambda tim: tim.accounts.import_all(), "exactly one"),
    ],
    ids=["bytes", "a dict", "a number", "a bad item in the second call", "nothing at all"],
)
async def test_what_cannot_be_sent_is_refused_before_anything_is(
    call: Callable[[TimSession], Any], complaint: str
) -> None:
    """Every part is built before the first goes out, so a bad item anywhere sends nothing."""
    service = MemoryTransport(checked, checked)
    with pytest.raises(InputError, match=complaint):
        await call(session(service))
    assert service.calls == []


async def test_an_argument_that_there_is_not_is_a_type_error() -> None:
    """As with any function."""
    with pytest.raises(TypeError, match="unexpected"):
        await session(MemoryTransport()).accounts.check_all(["id1"], nonsense=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


@pytest.mark.parametrize(
    ("answer", "code"),
    [({"ErrorCode": 70402, "ErrorInfo": "no"}, 70402), (TransportError(CHECK, "cut off"), None)],
    ids=["refused", "no answer"],
)
async def test_a_part_that_fails_does_not_stop_the_others(answer: Answer, code: int | None) -> None:
    """What it was about has failed, with the reason; everybody else is done."""
    service = MemoryTransport(checked, answer, checked)
    reply = await session(service).accounts.check_all(accounts(250))

    lost = asked(service.calls[1])
    assert [failure.about for failure in reply.failed] == lost
    assert {failure.code for failure in reply.failed} == {code}
    assert isinstance(reply.failed[0].error, ApiError if code else TransportError)
    assert reply.succeeded == [account for account in accounts(250) if account not in lost]
    with pytest.raises(PartialFailureError, match="100 of 250 failed: 'id100': "):
        reply.raise_for_failures()


async def test_where_every_part_fails_the_first_error_is_raised() -> None:
    """There is nothing to return then; a note says that it was so for all."""
    service = MemoryTransport(*[{"ErrorCode": 70402, "ErrorInfo": "no"}] * 3)
    with pytest.raises(ApiError) as caught:
        await session(service).accounts.check_all(accounts(201))
    assert caught.value.code == 70402
    assert "all 3 calls" in caught.value.__notes__[-1]

    service.add({"ErrorCode": 70402, "ErrorInfo": "no"})
    with pytest.raises(ApiError) as alone:
        await session(service).accounts.check_all(["id1"])
    assert not any("calls" in note for note in getattr(alone.value, "__notes__", ()))


async def test_another_list_may_be_split_too() -> None:
    """A command with two lists is split along the one that is given."""
    service = MemoryTransport(*[{"ErrorCode": 0, "FailAccounts": []}] * 2, {"ErrorCode": 0})
    tim = session(service)
    items = [AccountImportItem(account, nick="n") for account in accounts(120)]

    assert (await tim.accounts.import_all(account_list=items)).succeeded == accounts(120)
    assert sorted(len(call.json["AccountList"]) for call in service.calls) == [20, 100]
    assert (await tim.accounts.import_all(["id1"])).raise_for_failures().succeeded == ["id1"]


async def test_no_more_than_ten_calls_are_under_way_at_once() -> None:
    """The parts are sent by a fixed number of workers."""
    clock, under_way = FakeClock(), [0, 0]

    class Slow(MemoryTransport):
        async def post(self, path: str, usersig: str, body: bytes, timeout: float) -> bytes:  # noqa: ASYNC109
            under_way[0] += 1
            under_way[1] = max(under_way)
            await sleep_on(clock)
            under_way[0] -= 1
            return await super().post(path, usersig, body, timeout)

    service = Slow(*[checked] * 25)
    tim = TimSession(1400000000, secret_key="key", transport=service, clock=clock)
    reply = await clock.run(tim.accounts.check_all(accounts(2_500)))

    assert under_way == [0, 10]
    assert reply.succeeded == accounts(2_500)


async def sleep_on(clock: FakeClock) -> None:
    """Let a tenth of a second pass on *clock*."""
    woken = asyncio.Event()
    clock.call_at(clock.time() + 0.1, woken.set)
    await woken.wait()


async def test_cancelling_the_whole_cancels_every_part() -> None:
    """Nothing is left running, and what was not sent stays so."""
    clock = FakeClock()

    class Silent(MemoryTransport):
        async def post(self, path: str, usersig: str, body: bytes, timeout: float) -> bytes:  # noqa: ASYNC109
            self.calls.append(Call(path, usersig, body, timeout))
            await asyncio.Event().wait()
            raise AssertionError

    service = Silent()
    tim = TimSession(1400000000, secret_key="key", transport=service, clock=clock)
    before = asyncio.all_tasks()
    task = asyncio.ensure_future(tim.accounts.check_all(accounts(2_500)))
    await clock.advance(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == before
    assert len(service.calls) == 10


class Fate:
    """A service that fails for some accounts, drops whole calls, and forgets some."""

    def __init__(self, failing: set[int], silent: set[int], dropped: set[int]) -> None:
        self.failing = {f"id{number}" for number in failing}
        self.silent = {f"id{number}" for number in silent}
        self.dropped = {f"id{number * 100}" for number in dropped}

    def answer(self, call: Call) -> dict[str, Any]:
        """Let everybody have their fate."""
        if asked(call)[0] in self.dropped:
            raise CallTimeoutError(CHECK, "too late")
        return {
            "ErrorCode": 0,
            "ResultItem": [
                {"UserID": account, "ResultCode": 70107 if account in self.failing else 0}
                for account in asked(call)
                if account not in self.silent
            ],
        }


some = st.sets(st.integers(0, 320), max_size=60)


@given(count=st.integers(1, 320), failing=some, silent=some, dropped=st.sets(st.integers(0, 2), max_size=2))
async def test_every_item_is_in_one_half(count: int, failing: set[int], silent: set[int], dropped: set[int]) -> None:
    """Whatever fails, and however: each item that was asked for has either failed or succeeded, and never both."""
    fate = Fate(failing, silent, dropped)
    tim = session(MemoryTransport(*[fate.answer] * 4))
    lost = {account for account in accounts(count) if f"id{int(account[2:]) // 100 * 100}" in fate.dropped}
    if lost == set(accounts(count)):
        with pytest.raises(CallTimeoutError):
            await tim.accounts.check_all(accounts(count))
        return
    reply = await tim.accounts.check_all(accounts(count))

    bad = [failure.about for failure in reply.failed]
    assert sorted(map(str, [*bad, *reply.succeeded])) == sorted(accounts(count))
    assert set(bad) == set(accounts(count)) & (fate.failing | fate.silent | lost)


def test_a_failure_says_what_is_known() -> None:
    """The item, the code with its meaning, and what the service said."""
    assert str(Failure("id1", 70107, "Err_Not_Exist")).startswith("'id1': 70107 ")
    assert "Err_Not_Exist" in str(Failure("id1", 70107, "Err_Not_Exist"))
    assert str(Failure(7, None)) == "7: no reason given"
    assert (Failure("id1", None).meaning, Failure("id1", None).advice) == ("", "")
    assert Failure("id1", 70107).advice
