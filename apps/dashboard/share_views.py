"""Share and embed: a chatbot's link and QR code, the sites that may show it, and how it looks there, with a preview."""

import io
from collections.abc import Mapping
from functools import wraps
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode, urlsplit

import segno
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from apps.chatbots.colours import contrast, palette_of
from apps.chatbots.languages import LANGUAGES
from apps.chatbots.models import Chatbot, Corner
from apps.chatbots.preview import preview_of
from apps.chatbots.services import chatbots, normal_origin
from apps.core.error_handling import ValidationError
from apps.dashboard.access import Page, Visit, for_editors, for_members

NOTHING: Mapping[str, str] = MappingProxyType({})
THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}
QR_PIXELS = 8  # of one module; it is a drawing and scales by itself, but some programs print it at this size


@for_members
def share(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show everything about how visitors reach the chatbot on one page."""
    return page(request, visit, looks_of(visit.chatbot))


@for_editors
def save_looks(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Save how the chatbot looks and greets; what can't be saved stays in the form, with the reason."""
    wanted = sent_looks(request)
    try:
        chatbots().update(visit.chatbot, **wanted)
    except ValidationError as error:
        return page(request, visit, wanted, wrong=error.fields or {"": str(error)})
    messages.success(request, "Saved. Visitors see it from now on.")
    return redirect("bot-share", visit.chatbot.pk)


@for_editors
def preview(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Return the preview of what stands in the form, saved or not."""
    facts = preview_facts(visit.chatbot, sent_looks(request))
    return render(request, "dashboard/share_preview.html", visit.context("share") | facts)


@for_editors
def allow_site(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Let a site show the chatbot. A pasted address of one of its pages will do."""
    typed = request.POST.get("site", "") or request.GET.get("site", "")
    origins = visit.chatbot.allowed_origins
    try:
        origin = normal_origin(typed if "://" in typed else f"https://{typed.strip()}")
        if origin not in origins:
            chatbots().update(visit.chatbot, allowed_origins=[*origins, origin])
    except ValidationError as error:
        no_site = f"“{typed}” is no address of a site. Write it like https://www.example.org."
        wrong = {"site": error.fields.get("allowed_origins", no_site)}
        return page(request, visit, looks_of(visit.chatbot), wrong=wrong, site=typed)
    messages.success(request, f"{origin} may show the chatbot now.")
    return to_sites(visit.chatbot)


@for_editors
def refuse_site(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Take a site off the list; what was said to its visitors stays, and the list can have it back."""
    origin, chatbot = request.POST.get("site", ""), visit.chatbot
    if origin in chatbot.allowed_origins:
        left = [one for one in chatbot.allowed_origins if one != origin]
        chatbots().update(chatbot, allowed_origins=left)
        undo = f"{reverse('bot-site-allow', args=[chatbot.pk])}?{urlencode({'site': origin})}"
        messages.success(request, f"{origin} no longer shows the chatbot.", extra_tags=undo)
    return to_sites(chatbot)


@for_members
def qr_code(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Draw the link to the chatbot's page, to be printed on a counter, a label or a letter."""
    drawing = io.BytesIO()
    code = segno.make_qr(link_to(request, visit.chatbot), error="m")
    code.save(drawing, kind="svg", scale=QR_PIXELS, border=4, dark="#000", light="#fff", xmldecl=False)
    response = HttpResponse(drawing.getvalue(), content_type="image/svg+xml")
    if "download" in request.GET:
        response["Content-Disposition"] = 'attachment; filename="qr-code.svg"'
    return response


def framed(view: Page) -> Page:
    """Let our own pages, and no others, show a page in a frame."""

    @wraps(view)
    def show(request: HttpRequest, **named: Any) -> HttpResponseBase:
        response = view(request, **named)
        if policy := response.get("Content-Security-Policy"):
            response["Content-Security-Policy"] = policy.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
            response["X-Frame-Options"] = "SAMEORIGIN"
        return response

    return show


@framed
@for_members
def example_site(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show a site of nobody's with the widget on it: the real one, with the looks that the preview holds."""
    facts = {"public_id": visit.chatbot.public_id, "preview": request.GET.get("preview", "")}
    return render(request, "dashboard/share_site.html", facts)


def page(
    request: HttpRequest, visit: Visit, looks: Mapping[str, Any], *, wrong: Mapping[str, str] = NOTHING, site: str = ""
) -> HttpResponse:
    chatbot = visit.chatbot
    link = link_to(request, chatbot)
    context = {
        **visit.context("share"),
        **preview_facts(chatbot, looks),
        "looks": looks,
        "wrong": wrong,
        "site": site,
        "questions": "\n".join(looks["suggested_questions"]),
        "link": link,
        "host": link.removesuffix(f"/c/{chatbot.public_id}"),
        "only_here": urlsplit(link).hostname in THIS_MACHINE,
        "sites": [(origin, twin_of(origin, chatbot.allowed_origins)) for origin in chatbot.allowed_origins],
        "languages": LANGUAGES,
        "corners": Corner,
    }
    return render(request, "dashboard/share.html", context, status=400 if wrong else 200)


def link_to(request: HttpRequest, chatbot: Chatbot) -> str:
    return (settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")) + f"/c/{chatbot.public_id}"


def looks_of(chatbot: Chatbot) -> dict[str, Any]:
    """Return what the form shows, as it is saved."""
    return {
        "accent_colour": chatbot.accent_colour,
        "widget_corner": chatbot.widget_corner,
        "welcome_message": chatbot.welcome_message,
        "suggested_questions": chatbot.suggested_questions,
        "language": chatbot.language,
    }


def sent_looks(request: HttpRequest) -> dict[str, Any]:
    """Return the same as it was sent; questions stand one on a line."""
    questions = request.POST.get("suggested_questions", "").splitlines()
    return {
        "accent_colour": request.POST.get("accent_colour", ""),
        "widget_corner": request.POST.get("widget_corner", ""),
        "welcome_message": request.POST.get("welcome_message", ""),
        "suggested_questions": [question.strip() for question in questions if question.strip()],
        "language": request.POST.get("language", ""),
    }


def preview_facts(chatbot: Chatbot, looks: Mapping[str, Any]) -> dict[str, Any]:
    """Return the preview of some looks, and what their colour means for reading."""
    try:
        palette = palette_of(looks["accent_colour"])
    except ValueError:  # the form says so; the preview goes on with what is saved
        looks = {**looks, "accent_colour": chatbot.accent_colour}
        palette = palette_of(chatbot.accent_colour)
    return {
        "preview": preview_of(chatbot, **looks),
        "palette": palette,
        "contrast": f"{contrast(palette.colour, palette.on_colour):.1f}",
    }


def twin_of(origin: str, allowed: list[str]) -> str:
    """Return the same site with or without `www.`, which browsers take for another, unless it is allowed too."""
    scheme, _, host = origin.partition("://")
    name = host.partition(":")[0]
    if name in THIS_MACHINE or "." not in name or name.replace(".", "").isdecimal():
        return ""
    is_www = host.startswith("www.")
    twin = f"{scheme}://{host.removeprefix('www.') if is_www else 'www.' + host}"
    is_site = is_www or name.count(".") == 1  # shop.example.org has no www. of its own, as a rule
    return twin if is_site and twin not in allowed else ""


def to_sites(chatbot: Chatbot) -> HttpResponse:
    return redirect(reverse("bot-share", args=[chatbot.pk]) + "#sites")
