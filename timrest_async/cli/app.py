"""The commands of ``timrest``, put together."""

from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Final

import typer

from timrest_async.cli.bulk import bulk
from timrest_async.cli.call import call
from timrest_async.cli.commands import commands
from timrest_async.cli.demo import demo
from timrest_async.cli.errors import errors
from timrest_async.cli.sandbox import sandbox
from timrest_async.cli.send import send
from timrest_async.cli.usersig import usersig

__all__ = ["app", "version_of"]

app: Final = typer.Typer(
    name="timrest",
    help="Tencent Chat's server-side REST API, from the command line.",
    epilog="Settings come from TIMREST_SDKAPPID, TIMREST_IDENTIFIER, TIMREST_SECRET_KEY, TIMREST_SECRET_KEY_FILE or"
    " TIMREST_USERSIG, and TIMREST_REGION or TIMREST_BASE_URL."
    " Without an account: `timrest demo`, then `timrest sandbox`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # they would print local variables, and with them the secret key
)


def version_of(distribution: str) -> str:
    """Return the version of an installed *distribution*."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "(not installed)"


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"timrest {version_of('timrest-async')}")
        raise typer.Exit


@app.callback()
def settings_of_all(
    *,
    version: Annotated[  # the callback does it
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Tencent Chat's server-side REST API, from the command line."""


app.command("demo")(demo)
app.add_typer(send, name="send")
app.command("bulk")(bulk)
app.command("call")(call)
app.command("commands")(commands)
app.add_typer(usersig, name="usersig")
app.command("errors")(errors)
app.command("sandbox")(sandbox)
