"""The visitor API for an answer that is being made: read on where the line broke, or stop it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Path, Router

from apps.chatbots.models import Chatbot
from apps.conversations import schemas
from apps.conversations.api_views import conversation_of, kept_answer, public_events, spoken_now
from apps.conversations.guard import check_origin
from apps.conversations.models import Message
from apps.conversations.running import running
from apps.conversations.services import ask_to_stop, chat, is_over
from apps.conversations.sse import SILENCE, event, event_stream, failure
from apps.core.database.threads import in_database
from apps.core.error_handling import AnswerBrokenOffError, RateLimitError, TacitError

router = Router(tags=["Visitors"])

MOST_WAITING = 200  # for answers that other processes make
LOOK_SECONDS = 1.0  # between looks whether such an answer is kept
SPARE_SECONDS = 5.0  # beyond the time for which an answer goes on without a reader
STOPPED_ELSEWHERE_SECONDS = 3.0  # until another process has stopped an answer whose stream was left
LONGEST_ANSWER = timedelta(minutes=15)  # what is older and not kept went down with its process

_waiting: set[object] = set()


@router.get(
    "/messages/{uuid:message_id}/stream",
    response=schemas.DoneEvent,
    summary="Read on in an answer whose stream broke (a stream of events, or JSON once it is whole)",
)
async def read_on(request: HttpRequest, public_id: Path[str], message_id: UUID) -> HttpResponse:
    """`Last-Event-ID` names the last event that came; without it the answer is told from its beginning."""
    chatbot, message = await in_database(answer_of, request, public_id, message_id)
    check_origin(request, chatbot)
    answer = running(message.pk)
    if "text/event-stream" in request.headers.get("Accept", ""):
        events = public_events(answer, last_event(request)) if answer else from_elsewhere(chatbot, message)
        response: HttpResponse = event_stream(events)  # type: ignore[assignment]
    else:
        await (answer.until_over() if answer else until_kept(message))
        done = await kept_answer(chatbot.pk, message.pk)
        response = HttpResponse(done.model_dump_json(), content_type="application/json; charset=utf-8")
    return response


@router.post("/messages/{uuid:message_id}/stop", response=schemas.SpokenOut, summary="Stop an answer")
async def stop(request: HttpRequest, public_id: Path[str], message_id: UUID) -> schemas.SpokenOut:
    """Stop the model at once and return what was said until then, as it is kept."""
    chatbot, message = await in_database(answer_of, request, public_id, message_id)
    check_origin(request, chatbot)
    if answer := running(message.pk):
        await answer.stop()
    elif not is_over(message):
        await in_database(ask_to_stop, message.pk)
        with suppress(TimeoutError, AnswerBrokenOffError):
            async with asyncio.timeout(STOPPED_ELSEWHERE_SECONDS):
                await until_kept(message)
    return await spoken_now(chatbot.pk, message.pk)


def answer_of(request: HttpRequest, public_id: str, message_id: UUID) -> tuple[Chatbot, Message]:
    chatbot, conversation = conversation_of(request, public_id)
    return chatbot, chat().answer_of(conversation, message_id)


def last_event(request: HttpRequest) -> int:
    sent = request.headers.get("Last-Event-ID", "")
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 10 else 0


async def from_elsewhere(chatbot: Chatbot, message: Message) -> AsyncIterator[str]:
    """Yield the end of an answer that this process isn't making, once it is kept; never wait for it without an end."""
    try:
        async with aclosing(looks_until_kept(message)) as looks:  # type: ignore[type-var]
            async for _ in looks:
                yield SILENCE
        yield event("done", await kept_answer(chatbot.pk, message.pk), 0)
    except TacitError as error:
        yield failure(error)


async def until_kept(message: Message) -> None:
    async with aclosing(looks_until_kept(message)) as looks:  # type: ignore[type-var]
        async for _ in looks:
            pass


async def looks_until_kept(message: Message) -> AsyncIterator[None]:
    """Yield after each look that finds an answer not kept yet. Raises AnswerBrokenOffError when it never will be."""
    me = object()
    end = time.monotonic() + settings.ANSWER_GRACE_SECONDS + SPARE_SECONDS
    while not is_over(message):
        if time.monotonic() > end or message.created_at < timezone.now() - LONGEST_ANSWER:
            raise AnswerBrokenOffError
        if len(_waiting - {me}) >= MOST_WAITING:
            raise RateLimitError("Very many people are waiting at this moment. Try again in 5 seconds.", retry_after=5)
        _waiting.add(me)
        try:
            yield
            await asyncio.sleep(LOOK_SECONDS)
        finally:
            _waiting.discard(me)
        message = await in_database(chat().message, message.pk)
