"""What the owner API takes and gives about sources."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import Field

from apps.knowledge.both_classes import warnings_of
from apps.knowledge.models import Document, Source

DisclosureIn = Literal["citable", "learn_only"]


class UrlIn(Schema):
    kind: Literal["url"]
    url: str = Field(max_length=2000)
    title: str = Field("", max_length=500)
    disclosure: DisclosureIn = "citable"


class TextIn(Schema):
    kind: Literal["text"]
    text: str
    title: str = Field("", max_length=500)
    disclosure: DisclosureIn = "citable"


SourceIn = Annotated[UrlIn | TextIn, Field(discriminator="kind")]


class SourceChanges(Schema):
    title: str | None = Field(None, max_length=500)
    disclosure: DisclosureIn | None = None
    accept_both: bool | None = Field(
        None, description="Whether visitors may see this citable source although a learn-only one says the same."
    )


class Failure(Schema):
    code: str
    message: str


class SourceOut(Schema):
    id: UUID
    kind: str
    title: str
    file_name: str
    url: str
    disclosure: str
    status: Literal["queued", "running", "ready", "failed", "cancelled"]
    stage: str
    progress: int = Field(description="Per cent.")
    error: Failure | None
    warnings: list[Failure]
    size: int
    document_count: int
    passage_count: int
    created_at: datetime
    updated_at: datetime

    @staticmethod
    def resolve_warnings(source: Source) -> list[dict[str, str]]:
        return warnings_of(source)

    @staticmethod
    def resolve_error(source: Source) -> dict[str, str] | None:
        return {"code": source.error_code, "message": source.error_message} if source.error_code else None


class DocumentOut(Schema):
    id: UUID
    external_id: str
    title: str
    url: str
    language: str
    passage_count: int
    text: str

    @staticmethod
    def resolve_text(document: Document) -> str:
        return document.text


# The upload takes a form or JSON at one address, which ninja can't derive from a signature.
ADD_SOURCES_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
                        "disclosure": {"type": "string", "enum": ["citable", "learn_only"], "default": "citable"},
                    },
                }
            },
            "application/json": {
                "schema": {
                    "oneOf": [
                        UrlIn.model_json_schema(),
                        TextIn.model_json_schema(),
                    ]
                }
            },
        },
    }
}
