"""What every page may ask."""

from functools import partial

from django.conf import settings
from django.http import HttpRequest

from apps.dashboard.trouble_views import running_alerts


def for_templates(request: HttpRequest) -> dict[str, object]:
    """Return whether this server can send e-mail, and how many alerts are on, counted where a template asks for it."""
    return {"mail_is_sent": bool(settings.EMAIL_HOST), "running_alerts": partial(running_alerts, request)}
