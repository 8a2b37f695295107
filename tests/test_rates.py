"""Which limits hold for which command, and what a command weighs."""

import math
import re
from collections.abc import Mapping
from typing import Annotated, Any

import pytest
from attrs import frozen

from timrest_async import Command, ConfigError, InputError, RateLimit, RateLimiter, Wire
from timrest_async._error_codes import ERROR_CODES
from timrest_async._rates import BELOW_DEFAULT, CLOSED_AFTER, FURTHER, Limits
from timrest_async.commands._command import RawCommand
from timrest_async.commands.group_messages import SendGroupMessage
from timrest_async.commands.messages import SendBatch, SendMessage
from timrest_async.retry import RETRIED_CODES

BATCH = "openim/batchsendmsg"
GROUP = "group_open_http_svc/send_group_msg"
OFFICIAL = "official_account_open_http_svc/send_official_account_msg"
RECEIVERS = RateLimit(500, 60.0, weight="To_Account")


@frozen(kw_only=True)
class Own(Command[None]):
    """A command of the user's own, with a name on the wire that no rule gives."""

    path = "openim/own"

    whom: Annotated[list[str] | None, Wire("To_Account")] = None
    """Who."""


def of(
    default: RateLimit | None = None,
    overrides: Mapping[str, RateLimit] | None = None,
    further: Mapping[str, list[RateLimit]] | None = None,
) -> Limits:
    """Lay what a caller gave over the documents."""
    return RateLimiter(default, overrides, further=further).limits


def rows_of(protocol: Any) -> dict[str, Any]:
    """The rows below the cap, by command."""
    return {row["command"]: row for row in protocol["rate_limits"]["below_the_library_cap"]}


# -- the documents' figures


def test_the_rows_below_the_default_are_those_of_the_documents(protocol: Any) -> None:
    """Every command with a figure below 100 a second in the documents has its row, and no other has one."""
    rows = {path: row["calls_per_second"] for path, row in rows_of(protocol).items() if "calls_per_second" in row}
    assert {path: (limit.calls, limit.per) for path, limit in BELOW_DEFAULT.items()} == {
        path: (calls, 1.0) for path, calls in rows.items()
    }


def test_what_is_documented_without_calls_a_second_is_counted_by_key(protocol: Any) -> None:
    """A row without a figure for the whole application, the official accounts', is one for each of its accounts."""
    (path,) = (path for path, row in rows_of(protocol).items() if "calls_per_second" not in row)
    assert path == OFFICIAL
    assert "1 message/s per account, at most 2 broadcasts an hour" in rows_of(protocol)[path]["about"]
    assert FURTHER[path] == (RateLimit(1, key="Official_Account"), RateLimit(2, 3600.0, key="Official_Account"))


def test_receivers_of_a_batch_have_the_budget_of_the_documents(protocol: Any) -> None:
    """12,000 receivers a minute, and 500 of them in one call count 500."""
    (row,) = (row for row in protocol["rate_limits"]["raised_by_purchase"] if row.get("command") == BATCH)
    assert "12000 messages a minute counted per receiver" in row["about"]
    assert FURTHER[BATCH] == (RateLimit(12_000, 60.0, weight="To_Account"),)
    assert FURTHER[BATCH][0].weigh(SendBatch([f"id{n}" for n in range(500)], "hi")) == 500


def test_a_group_takes_as_many_messages_as_in_the_documents(protocol: Any) -> None:
    """40 a second for each GroupId, beyond which the service drops in silence."""
    figure = protocol["rate_limits"]["per_group_message_rate"]["messages_per_second"]
    assert FURTHER[GROUP] == (RateLimit(figure, key="GroupId"),) == (RateLimit(40, key="GroupId"),)


def test_pushes_have_a_budget_for_the_day_besides(protocol: Any) -> None:
    """Both commands that push to everybody may do so once a second and 100 times a day."""
    pushes = {path for path, row in rows_of(protocol).items() if "100 pushes a day" in row["about"]}
    pushes |= {path for path, row in rows_of(protocol).items() if row["about"].startswith("as im_push")}
    assert pushes == {path for path, limits in FURTHER.items() if limits == (RateLimit(100, 86_400.0, burst=100),)}
    assert all(BELOW_DEFAULT[path] == RateLimit(1) for path in pushes)


def test_one_message_takes_so_many_settings_a_minute(protocol: Any) -> None:
    """200 a minute on one message, which one-to-one is named by its key, and in a group by group and number."""
    assert (
        "more than 200 settings a minute on one message"
        in protocol["rate_limits"]["codes_when_exceeded"][23003]["about"]
    )
    one_to_one = FURTHER["openim_msg_ext_http_svc/set_key_values"]
    in_group = FURTHER["openim_msg_ext_http_svc/group_set_key_values"]
    assert one_to_one == (RateLimit(200, 60.0, weight="ExtensionList", key="MsgKey"),)
    assert in_group == (RateLimit(200, 60.0, weight="ExtensionList", key=("GroupId", "MsgSeq")),)


