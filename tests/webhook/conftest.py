"""A request as the service makes it, to be changed by a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.webhook.posted import TOKEN, Post
from timrest_async.testing import FakeClock
from timrest_async.webhook import Auth, Webhook

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
def clock() -> FakeClock:
    """Time that stands still."""
    return FakeClock(now=1_669_872_112)


@pytest.fixture
def auth(clock: FakeClock) -> Auth:
    """Calls of one application, signed."""
    return Auth(sdkappid=1_400_000_000, token=TOKEN, clock=clock)


@pytest.fixture
async def hook(auth: Auth, clock: FakeClock) -> AsyncIterator[Webhook]:
    """A webhook without functions."""
    async with Webhook(auth, clock=clock) as hook:
        yield hook


@pytest.fixture
def post(clock: FakeClock) -> Post:
    """Make requests as the service does, signed at this moment."""
    return Post(clock)
