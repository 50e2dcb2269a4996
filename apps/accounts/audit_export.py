"""The audit trail as a table that any spreadsheet opens, and that runs nothing there."""

import csv
import io
import json
from collections.abc import Iterable, Iterator

from apps.accounts.models import AuditEntry

COLUMNS = (
    "id", "at", "actor", "actor_kind", "action", "object_kind", "object_id", "object_name", "chatbot_id", "details",
)  # fmt: skip
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_lines(entries: Iterable[AuditEntry], *, heading: bool = True) -> Iterator[str]:
    """Yield the entries as CSV, line by line."""
    if heading:
        yield line(COLUMNS)
    for entry in entries:
        yield line(map(inert, cells(entry)))


def cells(entry: AuditEntry) -> tuple[str, ...]:
    details = json.dumps(entry.details, ensure_ascii=False) if entry.details else ""
    chatbot = str(entry.chatbot_id or "")
    return (
        str(entry.pk), entry.at.isoformat(), entry.actor_label, entry.actor_kind, entry.action,
        entry.object_kind, entry.object_id, entry.object_name, chatbot, details,
    )  # fmt: skip


def inert(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(STARTS_A_FORMULA) else cell


def line(row: Iterable[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(row)
    return written.getvalue()
