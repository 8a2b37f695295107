"""Two ways to the service: the main one, and another for while that cannot be reached.

Only what kept the request from going out leads to the other way: a name that cannot be resolved, a connection that
cannot be made. So nothing is ever sent twice, whatever the command. What answers, even with an error, is reached.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from timrest_async.errors import ConfigError, TransportError, UnreachableError
from timrest_async.transport import Downloader

if TYPE_CHECKING:
    from typing import BinaryIO

    from timrest_async._clock import Clock
    from timrest_async.transport import Transport

__all__ = ["AWAY_SECONDS", "Failover"]

AWAY_SECONDS: Final = 30.0
"""So long calls keep to the backup before one of them tries the main way again."""

_log = logging.getLogger("timrest_async")


class Failover:
    """A transport that goes by *main*, or by *backup* while that cannot be reached."""

    def __init__(self, main: Transport, backup: Transport, clock: Clock) -> None:
        self._main = main
        self._backup = backup
        self._clock = clock
        self._away_until = 0.0
        """When the main way is tried again; 0 while calls go there."""

    async def post(self, path: str, usersig: str, body: bytes, timeout: float) -> bytes:  # noqa: ASYNC109  # of one attempt
        """Post *body* to command *path* by the way that is open; *timeout* is for both together."""
        began = self._clock.time()
        away = self._away_until
        if away > began:
            return await self._by_backup(path, usersig, body, timeout)
        self._away_until = away and began + AWAY_SECONDS  # one call looks whether the way is open again
        try:
            answer = await self._main.post(path, usersig, body, timeout)
        except UnreachableError as error:
            left = began + timeout - self._clock.time()
            if left <= 0:
                raise
            _log.warning("%s; calls go to the backup for %g s", error, AWAY_SECONDS)
        except TransportError:
            self._away_until = 0.0  # it was reached
            raise
        else:
            self._away_until = 0.0
            return answer
        self._away_until = self._clock.time() + AWAY_SECONDS
        return await self._by_backup(path, usersig, body, left)

    async def _by_backup(self, path: str, usersig: str, body: bytes, timeout: float) -> bytes:  # noqa: ASYNC109  # of one attempt
        try:
            return await self._backup.post(path, usersig, body, timeout)
        except UnreachableError:
            self._away_until = 0.0  # neither can be reached, so the next call asks both
            raise

    async def download(self, path: str, url: str, into: BinaryIO, idle: float) -> None:
        """Write the file at *url* to *into*; it lies on neither host."""
        if not isinstance(self._main, Downloader):
            raise ConfigError("this transport cannot fetch files")
        await self._main.download(path, url, into, idle)

    async def close(self) -> None:
        """Let go of both."""
        await self._main.close()
        await self._backup.close()
