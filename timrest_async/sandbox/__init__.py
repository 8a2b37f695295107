"""A local service that behaves as the manual says, to develop and to test against without an account.

It checks the query and the UserSig, the caps and the fields, answers with the documented codes, tells repeats, keeps
what was sent, and lets things go wrong on request. See :class:`Sandbox`.
"""

from timrest_async.sandbox.embedded import Sandbox
from timrest_async.sandbox.faults import Fault, Faults
from timrest_async.sandbox.hooks import Delivery, Webhooks
from timrest_async.sandbox.rules import Rules
from timrest_async.sandbox.server import HttpServer
from timrest_async.sandbox.service import Application, Call, Service
from timrest_async.sandbox.state import Account, Group, GroupMessage, Message, Notice, State

__all__ = [
    "Account",
    "Application",
    "Call",
    "Delivery",
    "Fault",
    "Faults",
    "Group",
    "GroupMessage",
    "HttpServer",
    "Message",
    "Notice",
    "Rules",
    "Sandbox",
    "Service",
    "State",
    "Webhooks",
]
