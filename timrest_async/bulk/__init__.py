"""Bulk: one message to many accounts or groups, or a message of its own for each, as ``tim.bulk``.

Every recipient has exactly one outcome: sent, refused, unknown or skipped. Memory does not grow with their number. With
a journal nothing is lost and nothing is sent twice, also where the process is killed.
"""

from timrest_async.bulk.bulk import Bulk
from timrest_async.bulk.jobs import Chunk, Job, OwnMessages, ToAccounts, ToGroups
from timrest_async.bulk.journal import Journal, JournalError, Written
from timrest_async.bulk.outcome import Outcome, Report, Status
from timrest_async.bulk.progress import Progress
from timrest_async.bulk.run import Run
from timrest_async.bulk.sqlite_journal import SqliteJournal

__all__ = [
    "Bulk",
    "Chunk",
    "Job",
    "Journal",
    "JournalError",
    "Outcome",
    "OwnMessages",
    "Progress",
    "Report",
    "Run",
    "SqliteJournal",
    "Status",
    "ToAccounts",
    "ToGroups",
    "Written",
]
