"""Between our classes and the bytes of HTTP."""

import json
import math
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Annotated, Any, Generic, TypeVar

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from timrest_async import (
    ApiError,
    Command,
    Custom,
    DecodeError,
    Element,
    InputError,
    NotFoundError,
    OfflinePushInfo,
    Text,
    TimError,
    TooOftenError,
    TransportError,
    Unknown,
    Wire,
)
from timrest_async._codec import decode, encode, read, read_object, write
from timrest_async._wire import wire_fields
from timrest_async.commands._command import RawCommand
from timrest_async.commands.accounts import (
    CheckAccounts,
    CheckAccountsReply,
    ImportAccount,
    ImportAccounts,
    ImportAccountsReply,
    UserIdItem,
)
from timrest_async.commands.group_messages import SendGroupMessage, SendGroupMessageReply, SendSystemNotification
from timrest_async.commands.groups import CreateGroup, CreateGroupReply
from timrest_async.commands.messages import (
    BatchSendError,
    SendBatch,
    SendBatchReply,
    SendMessage,
    SendMessageReply,
)

SEND = SendMessage("id1", "hi")
BATCH = SendBatch(["id1"], "hi")
CREATE = CreateGroup(type="Public", name="n")


def answer(**fields: Any) -> bytes:
    """An answer of the service, a success unless told otherwise."""
    return json.dumps({"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0} | fields).encode()


def body_of(command: Command[Any]) -> Any:
    """What a command travels as."""
    return json.loads(encode(command))


# -- what goes out


def test_what_is_left_out_is_absent() -> None:
    """A command is written with what was given and drawn, and nothing else."""
    assert body_of(SEND).keys() == {"To_Account", "MsgSeq", "MsgRandom", "MsgBody"}


def test_an_empty_list_is_not_absent() -> None:
    """A list that was given travels, although it is empty."""
    assert body_of(SendGroupMessage("g1", "hi", to_account=[]))["To_Account"] == []


def test_zero_is_not_absent() -> None:
    """A number that was given travels, although it is 0."""
    assert body_of(SendMessage("id1", "hi", msg_life_time=0, online_only_flag=0)).items() >= {
        ("MsgLifeTime", 0),
        ("OnlineOnlyFlag", 0),
    }


def test_a_drawn_number_can_be_left_out() -> None:
    """``msg_seq=None`` sends no MsgSeq."""
    assert "MsgSeq" not in body_of(SendMessage("id1", "hi", msg_seq=None))


def test_the_same_value_is_always_the_same_bytes() -> None:
    """A command encodes to the same bytes each time, and a second one to others."""
    assert encode(SEND) == encode(SEND)
    assert encode(SEND) != encode(SendMessage("id1", "hi"))


def test_messages_of_one_sender_are_numbered_in_order() -> None:
    """MsgSeq counts up from message to message, and MsgRandom is drawn for each."""
    first, second = body_of(SendMessage("id1", "hi")), body_of(SendMessage("id1", "hi"))

    assert second["MsgSeq"] == (first["MsgSeq"] + 1) % 2**32
    assert second["MsgRandom"] != first["MsgRandom"]


FLAGS: list[tuple[type[Command[Any]], dict[str, Any], str]] = [
    (SendMessage, {"to_account": "id1", "msg_body": "hi"}, "online_only_flag"),
    (SendMessage, {"to_account": "id1", "msg_body": "hi"}, "support_message_extension"),
    (SendMessage, {"to_account": "id1", "msg_body": "hi"}, "is_need_read_receipt"),
    (SendMessage, {"to_account": "id1", "msg_body": "hi"}, "sync_other_machine"),
    (SendBatch, {"to_account": ["id1"], "msg_body": "hi"}, "online_only_flag"),
    (SendBatch, {"to_account": ["id1"], "msg_body": "hi"}, "is_need_read_receipt"),
    (SendGroupMessage, {"group_id": "g1", "msg_body": "hi"}, "online_only_flag"),
    (SendGroupMessage, {"group_id": "g1", "msg_body": "hi"}, "support_message_extension"),
    (SendGroupMessage, {"group_id": "g1", "msg_body": "hi"}, "need_read_receipt"),
    (CreateGroup, {"type": "Community", "name": "n"}, "support_topic"),
    (CreateGroup, {"type": "Community", "name": "n"}, "enable_permission"),
]


@pytest.mark.parametrize(("cls", "needed", "flag"), FLAGS)
def test_a_flag_given_as_true_travels_as_1(cls: type[Command[Any]], needed: dict[str, Any], flag: str) -> None:
    """Whoever writes ``True`` for a flag sends the number that the service wants."""
    (wire,) = (field.wire for field in wire_fields(cls) if field.name == flag)

    assert json.dumps(body_of(cls(**(needed | {flag: True})))[wire]) == "1"


def test_control_characters_and_chinese_survive() -> None:
    """NUL, control characters, quotes and any script arrive as they were sent."""
    text = 'a\0\x01\x1f"\\/信 👍\u2028'

    assert body_of(SendMessage("@TGS#a b/信", text)).items() >= {"To_Account": "@TGS#a b/信"}.items()
    assert body_of(SendMessage("id1", text))["MsgBody"][0]["MsgContent"]["Text"] == text


@given(
    st.builds(
        SendMessage,
        st.text(min_size=1, max_size=8),
        st.text(min_size=1) | st.lists(st.builds(Text, st.text()), min_size=1, max_size=3),
        sync_other_machine=st.none() | st.sampled_from([1, 2]),
        msg_life_time=st.none() | st.integers(0, 604_800),
        msg_random=st.integers(0, 2**32 - 1),
        msg_seq=st.integers(0, 2**32 - 1),
        send_msg_control=st.none() | st.lists(st.sampled_from(["NoUnread", "NoLastMsg"])),
        cloud_custom_data=st.none() | st.text(),
    )
)
def test_a_command_that_is_written_can_be_read(command: SendMessage) -> None:
    """The bytes of a command hold everything that it holds."""
    assert read(body_of(command), SendMessage) == command


def test_a_raw_command_travels_key_for_key() -> None:
    """The body of a raw command is not touched."""
    body = {"To_Account": ["id1"], "odd_name": {"a": [None, 1.5, True]}}

    assert body_of(RawCommand("openim/querystate", body)) == body


@pytest.mark.parametrize("path", ["/openim/querystate", "v4/openim/querystate", "/v4/openim/querystate"])
def test_the_path_of_a_raw_command_may_be_the_manuals(path: str) -> None:
    """A leading slash and ``v4/`` do no harm."""
    assert RawCommand(path, {}).path == "openim/querystate"


def test_a_command_of_the_users_own_works() -> None:
    """A command that the library lacks is one class away, with a typed reply or a plain one."""

    @frozen(kw_only=True)
    class QueryState(Command[dict[str, Any]]):
        """Ask who is online."""

        path = "openim/querystate"

        to_account: Annotated[list[str], Wire("To_Account")]
        """Who."""

    command = QueryState(to_account=["id1"])

    assert body_of(command) == {"To_Account": ["id1"]}
    assert decode(command, answer(QueryResult=[])) == json.loads(answer(QueryResult=[]))


def test_what_cannot_be_written_is_named_by_place() -> None:
    """An error of writing says where in the body the culprit stands."""
    with pytest.raises(InputError, match=r"^RawCommand cannot be written as JSON: A\[1\]\.B: .*in <object"):
        encode(RawCommand("a/b", {"A": [1, {"B": object()}]}))


def test_what_cannot_be_written_inside_custom_data_is_named_too() -> None:
    """The same holds for data that travels as JSON text."""
    with pytest.raises(InputError, match=r"^Custom\.data cannot be written as JSON: a\[1\]\.b: "):
        encode(SendMessage("id1", Custom({"a": [1, {"b": {1, 2}}]})))


def itself() -> dict[str, Any]:
    """A body that holds itself."""
    body: dict[str, Any] = {}
    body["A"] = [body]
    return body


def nested(depth: int) -> dict[str, Any]:
    """A body of so many objects, each inside the one before."""
    body: dict[str, Any] = {}
    for _ in range(depth):
        body = {"A": body}
    return body


@pytest.mark.parametrize("body", [itself(), nested(300), nested(5000)], ids=["itself", "300", "5000"])
@pytest.mark.parametrize("made", [partial(RawCommand, "a/b"), lambda body: SendMessage("id1", Custom(body))])
def test_what_is_nested_too_deep_is_refused(made: Callable[[Any], Command[Any]], body: dict[str, Any]) -> None:
    """A body that holds itself, or is nested deeper than JSON is written here, is an InputError in few words."""
    with pytest.raises(InputError, match="cannot be written as JSON: ") as raised:
        encode(made(body))

    assert len(str(raised.value)) < 2000


# -- what comes back


@pytest.mark.parametrize(
    ("command", "data", "reply"),
    [
        (SEND, {"MsgTime": 1, "MsgKey": "k"}, SendMessageReply(msg_time=1, msg_key="k")),
        (SEND, {"MsgTime": 1, "MsgKey": None}, SendMessageReply(msg_time=1)),
        (SEND, {"MsgTime": 1, "Tomorrow": [{}]}, SendMessageReply(msg_time=1)),
        (SEND, {"MsgTime": 1, "RequestId": "r"}, SendMessageReply(msg_time=1)),
        (SEND, {"MsgTime": "123"}, SendMessageReply(msg_time=123)),
        (SEND, {"MsgTime": 123.0, "MsgKey": 5}, SendMessageReply(msg_time=123, msg_key="5")),
        (SendGroupMessage("g", "x"), {}, SendGroupMessageReply()),
        (
            SendGroupMessage("g", "x"),
            {"MsgTime": "1", "MsgSeq": "2", "MsgDropReason": ""},
            SendGroupMessageReply(msg_time=1, msg_seq=2, msg_drop_reason=""),
        ),
        (BATCH, {}, SendBatchReply(action_status="OK")),
        (BATCH, {"ErrorList": []}, SendBatchReply(action_status="OK")),
        (
            BATCH,
            {
                "ActionStatus": "SomeError",
                "ErrorList": [{"To_Account": "a", "ErrorCode": "70107"}, {"To_Account": "b"}],
            },
            SendBatchReply(
                action_status="SomeError",
                error_list=[BatchSendError(to_account="a", error_code=70107), BatchSendError(to_account="b")],
            ),
        ),
        (CREATE, {"GroupId": "g"}, CreateGroupReply(group_id="g")),
        (ImportAccount("a"), {"Anything": 1}, None),
        (SendSystemNotification("g", "c"), {}, None),
        (ImportAccounts(["a"]), {}, ImportAccountsReply()),
        (CheckAccounts(["a"]), {"ResultItem": []}, CheckAccountsReply(result_item=[])),
    ],
)
def test_a_reply_is_read(command: Command[Any], data: dict[str, Any], reply: Any) -> None:
    """A reply becomes its class: missing optional keys are None, unknown ones ignored, numbers and texts alike."""
    assert decode(command, answer(**data)) == reply


def test_a_dropped_message_is_visible() -> None:
    """A group message that was dropped although the call succeeded says so."""
    command = SendGroupMessage("g", "x")

    assert decode(command, answer(MsgDropReason="MsgFreqCtrl")).dropped
    assert not decode(command, answer(MsgDropReason="")).dropped
    assert not decode(command, answer()).dropped


def test_an_imported_account_is_told_from_another() -> None:
    """The reply to a check says of each account whether it is registered."""
    items = [
        {"UserID": "a", "ResultCode": 0, "AccountStatus": "Imported"},
        {"UserID": "b", "ResultCode": 0, "AccountStatus": "NotImported"},
        {"UserID": "c", "ResultCode": 70169, "ResultInfo": "timeout"},
    ]

    reply = decode(CheckAccounts(["a", UserIdItem("b"), "c"]), answer(ResultItem=items))

    assert [item.imported for item in reply.result_item] == [True, False, False]


def test_a_raw_reply_is_the_whole_answer() -> None:
    """A raw command hands back what the service said, envelope included."""
    data = {"ActionStatus": "OK", "ErrorCode": 0, "QueryResult": [{"Status": "Online"}], "RequestId": "r"}

    assert decode(RawCommand("openim/querystate", {}), json.dumps(data).encode()) == data


@pytest.mark.parametrize("code", [0, "0", 0.0, -0.0, "00"])
def test_a_zero_in_disguise_is_success(code: Any) -> None:
    """An ErrorCode of 0 is success, also as a string or with a fraction of 0."""
    assert decode(SEND, answer(ErrorCode=code, MsgTime=1)) == SendMessageReply(msg_time=1)


@pytest.mark.parametrize("code", [20003, "20003", 20003.0, " 20003 "])
def test_a_code_in_disguise_is_a_refusal(code: Any) -> None:
    """A code that is not 0 is a refusal, also as a string or with a fraction of 0."""
    with pytest.raises(NotFoundError) as raised:
        decode(SEND, answer(ErrorCode=code, ErrorInfo="no such account"))

    assert raised.value.code == 20003
    assert raised.value.info == "no such account"
    assert raised.value.path == "openim/sendmsg"


@pytest.mark.parametrize("code", [None, [], [0], {}, {"code": 0}, "", "OK", "1e400"])
def test_no_readable_code_is_an_unreadable_answer(code: Any) -> None:
    """An answer whose ErrorCode is no number is neither success nor a refusal."""
    with pytest.raises(DecodeError, match="ErrorCode") as raised:
        decode(SEND, answer(ErrorCode=code, MsgTime=1))

    assert raised.value.path == "openim/sendmsg"


def test_an_answer_without_a_code_is_unreadable() -> None:
    """An answer that lacks ErrorCode is not taken for success."""
    with pytest.raises(DecodeError, match="ErrorCode"):
        decode(SEND, b'{"ActionStatus": "OK", "MsgTime": 1}')


@pytest.mark.parametrize("code", [0.5, -0.5])
def test_a_fraction_is_no_code(code: float) -> None:
    """An ErrorCode that is not a whole number is not rounded to success."""
    with pytest.raises(DecodeError, match="ErrorCode"):
        decode(SEND, answer(ErrorCode=code, MsgTime=1))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b"0",
        b'"OK"',
        b"<html><body>502 Bad Gateway</body></html>",
        b'{"ErrorCode": 0, "MsgTime": 1',
        b'{"ErrorCode": 0}{"ErrorCode": 0}',
        b"\xff\xfe",
        b'{"ErrorCode": NaN}',
    ],
)
@pytest.mark.parametrize("command", [SEND, RawCommand("openim/sendmsg", {}), ImportAccount("a")])
def test_what_is_no_json_object_is_a_broken_transport(command: Command[Any], content: bytes) -> None:
    """HTML, nothing, half an answer or another kind of JSON means that no usable answer arrived."""
    with pytest.raises(TransportError) as raised:
        decode(command, content)

    assert raised.value.path == command.path
    assert str(len(content)) in raised.value.reason
    assert "Gateway" not in str(raised.value)


