"""Tells Django of this app, and lets circuit breakers be counted."""

from django.apps import AppConfig

from apps.core.circuit_breaker.watching import CircuitChange, on_change
from apps.core.monitoring import breaker_changed


def count(change: CircuitChange) -> None:
    """Count a change by the kind of service; a site that an owner added is told of at its source instead."""
    if change.kind != "site":
        breaker_changed(change.kind, change.after)


class ObservabilityConfig(AppConfig):
    name = "apps.observability"
    label = "observability"

    def ready(self) -> None:
        on_change(count)
