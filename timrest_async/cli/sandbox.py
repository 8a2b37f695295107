"""``timrest sandbox``: a service of your own, until Ctrl-C."""

import asyncio
import errno
import shlex
from typing import Annotated, TypeAlias

import typer
from rich.text import Text

from timrest_async.cli.connection import AsJson
from timrest_async.cli.output import CommandFailedError, Failure, Output, reporting
from timrest_async.sandbox import Sandbox

__all__ = ["cannot_listen", "fill", "sandbox", "serve"]

Names: TypeAlias = list[str] | None


def sandbox(  # noqa: PLR0913  # each is an option of its own
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, metavar="N", help="Where it listens; 0 for any.")] = 8700,
    sdkappid: Annotated[int, typer.Option(min=1, metavar="N", help="The application it plays.")] = 1_400_000_000,
    secret_key: Annotated[
        str, typer.Option(metavar="KEY", help="A made-up key; it is printed, so never a real one.")
    ] = "sandbox-key-not-a-secret",  # noqa: S107  # it opens nothing but this
    cap: Annotated[int, typer.Option(min=0, metavar="N", help="Calls of one command a second; 0 for no cap.")] = 100,
    account: Annotated[Names, typer.Option(metavar="ID", help="Register this account; may be repeated.")] = None,
    group: Annotated[
        Names, typer.Option(metavar="ID", help="Make this group, with the accounts in it; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a local service to develop against, until Ctrl-C."""
    with reporting(as_json=as_json) as out:
        box = Sandbox(sdkappid=sdkappid, secret_key=secret_key, port=port, calls_per_second=cap or None)
        fill(box, account or [], group or [])
        try:
            asyncio.run(serve(box, out))
        except OSError as error:
            raise CommandFailedError(cannot_listen(port, error)) from None


def fill(box: Sandbox, accounts: list[str], groups: list[str]) -> None:
    """Put *accounts* into *box*, and *groups* of which they all are members."""
    for account in accounts:
        box.state.add_account(account)
    for group in groups:
        box.state.add_group(group, members=list(box.state.accounts))


async def serve(box: Sandbox, out: Output) -> None:
    """Run *box* until cancelled, and say where it is."""
    async with box:
        exports = [f"export {name}={shlex.quote(value)}" for name, value in box.env().items()]
        out.show(
            Text.assemble(("The sandbox listens at ", ""), (box.base_url, "bold"), ". Ctrl-C ends it."),
            "For your program, in another terminal:",
            "",
        )
        if out.as_json:
            out.line(out.dumps({"base_url": box.base_url, "env": box.env()}))
        else:
            out.line("\n".join(exports))
        out.show(
            "",
            Text(f"Accounts {len(box.state.accounts)}, groups {len(box.state.groups)}.", style="dim"),
            Text(f"Look inside: {box.base_url}/_sandbox/state and {box.base_url}/_sandbox/calls", style="dim"),
        )
        await asyncio.Event().wait()


def cannot_listen(port: int, error: OSError) -> Failure:
    """Say why *port* is not ours, and what to do."""
    if error.errno == errno.EADDRINUSE:
        reason, advice = "another program listens there", "End it, or give another --port; --port 0 takes any."
    else:
        reason, advice = error.strerror or "the system says no", "Give another --port; --port 0 takes any."
    return Failure(error="PortError", message=f"Port {port} cannot be used: {reason}.", advice=advice)
