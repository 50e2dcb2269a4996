"""Tells the other processes what this one counted, through the database, from a thread of its own."""

import atexit
import logging
import threading
import uuid
from datetime import timedelta

import psutil
from django.conf import settings
from django.db import InterfaceError, OperationalError, connections, transaction
from django.utils import timezone

from apps.chatbots.models import Chatbot
from apps.core.alert_evaluation import Series
from apps.core.error_handling import TacitError
from apps.core.monitoring import metrics_collector, track_metric
from apps.core.services import load
from apps.observability.alerts import look_if_nobody_does
from apps.observability.metrics import LIVING_SECONDS, adds_up, merge, own_row, packed, unpacked
from apps.observability.models import ProcessNumbers

logger = logging.getLogger(__name__)

TELEMETRY = "apps.observability.telemetry.start"  # loaded only when it is wanted: it takes memory
SECONDS_BETWEEN = 10
SIGN_OF_LIFE_SECONDS = 60
ENDED_AFTER = timedelta(minutes=10)
# The row that holds what processes counted that have ended.
ENDED = uuid.UUID("7ac17ac1-7ac1-4ac1-8ac1-7ac17ac1e4d5")


class Publisher:
    """Writes this process's row. What was in it when it was taken for ended and added up is not told again."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._told: dict[Series, float] = {}
        self._at = timezone.now() - ENDED_AFTER

    def publish(self) -> None:
        """Write what has changed; nothing but a sign of life now and then when nothing has."""
        track_metric("tacit_process_memory_bytes", psutil.Process().memory_info().rss, {"process": self.kind})
        counted = {series: value for series, value in metrics_collector.samples().items() if adds_up(series)}
        now = timezone.now()
        if counted == self._told and (now - self._at).total_seconds() < SIGN_OF_LIFE_SECONDS:
            return
        row = ProcessNumbers.objects.filter(pk=own_row.id)
        if not row.update(samples=packed(own_row.rest()), updated_at=now):  # the first time, or taken for ended
            own_row.added_up = self._told
            ProcessNumbers.objects.create(pk=own_row.id, kind=self.kind, samples=packed(own_row.rest()), updated_at=now)
        self._told, self._at = counted, now

    def end(self) -> None:
        """Tell the last of it, and that this process is no more."""
        try:
            self._at = timezone.now() - ENDED_AFTER
            self.publish()
            ended = timezone.now() - timedelta(seconds=LIVING_SECONDS)
            ProcessNumbers.objects.filter(pk=own_row.id).update(updated_at=ended)
        except (OperationalError, InterfaceError):
            logger.info("The database was gone first; the last seconds are not counted.")
        finally:
            connections.close_all()


@transaction.atomic
def add_up_ended() -> None:
    """Put together what processes counted that have ended, so that a restart takes nothing away from a counter."""
    ended = ProcessNumbers.objects.select_for_update(skip_locked=True).exclude(pk=ENDED)
    rows = list(ended.filter(updated_at__lt=timezone.now() - ENDED_AFTER))
    if not rows:
        return
    ProcessNumbers.objects.get_or_create(pk=ENDED, defaults={"kind": "ended"})
    total = ProcessNumbers.objects.select_for_update().get(pk=ENDED)
    samples = unpacked(total.samples)
    counted = [unpacked(row.samples) for row in rows]
    merge(samples, [{series: value for series, value in one.items() if adds_up(series)} for one in counted])
    total.samples = packed(without_deleted_chatbots(samples))
    total.save(update_fields=["samples"])
    ProcessNumbers.objects.filter(pk__in=[row.pk for row in rows]).delete()


def without_deleted_chatbots(samples: dict[Series, float]) -> dict[Series, float]:
    """Leave out what was counted for chatbots that are gone, or the numbers would grow without end."""
    there = {str(pk) for pk in Chatbot.objects.values_list("pk", flat=True)} | {"none", "other"}
    return {series: value for series, value in samples.items() if dict(series[1]).get("bot", "none") in there}


def start_publishing(kind: str) -> None:
    """Tell every few seconds, until the process ends; `kind` is web or worker."""
    if settings.OTLP_ENDPOINT:
        load(TELEMETRY)(kind)
    publisher = Publisher(kind)
    atexit.register(publisher.end)
    threading.Thread(target=keep_publishing, args=[publisher], daemon=True, name="metrics").start()


def keep_publishing(publisher: Publisher) -> None:
    """Publish until the process ends. A database that is away is waited for: nothing counted is lost by that."""
    asleep = threading.Event()
    while not asleep.wait(SECONDS_BETWEEN):
        try:
            publisher.publish()
            add_up_ended()
            look_if_nobody_does()
        except (OperationalError, InterfaceError, TacitError) as error:
            logger.warning("The metrics can't be told at the moment: %s", type(error).__name__)
        finally:
            connections.close_all()
