"""What the service remembers: accounts, groups, conversations and what was said in them.

The classes carry the manual's field names, so the state can be shown as JSON by the codec. A message that was sent to
who is online alone stands here too, marked ``online_only``; the service's history lacks it.
"""

import json
from bisect import insort
from collections import defaultdict
from typing import TYPE_CHECKING, Annotated, Any, Final
from zlib import crc32

from attrs import define, field, frozen

from timrest_async._codec import write
from timrest_async._wire import Struct, Wire
from timrest_async.elements import Element
from timrest_async.sandbox.pace import Repeats, Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from timrest_async._clock import Clock

__all__ = ["Account", "Group", "GroupMessage", "Message", "Notice", "State", "content_of"]

MESSAGES_A_SECOND: Final = 40
"""So many messages a second one group takes; the service drops more without a code."""


@define
class Account(Struct):
    """An account."""

    user_id: Annotated[str, Wire("UserID")]
    nick: str = ""
    face_url: str = ""


@frozen(kw_only=True)
class Message(Struct):
    """A one-to-one message."""

    from_account: Annotated[str, Wire("From_Account")]
    to_account: Annotated[str, Wire("To_Account")]
    msg_seq: int
    msg_random: int
    msg_time: int
    msg_key: str
    msg_id: str
    msg_body: list[Element]
    cloud_custom_data: str | None = None
    online_only: bool = False

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands in its conversation: by time, and within a second by sequence number."""
        return self.msg_time, self.msg_seq

    @property
    def identity(self) -> tuple[str, int, int, int]:
        """What a repeat of it has in common with it.

        This is the manual's key of 2026 to the letter; the receiver is not part of it.
        """
        return self.from_account, self.msg_seq, self.msg_random, crc32(content_of(self.msg_body))


@frozen(kw_only=True)
class GroupMessage(Struct):
    """A message in a group."""

    from_account: Annotated[str, Wire("From_Account")]
    msg_seq: int
    random: int
    msg_time: int
    msg_priority: str
    msg_body: list[Element]
    cloud_custom_data: str | None = None
    online_only: bool = False


@frozen(kw_only=True)
class Notice(Struct):
    """A system notice in a group."""

    content: str
    time: int
    to_members_account: Annotated[list[str], Wire("ToMembers_Account")]
    """Who received it; nobody named means everybody."""


@define(kw_only=True)
class Group(Struct):
    """A group, and what was said in it."""

    group_id: str
    type: str
    name: str
    owner_account: Annotated[str | None, Wire("Owner_Account")] = None
    members: list[str] = field(factory=list[str])
    muted: list[str] = field(factory=list[str])
    """Accounts that may not write here."""
    messages: list[GroupMessage] = field(factory=list[GroupMessage])
    """In the order of their MsgSeq."""
    notices: list[Notice] = field(factory=list[Notice])
    next_msg_seq: int = 1

    @property
    def history(self) -> list[GroupMessage]:
        """The messages that the service keeps."""
        return [message for message in self.messages if not message.online_only]


class State:
    """Everything the service remembers. Fill it and look into it as you like."""

    def __init__(self, clock: "Clock") -> None:
        self.clock = clock
        self.accounts: dict[str, Account] = {}
        """Accounts by id."""
        self.groups: dict[str, Group] = {}
        """Groups by id."""
        self.refused_words: set[str] = set()
        """Words that no group message may hold."""
        self.sent: Repeats[Message] = Repeats(120, clock)
        """One-to-one messages that a repeat would be recognised by."""
        self.sent_to_groups: Repeats[GroupMessage] = Repeats(300, clock)
        """Group messages that a repeat would be recognised by."""
        self._conversations: defaultdict[tuple[str, str], list[Message]] = defaultdict(list)
        self._windows: dict[str, Window] = {}

    @property
    def now(self) -> int:
        """Unix time in whole seconds, as messages carry it."""
        return int(self.clock.now())

    def add_account(self, user_id: str, nick: str | None = None, face_url: str | None = None) -> Account:
        """Register an account, or change what is given of one that is registered."""
        account = self.accounts.setdefault(user_id, Account(user_id))
        account.nick = account.nick if nick is None else nick
        account.face_url = account.face_url if face_url is None else face_url
        return account

    def add_group(
        self,
        group_id: str,
        *,
        group_type: str = "Public",
        name: str = "group",
        owner: str | None = None,
        members: "Sequence[str]" = (),
    ) -> Group:
        """Put a group in, with any id; its owner and members are registered as accounts."""
        everybody = list(members) if owner is None or owner in members else [owner, *members]
        for account in everybody:
            self.add_account(account)
        group = Group(group_id=group_id, type=group_type, name=name, owner_account=owner, members=everybody)
        self.groups[group_id] = group
        return group

    def add_message(self, message: Message) -> None:
        """Put *message* into its conversation, in its place."""
        insort(self._conversations[_pair(message.from_account, message.to_account)], message, key=lambda m: m.place)

    def conversation(self, one: str, other: str) -> list[Message]:
        """Return what two accounts said to each other, in order, online messages too."""
        return list(self._conversations.get(_pair(one, other), ()))

    def history(self, one: str, other: str) -> list[Message]:
        """Return the messages of two accounts that the service keeps."""
        return [message for message in self.conversation(one, other) if not message.online_only]

    def window_of(self, group: Group) -> Window:
        """Return what counts the messages of *group* in a second."""
        return self._windows.setdefault(group.group_id, Window(MESSAGES_A_SECOND, self.clock))

    def describe(self) -> dict[str, Any]:
        """Show everything as plain JSON types, under the manual's names."""
        return {
            "Accounts": [write(account) for account in self.accounts.values()],
            "Groups": [write(group) for group in self.groups.values()],
            "Conversations": [
                {"Accounts": list(pair), "Messages": [write(message) for message in messages]}
                for pair, messages in self._conversations.items()
            ],
        }


def content_of(body: list[Element]) -> bytes:
    """Return *body* as bytes that are the same for the same content."""
    return json.dumps([write(element) for element in body], sort_keys=True).encode()


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one <= other else (other, one)
