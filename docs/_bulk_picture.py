"""Draws docs/bulk.svg: what ``timrest bulk`` shows in the middle of a run, a real one against the sandbox.

::

    python -m docs._bulk_picture

The run is held to the service's 100 calls a second, of up to 500 recipients each; the budget of receivers a minute is
off, as where more was bought. Three of the recipients do not exist.
"""

import asyncio
import io
import re
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

from timrest_async import RateLimiter
from timrest_async.bulk import ToAccounts
from timrest_async.cli.progress import bar
from timrest_async.sandbox import Rules, Sandbox

PICTURE: Final = Path(__file__).parent / "bulk.svg"
WIDTH: Final = 88
RECIPIENTS: Final = 500_000
SHARE: Final = 0.6
"""How far the run is when the picture is taken."""

COMMAND: Final = '$ timrest bulk --to june.csv --text "The summer sale begins" --receivers-per-minute 0'


async def draw() -> str:
    """Run until the moment has come, and return the picture."""
    accounts = [f"user{number:06}" for number in range(RECIPIENTS)]
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, highlight=False)
    console.print(Text(COMMAND, "bold"))
    box = Sandbox(rules=Rules(receivers_per_minute=None))
    box.state.add_group("@everybody", members=accounts[3:])
    async with box, box.session(limits=RateLimiter(further={"openim/batchsendmsg": []})) as tim:
        run = tim.bulk.send(ToAccounts(accounts, "The summer sale begins"))
        async for _ in run:
            if run.progress.done >= SHARE * RECIPIENTS:
                console.print(bar(run.progress, WIDTH))
                break
    picture = console.export_svg(title="timrest bulk")
    return re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)  # a picture fetches nothing


if __name__ == "__main__":
    PICTURE.write_text(asyncio.run(draw()), encoding="utf-8")
