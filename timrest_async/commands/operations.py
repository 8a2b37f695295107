"""Global mute, statistics, message archives, files."""

import datetime as dt
from collections.abc import Iterable
from itertools import count
from math import inf
from typing import Annotated, Final, Literal

from attrs import field, frozen

from timrest_async._bounds import U32, Bounded, as_list
from timrest_async._wire import Targets, Wire
from timrest_async._words import shown
from timrest_async.commands._archive import Archive, ArchivedMessage
from timrest_async.commands._command import Command
from timrest_async.commands._domain import Domain, endpoint
from timrest_async.commands._reply import CommandReply, Outcome, Part, PartialReply, Result, failure
from timrest_async.commands._shared import AccountId, as_optional_ids
from timrest_async.errors import Failure, InputError

__all__ = [
    "FOREVER",
    "AllowFile",
    "AppInfo",
    "ArchivedMessage",
    "ForbidFile",
    "GetAppInfo",
    "GetAppInfoReply",
    "GetGlobalMute",
    "GetGlobalMuteReply",
    "GetHistory",
    "GetHistoryReply",
    "GetIpList",
    "GetIpListReply",
    "HistoryFile",
    "Operations",
    "PreSigURL",
    "RawURL",
    "SetGlobalMute",
    "SignFiles",
    "SignFilesReply",
]

FOREVER: Final = 4_294_967_295
"""So many seconds mute an account until somebody lifts it."""


@frozen(kw_only=True)
class SetGlobalMute(Command[None]):
    """Mute an account everywhere: for one-to-one messages, for group messages or for both.

    At least one of the two times has to be given. What a muted account sends is refused with 20012 or 10017.
    Document 269/4230.
    """

    path = "openconfigsvr/setnospeaking"
    repeatable_for = inf

    set_account: Annotated[AccountId, Wire("Set_Account")] = field(kw_only=False)
    """The account."""

    c2cmsg_nospeaking_time: Annotated[U32 | None, Wire("C2CmsgNospeakingTime")] = None
    """Seconds without one-to-one messages: 0 lifts the mute, :data:`FOREVER` never ends; as it was when left out."""

    groupmsg_nospeaking_time: U32 | None = None
    """Seconds without group messages, likewise."""

    def __attrs_post_init__(self) -> None:
        """Refuse to change nothing."""
        if self.c2cmsg_nospeaking_time is None and self.groupmsg_nospeaking_time is None:
            raise InputError("SetGlobalMute takes c2cmsg_nospeaking_time, groupmsg_nospeaking_time or both")


@frozen(kw_only=True)
class GetGlobalMuteReply(CommandReply):
    """For how long an account is muted."""

    c2cmsg_nospeaking_time: Annotated[float | None, Wire("C2CmsgNospeakingTime")] = None
    """Seconds left without one-to-one messages; 0: not muted, :data:`FOREVER`: no end."""

    groupmsg_nospeaking_time: float | None = None
    """Seconds left without group messages, likewise."""

    @property
    def c2c_muted(self) -> bool:
        """Whether it may not send one-to-one messages."""
        return bool(self.c2cmsg_nospeaking_time)

    @property
    def group_muted(self) -> bool:
        """Whether it may not send group messages."""
        return bool(self.groupmsg_nospeaking_time)


@frozen(kw_only=True)
class GetGlobalMute(Command[GetGlobalMuteReply]):
    """Tell for how long an account is muted everywhere. Document 269/4229."""

    path = "openconfigsvr/getnospeaking"
    repeatable_for = inf

    get_account: Annotated[AccountId, Wire("Get_Account")] = field(kw_only=False)
    """The account."""


