"""The owner API for sources: add files, addresses and texts, watch them, change, read and delete them."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Path, Query, Router, Status
from pydantic import TypeAdapter
from pydantic import ValidationError as SchemaError

from apps.accounts import audit
from apps.accounts.audit import Action
from apps.accounts.authentication import OwnerKey, member_of
from apps.chatbots.api_views import chatbot_of
from apps.chatbots.models import Chatbot
from apps.core.database.threads import in_database
from apps.core.error_handling import ValidationError
from apps.knowledge.downloads import download_of
from apps.knowledge.models import Document, Source
from apps.knowledge.originals import content_of
from apps.knowledge.schemas import (
    ADD_SOURCES_BODY,
    DisclosureIn,
    DocumentOut,
    SourceChanges,
    SourceIn,
    SourceOut,
    UrlIn,
)
from apps.knowledge.services import documents, knowledge_sources

router = Router(auth=OwnerKey(), tags=["Sources"])

Offset = Annotated[int, Query(ge=0)]
Limit = Annotated[int, Query(ge=1, le=1000)]

SECONDS_BETWEEN_LOOKS = 0.5
LOOKS_BETWEEN_SIGNS = 30
SOURCE_IN: TypeAdapter[SourceIn] = TypeAdapter(SourceIn)


def source_of(request: HttpRequest, chatbot_id: UUID, source_id: UUID) -> Source:
    """Return a source of who asks. Raises NotFoundError."""
    chatbot = chatbot_of(request, chatbot_id)
    return knowledge_sources().get(chatbot=chatbot, source_id=source_id)


@router.post(
    "", response={202: list[SourceOut] | SourceOut}, openapi_extra=ADD_SOURCES_BODY,
    summary="Add files (a form), or an address or a text (JSON)",
)  # fmt: skip
def add_sources(request: HttpRequest, chatbot_id: Path[UUID]) -> Status[Any]:
    chatbot = chatbot_of(request, chatbot_id)
    if request.content_type == "multipart/form-data":
        return Status(202, add_files(request, chatbot))
    if request.content_type == "application/json":
        return Status(202, add_one(request, chatbot))
    raise ValidationError("Send files as multipart/form-data, or an address or a text as application/json.")


def add_files(request: HttpRequest, chatbot: Chatbot) -> list[Source]:
    files = [file for name in ("files", "files[]", "file") for file in request.FILES.getlist(name)]
    if not files:
        raise ValidationError("The form holds no file. Send one or more in the field `files`.")
    service, by = knowledge_sources(), member_of(request).user
    disclosure = request.POST.get("disclosure", "citable")
    return [
        service.add_file(
            chatbot=chatbot, file_name=file.name or "", content=content_of(file), disclosure=disclosure, by=by
        ).source
        for file in files
    ]  # fmt: skip


def add_one(request: HttpRequest, chatbot: Chatbot) -> Source:
    try:
        payload = SOURCE_IN.validate_json(request.body)
    except SchemaError as error:
        fields = ", ".join(sorted({".".join(map(str, one["loc"])) or "body" for one in error.errors()}))
        raise ValidationError(
            f"These fields are missing or wrong: {fields}."
            ' Send {"kind": "url", "url": …} or {"kind": "text", "text": …}.'
        ) from None
    service, by = knowledge_sources(), member_of(request).user
    if isinstance(payload, UrlIn):
        added = service.add_url(
            chatbot=chatbot, url=payload.url, title=payload.title, disclosure=payload.disclosure, by=by
        )
    else:
        added = service.add_text(
            chatbot=chatbot, text=payload.text, title=payload.title, disclosure=payload.disclosure, by=by
        )
    return added.source


@router.get("", response=list[SourceOut], summary="List the sources")
def list_sources(request: HttpRequest, chatbot_id: Path[UUID], disclosure: DisclosureIn | None = None) -> list[Source]:
    sources = knowledge_sources().of(chatbot_of(request, chatbot_id))
    return list(sources.filter(disclosure=disclosure) if disclosure else sources)


@router.get("/events", summary="Watch the sources: server-sent events named `source`, one for each change")
async def watch_sources(request: HttpRequest, chatbot_id: Path[UUID]) -> StreamingHttpResponse:
    chatbot = await in_database(chatbot_of, request, chatbot_id)
    response = StreamingHttpResponse(changes(chatbot), content_type="text/event-stream; charset=utf-8")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def changes(chatbot: Chatbot) -> AsyncIterator[str]:
    """Yield every source as it is, then each one that changes or goes, until the client leaves."""
    told: dict[UUID, str] = {}
    silent = 0
    while True:
        now = await in_database(snapshots, chatbot)
        news = [f"event: source\ndata: {data}\n\n" for key, data in now.items() if told.get(key) != data]
        news += [f"event: deleted\ndata: {json.dumps({'id': str(key)})}\n\n" for key in told.keys() - now.keys()]
        told = now
        silent = 0 if news else silent + 1
        if not news and silent % LOOKS_BETWEEN_SIGNS == 1:
            news = [": still here\n\n"]
        for one in news:
            yield one
        await asyncio.sleep(SECONDS_BETWEEN_LOOKS)


def snapshots(chatbot: Chatbot) -> dict[UUID, str]:
    sources = knowledge_sources().of(chatbot)
    return {source.pk: SourceOut.from_orm(source).model_dump_json() for source in sources}


@router.get("/{uuid:source_id}", response=SourceOut, summary="Show a source")
def show_source(request: HttpRequest, chatbot_id: Path[UUID], source_id: UUID) -> Source:
    return source_of(request, chatbot_id, source_id)


@router.patch(
    "/{uuid:source_id}",
    response=SourceOut,
    summary="Change a source's title, its disclosure, or whether it may stand in both",
)
def change_source(request: HttpRequest, chatbot_id: Path[UUID], source_id: UUID, payload: SourceChanges) -> Source:
    knowledge_sources().update(
        source_of(request, chatbot_id, source_id),
        title=payload.title,
        disclosure=payload.disclosure,
        accept_both=payload.accept_both,
    )
    return source_of(request, chatbot_id, source_id)


@router.delete("/{uuid:source_id}", response={204: None}, summary="Delete a source and all that came out of it")
def delete_source(request: HttpRequest, chatbot_id: Path[UUID], source_id: UUID) -> Status[None]:
    knowledge_sources().delete(source_of(request, chatbot_id, source_id))
    return Status(204, None)


@router.post("/{uuid:source_id}/retry", response={202: SourceOut}, summary="Read a source again")
def retry_source(request: HttpRequest, chatbot_id: Path[UUID], source_id: UUID) -> Status[Source]:
    return Status(202, knowledge_sources().retry(source_of(request, chatbot_id, source_id)))


@router.post("/{uuid:source_id}/cancel", response=SourceOut, summary="Stop reading a source")
def cancel_source(request: HttpRequest, chatbot_id: Path[UUID], source_id: UUID) -> Source:
    knowledge_sources().cancel(source_of(request, chatbot_id, source_id))
    return source_of(request, chatbot_id, source_id)


@router.get("/{uuid:source_id}/documents", response=list[DocumentOut], summary="Read what came out of a source")
def list_documents(
    request: HttpRequest,
    chatbot_id: Path[UUID],
    source_id: UUID,
    offset: Offset = 0,
    limit: Limit = 100,
) -> list[Document]:
    source = source_of(request, chatbot_id, source_id)
    audit.record(Action.SOURCE_OPENED, source, what="documents", offset=offset, limit=limit)
    return list(documents().of(source)[offset : offset + limit])


@router.get("/{uuid:source_id}/original", summary="Download the original file")
def download_original(request: HttpRequest, chatbot_id: Path[UUID], source_id: UUID) -> StreamingHttpResponse:
    return download_of(source_of(request, chatbot_id, source_id))
