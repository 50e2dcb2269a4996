"""Counts and times what happens, and decides which alerts are on: `track_metric`, `metrics_collector`, `alert_manager`.

Each process counts for itself; what the processes of an installation say together is for `apps.observability`.
"""

import functools
import logging
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client import Metric as Family

from apps.core.alert_evaluation import Finding, Reading, Series, examine
from apps.core.alert_rules import AlertLevel, AlertRule
from apps.core.monitoring_table import BUCKETS, LABELS, METRICS, OTHER, Metric, MetricKind

__all__ = [
    "AlertLevel",
    "AlertManager",
    "MetricsCollector",
    "alert_manager",
    "breaker_changed",
    "metrics_collector",
    "timed",
    "timing",
    "track_metric",
]

logger = logging.getLogger(__name__)

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Listener = Callable[[Metric, float, Mapping[str, str]], None]
BREAKER_STATES = {"closed": 0, "half_open": 1, "open": 2}


class MetricsCollector:
    """The numbers of this process. Only metrics of the table can be tracked, and labels say only what it allows."""

    def __init__(self, metrics: Mapping[str, Metric] = METRICS) -> None:
        self._metrics = metrics
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()
        self._told: set[str] = set()
        self.forget()

    def forget(self) -> None:
        """Begin anew with nothing counted (for tests)."""
        self._registry = CollectorRegistry()
        self._made: dict[str, Counter | Gauge | Histogram] = {}
        self._values: dict[tuple[str, str], set[str]] = {}

    def listen(self, listener: Listener) -> None:
        """Let `listener` be told of everything that is tracked from now on."""
        self._listeners.append(listener)

    def track(self, name: str, value: float = 1, tags: Mapping[str, str] | None = None) -> None:
        """Add to a counter, set a gauge, or sort a duration into a histogram; costs microseconds and no I/O.

        A name that the table doesn't know raises KeyError in tests; elsewhere it is logged once, since no answer may
        fail because of its numbers.
        """
        metric = self._metrics.get(name)
        if metric is None or set(tags or ()) != set(metric.labels):
            self._complain(name)
            return
        labels = {label: self._bounded(name, label, str(said)) for label, said in (tags or {}).items()}
        series = self._instrument(metric)
        child = series.labels(**labels) if labels else series
        if isinstance(child, Counter):
            child.inc(value)
        elif isinstance(child, Gauge):
            child.set(value)
        else:
            child.observe(value)
        for listener in self._listeners:
            listener(metric, value, labels)

    def samples(self) -> dict[Series, float]:
        """Return every series of this process and its value."""
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in self._registry.collect()
            for sample in family.samples
            if not sample.name.endswith("_created")
        }

    def exposition(self, samples: Mapping[Series, float]) -> str:
        """Return series as Prometheus reads them, with what the table says of each metric."""
        return generate_latest(Gathered(self._metrics, samples)).decode()

    def _instrument(self, metric: Metric) -> Counter | Gauge | Histogram:
        if metric.name not in self._made:
            with self._lock:
                if metric.name not in self._made:
                    self._made[metric.name] = self._make(metric)
        return self._made[metric.name]

    def _make(self, metric: Metric) -> Counter | Gauge | Histogram:
        if metric.kind is MetricKind.COUNTER:
            return Counter(metric.name, metric.help, metric.labels, registry=self._registry)
        if metric.kind is MetricKind.GAUGE:
            return Gauge(metric.name, metric.help, metric.labels, registry=self._registry)
        return Histogram(metric.name, metric.help, metric.labels, registry=self._registry, buckets=BUCKETS)

    def _bounded(self, metric: str, label: str, said: str) -> str:
        """Return what the label may say: "other" for what doesn't look like it should, or when there are too many."""
        rule = LABELS[label]
        seen = self._values.setdefault((metric, label), set())
        if said in seen:
            return said
        if len(seen) >= rule.most or not re.fullmatch(rule.pattern, said):
            return OTHER
        seen.add(said)
        return said

    def _complain(self, name: str) -> None:
        words = f"The table has no metric {name!r} with these labels. Declare it in apps/core/monitoring_table.py."
        if settings.STRICT_METRICS:
            raise KeyError(words)
        if name not in self._told:
            self._told.add(name)
            logger.error(words)


