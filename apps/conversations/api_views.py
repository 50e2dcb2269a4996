"""The visitor API: ask, read on, open a citation, give feedback; and the owner's view of conversations."""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Schema, Status

from apps.accounts import audit
from apps.accounts.audit import Action
from apps.accounts.authentication import OwnerKey
from apps.chatbots.api_views import chatbot_of
from apps.chatbots.models import Chatbot
from apps.chatbots.services import published_chatbot
from apps.conversations import schemas
from apps.conversations.contacts import offering_with
from apps.conversations.erasure import erasure
from apps.conversations.guard import check_origin
from apps.conversations.limits_admission import let_in
from apps.conversations.models import Author, Conversation, Message
from apps.conversations.rendering import addresses_in, to_html
from apps.conversations.running import Numbered, RunningAnswer, check_room, start
from apps.conversations.services import WITHDRAWN, Started, chat, first_of, still_citable
from apps.conversations.sse import SILENCE, event, event_stream, failure
from apps.conversations.standing import check
from apps.core.database.threads import in_database
from apps.core.database.visitor import visiting
from apps.core.error_handling import AnswerBrokenOffError, AuthenticationError, NotFoundError
from apps.core.problems import as_tacit_error
from apps.rag.events import Cited, Delta, Finished

visitor_router = Router(tags=["Visitors"])
Offset = Annotated[int, Query(ge=0)]
Limit = Annotated[int, Query(ge=1, le=500)]
owner_router = Router(auth=OwnerKey(), tags=["Conversations"])


@visitor_router.post("/messages", response=schemas.AnswerOut, summary="Ask (JSON, or a stream of events)")
async def ask(request: HttpRequest, public_id: Path[str], payload: schemas.MessageIn) -> HttpResponse:
    check_room()
    chatbot, place = await in_database(let_in, request, public_id)
    events = place.holding(chat().answer(chatbot=chatbot, message=payload.message, token=payload.conversation_token))
    # The first event is awaited before the response begins, so that a bad question is a 4xx and no broken stream.
    started = await first_of(events)
    if "text/event-stream" in request.headers.get("Accept", ""):
        response: HttpResponse = event_stream(public_events(start(chatbot.pk, started, events)))  # type: ignore[assignment]
    else:
        response = await whole_answer(started, events)
    return response


async def public_events(answer: RunningAnswer, after: int = 0) -> AsyncIterator[str]:
    """Yield the answer's events as visitors see them; the stream ends with `done` or `error`, always."""
    try:
        async with aclosing(answer.read(after)) as batches:
            async for batch in batches:
                yield "".join(public_event(answer.started, one) for one in batch) or SILENCE
                if batch and batch[-1].is_last:
                    return
        yield event("done", await kept_answer(answer.chatbot_id, answer.started.message_id), after)
    except Exception as error:  # noqa: BLE001  # the stream is open: whatever it is, the visitor gets an event and not a torn line
        yield failure(as_tacit_error(error))


def public_event(started: Started, one: Numbered) -> str:
    match one.event:
        case Started() as begun:
            return event("start", start_event(begun), one.number)
        case Delta() as delta:
            return event("delta", schemas.DeltaEvent(text=delta.text), one.number)
        case Cited() as cited:
            return event("citation", citation_out(cited.citation), one.number)
        case Finished() as finished:
            return event("done", done(started, finished), one.number)
        case broken:
            return failure(broken.error)


def start_event(started: Started) -> schemas.StartEvent:
    return schemas.StartEvent(conversation_token=started.conversation_token, message_id=started.message_id)


async def kept_answer(chatbot_id: UUID, message_id: UUID) -> schemas.DoneEvent:
    """Return a whole answer as it is kept and may be shown now. Raises AnswerBrokenOffError, NotFoundError."""
    spoken = await spoken_now(chatbot_id, message_id)
    if not spoken.complete:
        raise AnswerBrokenOffError
    offering = await in_database(offering_with, message_id)
    return schemas.DoneEvent(
        message_id=message_id,
        html=spoken.html,
        citations=spoken.citations,
        answered=bool(spoken.answered),
        offer_contact=offering.holds(answered=bool(spoken.answered)),
    )


