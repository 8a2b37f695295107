"""Topics of communities: create, read, change, delete, import.

The manual's documents: 1047/49471, 1047/49469, 1047/49468, 1047/49470. Where they leave it open:

- A topic that is not there is 10010 for the call as a whole, and 110003 where each topic has a code of its own, whether
  it was deleted or never was; the answer of ``get_topic`` as a whole is OK all the same.
- Who acts, as From_Account, need not be a member; who is none has no SelfInfo in any topic.
- ShutUpTime tells the seconds that a mute lasts yet, as the field of this name does in ``forbid_send_msg``, or
  4294967295. Nobody in the sandbox reads a topic, so MsgSeq is 0.
- A TopicId of your own may hold printable ASCII characters, as that of a group.
"""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final

from timrest_async.commands.communities import CreateTopic, DestroyTopics, GetTopics, ImportTopic, ModifyTopic
from timrest_async.sandbox.events import Event
from timrest_async.sandbox.play.groups import GROUP_CODES, WRONG_TYPE_OF_GROUP, check_accounts, group_of
from timrest_async.sandbox.plays import Codes, Play, Plays
from timrest_async.sandbox.request import Refusal
from timrest_async.sandbox.store import packed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from timrest_async.sandbox.events import Answer, Asking
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State
    from timrest_async.sandbox.store import Row

__all__ = ["DONE", "PLAYS", "check_bytes", "community_of", "failed", "items", "topic_of"]

DONE: Final[Row] = {"ErrorCode": 0, "ErrorInfo": ""}
"""What became of one of many, where all went well."""

_BYTES: Final[Mapping[str, int]] = {
    "TopicName": 30,
    "FaceUrl": 100,
    "Notification": 300,
    "Introduction": 240,
    "CustomString": 3_000,
}
_TOLD: Final[Mapping[str, str]] = {
    "TopicName": "Name",
    "Introduction": "Introduction",
    "Notification": "Notification",
    "FaceUrl": "FaceUrl",
}
"""Of which changes your application hears, and under which names."""
_INFO: Final = (
    *("TopicId", "GroupID", "TopicName", "FaceUrl", "Notification", "Introduction", "CustomString"),
    *("CreateTime", "LastMsgTime", "NextMsgSeq", "MuteAllMember"),
)


def topic_of(state: State, group_id: str, topic_id: str) -> Row:
    """Return the row of a topic of a group; refuse a group that has no topics, and a topic that it does not have."""
    topic = state.store.row("SELECT * FROM topics WHERE TopicId = ? AND GroupId = ?", topic_id, group_id)
    if topic is None:
        if state.store.value("SELECT SupportTopic FROM groups WHERE GroupId = ?", group_id) == 0:
            raise Refusal(WRONG_TYPE_OF_GROUP, "this group has no topics")
        raise Refusal(10010, f"there is no topic {topic_id!r} in this group")
    return topic


def community_of(state: State, request: Request) -> Row:
    """Return the row of the community that *request* is about; refuse a group that has no topics."""
    if not state.rules.topics:
        raise Refusal(11000)
    group = group_of(state, request)
    if not group["SupportTopic"]:
        raise Refusal(WRONG_TYPE_OF_GROUP, "only a community with topics knows this")
    return group


def check_bytes(request: Request, most: Mapping[str, int]) -> None:
    """Refuse texts that are longer than so many bytes, and a name that is empty."""
    for name, size in most.items():
        text: str = request.get(name, "")
        if len(text.encode()) > size:
            raise Refusal(10004, f"{name} is longer than {size} bytes")
        if name.endswith("Name") and name in request and not text:
            raise Refusal(10004, f"{name} is empty")


def items(request: Request, name: str) -> list[Any]:
    """Return a list that may not be empty."""
    found: list[Any] = request[name]
    if not found:
        raise Refusal(10004, f"{name} is empty")
    return found


