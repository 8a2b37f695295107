"""Official accounts, their subscribers and messages."""

from collections.abc import Iterable, Sequence
from math import inf
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from attrs import evolve, field, frozen

from timrest_async._bounds import U32, Between, Bounded, Items, as_list
from timrest_async._wire import Targets, Wire
from timrest_async.commands._command import Command, random_u32
from timrest_async.commands._domain import Domain, endpoint, paged, split
from timrest_async.commands._paging import PagedCommand
from timrest_async.commands._reply import CommandReply, Outcome, Part, PartialReply, Result, Utc, failure
from timrest_async.commands._shared import AccountId, ForbidCallbackControl, as_ids
from timrest_async.elements import MsgBody, as_body
from timrest_async.errors import Failure

__all__ = [
    "AddSubscribers",
    "AddSubscribersReply",
    "CreateOfficialAccount",
    "CreateOfficialAccountReply",
    "DeleteSubscribers",
    "DeleteSubscribersReply",
    "DestroyOfficialAccount",
    "GetOfficialAccounts",
    "GetOfficialAccountsReply",
    "GetOfficialMessages",
    "GetOfficialMessagesReply",
    "ListSubscribed",
    "ListSubscribedReply",
    "ListSubscribers",
    "ListSubscribersReply",
    "ModifyOfficialAccount",
    "ModifySubscriber",
    "OfficialAccountFilter",
    "OfficialAccountId",
    "OfficialAccountInfo",
    "OfficialAccounts",
    "RecallOfficialMessages",
    "RecallOfficialMessagesReply",
    "RecallResult",
    "SendOfficialMessage",
    "SendOfficialMessageReply",
    "SubscribeResult",
    "Subscriber",
    "SubscriberInfo",
    "SubscriberSelf",
]


@frozen(kw_only=True)
class CreateOfficialAccountReply(CommandReply):
    """The new official account."""

    official_account_user_id: Annotated[str | None, Wire("OfficialAccountUserID")] = None
    """Its id, by which all other commands name it."""


@frozen(kw_only=True)
class CreateOfficialAccount(Command[CreateOfficialAccountReply]):
    """Create an official account: what it publishes reaches everybody who subscribes to it.

    A feature of the highest edition. Without an id of your own a repeat makes a second one. Document 1047/60755.
    """

    path = "official_account_open_http_svc/create_official_account"

    owner_account: Annotated[AccountId, Wire("Owner_Account")] = field(kw_only=False)
    """Whose it is: an account that is registered."""

    official_account_user_id: Annotated[str | None, Wire("OfficialAccountUserID")] = None
    """An id of your own, starting with ``@TOA#_``; the service assigns one when left out."""

    name: str = field(kw_only=False)
    """Its name, up to 150 bytes."""

    introduction: str | None = None
    """What it is about, up to 400 bytes."""

    face_url: str | None = None
    """The address of its picture, up to 500 bytes."""

    max_subscriber_num: int | None = None
    """How many may subscribe; 100,000 when left out."""

    organization: str | None = None
    """The organization that it belongs to, up to 500 bytes."""

    custom_string: str | None = None
    """A text of yours, up to 3,000 bytes."""


@frozen(kw_only=True)
class DestroyOfficialAccount(Command[None]):
    """Delete an official account, for good. Document 1047/60756."""

    path = "official_account_open_http_svc/destroy_official_account"
    repeatable_for = inf

    official_account: Annotated[str, Wire("Official_Account")] = field(kw_only=False)
    """The official account."""


@frozen(kw_only=True)
class ModifyOfficialAccount(Command[None]):
    """Change the profile of an official account; what is left out stays as it is. Document 1047/60757."""

    path = "official_account_open_http_svc/modify_official_account_base_info"
    repeatable_for = inf

    official_account: Annotated[str, Wire("Official_Account")] = field(kw_only=False)
    """The official account."""

    name: str | None = None
    """Its name, up to 150 bytes."""

    introduction: str | None = None
    """What it is about, up to 400 bytes."""

    face_url: str | None = None
    """The address of its picture, up to 500 bytes."""

    organization: str | None = None
    """The organization that it belongs to, up to 500 bytes."""

    max_subscriber_num: int | None = None
    """How many may subscribe."""

    custom_string: str | None = None
    """A text of yours, up to 3,000 bytes."""


