"""The index: citable and learn-only passages in tables of their own, and the term statistics of the citable ones.

The visitor login may read `CitablePassage`, `TermStatistic`, `IndexStatistics` and where a `SteeringHint` leads, each
under row-level security by chatbot, and has no privilege on `LearnOnlyPassage`. Few modules know `LearnOnlyPassage`;
scripts/check_repository.py lists them.
"""

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from pgvector.django import HalfVectorField, SparseVectorField

from apps.chatbots.models import Chatbot

TERM_SPACE = 1_000_000_000  # the largest size of a sparsevec; terms are hashed into it


class EmbeddingSpace(models.Model):
    """What vectors of one model and size have in common; only vectors of one space can be compared."""

    id = models.SmallAutoField(primary_key=True)
    name = models.CharField(max_length=200, unique=True)
    spec = models.CharField(max_length=200)  # what TACIT_EMBEDDING_MODEL was, so that its model can be made again
    dimensions = models.PositiveIntegerField()

    class Meta:
        db_table = "embedding_space"


class Passage(models.Model):
    """A chunk of a document with its place and its two vectors.

    `document_id` and `source_id` are no foreign keys: the index lies below knowledge and knows nothing of its tables.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    chatbot = models.ForeignKey(Chatbot, on_delete=models.CASCADE, related_name="+")
    source_id = models.UUIDField(db_index=True)
    document_id = models.UUIDField(db_index=True)
    space = models.ForeignKey(EmbeddingSpace, on_delete=models.PROTECT, related_name="+", db_index=False)
    position = models.PositiveIntegerField()
    external_id = models.TextField(blank=True)
    title = models.TextField(blank=True)
    url = models.TextField(blank=True)
    heading_path = ArrayField(models.TextField(), default=list)
    language = models.CharField(max_length=8, blank=True)
    page = models.PositiveIntegerField(null=True)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    text = models.TextField()
    # Which blocks the text consists of (apps/core/chunking/layout.py); empty where it was read before this was kept.
    layout = ArrayField(models.IntegerField(), default=list, db_default=[])
    token_count = models.PositiveIntegerField()
    embedding = HalfVectorField()  # without dimensions: a bot may hold passages of two spaces while it moves
    terms = SparseVectorField(dimensions=TERM_SPACE)
    term_ids = ArrayField(models.IntegerField())  # the same terms without weights, for the index of a large chatbot
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True


class CitablePassage(Passage):
    """A passage that visitors may see quoted."""

    class Meta:
        db_table = "citable_passage"


class LearnOnlyPassage(Passage):
    """A passage that no visitor may ever learn of."""

    class Meta:
        db_table = "learn_only_passage"


class IndexStatistics(models.Model):
    """What the search of one chatbot needs to know of its citable passages as a whole."""

    chatbot = models.OneToOneField(Chatbot, on_delete=models.CASCADE, primary_key=True, related_name="+")
    space = models.ForeignKey(EmbeddingSpace, on_delete=models.PROTECT, related_name="+")
    passages = models.PositiveIntegerField(default=0)
    tokens = models.PositiveBigIntegerField(default=0)
    average_length = models.FloatField(default=0)  # the one that the passages' term weights were made with
    languages = ArrayField(models.CharField(max_length=8), default=list)
    indexed = models.BooleanField(default=False)  # large enough to have indexes of its own

    class Meta:
        db_table = "index_statistics"


class TermStatistic(models.Model):
    """In how many citable passages of a chatbot a term stands."""

    pk = models.CompositePrimaryKey("chatbot_id", "term")
    # The primary key serves; given an index on this column alone, the planner read every term of a chatbot by it.
    chatbot = models.ForeignKey(Chatbot, on_delete=models.CASCADE, related_name="+", db_index=False)
    term = models.IntegerField()
    document_frequency = models.IntegerField()

    class Meta:
        db_table = "term_statistic"
        indexes: ClassVar = []


class SteeringHint(models.Model):
    """A learn-only passage's vector and the citable passage that answers the same questions.

    The visitor login sees no column that tells of the learn-only passage. The database deletes a hint together with
    the passage at either end.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    chatbot = models.ForeignKey(Chatbot, on_delete=models.CASCADE, related_name="+")
    space = models.ForeignKey(EmbeddingSpace, on_delete=models.PROTECT, related_name="+", db_index=False)
    citable_passage_id = models.UUIDField(db_index=True)
    learn_only_passage_id = models.UUIDField(db_index=True)
    weight = models.FloatField()
    embedding = HalfVectorField()

    class Meta:
        db_table = "steering_hint"


class RemovedSteeringLink(models.Model):
    """A link that the owner removed, by a hash of both its texts: it does not come back with the next ingest."""

    chatbot = models.ForeignKey(Chatbot, on_delete=models.CASCADE, related_name="+")
    link_hash = models.CharField(max_length=64)

    class Meta:
        db_table = "removed_steering_link"
        constraints: ClassVar = [models.UniqueConstraint(fields=["chatbot", "link_hash"], name="one_removal_per_link")]


class LearnOnlyGuard(models.Model):
    """What a chatbot's answers may not hold: fingerprints and terms of its learn-only passages, for the owner's login.

    The database raises `wanted` with every change of the chatbot's passages, of either class; a guard whose `made_from`
    is another number is out of date.
    """

    chatbot = models.OneToOneField(Chatbot, on_delete=models.CASCADE, primary_key=True, related_name="+")
    wanted = models.BigIntegerField(default=1)
    made_from = models.BigIntegerField(default=0)
    format = models.PositiveSmallIntegerField(default=0)
    runs = models.BinaryField(default=b"")
    shifts = models.BinaryField(default=b"")
    terms = models.JSONField(default=dict)

    class Meta:
        db_table = "learn_only_guard"


class PrivacyAlarm(models.Model):
    """The negative gate stopped an answer, or found afterwards something in one that should not be there.

    `hits` are rules, hashes, views and positions; no text. `message_id` is no foreign key: messages lie above.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    chatbot = models.ForeignKey(Chatbot, on_delete=models.CASCADE, related_name="+")
    message_id = models.UUIDField(null=True, db_index=True)
    mode = models.CharField(max_length=10)
    stopped = models.BooleanField()  # before anything of it was sent
    hits = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "privacy_alarm"
        indexes: ClassVar = [models.Index(fields=["chatbot", "-created_at"], name="privacy_ala_chatbot_idx")]
