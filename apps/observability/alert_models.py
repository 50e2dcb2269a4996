"""What processes say of themselves to the others, what the metrics were, and the alerts that came of it."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone

from apps.accounts.models import Organization


class ProcessNumbers(models.Model):
    """The metrics of one process as it told them last: a list of name, labels and value. No content, ever."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10)
    samples = models.JSONField(default=list)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["updated_at"])]


class MetricsReading(models.Model):
    """What the metrics that a rule watches were at one moment, in the same form."""

    at = models.DateTimeField(unique=True)
    samples = models.JSONField(default=list)


class Alert(models.Model):
    """Something that is wrong, from when it was first seen until it was over.

    One that names a chatbot belongs to its organization; the others are about the server and for all owners on it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, null=True, on_delete=models.CASCADE, related_name="alerts")
    key = models.CharField(max_length=400)
    rule = models.CharField(max_length=100)
    level = models.CharField(max_length=10)
    message = models.TextField()
    labels = models.JSONField(default=dict)
    value = models.FloatField(null=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["key"], condition=models.Q(cleared_at=None), name="one_alert_at_a_time_per_key"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["-first_seen_at"])]
