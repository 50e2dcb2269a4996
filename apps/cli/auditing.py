"""`tacit audit`: who did what, and when, for reading and for export."""

import sys
from typing import Annotated, Any

import typer
from django.db.models import QuerySet

from apps.accounts.audit import Action, organization_subject, record, trail
from apps.accounts.audit_export import csv_lines
from apps.accounts.models import AuditEntry, Organization
from apps.chatbots.services import find_chatbot
from apps.cli.people import AsJson
from apps.cli.readiness import prepare, print_json


def audit(
    bot: Annotated[str, typer.Argument(help="Its name, id or public id; of everything without it.")] = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_json: AsJson = False,
    last: Annotated[int, typer.Option(min=0, help="How many entries, the latest; 0 for all.")] = 0,
) -> None:
    """Show the audit trail, the latest entry first."""
    prepare()
    entries = trail_of(bot)[:last] if last else trail_of(bot)
    if as_csv:
        sys.stdout.writelines(csv_lines(entries.iterator()))
    elif as_json:
        print_json([as_dict(entry) for entry in entries])
    else:
        for entry in entries:
            print(sentence(entry))


def trail_of(bot: str) -> QuerySet[AuditEntry]:
    """Return the entries about a chatbot, or of every organization, and record that they were read."""
    if bot:
        chatbot = find_chatbot(bot)
        record(Action.AUDIT_EXPORTED, organization_subject(chatbot.organization), chatbot=str(chatbot.pk))
        return trail(chatbot.organization_id, chatbot_id=chatbot.pk)
    for organization in Organization.objects.all():
        record(Action.AUDIT_EXPORTED, organization_subject(organization))
    return AuditEntry.objects.order_by("-pk")


def as_dict(entry: AuditEntry) -> dict[str, Any]:
    return {
        "id": entry.pk,
        "at": entry.at.isoformat(),
        "action": entry.action,
        "actor": {"kind": entry.actor_kind, "label": entry.actor_label},
        "object": {"kind": entry.object_kind, "id": entry.object_id, "name": entry.object_name},
        "chatbot_id": entry.chatbot_id,
        "details": entry.details,
    }


def sentence(entry: AuditEntry) -> str:
    """Return an entry on one line; what stands in a name can't draw on the terminal."""
    details = "  ".join(f"{name}={value}" for name, value in entry.details.items())
    told = f"{entry.at:%Y-%m-%d %H:%M:%S}  {entry.actor_label}  {entry.action}  {entry.object_name!r}  {details}"
    return "".join(character for character in told if character.isprintable()).rstrip()
