"""Friends: add, import, change, check and delete them; black lists, friend groups and following."""

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import Annotated, Any, ClassVar, Final, Generic, Literal, Self, TypeAlias, TypeVar, cast

from attrs import evolve, field, frozen

from timrest_async._bounds import Between, Bounded, Items, as_list
from timrest_async._wire import Targets, Wire
from timrest_async.commands._command import Command
from timrest_async.commands._domain import Domain, endpoint, paged, split
from timrest_async.commands._paging import PagedCommand
from timrest_async.commands._reply import CommandReply, Outcome, Part, PartialReply, Result, Utc, failure
from timrest_async.commands._shared import AccountId, as_ids, as_optional_ids
from timrest_async.errors import Failure

__all__ = [
    "AccountResult",
    "AddFriendGroups",
    "AddFriendGroupsReply",
    "AddFriendItem",
    "AddFriends",
    "AddFriendsReply",
    "AddToBlackList",
    "AddToBlackListReply",
    "BlackListItem",
    "CheckBlackList",
    "CheckBlackListReply",
    "CheckFollows",
    "CheckFollowsReply",
    "CheckFriends",
    "CheckFriendsReply",
    "CheckItem",
    "CountFollows",
    "CountFollowsReply",
    "DeleteAllFriends",
    "DeleteAllFriendsReply",
    "DeleteFriendGroups",
    "DeleteFriendGroupsReply",
    "DeleteFriends",
    "DeleteFriendsReply",
    "DeleteFromBlackList",
    "DeleteFromBlackListReply",
    "DeleteType",
    "FollowAccounts",
    "FollowAccountsReply",
    "FollowCheckItem",
    "FollowCount",
    "FollowInfo",
    "FollowItem",
    "FriendData",
    "FriendGroup",
    "FriendInfo",
    "Friends",
    "GetFriendGroups",
    "GetFriendGroupsReply",
    "GetFriends",
    "GetFriendsReply",
    "ImportFriendItem",
    "ImportFriends",
    "ImportFriendsReply",
    "ListBlackList",
    "ListBlackListReply",
    "ListFollows",
    "ListFollowsReply",
    "ListFriends",
    "ListFriendsReply",
    "TagValue",
    "UnfollowAccounts",
    "UnfollowAccountsReply",
    "UpdateFriendItem",
    "UpdateFriends",
    "UpdateFriendsReply",
]

R = TypeVar("R")
ItemT = TypeVar("ItemT")

# -- fields of friends and profiles, which travel as pairs


@frozen
class TagValue(Bounded):
    """One field of a friend or a profile."""

    tag: str
    """Its name, such as ``Tag_SNS_IM_Remark``, or ``Tag_SNS_Custom_`` and a name of one's own."""

    value: Any = ""
    """Text, a whole number or, of ``Tag_SNS_IM_Group``, a list of texts; empty text when left out."""


def _as_pairs(pairs: Iterable[TagValue] | Mapping[str, Any]) -> list[TagValue]:
    if isinstance(pairs, Mapping):
        return [TagValue(tag, value) for tag, value in cast("Mapping[str, Any]", pairs).items()]
    return as_list(pairs)


def _as_optional_pairs(pairs: Iterable[TagValue] | Mapping[str, Any] | None) -> list[TagValue] | None:
    return None if pairs is None else _as_pairs(pairs)


class _ProfileFields:
    """Views of pairs that hold a profile."""

    __slots__ = ()

    _pairs_in: ClassVar[str]
    """The field that holds the pairs."""

    @property
    def values(self) -> dict[str, Any]:
        """Every field by its whole tag."""
        pairs: list[TagValue] = getattr(self, self._pairs_in)
        return {pair.tag: pair.value for pair in pairs}

    @property
    def nick(self) -> str | None:
        """Its nickname; ``None`` where the service did not send it."""
        return self._text("Tag_Profile_IM_Nick")

    @property
    def custom(self) -> dict[str, Any]:
        """Custom fields by what follows ``Tag_SNS_Custom_`` or ``Tag_Profile_Custom_``; of two alike, the former."""
        values = self.values
        prefixes = ("Tag_Profile_Custom_", "Tag_SNS_Custom_")
        return {
            tag.removeprefix(prefix): value
            for prefix in prefixes
            for tag, value in values.items()
            if tag.startswith(prefix)
        }

    def _text(self, tag: str) -> str | None:
        value = self.values.get(tag)
        return value if isinstance(value, str) else None


