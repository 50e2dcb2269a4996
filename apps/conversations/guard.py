"""Who may talk to a chatbot from where, and whom a request is counted as."""

import ipaddress

from django.http import HttpRequest

from apps.chatbots.models import Chatbot
from apps.conversations.limits import contact_limits
from apps.conversations.limits_counting import Kind, take_turn
from apps.core.client_address import is_ours, parsed, visitor_address
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
