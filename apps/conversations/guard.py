"""Who may talk to a chatbot from where, and how often."""

import ipaddress
import time
from collections import OrderedDict, deque

from django.conf import settings
from django.http import HttpRequest

from apps.chatbots.models import Chatbot
from apps.core.error_handling import PermissionDeniedError, RateLimitError

WINDOW_SECONDS = 60.0
MOST_VISITORS_REMEMBERED = 10_000


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
        "This chatbot is not available on this site. Its owner can allow the site in the settings."
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


class RateLimit:
    """Counts requests by key in a sliding window; keeps the most recent keys only."""

    def __init__(self, seconds: float = WINDOW_SECONDS) -> None:
        self.seconds = seconds
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def count(self, key: str, *, limit: int) -> None:
        """Count one request. Raises RateLimitError when `limit` were made in the window already."""
        now = time.monotonic()
        times = self._seen.setdefault(key, deque())
        self._seen.move_to_end(key)
        while times and now - times[0] > self.seconds:
            times.popleft()
        if len(times) >= limit:
            wait = max(1, round(self.seconds - (now - times[0])))
            raise RateLimitError(f"Too many questions in a short time. Try again in {wait} seconds.", retry_after=wait)
        times.append(now)
        while len(self._seen) > MOST_VISITORS_REMEMBERED:
            self._seen.popitem(last=False)


visitor_limit = RateLimit()


def check_rate(request: HttpRequest, chatbot: Chatbot) -> None:
    """Raise RateLimitError when this visitor asks too fast; the machine's own requests are not counted."""
    address = visitor_address(request)
    if not is_ours(address):
        visitor_limit.count(f"{chatbot.pk}:{counted_as(address)}", limit=settings.VISITOR_MESSAGES_PER_MINUTE)
