"""Whose organization's pages are whose: they exist for its members, and some of them for its owners alone."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_http_methods

from apps.accounts.actors import become, signed_in
from apps.accounts.models import Member, Organization, Role, User
from apps.dashboard.access import Page, secured

OWNERS = (Role.OWNER,)
EDITORS = (Role.OWNER, Role.EDITOR)
EVERYBODY = tuple(Role)
READING = ("GET", "HEAD")


@dataclass(frozen=True, kw_only=True, slots=True)
class Belonging:
    """A member on the pages of an organization."""

    member: Member

    @property
    def organization(self) -> Organization:
        return self.member.organization

    def context(self, place: str) -> dict[str, Any]:
        """Return what each of these pages shows; `place` is the tab it belongs to."""
        others = Member.objects.filter(user=self.member.user).exclude(pk=self.member.pk)
        return {
            "member": self.member,
            "organization": self.organization,
            "is_owner": self.member.role in OWNERS,
            "may_change": self.member.role in EDITORS,
            "others": others.select_related("organization").order_by("created_at"),
            "place": place,
        }


def organization_page(*methods: str, roles: Collection[Role] = EVERYBODY) -> Callable[[Page], Page]:
    """Show a page to members of these roles. For anybody else than a member there is no such page.

    Without an id in the address it is the page of the organization that somebody has belonged to longest.
    """

    def decorate(view: Page) -> Page:
        @wraps(view)
        def arrive(request: HttpRequest, organization_id: UUID | None = None, **rest: Any) -> HttpResponseBase:
            user = cast(User, request.user)
            members = Member.objects.filter(user=user).select_related("organization", "user").order_by("created_at")
            chosen = members.filter(organization=organization_id) if organization_id else members
            member = chosen.first()
            if member is None:
                raise Http404
            if member.role not in roles:
                raise PermissionDenied
            become(signed_in(user))
            return secured(view(request, Belonging(member=member), **rest))

        return require_http_methods(list(methods or READING))(login_required(arrive))

    return decorate
