"""The ingest flow under what happens while it runs: interruption, change, flip, deletion, a failing model."""

import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from django.db import connections
from django.test import override_settings

from apps.chatbots.models import Chatbot
from apps.core.embedding_service import EmbeddingResult, FakeEmbeddingService
from apps.core.error_handling import DocumentError, ProviderUnavailableError
from apps.core.services import ServiceRegistry
from apps.knowledge import ingest
from apps.knowledge.models import Disclosure, Document, FilePiece, Source, SourceStatus
from apps.knowledge.services import KnowledgeSourceService
from apps.retrieval.models import CitablePassage, LearnOnlyPassage

pytestmark = pytest.mark.django_db(transaction=True)


class WatchedEmbedding(FakeEmbeddingService):
    """Counts what it embeds, and calls `before` first, which may fail or change the world."""

    def __init__(self) -> None:
        super().__init__()
        self.embedded: list[str] = []
        self.before: Callable[[], Any] = lambda: None

    def embed_documents(self, texts: Sequence[str]) -> list[EmbeddingResult]:
        try:
            self.before()
        finally:
            connections.close_all()  # those of the thread that embeds
        self.embedded += texts
        return super().embed_documents(texts)


@pytest.fixture
def model() -> Iterator[WatchedEmbedding]:
    watched = WatchedEmbedding()
    with ServiceRegistry.override("embeddings", watched), override_settings(EMBEDDING_MODEL="fake"):
        yield watched


@pytest.fixture
def bot(model: WatchedEmbedding) -> Chatbot:
    organization = ServiceRegistry.get("users").default_organization()
    made: Chatbot = ServiceRegistry.get("chatbots").create(organization=organization, name="Handbook")
    return made


def lines(*texts: str) -> bytes:
    return "\n".join(f'{{"id": "{n}", "title": "T{n}", "text": "{text}"}}' for n, text in enumerate(texts)).encode()


def add(bot: Chatbot, content: bytes, *, name: str = "notes.jsonl", disclosure: str = "citable") -> Source:
    return (
        KnowledgeSourceService()
        .add_file(chatbot=bot, file_name=name, content=io.BytesIO(content), disclosure=disclosure)
        .source
    )


def run(source: Source) -> Source:
    ingest.ingest_source(str(source.pk))
    source.refresh_from_db()
    return source


def test_what_was_written_before_an_interruption_is_not_done_again(
    bot: Chatbot, model: WatchedEmbedding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "PASSAGES_AT_ONCE", 2)
    source = add(bot, lines("alpha one", "beta two", "gamma three", "delta four"))
    calls = iter([None, ProviderUnavailableError()])

    def fail_the_second_time() -> None:
        if error := next(calls, None):
            raise error

    model.before = fail_the_second_time
    with pytest.raises(ProviderUnavailableError):
        run(source)
    assert CitablePassage.objects.count() == 2
    model.before = lambda: None
    model.embedded.clear()

    assert run(source).status == SourceStatus.READY

    assert len(model.embedded) == 2
    assert sorted(Document.objects.values_list("external_id", flat=True)) == ["0", "1", "2", "3"]
    assert CitablePassage.objects.count() == 4
    assert run(source).passage_count == 4, "a run too many does nothing"
    assert CitablePassage.objects.count() == 4


def test_a_changed_file_embeds_only_what_changed(bot: Chatbot, model: WatchedEmbedding) -> None:
    run(add(bot, lines("alpha one", "beta two", "gamma three")))
    kept = Document.objects.get(external_id="0").pk
    model.embedded.clear()

    source = run(add(bot, lines("alpha one", "beta changed")))

    assert len(model.embedded) == 1
    assert (source.revision, source.document_count, source.passage_count) == (2, 2, 2)
    assert Document.objects.get(external_id="0").pk == kept
    assert sorted(CitablePassage.objects.values_list("text", flat=True)) == ["alpha one", "beta changed"]
    assert set(FilePiece.objects.values_list("revision", flat=True)) == {2}, "the earlier original is gone"


def test_a_flip_while_reading_lands_in_the_right_table(bot: Chatbot, model: WatchedEmbedding) -> None:
    source = add(bot, lines("alpha one"))
    model.before = lambda: KnowledgeSourceService().update(
        Source.objects.get(pk=source.pk), disclosure=Disclosure.LEARN_ONLY
    )

    run(source)

    assert (CitablePassage.objects.count(), LearnOnlyPassage.objects.count()) == (0, 1)


def test_a_deletion_while_reading_leaves_nothing(bot: Chatbot, model: WatchedEmbedding) -> None:
    source = add(bot, lines("alpha one"))
    model.before = lambda: KnowledgeSourceService().delete(Source.objects.get(pk=source.pk))

    ingest.ingest_source(str(source.pk))

    assert (Source.objects.count(), Document.objects.count(), CitablePassage.objects.count()) == (0, 0, 0)


def test_a_replacement_while_reading_wins(bot: Chatbot, model: WatchedEmbedding) -> None:
    source = add(bot, lines("alpha one"))

    def replace_once() -> None:
        model.before = lambda: None
        add(bot, lines("alpha new"))

    model.before = replace_once
    ingest.ingest_source(str(source.pk))
    assert CitablePassage.objects.count() == 0, "the first run gave way"

    run(source)

    assert list(CitablePassage.objects.values_list("text", flat=True)) == ["alpha new"]


def test_the_same_content_in_both_classes_becomes_learn_only_and_is_told(bot: Chatbot) -> None:
    source = run(add(bot, lines("alpha one")))
    assert CitablePassage.objects.count() == 1

    again = add(bot, lines("alpha one"), name="other.jsonl", disclosure="learn_only")

    assert again.pk == source.pk
    assert (CitablePassage.objects.count(), LearnOnlyPassage.objects.count()) == (0, 1)
    assert [warning["code"] for warning in again.warnings] == ["in_both_classes"]
    assert add(bot, lines("alpha one")).disclosure == Disclosure.LEARN_ONLY, "the stricter class stays"


def test_a_failed_new_version_leaves_the_old_one_serving(bot: Chatbot) -> None:
    run(add(bot, lines("alpha one")))
    source = add(bot, b"\x00\x01\x02", name="notes.jsonl")
    with pytest.raises(DocumentError) as raised:
        ingest.ingest_source(str(source.pk))
    ingest.fail(str(source.pk), raised.value)

    source.refresh_from_db()
    assert source.status == SourceStatus.FAILED
    assert source.error_message
    assert CitablePassage.objects.count() == 1


def test_a_jsonl_line_keeps_its_id_title_and_address(bot: Chatbot) -> None:
    content = b'{"_id": 7, "title": "Hours", "text": "Open from nine to five.", "url": "https://shop.example/hours"}\n'
    run(add(bot, content, name="pages.jsonl"))

    passage = CitablePassage.objects.get()
    assert (passage.external_id, passage.title, passage.url) == ("7", "Hours", "https://shop.example/hours")
    document = Document.objects.get()
    assert document.text[passage.start : passage.end] == passage.text


def test_an_owner_may_have_documents_cut_by_meaning(bot: Chatbot, model: WatchedEmbedding) -> None:
    sentences = " ".join(f"Sentence number {n} speaks of topic {n // 12} and of nothing else." for n in range(60))
    with override_settings(CHUNKING="semantic"):
        source = run(add(bot, sentences.encode(), name="long.txt"))

    assert source.status == SourceStatus.READY
    assert len(model.embedded) > 60, "each sentence was looked at, and each passage embedded"
    text = Document.objects.get().text
    assert all(text[one.start : one.end] == one.text for one in CitablePassage.objects.all())
