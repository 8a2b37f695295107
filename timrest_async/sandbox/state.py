"""What one application of the service remembers, and what every command has at hand.

Commands read and write the tables through :attr:`State.store`; the methods and properties here are for you, to put in
what a test needs and to look at what arrived. They read what is there at that moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from attrs import frozen

from timrest_async._codec import read
from timrest_async._wire import Struct, Wire
from timrest_async.elements import Element  # the codec reads the annotations
from timrest_async.sandbox.events import Event
from timrest_async.sandbox.pace import Window
from timrest_async.sandbox.rules import Rules
from timrest_async.sandbox.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from timrest_async._clock import Clock

__all__ = ["Account", "Group", "GroupMessage", "Message", "Notice", "State"]

NICK: Final = "Tag_Profile_IM_Nick"
FACE_URL: Final = "Tag_Profile_IM_Image"


@frozen
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
    msg_time: Annotated[int, Wire("MsgTimeStamp")]
    msg_key: str
    msg_id: str
    msg_body: list[Element]
    cloud_custom_data: str | None = None
    online_only: Annotated[bool, Wire("online_only")] = False
    """Whether it went to who was online and stands in no history."""


@frozen(kw_only=True)
class GroupMessage(Struct):
    """A message in a group."""

    group_id: str
    topic_id: str = ""
    """In which topic; empty where in none."""
    from_account: Annotated[str, Wire("From_Account")]
    msg_seq: int
    random: int
    msg_time: Annotated[int, Wire("MsgTimeStamp")]
    msg_priority: str
    msg_body: list[Element]
    cloud_custom_data: str | None = None
    online_only: Annotated[bool, Wire("online_only")] = False
    """Whether it went to who was online and stands in no history."""


@frozen(kw_only=True)
class Notice(Struct):
    """A system notice in a group."""

    content: str
    time: int
    to_members_account: Annotated[list[str], Wire("ToMembers_Account")]
    """Who received it; nobody named means everybody."""


@frozen
class Group:
    """A group, as it is whenever you look."""

    group_id: str
    _store: Store

    @property
    def type(self) -> str:
        """What kind of group it is; the service keeps Work as Private and Meeting as ChatRoom."""
        return str(self._store.value("SELECT Type FROM groups WHERE GroupId = ?", self.group_id))

    @property
    def name(self) -> str:
        """What it is called."""
        return str(self._store.value("SELECT Name FROM groups WHERE GroupId = ?", self.group_id))

    @property
    def owner_account(self) -> str | None:
        """Who owns it, if anybody does."""
        owner: str | None = self._store.value("SELECT Owner_Account FROM groups WHERE GroupId = ?", self.group_id)
        return owner

    @property
    def members(self) -> list[str]:
        """Who is in it, in the order in which they joined."""
        sql = "SELECT Member_Account FROM group_members WHERE GroupId = ? ORDER BY number"
        return self._store.values(sql, self.group_id)

    @property
    def messages(self) -> list[GroupMessage]:
        """What was said in it, also what no history holds."""
        sql = "SELECT * FROM group_messages WHERE GroupId = ? ORDER BY number"
        return [read(row, GroupMessage) for row in self._store.rows(sql, self.group_id)]

    @property
    def history(self) -> list[GroupMessage]:
        """The messages that the service keeps."""
        return [message for message in self.messages if not message.online_only]

    @property
    def notices(self) -> list[Notice]:
        """The system notices."""
        sql = "SELECT * FROM group_notices WHERE GroupId = ? ORDER BY number"
        return [read(row, Notice) for row in self._store.rows(sql, self.group_id)]


class State:
    """Everything the service remembers of one application."""

    def __init__(self, clock: Clock, *, rules: Rules | None = None, file: Path | None = None) -> None:
        self.clock: Clock = clock
        self.rules: Rules = rules or Rules()
        """What the documents leave open."""
        self.store: Store = Store(file)
        """The tables."""
        self.sdkappid: int | None = None
        """Whose it is."""
        self.told: list[Event] = []
        """What is to be told once the call that is being answered is done."""
        self._windows: dict[Any, Window] = {}

    @property
    def now(self) -> int:
        """Unix time in whole seconds, as messages carry it."""
        return int(self.clock.now())

    def tell(self, command: str, body: dict[str, Any]) -> None:
        """Tell your application, once the call is done, that something happened."""
        self.told.append(Event(command, body))

    def window(self, key: object, calls: int, per: float = 1.0) -> Window:
        """Return what counts *key* within *per* seconds; every *key* counts for itself."""
        return self._windows.setdefault((key, calls, per), Window(calls, self.clock, per))

    def add_account(self, user_id: str, nick: str | None = None, face_url: str | None = None) -> Account:
        """Register an account, or change what is given of one that is registered."""
        self.store.run("INSERT OR IGNORE INTO accounts VALUES (?)", user_id)
        for tag, value in ((NICK, nick), (FACE_URL, face_url)):
            if value is not None:
                self.store.insert("profiles", {"UserID": user_id, "Tag": tag, "Value": value}, replace=True)
        self.store.commit()
        return self._accounts("WHERE UserID = ?", user_id)[user_id]

    def add_group(
        self,
        group_id: str,
        *,
        group_type: str = "Public",
        name: str = "group",
        owner: str | None = None,
        members: Sequence[str] = (),
    ) -> Group:
        """Put a group in, with any id; its owner and members are registered as accounts."""
        now = self.now
        row = {"GroupId": group_id, "Type": group_type, "Name": name, "Owner_Account": owner}
        self.store.insert("groups", row | {"CreateTime": now, "LastInfoTime": now})
        for account in dict.fromkeys([*([] if owner is None else [owner]), *members]):
            self.store.run("INSERT OR IGNORE INTO accounts VALUES (?)", account)
            role = "Owner" if account == owner else "Member"
            member = {"GroupId": group_id, "Member_Account": account, "Role": role, "JoinTime": now}
            self.store.insert("group_members", member)
        self.store.commit()
        return Group(group_id, self.store)

    def add_topic(self, group_id: str, topic_id: str, name: str = "topic") -> None:
        """Put a topic into a community, with any id."""
        self.store.run("UPDATE groups SET SupportTopic = 1 WHERE GroupId = ?", group_id)
        row = {"GroupId": group_id, "TopicId": topic_id, "TopicName": name, "CreateTime": self.now}
        self.store.insert("topics", row)
        self.store.commit()

    def mute(self, group_id: str, account: str, seconds: int) -> None:
        """Let *account* write nothing in a group for so many seconds."""
        row = {"GroupId": group_id, "Member_Account": account, "MuteUntil": self.now + seconds}
        self.store.insert("group_mutes", row, replace=True)
        self.store.commit()

    @property
    def accounts(self) -> dict[str, Account]:
        """Accounts by id."""
        return self._accounts()

    def _accounts(self, where: str = "", *values: str) -> dict[str, Account]:
        sql = (
            "SELECT UserID, max(iif(Tag = ?, Value, '')) AS Nick, max(iif(Tag = ?, Value, '')) AS FaceUrl"
            " FROM accounts LEFT JOIN profiles USING (UserID)"
        )
        rows = self.store.rows(f"{sql} {where} GROUP BY UserID", NICK, FACE_URL, *values)
        return {row["UserID"]: Account(row["UserID"], row["Nick"] or "", row["FaceUrl"] or "") for row in rows}

    @property
    def groups(self) -> dict[str, Group]:
        """Groups by id."""
        ids = self.store.values("SELECT GroupId FROM groups ORDER BY CreateTime, GroupId")
        return {group_id: Group(group_id, self.store) for group_id in ids}

    def conversation(self, one: str, other: str) -> list[Message]:
        """Return what two accounts said to each other, in order, also what no history holds."""
        sql = (
            "SELECT * FROM messages WHERE (From_Account = ?1 AND To_Account = ?2)"
            " OR (From_Account = ?2 AND To_Account = ?1) ORDER BY MsgTimeStamp, MsgSeq"
        )
        return _messages(self.store.rows(sql, one, other))

    def history(self, one: str, other: str) -> list[Message]:
        """Return the messages of two accounts that the service keeps."""
        return [message for message in self.conversation(one, other) if not message.online_only]

    def messages(self, *, sender: str | None = None, to: str | None = None) -> list[Message]:
        """Return the one-to-one messages *to* somebody, or of a *sender*, or all, in the order in which they came."""
        sql = (
            "SELECT * FROM messages WHERE From_Account = ifnull(?, From_Account) AND To_Account = ifnull(?, To_Account)"
        )
        return _messages(self.store.rows(f"{sql} ORDER BY number", sender, to))

    def export(self) -> dict[str, Any]:
        """Return everything as plain JSON types, table by table, under the manual's names."""
        return self.store.dump()

    def replace(self, exported: Mapping[str, Any]) -> None:
        """Put what was exported in the place of everything here; :class:`~timrest_async.ConfigError` if it is not."""
        self.store.load(exported)
        self._windows.clear()

    def clear(self, admins: Iterable[str] = ()) -> None:
        """Forget everything, but for *admins*, who are registered from the start."""
        self.store.clear()
        self.store.commit()
        self._windows.clear()
        for admin in admins:
            self.add_account(admin)


def _messages(rows: list[dict[str, Any]]) -> list[Message]:
    return [read(row, Message) for row in rows]
