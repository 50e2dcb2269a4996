"""Try it: the chat as a visitor sees it, and beside it, for the owner alone, how the latest answer came about."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from apps.accounts import audit
from apps.accounts.audit import Action
from apps.conversations.models import Author, Message
from apps.conversations.proof import proof_of
from apps.conversations.trials import count_as_trial
from apps.dashboard.access import Visit, for_editors, for_members
from apps.dashboard.spoken import shown
from apps.knowledge.models import SourceStatus
from apps.knowledge.services import knowledge_sources

NO_MESSAGE = UUID(int=0)  # stands in addresses where the page's script puts the id of an answer


@for_members
def try_it(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show the chat and room for the proof; what is missing before it can answer is said, with what to do."""
    sources = knowledge_sources().of(visit.chatbot)
    context = {
        **visit.context("try"),
        "ready": sources.filter(status=SourceStatus.READY).exists(),
        "any_source": sources.exists(),
        "first_run": "welcome" in request.GET,
        "no_message": NO_MESSAGE,
        "step": 3,
    }
    return render(request, "dashboard/try.html", context)


@for_members
def proof(request: HttpRequest, visit: Visit, message_id: UUID) -> HttpResponse:
    """Show how one answer came about; of an answer to a visitor, that it was opened is recorded."""
    message = answer_of(visit, message_id)
    if not message.conversation.is_trial:
        audit.record(Action.CONVERSATION_OPENED, message.conversation)
    return proof_page(request, message)


@for_editors
def tried(request: HttpRequest, visit: Visit, message_id: UUID) -> HttpResponse:
    """Show the proof of an answer that was asked for here; its conversation is a trial, and no figure counts it.

    One that can't have begun here stays a visitor's, and is opened as such.
    """
    message = answer_of(visit, message_id)
    if not count_as_trial(message.conversation):
        audit.record(Action.CONVERSATION_OPENED, message.conversation)
    return proof_page(request, message)


def proof_page(request: HttpRequest, message: Message) -> HttpResponse:
    sorted_proof = shown(proof_of(message))
    return render(request, "dashboard/proof.html", {"shown": sorted_proof, "proof": sorted_proof.proof})


def answer_of(visit: Visit, message_id: UUID) -> Message:
    """Return an answer of this chatbot. Raises Http404 for any other message."""
    answers = Message.objects.filter(pk=message_id, conversation__chatbot=visit.chatbot, author=Author.BOT)
    message = answers.select_related("conversation__chatbot").prefetch_related("citations").first()
    if message is None:
        raise Http404
    return message
