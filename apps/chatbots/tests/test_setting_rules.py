"""What Alice may set on her chatbot, and what she is told where it can't be so."""

from decimal import Decimal
from typing import Any

import pytest
from pytest_django import Settings

from apps.accounts.models import AuditEntry, Organization
from apps.chatbots.models import Chatbot
from apps.chatbots.services import ChatbotService
from apps.chatbots.setting_rules import webhook_rule
from apps.chatbots.tests.test_chatbots import Caller
from apps.core.error_handling import ValidationError

pytestmark = pytest.mark.django_db

SECRET = "a-long-random-secret"  # a test's own
SOUND: dict[str, Any] = {
    "tone": "friendly",
    "unanswered_message": "Call us.",
    "accent_colour": "#AA00ff",
    "widget_corner": "start",
    "visitor_messages_per_minute": 1,
    "visitor_messages_per_day": 100,
    "messages_per_day": 1000,
    "longest_message": 50,
    "open_streams": 3,
    "monthly_cost": Decimal("12.50"),
    "monthly_tokens": 0,
    "contact_offer": "always",
    "contact_fields": ["phone", "message"],
    "consent_text": "I agree.",
    "contact_email": "shop@example.org",
    "contact_webhook_url": "https://example.org/contacts",
    "contact_webhook_secret": SECRET,
}


@pytest.fixture
def bot() -> Chatbot:
    organization = Organization.objects.create(name="Alice's shop")
    return ChatbotService().create(organization=organization, name="Handbook")


def test_every_setting_of_the_pages_is_kept(bot: Chatbot) -> None:
    ChatbotService().update(bot, **SOUND)
    kept = Chatbot.objects.get()
    assert {name: getattr(kept, name) for name in SOUND} == SOUND


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("tone", "rude", "'rude' is no choice here. Choose from: plain, friendly"),
        ("widget_corner", "top", "Choose from: end, start"),
        ("accent_colour", "red", "Write it like #0f5a57"),
        ("accent_colour", "#12345", "no colour"),
        ("accent_colour", "#123456;", "no colour"),
        ("visitor_messages_per_minute", 0, "whole number of 1 or more"),
        ("open_streams", -1, "whole number of 1 or more"),
        ("messages_per_day", 2**31, "too large"),
        ("longest_message", 49, "from 50 to 4,000"),
        ("longest_message", 4001, "from 50 to 4,000"),
        ("monthly_tokens", -1, "of 0 or more"),
        ("monthly_cost", Decimal("-0.01"), "amount of 0 or more"),
        ("monthly_cost", Decimal("NaN"), "amount of 0 or more"),
        ("monthly_cost", Decimal("1e10"), "amount of 0 or more"),
        ("contact_offer", "sometimes", "Choose from: never, unanswered, always"),
        ("contact_fields", ["email", "shoe size"], "no field shoe size. Choose from: name, email"),
        ("contact_fields", ["email", "name", "email"], "twice"),
        ("contact_email", "shop", "Write it like name@example.org"),
        ("contact_webhook_secret", "x" * 15, "16 to 200 characters"),
        ("contact_webhook_secret", "x" * 201, "16 to 200 characters"),
        ("suggested_questions", ["why?"] * 21, "Keep 20 at most"),
        ("allowed_origins", [f"https://{number}.example" for number in range(101)], "Keep 100 at most"),
        ("instructions", "x" * 10_001, "Shorten it to 10,000"),
    ],
)
def test_what_a_setting_cannot_be_is_told_beside_its_field(bot: Chatbot, field: str, value: Any, told: str) -> None:
    before = Chatbot.objects.values().get()
    with pytest.raises(ValidationError) as refused:
        ChatbotService().update(bot, description="not kept either", **{field: value})
    assert told in refused.value.fields[field]
    assert Chatbot.objects.values().get() == before
    assert bot.description == ""


def test_all_mistakes_are_told_at_once(bot: Chatbot) -> None:
    with pytest.raises(ValidationError) as refused:
        ChatbotService().update(bot, name="", tone="rude", open_streams=0)
    assert refused.value.fields.keys() == {"name", "tone", "open_streams"}


def test_a_contact_form_asks_for_a_way_to_answer_once_it_is_offered(bot: Chatbot) -> None:
    service = ChatbotService()
    service.update(bot, contact_fields=["name"])  # nobody sees it yet
    with pytest.raises(ValidationError, match="Nobody could be answered"):
        service.update(bot, contact_offer="unanswered")
    service.update(bot, contact_offer="unanswered", contact_fields=["phone"])
    with pytest.raises(ValidationError, match="Nobody could be answered"):
        service.update(bot, contact_fields=[])


