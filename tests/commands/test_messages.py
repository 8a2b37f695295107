"""What one-to-one messages offer beyond what every command does."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from timrest_async import Element, Face, Failure, InputError, RetryPolicy, Text, TimSession, Unknown
from timrest_async._codec import read, write
from timrest_async.commands._shared import KeyValueSeq
from timrest_async.commands.messages import (
    C2CMsgInfo,
    CountUnreadMessages,
    DeleteMessages,
    GetMessages,
    GetMessagesReply,
    ImportMessage,
    ModifyMessage,
    RoamMessage,
    SendBatch,
    SendMessage,
    SendReadReceipts,
    SetMessageExtensions,
)
from timrest_async.testing import Call, FakeClock, MemoryTransport

HI = {"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}
"""An element as it travels."""

takes_a_body = pytest.mark.parametrize(
    "take",
    [
        lambda body: SendMessage("b", body),
        lambda body: SendBatch(["b", "c"], body),
        lambda body: ImportMessage("a", "b", msg_time_stamp=1, msg_body=body),
        lambda body: ModifyMessage("a", "b", msg_key="k", msg_body=body),
    ],
    ids=["send", "send_batch", "import_one", "modify"],
)


def session(service: MemoryTransport) -> TimSession:
    """A session that tries once."""
    return TimSession(1400000000, secret_key="key", transport=service, clock=FakeClock(), retry=RetryPolicy(attempts=1))


def ids(count: int) -> list[str]:
    """So many accounts, or keys of messages."""
    return [f"id{number}" for number in range(count)]


def history(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A page of the history."""
    return {"ErrorCode": 0, "MsgList": list(messages), **fields}


def at(time: int | None, seq: int | None = None, **fields: Any) -> dict[str, Any]:
    """A message of some time, called after it."""
    return {"MsgTimeStamp": time, "MsgSeq": seq, "MsgKey": f"{time}-{seq}", **fields}


def pairs(complete: int | None, **seqs: int | None) -> dict[str, Any]:
    """A page of keys, each with its ``seq``."""
    listed = [{"Key": key, "Value": "v", "Seq": seq} for key, seq in seqs.items()]
    return {"ErrorCode": 0, "ExtensionList": listed, "CompleteFlag": complete}


@takes_a_body
@pytest.mark.parametrize(
    ("given", "elements"),
    [
        ("hi", [Text("hi")]),
        (Text("hi"), [Text("hi")]),
        ([Text("hi"), Face(1)], [Text("hi"), Face(1)]),
        ((Text("hi"), Face(1)), [Text("hi"), Face(1)]),
    ],
    ids=["a text", "an element", "a list", "a tuple"],
)
def test_a_body_is_a_text_an_element_or_several(
    take: Callable[[Any], SendMessage], given: Any, elements: list[Element]
) -> None:
    """What stands for a body becomes a list of elements, which is no list of the caller's."""
    assert take(given).msg_body == elements
    assert take(given).msg_body is not given


@takes_a_body
@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("", r"\.msg_body has to hold at least 1 item, not 0"),
        ([], r"\.msg_body has to hold at least 1 item, not 0"),
        (5, "^a message body is a string, an element or a sequence of elements, not 5"),
        (HI, "^a message body is a string, an element or a sequence of elements, not {"),
        (iter([Text("hi")]), "^a message body is a string, an element or a sequence of elements, not <"),
        (Text, "^a message body is a string, an element or a sequence of elements, not <class"),
        (b"hi", "^a message body is made of elements such as Text and Face, not 104"),
        (["hi"], "^a message body is made of elements such as Text and Face, not 'hi'"),
        ([Text("hi"), None], "^a message body is made of elements such as Text and Face, not None"),
    ],
    ids=["no text", "no elements", "a number", "a dict", "an iterator", "a class", "bytes", "a text in a list", "None"],
)
def test_what_is_no_body_is_refused(take: Callable[[Any], object], given: Any, complaint: str) -> None:
    """Neither nothing nor anything but elements can be said."""
    with pytest.raises(InputError, match=complaint):
        take(given)