def test_no_further_limit_is_without_a_document() -> None:
    """The table has the rows that the tests above find in the documents, and no other."""
    assert set(FURTHER) == {
        BATCH,
        GROUP,
        OFFICIAL,
        "all_member_push/im_push",
        "timpush/push",
        "openim_msg_ext_http_svc/set_key_values",
        "openim_msg_ext_http_svc/group_set_key_values",
    }


def test_the_codes_that_close_are_those_that_say_too_often(protocol: Any) -> None:
    """Exactly the documented codes close a command, each raises as too often, and none of them is retried."""
    assert set(CLOSED_AFTER) == set(protocol["rate_limits"]["codes_when_exceeded"])
    assert {ERROR_CODES[code].category for code in CLOSED_AFTER} == {"rate_limit"}
    assert not RETRIED_CODES & CLOSED_AFTER.keys()
    assert CLOSED_AFTER[70050] == 60.0
    assert {seconds for code, seconds in CLOSED_AFTER.items() if code != 70050} == {1.0}


# -- what a caller lays over them


def test_a_caller_may_override_each_row() -> None:
    """The caller's row goes before the documents', and theirs before the default."""
    limits = of(RateLimit(200), {"openim/sendmsg": RateLimit(50), "timpush/push": RateLimit(5, burst=5)})
    assert limits.own("group_open_http_svc/send_broadcast_msg").calls == 1
    assert limits.own("open_msg_svc/get_history").calls == 10
    assert limits.own("timpush/push").calls == 5
    assert limits.own("openim/sendmsg").calls == 50
    assert limits.own(BATCH).calls == 200
    assert RateLimiter().default == RateLimit(100)


@pytest.mark.parametrize("path", FURTHER)
def test_each_further_limit_can_be_switched_off_or_replaced(path: str) -> None:
    """An empty list leaves the command's own limit alone, a list of the caller's stands in its place."""
    own = of().own(path)
    assert sum(len(limits) for limits in of().all(path).values()) == 1 + len(FURTHER[path])
    assert of(further={path: []}).all(path) == {(): [own]}
    mine = RateLimit(3, 5.0)
    assert of(further={path: [mine]}).all(path) == {(): [own, mine]}
    others = set(FURTHER) - {path}
    assert all(of(further={path: []}).all(other) == of().all(other) for other in others)


def test_limits_of_a_command_are_sorted_by_what_they_count() -> None:
    """Those of the same key stand together, and what has no key is one line with the command's own."""
    key, weight = RateLimit(1, key="A"), RateLimit(9, weight="C")
    longer, other = RateLimit(2, 60.0, key="A"), RateLimit(3, key=("A", "B"))
    assert of(further={"a/b": [weight, key, longer, other]}).all("a/b") == {
        ("A",): [key, longer],
        ("A", "B"): [other],
        (): [RateLimit(), weight],
    }


def test_a_share_of_a_limit_lets_through_no_more_than_that() -> None:
    """Rounded down; and where less than one call is left, one goes in so much more time."""
    assert RateLimit(100, 2.0, burst=30, count_until="sent").part(0.25) == RateLimit(
        25, 2.0, burst=25, count_until="sent"
    )
    assert RateLimit(100).part(0.999) == RateLimit(99, burst=10)
    assert RateLimit(100).part(1.0) == RateLimit(100)
    assert RateLimit(40, key="GroupId").part(0.1) == RateLimit(4, key="GroupId")
    assert RateLimit(2, 3600.0, key="A").part(0.1) == RateLimit(1, 18_000.0, key="A")
    assert RateLimit(1).part(0.25) == RateLimit(1, 4.0)


def test_a_share_of_all_limits_is_one_of_each() -> None:
    """The default, the rows of commands and the further ones."""
    limits = of(RateLimit(40), {"a/b": RateLimit(8)}, {"a/b": [RateLimit(4, 60.0, key="A"), RateLimit(20, 60.0)]})
    part = limits.part(0.5)
    assert part.default == RateLimit(20, burst=4)
    assert part.all("a/b") == {
        ("A",): [RateLimit(2, 60.0, key="A")],
        (): [RateLimit(4), RateLimit(10, 60.0, burst=2)],
    }
    assert part.own("timpush/push") == RateLimit(1, 2.0)
    assert list(part) == [limit.part(0.5) for limit in limits]
    assert {limits.default, *limits.all("a/b")[()]} < set(limits)
    assert {limit for rows in FURTHER.values() for limit in rows} < set(limits)


# -- bad input


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"calls": 0}, "calls"),
        ({"calls": -1}, "calls"),
        ({"calls": 1.5}, "calls"),
        ({"calls": True}, "calls"),
        ({"per": 0.0}, "per"),
        ({"per": -1.0}, "per"),
        ({"per": math.nan}, "per"),
        ({"per": math.inf}, "per"),
        ({"burst": 0}, "burst"),
        ({"burst": 101}, "burst"),
        ({"burst": 2.5}, "burst"),
        ({"burst": None}, "burst"),
        ({"count_until": "never"}, "count_until"),
        ({"weight": 5}, "weight"),
        ({"key": 5}, "key"),
        ({"key": ("GroupId", 5)}, "key"),
    ],
)
def test_a_limit_that_cannot_hold_is_refused_by_name(settings: dict[str, Any], name: str) -> None:
    """A rate of nothing, a burst above the cap or an unknown way to count names the setting that is wrong."""
    with pytest.raises(ConfigError, match=rf"^RateLimit\.{name} has to .*, not {re.escape(repr(settings[name]))}$"):
        RateLimit(**settings)


