"""What the type checkers make of the public calls. Checked by mypy and pyright, never run."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, assert_type

from attrs import frozen

from timrest_async import (
    ApiError,
    Command,
    Custom,
    Element,
    Face,
    Failure,
    Limiter,
    LimiterMetrics,
    Location,
    OfflinePushInfo,
    Pager,
    PartialReply,
    Permit,
    RateLimit,
    RateLimitedError,
    RateLimiter,
    RetryPolicy,
    Text,
    TimError,
    TimSession,
    TooOftenError,
    Wire,
)
from timrest_async.commands.accounts import (
    AccountImportItem,
    CheckAccountsReply,
    ImportAccount,
    ImportAccountsReply,
    UserIdItem,
)
from timrest_async.commands.group_members import MemberInfo
from timrest_async.commands.group_messages import GroupAtInfo, SendGroupMessageReply
from timrest_async.commands.groups import CreateGroupReply, InitialMember
from timrest_async.commands.messages import (
    BatchSendError,
    SendBatch,
    SendBatchReply,
    SendMessage,
    SendMessageReply,
)


@frozen(kw_only=True)
class QueryState(Command[dict[str, Any]]):
    """A command of the user's own."""

    path = "openim/querystate"

    to_account: Annotated[list[str], Wire("To_Account")]
    """Who."""


async def one_to_one(tim: TimSession, body: list[Element], faces: list[Face]) -> None:
    """A message takes its receiver and its body by position or by name, and returns its receipt."""
    assert_type(await tim.messages.send("id1", "hi"), SendMessageReply)
    assert_type(await tim.messages.send("id1", Text("hi")), SendMessageReply)
    assert_type(await tim.messages.send("id1", [Text("hi"), Face(6, "abc")]), SendMessageReply)
    assert_type(await tim.messages.send("id1", (Text("hi"), Location("here", 1.5, 2))), SendMessageReply)
    assert_type(await tim.messages.send("id1", body), SendMessageReply)
    assert_type(await tim.messages.send("id1", faces), SendMessageReply)
    assert_type(await tim.messages.send(to_account="id1", msg_body=Custom({"a": 1})), SendMessageReply)
    sent = await tim.messages.send(
        "id1",
        "hi",
        sync_other_machine=2,
        from_account="id2",
        msg_life_time=0,
        msg_seq=None,
        msg_random=7,
        send_msg_control=["NoUnread"],
        offline_push_info=OfflinePushInfo(push_flag=1),
    )
    assert_type(sent.msg_time, int)
    assert_type(sent.msg_key, str | None)


async def batches(tim: TimSession, accounts: tuple[str, ...]) -> None:
    """A batch returns whom it did not reach."""
    assert_type(await tim.messages.send_batch(["id1", "id2"], "hi"), SendBatchReply)
    assert_type(await tim.messages.send_batch(accounts, [Text("hi")]), SendBatchReply)
    reply = await tim.messages.send_batch(to_account=["id1"], msg_body="hi", msg_life_time=60)
    assert_type(reply.error_list, list[BatchSendError])
    assert_type(reply.error_list[0].error_code, int)


async def in_groups(tim: TimSession) -> None:
    """A group message returns whether it was dropped, a notice nothing."""
    sent = await tim.group_messages.send("@TGS#1", [Text("hi"), Face(6)], msg_priority="High")
    assert_type(sent, SendGroupMessageReply)
    assert_type(sent.dropped, bool)
    assert_type(sent.msg_seq, int | None)
    mention = GroupAtInfo(group_at_all_flag=0, group_at_account="id1")
    assert_type(
        await tim.group_messages.send(group_id="@TGS#1", msg_body="@id1 hi", group_at_info=[mention]),
        SendGroupMessageReply,
    )
    notice = tim.group_messages.send_system_notification("@TGS#1", "the show starts", to_members_account=["id1"])
    assert_type(await notice, None)


async def accounts_and_groups(tim: TimSession) -> None:
    """Accounts are imported and checked, groups created."""
    assert_type(await tim.accounts.import_one("id1", nick="Ann"), None)
    assert_type(await tim.accounts.import_many(["id1", "id2"]), ImportAccountsReply)
    assert_type(await tim.accounts.import_many(account_list=[AccountImportItem("id1")]), ImportAccountsReply)
    checked = await tim.accounts.check(["id1", UserIdItem("id2")])
    assert_type(checked, CheckAccountsReply)
    assert_type(checked.result_item[0].imported, bool)
    created = await tim.groups.create(type="Public", name="n", member_list=[InitialMember(member_account="id1")])
    assert_type(created, CreateGroupReply)
    assert_type(created.group_id, str)


