"""THE CHAT: a visitor's question is kept, answered through the answer flow, and the answer kept with its citations.

open → ask → (answer flow) → keep

Before each event goes out it is checked that all the answer is made from may still be shown. Where it may not, the
model is stopped and the question is answered anew, from what is citable now.
"""

import asyncio
import json
import secrets
import unicodedata
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any, ParamSpec, Protocol, cast

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.services import digest
from apps.chatbots.models import Chatbot
from apps.conversations.contact_form import ContactOffering, offering_of
from apps.conversations.limits import limits_of
from apps.conversations.models import Author, Citation, Conversation, FeedbackValue, Message
from apps.conversations.schemas import LONGEST_MESSAGE
from apps.conversations.standing import WithdrawnError, while_standing
from apps.conversations.watch import defer_watch
from apps.core.database.threads import in_database
from apps.core.database.visitor import visiting
from apps.core.error_handling import ConflictError, MessageError, NotFoundError
from apps.core.services import ServiceRegistry
from apps.rag import create_rag_pipeline
from apps.rag.events import Cited, Delta, Event, Finished, Grounded, Turn

TURNS_REMEMBERED = 6
ATTEMPTS = 3  # at one answer, while sources are taken away under it
WITHDRAWN = "[source withdrawn]"
PRINTABLE_SPACE = "\n\r\t"
BROKEN_OFF, STOP = "broken_off", "stop"  # marks in the trace of an answer that is not whole
Arguments = ParamSpec("Arguments")


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """The first event of every answer; a second one says that what came so far is void and the answer begins anew."""

    message_id: uuid.UUID
    conversation_token: str = field(repr=False)
    contact: ContactOffering = field(default_factory=ContactOffering)


@dataclass(frozen=True, kw_only=True, slots=True)
class PastTurn:
    """An earlier question and its answer, with the documents that the answer cites or could have used."""

    question: str = field(repr=False)
    answer: str = field(repr=False)
    document_ids: tuple[uuid.UUID, ...]


@dataclass(kw_only=True, slots=True)
class Said:
    """What of an answer has gone out, and the documents that it could be made from."""

    text: str = field(default="", repr=False)
    cited: list[Cited] = field(default_factory=list, repr=False)
    document_ids: frozenset[uuid.UUID] = frozenset()

    def take(self, event: Event) -> None:
        if isinstance(event, Grounded):
            self.document_ids = event.document_ids
        elif isinstance(event, Delta):
            self.text += event.text
        elif isinstance(event, Cited):
            self.cited.append(event)


@dataclass(kw_only=True, slots=True)
class Exchange:
    """A question that was kept, what is needed to answer it, and what has been said so far."""

    question: str = field(repr=False)
    token: str = field(repr=False)
    answer: Message
    history: Sequence[PastTurn] = field(repr=False)
    said: Said = field(default_factory=Said, repr=False)


class Chat(Protocol):
    """What callers know of the chat; a wrapper that settings put round it is one, too."""

    def answer(self, *, chatbot: Chatbot, message: str, token: str | None) -> AsyncGenerator[Started | Event, None]:
        """Yield the events of one answer and keep question and answer; `Grounded` is not for the visitor.

        Raises MessageError for a question that can't be asked, NotFoundError for an unknown conversation and when the
        chatbot is taken offline meanwhile. Closing the iterator stops the model; what was sent until then is kept as
        incomplete.
        """

    def find(self, *, chatbot: Chatbot, token: str) -> Conversation:
        """Return the conversation that a token opens. Raises NotFoundError for any other, another bot's too."""

    def spoken(self, conversation: Conversation) -> list[Message]:
        """Return what was said, oldest first, with citations."""

    def message(self, message_id: uuid.UUID) -> Message:
        """Return a message with its citations, for who knows already that it is its visitor's. Raises NotFoundError."""

    def answer_of(self, conversation: Conversation, message_id: uuid.UUID) -> Message:
        """Return an answer of the conversation. Raises NotFoundError."""

    def citation(self, conversation: Conversation, message_id: uuid.UUID, n: int) -> Citation:
        """Return a citation of an answer. Raises NotFoundError."""

    def give_feedback(self, message: Message, *, value: str, comment: str = "") -> None:
        """Keep what the visitor thinks of an answer; the last word counts."""

    def of(self, chatbot: Chatbot) -> QuerySet[Conversation]:
        """Return a chatbot's conversations with visitors, the latest first (for its owner)."""


