"""Alice tries her chatbot out: a trial is a conversation like any other, is counted nowhere, and goes after a day."""

import datetime as dt

import pytest
from django.utils import timezone

from apps.accounts.services import UserService
from apps.chatbots.models import Chatbot
from apps.chatbots.services import ChatbotService
from apps.conversations.models import Conversation
from apps.conversations.trials import begin_trial
from apps.core.error_handling import NotFoundError
from apps.core.services import ServiceRegistry


@pytest.fixture
def bot(db: None) -> Chatbot:
    organization = UserService().ensure_owner(email="alice@example.org").organization
    return ChatbotService().create(organization=organization, name="Handbook")


def test_a_trial_is_opened_by_its_token_and_is_none_of_the_visitors_conversations(bot: Chatbot) -> None:
    chat = ServiceRegistry.get("chat")
    token = begin_trial(bot)
    assert chat.find(chatbot=bot, token=token).is_trial
    assert list(chat.of(bot)) == []
    other = ChatbotService().create(organization=bot.organization, name="Another")
    with pytest.raises(NotFoundError):
        chat.find(chatbot=other, token=token)


def test_trials_of_earlier_days_go_and_visitors_conversations_stay(bot: Chatbot) -> None:
    begin_trial(bot)
    begin_trial(bot)
    long_ago = timezone.now() - dt.timedelta(days=2)
    visitors = Conversation.objects.create(chatbot=bot, token_hash=b"v" * 32, last_message_at=long_ago)
    oldest = Conversation.objects.filter(is_trial=True).earliest("created_at")
    Conversation.objects.filter(pk=oldest.pk).update(last_message_at=long_ago)
    begin_trial(bot)
    assert not Conversation.objects.filter(pk=oldest.pk).exists()
    assert Conversation.objects.filter(pk=visitors.pk).exists()
    assert Conversation.objects.filter(is_trial=True).count() == 2
