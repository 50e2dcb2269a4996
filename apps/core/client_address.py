"""Where a request comes from, also when proxies of ours pass it on."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def visitor_address(request: HttpRequest) -> str:
    """Return the visitor's address: the last one in X-Forwarded-For that is no proxy of ours."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    while forwarded and is_ours(address):
        address = forwarded.pop()
    return address


def is_ours(address: str) -> bool:
    found = parsed(address)
    return address == "" if found is None else found.is_loopback or str(found) in settings.TRUSTED_PROXIES


def parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address, where it is one; an IPv4 one that came through an IPv6 socket is an IPv4 one."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
