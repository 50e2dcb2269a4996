"""The owner API for the audit trail: read it page by page, or export it as CSV."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from apps.accounts.audit import Action, organization_subject, record, trail
from apps.accounts.audit_export import csv_lines
from apps.accounts.authentication import OwnerKey, member_of
from apps.accounts.models import AuditEntry

router = Router(auth=OwnerKey(), tags=["Audit trail"])


class AuditFilter(Schema):
    """Which entries: of one chatbot, from a time on, until before a time, older than an entry."""

    chatbot: UUID | None = None
    since: datetime | None = Field(None, alias="from", description="ISO 8601; UTC where no zone is given.")
    until: datetime | None = Field(None, alias="to", description="The first moment that is left out.")
    before: int | None = Field(None, ge=1, description="`next` of the page before.")
    limit: int = Field(100, ge=1, le=10_000)
    format: Literal["json", "csv"] = "json"

    def told(self) -> dict[str, Any]:
        """Return the filters that were set, under the names they have in the address."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"before", "limit"})


class ActorOut(Schema):
    kind: str
    label: str
    user_id: UUID | None
    key_id: UUID | None


class ObjectOut(Schema):
    kind: str
    id: str
    name: str = Field(description="As it was called then.")


class AuditEntryOut(Schema):
    id: int
    at: datetime
    action: str
    actor: ActorOut
    object: ObjectOut
    chatbot_id: UUID | None
    details: dict[str, Any]

    @staticmethod
    def resolve_actor(entry: AuditEntry) -> dict[str, Any]:
        return {
            "kind": entry.actor_kind,
            "label": entry.actor_label,
            "user_id": entry.user_id,
            "key_id": entry.key_id,
        }

    @staticmethod
    def resolve_object(entry: AuditEntry) -> dict[str, str]:
        return {"kind": entry.object_kind, "id": entry.object_id, "name": entry.object_name}


class AuditPage(Schema):
    entries: list[AuditEntryOut]
    next: int | None = Field(description="Send it as `before` for the next page; null on the last one.")


@router.get("", response=AuditPage, summary="Read or export the audit trail, the latest first")
def read_trail(request: HttpRequest, wanted: Annotated[AuditFilter, Query()]) -> Any:
    organization = member_of(request).organization
    entries = list(
        trail(
            organization.pk,
            chatbot_id=wanted.chatbot,
            since=in_utc(wanted.since),
            until=in_utc(wanted.until),
            before=wanted.before,
        )[: wanted.limit + 1]
    )
    more, entries = len(entries) > wanted.limit, entries[: wanted.limit]
    record(Action.AUDIT_EXPORTED, organization_subject(organization), entries=len(entries), **wanted.told())
    following = entries[-1].pk if more else None
    return as_csv(request, entries, following) if wanted.format == "csv" else {"entries": entries, "next": following}


def as_csv(request: HttpRequest, entries: list[AuditEntry], following: int | None) -> HttpResponse:
    """Return a page as a file; where there are more, a `Link` header leads to the next one."""
    response = HttpResponse("".join(csv_lines(entries)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="audit.csv"'
    if following:
        query = urlencode({**request.GET.dict(), "before": following})
        response["Link"] = f'<{request.path}?{query}>; rel="next"'
    return response


def in_utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment
