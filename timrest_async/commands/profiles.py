"""Profiles: the nickname, picture and other fields of accounts."""

from collections.abc import Iterable, Mapping
from datetime import date
from math import inf
from typing import Annotated, Any, ClassVar, Final, Generic, Literal, Self, TypeAlias, TypeVar, cast, overload

from attrs import field, frozen

from timrest_async._bounds import U32, Bounded, Items, as_list
from timrest_async._wire import Targets, Wire, wire_fields
from timrest_async._words import shown
from timrest_async.commands._command import Command
from timrest_async.commands._domain import Domain, endpoint, split
from timrest_async.commands._reply import CommandReply, Outcome, PartialReply, Result, failure
from timrest_async.commands._shared import AccountId, as_ids
from timrest_async.errors import Failure, InputError

__all__ = [
    "CUSTOM_TAG",
    "STANDARD_TAGS",
    "AdminForbidType",
    "AllowType",
    "Gender",
    "GetProfiles",
    "GetProfilesReply",
    "Profile",
    "ProfileItem",
    "Profiles",
    "SetProfile",
    "SetProfileReply",
    "UserProfile",
]

V = TypeVar("V")

CUSTOM_TAG: Final = "Tag_Profile_Custom_"
"""What the tag of a custom field starts with; its keyword follows."""

Gender: TypeAlias = Literal["Gender_Type_Unknown", "Gender_Type_Female", "Gender_Type_Male"]
"""What an account says of its gender."""

AllowType: TypeAlias = Literal["AllowType_Type_NeedConfirm", "AllowType_Type_AllowAny", "AllowType_Type_DenyAny"]
"""What becomes of a friend request: the account decides, it is accepted, or it is refused."""

AdminForbidType: TypeAlias = Literal["AdminForbid_Type_None", "AdminForbid_Type_SendOut"]
"""Whether an account may send friend requests, or may not."""


@frozen
class ProfileItem(Bounded):
    """One field of a profile, as it travels."""

    tag: str
    """Which field: one of :data:`STANDARD_TAGS`, or :data:`CUSTOM_TAG` and a keyword."""

    value: Any = None
    """A string or a whole number from 0, as the tag asks; bytes travel as a string. Needed to write it."""


def _as_day(day: date | int | None) -> int | None:
    return day.year * 10_000 + day.month * 100 + day.day if isinstance(day, date) else day


@frozen(kw_only=True)
class Profile(Bounded):
    """Fields of a profile, to be written; those left out stay as they are."""

    nick: Annotated[str | None, Wire("Tag_Profile_IM_Nick")] = None
    """The nickname, up to 500 bytes."""

    gender: Annotated[Gender | None, Wire("Tag_Profile_IM_Gender")] = None
    """The gender."""

    birth_day: Annotated[U32 | None, Wire("Tag_Profile_IM_BirthDay")] = field(default=None, converter=_as_day)
    """The birthday as a number such as 20190419; a :class:`datetime.date` will do."""

    location: Annotated[str | None, Wire("Tag_Profile_IM_Location")] = None
    """Where the account is, up to 16 bytes; by convention four numbers of 32 bits."""

    self_signature: Annotated[str | None, Wire("Tag_Profile_IM_SelfSignature")] = None
    """What the account says of itself, up to 500 bytes."""

    allow_type: Annotated[AllowType | None, Wire("Tag_Profile_IM_AllowType")] = None
    """How friend requests to it are handled."""

    language: Annotated[U32 | None, Wire("Tag_Profile_IM_Language")] = None
    """Its language, by a number of the app's own."""

    image: Annotated[str | None, Wire("Tag_Profile_IM_Image")] = None
    """The address of its picture, up to 500 bytes."""

    msg_settings: Annotated[int | None, Wire("Tag_Profile_IM_MsgSettings")] = None
    """Its message settings, as bits; not all documents know this field."""

    admin_forbid_type: Annotated[AdminForbidType | None, Wire("Tag_Profile_IM_AdminForbidType")] = None
    """Whether it may send friend requests."""

    level: Annotated[U32 | None, Wire("Tag_Profile_IM_Level")] = None
    """Its level: up to four numbers of the app's own, a byte each."""

    role: Annotated[U32 | None, Wire("Tag_Profile_IM_Role")] = None
    """Its role: up to four numbers of the app's own, a byte each."""

    custom: Annotated[dict[str, str], Wire(None)] = field(factory=dict[str, str])
    """Custom fields by keyword, up to 8 letters, without :data:`CUSTOM_TAG`; a value has up to 500 bytes."""


_TAGS: Final = {field.name: field.wire for field in wire_fields(Profile)}

STANDARD_TAGS: Final = tuple(_TAGS.values())
"""The tags of all fields that every profile has, in the manual's order."""


def _as_profile_items(profile: Profile | Mapping[str, Any] | Iterable[ProfileItem]) -> list[ProfileItem]:
    if isinstance(profile, Profile):
        values = {tag: getattr(profile, name) for name, tag in _TAGS.items()}
        custom = {CUSTOM_TAG + keyword: value for keyword, value in profile.custom.items()}
        profile = {tag: value for tag, value in (values | custom).items() if value is not None}
    if isinstance(profile, Mapping):
        return [ProfileItem(tag, value) for tag, value in cast("Mapping[str, Any]", profile).items()]
    return as_list(profile)


