"""What went wrong, for members of an organization: each kind of error once, and how the same one was fixed before."""

from datetime import datetime

from django.http import HttpRequest
from ninja import Router, Schema

from apps.accounts.authentication import OwnerKey, member_of
from apps.accounts.models import Role
from apps.incidents.services import SeenError, errors

router = Router(auth=OwnerKey(), tags=["Errors"])


class MendedOut(Schema):
    """The documented incident that an error matches."""

    number: int
    title: str
    status: str
    resolution: str


class SeenErrorOut(Schema):
    """One kind of error; nothing of what it was about."""

    fingerprint: str
    kind: str
    error_type: str
    code: str
    told: str
    subject: str
    frames: list[str]
    process: str
    count: int
    first_seen: datetime
    last_seen: datetime
    incident: MendedOut | None


@router.get("", response=list[SeenErrorOut], summary="Errors of your organization, and for owners of this server")
def list_errors(request: HttpRequest) -> list[SeenError]:
    """Each kind of error once, the one that was seen last first; `incident` tells how it was fixed before."""
    member = member_of(request)
    return errors().seen_by(organization_id=member.organization_id, is_owner=member.role == Role.OWNER)