@pytest.mark.parametrize(
    ("take", "given", "complaint"),
    [
        (
            lambda keys: DeleteMessages("a", "b", msg_key_list=keys),
            [5],
            r"\.msg_key_list \[0\] has to be a string, not 5",
        ),
        (lambda keys: DeleteMessages("a", "b", msg_key_list=keys), {"k": 1}, r"\.msg_key_list has to be a list, not {"),
        (lambda peers: CountUnreadMessages("a", peers), [], r"\.peer_account has to hold 1 to 10 items, not 0"),
        (
            lambda infos: SendReadReceipts("b", "a", c2c_msg_info=infos),
            "k",
            r"\.c2c_msg_info has to be a list, not 'k'",
        ),
        (
            lambda infos: SendReadReceipts("b", "a", c2c_msg_info=infos),
            ["k"],
            r"\.c2c_msg_info \[0\] has to be C2CMsgInfo",
        ),
        (lambda account: C2CMsgInfo("a", account, "k"), "", r"^C2CMsgInfo\.to_account has to be 1 to 32 bytes"),
    ],
)
def test_what_is_in_no_form_that_is_taken_is_refused_by_name(
    take: Callable[[Any], object], given: Any, complaint: str
) -> None:
    """The complaint names the field, the place in the list, and what stood there."""
    with pytest.raises(InputError, match=complaint):
        take(given)


def test_what_is_listed_may_come_in_any_iterable() -> None:
    """A single account or key may stand alone, and what was read may come from a generator."""
    read_by_b = C2CMsgInfo("a", "b", "k")

    assert CountUnreadMessages("a", "b") == CountUnreadMessages("a", iter(["b"]))
    assert DeleteMessages("a", "b", msg_key_list="k") == DeleteMessages("a", "b", msg_key_list=("k",))
    assert SendReadReceipts("b", "a", c2c_msg_info=(one for one in [read_by_b])).c2c_msg_info == [read_by_b]


@pytest.mark.parametrize(
    "given", [{"vote": "7", "gone": ""}, (KeyValueSeq("vote", "7"), KeyValueSeq("gone"))], ids=["mapping", "pairs"]
)
def test_pairs_may_be_a_mapping(given: Any) -> None:
    """Keys and values of a message are a mapping or the pairs themselves; a value that is not given is empty."""
    command = SetMessageExtensions("b", "k", operate_type=1, extension_list=given)

    assert command.extension_list == [KeyValueSeq("vote", "7"), KeyValueSeq("gone", "")]


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("vote", r"SetMessageExtensions\.extension_list has to be a list, not 'vote'"),
        (["vote"], r"SetMessageExtensions\.extension_list \[0\] has to be KeyValueSeq, not 'vote'"),
        ([("vote", "7")], r"SetMessageExtensions\.extension_list \[0\] has to be KeyValueSeq, not \('vote', '7'\)"),
        ({"vote": 7}, r"KeyValueSeq\.value has to be a string, not 7"),
        ({str(number): "7" for number in range(21)}, r"\.extension_list has to hold 1 to 20 items, not 21"),
        ({}, r"\.extension_list has to hold 1 to 20 items, not 0"),
        (None, "SetMessageExtensions takes an extension_list, unless operate_type is 3"),
    ],
)
@pytest.mark.parametrize("operate_type", [1, 2])
def test_only_pairs_can_be_set_or_deleted(operate_type: Any, given: Any, complaint: str) -> None:
    """Neither nothing nor too many, nor what is no pair of texts."""
    with pytest.raises(InputError, match=complaint):
        SetMessageExtensions("b", "k", operate_type=operate_type, extension_list=given)