class _FriendFields(_ProfileFields):
    """Views of pairs that hold a friend, too."""

    __slots__ = ()

    @property
    def remark(self) -> str | None:
        """What the account calls this friend."""
        return self._text("Tag_SNS_IM_Remark")

    @property
    def groups(self) -> list[str]:
        """The friend groups that hold it."""
        return as_ids(self.values.get("Tag_SNS_IM_Group") or ())

    @property
    def add_source(self) -> str | None:
        """Where the friendship came from: ``AddSource_Type_`` and a word."""
        return self._text("Tag_SNS_IM_AddSource")

    @property
    def add_wording(self) -> str | None:
        """The words of the request."""
        return self._text("Tag_SNS_IM_AddWording")

    @property
    def add_time(self) -> int | None:
        """When they became friends, Unix seconds."""
        value = self.values.get("Tag_SNS_IM_AddTime")
        return value if isinstance(value, int) else None

    add_time_utc: ClassVar[Utc] = Utc("add_time")


# -- what several commands and replies have


@frozen(kw_only=True)
class _AccountCommand(Command[R], Generic[R]):
    """A command about whom one account knows."""

    repeatable_for = inf

    from_account: Annotated[AccountId, Wire("From_Account")] = field(kw_only=False)
    """The account whose friends, black list, friend groups or follows this is about."""


@frozen(kw_only=True)
class _PagedAccountCommand(PagedCommand[R, ItemT], Generic[R, ItemT]):
    """A command about whom one account knows, answered page by page."""

    repeatable_for = inf

    from_account: Annotated[AccountId, Wire("From_Account")] = field(kw_only=False)
    """The account whose friends, black list or follows this is about."""


@frozen(kw_only=True)
class _AccountOutcome(Result):
    """What became of one account."""

    to_account: Annotated[str, Wire("To_Account")]
    """The account."""

    result_code: int = 0
    """0 where it worked, otherwise why not."""

    result_info: str | None = None
    """Why not, in the service's words; empty where it worked."""

    @property
    def failure(self) -> Failure | None:
        """Why it did not work."""
        return failure(self.to_account, self.result_code, self.result_info)


@frozen(kw_only=True)
class AccountResult(_AccountOutcome):
    """What became of one account."""

    @property
    def pending(self) -> bool:
        """Whether a friend request now waits until the account confirms it (30539), which is no failure."""
        return self.result_code == 30539

    @property
    def failure(self) -> Failure | None:
        """Why it did not work."""
        return None if self.pending else super().failure


@frozen(kw_only=True)
class _Reply(CommandReply):
    """What every reply has."""

    error_display: str | None = field(default=None, repr=False)
    """Words that a client may show to its user."""


@frozen(kw_only=True)
class _PartialReply(PartialReply):
    """What every reply about several accounts has."""

    error_display: str | None = field(default=None, repr=False)
    """Words that a client may show to its user."""


@frozen(kw_only=True)
class _ResultsReply(_PartialReply):
    """What became of each account."""

    result_item: list[AccountResult] = field(factory=list[AccountResult])
    """One entry for each account."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.result_item


@frozen(kw_only=True)
class _NamingReply(_PartialReply):
    """Which accounts failed, beside what the entries say."""

    fail_account: Annotated[list[str], Wire("Fail_Account")] = field(factory=list[str])
    """The accounts that failed; why is told by their entries."""

    def _failures(self) -> Iterable[Failure]:
        return [Failure(account, None) for account in self.fail_account]


@frozen(kw_only=True)
class _NamingResultsReply(_NamingReply):
    """What became of each account, and which failed."""

    result_item: list[AccountResult] = field(factory=list[AccountResult])
    """One entry for each account."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.result_item


# -- friends


@frozen(kw_only=True)
class AddFriendItem(Bounded):
    """One account to befriend."""

    to_account: Annotated[AccountId, Wire("To_Account")] = field(kw_only=False)
    """Who becomes a friend."""

    add_source: str | None = None
    """Where the request comes from: ``AddSource_Type_`` and a word of up to 8 letters. Some documents require it."""

    remark: str | None = None
    """What *from_account* calls the friend, up to 96 bytes; nothing when left out."""

    group_name: str | None = None
    """The one friend group to put it into, up to 30 bytes; none when left out."""

    add_wording: str | None = None
    """The words of the request, up to 256 bytes; none when left out."""


