"""What owners add: sources, their original files, and the documents that came out of them."""

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone

from apps.accounts.audit import Subject
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
    CANCELLED = "cancelled", "Cancelled"


class Source(models.Model):
    """A file, page or text that an owner added.

    `revision` counts uploads; `indexed_revision` is the one whose passages serve. A job works on the revision it finds.
    What is cancelled gets a new revision that counts as indexed, so that the run under way ends and no job begins one.
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
    status = models.CharField(max_length=10, choices=SourceStatus.choices, default=SourceStatus.QUEUED)
    stage = models.CharField(max_length=20, blank=True)
    progress = models.PositiveSmallIntegerField(default=0)  # per cent
    error_code = models.CharField(max_length=60, blank=True)
    error_message = models.TextField(blank=True)
    warnings = models.JSONField(default=list)
    both_accepted = models.BooleanField(default=False)  # visitors may see it although a learn-only one says the same
    revision = models.PositiveIntegerField(default=1)
    indexed_revision = models.PositiveIntegerField(default=0)
    document_count = models.PositiveIntegerField(default=0)
    passage_count = models.PositiveIntegerField(default=0)
    added_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["chatbot", "content_hash"]), models.Index(fields=["status"])]

    @property
    def audit_subject(self) -> Subject:
        organization_id = self.chatbot.organization_id
        return Subject(
            organization_id=organization_id, kind="source", id=self.pk, name=self.title, chatbot_id=self.chatbot_id
        )


class RemovedSource(models.Model):
    """What is kept, for an hour, of a source that was deleted: enough to add it again as it was.

    The source's row, documents and passages are gone at once; nothing but its owners' page of sources knows of this.
    """

    id = models.UUIDField(primary_key=True, editable=False)  # the source's
    chatbot = models.ForeignKey(Chatbot, on_delete=models.CASCADE, related_name="removed_sources")
    kind = models.CharField(max_length=4, choices=SourceKind.choices)
    disclosure = models.CharField(max_length=10, choices=Disclosure.choices)
    title = models.CharField(max_length=500)
    file_name = models.CharField(max_length=500, blank=True)
    url = models.CharField(max_length=2000, blank=True)
    content_hash = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    both_accepted = models.BooleanField(default=False)
    revision = models.PositiveIntegerField()
    added_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()  # when the source was added
    removed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["removed_at"])]

    @property
    def audit_subject(self) -> Subject:
        organization_id = self.chatbot.organization_id
        return Subject(
            organization_id=organization_id, kind="source", id=self.pk, name=self.title, chatbot_id=self.chatbot_id
        )


class FilePiece(models.Model):
    """A megabyte of a source's original, kept in the database so that it lives and dies with the source's row.

    It belongs to a source, or to what is kept of a removed one, and changes hands without being copied.
    """

    source = models.ForeignKey(Source, null=True, on_delete=models.CASCADE, related_name="pieces")
    removed = models.ForeignKey(RemovedSource, null=True, on_delete=models.CASCADE, related_name="pieces")
    revision = models.PositiveIntegerField()
    position = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "revision", "position"], name="one_piece_per_position"),
            models.CheckConstraint(
                condition=models.Q(source__isnull=False, removed__isnull=True)
                | models.Q(source__isnull=True, removed__isnull=False),
                name="a_piece_has_one_owner",
            ),
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
    # By these numbers texts that are nearly the same find each other.
    bands = ArrayField(models.BigIntegerField(), default=list)
    # The learn-only document that says the same, because of which this citable one is withheld. No constraint: when the
    # twin goes, what is withheld is looked at anew in the same transaction.
    twin = models.ForeignKey(
        "self", null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="withheld"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["source", "position"]),
            # Without a list of entries that are still to be sorted in, which every look-up would have to read.
            GinIndex(fields=["bands"], name="documents_by_band", fastupdate=False),
        ]
