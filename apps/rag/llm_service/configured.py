"""The language model that settings ask for."""

from django.conf import settings

from apps.core.services import load
from apps.rag.llm_service.protocol import LLMService
from apps.rag.llm_service.retrying import RetryingLLMService
from config.env import LanguageModelSettings

OPENAI_COMPATIBLE = "apps.rag.llm_service.openai_compatible.OpenAICompatibleLLMService"  # loaded only when it is used


def create_llm_service() -> LLMService | None:
    """Return the configured language model, or None: then answers come by extraction."""
    configured: LanguageModelSettings | None = settings.LANGUAGE_MODEL
    if configured is None:
        return None
    provider = load(OPENAI_COMPATIBLE)
    return RetryingLLMService(
        provider(base_url=configured.base_url, api_key=configured.api_key, model=configured.model)
    )
