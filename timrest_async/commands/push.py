"""Pushes to many accounts, with tags and attributes: the older all_member_push commands and the timpush ones."""

from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import Annotated, Any, Final, Literal, TypeAlias, cast

from attrs import field, frozen

from timrest_async._bounds import U32, Bounded, Bytes, Items, as_list
from timrest_async._wire import Targets, Wire
from timrest_async.commands._command import Command, random_u32
from timrest_async.commands._domain import Domain, endpoint, split
from timrest_async.commands._reply import CommandReply, PartialReply, Result
from timrest_async.commands._shared import AccountId, MsgLifeTime, as_ids, as_optional_ids
from timrest_async.elements import MsgBody, OfflinePushInfo, as_body, as_optional_body
from timrest_async.errors import Failure, InputError

__all__ = [
    "AddTags",
    "ClearTags",
    "GetAttrNames",
    "GetAttrNamesReply",
    "GetAttrs",
    "GetAttrsReply",
    "GetTags",
    "GetTagsReply",
    "ImAddTags",
    "ImClearTags",
    "ImGetAttrNames",
    "ImGetAttrNamesReply",
    "ImGetAttrs",
    "ImGetAttrsReply",
    "ImGetTags",
    "ImGetTagsReply",
    "ImPush",
    "ImRemoveAttrs",
    "ImRemoveTags",
    "ImSetAttrNames",
    "ImSetAttrs",
    "Push",
    "PushCondition",
    "PushError",
    "PushErrorsReply",
    "PushReply",
    "PushToAll",
    "PushToMany",
    "PushToManyReply",
    "RemoveAttrs",
    "RemoveTags",
    "RevokePush",
    "SetAttrNames",
    "SetAttrs",
    "Tag",
    "UserAttrNames",
    "UserAttrs",
    "UserTags",
]


Tag: TypeAlias = Annotated[str, Bytes(50)]
"""A tag that a push asks for: 1 to 50 bytes."""


@frozen(kw_only=True)
class PushCondition(Bounded):
    """Who gets a push: accounts with certain tags, or accounts with certain attributes, never both at once."""

    attrs_or: dict[str, str] | None = None
    """Attribute names and values, of which an account has any."""

    attrs_and: dict[str, str] | None = None
    """Attribute names and values, of which an account has all."""

    tags_or: Annotated[list[Tag] | None, Items(1, 10)] = field(default=None, converter=as_optional_ids)
    """Tags of which an account has any: 1 to 10, none of them twice."""

    tags_and: Annotated[list[Tag] | None, Items(1, 10)] = field(default=None, converter=as_optional_ids)
    """Tags of which an account has all: 1 to 10, none of them twice."""

    tags_not: list[str] | None = field(default=None, converter=as_optional_ids)
    """Tags of which an account has none, on top of *tags_or* or *tags_and*; for timpush alone."""

    def __attrs_post_init__(self) -> None:
        """Refuse tags beside attributes, and a condition that leaves nobody out."""
        tags, attrs = self.tags_or or self.tags_and, self.attrs_or or self.attrs_and
        if tags and attrs:
            raise InputError("PushCondition takes tags or attributes, not both")
        if not (tags or attrs or self.tags_not):
            raise InputError("PushCondition takes tags or attributes; leave the condition out to push to everybody")


@frozen
class UserAttrs(Bounded):
    """The attributes of one account."""

    to_account: Annotated[str, Wire("To_Account")]
    """The account."""

    # not "attrs": cattrs takes the names of fields as keywords beside one of its own that is called so
    attributes: Annotated[dict[str, str], Wire("Attrs")] = field(factory=dict[str, str])
    """Its attributes by their names, each value up to 50 bytes; none when left out."""


@frozen
class UserAttrNames(Bounded):
    """Some attributes of one account, by their names."""

    to_account: Annotated[str, Wire("To_Account")]
    """The account."""

    attributes: Annotated[list[str], Wire("Attrs")] = field(converter=as_ids)
    """The names of the attributes; a single one may stand alone."""


