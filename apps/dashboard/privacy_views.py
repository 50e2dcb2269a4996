"""A chatbot's privacy: the mode in force, who may read which source, and who did what."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse

from apps.accounts.audit import Action, record, trail
from apps.accounts.audit_export import csv_lines
from apps.chatbots.models import Chatbot, LearnOnlyUse
from apps.chatbots.services import chatbots
from apps.conversations.models import Message
from apps.core.error_handling import NotFoundError
from apps.dashboard.access import Visit, for_editors, for_members
from apps.dashboard.leak_test_views import leak_tests_of
from apps.dashboard.wording import USES, AlarmLine, alarm_line, audit_line
from apps.knowledge.links import steering_links
from apps.knowledge.models import Disclosure, Source
from apps.knowledge.services import knowledge_sources
from apps.observability.leaktest.service import leak_tests
from apps.rag.privacy_service import privacy
from apps.retrieval.models import PrivacyAlarm

SOURCES_PER_PAGE = 50
ENTRIES_SHOWN = 50
ALARMS_SHOWN = 20


@for_members
def show(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show everything about a chatbot's privacy on one page."""
    shown = request.GET.get("show", "")
    sources = knowledge_sources().of(visit.chatbot)
    context = {
        **visit.context("privacy"),
        "promise": privacy().promise(visit.chatbot, measured(visit.chatbot)),
        "uses": USES,
        "counts": counts(sources),
        "shown": shown if shown in Disclosure.values else "",
        "sources": page_of(request, sources.filter(disclosure=shown) if shown in Disclosure.values else sources),
        "flipped": request.GET.get("flipped", ""),
        "links": steering_links().count(visit.chatbot),
        "leak_tests": leak_tests_of(visit.chatbot),
        "alarms": alarms_of(visit.chatbot),
        "audit": [audit_line(entry) for entry in entries_of(visit.chatbot)[:ENTRIES_SHOWN]],
    }
    return render(request, "dashboard/privacy.html", context)


def measured(chatbot: Chatbot) -> Any:
    """Return the last leak test of a chatbot, if what it found still holds."""
    tests = leak_tests()
    run = tests.latest(chatbot)
    return run if run is not None and tests.is_current(run) else None


def counts(sources: QuerySet[Source]) -> dict[str, int]:
    """Return how many sources are in each class."""
    found = dict(sources.order_by().values_list("disclosure").annotate(Count("pk")))
    return {disclosure: found.get(disclosure, 0) for disclosure in Disclosure.values}


def page_of(request: HttpRequest, sources: QuerySet[Source]) -> Any:
    return Paginator(sources, SOURCES_PER_PAGE).get_page(request.GET.get("page"))


def alarms_of(chatbot: Chatbot) -> list[AlarmLine]:
    """Return the latest alarms, each with the conversation that it was raised in."""
    alarms = list(PrivacyAlarm.objects.filter(chatbot=chatbot).order_by("-created_at")[:ALARMS_SHOWN])
    messages = Message.objects.filter(pk__in=[alarm.message_id for alarm in alarms if alarm.message_id])
    conversations: dict[UUID | None, UUID] = dict(messages.values_list("pk", "conversation_id"))
    return [alarm_line(alarm, conversations.get(alarm.message_id)) for alarm in alarms]


def entries_of(chatbot: Chatbot) -> Any:
    return trail(chatbot.organization_id, chatbot_id=chatbot.pk)


@for_editors
def change_use(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Change how the chatbot uses its learn-only sources; `inform` is asked about once more."""
    wanted = request.POST.get("use", "")
    if wanted not in LearnOnlyUse.values:
        return redirect("bot-privacy", visit.chatbot.pk)
    is_new = wanted != visit.chatbot.learn_only_use
    if wanted == LearnOnlyUse.INFORM and is_new and request.POST.get("understood") != "yes":
        return render(
            request, "dashboard/inform.html", {**visit.context("privacy"), "asked": "understood" in request.POST}
        )
    chatbots().update(visit.chatbot, learn_only_use=wanted)
    return redirect("bot-privacy", visit.chatbot.pk)


@for_editors
def accept_both(request: HttpRequest, visit: Visit, source_id: UUID) -> HttpResponse:
    """Decide whether visitors may read a citable source although a learn-only one says the same."""
    service = knowledge_sources()
    try:
        source = service.get(chatbot=visit.chatbot, source_id=source_id)
    except NotFoundError:
        return redirect("bot-privacy", visit.chatbot.pk)
    service.update(source, accept_both=request.POST.get("both") == "accept")
    return back_to(visit.chatbot, source, page=request.POST.get("page", ""), show=request.POST.get("show", ""))


@for_editors
def flip(request: HttpRequest, visit: Visit, source_id: UUID) -> HttpResponse:
    """Put a source into the class that the pressed half of its switch names; back on the page, this can be undone."""
    service = knowledge_sources()
    try:
        source = service.get(chatbot=visit.chatbot, source_id=source_id)
    except NotFoundError:
        return redirect("bot-privacy", visit.chatbot.pk)  # somebody deleted it meanwhile
    wanted = request.POST.get("disclosure", "")
    flipped = wanted in Disclosure.values and wanted != source.disclosure
    if flipped:
        source = service.update(source, disclosure=wanted)
    page, show = request.POST.get("page", ""), request.POST.get("show", "")
    return back_to(visit.chatbot, source, page=page, show=show, flipped=flipped)


def back_to(chatbot: Chatbot, source: Source, *, page: str, show: str, flipped: bool = False) -> HttpResponse:
    """Return to the source where it was on the page; one that left the list which was shown is shown among all."""
    if show and show != source.disclosure:
        show = page = ""
    query = {
        "flipped": str(source.pk) if flipped else "",
        "page": page if page.isdecimal() else "",
        "show": show if show in Disclosure.values else "",
    }
    anchor = "flipped" if flipped else f"source-{source.pk}"
    told = urlencode({name: value for name, value in query.items() if value})
    return HttpResponseRedirect(f"{reverse('bot-privacy', args=[chatbot.pk])}?{told}#{anchor}")


@for_members
def export_audit(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Hand out the chatbot's audit trail as CSV."""
    record(Action.AUDIT_EXPORTED, visit.chatbot, format="csv")
    response = HttpResponse("".join(csv_lines(entries_of(visit.chatbot).iterator())), content_type="text/csv")
    response["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return response
