"""Chatbots and their settings."""

import secrets
import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from apps.accounts.audit import Subject
from apps.accounts.models import Organization


class LearnOnlyUse(models.TextChoices):
    """How a chatbot uses its learn-only sources; see the claims in apps/rag/privacy_service.py."""

    SEALED = "sealed", "Sealed"
    STEER = "steer", "Steer"
    INFORM = "inform", "Inform"


class Tone(models.TextChoices):
    """How a language model is asked to speak."""

    PLAIN = "plain", "Plain and factual"
    FRIENDLY = "friendly", "Friendly"
    FORMAL = "formal", "Formal"
    BRIEF = "brief", "As short as possible"


class Corner(models.TextChoices):
    """Where on a page the widget's button stands; `start` is left in most languages and right in Arabic."""

    END = "end", "Bottom, at the end of the line"
    START = "start", "Bottom, at the start of the line"


class ContactOffer(models.TextChoices):
    """When visitors are offered the contact form."""

    NEVER = "never", "Never"
    UNANSWERED = "unanswered", "When the chatbot can’t answer, or the visitor asks for a person"
    ALWAYS = "always", "Always"


DEFAULT_ACCENT = "#0f5a57"


def usual_contact_fields() -> list[str]:
    return ["name", "email", "message"]


def new_public_id() -> str:
    """Return the name that visitors know a chatbot by; it tells nothing and can't be guessed."""
    return secrets.token_urlsafe(12).replace("-", "a").replace("_", "b")


class Chatbot(models.Model):
    """One bot with its settings."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="chatbots")
    public_id = models.CharField(max_length=32, unique=True, default=new_public_id, editable=False)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    welcome_message = models.TextField(blank=True)
    instructions = models.TextField(blank=True)
    language = models.CharField(max_length=10, blank=True)
    learn_only_use = models.CharField(max_length=10, choices=LearnOnlyUse.choices, default=LearnOnlyUse.STEER)
    allowed_origins = ArrayField(models.CharField(max_length=300), default=list, blank=True)
    suggested_questions = ArrayField(models.CharField(max_length=300), default=list, blank=True)
    is_published = models.BooleanField(default=True)
    tone = models.CharField(max_length=10, choices=Tone.choices, default=Tone.PLAIN)
    unanswered_message = models.TextField(blank=True)  # what a visitor can do next, in the owner's words
    # How it looks on other sites and on its own page.
    accent_colour = models.CharField(max_length=7, default=DEFAULT_ACCENT)  # #rrggbb
    widget_corner = models.CharField(max_length=5, choices=Corner.choices, default=Corner.END)
    # Limits; none of its own means the server's.
    visitor_messages_per_minute = models.PositiveIntegerField(null=True, blank=True)
    visitor_messages_per_day = models.PositiveIntegerField(null=True, blank=True)
    messages_per_day = models.PositiveIntegerField(null=True, blank=True)  # of all visitors together
    longest_message = models.PositiveIntegerField(null=True, blank=True)  # characters
    open_streams = models.PositiveIntegerField(null=True, blank=True)
    # What its language model may use up in a calendar month (UTC); after that answers come by extraction.
    monthly_cost = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    monthly_tokens = models.PositiveBigIntegerField(null=True, blank=True)
    # How visitors reach a person.
    contact_offer = models.CharField(max_length=10, choices=ContactOffer.choices, default=ContactOffer.NEVER)
    contact_fields = ArrayField(models.CharField(max_length=20), default=usual_contact_fields, blank=True)
    consent_text = models.TextField(blank=True)
    contact_email = models.EmailField(blank=True)
    contact_webhook_url = models.CharField(max_length=2000, blank=True)
    contact_webhook_secret = models.CharField(max_length=200, blank=True)
    is_demo = models.BooleanField(default=False)  # made by Tacit, to play with
    # One that is archived or deleted is never published; what it was before comes back with it.
    was_published = models.BooleanField(default=False)
    archived_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(
        null=True, blank=True
    )  # gone for everybody; the owner can take it back for a while
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "name"],
                condition=models.Q(deleted_at__isnull=True),
                name="one_chatbot_per_name",
            ),
            models.CheckConstraint(
                condition=models.Q(is_published=False) | models.Q(archived_at__isnull=True, deleted_at__isnull=True),
                name="put_away_is_offline",
            ),
        ]

    @property
    def audit_subject(self) -> Subject:
        return Subject(
            organization_id=self.organization_id, kind="chatbot", id=self.pk, name=self.name, chatbot_id=self.pk
        )

    @property
    def is_steered(self) -> bool:
        """Whether learn-only sources may influence which citable passages are chosen."""
        return self.learn_only_use != LearnOnlyUse.SEALED


class ModelUsage(models.Model):
    """What a chatbot's language model used up on one day (UTC): the ledger that budgets are kept by.

    `answers` is how many questions the model was asked to answer; some take more than one call.
    """

    chatbot = models.ForeignKey(Chatbot, on_delete=models.CASCADE, related_name="model_usage")
    day = models.DateField()
    answers = models.PositiveIntegerField(default=0)
    input_tokens = models.PositiveBigIntegerField(default=0)
    output_tokens = models.PositiveBigIntegerField(default=0)
    cost = models.DecimalField(max_digits=18, decimal_places=8, default=0)

    class Meta:
        db_table = "model_usage"
        constraints: ClassVar = [models.UniqueConstraint(fields=["chatbot", "day"], name="one_usage_per_day")]


class ReservedUsage(models.Model):
    """What a call of a language model may use up, until it is over and what it did use is in the ledger."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    chatbot = models.ForeignKey(Chatbot, on_delete=models.CASCADE, related_name="+")
    input_tokens = models.PositiveBigIntegerField()
    output_tokens = models.PositiveBigIntegerField()
    cost = models.DecimalField(max_digits=18, decimal_places=8)
    reserved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "reserved_usage"
