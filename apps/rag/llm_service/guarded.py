"""Goes round a language model on a server: while its circuit is open, extraction answers at once."""

from collections.abc import AsyncGenerator

from apps.core.circuit_breaker import CircuitBreaker
from apps.core.error_handling import ProviderRejectedError, ProviderUnavailableError
from apps.rag.llm_service.protocol import LLMService, Prompt, Stop, Token

# What the next question would meet as well. Not an answer that can't be used or a question that is refused: visitors
# could bring those about, and would take the model away from everybody.
OUTAGES = (ProviderUnavailableError, ProviderRejectedError)


class GuardedLLMService:
    """Wraps a language model. Raises CircuitOpenError at once where its server is left alone."""

    def __init__(self, inner: LLMService, breaker: CircuitBreaker) -> None:
        self._inner = inner
        self.breaker = breaker

    @property
    def provider(self) -> str:
        return self._inner.provider

    @property
    def model(self) -> str:
        return self._inner.model

    def generate(self, prompt: Prompt) -> AsyncGenerator[Token | Stop, None]:
        return self.breaker.call(self._inner.generate, prompt)
