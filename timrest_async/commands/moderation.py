"""Moderation: check texts, pictures, sounds and videos, and keep the lists of words that are filtered."""

from collections.abc import Iterable, Sequence
from math import inf
from typing import Annotated, Final, Literal, Self, TypeAlias

from attrs import evolve, field, frozen

from timrest_async._bounds import Between, Bounded, Items, as_list
from timrest_async._wire import Targets, Wire
from timrest_async.commands._command import Command
from timrest_async.commands._domain import Domain, endpoint, paged, split
from timrest_async.commands._paging import PagedCommand
from timrest_async.commands._reply import CommandReply, Outcome, Part, PartialReply, Result, failure
from timrest_async.commands._shared import as_ids
from timrest_async.errors import Failure

__all__ = [
    "AddCloudKeywords",
    "AddCloudKeywordsReply",
    "AddLocalKeywords",
    "AddLocalKeywordsReply",
    "AuditContent",
    "AuditResult",
    "CheckContent",
    "CheckContentReply",
    "CheckContents",
    "CheckContentsReply",
    "CloudLibrary",
    "CloudWord",
    "CloudWordDetail",
    "DeleteCloudKeywords",
    "DeleteCloudKeywordsReply",
    "DeleteLocalKeywords",
    "DeleteLocalKeywordsReply",
    "ListCloudKeywords",
    "ListCloudKeywordsReply",
    "ListCloudLibraries",
    "ListCloudLibrariesReply",
    "ListLocalKeywords",
    "ListLocalKeywordsReply",
    "LocalWord",
    "Moderation",
    "PageSize",
    "UserKeyword",
]

PageSize: TypeAlias = Annotated[int, Between(1, 100)]
"""How many words or libraries a page of a list holds at most: 1 to 100."""


@frozen(kw_only=True)
class CheckContentReply(CommandReply):
    """The verdict on one content."""

    request_id: str | None = None
    """The id of the check."""

    result: str | None = None
    """``Pass``, ``Review`` or ``Block``."""

    score: int | None = None
    """How bad it is, from 0 to 100."""

    label: str | None = None
    """``Normal``, ``Polity``, ``Porn``, ``Illegal``, ``Abuse``, ``Terror``, ``Ad``, ``Sexy`` or ``Composite``."""

    keywords: list[str] = field(factory=list[str])
    """The words that were found; none where the model objects and no word does."""

    @property
    def passed(self) -> bool:
        """Whether nothing was found against it."""
        return self.result == "Pass"


@frozen(kw_only=True)
class CheckContent(Command[CheckContentReply]):
    """Check one text, picture, sound or video.

    Texts and pictures are judged at once; the verdict on a sound or a video comes later, through a callback.
    Document 1047/77827.
    """

    path = "im_msg_audit/content_moderation"
    repeatable_for = inf

    audit_name: str = field(kw_only=False)
    """By which rules: ``C2C``, ``Group``, ``UserInfo``, ``GroupInfo``, ``GroupMemberInfo``, ``RelationChain``, or the
    id of a configuration of one's own.
    """

    content_type: Literal["Text", "Image", "Audio", "Video"]
    """What it is."""

    content: str
    """The text, up to 8 KB, or the address of the file."""

    ext_sender: str | None = None
    """A note about its sender, which is passed on."""

    ext_receiver: str | None = None
    """A note about its receiver, which is passed on."""


@frozen
class AuditContent(Bounded):
    """One content of several to check."""

    content_id: int
    """A number by which the verdict names it, given to no other content of the call."""

    content_type: Literal["Text", "Image"]
    """What it is."""

    content: str
    """The text, up to 8 KB, or the address of the picture, which may have 5 MB."""


@frozen(kw_only=True)
class AuditResult(Result):
    """The verdict on one content of several. That it is ``ok`` says only that it was checked: see :attr:`passed`."""

    content_id: int
    """The number that it was given."""

    error_code: int | None = None
    """0 when it was checked, otherwise why not."""

    error_info: str | None = None
    """Why not, in the service's words."""

    result: str | None = None
    """``Pass``, ``Review`` or ``Block``."""

    score: int | None = None
    """How bad it is, from 0 to 100."""

    label: str | None = None
    """What it is about, such as ``Normal``, ``Ad`` or ``Abuse``."""

    sub_label: str | None = None
    """The same more closely."""

    keywords: list[str] = field(factory=list[str])
    """The words that were found."""

    request_id: str | None = None
    """The id of the check."""

    @property
    def passed(self) -> bool:
        """Whether it was checked and nothing was found against it."""
        return self.ok and self.result == "Pass"

    @property
    def failure(self) -> Failure | None:
        """Why it could not be checked."""
        return failure(self.content_id, self.error_code, self.error_info)


