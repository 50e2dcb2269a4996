"""A copy of Alice's chatbot gets her sources with their originals, each as secret as it was."""

import io

import pytest
from procrastinate.contrib.django import app as queue

from apps.accounts.models import Organization
from apps.chatbots.lifecycle import ChatbotLifecycle
from apps.chatbots.models import Chatbot
from apps.chatbots.services import ChatbotService
from apps.knowledge import originals
from apps.knowledge.models import Source, SourceStatus
from apps.knowledge.services import KnowledgeSourceService
from apps.retrieval.models import RemovedSteeringLink

pytestmark = pytest.mark.django_db


@pytest.fixture
def bot(db: None) -> Chatbot:
    organization = Organization.objects.create(name="Alice's shop")
    return ChatbotService().create(organization=organization, name="Handbook")


def read(source: Source) -> bytes:
    return b"".join(originals.pieces(source))


def test_files_are_copied_whole_with_their_class_and_read_again(bot: Chatbot) -> None:
    service, large = KnowledgeSourceService(), b"x" * (originals.PIECE + 1)
    service.add_file(chatbot=bot, file_name="a.txt", content=io.BytesIO(large), disclosure="citable", title="Returns")
    service.add_text(chatbot=bot, text="The margin is 37 per cent.", title="Margins", disclosure="learn_only")
    copy = ChatbotLifecycle().duplicate(bot, with_sources=True)
    returns, margins = service.of(copy)
    assert (returns.title, returns.disclosure, read(returns)) == ("Returns", "citable", large)
    assert (margins.title, margins.disclosure) == ("Margins", "learn_only")
    assert read(margins) == b"The margin is 37 per cent."
    for source in (returns, margins):
        (job,) = queue.job_manager.list_jobs(lock=f"source:{source.pk}", status="todo")
        assert str(source.pk) in str(job.task_kwargs)  # text here, since jobs are read with the queue's own connection


def test_the_latest_of_a_replaced_file_is_copied(bot: Chatbot) -> None:
    service = KnowledgeSourceService()
    for content in (b"Thirty days.", b"Sixty days."):
        service.add_file(chatbot=bot, file_name="a.txt", content=io.BytesIO(content), disclosure="citable")
    (copied,) = service.of(ChatbotLifecycle().duplicate(bot, with_sources=True))
    assert (copied.revision, read(copied)) == (1, b"Sixty days.")


def test_web_pages_are_fetched_again_and_nothing_is_shared(bot: Chatbot) -> None:
    service = KnowledgeSourceService()
    original = service.add_url(chatbot=bot, url="https://shop.example/returns", disclosure="citable").source
    (copied,) = service.of(ChatbotLifecycle().duplicate(bot, with_sources=True))
    assert (copied.url, copied.status) == (original.url, SourceStatus.QUEUED)
    service.delete(original)
    assert service.of(copied.chatbot).count() == 1


def test_a_file_that_was_too_large_to_keep_is_failed_in_the_copy_too(bot: Chatbot, settings: object) -> None:
    settings.MAX_UPLOAD_BYTES = 10  # type: ignore[attr-defined]
    service = KnowledgeSourceService()
    service.add_file(chatbot=bot, file_name="a.txt", content=io.BytesIO(b"x" * 11), disclosure="citable")
    (copied,) = service.of(ChatbotLifecycle().duplicate(bot, with_sources=True))
    assert copied.status == SourceStatus.FAILED
    assert "larger" in copied.error_message


def test_without_sources_a_copy_has_none(bot: Chatbot) -> None:
    KnowledgeSourceService().add_text(chatbot=bot, text="Thirty days.", title="Returns", disclosure="citable")
    assert not Source.objects.filter(chatbot=ChatbotLifecycle().duplicate(bot)).exists()


def test_links_that_the_owner_removed_stay_removed_in_the_copy_that_has_the_sources(bot: Chatbot) -> None:
    RemovedSteeringLink.objects.create(chatbot=bot, link_hash="a" * 64)
    lifecycle = ChatbotLifecycle()
    whole, empty = lifecycle.duplicate(bot, with_sources=True), lifecycle.duplicate(bot)
    assert RemovedSteeringLink.objects.filter(chatbot=whole, link_hash="a" * 64).exists()
    assert not RemovedSteeringLink.objects.filter(chatbot=empty).exists()
