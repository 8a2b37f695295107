"""Ours and its rivals: ways to write three commands and to read their answers.

The models of pydantic and of msgspec have the fields, types and bounds of ours, and are used as their documentation
advises: pydantic reads and writes JSON itself, msgspec through one encoder and a decoder for each reply. Neither keeps
keys that it does not know, takes a second name for a key, or a list that is null, as ours does. msgspec checks nothing
when an object is made in Python. The floor is orjson and dicts, with nothing checked at all.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, Final, TypeAlias, TypeVar

import msgspec
import orjson
from attrs import frozen
from pydantic import AliasGenerator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal

from timrest_async._codec import decode, encode
from timrest_async._codec import write as as_plain
from timrest_async.commands._command import Command
from timrest_async.commands.accounts import ImportAccount
from timrest_async.commands.group_members import ListGroupMembers, MemberField, MemberRoleFilter
from timrest_async.commands.groups import GetGroups, GroupInfoFilter

__all__ = ["CASES", "FLOOR", "MSGSPEC", "OURS", "PYDANTIC", "Case", "Way"]

OURS: Final = "ours"
PYDANTIC: Final = "pydantic"
MSGSPEC: Final = "msgspec"
FLOOR: Final = "orjson, dicts"

ModelT = TypeVar("ModelT")


@frozen
class Way:
    """How one library handles one command."""

    write: Callable[[], bytes]
    """Makes the command and writes its body."""

    read: Callable[[bytes], object]
    """Reads an answer, and refuses one that stands for an error."""

    plain: Callable[[Any], Any]
    """Turns what was read into plain JSON types again, so that it can be compared."""


@frozen
class Case:
    """One command that all of them handle."""

    name: str
    """What kind of a command it is."""

    path: str
    """Its path."""

    members: int | None
    """How many members its answer lists; as the sample when ``None``."""

    ways: Mapping[str, Way]


def _refuse(code: int) -> None:
    raise RuntimeError(f"the answer's ErrorCode is {code}")


# -- pydantic


class PydanticRequest(BaseModel):
    """What is made by name and written by alias."""

    model_config = ConfigDict(frozen=True, alias_generator=AliasGenerator(serialization_alias=to_pascal))


class PydanticPart(BaseModel):
    """What is read by alias."""

    model_config = ConfigDict(frozen=True, alias_generator=to_pascal)


class PydanticReply(PydanticPart):
    """What every answer has."""

    action_status: str | None = None
    error_code: int
    error_info: str | None = None


PydanticAccountId: TypeAlias = Annotated[str, Field(min_length=1, max_length=32)]
PydanticGroupId: TypeAlias = Annotated[str, Field(min_length=1, max_length=48)]


class PydanticImportAccount(PydanticRequest):
    """As :class:`ImportAccount`."""

    user_id: Annotated[PydanticAccountId, Field(serialization_alias="UserID")]
    nick: str | None = None
    face_url: str | None = None


class PydanticGroupInfoFilter(PydanticRequest):
    """As :class:`GroupInfoFilter`."""

    group_base_info_filter: list[str] | None = None
    member_info_filter: list[str] | None = None
    app_defined_data_filter_group: list[str] | None = Field(None, serialization_alias="AppDefinedDataFilter_Group")
    app_defined_data_filter_group_member: list[str] | None = Field(
        None, serialization_alias="AppDefinedDataFilter_GroupMember"
    )


class PydanticGetGroups(PydanticRequest):
    """As :class:`GetGroups`."""

    group_id_list: Annotated[list[PydanticGroupId], Field(min_length=1, max_length=50)]
    response_filter: PydanticGroupInfoFilter | None = None


class PydanticListGroupMembers(PydanticRequest):
    """As :class:`ListGroupMembers`."""

    group_id: PydanticGroupId
    member_info_filter: list[MemberField] | None = None
    member_role_filter: list[MemberRoleFilter] | None = None
    app_defined_data_filter_group_member: list[str] | None = Field(
        None, serialization_alias="AppDefinedDataFilter_GroupMember"
    )
    limit: int | None = None
    offset: int | None = None
    next: str | None = None


class PydanticKeyValue(PydanticPart):
    """As ``KeyValue``."""

    key: str
    value: str


class PydanticMemberInfo(PydanticPart):
    """As ``MemberInfo``."""

    member_account: str | None = Field(None, alias="Member_Account")
    role: str | None = None
    join_time: int | None = None
    msg_seq: int | None = None
    msg_flag: str | None = None
    last_send_msg_time: int | None = None
    mute_until: int | None = None
    name_card: str | None = None
    online_status: str | None = None
    app_member_defined_data: list[PydanticKeyValue] = Field(default_factory=list)


class PydanticGroupInfo(PydanticPart):
    """As ``GroupInfo``."""

    group_id: str
    type: str | None = None
    name: str | None = None
    introduction: str | None = None
    notification: str | None = None
    face_url: str | None = None
    owner_account: str | None = Field(None, alias="Owner_Account")
    create_time: int | None = None
    info_seq: int | None = None
    last_info_time: int | None = None
    last_msg_time: int | None = None
    next_msg_seq: int | None = None
    member_num: int | None = None
    max_member_num: int | None = None
    apply_join_option: str | None = None
    invite_join_option: str | None = None
    mute_all_member: str | None = None
    error_code: int | None = None
    error_info: str | None = None
    appid: int | None = None
    enable_permission: int | None = None
    default_permission: int | None = None
    app_defined_data: list[PydanticKeyValue] = Field(default_factory=list)
    member_list: list[PydanticMemberInfo] = Field(default_factory=list)
    app_member_defined_data: list[PydanticKeyValue] = Field(default_factory=list)


class PydanticGetGroupsReply(PydanticReply):
    """As ``GetGroupsReply``."""

    group_info: list[PydanticGroupInfo] = Field(default_factory=list)


class PydanticListGroupMembersReply(PydanticReply):
    """As ``ListGroupMembersReply``."""

    member_num: int | None = None
    member_list: list[PydanticMemberInfo] = Field(default_factory=list)
    next: str | None = None
    app_member_defined_data: list[PydanticKeyValue] = Field(default_factory=list)


def _pydantic(build: Callable[[], PydanticRequest], reply: type[PydanticReply]) -> Way:
    def write() -> bytes:
        return build().model_dump_json(by_alias=True, exclude_none=True).encode()

    def read(answer: bytes) -> PydanticReply:
        found = reply.model_validate_json(answer)
        if found.error_code:
            _refuse(found.error_code)
        return found

    return Way(write, read, lambda found: found.model_dump(by_alias=True))


# -- msgspec


class MsgspecRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="pascal"):
    """What is written."""


class MsgspecPart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="pascal"):
    """What is read."""


class MsgspecReply(MsgspecPart, frozen=True, kw_only=True):
    """What every answer has."""

    action_status: str | None = None
    error_code: int
    error_info: str | None = None


MsgspecAccountId: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
MsgspecGroupId: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=48)]


class MsgspecImportAccount(MsgspecRequest, frozen=True, kw_only=True):
    """As :class:`ImportAccount`."""

    user_id: MsgspecAccountId = msgspec.field(name="UserID")
    nick: str | None = None
    face_url: str | None = None


class MsgspecGroupInfoFilter(MsgspecRequest, frozen=True, kw_only=True):
    """As :class:`GroupInfoFilter`."""

    group_base_info_filter: list[str] | None = None
    member_info_filter: list[str] | None = None
    app_defined_data_filter_group: list[str] | None = msgspec.field(default=None, name="AppDefinedDataFilter_Group")
    app_defined_data_filter_group_member: list[str] | None = msgspec.field(
        default=None, name="AppDefinedDataFilter_GroupMember"
    )


class MsgspecGetGroups(MsgspecRequest, frozen=True, kw_only=True):
    """As :class:`GetGroups`."""

    group_id_list: Annotated[list[MsgspecGroupId], msgspec.Meta(min_length=1, max_length=50)]
    response_filter: MsgspecGroupInfoFilter | None = None


class MsgspecListGroupMembers(MsgspecRequest, frozen=True, kw_only=True):
    """As :class:`ListGroupMembers`."""

    group_id: MsgspecGroupId
    member_info_filter: list[MemberField] | None = None
    member_role_filter: list[MemberRoleFilter] | None = None
    app_defined_data_filter_group_member: list[str] | None = msgspec.field(
        default=None, name="AppDefinedDataFilter_GroupMember"
    )
    limit: int | None = None
    offset: int | None = None
    next: str | None = None


class MsgspecKeyValue(MsgspecPart, frozen=True, kw_only=True):
    """As ``KeyValue``."""

    key: str
    value: str


class MsgspecMemberInfo(MsgspecPart, frozen=True, kw_only=True):
    """As ``MemberInfo``."""

    member_account: str | None = msgspec.field(default=None, name="Member_Account")
    role: str | None = None
    join_time: int | None = None
    msg_seq: int | None = None
    msg_flag: str | None = None
    last_send_msg_time: int | None = None
    mute_until: int | None = None
    name_card: str | None = None
    online_status: str | None = None
    app_member_defined_data: list[MsgspecKeyValue] = []


class MsgspecGroupInfo(MsgspecPart, frozen=True, kw_only=True):
    """As ``GroupInfo``."""

    group_id: str
    type: str | None = None
    name: str | None = None
    introduction: str | None = None
    notification: str | None = None
    face_url: str | None = None
    owner_account: str | None = msgspec.field(default=None, name="Owner_Account")
    create_time: int | None = None
    info_seq: int | None = None
    last_info_time: int | None = None
    last_msg_time: int | None = None
    next_msg_seq: int | None = None
    member_num: int | None = None
    max_member_num: int | None = None
    apply_join_option: str | None = None
    invite_join_option: str | None = None
    mute_all_member: str | None = None
    error_code: int | None = None
    error_info: str | None = None
    appid: int | None = None
    enable_permission: int | None = None
    default_permission: int | None = None
    app_defined_data: list[MsgspecKeyValue] = []
    member_list: list[MsgspecMemberInfo] = []
    app_member_defined_data: list[MsgspecKeyValue] = []


class MsgspecGetGroupsReply(MsgspecReply, frozen=True, kw_only=True):
    """As ``GetGroupsReply``."""

    group_info: list[MsgspecGroupInfo] = []


class MsgspecListGroupMembersReply(MsgspecReply, frozen=True, kw_only=True):
    """As ``ListGroupMembersReply``."""

    member_num: int | None = None
    member_list: list[MsgspecMemberInfo] = []
    next: str | None = None
    app_member_defined_data: list[MsgspecKeyValue] = []


def _msgspec(build: Callable[[], MsgspecRequest], reply: type[MsgspecReply]) -> Way:
    encoder, decoder = msgspec.json.Encoder(), msgspec.json.Decoder(reply)

    def write() -> bytes:
        return encoder.encode(build())

    def read(answer: bytes) -> MsgspecReply:
        found = decoder.decode(answer)
        if found.error_code:
            _refuse(found.error_code)
        return found

    return Way(write, read, msgspec.to_builtins)


# -- the floor, and ours


def _floor(build: Callable[[], dict[str, Any]]) -> Way:
    def read(answer: bytes) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(answer)
        if found["ErrorCode"]:
            _refuse(found["ErrorCode"])
        return found

    return Way(lambda: orjson.dumps(build()), read, lambda found: found)


def _ours(build: Callable[[], Command[Any]]) -> Way:
    command = build()
    return Way(lambda: encode(build()), lambda answer: decode(command, answer), _ours_plain)


def _ours_plain(reply: Any) -> Any:
    return {} if reply is None else as_plain(reply)


# -- the three commands, made by whichever class is given


def _account(command: Callable[..., ModelT]) -> ModelT:
    return command(user_id="test", nick="Ann", face_url="https://example.com/face.png")


def _groups(command: Callable[..., ModelT], wanted: Callable[..., object]) -> ModelT:
    return command(
        group_id_list=["@TGS#2C5SZEAEF", "@TGS#_cQVLVHIM62CJ"],
        response_filter=wanted(
            group_base_info_filter=["Type", "Name", "Owner_Account", "MemberNum", "MuteAllMember"],
            member_info_filter=["Member_Account", "Role", "MuteUntil"],
            app_defined_data_filter_group=["region", "level"],
            app_defined_data_filter_group_member=["shoes"],
        ),
    )


def _members(command: Callable[..., ModelT]) -> ModelT:
    return command(
        group_id="@TGS#_@TGS#cQVLVHIM62CJ",
        member_info_filter=[
            *("Role", "JoinTime", "MsgSeq", "MsgFlag", "LastSendMsgTime", "MuteUntil", "NameCard", "OnlineStatus")
        ],
        member_role_filter=["Owner", "Member"],
        app_defined_data_filter_group_member=["MemberDefined1", "MemberDefined2"],
        limit=100,
        next="",
    )


def _plain_account() -> dict[str, Any]:
    return {"UserID": "test", "Nick": "Ann", "FaceUrl": "https://example.com/face.png"}


def _plain_groups() -> dict[str, Any]:
    return {
        "GroupIdList": ["@TGS#2C5SZEAEF", "@TGS#_cQVLVHIM62CJ"],
        "ResponseFilter": {
            "GroupBaseInfoFilter": ["Type", "Name", "Owner_Account", "MemberNum", "MuteAllMember"],
            "MemberInfoFilter": ["Member_Account", "Role", "MuteUntil"],
            "AppDefinedDataFilter_Group": ["region", "level"],
            "AppDefinedDataFilter_GroupMember": ["shoes"],
        },
    }


def _plain_members() -> dict[str, Any]:
    return {
        "GroupId": "@TGS#_@TGS#cQVLVHIM62CJ",
        "MemberInfoFilter": [
            *("Role", "JoinTime", "MsgSeq", "MsgFlag", "LastSendMsgTime", "MuteUntil", "NameCard", "OnlineStatus")
        ],
        "MemberRoleFilter": ["Owner", "Member"],
        "AppDefinedDataFilter_GroupMember": ["MemberDefined1", "MemberDefined2"],
        "Limit": 100,
        "Next": "",
    }


CASES: Final = (
    Case(
        "small",
        ImportAccount.path,
        None,
        {
            OURS: _ours(partial(_account, ImportAccount)),
            PYDANTIC: _pydantic(partial(_account, PydanticImportAccount), PydanticReply),
            MSGSPEC: _msgspec(partial(_account, MsgspecImportAccount), MsgspecReply),
            FLOOR: _floor(_plain_account),
        },
    ),
    Case(
        "nested",
        GetGroups.path,
        None,
        {
            OURS: _ours(partial(_groups, GetGroups, GroupInfoFilter)),
            PYDANTIC: _pydantic(partial(_groups, PydanticGetGroups, PydanticGroupInfoFilter), PydanticGetGroupsReply),
            MSGSPEC: _msgspec(partial(_groups, MsgspecGetGroups, MsgspecGroupInfoFilter), MsgspecGetGroupsReply),
            FLOOR: _floor(_plain_groups),
        },
    ),
    Case(
        "page of 100",
        ListGroupMembers.path,
        100,
        {
            OURS: _ours(partial(_members, ListGroupMembers)),
            PYDANTIC: _pydantic(partial(_members, PydanticListGroupMembers), PydanticListGroupMembersReply),
            MSGSPEC: _msgspec(partial(_members, MsgspecListGroupMembers), MsgspecListGroupMembersReply),
            FLOOR: _floor(_plain_members),
        },
    ),
)
