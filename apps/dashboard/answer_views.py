"""From a question that got no answer to a text that answers it: add it, see it read, and ask the question again."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from asgiref.sync import async_to_sync
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from apps.accounts.audit import Action, record
from apps.chatbots.models import Chatbot
from apps.conversations.models import Author, Conversation, Message
from apps.conversations.proof import question_of
from apps.conversations.services import chat
from apps.conversations.trials import try_out
from apps.core.error_handling import NotFoundError, TacitError
from apps.dashboard.access import Visit, for_editors, for_members
from apps.dashboard.spoken import spoken
from apps.knowledge import originals
from apps.knowledge.models import Disclosure, Source, SourceKind
from apps.knowledge.services import knowledge_sources

LONGEST_TITLE = 200
STAYS_LEARN_ONLY = (
    "This very text is in the source “{title}” already, which is learn-only now: visitors are not shown it. If they may"
    " read it, make that source citable."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A text as it stands in the form. `replaces` is the source that holds the title now."""

    title: str = field(repr=False)
    text: str = field(default="", repr=False)
    problem: str = ""
    replaces: Source | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """A question that the owner looks at, with the answer it got."""

    conversation: Conversation
    answer: Message
    question: str = field(repr=False)

    def page(self, **shown: object) -> HttpResponse:
        """Return to the page of this question."""
        address = reverse("bot-answer", args=[self.conversation.chatbot_id, self.conversation.pk, self.answer.pk])
        told = urlencode({name: str(value) for name, value in shown.items() if value})
        return HttpResponseRedirect(f"{address}?{told}" if told else address)


@for_members
def answer(request: HttpRequest, visit: Visit, conversation_id: UUID, message_id: UUID) -> HttpResponse:
    """Show a question with the answer it got, a form for a better one, and what came of asking again."""
    gap = gap_of(visit.chatbot, conversation_id, message_id)
    source, trial = source_of(visit.chatbot, request.GET.get("source")), trial_of(visit, request.GET.get("trial"))
    if source is None and trial is None:
        record(Action.CONVERSATION_OPENED, gap.conversation)
    draft = draft_for(visit.chatbot, source.title if source else gap.question)
    return shown(request, visit, gap, draft=draft, source=source, trial=trial)


@for_members
def state(request: HttpRequest, visit: Visit, conversation_id: UUID, message_id: UUID) -> HttpResponse:
    """Show how far the added text is: a part of the page, which asks for it until the text is read."""
    gap = gap_of(visit.chatbot, conversation_id, message_id)
    context = {
        **visit.context("conversations"),
        "gap": gap,
        "source": source_of(visit.chatbot, request.GET.get("source")),
    }
    return render(request, "dashboard/answer_state.html", context)


@for_editors
def add(request: HttpRequest, visit: Visit, conversation_id: UUID, message_id: UUID) -> HttpResponse:
    """Add the text as a citable source; one that would replace another is asked about once."""
    gap = gap_of(visit.chatbot, conversation_id, message_id)
    title, text = title_of(request.POST.get("title", "")), request.POST.get("text", "").strip()
    there = text_titled(visit.chatbot, title)
    if not title or not text:
        problem = "Write the answer first." if title else "Give it a title: the question is a good one."
        return shown(request, visit, gap, draft=Draft(title=title, text=text, problem=problem), status=422)
    if there is not None and request.POST.get("replaces") != str(there.pk):
        return shown(request, visit, gap, draft=Draft(title=title, text=text, replaces=there), status=409)
    try:
        added = knowledge_sources().add_text(
            chatbot=visit.chatbot, title=title, text=text, disclosure=Disclosure.CITABLE, by=visit.member.user
        )
    except TacitError as error:
        return shown(request, visit, gap, draft=Draft(title=title, text=text, problem=str(error)), status=error.status)
    if added.source.disclosure != Disclosure.CITABLE:
        messages.error(request, STAYS_LEARN_ONLY.format(title=added.source.title))
    return gap.page(source=added.source.pk)


@for_editors
def ask_again(request: HttpRequest, visit: Visit, conversation_id: UUID, message_id: UUID) -> HttpResponse:
    """Ask the chatbot, as a trial that counts nowhere, and show its answer beside the old one."""
    gap = gap_of(visit.chatbot, conversation_id, message_id)
    question, source = request.POST.get("question", "") or gap.question, request.POST.get("source", "")
    try:
        trial = async_to_sync(try_out)(visit.chatbot, question)
    except TacitError as error:
        messages.error(
            request, str(error) if visit.chatbot.is_published else "The chatbot is offline. Publish it first."
        )
        return gap.page(source=source)
    return gap.page(source=source, trial=trial)


def shown(
    request: HttpRequest,
    visit: Visit,
    gap: Gap,
    *,
    draft: Draft,
    source: Source | None = None,
    trial: Message | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        **visit.context("conversations"),
        "gap": gap,
        "draft": draft,
        "source": source,
        "is_new": source is None and trial is None and (draft.replaces is None or status >= 400),
        "before": spoken(gap.answer),
        "after": spoken(trial) if trial else None,
        "asked": question_of(trial) if trial else gap.question,
    }
    return render(request, "dashboard/answer.html", context, status=status)


def gap_of(chatbot: Chatbot, conversation_id: UUID, message_id: UUID) -> Gap:
    conversation = chat().of(chatbot).filter(pk=conversation_id).first()
    if conversation is None:
        raise Http404
    try:
        found = chat().answer_of(conversation, message_id)
    except NotFoundError:
        raise Http404 from None
    return Gap(conversation=conversation, answer=found, question=question_of(found))


def source_of(chatbot: Chatbot, source_id: str | None) -> Source | None:
    try:
        wanted = UUID(source_id or "")
    except ValueError:
        return None
    return knowledge_sources().of(chatbot).filter(pk=wanted).first()


def trial_of(visit: Visit, message_id: str | None) -> Message | None:
    try:
        wanted = UUID(message_id or "")
    except ValueError:
        return None
    trials = Message.objects.filter(conversation__chatbot=visit.chatbot, conversation__is_trial=True)
    return trials.filter(pk=wanted, author=Author.BOT).first()


def draft_for(chatbot: Chatbot, question: str) -> Draft:
    """Return the form for a question: empty, or with the text that was added for it before."""
    there = text_titled(chatbot, title_of(question))
    if there is None:
        return Draft(title=title_of(question))
    text = b"".join(originals.pieces(there)).decode("utf-8", "replace")
    return Draft(title=there.title, text=text, replaces=there)


def text_titled(chatbot: Chatbot, title: str) -> Source | None:
    """Return the citable text that a new one of this title would replace."""
    return texts_of(chatbot).filter(file_name=title).first()


def titles_of_texts(chatbot: Chatbot, titles: Collection[str]) -> set[str]:
    """Return which of these titles a citable text has."""
    return set(texts_of(chatbot).filter(file_name__in=titles).values_list("file_name", flat=True))


def texts_of(chatbot: Chatbot) -> QuerySet[Source]:
    sources = knowledge_sources().of(chatbot)
    return sources.filter(kind=SourceKind.TEXT, disclosure=Disclosure.CITABLE)


def title_of(question: str) -> str:
    """Return a question as a title: on one line, and not too long."""
    line = " ".join("".join(one if one.isprintable() else " " for one in question).split())
    return line.strip("/")[:LONGEST_TITLE].rstrip()