@frozen
class UserTags(Bounded):
    """The tags of one account."""

    to_account: Annotated[str, Wire("To_Account")]
    """The account."""

    tags: list[str] = field(factory=list[str], converter=as_ids)
    """Its tags, each up to 50 bytes; none when left out."""


def _as_user_attrs(
    users: Mapping[str, dict[str, str]] | Iterable[UserAttrs | tuple[str, dict[str, str]]],
) -> list[UserAttrs]:
    return _as_users(UserAttrs, users)


def _as_user_attr_names(
    users: Mapping[str, Iterable[str]] | Iterable[UserAttrNames | tuple[str, Iterable[str]]],
) -> list[UserAttrNames]:
    return _as_users(UserAttrNames, users)


def _as_user_tags(
    users: Mapping[str, Iterable[str]] | Iterable[UserTags | tuple[str, Iterable[str]]],
) -> list[UserTags]:
    return _as_users(UserTags, users)


def _as_users(made: Callable[[Any, Any], Any], users: Mapping[str, Any] | Iterable[Any]) -> list[Any]:
    """Turn objects, or accounts with what belongs to them, into the list that travels."""
    if isinstance(users, Mapping):
        return [made(account, what) for account, what in cast("Mapping[str, Any]", users).items()]
    return as_list(users, lambda user: made(*user) if _is_pair(user) else user)


def _is_pair(user: object) -> bool:
    return isinstance(user, tuple) and len(cast("tuple[object, ...]", user)) == 2


@frozen(kw_only=True)
class PushReply(CommandReply):
    """The service's receipt for a push."""

    task_id: str | None = None
    """The push's id; :class:`RevokePush` takes that of a timpush one."""


@frozen(kw_only=True)
class ImPush(Command[PushReply]):
    """Push a message to every account, or to those with certain tags or attributes.

    The older form of :class:`PushToAll`. Like every command of its family it needs the feature of pushing to all
    (otherwise 90045). By default there may be 100 pushes a day, a second or more apart. Delivery takes up to a minute,
    and the message does not become part of the history. A failed push may go out again with the same ``msg_random``;
    documents differ on whether it is recognised for a second, a day or a week. Document 269/45934.
    """

    path = "all_member_push/im_push"

    msg_random: U32 = field(factory=random_u32)
    """Drawn once; what a repeat is recognised by."""

    msg_body: MsgBody = field(converter=as_body, kw_only=False)
    """What is sent, element by element."""

    condition: PushCondition | None = None
    """Who gets it; everybody when left out."""

    from_account: Annotated[AccountId | None, Wire("From_Account")] = None
    """On whose behalf; the administrator when left out."""

    msg_life_time: MsgLifeTime | None = None
    """Seconds for which it waits for who is offline, 0 to 604,800; when left out 0, which is online accounts only."""

    offline_push_info: OfflinePushInfo | None = None
    """How it is announced to who is offline."""


@frozen(kw_only=True)
class ImSetAttrNames(Command[None]):
    """Give the application's attributes their names; the older form of :class:`SetAttrNames`. Document 269/45935."""

    path = "all_member_push/im_set_attr_name"
    repeatable_for = inf

    attr_names: dict[str, str] = field(kw_only=False)
    """Names of up to 50 bytes by the attributes' numbers, ``"0"`` to ``"9"``."""


@frozen(kw_only=True)
class ImGetAttrNamesReply(CommandReply):
    """The names of the application's attributes."""

    attr_names: dict[str, str] | None = None
    """The names by the attributes' numbers, ``"0"`` to ``"9"``."""


@frozen(kw_only=True)
class ImGetAttrNames(Command[ImGetAttrNamesReply]):
    """Read the names of the application's attributes; the older form of :class:`GetAttrNames`. Document 269/45936."""

    path = "all_member_push/im_get_attr_name"
    repeatable_for = inf