@pytest.mark.parametrize(
    ("command", "data"),
    [
        (SEND, {}),
        (SEND, {"MsgTime": None}),
        (SEND, {"MsgTime": "soon"}),
        (SEND, {"MsgTime": []}),
        (CREATE, {}),
        (CREATE, {"GroupId": None}),
        (CREATE, {"GroupId": ["g"]}),
        (CREATE, {"GroupId": {"Id": "g"}}),
        (CheckAccounts(["a"]), {"ResultItem": [None]}),
        (CheckAccounts(["a"]), {"ResultItem": ["a"]}),
        (CheckAccounts(["a"]), {"ResultItem": [{"ResultCode": 0}]}),
        (BATCH, {"ErrorList": [{"ErrorCode": 70107}]}),
        (ImportAccounts(["a"]), {"FailAccounts": "abc"}),
        (ImportAccounts(["a"]), {"FailAccounts": [None]}),
        (ImportAccounts(["a"]), {"FailAccounts": {"a": 1}}),
    ],
)
def test_a_reply_in_another_shape_is_unreadable(command: Command[Any], data: dict[str, Any]) -> None:
    """A missing required field, or one of another kind, is an error and never a value made up."""
    with pytest.raises(DecodeError) as raised:
        decode(command, answer(**data))

    assert raised.value.path == command.path
    assert command.reply.__name__ in raised.value.reason


@pytest.mark.parametrize(("given", "kept"), [("r-1", "r-1"), (None, None), ("", None)])
def test_the_request_id_of_a_refusal_is_kept(given: str | None, kept: str | None) -> None:
    """A refusal keeps the answer's RequestId, by which the service's support finds the call."""
    with pytest.raises(ApiError) as raised:
        decode(SEND, answer(ErrorCode=20003, RequestId=given))

    assert raised.value.request_id == kept


@pytest.mark.parametrize("info", [None, ""])
def test_a_refusal_without_words_has_empty_info(info: str | None) -> None:
    """ErrorInfo may be null or missing."""
    with pytest.raises(ApiError) as raised:
        decode(SEND, answer(ErrorCode=20003, ErrorInfo=info))

    assert raised.value.info == ""


@pytest.mark.parametrize("command", [SEND, ImportAccount("a"), RawCommand("a/b", {})])
def test_every_kind_of_reply_can_be_a_refusal(command: Command[Any]) -> None:
    """A typed reply, none and a raw one refuse alike."""
    with pytest.raises(TooOftenError):
        decode(command, answer(ErrorCode=10023))


DEEP = b"[" * 1000 + b"]" * 1000
LONG = b'["' + b"x" * 100_000 + b'"]'


@pytest.mark.parametrize("value", [DEEP, LONG, LONG[1:-1]], ids=["deep", "long list", "long text"])
@pytest.mark.parametrize("code", [b"0", b"20003"])
@pytest.mark.parametrize("key", [b"ErrorCode", b"ErrorInfo", b"RequestId", b"MsgTime", b"MsgKey"])
def test_an_answer_of_any_depth_and_length_is_told_in_few_words(key: bytes, code: bytes, value: bytes) -> None:
    """However deep or long a part of an answer is, what comes out is a reply or an error of ours in few words."""
    content = b'{"ErrorCode": %b, "MsgTime": 1, "%b": %b}' % (code, key, value)

    said = ""
    try:
        decode(SEND, content)
    except TimError as error:
        said = f"{error} {error.__cause__}"
    assert len(said) < 2000


