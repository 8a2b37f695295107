"""``tim.bulk``: one message to many, or one for each of many, without losing any and without sending any twice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

from timrest_async.bulk.carrier import Unknown
from timrest_async.bulk.cutter import Duplicates
from timrest_async.bulk.journal import Journal, NoJournal
from timrest_async.bulk.run import Run
from timrest_async.bulk.sqlite_journal import SqliteJournal
from timrest_async.errors import ConfigError

if TYPE_CHECKING:
    from timrest_async._clock import Clock
    from timrest_async.bulk.carrier import Sender
    from timrest_async.bulk.jobs import Job
    from timrest_async.bulk.outcome import Report

__all__ = ["Bulk"]

WORKERS: Final = 50
"""Enough for the cap of 100 calls a second where an answer takes half a second."""

PATIENCE: Final = 600.0


class Bulk:
    """Sends to as many as you like.

    ::

        async for outcome in tim.bulk.send(ToAccounts(accounts, "hi, beauty"), journal="june.db"):
            print(outcome.recipient, outcome.status)
    """

    def __init__(self, sender: Sender, clock: Clock) -> None:
        self._sender = sender
        self._clock = clock

    def send(  # noqa: PLR0913  # each is a setting of its own, given by name
        self,
        job: Job[Any, Any],
        *,
        journal: Journal | str | Path | None = None,
        duplicates: Duplicates = "drop",
        unknown: Unknown = "report",
        workers: int = WORKERS,
        patience: float = PATIENCE,
    ) -> Run:
        """Send *job*: iterate over what comes back, an outcome for each recipient as it ends.

        What the service refuses for reasons that pass (too often, trouble of its own, no connection) is waited out. A
        batch that is refused because of one of its recipients is halved until it is found. Every call is made under the
        session's limits, in the order of the input but for what is repeated.

        Args:
            job: :class:`ToAccounts`, :class:`OwnMessages` or :class:`ToGroups`.
            journal: the file of a :class:`SqliteJournal`, or a journal. Whatever ends the run, another with the same
                job and the same input goes on with it.
            duplicates: what becomes of the same message to the same recipient, the second time: it is skipped ("drop"),
                sent again ("keep"), or ends the run with an :class:`~timrest_async.InputError` ("fail").
            unknown: what becomes of those whose call may have been handled or not, and whom the service would not tell
                a repeat: they are reported, or sent to once more ("resend"), at the risk of doing it twice.
            workers: how many calls are under way at once.
            patience: seconds after which the run ends with the error if nothing goes through; where others go through,
                the one that does not is refused then.

        """
        for name, value, choices in (("duplicates", duplicates, Duplicates), ("unknown", unknown, Unknown)):
            if value not in get_args(choices):
                raise ConfigError(f"{name} has to be one of {', '.join(get_args(choices))}, not {value!r}")
        if type(workers) is not int or workers < 1:
            raise ConfigError(f"workers has to be a whole number of at least 1, not {workers!r}")
        if not patience > 0:
            raise ConfigError(f"patience has to be above 0 seconds, not {patience!r}")
        settings: dict[str, Any] = {"duplicates": duplicates, "unknown": unknown, "workers": workers}
        return Run(self._sender, job, _journal(journal), self._clock, patience=patience, **settings)

    async def run(self, job: Job[Any, Any], **settings: Any) -> Report:
        """Send *job* to the end, and sum up; *settings* are those of :meth:`send`."""
        return await self.send(job, **settings).report()


def _journal(given: Journal | str | Path | None) -> Journal:
    if given is None:
        return NoJournal()
    return SqliteJournal(given) if isinstance(given, str | Path) else given
