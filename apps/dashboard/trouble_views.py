"""What is wrong, for the people of an organization: errors that were seen, and alerts that are on or over."""

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.accounts.models import Member, Role, User
from apps.chatbots.models import Chatbot
from apps.core.error_reports import ReportKind
from apps.dashboard.access import secured
from apps.dashboard.trouble_words import SUBJECTS, alert_line, kind_of, pieces, urgency
from apps.incidents.services import SeenError, errors
from apps.knowledge.models import Source, SourceStatus
from apps.observability.alerts import alerts

ALERTS_PER_PAGE = 25
SOURCES_SHOWN = 100
SOURCES_OF_ONE = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorLine:
    """An error as it is shown; `sources` are those that fail because of it now."""

    error: SeenError
    kind: str
    told: list[str]
    about: str
    sources: list[Source]


@login_required
@require_safe
def show_errors(request: HttpRequest) -> HttpResponse:
    """Show the sources that failed and each kind of error once, with how the same one was fixed before."""
    members = members_of(request)
    failing = list(failing_sources(members)[:SOURCES_SHOWN])
    context = {
        "failing": failing,
        "lines": [error_line(one, failing) for one in seen_by(members)],
    }
    return secured(render(request, "dashboard/errors.html", context))


@login_required
@require_safe
def show_alerts(request: HttpRequest) -> HttpResponse:
    """Show the alerts that are on, and those that were, the latest first."""
    of_all = alerts_of(request)
    running = sorted(of_all.filter(cleared_at=None), key=urgency)
    page = Paginator(of_all.exclude(cleared_at=None), ALERTS_PER_PAGE).get_page(request.GET.get("page"))
    names = names_of_bots(request)
    context = {
        "running": [alert_line(one, names) for one in running],
        "over": [alert_line(one, names) for one in page.object_list],
        "page": page,
    }
    return secured(render(request, "dashboard/alerts.html", context))


def running_alerts(request: HttpRequest) -> int:
    """Return how many alerts are on that who is signed in may see."""
    return alerts_of(request).filter(cleared_at=None).count() if request.user.is_authenticated else 0


def members_of(request: HttpRequest) -> list[Member]:
    """Return the memberships of who is signed in."""
    return list(Member.objects.filter(user=cast(User, request.user)).select_related("organization"))


def alerts_of(request: HttpRequest) -> QuerySet[Any]:
    """Return the alerts that who is signed in may see, the latest first."""
    theirs = [alerts().of(member) for member in members_of(request)]
    return reduce(or_, theirs) if theirs else alerts().of(Member()).none()


def names_of_bots(request: HttpRequest) -> dict[str, str]:
    bots = Chatbot.objects.filter(
        organization__in=[one.organization_id for one in members_of(request)], deleted_at=None
    )
    return {str(pk): name for pk, name in bots.values_list("pk", "name")}


def failing_sources(members: list[Member]) -> QuerySet[Source]:
    bots = Chatbot.objects.filter(organization__in=[one.organization_id for one in members], deleted_at=None)
    return Source.objects.filter(chatbot__in=bots, status=SourceStatus.FAILED).select_related("chatbot")


def seen_by(members: list[Member]) -> list[SeenError]:
    """Return the errors of all organizations of a person; those of the whole server, for owners, are told once."""
    service = errors()
    lists = [service.seen_by(organization_id=one.organization_id, is_owner=one.role == Role.OWNER) for one in members]
    once = {(one.fingerprint, one.count, one.first_seen): one for seen in lists for one in seen}
    return sorted(once.values(), key=lambda one: one.last_seen, reverse=True)


def error_line(error: SeenError, failing: list[Source]) -> ErrorLine:
    return ErrorLine(
        error=error,
        kind=kind_of(error),
        told=pieces(error.told),
        about=SUBJECTS.get(error.subject, error.subject),
        sources=because_of(error, failing),
    )


def because_of(error: SeenError, failing: list[Source]) -> list[Source]:
    if error.kind != ReportKind.SOURCE:
        return []
    return [source for source in failing if source.error_code == error.code][:SOURCES_OF_ONE]