def test_what_the_service_said_is_kept_whole() -> None:
    """However long ErrorInfo is, the error holds all of it, although it does not say all of it."""
    with pytest.raises(NotFoundError) as raised:
        decode(SEND, answer(ErrorCode=20003, ErrorInfo="why " * 30_000))

    assert raised.value.info == "why " * 30_000
    assert len(str(raised.value)) < 2000


# -- plain values


def test_a_value_that_is_none_of_its_class_is_refused() -> None:
    """Reading plain data as a class that it is not names the class."""
    with pytest.raises(InputError, match="UserIdItem"):
        read({"Nick": "a"}, UserIdItem)


def test_elements_are_read_before_any_garbage_is_collected() -> None:
    """Every element can be read in a process that never collects garbage, where attrs' slotless twins live on."""
    code = (
        "import gc; gc.disable()\n"
        "from timrest_async import Element, Text\n"
        "from timrest_async._codec import read\n"
        "assert read({'MsgType': 'TIMTextElem', 'MsgContent': {'Text': 'hi'}}, Element) == Text('hi')"
    )
    run = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)  # noqa: S603  # our own words

    assert run.stderr == ""


@given(st.binary(max_size=40))
def test_any_bytes_are_an_object_or_a_fault(content: bytes) -> None:
    """Whatever bytes arrive, they are read as an object or reported as no usable answer."""
    with suppress(TransportError):
        assert isinstance(read_object("a/b", content), dict)


