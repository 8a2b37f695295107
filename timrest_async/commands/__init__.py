"""The commands of the service, one attrs class each, by domain.

Import the domain you need, such as :mod:`timrest_async.commands.messages`; a session loads it on first use.
"""
