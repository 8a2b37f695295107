"""What global mutes, figures, archives and files offer beyond what every command does."""

import datetime as dt
from typing import Any

import pytest

from timrest_async import Failure, InputError, PartialFailureError, TimSession
from timrest_async._codec import read
from timrest_async.commands.operations import (
    FOREVER,
    AppInfo,
    GetAppInfo,
    GetGlobalMuteReply,
    GetHistory,
    PreSigURL,
    RawURL,
    SetGlobalMute,
    SignFiles,
)
from timrest_async.testing import FakeClock, MemoryTransport

URLS = ["https://cos.example/1.jpg", "https://cos.example/2.jpg"]


def session(service: MemoryTransport) -> TimSession:
    """A session over a service in memory."""
    return TimSession(1400000000, secret_key="key", transport=service, clock=FakeClock())


# -- global mute


async def test_a_mute_is_for_one_kind_of_messages_or_for_both() -> None:
    """What is left out stays as it was; 0 lifts a mute, and is not left out."""
    service = MemoryTransport(*[{"ErrorCode": 0}] * 2)
    tim = session(service)
    await tim.operations.set_mute("id1", c2cmsg_nospeaking_time=FOREVER)
    await tim.operations.set_mute("id1", c2cmsg_nospeaking_time=60, groupmsg_nospeaking_time=0)

    assert [call.json for call in service.calls] == [
        {"Set_Account": "id1", "C2CmsgNospeakingTime": 4_294_967_295},
        {"Set_Account": "id1", "C2CmsgNospeakingTime": 60, "GroupmsgNospeakingTime": 0},
    ]


def test_a_mute_that_changes_nothing_is_refused() -> None:
    """One of the two times has to be given."""
    with pytest.raises(
        InputError, match=r"^SetGlobalMute takes c2cmsg_nospeaking_time, groupmsg_nospeaking_time or both"
    ):
        SetGlobalMute("id1")


@pytest.mark.parametrize(
    ("account", "times", "complaint"),
    [
        ("id1", {"c2cmsg_nospeaking_time": FOREVER + 1}, "c2cmsg_nospeaking_time has to be a whole number from 0"),
        ("id1", {"c2cmsg_nospeaking_time": -1}, "c2cmsg_nospeaking_time has to be a whole number from 0"),
        ("id1", {"groupmsg_nospeaking_time": 60.0}, "groupmsg_nospeaking_time has to be a whole number from 0"),
        ("id1", {"groupmsg_nospeaking_time": True}, "groupmsg_nospeaking_time has to be a whole number from 0"),
        ("x" * 33, {}, "set_account has to be 1 to 32 bytes long"),
        ("", {"groupmsg_nospeaking_time": 0}, "set_account has to be 1 to 32 bytes long"),
    ],
)
def test_a_mute_has_bounds_beside_its_rule(account: str, times: dict[str, Any], complaint: str) -> None:
    """They are checked first, and the complaint names the field."""
    with pytest.raises(InputError, match=rf"^SetGlobalMute\.{complaint}"):
        SetGlobalMute(account, **times)


@pytest.mark.parametrize(
    ("said", "c2c", "group"),
    [
        ({}, False, False),
        ({"C2CmsgNospeakingTime": 0, "GroupmsgNospeakingTime": 0}, False, False),
        ({"C2CmsgNospeakingTime": 0, "GroupmsgNospeakingTime": 0.5}, False, True),
        ({"C2CmsgNospeakingTime": FOREVER, "GroupmsgNospeakingTime": None}, True, False),
    ],
)
def test_a_mute_is_told_by_what_is_left_of_it(said: dict[str, Any], c2c: bool, group: bool) -> None:  # noqa: FBT001
    """Any time that is left mutes."""
    reply = read(said, GetGlobalMuteReply)

    assert (reply.c2c_muted, reply.group_muted) == (c2c, group)


# -- figures


@pytest.mark.parametrize("wanted", ["LoginUserNum", ["LoginUserNum"], ("LoginUserNum",), iter(["LoginUserNum"])])
def test_a_single_figure_may_stand_alone(wanted: Any) -> None:
    """Several may come from anything, and all are left out."""
    assert GetAppInfo(wanted).request_field == ["LoginUserNum"]
    assert GetAppInfo().request_field is None


