"""Robots: create, delete, list, and messages that grow. The manual's documents: 1047/55280 and 269/104537.

Where the documents leave it open:

- A robot is an account as well, and stands in every list of accounts. Its fields have the bounds of a profile.
- Who is not registered, or no robot, is 10019, the group service's code, as these commands have the others of it.
- A message in pieces is one text element that grows; no document says as what it travels. It has the number and the
  time of its first piece. Once it is finished it takes no more, which is 10004 like any MsgKey that nobody knows.
- No callback is told: the documents name sendmsg alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from timrest_async.commands._command import random_u32
from timrest_async.commands.robots import CreateRobot, DeleteRobot, ListRobots, SendStreamChunk
from timrest_async.sandbox.body import content_of
from timrest_async.sandbox.play.accounts import exists, register, write_profile
from timrest_async.sandbox.play.messages import ROBOT, check_words
from timrest_async.sandbox.plays import Codes, Play, Plays
from timrest_async.sandbox.request import Refusal
from timrest_async.sandbox.store import packed

if TYPE_CHECKING:
    from timrest_async.sandbox.events import Answer
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State

__all__ = ["PLAYS", "is_robot"]

LAST: Final = 1
"""The Finish of the last piece."""


def is_robot(state: State, account: str) -> bool:
    """Say whether *account* is a robot."""
    return state.store.row("SELECT 1 FROM robots WHERE UserID = ?", account) is not None


def create(state: State, request: Request) -> Answer:
    """Register a robot, or change one."""
    robot = request["UserID"]
    if not robot.startswith(ROBOT):
        raise Refusal(10004, f"the UserID of a robot has to start with {ROBOT}")
    register(state, robot)
    if not is_robot(state, robot):
        state.store.insert("robots", {"UserID": robot})
    write_profile(state, robot, {tag: request.get(name) for name, tag in _TAGS.items()})
    return {}


_TAGS: Final = {
    "Nick": "Tag_Profile_IM_Nick",
    "FaceUrl": "Tag_Profile_IM_Image",
    "SelfSignature": "Tag_Profile_IM_SelfSignature",
}


def delete(state: State, request: Request) -> Answer:
    """Delete a robot with all that belongs to it."""
    robot = request["Robot_Account"]
    _check_robot(state, robot)
    state.store.run("DELETE FROM accounts WHERE UserID = ?", robot)
    return {}


def list_all(state: State, _request: Request) -> Answer:
    """List the robots, in the order in which they were created."""
    return {"Robot_Account": state.store.values("SELECT UserID FROM robots ORDER BY number")}


def send_stream(state: State, request: Request) -> Answer:
    """Begin a message of a robot, or append to one."""
    _check_robot(state, request["From_Account"])
    if not exists(state, request["To_Account"]):
        raise Refusal(10019, f"To_Account is not registered: {request['To_Account']!r}")
    number, msg_key = _grow(state, request) if "MsgKey" in request else _begin(state, request)
    if request.get("Finish") == LAST:
        state.store.run("DELETE FROM streams WHERE number = ?", number)
    return {"MsgKey": msg_key}


def _begin(state: State, request: Request) -> tuple[int, str]:
    """Put the message in with its first piece."""
    sender, seq, random, now = request["From_Account"], random_u32(), random_u32(), state.now
    body, msg_key = _body(state, request["Chunk"]), f"{seq}_{random}_{now}"
    message = {
        "From_Account": sender,
        "To_Account": request["To_Account"],
        "MsgSeq": seq,
        "MsgRandom": random,
        "MsgTimeStamp": now,
        "MsgKey": msg_key,
        "MsgId": f"{crc32(sender.encode())}-{now}-{random}",
        "MsgBody": body,
        "content": content_of(body),
        "taken": state.clock.now(),
        "repeatable": 0,
        "online_only": 0,
        "call": request.number,
    }
    number = state.store.insert("messages", message)
    state.store.insert("streams", {"number": number, "MsgKey": msg_key})
    return number, msg_key


def _grow(state: State, request: Request) -> tuple[int, str]:
    """Append a piece to the message that it belongs to."""
    msg_key = request["MsgKey"]
    message = state.store.row(
        "SELECT messages.number, MsgBody FROM streams JOIN messages USING (number)"
        " WHERE streams.MsgKey = ? AND From_Account = ? AND To_Account = ?",
        msg_key,
        request["From_Account"],
        request["To_Account"],
    )
    if message is None:
        raise Refusal(10004, f"no message of From_Account to To_Account that still grows has the MsgKey {msg_key}")
    (element,) = message["MsgBody"]
    body = _body(state, element["MsgContent"]["Text"] + request["Chunk"])
    changed = "UPDATE messages SET MsgBody = ?, content = ? WHERE number = ?"
    state.store.run(changed, packed(body), content_of(body), message["number"])
    return message["number"], msg_key


def _body(state: State, text: str) -> list[Any]:
    body = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}]
    check_words(state, body)
    return body


def _check_robot(state: State, account: str) -> None:
    if not is_robot(state, account):
        raise Refusal(10019, f"there is no robot {account!r}")


_CODES: Final = Codes(10004, loose={"Finish"})

PLAYS: Final[Plays] = {
    CreateRobot: Play(create, _CODES),
    DeleteRobot: Play(delete, _CODES),
    ListRobots: Play(list_all, _CODES),
    SendStreamChunk: Play(send_stream, _CODES),
}
