"""Which providers of language models there are, by the names that TACIT_LLM_PROVIDER takes."""

from apps.core.error_handling import SettingsError
from apps.core.language_model import OPENAI_COMPATIBLE, LanguageModelSettings
from apps.core.services import load
from apps.rag.llm_service.protocol import LLMProvider

# provider → the dotted path of its class; imported only when it is chosen, for a provider's library takes memory.
PROVIDERS = {
    OPENAI_COMPATIBLE: "apps.rag.llm_service.openai_compatible.OpenAICompatibleLLMService",
}


def create_provider(configured: LanguageModelSettings) -> LLMProvider:
    """Return the language model that settings name. Raises SettingsError for a provider that there isn't."""
    if configured.provider not in PROVIDERS:
        raise SettingsError(
            f"TACIT_LLM_PROVIDER is {configured.provider!r}, and there is no such provider. "
            f"Use one of: {', '.join(sorted(PROVIDERS))}."
        )
    provider: type[LLMProvider] = load(PROVIDERS[configured.provider])
    return provider.from_settings(configured)
