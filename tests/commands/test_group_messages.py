"""What messages in groups offer beyond what every command does."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from timrest_async import Element, Face, Failure, InputError, RetryPolicy, Text, TimSession, TransportError, Unknown
from timrest_async._codec import write
from timrest_async.commands._shared import KeyValueSeq
from timrest_async.commands.group_messages import (
    BroadcastMessage,
    GetGroupMessagesReply,
    GetGroupReceiptDetailsReply,
    GetGroupReceipts,
    GroupAtInfo,
    GroupHistoryMessage,
    GroupMessages,
    ImportedGroupMsg,
    ImportGroupMessages,
    ImportMsgResult,
    ModifyGroupMessage,
    MsgSeqItem,
    ReadMember,
    RecallGroupMessages,
    SendGroupMessage,
    SendGroupMessageReply,
    SendGroupReadReceipts,
    SetGroupMessageExtensions,
    UnreadMember,
)
from timrest_async.testing import Call, FakeClock, MemoryTransport

HI = {"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}
"""An element as it travels."""

takes_a_body = pytest.mark.parametrize(
    "take",
    [
        lambda body: SendGroupMessage("g", body),
        BroadcastMessage,
        lambda body: ImportedGroupMsg("a", send_time=1, msg_body=body),
        lambda body: ModifyGroupMessage("g", 1, msg_body=body),
    ],
    ids=["send", "broadcast", "import_many", "modify"],
)

takes_numbers = pytest.mark.parametrize(
    "take",
    [
        lambda numbers: RecallGroupMessages("g", numbers),
        lambda numbers: GetGroupReceipts("g", numbers),
        lambda numbers: SendGroupReadReceipts("g", "a", msg_seq_list=numbers),
    ],
    ids=["recall", "get_receipts", "send_read_receipts"],
)


def domain(service: MemoryTransport) -> GroupMessages:
    """The domain, of a session that tries once."""
    clock, retry = FakeClock(), RetryPolicy(attempts=1)
    return TimSession(1400000000, secret_key="key", transport=service, clock=clock, retry=retry).group_messages


def history(*numbers: int | None, finished: int | None = 1) -> dict[str, Any]:
    """A page of the history, of messages with these *numbers*."""
    return {"ErrorCode": 0, "IsFinished": finished, "RspMsgList": [{"MsgSeq": number} for number in numbers]}


def pairs(complete: int | None, **seqs: int | None) -> dict[str, Any]:
    """A page of keys, each with its ``seq``."""
    listed = [{"Key": key, "Value": "v", "Seq": seq} for key, seq in seqs.items()]
    return {"ErrorCode": 0, "ExtensionList": listed, "CompleteFlag": complete}


def numbers_in(call: Call) -> list[int]:
    """The numbers of the messages that a call is about."""
    return [item["MsgSeq"] for item in call.json["MsgSeqList"]]


@takes_a_body
@pytest.mark.parametrize(
    ("body", "elements"),
    [
        ("hi", [Text("hi")]),
        (Text("hi"), [Text("hi")]),
        ([Text("hi"), Face(1)], [Text("hi"), Face(1)]),
        ((Text("hi"), Face(1)), [Text("hi"), Face(1)]),
    ],
    ids=["a text", "an element", "a list", "a tuple"],
)
def test_a_body_is_a_text_an_element_or_several(
    take: Callable[[Any], SendGroupMessage], body: Any, elements: list[Element]
) -> None:
    """What stands for a body becomes a list of elements, which is no list of the caller's."""
    assert take(body).msg_body == elements
    assert take(body).msg_body is not body


@takes_a_body
@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("", r"\.msg_body has to hold at least 1 item, not 0"),
        ([], r"\.msg_body has to hold at least 1 item, not 0"),
        (5, "^a message body is a string, an element or a sequence of elements, not 5"),
        (HI, "^a message body is a string, an element or a sequence of elements, not {"),
        (["hi"], "^a message body is made of elements such as Text and Face, not 'hi'"),
        ([Text("hi"), None], "^a message body is made of elements such as Text and Face, not None"),
    ],
    ids=["no text", "no elements", "a number", "a dict", "a text in a list", "None in a list"],
)
def test_what_is_no_body_is_refused(take: Callable[[Any], object], body: Any, complaint: str) -> None:
    """Neither nothing nor anything but elements can be said."""
    with pytest.raises(InputError, match=complaint):
        take(body)


@takes_numbers
@pytest.mark.parametrize(
    ("numbers", "listed"),
    [(5, [5]), (range(5, 8), [5, 6, 7]), ([5, MsgSeqItem(6)], [5, 6]), ({7: "x", 5: "y"}.keys(), [7, 5])],
    ids=["a number", "a range", "both", "keys"],
)
def test_numbers_will_do(take: Callable[[Any], RecallGroupMessages], numbers: Any, listed: list[int]) -> None:
    """A number stands for the object that wraps it, alone, in any iterable, and among such objects."""
    assert take(numbers).msg_seq_list == [MsgSeqItem(number) for number in listed]
    assert take(iter(listed)) == take(numbers)


@takes_numbers
@pytest.mark.parametrize(
    ("numbers", "complaint"),
    [
        ("5", r"\.msg_seq_list has to be a list, not '5'"),
        (5.0, r"\.msg_seq_list has to be a list, not 5\.0"),
        (None, r"\.msg_seq_list has to be a list, not None"),
        ({5: "x"}, r"\.msg_seq_list has to be a list, not {5: 'x'}"),
        (MsgSeqItem(5), r"\.msg_seq_list has to be a list, not MsgSeqItem\(msg_seq=5\)"),
        (True, r"^MsgSeqItem\.msg_seq has to be a whole number, not True"),
        ([5, "6"], r"^MsgSeqItem\.msg_seq has to be a whole number, not '6'"),
    ],
)
def test_what_is_no_number_is_refused_by_name(take: Callable[[Any], object], numbers: Any, complaint: str) -> None:
    """Neither is a text of digits, nor a truth, nor a dict; the complaint names the field."""
    with pytest.raises(InputError, match=complaint):
        take(numbers)


@pytest.mark.parametrize(
    ("take", "given", "complaint"),
    [
        (
            lambda given: SendGroupMessage("g", "hi", to_account=given),
            ["a"] * 51,
            r"\.to_account has to hold 0 to 50 items",
        ),
        (
            lambda given: SendGroupMessage("g", "hi", to_account=given),
            ["a", ""],
            r"\.to_account \[1\] has to be 1 to 32",
        ),
        (
            lambda given: SendGroupMessage("g", "hi", group_at_info=given),
            ["a"],
            r"\[0\] has to be GroupAtInfo, not 'a'",
        ),
        (
            lambda given: GroupAtInfo(group_at_all_flag=given),
            2,
            r"^GroupAtInfo\.group_at_all_flag has to be one of 0, 1",
        ),
        (lambda given: ImportGroupMessages("g", given), [HI], r"\.msg_list \[0\] has to be ImportedGroupMsg, not {"),
        (lambda given: ImportGroupMessages("g", given), [], r"\.msg_list has to hold 1 to 7 items, not 0"),
        (lambda given: RecallGroupMessages("g", given), range(11), r"\.msg_seq_list has to hold 1 to 10 items, not 11"),
        (lambda given: SendGroupReadReceipts("g", "a", msg_seq_list=given), [], r"has to hold 1 to 50 items, not 0"),
    ],
)
def test_what_is_out_of_bounds_is_refused_by_name(take: Callable[[Any], object], given: Any, complaint: str) -> None:
    """The complaint names the field, the place in the list, and what stood there."""
    with pytest.raises(InputError, match=complaint):
        take(given)


