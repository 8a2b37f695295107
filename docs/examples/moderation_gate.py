r"""A gate that refuses links, stars out bad words, and lets nobody see spam in groups.

Try it with no account, in two terminals; the second needs the variables that the first prints::

    timrest sandbox --account alice --account bob --group team \
        --webhook http://127.0.0.1:8080/tim/ --webhook-token made-up
    uvicorn --app-dir docs/examples --port 8080 moderation_gate:app

Who fails to decide refuses. For a gate that cannot be reached at all, the console has a setting of its own.
"""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from timrest_async import Text
from timrest_async.elements import Element
from timrest_async.webhook import (
    Auth,
    C2CBeforeSendMsg,
    C2CVerdict,
    GroupBeforeSendMsg,
    GroupMessageVerdict,
    Webhook,
)
from timrest_async.webhook.asgi import asgi_app

LINK = re.compile(r"https?://|www\.", re.IGNORECASE)
BAD_WORD = re.compile(r"\b(darn|heck)\b", re.IGNORECASE)
SPAM = re.compile(r"casino|free money", re.IGNORECASE)

hook = Webhook(Auth.from_env(), fallback="refuse")


def says(body: list[Element], words: re.Pattern[str]) -> bool:
    """Say whether any text in *body* has one of *words*."""
    return any(words.search(element.text) for element in body if isinstance(element, Text))


@hook.on(C2CBeforeSendMsg)
async def refuse_links(event: C2CBeforeSendMsg) -> C2CVerdict | None:
    """Let the sender know why the message does not go out."""
    return event.refuse(120_001, "no links, please") if says(event.msg_body, LINK) else None


@hook.on(C2CBeforeSendMsg)
async def star_bad_words(event: C2CBeforeSendMsg) -> C2CVerdict | None:
    """Deliver other words than the sender wrote."""
    if not says(event.msg_body, BAD_WORD):
        return None
    return event.rewrite(
        [Text(BAD_WORD.sub("***", one.text)) if isinstance(one, Text) else one for one in event.msg_body]
    )


@hook.on(GroupBeforeSendMsg)
async def drop_spam(event: GroupBeforeSendMsg) -> GroupMessageVerdict | None:
    """Let the sender believe that the group has it."""
    return event.drop() if says(event.msg_body, SPAM) else None


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
    """Close the webhook with the application."""
    async with hook:
        yield


app = FastAPI(lifespan=lifespan)
app.mount("/tim", asgi_app(hook))
