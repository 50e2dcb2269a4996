"""Errors that happened, each kind of them once, without what they were about."""

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone


class ErrorOccurrence(models.Model):
    """One kind of error as it was seen: its type, its code and where in our code it came up; no message, no content.

    `organization` is empty for what concerns the whole server. `incident` is the documented one that it matches.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey("accounts.Organization", null=True, on_delete=models.CASCADE, related_name="+")
    fingerprint = models.CharField(max_length=16)
    kind = models.CharField(max_length=12)
    error_type = models.CharField(max_length=200, blank=True)
    code = models.CharField(max_length=60)
    subject = models.CharField(max_length=100, blank=True)
    frames = ArrayField(models.CharField(max_length=300), default=list)
    process = models.CharField(max_length=20)
    count = models.PositiveBigIntegerField(default=1)
    first_seen = models.DateTimeField(default=timezone.now)
    last_seen = models.DateTimeField(default=timezone.now, db_index=True)
    incident = models.PositiveIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["fingerprint", "organization"], nulls_distinct=False, name="each_error_once"
            )
        ]
