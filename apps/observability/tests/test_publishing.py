"""What several processes counted adds up, whatever becomes of each of them."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.accounts.models import Organization
from apps.chatbots.models import Chatbot
from apps.core.alert_evaluation import Series
from apps.core.monitoring import metrics_collector, track_metric
from apps.observability import metrics
from apps.observability.metrics import OwnRow, gauge, installation_samples, packed, unpacked
from apps.observability.models import ProcessNumbers
from apps.observability.publishing import ENDED, Publisher, add_up_ended

pytestmark = pytest.mark.django_db

DONE = ("tacit_jobs_total", (("outcome", "done"), ("task", "ingest")))
BREAKER = gauge("tacit_breaker_state", breaker="llm")


@pytest.fixture(autouse=True)
def own_row(monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnRow]:
    """Let each test be a process of its own that has counted nothing."""
    row = OwnRow()
    monkeypatch.setattr(metrics, "own_row", row)
    monkeypatch.setattr("apps.observability.publishing.own_row", row)
    metrics_collector.forget()
    yield row
    metrics_collector.forget()


def another_process(samples: dict[Series, float], *, silent_for: float = 0) -> ProcessNumbers:
    return ProcessNumbers.objects.create(
        kind="worker", samples=packed(samples), updated_at=timezone.now() - timedelta(seconds=silent_for)
    )


def test_what_a_worker_elsewhere_counted_is_added_to_our_own() -> None:
    another_process({DONE: 5})
    track_metric("tacit_jobs_total", 2, {"task": "ingest", "outcome": "done"})
    assert installation_samples()[DONE] == 7


def test_what_we_told_ourselves_is_not_counted_twice() -> None:
    track_metric("tacit_jobs_total", 2, {"task": "ingest", "outcome": "done"})
    Publisher("web").publish()
    assert unpacked(ProcessNumbers.objects.get().samples)[DONE] == 2
    assert installation_samples()[DONE] == 2


def test_of_a_gauge_the_worst_counts_and_only_of_processes_that_live() -> None:
    another_process({BREAKER: 2})
    track_metric("tacit_breaker_state", 0, {"breaker": "llm"})
    assert installation_samples()[BREAKER] == 2
    ProcessNumbers.objects.update(updated_at=timezone.now() - timedelta(minutes=3))
    assert installation_samples()[BREAKER] == 0


def test_an_idle_process_writes_only_a_sign_of_life() -> None:
    publisher = Publisher("web")
    publisher.publish()
    first = ProcessNumbers.objects.get().updated_at
    publisher.publish()
    assert ProcessNumbers.objects.get().updated_at == first, "nothing was counted since"
    track_metric("tacit_jobs_total", 1, {"task": "ingest", "outcome": "done"})
    publisher.publish()
    assert ProcessNumbers.objects.get().updated_at > first


def test_a_process_that_ended_takes_nothing_away_from_a_counter() -> None:
    another_process({DONE: 5, BREAKER: 2}, silent_for=3600)
    another_process({DONE: 3}, silent_for=3600)
    another_process({DONE: 1})
    before = installation_samples()[DONE]

    for _ in range(2):
        add_up_ended()
        assert installation_samples()[DONE] == before == 9
    assert BREAKER not in installation_samples()
    assert ProcessNumbers.objects.count() == 2, "the one that lives, and the sum of the others"
    assert unpacked(ProcessNumbers.objects.get(pk=ENDED).samples) == {DONE: 8}


def test_a_process_that_only_slept_is_not_counted_twice() -> None:
    """A laptop that was closed for the night."""
    publisher = Publisher("web")
    track_metric("tacit_jobs_total", 4, {"task": "ingest", "outcome": "done"})
    publisher.publish()
    ProcessNumbers.objects.update(updated_at=timezone.now() - timedelta(hours=8))
    add_up_ended()
    for number in (1, 2):
        track_metric("tacit_jobs_total", 1, {"task": "ingest", "outcome": "done"})
        publisher.publish()
        assert installation_samples()[DONE] == 4 + number
        assert sum(unpacked(row.samples).get(DONE, 0) for row in ProcessNumbers.objects.all()) == 4 + number


def test_what_was_counted_for_a_deleted_chatbot_goes_when_its_process_ended() -> None:
    there = Chatbot.objects.create(organization=Organization.objects.create(name="Alice's"), name="Handbook")
    kept, gone = (("tacit_answers_broken_off_total", (("bot", str(pk)),)) for pk in (there.pk, uuid4()))
    another_process({kept: 1, gone: 1, DONE: 1}, silent_for=3600)
    add_up_ended()
    assert set(unpacked(ProcessNumbers.objects.get().samples)) == {kept, DONE}


def test_a_metric_of_another_version_is_left_out() -> None:
    ProcessNumbers.objects.create(kind="worker", samples=[["tacit_of_tomorrow_total", [], 3]])
    assert ("tacit_of_tomorrow_total", ()) not in installation_samples()
