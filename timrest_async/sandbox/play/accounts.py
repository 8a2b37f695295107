"""Accounts: import, delete, check, log out, who is online.

The manual's documents: 269/1608, 269/4919, 269/36443, 269/38417, 269/3853 and 269/2566.

Nobody is online but whom :func:`log_in` let in. Where the documents leave it open:

- Deleting an account takes with it whatever belongs to it, and leaves its groups without an owner. What it said stays
  with those to whom it said it.
- ``State.StateChange`` is told of who is logged out by ``kick``, once for each device, and not of who is deleted.
- An administrator can be deleted like anybody else, and a UserSig that was made before ``kick`` still opens the door.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from timrest_async.commands.accounts import (
    CheckAccounts,
    DeleteAccounts,
    ImportAccount,
    ImportAccounts,
    KickAccount,
    QueryOnlineStatus,
)
from timrest_async.sandbox.plays import Codes, Play, Plays
from timrest_async.sandbox.request import Refusal
from timrest_async.sandbox.store import packed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from timrest_async.sandbox.events import Answer
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State

__all__ = ["PLAYS", "exists", "log_in", "log_out", "register", "unknown_of", "write_profile"]

ID_BYTES: Final = 32
PROFILE_BYTES: Final = 500
BATCH: Final = 100
NO_ACCOUNT: Final[Answer] = {"ResultCode": 70107, "ResultInfo": "Err_TLS_PT_Open_Login_Account_Not_Exist"}
"""What becomes of an account that is not registered, in the service's words."""


def exists(state: State, account: str) -> bool:
    """Say whether *account* is registered."""
    return state.store.row("SELECT 1 FROM accounts WHERE UserID = ?", account) is not None


def unknown_of(state: State, accounts: Iterable[str]) -> list[str]:
    """Return which of *accounts* are not registered, in their order."""
    return state.store.values(
        "SELECT value FROM json_each(?) WHERE NOT EXISTS (SELECT 1 FROM accounts WHERE UserID = value) ORDER BY key",
        packed(list(accounts)),
    )


def register(state: State, account: str) -> None:
    """Register *account*, if it is not registered."""
    if not exists(state, account):
        limit: int | None = state.rules.account_limit
        if limit is not None and state.store.value("SELECT count(*) FROM accounts") >= limit:
            raise Refusal(70398)
        state.store.insert("accounts", {"UserID": account})
        state.store.insert("imports", {"UserID": account, "ImportTime": state.now})


def write_profile(state: State, account: str, values: Mapping[str, Any]) -> None:
    """Write fields of a profile by their tags; what is ``None`` stays as it is."""
    for tag, value in values.items():
        if value is not None:
            if isinstance(value, str) and len(value.encode()) > PROFILE_BYTES:
                raise Refusal(40601, f"{tag} is longer than {PROFILE_BYTES} bytes")
            state.store.insert("profiles", {"UserID": account, "Tag": tag, "Value": value}, replace=True)


def log_in(
    state: State, account: str, platform: str = "iPhone", *, status: Literal["Online", "PushOnline"] = "Online"
) -> None:
    """Let *account* be online on a platform: iPhone, Android, Web, PC, iPad or Mac; it is registered by that.

    *status* is ``PushOnline`` for a device that only a push still reaches. Your application hears of it together with
    what comes of the next call.
    """
    register(state, account)
    login = {"UserID": account, "Platform": platform, "Status": status, "LoginTime": state.now}
    state.store.insert("logins", login, replace=True)
    state.store.commit()
    _tell(state, account, "Login", "Register")


def log_out(state: State, account: str, platform: str | None = None) -> None:
    """Let *account* be offline on a platform, or on all of them."""
    _end_logins(state, account, platform)
    state.store.commit()


def import_one(state: State, request: Request) -> Answer:
    """Register one account, or change one."""
    _import(state, request.fields)
    return {}


def import_many(state: State, request: Request) -> Answer:
    """Register many, given by their ids or as objects, and name those that could not be."""
    if ("Accounts" in request) == ("AccountList" in request):
        raise Refusal(70402, "give exactly one of Accounts and AccountList")
    name = "Accounts" if "Accounts" in request else "AccountList"
    listed = [{"UserID": item} if name == "Accounts" else item for item in request[name]]
    if not 1 <= len(listed) <= BATCH:
        raise Refusal(70206, f"1 to {BATCH} accounts are imported at once, not {len(listed)}")
    good = [1 <= len(item["UserID"].encode()) <= ID_BYTES for item in listed]
    for item, fits in zip(listed, good, strict=True):
        if fits:
            _import(state, item)
    return {"FailAccounts": [item["UserID"] for item, fits in zip(listed, good, strict=True) if not fits]}