@pytest.mark.parametrize(
    "given", [{"vote": "7", "gone": ""}, (KeyValueSeq("vote", "7"), KeyValueSeq("gone"))], ids=["mapping", "pairs"]
)
def test_pairs_may_be_a_mapping(given: Any) -> None:
    """Keys and values of a message are a mapping or the pairs themselves; a value that is not given is empty."""
    command = SetGroupMessageExtensions("g", 1, operate_type=1, extension_list=given)

    assert command.extension_list == [KeyValueSeq("vote", "7"), KeyValueSeq("gone", "")]


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("vote", r"SetGroupMessageExtensions\.extension_list has to be a list, not 'vote'"),
        (["vote"], r"SetGroupMessageExtensions\.extension_list \[0\] has to be KeyValueSeq, not 'vote'"),
        ({"vote": 7}, r"KeyValueSeq\.value has to be a string, not 7"),
        ({str(number): "7" for number in range(21)}, r"\.extension_list has to hold 0 to 20 items, not 21"),
        ({}, "SetGroupMessageExtensions takes an extension_list with operate_type 1 and 2"),
        (None, "SetGroupMessageExtensions takes an extension_list with operate_type 1 and 2"),
    ],
)
@pytest.mark.parametrize("operate_type", [1, 2])
def test_only_pairs_can_be_set_or_deleted(operate_type: Any, given: Any, complaint: str) -> None:
    """Neither nothing nor too many, nor what is no pair of texts."""
    with pytest.raises(InputError, match=complaint):
        SetGroupMessageExtensions("g", 1, operate_type=operate_type, extension_list=given)


def test_all_pairs_can_be_cleared_without_naming_them() -> None:
    """Then no list travels; the bounds of everything else still hold."""
    assert write(SetGroupMessageExtensions("g", 1, operate_type=3)) == {"GroupId": "g", "MsgSeq": 1, "OperateType": 3}
    with pytest.raises(InputError, match=r"SetGroupMessageExtensions\.group_id has to be 1 to 48 bytes"):
        SetGroupMessageExtensions("", 1, operate_type=3)
    with pytest.raises(InputError, match=r"SetGroupMessageExtensions\.operate_type has to be one of 1, 2, 3, not 4"):
        SetGroupMessageExtensions("g", 1, operate_type=4)  # type: ignore[arg-type]


def test_a_change_may_be_of_either_half() -> None:
    """Body and custom data are replaced one by one or together; an empty text is something to store."""
    assert write(ModifyGroupMessage("g", 1, msg_body="hi")) == {"GroupId": "g", "MsgSeq": 1, "MsgBody": [HI]}
    assert write(ModifyGroupMessage("g", 1, cloud_custom_data="")) == {
        "GroupId": "g",
        "MsgSeq": 1,
        "CloudCustomData": "",
    }
    assert write(ModifyGroupMessage("g", 1, msg_body="hi", cloud_custom_data="x")).keys() >= {
        "MsgBody",
        "CloudCustomData",
    }


def test_a_change_of_nothing_is_refused() -> None:
    """Also where a change is made out of another; and bounds are checked as everywhere, before that."""
    with pytest.raises(InputError, match="ModifyGroupMessage takes msg_body, cloud_custom_data or both"):
        ModifyGroupMessage("g", 1)
    with pytest.raises(InputError, match="ModifyGroupMessage takes msg_body, cloud_custom_data or both"):
        evolve(ModifyGroupMessage("g", 1, msg_body="hi"), msg_body=None)
    with pytest.raises(InputError, match=r"ModifyGroupMessage\.group_id has to be 1 to 48 bytes"):
        ModifyGroupMessage("", 1)


@pytest.mark.parametrize(("reason", "dropped"), [(None, False), ("", False), ("MsgFreqCtrl", True)])
def test_a_message_may_be_dropped_although_the_call_succeeded(reason: str | None, dropped: bool) -> None:  # noqa: FBT001
    """The service says so by giving a reason, and by nothing else."""
    assert SendGroupMessageReply(msg_drop_reason=reason).dropped is dropped


@pytest.mark.parametrize(
    ("kind", "placeholder", "recalled"), [(None, False, False), (0, False, False), (1, True, False), (2, True, True)]
)
def test_a_history_holds_what_is_left_of_messages(
    kind: int | None,
    placeholder: bool,  # noqa: FBT001
    recalled: bool,  # noqa: FBT001
) -> None:
    """What was recalled is gone like what was deleted or has expired, and says so."""
    message = GroupHistoryMessage(is_place_msg=kind)

    assert (message.placeholder, message.recalled) == (placeholder, recalled)


