"""No secret leaves: everything goes wrong with secrets that can be recognised, and all that comes out is searched."""

from __future__ import annotations

import asyncio
import copy
import io
import logging
import os
import pickle
import subprocess
import sys
import traceback
import warnings
from base64 import b64encode
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import pytest
from rich.console import Console
from rich.pretty import pretty_repr
from rich.traceback import Traceback

import timrest_async
from tests.e2e.faults import COMMANDS, FAULTS, Fault, provoke
from timrest_async import ConfigError, NoPermitError, RateLimit, RateLimiter, RetryPolicy, TimSession, UserSigError
from timrest_async._clock import SystemClock
from timrest_async.commands.messages import SendMessage
from timrest_async.redis_limits import RedisRateLimiter
from timrest_async.sandbox import Sandbox
from timrest_async.sandbox.service import Application
from timrest_async.testing import FakeClock, MemoryTransport
from timrest_async.transport import HttpTransport
from timrest_async.usersig import DAY, Redacted, Signer, StaticSignature, read_usersig, sign, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

HERE = str(Path(__file__).parent)
KEY = "KEY0that1must2never3be4seen5by6anybody7else"
NOW = 1_700_000_000
USERSIG = str(sign(1400000000, KEY, "administrator", expire=DAY, time=NOW))
"""What a session makes of the key on a day that does not pass."""
PASSWORD = "PASS0word1of2the3redis4server"
SLICE = 12
"""So many characters in a row of a secret are a leak."""


