"""Contacts of a chatbot: taken from visitors once, found by its owner, marked, deleted and sent again."""

import hashlib
import uuid
from datetime import timedelta
from typing import cast

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from apps.accounts import audit
from apps.accounts.audit import Action
from apps.accounts.services import digest
from apps.chatbots.models import Chatbot
from apps.conversations.contact_delivery import channels_of, defer_delivery
from apps.conversations.contact_form import ContactOffering, Submission, offering_of
from apps.conversations.contact_models import Contact, ContactDelivery, ContactMessage, ContactState, DeliveryState
from apps.conversations.models import Author, Conversation, Message
from apps.core.error_handling import ConflictError, NotFoundError, RateLimitError
from apps.core.services import ServiceRegistry

SAME_FOR = timedelta(days=1)  # so long somebody who writes again is the same contact
MOST_MESSAGES = 20  # of one contact
CONTACTS_LOCK = 7264_033  # any number that means the same to all of our processes
LONGEST_KEY = 200


class ContactService:
    """Visitors who want to be answered by a person."""

    @transaction.atomic
    def take(
        self,
        *,
        chatbot: Chatbot,
        submission: Submission,
        request_key: str = "",
        conversation_token: str = "",
        message_id: uuid.UUID | None = None,
    ) -> Contact:
        """Keep what a visitor sent and have it delivered, in one transaction; the same twice is kept once.

        Raises ConflictError for a request key that came with something else, RateLimitError when somebody writes on
        and on.
        """
        with connection.cursor() as cursor:  # two sendings of one person at the same time are one contact, too
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [CONTACTS_LOCK, str(chatbot.pk)])
        request_hash = hash_of(chatbot, request_key) if request_key else None
        if earlier := sent_before(request_hash, submission):
            return earlier
        contact = same_person(chatbot, submission) or Contact(chatbot=chatbot)
        if ContactMessage.objects.filter(contact=contact.pk, fields=submission.fields).exists():
            return contact
        fill_in(contact, submission)
        conversation = conversation_with(chatbot, conversation_token)
        add_message(contact, submission, request_hash, conversation, answer_in(conversation, message_id))
        return contact

    def of(self, chatbot: Chatbot, *, search: str = "", state: str = "") -> QuerySet[Contact]:
        """Return a chatbot's contacts, the latest first, with their messages and deliveries."""
        contacts = Contact.objects.filter(chatbot=chatbot)
        if state in ContactState.values:
            contacts = contacts.filter(state=state)
        for word in search.replace("\x00", " ").split()[:10]:
            contacts = contacts.filter(holding(word))
        messages = ContactMessage.objects.select_related("conversation").prefetch_related("deliveries")
        return contacts.order_by("-last_message_at", "pk").prefetch_related(Prefetch("messages", messages))

    def undelivered(self, contacts: QuerySet[Contact]) -> QuerySet[Contact]:
        """Return those of the contacts that did not arrive where they were sent."""
        dead = ContactDelivery.objects.filter(message__contact=OuterRef("pk"), state=DeliveryState.DEAD)
        return contacts.filter(Exists(dead))

    def get(self, *, chatbot: Chatbot, contact_id: uuid.UUID) -> Contact:
        """Return a contact of the chatbot. Raises NotFoundError."""
        contact = self.of(chatbot).select_related("chatbot").filter(pk=contact_id).first()
        if contact is None:
            raise NotFoundError("This chatbot has no contact with that id.")
        return contact

    @transaction.atomic
    def mark(self, contact: Contact, *, state: ContactState) -> None:
        """Mark a contact as done, or as new again."""
        if Contact.objects.filter(pk=contact.pk).exclude(state=state).update(state=state):
            audit.record(Action.CONTACT_MARKED, contact, state=state.value)

    @transaction.atomic
    def delete(self, contact: Contact) -> None:
        """Delete a contact with all that was written and noted of it."""
        audit.record(Action.CONTACT_DELETED, contact)
        contact.delete()

    @transaction.atomic
    def send_again(self, contact: Contact, *, delivery_id: uuid.UUID) -> ContactDelivery:
        """Begin a delivery anew. Raises NotFoundError, and ConflictError for one that has arrived."""
        delivery = (
            ContactDelivery.objects.select_for_update().filter(pk=delivery_id, message__contact=contact.pk).first()
        )
        if delivery is None:
            raise NotFoundError("This contact has no delivery with that id.")
        if delivery.state == DeliveryState.DELIVERED:
            raise ConflictError("This has been delivered already, so it is not sent again.")
        delivery.state, delivery.attempts, delivery.next_try_at = DeliveryState.PENDING, 0, None
        delivery.round += 1
        delivery.save(update_fields=["state", "attempts", "next_try_at", "round"])
        defer_delivery(delivery)
        audit.record(Action.CONTACT_SENT_AGAIN, contact, channel=delivery.channel)
        return delivery