@pytest.mark.parametrize(
    ("numbers", "oldest"), [([], None), ([None], None), ([9, 7, 8], 7), ([9, None, 8], 8), ([1, 0], 0)]
)
def test_the_oldest_message_of_a_page_has_the_smallest_number(numbers: list[int | None], oldest: int | None) -> None:
    """Wherever it stands; what has no number is passed over."""
    messages = [GroupHistoryMessage(msg_seq=number) for number in numbers]

    assert GetGroupMessagesReply(rsp_msg_list=messages).oldest == oldest


async def test_a_history_is_read_to_its_first_message() -> None:
    """Each page starts below the smallest number so far; that a page is complete does not mean that the history is."""
    service = MemoryTransport(history(9, 8, 7), history(5, 6, None, finished=0), history(3, finished=0), history(2, 1))
    messages = domain(service).each("g", req_msg_number=3, with_recalled_msg=1, topic_id="t")

    assert [message.msg_seq async for message in messages] == [9, 8, 7, 5, 6, None, 3, 2, 1]
    request = {"GroupId": "g", "ReqMsgNumber": 3, "WithRecalledMsg": 1, "TopicId": "t"}
    assert [call.json for call in service.calls] == [
        request,
        {**request, "ReqMsgSeq": 6},
        {**request, "ReqMsgSeq": 4},
        {**request, "ReqMsgSeq": 2},
    ]


@pytest.mark.parametrize(
    ("last", "numbers"),
    [
        (history(), []),
        (history(finished=0), []),
        ({"ErrorCode": 0, "RspMsgList": None}, []),
        (history(None, None), [None, None]),
        (history(2, 1, finished=0), [2, 1]),
        (history(9, 8, finished=2), [9, 8]),
    ],
    ids=["empty", "empty and cut", "null", "no numbers", "the first message", "all older ones have expired"],
)
async def test_a_history_ends_where_there_is_nothing_older(last: dict[str, Any], numbers: list[int | None]) -> None:
    """There is no message, or none with a number, or none below it, or the service keeps none below it."""
    service = MemoryTransport(last)

    assert [message.msg_seq async for message in domain(service).each("g", req_msg_seq=9)] == numbers
    assert [call.json["ReqMsgSeq"] for call in service.calls] == [9]


words = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
anything = st.recursive(
    words | st.sampled_from(["", "gone"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["MsgContent", "Text", "x"]), inner)
        | st.fixed_dictionaries({"MsgType": words, "MsgContent": inner})
    ),
    max_leaves=8,
)
"""Any JSON but an element, which has a MsgType that is text."""


@given(body=anything | st.lists(anything | st.just(HI), max_size=4))
async def test_a_body_of_an_odd_shape_costs_neither_the_page_nor_itself(body: Any) -> None:
    """What stands where elements should is kept as elements of no type, and goes out as it came in."""
    gone = {"MsgSeq": 2, "IsPlaceMsg": 1, "MsgBody": body}
    page = {"ErrorCode": 0, "RspMsgList": [{"MsgSeq": 3, "MsgBody": [HI]}, gone, {"MsgSeq": 1, "MsgBody": [HI]}]}
    before, between, after = (await domain(MemoryTransport(page)).get("g")).rsp_msg_list

    assert before.msg_body == after.msg_body == [Text("hi")]
    assert (between.msg_seq, between.placeholder) == (2, True)
    items = body if isinstance(body, list) else [body] if body else []
    assert between.msg_body == [Text("hi") if item == HI else Unknown("", item) for item in items]
    assert write(between)["MsgBody"] == [item if item == HI else {"MsgType": "", "MsgContent": item} for item in items]


def test_a_message_to_import_is_known_by_its_number() -> None:
    """It is 0 as long as it has none, whether it was imported or not."""
    imported, refused, lost = (
        ImportMsgResult(msg_seq=3, result=0),
        ImportMsgResult(result=10004),
        ImportMsgResult(result=0),
    )

    assert [(one.about, one.ok) for one in (imported, refused, lost)] == [(3, True), (0, False), (0, True)]
    assert refused.failure == Failure(0, 10004)


