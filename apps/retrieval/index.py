"""The write side of the index: puts passages in, takes them out, moves them between the classes.

Every function works inside the caller's transaction. Term statistics count citable passages only, so that nothing a
visitor can feel depends on learn-only ones.
"""

import math
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import Field
from pgvector import HalfVector, SparseVector
from pgvector.psycopg import register_vector

from apps.core.chunking import Chunk, pack_layout
from apps.core.embedding_service import Vector
from apps.core.error_handling import ConflictError
from apps.retrieval.lexical import analyze, term_weights
from apps.retrieval.models import (
    TERM_SPACE,
    CitablePassage,
    EmbeddingSpace,
    IndexStatistics,
    LearnOnlyPassage,
    Passage,
    TermStatistic,
)

FIRST_AVERAGE_LENGTH = 150.0  # tokens; what a passage of the usual size has, until a chatbot has its own average
STEP = 1.2  # between the average lengths that weights are made with; in between, they stay as they are
BATCH = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexedDocument:
    """A document's passages with their vectors, ready to be written."""

    document_id: uuid.UUID
    source_id: uuid.UUID
    external_id: str
    title: str = field(repr=False)
    url: str = field(repr=False)
    language: str
    chunks: Sequence[Chunk] = field(repr=False)
    vectors: Sequence[Vector] = field(repr=False)


def searchable_text(*, title: str, heading_path: Sequence[str], text: str) -> str:
    """Return what a passage is found by: where it stands, then what it says."""
    headings = [heading for heading in heading_path if heading != title and not text.startswith(heading)]
    return "\n".join(part for part in (title, " › ".join(headings), text) if part)


def table_of(citable: bool) -> type[Passage]:
    return CitablePassage if citable else LearnOnlyPassage


def space_in_use(chatbot_id: uuid.UUID) -> EmbeddingSpace | None:
    """Return the embedding space of a chatbot's passages, or None when it has none of either class."""
    statistics = IndexStatistics.objects.filter(pk=chatbot_id).select_related("space").first()
    tables: tuple[type[Passage], ...] = (CitablePassage, LearnOnlyPassage)
    empty = not any(model._default_manager.filter(chatbot_id=chatbot_id).exists() for model in tables)
    return None if statistics is None or empty else statistics.space


def lock_statistics(chatbot_id: uuid.UUID, space: EmbeddingSpace) -> IndexStatistics:
    """Return a chatbot's statistics, locked: writers of one chatbot go one after another."""
    IndexStatistics.objects.get_or_create(chatbot_id=chatbot_id, defaults={"space": space})
    statistics = IndexStatistics.objects.select_for_update().get(chatbot_id=chatbot_id)
    if statistics.space_id != space.pk and space_in_use(chatbot_id) is None:
        statistics.space = space
        statistics.save(update_fields=["space"])
    return statistics


def write(*, chatbot_id: uuid.UUID, space: EmbeddingSpace, citable: bool, documents: Sequence[IndexedDocument]) -> None:
    """Replace everything the index holds of these documents.

    `space` is that of their vectors. Raises ConflictError when the chatbot's passages are in another one.
    """
    statistics = lock_statistics(chatbot_id, space)
    if statistics.space_id != space.pk:
        raise ConflictError("This chatbot's passages were made with another embedding model. Add the source again.")
    remove(chatbot_id=chatbot_id, document_ids=[document.document_id for document in documents])
    model = table_of(citable)
    tokens = [tokens_of(document) for document in documents]
    if citable and not statistics.average_length:
        begin_average(statistics, tokens)
    passages = [
        make_passage(statistics, model, document, position, passage)
        for document, of_document in zip(documents, tokens, strict=True)
        for position, passage in enumerate(of_document)
    ]
    copy_in(model, passages)
    if citable:
        count(chatbot_id, passages, sign=1)
        update_languages(chatbot_id)


COLUMN_TYPES = {
    "HalfVectorField": "halfvec",
    "SparseVectorField": "sparsevec",
    "UUIDField": "uuid",
    "ForeignKey": "uuid",
    "PositiveIntegerField": "int4",
    "DateTimeField": "timestamptz",
    "TextField": "text",
    "CharField": "varchar",
}


def copy_in(model: type[Passage], passages: Sequence[Passage]) -> None:
    """Insert passages by binary COPY, which costs a third of what INSERT does with vectors written out as text."""
    fields = model._meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    types = [column_type(field) for field in fields]
    register_vector(connection.connection)  # before the cursor is made, which copies what its connection knows
    statement = f"COPY {model._meta.db_table} ({columns}) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(types)
        for passage in passages:
            copy.write_row([getattr(passage, field.attname) for field in fields])


