"""Which commands the sandbox plays, and how: one :class:`Play` each.

A family of commands is a module in ``play/`` with a table ``PLAYS``; all of them are found by themselves.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from attrs import frozen

from timrest_async.commands._command import Command
from timrest_async.sandbox import play
from timrest_async.sandbox.fields import Codes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from timrest_async.sandbox.events import Answer, Asking
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State

__all__ = ["OLDER", "Codes", "Handler", "Play", "Plays", "plays"]

Handler: TypeAlias = "Callable[[State, Request], Answer | Asking]"


@frozen
class Play:
    """How one command is played."""

    handler: Handler
    """What does the work; a generator where it asks your application first."""

    codes: Codes
    """What it answers to fields that are not as they should be."""

    size: int | None = None
    """What it answers to a packet that is too long, where it has a code for that."""

    too_often: int = 60007
    """What it answers above its cap."""


Plays: TypeAlias = dict[type[Command[Any]], Play]
"""How the commands of a family are played."""


@frozen
class Played:
    """One command of the service."""

    command: type[Command[Any]]
    """Its class, by which its fields are checked."""

    play: Play
    """How it is played."""


def plays() -> Mapping[str, Played]:
    """Return how every command is played, by path; this loads them all."""
    return _plays()


@cache
def _plays() -> Mapping[str, Played]:
    found: dict[str, Played] = {}
    for module in iter_modules(play.__path__, f"{play.__name__}."):
        table: Plays = import_module(module.name).PLAYS
        found |= {command.path: Played(command, how) for command, how in table.items()}
    return found | {older: found[newer] for older, newer in OLDER.items()}


OLDER: Final = {"openim/querystate": "openim/query_online_status"}
"""Commands under which their successors are called as well."""
