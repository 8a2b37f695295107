"""A bot that answers every message to its account with the same words.

Try it with no account, in two terminals; the second needs the variables that the first prints::

    timrest sandbox --account alice --account echo_bot --webhook http://127.0.0.1:8080/tim --webhook-token made-up
    python docs/examples/echo_bot.py
"""

import os
from collections.abc import AsyncIterator

from aiohttp import web

from timrest_async import TimSession
from timrest_async.webhook import Auth, C2CAfterSendMsg, Webhook
from timrest_async.webhook.aiohttp_web import add_webhook

BOT = "echo_bot"
tim = TimSession.from_env()
hook = Webhook(Auth.from_env(), repeats_within=60)


@hook.on(C2CAfterSendMsg)
async def echo(event: C2CAfterSendMsg) -> None:
    """Say it back; what the bot says is told here as well, and goes to others."""
    if event.to_account == BOT != event.from_account and event.send_msg_result == 0:
        await tim.messages.send(event.from_account, event.msg_body, from_account=BOT)


async def session(_: web.Application) -> AsyncIterator[None]:
    async with tim:
        yield


app = web.Application()
app.cleanup_ctx.append(session)
add_webhook(app, "/tim", hook)
web.run_app(app, host="127.0.0.1", port=int(os.environ.get("PORT", "8080")))
