"""What is to be sent to whom: jobs, and the chunks into which they are cut, one for each call.

A chunk holds all that a call is made of, so that the same call can be made again after a crash: the recipients, their
message where each has one of its own, and the numbers by which the service tells a repeat.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping, Sized
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeAlias, TypeVar, cast

from attrs import evolve, field, frozen

from timrest_async._bounds import Bytes
from timrest_async._codec import encode, from_json, read
from timrest_async._words import shown
from timrest_async.bulk.outcome import Outcome, Status
from timrest_async.commands._command import Command, next_seq, random_u32
from timrest_async.commands.group_messages import SendGroupMessage, SendGroupMessageReply
from timrest_async.commands.messages import SendBatch, SendBatchReply, SendMessage, SendMessageReply
from timrest_async.errors import InputError, TimError

if TYPE_CHECKING:
    from timrest_async._bounds import Limit
    from timrest_async.elements import Body

__all__ = ["Chunk", "DroppedError", "Job", "OwnMessages", "ToAccounts", "ToGroups", "job_of"]

ItemT = TypeVar("ItemT")
Input: TypeAlias = Iterable[ItemT] | AsyncIterable[ItemT]
"""What a job reads: anything that can be iterated over, once."""

C = TypeVar("C", bound=Command[Any])


@frozen
class Chunk:
    """What one call is made of: a piece of the input."""

    start: int
    """Which of the input its first recipient is; by this it is known."""

    recipients: tuple[str, ...]
    """All of the piece, in order."""

    digest: str = ""
    """Of the input up to the end of the piece; empty where that ends within what was read as one."""

    message: bytes = b""
    """The message, where each recipient has one of its own."""

    settled: Mapping[int, Outcome] = field(factory=dict[int, Outcome])
    """The outcomes that need no call, by where the recipient stands in the piece."""

    seq: int = field(factory=next_seq)
    """The MsgSeq of every attempt."""

    random: int = field(factory=random_u32)
    """The MsgRandom, or Random, of every attempt."""

    begun_at: float | None = None
    """When its first byte went out at the earliest, Unix seconds; ``None`` while it surely was not sent."""

    @property
    def end(self) -> int:
        """Where the next piece starts."""
        return self.start + len(self.recipients)

    @property
    def going(self) -> list[str]:
        """Those whom the call names."""
        if not self.settled:
            return list(self.recipients)
        return [recipient for at, recipient in enumerate(self.recipients) if at not in self.settled]

    @property
    def halves(self) -> tuple[Chunk, Chunk]:
        """Two calls in its place, with numbers of their own."""
        places = [at for at in range(len(self.recipients)) if at not in self.settled]
        middle = places[len(places) // 2]
        before = {at: outcome for at, outcome in self.settled.items() if at < middle}
        after = {at - middle: outcome for at, outcome in self.settled.items() if at >= middle}
        return (
            Chunk(self.start, self.recipients[:middle], "", self.message, before),
            Chunk(self.start + middle, self.recipients[middle:], self.digest, self.message, after),
        )

    def afresh(self) -> Chunk:
        """Return the call as another one to the service, not yet sent."""
        return evolve(self, seq=next_seq(), random=random_u32(), begun_at=None)

    def complete(self, outcomes: Iterable[Outcome]) -> list[Outcome]:
        """Return *outcomes*, those of the call, with those that needed none, in the order of the input."""
        if not self.settled:
            return list(outcomes)
        return sorted((*outcomes, *self.settled.values()), key=lambda outcome: outcome.index)

    def all(self, status: Status, code: int | None, info: str, attempts: int) -> list[Outcome]:
        """Return the same outcome for everybody whom the call names."""
        return [Outcome(one, index, status, code, info, attempts=attempts) for index, one in self.places()]

    def places(self) -> Iterable[tuple[int, str]]:
        """Return everybody whom the call names, each with the place in the input."""
        numbered = enumerate(self.recipients, self.start)
        return [pair for pair in numbered if pair[0] - self.start not in self.settled] if self.settled else numbered


class DroppedError(TimError):
    """The service took a group's message and dropped it."""


