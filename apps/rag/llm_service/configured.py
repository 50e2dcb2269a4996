"""The language model that settings ask for."""

from typing import cast
from urllib.parse import urlsplit

from django.conf import settings

from apps.core.circuit_breaker import CircuitBreaker
from apps.core.language_model import LanguageModelSettings
from apps.core.services import ServiceRegistry
from apps.rag.llm_service.guarded import OUTAGES, GuardedLLMService
from apps.rag.llm_service.protocol import LLMProvider, LLMService
from apps.rag.llm_service.registry import create_provider
from apps.rag.llm_service.retrying import RetryingLLMService


def create_llm_service() -> LLMService | None:
    """Return the configured language model, or None: then answers come by extraction."""
    configured: LanguageModelSettings | None = settings.LANGUAGE_MODEL
    if configured is None:
        return None
    model = create_provider(configured)
    # The breaker goes round the retries: what counts is whether a question got its answer.
    return GuardedLLMService(RetryingLLMService(model), breaker_of(model))


def llm() -> LLMService | None:
    """Return the language model in what settings put round it; None: answers are quoted from the documents."""
    return cast("LLMService | None", ServiceRegistry.get("llm"))


def breaker_of(model: LLMProvider) -> CircuitBreaker:
    """Return the breaker of a model's server, which all processes share."""
    return CircuitBreaker(
        recovery_timeout=settings.CIRCUIT_SECONDS,
        expected_exception=OUTAGES,
        name=f"language_model:{urlsplit(model.place).netloc or model.place}",
        shared=True,
    )