def delete(state: State, request: Request) -> Answer:
    """Delete many accounts with all that belongs to them, and say of each what became of it."""
    if not state.rules.delete_accounts:
        raise Refusal(71000)
    accounts = [item["UserID"] for item in request["DeleteItem"]]
    unknown, listed = set(unknown_of(state, accounts)), packed(accounts)
    state.store.run("DELETE FROM accounts WHERE UserID IN (SELECT value FROM json_each(?))", listed)
    done = {"ResultCode": 0, "ResultInfo": ""}
    return {"ResultItem": [{"UserID": one, **(NO_ACCOUNT if one in unknown else done)} for one in accounts]}


def check(state: State, request: Request) -> Answer:
    """Tell which accounts are registered."""
    accounts = [item["UserID"] for item in request["CheckItem"]]
    unknown = set(unknown_of(state, accounts))
    return {"ResultItem": [_known(account, imported=account not in unknown) for account in accounts]}


def kick(state: State, request: Request) -> Answer:
    """Log one account out everywhere."""
    account = request["UserID"]
    if not exists(state, account):
        raise Refusal(70107, f"UserID is not registered: {account!r}")
    _end_logins(state, account)
    return {}


def query_online_status(state: State, request: Request) -> Answer:
    """Tell who is online, also on which platforms; it fails where nobody who was asked for is registered."""
    accounts: list[str] = request["To_Account"]
    unknown = unknown_of(state, accounts)
    if len(unknown) == len(accounts):
        raise Refusal(70107, "none of To_Account is registered")
    logins: dict[str, list[Answer]] = {}
    for row in state.store.rows(
        "SELECT UserID, Platform, Status FROM logins WHERE UserID IN (SELECT value FROM json_each(?))"
        " ORDER BY LoginTime, Platform",
        packed(accounts),
    ):
        logins.setdefault(row.pop("UserID"), []).append(row)
    missed, detailed = set(unknown), request.get("IsNeedDetail") == 1
    found = [_status(one, logins.get(one, []), detailed=detailed) for one in accounts if one not in missed]
    errors = [{"To_Account": account, "ErrorCode": 70107} for account in unknown]
    return {"QueryResult": found, "ErrorList": errors}


def _import(state: State, item: Mapping[str, Any]) -> None:
    register(state, item["UserID"])
    profile = {"Tag_Profile_IM_Nick": item.get("Nick"), "Tag_Profile_IM_Image": item.get("FaceUrl")}
    write_profile(state, item["UserID"], profile)


def _known(account: str, *, imported: bool) -> Answer:
    status = "Imported" if imported else "NotImported"
    return {"UserID": account, "ResultCode": 0, "ResultInfo": "", "AccountStatus": status}


def _status(account: str, logins: list[Answer], *, detailed: bool) -> Answer:
    """Return the best that *account* is anywhere: Online comes before PushOnline, and Offline is nowhere."""
    best = min((login["Status"] for login in logins), default="Offline")
    answer = {"To_Account": account, "Status": best}
    return answer | {"Detail": logins} if detailed and logins else answer


def _end_logins(state: State, account: str, platform: str | None = None) -> None:
    ended = "DELETE FROM logins WHERE UserID = ?1 AND coalesce(Platform = ?2, true)"
    for _ in range(state.store.run(ended, account, platform)):
        _tell(state, account, "Logout", "Unregister")


def _tell(state: State, account: str, action: str, reason: str) -> None:
    info = {"Action": action, "To_Account": account, "Reason": reason}
    state.tell("State.StateChange", {"Info": info})


_CODES: Final = Codes(70402, limit={"CheckItem": 70206, "DeleteItem": 70206}, loose={"Accounts", "AccountList"})
"""70206, for a list that is empty or too long, stands in the central table and in none of the commands' own."""

_ONLINE_CODES: Final = Codes(
    90003,
    kind={"IsNeedDetail": 90001},
    limit={"To_Account": 90011},
    empty={"To_Account": 90003},
    loose={"IsNeedDetail"},
)

PLAYS: Final[Plays] = {
    ImportAccount: Play(import_one, _CODES),
    ImportAccounts: Play(import_many, _CODES),
    DeleteAccounts: Play(delete, _CODES),
    CheckAccounts: Play(check, _CODES),
    KickAccount: Play(kick, _CODES),
    QueryOnlineStatus: Play(query_online_status, _ONLINE_CODES),
}
