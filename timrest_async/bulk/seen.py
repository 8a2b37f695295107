"""Who was in the input before: a set that does not grow in memory."""

from __future__ import annotations

import sqlite3
from hashlib import blake2b
from typing import TYPE_CHECKING

from timrest_async._codec import to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Seen"]


class Seen:
    """Where in the input each message to each recipient stood first, in a temporary database."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)  # a file that SQLite removes
        self._db.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-4000;"
            " CREATE TABLE seen (key TEXT PRIMARY KEY, place INTEGER NOT NULL) WITHOUT ROWID"
        )

    def add(self, items: Sequence[tuple[str, bytes] | None], start: int) -> dict[int, int]:
        """Take in *items*, recipients with their messages, that stand in the input from *start* on; ``None`` is nobody.

        Returns those that were there before: where they stand, and where they stood first.
        """
        keys = to_json([item and _key(*item) for item in items]).decode()
        given = {"keys": keys, "start": start}
        added = self._db.execute("INSERT OR IGNORE INTO seen SELECT value, :start + key FROM json_each(:keys)", given)
        if added.rowcount == len(items):
            return {}
        found = self._db.execute(
            "SELECT :start + items.key, place FROM json_each(:keys) AS items JOIN seen ON seen.key = items.value"
            " WHERE place <> :start + items.key",
            given,
        )
        return dict(found.fetchall())

    def close(self) -> None:
        """Forget everything."""
        self._db.close()


def _key(recipient: str, message: bytes) -> str:
    """Name one message to one recipient: as the recipient is called, so that neighbours of a list lie together."""
    if not message and recipient.isprintable():
        return recipient
    return "\n" + blake2b(b"%d %s%s" % (len(recipient), recipient.encode(), message), digest_size=20).hexdigest()
