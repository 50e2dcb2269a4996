"""The owner API for steering links: see what leads where, take a link away, bring all back."""

from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema, Status
from pydantic import Field

from apps.accounts.authentication import OwnerKey
from apps.chatbots.api_views import chatbot_of
from apps.knowledge.links import SteeringLink, steering_links

router = Router(auth=OwnerKey(), tags=["Steering links"])


class EndOut(Schema):
    source_id: UUID
    source_title: str
    title: str = Field(description="The document's.")
    text: str


class LinkOut(Schema):
    id: UUID
    weight: float = Field(description="How alike both passages are, 0 to 1.")
    learn_only: EndOut = Field(description="Visitors asking about this …")
    citable: EndOut = Field(description="… are led to that.")


@router.get("", response=list[LinkOut], summary="List the steering links")
def list_links(
    request: HttpRequest,
    chatbot_id: Path[UUID],
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[SteeringLink]:
    chatbot = chatbot_of(request, chatbot_id)
    return steering_links().read(chatbot, first=offset, most=limit)


@router.post("/restore", response={202: None}, summary="Bring back every link that was taken away")
def restore_links(request: HttpRequest, chatbot_id: Path[UUID]) -> Status[None]:
    steering_links().restore(chatbot_of(request, chatbot_id))
    return Status(202, None)


@router.delete("/{uuid:link_id}", response={204: None}, summary="Take a steering link away, for good")
def remove_link(request: HttpRequest, chatbot_id: Path[UUID], link_id: UUID) -> Status[None]:
    steering_links().remove(chatbot_of(request, chatbot_id), link_id)
    return Status(204, None)