def test_a_webhook_has_a_secret(bot: Chatbot) -> None:
    service = ChatbotService()
    with pytest.raises(ValidationError, match="needs a secret"):
        service.update(bot, contact_webhook_url="https://example.org/contacts")
    service.update(bot, contact_webhook_url="https://example.org/contacts", contact_webhook_secret=SECRET)
    with pytest.raises(ValidationError, match="needs a secret"):
        service.update(bot, contact_webhook_secret="")
    service.update(bot, contact_webhook_url="", contact_webhook_secret="")


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/contacts?to=us", "http://localhost:5000/x", "http://127.0.0.1/x", "http://[::1]:81/",
        "http://crm.intranet/new", "https://10.1.2.3/new", "http://10.1.2.3:8080/new", "",
    ],
)  # fmt: skip
def test_contacts_may_go_to_safe_places(address: str, settings: Settings) -> None:
    settings.FETCH_ALLOWED_HOSTS = ["crm.intranet", "10.1.0.0/16"]
    assert webhook_rule(address) == ""


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("http://example.org/contacts", "begins with https"),
        ("https://10.1.2.3/new", "TACIT_FETCH_ALLOW_HOSTS"),
        ("https://169.254.169.254/latest", "TACIT_FETCH_ALLOW_HOSTS"),
        ("http://crm.intranet/new", "begins with https"),
        ("https://alice:pw@example.org/", "Give one like https"),
        ("ftp://example.org/", "Give one like https"),
        ("javascript:alert(1)", "Give one like https"),
        ("https://2130706433/", "Give one like https"),
        ("contacts", "Give one like https"),
        (f"https://example.org/{'x' * 2000}", "too long"),
    ],
)
def test_contacts_may_not_go_elsewhere(address: str, told: str) -> None:
    assert told in webhook_rule(address)


def test_two_people_who_save_different_sections_at_once_keep_both(bot: Chatbot) -> None:
    hers, his = Chatbot.objects.get(), Chatbot.objects.get()
    ChatbotService().update(hers, welcome_message="Hello!")
    ChatbotService().update(his, tone="brief")
    kept = Chatbot.objects.get()
    assert (kept.welcome_message, kept.tone) == ("Hello!", "brief")
    assert [entry.details for entry in AuditEntry.objects.order_by("pk") if entry.details.get("settings")] == [
        {"settings": ["welcome_message"]}, {"settings": ["tone"]},
    ]  # fmt: skip


def test_a_secret_stands_neither_in_the_api_nor_in_the_audit_trail() -> None:
    alice = Caller("alice@example.org")
    made = alice.call(
        "POST",
        "/chatbots",
        {"name": "Shop", "contact_webhook_url": "https://example.org/x", "contact_webhook_secret": SECRET},
    )
    assert made.status_code == 201
    assert made.json()["contact_webhook_secret_is_set"] is True
    changed = alice.call("PATCH", f"/chatbots/{made.json()['id']}", {"contact_webhook_secret": SECRET + "2"})
    assert Chatbot.objects.get().contact_webhook_secret == SECRET + "2"
    trail = "".join(str(entry.details) + entry.object_name for entry in AuditEntry.objects.all())
    assert SECRET not in made.content.decode() + changed.content.decode() + trail


def test_limits_are_taken_away_by_null_and_nothing_else_is() -> None:
    alice = Caller("alice@example.org")
    bot = alice.call("POST", "/chatbots", {"name": "Shop", "open_streams": 5, "monthly_cost": 7.5}).json()
    assert (bot["open_streams"], bot["monthly_cost"]) == (5, "7.50")
    path = f"/chatbots/{bot['id']}"
    assert alice.call("PATCH", path, {"tone": "brief"}).json()["open_streams"] == 5  # not sent, so not changed
    freed = alice.call("PATCH", path, {"open_streams": None, "monthly_cost": None, "tone": None}).json()
    assert (freed["open_streams"], freed["monthly_cost"], freed["tone"]) == (None, None, "brief")


def test_the_api_names_each_field_that_is_wrong() -> None:
    alice = Caller("alice@example.org")
    refused = alice.call("POST", "/chatbots", {"name": "Shop", "accent_colour": "red", "contact_email": "x"})
    assert refused.status_code == 400
    assert {one["field"] for one in refused.json()["errors"]} == {"accent_colour", "contact_email"}
    assert "Write it like #0f5a57" in refused.json()["detail"]