def slices(secret: str) -> Iterator[str]:
    """Cut *secret* so that whatever shows enough of it shows a slice."""
    for form in (secret, quote(secret, safe=""), b64encode(secret.encode()).decode().rstrip("=")):
        yield from (form[at : at + SLICE] for at in range(SLICE, len(form) - SLICE, SLICE // 2))


NEEDLES = sorted({part for secret in (KEY, USERSIG, PASSWORD) for part in slices(secret)})


def leaks(shown: str) -> list[str]:
    """Name the lines of *shown* that hold a part of a secret."""
    found = [needle for needle in NEEDLES if needle in shown]
    return [line for line in shown.splitlines() if any(needle in line for needle in found)]


class Ears(logging.Handler):
    """Hears every record of every logger, and every warning."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line, and what it was made of."""
        self.heard += [self.format(record), repr(vars(record))]

    def __enter__(self) -> Self:
        self._level = logging.root.level
        logging.root.addHandler(self)
        logging.root.setLevel(logging.DEBUG)
        self._caught = warnings.catch_warnings(record=True)
        self._warnings = self._caught.__enter__()
        warnings.simplefilter("always")
        return self

    def __exit__(self, *_: object) -> None:
        self.heard += [f"{warning.message}{warning.message!r}{warning.source!r}" for warning in self._warnings or []]
        self._caught.__exit__(None, None, None)
        logging.root.removeHandler(self)
        logging.root.setLevel(self._level)


def beyond_the_test(trace: TracebackType | None) -> TracebackType | None:
    """Skip the frames of the tests, which know the secrets."""
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(HERE):
        trace = trace.tb_next
    return trace


def chain(error: BaseException) -> list[BaseException]:
    """Return *error* and all that hangs on it, shown or not."""
    found, ahead = list[BaseException](), [error]
    while ahead:
        one = ahead.pop()
        if one not in found:
            found.append(one)
            ahead += [other for other in (one.__cause__, one.__context__) if other is not None]
            ahead += getattr(one, "exceptions", ())
    return found


def shown_by(error: BaseException, *, drawn: bool = True) -> Iterator[str]:
    """Show *error* in every way in which errors are shown; *drawn* by rich as well, which takes its time."""
    for one in chain(error):
        trace = beyond_the_test(one.__traceback__)
        yield f"{one}\n{one!r}\n{one.args!r}\n{vars(one)!r}"
        yield "".join(traceback.TracebackException(type(one), one, trace, capture_locals=True).format(chain=False))
        if drawn:
            page = io.StringIO()
            picture = Traceback.from_exception(type(one), one.with_traceback(trace), trace, show_locals=True)
            Console(file=page, width=200).print(picture)
            yield page.getvalue()
        with suppress(TypeError):  # what is not ours may not be pickled
            yield repr(pickle.dumps(one)) + repr(vars(copy.copy(one)))


class ThatDay(SystemClock):
    """The system's clock, on which the date stands still."""

    def now(self) -> float:
        """Return that day."""
        return float(NOW)


def test_the_search_finds_a_secret_that_is_shown() -> None:
    """What this file asserts can fail: a plain key or UserSig in a frame, a log line or a pickle is found."""

    def fail(_: str) -> None:
        raise ValueError("no")

    for secret in (KEY, USERSIG, quote(USERSIG), PASSWORD, f"https://a/b?usersig={USERSIG[:60]}"):
        assert leaks(f"before {secret} behind")
        with Ears() as ears:
            logging.getLogger("some.library").debug("posting to %s", secret)
            warnings.warn(secret, stacklevel=1)
        assert len(leaks("\n".join(ears.heard))) >= 3
        error = ValueError(secret)
        assert leaks("\n".join(shown_by(error)))
    tim = TimSession(1400000000, secret_key=KEY, clock=ThatDay(), transport=MemoryTransport())
    assert tim._parts.signature.current() == USERSIG


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_whatever_goes_wrong_no_secret_is_shown(fault: Fault) -> None:
    """Every fault of the matrix, with each command: no log line, warning or error holds a part of a secret."""
    shown = list[str]()
    with Ears() as ears:
        for command in COMMANDS:
            error = await provoke(fault, command, secret_key=KEY, clock=ThatDay())
            if error is not None:
                shown += shown_by(error, drawn=command == "send")
    assert leaks("\n".join(shown + ears.heard)) == []


class Silence:
    """A server that takes requests and says nothing."""

    async def __aenter__(self) -> Self:
        self.asked = asyncio.Event()
        self._server = await asyncio.start_server(self._listen, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            self.asked.set()
            await reader.read()
        writer.close()


async def cancel(_: TimSession, call: asyncio.Task[Any]) -> None:
    """Give up the call."""
    call.cancel()
    await call


async def give_it_no_time(_: TimSession, call: asyncio.Task[Any]) -> None:
    """Give it up by a time-out around it."""
    async with asyncio.timeout(0.01):
        await call


async def close(tim: TimSession, call: asyncio.Task[Any]) -> None:
    """Close the session under it."""
    await tim.close()
    await call


async def test_a_cancelled_call_shows_no_secret() -> None:
    """Cancelled by its caller, by a time-out around it or by the session's end, where aiohttp's frames hold the URL."""
    shown = list[str]()
    async with Silence() as server:
        for end in (cancel, give_it_no_time, close):
            server.asked.clear()
            tim = TimSession(1400000000, usersig=USERSIG, base_url=server.url)
            call = asyncio.create_task(tim.messages.send("lumotuwe2", "hi"))
            await server.asked.wait()
            with pytest.raises(BaseException) as caught:  # noqa: PT011  # whichever it is
                await end(tim, call)
            shown += shown_by(caught.value)
            await tim.close()
    assert leaks("\n".join(shown)) == []


MISTAKES: dict[str, Callable[[], Any]] = {
    "sdkappid": lambda: TimSession(0, secret_key=KEY),
    "identifier": lambda: TimSession(1, "", secret_key=KEY),
    "both": lambda: TimSession(1, secret_key=KEY, usersig=USERSIG),
    "region": lambda: TimSession(1, secret_key=KEY, region="atlantis"),
    "life": lambda: TimSession(1, secret_key=KEY, usersig_life=0),
    "usersig": lambda: TimSession(1, usersig=USERSIG + " "),
    "timeout": lambda: TimSession(1, usersig=USERSIG, timeout=0),
    "key file": lambda: TimSession(1, secret_key=Path("/nowhere")),
    "environment, both": lambda: TimSession.from_env({"TIMREST_SECRET_KEY": KEY, "TIMREST_USERSIG": USERSIG}),
    "environment, sdkappid": lambda: TimSession.from_env({"TIMREST_SECRET_KEY": KEY, "TIMREST_SDKAPPID": "x"}),
    "environment, settings": lambda: TimSession.from_env({}, secret_key=KEY),
    "environment, region": lambda: TimSession.from_env(
        {"TIMREST_SECRET_KEY": KEY, "TIMREST_SDKAPPID": "1", "TIMREST_REGION": "atlantis"}
    ),
    "sign": lambda: sign(1, KEY, "\ud800", expire=1, time=1),
    "verify, key": lambda: verify(USERSIG, sdkappid=1400000000, secret_key=KEY[1:], identifier="administrator", now=0),
    "verify, time": lambda: verify(USERSIG, sdkappid=1400000000, secret_key=KEY, identifier="administrator", now=3e9),
    "verify, identifier": lambda: verify(USERSIG, sdkappid=1400000000, secret_key=KEY, identifier="x", now=0),
    "read": lambda: read_usersig(USERSIG[:-9]),
    "static": lambda: StaticSignature(USERSIG + "="),
    "signer": lambda: Signer(1, KEY, "a", life=0, clock=FakeClock()),
    "redis": lambda: RedisRateLimiter(f"redis://:{PASSWORD}@127.0.0.1:1/0", fallback=7),
    "redis address": lambda: RedisRateLimiter(f"ftp://:{PASSWORD}@127.0.0.1:1/0"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_set_up_shows_no_secret(mistake: str) -> None:
    """Whatever is wrong with the settings, the frames that tell hold the key and the UserSig as three stars only."""
    with pytest.raises((ConfigError, UserSigError, UnicodeEncodeError)) as caught:
        MISTAKES[mistake]()
    assert leaks("\n".join(shown_by(caught.value))) == []


async def test_no_public_object_shows_a_secret() -> None:
    """Neither its repr nor what a debugger prints of it."""
    clock = FakeClock()
    service = MemoryTransport({"ErrorCode": 0, "MsgTime": 1})
    limits = RateLimiter(RateLimit(1, burst=1), clock=clock)
    tim = TimSession(1400000000, secret_key=KEY, transport=service, limits=limits, clock=clock)
    fixed = TimSession(1400000000, usersig=USERSIG, base_url="http://127.0.0.1:1", failover="http://127.0.0.1:2")
    await tim.messages.send("lumotuwe2", "hi")
    with pytest.raises(NoPermitError) as caught:
        await tim.with_options(timeout=0.1).messages.send("lumotuwe2", "hi")
    objects: list[Any] = [
        *(tim, fixed, tim.messages, tim.with_options(timeout=1), fixed.accounts, tim._parts, fixed._parts),
        *(tim._parts.signature, fixed._parts.signature, fixed._parts.transport, service, service.calls, limits),
        *(caught.value, RetryPolicy(), SendMessage("a", "hi"), clock, limits.metrics()),
        *(read_usersig(USERSIG), Redacted(KEY), Redacted(KEY)[:30], Redacted(USERSIG)[3:]),
        HttpTransport(base_url="http://127.0.0.1", sdkappid=1, identifier="a", connections=1),
        RedisRateLimiter(f"redis://:{PASSWORD}@127.0.0.1:1/0"),
        Sandbox(secret_key=KEY),
        Application(sdkappid=1, secret_key=KEY, admins=["a"]),
        *(getattr(timrest_async, name) for name in timrest_async.__all__),
    ]
    shown = [f"{one!r}\n{pretty_repr(one)}\n{pretty_repr(one, max_string=9)}" for one in objects]
    assert leaks("\n".join(shown)) == []


async def test_a_redis_that_is_away_shows_no_password() -> None:
    """The address is told, the password is not."""
    shown = list[str]()
    with Ears() as ears:
        limits = RedisRateLimiter(f"redis://:{PASSWORD}@127.0.0.1:1/0", patience=0.2)
        async with TimSession(1, secret_key=KEY, transport=MemoryTransport(), limits=limits) as tim:
            with pytest.raises(timrest_async.LimiterUnavailableError) as caught:
                await tim.messages.send("lumotuwe2", "hi")
            shown += shown_by(caught.value)
        await limits.close()
    assert "127.0.0.1:1" in str(caught.value)
    assert leaks("\n".join(shown + ears.heard)) == []


LINES = [
    ["call", "openim/sendmsg", "{}"],
    ["call", "openim/sendmsg", "{}", "--no-check"],
    ["call", "openim/sendmsg", "{}", "--no-check", "--json"],
    ["send", "to", "lumotuwe2", "hi"],
    ["send", "group", "@TGS#2C5SZEAEF", "hi", "--json"],
    ["send", "to", "lumotuwe2", "hi", "--region", "atlantis"],
    ["call", "no path"],
]


@pytest.mark.parametrize(
    ("line", "signed"),
    [*((line, "key") for line in LINES), (LINES[0], "file"), (LINES[2], "usersig")],
)
async def test_the_command_line_shows_no_secret(line: list[str], signed: str, tmp_path: Path) -> None:
    """Not in its output, whatever fails, and not among its arguments, which every user of the machine can list."""
    (tmp_path / "key").write_text(KEY)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TIMREST_")}
    environ |= {"TIMREST_SDKAPPID": "1400000000", "PYTHONASYNCIODEBUG": "1", "PYTHONWARNINGS": "always"}
    environ |= {
        "key": {"TIMREST_SECRET_KEY": KEY},
        "file": {"TIMREST_SECRET_KEY_FILE": str(tmp_path / "key")},
        "usersig": {"TIMREST_USERSIG": USERSIG},
    }[signed]
    async with Sandbox() as box:
        place = [] if "--region" in line else ["--base-url", box.base_url]
        program = [
            sys.executable,
            "-X",
            "dev",
            "-m",
            "timrest_async.cli",
            *line,
            *(place if line[1] != "no path" else []),
        ]
        process = await asyncio.create_subprocess_exec(
            *program, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        arguments = (await asyncio.to_thread(Path(f"/proc/{process.pid}/cmdline").read_bytes)).decode()
        output, _ = await process.communicate()
    assert process.returncode != 0
    assert output
    assert leaks(arguments + "\n" + output.decode()) == []