def test_a_part_of_a_command_is_written_by_itself() -> None:
    """A class that travels inside a command can be written and read alone."""
    item = UserIdItem("a")

    assert write(item) == {"UserID": "a"}
    assert read({"UserID": "a"}, UserIdItem) == item


def test_an_element_without_content_is_kept() -> None:
    """One that has a type and nothing else has no content, and goes out with none."""
    element = read({"MsgType": "TIMHologramElem"}, Element)

    assert element == Unknown("TIMHologramElem", None)
    assert body_of(SendMessage("id1", element))["MsgBody"][0].get("MsgContent") is None


M = TypeVar("M")


class Marked(Generic[M]):
    """Something else that a user's command is, besides a command."""

    __slots__ = ()


@frozen(kw_only=True)
class Query(Marked[int], Command[CheckAccountsReply]):
    """A command with another generic base."""

    path = "openim/query"


def test_a_reply_is_found_beside_other_bases() -> None:
    """The class in the brackets of Command is the reply, whatever else the command inherits."""
    assert decode(Query(), answer(ResultItem=[])) == CheckAccountsReply(result_item=[])


def test_a_number_that_json_has_not_is_named_with_its_place() -> None:
    """NaN and infinity, which JSON cannot say, are refused by what they are and where they stand."""
    for number, words in ((math.nan, "nan"), (-math.inf, "-inf")):
        with pytest.raises(InputError, match=rf"^RawCommand cannot be written as JSON: A\[1\]: JSON has no {words}$"):
            encode(RawCommand("a/b", {"A": [1, number]}))


def test_a_value_outside_a_closed_set_is_named_beside_the_set() -> None:
    """What a field cannot hold is told with what it can."""
    with pytest.raises(InputError, match=r"2 is none of \(0, 1\)"):
        read({"PushFlag": 2}, OfflinePushInfo)


