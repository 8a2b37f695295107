"""Commands that answer page by page."""

import logging
from collections.abc import Sequence
from typing import Any

import pytest
from attrs import evolve, field, frozen

from timrest_async import Pager, TimSession, TransportError
from timrest_async.commands._domain import Domain, paged
from timrest_async.commands._paging import PagedCommand
from timrest_async.commands._reply import CommandReply
from timrest_async.testing import FakeClock, MemoryTransport


@frozen(kw_only=True)
class ListLettersReply(CommandReply):
    """A page of letters."""

    letters: list[str] = field(factory=list[str])
    """They."""

    next: int | None = None
    """Where the next page begins."""


@frozen(kw_only=True)
class ListLetters(PagedCommand[ListLettersReply, str]):
    """List letters."""

    path = "alphabet/list"

    next: int = 0
    """Where the page begins."""

    limit: int | None = None
    """How many."""

    def items(self, reply: ListLettersReply, /) -> Sequence[str]:
        """Return the letters."""
        return reply.letters

    def after(self, reply: ListLettersReply, /) -> "ListLetters | None":
        """Ask from where the page ends."""
        return evolve(self, next=reply.next) if reply.next else None


class Alphabet(Domain):
    """Letters."""

    each = paged(ListLetters)


def page(letters: str, following: int | None = None) -> dict[str, Any]:
    """An answer."""
    return {"ErrorCode": 0, "Letters": list(letters), "Next": following}


def alphabet(service: MemoryTransport) -> Alphabet:
    """The domain, over a service in memory."""
    return Alphabet(TimSession(1400000000, secret_key="key", transport=service, clock=FakeClock()))


async def test_the_items_of_all_pages_come_in_order() -> None:
    """One page is asked for after the other, each from where the one before ended; an empty one is no end."""
    service = MemoryTransport(page("ab", 2), page("", 3), page("c", 7), page("d"))

    assert [letter async for letter in alphabet(service).each(limit=2)] == ["a", "b", "c", "d"]
    assert [call.json for call in service.calls] == [{"Next": start, "Limit": 2} for start in (0, 2, 3, 7)]


async def test_a_page_is_asked_for_when_it_is_needed() -> None:
    """Who stops early costs no further call."""
    service = MemoryTransport(page("ab", 2))
    async for letter in alphabet(service).each():
        if letter == "b":
            break
    assert len(service.calls) == 1


async def test_a_list_may_be_empty() -> None:
    """Then there is nothing to iterate over."""
    assert [letter async for letter in alphabet(MemoryTransport(page(""))).each()] == []


@pytest.mark.parametrize("cursors", [[0], [1, 1], [1, 2, 3, 1], [5, 0]])
async def test_a_cursor_that_comes_again_ends_the_list(cursors: list[int], caplog: pytest.LogCaptureFixture) -> None:
    """A service that sends us in a circle is not followed for ever: every page comes once, and a line says so."""
    service = MemoryTransport(*[page("a", cursor) for cursor in cursors])
    letters = [letter async for letter in alphabet(service).each()]

    assert letters == ["a"] * len(cursors)
    if cursors[-1]:
        (line,) = [record for record in caplog.records if record.levelno == logging.WARNING]
        assert "alphabet/list: the service sent a place" in line.getMessage()


async def test_an_error_comes_out_and_the_pager_can_go_on() -> None:
    """Where a page could not be had, the same pager asks for it again; nothing is skipped and nothing comes twice."""
    service = MemoryTransport(page("ab", 2), TransportError("alphabet/list", "cut off"), page("c"))
    letters, pager = list[str](), alphabet(service).each()

    async def read_on() -> None:
        async for letter in pager:
            letters.append(letter)

    with pytest.raises(TransportError):
        await read_on()
    await read_on()

    assert letters == ["a", "b", "c"]
    assert service.calls[1].body == service.calls[2].body


async def test_a_pager_that_ended_stays_so() -> None:
    """As with any iterator."""
    pager = alphabet(MemoryTransport(page("a"))).each()
    assert [letter async for letter in pager] == ["a"]
    assert [letter async for letter in pager] == []
    assert isinstance(pager, Pager)


async def test_a_command_that_does_not_say_how_to_page_cannot_be_paged() -> None:
    """Both questions have to be answered by the command."""

    class Half(PagedCommand[ListLettersReply, str]):
        path = "alphabet/half"

    with pytest.raises(NotImplementedError):
        Half().items(ListLettersReply())
    with pytest.raises(NotImplementedError):
        Half().after(ListLettersReply())
