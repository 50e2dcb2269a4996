"""Retrieval quality and ingest speed through the product: sets go in by its ingest flow, queries through its search.

nDCG@10 and recall@10 of the hybrid beside its two halves; passages per second of the ingest flow beside the raw
embedder's on the same texts in the same run; search p50 and p95 with the sizes at hand.
"""

import asyncio
import math
import statistics
import time
from collections.abc import Iterator, Sequence
from uuid import UUID

from apps.accounts.services import users
from apps.chatbots.services import chatbots
from apps.core.database.visitor import close_visitor_pool
from apps.knowledge.ingest import ingest_source
from apps.knowledge.services import knowledge_sources
from apps.retrieval.index import searchable_text
from apps.retrieval.large import build_indexes, needs_indexes
from apps.retrieval.models import CitablePassage
from apps.retrieval.services import embeddings
from apps.retrieval.vector_search import VectorSearchService, Weights
from benchmarks.product import RetrievalSet, load_set

SETS = ("scifact_dev", "cranfield", "stackfaq", "squad_v1.1_dev", "xquad_en", "xquad_de", "xquad_zh")
HALVES = {
    "hybrid": None,
    "dense alone": Weights(dense=1, lexical=0),
    "BM25 alone": Weights(dense=0, lexical=1),
}
DEPTH = 10


def ndcg(ranked: Sequence[str], relevant: dict[str, int]) -> float:
    """Return nDCG@10 with linear gain, as BEIR's tools count it."""
    gained = sum(relevant.get(document, 0) / math.log2(place + 2) for place, document in enumerate(ranked[:DEPTH]))
    best = sorted(relevant.values(), reverse=True)[:DEPTH]
    ideal = sum(grade / math.log2(place + 2) for place, grade in enumerate(best))
    return gained / ideal if ideal else 0.0


def recall(ranked: Sequence[str], relevant: dict[str, int]) -> float:
    """Return the share of the relevant documents in the first ten."""
    wanted = {document for document, grade in relevant.items() if grade > 0}
    return len(wanted & set(ranked[:DEPTH])) / len(wanted) if wanted else 0.0


def fill(data: RetrievalSet, name: str) -> tuple[UUID, float]:
    """Put a set into a new bot; return the bot's id and the seconds that the ingest flow took, as a worker runs it."""
    bot = chatbots().create(organization=users().default_organization(), name=name)
    with data.corpus.open("rb") as content:
        source = (
            knowledge_sources()
            .add_file(chatbot=bot, file_name="corpus.jsonl", content=content, disclosure="citable")
            .source
        )
    begun = time.perf_counter()
    ingest_source(str(source.pk))
    seconds = time.perf_counter() - begun
    if needs_indexes(bot.pk):
        build_indexes(bot.pk)
    return bot.pk, seconds


def warm_up() -> None:
    """Load what a worker loads with its first file: the embedding model, language detection, the process that reads."""
    embeddings().embed_documents(["warm up"] * 32)
    bot = chatbots().create(organization=users().default_organization(), name=f"warm up {time.time_ns()}")
    text = "A text to begin with."
    added = knowledge_sources().add_text(chatbot=bot, text=text, title="First", disclosure="citable")
    ingest_source(str(added.source.pk))
    bot.delete()


def raw_speed(bot: UUID, most: int = 1500) -> float:
    """Return the passages per second that the embedder alone makes of a bot's passages."""
    rows = CitablePassage.objects.filter(chatbot_id=bot).order_by("id")[:most]
    texts = [searchable_text(title=row.title, heading_path=row.heading_path, text=row.text) for row in rows]
    service = embeddings()
    service.embed_documents(texts[:32])
    begun = time.perf_counter()
    for first in range(0, len(texts), 128):
        service.embed_documents(texts[first : first + 128])
    return len(texts) / (time.perf_counter() - begun)


async def ranked(search: VectorSearchService, bot: UUID, query: str, weights: Weights | None) -> list[str]:
    """Return the documents found, best first, each once."""
    hits = await search.search(chatbot_id=bot, query=query, k=3 * DEPTH, weights=weights)
    return list(dict.fromkeys(hit.external_id for hit in hits))


async def quality(bot: UUID, data: RetrievalSet) -> dict[str, tuple[float, float]]:
    """Return nDCG@10 and recall@10 of each half and of both."""
    search, found = VectorSearchService(), {}
    for label, weights in HALVES.items():
        scores = [
            (ndcg(ids, data.relevant[key]), recall(ids, data.relevant[key]))
            for key, query in data.queries.items()
            for ids in [await ranked(search, bot, query, weights)]
        ]
        found[label] = (statistics.mean(one[0] for one in scores), statistics.mean(one[1] for one in scores))
    await close_visitor_pool()
    return found


def table() -> Iterator[str]:
    """Yield the report's lines."""
    yield "## Retrieval and ingest\n"
    yield (
        "nDCG@10 (recall@10). At most 300 queries a set, evenly spread. Ingest by a worker that has read a file before,"
        " beside the raw embedder on the same texts in the same run.\n"
    )
    yield "| set | passages | hybrid | dense alone | BM25 alone | ingest passages/s | raw embedder | share |"
    yield "|---|---|---|---|---|---|---|---|"
    for name in SETS:
        data = load_set(name)
        if data is None:
            yield f"| {name} | the shared data is not there | | | | | | |"
            continue
        warm_up()
        bot, seconds = fill(data, f"{name} {time.time_ns()}")
        passages = CitablePassage.objects.filter(chatbot_id=bot).count()
        raw, made = raw_speed(bot), passages / seconds
        scores = asyncio.run(quality(bot, data))
        cells = " | ".join(f"{scores[label][0]:.3f} ({scores[label][1]:.3f})" for label in HALVES)
        yield f"| {name} | {passages:,} | {cells} | {made:.1f} | {raw:.1f} | {made / raw:.0%} |"
