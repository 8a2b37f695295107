"""Every command is there, and looks at its fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.samples import sample
from timrest_async.commands._registry import commands
from timrest_async.sandbox.plays import OLDER, plays

if TYPE_CHECKING:
    from tests.sandbox.conftest import Post


def test_every_command_is_played() -> None:
    """171, each by its path."""
    assert plays().keys() - OLDER.keys() == {entry.path for entry in commands()}
    assert len(commands()) == 171


def test_a_predecessor_is_called_as_its_successor(post: Post) -> None:
    """What old programs call is answered in the same shape."""
    asked = {"To_Account": ["leckie"]}
    assert post("openim/querystate", asked) == post("openim/query_online_status", asked)


@pytest.mark.parametrize("path", sorted(entry.path for entry in commands()))
def test_a_field_that_is_missing_or_of_another_kind_is_refused(post: Post, path: str) -> None:
    """Each required field of each command, left out and turned into something else, has a code of the manual."""
    entry = next(entry for entry in commands() if entry.path == path)
    good = sample(path, "request")
    for field in entry.request:
        if field.wire in good:
            wrong = [good | {field.wire: object_of(good[field.wire])}] if field.type != "any" else []
            wrong += [{key: value for key, value in good.items() if key != field.wire}] if field.required else []
            for body in wrong:
                answer = post(path, body)
                assert (answer["ActionStatus"], answer["ErrorCode"] > 0) == ("FAIL", True), (field.wire, answer)


def object_of(value: Any) -> Any:
    """Return something of another kind than *value* is."""
    return [[value]] if isinstance(value, dict) else {"not": "this"}