async def spoken_now(chatbot_id: UUID, message_id: UUID) -> schemas.SpokenOut:
    """Return a message as its visitor may see it now. Raises NotFoundError when it or the chatbot is gone."""
    await check(chatbot_id, ())
    message = await in_database(chat().message, message_id)
    return spoken_out(message, await still_citable(chatbot_id, list(ground_of(message))))


async def whole_answer(started: Started, answer: AsyncIterator[Any]) -> HttpResponse:
    async with aclosing(answer):  # type: ignore[type-var]
        finished = [one async for one in answer if isinstance(one, Finished)][-1]
    out = schemas.AnswerOut(
        conversation_token=started.conversation_token, text=finished.text, **done(started, finished).model_dump()
    )
    return HttpResponse(out.model_dump_json(), content_type="application/json; charset=utf-8")


def citation_out(citation: Any) -> schemas.CitationOut:
    # Whatever an import gave as an address, only what is safe to follow leaves here.
    url = citation.url if citation.url.startswith(("https://", "http://")) else ""
    return schemas.CitationOut(n=citation.n, title=citation.title, url=url, page=citation.page, quote=citation.quote)


def done(started: Started, finished: Finished) -> schemas.DoneEvent:
    return schemas.DoneEvent(
        message_id=started.message_id,
        html=html_of(finished.text, finished.citations),
        citations=[citation_out(citation) for citation in finished.citations],
        answered=finished.answered,
        offer_contact=started.contact.holds(answered=finished.answered),
    )


def html_of(text: str, citations: Sequence[Any]) -> str:
    quoted = {address for citation in citations for address in addresses_in(citation.quote)}
    cited = {citation.url for citation in citations if citation.url}
    return to_html(text, {citation.n for citation in citations}, quoted | cited)


def conversation_of(request: HttpRequest, public_id: str) -> tuple[Chatbot, Conversation]:
    """Return the conversation whose token the request carries. Raises AuthenticationError, NotFoundError."""
    chatbot = published_chatbot(public_id)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise AuthenticationError("Send the conversation's token as `Authorization: Bearer TOKEN`.")
    return chatbot, chat().find(chatbot=chatbot, token=token.strip())


@visitor_router.get("/conversation", response=schemas.ConversationOut, summary="Read on after a refresh")
async def read_on(request: HttpRequest, public_id: Path[str]) -> schemas.ConversationOut:
    chatbot, conversation = await in_database(conversation_of, request, public_id)
    check_origin(request, chatbot)
    messages = await in_database(chat().spoken, conversation)
    readable = await still_citable(chatbot.pk, list(set[UUID]().union(*map(ground_of, messages))))
    shown = [message for message in messages if message.text or message == messages[-1]]  # which may be being made
    return schemas.ConversationOut(messages=[spoken_out(message, readable) for message in shown])


def ground_of(message: Message) -> set[UUID]:
    """Return the documents that must be readable; of an answer that broke off before it could cite, all it drew on."""
    cited = {citation.document_id for citation in message.citations.all()}
    return cited if message.complete else cited | set(message.context)


def spoken_out(message: Message, readable: set[UUID]) -> schemas.SpokenOut:
    """Return a message as its visitor may see it now: an answer from a withdrawn source is gone."""
    citations = list(message.citations.all())
    withdrawn = not readable.issuperset(ground_of(message))
    text = WITHDRAWN if withdrawn else message.text
    shown = [] if withdrawn else citations
    role: Literal["visitor", "bot"] = "visitor" if message.author == Author.VISITOR else "bot"
    return schemas.SpokenOut(
        message_id=message.pk,
        role=role,
        text=text,
        html=html_of(text, shown) if role == "bot" else "",
        citations=[citation_out(citation) for citation in shown],
        answered=message.answered,
        complete=message.complete,
        feedback=message.feedback,  # type: ignore[arg-type]  # the model's choices are the schema's
    )


