"""Tries a model again when a retry may help and nothing was said yet, so that no text comes twice."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from apps.core.error_handling import ProviderBusyError, ProviderError
from apps.rag.llm_service.protocol import LLMService, Prompt, Stop, Token


class RetryingLLMService:
    """Wraps a language model. `patience` bounds the seconds from the question to the last retry: people wait."""

    def __init__(self, inner: LLMService, *, attempts: int = 3, patience: float = 1.5, pause: float = 0.2) -> None:
        self._inner = inner
        self._attempts = attempts
        self._patience = patience
        self._pause = pause

    @property
    def provider(self) -> str:
        return self._inner.provider

    @property
    def model(self) -> str:
        return self._inner.model

    async def generate(self, prompt: Prompt) -> AsyncGenerator[Token | Stop, None]:
        deadline = time.monotonic() + self._patience
        attempt, has_spoken = 1, False
        while True:
            try:
                async with aclosing(self._inner.generate(prompt)) as answer:
                    async for event in answer:
                        has_spoken = True
                        yield event
                return
            except ProviderError as error:
                wait = self._wait(error, attempt)
                if has_spoken or not error.retryable or attempt >= self._attempts or time.monotonic() + wait > deadline:
                    raise
            await asyncio.sleep(wait)
            attempt += 1

    def _wait(self, error: ProviderError, attempt: int) -> float:
        asked = error.retry_after if isinstance(error, ProviderBusyError) else None
        return asked if asked is not None else self._pause * 2.0 ** (attempt - 1)
