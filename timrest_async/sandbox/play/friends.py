"""Friends: add, import, update, delete, delete_all, check, get, get_list.

The manual's documents: 269/1643, 269/8301, 269/12525, 269/1644 to 269/1647, 269/8609. A request over REST asks your
application nothing beforehand (1047/43468). One for both sides is answered by the other's Tag_Profile_IM_AllowType,
which is AllowAny until it is set; one for a single side needs no answer (1047/34359). What waits to be confirmed
(30539) stands in ``friend_requests``, and no command of REST confirms it.

Judgement calls: who is a friend already fails with 30001, as on clients; ForceAddFlags passes over AllowType, but not
over black lists; who lists the account already is not asked again; an account may have 3,000 friends; friend groups are
made where they are named; an import overwrites what is there. In get, an entry of which every field is left out for its
sequence stays; in get_list, who is no friend has profile fields alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, cast

from attrs import field, frozen

from timrest_async.commands.friends import (
    AddFriends,
    CheckFriends,
    DeleteAllFriends,
    DeleteFriends,
    GetFriends,
    ImportFriends,
    ListFriends,
    UpdateFriends,
)
from timrest_async.sandbox.play.friend_groups import check_names, groups_of, put_into, take_out
from timrest_async.sandbox.plays import Codes, Play, Plays
from timrest_async.sandbox.relations import (
    advance,
    attempt,
    check_known,
    compared,
    failing,
    listed,
    owner_of,
    pairs,
    sequence,
    unfriend,
)
from timrest_async.sandbox.request import Refusal
from timrest_async.sandbox.state import State
from timrest_async.sandbox.store import packed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from timrest_async.sandbox.events import Answer
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.store import Row

__all__ = ["PLAYS"]

FRIENDS: Final = 3000
"""So many friends one account may have."""
PAGE: Final = 100
REMARK_BYTES: Final = 96
WORDING_BYTES: Final = 256
SOURCE: Final = re.compile("AddSource_Type_[A-Za-z]{1,8}")
CUSTOM: Final = "Tag_SNS_Custom_"


def add(state: State, request: Request) -> Answer:
    """Make friends, or ask those who want to be asked."""
    account = owner_of(state, request)
    both, forced = request.get("AddType") != "Add_Type_Single", request.get("ForceAddFlags") == 1
    adding = _Adding(state, account, both=both, forced=forced)
    items = [attempt(item["To_Account"], adding.befriend, item) for item in request["AddFriendItem"]]
    if adding.made:
        made = [pair | {"Initiator_Account": account} for pair in pairs(adding.made)]
        told = {"PairList": made, "ClientCmd": "friend_add", "Admin_Account": request.identifier}
        state.tell("Sns.CallbackFriendAdd", told | {"ForceFlag": int(forced)})
    return failing("ResultItem", items)


@frozen
class _Adding:
    """One call that makes friends of an account."""

    state: State
    account: str
    both: bool = field(kw_only=True)
    forced: bool = field(kw_only=True)
    made: list[tuple[str, str]] = field(factory=list[tuple[str, str]], init=False)
    """Who came onto whose list: From_Account, To_Account."""

    def befriend(self, item: Row) -> None:
        """Put one account on the list, and the other way round where it is for both."""
        state, account, other = self.state, self.account, item["To_Account"]
        check_known(state, other)
        groups = [item["GroupName"]] if item.get("GroupName") else []
        _check_item(state, account, item, groups)
        ours, theirs = listed(state, "friends", account, other), listed(state, "friends", other, account)
        for refused, code, info in self._objections(other, ours=ours, theirs=theirs):
            if refused:
                raise Refusal(code, f"Err_SNS_FriendAdd_{info}")
        if self.both and not (self.forced or theirs):
            _ask(state, account, item)
        if not ours:
            self._make(account, other, item)
        if self.both and not theirs:
            self._make(other, account, {name: item.get(name) for name in ("AddSource", "AddWording")})
        put_into(state, account, groups, [other])
        sql = "DELETE FROM friend_requests WHERE (From_Account, To_Account) IN (VALUES (?1, ?2), (?2, ?1))"
        state.store.run(sql, account, other)

    def _make(self, account: str, other: str, item: Row) -> None:
        _write(self.state, account, other, item)
        self.made.append((account, other))

    def _objections(self, other: str, *, ours: bool, theirs: bool) -> Iterator[tuple[bool, int, str]]:
        """Give every reason against a friendship, each with whether it holds."""
        state, account, both = self.state, self.account, self.both
        yield account == other, 30001, "Self"
        yield listed(state, "black_list", account, other), 30515, "In_Self_Blacklist"
        yield listed(state, "black_list", other, account), 30525, "In_Peer_Blacklist"
        yield ours and (theirs or not both), 30001, "Friend_Exist"
        yield not ours and _is_full(state, account), 30010, "My_Friend_Num_Exceed_Threshold"
        yield both and not theirs and _is_full(state, other), 30014, "Peer_Friend_Num_Exceed_Threshold"


def _ask(state: State, account: str, item: Row) -> None:
    """Do as the other's profile says; a request that waits is kept, and keeps the friendship from coming about."""
    sql = "SELECT Value FROM profiles WHERE UserID = ? AND Tag = 'Tag_Profile_IM_AllowType'"
    allow_type = state.store.value(sql, item["To_Account"])
    if allow_type == "AllowType_Type_DenyAny":
        raise Refusal(30516, "Err_SNS_FriendAdd_Friend_Deny_Any")
    if allow_type == "AllowType_Type_NeedConfirm":
        names = ("To_Account", "AddSource", "Remark", "GroupName", "AddWording")
        row = {"From_Account": account, "AddTime": state.now} | {name: item.get(name) for name in names}
        state.store.insert("friend_requests", row, replace=True)
        raise Refusal(30539, "Err_SNS_FriendAdd_Friend_Allow_Type_Need_Confirm")


