"""``timrest sandbox``: a service of your own, until Ctrl-C."""

import asyncio
import errno
import shlex
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer
from attrs import evolve
from rich.text import Text

from timrest_async._regions import is_loopback
from timrest_async.cli.connection import AsJson
from timrest_async.cli.output import CommandFailedError, Failure, Output, reporting
from timrest_async.sandbox import Rules, Sandbox, Webhooks

if TYPE_CHECKING:
    from timrest_async.sandbox.certificates import SelfSigned

__all__ = ["cannot_listen", "fill", "sandbox", "serve"]

Names: TypeAlias = list[str] | None
Numbers: TypeAlias = list[int] | None


def sandbox(  # noqa: PLR0913  # each is an option of its own
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, metavar="N", help="Where it listens; 0 for any.")] = 8700,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where it listens; whoever reaches it may do all.")
    ] = "127.0.0.1",
    sdkappid: Annotated[int, typer.Option(min=1, metavar="N", help="The application it plays.")] = 1_400_000_000,
    also: Annotated[Numbers, typer.Option(min=1, metavar="N", help="One more application; may be repeated.")] = None,
    secret_key: Annotated[
        str, typer.Option(metavar="KEY", help="A made-up key; it is printed, so never a real one.")
    ] = "sandbox-key-not-a-secret",  # noqa: S107  # it opens nothing but this
    cap: Annotated[int, typer.Option(min=0, metavar="N", help="Calls of one command a second; 0 for no cap.")] = 100,
    year: Annotated[int, typer.Option(min=2018, metavar="YEAR", help="Follow the documents of this year.")] = 2026,
    account: Annotated[Names, typer.Option(metavar="ID", help="Register this account; may be repeated.")] = None,
    group: Annotated[
        Names, typer.Option(metavar="ID", help="Make this group, with the accounts in it; may be repeated.")
    ] = None,
    refused_word: Annotated[
        Names, typer.Option(metavar="WORD", help="Refuse messages that hold it; may be repeated.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="FILE", dir_okay=False, help="Keep everything in this SQLite file.")
    ] = None,
    webhook: Annotated[str | None, typer.Option(metavar="URL", help="Call your webhooks there.")] = None,
    webhook_token: Annotated[
        str | None,
        typer.Option(
            metavar="TOKEN", envvar="TIMREST_WEBHOOK_TOKEN", help="Sign webhooks with it; it is printed, too."
        ),
    ] = None,
    tls: Annotated[bool, typer.Option("--tls", help="Speak https, with a certificate of its own.")] = False,
    pem: Annotated[
        Path | None, typer.Option("--certificate", metavar="FILE", dir_okay=False, help="With --tls: write it there.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a local service to develop against, until Ctrl-C."""
    with reporting(as_json=as_json) as out:
        rules = evolve(Rules.of(year), calls_per_second=cap or None, refused_words=set(refused_word or ()))
        certificate = _certificate(host, pem) if tls or pem else None
        hooks = Webhooks(webhook, sdkappid=sdkappid, token=webhook_token) if webhook else None
        with warnings.catch_warnings(category=RuntimeWarning, action="ignore"):
            box = Sandbox(
                sdkappid=sdkappid,
                secret_key=secret_key,
                host=host,
                port=port,
                rules=rules,
                data=data,
                webhooks=hooks,
                tls=certificate,
            )
        for number in also or ():
            more = Webhooks(webhook, sdkappid=number, token=webhook_token) if webhook else None
            box.add_application(number, secret_key=secret_key, webhooks=more)
        fill(box, account or [], group or [])
        try:
            asyncio.run(serve(box, out, None if certificate is None else certificate.fingerprint))
        except OSError as error:
            raise CommandFailedError(cannot_listen(port, error)) from None


def fill(box: Sandbox, accounts: list[str], groups: list[str]) -> None:
    """Put *accounts* into *box*, and *groups* of which they all are members, but for what is there already."""
    for account in accounts:
        box.state.add_account(account)
    for group in groups:
        if group not in box.state.groups:
            box.state.add_group(group, members=list(box.state.accounts))


async def serve(box: Sandbox, out: Output, fingerprint: str | None = None) -> None:
    """Run *box* until cancelled, and say where it is."""
    async with box:
        exports = [f"export {name}={shlex.quote(value)}" for name, value in box.env().items()]
        out.show(
            Text.assemble(("The sandbox listens at ", ""), (box.base_url, "bold"), ". Ctrl-C ends it."),
            *([] if fingerprint is None else [Text(f"Its certificate (SHA-256): {fingerprint}", overflow="fold")]),
            *([] if is_loopback(box.host) else [Text(f"Anybody who reaches {box.host} can use it.", style="yellow")]),
            "For your program, in another terminal:",
            "",
        )
        if out.as_json:
            told = {"base_url": box.base_url, "env": box.env(), "fingerprint": fingerprint}
            out.line(out.dumps({name: value for name, value in told.items() if value is not None}))
        else:
            out.line("\n".join(exports))
        out.show(
            "",
            Text(f"Accounts {len(box.state.accounts)}, groups {len(box.state.groups)}.", style="dim"),
            Text(f"Look inside, and try any command, with a browser: {box.base_url}/", style="dim"),
        )
        await asyncio.Event().wait()


def _certificate(host: str, pem: Path | None) -> "SelfSigned":
    """Make a certificate, if the package for that is there, and keep it in the file *pem* for clients to trust."""
    try:
        from timrest_async.sandbox.certificates import self_signed  # noqa: PLC0415  # an extra
    except ModuleNotFoundError:
        advice = "Install it: pip install 'timrest-async[tls]'"
        told = Failure(error="ExtraError", message="--tls needs the package cryptography.", advice=advice)
        raise CommandFailedError(told) from None
    made = self_signed(host)
    if pem is not None:
        pem.write_text(made.pem)
    return made


def cannot_listen(port: int, error: OSError) -> Failure:
    """Say why *port* is not ours, and what to do."""
    if error.errno == errno.EADDRINUSE:
        reason, advice = "another program listens there", "End it, or give another --port; --port 0 takes any."
    else:
        reason, advice = error.strerror or "the system says no", "Give another --port; --port 0 takes any."
    return Failure(error="PortError", message=f"Port {port} cannot be used: {reason}.", advice=advice)
