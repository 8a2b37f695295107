"""What an answer is made of."""

import json
import pickle
from datetime import UTC, datetime
from typing import Annotated, Any

import pytest
from attrs import field, frozen

from tests.commands import later
from timrest_async import ApiError, Command, ConfigError, Failure, InputError, PartialFailureError, TimSession, Wire
from timrest_async._codec import decode, encode, read, write
from timrest_async._wire import Targets
from timrest_async.commands._reply import CommandReply, Part, PartialReply, Result, Utc, failure
from timrest_async.commands.accounts import (
    DeleteAccounts,
    DeleteAccountsReply,
    ImportAccount,
    ImportAccountsReply,
    QueryOnlineStatus,
)
from timrest_async.commands.messages import SendMessage
from timrest_async.testing import FakeClock, MemoryTransport


@frozen(kw_only=True)
class Letter(Part):
    """A letter."""

    name: Annotated[str | None, Wire("Name", also=("Title", "Label"))] = None
    """Its name."""

    sent_time: int | None = None
    """When it was sent."""

    sent_time_utc = Utc("sent_time")


@frozen(kw_only=True)
class LettersReply(CommandReply):
    """Letters."""

    letters: list[Letter] = field(factory=list[Letter])
    """They."""


@frozen(kw_only=True)
class GetLetters(Command[LettersReply]):
    """Get letters."""

    path = "alphabet/get"


def answer(**fields: Any) -> bytes:
    """An answer that says yes."""
    return json.dumps({"ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": "", **fields}).encode()


def test_what_nobody_knows_is_kept() -> None:
    """Keys that a reply or a part of it does not know stay in ``extra``; those of every answer are no news."""
    reply = decode(GetLetters(), answer(Letters=[{"Name": "a", "Font": {"Size": 3}}, {"Name": "b"}], RequestId="r"))

    assert reply.extra == {"RequestId": "r"}
    assert [letter.extra for letter in reply.letters] == [{"Font": {"Size": 3}}, {}]
    assert write(reply) == {"Letters": [{"Name": "a", "Font": {"Size": 3}}, {"Name": "b"}], "RequestId": "r"}


def test_two_replies_share_nothing() -> None:
    """The empty ``extra`` of one is not that of another."""
    one, other = decode(GetLetters(), answer()), decode(GetLetters(), answer())
    assert one == other
    assert one.extra is not other.extra


def test_what_is_kept_is_neither_shown_nor_compared() -> None:
    """What the service adds tomorrow changes no repr, and breaks no comparison of today."""
    assert "extra" not in repr(decode(GetLetters(), answer(New=1)))
    assert decode(GetLetters(), answer(New=1)) == LettersReply()


@pytest.mark.parametrize("key", ["Name", "Title", "Label"])
def test_a_field_is_read_under_each_of_its_names(key: str) -> None:
    """Where documents differ on a name, all are understood, and none of them is something unknown."""
    (letter,) = decode(GetLetters(), answer(Letters=[{key: "a"}])).letters
    assert (letter.name, letter.extra) == ("a", {})


def test_the_first_of_its_names_wins() -> None:
    """If both are there, the current one counts."""
    (letter,) = decode(GetLetters(), answer(Letters=[{"Title": "old", "Name": "new"}])).letters
    assert letter.name == "new"


@pytest.mark.parametrize(
    ("seconds", "moment"),
    [
        (1767225600, datetime(2026, 1, 1, tzinfo=UTC)),
        (4294967295, datetime(2106, 2, 7, 6, 28, 15, tzinfo=UTC)),
        (0, None),
        (None, None),
        (10**15, None),
        (-(10**15), None),
        (2**70, None),
    ],
)
def test_a_time_can_be_had_as_a_datetime(seconds: int | None, moment: datetime | None) -> None:
    """In UTC; where there is none, or none that a calendar knows, it is ``None`` and no error."""
    assert Letter(sent_time=seconds).sent_time_utc == moment
    assert isinstance(Letter.sent_time_utc, Utc)


def test_a_request_takes_more_than_we_know() -> None:
    """``extra`` goes out beside the fields, key for key, and wins over them."""
    body = json.loads(encode(ImportAccount("id1", nick="a", extra={"Nick": "b", "Level": {"Of": 3}})))
    assert body == {"UserID": "id1", "Nick": "b", "Level": {"Of": 3}}


async def test_a_method_takes_more_than_we_know() -> None:
    """So does every method of every domain."""
    service = MemoryTransport({"ErrorCode": 0})
    tim = TimSession(1400000000, secret_key="key", transport=service, clock=FakeClock())
    await tim.accounts.import_one("id1", extra={"Level": 3})
    assert service.calls[0].json == {"UserID": "id1", "Level": 3}


def test_what_we_do_not_know_of_a_request_survives_reading() -> None:
    """A body that was written by somebody else is read and written without a loss."""
    body = {"UserID": "id1", "Level": 3}
    command = read(body, ImportAccount)
    assert command.extra == {"Level": 3}
    assert json.loads(encode(command)) == body


def test_extra_that_is_no_json_is_refused() -> None:
    """With the place where it stands."""
    with pytest.raises(InputError, match=r"Level"):
        encode(ImportAccount("id1", extra={"Level": object()}))
    with pytest.raises(InputError, match=r"Level"):
        encode(SendMessage("id1", "hi", extra={"Level": float("nan")}))


