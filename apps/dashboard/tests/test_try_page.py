"""Try it: the owner alone sees how an answer came about, and what he tries counts as no visitor's question."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.accounts.models import AuditEntry
from apps.chatbots.models import Chatbot
from apps.conversations.models import Author, Contact, ContactMessage, Conversation, Message
from apps.dashboard.tests.conftest import Person
from apps.knowledge.models import Source, SourceStatus

pytestmark = pytest.mark.django_db
TRACE = {
    "passages": [
        {"passage_id": str(uuid4()), "score": 0.9, "cosine": 0.8, "bm25": 7.0, "number": 1},
        {"passage_id": str(uuid4()), "score": 0.2, "cosine": 0.1, "bm25": 1.0, "number": None},
    ],
    "dropped": [{"rule": "unknown_figure", "text": "It costs 12 euros."}],
    "timings_ms": {"search": 4.0, "context": 1.0, "generate": 90.0, "total": 95.0},
}


@pytest.fixture
def answer(bot: Chatbot) -> Message:
    conversation = Conversation.objects.create(chatbot=bot, token_hash=b"a" * 32)
    Message.objects.create(conversation=conversation, author=Author.VISITOR, text="How long?")
    return Message.objects.create(
        conversation=conversation, author=Author.BOT, text="Thirty days.", answered=True, trace=TRACE
    )


def page(answer: Message, name: str = "") -> str:
    return f"/dashboard/bots/{answer.conversation.chatbot_id}/try/{answer.pk}{name}"


def test_alice_sees_what_was_found_used_and_withheld_and_where_the_time_went(alice: Person, answer: Message) -> None:
    shown = alice.press(page(answer, "/mine"), 200)
    for words in ("Passages it could use", "1 more found, not used", "It costs 12 euros.", "Where the time went"):
        assert words in shown
    assert "<html" not in shown


def test_what_she_tried_counts_as_no_visitors_conversation(alice: Person, answer: Message) -> None:
    assert Conversation.objects.get().is_trial is False
    alice.press(page(answer, "/mine"), 200)
    assert Conversation.objects.get().is_trial is True


def test_that_it_became_a_trial_is_noted_once(alice: Person, answer: Message) -> None:
    for _ in range(2):
        alice.press(page(answer, "/mine"), 200)
    made = AuditEntry.objects.filter(action="conversation.made_trial")
    assert [entry.object_id for entry in made] == [str(answer.conversation_id)]
    assert not AuditEntry.objects.filter(action="conversation.opened").exists()


def test_a_second_question_of_hers_stays_in_her_trial(alice: Person, answer: Message) -> None:
    alice.press(page(answer, "/mine"), 200)
    Message.objects.create(conversation=answer.conversation, author=Author.VISITOR, text="And abroad?")
    alice.press(page(answer, "/mine"), 200)
    assert Conversation.objects.get().is_trial is True


def begun_earlier(answer: Message) -> None:
    Conversation.objects.update(created_at=timezone.now() - timedelta(minutes=11))


def with_two_questions(answer: Message) -> None:
    Message.objects.create(conversation=answer.conversation, author=Author.VISITOR, text="And abroad?")


def with_a_contact(answer: Message) -> None:
    contact = Contact.objects.create(chatbot=answer.conversation.chatbot, email="vera@example.org")
    ContactMessage.objects.create(contact=contact, number=1, fields={}, conversation=answer.conversation)


@pytest.mark.parametrize("as_it_is", [begun_earlier, with_two_questions, with_a_contact])
def test_a_visitors_conversation_is_no_trial_however_she_asks(
    alice: Person, answer: Message, as_it_is: Callable[[Message], None]
) -> None:
    as_it_is(answer)
    assert "Where the time went" in alice.press(page(answer, "/mine"), 200)
    assert Conversation.objects.get().is_trial is False
    assert AuditEntry.objects.filter(action="conversation.opened").exists(), "that she looked is noted"
    assert not AuditEntry.objects.filter(action="conversation.made_trial").exists()


def test_victor_sees_the_proof_and_that_he_looked_is_noted(victor: Person, answer: Message) -> None:
    assert "Where the time went" in victor.see(page(answer))
    assert AuditEntry.objects.filter(action="conversation.opened").exists()
    victor.press(page(answer, "/mine"), 403)
    assert Conversation.objects.get().is_trial is False


def test_the_proof_of_another_bots_answer_does_not_exist(
    alice: Person, mallory: Person, bot: Chatbot, answer: Message
) -> None:
    other = Chatbot.objects.get(name="Mallory's bot")
    alice.see(page(answer))  # her own is there
    mallory.see(page(answer), 404)
    mallory.see(f"/dashboard/bots/{other.pk}/try/{answer.pk}", 404)
    mallory.press(f"/dashboard/bots/{other.pk}/try/{answer.pk}/mine", 404)


def test_a_question_has_no_proof(alice: Person, answer: Message) -> None:
    question = Message.objects.get(author=Author.VISITOR)
    alice.see(f"/dashboard/bots/{question.conversation.chatbot_id}/try/{question.pk}", 404)


def test_the_page_holds_the_chat_as_visitors_see_it(alice: Person, bot: Chatbot, source: Source) -> None:
    shown = alice.see(f"/dashboard/bots/{bot.pk}/try")
    assert f'src="/embed/{bot.public_id}"' in shown
    assert "not ready yet" in shown
    Source.objects.update(status=SourceStatus.READY)
    assert "not ready yet" not in alice.see(f"/dashboard/bots/{bot.pk}/try")