def _as_contents(contents: Iterable[AuditContent]) -> list[AuditContent]:
    return as_list(contents)


@frozen(kw_only=True)
class CheckContentsReply(PartialReply):
    """The verdict on each content. What ``failed`` was not checked; what was blocked is no failure."""

    audit_results: list[AuditResult] = field(factory=list[AuditResult])
    """One entry for each content."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.audit_results


@frozen(kw_only=True)
class CheckContents(Command[CheckContentsReply]):
    """Check up to 10 texts or pictures.

    The verdicts name them by their numbers, so no two may share one, not even where more are split into several calls.
    Document 1047/77828.
    """

    path = "im_msg_audit/batch_content_moderation"
    repeatable_for = inf

    audit_name: str = field(kw_only=False)
    """By which rules, as for :class:`CheckContent`."""

    contents: Annotated[list[AuditContent], Items(1, 10), Targets()] = field(converter=_as_contents, kw_only=False)
    """The contents, 1 to 10."""

    ext_sender: str | None = None
    """A note about their sender, which is passed on."""

    ext_receiver: str | None = None
    """A note about their receiver, which is passed on."""


@frozen
class LocalWord(Bounded):
    """A word of the local filter."""

    keyword: str
    """The word, or the regular expression."""

    word_type: int | None = None
    """1: a word, 2: a regular expression."""

    filter_type: int | None = None
    """1: it is replaced, 2: the message is blocked."""

    replaced_content: str | None = None
    """What stands in its place, where it is replaced."""

    id: int | None = None
    """Its id, in lists that are read."""

    update_time: str | None = None
    """When it was last changed, in lists that are read."""


def _as_words(words: Iterable[str | LocalWord] | str) -> list[LocalWord]:
    return as_list([words] if isinstance(words, str) else words, _as_word)


def _as_word(word: str | LocalWord) -> LocalWord:
    return LocalWord(word) if isinstance(word, str) else word


@frozen(kw_only=True)
class AddLocalKeywordsReply(PartialReply):
    """The receipt for words that were added."""

    request_id: str | None = None
    """The id of the request."""


@frozen(kw_only=True)
class AddLocalKeywords(Command[AddLocalKeywordsReply]):
    """Add up to 10 words to the local filter."""

    path = "im_msg_audit_mgr/add_local_audit_keywords"
    repeatable_for = inf

    sdk_app_id: int = field(kw_only=False)
    """The SDKAppID, which goes into the body too."""

    local_audit_words: Annotated[list[LocalWord], Items(1, 10), Targets()] = field(converter=_as_words, kw_only=False)
    """The words, 1 to 10; the words alone will do."""


@frozen(kw_only=True)
class DeleteLocalKeywordsReply(PartialReply):
    """The receipt for words that were removed."""

    request_id: str | None = None
    """The id of the request."""


@frozen(kw_only=True)
class DeleteLocalKeywords(Command[DeleteLocalKeywordsReply]):
    """Remove up to 10 words from the local filter."""

    path = "im_msg_audit_mgr/delete_local_audit_keywords"
    repeatable_for = inf

    sdk_app_id: int = field(kw_only=False)
    """The SDKAppID, which goes into the body too."""

    local_audit_words: Annotated[list[LocalWord], Items(1, 10), Targets()] = field(converter=_as_words, kw_only=False)
    """The words, 1 to 10; the words alone will do."""


@frozen(kw_only=True)
class ListLocalKeywordsReply(CommandReply):
    """A page of the local filter."""

    request_id: str | None = None
    """The id of the request."""

    local_audit_words: list[LocalWord] = field(factory=list[LocalWord])
    """The words of the page."""

    total_count: int | None = None
    """How many words the filter has."""

    total_reg_count: int | None = None
    """How many regular expressions the filter has."""

    cur_count: int | None = None
    """How many words are as asked for."""

    cur_reg_count: int | None = None
    """How many regular expressions are as asked for."""


def _next_offset(offset: int, limit: int, page: Sequence[object], total: int | None) -> int | None:
    """Return where the page behind *page* starts; ``None`` where there is none."""
    following = offset + limit
    return following if page and (total is None or following < total) else None


@frozen(kw_only=True)
class ListLocalKeywords(PagedCommand[ListLocalKeywordsReply, LocalWord]):
    """List the words of the local filter."""

    path = "im_msg_audit_mgr/get_local_audit_keywords"
    repeatable_for = inf

    sdk_app_id: int = field(kw_only=False)
    """The SDKAppID, which goes into the body too."""

    filter_type: int | None = None
    """1: only words that are replaced, 2: only words that block; both when left out."""

    offset: int = 0
    """How many words to skip."""

    limit: PageSize = 100
    """The most words in a page."""

    keyword: str | None = None
    """Only words that contain this; all when left out."""

    def items(self, reply: ListLocalKeywordsReply, /) -> Sequence[LocalWord]:
        """Return the words of a page."""
        return reply.local_audit_words

    def after(self, reply: ListLocalKeywordsReply, /) -> Self | None:
        """Skip a page more, until all words that are as asked for were skipped."""
        offset = _next_offset(self.offset, self.limit, reply.local_audit_words, reply.cur_count)
        return None if offset is None else evolve(self, offset=offset)


@frozen(kw_only=True)
class CloudLibrary(Part):
    """A library of the cloud filter."""

    id: Annotated[str | None, Wire("ID")] = None
    """Its id."""

    lib_name: str | None = None
    """Its name."""

    describe: str | None = None
    """What it is for."""

    create_time: str | None = None
    """When it was made, as text."""

    suggestion: str | None = None
    """What happens to a message with one of its words, as far as the documents tell."""


@frozen(kw_only=True)
class ListCloudLibrariesReply(CommandReply):
    """A page of the libraries."""

    request_id: str | None = None
    """The id of the request."""

    total_count: int | None = None
    """How many libraries there are."""

    infos: list[CloudLibrary] = field(factory=list[CloudLibrary])
    """The libraries of the page."""


@frozen(kw_only=True)
class ListCloudLibraries(PagedCommand[ListCloudLibrariesReply, CloudLibrary]):
    """List the libraries of the cloud filter. Document 1047/77829."""

    path = "im_msg_audit_mgr/get_cloud_audit_keywords_ids"
    repeatable_for = inf

    sdk_app_id: int = field(kw_only=False)
    """The SDKAppID, which goes into the body too."""

    offset: int = 0
    """How many libraries to skip."""

    limit: PageSize = 100
    """The most libraries in a page."""

    def items(self, reply: ListCloudLibrariesReply, /) -> Sequence[CloudLibrary]:
        """Return the libraries of a page."""
        return reply.infos

    def after(self, reply: ListCloudLibrariesReply, /) -> Self | None:
        """Skip a page more, until all libraries were skipped."""
        offset = _next_offset(self.offset, self.limit, reply.infos, reply.total_count)
        return None if offset is None else evolve(self, offset=offset)


@frozen(kw_only=True)
class CloudWord(Part):
    """A word of a cloud library."""

    id: Annotated[str | None, Wire("ID")] = None
    """Its id."""

    content: str | None = None
    """The word."""

    create_time: str | None = None
    """When it was added, as ``YYYY-MM-DD hh:mm:ss``."""

    label: str | None = None
    """What it is about, as for :class:`UserKeyword`, if the service says."""


@frozen(kw_only=True)
class ListCloudKeywordsReply(CommandReply):
    """A page of a cloud library."""

    request_id: str | None = None
    """The id of the request."""

    total_count: int | None = None
    """How many words there are."""

    infos: list[CloudWord] = field(factory=list[CloudWord])
    """The words of the page."""


@frozen(kw_only=True)
class ListCloudKeywords(PagedCommand[ListCloudKeywordsReply, CloudWord]):
    """List the words of a cloud library. Document 1047/77830."""

    path = "im_msg_audit_mgr/get_cloud_audit_keywords"
    repeatable_for = inf

    sdk_app_id: int = field(kw_only=False)
    """The SDKAppID, which goes into the body too."""

    offset: int = 0
    """How many words to skip."""

    limit: PageSize = 100
    """The most words in a page."""

    lib_id: Annotated[str, Wire("LibID")] = field(kw_only=False)
    """The library's id."""

    content: str | None = None
    """Only words that contain this; all when left out."""

    def items(self, reply: ListCloudKeywordsReply, /) -> Sequence[CloudWord]:
        """Return the words of a page."""
        return reply.infos

    def after(self, reply: ListCloudKeywordsReply, /) -> Self | None:
        """Skip a page more, until all words were skipped."""
        offset = _next_offset(self.offset, self.limit, reply.infos, reply.total_count)
        return None if offset is None else evolve(self, offset=offset)


