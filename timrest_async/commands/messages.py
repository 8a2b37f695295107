"""One-to-one messages. The manual's documents: 269/2282 (one receiver) and 269/1612 (up to 500)."""

from collections.abc import Sequence
from typing import Annotated, Literal

from attrs import field, frozen

from timrest_async._bounds import U32, Items, as_list
from timrest_async._wire import Struct, Wire
from timrest_async.commands._command import Command, next_seq, random_u32
from timrest_async.commands._domain import Domain, endpoint
from timrest_async.commands._shared import AccountId, ForbidCallbackControl, MsgLifeTime, SendMsgControl
from timrest_async.elements import MsgBody, OfflinePushInfo, as_body

__all__ = ["BatchSendError", "Messages", "SendBatch", "SendBatchReply", "SendMessage", "SendMessageReply"]


@frozen(kw_only=True)
class SendMessageReply(Struct):
    """The service's receipt for one message."""

    msg_time: int
    """When the service took the message, Unix seconds."""

    msg_key: str | None = None
    """What recalls, changes and receipts name it by; absent in replies of before 2020."""

    msg_id: str | None = None
    """The id under which clients know it; absent in replies of before December 2024."""


@frozen(kw_only=True)
class SendMessage(Command[SendMessageReply]):
    """Send one message to one account.

    The sender is the administrator, or any account given as *from_account*. The service drops a repeat of the same
    ``msg_seq``, ``msg_random`` and content within 120 seconds, so a retry of this value is never delivered twice.
    Document 269/2282.
    """

    path = "openim/sendmsg"
    repeatable_for = 120.0

    sync_other_machine: Literal[1, 2] | None = None
    """1: the sender's own devices and history get it too, 2: they do not; left out, the history does."""

    from_account: Annotated[AccountId | None, Wire("From_Account")] = None
    """On whose behalf; the administrator when left out."""

    to_account: Annotated[AccountId, Wire("To_Account")] = field(kw_only=False)
    """Who receives it: exactly one account."""

    online_only_flag: Literal[0, 1] | None = None
    """1: only who is online gets it, and nothing is stored."""

    msg_life_time: MsgLifeTime | None = None
    """Seconds for which it waits for an offline receiver, 0 to 604,800; 7 days when left out, 0: online only."""

    msg_seq: U32 | None = field(factory=next_seq)
    """Orders messages of the same second and is part of what tells a repeat; counted up when left out."""

    msg_random: U32 = field(factory=random_u32)
    """Drawn once, so that every attempt is the same message."""

    msg_time_stamp: int | None = None
    """The time of the message, Unix seconds; gone from the manual since 2023."""

    forbid_callback_control: list[ForbidCallbackControl] | None = None
    """Callbacks that this message does not trigger."""

    send_msg_control: list[SendMsgControl] | None = None
    """What this message leaves alone."""

    msg_body: MsgBody = field(converter=as_body, kw_only=False)
    """What is sent, element by element; at most one of them :class:`~timrest_async.Custom`."""

    cloud_custom_data: str | None = None
    """Stored and delivered with the message; counts to its size."""

    support_message_extension: Literal[0, 1] | None = None
    """1: key-value extensions may be set on it later."""

    offline_push_info: OfflinePushInfo | None = None
    """How it is announced to an offline receiver."""

    is_need_read_receipt: Literal[0, 1] | None = None
    """1: ask for a read receipt."""


@frozen(kw_only=True)
class BatchSendError(Struct):
    """A receiver whom a batch did not reach."""

    to_account: Annotated[str, Wire("To_Account")]
    """Who."""

    error_code: int = 0
    """Why, such as 70107 for an account that does not exist; 0 in replies of before 2020, which do not say."""


@frozen(kw_only=True)
class SendBatchReply(Struct):
    """The service's receipt for a batch, and whom it did not reach."""

    action_status: str
    """``OK``, or ``SomeError`` when :attr:`error_list` names receivers who were not reached."""

    msg_key: str | None = None
    """What recalls and changes name the message by, the same for every receiver."""

    msg_id: str | None = None
    """The id under which clients know it; absent in replies of before December 2024."""

    error_list: list[BatchSendError] = field(factory=list[BatchSendError])
    """Receivers who were not reached, each with the reason."""

    msg_time: int | None = None
    """When the service took the message, Unix seconds, if it says."""


def _as_accounts(accounts: Sequence[str]) -> list[str]:
    return [accounts] if isinstance(accounts, str) else as_list(accounts)


@frozen(kw_only=True)
class SendBatch(Command[SendBatchReply]):
    """Send one message to up to 500 accounts, each in a conversation of its own.

    Receivers who do not exist are named in the reply's ``error_list``; only when none was reached does the call fail.
    The service promises no de-duplication for batches, triggers no callbacks, and counts every receiver against its
    12,000 messages a minute. Document 269/1612.
    """

    path = "openim/batchsendmsg"

    sync_other_machine: Literal[1, 2] | None = None
    """1: the sender's own devices and history get it too, 2: they do not."""

    from_account: Annotated[AccountId | None, Wire("From_Account")] = None
    """On whose behalf; the administrator when left out."""

    to_account: Annotated[list[AccountId], Items(1, 500), Wire("To_Account")] = field(
        converter=_as_accounts, kw_only=False
    )
    """Who receives it: 1 to 500 accounts."""

    online_only_flag: Literal[0, 1] | None = None
    """1: only who is online gets it, and nothing is stored."""

    msg_life_time: MsgLifeTime | None = None
    """Seconds for which it waits for an offline receiver, 0 to 604,800; 0: online only."""

    msg_seq: U32 | None = field(factory=next_seq)
    """Orders messages of the same second; counted up when left out."""

    msg_random: U32 = field(factory=random_u32)
    """Drawn once."""

    msg_body: MsgBody = field(converter=as_body, kw_only=False)
    """What is sent, element by element."""

    cloud_custom_data: str | None = None
    """Stored and delivered with the message."""

    send_msg_control: list[SendMsgControl] | None = None
    """What this message leaves alone."""

    offline_push_info: OfflinePushInfo | None = None
    """How it is announced to offline receivers."""

    is_need_read_receipt: Literal[0, 1] | None = None
    """1: ask for read receipts."""


class Messages(Domain):
    """One-to-one messages."""

    send = endpoint(SendMessage)
    send_batch = endpoint(SendBatch)
