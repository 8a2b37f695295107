"""Who has read what in groups: receipts and unread counts."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.conftest import GROUP
from tests.sandbox.heard import Heard
from tests.sandbox.samples import samples
from timrest_async.errors import explain
from timrest_async.sandbox.events import Event

if TYPE_CHECKING:
    from tests.sandbox.conftest import Post
    from timrest_async import TimSession
    from timrest_async.sandbox import Sandbox, Service, State
    from timrest_async.testing import FakeClock

SEND = "group_open_http_svc/send_group_msg"
GET = "group_open_http_svc/get_group_msg_receipt"
DETAIL = "group_open_http_svc/get_group_msg_receipt_detail"
CONFIRM = "group_open_http_svc/group_msg_receipt"
UNREAD = "group_open_http_svc/set_unread_msg_num"
RECALL = "group_open_http_svc/group_msg_recall"

TEXT = {"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}
CLUB = "club"


@pytest.fixture
def club(state: State) -> str:
    """Return a group of a sender and three others."""
    state.add_group(CLUB, owner="leckie", members=["lumotuwe1", "lumotuwe2", "bonnie"])
    return CLUB


def say(post: Post, random: int = 0, **changed: Any) -> int:
    """Send a message that asks for receipts, and return its number."""
    body = {"GroupId": CLUB, "From_Account": "leckie", "Random": random, "MsgBody": [TEXT], "NeedReadReceipt": 1}
    quiet = {"ForbidCallbackControl": ["ForbidBeforeSendMsgCallback", "ForbidAfterSendMsgCallback"]}
    answer = post(SEND, body | quiet | changed)
    assert answer["ErrorCode"] == 0, answer
    return int(answer["MsgSeq"])


def confirm(post: Post, account: str, *numbers: int) -> int:
    """Confirm messages, and return the code."""
    answer = post(CONFIRM, {"GroupId": CLUB, "From_Account": account, "MsgSeqList": seqs(*numbers)})
    return int(answer["ErrorCode"])


def counted(post: Post, *numbers: int) -> list[tuple[int, int, int]]:
    """Return code and counts of messages."""
    answer = post(GET, {"GroupId": CLUB, "MsgSeqList": seqs(*numbers)})
    assert [receipt["MsgSeq"] for receipt in answer["GroupMsgReceiptList"]] == list(numbers)
    found = answer["GroupMsgReceiptList"]
    return [(receipt["Code"], receipt.get("ReadNum", -1), receipt.get("UnreadNum", -1)) for receipt in found]


def seqs(*numbers: int) -> list[dict[str, int]]:
    """List messages as the commands do."""
    return [{"MsgSeq": number} for number in numbers]


async def test_the_readers_of_a_group(tim: TimSession, box: Sandbox) -> None:
    """A message asks who has read it, its readers say so, and both halves are listed page by page."""
    others = [f"reader{number}" for number in range(7)]
    box.state.add_group(CLUB, owner="alice", members=others)
    asked = await tim.group_messages.send(CLUB, "read this", from_account="alice", need_read_receipt=1)
    plain = await tim.group_messages.send(CLUB, "or not", from_account="alice")
    number, unasked = asked.msg_seq or 0, plain.msg_seq or 0
    for account in others[:5]:
        await tim.group_messages.send_read_receipts(CLUB, account, msg_seq_list=[number])
    counts = await tim.group_messages.get_receipts(CLUB, [number, unasked])
    assert [(one.code, one.read_num, one.unread_num) for one in counts.group_msg_receipt_list] == [
        (0, 5, 2),
        (10062, None, None),
    ]
    assert (counts.succeeded, [failure.about for failure in counts.failed]) == ([number], [unasked])
    readers = [account async for account in tim.group_messages.each_reader(CLUB, number, filter=0, count=2)]
    waiting = [account async for account in tim.group_messages.each_reader(CLUB, number, filter=1, count=1)]
    assert (readers, waiting) == (others[:5], others[5:])
    await tim.group_messages.set_unread_count(CLUB, "reader0", unread_msg_num=1)
    sql = "SELECT MsgSeq FROM group_members WHERE Member_Account = 'reader0'"
    assert box.state.store.value(sql) == 1


LEFT_OUT = object()
GOOD: dict[str, dict[str, Any]] = {
    GET: {"GroupId": CLUB, "MsgSeqList": seqs(1)},
    DETAIL: {"GroupId": CLUB, "MsgSeq": 1, "Filter": 0, "Cursor": "", "Count": 2},
    CONFIRM: {"GroupId": CLUB, "From_Account": "lumotuwe1", "MsgSeqList": seqs(1)},
    UNREAD: {"GroupId": CLUB, "Member_Account": "lumotuwe1", "UnreadMsgNum": 5},
}


def cursor(place: bytes) -> str:
    """Write a cursor that says *place*."""
    return urlsafe_b64encode(bytes([0x12, len(place)]) + place).decode().rstrip("=")


BAD: list[tuple[str, dict[str, Any], int]] = [
    *((path, {"GroupId": LEFT_OUT}, 10004) for path in GOOD),
    *((path, {"GroupId": 5}, 10004) for path in GOOD),
    *((path, {"GroupId": "g" * 49}, 10015) for path in GOOD),
    *((path, {"GroupId": "@TGS#gone"}, 10010) for path in GOOD),
    (GET, {"MsgSeqList": LEFT_OUT}, 10004),
    (GET, {"MsgSeqList": [1]}, 10004),
    (GET, {"MsgSeqList": [{"MsgSeq": "1"}]}, 10004),
    (DETAIL, {"MsgSeq": LEFT_OUT}, 10004),
    (DETAIL, {"MsgSeq": 2}, 10062),
    (DETAIL, {"Filter": LEFT_OUT}, 10004),
    (DETAIL, {"Filter": 2}, 10004),
    (DETAIL, {"Count": LEFT_OUT}, 10004),
    (DETAIL, {"Count": 0}, 10004),
    (DETAIL, {"Count": "2"}, 10004),
    (DETAIL, {"Cursor": LEFT_OUT}, 10004),
    (DETAIL, {"Cursor": 5}, 10004),
    (DETAIL, {"Cursor": "a"}, 10004),
    (DETAIL, {"Cursor": "é"}, 10004),
    (DETAIL, {"Cursor": cursor(b"1")}, 10004),
    (DETAIL, {"Cursor": cursor(b"2#1")}, 10004),
    (DETAIL, {"Cursor": cursor(b"1#" + b"9" * 19)}, 10004),
    (CONFIRM, {"From_Account": LEFT_OUT}, 10004),
    (CONFIRM, {"From_Account": 5}, 60015),
    (CONFIRM, {"From_Account": "nobody"}, 10019),
    (CONFIRM, {"From_Account": "administrator"}, 10007),
    (CONFIRM, {"MsgSeqList": []}, 10004),
    (CONFIRM, {"MsgSeqList": seqs(*range(51))}, 10004),
    (CONFIRM, {"MsgSeqList": seqs(1, 2)}, 10062),
    (UNREAD, {"Member_Account": LEFT_OUT}, 10004),
    (UNREAD, {"Member_Account": 5}, 60015),
    (UNREAD, {"Member_Account": "nobody"}, 10019),
    (UNREAD, {"Member_Account": "administrator"}, 10007),
    (UNREAD, {"UnreadMsgNum": LEFT_OUT}, 10004),
    (UNREAD, {"UnreadMsgNum": "5"}, 10004),
    (UNREAD, {"UnreadMsgNum": -1}, 10004),
]


@pytest.mark.usefixtures("club")
@pytest.mark.parametrize(("path", "changed", "code"), BAD)
def test_a_bad_field_is_refused(post: Post, state: State, path: str, changed: dict[str, Any], code: int) -> None:
    """Each bad field has its code, which the error table knows, and nothing is done."""
    say(post)
    before = state.export()
    body = {name: value for name, value in (GOOD[path] | changed).items() if value is not LEFT_OUT}
    answer = post(path, body)
    assert (answer["ActionStatus"], answer["ErrorCode"]) == ("FAIL", code), answer
    assert explain(code).category != "unknown"
    assert state.export() == before


@pytest.mark.parametrize("path", [GET, DETAIL, CONFIRM])
@pytest.mark.parametrize(
    ("group_type", "code"),
    [("Private", 0), ("Public", 0), ("ChatRoom", 0), ("AVChatRoom", 10007), ("Community", 10007)],
)
def test_some_kinds_of_group_have_no_receipts(post: Post, state: State, group_type: str, code: int, path: str) -> None:
    """A message may ask for them there, in vain."""
    state.add_group(CLUB, group_type=group_type, owner="leckie", members=["lumotuwe1"])
    say(post)
    assert post(path, GOOD[path])["ErrorCode"] == code


@pytest.mark.parametrize(("others", "code"), [(199, 0), (200, 10060)])
def test_large_groups_take_no_receipts(post: Post, state: State, others: int, code: int) -> None:
    """Up to 200 members do."""
    state.add_group(CLUB, owner="leckie", members=[f"reader{number}" for number in range(others)])
    assert confirm(post, "reader0", say(post)) == code


@pytest.mark.usefixtures("club")
def test_a_receipt_counts_once(post: Post, service: Service) -> None:
    """Your application hears of what is news, and not of the sender, who reads its own message in silence."""
    service.webhooks = app = Heard()
    numbers = [say(post, random) for random in range(2)]
    assert confirm(post, "lumotuwe1", 1) == 0
    assert [confirm(post, account, *numbers) for account in ("lumotuwe1", "leckie", "lumotuwe2")] == [0, 0, 0]
    assert counted(post, *numbers) == [(0, 2, 1), (0, 2, 1)]

    def told(number: int, read: int, unread: int, account: str) -> dict[str, Any]:
        readers = [{"Member_Account": account}]
        return {"MsgSeq": number, "ReadNum": read, "UnreadNum": unread, "ReadReceiptMembers": readers}

    lists = [
        [told(1, 1, 2, "lumotuwe1")],
        [told(2, 1, 2, "lumotuwe1")],
        [told(1, 2, 1, "lumotuwe2"), told(2, 2, 1, "lumotuwe2")],
    ]
    common = {"GroupId": CLUB, "Type": "Public"}
    bodies = [common | {"GroupMsgReceiptList": receipts} for receipts in lists]
    assert app.heard == [Event("Group.CallbackAfterReadReceipt", body) for body in bodies]


@pytest.mark.usefixtures("club")
def test_one_that_cannot_be_confirmed_spoils_the_others(post: Post) -> None:
    """A message that is not stored has a code of its own for it; nothing of the call is kept."""
    asked, unasked = say(post), say(post, 1, NeedReadReceipt=0)
    online = say(post, 2, OnlineOnlyFlag=1)
    assert [confirm(post, "lumotuwe1", asked, other) for other in (unasked, online, 99)] == [10062, 10061, 10062]
    assert counted(post, asked, unasked, online, 99) == [(0, 0, 3), (10062, -1, -1), (10062, -1, -1), (10062, -1, -1)]


@pytest.mark.usefixtures("club")
def test_a_recalled_message_has_no_receipts(post: Post) -> None:
    """Neither its counts nor its readers are answered any more."""
    number = say(post)
    assert confirm(post, "lumotuwe1", number) == 0
    post(RECALL, {"GroupId": CLUB, "MsgSeqList": seqs(number)})
    assert counted(post, number) == [(10062, -1, -1)]
    assert post(DETAIL, GOOD[DETAIL])["ErrorCode"] == 10062
    assert confirm(post, "lumotuwe2", number) == 10062


@pytest.mark.usefixtures("club")
async def test_receipts_are_asked_of_those_who_were_there(post: Post, state: State, clock: FakeClock) -> None:
    """Of a message to some, of those; who joined later is not asked, and who left is not counted."""
    number, directed = say(post), say(post, 1, To_Account=["lumotuwe1", "lumotuwe2"])
    await clock.advance(1)
    state.store.run(
        "INSERT INTO group_members (GroupId, Member_Account, JoinTime) VALUES (?, 'administrator', ?)", CLUB, state.now
    )
    state.store.commit()
    assert [confirm(post, account, number, directed) for account in ("administrator", "lumotuwe1")] == [0, 0]
    assert confirm(post, "bonnie", directed) == 0
    assert counted(post, number, directed) == [(0, 1, 2), (0, 1, 1)]
    state.store.run("DELETE FROM group_members WHERE Member_Account = 'lumotuwe1'")
    state.store.commit()
    assert counted(post, number, directed) == [(0, 0, 2), (0, 0, 1)]


@pytest.mark.usefixtures("club")
def test_readers_are_listed_page_by_page(post: Post) -> None:
    """In the order in which they joined; the last page says that it is, under both names."""
    say(post)
    first = post(DETAIL, GOOD[DETAIL] | {"Filter": 1})
    assert list(first)[3:] == ["IsFinish", "IsFinished", "MsgSeq", "UnreadList", "Cursor"]
    assert (first["IsFinish"], first["IsFinished"], first["MsgSeq"]) == (0, 0, 1)
    assert first["UnreadList"] == [{"Unread_Account": "lumotuwe1"}, {"Unread_Account": "lumotuwe2"}]
    confirm(post, "lumotuwe1", 1)  # who reads meanwhile moves nobody else
    last = post(DETAIL, GOOD[DETAIL] | {"Filter": 1, "Cursor": first["Cursor"]})
    assert (last["IsFinish"], last["IsFinished"], last["Cursor"]) == (1, 1, "")
    assert last["UnreadList"] == [{"Unread_Account": "bonnie"}]
    read = post(DETAIL, GOOD[DETAIL])
    assert (read["ReadList"], read["IsFinish"]) == ([{"Read_Account": "lumotuwe1"}], 1)


def test_a_page_of_readers_holds_200(post: Post, state: State) -> None:
    """Asking for more is the same as asking for 200."""
    state.add_group(CLUB, owner="leckie", members=[f"reader{number}" for number in range(201)])
    say(post)
    answer = post(DETAIL, GOOD[DETAIL] | {"Filter": 1, "Count": 1000})
    assert (len(answer["UnreadList"]), answer["IsFinish"]) == (200, 0)


@pytest.mark.parametrize(("wanted", "read"), [(0, 5), (1, 2), (2, 1), (3, 0), (9, 0)])
@pytest.mark.usefixtures("club")
def test_an_unread_count_moves_how_far_a_member_has_read(post: Post, state: State, wanted: int, read: int) -> None:
    """Only messages that count are counted, and the count is cut down to what there is; others stay as they were."""
    say(post, 0)
    say(post, 1)
    say(post, 2, SendMsgControl=["NoUnread"])
    say(post, 3, To_Account=["bonnie"])
    say(post, 4)
    answer = post(UNREAD, GOOD[UNREAD] | {"UnreadMsgNum": wanted})
    assert answer == {"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0}
    rows = state.store.rows("SELECT Member_Account, MsgSeq FROM group_members WHERE GroupId = ? AND MsgSeq", CLUB)
    assert rows == ([{"Member_Account": "lumotuwe1", "MsgSeq": read}] if read else [])


@pytest.mark.parametrize(("group_type", "read"), [("Private", 1), ("Community", 1), ("ChatRoom", 0), ("AVChatRoom", 0)])
def test_some_kinds_of_group_count_no_unread(post: Post, state: State, group_type: str, read: int) -> None:
    """Setting the count does nothing there, and reports success."""
    state.add_group(CLUB, group_type=group_type, owner="leckie", members=["lumotuwe1"])
    say(post)
    assert post(UNREAD, GOOD[UNREAD] | {"UnreadMsgNum": 0})["ErrorCode"] == 0
    assert state.store.value("SELECT MsgSeq FROM group_members WHERE Member_Account = 'lumotuwe1'") == read


@pytest.mark.parametrize("path", [GET, DETAIL, CONFIRM, UNREAD])
def test_the_samples_are_accepted(post: Post, state: State, path: str) -> None:
    """In the group of which they speak; the answer has the fields of the sample's, but for the list not asked for."""
    state.rules.group_messages_per_second = None
    body, reply = samples(path)
    sql = "INSERT INTO group_members (GroupId, Member_Account, JoinTime) VALUES (?, 'lumotuwe2', 0)"
    state.store.run(sql, GROUP)
    state.store.commit()
    for random in range(158):
        say(post, random, GroupId=GROUP)
    answer = post(path, body)
    assert answer["ErrorCode"] == 0, answer
    assert answer.keys() == reply.keys() - {"UnreadList"}
