"""The language model with a meter on it: calls, time, tokens and cost."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from contextvars import ContextVar
from dataclasses import dataclass, field

from apps.chatbots.tokens import Tokens
from apps.core.error_handling import ProviderError
from apps.core.monitoring import track_metric
from apps.rag.llm_service import LLMService, Prompt, Stop, Token
from apps.rag.llm_service.protocol import Usage
from apps.rag.trace import Trace

NOBODY = "none"


@dataclass(kw_only=True, slots=True)
class Call:
    """One call of a model as it went: done, failed or broken_off. Times are of the wall clock, in seconds."""

    provider: str
    model: str
    begun: float = field(default_factory=time.time)
    seconds: float = 0.0
    seconds_to_first_token: float = 0.0
    usage: Usage | None = None
    outcome: str = "broken_off"
    code: str = ""


@dataclass(kw_only=True, slots=True)
class Answering:
    """One answer as it went, for who collects traces: its chatbot, the model's calls, and what the flow notes."""

    bot: str
    begun: float = field(default_factory=time.time)
    calls: list[Call] = field(default_factory=list)
    trace: Trace | None = field(default=None, repr=False)
    code: str = ""  # of the error that ended it


# The answer that a model is asked for; who meters the chat sets it.
answering: ContextVar[Answering | None] = ContextVar("answering", default=None)


def metered(service: LLMService | None) -> LLMService | None:
    """Return the language model with a meter on it; None stays None, for then answers come by extraction."""
    return None if service is None else MeteredLLM(service)


class MeteredLLM:
    """Passes everything through as it comes, and counts when it is over."""

    def __init__(self, inner: LLMService) -> None:
        self.inner = inner

    @property
    def provider(self) -> str:
        return self.inner.provider

    @property
    def model(self) -> str:
        return self.inner.model

    async def generate(self, prompt: Prompt) -> AsyncGenerator[Token | Stop, None]:
        call = Call(provider=self.provider, model=self.model)
        begun = time.perf_counter()
        try:
            async with aclosing(self.inner.generate(prompt)) as answer:
                async for part in answer:
                    call.seconds_to_first_token = call.seconds_to_first_token or time.perf_counter() - begun
                    if isinstance(part, Stop):
                        call.usage, call.outcome = part.usage, "done"
                    yield part
        except ProviderError as error:
            call.outcome, call.code = "failed", error.code
            raise
        finally:
            call.seconds = time.perf_counter() - begun
            count(call)


def count(call: Call) -> None:
    """Count a call that is over."""
    whose = answering.get()
    bot = whose.bot if whose else NOBODY
    track_metric("tacit_llm_calls_total", 1, {"provider": call.provider, "outcome": call.outcome})
    track_metric("tacit_llm_call_seconds", call.seconds, {"outcome": call.outcome})
    if call.seconds_to_first_token:
        track_metric("tacit_llm_first_token_seconds", call.seconds_to_first_token)
    if call.usage is not None:
        tokens = {"input": call.usage.prompt_tokens, "output": call.usage.completion_tokens}
        for kind, number in tokens.items():
            track_metric("tacit_llm_tokens_total", number, {"bot": bot, "type": kind})
        if cost := cost_of(call.usage):
            track_metric("tacit_llm_cost_total", cost, {"bot": bot})
    if whose:
        whose.calls.append(call)


def cost_of(usage: Usage) -> float:
    """Return what a call cost by the prices in the settings; 0 without any."""
    return float(Tokens(input=usage.prompt_tokens, output=usage.completion_tokens).cost)
