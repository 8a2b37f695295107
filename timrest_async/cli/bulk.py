"""``timrest bulk``: one message to everybody in a file, or one of its own for each."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from timrest_async._rates import FURTHER, MINUTE, RateLimit
from timrest_async.bulk import Job, SqliteJournal, ToAccounts
from timrest_async.bulk.bulk import WORKERS
from timrest_async.bulk.carrier import Unknown
from timrest_async.bulk.cutter import Duplicates
from timrest_async.cli.bulk_job import job_of
from timrest_async.cli.connection import (
    AsJson,
    BaseUrl,
    Identifier,
    Region,
    SdkAppId,
    SecretKeyFile,
    session,
    settings,
)
from timrest_async.cli.dry_run import rehearse
from timrest_async.cli.items import look_through
from timrest_async.cli.outcomes import Followed, tell_all
from timrest_async.cli.output import reporting
from timrest_async.cli.recipients import Format, Recipients, opened
from timrest_async.cli.summary import how_to_go_on, sum_up
from timrest_async.cli.templates import Message
from timrest_async.cli.workers import hand_over, name_of_run, tasks_at
from timrest_async.commands.messages import SendBatch
from timrest_async.limits import RateLimiter
from timrest_async.session import TimSession

__all__ = ["bulk"]

To = Annotated[str, typer.Option("--to", metavar="FILE", help="Who receives it; - reads stdin.")]
TextOption = Annotated[
    str | None, typer.Option("--text", metavar="TEMPLATE", help='What to say, such as "Hi {name}"; {{ is a brace.')
]
MessageFile = Annotated[
    Path | None,
    typer.Option("--message", metavar="FILE", help="A file with a MsgBody, or a body of the manual; a template too."),
]
Group = Annotated[bool, typer.Option("--group", help="The recipients are groups.")]
From = Annotated[str | None, typer.Option("--from", metavar="ID", help="On whose behalf; else the administrator.")]
FormatOption = Annotated[
    Format | None, typer.Option("--format", help="How the file is written, where its suffix does not tell.")
]
Column = Annotated[str | None, typer.Option("--column", metavar="NAME", help="Which column holds the recipients.")]
DuplicatesOption = Annotated[
    Duplicates, typer.Option("--duplicates", help="What becomes of the same message to the same recipient.")
]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Leave out rows that cannot be sent.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be sent, and send nothing.")]
JournalOption = Annotated[
    str | None, typer.Option("--journal", metavar="FILE", help="Write everything down there, to go on after a crash.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with what the journal holds.")]
ReportFile = Annotated[
    Path | None, typer.Option("--report", metavar="FILE", help="Write what became of each into this CSV file.")
]
Rate = Annotated[int | None, typer.Option("--rate", min=1, metavar="N", help="Calls a second; else 100.")]
Receivers = Annotated[
    int | None,
    typer.Option(
        "--receivers-per-minute", min=0, metavar="N", help="Receivers of batches; else 12,000; 0 for no such limit."
    ),
]
AtOnce = Annotated[
    int | None, typer.Option("--at-once", min=1, metavar="N", help=f"Calls under way at once; else {WORKERS}.")
]
UnknownOption = Annotated[
    Unknown | None,
    typer.Option("--unknown", help="What becomes of those who may have it or not: told of, or sent to once more."),
]
Workers = Annotated[
    str | None,
    typer.Option(
        "--workers", metavar="MODULE:NAME", help="Hand it to workers by this object; --journal names the run."
    ),
]

Begin: TypeAlias = Callable[[Job[Any, Any]], AbstractAsyncContextManager[Followed]]
"""Begins a run of a job."""


def bulk(  # noqa: PLR0913  # each is an option of its own
    *,
    to: To,
    text: TextOption = None,
    message_file: MessageFile = None,
    group: Group = False,
    from_account: From = None,
    form: FormatOption = None,
    column: Column = None,
    duplicates: DuplicatesOption = "drop",
    skip_bad: SkipBad = False,
    dry_run: DryRun = False,
    journal: JournalOption = None,
    resume: Resume = False,
    report: ReportFile = None,
    rate: Rate = None,
    receivers_per_minute: Receivers = None,
    at_once: AtOnce = None,
    unknown: UnknownOption = None,
    workers: Workers = None,
    sdkappid: SdkAppId = None,
    identifier: Identifier = None,
    region: Region = None,
    base_url: BaseUrl = None,
    secret_key_file: SecretKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Send to everybody in a file: CSV, JSON Lines, or a plain list.

    The first row of a CSV file names the columns. The recipients' is called
    to, account, user_id or id (of groups: to, group, group_id or id), or what
    --column says. A file of one column of another name is a plain list, without
    a header. A line of JSON Lines is an object, or a recipient as a string.

    Columns can be fields of the message, such as {name}; whoever has no value
    there is a bad row. Bad rows are listed and nothing is sent, unless
    --skip-bad. Without fields, accounts share calls, up to 500 in each.

    Ctrl-C waits for the calls under way; with --journal, --resume goes on.
    The exit code is 0 if all was sent, 1 if not, 2 for bad rows or a wrong
    command line, 130 after Ctrl-C.
    """
    with reporting(as_json=as_json) as out, ExitStack() as files:
        limits = _limiter(rate, receivers_per_minute)
        begin: Begin | None = None
        if workers is not None:
            theirs = {"--rate": rate, "--receivers-per-minute": receivers_per_minute, "--at-once": at_once}
            run = name_of_run(journal, theirs | {"--unknown": unknown})
            begin = partial(hand_over, tasks_at(workers), name=run, duplicates=duplicates)
        elif not dry_run:
            _check_journal(journal, resume=resume)
            variables = settings(
                sdkappid=sdkappid,
                identifier=identifier,
                region=region,
                base_url=base_url,
                secret_key_file=secret_key_file,
            )
            choices: dict[str, Any] = {"duplicates": duplicates, "unknown": unknown or "report"}
            choices |= {"workers": at_once or WORKERS, "journal": journal}
            begin = partial(_send_here, session(variables, limits=limits), **choices)
        message = _message(text, message_file)
        name = "stdin" if to == "-" else Path(to).name
        recipients = Recipients(opened(to, files), name, form=form, column=column, group=group)
        job = job_of(recipients, message, from_account, group=group, skip_bad=skip_bad)
        looked = look_through(out, job, name, duplicates, skip_bad=skip_bad)
        if dry_run or begin is None:
            rehearse(out, job, duplicates, limits, looked)
        else:
            written = None if journal is None or workers is not None else SqliteJournal(journal)
            told = tell_all(out, partial(begin, job), report, written, how_to_go_on(journal))
            sum_up(out, told, looked, {"report": report, "journal": journal})


