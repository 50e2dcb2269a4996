"""What the list of chatbots tells of each: its state, what was asked of late, and when last."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, QuerySet
from django.utils import timezone

from apps.accounts.models import Member
from apps.chatbots.lifecycle import KEPT_DELETED, lifecycle
from apps.chatbots.models import Chatbot
from apps.conversations.models import Author, Conversation, Message
from apps.dashboard.access import may_change
from apps.knowledge.models import Source, SourceStatus

LATELY = timedelta(days=30)
BUSY = (SourceStatus.QUEUED, SourceStatus.RUNNING)


@dataclass(frozen=True, kw_only=True, slots=True)
class BotCard:
    """One chatbot in the list; the figures are of the last thirty days."""

    chatbot: Chatbot = field(repr=False)
    may_change: bool
    sources: int
    reading: int
    failed: int
    conversations: int
    unanswered: int
    last_activity: datetime | None

    @property
    def is_archived(self) -> bool:
        return self.chatbot.archived_at is not None

    @property
    def is_fresh(self) -> bool:
        return self.last_activity is not None and timezone.now() - self.last_activity < timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class RemovedBot:
    """A deleted chatbot that can be taken back until `gone_at`."""

    chatbot: Chatbot = field(repr=False)
    may_change: bool
    gone_at: datetime


def cards_of(members: Collection[Member], *, named: str = "") -> list[BotCard]:
    """Return the chatbots of the organizations that somebody belongs to, the ones that match `named` if it is given."""
    chatbots = Chatbot.objects.filter(
        organization__in=[member.organization_id for member in members], deleted_at=None
    ).order_by("created_at")
    if named:
        chatbots = chatbots.filter(name__icontains=named) | chatbots.filter(description__icontains=named)
    return described(list(chatbots), changeable(members))


def described(chatbots: list[Chatbot], changeable_in: Collection[UUID]) -> list[BotCard]:
    """Look up what there is to tell of all these chatbots at once."""
    since = timezone.now() - LATELY
    talks = Conversation.objects.filter(chatbot__in=chatbots, leak_test=None, is_trial=False)
    unanswered = Message.objects.filter(
        conversation__in=talks, author=Author.BOT, answered=False, created_at__gte=since
    ).order_by()
    states = states_of(chatbots)
    recent = counted(talks.filter(last_message_at__gte=since), "chatbot")
    without = counted(unanswered, "conversation__chatbot")
    latest = dict(talks.order_by().values_list("chatbot").annotate(Max("last_message_at")))
    return [
        BotCard(
            chatbot=chatbot,
            may_change=chatbot.organization_id in changeable_in,
            sources=sum(states.get(chatbot.pk, {}).values()),
            reading=sum(states.get(chatbot.pk, {}).get(status, 0) for status in BUSY),
            failed=states.get(chatbot.pk, {}).get(SourceStatus.FAILED, 0),
            conversations=recent.get(chatbot.pk, 0),
            unanswered=without.get(chatbot.pk, 0),
            last_activity=latest.get(chatbot.pk),
        )
        for chatbot in chatbots
    ]


def states_of(chatbots: Collection[Chatbot]) -> Mapping[UUID, Mapping[str, int]]:
    """Return, by chatbot, how many of its sources are in which state."""
    states: dict[UUID, dict[str, int]] = {}
    rows = Source.objects.filter(chatbot__in=chatbots).order_by().values_list("chatbot", "status").annotate(Count("pk"))
    for chatbot_id, status, count in rows:
        states.setdefault(chatbot_id, {})[status] = count
    return states


def counted(rows: QuerySet[Any], by: str) -> dict[UUID, int]:
    return dict(rows.order_by().values_list(by).annotate(Count("pk")))


def removed_of(members: Iterable[Member]) -> list[RemovedBot]:
    """Return what was deleted of late and can still be taken back."""
    return [
        RemovedBot(chatbot=chatbot, may_change=may_change(member), gone_at=chatbot.deleted_at + KEPT_DELETED)
        for member in members
        for chatbot in lifecycle().removed(member.organization)
        if chatbot.deleted_at
    ]


def changeable(members: Iterable[Member]) -> set[UUID]:
    """Return the organizations in which somebody may change something."""
    return {member.organization_id for member in members if may_change(member)}
