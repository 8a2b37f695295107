"""Users: online, offline, and what they say of themselves."""

from typing import Annotated, Any, ClassVar, Final

from attrs import field, frozen

from timrest_async._wire import Wire
from timrest_async.commands._reply import Part
from timrest_async.webhook.event import Event

__all__ = [
    "EVENTS",
    "KickedDevice",
    "ProfileField",
    "ProfilePortraitSet",
    "StateChange",
    "StateInfo",
]

_ONLINE: Final = {"Login": True, "Logout": False, "Disconnect": False}


@frozen(kw_only=True)
class StateInfo(Part):
    """What changed about an account, and why."""

    action: str
    """``Login``, ``Logout`` or ``Disconnect``: it logged in, it logged out, or its connection was lost;
    ``CustomStatusChange``: it set a status of its own."""

    to_account: Annotated[str, Wire("To_Account")]
    """Whose state changed."""

    reason: str = ""
    """Why: ``Register`` of a login, ``Unregister`` of a logout; of a lost connection ``LinkClose``, or ``TimeOut``: the
    client was silent for 400 seconds; of a status of its own ``SetCustomStatus``."""

    custom_status: str | None = None
    """The status of its own; documents since 2025 have it."""


@frozen(kw_only=True)
class KickedDevice(Part):
    """A device that a login elsewhere has logged out."""

    platform: str = ""
    """What it runs on: ``iOS``, ``Android``, ``Web``, ``Windows``, ``iPad``, ``Mac`` or ``Linux``."""


@frozen(kw_only=True)
class StateChange(Event):
    """An account came online on one of its devices, or went offline there. Document 1047/34357."""

    callback_command = "State.StateChange"
    key_fields: ClassVar[tuple[str, ...]] = ("info", "event_time")

    info: StateInfo
    """What changed, and why."""

    kicked_device: list[KickedDevice] = field(factory=list[KickedDevice])
    """The other devices that this login has logged out."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""

    @property
    def account(self) -> str:
        """Whose state changed."""
        return self.info.to_account

    @property
    def online(self) -> bool | None:
        """Whether the device is online: ``True`` after a login, ``False`` after a logout or a lost connection.

        ``None`` after any other action, which need not say.
        """
        return _ONLINE.get(self.info.action)


@frozen(kw_only=True)
class ProfileField(Part):
    """A field of a profile, and its value."""

    tag: str
    """Which field: ``Tag_Profile_IM_Nick`` and the like, or ``Tag_Profile_Custom_`` and a keyword."""

    value: Any = ""
    """A string or a whole number, as the tag has it."""


@frozen(kw_only=True)
class ProfilePortraitSet(Event):
    """A profile was changed. Document 1047/48733."""

    callback_command = "Profile.CallbackPortraitSet"
    key_fields: ClassVar[tuple[str, ...]] = ("from_account", "profile_item", "event_time")

    operator_account: Annotated[str, Wire("Operator_Account")]
    """Who changed it."""

    from_account: Annotated[str, Wire("From_Account")]
    """Whose profile."""

    profile_item: list[ProfileField]
    """The fields that changed, with the values that they have since."""

    event_time: int | None = None
    """When it came about, Unix milliseconds."""

    @property
    def values(self) -> dict[str, Any]:
        """The values that changed, by tag."""
        return {item.tag: item.value for item in self.profile_item}


EVENTS: Final = (
    StateChange,
    ProfilePortraitSet,
)
"""In the manual's order."""
