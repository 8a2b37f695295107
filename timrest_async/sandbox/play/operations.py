"""Global mute, statistics, message archives, server addresses, files.

The manual's documents: 269/4230, 269/4229, 269/4193, 269/1650, 269/45438 and 269/74775 to 269/74777.

Where the documents leave it open:

- Who is not registered is an invalid Set_Account (130005) or Get_Account (130003).
- The figures of a day, which is one of Beijing, are counted from what is kept: an account, a group or a message that
  was deleted since does not count any more. What leaves nothing behind, such as a push, is 0. Today is the last day.
- No archive is ever built, so every hour of the last 7 days has none yet.
- The sandbox knows of no file whether it is there; what is no address has Code 10004. Signed addresses lead nowhere.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal
from zlib import crc32

from timrest_async._wire import wire_fields
from timrest_async.commands.operations import (
    FOREVER,
    AllowFile,
    AppInfo,
    ForbidFile,
    GetAppInfo,
    GetGlobalMute,
    GetHistory,
    GetIpList,
    SetGlobalMute,
    SignFiles,
)
from timrest_async.sandbox.play.accounts import exists
from timrest_async.sandbox.plays import Codes, Play, Plays
from timrest_async.sandbox.request import Refusal
from timrest_async.sandbox.store import packed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from timrest_async.sandbox.events import Answer
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State
    from timrest_async.sandbox.store import Row

__all__ = ["PLAYS", "is_muted_everywhere"]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
HOUR_SECONDS: Final = 3600
BEIJING_SECONDS: Final = 8 * HOUR_SECONDS
DAY_SECONDS: Final = 86_400
DAYS: Final = 30
"""So many days have figures."""

NEVER: Final = 2**62
"""When a mute ends that never ends."""

HOUR_DIGITS: Final = 10
ARCHIVE_SECONDS: Final = 7 * DAY_SECONDS
SIGNED_SECONDS: Final = 15 * 60
GONE: Final = 2
"""The state of a file that is not there."""

NO_STATUS: Final = {"ActionStatus": None}
"""These commands answer without one."""

_MUTES: Final[Mapping[str, str]] = {"C2C": "C2CmsgNospeakingTime", "Group": "GroupmsgNospeakingTime"}


def is_muted_everywhere(state: State, account: str, chat_type: Literal["C2C", "Group"]) -> bool:
    """Say whether *account* may send no one-to-one messages, or none to groups."""
    sql = "SELECT 1 FROM global_mutes WHERE UserID = ? AND ChatType = ? AND MuteUntil > ?"
    return state.store.row(sql, account, chat_type, state.now) is not None


def set_mute(state: State, request: Request) -> Answer:
    """Mute an account everywhere, or let it speak again."""
    account = request["Set_Account"]
    if not exists(state, account):
        raise Refusal(130005, f"Set_Account is not registered: {account!r}")
    if not any(name in request for name in _MUTES.values()):
        raise Refusal(130008, f"give {' or '.join(_MUTES.values())}")
    for chat_type, name in _MUTES.items():
        if name in request:
            seconds = request[name]
            until = NEVER if seconds == FOREVER else state.now + seconds
            mute = {"UserID": account, "ChatType": chat_type, "MuteUntil": until}
            state.store.insert("global_mutes", mute, replace=True)
    state.store.run("DELETE FROM global_mutes WHERE UserID = ? AND MuteUntil <= ?", account, state.now)
    return NO_STATUS


def get_mute(state: State, request: Request) -> Answer:
    """Tell for how long an account is still muted."""
    account = request["Get_Account"]
    if not exists(state, account):
        raise Refusal(130003, f"Get_Account is not registered: {account!r}")
    rows = state.store.rows("SELECT ChatType, MuteUntil FROM global_mutes WHERE UserID = ?", account)
    until = {row["ChatType"]: row["MuteUntil"] for row in rows}
    return NO_STATUS | {name: _left(until.get(chat_type, 0), state.now) for chat_type, name in _MUTES.items()}


def _left(until: int, now: int) -> int:
    return FOREVER if until == NEVER else max(0, until - now)


def get_app_info(state: State, request: Request) -> Answer:
    """Tell the figures of each of the last 30 days."""
    asked = request.get("RequestField", _FIGURES)
    wanted = [name for name in _FIGURES if name in asked or name == "Date"]
    return NO_STATUS | {"ErrorInfo": "OK", "Result": [{name: day[name] for name in wanted} for day in _days(state)]}


_FIGURES: Final = tuple(field.wire for field in wire_fields(AppInfo))

_HAPPENED: Final = """
WITH happened (time, what, who, place) AS (
  SELECT MsgTimeStamp, 'C2C', From_Account, NULL FROM messages
  UNION ALL SELECT MsgTimeStamp, 'Group', From_Account, GroupId FROM group_messages
  UNION ALL SELECT LoginTime, 'login', UserID, NULL FROM logins
  UNION ALL SELECT ImportTime, 'import', NULL, NULL FROM imports
  UNION ALL SELECT CreateTime, 'group', NULL, NULL FROM groups
  UNION ALL SELECT JoinTime, 'join', NULL, NULL FROM group_members
)
SELECT
  (time + ?1) / ?2 AS day,
  count(DISTINCT who) AS ActiveUserNum,
  count(*) FILTER (WHERE what = 'import') AS RegistUserNumOneDay,
  count(*) FILTER (WHERE what = 'login') AS LoginTimes,
  count(DISTINCT who) FILTER (WHERE what = 'login') AS LoginUserNum,
  count(*) FILTER (WHERE what IN ('C2C', 'Group')) AS UpMsgNum,
  count(DISTINCT who) FILTER (WHERE what IN ('C2C', 'Group')) AS SendMsgUserNum,
  count(*) FILTER (WHERE what = 'C2C') AS C2CUpMsgNum,
  count(DISTINCT who) FILTER (WHERE what = 'C2C') AS C2CSendMsgUserNum,
  count(*) FILTER (WHERE what = 'Group') AS GroupUpMsgNum,
  count(DISTINCT who) FILTER (WHERE what = 'Group') AS GroupSendMsgUserNum,
  count(DISTINCT place) AS GroupSendMsgGroupNum,
  count(*) FILTER (WHERE what = 'join') AS GroupJoinGroupTimes,
  count(*) FILTER (WHERE what = 'group') AS GroupNewGroupNum
