"""Delivers contacts to their owner: to a signed webhook and by e-mail, at least once, and it says what became of it.

A delivery's job is committed with its row. Each attempt is counted before anything is sent, so that one which takes its
worker down ends as well, and what was sent twice carries the same key.
"""

import logging
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector

from apps.chatbots.models import Chatbot
from apps.conversations.contact_mail import mail
from apps.conversations.contact_models import Channel, ContactDelivery, DeliveryState
from apps.conversations.contact_webhook import post
from apps.core.error_handling import DeliveryDelayedError, TacitError

logger = logging.getLogger(__name__)

DELIVER = "deliver_contact"
QUEUE = "contacts"
PRIORITY = 50  # before any document
ATTEMPTS = 9
FIRST_PAUSE_SECONDS = 10  # then 30, 90, … and six hours before the last: a night in which a server is down is outlasted
LONGEST_PAUSE_SECONDS = 21_600
SENDERS: Mapping[str, Callable[[ContactDelivery], None]] = MappingProxyType(
    {Channel.WEBHOOK: post, Channel.EMAIL: mail}
)  # fmt: skip
WORN_OUT = "Tacit was stopped each time while it tried to deliver this. Send it again."


def channels_of(chatbot: Chatbot) -> list[Channel]:
    """Return the ways that a chatbot's owner chose, and that this server has."""
    wanted = {
        Channel.WEBHOOK: chatbot.contact_webhook_url,
        Channel.EMAIL: chatbot.contact_email and settings.EMAIL_HOST,
    }
    return [channel for channel, address in wanted.items() if address]


def defer_delivery(delivery: ContactDelivery) -> None:
    """Have a worker deliver it, once the transaction that keeps it is committed."""
    queue = app.with_connector(DjangoConnector())  # the one of this transaction
    queue.configure_task(DELIVER, queue=QUEUE, priority=PRIORITY).defer(
        delivery_id=str(delivery.pk), sending=delivery.round
    )


def deliver(delivery_id: uuid.UUID, sending: int) -> None:
    """Try a delivery once. Raises DeliveryDelayedError, which says when to try again."""
    delivery = begin(delivery_id, sending)
    if delivery is None:
        return
    try:
        SENDERS[delivery.channel](delivery)
    except TacitError as error:
        if pause := note_failure(delivery, error):
            raise DeliveryDelayedError(retry_after=pause) from None
        logger.warning("Contact delivery %s by %s was given up: %s", delivery.pk, delivery.channel, error.code)
        return
    finish(delivery, state=DeliveryState.DELIVERED, delivered_at=timezone.now(), last_error="")


@transaction.atomic
def begin(delivery_id: uuid.UUID, sending: int) -> ContactDelivery | None:
    """Count an attempt; None when there is nothing to do any more."""
    open_ones = ContactDelivery.objects.select_for_update(of=("self",)).select_related("message__contact__chatbot")
    delivery = open_ones.filter(
        pk=delivery_id, round=sending, state__in=[DeliveryState.PENDING, DeliveryState.FAILED]
    ).first()
    if delivery is None:
        return None
    if delivery.attempts >= ATTEMPTS:  # which only the death of each worker that took it up leads to
        finish(delivery, state=DeliveryState.DEAD, last_error=WORN_OUT)
        return None
    delivery.attempts += 1
    delivery.save(update_fields=["attempts"])
    return delivery


def note_failure(delivery: ContactDelivery, error: TacitError) -> int:
    """Keep why an attempt failed; return after how many seconds the next one comes, 0 for never."""
    if delivery.attempts >= ATTEMPTS or not may_come_right(error):
        finish(delivery, state=DeliveryState.DEAD, last_error=str(error))
        return 0
    pause = pause_after(delivery.attempts, error)
    next_try = timezone.now() + timedelta(seconds=pause)
    finish(delivery, state=DeliveryState.FAILED, last_error=str(error), next_try_at=next_try)
    return pause


def may_come_right(error: TacitError) -> bool:
    """Tell whether another attempt can do better: servers are mended, refused addresses are not."""
    return error.code not in {"address_refused", "delivery_impossible"}


def pause_after(attempts: int, error: TacitError) -> int:
    """Return the seconds until the next attempt, and not before a server wants to be asked."""
    asked_for = getattr(error, "retry_after", None) or 0
    return int(min(max(FIRST_PAUSE_SECONDS * 3 ** (attempts - 1), asked_for), LONGEST_PAUSE_SECONDS))


def finish(delivery: ContactDelivery, **changes: object) -> None:
    """Write down what became of an attempt, unless the owner had it sent again meanwhile."""
    ContactDelivery.objects.filter(pk=delivery.pk, round=delivery.round).exclude(
        state=DeliveryState.DELIVERED
    ).update(**{"next_try_at": None, **changes})  # fmt: skip
