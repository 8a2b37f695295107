"""Who may not write in a group, and who may not be in it. The manual's documents: 269/1627, 269/2925, 1047/50295-50297.

A mute is kept for accounts that are no members too: it outlasts their leaving, and nobody knows who is in a live room.
Bans were for live rooms alone until the documents of October 2025, which have them in every group. Who is banned leaves
the group, of which your application is told as of any member that was removed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from timrest_async.commands.group_members import (
    BanMembers,
    ListBannedMembers,
    ListMutedMembers,
    ListShuttedMembers,
    MuteGroupMembers,
    UnbanMembers,
)
from timrest_async.sandbox.play.group_members import (
    check_known,
    end_of,
    expel,
    mute_all,
    number_of,
)
from timrest_async.sandbox.play.groups import GROUP_CODES, WRONG_TYPE_OF_GROUP, group_of
from timrest_async.sandbox.play.topics import topic_of
from timrest_async.sandbox.plays import Codes, Play, Plays
from timrest_async.sandbox.request import Refusal
from timrest_async.sandbox.store import packed

if TYPE_CHECKING:
    from timrest_async.sandbox.events import Answer
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State
    from timrest_async.sandbox.store import Row

__all__ = ["PLAYS"]

PAGE: Final = 100
DESCRIPTION_BYTES: Final = 1000


def mute(state: State, request: Request) -> Answer:
    """Keep accounts from writing in a group, or in one of its topics, for some time."""
    group = _audible(state, request)
    topic, accounts = _topic(state, request, group), request["Members_Account"]
    check_known(state, accounts)
    if topic is None:
        mute_all(state, group["GroupId"], accounts, request["MuteTime"])
        return {}
    row = {"TopicId": topic, "GroupId": group["GroupId"], "MuteUntil": end_of(state, request["MuteTime"])}
    for account in accounts:
        state.store.insert("topic_mutes", row | {"Member_Account": account}, replace=True)
    return {}


def list_muted(state: State, request: Request) -> Answer:
    """List who may not write in a group, or in one of its topics."""
    group = _audible(state, request)
    sql, place = _MUTED, group["GroupId"]
    if (topic := _topic(state, request, group)) is not None:
        sql, place = _MUTED_IN_TOPIC, topic
    return {"GroupId": group["GroupId"], "MutedAccountList": state.store.rows(sql, place, state.now)}


def list_shutted(state: State, request: Request) -> Answer:
    """List who may not write in a group, in the older words."""
    group = _audible(state, request)
    muted = state.store.rows(_MUTED, group["GroupId"], state.now)
    listed = [{"Member_Account": row["Member_Account"], "ShuttedUntil": row["MutedUntil"]} for row in muted]
    return {"GroupId": group["GroupId"], "ShuttedUinList": listed}


def ban(state: State, request: Request) -> Answer:
    """Take accounts out of a group, and keep them out for some time."""
    group = _guarded(state, request)
    accounts: list[str] = request["Members_Account"]
    description = request.get("Description", "")
    if len(description.encode()) > DESCRIPTION_BYTES:
        raise Refusal(10004, f"Description is longer than {DESCRIPTION_BYTES} bytes")
    check_known(state, accounts)
    expel(state, request, group, accounts)
    row = {"GroupId": group["GroupId"], "BannedUntil": end_of(state, request["Duration"]), "Description": description}
    for account in accounts:
        state.store.insert("group_bans", row | {"Member_Account": account}, replace=True)
    state.store.run(
        "DELETE FROM live_marks WHERE GroupId = ? AND Member_Account IN (SELECT value FROM json_each(?))",
        group["GroupId"],
        packed(accounts),
    )
    return {}


def unban(state: State, request: Request) -> Answer:
    """Let accounts in again; who is not banned is as good as let in."""
    group = _guarded(state, request)
    state.store.run(
        "DELETE FROM group_bans WHERE GroupId = ? AND Member_Account IN (SELECT value FROM json_each(?))",
        group["GroupId"],
        packed(request["Members_Account"]),
    )
    return {}


def list_banned(state: State, request: Request) -> Answer:
    """List who may not be in a group, page by page."""
    group = _guarded(state, request)
    limit, offset = request.get("Limit", PAGE), number_of(request, "Offset")
    rows = state.store.rows(
        "SELECT Member_Account, BannedUntil FROM group_bans WHERE GroupId = ? AND BannedUntil > ?"
        " ORDER BY Member_Account LIMIT ? OFFSET ?",
        group["GroupId"],
        state.now,
        limit + 1,
        offset,
    )
    return {"BannedAccountList": rows[:limit], "NextOffset": offset + limit if len(rows) > limit else 0}


_MUTED: Final = (
    "SELECT Member_Account, MuteUntil AS MutedUntil FROM group_mutes WHERE GroupId = ? AND MuteUntil > ?"
    " ORDER BY Member_Account"
)
_MUTED_IN_TOPIC: Final = _MUTED.replace("group_mutes WHERE GroupId", "topic_mutes WHERE TopicId")


def _audible(state: State, request: Request) -> Row:
    """Return the row of the group; refuse one in which nobody is muted."""
    group = group_of(state, request)
    if group["Type"] == "Private":
        raise Refusal(WRONG_TYPE_OF_GROUP, "nobody is muted in a Private group")
    return group


def _topic(state: State, request: Request, group: Row) -> str | None:
    """Return which topic of *group* the request is about; ``None`` for the whole group."""
    topic: str | None = request.get("TopicId")
    if topic is not None:
        topic_of(state, group["GroupId"], topic)
    return topic


def _guarded(state: State, request: Request) -> Row:
    """Return the row of the group; refuse one from which nobody is banned."""
    group = group_of(state, request)
    banning = state.rules.banning
    if banning == "off" or (banning == "live" and group["Type"] != "AVChatRoom"):
        raise Refusal(WRONG_TYPE_OF_GROUP, f"nobody is banned from a group of the type {group['Type']}")
    return group


_CODES: Final = Codes(10004, limit={"GroupId": 10015, "Members_Account": 10005}, empty={"Members_Account": 10004})
"""10005 is what each command about bans lists; those about mutes do not."""

PLAYS: Final[Plays] = {
    MuteGroupMembers: Play(mute, GROUP_CODES),
    ListMutedMembers: Play(list_muted, GROUP_CODES),
    ListShuttedMembers: Play(list_shutted, GROUP_CODES),
    BanMembers: Play(ban, _CODES),
    UnbanMembers: Play(unban, _CODES),
    ListBannedMembers: Play(list_banned, Codes(10004, limit={"GroupId": 10015, "Limit": 10005})),
}
