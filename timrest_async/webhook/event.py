"""What an event is: a value that the service posts to your application, one class for each callback.

A class is called as its callback, without the dot and the word "Callback", and no word twice in a row:
:class:`~timrest_async.webhook.C2CBeforeSendMsg` is ``C2C.CallbackBeforeSendMsg``. An event that your application is
asked about is a :class:`Gate`, which makes the verdicts that the service understands there; all others say what has
happened.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Generic, TypeVar, cast, get_args, get_origin

from attrs import field, frozen

from timrest_async._wire import Wire
from timrest_async._words import shown
from timrest_async.commands._reply import Part
from timrest_async.commands._shared import as_ids
from timrest_async.elements import Body, as_optional_body
from timrest_async.errors import InputError
from timrest_async.webhook.verdicts import MessageVerdict, Verdict

__all__ = ["Event", "EventBatch", "Gate", "MessageGate", "Origin", "UnknownEvent"]

V_co = TypeVar("V_co", bound=Verdict, covariant=True)
M_co = TypeVar("M_co", bound=MessageVerdict, covariant=True)

EPOCH = datetime.fromtimestamp(0, UTC)

IN_SECONDS = 10**11
"""A time below this counts seconds, up to the year 5138; one above it milliseconds, from the year 1973 on."""

_TIMES = ("event_time", "msg_time", "last_read_time")


@frozen(kw_only=True)
class Origin:
    """Where an event came from: what the service writes into the address that it calls."""

    sdkappid: int = 0
    """The application."""

    client_ip: str = ""
    """The address of the client that caused the event."""

    opt_platform: str = ""
    """What that client runs on, as the service writes it: ``RESTAPI``, ``Web``, ``Android``, ``iOS``, ``Windows``,
    ``Mac``, ``iPad``, ``Unknown`` and others; :attr:`platform` has one name for each."""

    requested_at: datetime | None = None
    """When the service signed its call, in UTC; ``None`` where it does not sign."""

    @property
    def platform(self) -> str:
        """The platform in small letters, one name for each: ``restapi``, ``web``, ``android``, ``ios``, ``windows``,
        ``macos``, ``ipad``, ``unknown``.
        """
        name = self.opt_platform.lower()
        return {"mac": "macos", "": "unknown"}.get(name, name)


@frozen(kw_only=True)
class _Told(Part):
    """What every event has."""

    origin: Annotated[Origin, Wire(None)] = field(factory=Origin, repr=False, eq=False)
    """Where it came from: application, address and platform of the client."""


class Event(_Told):
    """Something that happened, or is about to.

    An event that this library lacks is a class away::

        @frozen(kw_only=True)
        class GroupAfterSomethingNew(Event):
            callback_command = "Group.CallbackAfterSomethingNew"

            group_id: str


        @hook.on(GroupAfterSomethingNew)
        async def note(event: GroupAfterSomethingNew) -> None: ...
    """

    __slots__ = ()

    envelope: ClassVar[frozenset[str]] = frozenset({"CallbackCommand"})
    """Keys that every event has, and that are no part of :attr:`extra`."""

    callback_command: str
    """What the service calls it, such as ``C2C.CallbackAfterSendMsg``."""

    key_fields: ClassVar[tuple[str, ...]] = ()
    """The fields that together tell this event from all others of its class, so long as the last of them is neither
    absent nor empty; none where nothing does."""

    @property
    def happened_at(self) -> datetime | None:
        """When it happened, in UTC: EventTime, which is in milliseconds or in seconds, or the message's own time.

        ``None`` where the service does not say.
        """
        stamp: int | None = next(filter(None, (getattr(self, name, None) for name in _TIMES)), None)
        try:
            return EPOCH + timedelta(milliseconds=stamp if stamp > IN_SECONDS else stamp * 1000) if stamp else None
        except OverflowError:
            return None

    @property
    def key(self) -> tuple[object, ...] | None:
        """What this event has in common with a repeated delivery of it, and with no other event.

        ``None`` where nothing in it tells it from others.
        """
        if not self.key_fields or not getattr(self, self.key_fields[-1]):
            return None
        values = (_hashable(getattr(self, name)) for name in self.key_fields)
        return self.callback_command, self.origin.sdkappid, *values


def _hashable(value: object) -> object:
    return value if isinstance(value, str | int) else repr(cast("Any", value))


class Gate(Event, Generic[V_co]):
    """Something that is about to happen, unless your application is against it. The service waits for the answer."""

    __slots__ = ()

    verdict: ClassVar[type[Verdict]]
    """The class of what it can be answered with."""

    @classmethod
    def __attrs_init_subclass__(cls) -> None:
        """Remember the class of the verdicts, which stands in the brackets of the base."""
        for base in getattr(cls, "__orig_bases__", ()):
            if issubclass(get_origin(base) or object, Gate) and not isinstance(get_args(base)[0], TypeVar):
                cls.verdict = get_args(base)[0]

    def allow(self) -> V_co:
        """Let it happen, as it does where a handler returns ``None``."""
        return self._verdict()

    def refuse(self, code: int | None = None, info: str = "") -> V_co:
        """Do not let it happen.

        Args:
            code: what the caller gets, out of the codes that the service leaves to your application here; the service's
                own code when left out.
            info: the words that the caller gets with a *code* of yours.

        Raises:
            InputError: the service does not pass that code on.

        """
        codes = self.verdict.codes
        if code is not None and code not in codes:
            allowed = f"from {codes[0]} to {codes[-1]}, or left out" if codes else "left out"
            raise InputError(f"{type(self).__name__}.refuse: code has to be {allowed}, not {shown(code)}")
        return self._verdict(error_code=1 if code is None else code, error_info=info)

    def _chosen(self, method: str, accounts: Iterable[str] | str, among: list[str]) -> list[str]:
        """Return whom *accounts* names, each once; nobody, or somebody whom the event is not about, is a mistake."""
        chosen = list(dict.fromkeys(as_ids(accounts)))
        if not chosen or any(account not in among for account in chosen):
            place = f"{type(self).__name__}.{method}"
            raise InputError(f"{place}: accounts has to name one or more of {shown(among)}, not {shown(chosen)}")
        return chosen

    def _verdict(self, **fields: Any) -> V_co:
        return cast("V_co", self.verdict(**fields))


class MessageGate(Gate[M_co]):
    """A message that is about to be delivered."""

    __slots__ = ()

    def drop(self) -> M_co:
        """Deliver it to nobody, and let the sender believe that it was."""
        return self._verdict(error_code=2)

    def rewrite(self, msg_body: Body | None = None, cloud_custom_data: str | None = None) -> M_co:
        """Deliver it with another body, or with other custom data; what is left out stays as it is."""
        body = as_optional_body(msg_body)
        if body == [] or (body is None and cloud_custom_data is None):
            raise InputError(f"{type(self).__name__}.rewrite: there is nothing in the place of what the sender wrote")
        return self._verdict(msg_body=body, cloud_custom_data=cloud_custom_data)


@frozen(kw_only=True)
class EventBatch(Event):
    """Several events of one callback in one request, as results of pushes come. Functions get them one by one."""

    callback_command: str
    """What the service calls them."""

    events: list[Event]
    """The events, 1 to 100."""


@frozen(kw_only=True)
class UnknownEvent(Event):
    """An event for which this library has no class; the service adds some over time. Its body is in ``extra``."""

    callback_command: Annotated[str, Wire("CallbackCommand")]
    """What the service calls it."""
