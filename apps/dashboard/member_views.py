"""The members of an organization: who they are, and for owners inviting, changing and removing them."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from apps.accounts.invitation_mail import mail_is_sent
from apps.accounts.members import Invitation, may_be_handed_a_link, members
from apps.accounts.models import Member, Role
from apps.core.error_handling import (
    ConflictError,
    FetchUnavailableError,
    NotFoundError,
    RateLimitError,
    ValidationError,
)
from apps.dashboard.organization_access import OWNERS, Belonging, organization_page

ROLES = {
    Role.OWNER: "Owner: everything, also members, keys and deletion",
    Role.EDITOR: "Editor: everything about chatbots",
    Role.VIEWER: "Viewer: looks and changes nothing",
}


@organization_page()
def show(request: HttpRequest, belonging: Belonging) -> HttpResponse:
    return page(request, belonging)


def page(request: HttpRequest, belonging: Belonging, *, wrong: dict[str, str] | None = None) -> HttpResponse:
    """Render the page; what was `wrong` beside its field, with what was typed."""
    everyone = list(members().of(belonging.organization))
    context: dict[str, Any] = {
        **belonging.context("members"),
        "members": everyone,
        "can_be_let_in": {one.pk for one in everyone if mail_is_sent() or may_be_handed_a_link(one)},
        "roles": ROLES.items(),
        "mailing": mail_is_sent(),
        "wrong": wrong or {},
        "typed": request.POST,
    }
    return render(request, "dashboard/members.html", context, status=400 if wrong else 200)


@organization_page("POST", roles=OWNERS)
def rename(request: HttpRequest, belonging: Belonging) -> HttpResponse:
    try:
        members().rename(belonging.organization, request.POST.get("name", ""))
    except ValidationError as error:
        return page(request, belonging, wrong=dict(error.fields))
    messages.success(request, "The name is saved.")
    return to_members(belonging)


@organization_page("POST", roles=OWNERS)
def invite(request: HttpRequest, belonging: Belonging) -> HttpResponse:
    """Make somebody a member, and see to it that they can come in."""
    email, role = request.POST.get("email", ""), request.POST.get("role", "")
    try:
        invitation = members().invite(
            organization=belonging.organization, email=email, role=role, address=own_address(request)
        )
    except ValidationError as error:
        return page(request, belonging, wrong=dict(error.fields))
    except (ConflictError, RateLimitError) as error:
        return page(request, belonging, wrong={"email": str(error)})
    except FetchUnavailableError as error:
        messages.error(request, str(error))
        return to_members(belonging)
    return told_how_to_come_in(request, belonging, invitation)


def told_how_to_come_in(request: HttpRequest, belonging: Belonging, invitation: Invitation) -> HttpResponse:
    email = invitation.member.user.email
    if invitation.link:
        context = {
            "title": f"A link for {email}",
            "value": invitation.link,
            "lead": f"{email} is a member. This server sends no e-mail, so pass this link on yourself. It signs in"
            " whoever opens it, once, within seven days: give it to nobody else. It is shown this once.",
            "back": members_address(belonging),
        }
        return render(request, "dashboard/shown_once.html", context)
    how = "is invited by e-mail" if invitation.mailed else "has an account here already, and signs in as always"
    messages.success(request, f"{email} {how}.")
    return to_members(belonging)


@organization_page("POST", roles=OWNERS)
def let_in(request: HttpRequest, belonging: Belonging, member_id: int) -> HttpResponse:
    """Send or show a new link to a member who can't come in."""
    member = found(belonging, member_id)
    try:
        invitation = members().let_in(member, address=own_address(request))
    except (FetchUnavailableError, RateLimitError) as error:
        messages.error(request, str(error))
        return to_members(belonging)
    return told_how_to_come_in(request, belonging, invitation)


@organization_page("POST", roles=OWNERS)
def change_role(request: HttpRequest, belonging: Belonging, member_id: int) -> HttpResponse:
    try:
        member = members().change_role(
            found(belonging, member_id), request.POST.get("role", "")
        )  # fmt: skip
        messages.success(request, f"{member.user.email} is {member.get_role_display().lower()} now.")
    except (ConflictError, NotFoundError, ValidationError) as error:
        messages.error(request, str(error))
    return to_members(belonging)


@organization_page("GET", "HEAD", "POST", roles=OWNERS)
def remove(request: HttpRequest, belonging: Belonging, member_id: int) -> HttpResponse:
    """Ask whether somebody is to be removed, and do it once that was said."""
    member = found(belonging, member_id)
    if request.method != "POST":
        return render(request, "dashboard/remove_member.html", {**belonging.context("members"), "leaving": member})
    try:
        members().remove(member)
        messages.success(request, f"{member.user.email} no longer belongs to {belonging.organization.name}.")
    except (ConflictError, NotFoundError) as error:
        messages.error(request, str(error))
    return redirect("home") if member.user_id == belonging.member.user_id else to_members(belonging)


def found(belonging: Belonging, member_id: int) -> Member:
    try:
        member = members().get(
            organization=belonging.organization, member_id=member_id
        )  # fmt: skip
    except NotFoundError:
        raise Http404 from None
    return member


def own_address(request: HttpRequest) -> str:
    """Return where this server is reached; what is mailed leads to the address in the settings alone."""
    return settings.PUBLIC_URL or f"{request.scheme}://{request.get_host()}"


def members_address(belonging: Belonging) -> str:
    return reverse("organization-settings", args=[belonging.organization.pk])


def to_members(belonging: Belonging) -> HttpResponse:
    return redirect(members_address(belonging))
