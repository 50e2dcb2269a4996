"""An organization's data as a whole: its audit trail, all of it as a file, and its end."""

from typing import TypeVar

from django.contrib import messages
from django.contrib.auth import logout
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render

from apps.accounts.audit import Action, organization_subject, record, trail
from apps.accounts.audit_export import csv_lines
from apps.accounts.models import Member, User
from apps.chatbots.models import Chatbot
from apps.conversations.erasure import erasure
from apps.conversations.export import archive, audit_entries
from apps.core.error_handling import ValidationError
from apps.dashboard.organization_access import OWNERS, Belonging, organization_page
from apps.dashboard.wording import audit_line
from apps.knowledge.downloads import sent

ENTRIES_SHOWN = 50
Response = TypeVar("Response", HttpResponse, StreamingHttpResponse)


@organization_page()
def audit(request: HttpRequest, belonging: Belonging) -> HttpResponse:
    """Show who did what, the latest first."""
    before = request.GET.get("before", "")
    older_than = int(before) if before.isdecimal() and len(before) < 19 else None
    entries = list(trail(belonging.organization.pk, before=older_than)[: ENTRIES_SHOWN + 1])
    shown = entries[:ENTRIES_SHOWN]
    context = {
        **belonging.context("audit"),
        "lines": [audit_line(entry) for entry in shown],
        "older": shown[-1].pk if len(entries) > ENTRIES_SHOWN else None,
        "newer": older_than is not None,
    }
    return render(request, "dashboard/organization_audit.html", context)


@organization_page()
def export_audit(request: HttpRequest, belonging: Belonging) -> HttpResponse:
    """Hand out the whole trail as CSV."""
    record(Action.AUDIT_EXPORTED, organization_subject(belonging.organization), format="csv")
    lines = "".join(csv_lines(audit_entries(belonging.organization)))
    return as_download(HttpResponse(lines, content_type="text/csv; charset=utf-8"), "audit.csv")


@organization_page(roles=OWNERS)
def data(request: HttpRequest, belonging: Belonging) -> HttpResponse:
    return page(request, belonging)


def page(request: HttpRequest, belonging: Belonging, *, wrong: str = "") -> HttpResponse:
    """Render the page with what there is, so that nobody is surprised by what goes."""
    chatbots = Chatbot.objects.filter(organization=belonging.organization)
    people = Member.objects.filter(organization=belonging.organization)
    counted = chatbots.aggregate(
        sources=Count("sources", distinct=True),
        conversations=Count("conversations", filter=Q(conversations__is_trial=False), distinct=True),
        contacts=Count("contacts", distinct=True),
    )
    context = {
        **belonging.context("data"),
        "counted": {"chatbots": chatbots.count(), "members": people.count(), **counted},
        "wrong": wrong,
        "typed": request.POST.get("typed_name", ""),
    }
    return render(request, "dashboard/organization_data.html", context, status=400 if wrong else 200)


@organization_page("POST", roles=OWNERS)
def export(request: HttpRequest, belonging: Belonging) -> StreamingHttpResponse:
    """Hand out everything as one file, made while it is sent."""
    with_originals = "originals" in request.POST
    record(
        Action.DATA_EXPORTED, organization_subject(belonging.organization), originals="yes" if with_originals else "no"
    )
    pieces = archive(belonging.organization, with_originals=with_originals)
    response = StreamingHttpResponse(sent(pieces), content_type="application/zip")
    return as_download(response, "tacit-export.zip")


def as_download(response: Response, name: str) -> Response:
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Security-Policy"] = "sandbox"
    return response


@organization_page("POST", roles=OWNERS)
def delete(request: HttpRequest, belonging: Belonging) -> HttpResponse:
    """Delete the organization, if its name was typed; who belongs to no other one has no account any more."""
    try:
        erasure().delete_organization(belonging.organization, typed_name=request.POST.get("typed_name", ""))
    except ValidationError as error:
        return page(request, belonging, wrong=str(error))
    if not User.objects.filter(pk=belonging.member.user_id).exists():
        logout(request)
        return render(request, "dashboard/all_deleted.html")
    messages.success(request, "Everything of the organization is deleted.")
    return redirect("home")