class ChatService(Chat):
    """Conversations of visitors with a chatbot."""

    async def answer(
        self, *, chatbot: Chatbot, message: str, token: str | None
    ) -> AsyncGenerator[Started | Event, None]:
        question = clean_question(message, longest=limits_of(chatbot).longest_message)
        exchange = await in_database(self.ask, chatbot, question, token)
        try:
            for _ in range(ATTEMPTS):
                exchange.said = Said()
                yield Started(
                    message_id=exchange.answer.pk,
                    conversation_token=exchange.token,
                    contact=offering_of(chatbot, exchange.question),
                )
                try:
                    async with aclosing(self.attempt(chatbot, exchange)) as events:
                        async for event in events:
                            yield event
                    return
                except WithdrawnError:
                    exchange.said = Said()  # what was sent is not kept either
            raise ConflictError("The sources of this chatbot are being changed. Ask again in a moment.")
        finally:
            if not exchange.answer.complete:
                await surely(keep_partly, exchange.answer, exchange.said)

    async def attempt(self, chatbot: Chatbot, exchange: Exchange) -> AsyncGenerator[Event, None]:
        """Yield one answer from what is citable now. Raises WithdrawnError when that changes meanwhile."""
        history = await without_withdrawn(chatbot, exchange.history)
        async with (
            aclosing(
                create_rag_pipeline(chatbot, message_id=exchange.answer.pk).answer(exchange.question, history)
            ) as events,
            aclosing(while_standing(chatbot.pk, events)) as standing,
        ):
            async for event in standing:
                exchange.said.take(event)
                if isinstance(event, Finished):
                    await surely(keep, exchange.answer, event, exchange.said)
                yield event

    @transaction.atomic
    def ask(self, chatbot: Chatbot, question: str, token: str | None) -> Exchange:
        """Keep a question and an answer to be filled in; without a token, begin a conversation."""
        if token:
            conversation = self.find(chatbot=chatbot, token=token)
        else:
            token = secrets.token_urlsafe(24)
            conversation = Conversation.objects.create(chatbot=chatbot, token_hash=digest(token))
        history = past_turns(conversation)
        Message.objects.create(conversation=conversation, author=Author.VISITOR, text=question)
        answer = Message.objects.create(conversation=conversation, author=Author.BOT, complete=False)
        Conversation.objects.filter(pk=conversation.pk).update(last_message_at=timezone.now())
        return Exchange(question=question, token=token, answer=answer, history=history)

    def find(self, *, chatbot: Chatbot, token: str) -> Conversation:
        conversation = Conversation.objects.filter(chatbot=chatbot, token_hash=digest(token)).first()
        if conversation is None:
            raise NotFoundError("There is no such conversation. Begin a new one by leaving out the token.")
        return conversation

    def spoken(self, conversation: Conversation) -> list[Message]:
        return list(messages_of(conversation).prefetch_related("citations"))

    def message(self, message_id: uuid.UUID) -> Message:
        message = Message.objects.filter(pk=message_id).prefetch_related("citations").first()
        if message is None:
            raise NotFoundError("This conversation has no such answer.")
        return message

    def answer_of(self, conversation: Conversation, message_id: uuid.UUID) -> Message:
        message = messages_of(conversation).filter(pk=message_id, author=Author.BOT).first()
        if message is None:
            raise NotFoundError("This conversation has no such answer.")
        return message

    def citation(self, conversation: Conversation, message_id: uuid.UUID, n: int) -> Citation:
        citation = Citation.objects.filter(message=self.answer_of(conversation, message_id), n=n).first()
        if citation is None:
            raise NotFoundError("This answer has no such citation.")
        return citation

    @transaction.atomic
    def give_feedback(self, message: Message, *, value: str, comment: str = "") -> None:
        message.feedback, message.feedback_comment = FeedbackValue(value), comment.replace("\x00", "")
        message.save(update_fields=["feedback", "feedback_comment"])

    def of(self, chatbot: Chatbot) -> QuerySet[Conversation]:
        return Conversation.objects.filter(chatbot=chatbot, leak_test=None, is_trial=False).order_by("-last_message_at")


async def first_of(events: AsyncIterator[Started | Event]) -> Started:
    """Return the first event of an answer. Raises what asking for it raises."""
    started = await anext(events)
    if not isinstance(started, Started):
        raise TypeError("An answer begins with another event than Started.")
    return started


def messages_of(conversation: Conversation) -> QuerySet[Message]:
    return Message.objects.filter(conversation=conversation).order_by("created_at", "author")


