"""Accounts: import and check. The manual's documents: 269/1608, 269/4919, 269/38417."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from timrest_async.sandbox.request import Refusal, Request

if TYPE_CHECKING:
    from timrest_async.sandbox.state import State

__all__ = ["check", "import_many", "import_one"]

ID_BYTES: Final = 32
PROFILE_BYTES: Final = 500
BATCH: Final = 100

BAD_PARAMETER: Final = 70402
BAD_NUMBER: Final = 70206
"""A list that is empty or too long. The commands' own tables leave it out; the central one has it."""
LONG_PROFILE: Final = 40601


def import_one(state: State, request: Request) -> dict[str, Any]:
    """Register one account, or change one."""
    _import(state, request.text("UserID", BAD_PARAMETER, most=ID_BYTES), request)
    return {}


def import_many(state: State, request: Request) -> dict[str, Any]:
    """Register many, given by their ids or as objects, and name those that could not be."""
    if ("Accounts" in request) == ("AccountList" in request):
        raise Refusal(BAD_PARAMETER, "give exactly one of Accounts and AccountList")
    failed: list[str] = []
    for item in _items(request):
        user_id = _user_id(item)
        if 1 <= len(user_id.encode()) <= ID_BYTES:
            _import(state, user_id, item)
        else:
            failed.append(user_id)
    return {"FailAccounts": failed}


def check(state: State, request: Request) -> dict[str, Any]:
    """Tell which accounts are registered."""
    return {"ResultItem": [_known(state, _user_id(item)) for item in _batch(request, "CheckItem")]}


def _import(state: State, user_id: str, profile: Request) -> None:
    profile.expect(BAD_PARAMETER, {"Nick": str, "FaceUrl": str})
    nick, face_url = profile.fields.get("Nick"), profile.fields.get("FaceUrl")
    if any(len(value.encode()) > PROFILE_BYTES for value in (nick, face_url) if value is not None):
        raise Refusal(LONG_PROFILE)
    state.add_account(user_id, nick, face_url)


def _items(request: Request) -> list[Request]:
    """Read either form as objects."""
    if "AccountList" in request:
        return _batch(request, "AccountList")
    ids = request.items("Accounts", BAD_PARAMETER)
    listed = Request(request.identifier, request.size, {"AccountList": [{"UserID": user_id} for user_id in ids]})
    return _batch(listed, "AccountList")


def _batch(request: Request, name: str) -> list[Request]:
    items = request.items(name, BAD_PARAMETER)
    if not 1 <= len(items) <= BATCH:
        raise Refusal(BAD_NUMBER, f"{name} has to hold 1 to {BATCH} accounts, not {len(items)}")
    if any(type(item) is not dict for item in items):
        raise Refusal(BAD_PARAMETER, f"{name} has to hold objects")
    return [Request(request.identifier, request.size, cast("dict[str, Any]", item)) for item in items]


def _user_id(item: Request) -> str:
    item.expect(BAD_PARAMETER, {"UserID": str})
    user_id: str = item.fields.get("UserID", "")
    return user_id


def _known(state: State, user_id: str) -> dict[str, Any]:
    status = "Imported" if user_id in state.accounts else "NotImported"
    return {"UserID": user_id, "ResultCode": 0, "ResultInfo": "", "AccountStatus": status}
