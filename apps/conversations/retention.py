"""Deletes conversations so many days after their last message, where an owner wants it; contacts stay."""

from datetime import datetime, timedelta
from typing import cast

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts import audit
from apps.accounts.audit import Action
from apps.chatbots.models import Chatbot
from apps.conversations.models import Conversation
from apps.conversations.retention_models import Retention
from apps.core.error_handling import ValidationError
from apps.core.services import ServiceRegistry

FEWEST_DAYS, MOST_DAYS = 1, 3650
AT_ONCE = 500  # conversations in one transaction


class RetentionService:
    """How long conversations are kept."""

    def days(self, chatbot: Chatbot) -> int | None:
        """Return for how many days; None for as long as nobody deletes them."""
        return Retention.objects.filter(chatbot=chatbot).values_list("days", flat=True).first()

    @transaction.atomic
    def keep_for(self, chatbot: Chatbot, days: int | None) -> None:
        """Choose for how many days; what is older goes within the hour. Raises ValidationError."""
        if days is not None and not FEWEST_DAYS <= days <= MOST_DAYS:
            wrong = f"Choose a whole number from {FEWEST_DAYS} to {MOST_DAYS:,}, or leave it empty to keep them."
            raise ValidationError(wrong, fields={"days": wrong})
        before = self.days(chatbot)
        if days == before:
            return
        if days is None:
            Retention.objects.filter(chatbot=chatbot).delete()
        else:
            Retention.objects.update_or_create(chatbot=chatbot, defaults={"days": days})
        audit.record(Action.RETENTION_CHANGED, chatbot, before=told(before), after=told(days))

    def older(self, chatbot: Chatbot, days: int, now: datetime | None = None) -> QuerySet[Conversation]:
        """Return the conversations whose last message is older than so many days."""
        since = (now or timezone.now()) - timedelta(days=days)
        return Conversation.objects.filter(chatbot=chatbot, leak_test=None, last_message_at__lt=since)

    def forget(self, now: datetime) -> int:
        """Delete what is too old now; return how many conversations that were."""
        kept = Retention.objects.select_related("chatbot")
        return sum(self.forget_of(one.chatbot, one.days, now) for one in kept)

    def forget_of(self, chatbot: Chatbot, days: int, now: datetime) -> int:
        """Some at a time, so that no lock is held for long; the audit trail tells of each lot with its deletion."""
        count = 0
        while ids := list(self.older(chatbot, days, now).values_list("pk", flat=True)[:AT_ONCE]):
            with transaction.atomic():
                Conversation.objects.filter(pk__in=ids).delete()
                audit.record(Action.CONVERSATIONS_EXPIRED, chatbot, conversations=len(ids), days=days)
            count += len(ids)
        return count


def told(days: int | None) -> str:
    return "until they are deleted" if days is None else f"{days} days"


def retention() -> RetentionService:
    """Return the service that forgets old conversations."""
    return cast("RetentionService", ServiceRegistry.get("retention"))
