"""The API keys of an organization: made with a name and what they may do, shown once, and revoked."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from apps.accounts.models import Role
from apps.accounts.services import SCOPES_OF_ROLE, users
from apps.core.error_handling import NotFoundError, ValidationError
from apps.dashboard.member_views import own_address
from apps.dashboard.organization_access import EDITORS, Belonging, organization_page

LONGEST_NAME = 100
SCOPES = {"read": ("read",), "write": ("read", "write")}


@organization_page(roles=EDITORS)
def show(request: HttpRequest, belonging: Belonging) -> HttpResponse:
    return page(request, belonging)


def page(request: HttpRequest, belonging: Belonging, *, wrong: str = "") -> HttpResponse:
    context = {
        **belonging.context("keys"),
        "keys": users().keys_of(belonging.member),
        "wrong": wrong,
        "typed": request.POST,
        "may_write": "write" in SCOPES_OF_ROLE[Role(belonging.member.role)],
        "longest_name": LONGEST_NAME,
    }
    return render(request, "dashboard/keys.html", context, status=400 if wrong else 200)


@organization_page("POST", roles=EDITORS)
def create(request: HttpRequest, belonging: Belonging) -> HttpResponse:
    """Make a key and show it, this once."""
    name = " ".join(request.POST.get("name", "").split())
    scopes = SCOPES.get(request.POST.get("scope", ""))
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        return page(request, belonging, wrong="Say what the key is for, in at most 100 characters.")
    if scopes is None:
        return page(request, belonging, wrong="Choose what the key may do.")
    try:
        made = users().create_api_key(member=belonging.member, name=name, scopes=scopes)
    except ValidationError as error:
        return page(request, belonging, wrong=str(error))
    context = {
        "title": f"The key “{name}”",
        "value": made.secret,
        "lead": "Keep it like a password: whoever has it can do what it may. It is shown this once.",
        "example_lead": "It is used like this:",
        "example": f'curl -H "Authorization: Bearer {made.key.prefix}…" \\\n  {own_address(request)}/api/v1/chatbots',
        "back": reverse("organization-keys", args=[belonging.organization.pk]),
    }
    return render(request, "dashboard/shown_once.html", context)


@organization_page("GET", "HEAD", "POST", roles=EDITORS)
def revoke(request: HttpRequest, belonging: Belonging, key_id: UUID) -> HttpResponse:
    """Ask whether a key is to end, and end it once that was said."""
    key = users().keys_of(belonging.member).filter(pk=key_id).first()
    if key is None:
        raise Http404
    if request.method != "POST":
        return render(request, "dashboard/revoke_key.html", {**belonging.context("keys"), "key": key})
    try:
        users().revoke_api_key(member=belonging.member, key_id=key_id)
        messages.success(request, f"The key “{key.name or key.prefix}” is revoked. It fails from now on.")
    except NotFoundError as error:
        messages.error(request, str(error))
    return redirect("organization-keys", belonging.organization.pk)
