"""The body of a call, read field by field: each reader is told the code that the manual gives for a bad value."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from attrs import frozen

from timrest_async.errors import explain

__all__ = ["U32_MAX", "Refusal", "Request"]

U32_MAX: Final = 2**32 - 1

_NO_LIMIT: Final = 2**63

_KINDS: Final[Mapping[type, str]] = {int: "a whole number", str: "a string", list: "a list", dict: "an object"}


class Refusal(Exception):  # noqa: N818  # an answer of the service, which never leaves the sandbox as an exception
    """The service says no: a documented *code*, and *info* in our words."""

    def __init__(self, code: int, info: str = "") -> None:
        super().__init__(code, info)
        self.code = code
        self.info: str = info or explain(code).meaning


@frozen
class Request:
    """A call that was admitted, with its body."""

    identifier: str
    """The administrator who calls."""

    size: int
    """How many bytes the body has."""

    fields: Mapping[str, Any]
    """The body."""

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def text(self, name: str, code: int, *, most: int = _NO_LIMIT) -> str:
        """Return a string of 1 to *most* bytes."""
        value = self.fields.get(name)
        if isinstance(value, str) and 1 <= len(value.encode()) <= most:
            return value
        limit = f" of at most {most} bytes" if most < _NO_LIMIT else ""
        raise Refusal(code, f"{name} has to be a string{limit} that is not empty")

    def number(self, name: str, code: int, *, low: int = 0, high: int = U32_MAX) -> int:
        """Return a whole number from *low* to *high*."""
        value = self.fields.get(name)
        if type(value) is int and low <= value <= high:
            return value
        raise Refusal(code, f"{name} has to be a whole number from {low} to {high}")

    def items(self, name: str, code: int) -> list[Any]:
        """Return a list."""
        if name not in self.fields:
            raise Refusal(code, f"{name} is missing")
        self.expect(code, {name: list})
        values: list[Any] = self.fields[name]
        return values

    def accounts(self, name: str, code: int) -> list[str]:
        """Return a list of account ids."""
        values = self.items(name, code)
        if all(isinstance(value, str) and value for value in values):
            return values
        raise Refusal(code, f"{name} has to be a list of strings that are not empty")

    def expect(self, code: int, kinds: Mapping[str, type]) -> None:
        """Refuse a field that is given and is not of its kind."""
        for name, kind in kinds.items():
            if name in self.fields and type(self.fields[name]) is not kind:
                raise Refusal(code, f"{name} has to be {_KINDS[kind]}")

    def expect_one_of(self, name: str, allowed: Collection[str], code: int) -> None:
        """Refuse a field that is given and is none of *allowed*."""
        if name in self.fields and self.fields[name] not in allowed:
            raise Refusal(code, f"{name} has to be one of {', '.join(allowed)}")
