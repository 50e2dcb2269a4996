"""What visitors get to see: the allow-list of every public payload, and what they may send."""

from typing import Literal
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field

LONGEST_MESSAGE = 4000


class Strict(Schema):
    """A payload of exactly these fields."""

    model_config = ConfigDict(extra="forbid")


class MessageIn(Schema):
    message: str = Field(description=f"The question, 1 to {LONGEST_MESSAGE} characters.")
    conversation_token: str | None = Field(
        None, max_length=200, description="From an earlier answer, to go on with it."
    )


class CitationOut(Strict):
    n: int
    title: str
    url: str
    page: int | None
    quote: str


class PassageOut(CitationOut):
    """A citation with the passage that its quote stands in."""

    heading: str
    passage: str


class AnswerOut(Strict):
    message_id: UUID
    conversation_token: str
    text: str
    html: str
    citations: list[CitationOut]
    answered: bool
    offer_contact: bool = Field(description="Whether the contact form is offered with this answer.")


class StartEvent(Strict):
    conversation_token: str
    message_id: UUID


class DeltaEvent(Strict):
    text: str


class DoneEvent(Strict):
    message_id: UUID
    html: str
    citations: list[CitationOut]
    answered: bool
    offer_contact: bool = Field(description="Whether the contact form is offered with this answer.")


class SpokenOut(Strict):
    """A message of the conversation so far; an answer that is not complete broke off, or is being made."""

    message_id: UUID
    role: Literal["visitor", "bot"]
    text: str
    html: str
    citations: list[CitationOut]
    answered: bool | None
    complete: bool
    feedback: Literal["", "up", "down"]


class ConversationOut(Strict):
    messages: list[SpokenOut]


class FeedbackIn(Schema):
    value: Literal["up", "down"]
    comment: str = Field("", max_length=2000)


class FeedbackOut(Strict):
    value: Literal["up", "down"]


class WidgetTexts(Strict):
    launcher: str
    close: str
    loading: str


class WidgetOut(Strict):
    """What the widget's button needs before it is opened."""

    name: str
    language: str
    direction: Literal["ltr", "rtl"]
    corner: Literal["start", "end"]
    accent: str
    on_accent: str
    texts: WidgetTexts
