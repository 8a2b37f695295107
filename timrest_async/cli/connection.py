"""Which application and which administrator a command speaks for: the environment, and options that win over it."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias, TypeVar

import typer

from timrest_async.commands._command import Command
from timrest_async.errors import ConfigError
from timrest_async.session import TimSession
from timrest_async.usersig import secret_in

__all__ = [
    "AsJson",
    "BaseUrl",
    "Identifier",
    "Region",
    "SdkAppId",
    "SecretKeyFile",
    "ask",
    "required",
    "session",
    "settings",
]

R = TypeVar("R")

SdkAppId: TypeAlias = Annotated[
    int | None, typer.Option("--sdkappid", metavar="N", help="The application's id; else TIMREST_SDKAPPID.")
]
Identifier: TypeAlias = Annotated[
    str | None, typer.Option("--identifier", metavar="ID", help="The administrator; else TIMREST_IDENTIFIER.")
]
Region: TypeAlias = Annotated[
    str | None, typer.Option("--region", metavar="NAME", help="The data centre; else TIMREST_REGION, else china.")
]
BaseUrl: TypeAlias = Annotated[
    str | None, typer.Option("--base-url", metavar="URL", help="Another address; else TIMREST_BASE_URL.")
]
SecretKeyFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--secret-key-file",
        metavar="FILE",
        help="A file with the secret key; else TIMREST_SECRET_KEY_FILE, TIMREST_SECRET_KEY or TIMREST_USERSIG.",
    ),
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON value and nothing else.")]


def settings(
    *,
    sdkappid: int | None = None,
    identifier: str | None = None,
    region: str | None = None,
    base_url: str | None = None,
    secret_key_file: Path | None = None,
) -> dict[str, str]:
    """Return the TIMREST_ variables as a session is to see them: the options in place of what they win over."""
    found = {name: value for name, value in os.environ.items() if name.startswith("TIMREST_") and value}
    options = {
        "TIMREST_SDKAPPID": sdkappid,
        "TIMREST_IDENTIFIER": identifier,
        "TIMREST_REGION": region,
        "TIMREST_BASE_URL": base_url,
        "TIMREST_SECRET_KEY_FILE": secret_key_file,
    }
    given = {name: str(value) for name, value in options.items() if value is not None}
    for rivals in (_PLACED, _SIGNED):
        if rivals & given.keys():
            found = {name: value for name, value in found.items() if name not in rivals}
    found |= given
    if len(_SIGNED & found.keys()) > 1:
        raise ConfigError(f"{' and '.join(sorted(_SIGNED & found.keys()))} are both set; unset one")
    if "TIMREST_SECRET_KEY_FILE" in found:
        found["TIMREST_SECRET_KEY"] = secret_in(Path(found.pop("TIMREST_SECRET_KEY_FILE")))
    return found


_PLACED: Final = {"TIMREST_REGION", "TIMREST_BASE_URL"}
_SIGNED: Final = {"TIMREST_SECRET_KEY", "TIMREST_SECRET_KEY_FILE", "TIMREST_USERSIG"}


def required(variables: Mapping[str, str], name: str, instead: str) -> str:
    """Return the variable *name*, or tell what to give *instead*."""
    if name not in variables:
        raise ConfigError(f"{name} is not set; set it or give {instead}")
    return variables[name]


def session(variables: Mapping[str, str], **more: Any) -> TimSession:
    """Make a session out of the TIMREST_ *variables*."""
    required(variables, "TIMREST_SDKAPPID", "--sdkappid")
    if "TIMREST_USERSIG" not in variables:
        required(variables, "TIMREST_SECRET_KEY", "--secret-key-file (`timrest sandbox` prints a set to try with)")
    return TimSession.from_env(variables, **more)


def ask(tim: TimSession, command: Command[R]) -> R:
    """Send one *command* through *tim*, and close it."""

    async def once() -> R:
        async with tim:
            return await tim.call(command)

    return asyncio.run(once())