def holding(word: str) -> Q:
    """Return the condition that a contact holds a word in any of its fields."""
    written = ContactMessage.objects.filter(contact=OuterRef("pk"), fields__message__icontains=word)
    found = Q(name__icontains=word) | Q(email__icontains=word) | Q(phone__icontains=word) | Q(company__icontains=word)
    return found | Q(Exists(written))


def hash_of(chatbot: Chatbot, request_key: str) -> bytes:
    return hashlib.sha256(f"{chatbot.pk}:{request_key}".encode()).digest()


def sent_before(request_hash: bytes | None, submission: Submission) -> Contact | None:
    """Return the contact that a request made before. Raises ConflictError when it said something else then."""
    if request_hash is None:
        return None
    message = ContactMessage.objects.select_related("contact").filter(request_hash=request_hash).first()
    if message is None:
        return None
    if message.fields != submission.fields:
        raise ConflictError("This Idempotency-Key was used for something else. Send it with a new one.")
    return message.contact


def same_person(chatbot: Chatbot, submission: Submission) -> Contact | None:
    """Return the contact of today who has this e-mail address or, where neither has one, this phone number.

    A number beside an address counts for nothing: it may be a stranger's, who would then be found by that address.
    """
    if submission.email_key:
        same = Q(email_key=submission.email_key)
    elif submission.phone_key:
        same = Q(email_key="", phone_key=submission.phone_key)
    else:
        return None
    today = Contact.objects.filter(same, chatbot=chatbot, created_at__gt=timezone.now() - SAME_FOR)
    return today.order_by("-created_at").first()


def fill_in(contact: Contact, submission: Submission) -> None:
    """Give a new contact what was written, and have an earlier one looked at again: who writes later may be another."""
    if contact._state.adding:
        known = {**submission.fields, "email_key": submission.email_key, "phone_key": submission.phone_key}
        for name in ("name", "email", "phone", "company", "email_key", "phone_key"):
            setattr(contact, name, known.get(name, ""))
    contact.state, contact.last_message_at = ContactState.NEW, timezone.now()
    contact.save()


def add_message(
    contact: Contact,
    submission: Submission,
    request_hash: bytes | None,
    conversation: Conversation | None,
    answer: Message | None,
) -> None:
    """Add a message, and a delivery with its job for each way that the owner chose."""
    number = contact.messages.count() + 1
    if number > MOST_MESSAGES:
        raise RateLimitError("You have written many times today. Your messages arrived.", retry_after=3600)
    message = ContactMessage.objects.create(
        contact=contact,
        number=number,
        fields=dict(submission.fields),
        consent_text=submission.consent_text,
        consented_at=timezone.now() if submission.consent_text else None,
        conversation=conversation,
        answer=answer,
        request_hash=request_hash,
    )
    for channel in channels_of(contact.chatbot):
        defer_delivery(ContactDelivery.objects.create(message=message, channel=channel))


def conversation_with(chatbot: Chatbot, token: str) -> Conversation | None:
    """Return the conversation that a token opens, if it is still there: without it the contact counts no less."""
    return Conversation.objects.filter(chatbot=chatbot, token_hash=digest(token)).first() if token else None


def answer_in(conversation: Conversation | None, message_id: uuid.UUID | None) -> Message | None:
    if conversation is None or message_id is None:
        return None
    return Message.objects.filter(conversation=conversation, pk=message_id, author=Author.BOT).first()


def offering_with(answer_id: uuid.UUID) -> ContactOffering:
    """Return when the form is offered with an answer that is kept; it depends on the question before it."""
    answer = Message.objects.select_related("conversation__chatbot").filter(pk=answer_id).first()
    if answer is None:
        return ContactOffering()
    said = Message.objects.filter(conversation=answer.conversation_id, created_at__lte=answer.created_at)
    question = said.filter(author=Author.VISITOR).order_by("-created_at").first()
    return offering_of(answer.conversation.chatbot, question.text if question else "")


def contacts() -> ContactService:
    """Return the service of contacts that visitors left."""
    return cast("ContactService", ServiceRegistry.get("contacts"))
