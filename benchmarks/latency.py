"""Search p50 and p95 at 5,000, 50,000 and 100,000 citable passages beside half as many learn-only ones.

The passages are made: vectors around a few thousand centres, and words drawn by Zipf's law, since embedding 150,000
texts takes an hour. The queries are made the same way, and the question's own embedding is not counted.
"""

import asyncio
import json
import random
import statistics
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from django.db import connection, transaction

from apps.accounts.services import users
from apps.chatbots.models import Chatbot
from apps.chatbots.services import chatbots
from apps.core.chunking import Chunk
from apps.core.database.visitor import close_visitor_pool
from apps.retrieval import index, large
from apps.retrieval.lexical import query_terms
from apps.retrieval.models import IndexStatistics
from apps.retrieval.providers import space_of
from apps.retrieval.services import embeddings
from apps.retrieval.vector_search import BotIndex, Question, VectorSearchService, Weights
from benchmarks.environment import CHROMA_PYTHON

SIZES = (5_000, 50_000, 100_000)
PEER_SIZE = 50_000
VOCABULARY = 60_000
CENTRES = 3_000
QUERIES = 200
K = 20


@dataclass
class World:
    """Where made passages come from; the same seed makes the same ones."""

    random: random.Random
    numbers: np.random.Generator
    centres: np.ndarray

    def text(self, words: int) -> str:
        ranks = self.numbers.zipf(1.15, size=words) % VOCABULARY
        return " ".join(f"w{rank}x" for rank in ranks)

    def vector(self) -> np.ndarray:
        vector = self.centres[self.random.randrange(CENTRES)] + 0.6 * self.numbers.standard_normal(384) / 384**0.5
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def make_world() -> World:
    numbers = np.random.default_rng(7)
    centres = numbers.standard_normal((CENTRES, 384))
    return World(random.Random(7), numbers, centres / np.linalg.norm(centres, axis=1, keepdims=True))  # noqa: S311  # no secret


def add(bot: Chatbot, world: World, number: int, *, citable: bool) -> None:
    """Put made passages into a bot, a thousand in each transaction."""
    space = space_of(embeddings())
    for first in range(0, number, 1000):
        size = min(1000, number - first)
        texts = [world.text(80) for _ in range(size)]
        document = index.IndexedDocument(
            document_id=uuid.uuid4(), source_id=uuid.uuid4(), external_id="", title="", url="", language="en",
            chunks=[Chunk(text=text, heading_path=(), page=None, start=0, end=len(text)) for text in texts],
            vectors=[world.vector() for _ in range(size)],
        )  # fmt: skip
        with transaction.atomic():
            index.write(chatbot_id=bot.pk, space=space, citable=citable, documents=[document])


async def measure(bot: Chatbot, world: World, *, indexed: bool) -> tuple[list[float], list[list[uuid.UUID]]]:
    """Return the milliseconds and the passages found for made queries, exactly or through the indexes."""
    search = VectorSearchService()
    found = await search.index_of(bot.pk)
    assert found is not None
    bot_index = BotIndex(space=found.space, languages=found.languages, indexed=indexed)
    times, results = [], []
    for _ in range(QUERIES):
        asked = Question(
            vector=world.vector(),
            terms=query_terms(world.text(8), found.languages),
            weights=Weights(dense=0.7, lexical=0.3),
        )
        begun = time.perf_counter()
        _, hits = await search.find(bot.pk, bot_index, asked, k=K)
        times.append((time.perf_counter() - begun) * 1000)
        results.append([hit.passage_id for hit in hits])
    await close_visitor_pool()
    return times, results


def queries(world: World) -> World:
    """Return the world from which the queries come, the same for every way of searching."""
    return World(random.Random(99), np.random.default_rng(99), world.centres)  # noqa: S311  # no secret


def table() -> Iterator[str]:
    """Yield the report's lines."""
    yield "## Search at size\n"
    yield "Made passages; the question's embedding is not counted. Recall@20 is of the exact hybrid result.\n"
    yield "| citable + learn-only | way | p50 ms | p95 ms | recall@20 |"
    yield "|---|---|---|---|---|"
    world = make_world()
    organization = users().default_organization()
    bot = chatbots().create(organization=organization, name=f"latency {time.time_ns()}")
    there = 0
    for size in SIZES:
        add(bot, world, size - there, citable=True)
        add(bot, world, (size - there) // 2, citable=False)
        there = size
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE citable_passage")
        exact_ms, exact = asyncio.run(measure(bot, queries(world), indexed=False))
        yield row(size, "exact", exact_ms, 1.0)
        if size >= large.LARGE:
            IndexStatistics.objects.filter(pk=bot.pk).update(indexed=False)
            large.build_indexes(bot.pk)
            ms, found = asyncio.run(measure(bot, queries(world), indexed=True))
            yield row(size, "indexed", ms, overlap(found, exact))
        if size == PEER_SIZE:
            yield from peer_row(world, size)


def peer_row(world: World, size: int) -> Iterator[str]:
    """Yield what Chroma takes for as many vectors with a metadata filter, if there is an interpreter that has it."""
    if not CHROMA_PYTHON:
        return
    vectors = np.stack([world.vector() for _ in range(size + size // 2)])
    citable = np.arange(len(vectors)) < size
    asked = queries(world)
    asks = np.stack([asked.vector() for _ in range(QUERIES)])
    with TemporaryDirectory() as folder:
        for name, array in (("vectors", vectors), ("citable", citable), ("queries", asks)):
            np.save(Path(folder) / f"{name}.npy", array)
        program = Path(__file__).with_name("chroma.py")
        done = subprocess.run([CHROMA_PYTHON, program, folder], capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)
    exact = [set(np.argsort(-(vectors[:size] @ ask))[:K].tolist()) for ask in asks]
    shares = [len(set(found) & right) / K for found, right in zip(result["found"], exact, strict=True)]
    way = f"Chroma {result['version']}, metadata filter, vectors alone"
    yield row(size, way, result["ms"], statistics.mean(shares))


def row(size: int, way: str, ms: list[float], recall: float) -> str:
    p95 = statistics.quantiles(ms, n=20)[-1]
    return f"| {size:,} + {size // 2:,} | {way} | {statistics.median(ms):.1f} | {p95:.1f} | {recall:.3f} |"


def overlap(found: list[list[uuid.UUID]], exact: list[list[uuid.UUID]]) -> float:
    """Return the mean share of the exact result that was found."""
    shares = [len(set(one) & set(other)) / len(other) for one, other in zip(found, exact, strict=True) if other]
    return statistics.mean(shares)
