"""All events of the manual, a module for each family."""

from collections.abc import Mapping
from typing import Final

from timrest_async.webhook.event import Event
from timrest_async.webhook.events import (
    c2c,
    group_messages,
    groups,
    notices,
    official_accounts,
    relations,
    robots,
    topics,
    users,
)

__all__ = ["EVENTS"]

_FAMILIES = (c2c, robots, group_messages, groups, topics, users, relations, official_accounts, notices)

EVENTS: Final[Mapping[str, type[Event]]] = {
    event.callback_command: event for family in _FAMILIES for event in family.EVENTS
}
"""Every event's class by its CallbackCommand, in the manual's order."""
