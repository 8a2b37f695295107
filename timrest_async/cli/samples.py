"""The eight sample messages of the manual's two pages on sending, as typed values.

Three go from one account to another (document 269/2282), five to a group (269/1629). Their random numbers are drawn
instead of copied: the manual prints the same one everywhere, by which the service would take a later sample for a
repeat of an earlier one.
"""

from typing import Final

from attrs import frozen

from timrest_async.commands.group_messages import SendGroupMessage
from timrest_async.commands.messages import SendMessage
from timrest_async.elements import AndroidInfo, ApnsInfo, Face, OfflinePushInfo, Text

__all__ = ["ACCOUNTS", "GROUP", "Sample", "samples"]

ACCOUNTS: Final = ("lumotuwe1", "lumotuwe2", "leckie")
"""Who the samples speak of, apart from the administrator."""

GROUP: Final = "@TGS#2C5SZEAEF"
"""The group the samples speak of."""


@frozen
class Sample:
    """One of the eight."""

    point: str
    """What it shows, in a few words."""

    command: SendMessage | SendGroupMessage
    """The message."""


def samples() -> list[Sample]:
    """Build all eight, each with random numbers of its own."""
    return [*_to_accounts(), *_to_groups()]


def _to_accounts() -> list[Sample]:
    hello = Text("hi, beauty")
    return [
        Sample(
            "kept 60 s, sender's devices left out",
            SendMessage("lumotuwe2", hello, sync_other_machine=2, msg_life_time=60, msg_time_stamp=5454457),
        ),
        Sample(
            "kept an hour, announced to phones",
            SendMessage(
                "lumotuwe2",
                hello,
                sync_other_machine=2,
                from_account="lumotuwe1",
                msg_life_time=3600,
                msg_time_stamp=5454457,
                offline_push_info=OfflinePushInfo(
                    push_flag=0,
                    desc="离线推送内容",
                    ext="这是透传的内容",
                    android_info=AndroidInfo(sound="android.mp3"),
                    apns_info=ApnsInfo(
                        sound="apns.mp3",
                        badge_mode=1,
                        title="apns title",
                        sub_title="apns subtitle",
                        image="www.image.com",
                    ),
                ),
            ),
        ),
        Sample(
            "on the sender's devices too",
            SendMessage("lumotuwe2", hello, sync_other_machine=1, from_account="lumotuwe1", msg_time_stamp=5454457),
        ),
    ]


def _to_groups() -> list[Sample]:
    body = [Text("red packet"), Face(6, "abc\0\1")]
    push = OfflinePushInfo(push_flag=0, desc="离线推送内容", ext="这是透传的内容", sound="这是推送的声音")
    return [
        Sample("announced to phones", SendGroupMessage(GROUP, body, offline_push_info=push)),
        Sample("from a member", SendGroupMessage(GROUP, body, from_account="leckie")),
        Sample("high priority", SendGroupMessage(GROUP, body, msg_priority="High")),
        Sample(
            "without callbacks",
            SendGroupMessage(
                GROUP,
                body,
                forbid_callback_control=["ForbidBeforeSendMsgCallback", "ForbidAfterSendMsgCallback"],
            ),
        ),
        Sample("online members only", SendGroupMessage(GROUP, body, online_only_flag=1)),
    ]
