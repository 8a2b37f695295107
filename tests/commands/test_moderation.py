"""What moderation offers beyond what every command does."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import field, frozen

from timrest_async import Failure, InputError, RetryPolicy, TimSession, TransportError
from timrest_async.commands.moderation import (
    AddCloudKeywords,
    AddLocalKeywords,
    AuditContent,
    AuditResult,
    CheckContentReply,
    CheckContents,
    DeleteCloudKeywords,
    DeleteLocalKeywords,
    ListCloudKeywords,
    LocalWord,
    Moderation,
    UserKeyword,
)
from timrest_async.testing import Call, FakeClock, MemoryTransport

Taker = Callable[[Any], Any]
"""A command, waiting for its words."""


def moderation(service: MemoryTransport) -> Moderation:
    """The domain, of a session that tries once."""
    clock, retry = FakeClock(), RetryPolicy(attempts=1)
    return TimSession(1400000000, secret_key="key", transport=service, clock=clock, retry=retry).moderation


def words(count: int, start: int = 0) -> list[str]:
    """So many words."""
    return [f"word{number}" for number in range(start, start + count)]


@pytest.mark.parametrize(
    ("take", "name", "made"),
    [
        (lambda given: AddLocalKeywords(1, given), "local_audit_words", LocalWord),
        (lambda given: DeleteLocalKeywords(1, given), "local_audit_words", LocalWord),
        (lambda given: AddCloudKeywords(1, "lib", user_keywords=given), "user_keywords", UserKeyword),
        (lambda given: DeleteCloudKeywords(1, "lib", keywords=given), "keywords", str),
    ],
)
def test_words_will_do(take: Taker, name: str, made: Callable[[str], object]) -> None:
    """A word stands for the object that wraps it, alone, in any iterable, and among such objects."""
    assert getattr(take("casino"), name) == [made("casino")]
    assert getattr(take(word for word in ("casino", "poker")), name) == [made("casino"), made("poker")]
    assert getattr(take(["casino", made("poker")]), name) == [made("casino"), made("poker")]


@pytest.mark.parametrize("given", [5, None, b"casino", {"casino": 1}, LocalWord("casino")])
@pytest.mark.parametrize(
    ("take", "name"),
    [
        (lambda given: AddLocalKeywords(1, given), r"AddLocalKeywords\.local_audit_words"),
        (lambda given: DeleteLocalKeywords(1, given), r"DeleteLocalKeywords\.local_audit_words"),
        (lambda given: AddCloudKeywords(1, "lib", user_keywords=given), r"AddCloudKeywords\.user_keywords"),
        (lambda given: DeleteCloudKeywords(1, "lib", keywords=given), r"DeleteCloudKeywords\.keywords"),
        (lambda given: CheckContents("C2C", given), r"CheckContents\.contents"),
    ],
)
def test_what_is_no_list_is_refused_by_name(take: Taker, name: str, given: Any) -> None:
    """Nor is an object that stands alone, for only a text can."""
    with pytest.raises(InputError, match=f"^{name} has to be a list, not "):
        take(given)


@pytest.mark.parametrize(
    ("take", "given", "complaint"),
    [
        (lambda given: AddLocalKeywords(1, given), ["a", 5], r"\.local_audit_words \[1\] has to be LocalWord, not 5"),
        (
            lambda given: AddCloudKeywords(1, "lib", user_keywords=given),
            [LocalWord("a")],
            r"\[0\] has to be UserKeyword",
        ),
        (lambda given: DeleteCloudKeywords(1, "lib", keywords=given), [UserKeyword("a")], r"\[0\] has to be a string"),
        (
            lambda given: CheckContents("C2C", given),
            ["casino"],
            r"\.contents \[0\] has to be AuditContent, not 'casino'",
        ),
        (
            lambda kind: AuditContent(1, kind, "a"),
            "Video",
            r"AuditContent\.content_type has to be one of 'Text', 'Image'",
        ),
        (
            lambda label: UserKeyword("a", label),
            "Spam",
            r"UserKeyword\.label has to be one of 'Normal', .*, not 'Spam'",
        ),
        (
            lambda limit: ListCloudKeywords(1, "lib", limit=limit),
            101,
            r"\.limit has to be a whole number from 1 to 100",
        ),
        (lambda limit: ListCloudKeywords(1, "lib", limit=limit), 0, r"\.limit has to be a whole number from 1 to 100"),
    ],
)
def test_what_is_no_such_thing_is_refused_by_name(take: Taker, given: Any, complaint: str) -> None:
    """The complaint names the field, the place in the list, and what stood there."""
    with pytest.raises(InputError, match=complaint):
        take(given)


def test_contents_may_come_from_anywhere() -> None:
    """Whatever gives them one by one."""
    contents = [AuditContent(1, "Text", "casino"), AuditContent(2, "Image", "https://example.com/a.png")]

    assert CheckContents("C2C", iter(contents)).contents == contents


@pytest.mark.parametrize(("result", "passed"), [("Pass", True), ("Review", False), ("Block", False), (None, False)])
def test_only_a_clear_verdict_passes(result: str | None, passed: bool) -> None:  # noqa: FBT001
    """What a person has to look at did not, nor what has no verdict."""
    assert CheckContentReply(result=result).passed is passed
    assert AuditResult(content_id=1, result=result).passed is passed


def test_what_was_not_checked_did_not_pass() -> None:
    """A failure wins over a verdict beside it; what was blocked was checked, and so is no failure."""
    unchecked = AuditResult(content_id=1, error_code=2001, error_info="too large", result="Pass")
    blocked = AuditResult(content_id=2, error_code=0, result="Block")

    assert (unchecked.ok, unchecked.passed) == (False, False)
    assert unchecked.failure == Failure(1, 2001, "too large")
    assert (blocked.ok, blocked.passed) == (True, False)


@frozen(kw_only=True)
class Listing:
    """One of the lists that come page by page."""

    each: Callable[..., Any]
    """The method of a domain, for one library or filter."""
    request: dict[str, Any]
    """What that sends beside the place of the page."""
    filters: dict[str, Any] = field(factory=dict[str, Any])
    """What else it takes."""
    items: str
    """The key of the items."""
    name: str
    """The key of an item's name."""
    total: str
    """The key of the number of items."""

    def page(self, *names: str, total: int | None) -> dict[str, Any]:
        """Answer with items of these *names*."""
        return {"ErrorCode": 0, self.items: [{self.name: name} for name in names], self.total: total}

    async def read(self, service: MemoryTransport, **arguments: Any) -> list[str]:
        """List the names of all items that *service* has."""
        return [getattr(item, self.name.lower()) async for item in self.each(moderation(service), **arguments)]


