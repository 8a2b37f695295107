"""Message archives: found, downloaded, checked and unpacked, message by message.

An archive is a gzip file: a line that opens a JSON object and its list ``MsgList``, one message on each line, and a
line that closes both. It is written to a temporary file before its first message comes out, so that reading may take
its time while no connection waits, and so that a file that was damaged on its way gives no messages at all.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections import deque
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Protocol, Self, TypeVar, cast

from attrs import field, frozen

from timrest_async._codec import read, read_object
from timrest_async._wire import Wire
from timrest_async._words import shown
from timrest_async.commands._reply import Part, Utc
from timrest_async.elements import Element
from timrest_async.errors import DecodeError, InputError, TransportError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import BinaryIO

    from timrest_async.commands._command import Caller, Command

__all__ = ["Archive", "ArchivedFile", "ArchivedMessage"]

R = TypeVar("R")

IN_MEMORY: Final = 8 * 1024**2
"""An archive up to so many bytes, packed, never touches the disk."""

PART: Final = 1024**2
"""So many bytes are read at once."""


@frozen(kw_only=True)
class ArchivedMessage(Part):
    """A message as the archive keeps it; what else it says of it stands in :attr:`extra`."""

    from_account: Annotated[str | None, Wire("From_Account")] = None
    """Who sent it."""

    to_account: Annotated[str | None, Wire("To_Account")] = None
    """Who received it, one to one."""

    group_id: str | None = None
    """The group to which it was sent."""

    msg_timestamp: Annotated[int | None, Wire("MsgTimestamp", also=("MsgTimeStamp",))] = None
    """When it was sent, Unix seconds."""

    msg_seq: int | None = None
    """Its number."""

    msg_random: int | None = None
    """Its random number."""

    msg_body: list[Element] = field(factory=list[Element])
    """What was sent, element by element."""

    msg_timestamp_utc: ClassVar[Utc] = Utc("msg_timestamp")


class ArchivedFile(Protocol):
    """Where an archive lies, and what proves that it arrived whole."""

    @property
    def url(self) -> str | None:
        """The address."""
        ...

    @property
    def file_md5(self) -> str | None:
        """The MD5 of what is in it, in hexadecimal digits."""
        ...

    @property
    def gzip_md5(self) -> str | None:
        """The MD5 of the file."""
        ...


class Archive:
    """An iterator over the messages of archives: ``async for message in archive``.

    A file is downloaded when the one before it is used up. Where that fails, the error comes out of the loop and going
    on with the same iterator downloads the same file again. Of a file that holds something else than messages, which
    is a :class:`~timrest_async.DecodeError`, the rest is left out.
    """

    def __init__(self, caller: Caller, find: Command[R], files_of: Callable[[R], Iterable[ArchivedFile]]) -> None:
        self._caller = caller
        self._find: Command[Any] = find
        self._files_of: Callable[[Any], Iterable[ArchivedFile]] = files_of
        self._files: deque[ArchivedFile] | None = None
        self._messages: Iterator[ArchivedMessage] = iter(())

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ArchivedMessage:
        if self._files is None:
            self._files = deque(self._files_of(await self._caller.call(self._find)))
        while (message := next(self._messages, None)) is None:
            if not self._files:
                raise StopAsyncIteration
            self._messages = await self._open(self._files[0])
            self._files.popleft()
        return message

    async def _open(self, file: ArchivedFile) -> Iterator[ArchivedMessage]:
        """Download *file*, and return what is in it."""
        path = self._find.path
        if not file.url:
            raise DecodeError(path, "the service gave no address for a file")
        packed = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  # whoever reads the messages closes it
        try:
            await self._caller.download(path, file.url, cast("BinaryIO", packed))
            _check(path, packed, file)
        except BaseException:
            packed.close()
            raise
        return _messages(path, packed)


def _check(path: str, packed: SpooledTemporaryFile[bytes], file: ArchivedFile) -> None:
    """Refuse a file that is not the one that was promised."""
    said = file.gzip_md5 if _is_gzip(packed) else file.file_md5  # a server may have unpacked it on the way
    sum_of = hashlib.md5(usedforsecurity=False)
    while part := packed.read(PART):
        sum_of.update(part)
    if said and sum_of.hexdigest() != said.lower():
        raise TransportError(path, f"the file was damaged on its way: its MD5 is {sum_of.hexdigest()}, not {said}")


def _is_gzip(file: SpooledTemporaryFile[bytes]) -> bool:
    """Whether *file* begins as gzip files do; it stands at its start then."""
    file.seek(0)
    begins = file.read(2)
    file.seek(0)
    return begins == b"\x1f\x8b"


def _messages(path: str, packed: SpooledTemporaryFile[bytes]) -> Iterator[ArchivedMessage]:
    """Read the messages of the file *packed*, and close it in the end."""
    with packed:
        file = cast("BinaryIO", packed)
        content = gzip.GzipFile(fileobj=file, mode="rb") if _is_gzip(packed) else file
        try:
            for line in content:
                yield from _in_line(path, line.strip())
        except (EOFError, OSError, zlib.error) as error:
            raise DecodeError(path, f"the file cannot be unpacked: {error}") from error


def _in_line(path: str, line: bytes) -> Iterator[ArchivedMessage]:
    """Read the message on a *line*; those that open and close the list have none."""
    if not line or line.endswith(b"[") or line.lstrip(b"]}, ") == b"":
        return
    try:
        data = read_object(path, line.rstrip(b","))
    except TransportError:
        raise _no_message(path, line) from None
    listed = data.get("MsgList")
    for message in cast("list[object]", listed) if isinstance(listed, list) else [data]:  # all on one line, or one
        yield _message(path, message)


def _message(path: str, data: object) -> ArchivedMessage:
    if not isinstance(data, dict):
        raise _no_message(path, data)
    message = cast("dict[str, Any]", data)
    try:
        return read(message, ArchivedMessage)
    except InputError as error:
        raise _no_message(path, message) from error


def _no_message(path: str, found: object) -> DecodeError:
    return DecodeError(path, f"the file holds {shown(found)} in place of a message")
