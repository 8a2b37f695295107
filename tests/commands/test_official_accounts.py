"""Official accounts, their subscribers and messages."""

from typing import Any

import pytest

from timrest_async import Failure, InputError, TimSession
from timrest_async._codec import read
from timrest_async.commands.official_accounts import (
    AddSubscribers,
    DeleteSubscribers,
    GetOfficialAccounts,
    OfficialAccountId,
    OfficialAccountInfo,
    Subscriber,
    SubscribeResult,
)
from timrest_async.testing import FakeClock, MemoryTransport

OFFICIAL = "@TOA#_lumotuwe"


def session(*answers: dict[str, Any]) -> tuple[TimSession, MemoryTransport]:
    """A session over a service in memory."""
    service = MemoryTransport(*({"ErrorCode": 0, **answer} for answer in answers))
    return TimSession(1400000000, secret_key="key", transport=service, clock=FakeClock()), service


@pytest.mark.parametrize("given", [OFFICIAL, [OFFICIAL], (one for one in [OfficialAccountId(OFFICIAL)])])
def test_ids_of_official_accounts_will_do(given: Any) -> None:
    """One id, several, or the objects that travel."""
    assert GetOfficialAccounts(given).official_account_id_list == [OfficialAccountId(OFFICIAL)]


@pytest.mark.parametrize("given", ["lumotuwe1", ["lumotuwe1"], [Subscriber("lumotuwe1")]])
def test_ids_of_subscribers_will_do(given: Any) -> None:
    """As with any list of accounts; adding takes objects on the wire, deleting plain ids."""
    assert AddSubscribers(OFFICIAL, given).subscriber_list == [Subscriber("lumotuwe1")]
    assert DeleteSubscribers(OFFICIAL, "lumotuwe1").subscriber_to_del_account == ["lumotuwe1"]


def test_more_than_fit_are_refused_and_can_be_split() -> None:
    """The limit is in the message."""
    with pytest.raises(InputError, match="1 to 100 items, not 101"):
        AddSubscribers(OFFICIAL, [f"id{number}" for number in range(101)])


async def test_subscribers_of_many_calls_are_one_reply() -> None:
    """Who failed in any of the calls has failed in the reply."""
    lists = [range(100), range(100, 150)]
    tim, service = session(
        *(
            {"SubscriberList": [{"Subscriber_Account": f"id{n}", "Result": 0 if n == 120 else 1} for n in numbers]}
            for numbers in lists
        )
    )
    reply = await tim.official_accounts.add_subscribers_all(OFFICIAL, (f"id{n}" for n in range(150)))

    assert reply.failed == [Failure("id120", None, "not done")]
    assert len(reply.succeeded) == 149
    assert len(service.calls) == 2


@pytest.mark.parametrize(("result", "ok"), [(0, False), (1, True), (2, True)])
def test_a_subscriber_who_was_one_before_is_fine(result: int, ok: bool) -> None:  # noqa: FBT001
    """Only 0 is a failure, and the service does not say why."""
    assert SubscribeResult(subscriber_account="id1", result=result).ok is ok


def test_an_entry_without_an_id_is_about_nobody() -> None:
    """It can be read all the same."""
    info = read({"ErrorCode": 10010, "ErrorInfo": "gone"}, OfficialAccountInfo)
    assert info.failure == Failure("", 10010, "gone")


async def test_subscribers_come_page_by_page() -> None:
    """Until the cursor is empty."""
    first, last = {"Subscriber_Account": "a"}, {"Subscriber_Account": "b"}
    tim, service = session({"SubscriberList": [first], "Next": "7"}, {"SubscriberList": [last], "Next": ""})

    found = [one.subscriber_account async for one in tim.official_accounts.each_subscriber(OFFICIAL)]
    assert found == ["a", "b"]
    assert [call.json["Next"] for call in service.calls] == ["", "7"]


@pytest.mark.parametrize(
    "last",
    [
        {"OfficialAccountInfoList": [{"Name": "b"}], "Next": 9, "CompleteFlag": 1},
        {"OfficialAccountInfoList": [{"Name": "b"}], "CompleteFlag": 0},
    ],
    ids=["the flag", "no cursor"],
)
async def test_subscriptions_come_page_by_page(last: dict[str, Any]) -> None:
    """Until the service says that it was all, or says no more where to go on."""
    tim, service = session({"OfficialAccountInfoList": [{"Name": "a"}], "Next": 5, "CompleteFlag": 0}, last)

    assert [one.name async for one in tim.official_accounts.each_subscribed("lumotuwe1")] == ["a", "b"]
    assert service.calls[1].json["Offset"] == 5
    assert service.left == 0


@pytest.mark.parametrize(
    "last",
    [
        {"RspMsgList": [{"MsgKey": "3"}], "LastMsgKey": "3", "IsFinished": 2},
        {"RspMsgList": [{"MsgKey": "3"}], "IsFinished": 1},
    ],
    ids=["the flag", "no cursor"],
)
async def test_messages_come_page_by_page(last: dict[str, Any]) -> None:
    """From new to old, until the rest has expired or there is no key to go on from; an empty page is the end."""
    pages = [{"RspMsgList": [{"MsgKey": "9"}, {"MsgKey": "8"}], "LastMsgKey": "8", "IsFinished": 1}, last]
    tim, service = session(*pages)

    assert [one["MsgKey"] async for one in tim.official_accounts.each_message(OFFICIAL)] == ["9", "8", "3"]
    assert service.calls[1].json["LastMsgKey"] == "8"

    tim, _ = session({"RspMsgList": [], "LastMsgKey": "8", "IsFinished": 1})
    assert [one async for one in tim.official_accounts.each_message(OFFICIAL)] == []
