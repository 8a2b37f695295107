"""Moderation in the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.conftest import KEY, SDKAPPID
from tests.sandbox.heard import Heard
from tests.sandbox.samples import sample, shape
from timrest_async.commands.moderation import AuditContent, LocalWord, UserKeyword
from timrest_async.sandbox import Application, Rules, Service, State

if TYPE_CHECKING:
    from timrest_async import TimSession
    from timrest_async.sandbox import Sandbox
    from timrest_async.testing import FakeClock

Post = Callable[..., dict[str, Any]]

CHECK, CHECK_MANY = "im_msg_audit/content_moderation", "im_msg_audit/batch_content_moderation"
ADD_LOCAL, DELETE_LOCAL = "im_msg_audit_mgr/add_local_audit_keywords", "im_msg_audit_mgr/delete_local_audit_keywords"
LOCAL, LIBRARIES = "im_msg_audit_mgr/get_local_audit_keywords", "im_msg_audit_mgr/get_cloud_audit_keywords_ids"
CLOUD, ADD_CLOUD = "im_msg_audit_mgr/get_cloud_audit_keywords", "im_msg_audit_mgr/add_cloud_audit_keywords"
DELETE_CLOUD = "im_msg_audit_mgr/delete_cloud_audit_keywords"

PASS: dict[str, Any] = {"Result": "Pass", "Score": 0, "Label": "Normal"}
BLOCK: dict[str, Any] = {"Result": "Block", "Score": 100, "Label": "Composite"}
REVIEW: dict[str, Any] = {"Result": "Review", "Score": 60, "Label": "Composite"}
FILE = "https://example.com/a"


@pytest.fixture
def heard() -> Heard:
    """Return an application that listens."""
    return Heard()


@pytest.fixture
def service(state: State, heard: Heard) -> Service:
    """Return a service whose application listens."""
    return Service(Application(sdkappid=SDKAPPID, secret_key=KEY), state, heard)


def local(*words: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a command about words of the local filter."""
    return {"SdkAppId": SDKAPPID, "LocalAuditWords": list(words)}


def cloud(*words: dict[str, Any], library: str = "3045") -> dict[str, Any]:
    """Return the body that adds words to a library."""
    return {"SdkAppId": SDKAPPID, "LibID": library, "UserKeywords": list(words)}


def text(content: str) -> dict[str, Any]:
    """Return the body that lets a text be checked."""
    return {"AuditName": "C2C", "ContentType": "Text", "Content": content}


def verdict(answer: dict[str, Any]) -> dict[str, Any]:
    """Return what a good answer says of one text."""
    assert answer["ErrorCode"] == 0, answer
    return {name: answer[name] for name in ("Result", "Score", "Label", "Keywords")}


async def test_the_life_of_a_word(tim: TimSession, box: Sandbox) -> None:
    """Words are added, found, listed and removed, and the typed client reads every answer."""
    app, moderation = box.state.sdkappid or 0, tim.moderation
    assert (await moderation.check("C2C", content_type="Text", content="cheap")).passed
    await moderation.add_local_keywords(app, ["cheap", LocalWord("call.?me", word_type=2)])
    checked = await moderation.check("C2C", content_type="Text", content="cheap watches, call me")
    assert (checked.result, checked.keywords, bool(checked.request_id)) == ("Block", ["cheap", "call me"], True)
    many = await moderation.check_batch(
        "C2C", [AuditContent(1, "Text", "cheap"), AuditContent(2, "Image", FILE), AuditContent(3, "Image", "a.png")]
    )
    assert [(result.content_id, result.passed) for result in many.audit_results] == [(1, False), (2, True), (3, False)]
    assert [(failure.about, failure.code) for failure in many.failed] == [(3, 2003)]
    await moderation.delete_local_keywords(app, ["cheap"])
    assert [word.keyword async for word in moderation.each_local_keyword(app)] == ["call.?me"]

    await moderation.add_cloud_keywords(app, "3045", user_keywords=["poker", UserKeyword("casino", "Illegal")])
    assert [library.id async for library in moderation.each_cloud_library(app)] == ["3045"]
    words = [word async for word in moderation.each_cloud_keyword(app, "3045")]
    assert [(word.content, word.label) for word in words] == [("poker", None), ("casino", "Illegal")]
    removed = await moderation.delete_cloud_keywords(app, "3045", keywords=["poker", "bingo"])
    assert (removed.count, removed.succeeded, [failure.about for failure in removed.failed]) == (
        1,
        ["poker"],
        ["bingo"],
    )
    assert removed.details[0].keyword_id == words[0].id