async def test_messages_that_were_not_imported_are_named() -> None:
    """By number where they have one, by their place in the request where they have none."""
    results = [
        {"MsgSeq": 1, "Result": 0},
        {"Result": 0},
        {"MsgSeq": 0, "Result": 10004},
        {"MsgSeq": 2, "Result": 80001},
    ]
    service = MemoryTransport({"ErrorCode": 0, "ImportMsgResult": results})
    given = [ImportedGroupMsg("a", send_time=time, msg_body="hi") for time in range(4)]
    reply = await domain(service).import_many("g", given)

    assert set(reply.failed) == {Failure("msg_list[2]", 10004), Failure(2, 80001)}
    assert reply.succeeded == [1]


def test_who_read_a_message_is_one_list() -> None:
    """Both lists hold accounts, under names of their own."""
    reply = GetGroupReceiptDetailsReply(
        read_list=[ReadMember(read_account="a")], unread_list=[UnreadMember(unread_account="b")]
    )

    assert reply.accounts == ["a", "b"]


@pytest.mark.parametrize("key", ["IsFinish", "IsFinished"])
@pytest.mark.parametrize(
    ("which", "item", "account"), [(0, "ReadList", "Read_Account"), (1, "UnreadList", "Unread_Account")]
)
async def test_members_are_read_to_the_last_page(key: str, which: Any, item: str, account: str) -> None:
    """Each page starts at the cursor of the one before, until one is the last, which the service says in two ways."""
    service = MemoryTransport(
        {"ErrorCode": 0, item: [{account: "a"}, {account: "b"}], "Cursor": "x", key: 0},
        {"ErrorCode": 0, item: [], "Cursor": "y", key: 0},
        {"ErrorCode": 0, item: [{account: "c"}], "Cursor": "z", key: 1},
    )

    assert [one async for one in domain(service).each_reader("g", 5, filter=which, count=2)] == ["a", "b", "c"]
    request = {"GroupId": "g", "MsgSeq": 5, "Filter": which, "Count": 2}
    assert [call.json for call in service.calls] == [{**request, "Cursor": cursor} for cursor in ("", "x", "y")]


