"""One-to-one messages: to one, to many, from an older system. The manual's documents: 269/2282, 269/1612, 269/2568.

Where a message is stored, three things change: the message, the conversation as each side lists it, and how much its
receiver has not read. Both counts are kept and never counted, so that a send costs the same after a million others.

An unknown sender is 20003 for one receiver and 90008 for many, because that is what each command's own table lists.
Whether friends, black lists and mutes count is for the rules to say; what an administrator writes as itself is above
them, which no document says but nobody could work without.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from attrs import evolve

from timrest_async.commands._command import random_u32
from timrest_async.commands.messages import ImportMessage, SendBatch, SendMessage
from timrest_async.sandbox.body import BodyCodes, content_of, texts_in
from timrest_async.sandbox.events import GO_ON, Event
from timrest_async.sandbox.play.accounts import exists, unknown_of
from timrest_async.sandbox.plays import Codes, Play, Plays
from timrest_async.sandbox.request import Refusal
from timrest_async.sandbox.store import packed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from timrest_async.sandbox.events import Answer, Asking
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State
    from timrest_async.sandbox.store import Row

__all__ = ["MESSAGE_BODY", "PLAYS", "ROBOT", "check_words", "forget_unread", "unread_of"]

REPEAT_SECONDS: Final = 120
LIFE_SECONDS: Final = 604_800
DROP: Final = 2
"""The message goes nowhere, and the sender hears nothing of it."""
AFTER: Final = "C2C.CallbackAfterSendMsg"
ROBOT: Final = "@RBT#"
"""What the id of a robot starts with."""
HISTORY: Final = 2
"""An import of what was read long ago; every other counts as unread."""


def send(state: State, request: Request) -> Asking:
    """Send one message to one account, unless it is a repeat."""
    message = _message(state, request)
    known = _known(state, message)
    if not known["sender"]:
        raise Refusal(20003, f"From_Account is not registered: {message['From_Account']!r}")
    if not known["receiver"]:
        raise Refusal(90012, f"To_Account is not registered: {message['To_Account']!r}")
    if known["first"] is not None:
        return _receipt_of(state, known["first"])
    forbidden = request.get("ForbidCallbackControl", [])
    silent, told = "ForbidAfterSendMsgCallback" in forbidden, _told(message)
    try:
        _check_may_write(state, request, message)
        check_words(state, message["MsgBody"])
    except Refusal as no:
        raise Refusal(no.code, no.info, told=[] if silent else [_after(told, no.code, no.info, -1)]) from None
    if "ForbidBeforeSendMsgCallback" not in forbidden:
        verdict = yield Event("C2C.CallbackBeforeSendMsg", told)
        if verdict is not GO_ON and (first := _known(state, message)["first"]) is not None:
            return _receipt_of(state, first)  # the repeat was faster while your application was asked
        if verdict.code == DROP:
            return _receipt(message)
        verdict.obey("C2C.CallbackBeforeSendMsg")
        changed = verdict.only("MsgBody", "CloudCustomData")
        message |= changed
        told = told | changed
    _deliver(state, request, message)
    hears = {AFTER: not silent, "Bot.OnC2CMessage": message["To_Account"].startswith(ROBOT)}
    if any(hears.values()):
        after = _after(told, 0, "send msg succeed", unread_of(state, message["To_Account"]))
        state.told += [Event(command, after.body) for command, wanted in hears.items() if wanted]
    return _receipt(message)


def send_batch(state: State, request: Request) -> Answer:
    """Send one message to many accounts, and name those who do not exist. Nothing tells a repeat; nobody is told."""
    message = _message(state, request)
    if not exists(state, message["From_Account"]):
        raise Refusal(90008, f"From_Account is not registered: {message['From_Account']!r}")
    check_words(state, message["MsgBody"])
    receivers = list(dict.fromkeys(request["To_Account"]))
    unknown = unknown_of(state, receivers)
    reached = [receiver for receiver in receivers if receiver not in set(unknown)]
    if not reached:
        raise Refusal(90012, "none of To_Account is registered")
    limit = state.rules.receivers_per_minute
    if limit is not None and not state.window("receivers", limit, 60).admit(len(reached)):
        raise Refusal(60007, f"batches had more than {limit} receivers within a minute")
    _deliver_to_all(state, request, message, reached)
    receipt = {"MsgKey": message["MsgKey"], "MsgId": message["MsgId"]}
    errors = [{"To_Account": name, "ErrorCode": 70107} for name in unknown]
    return receipt | {"ActionStatus": "SomeError", "ErrorList": errors} if errors else receipt


def import_one(state: State, request: Request) -> Answer:
    """Put one message of an older system into the history, unless one of its time, MsgSeq and MsgRandom is there."""
    if request["MsgTimeStamp"] < 0:
        raise Refusal(90006)
    message = _message(state, request, time=request["MsgTimeStamp"])
    known = _known(state, message)
    if not known["sender"]:
        raise Refusal(90008, f"From_Account is not registered: {message['From_Account']!r}")
    if not known["receiver"]:
        raise Refusal(90012, f"To_Account is not registered: {message['To_Account']!r}")
    if state.store.row(_IMPORTED, *(message[name] for name in _IMPORT_KEY)) is None:
        message |= {"repeatable": 0, "unread": int(request["SyncFromOldSystem"] != HISTORY)}
        _deliver(state, request, message)
    return {}


_IMPORT_KEY: Final = ("From_Account", "To_Account", "MsgTimeStamp", "MsgSeq", "MsgRandom")
_IMPORTED: Final = (
    "SELECT 1 FROM messages WHERE (From_Account = ?1 AND To_Account = ?2 OR From_Account = ?2 AND To_Account = ?1)"
    " AND MsgTimeStamp = ?3 AND MsgSeq = ?4 AND MsgRandom = ?5 AND NOT online_only"
)


def _message(state: State, request: Request, *, time: int | None = None) -> Row:
    """Make the row of what all three commands store; where there are many receivers, each has a row of its own."""
    fields = request.fields
    sender, receiver = request.get("From_Account", request.identifier), fields["To_Account"]
    body, random, wall = fields["MsgBody"], fields["MsgRandom"], state.clock.now()
    seq, now = request.get("MsgSeq", -1), int(wall) if time is None else time
    seq = random_u32() if seq < 0 else seq
    kept = not (request.get("OnlineOnlyFlag") == 1 or _life(state, request) == 0)
    return {
        "From_Account": sender,
        "To_Account": receiver,
        "MsgSeq": seq,
        "MsgRandom": random,
        "MsgTimeStamp": now,
        "MsgKey": f"{seq}_{random}_{now}",
        "MsgId": f"{crc32(sender.encode())}-{now}-{random}",
        "MsgBody": body,
        "CloudCustomData": request.get("CloudCustomData"),
        "IsNeedReadReceipt": request.get("IsNeedReadReceipt", 0),
        "SupportMessageExtension": request.get("SupportMessageExtension", 0),
        "content": content_of(body),
        "taken": wall,
        "repeatable": 1,
        "online_only": int(not kept),
        "unread": int(kept and "NoUnread" not in request.get("SendMsgControl", ())),
        "hidden_from": int(request.get("SyncOtherMachine") == 2),
        "call": request.number,
    }


def _life(state: State, request: Request) -> int:
    """Read for how long the message waits; above 7 days the rules decide."""
    life: int = request.get("MsgLifeTime", LIFE_SECONDS)
    if life < 0 or (life > LIFE_SECONDS and state.rules.long_life == "refuse"):
        raise Refusal(90026)
    return life


def _known(state: State, message: Row) -> Row:
    """Look up both accounts, and the message that this one repeats.

    The key is the manual's of 2026: the receiver is not part of it.
    """
    found = state.store.row(
        "SELECT EXISTS (SELECT 1 FROM accounts WHERE UserID = ?1) AS sender,"
        " EXISTS (SELECT 1 FROM accounts WHERE UserID = ?2) AS receiver,"
        " (SELECT number FROM messages WHERE MsgRandom = ?3 AND MsgSeq = ?4 AND From_Account = ?1 AND content = ?5"
        " AND repeatable AND taken > ?6) AS first",
        message["From_Account"],
        message["To_Account"],
        message["MsgRandom"],
        message["MsgSeq"],
        message["content"],
        message["taken"] - REPEAT_SECONDS,
    )
    assert found is not None
    return found


def _check_may_write(state: State, request: Request, message: Row) -> None:
    """Refuse who is muted, on the black list, or no friend, in the years whose documents say so."""
    rules, sender, receiver = state.rules, message["From_Account"], message["To_Account"]
    if sender == request.identifier:
        return
    if rules.check_mute and state.store.row(_MUTED, sender, state.now) is not None:
        raise Refusal(20012)
    if rules.check_black_list and state.store.row(_LISTED, receiver, sender) is not None:
        raise Refusal(20007)
    if rules.check_friends:
        friends = tuple(state.store.value(_FRIENDS, *pair) for pair in ((sender, receiver), (receiver, sender)))
        if friends in _NO_FRIENDS:
            raise Refusal(_NO_FRIENDS[friends])


_MUTED: Final = "SELECT 1 FROM global_mutes WHERE UserID = ? AND ChatType = 'C2C' AND MuteUntil > ?"
_LISTED: Final = "SELECT 1 FROM black_list WHERE From_Account = ? AND To_Account = ?"
_FRIENDS: Final = "SELECT EXISTS (SELECT 1 FROM friends WHERE From_Account = ? AND To_Account = ?)"
_NO_FRIENDS: Final[Mapping[tuple[int, ...], int]] = {(0, 0): 20009, (1, 0): 20010, (0, 1): 20011}
"""By whether the receiver is on the sender's list, and the sender on the receiver's."""


def check_words(state: State, body: list[Any]) -> None:
    """Refuse a MsgBody that holds a word from the list."""
    if state.rules.refused_words:
        text = texts_in(body)
        if any(word in text for word in state.rules.refused_words):
            raise Refusal(80001)


def _deliver(state: State, request: Request, message: Row) -> None:
    """Store a message to one receiver."""
    row = message | {"MsgBody": packed(message["MsgBody"])}
    state.store.run(_insertion(tuple(row)), *row.values())
    if not message["online_only"]:
        theirs, mine = _listed_at(request, message)
        receiver, sender = message["To_Account"], message["From_Account"]
        state.store.run(_CONVERSE, receiver, sender, theirs, message["unread"], mine)


def _deliver_to_all(state: State, request: Request, message: Row, receivers: list[str]) -> None:
    """Store a message to each of many receivers."""
    row = message | {"To_Account": None, "MsgBody": packed(message["MsgBody"]), "repeatable": 0}
    store, to = state.store, packed(receivers)
    store.run(_insertion_for_all(tuple(row)), *row.values(), to)
    if not message["online_only"]:
        theirs, mine = _listed_at(request, message)
        store.run(_CONVERSE_ALL, to, message["From_Account"], theirs, message["unread"], mine)


def _listed_at(request: Request, message: Row) -> tuple[int, int]:
    """Return when the lists of the receiver and of the sender show the conversation; 0 leaves them as they are."""
    if "NoLastMsg" in request.get("SendMsgControl", ()):
        return 0, 0
    time: int = message["MsgTimeStamp"]
    return time, 0 if message["hidden_from"] else time


_CONVERSING: Final = (
    "INSERT INTO conversations {rows} ON CONFLICT DO UPDATE SET MsgTime = max(MsgTime, excluded.MsgTime),"
    " C2CUnreadMsgNum = C2CUnreadMsgNum + excluded.C2CUnreadMsgNum"
)
_CONVERSE: Final = _CONVERSING.format(rows="VALUES (?1, ?2, ?3, ?4), (?1, '', 0, ?4), (?2, ?1, ?5, 0)")
_CONVERSE_ALL: Final = _CONVERSING.format(
    rows="SELECT value, ?2, ?3, ?4 FROM json_each(?1) UNION ALL SELECT value, '', 0, ?4 FROM json_each(?1)"
    " UNION ALL SELECT ?2, value, ?5, 0 FROM json_each(?1) WHERE true"
)


@cache
def _insertion(columns: tuple[str, ...]) -> str:
    """Write the statement that stores a row."""
    return f"INSERT INTO messages ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608  # names


@cache
def _insertion_for_all(columns: tuple[str, ...]) -> str:
    """Write the statement that stores a row once for each receiver in a list."""
    marks = ", ".join("value" if column == "To_Account" else f"?{place}" for place, column in enumerate(columns, 1))
    names = ", ".join(columns)
    return f"INSERT INTO messages ({names}) SELECT {marks} FROM json_each(?{len(columns) + 1})"  # noqa: S608  # names


def forget_unread(state: State, account: str, peer: str, count: int) -> None:
    """Note that *account* has so many fewer unread messages of *peer*."""
    state.store.run(
        "UPDATE conversations SET C2CUnreadMsgNum = C2CUnreadMsgNum - ? WHERE UserID = ? AND Peer_Account IN (?, '')",
        *(count, account, peer),
    )


def unread_of(state: State, account: str, peer: str = "") -> int:
    """Return how many one-to-one messages of *peer*, or of everybody, *account* has not read."""
    sql = "SELECT C2CUnreadMsgNum FROM conversations WHERE UserID = ? AND Peer_Account = ?"
    return state.store.value(sql, account, peer) or 0


def _receipt(message: Row) -> Answer:
    return {"MsgTime": message["MsgTimeStamp"], "MsgKey": message["MsgKey"], "MsgId": message["MsgId"]}


def _receipt_of(state: State, number: int) -> Answer:
    first = state.store.row("SELECT MsgTimeStamp, MsgKey, MsgId FROM messages WHERE number = ?", number)
    assert first is not None
    return _receipt(first)


def _told(message: Row) -> Row:
    names = ("From_Account", "To_Account", "MsgSeq", "MsgRandom", "MsgKey", "MsgBody")
    return {
        **{name: message[name] for name in names},
        "MsgTime": message["MsgTimeStamp"],
        "OnlineOnlyFlag": message["online_only"],
        "CloudCustomData": message["CloudCustomData"] or "",
    }


def _after(told: Row, code: int, info: str, unread: int) -> Event:
    result = {"SendMsgResult": code, "ErrorInfo": info, "UnreadMsgNum": unread}
    return Event(AFTER, told | result)


MESSAGE_BODY: Final = BodyCodes(malformed=90002, no_list=90007, unfit=90010)
"""What the service of one-to-one messages answers to a MsgBody that is not as it should be."""

_CODES: Final = Codes(
    90010,
    kind={
        "SyncOtherMachine": 90031,
        "To_Account": 90003,
        "MsgLifeTime": 90044,
        "MsgSeq": 90004,
        "MsgRandom": 90005,
        "MsgTimeStamp": 90006,
        "MsgBody": 90002,
    },
    limit={
        "From_Account": 20003,
        "To_Account": 90003,
        "MsgSeq": 90004,
        "MsgRandom": 90005,
        "MsgTimeStamp": 90006,
    },
    loose={"MsgLifeTime"},
    body=MESSAGE_BODY,
)

_BATCH_CODES: Final = evolve(
    _CODES, limit={**_CODES.limit, "From_Account": 90008, "To_Account": 90011}, empty={"To_Account": 90003}
)

_IMPORT_ONLY: Final = {"SyncFromOldSystem": 90030, "From_Account": 90008, "MsgSeq": 90010}
_IMPORT_CODES: Final = evolve(
    _CODES,
    kind={**_CODES.kind, **_IMPORT_ONLY},
    limit={**_CODES.limit, **_IMPORT_ONLY},
)

PLAYS: Final[Plays] = {
    SendMessage: Play(send, _CODES, size=93000),
    SendBatch: Play(send_batch, _BATCH_CODES, size=93000),
    ImportMessage: Play(import_one, _IMPORT_CODES, size=93000),
}
