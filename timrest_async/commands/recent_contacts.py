"""Conversations, their groups and marks."""

from collections.abc import Iterable, Sequence
from math import inf
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from attrs import evolve, field, frozen

from timrest_async._bounds import Bounded, Items, as_list
from timrest_async._wire import Wire
from timrest_async.commands._command import Command
from timrest_async.commands._domain import Domain, endpoint, paged
from timrest_async.commands._paging import PagedCommand
from timrest_async.commands._reply import CommandReply, Outcome, Part, PartialReply, Result, Utc, failure
from timrest_async.commands._shared import AccountId, as_ids
from timrest_async.errors import Failure, InputError

__all__ = [
    "Contact",
    "ContactGroup",
    "ContactGroupResult",
    "ContactGroupUpdate",
    "ContactMark",
    "ContactResult",
    "ContactUpdate",
    "CreateContactGroup",
    "CreateContactGroupReply",
    "DeleteContactGroup",
    "DeleteContactGroupReply",
    "DeleteRecentContact",
    "DeleteRecentContactReply",
    "GroupItem",
    "ListContactGroups",
    "ListContactGroupsReply",
    "ListRecentContacts",
    "ListRecentContactsReply",
    "MarkContacts",
    "MarkContactsReply",
    "MarkItem",
    "MarkResult",
    "RecentContacts",
    "SearchContactGroups",
    "SearchContactGroupsReply",
    "Session",
    "UpdateContactGroup",
    "UpdateContactGroupReply",
    "UpdateContactGroupResult",
]


@frozen(kw_only=True)
class Session(Part):
    """A conversation in the list of an account."""

    type: int | None = None
    """1: with an account, 2: in a group."""

    to_account: Annotated[str | None, Wire("To_Account")] = None
    """The other account, for type 1."""

    group_id: str | None = None
    """The group, for type 2."""

    msg_time: int | None = None
    """The time that the list gives it, Unix seconds."""

    top_flag: int | None = None
    """1 where it is pinned, otherwise 0."""

    msg_time_utc: ClassVar[Utc] = Utc("msg_time")

    @property
    def pinned(self) -> bool:
        """Whether it is pinned."""
        return self.top_flag == 1


@frozen(kw_only=True)
class ListRecentContactsReply(CommandReply):
    """A page of conversations, and where the next one starts."""

    session_item: list[Session] = field(factory=list[Session])
    """The conversations of this page."""

    complete_flag: int | None = None
    """1 on the last page, 0 before."""

    time_stamp: int | None = None
    """Where the next page of ordinary conversations starts."""

    start_index: int | None = None
    """The same as an index."""

    top_time_stamp: int | None = None
    """Where the next page of pinned conversations starts."""

    top_start_index: int | None = None
    """The same as an index."""

    error_display: str | None = None
    """Words for the client."""


@frozen(kw_only=True)
class ListRecentContacts(PagedCommand[ListRecentContactsReply, Session]):
    """List the conversations of an account; the service decides how many make a page. Document 269/62118."""

    path = "recentcontact/get_list"
    repeatable_for = inf

    from_account: Annotated[AccountId, Wire("From_Account")] = field(kw_only=False)
    """Whose conversations."""

    time_stamp: int = 0
    """Where ordinary conversations start: 0 first, then what the reply says."""

    start_index: int = 0
    """The same as an index."""

    top_time_stamp: int = 0
    """Where pinned conversations start: 0 first, then what the reply says."""

    top_start_index: int = 0
    """The same as an index."""

    assist_flags: int = 7
    """The sum of what is wanted. 1: pinned conversations, 2: empty ones, 4: pinned ones page by page."""

    def items(self, reply: ListRecentContactsReply, /) -> Sequence[Session]:
        """Return the conversations."""
        return reply.session_item

    def after(self, reply: ListRecentContactsReply, /) -> Self | None:
        """Go on at the four places that the reply names, until it says that this was all."""
        places: dict[str, Any] = {
            "time_stamp": reply.time_stamp,
            "start_index": reply.start_index,
            "top_time_stamp": reply.top_time_stamp,
            "top_start_index": reply.top_start_index,
        }
        return None if reply.complete_flag == 1 or None in places.values() else evolve(self, **places)


@frozen(kw_only=True)
class DeleteRecentContactReply(CommandReply):
    """The conversation is gone."""

    error_display: str | None = None
    """Words for the client."""


