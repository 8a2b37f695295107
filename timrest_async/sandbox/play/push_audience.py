"""Tags and attributes of accounts, by which pushes find them, under all_member_push and under timpush.

The manual's documents: 269/45935 to 269/45943, 1047/60562 to 1047/60570. Both services look at the same tags and
attributes. timpush names the accounts that failed; all_member_push has no field for that, so one account that is not
registered fails the call (90048). The sandbox knows no registration ids: an attribute that belongs to those fails with
90035 for every account.

Judgement calls: what no command's own list names has the code of the central table, such as 90034 for a tag that is too
long and 90046 for too many tags. An attribute without a name, and a value that is empty or too long, are 90033, which
those lists have. Names may be added and changed number by number.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from timrest_async.commands.push import (
    AddTags,
    ClearTags,
    GetAttrNames,
    GetAttrs,
    GetTags,
    ImAddTags,
    ImClearTags,
    ImGetAttrNames,
    ImGetAttrs,
    ImGetTags,
    ImRemoveAttrs,
    ImRemoveTags,
    ImSetAttrNames,
    ImSetAttrs,
    RemoveAttrs,
    RemoveTags,
    SetAttrNames,
    SetAttrs,
)
from timrest_async.sandbox.play.accounts import unknown_of
from timrest_async.sandbox.plays import Codes, Play, Plays
from timrest_async.sandbox.request import Refusal
from timrest_async.sandbox.store import packed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from timrest_async.sandbox.events import Answer
    from timrest_async.sandbox.plays import Handler
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State
    from timrest_async.sandbox.store import Row

__all__ = ["PLAYS", "audience", "check_condition", "check_enabled", "sort_out"]

NUMBERS: Final = frozenset("0123456789")
"""Numbers of attributes."""
BYTES: Final = 50
"""How long a tag, and the name or value of an attribute, may be."""
TAGS_A_CALL: Final = 10
TAGS_OF_ACCOUNT: Final = 100
TAGS_OF_APPLICATION: Final = 1000
REGISTRATION_ID: Final = 1
KINDS: Final = frozenset({0, REGISTRATION_ID})
"""What has an attribute: accounts, or registration ids."""
NO_ACCOUNT: Final = 70107

Work: TypeAlias = "Callable[[State, Request], tuple[Answer, list[Row]]]"
"""A command about many accounts: what it answers, and the entries of those for which it did not work."""


def check_enabled(state: State) -> None:
    """Refuse what the console has not switched on."""
    if not state.rules.push_to_all:
        raise Refusal(90045)


def sort_out(state: State, accounts: list[str]) -> tuple[list[str], list[Row]]:
    """Return which of *accounts* are registered, each once, and entries of an ErrorList for the others."""
    unknown = dict.fromkeys(unknown_of(state, accounts))
    known = [account for account in dict.fromkeys(accounts) if account not in unknown]
    return known, [_error(account, NO_ACCOUNT, "account not exist") for account in unknown]


def _error(account: str, code: int, info: str) -> Row:
    return {"To_Account": account, "ErrorCode": code, "ErrorInfo": info}


# -- whom a push reaches

_ATTRS: Final = (
    "SELECT UserID FROM json_each(?1) AS wanted JOIN push_attr_names AS names ON names.Name = wanted.key"
    " JOIN push_attrs AS own ON own.number = names.number AND own.Value = wanted.value"
)
_TAGS: Final = "SELECT UserID FROM push_tags WHERE Tag IN (SELECT value FROM json_each(?1))"
_ALL: Final = " GROUP BY UserID HAVING count(*) = (SELECT count(*) FROM json_each(?1))"

_FOUND: Final[Mapping[str, str]] = {
    "AttrsOr": _ATTRS,
    "AttrsAnd": _ATTRS + _ALL,
    "TagsOr": _TAGS,
    "TagsAnd": _TAGS + _ALL,
}
"""How those are found who meet one part of a Condition."""


def audience(state: State, condition: Mapping[str, Any]) -> list[str]:
    """Return who meets every part of *condition*; all accounts where it has none."""
    accounts = state.store.values("SELECT UserID FROM accounts ORDER BY UserID")
    for name, sql in _FOUND.items():
        if condition.get(name):
            found = set(state.store.values(sql, packed(condition[name])))
            accounts = [account for account in accounts if account in found]
    shunned = set(state.store.values(_TAGS, packed(condition.get("TagsNot") or [])))
    return [account for account in accounts if account not in shunned]


def check_condition(state: State, condition: Mapping[str, Any]) -> None:
    """Refuse a Condition that leaves nobody out, that has tags beside attributes, or whose parts cannot be."""
    tags = [condition[name] for name in ("TagsOr", "TagsAnd") if condition.get(name)]
    attrs = [condition[name] for name in ("AttrsOr", "AttrsAnd") if condition.get(name)]
    any_tags = tags or condition.get("TagsNot")
    if any_tags and attrs:
        raise Refusal(90039)
    if not (any_tags or attrs):
        raise Refusal(90027, "Condition names neither tags nor attributes")
    for wanted in tags:
        _check_wanted(wanted)
    for wanted in attrs:
        _check_values(wanted, _attributes(state))


def _check_wanted(tags: list[str]) -> None:
    faults = {
        90032: len(tags) > TAGS_A_CALL,
        90040: "" in tags,
        90020: any(len(tag.encode()) > BYTES for tag in tags),
        90022: len(set(tags)) < len(tags),
    }
    for code, found in faults.items():
        if found:
            raise Refusal(code)


# -- attributes


def set_attr_name(state: State, request: Request) -> Answer:
    """Name attributes."""
    _name(state, request["AttrNames"], request.get("AttrTypes", {}))
    return {}


def im_set_attr_name(state: State, request: Request) -> Answer:
    """Name attributes, all of which are of accounts."""
    check_enabled(state)
    _name(state, request["AttrNames"], {})
    return {}


def _name(state: State, names: Mapping[str, object], types: Mapping[str, object]) -> None:
    if not names or not all(number in NUMBERS and _fits(name) for number, name in names.items()):
        raise Refusal(90033, f'AttrNames has to give some of "0" to "9" names of 1 to {BYTES} bytes')
    if not all(number in names and type(kind) is int and kind in KINDS for number, kind in types.items()):
        raise Refusal(90033, "AttrTypes has to give 0 or 1 to numbers that AttrNames has")
    sql = "INSERT INTO push_attr_names VALUES (?, ?, ?) ON CONFLICT (number) DO UPDATE SET Name = excluded.Name"
    for number, name in names.items():
        state.store.run(sql, number, name, types.get(number, 0))
    named = state.store.rows("SELECT * FROM push_attr_names")
    if any(types.get(row["number"], row["Type"]) != row["Type"] for row in named):
        raise Refusal(90033, "what has an attribute stays so")
    if len({row["Name"] for row in named}) < len(named):
        raise Refusal(90033, "two attributes have the same name")


def get_attr_name(state: State, _: Request) -> Answer:
    """Read how attributes are called, and what has them."""
    named = state.store.rows("SELECT * FROM push_attr_names ORDER BY number")
    return {
        "AttrNames": {row["number"]: row["Name"] for row in named},
        "AttrTypes": {row["number"]: row["Type"] for row in named},
    }


def im_get_attr_name(state: State, request: Request) -> Answer:
    """Read how attributes are called."""
    check_enabled(state)
    return {"AttrNames": get_attr_name(state, request)["AttrNames"]}


def get_attr(state: State, request: Request) -> tuple[Answer, list[Row]]:
    """Read the attributes of accounts."""
    known, errors = sort_out(state, request["To_Account"])
    sql = (
        "SELECT UserID, Name, Value FROM push_attrs JOIN push_attr_names USING (number)"
        " WHERE UserID IN (SELECT value FROM json_each(?)) ORDER BY number"
    )
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for row in state.store.rows(sql, packed(known)):
        found[row["UserID"]][row["Name"]] = row["Value"]
    return {"UserAttrs": [{"To_Account": account, "Attrs": found[account]} for account in known]}, errors


def set_attr(state: State, request: Request) -> tuple[Answer, list[Row]]:
    """Set attributes of accounts."""
    attributes = _attributes(state)
    for user in request["UserAttrs"]:
        _check_values(user["Attrs"], attributes)

    def work(account: str, values: Mapping[str, str]) -> None:
        _check_kinds(attributes, values)
        for name, value in values.items():
            row = {"UserID": account, "number": attributes[name]["number"], "Value": value}
            state.store.insert("push_attrs", row, replace=True)

    return {}, _each(state, request["UserAttrs"], "Attrs", work)


def remove_attr(state: State, request: Request) -> tuple[Answer, list[Row]]:
    """Remove attributes of accounts, also those that they do not have."""
    attributes = _attributes(state)
    for user in request["UserAttrs"]:
        _check_names(user["Attrs"], attributes)

    def work(account: str, names: list[str]) -> None:
        _check_kinds(attributes, names)
        for name in names:
            sql = "DELETE FROM push_attrs WHERE UserID = ? AND number = ?"
            state.store.run(sql, account, attributes[name]["number"])

    return {}, _each(state, request["UserAttrs"], "Attrs", work)


def _attributes(state: State) -> dict[str, Row]:
    return {row["Name"]: row for row in state.store.rows("SELECT * FROM push_attr_names")}


def _check_names(names: Iterable[str], attributes: Mapping[str, Row]) -> None:
    if unknown := [name for name in names if name not in attributes]:
        raise Refusal(90033, f"there are no attributes {', '.join(unknown)}")


def _check_values(values: Mapping[str, object], attributes: Mapping[str, Row]) -> None:
    _check_names(values, attributes)
    if not all(map(_fits, values.values())):
        raise Refusal(90033, f"the value of an attribute has to be text of 1 to {BYTES} bytes")


def _check_kinds(attributes: Mapping[str, Row], names: Iterable[str]) -> None:
    if any(attributes[name]["Type"] == REGISTRATION_ID for name in names):
        raise Refusal(90035)


def _fits(text: object) -> bool:
    return isinstance(text, str) and 0 < len(text.encode()) <= BYTES


# -- tags


def get_tag(state: State, request: Request) -> tuple[Answer, list[Row]]:
    """Read the tags of accounts, in the order in which they got them."""
    known, errors = sort_out(state, request["To_Account"])
    sql = "SELECT UserID, Tag FROM push_tags WHERE UserID IN (SELECT value FROM json_each(?)) ORDER BY number"
    found: dict[str, list[str]] = defaultdict(list)
    for row in state.store.rows(sql, packed(known)):
        found[row["UserID"]].append(row["Tag"])
    return {"UserTags": [{"To_Account": account, "Tags": found[account]} for account in known]}, errors


def add_tag(state: State, request: Request) -> tuple[Answer, list[Row]]:
    """Give accounts tags, beside those they have or in their place."""
    replace = request.get("Replace") == 1
    return _add(state, request["UserTags"], TAGS_OF_ACCOUNT if replace else TAGS_A_CALL, replace=replace)


def im_add_tag(state: State, request: Request) -> tuple[Answer, list[Row]]:
    """Give accounts tags, beside those they have."""
    return _add(state, request["UserTags"], TAGS_A_CALL, replace=False)


def _add(state: State, users: list[Row], most: int, *, replace: bool) -> tuple[Answer, list[Row]]:
    for user in users:
        _check_given(user["Tags"], most)

    def work(account: str, tags: list[str]) -> None:
        if replace:
            state.store.run("DELETE FROM push_tags WHERE UserID = ?", account)
        sql = "SELECT Tag FROM push_tags WHERE UserID = ? UNION SELECT value FROM json_each(?)"
        if len(state.store.values(sql, account, packed(tags))) > TAGS_OF_ACCOUNT:
            raise Refusal(90046)
        sql = "INSERT OR IGNORE INTO push_tags (UserID, Tag) SELECT ?, value FROM json_each(?)"
        state.store.run(sql, account, packed(tags))

    errors = _each(state, users, "Tags", work)
    if state.store.value(_DIFFERENT) > TAGS_OF_APPLICATION:
        raise Refusal(90046, f"an application may have {TAGS_OF_APPLICATION} different tags")
    return {}, errors


_DIFFERENT: Final = (
    "WITH RECURSIVE different(Tag) AS (SELECT min(Tag) FROM push_tags UNION ALL"
    " SELECT (SELECT min(Tag) FROM push_tags WHERE Tag > different.Tag) FROM different WHERE Tag IS NOT NULL)"
    " SELECT count(Tag) FROM different"
)
"""Counts different tags, from one to the next in the index."""


def _check_given(tags: list[str], most: int) -> None:
    faults = {
        90032: len(tags) > most,
        90020: "" in tags,
        90034: any(len(tag.encode()) > BYTES for tag in tags),
    }
    for code, found in faults.items():
        if found:
            raise Refusal(code)


def remove_tag(state: State, request: Request) -> tuple[Answer, list[Row]]:
    """Take tags from accounts, also those that they do not have."""

    def work(account: str, tags: list[str]) -> None:
        sql = "DELETE FROM push_tags WHERE UserID = ? AND Tag IN (SELECT value FROM json_each(?))"
        state.store.run(sql, account, packed(tags))

    return {}, _each(state, request["UserTags"], "Tags", work)


def clear_all_tags(state: State, request: Request) -> tuple[Answer, list[Row]]:
    """Take every tag from accounts."""
    known, errors = sort_out(state, request["To_Account"])
    state.store.run("DELETE FROM push_tags WHERE UserID IN (SELECT value FROM json_each(?))", packed(known))
    return {}, errors


# -- how both services answer


def _each(state: State, users: list[Row], name: str, work: Callable[[str, Any], None]) -> list[Row]:
    """Do the work for every account that is registered, and return the entries of those for which it did not work."""
    known, errors = sort_out(state, [user["To_Account"] for user in users])
    for user in users:
        if user["To_Account"] in known:
            try:
                work(user["To_Account"], user[name])
            except Refusal as no:
                errors.append(_error(user["To_Account"], no.code, no.info))
    return errors


def _naming(work: Work) -> Handler:
    """Name in the answer the accounts for which it did not work."""

    def handler(state: State, request: Request) -> Answer:
        answer, errors = work(state, request)
        return answer | {"ErrorList": errors}

    return handler


def _whole(work: Work) -> Handler:
    """Do it for every account or for none."""

    def handler(state: State, request: Request) -> Answer:
        check_enabled(state)
        answer, errors = work(state, request)
        if errors:
            account, code, info = errors[0].values()
            raise Refusal(90048 if code == NO_ACCOUNT else code, f"{account}: {info}")
        return answer

    return handler


_CODES: Final = Codes(
    90001,
    limit=dict.fromkeys(("To_Account", "UserAttrs", "UserTags"), 90018),
    empty=dict.fromkeys(("To_Account", "UserAttrs", "UserTags"), 90001),
)
_NAMES: Final = Codes(90001, kind={"AttrNames": 90033, "AttrTypes": 90033})

PLAYS: Final[Plays] = {
    SetAttrNames: Play(set_attr_name, _NAMES),
    GetAttrNames: Play(get_attr_name, _NAMES),
    GetAttrs: Play(_naming(get_attr), _CODES),
    SetAttrs: Play(_naming(set_attr), _CODES),
    RemoveAttrs: Play(_naming(remove_attr), _CODES),
    GetTags: Play(_naming(get_tag), _CODES),
    AddTags: Play(_naming(add_tag), _CODES),
    RemoveTags: Play(_naming(remove_tag), _CODES),
    ClearTags: Play(_naming(clear_all_tags), _CODES),
    ImSetAttrNames: Play(im_set_attr_name, _NAMES),
    ImGetAttrNames: Play(im_get_attr_name, _NAMES),
    ImGetAttrs: Play(_whole(get_attr), _CODES),
    ImSetAttrs: Play(_whole(set_attr), _CODES),
    ImRemoveAttrs: Play(_whole(remove_attr), _CODES),
    ImGetTags: Play(_whole(get_tag), _CODES),
    ImAddTags: Play(_whole(im_add_tag), _CODES),
    ImRemoveTags: Play(_whole(remove_tag), _CODES),
    ImClearTags: Play(_whole(clear_all_tags), _CODES),
}
