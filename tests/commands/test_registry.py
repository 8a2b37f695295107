"""All commands as data."""

import pytest

from timrest_async import OfflinePushInfo, TimSession
from timrest_async._wire import Struct
from timrest_async.commands._registry import CommandEntry, commands, domains, fields_in, find, named
from timrest_async.commands.accounts import CheckAccounts
from timrest_async.commands.messages import SendMessage
from timrest_async.testing import MemoryTransport


def test_every_command_has_an_entry() -> None:
    """There are 171, each with a path of its own, and a method that exists."""
    tim = TimSession(1400000000, secret_key="key", transport=MemoryTransport())

    assert len({entry.path for entry in commands()}) == len(commands()) == 171
    for entry in commands():
        for method in (entry.method, *entry.forms.values()):
            assert callable(getattr(getattr(tim, entry.domain), method))


def test_the_domains_are_those_of_a_session() -> None:
    """Each by the name that it has there."""
    tim = TimSession(1400000000, secret_key="key", transport=MemoryTransport())
    assert len(domains()) == 14
    assert all(type(getattr(tim, name)) is domain for name, domain in domains().items())


@pytest.mark.parametrize("entry", commands(), ids=lambda entry: entry.path)
def test_every_field_is_explained(entry: CommandEntry) -> None:
    """What stands below a field in the source is found, for requests, replies and what is inside them."""
    ahead: list[type[Struct]] = [part for part in (entry.command, entry.command.reply) if issubclass(part, Struct)]
    while ahead:
        for field in fields_in(ahead.pop()):
            assert field.about.endswith((".", "``", ")")), field
            if field.struct is not None and field.struct is not OfflinePushInfo:
                ahead.append(field.struct)


def test_a_command_is_found_by_its_path() -> None:
    """And by no part of it."""
    entry = find("openim/sendmsg")
    assert entry is not None
    assert entry.command is SendMessage
    assert (entry.call, entry.document) == ("tim.messages.send", "269/2282")
    assert entry.summary == "Send one message to one account."
    assert find("sendmsg") is None


@pytest.mark.parametrize("word", ["account_check", "CheckAccounts", "tim.accounts.check", "which of up to 100"])
def test_a_word_finds_commands(word: str) -> None:
    """In a path, a class, a method or what the command does, in any case."""
    assert CheckAccounts in [entry.command for entry in named(word.upper())]
    assert len(named("")) == 171
