"""The owner API for how long a chatbot's conversations are kept."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Path, Router, Schema

from apps.accounts.authentication import OwnerKey
from apps.chatbots.api_views import chatbot_of
from apps.chatbots.models import Chatbot
from apps.conversations.retention import retention

router = Router(auth=OwnerKey(), tags=["Conversations"])


class RetentionIn(Schema):
    days: int | None = Field(description="Days after the last message, 1 to 3,650; null keeps them until deleted.")


class RetentionOut(RetentionIn):
    older: int = Field(description="Conversations that are older than that now, and go within the hour.")


@router.get("", response=RetentionOut, summary="Show for how many days conversations are kept")
def show_retention(request: HttpRequest, chatbot_id: Path[UUID]) -> dict[str, Any]:
    return told(chatbot_of(request, chatbot_id))


@router.put("", response=RetentionOut, summary="Choose for how many days conversations are kept")
def choose_retention(request: HttpRequest, chatbot_id: Path[UUID], payload: RetentionIn) -> dict[str, Any]:
    chatbot = chatbot_of(request, chatbot_id)
    retention().keep_for(chatbot, payload.days)
    return told(chatbot)


def told(chatbot: Chatbot) -> dict[str, Any]:
    service = retention()
    days = service.days(chatbot)
    return {"days": days, "older": 0 if days is None else service.older(chatbot, days).count()}
