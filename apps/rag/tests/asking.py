"""Asks a pipeline about the shop, and checks what holds for every answer."""

import re
from collections.abc import AsyncIterator, Sequence

from apps.core.embedding_service import FakeEmbeddingService
from apps.core.reader.fake import FakeReader
from apps.rag import LLMService, RAGPipeline
from apps.rag.events import Cited, Delta, Event, Finished, Grounded, Turn
from apps.rag.tests.shop import SHOP, FakeSearch, ShopBot

QUESTION = "How long is the warranty?"
SENTENCE = "The warranty lasts 24 months [1]."
EXTRACTED = (
    "The warranty lasts 24 months from the date of purchase. Batteries are not covered. "
    "To claim, write to service@acme.example. [1]"
)


async def first_of(answering: AsyncIterator[Event]) -> Event:
    """Return the first event that a visitor is told."""
    event = await anext(answering)
    return event if not isinstance(event, Grounded) else await anext(answering)


def pipeline_with(
    llm: LLMService | None, *, search: FakeSearch | None = None, bot: ShopBot | None = None, **more: object
) -> RAGPipeline:
    services: dict[str, object] = {"embeddings": FakeEmbeddingService(), "reader": FakeReader()} | more
    return RAGPipeline(chatbot=bot or ShopBot(), search=search or FakeSearch(), llm=llm, **services)  # type: ignore[arg-type]


async def events_of(pipeline: RAGPipeline, question: str = QUESTION, history: Sequence[Turn] = ()) -> list[Event]:
    """Return the events of an answer, after checking what holds for every answer."""
    events: list[Event] = [
        event async for event in pipeline.answer(question, history) if not isinstance(event, Grounded)
    ]
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert not any(isinstance(event, Finished) for event in events[:-1])
    assert "".join(event.text for event in events if isinstance(event, Delta)) == finished.text
    cited = [event.citation for event in events if isinstance(event, Cited)]
    assert tuple(cited) == finished.citations
    assert [citation.n for citation in cited] == list(range(1, len(cited) + 1))
    assert list(dict.fromkeys(map(int, re.findall(r"\[(\d+)\]", finished.text)))) == [c.n for c in cited]
    texts = {hit.passage_id: hit.text for hit in SHOP}
    assert all(citation.quote in texts[citation.passage_id] for citation in cited)
    return list(events)


async def answer(pipeline: RAGPipeline, question: str = QUESTION, history: Sequence[Turn] = ()) -> Finished:
    finished = (await events_of(pipeline, question, history))[-1]
    assert isinstance(finished, Finished)
    return finished
