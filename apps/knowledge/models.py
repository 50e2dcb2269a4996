"""What owners add: sources, their original files, and the documents that came out of them."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone

from apps.accounts.models import User
from apps.chatbots.models import Chatbot


class Disclosure(models.TextChoices):
    CITABLE = "citable", "Citable"
    LEARN_ONLY = "learn_only", "Learn-only"


class SourceKind(models.TextChoices):
    FILE = "file", "File"
    URL = "url", "Web page"
    TEXT = "text", "Text"


class SourceStatus(models.TextChoices):
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Reading"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"


class Source(models.Model):
    """A file, page or text that an owner added.

    `revision` counts uploads; `indexed_revision` is the one whose passages serve. A job works on the revision it finds.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    chatbot = models.ForeignKey(Chatbot, on_delete=models.CASCADE, related_name="sources")
    kind = models.CharField(max_length=4, choices=SourceKind.choices)
    disclosure = models.CharField(max_length=10, choices=Disclosure.choices, default=Disclosure.CITABLE)
    title = models.CharField(max_length=500)
    file_name = models.CharField(max_length=500, blank=True)
    url = models.CharField(max_length=2000, blank=True)
    content_hash = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    status = models.CharField(max_length=7, choices=SourceStatus.choices, default=SourceStatus.QUEUED)
    stage = models.CharField(max_length=20, blank=True)
    progress = models.PositiveSmallIntegerField(default=0)  # per cent
    error_code = models.CharField(max_length=60, blank=True)
    error_message = models.TextField(blank=True)
    warnings = models.JSONField(default=list)
    revision = models.PositiveIntegerField(default=1)
    indexed_revision = models.PositiveIntegerField(default=0)
    document_count = models.PositiveIntegerField(default=0)
    passage_count = models.PositiveIntegerField(default=0)
    added_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["chatbot", "content_hash"]), models.Index(fields=["status"])]


class FilePiece(models.Model):
    """A megabyte of a source's original, kept in the database so that it lives and dies with the source's row."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="pieces")
    revision = models.PositiveIntegerField()
    position = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "revision", "position"], name="one_piece_per_position")
        ]


class Document(models.Model):
    """One text that came out of a source."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="documents")
    position = models.PositiveIntegerField()
    external_id = models.TextField(blank=True)
    title = models.TextField(blank=True)
    url = models.TextField(blank=True)
    language = models.CharField(max_length=8, blank=True)
    text = models.TextField()
    fingerprint = models.CharField(max_length=64)  # of everything its passages are made from
    passage_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["source", "position"])]
