"""The audit trail: who did what to what, and when. It only grows, and holds no text of documents or visitors."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.actors import SYSTEM, Actor, current_actor, signed_in
from apps.accounts.models import ApiKey, AuditEntry, Member, Organization, User

LONGEST_NAME = 300


class Action(StrEnum):
    """What is recorded."""

    SOURCE_ADDED = "source.added"
    SOURCE_FLIPPED = "source.flipped"
    SOURCE_OPENED = "source.opened"
    SOURCE_REPLACED = "source.replaced"
    SOURCE_READ_AGAIN = "source.read_again"
    SOURCE_RENAMED = "source.renamed"
    SOURCE_ACCEPTED_IN_BOTH = "source.accepted_in_both_classes"
    SOURCE_CANCELLED = "source.cancelled"
    SOURCE_DELETED = "source.deleted"
    SOURCE_RESTORED = "source.restored"
    SOURCE_PURGED = "source.purged"
    CHATBOT_CREATED = "chatbot.created"
    CHATBOT_CHANGED = "chatbot.changed"
    CHATBOT_PUBLISHED = "chatbot.published"
    CHATBOT_UNPUBLISHED = "chatbot.unpublished"
    CHATBOT_DUPLICATED = "chatbot.duplicated"
    CHATBOT_ARCHIVED = "chatbot.archived"
    CHATBOT_UNARCHIVED = "chatbot.unarchived"
    CHATBOT_REMOVED = "chatbot.removed"
    CHATBOT_RESTORED = "chatbot.restored"
    CHATBOT_DELETED = "chatbot.deleted"
    LEARN_ONLY_USE_CHANGED = "chatbot.learn_only_use_changed"
    LINKS_OPENED = "steering_links.opened"
    LINK_REMOVED = "steering_link.removed"
    LINK_RESTORED = "steering_link.restored"
    CONVERSATION_OPENED = "conversation.opened"
    LEAK_TEST_STARTED = "leak_test.started"
    LEAK_TEST_OPENED = "leak_test.opened"
    KEY_CREATED = "api_key.created"
    KEY_REVOKED = "api_key.revoked"
    MEMBER_ADDED = "member.added"
    INVITATION_MAILED = "member.invitation_mailed"
    MEMBER_CHANGED = "member.changed"
    MEMBER_REMOVED = "member.removed"
    ORGANIZATION_RENAMED = "organization.renamed"
    DATA_EXPORTED = "organization.data_exported"
    RETENTION_CHANGED = "chatbot.retention_changed"
    CONVERSATIONS_EXPIRED = "conversations.expired"
    CONVERSATION_DELETED = "conversation.deleted"
    CONVERSATION_MADE_TRIAL = "conversation.made_trial"
    VISITOR_DELETED = "visitor.deleted"
    SIGN_IN_LINK_CREATED = "sign_in_link.created"
    SIGNED_IN = "member.signed_in"
    AUDIT_EXPORTED = "audit.exported"
    CONTACTS_OPENED = "contacts.opened"
    CONTACTS_EXPORTED = "contacts.exported"
    CONTACT_MARKED = "contact.marked"
    CONTACT_DELETED = "contact.deleted"
    CONTACT_SENT_AGAIN = "contact.sent_again"
    CONTACT_DELIVERY_TESTED = "contact_delivery.tested"
    INSIGHTS_EXPORTED = "insights.exported"


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """What something was done to, under the name that it had then."""

    organization_id: uuid.UUID
    kind: str
    id: object
    name: str = field(default="", repr=False)
    chatbot_id: uuid.UUID | None = None


class HasSubject(Protocol):
    """A model that knows how it is called in the audit trail."""

    @property
    def audit_subject(self) -> Subject: ...


def record(action: Action, on: Subject | HasSubject, *, by: User | None = None, **details: Any) -> None:
    """Add to the trail that `action` was done to `on`, in the transaction that does it.

    Who acted is known from the door they came in by; `by` is for code that was called past every door. `details` may
    hold names, numbers and choices, never text of a document or of a visitor.
    """
    subject = on if isinstance(on, Subject) else on.audit_subject
    actor = actor_of(by)
    AuditEntry.objects.create(
        organization_id=subject.organization_id,
        action=action,
        actor_kind=actor.kind,
        actor_label=actor.label,
        user_id=actor.user_id,
        key_id=actor.key_id,
        chatbot_id=subject.chatbot_id,
        object_kind=subject.kind,
        object_id=str(subject.id),
        object_name=subject.name[:LONGEST_NAME],
        details=details,
    )


def actor_of(by: User | None) -> Actor:
    actor = current_actor()
    return signed_in(by) if actor is SYSTEM and by is not None else actor


def organization_subject(organization: Organization) -> Subject:
    return Subject(organization_id=organization.pk, kind="organization", id=organization.pk, name=organization.name)


def member_subject(member: Member) -> Subject:
    return Subject(
        organization_id=member.organization_id, kind="member", id=member.user_id, name=member.user.email
    )  # fmt: skip


def key_subject(key: ApiKey) -> Subject:
    named = f"{key.name} ({key.prefix}…)" if key.name else f"{key.prefix}…"
    return Subject(organization_id=key.member.organization_id, kind="api_key", id=key.pk, name=named)


def record_of_user(action: Action, user: User, **details: Any) -> None:
    """Record what a user did or what was done to one, in every organization that the user belongs to."""
    for member in Member.objects.filter(user=user).select_related("user"):
        record(action, member_subject(member), **details)


def trail(
    organization_id: uuid.UUID,
    *,
    chatbot_id: uuid.UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
) -> QuerySet[AuditEntry]:
    """Return an organization's entries, the latest first: from `since`, until before `until`, older than `before`."""
    entries = AuditEntry.objects.filter(organization_id=organization_id)
    if chatbot_id:
        entries = entries.filter(chatbot_id=chatbot_id)
    if since:
        entries = entries.filter(at__gte=since)
    if until:
        entries = entries.filter(at__lt=until)
    if before:
        entries = entries.filter(pk__lt=before)
    return entries.order_by("-pk")


def lately(organization_id: uuid.UUID, action: Action, within: timedelta) -> QuerySet[AuditEntry]:
    """Return how `action` was done lately: what is recorded anyway is counted for limits too."""
    return trail(organization_id, since=timezone.now() - within).filter(action=action)