async def any_command(tim: TimSession, command: Command[CreateGroupReply]) -> None:
    """A command is worth its reply, whoever wrote it; a path is worth plain JSON."""
    assert_type(await tim.call(SendMessage("id1", "hi")), SendMessageReply)
    assert_type(await tim.call(SendBatch(["id1"], "hi")), SendBatchReply)
    assert_type(await tim.call(ImportAccount("id1")), None)
    assert_type(await tim.call(QueryState(to_account=["id1"])), dict[str, Any])
    assert_type(await tim.call(command), CreateGroupReply)
    assert_type(await tim.call("openim/querystate", {"To_Account": ["id1"]}), dict[str, Any])
    assert_type(await tim.call("openim/querystate"), dict[str, Any])


async def limits(command: Command[None], failure: TimError) -> None:
    """The limiter of one process is a limiter, and asks a command for nothing but its path and fields."""
    limiter = RateLimiter(RateLimit(100, 1.0), {"a/b": RateLimit(1)}, further={"a/b": []}, closed_after={60007: 2})
    assert_type(limiter.metrics(), dict[tuple[int, str], LimiterMetrics])
    any_limiter: Limiter = limiter
    assert_type(any_limiter.default, RateLimit)
    assert_type(any_limiter.try_acquire(1, command), Permit | None)
    assert_type(await any_limiter.acquire(1, SendMessage("id1", "hi")), Permit)
    permit = await any_limiter.acquire(1, SendBatch(["id1"], "hi"), 5.0)
    assert_type(permit.release(), None)
    assert_type(any_limiter.heard(1, command, failure), None)
    RateLimit(40, key="GroupId", weight="To_Account", count_until="sent", burst=4)
    RateLimit(40, key=("GroupId", "MsgSeq"))


def refused(error: RateLimitedError, theirs: TooOftenError) -> None:
    """Both kinds of too often say when to go on; the service's is a refusal like any other."""
    assert_type(error.retry_after, float | None)
    assert_type(theirs.retry_after, float | None)
    assert_type(theirs.code, int)
    as_refusal: ApiError = theirs
    assert_type(as_refusal.path, str)


async def options(tim: TimSession) -> None:
    """A view of a session is a session."""
    view = tim.with_options(timeout=3, retry=RetryPolicy(attempts=1))
    assert_type(view, TimSession)
    assert_type(await view.messages.send("id1", "hi"), SendMessageReply)
    assert_type(await tim.with_options(attempt_timeout=1).call("a/b", {}), dict[str, Any])
    async with TimSession(1400000000, secret_key="key") as opened:
        assert_type(opened, TimSession)
    assert_type(TimSession.from_env(timeout=3.0), TimSession)


async def some_and_others(tim: TimSession, ids: Iterator[str]) -> None:
    """A split form takes what its command takes, of any iterable, and returns the same reply or a general one."""
    assert_type(await tim.accounts.check_all(ids), CheckAccountsReply)
    assert_type(await tim.accounts.import_all(account_list=[AccountImportItem("id1")]), ImportAccountsReply)
    assert_type(await tim.group_members.delete_all("g1", ids), PartialReply)
    reply = await tim.accounts.check_all(ids, extra={"New": 1})
    assert_type(reply.raise_for_failures(), CheckAccountsReply)
    assert_type(reply.failed, list[Failure])
    assert_type(reply.succeeded, list[str | int])
    assert_type(reply.extra, dict[str, Any])


async def pages(tim: TimSession) -> None:
    """An iterator over pages gives typed items; a time of a reply is a number and a datetime."""
    async for member in tim.group_members.each("@TGS#2C5SZEAEF", limit=100):
        print(member.member_account, member.role, member.join_time_utc)
        assert_type(member, MemberInfo)
        assert_type(member.join_time_utc, datetime | None)
    assert_type(tim.groups.each(limit=100), Pager[str])
    assert_type((await tim.messages.send("id1", "hi")).msg_time_utc, datetime | None)
    async for message in tim.operations.each_in_history("C2C", "2026112108"):
        assert_type(message.msg_body, list[Element])


async def wrong(tim: TimSession) -> None:
    """What cannot be right is an error before it runs."""
    await tim.messages.send("id1")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await tim.messages.send("id1", "hi", 2)  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportCallIssue]
    await tim.messages.send(["id1"], "hi")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await tim.messages.send("id1", 5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await tim.messages.send("id1", ["hi"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    await tim.messages.send("id1", "hi", lifetime=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await tim.messages.send("id1", "hi", sync_other_machine=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await tim.messages.send("id1", "hi", msg_life_time="1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await tim.group_messages.send("g1", "hi", msg_priority="high")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await tim.accounts.check_all("id1", nonsense=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    tim.group_members.each()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await tim.group_members.each("g1")  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
    await tim.groups.create(type="Public")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await tim.groups.create("Public", "n")  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportCallIssue]
    await tim.call(5)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    await tim.call(command="a/b")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    tim.with_options(retries=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    TimSession(1400000000, "administrator", "key", "usersig")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    RateLimit(100, 1.0, 10)  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportCallIssue]
    RateLimit(count_until="never")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    RateLimiter().try_acquire(1, "openim/sendmsg")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    QueryState(["id1"])  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportCallIssue]