def _as_friends(friends: Iterable[str | AddFriendItem] | str) -> list[AddFriendItem]:
    return as_list([friends] if isinstance(friends, str) else friends, _as_friend)


def _as_friend(friend: str | AddFriendItem) -> AddFriendItem:
    return AddFriendItem(friend) if isinstance(friend, str) else friend


@frozen(kw_only=True)
class AddFriendsReply(_NamingResultsReply):
    """Who was added, who was asked and waits, and who failed."""

    def _failures(self) -> Iterable[Failure]:
        waiting = {result.to_account for result in self.result_item if result.pending}
        return [failed for failed in super()._failures() if failed.about not in waiting]


@frozen(kw_only=True)
class AddFriends(_AccountCommand[AddFriendsReply]):
    """Make accounts friends of one account, or ask those who want to be asked.

    Who has to confirm first is ``pending`` in the reply, and not failed. Calls at once for one *from_account* may
    collide (30008); how many friends a call takes is not documented. Document 269/1643.
    """

    path = "sns/friend_add"

    add_friend_item: Annotated[list[AddFriendItem], Targets()] = field(converter=_as_friends, kw_only=False)
    """The friends; ids will do."""

    add_type: Literal["Add_Type_Single", "Add_Type_Both"] | None = None
    """Whether they become friends of *from_account* alone or both of each other; both when left out."""

    force_add_flags: Literal[0, 1] | None = None
    """1: do not ask the other side; 0 or left out: do as its profile says."""


@frozen(kw_only=True)
class ImportFriendItem(Bounded):
    """One friend to import."""

    to_account: Annotated[AccountId, Wire("To_Account")] = field(kw_only=False)
    """Who becomes a friend."""

    add_source: str
    """Where the friendship comes from: ``AddSource_Type_`` and a word of up to 8 letters."""

    remark: str | None = None
    """What *from_account* calls the friend, up to 96 bytes; nothing when left out."""

    remark_time: int | None = None
    """When it was given that name, Unix seconds."""

    group_name: list[str] | None = field(default=None, converter=as_optional_ids)
    """The friend groups to put it into: a list here, unlike in :class:`AddFriendItem`; none when left out."""

    add_wording: str | None = None
    """The words of the request, up to 256 bytes; none when left out."""

    add_time: int | None = None
    """When they became friends, Unix seconds."""

    custom_item: list[TagValue] | None = field(default=None, converter=_as_optional_pairs)
    """Custom fields, whose tags start with ``Tag_SNS_Custom_``; a mapping of tag to value will do."""


@frozen(kw_only=True)
class ImportFriendsReply(_NamingResultsReply):
    """Who was imported, and who failed."""


@frozen(kw_only=True)
class ImportFriends(_AccountCommand[ImportFriendsReply]):
    """Bring friends from elsewhere to one account, with their remarks, friend groups and times.

    They become friends of *from_account* alone. Calls at once for one *from_account* may collide (30008); how many
    friends a call takes is not documented. Document 269/8301.
    """

    path = "sns/friend_import"

    add_friend_item: Annotated[list[ImportFriendItem], Targets()] = field(kw_only=False)
    """The friends."""


@frozen
class UpdateFriendItem(Bounded):
    """What to change about one friend."""

    to_account: Annotated[AccountId, Wire("To_Account")]
    """The friend."""

    sns_item: list[TagValue] = field(converter=_as_pairs)
    """The fields to write: ``Tag_SNS_IM_Remark``, ``Tag_SNS_IM_Group`` and those that start with ``Tag_SNS_Custom_``. A
    mapping of tag to value will do.
    """

    @classmethod
    def of(
        cls,
        to_account: str,
        *,
        remark: str | None = None,
        groups: Iterable[str] | str | None = None,
        custom: Mapping[str, Any] | None = None,
    ) -> Self:
        """Write what is given, custom fields by what follows ``Tag_SNS_Custom_``; what is left out stays as it is."""
        standard = {"Tag_SNS_IM_Remark": remark, "Tag_SNS_IM_Group": as_optional_ids(groups)}
        given = {tag: value for tag, value in standard.items() if value is not None}
        return cls(to_account, given | {f"Tag_SNS_Custom_{name}": value for name, value in (custom or {}).items()})


