"""Addresses for who runs the server."""

from django.urls import path

from apps.observability import health, metrics_views

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", metrics_views.metrics),
]
