"""Alerts: found by the rules, kept once while they last, told to who wants to know, and cleared when they are over."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.accounts.models import Member, Organization, Role
from apps.chatbots.models import Chatbot
from apps.core.alert_evaluation import Finding, Reading
from apps.core.alert_rules import AlertLevel
from apps.core.monitoring import alert_manager
from apps.core.services import ServiceRegistry
from apps.observability.alert_delivery import FIRED, OVER, deliver
from apps.observability.metrics import WORKERS, installation_samples, packed, unpacked
from apps.observability.models import Alert, MetricsReading

logger = logging.getLogger(__name__)

ALERT_LOCK = 7264_011  # any number that means the same to all of our processes
LEAST_BETWEEN = timedelta(seconds=20)
OVERDUE = timedelta(seconds=150)
# Of older readings one in a quarter of an hour is kept, which is enough for windows of hours.
FINE_FOR = timedelta(hours=2)
THIN = "DELETE FROM observability_metricsreading WHERE at < %s AND extract(minute FROM at)::int %% 15 <> 0"
LOG_LEVELS = {
    AlertLevel.INFO: logging.INFO,
    AlertLevel.WARNING: logging.WARNING,
    AlertLevel.CRITICAL: logging.CRITICAL,
}


class AlertService:
    """The alerts of the server and of the chatbots on it."""

    def of(self, member: Member) -> QuerySet[Alert]:
        """Return the alerts that a member may see, the latest first: those of the server are for owners only."""
        theirs = Q(organization=member.organization_id)
        if member.role == Role.OWNER:
            theirs |= Q(organization=None)
        return Alert.objects.filter(theirs).order_by("-first_seen_at")

    @transaction.atomic
    def look(self, now: datetime | None = None, *, at_once: bool = False) -> list[Alert]:
        """Read the metrics, decide which alerts are on, and tell what has changed; return those changed.

        Of several processes at once one looks. `at_once` delivers here instead of by a job.
        """
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ALERT_LOCK])
            is_mine = cursor.fetchone()[0]
        moment = now or timezone.now()
        if not is_mine or MetricsReading.objects.filter(at__gt=moment - LEAST_BETWEEN).exists():
            return []
        take_reading(moment)
        changed = apply(alert_manager.evaluate(readings(moment)), moment)
        for alert in changed:
            tell(alert, at_once=at_once)
        return changed


def take_reading(now: datetime) -> None:
    """Keep what the rules need to know of the metrics, and let go of what is too old for them."""
    watched = {series: value for series, value in installation_samples().items() if alert_manager.watches(series)}
    MetricsReading.objects.create(at=now, samples=packed(watched))
    MetricsReading.objects.filter(at__lt=now - 2 * timedelta(seconds=alert_manager.longest_window)).exclude(
        at__gt=now - FINE_FOR
    ).delete()
    with connection.cursor() as cursor:
        cursor.execute(THIN, [now - FINE_FOR])


def readings(now: datetime) -> list[Reading]:
    """Return the readings that the longest window covers, and one before it, oldest first."""
    since = now - 1.2 * timedelta(seconds=alert_manager.longest_window) - timedelta(minutes=15)
    rows = MetricsReading.objects.filter(at__gte=since, at__lte=now).order_by("at")
    return [Reading(at=row.at, values=unpacked(row.samples)) for row in rows]


def apply(findings: Iterable[Finding], now: datetime) -> list[Alert]:
    """Write down what was found; return the alerts that are new and those that are over."""
    found = {finding.key: finding for finding in findings}
    on = {alert.key: alert for alert in Alert.objects.select_for_update().filter(cleared_at=None)}
    changed = []
    for key, alert in on.items():
        finding = found.get(key)  # None: the rule is gone, or what it was about
        if finding is None or finding.is_on is False:
            alert.cleared_at = now
            changed.append(alert)
        else:
            alert.last_seen_at, alert.value = now, finding.value
        alert.save(update_fields=["cleared_at", "last_seen_at", "value"])
    new = [finding for key, finding in found.items() if finding.is_on and key not in on]
    return changed + [begin(finding, now) for finding in new]


def begin(finding: Finding, now: datetime) -> Alert:
    rule, labels = finding.rule, dict(finding.labels)
    return Alert.objects.create(
        organization=organization_of(labels.get("bot")), key=finding.key, rule=rule.name, level=rule.level,
        message=rule.message, labels=labels, value=finding.value, first_seen_at=now, last_seen_at=now,
    )  # fmt: skip


def organization_of(chatbot_id: str | None) -> Organization | None:
    try:
        chatbot = Chatbot.objects.select_related("organization").get(pk=UUID(chatbot_id or ""))
    except (ValueError, Chatbot.DoesNotExist):
        return None
    return chatbot.organization


def tell(alert: Alert, *, at_once: bool) -> None:
    """Log an alert that is new or over, and have it delivered."""
    labels = "".join(f" {name}={value}" for name, value in sorted(alert.labels.items()))
    if alert.cleared_at is None:
        logger.log(LOG_LEVELS[AlertLevel(alert.level)], "Alert %s%s: %s", alert.rule, labels, alert.message)
    else:
        logger.warning("Alert %s%s is over", alert.rule, labels)
    deliver(alert, FIRED if alert.cleared_at is None else OVER, at_once=at_once)


def look_if_nobody_does() -> None:
    """Look from here when no worker has for a while: its queue may be full, or it is what the alert is about."""
    latest = MetricsReading.objects.order_by("-at").values_list("at", flat=True).first()
    if latest is None or timezone.now() - latest > OVERDUE:
        with connection.cursor() as cursor:
            cursor.execute(WORKERS)
            nobody_works = cursor.fetchone()[0] == 0
        AlertService().look(at_once=nobody_works)


def alerts() -> AlertService:
    """Return the service of alerts."""
    return cast("AlertService", ServiceRegistry.get("alerts"))
