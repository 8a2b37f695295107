"""What a bulk run sends: a message and its recipients become a job.

A message without fields is the same for all, and accounts share calls; one with fields is a message of its own for
each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs
import typer

from timrest_async._codec import read
from timrest_async.bulk import Job, OwnMessages, ToAccounts, ToGroups
from timrest_async.cli.items import Items
from timrest_async.commands._check import complaints
from timrest_async.commands.group_messages import SendGroupMessage
from timrest_async.commands.messages import SendBatch, SendMessage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from timrest_async.cli.recipients import Recipients, Row
    from timrest_async.cli.templates import Message
    from timrest_async.commands._command import Command

__all__ = ["DRAWN", "job_of"]

DRAWN: Final = ("To_Account", "GroupId", "MsgSeq", "MsgRandom", "Random")
"""What each call has of its own."""


def job_of(
    recipients: Recipients, message: Message, sender: str | None, *, group: bool, skip_bad: bool
) -> Job[Any, Any]:
    """Return what is to be sent: the same to all, or a message of its own to each where it has fields."""
    command: type[Command[Any]] = SendGroupMessage if group else SendMessage if message.fields else SendBatch
    given: dict[str, Any] = {} if sender is None else {"From_Account": sender}
    sample = message.fill({name: f"{{{name}}}" for name in message.fields})
    _check_body(sample, given, command)
    if message.fields:
        if group:
            raise typer.BadParameter("a message to groups is the same for all of them; it can have no fields")

        def made(row: Row) -> SendMessage:
            return read(message.fill(row.values) | given | {"To_Account": row.to, "MsgRandom": 0}, SendMessage)

        return OwnMessages(Items(recipients, message.fields, made, skip_bad=skip_bad))
    whole = read(sample | given | _nobody(command), command)
    fields = {one.name: getattr(whole, one.name) for one in attrs.fields(command)}
    more = {name: value for name, value in fields.items() if name not in _OWN}
    items = Items(recipients, {}, lambda row: row.to, skip_bad=skip_bad)
    return (ToGroups if group else ToAccounts)(items, fields["msg_body"], **more)


_OWN: Final = {"to_account", "group_id", "msg_seq", "msg_random", "random", "msg_body"}


def _nobody(command: type[Command[Any]]) -> dict[str, Any]:
    """Return what each call of a *command* has of its own, for one that goes to nobody."""
    if command is SendGroupMessage:
        return {"GroupId": "-", "Random": 0}
    return {"To_Account": ["-"] if command is SendBatch else "-", "MsgRandom": 0}


def _check_body(body: Mapping[str, Any], given: Mapping[str, Any], command: type[Command[Any]]) -> None:
    """Refuse a body that says what is said elsewhere, or that does not fit."""
    for key in body:
        if key in DRAWN:
            raise typer.BadParameter(f"the message holds {key}, which each call has of its own; take it out")
        if key in given:
            raise typer.BadParameter(f"the message holds {key}, and so does the command line; take it out of one")
    if said := complaints({**body, **given, **_nobody(command)}, command):
        raise typer.BadParameter(f"the message does not fit {command.path}: {'; '.join(said[:5])}")
