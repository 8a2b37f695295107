"""Every row of the two documents this library started from works: sample, field, reply and error code."""

import json
from pathlib import Path
from typing import Any

import pytest

from timrest_async import (
    AndroidInfo,
    ApiError,
    ApnsInfo,
    AuthenticationError,
    Command,
    ConflictError,
    ContentRejectedError,
    Face,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    OfflinePushInfo,
    PermissionDeniedError,
    QuotaExceededError,
    RetryPolicy,
    ServerError,
    Text,
    TimSession,
    TooOftenError,
    Unknown,
)
from timrest_async._codec import decode, encode
from timrest_async._error_codes import ERROR_CODES
from timrest_async._wire import Struct, WireField, wire_fields
from timrest_async.commands.group_messages import SendGroupMessage, SendGroupMessageReply
from timrest_async.commands.messages import SendMessage, SendMessageReply
from timrest_async.errors import error_for
from timrest_async.testing import FakeClock, MemoryTransport
from timrest_async.usersig import verify

SAMPLES = Path(__file__).parent / "samples"

RED_PACKET = [Text("red packet"), Face(6, "abc\0\1")]

BODIES: dict[str, Command[Any]] = {
    "sendmsg_admin": SendMessage(
        "lumotuwe2",
        "hi, beauty",
        sync_other_machine=2,
        msg_life_time=60,
        msg_seq=None,
        msg_random=1287657,
        msg_time_stamp=5454457,
    ),
    "sendmsg_offline_push": SendMessage(
        "lumotuwe2",
        "hi, beauty",
        sync_other_machine=2,
        from_account="lumotuwe1",
        msg_life_time=3600,
        msg_seq=None,
        msg_random=1287657,
        msg_time_stamp=5454457,
        offline_push_info=OfflinePushInfo(
            push_flag=0,
            desc="离线推送内容",
            ext="这是透传的内容",
            android_info=AndroidInfo(sound="android.mp3"),
            apns_info=ApnsInfo(
                sound="apns.mp3", badge_mode=1, title="apns title", sub_title="apns subtitle", image="www.image.com"
            ),
        ),
    ),
    "sendmsg_synced": SendMessage(
        "lumotuwe2",
        "hi, beauty",
        sync_other_machine=1,
        from_account="lumotuwe1",
        msg_seq=None,
        msg_random=1287657,
        msg_time_stamp=5454457,
    ),
    "group_basic": SendGroupMessage(
        "@TGS#2C5SZEAEF",
        RED_PACKET,
        random=8912345,
        offline_push_info=OfflinePushInfo(
            push_flag=0, desc="离线推送内容", ext="这是透传的内容", sound="这是推送的声音"
        ),
    ),
    "group_sender": SendGroupMessage("@TGS#2C5SZEAEF", RED_PACKET, random=8912345, from_account="leckie"),
    "group_priority": SendGroupMessage("@TGS#2C5SZEAEF", RED_PACKET, random=8912345, msg_priority="High"),
    "group_no_callbacks": SendGroupMessage(
        "@TGS#2C5SZEAEF",
        RED_PACKET,
        random=8912345,
        forbid_callback_control=["ForbidBeforeSendMsgCallback", "ForbidAfterSendMsgCallback"],
    ),
    "group_online_only": SendGroupMessage("@TGS#2C5SZEAEF", RED_PACKET, random=8912345, online_only_flag=1),
}

REPLIES: dict[str, tuple[Command[Any], Any]] = {
    "sendmsg_reply": (BODIES["sendmsg_admin"], SendMessageReply(msg_time=1497238162)),
    "group_reply": (BODIES["group_basic"], SendGroupMessageReply()),
}

# 必填 (True) has to be given, 选填 (False) may be left out.
REQUEST_ROWS: list[tuple[type[Struct], str, str, bool]] = [
    (SendMessage, "sync_other_machine", "SyncOtherMachine", False),
    (SendMessage, "from_account", "From_Account", False),
    (SendMessage, "to_account", "To_Account", True),
    (SendMessage, "msg_life_time", "MsgLifeTime", False),
    (SendMessage, "msg_random", "MsgRandom", True),
    (SendMessage, "msg_time_stamp", "MsgTimeStamp", False),
    (SendMessage, "msg_body", "MsgBody", True),
    (Unknown, "msg_type", "MsgType", True),
    (Unknown, "msg_content", "MsgContent", True),
    (SendMessage, "offline_push_info", "OfflinePushInfo", False),
    (SendGroupMessage, "group_id", "GroupId", True),
    (SendGroupMessage, "random", "Random", True),
    (SendGroupMessage, "msg_priority", "MsgPriority", False),
    (SendGroupMessage, "msg_body", "MsgBody", True),
    (SendGroupMessage, "from_account", "From_Account", False),
    (SendGroupMessage, "offline_push_info", "OfflinePushInfo", False),
    (SendGroupMessage, "forbid_callback_control", "ForbidCallbackControl", False),
    (SendGroupMessage, "online_only_flag", "OnlineOnlyFlag", False),
]