def clean_question(text: str, *, longest: int = LONGEST_MESSAGE) -> str:
    """Return a question as it is asked. Raises MessageError when it is empty, too long or not text."""
    stripped = text.strip()
    if not stripped:
        raise MessageError("The question is empty. Write one.")
    if len(stripped) > longest:
        raise MessageError(f"The question is longer than {longest:,} characters. Shorten it.")
    strange = sum(unicodedata.category(character) in {"Cc", "Cs", "Co", "Cn"} for character in stripped)
    strange -= sum(character in PRINTABLE_SPACE for character in stripped)
    if strange > len(stripped) / 10 or "\x00" in stripped:
        raise MessageError("The question is not text. Write it in words.")
    return "".join(one for one in stripped if one in PRINTABLE_SPACE or unicodedata.category(one) not in {"Cc", "Cs"})


def past_turns(conversation: Conversation) -> list[PastTurn]:
    """Return the last exchanges of a conversation, oldest first; a question that got no answer is left out."""
    recent = list(messages_of(conversation).prefetch_related("citations").reverse()[: 2 * TURNS_REMEMBERED])
    said = list(reversed(recent))
    return [
        PastTurn(
            question=question.text,
            answer=answer.text,
            document_ids=tuple({*answer.context, *(citation.document_id for citation in answer.citations.all())}),
        )
        for question, answer in pairwise(said)
        if question.author == Author.VISITOR and answer.author == Author.BOT and answer.text
    ]


async def still_citable(chatbot_id: uuid.UUID, document_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Return which of these documents visitors may read now, as the visitor login sees it."""
    if not document_ids:
        return set()
    async with visiting(chatbot_id) as connection:
        cursor = await connection.execute(
            "SELECT DISTINCT document_id FROM citable_passage WHERE chatbot_id = %s AND document_id = ANY(%s)",
            [chatbot_id, list(document_ids)],
        )
        return {row[0] for row in await cursor.fetchall()}


async def without_withdrawn(chatbot: Chatbot, history: Sequence[PastTurn]) -> list[Turn]:
    """Return the history as a model may see it now: answers that cite what is withdrawn are emptied, and so are those
    whose prompt held it, for a model may have put it into words of its own.
    """
    quoted = {document_id for turn in history for document_id in turn.document_ids}
    readable = await still_citable(chatbot.pk, list(quoted))
    return [
        Turn(question=turn.question, answer=turn.answer if readable.issuperset(turn.document_ids) else WITHDRAWN)
        for turn in history
    ]


@transaction.atomic
def keep(message: Message, finished: Finished, said: Said) -> None:
    """Keep a whole answer. Raises NotFoundError when its conversation was deleted meanwhile."""
    if not Message.objects.select_for_update().filter(pk=message.pk).exists():
        raise NotFoundError("This conversation was deleted. Begin a new one.")
    message.text, message.answered, message.complete = finished.text, finished.answered, True
    message.context = sorted(said.document_ids)
    message.trace = json.loads(json.dumps(asdict(finished.trace), default=str))
    message.save()
    Citation.objects.bulk_create(row_of(message, citation) for citation in finished.citations)
    defer_watch(message.pk)


@transaction.atomic
def keep_partly(message: Message, said: Said) -> None:
    """Keep what was said of an answer before it was left, unless its conversation was deleted meanwhile."""
    kept = Message.objects.filter(pk=message.pk).update(
        text=said.text, context=sorted(said.document_ids), trace={BROKEN_OFF: True}
    )
    if not kept:
        return
    Citation.objects.bulk_create(row_of(message, event.citation) for event in said.cited)
    defer_watch(message.pk)


async def surely(work: Callable[Arguments, None], *args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
    """Run database work to its end, although who waits for it may be stopped meanwhile."""
    task = asyncio.ensure_future(in_database(work, *args, **kwargs))
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def is_over(message: Message) -> bool:
    """Tell whether an answer is kept, whole or in part; else it is being made, or went down with its process."""
    return message.complete or BROKEN_OFF in message.trace


def ask_to_stop(message_id: uuid.UUID) -> None:
    """Have an answer stopped by the process that makes it, which looks for this when nobody reads it any more."""
    Message.objects.filter(pk=message_id, complete=False, trace={}).update(trace={STOP: True})


def stop_is_asked_for(message_id: uuid.UUID) -> bool:
    return Message.objects.filter(pk=message_id, trace__has_key=STOP).exists()


def row_of(message: Message, citation: Any) -> Citation:
    return Citation(
        message=message, n=citation.n, passage_id=citation.passage_id, document_id=citation.document_id,
        title=citation.title, url=citation.url, page=citation.page, quote=citation.quote,
    )  # fmt: skip


def chat() -> Chat:
    """Return the chat, in what settings put round it."""
    return cast("Chat", ServiceRegistry.get("chat"))