FROM happened WHERE day BETWEEN ?3 AND ?4 GROUP BY day
"""


def _days(state: State) -> list[Row]:
    """Return the figures of each day as text, the last of today."""
    today = (state.now + BEIJING_SECONDS) // DAY_SECONDS
    first = today - DAYS + 1
    rows = state.store.rows(_HAPPENED, BEIJING_SECONDS, DAY_SECONDS, first, today)
    happened = {row.pop("day"): row for row in rows}
    days: list[Row] = []
    accounts, groups = (state.store.value(f"SELECT count(*) FROM {table}") for table in ("accounts", "groups"))  # noqa: S608  # our own names
    online = state.store.value("SELECT count(DISTINCT UserID) FROM logins WHERE Status = 'Online'")
    for day in range(today, first - 1, -1):
        figures = dict.fromkeys(_FIGURES, 0) | happened.get(day, {})
        figures |= {"RegistUserNumTotal": accounts, "GroupAllGroupNum": groups, "MaxOnlineNum": online}
        texts = {"AppName": "sandbox", "AppId": state.sdkappid, "Company": "", "Date": _date(day)}
        days.append({name: str(value) for name, value in (figures | texts).items()})
        accounts, groups = accounts - figures["RegistUserNumOneDay"], groups - figures["GroupNewGroupNum"]
        online = 0
    return days[::-1]


def _date(day: int) -> str:
    return (EPOCH + timedelta(days=day)).strftime("%Y%m%d")


def get_history(state: State, request: Request) -> Answer:
    """Say that an hour has no archive yet, or that it is too long ago."""
    hour = _hour(request["MsgTime"])
    if hour is None:
        raise Refusal(1002, "MsgTime has to be an hour as YYYYMMDDHH")
    raise Refusal(1005 if hour + HOUR_SECONDS + ARCHIVE_SECONDS <= state.now else 1004)


def _hour(text: str) -> float | None:
    """Return when an hour of Beijing begins, if it is one."""
    if len(text) != HOUR_DIGITS or not (text.isascii() and text.isdigit()):
        return None
    try:
        return datetime.strptime(f"{text}+0800", "%Y%m%d%H%z").timestamp()
    except ValueError:
        return None


def get_ip_list(_state: State, _request: Request) -> Answer:
    """Name the loopback addresses: the sandbox listens on no others, and calls from no others."""
    return {"IPList": ["127.0.0.0/8", "::1"]}


def forbid_file(state: State, request: Request) -> Answer:
    """Block a file."""
    _check_address(request)
    state.store.insert("blocked_files", {"RawURL": request["RawURL"]}, replace=True)
    return {}


def allow_file(state: State, request: Request) -> Answer:
    """Unblock a file, whether it was blocked or not."""
    _check_address(request)
    state.store.run("DELETE FROM blocked_files WHERE RawURL = ?", request["RawURL"])
    return {}


def sign_files(state: State, request: Request) -> Answer:
    """Sign the addresses of files, and say which are blocked."""
    files = request["RawURLs"]
    addresses = packed([file["RawURL"] for file in files])
    sql = "SELECT RawURL FROM blocked_files WHERE RawURL IN (SELECT value FROM json_each(?))"
    blocked = set(state.store.values(sql, addresses))
    return {"PreSigURLs": [_signed(file, state.now, blocked=file["RawURL"] in blocked) for file in files]}


def _signed(file: Mapping[str, Any], now: int, *, blocked: bool) -> Answer:
    number, url = file["ResourceID"], file["RawURL"]
    if not _is_address(url):
        return {"ResourceID": number, "Code": 10004, "Desc": "invalid url", "PreSigURL": "", "Status": GONE}
    time = f"{now};{now + SIGNED_SECONDS}"
    signature = f"q-sign-time={time}&q-signature={crc32(f'{url} {time}'.encode()):08x}"
    signed = f"{url}{'&' if '?' in url else '?'}{signature}"
    return {"ResourceID": number, "Code": 0, "Desc": "", "PreSigURL": signed, "Status": int(blocked)}


def _check_address(request: Request) -> None:
    if not _is_address(request["RawURL"]):
        raise Refusal(10004, "RawURL has to be the address of a file")


def _is_address(url: str) -> bool:
    return url.startswith(("http://", "https://"))


# No document has a code for a time that is no number from 0 to 4294967295.
_SET_CODES: Final = Codes(
    130001, missing={"Set_Account": 130004}, kind={"Set_Account": 130005}, limit={"Set_Account": 130005}
)
_GET_CODES: Final = Codes(
    130001, missing={"Get_Account": 130002}, kind={"Get_Account": 130003}, limit={"Get_Account": 130003}
)
# The file commands have no codes of their own; this is what their sample answers for one file.
_FILE_CODES: Final = Codes(10004)

PLAYS: Final[Plays] = {
    SetGlobalMute: Play(set_mute, _SET_CODES),
    GetGlobalMute: Play(get_mute, _GET_CODES),
    GetAppInfo: Play(get_app_info, Codes(130001)),
    GetHistory: Play(get_history, Codes(1002)),
    GetIpList: Play(get_ip_list, Codes(60003)),
    ForbidFile: Play(forbid_file, _FILE_CODES),
    AllowFile: Play(allow_file, _FILE_CODES),
    SignFiles: Play(sign_files, _FILE_CODES),
}