@frozen(kw_only=True)
class DeleteRecentContact(Command[DeleteRecentContactReply]):
    """Take one conversation off the list of an account, with its stored messages if wanted. Document 269/62119."""

    path = "recentcontact/delete"
    repeatable_for = inf

    from_account: Annotated[AccountId, Wire("From_Account")] = field(kw_only=False)
    """Whose list."""

    type: Literal[1, 2]
    """1: the conversation with *to_account*, 2: the one in *to_groupid*."""

    to_account: Annotated[AccountId | None, Wire("To_Account")] = None
    """The other account, for type 1."""

    to_groupid: str | None = None
    """The group, for type 2."""

    clear_ramble: Literal[0, 1] | None = None
    """1: delete the messages that the service keeps for other devices too."""

    def __attrs_post_init__(self) -> None:
        """Refuse a type without the id that it needs."""
        if self.type == 1 and not self.to_account:
            raise InputError("DeleteRecentContact of type 1 takes to_account")
        if self.type == 2 and not self.to_groupid:
            raise InputError("DeleteRecentContact of type 2 takes to_groupid")


@frozen(kw_only=True)
class Contact(Bounded):
    """A conversation: ``Contact.account("id1")`` or ``Contact.group("@TGS#2C5SZEAEF")``."""

    type: int = field(kw_only=False)
    """1: with an account, 2: in a group."""

    to_account: Annotated[str | None, Wire("To_Account")] = None
    """The other account, for type 1."""

    to_group_id: str | None = None
    """The group, for type 2."""

    @classmethod
    def account(cls, account: str) -> Self:
        """Name the conversation with an account."""
        return cls(1, to_account=account)

    @classmethod
    def group(cls, group_id: str) -> Self:
        """Name the conversation in a group."""
        return cls(2, to_group_id=group_id)

    @property
    def id(self) -> str:
        """The account or the group."""
        return self.to_account or self.to_group_id or ""


def _as_contacts(contacts: Iterable[Contact] | Contact) -> list[Contact]:
    return as_list([contacts] if isinstance(contacts, Contact) else contacts)


@frozen
class ContactGroup(Bounded):
    """A conversation group to create."""

    group_name: str
    """Its name, up to 32 bytes."""

    contact_item: list[Contact] = field(converter=_as_contacts)
    """The conversations to put in."""


@frozen(kw_only=True)
class GroupItem(Part):
    """A conversation group."""

    group_name: str | None = None
    """Its name."""

    group_id: int | None = None
    """Its number, which is no id of a group of accounts."""


@frozen(kw_only=True)
class ContactResult(Result):
    """What became of one conversation that goes into a conversation group or out of it."""

    contact_opt_type: int | None = None
    """1: put in, 2: taken out; on an update only."""

    contact_item: Contact | None = None
    """The conversation."""

    result_code: int | None = None
    """0 when it was done, otherwise why not."""

    result_info: str | None = None
    """Why not, in the service's words."""

    @property
    def about(self) -> str:
        """The account or the group of the conversation."""
        return "" if self.contact_item is None else self.contact_item.id

    @property
    def failure(self) -> Failure | None:
        """Why it was not done."""
        return failure(self.about, self.result_code, self.result_info)


@frozen(kw_only=True)
class ContactGroupResult(Part):
    """What became of a conversation group and of what was to go into it."""

    group_item: GroupItem | None = None
    """The conversation group."""

    result_item: list[ContactResult] = field(factory=list[ContactResult])
    """One entry for each conversation."""


@frozen(kw_only=True)
class CreateContactGroupReply(PartialReply):
    """The conversation group, and which conversations it holds."""

    group_result_item: list[ContactGroupResult] = field(factory=list[ContactGroupResult])
    """What became of it."""

    error_display: str | None = None
    """Words for the client."""

    def _outcomes(self) -> Iterable[Outcome]:
        return [result for group in self.group_result_item for result in group.result_item]


def _as_contact_groups(groups: Iterable[ContactGroup] | ContactGroup) -> list[ContactGroup]:
    return as_list([groups] if isinstance(groups, ContactGroup) else groups)


@frozen(kw_only=True)
class CreateContactGroup(Command[CreateContactGroupReply]):
    """Create a conversation group of an account.

    An account has up to 20 of them, and up to 1,000 conversations that are marked or in one. Only the highest paid
    edition has conversation groups (51013). Document 1047/53437.
    """

    path = "recentcontact/create_contact_group"

    from_account: Annotated[AccountId, Wire("From_Account")] = field(kw_only=False)
    """Whose conversation group."""

    group_contact_item: Annotated[list[ContactGroup], Items(1, 1)] = field(converter=_as_contact_groups, kw_only=False)
    """The conversation group: exactly one."""


@frozen
class ContactUpdate(Bounded):
    """A conversation that goes into a conversation group or out of it."""

    contact_opt_type: Literal[1, 2]
    """1: put in, 2: take out."""

    contact_item: Contact
    """The conversation."""


