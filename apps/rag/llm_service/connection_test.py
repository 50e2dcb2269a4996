"""Tries the language model that settings name with one word.

Past the breaker and the retries: what counts is how things are now.
"""

import time
from contextlib import aclosing
from dataclasses import dataclass

from apps.core.language_model import LanguageModelSettings
from apps.rag.llm_service.protocol import ChatMessage, Finding, LLMService, Prompt, Stop
from apps.rag.llm_service.registry import create_provider

# With the roles that every question has, since some servers refuse one of them.
TINY = Prompt(
    question="ping",
    messages=(
        ChatMessage(role="system", content="Answer with one word."),
        ChatMessage(role="user", content="Answer with one word: ping"),
    ),
    max_tokens=16,
)
WHOLE_ANSWER = 5.0  # seconds that the rest of the answer may take after the first token
SLOW = 4.0  # seconds to the first token; visitors look at an empty line meanwhile


@dataclass(kw_only=True, slots=True)
class Heard:
    """What came of an answer: how many pieces, and after how many seconds the first."""

    words: int = 0
    seconds: float = 0.0


async def probe_model(
    configured: LanguageModelSettings, *, patience: float | None = None, slow: float = SLOW
) -> Finding:
    """Ask the model for a word. Raises SettingsError; nothing that has to do with the model.

    `patience` is how many seconds it may take for the whole answer: by default as long as visitors would wait for the
    first token, and a little more.
    """
    if patience is None:
        patience = configured.first_token_seconds + WHOLE_ANSWER
    return await create_provider(configured).probe(patience=patience, slow=slow)


async def listen(service: LLMService, heard: Heard) -> None:
    """Hear a whole answer: what every provider's `probe` begins with. Raises ProviderError."""
    begun = time.perf_counter()
    async with aclosing(service.generate(TINY)) as answer:
        async for part in answer:
            if not heard.words:
                heard.seconds = time.perf_counter() - begun
            heard.words += not isinstance(part, Stop)
