"""What a type checker knows of bulk sends, and what it refuses."""

from collections.abc import AsyncIterator
from typing import assert_type

from timrest_async import Text, TimSession
from timrest_async.bulk import Outcome, OwnMessages, Progress, Report, SqliteJournal, Status, ToAccounts, ToGroups


async def accounts() -> AsyncIterator[str]:
    """An input that comes by and by."""
    yield "id1"


async def right(tim: TimSession) -> None:
    """Any iterable of ids or pairs is an input; outcomes, progress and reports are typed."""
    async for outcome in tim.bulk.send(ToAccounts(accounts(), "hi", from_account="news"), journal="june.db"):
        assert_type(outcome, Outcome)
        assert_type(outcome.status, Status)
        assert_type(outcome.code, int | None)
    pairs = [("id1", "Hi Ann"), ("id2", "Hi Bo")]
    assert_type(await tim.bulk.run(OwnMessages(pairs), duplicates="fail"), Report)
    run = tim.bulk.send(ToGroups({"g1", "g2"}, [Text("hi")]), journal=SqliteJournal("june.db"), unknown="resend")
    assert_type(run.progress, Progress)
    assert_type(run.progress.left, float | None)
    assert_type(await run.report(), Report)


async def wrong(tim: TimSession) -> None:
    """What cannot be right is an error before it runs."""
    ToAccounts([1], "hi")  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    ToAccounts(["id1"])  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    ToGroups(["g1"], 5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    OwnMessages(["id1"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    tim.bulk.send(["id1"])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    tim.bulk.send(ToAccounts([], "hi"), duplicates="merge")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    tim.bulk.send(ToAccounts([], "hi"), unknown="drop")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
