"""Requests as the service makes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from attrs import frozen

from timrest_async.testing import FakeClock
from timrest_async.webhook import sign

__all__ = ["SAMPLES", "TOKEN", "Post", "sample"]

TOKEN = "xxxxyyyy"
SAMPLES = Path(__file__).parents[1] / "samples" / "webhooks"


def sample(command: str) -> dict[str, Any]:
    """Return the body of a callback, with every member that there is."""
    found: dict[str, Any] = json.loads((SAMPLES / f"{command}.json").read_text(encoding="utf-8"))
    return found


@frozen
class Post:
    """Writes requests."""

    clock: FakeClock

    def query(self, command: str, **changes: str | None) -> dict[str, str]:
        """Return the query of a call, with some of its parts changed, or left out where that is ``None``."""
        seconds = str(int(self.clock.now()))
        query: dict[str, str | None] = {
            "SdkAppid": "1400000000",
            "CallbackCommand": command,
            "contenttype": "json",
            "ClientIP": "203.0.113.7",
            "OptPlatform": "iOS",
            "Sign": sign(TOKEN, seconds),
            "RequestTime": seconds,
        }
        return {name: value for name, value in (query | changes).items() if value is not None}

    def __call__(self, command: str, **fields: Any) -> tuple[str, dict[str, str], bytes]:
        """Return query, headers and body of the sample of *command*, with *fields* of it changed."""
        body = {**sample(command), **fields}
        return urlencode(self.query(command)), {"Content-Type": "application/json"}, json.dumps(body).encode()
