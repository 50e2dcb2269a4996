"""Which addresses may be fetched: http or https, plainly written, public or allowed by the server's owner."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

import httpx

from apps.core.error_handling import AddressRefusedError, SettingsError

PORTS = {80, 443, 8080, 8443}
LONGEST_URL = 4000

GLOBAL_UNICAST = IPv6Network("2000::/3")  # all that has been given out of IPv6; the rest is special or unused
NAT64 = IPv6Network("64:ff9b::/96")
SPECIAL: tuple[IPv4Network | IPv6Network, ...] = (
    IPv4Network("192.0.0.0/24"),  # protocol assignments
    IPv4Network("192.88.99.0/24"),  # relays of 6to4
    IPv4Network("168.63.129.16/32"),  # Azure's host, which looks public and isn't
    IPv6Network("2001::/23"),  # protocol assignments, Teredo among them
    IPv6Network("3fff::/20"),  # documentation
)

Address: TypeAlias = IPv4Address | IPv6Address


@dataclass(frozen=True, kw_only=True, slots=True)
class AllowedHost:
    """A private host, or a network of them, that the server's owner lets people fetch from."""

    host: str = ""
    network: IPv4Network | IPv6Network | None = None
    port: int | None = None

    @classmethod
    def parse(cls, entry: str) -> "AllowedHost":
        """Read `wiki.intranet`, `wiki.intranet:9000`, `10.1.0.0/16`, `10.1.2.3:9000`, `[fd00::1]:9000` and the like."""
        match = re.fullmatch(
            r"(?:\[(?P<six>[^]]+)\]|(?P<plain>[^:]+))(?::(?P<port>\d{1,5}))?|(?P<bare>[0-9a-f:./]+)",
            entry.strip(),
            re.IGNORECASE,
        )
        if match is None:
            raise _wrong_entry(entry)
        name = match["six"] or match["plain"] or match["bare"]
        port = int(match["port"]) if match["port"] else None
        try:
            return cls(network=ip_network(name, strict=False), port=port)
        except ValueError:
            return cls(host=_allowed_name(name), port=port)

    def permits(self, host: str, address: Address, port: int) -> bool:
        if port != self.port and (self.port is not None or port not in PORTS):
            return False
        return host == self.host if self.network is None else address in self.network


def _allowed_name(name: str) -> str:
    try:
        url = parse_url(f"http://{name}/")
    except AddressRefusedError as error:
        raise _wrong_entry(name) from error
    if url.raw_path != b"/":
        raise _wrong_entry(name)
    return url.raw_host.decode("ascii")


def _wrong_entry(entry: str) -> SettingsError:
    return SettingsError(
        f"TACIT_FETCH_ALLOW_HOSTS holds {entry!r}. Write hosts and networks like wiki.intranet, "
        "wiki.intranet:9000 or 10.1.0.0/16, with commas between them."
    )


def parse_url(url: str, base: httpx.URL | None = None) -> httpx.URL:
    """Return the URL in one plain form, or refuse it; whether its host is public is for `check_addresses` to say."""
    try:
        parsed = base.join(url) if base else httpx.URL(url.strip())
        host = parsed.raw_host.decode("ascii").removesuffix(".")
        plain = parsed.copy_with(host=host, fragment=None)
    except (httpx.InvalidURL, ValueError) as error:  # ValueError: from the decoding of international names
        raise AddressRefusedError("This is not a web address. Give one like https://example.com/page.") from error
    if plain.scheme not in {"http", "https"} or len(str(plain)) > LONGEST_URL:
        raise AddressRefusedError("This address can't be fetched. Give one like https://example.com/page.")
    if plain.userinfo:
        raise AddressRefusedError("The address holds a user name or password. Give it without, or upload the file.")
    if not _plain_host(host):
        raise AddressRefusedError(f"{host[:100]!r} is no host's name. Give an address like https://example.com/page.")
    return plain


def _plain_host(host: str) -> bool:
    """Tell whether this is a name or an address in its usual form: 0x7f.1, 2130706433 and 127.1 are not."""
    if ":" in host or re.fullmatch(r"(?:.*\.)?(?:\d+|0x[0-9a-f]*)", host):
        return is_address(host) and "%" not in host
    return len(host) <= 253 and re.fullmatch(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*", host) is not None


def is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def host_of(url: httpx.URL) -> str:
    """Return the host as it is looked up: international names in their ASCII form."""
    return url.raw_host.decode("ascii")


def port_of(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def check_addresses(url: httpx.URL, found: Sequence[str], allowed: Sequence[AllowedHost]) -> None:
    """Refuse the URL if any of the addresses that were found for its host may not be connected to."""
    host, port = host_of(url), port_of(url)
    for address in map(ip_address, found):
        if any(entry.permits(host, address, port) for entry in allowed):
            continue
        if not is_public(address):
            raise AddressRefusedError(
                f"{host} is not on the public web. Give an address that anyone can open, or upload the page as a file."
            )
        if port not in PORTS:
            raise AddressRefusedError(f"Port {port} can't be fetched from. Give an address without a port.")


def is_public(address: Address) -> bool:
    """Tell whether the address is one that anyone on the internet reaches, looking into IPv6 forms of IPv4."""
    if isinstance(address, IPv6Address):
        within = IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else None
        embedded = address.ipv4_mapped or address.sixtofour or within
        if embedded is not None:
            return is_public(embedded)
        if address not in GLOBAL_UNICAST:
            return False
    return address.is_global and not address.is_multicast and not any(address in network for network in SPECIAL)
