"""A sandbox inside a program: started, filled and looked into from the code that uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from timrest_async._clock import Clock, SystemClock
from timrest_async._regions import is_loopback
from timrest_async.errors import ConfigError
from timrest_async.sandbox.faults import Faults
from timrest_async.sandbox.server import HttpServer
from timrest_async.sandbox.service import Application, Service
from timrest_async.sandbox.state import State
from timrest_async.session import TimSession

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

__all__ = ["Sandbox"]


class Sandbox:
    """A service of your own that behaves as the manual says, on this machine.

    ::

        async with Sandbox() as box, box.session() as tim:
            await tim.accounts.import_many(["lumotuwe1", "lumotuwe2"])
            await tim.messages.send("lumotuwe2", "hi, beauty", from_account="lumotuwe1")
            assert box.state.history("lumotuwe1", "lumotuwe2")[0].msg_body == [Text("hi, beauty")]

    Args:
        sdkappid: the application that it plays.
        secret_key: the application's key; UserSigs are checked against it.
        admins: the administrators; they are registered from the start.
        host: where it listens, a loopback address: there is no encryption.
        port: where it listens; 0 takes any port that is free.
        calls_per_second: how often each command is answered within one second; ``None`` for as often as you like.
        clock: what time it is, such as :class:`timrest_async.testing.FakeClock`.

    Raises:
        ConfigError: when it cannot be set up like that.

    """

    def __init__(  # noqa: PLR0913  # each is a setting of its own, given by name
        self,
        *,
        sdkappid: int = 1_400_000_000,
        secret_key: str = "sandbox-key-not-a-secret",  # noqa: S107  # it opens nothing but this
        admins: Sequence[str] = ("administrator",),
        host: str = "127.0.0.1",
        port: int = 0,
        calls_per_second: int | None = 100,
        clock: Clock | None = None,
    ) -> None:
        if not is_loopback(host):
            raise ConfigError(f"the sandbox listens on loopback only, such as 127.0.0.1, not on {host!r}")
        if isinstance(admins, str) or not admins:
            raise ConfigError(f"admins has to name at least one account, not {admins!r}")
        if calls_per_second is not None and calls_per_second < 1:
            raise ConfigError(f"calls_per_second has to be at least 1, or None, not {calls_per_second!r}")
        self.sdkappid = sdkappid
        """The application that it plays."""
        self.secret_key = secret_key
        """The application's key."""
        self.clock: Clock = clock or SystemClock()
        """What time it is."""
        self.state: State = State(self.clock)
        """Accounts, groups and messages, to fill and to look into."""
        self.faults: Faults = Faults()
        """What is to go wrong."""
        application = Application(
            sdkappid=sdkappid, secret_key=secret_key, admins=admins, calls_per_second=calls_per_second
        )
        self.service: Service = Service(application, self.state)
        """What answers; its ``calls`` are the log."""
        self._admin = admins[0]
        self._host = host
        self._wanted_port = port
        self._port: int | None = None
        self._server = HttpServer(self.service, self.faults, self.clock)

    async def start(self) -> Self:
        """Listen."""
        if self._port is not None:
            raise ConfigError("the sandbox is running already")
        self._port = await self._server.start(self._host, self._wanted_port)
        return self

    async def stop(self) -> None:
        """Close every connection. What is remembered stays."""
        self._port = None
        await self._server.stop()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def port(self) -> int:
        """The port on which it listens."""
        if self._port is None:
            raise ConfigError("the sandbox is not running; use `async with` or call start()")
        return self._port

    @property
    def base_url(self) -> str:
        """Where it is, for a client's ``base_url``."""
        return f"http://{f'[{self._host}]' if ':' in self._host else self._host}:{self.port}"

    def session(self, **settings: Any) -> TimSession:
        """Make a session that talks to it; *settings* are those of :class:`~timrest_async.TimSession`."""
        ours: dict[str, Any] = {
            "sdkappid": self.sdkappid,
            "identifier": self._admin,
            "base_url": self.base_url,
            "clock": self.clock,
        }
        if "usersig" not in settings:
            ours["secret_key"] = self.secret_key
        return TimSession(**(ours | settings))

    def env(self) -> dict[str, str]:
        """Return the environment variables by which a program of any kind finds it."""
        return {
            "TIMREST_SDKAPPID": str(self.sdkappid),
            "TIMREST_IDENTIFIER": self._admin,
            "TIMREST_SECRET_KEY": self.secret_key,
            "TIMREST_BASE_URL": self.base_url,
        }