@frozen(kw_only=True)
class UpdateFriendsReply(_NamingResultsReply):
    """Which friends were changed, and which failed."""


@frozen(kw_only=True)
class UpdateFriends(_AccountCommand[UpdateFriendsReply]):
    """Change the remarks, friend groups or custom fields of friends.

    Calls at once for one *from_account* may collide (30008); how many friends a call takes is not documented.
    Document 269/12525.
    """

    path = "sns/friend_update"

    update_item: Annotated[list[UpdateFriendItem], Targets()] = field(kw_only=False)
    """The friends, each with the fields to write, see :meth:`UpdateFriendItem.of`."""


DeleteType: TypeAlias = Literal["Delete_Type_Single", "Delete_Type_Both"]
"""Single: friends go from the account's own list, and it stays on theirs. Both: it goes from their lists too."""


@frozen(kw_only=True)
class DeleteFriendsReply(_ResultsReply):
    """Which friends were deleted, and which were not."""


@frozen(kw_only=True)
class DeleteFriends(_AccountCommand[DeleteFriendsReply]):
    """Delete up to 1,000 friends of one account.

    Who is not a friend, as after a repeat, fails with 31704. Document 269/1644.
    """

    path = "sns/friend_delete"

    to_account: Annotated[list[AccountId], Items(1, 1000), Targets(), Wire("To_Account")] = field(
        converter=as_ids, kw_only=False
    )
    """The friends, 1 to 1,000."""

    delete_type: DeleteType | None = None
    """From whose lists; from that of *from_account* alone when left out."""


@frozen(kw_only=True)
class DeleteAllFriendsReply(_Reply):
    """All friends are gone."""


@frozen(kw_only=True)
class DeleteAllFriends(_AccountCommand[DeleteAllFriendsReply]):
    """Delete every friend that one account has. Document 269/1645."""

    path = "sns/friend_delete_all"

    delete_type: DeleteType | None = None
    """From whose lists; from that of *from_account* alone when left out."""


@frozen(kw_only=True)
class CheckItem(_AccountOutcome):
    """Who of two accounts has the other on a list: of friends, or black."""

    relation: str | None = None
    """``CheckResult_Type_`` and ``NoRelation``, or of a black list ``BlackCheckResult_Type_`` and ``NO``; of both also
    ``AWithB``, ``BWithA`` and ``BothWay``, where A is *from_account*. Only a mutual check tells the last two.
    """

    @property
    def listed(self) -> bool:
        """Whether *from_account* has the account on its list."""
        return (self.relation or "").endswith(("_AWithB", "_BothWay"))

    @property
    def lists_back(self) -> bool:
        """Whether the account has *from_account* on its list; a one-way check never says so."""
        return (self.relation or "").endswith(("_BWithA", "_BothWay"))