@frozen
class UserKeyword(Bounded):
    """A word to add to a cloud library."""

    content: str
    """The word."""

    label: Literal["Normal", "Illegal", "Abuse", "Polity", "Ad", "Porn", "Sexy", "Terror", "Composite"] | None = None
    """What it is about."""


def _as_keywords(words: Iterable[str | UserKeyword] | str) -> list[UserKeyword]:
    return as_list([words] if isinstance(words, str) else words, _as_keyword)


def _as_keyword(word: str | UserKeyword) -> UserKeyword:
    return UserKeyword(word) if isinstance(word, str) else word


@frozen(kw_only=True)
class AddCloudKeywordsReply(CommandReply):
    """The receipt for words that were added."""

    request_id: str | None = None
    """The id of the request."""


@frozen(kw_only=True)
class AddCloudKeywords(Command[AddCloudKeywordsReply]):
    """Add words to a cloud library.

    Too many at once are refused with 2016; the manual prints no limit. Document 1047/77831.
    """

    path = "im_msg_audit_mgr/add_cloud_audit_keywords"
    repeatable_for = inf

    sdk_app_id: int = field(kw_only=False)
    """The SDKAppID, which goes into the body too."""

    lib_id: Annotated[str, Wire("LibID")] = field(kw_only=False)
    """The library's id."""

    user_keywords: list[UserKeyword] = field(converter=_as_keywords)
    """The words; the words alone will do."""