@frozen(kw_only=True)
class SetProfileReply(CommandReply):
    """The profile was written."""

    error_display: str | None = None
    """Words for the client."""


@frozen(kw_only=True)
class SetProfile(Command[SetProfileReply]):
    """Write fields of one account's profile.

    A value that is too long is refused with 40601, one that its tag does not take with 40605 or 40610, and a tag that
    the app may not write with 40008. Document 269/1640.
    """

    path = "profile/portrait_set"
    repeatable_for = inf

    from_account: Annotated[AccountId, Wire("From_Account")] = field(kw_only=False)
    """Whose profile."""

    profile_item: list[ProfileItem] = field(converter=_as_profile_items, kw_only=False)
    """What to write: a :class:`Profile`, a mapping from tag to value, or items."""

    def __attrs_post_init__(self) -> None:
        """Refuse an item without a value."""
        for item in self.profile_item:
            if item.value is None:
                raise InputError(f"SetProfile takes a value for {shown(item.tag)}")


class _Seen(Generic[V]):
    """What :class:`Profile` calls the same; ``None`` where it is absent or of another type."""

    def __init__(self, kind: type[V]) -> None:
        self.kind = kind

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self.tag: str = _TAGS[name]

    @overload
    def __get__(self, user: None, owner: type[Any], /) -> Self: ...

    @overload
    def __get__(self, user: "UserProfile", owner: type[Any], /) -> V | None: ...

    def __get__(self, user: "UserProfile | None", owner: type[Any], /) -> Self | V | None:
        if user is None:
            return self
        value = user.values.get(self.tag)
        return value if isinstance(value, self.kind) else None


@frozen(kw_only=True)
class UserProfile(Result):
    """The profile of one account.

    Its fields can be read by the names that :class:`Profile` gives them, ``user.nick``, and are ``None`` where the
    account has none or they were not asked for. Any value is let through, also one that nobody knows yet.
    """

    to_account: Annotated[str, Wire("To_Account")]
    """The account."""

    profile_item: list[ProfileItem] = field(factory=list[ProfileItem])
    """What was found, as it travels."""

    result_code: int | None = None
    """0 when it was read, otherwise why not."""

    result_info: str | None = None
    """Why not, in the service's words."""

    nick: ClassVar[_Seen[str]] = _Seen(str)
    gender: ClassVar[_Seen[str]] = _Seen(str)
    birth_day: ClassVar[_Seen[int]] = _Seen(int)
    location: ClassVar[_Seen[str]] = _Seen(str)
    self_signature: ClassVar[_Seen[str]] = _Seen(str)
    allow_type: ClassVar[_Seen[str]] = _Seen(str)
    language: ClassVar[_Seen[int]] = _Seen(int)
    image: ClassVar[_Seen[str]] = _Seen(str)
    msg_settings: ClassVar[_Seen[int]] = _Seen(int)
    admin_forbid_type: ClassVar[_Seen[str]] = _Seen(str)
    level: ClassVar[_Seen[int]] = _Seen(int)
    role: ClassVar[_Seen[int]] = _Seen(int)

    @property
    def custom(self) -> dict[str, Any]:
        """The custom fields by keyword, without :data:`CUSTOM_TAG`."""
        return {tag.removeprefix(CUSTOM_TAG): value for tag, value in self.values.items() if tag.startswith(CUSTOM_TAG)}

    @property
    def values(self) -> dict[str, Any]:
        """All that was found, by tag."""
        return {item.tag: item.value for item in self.profile_item}

    @property
    def failure(self) -> Failure | None:
        """Why it could not be read."""
        return failure(self.to_account, self.result_code, self.result_info)


@frozen(kw_only=True)
class GetProfilesReply(PartialReply):
    """The profiles, and of whom none could be read."""

    user_profile_item: list[UserProfile] = field(factory=list[UserProfile])
    """One entry for each account."""

    fail_account: Annotated[list[str], Wire("Fail_Account")] = field(factory=list[str])
    """Accounts that failed, without a reason."""

    error_display: str | None = None
    """Words for the client."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.user_profile_item

    def _failures(self) -> Iterable[Failure]:
        return [Failure(account, None) for account in self.fail_account]


def _usual_tags() -> list[str]:
    return [tag for tag in STANDARD_TAGS if tag != _TAGS["msg_settings"]]


@frozen(kw_only=True)
class GetProfiles(Command[GetProfilesReply]):
    """Read fields of the profiles of up to 100 accounts.

    The call fails where one of them was never imported; a tag that the app has not is refused with 40009, one that it
    may not read with 40007. Document 269/1639.
    """

    path = "profile/portrait_get"
    repeatable_for = inf

    to_account: Annotated[list[AccountId], Items(1, 100), Targets(), Wire("To_Account")] = field(
        converter=as_ids, kw_only=False
    )
    """The accounts, 1 to 100."""

    tag_list: list[str] = field(factory=_usual_tags, converter=as_ids, kw_only=False)
    """The tags wanted, standard or custom; :data:`STANDARD_TAGS` when left out, but for
    Tag_Profile_IM_MsgSettings, which not every application has.
    """


class Profiles(Domain):
    """Profiles: the nickname, picture and other fields of accounts."""

    set: Final = endpoint(SetProfile)
    get: Final = endpoint(GetProfiles)
    get_all: Final = split(GetProfiles)
