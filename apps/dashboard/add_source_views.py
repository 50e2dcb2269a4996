"""Adding sources on a page: files, web addresses and texts, citable unless learn-only is chosen."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from apps.chatbots.models import Chatbot
from apps.core.error_handling import TacitError, ValidationError
from apps.dashboard.access import Visit, for_editors
from apps.dashboard.source_list import count
from apps.dashboard.source_words import rows_of
from apps.knowledge.models import Disclosure, Source, SourceStatus
from apps.knowledge.originals import content_of
from apps.knowledge.services import Added, knowledge_sources

ADDRESSES_AT_ONCE = 500
LATEST_SHOWN = 12
MEGABYTE = 1024 * 1024


def adding(request: HttpRequest, visit: Visit, *, following: str = "") -> dict[str, Any]:
    """Return what `dashboard/add_sources.html` shows; `following` is the address to go to when something was added."""
    left = request.session.pop(place_of(visit.chatbot), {})
    return {
        "limit": settings.MAX_UPLOAD_BYTES,
        "limit_mb": settings.MAX_UPLOAD_BYTES // MEGABYTE,
        "disclosure": left.get("disclosure", Disclosure.CITABLE),
        "problems": left.get("problems", []),
        "addresses": left.get("addresses", ""),
        "title": left.get("title", ""),
        "following": following,
    }


@for_editors
def add(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Add whatever the form holds: files, addresses, a text. A browser's script sends files one by one, for JSON."""
    files = request.FILES.getlist("files")
    if request.headers.get("Accept") == "application/json":
        return add_for_script(request, visit, files)
    if disclosure_of(request) not in Disclosure.values:
        raise BadRequest  # no form of ours
    parts = parts_of(request)
    added = add_files(request, visit, files) if "files" in parts else []
    rejected, problems = list[str](), list[str]()
    if "addresses" in parts:
        rejected = add_addresses(request, visit, added)
    if rejected:
        problems.append("These lines are no web addresses. Write them like https://www.example.org/page, one a line.")
    if "text" in parts and request.POST.get("text", "").strip():
        added.append(add_a_text(request, visit))
    elif "text" in parts:
        problems.append("The text is empty. Write what the chatbot should know under its title.")
    if not parts:
        problems.append("There is nothing to add yet. Choose a file, or write an address or a text.")
    keep(request, visit.chatbot, problems, rejected)
    tell(request, added)
    return back(request, visit, failed=bool(problems))


def parts_of(request: HttpRequest) -> set[str]:
    """Return what of the form is to be added: the part whose button was pressed, and without one all that is filled."""
    text = request.POST.get("title", "").strip() or request.POST.get("text", "").strip()
    filled = {"files": request.FILES, "addresses": request.POST.get("addresses", "").strip(), "text": text}
    parts = {name for name, content in filled.items() if content}
    only = request.POST.get("only", "")
    return {only} if only in parts else parts


@for_editors
def add_text(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Add a text under its title, citable unless the form says otherwise: the answer to a question, for example."""
    try:
        tell(request, [add_a_text(request, visit)])
    except TacitError as error:
        keep(request, visit.chatbot, [str(error)], [])
        return back(request, visit, failed=True)
    return back(request, visit)


def progress_of(chatbot: Chatbot) -> dict[str, Any]:
    """Return how many sources a chatbot has in each state, and how far those are that came last."""
    sources = knowledge_sources().of(chatbot)
    return {"counts": count(sources), "rows": rows_of(sources.order_by("-created_at", "-pk")[:LATEST_SHOWN])}


def add_for_script(request: HttpRequest, visit: Visit, files: Sequence["UploadedFile[Any]"]) -> HttpResponse:
    try:
        if not files:
            raise ValidationError("There is no file in this. Choose one.")
        return JsonResponse({"sources": [told(added) for added in add_files(request, visit, files)]})
    except TacitError as error:
        return JsonResponse({"problem": str(error)}, status=error.status)


def told(added: Added) -> dict[str, str]:
    source = added.source
    note = "" if added.created else "Is here already" if source.status != SourceStatus.QUEUED else "Replaces the former"
    return {"id": str(source.pk), "title": source.title, "problem": source.error_message, "note": note}


def add_files(request: HttpRequest, visit: Visit, files: Sequence["UploadedFile[Any]"]) -> list[Added]:
    """Add uploaded files; `path` tells where each lay in its folder, so that two of one name stay two."""
    paths = request.POST.getlist("path")
    service = knowledge_sources()
    return [
        service.add_file(
            chatbot=visit.chatbot, file_name=paths[place] if place < len(paths) else file.name or "",
            content=content_of(file), disclosure=disclosure_of(request), by=visit.member.user,
        )
        for place, file in enumerate(files)
    ]  # fmt: skip


def add_addresses(request: HttpRequest, visit: Visit, added: list[Added]) -> list[str]:
    """Add the form's addresses to what was added; return the lines that are none."""
    service, rejected = knowledge_sources(), []
    disclosure, by = disclosure_of(request), visit.member.user
    for line in lines_of(request.POST.get("addresses", "")):
        try:
            added.append(service.add_url(chatbot=visit.chatbot, url=line, disclosure=disclosure, by=by))
        except ValidationError:
            rejected.append(line)
    return rejected


def add_a_text(request: HttpRequest, visit: Visit) -> Added:
    return knowledge_sources().add_text(
        chatbot=visit.chatbot, text=request.POST.get("text", "").replace("\r\n", "\n"),
        title=request.POST.get("title", ""), disclosure=disclosure_of(request), by=visit.member.user,
    )  # fmt: skip


def disclosure_of(request: HttpRequest) -> str:
    return request.POST.get("disclosure", Disclosure.CITABLE)


def lines_of(addresses: str) -> list[str]:
    """Return the addresses of a form, each once."""
    return list(dict.fromkeys(line.strip() for line in addresses.splitlines() if line.strip()))[:ADDRESSES_AT_ONCE]


def keep(request: HttpRequest, chatbot: Chatbot, problems: Sequence[str], rejected: Sequence[str]) -> None:
    """Keep what could not be added, so that the next page shows it to be mended."""
    if problems:
        request.session[place_of(chatbot)] = {
            "problems": list(problems), "addresses": "\n".join(rejected), "title": request.POST.get("title", ""),
            "disclosure": disclosure_of(request),
        }  # fmt: skip


def tell(request: HttpRequest, added: Sequence[Added]) -> None:
    sources: list[Source] = [one.source for one in added]
    if len(sources) == 1:
        messages.success(request, f"“{sources[0].title}” was added and is being read.")
    elif sources:
        messages.success(request, f"{len(sources)} sources were added and are being read.")


def back(request: HttpRequest, visit: Visit, *, failed: bool = False) -> HttpResponse:
    """Go where the form wants to go on, or where it came from while something has to be mended."""
    wanted = request.POST.get("failed" if failed else "next", "")
    is_ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return HttpResponseRedirect(wanted if is_ours else reverse("bot-sources", args=[visit.chatbot.pk]))


def place_of(chatbot: Chatbot) -> str:
    return f"sources not added to {chatbot.pk}"
