"""Official accounts: made, changed, subscribed to, heard of."""

from collections.abc import Iterable
from typing import Annotated, ClassVar, Final

from attrs import frozen

from timrest_async._wire import Wire
from timrest_async.commands._reply import Part
from timrest_async.elements import Element
from timrest_async.webhook.event import Event, Gate, MessageGate
from timrest_async.webhook.verdicts import OfficialAccountVerdict, OfficialMessageVerdict, SubscribeVerdict

__all__ = [
    "EVENTS",
    "OfficialAccountAfterAddSubscriber",
    "OfficialAccountAfterCreateOfficialAccount",
    "OfficialAccountAfterDeleteSubscriber",
    "OfficialAccountAfterMsgWithDraw",
    "OfficialAccountAfterOfficialAccountDestroyed",
    "OfficialAccountAfterOfficialAccountFull",
    "OfficialAccountAfterOfficialAccountInfoChanged",
    "OfficialAccountAfterSendMsg",
    "OfficialAccountBeforeAddSubscriber",
    "OfficialAccountBeforeCreateOfficialAccount",
    "OfficialAccountBeforeSendMsg",
    "SubscriberAccount",
    "WithdrawnMessage",
]


@frozen(kw_only=True)
class OfficialAccountBeforeCreateOfficialAccount(Gate[OfficialAccountVerdict]):
    """An official account is about to be made."""

    callback_command = "OfficialAccount.CallbackBeforeCreateOfficialAccount"
    key_fields: ClassVar[tuple[str, ...]] = ("operator_account", "owner_account", "name", "event_time")

    operator_account: Annotated[str, Wire("Operator_Account")]
    """Who made the request."""

    owner_account: Annotated[str, Wire("Owner_Account")]
    """Whose it is to be."""

    name: str = ""
    """Its name."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""


@frozen(kw_only=True)
class OfficialAccountAfterCreateOfficialAccount(Event):
    """An official account was made."""

    callback_command = "OfficialAccount.CallbackAfterCreateOfficialAccount"
    key_fields: ClassVar[tuple[str, ...]] = ("official_account", "event_time")

    operator_account: Annotated[str, Wire("Operator_Account")]
    """Who made the request."""

    official_account: Annotated[str, Wire("Official_Account")]
    """The official account; its id starts with ``@TOA#_``."""

    owner_account: Annotated[str, Wire("Owner_Account")]
    """Whose it is."""

    name: str = ""
    """Its name."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""


@frozen(kw_only=True)
class OfficialAccountAfterOfficialAccountInfoChanged(Event):
    """The profile of an official account was changed; what did not change is ``None``."""

    callback_command = "OfficialAccount.CallbackAfterOfficialAccountInfoChanged"
    key_fields: ClassVar[tuple[str, ...]] = ("official_account", "operator_account", "event_time")

    official_account: Annotated[str, Wire("Official_Account")]
    """The official account."""

    operator_account: Annotated[str, Wire("Operator_Account")]
    """Who made the request."""

    name: str | None = None
    """Its name."""

    introduction: str | None = None
    """What it is about."""

    face_url: str | None = None
    """The address of its picture."""

    organization: str | None = None
    """The organization that it belongs to."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""


@frozen(kw_only=True)
class OfficialAccountAfterOfficialAccountDestroyed(Event):
    """An official account was deleted."""

    callback_command = "OfficialAccount.CallbackAfterOfficialAccountDestroyed"
    key_fields: ClassVar[tuple[str, ...]] = ("official_account", "event_time")

    official_account: Annotated[str, Wire("Official_Account")]
    """The official account."""

    owner_account: Annotated[str, Wire("Owner_Account")]
    """Whose it was."""

    name: str = ""
    """Its name."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""


@frozen(kw_only=True)
class SubscriberAccount(Part):
    """A subscriber of an official account."""

    subscriber_account: Annotated[str, Wire("Subscriber_Account")]
    """Who that is."""


@frozen(kw_only=True)
class OfficialAccountBeforeAddSubscriber(Gate[SubscribeVerdict]):
    """Accounts are about to subscribe, or to be subscribed, to an official account. Document 1047/60799.

    :meth:`refuse` keeps all of them out, :meth:`refuse_subscribers` some.
    """

    callback_command = "OfficialAccount.CallbackBeforeAddSubscriber"
    key_fields: ClassVar[tuple[str, ...]] = (
        "official_account",
        "operator_account",
        "subscribe_account_list",
        "event_time",
    )

    official_account: Annotated[str, Wire("Official_Account")]
    """The official account."""

    operator_account: Annotated[str, Wire("Operator_Account")]
    """Who made the request."""

    subscribe_account_list: list[SubscriberAccount]
    """Who is to subscribe."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""

    @property
    def subscribers(self) -> list[str]:
        """Who is to subscribe."""
        return [item.subscriber_account for item in self.subscribe_account_list]

    def refuse_subscribers(self, accounts: Iterable[str] | str) -> SubscribeVerdict:
        """Do not let *accounts*, one or several, subscribe; all others do.

        Raises:
            InputError: nobody is named, or somebody who is not about to subscribe.

        """
        refused = self._chosen("refuse_subscribers", accounts, self.subscribers)
        return self._verdict(refused_subscribers_account=refused)