def test_all_pairs_can_be_cleared_without_naming_them() -> None:
    """Then no list travels; the bounds of everything else still hold."""
    assert write(SetMessageExtensions("b", "k", operate_type=3)).keys() == {"To_Account", "MsgKey", "OperateType"}
    with pytest.raises(InputError, match=r"SetMessageExtensions\.to_account has to be 1 to 32 bytes"):
        SetMessageExtensions("", "k", operate_type=3)
    with pytest.raises(InputError, match=r"SetMessageExtensions\.operate_type has to be one of 1, 2, 3, not 4"):
        SetMessageExtensions("b", "k", operate_type=4)  # type: ignore[arg-type]


def test_a_change_may_be_of_either_half() -> None:
    """Body and custom data are replaced one by one or together; an empty text is something to store."""
    assert write(ModifyMessage("a", "b", msg_key="k", msg_body="hi")).keys() >= {"MsgBody"}
    assert "CloudCustomData" not in write(ModifyMessage("a", "b", msg_key="k", msg_body="hi"))
    assert write(ModifyMessage("a", "b", msg_key="k", cloud_custom_data="")) == {
        "From_Account": "a",
        "To_Account": "b",
        "MsgKey": "k",
        "CloudCustomData": "",
    }


def test_a_change_of_nothing_is_refused() -> None:
    """Also where a change is made out of another; and bounds are checked as everywhere, before that."""
    with pytest.raises(InputError, match="ModifyMessage takes msg_body, cloud_custom_data or both"):
        ModifyMessage("a", "b", msg_key="k")
    with pytest.raises(InputError, match="ModifyMessage takes msg_body, cloud_custom_data or both"):
        evolve(ModifyMessage("a", "b", msg_key="k", msg_body="hi"), msg_body=None)
    with pytest.raises(InputError, match=r"ModifyMessage\.from_account has to be 1 to 32 bytes"):
        ModifyMessage("a" * 33, "b", msg_key="k")


async def test_a_history_is_read_to_its_end_from_new_to_old() -> None:
    """Each page starts at the oldest message of the one before, and the newest message of all comes first."""
    service = MemoryTransport(
        history(at(8, 1), at(9, 2), at(9, 3), Complete=0, LastMsgTime=8, LastMsgKey="8-1"),
        history(at(5), at(7), Complete=0, LastMsgTime=5, LastMsgKey="5-None"),
        history(at(2), Complete=1, LastMsgTime=2, LastMsgKey="2-None"),
    )
    messages = session(service).messages.each("a", "b", max_cnt=3, min_time=1, max_time=10)

    assert [message.msg_key async for message in messages] == ["9-3", "9-2", "8-1", "7-None", "5-None", "2-None"]
    period = {"Operator_Account": "a", "Peer_Account": "b", "MaxCnt": 3, "MinTime": 1}
    assert [call.json for call in service.calls] == [
        {**period, "MaxTime": 10},
        {**period, "MaxTime": 8, "LastMsgKey": "8-1"},
        {**period, "MaxTime": 5, "LastMsgKey": "5-None"},
    ]


@pytest.mark.parametrize(
    "last",
    [
        history(at(3), Complete=1, LastMsgTime=3, LastMsgKey="3"),
        history(at(3), Complete=0, LastMsgTime=3),
        history(at(3), Complete=0, LastMsgKey="3"),
        history(at(3)),
        history(Complete=1, LastMsgTime=0, LastMsgKey=""),
        history(Complete=0, LastMsgTime=0, LastMsgKey=""),
        {"ErrorCode": 0, "Complete": 1, "MsgCnt": 0, "MsgList": None},
    ],
    ids=["complete", "no key", "no time", "neither", "empty and complete", "empty", "null"],
)
async def test_a_history_ends_where_no_older_message_can_be_asked_for(last: dict[str, Any]) -> None:
    """The service says so, or it does not say where to go on, or there is nothing behind which to go on."""
    service = MemoryTransport(last)

    found = [message.msg_time_stamp async for message in session(service).messages.each("a", "b", max_time=9)]
    assert found == [message["MsgTimeStamp"] for message in last["MsgList"] or ()]
    assert len(service.calls) == 1