TEXTS: list[tuple[str, dict[str, Any]]] = [
    ("nothing", PASS | {"Keywords": []}),
    ("", PASS | {"Keywords": []}),
    ("a blocked one", BLOCK | {"Keywords": ["blocked"]}),
    ("a soft one", REVIEW | {"Keywords": ["soft"]}),
    ("soft and blocked", BLOCK | {"Keywords": ["blocked", "soft"]}),
    ("call-me", BLOCK | {"Keywords": ["call-me"]}),
    ("CALL ME", PASS | {"Keywords": []}),
    ("a curse", BLOCK | {"Keywords": ["curse"]}),
    ("soft curse", BLOCK | {"Keywords": ["soft", "curse"]}),
    ("shared", BLOCK | {"Keywords": ["shared"]}),
    ("poker", PASS | {"Keywords": []}),
]


@pytest.mark.parametrize(("content", "expected"), TEXTS)
def test_words_are_found(post: Post, state: State, content: str, expected: dict[str, Any]) -> None:
    """What blocks decides, what is only replaced is doubtful, and what nobody listed passes; no library is asked."""
    state.rules.refused_words = {"curse", "hex"}
    post(ADD_LOCAL, local({"Keyword": "blocked"}, {"Keyword": "soft", "FilterType": 1}))
    post(ADD_LOCAL, local({"Keyword": "call.me", "WordType": 2}, {"Keyword": "x*", "WordType": 2}))
    post(ADD_LOCAL, local({"Keyword": "shared"}, {"Keyword": "share.", "WordType": 2, "FilterType": 1}))
    post(ADD_CLOUD, cloud({"Content": "poker"}))
    assert verdict(post(CHECK, text(content))) == expected


def test_a_batch_says_of_each_what_it_is(post: Post) -> None:
    """An entry has the fields of the sample; one that cannot be checked has a code in their place."""
    post(ADD_LOCAL, local({"Keyword": "cheap"}))
    contents = [
        {"ContentId": 7, "ContentType": "Text", "Content": "cheap"},
        {"ContentId": 5, "ContentType": "Text", "Content": "ä" * 4096 + "a"},
        {"ContentId": 6, "ContentType": "Image", "Content": "cheap"},
    ]
    found, long, nowhere = post(CHECK_MANY, {"AuditName": "own-7", "Contents": contents})["AuditResults"]
    assert list(found) == list(sample(CHECK_MANY, "reply")["AuditResults"][0])
    assert found.pop("RequestId")
    good = {"ContentId": 7, "ErrorCode": 0, "ErrorInfo": "", "SubLabel": "", "Keywords": ["cheap"]}
    assert found == good | BLOCK
    assert [(item["ContentId"], item["ErrorCode"], len(item)) for item in (long, nowhere)] == [
        *((5, 93000, 3), (6, 2003, 3)),
    ]


@pytest.mark.parametrize("kind", ["Audio", "Video"])
def test_sounds_and_videos_are_told_of(post: Post, heard: Heard, kind: str) -> None:
    """The answer names the check, and your application hears how it ended."""
    answer = post(CHECK, {"AuditName": "Group", "ContentType": kind, "Content": FILE})
    assert answer.keys() == {"ActionStatus", "ErrorInfo", "ErrorCode", "RequestId"}
    told: dict[str, Any] = {
        "Scene": "Group",
        "From_Account": "",
        "ContentType": kind,
        "FileURL": FILE,
        "CtxcbResult": 0,
        "CtxcbRequestId": answer["RequestId"],
        "CtxcbKeywords": [],
        "CtxcbSuggestion": "Normal",
        "CtxcbLabel": "Normal",
    }
    assert heard.take() == [("ContentCallback.ResultNotify", told)]
    notes = {"ExtSender": "lumotuwe1", "ExtReceiver": "lumotuwe2"}
    post(CHECK, {"AuditName": "Group", "ContentType": kind, "Content": FILE} | notes)
    ((_, again),) = heard.take()
    assert (again["From_Account"], again["ContactItem"]) == ("lumotuwe1", {"To_Account": "lumotuwe2"})