C2C_ERRORS: dict[int, type[ApiError]] = {
    20001: InvalidRequestError,
    20002: AuthenticationError,
    20003: NotFoundError,
    20004: ServerError,
    20005: ServerError,
    20006: ForbiddenError,
    20009: ForbiddenError,
    20010: ForbiddenError,
    20011: ForbiddenError,
    20012: ForbiddenError,
    90001: InvalidRequestError,
    90002: InvalidRequestError,
    90007: InvalidRequestError,
    90009: PermissionDeniedError,
    90010: InvalidRequestError,
    90011: QuotaExceededError,
    90012: NotFoundError,
    90013: QuotaExceededError,
    90014: QuotaExceededError,
    90020: InvalidRequestError,
    90024: TooOftenError,
    90025: ConflictError,
    90026: InvalidRequestError,
    90027: InvalidRequestError,
    91000: ServerError,
    90992: ServerError,
    93000: QuotaExceededError,
    90033: InvalidRequestError,
    90045: PermissionDeniedError,
    90046: QuotaExceededError,
    90047: QuotaExceededError,
    90048: NotFoundError,
}
GROUP_ERRORS: dict[int, type[ApiError]] = {
    10002: ServerError,
    10004: InvalidRequestError,
    10007: PermissionDeniedError,
    10010: NotFoundError,
    10015: InvalidRequestError,
    10016: ForbiddenError,
    10017: ForbiddenError,
    10023: TooOftenError,
    80001: ContentRejectedError,
    80002: QuotaExceededError,
}
PUBLIC_ERRORS = [code for code in ERROR_CODES if code in range(60000, 80000)]

ERROR_ROWS: list[tuple[Command[Any], int]] = [
    *((BODIES["sendmsg_admin"], code) for code in [*C2C_ERRORS, *PUBLIC_ERRORS]),
    *((BODIES["group_basic"], code) for code in [*GROUP_ERRORS, *PUBLIC_ERRORS]),
]


def sample(name: str) -> Any:
    """A sample of the two documents."""
    return json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))


def field_of(cls: type[Struct], name: str) -> WireField:
    """The field behind an attribute."""
    return next(field for field in wire_fields(cls) if field.name == name)


def session(*answers: dict[str, Any] | bytes) -> tuple[TimSession, MemoryTransport, FakeClock]:
    """A session that never tries again, and the service and the clock behind it."""
    clock, service = FakeClock(), MemoryTransport(*answers)
    tim = TimSession(88888888, "admin", "key", transport=service, clock=clock, retry=RetryPolicy(attempts=1))
    return tim, service, clock


@pytest.mark.parametrize("name", BODIES)
def test_every_sample_body_can_be_written(name: str) -> None:
    """Each request body printed in the two documents comes out of the typed API exactly."""
    assert json.loads(encode(BODIES[name])) == sample(name)


@pytest.mark.parametrize("name", REPLIES)
def test_every_sample_reply_can_be_read(name: str) -> None:
    """Each reply printed in the two documents becomes its typed reply."""
    command, reply = REPLIES[name]

    assert decode(command, json.dumps(sample(name)).encode()) == reply


@pytest.mark.parametrize("name", BODIES)
async def test_every_sample_body_is_what_travels(name: str) -> None:
    """A session posts the sample's body to the sample's path, and hands back the sample's reply."""
    kind, command = name.partition("_")[0], BODIES[name]
    tim, service, clock = session(sample(f"{kind}_reply"))

    assert await clock.run(tim.call(command)) == REPLIES[f"{kind}_reply"][1]
    assert service.calls[0].path == command.path
    assert service.calls[0].json == sample(name)


async def test_a_call_is_signed_for_the_administrator_and_the_application() -> None:
    """The rows usersig, identifier and sdkappid agree: the UserSig of a call was made for the two others."""
    tim, service, clock = session(sample("sendmsg_reply"))

    await clock.run(tim.call(BODIES["sendmsg_admin"]))

    usersig = service.calls[0].usersig
    said = verify(usersig, sdkappid=88888888, secret_key="key", identifier="admin", now=clock.now())
    assert said.expire > 0