@frozen(kw_only=True)
class ContactGroupUpdate(Bounded):
    """A change of a conversation group."""

    update_group_type: Literal[1, 2] = field(kw_only=False)
    """1: its name, 2: its conversations."""

    old_group_name: str = field(kw_only=False)
    """The name that it has."""

    new_group_name: str | None = None
    """The name that it gets, up to 32 bytes; for type 1."""

    contact_update_item: list[ContactUpdate] | None = None
    """The conversations that go in and out; for type 2."""

    def __attrs_post_init__(self) -> None:
        """Refuse a new name that is none."""
        if self.update_group_type == 1 and not self.new_group_name:
            raise InputError("ContactGroupUpdate of type 1 takes new_group_name")


@frozen(kw_only=True)
class UpdateContactGroupResult(Part):
    """What became of a conversation group and of the conversations that went in and out."""

    update_group_type: int | None = None
    """1: its name was to change, 2: its conversations."""

    group_name: str | None = None
    """The name that it has now."""

    old_group_name: str | None = None
    """The name that it had."""

    group_id: int | None = None
    """Its number."""

    contact_result_item: list[ContactResult] = field(factory=list[ContactResult])
    """One entry for each conversation."""


@frozen(kw_only=True)
class UpdateContactGroupReply(PartialReply):
    """What changed."""

    update_type: int | None = None
    """1, as it was sent."""

    update_group_result: UpdateContactGroupResult | None = None
    """What became of the conversation group."""

    def _outcomes(self) -> Iterable[Outcome]:
        return [] if self.update_group_result is None else self.update_group_result.contact_result_item


@frozen(kw_only=True)
class UpdateContactGroup(Command[UpdateContactGroupReply]):
    """Rename a conversation group, or put conversations in and take others out.

    Only the highest paid edition has conversation groups (51013). Document 1047/53439.
    """

    path = "recentcontact/update_contact_group"
    repeatable_for = inf

    from_account: Annotated[AccountId, Wire("From_Account")] = field(kw_only=False)
    """Whose conversation group."""

    update_type: Literal[1] = 1
    """Always 1: one conversation group changes."""

    update_group: ContactGroupUpdate = field(kw_only=False)
    """What changes."""


@frozen(kw_only=True)
class DeleteContactGroupReply(CommandReply):
    """What was deleted."""

    group_item: list[GroupItem] = field(factory=list[GroupItem])
    """The conversation group."""


@frozen(kw_only=True)
class DeleteContactGroup(Command[DeleteContactGroupReply]):
    """Delete a conversation group; a repeat is answered with 51009.

    Only the highest paid edition has conversation groups (51013). Document 1047/53441.
    """

    path = "recentcontact/del_contact_group"
    repeatable_for = inf

    from_account: Annotated[AccountId, Wire("From_Account")] = field(kw_only=False)
    """Whose conversation group."""

    group_name: Annotated[list[str], Items(1, 1)] = field(converter=as_ids, kw_only=False)
    """Its name: exactly one."""


@frozen(kw_only=True)
class MarkItem(Bounded):
    """A conversation, and the marks that it gets and loses.

    There are 64 standard marks. The first 32 are the service's own: 1 favourite, 2 unread, 3 folded, 4 hidden.
    """

    opt_type: Literal[1, 2, 3] = field(kw_only=False)
    """1: standard marks, 2: the custom mark, 3: both."""

    contact_item: Contact = field(kw_only=False)
    """The conversation."""

    set_mark: list[int] | None = None
    """Standard marks that it gets."""

    clear_mark: list[int] | None = None
    """Standard marks that it loses."""

    custom_mark: str | None = None
    """The custom mark, up to 256 bytes."""


@frozen(kw_only=True)
class MarkResult(Result):
    """What became of the marks of one conversation."""

    opt_type: int | None = None
    """1: standard marks, 2: the custom mark, 3: both."""

    contact_item: Contact | None = None
    """The conversation."""

    result_code: int | None = None
    """0 when it was done, otherwise why not."""

    result_info: str | None = None
    """Why not, in the service's words."""

    @property
    def about(self) -> str:
        """The account or the group of the conversation."""
        return "" if self.contact_item is None else self.contact_item.id

    @property
    def failure(self) -> Failure | None:
        """Why it was not done."""
        return failure(self.about, self.result_code, self.result_info)


