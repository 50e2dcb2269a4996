"""The guard of a chatbot: made from its passages, never handed out when these have changed, and closed to visitors."""

import uuid
from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob
from psycopg import sql

from apps.chatbots.models import Chatbot, LearnOnlyUse
from apps.core.database.embedded import EmbeddedPostgres
from apps.core.database.requirements import check_learn_only_unreadable, connection_string
from apps.core.services import ServiceRegistry
from apps.rag.guarding import refresh, screen_of
from apps.rag.privacy_filter.negative import NegativeGate
from apps.rag.privacy_filter.negative.forbidden import FORMAT
from apps.rag.tasks import refresh_guard
from apps.retrieval import guard, index
from apps.retrieval.informing import background_of
from apps.retrieval.models import CitablePassage, LearnOnlyGuard, LearnOnlyPassage
from apps.retrieval.tests.shelf import Shelf

pytestmark = pytest.mark.django_db

PUBLIC = "The warranty lasts 24 months from the day of purchase, and batteries are not covered by it."
SECRET = "Gwendolyn Marsh settles claims beyond the warranty for 17.40 EUR each and tells nobody about the arrangement."


@pytest.fixture(scope="session")
def postgres() -> Iterator[None]:
    server = EmbeddedPostgres(settings.DATA_DIR)
    server.start()
    yield
    server.release()


@pytest.fixture
def shelf(db: None) -> Shelf:
    shelf = Shelf()
    shelf.put(PUBLIC)
    shelf.put(SECRET, citable=False)
    return shelf


def passes(shelf: Shelf, text: str) -> bool:
    kept = screen_of(shelf.chatbot.pk)
    assert kept is not None
    return NegativeGate(kept[1]).admits(text)


def test_what_only_a_learn_only_source_says_is_stopped(shelf: Shelf) -> None:
    assert refresh(shelf.chatbot.pk)
    assert passes(shelf, PUBLIC)
    assert not passes(shelf, SECRET)
    assert not passes(shelf, "Ask Gwendolyn.")
    assert not passes(shelf, "It costs 17,40 €.")


@pytest.mark.parametrize("citable", [True, False])
def test_a_guard_is_out_of_date_as_soon_as_passages_come(shelf: Shelf, citable: bool) -> None:
    refresh(shelf.chatbot.pk)
    shelf.put("Something new is written here.", citable=citable)
    assert screen_of(shelf.chatbot.pk) is None
    assert refresh(shelf.chatbot.pk)
    assert screen_of(shelf.chatbot.pk) is not None


def test_a_flip_makes_it_out_of_date_and_then_public_what_was_secret(shelf: Shelf) -> None:
    source = shelf.put("Zephyrine Quill reads every letter of complaint that comes in.", citable=False)
    refresh(shelf.chatbot.pk)
    assert not passes(shelf, "Zephyrine reads it.")
    with transaction.atomic():
        index.move(chatbot_id=shelf.chatbot.pk, source_id=source, citable=True)
    assert screen_of(shelf.chatbot.pk) is None
    refresh(shelf.chatbot.pk)
    assert passes(shelf, "Zephyrine reads it.")


def test_a_new_title_or_a_deletion_makes_it_out_of_date_and_new_term_weights_do_not(shelf: Shelf) -> None:
    refresh(shelf.chatbot.pk)
    secret = LearnOnlyPassage.objects.get(chatbot=shelf.chatbot)
    LearnOnlyPassage.objects.filter(pk=secret.pk).update(token_count=7)
    assert screen_of(shelf.chatbot.pk) is not None
    index.rename(chatbot_id=shelf.chatbot.pk, document_id=secret.document_id, title="Arrangements of 2026.docx")
    assert screen_of(shelf.chatbot.pk) is None
    refresh(shelf.chatbot.pk)
    assert not passes(shelf, "It stands in arrangements of 2026.docx.")
    CitablePassage.objects.filter(chatbot=shelf.chatbot).delete()
    assert screen_of(shelf.chatbot.pk) is None


def test_one_made_by_an_earlier_version_of_the_program_is_out_of_date(shelf: Shelf) -> None:
    refresh(shelf.chatbot.pk)
    LearnOnlyGuard.objects.filter(pk=shelf.chatbot.pk).update(format=FORMAT + 1)
    assert screen_of(shelf.chatbot.pk) is None


def test_another_chatbots_passages_change_nothing(shelf: Shelf) -> None:
    refresh(shelf.chatbot.pk)
    Shelf(name="Another").put("Another text.", citable=False)
    assert screen_of(shelf.chatbot.pk) is not None


def test_a_chatbot_can_be_deleted_with_all_that_is_its_own(shelf: Shelf) -> None:
    refresh(shelf.chatbot.pk)
    Chatbot.objects.get(pk=shelf.chatbot.pk).delete()
    assert not LearnOnlyGuard.objects.filter(pk=shelf.chatbot.pk).exists()


def test_wishes_for_a_new_guard_become_one_job_which_makes_it(shelf: Shelf) -> None:
    guard.defer_refresh(shelf.chatbot.pk)
    guard.defer_refresh(shelf.chatbot.pk)
    (job,) = ProcrastinateJob.objects.filter(task_name=guard.REFRESH)
    refresh_guard(**job.args)
    assert screen_of(shelf.chatbot.pk) is not None


def test_mallory_with_the_visitors_login_reads_neither_guard_nor_alarms(shelf: Shelf) -> None:
    check_learn_only_unreadable(settings.VISITOR_DATABASE)
    with psycopg.connect(connection_string(settings.VISITOR_DATABASE), autocommit=True) as mallory:
        for table in ("learn_only_guard", "privacy_alarm"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                mallory.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))


class TestInforming:
    """Learn-only text for a prompt, for a chatbot that is set to it."""

    @pytest.fixture(autouse=True)
    def _fakes(self, shelf: Shelf) -> Iterator[None]:
        with ServiceRegistry.override("embeddings", shelf.embeddings):
            yield

    def told(self, shelf: Shelf) -> list[str]:
        found = background_of(shelf.chatbot.pk, SECRET, number=3, made_by=FORMAT)
        return [passage.text for passage in found.passages] if found else []

    @pytest.mark.parametrize(("mode", "expected"), [("sealed", []), ("steer", []), ("inform", [SECRET])])
    def test_only_a_chatbot_set_to_inform_gets_any(self, shelf: Shelf, mode: str, expected: list[str]) -> None:
        refresh(shelf.chatbot.pk)
        Chatbot.objects.filter(pk=shelf.chatbot.pk).update(learn_only_use=mode)
        assert self.told(shelf) == expected

    def test_without_a_guard_that_is_up_to_date_nothing_is_told(self, shelf: Shelf) -> None:
        Chatbot.objects.filter(pk=shelf.chatbot.pk).update(learn_only_use=LearnOnlyUse.INFORM)
        assert self.told(shelf) == []
        refresh(shelf.chatbot.pk)
        assert self.told(shelf) == [SECRET]
        shelf.put("One more.", citable=False)
        assert self.told(shelf) == []

    def test_another_chatbots_secrets_are_never_told(self, shelf: Shelf) -> None:
        other = Shelf(name="Another")
        other.put("Another text.")
        Chatbot.objects.update(learn_only_use=LearnOnlyUse.INFORM)
        refresh(shelf.chatbot.pk)
        refresh(other.chatbot.pk)
        assert self.told(other) == []
        assert background_of(uuid.uuid4(), SECRET, number=3, made_by=FORMAT) is None