def import_many(state: State, request: Request) -> Answer:
    """Bring friends from elsewhere, who are not asked. Your application is told nothing of it (1047/34359)."""
    account = owner_of(state, request)
    items = [attempt(item["To_Account"], _import, state, account, item) for item in request["AddFriendItem"]]
    return failing("ResultItem", items)


def _import(state: State, account: str, item: Row) -> None:
    other = item["To_Account"]
    check_known(state, other)
    groups: list[str] = item.get("GroupName") or []
    _check_item(state, account, item, groups)
    for tag, value in _custom_in(item).items():
        if not (tag.startswith(CUSTOM) and _is_custom(value)):
            raise Refusal(30001, f"{tag} is no custom field, or its value is neither text nor a whole number")
    if account == other:
        raise Refusal(30001, "Err_SNS_FriendImport_Self")
    if not listed(state, "friends", account, other) and _is_full(state, account):
        raise Refusal(30010, "Err_SNS_FriendImport_My_Friend_Num_Exceed_Threshold")
    _write(state, account, other, item)
    put_into(state, account, groups, [other])


def _check_item(state: State, account: str, item: Row, groups: list[str]) -> None:
    """Refuse texts that are too long; a source may be missing, as documents disagree on it."""
    if not SOURCE.fullmatch(item.get("AddSource") or "AddSource_Type_Unknown"):
        raise Refusal(30001, "AddSource has to be AddSource_Type_ and 1 to 8 letters")
    for name, most in (("Remark", REMARK_BYTES), ("AddWording", WORDING_BYTES)):
        if len((item.get(name) or "").encode()) > most:
            raise Refusal(30001, f"{name} may be {most} bytes long")
    check_names(state, account, groups)


def _is_full(state: State, account: str) -> bool:
    count: int = state.store.value("SELECT count(*) FROM friends WHERE From_Account = ?", account)
    return count >= FRIENDS