@frozen(kw_only=True)
class ImGetAttrsReply(PartialReply):
    """The attributes of each account."""

    user_attrs: list[UserAttrs] = field(factory=list[UserAttrs])
    """One entry for each account."""

    @property
    def attrs(self) -> dict[str, dict[str, str]]:
        """The attributes' names and values by account."""
        return {user.to_account: user.attributes for user in self.user_attrs}


@frozen(kw_only=True)
class ImGetAttrs(Command[ImGetAttrsReply]):
    """Read the attributes of up to 100 accounts; the older form of :class:`GetAttrs`. Document 269/45937."""

    path = "all_member_push/im_get_attr"
    repeatable_for = inf

    to_account: Annotated[list[AccountId], Items(1, 100), Wire("To_Account"), Targets()] = field(
        converter=as_ids, kw_only=False
    )
    """The accounts, 1 to 100."""


@frozen(kw_only=True)
class ImSetAttrs(Command[None]):
    """Set attributes of up to 100 accounts; the older form of :class:`SetAttrs`. Document 269/45938."""

    path = "all_member_push/im_set_attr"
    repeatable_for = inf

    user_attrs: Annotated[list[UserAttrs], Items(1, 100), Targets()] = field(converter=_as_user_attrs, kw_only=False)
    """The accounts, 1 to 100, with their attributes; a dict ``{account: {name: value}}`` will do."""


@frozen(kw_only=True)
class ImRemoveAttrs(Command[None]):
    """Remove attributes of up to 100 accounts; the older form of :class:`RemoveAttrs`. Document 269/45939."""

    path = "all_member_push/im_remove_attr"
    repeatable_for = inf

    user_attrs: Annotated[list[UserAttrNames], Items(1, 100), Targets()] = field(
        converter=_as_user_attr_names, kw_only=False
    )
    """The accounts, 1 to 100, with the names of the attributes; a dict ``{account: [name]}`` will do."""


@frozen(kw_only=True)
class ImGetTagsReply(PartialReply):
    """The tags of each account."""

    user_tags: list[UserTags] = field(factory=list[UserTags])
    """One entry for each account."""

    @property
    def tags(self) -> dict[str, list[str]]:
        """The tags by account."""
        return {user.to_account: user.tags for user in self.user_tags}


@frozen(kw_only=True)
class ImGetTags(Command[ImGetTagsReply]):
    """Read the tags of up to 100 accounts; the older form of :class:`GetTags`. Document 269/45940."""

    path = "all_member_push/im_get_tag"
    repeatable_for = inf

    to_account: Annotated[list[AccountId], Items(1, 100), Wire("To_Account"), Targets()] = field(
        converter=as_ids, kw_only=False
    )
    """The accounts, 1 to 100."""


@frozen(kw_only=True)
class ImAddTags(Command[None]):
    """Add tags to up to 100 accounts; the older form of :class:`AddTags`.

    A call adds up to 10 tags to an account, which may have 100. Document 269/45941.
    """

    path = "all_member_push/im_add_tag"
    repeatable_for = inf

    user_tags: Annotated[list[UserTags], Items(1, 100), Targets()] = field(converter=_as_user_tags, kw_only=False)
    """The accounts, 1 to 100, with up to 10 tags each; a dict ``{account: [tag]}`` will do."""


@frozen(kw_only=True)
class ImRemoveTags(Command[None]):
    """Remove some tags of up to 100 accounts; the older form of :class:`RemoveTags`. Document 269/45942."""

    path = "all_member_push/im_remove_tag"
    repeatable_for = inf

    user_tags: Annotated[list[UserTags], Items(1, 100), Targets()] = field(converter=_as_user_tags, kw_only=False)
    """The accounts, 1 to 100, with the tags that go; a dict ``{account: [tag]}`` will do."""