each_listing = pytest.mark.parametrize(
    "listing",
    [
        Listing(
            each=lambda domain, **rest: domain.each_local_keyword(7, **rest),
            request={"SdkAppId": 7},
            filters={"filter_type": 2, "keyword": "w"},
            items="LocalAuditWords",
            name="Keyword",
            total="CurCount",
        ),
        Listing(
            each=lambda domain, **rest: domain.each_cloud_library(7, **rest),
            request={"SdkAppId": 7},
            items="Infos",
            name="ID",
            total="TotalCount",
        ),
        Listing(
            each=lambda domain, **rest: domain.each_cloud_keyword(7, "lib", **rest),
            request={"SdkAppId": 7, "LibID": "lib"},
            filters={"content": "w"},
            items="Infos",
            name="Content",
            total="TotalCount",
        ),
    ],
    ids=["local words", "libraries", "cloud words"],
)


@each_listing
async def test_a_list_is_read_to_its_end(listing: Listing) -> None:
    """Each page skips those before it, until as many were skipped as there are; what was asked for stays the same."""
    pages = [listing.page(*words(2, start), total=5) for start in (0, 2)]
    service = MemoryTransport(*pages, listing.page("word4", total=5))

    assert await listing.read(service, limit=2, **listing.filters) == words(5)
    filters = {"".join(map(str.capitalize, name.split("_"))): value for name, value in listing.filters.items()}
    assert [call.json for call in service.calls] == [
        {**listing.request, **filters, "Offset": offset, "Limit": 2} for offset in (0, 2, 4)
    ]


@each_listing
@pytest.mark.parametrize(("total", "calls"), [(2, 1), (3, 2), (None, 2)])
async def test_a_full_page_is_the_last_where_nothing_is_left(listing: Listing, total: int | None, calls: int) -> None:
    """Where the service says how many there are; otherwise, or where it counts too many, an empty page is the end."""
    service = MemoryTransport(listing.page(*words(2), total=total), listing.page(total=total))

    assert await listing.read(service, limit=2) == words(2)
    assert [call.json["Offset"] for call in service.calls] == [0, 2][:calls]


@each_listing
async def test_a_page_that_is_not_full_counts_as_one(listing: Listing) -> None:
    """Places are counted as they were asked for, whatever came of them."""
    service = MemoryTransport(listing.page("word0", total=3), listing.page("word2", total=3))

    assert await listing.read(service, limit=2) == ["word0", "word2"]
    assert [call.json["Offset"] for call in service.calls] == [0, 2]