@frozen(kw_only=True)
class AppInfo(Part):
    """The figures of one day, all of them text. A figure that was not asked for is ``None``."""

    app_name: str | None = None
    """The name of the app."""

    app_id: str | None = None
    """Its SDKAppID."""

    company: str | None = None
    """Whose app it is."""

    active_user_num: str | None = None
    """Accounts that were active."""

    regist_user_num_one_day: str | None = None
    """Accounts registered on the day."""

    regist_user_num_total: str | None = None
    """Accounts registered in all."""

    login_times: str | None = None
    """How often somebody logged in."""

    login_user_num: str | None = None
    """Accounts that logged in."""

    up_msg_num: str | None = None
    """Messages sent."""

    send_msg_user_num: str | None = None
    """Accounts that sent some."""

    apns_msg_num: Annotated[str | None, Wire("APNSMsgNum")] = None
    """Pushes to Apple devices."""

    c2c_up_msg_num: Annotated[str | None, Wire("C2CUpMsgNum")] = None
    """One-to-one messages sent."""

    c2c_down_msg_num: Annotated[str | None, Wire("C2CDownMsgNum")] = None
    """One-to-one messages delivered."""

    c2c_send_msg_user_num: Annotated[str | None, Wire("C2CSendMsgUserNum")] = None
    """Accounts that sent one-to-one messages."""

    c2capns_msg_num: Annotated[str | None, Wire("C2CAPNSMsgNum")] = None
    """Pushes of one-to-one messages to Apple devices."""

    max_online_num: str | None = None
    """Accounts online at the same time, at most."""

    down_msg_num: str | None = None
    """Messages delivered."""

    chain_increase: str | None = None
    """Pairs of friends gained."""

    chain_decrease: str | None = None
    """Pairs of friends lost."""

    group_up_msg_num: str | None = None
    """Group messages sent."""

    group_down_msg_num: str | None = None
    """Group messages delivered."""

    group_send_msg_user_num: str | None = None
    """Accounts that sent group messages."""

    group_apns_msg_num: Annotated[str | None, Wire("GroupAPNSMsgNum")] = None
    """Pushes of group messages to Apple devices."""

    group_send_msg_group_num: str | None = None
    """Groups in which something was sent."""

    group_join_group_times: str | None = None
    """Times that somebody joined a group."""

    group_quit_group_times: str | None = None
    """Times that somebody left a group."""

    group_new_group_num: str | None = None
    """Groups created."""

    group_all_group_num: str | None = None
    """Groups in all."""

    group_destroy_group_num: str | None = None
    """Groups disbanded."""

    call_back_req: str | None = None
    """Callbacks sent to the app."""

    call_back_rsp: str | None = None
    """Callbacks that it answered."""

    date: str | None = None
    """The day, such as ``20190419``; there even when it was not asked for."""

    @property
    def day(self) -> dt.date | None:
        """The day as a date; ``None`` where there is none."""
        try:
            return dt.date.fromisoformat(self.date or "")
        except ValueError:
            return None


@frozen(kw_only=True)
class GetAppInfoReply(CommandReply):
    """The figures, day by day."""

    result: list[AppInfo] = field(factory=list[AppInfo])
    """One entry for each day."""


@frozen(kw_only=True)
class GetAppInfo(Command[GetAppInfoReply]):
    """Read the app's figures of the last 30 days. Document 269/4193."""

    path = "openconfigsvr/getappinfo"
    repeatable_for = inf

    request_field: list[str] | None = field(default=None, converter=as_optional_ids, kw_only=False)
    """The figures wanted, by their names on the wire such as ``LoginUserNum``; all when left out."""


@frozen(kw_only=True)
class HistoryFile(Part):
    """A file with messages of one hour, packed with gzip."""

    url: Annotated[str | None, Wire("URL")] = None
    """Where it can be downloaded."""

    expire_time: str | None = None
    """Until when, in text such as ``2019-04-19 13:00:00``."""

    file_size: int | None = None
    """Its size in bytes, unpacked."""

    file_md5: Annotated[str | None, Wire("FileMD5")] = None
    """Its MD5, unpacked."""

    gzip_size: int | None = None
    """Its size in bytes, packed."""

    gzip_md5: Annotated[str | None, Wire("GzipMD5")] = None
    """Its MD5, packed."""


@frozen(kw_only=True)
class GetHistoryReply(CommandReply):
    """Where the messages of an hour can be downloaded."""

    file: list[HistoryFile] = field(factory=list[HistoryFile])
    """The files."""


@frozen(kw_only=True)
class GetHistory(Command[GetHistoryReply]):
    """Tell where the messages of one hour of the last 7 days can be downloaded.

    An hour is ready about an hour after its end. 1004 says that it is not, or that nobody wrote anything; 1005 that it
    is too long ago. The service takes 10 of these calls a second. ``tim.operations.each_in_history`` goes on to the
    messages themselves. Document 269/1650.
    """

    path = "open_msg_svc/get_history"
    repeatable_for = inf

    chat_type: Literal["C2C", "Group"] = field(kw_only=False)
    """One-to-one messages, or those in groups."""

    msg_time: str = field(kw_only=False)
    """The hour as ``YYYYMMDDHH``, in Beijing time (UTC+8)."""

    def __attrs_post_init__(self) -> None:
        """Refuse what is no hour."""
        if not (len(self.msg_time) == 10 and self.msg_time.isascii() and self.msg_time.isdigit()):
            raise InputError(
                f"GetHistory.msg_time has to be an hour as YYYYMMDDHH, such as 2019041913, not {shown(self.msg_time)}"
            )