@frozen(kw_only=True)
class ImClearTags(Command[None]):
    """Remove every tag of up to 100 accounts; the older form of :class:`ClearTags`. Document 269/45943."""

    path = "all_member_push/im_remove_all_tags"
    repeatable_for = inf

    to_account: Annotated[list[AccountId], Items(1, 100), Wire("To_Account"), Targets()] = field(
        converter=as_ids, kw_only=False
    )
    """The accounts, 1 to 100."""


@frozen(kw_only=True)
class PushToAll(Command[PushReply]):
    """Push to every account, or to those with certain tags or attributes, whether online or not.

    By default there may be 100 pushes a day, a second or more apart. A repeat is recognised by its ``msg_random`` for
    one second only. Who is online gets it from client version 8.2.6325 on. Document 1047/60561.
    """

    path = "timpush/push"

    from_account: Annotated[AccountId, Wire("From_Account")] = field(kw_only=False)
    """On whose behalf."""

    msg_random: U32 = field(factory=random_u32)
    """Drawn once; what a repeat is recognised by."""

    condition: PushCondition | None = None
    """Who gets it; everybody when left out."""

    offline_push_info: OfflinePushInfo | None = None
    """What phones show and hand to the client."""

    msg_body: MsgBody | None = field(default=None, converter=as_optional_body)
    """A message to go with it, element by element; documents differ on whether there may be one."""

    online_only_flag: Literal[0, 1] | None = None
    """1: the message makes no conversation and is neither stored nor counted as unread."""

    data_id: str | None = None
    """An id of your own that callbacks repeat, up to 64 bytes."""


@frozen(kw_only=True)
class PushError(Result):
    """An account for which it did not work."""

    to_account: Annotated[str, Wire("To_Account")]
    """The account."""

    error_code: int | None = None
    """Why, such as 70107 for one that does not exist."""

    error_info: str | None = None
    """Why, in the service's words; may be empty."""

    @property
    def failure(self) -> Failure:
        """Why it did not work."""
        return Failure(self.to_account, self.error_code, self.error_info or "")


@frozen(kw_only=True)
class PushErrorsReply(PartialReply):
    """The accounts for which it did not work."""

    error_list: list[PushError] = field(factory=list[PushError])
    """One entry for each account that failed; empty when it worked for all."""

    def _failures(self) -> Iterable[Failure]:
        return [error.failure for error in self.error_list]


@frozen(kw_only=True)
class PushToManyReply(PushErrorsReply):
    """The service's receipt for a push, and whom it did not reach."""

    task_id: str | None = None
    """The push's id, which :class:`RevokePush` takes."""


@frozen(kw_only=True)
class PushToMany(Command[PushToManyReply]):
    """Push to up to 500 accounts, whether online or not.

    Those that failed are named in the reply. A repeat is recognised by its ``msg_random`` for one second only. Document
    1047/67553.
    """

    path = "timpush/batch"

    from_account: Annotated[str, Wire("From_Account")] = field(kw_only=False)
    """On whose behalf: an account, or the registration id of a device."""

    to_account: Annotated[list[str], Items(1, 500), Wire("To_Account"), Targets()] = field(
        converter=as_ids, kw_only=False
    )
    """Who gets it, 1 to 500: accounts, or registration ids of devices."""

    msg_random: U32 = field(factory=random_u32)
    """Drawn once; what a repeat is recognised by."""

    offline_push_info: OfflinePushInfo
    """What phones show and hand to the client."""

    data_id: str | None = None
    """An id of your own that callbacks repeat, up to 64 bytes."""


@frozen(kw_only=True)
class RevokePush(Command[None]):
    """Stop a push that is under way, take back what was delivered, or put another text in its place.

    This works for 24 hours, once for a push (a second time is 90050), and at most once a second (else 90051). Document
    1047/60571.
    """

    path = "timpush/revoke"

    task_id: str = field(kw_only=False)
    """The push, as its reply names it."""

    offline_push_info: OfflinePushInfo | None = None
    """What phones show instead. When left out, or with a ``push_flag`` of 1, nothing is put in its place."""


