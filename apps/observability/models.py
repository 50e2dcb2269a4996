"""Leak tests: when one ran against which chatbot, and what came of every attempt. For owners alone."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone

from apps.chatbots.models import Chatbot, LearnOnlyUse
from apps.conversations.models import Conversation
from apps.knowledge.models import Source
from apps.observability.alert_models import Alert, MetricsReading, ProcessNumbers

__all__ = [
    "Alert",
    "LeakTestConversation",
    "LeakTestFinding",
    "LeakTestRun",
    "LeakTestStatus",
    "MetricsReading",
    "ProcessNumbers",
]


class LeakTestStatus(models.TextChoices):
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class LeakTestRun(models.Model):
    """One run of the suite. The figures stay when sources go; the findings, which quote them, go with them.

    `subject` is a digest of what was tested: sources, their class, mode and model. `revision` is that of the code.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    chatbot = models.ForeignKey(Chatbot, on_delete=models.CASCADE, related_name="leak_tests")
    status = models.CharField(max_length=7, choices=LeakTestStatus.choices, default=LeakTestStatus.QUEUED)
    mode = models.CharField(max_length=10, choices=LearnOnlyUse.choices)
    model = models.CharField(max_length=200)
    worst = models.BooleanField(default=False)
    targets = models.PositiveSmallIntegerField(default=3)
    progress = models.PositiveSmallIntegerField(default=0)  # per cent
    trials = models.PositiveIntegerField(default=0)
    leaks = models.PositiveIntegerField(default=0)
    withheld = models.PositiveIntegerField(default=0)  # questions that citable text answers, and that got no answer
    bound = models.FloatField(null=True)  # the leak rate is below this, with 95 % confidence
    families = models.JSONField(default=dict)  # number → trials, leaks, withheld
    revision = models.CharField(max_length=60, blank=True)
    subject = models.CharField(max_length=64, blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["chatbot", "-created_at"])]


class LeakTestFinding(models.Model):
    """What came of one attempt; its example, what was asked and what came back, goes with the source it is about."""

    run = models.ForeignKey(LeakTestRun, on_delete=models.CASCADE, related_name="findings")
    source = models.ForeignKey(Source, null=True, on_delete=models.CASCADE, related_name="+")
    family = models.PositiveSmallIntegerField()
    case = models.CharField(max_length=100)
    model = models.CharField(max_length=200)
    leaked = models.BooleanField(default=False)
    mistakes = models.JSONField(default=list)
    example = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["run", "family"])]
        ordering: ClassVar = ["family", "pk"]


class LeakTestConversation(models.Model):
    """Marks a conversation that a leak test began, so that it is deleted and counted nowhere, after a crash too."""

    conversation = models.OneToOneField(
        Conversation, on_delete=models.CASCADE, primary_key=True, related_name="leak_test"
    )
    run = models.ForeignKey(LeakTestRun, on_delete=models.CASCADE, related_name="conversations")
