"""The audit trail as a table that any spreadsheet opens, and that runs nothing there."""

import json
from collections.abc import Iterable, Iterator

from apps.accounts.models import AuditEntry
from apps.core.csv_lines import line

COLUMNS = (
    "id", "at", "actor", "actor_kind", "action", "object_kind", "object_id", "object_name", "chatbot_id", "details",
)  # fmt: skip


def csv_lines(entries: Iterable[AuditEntry], *, heading: bool = True) -> Iterator[str]:
    """Yield the entries as CSV, line by line."""
    if heading:
        yield line(COLUMNS)
    for entry in entries:
        yield line(cells(entry))


def cells(entry: AuditEntry) -> tuple[str, ...]:
    details = json.dumps(entry.details, ensure_ascii=False) if entry.details else ""
    chatbot = str(entry.chatbot_id or "")
    return (
        str(entry.pk), entry.at.isoformat(), entry.actor_label, entry.actor_kind, entry.action,
        entry.object_kind, entry.object_id, entry.object_name, chatbot, details,
    )  # fmt: skip