@pytest.mark.parametrize(("cls", "name", "wire", "required"), REQUEST_ROWS)
def test_every_request_row_has_its_attribute(cls: type[Struct], name: str, wire: str, required: bool) -> None:  # noqa: FBT001  # a column of the document
    """Each field row of the two documents is an attribute; a required one always travels, an optional one need not."""
    field = field_of(cls, name)

    assert field.wire == wire
    assert field.optional is not required


@pytest.mark.parametrize("command", [SendMessage("lumotuwe2", "hi"), SendGroupMessage("@TGS#2C5SZEAEF", "hi")])
def test_required_rows_are_enough(command: Command[Any]) -> None:
    """A message with nothing but its required rows is written with all of them."""
    required = {wire for cls, _, wire, needed in REQUEST_ROWS if needed and cls is type(command)}

    assert required <= json.loads(encode(command)).keys()


def test_required_rows_of_an_element_are_written() -> None:
    """Every element says its MsgType and its MsgContent."""
    (element,) = json.loads(encode(SendMessage("lumotuwe2", "hi")))["MsgBody"]

    assert element == {"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}


def test_the_reply_row_msg_time_is_read() -> None:
    """MsgTime of the reply is ``msg_time``."""
    assert field_of(SendMessageReply, "msg_time").wire == "MsgTime"
    assert decode(BODIES["sendmsg_admin"], b'{"ErrorCode": 0, "MsgTime": 7}') == SendMessageReply(msg_time=7)


@pytest.mark.parametrize("name", ["sendmsg_admin", "group_basic"])
def test_the_reply_rows_of_a_refusal_are_read(name: str) -> None:
    """ErrorCode and ErrorInfo of a FAIL are the error's ``code`` and ``info``."""
    answer = b'{"ActionStatus": "FAIL", "ErrorCode": 10004, "ErrorInfo": "no such field"}'

    with pytest.raises(InvalidRequestError) as raised:
        decode(BODIES[name], answer)

    assert (raised.value.code, raised.value.info, raised.value.path) == (10004, "no such field", BODIES[name].path)


@pytest.mark.parametrize(("code", "cls"), [*C2C_ERRORS.items(), *GROUP_ERRORS.items()])
def test_every_error_row_has_a_class_of_its_kind(code: int, cls: type[ApiError]) -> None:
    """Each private code of the two documents is the class that its row describes, with a meaning and advice."""
    error = error_for(code, "", "openim/sendmsg")

    assert type(error) is cls
    assert error.meaning
    assert error.advice


@pytest.mark.parametrize("code", PUBLIC_ERRORS)
def test_every_public_code_is_a_class_of_its_kind(code: int) -> None:
    """The public codes, which both documents refer to, are kinds of ApiError with a meaning and advice."""
    error = error_for(code, "", "openim/sendmsg")

    assert isinstance(error, ApiError)
    assert type(error) is not ApiError
    assert error.meaning
    assert error.advice


@pytest.mark.parametrize(("command", "code"), ERROR_ROWS)
async def test_every_error_row_is_raised(command: Command[Any], code: int) -> None:
    """When the service answers a code, over HTTP 200, the call raises that code's class."""
    tim, service, clock = session({"ActionStatus": "FAIL", "ErrorCode": code, "ErrorInfo": "said"})

    with pytest.raises(type(error_for(code, "said", command.path))) as raised:
        await clock.run(tim.call(command))

    assert (raised.value.code, raised.value.info, raised.value.path) == (code, "said", command.path)
    assert len(service.calls) == 1


@pytest.mark.parametrize("code", [20004, 20005, 91000, 90992, 10002])
async def test_rows_that_say_try_again_are_tried_again(code: int) -> None:
    """A code whose row asks to try again is tried again with the same bytes, and the caller sees only the success."""
    tim, service, clock = session({"ErrorCode": code}, sample("sendmsg_reply"))

    reply = await clock.run(tim.with_options(retry=RetryPolicy()).call(BODIES["sendmsg_admin"]))

    assert reply == SendMessageReply(msg_time=1497238162)
    assert service.calls[0].body == service.calls[1].body


@pytest.mark.parametrize("status", ["OK", "FAIL", "", None])
async def test_the_error_code_decides_and_not_the_http_status(status: str | None) -> None:
    """An answer over HTTP 200 whose ErrorCode is not 0 is a refusal, whatever ActionStatus says."""
    tim, _, clock = session({"ActionStatus": status, "ErrorCode": 20003, "ErrorInfo": ""})

    with pytest.raises(NotFoundError):
        await clock.run(tim.call(BODIES["sendmsg_admin"]))
