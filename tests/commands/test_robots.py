"""Robots, and texts that they send piece by piece."""

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import pytest

from timrest_async import DecodeError, InputError, RetryPolicy, TimSession, TransportError
from timrest_async.commands.robots import CreateRobot, Robots, SendStreamChunkReply
from timrest_async.testing import FakeClock, MemoryTransport

ROBOT, READER, KEY = "@RBT#001", "lumotuwe1", "606781340_3986845397_1767225600"
TAKEN = {"ErrorCode": 0, "MsgKey": KEY}


def robots(service: MemoryTransport) -> Robots:
    """The domain, over a service in memory, each call tried once."""
    once = RetryPolicy(attempts=1)
    return TimSession(1400000000, secret_key="key", transport=service, clock=FakeClock(), retry=once).robots


def sent(service: MemoryTransport) -> list[dict[str, Any]]:
    """What was posted, without who writes and who reads."""
    bodies = [call.json for call in service.calls]
    assert {(body.pop("From_Account"), body.pop("To_Account")) for body in bodies} == {(ROBOT, READER)}
    return bodies


async def arriving(*pieces: str) -> AsyncIterator[str]:
    """Pieces as a model brings them."""
    for piece in pieces:
        yield piece


async def breaking_off(*pieces: str) -> AsyncIterator[str]:
    """Pieces of a model that fails before it is done."""
    for piece in pieces:
        yield piece
    raise ConnectionError("the model is gone")


@pytest.mark.parametrize("made", [list, iter])
async def test_pieces_go_out_in_order(made: Callable[[Iterable[str]], Iterable[str]]) -> None:
    """The first begins the message, the others are appended to it, and the last one says that it is the last."""
    service = MemoryTransport(TAKEN, TAKEN, TAKEN)
    await robots(service).stream(ROBOT, READER, made(("Rain ", "until ", "noon.")))

    assert sent(service) == [
        {"Chunk": "Rain "},
        {"Chunk": "until ", "MsgKey": KEY},
        {"Chunk": "noon.", "MsgKey": KEY, "Finish": 1},
    ]


async def test_pieces_may_still_be_in_the_making() -> None:
    """An asynchronous iterable does as well, and a piece goes out as soon as there is another behind it."""
    service = MemoryTransport(TAKEN, TAKEN, TAKEN)
    out_so_far = list[int]()

    async def model() -> AsyncIterator[str]:
        async for piece in arriving("Rain ", "until ", "noon."):
            out_so_far.append(len(service.calls))
            yield piece

    await robots(service).stream(ROBOT, READER, model())

    assert out_so_far == [0, 0, 1]
    assert [body["Chunk"] for body in sent(service)] == ["Rain ", "until ", "noon."]


@pytest.mark.parametrize("chunks", [["Rain."], "Rain."])
async def test_one_piece_is_first_and_last(chunks: list[str] | str) -> None:
    """It begins the message and ends it; text that stands alone is such a piece, not its letters."""
    service = MemoryTransport(TAKEN)
    await robots(service).stream(ROBOT, READER, chunks)

    assert sent(service) == [{"Chunk": "Rain.", "Finish": 1}]


async def test_the_message_is_the_one_that_the_first_answer_names() -> None:
    """Later answers do not change it, and the last one comes back."""
    service = MemoryTransport(TAKEN, {"ErrorCode": 0, "MsgKey": "other"}, {"ErrorCode": 0, "MsgKey": "last"})
    reply = await robots(service).stream(ROBOT, READER, ["a", "b", "c"])

    assert [body.get("MsgKey") for body in sent(service)] == [None, KEY, KEY]
    assert reply == SendStreamChunkReply(msg_key="last")


@pytest.mark.parametrize("made", [list[str], arriving])
async def test_no_pieces_are_no_message(made: Callable[[], list[str] | AsyncIterator[str]]) -> None:
    """Where there is nothing to say, nothing is sent, and the caller hears of it."""
    service = MemoryTransport()
    with pytest.raises(InputError, match="one piece of text or more"):
        await robots(service).stream(ROBOT, READER, made())

    assert service.calls == []


async def test_a_piece_that_cannot_be_sent_ends_the_message() -> None:
    """What comes after it would stand in the wrong place, so it is not sent."""
    service = MemoryTransport(TAKEN, TransportError("openim_robot_http_svc/send_stream_msg", "cut off"))
    with pytest.raises(TransportError, match="cut off"):
        await robots(service).stream(ROBOT, READER, arriving("a", "b", "c", "d"))

    assert [body["Chunk"] for body in sent(service)] == ["a", "b"]


async def test_pieces_that_break_off_leave_the_message_open() -> None:
    """The error comes out, and a text that is not whole never claims to be."""
    service = MemoryTransport(TAKEN)
    with pytest.raises(ConnectionError):
        await robots(service).stream(ROBOT, READER, breaking_off("a", "b"))

    assert sent(service) == [{"Chunk": "a"}]


async def test_a_message_without_a_key_cannot_go_on() -> None:
    """Sent without it, each piece would be a message of its own."""
    service = MemoryTransport({"ErrorCode": 0})
    with pytest.raises(DecodeError, match="no MsgKey"):
        await robots(service).stream(ROBOT, READER, ["a", "b"])

    assert len(service.calls) == 1


@pytest.mark.parametrize("account", ["lumotuwe1", "RBT#001", "@rbt#001"])
def test_the_id_of_a_robot_starts_as_it_has_to(account: str) -> None:
    """The service creates no robot under any other."""
    assert CreateRobot(ROBOT).user_id == ROBOT
    with pytest.raises(InputError, match="has to start with @RBT#"):
        CreateRobot(account)
