"""Which of a chatbot's conversations an owner looks for, and what of each stands in the list."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from apps.conversations.models import Author, Conversation, Message

SHOWN = {"": "All", "unanswered": "Unanswered", "down": "Thumbs down"}
MOST_WORDS = 8
GAPS_SHOWN = 3  # of one conversation


@dataclass(frozen=True, kw_only=True, slots=True)
class ConversationFilter:
    """What is looked for: days are whole ones in UTC, and every one of the words must be said somewhere."""

    show: str = ""
    first: dt.date | None = None
    last: dt.date | None = None
    text: str = field(default="", repr=False)

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "ConversationFilter":
        """Return what an address asks for; what can't be meant is left out."""
        show = asked.get("show", "")
        return cls(
            show=show if show in SHOWN else "",
            first=date_in(asked.get("from", "")),
            last=date_in(asked.get("to", "")),
            text=" ".join(asked.get("text", "").replace("\x00", "").split())[:200],
        )

    @property
    def is_set(self) -> bool:
        return self != ConversationFilter()

    @property
    def address(self) -> str:
        """The part of an address that asks for this."""
        asked = {"show": self.show, "from": self.first or "", "to": self.last or "", "text": self.text}
        return urlencode({name: str(value) for name, value in asked.items() if value})

    def showing(self, show: str) -> "ConversationFilter":
        return replace(self, show=show)

    def apply(self, conversations: QuerySet[Conversation]) -> QuerySet[Conversation]:
        if self.first:
            conversations = conversations.filter(last_message_at__gte=begin_of(self.first))
        if self.last:
            conversations = conversations.filter(created_at__lt=begin_of(self.last) + dt.timedelta(days=1))
        for word in self.text.split()[:MOST_WORDS]:
            conversations = conversations.filter(said(text__icontains=word))
        if self.show == "unanswered":
            conversations = conversations.filter(said(author=Author.BOT, answered=False))
        if self.show == "down":
            conversations = conversations.filter(said(feedback="down"))
        return conversations


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """A question that got no answer."""

    message_id: uuid.UUID
    question: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One of the lists that may be shown, and how long it is."""

    name: str
    address: str
    count: int
    is_shown: bool


def choices(wanted: ConversationFilter, conversations: QuerySet[Conversation]) -> list[Choice]:
    """Return the lists there are within the days and words that are looked for."""
    return [
        Choice(
            name=name,
            address=wanted.showing(show).address,
            count=wanted.showing(show).apply(conversations).count(),
            is_shown=show == wanted.show,
        )
        for show, name in SHOWN.items()
    ]


def listed(conversations: QuerySet[Conversation]) -> QuerySet[Any]:
    """Add what the list shows; each is looked up for the conversations of one page alone."""
    asked = Message.objects.filter(conversation=OuterRef("pk"), author=Author.VISITOR).order_by("created_at")
    return conversations.annotate(
        question=Subquery(asked.values("text")[:1]),
        answers=counted(author=Author.BOT),
        unanswered=counted(author=Author.BOT, answered=False),
        thumbs_down=counted(feedback="down"),
    )


def gaps_of(conversations: Iterable[Conversation]) -> dict[uuid.UUID, list[Gap]]:
    """Return the unanswered questions of conversations, oldest first and a few of each."""
    refused = Message.objects.filter(conversation__in=list(conversations), author=Author.BOT, answered=False)
    found: dict[uuid.UUID, list[Gap]] = {}
    for answer in with_question(refused).order_by("created_at").only("conversation_id"):
        gaps = found.setdefault(answer.conversation_id, [])
        if len(gaps) < GAPS_SHOWN:
            gaps.append(Gap(message_id=answer.pk, question=answer.question or ""))
    return found


def with_question(answers: QuerySet[Message]) -> QuerySet[Any]:
    asked = Message.objects.filter(
        conversation=OuterRef("conversation"), author=Author.VISITOR, created_at__lte=OuterRef("created_at")
    )
    return answers.annotate(question=Subquery(asked.order_by("-created_at").values("text")[:1]))


def said(**what: Any) -> Exists:
    return Exists(Message.objects.filter(conversation=OuterRef("pk"), **what))


def counted(**what: Any) -> Coalesce:
    messages = Message.objects.filter(conversation=OuterRef("pk"), **what).order_by()
    return Coalesce(Subquery(messages.values("conversation").annotate(number=Count("pk")).values("number")), 0)


def date_in(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if len(text) == len("2026-11-23") else None
    except ValueError:
        return None


def begin_of(date: dt.date) -> dt.datetime:
    return dt.datetime.combine(date, dt.time(), dt.UTC)