def _limiter(rate: int | None, receivers: int | None) -> RateLimiter:
    """Return the limits that hold, but for what was bought or is wanted less of."""
    path = SendBatch.path
    if receivers is None:
        return RateLimiter(RateLimit(rate or RateLimit().calls))
    if 0 < receivers < ToAccounts.most:
        raise typer.BadParameter(
            f"--receivers-per-minute has to be 0, or at least {ToAccounts.most}, as many as a call"
        )
    further = [RateLimit(receivers, MINUTE, weight="To_Account")] if receivers else []
    return RateLimiter(RateLimit(rate or RateLimit().calls), further={**FURTHER, path: further})


def _check_journal(journal: str | None, *, resume: bool) -> None:
    """Refuse to begin where an earlier run stands, and to go on where there is none."""
    if journal is None:
        if resume:
            raise typer.BadParameter("--resume goes on with what a --journal holds; name it")
        return
    path = Path(journal)
    if path.is_dir():
        raise typer.BadParameter(f"{path} is a directory, and no journal")
    held = path.exists() and path.stat().st_size > 0
    if held and not resume:
        raise typer.BadParameter(f"{path} holds a run already; --resume goes on with it, or name another file")
    if resume and not held:
        raise typer.BadParameter(f"{path} holds no run with which to go on")


@asynccontextmanager
async def _send_here(tim: TimSession, job: Job[Any, Any], **choices: Any) -> AsyncGenerator[Followed]:
    """Begin a run of this process."""
    async with tim:
        yield tim.bulk.send(job, **choices)


def _message(text: str | None, file: Path | None) -> Message:
    if file is not None and text is None:
        return Message.in_file(file)
    if not text or file is not None:
        raise typer.BadParameter("give either --text, with words in it, or --message")
    return Message.saying(text)
