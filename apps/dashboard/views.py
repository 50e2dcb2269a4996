"""The owner's way in: a one-time link, and the list of chatbots."""

from typing import cast

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from apps.accounts.models import Member, User
from apps.accounts.services import users
from apps.chatbots.models import Chatbot
from apps.core.error_handling import AuthenticationError
from apps.dashboard.access import may_change
from apps.dashboard.bot_cards import cards_of, removed_of

MANY = 6  # chatbots from which on a search helps


@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest, token: str) -> HttpResponse:
    """Sign the owner in with a one-time link; the link is used up by the button, not by a preview that opens it."""
    if request.method == "GET":
        return render(request, "dashboard/sign_in.html")
    try:
        user = users().redeem_sign_in_link(token)
    except AuthenticationError as error:
        return render(request, "dashboard/sign_in.html", {"problem": str(error)}, status=error.status)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect("welcome" if is_first_run(memberships(user)) else "home")


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show the chatbots of the organizations the user belongs to, those in use first."""
    members = memberships(cast(User, request.user))
    named = request.GET.get("find", "").replace("\x00", "").strip()
    cards = cards_of(members, named=named)
    context = {
        "cards": [card for card in cards if not card.is_archived],
        "archived": [card for card in cards if card.is_archived],
        "removed": removed_of(members),
        "find": named,
        "search": bool(named) or len(cards) > MANY,
        "first_run": not named and is_first_run(members),
        "may_create": any(map(may_change, members)),
        "language_model": settings.LANGUAGE_MODEL,
    }
    return render(request, "dashboard/home.html", context)


def memberships(user: User) -> list[Member]:
    return list(Member.objects.filter(user=user).select_related("organization").order_by("created_at"))


def is_first_run(members: list[Member]) -> bool:
    """Return whether somebody who may make a chatbot has none yet but the demo; a deleted one was one."""
    own = Chatbot.objects.filter(organization__in=[member.organization_id for member in members], is_demo=False)
    return any(map(may_change, members)) and not own.exists()
