"""Where documents of different years disagree, or the console has a switch: what this sandbox does."""

from __future__ import annotations

from typing import Any, Final, Literal

from attrs import define, evolve, field

from timrest_async.errors import ConfigError

__all__ = ["Rules"]


_TEXTS: Final = {"Name": 100, "Introduction": 400, "Notification": 400, "FaceUrl": 500}
_MEMBERS: Final = {"Private": 6_000, "Public": 6_000, "ChatRoom": 6_000, "Community": 100_000}


@define(kw_only=True)
class Rules:
    """What the service does where documents disagree or the console decides; change it at any time."""

    calls_per_second: int | None = 100
    """How often each command is answered within one second, but for those whose documents say less; ``None`` for as
    often as you like, whatever they say.
    """
    receivers_per_minute: int | None = 12_000
    """How many receivers ``batchsendmsg`` may have within a minute."""
    group_messages_per_second: int | None = 40
    """So many messages a second one group takes; more are dropped without a code."""
    packet_bytes: int = 12 * 1024
    """How long the body of a one-to-one message may be; 8 KB until 2023."""
    content_bytes: int = 12 * 1024
    """How long the content of a group message may be; 8,000 bytes until 2023."""
    long_life: Literal["refuse", "shorten"] = "refuse"
    """What becomes of a MsgLifeTime above 7 days: 90026, or 7 days as from 2020 to 2023."""
    check_friends: bool = False
    """Whether only friends may write to each other (20009, 20010), as in 2018."""
    check_black_list: bool = False
    """Whether who is on the receiver's black list is refused (20007)."""
    check_mute: bool = False
    """Whether who is muted everywhere may write no one-to-one message over REST (20012), as in 2018."""
    history_days: int | None = None
    """For how many days messages stand in the history, 7 unless more was bought; ``None`` for ever."""
    top_edition: bool = True
    """Whether the edition has message extensions and conversation marks (10008, 51013)."""
    refused_words: set[str] = field(factory=set[str])
    """Words that no message and no topic may hold."""
    push_to_all: bool = True
    """Whether the console has pushing to everybody switched on (90045)."""
    pushes_a_day: int | None = 100
    """How many pushes to everybody one day takes."""
    seconds_between_pushes: float = 1.0
    """How far two pushes to everybody have to be apart."""
    group_text_bytes: dict[str, int] = field(factory=lambda: dict(_TEXTS))
    """How long the texts of a group may be; shorter until 2023."""
    members_per_group: dict[str, int] = field(factory=lambda: dict(_MEMBERS))
    """How many members a group of a type may have; live groups know no limit."""
    groups_per_account: int | None = None
    """How many groups an account may be in (10037)."""
    banning: Literal["everywhere", "live", "off"] = "everywhere"
    """In which groups members can be banned; in live groups alone until 2025."""
    live_member_list: bool = True
    """Whether live groups have a full list of members, marks and administrators; else 30 are listed."""
    imported_group_messages: int = 7
    """How many messages one import takes; 20 in 2018."""
    recall_in_live_groups: bool = True
    """Whether messages of live groups can be recalled; not before 2024."""
    unread_in_meetings: bool = False
    """Whether the console has unread messages counted in meetings."""
    official_messages_per_second: int | None = 1
    """How many messages an official account sends within a second (22006) ..."""
    official_messages_per_hour: int | None = 2
    """... and within an hour."""
    moderation: bool = True
    """Whether content moderation was bought (2015)."""
    cloud_words_at_once: int | None = None
    """How many words go into a cloud library at once (2016); the manual prints no figure."""
    topics: bool = True
    """Whether the console has communities with topics switched on (11000)."""
    account_limit: int | None = None
    """How many accounts can be registered (70398); 100 in the trial edition."""
    delete_accounts: bool = True
    """Whether accounts can be deleted (71000), as in the trial edition alone."""
    custom_profile_fields: set[str] | None = None
    """Which custom fields of profiles the console knows (40009); ``None`` for any."""

    def __attrs_post_init__(self) -> None:
        """Refuse figures that make no rule."""
        if self.calls_per_second is not None and self.calls_per_second < 1:
            raise ConfigError(f"calls_per_second has to be at least 1, or None, not {self.calls_per_second!r}")

    @classmethod
    def of(cls, year: int) -> Rules:
        """Return the rules as the documents of *year* have them, from 2018 on."""
        if year < min(_YEARS):
            raise ConfigError(f"no document at hand is older than {min(_YEARS)}, so there are no rules of {year!r}")
        rules = cls()
        for since in sorted(_YEARS):
            rules = evolve(rules, **_YEARS[since]) if since <= year else rules
        return rules


_YEARS: Final[dict[int, dict[str, Any]]] = {
    2018: {
        "receivers_per_minute": None,
        "packet_bytes": 8 * 1024,
        "content_bytes": 8_000,
        "check_friends": True,
        "check_black_list": True,
        "check_mute": True,
        "banning": "live",
        "imported_group_messages": 20,
        "recall_in_live_groups": False,
        "group_text_bytes": {"Name": 30, "Introduction": 240, "Notification": 300, "FaceUrl": 100},
    },
    2020: {
        "check_friends": False,
        "check_black_list": False,
        "check_mute": False,
        "long_life": "shorten",
        "calls_per_second": 200,
    },
    2023: {
        "imported_group_messages": 7,
        "receivers_per_minute": 12_000,
        "packet_bytes": 12 * 1024,
        "content_bytes": 12 * 1024,
    },
    2024: {"long_life": "refuse", "recall_in_live_groups": True, "group_text_bytes": _TEXTS},
    2025: {"banning": "everywhere"},
}
"""What changed when."""
