"""A language model that says what a test tells it to: the fake of the seam."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from apps.core.error_handling import ProviderError
from apps.rag.llm_service.protocol import Prompt, Stop, StopReason, Token


class ScriptedLLMService:
    """Yields the given pieces one after another, and keeps the prompts it was given. `failing` is raised after them."""

    provider = "scripted"
    model = "script"

    def __init__(
        self,
        pieces: Sequence[str],
        *,
        failing: ProviderError | None = None,
        reason: StopReason = StopReason.COMPLETE,
        pause: float = 0.0,
    ) -> None:
        self.prompts: list[Prompt] = []
        self.closed = False
        self._pieces = pieces
        self._failing = failing
        self._reason = reason
        self._pause = pause

    async def generate(self, prompt: Prompt) -> AsyncGenerator[Token | Stop, None]:
        self.prompts.append(prompt)
        try:
            for piece in self._pieces:
                await asyncio.sleep(self._pause)
                yield Token(text=piece)
            if self._failing is not None:
                raise self._failing
            yield Stop(reason=self._reason)
        finally:
            self.closed = True