def failed(code: int, info: str = "") -> Row:
    """Say what became of one of many that could not be done."""
    why = Refusal(code, info)
    return {"ErrorCode": why.code, "ErrorInfo": why.info}


def create(state: State, request: Request) -> Asking:
    """Create a topic, unless your application is against it."""
    group, row = _new(state, request, taken=10025)
    told = {"Operator_Account": _operator(request), "Type": group["Type"], "Name": row["TopicName"]}
    verdict = yield Event("Group.CallbackBeforeCreateTopic", told)
    verdict.obey("Group.CallbackBeforeCreateTopic")
    group, row = _new(state, request, taken=10025)  # much may have happened meanwhile
    state.store.insert("topics", row)
    told = {
        "GroupId": group["GroupId"],
        "TopicId": row["TopicId"],
        "Operator_Account": _operator(request),
        "Owner_Account": group["Owner_Account"] or "",
        "Type": group["Type"],
        "Name": row["TopicName"],
    }
    state.tell("Group.CallbackAfterCreateTopic", told)
    return {"TopicId": row["TopicId"]}


def import_one(state: State, request: Request) -> Answer:
    """Bring a topic in from elsewhere; nobody is asked and nobody is told."""
    _, row = _new(state, request, taken=10021)
    state.store.insert("topics", row | {"CreateTime": request.get("CreateTime", state.now)})
    return {"TopicId": row["TopicId"]}


def get(state: State, request: Request) -> Answer:
    """Read topics, and what one account is in each; every topic says for itself whether it is there."""
    group = community_of(state, request)
    account: str = request["From_Account"]
    check_accounts(state, account)
    ids: list[str] | None = request.get("TopicIdList") or None
    if ids is None:
        rows = state.store.rows(_EVERY, group["GroupId"])
    else:
        rows = state.store.rows(_NAMED, group["GroupId"], packed(list(dict.fromkeys(ids))))
    wanted = [name for name in _INFO if name in (request.get("ResponseFilter") or _INFO)]
    own = _self_infos(state, group["GroupId"], account)
    return {"TopicAndSelfInfo": [_shown(row, wanted, own) for row in rows]}


_EVERY: Final = "SELECT *, GroupId AS GroupID FROM topics WHERE GroupId = ? ORDER BY number"
_NAMED: Final = (
    "SELECT value AS asked, topics.*, GroupId AS GroupID FROM json_each(?2)"
    " LEFT JOIN topics ON TopicId = value AND GroupId = ?1 ORDER BY key"
)


def modify(state: State, request: Request) -> Answer:
    """Change a topic. Your application hears of its texts and its picture alone."""
    group = community_of(state, request)
    topic = topic_of(state, group["GroupId"], request["TopicId"])
    _check(state, request)
    given = {name: request[name] for name in (*_BYTES, "MuteAllMember") if name in request}
    changed = {name: value for name, value in given.items() if value != topic[name]}
    for name, value in changed.items():
        state.store.run(f"UPDATE topics SET {name} = ? WHERE number = ?", value, topic["number"])  # noqa: S608  # ours
    if texts := {_TOLD[name]: value for name, value in changed.items() if name in _TOLD}:
        told = {"GroupId": group["GroupId"], "TopicId": topic["TopicId"], "Type": group["Type"]}
        state.tell("Group.CallbackAfterTopicInfoChanged", told | {"Operator_Account": _operator(request)} | texts)
    return {}


def destroy(state: State, request: Request) -> Answer:
    """Delete topics with all that belongs to them; every topic says for itself whether it was there."""
    group = community_of(state, request)
    ids = list(dict.fromkeys(items(request, "TopicIdList")))
    found = state.store.values(
        "SELECT TopicId FROM json_each(?) JOIN topics ON TopicId = value AND GroupId = ? ORDER BY key",
        packed(ids),
        group["GroupId"],
    )
    for table in ("topics", "group_messages", "group_notices"):
        sql = f"DELETE FROM {table} WHERE GroupId = ? AND TopicId IN (SELECT value FROM json_each(?))"  # noqa: S608  # ours
        state.store.run(sql, group["GroupId"], packed(found))
    if found:
        told = {"GroupId": group["GroupId"], "Type": group["Type"], "TopicIdList": found}
        state.tell("Group.CallbackAfterTopicDestroyed", told)
    return {"DestroyResultItem": [{"TopicId": one, **(DONE if one in found else failed(110003))} for one in ids]}


