"""The answer flow from question to events, with the real openai client against a server that does as it is told."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from apps.rag import LLMService
from apps.rag.events import Delta, Finished, Turn
from apps.rag.languages import NO_ANSWERS
from apps.rag.llm_service import OpenAICompatibleLLMService, RetryingLLMService, Timeouts
from apps.rag.tests.asking import EXTRACTED, QUESTION, SENTENCE, answer, events_of, first_of, pipeline_with
from apps.rag.tests.shop import SHOP, FakeSearch, ShopBot
from tests.llm_server import (
    Behaviour,
    LLMServer,
    breaks_off,
    echoes_prompt,
    endless,
    hangs,
    html,
    refuses,
    says,
    sends_raw,
    stalls,
)

SHORT = Timeouts(connect=0.5, first_token=0.6, between_tokens=0.5, total=5.0, usage=0.2)


@pytest_asyncio.fixture
async def hasty_model(llm_server: LLMServer) -> AsyncIterator[LLMService]:
    service = OpenAICompatibleLLMService(
        base_url=llm_server.base_url, api_key="sk-test", model="test-model", timeouts=SHORT
    )
    yield RetryingLLMService(service, attempts=2, pause=0.01, patience=0.3)
    await service.aclose()


@pytest_asyncio.fixture
async def model(llm_server: LLMServer) -> AsyncIterator[LLMService]:
    """One that would wait for the server longer than any test does."""
    service = OpenAICompatibleLLMService(
        base_url=llm_server.base_url,
        api_key="sk-test",
        model="test-model",
        timeouts=Timeouts(patience=60, first_token=60, between_tokens=60),
    )
    yield RetryingLLMService(service, attempts=2, pause=0.01)
    await service.aclose()


class TestWithAModel:
    """A language model writes, and is checked."""

    async def test_sentences_come_one_by_one_each_followed_by_its_citation(
        self, model: LLMService, llm_server: LLMServer
    ) -> None:
        llm_server.behave(says("The warranty lasts 24 months [1]. Batteries are not covered [1]."))
        events = await events_of(pipeline_with(model))
        assert [type(event).__name__ for event in events] == ["Delta", "Cited", "Delta", "Cited", "Finished"]
        finished = events[-1]
        assert isinstance(finished, Finished)
        assert finished.text == "The warranty lasts 24 months [1]. Batteries are not covered [2]."
        assert finished.trace.provider == "openai-compatible"
        assert finished.trace.model == "test-model"
        assert finished.trace.usage is not None
        assert finished.trace.usage.prompt_tokens == 321

    async def test_a_sentence_does_not_wait_for_the_one_after_it(
        self, model: LLMService, llm_server: LLMServer
    ) -> None:
        llm_server.behave(stalls(f"{SENTENCE} Batteries are not cov"))
        answering = pipeline_with(model).answer(QUESTION)
        first = await first_of(answering)
        await answering.aclose()
        assert isinstance(first, Delta)
        assert first.text == SENTENCE

    async def test_the_prompt_holds_citable_passages_the_question_and_the_history(
        self, model: LLMService, llm_server: LLMServer
    ) -> None:
        llm_server.behave(says(SENTENCE))
        history = [Turn(question="Which models do you sell?", answer="The X100 and the X200.")]
        await answer(pipeline_with(model, bot=ShopBot(instructions="Be kind.")), QUESTION, history)
        (request,) = llm_server.requests
        assert all(hit.text in request.text for hit in SHOP)
        assert "Be kind." in request.text
        assert "The X100 and the X200." in request.text
        assert request.messages[-1]["content"].endswith(f"Question: {QUESTION}")

    @pytest.mark.parametrize(
        "written",
        [
            "The warranty lasts 36 months [1].",
            "Paris is the capital of France.",
            "Our CEO is John Smith [2].",
            "As of 2031 everything is free [1].",
        ],
    )
    async def test_an_invented_answer_is_replaced_by_extraction(
        self, model: LLMService, llm_server: LLMServer, written: str
    ) -> None:
        llm_server.behave(says(written))
        finished = await answer(pipeline_with(model))
        assert finished.text == EXTRACTED
        assert finished.trace.provider == "extractive"
        assert finished.trace.fallback == "answer_unsupported"
        assert finished.trace.dropped[0].text == written.replace(" [1]", "").replace(" [2]", "")

    async def test_wrong_citations_are_put_right(self, model: LLMService, llm_server: LLMServer) -> None:
        llm_server.behave(
            says("The warranty lasts 24 months from the date of purchase [3]. Batteries are not covered [77].")
        )
        finished = await answer(pipeline_with(model))
        assert {citation.title for citation in finished.citations} == {"Manual"}

    async def test_a_model_that_says_it_does_not_know_is_believed(
        self, model: LLMService, llm_server: LLMServer
    ) -> None:
        llm_server.behave(says("The passages do not mention a warranty."))
        finished = await answer(pipeline_with(model))
        assert finished.text.splitlines()[0] == NO_ANSWERS["en"]
        assert not finished.answered
        assert finished.trace.provider == "openai-compatible"

    async def test_a_model_that_repeats_its_prompt_gives_nothing_of_it_away(
        self, model: LLMService, llm_server: LLMServer
    ) -> None:
        llm_server.behave(echoes_prompt)
        finished = await answer(pipeline_with(model, bot=ShopBot(instructions="Call every visitor Sir Lancelot.")))
        assert "Lancelot" not in finished.text
        assert "source" not in finished.text
        assert "passage" not in finished.text

    async def test_a_follow_up_is_spelled_out_by_the_model(self, model: LLMService, llm_server: LLMServer) -> None:
        llm_server.behave(says("How long is the warranty\nof the X200?"), says(SENTENCE))
        search = FakeSearch()
        history = [Turn(question="How long is the warranty of the X100?", answer="24 months.")]
        await answer(pipeline_with(model, search=search), "and for the X200?", history)
        assert search.queries == ["How long is the warranty of the X200?"]

    async def test_a_model_that_fails_at_that_is_not_asked_again(
        self, model: LLMService, llm_server: LLMServer
    ) -> None:
        llm_server.behave(refuses(401), says(SENTENCE))
        search = FakeSearch()
        history = [Turn(question="How long is the warranty of the X100?", answer="24 months.")]
        finished = await answer(pipeline_with(model, search=search), "and for the X200?", history)
        assert search.queries == ["How long is the warranty of the X200?"]
        assert finished.answered
        assert finished.trace.fallback == "provider_rejected"
        assert len(llm_server.requests) == 1

    async def test_nothing_found_asks_no_model(self, model: LLMService, llm_server: LLMServer) -> None:
        finished = await answer(pipeline_with(model, search=FakeSearch([])))
        assert not finished.answered
        assert llm_server.requests == []


class TestWhenTheModelFails:
    """The visitor gets an answer, and the owner can see why it is another one."""

    @pytest.mark.parametrize(
        ("behaviour", "code"),
        [
            (stalls(), "provider_unavailable"),
            (hangs, "provider_unavailable"),
            (breaks_off(), "provider_unavailable"),
            (breaks_off("The warra"), "provider_unavailable"),
            (refuses(500), "provider_unavailable"),
            (refuses(401), "provider_rejected"),
            (refuses(429, headers=["Retry-After: 60"]), "provider_busy"),
            (html, "provider_unavailable"),
            (sends_raw("data: {nope"), "provider_answer_unusable"),
            (says(""), "provider_answer_unusable"),
            (endless("la la "), "answer_unsupported"),
            (endless("    "), "provider_answer_unusable"),
        ],
    )
    async def test_extraction_answers_instead(
        self, hasty_model: LLMService, llm_server: LLMServer, behaviour: Behaviour, code: str
    ) -> None:
        llm_server.behave(behaviour)
        finished = await answer(pipeline_with(hasty_model))
        assert finished.text == EXTRACTED
        assert finished.answered
        assert finished.trace.provider == "extractive"
        assert finished.trace.fallback == code

    @pytest.mark.parametrize(
        "behaviour",
        [
            stalls(f"{SENTENCE} Batteries are not cov"),
            breaks_off(f"{SENTENCE} Batteries are not cov"),
            sends_raw("data: {nope", after=f"{SENTENCE} Batteries are not cov"),
            says(f"{SENTENCE} Batteries are not cov", reason="length"),
        ],
    )
    async def test_what_was_checked_stays_and_no_half_sentence_follows(
        self, hasty_model: LLMService, llm_server: LLMServer, behaviour: Behaviour
    ) -> None:
        llm_server.behave(behaviour)
        finished = await answer(pipeline_with(hasty_model))
        assert finished.text == SENTENCE
        assert finished.answered
        assert len(llm_server.requests) == 1

    async def test_a_server_that_is_not_there_costs_little(self) -> None:
        dead = OpenAICompatibleLLMService(base_url="http://127.0.0.1:9/v1", api_key="", model="m")
        finished = await answer(pipeline_with(RetryingLLMService(dead)))
        assert finished.text == EXTRACTED
        assert finished.trace.timings_ms["total"] < 2000
        await dead.aclose()

    async def test_a_server_that_hangs_costs_two_seconds_at_most(self, llm_server: LLMServer) -> None:
        llm_server.behave(hangs)
        hanging = OpenAICompatibleLLMService(base_url=llm_server.base_url, api_key="", model="m")
        finished = await answer(pipeline_with(RetryingLLMService(hanging)))
        assert finished.text == EXTRACTED
        assert finished.trace.timings_ms["total"] < 2000
        await hanging.aclose()

    async def test_mallory_gone_the_model_stops_at_once(self, model: LLMService, llm_server: LLMServer) -> None:
        llm_server.behave(stalls(f"{SENTENCE} Batteries"))
        answering = pipeline_with(model).answer(QUESTION)
        assert isinstance(await first_of(answering), Delta)
        await answering.aclose()
        assert await asyncio.to_thread(llm_server.wait_for_hang_up)

    async def test_a_cancelled_request_stops_the_model_too(self, model: LLMService, llm_server: LLMServer) -> None:
        llm_server.behave(stalls("The warranty"))
        task = asyncio.ensure_future(answer(pipeline_with(model)))
        while not llm_server.requests:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(llm_server.wait_for_hang_up)
