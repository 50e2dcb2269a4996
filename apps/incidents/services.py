"""The errors that were recorded, for owners and operators: what they are, and how the same one was fixed before."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.core.error_handling import NotFoundError, TacitError
from apps.core.services import ServiceRegistry
from apps.incidents.documents import Incident, known_incidents
from apps.incidents.models import ErrorOccurrence

SHOWN_AT_MOST = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Mended:
    """The documented incident that an error matches: seen before, and this is how it was fixed."""

    number: int
    title: str
    status: str
    resolution: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenError:
    """One kind of error, how often it was seen and since when. `told` is what people read when it happens."""

    fingerprint: str
    kind: str
    error_type: str
    code: str
    told: str
    subject: str
    frames: tuple[str, ...]
    process: str
    count: int
    first_seen: datetime
    last_seen: datetime
    incident: Mended | None


class ErrorService:
    """Shows what was recorded; nothing is written through it."""

    def seen_by(self, *, organization_id: UUID, is_owner: bool) -> list[SeenError]:
        """Return the errors of an organization, the latest first; for its owners also those of the whole server."""
        theirs = Q(organization=organization_id)
        if is_owner:
            theirs |= Q(organization=None)
        return seen(ErrorOccurrence.objects.filter(theirs))

    def seen_by_all(self) -> list[SeenError]:
        """Return every recorded error, the latest first; for who runs the server."""
        return seen(ErrorOccurrence.objects.all())

    def find(self, fingerprint: str) -> SeenError:
        """Return one by the beginning of its fingerprint. Raises NotFoundError."""
        found = seen(ErrorOccurrence.objects.filter(fingerprint__startswith=fingerprint))
        if not found:
            raise NotFoundError(f"No error {fingerprint!r} was recorded. `tacit errors` lists those that were.")
        return found[0]


def seen(rows: QuerySet[ErrorOccurrence]) -> list[SeenError]:
    known = {one.number: one for one in known_incidents()}
    sentences = {error.code: error.default_message() for error in error_classes()}
    return [
        SeenError(
            fingerprint=row.fingerprint,
            kind=row.kind,
            error_type=row.error_type,
            code=row.code,
            told=sentences.get(row.code, TacitError.default_message()),
            subject=row.subject,
            frames=tuple(row.frames),
            process=row.process,
            count=row.count,
            first_seen=row.first_seen,
            last_seen=row.last_seen,
            incident=mended(known.get(row.incident or 0)),
        )
        for row in rows.order_by("-last_seen", "fingerprint")[:SHOWN_AT_MOST]
    ]


def mended(incident: Incident | None) -> Mended | None:
    if incident is None:
        return None
    return Mended(
        number=incident.number,
        title=incident.title,
        status=incident.status.value,
        resolution=incident.parts.get("Resolution", ""),
    )


def error_classes(branch: type[TacitError] = TacitError) -> Iterable[type[TacitError]]:
    """Yield every error of the tree."""
    yield branch
    for child in branch.__subclasses__():
        yield from error_classes(child)


def errors() -> ErrorService:
    """Return the service of recorded errors."""
    return cast("ErrorService", ServiceRegistry.get("errors"))
