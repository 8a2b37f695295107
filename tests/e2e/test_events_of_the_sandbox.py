"""What the sandbox tells and asks is what the library reads: every event of a day in its life, over real sockets."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from tests.webhook.doors import in_aiohttp
from tests.windows import fullest
from timrest_async import OfflinePushInfo, RateLimiter
from timrest_async.commands.group_messages import GroupAtInfo
from timrest_async.commands.messages import C2CMsgInfo
from timrest_async.sandbox import Sandbox, Webhooks
from timrest_async.sandbox.play.accounts import log_in
from timrest_async.webhook import EVENTS, AlertRequestOverLimit, Auth, Event, UnknownEvent, Webhook

if TYPE_CHECKING:
    from timrest_async import TimSession

T = TypeVar("T")

SDKAPPID = 1_400_000_000
TOKEN = "made-up"

OUT_OF_REACH = {
    "Chatbot.OnC2CSignalMessage": "clients signal",
    "Group.CallbackBeforeApplyJoinGroup": "clients apply",
    "Group.CallbackOnMemberStateChange": "clients lose their connection",
    "Group.CallbackOnDailyGroupQuotaAlarm": "its quotas never run out",
    "Push.OfflinePush": "nothing leaves for phones",
    "Sns.CallbackPrevFriendAdd": "over REST nobody is asked, see 1047/43468",
    "Sns.CallbackPrevFriendResponse": "clients answer requests",
}


def known(value: T | None) -> T:
    """Return what a reply has to hold."""
    assert value is not None
    return value


async def a_day(box: Sandbox, tim: TimSession) -> None:
    """Let happen what can."""
    people = ["alice", "bob", "carol"]
    await tim.accounts.import_many([*people, "dave"])
    await tim.profiles.set("alice", {"Tag_Profile_IM_Nick": "爱丽丝"})
    await tim.friends.add("alice", ["bob"])
    await tim.friends.delete("alice", ["bob"])
    await tim.friends.add_to_black_list("alice", ["dave"])
    await tim.friends.delete_from_black_list("alice", ["dave"])
    await tim.friends.follow("alice", ["bob"])
    await tim.friends.unfollow("alice", ["bob"])

    sent = await tim.messages.send("bob", "hi", from_account="alice", is_need_read_receipt=1)
    read = C2CMsgInfo(from_account="alice", to_account="bob", msg_key=known(sent.msg_key))
    await tim.messages.send_read_receipts("bob", "alice", c2c_msg_info=[read])
    await tim.messages.mark_read("bob", "alice")
    await tim.messages.recall("alice", "bob", msg_key=known(sent.msg_key))

    team = known(
        (await tim.groups.create(type="Public", name="队", owner_account="alice", member_list=["bob"])).group_id
    )
    await tim.group_members.add(team, ["carol", "dave"])
    await tim.group_members.modify(team, "carol", role="Admin", name_card="小卡")
    await tim.group_members.delete(team, ["dave"])
    await tim.groups.modify(team, introduction="who we are")
    await tim.groups.set_attributes(team, {"theme": "dark"})
    await tim.groups.change_owner(team, "bob")
    said = await tim.group_messages.send(team, "hi", from_account="alice", need_read_receipt=1)
    await tim.group_messages.send_read_receipts(team, "bob", msg_seq_list=[known(said.msg_seq)])
    await tim.group_messages.recall(team, [known(said.msg_seq)])
    await tim.groups.destroy(team)

    await tim.robots.create("@RBT#helper")
    await tim.messages.send("@RBT#helper", "help", from_account="alice")
    small = known((await tim.groups.create(type="Public", name="two", max_member_count=2)).group_id)
    await tim.group_members.add(small, ["alice", "bob"])
    mention = GroupAtInfo(group_at_all_flag=0, group_at_account="@RBT#helper")
    await tim.group_messages.send(small, "help", from_account="alice", group_at_info=[mention])
    box.rules.group_messages_per_second = 0
    await tim.group_messages.send(small, "help", from_account="alice")

    town = known(
        (await tim.groups.create(type="Community", name="town", owner_account="alice", support_topic=1)).group_id
    )
    topic = known((await tim.communities.create_topic(town, "news")).topic_id)
    await tim.communities.modify_topic(town, topic, introduction="what is new")
    await tim.communities.destroy_topics(town, [topic])

    shop = known((await tim.official_accounts.create("alice", "shop", max_subscriber_num=1)).official_account_user_id)
    await tim.official_accounts.modify(shop, introduction="what we sell")
    await tim.official_accounts.add_subscribers(shop, ["bob"])
    posted = await tim.official_accounts.send(shop, "open")
    await tim.official_accounts.recall(shop, [known(posted.msg_key)])
    await tim.official_accounts.delete_subscribers(shop, ["bob"])
    await tim.official_accounts.destroy(shop)

    log_in(box.state, "alice")
    await tim.accounts.kick("alice")
    await tim.push.push("administrator", offline_push_info=OfflinePushInfo(push_flag=0, title="hi", desc="all"))
    await tim.moderation.check("C2C", content_type="Audio", content="https://example.org/hi.mp3")


async def test_every_event_of_a_day_is_read() -> None:
    """Whatever the sandbox posts is an event of its class, with every member known, a time and a known client."""
    heard: list[Event] = []
    hook = Webhook(Auth(sdkappid=SDKAPPID, token=TOKEN), waiting=10_000)

    @hook.on(Event)
    async def hear(event: Event) -> None:
        heard.append(event)

    async with in_aiohttp(hook) as door:
        url = f"http://127.0.0.1:{door.port}{door.path}"
        webhooks = Webhooks(url, sdkappid=SDKAPPID, token=TOKEN, timeout=60.0, when_silent="refuse")
        async with Sandbox(sdkappid=SDKAPPID, webhooks=webhooks) as box, box.session() as tim:
            await a_day(box, tim)
            await webhooks.idle()
            await hook.idle()
    assert {delivery.failure for delivery in webhooks.deliveries} == {""}
    assert {event.callback_command for event in heard} == EVENTS.keys() - OUT_OF_REACH.keys()
    assert not any(isinstance(event, UnknownEvent) or event.extra for event in heard)
    assert {event.origin.platform for event in heard} == {"restapi"}
    assert hook.failed == 0


async def test_a_command_near_its_cap_is_slowed_down() -> None:
    """At 80 % the service warns, the function slows the limiter down, and from then on half the cap is used."""
    limits, warned = RateLimiter(), asyncio.Event()
    hook = Webhook(Auth(sdkappid=SDKAPPID, token=TOKEN))

    @hook.on(AlertRequestOverLimit)
    async def slow_down(event: AlertRequestOverLimit) -> None:
        limits.slow_down(event.origin.sdkappid, event.path, share=0.5, seconds=60)
        warned.set()

    async with in_aiohttp(hook) as door:
        webhooks = Webhooks(f"http://127.0.0.1:{door.port}{door.path}", sdkappid=SDKAPPID, token=TOKEN, timeout=60.0)
        async with Sandbox(sdkappid=SDKAPPID, webhooks=webhooks) as box, box.session(limits=limits) as tim:
            await asyncio.gather(*(tim.accounts.check(["administrator"]) for _ in range(90)))
            await warned.wait()
            before = len(box.service.calls)
            await asyncio.gather(*(tim.accounts.check(["administrator"]) for _ in range(60)))
            times = [call.time for call in box.service.calls]
    assert fullest(times[before:]) <= 50
    (alert,) = [one.body for one in webhooks.deliveries if one.command == AlertRequestOverLimit.callback_command]
    assert (alert["ServiceName"], alert["Command"]) == ("im_open_login_svc", "account_check")
    assert (alert["Request"], alert["Limit"]) == (81, 100)
