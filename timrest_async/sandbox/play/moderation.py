"""Checks of texts, pictures, sounds and videos. The manual's documents: 1047/77827 and 1047/77828.

Nothing is understood here: what is found in a text is found by the words of the local filter and by those of
``refused_words``, and everything else passes. A regular expression tells what it matched.

Judgement calls: a word that blocks makes a text ``Block``, with the Score 100 that a sample shows; one that is only
replaced makes it ``Review``, with 60; words have no category, so the Label is ``Composite``. A file is not fetched: it
passes if its address is one (else 2003). Above 8 KB a content is 93000, as the page of 2023 says. The answer about a
sound or a video holds the RequestId alone, and ``ContentCallback.ResultNotify`` tells at once how it ended; the notes
ExtSender and ExtReceiver are passed on as From_Account and To_Account there. Any AuditName is a configuration.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from timrest_async.commands.moderation import CheckContent, CheckContents
from timrest_async.sandbox.play.moderation_words import (
    BAD,
    BLOCK,
    MODERATION_CODES,
    REGULAR_EXPRESSION,
    check_enabled,
    receipt,
)
from timrest_async.sandbox.plays import Play, Plays
from timrest_async.sandbox.request import Refusal

if TYPE_CHECKING:
    from timrest_async.sandbox.events import Answer
    from timrest_async.sandbox.request import Request
    from timrest_async.sandbox.state import State
    from timrest_async.sandbox.store import Row

__all__ = ["PLAYS", "words_in"]

CONTENT_BYTES: Final = 8 * 1024
TOO_LONG: Final = 93000
LATER: Final = frozenset({"Audio", "Video"})
"""What is judged later, and told by a callback."""

_FILE: Final = re.compile("https?://[^/]", re.IGNORECASE)

PASSED: Final[Answer] = {"Result": "Pass", "Score": 0, "Label": "Normal"}
DOUBTFUL: Final[Answer] = {"Result": "Review", "Score": 60, "Label": "Composite"}
BLOCKED: Final[Answer] = {"Result": "Block", "Score": 100, "Label": "Composite"}


def check(state: State, request: Request) -> Answer:
    """Check one content."""
    check_enabled(state)
    verdict = _judge(state, request["ContentType"], request["Content"])
    answer = receipt()
    if request["ContentType"] in LATER:
        _tell(state, request, answer["RequestId"])
        return answer
    return answer | verdict


def check_many(state: State, request: Request) -> Answer:
    """Check texts and pictures, and say of each what is thought of it, or why it was not checked."""
    check_enabled(state)
    contents: list[Row] = request["Contents"]
    if len({content["ContentId"] for content in contents}) < len(contents):
        raise Refusal(BAD, "a ContentId is given twice")
    return {"AuditResults": [_result(state, content) for content in contents]}


def words_in(state: State, text: str) -> dict[str, bool]:
    """Return what the local filter and ``refused_words`` find in a text, and of each whether it is blocked."""
    found: dict[str, bool] = {}
    for row in state.store.rows(
        "SELECT Keyword, WordType, FilterType FROM local_words WHERE WordType = ? OR instr(?, Keyword) ORDER BY Id",
        *(REGULAR_EXPRESSION, text),
    ):
        word: str = row["Keyword"]
        if row["WordType"] == REGULAR_EXPRESSION:
            match = re.search(word, text)
            word = "" if match is None else match[0]
        if word:
            found[word] = found.get(word, False) or row["FilterType"] == BLOCK
    return found | {word: True for word in sorted(state.rules.refused_words) if word in text}


def _judge(state: State, kind: str, content: str) -> Row:
    if len(content.encode()) > CONTENT_BYTES:
        raise Refusal(TOO_LONG, f"Content is longer than {CONTENT_BYTES} bytes")
    if kind != "Text" and not _FILE.match(content):
        raise Refusal(BAD, f"Content has to be the URL of a file, not {content!r}")
    words = words_in(state, content) if kind == "Text" else {}
    verdict = BLOCKED if any(words.values()) else DOUBTFUL if words else PASSED
    return {**verdict, "Keywords": list(words)}


def _result(state: State, content: Row) -> Row:
    number = content["ContentId"]
    try:
        verdict = _judge(state, content["ContentType"], content["Content"])
    except Refusal as no:
        return {"ContentId": number, "ErrorCode": no.code, "ErrorInfo": no.info}
    words = verdict.pop("Keywords")
    judged = {"ContentId": number, "ErrorCode": 0, "ErrorInfo": "", **verdict, "SubLabel": "", "Keywords": words}
    return judged | receipt()


def _tell(state: State, request: Request, request_id: str) -> None:
    """Tell that a file has passed."""
    receiver = {"ContactItem": {"To_Account": request["ExtReceiver"]}} if "ExtReceiver" in request else {}
    told: Row = {
        "Scene": request["AuditName"],
        "From_Account": request.get("ExtSender", ""),
        **receiver,
        "ContentType": request["ContentType"],
        "FileURL": request["Content"],
        "CtxcbResult": 0,
        "CtxcbRequestId": request_id,
        "CtxcbKeywords": [],
        "CtxcbSuggestion": "Normal",
        "CtxcbLabel": "Normal",
    }
    state.tell("ContentCallback.ResultNotify", told)


PLAYS: Final[Plays] = {
    CheckContent: Play(check, MODERATION_CODES),
    CheckContents: Play(check_many, MODERATION_CODES),
}
