"""A chatbot's conversations for its owner: found by what is looked for, each answer with its proof beside it."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from apps.accounts import audit
from apps.accounts.audit import Action
from apps.conversations.services import chat
from apps.dashboard.access import Visit, for_members
from apps.dashboard.conversation_list import ConversationFilter, Gap, choices, gaps_of, listed
from apps.dashboard.spoken import spoken

CONVERSATIONS_PER_PAGE = 25


@dataclass(frozen=True, kw_only=True, slots=True)
class Talk:
    """A conversation in the list, with the questions that got no answer."""

    conversation: Any
    gaps: list[Gap] = field(repr=False)

    @property
    def is_plain(self) -> bool:
        """Whether its one gap is the question that it is listed by."""
        return [gap.question for gap in self.gaps] == [self.conversation.question]


@for_members
def conversations(request: HttpRequest, visit: Visit) -> HttpResponse:
    """List the conversations that are looked for, the latest first, each by its first question."""
    wanted = ConversationFilter.of(request.GET.dict())
    people = chat().of(visit.chatbot)
    page = Paginator(listed(wanted.apply(people)), CONVERSATIONS_PER_PAGE).get_page(request.GET.get("page"))
    gaps = gaps_of(page.object_list)
    context = {
        **visit.context("conversations"),
        "wanted": wanted,
        "choices": choices(wanted, people),
        "page": page,
        "talks": [Talk(conversation=one, gaps=gaps.get(one.pk, [])) for one in page.object_list],
        "is_empty": not wanted.is_set and not page.paginator.count,
    }
    return render(request, "dashboard/conversations.html", context)


@for_members
def conversation(request: HttpRequest, visit: Visit, conversation_id: UUID) -> HttpResponse:
    """Show what was said, and how each answer came about; that it was opened is recorded."""
    found = chat().of(visit.chatbot).filter(pk=conversation_id).first()
    if found is None:
        raise Http404
    audit.record(Action.CONVERSATION_OPENED, found)
    said = [spoken(message) for message in chat().spoken(found)]
    context = {**visit.context("conversations"), "conversation": found, "said": said}
    return render(request, "dashboard/conversation.html", context)
