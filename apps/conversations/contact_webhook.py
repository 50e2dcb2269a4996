"""Posts contacts to the webhook that a chatbot's owner set."""

import json
import uuid
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from apps.chatbots.models import Chatbot
from apps.conversations.contact_models import ContactDelivery, ContactMessage
from apps.core.error_handling import DeliveryImpossibleError
from apps.core.webhooks import Webhook, post_signed

CREATED, ADDED, TEST = "contact.created", "contact.message_added", "contact.test"


def post(delivery: ContactDelivery) -> None:
    """Post a contact's message. Raises FetchError, and DeliveryImpossibleError when no webhook is set any more."""
    message = delivery.message
    send(message.contact.chatbot, payload(message), key=message.delivery_key)


def post_test(chatbot: Chatbot) -> int:
    """Post a contact that nobody left, and return the status. Raises as `post` does."""
    fields = {"name": "Test", "email": "test@example.org", "message": "This is a test from Tacit."}
    body = envelope(TEST, timezone.now().isoformat(), chatbot, {"id": str(uuid.uuid4()), "number": 1, "fields": fields})
    return send(chatbot, body, key=str(uuid.uuid4()))


def send(chatbot: Chatbot, payload: dict[str, Any], *, key: str) -> int:
    if not chatbot.contact_webhook_url:
        raise DeliveryImpossibleError("No webhook is set any more. Set one in the settings and send it again.")
    webhook = Webhook(
        url=chatbot.contact_webhook_url,
        secret=chatbot.contact_webhook_secret,
        allowed_hosts=settings.FETCH_ALLOWED_HOSTS,
    )
    body = json.dumps(payload, ensure_ascii=False).encode()
    return post_signed(webhook, body, delivery=key, more={"Idempotency-Key": key})


def payload(message: ContactMessage) -> dict[str, Any]:
    """Return what is posted of a message: what was written, and the consent to it."""
    contact = message.contact
    consent = {"text": message.consent_text, "given_at": iso(message.consented_at)} if message.consented_at else None
    data = {
        "id": str(contact.pk),
        "number": message.number,
        "fields": message.fields,
        "consent": consent,
        "conversation_id": message.conversation_id and str(message.conversation_id),
        "url": page_of(contact.chatbot),
    }
    return envelope(CREATED if message.number == 1 else ADDED, iso(message.created_at), contact.chatbot, data)


def envelope(kind: str, timestamp: str, chatbot: Chatbot, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": kind,
        "timestamp": timestamp,
        "data": {**data, "chatbot": {"id": str(chatbot.pk), "name": chatbot.name}},
    }


def page_of(chatbot: Chatbot) -> str:
    """Return the address of the page on which the owner finds the contact; without a public address its path."""
    return f"{settings.PUBLIC_URL}{reverse('bot-contacts', args=[chatbot.pk])}"


def iso(moment: Any) -> str:
    return str(moment.isoformat())