@pytest.mark.parametrize(
    "listed",
    [
        [at(None), at(1), at(3, 1), at(3, 2), at(4)],
        [at(4), at(3, 2), at(3, 1), at(1), at(None)],
        [at(3, 1), at(4), at(None), at(3, 2), at(1)],
    ],
    ids=["oldest first", "newest first", "in no order"],
)
def test_a_page_is_put_in_order(listed: list[dict[str, Any]]) -> None:
    """However the service lists them: by time, then by number, and those without a time at the end."""
    command, page = GetMessages("a", "b", max_time=9), read(history(*listed), GetMessagesReply)

    assert [message.msg_key for message in command.items(page)] == ["4-None", "3-2", "3-1", "1-None", "None-None"]
    assert [message.msg_key for message in page.msg_list] == [message["MsgKey"] for message in listed]


@pytest.mark.parametrize(
    ("body", "elements"),
    [
        (None, []),
        ("", []),
        ({}, []),
        ([], []),
        ("gone", [Unknown("", "gone")]),
        (HI, [Text("hi")]),
        ({"Text": "hi"}, [Unknown("", {"Text": "hi"})]),
        (
            [HI, None, {}, "gone", [HI]],
            [Text("hi"), Unknown("", None), Unknown("", {}), Unknown("", "gone"), Unknown("", [HI])],
        ),
        ([{"MsgType": None, "MsgContent": {}}, HI], [Unknown("", {"MsgType": None, "MsgContent": {}}), Text("hi")]),
        ([{"MsgType": "TIMTextElem"}], [Unknown("TIMTextElem", None)]),
    ],
)
async def test_a_body_of_an_odd_shape_costs_neither_the_page_nor_itself(body: Any, elements: list[Element]) -> None:
    """What stands where elements should is kept as elements of no type, and the messages around it are read."""
    service = MemoryTransport(history(at(9, MsgBody=[HI]), at(8, MsgBody=body), at(7), at(6, MsgBody=[HI]), Complete=1))
    bodies = [message.msg_body async for message in session(service).messages.each("a", "b", max_time=9)]

    assert bodies == [[Text("hi")], elements, [], [Text("hi")]]


@pytest.mark.parametrize(
    ("bits", "recalled"), [(None, False), (0, False), (8, True), (9, True), (7, False), (16, False)]
)
def test_a_message_shows_that_it_was_recalled(bits: int | None, recalled: bool) -> None:  # noqa: FBT001
    """That is one bit among others."""
    assert RoamMessage(msg_flag_bits=bits).recalled is recalled


async def test_a_batch_tells_whom_it_did_not_reach() -> None:
    """With the code where there is one, and without one where an answer is of before 2020."""
    errors = [{"To_Account": "c", "ErrorCode": 70107}, {"To_Account": "d"}]
    answer = {"ErrorCode": 0, "ActionStatus": "SomeError", "MsgKey": "k", "ErrorList": errors}
    reply = await session(MemoryTransport(answer)).messages.send_batch(iter("bcd"), "hi")

    assert (reply.action_status, reply.msg_key) == ("SomeError", "k")
    assert reply.failed == [Failure("c", 70107), Failure("d", None)]
    assert reply.succeeded == ["b"]


