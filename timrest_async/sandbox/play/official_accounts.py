"""Official accounts: create, destroy, change, read. The manual's documents: 1047/60755 to 1047/60758.

An id may have 48 bytes, as document 269/102483 says; what a refusal before the creation comes to stands in 1047/60795.

No document lists codes of these commands, so those of the group service stand in: a sample answers 10010 for an
official account that does not exist. Judgement calls: an id that is taken is 10025 where it has the same owner, and
else 10021, as with groups; who is deleted leaves what he owned behind; your application hears of a change only where
something did change, and only of the four fields that the callback has.
"""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final

from timrest_async.commands.official_accounts import (
    CreateOfficialAccount,
    DestroyOfficialAccount,
    GetOfficialAccounts,
    ModifyOfficialAccount,
)
from timrest_async.sandbox.events import Event
from timrest_async.sandbox.play.groups import check_accounts
from timrest_async.sandbox.plays import Codes, Play, Plays
from timrest_async.sandbox.request import Refusal
from timrest_async.sandbox.store import present

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from timrest_async.sandbox.events import Answer, Asking
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State
    from timrest_async.sandbox.store import Row

__all__ = ["OFFICIAL_CODES", "PLAYS", "filter_of", "official_of", "profile_columns"]

OFFICIAL: Final = "@TOA#_"
"""What the id of an official account starts with."""

ID_BYTES: Final = 48
NOT_FOUND: Final = 10010
UNKNOWN: Final = "official account is not exist"
"""What a sample says of an official account that is not there."""

OFFICIAL_CODES: Final = Codes(10004)
"""What these commands answer to a bad field."""

_BYTES: Final[Mapping[str, int]] = {
    "Name": 150,
    "Introduction": 400,
    "FaceUrl": 500,
    "Organization": 500,
    "CustomString": 3000,
}
"""How long the texts of an official account may be."""


def official_of(state: State, request: Request) -> Row:
    """Return the row of the official account that *request* is about."""
    found = state.store.row("SELECT * FROM official_accounts WHERE Official_Account = ?", request["Official_Account"])
    if found is None:
        raise Refusal(NOT_FOUND, UNKNOWN)
    return found


def create(state: State, request: Request) -> Asking:
    """Create an official account, unless your application is against it."""
    row = _new(state, request)
    told = {"Operator_Account": request.identifier, "Owner_Account": row["Owner_Account"], "Name": row["Name"]}
    verdict = yield Event("OfficialAccount.CallbackBeforeCreateOfficialAccount", told)
    verdict.obey("OfficialAccount.CallbackBeforeCreateOfficialAccount")
    row = _new(state, request)  # another may have taken the id while your application was asked
    state.store.insert("official_accounts", row)
    told = told | {"Official_Account": row["Official_Account"]}
    state.tell("OfficialAccount.CallbackAfterCreateOfficialAccount", told)
    return {"OfficialAccountUserID": row["Official_Account"]}


def destroy(state: State, request: Request) -> Answer:
    """Delete an official account with its subscriptions and messages."""
    official = official_of(state, request)
    state.store.run("DELETE FROM official_accounts WHERE Official_Account = ?", official["Official_Account"])
    told = {name: official[name] or "" for name in ("Official_Account", "Owner_Account", "Name")}
    state.tell("OfficialAccount.CallbackAfterOfficialAccountDestroyed", told)
    return {}


def modify(state: State, request: Request) -> Answer:
    """Change the profile of an official account; who subscribes already stays, whatever MaxSubscriberNum is."""
    official = official_of(state, request)
    changed = {name: value for name, value in _given(request).items() if value != official[name]}
    for name, value in changed.items():
        sql = f"UPDATE official_accounts SET {name} = ? WHERE number = ?"  # noqa: S608  # a name of ours
        state.store.run(sql, value, official["number"])
    if texts := {name: changed[name] for name in _TOLD if name in changed}:
        told = {"Official_Account": official["Official_Account"], "Operator_Account": request.identifier} | texts
        state.tell("OfficialAccount.CallbackAfterOfficialAccountInfoChanged", told)
    return {}


