"""A dry run of `timrest bulk`."""

import json
from collections.abc import Callable

import pytest
from typer.testing import Result

from tests.cli.conftest import words
from timrest_async import RateLimit, RateLimiter
from timrest_async.cli.dry_run import least_seconds

Run = Callable[..., Result]

BATCH = "openim/batchsendmsg"


def test_a_dry_run_sends_nothing_and_needs_no_account(run: Run, write: Callable[..., str]) -> None:
    """It shows the first three messages, how many calls they are, and how long they take."""
    rows = "".join(f"user{number},{number}\n" for number in range(900))
    result = run("bulk", "--to", write(f"to,n\nuser0,0\n{rows}"), "--text", "Hi {n}", "--dry-run", "--from", "news")
    assert result.exit_code == 0
    page = words(result.stdout)
    assert "900 recipients in r.csv; this is a dry run, and nothing was sent" in page
    assert "calls 900 of openim/sendmsg time at least 8.9 s: 100 calls in 1 s skipped 1" in page
    assert (
        'to user1 {"MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "Hi 1"}}], "From_Account": "news"}'
        in page
    )
    assert page.count("Hi ") == 3


def test_a_dry_run_is_json_on_request(run: Run, write: Callable[..., str]) -> None:
    """With --json it is one object; receivers count against their minute."""
    rows = "to,name\n,x\n" + "".join(f"user{number},\n" for number in range(24_000))
    result = run("bulk", "--to", write(rows), "--text", "hi", "--dry-run", "--json", "--skip-bad")
    told = json.loads(result.stdout)
    body = {"MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]}
    assert told == {
        "command": BATCH,
        "recipients": 24_000,
        "calls": 48,
        "skipped": 0,
        "left_out": 1,
        "seconds": 60.0,
        "limit": "12,000 of To_Account in 60 s",
        "first": [{"to": f"user{number}", "body": body} for number in range(3)],
    }
    bought = run("bulk", "--to", write(rows), "--text", "hi", "--dry-run", "--skip-bad", "--receivers-per-minute", "0")
    assert "100 calls in 1 s" in bought.stdout


@pytest.mark.parametrize(
    ("limits", "calls", "receivers", "seconds"),
    [
        (RateLimiter(), 24, 12_000, 0.14),
        (RateLimiter(), 25, 12_500, 60),
        (RateLimiter(), 25, 24_000, 60),
        (RateLimiter(), 49, 24_500, 120),
        (RateLimiter(RateLimit(10, burst=10), further={BATCH: []}), 30, 15_000, 2),
        (RateLimiter(further={BATCH: []}), 1, 1, 0),
    ],
)
def test_the_least_time_is_that_of_the_slowest_limit(
    limits: RateLimiter, calls: int, receivers: int, seconds: float
) -> None:
    """Calls and receivers are counted apart, and the one that takes longer says how long it takes."""
    assert least_seconds(limits, BATCH, calls, receivers)[0] == pytest.approx(seconds)
