"""Who acts: known from the door somebody came in by, so that a service needn't be told with every call."""

import getpass
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse

from apps.accounts.models import ApiKey, User

Answer = Callable[[HttpRequest], Awaitable[HttpResponse]]


class ActorKind(StrEnum):
    """The doors there are."""

    USER = "user"  # signed in on this browser
    API_KEY = "api_key"
    COMMAND_LINE = "command_line"
    SIGN_IN_LINK = "sign_in_link"
    SYSTEM = "system"  # Tacit itself: a worker, a schedule


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Somebody who acts; `label` is what stays readable when the user or the key is gone."""

    kind: ActorKind
    label: str = field(repr=False)
    user_id: uuid.UUID | None = None
    key_id: uuid.UUID | None = None


SYSTEM = Actor(kind=ActorKind.SYSTEM, label="Tacit")
_current: ContextVar[Actor] = ContextVar("actor", default=SYSTEM)


def current_actor() -> Actor:
    return _current.get()


def become(actor: Actor) -> None:
    """Let everything that follows in this request, command or job be done by `actor`."""
    _current.set(actor)


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Let what the block does be done by `actor`."""
    before = _current.get()
    become(actor)
    try:
        yield
    finally:
        become(before)


def signed_in(user: User) -> Actor:
    return Actor(kind=ActorKind.USER, label=user.email, user_id=user.pk)


def by_key(key: ApiKey) -> Actor:
    named = f"{key.prefix}…, {key.name}" if key.name else f"{key.prefix}…"
    user = key.member.user
    return Actor(kind=ActorKind.API_KEY, label=f"{user.email} (key {named})", user_id=user.pk, key_id=key.pk)


def by_link(user: User) -> Actor:
    return Actor(kind=ActorKind.SIGN_IN_LINK, label=user.email, user_id=user.pk)


def at_the_command_line() -> Actor:
    """Return whoever is logged in on the server."""
    login = ""
    with suppress(OSError, KeyError):  # a container's user may have no name
        login = getpass.getuser()
    return Actor(kind=ActorKind.COMMAND_LINE, label=f"{login or 'somebody'} on the server")


class ActorMiddleware:
    """Begins every request with nobody in particular: no request acts as the one before it, or as who started us."""

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        with acting(SYSTEM):
            return await self.get_response(request)
