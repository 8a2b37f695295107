"""Users: whose state changed, and what they say of themselves."""

from timrest_async._codec import read, write
from timrest_async.webhook.events.users import ProfilePortraitSet, StateChange


def changed(action: str) -> StateChange:
    """A change of jared's state."""
    return read({"Info": {"Action": action, "To_Account": "jared"}}, StateChange)


def test_a_change_of_state_names_the_account() -> None:
    """A change of state names the account that it is about."""
    assert changed("Login").account == "jared"


def test_a_change_of_state_says_whether_the_account_is_online() -> None:
    """A login means online on that device, a logout and a lost connection mean offline."""
    online = {action: changed(action).online for action in ("Login", "Logout", "Disconnect")}

    assert online == {"Login": True, "Logout": False, "Disconnect": False}


def test_an_action_that_nobody_knows_is_neither_online_nor_offline() -> None:
    """An action that nobody knows says nothing about being online, and is kept as it came."""
    event = changed("CustomStatusChange")

    assert event.online is None
    assert event.info.action == "CustomStatusChange"


def test_two_changes_of_one_account_are_two_events() -> None:
    """A logout and a login of one account in the same millisecond have keys of their own."""
    login, logout = (
        read({"Info": {"Action": action, "To_Account": "jared"}, "EventTime": 1718870401234}, StateChange)
        for action in ("Login", "Logout")
    )

    assert login.key is not None
    assert login.key != logout.key


def test_the_fields_of_a_profile_keep_their_types() -> None:
    """A profile's values are read by tag: a number stays a number, and digits stay text."""
    items = [
        {"Tag": "Tag_Profile_IM_Nick", "Value": "007"},
        {"Tag": "Tag_Profile_IM_BirthDay", "Value": 20190419},
    ]
    event = read({"Operator_Account": "jared", "From_Account": "jared", "ProfileItem": items}, ProfilePortraitSet)

    assert event.values == {"Tag_Profile_IM_Nick": "007", "Tag_Profile_IM_BirthDay": 20190419}
    assert write(event)["ProfileItem"] == items
