"""Three steps to a chatbot that answers: name it, give it something to read, try it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from apps.accounts.models import Member
from apps.chatbots import languages
from apps.chatbots.models import Chatbot
from apps.chatbots.services import chatbots
from apps.core.error_handling import ConflictError, ValidationError
from apps.dashboard.access import Visit, by_editors, for_members, may_change, of_organization
from apps.dashboard.add_source_views import adding, progress_of
from apps.dashboard.views import is_first_run

LANGUAGES = {"": "The language of each question", **languages.LANGUAGES}


@of_organization
def welcome(request: HttpRequest, member: Member) -> HttpResponse:
    """The first step: what the chatbot is called, what it is for, and what it speaks."""
    return naming(request, member)


def naming(request: HttpRequest, member: Member, *, problem: str = "", **filled_in: str) -> HttpResponse:
    context = {
        "may_change": may_change(member),
        "first_run": is_first_run([member]),
        "demo": Chatbot.objects.filter(
            organization=member.organization, is_demo=True, is_published=True, deleted_at=None
        ).first(),
        "languages": LANGUAGES,
        "filled_in": filled_in,
        "problem": problem,
        "step": 1,
    }
    return render(request, "dashboard/welcome.html", context, status=400 if problem else 200)


@by_editors
def create(request: HttpRequest, member: Member) -> HttpResponse:
    """Make the chatbot and go on to its sources."""
    filled_in = {name: request.POST.get(name, "").strip() for name in ("name", "description", "language")}
    if filled_in["language"] not in LANGUAGES:
        filled_in["language"] = ""
    try:
        made = chatbots().create(organization=member.organization, **filled_in)
    except (ConflictError, ValidationError) as error:
        return naming(request, member, problem=str(error), **filled_in)
    return redirect("bot-first-sources", made.pk)


@for_members
def sources(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The second step: drop files or paste addresses, and watch them being read."""
    here = reverse("bot-first-sources", args=[visit.chatbot.pk])
    added = adding(request, visit, following=here)
    return render(request, "dashboard/first_sources.html", {**reading(visit), "adding": added})


@for_members
def state(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show how far the reading is: a part of the second step, which asks for it again and again."""
    return render(request, "dashboard/first_state.html", reading(visit))


def reading(visit: Visit) -> dict[str, Any]:
    return {**visit.context("sources"), "progress": progress_of(visit.chatbot), "step": 2}