@frozen(kw_only=True)
class CheckFriendsReply(_NamingReply):
    """Who is a friend, and of whom nothing can be said."""

    info_item: list[CheckItem] = field(factory=list[CheckItem])
    """One entry for each account."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.info_item


@frozen(kw_only=True)
class CheckFriends(_AccountCommand[CheckFriendsReply]):
    """Tell which of up to 1,000 accounts are friends of one account. Document 269/1646."""

    path = "sns/friend_check"

    to_account: Annotated[list[AccountId], Items(1, 1000), Targets(), Wire("To_Account")] = field(
        converter=as_ids, kw_only=False
    )
    """The accounts, 1 to 1,000."""

    check_type: Literal["CheckResult_Type_Single", "CheckResult_Type_Both"]
    """Whether to look into the list of *from_account* alone, or into theirs too."""


@frozen(kw_only=True)
class FriendData(_FriendFields, Part):
    """One friend in the list of all. Profile fields do not come with it."""

    _pairs_in = "value_item"

    to_account: Annotated[str, Wire("To_Account")]
    """The friend."""

    value_item: list[TagValue] = field(factory=list[TagValue])
    """Its fields; :attr:`remark`, :attr:`groups`, :attr:`custom` and others show them one by one."""


@frozen(kw_only=True)
class ListFriendsReply(_Reply):
    """One page of friends."""

    user_data_item: list[FriendData] = field(factory=list[FriendData])
    """The friends on this page."""

    standard_sequence: int | None = None
    """The version of the standard fields, for :attr:`ListFriends.standard_sequence`."""

    custom_sequence: int | None = None
    """The version of the custom fields, for :attr:`ListFriends.custom_sequence`."""

    friend_num: int | None = None
    """How many friends there are in all."""

    complete_flag: int | None = None
    """Not 0 on the last page."""

    next_start_index: int | None = None
    """Where the next page starts."""

    @property
    def complete(self) -> bool:
        """Whether this is the last page."""
        return bool(self.complete_flag)


@frozen(kw_only=True)
class ListFriends(_PagedAccountCommand[ListFriendsReply, FriendData]):
    """List all friends of one account, with what it says of them but without their profiles.

    The service decides how many make a page. Document 269/1647.
    """

    path = "sns/friend_get"

    start_index: int = 0
    """Where the page starts: 0 first, then ``next_start_index`` of the page before."""

    standard_sequence: int | None = None
    """The last version that was seen: while it is the service's, standard fields are left out; all come without it."""

    custom_sequence: int | None = None
    """The same for custom fields."""

    def items(self, reply: ListFriendsReply, /) -> Sequence[FriendData]:
        """Return the friends of one page."""
        return reply.user_data_item

    def after(self, reply: ListFriendsReply, /) -> Self | None:
        """Ask from where the page ended, unless it was the last."""
        start = reply.next_start_index
        return None if reply.complete or start is None else evolve(self, start_index=start)


@frozen(kw_only=True)
class FriendInfo(_FriendFields, _AccountOutcome):
    """What was read of one friend. A field that was not asked for is ``None`` or empty."""

    _pairs_in = "sns_profile_item"

    sns_profile_item: list[TagValue] = field(factory=list[TagValue])
    """Its fields; :attr:`nick`, :attr:`remark`, :attr:`groups`, :attr:`custom` and others show them one by one."""


@frozen(kw_only=True)
class GetFriendsReply(_NamingReply):
    """What was read of each friend, and who failed."""

    info_item: list[FriendInfo] = field(factory=list[FriendInfo])
    """One entry for each friend."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.info_item


@frozen(kw_only=True)
class GetFriends(_AccountCommand[GetFriendsReply]):
    """Read chosen fields of named friends: what one account says of them, and their profiles. Document 269/8609."""

    path = "sns/friend_get_list"

    to_account: Annotated[list[AccountId], Targets(), Wire("To_Account")] = field(converter=as_ids, kw_only=False)
    """The friends; the documents advise against more than 100."""

    tag_list: list[str] = field(converter=as_ids)
    """The fields wanted, such as ``Tag_Profile_IM_Nick``, ``Tag_SNS_IM_Remark`` or ``Tag_SNS_Custom_Level``."""


# -- black lists


@frozen(kw_only=True)
class AddToBlackListReply(_NamingResultsReply):
    """Who was blocked, and who failed."""


@frozen(kw_only=True)
class AddToBlackList(_AccountCommand[AddToBlackListReply]):
    """Block accounts for one account; it holds up to 1,000, and blocking ends a friendship on both sides.

    Who is blocked already, as after a repeat, fails with 30001 and ``Already_Exist``. Document 269/3718.
    """

    path = "sns/black_list_add"

    to_account: Annotated[list[AccountId], Items(1, 1000), Targets(), Wire("To_Account")] = field(
        converter=as_ids, kw_only=False
    )
    """Whom to block, 1 to 1,000 accounts."""


@frozen(kw_only=True)
class DeleteFromBlackListReply(_NamingResultsReply):
    """Who is no longer blocked, and who failed."""


@frozen(kw_only=True)
class DeleteFromBlackList(_AccountCommand[DeleteFromBlackListReply]):
    """Take accounts off the black list of one account. Document 269/3719."""

    path = "sns/black_list_delete"

    to_account: Annotated[list[AccountId], Items(1, 1000), Targets(), Wire("To_Account")] = field(
        converter=as_ids, kw_only=False
    )
    """Whom to unblock, 1 to 1,000 accounts."""


@frozen(kw_only=True)
class BlackListItem(Part):
    """A blocked account."""

    to_account: Annotated[str, Wire("To_Account")]
    """The account."""

    add_black_time_stamp: int | None = None
    """Since when, Unix seconds."""

    add_black_time_stamp_utc: ClassVar[Utc] = Utc("add_black_time_stamp")


@frozen(kw_only=True)
class ListBlackListReply(_Reply):
    """One page of a black list."""

    black_list_item: list[BlackListItem] = field(factory=list[BlackListItem])
    """The blocked accounts on this page."""

    start_index: int | None = None
    """Where the next page starts; 0 on the last."""

    current_sequence: Annotated[int | None, Wire("CurruentSequence")] = None
    """The version of the black list; the service spells it so."""


@frozen(kw_only=True)
class ListBlackList(_PagedAccountCommand[ListBlackListReply, BlackListItem]):
    """List whom one account has blocked. Document 269/3722."""

    path = "sns/black_list_get"

    start_index: int = 0
    """Where the page starts: 0 first, then what the page before says."""

    max_limited: int
    """How many a page holds; the greatest number is not documented."""

    last_sequence: int = 0
    """The last version that was seen; a server has seen none and sends 0."""

    def items(self, reply: ListBlackListReply, /) -> Sequence[BlackListItem]:
        """Return the blocked accounts of one page."""
        return reply.black_list_item

    def after(self, reply: ListBlackListReply, /) -> Self | None:
        """Ask from where the page ended, unless it was the last."""
        return evolve(self, start_index=reply.start_index) if reply.start_index else None


@frozen(kw_only=True)
class CheckBlackListReply(_NamingReply):
    """Who is blocked, and of whom nothing can be said."""

    black_list_check_item: list[CheckItem] = field(factory=list[CheckItem])
    """One entry for each account."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.black_list_check_item


