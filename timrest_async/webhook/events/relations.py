"""Relations between accounts: friends, black lists, following."""

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Final

from attrs import evolve, frozen

from timrest_async._wire import Wire
from timrest_async.commands._reply import Part
from timrest_async.webhook.event import Event, Gate
from timrest_async.webhook.verdicts import FriendResult, FriendVerdict

__all__ = [
    "EVENTS",
    "AccountPair",
    "AnsweredFriend",
    "FollowAfterFollowAdd",
    "FollowAfterFollowDelete",
    "FollowedAccount",
    "FriendGate",
    "RequestedFriend",
    "SnsBlackListAdd",
    "SnsBlackListDelete",
    "SnsFriendAdd",
    "SnsFriendDelete",
    "SnsPrevFriendAdd",
    "SnsPrevFriendResponse",
]


class FriendGate(Gate[FriendVerdict]):
    """Friends that are about to be added, or answered. Each of them is decided about on its own."""

    __slots__ = ()

    _friends_in: ClassVar[str]
    """The field that holds the friends."""

    @property
    def accounts(self) -> list[str]:
        """Who is to be added, or answered."""
        friends: list[RequestedFriend] | list[AnsweredFriend] = getattr(self, self._friends_in)
        return [friend.to_account for friend in friends]

    def refuse(
        self, code: int | None = None, info: str = "", *, accounts: Iterable[str] | str | None = None
    ) -> FriendVerdict:
        """Do not let it happen, with all friends or with some; it happens with the others.

        Args:
            code: what the caller gets for them, from 38000 to 39000; 38000 when left out.
            info: the words that the caller gets with it.
            accounts: with whom; with all when left out. A single one may stand alone.

        Raises:
            InputError: the service does not pass that code on, or *accounts* names nobody, or somebody else.

        """
        chosen = None if accounts is None else self._chosen("refuse", accounts, self.accounts)
        verdict = super().refuse(self.verdict.codes[0] if code is None else code, info)
        if chosen is None:
            return verdict
        results = [
            item if item.to_account in chosen else FriendResult(to_account=item.to_account, result_info="")
            for item in verdict.result_item
        ]
        return evolve(verdict, result_item=results)

    def _verdict(self, *, error_code: int = 0, error_info: str = "", **fields: Any) -> FriendVerdict:
        """Say of each friend what other verdicts say of the event; the verdict's own code would decide nothing."""
        results = [
            FriendResult(to_account=account, result_code=error_code, result_info=error_info)
            for account in self.accounts
        ]
        return super()._verdict(result_item=results, **fields)


@frozen(kw_only=True)
class RequestedFriend(Part):
    """Somebody who is to become a friend."""

    to_account: Annotated[str, Wire("To_Account")]
    """Who that is."""

    remark: str = ""
    """What the account that adds calls the friend."""

    group_name: str = ""
    """Into which of its friend groups."""

    add_source: str = ""
    """Where the request comes from: ``AddSource_Type_`` and a word."""

    add_wording: str = ""
    """The words of the request."""


@frozen(kw_only=True)
class SnsPrevFriendAdd(FriendGate):
    """Friends are about to be added. Document 1047/43468."""

    callback_command = "Sns.CallbackPrevFriendAdd"
    key_fields: ClassVar[tuple[str, ...]] = ("requester_account", "from_account", "friend_item", "event_time")
    _friends_in = "friend_item"

    requester_account: Annotated[str, Wire("Requester_Account")]
    """Who made the request."""

    from_account: Annotated[str, Wire("From_Account")]
    """Whose friends they are to be."""

    friend_item: list[RequestedFriend]
    """Who is to be added."""

    add_type: str = ""
    """``Add_Type_Single``: they become friends of *from_account* alone; ``Add_Type_Both``: of each other."""

    force_add_flags: int = 0
    """1: without asking those who are to be added."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""


@frozen(kw_only=True)
class AnsweredFriend(Part):
    """Somebody whose friend request is to be answered."""

    to_account: Annotated[str, Wire("To_Account")]
    """Who asked."""

    remark: str = ""
    """What the account that answers calls the friend."""

    tag_name: str = ""
    """Into which of its friend groups."""

    response_action: str = ""
    """``Response_Action_AgreeAndAdd``: agreed, and who asked is added too; ``Response_Action_Agree``: agreed;
    ``Response_Action_Reject``: refused."""


@frozen(kw_only=True)
class SnsPrevFriendResponse(FriendGate):
    """Friend requests are about to be answered. Document 1047/43467."""

    callback_command = "Sns.CallbackPrevFriendResponse"
    key_fields: ClassVar[tuple[str, ...]] = ("requester_account", "from_account", "response_friend_item", "event_time")
    _friends_in = "response_friend_item"

    requester_account: Annotated[str, Wire("Requester_Account")]
    """Who made the request."""

    from_account: Annotated[str, Wire("From_Account")]
    """Who answers."""

    response_friend_item: list[AnsweredFriend]
    """Who is to be answered, and how."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""


