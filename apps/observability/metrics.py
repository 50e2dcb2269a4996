"""The metrics of the whole installation: what its processes counted, and what the database knows.

Each process counts in its own memory and tells the others every few seconds through the database (`publishing.py`), so
web and worker may be on different machines. Whoever is asked adds up: counters and histograms over all processes, also
those that have ended; of gauges the highest of those that live.
"""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from apps.chatbots.budget_service import budget
from apps.core.alert_evaluation import Series
from apps.core.monitoring import metric_of, metrics_collector
from apps.core.monitoring_table import METRICS, MetricKind
from apps.observability.models import ProcessNumbers

LIVING_SECONDS = 120  # a process tells at least every minute that it lives

SOURCES = "SELECT status, count(*) FROM knowledge_source GROUP BY status"
JOBS = """
SELECT queue_name, status::text, count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing') GROUP BY 1, 2
"""
# Since when a job could have been taken: its own time, else when it was queued or queued again.
OLDEST = """
SELECT queue_name, extract(epoch FROM now() - min(coalesce(scheduled_at, queued.at)))
FROM procrastinate_jobs JOIN LATERAL (
    SELECT max(at) AS at FROM procrastinate_events WHERE job_id = procrastinate_jobs.id
) AS queued ON true
WHERE status = 'todo' AND coalesce(scheduled_at, queued.at) <= now()
GROUP BY 1
"""
WORKERS = "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '30 seconds'"
# By kind of service. One that nobody has asked for half an hour may be the server of an earlier setting.
CIRCUITS = """
SELECT split_part(name, ':', 1), max(CASE WHEN updated_at < now() - interval '30 minutes' THEN 0
                                          WHEN state = 'open' THEN 2 WHEN state = 'half_open' THEN 1 ELSE 0 END)
FROM shared_circuit GROUP BY 1
"""
ALERTS = "SELECT count(*) FROM observability_alert WHERE cleared_at IS NULL"
STATUSES = ("queued", "running", "ready", "failed", "cancelled")


@dataclass(slots=True)
class OwnRow:
    """The row that this process tells its numbers in; `added_up` is what others put to those of ended processes."""

    id: UUID = field(default_factory=uuid4)
    added_up: Mapping[Series, float] = field(default_factory=dict)

    def rest(self) -> dict[Series, float]:
        """Return what this process counted and nobody else tells."""
        samples = metrics_collector.samples()
        return {series: value - self.added_up.get(series, 0.0) for series, value in samples.items()}


own_row = OwnRow()


def exposition() -> str:
    """Return the installation's metrics as Prometheus reads them."""
    return metrics_collector.exposition(installation_samples())


def installation_samples() -> dict[Series, float]:
    """Return every series of the installation; those of this process alone when the database is away."""
    samples = own_row.rest()
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 3000")
            try:
                merge(samples, others())
                samples |= from_database(cursor)
            finally:
                cursor.execute("RESET statement_timeout")
        samples[gauge("tacit_database_up")] = 1
    except (OperationalError, InterfaceError):
        connection.close()
        samples[gauge("tacit_database_up")] = 0
    samples[gauge("tacit_disk_free_bytes")] = shutil.disk_usage(settings.DATA_DIR).free
    return samples


def others() -> Iterable[dict[Series, float]]:
    """Yield what the other processes told; of those that may have ended, no gauges."""
    living = timezone.now() - timedelta(seconds=LIVING_SECONDS)
    for row in ProcessNumbers.objects.exclude(pk=own_row.id):
        told = unpacked(row.samples)
        yield told if row.updated_at > living else {series: value for series, value in told.items() if adds_up(series)}


def merge(into: dict[Series, float], others: Iterable[Mapping[Series, float]]) -> None:
    """Add up counters and histograms; of a gauge, keep the highest."""
    for samples in others:
        for series, value in samples.items():
            known = into.get(series, 0.0)
            into[series] = known + value if adds_up(series) else max(known, value)


def adds_up(series: Series) -> bool:
    metric = METRICS.get(metric_of(series[0]))
    return metric is not None and metric.kind is not MetricKind.GAUGE


def from_database(cursor: Any) -> dict[Series, float]:
    """Return what is so at this moment, whoever did it."""
    cursor.execute(SOURCES)
    sources = dict(cursor.fetchall())
    samples = {gauge("tacit_sources", status=status): float(sources.get(status, 0)) for status in STATUSES}
    cursor.execute(JOBS)
    for queue, status, number in cursor.fetchall():
        samples[gauge("tacit_queue_depth", queue=queue, status=status)] = number
    cursor.execute(OLDEST)
    for queue, age in cursor.fetchall():
        samples[gauge("tacit_queue_age_seconds", queue=queue)] = float(age)
    cursor.execute(CIRCUITS)
    for kind, state in cursor.fetchall():
        samples[gauge("tacit_breaker_state", breaker=kind)] = float(state)
    for chatbot_id, share in budget().shares().items():
        samples[gauge("tacit_budget_share", bot=str(chatbot_id))] = share
    for name, query in (("tacit_workers", WORKERS), ("tacit_alerts", ALERTS)):
        cursor.execute(query)
        samples[gauge(name)] = cursor.fetchone()[0]
    return samples


def gauge(name: str, **labels: str) -> Series:
    return name, tuple(sorted(labels.items()))


def packed(samples: Mapping[Series, float]) -> list[Any]:
    """Return series as they are kept in a row."""
    return [[name, list(map(list, labels)), value] for (name, labels), value in samples.items()]


def unpacked(rows: list[Any]) -> dict[Series, float]:
    """Return series as they were before `packed`; what this version doesn't know any more is left out."""
    return {
        (name, tuple((label, said) for label, said in labels)): float(value)
        for name, labels, value in rows
        if metric_of(name) in METRICS
    }
