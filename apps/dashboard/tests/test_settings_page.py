"""The settings of a chatbot: each section saved by itself, mistakes beside their fields, and viewers change nothing."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.chatbots.models import Chatbot
from apps.conversations.contact_models import Contact, ContactMessage
from apps.conversations.models import Conversation
from apps.conversations.retention import RetentionService
from apps.conversations.services import ChatService
from apps.core.language_model import LanguageModelSettings
from apps.dashboard.settings_forms import SECTIONS
from apps.dashboard.tests.conftest import Person
from tests.llm_server import LLMServer, refuses, says

ABOUT: dict[str, Any] = {"name": "Handbook", "description": "For guests", "language": "de"}
ANSWERS = {"tone": "brief", "instructions": "Say “guests”.", "welcome_message": "Hi!", "unanswered_message": "Call us."}
LIMITS = {"visitor_messages_per_minute": "5", "open_streams": "", "longest_message": "100"}
BUDGET = {"monthly_cost": "12.50", "monthly_tokens": "1000000"}
CONTACT: dict[str, Any] = {
    "contact_offer": "always", "contact_fields": ["email", "message"], "consent_text": "I agree.",
    "contact_email": "shop@example.org",
}  # fmt: skip
SENT: dict[str, dict[str, Any]] = {
    "about": ABOUT, "answers": ANSWERS, "limits": LIMITS, "budget": BUDGET, "contact": CONTACT,
}  # fmt: skip


def address(bot: Chatbot, rest: str = "") -> str:
    return f"/dashboard/bots/{bot.pk}/settings{rest}"


def test_each_section_is_saved_and_shown_again(alice: Person, bot: Chatbot) -> None:
    assert SENT.keys() == SECTIONS.keys()
    for section, fields in SENT.items():
        assert alice.press(address(bot, f"/{section}"), **fields) == f"{address(bot)}#{section}"
    bot.refresh_from_db()
    assert (bot.language, bot.tone, bot.unanswered_message) == ("de", "brief", "Call us.")
    assert (bot.visitor_messages_per_minute, bot.open_streams, bot.longest_message) == (5, None, 100)
    assert (str(bot.monthly_cost), bot.monthly_tokens) == ("12.50", 1_000_000)
    assert (bot.contact_offer, bot.contact_fields) == ("always", ["email", "message"])
    page = alice.see(address(bot))
    for shown in ("For guests", "Call us.", "12.50", "I agree.", "shop@example.org"):
        assert shown in page
    alice.press(address(bot, "/limits"), longest_message="100")
    bot.refresh_from_db()
    assert bot.visitor_messages_per_minute is None, "an empty field is no limit of its own"


def test_it_is_said_of_the_description_that_visitors_read_it(alice: Person, bot: Chatbot) -> None:
    alice.press(address(bot, "/about"), **ABOUT)
    assert "For guests" in alice.see(f"/c/{bot.public_id}")
    assert "Visitors read it before they ask" in alice.see(address(bot))


@pytest.mark.parametrize(
    ("section", "fields", "told"),
    [
        ("about", {**ABOUT, "name": " "}, "needs a name"),
        ("answers", {**ANSWERS, "tone": "rude"}, "Select a valid choice"),
        ("limits", {"longest_message": "49", "open_streams": "7"}, "from 50 to 4,000"),
        ("limits", {"open_streams": "many"}, "Enter a whole number"),
        ("budget", {"monthly_cost": "-1"}, "amount of 0 or more"),
        ("contact", {**CONTACT, "contact_fields": ["name"]}, "Nobody could be answered"),
        ("contact", {**CONTACT, "contact_email": "shop"}, "is no e-mail address"),
        ("contact", {**CONTACT, "contact_webhook_url": "http://example.org/x"}, "begins with https://"),
    ],
)
def test_a_mistake_stands_beside_its_field_and_what_was_typed_stays(
    alice: Person, bot: Chatbot, section: str, fields: dict[str, Any], told: str
) -> None:
    before = Chatbot.objects.values().get(pk=bot.pk)
    page = alice.press(address(bot, f"/{section}"), 400, **fields)
    assert told in page
    assert "Nothing was saved yet" in page
    assert 'aria-invalid="true"' in page
    typed = [value for value in fields.values() if isinstance(value, str) and value.strip()]
    assert all(value.replace("“", "“") in page for value in typed)
    assert Chatbot.objects.values().get(pk=bot.pk) == before


def test_a_name_that_is_taken_is_told_and_the_page_keeps_the_old_one(alice: Person, bot: Chatbot) -> None:
    Chatbot.objects.create(organization=bot.organization, name="Shop")
    page = alice.press(address(bot, "/about"), 400, **{**ABOUT, "name": "Shop"})
    assert "exists already. Choose another name." in page.replace("&#x27;", "'")
    assert "Handbook · Tacit" in page


def test_a_webhook_without_a_secret_gets_one_that_is_shown_once(alice: Person, bot: Chatbot) -> None:
    fields = {**CONTACT, "contact_webhook_url": "https://example.org/x"}
    page = alice.press(address(bot, "/contact"), 200, **fields)
    bot.refresh_from_db()
    secret = bot.contact_webhook_secret
    assert len(secret) >= 32
    assert secret in page
    assert secret not in alice.see(address(bot))
    alice.press(address(bot, "/contact"), **fields)  # left empty: the one there is stays
    bot.refresh_from_db()
    assert bot.contact_webhook_secret == secret
    alice.press(address(bot, "/contact"), **fields, contact_webhook_secret="one of her own, long")
    bot.refresh_from_db()
    assert bot.contact_webhook_secret == "one of her own, long"
    alice.press(address(bot, "/contact"), **CONTACT)
    bot.refresh_from_db()
    assert bot.contact_webhook_secret == ""


def test_a_colleagues_first_webhook_is_no_matter_of_another_section(alice: Person, bot: Chatbot) -> None:
    def colleague_is_faster(execute: Any, sql: str, *rest: Any) -> Any:
        if "FOR UPDATE" in sql and '"chatbots_chatbot"' in sql:
            execute("UPDATE chatbots_chatbot SET contact_webhook_secret = 'bobs secret, long enough'", None, *rest[1:])
        return execute(sql, *rest)

    with connection.execute_wrapper(colleague_is_faster):
        assert alice.press(address(bot, "/about"), **ABOUT) == f"{address(bot)}#about"
    bot.refresh_from_db()
    assert (bot.language, bot.contact_webhook_secret) == ("de", "bobs secret, long enough")


def test_a_viewer_sees_everything_and_changes_nothing(alice: Person, victor: Person, bot: Chatbot) -> None:
    assert 'name="instructions"' in victor.see(address(bot))
    before = Chatbot.objects.values().get(pk=bot.pk)
    for section, fields in SENT.items():
        victor.press(address(bot, f"/{section}"), 403, **fields)
    for rest in ("/model", "/visitor"):
        victor.press(address(bot, rest), 403)
    assert Chatbot.objects.values().get(pk=bot.pk) == before
    alice.press(address(bot, "/about"), **ABOUT)


def test_for_mallory_there_is_no_such_page(mallory: Person, bot: Chatbot) -> None:
    mallory.see(address(bot), 404)
    mallory.press(address(bot, "/about"), 404, **ABOUT)


def test_there_is_no_other_section(alice: Person, bot: Chatbot) -> None:
    alice.press(address(bot, "/nonsense"), 404)


# The language model.


def test_the_page_tells_the_model_and_never_its_key(alice: Person, victor: Person, bot: Chatbot, settings: Any) -> None:
    assert "sentences of your sources" in alice.see(address(bot))
    settings.LANGUAGE_MODEL = LanguageModelSettings(base_url="http://127.0.0.1:9/v1", api_key="sk-secret", model="tiny")
    page = alice.see(address(bot))
    assert "tiny" in page
    assert "http://127.0.0.1:9/v1" in page
    assert "sk-secret" not in page
    seen_by_victor = victor.see(address(bot))
    assert "tiny" in seen_by_victor
    assert "http://127.0.0.1:9/v1" not in seen_by_victor, "where the model stands is no matter of a viewer"


def test_the_test_button_tells_what_is_wrong_and_what_to_do(alice: Person, bot: Chatbot, settings: Any) -> None:
    with LLMServer() as server:
        settings.LANGUAGE_MODEL = LanguageModelSettings(base_url=server.base_url, api_key="sk-x", model="test-model")
        server.behave(says("ping"), refuses(401))
        assert "It works." in alice.press(address(bot, "/model"), 200)
        page = alice.press(address(bot, "/model"), 200)
    assert "does not know the key" in page
    assert "Check TACIT_LLM_API_KEY" in page
    part = alice.client.post(address(bot, "/model"), headers={"HX-Request": "true"}).content.decode()
    assert "Nothing answers at" in part
    assert "<html" not in part


# What visitors said.


def talk(bot: Chatbot) -> Conversation:
    return ChatService().ask(bot, "Is there a warranty?", None).answer.conversation


def test_a_conversation_is_deleted_once_that_was_said(alice: Person, bot: Chatbot) -> None:
    gone, kept = talk(bot), talk(bot)
    path = f"/dashboard/bots/{bot.pk}/conversations/{gone.pk}/delete"
    assert "can’t be taken back" in alice.see(path)
    alice.press(path, 200)  # nothing said yet
    assert Conversation.objects.count() == 2
    alice.press(path, what="conversation")
    assert list(Conversation.objects.all()) == [kept]
    alice.see(path, 404)


def test_everything_of_a_visitor_is_deleted_from_one_conversation(alice: Person, bot: Chatbot) -> None:
    one, other, strangers = talk(bot), talk(bot), talk(bot)
    left = Contact.objects.create(chatbot=bot, email="vera@example.org", email_key="vera@example.org")
    for number, said in enumerate((one, other), 1):
        ContactMessage.objects.create(contact=left, number=number, fields={}, conversation=said)
    path = f"/dashboard/bots/{bot.pk}/conversations/{one.pk}/delete"
    assert "2 conversations and 1 contact" in alice.see(path)
    alice.press(path, what="visitor")
    assert list(Conversation.objects.all()) == [strangers]
    assert not Contact.objects.exists()


def test_a_visitor_is_found_by_address_and_deleted_once_that_was_said(alice: Person, bot: Chatbot) -> None:
    left = Contact.objects.create(chatbot=bot, name="Vera", email="v@example.org", email_key="v@example.org")
    ContactMessage.objects.create(contact=left, number=1, fields={}, conversation=talk(bot))
    asked = alice.press(address(bot, "/visitor"), 200, email="v@example.org")
    assert "1 conversation" in asked
    assert "Vera" in asked
    assert Contact.objects.exists()
    alice.press(address(bot, "/visitor"), email="w@example.org", sure="yes")
    assert Contact.objects.exists()
    alice.press(address(bot, "/visitor"), email="v@example.org", sure="yes")
    assert not Contact.objects.exists()
    assert not Conversation.objects.exists()


def test_viewers_and_strangers_delete_nothing(victor: Person, mallory: Person, bot: Chatbot) -> None:
    path = f"/dashboard/bots/{bot.pk}/conversations/{talk(bot).pk}/delete"
    for person, status in ((victor, 403), (mallory, 404)):
        person.see(path, status)
        person.press(path, status, what="conversation")
    assert Conversation.objects.exists()


def test_how_long_conversations_are_kept_is_asked_about_where_some_are_older(alice: Person, bot: Chatbot) -> None:
    path, service = address(bot, "/keep"), RetentionService()
    for days in ("many", "0"):
        assert 'aria-invalid="true"' in alice.press(path, 400, days=days)
    Conversation.objects.filter(pk=talk(bot).pk).update(last_message_at=timezone.now() - timedelta(days=40))
    alice.press(path, days="60")
    assert service.days(bot) == 60
    assert "1 conversation is older already" in alice.press(path, 200, days="30")
    alice.press(path, 200, days="7", sure="30")  # sure of another number
    assert service.days(bot) == 60
    alice.press(path, days="30", sure="30")
    assert service.days(bot) == 30
    alice.press(path, days="")
    assert service.days(bot) is None


def test_a_viewer_does_not_change_how_long(victor: Person, bot: Chatbot) -> None:
    victor.press(address(bot, "/keep"), 403, days="30")
    assert RetentionService().days(bot) is None
