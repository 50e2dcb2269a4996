"""Alice stops what is being read, deletes a source, and takes that back."""

import io
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections
from django.test import override_settings
from django.utils import timezone
from procrastinate.contrib.django import app as jobs

from apps.accounts.audit import Action
from apps.accounts.models import AuditEntry
from apps.chatbots.models import Chatbot
from apps.core.embedding_service import EmbeddingResult, FakeEmbeddingService
from apps.core.error_handling import ConflictError, DocumentTooLargeError, NotFoundError, ProviderRejectedError
from apps.core.services import ServiceRegistry
from apps.knowledge import ingest, tasks
from apps.knowledge.models import Document, FilePiece, RemovedSource, Source, SourceStatus
from apps.knowledge.queue import lock_of
from apps.knowledge.removal import RemovedSourceService
from apps.knowledge.services import KnowledgeSourceService
from apps.retrieval.models import CitablePassage, LearnOnlyPassage

pytestmark = pytest.mark.django_db(transaction=True)
SERVICE, REMOVED = KnowledgeSourceService(), RemovedSourceService()


class WatchedEmbedding(FakeEmbeddingService):
    """Calls `before` whenever it is to embed, which may fail or change the world."""

    def __init__(self) -> None:
        super().__init__()
        self.before: Callable[[], Any] = lambda: None

    def embed_documents(self, texts: Sequence[str]) -> list[EmbeddingResult]:
        try:
            self.before()
        finally:
            connections.close_all()  # those of the thread that embeds
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
    return SERVICE.add_file(chatbot=bot, file_name=name, content=io.BytesIO(content), disclosure=disclosure).source


def run(source: Source) -> Source:
    ingest.ingest_source(str(source.pk))
    source.refresh_from_db()
    return source


def replace(source: Source, content: bytes, name: str = "") -> Source:
    return SERVICE.replace_content(source, content=io.BytesIO(content), file_name=name)


def waiting_jobs(source: Source) -> int:
    return len(list(jobs.job_manager.list_jobs(lock=lock_of(source), status="todo")))


def served() -> list[str]:
    return sorted(CitablePassage.objects.values_list("text", flat=True))


def cancel(source: Source) -> Source:
    return SERVICE.cancel(Source.objects.get(pk=source.pk))


# Stopping.


def test_what_waits_leaves_the_queue(bot: Chatbot) -> None:
    source = add(bot, lines("alpha one"))
    assert waiting_jobs(source) == 1

    assert cancel(source).status == SourceStatus.CANCELLED
    assert waiting_jobs(source) == 0
    assert run(source).status == SourceStatus.CANCELLED, "nor does a worker that took the job up just then read it"
    assert served() == []


def test_a_run_stops_before_its_next_document_and_nothing_of_a_new_source_is_served(
    bot: Chatbot, model: WatchedEmbedding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "PASSAGES_AT_ONCE", 1)
    source = add(bot, lines("alpha one", "beta two", "gamma three"))
    seen: list[int] = []

    def cancel_at_the_last() -> None:
        seen.append(1)
        if len(seen) == 3:
            cancel(source)

    model.before = cancel_at_the_last

    assert run(source).status == SourceStatus.CANCELLED
    assert (source.progress, source.passage_count) == (0, 0)
    assert served() == []
    assert not Document.objects.exists()


def test_what_was_served_before_goes_on_serving(bot: Chatbot, model: WatchedEmbedding) -> None:
    source = run(add(bot, lines("alpha one", "beta two")))
    replace(source, lines("alpha new", "beta new"))
    model.before = lambda: cancel(source)

    assert run(source).status == SourceStatus.CANCELLED
    assert served() == ["alpha one", "beta two"]


def test_what_was_stopped_can_be_read_again(bot: Chatbot, model: WatchedEmbedding) -> None:
    source = run(add(bot, lines("alpha one")))
    replace(source, lines("alpha new"))
    SERVICE.retry(cancel(source))

    assert run(source).status == SourceStatus.READY
    assert served() == ["alpha new"]
    assert FilePiece.objects.count() == 1


def test_a_file_added_again_after_it_was_stopped_is_read(bot: Chatbot) -> None:
    source = add(bot, lines("alpha one"))
    cancel(source)
    assert add(bot, lines("alpha one")).pk == source.pk
    assert run(source).status == SourceStatus.READY


def test_what_is_ready_stays_ready(bot: Chatbot) -> None:
    source = run(add(bot, lines("alpha one")))
    assert cancel(source).status == SourceStatus.READY
    assert served() == ["alpha one"]


def test_a_run_that_fails_after_it_was_stopped_does_not_say_so(bot: Chatbot, model: WatchedEmbedding) -> None:
    source = add(bot, lines("alpha one"))

    def cancel_and_fail() -> None:
        cancel(source)
        raise ProviderRejectedError

    model.before = cancel_and_fail
    tasks.ingest.func(first_try(source), source_id=str(source.pk))
    source.refresh_from_db()
    assert (source.status, source.error_code) == (SourceStatus.CANCELLED, "")


def test_that_run_would_have_said_so(bot: Chatbot, model: WatchedEmbedding) -> None:
    source = add(bot, lines("alpha one"))

    def fail() -> None:
        raise ProviderRejectedError

    model.before = fail
    tasks.ingest.func(first_try(source), source_id=str(source.pk))
    source.refresh_from_db()
    assert (source.status, source.error_code) == (SourceStatus.FAILED, "provider_rejected")