@frozen
class OfficialAccountId(Bounded):
    """An official account, as the command that reads profiles lists it."""

    official_account: Annotated[str, Wire("Official_Account")]
    """The official account."""


def _as_official_accounts(accounts: Iterable[str | OfficialAccountId] | str) -> list[OfficialAccountId]:
    return as_list([accounts] if isinstance(accounts, str) else accounts, _as_official_account)


def _as_official_account(account: str | OfficialAccountId) -> OfficialAccountId:
    return OfficialAccountId(account) if isinstance(account, str) else account


@frozen(kw_only=True)
class OfficialAccountFilter(Bounded):
    """Which fields of an official account are told, by their names on the wire."""

    official_account_base_info_filter: (
        list[
            Literal[
                "CreateTime",
                "Name",
                "Owner_Account",
                "LastMsgTime",
                "SubscriberNum",
                "Introduction",
                "FaceUrl",
                "Organization",
                "CustomString",
            ]
        ]
        | None
    ) = None
    """Fields of its profile; all when left out."""

    self_info_filter: list[Literal["SubscribeTime", "CustomString"]] | None = None
    """Fields of the subscription, for :class:`ListSubscribed` alone; all when left out."""


@frozen(kw_only=True)
class SubscriberSelf(Part):
    """What an official account knows of one subscriber."""

    subscribe_time: int | None = None
    """When it subscribed, Unix seconds."""

    custom_string: str | None = None
    """The text that was kept with the subscription."""

    subscribe_time_utc: ClassVar[Utc] = Utc("subscribe_time")


@frozen(kw_only=True)
class OfficialAccountInfo(Result):
    """The profile of an official account, or why it cannot be read. A field that was not asked for is ``None``."""

    official_account: Annotated[str | None, Wire("Official_Account")] = None
    """The official account."""

    error_code: int | None = None
    """0 when it was read, otherwise why not; not every answer has it."""

    error_info: str | None = None
    """Why not, in the service's words."""

    name: str | None = None
    """Its name."""

    owner_account: Annotated[str | None, Wire("Owner_Account")] = None
    """Whose it is."""

    create_time: int | None = None
    """When it was created, Unix seconds."""

    last_msg_time: int | None = None
    """When the last message was sent, Unix seconds."""

    subscriber_num: int | None = None
    """How many subscribe to it."""

    introduction: str | None = None
    """What it is about."""

    face_url: str | None = None
    """The address of its picture."""

    organization: str | None = None
    """The organization that it belongs to."""

    custom_string: str | None = None
    """The text that whoever made it or changed it added."""

    self_info: SubscriberSelf | None = None
    """The subscription, where the official accounts of one subscriber were asked for."""

    create_time_utc: ClassVar[Utc] = Utc("create_time")
    last_msg_time_utc: ClassVar[Utc] = Utc("last_msg_time")

    @property
    def about(self) -> str:
        """The official account's id; empty where the answer leaves it out."""
        return self.official_account or ""

    @property
    def failure(self) -> Failure | None:
        """Why it could not be read."""
        return failure(self.about, self.error_code, self.error_info)


@frozen(kw_only=True)
class GetOfficialAccountsReply(PartialReply):
    """The profiles, and which of them could not be read."""

    official_account_info_list: list[OfficialAccountInfo] = field(factory=list[OfficialAccountInfo])
    """One entry for each official account."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.official_account_info_list


@frozen(kw_only=True)
class GetOfficialAccounts(Command[GetOfficialAccountsReply]):
    """Read the profiles of up to 50 official accounts. Document 1047/60758."""

    path = "official_account_open_http_svc/get_official_account_info"
    repeatable_for = inf

    # No Targets: no document promises that an entry carries the id by which it would be found missing.
    official_account_id_list: Annotated[list[OfficialAccountId], Items(1, 50)] = field(
        converter=_as_official_accounts, kw_only=False
    )
    """The official accounts, 1 to 50; ids will do."""

    response_filter: OfficialAccountFilter | None = None
    """Which fields are told; all when left out."""


@frozen
class Subscriber(Bounded):
    """An account that is to subscribe."""

    subscriber_account: Annotated[AccountId, Wire("Subscriber_Account")]
    """The account."""


def _as_subscribers(accounts: Iterable[str | Subscriber] | str) -> list[Subscriber]:
    return as_list([accounts] if isinstance(accounts, str) else accounts, _as_subscriber)


def _as_subscriber(account: str | Subscriber) -> Subscriber:
    return Subscriber(account) if isinstance(account, str) else account


@frozen(kw_only=True)
class SubscribeResult(Result):
    """What became of one account that was to subscribe, or to subscribe no more."""

    subscriber_account: Annotated[str, Wire("Subscriber_Account")]
    """The account."""

    result: int = 0
    """0 when it failed, 1 when it was done, 2 when it had been so before."""

    @property
    def failure(self) -> Failure | None:
        """That it failed; the service does not say why."""
        return None if self.result else Failure(self.subscriber_account, None, "not done")


@frozen(kw_only=True)
class AddSubscribersReply(PartialReply):
    """Who subscribes."""

    subscriber_list: list[SubscribeResult] = field(factory=list[SubscribeResult])
    """One entry for each account."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.subscriber_list


