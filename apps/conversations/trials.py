"""Talks that an owner has with the chatbot to see how it answers: made as a visitor's are, and counted nowhere."""

import secrets
import uuid
from contextlib import aclosing
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from apps.accounts import audit
from apps.accounts.audit import Action
from apps.accounts.services import digest
from apps.chatbots.models import Chatbot
from apps.conversations.contact_models import ContactMessage
from apps.conversations.models import Author, Conversation, Message
from apps.conversations.services import chat, first_of
from apps.core.database.threads import in_database

KEPT_FOR = timedelta(days=1)
JUST_BEGUN = timedelta(minutes=10)  # time enough for a slow model's first answer


@transaction.atomic
def begin_trial(chatbot: Chatbot) -> str:
    """Begin a trial and return its token, which the chat takes like a visitor's; trials of earlier days go."""
    trials = Conversation.objects.filter(chatbot=chatbot, is_trial=True)
    trials.filter(last_message_at__lt=timezone.now() - KEPT_FOR).delete()
    token = secrets.token_urlsafe(24)
    Conversation.objects.create(chatbot=chatbot, token_hash=digest(token), is_trial=True)
    return token


@transaction.atomic
def count_as_trial(conversation: Conversation) -> bool:
    """Count a conversation that has just begun as a trial, and tell whether it is one now.

    A trial is counted nowhere and goes after a day. So that nobody loses a visitor's conversation this way, only one
    of a single question is taken, with no contact to it, soon after it began; and the audit trail says so.
    """
    questions = Message.objects.filter(conversation=conversation, author=Author.VISITOR)
    fresh = Conversation.objects.filter(
        ~Exists(ContactMessage.objects.filter(conversation=OuterRef("pk"))),
        pk=conversation.pk,
        is_trial=False,
        created_at__gt=timezone.now() - JUST_BEGUN,
    )
    if questions.count() == 1 and fresh.update(is_trial=True):
        audit.record(Action.CONVERSATION_MADE_TRIAL, conversation)
    return Conversation.objects.filter(pk=conversation.pk, is_trial=True).exists()


async def try_out(chatbot: Chatbot, question: str) -> uuid.UUID:
    """Ask one question as a trial and return the id of its answer. Raises what the chat's `answer` raises."""
    token = await in_database(begin_trial, chatbot)
    asked = chat().answer(chatbot=chatbot, message=question, token=token)
    async with aclosing(asked) as events:
        started = await first_of(events)
        async for _ in events:
            pass
    return started.message_id