def test_pictures_and_texts_are_not_told_of(post: Post, heard: Heard) -> None:
    """Their verdict stands in the answer."""
    for kind in ("Text", "Image"):
        answer = post(CHECK, {"AuditName": "C2C", "ContentType": kind, "Content": FILE.upper()})
        assert verdict(answer) == PASS | {"Keywords": []}
    assert heard.told == []


async def test_a_word_can_be_added_again(post: Post, clock: FakeClock) -> None:
    """It takes what is given then and keeps its id; an id that is given counts for nothing."""
    post(ADD_LOCAL, local({"Keyword": "a.", "Id": 9}, {"Keyword": "b", "ReplacedContent": "*", "FilterType": 1}))
    await clock.advance(60)
    post(ADD_LOCAL, local({"Keyword": "a.", "WordType": 2, "FilterType": 1, "ReplacedContent": "-"}))
    again, other = post(LOCAL, {"SdkAppId": SDKAPPID, "Offset": 0, "Limit": 10})["LocalAuditWords"]
    assert again.pop("UpdateTime") > other.pop("UpdateTime")
    assert again == {"Keyword": "a.", "WordType": 2, "FilterType": 1, "ReplacedContent": "-", "Id": 1}
    assert other == {"Keyword": "b", "WordType": 1, "FilterType": 1, "ReplacedContent": "*", "Id": 2}


def test_times_are_of_beijing(post: Post, state: State) -> None:
    """A word tells when it was changed as the manual writes it."""
    post(ADD_LOCAL, local({"Keyword": "a"}))
    written = state.store.value("SELECT UpdateTime FROM local_words")
    assert state.store.value("SELECT datetime(?, 'unixepoch', '+8 hours')", state.now) == written


@pytest.mark.parametrize(
    ("changed", "words", "counts"),
    [
        ({}, ["ab", "b.", "c"], (3, 1, 3, 1)),
        ({"Keyword": "b"}, ["ab", "b."], (3, 1, 2, 1)),
        ({"FilterType": 1}, ["ab"], (3, 1, 1, 0)),
        ({"FilterType": 2, "Keyword": "b"}, ["b."], (3, 1, 1, 1)),
        ({"Keyword": "z"}, [], (3, 1, 0, 0)),
        ({"Limit": 1}, ["ab"], (3, 1, 3, 1)),
        ({"Offset": 1, "Limit": 1}, ["b."], (3, 1, 3, 1)),
        ({"Offset": 2**63 - 1}, [], (3, 1, 3, 1)),
    ],
)
def test_local_words_are_chosen_and_counted(
    post: Post, changed: dict[str, Any], words: list[str], counts: tuple[int, ...]
) -> None:
    """All words are counted, and those that are as asked for, whatever the page."""
    post(ADD_LOCAL, local({"Keyword": "ab", "FilterType": 1}, {"Keyword": "b.", "WordType": 2}, {"Keyword": "c"}))
    answer = post(LOCAL, {"SdkAppId": SDKAPPID, "Offset": 0, "Limit": 100} | changed)
    assert [word["Keyword"] for word in answer["LocalAuditWords"]] == words
    names = ("TotalCount", "TotalRegCount", "CurCount", "CurRegCount")
    assert tuple(answer[name] for name in names) == counts


