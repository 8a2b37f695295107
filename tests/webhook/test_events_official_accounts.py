"""Official accounts: who subscribes."""

import pytest

from timrest_async import InputError
from timrest_async._codec import write
from timrest_async.webhook.events.official_accounts import (
    OfficialAccountAfterAddSubscriber,
    OfficialAccountAfterDeleteSubscriber,
    OfficialAccountBeforeAddSubscriber,
    SubscriberAccount,
)


@pytest.mark.parametrize(
    "kind",
    [OfficialAccountBeforeAddSubscriber, OfficialAccountAfterAddSubscriber, OfficialAccountAfterDeleteSubscriber],
)
def test_events_about_subscribers_name_them(
    kind: type[
        OfficialAccountBeforeAddSubscriber | OfficialAccountAfterAddSubscriber | OfficialAccountAfterDeleteSubscriber
    ],
) -> None:
    """Every event about subscribers names their accounts, in its order."""
    event = kind(
        official_account="@TOA#_@TOA#dOEF",
        operator_account="administrator",
        subscribe_account_list=[SubscriberAccount(subscriber_account=account) for account in ("rong", "bonnie")],
    )

    assert event.subscribers == ["rong", "bonnie"]


def test_some_who_are_to_subscribe_are_refused() -> None:
    """They are named to the service as document 1047/60799 has it; the others subscribe."""
    event = OfficialAccountBeforeAddSubscriber(
        official_account="@TOA#_@TOA#dOEF",
        operator_account="administrator",
        subscribe_account_list=[SubscriberAccount(subscriber_account=account) for account in ("rong", "bonnie")],
    )

    assert write(event.refuse_subscribers("rong"))["RefusedSubscribers_Account"] == ["rong"]
    assert "RefusedSubscribers_Account" not in write(event.refuse())
    with pytest.raises(InputError, match="refuse_subscribers"):
        event.refuse_subscribers("leckie")
