"""Talks that an owner has with the chatbot to see how it answers: made as a visitor's are, and counted nowhere."""

import secrets
import uuid
from contextlib import aclosing
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from apps.accounts.services import digest
from apps.chatbots.models import Chatbot
from apps.conversations.models import Conversation
from apps.core.database.threads import in_database
from apps.core.services import ServiceRegistry

KEPT_FOR = timedelta(days=1)


@transaction.atomic
def begin_trial(chatbot: Chatbot) -> str:
    """Begin a trial and return its token, which the chat takes like a visitor's; trials of earlier days go."""
    trials = Conversation.objects.filter(chatbot=chatbot, is_trial=True)
    trials.filter(last_message_at__lt=timezone.now() - KEPT_FOR).delete()
    token = secrets.token_urlsafe(24)
    Conversation.objects.create(chatbot=chatbot, token_hash=digest(token), is_trial=True)
    return token


async def try_out(chatbot: Chatbot, question: str) -> uuid.UUID:
    """Ask one question as a trial and return the id of its answer. Raises what the chat's `answer` raises."""
    token = await in_database(begin_trial, chatbot)
    asked = ServiceRegistry.get("chat").answer(chatbot=chatbot, message=question, token=token)
    async with aclosing(asked) as events:
        started = await anext(events)
        async for _ in events:
            pass
    return uuid.UUID(str(started.message_id))