_TOLD: Final = ("Name", "Introduction", "FaceUrl", "Organization")


def get(state: State, request: Request) -> Answer:
    """Read official accounts; each one says for itself whether it was found."""
    columns = profile_columns(filter_of(request, "OfficialAccountBaseInfoFilter"))
    sql = f"SELECT {columns} FROM official_accounts WHERE Official_Account = ?"  # noqa: S608  # names of ours
    ids: list[str] = [item["Official_Account"] for item in request["OfficialAccountIdList"]]
    found = [(official, state.store.row(sql, official)) for official in ids]
    infos = [_missing(official) if row is None else present(row) for official, row in found]
    return {"OfficialAccountInfoList": infos}


def filter_of(request: Request, name: str) -> Collection[str] | None:
    """Return which fields are wanted; ``None`` for all."""
    wanted: Collection[str] | None = request.get("ResponseFilter", {}).get(name)
    return wanted


_PROFILE: Final[Mapping[str, str]] = {
    "Name": "Name",
    "Owner_Account": "Owner_Account",
    "CreateTime": "CreateTime",
    "LastMsgTime": "LastMsgTime",
    "SubscriberNum": (
        "(SELECT count(*) FROM official_subscribers AS every"
        " WHERE every.Official_Account = official_accounts.Official_Account)"
    ),
    "Introduction": "Introduction",
    "FaceUrl": "FaceUrl",
    "Organization": "Organization",
    "CustomString": "official_accounts.CustomString",
}
"""What is told of an official account, and where it stands."""


def profile_columns(wanted: Collection[str] | None) -> str:
    """Return what has to be selected for the entry of an official account that was found."""
    fields = [f"{column} AS {name}" for name, column in _PROFILE.items() if wanted is None or name in wanted]
    return ", ".join(["official_accounts.Official_Account", "0 AS ErrorCode", "'' AS ErrorInfo", *fields])


def _missing(official: str) -> Row:
    return {"Official_Account": official, "ErrorCode": NOT_FOUND, "ErrorInfo": UNKNOWN}


def _new(state: State, request: Request) -> Row:
    """Return the row of the official account to create, if all is as it should be."""
    check_accounts(state, request["Owner_Account"])
    given = _given(request)
    official = _own_id(state, request) if "OfficialAccountUserID" in request else f"{OFFICIAL}@TOA#{token_hex(8)}"
    owner = {"Official_Account": official, "Owner_Account": request["Owner_Account"]}
    return owner | given | {"CreateTime": state.now}


def _own_id(state: State, request: Request) -> str:
    official: str = request["OfficialAccountUserID"]
    if not official.startswith(OFFICIAL) or len(official.encode()) > ID_BYTES:
        raise Refusal(
            10015, f"OfficialAccountUserID has to start with {OFFICIAL} and to be up to {ID_BYTES} bytes long"
        )
    taken = state.store.row("SELECT Owner_Account FROM official_accounts WHERE Official_Account = ?", official)
    if taken is not None:
        raise Refusal(10025 if taken["Owner_Account"] == request["Owner_Account"] else 10021)
    return official


def _given(request: Request) -> dict[str, Any]:
    """Return the fields of a profile that are given, if they fit."""
    given = {name: request[name] for name in (*_BYTES, "MaxSubscriberNum") if name in request}
    for name, size in _BYTES.items():
        if len(given.get(name, "").encode()) > size:
            raise Refusal(10004, f"{name} is longer than {size} bytes")
    if given.get("MaxSubscriberNum", 1) < 1:
        raise Refusal(10004, "MaxSubscriberNum has to be at least 1")
    return given


PLAYS: Final[Plays] = {
    CreateOfficialAccount: Play(create, OFFICIAL_CODES),
    DestroyOfficialAccount: Play(destroy, OFFICIAL_CODES),
    ModifyOfficialAccount: Play(modify, OFFICIAL_CODES),
    GetOfficialAccounts: Play(get, OFFICIAL_CODES),
}