@frozen(kw_only=True)
class CheckBlackList(_AccountCommand[CheckBlackListReply]):
    """Tell which of up to 1,000 accounts one account has blocked. Document 269/3725."""

    path = "sns/black_list_check"

    to_account: Annotated[list[AccountId], Items(1, 1000), Targets(), Wire("To_Account")] = field(
        converter=as_ids, kw_only=False
    )
    """The accounts, 1 to 1,000."""

    check_type: Literal["BlackCheckResult_Type_Single", "BlackCheckResult_Type_Both"]
    """Whether to look into the black list of *from_account* alone, or into theirs too."""


# -- friend groups


@frozen(kw_only=True)
class AddFriendGroupsReply(_NamingResultsReply):
    """The friends who were put into the groups, and who failed; there are no entries where no friends were named."""

    current_sequence: int | None = None
    """The version of the account's friend groups."""


@frozen(kw_only=True)
class AddFriendGroups(_AccountCommand[AddFriendGroupsReply]):
    """Make friend groups for one account, which may have 32, and put friends into them.

    Who is not a friend fails with 32216. Document 269/10107.
    """

    path = "sns/group_add"

    group_name: list[str] = field(converter=as_ids, kw_only=False)
    """Their names, up to 30 bytes each."""

    to_account: Annotated[list[AccountId] | None, Targets(), Wire("To_Account")] = field(
        default=None, converter=as_optional_ids
    )
    """Friends to put into each of them; nobody when left out."""


@frozen(kw_only=True)
class DeleteFriendGroupsReply(_Reply):
    """The friend groups are gone."""

    current_sequence: int | None = None
    """The version of the account's friend groups."""


@frozen(kw_only=True)
class DeleteFriendGroups(_AccountCommand[DeleteFriendGroupsReply]):
    """Delete friend groups of one account. Document 269/10108."""

    path = "sns/group_delete"

    group_name: list[str] = field(converter=as_ids, kw_only=False)
    """Their names."""


@frozen(kw_only=True)
class FriendGroup(Part):
    """A friend group."""

    group_name: str
    """Its name."""

    friend_number: int | None = None
    """How many friends are in it."""

    to_account: Annotated[list[str], Wire("To_Account")] = field(factory=list[str])
    """The friends in it, where they were asked for."""