@frozen(kw_only=True)
class OfficialAccountAfterAddSubscriber(Event):
    """Accounts subscribed, or were subscribed, to an official account. Document 1047/60800."""

    callback_command = "OfficialAccount.CallbackAfterAddSubscriber"
    key_fields: ClassVar[tuple[str, ...]] = (
        "official_account",
        "operator_account",
        "subscribe_account_list",
        "event_time",
    )

    official_account: Annotated[str, Wire("Official_Account")]
    """The official account."""

    operator_account: Annotated[str, Wire("Operator_Account")]
    """Who made the request."""

    subscribe_account_list: list[SubscriberAccount]
    """Who subscribed."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""

    @property
    def subscribers(self) -> list[str]:
        """Who subscribed."""
        return [item.subscriber_account for item in self.subscribe_account_list]


@frozen(kw_only=True)
class OfficialAccountAfterDeleteSubscriber(Event):
    """Subscribers left an official account, or were removed."""

    callback_command = "OfficialAccount.CallbackAfterDeleteSubscriber"
    key_fields: ClassVar[tuple[str, ...]] = (
        "official_account",
        "operator_account",
        "subscribe_account_list",
        "event_time",
    )

    official_account: Annotated[str, Wire("Official_Account")]
    """The official account."""

    operator_account: Annotated[str, Wire("Operator_Account")]
    """Who made the request."""

    subscribe_account_list: list[SubscriberAccount]
    """Who was a subscriber."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""

    @property
    def subscribers(self) -> list[str]:
        """Who was a subscriber."""
        return [item.subscriber_account for item in self.subscribe_account_list]


@frozen(kw_only=True)
class OfficialAccountAfterOfficialAccountFull(Event):
    """An official account has as many subscribers as it may have."""

    callback_command = "OfficialAccount.CallbackAfterOfficialAccountFull"
    key_fields: ClassVar[tuple[str, ...]] = ("official_account", "event_time")

    official_account: Annotated[str, Wire("Official_Account")]
    """The official account."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""


@frozen(kw_only=True)
class OfficialAccountBeforeSendMsg(MessageGate[OfficialMessageVerdict]):
    """An official account's message is about to be delivered. Document 1047/60803."""

    callback_command = "OfficialAccount.CallbackBeforeSendMsg"
    key_fields: ClassVar[tuple[str, ...]] = ("official_account", "msg_body", "cloud_custom_data", "event_time")

    official_account: Annotated[str, Wire("Official_Account")]
    """The official account, which writes."""

    online_only_flag: int = 0
    """1: only who is online gets it, and nothing is kept."""

    msg_body: list[Element]
    """What the sender wrote, element by element."""

    cloud_custom_data: str = ""
    """The sender's own data beside the message."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""


@frozen(kw_only=True)
class OfficialAccountAfterSendMsg(Event):
    """An official account's message was delivered."""

    callback_command = "OfficialAccount.CallbackAfterSendMsg"
    key_fields: ClassVar[tuple[str, ...]] = ("official_account", "msg_key")

    official_account: Annotated[str, Wire("Official_Account")]
    """The official account, which wrote."""

    msg_key: str
    """By which it can be recalled."""

    msg_time: int
    """When the service took it, Unix seconds."""

    online_only_flag: int = 0
    """1: only who was online got it, and nothing is kept."""

    msg_body: list[Element]
    """What was delivered, element by element."""

    cloud_custom_data: str = ""
    """The data beside the message."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""


@frozen(kw_only=True)
class WithdrawnMessage(Part):
    """A message that was recalled."""

    msg_key: str
    """Which message."""


@frozen(kw_only=True)
class OfficialAccountAfterMsgWithDraw(Event):
    """Messages of an official account were recalled."""

    callback_command = "OfficialAccount.CallbackAfterMsgWithDraw"
    key_fields: ClassVar[tuple[str, ...]] = ("official_account", "withdraw_msg_list", "event_time")

    official_account: Annotated[str, Wire("Official_Account")]
    """The official account, which wrote them."""

    withdraw_msg_list: list[WithdrawnMessage]
    """The messages."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""


EVENTS: Final = (
    OfficialAccountBeforeCreateOfficialAccount,
    OfficialAccountAfterCreateOfficialAccount,
    OfficialAccountAfterOfficialAccountInfoChanged,
    OfficialAccountAfterOfficialAccountDestroyed,
    OfficialAccountBeforeAddSubscriber,
    OfficialAccountAfterAddSubscriber,
    OfficialAccountAfterDeleteSubscriber,
    OfficialAccountAfterOfficialAccountFull,
    OfficialAccountBeforeSendMsg,
    OfficialAccountAfterSendMsg,
    OfficialAccountAfterMsgWithDraw,
)
"""In the manual's order."""
