"""Where visitors meet a chatbot: its own page, and the same page in a frame on the sites that its owner allowed."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from apps.chatbots.models import Chatbot
from apps.chatbots.preview import with_preview
from apps.chatbots.services import published_chatbot
from apps.conversations.limits import limits_of
from apps.core.error_handling import NotFoundError
from apps.widget import texts
from apps.widget.contact import contact_shown

# Nothing inline and nothing from elsewhere; `no-store` so that a bot taken offline is gone at once.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors "
)
HEADERS = {
    "Content-Security-Policy": POLICY + "'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Cache-Control": "no-store",
}


@gzip_page
@require_safe
def share_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show a chatbot to visitors; one that is unknown and one that is not published look the same."""
    try:
        chatbot = published_chatbot(public_id)
    except NotFoundError:
        return nothing_here(request)
    return secured(render(request, "widget/share_page.html", page_of(request, chatbot)))


@xframe_options_exempt  # X-Frame-Options knows no list of sites; the policy's `frame-ancestors` does
@gzip_page
@require_safe
def embedded_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show a chatbot in a frame: on our own pages, and on the sites that its owner allowed."""
    try:
        chatbot = with_preview(published_chatbot(public_id), request.GET.get("preview", ""))
    except NotFoundError:
        return nothing_here(request)
    told = {"embedded": True, "parent_origin": origin_around(request, chatbot)}
    response = secured(render(request, "widget/share_page.html", page_of(request, chatbot) | told))
    response["Content-Security-Policy"] = POLICY + " ".join(["'self'", *chatbot.allowed_origins])
    del response["X-Frame-Options"]
    return response


def origin_around(request: HttpRequest, chatbot: Chatbot) -> str:
    """Return whom the page in a frame may speak to: the allowed site that says it is around it, else our own pages."""
    ours = request.build_absolute_uri("/").rstrip("/")
    around = request.GET.get("parent", ours).lower()
    return around if around in {ours, *chatbot.allowed_origins} else ""


def page_of(request: HttpRequest, chatbot: Chatbot) -> dict[str, Any]:
    """Return the allow-list of what the page may say about a chatbot, and the page's own words."""
    theme = reverse("theme", args=[chatbot.public_id])
    words = words_of(request, chatbot.language)
    return {
        "public_id": chatbot.public_id,
        "name": chatbot.name,
        "description": chatbot.description,
        "welcome_message": chatbot.welcome_message,
        "suggested_questions": chatbot.suggested_questions,
        "bot_language": chatbot.language,
        "longest_message": limits_of(chatbot).longest_message,
        "public_url": settings.PUBLIC_URL,
        "theme_url": f"{theme}?{urlencode({'colour': chatbot.accent_colour.lstrip('#')})}",
        "embedded": False,
        "parent_origin": "",
        "unanswered_message": chatbot.unanswered_message,
        "contact": contact_shown(chatbot, words["t"]),
        **words,
    }


def words_of(request: HttpRequest, of_bot: str = "") -> dict[str, Any]:
    """Return the words of a page in the visitor's language, and which way they run."""
    language = texts.choose_language(
        of_bot=of_bot, asked=request.GET.get("lang", ""), accepted=request.headers.get("Accept-Language", "")
    )
    found = texts.texts_for(language)
    return {"t": found, "spoken": texts.spoken(found), "language": language, "direction": texts.direction(language)}


def nothing_here(request: HttpRequest) -> HttpResponse:
    return secured(render(request, "widget/not_found.html", words_of(request), status=404))


def secured(response: HttpResponse) -> HttpResponse:
    for name, value in HEADERS.items():
        response[name] = value
    return response
