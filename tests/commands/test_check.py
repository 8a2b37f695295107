"""What is said of a body that was written by hand."""

import json
from pathlib import Path
from typing import Any

import pytest

from timrest_async import Command
from timrest_async.commands._check import complaints
from timrest_async.commands._registry import CommandEntry, commands
from timrest_async.commands.accounts import CheckAccounts, ImportAccounts
from timrest_async.commands.messages import ModifyMessage, SendMessage
from timrest_async.commands.operations import GetHistory
from timrest_async.commands.push import PushToAll, SetAttrs

SAMPLES = Path(__file__).parents[1] / "samples"

GOOD: dict[str, Any] = {
    "To_Account": "a",
    "MsgRandom": 5,
    "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}],
}


def element(msg_type: object, content: object, **more: object) -> dict[str, object]:
    """A body of one element."""
    return {"MsgBody": [{"MsgType": msg_type, "MsgContent": content, **more}]}


def relay(*inside: object) -> dict[str, Any]:
    """The content of an element that holds messages."""
    known = {"From_Account": "a", "MsgSeq": 1, "MsgRandom": 1, "MsgTimeStamp": 1}
    told = {"Title": "a", "MsgNum": 1, "CompatibleText": "a", "AbstractList": ["a"]}
    return {**told, "MsgList": [{**known, "MsgBody": list(inside)}]}


@pytest.mark.parametrize("entry", commands(), ids=lambda entry: entry.path)
def test_the_manual_has_no_cause_for_complaint(entry: CommandEntry) -> None:
    """Each sample of a request fits its command."""
    sample = SAMPLES / f"{entry.path.replace('/', '.')}.request.json"
    assert complaints(json.loads(sample.read_text(encoding="utf-8")), entry.command) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        # -- kinds, in the words of JSON
        ({"MsgRandom": True}, "MsgRandom has to be an integer, not true"),
        ({"MsgRandom": "5"}, "MsgRandom has to be an integer, not '5'"),
        ({"MsgRandom": 5.0}, "MsgRandom has to be an integer, not 5.0"),
        ({"To_Account": None}, "To_Account has to be a string, not null"),
        ({"MsgBody": {}}, "MsgBody has to be a list, not an object"),
        ({"MsgBody": [[]]}, "MsgBody[0] has to be an object, not a list"),
        ({"OfflinePushInfo": "no"}, "OfflinePushInfo has to be an object, not 'no'"),
        ({"OfflinePushInfo": {"PushFlag": False}}, "OfflinePushInfo.PushFlag has to be an integer, not false"),
        ({"OfflinePushInfo": {"PushTemplateParam": 1}}, "OfflinePushInfo.PushTemplateParam has to be an object, not 1"),
        ({"ForbidCallbackControl": ["a", 1]}, "ForbidCallbackControl[1] has to be a string, not 1"),
        # -- bounds
        ({"MsgLifeTime": 604_801}, "MsgLifeTime has to be a whole number from 0 to 604800, not 604801"),
        ({"SyncOtherMachine": 3}, "SyncOtherMachine has to be one of 1, 2, not 3"),
        ({"OfflinePushInfo": {"PushFlag": 2}}, "OfflinePushInfo.PushFlag has to be one of 0, 1, not 2"),
        (
            {"SendMsgControl": ["NoUnread", "x"]},
            "SendMsgControl[1] has to be one of 'NoUnread', 'NoLastMsg', 'WithMuteNotifications', not 'x'",
        ),
        # -- keys
        ({"Nonsense": 1}, "Nonsense is not among its fields"),
        ({"OfflinePushInfo": {"Titel": "a"}}, "OfflinePushInfo.Titel is not among its fields (did you mean Title?)"),
        ({"from_account": "b"}, "from_account is not among its fields (did you mean From_Account?)"),
        ({"ToAccount": "b"}, "ToAccount is not among its fields"),  # To_Account is there
        ({"k" * 100: 1}, f"{'k' * 60}... is not among its fields"),
        # -- elements
        (element("TIMTextElem", {"Text": 1}), "MsgBody[0].MsgContent.Text has to be a string, not 1"),
        (element("TIMTextElem", 5), "MsgBody[0].MsgContent has to be an object, not 5"),
        (element(5, {}), "MsgBody[0].MsgType has to be a string, not 5"),
        (element("TIMTextElem", {"Text": "a"}, Size=1), "MsgBody[0].Size is not among its fields"),
        ({"MsgBody": [{"MsgType": "TIMTextElem"}]}, "MsgBody[0].MsgContent is missing"),
        (
            element("TIMTextElem", {"Txt": "a"}),
            "MsgBody[0].MsgContent.Txt is not among its fields (did you mean Text?)",
        ),
        (element("TIMCustomElem", {"Data": {}}), "MsgBody[0].MsgContent.Data has to be a string, not an object"),
        (
            element("TIMLocationElem", {"Desc": "a", "Latitude": True, "Longitude": 1}),
            "MsgBody[0].MsgContent.Latitude has to be a number, not true",
        ),
        (
            element("TIMRelayElem", relay({"MsgType": "TIMFaceElem", "MsgContent": {}})),
            "MsgBody[0].MsgContent.MsgList[0].MsgBody[0].MsgContent.Index is missing",
        ),
        (
            element("TIMRelayElem", {**relay(*GOOD["MsgBody"]), "JsonMsgKey": "a"}),
            "MsgBody[0] does not hold what a TIMRelayElem does",
        ),
    ],
)
def test_what_does_not_fit_is_told(change: dict[str, object], said: str) -> None:
    """By its place in the body, and by what it is and has to be."""
    assert complaints({**GOOD, **change}, SendMessage) == [said]