async def test_pairs_are_read_to_the_end() -> None:
    """Each page starts with the ``seq`` of the last pair so far, so that of pairs with the same one none is missed."""
    service = MemoryTransport(pairs(0, red=1, blue=2), pairs(0, blue=2, green=2, pink=4), pairs(1, pink=4, grey=5))
    found = [pair async for pair in session(service).messages.each_extension("b", "k", from_account="a")]

    assert [pair.key for pair in found] == ["red", "blue", "blue", "green", "pink", "pink", "grey"]
    assert {pair.key: pair.seq for pair in found} == {"red": 1, "blue": 2, "green": 2, "pink": 4, "grey": 5}
    message = {"From_Account": "a", "To_Account": "b", "MsgKey": "k"}
    assert [call.json for call in service.calls] == [message, {**message, "StartSeq": 2}, {**message, "StartSeq": 4}]


async def test_pairs_of_one_seq_that_fill_a_page_are_gone_past() -> None:
    """Where a page ends where it starts, asking for the same again leads nowhere."""
    service = MemoryTransport(pairs(0, red=3, blue=3), pairs(0, red=3, blue=3), pairs(1, grey=5))
    found = [pair.key async for pair in session(service).messages.each_extension("b", "k")]

    assert found == ["red", "blue", "red", "blue", "grey"]
    assert [call.json.get("StartSeq") for call in service.calls] == [None, 3, 4]


@pytest.mark.parametrize("last", [pairs(1, red=1), pairs(0), pairs(None), pairs(0, red=None)])
async def test_pairs_end_where_the_service_says_or_names_no_place(last: dict[str, Any]) -> None:
    """The last page says so; none can be asked for behind a page without pairs, or whose last pair has no ``seq``."""
    service = MemoryTransport(last)

    found = [pair.key async for pair in session(service).messages.each_extension("b", "k")]
    assert found == [pair["Key"] for pair in last["ExtensionList"]]
    assert len(service.calls) == 1


async def test_any_number_of_conversations_can_be_counted() -> None:
    """Ten in a call; who could not be counted is named, whatever call it was in."""

    def count(call: Call) -> dict[str, Any]:
        good, bad = [], []
        for peer in call.json["Peer_Account"]:
            if peer == "id11":
                bad.append({"Peer_Account": peer, "ErrorCode": 70107})
            else:
                good.append({"Peer_Account": peer, "C2CUnreadMsgNum": int(peer[2:])})
        return {"ErrorCode": 0, "C2CUnreadMsgNumList": good, "ErrorList": bad}

    service = MemoryTransport(*[count] * 3)
    reply = await session(service).messages.count_unread_all("a", ids(21))

    assert sorted(len(call.json["Peer_Account"]) for call in service.calls) == [1, 10, 10]
    assert sum(item.c2c_unread_msg_num or 0 for item in reply.c2c_unread_msg_num_list) == sum(range(21)) - 11
    assert reply.failed == [Failure("id11", 70107)]
    assert reply.succeeded == [peer for peer in ids(21) if peer != "id11"]


async def test_all_conversations_together_are_counted_in_one_call() -> None:
    """Where none is named there is nothing to split, nor anybody to have failed."""
    service = MemoryTransport({"ErrorCode": 0, "AllC2CUnreadMsgNum": 12})
    reply = await session(service).messages.count_unread_all("a")

    assert [call.json for call in service.calls] == [{"To_Account": "a"}]
    assert (reply.all_c2c_unread_msg_num, reply.failed, reply.succeeded) == (12, [], [])


async def test_any_number_of_messages_can_be_deleted() -> None:
    """Thirty in a call; malformed keys of all calls are named, the others are deleted."""

    def delete(call: Call) -> dict[str, Any]:
        return {"ErrorCode": 0, "InvalidMsgKeyList": [key for key in call.json["MsgKeyList"] if key in {"id7", "id30"}]}

    service = MemoryTransport(delete, delete)
    reply = await session(service).messages.delete_all("a", "b", msg_key_list=ids(31))

    assert sorted(len(call.json["MsgKeyList"]) for call in service.calls) == [1, 30]
    assert reply.failed == [Failure(key, None, "the key is malformed") for key in ("id7", "id30")]
    assert reply.succeeded == [key for key in ids(31) if key not in {"id7", "id30"}]
