"""The words of the index that no class has."""

from typing import Final

__all__ = ["HOW_TO_READ", "OPENING"]

OPENING: Final = """
# Reference

The {commands} commands of the service, in {domains} domains. Each is a method of a session, such as
`tim.groups.create`; [the README](../../README.md) tells about sessions, errors, retries and limits. What is not here
can be called by its path: `await tim.call("service/command", {{"Key": "value"}})`.

[What messages are made of](elements.md), and how phones announce them, has a page of its own, and so have
[the webhooks](webhooks.md): the {events} events that the service posts to your application, and how they are answered.
"""

HOW_TO_READ: Final = """
## How to read a page

**A call** is shown as it is typed. What stands before the `*` may be given by position, what stands behind it goes by
its name. What has a default may be left out, and so may all that `...` stands for; the table below it has the rest.

**The class** is the command as a value: `await tim.call(CheckAccounts(["lumotuwe1"]))` does what
`await tim.accounts.check(["lumotuwe1"])` does.

**Safe to repeat** says for how long the same bytes may go out again and still be done once. Within that time, and with
`RetryPolicy(transport=True)`, a call whose answer was lost is sent again.

**The document** is the page of the service's manual: of the Chinese one (269) or of the international one (1047).

**The tables** show each field by its key in JSON, as in the manual, and by its name in Python. Where there are two
keys, the first goes out and either may come in.

| required | in a request | in a reply or an event |
| --- | --- | --- |
| yes | has to be given | is always there |
| no | is not sent when left out | is `None`, or empty if it is a list or a map, when the service does not send it |
| no: `0` | is sent with this value when left out | has this value when the service does not send it |
| no: filled in | is worked out when left out, such as a random number | |

Any iterable will do for a list. An id of an account has up to {account} bytes, that of a group {group}, that of a topic
{topic}. Other bounds are told with the fields; what is out of bounds raises `InputError` before anything is sent.

**The list below a table** has what can be read beside the fields, and what makes such an object.

## One call, all pages, any number

A command has up to three methods, which take the same arguments.

```python
page = await tim.friends.list("lumotuwe1")  # one call

async for friend in tim.friends.each("lumotuwe1"):  # as many calls as there are pages
    print(friend.to_account)

reply = await tim.accounts.check_all(accounts)  # as many calls as so many accounts need
```

- **One call**: the method of the heading sends the command once, and returns its reply; of several pages, one.
- **All pages**: `each`, or a name that begins so, returns an iterator. It asks for a page when the one before is used
  up. Where that fails the error comes out of the loop, and going on with the same iterator asks for that page again.
- **Any number**: a name that ends with `_all` sends as many calls as its items need, some of them at once, and makes
  one reply of the answers. A call that fails does not stop the others: what it was about is among the reply's failures.
  Only where every call fails is the error raised.

Each command tells which of these it has; `tim.friends.delete_all` and others with such a name are commands themselves.

## For whom it did not work

An `ErrorCode` of 0 may hide failures. The reply to a command about several things is a `PartialReply`:

- `reply.failed`: what did not work, each item with its `about`, `code`, `info`, `meaning` and `advice`. What the answer
  does not mention is among them.
- `reply.succeeded`: what worked, in the order of the request.
- `reply.raise_for_failures()`: returns the reply itself, or raises `PartialFailureError` with all that failed.

Each entry of such an answer has `entry.about`, whom or what it is about, `entry.ok`, whether it worked, and
`entry.failure`, why it did not: `None` where it did.

## Times

The service counts Unix seconds, and fields have them as they came. For `msg_time` of a reply there is `msg_time_utc`
too, a `datetime.datetime` in UTC, and so for other times; it is `None` where the field is absent or 0.

## What is not in the tables

The service learns. Every command takes `extra=`, a dict that goes out beside its fields, key for key, and wins over
them. Every reply, and every object in one, has an `extra` with what came in and is no field of it.

```python
reply = await tim.groups.get("@TGS#2C5SZEAEF", extra={{"NewKey": 1}})
print(reply.extra, reply.group_info[0].extra)
```
"""
