"""The proxies that the environment names (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY), for the models' servers only.

This machine's own addresses are never asked through a proxy: it could not reach them, and would read what is asked.
"""

from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass

from apps.core.error_handling import ProviderRejectedError

SPOKEN = ("http", "https")
INSTEAD = (
    "Name an HTTP proxy in HTTPS_PROXY and HTTP_PROXY, or the model's server in NO_PROXY so that it is asked without"
    " one; then start Tacit again."
)


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

    @property
    def is_in_the_way(self) -> bool:
        """Whether the address is to be asked through it, and can't be."""
        return not self.is_bypassed and not self.is_usable

    @property
    def problem(self) -> str:
        """What is wrong with one that is in the way."""
        return f"{self.variable} names a proxy of the kind {self.scheme}:, and Tacit uses http: and https: ones only."


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
        is_bypassed=is_this_machine(host) or bool(proxy_bypass(host)),
    )


def is_this_machine(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def proxy_address(proxy: Proxy | None) -> str | None:
    """Return the address for an HTTP client, None for no proxy. Raises ProviderRejectedError for an unusable one.

    Clients would read the environment themselves, take the proxy for this machine's own addresses too, and fail at one
    that they can't speak to even where none is needed. An unusable one is not gone round: it may be there to hide who
    asks.
    """
    if proxy is None or proxy.is_bypassed:
        return None
    if proxy.is_in_the_way:
        raise ProviderRejectedError(f"{proxy.problem} {INSTEAD}")
    return proxy.url
