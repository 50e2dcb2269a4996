"""THE INGEST FLOW: a source is read, extracted, cut into chunks, embedded and written to the index.

    claim → original → extract → chunk → embed → write → link → finish

A thread embeds the next documents while these are written. Each document is written in one transaction that holds the
source's row, so a kill at any point leaves whole documents: the next run skips what is there with the same fingerprint
and goes on. What an earlier revision put into the index serves until its documents are replaced.
"""

import hashlib
import io
import json
import uuid
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import Q, Sum
from numpy.typing import NDArray

from apps.core.chunking import Block, Chunk, chunk_blocks, chunk_semantically, pack_layout
from apps.core.embedding_service import EmbeddingService, Vector
from apps.core.error_handling import EmptyDocumentError, TacitError
from apps.core.monitoring import timed, timing, track_metric
from apps.knowledge import both_classes, originals
from apps.knowledge.extraction import ExtractedDocument, ExtractedFile, ExtractionLimits, extract_safely
from apps.knowledge.guarded_fetching import SITES
from apps.knowledge.likeness import bands_of
from apps.knowledge.models import Disclosure, Document, Source, SourceKind, SourceStatus
from apps.retrieval import guard, index, steering
from apps.retrieval.languages import detect_language
from apps.retrieval.models import EmbeddingSpace
from apps.retrieval.providers import embeddings_for, space_of

PASSAGES_AT_ONCE = 64
FLOW_VERSION = "2"  # part of every fingerprint: a change of chunking makes documents again


class SupersededError(Exception):
    """The source was deleted or replaced while this run worked on it; another job sees to it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChunkedDocument:
    """A document's text and chunks, before they have vectors."""

    position: int
    extracted: ExtractedDocument
    language: str
    fingerprint: str
    text: str = field(repr=False)
    chunks: Sequence[Chunk] = field(repr=False)

    def key(self) -> str:
        """What tells this document from the others of its source: its own id where it has one, else its place."""
        return self.extracted.external_id or f"#{self.position}"

    def passages(self) -> list[str]:
        """What each chunk is found by."""
        title = self.extracted.title
        return [
            index.searchable_text(title=title, heading_path=chunk.heading_path, text=chunk.text)
            for chunk in self.chunks
        ]


@dataclass(frozen=True, kw_only=True, slots=True)
class EmbeddedBatch:
    """Documents, and the vectors of those of their passages that are new, by the text they were made from."""

    documents: Sequence[ChunkedDocument]
    vectors: dict[str, Vector] = field(repr=False)


def ingest_source(source_id: str) -> None:
    """Bring one source into the index. Raises TacitError when it can't be read; running it again does no harm."""
    source = claim(source_id)
    if source is None:
        return
    try:
        embeddings, space = embedding_of(source)
        with original(source) as path:
            extracted = extract(source, path)
        kept: set[uuid.UUID] = set()
        chunked = batches(chunk(source, extracted, embeddings))
        with closing(embedded(source, chunked, embeddings, space)) as done:
            for batch in done:
                kept |= write(source, batch, space)
                report(source, "embedding", share=(batch.documents[-1].position + 1) / len(extracted.documents))
        with timing("tacit_ingest_stage_seconds", stage="link"):
            steering.relink(source.chatbot_id, source.pk)
        finish(source, extracted, kept)
    except SupersededError:
        return


def claim(source_id: str) -> Source | None:
    """Return the source as running, or None when it is gone or this revision is in the index already."""
    with transaction.atomic():
        source = Source.objects.select_for_update().filter(pk=source_id).first()
        if source is None or source.indexed_revision == source.revision:
            return None
        source.status, source.stage, source.progress = SourceStatus.RUNNING, "reading", 0
        source.error_code = source.error_message = ""
        source.save(update_fields=["status", "stage", "progress", "error_code", "error_message", "updated_at"])
    return source


