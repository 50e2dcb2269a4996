"""What `tacit doctor` asks the models: whether their files are whole, and whether they answer."""

import asyncio
import time
from contextlib import aclosing

from django.conf import settings

from apps.cli.doctoring_notes import Note
from apps.core.embedding_service.minilm_model import StoredModel, stored_model
from apps.core.error_handling import ProviderUnavailableError
from apps.core.services import ServiceRegistry
from apps.rag.llm_service import LLMService, Prompt
from apps.rag.llm_service.protocol import ChatMessage
from apps.retrieval.reranker import reranker_status

LOCAL = "local"
MODEL_SECONDS = 30
TINY = Prompt(
    question="ping", messages=(ChatMessage(role="user", content="Answer with one word: ping"),), max_tokens=16
)


def embedding_model() -> str:
    """Use the model, which makes the local one's file anew where that is missing or damaged."""
    before = stored_model(settings.MODELS_DIR) if settings.EMBEDDING_MODEL == LOCAL else StoredModel.INTACT
    service = ServiceRegistry.get("embeddings")
    service.embed_query("warranty")
    if before is not StoredModel.INTACT:
        raise Note(f"The file of the local model was {before} and has been made anew. Nothing more is to do.")
    return f"{service.name}, {service.dimensions} dimensions; its files are whole and it answers"


def reranker() -> str:
    if not settings.RERANKER_MODEL:
        return "none, as configured"
    ok, sentence = reranker_status(settings.RERANKER_MODEL, settings.MODELS_DIR)
    if not ok:
        raise Note(sentence)
    return sentence


def language_model() -> str:
    """Ask the model for a word, which is all the cost of this."""
    service: LLMService | None = ServiceRegistry.get("llm")
    if service is None:
        return "none, so answers come by extraction. Set TACIT_LLM_BASE_URL and TACIT_LLM_MODEL for one"
    begun = time.perf_counter()
    asyncio.run(first_word(service))
    where = (settings.LANGUAGE_MODEL and settings.LANGUAGE_MODEL.base_url) or "OpenAI"
    return f"{service.model} at {where} answers in {time.perf_counter() - begun:.1f} seconds"


async def first_word(service: LLMService) -> None:
    try:
        async with asyncio.timeout(MODEL_SECONDS), aclosing(service.generate(TINY)) as answer:
            async for _ in answer:
                return
    except TimeoutError:
        raise ProviderUnavailableError(
            f"The language model said nothing within {MODEL_SECONDS} seconds. Check that its server is not overloaded."
        ) from None