def test_an_empty_filter_counts_nothing(post: Post) -> None:
    """Its counts are zeros; to remove what it has not works."""
    assert post(DELETE_LOCAL, local({"Keyword": "ab"}))["ErrorCode"] == 0
    answer = post(LOCAL, {"SdkAppId": SDKAPPID, "Offset": 0, "Limit": 100})
    assert answer.pop("RequestId")
    counts = dict.fromkeys(("TotalCount", "TotalRegCount", "CurCount", "CurRegCount"), 0)
    assert answer == {"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0, "LocalAuditWords": []} | counts


async def test_pages_are_walked(tim: TimSession, box: Sandbox) -> None:
    """The client's own pagers find the end of every list, also of a part of it and of an even page."""
    app, moderation = box.state.sdkappid or 0, tim.moderation
    words = [f"w{number}" for number in range(6)]
    await moderation.add_local_keywords(app, [*words, "x", "y"])
    for word in words:
        await moderation.add_cloud_keywords(app, word, user_keywords=["x"])
    await moderation.add_cloud_keywords(app, "w0", user_keywords=[*words, "y"])
    for size in (2, 3, 4, 6, 7):
        found = moderation.each_local_keyword(app, keyword="w", limit=size)
        assert [word.keyword async for word in found] == words
        assert [library.id async for library in moderation.each_cloud_library(app, limit=size)] == words
        contents = moderation.each_cloud_keyword(app, "w0", content="w", limit=size)
        assert [word.content async for word in contents] == words


def test_a_library_begins_with_its_first_words(post: Post, state: State) -> None:
    """It keeps what is given; a word that comes again may have another label."""
    post(ADD_CLOUD, cloud({"Content": "cheap", "Label": "Ad"}, {"Content": "casino"}))
    post(ADD_CLOUD, cloud({"Content": "cheap"}, {"Content": "casino", "Label": "Illegal"}))
    post(ADD_CLOUD, cloud(library="3046"))
    rows = state.store.rows("SELECT Content, Label FROM cloud_words ORDER BY number")
    assert rows == [{"Content": "cheap", "Label": "Ad"}, {"Content": "casino", "Label": "Illegal"}]
    listed = post(LIBRARIES, {"SdkAppId": SDKAPPID, "Offset": 0, "Limit": 100})
    assert [(library["ID"], library["LibName"]) for library in listed["Infos"]] == [("3045",) * 2, ("3046",) * 2]


def test_each_removed_word_is_named(post: Post) -> None:
    """What is in another library, or was removed a moment ago, is not there."""
    post(ADD_CLOUD, cloud({"Content": "cheap"}))
    post(ADD_CLOUD, cloud({"Content": "casino"}, library="3046"))
    words = ["cheap", "cheap", "casino"]
    answer = post(DELETE_CLOUD, {"SdkAppId": SDKAPPID, "LibID": "3045", "Keywords": words})
    gone = {"KeywordID": "", "Deleted": False, "ErrorInfo": "keyword not exist"}
    assert answer["Count"] == 1
    assert answer["Details"] == [
        {"KeywordID": "1", "Keyword": "cheap", "Deleted": True, "ErrorInfo": ""},
        gone | {"Keyword": "cheap"},
        gone | {"Keyword": "casino"},
    ]


def these(*values: Any) -> list[Any]:
    """Return values of any kinds."""
    return list(values)


GOOD: dict[str, dict[str, Any]] = {
    CHECK: text("x"),
    CHECK_MANY: {"AuditName": "C2C", "Contents": [{"ContentId": 1, "ContentType": "Text", "Content": "x"}]},
    ADD_LOCAL: local({"Keyword": "x"}),
    DELETE_LOCAL: local({"Keyword": "x"}),
    LOCAL: {"SdkAppId": SDKAPPID, "Offset": 0, "Limit": 100},
    LIBRARIES: {"SdkAppId": SDKAPPID, "Offset": 0, "Limit": 100},
    CLOUD: {"SdkAppId": SDKAPPID, "LibID": "3045", "Offset": 0, "Limit": 100},
    ADD_CLOUD: cloud({"Content": "x"}),
    DELETE_CLOUD: {"SdkAppId": SDKAPPID, "LibID": "3045", "Keywords": ["x"]},
}
CHECKS = (CHECK, CHECK_MANY)
LISTS = (LOCAL, LIBRARIES, CLOUD)
CLOUDS = (CLOUD, ADD_CLOUD, DELETE_CLOUD)
NO_REGULAR_EXPRESSIONS = ["(", "*", "a{99999999999999999999}"]
NO_CONTENTS: list[Any] = [None, {}, [], ["x"], [{}], [{"ContentId": 1, "ContentType": "Video", "Content": FILE}]]
BAD: list[tuple[str, dict[str, Any], int]] = [
    *((path, {"SdkAppId": value}, 2003) for path in GOOD if path not in CHECKS for value in (None, "1400000000")),
    *((path, {"SdkAppId": 1}, 2004) for path in GOOD if path not in CHECKS),
    *((path, {"AuditName": value}, 2003) for path in CHECKS for value in (None, 1)),
    *((path, {name: 1}, 2003) for path in CHECKS for name in ("ExtSender", "ExtReceiver")),
    *((CHECK, {"ContentType": value}, 2003) for value in (None, 1, "File", "Image", "Audio")),
    *((CHECK, {"Content": value}, code) for value, code in ((None, 2003), (1, 2003), ("ä" * 4096 + "a", 93000))),
    *((CHECK, {"ContentType": "Video", "Content": value}, 2003) for value in ("ftp://a", "https://", "")),
    *((CHECK_MANY, {"Contents": value}, 2003) for value in NO_CONTENTS),
    *((CHECK_MANY, {"Contents": GOOD[CHECK_MANY]["Contents"] * times}, 2003) for times in (2, 11)),
    *(
        (path, {"LocalAuditWords": value}, 2003)
        for path in (ADD_LOCAL, DELETE_LOCAL)
        for value in these(None, {}, [], [{}])
    ),
    *((path, local(*[{"Keyword": "x"}] * 11), 2003) for path in (ADD_LOCAL, DELETE_LOCAL)),
    *(
        (ADD_LOCAL, local({"Keyword": "x"}, {"Keyword": value, "WordType": 2}), 2003)
        for value in NO_REGULAR_EXPRESSIONS
    ),
    *(
        (ADD_LOCAL, local({"Keyword": "x", name: value}), 2003)
        for name in ("WordType", "FilterType")
        for value in (0, 3)
    ),
    (ADD_LOCAL, local({"Keyword": "x"}, {"Keyword": ""}), 2003),
    *((LOCAL, {"FilterType": value}, 2003) for value in ("1", 0, 3)),
    (LOCAL, {"Keyword": 1}, 2003),
    *((path, {"Offset": value}, 2003) for path in LISTS for value in (None, "1", -1)),
    *((path, {"Limit": value}, 2003) for path in LISTS for value in (None, "1", 0, 101)),
    *((path, {"LibID": value}, 2003) for path in CLOUDS for value in (None, 1)),
    *((path, {"LibID": "3046"}, 2003) for path in (CLOUD, DELETE_CLOUD)),
    (CLOUD, {"Content": 1}, 2003),
    *((ADD_CLOUD, {"UserKeywords": value}, 2003) for value in these(None, {}, ["x"], [{}], [{"Content": ""}])),
    (ADD_CLOUD, cloud({"Content": "x", "Label": "Bad"}), 2003),
    *((DELETE_CLOUD, {"Keywords": value}, 2003) for value in (None, "x", [], [1], ["x"] * 11)),
]


@pytest.mark.parametrize(("path", "changed", "code"), BAD)
def test_a_bad_field_is_refused(post: Post, state: State, path: str, changed: dict[str, Any], code: int) -> None:
    """A call with a field that is missing, of another kind or out of bounds does nothing."""
    post(ADD_CLOUD, cloud({"Content": "y"}))
    before = state.export()
    assert post(path, GOOD[path] | changed)["ErrorCode"] == code
    assert state.export() == before


@pytest.mark.parametrize("path", GOOD)
def test_an_application_may_have_no_moderation(post: Post, state: State, path: str) -> None:
    """Every command is refused with 2015 then, whatever else is wrong."""
    state.rules = Rules(calls_per_second=None)
    state.rules.moderation = False
    assert post(path, GOOD[path] | {"SdkAppId": 1})["ErrorCode"] == 2015


def test_a_library_may_take_so_many_words_at_once(post: Post, state: State) -> None:
    """The rules can have the figure that the manual does not print."""
    state.rules = Rules(calls_per_second=None)
    state.rules.cloud_words_at_once = 2
    words = [{"Content": word} for word in "abc"]
    assert post(ADD_CLOUD, cloud(*words))["ErrorCode"] == 2016
    assert post(ADD_CLOUD, cloud(*words[:2]))["ErrorCode"] == 0


@pytest.mark.parametrize("path", GOOD)
def test_the_manuals_samples_are_taken(post: Post, path: str) -> None:
    """Each documented request is accepted and answered with the keys of the documented reply."""
    post(ADD_CLOUD, cloud({"Content": "cheap", "Label": "Ad"}, {"Content": "casino", "Label": "Illegal"}))
    post(ADD_LOCAL, local({"Keyword": "cheap", "FilterType": 1}, {"Keyword": "casino"}))
    request = sample(path, "request")
    if path == LOCAL:
        request["Offset"] = 0
    answer = post(path, request)
    assert answer["ErrorCode"] == 0
    assert shape(answer, but="") == shape(sample(path, "reply"), but="")
    assert list(answer) == list(sample(path, "reply"))
