"""What the service has noticed: results of pushes and of content checks, and commands that come near their limit."""

from typing import Annotated, ClassVar, Final

from attrs import field, frozen

from timrest_async._wire import Wire
from timrest_async.commands._reply import Part
from timrest_async.webhook.event import Event

__all__ = [
    "EVENTS",
    "AlertRequestOverLimit",
    "Contact",
    "ContentResultNotify",
    "PushAllMemberPush",
    "PushOfflinePush",
]


@frozen(kw_only=True)
class PushOfflinePush(Event):
    """A message was pushed to a phone, or could not be; or the push arrived there, or was clicked.
    Document 269/102567. Up to 100 of them come in one request.
    """

    callback_command = "Push.OfflinePush"
    key_fields: ClassVar[tuple[str, ...]] = (
        *("event_type", "from_account", "to_account", "msg_key", "group_id", "msg_seq", "msg_random"),
        *("push_platform", "push_stage", "push_id", "err_code", "event_time"),
    )

    event_type: int = 0
    """1: of a one-to-one message; 2: of a message to a group."""

    event_time: int | None = None
    """When it came about, Unix seconds."""

    from_account: Annotated[str, Wire("From_Account")]
    """Who wrote."""

    to_account: Annotated[str, Wire("To_Account")]
    """To whom it was pushed."""

    push_platform: int = 0
    """Through whom: 0 unknown, 1 APNs, 2 Xiaomi, 3 Huawei, 4 FCM, 5 Meizu, 6 OPPO, 7 vivo, 8 Honor."""

    push_stage: int = 0
    """How far it came: 1 sent, 2 arrived, 3 clicked."""

    msg_key: str = ""
    """Which message; only of a one-to-one message."""

    group_id: Annotated[str, Wire("GroupID", also=("GroupId",))] = ""
    """In which group; only of a message to a group."""

    msg_seq: int
    """The message's number, unsigned 32 bits."""

    msg_random: int
    """The message's random number, unsigned 32 bits."""

    msg_time: int
    """When the service took the message, Unix seconds."""

    push_id: Annotated[str | None, Wire("PushID")] = None
    """The push's id; documents since 2025 have it."""

    err_code: int = 0
    """0: it worked; else the error code."""

    err_info: str = ""
    """The service's words to that."""


@frozen(kw_only=True)
class PushAllMemberPush(Event):
    """A push to all users was sent to one of them, or could not be; or it arrived there, or was clicked.
    Document 269/102568. Up to 100 of them come in one request.
    """

    callback_command = "Push.AllMemberPush"
    key_fields: ClassVar[tuple[str, ...]] = (
        *("event_type", "task_id", "to_account"),
        *("push_platform", "push_stage", "err_code", "event_time"),
    )

    event_type: int = 0
    """1: an offline push; 2: to somebody who was online."""

    task_id: str = ""
    """The push's id, as the command that pushed has it."""

    task_time: int = 0
    """When the push was asked for, Unix seconds."""

    event_time: int | None = None
    """When it came about, Unix seconds."""

    to_account: Annotated[str, Wire("To_Account")]
    """To whom it was pushed."""

    push_platform: int = 0
    """Through whom: 0 unknown, 1 APNs, 2 Xiaomi, 3 Huawei, 4 FCM, 5 Meizu, 6 OPPO, 7 vivo, 8 Honor."""

    push_stage: int = 0
    """How far it came: 1 sent, 2 arrived, 3 clicked."""

    err_code: int = 0
    """0: it worked; else the error code."""

    err_info: str = ""
    """The service's words to that."""


@frozen(kw_only=True)
class Contact(Part):
    """For whom a message is."""

    type: Annotated[int, Wire("Type", also=("ContactType",))] = 0
    """1: an account; 2: a group."""

    to_group_id: str = ""
    """The group, where it is one."""

    to_account: Annotated[str, Wire("To_Account")] = ""
    """The account, where it is one."""


@frozen(kw_only=True)
class ContentResultNotify(Event):
    """A message, a profile or a group was checked for what may not be said or shown."""

    callback_command = "ContentCallback.ResultNotify"
    key_fields: ClassVar[tuple[str, ...]] = ("msg_id", "text_content", "file_url", "ctxcb_request_id")

    scene: str = ""
    """What was checked: ``C2C`` or ``Group``, a message; ``C2CCustom`` or ``GroupCustom``, a custom element of one;
    ``GroupInfo``, ``GroupMemberInfo``, ``UserInfo`` or ``RelationChain``, a profile."""

    from_account: Annotated[str, Wire("From_Account")]
    """Who wrote it."""

    contact_item: Contact | None = None
    """For whom it is, where it is a message."""

    content_type: str = ""
    """``Text``, ``Image``, ``Audio`` or ``Video``."""

    text_content: list[str] = field(factory=list[str])
    """The text that was checked."""

    file_url: Annotated[str, Wire("FileURL")] = ""
    """The address of the image, the audio or the video that was checked."""

    msg_id: Annotated[str, Wire("MsgID")] = ""
    """Which message: the MsgKey of a one-to-one message, the MsgSeq of a message to a group. Empty where it was blocked
    or is no message."""

    ctxcb_result: int = 0
    """0: let through; 1: blocked."""

    ctxcb_request_id: str = ""
    """The check's id."""

    ctxcb_keywords: list[str] = field(factory=list[str])
    """Words in the text that gave offence."""

    ctxcb_suggestion: str = ""
    """What the check advises: ``Block``, ``Review`` or ``Normal``."""

    ctxcb_label: str = ""
    """What was found: ``Normal``, ``Illegal``, ``Abuse``, ``Polity``, ``Ad``, ``Porn``, ``Sexy``, ``Terror`` or
    ``Composite``."""

    cloud_custom_data: str = ""
    """The data beside the message."""


@frozen(kw_only=True)
class AlertRequestOverLimit(Event):
    """A command is called so often that it passes 80 % of its limit. Documents 269/105418 and 1047/60256."""

    callback_command = "Alert.RequestOverLimit"

    service_name: str
    """The first half of the command's path, such as ``openim``."""

    command: str
    """The second half of the command's path, such as ``batchsendmsg``."""

    request: int = 0
    """How many calls a second there are."""

    limit: int = 0
    """How many calls a second are allowed."""

    @property
    def path(self) -> str:
        """Which command, as its class has it, such as ``openim/batchsendmsg``."""
        return f"{self.service_name}/{self.command}"


EVENTS: Final = (
    PushOfflinePush,
    PushAllMemberPush,
    ContentResultNotify,
    AlertRequestOverLimit,
)
"""In the manual's order."""
