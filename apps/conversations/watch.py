"""Looks at each answer after it was kept for anything learn-only in it, and tells the owner; visitors notice nothing.

In `sealed` and `steer` nothing can be found unless something is wrong; in `inform` the gate has looked before already.
"""

import uuid
from dataclasses import asdict

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector

from apps.conversations.models import Author, Message
from apps.rag.guarding import refresh, screen_of
from apps.rag.privacy_filter.negative import NegativeGate
from apps.retrieval.guard import AFTER_INGEST, QUEUE, raise_alarm

WATCH = "watch_answer"


def defer_watch(message_id: uuid.UUID) -> None:
    """Have an answer looked at by a worker, once the transaction that keeps it is committed."""
    queue = app.with_connector(DjangoConnector())  # the one of this transaction
    queue.configure_task(WATCH, queue=QUEUE, priority=AFTER_INGEST).defer(message_id=str(message_id))


@app.task(name=WATCH, queue=QUEUE, retry=RetryStrategy(max_attempts=3, exponential_wait=4))
def watch_answer(*, message_id: str) -> None:
    """Raise an alarm when something learn-only can be read in an answer, or in it together with earlier ones."""
    message = Message.objects.select_related("conversation__chatbot").filter(pk=message_id).first()
    if message is None:
        return
    chatbot = message.conversation.chatbot
    kept = screen_of(chatbot.pk) or (screen_of(chatbot.pk) if refresh(chatbot.pk) else None)
    if kept is None or kept[1].is_empty:
        return
    before = Message.objects.filter(conversation=message.conversation_id, created_at__lte=message.created_at)
    said = list(before.exclude(pk=message.pk).order_by("created_at"))
    gate = NegativeGate(
        kept[1],
        visitor_text="\n".join(one.text for one in said if one.author == Author.VISITOR),
        earlier=[one.text for one in said if one.author == Author.BOT],
    )
    if not gate.admits(shown(message)):
        raise_alarm(
            chatbot_id=chatbot.pk,
            message_id=message.pk,
            mode=chatbot.learn_only_use,
            stopped=False,
            hits=[asdict(hit) for hit in gate.hits],
        )


def shown(message: Message) -> str:
    """Return all of an answer that its visitor got to see."""
    proofs = (f"{one.title}\n{one.url}\n{one.quote}" for one in message.citations.all())
    return "\n".join((message.text, *proofs))
