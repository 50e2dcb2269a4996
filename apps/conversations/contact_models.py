"""Contacts: visitors who left word, what they wrote, what they consented to, and where that was delivered."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone

from apps.accounts.audit import Subject
from apps.chatbots.models import Chatbot


class ContactState(models.TextChoices):
    NEW = "new", "New"
    DONE = "done", "Done"


class Channel(models.TextChoices):
    """The ways by which a contact reaches its owner besides the page."""

    WEBHOOK = "webhook", "Webhook"
    EMAIL = "email", "E-mail"


class DeliveryState(models.TextChoices):
    PENDING = "pending", "Under way"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Failed, tried again"
    DEAD = "dead", "Not delivered"


class Contact(models.Model):
    """A person who left word with a chatbot, once a day at most; what is written later that day is added.

    The keys are the e-mail address and the phone number in the form in which the same ones are equal.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    chatbot = models.ForeignKey(Chatbot, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=50, blank=True)
    company = models.CharField(max_length=200, blank=True)
    email_key = models.CharField(max_length=254, blank=True)
    phone_key = models.CharField(max_length=50, blank=True)
    state = models.CharField(max_length=4, choices=ContactState.choices, default=ContactState.NEW)
    created_at = models.DateTimeField(default=timezone.now)
    last_message_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["chatbot", "-last_message_at"], name="latest_contacts"),
            models.Index(fields=["chatbot", "email_key"], name="contacts_by_email"),
            models.Index(fields=["chatbot", "phone_key"], name="contacts_by_phone"),
        ]

    @property
    def audit_subject(self) -> Subject:
        organization_id = self.chatbot.organization_id
        return Subject(organization_id=organization_id, kind="contact", id=self.pk, chatbot_id=self.chatbot_id)


class ContactMessage(models.Model):
    """One sending of the form: its fields as they were written, and the consent as it was given."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="messages")
    number = models.PositiveIntegerField()
    fields = models.JSONField()
    consent_text = models.TextField(blank=True)
    consented_at = models.DateTimeField(null=True)
    # Where it came from; a conversation that is deleted leaves the contact standing.
    conversation = models.ForeignKey("conversations.Conversation", on_delete=models.SET_NULL, null=True)
    answer = models.ForeignKey("conversations.Message", on_delete=models.SET_NULL, null=True)
    request_hash = models.BinaryField(max_length=32, null=True, unique=True)  # of the request's Idempotency-Key
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["contact", "number"], name="one_contact_message_per_number")
        ]

    @property
    def delivery_key(self) -> str:
        """By this a receiver knows that it has got a message already; of the first one it is the contact's id."""
        return str(self.contact_id) if self.number == 1 else f"{self.contact_id}-{self.number}"


class ContactDelivery(models.Model):
    """A message on its way to the owner; `last_error` is in our own words and quotes nothing of it.

    `round` counts how often somebody had it sent again: a job of an earlier round does nothing any more.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.ForeignKey(ContactMessage, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=7, choices=Channel.choices)
    state = models.CharField(max_length=9, choices=DeliveryState.choices, default=DeliveryState.PENDING)
    round = models.PositiveIntegerField(default=1)
    attempts = models.PositiveIntegerField(default=0)  # of this round
    last_error = models.TextField(blank=True)
    next_try_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["channel"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "channel"], name="one_contact_delivery_per_channel")
        ]