@frozen(kw_only=True)
class GetFriendGroupsReply(_Reply):
    """Friend groups of one account."""

    result_item: list[FriendGroup] = field(factory=list[FriendGroup])
    """The friend groups."""

    current_sequence: int | None = None
    """The version of the account's friend groups."""


@frozen(kw_only=True)
class GetFriendGroups(_AccountCommand[GetFriendGroupsReply]):
    """List the friend groups of one account. Document 269/54763."""

    path = "sns/group_get"

    need_friend: Literal["Need_Friend_Type_Yes"] | None = None
    """Name the friends too; only how many when left out. Documents differ on whether it works beside *group_name*."""

    group_name: list[str] | None = field(default=None, converter=as_optional_ids)
    """The names of those wanted; all when left out."""


# -- following


@frozen
class FollowItem(Bounded):
    """An account to follow."""

    to_account: Annotated[AccountId, Wire("To_Account")]
    """The account."""


def _as_follow_items(accounts: Iterable[str | FollowItem] | str) -> list[FollowItem]:
    return as_list([accounts] if isinstance(accounts, str) else accounts, _as_follow_item)


def _as_follow_item(account: str | FollowItem) -> FollowItem:
    return FollowItem(account) if isinstance(account, str) else account


@frozen(kw_only=True)
class FollowAccountsReply(_ResultsReply):
    """Who is followed, and who failed."""


@frozen(kw_only=True)
class FollowAccounts(_AccountCommand[FollowAccountsReply]):
    """Let one account follow up to 20 others.

    Paid editions only, with following switched on in the console. Document 1047/70345.
    """

    path = "follow/follow_add"

    follow_item: Annotated[list[FollowItem], Items(1, 20), Targets()] = field(converter=_as_follow_items, kw_only=False)
    """Whom to follow, 1 to 20 accounts; ids will do."""


@frozen(kw_only=True)
class UnfollowAccountsReply(_ResultsReply):
    """Who is no longer followed, and who failed."""


@frozen(kw_only=True)
class UnfollowAccounts(_AccountCommand[UnfollowAccountsReply]):
    """Let one account stop following up to 20 others.

    Paid editions only, with following switched on in the console. Document 1047/70346.
    """

    path = "follow/follow_delete"

    to_account: Annotated[list[AccountId], Items(1, 20), Targets(), Wire("To_Account")] = field(
        converter=as_ids, kw_only=False
    )
    """Whom it stops following, 1 to 20 accounts."""


@frozen(kw_only=True)
class FollowInfo(_ProfileFields, Part):
    """An account that follows or is followed."""

    _pairs_in = "profile_item"

    to_account: Annotated[str, Wire("To_Account")]
    """The account."""

    follow_time: int | None = None
    """Since when, Unix seconds."""

    profile_item: list[TagValue] = field(factory=list[TagValue])
    """Its profile; :attr:`nick`, :attr:`custom` and :attr:`values` show the fields one by one."""

    profile_sequence: Annotated[int | None, Wire("profile_sequence")] = None
    """The version of its profile; not every document has it."""

    follow_time_utc: ClassVar[Utc] = Utc("follow_time")


@frozen(kw_only=True)
class ListFollowsReply(_Reply):
    """One page of accounts."""

    follow_item: list[FollowInfo] = field(factory=list[FollowInfo])
    """The accounts on this page."""

    next_cursor: str | None = None
    """Where the next page starts; empty on the last."""


@frozen(kw_only=True)
class ListFollows(_PagedAccountCommand[ListFollowsReply, FollowInfo]):
    """List who follows one account, whom it follows, or where it is mutual.

    Paid editions only, with following switched on in the console. Document 1047/70347.
    """

    path = "follow/follow_get"

    follow_type: Literal[1, 2, 3]
    """1: who follows it, 2: whom it follows, 3: both at once."""

    start_cursor: str = ""
    """Where the page starts: empty first, then ``next_cursor`` of the page before."""

    want_num: Annotated[int, Between(1, 1000)] = 100
    """How many a page holds, 1 to 1,000; 100 when left out."""

    def items(self, reply: ListFollowsReply, /) -> Sequence[FollowInfo]:
        """Return the accounts of one page."""
        return reply.follow_item

    def after(self, reply: ListFollowsReply, /) -> Self | None:
        """Ask from where the page ended, unless it was the last."""
        return evolve(self, start_cursor=reply.next_cursor) if reply.next_cursor else None


