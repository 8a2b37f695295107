"""The body of a call, and how the service says no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from timrest_async.errors import explain

if TYPE_CHECKING:
    from timrest_async.sandbox.events import Event

__all__ = ["Refusal", "Request"]


class Refusal(Exception):  # noqa: N818  # an answer of the service, which never leaves the sandbox as an exception
    """The service says no: a documented *code*, *info* in our words, and what it tells your application of it."""

    def __init__(self, code: int, info: str = "", *, told: Sequence[Event] = ()) -> None:
        super().__init__(code, info)
        self.code = code
        self.info: str = info or explain(code).meaning
        self.told = told

    @property
    def answer(self) -> dict[str, Any]:
        """The envelope in which it goes out."""
        return {"ActionStatus": "FAIL", "ErrorInfo": self.info, "ErrorCode": self.code}


@frozen
class Request:
    """A call that was admitted, its fields each of the kind that the manual gives."""

    identifier: str
    """The administrator who calls."""

    size: int
    """How many bytes the body has."""

    fields: Mapping[str, Any]
    """The body; a ``null`` is as good as absent."""

    number: int = 0
    """Which call it is, counted from 1."""

    def __contains__(self, name: str) -> bool:
        return self.fields.get(name) is not None

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Return a field, or *default* where it is absent."""
        value = self.fields.get(name)
        return default if value is None else value
