"""``timrest demo``: the library's promises, kept before your eyes, with no account and no key."""

import asyncio
from typing import Annotated

import typer
from attrs import asdict

from timrest_async._codec import write
from timrest_async.cli.connection import AsJson
from timrest_async.cli.figures import CAP, Figures
from timrest_async.cli.output import Output, reporting
from timrest_async.cli.page import Page
from timrest_async.cli.rehearsal import burst, deliver_samples, prepare, retry
from timrest_async.limits import RateLimiter
from timrest_async.sandbox import Sandbox

__all__ = ["demo", "finish"]


def demo(
    *,
    messages: Annotated[
        int, typer.Option(min=1, max=10_000, metavar="N", help="How many messages go against the cap.")
    ] = 300,
    as_json: AsJson = False,
) -> None:
    """Try the client against a sandbox on this machine: a few seconds, no account."""
    with reporting(as_json=as_json) as out:
        finish(out, asyncio.run(_perform(out, messages)))


def finish(out: Output, figures: Figures) -> None:
    """Hand the figures to machines, and fail if a promise did not hold."""
    out.result(_plain(figures))
    if not figures.kept:
        raise typer.Exit(1)


async def _perform(out: Output, messages: int) -> Figures:
    page = Page(out)
    async with Sandbox(calls_per_second=CAP) as box:
        page.open(box.base_url)
        prepare(box)
        limits = RateLimiter(clock=box.clock)
        async with box.session(limits=limits) as tim:
            deliveries = await deliver_samples(box, tim)
            page.show_deliveries(deliveries)
            retried = await retry(box, limits)
            page.show_retry(retried)
            with page.progress(messages) as on_answer:
                fired = await burst(box, tim, messages, on_answer)
            page.show_burst(fired)
    figures = Figures(deliveries=deliveries, retry=retried, burst=fired)
    page.close(figures)
    return figures


def _plain(figures: Figures) -> dict[str, object]:
    """Turn *figures* into plain JSON types, elements as on the wire."""
    deliveries = [
        asdict(delivery, recurse=False) | {"elements": [write(element) for element in delivery.elements]}
        for delivery in figures.deliveries
    ]
    return {
        "kept": figures.kept,
        "cap": CAP,
        "promises": [asdict(promise) for promise in figures.promises],
        "deliveries": deliveries,
        "retry": asdict(figures.retry),
        "burst": asdict(figures.burst),
    }
