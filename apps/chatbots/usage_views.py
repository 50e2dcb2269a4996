"""The owner API for what a chatbot's language model uses up."""

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Path, Router, Schema

from apps.accounts.authentication import OwnerKey
from apps.chatbots.api_views import chatbot_of
from apps.chatbots.budget_service import budget

router = Router(auth=OwnerKey(), tags=["Chatbots"])


class DayUsageOut(Schema):
    day: date
    answers: int
    input_tokens: int
    output_tokens: int
    cost: float


class UsageOut(Schema):
    """Since the month began (UTC); the cost by the prices in the settings, in their currency."""

    month: date = Field(description="The first day of the month.")
    answers: int = Field(description="Questions that the language model was asked to answer.")
    input_tokens: int
    output_tokens: int
    tokens: int
    cost: float
    budget_tokens: int | None
    budget_cost: float | None
    share: float | None = Field(description="How much of the budget is used up; 1 is all of it.")
    exhausted: bool = Field(description="Whether answers come by extraction, since the budget is used up.")
    price_known: bool = Field(description="Whether the settings say what tokens cost; else there is no cost to keep.")
    days: list[DayUsageOut]


@router.get("", response=UsageOut, summary="Show what the language model used up this month")
def show_usage(request: HttpRequest, chatbot_id: Path[UUID]) -> dict[str, Any]:
    chatbot = chatbot_of(request, chatbot_id)
    used = budget().this_month(chatbot)
    told = {name: getattr(used, name) for name in UsageOut.model_fields if name != "days"}
    return {**told, "days": budget().days(chatbot)}
