"""The read side of the index: hybrid search over a chatbot's citable passages, as the visitor login."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pgvector import HalfVector
from psycopg.rows import dict_row

from apps.core.chunking import Part, unpack_layout
from apps.core.database.visitor import visiting
from apps.core.embedding_service import Vector
from apps.core.error_handling import LocalModelError, ProviderError
from apps.retrieval import spelling
from apps.retrieval.lexical import query_terms
from apps.retrieval.models import EmbeddingSpace
from apps.retrieval.providers import embeddings_for
from apps.retrieval.search_sql import PARAMETERS_OF_BOT, lexical_statement, search_statement

# The dense share of the fused score; the rest is BM25's. Measured on seven sets: .7 where the model knows the
# question's language, down to .3 where its words are noise to it (an English model over Chinese).
LEAST_DENSE_SHARE, MOST_DENSE_SHARE = 0.3, 0.7
CANDIDATES = 100  # of each half
MOST_EF_SEARCH = 1000  # pgvector takes no more
PULL = 4.0  # how much of a hint's pull, which is a tenth at most, is added to a score of 0 to 1
MOST_KNOWN = 1000  # chatbots whose index is remembered


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
    layout: tuple[Part, ...] = field(default=(), repr=False)
    steered: bool = False  # a steering hint has pulled it up


class Found(list[Hit]):
    """What a search found, best first. `fallback` is why it went by words alone; None if it didn't."""

    def __init__(self, hits: Iterable[Hit] = (), *, fallback: str | None = None) -> None:
        super().__init__(hits)
        self.fallback = fallback


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Unembedded:
    """A question whose vector can't be had, since the space's model on another server fails; `code` says how."""

    model: str
    code: str


@dataclass(frozen=True, kw_only=True, slots=True)
class WordsAlone:
    """A question of which the index has nothing but the words."""

    terms: dict[int, float] = field(repr=False)


class VectorSearchService:
    """Finds the citable passages that answer a question."""

    def __init__(self) -> None:
        # What each chatbot's index looked like last. Every search checks it in the round trip in which it uses it.
        self._known: OrderedDict[UUID, BotIndex] = OrderedDict()

    async def search(
        self, *, chatbot_id: UUID, query: str, k: int = 10, weights: Weights | None = None, steered: bool = False
    ) -> Found:
        """Return the `k` best passages, best first; none from an empty chatbot. `steered` lets hints pull.

        While an embedding model on another server fails, words alone decide, unless `weights` ask for something else.
        Raises ProviderError when the question can't be embedded otherwise, DatabaseError when the database can't be
        reached.
        """
        attempt = embed_if_possible if weights is None else embed
        # The configured model is nearly always the chatbot's own, so its index is looked up meanwhile.
        index, embedded = await asyncio.gather(self._index(chatbot_id), asyncio.to_thread(attempt, query))
        while index is not None:
            if embedded.model != index.space.name:
                embedded = await asyncio.to_thread(attempt, query, index.space)
            if isinstance(embedded, Unembedded):
                asked: Question | WordsAlone = WordsAlone(terms=query_terms(query, index.languages))
            else:
                asked = question_of(query, embedded, index.languages, weights)
            now, hits = await self.find(chatbot_id, index, asked, k=k, steered=steered)
            if now == index:
                return Found(hits, fallback=embedded.code if isinstance(embedded, Unembedded) else None)
            index = now  # it changed since the last search, so the question must be asked in another way
        return Found()

    async def corrected(self, *, chatbot_id: UUID, query: str, language: str) -> str:
        """Return the query with words that no citable passage has corrected to ones that some have."""
        return await spelling.correct(chatbot_id, query, language)

    async def find(
        self, chatbot_id: UUID, index: BotIndex, asked: Question | WordsAlone, *, k: int, steered: bool = False
    ) -> tuple[BotIndex | None, list[Hit]]:
        """Search in one round trip; return the index as it is now, and what was found if it is `index`."""
        async with visiting(chatbot_id) as connection:
            if index.indexed:
                number = min(candidates(k), MOST_EF_SEARCH)
                await connection.execute(f"SET LOCAL hnsw.ef_search = {number}")
            described = await connection.execute(PARAMETERS_OF_BOT, [chatbot_id])
            if isinstance(asked, Question):
                statement = search_statement(index.space.dimensions, indexed=index.indexed, steered=steered)
            else:
                statement = lexical_statement(indexed=index.indexed)
            found = await connection.cursor(row_factory=dict_row).execute(
                statement, parameters(chatbot_id, index, asked, k)
            )
        now = self._remember(chatbot_id, await described.fetchone())
        return now, [hit(row) for row in await found.fetchall()]

    async def index_of(self, chatbot_id: UUID) -> BotIndex | None:
        """Return what search must know of a chatbot beforehand, or None when it has no citable passage."""
        async with visiting(chatbot_id) as connection:
            described = await connection.execute(PARAMETERS_OF_BOT, [chatbot_id])
        return self._remember(chatbot_id, await described.fetchone())

    async def _index(self, chatbot_id: UUID) -> BotIndex | None:
        return self._known.get(chatbot_id) or await self.index_of(chatbot_id)

    def _remember(self, chatbot_id: UUID, row: tuple[Any, ...] | None) -> BotIndex | None:
        self._known.pop(chatbot_id, None)
        if row is None:
            return None
        space = EmbeddingSpace(id=row[0], name=row[1], spec=row[2], dimensions=row[3])
        index = self._known[chatbot_id] = BotIndex(space=space, languages=tuple(row[4]), indexed=row[5])
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return index


def candidates(k: int) -> int:
    """Return how many passages each half of the search contributes."""
    return max(CANDIDATES, 2 * k)


def parameters(chatbot_id: UUID, index: BotIndex, asked: Question | WordsAlone, k: int) -> dict[str, Any]:
    words = {
        "chatbot": chatbot_id,
        "space": index.space.id,
        "terms": list(asked.terms),
        "frequencies": list(asked.terms.values()),
        "number": candidates(k),
        "k": k,
    }
    if isinstance(asked, WordsAlone):
        return words
    return words | {
        "vector": HalfVector(asked.vector).to_text(),
        "dense": asked.weights.dense,
        "lexical": asked.weights.lexical,
        "pull": PULL,
    }


def hit(row: dict[str, Any]) -> Hit:
    heading_path, layout = tuple(row.pop("heading_path")), unpack_layout(row.pop("layout"))
    return Hit(heading_path=heading_path, layout=layout, **row)


def embed(query: str, space: EmbeddingSpace | None = None) -> Embedded:
    """Return a question's vector in an embedding space, the configured one without it."""
    embeddings = embeddings_for(space)
    return Embedded(
        model=embeddings.name, vector=embeddings.embed_query(query).vector, fluency=embeddings.fluency(query)
    )


def embed_if_possible(query: str, space: EmbeddingSpace | None = None) -> Embedded | Unembedded:
    """Return a question's vector, or why its model on another server can't give it."""
    try:
        return embed(query, space)
    except LocalModelError:  # nothing that passes by itself: whoever runs this server must see to it
        raise
    except ProviderError as error:
        return Unembedded(model=embeddings_for(space).name, code=error.code)


def question_of(query: str, embedded: Embedded, languages: Sequence[str], weights: Weights | None = None) -> Question:
    """Return a question as a chatbot's index understands it; its words count as in each of the index's languages."""
    dense = LEAST_DENSE_SHARE + (MOST_DENSE_SHARE - LEAST_DENSE_SHARE) * embedded.fluency
    return Question(
        vector=embedded.vector,
        terms=query_terms(query, languages),
        weights=weights or Weights(dense=dense, lexical=1 - dense),
    )


def create_search_service() -> VectorSearchService:
    """Return the search service (the registry's factory)."""
    return VectorSearchService()
