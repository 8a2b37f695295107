"""Commands that answer page by page, and the iterator that turns the pages."""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from timrest_async._codec import encode
from timrest_async.commands._command import Command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from timrest_async.commands._command import Caller


__all__ = ["PagedCommand", "Pager"]

R = TypeVar("R")
ItemT = TypeVar("ItemT")

_log = logging.getLogger("timrest_async")


class PagedCommand(Command[R], Generic[R, ItemT]):
    """A command whose answer is an ``R`` that holds some of many ``ItemT``."""

    __slots__ = ()

    def items(self, reply: R, /) -> Sequence[ItemT]:
        """Return what *reply* holds of them."""
        raise NotImplementedError

    def after(self, reply: R, /) -> Self | None:
        """Return the command that asks for the page behind *reply*; ``None`` where that was the last."""
        raise NotImplementedError


class Pager(Generic[ItemT]):
    """An iterator over the items of all pages: ``async for item in pager``.

    A page is asked for when the one before it is used up. Where asking fails, the error comes out of the loop and going
    on with the same pager asks for the same page again. A service that answers with a place where the pager has been
    would send it round for ever: the pager ends there and writes a WARNING to the logger ``timrest_async``.
    """

    def __init__(self, caller: Caller, first: PagedCommand[Any, ItemT]) -> None:
        self._caller = caller
        self._next: PagedCommand[Any, ItemT] | None = first
        self._ready = deque[ItemT]()
        self._seen = set[bytes]()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ItemT:
        while not self._ready:
            if self._next is None:
                raise StopAsyncIteration
            self._next = await self._turn(self._next)
        return self._ready.popleft()

    async def _turn(self, command: PagedCommand[Any, ItemT]) -> PagedCommand[Any, ItemT] | None:
        """Fetch the page of *command*, and return the command for the next."""
        reply = await self._caller.call(command)
        self._ready.extend(command.items(reply))
        self._seen.add(encode(command))
        following = command.after(reply)
        if following is not None and encode(following) in self._seen:
            _log.warning(
                "%s: the service sent a place in the list where we have been; the list ends here", command.path
            )
            return None
        return following
