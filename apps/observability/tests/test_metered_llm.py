"""What a language model costs is known per chatbot, and metering changes nothing of what it says."""

from collections.abc import AsyncGenerator, Iterator
from typing import Any

import pytest

from apps.core.error_handling import ProviderUnavailableError
from apps.core.monitoring import metrics_collector
from apps.observability.metered_llm import Answering, MeteredLLM, answering, metered
from apps.rag.llm_service import LLMService, Prompt, Stop, StopReason, Token
from apps.rag.llm_service.protocol import Usage

BOT = "0f8fad5b-d9cb-469f-a165-70867728950e"
ANSWER = (
    Token(text="Two "),
    Token(text="years."),
    Stop(reason=StopReason.COMPLETE, usage=Usage(prompt_tokens=1000, completion_tokens=200)),
)


class Model:
    """Says what it was given, and fails when that is an error."""

    provider, model = "openai-compatible", "small-model"

    def __init__(self, *said: Token | Stop | Exception) -> None:
        self.said = said
        self.closed = False

    async def generate(self, prompt: Prompt) -> AsyncGenerator[Token | Stop, None]:
        try:
            for part in self.said:
                if isinstance(part, Exception):
                    raise part
                yield part
        finally:
            self.closed = True


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    metrics_collector.forget()
    yield
    metrics_collector.forget()


def counted(name: str, **labels: str) -> float:
    return metrics_collector.samples().get((name, tuple(sorted(labels.items()))), 0)


async def test_everything_comes_through_as_it_was_said() -> None:
    service = MeteredLLM(Model(*ANSWER))
    assert isinstance(service, LLMService)
    assert (service.provider, service.model) == ("openai-compatible", "small-model")
    assert [part async for part in service.generate(Prompt(question="How long?"))] == list(ANSWER)


async def test_tokens_and_cost_are_counted_for_the_chatbot_that_asked(settings: Any) -> None:
    settings.LLM_INPUT_PRICE, settings.LLM_OUTPUT_PRICE = 2.0, 10.0
    this = Answering(bot=BOT)
    before = answering.set(this)
    try:
        [part async for part in MeteredLLM(Model(*ANSWER)).generate(Prompt(question="How long?"))]
    finally:
        answering.reset(before)
    assert counted("tacit_llm_tokens_total", bot=BOT, type="input") == 1000
    assert counted("tacit_llm_tokens_total", bot=BOT, type="output") == 200
    assert counted("tacit_llm_cost_total", bot=BOT) == pytest.approx(0.004)
    assert counted("tacit_llm_calls_total", provider="openai-compatible", outcome="done") == 1
    assert counted("tacit_llm_first_token_seconds_count") == 1
    assert [call.outcome for call in this.calls] == ["done"]


async def test_without_a_chatbot_or_prices_tokens_are_counted_for_nobody() -> None:
    [part async for part in MeteredLLM(Model(*ANSWER)).generate(Prompt(question="How long?"))]
    assert counted("tacit_llm_tokens_total", bot="none", type="input") == 1000
    assert not [name for name, _ in metrics_collector.samples() if "cost" in name]


async def test_a_failure_goes_on_as_it_was_and_is_counted() -> None:
    service = MeteredLLM(Model(Token(text="Two "), ProviderUnavailableError()))
    with pytest.raises(ProviderUnavailableError):
        [part async for part in service.generate(Prompt(question="How long?"))]
    assert counted("tacit_llm_calls_total", provider="openai-compatible", outcome="failed") == 1


async def test_a_visitor_who_leaves_stops_the_model_and_is_counted() -> None:
    model = Model(*ANSWER)
    answer = MeteredLLM(model).generate(Prompt(question="How long?"))
    await anext(answer)
    await answer.aclose()
    assert model.closed
    assert counted("tacit_llm_calls_total", provider="openai-compatible", outcome="broken_off") == 1


def test_no_model_stays_no_model() -> None:
    assert metered(None) is None
