"""What a chatbot's pages and the sites around them load: the widget's script, and the colours of one chatbot."""

import hashlib
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import condition, require_safe

from apps.chatbots.colours import palette_of
from apps.chatbots.services import published_chatbot
from apps.core.error_handling import NotFoundError
from apps.widget.views import nothing_here

SCRIPT = (Path(__file__).parent / "widget.js").read_bytes()
VERSION = f'"{hashlib.sha256(SCRIPT).hexdigest()[:32]}"'


@gzip_page
@require_safe
@condition(etag_func=lambda request: VERSION)
def widget_script(request: HttpRequest) -> HttpResponse:
    """Hand out the widget: the same for every site, so that nothing in it tells of a chatbot."""
    response = HttpResponse(SCRIPT, content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "public, max-age=3600, stale-while-revalidate=86400"
    # Any page may load it, also one that checks its digest or lets nothing in that doesn't say so.
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@require_safe
def theme(request: HttpRequest, public_id: str) -> HttpResponse:
    """Give the colours of a chatbot as a stylesheet: its page's policy allows no style of its own.

    The page names the colour, so that what a browser keeps is never that of another colour.
    """
    try:
        chatbot = published_chatbot(public_id)
        palette = palette_of("#" + request.GET.get("colour", chatbot.accent_colour.lstrip("#")))
    except (NotFoundError, ValueError):
        return nothing_here(request)
    response = render(request, "widget/theme.css", {"palette": palette}, content_type="text/css; charset=utf-8")
    response["Cache-Control"] = "private, max-age=86400"
    response["X-Content-Type-Options"] = "nosniff"
    return response