@visitor_router.get(
    "/messages/{uuid:message_id}/citations/{int:n}", response=schemas.PassageOut, summary="Read a cited passage"
)
async def read_citation(request: HttpRequest, public_id: Path[str], message_id: UUID, n: int) -> schemas.PassageOut:
    chatbot, conversation = await in_database(conversation_of, request, public_id)
    check_origin(request, chatbot)
    citation = await in_database(chat().citation, conversation, message_id, n)
    async with visiting(chatbot.pk) as connection:
        # A document that was read again has new passages: then it is the one that holds the quote.
        cursor = await connection.execute(
            "SELECT text, heading_path FROM citable_passage WHERE chatbot_id = %s"
            " AND (id = %s OR document_id = %s AND strpos(text, %s) > 0) ORDER BY id = %s DESC LIMIT 1",
            [chatbot.pk, citation.passage_id, citation.document_id, citation.quote, citation.passage_id],
        )
        row = await cursor.fetchone()
    if row is None:
        raise NotFoundError("This source is no longer available.")
    return schemas.PassageOut(
        passage=row[0],
        heading=" › ".join(heading for heading in row[1] if heading != citation.title),
        **citation_out(citation).model_dump(),
    )


@visitor_router.post(
    "/messages/{uuid:message_id}/feedback", response=schemas.FeedbackOut, summary="Say whether an answer helped"
)
def give_feedback(
    request: HttpRequest, public_id: Path[str], message_id: UUID, payload: schemas.FeedbackIn
) -> schemas.FeedbackOut:
    chatbot, conversation = conversation_of(request, public_id)
    check_origin(request, chatbot)
    service = chat()
    service.give_feedback(service.answer_of(conversation, message_id), value=payload.value, comment=payload.comment)
    return schemas.FeedbackOut(value=payload.value)


class ConversationSummary(Schema):
    id: UUID
    created_at: datetime
    last_message_at: datetime


class MessageForOwner(Schema):
    id: UUID
    author: str
    text: str
    answered: bool | None
    complete: bool
    feedback: str
    feedback_comment: str
    created_at: datetime
    citations: list[schemas.CitationOut]
    trace: dict[str, Any]

    @staticmethod
    def resolve_citations(message: Message) -> list[schemas.CitationOut]:
        return [citation_out(citation) for citation in message.citations.all()]


class ConversationForOwner(ConversationSummary):
    messages: list[MessageForOwner]


@owner_router.get("", response=list[ConversationSummary], summary="List a chatbot's conversations, the latest first")
def list_conversations(
    request: HttpRequest, chatbot_id: Path[UUID], offset: Offset = 0, limit: Limit = 50
) -> list[Conversation]:
    conversations = chat().of(chatbot_of(request, chatbot_id))
    return list(conversations[offset : offset + limit])


@owner_router.get(
    "/{uuid:conversation_id}", response=ConversationForOwner, summary="Read a conversation, with its traces"
)
def show_conversation(request: HttpRequest, chatbot_id: Path[UUID], conversation_id: UUID) -> dict[str, Any]:
    conversation = owners_conversation(request, chatbot_id, conversation_id)
    audit.record(Action.CONVERSATION_OPENED, conversation)
    return {
        "id": conversation.pk,
        "created_at": conversation.created_at,
        "last_message_at": conversation.last_message_at,
        "messages": chat().spoken(conversation),
    }


@owner_router.delete(
    "/{uuid:conversation_id}", response={204: None}, summary="Delete a conversation with all that was said in it"
)
def delete_conversation(request: HttpRequest, chatbot_id: Path[UUID], conversation_id: UUID) -> Status[None]:
    conversation = owners_conversation(request, chatbot_id, conversation_id)
    erasure().delete_conversation(conversation)
    return Status(204, None)


def owners_conversation(request: HttpRequest, chatbot_id: UUID, conversation_id: UUID) -> Conversation:
    """Return a conversation with a chatbot of who asks. Raises NotFoundError."""
    conversations = chat().of(chatbot_of(request, chatbot_id))
    conversation: Conversation | None = conversations.filter(pk=conversation_id).first()
    if conversation is None:
        raise NotFoundError("This chatbot has no conversation with that id.")
    return conversation
