"""``timrest call``: any command of the service, with a body as the manual prints it."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Final, cast

import typer

from timrest_async.cli.commands import completed
from timrest_async.cli.connection import (
    AsJson,
    BaseUrl,
    Identifier,
    Region,
    SdkAppId,
    SecretKeyFile,
    ask,
    session,
    settings,
)
from timrest_async.cli.output import CommandFailedError, Failure, Output, reporting
from timrest_async.commands._check import complaints
from timrest_async.commands._command import RawCommand
from timrest_async.commands._registry import find

__all__ = ["call"]


_MOST: Final = 5
"""Up to so many complaints about a body are shown."""


def call(  # noqa: PLR0913  # each is an option of its own
    command: Annotated[
        str,
        typer.Argument(
            metavar="SERVICE/COMMAND",
            help="Such as openim/sendmsg; `timrest commands` lists them.",
            autocompletion=completed,
        ),
    ],
    body: Annotated[
        str | None, typer.Argument(metavar="JSON", help="The body, {} when left out; - reads it from stdin.")
    ] = None,
    *,
    file: Annotated[Path | None, typer.Option("--file", metavar="FILE", help="Read the body from a file.")] = None,
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Whether a body that does not fit the command is refused unsent.")
    ] = True,
    sdkappid: SdkAppId = None,
    identifier: Identifier = None,
    region: Region = None,
    base_url: BaseUrl = None,
    secret_key_file: SecretKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Send any command and print the whole reply.

    The body of one that `timrest commands` knows is looked over first.
    """
    with reporting(as_json=as_json) as out:
        raw = RawCommand(command, body_of(body, file))
        if check:
            _look_over(out, raw)
        variables = settings(
            sdkappid=sdkappid,
            identifier=identifier,
            region=region,
            base_url=base_url,
            secret_key_file=secret_key_file,
        )
        out.whole(ask(session(variables), raw))


def _look_over(out: Output, raw: RawCommand) -> None:
    """Refuse a body that does not fit a command that is known."""
    entry = find(raw.path)
    said = [] if entry is None else complaints(raw.body, entry.command)
    if said:
        more = [f"and {len(said) - _MOST} more"] if len(said) > _MOST else []
        raise CommandFailedError(
            Failure(
                error="InputError",
                message=f"This body does not fit {raw.path}: {'; '.join([*said[:_MOST], *more])}. Nothing was sent.",
                command=raw.path,
                advice=f"`timrest commands {raw.path}` shows what it takes; --no-check sends the body as it is.",
                notes=said if out.as_json else (),  # all of them, one by one
            )
        )


def body_of(argument: str | None, file: Path | None) -> dict[str, Any]:
    """Read the body from wherever the command line says it is."""
    if argument is not None and file is not None:
        raise typer.BadParameter("give JSON or --file, not both")
    if argument is None and file is None:
        return {}
    try:
        return _object(_text(argument, file))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
    raise typer.BadParameter(f"the body cannot be read from {file or 'stdin'}: {reason}")


def _text(argument: str | None, file: Path | None) -> str:
    if file is not None:
        return file.read_text(encoding="utf-8")
    return sys.stdin.read() if argument == "-" else argument or ""


def _object(text: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except json.JSONDecodeError as error:
        raise typer.BadParameter(f"the body is no JSON: {error}") from None
    except (RecursionError, ValueError):
        raise typer.BadParameter("the body is nested too deeply, or holds a number of too many digits") from None
    if isinstance(body, dict):
        return cast("dict[str, Any]", body)
    raise typer.BadParameter(f"the body has to be a JSON object, not {type(body).__name__}")
