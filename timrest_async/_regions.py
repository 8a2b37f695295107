"""Where the service is: the hosts of its data centres, and any other address that speaks the protocol."""

from __future__ import annotations

import logging
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from attrs import frozen
from yarl import URL

from timrest_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["REGIONS", "Addresses", "Region", "addresses_of", "is_loopback"]

_log = logging.getLogger("timrest_async")


@frozen
class Region:
    """A data centre. The one in which the application was created is the only one that answers it."""

    host: str
    """Where it is."""
    backup: str
    """Another name for it, under another domain, for when the first one cannot be resolved or reached."""


REGIONS: Final[Mapping[str, Region]] = {
    "china": Region("console.tim.qq.com", "adminapi.my-imcloud.com"),
    "singapore": Region("adminapisgp.im.qcloud.com", "adminapisgp.my-imcloud.com"),
    "seoul": Region("adminapikr.im.qcloud.com", "adminapikr.my-imcloud.com"),
    "frankfurt": Region("adminapiger.im.qcloud.com", "adminapiger.my-imcloud.com"),
    "silicon_valley": Region("adminapiusa.im.qcloud.com", "adminapiusa.my-imcloud.com"),
    "jakarta": Region("adminapiidn.im.qcloud.com", "adminapiidn.my-imcloud.com"),
    "tokyo": Region("adminapijpn.im.qcloud.com", "adminapijpn.my-imcloud.com"),
    "mumbai": Region("adminapiind.im.qcloud.com", "adminapiind.my-imcloud.com"),
}

_ALIASES: Final[Mapping[str, str]] = {
    "cn": "china",
    "mainland": "china",
    "sgp": "singapore",
    "kr": "seoul",
    "korea": "seoul",
    "ger": "frankfurt",
    "germany": "frankfurt",
    "usa": "silicon_valley",
    "idn": "jakarta",
    "indonesia": "jakarta",
    "jpn": "tokyo",
    "japan": "tokyo",
    "ind": "mumbai",
    "india": "mumbai",
}


@frozen
class Addresses:
    """Where calls go."""

    main: str
    """Where they go."""
    backup: str | None
    """Where they go while that cannot be reached, if anywhere."""


def addresses_of(region: str | None, base_url: str | None, *, failover: bool | str = False) -> Addresses:
    """Return where the service is: at *base_url*, or in *region*, or in China; *failover* adds the backup."""
    if region is not None and base_url is not None:
        raise ConfigError("give either region or base_url, not both")
    if base_url is not None:
        if failover is True:
            raise ConfigError("failover has to be an address where base_url is one; only regions have a known backup")
        return Addresses(_checked("base_url", base_url), _checked("failover", failover) if failover else None)
    name = (region or "china").lower()
    there = REGIONS.get(_ALIASES.get(name, name))
    if there is None:
        raise ConfigError(f"region has to be one of {', '.join(REGIONS)}, not {region!r}")
    backup = f"https://{there.backup}" if failover is True else failover
    return Addresses(f"https://{there.host}", _checked("failover", backup) if backup else None)


def _checked(name: str, address: str) -> str:
    """Return *address* if it can be one; what is unencrypted and leaves this machine is warned of."""
    try:
        url = URL(address)
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{name} is no URL: {address!r}") from error
    if url.user is not None or url.password is not None:
        raise ConfigError(f"{name} must not hold a user or a password")
    if url.scheme not in {"http", "https"} or not url.host:
        raise ConfigError(f"{name} has to start with https:// or http:// and name a host, not {address!r}")
    if url.scheme == "http" and not is_loopback(url.host):
        _log.warning("UserSigs travel unencrypted to http://%s, where anybody on the way can read them", url.host)
    return address


def is_loopback(host: str) -> bool:
    """Say whether *host* is this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
