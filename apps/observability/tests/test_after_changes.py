"""When a chatbot changes, a leak test is queued for when it is left alone: once, and only if the owner wants that."""

from typing import Any

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from apps.chatbots.models import Chatbot
from apps.core.services import ServiceRegistry
from apps.knowledge.models import Disclosure, Source, SourceKind, SourceStatus
from apps.observability.leaktest.revision import subject_of
from apps.observability.leaktest.tasks import look_for_untested_changes
from apps.observability.models import LeakTestRun


@pytest.fixture
def bot(db: None, settings: Any) -> Chatbot:
    """Alice's bot with one learn-only source, and tests after changes switched on."""
    settings.LEAKTEST_AFTER_CHANGES = True
    owner = ServiceRegistry.get("users").ensure_owner(email="alice@example.org")
    chatbot: Chatbot = ServiceRegistry.get("chatbots").create(organization=owner.organization, name="Wheels")
    Source.objects.create(
        chatbot=chatbot,
        kind=SourceKind.TEXT,
        title="Notes",
        disclosure=Disclosure.LEARN_ONLY,
        status=SourceStatus.READY,
    )
    return chatbot


def waiting() -> int:
    look_for_untested_changes(timestamp=0)
    return ProcrastinateJob.objects.filter(task_name="leaktest_after_change").count()


def note_test_of(chatbot: Chatbot) -> None:
    LeakTestRun.objects.create(chatbot=chatbot, mode="sealed", model="m", subject=subject_of(chatbot))


def test_a_changed_bot_is_tested_once(bot: Chatbot) -> None:
    assert waiting() == 1
    assert waiting() == 1, "the second change waits with the first"


def test_a_bot_as_it_was_tested_is_left_alone_until_it_changes(bot: Chatbot) -> None:
    note_test_of(bot)
    assert waiting() == 0
    Source.objects.filter(chatbot=bot).update(indexed_revision=2)
    assert waiting() == 1


def test_another_model_is_a_change(bot: Chatbot, settings: Any) -> None:
    note_test_of(bot)
    settings.LANGUAGE_MODEL = type("Model", (), {"model": "another"})()
    assert waiting() == 1


def test_a_bot_that_is_still_read_waits(bot: Chatbot) -> None:
    Source.objects.filter(chatbot=bot).update(status=SourceStatus.RUNNING)
    assert waiting() == 0


def test_a_bot_without_learn_only_sources_has_nothing_to_test(bot: Chatbot) -> None:
    Source.objects.filter(chatbot=bot).update(disclosure=Disclosure.CITABLE)
    assert waiting() == 0


def test_nothing_is_tested_unasked(bot: Chatbot, settings: Any) -> None:
    settings.LEAKTEST_AFTER_CHANGES = False
    assert waiting() == 0
