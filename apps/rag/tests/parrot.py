"""A provider of a language model as developers would add one: it has no server and repeats the first passage."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Self

from apps.core.error_handling import ProviderError, ProviderUnavailableError, SettingsError
from apps.core.language_model import LanguageModelSettings
from apps.rag.llm_service.connection_test import Heard, listen
from apps.rag.llm_service.protocol import Finding, Prompt, Stop, StopReason, Token


class Parrot:
    """Says the first passage word by word; the model named "asleep" says nothing."""

    provider = "parrot"
    place = "the perch"

    def __init__(self, model: str) -> None:
        self.model = model

    @classmethod
    def from_settings(cls, configured: LanguageModelSettings) -> Self:
        if configured.base_url:
            raise SettingsError("A parrot has no address. Leave TACIT_LLM_BASE_URL empty.")
        return cls(configured.model)

    async def generate(self, prompt: Prompt) -> AsyncGenerator[Token | Stop, None]:
        if self.model == "asleep":
            raise ProviderUnavailableError
        passages = prompt.context.passages
        for word in f"{passages[0].text} [1]".split(" ") if passages else ["ping"]:
            await asyncio.sleep(0)
            yield Token(text=f"{word} ")
        yield Stop(reason=StopReason.COMPLETE)

    async def probe(self, *, patience: float, slow: float) -> Finding:
        heard = Heard()
        try:
            async with asyncio.timeout(patience):
                await listen(self, heard)
        except (ProviderError, TimeoutError):
            return Finding(state="broken", seen=f"Nobody speaks on {self.place}.", advice="Wake the parrot.")
        return Finding(state="slow" if heard.seconds > slow else "ok", seen=f"{self.model} on {self.place} speaks.")