@pytest.mark.parametrize(
    ("date", "day"),
    [
        ("20190419", dt.date(2019, 4, 19)),
        ("2019-04-19", dt.date(2019, 4, 19)),
        ("20190431", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_the_day_of_figures_is_a_date(date: str | None, day: dt.date | None) -> None:
    """Where the service wrote one."""
    assert AppInfo(date=date).day == day


async def test_figures_come_day_by_day() -> None:
    """Each as the text that the service writes, also where that wrote a number; what was not asked for is absent."""
    days = [{"Date": "20190419", "C2CAPNSMsgNum": "7", "APNSMsgNum": 8}, {"Date": "20190420", "NewFigure": "1"}]
    reply = await session(MemoryTransport({"ErrorCode": 0, "Result": days})).operations.get_app_info()

    assert [info.day for info in reply.result] == [dt.date(2019, 4, 19), dt.date(2019, 4, 20)]
    assert [(info.c2capns_msg_num, info.apns_msg_num) for info in reply.result] == [("7", "8"), (None, None)]
    assert [info.extra for info in reply.result] == [{}, {"NewFigure": "1"}]


# -- archives


@pytest.mark.parametrize("hour", ["2019041913", "0000000000"])
def test_an_hour_is_ten_digits(hour: str) -> None:
    """Whether there is such an hour, the service knows."""
    assert GetHistory("Group", hour).msg_time == hour


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (("C2C", "20190419"), "msg_time has to be an hour as YYYYMMDDHH, such as 2019041913, not '20190419'"),
        (("C2C", "201904191300"), "msg_time has to be an hour"),
        (("C2C", "2019-04-19"), "msg_time has to be an hour"),
        (("C2C", "²⁰¹⁹⁰⁴¹⁹¹³"), "msg_time has to be an hour"),
        (("C2C", "２０１９０４１９１３"), "msg_time has to be an hour"),  # noqa: RUF001  # full-width digits
        (("C2C", 2019041913), "msg_time has to be a string, not 2019041913"),
        (("c2c", "2019041913"), "chat_type has to be one of 'C2C', 'Group', not 'c2c'"),
        (("c2c", "now"), "chat_type has to be one of 'C2C', 'Group', not 'c2c'"),
    ],
)
def test_what_is_no_hour_is_refused(given: tuple[Any, Any], complaint: str) -> None:
    """Its own rule comes after the bounds, and all of them name the field."""
    with pytest.raises(InputError, match=rf"^GetHistory\.{complaint}"):
        GetHistory(*given)


# -- files


@pytest.mark.parametrize(
    ("given", "files"),
    [
        (URLS[0], [RawURL(1, URLS[0])]),
        (URLS, [RawURL(1, URLS[0]), RawURL(2, URLS[1])]),
        (iter(URLS), [RawURL(1, URLS[0]), RawURL(2, URLS[1])]),
        (RawURL(7, URLS[0]), [RawURL(7, URLS[0])]),
        ([RawURL(7, URLS[0]), URLS[1]], [RawURL(7, URLS[0]), RawURL(2, URLS[1])]),
    ],
    ids=["an address", "addresses", "an iterator", "a file", "both"],
)
def test_addresses_of_files_are_numbered(given: Any, files: list[RawURL]) -> None:
    """By their place, counted from 1, unless they have a number already."""
    assert SignFiles(given).raw_urls == files


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (7, r"SignFiles\.raw_urls has to be a list, not 7"),
        ({URLS[0]: 1}, r"SignFiles\.raw_urls has to be a list"),
        ([URLS[0], 7], r"SignFiles\.raw_urls \[1\] has to be RawURL, not 7"),
        ([(1, URLS[0])], r"SignFiles\.raw_urls \[0\] has to be RawURL"),
    ],
)
def test_what_is_no_file_is_refused_by_name(given: Any, complaint: str) -> None:
    """The complaint says what was given in place of what."""
    with pytest.raises(InputError, match=f"^{complaint}"):
        SignFiles(given)


def test_a_file_has_a_number_and_an_address() -> None:
    """In this order."""
    with pytest.raises(InputError, match=r"^RawURL\.resource_id has to be a whole number"):
        RawURL(URLS[0], 1)  # type: ignore[arg-type]


async def test_a_file_that_was_not_signed_has_failed() -> None:
    """By its number, and so has one that the answer does not mention; a file that is blocked has an address still."""
    signed = [
        {"ResourceID": 1, "Code": 0, "PreSigURL": "https://cos.example/1.jpg?sign=a", "Status": 1},
        {"ResourceID": 2, "Code": 70004, "Desc": "no such file", "Status": 2},
    ]
    service = MemoryTransport({"ErrorCode": 0, "PreSigURLs": signed})
    reply = await session(service).operations.sign_files([*URLS, "https://cos.example/3.jpg"])

    assert [one["ResourceID"] for one in service.calls[0].json["RawURLs"]] == [1, 2, 3]
    assert [one.pre_sig_url for one in reply.pre_sig_urls] == ["https://cos.example/1.jpg?sign=a", None]
    assert [(one.about, one.ok) for one in reply.pre_sig_urls] == [(1, True), (2, False)]
    assert reply.failed == [
        Failure(2, 70004, "no such file"),
        Failure(3, None, "the answer does not mention it"),
    ]
    assert reply.succeeded == [1]
    with pytest.raises(PartialFailureError, match="2 of 3 failed"):
        reply.raise_for_failures()
    assert PreSigURL(resource_id=4).failure is None
