"""The answer flow from question to events, with the real openai client against a server that does as it is told."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence

import pytest
import pytest_asyncio

from apps.core.embedding_service import FakeEmbeddingService
from apps.core.error_handling import DatabaseError, ProviderUnavailableError
from apps.core.services import ServiceRegistry
from apps.rag import ContextBuilder, LLMService, PrivacyFilter, RAGPipeline, create_rag_pipeline
from apps.rag.events import Cited, Delta, Event, Finished, Turn
from apps.rag.languages import NO_ANSWERS
from apps.rag.llm_service import (
    ExtractiveLLMService,
    OpenAICompatibleLLMService,
    RetryingLLMService,
    ScriptedLLMService,
    Timeouts,
    create_llm_service,
)
from apps.rag.privacy_service import PrivacyService
from apps.rag.tests.shop import SHOP, FakeSearch, ShopBot, ShopHit
from apps.retrieval.reranker import FakeReranker
from config.env import LanguageModelSettings
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

QUESTION = "How long is the warranty?"
SENTENCE = "The warranty lasts 24 months [1]."
EXTRACTED = "The warranty lasts 24 months from the date of purchase. [1]"
SHORT = Timeouts(connect=0.5, first_token=0.6, between_tokens=0.5, total=5.0, usage=0.2)

MakePipeline = Callable[..., RAGPipeline]


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


def pipeline_with(
    llm: LLMService | None, *, search: FakeSearch | None = None, bot: ShopBot | None = None, **more: object
) -> RAGPipeline:
    return RAGPipeline(
        chatbot=bot or ShopBot(),
        search=search or FakeSearch(),
        extractive=ExtractiveLLMService(embeddings=FakeEmbeddingService()),
        llm=llm,
        **more,  # type: ignore[arg-type]
    )


async def events_of(pipeline: RAGPipeline, question: str = QUESTION, history: Sequence[Turn] = ()) -> list[Event]:
    """Return the events of an answer, after checking what holds for every answer."""
    events = [event async for event in pipeline.answer(question, history)]
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert not any(isinstance(event, Finished) for event in events[:-1])
    assert "".join(event.text for event in events if isinstance(event, Delta)) == finished.text
    cited = [event.citation for event in events if isinstance(event, Cited)]
    assert tuple(cited) == finished.citations
    assert [citation.n for citation in cited] == list(range(1, len(cited) + 1))
    assert list(dict.fromkeys(map(int, re.findall(r"\[(\d+)\]", finished.text)))) == [c.n for c in cited]
    texts = {hit.passage_id: hit.text for hit in SHOP}
    assert all(citation.quote in texts[citation.passage_id] for citation in cited)
    return events


async def answer(pipeline: RAGPipeline, question: str = QUESTION, history: Sequence[Turn] = ()) -> Finished:
    finished = (await events_of(pipeline, question, history))[-1]
    assert isinstance(finished, Finished)
    return finished


class TestWithoutAModel:
    """Nothing is configured: answers come by extraction."""

    async def test_alice_asks_and_reads_a_cited_answer(self) -> None:
        finished = await answer(pipeline_with(None))
        assert finished.text == EXTRACTED
        assert finished.answered
        (citation,) = finished.citations
        assert (citation.title, citation.page, citation.url) == ("Manual", 7, "https://acme.example/manual")
        assert finished.trace.provider == "extractive"
        assert finished.trace.fallback is None
        assert finished.trace.timings_ms.keys() >= {"condense", "search", "context", "first_token", "generate", "total"}
        assert [passage.number for passage in finished.trace.passages] == [1, 2, 3, 4, 5]

    @pytest.mark.parametrize(
        ("question", "language"),
        [
            ("Who is the president?", "en"),
            ("Wer ist der Präsident?", "de"),
            ("总统是谁？", "zh"),
            ("رئيس من هو؟", "ar"),
        ],
    )
    async def test_what_is_not_there_is_not_answered(self, question: str, language: str) -> None:
        finished = await answer(pipeline_with(None), question)
        assert finished.text == NO_ANSWERS[language]
        assert not finished.answered
        assert finished.citations == ()

    async def test_an_empty_bot_has_no_answers(self) -> None:
        assert not (await answer(pipeline_with(None, search=FakeSearch([])))).answered

    async def test_a_greeting_searches_nothing(self) -> None:
        search = FakeSearch()
        finished = await answer(pipeline_with(None, search=search), "hi")
        assert finished.answered
        assert finished.citations == ()
        assert search.queries == []

    async def test_a_follow_up_is_searched_for_with_what_it_leans_on(self) -> None:
        search = FakeSearch()
        history = [Turn(question="How long is the warranty of the X100?", answer="24 months.")]
        await answer(pipeline_with(None, search=search), "and for the other model?", history)
        assert search.queries == ["and for the other model? warranty X100"]

    async def test_what_search_raises_is_raised(self) -> None:
        class BrokenSearch(FakeSearch):
            async def search(self, **_: object) -> Sequence[ShopHit]:  # type: ignore[override]
                raise DatabaseError

        with pytest.raises(DatabaseError):
            await answer(pipeline_with(None, search=BrokenSearch()))


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
        first = await anext(answering)
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
        assert finished.text == NO_ANSWERS["en"]
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
        assert search.queries == ["and for the X200? warranty"]
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
        assert isinstance(await anext(answering), Delta)
        await answering.aclose()
        assert await asyncio.to_thread(llm_server.wait_for_hang_up, 1.0)

    async def test_a_cancelled_request_stops_the_model_too(self, model: LLMService, llm_server: LLMServer) -> None:
        llm_server.behave(stalls("The warranty"))
        task = asyncio.ensure_future(answer(pipeline_with(model)))
        while not llm_server.requests:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(llm_server.wait_for_hang_up, 1.0)


class TestReranking:
    """A reranker orders anew; one that fails is done without."""

    async def test_the_rerankers_order_is_the_contexts_order(self) -> None:
        finished = await answer(pipeline_with(None, reranker=FakeReranker()), "Can I return a cleaner?")
        numbers = {passage.passage_id: passage.number for passage in finished.trace.passages}
        assert numbers[SHOP[3].passage_id] == 1
        assert "rerank" in finished.trace.timings_ms

    async def test_a_reranker_that_fails_is_not_missed(self) -> None:
        class BrokenReranker:
            def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
                raise ProviderUnavailableError

        assert (await answer(pipeline_with(None, reranker=BrokenReranker()))).text == EXTRACTED


async def test_an_extracted_answer_says_the_same_whether_or_not_the_model_is_scripted() -> None:
    scripted = ScriptedLLMService([f"{EXTRACTED} "])
    assert (await answer(pipeline_with(scripted))).text == (await answer(pipeline_with(None))).text
    assert scripted.closed


async def test_no_event_shows_its_content_in_a_repr() -> None:
    shown = repr(await events_of(pipeline_with(None)))
    assert "warranty" not in shown.casefold()


async def test_the_pipeline_is_made_from_the_services_that_settings_name() -> None:
    search = FakeSearch()
    with (
        ServiceRegistry.override("search", search),
        ServiceRegistry.override("embeddings", FakeEmbeddingService()),
        ServiceRegistry.override("reranker", None),
        ServiceRegistry.override("llm", None),
    ):
        pipeline = create_rag_pipeline(ShopBot())
    assert (await answer(pipeline)).text == EXTRACTED
    assert search.queries == [QUESTION]


def test_the_configured_model_is_made_from_settings(settings: object, llm_server: LLMServer) -> None:
    settings.LANGUAGE_MODEL = None  # type: ignore[attr-defined]
    assert create_llm_service() is None
    settings.LANGUAGE_MODEL = LanguageModelSettings(base_url=llm_server.base_url, api_key="", model="m")  # type: ignore[attr-defined]
    service = create_llm_service()
    assert service is not None
    assert (service.provider, service.model) == ("openai-compatible", "m")


def test_a_whole_text_is_checked_like_a_stream() -> None:
    checked = PrivacyService().check(text=f"{SENTENCE} It lasts 36 months.", passages=SHOP, question=QUESTION)
    assert checked.text == SENTENCE
    assert [dropped.rule for dropped in checked.dropped] == ["uncited"]
    assert checked.citations[0].quote in SHOP[0].text


def test_the_names_that_others_import_are_there() -> None:
    assert {ContextBuilder.__name__, PrivacyFilter.__name__, RAGPipeline.__name__} == {
        "ContextBuilder",
        "PrivacyFilter",
        "RAGPipeline",
    }
    assert isinstance(ScriptedLLMService([]), LLMService)
