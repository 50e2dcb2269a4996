"""Whose pages are whose: a chatbot's pages exist for members of its organization alone, and viewers change nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.actors import become, signed_in
from apps.accounts.models import Member, Role, User
from apps.chatbots.models import Chatbot

# Nothing inline and nothing from elsewhere; what an owner reads is kept by no cache.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
}
Page = Callable[..., HttpResponseBase]
Response = TypeVar("Response", bound=HttpResponseBase)


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """A member at one of the organization's chatbots."""

    chatbot: Chatbot
    member: Member

    @property
    def may_change(self) -> bool:
        return may_change(self.member)

    def context(self, place: str) -> dict[str, Any]:
        """Return what every page of a chatbot shows; `place` is the tab it belongs to."""
        return {"chatbot": self.chatbot, "member": self.member, "may_change": self.may_change, "place": place}


def for_members(view: Page) -> Page:
    """Show a page to every member; for anybody else there is no such page."""
    return require_safe(_arriving(view))


def for_editors(view: Page) -> Page:
    """Let owners and editors change something by a form; a viewer is refused."""
    return require_POST(_arriving(_changing(view)))


def for_editors_of_removed(view: Page) -> Page:
    """Let owners and editors take back the deletion of a chatbot; its other pages don't exist."""
    return require_POST(_arriving(_changing(view), removed=True))


def of_organization(view: Page) -> Page:
    """Show a page of the whole organization, `view(request, member)`, to its members."""
    return require_safe(_belonging(view))


def by_editors(view: Page) -> Page:
    """Let owners and editors of the organization change something by a form: `view(request, member)`."""

    @wraps(view)
    def change(request: HttpRequest, member: Member, **rest: Any) -> HttpResponseBase:
        if not may_change(member):
            raise PermissionDenied
        return view(request, member, **rest)

    return require_POST(_belonging(change))


def may_change(member: Member) -> bool:
    return member.role in {Role.OWNER, Role.EDITOR}


def _belonging(view: Page) -> Page:
    @wraps(view)
    def arrive(request: HttpRequest, **rest: Any) -> HttpResponseBase:
        user = cast(User, request.user)
        member = Member.objects.filter(user=user).select_related("organization", "user").order_by("created_at").first()
        if member is None:
            raise PermissionDenied
        become(signed_in(user))
        return secured(view(request, member, **rest))

    return login_required(arrive)


def _changing(view: Page) -> Page:
    @wraps(view)
    def change(request: HttpRequest, visit: Visit, **rest: Any) -> HttpResponseBase:
        if not visit.may_change:
            raise PermissionDenied
        return view(request, visit, **rest)

    return change


def _arriving(view: Page, *, removed: bool = False) -> Page:
    @wraps(view)
    def arrive(request: HttpRequest, chatbot_id: UUID, **rest: Any) -> HttpResponseBase:
        user = cast(User, request.user)
        member = (
            Member.objects.filter(user=user, organization__chatbots=chatbot_id)
            .select_related("organization", "user")
            .first()
        )
        chatbot = Chatbot.objects.filter(pk=chatbot_id, deleted_at__isnull=not removed).first()
        if member is None or chatbot is None:
            raise Http404
        become(signed_in(user))
        return secured(view(request, Visit(chatbot=chatbot, member=member), **rest))

    return login_required(arrive)


def secured(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)  # a download has a stricter policy of its own
    return response