@frozen(kw_only=True)
class GetIpListReply(CommandReply):
    """Where the service's servers are."""

    ip_list: Annotated[list[str], Wire("IPList")] = field(factory=list[str])
    """Addresses, and ranges of them such as ``1.2.3.0/24``."""


@frozen(kw_only=True)
class GetIpList(Command[GetIpListReply]):
    """List the addresses that clients connect to and that callbacks come from.

    Unless arranged otherwise, these are the servers in the Chinese mainland. Document 269/45438.
    """

    path = "ConfigSvc/GetIPList"
    repeatable_for = inf


@frozen(kw_only=True)
class ForbidFile(Command[None]):
    """Block a file that was sent in a message. Document 269/74775."""

    path = "im_cos_msg/forbid_illegal_object"
    repeatable_for = inf

    raw_url: Annotated[str, Wire("RawURL")] = field(kw_only=False)
    """The address of the file, as in its message."""


@frozen(kw_only=True)
class AllowFile(Command[None]):
    """Unblock a file that was blocked. Document 269/74776."""

    path = "im_cos_msg/allow_banned_object"
    repeatable_for = inf

    raw_url: Annotated[str, Wire("RawURL")] = field(kw_only=False)
    """The address of the file, as in its message."""


@frozen
class RawURL(Bounded):
    """A file, numbered."""

    resource_id: Annotated[int, Wire("ResourceID")]
    """The number by which the reply names it, different for each file of a call."""

    raw_url: Annotated[str, Wire("RawURL")]
    """The address of the file, as in its message."""


def _as_files(files: Iterable[str | RawURL] | str | RawURL) -> list[RawURL]:
    place = count(1)
    return as_list([files] if isinstance(files, str | RawURL) else files, lambda file: _as_file(file, next(place)))


def _as_file(file: str | RawURL, place: int) -> RawURL:
    return RawURL(place, file) if isinstance(file, str) else file


@frozen(kw_only=True)
class PreSigURL(Result):
    """A file's signed address."""

    resource_id: Annotated[int, Wire("ResourceID")]
    """The number of the file."""

    code: int | None = None
    """0 when its address was signed, otherwise why not."""

    desc: str | None = None
    """Why not, in the service's words."""

    pre_sig_url: Annotated[str | None, Wire("PreSigURL")] = None
    """The signed address, good for 15 minutes."""

    status: int | None = None
    """0: the file is there, 1: it is blocked, 2: it is gone."""

    @property
    def failure(self) -> Failure | None:
        """Why its address was not signed."""
        return failure(self.resource_id, self.code, self.desc)


@frozen(kw_only=True)
class SignFilesReply(PartialReply):
    """The signed addresses."""

    pre_sig_urls: Annotated[list[PreSigURL], Wire("PreSigURLs")] = field(factory=list[PreSigURL])
    """One entry for each file."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.pre_sig_urls


@frozen(kw_only=True)
class SignFiles(Command[SignFilesReply]):
    """Sign the addresses of files, so that they can be read for 15 minutes even where they are blocked.

    Document 269/74777.
    """

    path = "im_cos_msg/get_cos_sig"
    repeatable_for = inf

    raw_urls: Annotated[list[RawURL], Targets(), Wire("RawURLs")] = field(converter=_as_files, kw_only=False)
    """The files; plain addresses will do, and are numbered from 1 by their place in the list."""


class Operations(Domain):
    """Global mute, statistics, message archives, files."""

    set_mute: Final = endpoint(SetGlobalMute)
    get_mute: Final = endpoint(GetGlobalMute)
    get_app_info: Final = endpoint(GetAppInfo)
    get_history: Final = endpoint(GetHistory)
    get_ip_list: Final = endpoint(GetIpList)
    forbid_file: Final = endpoint(ForbidFile)
    allow_file: Final = endpoint(AllowFile)
    sign_files: Final = endpoint(SignFiles)

    def each_in_history(self, chat_type: Literal["C2C", "Group"], msg_time: str) -> Archive:
        """Iterate over the messages of one hour of the last 7 days, as :class:`ArchivedMessage`.

        This asks where the files of the hour are, see :class:`GetHistory`, and downloads them one after the other; each
        is checked against its MD5 and unpacked. An hour is ready about an hour after its end, and its files are kept
        for 7 days. 1004 says that there are none yet, or that nobody wrote anything.
        """
        return Archive(self.caller, GetHistory(chat_type, msg_time), lambda reply: reply.file)