@pytest.mark.parametrize(
    "change",
    [
        {"OfflinePushInfo": {"Ext": "a", "PushTemplateParam": {"anything": [1, None]}}},
        element("TIMLocationElem", {"Desc": "a", "Latitude": 1, "Longitude": 1.5}),
        element("TIMRelayElem", relay({"MsgType": "TIMTextElem", "MsgContent": {"Text": "a"}})),
        element("TIMElemOfTomorrow", 5),
    ],
)
def test_what_fits_is_not_complained_about(change: dict[str, object]) -> None:
    """Nor is an element that nobody knows yet."""
    assert complaints({**GOOD, **change}, SendMessage) == []


@pytest.mark.parametrize(
    ("command", "body", "said"),
    [
        (CheckAccounts, {}, ["CheckItem is missing"]),
        (CheckAccounts, {"CheckItem": [{}]}, ["CheckItem[0].UserID is missing"]),
        (CheckAccounts, {"check_item": []}, ["check_item is not among its fields (did you mean CheckItem?)"]),
        (CheckAccounts, {"CheckItem": []}, ["CheckItem has to hold 1 to 100 items, not 0"]),
        (
            CheckAccounts,
            {"CheckItem": [{"UserID": ""}, {"UserID": "a"}, {"UserID": "x" * 33}]},
            [
                "CheckItem[0].UserID has to be 1 to 32 bytes long in UTF-8, not 0: ''",
                f"CheckItem[2].UserID has to be 1 to 32 bytes long in UTF-8, not 33: '{'x' * 33}'",
            ],
        ),
        (
            SendMessage,
            {"b": 1, "a": 1, "MsgRandom": -1},
            [
                "b is not among its fields",
                "a is not among its fields",
                "To_Account is missing",
                "MsgRandom has to be a whole number from 0 to 4294967295, not -1",
                "MsgBody is missing",
            ],
        ),
        (ImportAccounts, {}, ["ImportAccounts takes exactly one of Accounts and AccountList"]),
        (
            ModifyMessage,
            {"From_Account": "a", "To_Account": "b", "MsgKey": "k"},
            ["ModifyMessage takes MsgBody, CloudCustomData or both"],
        ),
        (
            GetHistory,
            {"ChatType": "C2C", "MsgTime": "2019"},
            ["MsgTime has to be an hour as YYYYMMDDHH, such as 2019041913, not '2019'"],
        ),
        (
            PushToAll,
            {"From_Account": "a", "MsgRandom": 1, "Condition": {"TagsOr": ["a"], "AttrsOr": {"b": "c"}}},
            ["Condition takes tags or attributes, not both"],
        ),
        (
            SetAttrs,
            {"UserAttrs": [{"To_Account": "a", "Attrs": {"sex": "f", "age": 5}}]},
            ["UserAttrs[0].Attrs.age has to be a string, not 5"],
        ),
    ],
)
def test_everything_is_told_at_once(command: type[Command[Any]], body: dict[str, Any], said: list[str]) -> None:
    """In the body's order and then the manual's; what fields allow together comes last, in the names of the body."""
    assert complaints(body, command) == said


def test_what_is_nested_without_end_is_told() -> None:
    """And does no harm."""
    inside = GOOD["MsgBody"]
    for _ in range(2_000):
        inside = [{"MsgType": "TIMRelayElem", "MsgContent": relay(*inside)}]
    assert complaints({**GOOD, "MsgBody": inside}, SendMessage) == ["it is nested too deeply"]
