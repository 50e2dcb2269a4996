"""One source's page: what was read of it beside its passages; renaming, replacing and downloading it."""

import io
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from apps.accounts import audit
from apps.accounts.audit import Action
from apps.core.error_handling import NotFoundError, TacitError
from apps.dashboard import just_done
from apps.dashboard.access import Visit, for_editors, for_members
from apps.dashboard.add_source_views import adding
from apps.dashboard.source_words import row_of
from apps.knowledge import originals
from apps.knowledge.downloads import download_of
from apps.knowledge.models import Document, Source, SourceKind
from apps.knowledge.originals import content_of
from apps.knowledge.preview import pages_of
from apps.knowledge.services import documents, knowledge_sources

PAGES_AT_ONCE = 5
LONGEST_SEARCH = 200
LARGEST_EDITED = 200_000  # bytes of a text that is edited on the page


@for_members
def source(request: HttpRequest, visit: Visit, source_id: UUID) -> HttpResponse:
    """Show a source; that its text was shown is recorded."""
    shown = source_of(visit, source_id)
    context = {
        **visit.context("sources"),
        "row": row_of(shown),
        "done": just_done.take(request, visit.chatbot),
        "adding": adding(request, visit),
        "has_original": shown.pieces.filter(revision=shown.revision).exists(),
        "text": text_of(shown),
        **preview_of(request, shown),
    }
    return render(request, "dashboard/source.html", context)


def preview_of(request: HttpRequest, shown: Source) -> dict[str, Any]:
    """Return one document's pages, a few at a time, and where it stands among the source's documents."""
    search = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH]
    single = Paginator(found(shown, search), 1).get_page(request.GET.get("document"))
    document = next(iter(single), None)
    if document is None:
        return {"search": search, "documents": single}
    audit.record(Action.SOURCE_OPENED, shown, what="documents", offset=document.position, limit=1)
    read = Paginator(pages_of(document), PAGES_AT_ONCE).get_page(request.GET.get("page"))
    return {"search": search, "documents": single, "document": document, "read": read}


def found(shown: Source, search: str) -> QuerySet[Document]:
    every = documents().of(shown).defer("bands")
    return every.filter(Q(title__icontains=search) | Q(external_id__icontains=search)) if search else every


def text_of(shown: Source) -> str:
    """Return a text that was typed, to be changed on the page; "" for what is not one or too long."""
    if shown.kind != SourceKind.TEXT or shown.size > LARGEST_EDITED:
        return ""
    try:
        return b"".join(originals.pieces(shown)).decode("utf-8", "replace")
    except NotFoundError:
        return ""


@for_editors
def change(request: HttpRequest, visit: Visit, source_id: UUID) -> HttpResponse:
    """Give a source another title."""
    knowledge_sources().update(source_of(visit, source_id), title=request.POST.get("title", ""))
    return redirect("bot-source", visit.chatbot.pk, source_id)


@for_editors
def replace(request: HttpRequest, visit: Visit, source_id: UUID) -> HttpResponse:
    """Read a source anew from another file or text; the former one serves until that is done."""
    shown, file = source_of(visit, source_id), request.FILES.get("file")
    text = request.POST.get("text", "").replace("\r\n", "\n")
    if file is None and not text.strip():
        messages.error(request, "There is nothing to put in its place. Choose a file first.")
        return redirect("bot-source", visit.chatbot.pk, source_id)
    content, name = (content_of(file), file.name or "") if file else (io.BytesIO(text.encode("utf-8", "replace")), "")
    try:
        knowledge_sources().replace_content(shown, content=content, file_name=name, by=visit.member.user)
    except TacitError as error:
        messages.error(request, str(error))
    return HttpResponseRedirect(reverse("bot-source", args=[visit.chatbot.pk, source_id]))


@for_members
def original(request: HttpRequest, visit: Visit, source_id: UUID) -> HttpResponseBase:
    """Hand out the original file, which the browser saves and never opens."""
    try:
        return download_of(source_of(visit, source_id))
    except NotFoundError as error:
        messages.error(request, str(error))
        return redirect("bot-source", visit.chatbot.pk, source_id)


def source_of(visit: Visit, source_id: UUID) -> Source:
    """Return a source of the chatbot; for anything else there is no such page."""
    try:
        found_one = knowledge_sources().get(chatbot=visit.chatbot, source_id=source_id)
    except NotFoundError:
        raise Http404 from None
    return found_one
