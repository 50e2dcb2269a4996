"""Who may talk to a chatbot from where, and whom a request is counted as."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

from apps.chatbots.models import Chatbot
from apps.conversations.limits import contact_limits
from apps.conversations.limits_counting import Kind, take_turn
from apps.core.error_handling import PermissionDeniedError


def check_origin(request: HttpRequest, chatbot: Chatbot) -> str:
    """Return the origin of a page on another site that may use the chatbot, or "" for our own pages.

    Raises PermissionDeniedError for a site that the owner has not allowed. Programs that send no Origin are let in:
    the check protects the owner's allowance from other sites' pages, not the text, which is public.
    """
    origin = request.headers.get("Origin", "").lower()
    if not origin or origin.partition("://")[2] == request.get_host().lower():
        return ""
    if origin in chatbot.allowed_origins:
        return origin
    raise PermissionDeniedError(
        "This chatbot is not available on this site. Its owner can allow the site under “Share and embed”."
    )


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


def counted_as(address: str) -> str:
    """Return whom an address is counted as: itself, or for IPv6 the network that one household has for itself."""
    found = parsed(address)
    return str(ipaddress.ip_network((found, 64), strict=False) if isinstance(found, ipaddress.IPv6Address) else address)


def check_rate(request: HttpRequest, chatbot: Chatbot) -> None:
    """Count a contact form. Raises RateLimitError; the machine's own requests are not counted.

    Questions have limits of their own (`limits_admission.py`).
    """
    address = visitor_address(request)
    if not is_ours(address):
        take_turn(chatbot_id=chatbot.pk, visitor=counted_as(address), kind=Kind.CONTACT, limits=contact_limits())
