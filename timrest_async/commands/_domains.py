"""The domains of a session, each loaded when it is first used."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from timrest_async.commands._command import Caller
    from timrest_async.commands.accounts import Accounts
    from timrest_async.commands.communities import Communities
    from timrest_async.commands.friends import Friends
    from timrest_async.commands.group_members import GroupMembers
    from timrest_async.commands.group_messages import GroupMessages
    from timrest_async.commands.groups import Groups
    from timrest_async.commands.messages import Messages
    from timrest_async.commands.moderation import Moderation
    from timrest_async.commands.official_accounts import OfficialAccounts
    from timrest_async.commands.operations import Operations
    from timrest_async.commands.profiles import Profiles
    from timrest_async.commands.push import Push
    from timrest_async.commands.recent_contacts import RecentContacts
    from timrest_async.commands.robots import Robots

__all__ = ["Domains"]


class Domains:
    """Whoever can send a command, with every command as a method of its domain."""

    @cached_property
    def accounts(self: Caller) -> Accounts:
        """Accounts: import, check, delete, who is online."""
        from timrest_async.commands.accounts import Accounts

        return Accounts(self)

    @cached_property
    def communities(self: Caller) -> Communities:
        """Communities: topics and permission groups."""
        from timrest_async.commands.communities import Communities

        return Communities(self)

    @cached_property
    def friends(self: Caller) -> Friends:
        """Friends, black lists, friend groups and following."""
        from timrest_async.commands.friends import Friends

        return Friends(self)

    @cached_property
    def group_members(self: Caller) -> GroupMembers:
        """Members of groups: list, add, mute, ban, live rooms."""
        from timrest_async.commands.group_members import GroupMembers

        return GroupMembers(self)

    @cached_property
    def group_messages(self: Caller) -> GroupMessages:
        """Messages and notices in groups."""
        from timrest_async.commands.group_messages import GroupMessages

        return GroupMessages(self)

    @cached_property
    def groups(self: Caller) -> Groups:
        """Groups: create, read, change, attributes and counters."""
        from timrest_async.commands.groups import Groups

        return Groups(self)

    @cached_property
    def messages(self: Caller) -> Messages:
        """One-to-one messages."""
        from timrest_async.commands.messages import Messages

        return Messages(self)

    @cached_property
    def moderation(self: Caller) -> Moderation:
        """Checks of texts and pictures, and lists of words."""
        from timrest_async.commands.moderation import Moderation

        return Moderation(self)

    @cached_property
    def official_accounts(self: Caller) -> OfficialAccounts:
        """Official accounts, their subscribers and messages."""
        from timrest_async.commands.official_accounts import OfficialAccounts

        return OfficialAccounts(self)

    @cached_property
    def operations(self: Caller) -> Operations:
        """Global mute, statistics, message archives, files."""
        from timrest_async.commands.operations import Operations

        return Operations(self)

    @cached_property
    def profiles(self: Caller) -> Profiles:
        """Profiles: the nickname, picture and other fields of accounts."""
        from timrest_async.commands.profiles import Profiles

        return Profiles(self)

    @cached_property
    def push(self: Caller) -> Push:
        """Pushes to many accounts, with tags and attributes."""
        from timrest_async.commands.push import Push

        return Push(self)

    @cached_property
    def recent_contacts(self: Caller) -> RecentContacts:
        """Conversations, their groups and marks."""
        from timrest_async.commands.recent_contacts import RecentContacts

        return RecentContacts(self)

    @cached_property
    def robots(self: Caller) -> Robots:
        """Robots and their messages."""
        from timrest_async.commands.robots import Robots

        return Robots(self)
