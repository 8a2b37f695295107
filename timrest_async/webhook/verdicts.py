"""What your application answers where the service asks: a class for each family of callbacks.

A verdict is made by the event that it is about, such as ``event.refuse(...)``, and is understood there alone; so
type checkers refuse that of another family, and so does :class:`~timrest_async.webhook.Webhook`.
"""

from typing import Annotated, ClassVar

from attrs import frozen

from timrest_async._wire import Struct, Wire
from timrest_async.elements import MsgBody

__all__ = [
    "C2CVerdict",
    "FriendResult",
    "FriendVerdict",
    "GroupMessageVerdict",
    "GroupVerdict",
    "InviteVerdict",
    "MessageVerdict",
    "OfficialAccountVerdict",
    "OfficialMessageVerdict",
    "SubscribeVerdict",
    "Verdict",
]


@frozen(kw_only=True)
class Verdict(Struct):
    """What the service is told."""

    codes: ClassVar[range] = range(0)
    """Codes that reach the caller as they are."""

    action_status: str = "OK"
    """That your application has answered, whatever it says."""

    error_code: int = 0
    """0: go on. 1: refuse. One of :attr:`codes`: refuse with it. Of a message also 2: drop it, silently."""

    error_info: str = ""
    """The words that go with a code of your own."""

    @property
    def allows(self) -> bool:
        """Whether the service may go on."""
        return self.error_code == 0


@frozen(kw_only=True)
class MessageVerdict(Verdict):
    """What is to become of a message."""

    msg_body: MsgBody | None = None
    """What is delivered in the place of what the sender wrote."""

    cloud_custom_data: str | None = None
    """What is delivered in the place of the sender's CloudCustomData."""


@frozen(kw_only=True)
class C2CVerdict(MessageVerdict):
    """What is to become of a one-to-one message. A refusal without a code of your own is 20006 for the sender."""

    codes: ClassVar[range] = range(120_001, 130_001)


@frozen(kw_only=True)
class GroupMessageVerdict(MessageVerdict):
    """What is to become of a message to a group. A refusal without a code of your own is 10016 for the sender."""

    codes: ClassVar[range] = range(10_100, 10_201)


@frozen(kw_only=True)
class OfficialMessageVerdict(MessageVerdict):
    """What is to become of an official account's message. A refusal without a code of your own is 10016."""

    codes: ClassVar[range] = range(10_100, 10_201)


@frozen(kw_only=True)
class GroupVerdict(Verdict):
    """Whether a group or a topic is made, or joined. A refusal without a code of your own is 10016 for the caller."""

    codes: ClassVar[range] = range(10_100, 10_201)


@frozen(kw_only=True)
class InviteVerdict(Verdict):
    """Who may be added to a group."""

    codes: ClassVar[range] = range(10_100, 10_201)

    refused_members_account: Annotated[list[str] | None, Wire("RefusedMembers_Account")] = None
    """Who is not to be added, where others are."""


@frozen(kw_only=True)
class FriendResult(Struct):
    """What is to become of one friend."""

    to_account: Annotated[str, Wire("To_Account")]
    """Who that is."""

    result_code: int = 0
    """0: go on. 38000 to 39000: refuse with it."""

    result_info: str | None = None
    """The words that go with the code."""


@frozen(kw_only=True)
class FriendVerdict(Verdict):
    """What is to become of each friend that is to be added, or answered."""

    codes: ClassVar[range] = range(38_000, 39_001)

    result_item: list[FriendResult]
    """What is to become of each."""

    @property
    def allows(self) -> bool:
        """Whether the service may go on with all of them."""
        return all(result.result_code == 0 for result in self.result_item)


@frozen(kw_only=True)
class OfficialAccountVerdict(Verdict):
    """Whether an official account is made. There are no codes of your own."""


@frozen(kw_only=True)
class SubscribeVerdict(Verdict):
    """Who may subscribe to an official account. There are no codes of your own."""

    refused_subscribers_account: Annotated[list[str] | None, Wire("RefusedSubscribers_Account")] = None
    """Who is not to subscribe, where others are."""
