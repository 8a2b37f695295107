"""Relations: each friend is decided about on its own."""

from collections.abc import Callable, Iterable

import pytest

from timrest_async import InputError
from timrest_async._codec import write
from timrest_async.webhook import FriendVerdict
from timrest_async.webhook.events.relations import (
    AnsweredFriend,
    FollowAfterFollowAdd,
    FollowAfterFollowDelete,
    FollowedAccount,
    FriendGate,
    RequestedFriend,
    SnsPrevFriendAdd,
    SnsPrevFriendResponse,
)


def adding(*accounts: str) -> SnsPrevFriendAdd:
    """A request of jared's to add these accounts."""
    return SnsPrevFriendAdd(
        requester_account="jared",
        from_account="jared",
        friend_item=[RequestedFriend(to_account=account) for account in accounts],
    )


def answering(*accounts: str) -> SnsPrevFriendResponse:
    """Answers of jared's to these accounts."""
    return SnsPrevFriendResponse(
        requester_account="jared",
        from_account="jared",
        response_friend_item=[AnsweredFriend(to_account=account) for account in accounts],
    )


both = pytest.mark.parametrize("asked", [adding, answering])


def results(verdict: FriendVerdict) -> dict[str, tuple[int, str | None]]:
    """What a verdict says of each friend."""
    return {item.to_account: (item.result_code, item.result_info) for item in verdict.result_item}


@both
def test_a_gate_for_friends_names_them(asked: Callable[..., FriendGate]) -> None:
    """An event about friends names their accounts, in its order."""
    assert asked("rong", "bonnie").accounts == ["rong", "bonnie"]


@both
def test_allowing_names_every_friend(asked: Callable[..., FriendGate]) -> None:
    """A verdict that allows names every friend, with 0."""
    verdict = asked("rong", "bonnie").allow()

    assert results(verdict) == {"rong": (0, ""), "bonnie": (0, "")}


@both
def test_refusing_names_every_friend(asked: Callable[..., FriendGate]) -> None:
    """A verdict that refuses names every friend, with 38000 where no code is given."""
    verdict = asked("rong", "bonnie").refuse()

    assert results(verdict) == {"rong": (38000, ""), "bonnie": (38000, "")}


@pytest.mark.parametrize("chosen", ["rong", ["rong"], ("rong",), {"rong": 1}.keys()])
def test_some_friends_are_refused_and_others_allowed(chosen: str | Iterable[str]) -> None:
    """Friends that are named are refused with the code and the words given, and the others allowed."""
    verdict = adding("rong", "bonnie").refuse(38400, "not you", accounts=chosen)

    assert results(verdict) == {"rong": (38400, "not you"), "bonnie": (0, "")}


def test_what_decides_is_the_result_of_each_friend() -> None:
    """The code of a verdict about friends stays 0, since the service would not look at the results otherwise."""
    assert write(adding("rong").refuse(39000, "no")) == {
        "ActionStatus": "OK",
        "ErrorCode": 0,
        "ErrorInfo": "",
        "ResultItem": [{"To_Account": "rong", "ResultCode": 39000, "ResultInfo": "no"}],
    }


def test_nobody_is_refused_where_nobody_is_asked_about() -> None:
    """An event without friends can be refused, as it is where a function fails, and the verdict names nobody."""
    assert results(adding().refuse()) == {}


@pytest.mark.parametrize("code", [0, 1, 37999, 39001])
@pytest.mark.parametrize("chosen", [None, "rong"])
def test_a_code_that_the_service_does_not_pass_on_is_refused(code: int, chosen: str | None) -> None:
    """A refusal with a code outside 38000 to 39000 is an error, whoever it is about."""
    with pytest.raises(InputError, match="38000 to 39000"):
        adding("rong").refuse(code, accounts=chosen)


@pytest.mark.parametrize("chosen", ["tommy", "", [], ["rong", "tommy"]])
def test_only_friends_of_the_event_can_be_refused(chosen: str | list[str]) -> None:
    """A refusal that names nobody, or somebody whom the event is not about, is an error."""
    with pytest.raises(InputError, match="accounts has to name"):
        adding("rong", "bonnie").refuse(accounts=chosen)


def test_whoever_follows_or_stops_following_names_accounts() -> None:
    """Both events about following name accounts in the same way, though the service lists them differently."""
    followed = FollowAfterFollowAdd(
        from_account="jared", follow_list=[FollowedAccount(to_account="rong"), FollowedAccount(to_account="bonnie")]
    )
    left = FollowAfterFollowDelete(from_account="jared", to_account=["rong", "bonnie"])

    assert followed.accounts == left.accounts == ["rong", "bonnie"]