@each_listing
async def test_a_list_can_be_read_from_its_middle(listing: Listing) -> None:
    """The first page is the one that was asked for, of a hundred unless said otherwise."""
    service = MemoryTransport(listing.page(*words(100, 50), total=151), listing.page("word150", total=151))

    assert await listing.read(service, offset=50) == words(101, 50)
    assert [(call.json["Offset"], call.json["Limit"]) for call in service.calls] == [(50, 100), (150, 100)]


async def test_a_filtered_list_ends_where_its_words_do() -> None:
    """What counts is how many words are as asked for, not how many there are."""
    listed = [{"Keyword": word, "WordType": 1, "FilterType": 2, "Id": 3} for word in words(2)]
    counts = {"TotalCount": 240, "TotalRegCount": 12, "CurCount": 2, "CurRegCount": 0}
    service = MemoryTransport({"ErrorCode": 0, "LocalAuditWords": listed, **counts})

    found = [word async for word in moderation(service).each_local_keyword(7, limit=2)]
    assert found == [LocalWord(word, word_type=1, filter_type=2, id=3) for word in words(2)]
    assert len(service.calls) == 1


async def test_any_number_of_contents_can_be_checked() -> None:
    """Ten in a call. What could not be checked has failed, by its number, and so has what no verdict mentions."""

    def check(call: Call) -> dict[str, Any]:
        contents = [one for one in call.json["Contents"] if one["ContentId"] != 19]
        codes = {11: (2001, "too large")}
        verdicts = [
            {"ContentId": one["ContentId"], "Result": one["Content"], "ErrorCode": code, "ErrorInfo": info}
            for one in contents
            for code, info in [codes.get(one["ContentId"], (0, ""))]
        ]
        return {"ErrorCode": 0, "AuditResults": verdicts}

    service = MemoryTransport(*[check] * 3)
    contents = [AuditContent(number, "Text", "Pass" if number % 2 else "Block") for number in range(21)]
    reply = await moderation(service).check_all("C2C", contents, ext_sender="a")

    assert sorted(len(call.json["Contents"]) for call in service.calls) == [1, 10, 10]
    assert {(call.json["AuditName"], call.json["ExtSender"]) for call in service.calls} == {("C2C", "a")}
    assert [(failure.about, failure.code) for failure in reply.failed] == [(11, 2001), (19, None)]
    assert reply.succeeded == [number for number in range(21) if number not in {11, 19}]
    assert [one.content_id for one in reply.audit_results if one.passed] == [1, 3, 5, 7, 9, 13, 15, 17]


@pytest.mark.parametrize("add", [True, False], ids=["add", "delete"])
async def test_any_number_of_local_words_can_be_added_or_removed(add: bool) -> None:  # noqa: FBT001
    """Ten in a call; the words of a call that failed have failed, and all others are done."""
    lost = TransportError("im_msg_audit_mgr", "cut off")
    service = MemoryTransport({"ErrorCode": 0, "RequestId": "first"}, lost, {"ErrorCode": 0})
    domain = moderation(service)
    given: list[str | LocalWord] = [LocalWord("word0", word_type=2), *words(20, 1)]
    reply = await (domain.add_local_keywords_all if add else domain.delete_local_keywords_all)(7, given)

    assert sorted(len(call.json["LocalAuditWords"]) for call in service.calls) == [1, 10, 10]
    assert service.calls[0].json["LocalAuditWords"][0] == {"Keyword": "word0", "WordType": 2}
    assert [failure.about for failure in reply.failed] == words(10, 10)
    assert reply.succeeded == [*words(10), "word20"]
    assert reply.request_id == "first"


async def test_any_number_of_cloud_words_can_be_removed() -> None:
    """Ten in a call; who was not removed is named with the reason, and the count is that of the first call."""

    def delete(call: Call) -> dict[str, Any]:
        details = [
            {"Keyword": word, "Deleted": False, "ErrorInfo": "keyword not exist"}
            if word == "word10"
            else {"Keyword": word, "KeywordID": "1", **({} if word == "word11" else {"Deleted": True})}
            for word in call.json["Keywords"]
        ]
        return {"ErrorCode": 0, "Count": len(details), "Details": details}

    service = MemoryTransport(delete, delete)
    reply = await moderation(service).delete_cloud_keywords_all(7, "lib", keywords=words(12))

    assert sorted(len(call.json["Keywords"]) for call in service.calls) == [2, 10]
    assert reply.failed == [Failure("word10", None, "keyword not exist")]
    assert reply.succeeded == [*words(10), "word11"]
    assert [detail.about for detail in reply.details] == words(12)
    assert reply.count == 10
