"""What was asked, answered, shown as proof and thought of it; visitors are anonymous."""

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from apps.accounts.audit import Subject
from apps.chatbots.models import Chatbot
from apps.conversations.contact_models import Contact, ContactDelivery, ContactMessage
from apps.conversations.retention_models import Retention

__all__ = [
    "Author",
    "Citation",
    "Contact",
    "ContactDelivery",
    "ContactMessage",
    "Conversation",
    "FeedbackValue",
    "Message",
    "Retention",
]


class Author(models.TextChoices):
    VISITOR = "visitor", "Visitor"
    BOT = "bot", "Bot"


class FeedbackValue(models.TextChoices):
    UP = "up", "Helpful"
    DOWN = "down", "Not helpful"


class Conversation(models.Model):
    """One visitor's talk with a chatbot; the visitor holds its token, we hold the token's hash.

    A trial is one that the owner had to see how the chatbot answers (`trials.py`); it counts nowhere.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    chatbot = models.ForeignKey(Chatbot, on_delete=models.CASCADE, related_name="conversations")
    token_hash = models.BinaryField(max_length=32, unique=True)
    is_trial = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    last_message_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["chatbot", "-last_message_at"])]

    @property
    def audit_subject(self) -> Subject:
        organization_id = self.chatbot.organization_id
        return Subject(
            organization_id=organization_id, kind="conversation", id=self.pk, chatbot_id=self.chatbot_id
        )  # fmt: skip


class Message(models.Model):
    """A question or an answer. `trace` is for the owner alone: what was found, used and dropped, and the timings.

    `context` names the documents whose passages the answer could be made from, cited or not.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="messages")
    author = models.CharField(max_length=7, choices=Author.choices)
    text = models.TextField(blank=True)
    answered = models.BooleanField(null=True)
    complete = models.BooleanField(default=True)
    trace = models.JSONField(default=dict)
    context = ArrayField(models.UUIDField(), default=list)
    feedback = models.CharField(max_length=4, choices=FeedbackValue.choices, blank=True)
    feedback_comment = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["conversation", "created_at"])]


class Citation(models.Model):
    """The proof of a claim: a numbered quote from a citable passage.

    Ids are no foreign keys: a passage that is withdrawn leaves its citation without a passage to open.
    """

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="citations")
    n = models.PositiveSmallIntegerField()
    passage_id = models.UUIDField()
    document_id = models.UUIDField(db_index=True)
    title = models.TextField(blank=True)
    url = models.TextField(blank=True)
    page = models.PositiveIntegerField(null=True)
    quote = models.TextField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["message", "n"], name="one_citation_per_number")]
        ordering: ClassVar = ["n"]
