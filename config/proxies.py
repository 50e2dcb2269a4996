"""The proxies that the environment names (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY), for the models' servers only.

This machine's own addresses are never asked through a proxy: it could not reach them, and would read what is asked.
"""

from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass_environment

SPOKEN = ("http", "https")


@dataclass(frozen=True, kw_only=True, slots=True)
class Proxy:
    """A proxy, and the variable that names it. `url` may hold a password."""

    variable: str
    url: str = field(repr=False)
    is_bypassed: bool  # whether the address it was looked up for is asked without it

    @property
    def place(self) -> str:
        """Host and port, for people to read."""
        return urlsplit(self.url).netloc.rpartition("@")[2]

    @property
    def scheme(self) -> str:
        return urlsplit(self.url).scheme

    @property
    def is_usable(self) -> bool:
        try:
            parts = urlsplit(self.url)
            return parts.scheme in SPOKEN and bool(parts.hostname) and parts.port != 0
        except ValueError:  # a port that is no number
            return False


def find_proxy(address: str) -> Proxy | None:
    """Return the proxy that the environment names for an address, also where it is not to be used for this one."""
    proxies, parts = getproxies_environment(), urlsplit(address)
    scheme = next((name for name in (parts.scheme, "all") if proxies.get(name)), None)
    if scheme is None:
        return None
    url, host = proxies[scheme], parts.hostname or ""
    return Proxy(
        variable=f"{scheme.upper()}_PROXY",
        url=url if "://" in url else f"http://{url}",
        is_bypassed=is_this_machine(host) or bool(proxy_bypass_environment(host, proxies)),
    )


def is_this_machine(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified
