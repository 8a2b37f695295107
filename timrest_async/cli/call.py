"""``timrest call``: any command of the service, with a body as the manual prints it."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, cast

import typer

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
from timrest_async.cli.output import reporting
from timrest_async.commands._command import RawCommand

__all__ = ["call"]


def call(  # noqa: PLR0913  # each is an option of its own
    command: Annotated[str, typer.Argument(metavar="SERVICE/COMMAND", help="Such as openim/querystate.")],
    body: Annotated[
        str | None, typer.Argument(metavar="JSON", help="The body, {} when left out; - reads it from stdin.")
    ] = None,
    *,
    file: Annotated[Path | None, typer.Option("--file", metavar="FILE", help="Read the body from a file.")] = None,
    sdkappid: SdkAppId = None,
    identifier: Identifier = None,
    region: Region = None,
    base_url: BaseUrl = None,
    secret_key_file: SecretKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Send any command and print the whole reply."""
    with reporting(as_json=as_json) as out:
        raw = RawCommand(command, body_of(body, file))
        variables = settings(
            sdkappid=sdkappid,
            identifier=identifier,
            region=region,
            base_url=base_url,
            secret_key_file=secret_key_file,
        )
        out.whole(ask(session(variables), raw))


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
    if isinstance(body, dict):
        return cast("dict[str, Any]", body)
    raise typer.BadParameter(f"the body has to be a JSON object, not {type(body).__name__}")