@dataclass(frozen=True, slots=True)
class Gathered:
    """Series put together from several processes, as prometheus-client takes them."""

    metrics: Mapping[str, Metric]
    samples: Mapping[Series, float]

    def collect(self) -> Iterable[Family]:
        by_metric: dict[str, list[tuple[Series, float]]] = {}
        for series, value in self.samples.items():
            by_metric.setdefault(metric_of(series[0]), []).append((series, value))
        for name, metric in self.metrics.items():
            if name in by_metric:
                family = Family(name.removesuffix("_total"), metric.help, metric.kind)
                for (sample, labels), value in sorted(by_metric[name], key=lambda one: order_of(one[0])):
                    family.add_sample(sample, dict(labels), value)
                yield family


def metric_of(sample: str) -> str:
    """Return the metric that a series' name belongs to: a histogram's series carry endings."""
    for ending in ("_bucket", "_sum", "_count"):
        if sample.endswith(ending):
            return sample.removesuffix(ending)
    return sample


def order_of(series: Series) -> tuple[Any, ...]:
    """Return what a family's series are sorted by: a histogram's buckets stand in order of their bounds."""
    name, labels = series
    bound = dict(labels).get("le")
    rest = tuple(label for label in labels if label[0] != "le")
    ending = ("_bucket", "_count", "_sum").index(f"_{name.rpartition('_')[2]}") if bound else 9
    return (rest, ending, name, float(bound) if bound else 0.0)


class AlertManager:
    """Decides which alerts are on; who keeps and delivers them stands above it."""

    def __init__(self, rules: Sequence[AlertRule] | None = None) -> None:
        self._rules = rules

    @property
    def rules(self) -> Sequence[AlertRule]:
        return settings.ALERT_RULES if self._rules is None else self._rules

    @property
    def longest_window(self) -> float:
        """How many seconds of readings the rules need."""
        return max((rule.window_seconds for rule in self.rules), default=0)

    def evaluate(self, readings: Sequence[Reading]) -> list[Finding]:
        """Return what every rule finds in the readings, which are in order of time."""
        return examine(self.rules, readings)

    def watches(self, series: Series) -> bool:
        """Return whether a rule needs to know of a series."""
        return any(series[0] in {rule.metric, rule.per} for rule in self.rules)


metrics_collector = MetricsCollector()
alert_manager = AlertManager()


def track_metric(name: str, value: float = 1, tags: Mapping[str, str] | None = None) -> None:
    """Track a metric of the table in `apps/core/monitoring_table.py`; `tags` are its labels, all of them."""
    metrics_collector.track(name, value, tags)


@contextmanager
def timing(name: str, **tags: str) -> Iterator[None]:
    """Time what the block does, also when it fails."""
    begun = time.perf_counter()
    try:
        yield
    finally:
        track_metric(name, time.perf_counter() - begun, tags)


def timed(name: str, **tags: str) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """Time every call of a function, also one that fails: `@timed("tacit_ingest_stage_seconds", stage="extract")`."""

    def wrap(work: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        @functools.wraps(work)
        def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
            with timing(name, **tags):
                return work(*args, **kwargs)

        return run

    return wrap


def breaker_changed(breaker: str, state: str) -> None:
    """Note that a circuit breaker is now `closed`, `half_open` or `open`; a rule makes the alert of it."""
    track_metric("tacit_breaker_state", BREAKER_STATES[state], {"breaker": breaker})
    track_metric("tacit_breaker_changes_total", 1, {"breaker": breaker, "to": state})
