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
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["organization", "name"], name="one_chatbot_per_name")]

    @property
    def audit_subject(self) -> Subject:
        return Subject(
            organization_id=self.organization_id, kind="chatbot", id=self.pk, name=self.name, chatbot_id=self.pk
        )

    @property
    def is_steered(self) -> bool:
        """Whether learn-only sources may influence which citable passages are chosen."""
        return self.learn_only_use != LearnOnlyUse.SEALED
