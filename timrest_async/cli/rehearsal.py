"""What ``timrest demo`` does: three acts against a sandbox, and the figures they leave.

The figures come from the sandbox's side: what reached it, when, and what it kept; not from what the client believes.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from timrest_async.cli.figures import CAP, Burst, Delivery, Retry, per_second, worst_second
from timrest_async.cli.samples import ACCOUNTS, GROUP, Sample, samples
from timrest_async.commands.messages import SendMessage
from timrest_async.errors import TimError
from timrest_async.limits import RateLimiter
from timrest_async.sandbox import Sandbox
from timrest_async.transport import HttpTransport, Transport

if TYPE_CHECKING:
    from timrest_async.sandbox.state import GroupMessage, Message
    from timrest_async.session import TimSession

__all__ = ["burst", "deliver_samples", "prepare", "retry"]

ADMIN: Final = "administrator"


class _Watched:
    """A transport that keeps the bytes it carries."""

    def __init__(self, carrier: Transport) -> None:
        self._carrier = carrier
        self.bodies: list[bytes] = []

    async def post(self, path: str, usersig: str, body: bytes, timeout: float) -> bytes:  # noqa: ASYNC109  # handed on
        """Keep *body* and hand it on."""
        self.bodies.append(body)
        return await self._carrier.post(path, usersig, body, timeout)

    async def close(self) -> None:
        """Close what carries."""
        await self._carrier.close()


def prepare(box: Sandbox) -> None:
    """Put the accounts and the group into *box* that the samples speak of."""
    for account in ACCOUNTS:
        box.state.add_account(account)
    box.state.add_group(GROUP, owner=ADMIN, members=ACCOUNTS)


async def deliver_samples(box: Sandbox, tim: "TimSession") -> list[Delivery]:
    """Send the eight samples through *tim* and collect them at *box*."""
    return [await _deliver(box, tim, sample) for sample in samples()]


async def _deliver(box: Sandbox, tim: "TimSession", sample: Sample) -> Delivery:
    command = sample.command
    kept: list[Message] | list[GroupMessage]
    if isinstance(command, SendMessage):
        receipt, receiver = f"MsgKey {(await tim.call(command)).msg_key}", command.to_account
        random = command.msg_random
        kept = [
            said
            for said in box.state.conversation(command.from_account or ADMIN, receiver)
            if said.msg_random == random
        ]
    else:
        receipt, receiver = f"MsgSeq {(await tim.call(command)).msg_seq}", command.group_id
        kept = [said for said in box.state.groups[receiver].messages if said.random == command.random]
    return Delivery(
        point=sample.point,
        sender=command.from_account or ADMIN,
        receiver=receiver,
        elements=[element for said in kept for element in said.msg_body],
        receipt=receipt,
        as_sent=[said.msg_body for said in kept] == [command.msg_body],
    )


async def retry(box: Sandbox, limits: RateLimiter) -> Retry:
    """Let one message be refused with 20004, watch the client try again, and then repeat it on purpose."""
    watched = _Watched(HttpTransport(base_url=box.base_url, sdkappid=box.sdkappid, identifier=ADMIN, connections=1))
    message = SendMessage("lumotuwe1", "sent again, arrived once")
    before = len(box.service.calls)
    box.faults.add(SendMessage.path, code=20004)
    async with box.session(transport=watched, limits=limits) as tim:
        await tim.call(message)
        await tim.call(message)
    arrived = list(box.service.calls)[before:]
    return Retry(
        codes=[call.code for call in arrived],
        times=[call.time - arrived[0].time for call in arrived],
        msg_random=message.msg_random,
        same_bytes=len(set(watched.bodies)) == 1,
        delivered=sum(kept.msg_random == message.msg_random for kept in box.state.conversation(ADMIN, "lumotuwe1")),
    )


async def burst(box: Sandbox, tim: "TimSession", count: int, on_arrival: Callable[[], object]) -> Burst:
    """Send *count* messages, each from a task of its own, all started at once."""
    patient = tim.with_options(timeout=30 + count / CAP)

    async def send(number: int) -> TimError | None:
        try:
            await patient.messages.send("lumotuwe2", f"message {number} of {count}", from_account="leckie")
        except TimError as error:
            return error
        finally:
            on_arrival()
        return None

    before = len(box.service.calls)
    outcomes = await asyncio.gather(*(send(number) for number in range(count)))
    times = [call.time for call in list(box.service.calls)[before:]]
    arrived = Counter(str(message.msg_body) for message in box.state.conversation("leckie", "lumotuwe2"))
    return Burst(
        sent=count,
        delivered=len(arrived),
        twice=sum(times > 1 for times in arrived.values()),
        failures=[str(error) for error in outcomes if error is not None],
        per_second=per_second(times),
        worst=worst_second([call.time for call in box.service.calls if call.path == SendMessage.path]),
        seconds=times[-1] - times[0],
    )