def column_type(field: "Field[Any, Any]") -> str:
    """Return a column's type as PostgreSQL calls it."""
    if field.name == "space":
        return "int2"
    if isinstance(field, ArrayField):
        return "int4[]" if field.base_field.get_internal_type() == "IntegerField" else "text[]"
    return COLUMN_TYPES[field.get_internal_type()]


def tokens_of(document: IndexedDocument) -> list[list[str]]:
    """Return the tokens of each of a document's passages."""
    return [
        terms_of(
            document.title,
            searchable_text(title=document.title, heading_path=chunk.heading_path, text=chunk.text),
            document.language,
        )
        for chunk in document.chunks
    ]


def begin_average(statistics: IndexStatistics, tokens: Sequence[Sequence[Sequence[str]]]) -> None:
    """Take the first citable passages' length for the chatbot's average, which spares weighing them again."""
    lengths = [len(passage) for document in tokens for passage in document]
    if lengths:
        statistics.average_length = nearest_step(sum(lengths) / len(lengths))
        statistics.save(update_fields=["average_length"])
        reweigh(LearnOnlyPassage, statistics.chatbot_id, statistics.average_length)


def make_passage(
    statistics: IndexStatistics,
    model: type[Passage],
    document: IndexedDocument,
    position: int,
    tokens: Sequence[str],
) -> Passage:
    """Return the row of one chunk, in the chatbot's embedding space and weighed by its average length."""
    chunk = document.chunks[position]
    length = statistics.average_length or FIRST_AVERAGE_LENGTH
    weights = term_weights(tokens, average_length=length)
    return model(
        chatbot_id=statistics.chatbot_id,
        space_id=statistics.space_id,
        source_id=document.source_id,
        document_id=document.document_id,
        position=position,
        external_id=document.external_id,
        title=document.title,
        url=document.url,
        heading_path=list(chunk.heading_path),
        language=document.language,
        page=chunk.page,
        start=chunk.start,
        end=chunk.end,
        text=chunk.text,
        layout=pack_layout(chunk.layout),
        token_count=len(tokens),
        embedding=HalfVector(document.vectors[position]),
        terms=sparse(weights),
        term_ids=sorted(weights),
    )


def terms_of(title: str, text: str, language: str) -> list[str]:
    """Return the tokens of a passage; the title's count twice, since it says what the whole is about."""
    return analyze(title, language) + analyze(text, language)


def sparse(weights: dict[int, float]) -> SparseVector:
    """Return term weights as pgvector takes them; terms count from 1, its Python class from 0."""
    return SparseVector({term - 1: weight for term, weight in weights.items()}, TERM_SPACE)


def remove(*, chatbot_id: uuid.UUID, document_ids: Iterable[uuid.UUID]) -> None:
    """Take documents out of the index, whichever class they are in."""
    ids = list(document_ids)
    if not ids:
        return
    gone = CitablePassage.objects.filter(chatbot_id=chatbot_id, document_id__in=ids)
    count(chatbot_id, gone.only("term_ids", "token_count").iterator(chunk_size=BATCH), sign=-1)
    if gone.delete()[0]:
        update_languages(chatbot_id)
    LearnOnlyPassage.objects.filter(chatbot_id=chatbot_id, document_id__in=ids).delete()


def move(*, chatbot_id: uuid.UUID, source_id: uuid.UUID, citable: bool) -> None:
    """Move a source's passages into the other class's table."""
    move_where("source_id", [source_id], chatbot_id=chatbot_id, citable=citable)


def move_documents(*, chatbot_id: uuid.UUID, document_ids: Iterable[uuid.UUID], citable: bool) -> None:
    """Move some documents' passages into the other class's table, whatever class their sources have."""
    if ids := list(document_ids):
        move_where("document_id", ids, chatbot_id=chatbot_id, citable=citable)


def move_where(column: str, ids: list[uuid.UUID], *, chatbot_id: uuid.UUID, citable: bool) -> None:
    old, new = table_of(not citable), table_of(citable)
    columns = ", ".join(f'"{column.column}"' for column in CitablePassage._meta.concrete_fields)
    statistics = IndexStatistics.objects.select_for_update().filter(pk=chatbot_id).first()
    if statistics is None:
        return
    moving = old._default_manager.filter(chatbot_id=chatbot_id, **{f"{column}__in": ids})
    count(chatbot_id, moving.only("term_ids", "token_count").iterator(chunk_size=BATCH), sign=1 if citable else -1)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH moved AS (DELETE FROM {old._meta.db_table} WHERE chatbot_id = %s AND {column} = ANY(%s)"  # noqa: S608  # our own names
            f" RETURNING {columns}) INSERT INTO {new._meta.db_table} ({columns}) SELECT {columns} FROM moved",
            [chatbot_id, ids],
        )
    update_languages(chatbot_id)


