"""Ours and its rivals: ways to answer the same webhooks.

All of them check signature, age and application, call the same three functions, and let those that are only told run
behind the answer, each in a task. The rivals bound neither how long a function may decide nor how many events may wait,
and know no kind of event or element beside these; the models of pydantic have the fields and types of ours.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from hashlib import sha256
from hmac import compare_digest
from time import time
from typing import Annotated, Any, Final, Literal, Protocol, TypeAlias
from urllib.parse import parse_qsl

from attrs import frozen
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal

from timrest_async import Text
from timrest_async.webhook import Auth, C2CAfterSendMsg, C2CBeforeSendMsg, C2CVerdict, GroupAfterSendMsg, Webhook

__all__ = ["AFTER", "BEFORE", "GROUP", "HAND", "OURS", "SDKAPPID", "TOKEN", "WAYS", "Request", "Way"]

SDKAPPID: Final = 1_400_000_000
TOKEN: Final = "a-token-of-the-console"  # noqa: S105  # opens nothing
AGE: Final = 300
"""How many seconds a signature may be old."""

HEADERS: Final = {
    "Host": "bot.example.com",
    "Content-Type": "application/json",
    "Accept": "*/*",
    "Connection": "keep-alive",
}

BEFORE: Final = C2CBeforeSendMsg.callback_command
AFTER: Final = C2CAfterSendMsg.callback_command
GROUP: Final = GroupAfterSendMsg.callback_command

OURS: Final = "ours"
SEEN: Final = "ours, repeats_within=60"
HAND: Final = "by hand, json and dicts"
PYDANTIC: Final = "pydantic"


@frozen
class Request:
    """What the service posts."""

    query: str
    body: bytes


class Way(Protocol):
    """One way to answer it."""

    heard: Counter[str]
    """How many messages each account and each group wrote, as far as the functions heard of them."""

    async def answer(self, request: Request) -> bytes:
        """Return what the service is told."""
        ...

    async def idle(self) -> None:
        """Return once no event waits and none is handled."""
        ...


# -- ours


class Ours:
    """As the README shows it."""

    def __init__(self, repeats_within: float | None = None) -> None:
        self.heard: Counter[str] = Counter()
        self._hook = Webhook(Auth(sdkappid=SDKAPPID, token=TOKEN), repeats_within=repeats_within)
        self._hook.on(C2CBeforeSendMsg)(self._no_links)
        self._hook.on(C2CAfterSendMsg)(self._hear)
        self._hook.on(GroupAfterSendMsg)(self._hear_group)
        self.idle = self._hook.idle

    async def answer(self, request: Request) -> bytes:
        """Return what the service is told."""
        return (await self._hook.answer(request.query, HEADERS, request.body)).body

    async def _no_links(self, event: C2CBeforeSendMsg) -> C2CVerdict | None:
        if any("http" in element.text for element in event.msg_body if isinstance(element, Text)):
            return event.refuse(120001, "no links, please")
        return None

    async def _hear(self, event: C2CAfterSendMsg) -> None:
        if event.send_msg_result == 0:
            self.heard[event.from_account] += 1

    async def _hear_group(self, event: GroupAfterSendMsg) -> None:
        self.heard[event.group_id] += 1


# -- by hand


def _believed(query: str) -> dict[str, str]:
    """Take a query apart and check it as ours does, or raise an error."""
    asked = dict(parse_qsl(query))
    signed = sha256(f"{TOKEN}{asked['RequestTime']}".encode()).hexdigest()
    if asked["SdkAppid"] != str(SDKAPPID) or not compare_digest(signed, asked["Sign"]):
        raise PermissionError("it is not the service's")
    if abs(time() - int(asked["RequestTime"])) > AGE:
        raise PermissionError("it is too old")
    return asked


class _Tasks:
    """Functions that run behind the answer, each in a task."""

    def __init__(self) -> None:
        self.heard: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Let *coroutine* run."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def idle(self) -> None:
        """Return once none runs."""
        while self._tasks:
            await asyncio.wait(self._tasks)


class ByHand(_Tasks):
    """The usual recipe: ``json.loads``, a dict of functions, ``json.dumps``."""

    def __init__(self) -> None:
        super().__init__()
        self._asked = {BEFORE: self._no_links}
        self._told = {AFTER: self._hear, GROUP: self._hear_group}

    async def answer(self, request: Request) -> bytes:
        """Return what the service is told."""
        command = _believed(request.query)["CallbackCommand"]
        data = json.loads(request.body)
        verdict = {"ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": ""}
        if command in self._asked:
            verdict = await self._asked[command](data) or verdict
        elif command in self._told:
            self.start(self._told[command](data))
        return json.dumps(verdict).encode()

    async def _no_links(self, data: dict[str, Any]) -> dict[str, Any] | None:
        texts = [it["MsgContent"]["Text"] for it in data["MsgBody"] if it["MsgType"] == "TIMTextElem"]
        if any("http" in text for text in texts):
            return {"ActionStatus": "OK", "ErrorCode": 120001, "ErrorInfo": "no links, please"}
        return None

    async def _hear(self, data: dict[str, Any]) -> None:
        if data["SendMsgResult"] == 0:
            self.heard[data["From_Account"]] += 1

    async def _hear_group(self, data: dict[str, Any]) -> None:
        self.heard[data["GroupId"]] += 1


# -- pydantic


class Model(BaseModel):
    """What is read and written by the service's names."""

    model_config = ConfigDict(frozen=True, alias_generator=to_pascal, populate_by_name=True)


