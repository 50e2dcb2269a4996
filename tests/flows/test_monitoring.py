"""What is counted, timed and told of a real question and a real upload: the numbers, and never the words."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from django.db import transaction

from apps.core.alert_rules import parse_rules
from apps.core.services import ServiceRegistry
from apps.observability.models import MetricsReading
from apps.observability.tests.test_alerts import SECRET as KEY
from apps.observability.tests.test_alerts import receiving
from tests.conftest import Owner

MANUAL = b"# Wren espresso machine\n\nThe warranty of the Wren lasts twenty-four months.\n"
SECRET = b"# Discounts\n\nThe internal discount floor of the Wren is seventeen percent.\n"
WORDS = ("Wren", "espresso", "warranty", "twenty-four", "discount", "seventeen", "Handbook", "manual.md", "alice")


def metrics_of(address: str) -> dict[str, float]:
    told = httpx.get(f"{address}/metrics", timeout=20)
    assert told.status_code == 200, told.text
    lines = [line for line in told.text.splitlines() if not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def grown(before: dict[str, float], after: dict[str, float], series: str) -> float:
    return after.get(series, 0.0) - before.get(series, 0.0)


def test_an_upload_and_a_question_are_counted_and_timed_and_their_words_are_nowhere(
    alice: Owner, work_off: Callable[[], None]
) -> None:
    before = metrics_of(alice.address)
    bot = alice.make_bot()
    alice.upload(bot, ("manual.md", MANUAL))
    alice.upload(bot, ("discounts.md", SECRET), disclosure="learn_only")
    queued = metrics_of(alice.address)
    assert queued['tacit_sources{status="queued"}'] == 2
    assert queued['tacit_queue_depth{queue="ingest",status="todo"}'] >= 2
    assert queued['tacit_queue_age_seconds{queue="ingest"}'] >= 0
    work_off()

    answer = alice.ask(bot, "How long does the warranty of the Wren last?")
    assert answer["answered"]
    assert not alice.ask(bot, "Who won the world cup of 1954?")["answered"]
    sent = httpx.post(
        f"{alice.address}/api/v1/chat/{bot['public_id']}/messages/{answer['message_id']}/feedback",
        headers={"Authorization": f"Bearer {answer['conversation_token']}"},
        json={"value": "down", "comment": "The Wren is broken"},
    )
    assert sent.status_code == 200
    after = metrics_of(alice.address)

    for series, number in {
        f'tacit_answers_total{{bot="{bot["id"]}",outcome="answered",provider="extractive"}}': 1,
        f'tacit_feedback_total{{bot="{bot["id"]}",value="down"}}': 1,
        'tacit_answer_stage_seconds_count{stage="search"}': 2,
        'tacit_answer_stage_seconds_count{stage="first_token"}': 2,
        'tacit_ingest_stage_seconds_count{stage="extract"}': 2,
        'tacit_ingest_stage_seconds_count{stage="embed"}': 2,
        'tacit_ingest_sources_total{outcome="ready"}': 2,
        'tacit_cache_requests_total{cache="vectors",result="miss"}': 2,
    }.items():
        assert grown(before, after, series) == number, series
    assert after['tacit_sources{status="ready"}'] == 2
    assert after['tacit_sources{status="queued"}'] == 0
    assert after["tacit_database_up"] == 1
    refused = [name for name in after if "tacit_answers_total" in name and "refused" in name and bot["id"] in name]
    assert sum(after[name] for name in refused) == 1

    told = httpx.get(f"{alice.address}/metrics").text
    assert bot["public_id"] not in told
    assert [word for word in WORDS if word.lower() in told.lower()] == []


def test_an_alert_goes_out_by_a_job_that_came_with_it(
    alice: Owner, work_off: Callable[[], None], settings: Any
) -> None:
    """The row and the job that tells of it are one transaction, so none is lost between them."""
    settings.ALERT_RULES = parse_rules(
        '[{"name": "any_queue", "metric": "tacit_queue_depth", "kind": "threshold", "above": 0, "message": "Look."}]'
    )
    work_off()  # what is periodic has its turn first
    MetricsReading.objects.all().delete()
    with receiving() as webhook:
        settings.ALERT_WEBHOOK_URL, settings.ALERT_WEBHOOK_SECRET = webhook.url, KEY
        alice.upload(alice.make_bot(), ("manual.md", MANUAL))
        with transaction.atomic():
            assert ServiceRegistry.get("alerts").look()
            transaction.set_rollback(True)
        work_off()
        assert webhook.got == []

        MetricsReading.objects.all().delete()
        alice.upload(alice.make_bot("Second"), ("manual.md", MANUAL))
        (alert,) = ServiceRegistry.get("alerts").look()
        work_off()
        assert [(got["body"]["data"]["id"], got["genuine"]) for got in webhook.got] == [(str(alert.pk), True)]


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.9"},
        {"Forwarded": "for=203.0.113.9"},
        {"Host": "ask.example.org"},
        {"X-Forwarded-For": "203.0.113.9", "Authorization": "Bearer wrong"},
        {"X-Forwarded-For": "203.0.113.9", "Authorization": "Bearer"},
    ],
)
def test_strangers_find_no_such_page(alice: Owner, headers: dict[str, str], settings: Any) -> None:
    settings.METRICS_TOKEN = "a-token-of-the-operator"
    assert httpx.get(f"{alice.address}/metrics").status_code == 200, "from this machine it is there"
    there = httpx.get(f"{alice.address}/metrics", headers=headers)
    nowhere = httpx.get(f"{alice.address}/metricz", headers=headers)
    assert there.status_code == nowhere.status_code == 404
    assert there.text == nowhere.text.replace("metricz", "metrics")


def test_the_token_opens_the_page_from_elsewhere(alice: Owner, settings: Any) -> None:
    elsewhere = {"X-Forwarded-For": "203.0.113.9", "Authorization": "Bearer a-token-of-the-operator"}
    assert httpx.get(f"{alice.address}/metrics", headers=elsewhere).status_code == 404, "no token is set"
    settings.METRICS_TOKEN = "a-token-of-the-operator"
    assert httpx.get(f"{alice.address}/metrics", headers=elsewhere).status_code == 200