def test_further_limits_are_lists() -> None:
    """One limit in the place of a list is refused, with the path where it stands."""
    with pytest.raises(ConfigError, match=r"further\['openim/sendmsg'\] has to be a list"):
        RateLimiter(further={"openim/sendmsg": RateLimit(1)})  # type: ignore[dict-item]


@pytest.mark.parametrize("seconds", [0.0, -1.0, math.inf, math.nan])
def test_a_command_is_closed_for_a_time_that_can_be(seconds: float) -> None:
    """What is no time is refused, with the code for which it stands."""
    with pytest.raises(ConfigError, match=r"closed_after\[60007\] has to be above 0 seconds and finite, not"):
        RateLimiter(closed_after={60007: seconds})


@pytest.mark.parametrize("limit", [RECEIVERS, RateLimit(1, key="GroupId")])
def test_a_limit_by_weight_or_key_is_a_further_one(limit: RateLimit) -> None:
    """As a default or an override it is refused, with the place where it belongs."""
    with pytest.raises(ConfigError, match="further="):
        RateLimiter(limit)
    with pytest.raises(ConfigError, match="further="):
        RateLimiter(overrides={BATCH: limit})


# -- a limit


@pytest.mark.parametrize(
    ("limit", "burst"),
    [
        (RateLimit(), 10),
        (RateLimit(1), 1),
        (RateLimit(19), 1),
        (RateLimit(1000), 100),
        (RateLimit(100, burst=100), 100),
        (RateLimit(40, key="GroupId"), 40),
        (RateLimit(12_000, weight="To_Account"), 12_000),
        (RateLimit(40, key="GroupId", burst=4), 4),
    ],
)
def test_a_tenth_may_leave_at_once_unless_something_else_spreads_the_calls(limit: RateLimit, burst: int) -> None:
    """The burst is a tenth, at least 1, and everything where the limit counts by weight or key."""
    assert limit.burst == burst


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (RateLimit(), "100 calls in 1 s"),
        (RateLimit(12_000, 60.0, weight="To_Account"), "12,000 of To_Account in 60 s"),
        (RateLimit(40, key="GroupId"), "40 calls in 1 s for each GroupId"),
        (RateLimit(9, 0.5, weight="C", key=("A", "B")), "9 of C in 0.5 s for each A and B"),
    ],
)
def test_a_limit_says_what_it_is(limit: RateLimit, words: str) -> None:
    """Its words are what messages call it."""
    assert str(limit) == words


# -- what a command weighs


@pytest.mark.parametrize(
    ("command", "weight"),
    [
        (SendBatch(["a", "b", "c"], "hi"), 3),
        (Own(whom=["a", "b"]), 2),
        (Own(whom=[]), 1),
        (Own(), 1),
        (RawCommand(BATCH, {"To_Account": ["a"] * 7}), 7),
        (RawCommand(BATCH, {"To_Account": ("a", "b")}), 2),
        (RawCommand(BATCH, {"To_Account": []}), 1),
        (RawCommand(BATCH, {"To_Account": None}), 1),
        (RawCommand(BATCH, {"To_Account": "ab"}), 1),
        (RawCommand(BATCH, {"To_Account": {"a": 1, "b": 2}}), 1),
        (RawCommand(BATCH, {"To_Account": 5}), 1),
        (RawCommand(BATCH, {}), 1),
        (SendGroupMessage("@TGS#1", "hi"), 1),
    ],
)
def test_a_command_weighs_what_it_lists(command: Command[Any], weight: int) -> None:
    """Typed or raw, the entries count, and whatever else stands there counts as one call."""
    assert RECEIVERS.weigh(command) == weight
    assert RateLimit(1).weigh(command) == 1


def test_a_command_that_weighs_more_than_there_is_can_never_go() -> None:
    """It is bad input, which names the command, the field, the limit and the setting."""
    batch = RawCommand(BATCH, {"To_Account": ["a"] * 501})
    with pytest.raises(InputError) as caught:
        RECEIVERS.weigh(batch)
    assert str(caught.value) == (
        "openim/batchsendmsg names 501 in To_Account, but no more than 500 of To_Account in 60 s may ever go:"
        " name fewer, or raise RateLimit.calls"
    )
    assert RECEIVERS.weigh(RawCommand(BATCH, {"To_Account": ["a"] * 500})) == 500
    assert RECEIVERS.weigh(SendMessage("a", "hi")) == 1


def test_a_share_of_more_than_one_call_keeps_its_time() -> None:
    """Rounded down to one call, a share is one call in the time of the whole."""
    assert RateLimit(100, 2.0).part(0.015) == RateLimit(1, 2.0)
