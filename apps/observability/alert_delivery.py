"""Delivers alerts by e-mail and to a signed webhook."""

import json
import logging
import smtplib
from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from procrastinate.contrib.django import app

from apps.core.error_handling import FetchError, FetchUnavailableError, TacitError
from apps.core.webhooks import Webhook
from apps.core.webhooks import post_signed as post_to_webhook
from apps.observability.models import Alert

logger = logging.getLogger(__name__)

FIRED, OVER = "alert.fired", "alert.cleared"
QUEUE = "alerts"
LOOK, MAIL, POST = "look_for_alerts", "mail_alert", "post_alert"
PRIORITY = 100  # before any document


def deliver(alert: Alert, event: str, *, at_once: bool = False) -> None:
    """Have an alert delivered to whom settings name: by jobs that come with the alert's row, or after it at once."""
    wanted = {MAIL: (bool(settings.ALERT_EMAILS), mail), POST: (bool(settings.ALERT_WEBHOOK_URL), post_signed)}
    for name, (is_wanted, send) in wanted.items():
        if is_wanted and at_once:
            transaction.on_commit(partial(try_now, send, alert, event))
        elif is_wanted:
            app.configure_task(name, queue=QUEUE, priority=PRIORITY).defer(alert_id=str(alert.pk), event=event)


def try_now(send: Callable[[Alert, str], None], alert: Alert, event: str) -> None:
    try:
        send(alert, event)
    except TacitError as error:
        logger.error("An alert could not be delivered: %s", error)  # noqa: TRY400  # our own words say all


def mail(alert: Alert, event: str) -> None:
    """Mail an alert. Raises FetchUnavailableError, which is tried again, when the mail server doesn't take it."""
    what = "is over" if event == OVER else alert.level
    about = "".join(f"\n{name}: {value}" for name, value in sorted(alert.labels.items()))
    since = f"Since {alert.first_seen_at:%Y-%m-%d %H:%M} UTC."
    try:
        send_mail(
            subject=f"Tacit: {alert.rule} ({what})",
            message=f"{alert.message}\n\n{since}{about}\n\n{settings.PUBLIC_URL}",
            from_email=None,
            recipient_list=settings.ALERT_EMAILS,
        )
    except (smtplib.SMTPException, OSError):
        raise FetchUnavailableError("The mail server did not take an alert. Tacit tries again.") from None


def post_signed(alert: Alert, event: str) -> None:
    """Post an alert to the webhook. Raises FetchError; a retry helps where the other server was away."""
    body = json.dumps(payload(alert, event)).encode()
    delivery = f"{alert.pk}-{'over' if event == OVER else 'fired'}"  # the same at every attempt
    webhook = Webhook(url=settings.ALERT_WEBHOOK_URL, secret=settings.ALERT_WEBHOOK_SECRET)
    try:
        post_to_webhook(webhook, body, delivery=delivery)
    except FetchError as error:
        if error.retryable:
            raise
        raise FetchUnavailableError("The webhook did not take an alert. Check TACIT_ALERT_WEBHOOK_URL.") from error


def payload(alert: Alert, event: str) -> dict[str, Any]:
    """Return what is posted; nothing in it was written by a visitor or stands in a document."""
    return {
        "type": event,
        "timestamp": (alert.cleared_at or alert.first_seen_at).isoformat(),
        "data": {
            "id": str(alert.pk),
            "rule": alert.rule,
            "level": alert.level,
            "message": alert.message,
            "labels": alert.labels,
            "value": alert.value,
            "first_seen_at": alert.first_seen_at.isoformat(),
            "cleared_at": alert.cleared_at and alert.cleared_at.isoformat(),
        },
    }
