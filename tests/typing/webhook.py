"""What the type checkers make of webhooks. Checked by mypy and pyright, never run."""

from datetime import datetime
from typing import Any, assert_type

from attrs import frozen

from timrest_async import Element, RateLimiter, Text
from timrest_async.webhook import (
    AlertRequestOverLimit,
    Answer,
    Auth,
    C2CAfterSendMsg,
    C2CBeforeSendMsg,
    C2CVerdict,
    Event,
    FriendVerdict,
    GroupBeforeApplyJoinGroup,
    GroupBeforeInviteJoinGroup,
    GroupBeforeSendMsg,
    GroupMessageVerdict,
    GroupVerdict,
    InviteVerdict,
    SnsPrevFriendAdd,
    Verdict,
    Webhook,
    parse,
)

hook = Webhook(Auth(sdkappid=1400000000, token="secret"), fallback="refuse")
both = Auth(sdkappid=1400000000, token=["before", "after"])
limits = RateLimiter()


@frozen(kw_only=True)
class GroupAfterDreams(Event):
    """An event of the user's own."""

    callback_command = "Group.CallbackAfterDreams"

    group_id: str
    """Where."""


@hook.on(C2CBeforeSendMsg)
async def decides(event: C2CBeforeSendMsg) -> C2CVerdict:
    """A function that always decides."""
    assert_type(event.from_account, str)
    assert_type(event.msg_body, list[Element])
    assert_type(event.happened_at, datetime | None)
    assert_type(event.origin.platform, str)
    assert_type(event.allow(), C2CVerdict)
    assert_type(event.drop(), C2CVerdict)
    assert_type(event.rewrite("***"), C2CVerdict)
    assert_type(event.rewrite([Text("***")], cloud_custom_data="checked"), C2CVerdict)
    return event.refuse(120_001, "no links")


@hook.on(C2CBeforeSendMsg, fallback="refuse")
async def no_links(event: C2CBeforeSendMsg) -> C2CVerdict | None:
    """A function that looks at the text."""
    if any("http" in element.text for element in event.msg_body if isinstance(element, Text)):
        return event.refuse(120_001, "no links, please")
    return None


@hook.on(C2CBeforeSendMsg, fallback="allow")
async def may_decide(event: C2CBeforeSendMsg) -> C2CVerdict | None:
    """A function that leaves it to others."""
    return event.drop() if event.online_only_flag else None


@hook.on(C2CBeforeSendMsg)
async def looks_on(event: C2CBeforeSendMsg) -> None:
    """A function that only looks on."""


@hook.on(GroupBeforeInviteJoinGroup)
async def invites(event: GroupBeforeInviteJoinGroup) -> InviteVerdict:
    """A function that refuses some."""
    assert_type(event.members, list[str])
    return event.refuse_members(event.members)


@hook.on(SnsPrevFriendAdd)
async def friends(event: SnsPrevFriendAdd) -> FriendVerdict:
    """A function that refuses one of several."""
    assert_type(event.allow(), FriendVerdict)
    return event.refuse(38_000, "not you", accounts=event.accounts[:1])


@hook.on(GroupAfterDreams)
async def dreams(event: GroupAfterDreams) -> None:
    """A function for an event of the user's own."""
    assert_type(event.group_id, str)


@hook.on(Event)
async def everything(event: Event) -> None:
    """A function for every event."""


@hook.default
async def rest(event: Event) -> None:
    """A function for what no other handles."""


@hook.on(AlertRequestOverLimit)
async def slow_down(event: AlertRequestOverLimit) -> None:
    """A command is near its cap."""
    limits.slow_down(event.origin.sdkappid, event.path, share=0.5, seconds=60)


async def by_hand(body: bytes, event: Event) -> None:
    """Requests and events can be handed over without any server."""
    assert_type(parse("SdkAppid=1", {}, body, auth=both), Event)
    assert_type(await hook.answer("SdkAppid=1", {}, body), Answer)
    assert_type(await hook.dispatch(event), Verdict)


async def of_a_group(event: GroupBeforeSendMsg) -> GroupMessageVerdict:
    """A verdict about a message to a group."""
    return event.refuse(10_100)


async def of_joining(event: GroupBeforeApplyJoinGroup) -> GroupVerdict:
    """A verdict about who joins."""
    return event.refuse()


hook.on(GroupBeforeSendMsg)(of_a_group)
hook.on(GroupBeforeApplyJoinGroup)(of_joining)


async def wrong_family(_: C2CBeforeSendMsg) -> GroupMessageVerdict:
    """A verdict of a group, about a one-to-one message."""
    return GroupMessageVerdict()


async def tells(_: C2CAfterSendMsg) -> C2CVerdict:
    """A verdict about what has happened already."""
    return C2CVerdict()


def waits(_: C2CBeforeSendMsg) -> None:
    """A function that is not async."""


hook.on(C2CBeforeSendMsg)(wrong_family)  # type: ignore[arg-type]  # pyright: ignore[reportCallIssue, reportArgumentType]
hook.on(C2CBeforeSendMsg)(of_a_group)  # type: ignore[arg-type]  # pyright: ignore[reportCallIssue, reportArgumentType]
hook.on(GroupBeforeSendMsg)(of_joining)  # type: ignore[arg-type]  # pyright: ignore[reportCallIssue, reportArgumentType]
hook.on(C2CAfterSendMsg)(tells)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
hook.on(C2CBeforeSendMsg)(waits)  # type: ignore[arg-type]  # pyright: ignore[reportCallIssue, reportArgumentType]
hook.on("C2C.CallbackAfterSendMsg")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
Webhook(both, fallback="perhaps")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
Auth(sdkappid=1400000000)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def not_there(event: GroupBeforeApplyJoinGroup, told: C2CAfterSendMsg) -> Any:
    """What the service does not understand there cannot be said."""
    event.drop()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    event.rewrite("***")  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    return told.refuse()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