@frozen(kw_only=True)
class FollowCheckItem(_AccountOutcome):
    """Who of two accounts follows the other."""

    follow_type: int | None = None
    """0: neither, 1: the account follows *from_account*, 2: *from_account* follows it, 3: both."""

    @property
    def followed(self) -> bool:
        """Whether *from_account* follows the account."""
        return self.follow_type in {2, 3}

    @property
    def follows_back(self) -> bool:
        """Whether the account follows *from_account*."""
        return self.follow_type in {1, 3}


@frozen(kw_only=True)
class CheckFollowsReply(_PartialReply):
    """Who follows whom, and of whom nothing can be said."""

    result_item: list[FollowCheckItem] = field(factory=list[FollowCheckItem])
    """One entry for each account."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.result_item


@frozen(kw_only=True)
class CheckFollows(_AccountCommand[CheckFollowsReply]):
    """Tell of up to 100 accounts whether they follow one account, and whether it follows them.

    Paid editions only, with following switched on in the console. Document 1047/70348.
    """

    path = "follow/follow_check"

    to_account: Annotated[list[AccountId], Items(1, 100), Targets(), Wire("To_Account")] = field(
        converter=as_ids, kw_only=False
    )
    """The others, 1 to 100."""


@frozen(kw_only=True)
class FollowCount(_AccountOutcome):
    """How many follow one account, and how many it follows."""

    follower_count: int | None = None
    """How many follow it."""

    following_count: int | None = None
    """How many it follows."""

    mutual_following_count: int | None = None
    """With how many it is mutual."""


@frozen(kw_only=True)
class CountFollowsReply(_PartialReply):
    """How many follow each account, and who failed."""

    follow_info: list[FollowCount] = field(factory=list[FollowCount])
    """One entry for each account."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.follow_info


@frozen(kw_only=True)
class CountFollows(_AccountCommand[CountFollowsReply]):
    """Count who follows each of up to 20 accounts, and whom they follow.

    Paid editions only, with following switched on in the console. Document 1047/70350.
    """

    path = "follow/follow_get_info"

    to_account: Annotated[list[AccountId], Items(1, 20), Targets(), Wire("To_Account")] = field(
        converter=as_ids, kw_only=False
    )
    """The accounts to count for, 1 to 20."""


class Friends(Domain):
    """Friends, black lists, friend groups and following."""

    add: Final = endpoint(AddFriends)
    add_all: Final = split(AddFriends, at_once=1)
    import_many: Final = endpoint(ImportFriends)
    import_all: Final = split(ImportFriends, at_once=1)
    update: Final = endpoint(UpdateFriends)
    delete: Final = endpoint(DeleteFriends)
    delete_all: Final = endpoint(DeleteAllFriends)
    check: Final = endpoint(CheckFriends)
    check_all: Final = split(CheckFriends)
    list: Final = endpoint(ListFriends)
    each: Final = paged(ListFriends)
    get: Final = endpoint(GetFriends)
    get_all: Final = split(GetFriends)
    add_to_black_list: Final = endpoint(AddToBlackList)
    delete_from_black_list: Final = endpoint(DeleteFromBlackList)
    list_black_list: Final = endpoint(ListBlackList)
    each_in_black_list: Final = paged(ListBlackList)
    check_black_list: Final = endpoint(CheckBlackList)
    check_black_list_all: Final = split(CheckBlackList)
    add_groups: Final = endpoint(AddFriendGroups)
    delete_groups: Final = endpoint(DeleteFriendGroups)
    get_groups: Final = endpoint(GetFriendGroups)
    follow: Final = endpoint(FollowAccounts)
    follow_all: Final = split(FollowAccounts, at_once=1)
    unfollow: Final = endpoint(UnfollowAccounts)
    unfollow_all: Final = split(UnfollowAccounts, at_once=1)
    list_follows: Final = endpoint(ListFollows)
    each_follow: Final = paged(ListFollows)
    check_follows: Final = endpoint(CheckFollows)
    check_follows_all: Final = split(CheckFollows)
    count_follows: Final = endpoint(CountFollows)
    count_follows_all: Final = split(CountFollows)
