"""Global mute, statistics, archives, addresses and files."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.samples import samples
from timrest_async import ApiError
from timrest_async.commands.operations import FOREVER
from timrest_async.sandbox.play.accounts import log_in
from timrest_async.sandbox.play.operations import is_muted_everywhere

if TYPE_CHECKING:
    from tests.sandbox.conftest import Post
    from timrest_async import TimSession
    from timrest_async.sandbox import Sandbox, State
    from timrest_async.testing import FakeClock

MUTE = "openconfigsvr/setnospeaking"
MUTED = "openconfigsvr/getnospeaking"
FIGURES = "openconfigsvr/getappinfo"
HISTORY = "open_msg_svc/get_history"
ADDRESSES = "ConfigSvc/GetIPList"
FORBID = "im_cos_msg/forbid_illegal_object"
ALLOW = "im_cos_msg/allow_banned_object"
SIGN = "im_cos_msg/get_cos_sig"

TEXT = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]
BEIJING = timezone(timedelta(hours=8))


def hour(clock: FakeClock, ago: float) -> str:
    """Return the hour of Beijing that was so many hours ago."""
    return datetime.fromtimestamp(clock.now() - ago * 3600, BEIJING).strftime("%Y%m%d%H")


async def test_a_day_at_the_console(box: Sandbox, tim: TimSession, clock: FakeClock) -> None:
    """Somebody is muted and speaks again, a file is blocked and opened, and the rest is read."""
    operations = tim.operations
    await operations.set_mute("alice", c2cmsg_nospeaking_time=FOREVER, groupmsg_nospeaking_time=7200)
    await clock.advance(4)
    muted = await operations.get_mute("alice")
    assert (muted.c2cmsg_nospeaking_time, muted.groupmsg_nospeaking_time) == (FOREVER, 7196)
    assert is_muted_everywhere(box.state, "alice", "C2C")
    await operations.set_mute("alice", c2cmsg_nospeaking_time=0)
    muted = await operations.get_mute("alice")
    assert (muted.c2c_muted, muted.group_muted) == (False, True)

    await operations.forbid_file("https://cos.example/cat.jpg")
    signed = await operations.sign_files(["https://cos.example/cat.jpg", "https://cos.example/dog.jpg?v=1", "cow"])
    cat, dog, cow = signed.pre_sig_urls
    assert (cat.status, dog.status, cow.code, cow.status) == (1, 0, 10004, 2)
    assert (cat.pre_sig_url or "").startswith("https://cos.example/cat.jpg?q-sign-time=")
    assert (dog.pre_sig_url or "").startswith("https://cos.example/dog.jpg?v=1&q-sign-time=")
    await operations.allow_file("https://cos.example/cat.jpg")
    assert [file.status for file in (await operations.sign_files("https://cos.example/cat.jpg")).pre_sig_urls] == [0]

    await tim.accounts.import_one("dora")
    reply = await operations.get_app_info()
    assert len(reply.result) == 30
    today = reply.result[-1]
    assert (today.regist_user_num_one_day, today.date) == ("1", "20190101")
    assert (await operations.get_ip_list()).ip_list == ["127.0.0.0/8", "::1"]
    with pytest.raises(ApiError) as refused:
        await operations.get_history("C2C", hour(clock, 2))
    assert refused.value.code == 1004


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        (MUTE, {"C2CmsgNospeakingTime": 1}, 130004),
        (MUTE, {"Set_Account": "", "C2CmsgNospeakingTime": 1}, 130005),
        (MUTE, {"Set_Account": "nobody", "C2CmsgNospeakingTime": 1}, 130005),
        (MUTE, {"Set_Account": "leckie"}, 130008),
        (MUTE, {"Set_Account": "leckie", "C2CmsgNospeakingTime": None}, 130008),
        (MUTE, {"Set_Account": "leckie", "C2CmsgNospeakingTime": "1"}, 130001),
        (MUTE, {"Set_Account": "leckie", "C2CmsgNospeakingTime": -1}, 130001),
        (MUTE, {"Set_Account": "leckie", "GroupmsgNospeakingTime": 2**32}, 130001),
        (MUTED, {}, 130002),
        (MUTED, {"Get_Account": "a" * 33}, 130003),
        (MUTED, {"Get_Account": "nobody"}, 130003),
        (FIGURES, {"RequestField": "Date"}, 130001),
        (FIGURES, {"RequestField": [5]}, 130001),
        (HISTORY, {"MsgTime": "2019010100"}, 1002),
        (HISTORY, {"ChatType": "c2c", "MsgTime": "2019010100"}, 1002),
        (HISTORY, {"ChatType": "C2C"}, 1002),
        (HISTORY, {"ChatType": "C2C", "MsgTime": 2019010100}, 1002),
        (HISTORY, {"ChatType": "C2C", "MsgTime": "20190101"}, 1002),
        (HISTORY, {"ChatType": "C2C", "MsgTime": "2019010124"}, 1002),
        (HISTORY, {"ChatType": "C2C", "MsgTime": "٢٠١٩٠١٠١٠٠"}, 1002),
        (FORBID, {}, 10004),
        (FORBID, {"RawURL": 5}, 10004),
        (FORBID, {"RawURL": "cat.jpg"}, 10004),
        (ALLOW, {}, 10004),
        (ALLOW, {"RawURL": ["https://cos.example"]}, 10004),
        (ALLOW, {"RawURL": ""}, 10004),
        (SIGN, {}, 10004),
        (SIGN, {"RawURLs": ["https://cos.example"]}, 10004),
        (SIGN, {"RawURLs": [{"RawURL": "https://cos.example"}]}, 10004),
        (SIGN, {"RawURLs": [{"ResourceID": "1", "RawURL": "https://cos.example"}]}, 10004),
    ],
)
def test_a_bad_field_is_refused(post: Post, state: State, path: str, body: dict[str, Any], code: int) -> None:
    """Each has its documented code, and nothing is done."""
    before = state.export()
    answer = post(path, body)
    assert (answer["ActionStatus"], answer["ErrorCode"]) == ("FAIL", code), answer
    assert answer["ErrorInfo"]
    assert state.export() == before


async def test_a_mute_ends_by_itself(post: Post, state: State, clock: FakeClock) -> None:
    """It holds up to its last second, and each kind for itself."""
    post(MUTE, {"Set_Account": "leckie", "C2CmsgNospeakingTime": 60, "GroupmsgNospeakingTime": 120})
    await clock.advance(59)
    assert is_muted_everywhere(state, "leckie", "C2C")
    await clock.advance(1)
    assert not is_muted_everywhere(state, "leckie", "C2C")
    assert is_muted_everywhere(state, "leckie", "Group")
    answer = post(MUTED, {"Get_Account": "leckie"})
    assert (answer["C2CmsgNospeakingTime"], answer["GroupmsgNospeakingTime"]) == (0, 60)
    assert not is_muted_everywhere(state, "lumotuwe1", "Group")


def test_a_mute_is_replaced_where_it_is_given(post: Post) -> None:
    """What is left out stays as it was."""
    post(MUTE, {"Set_Account": "leckie", "C2CmsgNospeakingTime": FOREVER, "GroupmsgNospeakingTime": FOREVER})
    post(MUTE, {"Set_Account": "leckie", "GroupmsgNospeakingTime": FOREVER - 1})
    answer = post(MUTED, {"Get_Account": "leckie"})
    assert (answer["C2CmsgNospeakingTime"], answer["GroupmsgNospeakingTime"]) == (FOREVER, FOREVER - 1)


async def test_figures_are_counted_by_the_days_of_beijing(post: Post, state: State, clock: FakeClock) -> None:
    """What happened before midnight in Beijing stands under the day before, and totals look back."""
    clock.set_wall_clock(datetime(2019, 1, 1, 23, 59, 59, tzinfo=BEIJING).timestamp())
    post("im_open_login_svc/multiaccount_import", {"Accounts": ["one", "two"]})
    post("openim/sendmsg", {"From_Account": "one", "To_Account": "two", "MsgRandom": 1, "MsgBody": TEXT})
    await clock.advance(1)
    state.add_group("garden", owner="one")
    post("im_open_login_svc/account_import", {"UserID": "three"})
    for number, sender in enumerate(("one", "one", "two")):
        sent = {"GroupId": "garden", "From_Account": sender, "Random": number, "MsgBody": TEXT}
        post("group_open_http_svc/send_group_msg", sent)
    post("openim/sendmsg", {"From_Account": "three", "To_Account": "two", "MsgRandom": 1, "MsgBody": TEXT})
    log_in(state, "leckie", "Web")
    log_in(state, "leckie", "PC", status="PushOnline")
    *_, before, today = post(FIGURES)["Result"]
    assert [before["Date"], today["Date"]] == ["20190101", "20190102"]
    assert {name: (before[name], today[name]) for name in before if before[name] != today[name]} == {
        "ActiveUserNum": ("1", "4"),
        "RegistUserNumOneDay": ("2", "1"),
        "RegistUserNumTotal": ("6", "7"),
        "LoginTimes": ("0", "2"),
        "LoginUserNum": ("0", "1"),
        "UpMsgNum": ("1", "4"),
        "SendMsgUserNum": ("1", "3"),
        "MaxOnlineNum": ("0", "1"),
        "GroupUpMsgNum": ("0", "3"),
        "GroupSendMsgUserNum": ("0", "2"),
        "GroupSendMsgGroupNum": ("0", "1"),
        "GroupAllGroupNum": ("1", "2"),
        "Date": ("20190101", "20190102"),
    }


def test_only_the_figures_asked_for_come_back(post: Post) -> None:
    """The day is always there, and nobody minds a figure that there is not."""
    answer = post(FIGURES, {"RequestField": ["UpMsgNum", "Weather"]})
    assert {tuple(day) for day in answer["Result"]} == {("UpMsgNum", "Date")}


@pytest.mark.parametrize(("ago", "code"), [(0, 1004), (1, 1004), (168, 1004), (169, 1005), (1000, 1005), (-5, 1004)])
def test_no_hour_has_an_archive(post: Post, clock: FakeClock, ago: float, code: int) -> None:
    """It is not built yet, or was kept for 7 days and is gone."""
    for chat_type in ("C2C", "Group"):
        answer = post(HISTORY, {"ChatType": chat_type, "MsgTime": hour(clock, ago)})
        assert answer["ErrorCode"] == code


def test_blocking_and_unblocking_a_file_again_does_no_harm(post: Post) -> None:
    """Each may be said as often as you like, in either order."""
    file = {"RawURL": "https://cos.example/cat.jpg"}
    assert [post(path, file)["ErrorCode"] for path in (ALLOW, FORBID, FORBID, ALLOW, ALLOW)] == [0] * 5


@pytest.mark.parametrize("path", [MUTE, MUTED, FIGURES, ADDRESSES, FORBID, ALLOW, SIGN, HISTORY])
def test_the_samples_are_answered_with_the_keys_of_the_manual(post: Post, path: str) -> None:
    """Each documented request is taken; the hour of the archive lies ahead of the clock, so it has none."""
    request, reply = samples(path)
    answer = post(path, request)
    envelope = {"ActionStatus", "ErrorInfo", "ErrorCode"}
    if path == HISTORY:
        assert answer["ErrorCode"] == 1004
    else:
        assert answer["ErrorCode"] == 0, answer
        assert answer.keys() - envelope == reply.keys() - envelope
