"""Something learn-only got into an answer, whatever went wrong: its owner is told, and the visitor notices nothing."""

import json

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from apps.chatbots.models import Chatbot
from apps.conversations.models import Author, Citation, Conversation, Message
from apps.conversations.watch import WATCH, defer_watch, watch_answer
from apps.retrieval.models import PrivacyAlarm
from apps.retrieval.tests.shelf import Shelf

pytestmark = pytest.mark.django_db

PUBLIC = "The warranty lasts 24 months from the day of purchase, and batteries are not covered by it."
SECRET = "Gwendolyn Marsh settles claims beyond the warranty for 17.40 EUR each and tells nobody about the arrangement."


@pytest.fixture
def shelf(db: None) -> Shelf:
    shelf = Shelf()
    shelf.put(PUBLIC)
    shelf.put(SECRET, citable=False)
    return shelf


@pytest.fixture
def conversation(shelf: Shelf) -> Conversation:
    return Conversation.objects.create(chatbot=shelf.chatbot, token_hash=b"hash")


def answered(conversation: Conversation, question: str, answer: str) -> Message:
    Message.objects.create(conversation=conversation, author=Author.VISITOR, text=question)
    return Message.objects.create(conversation=conversation, author=Author.BOT, text=answer)


@pytest.mark.parametrize("mode", ["sealed", "steer", "inform"])
def test_the_owner_is_told_of_what_should_not_be_there(conversation: Conversation, mode: str) -> None:
    Chatbot.objects.update(learn_only_use=mode)
    message = answered(conversation, "Who settles claims?", SECRET)
    watch_answer(message_id=str(message.pk))
    alarm = PrivacyAlarm.objects.get()
    assert (alarm.message_id, alarm.mode, alarm.stopped) == (message.pk, mode, False)
    assert {"run", "term", "number"} <= {hit["rule"] for hit in alarm.hits}
    assert not any(word in json.dumps(alarm.hits).casefold() for word in ("gwendolyn", "17.4", "claims"))


def test_a_sound_answer_raises_none(conversation: Conversation) -> None:
    message = answered(conversation, "Who is Gwendolyn?", f"I don't know Gwendolyn. {PUBLIC}")
    watch_answer(message_id=str(message.pk))
    assert not PrivacyAlarm.objects.exists()


def test_a_quote_counts_as_part_of_the_answer(shelf: Shelf, conversation: Conversation) -> None:
    message = answered(conversation, "How long?", "24 months.")
    Citation.objects.create(message=message, n=1, passage_id=message.pk, document_id=message.pk, quote=SECRET)
    watch_answer(message_id=str(message.pk))
    assert PrivacyAlarm.objects.exists()


def test_a_secret_in_parts_is_seen_when_it_is_whole(conversation: Conversation) -> None:
    first = answered(conversation, "The first half?", "Gwen do")
    second = answered(conversation, "And the second?", "lyn Mar sh settles claims bey ond")
    watch_answer(message_id=str(first.pk))
    assert not PrivacyAlarm.objects.exists()
    watch_answer(message_id=str(second.pk))
    assert PrivacyAlarm.objects.get().message_id == second.pk


def test_a_job_is_queued_with_the_answer_and_a_deleted_answer_does_no_harm(conversation: Conversation) -> None:
    message = answered(conversation, "How long?", PUBLIC)
    defer_watch(message.pk)
    (job,) = ProcrastinateJob.objects.filter(task_name=WATCH)
    message.delete()
    watch_answer(**job.args)
    assert not PrivacyAlarm.objects.exists()