@frozen(kw_only=True)
class SetAttrNames(Command[None]):
    """Give the application's attributes, of which there are 10, their names. Document 1047/60563."""

    path = "timpush/set_attr_name"
    repeatable_for = inf

    attr_names: dict[str, str] = field(kw_only=False)
    """Names of up to 50 bytes by the attributes' numbers, ``"0"`` to ``"9"``."""

    attr_types: dict[str, int] | None = None
    """By the attributes' numbers, what has them: 0 accounts, also when left out, 1 registration ids. It stays so."""


@frozen(kw_only=True)
class GetAttrNamesReply(ImGetAttrNamesReply):
    """The names of the application's attributes, and what has them."""

    attr_types: dict[str, int] | None = None
    """By the attributes' numbers: 0 for attributes of accounts, 1 for those of registration ids."""


@frozen(kw_only=True)
class GetAttrNames(Command[GetAttrNamesReply]):
    """Read the names of the application's attributes. Document 1047/60562."""

    path = "timpush/get_attr_name"
    repeatable_for = inf


@frozen(kw_only=True)
class GetAttrsReply(PushErrorsReply):
    """The attributes of each account, and the accounts whose attributes could not be read."""

    user_attrs: list[UserAttrs] = field(factory=list[UserAttrs])
    """The accounts with their attributes."""

    @property
    def attrs(self) -> dict[str, dict[str, str]]:
        """The attributes' names and values by account."""
        return {user.to_account: user.attributes for user in self.user_attrs}


@frozen(kw_only=True)
class GetAttrs(Command[GetAttrsReply]):
    """Read the attributes of up to 100 accounts. Document 1047/60564."""

    path = "timpush/get_attr"
    repeatable_for = inf

    to_account: Annotated[list[str], Items(1, 100), Wire("To_Account"), Targets()] = field(
        converter=as_ids, kw_only=False
    )
    """The accounts, or registration ids of devices, 1 to 100."""


@frozen(kw_only=True)
class SetAttrs(Command[PushErrorsReply]):
    """Set attributes of up to 100 accounts.

    An attribute belongs to accounts or to registration ids; the other kind fails with 90035. Document 1047/60565.
    """

    path = "timpush/set_attr"
    repeatable_for = inf

    user_attrs: Annotated[list[UserAttrs], Items(1, 100), Targets()] = field(converter=_as_user_attrs, kw_only=False)
    """The accounts, or registration ids, 1 to 100, with their attributes; a dict ``{account: {name: value}}`` will
    do.
    """


@frozen(kw_only=True)
class RemoveAttrs(Command[PushErrorsReply]):
    """Remove attributes of up to 100 accounts. Document 1047/60566."""

    path = "timpush/remove_attr"
    repeatable_for = inf

    user_attrs: Annotated[list[UserAttrNames], Items(1, 100), Targets()] = field(
        converter=_as_user_attr_names, kw_only=False
    )
    """The accounts, or registration ids, 1 to 100, with the names of the attributes; a dict ``{account: [name]}`` will
    do.
    """


@frozen(kw_only=True)
class GetTagsReply(PushErrorsReply):
    """The tags of each account, and the accounts whose tags could not be read."""

    user_tags: list[UserTags] = field(factory=list[UserTags])
    """The accounts with their tags."""

    @property
    def tags(self) -> dict[str, list[str]]:
        """The tags by account."""
        return {user.to_account: user.tags for user in self.user_tags}


@frozen(kw_only=True)
class GetTags(Command[GetTagsReply]):
    """Read the tags of up to 100 accounts. Document 1047/60567."""

    path = "timpush/get_tag"
    repeatable_for = inf

    to_account: Annotated[list[str], Items(1, 100), Wire("To_Account"), Targets()] = field(
        converter=as_ids, kw_only=False
    )
    """The accounts, or registration ids of devices, 1 to 100."""


