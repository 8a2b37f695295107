"""Where the service is."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from timrest_async import ConfigError, TimSession
from timrest_async._regions import REGIONS, addresses_of

if TYPE_CHECKING:
    from pytest import LogCaptureFixture  # noqa: PT013  # a type


def test_every_region_of_the_documents_has_its_hosts(protocol: Any) -> None:
    """Each data centre has the host and the backup that the manual prints."""
    rows = {row["region"]: (row["host"], row["backup"]) for row in protocol["hosts"]["list"]}
    assert {name: (region.host, region.backup) for name, region in REGIONS.items()} == rows


def test_every_name_of_a_region_leads_there(protocol: Any) -> None:
    """The name and its aliases, in any case."""
    for row in protocol["hosts"]["list"]:
        for name in [row["region"], *row["aliases"]]:
            assert f"'https://{row['host']}'" in repr(TimSession(1, secret_key="key", region=name.upper()))


def test_a_backup_has_to_be_asked_for() -> None:
    """Left out, there is none; ``True`` is the region's own, and an address is another one."""
    assert addresses_of("singapore", None).backup is None
    assert addresses_of("sgp", None, failover=True).backup == "https://adminapisgp.my-imcloud.com"
    assert addresses_of("sgp", None, failover="https://example.org").backup == "https://example.org"
    assert addresses_of(None, "http://[::1]", failover="http://127.0.0.1").backup == "http://127.0.0.1"


def test_china_is_meant_when_nothing_is_said() -> None:
    """The service began there."""
    assert addresses_of(None, None).main == "https://console.tim.qq.com"


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:8700", "https://gateway.example.org/tim/", "http://[::1]:80"])
def test_another_address_is_taken_as_it_is(base_url: str) -> None:
    """The sandbox's, a gateway's."""
    assert addresses_of(None, base_url).main == base_url


@pytest.mark.parametrize(
    ("region", "base_url", "failover", "words"),
    [
        ("china", "http://127.0.0.1", False, "not both"),
        ("atlantis", None, False, "one of china, singapore, .*, not 'atlantis'"),
        (None, "", False, "https://"),
        (None, "127.0.0.1:80", False, "https://"),
        (None, "ftp://127.0.0.1", False, "https://"),
        (None, "http://", False, "base_url"),
        (None, "http://127.0.0.1:port", False, "no URL"),
        (None, "http://127.0.0.1", True, "only regions have a known backup"),
        (None, "http://127.0.0.1", "127.0.0.1", "failover has to start with https://"),
        ("china", None, "nowhere", "failover has to start with https://"),
    ],
)
def test_an_address_that_is_none_is_refused(
    region: str | None, base_url: str | None, failover: Any, words: str
) -> None:
    """The message says what would be one."""
    with pytest.raises(ConfigError, match=words):
        addresses_of(region, base_url, failover=failover)


@pytest.mark.parametrize("user", ["user", "user:password", ":password"])
def test_an_address_holds_no_password(user: str) -> None:
    """Addresses are shown in messages; so one with a password is refused, without being shown."""
    with pytest.raises(ConfigError, match="must not hold a user or a password") as caught:
        addresses_of(None, f"https://{user}@example.org")
    assert "example" not in str(caught.value)


@pytest.mark.parametrize(
    ("base_url", "warnings"),
    [
        ("http://sandbox:8700", 1),
        ("http://192.0.2.1", 1),
        ("https://sandbox:8700", 0),
        ("http://127.0.0.1:8700", 0),
        ("http://localhost:8700", 0),
        ("http://[::1]", 0),
    ],
)
def test_what_travels_unencrypted_is_warned_of(caplog: LogCaptureFixture, base_url: str, warnings: int) -> None:
    """A UserSig that leaves this machine by plain http can be read on the way."""
    with caplog.at_level(logging.WARNING, "timrest_async"):
        addresses_of(None, base_url)
    assert ["unencrypted" in record.getMessage() for record in caplog.records] == [True] * warnings
