"""Deletes what people said: one conversation, everything of one visitor, or everything of an organization.

Visitors are anonymous. What ties a visitor's conversations together is what they left of themselves in the contact
form: the same e-mail address. A phone number ties nothing together, since a form with one person's address and another
one's number would then have both deleted. Without an address there is the one conversation, and what was left in it.
"""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import cast

from django.db import transaction

from apps.accounts import audit
from apps.accounts.audit import Action
from apps.accounts.models import Member, Organization, User
from apps.chatbots.models import Chatbot
from apps.conversations.contact_form import email_key
from apps.conversations.contact_models import Contact, ContactMessage
from apps.conversations.models import Author, Conversation, Message
from apps.conversations.running import RunningAnswer, running
from apps.core.error_handling import NotFoundError, ValidationError
from apps.core.services import ServiceRegistry


@dataclass(frozen=True, kw_only=True, slots=True)
class VisitorTraces:
    """All that is known to be of one visitor of a chatbot."""

    conversation_ids: frozenset[uuid.UUID] = frozenset()
    contact_ids: frozenset[uuid.UUID] = frozenset()
    names: tuple[str, ...] = field(default=(), repr=False)  # how the contacts are called, for who is asked

    def __bool__(self) -> bool:
        return bool(self.conversation_ids or self.contact_ids)


class ErasureService:
    """What owners delete for good; the audit trail says that it was done, and holds nothing of it."""

    @transaction.atomic
    def delete_conversation(self, conversation: Conversation) -> None:
        """Delete a conversation with all that was said, cited and thought of it; a contact stays where it is."""
        audit.record(Action.CONVERSATION_DELETED, conversation)
        stop_answers_in({conversation.pk})
        conversation.delete()

    def traces_of(self, conversation: Conversation) -> VisitorTraces:
        """Return what there is of the visitor who had a conversation."""
        return followed(conversation.chatbot, frozenset({conversation.pk}), frozenset())

    def traces_by_email(self, chatbot: Chatbot, email: str) -> VisitorTraces:
        """Return what there is of whoever left an e-mail address. Raises NotFoundError where nobody did."""
        key = email_key(email.strip())
        contacts = Contact.objects.filter(chatbot=chatbot, email_key=key) if key else Contact.objects.none()
        found = frozenset(contacts.values_list("pk", flat=True))
        if not found:
            raise NotFoundError("Nobody left this e-mail address with this chatbot. Check how it is written.")
        return followed(chatbot, frozenset(), found)

    @transaction.atomic
    def delete_visitor(self, chatbot: Chatbot, traces: VisitorTraces) -> None:
        """Delete all that is of one visitor."""
        contacts = Contact.objects.filter(chatbot=chatbot, pk__in=traces.contact_ids)
        conversations = Conversation.objects.filter(chatbot=chatbot, pk__in=traces.conversation_ids)
        audit.record(
            Action.VISITOR_DELETED, chatbot, conversations=conversations.count(), contacts=contacts.count()
        )  # fmt: skip
        stop_answers_in(traces.conversation_ids)
        contacts.delete()
        conversations.delete()

    @transaction.atomic
    def delete_organization(self, organization: Organization, *, typed_name: str) -> None:
        """Delete an organization with all that belongs to it, its audit trail and its people's accounts included.

        Somebody who belongs to another organization too keeps the account, and so does who runs the server. Raises
        ValidationError unless the organization's name was typed.
        """
        if " ".join(typed_name.split()) != " ".join(organization.name.split()):
            wrong = f"This is not its name. Type {organization.name!r} to delete everything."
            raise ValidationError(wrong, fields={"typed_name": wrong})
        people = list(Member.objects.filter(organization=organization).values_list("user", flat=True))
        for chatbot in Chatbot.objects.filter(organization=organization):
            chatbot.delete()  # one by one: each tells the index to clean up behind it
        organization.delete()
        User.objects.filter(pk__in=people, member=None, is_staff=False, is_superuser=False).delete()


def stop_answers_in(conversation_ids: Collection[uuid.UUID]) -> None:
    """Stop what this process is answering there, once the deletion holds; another process keeps nothing of its own."""
    unfinished = Message.objects.filter(conversation__in=conversation_ids, author=Author.BOT, complete=False)
    answers = [answer for pk in unfinished.values_list("pk", flat=True) if (answer := running(pk))]
    transaction.on_commit(partial(stop_all, answers))


def stop_all(answers: Iterable[RunningAnswer]) -> None:
    for answer in answers:
        answer.give_up_soon()


def followed(
    chatbot: Chatbot, conversations: frozenset[uuid.UUID], contacts: frozenset[uuid.UUID]
) -> VisitorTraces:  # fmt: skip
    """Return these with what has the same e-mail address, and no further: anybody may write anybody's into a form."""
    sent = ContactMessage.objects.filter(contact__chatbot=chatbot)
    contacts |= frozenset(sent.filter(conversation__in=conversations).values_list("contact", flat=True))
    emails = set(Contact.objects.filter(pk__in=contacts).values_list("email_key", flat=True)) - {""}
    contacts |= frozenset(Contact.objects.filter(chatbot=chatbot, email_key__in=emails).values_list("pk", flat=True))
    behind = sent.filter(contact__in=contacts).exclude(conversation=None).values_list("conversation", flat=True)
    conversations |= frozenset(one for one in behind if one is not None)
    names = Contact.objects.filter(pk__in=contacts).values_list("name", "email", "phone")
    told = tuple(sorted({next(filter(None, parts), "") for parts in names} - {""}))
    return VisitorTraces(conversation_ids=conversations, contact_ids=contacts, names=told)


def erasure() -> ErasureService:
    """Return the service that deletes what is of one visitor or one organization."""
    return cast("ErasureService", ServiceRegistry.get("erasure"))
