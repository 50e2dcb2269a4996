"""A chatbot's conversations for its owner, each answer with its proof beside it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe

from apps.accounts import audit
from apps.accounts.audit import Action
from apps.conversations.models import Author, Conversation, Message
from apps.conversations.proof import HeldBack, PassageFound, Proof, proof_of
from apps.conversations.rendering import to_html
from apps.core.services import ServiceRegistry
from apps.dashboard.access import Visit, for_members
from apps.dashboard.waterfall import Waterfall, milliseconds, waterfall
from apps.dashboard.wording import RULES, plain

CONVERSATIONS_PER_PAGE = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Spoken:
    """A message as the owner sees it; `proof` is None for a question."""

    message: Message
    html: str = ""
    proof: "ShownProof | None" = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownProof:
    """A proof, sorted as it is shown."""

    proof: Proof
    in_prompt: list[PassageFound]
    left_out: list[PassageFound]
    dropped: list[tuple[str, HeldBack]]
    waterfall: Waterfall | None
    total: str


@for_members
def conversations(request: HttpRequest, visit: Visit) -> HttpResponse:
    """List the conversations, the latest first, each by its first question."""
    people = ServiceRegistry.get("chat").of(visit.chatbot)
    listed = with_first_question(people)
    page = Paginator(listed, CONVERSATIONS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "dashboard/conversations.html", {**visit.context("conversations"), "conversations": page})


def with_first_question(conversations: QuerySet[Conversation]) -> QuerySet[Any]:
    asked = Message.objects.filter(conversation=OuterRef("pk"), author=Author.VISITOR).order_by("created_at")
    return conversations.annotate(
        question=Subquery(asked.values("text")[:1]),
        answers=Count("messages", filter=Q(messages__author=Author.BOT)),
        unanswered=Count("messages", filter=Q(messages__author=Author.BOT, messages__answered=False)),
        thumbs_down=Count("messages", filter=Q(messages__feedback="down")),
    )


@for_members
def conversation(request: HttpRequest, visit: Visit, conversation_id: UUID) -> HttpResponse:
    """Show what was said, and how each answer came about; that it was opened is recorded."""
    chat = ServiceRegistry.get("chat")
    found = chat.of(visit.chatbot).filter(pk=conversation_id).first()
    if found is None:
        raise Http404
    audit.record(Action.CONVERSATION_OPENED, found)
    said = [spoken(message) for message in chat.spoken(found)]
    context = {**visit.context("conversations"), "conversation": found, "said": said}
    return render(request, "dashboard/conversation.html", context)


def spoken(message: Message) -> Spoken:
    if message.author == Author.VISITOR:
        return Spoken(message=message)
    html = to_html(message.text, {citation.n for citation in message.citations.all()})
    return Spoken(message=message, html=mark_safe(html), proof=shown(proof_of(message)))  # noqa: S308  # nh3 cleaned it


def shown(proof: Proof) -> ShownProof:
    return ShownProof(
        proof=proof,
        in_prompt=[passage for passage in proof.passages if passage.number is not None],
        left_out=[passage for passage in proof.passages if passage.number is None],
        dropped=[(RULES.get(one.rule, plain(one.rule)), one) for one in proof.dropped],
        waterfall=waterfall(proof),
        total="" if proof.total_ms is None else milliseconds(proof.total_ms),
    )