@frozen(kw_only=True)
class CloudWordDetail(Result):
    """What became of one word."""

    keyword_id: Annotated[str | None, Wire("KeywordID")] = None
    """The word's id."""

    keyword: str
    """The word."""

    deleted: bool | None = None
    """Whether it was removed."""

    error_info: str | None = None
    """Why not, in the service's words."""

    @property
    def about(self) -> str:
        """The word."""
        return self.keyword

    @property
    def failure(self) -> Failure | None:
        """Why it was not removed."""
        return Failure(self.keyword, None, self.error_info or "") if self.deleted is False else None


@frozen(kw_only=True)
class DeleteCloudKeywordsReply(PartialReply):
    """What became of each word."""

    request_id: str | None = None
    """The id of the request."""

    count: int | None = None
    """How many words were removed; where the call was split into several, by the first of them."""

    details: list[CloudWordDetail] = field(factory=list[CloudWordDetail])
    """One entry for each word."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.details


@frozen(kw_only=True)
class DeleteCloudKeywords(Command[DeleteCloudKeywordsReply]):
    """Remove up to 10 words from a cloud library.

    Words that could not be removed are named in the reply. Document 1047/77832.
    """

    path = "im_msg_audit_mgr/delete_cloud_audit_keywords"
    repeatable_for = inf

    sdk_app_id: int = field(kw_only=False)
    """The SDKAppID, which goes into the body too."""

    lib_id: Annotated[str, Wire("LibID")] = field(kw_only=False)
    """The library's id."""

    keywords: Annotated[list[str], Items(1, 10), Targets()] = field(converter=as_ids)
    """The words, 1 to 10."""


class Moderation(Domain):
    """Checks of texts, pictures, sounds and videos, and lists of words."""

    check: Final = endpoint(CheckContent)
    check_batch: Final = endpoint(CheckContents)
    check_all: Final = split(CheckContents)
    add_local_keywords: Final = endpoint(AddLocalKeywords)
    add_local_keywords_all: Final = split(AddLocalKeywords)
    delete_local_keywords: Final = endpoint(DeleteLocalKeywords)
    delete_local_keywords_all: Final = split(DeleteLocalKeywords)
    list_local_keywords: Final = endpoint(ListLocalKeywords)
    each_local_keyword: Final = paged(ListLocalKeywords)
    list_cloud_libraries: Final = endpoint(ListCloudLibraries)
    each_cloud_library: Final = paged(ListCloudLibraries)
    list_cloud_keywords: Final = endpoint(ListCloudKeywords)
    each_cloud_keyword: Final = paged(ListCloudKeywords)
    add_cloud_keywords: Final = endpoint(AddCloudKeywords)
    delete_cloud_keywords: Final = endpoint(DeleteCloudKeywords)
    delete_cloud_keywords_all: Final = split(DeleteCloudKeywords)