@pytest.mark.parametrize("last", [{}, {"Cursor": ""}, {"Cursor": None, "IsFinish": 0}])
async def test_members_end_where_no_cursor_comes(last: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    """Without one the next page could only be the first again; that is an end like any other, and no cause to warn."""
    service = MemoryTransport({"ErrorCode": 0, "ReadList": [{"Read_Account": "a"}], **last})

    assert [one async for one in domain(service).each_reader("g", 5, filter=0)] == ["a"]
    assert len(service.calls) == 1
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_pairs_are_read_to_the_end() -> None:
    """Each page starts with the ``seq`` of the last pair so far, so that of pairs with the same one none is missed."""
    service = MemoryTransport(pairs(0, red=1, blue=2), pairs(0, blue=2, green=2, pink=4), pairs(1, pink=4, grey=5))
    found = [pair async for pair in domain(service).each_extension("g", 5)]

    assert [pair.key for pair in found] == ["red", "blue", "blue", "green", "pink", "pink", "grey"]
    assert {pair.key: pair.seq for pair in found} == {"red": 1, "blue": 2, "green": 2, "pink": 4, "grey": 5}
    message = {"GroupId": "g", "MsgSeq": 5}
    assert [call.json for call in service.calls] == [message, {**message, "StartSeq": 2}, {**message, "StartSeq": 4}]


async def test_pairs_of_one_seq_that_fill_a_page_are_gone_past() -> None:
    """Where a page ends where it starts, asking for the same again leads nowhere."""
    service = MemoryTransport(pairs(0, red=3, blue=3), pairs(0, red=3, blue=3), pairs(1, grey=5))
    found = [pair.key async for pair in domain(service).each_extension("g", 5)]

    assert found == ["red", "blue", "red", "blue", "grey"]
    assert [call.json.get("StartSeq") for call in service.calls] == [None, 3, 4]


@pytest.mark.parametrize("last", [pairs(1, red=1), pairs(0), pairs(None), pairs(0, red=None)])
async def test_pairs_end_where_the_service_says_or_names_no_place(last: dict[str, Any]) -> None:
    """The last page says so; none can be asked for behind a page without pairs, or whose last pair has no ``seq``."""
    service = MemoryTransport(last)

    found = [pair.key async for pair in domain(service).each_extension("g", 5)]
    assert found == [pair["Key"] for pair in last["ExtensionList"]]
    assert len(service.calls) == 1


async def test_any_number_of_messages_can_be_recalled() -> None:
    """Ten in a call; what was not recalled is named by its number, whatever call it was in."""

    def recall(call: Call) -> dict[str, Any]:
        results = [{"MsgSeq": number, "RetCode": 10030 if number == 14 else 0} for number in numbers_in(call)]
        return {"ErrorCode": 0, "RecallRetList": [result for result in results if result["MsgSeq"] != 3]}

    service = MemoryTransport(recall, recall, recall)
    reply = await domain(service).recall_all("g", range(1, 22), reason="spam")

    assert sorted(len(numbers_in(call)) for call in service.calls) == [1, 10, 10]
    assert {call.json["Reason"] for call in service.calls} == {"spam"}
    assert {failure.about: failure.code for failure in reply.failed} == {14: 10030, 3: None}
    assert reply.succeeded == [number for number in range(1, 22) if number not in {3, 14}]


async def test_receipts_of_any_number_of_messages_can_be_had() -> None:
    """A hundred in a call, as the documents give no limit; a message that asks for no receipts is named."""

    def look_up(call: Call) -> dict[str, Any]:
        receipts = [
            {"MsgSeq": number, "Code": 10062 if number == 100 else 0, "ReadNum": number, "UnreadNum": 1}
            for number in numbers_in(call)
        ]
        return {"ErrorCode": 0, "GroupMsgReceiptList": receipts}

    service = MemoryTransport(look_up, look_up)
    reply = await domain(service).get_receipts_all("g", [*range(100), MsgSeqItem(100)])

    assert sorted(len(numbers_in(call)) for call in service.calls) == [1, 100]
    assert reply.failed == [Failure(100, 10062)]
    assert reply.succeeded == list(range(100))
    assert [receipt.read_num for receipt in reply.group_msg_receipt_list] == list(range(101))


async def test_any_number_of_messages_can_be_confirmed() -> None:
    """Fifty in a call, whose answers say nothing about each; the messages of a call that failed are named."""
    lost = TransportError("group_open_http_svc/group_msg_receipt", "cut off")
    service = MemoryTransport({"ErrorCode": 0}, lost, {"ErrorCode": 0})
    reply = await domain(service).send_read_receipts_all("g", "a", msg_seq_list=range(101))

    assert sorted(len(numbers_in(call)) for call in service.calls) == [1, 50, 50]
    assert [failure.about for failure in reply.failed] == list(range(50, 100))
    assert {failure.error for failure in reply.failed} == {lost}
    assert reply.succeeded == [*range(50), 100]


@pytest.mark.parametrize(
    "call",
    [
        lambda tim: tim.recall_all("g", 5),
        lambda tim: tim.get_receipts_all("g", "5"),
        lambda tim: tim.recall_all("g", [*range(15), "15"]),
        lambda tim: tim.send_read_receipts_all("g", "", msg_seq_list=[5]),
    ],
    ids=["a number", "a text", "a text in the second call", "no account"],
)
async def test_what_cannot_be_split_is_refused_before_anything_goes_out(call: Callable[[GroupMessages], Any]) -> None:
    """Many are an iterable of numbers, and all parts are built before the first is sent."""
    service = MemoryTransport()
    with pytest.raises(InputError, match=r"iterable of items|whole number|1 to 32 bytes"):
        await call(domain(service))
    assert service.calls == []
