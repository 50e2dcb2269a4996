"""What every page may ask of the settings."""

from django.conf import settings
from django.http import HttpRequest


def for_templates(request: HttpRequest) -> dict[str, object]:
    """Return whether this server can send e-mail."""
    return {"mail_is_sent": bool(settings.EMAIL_HOST)}
