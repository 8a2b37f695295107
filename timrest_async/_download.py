"""Files that the service hands out an address for, such as its message archives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import aiohttp
from yarl import URL

from timrest_async.errors import CallTimeoutError, TransportError

if TYPE_CHECKING:
    from typing import BinaryIO

__all__ = ["download"]

PART: Final = 64 * 1024
"""So many bytes are in memory at once."""


async def download(http: aiohttp.ClientSession, path: str, url: str, into: BinaryIO, idle: float) -> None:
    """Write what lies at *url*, which command *path* gave, to *into*; *idle* bounds each wait for more, in seconds.

    The address lets anybody in who knows it, so no error shows it.
    """
    failure: TransportError | None = None
    waits = aiohttp.ClientTimeout(total=None, connect=idle, sock_read=idle)
    try:
        async with http.get(_as_given(url), timeout=waits, allow_redirects=False) as answer:
            if answer.status != 200:
                failure = TransportError(path, f"HTTP {answer.status} in place of the file", answer.status)
            else:
                async for part in answer.content.iter_chunked(PART):
                    into.write(part)
    except TimeoutError:
        failure = CallTimeoutError(path, f"nothing more of the file arrived for {idle:.3g} s")
    except (aiohttp.ClientError, RuntimeError, ValueError) as error:  # RuntimeError: the session was closed meanwhile
        failure = TransportError(path, f"the file could not be downloaded ({type(error).__name__})")
    if failure is not None:
        raise failure


def _as_given(url: str) -> URL:
    """Leave an address that can travel as it is: it may be signed letter by letter."""
    address = URL(url, encoded=all("!" <= letter <= "~" for letter in url))
    if address.scheme not in {"http", "https"}:
        raise aiohttp.NonHttpUrlClientError(address)
    return address