class Job(Generic[ItemT, C]):
    """What is to be sent to whom."""

    kind: ClassVar[str]
    """Which of the jobs it is, in a journal."""

    most: ClassVar[int] = 1
    """How many recipients a call takes."""

    recipient: ClassVar[Limit] = Bytes(32)
    """How long the id of a recipient may be."""

    calls: ClassVar[type[Command[Any]]]
    """What a call of it is."""

    def __init__(self, items: Input[ItemT], template: C) -> None:
        if isinstance(items, str | bytes) or not isinstance(cast("object", items), Iterable | AsyncIterable):
            raise InputError(f"what a job sends has to be a list, or something like it, not {shown(items)}")
        self.items: Input[ItemT] = items
        """The input."""
        self.template: C = template
        """The call, to nobody."""

    @property
    def total(self) -> int | None:
        """How many recipients there are; ``None`` where the input does not say."""
        return len(self.items) if isinstance(self.items, Sized) else None

    @property
    def fingerprint(self) -> str:
        """What tells this message from others, whoever receives it."""
        return blake2b(self.kind.encode() + encode(self.template), digest_size=16).hexdigest()

    @property
    def repeatable_for(self) -> float:
        """For how many seconds the service tells a repeat of a call."""
        return self.template.repeatable_for

    def split(self, item: ItemT) -> tuple[str, bytes]:
        """Return the recipient of one *item* of the input, and its message where each has one of its own."""
        return self.checked(item), b""

    def named(self, item: Any) -> str:
        """Name the recipient of an *item* that cannot be sent, in words that can be written down."""
        return item if isinstance(item, str) and item.isprintable() else shown(item)

    def checked(self, recipient: object) -> str:
        """Return *recipient* if it can be one; :class:`~timrest_async.InputError` if not."""
        if (complaint := self.recipient.complaint(recipient)) is not None:
            raise InputError(f"a recipient {complaint}")
        return str(recipient)

    def command(self, chunk: Chunk) -> C:
        """Return the call that *chunk* stands for."""
        raise NotImplementedError

    def outcomes(self, chunk: Chunk, reply: Any, attempts: int) -> list[Outcome]:
        """Return what became of everybody whom the call of *chunk* named."""
        raise NotImplementedError


_NUMBERS: Final[dict[str, Any]] = {"msg_seq": 0, "msg_random": 0}
_RANDOM: Final[dict[str, Any]] = {"random": 0}
"""Numbers that are the same for all, until a chunk has some of its own."""


class ToAccounts(Job[str, SendBatch]):
    """One message to many accounts, 500 in a call.

    ::

        ToAccounts(["id1", "id2"], "hi, beauty", from_account="news")

    Further arguments are those of ``tim.messages.send_batch``. The service promises nothing about a repeat, so where an
    answer is lost its recipients are ``unknown``. Document 269/1612.

    Raises:
        InputError: the message cannot be sent like that.

    """

    kind = "accounts"
    calls: ClassVar[type[Command[Any]]] = SendBatch
    most = 500

    def __init__(self, accounts: Input[str], body: Body, **fields: Any) -> None:
        super().__init__(accounts, SendBatch(["-"], body, **fields | _NUMBERS))

    def command(self, chunk: Chunk) -> SendBatch:
        """Return the call for *chunk*."""
        return evolve(self.template, to_account=chunk.going, msg_seq=chunk.seq, msg_random=chunk.random)

    def outcomes(self, chunk: Chunk, reply: SendBatchReply, attempts: int) -> list[Outcome]:
        """Return who stands in ErrorList as refused, and all others as sent."""
        key, time = reply.msg_key, reply.msg_time
        sent = [Outcome(one, index, "sent", None, "", key, time, attempts) for index, one in chunk.places()]
        if not reply.error_list:
            return sent
        failed = {failure.about: failure for failure in reply.failed}
        return [
            evolve(one, status="refused", code=why.code, info=why.info, msg_key=None, msg_time=None)
            if (why := failed.get(one.recipient))
            else one
            for one in sent
        ]


