"""What an owner is told about a source: how far it is, why it failed, what to do next."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from apps.knowledge.both_classes import warnings_of
from apps.knowledge.models import Source, SourceKind, SourceStatus

STAGES: Mapping[str, str] = {"reading": "Reading", "embedding": "Embedding", "waiting": "Waiting"}
STILL_SERVED = "What was read before goes on being served."
NOT_SERVED = "Nothing of it is served."


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceRow:
    """A source as a line of the list, or as the head of its own page."""

    source: Source = field(repr=False)
    name: str = field(repr=False)
    folder: str = field(repr=False)
    state: str
    reason: str = field(repr=False)
    served: str
    is_busy: bool
    may_be_read_again: bool
    needs_another_file: bool
    warnings: list[str] = field(repr=False)


def row_of(source: Source) -> SourceRow:
    busy = source.status in {SourceStatus.QUEUED, SourceStatus.RUNNING}
    folder, _, name = source.title.rpartition("/") if source.title == source.file_name else ("", "", source.title)
    unread = source.status in {SourceStatus.FAILED, SourceStatus.CANCELLED}
    refused = source.error_code == "document_too_large" and source.indexed_revision != source.revision
    return SourceRow(
        source=source,
        name=name or source.title,
        folder=folder,
        state=state_of(source),
        reason=source.error_message if busy or unread else "",
        served=(STILL_SERVED if source.document_count else NOT_SERVED) if unread else "",
        is_busy=busy,
        may_be_read_again=not busy and not refused,
        needs_another_file=source.kind == SourceKind.FILE and source.error_code.startswith(("document_", "archive_")),
        warnings=[told["message"] for told in warnings_of(source)],
    )


def rows_of(sources: Iterable[Source]) -> list[SourceRow]:
    return [row_of(source) for source in sources]


def state_of(source: Source) -> str:
    """Return the word for how far a source is."""
    if source.status == SourceStatus.RUNNING:
        return STAGES.get(source.stage, "Reading")
    return str(SourceStatus(source.status).label)
