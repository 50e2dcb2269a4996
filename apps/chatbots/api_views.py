"""The owner API for chatbots."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from apps.accounts.authentication import OwnerKey, member_of
from apps.chatbots.models import DEFAULT_ACCENT, Chatbot
from apps.chatbots.services import NULLABLE, chatbots
from apps.chatbots.setting_rules import (
    LONGEST_MESSAGE_LIMIT,
    MOST_COUNTED,
    MOST_MONEY,
    MOST_TOKENS,
    SHORTEST_MESSAGE_LIMIT,
)

router = Router(auth=OwnerKey(), tags=["Chatbots"])

Name = Annotated[str, Field(min_length=1, max_length=200)]
Question = Annotated[str, Field(max_length=300)]
LearnOnlyUseIn = Literal["sealed", "steer", "inform"]
ToneIn = Literal["plain", "friendly", "formal", "brief"]
CornerIn = Literal["end", "start"]
ContactOfferIn = Literal["never", "unanswered", "always"]
ContactFieldIn = Literal["name", "email", "phone", "company", "message"]
Limit = Annotated[int | None, Field(ge=1, le=MOST_COUNTED)]
LengthLimit = Annotated[int | None, Field(ge=SHORTEST_MESSAGE_LIMIT, le=LONGEST_MESSAGE_LIMIT)]
Tokens = Annotated[int | None, Field(ge=0, le=MOST_TOKENS)]
Money = Annotated[Decimal | None, Field(ge=0, lt=MOST_MONEY)]


class OpenLimits(Schema):
    """Limits and a budget; null means the server's own limit, or none."""

    visitor_messages_per_minute: Limit = None
    visitor_messages_per_day: Limit = None
    messages_per_day: Limit = Field(None, description="Of all visitors together.")
    longest_message: LengthLimit = Field(None, description="Characters of one question.")
    open_streams: Limit = Field(None, description="Answers under way at the same time.")
    monthly_cost: Money = Field(None, description="In the currency of TACIT_LLM_INPUT_PRICE, by calendar month (UTC).")
    monthly_tokens: Tokens = Field(None, description="Read and written by the language model, by calendar month (UTC).")


class ChatbotIn(OpenLimits):
    name: Name
    description: str = ""
    welcome_message: str = ""
    instructions: str = ""
    language: str = Field("", max_length=10)
    learn_only_use: LearnOnlyUseIn = "steer"
    allowed_origins: list[str] = []
    suggested_questions: list[Question] = []
    is_published: bool = True
    tone: ToneIn = "plain"
    unanswered_message: str = Field("", description="What visitors are told to do when there is no answer.")
    accent_colour: str = Field(DEFAULT_ACCENT, description="#rrggbb")
    widget_corner: CornerIn = "end"
    contact_offer: ContactOfferIn = "never"
    contact_fields: list[ContactFieldIn] = ["name", "email", "message"]
    consent_text: str = ""
    contact_email: str = Field("", description="Where contacts are mailed to.")
    contact_webhook_url: str = Field("", description="Where contacts are posted to, signed.")
    contact_webhook_secret: str = Field("", description="What they are signed with: 16 characters or more.")


class ChatbotChanges(OpenLimits):
    """What is sent is changed. Limits can be set to null; for every other setting null changes nothing."""

    name: Name | None = None
    description: str | None = None
    welcome_message: str | None = None
    instructions: str | None = None
    language: str | None = Field(None, max_length=10)
    learn_only_use: LearnOnlyUseIn | None = None
    allowed_origins: list[str] | None = None
    suggested_questions: list[Question] | None = None
    is_published: bool | None = None
    tone: ToneIn | None = None
    unanswered_message: str | None = None
    accent_colour: str | None = None
    widget_corner: CornerIn | None = None
    contact_offer: ContactOfferIn | None = None
    contact_fields: list[ContactFieldIn] | None = None
    consent_text: str | None = None
    contact_email: str | None = None
    contact_webhook_url: str | None = None
    contact_webhook_secret: str | None = None


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
    tone: str
    unanswered_message: str
    accent_colour: str
    widget_corner: str
    visitor_messages_per_minute: int | None
    visitor_messages_per_day: int | None
    messages_per_day: int | None
    longest_message: int | None
    open_streams: int | None
    monthly_cost: Decimal | None
    monthly_tokens: int | None
    contact_offer: str
    contact_fields: list[str]
    consent_text: str
    contact_email: str
    contact_webhook_url: str
    contact_webhook_secret_is_set: bool = Field(description="The secret itself is never told.")
    archived_at: datetime | None
    share_path: str
    created_at: datetime
    updated_at: datetime

    @staticmethod
    def resolve_contact_webhook_secret_is_set(chatbot: Chatbot) -> bool:
        return bool(chatbot.contact_webhook_secret)

    @staticmethod
    def resolve_share_path(chatbot: Chatbot) -> str:
        return f"/c/{chatbot.public_id}"


def chatbot_of(request: HttpRequest, chatbot_id: UUID) -> Chatbot:
    """Return a chatbot of who asks. Raises NotFoundError."""
    return chatbots().get(organization=member_of(request).organization, chatbot_id=chatbot_id)


@router.post("", response={201: ChatbotOut}, summary="Make a chatbot")
def create_chatbot(request: HttpRequest, payload: ChatbotIn) -> Status[Chatbot]:
    chatbot = chatbots().create(organization=member_of(request).organization, **payload.dict())
    return Status(201, chatbot)


@router.get("", response=list[ChatbotOut], summary="List the chatbots")
def list_chatbots(request: HttpRequest) -> list[Chatbot]:
    return list(chatbots().of(member_of(request).organization))


@router.get("/{uuid:chatbot_id}", response=ChatbotOut, summary="Show a chatbot")
def show_chatbot(request: HttpRequest, chatbot_id: UUID) -> Chatbot:
    return chatbot_of(request, chatbot_id)


@router.patch("/{uuid:chatbot_id}", response=ChatbotOut, summary="Change a chatbot's settings")
def change_chatbot(request: HttpRequest, chatbot_id: UUID, payload: ChatbotChanges) -> Chatbot:
    sent = payload.dict(exclude_unset=True).items()
    changes = {name: value for name, value in sent if value is not None or name in NULLABLE}
    return chatbots().update(chatbot_of(request, chatbot_id), **changes)


@router.delete("/{uuid:chatbot_id}", response={204: None}, summary="Delete a chatbot with all that belongs to it")
def delete_chatbot(request: HttpRequest, chatbot_id: UUID) -> Status[None]:
    chatbots().delete(chatbot_of(request, chatbot_id))
    return Status(204, None)