class OwnMessages(Job[tuple[str, "Body"] | SendMessage, SendMessage]):
    """A message of its own for each account: pairs of an account and a body, or whole ``SendMessage`` commands.

    ::

        OwnMessages([("id1", "Hi Ann"), ("id2", "Hi Bo")], from_account="news")

    Further arguments are those of ``tim.messages.send``; they hold for all pairs. Document 269/2282.

    Raises:
        InputError: no message can be sent like that.

    """

    kind = "own"
    calls: ClassVar[type[Command[Any]]] = SendMessage

    def __init__(self, messages: Input[tuple[str, Body] | SendMessage], **fields: Any) -> None:
        super().__init__(messages, SendMessage("-", "-", **fields | _NUMBERS))

    def split(self, item: tuple[str, Body] | SendMessage) -> tuple[str, bytes]:
        """Return the account, and the message as it is going to be written, but for its numbers."""
        if isinstance(item, SendMessage):
            return item.to_account, encode(evolve(item, **_NUMBERS))
        if not isinstance(cast("object", item), tuple | list) or len(item) != 2:
            raise InputError("an item has to be a pair of an account and a body, or a SendMessage")
        account, body = item
        return account, encode(evolve(self.template, to_account=account, msg_body=body))

    def named(self, item: Any) -> str:
        """Name the account, if there is one."""
        whom = cast("tuple[object, ...]", item)[:1] if isinstance(item, tuple) else ()
        return super().named(whom[0] if whom else item)

    def command(self, chunk: Chunk) -> SendMessage:
        """Return the call for *chunk*."""
        return evolve(read(from_json(chunk.message), SendMessage), msg_seq=chunk.seq, msg_random=chunk.random)

    def outcomes(self, chunk: Chunk, reply: SendMessageReply, attempts: int) -> list[Outcome]:
        """Return that it was sent."""
        key, time = reply.msg_key, reply.msg_time
        return [Outcome(one, index, "sent", None, "", key, time, attempts) for index, one in chunk.places()]


class ToGroups(Job[str, SendGroupMessage]):
    """One message to many groups.

    ::

        ToGroups(["@TGS#2C5SZEAEF"], "hi, everybody", msg_priority="High")

    Further arguments are those of ``tim.group_messages.send``. Document 269/1629.

    Raises:
        InputError: the message cannot be sent like that.

    """

    kind = "groups"
    calls: ClassVar[type[Command[Any]]] = SendGroupMessage
    recipient: ClassVar[Limit] = Bytes(48)

    def __init__(self, groups: Input[str], body: Body, **fields: Any) -> None:
        super().__init__(groups, SendGroupMessage("-", body, **fields | _RANDOM))

    def command(self, chunk: Chunk) -> SendGroupMessage:
        """Return the call for *chunk*."""
        (group,) = chunk.going
        return evolve(self.template, group_id=group, random=chunk.random)

    def outcomes(self, chunk: Chunk, reply: SendGroupMessageReply, attempts: int) -> list[Outcome]:
        """Return that it was sent, if the group's own cap did not swallow it."""
        if reply.dropped:
            raise DroppedError(f"the group dropped it: {reply.msg_drop_reason}")
        key = None if reply.msg_seq is None else str(reply.msg_seq)
        return [Outcome(one, index, "sent", None, "", key, reply.msg_time, attempts) for index, one in chunk.places()]


_JOBS: Final[Mapping[str, Any]] = {job.kind: job for job in (ToAccounts, OwnMessages, ToGroups)}


def job_of(kind: str, template: bytes) -> Job[Any, Any]:
    """Make the job again, without its input, of what another process wrote down: its kind, and its template's body."""
    cls: type[Job[Any, Any]] = _JOBS[kind]
    job: Any = cls.__new__(cls)
    job.items, job.template = (), read(from_json(template), cls.calls)
    return cast("Job[Any, Any]", job)