@frozen(kw_only=True)
class AddSubscribers(Command[AddSubscribersReply]):
    """Make up to 100 accounts subscribe to an official account. Document 1047/60760."""

    path = "official_account_open_http_svc/add_subscriber"
    repeatable_for = inf

    official_account: Annotated[str, Wire("Official_Account")] = field(kw_only=False)
    """The official account."""

    subscriber_list: Annotated[list[Subscriber], Items(1, 100), Targets()] = field(
        converter=_as_subscribers, kw_only=False
    )
    """Who is to subscribe, 1 to 100 accounts; ids will do."""


@frozen(kw_only=True)
class DeleteSubscribersReply(PartialReply):
    """Who subscribes no more."""

    subscriber_list: list[SubscribeResult] = field(factory=list[SubscribeResult])
    """One entry for each account."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.subscriber_list


@frozen(kw_only=True)
class DeleteSubscribers(Command[DeleteSubscribersReply]):
    """End the subscriptions of accounts to an official account. Document 1047/60761."""

    path = "official_account_open_http_svc/delete_subscriber"
    repeatable_for = inf

    official_account: Annotated[str, Wire("Official_Account")] = field(kw_only=False)
    """The official account."""

    subscriber_to_del_account: Annotated[list[AccountId], Wire("SubscriberToDel_Account"), Targets()] = field(
        converter=as_ids, kw_only=False
    )
    """Whose subscriptions end; no document says how many accounts a call takes."""


@frozen(kw_only=True)
class ModifySubscriber(Command[None]):
    """Change the text that is kept with a subscription. Document 1047/60762."""

    path = "official_account_open_http_svc/modify_subscriber_info"
    repeatable_for = inf

    official_account: Annotated[str, Wire("Official_Account")] = field(kw_only=False)
    """The official account."""

    subscriber_account: Annotated[AccountId, Wire("Subscriber_Account")] = field(kw_only=False)
    """The subscriber."""

    custom_string: str | None = None
    """The text, of your own; unchanged when left out."""


@frozen(kw_only=True)
class SubscriberInfo(Part):
    """A subscriber of an official account."""

    subscriber_account: Annotated[str | None, Wire("Subscriber_Account")] = None
    """The account."""

    subscribe_time: int | None = None
    """When it subscribed, Unix seconds."""

    custom_string: str | None = None
    """The text that was kept with the subscription."""

    msg_flag: Any | None = None
    """How it receives the messages; documents differ on whether this is a number or a word."""

    last_send_msg_time: int | None = None
    """When it last wrote, Unix seconds."""

    subscribe_time_utc: ClassVar[Utc] = Utc("subscribe_time")
    last_send_msg_time_utc: ClassVar[Utc] = Utc("last_send_msg_time")


@frozen(kw_only=True)
class ListSubscribersReply(CommandReply):
    """A page of subscribers."""

    subscriber_num: int | None = None
    """How many there are in all."""

    subscriber_list: list[SubscriberInfo] = field(factory=list[SubscriberInfo])
    """The subscribers of this page."""

    next: str | None = None
    """Where the next page begins; empty on the last."""


@frozen(kw_only=True)
class ListSubscribers(PagedCommand[ListSubscribersReply, SubscriberInfo]):
    """List the subscribers of an official account, page by page. Document 1047/60759."""

    path = "official_account_open_http_svc/get_subscriber_info"
    repeatable_for = inf

    official_account: Annotated[str, Wire("Official_Account")] = field(kw_only=False)
    """The official account."""

    limit: Annotated[int | None, Between(1, 200)] = None
    """How many a page holds, 1 to 200."""

    next: str = ""
    """Where the page begins: the answer's ``next``; empty for the first."""

    def items(self, reply: ListSubscribersReply, /) -> Sequence[SubscriberInfo]:
        """Return the subscribers of a page."""
        return reply.subscriber_list

    def after(self, reply: ListSubscribersReply, /) -> Self | None:
        """Return the command for the next page, if there is one."""
        return evolve(self, next=reply.next) if reply.next else None


