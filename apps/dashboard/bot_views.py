"""What an owner does with a whole chatbot: copy it, put it online, archive it, delete it and take that back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from apps.chatbots.lifecycle import KEPT_DELETED, lifecycle
from apps.chatbots.services import chatbots
from apps.core.error_handling import ConflictError, NotFoundError, ValidationError
from apps.dashboard.access import Visit, for_editors, for_editors_of_removed, for_members
from apps.knowledge.models import Source


@for_members
def duplicate(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Ask what a copy should be called, and whether it gets the sources too."""
    if not visit.may_change:
        return redirect("home")
    return asked(request, visit, name=f"{visit.chatbot.name[:190]} (copy)")


def asked(request: HttpRequest, visit: Visit, *, name: str, problem: str = "") -> HttpResponse:
    context = {
        **visit.context(""),
        "name": name,
        "problem": problem,
        "sources": Source.objects.filter(chatbot=visit.chatbot).count(),
    }
    return render(request, "dashboard/duplicate.html", context, status=400 if problem else 200)


@for_editors
def copy(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Make the copy; it begins offline, so that nobody meets it before its owner has looked at it."""
    name, with_sources = request.POST.get("name", ""), request.POST.get("sources") == "yes"
    try:
        made = lifecycle().duplicate(visit.chatbot, name=name, with_sources=with_sources)
    except (ConflictError, ValidationError) as error:
        return asked(request, visit, name=name, problem=str(error))
    messages.success(request, f"{made.name} is made. It is offline until you put it online.")
    return redirect("home")


@for_editors
def put_online(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Let visitors in, or out, as the pressed button says."""
    online = request.POST.get("online") == "yes"
    try:
        chatbots().update(visit.chatbot, is_published=online)
    except (ConflictError, NotFoundError) as error:
        messages.error(request, str(error))
    else:
        told = "is online: visitors can ask it." if online else "is offline: for visitors it is not there."
        messages.success(request, f"{visit.chatbot.name} {told}")
    if (back := request.POST.get("back")) in {"try", "share", "settings"}:
        return redirect(f"bot-{back}", visit.chatbot.pk)
    return redirect("home")


@for_editors
def archive(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Put a chatbot away; the toast takes it out again."""
    lifecycle().archive(visit.chatbot)
    told = f"{visit.chatbot.name} is archived, and offline."
    messages.success(request, told, extra_tags=reverse("bot-unarchive", args=[visit.chatbot.pk]))
    return redirect("home")


@for_editors
def unarchive(request: HttpRequest, visit: Visit) -> HttpResponse:
    chatbot = lifecycle().unarchive(visit.chatbot)
    messages.success(request, f"{chatbot.name} is out of the archive, and {online_or_offline(chatbot.is_published)}.")
    return redirect("home")


@for_editors
def delete(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Delete a chatbot; the toast takes it back, and so does the list of deleted ones, for some days."""
    lifecycle().remove(visit.chatbot)
    told = f"{visit.chatbot.name} is deleted. You can take that back for {KEPT_DELETED.days} days."
    messages.success(request, told, extra_tags=reverse("bot-restore", args=[visit.chatbot.pk]))
    return redirect("home")


@for_editors_of_removed
def restore(request: HttpRequest, visit: Visit) -> HttpResponse:
    chatbot = lifecycle().restore(visit.chatbot)
    state = "archived" if chatbot.archived_at else online_or_offline(chatbot.is_published)
    messages.success(request, f"{chatbot.name} is back, with everything it had, and {state}.")
    return redirect("home")


def online_or_offline(published: bool) -> str:
    return "online" if published else "offline"
