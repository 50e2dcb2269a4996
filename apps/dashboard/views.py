"""The owner's pages: signing in by a one-time link, and the list of chatbots."""

from typing import cast

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from apps.accounts.models import Organization, User
from apps.chatbots.models import Chatbot
from apps.core.error_handling import AuthenticationError
from apps.core.services import ServiceRegistry


@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest, token: str) -> HttpResponse:
    """Sign the owner in with a one-time link; the link is used up by the button, not by a preview that opens it."""
    if request.method == "GET":
        return render(request, "dashboard/sign_in.html")
    try:
        user: User = ServiceRegistry.get("users").redeem_sign_in_link(token)
    except AuthenticationError as error:
        return render(request, "dashboard/sign_in.html", {"problem": str(error)}, status=error.status)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect("home")


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show the chatbots of the organizations the user belongs to."""
    organizations = Organization.objects.filter(member__user=cast(User, request.user))
    chatbots = (
        Chatbot.objects.filter(organization__in=organizations)
        .annotate(
            ready=Count("sources", filter=Q(sources__status="ready"), distinct=True),
            failed=Count("sources", filter=Q(sources__status="failed"), distinct=True),
            talks=Count("conversations", distinct=True),
        )
        .order_by("created_at")
    )
    return render(request, "dashboard/home.html", {"chatbots": chatbots, "language_model": settings.LANGUAGE_MODEL})
