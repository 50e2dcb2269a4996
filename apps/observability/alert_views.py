"""The owner API for alerts: what is wrong now, and what was."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema

from apps.accounts.authentication import OwnerKey, member_of
from apps.observability.alerts import alerts
from apps.observability.models import Alert

router = Router(auth=OwnerKey(), tags=["Alerts"])
Offset = Annotated[int, Query(ge=0)]
Limit = Annotated[int, Query(ge=1, le=500)]


class AlertOut(Schema):
    id: UUID
    rule: str
    level: str
    message: str
    labels: dict[str, str]
    value: float | None
    first_seen_at: datetime
    last_seen_at: datetime
    cleared_at: datetime | None


@router.get("", response=list[AlertOut], summary="List the alerts, the latest first")
def list_alerts(
    request: HttpRequest, state: Literal["on", "over", "all"] = "on", offset: Offset = 0, limit: Limit = 50
) -> list[Alert]:
    found = alerts().of(member_of(request))
    if state != "all":
        found = found.filter(cleared_at__isnull=state == "on")
    return list(found[offset : offset + limit])