def _new(state: State, request: Request, *, taken: int) -> tuple[Row, Row]:
    """Return the community, and the row of its new topic if all is as it should be; *taken* is for an id in use."""
    group = community_of(state, request)
    _check(state, request)
    row = {name: request[name] for name in _BYTES if name in request}
    return group, row | {
        "GroupId": group["GroupId"],
        "TopicId": _id(state, request, group["GroupId"], taken),
        "CreateTime": state.now,
    }


def _id(state: State, request: Request, group_id: str, taken: int) -> str:
    """Read an id of the caller's own, or assign one."""
    prefix = f"{group_id}@TOPIC#_"
    topic_id: str = request.get("TopicId", f"{prefix}@TOPIC#c{token_hex(6).upper()}")
    if not (topic_id.startswith(prefix) and topic_id != prefix and topic_id.isascii() and topic_id.isprintable()):
        raise Refusal(10015, f"TopicId has to be {prefix} and something of your own, in printable ASCII characters")
    if state.store.row("SELECT 1 FROM topics WHERE TopicId = ?", topic_id) is not None:
        raise Refusal(taken, "TopicId is in use")
    return topic_id


def _check(state: State, request: Request) -> None:
    """Refuse who does not exist, texts that are too long, and refused words."""
    check_accounts(state, request.get("From_Account"))
    check_bytes(request, _BYTES)
    texts = [request.get(name, "") for name in _BYTES]
    if any(word in text for word in state.rules.refused_words for text in texts):
        raise Refusal(80001)


def _operator(request: Request) -> str:
    operator: str = request.get("From_Account", request.identifier)
    return operator


def _self_infos(state: State, group_id: str, account: str) -> Mapping[str, int] | None:
    """Tell how long *account* is muted in each topic where it is; ``None`` for who is no member."""
    sql = "SELECT 1 FROM group_members WHERE GroupId = ? AND Member_Account = ?"
    if state.store.row(sql, group_id, account) is None:
        return None
    muted = state.store.rows(
        "SELECT TopicId, iif(MuteUntil = 4294967295, MuteUntil, MuteUntil - ?2) AS ShutUpTime"
        " FROM topics CROSS JOIN topic_mutes USING (TopicId)"
        " WHERE topics.GroupId = ?1 AND Member_Account = ?3 AND MuteUntil > ?2",
        group_id,
        state.now,
        account,
    )
    return {row["TopicId"]: row["ShutUpTime"] for row in muted}


def _shown(row: Row, wanted: list[str], own: Mapping[str, int] | None) -> Row:
    """Make the answer's entry of one topic."""
    if row["TopicId"] is None:
        return failed(110003) | {"TopicInfo": {"TopicId": row["asked"]}}
    info = {"ShutUpTime": 0 if own is None else own.get(row["TopicId"], 0), "MsgSeq": 0, "MsgFlag": "AcceptAndNotify"}
    mine = {} if own is None else {"SelfInfo": info}
    return DONE | mine | {"TopicInfo": {name: row[name] for name in wanted}}


_CODES: Final = Codes(10004, limit=GROUP_CODES.limit | {"TopicId": 10015})
"""A TopicId is an id of the group service too."""

PLAYS: Final[Plays] = {
    CreateTopic: Play(create, _CODES, too_often=10006),
    GetTopics: Play(get, Codes(10004), too_often=10006),
    ModifyTopic: Play(modify, _CODES, too_often=10006),
    DestroyTopics: Play(destroy, _CODES, too_often=10006),
    ImportTopic: Play(import_one, _CODES),
}
