"""A chatbot that has used up its budget goes on answering, by extraction; only its owner is told."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from apps.chatbots.models import ReservedUsage
from apps.core.services import ServiceRegistry
from apps.observability.alerts import AlertService
from apps.observability.models import MetricsReading
from tests import llm_server, visitor
from tests.conftest import Owner
from tests.flows.test_language_model import QUESTION, bot, is_sound, model, streaming, told_to_owner, writes
from tests.llm_server import LLMServer

__all__ = ["bot", "model"]  # fixtures

WRITTEN = "The warranty lasts 24 months from the day of purchase [warranty.md]."
A_CALL = 321 + 21  # what the tests' server says it took


def usage(owner: Owner, bot: dict[str, Any]) -> dict[str, Any]:
    told = owner.api.get(f"/chatbots/{bot['id']}/usage")
    assert told.status_code == 200, told.text
    return dict(told.json())


def usage_of(owner: Owner, bot: dict[str, Any], answers: int) -> dict[str, Any]:
    """Return the usage once so many answers are in it: no visitor waits for the ledger."""
    end = time.monotonic() + 5
    while (told := usage(owner, bot))["answers"] < answers and time.monotonic() < end:
        time.sleep(0.02)
    assert told["answers"] == answers
    return told


def test_what_the_model_used_up_is_told_to_the_owner_and_to_no_other(
    alice: Owner, bot: dict[str, Any], model: LLMServer, settings: Any
) -> None:
    settings.LLM_INPUT_PRICE, settings.LLM_OUTPUT_PRICE = 1.0, 4.0
    assert usage(alice, bot)["tokens"] == 0
    model.behave(writes(WRITTEN))
    alice.ask(bot, QUESTION)
    alice.ask(bot, QUESTION)

    told = usage_of(alice, bot, 2)
    assert (told["input_tokens"], told["output_tokens"], told["tokens"]) == (642, 42, 2 * A_CALL)
    assert told["cost"] == pytest.approx((642 * 1.0 + 42 * 4.0) / 1e6)
    assert (told["share"], told["exhausted"], told["price_known"]) == (None, False, True)
    assert [day["answers"] for day in told["days"]] == [2]
    users = ServiceRegistry.get("users")
    mallory = users.create_api_key(member=users.ensure_owner(email="mallory@example.org")).secret
    address = f"/chatbots/{bot['id']}/usage"
    assert alice.api.get(address, headers={"Authorization": f"Bearer {mallory}"}).status_code == 404


def test_beyond_the_budget_answers_come_by_extraction_and_visitors_notice_nothing(
    alice: Owner, bot: dict[str, Any], model: LLMServer
) -> None:
    changed = alice.api.patch(f"/chatbots/{bot['id']}", json={"monthly_tokens": A_CALL + 1})
    assert changed.status_code == 200, changed.text
    model.behave(writes(WRITTEN))
    for answers in (1, 2):  # the second one begins while there is some budget left
        alice.ask(bot, QUESTION)
        usage_of(alice, bot, answers)
    assert told_to_owner(alice, bot)["trace"]["provider"] == "openai-compatible"
    assert (len(model.requests), usage(alice, bot)["exhausted"]) == (2, True)

    heard = visitor.ask(alice.address, bot["public_id"], QUESTION)
    answer = alice.ask(bot, QUESTION)

    is_sound(heard)
    assert "24 months" in heard.text
    assert heard.done["answered"] is True
    assert answer["citations"][0]["title"] == "Warranty"
    assert len(model.requests) == 2, "the model was not asked"
    for said in (heard.raw, str(answer)):
        assert "budget" not in said
    trace = told_to_owner(alice, bot)["trace"]
    assert (trace["provider"], trace["fallback"]) == ("extractive", "budget_used_up")
    assert usage(alice, bot)["answers"] == 2

    alice.api.patch(f"/chatbots/{bot['id']}", json={"monthly_tokens": 1_000_000})
    alice.ask(bot, QUESTION)
    assert len(model.requests) == 3, "from the next question on the model writes again"


def test_an_answer_that_its_visitor_leaves_is_paid_for_and_leaves_nothing_reserved(
    alice: Owner, bot: dict[str, Any], model: LLMServer, settings: Any
) -> None:
    settings.ANSWER_GRACE_SECONDS = 0
    alice.api.patch(f"/chatbots/{bot['id']}", json={"monthly_tokens": 1_000_000})
    model.behave(llm_server.stalls("The warranty lasts 24 months from the day of purchase [1]. Keep the"))
    with streaming(alice, bot) as events:
        next(data for name, data in events if name == "delta")
        assert ReservedUsage.objects.count() == 1
        assert usage(alice, bot)["tokens"] == 0

    told = usage_of(alice, bot, 1)
    assert told["input_tokens"] > 100, "the passages were read"
    assert 0 < told["output_tokens"] < 100
    assert not ReservedUsage.objects.exists()


def test_a_model_that_refuses_costs_nothing(alice: Owner, bot: dict[str, Any], model: LLMServer) -> None:
    model.behave(llm_server.refuses(401))
    assert "24 months" in alice.ask(bot, QUESTION)["text"]
    assert usage_of(alice, bot, 1)["tokens"] == 0


def test_the_owner_is_told_once_when_most_is_used_up_and_once_when_all_is(
    alice: Owner, bot: dict[str, Any], model: LLMServer, settings: Any, work_off: Callable[[], None]
) -> None:
    settings.ALERT_EMAILS = ["alice@example.org"]
    alice.api.patch(f"/chatbots/{bot['id']}", json={"monthly_tokens": 2 * A_CALL - 60})
    model.behave(writes(WRITTEN))
    now = timezone.now()
    MetricsReading.objects.all().delete()

    def look(minutes: int) -> list[str]:
        AlertService().look(now + timedelta(minutes=minutes))
        on = alice.api.get("/alerts").json()
        return sorted(alert["rule"] for alert in on if alert["labels"].get("bot") == bot["id"])

    assert look(1) == []
    alice.ask(bot, QUESTION)
    usage_of(alice, bot, 1)
    assert look(2) == [], "half of it is not yet worth a word"
    alice.api.patch(f"/chatbots/{bot['id']}", json={"monthly_tokens": A_CALL + 60})
    assert look(3) == ["budget_nearly_used"]
    assert look(4) == ["budget_nearly_used"]
    alice.ask(bot, QUESTION)
    usage_of(alice, bot, 2)
    alice.ask(bot, QUESTION)  # by extraction
    assert look(5) == look(6) == ["budget_nearly_used", "budget_used_up"]
    work_off()
    told = [message.subject for message in mail.outbox if "budget" in message.subject]
    assert told == ["Tacit: budget_nearly_used (info)", "Tacit: budget_used_up (warning)"]
    failing = [alert["rule"] for alert in alice.api.get("/alerts").json() if alert["rule"] == "model_failing"]
    assert failing == [], "a budget that is kept is no failure of the model"