@frozen(kw_only=True)
class AccountPair(Part):
    """Two accounts."""

    from_account: Annotated[str, Wire("From_Account")]
    """Whose friends, or whose black list, it is about."""

    to_account: Annotated[str, Wire("To_Account")]
    """Who was added to them, or deleted from them."""

    initiator_account: Annotated[str | None, Wire("Initiator_Account")] = None
    """Who asked to be friends; only where friends were added."""


@frozen(kw_only=True)
class SnsFriendAdd(Event):
    """Friends were added. Document 1047/34359."""

    callback_command = "Sns.CallbackFriendAdd"

    pair_list: list[AccountPair]
    """Who was added to whose friends; friends of each other are two pairs."""

    client_cmd: str = ""
    """By what: ``friend_add`` or ``FriendAdd``, they were added; ``friend_response`` or ``FriendResponse``, a request
    was answered."""

    admin_account: Annotated[str, Wire("Admin_Account")] = ""
    """The administrator who did it over the REST API; else empty."""

    force_flag: int = 0
    """1: nobody was asked."""


@frozen(kw_only=True)
class SnsFriendDelete(Event):
    """Friends were deleted. Document 1047/34360."""

    callback_command = "Sns.CallbackFriendDelete"

    pair_list: list[AccountPair]
    """Who was deleted from whose friends."""


@frozen(kw_only=True)
class SnsBlackListAdd(Event):
    """Accounts were added to black lists. Document 1047/34361."""

    callback_command = "Sns.CallbackBlackListAdd"

    pair_list: list[AccountPair]
    """Who was added to whose black list."""


@frozen(kw_only=True)
class SnsBlackListDelete(Event):
    """Accounts were deleted from black lists. Document 1047/34362."""

    callback_command = "Sns.CallbackBlackListDelete"

    pair_list: list[AccountPair]
    """Who was deleted from whose black list."""


@frozen(kw_only=True)
class FollowedAccount(Part):
    """Somebody who is followed."""

    to_account: Annotated[str, Wire("To_Account")]
    """Who that is."""


@frozen(kw_only=True)
class FollowAfterFollowAdd(Event):
    """An account follows others. Document 1047/70355."""

    callback_command = "Follow.CallbackAfterFollowAdd"
    key_fields: ClassVar[tuple[str, ...]] = ("from_account", "follow_list", "event_time")

    from_account: Annotated[str, Wire("From_Account")]
    """Who follows."""

    follow_list: list[FollowedAccount]
    """Who is followed."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""

    @property
    def accounts(self) -> list[str]:
        """Who is followed."""
        return [item.to_account for item in self.follow_list]


@frozen(kw_only=True)
class FollowAfterFollowDelete(Event):
    """An account stopped following others. Document 1047/70356."""

    callback_command = "Follow.CallbackAfterFollowDelete"
    key_fields: ClassVar[tuple[str, ...]] = ("from_account", "to_account", "event_time")

    from_account: Annotated[str, Wire("From_Account")]
    """Who followed."""

    to_account: Annotated[list[str], Wire("To_Account")]
    """Who was followed."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""

    @property
    def accounts(self) -> list[str]:
        """Who was followed."""
        return self.to_account


EVENTS: Final = (
    SnsPrevFriendAdd,
    SnsPrevFriendResponse,
    SnsFriendAdd,
    SnsFriendDelete,
    SnsBlackListAdd,
    SnsBlackListDelete,
    FollowAfterFollowAdd,
    FollowAfterFollowDelete,
)
"""In the manual's order."""