@frozen(kw_only=True)
class ListSubscribedReply(CommandReply):
    """A page of official accounts to which one account subscribes."""

    official_account_info_list: list[OfficialAccountInfo] = field(factory=list[OfficialAccountInfo])
    """The official accounts of this page."""

    total_count: int | None = None
    """How many there are in all."""

    complete_flag: int | None = None
    """1 on the last page."""

    next: int | None = None
    """Where the next page begins."""


@frozen(kw_only=True)
class ListSubscribed(PagedCommand[ListSubscribedReply, OfficialAccountInfo]):
    """List the official accounts to which an account subscribes, page by page. Document 1047/60763."""

    path = "official_account_open_http_svc/get_subscribed_official_account_list"
    repeatable_for = inf

    subscriber_account: Annotated[AccountId, Wire("Subscriber_Account")] = field(kw_only=False)
    """The account."""

    limit: Annotated[int | None, Between(1, 200)] = None
    """How many a page holds, 1 to 200; 200 when left out."""

    offset: int | None = None
    """Where the page begins: the answer's ``next``; the first when left out."""

    response_filter: OfficialAccountFilter | None = None
    """Which fields are told; all when left out."""

    def items(self, reply: ListSubscribedReply, /) -> Sequence[OfficialAccountInfo]:
        """Return the official accounts of a page."""
        return reply.official_account_info_list

    def after(self, reply: ListSubscribedReply, /) -> Self | None:
        """Return the command for the next page, if there is one."""
        goes_on = reply.complete_flag != 1 and reply.official_account_info_list and reply.next
        return evolve(self, offset=reply.next) if goes_on else None


@frozen(kw_only=True)
class SendOfficialMessageReply(CommandReply):
    """The service's receipt for one message."""

    msg_key: str | None = None
    """What a recall names it by, up to 50 characters."""

    msg_time: int | None = None
    """When the service took the message, Unix seconds."""

    msg_time_utc: ClassVar[Utc] = Utc("msg_time")


@frozen(kw_only=True)
class SendOfficialMessage(Command[SendOfficialMessageReply]):
    """Send one message to all subscribers of an official account.

    The same content with the same ``random`` is said to be dropped when it comes again within 5 minutes; this library
    does not count on that.
    """

    path = "official_account_open_http_svc/send_official_account_msg"

    official_account: Annotated[str, Wire("Official_Account")] = field(kw_only=False)
    """The official account that sends it."""

    random: U32 = field(factory=random_u32)
    """Drawn once, so that every attempt is the same message."""

    msg_body: MsgBody = field(converter=as_body, kw_only=False)
    """What is sent, element by element."""

    offline_push_info: dict[str, Any] | None = None
    """How it is announced to offline subscribers, key for key as on the wire, such as ``{"Title": "News"}``; one-to-one
    messages have the same keys, see :class:`~timrest_async.OfflinePushInfo`.
    """

    forbid_callback_control: list[ForbidCallbackControl] | None = None
    """Callbacks that this message does not trigger."""

    online_only_flag: Literal[0, 1] | None = None
    """1: only who is online gets it; everybody when left out."""

    send_msg_control: list[Literal["NoLastMsg"]] | None = None
    """NoLastMsg: the conversation list stays as it is. Not together with *online_only_flag* 1."""

    cloud_custom_data: str | None = None
    """Stored and delivered with the message."""