def rename(*, chatbot_id: uuid.UUID, document_id: uuid.UUID, title: str) -> None:
    """Show a document under another title; it is found by its old one until it is read again."""
    for model in (CitablePassage, LearnOnlyPassage):
        model._default_manager.filter(chatbot_id=chatbot_id, document_id=document_id).update(title=title)


def update_languages(chatbot_id: uuid.UUID) -> None:
    """Note the languages of a chatbot's citable passages: its visitors' questions are analysed in each of them."""
    passages = CitablePassage.objects.filter(chatbot_id=chatbot_id).exclude(language="")
    languages = sorted(passages.values_list("language", flat=True).distinct())
    IndexStatistics.objects.filter(pk=chatbot_id).exclude(languages=languages).update(languages=languages)


def count(chatbot_id: uuid.UUID, passages: Iterable[Passage], *, sign: int) -> None:
    """Add passages to the term statistics, or take them out with `sign` -1."""
    frequencies: Counter[int] = Counter()
    number = tokens = 0
    for passage in passages:
        number += 1
        tokens += passage.token_count
        frequencies.update(passage.term_ids)
    if not number:
        return
    terms = sorted(frequencies)  # in one order everywhere, so that two writers can't wait for each other
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO term_statistic AS s (chatbot_id, term, document_frequency)"
            " SELECT %s, unnest(%s::int[]), unnest(%s::int[]) ON CONFLICT (chatbot_id, term)"
            " DO UPDATE SET document_frequency = s.document_frequency + EXCLUDED.document_frequency",
            [chatbot_id, terms, [sign * frequencies[term] for term in terms]],
        )
        cursor.execute(
            "UPDATE index_statistics SET passages = passages + %s, tokens = tokens + %s WHERE chatbot_id = %s",
            [sign * number, sign * tokens, chatbot_id],
        )
    if sign < 0:
        TermStatistic.objects.filter(chatbot_id=chatbot_id, document_frequency__lte=0).delete()


def settle(chatbot_id: uuid.UUID) -> bool:
    """Make the term weights anew when the average length has moved to another step. Return whether it was needed.

    So weights depend on which citable passages there are, and not on the order in which they came.
    """
    statistics = IndexStatistics.objects.select_for_update().filter(pk=chatbot_id).first()
    if statistics is None or not statistics.passages:
        return False
    average = nearest_step(statistics.tokens / statistics.passages)
    if average == statistics.average_length:
        return False
    for model in (CitablePassage, LearnOnlyPassage):
        reweigh(model, chatbot_id, average)
    IndexStatistics.objects.filter(pk=chatbot_id).update(average_length=average)
    return True


def nearest_step(average: float) -> float:
    """Return the power of `STEP` that is nearest to an average length in tokens."""
    return float(STEP ** round(math.log(max(average, 1.0), STEP)))


def reweigh(model: type[Passage], chatbot_id: uuid.UUID, average: float) -> None:
    """Make the term weights of a chatbot's passages for a new average length."""
    changed: list[Passage] = []
    for passage in model._default_manager.filter(chatbot_id=chatbot_id).defer("embedding").iterator(chunk_size=BATCH):
        text = searchable_text(title=passage.title, heading_path=passage.heading_path, text=passage.text)
        tokens = terms_of(passage.title, text, passage.language)
        passage.terms = sparse(term_weights(tokens, average_length=average))
        changed.append(passage)
        if len(changed) == BATCH:
            model._default_manager.bulk_update(changed, ["terms"])
            changed.clear()
    model._default_manager.bulk_update(changed, ["terms"])


def vectors_of(*, chatbot_id: uuid.UUID, space: EmbeddingSpace, document_ids: Iterable[uuid.UUID]) -> dict[str, Vector]:
    """Return the vectors that documents have in the index, by the text they were made from."""
    ids = list(document_ids)
    if not ids:
        return {}
    known: dict[str, Vector] = {}
    for model in (CitablePassage, LearnOnlyPassage):
        rows = model._default_manager.filter(chatbot_id=chatbot_id, space=space, document_id__in=ids)
        for passage in rows.only("title", "heading_path", "text", "embedding").iterator(chunk_size=BATCH):
            text = searchable_text(title=passage.title, heading_path=passage.heading_path, text=passage.text)
            known[text] = np.asarray(passage.embedding, dtype=np.float32)
    return known