def first_try(source: Source) -> Any:
    """What the queue hands to the task with a source's first job."""
    (job,) = jobs.job_manager.list_jobs(status="todo", lock=lock_of(source))
    return SimpleNamespace(job=job.evolve(task_kwargs={}))


# Deleting, and back.


@pytest.mark.parametrize("disclosure", ["citable", "learn_only"])
def test_a_removed_source_is_gone_at_once(bot: Chatbot, disclosure: str) -> None:
    source = run(add(bot, lines("alpha one", "beta two"), disclosure=disclosure))
    assert CitablePassage.objects.count() + LearnOnlyPassage.objects.count() == 2

    REMOVED.remove(source)

    for model in (Source, Document, CitablePassage, LearnOnlyPassage):
        assert not model._default_manager.exists(), model
    assert waiting_jobs(source) == 0


@pytest.mark.parametrize("disclosure", ["citable", "learn_only"])
def test_it_comes_back_as_it_was_by_reading_its_original(bot: Chatbot, disclosure: str) -> None:
    source = run(add(bot, lines("alpha one", "beta two"), disclosure=disclosure))
    SERVICE.update(source, title="What we tell")
    restored = run(REMOVED.restore(REMOVED.remove(Source.objects.get())))

    assert (restored.pk, restored.title, restored.disclosure) == (source.pk, "What we tell", disclosure)
    assert (restored.status, restored.passage_count, restored.created_at) == ("ready", 2, source.created_at)
    assert CitablePassage.objects.count() == (2 if disclosure == "citable" else 0)
    assert not RemovedSource.objects.exists()
    actions = AuditEntry.objects.filter(object_id=str(source.pk)).order_by("pk").values_list("action", flat=True)
    assert list(actions)[-2:] == [Action.SOURCE_DELETED, Action.SOURCE_RESTORED]


def test_a_run_that_was_under_way_when_it_was_removed_does_not_bring_it_back(
    bot: Chatbot, model: WatchedEmbedding
) -> None:
    source = add(bot, lines("alpha one"))

    def remove_and_restore() -> None:
        model.before = lambda: None
        REMOVED.restore(REMOVED.remove(Source.objects.get(pk=source.pk)))

    model.before = remove_and_restore
    ingest.ingest_source(str(source.pk))
    assert served() == []
    assert run(source).status == SourceStatus.READY
    assert served() == ["alpha one"]


def test_after_an_hour_nothing_is_left(bot: Chatbot) -> None:
    removed = REMOVED.remove(run(add(bot, lines("alpha one"))))
    kept = REMOVED.remove(run(add(bot, lines("beta two"), name="other.jsonl")))
    RemovedSource.objects.filter(pk=removed.pk).update(removed_at=timezone.now() - timedelta(minutes=61))

    assert list(REMOVED.of(bot)) == [kept]
    with pytest.raises(NotFoundError):
        REMOVED.restore(removed)
    tasks.purge_removed_sources.func(0)
    assert list(RemovedSource.objects.all()) == [kept]
    assert FilePiece.objects.count() == 1


def test_what_was_added_again_meanwhile_does_not_double(bot: Chatbot) -> None:
    removed = REMOVED.remove(run(add(bot, lines("alpha one"))))
    again = run(add(bot, lines("alpha one")))

    assert REMOVED.restore(removed) == again
    assert list(Source.objects.all()) == [again]
    assert FilePiece.objects.count() == 1


def test_deleting_for_good_keeps_nothing(bot: Chatbot) -> None:
    REMOVED.purge(REMOVED.remove(run(add(bot, lines("alpha one")))))
    assert not RemovedSource.objects.exists()
    assert not FilePiece.objects.exists()


# Other content for a source.


def test_another_file_takes_the_place_of_the_one_that_is_there(bot: Chatbot) -> None:
    source = run(add(bot, lines("alpha one")))
    replaced = replace(source, lines("alpha new"), "notes of May.jsonl")
    assert served() == ["alpha one"], "until the new one is read"

    assert run(replaced).pk == source.pk
    assert (replaced.title, replaced.file_name, replaced.revision) == ("notes of May.jsonl", "notes of May.jsonl", 2)
    assert served() == ["alpha new"]


def test_a_title_that_was_given_stays(bot: Chatbot) -> None:
    source = SERVICE.update(run(add(bot, lines("alpha one"))), title="Notes")
    assert replace(source, lines("alpha new"), "may.jsonl").title == "Notes"


def test_a_source_cannot_become_a_copy_of_another(bot: Chatbot) -> None:
    source, other = add(bot, lines("alpha one")), add(bot, lines("beta two"), name="other.jsonl")
    with pytest.raises(ConflictError, match=r"“other\.jsonl” holds exactly this already"):
        replace(source, lines("beta two"))
    assert {source.revision, other.revision} == {1}


def test_a_file_that_is_too_large_leaves_the_source_alone(bot: Chatbot) -> None:
    source = run(add(bot, lines("alpha one")))
    with override_settings(MAX_UPLOAD_BYTES=100), pytest.raises(DocumentTooLargeError):
        replace(source, b"x" * 101)
    source.refresh_from_db()
    assert (source.status, source.revision) == ("ready", 1)