def embedding_of(source: Source) -> tuple[EmbeddingService, EmbeddingSpace]:
    """Return the model of the chatbot's embedding space; an empty chatbot gets the configured one."""
    service = embeddings_for(index.space_in_use(source.chatbot_id))
    return service, space_of(service)


@contextmanager
def original(source: Source) -> Iterator[Path]:
    """Give the source's file, which for a web page is fetched and kept first."""
    if source.kind == SourceKind.URL:
        page = SITES.fetch(source.url, allowed_hosts=settings.FETCH_ALLOWED_HOSTS)
        with held(source) as row:
            row.content_hash, row.size = originals.measure(io.BytesIO(page.body), limit=settings.MAX_UPLOAD_BYTES)
            row.file_name = page.file_name[:500]
            row.pieces.all().delete()
            originals.store(row, io.BytesIO(page.body))
            row.save(update_fields=["content_hash", "size", "file_name", "updated_at"])
        source.file_name, source.size = row.file_name, row.size
    with originals.on_disk(source) as path:
        yield path


@timed("tacit_ingest_stage_seconds", stage="extract")
def extract(source: Source, path: Path) -> ExtractedFile:
    """Return the documents in the file, read in a child process within limits."""
    limits = ExtractionLimits(
        wall_seconds=3 * settings.EXTRACTION_SECONDS,  # a busy machine must not cut a long document short
        cpu_seconds=settings.EXTRACTION_SECONDS,
        memory_bytes=settings.EXTRACTION_MEMORY_MB * 1024 * 1024,
        pages=settings.EXTRACTION_MAX_PAGES,
    )
    extracted = extract_safely(path, file_name=source.file_name, limits=limits)
    if not any(document.blocks for document in extracted.documents):
        raise EmptyDocumentError
    report(source, "reading", share=1.0)
    return extracted


def chunk(source: Source, extracted: ExtractedFile, embeddings: EmbeddingService) -> Iterator[ChunkedDocument]:
    """Yield the documents that have text, cut into chunks."""
    for position, document in enumerate(extracted.documents):
        text, chunks = cut(document.blocks, embeddings)
        if not chunks:
            continue
        named = named_document(source, document, alone=len(extracted.documents) == 1)
        language = document.language or detect_language(text)
        yield ChunkedDocument(
            position=position, extracted=named, language=language, text=text, chunks=chunks,
            fingerprint=fingerprint(named, text, chunks, embeddings.name),
        )  # fmt: skip


