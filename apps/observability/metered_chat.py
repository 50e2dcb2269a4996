"""The chat with a meter on it: stages, outcomes, what was held back, feedback, and failures by code."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from uuid import UUID

from django.db.models import QuerySet

from apps.chatbots.models import Chatbot
from apps.conversations.models import Citation, Conversation, Message
from apps.conversations.services import Chat, Started
from apps.core.error_handling import BudgetError, TacitError
from apps.core.monitoring import track_metric
from apps.observability.metered_llm import Answering, answering
from apps.rag.events import Event, Finished

# Who else wants to know of every answer: what sends traces, where an address for them is configured.
observers: list[Callable[[Answering], None]] = []


class MeteredChat(Chat):
    """Passes every event through as it comes, and everything else on to the chat."""

    def __init__(self, inner: Chat) -> None:
        self.inner = inner

    async def answer(
        self, *, chatbot: Chatbot, message: str, token: str | None
    ) -> AsyncGenerator[Started | Event, None]:
        this = Answering(bot=str(chatbot.pk))
        answering.set(this)
        try:
            async with aclosing(self.inner.answer(chatbot=chatbot, message=message, token=token)) as events:
                async for event in events:
                    if isinstance(event, Finished):
                        this.trace = event.trace
                        count(this.bot, event)
                    yield event
        except (GeneratorExit, asyncio.CancelledError):
            if this.trace is None:
                track_metric("tacit_answers_broken_off_total", 1, {"bot": this.bot})
            raise
        except TacitError as error:
            this.code = error.code
            track_metric("tacit_failures_total", 1, {"flow": "answer", "code": this.code})
            raise
        finally:
            for observer in observers:
                observer(this)

    def find(self, *, chatbot: Chatbot, token: str) -> Conversation:
        return self.inner.find(chatbot=chatbot, token=token)

    def spoken(self, conversation: Conversation) -> list[Message]:
        return self.inner.spoken(conversation)

    def message(self, message_id: UUID) -> Message:
        return self.inner.message(message_id)

    def answer_of(self, conversation: Conversation, message_id: UUID) -> Message:
        return self.inner.answer_of(conversation, message_id)

    def citation(self, conversation: Conversation, message_id: UUID, n: int) -> Citation:
        return self.inner.citation(conversation, message_id, n)

    def of(self, chatbot: Chatbot) -> QuerySet[Conversation]:
        return self.inner.of(chatbot)

    def give_feedback(self, message: Message, *, value: str, comment: str = "") -> None:
        self.inner.give_feedback(message, value=value, comment=comment)
        bot = str(message.conversation.chatbot_id)
        track_metric("tacit_feedback_total", 1, {"bot": bot, "value": value})


def count(bot: str, finished: Finished) -> None:
    """Count an answer that is whole."""
    trace = finished.trace
    outcome = "answered" if finished.answered else "refused"
    track_metric("tacit_answers_total", 1, {"bot": bot, "outcome": outcome, "provider": trace.provider})
    for stage, milliseconds in trace.timings_ms.items():
        track_metric("tacit_answer_stage_seconds", milliseconds / 1000, {"stage": stage})
    for dropped in trace.dropped:
        track_metric("tacit_sentences_held_back_total", 1, {"rule": dropped.rule})
    if trace.alarms:
        track_metric("tacit_privacy_alarms_total", 1, {"bot": bot})
    if trace.fallback not in {None, BudgetError.code}:  # a budget is no failure; it has alerts of its own
        track_metric("tacit_failures_total", 1, {"flow": "answer", "code": trace.fallback})
