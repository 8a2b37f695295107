"""Topics of communities: made, changed, deleted."""

from typing import Annotated, ClassVar, Final

from attrs import field, frozen

from timrest_async._wire import Wire
from timrest_async.webhook.event import Event, Gate
from timrest_async.webhook.events.groups import UserDefinedData
from timrest_async.webhook.verdicts import GroupVerdict

__all__ = [
    "EVENTS",
    "GroupAfterCreateTopic",
    "GroupAfterTopicDestroyed",
    "GroupAfterTopicInfoChanged",
    "GroupBeforeCreateTopic",
]


@frozen(kw_only=True)
class GroupBeforeCreateTopic(Gate[GroupVerdict]):
    """A topic is about to be made. Document 1047/49463."""

    callback_command = "Group.CallbackBeforeCreateTopic"

    operator_account: Annotated[str, Wire("Operator_Account")]
    """Who made the request; an administrator where it came by REST."""

    type: str = ""
    """The group's kind: ``Community``."""

    name: str = ""
    """The topic's name."""


@frozen(kw_only=True)
class GroupAfterCreateTopic(Event):
    """A topic was made. Document 1047/49464."""

    callback_command = "Group.CallbackAfterCreateTopic"
    key_fields: ClassVar[tuple[str, ...]] = ("topic_id",)

    group_id: str
    """The community."""

    topic_id: str
    """The topic."""

    operator_account: Annotated[str, Wire("Operator_Account")]
    """Who made the request; an administrator where it came by REST."""

    owner_account: Annotated[str, Wire("Owner_Account")] = ""
    """The owner; empty where there is none."""

    type: str = ""
    """The group's kind: ``Community``."""

    name: str = ""
    """The topic's name."""

    user_defined_data_list: list[UserDefinedData] = field(factory=list[UserDefinedData])
    """Its custom fields, where the console lets them be told."""


@frozen(kw_only=True)
class GroupAfterTopicDestroyed(Event):
    """Topics were deleted. Document 1047/49465."""

    callback_command = "Group.CallbackAfterTopicDestroyed"
    key_fields: ClassVar[tuple[str, ...]] = ("topic_id_list",)

    group_id: str
    """The community."""

    type: str = ""
    """The group's kind: ``Community``."""

    topic_id_list: list[str]
    """The topics."""


@frozen(kw_only=True)
class GroupAfterTopicInfoChanged(Event):
    """A topic's profile was changed. Document 1047/49466."""

    callback_command = "Group.CallbackAfterTopicInfoChanged"

    group_id: str
    """The community."""

    topic_id: str | None = None
    """The topic; older documents do not have it."""

    type: str = ""
    """The group's kind: ``Community``."""

    operator_account: Annotated[str, Wire("Operator_Account")]
    """Who made the request; an administrator where it came by REST."""

    name: str | None = None
    """The topic's name; ``None`` where that was not changed."""

    introduction: str | None = None
    """What the topic is about; ``None`` where that was not changed."""

    notification: str | None = None
    """The topic's notice; ``None`` where that was not changed."""

    face_url: str | None = None
    """The address of the topic's picture; ``None`` where that was not changed."""


EVENTS: Final = (
    GroupBeforeCreateTopic,
    GroupAfterCreateTopic,
    GroupAfterTopicDestroyed,
    GroupAfterTopicInfoChanged,
)
"""In the manual's order."""
