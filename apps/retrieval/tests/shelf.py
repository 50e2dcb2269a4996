"""A chatbot with documents in the index, put there the way the ingest flow does it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction

from apps.accounts.models import Organization
from apps.chatbots.models import Chatbot
from apps.core.chunking import Chunk
from apps.core.embedding_service import EmbeddingService, FakeEmbeddingService
from apps.retrieval import index
from apps.retrieval.index import IndexedDocument
from apps.retrieval.models import EmbeddingSpace


def chunks_of(texts: Sequence[str], heading_path: tuple[str, ...] = ()) -> list[Chunk]:
    chunks, place = [], 0
    for number, text in enumerate(texts, start=1):
        chunks.append(Chunk(text=text, heading_path=heading_path, page=number, start=place, end=place + len(text)))
        place += len(text) + 1
    return chunks


@dataclass(kw_only=True)
class Shelf:
    """A chatbot and the model of its vectors."""

    name: str = "Handbook"
    embeddings: EmbeddingService = field(default_factory=FakeEmbeddingService)

    def __post_init__(self) -> None:
        self.space, _ = EmbeddingSpace.objects.get_or_create(
            name=self.embeddings.name, defaults={"spec": "fake", "dimensions": self.embeddings.dimensions}
        )
        self.chatbot = Chatbot.objects.create(
            organization=Organization.objects.create(name=f"{self.name}'s owner"), name=self.name
        )

    def document(
        self,
        *texts: str,
        document_id: uuid.UUID | None = None,
        source_id: uuid.UUID | None = None,
        title: str = "",
        language: str = "en",
        heading_path: tuple[str, ...] = (),
    ) -> IndexedDocument:
        chunks = chunks_of(texts, heading_path)
        whole = [index.searchable_text(title=title, heading_path=heading_path, text=text) for text in texts]
        document_id = document_id or uuid.uuid4()
        return IndexedDocument(
            document_id=document_id,
            source_id=source_id or uuid.uuid4(),
            external_id=f"external {document_id}",
            title=title,
            url="",
            language=language,
            chunks=chunks,
            vectors=[result.vector for result in self.embeddings.embed_documents(whole)],
        )

    def write(self, *documents: IndexedDocument, citable: bool = True) -> None:
        with transaction.atomic():
            index.write(chatbot_id=self.chatbot.pk, space=self.space, citable=citable, documents=documents)

    def put(self, *texts: str, citable: bool = True, language: str = "en") -> uuid.UUID:
        """Put a document of one source in, and return its source's id."""
        document = self.document(*texts, language=language)
        self.write(document, citable=citable)
        return document.source_id