@frozen(kw_only=True)
class AddTags(Command[PushErrorsReply]):
    """Add tags to up to 100 accounts, or replace the tags that they have.

    An account may have 100 tags, the application 1,000 different ones. A tag belongs to accounts or to registration
    ids; the other kind fails with 90035. Document 1047/60568.
    """

    path = "timpush/add_tag"
    repeatable_for = inf

    user_tags: Annotated[list[UserTags], Items(1, 100), Targets()] = field(converter=_as_user_tags, kw_only=False)
    """The accounts, or registration ids, 1 to 100, with up to 10 tags each, or 100 where they replace others; a dict
    ``{account: [tag]}`` will do.
    """

    replace: Literal[0, 1] | None = None
    """1: the tags take the place of those that the account has; 0, also when left out: they join them."""


@frozen(kw_only=True)
class RemoveTags(Command[PushErrorsReply]):
    """Remove some tags of up to 100 accounts. Document 1047/60569."""

    path = "timpush/remove_tag"
    repeatable_for = inf

    user_tags: Annotated[list[UserTags], Items(1, 100), Targets()] = field(converter=_as_user_tags, kw_only=False)
    """The accounts, or registration ids, 1 to 100, with the tags that go; a dict ``{account: [tag]}`` will do."""


@frozen(kw_only=True)
class ClearTags(Command[PushErrorsReply]):
    """Remove every tag of up to 100 accounts. Document 1047/60570."""

    path = "timpush/clear_all_tags"
    repeatable_for = inf

    to_account: Annotated[list[str], Items(1, 100), Wire("To_Account"), Targets()] = field(
        converter=as_ids, kw_only=False
    )
    """The accounts, or registration ids of devices, 1 to 100."""


class Push(Domain):
    """Pushes to many accounts, with tags and attributes."""

    im_push: Final = endpoint(ImPush)
    im_set_attr_names: Final = endpoint(ImSetAttrNames)
    im_get_attr_names: Final = endpoint(ImGetAttrNames)
    im_get_attrs: Final = endpoint(ImGetAttrs)
    im_get_attrs_all: Final = split(ImGetAttrs)
    im_set_attrs: Final = endpoint(ImSetAttrs)
    im_set_attrs_all: Final = split(ImSetAttrs)
    im_remove_attrs: Final = endpoint(ImRemoveAttrs)
    im_remove_attrs_all: Final = split(ImRemoveAttrs)
    im_get_tags: Final = endpoint(ImGetTags)
    im_get_tags_all: Final = split(ImGetTags)
    im_add_tags: Final = endpoint(ImAddTags)
    im_add_tags_all: Final = split(ImAddTags)
    im_remove_tags: Final = endpoint(ImRemoveTags)
    im_remove_tags_all: Final = split(ImRemoveTags)
    im_clear_tags: Final = endpoint(ImClearTags)
    im_clear_tags_all: Final = split(ImClearTags)
    push: Final = endpoint(PushToAll)
    push_batch: Final = endpoint(PushToMany)
    revoke: Final = endpoint(RevokePush)
    set_attr_names: Final = endpoint(SetAttrNames)
    get_attr_names: Final = endpoint(GetAttrNames)
    get_attrs: Final = endpoint(GetAttrs)
    get_attrs_all: Final = split(GetAttrs)
    set_attrs: Final = endpoint(SetAttrs)
    set_attrs_all: Final = split(SetAttrs)
    remove_attrs: Final = endpoint(RemoveAttrs)
    remove_attrs_all: Final = split(RemoveAttrs)
    get_tags: Final = endpoint(GetTags)
    get_tags_all: Final = split(GetTags)
    add_tags: Final = endpoint(AddTags)
    add_tags_all: Final = split(AddTags)
    remove_tags: Final = endpoint(RemoveTags)
    remove_tags_all: Final = split(RemoveTags)
    clear_tags: Final = endpoint(ClearTags)
    clear_tags_all: Final = split(ClearTags)
