"""What was just done to sources: told once, on the next page, where it can be undone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.http import HttpRequest

from apps.chatbots.models import Chatbot
from apps.knowledge.models import Disclosure, RemovedSource, Source


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """Something that was done to one source or to many; `what` names it as the forms do."""

    what: str
    ids: Sequence[UUID]
    title: str = field(default="", repr=False)  # of the only source

    @property
    def number(self) -> int:
        return len(self.ids)

    @property
    def is_flip(self) -> bool:
        return self.what in Disclosure.values

    @property
    def alone(self) -> UUID | None:
        return self.ids[0] if len(self.ids) == 1 else None


def note(request: HttpRequest, chatbot: Chatbot, what: str, ids: Sequence[UUID]) -> None:
    """Remember what was done until the next page tells it."""
    if ids:
        request.session[place_of(chatbot)] = {"what": what, "ids": [str(one) for one in ids]}


def take(request: HttpRequest, chatbot: Chatbot) -> Done | None:
    """Return what was done last, once."""
    kept = request.session.pop(place_of(chatbot), None)
    if kept is None:
        return None
    ids = [UUID(one) for one in kept["ids"]]
    return Done(what=kept["what"], ids=ids, title=title_of(ids[0]) if len(ids) == 1 else "")


def title_of(source_id: UUID) -> str:
    for model in (Source, RemovedSource):
        if (title := model._default_manager.filter(pk=source_id).values_list("title", flat=True).first()) is not None:
            return str(title)
    return ""


def place_of(chatbot: Chatbot) -> str:
    return f"sources just changed of {chatbot.pk}"
