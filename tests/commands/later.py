"""A user's module, whose annotations are text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from attrs import field, frozen

from timrest_async import Command, Wire
from timrest_async._bounds import Items

if TYPE_CHECKING:
    from decimal import Decimal as Nowhere  # noqa: TC004  # that is the mistake


@frozen(kw_only=True)
class Query(Command[dict[str, Any]]):
    """A command of the user's own."""

    path = "openim/querystate"

    to_account: Annotated[list[str], Items(1, 2), Wire("To_Account")] = field(kw_only=False)
    """Who."""


def lose() -> None:
    """Make a command of what cannot be found."""

    @frozen(kw_only=True)
    class Lost(Command[dict[str, Any]]):
        path = "openim/lost"

        sum: Nowhere
