"""Lists of words for moderation: local and cloud, each added to, read and cut. The documents: 1047/77829 to 1047/77832.

The local filter is what :mod:`~timrest_async.sandbox.play.moderation` goes by; libraries of the cloud are kept as they
are given, and nothing is found by them. ``moderation_enabled`` of the rules says whether the application has the
service at all (2015), ``cloud_words_at_once`` how many words a library takes in one call (2016): the manual prints no
figure, so it is ``None``, for any number.

Judgement calls: the console makes libraries, and the sandbox has none, so the first words for a LibID make one; where
only a part of a list is asked for, its counts are those of that part, and CurCount holds regular expressions too, as
paging needs it; a word that is added again takes what is given then, and one that is not there is as good as removed
from the local filter. What nobody said is a word (WordType 1) that blocks (FilterType 2). Times are those of Beijing.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from timrest_async.commands.moderation import (
    AddCloudKeywords,
    AddLocalKeywords,
    DeleteCloudKeywords,
    DeleteLocalKeywords,
    ListCloudKeywords,
    ListCloudLibraries,
    ListLocalKeywords,
)
from timrest_async.sandbox.plays import Codes, Play, Plays
from timrest_async.sandbox.request import Refusal
from timrest_async.sandbox.store import packed, present

if TYPE_CHECKING:
    from timrest_async.sandbox.events import Answer
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State
    from timrest_async.sandbox.store import Row

__all__ = ["BAD", "BLOCK", "MODERATION_CODES", "PLAYS", "REGULAR_EXPRESSION", "check_enabled", "receipt"]

BAD: Final = 2003
"""What the service answers to a bad parameter."""

MODERATION_CODES: Final = Codes(BAD)
WORD, REGULAR_EXPRESSION = 1, 2
REPLACE, BLOCK = 1, 2
BEIJING: Final = timezone(timedelta(hours=8))
GONE: Final = "keyword not exist"
"""What a sample says of a word that is in no library."""


def check_enabled(state: State) -> None:
    """Refuse the call where the application has no moderation."""
    if not state.rules.moderation:
        raise Refusal(2015)


def receipt() -> Answer:
    """Return the id of a request."""
    return {"RequestId": str(uuid4())}


def add_local(state: State, request: Request) -> Answer:
    """Add words to the local filter, or change those that it has."""
    _check_application(state, request)
    for word in request["LocalAuditWords"]:
        state.store.run(
            "INSERT INTO local_words (Keyword, WordType, FilterType, ReplacedContent, UpdateTime)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET WordType = excluded.WordType,"
            " FilterType = excluded.FilterType, ReplacedContent = excluded.ReplacedContent,"
            " UpdateTime = excluded.UpdateTime",
            *_local_word(state, present(word)).values(),
        )
    return receipt()


def delete_local(state: State, request: Request) -> Answer:
    """Remove words from the local filter."""
    _check_application(state, request)
    words = packed([word["Keyword"] for word in request["LocalAuditWords"]])
    state.store.run("DELETE FROM local_words WHERE Keyword IN (SELECT value FROM json_each(?))", words)
    return receipt()


def list_local(state: State, request: Request) -> Answer:
    """List the words of the local filter, in the order in which they were added."""
    _check_application(state, request)
    if request.get("FilterType") not in {None, REPLACE, BLOCK}:
        raise Refusal(BAD, "FilterType has to be 1, 2 or absent")
    wanted = request.get("Keyword", ""), request.get("FilterType")
    page = state.store.rows(
        "SELECT Keyword, WordType, FilterType, ReplacedContent, Id, UpdateTime FROM local_words"
        " WHERE instr(Keyword, ?) AND FilterType = ifnull(?, FilterType) ORDER BY Id LIMIT ? OFFSET ?",
        *(*wanted, *_page(request)),
    )
    counts = state.store.row(
        "SELECT count(*) AS TotalCount, ifnull(sum(regular), 0) AS TotalRegCount, ifnull(sum(fits), 0) AS CurCount,"
        " ifnull(sum(regular AND fits), 0) AS CurRegCount FROM (SELECT WordType = 2 AS regular,"
        " instr(Keyword, ?) > 0 AND FilterType = ifnull(?, FilterType) AS fits FROM local_words)",
        *wanted,
    )
    return receipt() | {"LocalAuditWords": page} | (counts or {})


def list_libraries(state: State, request: Request) -> Answer:
    """List the libraries of the cloud filter."""
    _check_application(state, request)
    sql = "SELECT ID, LibName, Describe, CreateTime, Suggestion FROM cloud_libraries ORDER BY number LIMIT ? OFFSET ?"
    page = state.store.rows(sql, *_page(request))
    total = state.store.value("SELECT count(*) FROM cloud_libraries")
    return receipt() | {"TotalCount": total, "Infos": page}


def list_cloud(state: State, request: Request) -> Answer:
    """List the words of a library, in the order in which they were added."""
    _check_application(state, request)
    _check_library(state, request["LibID"])
    wanted = request["LibID"], request.get("Content", "")
    rows = state.store.rows(
        "SELECT CAST(number AS TEXT) AS ID, Content, CreateTime, Label FROM cloud_words"
        " WHERE LibID = ? AND instr(Content, ?) ORDER BY number LIMIT ? OFFSET ?",
        *(*wanted, *_page(request)),
    )
    total = state.store.value("SELECT count(*) FROM cloud_words WHERE LibID = ? AND instr(Content, ?)", *wanted)
    return receipt() | {"TotalCount": total, "Infos": [present(row) for row in rows]}


def add_cloud(state: State, request: Request) -> Answer:
    """Add words to a library, or change the labels of those that it has."""
    _check_application(state, request)
    library, words = request["LibID"], request["UserKeywords"]
    most = state.rules.cloud_words_at_once
    if most is not None and len(words) > most:
        raise Refusal(2016)
    state.store.run(
        "INSERT OR IGNORE INTO cloud_libraries (ID, LibName, Describe, CreateTime, Suggestion)"
        " VALUES (?1, ?1, '', ?2, 'Block')",
        *(library, _time(state)),
    )
    for word in words:
        if not word["Content"]:
            raise Refusal(BAD, "a Content is empty")
        state.store.run(
            "INSERT INTO cloud_words (LibID, Content, CreateTime, Label) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET Label = ifnull(excluded.Label, Label)",
            *(library, word["Content"], _time(state), word.get("Label")),
        )
    return receipt()


def delete_cloud(state: State, request: Request) -> Answer:
    """Remove words from a library, and say of each whether it was there."""
    _check_application(state, request)
    _check_library(state, request["LibID"])
    details = [_removed(state, request["LibID"], word) for word in request["Keywords"]]
    return receipt() | {"Count": sum(detail["Deleted"] for detail in details), "Details": details}


def _removed(state: State, library: str, word: str) -> Row:
    number = state.store.value("SELECT number FROM cloud_words WHERE LibID = ? AND Content = ?", library, word)
    if number is None:
        return {"KeywordID": "", "Keyword": word, "Deleted": False, "ErrorInfo": GONE}
    state.store.run("DELETE FROM cloud_words WHERE number = ?", number)
    return {"KeywordID": str(number), "Keyword": word, "Deleted": True, "ErrorInfo": ""}


def _local_word(state: State, word: Row) -> Row:
    """Return the row of a word, if it is one."""
    row = {
        "Keyword": word["Keyword"],
        "WordType": word.get("WordType", WORD),
        "FilterType": word.get("FilterType", BLOCK),
        "ReplacedContent": word.get("ReplacedContent", ""),
        "UpdateTime": _time(state),
    }
    if not row["Keyword"]:
        raise Refusal(BAD, "a Keyword is empty")
    for name in ("WordType", "FilterType"):
        if row[name] not in {1, 2}:
            raise Refusal(BAD, f"{name} has to be 1 or 2, not {row[name]}")
    if row["WordType"] == REGULAR_EXPRESSION:
        try:
            re.compile(row["Keyword"])
        except (re.error, OverflowError) as error:
            raise Refusal(BAD, f"{row['Keyword']!r} is no regular expression: {error}") from error
    return row


def _check_application(state: State, request: Request) -> None:
    check_enabled(state)
    if request["SdkAppId"] != state.sdkappid:
        raise Refusal(2004, f"SdkAppId has to be {state.sdkappid}, as in the URL")


def _check_library(state: State, library: str) -> None:
    if state.store.row("SELECT 1 FROM cloud_libraries WHERE ID = ?", library) is None:
        raise Refusal(BAD, f"there is no library {library!r}")


def _page(request: Request) -> tuple[int, int]:
    """Return the length of a page, and how many stand before it."""
    limit, offset = request["Limit"], request["Offset"]
    if offset < 0:
        raise Refusal(BAD, f"Offset has to be 0 or more, not {offset}")
    return limit, offset


def _time(state: State) -> str:
    return datetime.fromtimestamp(state.now, BEIJING).strftime("%Y-%m-%d %H:%M:%S")


PLAYS: Final[Plays] = {
    AddLocalKeywords: Play(add_local, MODERATION_CODES),
    DeleteLocalKeywords: Play(delete_local, MODERATION_CODES),
    ListLocalKeywords: Play(list_local, MODERATION_CODES),
    ListCloudLibraries: Play(list_libraries, MODERATION_CODES),
    ListCloudKeywords: Play(list_cloud, MODERATION_CODES),
    AddCloudKeywords: Play(add_cloud, MODERATION_CODES),
    DeleteCloudKeywords: Play(delete_cloud, MODERATION_CODES),
}
