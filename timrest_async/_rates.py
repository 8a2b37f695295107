"""Which limits hold for which command: the documents' figures, and what a caller lays over them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType, NoneType
from typing import Final, Literal, Protocol, cast

import attrs
from attrs import field, frozen

from timrest_async._wire import reader_of
from timrest_async.errors import ConfigError, InputError

__all__ = [
    "BELOW_DEFAULT",
    "CLOSED_AFTER",
    "FURTHER",
    "Asking",
    "Limits",
    "RateLimit",
    "check_slowdown",
    "checked_closings",
]

MINUTE: Final = 60.0
HOUR: Final = 3_600.0
DAY: Final = 86_400.0


def checked_closings(seconds: Mapping[int, float]) -> Mapping[int, float]:
    """Return *seconds*, by code, if a command can be closed for so long."""
    for code, length in seconds.items():
        if not 0 < length < math.inf:
            raise ConfigError(f"closed_after[{code}] has to be above 0 seconds and finite, not {length!r}")
    return seconds


def check_slowdown(share: float, seconds: float) -> None:
    """Refuse a *share* that is none, or so many *seconds* that they would not end."""
    if not 0 < share <= 1:
        raise ConfigError(f"slow_down takes a share of the cap, above 0 and at most 1, not {share!r}")
    if not 0 < seconds < math.inf:
        raise ConfigError(f"slow_down takes seconds above 0 and finite, not {seconds!r}")


class Asking(Protocol):
    """A command, as far as a limiter looks at it: its path, and the fields of which :class:`RateLimit` speaks."""

    @property
    def path(self) -> str:
        """Return the service and the command word."""
        ...


def _usual_burst(limit: RateLimit) -> int:
    return limit.calls if limit.weight or limit.key else max(1, limit.calls // 10)


@frozen
class RateLimit:
    """How often a command may be called."""

    calls: int = 100
    """At most this many calls ..."""

    per: float = 1.0
    """... in any window of this many seconds, half-open."""

    count_until: Literal["sent", "answered"] | None = field(default=None, kw_only=True)
    """Until when a call counts: *per* seconds from its answer, or from its sending. When left out, the strictest that
    the limiter can do: "answered" in one process, "sent" across processes.
    """

    weight: str | None = field(default=None, kw_only=True)
    """Count the entries of this list in the request, such as ``To_Account``, instead of calls."""

    key: str | tuple[str, ...] | None = field(default=None, kw_only=True)
    """Count apart for each value of this field of the request, such as ``GroupId``, or of these fields."""

    burst: int = field(default=attrs.Factory(_usual_burst, takes_self=True), kw_only=True)
    """How many may leave at once after a pause; the rest is spread evenly. A tenth of *calls* when left out, and all of
    them where *weight* or *key* is given, since the command's own limit spreads them.
    """

    def __attrs_post_init__(self) -> None:
        """Refuse figures that make no limit."""
        if type(self.calls) is not int or self.calls < 1:
            raise ConfigError(f"RateLimit.calls has to be a whole number of at least 1, not {self.calls!r}")
        if not 0 < self.per < math.inf:
            raise ConfigError(f"RateLimit.per has to be above 0 seconds and finite, not {self.per!r}")
        if type(self.burst) is not int or not 1 <= self.burst <= self.calls:
            raise ConfigError(f"RateLimit.burst has to be 1 to calls ({self.calls}), not {self.burst!r}")
        if self.count_until not in {None, "sent", "answered"}:
            raise ConfigError(f'RateLimit.count_until has to be "sent" or "answered", not {self.count_until!r}')
        if type(self.weight) not in {str, NoneType}:
            raise ConfigError(f"RateLimit.weight has to name a field, such as To_Account, not {self.weight!r}")
        if any(type(name) is not str for name in self.key_fields):
            raise ConfigError(
                f"RateLimit.key has to name a field, such as GroupId, or a tuple of them, not {self.key!r}"
            )

    def __str__(self) -> str:
        counted = f"of {self.weight}" if self.weight else "calls"
        apart = f" for each {' and '.join(self.key_fields)}" if self.key else ""
        return f"{self.calls:,} {counted} in {self.per:g} s{apart}"

    @property
    def key_fields(self) -> tuple[str, ...]:
        """The fields of the request that *key* names."""
        return self.key if isinstance(self.key, tuple) else () if self.key is None else (self.key,)

    def weigh(self, command: Asking) -> int:
        """Return for how many calls *command* counts.

        Raises :class:`~timrest_async.InputError` when that is more than the limit lets go in any time.
        """
        if self.weight is None:
            return 1
        entries = reader_of(type(command), self.weight)(command)
        weight = max(1, len(cast("list[object]", entries))) if isinstance(entries, (list, tuple)) else 1
        if weight > self.calls:
            raise InputError(
                f"{command.path} names {weight:,} in {self.weight}, but no more than {self} may ever go:"
                " name fewer, or raise RateLimit.calls"
            )
        return weight

    def part(self, share: float) -> RateLimit:
        """Return a limit that lets through a *share* of what this one does, above 0 and at most 1."""
        calls = math.floor(self.calls * share)
        if calls < 1:
            return attrs.evolve(self, calls=1, burst=1, per=self.per / (self.calls * share))
        return attrs.evolve(self, calls=calls, burst=min(self.burst, calls))


BELOW_DEFAULT: Final[Mapping[str, RateLimit]] = MappingProxyType(
    {
        "group_open_http_svc/send_broadcast_msg": RateLimit(1),
        "group_open_http_svc/get_appid_group_list": RateLimit(1),
        "open_msg_svc/get_history": RateLimit(10, burst=10),
        "all_member_push/im_push": RateLimit(1),
        "timpush/push": RateLimit(1),
        "timpush/batch": RateLimit(30, burst=10),
        "timpush/revoke": RateLimit(1),
    }
)
"""Commands that the service documents with less than 100 calls a second."""

FURTHER: Final[Mapping[str, tuple[RateLimit, ...]]] = MappingProxyType(
    {
        "openim/batchsendmsg": (RateLimit(12_000, MINUTE, weight="To_Account"),),
        "group_open_http_svc/send_group_msg": (RateLimit(40, key="GroupId"),),
        "openim_msg_ext_http_svc/set_key_values": (RateLimit(200, MINUTE, weight="ExtensionList", key="MsgKey"),),
        "openim_msg_ext_http_svc/group_set_key_values": (
            RateLimit(200, MINUTE, weight="ExtensionList", key=("GroupId", "MsgSeq")),
        ),
        "all_member_push/im_push": (RateLimit(100, DAY, burst=100),),
        "timpush/push": (RateLimit(100, DAY, burst=100),),
        "official_account_open_http_svc/send_official_account_msg": (
            RateLimit(1, key="Official_Account"),
            RateLimit(2, HOUR, key="Official_Account"),
        ),
    }
)
"""What the service counts besides calls: receivers a minute, messages a second in each group, pushes a day."""

CLOSED_AFTER: Final[Mapping[int, float]] = MappingProxyType(
    {
        **dict.fromkeys((60007, 60011, 60018, 60019, 10006, 10023, 22006, 23003, 90024, 90051), 1.0),
        70050: MINUTE,
    }
)
"""For how many seconds a command stays closed after the service refused it with this code, which says: too often."""


@frozen
class Limits:
    """Which limits hold for which command."""

    default: RateLimit
    overrides: Mapping[str, RateLimit]
    further: Mapping[str, Sequence[RateLimit]]

    @classmethod
    def of(
        cls,
        default: RateLimit,
        overrides: Mapping[str, RateLimit] | None,
        further: Mapping[str, Sequence[RateLimit]] | None,
    ) -> Limits:
        """Lay what a caller gave over what the documents say."""
        for limit in (default, *(overrides or {}).values()):
            if limit.weight or limit.key:
                raise ConfigError(
                    f"{limit!r} counts by weight or by key: give it as one of further=, not as a default or override"
                )
        for path, limits in (further or {}).items():
            if isinstance(limits, RateLimit):
                raise ConfigError(f"further[{path!r}] has to be a list of limits, not one")
        return cls(default, {**BELOW_DEFAULT, **(overrides or {})}, {**FURTHER, **(further or {})})

    def __iter__(self) -> Iterator[RateLimit]:
        yield self.default
        yield from self.overrides.values()
        for limits in self.further.values():
            yield from limits

    def part(self, share: float) -> Limits:
        """Return a *share* of every limit, above 0 and at most 1."""
        return Limits(
            self.default.part(share),
            {path: limit.part(share) for path, limit in self.overrides.items()},
            {path: [limit.part(share) for limit in limits] for path, limits in self.further.items()},
        )

    def own(self, path: str) -> RateLimit:
        """Return how many calls of *path* may go."""
        return self.overrides.get(path, self.default)

    def all(self, path: str) -> dict[tuple[str, ...], list[RateLimit]]:
        """Return every limit of *path*, by the fields of its key; what has no key stands last."""
        limits: dict[tuple[str, ...], list[RateLimit]] = {}
        for limit in self.further.get(path, ()):
            limits.setdefault(limit.key_fields, []).append(limit)
        return {**limits, (): [self.own(path), *limits.pop((), ())]}
