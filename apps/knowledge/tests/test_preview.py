"""What was read of a document is shown whole, page by page, and each passage stands where it was cut out."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings

from apps.chatbots.models import Chatbot
from apps.core.embedding_service import FakeEmbeddingService
from apps.core.services import ServiceRegistry
from apps.knowledge.ingest import ingest_source
from apps.knowledge.models import Document, Source
from apps.knowledge.preview import PASSAGES_IN_A_PART, pages_of, passages_of
from apps.knowledge.services import KnowledgeSourceService

pytestmark = pytest.mark.django_db(transaction=True)
MANUAL = Path(settings.BASE_DIR, "demo", "documents", "citable", "wren-manual.pdf")


@pytest.fixture
def bot() -> Iterator[Chatbot]:
    with ServiceRegistry.override("embeddings", FakeEmbeddingService()), override_settings(EMBEDDING_MODEL="fake"):
        organization = ServiceRegistry.get("users").default_organization()
        yield ServiceRegistry.get("chatbots").create(organization=organization, name="Handbook")


def read(bot: Chatbot, name: str, content: bytes, disclosure: str = "citable") -> Document:
    source: Source = (
        KnowledgeSourceService()
        .add_file(chatbot=bot, file_name=name, content=io.BytesIO(content), disclosure=disclosure)
        .source
    )
    ingest_source(str(source.pk))
    return Document.objects.get(source=source)


@pytest.mark.parametrize("disclosure", ["citable", "learn_only"])
def test_every_page_of_a_manual_is_there_with_its_passages(bot: Chatbot, disclosure: str) -> None:
    document = read(bot, "manual.pdf", MANUAL.read_bytes(), disclosure)
    pages = pages_of(document)

    assert all(page.is_page for page in pages)
    numbers = [page.number for page in pages]
    assert numbers == sorted(set(numbers))
    assert len(numbers) > 10
    passages = [passage for page in pages for passage in page.passages]
    assert [passage.number for passage in passages] == list(range(1, len(passages_of(document)) + 1))
    for page in pages:
        assert [passage.page for passage in page.passages] == [page.number] * len(page.passages)
        marked = {stretch.number: stretch.text for stretch in page.stretches if stretch.number}
        assert marked == {passage.number: passage.text for passage in page.passages}


def test_nothing_of_the_text_is_left_out_or_shown_twice(bot: Chatbot) -> None:
    document = read(bot, "manual.pdf", MANUAL.read_bytes())
    shown = "".join(stretch.text for page in pages_of(document) for stretch in page.stretches)
    assert "".join(shown.split()) == "".join(document.text.split())


def test_a_text_without_pages_comes_in_parts(bot: Chatbot) -> None:
    sections = "\n\n".join(f"# Section {n}\n\n{f'This is said in section {n}. ' * 12}" for n in range(20))
    pages = pages_of(read(bot, "long.md", sections.encode()))

    assert [(page.number, page.is_page) for page in pages] == [(n + 1, False) for n in range(len(pages))]
    assert len(pages) == 3
    assert {len(page.passages) for page in pages[:-1]} == {PASSAGES_IN_A_PART}
    assert pages[0].passages[0].headings == ["Section 0"]