@frozen(kw_only=True)
class MarkContactsReply(PartialReply):
    """What became of the marks of each conversation."""

    result_item: list[MarkResult] = field(factory=list[MarkResult])
    """One entry for each conversation."""

    error_display: str | None = None
    """Words for the client."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.result_item


def _as_marks(marks: Iterable[MarkItem] | MarkItem) -> list[MarkItem]:
    return as_list([marks] if isinstance(marks, MarkItem) else marks)


@frozen(kw_only=True)
class MarkContacts(Command[MarkContactsReply]):
    """Set and clear marks on up to 100 conversations of an account.

    Standard marks come with the highest paid edition only (51013), custom marks with any. An account has up to 1,000
    conversations that are marked or in a conversation group. Document 1047/53438.
    """

    path = "recentcontact/mark_contact"
    repeatable_for = inf

    from_account: Annotated[AccountId, Wire("From_Account")] = field(kw_only=False)
    """Whose conversations."""

    mark_item: Annotated[list[MarkItem], Items(1, 100)] = field(converter=_as_marks, kw_only=False)
    """The conversations with their marks, 1 to 100."""


@frozen(kw_only=True)
class ContactMark(Part):
    """The marks of a conversation, and the conversation groups that it is in."""

    type: int | None = None
    """1: with an account, 2: in a group."""

    to_account: Annotated[str | None, Wire("To_Account")] = None
    """The other account, for type 1."""

    to_group_id: str | None = None
    """The group, for type 2."""

    standard_mark: str | None = None
    """The standard marks, a digit each: ``111001``."""

    custom_mark: str | None = None
    """The custom mark."""

    contact_group_id: list[int] = field(factory=list[int])
    """The conversation groups that it is in, by number, see :class:`GroupItem`."""

    timestamp: int | None = None
    """When that last changed, Unix seconds."""

    timestamp_utc: ClassVar[Utc] = Utc("timestamp")


@frozen(kw_only=True)
class SearchContactGroupsReply(CommandReply):
    """Marks and conversation groups of the conversations asked for."""

    contact_result_item: list[ContactMark] = field(factory=list[ContactMark])
    """One entry for each conversation."""

    group_item: list[GroupItem] = field(factory=list[GroupItem])
    """The conversation groups."""

    error_display: str | None = None
    """Words for the client."""


@frozen(kw_only=True)
class SearchContactGroups(Command[SearchContactGroupsReply]):
    """Read marks and conversation groups of up to 300 conversations of an account.

    Standard marks and conversation groups come with the highest paid edition only (51013). Document 1047/53442.
    """

    path = "recentcontact/search_contact_group"
    repeatable_for = inf

    from_account: Annotated[AccountId, Wire("From_Account")] = field(kw_only=False)
    """Whose conversations."""

    contact_item: Annotated[list[Contact], Items(1, 300)] = field(converter=_as_contacts, kw_only=False)
    """The conversations, 1 to 300."""


@frozen(kw_only=True)
class ListContactGroupsReply(CommandReply):
    """A page of conversations that are marked or in a conversation group."""

    contact_item: list[ContactMark] = field(factory=list[ContactMark])
    """The conversations of this page."""

    group_item: list[GroupItem] = field(factory=list[GroupItem])
    """The conversation groups."""

    complete_flag: int | None = None
    """1 on the last page."""

    next_start_index: int | None = None
    """Where the next page starts."""


@frozen(kw_only=True)
class ListContactGroups(PagedCommand[ListContactGroupsReply, ContactMark]):
    """List the conversation groups of an account, and its conversations that are marked or in one.

    The names of conversation groups stand in the replies only; whoever iterates gets their numbers. Standard marks and
    conversation groups come with the highest paid edition only (51013). Document 1047/53440.
    """

    path = "recentcontact/get_contact_group"
    repeatable_for = inf

    from_account: Annotated[AccountId, Wire("From_Account")] = field(kw_only=False)
    """Whose conversations."""

    start_index: int = 0
    """Where to start: 0 first, then what the reply says."""

    def items(self, reply: ListContactGroupsReply, /) -> Sequence[ContactMark]:
        """Return the conversations."""
        return reply.contact_item

    def after(self, reply: ListContactGroupsReply, /) -> Self | None:
        """Go on where the reply says, until it says that this was all."""
        if reply.complete_flag == 1 or reply.next_start_index is None:
            return None
        return evolve(self, start_index=reply.next_start_index)


class RecentContacts(Domain):
    """Conversations, their groups and marks."""

    list: Final = endpoint(ListRecentContacts)
    each: Final = paged(ListRecentContacts)
    delete: Final = endpoint(DeleteRecentContact)
    create_group: Final = endpoint(CreateContactGroup)
    update_group: Final = endpoint(UpdateContactGroup)
    delete_group: Final = endpoint(DeleteContactGroup)
    mark: Final = endpoint(MarkContacts)
    search_groups: Final = endpoint(SearchContactGroups)
    list_groups: Final = endpoint(ListContactGroups)
    each_marked: Final = paged(ListContactGroups)