@timed("tacit_ingest_stage_seconds", stage="chunk")
def cut(blocks: Sequence[Block], embeddings: EmbeddingService) -> tuple[str, list[Chunk]]:
    """Return a document's text and its chunks, cut as TACIT_CHUNKING says."""
    if settings.CHUNKING == "structure":
        return chunk_blocks(blocks)

    def embed_sentences(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([result.vector for result in embeddings.embed_documents(texts)])

    return chunk_semantically(blocks, embed_sentences)


def named_document(source: Source, document: ExtractedDocument, *, alone: bool) -> ExtractedDocument:
    """Return the document under the title its owner gave it, else its own, else the file's name."""
    given = source.title not in {source.file_name, source.url} or source.kind == SourceKind.TEXT
    title = source.title if alone and (given or not document.title) else document.title
    return ExtractedDocument(
        title=title, blocks=document.blocks, external_id=document.external_id,
        url=document.url or (source.url if alone else ""), language=document.language,
    )  # fmt: skip


def fingerprint(document: ExtractedDocument, text: str, chunks: Sequence[Chunk], space: str) -> str:
    """Return a hash of everything that a document's passages are made from."""
    parts = [
        FLOW_VERSION, space, document.title, document.external_id, document.url, text,
        [(chunk.start, chunk.end, chunk.page, chunk.heading_path, pack_layout(chunk.layout)) for chunk in chunks],
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def batches(documents: Iterator[ChunkedDocument]) -> Iterator[list[ChunkedDocument]]:
    """Gather documents until their passages fill the embedder."""
    batch: list[ChunkedDocument] = []
    size = 0
    for document in documents:
        batch.append(document)
        size += len(document.chunks)
        if size >= PASSAGES_AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def embedded(
    source: Source, batches: Iterator[list[ChunkedDocument]], embeddings: EmbeddingService, space: EmbeddingSpace
) -> Generator[EmbeddedBatch, None, None]:
    """Yield each batch with its vectors; a thread makes those of the next one meanwhile."""
    embedder = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedder")
    try:
        waiting: tuple[list[ChunkedDocument], Future[dict[str, Vector]]] | None = None
        for batch in batches:
            new, known = what_is_new(source, batch, space)
            vectors = embedder.submit(embed, embeddings, new, known)
            if waiting is not None:
                yield EmbeddedBatch(documents=waiting[0], vectors=waiting[1].result())
            waiting = batch, vectors
        if waiting is not None:
            yield EmbeddedBatch(documents=waiting[0], vectors=waiting[1].result())
    finally:
        embedder.shutdown(cancel_futures=True)


def what_is_new(
    source: Source, batch: Sequence[ChunkedDocument], space: EmbeddingSpace
) -> tuple[list[ChunkedDocument], dict[str, Vector]]:
    """Return the documents that are not in the index as they are, and the vectors that it has of their passages."""
    there = rows_of(source, batch)
    new = [document for document in batch if not is_same(there.get(document.key()), document)]
    changed = [there[document.key()].pk for document in new if document.key() in there]
    return new, index.vectors_of(chatbot_id=source.chatbot_id, space=space, document_ids=changed)


def is_same(row: Document | None, document: ChunkedDocument) -> bool:
    return row is not None and row.fingerprint == document.fingerprint


@timed("tacit_ingest_stage_seconds", stage="write")
def write(source: Source, batch: EmbeddedBatch, space: EmbeddingSpace) -> set[uuid.UUID]:
    """Put what is new in these documents into the index in one transaction, and return the ids of all."""
    with held(source) as row:
        both_classes.lock(row.chatbot_id)
        there = rows_of(row, batch.documents)
        last = {document.key(): document for document in batch.documents}  # of two with one id, the later one holds
        changed = [document for key, document in last.items() if not is_same(there.get(key), document)]
        rows = save_documents(row, changed, there)
        index.write(
            chatbot_id=row.chatbot_id, space=space, citable=row.disclosure == Disclosure.CITABLE,
            documents=[
                indexed(row, made.pk, document, batch.vectors) for made, document in zip(rows, changed, strict=True)
            ],
        )  # fmt: skip
        both_classes.settle(row.chatbot_id, [made.pk for made in rows])
    return {one.pk for one in (*there.values(), *rows)}


def rows_of(source: Source, batch: Sequence[ChunkedDocument]) -> dict[str, Document]:
    """Return what the source's documents of these keys are now."""
    by_id = Q(external_id__in=[document.extracted.external_id for document in batch if document.extracted.external_id])
    by_place = Q(external_id="", position__in=[document.position for document in batch])
    rows = Document.objects.filter(by_id | by_place, source=source).defer("text")
    return {row.external_id or f"#{row.position}": row for row in rows}


@timed("tacit_ingest_stage_seconds", stage="embed")
def embed(
    embeddings: EmbeddingService, documents: Sequence[ChunkedDocument], known: dict[str, Vector]
) -> dict[str, Vector]:
    """Return a vector for every passage text; those known from before are not made again."""
    wanted = {text: None for document in documents for text in document.passages()}
    new = [text for text in wanted if text not in known]
    track_metric("tacit_cache_requests_total", len(new), {"cache": "vectors", "result": "miss"})
    track_metric("tacit_cache_requests_total", len(wanted) - len(new), {"cache": "vectors", "result": "hit"})
    made = embeddings.embed_documents(new) if new else []
    return known | {text: result.vector for text, result in zip(new, made, strict=True)}


def save_documents(source: Source, documents: Sequence[ChunkedDocument], there: dict[str, Document]) -> list[Document]:
    """Write the documents' rows and return them; the id of one that changes stays the same."""
    rows = [there.get(document.key()) or Document(source=source) for document in documents]
    for row, document in zip(rows, documents, strict=True):
        row.position = document.position
        row.external_id, row.title, row.url = (
            document.extracted.external_id, document.extracted.title, document.extracted.url,
        )  # fmt: skip
        row.language, row.text, row.fingerprint = document.language, document.text, document.fingerprint
        row.bands = bands_of(document.text)
        row.passage_count = len(document.chunks)
    Document.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["id"],
        update_fields=["position", "external_id", "title", "url", "language", "text", "fingerprint", "passage_count",
                       "bands"],
    )  # fmt: skip
    return rows


def indexed(
    source: Source, document_id: uuid.UUID, document: ChunkedDocument, vectors: dict[str, Vector]
) -> index.IndexedDocument:
    return index.IndexedDocument(
        document_id=document_id,
        source_id=source.pk,
        external_id=document.extracted.external_id,
        title=document.extracted.title,
        url=document.extracted.url,
        language=document.language,
        chunks=document.chunks,
        vectors=[vectors[text] for text in document.passages()],
    )


@contextmanager
def held(source: Source) -> Iterator[Source]:
    """Give the source's row, locked for a transaction. Raises SupersededError when it was deleted or replaced."""
    with transaction.atomic():
        row = Source.objects.select_for_update().filter(pk=source.pk, revision=source.revision).first()
        if row is None:
            raise SupersededError
        yield row


def report(source: Source, stage: str, *, share: float) -> None:
    """Tell how far this source is; `share` is 0 to 1 of the stage, and embedding is most of the work."""
    progress = 10 * share if stage == "reading" else 10 + 90 * share
    Source.objects.filter(pk=source.pk, revision=source.revision).update(stage=stage, progress=min(99, int(progress)))


@timed("tacit_ingest_stage_seconds", stage="finish")
def finish(source: Source, extracted: ExtractedFile, kept: set[uuid.UUID]) -> None:
    """Take out what an earlier revision left, and mark the source ready."""
    if not kept:
        raise EmptyDocumentError
    with held(source) as row:
        both_classes.lock(row.chatbot_id)
        leftover = set(Document.objects.filter(source=row).values_list("pk", flat=True)) - kept
        index.remove(chatbot_id=row.chatbot_id, document_ids=leftover)
        Document.objects.filter(pk__in=leftover).delete()
        both_classes.settle(row.chatbot_id)
        originals.forget_earlier(row)
        row.status, row.stage, row.progress = SourceStatus.READY, "", 100
        row.indexed_revision = row.revision
        row.document_count = len(kept)
        row.passage_count = Document.objects.filter(source=row).aggregate(total=Sum("passage_count"))["total"]
        lasting = [warning for warning in row.warnings if warning["code"] == "in_both_classes"]
        row.warnings = lasting + [{"code": one.code, "message": one.message} for one in extracted.warnings]
        row.save()
        index.settle(row.chatbot_id)
        guard.defer_refresh(row.chatbot_id)
    track_metric("tacit_ingest_sources_total", 1, {"outcome": "ready"})


def wait(source_id: str, error: TacitError) -> None:
    """Tell the owner what the source waits for until the next attempt."""
    Source.objects.filter(pk=source_id).update(
        status=SourceStatus.QUEUED, stage="waiting", error_code=error.code, error_message=str(error)
    )
    track_metric("tacit_ingest_sources_total", 1, {"outcome": "waiting"})


def fail(source_id: str, error: TacitError) -> None:
    """End a source as failed, with the reason; an earlier revision goes on serving."""
    Source.objects.filter(pk=source_id).update(
        status=SourceStatus.FAILED, stage="", error_code=error.code, error_message=str(error)
    )
    track_metric("tacit_ingest_sources_total", 1, {"outcome": "failed"})
    track_metric("tacit_failures_total", 1, {"flow": "ingest", "code": error.code})