def _write(state: State, account: str, other: str, item: Row) -> None:
    """Put *other* on the list, or write over what is said of it there."""
    state.store.run(
        "INSERT INTO friends (From_Account, To_Account, AddSource, Remark, RemarkTime, AddWording, AddTime, Custom)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (From_Account, To_Account) DO UPDATE SET"
        " AddSource = excluded.AddSource, Remark = excluded.Remark, RemarkTime = excluded.RemarkTime,"
        " AddWording = excluded.AddWording, AddTime = excluded.AddTime, Custom = excluded.Custom",
        account,
        other,
        *(item.get(name) for name in ("AddSource", "Remark", "RemarkTime", "AddWording")),
        item.get("AddTime") or state.now,
        packed(_custom_in(item)),
    )
    advance(state, account, "StandardSequence", "CustomSequence")


def _custom_in(item: Row) -> Row:
    pairs_given: list[Row] = item.get("CustomItem") or []
    return {pair["Tag"]: pair["Value"] for pair in pairs_given}


def update(state: State, request: Request) -> Answer:
    """Change remarks, friend groups and custom fields."""
    account = owner_of(state, request)
    items = [attempt(item["To_Account"], _update, state, account, item) for item in request["UpdateItem"]]
    return failing("ResultItem", items)


def _update(state: State, account: str, item: Row) -> None:
    """Write all fields of one friend, or none."""
    other = item["To_Account"]
    check_known(state, other)
    if not listed(state, "friends", account, other):
        raise Refusal(30001, "Err_SNS_FriendUpdate_Not_Friend")
    given = {pair["Tag"]: pair["Value"] for pair in item["SnsItem"]}
    for tag, value in given.items():
        fits = _is_custom if tag.startswith(CUSTOM) else _WRITABLE.get(tag)
        if fits is None or not fits(value):
            raise Refusal(30001, f"{tag} cannot be written, or not like this")
    groups = given.get("Tag_SNS_IM_Group")
    check_names(state, account, groups or [])
    if "Tag_SNS_IM_Remark" in given:
        sql = "UPDATE friends SET Remark = ?, RemarkTime = ? WHERE From_Account = ? AND To_Account = ?"
        state.store.run(sql, given["Tag_SNS_IM_Remark"], state.now, account, other)
        advance(state, account, "StandardSequence")
    if groups is not None:
        take_out(state, account, other)
        put_into(state, account, groups, [other])
    if custom := {tag: value for tag, value in given.items() if tag.startswith(CUSTOM)}:
        sql = "UPDATE friends SET Custom = json_patch(Custom, ?) WHERE From_Account = ? AND To_Account = ?"
        state.store.run(sql, packed(custom), account, other)
        advance(state, account, "CustomSequence")


def _is_custom(value: object) -> bool:
    return type(value) in {str, int}


def _is_remark(value: object) -> bool:
    return isinstance(value, str) and len(value.encode()) <= REMARK_BYTES


def _are_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in cast("list[object]", value))


_WRITABLE: Final[Mapping[str, Callable[[object], bool]]] = {
    "Tag_SNS_IM_Remark": _is_remark,
    "Tag_SNS_IM_Group": _are_names,
}


def delete(state: State, request: Request) -> Answer:
    """End friendships, on one side or on both."""
    account, both = owner_of(state, request), request.get("DeleteType") == "Delete_Type_Both"
    others: list[str] = request["To_Account"]
    gone = unfriend(state, [pair for other in others for pair in _sides(account, other, both=both)])
    met = {other for pair in gone for other in pair}
    items = [attempt(other, _check_met, state, other, met) for other in others]
    return {"ResultItem": items, "ErrorDisplay": ""}


def _sides(account: str, other: str, *, both: bool) -> list[tuple[str, str]]:
    return [(account, other), (other, account)] if both else [(account, other)]


def _check_met(state: State, other: str, met: set[str]) -> None:
    check_known(state, other)
    if other not in met:
        raise Refusal(31704, "Err_SNS_FriendDelete_Not_Friend")


def delete_all(state: State, request: Request) -> Answer:
    """End every friendship of an account, on one side or on both."""
    account, both = owner_of(state, request), request.get("DeleteType") == "Delete_Type_Both"
    others = state.store.values("SELECT To_Account FROM friends WHERE From_Account = ? ORDER BY number", account)
    unfriend(state, [pair for other in others for pair in _sides(account, other, both=both)])
    return {"ErrorDisplay": ""}


