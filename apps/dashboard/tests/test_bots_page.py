"""The list of chatbots: what it tells of each, and what Alice can do with one; others look on, or see nothing."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import AuditEntry
from apps.chatbots.lifecycle import ChatbotLifecycle
from apps.chatbots.models import Chatbot
from apps.chatbots.services import ChatbotService
from apps.conversations.models import Author, Conversation, Message
from apps.dashboard.bot_cards import cards_of
from apps.dashboard.tests.conftest import Person
from apps.knowledge.models import Source, SourceStatus

pytestmark = pytest.mark.django_db


def page(bot: Chatbot, name: str) -> str:
    return f"/dashboard/bots/{bot.pk}/{name}"


def talk(bot: Chatbot, *, answered: bool, trial: bool = False, days_ago: int = 0, token: bytes = b"a") -> None:
    when = timezone.now() - timedelta(days=days_ago)
    conversation = Conversation.objects.create(chatbot=bot, token_hash=token * 32, last_message_at=when, is_trial=trial)
    Message.objects.create(conversation=conversation, author=Author.VISITOR, text="?", created_at=when)
    Message.objects.create(conversation=conversation, author=Author.BOT, answered=answered, created_at=when)


def test_a_card_counts_what_visitors_asked_of_late_and_nothing_the_owner_tried(alice: Person, bot: Chatbot) -> None:
    talk(bot, answered=False, token=b"a")
    talk(bot, answered=True, token=b"b")
    talk(bot, answered=False, trial=True, token=b"c")
    talk(bot, answered=False, days_ago=40, token=b"d")
    (card,) = cards_of([alice.member])
    assert (card.conversations, card.unanswered) == (2, 1)
    assert card.last_activity is not None
    assert timezone.now() - card.last_activity < timedelta(minutes=1)


def test_a_card_tells_of_sources_that_are_read_and_that_failed(alice: Person, bot: Chatbot, source: Source) -> None:
    shown = alice.see("/")
    assert "Reading 1 source" in shown
    Source.objects.update(status=SourceStatus.FAILED)
    assert "1 source failed" in alice.see("/")


def test_the_search_finds_by_name_and_by_purpose(alice: Person, bot: Chatbot) -> None:
    organization = alice.member.organization
    ChatbotService().create(organization=organization, name="Shop", description="Orders and returns")
    assert [card.chatbot.name for card in cards_of([alice.member], named="RETURN")] == ["Shop"]
    found = alice.see("/?find=handb")
    assert "Handbook" in found
    assert "Orders and returns" not in found
    assert "No chatbot is called that" in alice.see("/?find=xyz")
    assert "Handbook" in alice.see("/?find=hand%00b")


def test_nobody_sees_the_bots_of_another_organization(bot: Chatbot, mallory: Person) -> None:
    assert "Handbook" not in mallory.see("/")
    for name in ("try", "duplicate", "welcome/sources", "welcome/sources/state"):
        mallory.see(page(bot, name), 404)
    for name in ("copy", "online", "archive", "unarchive", "delete", "restore"):
        mallory.press(page(bot, name), 404)
    assert Chatbot.objects.get(pk=bot.pk).is_published


def test_who_may_only_look_changes_nothing(bot: Chatbot, victor: Person) -> None:
    shown = victor.see("/")
    assert "Handbook" in shown
    assert page(bot, "delete") not in shown
    for name in ("copy", "online", "archive", "delete"):
        victor.press(page(bot, name), 403)
    victor.press("/welcome/create", 403, name="Victor's bot")
    assert Chatbot.objects.get() == bot
    assert Chatbot.objects.get().is_published


def test_alice_archives_a_bot_and_takes_it_out_with_undo(alice: Person, bot: Chatbot) -> None:
    assert page(bot, "delete") in alice.see("/")
    assert alice.press(page(bot, "archive")) == "/"
    shown = alice.see("/")
    assert "Handbook is archived" in shown
    assert f'action="{page(bot, "unarchive")}"' in shown
    alice.press(page(bot, "unarchive"))
    assert "out of the archive, and online" in alice.see("/")


def test_alice_deletes_a_bot_and_takes_that_back(alice: Person, bot: Chatbot) -> None:
    alice.press(page(bot, "delete"))
    shown = alice.see("/")
    assert "Recently deleted" in shown
    alice.see(page(bot, "try"), 404)
    alice.see(page(bot, "privacy"), 404)
    alice.press(page(bot, "restore"))
    shown = alice.see("/")
    assert "Handbook is back" in shown
    assert "Recently deleted" not in shown
    alice.press(page(bot, "restore"), 404)  # there is nothing to take back any more
    done = AuditEntry.objects.filter(actor_label="alice@example.org").order_by("pk").values_list("action", flat=True)
    assert list(done)[-2:] == ["chatbot.removed", "chatbot.restored"]


def test_who_may_only_look_takes_nothing_back(bot: Chatbot, victor: Person) -> None:
    ChatbotLifecycle().remove(bot)
    assert "Recently deleted" in victor.see("/")
    victor.press(page(bot, "restore"), 403)
    assert Chatbot.objects.get().deleted_at is not None


def test_bob_copies_a_bot_with_its_sources(bob: Person, bot: Chatbot, source: Source) -> None:
    assert "Copy its 1 source" in bob.see(page(bot, "duplicate"))
    bob.press(page(bot, "copy"), name="Handbook 2027", sources="yes")
    copy = Chatbot.objects.get(name="Handbook 2027")
    assert Source.objects.get(chatbot=copy).disclosure == "learn_only"
    assert "offline until you put it online" in bob.see("/")
    told = bob.press(page(bot, "copy"), 400, name="Handbook")
    assert "exists already" in told


def test_alice_takes_a_bot_offline_and_online_again(alice: Person, bot: Chatbot) -> None:
    assert alice.press(page(bot, "online"), online="no") == "/"
    assert Chatbot.objects.get().is_published is False
    assert "Handbook is offline" in alice.see(page(bot, "try"))
    assert alice.press(page(bot, "online"), online="yes", back="try") == page(bot, "try")
    assert Chatbot.objects.get().is_published is True


def test_every_page_forbids_what_could_run_script(alice: Person, bot: Chatbot) -> None:
    for path in (
        "/",
        "/welcome",
        page(bot, "try"),
        page(bot, "duplicate"),
        "/accounts/email/",
        "/accounts/password/set/",
    ):
        response = alice.client.get(path)
        assert "script-src 'self';" in response["Content-Security-Policy"], path
        assert "<script>" not in response.content.decode(), path
        assert "style=" not in response.content.decode(), path
    alice.client.logout()
    for path in ("/accounts/login/", "/sign-in/abc", "/nowhere"):
        assert "unsafe" not in alice.client.get(path)["Content-Security-Policy"], path
