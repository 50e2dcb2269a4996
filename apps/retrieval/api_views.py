"""The owner API for search: what a visitor's question would find."""

from uuid import UUID

from django.http import HttpRequest
from ninja import Path, Router, Schema
from pydantic import Field

from apps.accounts.authentication import OwnerKey
from apps.chatbots.api_views import chatbot_of
from apps.core.database.threads import in_database
from apps.retrieval import services
from apps.retrieval.vector_search import Hit

router = Router(auth=OwnerKey(), tags=["Search"])


class SearchIn(Schema):
    query: str = Field(min_length=1, max_length=4000)
    k: int = Field(10, ge=1, le=100)


class HitOut(Schema):
    external_id: str
    title: str
    text: str
    score: float
    page: int | None


class SearchOut(Schema):
    hits: list[HitOut]


def hit_out(hit: Hit) -> HitOut:
    """Return a hit as owners see it."""
    return HitOut(external_id=hit.external_id, title=hit.title, text=hit.text, score=hit.score, page=hit.page)


@router.post("", response=SearchOut, summary="Search a chatbot's citable passages")
async def search(request: HttpRequest, chatbot_id: Path[UUID], payload: SearchIn) -> SearchOut:
    chatbot = await in_database(chatbot_of, request, chatbot_id)
    hits = await services.search().search(
        chatbot_id=chatbot.pk, query=payload.query, k=payload.k, steered=chatbot.is_steered
    )
    return SearchOut(hits=[hit_out(hit) for hit in hits])