@frozen(kw_only=True)
class RecallResult(Result):
    """What became of one message to recall."""

    msg_key: str | None = None
    """Its key."""

    ret_code: int | None = None
    """0 when it was recalled, otherwise why not, such as 10030 for a message that does not exist."""

    @property
    def about(self) -> str:
        """The message's key; empty where the answer leaves it out."""
        return self.msg_key or ""

    @property
    def failure(self) -> Failure | None:
        """Why it was not recalled."""
        return failure(self.about, self.ret_code)


@frozen(kw_only=True)
class RecallOfficialMessagesReply(PartialReply):
    """What became of each message."""

    recall_ret_list: list[RecallResult] = field(factory=list[RecallResult])
    """One entry for each message."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.recall_ret_list


@frozen(kw_only=True)
class RecallOfficialMessages(Command[RecallOfficialMessagesReply]):
    """Recall up to 10 messages of an official account, of any age as long as they are stored."""

    path = "official_account_open_http_svc/official_account_msg_recall"
    repeatable_for = inf

    official_account: Annotated[str, Wire("Official_Account")] = field(kw_only=False)
    """The official account."""

    # No Targets, as with GetOfficialAccounts.
    msg_key_list: Annotated[list[str], Items(1, 10)] = field(converter=as_ids, kw_only=False)
    """The messages, 1 to 10, by the keys that sending or reading them gave."""

    reason: str | None = None
    """Why, up to 100 bytes."""


@frozen(kw_only=True)
class GetOfficialMessagesReply(CommandReply):
    """A page of an official account's messages."""

    official_account: Annotated[str | None, Wire("Official_Account")] = None
    """The official account."""

    is_finished: int | None = None
    """1 when all that was wanted is here, 0 when it would have been too long, 2 when all that is older has expired."""

    rsp_msg_list: list[dict[str, Any]] = field(factory=list[dict[str, Any]])
    """The messages, key for key as on the wire: ``From_Account``, ``MsgKey``, ``MsgBody`` and more."""

    last_msg_key: str | None = None
    """Where the next page begins."""


@frozen(kw_only=True)
class GetOfficialMessages(PagedCommand[GetOfficialMessagesReply, dict[str, Any]]):
    """Read the messages of an official account, page by page, from the newest back."""

    path = "official_account_open_http_svc/official_account_msg_get_simple"
    repeatable_for = inf

    official_account: Annotated[str, Wire("Official_Account")] = field(kw_only=False)
    """The official account."""

    req_msg_number: int = 20
    """How many messages are wanted, 20 unless given; more than 20 never come at once."""

    last_msg_key: str | None = None
    """Where the page begins: the answer's ``last_msg_key``; the newest message when left out."""

    with_recalled_msg: Literal[0, 1] | None = None
    """1: recalled messages too."""

    def items(self, reply: GetOfficialMessagesReply, /) -> Sequence[dict[str, Any]]:
        """Return the messages of a page."""
        return reply.rsp_msg_list

    def after(self, reply: GetOfficialMessagesReply, /) -> Self | None:
        """Return the command for the next page, if there is one."""
        goes_on = reply.is_finished != 2 and reply.rsp_msg_list and reply.last_msg_key
        return evolve(self, last_msg_key=reply.last_msg_key) if goes_on else None


class OfficialAccounts(Domain):
    """Official accounts, their subscribers and messages."""

    create: Final = endpoint(CreateOfficialAccount)
    destroy: Final = endpoint(DestroyOfficialAccount)
    modify: Final = endpoint(ModifyOfficialAccount)
    get: Final = endpoint(GetOfficialAccounts)
    add_subscribers: Final = endpoint(AddSubscribers)
    add_subscribers_all: Final = split(AddSubscribers)
    delete_subscribers: Final = endpoint(DeleteSubscribers)
    delete_subscribers_all: Final = split(DeleteSubscribers)
    modify_subscriber: Final = endpoint(ModifySubscriber)
    list_subscribers: Final = endpoint(ListSubscribers)
    each_subscriber: Final = paged(ListSubscribers)
    list_subscribed: Final = endpoint(ListSubscribed)
    each_subscribed: Final = paged(ListSubscribed)
    send: Final = endpoint(SendOfficialMessage)
    recall: Final = endpoint(RecallOfficialMessages)
    get_messages: Final = endpoint(GetOfficialMessages)
    each_message: Final = paged(GetOfficialMessages)