def check(state: State, request: Request) -> Answer:
    """Tell who is whose friend."""
    return failing("InfoItem", compared(state, request, "friends", neither="NoRelation"))


def get(state: State, request: Request) -> Answer:
    """List friends, in the order in which they came; without the fields whose sequence the caller has seen."""
    account, start = owner_of(state, request), request["StartIndex"]
    if start < 0:
        raise Refusal(30001, "StartIndex has to be at least 0")
    total = state.store.value("SELECT count(*) FROM friends WHERE From_Account = ?", account)
    sql = "SELECT * FROM friends WHERE From_Account = ? ORDER BY number LIMIT ? OFFSET ?"
    rows = state.store.rows(sql, account, PAGE, start)
    sequences = {name: sequence(state, account, name) for name in ("StandardSequence", "CustomSequence")}
    seen = {name for name, value in sequences.items() if request.get(name) == value}
    groups = groups_of(state, account, [row["To_Account"] for row in rows])
    return {
        "UserDataItem": [
            {
                "To_Account": row["To_Account"],
                "ValueItem": [
                    {"Tag": tag, "Value": value}
                    for tag, value in _fields_of(row, groups).items()
                    if ("CustomSequence" if tag.startswith(CUSTOM) else "StandardSequence") not in seen
                ],
            }
            for row in rows
        ],
        **sequences,
        "FriendNum": total,
        "CompleteFlag": int(start + len(rows) >= total),
        "NextStartIndex": start + len(rows),
        "ErrorDisplay": "",
    }


def get_list(state: State, request: Request) -> Answer:
    """Read chosen fields of named accounts: of their profiles, and what the account says of those who are friends."""
    account, tags = owner_of(state, request), request["TagList"]
    if not tags or not all(tag.startswith(("Tag_Profile_", "Tag_SNS_")) for tag in tags):
        raise Refusal(30001, "TagList has to name fields that start with Tag_Profile_ or Tag_SNS_")
    others: list[str] = request["To_Account"]
    groups = groups_of(state, account, others)
    items: list[Row] = []
    for other in others:
        found = _profile_of(state, other) | _fields_said_of(state, account, other, groups)
        fields = [{"Tag": tag, "Value": found[tag]} for tag in tags if tag in found]
        items.append(attempt(other, check_known, state, other, SnsProfileItem=fields))
    return failing("InfoItem", items)


def _profile_of(state: State, account: str) -> Row:
    rows = state.store.rows("SELECT Tag, Value FROM profiles WHERE UserID = ?", account)
    return {row["Tag"]: row["Value"] for row in rows}


def _fields_said_of(state: State, account: str, other: str, groups: Mapping[str, list[str]]) -> Row:
    row = state.store.row("SELECT * FROM friends WHERE From_Account = ? AND To_Account = ?", account, other)
    return {} if row is None else _fields_of(row, groups)


def _fields_of(row: Row, groups: Mapping[str, list[str]]) -> Row:
    """Return the fields of a friend that hold something, by their tags."""
    fields: Row = {
        "Tag_SNS_IM_AddSource": row["AddSource"],
        "Tag_SNS_IM_Remark": row["Remark"],
        "Tag_SNS_IM_Group": groups.get(row["To_Account"]),
        "Tag_SNS_IM_AddTime": row["AddTime"],
        "Tag_SNS_IM_AddWording": row["AddWording"],
    }
    custom: Row = row["Custom"]
    return {tag: value for tag, value in fields.items() if value} | custom


_CODES: Final = Codes(30001)

PLAYS: Final[Plays] = {
    AddFriends: Play(add, _CODES),
    ImportFriends: Play(import_many, _CODES),
    UpdateFriends: Play(update, _CODES),
    DeleteFriends: Play(delete, _CODES),
    DeleteAllFriends: Play(delete_all, _CODES),
    CheckFriends: Play(check, _CODES),
    ListFriends: Play(get, _CODES),
    GetFriends: Play(get_list, _CODES),
}