@pytest.mark.parametrize("word", ["null", "NaN"])
def test_as_deep_as_json_is_written_here_is_not_too_deep(word: str) -> None:
    """254 objects within each other go out, also where a word in them asks for a closer look."""
    body: dict[str, Any] = {"A": word}
    for _ in range(253):
        body = {"A": body}

    assert json.loads(encode(RawCommand("a/b", body))) == body


@pytest.mark.parametrize("body", [nested(255), itself()], ids=["255", "itself"])
def test_what_is_nested_too_deep_is_told_so(body: dict[str, Any]) -> None:
    """The refusal names the command, and says what is wrong with it."""
    with pytest.raises(
        InputError, match=r"^RawCommand cannot be written as JSON: .*nested (more than 254 deep|too deep)"
    ):
        encode(RawCommand("a/b", body))


@pytest.mark.parametrize("command", [SEND, RawCommand("openim/sendmsg", {})])
def test_a_byte_order_mark_does_no_harm(command: Command[Any]) -> None:
    """An answer that begins with one is read as without."""
    content = answer(ErrorCode=0, MsgTime=1)

    assert decode(command, b"\xef\xbb\xbf" + content) == decode(command, content)


@pytest.mark.parametrize("code", [True, False])
@pytest.mark.parametrize("command", [SEND, RawCommand("openim/sendmsg", {})])
def test_a_truth_value_is_no_code(command: Command[Any], code: bool) -> None:  # noqa: FBT001  # what an answer holds
    """An ErrorCode of true or false is neither success nor a refusal, and is told."""
    with pytest.raises(DecodeError, match=f"the answer's ErrorCode is {code}$") as raised:
        decode(command, answer(ErrorCode=code, MsgTime=1))

    assert raised.value.delivered is None


def test_what_the_service_said_is_kept_whatever_it_is() -> None:
    """An ErrorInfo or a RequestId that is no text is kept in a few words."""
    with pytest.raises(NotFoundError) as raised:
        decode(SEND, answer(ErrorCode=20003, ErrorInfo=["no", "account"], RequestId=7))

    assert (raised.value.info, raised.value.request_id) == ("['no', 'account']", "7")


@pytest.mark.parametrize(
    ("command", "fields", "words"),
    [
        (SEND, {}, "the reply is not a SendMessageReply: KeyError('MsgTime')"),
        (BATCH, {"ErrorList": "abc"}, "the reply is not a SendBatchReply: TypeError(\"'abc' is no list\")"),
        (CREATE, {"GroupId": ["g"]}, "the reply is not a CreateGroupReply: TypeError(\"['g'] is no text\")"),
    ],
)
def test_an_unreadable_reply_says_what_is_wrong_with_it(
    command: Command[Any], fields: dict[str, Any], words: str
) -> None:
    """The message names the reply that was promised, and the field or the value that is not as it should be."""
    with pytest.raises(DecodeError) as raised:
        decode(command, answer(**fields))

    assert raised.value.reason == words


def test_a_field_that_may_be_absent_may_be_null() -> None:
    """Null is absence, whatever the field holds otherwise."""
    assert read({"PushFlag": None, "ApnsInfo": None}, OfflinePushInfo) == OfflinePushInfo()


def test_lists_within_each_other_are_counted_like_objects() -> None:
    """254 of them go out, also where a word in them asks for a closer look; 255 are refused."""
    deep: list[Any] = ["null"]
    for _ in range(252):
        deep = [deep]

    assert json.loads(encode(RawCommand("a/b", {"A": deep}))) == {"A": deep}
    with pytest.raises(InputError, match="it is nested more than 254 deep"):
        encode(RawCommand("a/b", {"A": [deep]}))


@pytest.mark.parametrize(
    ("body", "place"), [({1: "a"}, "the body"), ({"A": {1: "a"}}, "A"), ({"A": [{"B": {None: "a"}}]}, r"A\[0\]\.B")]
)
def test_a_key_that_json_has_not_is_named_with_its_place(body: dict[Any, Any], place: str) -> None:
    """Where an object has a key that is no text, the refusal says where that object stands, and its keys."""
    with pytest.raises(InputError, match=rf"^RawCommand cannot be written as JSON: {place}: Dict key must be str, in"):
        encode(RawCommand("a/b", body))
