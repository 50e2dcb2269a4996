"""The steering links of a chatbot: what leads where, each with a way to take it away."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from apps.core.error_handling import NotFoundError
from apps.dashboard.access import Visit, for_editors, for_members
from apps.knowledge.links import steering_links

LINKS_PER_PAGE = 25


@for_members
def links(request: HttpRequest, visit: Visit) -> HttpResponse:
    """List the links; that they were looked at is recorded, since they quote learn-only sources."""
    service = steering_links()
    total = service.count(visit.chatbot)
    page = Paginator(range(total), LINKS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        **visit.context("privacy"),
        "page": page,
        "total": total,
        "links": service.read(visit.chatbot, first=page.start_index() - 1, most=LINKS_PER_PAGE) if total else [],
        "removed": service.removed(visit.chatbot),
    }
    return render(request, "dashboard/links.html", context)


@for_editors
def remove(request: HttpRequest, visit: Visit, link_id: UUID) -> HttpResponse:
    """Take a link away; one that is gone already is no mistake."""
    try:
        steering_links().remove(visit.chatbot, link_id)
        messages.success(request, "Removed. Visitors are no longer led from the one to the other.")
    except NotFoundError:
        messages.info(request, "This link is gone already.")
    return redirect("bot-links", visit.chatbot.pk)


@for_editors
def restore(request: HttpRequest, visit: Visit) -> HttpResponse:
    steering_links().restore(visit.chatbot)
    messages.success(request, "The links you removed come back as soon as a worker has looked for them.")
    return redirect("bot-links", visit.chatbot.pk)
