"""The read side of the index: hybrid search over a chatbot's citable passages, as the visitor login."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pgvector import HalfVector
from psycopg.rows import dict_row

from apps.core.database.visitor import visiting
from apps.core.embedding_service import Vector
from apps.retrieval.lexical import query_terms
from apps.retrieval.models import EmbeddingSpace
from apps.retrieval.providers import embeddings_for
from apps.retrieval.search_sql import PARAMETERS_OF_BOT, search_statement

# The dense share of the fused score; the rest is BM25's. Measured on seven sets: .7 where the model knows the
# question's language, down to .3 where its words are noise to it (an English model over Chinese).
LEAST_DENSE_SHARE, MOST_DENSE_SHARE = 0.3, 0.7
CANDIDATES = 100  # of each half
MOST_EF_SEARCH = 1000  # pgvector takes no more


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """A citable passage that search found, with the scores that put it there.

    `cosine` is -1..1, `bm25` is unbounded and not negative, `score` is the fused 0..1 by which hits are ordered.
    """

    passage_id: UUID
    document_id: UUID
    external_id: str
    title: str = field(repr=False)
    url: str = field(repr=False)
    heading_path: tuple[str, ...] = field(repr=False)
    text: str = field(repr=False)
    page: int | None
    score: float
    cosine: float
    bm25: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Weights:
    """How much each half of the search counts."""

    dense: float
    lexical: float


@dataclass(frozen=True, kw_only=True, slots=True)
class BotIndex:
    """What one chatbot's index looks like to its search."""

    space: EmbeddingSpace
    languages: tuple[str, ...]
    indexed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A question as the index understands it, and how much each half of the search counts for it."""

    vector: Vector = field(repr=False)
    terms: dict[int, float] = field(repr=False)
    weights: Weights


@dataclass(frozen=True, kw_only=True, slots=True)
class Embedded:
    """A question's vector, the space it is in, and how well that space's model knows the language (0 to 1)."""

    model: str
    vector: Vector = field(repr=False)
    fluency: float


class VectorSearchService:
    """Finds the citable passages that answer a question."""

    async def search(self, *, chatbot_id: UUID, query: str, k: int = 10, weights: Weights | None = None) -> list[Hit]:
        """Return the `k` best passages, best first; none from an empty chatbot.

        Raises ProviderError when the question can't be embedded, DatabaseError when the database can't be reached.
        """
        # The configured model is nearly always the chatbot's own, so its index is looked up meanwhile.
        index, embedded = await asyncio.gather(self.index_of(chatbot_id), asyncio.to_thread(embed, query))
        if index is None:
            return []
        if embedded.model != index.space.name:
            embedded = await asyncio.to_thread(embed, query, index.space)
        asked = question_of(query, embedded, index.languages)
        rows = await self._candidates(chatbot_id, index, asked, max(CANDIDATES, 2 * k))
        return fuse(rows, weights or asked.weights)[:k]

    async def index_of(self, chatbot_id: UUID) -> BotIndex | None:
        """Return what search must know of a chatbot beforehand, or None when it has no citable passage."""
        async with visiting(chatbot_id) as connection:
            cursor = await connection.execute(PARAMETERS_OF_BOT, [chatbot_id])
            row = await cursor.fetchone()
        if row is None:
            return None
        space = EmbeddingSpace(id=row[0], name=row[1], spec=row[2], dimensions=row[3])
        return BotIndex(space=space, languages=tuple(row[4]), indexed=row[5])

    async def _candidates(
        self, chatbot_id: UUID, index: BotIndex, asked: Question, number: int
    ) -> Sequence[dict[str, Any]]:
        parameters = {
            "chatbot": chatbot_id,
            "space": index.space.id,
            "vector": HalfVector(asked.vector).to_text(),
            "terms": list(asked.terms),
            "frequencies": list(asked.terms.values()),
            "number": number,
        }
        async with visiting(chatbot_id) as connection:
            if index.indexed:
                await connection.execute(f"SET LOCAL hnsw.ef_search = {min(number, MOST_EF_SEARCH)}")
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute(search_statement(index.space.dimensions, indexed=index.indexed), parameters)
            return await cursor.fetchall()


def embed(query: str, space: EmbeddingSpace | None = None) -> Embedded:
    """Return a question's vector in an embedding space, the configured one without it."""
    embeddings = embeddings_for(space)
    return Embedded(
        model=embeddings.name, vector=embeddings.embed_query(query).vector, fluency=embeddings.fluency(query)
    )


def question_of(query: str, embedded: Embedded, languages: Sequence[str]) -> Question:
    """Return a question as a chatbot's index understands it; its words count as in each of the index's languages."""
    dense = LEAST_DENSE_SHARE + (MOST_DENSE_SHARE - LEAST_DENSE_SHARE) * embedded.fluency
    return Question(
        vector=embedded.vector,
        terms=query_terms(query, languages),
        weights=Weights(dense=dense, lexical=1 - dense),
    )


def fuse(rows: Sequence[dict[str, Any]], weights: Weights) -> list[Hit]:
    """Return the candidates as hits, best first, by a convex sum of cosine and BM25 over its maximum."""
    highest = max((row["bm25"] for row in rows), default=0.0) or 1.0
    hits = [
        Hit(
            heading_path=tuple(row.pop("heading_path")),
            score=weights.dense * row["cosine"] + weights.lexical * row["bm25"] / highest,
            **row,
        )
        for row in rows
    ]
    return sorted(hits, key=lambda hit: (-hit.score, str(hit.passage_id)))


def create_search_service() -> VectorSearchService:
    """Return the search service (the registry's factory)."""
    return VectorSearchService()
