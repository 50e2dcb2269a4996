"""Whose pages are whose: a chatbot's pages exist for members of its organization alone, and viewers change nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.actors import become, signed_in
from apps.accounts.models import Member, Role, User
from apps.chatbots.models import Chatbot

# Nothing inline and nothing from elsewhere; what an owner reads is kept by no cache.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
}
Page = Callable[..., HttpResponse]


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """A member at one of the organization's chatbots."""

    chatbot: Chatbot
    member: Member

    @property
    def may_change(self) -> bool:
        return self.member.role in {Role.OWNER, Role.EDITOR}

    def context(self, place: str) -> dict[str, Any]:
        """Return what every page of a chatbot shows; `place` is the tab it belongs to."""
        return {"chatbot": self.chatbot, "member": self.member, "may_change": self.may_change, "place": place}


def for_members(view: Page) -> Page:
    """Show a page to every member; for anybody else there is no such page."""
    return require_safe(_arriving(view))


def for_editors(view: Page) -> Page:
    """Let owners and editors change something by a form; a viewer is refused."""

    @wraps(view)
    def change(request: HttpRequest, visit: Visit, **rest: Any) -> HttpResponse:
        if not visit.may_change:
            raise PermissionDenied
        return view(request, visit, **rest)

    return require_POST(_arriving(change))


def _arriving(view: Page) -> Page:
    @wraps(view)
    def arrive(request: HttpRequest, chatbot_id: UUID, **rest: Any) -> HttpResponse:
        user = cast(User, request.user)
        member = (
            Member.objects.filter(user=user, organization__chatbots=chatbot_id)
            .select_related("organization", "user")
            .first()
        )
        chatbot = Chatbot.objects.filter(pk=chatbot_id).first()
        if member is None or chatbot is None:
            raise Http404
        become(signed_in(user))
        return secured(view(request, Visit(chatbot=chatbot, member=member), **rest))

    return login_required(arrive)


def secured(response: HttpResponse) -> HttpResponse:
    for name, value in HEADERS.items():
        response[name] = value
    return response
