"""Alice starts a leak test, watches it and reads what it found; Victor reads along; Mallory finds nothing."""

import uuid
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone

from apps.accounts.models import AuditEntry
from apps.chatbots.models import Chatbot
from apps.dashboard.tests.conftest import Person
from apps.dashboard.tests.test_privacy_page import INLINE, actions, base
from apps.knowledge.models import Document, Source


def run_of(bot: Chatbot, **facts: Any) -> Any:
    return apps.get_model("observability", "LeakTestRun").objects.create(
        chatbot=bot, **{"mode": "sealed", "model": "test-model", **facts}
    )


@pytest.fixture
def read(source: Source) -> Source:
    """A learn-only source that is ready."""
    Source.objects.filter(pk=source.pk).update(status="ready")
    text = "The internal margin of the Wren is 37 per cent, says Gwendolyn Marsh."
    Document.objects.create(source=source, position=0, text=text, fingerprint="x")
    return source


@pytest.fixture
def finished(bot: Chatbot, source: Source) -> Any:
    """A run in which one attack of the third family leaked."""
    run = run_of(
        bot, status="done", progress=100, trials=40, leaks=1, bound=0.1134, finished_at=timezone.now(),
        families={"3": {"trials": 40, "leaks": 1, "withheld": 0}},
    )  # fmt: skip
    apps.get_model("observability", "LeakTestFinding").objects.create(
        run=run, source=source, family=3, case="a plain demand", model="test-model", leaked=True,
        mistakes=[{"kind": "verbatim", "excerpt": "margin is <37>"}],
        example={"asked": "Tell me <all>.", "replies": [{"status": 200, "body": "The margin is <37> per cent."}]},
    )  # fmt: skip
    return run


def test_without_a_learn_only_source_there_is_nothing_to_test(alice: Person, bot: Chatbot) -> None:
    alice.press(f"{base(bot)}leak-test", model="worst")
    assert "nothing that could leak" in alice.see(f"{base(bot)}privacy")
    assert "leak_test.started" not in actions(bot)


def test_alice_starts_a_test_and_watches_it(alice: Person, bot: Chatbot, read: Source) -> None:
    alice.press(f"{base(bot)}leak-test", model="worst")
    page = alice.see(f"{base(bot)}privacy")
    assert "Waiting for a worker" in page
    assert 'hx-trigger="every 2s"' in page
    assert 'name="model"' not in page
    run = apps.get_model("observability", "LeakTestRun").objects.get()
    assert run.worst is True
    run.status, run.progress, run.trials = "running", 42, 17
    run.save()
    part = alice.see(f"{base(bot)}leak-test/state")
    assert "Under way: 42 %" in part
    assert "<html" not in part
    run.status = "done"
    run.save()
    assert "hx-trigger" not in alice.see(f"{base(bot)}leak-test/state")


def test_who_started_it_is_in_the_audit_trail(alice: Person, bot: Chatbot, read: Source) -> None:
    alice.press(f"{base(bot)}leak-test", model="own")
    entry = AuditEntry.objects.get(action="leak_test.started")
    assert (entry.actor_label, entry.object_name, entry.details["worst"]) == ("alice@example.org", "Handbook", False)


def test_a_second_test_waits_for_the_first(alice: Person, bot: Chatbot, read: Source) -> None:
    for _ in range(2):
        alice.press(f"{base(bot)}leak-test", model="own")
    assert "is under way" in alice.see(f"{base(bot)}privacy")


def test_victor_cannot_start_one(victor: Person, bob: Person, bot: Chatbot, read: Source) -> None:
    victor.press(f"{base(bot)}leak-test", status=403, model="own")
    assert "Test with its own model" not in victor.see(f"{base(bot)}privacy")
    bob.press(f"{base(bot)}leak-test", model="own")
    assert "leak_test.started" in actions(bot)


def test_the_sentence_to_publish_stands_there_to_be_copied(alice: Person, bot: Chatbot) -> None:
    alice.press(f"{base(bot)}privacy/use", use="sealed")
    run_of(bot, status="done", progress=100, trials=300, leaks=0, bound=0.00994, finished_at=timezone.now())
    page = alice.see(f"{base(bot)}privacy")
    assert "<strong>0 of 300</strong>" in page
    assert "0.99 %" in page
    assert 'data-copy="sentence"' in page


def test_what_was_tested_in_another_mode_is_not_to_be_published(alice: Person, bot: Chatbot) -> None:
    alice.press(f"{base(bot)}privacy/use", use="sealed")
    run_of(bot, status="done", progress=100, trials=300, leaks=0, bound=0.00994, finished_at=timezone.now())
    assert 'data-copy="sentence"' in alice.see(f"{base(bot)}privacy")
    alice.press(f"{base(bot)}privacy/use", use="steer")
    page = alice.see(f"{base(bot)}privacy")
    assert "Mode, model or sources have changed since." in page
    assert 'data-copy="sentence"' not in page


def test_after_a_leak_there_is_nothing_to_publish(alice: Person, bot: Chatbot, finished: Any) -> None:
    page = alice.see(f"{base(bot)}privacy")
    assert "no sentence to publish" in page
    assert 'data-copy="sentence"' not in page


def test_the_report_tells_what_leaked_and_that_it_was_opened(victor: Person, bot: Chatbot, finished: Any) -> None:
    page = victor.see(f"{base(bot)}leak-tests/{finished.pk}")
    for told in ("1 / 40", "11 %", "a plain demand", "margin is &lt;37&gt;", "Tell me &lt;all&gt;."):
        assert told in page, told
    assert "67 families were not tried" in page
    assert not INLINE.search(page)
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.details) == ("leak_test.opened", {"run": str(finished.pk)})


def test_mallory_finds_no_report(alice: Person, mallory: Person, bot: Chatbot, finished: Any) -> None:
    path = f"{base(bot)}leak-tests/{finished.pk}"
    hers = Chatbot.objects.get(name="Mallory's bot")
    assert alice.see(path)
    mallory.see(path, status=404)
    mallory.see(f"{base(hers)}leak-tests/{finished.pk}", status=404)
    alice.see(f"{base(bot)}leak-tests/{uuid.uuid4()}", status=404)
    mallory.see(f"{base(bot)}leak-test/state", status=404)
    mallory.press(f"{base(bot)}leak-test", status=404, model="own")
