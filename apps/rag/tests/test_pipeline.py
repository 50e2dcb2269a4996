"""The answer flow from question to events without a model, with a reader, and as settings put it together."""

import re
from collections.abc import Sequence

import pytest

from apps.core.embedding_service import FakeEmbeddingService
from apps.core.error_handling import DatabaseError, ProviderUnavailableError
from apps.core.language_model import LanguageModelSettings
from apps.core.reader.fake import FakeReader
from apps.core.services import ServiceRegistry
from apps.rag import ContextBuilder, LLMService, PrivacyFilter, RAGPipeline, create_rag_pipeline
from apps.rag.events import Finished, Turn
from apps.rag.languages import NO_ANSWERS
from apps.rag.llm_service import ScriptedLLMService, create_llm_service
from apps.rag.privacy_service import PrivacyService
from apps.rag.tests.asking import EXTRACTED, QUESTION, SENTENCE, answer, events_of, pipeline_with
from apps.rag.tests.shop import SHOP, FakeSearch, ShopBot, ShopHit, hit
from tests.llm_server import LLMServer


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
        assert finished.trace.timings_ms.keys() >= {"condense", "search", "read", "first_token", "generate", "total"}
        assert sorted(passage.number or 0 for passage in finished.trace.passages) == [1, 2, 3, 4, 5]

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
        assert finished.text.splitlines()[0] == NO_ANSWERS[language]
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
        assert search.queries == ["How long is the warranty of the X100 for the other model?"]

    async def test_what_search_raises_is_raised(self) -> None:
        class BrokenSearch(FakeSearch):
            async def search(self, **_: object) -> Sequence[ShopHit]:
                raise DatabaseError

        with pytest.raises(DatabaseError):
            await answer(pipeline_with(None, search=BrokenSearch()))


class TestSeveralMeanings:
    """A question that fits several things is answered, and told which they are."""

    async def test_the_choice_follows_the_answer(self) -> None:
        search = FakeSearch([
            hit(1, "Hale State Park", "Dogs are welcome in the park on a leash."),
            hit(2, "Orme State Park", "Dogs are welcome in the park in winter."),
        ])  # fmt: skip
        answering = pipeline_with(None, search=search).answer("Are dogs welcome in the park?")
        *_, finished = [event async for event in answering]
        assert isinstance(finished, Finished)
        assert finished.answered
        assert finished.text.endswith("\n- Hale State Park\n- Orme State Park")


class TestReading:
    """A reader has its say in the order of passages; one that fails is done without."""

    async def test_what_the_reader_takes_for_the_answer_moves_up(self) -> None:
        finished = await answer(pipeline_with(None), "Can I return a cleaner?")
        numbers = {passage.passage_id: passage.number for passage in finished.trace.passages}
        assert numbers[SHOP[3].passage_id] in {1, 2}
        assert "read" in finished.trace.timings_ms

    async def test_a_reader_that_fails_is_not_missed(self) -> None:
        class BrokenReader(FakeReader):
            def score(self, question: str, texts: Sequence[str]) -> list[float]:
                raise ProviderUnavailableError

        assert (await answer(pipeline_with(None, reader=BrokenReader()))).text == EXTRACTED

    async def test_without_a_reader_words_and_vectors_decide(self) -> None:
        assert (await answer(pipeline_with(None, reader=None))).text == EXTRACTED


async def test_a_model_that_says_what_is_quoted_is_cited_sentence_by_sentence() -> None:
    scripted = ScriptedLLMService([f"{EXTRACTED} "])
    said = (await answer(pipeline_with(scripted))).text
    assert re.sub(r" \[\d\]", "", said) == EXTRACTED.removesuffix(" [1]")
    assert scripted.closed


async def test_no_event_shows_its_content_in_a_repr() -> None:
    shown = repr(await events_of(pipeline_with(None)))
    assert "warranty" not in shown.casefold()


async def test_the_pipeline_is_made_from_the_services_that_settings_name() -> None:
    search = FakeSearch()
    with (
        ServiceRegistry.override("search", search),
        ServiceRegistry.override("embeddings", FakeEmbeddingService()),
        ServiceRegistry.override("reader", FakeReader()),
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
    assert [dropped.rule for dropped in checked.dropped] == ["unknown_figure"]
    assert checked.citations[0].quote in SHOP[0].text


def test_the_names_that_others_import_are_there() -> None:
    assert {ContextBuilder.__name__, PrivacyFilter.__name__, RAGPipeline.__name__} == {
        "ContextBuilder",
        "PrivacyFilter",
        "RAGPipeline",
    }
    assert isinstance(ScriptedLLMService([]), LLMService)
