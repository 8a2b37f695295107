"""A sandbox inside a program: started, filled and looked into from the code that uses it."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from timrest_async._clock import Clock, SystemClock
from timrest_async._regions import is_loopback
from timrest_async.errors import ConfigError
from timrest_async.sandbox.faults import Faults
from timrest_async.sandbox.rules import Rules
from timrest_async.sandbox.server import HttpServer
from timrest_async.sandbox.service import Application, Service
from timrest_async.sandbox.state import State
from timrest_async.session import TimSession

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from timrest_async.sandbox.certificates import SelfSigned
    from timrest_async.sandbox.hooks import Webhooks
    from timrest_async.sandbox.state import GroupMessage, Message

__all__ = ["Sandbox"]

MADE_UP_KEY: Final = "sandbox-key-not-a-secret"
"""It opens nothing but this."""


class Sandbox:
    """A service of your own that behaves as the manual says, on this machine.

    ::

        async with Sandbox() as box, box.session() as tim:
            await tim.accounts.import_many(["lumotuwe1", "lumotuwe2"])
            await tim.messages.send("lumotuwe2", "hi, beauty", from_account="lumotuwe1")
            assert [message.msg_body for message in box.messages(to="lumotuwe2")] == [[Text("hi, beauty")]]

    Args:
        sdkappid: the application that it plays; :meth:`add_application` adds more.
        secret_key: the application's key; UserSigs are checked against it.
        admins: the administrators; they are registered from the start.
        host: where it listens. Elsewhere than on loopback anybody who reaches it may read and change everything in it,
            so that is a :class:`RuntimeWarning`.
        port: where it listens; 0 takes any port that is free.
        calls_per_second: how often each command is answered within one second; ``None`` for as often as you like.
        rules: what the documents leave open; it holds the calls a second too.
        data: a file in which everything is kept; in memory where it is left out.
        webhooks: where your application listens, :class:`~timrest_async.sandbox.Webhooks`.
        tls: a certificate to speak https with; :func:`~timrest_async.sandbox.certificates.self_signed` makes one.
        clock: what time it is, such as :class:`timrest_async.testing.FakeClock`.

    Raises:
        ConfigError: when it cannot be set up like that.

    """

    def __init__(  # noqa: PLR0913  # each is a setting of its own, given by name
        self,
        *,
        sdkappid: int = 1_400_000_000,
        secret_key: str = MADE_UP_KEY,
        admins: Sequence[str] = ("administrator",),
        host: str = "127.0.0.1",
        port: int = 0,
        calls_per_second: int | None = 100,
        rules: Rules | None = None,
        data: str | Path | None = None,
        webhooks: Webhooks | None = None,
        tls: SelfSigned | None = None,
        clock: Clock | None = None,
    ) -> None:
        if not is_loopback(host):
            text = f"whoever reaches {host} may read and change everything in this sandbox"
            warnings.warn(text, RuntimeWarning, stacklevel=2)
        self.sdkappid = sdkappid
        """The application that it plays."""
        self.secret_key = secret_key
        """The application's key."""
        self.clock: Clock = clock or SystemClock()
        """What time it is."""
        self.rules: Rules = rules or Rules(calls_per_second=calls_per_second)
        """What the documents leave open; change it at any time."""
        self.faults: Faults = Faults()
        """What is to go wrong."""
        self.services: dict[int, Service] = {}
        """What answers, by application."""
        self._data = None if data is None else Path(data)
        self.service: Service = self.add_application(sdkappid, secret_key=secret_key, admins=admins, webhooks=webhooks)
        """What answers for the first application; its ``calls`` are the log."""
        self.state: State = self.service.state
        """Accounts, groups and messages of the first application, to fill and to look into."""
        self.host = host
        """Where it listens."""
        self._wanted_port = port
        self._port: int | None = None
        self._tls = tls
        self._server = HttpServer(self.services, self.faults, self.clock)

    def add_application(
        self,
        sdkappid: int,
        *,
        secret_key: str = MADE_UP_KEY,
        admins: Sequence[str] = ("administrator",),
        webhooks: Webhooks | None = None,
    ) -> Service:
        """Play one more application, which knows nothing of the others; with *data*, it is kept in a file beside it.

        Its *webhooks* are started with the sandbox, so it has to be added before that.
        """
        if isinstance(admins, str) or not admins:
            raise ConfigError(f"admins has to name at least one account, not {admins!r}")
        if sdkappid in self.services:
            raise ConfigError(f"the sandbox plays {sdkappid} already")
        file = self._data
        if file is not None and self.services:
            file = file.with_name(f"{file.name}-{sdkappid}")
        state = State(self.clock, rules=self.rules, file=file)
        application = Application(sdkappid=sdkappid, secret_key=secret_key, admins=admins)
        service = self.services[sdkappid] = Service(application, state, webhooks)
        return service

    def messages(self, *, sender: str | None = None, to: str | None = None) -> list[Message]:
        """Return the one-to-one messages *to* somebody, or of a *sender*, or all, in the order in which they came."""
        return self.state.messages(sender=sender, to=to)

    def group_messages(self, group_id: str) -> list[GroupMessage]:
        """Return what was said in a group, in order."""
        return self.state.groups[group_id].messages

    async def start(self) -> Self:
        """Listen."""
        if self._port is not None:
            raise ConfigError("the sandbox is running already")
        tls = None if self._tls is None else self._tls.context
        self._port = await self._server.start(self.host, self._wanted_port, tls)
        try:
            for webhooks in self._webhooks():
                await webhooks.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def stop(self) -> None:
        """Close every connection. What is remembered stays."""
        self._port = None
        await self._server.stop()
        for webhooks in self._webhooks():
            await webhooks.stop()

    def _webhooks(self) -> list[Webhooks]:
        return [service.webhooks for service in self.services.values() if service.webhooks is not None]

    def close(self) -> None:
        """Close the files in which everything is kept; after this nothing can be looked into."""
        for service in self.services.values():
            service.state.store.close()

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
        host = self.host if is_loopback(self.host) else "127.0.0.1"
        scheme = "http" if self._tls is None else "https"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"

    def session(self, **settings: Any) -> TimSession:
        """Make a session that talks to it; *settings* are those of :class:`~timrest_async.TimSession`.

        With *tls*, give ``http=`` an :class:`aiohttp.ClientSession` that trusts the certificate.
        """
        application = self.services[settings.get("sdkappid", self.sdkappid)].application
        ours: dict[str, Any] = {
            "sdkappid": application.sdkappid,
            "identifier": application.admins[0],
            "base_url": self.base_url,
            "clock": self.clock,
        }
        if "usersig" not in settings:
            ours["secret_key"] = application.secret_key
        return TimSession(**(ours | settings))

    def env(self) -> dict[str, str]:
        """Return the environment variables by which a program of any kind finds it.

        Where its webhooks are signed, the token is among them, for :meth:`timrest_async.webhook.Auth.from_env`.
        """
        hooks = self.service.webhooks
        token = None if hooks is None else hooks.token
        return {
            "TIMREST_SDKAPPID": str(self.sdkappid),
            "TIMREST_IDENTIFIER": self.service.application.admins[0],
            "TIMREST_SECRET_KEY": self.secret_key,
            "TIMREST_BASE_URL": self.base_url,
            **({} if token is None else {"TIMREST_WEBHOOK_TOKEN": str(token)}),
        }