class PydanticTextContent(Model):
    """What a :class:`PydanticText` holds."""

    text: str


class PydanticText(Model):
    """As :class:`~timrest_async.Text`."""

    msg_type: Literal["TIMTextElem"]
    msg_content: PydanticTextContent


class PydanticFaceContent(Model):
    """What a :class:`PydanticFace` holds."""

    index: int
    data: str | None = None


class PydanticFace(Model):
    """As :class:`~timrest_async.Face`."""

    msg_type: Literal["TIMFaceElem"]
    msg_content: PydanticFaceContent


class PydanticCustomContent(Model):
    """What a :class:`PydanticCustom` holds."""

    data: str
    desc: str | None = None
    ext: str | None = None
    sound: str | None = None


class PydanticCustom(Model):
    """As :class:`~timrest_async.Custom`."""

    msg_type: Literal["TIMCustomElem"]
    msg_content: PydanticCustomContent


PydanticElement: TypeAlias = Annotated[PydanticText | PydanticFace | PydanticCustom, Field(discriminator="msg_type")]


class PydanticBefore(Model):
    """As :class:`C2CBeforeSendMsg`."""

    from_account: str = Field(alias="From_Account")
    to_account: str = Field(alias="To_Account")
    msg_seq: int
    msg_random: int
    msg_time: int
    msg_key: str
    msg_id: str | None = None
    online_only_flag: int = 0
    msg_body: list[PydanticElement]
    cloud_custom_data: str = ""
    event_time: int | None = None


class PydanticAfter(PydanticBefore):
    """As :class:`C2CAfterSendMsg`."""

    send_msg_result: int = 0
    error_info: str = ""
    unread_msg_num: int = 0


class PydanticMention(Model):
    """As an item of :attr:`GroupAfterSendMsg.group_at_info`."""

    group_at_all_flag: int = 0
    group_at_account: str | None = Field(None, alias="GroupAt_Account")


class PydanticGroup(Model):
    """As :class:`GroupAfterSendMsg`."""

    group_id: str
    type: str = ""
    from_account: str = Field(alias="From_Account")
    operator_account: str = Field(alias="Operator_Account")
    random: int
    msg_seq: int
    msg_time: int
    online_only_flag: int = 0
    msg_body: list[PydanticElement]
    cloud_custom_data: str = ""
    topic_id: str | None = None
    group_at_info: list[PydanticMention] = Field(default_factory=list)
    event_time: int | None = None


class PydanticVerdict(Model):
    """As :class:`C2CVerdict`."""

    action_status: str = "OK"
    error_code: int = 0
    error_info: str = ""
    msg_body: list[PydanticElement] | None = None
    cloud_custom_data: str | None = None


class Pydantic(_Tasks):
    """The same recipe with a model for each event."""

    async def answer(self, request: Request) -> bytes:
        """Return what the service is told."""
        command = _believed(request.query)["CallbackCommand"]
        verdict = PydanticVerdict()
        if command == BEFORE:
            verdict = await self._no_links(PydanticBefore.model_validate_json(request.body)) or verdict
        elif command == AFTER:
            self.start(self._hear(PydanticAfter.model_validate_json(request.body)))
        elif command == GROUP:
            self.start(self._hear_group(PydanticGroup.model_validate_json(request.body)))
        return verdict.model_dump_json(by_alias=True, exclude_none=True).encode()

    async def _no_links(self, event: PydanticBefore) -> PydanticVerdict | None:
        if any("http" in element.msg_content.text for element in event.msg_body if isinstance(element, PydanticText)):
            return PydanticVerdict(error_code=120001, error_info="no links, please")
        return None

    async def _hear(self, event: PydanticAfter) -> None:
        if event.send_msg_result == 0:
            self.heard[event.from_account] += 1

    async def _hear_group(self, event: PydanticGroup) -> None:
        self.heard[event.group_id] += 1


WAYS: Final[Mapping[str, Callable[[], Way]]] = {
    OURS: Ours,
    SEEN: lambda: Ours(repeats_within=60),
    HAND: ByHand,
    PYDANTIC: Pydantic,
}
