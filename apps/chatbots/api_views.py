"""The owner API for chatbots."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from apps.accounts.authentication import OwnerKey, member_of
from apps.chatbots.models import Chatbot
from apps.core.services import ServiceRegistry

router = Router(auth=OwnerKey(), tags=["Chatbots"])

Name = Annotated[str, Field(min_length=1, max_length=200)]
LearnOnlyUseIn = Literal["sealed", "steer", "inform"]


class ChatbotIn(Schema):
    name: Name
    description: str = ""
    welcome_message: str = ""
    instructions: str = ""
    language: str = Field("", max_length=10)
    learn_only_use: LearnOnlyUseIn = "steer"
    allowed_origins: list[str] = []
    suggested_questions: list[Annotated[str, Field(max_length=300)]] = []
    is_published: bool = True


class ChatbotChanges(Schema):
    name: Name | None = None
    description: str | None = None
    welcome_message: str | None = None
    instructions: str | None = None
    language: str | None = Field(None, max_length=10)
    learn_only_use: LearnOnlyUseIn | None = None
    allowed_origins: list[str] | None = None
    suggested_questions: list[Annotated[str, Field(max_length=300)]] | None = None
    is_published: bool | None = None


class ChatbotOut(Schema):
    id: UUID
    public_id: str
    name: str
    description: str
    welcome_message: str
    instructions: str
    language: str
    learn_only_use: str
    allowed_origins: list[str]
    suggested_questions: list[str]
    is_published: bool
    share_path: str
    created_at: datetime
    updated_at: datetime

    @staticmethod
    def resolve_share_path(chatbot: Chatbot) -> str:
        return f"/c/{chatbot.public_id}"


def chatbot_of(request: HttpRequest, chatbot_id: UUID) -> Chatbot:
    """Return a chatbot of who asks. Raises NotFoundError."""
    chatbot: Chatbot = ServiceRegistry.get("chatbots").get(
        organization=member_of(request).organization, chatbot_id=chatbot_id
    )
    return chatbot


@router.post("", response={201: ChatbotOut}, summary="Make a chatbot")
def create_chatbot(request: HttpRequest, payload: ChatbotIn) -> Status[Chatbot]:
    chatbot = ServiceRegistry.get("chatbots").create(organization=member_of(request).organization, **payload.dict())
    return Status(201, chatbot)


@router.get("", response=list[ChatbotOut], summary="List the chatbots")
def list_chatbots(request: HttpRequest) -> list[Chatbot]:
    return list(ServiceRegistry.get("chatbots").of(member_of(request).organization))


@router.get("/{uuid:chatbot_id}", response=ChatbotOut, summary="Show a chatbot")
def show_chatbot(request: HttpRequest, chatbot_id: UUID) -> Chatbot:
    return chatbot_of(request, chatbot_id)


@router.patch("/{uuid:chatbot_id}", response=ChatbotOut, summary="Change a chatbot's settings")
def change_chatbot(request: HttpRequest, chatbot_id: UUID, payload: ChatbotChanges) -> Chatbot:
    changes = {name: value for name, value in payload.dict(exclude_unset=True).items() if value is not None}
    chatbot: Chatbot = ServiceRegistry.get("chatbots").update(chatbot_of(request, chatbot_id), **changes)
    return chatbot


@router.delete("/{uuid:chatbot_id}", response={204: None}, summary="Delete a chatbot with all that belongs to it")
def delete_chatbot(request: HttpRequest, chatbot_id: UUID) -> Status[None]:
    ServiceRegistry.get("chatbots").delete(chatbot_of(request, chatbot_id))
    return Status(204, None)
