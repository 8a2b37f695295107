"""Profiles: write, read. The manual's documents: 269/1640 and 269/1639.

Where the documents leave it open:

- One account that is not registered makes the whole of a reading fail with 40003, so nobody ever stands in
  Fail_Account. A tag without a value is left out, and no field has a value from the start.
- Every custom field that can be named is known, unless ``Rules.custom_profile_fields`` lists those of the console.
- A text that is too long is 40601 above 500 bytes, and 40605 for Tag_Profile_IM_Location, which has 16.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args

from attrs import frozen

from timrest_async.commands.profiles import (
    CUSTOM_TAG,
    STANDARD_TAGS,
    AdminForbidType,
    AllowType,
    Gender,
    GetProfiles,
    SetProfile,
)
from timrest_async.sandbox.play.accounts import PROFILE_BYTES, exists, unknown_of, write_profile
from timrest_async.sandbox.plays import Codes, Play, Plays
from timrest_async.sandbox.request import Refusal
from timrest_async.sandbox.store import packed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from timrest_async.sandbox.events import Answer
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State

__all__ = ["PLAYS"]

KEYWORD_LETTERS: Final = 8
U32: Final = range(2**32)


@frozen
class _Text:
    """A string of up to so many bytes."""

    most: int = PROFILE_BYTES

    def check(self, tag: str, value: object) -> None:
        """Refuse another kind of value, or one that is too long."""
        if not isinstance(value, str):
            raise Refusal(40610, f"{tag} has to be a string")
        if len(value.encode()) > self.most:
            code = 40601 if self.most == PROFILE_BYTES else 40605
            raise Refusal(code, f"{tag} is longer than {self.most} bytes")


@frozen
class _OneOf:
    """One of few strings."""

    allowed: tuple[str, ...]

    def check(self, tag: str, value: object) -> None:
        """Refuse another kind of value, or one that is none of them."""
        if not isinstance(value, str):
            raise Refusal(40610, f"{tag} has to be a string")
        if value not in self.allowed:
            raise Refusal(40605, f"{tag} has to be one of {', '.join(self.allowed)}")


@frozen
class _Number:
    """A whole number of 32 bits."""

    def check(self, tag: str, value: object) -> None:
        """Refuse another kind of value, or one out of bounds."""
        if type(value) is not int:
            raise Refusal(40610, f"{tag} has to be a whole number")
        if value not in U32:
            raise Refusal(40605, f"{tag} has to be from 0 to {U32[-1]}")


_SPECIAL: Final[Mapping[str, _Text | _OneOf | _Number]] = {
    "Tag_Profile_IM_Gender": _OneOf(get_args(Gender)),
    "Tag_Profile_IM_AllowType": _OneOf(get_args(AllowType)),
    "Tag_Profile_IM_AdminForbidType": _OneOf(get_args(AdminForbidType)),
    "Tag_Profile_IM_Location": _Text(16),
    "Tag_Profile_IM_BirthDay": _Number(),
    "Tag_Profile_IM_Language": _Number(),
    "Tag_Profile_IM_MsgSettings": _Number(),
    "Tag_Profile_IM_Level": _Number(),
    "Tag_Profile_IM_Role": _Number(),
}
"""Standard fields that are not just text."""


def write(state: State, request: Request) -> Answer:
    """Write fields of one account's profile."""
    account, items = request["From_Account"], request["ProfileItem"]
    if not items:
        raise Refusal(40001, "ProfileItem is empty")
    if not exists(state, account):
        raise Refusal(40003, f"From_Account is not registered: {account!r}")
    for item in items:
        _check_item(state, item)
    write_profile(state, account, {item["Tag"]: item["Value"] for item in items})
    told = {"Operator_Account": request.identifier, "From_Account": account}
    told |= {"ProfileItem": [{"Tag": item["Tag"], "Value": item["Value"]} for item in items]}
    state.tell("Profile.CallbackPortraitSet", told)
    return {"ErrorDisplay": ""}


def read(state: State, request: Request) -> Answer:
    """Read fields of many accounts' profiles."""
    accounts, tags = list(dict.fromkeys(request["To_Account"])), list(dict.fromkeys(request["TagList"]))
    if not tags:
        raise Refusal(40001, "TagList is empty")
    for tag in tags:
        _check_tag(state, tag)
    if unknown := unknown_of(state, accounts):
        raise Refusal(40003, f"not registered: {', '.join(unknown)}")
    found: dict[str, list[Answer]] = {account: [] for account in accounts}
    for row in state.store.rows(
        "SELECT UserID, profiles.Tag, profiles.Value FROM json_each(?) AS tags"
        " CROSS JOIN json_each(?) AS accounts JOIN profiles ON UserID = accounts.value AND Tag = tags.value"
        " ORDER BY tags.key",
        packed(tags),
        packed(accounts),
    ):
        found[row.pop("UserID")].append(row)
    read_well = {"ResultCode": 0, "ResultInfo": ""}
    users = [{"To_Account": account, "ProfileItem": items} | read_well for account, items in found.items()]
    return {"UserProfileItem": users, "ErrorDisplay": ""}


def _check_item(state: State, item: Mapping[str, Any]) -> None:
    tag, value = item["Tag"], item.get("Value")
    _check_tag(state, tag)
    if value is None:
        raise Refusal(40001, f"{tag} has no Value")
    _SPECIAL.get(tag, _Text()).check(tag, value)


def _check_tag(state: State, tag: str) -> None:
    """Refuse a tag that is neither standard nor a custom field that the application has."""
    if tag in STANDARD_TAGS:
        return
    known: Collection[str] | None = state.rules.custom_profile_fields
    keyword = tag.removeprefix(CUSTOM_TAG)
    named = tag != keyword and keyword.isascii() and keyword.isalpha() and len(keyword) <= KEYWORD_LETTERS
    if not named or (known is not None and keyword not in known):
        raise Refusal(40009, f"there is no profile field {tag}")


_CODES: Final = Codes(40001, empty={"To_Account": 40002})

PLAYS: Final[Plays] = {
    SetProfile: Play(write, _CODES),
    GetProfiles: Play(read, _CODES),
}
