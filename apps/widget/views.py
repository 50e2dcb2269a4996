"""The share page: where visitors meet a chatbot."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.chatbots.models import Chatbot
from apps.chatbots.services import published_chatbot
from apps.conversations.schemas import LONGEST_MESSAGE
from apps.core.error_handling import NotFoundError

# Nothing inline and nothing from elsewhere; `no-store` so that a bot taken offline is gone at once.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Cache-Control": "no-store",
}


@require_safe
def share_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show a chatbot to visitors; one that is unknown and one that is not published look the same."""
    try:
        chatbot = _find(public_id)
    except NotFoundError:
        return _secured(render(request, "widget/not_found.html", status=404))
    return _secured(render(request, "widget/share_page.html", _public_facts(chatbot)))


def _find(public_id: str) -> Chatbot:
    # PostgreSQL refuses to compare text that holds a NUL.
    if not public_id.isprintable():
        raise NotFoundError
    return published_chatbot(public_id)


def _public_facts(chatbot: Chatbot) -> dict[str, Any]:
    """The allow-list of what the page may say about a chatbot."""
    return {
        "public_id": chatbot.public_id,
        "name": chatbot.name,
        "description": chatbot.description,
        "welcome_message": chatbot.welcome_message,
        "suggested_questions": chatbot.suggested_questions,
        "language": chatbot.language,
        "longest_message": LONGEST_MESSAGE,
        "public_url": settings.PUBLIC_URL,
    }


def _secured(response: HttpResponse) -> HttpResponse:
    for name, value in HEADERS.items():
        response[name] = value
    return response
