"""The sources of a chatbot on one page: what there is, how far each is, and what can be done with one or with many."""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse

from apps.chatbots.models import Chatbot
from apps.core.error_handling import NotFoundError
from apps.dashboard import just_done
from apps.dashboard.access import Visit, for_editors, for_members
from apps.dashboard.add_source_views import adding
from apps.dashboard.source_list import ORDERS, Listing, class_filters, count, state_filters
from apps.dashboard.source_words import row_of, rows_of
from apps.knowledge.models import Disclosure, Source, SourceStatus
from apps.knowledge.removal import removed_sources
from apps.knowledge.services import UNDER_WAY, knowledge_sources

MOST_AT_ONCE = 500


@for_members
def sources(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show a page of the sources, with what adds more."""
    of_bot = knowledge_sources().of(visit.chatbot)
    listing, counts = Listing.asked(request.GET), count(of_bot)
    page = listing.of(of_bot)
    rows, done = rows_of(page), just_done.take(request, visit.chatbot)
    context = {
        **visit.context("sources"),
        "listing": listing,
        "counts": counts,
        "page": page,
        "rows": rows,
        "states": state_filters(listing, counts),
        "classes": class_filters(listing, counts),
        "orders": {name: label for name, (label, _) in ORDERS.items()},
        "removed": removed_sources().of(visit.chatbot),
        "done": done,
        "done_in_row": done and done.is_flip and any(row.source.pk == done.alone for row in rows),
        "adding": adding(request, visit),
    }
    return render(request, "dashboard/bot_sources.html", context)


@for_members
def state(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Tell how far the named sources are: the page asks for it while something is read."""
    of_bot = knowledge_sources().of(visit.chatbot)
    rows = rows_of(of_bot.filter(pk__in=ids_in(request.GET)))
    context = {**visit.context("sources"), "rows": rows}
    if "alone" in request.GET:
        response = render(request, "dashboard/source_states.html", {**context, "alone": True})
        if not any(row.is_busy for row in rows):
            response["HX-Refresh"] = "true"  # what was read is there to be shown
        return response
    counts, listing = count(of_bot), Listing.asked(QueryDict(request.GET.get("back", "")))
    listed = {"counts": counts, "listing": listing, "states": state_filters(listing, counts)}
    place = reverse("bot-sources", args=[visit.chatbot.pk])
    return render(request, "dashboard/source_states.html", {**context, **listed, "place": place})


@for_editors
def act(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Do what the pressed button says with the named sources, and go back to where it was pressed."""
    what = request.POST.get("disclosure") or request.POST.get("do", "")
    if deed := DEEDS.get(what):
        just_done.note(request, visit.chatbot, what, deed(visit.chatbot, ids_in(request.POST)))
    return back(request, visit.chatbot)


def citable(chatbot: Chatbot, ids: Sequence[UUID]) -> list[UUID]:
    return flip(chatbot, ids, Disclosure.CITABLE)


def learn_only(chatbot: Chatbot, ids: Sequence[UUID]) -> list[UUID]:
    return flip(chatbot, ids, Disclosure.LEARN_ONLY)


def flip(chatbot: Chatbot, ids: Sequence[UUID], wanted: str) -> list[UUID]:
    """Put sources into a class; return those that were in the other one."""
    service = knowledge_sources()
    moving = [source for source in named(chatbot, ids) if source.disclosure != wanted]
    return [service.update(source, disclosure=wanted).pk for source in moving]


def accept(chatbot: Chatbot, ids: Sequence[UUID]) -> list[UUID]:
    """Let visitors read citable sources although learn-only ones say the same."""
    return decide_on_both(chatbot, ids, accepted=True)


def withhold(chatbot: Chatbot, ids: Sequence[UUID]) -> list[UUID]:
    return decide_on_both(chatbot, ids, accepted=False)


def decide_on_both(chatbot: Chatbot, ids: Sequence[UUID], *, accepted: bool) -> list[UUID]:
    service = knowledge_sources()
    return [service.update(source, accept_both=accepted).pk for source in named(chatbot, ids)]


def read_again(chatbot: Chatbot, ids: Sequence[UUID]) -> list[UUID]:
    service = knowledge_sources()
    wanted = [row_of(source) for source in named(chatbot, ids)]
    return [service.retry(row.source).pk for row in wanted if row.may_be_read_again]


def cancel(chatbot: Chatbot, ids: Sequence[UUID]) -> list[UUID]:
    service = knowledge_sources()
    stopped = [service.cancel(source) for source in named(chatbot, ids) if source.status in UNDER_WAY]
    return [source.pk for source in stopped if source.status == SourceStatus.CANCELLED]


def remove(chatbot: Chatbot, ids: Sequence[UUID]) -> list[UUID]:
    service = removed_sources()
    return [service.remove(source).pk for source in named(chatbot, ids)]


def restore(chatbot: Chatbot, ids: Sequence[UUID]) -> list[UUID]:
    service = removed_sources()
    return [service.restore(removed).pk for removed in service.of(chatbot).filter(pk__in=ids)]


def purge(chatbot: Chatbot, ids: Sequence[UUID]) -> list[UUID]:
    """Delete for good; there is nothing left to tell of."""
    service = removed_sources()
    for removed in service.of(chatbot).filter(pk__in=ids):
        service.purge(removed)
    return []


# By the names that the buttons have.
DEEDS: Mapping[str, Callable[[Chatbot, Sequence[UUID]], list[UUID]]] = {
    "citable": citable,
    "learn_only": learn_only,
    "accept": accept,
    "withhold": withhold,
    "retry": read_again,
    "cancel": cancel,
    "remove": remove,
    "restore": restore,
    "purge": purge,
}


def named(chatbot: Chatbot, ids: Sequence[UUID]) -> list[Source]:
    """Return those of the sources that are the chatbot's; one that somebody deleted meanwhile is left out."""
    return list(knowledge_sources().of(chatbot).filter(pk__in=ids))


def ids_in(fields: QueryDict) -> list[UUID]:
    found = []
    for text in fields.getlist("source")[:MOST_AT_ONCE]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def back(request: HttpRequest, chatbot: Chatbot) -> HttpResponse:
    """Return to the list as it was, or to the page of the one source, if that is still there."""
    alone = request.POST.get("alone", "")
    try:
        source = knowledge_sources().get(chatbot=chatbot, source_id=UUID(alone)) if alone else None
    except (NotFoundError, ValueError):
        source = None
    if source is not None:
        return HttpResponseRedirect(f"{reverse('bot-source', args=[chatbot.pk, source.pk])}#done")
    query = Listing.asked(QueryDict(request.POST.get("back", ""))).query
    return HttpResponseRedirect(f"{reverse('bot-sources', args=[chatbot.pk])}{'?' if query else ''}{query}#done")
