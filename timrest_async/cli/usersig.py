"""``timrest usersig``: make a UserSig, or say what one holds."""

import os
import sys
import time
from datetime import timedelta
from typing import Annotated, Final

import typer
from attrs import asdict

from timrest_async._bounds import Bytes
from timrest_async.cli.connection import AsJson, SdkAppId, SecretKeyFile, required, settings
from timrest_async.cli.output import facts, local_time, reporting
from timrest_async.errors import ConfigError, InputError, UserSigError
from timrest_async.usersig import DAY, UserSig, read_usersig, sign, verify

__all__ = ["usersig"]

usersig: Final = typer.Typer(help="Make a UserSig, or check one.", no_args_is_help=True)


@usersig.command("make")
def make(
    identifier: Annotated[str, typer.Argument(metavar="IDENTIFIER", help="The account it is for.")],
    *,
    expire: Annotated[int, typer.Option(min=1, max=180 * DAY, metavar="SECONDS", help="How long it holds.")] = DAY,
    sdkappid: SdkAppId = None,
    secret_key_file: SecretKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Print a UserSig, alone on its line."""
    with reporting(as_json=as_json) as out:
        if (complaint := Bytes(32).complaint(identifier)) is not None:
            raise InputError(f"IDENTIFIER {complaint}")
        variables = settings(sdkappid=sdkappid, secret_key_file=secret_key_file)
        application = _application(variables)
        key = required(variables, "TIMREST_SECRET_KEY", "--secret-key-file")
        now = int(time.time())
        made = str(sign(application, key, identifier, expire=expire, time=now))
        facts_of_it = {"identifier": identifier, "sdkappid": application, "time": now, "expires": now + expire}
        out.line(out.dumps({"usersig": made, **facts_of_it}) if as_json else made)


@usersig.command("check")
def check(
    sig: Annotated[
        str | None, typer.Argument(metavar="SIG", help="The UserSig, - for stdin; else TIMREST_USERSIG.")
    ] = None,
    *,
    identifier: Annotated[
        str | None, typer.Option("--identifier", metavar="ID", help="Whose it has to be; anybody's when left out.")
    ] = None,
    sdkappid: SdkAppId = None,
    secret_key_file: SecretKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Say what a UserSig holds, and with a secret key whether it holds."""
    with reporting(as_json=as_json) as out:
        given = _given(sig)
        said = read_usersig(given)
        variables = settings(sdkappid=sdkappid, secret_key_file=secret_key_file)
        now = time.time()
        left = said.time + said.expire - now
        out.show(
            facts(
                {
                    "identifier": said.identifier,
                    "sdkappid": said.sdkappid,
                    "made": local_time(said.time),
                    "expires": local_time(said.time + said.expire),
                    "remaining": f"{timedelta(seconds=int(left))}" if left > 0 else "nothing",
                }
            )
        )
        verified = _hold(given, said, variables, identifier, now)
        out.result(
            {
                **asdict(said, filter=lambda field, _: field.name not in {"sig", "userbuf"}),
                "remaining": int(left),
                "verified": verified,
            },
            "It holds." if verified else "It has not expired. Whether the key is right was not checked: no secret key.",
        )


def _hold(given: str, said: UserSig, variables: dict[str, str], identifier: str | None, now: float) -> bool:
    """Raise unless *given* holds as far as can be told, and say whether a secret key told."""
    application = _application(variables) if "TIMREST_SDKAPPID" in variables else said.sdkappid
    whose = said.identifier if identifier is None else identifier
    if "TIMREST_SECRET_KEY" in variables:
        verify(given, sdkappid=application, secret_key=variables["TIMREST_SECRET_KEY"], identifier=whose, now=now)
        return True
    if said.identifier != whose:
        raise UserSigError(70013, f"the UserSig was made for {said.identifier!r}, not for {whose!r}")
    if said.sdkappid != application:
        raise UserSigError(70014, f"the UserSig was made for SDKAppID {said.sdkappid}, not for {application}")
    if now > said.time + said.expire:
        raise UserSigError(70001, "the UserSig has expired")
    return False


def _given(sig: str | None) -> str:
    found = os.environ.get("TIMREST_USERSIG") if sig is None else sys.stdin.read() if sig == "-" else sig
    if found is None:
        raise typer.BadParameter("give a UserSig, - for stdin, or set TIMREST_USERSIG")
    return found.strip()


def _application(variables: dict[str, str]) -> int:
    value = required(variables, "TIMREST_SDKAPPID", "--sdkappid")
    try:
        return int(value)
    except ValueError:
        raise ConfigError(f"TIMREST_SDKAPPID has to be a whole number, not {value!r}") from None
