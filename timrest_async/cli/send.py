"""``timrest send``: one message to an account or to a group."""

import json
import sys
from typing import Annotated, Any, Final, Literal, cast

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
from timrest_async.cli.output import CommandFailedError, Failure, facts, local_time, reporting
from timrest_async.commands.group_messages import SendGroupMessage, SendGroupMessageReply
from timrest_async.commands.messages import SendMessage
from timrest_async.elements import Custom, Element, Image, Text

__all__ = ["send"]

send: Final = typer.Typer(help="Send one message.", no_args_is_help=True)

Words = Annotated[str | None, typer.Argument(metavar="TEXT", help="What to say; - reads it from stdin.")]
From = Annotated[str | None, typer.Option("--from", metavar="ID", help="On whose behalf; else the administrator.")]
CustomJson = Annotated[str | None, typer.Option("--custom", metavar="JSON", help="Data of your own, as one element.")]
ImageUrl = Annotated[
    str | None, typer.Option("--image", metavar="URL", help="A picture; say its size too if you know it.")
]
Width = Annotated[int | None, typer.Option("--width", min=1, metavar="PIXELS", help="The picture's width.")]
Height = Annotated[int | None, typer.Option("--height", min=1, metavar="PIXELS", help="The picture's height.")]


@send.command("to")
def send_to(  # noqa: PLR0913  # each is an option of its own
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Who receives it.")],
    text: Words = None,
    *,
    from_account: From = None,
    custom: CustomJson = None,
    image: ImageUrl = None,
    width: Width = None,
    height: Height = None,
    life: Annotated[
        int | None, typer.Option(metavar="SECONDS", help="How long it waits for who is offline, up to 604800.")
    ] = None,
    sync: Annotated[
        bool | None, typer.Option("--sync/--no-sync", help="Whether the sender's own devices get it too.")
    ] = None,
    sdkappid: SdkAppId = None,
    identifier: Identifier = None,
    region: Region = None,
    base_url: BaseUrl = None,
    secret_key_file: SecretKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Send one message to one account."""
    with reporting(as_json=as_json) as out:
        body = message_body(text, custom, image, width, height)
        message = SendMessage(
            account,
            body,
            from_account=from_account,
            msg_life_time=life,
            sync_other_machine=None if sync is None else 1 if sync else 2,
        )
        variables = settings(
            sdkappid=sdkappid,
            identifier=identifier,
            region=region,
            base_url=base_url,
            secret_key_file=secret_key_file,
        )
        reply = ask(session(variables), message)
        receipt = {"to_account": account, "msg_key": reply.msg_key, "msg_id": reply.msg_id, "msg_time": reply.msg_time}
        people = {"msg_key": reply.msg_key, "msg_id": reply.msg_id, "time": local_time(reply.msg_time)}
        out.result(receipt, f"sent to {account}", facts(people))


@send.command("group")
def send_group(  # noqa: PLR0913  # each is an option of its own
    group: Annotated[str, typer.Argument(metavar="GROUP", help="The group's id.")],
    text: Words = None,
    *,
    from_account: From = None,
    custom: CustomJson = None,
    image: ImageUrl = None,
    width: Width = None,
    height: Height = None,
    priority: Annotated[
        str | None, typer.Option(metavar="High|Normal|Low|Lowest", help="What the service drops last, or first.")
    ] = None,
    sdkappid: SdkAppId = None,
    identifier: Identifier = None,
    region: Region = None,
    base_url: BaseUrl = None,
    secret_key_file: SecretKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Send one message to a group."""
    with reporting(as_json=as_json) as out:
        body = message_body(text, custom, image, width, height)
        message = SendGroupMessage(
            group,
            body,
            from_account=from_account,
            msg_priority=cast("Literal['High', 'Normal', 'Low', 'Lowest'] | None", priority),  # checked by the command
        )
        variables = settings(
            sdkappid=sdkappid,
            identifier=identifier,
            region=region,
            base_url=base_url,
            secret_key_file=secret_key_file,
        )
        reply = ask(session(variables), message)
        if reply.dropped:
            raise CommandFailedError(_dropped(group, reply))
        receipt = {"group_id": group, "msg_seq": reply.msg_seq, "msg_time": reply.msg_time}
        time = None if reply.msg_time is None else local_time(reply.msg_time)
        out.result(receipt, f"sent to {group}", facts({"msg_seq": reply.msg_seq, "time": time}))


def message_body(
    text: str | None, custom: str | None, image: str | None, width: int | None, height: int | None
) -> list[Element]:
    """Make the elements of a message out of what the command line says."""
    body: list[Element] = []
    if text is not None:
        body.append(Text(_from_stdin() if text == "-" else text))
    if image is not None:
        body.append(Image.at(image, width=width or 0, height=height or 0))
    elif width is not None or height is not None:
        raise typer.BadParameter("--width and --height go with --image")
    if custom is not None:
        body.append(Custom(_json(custom)))
    if not body:
        raise typer.BadParameter("nothing to send: give TEXT, --image or --custom")
    return body


def _from_stdin() -> str:
    try:
        text = sys.stdin.read().removesuffix("\n")
    except UnicodeDecodeError:
        raise typer.BadParameter("what came from stdin is no text") from None
    if not text:
        raise typer.BadParameter("nothing came from stdin")
    return text


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise typer.BadParameter(f"--custom is no JSON: {error}") from None


def _dropped(group: str, reply: SendGroupMessageReply) -> Failure:
    return Failure(
        error="MessageDropped",
        message=f"The service took the message to {group} and dropped it.",
        command=SendGroupMessage.path,
        said=reply.msg_drop_reason,
        advice="A group takes 40 messages a second, and the least important go first: slow down, or raise --priority.",
    )