def test_names_of_wires_are_seen_in_any_module() -> None:
    """A module whose annotations are text gives the same command, with its bounds."""
    assert json.loads(encode(later.Query(["id1"]))) == {"To_Account": ["id1"]}
    with pytest.raises(InputError, match=r"Query\.to_account has to hold 1 to 2 items"):
        later.Query([])


def test_a_name_that_cannot_be_found_is_told() -> None:
    """What only the type checkers see is of no use for reading annotations."""
    with pytest.raises(ConfigError, match=r"Lost: name 'Nowhere' is not defined.*below TYPE_CHECKING"):
        later.lose()


IDS = ["id1", "id2", "id3"]


def deleted(**codes: int) -> DeleteAccountsReply:
    """A reply about the three."""
    items = [{"UserID": account, "ResultCode": code, "ResultInfo": "why"} for account, code in codes.items()]
    return decode(DeleteAccounts(IDS), answer(ResultItem=items))


def test_a_reply_knows_who_was_asked_for() -> None:
    """Without being told."""
    reply = deleted(id1=0, id2=70107, id3=0)
    assert reply.asked == IDS
    assert reply.succeeded == ["id1", "id3"]
    assert reply.failed == [Failure("id2", 70107, "why")]


def test_who_is_not_mentioned_has_failed() -> None:
    """An answer that lists everybody and forgets one does not let him vanish."""
    (lost,) = deleted(id1=0, id3=0).failed
    assert lost == Failure("id2", None, "the answer does not mention it")


def test_who_was_not_asked_for_but_failed_is_told_too() -> None:
    """Nothing fails unseen."""
    assert [one.about for one in deleted(id1=0, id2=0, id3=0, id9=70107).failed] == ["id9"]


def test_a_reply_of_names_alone_leaves_the_others_well() -> None:
    """Where the answer names failures only, everybody else has succeeded."""
    reply = ImportAccountsReply(asked=["a", "b"], fail_accounts=["b", "b"])
    assert ([one.about for one in reply.failed], reply.succeeded) == (["b"], ["a"])


def test_a_reply_that_was_made_by_hand_knows_what_it_holds() -> None:
    """In tests of a user's own there may be no request; the outcomes tell."""
    reply = decode(QueryOnlineStatus([*IDS]), answer(QueryResult=[{"To_Account": "id1", "State": "Online"}]))
    assert reply.query_result[0].status == "Online"
    assert reply.query_result[0].ok
    assert [one.about for one in reply.failed] == ["id2", "id3"]


def test_a_reply_without_failures_is_returned() -> None:
    """So that the call reads in one line."""
    reply = deleted(id1=0, id2=0, id3=0)
    assert reply.raise_for_failures() is reply


def test_the_error_of_a_partial_failure_tells_all() -> None:
    """It holds every failure, shows the first, says how many there are, and can be pickled."""
    with pytest.raises(PartialFailureError, match=r"^2 of 3 failed: 'id2': 70107 .* why; 'id3': 70169 ") as caught:
        deleted(id1=0, id2=70107, id3=70169).raise_for_failures()
    error = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  # our own
    assert [one.code for one in error.failed] == [70107, 70169]
    assert (error.succeeded, error.delivered, error.attempts) == (1, None, 1)


def test_many_failures_make_a_short_message() -> None:
    """Three are enough to see what is wrong."""
    message = str(PartialFailureError([Failure(number, 70107) for number in range(5000)], 12))
    assert "5,000 of 5,012 failed" in message
    assert "and 4,997 more" in message
    assert len(message) < 1000


@frozen(kw_only=True)
class Named(Result):
    """What became of one."""

    to_account: str | None = None
    """Who."""


@frozen(kw_only=True)
class Anyone(PartialReply):
    """An answer without outcomes."""


def test_what_has_no_code_is_well() -> None:
    """A result that says nothing of failure is one of success, about its first field."""
    assert (Named(to_account="id1").about, Named(to_account="id1").failure) == ("id1", None)
    assert Anyone(asked=["a", 7]).succeeded == ["a", 7]


@pytest.mark.parametrize(
    ("code", "fine", "bad"), [(None, (0,), False), (0, (0,), False), (3, (0, 3), False), (3, (0,), True)]
)
def test_some_codes_are_fine(code: int | None, fine: tuple[int, ...], bad: bool) -> None:  # noqa: FBT001
    """An outcome scale may have several good ends."""
    assert (failure("id1", code, fine=fine) is not None) is bad


@frozen(kw_only=True)
class Odd(Command[dict[str, Any]]):
    """A command whose own code means nothing."""

    path = "odd/get"
    outcomes_in = "Things"

    things: Annotated[list[str] | None, Targets()] = None
    """About whom."""


def test_a_code_that_means_nothing_is_not_believed() -> None:
    """Where outcomes stand below a key, an answer that has it is read whatever its own code says."""
    assert decode(Odd(), b'{"ErrorCode": 10015, "Things": [1]}')["Things"] == [1]
    with pytest.raises(ApiError, match="10015"):
        decode(Odd(), b'{"ErrorCode": 10015, "Things": []}')


def test_any_other_code_is_believed() -> None:
    """Whatever keys the answer has."""
    with pytest.raises(ApiError, match="10015"):
        decode(GetLetters(), answer(ErrorCode=10015, Letters=[{"Name": "a"}], **{"": 1}))
